/*
 * jsonpath: kubectl's JSONPath templates: text and {expressions}; .field, ['field'], [n], [a:b:c],
 * [*], ..name,
 * [?(@.x=="y")] filters, {range}…{end}, quoted text. Behaviour after client-go util/jsonpath.
 */
#ifndef KJOB_BASE_JSONPATH_H
#define KJOB_BASE_JSONPATH_H

#include "json.h"

struct jsonpath;

/*
 * Compiles a template. Text without braces (`status.phase`, `.status.phase`) and `{status.phase}`
 * are taken for the path `{.status.phase}`, as kubectl's wait, --sort-by and custom-columns do.
 * Error texts are kubectl's behind "error parsing jsonpath TEMPLATE, ". Whole and other numbers may
 * be compared, which kubectl refuses.
 */
struct jsonpath *jsonpath_new(const char *template_text, struct err *e) MUST_USE;
void jsonpath_free(struct jsonpath *p);
/* Missing keys print nothing with allow_missing, else fail: `name is not found`. Several values
 * have blanks between. */
int jsonpath_print(const struct jsonpath *p, const json *data, bool allow_missing, struct buf *out,
    struct err *e) MUST_USE;
/* The nodes that the first expression finds, borrowed from data; the array itself is freed by the
 * caller. */
int jsonpath_find(const struct jsonpath *p, const json *data, const json ***ret, size_t *ret_len,
    struct err *e) MUST_USE;

#endif
