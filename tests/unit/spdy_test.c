/* SPDY frames as clients send them, whole, in pieces, and hostile ones. */
#include <zlib.h>

#include "../../controller/server/spdy.h"
#include "test.h"

/* One end of a conversation: what the server saw, as text, and what it has to send. */
struct talk {
	struct spdy s;
	struct buf seen;
	z_stream deflater; /* the client's */
	bool refuse;
};

static void on_open(void *ctx, uint32_t id, const struct strlist *headers)
{
	struct talk *t = ctx;

	buf_addf(&t->seen, "open %u", id);
	for (size_t i = 0; i + 1 < headers->len; i += 2)
		buf_addf(&t->seen, " %s=%s", headers->items[i], headers->items[i + 1]);
	buf_adds(&t->seen, "; ");
	if (t->refuse)
		spdy_reset(&t->s, id, SPDY_REFUSED_STREAM);
	else
		spdy_accept(&t->s, id, (void *)(uintptr_t)id);
}

static void on_data(void *ctx, void *user, const void *data, size_t len)
{
	struct talk *t = ctx;

	buf_addf(&t->seen, "%u: %.*s; ", (unsigned)(uintptr_t)user, (int)len, (const char *)data);
}

static void on_fin(void *ctx, void *user)
{
	buf_addf(&((struct talk *)ctx)->seen, "fin %u; ", (unsigned)(uintptr_t)user);
}

static void on_reset(void *ctx, void *user)
{
	buf_addf(&((struct talk *)ctx)->seen, "reset %u; ", (unsigned)(uintptr_t)user);
}

static const struct spdy_ops ops = {
    .on_open = on_open, .on_data = on_data, .on_fin = on_fin, .on_reset = on_reset};

static void talk_open(struct talk *t)
{
	*t = (struct talk){0};
	spdy_init(&t->s, &ops, t);
	deflateInit(&t->deflater, 9);
}

static void talk_close(struct talk *t)
{
	spdy_release(&t->s);
	deflateEnd(&t->deflater);
	buf_release(&t->seen);
}

static void check_out(struct talk *t, const void *want, size_t len)
{
	CHECK_INT(t->s.out.len, len);
	CHECK(t->s.out.len == len && memcmp(t->s.out.ptr, want, len) == 0);
	buf_clear(&t->s.out);
}

static void check_seen(struct talk *t, const char *want)
{
	CHECK_STR(buf_str(&t->seen), want);
	buf_clear(&t->seen);
}

static int feed(struct talk *t, const void *data, size_t len)
{
	auto_err e = {0};

	return spdy_feed(&t->s, data, len, &e);
}
#define FEED(t, bytes) feed(t, bytes, sizeof(bytes) - 1)

/* What kubectl sends first: SYN_STREAM 1 with streamtype: error, port: 80, requestid: 0, compressed
 * with the dictionary; made with another implementation. */
static const unsigned char first[] = {0x80, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x3c, 0x00, 0x00,
    0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x78, 0xf9, 0xe3, 0xc6, 0xa7, 0xc2, 0x02, 0x25,
    0x3a, 0x70, 0x3a, 0x2b, 0x29, 0x4a, 0x4d, 0xcc, 0x85, 0x16, 0x25, 0xac, 0xa9, 0xa0, 0x80, 0x86,
    0x14, 0xcb, 0x45, 0xa0, 0x24, 0xcc, 0x64, 0x61, 0x00, 0x24, 0x39, 0x8b, 0x20, 0x91, 0x98, 0x09,
    0x4a, 0xdc, 0x8c, 0x06, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff};
/* The next one, with FIN: stream 3, its pair. */
static const unsigned char second[] = {0x80, 0x03, 0x00, 0x01, 0x01, 0x00, 0x00, 0x18, 0x00, 0x00,
    0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc2, 0xaa, 0x15, 0x54, 0x0a, 0x25, 0x12, 0xd2,
    0x09, 0x00, 0x00, 0x00, 0xff, 0xff};

