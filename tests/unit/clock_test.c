#include "../../runtime/base/clock.h"

#include "test.h"

#define MINUTE INT64_C(60)
#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)
#define YEAR (365 * DAY)

TEST("the clocks run: the wall shows this century, the other never goes back")
{
	int64_t before = clock_mono_ms();

	CHECK(clock_wall_ns() > INT64_C(1700000000) * NSEC_PER_SEC);
	CHECK(clock_mono_ms() >= before);
}

TEST("time stamps are printed in UTC with the decimals of their kind")
{
	static const struct {
		int64_t sec;
		const char *want;
	} cases[] = {
	    {0, "1970-01-01T00:00:00Z"},
	    {-1, "1969-12-31T23:59:59Z"},
	    {INT64_C(1767323045), "2026-01-02T03:04:05Z"},
	    {INT64_C(951782400), "2000-02-29T00:00:00Z"},
	    {INT64_C(4107542400), "2100-03-01T00:00:00Z"},
	    {INT64_C(-62135596800), "0001-01-01T00:00:00Z"},
	    {INT64_C(253402300799), "9999-12-31T23:59:59Z"},
	    {INT64_MIN, "0001-01-01T00:00:00Z"},
	    {INT64_MAX, "9999-12-31T23:59:59Z"},
	};
	char text[TIME_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_STR(time_format(text, cases[i].sec), cases[i].want);
	CHECK_STR(
	    time_format_micro(text, INT64_C(1767323045000006789)), "2026-01-02T03:04:05.000006Z");
	CHECK_STR(
	    time_format_nano(text, INT64_C(1767323045000000007)), "2026-01-02T03:04:05.000000007Z");
	CHECK_STR(time_format_nano(text, 0), "1970-01-01T00:00:00.000000000Z");
	CHECK_STR(time_format_nano(text, -1), "1969-12-31T23:59:59.999999999Z");
	CHECK_STR(time_format_nano(text, INT64_MAX), "2262-04-11T23:47:16.854775807Z");
	CHECK_STR(time_format_micro(text, TIME_ZERO_NS), "0001-01-01T00:00:00.000000Z");
}

TEST("every day from 1600 to 2400 is printed as the C library does")
{
	char text[TIME_TEXT_MAX], want[TIME_TEXT_MAX];
	struct tm tm;

	for (int64_t day = -135140; day < 157055; day++) {
		time_t t = (time_t)(day * DAY + 86399);

		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
		if (strcmp(time_format(text, t), want) != 0) {
			CHECK_STR(text, want);
			break;
		}
	}
}

TEST("describe shows the local zone with its offset")
{
	char text[TIME_TEXT_MAX];

	setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
	tzset();
	CHECK_STR(time_format_rfc1123z(text, 1136239445), "Mon, 02 Jan 2006 17:04:05 -0500");
	setenv("TZ", "XYZ-5:30", 1);
	tzset();
	CHECK_STR(time_format_rfc1123z(text, 1136239445), "Tue, 03 Jan 2006 03:34:05 +0530");
	setenv("TZ", "UTC0", 1);
	tzset();
	CHECK_STR(time_format_rfc1123z(text, 0), "Thu, 01 Jan 1970 00:00:00 +0000");
	CHECK_STR(time_format_rfc1123z(text, INT64_MAX), "<invalid>");
}

TEST("RFC 3339 is read with fractions and offsets, and printed back")
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000000Z"},
	    {"2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05.500000000Z"},
	    {"2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456789Z"},
	    {"2026-01-02T03:04:05.1234567899999Z", "2026-01-02T03:04:05.123456789Z"},
	    {"2026-01-02T00:30:00+01:00", "2026-01-01T23:30:00.000000000Z"},
	    {"2026-01-01T23:30:00.25-01:45", "2026-01-02T01:15:00.250000000Z"},
	    {"2024-02-29T00:00:00+00:00", "2024-02-29T00:00:00.000000000Z"},
	    {"1969-12-31T23:59:59.75Z", "1969-12-31T23:59:59.750000000Z"},
	    {"2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z"},
	    {"1678-01-01T00:00:00Z", "1678-01-01T00:00:00.000000000Z"},
	};
	char text[TIME_TEXT_MAX];
	int64_t ns;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_INT(time_parse(cases[i].text, &ns), 0);
		CHECK_STR(time_format_nano(text, ns), cases[i].want);
	}
}

TEST("the engines' never is its own value")
{
	int64_t ns = 0;

	CHECK_INT(time_parse("0001-01-01T00:00:00Z", &ns), 0);
	CHECK(ns == TIME_ZERO_NS);
}

TEST("what is no RFC 3339 time, or not one that nanoseconds can hold, is refused")
{
	static const char *const bad[] = {"", "now", "2026-01-02", "2026-01-02T03:04:05",
	    "2026-01-02 03:04:05Z", "2026-01-02t03:04:05Z", "2026-01-02T03:04:05z",
	    "2026-01-02T03:04Z", "2026-1-2T03:04:05Z", "2026-13-02T03:04:05Z",
	    "2026-00-02T03:04:05Z", "2026-02-29T03:04:05Z", "2100-02-29T00:00:00Z",
	    "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-02T24:00:00Z",
	    "2026-01-02T03:60:00Z", "2026-01-02T03:04:60Z", "2026-01-02T03:04:05.Z",
	    "2026-01-02T03:04:05,5Z", "2026-01-02T03:04:05+0100", "2026-01-02T03:04:05+24:00",
	    "2026-01-02T03:04:05+01:60", "2026-01-02T03:04:05Zx", " 2026-01-02T03:04:05Z",
	    "-026-01-02T03:04:05Z", "2262-04-11T23:47:16.854775808Z", "9999-12-31T23:59:59Z",
	    "1600-01-01T00:00:00Z", "0001-01-01T00:00:01Z"};
	int64_t ns = 77;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (time_parse(bad[i], &ns) != -1)
			CHECK_STR(bad[i], "an error");
	}
	CHECK_INT(time_parse(NULL, &ns), -1);
	CHECK_INT(ns, 77);
}

