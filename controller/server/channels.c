#include "channels.h"

#include "../../runtime/base/base64.h"
#include "../../runtime/base/log.h"
#include "internal.h"
#include "upgrade.h"

#define MAX_MESSAGE_BYTES (1 * MIB)
#define PIECE_BYTES (64 * KIB)

/* ---- beginning ---- */

static const char *const known[] = {"v5.channel.k8s.io", "v4.channel.k8s.io",
    "v4.base64.channel.k8s.io", "channel.k8s.io", "base64.channel.k8s.io", "", NULL};
static const char *const known_spdy[] = {"v4.channel.k8s.io", NULL};

int channels_check(const struct exchange *x, struct buf *headers, struct err *e)
{
	const char *upgrade = exchange_header(x, "Upgrade");

	if (!upgrade || !*upgrade)
		return err_set(e, ERR_BAD_REQUEST, "Upgrade request required");
	if (upgrade_asks(x, "websocket"))
		return upgrade_websocket(x, known, headers, e);
	if (upgrade_asks(x, "SPDY/3.1"))
		return upgrade_spdy(x, known_spdy, headers, e);
	return err_set(e, ERR_BAD_REQUEST,
	    "this server upgrades to websocket and SPDY/3.1 only, not to %.64s", upgrade);
}

/* ---- sending ---- */

static void text_frame(
    const struct ws *w, struct buf *out, unsigned channel, const void *data, size_t len)
{
	auto_free char *encoded = base64_encode(data, len);
	auto_free char *message = xasprintf("%u%s", channel, encoded);

	ws_frame(w, out, WS_TEXT, message, strlen(message));
}

void channels_send(struct channels *c, unsigned channel, const void *data, size_t len)
{
	auto_buf frame = {0};

	if (c->spdy) {
		if (channel <= CHANNEL_RESIZE)
			streams_send(&c->streams, c->ids[channel], data, len);
		return;
	}
	if (c->text)
		text_frame(&c->ws, &frame, channel, data, len);
	else
		ws_channel_frame(&c->ws, &frame, channel, data, len);
	exchange_write_take(c->x, &frame);
}

bool channels_full(const struct channels *c)
{
	return exchange_unsent(c->x) >= CHANNELS_HIGH_WATER;
}

void channels_close(struct channels *c)
{
	auto_buf frame = {0};

	buf_release(&c->held);
	if (c->spdy) {
		channels_spdy_close(c);
		return;
	}
	ws_frame(&c->ws, &frame, WS_CLOSE, WS_CLOSE_NORMAL, 2);
	exchange_write_take(c->x, &frame);
	exchange_end(c->x);
	ws_release(&c->ws);
}

void channels_end(struct channels *c, const struct err *e)
{
	auto_buf text = {0};
	auto_json *ok = e ? NULL : status_success();

	if (c->old)
		buf_adds(&text, err_msg(e));
	else if (e)
		status_text(e, &text);
	else
		json_print_to(ok, &text);
	if (text.len)
		channels_send(c, CHANNEL_ERROR, text.ptr, text.len);
	channels_close(c);
}

void channels_end_exit(struct channels *c, int code)
{
	auto_json *status = NULL;
	auto_free char *message = NULL, *text = NULL, *number = NULL;
	json *causes, *cause;

	if (code == 0) {
		channels_end(c, NULL);
		return;
	}
	status = json_new_object();
	causes = json_new_array();
	cause = json_new_object();
	message = xasprintf("command terminated with non-zero exit code: command terminated with "
			    "exit code %d",
	    code);
	number = xasprintf("%d", code);
	json_set_str(cause, "reason", "ExitCode");
	json_set_str(cause, "message", number);
	json_add(causes, cause);
	json_set(status, "metadata", json_new_object());
	json_set_str(status, "status", "Failure");
	json_set_str(status, "message", message);
	json_set_str(status, "reason", "NonZeroExitCode");
	json_set(json_obj(status, "details"), "causes", causes);
	json_set_int(status, "code", 500);
	text = c->old ? xstrdup(message) : json_print(status);
	channels_send(c, CHANNEL_ERROR, text, strlen(text));
	channels_close(c);
}

/* ---- input ---- */

void channels_push(struct channels *c)
{
	size_t at = 0;

	while (at < c->held.len) {
		size_t len = c->held.len - at < PIECE_BYTES ? c->held.len - at : PIECE_BYTES;

		if (!c->ops->on_stdin(c->ctx, c->held.ptr + at, len))
			break;
		at += len;
	}
	buf_consume(&c->held, at);
	if (c->columns && c->ops->on_resize)
		c->ops->on_resize(c->ctx, c->columns, c->rows);
	c->columns = 0;
	if (!c->held.len && c->eof && !c->eof_told) {
		c->eof_told = true;
		c->ops->on_stdin_end(c->ctx);
	}
	exchange_pause(c->x, c->held.len > 0);
}

