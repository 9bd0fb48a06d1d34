#include "test.h"

#include "../../cmd/logstamps.h"
#include "../../runtime/base/buf.h"

#define S(n) "2026-01-02T03:04:0" #n ".5Z "

static void take(void *ctx, const char *data, size_t len)
{
	buf_add(ctx, data, len);
}

/* Streams one after the other, each broken off where it ends, in pieces of that size. */
static void check(bool show, size_t piece, const char *const *streams, const char *want)
{
	struct logstamps t = {.show = show};
	auto_buf out = {0};
	int64_t ns;

	for (size_t i = 0; streams[i]; i++) {
		size_t len = strlen(streams[i]);

		CHECK_INT(logstamps_resume(&t, &ns), i > 0);
		for (size_t at = 0; at < len; at += piece)
			logstamps_feed(
			    &t, streams[i] + at, len - at < piece ? len - at : piece, take, &out);
	}
	CHECK_STR(buf_str(&out), want);
}

static const struct {
	const char *streams[4];
	const char *want, *shown;
} cases[] = {
    {{S(1) "a\n" S(2) "b c\n"}, "a\nb c\n", S(1) "a\n" S(2) "b c\n"},
    /* What comes again is not repeated, also where several lines have one time. */
    {{S(1) "a\n" S(2) "b\n", S(1) "a\n" S(2) "b\n" S(3) "c\n"}, "a\nb\nc\n",
	S(1) "a\n" S(2) "b\n" S(3) "c\n"},
    {{S(1) "a\n" S(1) "b\n", S(1) "a\n" S(1) "b\n" S(1) "c\n" S(2) "d\n"}, "a\nb\nc\nd\n",
	S(1) "a\n" S(1) "b\n" S(1) "c\n" S(2) "d\n"},
    /* In the middle of a line, and in that of a stamp. */
    {{S(1) "a\n" S(2) "bro", S(1) "a\n" S(2) "broken\n" S(3) "c\n"}, "a\nbroken\nc\n",
	S(1) "a\n" S(2) "broken\n" S(3) "c\n"},
    {{S(1) "a\n" S(2) "bro", S(2) "br", S(2) "broken\n"}, "a\nbroken\n",
	S(1) "a\n" S(2) "broken\n"},
    {{S(1) "a\n2026-01", S(1) "a\n" S(2) "b\n"}, "a\nb\n", S(1) "a\n" S(2) "b\n"},
    /* The server has forgotten what was there. */
    {{S(1) "a\n" S(2) "bro", S(4) "d\n" S(5) "e\n"}, "a\nbro\nd\ne\n",
	S(1) "a\n" S(2) "bro\n" S(4) "d\n" S(5) "e\n"},
    /* Lines without a stamp, empty ones, and other zones. */
    {{"oops: no log\n\n" S(1) "\n" S(2) "b\n"}, "oops: no log\n\n\nb\n",
	"oops: no log\n\n" S(1) "\n" S(2) "b\n"},
    {{S(1) "a\n", "2026-01-02T05:04:01.5+02:00 a\n" S(2) "b\n"}, "a\nb\n", S(1) "a\n" S(2) "b\n"},
};

TEST("the text behind the stamps, once, whatever breaks off")
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t piece = 1; piece < 100; piece += 7) {
			check(false, piece, cases[i].streams, cases[i].want);
			check(true, piece, cases[i].streams, cases[i].shown);
		}
	}
}

int main(void)
{
	return test_main();
}
