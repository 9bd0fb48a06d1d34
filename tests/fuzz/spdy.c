/* SPDY as clients send it: every stream is accepted, echoed and ended by turns. */
#include "../../controller/server/spdy.h"
#include "fuzz.h"

FUZZ_SEEDS(TEXT("\x80\x03\x00\x01\x00\x00\x00\x12\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"
		"\x00\x00\x00\x00\x00\x00"),
    TEXT("\x80\x03\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01\x80\x03\x00\x04\x00\x00\x00\x0c\x00\x00"
	 "\x00\x01\x00\x00\x00\x04\x00\x00\xff\xff"),
    TEXT("\x80\x03\x00\x07\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x00"
	 "\x00\x03"
	 "abc"),
    TEXT("\x80\x03\x00\x03\x00\x00\x00\x08\x00\x00\x00\x01\x00\x00\x00\x05\x80\x03\x00\x09\x00\x00"
	 "\x00\x08\x00\x00\x00\x01\x00\x01\x00\x00"))
FUZZ_WORDS(TEXT("\x80\x03\x00\x01"), TEXT("\x00\xff\xff\xff"), TEXT("\x78\xbb\xe3\xc6\xa7\xc2"),
    TEXT("\x00\x00\x00\x01\x00\x00\x00\x01x"), TEXT("\x7f\xff\xff\xff"), TEXT("\x01\x00\x00\x00"))

static struct spdy s;

static void on_open(void *ctx, uint32_t id, const struct strlist *headers)
{
	EXPECT(headers->len % 2 == 0);
	if (id % 4 == 3)
		spdy_reset(&s, id, SPDY_REFUSED_STREAM);
	else
		spdy_accept(&s, id, &s);
}

static void on_data(void *ctx, void *user, const void *data, size_t len)
{
	EXPECT(user == &s);
	spdy_send(&s, 1, data, len);
}

static void on_end(void *ctx, void *user)
{
	EXPECT(user == &s);
	spdy_fin(&s, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct spdy_ops ops = {on_open, on_data, on_end, on_end};
	size_t half = size / 2;

	spdy_init(&s, &ops, NULL);
	if (spdy_feed(&s, data, half, NULL) == 0 &&
	    spdy_feed(&s, data + half, size - half, NULL) < 0)
		EXPECT(s.failed);
	spdy_release(&s);
	return 0;
}
