#include "../../controller/api/cron.h"
#include "../../runtime/base/rand.h"
#include "../../runtime/base/str.h"
#include "test.h"

/* The text of the parser's error, "" where there is none; owned. */
static char *refusal(const char *text)
{
	auto_err e = {0};
	struct cron c;

	return xstrdup(cron_parse(&c, text, &e) < 0 ? err_msg(&e) : "");
}

static void refused(const char *text, const char *want)
{
	auto_free char *got = refusal(text);

	CHECK_STR(got, want);
}

static int64_t at(const char *text)
{
	int64_t ns = 0;

	CHECK_INT(time_parse(text, &ns), 0);
	return ns / NSEC_PER_SEC;
}

/* The next times after `after`, N of them, in the zone, separated by blanks; owned. */
static char *times(const char *schedule, const char *zone, const char *after, int n)
{
	auto_zone *z = zone_load(zone, NULL);
	auto_strlist list = {0};
	char text[TIME_TEXT_MAX];
	int64_t t = at(after);
	struct cron c;

	CHECK(z != NULL);
	CHECK_INT(cron_parse(&c, schedule, NULL), 0);
	for (int i = 0; i < n && cron_next(&c, z, t, &t); i++)
		strlist_add(&list, zone_format(text, z, t));
	return strlist_join(&list, " ");
}

static void fires(
    const char *schedule, const char *zone, const char *after, int n, const char *want)
{
	auto_free char *got = times(schedule, zone, after, n);

	CHECK_STR(got, want);
}

/* Two texts that mean the same. */
static void same(const char *a, const char *b)
{
	struct cron x = {0}, y = {0};

	if (cron_parse(&x, a, NULL) < 0 || cron_parse(&y, b, NULL) < 0)
		CHECK_STR(a, "parsed");
	if (x.minute != y.minute || x.hour != y.hour || x.day != y.day || x.month != y.month ||
	    x.weekday != y.weekday || x.star != y.star || x.every != y.every)
		CHECK_STR(a, b);
}

/* ---- grammar ---- */

TEST("K13 each mistake in a schedule gets the text of Kubernetes' parser")
{
	refused("", "empty spec string");
	refused("* * * *", "expected exactly 5 fields, found 4: [* * * *]");
	refused("* *\t*  * * 1", "expected exactly 5 fields, found 6: [* * * * * 1]");
	refused(" ", "expected exactly 5 fields, found 0: []");
	refused("foo * * * *",
	    "failed to parse int from foo: strconv.Atoi: parsing \"foo\": invalid syntax");
	refused("60 * * * *", "end of range (60) above maximum (59): 60");
	refused("* 24 * * *", "end of range (24) above maximum (23): 24");
	refused("* * 0 * *", "beginning of range (0) below minimum (1): 0");
	refused("* * 32 * *", "end of range (32) above maximum (31): 32");
	refused("* * * 0 *", "beginning of range (0) below minimum (1): 0");
	refused("* * * 13 *", "end of range (13) above maximum (12): 13");
	refused("* * * * 7", "end of range (7) above maximum (6): 7");
	refused("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3");
	refused("* * * * fri-mon", "beginning of range (5) beyond end of range (1): fri-mon");
	refused("*/0 * * * *", "step of range should be a positive number: */0");
	refused("1-2-3 * * * *", "too many hyphens: 1-2-3");
	refused("1/2/3 * * * *", "too many slashes: 1/2/3");
	refused("*/2/3 * * * *", "too many slashes: */2/3");
	refused(
	    "-1 * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax");
	refused("*/-5 * * * *", "negative number (-5) not allowed: -5");
	refused(
	    "1- * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax");
	refused(
	    "/5 * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax");
	refused(
	    "*/ * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax");
	refused("*5 * * * *",
	    "failed to parse int from *5: strconv.Atoi: parsing \"*5\": invalid syntax");
	refused("1.5 * * * *",
	    "failed to parse int from 1.5: strconv.Atoi: parsing \"1.5\": invalid syntax");
	refused("0,1,x * * * *",
	    "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax");
	refused(
	    "* * L * *", "failed to parse int from L: strconv.Atoi: parsing \"L\": invalid syntax");
	refused("* * * * 5#2",
	    "failed to parse int from 5#2: strconv.Atoi: parsing \"5#2\": invalid syntax");
	refused("jan * * * *",
	    "failed to parse int from jan: strconv.Atoi: parsing \"jan\": invalid syntax");
	refused("* * * january *",
	    "failed to parse int from january: strconv.Atoi: parsing \"january\": invalid syntax");
	refused("\"\x01 * * * *",
	    "failed to parse int from \"\x01: strconv.Atoi: parsing \"\\\"\\x01\": invalid syntax");
	refused("99 x * * *", "end of range (99) above maximum (59): 99");
}