TEST("durations are read as Go reads them")
{
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
	    {"0", 0},
	    {"-0", 0},
	    {"+0", 0},
	    {"0s", 0},
	    {"5s", 5 * NSEC_PER_SEC},
	    {"+5s", 5 * NSEC_PER_SEC},
	    {"-5s", -5 * NSEC_PER_SEC},
	    {"1h30m", 90 * MINUTE * NSEC_PER_SEC},
	    {"1.5h", 90 * MINUTE * NSEC_PER_SEC},
	    {"300ms", 300 * NSEC_PER_MSEC},
	    {"1.5s", 1500 * NSEC_PER_MSEC},
	    {".5s", 500 * NSEC_PER_MSEC},
	    {"5.s", 5 * NSEC_PER_SEC},
	    {"1us2ns", 1002},
	    {"1\xc2\xb5s", 1000},
	    {"1\xce\xbcs", 1000},
	    {"1m1m", 120 * NSEC_PER_SEC},
	    {"1.9ns", 1},
	    {"0.3333333333333333333h", INT64_C(1200000000000)},
	    {"0.100000000000000000000h", INT64_C(360000000000)},
	    {"9223372036854775807ns", INT64_MAX},
	    {"-9223372036854775808ns", INT64_MIN},
	    {"9223372036.854775807s", INT64_MAX},
	};
	static const char *const bad[] = {"", "-", "+", "5", "s", ".s", ".", "1x", "1.5", "1 s",
	    " 1s", "1s ", "--1s", "1s-1s", "1d", "9223372036854775808ns", "-9223372036854775809ns",
	    "99999999999999999999s", "2562048h", "1S", "1e3s", "0x1s", "-.s", "3000000h"};
	int64_t ns = 0;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_INT(duration_parse(cases[i].text, &ns), 0);
		CHECK_INT(ns, cases[i].ns);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (duration_parse(bad[i], &ns) != -1)
			CHECK_STR(bad[i], "an error");
	}
	CHECK_INT(duration_parse(NULL, &ns), -1);
}

TEST("durations are printed as Go prints them")
{
	static const struct {
		int64_t ns;
		const char *want;
	} cases[] = {
	    {0, "0s"},
	    {1, "1ns"},
	    {999, "999ns"},
	    {1100, "1.1\xc2\xb5s"},
	    {2 * NSEC_PER_MSEC, "2ms"},
	    {2200000, "2.2ms"},
	    {999999999, "999.999999ms"},
	    {NSEC_PER_SEC, "1s"},
	    {1500 * NSEC_PER_MSEC, "1.5s"},
	    {10 * NSEC_PER_SEC, "10s"},
	    {80 * NSEC_PER_SEC, "1m20s"},
	    {300 * NSEC_PER_SEC, "5m0s"},
	    {3600 * NSEC_PER_SEC, "1h0m0s"},
	    {3661 * NSEC_PER_SEC + 1, "1h1m1.000000001s"},
	    {-90 * NSEC_PER_SEC, "-1m30s"},
	    {INT64_MAX, "2562047h47m16.854775807s"},
	    {INT64_MIN, "-2562047h47m16.854775808s"},
	};
	char text[TIME_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_STR(duration_format(text, cases[i].ns), cases[i].want);
}

TEST("ages change their form at the boundaries of kubectl's HumanDuration")
{
	static const struct {
		int64_t sec;
		const char *want;
	} cases[] = {
	    {INT64_MIN, "<invalid>"},
	    {-2, "<invalid>"},
	    {-1, "0s"},
	    {0, "0s"},
	    {1, "1s"},
	    {119, "119s"},
	    {120, "2m"},
	    {121, "2m1s"},
	    {10 * MINUTE - 1, "9m59s"},
	    {10 * MINUTE, "10m"},
	    {10 * MINUTE + 59, "10m"},
	    {3 * HOUR - 1, "179m"},
	    {3 * HOUR, "3h"},
	    {3 * HOUR + 59, "3h"},
	    {3 * HOUR + MINUTE, "3h1m"},
	    {8 * HOUR - 1, "7h59m"},
	    {8 * HOUR, "8h"},
	    {48 * HOUR - 1, "47h"},
	    {48 * HOUR, "2d"},
	    {48 * HOUR + HOUR - 1, "2d"},
	    {48 * HOUR + HOUR, "2d1h"},
	    {8 * DAY - 1, "7d23h"},
	    {8 * DAY, "8d"},
	    {2 * YEAR - 1, "729d"},
	    {2 * YEAR, "2y"},
	    {2 * YEAR + DAY - 1, "2y"},
	    {2 * YEAR + DAY, "2y1d"},
	    {8 * YEAR - 1, "7y364d"},
	    {8 * YEAR, "8y"},
	    {9 * YEAR - 1, "8y"},
	    {INT64_MAX, "292471208677y"},
	};
	char text[TIME_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		CHECK_STR(duration_human(text, cases[i].sec), cases[i].want);
}

int main(void)
{
	return test_main();
}
