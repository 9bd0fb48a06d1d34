#include "pods_internal.h"

static const char *const phase_names[] = {"Pending", "Running", "Succeeded", "Failed", "Unknown"};

enum pod_phase pod_phase_parse(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(phase_names); i++)
		if (str_eq(phase_names[i], text))
			return (enum pod_phase)i;
	return POD_PENDING;
}

const char *pod_phase_name(enum pod_phase p)
{
	return phase_names[p];
}

/* A container that ended and will be started again, or is being: it has a past. */
static bool is_between_attempts(const struct container *c)
{
	return c->stage < STAGE_RUNNING && c->attempt > 0;
}

enum pod_phase pod_phase_of(const struct pod *p)
{
	enum pod_phase stored = pod_phase_parse(json_str(p->obj, "status.phase"));
	bool running = false;

	if (pod_phase_terminal(stored))
		return stored;
	for (size_t i = 0; i < p->container_count; i++) {
		const struct container *c = &p->containers[i];

		if (c->stage < STAGE_RUNNING && !is_between_attempts(c))
			return POD_PENDING;
		running = true;
	}
	return running ? POD_RUNNING : POD_PENDING;
}

static void set_time_ns(json *obj, const char *key, int64_t ns)
{
	char text[TIME_TEXT_MAX];

	json_set_str(obj, key, time_format(text, ns / NSEC_PER_SEC));
}

static char *container_uri(const struct container *c, const char *id)
{
	const char *scheme =
	    engine_kind(c->pod->set->env->engine) == ENGINE_PODMAN ? "podman" : "docker";

	return id ? xasprintf("%s://%s", scheme, id) : NULL;
}

json *container_terminated(const struct container *c)
{
	auto_free char *uri = container_uri(c, c->id);
	json *t = json_new_object();
	const char *reason = c->exit_code == 0 ? "Completed" : c->oom ? "OOMKilled" : "Error";

	json_set_str(t, "containerID", uri);
	json_set_int(t, "exitCode", c->exit_code);
	set_time_ns(t, "finishedAt", c->finished_ns);
	json_set_str(t, "message", c->end_message);
	json_set_str(t, "reason", c->end_reason ? c->end_reason : reason);
	set_time_ns(t, "startedAt", c->started_ns);
	return t;
}

static json *current_state(const struct container *c)
{
	json *state = json_new_object(), *inner;

	switch (c->stage) {
	case STAGE_WAITING:
	case STAGE_CREATED:
	case STAGE_ATTACHED:
		inner = json_obj(state, "waiting");
		json_set_str(inner, "message", c->waiting_message);
		json_set_str(inner, "reason", c->waiting_reason);
		break;
	case STAGE_RUNNING:
		set_time_ns(json_obj(state, "running"), "startedAt", c->started_ns);
		break;
	case STAGE_EXITED:
		json_set(state, "terminated", container_terminated(c));
		break;
	}
	return state;
}

static json *container_status(const struct container *c)
{
	const json *last = c->last_state;
	auto_free char *uri = container_uri(c, c->id ? c->id : c->prev_id);
	json *s = json_new_object();

	json_set_str(s, "containerID", uri ? uri : "");
	json_set_str(s, "image", json_str_or(container_json(c), "image", ""));
	json_set_str(s, "imageID", c->image_id ? c->image_id : "");
	json_set(s, "lastState", json_new_object());
	if (last)
		json_set(json_get(s, "lastState"), "terminated", json_dup(last));
	json_set_str(s, "name", c->name);
	json_set_bool(s, "ready", c->stage == STAGE_RUNNING);
	json_set_int(s, "restartCount", c->restarts);
	json_set_bool(s, "started", c->stage == STAGE_RUNNING);
	json_set(s, "state", current_state(c));
	return s;
}

/* ---- conditions ---- */

/* Adds a condition; the transition time of an unchanged one is kept. */
static void add_condition(json *list, const struct pod *p, const char *type, bool on,
    const char *reason, const char *message, int64_t now_sec)
{
	const json *old = meta_condition(p->obj, type);
	const char *status = on ? "True" : "False";
	bool same = str_eq(json_str(old, "status"), status);
	char text[TIME_TEXT_MAX];
	json *c = json_new_object();

	json_set_str(c, "type", type);
	json_set_str(c, "status", status);
	json_set(c, "lastProbeTime", json_new_null());
	json_set_str(c, "lastTransitionTime",
	    same ? json_str(old, "lastTransitionTime") : time_format(text, now_sec));
	json_set_str(c, "reason", reason);
	json_set_str(c, "message", message);
	json_add(list, c);
}

