/*
 * yaml_scalar: what a plain scalar means, as Kubernetes' YAML reader (sigs.k8s.io/yaml on go-yaml
 * v2) resolves it.
 *
 *   true  True  TRUE  y Y yes Yes YES on  On  ON   bool true
 *   false False FALSE n N no  No  NO  off Off OFF  bool false
 *   ~ null Null NULL and nothing at all            null
 *   12 +12 1_000 0644 0o644 0x1F 0b11              integers (0644 and 0o644 are octal), up to 64
 * bits 1.5 1. .5 1e3 08 and longer decimals           floats .inf -.inf .nan in their three
 * spellings       floats that JSON has no words for: refused 2001-01-01, 2001-01-01T10:00:00Z
 * timestamps: stay text anything else, 12:30:45 too                    text
 *
 * Internal to yaml*.c. Quoted scalars are text and never come here.
 */
#ifndef KJOB_BASE_YAML_SCALAR_H
#define KJOB_BASE_YAML_SCALAR_H

#include "buf.h"

enum yaml_type {
	YAML_STR,
	YAML_NULL,
	YAML_BOOL,
	YAML_INT,
	YAML_FLOAT,
	YAML_NONFINITE,
	YAML_TIMESTAMP,
	YAML_MERGE,
};

#define YAML_NUMBER_MAX 64
struct yaml_scalar {
	enum yaml_type type;
	bool boolean;
	double number;              /* YAML_FLOAT */
	char text[YAML_NUMBER_MAX]; /* YAML_INT and YAML_FLOAT: as JSON text */
};

void yaml_resolve(const char *text, size_t len, struct yaml_scalar *ret);
/* The shortest text that reads back as the same number: as Go's encoding/json writes it, or as its
 * %g. */
char *yaml_format_json(char buf[YAML_NUMBER_MAX], double d);
char *yaml_format_g(char buf[YAML_NUMBER_MAX], double d);

#endif
