#include "job_decide.h"

#include <stdlib.h>
#include <string.h>

#include "../../runtime/base/mem.h"

#define BACKOFF_BASE 10
#define BACKOFF_CAP 600

static const struct job_end_info ends[] = {
    [JOB_END_COMPLETE] = {"SuccessCriteriaMet", "Complete", "CompletionsReached",
	"Reached expected number of succeeded pods"},
    [JOB_END_BACKOFF_LIMIT] = {"FailureTarget", "Failed", "BackoffLimitExceeded",
	"Job has reached the specified backoff limit"},
    [JOB_END_DEADLINE] = {"FailureTarget", "Failed", "DeadlineExceeded",
	"Job was active longer than specified deadline"},
};

const struct job_end_info *job_end_info(enum job_end end)
{
	return &ends[end];
}

enum job_end job_end_from(const char *interim, const char *reason)
{
	for (size_t i = 1; i < ARRAY_LEN(ends); i++)
		if (strcmp(ends[i].interim, interim) == 0 && reason &&
		    strcmp(ends[i].reason, reason) == 0)
			return (enum job_end)i;
	return JOB_END_NONE;
}

int64_t job_backoff_delay(int64_t failures)
{
	int64_t delay = BACKOFF_BASE;

	if (failures <= 0)
		return 0;
	while (--failures > 0 && delay < BACKOFF_CAP)
		delay *= 2;
	return delay < BACKOFF_CAP ? delay : BACKOFF_CAP;
}

static bool pod_active(const struct job_pod *p)
{
	return !pod_phase_terminal(p->phase) && !p->deleting;
}

/* Judges pods that have ended, or are going: each is counted once, while it holds the finalizer. */
static void count_ended(const struct job_obs *o, struct job_plan *plan)
{
	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];

		plan->fates[i] = FATE_KEEP;
		if (!p->tracked || pod_active(p))
			continue;
		if (o->finished)
			plan->fates[i] = FATE_RELEASE;
		else
			plan->fates[i] =
			    p->phase == POD_SUCCEEDED ? FATE_COUNT_SUCCEEDED : FATE_COUNT_FAILED;
		plan->succeeded += plan->fates[i] == FATE_COUNT_SUCCEEDED;
		plan->failed += plan->fates[i] == FATE_COUNT_FAILED;
	}
}

/* Failures since the newest success, over what was known and what this round counts. */
static void update_backoff(const struct job_obs *o, struct job_plan *plan)
{
	struct job_backoff *b = &plan->backoff;
	int64_t known_success = b->last_success_at;

	for (size_t i = 0; i < o->pod_count; i++)
		if (plan->fates[i] == FATE_COUNT_SUCCEEDED &&
		    o->pods[i].finished_at > b->last_success_at)
			b->last_success_at = o->pods[i].finished_at;
	if (b->last_success_at > known_success && b->last_success_at >= b->last_failure_at)
		b->failures = 0;
	for (size_t i = 0; i < o->pod_count; i++) {
		if (plan->fates[i] != FATE_COUNT_FAILED ||
		    o->pods[i].finished_at < b->last_success_at)
			continue;
		b->failures++;
		if (o->pods[i].finished_at > b->last_failure_at)
			b->last_failure_at = o->pods[i].finished_at;
	}
}

static bool restarts_exceed(const struct job_obs *o)
{
	int64_t restarts = 0;

	if (!o->restart_on_failure)
		return false;
	for (size_t i = 0; i < o->pod_count; i++)
		if (o->pods[i].phase == POD_PENDING || o->pods[i].phase == POD_RUNNING)
			restarts += o->pods[i].restarts;
	return o->backoff_limit == 0 ? restarts > 0 : restarts >= o->backoff_limit;
}

/* Whether the job has failed: the first reason that holds. */
static enum job_end find_failure(const struct job_obs *o, const struct job_plan *plan)
{
	int64_t start = o->start_time ? o->start_time : o->now;

	if (plan->failed > o->backoff_limit || restarts_exceed(o))
		return JOB_END_BACKOFF_LIMIT;
	if (o->deadline >= 0 && o->now - start >= o->deadline)
		return JOB_END_DEADLINE;
	return JOB_END_NONE;
}

/* How early a surplus pod goes: smaller first. */
struct surplus {
	size_t index;
	const struct job_pod *pod;
};

static int64_t phase_rank(enum pod_phase p)
{
	static const int rank[] = {[POD_PENDING] = 0,
	    [POD_UNKNOWN] = 1,
	    [POD_RUNNING] = 2,
	    [POD_SUCCEEDED] = 3,
	    [POD_FAILED] = 3};

	return rank[p];
}

