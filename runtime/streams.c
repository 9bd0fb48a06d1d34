/*
 * streams: output (and input) of containers. A stream without stdin is a plain POST or GET whose
 * body is the output; one with stdin is an upgraded connection. Output comes in frames of 8 bytes
 * of header (kind, 0, 0, 0, length big-endian) and payload, except from a tty.
 */
#include "engine_internal.h"

/* ---- frames ---- */

static int frame_begin(struct demux *d, struct err *e)
{
	const unsigned char *h = d->header;

	d->kind = h[0];
	d->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
	d->have = 0;
	if (d->kind > 3 || h[1] || h[2] || h[3])
		return err_set(
		    e, ERR_INTERNAL, "the engine's output stream is broken: no frame header");
	if (d->left > FRAME_MAX)
		return err_set(e, ERR_INTERNAL,
		    "the engine's output stream is broken: a frame of %u bytes", d->left);
	return 0;
}

/* A frame of kind 3 is the daemon's own word on why the stream ends. */
static int error_frame(struct demux *d, const char *data, size_t len, struct err *e)
{
	if (!d->error.max)
		buf_init(&d->error, FRAME_ERROR_MAX);
	buf_add(&d->error, data, len);
	if (d->left > len)
		return 0;
	auto_free char *text = quirk_clean(buf_str(&d->error));
	return err_set(
	    e, ERR_INTERNAL, "%s", *text ? text : "the engine broke the output stream off");
}

ssize_t demux_feed(
    struct demux *d, const char *data, size_t len, demux_fn *fn, void *ctx, struct err *e)
{
	size_t pos = 0;

	if (d->raw) {
		if (len)
			fn(ctx, STREAM_STDOUT, data, len);
		return (ssize_t)len;
	}
	while (pos < len) {
		if (!d->left) {
			d->header[d->have++] = (unsigned char)data[pos++];
			if (d->have == sizeof(d->header) && frame_begin(d, e) != 0)
				return -1;
			continue;
		}
		size_t n = len - pos < d->left ? len - pos : d->left;
		bool go_on = true;

		if (d->kind == 3 && error_frame(d, data + pos, n, e) != 0)
			return -1;
		d->left -= (uint32_t)n;
		pos += n;
		if (d->kind != 3)
			go_on = fn(
			    ctx, d->kind == 2 ? STREAM_STDERR : STREAM_STDOUT, data + pos - n, n);
		if (!go_on)
			break;
	}
	return (ssize_t)pos;
}

void demux_release(struct demux *d)
{
	buf_release(&d->error);
}

/* ---- streams ---- */

struct stream {
	struct engine *en;
	struct engine_who who;
	struct stream_callbacks cb;
	enum engine_call kind;
	http_id http;
	struct upgrade *upgrade; /* with stdin */
	struct demux demux;
	struct buf held; /* came with a piece after which the owner paused */
	bool paused;
	bool ended; /* the connection has; on_end is due or done */
	bool reported;
	struct err why;
	unsigned busy; /* own frames on the stack */
	bool freed;
};

static void stream_enter(struct stream *s)
{
	s->busy++;
}

static void stream_destroy(struct stream *s)
{
	demux_release(&s->demux);
	buf_release(&s->held);
	err_clear(&s->why);
	free(s);
}

/* False: the owner freed the stream in a callback; it is gone now. */
static bool stream_leave(struct stream *s)
{
	if (--s->busy || !s->freed)
		return !s->freed;
	stream_destroy(s);
	return false;
}

static void stream_disconnect(struct stream *s)
{
	http_cancel(s->en->http, s->http);
	s->http = 0;
	upgrade_free(s->upgrade);
	s->upgrade = NULL;
}

void stream_free(struct stream *s)
{
	if (!s || s->freed)
		return;
	stream_disconnect(s);
	loop_undefer(s->en->loop, s);
	s->freed = true;
	if (!s->busy)
		stream_destroy(s);
}

static void stream_report_end(struct stream *s)
{
	if (s->reported || s->freed)
		return;
	s->reported = true;
	s->cb.on_end(s->who, s->why.reason ? &s->why : NULL);
}

/* The connection is over; what is held goes out first. */
static void stream_end(struct stream *s, const struct err *why)
{
	if (s->ended)
		return;
	s->ended = true;
	if (why)
		err_copy(&s->why, why);
	if (!s->paused && !s->held.len)
		stream_report_end(s);
}

