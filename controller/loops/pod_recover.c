#include "pod_volumes.h"
#include "pods_internal.h"

#define RELIST_MS 10000
#define FIRST_LIST_MS 2000

/* ---- from the stored status, when a controller starts ---- */

static char *id_of_uri(const char *uri)
{
	const char *slashes = uri ? strstr(uri, "://") : NULL;

	return slashes && slashes[3] ? xstrdup(slashes + 3) : NULL;
}

static int64_t time_ns(const json *obj, const char *path)
{
	int64_t ns;
	const char *text = json_str(obj, path);

	return text && time_parse(text, &ns) == 0 ? ns : 0;
}

static void restore_ended(struct container *c, const json *terminated)
{
	c->stage = STAGE_EXITED;
	c->exit_code = (int)json_int(terminated, "exitCode", 0);
	c->started_ns = time_ns(terminated, "startedAt");
	c->finished_ns = time_ns(terminated, "finishedAt");
	set_text(&c->end_reason, json_str(terminated, "reason"));
	set_text(&c->end_message, json_str(terminated, "message"));
}

void recover_container(struct container *c)
{
	const json *status = NULL, *last;

	json_for (s, json_path(c->pod->obj, c->role == ROLE_APP ? "status.containerStatuses"
								: "status.initContainerStatuses"))
		if (str_eq(json_str(s, "name"), c->name))
			status = s;
	if (!status)
		return;
	c->attempt = c->restarts = (int)json_int(status, "restartCount", 0);
	if (*json_str_or(status, "containerID", "")) /* the list may tell of a later round */
		c->round = 0;
	c->id = id_of_uri(json_str(status, "containerID"));
	set_text(&c->image_id, json_str(status, "imageID"));
	last = json_path(status, "lastState.terminated");
	if (json_has(status, "state.running")) {
		c->stage = STAGE_RUNNING;
		c->log_gap = true;
		c->started_ns = time_ns(status, "state.running.startedAt");
		c->startup_failing = c->startup_failing && !json_bool(status, "started", false);
		c->unready = c->unready && !json_bool(status, "ready", false);
		if (c->post_start == HOOK_DUE)
			c->post_start = HOOK_DONE;
	} else if (json_has(status, "state.terminated")) {
		restore_ended(c, json_path(status, "state.terminated"));
	} else if (last) {
		/* between two attempts: the last one's end decides anew */
		restore_ended(c, last);
		return;
	} else {
		free(TAKE(c->id));
	}
	if (last) {
		c->last_state = json_dup(last);
		c->prev_id = id_of_uri(json_str(last, "containerID"));
	}
}

/* ---- from the engine's list ---- */

static const char *label(const struct container_info *info, const char *name)
{
	return json_string_value(json_get(info->labels, name));
}

static bool is_sandbox(const struct container_info *info)
{
	return str_eq(label(info, LABEL_CONTAINER), SANDBOX_CONTAINER);
}

static bool is_shared(const struct container_info *info)
{
	return is_sandbox(info) && label(info, LABEL_SANDBOX);
}

static struct container *find_by_id(struct pods *set, const char *id)
{
	for (size_t i = 0; i < set->slot_count; i++) {
		struct pod *p = set->slots[i];

		for (size_t n = 0; p && n < p->container_count; n++)
			if (str_eq(p->containers[n].id, id))
				return &p->containers[n];
		if (p && p->sandbox && str_eq(p->sandbox->id, id))
			return p->sandbox;
	}
	return NULL;
}

/* The newest round that any container was made in is the pod's. */
static void take_round(struct container *c, const struct container_info *info)
{
	const char *text = label(info, LABEL_ROUND);
	int64_t round = 0;

	if (text && str_to_int(text, 0, INT32_MAX, &round) < 0)
		return;
	c->round = (int)round;
	if (c->round > c->pod->round)
		c->pod->round = c->round;
}

/* A container of ours that the record does not know: a create whose answer never came. */
static void adopt(struct container *c, const struct container_info *info, int attempt)
{
	if (c->stage == STAGE_EXITED && attempt > c->attempt) {
		json_free(c->last_state);
		c->last_state = container_terminated(c);
	}
	if (c->id && !c->prev_id)
		c->prev_id = TAKE(c->id);
	else if (c->id)
		removal_add(c->pod->set, pod_group(c->pod), c->id, c->role == ROLE_SANDBOX);
	set_text(&c->id, info->id);
	set_text(&c->end_reason, NULL);
	set_text(&c->end_message, NULL);
	c->attempt = c->restarts = attempt;
	c->stage = info->state == CONTAINER_CREATED ? STAGE_CREATED : STAGE_RUNNING;
	if (c->role == ROLE_SANDBOX && info->state != CONTAINER_EXITED)
		c->stage =
		    STAGE_CREATED; /* a second start does no harm, and its volumes are filled */
	c->log_gap = c->stage == STAGE_RUNNING && c->role != ROLE_SANDBOX;
	container_begin_attempt(c);
	c->unsure = c->stage == STAGE_CREATED;
	c->log_doubt = c->unsure && c->role != ROLE_SANDBOX;
	if (c->stage == STAGE_RUNNING && c->post_start == HOOK_DUE)
		c->post_start = HOOK_DONE;
	c->names = label(info, LABEL_NAMES) != NULL;
	set_text(&c->image, label(info, LABEL_IMAGE));
	take_round(c, info);
	if (c->stage == STAGE_RUNNING)
		exit_inspect_now(c);
}