TEST("huge numbers are out of range, not something else")
{
	refused("99999999999999999999 * * * *",
	    "failed to parse int from 99999999999999999999: strconv.Atoi: parsing "
	    "\"99999999999999999999\": value out of range");
	refused("*/-99999999999999999999 * * * *",
	    "failed to parse int from -99999999999999999999: strconv.Atoi: parsing "
	    "\"-99999999999999999999\": value out of range");
	refused("9223372036854775807 * * * *",
	    "end of range (9223372036854775807) above maximum (59): 9223372036854775807");
	same("7/9223372036854775807 * * * *", "7 * * * *");
	same("*/9223372036854775807 1 * * *", "0 1 * * *");
	refused("@every 9223372036854775808ns",
	    "failed to parse duration @every 9223372036854775808ns: time: invalid duration "
	    "\"9223372036854775808ns\"");
}

TEST("K13 macros are matched to the letter, and durations refused as Go refuses them")
{
	refused("@foo", "unrecognized descriptor: @foo");
	refused("@Daily", "unrecognized descriptor: @Daily");
	refused("@daily ", "unrecognized descriptor: @daily ");
	refused("@reboot", "unrecognized descriptor: @reboot");
	refused("@every", "unrecognized descriptor: @every");
	refused("@every x", "failed to parse duration @every x: time: invalid duration \"x\"");
	refused("@every ", "failed to parse duration @every : time: invalid duration \"\"");
	refused(
	    "@every  5s", "failed to parse duration @every  5s: time: invalid duration \" 5s\"");
	refused(
	    "@every 5", "failed to parse duration @every 5: time: missing unit in duration \"5\"");
	refused("@every 1h5",
	    "failed to parse duration @every 1h5: time: missing unit in duration \"1h5\"");
	refused("@every 1d",
	    "failed to parse duration @every 1d: time: unknown unit \"d\" in duration \"1d\"");
	refused("@every 1h1S",
	    "failed to parse duration @every 1h1S: time: unknown unit \"S\" in duration \"1h1S\"");
	refused("@every .s", "failed to parse duration @every .s: time: invalid duration \".s\"");
	refused("@every -", "failed to parse duration @every -: time: invalid duration \"-\"");
	refused("@every 1\"\xc3\xa9",
	    "failed to parse duration @every 1\"\xc3\xa9: time: unknown unit "
	    "\"\\\"\\xc3\\xa9\" in duration \"1\\\"\\xc3\\xa9\"");
	same("@yearly", "0 0 1 1 *");
	same("@annually", "0 0 1 1 *");
	same("@monthly", "0 0 1 * *");
	same("@weekly", "0 0 * * 0");
	same("@daily", "0 0 * * *");
	same("@midnight", "0 0 * * *");
	same("@hourly", "0 * * * *");
	same("@every 1.9s", "@every 1s");
	same("@every 10ms", "@every 1s");
	same("@every -5h", "@every 1s");
	same("@every 1h1m1s", "@every 3661s");
}

TEST("a zone in front of a schedule is read as far as its errors go")
{
	refused("TZ=Nowhere/Land 0 0 * * *",
	    "provided bad location Nowhere/Land: unknown time zone Nowhere/Land");
	refused("CRON_TZ=UTC 60 0 * * *", "end of range (60) above maximum (59): 60");
	refused("TZ=UTC", "expected exactly 5 fields, found 0: []");
	same("TZ=UTC 0 0 * * *", "0 0 * * *");
	same("CRON_TZ=Local @daily", "@daily");
	refused("TZ= 0 0 * *", "expected exactly 5 fields, found 4: [0 0 * *]");
}

TEST("stars, names, ranges, steps and lists have many spellings")
{
	same("? ? ? ? ?", "* * * * *");
	same("*/1 0-23 * 1-12 *", "* * * * *");
	same("*/15 * * * *", "0,15,30,45 * * * *");
	same("5/20 * * * *", "5,25,45 * * * *");
	same("10-30/10 * * * *", "10,20,30 * * * *");
	same("3-3 * * * *", "3 * * * *");
	same("* * * Jan,FEB-apr Sat-sat", "* * * 1-4 6");
	same("0 0 * * sun-Sat", "0 0 * * 0-6");
	same("0 0 * jan-12/5 *", "0 0 * 1,6,11 *");
	same("+5 007 * * *", "5 7 * * *");
	same(",5,,6, 0 * * *", "5,6 0 * * *");
	same("\t0\v0\xc2\xa0* \xe2\x80\x83*\n* ", "0 0 * * *");
	same("*-9-x * * * *", "* * * * *"); /* a star needs no end, so none is read */
}

