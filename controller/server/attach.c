/*
 * attach: pods/attach over WebSocket: the client's standard input to the container, and its output
 * from now on, as channels of v4 and v5.channel.k8s.io. The stream ends with the container: a
 * Status on the error channel, then a close frame.
 */
#include <strings.h>

#include "../../runtime/base/log.h"
#include "../../runtime/ws.h"
#include "../store/logfile.h"
#include "internal.h"

#define MAX_MESSAGE_BYTES (1 * MIB)
#define PIECE_BYTES (64 * KIB)
#define HIGH_WATER (512 * KIB)
#define FRAME_HEAD 8
#define STDIN_RETRY_MS 10
#define CLOSE_NORMAL "\x03\xe8" /* 1000 */

struct attach {
	struct server *server;
	struct exchange *x;
	struct ws ws;
	char *uid, *container, *path;
	bool wants[CHANNEL_STDERR + 1]; /* by channel */
	bool stdin_open;
	bool stdin_eof;  /* the client's end of input came; sent on behind `held` */
	bool hang_up;    /* the client closed, or broke the protocol: end at the next chance */
	struct buf held; /* input that the container's side did not take yet */
	struct log_query query;
	struct logreader *reader; /* NULL: there is no file yet */
	struct log_follow *follow;
	struct timer retry, again;
	bool queued;
};

static const struct server_pods_ops *ops_of(const struct attach *a)
{
	return a->server->deps.pods_ops;
}

static void attach_free(struct attach *a)
{
	if (a->stdin_open)
		ops_of(a)->stdin_close(a->server->deps.pods, a->uid, a->container, false);
	if (a->follow)
		ops_of(a)->follow_stop(a->follow);
	timer_cancel(a->server->deps.loop, &a->retry);
	timer_cancel(a->server->deps.loop, &a->again);
	loop_undefer(a->server->deps.loop, a);
	logreader_free(a->reader);
	ws_release(&a->ws);
	buf_release(&a->held);
	free(a->uid);
	free(a->container);
	free(a->path);
	free(a);
}

static void send_channel(struct attach *a, unsigned channel, const void *data, size_t len)
{
	auto_buf frame = {0};

	ws_channel_frame(&a->ws, &frame, channel, data, len);
	exchange_write_take(a->x, &frame);
}

