/*
 * jobs_internal: the Job controller's own record of jobs, shared by its files.
 *
 * A struct job lives while its object is not finished, or pods of it still hold the tracking
 * finalizer. Jobs of another controller (managedBy) have none. News only queue a job; its round
 * (jobs.c) reads all facts, lets job_decide say what to do, and does it. All writes of a round are
 * in the store's transaction of this turn, so no pod is counted twice, and none is lost.
 *
 *   jobs.c         the set of jobs, the queue, the round
 *   job_claim.c    pods that become a job's own, or stop being it
 *   job_observe.c  what the decider sees of the objects (pure)
 *   job_decide.c   what a round does (pure)
 *   job_apply.c    the writes and events of a round
 *   job_status.c   the status field (pure)
 */
#ifndef KJOB_JOBS_INTERNAL_H
#define KJOB_JOBS_INTERNAL_H

#include "../../runtime/base/map.h"
#include "../../runtime/base/workqueue.h"
#include "job_decide.h"
#include "job_observe.h"
#include "jobs.h"

struct job {
	struct jobs *set;
	char *uid, *ns, *name;
	struct selector *selector; /* NULL until the first round, or when it makes no sense */
	bool known;                /* the first round has been */
	bool manual;               /* the selector is the user's: in set->manual */
	struct job *next_manual;
	struct job_rules rules;
	struct job_backoff backoff;
	struct timer timer;
	int refusals; /* rounds in a row that could not do all they wanted */
	struct work work;
	bool quiet; /* its round is writing what the round itself has reckoned with: no news */
};

struct jobs {
	struct loops_env *env;
	struct pods *pods;
	struct map by_uid;
	struct job *manual; /* jobs with a selector of the user's, oldest first */
	struct workqueue queue;
	struct map loose; /* uids of pods without a controller that some job may want */
	bool reload;      /* a turn was lost: read the store again */
};

/* One round of a job: its objects, and what the decider sees of them, side by side. */
struct round {
	struct job *job;
	json *obj; /* of the job, owned */
	const json **objs;
	struct job_pod *pods;
	enum job_pod_fate *fates;
	size_t len, cap, cap_pods;
	struct strlist strays; /* uids of pods whose labels do not match any more */
};

/* ---- jobs.c ---- */

void job_queue(struct job *j);

/* ---- job_claim.c ---- */

/* Learns the selector; with one of the user's, notes the pods without a controller that match it.
 */
void claim_learn(struct job *j, const json *obj);
void claim_forget(struct job *j);
/* A pod was written: notes it when it has no controller. */
void claim_note(struct jobs *set, const struct change *c);
/* Gives the noted pods to the jobs that they match; queues these. */
void claim_adopt(struct jobs *set);
/* Whether a pod that the job owns still matches its selector. */
bool claim_holds(const struct job *j, const json *pod);
/* Lets go of the strays of a round. */
void claim_release(struct round *r);

/* ---- job_apply.c ---- */

/* Carries the plan out. -1: not all of it could be done; the next round has to try again. */
int job_apply(struct round *r, const struct job_obs *o, struct job_plan *plan) MUST_USE;
void job_event(const struct round *r, const char *type, const char *reason, const char *message);

#endif
