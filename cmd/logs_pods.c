#include "logs_pods.h"

#include "../runtime/base/clock.h"

#define DEFAULT_CONTAINER "kubectl.kubernetes.io/default-container"

/* ---- ranking ---- */

static int phase_rank(const json *pod)
{
	const char *phase = json_str_or(pod, "status.phase", "");

	if (str_eq(phase, "Pending") || !*phase)
		return 2;
	return str_eq(phase, "Unknown") ? 1 : 0;
}

static const json *ready_condition(const json *pod)
{
	json_for (c, json_path(pod, "status.conditions"))
		if (str_eq(json_str(c, "type"), "Ready") && str_eq(json_str(c, "status"), "True"))
			return c;
	return NULL;
}

static int64_t restarts_of(const json *pod)
{
	int64_t most = 0;

	json_for (s, json_path(pod, "status.containerStatuses")) {
		int64_t n = json_int(s, "restartCount", 0);

		most = n > most ? n : most;
	}
	return most;
}

static int64_t time_of(const json *j, const char *path)
{
	int64_t ns = 0;

	return time_parse(json_str_or(j, path, ""), &ns) == 0 ? ns : INT64_MAX;
}

static int order(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* Less than 0: a comes first. */
static int compare(const json *a, const json *b)
{
	const json *ready_a = ready_condition(a), *ready_b = ready_condition(b);
	int c = order(!*json_str_or(a, "spec.nodeName", ""), !*json_str_or(b, "spec.nodeName", ""));

	if (!c)
		c = order(phase_rank(a), phase_rank(b));
	if (!c)
		c = order(!ready_a, !ready_b);
	if (!c && ready_a)
		c = order(
		    time_of(ready_a, "lastTransitionTime"), time_of(ready_b, "lastTransitionTime"));
	if (!c)
		c = order(restarts_of(b), restarts_of(a));
	if (!c)
		c = order(time_of(a, "metadata.creationTimestamp"),
		    time_of(b, "metadata.creationTimestamp"));
	return c;
}

const json *logs_best_pod(const json *items)
{
	const json *best = NULL;

	json_for (pod, items)
		if (!best || compare(pod, best) < 0)
			best = pod;
	return best;
}

/* ---- containers ---- */

static const struct {
	const char *path, *mark;
} container_lists[] = {
    {"spec.containers", ""},
    {"spec.initContainers", " (init)"},
    {"spec.ephemeralContainers", " (ephem)"},
};

static bool has_container(const json *pod, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(container_lists); i++)
		json_for (c, json_path(pod, container_lists[i].path))
			if (str_eq(json_str(c, "name"), name))
				return true;
	return false;
}

/* "a, b, c (init)" */
static char *container_names(const json *pod)
{
	auto_strlist names = {0};

	for (size_t i = 0; i < ARRAY_LEN(container_lists); i++)
		json_for (c, json_path(pod, container_lists[i].path))
			strlist_addf(
			    &names, "%s%s", json_str_or(c, "name", ""), container_lists[i].mark);
	return strlist_join(&names, ", ");
}

static void add_all(const json *pod, struct strlist *ret)
{
	static const char *const lists[] = {
	    "spec.initContainers", "spec.containers", "spec.ephemeralContainers"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (c, json_path(pod, lists[i]))
			strlist_add(ret, json_str_or(c, "name", ""));
}

int logs_containers(const json *pod, const struct logs_choice *c, struct strlist *ret,
    char **ret_note, struct err *e)
{
	const json *annotations = json_path(pod, "metadata.annotations");
	const char *name = json_string_value(json_get(annotations, DEFAULT_CONTAINER));
	auto_free char *names = container_names(pod);

	if (c->all_containers) {
		add_all(pod, ret);
		return 0;
	}
	if (*c->container && !has_container(pod, c->container))
		return err_set(e, ERR_BAD_REQUEST,
		    "container %s is not valid for pod %s out of: %s", c->container,
		    json_str_or(pod, "metadata.name", ""), names);
	if (*c->container) {
		strlist_add(ret, c->container);
		return 0;
	}
	if (name && has_container(pod, name)) {
		strlist_add(ret, name);
		return 0;
	}
	name = json_str_or(json_first(json_path(pod, "spec.containers")), "name", "");
	strlist_add(ret, name);
	if (strchr(names, ','))
		*ret_note = xasprintf("Defaulted container \"%s\" out of: %s", name, names);
	return 0;
}
