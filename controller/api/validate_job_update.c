/*
 * validate_job_update: what may change in a Job: in its spec by users, in its status by whoever
 * controls it. The Job controller here keeps these rules by itself; they guard against others.
 */
#include "../../runtime/base/map.h"
#include "indexes.h"
#include "validate.h"

/* ---- the template of a suspended Job ---- */

static void copy_member(json *to, const json *from, const char *key)
{
	const json *value = json_get(from, key);

	json_set(to, key, value ? json_dup(value) : NULL);
}

static bool condition_is_true(const json *job, const char *type)
{
	json_for (c, json_path(job, "status.conditions"))
		if (str_eq(json_str(c, "type"), type))
			return str_eq(json_str(c, "status"), "True");
	return false;
}

/* Suspended, and none of its pods is left, if there ever was one. */
static bool is_at_rest(const json *job)
{
	if (!json_bool(job, "spec.suspend", false))
		return false;
	return !json_has(job, "status.startTime") ||
	       (condition_is_true(job, "Suspended") && json_int(job, "status.active", 0) == 0);
}

static void adopt_resources(json *old, const json *now)
{
	json *mine = json_first(old);
	const json *theirs = json_first(now);

	for (; mine && theirs; mine = json_next(mine), theirs = json_next(theirs))
		copy_member(mine, theirs, "resources");
}

/* The rest of the affinity stays; one that holds nothing else may come and go. */
static void adopt_node_affinity(json *old, const json *now)
{
	const json *affinity = json_get(now, "affinity");
	json *mine;

	if (!affinity && !json_get(old, "affinity"))
		return;
	mine = json_obj(old, "affinity");
	copy_member(mine, affinity, "nodeAffinity");
	if (!affinity && !json_first(mine))
		json_del(old, "affinity");
}

/* The old template with everything that may change at rest taken from the new one; owned. */
static json *expected_template(const json *template, const json *old)
{
	static const char *const meta[] = {"labels", "annotations"};
	static const char *const spec[] = {"nodeSelector", "tolerations", "schedulingGates"};
	static const char *const containers[] = {"containers", "initContainers"};
	const json *now = json_get(template, "spec");
	json *expected = json_dup(old), *own;

	own = json_obj(expected, "metadata");
	for (size_t i = 0; i < ARRAY_LEN(meta); i++)
		copy_member(own, json_get(template, "metadata"), meta[i]);
	own = json_obj(expected, "spec");
	for (size_t i = 0; i < ARRAY_LEN(spec); i++)
		copy_member(own, now, spec[i]);
	adopt_node_affinity(own, now);
	for (size_t i = 0; i < ARRAY_LEN(containers); i++)
		adopt_resources(json_get(own, containers[i]), json_get(now, containers[i]));
	return expected;
}

static bool template_may_become(const json *job, const json *old)
{
	const json *now = json_path(job, "spec.template");
	const json *before = json_path(old, "spec.template");
	auto_json *expected = is_at_rest(old) ? expected_template(now, before) : NULL;

	return json_equal(now, expected ? expected : before);
}

/* ---- the spec ---- */

/* Completions of an Indexed Job may follow parallelism; their absence is reported elsewhere. */
static void validate_completions_update(
    struct report *r, const json *spec, const json *old, const struct place *p)
{
	const json *completions = json_get(spec, "completions");

	if (json_equal(completions, json_get(old, "completions")))
		return;
	if (!job_is_indexed(spec))
		bad_invalid(r, p, completions, "field is immutable");
	else if (completions && !json_equal(completions, json_get(spec, "parallelism")))
		bad_invalid(
		    r, p, completions, "can only be modified in tandem with spec.parallelism");
}

void validate_job_update(struct report *r, const json *job, const json *old)
{
	static const char *const fixed[] = {"completionMode", "podFailurePolicy",
	    "backoffLimitPerIndex", "managedBy", "successPolicy"};
	const json *spec = json_get(job, "spec"), *before = json_get(old, "spec");
	struct place at = PLACE(NULL, "spec"), completions = PLACE(&at, "completions");
	struct place selector = PLACE(&at, "selector"), template = PLACE(&at, "template");

	validate_completions_update(r, spec, before, &completions);
	if (!json_equal(json_get(spec, "selector"), json_get(before, "selector")))
		bad_invalid(r, &selector, json_get(spec, "selector"), "field is immutable");
	if (!template_may_become(job, old))
		bad_invalid(r, &template, json_get(spec, "template"), "field is immutable");
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		struct place p = PLACE(&at, fixed[i]);

		if (!json_equal(json_get(spec, fixed[i]), json_get(before, fixed[i])))
			bad_invalid(r, &p, json_get(spec, fixed[i]), "field is immutable");
	}
}