#define REPLY(id) "\x80\3\0\2\0\0\0\x12\0\0\0" id "\0\4\0\xfb\xff\0\0\0\0\0\0\0\xff\xff"
#define FIRST_REPLY(id)                 \
	"\x80\3\0\2\0\0\0\x18\0\0\0" id \
	"\x78\x20\xe3\xc6\xa7\xc2\0\4\0\xfb\xff\0\0\0\0\0\0\0\xff\xff"
#define RESET(id, status) "\x80\3\0\3\0\0\0\x8\0\0\0" id "\0\0\0" status
#define GOAWAY(last) "\x80\3\0\7\0\0\0\x8\0\0\0" last "\0\0\0\1"

TEST("a pair of streams as kubectl opens it, in pieces of every size")
{
	for (size_t piece = 1; piece < 200; piece += piece < 20 ? 1 : 37) {
		struct talk t;
		auto_buf all = {0};

		talk_open(&t);
		buf_add(&all, first, sizeof(first));
		buf_add(&all, "\0\0\0\1\1\0\0\0", 8); /* it ends at once */
		buf_add(&all, second, sizeof(second));
		for (size_t at = 0; at < all.len; at += piece)
			CHECK(feed(&t, all.ptr + at, all.len - at < piece ? all.len - at : piece) ==
			      0);
		check_seen(&t, "open 1 streamtype=error port=80 requestid=0; fin 1; "
			       "open 3 streamtype=data port=80 requestid=0; fin 3; ");
		check_out(&t, FIRST_REPLY("\1") REPLY("\3"), 58);
		talk_close(&t);
	}
}

TEST("data goes both ways until each side has ended it")
{
	struct talk t;

	talk_open(&t);
	CHECK(feed(&t, first, sizeof(first)) == 0);
	buf_clear(&t.s.out);
	buf_clear(&t.seen);
	CHECK(FEED(&t, "\0\0\0\1\0\0\0\5hello\0\0\0\1\0\0\0\0") == 0);
	check_seen(&t, "1: hello; ");
	spdy_send(&t.s, 1, "you", 3);
	spdy_send(&t.s, 3, "nobody", 6);
	spdy_fin(&t.s, 1);
	spdy_fin(&t.s, 1);
	spdy_send(&t.s, 1, "late", 4);
	check_out(&t, "\0\0\0\1\0\0\0\3you\0\0\0\1\1\0\0\0", 19);
	CHECK(FEED(&t, "\0\0\0\1\1\0\0\3bye") == 0);
	check_seen(&t, "1: bye; fin 1; ");
	CHECK_INT(t.s.count, 0);
	CHECK(FEED(&t, "\0\0\0\1\0\0\0\1x") == 0); /* it was on its way */
	check_out(&t, "", 0);
	talk_close(&t);
}

TEST("a stream that was left, refused or reset is heard of no more")
{
	struct talk t;

	talk_open(&t);
	CHECK(feed(&t, first, sizeof(first)) == 0);
	buf_clear(&t.s.out);
	buf_clear(&t.seen);
	spdy_leave(&t.s, 1);
	check_out(&t, "\0\0\0\1\1\0\0\0", 8);
	CHECK(FEED(&t, "\0\0\0\1\0\0\0\1x") == 0);
	CHECK(FEED(&t, "\x80\3\0\3\0\0\0\x8\0\0\0\1\0\0\0\5") == 0);
	check_seen(&t, "");
	CHECK_INT(t.s.count, 0);
	t.refuse = true;
	CHECK(feed(&t, second, sizeof(second)) == 0);
	check_seen(&t, "open 3 streamtype=data port=80 requestid=0; ");
	check_out(&t, RESET("\3", "\3"), 16);
	CHECK_INT(t.s.count, 0);
	talk_close(&t);
}