/* {"Width":80,"Height":24} */
static void take_size(struct channels *c, const unsigned char *data, size_t len)
{
	auto_json *size = json_parse((const char *)data, len, JSON_ALLOW_DUPLICATES, NULL);
	int64_t columns = json_int(size, "Width", 0), rows = json_int(size, "Height", 0);

	if (columns > 0 && columns <= UINT16_MAX && rows > 0 && rows <= UINT16_MAX) {
		c->columns = (unsigned)columns;
		c->rows = (unsigned)rows;
	}
}

void channels_take(struct channels *c, unsigned channel, const unsigned char *data, size_t len)
{
	if (c->ops->on_message)
		c->ops->on_message(c->ctx, channel, data, len);
	else if (channel == CHANNEL_STDIN && !c->eof)
		buf_add(&c->held, data, len);
	else if (channel == CHANNEL_RESIZE)
		take_size(c, data, len);
	else if (channel == CHANNEL_CLOSE && len && data[0] == CHANNEL_STDIN)
		c->eof = true;
	/* What other channels say has no effect. */
}

static void take_text(struct channels *c, const unsigned char *data, size_t len)
{
	auto_free char *text = xstrndup((const char *)data + 1, len - 1);
	auto_buf bytes = {0};

	if (data[0] < '0' || data[0] > '9' || base64_decode(text, &bytes, NULL) < 0)
		c->hang_up = true;
	else
		channels_take(c, data[0] - '0', (unsigned char *)buf_str(&bytes), bytes.len);
}

static void on_ws(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len)
{
	struct channels *c = ctx;
	auto_buf frame = {0};

	switch (op) {
	case WS_BINARY:
	case WS_TEXT:
		if (len && c->text)
			take_text(c, data, len);
		else if (len)
			channels_take(c, data[0], data + 1, len - 1);
		break;
	case WS_PING:
		ws_frame(&c->ws, &frame, WS_PONG, data, len);
		exchange_write_take(c->x, &frame);
		break;
	case WS_CLOSE:
		c->hang_up = true;
		break;
	case WS_PONG:
	case WS_CONTINUATION:
		break;
	}
}

static void on_data(void *ctx, const void *data, size_t len)
{
	struct channels *c = ctx;
	size_t unsent = exchange_unsent(c->x);
	auto_err e = {0};

	if (ws_feed(&c->ws, data, len, on_ws, c, &e) < 0) {
		log_info("websocket: %s", err_msg(&e));
		c->hang_up = true;
	}
	c->owed = channels_full(c) ? c->owed + exchange_unsent(c->x) - unsent : 0;
	if (!c->ops->on_message)
		channels_push(c);
	if (c->hang_up || c->owed > STREAMS_MAX_OWED) {
		channels_close(c);
		c->ops->on_gone(c->ctx);
	}
}

static void on_writable(void *ctx)
{
	struct channels *c = ctx;

	c->ops->on_writable(c->ctx);
}

static void on_gone(void *ctx)
{
	struct channels *c = ctx;

	ws_release(&c->ws);
	buf_release(&c->held);
	c->ops->on_gone(c->ctx);
}

void channels_drain(struct channels *c)
{
	auto_err e = {0};

	err_set(&e, ERR_UNAVAILABLE, "the controller is stopping");
	if (c->ops->on_message)
		channels_close(c);
	else
		channels_end(c, &e);
	c->ops->on_gone(c->ctx);
}

static void on_drain(void *ctx)
{
	channels_drain(ctx);
}

static const struct exchange_ops exchange_channels = {
    .on_writable = on_writable, .on_data = on_data, .on_gone = on_gone, .on_drain = on_drain};

void channels_start(struct channels *c, struct exchange *x, const struct buf *headers,
    const struct channels_ops *ops, void *ctx)
{
	const char *protocol;

	*c = (struct channels){.x = x, .ops = ops, .ctx = ctx, .spdy = upgrade_asks(x, "SPDY/3.1")};
	if (c->spdy) {
		channels_spdy_start(c, headers);
		return;
	}
	protocol = upgrade_choose(x, WEBSOCKET_PROTOCOL, known);
	c->can_close = str_eq(protocol, "v5.channel.k8s.io");
	c->text = strstr(protocol, "base64") != NULL;
	c->old = *protocol != 'v';
	ws_init(&c->ws, false, MAX_MESSAGE_BYTES);
	exchange_upgrade(x, buf_str(headers), &exchange_channels, c);
	if (ops->on_ready)
		ops->on_ready(ctx);
}
