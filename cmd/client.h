/*
 * client: the connection of one command to the API server.
 *
 * Opening it connects to the controller's socket, and starts the controller when none is there
 * (spawn.h); or it is a cluster's API server (cluster.h). Calls are blocking; commands that stream
 * (watch, logs, attach) use the loop and the HTTP client underneath. Every answer's headers pass
 * client_note_headers, which prints the server's warnings and, once, a version mismatch.
 *
 * An answer with an HTTP error status is an error whose `details` hold the whole Status object
 * ("kind": "Status"): that is how errors.h tells the server's errors from kjob's own.
 */
#ifndef KJOB_CMD_CLIENT_H
#define KJOB_CMD_CLIENT_H

#include "../runtime/base/json.h"
#include "../runtime/base/str.h"
#include "../runtime/http.h"

struct client;

struct cluster;
struct client_options {
	struct cluster *cluster; /* borrowed; NULL: the local controller */
	const char *engine;      /* of --engine; NULL or "": KJOB_ENGINE or auto */
	bool no_start;           /* fail with ERR_UNAVAILABLE instead of starting a controller */
	int64_t timeout_ms;      /* of each call; 0: none. Streams are not limited */
	int verbose;             /* from 6 on, requests are shown on standard error */
};

int client_open(const struct client_options *o, struct client **ret, struct err *e) MUST_USE;
void client_close(struct client *c); /* NULL is fine */
/* After a connection was lost: starts a controller again where none is there; a cluster is left
 * alone for a while. Commands that stream go on with it. */
int client_revive(struct client *c, struct err *e) MUST_USE;

/*
 * Whether a stream that was refused or broke off is worth another try after client_revive: the
 * server is away or busy, or there may be new credentials.
 */
bool client_may_resume(struct client *c, const struct err *err);

struct loop *client_loop(struct client *c);
/*
 * One turn of the loop, for commands that handle between turns what streams have collected. It does
 * not wait when a call was made since the last one: the call turned the loop too, and what that
 * collected is still to be handled.
 */
void client_turn(struct client *c);
struct http *client_http(struct client *c);

#define MIME_JSON "application/json"
#define MIME_MERGE_PATCH "application/merge-patch+json"
#define MIME_JSON_PATCH "application/json-patch+json"
#define MIME_TABLE "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

struct call {
	const char *method; /* NULL: GET */
	const char *path;
	const char *accept;       /* NULL: MIME_JSON */
	const char *content_type; /* of the body; NULL: MIME_JSON */
	const char *body;         /* NULL: none */
	size_t max_body;          /* of the answer; 0: 256 MiB */
	int64_t timeout_ms;       /* 0: none */
};

struct reply {
	int status;
	char *body; /* NUL-terminated */
	size_t body_len;
	struct strlist headers; /* "Name: value" */
};

#define auto_reply CLEANUP(reply_release) struct reply

void reply_release(struct reply *r);
/* The answer to PATH as JSON; owned. */
json *reply_json(const struct reply *r, const char *path, struct err *e) MUST_USE;
/*
 * Sends, waits, and reads the answer as JSON; owned. NULL for transport trouble and for HTTP errors
 * (status 400 and above).
 */
json *client_json(struct client *c, const struct call *call, struct err *e) MUST_USE;
/* The same for a GET. */
json *client_get_json(struct client *c, const char *path, struct err *e) MUST_USE;
/* The same with a JSON body, or none (NULL). */
json *client_send_json(struct client *c, const char *method, const char *path,
    const char *content_type, const json *body, struct err *e) MUST_USE;

/*
 * A call in two halves, so that others can be under way meanwhile. _begin copies the call. _end
 * waits for the answer as client_json does, takes what the server warns of to the user, and frees
 * p, which _drop does without.
 */
struct pending;
struct pending *client_begin(struct client *c, const struct call *call);
struct pending *client_begin_json(struct client *c, const char *method, const char *path,
    const char *content_type, const json *body);
int client_end(struct pending *p, struct reply *ret, struct err *e) MUST_USE;
json *client_end_json(struct pending *p, struct err *e) MUST_USE;
void client_drop(struct pending *p); /* NULL is fine */

/* For commands that stream: call it in on_headers or done. */
void client_note_headers(struct client *c, const struct http_response *r);
/* The same in `done`, with trouble on the way: the error as users are told it. */
void client_transport_error(
    struct client *c, const struct http_response *r, const struct err *err, struct err *e);
/* Whether an answer so far was that of kjob's own controller, not of another API server. */
bool client_is_kjob(const struct client *c);
/* An HTTP error answer as an error (see above); returns -1. */
int client_status_error(int status, const char *body, size_t len, struct err *e);
/* As above for a Status object at hand, as in a watch's ERROR event. */
int client_status_object_error(const json *status, struct err *e);

/*
 * Reads a watch (PATH has watch=true) until fn returns false, the server ends the stream or the
 * time is over. ERROR events end it with -1 and an error (ERR_EXPIRED for 410). fn borrows object.
 * It may call client_* itself.
 */
enum watch_end { WATCH_STOPPED, WATCH_SERVER_ENDED, WATCH_TIMEOUT };
typedef bool watch_fn(void *ctx, const char *type, const json *object);
int client_watch(struct client *c, const char *path, const char *accept, int64_t timeout_ms,
    watch_fn *fn, void *ctx, enum watch_end *ret, struct err *e) MUST_USE;

/* Appends "?key=value" or "&key=value", the value escaped; nothing for a NULL or empty value. */
void query_add(struct buf *path, const char *key, const char *value);
void query_addf(struct buf *path, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
