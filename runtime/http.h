/*
 * http: an asynchronous HTTP/1.1 client: curl's multi interface on the loop. Used for the engine's
 * socket, by the CLI for the API server, and by probes (HTTP/2 where a target says so).
 *
 * A call is known by its id (never 0, never reused). Its done callback runs exactly once, as a
 * deferred call, never before http_send has returned, and never after http_cancel. Callbacks may
 * start, cancel and resume calls and free the client. A client must be freed before its loop.
 *
 * Calls share up to HTTP_PARALLEL connections that are kept alive; further calls wait for their
 * turn. A kept connection that the server has closed meanwhile is replaced unseen. Where it breaks
 * after the request has gone out, the request is sent once more on a new one, but not POST and
 * PATCH.
 */
#ifndef KJOB_HTTP_H
#define KJOB_HTTP_H

#include "loop.h"
#include "base/buf.h"
#include "base/str.h"

#define HTTP_PARALLEL 32

struct http;
typedef uint64_t http_id;

/* Where a client talks to. unix_socket NULL: base_url's host and port. Strings are copied. */
struct http_target {
	const char *unix_socket;
	const char *base_url; /* "http://localhost", "https://10.0.0.1:6443/prefix" */
	const char *proxy;    /* a URL: http, https, socks5; NULL: what the environment says */
	bool no_proxy;        /* whatever the environment says */
	bool insecure;        /* any certificate will do */
	/* Who signs the server's certificate; neither: the system's authorities. Of a file and a
	 * text (PEM) the text counts. */
	const char *ca_file, *ca_pem;
	const char *cert_file, *cert_pem, *key_file, *key_pem; /* the client's own */
	const char *tls_server_name; /* in place of the host, in TLS alone */
	bool compressed;             /* gzip is welcome */
	/*
	 * Headers that each request gets besides its own, such as Authorization; optional. Runs in
	 * http_send and upgrade_new; -1 with an error ends that call.
	 */
	int (*headers)(void *ctx, struct strlist *ret, struct err *e);
	void *headers_ctx;
	bool http2;         /* HTTP/2 from the first byte, without TLS: gRPC */
	int64_t connect_ms; /* how long connecting may take; 0: 10 s */
};

/* What kind of transport trouble a call met. */
enum http_fault {
	HTTP_FAULT_NONE,
	HTTP_FAULT_RESOLVE, /* the host has no address */
	HTTP_FAULT_CONNECT, /* os_error may say why */
	HTTP_FAULT_TIMEOUT,
	HTTP_FAULT_CLOSED,    /* by the other side; before an answer, or in the middle */
	HTTP_FAULT_TOO_LARGE, /* the body; status and headers are there */
	HTTP_FAULT_TLS,       /* a certificate, or TLS itself */
	HTTP_FAULT_OTHER
};

struct http_response {
	int status;       /* 0: no answer (err is set) */
	const char *body; /* NUL-terminated, complete unless on_data took it or err is set; borrowed
			     by the callback */
	size_t body_len;
	const struct strlist *headers; /* "Name: value" lines, then those of a trailer */
	enum http_fault fault;         /* together with err */
	int os_error;                  /* errno, or 0 */
};
/* The value of a header (name without case); NULL: absent. */
const char *http_header(const struct http_response *r, const char *name);

/* err: transport trouble only (reason ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_TOO_LARGE); an HTTP error
 * status is none. */
typedef void http_done_fn(
    void *ctx, uint64_t key, const struct http_response *r, const struct err *err);
/* Headers have come; runs before the first on_data. */
typedef void http_headers_fn(void *ctx, uint64_t key, const struct http_response *r);
/*
 * A piece of the body. Returning false means: this piece is taken, nothing more (not even done)
 * until http_resume.
 */
typedef bool http_data_fn(void *ctx, uint64_t key, const char *data, size_t len);

/* There is room again for http_write, which said false. */
typedef void http_writable_fn(void *ctx, uint64_t key);

