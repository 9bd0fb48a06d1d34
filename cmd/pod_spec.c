#include "pod_spec.h"

#include <fnmatch.h>

#include "../runtime/base/str.h"

/* Where kinds have it; any other kind: where most have it. */
static const struct {
	const char *kind, *path, *pointer;
} places[] = {
    {"Pod", "spec", "/spec"},
    {"CronJob", "spec.jobTemplate.spec.template.spec", "/spec/jobTemplate/spec/template/spec"},
    {NULL, "spec.template.spec", "/spec/template/spec"},
};

static size_t place_of(const json *obj)
{
	size_t i = 0;

	while (places[i].kind && !str_eq(places[i].kind, json_str(obj, "kind")))
		i++;
	return i;
}

json *pod_spec_of(json *obj)
{
	json *spec = json_path(obj, places[place_of(obj)].path);

	return json_is_object(spec) ? spec : NULL;
}

/* ---- the patch ---- */

/* value NULL: without one. */
static void add_step(
    json *steps, const char *op, const char *path, const char *key, const json *value)
{
	json *step = json_new_object();
	auto_free char *whole = xasprintf("%s/%s", path, key);

	json_set_str(step, "op", op);
	json_set_str(step, "path", whole);
	if (value)
		json_set(step, "value", json_dup(value));
	json_add(steps, step);
}

/* Keys here are names of fields: nothing in them is to be escaped. */
static void diff_members(json *steps, const char *path, const json *before, const json *after)
{
	json_for (m, after)
		if (!json_equal(m, json_get(before, json_key(m))))
			add_step(steps, "add", path, json_key(m), m);
	json_for (m, before)
		if (!json_get(after, json_key(m)))
			add_step(steps, "remove", path, json_key(m), NULL);
}

static void diff_containers(
    json *steps, const char *path, const char *key, const json *before, const json *after)
{
	const json *now = json_first(after);
	size_t i = 0;

	json_for (was, before) {
		auto_free char *own = xasprintf("%s/%s/%zu", path, key, i++);

		if (!json_equal(was, now)) {
			add_step(steps, "test", own, "name", json_get(was, "name"));
			diff_members(steps, own, was, now);
		}
		now = json_next(now);
	}
}

json *pod_spec_patch(json *before, json *after)
{
	static const char *const lists[] = {"containers", "initContainers"};
	const char *path = places[place_of(before)].pointer;
	auto_json *was = json_dup(pod_spec_of(before)), *now = json_dup(pod_spec_of(after));
	json *steps = json_new_array();

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		diff_containers(
		    steps, path, lists[i], json_get(was, lists[i]), json_get(now, lists[i]));
		json_del(was, lists[i]);
		json_del(now, lists[i]);
	}
	diff_members(steps, path, was, now);
	return steps;
}

/* ---- containers ---- */

int pod_spec_each(json *spec, const char *pattern, bool init_too, container_fn *fn, void *arg,
    size_t *ret_count, struct err *e)
{
	static const char *const lists[] = {"containers", "initContainers"};

	*ret_count = 0;
	for (size_t i = 0; i < (init_too ? 2 : 1); i++) {
		json_for (c, json_get(spec, lists[i])) {
			if (fnmatch(pattern, json_str_or(c, "name", ""), 0) != 0)
				continue;
			++*ret_count;
			if (fn(c, arg, e) < 0)
				return -1;
		}
	}
	return 0;
}
