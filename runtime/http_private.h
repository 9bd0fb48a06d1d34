/* http_private: what upgrade.c and dial.c need of http.c, nobody else. */
#ifndef KJOB_HTTP_PRIVATE_H
#define KJOB_HTTP_PRIVATE_H

#include <curl/curl.h>

#include "http.h"

/* A second client of the same target, with connections of its own. */
struct http *http_clone(const struct http *h);
struct loop *http_loop(const struct http *h);
/* "http://host:port/prefix", without a slash at its end. */
const char *http_base_url(const struct http *h);
/* The socket or the base URL, for messages. */
const char *http_where(const struct http *h);
/* NULL, or why the request cannot be sent (a line break in a header, …). */
const char *http_request_fault(const struct http_request *r);

/* The code of a status line ("HTTP/1.1 200 OK", not NUL-terminated); -1 where it is none. */
int http_parse_status(const char *line, size_t len);
/* Opens a connection and leaves it to the caller: curl_easy_send and _recv work on `easy` until
 * http_free. */
/* easy NULL: err is set, and r->fault. */
typedef void http_connect_fn(
    void *arg, CURL *easy, const struct http_response *r, const struct err *err);
void http_connect(struct http *h, http_connect_fn *fn, void *arg);

#endif