TEST("K13 names outside months and weekdays are refused, and seven is not Sunday")
{
	refused("0 0 * sun *",
	    "failed to parse int from sun: strconv.Atoi: parsing \"sun\": invalid syntax");
	refused("0 0 * * feb",
	    "failed to parse int from feb: strconv.Atoi: parsing \"feb\": invalid syntax");
	refused("0 0 * * 0-7", "end of range (7) above maximum (6): 0-7");
}

TEST("schedules are bounded in length, and no bytes upset the parser")
{
	static const char alphabet[] = "0123456789*?/-,@ \tTZ=CRONevryjansumo\xc3\xa9\xff.hs";
	auto_free char *longest = xmalloc(CRON_TEXT_MAX + 2);

	memset(longest, ',', CRON_TEXT_MAX + 1);
	memcpy(longest + CRON_TEXT_MAX - 8, " * * * *", 8);
	longest[CRON_TEXT_MAX] = '\0';
	refused(longest, "");
	longest[CRON_TEXT_MAX] = ' ';
	longest[CRON_TEXT_MAX + 1] = '\0';
	refused(longest, "longer than 4096 bytes");
	for (int i = 0; i < 20000; i++) {
		unsigned char noise[64];
		char text[64];
		struct cron c;

		rand_bytes(noise, sizeof(noise));
		for (size_t j = 0; j < sizeof(text); j++)
			text[j] =
			    i % 2 ? alphabet[noise[j] % (sizeof(alphabet) - 1)] : (char)noise[j];
		text[noise[0] % sizeof(text)] = '\0';
		if (noise[1] % 4 == 0)
			memcpy(text, "@every ", 7);
		text[sizeof(text) - 1] = '\0';
		if (cron_parse(&c, text, NULL) == 0)
			CHECK(c.every >= 0);
	}
}

/* ---- times ---- */

TEST("K14 two restricted days: either fires; a star: both must match")
{
	fires("0 0 13 * 5", "UTC", "2026-03-01T00:00:00Z", 4,
	    "2026-03-06T00:00:00Z 2026-03-13T00:00:00Z 2026-03-20T00:00:00Z 2026-03-27T00:00:00Z");
	fires("0 0 13 * 5", "UTC", "2026-04-03T00:00:00Z", 2,
	    "2026-04-10T00:00:00Z 2026-04-13T00:00:00Z");
	fires("0 0 */2 * 1", "UTC", "2026-03-01T00:00:00Z", 4,
	    "2026-03-02T00:00:00Z 2026-03-03T00:00:00Z 2026-03-05T00:00:00Z 2026-03-07T00:00:00Z");
	fires("0 0 * * 1", "UTC", "2026-03-01T00:00:00Z", 2,
	    "2026-03-02T00:00:00Z 2026-03-09T00:00:00Z");
	fires("0 0 */1 * 1", "UTC", "2026-03-01T00:00:00Z", 2,
	    "2026-03-02T00:00:00Z 2026-03-09T00:00:00Z");
	fires("0 0 ? * 1", "UTC", "2026-03-01T00:00:00Z", 2,
	    "2026-03-02T00:00:00Z 2026-03-09T00:00:00Z");
	fires("0 0 1,15 * ?", "UTC", "2026-03-01T00:00:00Z", 2,
	    "2026-03-15T00:00:00Z 2026-04-01T00:00:00Z");
}

TEST("K14 a time in the gap of spring is left out")
{
	fires("30 2 * * *", "America/New_York", "2026-03-07T00:00:00-05:00", 3,
	    "2026-03-07T02:30:00-05:00 2026-03-09T02:30:00-04:00 2026-03-10T02:30:00-04:00");
	fires("0,30 2,3 * * *", "America/New_York", "2026-03-08T00:00:00-05:00", 2,
	    "2026-03-08T03:00:00-04:00 2026-03-08T03:30:00-04:00");
	fires("0 0 * * *", "Asia/Beirut", "2026-03-27T12:00:00+02:00", 3,
	    "2026-03-28T00:00:00+02:00 2026-03-30T00:00:00+03:00 2026-03-31T00:00:00+03:00");
	fires("0 0 * * *", "Pacific/Apia", "2011-12-28T12:00:00-10:00", 3,
	    "2011-12-29T00:00:00-10:00 2011-12-31T00:00:00+14:00 2012-01-01T00:00:00+14:00");
}

TEST("K14 a time in the hour that autumn repeats comes twice, one real hour apart")
{
	fires("0 1 * * *", "America/New_York", "2026-10-31T12:00:00-04:00", 3,
	    "2026-11-01T01:00:00-04:00 2026-11-01T01:00:00-05:00 2026-11-02T01:00:00-05:00");
	fires("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00+11:00", 3,
	    "2026-04-05T01:45:00+11:00 2026-04-05T01:45:00+10:30 2026-04-06T01:45:00+10:30");
	fires("0 2 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00+11:00", 2,
	    "2026-04-05T02:00:00+10:30 2026-04-06T02:00:00+10:30");
}

