/*
 * yaml_tree: what the YAML reader builds before there is a json tree: one place per value, with its
 * line. Internal to yaml*.c. Places live in an arena that struct yaml_places owns, so pointers to
 * them are stable and an alias shares the children of its anchor. Scalars hold their JSON text.
 */
#ifndef KJOB_BASE_YAML_TREE_H
#define KJOB_BASE_YAML_TREE_H

#include "yaml.h"

#define YAML_MAX_TEXT (16u * MIB)
#define YAML_MAX_JSON (64u * MIB) /* one document with its aliases written out */
#define YAML_MAX_DEPTH 100
#define YAML_MAX_DOCS 1000
#define YAML_MAX_VALUES 1000000u /* of one stream, aliases counted with all they stand for */

enum place_kind { PLACE_SCALAR, PLACE_LIST, PLACE_MAP };

struct place {
	const char *key;  /* members: the name; NULL for list items and the root */
	const char *json; /* scalars: their JSON text */
	struct place *first, *next;
	size_t weight;         /* values in it, itself included */
	unsigned line;         /* of the key, where it has one */
	unsigned short height; /* levels below it */
	unsigned char kind;
	bool open; /* still being read: an alias to it would never end */
};

struct arena;
struct yaml_places {
	struct arena *chunks;
	struct place *root;
};

struct yaml_places *places_new(void);
void places_free(struct yaml_places *p);
struct place *places_add(struct yaml_places *p, enum place_kind kind, unsigned line);
char *places_strdup(struct yaml_places *p, const char *s, size_t len);
/* Adds what a finished child weighs to its parent's weight and height. */
void place_count(struct place *parent, const struct place *child);
/* The JSON text of a place. */
void tree_place_print(const struct place *p, struct buf *out);
/* TEXT as a JSON string with its quotes. */
void json_quote(struct buf *out, const char *text, size_t len);

/* What a reader works on; yaml.c hands it from the JSON reader to the YAML reader. */
struct yaml_source {
	const char *name;
	const char *text;
	size_t len;
	size_t pos;    /* where the next document begins */
	unsigned line; /* of pos, from 1 */
	size_t values; /* so far, against YAML_MAX_VALUES */
	struct yaml_docs *docs;
};

/* Appends a document; json text comes from the places. Takes the places, also on failure. */
int yaml_source_add(struct yaml_source *s, struct yaml_places *places, struct err *e) MUST_USE;
/* Reads one JSON value at pos and moves behind it. */
int yaml_read_json(struct yaml_source *s, struct err *e) MUST_USE;
/* Reads the rest of the text as a YAML stream. */
int yaml_read_stream(struct yaml_source *s, struct err *e) MUST_USE;

#endif
