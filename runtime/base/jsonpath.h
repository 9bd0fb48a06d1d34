/*
 * jsonpath: kubectl's JSONPath templates: text and {expressions}; .field, ['field'], [n], [a:b:c], [*], ..name,
 * [?(@.x=="y")] filters, {range}…{end}, quoted text. Behaviour after client-go util/jsonpath.
 */
#ifndef KJOB_BASE_JSONPATH_H
#define KJOB_BASE_JSONPATH_H

#include "json.h"

struct jsonpath;

/* Compiles a template; "relaxed" forms without braces (`.status.phase`) are accepted as kubectl accepts them. */
struct jsonpath *jsonpath_new(const char *template_text, struct err *e) MUST_USE;
void jsonpath_free(struct jsonpath *p);
/* Missing keys print nothing with allow_missing, else fail: `name is not found`. */
int jsonpath_print(const struct jsonpath *p, const json *data, bool allow_missing, struct buf *out, struct err *e) MUST_USE;
/* The nodes that the first expression finds, borrowed from data; the array itself is freed by the caller. */
int jsonpath_find(const struct jsonpath *p, const json *data, const json ***ret, size_t *ret_len, struct err *e) MUST_USE;

#endif
