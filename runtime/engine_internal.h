/*
 * engine_internal: what the files of the engine client share. A call is one request, or a short
 * chain of them, towards the engine; it lives in the engine's list until its reply function has run
 * for the last time.
 */
#ifndef KJOB_ENGINE_INTERNAL_H
#define KJOB_ENGINE_INTERNAL_H

#include <sys/types.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine.h"
#include "engine_quirks.h"

#define REPLY_MAX (32 * MIB)   /* of an answer's body */
#define LINE_MAX_LEN (1 * MIB) /* of a line of events or pull progress */

struct call;

/*
 * At a terminal engines watch for keys on which they leave the container, Ctrl-P Ctrl-Q unless told
 * otherwise, and hold back what begins like them. There is no way to have none: these nobody types.
 */
#define DETACH_KEYS "ctrl-@,ctrl-_,ctrl-@,ctrl-_,ctrl-@,ctrl-_"

struct engine {
	struct loop *loop;
	struct http *http;
	enum engine_kind kind;
	const struct engine_traits *traits;
	char *prefix; /* "/v1.41" */
	bool tells_oom;
	char *where;  /* for errors: "Docker at /var/run/docker.sock" */
	bool foreign; /* its processes are not of this machine, as far as is known */
	struct call *calls;
	struct exec *dying; /* see exec.c */
	engine_id last_id;
};

/*
 * r is NULL when there was no answer; err is NULL when the reply means success. After it has run
 * the call is freed, unless it has sent the next request or set the timer.
 */
typedef void call_reply_fn(struct call *c, const struct http_response *r, const struct err *err);

struct call {
	struct call *next, **link; /* link NULL: not in the list */
	struct engine *en;
	engine_id id;
	http_id http;
	enum engine_call kind;
	struct engine_who who;
	call_reply_fn *reply;
	union {
		engine_done_fn *done;
		engine_text_fn *text;
		engine_info_fn *info;
		container_start_fn *start;
		container_info_fn *inspect;
		container_list_fn *list;
		engine_size_fn *size;
		image_info_fn *image;
		engine_json_fn *json;
		container_stats_fn *stats;
	} cb;
	char *target; /* what the path names: a container or an image; owned */
	int tries;
	struct timer timer;
	void *extra; /* of the call's own file; freed with free_extra */
	void (*free_extra)(void *extra);
};

/* A call that is not under way yet; call_send puts it into the list. */
struct call *call_new(
    struct engine *en, enum engine_call kind, call_reply_fn *reply, struct engine_who who);