/* Conditions that others have set, such as DisruptionTarget, stay as they are. */
static void keep_conditions(json *list, const json *pod)
{
	json_for (old, json_path(pod, "status.conditions")) {
		bool known = false;

		json_for (c, list)
			known |= str_eq(json_str(c, "type"), json_str(old, "type"));
		if (!known)
			json_add(list, json_dup(old));
	}
}

static char *unready_text(const struct pod *p)
{
	auto_strlist names = {0};
	auto_free char *joined = NULL;

	for (size_t i = 0; i < p->container_count; i++)
		if (p->containers[i].stage != STAGE_RUNNING)
			strlist_add(&names, p->containers[i].name);
	if (names.len == 0)
		return NULL;
	joined = strlist_join(&names, " ");
	return xasprintf("containers with unready status: [%s]", joined);
}

static json *conditions(const struct pod *p, enum pod_phase phase, int64_t now_sec)
{
	auto_free char *unready = unready_text(p);
	const char *reason = unready ? "ContainersNotReady" : NULL;
	bool ready = !unready, sandbox = false, done = pod_phase_terminal(phase);
	json *list = json_new_array();

	for (size_t i = 0; i < p->container_count; i++)
		sandbox = sandbox || p->containers[i].id;
	if (done) {
		reason = phase == POD_SUCCEEDED ? "PodCompleted" : "PodFailed";
		free(TAKE(unready));
		ready = false;
	}
	add_condition(list, p, "PodReadyToStartContainers", sandbox && !done, NULL, NULL, now_sec);
	add_condition(list, p, "Initialized", true, phase == POD_SUCCEEDED ? "PodCompleted" : NULL,
	    NULL, now_sec);
	add_condition(list, p, "Ready", ready, reason, unready, now_sec);
	add_condition(list, p, "ContainersReady", ready, reason, unready, now_sec);
	add_condition(list, p, "PodScheduled", true, NULL, NULL, now_sec);
	keep_conditions(list, p->obj);
	return list;
}

static void add_addresses(json *status, const struct pod *p)
{
	const char *ip = p->container_count > 0 ? p->containers[0].ip : NULL;
	const char *known = json_str(p->obj, "status.podIP");
	json *ips;

	if (!ip)
		ip = known;
	if (!ip)
		return;
	json_set_str(status, "podIP", ip);
	ips = json_new_array();
	json_add(ips, json_new_object());
	json_set_str(json_at(ips, 0), "ip", ip);
	json_set(status, "podIPs", ips);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct container *const *)a)->name, (*(struct container *const *)b)->name);
}

static json *container_statuses(const struct pod *p)
{
	auto_free const struct container **sorted =
	    xcalloc(p->container_count + 1, sizeof(*sorted));
	json *list = json_new_array();

	for (size_t i = 0; i < p->container_count; i++)
		sorted[i] = &p->containers[i];
	qsort(sorted, p->container_count, sizeof(*sorted), by_name);
	for (size_t i = 0; i < p->container_count; i++)
		json_add(list, container_status(sorted[i]));
	return list;
}

json *pod_status_build(const struct pod *p, enum pod_phase phase, int64_t now_sec)
{
	json *status = json_new_object();
	char text[TIME_TEXT_MAX];

	json_set_str(status, "phase", pod_phase_name(phase));
	json_set_str(status, "qosClass", json_str_or(p->obj, "status.qosClass", "BestEffort"));
	json_set_str(status, "reason", json_str(p->obj, "status.reason"));
	json_set_str(status, "message", json_str(p->obj, "status.message"));
	if (!json_has(p->obj, "spec.nodeName"))
		return status;
	json_set(status, "conditions", conditions(p, phase, now_sec));
	json_set_str(status, "hostIP", "127.0.0.1");
	add_addresses(status, p);
	if (p->started_at)
		json_set_str(status, "startTime", time_format(text, p->started_at));
	json_set(status, "containerStatuses", container_statuses(p));
	return status;
}
