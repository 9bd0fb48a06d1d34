/* job_round: what the files of the Job decider share; nobody else includes it. */
#ifndef KJOB_JOB_ROUND_H
#define KJOB_JOB_ROUND_H

#include "job_decide.h"

/* A pod and where it stands in the observation. */
struct job_slot {
	int64_t index;
	const struct job_pod *pod;
	size_t at;
};

struct job_round {
	const struct job_obs *o;
	struct job_plan *plan;
	int64_t
	    held_failures; /* pods that are held and have failed: the limits count them already */
	/* Indexed: pods with a valid index that are active or stopping. By index; the last one of
	 * an index is the one to keep. */
	struct job_slot *slots;
	size_t slot_count;
	int64_t busy_indexes; /* how many indexes have an active pod */
	/* Per index: the failed pods that wait for their replacement, by index. */
	struct job_slot *held;
	size_t held_count;
};

static inline bool job_pod_active(const struct job_pod *p)
{
	return !pod_phase_terminal(p->phase) && !p->deleting;
}

static inline bool job_pod_stopping(const struct job_pod *p)
{
	return !pod_phase_terminal(p->phase) && p->deleting;
}

/* A pod is replaced, and judged, only once it has ended. */
static inline bool job_only_ended(const struct job_obs *o)
{
	return o->replace_when_failed || o->has_failure_policy;
}

static inline bool job_pod_failed(const struct job_obs *o, const struct job_pod *p)
{
	return p->phase == POD_FAILED || (job_pod_stopping(p) && !job_only_ended(o));
}

static inline enum pod_verdict job_pod_verdict(const struct job_pod *p)
{
	return p->phase == POD_FAILED ? p->verdict : VERDICT_COUNT;
}

/* Whether results of the pod are the Job's: one of an Indexed Job needs an index in its range. */
static inline bool job_pod_valid(const struct job_obs *o, const struct job_pod *p)
{
	return !o->indexed || (p->index >= 0 && p->index < o->completions);
}

static inline bool job_per_index(const struct job_obs *o)
{
	return o->indexed && o->backoff_limit_per_index >= 0;
}

/* Asks for a round at that time, or now if that is past. */
void job_wake(struct job_round *r, int64_t at);

/* job_backoff.c: the delays. */

/* Brings the plan's record up to date with what has ended. */
void job_backoff_update(struct job_round *r);
/* From when pods may be created. */
int64_t job_backoff_due(const struct job_round *r);
/* From when the replacement of a held pod may be created. */
int64_t job_backoff_index_due(const struct job_round *r, const struct job_pod *p);
/* A number of an annotation that anybody may have written. */
int64_t job_sane_count(int64_t n);

/* job_indexes.c: which pod has which index. */

/* Sorts the pods of an Indexed Job into r->slots. */
void job_indexes_sort(struct job_round *r);
/* Keeps the last failed pod of each index that has no active one. */
void job_indexes_hold(struct job_round *r);
/* Whether a failed pod gives up its index. */
bool job_indexes_gives_up(const struct job_obs *o, const struct job_pod *p);
/* Puts new pods of the lowest free indexes into the plan: of the first `count` those that are due.
 */
void job_indexes_create(struct job_round *r, int64_t count);

/* job_surplus.c: which pods go. */

/* Which of two pods goes first: less than 0: the first one. */
int job_surplus_compare(const struct job_slot *a, const struct job_slot *b);
/* Deletes the active pods above `wanted` and those with a wrong or doubled index; whether there
 * were any. */
bool job_surplus_delete(struct job_round *r, int64_t wanted);
/* The job ends: its active pods are deleted and everything is let go of. */
void job_surplus_end(struct job_round *r, enum job_end end);

#endif
