#include "../../runtime/base/zone.h"

#include <time.h>

#include "../../runtime/base/str.h"
#include "test.h"

static int64_t at(const char *text)
{
	int64_t ns = 0;

	CHECK_INT(time_parse(text, &ns), 0);
	return ns / NSEC_PER_SEC;
}

static int64_t offset_at(const char *zone, const char *text)
{
	auto_zone *z = zone_load(zone, NULL);
	auto_zone_scope scope = {0};

	zone_enter(&scope, z);
	return zone_offset(at(text));
}

TEST("a name that the database does not have is an error, not UTC")
{
	static const char *const unknown[] = {"Nowhere/Land", "bad", "Europe", "Europe/",
	    "Europe/berlin ", "EST5EDT4", "zone.tab", "UTC+1", "<x>-3", ":UTC"};
	static const char *const outside[] = {
	    "../zoneinfo/UTC", "Europe/../UTC", "/usr/share/zoneinfo/UTC", "\\UTC", "a..b"};
	auto_free char *huge = xmalloc(100000);

	memset(huge, 'a', 99999);
	huge[99999] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		auto_free char *want = xasprintf("unknown time zone %s", unknown[i]);
		auto_err e = {0};

		CHECK(!zone_load(unknown[i], &e));
		CHECK_STR(err_msg(&e), want);
	}
	for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
		auto_err e = {0};

		CHECK(!zone_load(outside[i], &e));
		CHECK_STR(err_msg(&e), "time: invalid location name");
	}
	CHECK(!zone_load(huge, NULL));
}

TEST("offsets are those of the zone at that time")
{
	CHECK_INT(offset_at("", "2026-07-01T00:00:00Z"), 0);
	CHECK_INT(offset_at("UTC", "2026-07-01T00:00:00Z"), 0);
	CHECK_INT(offset_at("Europe/Berlin", "2026-01-01T00:00:00Z"), 3600);
	CHECK_INT(offset_at("Europe/Berlin", "2026-07-01T00:00:00Z"), 7200);
	CHECK_INT(offset_at("Europe/Berlin", "2150-07-01T00:00:00Z"), 7200);
	CHECK_INT(offset_at("America/New_York", "2026-07-01T00:00:00Z"), -4 * 3600);
	CHECK_INT(offset_at("Asia/Kathmandu", "2026-07-01T00:00:00Z"), 20700);
	CHECK_INT(offset_at("Australia/Lord_Howe", "2026-01-01T00:00:00Z"), 11 * 3600);
}

TEST("changes are found to the second, forwards and backwards")
{
	auto_zone *z = zone_load("Europe/Berlin", NULL);
	int64_t spring = at("2026-03-29T01:00:00Z"), autumn = at("2026-10-25T01:00:00Z"), t = 77;
	auto_zone_scope scope = {0};

	zone_enter(&scope, z);
	CHECK(zone_next_change(at("2026-01-01T00:00:00Z"), autumn, &t));
	CHECK_INT(t, spring);
	CHECK(zone_next_change(spring, autumn, &t));
	CHECK_INT(t, autumn);
	CHECK(zone_next_change(spring - 1, spring, &t));
	CHECK_INT(t, spring);
	t = 77;
	CHECK(!zone_next_change(spring, autumn - 1, &t));
	CHECK(!zone_next_change(spring, spring - 10, &t));
	CHECK(!zone_last_change(autumn - 1, spring, &t));
	CHECK_INT(t, 77);
	CHECK(zone_last_change(autumn - 1, spring - 1, &t));
	CHECK_INT(t, spring);
	CHECK(zone_last_change(autumn, spring, &t));
	CHECK_INT(t, autumn);
}

TEST("a scope leaves the local zone as it was")
{
	auto_zone *z = zone_load("Asia/Tokyo", NULL);
	time_t t = 0;
	struct tm tm;

	setenv("TZ", "XYZ-5:30", 1);
	tzset();
	{
		auto_zone_scope scope = {0};

		zone_enter(&scope, z);
		CHECK_INT(zone_offset(0), 9 * 3600);
	}
	CHECK_STR(getenv("TZ"), "XYZ-5:30");
	localtime_r(&t, &tm);
	CHECK_INT(tm.tm_gmtoff, 5 * 3600 + 1800);
	{
		auto_zone_scope scope = {0};

		zone_enter(&scope, NULL);
		CHECK_INT(zone_offset(0), 5 * 3600 + 1800);
	}
	unsetenv("TZ");
	{
		auto_zone_scope scope = {0};

		zone_enter(&scope, z);
	}
	CHECK(!getenv("TZ"));
}

TEST("times are printed with the offset of their zone, and Z where there is none")
{
	auto_zone *berlin = zone_load("Europe/Berlin", NULL), *utc = zone_load("UTC", NULL),
		  *london = zone_load("Europe/London", NULL),
		  *johns = zone_load("America/St_Johns", NULL);
	char text[TIME_TEXT_MAX];

	CHECK_STR(
	    zone_format(text, berlin, at("2026-03-29T01:00:00Z")), "2026-03-29T03:00:00+02:00");
	CHECK_STR(
	    zone_format(text, berlin, at("2026-03-29T00:59:59Z")), "2026-03-29T01:59:59+01:00");
	CHECK_STR(
	    zone_format(text, johns, at("2026-01-01T00:00:00Z")), "2025-12-31T20:30:00-03:30");
	CHECK_STR(zone_format(text, london, at("2026-01-01T00:00:00Z")), "2026-01-01T00:00:00Z");
	CHECK_STR(zone_format(text, utc, 0), "1970-01-01T00:00:00Z");
	CHECK_STR(zone_format(text, berlin, INT64_MAX), "9999-12-31T23:59:59Z");
	CHECK_STR(zone_format(text, berlin, INT64_MIN), "0001-01-01T00:00:00Z");
}

int main(void)
{
	return test_main();
}