/* ---- the status ---- */

/* What a status says, and what of it is new: rules look only at what changes, so that one broken
 * value does not block all others. */
struct facts {
	const json *job, *status, *old;
	bool complete, failed, failure_target, success_met, finished;
	bool was_complete, was_failed, was_failure_target, was_success_met, was_finished;
};

static struct facts facts_of(const json *job, const json *old)
{
	struct facts f = {.job = job,
	    .status = json_get(job, "status"),
	    .old = json_get(old, "status"),
	    .complete = condition_is_true(job, "Complete"),
	    .failed = condition_is_true(job, "Failed"),
	    .failure_target = condition_is_true(job, "FailureTarget"),
	    .success_met = condition_is_true(job, "SuccessCriteriaMet"),
	    .was_complete = condition_is_true(old, "Complete"),
	    .was_failed = condition_is_true(old, "Failed"),
	    .was_failure_target = condition_is_true(old, "FailureTarget"),
	    .was_success_met = condition_is_true(old, "SuccessCriteriaMet")};

	f.finished = f.complete || f.failed;
	f.was_finished = f.was_complete || f.was_failed;
	return f;
}

static bool changed(const struct facts *f, const char *field)
{
	return !json_equal(json_get(f->status, field), json_get(f->old, field));
}

/* True: the rule about a field of finished Jobs is to be looked at. */
static bool finish_concerns(const struct facts *f, const char *field)
{
	return f->finished && (!f->was_finished || changed(f, field));
}

static void check_uids(struct report *r, const struct facts *f, const struct place *status)
{
	static const char *const lists[] = {"succeeded", "failed"};
	struct place at = PLACE(status, "uncountedTerminatedPods");
	const json *uncounted = json_get(f->status, "uncountedTerminatedPods");
	struct map seen = {0};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct place list = PLACE(&at, lists[i]);
		size_t n = 0;

		json_for (uid, json_get(uncounted, lists[i])) {
			struct place item = PLACE_ITEM(&list, n++);

			if (!*json_string_value(uid))
				bad_invalid(r, &item, uid, "must not be empty");
			else if (map_set(&seen, json_string_value(uid), uid))
				bad_duplicate(r, &item, uid);
		}
	}
	map_release(&seen, NULL);
}

static void check_exclusive(struct report *r, const struct facts *f, const struct place *status)
{
	struct place at = PLACE(status, "conditions");
	bool complete_changed = f->complete != f->was_complete;

	if (f->complete && f->failed && (complete_changed || f->failed != f->was_failed))
		bad_invalid_bare(r, &at, "cannot set Complete=True and Failed=true conditions");
	if (f->complete && f->failure_target &&
	    (complete_changed || f->failure_target != f->was_failure_target))
		bad_invalid_bare(
		    r, &at, "cannot set Complete=True and FailureTarget=true conditions");
}

static void check_completion_time(
    struct report *r, const struct facts *f, const struct place *status)
{
	struct place at = PLACE(status, "completionTime");
	const json *completion = json_get(f->status, "completionTime");
	const char *start = json_str(f->status, "startTime"), *end = json_string_value(completion);
	bool concerned = f->complete != f->was_complete || changed(f, "completionTime");

	if (completion && !f->complete && concerned)
		bad_invalid(r, &at, completion,
		    "cannot set completionTime when there is no Complete=True condition");
	if (!completion && f->complete && concerned)
		bad_required(r, &at, "completionTime is required for Complete jobs");
	if (start && end && strcmp(end, start) < 0 &&
	    (changed(f, "startTime") || changed(f, "completionTime")))
		bad_invalid(r, &at, completion, "completionTime cannot be set before startTime");
}