/* The end: how it went, a close frame, and the connection is closed behind it. */
static void attach_end(struct attach *a, const struct err *e)
{
	auto_buf text = {0}, frame = {0};

	if (!a->hang_up) {
		if (e) {
			status_text(e, &text);
		} else {
			auto_json *ok = status_success();

			json_print_to(ok, &text);
		}
		send_channel(a, CHANNEL_ERROR, text.ptr, text.len);
	}
	ws_frame(&a->ws, &frame, WS_CLOSE, CLOSE_NORMAL, 2);
	exchange_write_take(a->x, &frame);
	exchange_end(a->x);
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
			send_channel(a, h[0], b->ptr + at + FRAME_HEAD, len);
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
	if (a->hang_up) {
		attach_end(a, NULL);
		return;
	}
	while (exchange_unsent(a->x) < HIGH_WATER) {
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

/* Deferred, as the end of the stream stops the follow and frees the decoder. */
static void pump_soon(void *ctx)
{
	struct attach *a = ctx;

	if (a->queued)
		return;
	a->queued = true;
	loop_defer(a->server->deps.loop, pump, a);
}

/* ---- input ---- */

static void close_stdin(struct attach *a)
{
	a->stdin_open = false;
	ops_of(a)->stdin_close(a->server->deps.pods, a->uid, a->container, true);
}

/* Hands held input on; while the container's side is full the client is not read. */
static void push_stdin(void *arg)
{
	struct attach *a = arg;

	if (a->held.len && a->stdin_open) {
		if (!ops_of(a)->stdin_write(
			a->server->deps.pods, a->uid, a->container, a->held.ptr, a->held.len)) {
			exchange_pause(a->x, true);
			timer_set(a->server->deps.loop, &a->retry, STDIN_RETRY_MS);
			return;
		}
		buf_clear(&a->held);
	}
	if (a->stdin_eof && a->stdin_open)
		close_stdin(a);
	exchange_pause(a->x, false);
}

static void on_channel(struct attach *a, const unsigned char *data, size_t len)
{
	if (!len)
		return;
	if (data[0] == CHANNEL_STDIN && a->stdin_open && !a->stdin_eof)
		buf_add(&a->held, data + 1, len - 1);
	if (data[0] == CHANNEL_CLOSE && len >= 2 && data[1] == CHANNEL_STDIN)
		a->stdin_eof = true;
	/* Sizes of terminals and unknown channels have no effect. */
}

static void on_message(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len)
{
	struct attach *a = ctx;
	auto_buf frame = {0};

	switch (op) {
	case WS_BINARY:
	case WS_TEXT:
		on_channel(a, data, len);
		break;
	case WS_PING:
		ws_frame(&a->ws, &frame, WS_PONG, data, len);
		exchange_write_take(a->x, &frame);
		break;
	case WS_CLOSE:
		a->hang_up = true;
		break;
	case WS_PONG:
	case WS_CONTINUATION:
		break;
	}
}

static void on_data(void *ctx, const void *data, size_t len)
{
	struct attach *a = ctx;
	auto_err e = {0};

	if (a->hang_up)
		return;
	if (ws_feed(&a->ws, data, len, on_message, a, &e) < 0) {
		log_info("attach: %s", err_msg(&e));
		a->hang_up = true;
	}
	push_stdin(a);
	if (a->hang_up)
		pump_soon(a);
}

static void on_gone(void *ctx)
{
	attach_free(ctx);
}

static void on_drain(void *ctx)
{
	auto_err e = {0};

	err_set(&e, ERR_UNAVAILABLE, "the controller is stopping");
	attach_end(ctx, &e);
}

static const struct exchange_ops attach_ops = {
    .on_writable = pump, .on_data = on_data, .on_gone = on_gone, .on_drain = on_drain};

/* ---- beginning ---- */

static const char *choose_protocol(const struct exchange *x)
{
	static const char *const known[] = {"v5.channel.k8s.io", "v4.channel.k8s.io"};
	const char *offered = exchange_header(x, "Sec-WebSocket-Protocol");
	auto_strlist items = {0};

	str_split(&items, offered ? offered : "", ',');
	for (size_t k = 0; k < ARRAY_LEN(known); k++)
		for (size_t i = 0; i < items.len; i++) {
			const char *p = items.items[i] + strspn(items.items[i], " \t");

			if (strncmp(p, known[k], strlen(known[k])) == 0 && !p[strlen(known[k])])
				return known[k];
		}
	return NULL;
}

/* The headers of the 101 answer. */
static int check_upgrade(const struct exchange *x, struct buf *headers, struct err *e)
{
	const char *upgrade = exchange_header(x, "Upgrade");
	const char *key = exchange_header(x, "Sec-WebSocket-Key");
	const char *version = exchange_header(x, "Sec-WebSocket-Version");
	const char *protocol = choose_protocol(x);
	char accept[29];

	if (!upgrade || !*upgrade)
		return err_set(e, ERR_BAD_REQUEST, "Upgrade request required");
	if (strcasecmp(upgrade, "websocket") != 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "this server upgrades to websocket only, not to %.64s (kubectl: from version "
		    "1.30 on)",
		    upgrade);
	if (x->method != METHOD_GET || !key || strlen(key) > 64 || !version ||
	    !str_eq(version, "13"))
		return err_set(
		    e, ERR_BAD_REQUEST, "not a valid WebSocket handshake (RFC 6455, version 13)");
	if (!protocol)
		return err_set(e, ERR_BAD_REQUEST,
		    "none of the offered WebSocket protocols is known; offer v5.channel.k8s.io or "
		    "v4.channel.k8s.io");
	buf_addf(headers,
	    "Upgrade: websocket\r\nSec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n",
	    ws_accept_key(accept, key), protocol);
	return 0;
}

static bool is_terminal(const json *pod)
{
	const char *phase = json_str_or(pod, "status.phase", "");

	return str_eq(phase, "Succeeded") || str_eq(phase, "Failed");
}

static int find_container(
    struct exchange *x, const struct request *r, struct attach *a, struct err *e)
{
	struct server *s = server_of(x);
	auto_json *pod = store_get(s->deps.store, r->kind, r->ns, r->name, e);
	const char *container;
	bool live;

	if (!pod)
		return -1;
	if (is_terminal(pod))
		return err_set(e, ERR_BAD_REQUEST,
		    "cannot attach a container in a completed pod; current phase is %s",
		    json_str(pod, "status.phase"));
	container = pod_container(pod, exchange_query(x, "container"), e);
	if (!container ||
	    s->deps.pods_ops->find_log(s->deps.pods, pod, container, false, &a->path, &live, e) < 0)
		return -1;
	if (!live)
		return err_set(e, ERR_BAD_REQUEST, "container %s in pod %s is not running",
		    container, r->name);
	a->container = xstrdup(container);
	a->uid = xstrdup(json_str_or(pod, "metadata.uid", ""));
	return 0;
}

static int open_stdin(struct exchange *x, struct attach *a, struct err *e)
{
	if (!exchange_query_bool(x, "stdin"))
		return 0;
	a->stdin_open = ops_of(a)->stdin_open(a->server->deps.pods, a->uid, a->container, e);
	return a->stdin_open ? 0 : -1;
}

void handle_attach(struct exchange *x, const struct request *r)
{
	struct server *s = server_of(x);
	auto_err e = {0};
	auto_buf headers = {0};
	struct attach *a = xcalloc(1, sizeof(*a));

	a->server = s;
	a->x = x;
	a->query = (struct log_query){.tail_lines = 0, .framed = true};
	a->wants[CHANNEL_STDOUT] = exchange_query_bool(x, "stdout");
	a->wants[CHANNEL_STDERR] = exchange_query_bool(x, "stderr");
	a->retry = (struct timer){.name = "attach stdin", .fn = push_stdin, .arg = a};
	a->again = (struct timer){.name = "attach output", .fn = pump, .arg = a};
	ws_init(&a->ws, false, MAX_MESSAGE_BYTES);
	/*
	 * The container first: kubectl repeats a refused WebSocket as SPDY, and shows what that is
	 * told.
	 */
	if (find_container(x, r, a, &e) < 0 || check_upgrade(x, &headers, &e) < 0 ||
	    open_stdin(x, a, &e) < 0) {
		attach_free(a);
		answer_err(x, &e);
		return;
	}
	exchange_upgrade(x, buf_str(&headers), &attach_ops, a);
	a->follow = s->deps.pods_ops->follow_log(s->deps.pods, a->path, pump_soon, a);
	pump(a);
}
