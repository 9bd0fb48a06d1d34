#include "job_observe.h"

#include "env.h"
#include "job_policy.h"
#include "job_status.h"
#include "job_template.h"

#define OUR_NAME "kubernetes.io/job-controller"

bool job_is_foreign(const json *job)
{
	const char *manager = json_str(job, "spec.managedBy");

	return manager && !str_eq(manager, OUR_NAME);
}

static bool is_indexed(const json *job)
{
	return str_eq(json_str(job, "spec.completionMode"), "Indexed");
}

bool job_mode_known(const json *job)
{
	return is_indexed(job) ||
	       str_eq(json_str_or(job, "spec.completionMode", "NonIndexed"), "NonIndexed");
}

/* ---- pods ---- */

static enum pod_phase phase_of(const json *pod)
{
	static const char *const names[] = {"Pending", "Running", "Succeeded", "Failed", "Unknown"};
	const char *phase = json_str(pod, "status.phase");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i], phase))
			return (enum pod_phase)i;
	return POD_PENDING;
}

/* The newest end of a container; 0 while one of them has none. */
static int64_t containers_end(const json *pod)
{
	int64_t newest = 0;

	json_for (c, json_path(pod, "status.containerStatuses")) {
		int64_t at = meta_time(c, "state.terminated.finishedAt");

		if (!at)
			return 0;
		if (at > newest)
			newest = at;
	}
	return newest;
}

/* When a pod ended, as the back-off counts it. */
static int64_t finish_time(const json *pod)
{
	const json *ready = meta_condition(pod, "Ready");
	int64_t at = containers_end(pod);

	if (at)
		return at;
	if (ready && str_eq(json_str(ready, "status"), "False") &&
	    (at = meta_time(ready, "lastTransitionTime")))
		return at;
	if ((at = meta_time(pod, "metadata.deletionTimestamp")))
		return at - json_int(pod, "metadata.deletionGracePeriodSeconds", 0);
	return meta_time(pod, "metadata.creationTimestamp");
}

static int64_t annotation(const json *pod, const char *key, int64_t fallback)
{
	const char *text = json_string_value(json_get(json_path(pod, "metadata.annotations"), key));
	int64_t n;

	return text && str_to_int(text, 0, INT32_MAX, &n) == 0 ? n : fallback;
}

static int64_t count_restarts(const json *pod)
{
	int64_t n = 0;

	json_for (c, json_path(pod, "status.containerStatuses"))
		n += json_int(c, "restartCount", 0);
	json_for (c, json_path(pod, "status.initContainerStatuses"))
		n += json_int(c, "restartCount", 0);
	return n;
}

struct job_pod job_observe_pod(const json *job, const json *pod)
{
	const json *ready = meta_condition(pod, "Ready");

	return (struct job_pod){
	    .phase = phase_of(pod),
	    .deleting = meta_deleting(pod),
	    .tracked = meta_has_finalizer(pod, JOB_TRACKING_FINALIZER),
	    .ready = str_eq(json_str(ready, "status"), "True"),
	    .scheduled = json_has(pod, "spec.nodeName"),
	    .verdict = job_policy_verdict(json_path(job, "spec.podFailurePolicy"), pod, NULL),
	    .index = annotation(pod, JOB_INDEX_KEY, -1),
	    .index_failures = annotation(pod, JOB_INDEX_FAILURES_KEY, 0),
	    .index_ignored = annotation(pod, JOB_INDEX_IGNORED_KEY, 0),
	    .restarts = count_restarts(pod),
	    .created_at = meta_time(pod, "metadata.creationTimestamp"),
	    .ready_since = meta_time(ready, "lastTransitionTime"),
	    .finished_at = finish_time(pod),
	};
}

/* ---- the job ---- */

void job_rules_release(struct job_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		index_set_release(&rules->sets[i]);
	*rules = (struct job_rules){0};
}

static void read_rules(struct job_rules *rules, const json *job, int64_t limit)
{
	if (rules->read && rules->limit == limit)
		return;
	job_rules_release(rules);
	rules->limit = limit;
	rules->read = true;
	json_for (rule, json_path(job, "spec.successPolicy.rules")) {
		size_t i = rules->count;
		const char *indexes = json_str(rule, "succeededIndexes");

		if (i == JOB_SUCCESS_RULES_MAX)
			return;
		rules->count++;
		rules->rules[i] =
		    (struct success_rule){.count = json_int(rule, "succeededCount", -1)};
		index_set_init(&rules->sets[i], limit);
		if (!indexes)
			continue;
		index_set_parse_lenient(&rules->sets[i], indexes);
		rules->rules[i].indexes = &rules->sets[i];
	}
}

void job_sets_release(struct job_sets *sets)
{
	index_set_release(&sets->completed);
	index_set_release(&sets->failed);
}

/* What only Indexed Jobs have. */
static void observe_indexes(
    struct job_obs *o, const json *job, struct job_rules *rules, struct job_sets *sets)
{
	int64_t limit = o->completions > 0 ? o->completions : 0;

	read_rules(rules, job, limit);
	o->success_rules = rules->rules;
	o->success_rule_count = rules->count;
	index_set_init(&sets->completed, limit);
	index_set_init(&sets->failed, limit);
	index_set_parse_lenient(&sets->completed, json_str_or(job, "status.completedIndexes", ""));
	index_set_parse_lenient(&sets->failed, json_str_or(job, "status.failedIndexes", ""));
	o->completed = &sets->completed;
	o->failed_indexes = &sets->failed;
}

struct job_obs job_observe(
    const json *job, int64_t now, struct job_rules *rules, struct job_sets *ret_sets)
{
	const json *spec = json_get(job, "spec");
	bool has_policy = json_has(spec, "podFailurePolicy");
	struct job_obs o = {
	    .now = now,
	    .parallelism = json_int(spec, "parallelism", 1),
	    .completions = json_int(spec, "completions", -1),
	    .backoff_limit = json_int(spec, "backoffLimit", 6),
	    .deadline = json_int(spec, "activeDeadlineSeconds", -1),
	    .backoff_limit_per_index = json_int(spec, "backoffLimitPerIndex", -1),
	    .max_failed_indexes = json_int(spec, "maxFailedIndexes", -1),
	    .indexed = is_indexed(job),
	    .suspend = json_bool(spec, "suspend", false),
	    .replace_when_failed =
		has_policy || str_eq(json_str(spec, "podReplacementPolicy"), "Failed"),
	    .has_failure_policy = has_policy,
	    .restart_on_failure =
		str_eq(json_str(spec, "template.spec.restartPolicy"), "OnFailure"),
	    .deleting = meta_deleting(job),
	    .start_time = meta_time(job, "status.startTime"),
	    .succeeded = json_int(job, "status.succeeded", 0),
	    .failed = json_int(job, "status.failed", 0),
	    .decided = job_status_decided(job),
	    .finished = job_status_finished(job),
	    .suspended = meta_condition_true(job, "Suspended"),
	};

	*ret_sets = (struct job_sets){0};
	if (o.indexed)
		observe_indexes(&o, job, rules, ret_sets);
	return o;
}