TEST("pings are echoed; settings, windows, priorities and unknown frames pass")
{
	struct talk t;

	talk_open(&t);
	CHECK(FEED(&t, "\x80\3\0\6\0\0\0\4\0\0\0\7") == 0);
	check_out(&t, "\x80\3\0\6\0\0\0\4\0\0\0\7", 12);
	CHECK(FEED(&t, "\x80\3\0\6\0\0\0\4\0\0\0\2") == 0);
	CHECK(FEED(&t, "\x80\3\0\4\0\0\0\x0c\0\0\0\1\0\0\0\7\0\1\0\0") == 0);
	CHECK(FEED(&t, "\x80\3\0\x9\0\0\0\x8\0\0\0\1\x7f\xff\xff\xff") == 0);
	CHECK(FEED(&t, "\x80\3\0\x9\0\0\0\x8\0\0\0\0\xff\xff\xff\xff") == 0);
	CHECK(FEED(&t, "\x80\3\0\x63\0\0\0\2ab") == 0);
	check_out(&t, "", 0);
	CHECK(FEED(&t, "\x80\3\0\7\0\0\0\x8\0\0\0\0\0\0\0\0") == 0); /* GOAWAY: no more streams */
	CHECK(feed(&t, first, sizeof(first)) == 0);
	check_seen(&t, "");
	check_out(&t, RESET("\1", "\3"), 16);
	talk_close(&t);
}

TEST("mistakes about one stream reset it, and the others go on")
{
	struct talk t;

	talk_open(&t);
	CHECK(FEED(&t, "\0\0\0\5\0\0\0\1x") == 0); /* never opened */
	check_out(&t, RESET("\5", "\2"), 16);
	CHECK(feed(&t, first, sizeof(first)) == 0);
	CHECK(feed(&t, second, sizeof(second)) == 0);
	buf_clear(&t.s.out);
	buf_clear(&t.seen);
	CHECK(FEED(&t, "\0\0\0\3\0\0\0\1x") == 0); /* after its end */
	check_seen(&t, "reset 3; ");
	check_out(&t, RESET("\3", "\x9"), 16);
	CHECK(FEED(&t, "\x80\3\0\3\0\0\0\x8\0\0\0\1\0\0\0\5") == 0);
	CHECK(FEED(&t, "\x80\3\0\3\0\0\0\x8\0\0\0\1\0\0\0\5") == 0);
	check_seen(&t, "reset 1; ");
	CHECK_INT(t.s.count, 0);
	talk_close(&t);
}

/* A SYN_STREAM of these uncompressed headers. */
static int feed_block(struct talk *t, unsigned id, const void *block, size_t len)
{
	static unsigned char z[64 * KIB];
	auto_buf frame = {0};

	t->deflater.next_in = (unsigned char *)block;
	t->deflater.avail_in = (unsigned)len;
	t->deflater.next_out = z;
	t->deflater.avail_out = sizeof(z);
	deflate(&t->deflater, Z_SYNC_FLUSH);
	len = sizeof(z) - t->deflater.avail_out;
	buf_addf(&frame, "%c%c%c%c%c%c%c%c", 0x80, 3, 0, 1, 0, 0, (int)((len + 10) >> 8),
	    (int)((len + 10) & 0xff));
	buf_addf(&frame, "%c%c%c%c%c%c%c%c%c%c", 0, 0, (int)(id >> 8), (int)(id & 0xff), 0, 0, 0, 0,
	    0, 0);
	buf_add(&frame, z, len);
	return feed(t, frame.ptr, frame.len);
}

TEST("thousands of streams are refused beyond a limit, and numbers do not come again")
{
	struct talk t;

	talk_open(&t);
	for (unsigned i = 0; i < 4100; i++) {
		CHECK(feed_block(&t, 2 * i + 1, "\0\0\0\0", 4) == 0);
		buf_clear(&t.s.out);
	}
	CHECK_INT(t.s.count, 4096);
	CHECK(feed_block(&t, 9001, "\0\0\0\0", 4) == 0);
	check_out(&t, "\x80\3\0\3\0\0\0\x8\0\0\x23\x29\0\0\0\3", 16);
	CHECK(feed_block(&t, 5, "\0\0\0\0", 4) == 0);
	check_out(&t, RESET("\5", "\1"), 16);
	talk_close(&t);
}

