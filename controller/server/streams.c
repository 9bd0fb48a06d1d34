#include "streams.h"

#include <strings.h>

#include "../../runtime/base/log.h"
#include "upgrade.h"

#define SPDY "SPDY/3.1"
#define MAX_MESSAGE_BYTES (1 * MIB)
#define CLOSE_NORMAL "\x03\xe8" /* 1000 */

/* ---- beginning ---- */

static char *tunnelled(const char *protocol)
{
	return xasprintf(SPDY "+%s", protocol);
}

bool streams_asked(const struct exchange *x, const char *protocol)
{
	auto_free char *inner = tunnelled(protocol);
	const char *const known[] = {inner, NULL};

	return upgrade_asks(x, SPDY) || upgrade_choose(x, "Sec-WebSocket-Protocol", known);
}

int streams_check(
    const struct exchange *x, const char *protocol, struct buf *headers, struct err *e)
{
	auto_free char *inner = tunnelled(protocol);
	const char *const plain[] = {protocol, NULL};
	const char *const tunnel[] = {inner, NULL};

	return upgrade_asks(x, SPDY) ? upgrade_spdy(x, plain, headers, e)
				     : upgrade_websocket(x, tunnel, headers, e);
}

/* ---- sending ---- */

static void flush(struct streams *s)
{
	auto_buf frame = {0};

	if (!s->spdy.out.len)
		return;
	if (!s->tunnel) {
		exchange_write_take(s->x, &s->spdy.out);
		return;
	}
	ws_frame(&s->ws, &frame, WS_BINARY, s->spdy.out.ptr, s->spdy.out.len);
	exchange_write_take(s->x, &frame);
	buf_clear(&s->spdy.out);
}

void streams_accept(struct streams *s, uint32_t id, void *user)
{
	spdy_accept(&s->spdy, id, user);
	flush(s);
}

void streams_send(struct streams *s, uint32_t id, const void *data, size_t len)
{
	spdy_send(&s->spdy, id, data, len);
	flush(s);
}

void streams_fin(struct streams *s, uint32_t id)
{
	spdy_fin(&s->spdy, id);
	flush(s);
}

void streams_leave(struct streams *s, uint32_t id)
{
	spdy_leave(&s->spdy, id);
	flush(s);
}

void streams_reset(struct streams *s, uint32_t id, enum spdy_status status)
{
	spdy_reset(&s->spdy, id, status);
	flush(s);
}

bool streams_full(const struct streams *s)
{
	return exchange_unsent(s->x) >= STREAMS_HIGH_WATER;
}

static void release(struct streams *s)
{
	spdy_release(&s->spdy);
	ws_release(&s->ws);
}

/* What the WebSocket still has to say. */
static void say_goodbye(struct streams *s)
{
	auto_buf frame = {0};

	if (!s->tunnel)
		return;
	ws_frame(&s->ws, &frame, WS_CLOSE, CLOSE_NORMAL, 2);
	exchange_write_take(s->x, &frame);
}

void streams_close(struct streams *s)
{
	say_goodbye(s);
	exchange_end(s->x);
	release(s);
}

void streams_end(struct streams *s)
{
	exchange_linger(s->x);
	release(s);
}

/* ---- input ---- */

const char *stream_header(const struct strlist *headers, const char *name)
{
	for (size_t i = 0; i + 1 < headers->len; i += 2)
		if (strcasecmp(headers->items[i], name) == 0)
			return headers->items[i + 1];
	return "";
}

static void feed(struct streams *s, const void *data, size_t len)
{
	auto_err e = {0};

	if (spdy_feed(&s->spdy, data, len, &e) < 0) {
		log_info("%s", err_msg(&e));
		s->hang_up = true;
	}
	flush(s);
}

static void on_ws(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len)
{
	struct streams *s = ctx;
	auto_buf frame = {0};

	switch (op) {
	case WS_BINARY:
	case WS_TEXT:
		feed(s, data, len);
		break;
	case WS_PING:
		ws_frame(&s->ws, &frame, WS_PONG, data, len);
		exchange_write_take(s->x, &frame);
		break;
	case WS_CLOSE:
		s->hang_up = true;
		break;
	case WS_PONG:
	case WS_CONTINUATION:
		break;
	}
}

static void feed_tunnel(struct streams *s, const void *data, size_t len)
{
	auto_err e = {0};

	if (ws_feed(&s->ws, data, len, on_ws, s, &e) < 0) {
		log_info("%s", err_msg(&e));
		s->hang_up = true;
	}
}

static void on_data(void *ctx, const void *data, size_t len)
{
	struct streams *s = ctx;
	size_t unsent = exchange_unsent(s->x);

	if (s->tunnel)
		feed_tunnel(s, data, len);
	else
		feed(s, data, len);
	s->owed = streams_full(s) ? s->owed + exchange_unsent(s->x) - unsent : 0;
	if (s->hang_up || s->owed > STREAMS_MAX_OWED) {
		streams_close(s);
		s->ops->on_gone(s->ctx);
	} else if (s->ops->on_input) {
		s->ops->on_input(s->ctx);
	}
}

static void on_writable(void *ctx)
{
	struct streams *s = ctx;

	s->ops->on_writable(s->ctx);
}

static void on_gone(void *ctx)
{
	struct streams *s = ctx;

	release(s);
	s->ops->on_gone(s->ctx);
}

static void on_drain(void *ctx)
{
	struct streams *s = ctx;

	s->ops->on_drain(s->ctx);
}

static const struct exchange_ops exchange_streams = {
    .on_writable = on_writable, .on_data = on_data, .on_gone = on_gone, .on_drain = on_drain};

void streams_start(struct streams *s, struct exchange *x, const struct buf *headers,
    const struct streams_ops *ops, void *ctx)
{
	*s = (struct streams){.x = x, .ops = ops, .ctx = ctx, .tunnel = !upgrade_asks(x, SPDY)};
	spdy_init(&s->spdy, &ops->spdy, ctx);
	ws_init(&s->ws, false, MAX_MESSAGE_BYTES);
	exchange_upgrade(x, buf_str(headers), &exchange_streams, s);
}