static void match(struct container *c, const struct container_info *info)
{
	const char *text = label(info, LABEL_ATTEMPT);
	int64_t attempt;

	if (!text || str_to_int(text, 0, INT32_MAX, &attempt) < 0)
		return;
	if (str_eq(c->id, info->id)) {
		c->names = c->names || label(info, LABEL_NAMES);
		if (!c->image)
			set_text(&c->image, label(info, LABEL_IMAGE));
		if (!c->pod->set->recovered)
			take_round(c, info);
		if (c->stage == STAGE_RUNNING &&
		    (info->state == CONTAINER_EXITED || (!c->stream && c->role != ROLE_SANDBOX)))
			exit_inspect_now(c);
	} else if (attempt > c->attempt || (!c->id && attempt == c->attempt)) {
		adopt(c, info, (int)attempt);
	} else if (attempt == c->attempt - 1 && !c->prev_id) {
		c->prev_id = xstrdup(info->id);
	} else if (!str_eq(c->prev_id, info->id)) {
		removal_add(c->pod->set, pod_group(c->pod), info->id, c->role == ROLE_SANDBOX);
	}
}

/*
 * After the first list. What had ended for good before the sandbox was lost stays so; a sandbox
 * that is not there any more, though containers were joined to it, has died.
 */
static void settle_round(struct pod *p)
{
	struct pod_obs o = pod_observe(p);
	bool begun = false;

	for (size_t i = 0; i < p->container_count; i++) {
		const struct container_obs *c = &o.containers[i];

		begun = begun || p->containers[i].round >= 0;
		if (c->role == ROLE_APP && c->stage == STAGE_EXITED && c->after == EXIT_STAY)
			p->containers[i].round = p->round;
	}
	if (p->sandbox && p->sandbox->stage == STAGE_WAITING && begun)
		p->sandbox->stage = STAGE_EXITED;
}

/*
 * No pod in memory: either one that ended long ago, whose containers stay with it, or nobody's,
 * such as one whose create took longer than its pod was there.
 */
static void match_stray(struct pods *set, const struct container_info *info)
{
	const char *uid = label(info, LABEL_UID), *shared = label(info, LABEL_SANDBOX);
	const char *group = shared ? shared : uid ? uid : info->id;
	auto_json *obj = uid ? store_get_by_uid(set->env->store, pod_kind(), uid) : NULL;
	bool donor = is_sandbox(info);

	if (obj)
		removal_later(set, group, info->id, donor);
	else
		removal_add(set, group, info->id, donor);
}

/* A sandbox that goes from pod to pod may be another's than that of its labels. */
static void match_shared(struct pods *set, const struct container_info *info)
{
	const char *name = label(info, LABEL_SANDBOX);

	if (reuse_claimed(set, name))
		return;
	if (info->state == CONTAINER_EXITED || info->state == CONTAINER_CREATED)
		reuse_ended(set, info->id, name);
	else
		reuse_end_stray(set, info->id, name);
}

/*
 * Engines list the newest first. Shared sandboxes go behind what was joined to them. One that is
 * kept and runs all the same was being started by a controller that was killed.
 */
static void match_strays(struct pods *set, const struct container_info *infos, size_t len)
{
	for (size_t i = len; i-- > 0;) {
		const char *uid = label(&infos[i], LABEL_UID);

		if (!removal_knows(set, infos[i].id) && !is_shared(&infos[i]) &&
		    (!uid || !map_get(&set->by_uid, uid)))
			match_stray(set, &infos[i]);
	}
	for (size_t i = len; i-- > 0;)
		if (is_shared(&infos[i]) &&
		    (infos[i].state == CONTAINER_RUNNING || !removal_knows(set, infos[i].id)))
			match_shared(set, &infos[i]);
}

static bool in_list(const struct container_info *infos, size_t len, const char *id)
{
	for (size_t i = 0; i < len; i++)
		if (str_eq(infos[i].id, id))
			return true;
	return false;
}

static void check_listed(struct container *c, const struct container_info *infos, size_t len)
{
	if (c->id && !c->busy && c->stage != STAGE_EXITED && !in_list(infos, len, c->id))
		exit_inspect_now(c); /* answers "no such container" */
}

static void check_missing(struct pods *set, const struct container_info *infos, size_t len)
{
	for (size_t i = 0; i < set->slot_count; i++) {
		struct pod *p = set->slots[i];

		for (size_t n = 0; p && n < p->container_count; n++)
			check_listed(&p->containers[n], infos, len);
		if (p && p->sandbox)
			check_listed(p->sandbox, infos, len);
	}
}

static const struct container_info *find_shared(
    const struct container_info *infos, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++)
		if (is_sandbox(&infos[i]) && str_eq(label(&infos[i], LABEL_SANDBOX), name))
			return &infos[i];
	return NULL;
}

