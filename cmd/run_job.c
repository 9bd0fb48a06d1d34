#include "run_job.h"

#include "../runtime/base/clock.h"
#include "container.h"
#include "resources.h"

/* Somebody waits at a terminal for it to stop: the grace of `docker stop`, not the 30 s of a pod.
 */
#define GRACE_SECONDS 10
/* The controller reads it. */
#define REUSE_ANNOTATION "kjob.io/reuse-sandbox"

/* "k=v,k2=v2" of a label or annotation option into the object at PATH. */
static int add_pairs(const struct opts *o, const char *option, json *target, struct err *e)
{
	const struct strlist *list = opts_list(o, option);

	for (size_t i = 0; i < list->len; i++) {
		const char *pair = list->items[i], *eq = strchr(pair, '=');
		auto_free char *key = eq ? xstrndup(pair, (size_t)(eq - pair)) : NULL;

		if (!eq || eq == pair)
			return err_set(
			    e, ERR_BAD_REQUEST, "--%s: \"%s\" is not KEY=VALUE", option, pair);
		json_set_str(target, key, eq + 1);
	}
	return 0;
}

static json *container_object(
    const struct opts *o, const char *const *args, size_t argc, struct err *e)
{
	json *c = json_new_object();

	json_set_str(c, "name", args[0]);
	json_set_str(c, "image", opts_str(o, "image"));
	json_set_str(c, "imagePullPolicy", opts_str(o, "image-pull-policy"));
	container_set_words(c, opts_bool(o, "command"), args + 1, argc - 1);
	if (opts_bool(o, "stdin")) {
		json_set_bool(c, "stdin", true);
		if (!opts_bool(o, "leave-stdin-open"))
			json_set_bool(c, "stdinOnce", true);
		if (opts_bool(o, "tty"))
			json_set_bool(c, "tty", true);
	}
	if (opts_given(o, "port")) {
		json *ports = json_new_array(), *port = json_new_object();

		json_set_int(port, "containerPort", opts_int(o, "port"));
		json_add(ports, port);
		json_set(c, "ports", ports);
	}
	if (opts_bool(o, "privileged"))
		json_set_bool(json_obj(c, "securityContext"), "privileged", true);
	if (container_set_envs(c, opts_list(o, "env"), e) < 0) {
		json_free(c);
		return NULL;
	}
	return c;
}

/* metadata's labels and annotations, for the object and the template alike. */
static int add_metadata(const struct opts *o, const char *name, json *object, struct err *e)
{
	json *labels = json_obj(object, "metadata.labels");

	if (!opts_given(o, "labels"))
		json_set_str(labels, "run", name);
	else if (add_pairs(o, "labels", labels, e) < 0)
		return -1;
	if (!opts_given(o, "annotations"))
		return 0;
	return add_pairs(o, "annotations", json_obj(object, "metadata.annotations"), e);
}

