/*
 * json_view: trees that are only read, of the parts of a document that somebody wants: for lists of
 * thousands of documents, of each of which a few members count. It costs a fraction of json_parse:
 * what is not wanted is passed over, and nodes and texts lie in memory that is used again for the
 * next document.
 */
#ifndef KJOB_BASE_JSON_VIEW_H
#define KJOB_BASE_JSON_VIEW_H

#include "json.h"

struct json_view;

/*
 * What is wanted: a NULL-terminated list of texts, each some paths with blanks between them. Paths
 * are names joined by dots and lead into all items of arrays; in place of the last name "!NAME" is
 * all members but that one. The texts are borrowed.
 */
struct json_view *json_view_new(const char *const *paths);
void json_view_free(struct json_view *v); /* NULL is fine */
/*
 * The tree of the wanted parts, until the next call and no longer; members that no path leads to or
 * through are not in it. The document must have been parsed once: a name does not occur twice in an
 * object, and the rest is only looked at as far as it takes to pass over it. NULL with an error
 * where that fails.
 */
const json *json_view_read(
    struct json_view *v, const char *text, size_t len, struct err *e) MUST_USE;

#endif
