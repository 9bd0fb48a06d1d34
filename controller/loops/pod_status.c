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

/* An end that is decided but still to be carried out, by stopping sidecars say, does not show. */
enum pod_phase pod_phase_of(const struct pod *p)
{
	enum pod_phase stored = pod_phase_parse(json_str(p->obj, "status.phase")), now;
	struct pod_obs o;

	if (pod_phase_terminal(stored))
		return stored;
	o = pod_observe(p);
	now = pod_phase_now(&o);
	return pod_phase_terminal(now) ? stored : now;
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

static void set_waiting(const struct container *c, json *state)
{
	json *inner = json_obj(state, "waiting");
	bool creating = str_eq(c->waiting_reason, "ContainerCreating");

	json_set_str(inner, "message", c->waiting_message);
	json_set_str(inner, "reason",
	    creating && c->pod->init_count > 0 ? "PodInitializing" : c->waiting_reason);
}

static json *current_state(const struct container *c)
{
	json *state = json_new_object();

	switch (c->stage) {
	case STAGE_WAITING:
	case STAGE_CREATED:
	case STAGE_ATTACHED:
		set_waiting(c, state);
		break;
	case STAGE_RUNNING:
		if (c->post_start != HOOK_NONE && c->post_start != HOOK_DONE) {
			set_waiting(c, state);
			break;
		}
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
	json_set_bool(s, "ready", container_ready(c));
	json_set_int(s, "restartCount", c->restarts);
	json_set_bool(s, "started", container_started(c));
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

/* "TEXT: [a b]" of the containers that `lacks` says; NULL: of none. */
static char *lacking_text(const struct pod *p, const char *text,
    bool (*lacks)(const struct pod *p, const struct pod_obs *o, size_t i))
{
	struct pod_obs o = pod_observe(p);
	auto_strlist names = {0};
	auto_free char *joined = NULL;

	for (size_t i = 0; i < p->container_count; i++)
		if (lacks(p, &o, i))
			strlist_add(&names, p->containers[i].name);
	if (names.len == 0)
		return NULL;
	joined = strlist_join(&names, " ");
	return xasprintf("%s: [%s]", text, joined);
}

static bool lacks_init(const struct pod *p, const struct pod_obs *o, size_t i)
{
	return i < p->init_count && !pod_init_passed(o, i);
}

static bool lacks_readiness(const struct pod *p, const struct pod_obs *o, size_t i)
{
	return o->containers[i].role != ROLE_INIT && !container_ready(&p->containers[i]);
}

static bool has_sandbox(const struct pod *p)
{
	if (p->sandbox)
		return p->sandbox->stage > STAGE_WAITING && p->sandbox->stage < STAGE_EXITED;
	for (size_t i = 0; i < p->container_count; i++)
		if (p->containers[i].id)
			return true;
	return false;
}

/* What the conditions lack that others set: "" where the pod may be ready. Owned. */
static char *closed_gates(const struct pod *p)
{
	auto_buf text = {.max = 64 * KIB};

	json_for (gate, json_path(p->obj, "spec.readinessGates")) {
		const char *type = json_str_or(gate, "conditionType", "");
		const char *status = json_str(meta_condition(p->obj, type), "status");

		if (str_eq(status, "True"))
			continue;
		buf_adds(&text, text.len > 0 ? ", " : "");
		if (status)
			buf_addf(&text,
			    "the status of pod readiness gate \"%s\" is not \"True\", but %s", type,
			    status);
		else
			buf_addf(&text,
			    "corresponding condition of pod readiness gate \"%s\" does not exist.",
			    type);
	}
	return buf_take(&text);
}

static json *conditions(const struct pod *p, enum pod_phase phase, int64_t now_sec)
{
	auto_free char *uninitialized =
	    lacking_text(p, "containers with incomplete status", lacks_init);
	auto_free char *unready =
	    lacking_text(p, "containers with unready status", lacks_readiness);
	const char *reason = unready ? "ContainersNotReady" : NULL;
	const char *init_reason = uninitialized ? "ContainersNotInitialized" : NULL;
	auto_free char *gates = closed_gates(p);
	bool done = pod_phase_terminal(phase), ready = !unready && !done;
	json *list = json_new_array();

	if (done) {
		reason = phase == POD_SUCCEEDED ? "PodCompleted" : "PodFailed";
		free(TAKE(unready));
	}
	if (phase == POD_SUCCEEDED) { /* sidecars do not count any more */
		init_reason = "PodCompleted";
		free(TAKE(uninitialized));
	}
	add_condition(
	    list, p, "PodReadyToStartContainers", has_sandbox(p) && !done, NULL, NULL, now_sec);
	add_condition(list, p, "Initialized", !uninitialized, init_reason, uninitialized, now_sec);
	if (ready && *gates)
		add_condition(list, p, "Ready", false, "ReadinessGatesNotReady", gates, now_sec);
	else
		add_condition(list, p, "Ready", ready, reason, unready, now_sec);
	add_condition(list, p, "ContainersReady", ready, reason, unready, now_sec);
	add_condition(list, p, "PodScheduled", true, NULL, NULL, now_sec);
	keep_conditions(list, p->obj);
	return list;
}

/* The one condition of a pod that waits for room. */
static json *unscheduled(const struct pod *p, int64_t now_sec)
{
	bool gated = json_first(json_path(p->obj, "spec.schedulingGates")) != NULL;
	json *list = json_new_array();

	add_condition(list, p, "PodScheduled", false, gated ? POD_GATED_REASON : "Unschedulable",
	    p->unfit, now_sec);
	keep_conditions(list, p->obj);
	return list;
}

const char *pod_address(const struct pod *p)
{
	const char *ip = p->sandbox ? p->sandbox->ip : NULL;

	for (size_t i = 0; !p->sandbox && i < p->container_count; i++)
		if (p->containers[i].ip && p->containers[i].stage >= STAGE_RUNNING)
			ip = p->containers[i].ip; /* the newest has it now */
	return ip ? ip : json_str(p->obj, "status.podIP");
}

static void add_addresses(json *status, const struct pod *p)
{
	const char *ip = pod_address(p);
	json *ips;

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

/* Those of init containers in the order of the spec, the others by name. */
static json *container_statuses(const struct pod *p, size_t from, size_t to, bool sort)
{
	auto_free const struct container **order = xcalloc(to - from + 1, sizeof(*order));
	json *list = json_new_array();

	for (size_t i = from; i < to; i++)
		order[i - from] = &p->containers[i];
	if (sort)
		qsort(order, to - from, sizeof(*order), by_name);
	for (size_t i = from; i < to; i++)
		json_add(list, container_status(order[i - from]));
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
	if (p->unfit)
		json_set(status, "conditions", unscheduled(p, now_sec));
	if (!json_has(p->obj, "spec.nodeName"))
		return status;
	json_set(status, "conditions", conditions(p, phase, now_sec));
	json_set_str(status, "hostIP", NODE_ADDRESS);
	add_addresses(status, p);
	if (p->started_at)
		json_set_str(status, "startTime", time_format(text, p->started_at));
	json_set(status, "containerStatuses",
	    container_statuses(p, p->init_count, p->container_count, true));
	if (p->init_count > 0)
		json_set(status, "initContainerStatuses",
		    container_statuses(p, 0, p->init_count, false));
	return status;
}