static int add_timeout(const struct opts *o, json *spec, struct err *e)
{
	int64_t ns = opts_duration_ns(o, "timeout");

	if (!opts_given(o, "timeout"))
		return 0;
	if (ns <= 0)
		return err_set(e, ERR_BAD_REQUEST, "--timeout must be greater than 0");
	json_set_int(spec, "activeDeadlineSeconds", (ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
	return 0;
}

static int add_ttl(const struct opts *o, json *spec, struct err *e)
{
	int64_t ns = opts_duration_ns(o, "ttl");

	if (!opts_given(o, "ttl"))
		return 0;
	if (ns < 0)
		return err_set(e, ERR_BAD_REQUEST, "--ttl must not be negative");
	json_set_int(spec, "ttlSecondsAfterFinished", (ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
	return 0;
}

static int add_counts(const struct opts *o, json *spec, struct err *e)
{
	static const struct {
		const char *option, *field;
	} counts[] = {{"completions", "completions"}, {"parallelism", "parallelism"},
	    {"backoff-limit", "backoffLimit"}};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		int64_t n = opts_int(o, counts[i].option);

		if (!opts_given(o, counts[i].option))
			continue;
		if (n < 0 || n > INT32_MAX)
			return err_set(e, ERR_BAD_REQUEST, "--%s must be between 0 and %d",
			    counts[i].option, INT32_MAX);
		json_set_int(spec, counts[i].field, n);
	}
	if (opts_bool(o, "indexed"))
		json_set_str(spec, "completionMode", "Indexed");
	/* With Never a failing command is reported at once; OnFailure keeps the API's default of 6.
	 */
	if (!opts_given(o, "backoff-limit") && str_eq(opts_str(o, "restart"), "Never"))
		json_set_int(spec, "backoffLimit", 0);
	return 0;
}

static int fill_pod_spec(
    const struct opts *o, const char *const *args, size_t argc, json *spec, struct err *e)
{
	json *container = container_object(o, args, argc, e), *list;

	if (!container)
		return -1;
	list = json_new_array();
	json_add(list, container);
	json_set(spec, "containers", list);
	json_set_str(spec, "restartPolicy", opts_str(o, "restart"));
	json_set_int(spec, "terminationGracePeriodSeconds", GRACE_SECONDS);
	return 0;
}

static int fill_job(
    const struct opts *o, const char *const *args, size_t argc, json *job, struct err *e)
{
	json *spec = json_obj(job, "spec"), *template = json_obj(spec, "template");

	if (add_counts(o, spec, e) < 0 || add_timeout(o, spec, e) < 0 || add_ttl(o, spec, e) < 0 ||
	    add_metadata(o, args[0], template, e) < 0)
		return -1;
	if (opts_given(o, "reuse-sandbox"))
		json_set_str(json_obj(job, "metadata.annotations"), REUSE_ANNOTATION,
		    opts_bool(o, "reuse-sandbox") ? "true" : "false");
	return fill_pod_spec(o, args, argc, json_obj(template, "spec"), e);
}

static int fill_cronjob(
    const struct opts *o, const char *const *args, size_t argc, json *cronjob, struct err *e)
{
	json *spec = json_obj(cronjob, "spec"), *job = json_obj(spec, "jobTemplate");

	json_set_str(spec, "schedule", opts_str(o, "schedule"));
	if (*opts_str(o, "time-zone"))
		json_set_str(spec, "timeZone", opts_str(o, "time-zone"));
	return add_metadata(o, args[0], job, e) < 0 ? -1 : fill_job(o, args, argc, job, e);
}

static int fill_pod(
    const struct opts *o, const char *const *args, size_t argc, json *pod, struct err *e)
{
	static const char *const of_jobs[] = {
	    "completions", "parallelism", "indexed", "backoff-limit", "ttl", "reuse-sandbox"};
	json *spec = json_obj(pod, "spec");

	for (size_t i = 0; i < ARRAY_LEN(of_jobs); i++)
		if (opts_given(o, of_jobs[i]))
			return err_set(e, ERR_BAD_REQUEST,
			    "--%s is for Jobs; --restart=Always runs a bare Pod", of_jobs[i]);
	if (add_timeout(o, spec, e) < 0)
		return -1;
	return fill_pod_spec(o, args, argc, spec, e);
}

static json *merge_overrides(const struct opts *o, json *object, struct err *e)
{
	const char *text = opts_str(o, "overrides");
	auto_json *patch = NULL;

	if (!*text)
		return object;
	patch = json_parse(text, strlen(text), JSON_PARSE_STRICT, e);
	if (!patch || !json_is_object(patch)) {
		if (!patch)
			err_wrap(e, "--overrides");
		else
			err_set(e, ERR_BAD_REQUEST, "--overrides must be a JSON object");
		json_free(object);
		return NULL;
	}
	return json_merge_patch(object, patch);
}

/* What a run can be. */
static const struct shape {
	const char *api_version, *kind;
	int (*fill)(const struct opts *o, const char *const *args, size_t argc, json *object,
	    struct err *e);
} job_shape = {"batch/v1", "Job", fill_job}, pod_shape = {"v1", "Pod", fill_pod},
  cronjob_shape = {"batch/v1", "CronJob", fill_cronjob};

static const struct shape *shape_of(const struct opts *o)
{
	if (opts_given(o, "schedule"))
		return &cronjob_shape;
	return str_eq(opts_str(o, "restart"), "Always") ? &pod_shape : &job_shape;
}

json *run_object(
    const struct opts *o, const char *ns, const char *const *args, size_t argc, struct err *e)
{
	const struct shape *shape = shape_of(o);
	json *object = object_new(shape->api_version, shape->kind, args[0]);

	json_set_path(object, "metadata.namespace", json_new_string(ns));
	if (add_metadata(o, args[0], object, e) < 0 || shape->fill(o, args, argc, object, e) < 0) {
		json_free(object);
		return NULL;
	}
	return merge_overrides(o, object, e);
}

json *run_service(const struct opts *o, const json *object)
{
	json *service = object_new("v1", "Service", json_str_or(object, "metadata.name", ""));
	json *ports = json_new_array(), *port = json_new_object();

	json_set_path(service, "metadata.namespace",
	    json_new_string(json_str_or(object, "metadata.namespace", "")));
	json_set_int(port, "port", opts_int(o, "port"));
	json_set_str(port, "protocol", "TCP");
	json_set_int(port, "targetPort", opts_int(o, "port"));
	json_add(ports, port);
	json_set_path(service, "spec.ports", ports);
	json_set_path(service, "spec.selector", json_dup(json_path(object, "metadata.labels")));
	return service;
}
