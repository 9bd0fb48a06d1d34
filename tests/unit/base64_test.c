#include "../../runtime/base/base64.h"

#include "test.h"

static void round_trip(const char *bytes, size_t len, const char *want)
{
	auto_free char *text = base64_encode(bytes, len);
	auto_buf back = {0};

	CHECK_STR(text, want);
	CHECK_INT(base64_decode(text, &back, NULL), 0);
	CHECK_INT(back.len, len);
	CHECK(memcmp(buf_str(&back), bytes, len) == 0);
}

TEST("bytes go into text and back, zero bytes too")
{
	round_trip("", 0, "");
	round_trip("f", 1, "Zg==");
	round_trip("fo", 2, "Zm8=");
	round_trip("foo", 3, "Zm9v");
	round_trip("foob", 4, "Zm9vYg==");
	round_trip("\0\xff\xfe", 3, "AP/+");
	round_trip("\0", 1, "AA==");
}

TEST("what is no base64 is refused with the offset that Go names")
{
	static const struct {
		const char *text;
		size_t bad;
	} cases[] = {
	    {"!!!!", 0},
	    {"====", 0},
	    {"x===", 1},
	    {"AA=A", 2},
	    {"AA", 0},
	    {"AA=", 3},
	    {"AAAAAA", 4},
	    {"AAA=AAAA", 4},
	    {"AAAA====", 4},
	    {"QUJDQUI", 4},
	    {"hello world", 5},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_buf out = {0};
		size_t bad = 99;

		CHECK_INT(base64_decode(cases[i].text, &out, &bad), -1);
		CHECK_INT(bad, cases[i].bad);
	}
}

TEST("line breaks between the digits are passed over")
{
	auto_buf out = {0};

	CHECK_INT(base64_decode("Zm\n9v\r\nYg=\n=\n", &out, NULL), 0);
	CHECK_STR(buf_str(&out), "foob");
}

int main(void)
{
	return test_main();
}
