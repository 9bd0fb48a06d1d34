/*
 * explain_text: a type or a field of it as `explain` prints it, from an OpenAPI v3 document. Pure,
 * and for documents of any server: what is missing or odd in one is left out.
 */
#ifndef KJOB_CMD_EXPLAIN_TEXT_H
#define KJOB_CMD_EXPLAIN_TEXT_H

#include "../runtime/base/json.h"
#include "../runtime/base/str.h"

struct explain {
	const json *document;
	const char *group, *version, *kind, *resource;
	const struct strlist *fields; /* the path; empty: the kind itself */
	bool recursive;               /* all fields below, without descriptions */
};

/* Appends the text. Errors: the document lacks the kind, or there is no such field. */
int explain_print(const struct explain *x, struct buf *out, struct err *e) MUST_USE;
/* Appends text laid out in lines of at most `width` characters, each behind `indent` blanks. */
void explain_wrap(const char *text, size_t width, size_t indent, struct buf *out);

#endif
