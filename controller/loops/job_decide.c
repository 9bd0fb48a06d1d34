#include "job_decide.h"

#include <string.h>

#include "job_round.h"

/* A deadline or delay further off than this is looked at again in between. */
#define WAKE_MAX (24 * 60 * 60)

static const struct job_end_info ends[] = {
    [JOB_END_NONE] = {"", "", "", ""},
    [JOB_END_COMPLETE] = {"SuccessCriteriaMet", "Complete", "CompletionsReached",
	"Reached expected number of succeeded pods"},
    [JOB_END_BACKOFF_LIMIT] = {"FailureTarget", "Failed", "BackoffLimitExceeded",
	"Job has reached the specified backoff limit"},
    [JOB_END_DEADLINE] = {"FailureTarget", "Failed", "DeadlineExceeded",
	"Job was active longer than specified deadline"},
    [JOB_END_SUCCESS_POLICY] = {"SuccessCriteriaMet", "Complete", "SuccessPolicy", ""},
    [JOB_END_POD_FAILURE_POLICY] = {"FailureTarget", "Failed", "PodFailurePolicy", ""},
    [JOB_END_MAX_FAILED_INDEXES] = {"FailureTarget", "Failed", "MaxFailedIndexesExceeded",
	"Job has exceeded the specified maximal number of failed indexes"},
    [JOB_END_FAILED_INDEXES] = {"FailureTarget", "Failed", "FailedIndexes",
	"Job has failed indexes"},
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

void job_wake(struct job_round *r, int64_t at)
{
	if (at < r->o->now)
		at = r->o->now;
	if (at > r->o->now + WAKE_MAX)
		at = r->o->now + WAKE_MAX;
	if (r->plan->wake_at == 0 || at < r->plan->wake_at)
		r->plan->wake_at = at;
}

/* ---- what has ended ---- */

/* Each pod is counted once, while it holds the finalizer. Successes first: an index that has
 * succeeded cannot fail. */
static void count_succeeded(struct job_round *r)
{
	const struct job_obs *o = r->o;
	struct job_plan *plan = r->plan;

	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];

		if (!p->tracked || p->phase != POD_SUCCEEDED)
			continue;
		plan->fates[i] = FATE_RELEASE;
		if (!job_pod_valid(o, p))
			continue;
		if (!o->indexed) {
			plan->fates[i] = FATE_COUNT_SUCCEEDED;
			plan->succeeded++;
		} else if (!index_set_has(&plan->completed, p->index) &&
			   !index_set_has(&plan->failed_indexes, p->index)) {
			plan->fates[i] = FATE_COUNT_SUCCEEDED;
			index_set_add(&plan->completed, p->index);
		}
	}
	if (o->indexed)
		plan->succeeded = plan->completed.count;
}

static void count_failed(struct job_round *r)
{
	const struct job_obs *o = r->o;
	struct job_plan *plan = r->plan;

	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];
		bool counts = job_pod_valid(o, p) && job_pod_verdict(p) != VERDICT_IGNORE;

		if (!p->tracked || !job_pod_failed(o, p))
			continue;
		plan->fates[i] = counts ? FATE_COUNT_FAILED : FATE_RELEASE;
		plan->failed += counts;
		if (counts && job_per_index(o) && job_indexes_gives_up(o, p) &&
		    !index_set_has(&plan->completed, p->index))
			index_set_add(&plan->failed_indexes, p->index);
	}
}

/* ---- whether it ends ---- */

static bool restarts_exceed(const struct job_obs *o)
{
	int64_t restarts = 0;

	if (!o->restart_on_failure)
		return false;
	for (size_t i = 0; i < o->pod_count; i++)
		if (o->pods[i].phase == POD_PENDING || o->pods[i].phase == POD_RUNNING)
			restarts += job_sane_count(o->pods[i].restarts);
	return o->backoff_limit == 0 ? restarts > 0 : restarts >= o->backoff_limit;
}

/* Since when the deadline runs: a job that starts or resumes in this round begins now. */
static int64_t running_since(const struct job_obs *o)
{
	return o->start_time == 0 || o->suspended ? o->now : o->start_time;
}

