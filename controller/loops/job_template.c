#include "job_template.h"

#include "env.h"

/* The longest base of a generated name: five random characters follow. */
#define NAME_BASE_MAX 58
#define INDEX_ENV "JOB_COMPLETION_INDEX"
#define INDEX_FIELD "metadata.labels['" JOB_INDEX_KEY "']"

/* ---- metadata ---- */

/* "JOB-" or "JOB-INDEX-"; the part that is the job's name gives way to that of the index. */
static char *name_base(const char *job, int64_t index)
{
	auto_free char *tail = NULL;
	int room;

	if (index < 0)
		return xasprintf("%s-", job);
	tail = xasprintf("-%lld-", (long long)index);
	room = NAME_BASE_MAX - (int)strlen(tail);
	return xasprintf("%.*s%s", room, job, tail);
}

static void set_count(json *map, const char *key, int64_t n)
{
	auto_free char *text = xasprintf("%lld", (long long)n);

	json_set_str(map, key, text);
}

static json *pod_metadata(const json *job, const json *template, const struct job_new_pod *n)
{
	static const char *const taken[] = {"labels", "annotations", "finalizers"};
	auto_free char *base = name_base(meta_name(job), n->index);
	json *meta = json_new_object();

	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		const json *value = json_get(template, taken[i]);

		if (value)
			json_set(meta, taken[i], json_dup(value));
	}
	json_set_str(meta, "generateName", base);
	return meta;
}

/* ---- the index ---- */

static bool defines_index(const json *env)
{
	json_for (var, env)
		if (str_eq(json_str(var, "name"), INDEX_ENV))
			return true;
	return false;
}

static void add_index_env(json *containers)
{
	json_for (c, containers) {
		json *env = json_get(c, "env"), *var;

		if (defines_index(env))
			continue;
		if (!json_is_array(env))
			json_set(c, "env", env = json_new_array());
		var = json_new_object();
		json_set_str(var, "name", INDEX_ENV);
		json_set_str(json_obj(var, "valueFrom.fieldRef"), "fieldPath", INDEX_FIELD);
		json_add(env, var);
	}
}

static void mark_index(json *pod, const json *job, const struct job_new_pod *n)
{
	json *annotations = json_obj(pod, "metadata.annotations"), *spec = json_obj(pod, "spec");
	auto_free char *hostname = xasprintf("%s-%lld", meta_name(job), (long long)n->index);

	set_count(json_obj(pod, "metadata.labels"), JOB_INDEX_KEY, n->index);
	set_count(annotations, JOB_INDEX_KEY, n->index);
	if (json_has(job, "spec.backoffLimitPerIndex")) {
		set_count(annotations, JOB_INDEX_FAILURES_KEY, n->failures);
		if (n->ignored > 0)
			set_count(annotations, JOB_INDEX_IGNORED_KEY, n->ignored);
	}
	json_set_str(spec, "hostname", hostname);
	add_index_env(json_get(spec, "initContainers"));
	add_index_env(json_get(spec, "containers"));
}

json *job_template_pod(const json *job, const struct job_new_pod *n)
{
	const json *template = json_path(job, "spec.template");
	json *pod = meta_new_object(pod_kind(), NULL);

	json_set(pod, "metadata", pod_metadata(job, json_get(template, "metadata"), n));
	meta_add_controller(pod, job_kind(), job);
	meta_add_finalizer(pod, JOB_TRACKING_FINALIZER);
	json_set(pod, "spec", json_dup(json_get(template, "spec")));
	if (n->index >= 0)
		mark_index(pod, job, n);
	return pod;
}
