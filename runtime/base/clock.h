/* clock: the two clocks, API time stamps and durations. Deciders never call clock_*_now; they are
 * handed it. */
#ifndef KJOB_BASE_CLOCK_H
#define KJOB_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"

#define NSEC_PER_SEC INT64_C(1000000000)
#define NSEC_PER_MSEC INT64_C(1000000)

int64_t clock_wall_ns(void); /* nanoseconds since the epoch */
int64_t clock_mono_ms(void); /* milliseconds, for timers only */

/* Seconds that somebody asks to wait, as milliseconds: no more than 68 years. */
#define WAIT_MAX_SECONDS INT32_MAX
int64_t seconds_ms(int64_t seconds);

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. */
int64_t days_from_date(int year, int month, int day);
void date_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day);

#define TIME_TEXT_MAX 48
/* "2026-01-02T03:04:05Z", as metav1.Time prints; seconds since the epoch. Returns buf. */
char *time_format(char buf[TIME_TEXT_MAX], int64_t unix_sec);
/* "2026-01-02T03:04:05.000006Z", as metav1.MicroTime prints. */
char *time_format_micro(char buf[TIME_TEXT_MAX], int64_t unix_ns);
/* "2026-01-02T03:04:05.000000007Z": always nine digits (log files). */
char *time_format_nano(char buf[TIME_TEXT_MAX], int64_t unix_ns);
/* "Mon, 02 Jan 2006 15:04:05 -0700" in the local zone (kubectl describe). */
char *time_format_rfc1123z(char buf[TIME_TEXT_MAX], int64_t unix_sec);
/*
 * RFC 3339 with or without a fraction, "Z" or an offset, to nanoseconds since the epoch. -1 where
 * it is none. Engines print "0001-01-01T00:00:00Z" for "never": that parses to TIME_ZERO_NS.
 */
#define TIME_ZERO_NS INT64_MIN
int time_parse(const char *text, int64_t *ret_ns) MUST_USE;

/* A Go duration ("1h30m", "1.5s", "300ms") to nanoseconds; -1 where it is none. "0" is allowed. */
int duration_parse(const char *text, int64_t *ret_ns) MUST_USE;
/* As Go's Duration.String: "10s", "1m20s", "5m0s", "1.5s", "2ms". */
char *duration_format(char buf[TIME_TEXT_MAX], int64_t ns);
/* kubectl's ages (HumanDuration): "5s", "2m3s", "3h", "4d5h"; "<invalid>" below -1 s. */
char *duration_human(char buf[TIME_TEXT_MAX], int64_t sec);

#endif
