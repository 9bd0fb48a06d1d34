/* http_private: what the files of the HTTP client need of each other, and dial.c; nobody else. */
#ifndef KJOB_HTTP_PRIVATE_H
#define KJOB_HTTP_PRIVATE_H

#include <curl/curl.h>

#include "http.h"

/* A target as a client keeps it. */
struct http_site {
	struct http_target t; /* the strings are its own */
	char *curl_base;      /* the base URL that libcurl is told; NULL: t.base_url */
	char *host_line;      /* the Host header that goes with it */
	struct curl_slist *connect_to;
};
struct http_site *http_site_new(const struct http_target *t);
void http_site_free(struct http_site *s);
/* What connections there need; the rest is the call's. */
void http_site_apply(const struct http_site *s, CURL *e);
void http_site_set_identity(struct http_site *s, const char *cert_pem, const char *key_pem);
/* The headers that go with every request. */
int http_site_headers(const struct http_site *s, struct strlist *ret, struct err *e) MUST_USE;
/* Whether the failure (detail: libcurl's own words) is one of TLS: then e is set. */
bool http_tls_error(
    const struct http_site *s, CURL *easy, CURLcode code, const char *detail, struct err *e);

/* A second client of the same target, with connections of its own. */
struct http *http_clone(const struct http *h);
struct loop *http_loop(const struct http *h);
/* "http://host:port/prefix", without a slash at its end. */
const char *http_base_url(const struct http *h);
const struct http_site *http_site(const struct http *h);
/* The socket or the base URL, for messages. */
const char *http_where(const struct http *h);
/* NULL, or why the request cannot be sent (a line break in a header, …). */
const char *http_request_fault(const struct http_request *r);
/* Its headers and more of them, as libcurl takes them; owned. */
struct curl_slist *http_header_list(const struct http_request *r, const struct strlist *more);

/* The code of a status line ("HTTP/1.1 200 OK", not NUL-terminated); -1 where it is none. */
int http_parse_status(const char *line, size_t len);
/* Opens a connection and leaves it to the caller: curl_easy_send and _recv work on `easy` until
 * http_free. */
/* easy NULL: err is set, and r->fault. */
typedef void http_connect_fn(
    void *arg, CURL *easy, const struct http_response *r, const struct err *err);
void http_connect(struct http *h, http_connect_fn *fn, void *arg);

#endif
