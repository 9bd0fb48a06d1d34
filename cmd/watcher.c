#include "watcher.h"

#include "../runtime/base/clock.h"

#define LINE_MAX_BYTES ((size_t)64 * MIB)
#define PAUSE_AT ((size_t)4 * MIB)
#define FAILURES_MAX 20
#define LIVED_MS 5000 /* a stream that lived as long was no failure */

static bool on_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct watcher *w = ctx;

	buf_add(&w->lines, data, len);
	w->paused = w->lines.len >= PAUSE_AT;
	return !w->paused;
}

static void on_headers(void *ctx, uint64_t key, const struct http_response *r)
{
	struct watcher *w = ctx;

	client_note_headers(w->client, r);
}

static void on_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct watcher *w = ctx;

	if (err)
		client_transport_error(w->client, r, err, &w->err);
	else if (r->status >= 400)
		client_status_error(r->status, r->body, r->body_len, &w->err);
	w->closed = true;
}

static void send_watch(struct watcher *w)
{
	static const char *const headers[] = {
	    "Accept: " MIME_JSON, "User-Agent: kjob/" KJOB_VERSION, NULL};
	auto_buf path = {0};
	struct http_request r = {
	    .headers = headers,
	    .method = "GET",
	    .own_connection = true,
	    .done = on_done,
	    .on_headers = on_headers,
	    .on_data = on_data,
	    .ctx = w,
	};

	buf_adds(&path, w->path);
	query_add(&path, "watch", "true");
	query_add(&path, "allowWatchBookmarks", "true");
	query_add(&path, "resourceVersion", w->version);
	r.path = buf_str(&path);
	buf_clear(&w->lines);
	w->closed = w->paused = false;
	w->began_ms = clock_mono_ms();
	w->id = http_send(client_http(w->client), &r);
}

void watcher_start(struct watcher *w, struct client *c, const char *path, const char *version)
{
	memset(w, 0, sizeof(*w));
	w->client = c;
	w->path = xstrdup(path);
	w->version = xstrdup(version);
	buf_init(&w->lines, LINE_MAX_BYTES);
	send_watch(w);
}

void watcher_stop(struct watcher *w)
{
	if (w->id)
		http_cancel(client_http(w->client), w->id);
	free(w->path);
	free(w->version);
	buf_release(&w->lines);
	err_clear(&w->err);
	memset(w, 0, sizeof(*w));
}

static void remember(struct watcher *w, const json *object)
{
	const char *version = json_str(object, "metadata.resourceVersion");

	if (!version || !*version)
		return;
	free(w->version);
	w->version = xstrdup(version);
}

static void handle_line(struct watcher *w, const char *line, size_t len, watcher_fn *fn, void *ctx)
{
	auto_json *event = json_parse(line, len, JSON_ALLOW_DUPLICATES, &w->err);
	const char *type = json_str_or(event, "type", "");
	const json *object = json_get(event, "object");

	if (!event)
		return;
	if (str_eq(type, "ERROR")) {
		client_status_object_error(object, &w->err);
		return;
	}
	remember(w, object);
	if (!str_eq(type, "BOOKMARK"))
		fn(ctx, type, object);
}

/* Handlers may run the loop, which adds lines: the whole ones are taken out first. */
static void drain(struct watcher *w, watcher_fn *fn, void *ctx)
{
	const char *last = w->lines.len ? memrchr(w->lines.ptr, '\n', w->lines.len) : NULL;
	size_t len = last ? (size_t)(last - w->lines.ptr) + 1 : 0;
	auto_free char *batch = len ? xmemdup(w->lines.ptr, len) : NULL;

	buf_consume(&w->lines, len);
	for (size_t at = 0; at < len && w->id && w->err.reason == ERR_NONE;) {
		size_t line = (size_t)((char *)memchr(batch + at, '\n', len - at) - (batch + at));

		if (line)
			handle_line(w, batch + at, line, fn, ctx);
		at += line + 1;
	}
	if (w->lines.overflow)
		err_set(&w->err, ERR_TOO_LARGE,
		    "the server sent a watch event of more than %zu bytes", LINE_MAX_BYTES);
}

/* The version is no longer kept: what is there now, and on from there. */
static int relist(struct watcher *w, watcher_fn *fn, void *ctx, struct err *e)
{
	auto_json *list = client_get_json(w->client, w->path, e);

	if (!list)
		return -1;
	fn(ctx, WATCHER_RELIST, list);
	json_for (it, json_get(list, "items"))
		fn(ctx, "ADDED", it);
	remember(w, list);
	return 0;
}

static bool may_resume(struct watcher *w)
{
	if (w->err.reason == ERR_NONE)
		return true;
	if (clock_mono_ms() - w->began_ms >= LIVED_MS)
		w->failures = 0;
	if (w->err.reason != ERR_EXPIRED && !client_may_resume(w->client, &w->err))
		return false;
	return w->failures++ < FAILURES_MAX;
}

static int resume(struct watcher *w, watcher_fn *fn, void *ctx, struct err *e)
{
	enum err_reason reason = w->err.reason;

	http_cancel(client_http(w->client), w->id);
	if (!may_resume(w)) {
		err_move(e, &w->err);
		return -1;
	}
	err_clear(&w->err);
	if (reason != ERR_EXPIRED && client_revive(w->client, e) < 0)
		return -1;
	if (reason == ERR_EXPIRED && relist(w, fn, ctx, e) < 0)
		return -1;
	if (w->id)
		send_watch(w);
	return 0;
}

int watcher_pump(struct watcher *w, watcher_fn *fn, void *ctx, struct err *e)
{
	if (!w->id)
		return 0;
	drain(w, fn, ctx);
	if (!w->id)
		return 0;
	if (w->closed || w->err.reason != ERR_NONE)
		return resume(w, fn, ctx, e);
	if (w->paused) {
		w->paused = false;
		http_resume(client_http(w->client), w->id);
	}
	return 0;
}
