/* job_apply: the writes and events of a round. What to do is in the plan; here it is only done. */
#include "../../runtime/base/log.h"
#include "job_policy.h"
#include "job_status.h"
#include "job_template.h"
#include "jobs_internal.h"

#define SOURCE "job-controller"

void job_event(const struct round *r, const char *type, const char *reason, const char *message)
{
	recorder_event(r->job->set->env->recorder, job_kind(), r->obj, NULL, type, reason, SOURCE,
	    "%s", message);
}

static void pod_event(
    const struct round *r, const char *type, const char *reason, const char *what, const char *text)
{
	auto_free char *message = xasprintf("%s: %s", what, text);

	job_event(r, type, reason, message);
}

/* ---- pods ---- */

/* New pods, until one is refused; returns how many there are. */
static int64_t create_pods(const struct round *r, const struct job_plan *plan)
{
	struct job *j = r->job;
	int64_t made = 0;

	while (made < plan->create) {
		json *pod = job_template_pod(r->obj, &plan->new_pods[made]);
		auto_err e = {0};
		auto_json *stored = registry_create(
		    j->set->env->store, pod_kind(), j->ns, pod, &(struct create_options){0}, &e);

		if (!stored) {
			/* in a namespace that goes, nobody needs to be told */
			if (e.reason != ERR_FORBIDDEN)
				pod_event(
				    r, "Warning", "FailedCreate", "Error creating", err_msg(&e));
			break;
		}
		made++;
		pod_event(r, "Normal", "SuccessfulCreate", "Created pod", meta_name(stored));
	}
	return made;
}

static void release_pod(const struct round *r, const json *pod)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	json *copy = json_dup(pod);
	auto_err e = {0};
	auto_json *stored = NULL;

	meta_remove_finalizer(copy, JOB_TRACKING_FINALIZER);
	stored = registry_update(r->job->set->env->store, pod_kind(), copy, &o, &e);
	if (!stored && e.reason != ERR_NOT_FOUND)
		log_warn(
		    "job %s/%s: cannot release pod: %s", r->job->ns, r->job->name, err_msg(&e));
}

static void delete_pod(const struct round *r, const char *name)
{
	struct delete_options o = {.grace_seconds = -1};
	auto_err e = {0};
	bool gone;
	auto_json *last =
	    registry_delete(r->job->set->env->store, pod_kind(), r->job->ns, name, &o, &gone, &e);

	if (last)
		pod_event(r, "Normal", "SuccessfulDelete", "Deleted pod", name);
	else if (e.reason != ERR_NOT_FOUND)
		pod_event(r, "Warning", "FailedDelete", "Error deleting", err_msg(&e));
}

/* Writing a pod makes the pod loop replace the object that objs[i] borrows: each is used once, by
 * name afterwards. */
static void apply_fate(const struct round *r, size_t i)
{
	static const struct {
		bool release, remove;
	} steps[] = {
	    [FATE_KEEP] = {false, false},
	    [FATE_COUNT_SUCCEEDED] = {true, false},
	    [FATE_COUNT_FAILED] = {true, false},
	    [FATE_RELEASE] = {true, false},
	    [FATE_DELETE] = {false, true},
	    [FATE_DELETE_UNCOUNTED] = {true, true},
	    [FATE_DELETE_FAILED] = {true, true},
	};
	auto_free char *name = xstrdup(meta_name(r->objs[i]));

	if (steps[r->fates[i]].release && r->pods[i].tracked)
		release_pod(r, r->objs[i]);
	if (steps[r->fates[i]].remove)
		delete_pod(r, name);
}

/* ---- the job ---- */

/* The message of the condition that this round adds, where it is not always the same; owned. */
static char *end_message(const struct round *r, const struct job_plan *plan)
{
	char *message = NULL;

	if (plan->decide == JOB_END_SUCCESS_POLICY)
		return xasprintf("Matched rules at index %zu", plan->success_rule);
	if (plan->decide == JOB_END_POD_FAILURE_POLICY && plan->culprit < r->len)
		job_policy_verdict(
		    json_path(r->obj, "spec.podFailurePolicy"), r->objs[plan->culprit], &message);
	return message;
}

static void report_suspension(const struct round *r, enum job_suspension s)
{
	switch (s) {
	case SUSPENSION_KEEP:
		return;
	case SUSPENSION_SUSPEND:
		job_event(r, "Normal", "Suspended", "Job suspended");
		return;
	case SUSPENSION_RESUME:
		job_event(r, "Normal", "Resumed", "Job resumed");
		return;
	}
}

static void report(const struct round *r, const struct job_plan *plan, const json *stored)
{
	const json *end = job_status_end(stored);

	report_suspension(r, plan->suspension);
	if (plan->too_many_succeeded)
		job_event(r, "Warning", "TooManySucceededPods",
		    "Too many succeeded pods running after completion count reached");
	if (!plan->finish)
		return;
	if (str_eq(json_str(end, "type"), "Complete"))
		job_event(r, "Normal", "Completed", "Job completed");
	else
		job_event(
		    r, "Warning", json_str_or(end, "reason", ""), json_str_or(end, "message", ""));
}

static int store_status(
    const struct round *r, const struct job_plan *plan, const char *message, int64_t now)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_json *obj = json_dup(r->obj), *stored = NULL;
	auto_err e = {0};

	job_status_write(obj, plan, message, now);
	if (json_equal(json_get(obj, "status"), json_get(r->obj, "status")))
		return 0;
	stored = registry_update(r->job->set->env->store, job_kind(), TAKE(obj), &o, &e);
	if (!stored) {
		log_warn("job %s/%s: cannot store its status: %s", r->job->ns, r->job->name,
		    err_msg(&e));
		return -1;
	}
	report(r, plan, stored);
	return 0;
}

int job_apply(struct round *r, const struct job_obs *o, struct job_plan *plan)
{
	auto_free char *message = end_message(r, plan);
	int64_t made;

	for (size_t i = 0; i < r->len; i++)
		apply_fate(r, i);
	made = create_pods(r, plan);
	plan->active -= plan->create - made;
	r->job->backoff = plan->backoff;
	if (store_status(r, plan, message, o->now) < 0 || made < plan->create)
		return -1;
	return 0;
}