static void check_preconditions(struct report *r, const struct facts *f, const struct place *status)
{
	struct place at = PLACE(status, "conditions");

	if (f->failed && !f->failure_target && (!f->was_failed || f->was_failure_target))
		bad_invalid_bare(r, &at,
		    "cannot set Failed=True condition without the FailureTarget=true condition");
	if (f->complete && !f->success_met && (!f->was_complete || f->was_success_met))
		bad_invalid_bare(r, &at,
		    "cannot set Complete=True condition without the SuccessCriteriaMet=true "
		    "condition");
}

/* A number that must be 0 when the Job has finished. */
static void check_zero(
    struct report *r, const struct facts *f, const char *name, const struct place *status)
{
	struct place at = PLACE(status, name);

	if (json_int(f->status, name, 0) > 0 && finish_concerns(f, name))
		bad_invalid(
		    r, &at, json_get(f->status, name), "%s>0 is invalid for finished job", name);
}

static void check_finished(struct report *r, const struct facts *f, const struct place *status)
{
	struct place start = PLACE(status, "startTime");
	struct place uncounted = PLACE(status, "uncountedTerminatedPods");
	const json *pods = json_get(f->status, "uncountedTerminatedPods");
	/* Done before it could start. */
	bool nothing_to_do = json_bool(f->job, "spec.suspend", false) &&
			     json_int(f->job, "spec.completions", -1) == 0;

	check_zero(r, f, "active", status);
	if (!json_has(f->status, "startTime") && finish_concerns(f, "startTime") && !nothing_to_do)
		bad_required(r, &start, "startTime is required for finished job");
	if ((json_first(json_get(pods, "succeeded")) || json_first(json_get(pods, "failed"))) &&
	    finish_concerns(f, "uncountedTerminatedPods"))
		bad_invalid(r, &uncounted, pods,
		    "uncountedTerminatedPods needs to be empty for finished job");
}

static void check_index_list(
    struct report *r, const struct facts *f, const char *name, const struct place *status)
{
	struct place at = PLACE(status, name);
	const json *list = json_get(f->status, name);
	auto_index_set set = {0};
	auto_err e = {0};

	if (!list || !json_path(f->job, "spec.completions"))
		return;
	index_set_init(&set, json_int(f->job, "spec.completions", 0));
	if (index_set_parse(&set, json_string_value(list), &e) < 0)
		bad_invalid(r, &at, list, "error parsing %s: %s", name, err_msg(&e));
}

/* The first number that is in both lists, -1: none. What is malformed is reported elsewhere. */
static int64_t overlap(const json *a, const json *b, int64_t completions)
{
	auto_index_set one = {0}, other = {0};

	index_set_init(&one, completions);
	index_set_init(&other, completions);
	index_set_parse_lenient(&one, json_string_value(a));
	index_set_parse_lenient(&other, json_string_value(b));
	for (size_t i = 0; i < one.len; i++) {
		int64_t n = index_set_next(&other, one.runs[i].first);

		if (n >= 0 && n <= one.runs[i].last)
			return n;
	}
	return -1;
}

static void check_indexes(struct report *r, const struct facts *f, const struct place *status)
{
	struct place at_failed = PLACE(status, "failedIndexes");
	struct place at_completed = PLACE(status, "completedIndexes");
	const json *failed = json_get(f->status, "failedIndexes");
	const json *completed = json_get(f->status, "completedIndexes");
	const json *spec = json_get(f->job, "spec");
	bool failed_changed = changed(f, "failedIndexes");
	bool completed_changed = changed(f, "completedIndexes");
	int64_t both;

	if (completed_changed)
		check_index_list(r, f, "completedIndexes", status);
	if (failed_changed && json_get(spec, "backoffLimitPerIndex"))
		check_index_list(r, f, "failedIndexes", status);
	if (completed && completed_changed && !job_is_indexed(spec))
		bad_invalid(r, &at_completed, completed,
		    "cannot set non-empty completedIndexes when non-indexed completion mode");
	if (failed && failed_changed && !json_get(spec, "backoffLimitPerIndex"))
		bad_invalid(r, &at_failed, failed,
		    "cannot set non-null failedIndexes when backoffLimitPerIndex is null");
	if (!failed || !completed || !json_get(spec, "completions") ||
	    !(failed_changed || completed_changed))
		return;
	both = overlap(completed, failed, json_int(spec, "completions", 0));
	if (both >= 0)
		bad_invalid(r, &at_failed, failed,
		    "failedIndexes and completedIndexes overlap at index: %lld", (long long)both);
}

