/*
 * yaml: documents from YAML (or JSON) text into json trees with the place of every value, and back.
 *
 * Scalars resolve as Kubernetes' YAML reader does, y/yes/on and n/no/off as booleans too: the table
 * is in yaml_scalar.h. Anchors, aliases and merge keys (<<) are honoured; expansion is bounded.
 * Text that begins with '{' is read as JSON. Limits: yaml_tree.h. Errors name line and column and
 * what was expected.
 */
#ifndef KJOB_BASE_YAML_H
#define KJOB_BASE_YAML_H

#include "json.h"

/* One document: the tree, and where each path of it stands in the file. */
struct yaml_doc {
	json *root;    /* owned; never NULL (empty documents are skipped); any type, not always an
			  object */
	unsigned line; /* of the document's first value, from 1 */
	struct yaml_places *places;
};

struct yaml_docs {
	struct yaml_doc *items;
	size_t len, cap;
};

/*
 * Parses all documents of a stream. NAME (a file name, "STDIN") begins every error message:
 * `jobs.yaml:5:3: found a tab character; YAML is indented with spaces (…)`. A repeated key is an
 * error that names both lines. RET is only set on success.
 */
int yaml_parse(
    const char *name, const char *text, size_t len, struct yaml_docs *ret, struct err *e) MUST_USE;
/*
 * The line of a field path as Kubernetes' errors spell it
 * ("spec.template.spec.containers[0].image", "metadata.labels[a.b/c]"); for an absent field the
 * line of the nearest parent that is there. 0: unknown.
 */
unsigned yaml_line_of(const struct yaml_doc *doc, const char *field_path);
void yaml_docs_release(struct yaml_docs *docs);

/* As `kubectl get -o yaml` prints: keys sorted, strings quoted where needed, literal blocks for
 * several lines. */
void yaml_print(const json *j, struct buf *out);

#endif
