#include "stdin_feed.h"

#include <errno.h>
#include <unistd.h>

#include "../runtime/base/rand.h"

#define PIECE (32 * KIB)
#define MAX_MESSAGE (1 * MIB)
#define FAILURES_MAX 3
#define KEY_LEN 24 /* 16 bytes in base64 */

static void lose(struct stdin_feed *f)
{
	upgrade_free(TAKE(f->conn));
	ws_release(&f->ws);
	loop_fd_free(TAKE(f->input));
	buf_clear(&f->held);
	f->state = FEED_LOST;
}

static void finish(struct stdin_feed *f)
{
	loop_fd_free(TAKE(f->input));
	f->state = FEED_DONE;
}

/* False: it is held until there is room. */
static bool send_frame(struct stdin_feed *f, unsigned channel, const void *data, size_t len)
{
	ws_channel_frame(&f->ws, &f->held, channel, data, len);
	if (!upgrade_write(f->conn, f->held.ptr, f->held.len))
		return false;
	buf_clear(&f->held);
	return true;
}

static void send_eof(struct stdin_feed *f)
{
	static const unsigned char channel = CHANNEL_STDIN;

	f->eof = true;
	if (f->no_close_channel)
		upgrade_shutdown_write(f->conn);
	else if (!send_frame(f, CHANNEL_CLOSE, &channel, 1))
		return;
	finish(f);
}

static void on_input(void *arg, int events)
{
	struct stdin_feed *f = arg;
	char piece[PIECE];
	ssize_t n = read(STDIN_FILENO, piece, sizeof(piece));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		send_eof(f);
		return;
	}
	if (!send_frame(f, CHANNEL_STDIN, piece, (size_t)n))
		loop_fd_set(f->input, 0);
}

static void on_writable(void *ctx, uint64_t key)
{
	struct stdin_feed *f = ctx;

	if (f->state != FEED_OPEN)
		return;
	if (f->held.len && !upgrade_write(f->conn, f->held.ptr, f->held.len))
		return;
	buf_clear(&f->held);
	if (f->eof)
		finish(f);
	else
		loop_fd_set(f->input, LOOP_READ);
}

static void on_open(void *ctx, uint64_t key, const struct http_response *r)
{
	struct stdin_feed *f = ctx;
	const char *protocol = http_header(r, "Sec-WebSocket-Protocol");

	f->state = FEED_OPEN;
	f->no_close_channel = !str_eq(protocol, "v5.channel.k8s.io");
	if (f->eof)
		send_eof(f);
	else
		f->input =
		    loop_fd_new(client_loop(f->client), STDIN_FILENO, LOOP_READ, on_input, f);
}

static void on_fail(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct stdin_feed *f = ctx;

	err_clear(&f->err);
	if (r)
		client_status_error(r->status, r->body, r->body_len, &f->err);
	else
		err_copy(&f->err, err);
	lose(f);
}

static void on_end(void *ctx, uint64_t key, const struct err *err)
{
	struct stdin_feed *f = ctx;

	if (f->state == FEED_DONE)
		return;
	err_clear(&f->err);
	if (err)
		err_copy(&f->err, err);
	else
		err_set(&f->err, ERR_UNAVAILABLE,
		    "the connection to the container's standard input was closed");
	lose(f);
}

static void on_message(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len)
{
	struct stdin_feed *f = ctx;
	auto_buf pong = {0};

	if (op != WS_PING || f->state != FEED_OPEN)
		return;
	ws_frame(&f->ws, &pong, WS_PONG, data, len);
	if (!upgrade_write(f->conn, pong.ptr, pong.len))
		f->failures = 0; /* a full queue shows life enough */
}

static void on_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct stdin_feed *f = ctx;
	auto_err e = {0};

	if (f->state != FEED_DONE && ws_feed(&f->ws, data, len, on_message, f, &e) < 0)
		on_end(f, key, &e);
}

static void make_key(char text[KEY_LEN + 1])
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char bytes[21];

	rand_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		text[i] = digits[bytes[i] & 63];
	memcpy(text + sizeof(bytes), "A==", 4);
}

static void connect_feed(struct stdin_feed *f)
{
	static const struct upgrade_callbacks callbacks = {.on_open = on_open,
	    .on_fail = on_fail,
	    .on_data = on_data,
	    .on_writable = on_writable,
	    .on_end = on_end};
	char key[KEY_LEN + 1];
	auto_free char *key_line = NULL;
	const char *headers[] = {"Sec-WebSocket-Version: 13",
	    "Sec-WebSocket-Protocol: v5.channel.k8s.io, v4.channel.k8s.io",
	    "User-Agent: kjob/" KJOB_VERSION, NULL, NULL};
	struct http_request r = {.method = "GET", .path = f->path, .headers = headers, .ctx = f};

	make_key(key);
	key_line = xasprintf("Sec-WebSocket-Key: %s", key);
	headers[3] = key_line;
	ws_init(&f->ws, true, MAX_MESSAGE);
	f->state = FEED_OPENING;
	f->conn = upgrade_new(client_http(f->client), &r, "websocket", &callbacks);
}

void stdin_feed_start(struct stdin_feed *f, struct client *c, const char *path)
{
	memset(f, 0, sizeof(*f));
	f->client = c;
	f->path = xstrdup(path);
	buf_init(&f->held, 0);
	connect_feed(f);
}

int stdin_feed_pump(struct stdin_feed *f, struct err *e)
{
	if (f->state != FEED_LOST)
		return 0;
	if (f->err.reason != ERR_UNAVAILABLE || f->failures++ >= FAILURES_MAX) {
		f->state = FEED_DONE;
		err_move(e, &f->err);
		return err_wrap(e, "standard input does not reach the container");
	}
	if (client_revive(f->client, e) < 0)
		return -1;
	connect_feed(f);
	return 0;
}

void stdin_feed_stop(struct stdin_feed *f)
{
	upgrade_free(f->conn);
	ws_release(&f->ws);
	loop_fd_free(f->input);
	buf_release(&f->held);
	err_clear(&f->err);
	free(f->path);
	memset(f, 0, sizeof(*f));
}