static bool past_deadline(const struct job_obs *o)
{
	return o->deadline >= 0 && !o->suspend && o->now - running_since(o) >= o->deadline;
}

static bool find_culprit(const struct job_round *r)
{
	const struct job_obs *o = r->o;

	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];

		if (p->tracked && job_pod_verdict(p) == VERDICT_FAIL_JOB) {
			r->plan->culprit = i;
			return true;
		}
	}
	return false;
}

static bool rule_met(const struct success_rule *rule, const struct index_set *completed)
{
	int64_t met;

	if (!rule->indexes)
		return rule->count >= 0 && completed->count >= rule->count;
	met = index_set_common(rule->indexes, completed);
	return rule->indexes->count > 0 &&
	       (met == rule->indexes->count || (rule->count >= 0 && met >= rule->count));
}

static bool find_rule(const struct job_round *r)
{
	const struct job_obs *o = r->o;

	if (!o->indexed || r->plan->completed.count == 0)
		return false;
	for (size_t i = 0; i < o->success_rule_count; i++)
		if (rule_met(&o->success_rules[i], &r->plan->completed)) {
			r->plan->success_rule = i;
			return true;
		}
	return false;
}

/* The first reason that holds; success comes last. */
static enum job_end find_end(const struct job_round *r)
{
	const struct job_obs *o = r->o;
	int64_t failed_indexes = job_per_index(o) ? r->plan->failed_indexes.count : 0;

	if (find_culprit(r))
		return JOB_END_POD_FAILURE_POLICY;
	if (r->plan->failed + r->held_failures > o->backoff_limit || restarts_exceed(o))
		return JOB_END_BACKOFF_LIMIT;
	if (past_deadline(o))
		return JOB_END_DEADLINE;
	if (o->max_failed_indexes >= 0 && failed_indexes > o->max_failed_indexes)
		return JOB_END_MAX_FAILED_INDEXES;
	if (failed_indexes > 0 && failed_indexes + r->plan->completed.count >= o->completions)
		return JOB_END_FAILED_INDEXES;
	return find_rule(r) ? JOB_END_SUCCESS_POLICY : JOB_END_NONE;
}

static bool is_complete(const struct job_obs *o, const struct job_plan *plan)
{
	if (plan->active > 0)
		return false;
	return o->completions < 0 ? plan->succeeded > 0 : plan->succeeded >= o->completions;
}

/* ---- how many pods run ---- */

static int64_t wanted_active(const struct job_obs *o, const struct job_plan *plan)
{
	int64_t most = o->parallelism < JOB_ACTIVE_MAX ? o->parallelism : JOB_ACTIVE_MAX;
	int64_t left;

	if (o->suspend)
		return 0;
	if (o->completions < 0)
		return plan->succeeded > 0 ? plan->active : most;
	left = o->completions - plan->succeeded;
	if (left < 0)
		left = 0;
	return left < most ? left : most;
}

static void create_pods(struct job_round *r, int64_t count)
{
	const struct job_obs *o = r->o;
	struct job_plan *plan = r->plan;
	int64_t due = job_backoff_due(r);

	if (count <= 0)
		return;
	if (due > o->now) {
		job_wake(r, due);
		return;
	}
	if (count > JOB_ROUND_MAX)
		count = JOB_ROUND_MAX;
	if (o->indexed) {
		job_indexes_create(r, count);
	} else {
		plan->new_pods = xcalloc((size_t)count, sizeof(*plan->new_pods));
		while (plan->create < count)
			plan->new_pods[plan->create++].index = -1;
	}
	if (plan->create == JOB_ROUND_MAX)
		job_wake(r, o->now);
	plan->active += plan->create;
}

/* Deletion goes before creation: a round does one of the two. */
static void manage_pods(struct job_round *r)
{
	const struct job_plan *plan = r->plan;
	int64_t wanted = wanted_active(r->o, plan);

	if (job_surplus_delete(r, wanted))
		return;
	create_pods(r, wanted - plan->active - (job_only_ended(r->o) ? plan->terminating : 0));
}

