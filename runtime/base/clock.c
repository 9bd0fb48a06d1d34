#include "clock.h"

#include <errno.h>
#include <stdio.h>

#define SEC_PER_DAY 86400
/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
#define YEAR_1_SEC INT64_C(-62135596800)
#define YEAR_9999_SEC INT64_C(253402300799)

int64_t clock_wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int64_t clock_mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / NSEC_PER_MSEC;
}

int64_t seconds_ms(int64_t seconds)
{
	return (seconds < WAIT_MAX_SECONDS ? seconds : WAIT_MAX_SECONDS) * 1000;
}

/* Time stamps. Years are counted from March on, so that the leap day is the last one. */

int64_t days_from_date(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

void date_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
	    day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;

	*ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	*ret_month = (int)(month < 10 ? month + 3 : month - 9);
	*ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

/* Writes N as WIDTH digits; returns the place behind them. */
static char *put_digits(char *p, int64_t n, int width)
{
	for (int i = width - 1; i >= 0; i--) {
		p[i] = (char)('0' + n % 10);
		n /= 10;
	}
	return p + width;
}

/* "2026-01-02T03:04:05", without NUL; what is outside the years 1 to 9999 gives the nearest. */
static char *put_seconds(char *p, int64_t sec)
{
	int year, month, day;
	int64_t days, rest;

	sec = sec < YEAR_1_SEC ? YEAR_1_SEC : sec;
	sec = sec > YEAR_9999_SEC ? YEAR_9999_SEC : sec;
	rest = sec % SEC_PER_DAY;
	rest = rest < 0 ? rest + SEC_PER_DAY : rest;
	days = (sec - rest) / SEC_PER_DAY;
	date_from_days(days, &year, &month, &day);
	p = put_digits(p, year, 4);
	*p++ = '-';
	p = put_digits(p, month, 2);
	*p++ = '-';
	p = put_digits(p, day, 2);
	*p++ = 'T';
	p = put_digits(p, rest / 3600, 2);
	*p++ = ':';
	p = put_digits(p, rest / 60 % 60, 2);
	*p++ = ':';
	return put_digits(p, rest % 60, 2);
}

char *time_format(char buf[TIME_TEXT_MAX], int64_t unix_sec)
{
	char *p = put_seconds(buf, unix_sec);

	*p++ = 'Z';
	*p = '\0';
	return buf;
}

static char *format_fraction(char *buf, int64_t unix_ns, int64_t unit, int width)
{
	int64_t rest = unix_ns % NSEC_PER_SEC, sec;
	char *p;

	rest = rest < 0 ? rest + NSEC_PER_SEC : rest;
	sec = unix_ns / NSEC_PER_SEC - (unix_ns % NSEC_PER_SEC < 0);
	if (unix_ns == TIME_ZERO_NS) {
		sec = YEAR_1_SEC;
		rest = 0;
	}
	p = put_seconds(buf, sec);
	*p++ = '.';
	p = put_digits(p, rest / unit, width);
	*p++ = 'Z';
	*p = '\0';
	return buf;
}

char *time_format_micro(char buf[TIME_TEXT_MAX], int64_t unix_ns)
{
	return format_fraction(buf, unix_ns, 1000, 6);
}

char *time_format_nano(char buf[TIME_TEXT_MAX], int64_t unix_ns)
{
	return format_fraction(buf, unix_ns, 1, 9);
}

char *time_format_rfc1123z(char buf[TIME_TEXT_MAX], int64_t unix_sec)
{
	static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)unix_sec;
	struct tm tm;
	long offset;

	if (!localtime_r(&t, &tm)) { /* the year does not fit an int */
		snprintf(buf, TIME_TEXT_MAX, "<invalid>");
		return buf;
	}
	offset = tm.tm_gmtoff / 60;
	snprintf(buf, TIME_TEXT_MAX, "%s, %02d %s %04d %02d:%02d:%02d %c%02ld%02ld",
	    weekdays[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, offset < 0 ? '-' : '+', labs(offset) / 60, labs(offset) % 60);
	return buf;
}

/* Reads exactly WIDTH digits with a value in [min, max] and steps over them. */
static int take_digits(const char **p, int width, int min, int max, int *ret)
{
	int n = 0;

	for (int i = 0; i < width; i++) {
		if (**p < '0' || **p > '9')
			return -1;
		n = n * 10 + (*(*p)++ - '0');
	}
	if (n < min || n > max)
		return -1;
	*ret = n;
	return 0;
}

static int take_char(const char **p, char c)
{
	if (**p != c)
		return -1;
	++*p;
	return 0;
}

static int month_days(int year, int month)
{
	static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static int take_date(const char **p, int64_t *ret_days)
{
	int year, month, day;

	if (take_digits(p, 4, 0, 9999, &year) || take_char(p, '-') ||
	    take_digits(p, 2, 1, 12, &month) || take_char(p, '-') ||
	    take_digits(p, 2, 1, 31, &day) || day > month_days(year, month))
		return -1;
	*ret_days = days_from_date(year, month, day);
	return 0;
}

static int take_clock(const char **p, int64_t *ret_sec)
{
	int hour, minute, second;

	if (take_digits(p, 2, 0, 23, &hour) || take_char(p, ':') ||
	    take_digits(p, 2, 0, 59, &minute) || take_char(p, ':') ||
	    take_digits(p, 2, 0, 59, &second))
		return -1;
	*ret_sec = hour * 3600 + minute * 60 + second;
	return 0;
}

/* ".5" and the like, or nothing; digits past the ninth are dropped. */
static int take_fraction(const char **p, int64_t *ret_ns)
{
	int64_t unit = NSEC_PER_SEC / 10;

	*ret_ns = 0;
	if (**p != '.')
		return 0;
	++*p;
	if (**p < '0' || **p > '9')
		return -1;
	for (; **p >= '0' && **p <= '9'; ++*p) {
		*ret_ns += (**p - '0') * unit;
		unit /= 10;
	}
	return 0;
}

static int take_zone(const char **p, int64_t *ret_sec)
{
	int sign = **p == '-' ? -1 : 1, hours, minutes;

	*ret_sec = 0;
	if (**p == 'Z') {
		++*p;
		return 0;
	}
	if ((take_char(p, '+') && take_char(p, '-')) || take_digits(p, 2, 0, 23, &hours) ||
	    take_char(p, ':') || take_digits(p, 2, 0, 59, &minutes))
		return -1;
	*ret_sec = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int time_parse(const char *text, int64_t *ret_ns)
{
	int64_t days, sec, fraction, zone, total, ns;

	if (!text || take_date(&text, &days) || take_char(&text, 'T') || take_clock(&text, &sec) ||
	    take_fraction(&text, &fraction) || take_zone(&text, &zone) || *text)
		return -1;
	total = days * SEC_PER_DAY + sec - zone;
	if (total == YEAR_1_SEC && fraction == 0) {
		*ret_ns = TIME_ZERO_NS;
		return 0;
	}
	/* Nanoseconds reach from 1677 to 2262. */
	if (__builtin_mul_overflow(total, NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, fraction, &ns) || ns == TIME_ZERO_NS)
		return -1;
	*ret_ns = ns;
	return 0;
}

/* Durations. */

static const struct {
	const char *name;
	int64_t ns;
} units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000}, /* the micro sign */
    {"\xce\xbcs", 1000}, /* the Greek letter */
    {"ms", NSEC_PER_MSEC},
    {"s", NSEC_PER_SEC},
    {"m", 60 * NSEC_PER_SEC},
    {"h", 3600 * NSEC_PER_SEC},
};

static int64_t take_unit(const char **p)
{
	size_t len = strcspn(*p, ".0123456789");

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strlen(units[i].name) == len && strncmp(*p, units[i].name, len) == 0) {
			*p += len;
			return units[i].ns;
		}
	}
	return -1;
}

