#include "test.h"

#include "../../runtime/ws.h"

/* What came, as text: "T:hello B3:... P: C:". */
struct heard {
	struct buf text;
	int count;
	bool stop;
	struct ws *ws;
};

static void hear(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len)
{
	static const char names[] = "-TB-----CPO";
	struct heard *h = ctx;

	h->count++;
	buf_addf(&h->text, "%c%zu:", names[op], len);
	if (len <= 64)
		buf_add(&h->text, data, len);
	buf_addch(&h->text, ' ');
	if (h->stop)
		h->ws->closed = true;
}

/* Feeds in pieces of `step` bytes; the text heard, or the error. */
static const char *feed(bool client, size_t max, const void *data, size_t len, size_t step)
{
	static char result[512];
	struct ws w;
	struct heard h = {.ws = &w};
	auto_err e = {0};
	const char *p = data;

	ws_init(&w, client, max);
	while (len > 0 && e.reason == ERR_NONE) {
		size_t n = len < step ? len : step;
		char *copy = xmemdup(p, n); /* so that reading past it is seen */

		if (ws_feed(&w, copy, n, hear, &h, &e) < 0)
			CHECK(w.closed);
		free(copy);
		p += n;
		len -= n;
	}
	snprintf(result, sizeof(result), "%s%s", buf_str(&h.text), err_msg(&e));
	buf_release(&h.text);
	ws_release(&w);
	return result;
}

#define BYTES(s) (s), sizeof(s) - 1

static void check_both(bool client, const void *data, size_t len, const char *want)
{
	for (size_t step = 1; step <= len; step++)
		CHECK_STR(feed(client, 1000, data, len, step), want);
}

