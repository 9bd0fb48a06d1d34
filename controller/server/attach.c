/*
 * attach: pods/attach over WebSocket or SPDY: the client's standard input to the container, and its
 * output from now on, as channels of v4 and v5.channel.k8s.io. The stream ends with the container:
 * a Status on the error channel, then a close frame.
 *
 * Who first brings the standard input of a container with stdinOnce is who it was started for
 * (`kubectl run -i`): they get its output from the beginning, as a short command has printed, and a
 * shell prompted, before anyone can attach.
 */
#include "../store/logfile.h"
#include "channels.h"
#include "internal.h"

#define PIECE_BYTES (64 * KIB)
#define FRAME_HEAD 8

struct attach {
	struct channels channels;
	struct server *server;
	char *uid, *container, *path;
	bool wants[CHANNEL_STDERR + 1]; /* by channel */
	bool stdin_once, stdin_open;
	struct log_query query;
	struct logreader *reader; /* NULL: there is no file yet */
	struct log_follow *follow;
	struct timer again;
	bool queued;
};

static const struct server_pods_ops *ops_of(const struct attach *a)
{
	return a->server->deps.pods_ops;
}

static void attach_free(struct attach *a)
{
	if (a->stdin_open)
		ops_of(a)->stdin_close(a->server->deps.pods, a->uid, a->container);
	if (a->follow)
		ops_of(a)->follow_stop(a->follow);
	timer_cancel(a->server->deps.loop, &a->again);
	loop_undefer(a->server->deps.loop, a);
	logreader_free(a->reader);
	free(a->uid);
	free(a->container);
	free(a->path);
	free(a);
}

/* The end: how it went. */
static void attach_end(struct attach *a, const struct err *e)
{
	channels_end(&a->channels, e);
	attach_free(a);
}

/* ---- output ---- */

/* Sends whole frames of the reader (stream, 3 zeros, length, contents) as messages. */
static void send_frames(struct attach *a, const struct buf *b)
{
	for (size_t at = 0; at + FRAME_HEAD <= b->len;) {
		const unsigned char *h = (const unsigned char *)b->ptr + at;
		size_t len = (size_t)h[4] << 24 | (size_t)h[5] << 16 | (size_t)h[6] << 8 | h[7];

		if (len > b->len - at - FRAME_HEAD)
			return;
		if (h[0] <= CHANNEL_STDERR && a->wants[h[0]])
			channels_send(&a->channels, h[0], b->ptr + at + FRAME_HEAD, len);
		at += FRAME_HEAD + len;
	}
}

/* As logreader_next; a file that does not exist yet reads as empty, and from its beginning later
 * on. */
static int read_piece(struct attach *a, struct buf *out, struct err *e)
{
	if (!a->reader) {
		a->reader = logreader_open(a->path, &a->query, e);
		if (!a->reader && e->reason != ERR_NOT_FOUND)
			return -1;
		if (!a->reader) {
			err_clear(e);
			a->query.tail_lines = -1;
			return 0;
		}
	}
	return logreader_next(a->reader, PIECE_BYTES, out, e);
}

static void pump(void *arg)
{
	struct attach *a = arg;

	a->queued = false;
	channels_push(&a->channels);
	while (!channels_full(&a->channels)) {
		auto_err e = {0};
		auto_buf piece = {0};
		bool live = ops_of(a)->follow_live(a->follow); /* asked before reading */
		int more = read_piece(a, &piece, &e);

		send_frames(a, &piece);
		if (more < 0) {
			attach_end(a, &e);
			return;
		}
		if (more == 0 && !live) {
			attach_end(a, NULL);
			return;
		}
		if (more == 0)
			return;   /* on_grown comes */
		if (!piece.len) { /* nothing for this client in a long stretch: others first */
			timer_set(a->server->deps.loop, &a->again, 0);
			return;
		}
	}
}

/* Deferred, as the end of the stream stops the follow. It also comes when there is room for input.
 */
static void pump_soon(void *ctx)
{
	struct attach *a = ctx;

	if (a->queued)
		return;
	a->queued = true;
	loop_defer(a->server->deps.loop, pump, a);
}

/* ---- input ---- */