struct http_request {
	const char *method;
	const char *path;           /* with query; appended to base_url */
	const char *const *headers; /* NULL-terminated "Name: value", or NULL */
	bool bare_headers;          /* none but these and Host: no User-Agent, no Accept */
	const void *body;           /* copied; NULL: none */
	size_t body_len;
	bool uploads; /* the body comes by http_write, of any length; with own_connection */
	http_writable_fn *on_writable; /* then, optional */
	size_t max_body;               /* of the answer, 0: 16 MiB; not for on_data */
	int64_t timeout_ms;            /* whole call, 0: none; connecting has a bound of its own */
	bool own_connection; /* a stream: never queued behind or shared with other calls */
	http_done_fn *done;
	http_headers_fn *on_headers; /* optional */
	http_data_fn *on_data; /* optional: the body is delivered here when the status is 2xx, else
				  collected */
	void *ctx;
	uint64_t key;
};

struct http *http_new(struct loop *l, const struct http_target *t);
/* Cancels what is under way; no callback comes. */
void http_free(struct http *h);
/* The client's certificate and key (PEM) of connections made from now on. */
void http_set_identity(struct http *h, const char *cert_pem, const char *key_pem);
http_id http_send(struct http *h, const struct http_request *r);
void http_cancel(struct http *h, http_id id); /* unknown ids are fine */
void http_resume(struct http *h, http_id id);
/*
 * A piece of at most HTTP_UPLOAD_QUEUE bytes of the body of a request that uploads: all of it is
 * taken, or, with false, nothing before on_writable. What the other side no longer wants is
 * dropped: done tells.
 */
#define HTTP_UPLOAD_QUEUE (256u * KIB)
bool http_write(struct http *h, http_id id, const void *data, size_t len);
void http_write_end(struct http *h, http_id id);

/* Appends TEXT percent-encoded for a query value or path segment. */
void http_escape(struct buf *out, const char *text);
/* A path, perhaps with a query, as a request line may hold it; escapes stay; owned. */
char *http_clean_path(const char *path);

/* "http://host:8080/a?b" in pieces; all owned. */
struct http_url {
	char *origin; /* "http://host:8080" */
	char *host;   /* "host", "[::1]" */
	char *path;   /* "/a?b" */
};
/* BASE, or where LOCATION (a Location header, or NULL) leads from there; http and https alone. */
int http_url_resolve(
    const char *base, const char *location, struct http_url *ret, struct err *e) MUST_USE;
void http_url_release(struct http_url *u);

/*
 * An upgraded connection (101 Switching Protocols): a raw byte stream in both directions, for stdin
 * of attach and exec, and for WebSockets. Of the request method, path, headers, body, timeout_ms
 * (until 101; 0: 30 s), ctx and key are used. Callbacks never run before upgrade_new has returned;
 * either on_fail is the only one, or on_open comes first and on_end last. They may do anything,
 * upgrade_free too. The connection does not depend on `h` once it is made.
 */
#define UPGRADE_MAX_QUEUE (1u * MIB)

struct upgrade;
struct upgrade_callbacks {
	void (*on_open)(void *ctx, uint64_t key, const struct http_response *r); /* 101 came */
	/* Another status (`r`, with its body up to 1 MiB), or trouble before that (`err`): the
	 * other one is NULL. */
	void (*on_fail)(
	    void *ctx, uint64_t key, const struct http_response *r, const struct err *err);
	void (*on_data)(void *ctx, uint64_t key, const char *data, size_t len);
	void (*on_writable)(void *ctx,
	    uint64_t key); /* all that was queued is gone; after upgrade_write said false */
	void (*on_end)(void *ctx, uint64_t key, const struct err *err); /* err NULL: orderly */
};
struct upgrade *upgrade_new(struct http *h, const struct http_request *r, const char *protocol,
    const struct upgrade_callbacks *cb); /* protocol: value of the Upgrade header */
/*
 * Queues all of it, or nothing: false means that it does not fit into UPGRADE_MAX_QUEUE now. What
 * is written before on_open goes out after it; what the other side no longer takes is dropped, its
 * on_end will tell.
 */
bool upgrade_write(struct upgrade *u, const void *data, size_t len);
void upgrade_shutdown_write(struct upgrade *u); /* half-close after what is queued: end of stdin */
void upgrade_pause(struct upgrade *u, bool paused); /* no on_data and no on_end while paused */
void upgrade_free(struct upgrade *u);               /* closes; no callback follows */

#endif