TEST("the examples of RFC 6455, section 5.7, are read in pieces of any size")
{
	check_both(true, BYTES("\x81\x05\x48\x65\x6c\x6c\x6f"), "T5:Hello ");
	check_both(false, BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "T5:Hello ");
	check_both(true, BYTES("\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f"), "T5:Hello ");
	check_both(true, BYTES("\x89\x05\x48\x65\x6c\x6c\x6f"), "P5:Hello ");
	check_both(false, BYTES("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "O5:Hello ");
}

TEST("a control frame may come between the fragments of a message")
{
	check_both(true,
	    BYTES("\x02\x02"
		  "ab\x89\x01!\x00\x01"
		  "c\x8a\x00\x80\x01"
		  "d\x81\x01z"),
	    "P1:! O0: B4:abcd T1:z ");
}

TEST("empty messages and empty fragments count")
{
	check_both(true, BYTES("\x81\x00\x01\x00\x00\x00\x80\x00"), "T0: T0: ");
}

TEST("nothing is heard after a close frame")
{
	check_both(true, BYTES("\x88\x02\x03\xe8\x81\x01x\xff\xff"), "C2:\x03\xe8 ");
}

TEST("a callback can stop the rest from being heard")
{
	struct ws w;
	struct heard h = {.ws = &w, .stop = true};

	ws_init(&w, true, 100);
	CHECK_INT(ws_feed(&w,
		      BYTES("\x81\x01"
			    "a\x81\x01"
			    "b"),
		      hear, &h, NULL),
	    0);
	CHECK_STR(buf_str(&h.text), "T1:a ");
	buf_release(&h.text);
	ws_release(&w);
}

TEST("protocol errors are found as soon as their byte is there")
{
	static const struct {
		bool client;
		const char *bytes;
		size_t len;
		const char *want;
	} cases[] = {
	    {true, BYTES("\xc1"), "WebSocket: a reserved bit is set"},
	    {true, BYTES("\x83"), "WebSocket: unknown opcode"},
	    {true, BYTES("\x8b"), "WebSocket: unknown opcode"},
	    {true, BYTES("\x09"), "WebSocket: a control frame is fragmented"},
	    {true, BYTES("\x80"), "WebSocket: a continuation without a beginning"},
	    {true, BYTES("\x01\x00\x81"),
		"WebSocket: a message begins before the last one has ended"},
	    {true, BYTES("\x81\x80"), "WebSocket: the server masks"},
	    {false, BYTES("\x81\x00"), "WebSocket: the client does not mask"},
	    {true, BYTES("\x89\x7e\x00\x7e"),
		"WebSocket: a control frame is longer than 125 bytes"},
	    {true, BYTES("\x88\x01"), "WebSocket: a close frame holds half a code"},
	    {true, BYTES("\x82\x7e\x00\x7d"), "WebSocket: a length is not in its shortest form"},
	    {true, BYTES("\x82\x7f\0\0\0\0\0\0\xff\xff"),
		"WebSocket: a length is not in its shortest form"},
	    {true, BYTES("\x82\x7e\x03\xe9"), "WebSocket: the message is too long"},
	    {true, BYTES("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"),
		"WebSocket: the message is too long"},
	    {false, BYTES("\x82\xff\x80\0\0\0\0\0\0\0"), "WebSocket: the message is too long"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_both(cases[i].client, cases[i].bytes, cases[i].len, cases[i].want);
	CHECK_STR(feed(true, 4,
		      BYTES("\x02\x03"
			    "abc\x80\x02"),
		      1),
	    "WebSocket: the message is too long");
	CHECK_STR(feed(true, 4,
		      BYTES("\x02\x03"
			    "abc\x89\x05"
			    "12345\x80\x01"
			    "d"),
		      1),
	    "P5:12345 B4:abcd ");
}

TEST("what one role writes the other reads, with every form of length")
{
	static const size_t sizes[] = {0, 1, 125, 126, 65535, 65536, 200000};

	for (int client = 0; client < 2; client++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			auto_free char *data = xcalloc(1, sizes[i] + 1);
			struct ws out, in;
			struct heard h = {.ws = &in};
			auto_buf wire = {0};
			char want[64];

			ws_init(&out, client, 0);
			ws_init(&in, !client, 200000);
			ws_frame(&out, &wire, WS_BINARY, data, sizes[i]);
			ws_frame(&out, &wire, WS_TEXT, "end", 3);
			CHECK_INT(wire.len - sizes[i] - 3, 4 + (client ? 8 : 0) +
							       (sizes[i] > 65535    ? 8
								   : sizes[i] > 125 ? 2
										    : 0));
			CHECK_INT(ws_feed(&in, wire.ptr, wire.len, hear, &h, NULL), 0);
			CHECK_INT(h.count, 2);
			snprintf(want, sizeof(want), "B%zu:", sizes[i]);
			CHECK(strncmp(buf_str(&h.text), want, strlen(want)) == 0);
			CHECK(strstr(buf_str(&h.text) + strlen(want), "T3:end") || sizes[i] < 65);
			buf_release(&h.text);
			ws_release(&in);
			ws_release(&out);
		}
}

TEST("a channel frame is a binary message with the channel in front")
{
	struct ws w;
	auto_buf b = {0};

	ws_init(&w, false, 100);
	ws_channel_frame(&w, &b, CHANNEL_STDOUT, "hi", 2);
	ws_channel_frame(&w, &b, CHANNEL_CLOSE, "\x01", 1);
	CHECK_INT(b.len, 9);
	CHECK(memcmp(b.ptr, "\x82\x03\x01hi\x82\x02\xff\x01", 9) == 0);
	ws_release(&w);
}

TEST("the accept key is that of RFC 6455, section 1.3")
{
	char buf[29], longest[65];

	CHECK_STR(ws_accept_key(buf, "dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	CHECK_STR(ws_accept_key(buf, ""), "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=");
	memset(longest, 'k', 64);
	longest[64] = '\0';
	CHECK_STR(ws_accept_key(buf, longest), "d3g+v0T8vq/Wjewzan1FGbXRhkk=");
}

int main(void)
{
	return test_main();
}