/* ---- suspension and start ---- */

static void decide_start(struct job_round *r, enum job_end end)
{
	const struct job_obs *o = r->o;
	struct job_plan *plan = r->plan;

	plan->start = o->start_time == 0 && (!o->suspend || end != JOB_END_NONE);
	if (end != JOB_END_NONE || o->deleting)
		return;
	if (o->suspend && !o->suspended)
		plan->suspension = SUSPENSION_SUSPEND;
	if (!o->suspend && o->suspended) {
		plan->suspension = SUSPENSION_RESUME;
		plan->start = true;
	}
	plan->unset_start = o->suspend && o->start_time != 0;
}

static void wake_for_deadline(struct job_round *r)
{
	const struct job_obs *o = r->o;
	int64_t passed = o->now - running_since(o), left;

	if (o->deadline < 0 || o->suspend)
		return;
	left = o->deadline - (passed > 0 ? passed : 0); /* the clock may have been set back */
	job_wake(r, o->now + (left < WAKE_MAX ? left : WAKE_MAX));
}

/* ---- the round ---- */

static void observe_counts(const struct job_obs *o, struct job_plan *plan)
{
	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];

		plan->fates[i] = FATE_KEEP;
		plan->active += job_pod_active(p);
		plan->ready += job_pod_active(p) && p->ready;
		plan->terminating += job_pod_stopping(p);
	}
}

/* Lets go of every pod: of those of a job that is being deleted the failed ones count still. */
static void release_pods(struct job_round *r)
{
	const struct job_obs *o = r->o;

	for (size_t i = 0; i < o->pod_count; i++) {
		const struct job_pod *p = &o->pods[i];
		bool counts = !o->finished && job_pod_failed(o, p) && job_pod_valid(o, p) &&
			      job_pod_verdict(p) != VERDICT_IGNORE;

		if (!p->tracked || r->plan->fates[i] != FATE_KEEP)
			continue;
		r->plan->fates[i] = counts ? FATE_COUNT_FAILED : FATE_RELEASE;
		r->plan->failed += counts;
	}
}

static void decide(struct job_round *r)
{
	const struct job_obs *o = r->o;
	struct job_plan *plan = r->plan;
	enum job_end end = o->decided;

	job_indexes_sort(r);
	count_succeeded(r);
	count_failed(r);
	job_indexes_hold(r);
	job_backoff_update(r);

	if (end == JOB_END_NONE)
		end = plan->decide = find_end(r);
	if (end == JOB_END_NONE) {
		if (!o->deleting)
			manage_pods(r);
		if (is_complete(o, plan))
			end = plan->decide = JOB_END_COMPLETE;
	}
	if (end != JOB_END_NONE)
		job_surplus_end(r, end);
	else
		wake_for_deadline(r);
	if (o->deleting)
		release_pods(r);
	decide_start(r, end);
	plan->finish = end != JOB_END_NONE && plan->active == 0 && plan->terminating == 0;
	plan->too_many_succeeded = plan->finish && end == JOB_END_COMPLETE && o->completions >= 0 &&
				   plan->succeeded > o->completions;
}

void job_decide(const struct job_obs *o, struct job_plan *plan, enum job_pod_fate *fates)
{
	struct job_round r = {.o = o, .plan = plan};

	*plan = (struct job_plan){
	    .fates = fates,
	    .succeeded = o->succeeded,
	    .failed = o->failed,
	    .backoff = o->backoff,
	};
	index_set_copy(&plan->completed, o->completed, o->indexed ? o->completions : 0);
	index_set_copy(&plan->failed_indexes, o->failed_indexes, o->indexed ? o->completions : 0);
	observe_counts(o, plan);
	if (o->finished)
		release_pods(&r);
	else
		decide(&r);
	free(r.slots);
	free(r.held);
}

void job_plan_release(struct job_plan *plan)
{
	free(plan->new_pods);
	index_set_release(&plan->completed);
	index_set_release(&plan->failed_indexes);
	plan->new_pods = NULL;
	plan->create = 0;
}
