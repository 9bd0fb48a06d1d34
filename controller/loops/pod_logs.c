#include <unistd.h>

#include "../api/names.h"
#include "pods_internal.h"

/* Followers of one log file. */
struct log_follow {
	struct pods *set;
	char *path;
	bool live;
	void (*fn)(void *ctx);
	void *ctx;
	struct log_follow *next;
};

struct log_follow *pods_follow_log(
    struct pods *set, const char *path, void (*fn)(void *ctx), void *ctx)
{
	struct log_follow *f = xcalloc(1, sizeof(*f));

	*f = (struct log_follow){
	    .set = set, .path = xstrdup(path), .live = true, .fn = fn, .ctx = ctx};
	f->next = map_get(&set->follows, path);
	map_set(&set->follows, path, f);
	return f;
}

bool log_follow_live(const struct log_follow *f)
{
	return f->live;
}

void log_follow_stop(struct log_follow *f)
{
	struct log_follow *first, **at = &first;

	if (!f)
		return;
	if (f->set) {
		first = map_get(&f->set->follows, f->path);
		while (*at && *at != f)
			at = &(*at)->next;
		if (*at)
			*at = f->next;
		if (first)
			map_set(&f->set->follows, f->path, first);
		else
			map_del(&f->set->follows, f->path);
	}
	free(f->path);
	free(f);
}

void follow_notify(struct pods *set, const char *path, bool live)
{
	struct log_follow *next;

	for (struct log_follow *f = map_get(&set->follows, path); f; f = next) {
		next = f->next;
		f->live = live;
		f->fn(f->ctx);
	}
}

void follow_release_all(struct pods *set)
{
	struct map_iter it = {0};
	const char *path;
	void *value;

	/* the tickets belong to their holders: they only lose the way back */
	while (map_next(&set->follows, &it, &path, &value)) {
		for (struct log_follow *f = value; f; f = f->next) {
			f->set = NULL;
			f->live = false;
		}
	}
	map_release(&set->follows, NULL);
}

/* ---- finding a log ---- */

static int choose_container(const json *pod, const char *wanted, const char **ret, struct err *e)
{
	const json *list = json_path(pod, "spec.containers"),
		   *init = json_path(pod, "spec.initContainers");
	auto_strlist names = {0}, init_names = {0};
	auto_free char *joined = NULL, *init_joined = NULL;

	json_for (c, init)
		if (wanted && str_eq(json_str(c, "name"), wanted)) {
			*ret = json_str(c, "name");
			return 0;
		}
	json_for (c, list) {
		const char *name = json_str_or(c, "name", "");

		if (wanted && str_eq(wanted, name)) {
			*ret = name;
			return 0;
		}
		strlist_add(&names, name);
	}
	if (wanted)
		return err_set(e, ERR_BAD_REQUEST, "container %s is not valid for pod %s", wanted,
		    meta_name(pod));
	if (names.len == 1) {
		*ret = json_str(json_at(list, 0), "name");
		return 0;
	}
	joined = strlist_join(&names, " ");
	json_for (c, init)
		strlist_add(&init_names, json_str_or(c, "name", ""));
	init_joined = strlist_join(&init_names, " ");
	return err_set(e, ERR_BAD_REQUEST,
	    "a container name must be specified for pod %s, choose one of: [%s]%s%s%s",
	    meta_name(pod), joined, *init_joined ? " or one of the init containers: [" : "",
	    init_joined, *init_joined ? "]" : "");
}

static int err_waiting(const json *pod, const char *container, const json *status, struct err *e)
{
	const char *reason = json_str_or(status, "state.waiting.reason", "ContainerCreating");

	if (str_eq(reason, "ErrImagePull") || str_eq(reason, "ErrImageNeverPull"))
		reason = "image can't be pulled";
	else if (str_eq(reason, "ImagePullBackOff"))
		reason = "trying and failing to pull image";
	return err_set(e, ERR_BAD_REQUEST, "container \"%s\" in pod \"%s\" is waiting to start: %s",
	    container, meta_name(pod), reason);
}

static const json *status_of(const json *pod, const char *container)
{
	static const char *const lists[] = {
	    "status.containerStatuses", "status.initContainerStatuses"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (s, json_path(pod, lists[i]))
			if (str_eq(json_str(s, "name"), container))
				return s;
	return NULL;
}

int pods_find_log(struct pods *set, const struct cJSON *pod, const char *container, bool previous,
    char **ret_path, bool *ret_live, struct err *e)
{
	struct pod *p = map_get(&set->by_uid, meta_uid(pod));
	struct container *c;
	const json *status;
	int64_t attempt;

	if (choose_container(pod, container, &container, e) < 0)
		return -1;
	status = status_of(pod, container);
	c = p ? pod_find_container(p, container) : NULL;
	attempt = json_int(status, "restartCount", 0);
	/* after a restart it runs, and its output is not taken up yet */
	*ret_live =
	    c && (c->log || (json_has(status, "state.running") && c->stage != STAGE_EXITED));
	if (c && c->stage < STAGE_RUNNING && c->attempt > 0 && attempt == c->attempt)
		attempt = c->attempt; /* created, not started: its file may be there already */
	if (previous) {
		if (attempt == 0 || !json_has(status, "lastState.terminated"))
			return err_set(e, ERR_BAD_REQUEST,
			    "previous terminated container \"%s\" in pod \"%s\" not found",
			    container, meta_name(pod));
		/* waiting in back-off: the newest instance has ended and is itself the previous
		 * one's successor */
		attempt -= json_has(status, "state.waiting") ? 0 : 1;
		*ret_live = false;
	} else if (!json_has(status, "state.running") && !json_has(status, "state.terminated") &&
		   !json_has(status, "lastState.terminated")) {
		return err_waiting(pod, container, status, e);
	}
	*ret_path = logfile_path(set->env->logs_dir, meta_namespace(pod), meta_name(pod),
	    meta_uid(pod), container, (int)attempt);
	return 0;
}

int pods_find_attempt_log(struct pods *set, const char *ns, const char *pod, const char *uid,
    const char *container, int attempt, char **ret_path, struct err *e)
{
	auto_strlist problems = {0};
	auto_free char *path = NULL;

	name_check_dns_label(ns, &problems);
	name_check_dns_subdomain(pod, &problems);
	name_check_dns_label(uid, &problems);
	name_check_dns_label(container, &problems);
	if (problems.len == 0)
		path = logfile_path(set->env->logs_dir, ns, pod, uid, container, attempt);
	if (!path || access(path, F_OK) < 0)
		return err_not_found(e, pod_kind(), pod);
	*ret_path = TAKE(path);
	return 0;
}
