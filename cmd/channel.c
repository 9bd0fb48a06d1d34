#include "channel.h"

#include "../runtime/base/rand.h"

#define MAX_MESSAGE (1 * MIB)
#define KEY_LEN 24 /* 16 bytes in base64 */

static void end(struct channel *c, const struct err *err)
{
	if (c->ended)
		return;
	c->ended = true;
	c->open = false;
	c->callbacks->on_end(c->ctx, err);
}

/* False: it is held until there is room. */
static bool flush(struct channel *c)
{
	if (!c->held.len)
		return true;
	if (!upgrade_write(c->conn, c->held.ptr, c->held.len))
		return false;
	buf_clear(&c->held);
	return true;
}

bool channel_send(struct channel *c, unsigned channel, const void *data, size_t len)
{
	ws_channel_frame(&c->ws, &c->held, channel, data, len);
	return flush(c);
}

bool channel_send_end(struct channel *c, unsigned channel)
{
	unsigned char number = (unsigned char)channel;

	if (c->can_close)
		channel_send(c, CHANNEL_CLOSE, &number, 1);
	return c->can_close;
}

void channel_pause(struct channel *c, bool paused)
{
	if (c->conn)
		upgrade_pause(c->conn, paused);
}

/* ---- the connection ---- */

static void on_open(void *ctx, uint64_t key, const struct http_response *r)
{
	struct channel *c = ctx;

	client_note_headers(c->client, r);
	c->open = true;
	c->can_close = str_eq(http_header(r, "Sec-WebSocket-Protocol"), "v5.channel.k8s.io");
	if (c->callbacks->on_open)
		c->callbacks->on_open(c->ctx);
}

/* A Status is the API server's; plain text is a kubelet's. */
static void refusal(const struct http_response *r, struct err *e)
{
	auto_json *status = json_parse(r->body, r->body_len, JSON_ALLOW_DUPLICATES, NULL);

	if (status || !r->body_len)
		client_status_error(r->status, r->body, r->body_len, e);
	else
		err_set(e, ERR_BAD_REQUEST, "unable to upgrade connection: %.*s",
		    (int)strcspn(r->body, "\n"), r->body);
}

static void on_fail(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct channel *c = ctx;
	auto_err e = {0};

	if (r) {
		client_note_headers(c->client, r);
		refusal(r, &e);
	}
	end(c, r ? &e : err);
}

static void on_ended(void *ctx, uint64_t key, const struct err *err)
{
	end(ctx, err);
}

static void on_message(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len)
{
	struct channel *c = ctx;

	switch (op) {
	case WS_BINARY:
	case WS_TEXT:
		if (len && !c->ended)
			c->callbacks->on_data(c->ctx, data[0], data + 1, len - 1);
		break;
	case WS_PING:
		ws_frame(&c->ws, &c->held, WS_PONG, data, len);
		flush(c);
		break;
	case WS_CLOSE:
		end(c, NULL);
		break;
	case WS_PONG:
	case WS_CONTINUATION:
		break;
	}
}

static void on_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct channel *c = ctx;
	auto_err e = {0};

	if (!c->ended && ws_feed(&c->ws, data, len, on_message, c, &e) < 0)
		end(c, &e);
}

static void on_writable(void *ctx, uint64_t key)
{
	struct channel *c = ctx;

	if (!c->ended && flush(c))
		c->callbacks->on_writable(c->ctx);
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

void channel_open(struct channel *c, struct client *client, const char *path,
    const struct channel_callbacks *cb, void *ctx)
{
	static const struct upgrade_callbacks callbacks = {.on_open = on_open,
	    .on_fail = on_fail,
	    .on_data = on_data,
	    .on_writable = on_writable,
	    .on_end = on_ended};
	char key[KEY_LEN + 1];
	auto_free char *key_line = NULL;
	const char *headers[] = {"Sec-WebSocket-Version: 13",
	    "Sec-WebSocket-Protocol: v5.channel.k8s.io, v4.channel.k8s.io",
	    "User-Agent: kjob/" KJOB_VERSION, NULL, NULL};
	struct http_request r = {.method = "GET", .path = path, .headers = headers, .ctx = c};

	*c = (struct channel){.callbacks = cb, .ctx = ctx, .client = client};
	make_key(key);
	key_line = xasprintf("Sec-WebSocket-Key: %s", key);
	headers[3] = key_line;
	ws_init(&c->ws, true, MAX_MESSAGE);
	c->conn = upgrade_new(client_http(client), &r, "websocket", &callbacks);
}

void channel_close(struct channel *c)
{
	if (c->conn)
		upgrade_free(TAKE(c->conn));
	ws_release(&c->ws);
	buf_release(&c->held);
	c->open = false;
	c->ended = true;
}