/* One "1.5h": adds it to the total, which may reach 2^63. */
static int take_duration_part(const char **p, uint64_t *total)
{
	uint64_t whole = 0, fraction = 0;
	double scale = 1;
	const char *start = *p;
	size_t digits;
	int64_t unit;

	for (; **p >= '0' && **p <= '9'; ++*p)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(**p - '0'), &whole))
			return -1;
	digits = (size_t)(*p - start);
	if (**p == '.') {
		for (++*p; **p >= '0' && **p <= '9'; ++*p, digits++) {
			if (fraction > INT64_MAX / 10) /* finer than any unit */
				continue;
			fraction = fraction * 10 + (uint64_t)(**p - '0');
			scale *= 10;
		}
	}
	unit = digits > 0 ? take_unit(p) : -1;
	if (unit < 0 || __builtin_mul_overflow(whole, (uint64_t)unit, &whole) ||
	    __builtin_add_overflow(
		whole, (uint64_t)((double)fraction * ((double)unit / scale)), &whole) ||
	    __builtin_add_overflow(*total, whole, total) || *total > (uint64_t)INT64_MAX + 1)
		return -1;
	return 0;
}

int duration_parse(const char *text, int64_t *ret_ns)
{
	bool negative = text && *text == '-';
	uint64_t total = 0;

	if (!text)
		return -1;
	if (*text == '-' || *text == '+')
		text++;
	if (strcmp(text, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	if (!*text)
		return -1;
	while (*text)
		if (take_duration_part(&text, &total))
			return -1;
	if (total > (uint64_t)INT64_MAX && !negative)
		return -1;
	*ret_ns = (int64_t)(negative ? -total : total);
	return 0;
}

/* N units of UNIT ns with as many decimals as it takes. */
static char *put_decimal(char *p, char *end, uint64_t ns, uint64_t unit)
{
	uint64_t fraction = ns % unit;
	int width = 0;

	p += snprintf(p, (size_t)(end - p), "%llu", (unsigned long long)(ns / unit));
	if (fraction == 0)
		return p;
	for (uint64_t u = unit; u > 1; u /= 10)
		width++;
	*p++ = '.';
	p = put_digits(p, (int64_t)fraction, width);
	while (p[-1] == '0')
		p--;
	return p;
}

char *duration_format(char buf[TIME_TEXT_MAX], int64_t ns)
{
	uint64_t left = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	char *p = buf, *end = buf + TIME_TEXT_MAX;
	const char *unit = "s";

	if (ns < 0)
		*p++ = '-';
	if (left == 0) {
		p = put_decimal(p, end, 0, 1);
	} else if (left < 1000) {
		p = put_decimal(p, end, left, 1);
		unit = "ns";
	} else if (left < (uint64_t)NSEC_PER_MSEC) {
		p = put_decimal(p, end, left, 1000);
		unit = "\xc2\xb5s";
	} else if (left < (uint64_t)NSEC_PER_SEC) {
		p = put_decimal(p, end, left, (uint64_t)NSEC_PER_MSEC);
		unit = "ms";
	} else {
		uint64_t minutes = left / (60 * (uint64_t)NSEC_PER_SEC);

		if (minutes >= 60)
			p += snprintf(
			    p, (size_t)(end - p), "%lluh", (unsigned long long)(minutes / 60));
		if (minutes > 0)
			p += snprintf(
			    p, (size_t)(end - p), "%llum", (unsigned long long)(minutes % 60));
		p = put_decimal(
		    p, end, left % (60 * (uint64_t)NSEC_PER_SEC), (uint64_t)NSEC_PER_SEC);
	}
	snprintf(p, (size_t)(end - p), "%s", unit);
	return buf;
}

/*
 * Below LIMIT seconds an age is told in units of BIG seconds and, where SMALL is not 0, a rest in
 * units of SMALL seconds, of which SMALL_WRAP make a BIG.
 */
static const struct {
	int64_t limit, big, small, small_wrap;
	char big_name, small_name;
} ages[] = {
    {120, 1, 0, 0, 's', 0},
    {10 * 60, 60, 1, 60, 'm', 's'},
    {3 * 3600, 60, 0, 0, 'm', 0},
    {8 * 3600, 3600, 60, 60, 'h', 'm'},
    {48 * 3600, 3600, 0, 0, 'h', 0},
    {8 * SEC_PER_DAY, SEC_PER_DAY, 3600, 24, 'd', 'h'},
    {2 * INT64_C(365) * SEC_PER_DAY, SEC_PER_DAY, 0, 0, 'd', 0},
    {8 * INT64_C(365) * SEC_PER_DAY, INT64_C(365) * SEC_PER_DAY, SEC_PER_DAY, 365, 'y', 'd'},
    {INT64_MAX, INT64_C(365) * SEC_PER_DAY, 0, 0, 'y', 0},
};

char *duration_human(char buf[TIME_TEXT_MAX], int64_t sec)
{
	size_t i = 0;
	int64_t big, small;

	if (sec < -1) {
		snprintf(buf, TIME_TEXT_MAX, "<invalid>");
		return buf;
	}
	sec = sec < 0 ? 0 : sec;
	while (i + 1 < ARRAY_LEN(ages) && sec >= ages[i].limit)
		i++;
	big = sec / ages[i].big;
	small = ages[i].small ? sec / ages[i].small % ages[i].small_wrap : 0;
	if (small > 0)
		snprintf(buf, TIME_TEXT_MAX, "%lld%c%lld%c", (long long)big, ages[i].big_name,
		    (long long)small, ages[i].small_name);
	else
		snprintf(buf, TIME_TEXT_MAX, "%lld%c", (long long)big, ages[i].big_name);
	return buf;
}
