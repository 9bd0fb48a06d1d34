/*
 * cron_time: when a schedule fires.
 *
 * While the offset of the zone stays the same, civil time is UTC and a constant, and the next match
 * is a matter of the calendar. So: find the match as if the offset of now held for ever; if it
 * changes on the way there, begin again at the change.
 */
#include "cron.h"

#define MINUTE INT64_C(60)
#define DAY_MINUTES INT64_C(1440)
#define DAY_SECONDS INT64_C(86400)
#define YEARS_AHEAD 5
/* No schedule that ever fires pauses for longer: 29 February, around a year like 2100. */
#define PAUSE_MAX (9 * 366 * DAY_SECONDS)
#define NONE INT64_MIN

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* ---- the calendar: minutes of civil time since 1970 ---- */

static bool has(uint64_t set, int64_t value)
{
	return set >> value & 1;
}

/* The first member of the set at or after `from`, the last at or before `upto`; -1: none. */
static int first_in(uint64_t set, int from)
{
	uint64_t left = from > 63 ? 0 : set >> from << from;

	return left ? __builtin_ctzll(left) : -1;
}

static int last_in(uint64_t set, int upto)
{
	uint64_t left = upto < 0 ? 0 : set << (63 - upto) >> (63 - upto);

	return left ? 63 - __builtin_clzll(left) : -1;
}

static bool day_matches(const struct cron *c, int64_t days)
{
	int64_t weekday = days + 4 - 7 * floor_div(days + 4, 7); /* 1970-01-01 was a Thursday */
	int year, month, day;

	date_from_days(days, &year, &month, &day);
	if (!has(c->month, month))
		return false;
	if (c->star)
		return has(c->day, day) && has(c->weekday, weekday);
	return has(c->day, day) || has(c->weekday, weekday);
}

/* The first match in a day at or after a minute of it, the last at or before; -1: none. */
static int first_of_day(const struct cron *c, int minute)
{
	int hour = minute / 60, m;

	if (has(c->hour, hour) && (m = first_in(c->minute, minute % 60)) >= 0)
		return hour * 60 + m;
	hour = first_in(c->hour, hour + 1);
	m = first_in(c->minute, 0);
	return hour < 0 || m < 0 ? -1 : hour * 60 + m;
}

static int last_of_day(const struct cron *c, int minute)
{
	int hour = minute / 60, m;

	if (has(c->hour, hour) && (m = last_in(c->minute, minute % 60)) >= 0)
		return hour * 60 + m;
	hour = last_in(c->hour, hour - 1);
	m = last_in(c->minute, 59);
	return hour < 0 || m < 0 ? -1 : hour * 60 + m;
}

static int64_t match_from(const struct cron *c, int64_t from, int64_t limit)
{
	int64_t day = floor_div(from, DAY_MINUTES);
	int minute = (int)(from - day * DAY_MINUTES);

	for (; day * DAY_MINUTES <= limit; day++, minute = 0) {
		int found = day_matches(c, day) ? first_of_day(c, minute) : -1;

		if (found >= 0)
			return day * DAY_MINUTES + found;
	}
	return NONE;
}

static int64_t match_upto(const struct cron *c, int64_t upto, int64_t limit)
{
	int64_t day = floor_div(upto, DAY_MINUTES);
	int minute = (int)(upto - day * DAY_MINUTES);

	for (; (day + 1) * DAY_MINUTES > limit; day--, minute = DAY_MINUTES - 1) {
		int found = day_matches(c, day) ? last_of_day(c, minute) : -1;

		if (found >= 0)
			return day * DAY_MINUTES + found;
	}
	return NONE;
}

/* The last minute of the last year that is looked at, for a start at a civil time. */
static int64_t horizon(int64_t civil)
{
	int year, month, day;

	date_from_days(floor_div(civil, DAY_SECONDS), &year, &month, &day);
	return days_from_date(year + YEARS_AHEAD + 1, 1, 1) * DAY_MINUTES - 1;
}

/* ---- real time; in a zone's scope ---- */

static bool next_in_scope(const struct cron *c, int64_t after, int64_t *ret)
{
	int64_t t = after + 1, offset = zone_offset(t), limit = horizon(t + offset);

	for (;;) {
		int64_t found = match_from(c, floor_div(t + offset + MINUTE - 1, MINUTE), limit);
		int64_t end = (found == NONE ? limit : found) * MINUTE - offset;

		if (!zone_next_change(t, end, &t)) {
			*ret = end;
			return found != NONE;
		}
		offset = zone_offset(t);
	}
}

static bool last_in_scope(const struct cron *c, int64_t after, int64_t until, int64_t *ret)
{
	int64_t t = until;

	while (t > after) {
		int64_t offset = zone_offset(t);
		int64_t found =
		    match_upto(c, floor_div(t + offset, MINUTE), floor_div(after + offset, MINUTE));
		int64_t end = found == NONE ? after : found * MINUTE - offset;

		end = end < after ? after : end;
		if (!zone_last_change(t, end, &t)) {
			*ret = end;
			return end > after;
		}
		t--;
	}
	return false;
}

bool cron_next(const struct cron *c, const struct zone *z, int64_t after, int64_t *ret)
{
	auto_zone_scope scope = {0};
	int64_t found;

	after = after < ZONE_TIME_MIN ? ZONE_TIME_MIN : after;
	if (after >= ZONE_TIME_MAX)
		return false;
	if (c->every) {
		*ret = after + c->every;
		return true;
	}
	zone_enter(&scope, z);
	if (!next_in_scope(c, after, &found))
		return false;
	*ret = found;
	return true;
}

bool cron_last(
    const struct cron *c, const struct zone *z, int64_t after, int64_t until, int64_t *ret)
{
	auto_zone_scope scope = {0};
	int64_t found;

	after = after < ZONE_TIME_MIN ? ZONE_TIME_MIN : after;
	until = until > ZONE_TIME_MAX ? ZONE_TIME_MAX : until;
	if (until <= after)
		return false;
	if (c->every) {
		if (until - after < c->every)
			return false;
		*ret = until - (until - after) % c->every;
		return true;
	}
	zone_enter(&scope, z);
	if (!last_in_scope(c, until - after > PAUSE_MAX ? until - PAUSE_MAX : after, until, &found))
		return false;
	*ret = found;
	return true;
}

size_t cron_count(
    const struct cron *c, const struct zone *z, int64_t after, int64_t until, size_t max)
{
	auto_zone_scope scope = {0};
	size_t n = 0;

	after = after < ZONE_TIME_MIN ? ZONE_TIME_MIN : after;
	until = until > ZONE_TIME_MAX ? ZONE_TIME_MAX : until;
	if (until <= after)
		return 0;
	if (c->every) {
		n = (size_t)((until - after) / c->every);
		return n > max ? max : n;
	}
	zone_enter(&scope, z);
	while (n < max && next_in_scope(c, after, &after) && after <= until)
		n++;
	return n;
}