static int compare_surplus(const void *a, const void *b)
{
	const struct surplus *sa = a, *sb = b;
	const struct job_pod *x = sa->pod, *y = sb->pod;
	const int64_t order[][2] = {
	    {x->scheduled, y->scheduled},
	    {phase_rank(x->phase), phase_rank(y->phase)},
	    {x->ready, y->ready},
	    {y->ready_since, x->ready_since},
	    {y->restarts, x->restarts},
	    {y->created_at, x->created_at},
	    {(int64_t)sa->index, (int64_t)sb->index},
	};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (order[i][0] != order[i][1])
			return order[i][0] < order[i][1] ? -1 : 1;
	return 0;
}

static int64_t delete_surplus(const struct job_obs *o, struct job_plan *plan, int64_t surplus)
{
	auto_free struct surplus *list = xcalloc(o->pod_count + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < o->pod_count; i++)
		if (pod_active(&o->pods[i]))
			list[n++] = (struct surplus){i, &o->pods[i]};
	qsort(list, n, sizeof(*list), compare_surplus);
	if (surplus > JOB_ROUND_MAX)
		surplus = JOB_ROUND_MAX;
	for (int64_t i = 0; i < surplus; i++)
		plan->fates[list[i].index] = FATE_DELETE_UNCOUNTED;
	return surplus;
}

static int64_t wanted_active(const struct job_obs *o, const struct job_plan *plan)
{
	int64_t left;

	if (o->completions < 0)
		return plan->succeeded > 0 ? plan->active : o->parallelism;
	left = o->completions - plan->succeeded;
	if (left < 0)
		left = 0;
	return left < o->parallelism ? left : o->parallelism;
}

static void manage_pods(const struct job_obs *o, struct job_plan *plan)
{
	int64_t wanted = wanted_active(o, plan);
	int64_t ready_at =
	    plan->backoff.last_failure_at + job_backoff_delay(plan->backoff.failures);

	if (plan->active > wanted) {
		int64_t gone = delete_surplus(o, plan, plan->active - wanted);

		plan->active -= gone;
		plan->terminating += gone;
		return;
	}
	if (plan->active == wanted || o->deleting)
		return;
	if (plan->backoff.failures > 0 && o->now < ready_at) {
		plan->wake_at = ready_at;
		return;
	}
	plan->create = wanted - plan->active;
	if (plan->create > JOB_ROUND_MAX) {
		plan->create = JOB_ROUND_MAX;
		plan->wake_at = o->now;
	}
	plan->active += plan->create;
}

static bool is_complete(const struct job_obs *o, const struct job_plan *plan)
{
	if (plan->active > 0 || plan->create > 0)
		return false;
	return o->completions < 0 ? plan->succeeded > 0 : plan->succeeded >= o->completions;
}

/* An ending job: every active pod goes, and of a failing one counts as failed. */
static void end_pods(const struct job_obs *o, struct job_plan *plan)
{
	for (size_t i = 0; i < o->pod_count; i++) {
		if (!pod_active(&o->pods[i]))
			continue;
		plan->fates[i] = o->pods[i].tracked ? FATE_DELETE_FAILED : FATE_DELETE;
		plan->failed += o->pods[i].tracked;
		plan->active--;
		plan->terminating++;
	}
}

static void observe_counts(const struct job_obs *o, struct job_plan *plan)
{
	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];

		plan->active += pod_active(p);
		plan->ready += pod_active(p) && p->ready;
		plan->terminating += p->deleting && !pod_phase_terminal(p->phase);
	}
}

static void wake_for_deadline(const struct job_obs *o, struct job_plan *plan)
{
	int64_t start = o->start_time ? o->start_time : o->now;

	if (o->deadline < 0 || plan->decide != JOB_END_NONE || o->decided != JOB_END_NONE)
		return;
	if (plan->wake_at == 0 || start + o->deadline < plan->wake_at)
		plan->wake_at = start + o->deadline;
}

void job_decide(const struct job_obs *o, struct job_plan *plan, enum job_pod_fate *fates)
{
	enum job_end end = o->decided;

	memset(plan, 0, sizeof(*plan));
	plan->fates = fates;
	plan->succeeded = o->succeeded;
	plan->failed = o->failed;
	plan->backoff = o->backoff;
	observe_counts(o, plan);
	count_ended(o, plan);
	if (o->finished)
		return;
	update_backoff(o, plan);
	plan->start = o->start_time == 0;

	if (end == JOB_END_NONE)
		end = plan->decide = find_failure(o, plan);
	if (end == JOB_END_NONE) {
		manage_pods(o, plan);
		if (!o->deleting && is_complete(o, plan))
			end = plan->decide = JOB_END_COMPLETE;
	} else {
		end_pods(o, plan);
		plan->ready = 0;
	}
	if (end != JOB_END_NONE)
		plan->finish = plan->active == 0 && plan->terminating == 0;
	wake_for_deadline(o, plan);
}
