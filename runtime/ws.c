#include "ws.h"

#include <stdint.h>

#include "base/rand.h"

#define FIN 0x80u
#define RESERVED 0x70u
#define OPCODE 0x0fu
#define MASKED 0x80u
#define LENGTH 0x7fu
#define CONTROL 0x08u /* this bit is set in the opcodes of control frames */
#define MAX_CONTROL 125u
#define MAX_HEADER 14u

void ws_init(struct ws *w, bool client, size_t max_message)
{
	memset(w, 0, sizeof(*w));
	w->client = client;
	w->max_message = max_message;
	buf_init(&w->in, (max_message > MAX_CONTROL ? max_message : MAX_CONTROL) + MAX_HEADER);
	buf_init(&w->message, max_message);
}

void ws_release(struct ws *w)
{
	buf_release(&w->in);
	buf_release(&w->message);
}

/* ---- receiving ---- */

struct frame {
	enum ws_opcode opcode;
	bool fin;
	size_t header_len; /* of what is known so far: more bytes may be needed to know it all */
	size_t len;
	const unsigned char *mask; /* NULL: none */
};

static uint64_t big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static int fail(struct ws *w, struct err *e, const char *what)
{
	w->closed = true;
	return err_set(e, ERR_BAD_REQUEST, "WebSocket: %s", what);
}

/* The first byte: which frames may come now. */
static int check_opcode(struct ws *w, unsigned first, struct err *e)
{
	unsigned op = first & OPCODE;

	if (first & RESERVED)
		return fail(w, e, "a reserved bit is set");
	if (op > WS_PONG || (op > WS_BINARY && op < WS_CLOSE))
		return fail(w, e, "unknown opcode");
	if ((op & CONTROL) && !(first & FIN))
		return fail(w, e, "a control frame is fragmented");
	if (op == WS_CONTINUATION && w->opcode == WS_CONTINUATION)
		return fail(w, e, "a continuation without a beginning");
	if ((op == WS_TEXT || op == WS_BINARY) && w->opcode != WS_CONTINUATION)
		return fail(w, e, "a message begins before the last one has ended");
	return 0;
}

static int check_length(struct ws *w, unsigned op, unsigned form, uint64_t len, struct err *e)
{
	if ((op & CONTROL) && form > MAX_CONTROL)
		return fail(w, e, "a control frame is longer than 125 bytes");
	if ((form == 126 && len < 126) || (form == 127 && len <= UINT16_MAX))
		return fail(w, e, "a length is not in its shortest form");
	if (op == WS_CLOSE && len == 1)
		return fail(w, e, "a close frame holds half a code");
	if (!(op & CONTROL) && (len > w->max_message || w->message.len > w->max_message - len))
		return fail(w, e, "the message is too long");
	return 0;
}

/*
 * Reads the header at the front of w->in. 1: complete; 0: f->header_len bytes are needed to go on;
 * -1: an error, found as early as can be.
 */
static int parse_header(struct ws *w, struct frame *f, struct err *e)
{
	const unsigned char *p = (const unsigned char *)w->in.ptr;
	unsigned form;
	size_t extra;
	uint64_t len;

	*f = (struct frame){.header_len = 2};
	if (w->in.len >= 1 && check_opcode(w, p[0], e))
		return -1;
	if (w->in.len < 2)
		return 0;
	f->opcode = (enum ws_opcode)(p[0] & OPCODE);
	f->fin = p[0] & FIN;
	form = p[1] & LENGTH;
	if (!(p[1] & MASKED) != w->client)
		return fail(w, e, w->client ? "the server masks" : "the client does not mask");
	extra = form == 127 ? 8 : form == 126 ? 2 : 0;
	f->header_len = 2 + extra + (w->client ? 0 : 4);
	if (w->in.len < 2 + extra)
		return 0;
	len = extra ? big_endian(p + 2, extra) : form;
	if (check_length(w, p[0] & OPCODE, form, len, e))
		return -1;
	if (w->in.len < f->header_len)
		return 0;
	f->len = (size_t)len;
	f->mask = w->client ? NULL : p + 2 + extra;
	return 1;
}

static void apply_mask(unsigned char *p, size_t len, const unsigned char mask[4])
{
	for (size_t i = 0; i < len; i++)
		p[i] ^= mask[i & 3];
}

/* A complete frame is in w->in. */
static void take_frame(struct ws *w, const struct frame *f, ws_message_fn *fn, void *ctx)
{
	unsigned char *data = (unsigned char *)w->in.ptr + f->header_len;

	if (f->mask)
		apply_mask(data, f->len, f->mask);
	if (f->opcode & CONTROL) {
		w->closed = f->opcode == WS_CLOSE;
		fn(ctx, f->opcode, data, f->len);
	} else if (f->fin && f->opcode != WS_CONTINUATION) {
		fn(ctx, f->opcode, data, f->len);
	} else {
		if (f->opcode != WS_CONTINUATION)
			w->opcode = f->opcode;
		buf_add(&w->message, data, f->len);
		if (f->fin) {
			fn(ctx, w->opcode, (const unsigned char *)buf_str(&w->message),
			    w->message.len);
			w->opcode = WS_CONTINUATION;
			buf_clear(&w->message);
		}
	}
	buf_clear(&w->in);
}

