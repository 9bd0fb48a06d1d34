/* server_terminal: a client of the streams of a pod, as channels over a WebSocket. */
#ifndef KJOB_SERVER_TERMINAL_H
#define KJOB_SERVER_TERMINAL_H

#include "../../runtime/ws.h"
#include "server_fixture.h"

#define UPGRADE                                                                      \
	"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define V5 UPGRADE "Sec-WebSocket-Protocol: v4.channel.k8s.io, v5.channel.k8s.io\r\n"

struct terminal {
	struct client c;
	struct answer a;
	struct ws ws;
	struct buf out[6]; /* by channel */
	struct buf ends;   /* "0 2 ": the channels that the server has closed */
	struct buf all;    /* messages as they are */
	bool closed;
};

static void terminal_on_message(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len)
{
	struct terminal *t = ctx;

	if (op == WS_CLOSE)
		t->closed = true;
	if (op == WS_BINARY || op == WS_TEXT)
		buf_add(&t->all, data, len);
	if (op == WS_BINARY && len && data[0] < ARRAY_LEN(t->out))
		buf_add(&t->out[data[0]], data + 1, len - 1);
	if (op == WS_PONG)
		buf_add(&t->out[0], data, len);
	if (op == WS_BINARY && len > 1 && data[0] == CHANNEL_CLOSE)
		buf_addf(&t->ends, "%u ", data[1]);
}

static UNUSED void terminal_open(
    struct terminal *t, struct fixture *f, const char *target, const char *headers)
{
	auto_free char *path = xasprintf(PODS "%s", target);

	*t = (struct terminal){.c = client_open(f)};
	ws_init(&t->ws, true, MIB);
	send_request(&t->c, "GET", path, headers, NULL);
	read_head(&t->c, &t->a);
	CHECK_INT(t->a.status, 101);
}

static UNUSED void terminal_close(struct terminal *t)
{
	client_close(&t->c);
	answer_release(&t->a);
	ws_release(&t->ws);
	for (size_t i = 0; i < ARRAY_LEN(t->out); i++)
		buf_release(&t->out[i]);
	buf_release(&t->ends);
	buf_release(&t->all);
}

static UNUSED void terminal_read(struct terminal *t)
{
	auto_err e = {0};

	client_turn(&t->c);
	CHECK(ws_feed(&t->ws, t->c.in.ptr, t->c.in.len, terminal_on_message, t, &e) == 0);
	buf_clear(&t->c.in);
}

static UNUSED void terminal_wait(struct terminal *t, int channel, const char *want)
{
	int64_t until = clock_mono_ms() + WAIT_MS;

	while (strcmp(buf_str(&t->out[channel]), want) != 0 && clock_mono_ms() < until)
		terminal_read(t);
	CHECK_STR(buf_str(&t->out[channel]), want);
}

static UNUSED void terminal_send(struct terminal *t, unsigned channel, const char *data, size_t len)
{
	auto_buf b = {0};

	ws_channel_frame(&t->ws, &b, channel, data, len);
	client_send(&t->c, b.ptr, b.len);
}

#endif
