#include "job_status.h"

#include "env.h"

enum job_end job_status_decided(const json *job)
{
	json_for (c, json_path(job, "status.conditions")) {
		enum job_end end;

		if (!str_eq(json_str(c, "status"), "True"))
			continue;
		end = job_end_from(json_str_or(c, "type", ""), json_str(c, "reason"));
		if (end != JOB_END_NONE)
			return end;
	}
	return JOB_END_NONE;
}

bool job_status_finished(const json *job)
{
	return meta_condition_true(job, "Complete") || meta_condition_true(job, "Failed");
}

static void add_condition(
    json *status, const char *type, const char *reason, const char *message, int64_t now)
{
	json *list = json_get(status, "conditions"), *c = json_new_object();

	if (!list)
		json_set(status, "conditions", list = json_new_array());
	json_set_str(c, "type", type);
	json_set_str(c, "status", "True");
	meta_set_time(c, "lastProbeTime", now);
	meta_set_time(c, "lastTransitionTime", now);
	json_set_str(c, "reason", reason);
	json_set_str(c, "message", message);
	json_add(list, c);
}

/* Counters that Kubernetes leaves out when they are zero. */
static void set_count(json *status, const char *key, int64_t n)
{
	if (n)
		json_set_int(status, key, n);
	else
		json_del(status, key);
}

void job_status_write(json *job, const struct job_plan *plan, int64_t now)
{
	enum job_end end = plan->decide ? plan->decide : job_status_decided(job);
	const struct job_end_info *info = job_end_info(end);
	json *status = json_obj(job, "status");

	if (job_status_finished(job))
		return;
	if (plan->start)
		meta_set_time(status, "startTime", now);
	set_count(status, "active", plan->active);
	set_count(status, "succeeded", plan->succeeded);
	set_count(status, "failed", plan->failed);
	json_set_int(status, "ready", plan->ready);
	json_set_int(status, "terminating", plan->terminating);
	json_set(status, "uncountedTerminatedPods", json_new_object());
	if (plan->decide)
		add_condition(status, info->interim, info->reason, info->message, now);
	if (plan->finish) {
		add_condition(status, info->final, info->reason, info->message, now);
		if (end == JOB_END_COMPLETE)
			meta_set_time(status, "completionTime", now);
	}
}
