/*
 * job_decide: what one round of a Job does. Pure: everything it needs, the time too, is in the
 * observation; what it wants is in the plan. Behaviour after Kubernetes 1.36
 * (pkg/controller/job: job_controller.go, backoff_utils.go, indexed_job_utils.go).
 *
 * The observation holds the pods that are active, stopping or not yet released; pods that were
 * counted and have ended may be left out. A failed pod of a Job with backoffLimitPerIndex is kept
 * (not counted, not released) until a pod with its index is there again, for it carries the number
 * of that index's failures. The clock may jump: no delay grows longer by that.
 */
#ifndef KJOB_JOB_DECIDE_H
#define KJOB_JOB_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../api/indexes.h"

enum pod_phase { POD_PENDING, POD_RUNNING, POD_SUCCEEDED, POD_FAILED, POD_UNKNOWN };

static inline bool pod_phase_terminal(enum pod_phase p)
{
	return p == POD_SUCCEEDED || p == POD_FAILED;
}

/* What the Job's podFailurePolicy says of a failed pod; without a policy or a match: count. */
enum pod_verdict { VERDICT_COUNT, VERDICT_IGNORE, VERDICT_FAIL_INDEX, VERDICT_FAIL_JOB };

/* A pod of the job, as far as the decision needs it. Times are seconds since the epoch; 0: unknown.
 */
struct job_pod {
	enum pod_phase phase;
	bool deleting; /* deletionTimestamp is set */
	bool tracked;  /* holds the tracking finalizer: not counted yet */
	bool ready;
	bool scheduled;
	enum pod_verdict verdict; /* of a pod in phase Failed */
	int64_t index;            /* completion index; -1: none, or not a number */
	int64_t index_failures;   /* annotation job-index-failure-count */
	int64_t index_ignored;    /* annotation job-index-ignored-failure-count */
	int64_t restarts;         /* over all containers */
	int64_t created_at;
	int64_t ready_since;
	int64_t finished_at; /* newest container end, else the fall-backs */
};

/* The failures in a row that delay new pods; in memory only, as in Kubernetes. */
struct job_backoff {
	int64_t failures;
	int64_t last_failure_at;
};

/* Why a job ends; JOB_END_NONE: it goes on. The order is that of the rows of job_end_info(). */
enum job_end {
	JOB_END_NONE,
	JOB_END_COMPLETE,
	JOB_END_BACKOFF_LIMIT,
	JOB_END_DEADLINE,
	JOB_END_SUCCESS_POLICY,     /* message: Matched rules at index plan.success_rule */
	JOB_END_POD_FAILURE_POLICY, /* message: of the pod plan.culprit */
	JOB_END_MAX_FAILED_INDEXES,
	JOB_END_FAILED_INDEXES,
};

/* The texts of an end: condition types, reason and message. Static. */
struct job_end_info {
	const char *interim; /* SuccessCriteriaMet or FailureTarget */
	const char *final;   /* Complete or Failed */
	const char *reason, *message;
};
const struct job_end_info *job_end_info(enum job_end end);
/* The end that a stored interim condition stands for. */
enum job_end job_end_from(const char *interim, const char *reason);

/* A rule of successPolicy. */
struct success_rule {
	const struct index_set *indexes; /* NULL: any index */
	int64_t count;                   /* how many of them; -1: all that are listed */
};

struct job_obs {
	int64_t now; /* seconds */

	int64_t parallelism;
	int64_t completions; /* -1: absent, a work queue */
	int64_t backoff_limit;
	int64_t deadline;                /* activeDeadlineSeconds, -1: none */
	int64_t backoff_limit_per_index; /* -1: none */
	int64_t max_failed_indexes;      /* -1: none */
	bool indexed;
	bool suspend;
	bool replace_when_failed; /* podReplacementPolicy Failed */
	bool has_failure_policy;
	const struct success_rule *success_rules;
	size_t success_rule_count;
	bool restart_on_failure;
	bool deleting;

	int64_t start_time; /* 0: not started */
	int64_t succeeded, failed;
	enum job_end decided; /* an interim condition is there */
	bool finished;        /* a final condition is there */
	bool suspended;       /* condition Suspended is True */
	/* Indexed: as stored in the status; NULL: none. */
	const struct index_set *completed, *failed_indexes;

	struct job_backoff backoff;
	const struct job_pod *pods;
	size_t pod_count;
};

/* What becomes of a pod in this round; those from FATE_DELETE on delete it. */
enum job_pod_fate {
	FATE_KEEP,
	FATE_COUNT_SUCCEEDED,  /* add to succeeded, release its finalizer */
	FATE_COUNT_FAILED,     /* add to failed, release its finalizer */
	FATE_RELEASE,          /* release its finalizer, count nothing */
	FATE_DELETE,           /* delete; it holds no finalizer of ours */
	FATE_DELETE_UNCOUNTED, /* release its finalizer, then delete: surplus */
	FATE_DELETE_FAILED, /* count as failed, release its finalizer, delete: the job is ending */
};

/* A pod to create: of an Indexed Job with its index and the failures that its annotations carry. */
struct job_new_pod {
	int64_t index; /* -1: not indexed */
	int64_t failures, ignored;
};

enum job_suspension { SUSPENSION_KEEP, SUSPENSION_SUSPEND, SUSPENSION_RESUME };

struct job_plan {
	bool start;                     /* set startTime to now, also where it is set */
	bool unset_start;               /* suspended: startTime goes */
	enum job_suspension suspension; /* what becomes of condition Suspended */
	enum job_pod_fate *fates;       /* of each pod; the array is the caller's, pod_count long */
	int64_t create;                 /* new pods */
	struct job_new_pod *new_pods;   /* of those; owned by the plan */
	size_t culprit;          /* of JOB_END_POD_FAILURE_POLICY decided in this round: the pod */
	size_t success_rule;     /* of JOB_END_SUCCESS_POLICY decided in this round: the rule */
	bool too_many_succeeded; /* more successes than completions: a warning event */
	/* Indexed: the new sets, owned; completed.limit is 0 where the Job is not indexed. */
	struct index_set completed, failed_indexes;
	enum job_end decide; /* add the interim condition */
	bool finish;         /* add the final condition of `decide` or of what was decided before */
	int64_t active, ready, terminating, succeeded, failed; /* the new status, after the fates */
	struct job_backoff backoff;
	int64_t wake_at; /* look again then, seconds; not before now; 0: no need */
};

/* Most pods that one round creates or deletes. */
#define JOB_ROUND_MAX 500

/* Most pods that a Job has at a time, whatever its parallelism: one machine never runs as many, and
 * each costs memory and, in every round, time. */
#define JOB_ACTIVE_MAX 5000

/* Frees what the plan owns: new_pods and the two sets. */
void job_plan_release(struct job_plan *plan);

/* fates points to room for pod_count values; everything else of the plan is set. */
void job_decide(const struct job_obs *o, struct job_plan *plan, enum job_pod_fate *fates);

/* The delay before the next pod after `failures` in a row, in seconds: 10 × 2^(n−1), at most 600.
 */
int64_t job_backoff_delay(int64_t failures);

#endif
