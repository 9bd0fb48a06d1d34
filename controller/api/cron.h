/*
 * cron: the schedules of CronJobs: five fields, macros and @every, read as Kubernetes reads them,
 * and the times at which they fire.
 *
 * A time fires when minute, hour and day of its civil time in the zone match, at second 0. So a
 * time in the gap of a change to summer time does not exist and never fires; one in the hour that
 * comes twice fires twice. Of the zone only its offsets are asked for (zone.h); all else is
 * arithmetic.
 */
#ifndef KJOB_API_CRON_H
#define KJOB_API_CRON_H

#include "../../runtime/base/err.h"
#include "../../runtime/base/zone.h"

struct cron {
	/* Bit N: the value N matches. */
	uint64_t minute, hour, day, month, weekday;
	bool star; /* one of the two fields of the day is a star: both must match, else either */
	int64_t every; /* seconds of @every; 0: the fields count */
};

#define CRON_TEXT_MAX 4096 /* bytes of a schedule; far more than any that makes sense */

/* Fails with the text of Kubernetes' parser: "expected exactly 5 fields, found 4: [* * * *]". */
int cron_parse(struct cron *ret, const char *text, struct err *e) MUST_USE;

/*
 * The first time after `after` at which it fires; z NULL: the local zone. False: none up to the end
 * of the fifth year after that. @every counts from `after`.
 */
bool cron_next(const struct cron *c, const struct zone *z, int64_t after, int64_t *ret);

/*
 * The last time in (after, until]; false: none. Takes no longer for millions of times than for one.
 * @every counts from `after`.
 */
bool cron_last(
    const struct cron *c, const struct zone *z, int64_t after, int64_t until, int64_t *ret);

/* How many times there are in (after, until]; `max` where there are more. */
size_t cron_count(
    const struct cron *c, const struct zone *z, int64_t after, int64_t until, size_t max);

#endif
