/*
 * ttl: deletes finished Jobs when their ttlSecondsAfterFinished has passed: in the foreground (the
 * pods go first), and only the Job that was looked at (its uid is a precondition). Behaviour after
 * Kubernetes 1.36 (pkg/controller/ttlafterfinished).
 *
 * Only finished Jobs with the field are kept in memory, by their uid. The times are those of the
 * wall clock, which may jump: no wait is longer than a minute without looking again.
 *
 * A Job that waits keeps no controller alive, save one that ttl_is_near; the next start deletes at
 * once what is overdue by then.
 */
#ifndef KJOB_TTL_H
#define KJOB_TTL_H

#include "env.h"

struct ttl;

struct ttl *ttl_new(struct loops_env *env);
/* Loads the finished Jobs that have the field. */
int ttl_start(struct ttl *t, struct err *e) MUST_USE;
void ttl_free(struct ttl *t);
/* Turn end: true when there was work. */
bool ttl_reconcile(struct ttl *t);
/* Whether a Job is due within so many seconds: not worth leaving for. */
bool ttl_is_near(const struct ttl *t, int64_t seconds);

/* ---- the decision; pure ---- */

struct ttl_obs {
	bool deleting;
	bool finished;
	int64_t finished_at; /* of the condition Complete or Failed, seconds; 0: unknown */
	int64_t ttl;         /* seconds; -1: none */
	int64_t now;         /* seconds */
};

enum ttl_action {
	TTL_FORGET,  /* it has no ttl, has not finished, or is on its way out */
	TTL_WAIT,    /* look again at *ret_at */
	TTL_DELETE,  /* it is due */
	TTL_UNKNOWN, /* nobody knows when it finished */
};

enum ttl_action ttl_decide(const struct ttl_obs *o, int64_t *ret_at);

#endif