struct call_request {
	const char *method;
	const char *path; /* behind the version prefix, with query */
	const void *body;
	size_t body_len;
	const char *content_type; /* NULL: none */
	const char *auth;         /* X-Registry-Auth; NULL: none */
	bool own_api;             /* Podman's own, not Docker's */
	bool streams;             /* own connection and no time limit */
	http_data_fn *on_data;    /* ctx is the call */
	bool uploads;             /* the body follows by http_write */
	http_writable_fn *on_writable;
};
engine_id call_send(struct call *c, const struct call_request *r);
/* Method and path alone; the path is printf's. */
engine_id call_sendf(struct call *c, const char *method, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Runs c->timer.fn with the call after the delay; it shall send again. */
void call_later(struct call *c, int64_t delay_ms, void (*fn)(void *call));
/* The reply as JSON, or NULL with e set. */
json *call_json(const struct call *c, const struct http_response *r, struct err *e) MUST_USE;
/* A transport error as callers see it: ERR_UNAVAILABLE and who did not answer. Sets e, returns -1.
 */
int engine_unavailable(const struct engine *en, const struct err *cause, struct err *e);
/* What an answer or the lack of one means; 0 or -1 with e. */
int engine_reply_err(const struct engine *en, enum engine_call kind, const struct http_response *r,
    const struct err *cause, struct err *e);
/* The whole path of a request: prefix and text; owned. */
char *engine_path(const struct engine *en, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* {"label":["a=b"],NAME:[…]} percent-encoded, for `filters=`; EVENTS may be NULL; owned. */
char *engine_filters(const char *const *labels, const char *const *events);
/* TEXT percent-encoded; owned. */
char *engine_escape(const char *text);

/* ---- create (container_create.c) ---- */

/* The body of a request to create; owned. */
json *container_create_body(enum engine_kind kind, const struct container_spec *s);

/* ---- demultiplexing (streams.c) ---- */

#define FRAME_MAX (64u * MIB) /* a longer frame is a broken stream, not output */
#define FRAME_ERROR_MAX 4096

struct demux {
	bool raw; /* a tty: no frames */
	unsigned char header[8];
	size_t have;   /* of the header */
	uint32_t left; /* of the frame's payload */
	unsigned kind; /* 1, 2; 0 is stdout too; 3: an error text of the daemon */
	struct buf error;
};
/* Returns how much of data it has used up; stops after a piece for which fn returned false. -1: e
 * is set. */
typedef bool demux_fn(void *ctx, enum stream_kind kind, const char *data, size_t len);
ssize_t demux_feed(
    struct demux *d, const char *data, size_t len, demux_fn *fn, void *ctx, struct err *e) MUST_USE;
void demux_release(struct demux *d);

/* ---- an exec's stream (streams.c, for exec.c) ---- */

/* Starts a created exec: its output, and with stdin its input. */
struct stream *stream_exec(struct engine *en, const char *exec_id, bool with_stdin, bool tty,
    const struct stream_callbacks *cb, struct engine_who who);

/* Lets go of what is still being killed (exec.c). */
void exec_free_dying(struct engine *en);

/* ---- lines of a body (events.c) ---- */

/*
 * Adds a piece of a newline-separated JSON stream and calls fn for each whole line. Lines that are
 * too long or no JSON are skipped. fn returns false to stop (its owner is gone).
 */
void json_lines_feed(struct buf *partial, const char *data, size_t len,
    bool (*fn)(void *ctx, const json *line), void *ctx);

/* ---- pull progress (images.c) ---- */

struct pull_layer {
	char id[16];
	bool done;
	int64_t current, total;
};
struct pull_progress {
	struct pull_layer *layers;
	size_t len, cap;
	char *error;    /* of the stream; owned */
	int error_code; /* errorDetail.code or 0 */
};
/* Takes note of one line of the stream; true when the text may have changed. */
bool pull_progress_line(struct pull_progress *p, const json *line, bool downloaded_is_done);
/* "3 of 5 layers, 12.1MB / 40.0MB", or "" before the first layer; owned. */
char *pull_progress_text(const struct pull_progress *p);
void pull_progress_release(struct pull_progress *p);

/* ---- finding (engine_find.c) ---- */

/* The surroundings that decide where engines are looked for; strings are borrowed, NULL: not set.
 */
struct find_env {
	const char *home, *xdg_runtime_dir, *docker_host, *container_host, *docker_context,
	    *docker_config, *path;
	const char *docker_tls_verify;
	const char *spec_source; /* "KJOB_ENGINE" where the wish comes from there */
	const char
	    *root;     /* in front of the absolute paths of system sockets: "" outside of tests */
	int answer_ms; /* how long an engine that accepts a connection may take to answer; 0: 10 s
			*/
};
struct find_place {
	char *socket, *tcp; /* one of them */
	char *source;
	int kind;             /* an engine_kind that is expected there, or -1 */
	bool explicit_choice; /* no other place is tried when this one fails */
	char *problem;        /* why it can't be tried at all, or NULL */
};
struct find_places {
	struct find_place *items;
	size_t len, cap;
	bool may_start_podman;
	int want; /* an engine_kind, or -1 */
};
int find_places(
    const char *spec, const struct find_env *env, struct find_places *ret, struct err *e) MUST_USE;
void find_places_release(struct find_places *p);
/* Reads kind and versions out of the head of a ping's answer. */
int find_parse_ping(const char *head, size_t len, struct engine_addr *ret, struct err *e) MUST_USE;
int engine_find_in(const char *spec, const char *runtime_dir, const struct find_env *env,
    struct engine_addr *ret, struct err *e) MUST_USE;

#endif
