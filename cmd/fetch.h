/*
 * fetch: the text behind a URL that -f names.
 */
#ifndef KJOB_CMD_FETCH_H
#define KJOB_CMD_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "../runtime/base/err.h"

/* Whether -f names a URL rather than a file. */
bool fetch_is_url(const char *name);
/*
 * The body of a GET, at most MAX bytes; owned, with a NUL behind RET_LEN bytes. Waits for it.
 * Redirects are followed, and a server in trouble (5xx) is asked three times, as kubectl does.
 */
char *fetch_url(const char *url, size_t max, size_t *ret_len, struct err *e) MUST_USE;

#endif
