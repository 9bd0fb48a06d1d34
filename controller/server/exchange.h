/*
 * exchange: one HTTP request and its answer. The only file that knows evhttp; everything else in
 * server/ sees this.
 *
 * An exchange is given to the server's handler once. It ends in one of three ways: exchange_reply
 * (the whole answer, held until the turn's commit when asked), or exchange_stream and then
 * exchange_end or the peer going away (on_gone), or with its server. It frees itself; nobody may
 * touch it after its end.
 *
 * A stream takes the connection over from evhttp for good: its input goes to on_data, its output is
 * paced by the length of the output buffer, and the connection is closed behind it.
 */
#ifndef KJOB_SERVER_EXCHANGE_H
#define KJOB_SERVER_EXCHANGE_H

#include <sys/queue.h>

#include "../../runtime/base/buf.h"
#include "../../runtime/base/err.h"
#include "../../runtime/base/str.h"
#include "../../runtime/loop.h"
#include "secure.h"

#define MAX_HEADER_BYTES (64 * KIB)
#define MAX_BODY_BYTES (3 * MIB) /* upstream's limit */
/* on_writable comes when no more than this is unsent. */
#define EXCHANGE_LOW_WATER (256 * KIB)

enum method {
	METHOD_GET,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OTHER,
	METHOD_COUNT
};

struct exchange;
struct exchanges; /* the listeners and all exchanges of a server */

struct exchange_ops {
	void (*on_writable)(void *ctx);
	/* NULL: input is dropped. Must not end the stream by other means than exchange_end or
	 * exchange_abort. */
	void (*on_data)(void *ctx, const void *data, size_t len);
	/* The peer went away, or the server is being freed; the exchange is gone when this returns.
	 */
	void (*on_gone)(void *ctx);
	/* The server stops: end the stream soon with exchange_end or exchange_abort. */
	void (*on_drain)(void *ctx);
};

enum exchange_state {
	EXCHANGE_OPEN,      /* the handler has it */
	EXCHANGE_POSTPONED, /* the handler sees it again at exchanges_release */
	EXCHANGE_HELD,      /* the answer waits for the commit */
	EXCHANGE_SENT,      /* evhttp is writing the answer */
	EXCHANGE_STREAM,    /* taken over */
	EXCHANGE_ENDING,    /* the rest of a stream is being written */
};

struct evbuffer_cb_entry;
struct evhttp_request;
struct evhttp_connection;
struct front;
struct exchange {
	/* the request: read only */
	void *server; /* the handler's ctx */
	enum method method;
	struct strlist path;  /* decoded segments: "/a/b" is "a", "b" */
	struct strlist query; /* decoded: name, value, name, value, … */
	const char *body;     /* "" where there is none; not NUL-terminated otherwise */
	size_t body_len;
	struct strlist warnings; /* for Warning headers: handlers add to it */
	struct buf own_body;     /* holds a body that stands in for the request's */
	bool yaml;               /* the answer, which is made as JSON, is to be sent as YAML */
	/* own */
	struct exchanges *all;
	struct front *front; /* where it came in */
	struct evbuffer_cb_entry *input_limit;
	struct evhttp_request *req;
	struct evhttp_connection *conn;
	enum exchange_state state;
	bool chunked;
	bool paused;
	bool full; /* input is not read until what has come is taken */
	bool lingers;
	const char *type;
	int code;
	struct buf head, text;
	const struct exchange_ops *ops;
	void *ctx;
	TAILQ_ENTRY(exchange) link;
};

struct exchanges *exchanges_new(
    struct loop *l, const char *version, void (*handler)(struct exchange *x), void *server);
void exchanges_free(struct exchanges *a);
/* Owns fd, a listening socket, on success. */
int exchanges_listen(struct exchanges *a, int fd, struct err *e) MUST_USE;
/*
 * The same for TLS, with the connections of s, which must outlive exchanges_close_secure; there is
 * one such listener at a time.
 */
int exchanges_listen_secure(struct exchanges *a, int fd, struct secure *s, struct err *e) MUST_USE;
/* Ends that listener, and the connections that came by it, at once. */
void exchanges_close_secure(struct exchanges *a);
void exchanges_stop_listening(struct exchanges *a);
/* Asks all streams to end. */
void exchanges_drain(struct exchanges *a);
size_t exchanges_active(const struct exchanges *a);
int64_t exchanges_last_activity_ms(const struct exchanges *a);
/*
 * Sends all held answers, or the text in place of each where it is set (borrowed), and hands
 * postponed requests to the handler again.
 */
void exchanges_release(struct exchanges *a, int replace_code, const char *replace_text);

/* First value of a query parameter; NULL: absent. */
const char *exchange_query(const struct exchange *x, const char *name);
/* "true", "1" and a bare name are true. */
bool exchange_query_bool(const struct exchange *x, const char *name);
/* A request header (name without case); NULL: absent. */
const char *exchange_header(const struct exchange *x, const char *name);
/* The items of a list: of all headers of this name, without the commas and blanks between them. */
void exchange_header_items(const struct exchange *x, const char *name, struct strlist *ret);

/* NULL: it came by a socket that only this user can open. */
struct secure_conn *exchange_secure(const struct exchange *x);
/* Whether it came by TCP. */
bool exchange_is_remote(const struct exchange *x);

/* Adds a header to the answer that exchange_reply will send; copied. */
void exchange_header_set(struct exchange *x, const char *name, const char *value);
/*
 * The whole answer: head (may be NULL) and text behind each other; both are taken. hold: wait for
 * exchanges_release. type is static.
 */
void exchange_reply(
    struct exchange *x, int code, const char *type, struct buf *head, struct buf *text, bool hold);

/* Hands the request to the handler again at exchanges_release. */
void exchange_postpone(struct exchange *x);

/* Begins a chunked answer with status 200 (close-delimited for HTTP/1.0). */
void exchange_stream(
    struct exchange *x, const char *type, const struct exchange_ops *ops, void *ctx);
/* Begins a raw stream behind an answer "101 Switching Protocols"; headers: "Name: value\r\n" lines.
 */
void exchange_upgrade(
    struct exchange *x, const char *headers, const struct exchange_ops *ops, void *ctx);
/* One chunk; copied. */
void exchange_write(struct exchange *x, const void *data, size_t len);
/*
 * A text that many streams send, which is freed with its last reference. _new takes the contents
 * and gives the first reference.
 */
struct shared_text;
struct shared_text *shared_text_new(struct buf *text);
struct shared_text *shared_text_ref(struct shared_text *t);
void shared_text_unref(struct shared_text *t);
#define EXCHANGE_SHARED_MAX 32
/*
 * At most so many of them as one chunk. What the socket has room for goes out at once, without a
 * turn of the loop; of the rest references are kept. on_writable may not come for it.
 */
void exchange_write_shared(struct exchange *x, struct shared_text *const *texts, size_t count);
/* One chunk; takes the contents, which suits large ones. */
void exchange_write_take(struct exchange *x, struct buf *data);
size_t exchange_unsent(const struct exchange *x);
/* Stops and restarts on_data; the peer's leaving goes unnoticed in between. */
void exchange_pause(struct exchange *x, bool paused);
/* Orderly end: what is unsent is sent, for at most 30 s. No callback follows. */
void exchange_end(struct exchange *x);
/* The same, but the client closes the connection, within 30 s of its last word. */
void exchange_linger(struct exchange *x);
/* Closes at once, without the last chunk: the peer sees a cut-off answer. No callback follows. */
void exchange_abort(struct exchange *x);

#endif