static bool stream_piece(void *ctx, enum stream_kind kind, const char *data, size_t len)
{
	struct stream *s = ctx;

	if (!s->cb.on_data(s->who, kind, data, len))
		s->paused = true;
	return !s->paused && !s->freed;
}

/* Hands out data; keeps what comes behind a pause. A broken stream ends here. */
static void stream_feed(struct stream *s, const char *data, size_t len)
{
	auto_err e = {0};
	ssize_t used = demux_feed(&s->demux, data, len, stream_piece, s, &e);

	if (s->freed)
		return;
	if (used < 0) {
		stream_disconnect(s);
		stream_end(s, &e);
		return;
	}
	if ((size_t)used < len)
		buf_add(&s->held, data + used, len - (size_t)used);
}

/* After stream_resume: what is held first, then the connection goes on. */
static void stream_pump(void *arg)
{
	struct stream *s = arg;
	struct buf held = s->held;

	if (s->paused)
		return;
	s->held = (struct buf){0};
	stream_enter(s);
	if (held.len)
		stream_feed(s, held.ptr, held.len);
	buf_release(&held);
	if (!s->freed && !s->paused) {
		if (s->ended)
			stream_report_end(s);
		else if (s->upgrade)
			upgrade_pause(s->upgrade, false);
		else
			http_resume(s->en->http, s->http);
	}
	stream_leave(s);
}

void stream_resume(struct stream *s)
{
	if (!s->paused)
		return;
	s->paused = false;
	loop_undefer(s->en->loop, s);
	loop_defer(s->en->loop, stream_pump, s);
}

/* What the end of an answer means. As with the other engine, a start that must fail is told by the
 * start. */
static void stream_answered(struct stream *s, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	int failed = engine_reply_err(s->en, s->kind, r, err, &e);

	if (!err && s->kind == CALL_ATTACH && r->status / 100 != 2 &&
	    quirk_attach_foretells_start(s->en->kind, r->body, r->body_len)) {
		s->cb.on_open(s->who);
		failed = 0;
	} else if (!failed && s->upgrade) {
		failed = err_set(&e, ERR_INTERNAL, "%s: no upgrade to a stream (status %d)",
		    s->en->where, r->status);
	}
	if (!s->freed)
		stream_end(s, failed ? &e : NULL);
}

/* ---- without stdin: a call whose body is the stream ---- */

static void http_stream_headers(void *ctx, uint64_t key, const struct http_response *r)
{
	struct stream *s = ctx;

	if (r->status / 100 != 2)
		return;
	stream_enter(s);
	s->cb.on_open(s->who);
	stream_leave(s);
}

static bool http_stream_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct stream *s = ctx;

	stream_enter(s);
	if (s->paused || s->held.len) {
		buf_add(&s->held, data, len);
	} else {
		stream_feed(s, data, len);
	}
	bool go_on = !s->paused;
	return stream_leave(s) ? go_on : true;
}

static void http_stream_done(
    void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct stream *s = ctx;

	stream_enter(s);
	s->http = 0;
	stream_answered(s, r, err);
	stream_leave(s);
}

static struct stream *stream_new(struct engine *en, enum engine_call kind, bool tty,
    const struct stream_callbacks *cb, struct engine_who who)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->en = en;
	s->kind = kind;
	s->who = who;
	s->cb = *cb;
	s->demux.raw = tty;
	return s;
}

static const char *const json_body[] = {"Content-Type: application/json", NULL};

static void stream_send(struct stream *s, const char *method, const char *path, const char *body)
{
	struct http_request req = {
	    .method = method,
	    .path = path,
	    .headers = body ? json_body : NULL,
	    .body = body,
	    .body_len = body ? strlen(body) : 0,
	    .own_connection = true,
	    .done = http_stream_done,
	    .on_headers = http_stream_headers,
	    .on_data = http_stream_data,
	    .ctx = s,
	};

	log_debug("engine: %s %s", req.method, req.path);
	s->http = http_send(s->en->http, &req);
}

