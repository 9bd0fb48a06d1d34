/*
 * cronjobs: the CronJob controller: one round of cron_decide per cron job and turn in which
 * something about it changed or its time has come.
 *
 * Times are those of the wall clock, while timers run on a clock that neither counts suspension nor
 * notices that somebody has set the other one. So no timer runs for longer than ten seconds: then
 * the loop looks at the wall clock again.
 */
#ifndef KJOB_CRONJOBS_H
#define KJOB_CRONJOBS_H

#include "env.h"

struct cronjobs;

struct cronjobs *cronjobs_new(struct loops_env *env);
/* Another clock than clock_wall_ns, and other than ten seconds between looks at it: for tests. */
void cronjobs_set_clock(struct cronjobs *set, int64_t (*wall_ns)(void), int64_t look_ms);
/* Loads the cron jobs. */
int cronjobs_start(struct cronjobs *set, struct err *e) MUST_USE;
void cronjobs_free(struct cronjobs *set);
/* Turn end: carries the queued cron jobs on; true when there were any. */
bool cronjobs_reconcile(struct cronjobs *set);
/* Those that have a next time, and want a controller then: not those that are suspended, are going
 * or never fire. */
size_t cronjobs_active(const struct cronjobs *set);

#endif