static void check_rest(struct report *r, const struct facts *f, const struct place *status)
{
	struct place conditions = PLACE(status, "conditions"), ready = PLACE(status, "ready");

	check_zero(r, f, "terminating", status);
	if (json_has(f->status, "ready") &&
	    json_int(f->status, "ready", 0) > json_int(f->status, "active", 0) &&
	    (changed(f, "ready") || changed(f, "active")))
		bad_invalid(r, &ready, json_get(f->status, "ready"),
		    "cannot set more ready pods than active");
	if (f->success_met && f->failed)
		bad_invalid_bare(r, &conditions,
		    "cannot set SuccessCriteriaMet=True and Failed=true conditions");
	if (f->success_met && f->failure_target)
		bad_invalid_bare(r, &conditions,
		    "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
	if (json_path(f->job, "spec.successPolicy") && !f->success_met && f->complete)
		bad_invalid_bare(r, &conditions,
		    "cannot set Complete=True for Job with SuccessPolicy unless "
		    "SuccessCriteriaMet=True");
}

/* Conditions that are for ever. */
static void check_terminal(struct report *r, const struct facts *f, const struct place *status)
{
	const struct {
		const char *type;
		bool was, is;
	} terminal[] = {{"Failed", f->was_failed, f->failed},
	    {"Complete", f->was_complete, f->complete},
	    {"FailureTarget", f->was_failure_target, f->failure_target}};
	struct place at = PLACE(status, "conditions");

	for (size_t i = 0; i < ARRAY_LEN(terminal); i++) {
		auto_free char *text =
		    xasprintf("cannot disable the terminal %s=True condition", terminal[i].type);

		if (terminal[i].was && !terminal[i].is)
			bad_invalid_bare(r, &at, text);
	}
}

static void check_counter(
    struct report *r, const struct facts *f, const char *name, const struct place *status)
{
	struct place at = PLACE(status, name);
	int64_t now = json_int(f->status, name, 0);
	auto_json *value = json_new_int(now);

	if (now < json_int(f->old, name, 0))
		bad_invalid(r, &at, value, "cannot decrease the %s counter", name);
}

static void check_transition(struct report *r, const struct facts *f, const struct place *status)
{
	struct place conditions = PLACE(status, "conditions"), start = PLACE(status, "startTime");
	struct place completion = PLACE(status, "completionTime");
	const json *spec = json_get(f->job, "spec");
	/* Scaling an elastic Job down takes successes back. */
	bool elastic = job_is_indexed(spec) &&
		       json_equal(json_get(spec, "completions"), json_get(spec, "parallelism"));

	check_terminal(r, f, status);
	check_counter(r, f, "failed", status);
	if (!elastic)
		check_counter(r, f, "succeeded", status);
	if (json_has(f->status, "completionTime") && json_has(f->old, "completionTime") &&
	    changed(f, "completionTime"))
		bad_invalid(r, &completion, json_get(f->status, "completionTime"),
		    "completionTime cannot be mutated");
	if (json_has(f->old, "startTime") && changed(f, "startTime") &&
	    !json_bool(spec, "suspend", false))
		bad_required(r, &start, "startTime cannot be removed for unsuspended job");
	if (f->was_success_met && !f->success_met)
		bad_invalid_bare(
		    r, &conditions, "cannot disable the SuccessCriteriaMet=True condition");
	if (f->was_complete && !f->was_success_met && f->success_met)
		bad_invalid_bare(r, &conditions,
		    "cannot set SuccessCriteriaMet=True for Job already has Complete=true "
		    "conditions");
}

void validate_job_status(struct report *r, const json *job, const json *old)
{
	static const char *const counts[] = {
	    "active", "succeeded", "failed", "ready", "terminating"};
	const struct facts f = facts_of(job, old);
	struct place status = PLACE(NULL, "status");

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		validate_nonnegative(r, f.status, counts[i], &status);
	check_uids(r, &f, &status);
	check_exclusive(r, &f, &status);
	check_completion_time(r, &f, &status);
	check_preconditions(r, &f, &status);
	check_finished(r, &f, &status);
	check_indexes(r, &f, &status);
	check_rest(r, &f, &status);
	check_transition(r, &f, &status);
}