int ws_feed(struct ws *w, const void *data, size_t len, ws_message_fn *fn, void *ctx, struct err *e)
{
	const char *p = data;
	struct frame f;

	while (!w->closed) {
		int complete = parse_header(w, &f, e);
		size_t want, n;

		if (complete < 0)
			return -1;
		want = f.header_len + f.len;
		if (complete && w->in.len == want) {
			take_frame(w, &f, fn, ctx);
			continue;
		}
		if (len == 0)
			break;
		n = want - w->in.len < len ? want - w->in.len : len;
		buf_add(&w->in, p, n);
		p += n;
		len -= n;
	}
	return 0;
}

/* ---- sending ---- */

static void add_frame(const struct ws *w, struct buf *out, enum ws_opcode op,
    const unsigned char *channel, const void *data, size_t len)
{
	size_t all = len + (channel ? 1 : 0), start;
	unsigned char head[MAX_HEADER];
	unsigned char mask[4];
	size_t n = 2;

	head[0] = (unsigned char)(FIN | (unsigned)op);
	if (all < 126) {
		head[1] = (unsigned char)all;
	} else if (all <= UINT16_MAX) {
		head[1] = 126;
		head[n++] = (unsigned char)(all >> 8);
		head[n++] = (unsigned char)all;
	} else {
		head[1] = 127;
		for (int shift = 56; shift >= 0; shift -= 8)
			head[n++] = (unsigned char)((uint64_t)all >> shift);
	}
	if (w->client) {
		rand_bytes(mask, sizeof(mask));
		head[1] |= MASKED;
		memcpy(head + n, mask, sizeof(mask));
		n += sizeof(mask);
	}
	buf_add(out, head, n);
	start = out->len;
	if (channel)
		buf_add(out, channel, 1);
	buf_add(out, data, len);
	if (w->client && !out->overflow)
		apply_mask((unsigned char *)out->ptr + start, all, mask);
}

void ws_frame(const struct ws *w, struct buf *out, enum ws_opcode op, const void *data, size_t len)
{
	add_frame(w, out, op, NULL, data, len);
}

void ws_channel_frame(
    const struct ws *w, struct buf *out, unsigned channel, const void *data, size_t len)
{
	unsigned char byte = (unsigned char)channel;

	add_frame(w, out, WS_BINARY, &byte, data, len);
}

/* ---- the handshake's key: base64(SHA-1(key + a fixed text)) ---- */

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static void sha1_block(uint32_t h[5], const unsigned char *p)
{
	static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
	uint32_t v[80];
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (size_t i = 0; i < 16; i++)
		v[i] = (uint32_t)big_endian(p + 4 * i, 4);
	for (size_t i = 16; i < 80; i++)
		v[i] = rotate(v[i - 3] ^ v[i - 8] ^ v[i - 14] ^ v[i - 16], 1);
	for (size_t i = 0; i < 80; i++) {
		uint32_t f = i < 20              ? (b & c) | (~b & d)
			     : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d)
						 : b ^ c ^ d;
		uint32_t t = rotate(a, 5) + f + e + k[i / 20] + v[i];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* The hash of a text of at most 119 bytes: two blocks. */
static void sha1(const char *text, size_t len, unsigned char out[20])
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	unsigned char block[128] = {0};
	size_t total = len < 56 ? 64 : 128;

	memcpy(block, text, len);
	block[len] = 0x80;
	block[total - 2] = (unsigned char)(len * 8 >> 8);
	block[total - 1] = (unsigned char)(len * 8);
	for (size_t i = 0; i < total; i += 64)
		sha1_block(h, block + i);
	for (size_t i = 0; i < 20; i++)
		out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

char *ws_accept_key(char buf[29], const char *key)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char hash[21] = {0};
	char text[sizeof(guid) + 64];
	size_t len = strnlen(key, 64); /* a proper key has 24 */
	char *p = buf;

	memcpy(text, key, len);
	memcpy(text + len, guid, sizeof(guid) - 1);
	sha1(text, len + sizeof(guid) - 1, hash);
	for (size_t i = 0; i < 21; i += 3) {
		uint32_t v = (uint32_t)big_endian(hash + i, 3);

		for (int shift = 18; shift >= 0; shift -= 6)
			*p++ = digits[v >> shift & 63];
	}
	buf[27] = '=';
	buf[28] = '\0';
	return buf;
}
