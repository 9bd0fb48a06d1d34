#include "job_status.h"

#include "env.h"

/* ---- reading ---- */

static json *interim_condition(const json *job)
{
	json_for (c, json_path(job, "status.conditions")) {
		const char *type = json_str(c, "type");

		if (str_eq(json_str(c, "status"), "True") &&
		    (str_eq(type, "FailureTarget") || str_eq(type, "SuccessCriteriaMet")))
			return c;
	}
	return NULL;
}

/* A reason that only a newer version or another controller gives decides all the same. */
enum job_end job_status_decided(const json *job)
{
	const json *c = interim_condition(job);
	const char *type = json_str_or(c, "type", "");
	enum job_end end;

	if (!c)
		return JOB_END_NONE;
	end = job_end_from(type, json_str(c, "reason"));
	if (end != JOB_END_NONE)
		return end;
	return str_eq(type, "FailureTarget") ? JOB_END_BACKOFF_LIMIT : JOB_END_SUCCESS_POLICY;
}

const json *job_status_end(const json *job)
{
	static const char *const finals[] = {"Complete", "Failed"};

	for (size_t i = 0; i < ARRAY_LEN(finals); i++)
		if (meta_condition_true(job, finals[i]))
			return meta_condition(job, finals[i]);
	return NULL;
}

bool job_status_finished(const json *job)
{
	return job_status_end(job) != NULL;
}

/* ---- writing ---- */

/* Sets the condition, in its old place where there was one; as it was, it keeps its times. */
static void set_condition(json *job, const char *type, const char *status, const char *reason,
    const char *message, int64_t now)
{
	json *list = json_obj(job, "status"), *c = meta_condition(job, type), *made;

	if (c && str_eq(json_str(c, "status"), status) && str_eq(json_str(c, "reason"), reason) &&
	    str_eq(json_str(c, "message"), message))
		return;
	made = json_new_object();
	json_set_str(made, "type", type);
	json_set_str(made, "status", status);
	meta_set_time(made, "lastProbeTime", now);
	meta_set_time(made, "lastTransitionTime", now);
	json_set_str(made, "reason", reason);
	json_set_str(made, "message", message);
	if (!json_get(list, "conditions"))
		json_set(list, "conditions", json_new_array());
	list = json_get(list, "conditions");
	if (c)
		json_replace(list, c, made);
	else
		json_add(list, made);
}

/* Counters that Kubernetes leaves out when they are zero. */
static void set_count(json *status, const char *key, int64_t n)
{
	if (n)
		json_set_int(status, key, n);
	else
		json_del(status, key);
}

static void write_indexes(json *job, const struct job_plan *plan)
{
	json *status = json_obj(job, "status");
	auto_buf completed = {0}, failed = {0};

	if (!str_eq(json_str(job, "spec.completionMode"), "Indexed"))
		return;
	index_set_format(&plan->completed, &completed);
	json_set_str(status, "completedIndexes", completed.len ? buf_str(&completed) : NULL);
	if (!json_has(job, "spec.backoffLimitPerIndex"))
		return;
	index_set_format(&plan->failed_indexes, &failed);
	json_set_str(status, "failedIndexes", buf_str(&failed));
}

static void write_counts(json *status, const struct job_plan *plan, int64_t now)
{
	if (plan->start)
		meta_set_time(status, "startTime", now);
	else if (plan->unset_start)
		json_del(status, "startTime");
	set_count(status, "active", plan->active);
	set_count(status, "succeeded", plan->succeeded);
	set_count(status, "failed", plan->failed);
	json_set_int(status, "ready", plan->ready);
	json_set_int(status, "terminating", plan->terminating);
	json_set(status, "uncountedTerminatedPods", json_new_object());
}

static void write_suspension(json *job, enum job_suspension s, int64_t now)
{
	switch (s) {
	case SUSPENSION_KEEP:
		return;
	case SUSPENSION_SUSPEND:
		set_condition(job, "Suspended", "True", "JobSuspended", "Job suspended", now);
		return;
	case SUSPENSION_RESUME:
		set_condition(job, "Suspended", "False", "JobResumed", "Job resumed", now);
		return;
	}
}

/* The final condition says what the interim one says: who was to blame may be gone by now. */
static void write_end(json *job, int64_t now)
{
	const json *interim = interim_condition(job);
	bool failed = str_eq(json_str(interim, "type"), "FailureTarget");
	auto_free char *reason = xstrdup(json_str_or(interim, "reason", ""));
	auto_free char *message = xstrdup(json_str_or(interim, "message", ""));

	set_condition(job, failed ? "Failed" : "Complete", "True", reason, message, now);
	if (!failed)
		meta_set_time(job, "status.completionTime", now);
}

void job_status_write(json *job, const struct job_plan *plan, const char *message, int64_t now)
{
	const struct job_end_info *info = job_end_info(plan->decide);

	if (job_status_finished(job))
		return;
	write_counts(json_obj(job, "status"), plan, now);
	write_indexes(job, plan);
	write_suspension(job, plan->suspension, now);
	if (plan->decide)
		set_condition(job, info->interim, "True", info->reason,
		    message ? message : info->message, now);
	if (plan->finish)
		write_end(job, now);
}
