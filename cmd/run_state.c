#include "run_state.h"

#include "../runtime/base/str.h"

static const json *container_status(const json *pod, const char *name)
{
	json_for (s, json_path(pod, "status.containerStatuses"))
		if (str_eq(json_str(s, "name"), name))
			return s;
	return NULL;
}

static void view_end(const json *terminated, struct pod_view *ret)
{
	ret->has_end = json_is_object(terminated);
	ret->exit_code = ret->has_end ? (int)json_int(terminated, "exitCode", 1) : 0;
	ret->end_reason = json_str_or(terminated, "reason", "");
	ret->end_message = json_str_or(terminated, "message", "");
}

static void view_stage(const json *status, struct pod_view *ret)
{
	const json *state = json_get(status, "state");

	ret->stage = json_has(state, "terminated") ? VIEW_TERMINATED
		     : json_has(state, "running")  ? VIEW_RUNNING
						   : VIEW_WAITING;
	ret->restarts = (int)json_int(status, "restartCount", 0);
	ret->reason = json_str_or(state, "waiting.reason", "");
	ret->message = json_str_or(state, "waiting.message", "");
	ret->attempt = ret->stage != VIEW_WAITING || str_eq(ret->reason, "CrashLoopBackOff")
			   ? ret->restarts
			   : -1;
	view_end(ret->stage == VIEW_TERMINATED ? json_get(state, "terminated")
					       : json_path(status, "lastState.terminated"),
	    ret);
}

void pod_view(const json *pod, struct pod_view *ret)
{
	const char *phase = json_str_or(pod, "status.phase", "");

	*ret = (struct pod_view){
	    .name = json_str_or(pod, "metadata.name", ""),
	    .uid = json_str_or(pod, "metadata.uid", ""),
	    .container = json_str_or(json_first(json_path(pod, "spec.containers")), "name", ""),
	    .pod_reason = json_str_or(pod, "status.reason", ""),
	    .ended = str_eq(phase, "Succeeded") || str_eq(phase, "Failed"),
	    .succeeded = str_eq(phase, "Succeeded"),
	};
	view_stage(container_status(pod, ret->container), ret);
}

bool view_is_trouble(const struct pod_view *v)
{
	static const char *const reasons[] = {"ErrImagePull", "ImagePullBackOff",
	    "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable",
	    "SignatureValidationFailed", "CreateContainerError", "CreateContainerConfigError",
	    "RunContainerError"};

	for (size_t i = 0; v->stage == VIEW_WAITING && i < ARRAY_LEN(reasons); i++)
		if (str_eq(v->reason, reasons[i]))
			return true;
	return false;
}

bool view_cannot_run(const struct pod_view *v)
{
	return v->has_end &&
	       (str_eq(v->end_reason, "ContainerCannotRun") || str_eq(v->end_reason, "StartError"));
}

json *run_container(const json *object)
{
	const json *spec = json_path(object, "spec.template.spec");

	return json_first(json_get(spec ? spec : json_get(object, "spec"), "containers"));
}

void run_shape_of(const json *object, struct run_shape *ret)
{
	const json *spec = json_get(object, "spec");
	int64_t parallelism = json_int(spec, "parallelism", 1),
		completions = json_int(spec, "completions", -1);

	*ret = (struct run_shape){.is_job = str_eq(json_str(object, "kind"), "Job")};
	if (!ret->is_job)
		return;
	ret->many = completions > 1 || (completions < 0 && parallelism > 1);
	ret->pod_tells =
	    completions == 1 && parallelism > 0 && json_int(spec, "backoffLimit", 6) == 0 &&
	    str_eq(json_str(spec, "template.spec.restartPolicy"), "Never") &&
	    !json_has(spec, "activeDeadlineSeconds") && !json_has(spec, "podFailurePolicy") &&
	    !json_has(spec, "backoffLimitPerIndex");
}

enum run_end run_end_of(const json *job, const char **reason, const char **message)
{
	enum run_end end = RUN_GOES_ON;

	*reason = *message = NULL;
	json_for (c, json_path(job, "status.conditions")) {
		const char *type = json_str_or(c, "type", "");

		if (!str_eq(json_str(c, "status"), "True") ||
		    (!str_eq(type, "Complete") && !str_eq(type, "Failed")))
			continue;
		end = str_eq(type, "Complete") ? RUN_COMPLETE : RUN_FAILED;
		*reason = json_str_or(c, "reason", "");
		*message = json_str_or(c, "message", "");
	}
	return end;
}

static int failure_code(const struct run_facts *f)
{
	int code = f->shape.many ? f->first_failure : f->last_code;

	if (f->job_timed_out || f->pod_timed_out)
		return RUN_EXIT_TIMEOUT;
	return code > 0 ? code : 1;
}

int run_verdict(const struct run_facts *f)
{
	switch (f->job) {
	case RUN_COMPLETE:
		return 0;
	case RUN_FAILED:
		return failure_code(f);
	case RUN_DELETED:
		return f->pod_ended && f->last_code >= 0 ? f->last_code : RUN_EXIT_TROUBLE;
	case RUN_GOES_ON:
		break;
	}
	if (!f->shape.is_job && f->pod_ended)
		return f->pod_timed_out ? RUN_EXIT_TIMEOUT : f->last_code > 0 ? f->last_code : 0;
	if (f->shape.is_job && !f->shape.many && f->pod_succeeded)
		return 0;
	if (f->shape.pod_tells && f->pod_ended)
		return failure_code(f);
	return -1;
}