TEST("every minute means every minute, whatever the clocks do")
{
	auto_zone *z = zone_load("America/New_York", NULL);
	int64_t t = at("2026-11-01T00:00:00-04:00");
	struct cron c;

	CHECK_INT(cron_parse(&c, "* * * * *", NULL), 0);
	CHECK_INT(cron_count(&c, z, t - 1, t + 25 * 3600 - 1, 100000), 25 * 60);
	t = at("2026-03-08T00:00:00-05:00");
	CHECK_INT(cron_count(&c, z, t - 1, t + 23 * 3600 - 1, 100000), 23 * 60);
	CHECK_INT(cron_count(&c, z, t, t + 86400, 101), 101);
	CHECK_INT(cron_count(&c, z, t, t, 101), 0);
	CHECK_INT(cron_count(&c, z, t, t - 5, 101), 0);
}

TEST("a schedule that never fires has no next time, and a leap day at most five years off has")
{
	fires("0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", 1, "");
	fires("0 0 31 2,4,6,9,11 *", "Europe/Berlin", "2026-01-01T00:00:00Z", 1, "");
	fires(", * * * *", "UTC", "2026-01-01T00:00:00Z", 1, "");
	fires("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 2,
	    "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z");
	fires("0 0 29 2 *", "UTC", "2096-02-29T00:00:00Z", 1, "");
	fires("0 0 29 2 *", "UTC", "2099-01-01T00:00:00Z", 1, "2104-02-29T00:00:00Z");
}

TEST("@every counts from the time before, wherever that is")
{
	fires("@every 90m", "America/New_York", "2026-03-08T01:00:07-05:00", 2,
	    "2026-03-08T03:30:07-04:00 2026-03-08T05:00:07-04:00");
	fires("@every 26h", "UTC", "2026-01-01T00:00:00Z", 1, "2026-01-02T02:00:00Z");
}

TEST("the last time is found however many there were")
{
	auto_zone *z = zone_load("America/New_York", NULL);
	int64_t now = at("2026-11-01T01:30:20-05:00"), then = at("1976-01-01T00:00:00Z"), t = 77;
	struct cron c;

	CHECK_INT(cron_parse(&c, "* * * * *", NULL), 0);
	CHECK(cron_last(&c, z, then, now, &t));
	CHECK_INT(t, now - 20);
	CHECK(cron_last(&c, z, now - 21, now, &t));
	t = 77;
	CHECK(!cron_last(&c, z, now - 20, now, &t));
	CHECK(!cron_last(&c, z, now, now, &t));
	CHECK(!cron_last(&c, z, now, then, &t));
	CHECK_INT(cron_parse(&c, "0 1 * * *", NULL), 0);
	CHECK(cron_last(&c, z, then, now, &t));
	CHECK_INT(t, at("2026-11-01T01:00:00-05:00"));
	CHECK(cron_last(&c, z, then, t - 1, &t));
	CHECK_INT(t, at("2026-11-01T01:00:00-04:00"));
	CHECK_INT(cron_parse(&c, "30 2 8 3 *", NULL), 0); /* in the gap of this year */
	CHECK(cron_last(&c, z, then, now, &t));
	CHECK_INT(t, at("2025-03-08T02:30:00-05:00"));
	t = 77;
	CHECK_INT(cron_parse(&c, "0 0 30 2 *", NULL), 0);
	CHECK(!cron_last(&c, z, then, now, &t));
	CHECK_INT(t, 77);
	CHECK_INT(cron_parse(&c, "@every 1h", NULL), 0);
	CHECK(cron_last(&c, z, now - 7201, now, &t));
	CHECK_INT(t, now - 1);
	CHECK_INT(cron_count(&c, z, then, now, 100), 100);
	t = 77;
	CHECK(!cron_last(&c, z, now - 3599, now, &t));
	CHECK_INT(t, 77);
}

TEST("times at the ends of the world are no trouble")
{
	struct cron c;
	int64_t t = 77;

	CHECK_INT(cron_parse(&c, "0 0 1 1 *", NULL), 0);
	CHECK(cron_next(&c, NULL, INT64_MIN, &t));
	CHECK(t > ZONE_TIME_MIN && t < ZONE_TIME_MIN + 400 * 86400);
	t = 77;
	CHECK(!cron_next(&c, NULL, INT64_MAX, &t));
	CHECK_INT(t, 77);
	CHECK(cron_last(&c, NULL, INT64_MIN, INT64_MAX, &t));
	CHECK(t > ZONE_TIME_MAX - 400 * 86400);
	CHECK_INT(cron_count(&c, NULL, INT64_MAX - 1, INT64_MAX, 5), 0);
}

int main(void)
{
	return test_main();
}