static void on_ready(void *ctx)
{
	struct attach *a = ctx;

	a->follow = ops_of(a)->follow_log(a->server->deps.pods, a->path, pump_soon, a);
	pump(a);
}

static bool on_stdin(void *ctx, const char *data, size_t len)
{
	struct attach *a = ctx;

	return !a->stdin_open ||
	       ops_of(a)->stdin_write(a->server->deps.pods, a->uid, a->container, data, len);
}

static void on_stdin_end(void *ctx)
{
	struct attach *a = ctx;

	if (!a->stdin_open)
		return;
	a->stdin_open = false;
	ops_of(a)->stdin_close(a->server->deps.pods, a->uid, a->container);
}

static void on_resize(void *ctx, unsigned columns, unsigned rows)
{
	struct attach *a = ctx;

	ops_of(a)->tty_resize(a->server->deps.pods, a->uid, a->container, columns, rows);
}

static void on_gone(void *ctx)
{
	attach_free(ctx);
}

static const struct channels_ops attach_ops = {.on_ready = on_ready,
    .on_stdin = on_stdin,
    .on_stdin_end = on_stdin_end,
    .on_resize = on_resize,
    .on_writable = pump,
    .on_gone = on_gone};

/* ---- beginning ---- */

/* -2: the error is one that a kubelet gives. */
static int find_container(
    struct exchange *x, const struct request *r, struct attach *a, struct err *e)
{
	struct server *s = server_of(x);
	auto_json *pod = store_get(s->deps.store, r->kind, r->ns, r->name, e);
	auto_free char *id = NULL;
	const char *container;
	const json *spec;
	bool live;

	if (!pod || check_not_completed(pod, "attach", e) < 0 || check_streams(x, e) < 0)
		return -1;
	container = pod_container(pod, exchange_query(x, "container"), e);
	if (!container)
		return -1;
	id = running_container(pod, container, e);
	if (id &&
	    s->deps.pods_ops->find_log(s->deps.pods, pod, container, false, &a->path, &live, e) < 0)
		return -1;
	if (!id || !live) {
		err_clear(e);
		err_set(e, ERR_INTERNAL, "container %s not found in pod %s_%s", container, r->name,
		    r->ns);
		return -2;
	}
	a->container = xstrdup(container);
	a->uid = xstrdup(json_str_or(pod, "metadata.uid", ""));
	spec = container_spec(pod, container);
	/* As with a kubelet input for a container that does not read goes nowhere. */
	a->wants[CHANNEL_STDIN] =
	    exchange_query_bool(x, "stdin") && json_bool(spec, "stdin", false);
	a->stdin_once = json_bool(spec, "stdinOnce", false);
	return 0;
}

static int open_stdin(struct attach *a, struct err *e)
{
	bool first;

	if (!a->wants[CHANNEL_STDIN])
		return 0;
	if (ops_of(a)->stdin_open(a->server->deps.pods, a->uid, a->container, &first, e) < 0)
		return -1;
	a->stdin_open = true;
	if (first && a->stdin_once)
		a->query.tail_lines = -1;
	return 0;
}

void handle_attach(struct exchange *x, const struct request *r)
{
	struct server *s = server_of(x);
	auto_err e = {0};
	auto_buf headers = {0};
	struct attach *a = xcalloc(1, sizeof(*a));
	int rc;

	a->server = s;
	a->query = (struct log_query){.tail_lines = 0, .framed = true};
	a->wants[CHANNEL_STDOUT] = exchange_query_bool(x, "stdout");
	a->wants[CHANNEL_STDERR] = exchange_query_bool(x, "stderr");
	a->again = (struct timer){.name = "attach output", .fn = pump, .arg = a};
	/*
	 * The container first: kubectl repeats a refused WebSocket as SPDY, and shows what that is
	 * told.
	 */
	rc = find_container(x, r, a, &e);
	if (rc < 0 || channels_check(x, &headers, &e) < 0 || open_stdin(a, &e) < 0) {
		attach_free(a);
		rc == -2 ? answer_kubelet_err(x, &e) : answer_err(x, &e);
		return;
	}
	channels_start(&a->channels, x, &headers, &attach_ops, a);
}