TEST("what cannot be understood ends the connection")
{
	static const struct {
		const char *what, *bytes;
		size_t len;
	} cases[] = {
#define CASE(what, bytes) {what, bytes, sizeof(bytes) - 1}
	    CASE("another version", "\x80\2\0\6\0\0\0\4\0\0\0\1"),
	    CASE("a control frame of 16 MiB", "\x80\3\0\4\0\xff\xff\xff"),
	    CASE("a short ping", "\x80\3\0\6\0\0\0\3\0\0\0"),
	    CASE("a long reset", "\x80\3\0\3\0\0\0\x9\0\0\0\1\0\0\0\5\0"),
	    CASE("a stream without all of its head", "\x80\3\0\1\0\0\0\x9\0\0\0\1\0\0\0\0\0"),
	    CASE("a stream without headers", "\x80\3\0\1\0\0\0\xa\0\0\0\1\0\0\0\0\0\0"),
	    CASE("headers that are no zlib", "\x80\3\0\1\0\0\0\xe\0\0\0\1\0\0\0\0\0\0nope"),
	    CASE("another dictionary", "\x80\3\0\1\0\0\0\x10\0\0\0\1\0\0\0\0\0\0\x78\x20\1\2\3\4"),
	    CASE("a reply", "\x80\3\0\2\0\0\0\4\0\0\0\1"),
	    CASE("data of no stream", "\0\0\0\0\0\0\0\1x"),
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct talk t;

		talk_open(&t);
		if (feed(&t, cases[i].bytes, cases[i].len) == 0)
			CHECK_STR(cases[i].what, "an error");
		check_out(&t, GOAWAY("\0"), 16);
		CHECK(feed(&t, first, sizeof(first)) == 0); /* not heard */
		check_seen(&t, "");
		talk_close(&t);
	}
}

TEST("header blocks that lie about themselves or explode end the connection")
{
	static const struct {
		const char *block;
		size_t len;
	} cases[] = {
#define BLOCK(bytes) {bytes, sizeof(bytes) - 1}
	    BLOCK("\0\0\0"),
	    BLOCK("\0\0\0\1"),
	    BLOCK("\xff\xff\xff\xff"),
	    BLOCK("\0\0\0\x41\0\0\0\0"),
	    BLOCK("\0\0\0\1\0\0\0\4port"),
	    BLOCK("\0\0\0\1\0\0\0\4port\0\0\0\3xy"),
	    BLOCK("\0\0\0\1\xff\xff\xff\xffport\0\0\0\2xy"),
	    BLOCK("\0\0\0\1\0\0\0\1p\0\0\0\1xmore"),
	};
	static char zeros[MIB];
	struct talk t;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		talk_open(&t);
		CHECK(feed_block(&t, 1, cases[i].block, cases[i].len) < 0);
		talk_close(&t);
	}
	talk_open(&t);
	CHECK(feed_block(&t, 1, zeros, sizeof(zeros)) < 0);
	check_out(&t, GOAWAY("\0"), 16);
	talk_close(&t);
	talk_open(&t);
	CHECK(feed_block(&t, 2, "\0\0\0\0", 4) < 0); /* an even number */
	talk_close(&t);
}

TEST("noise of any kind is survived")
{
	unsigned seed = 1;

	for (int round = 0; round < 2000; round++) {
		struct talk t;
		unsigned char noise[300];

		talk_open(&t);
		for (size_t i = 0; i < sizeof(noise); i++) {
			seed = seed * 1103515245 + 12345;
			noise[i] = (unsigned char)(seed >> 16);
		}
		memcpy(noise, first, sizeof(first));
		noise[(seed >> 20) % sizeof(first)] ^= (unsigned char)(seed >> 8);
		for (size_t at = sizeof(first); at + 8 < sizeof(noise); at += 24)
			memcpy(noise + at, "\x80\3\0\1\0\0\0\x10", 8);
		(void)!feed(&t, noise, sizeof(noise));
		CHECK(t.s.out.len < 4 * KIB);
		talk_close(&t);
	}
}

int main(void)
{
	return test_main();
}