/* A pod that has not ended, and its container or sandbox that an earlier controller made. */
static void recover_shared(struct pod *p, const struct container_info *info,
    const struct container_info *infos, size_t len)
{
	const char *name = label(info, LABEL_SANDBOX);
	bool own = is_sandbox(info);

	if (!name || p->sandbox || (own && !p->network_due))
		return;
	p->network_due = false;
	if (!p->shared)
		p->shared = xstrdup(name);
	if (pod_phase_terminal(pod_phase_parse(json_str_or(p->obj, "status.phase", ""))))
		return;
	p->sandbox = sandbox_new(p);
	info = own ? info : find_shared(infos, len, name);
	if (own) /* it is matched as any other */
		return;
	p->sandbox->attempt = -1;
	p->sandbox->stage = STAGE_EXITED;
	if (!info)
		return;
	set_text(&p->sandbox->id, info->id);
	if (info->state != CONTAINER_EXITED)
		p->sandbox->stage = STAGE_CREATED; /* a second start does no harm */
}

static struct container *find_listed(
    struct pods *set, const struct container_info *infos, size_t len, size_t i)
{
	const char *uid = label(&infos[i], LABEL_UID), *name = label(&infos[i], LABEL_CONTAINER);
	struct pod *p = uid ? map_get(&set->by_uid, uid) : NULL;

	if (!p || !name)
		return NULL;
	recover_shared(p, &infos[i], infos, len);
	if (!is_sandbox(&infos[i]))
		return pod_find_container(p, name);
	return p->shared && !str_eq(p->shared, label(&infos[i], LABEL_SANDBOX)) ? NULL : p->sandbox;
}

static void on_list(
    struct engine_who who, const struct container_info *infos, size_t len, const struct err *err)
{
	struct pods *set = who.ctx;
	bool first = !set->engine_up || !set->recovered;

	set->listed_busy = set->by_uid.len > 0;
	timer_set(set->env->loop, &set->relist, err ? 500 : RELIST_MS);
	if (err) {
		log_warn("cannot list containers: %s", err_msg(err));
		return;
	}
	for (size_t i = 0; i < len; i++) {
		struct container *c = find_listed(set, infos, len, i);

		if (c && !c->busy)
			match(c, &infos[i]);
	}
	if (first)
		removal_forget_later(set);
	match_strays(set, infos, len);
	check_missing(set, infos, len);
	for (size_t i = 0; i < set->slot_count && !set->recovered; i++)
		if (set->slots[i])
			settle_round(set->slots[i]);
	set->engine_up = set->recovered = true;
	if (!first)
		return;
	volumes_sweep(set);
	pods_queue_all(set);
}

void recover_relist(struct pods *set)
{
	auto_free char *own = xasprintf("%s=%s", LABEL_INSTANCE, store_instance(set->env->store));
	const char *labels[] = {own, NULL};

	container_list(set->env->engine, labels, on_list, (struct engine_who){.ctx = set});
}

static void relist_due(void *arg)
{
	struct pods *set = arg;

	if (set->by_uid.len > 0 || set->listed_busy || now_ms() < set->strays_until_ms ||
	    !set->recovered || !set->engine_up)
		recover_relist(set);
	else
		timer_set(set->env->loop, &set->relist, RELIST_MS);
}

/* ---- the engine's events ---- */

static void on_event(struct engine_who who, const struct engine_event *event)
{
	struct container *c = find_by_id(who.ctx, event->container_id);
	bool over = event->type == EVENT_DIE || event->type == EVENT_DESTROY;

	if (!c && over)
		reuse_lost(who.ctx, event->container_id);
	if (!c)
		return;
	switch (event->type) {
	case EVENT_START:
		break;
	case EVENT_OOM:
		c->oom = true;
		break;
	case EVENT_DIE:
	case EVENT_DESTROY:
		exit_event(c, event);
		break;
	}
}

/*
 * Where nothing is to be recovered the first list only looks for strays: it keeps out of the way of
 * the pod that the controller was most likely started for.
 */
static void on_connected(struct engine_who who)
{
	struct pods *set = who.ctx;

	if (!set->recovered && !set->stored)
		timer_set(set->env->loop, &set->relist, FIRST_LIST_MS);
	else
		recover_relist(set);
}

static void on_lost(struct engine_who who, const struct err *err)
{
	struct pods *set = who.ctx;

	if (set->engine_up)
		log_warn("the engine does not answer: %s", err_msg(err));
	set->engine_up = false;
}

void recover_start(struct pods *set)
{
	static const struct events_callbacks callbacks = {
	    .on_event = on_event, .on_connected = on_connected, .on_lost = on_lost};
	auto_free char *own = xasprintf("%s=%s", LABEL_INSTANCE, store_instance(set->env->store));
	const char *labels[] = {own, NULL};

	set->relist = (struct timer){.name = "relist", .fn = relist_due, .arg = set};
	set->events =
	    events_watch(set->env->engine, labels, &callbacks, (struct engine_who){.ctx = set});
}

bool pods_engine_up(const struct pods *set)
{
	return set->engine_up;
}