struct stream *container_logs(struct engine *en, const char *id, bool follow, bool tty,
    const struct stream_callbacks *cb, struct engine_who who)
{
	struct stream *s = stream_new(en, CALL_LOGS, tty, cb, who);
	auto_free char *target = engine_escape(id);
	auto_free char *path =
	    engine_path(en, "/containers/%s/logs?stdout=true&stderr=true&follow=%s", target,
		follow ? "true" : "false");

	stream_send(s, "GET", path, NULL);
	return s;
}

/* ---- with stdin: an upgraded connection ---- */

static void up_open(void *ctx, uint64_t key, const struct http_response *r)
{
	struct stream *s = ctx;

	stream_enter(s);
	s->cb.on_open(s->who);
	stream_leave(s);
}

static void up_fail(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct stream *s = ctx;

	stream_enter(s);
	stream_answered(s, r, err);
	stream_leave(s);
}

static void up_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct stream *s = ctx;

	stream_enter(s);
	if (s->paused || s->held.len)
		buf_add(&s->held, data, len);
	else
		stream_feed(s, data, len);
	if (!s->freed && s->paused && s->upgrade)
		upgrade_pause(s->upgrade, true);
	stream_leave(s);
}

static void up_writable(void *ctx, uint64_t key)
{
	struct stream *s = ctx;

	stream_enter(s);
	if (s->cb.on_writable && !s->ended)
		s->cb.on_writable(s->who);
	stream_leave(s);
}

static void up_end(void *ctx, uint64_t key, const struct err *err)
{
	struct stream *s = ctx;
	auto_err e = {0};

	stream_enter(s);
	if (err)
		engine_unavailable(s->en, err, &e);
	stream_end(s, err ? &e : NULL);
	stream_leave(s);
}

static const struct upgrade_callbacks up_callbacks = {
    .on_open = up_open,
    .on_fail = up_fail,
    .on_data = up_data,
    .on_writable = up_writable,
    .on_end = up_end,
};

static void send_upgrade(struct stream *s, const char *path)
{
	struct http_request req = {.method = "POST", .path = path, .ctx = s};

	s->upgrade = upgrade_new(s->en->http, &req, "tcp", &up_callbacks);
}

struct stream *container_attach(struct engine *en, const char *id, bool with_stdin, bool tty,
    const struct stream_callbacks *cb, struct engine_who who)
{
	struct stream *s = stream_new(en, CALL_ATTACH, tty, cb, who);
	auto_free char *target = engine_escape(id);
	auto_free char *path =
	    engine_path(en, "/containers/%s/attach?stream=true&stdout=true&stderr=true%s", target,
		with_stdin ? "&stdin=true&detachKeys=" DETACH_KEYS : "");

	if (with_stdin)
		send_upgrade(s, path);
	else
		stream_send(s, "POST", path, NULL);
	return s;
}

struct stream *container_attach_stdin(
    struct engine *en, const char *id, const struct stream_callbacks *cb, struct engine_who who)
{
	struct stream *s = stream_new(en, CALL_ATTACH, true, cb, who);
	auto_free char *target = engine_escape(id);
	auto_free char *path = engine_path(
	    en, "/containers/%s/attach?stream=true&stdin=true&detachKeys=" DETACH_KEYS, target);

	send_upgrade(s, path);
	return s;
}

struct stream *stream_exec(struct engine *en, const char *exec_id, bool with_stdin, bool tty,
    const struct stream_callbacks *cb, struct engine_who who)
{
	struct stream *s = stream_new(en, CALL_EXEC_START, tty, cb, who);
	auto_free char *target = engine_escape(exec_id);
	auto_free char *path = engine_path(en, "/exec/%s/start", target);
	const char *body =
	    tty ? "{\"Detach\":false,\"Tty\":true}" : "{\"Detach\":false,\"Tty\":false}";
	struct http_request req = {
	    .method = "POST",
	    .path = path,
	    .headers = json_body,
	    .body = body,
	    .body_len = strlen(body),
	    .ctx = s,
	};

	if (with_stdin)
		s->upgrade = upgrade_new(en->http, &req, "tcp", &up_callbacks);
	else
		stream_send(s, "POST", path, body);
	return s;
}

bool stream_write(struct stream *s, const void *data, size_t len)
{
	return !s->upgrade || s->ended || upgrade_write(s->upgrade, data, len);
}

void stream_close_stdin(struct stream *s)
{
	if (s->upgrade && !s->ended)
		upgrade_shutdown_write(s->upgrade);
}
