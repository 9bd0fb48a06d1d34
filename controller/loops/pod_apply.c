#include "pods_internal.h"

#define RETRY_UNAVAILABLE_MS 1000

/* Removals begin this long after they were asked for, so that they stay out of the way of starts.
 */
#define REMOVAL_DELAY_MS 300
#define REMOVAL_PARALLEL 2
#define REMOVAL_PARALLEL_MAX 8
/* With more than this waiting they do not wait for a pause of the starts, and more go at a time. */
#define REMOVALS_MAX 200

void container_event(
    struct container *c, const char *type, const char *reason, const char *fmt, ...)
{
	auto_free char *field = xasprintf("spec.containers{%s}", c->name);
	auto_free char *message = NULL;
	va_list ap;

	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	recorder_event(c->pod->set->env->recorder, kind_by_id(KIND_POD), c->pod->obj, field, type,
	    reason, "kubelet", "%s", message);
}

void container_retry(struct container *c, const char *reason, const char *message)
{
	c->not_before_ms = restart_backoff_next(&c->error_backoff, now_ms());
	if (c->not_before_ms <= now_ms())
		c->not_before_ms = restart_backoff_next(&c->error_backoff, now_ms());
	set_text(&c->waiting_reason, reason);
	set_text(&c->waiting_message, message);
	container_event(c, "Warning", "Failed", "Error: %s", message);
	pod_queue(c->pod);
}

static void wait_for_engine(struct container *c)
{
	c->not_before_ms = now_ms() + RETRY_UNAVAILABLE_MS;
	pod_queue(c->pod);
}

/* ---- scheduling, images ---- */

static bool apply_wait(struct pod *p, struct container *c, const struct pod_action *a)
{
	return false;
}

static bool apply_schedule(struct pod *p, struct container *c, const struct pod_action *a)
{
	struct loops_env *env = p->set->env;

	json_set_path(p->obj, "spec.nodeName", json_new_string(env->node_name));
	p->started_at = clock_wall_ns() / NSEC_PER_SEC;
	p->changed = true;
	recorder_event(env->recorder, kind_by_id(KIND_POD), p->obj, NULL, "Normal", "Scheduled",
	    "default-scheduler", "Successfully assigned %s/%s to %s", p->ns, p->name,
	    env->node_name);
	return true;
}

static bool apply_pull(struct pod *p, struct container *c, const struct pod_action *a)
{
	image_want(c);
	return true;
}

static bool apply_never_pull(struct pod *p, struct container *c, const struct pod_action *a)
{
	const char *image = json_str_or(container_json(c), "image", "");
	auto_free char *text =
	    xasprintf("Container image \"%s\" is not present with pull policy of Never", image);

	c->image_missing = false; /* the next try asks the engine again */
	c->not_before_ms = restart_backoff_next(&c->image_backoff, now_ms());
	if (c->not_before_ms <= now_ms())
		c->not_before_ms = restart_backoff_next(&c->image_backoff, now_ms());
	set_text(&c->waiting_reason, "ErrImageNeverPull");
	set_text(&c->waiting_message, text);
	container_event(c, "Warning", "ErrImageNeverPull", "%s", text);
	container_event(c, "Warning", "Failed", "Error: ErrImageNeverPull");
	return true;
}

/* ---- create ---- */

static void created(struct container *c, const char *id)
{
	const char *image = json_str_or(container_json(c), "image", "");

	set_text(&c->id, id);
	c->stage = STAGE_CREATED;
	c->restarts = c->attempt;
	set_text(&c->waiting_reason, "ContainerCreating");
	set_text(&c->waiting_message, NULL);
	if (!c->image_pulled)
		container_event(c, "Normal", "Pulled",
		    "Container image \"%s\" already present on machine and can be accessed by the "
		    "pod",
		    image);
	container_event(c, "Normal", "Created", "Container created");
}

/* The name was taken: by our own create whose answer was lost, or by somebody else. */
static void on_conflict_inspect(
    struct engine_who who, const struct container_info *info, const struct err *err)
{
	struct container *c = container_of(who);

	if (!c)
		return;
	c->busy = false;
	c->call = 0;
	pod_queue(c->pod);
	if (err) {
		wait_for_engine(c);
	} else if (str_eq(json_string_value(json_get(info->labels, LABEL_UID)), c->pod->uid)) {
		created(c, info->id);
		exit_take_info(c, info);
	} else {
		container_retry(
		    c, "CreateContainerError", "the container name is in use by another program");
	}
}

bool container_refuse_image(struct container *c, const struct err *err)
{
	const char *image = json_str_or(container_json(c), "image", "");
	auto_free char *text = NULL;

	if (!strstr(err_msg(err), "invalid reference format"))
		return false;
	text = xasprintf("Failed to apply default image tag \"%s\": couldn't parse image name "
			 "\"%s\": invalid reference "
			 "format",
	    image, image);
	container_retry(c, "InvalidImageName", text);
	return true;
}

static void create_failed(struct container *c, const struct err *err)
{
	if (err->reason == ERR_ALREADY_EXISTS) {
		auto_free char *name = container_engine_name(c);

		c->busy = true;
		c->call = container_inspect(
		    c->pod->set->env->engine, name, on_conflict_inspect, container_who(c));
	} else if (err->reason == ERR_NOT_FOUND && !c->image_pulled) {
		c->image_missing = true;
	} else if (err->reason == ERR_UNAVAILABLE || err->reason == ERR_TIMEOUT) {
		wait_for_engine(c);
	} else if (!container_refuse_image(c, err)) {
		container_retry(c, "CreateContainerError", err_msg(err));
	}
}

static void on_created(struct engine_who who, const char *id, const struct err *err)
{
	struct container *c = container_of(who);

	if (!c)
		return;
	c->busy = false;
	c->call = 0;
	if (err)
		create_failed(c, err);
	else
		created(c, id);
	pod_queue(c->pod);
}

static bool apply_create(struct pod *p, struct container *c, const struct pod_action *a)
{
	c->busy = true;
	c->call = container_create_call(c, NULL, on_created, container_who(c));
	return true;
}

/* ---- attach, start ---- */

static bool apply_attach(struct pod *p, struct container *c, const struct pod_action *a)
{
	output_attach(c);
	return true;
}

/* The engine cannot run the command: that is how this instance ended. */
static void cannot_run(struct container *c, int exit_code, const char *text)
{
	c->stage = STAGE_EXITED;
	c->exit_code = exit_code;
	c->started_ns = c->finished_ns = clock_wall_ns();
	set_text(&c->end_reason, "ContainerCannotRun");
	set_text(&c->end_message, text);
	container_event(c, "Warning", "Failed", "Error: %s", text);
	output_close(c);
}

static void on_started(struct engine_who who, int exit_code, const struct err *err)
{
	struct pods *set = who.ctx;
	struct container *c = container_of(who);

	if (set->starting-- == set->start_limit)
		pods_queue_all(set); /* others may be waiting for this slot */
	if (!c)
		return;
	c->busy = false;
	c->call = 0;
	pod_queue(c->pod);
	if (!err) {
		c->stage = STAGE_RUNNING;
		c->started_ns = clock_wall_ns();
		container_event(c, "Normal", "Started", "Container started");
		exit_started(c);
		return;
	}
	if (exit_code) {
		cannot_run(c, exit_code, err_msg(err));
		return;
	}
	output_close(c);
	c->stage = STAGE_CREATED;
	if (err->reason == ERR_NOT_FOUND) {
		free(TAKE(c->id));
		c->stage = STAGE_WAITING;
	} else if (err->reason == ERR_UNAVAILABLE || err->reason == ERR_TIMEOUT) {
		wait_for_engine(c);
		exit_inspect_soon(c, RETRY_UNAVAILABLE_MS); /* it may be running after all */
	} else {
		container_retry(c, "RunContainerError", err_msg(err));
	}
}

static bool apply_start(struct pod *p, struct container *c, const struct pod_action *a)
{
	c->busy = true;
	p->set->starting++;
	c->call = container_start(p->set->env->engine, c->id, on_started, container_who(c));
	return true;
}

/* ---- restart ---- */

static bool apply_restart(struct pod *p, struct container *c, const struct pod_action *a)
{
	char delay[TIME_TEXT_MAX];
	int64_t ended_ms = c->finished_ns / NSEC_PER_MSEC;

	output_close(c);
	json_free(c->last_state);
	c->last_state = container_terminated(c);
	c->not_before_ms = restart_backoff_next(&c->restart_backoff, ended_ms);
	set_text(&c->waiting_reason, "ContainerCreating");
	set_text(&c->waiting_message, NULL);
	if (c->not_before_ms > now_ms()) {
		auto_free char *text = NULL;

		duration_format(delay, (c->not_before_ms - ended_ms) * NSEC_PER_MSEC);
		text = xasprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)", delay,
		    c->name, p->name, p->ns, p->uid);
		set_text(&c->waiting_reason, "CrashLoopBackOff");
		set_text(&c->waiting_message, text);
		container_event(c, "Warning", "BackOff",
		    "Back-off restarting failed container %s in pod %s_%s(%s)", c->name, p->name,
		    p->ns, p->uid);
	}
	removal_add(p->set, c->prev_id);
	free(c->prev_id);
	c->prev_id = TAKE(c->id);
	c->attempt++;
	c->stage = STAGE_WAITING;
	c->exit_code = 0;
	c->started_ns = c->finished_ns = 0;
	c->died = c->oom = false;
	c->image_missing = c->image_pulled = false;
	set_text(&c->end_reason, NULL);
	set_text(&c->end_message, NULL);
	return true;
}

/* ---- stopping ---- */

static void on_killed(struct engine_who who, const struct err *err)
{
	struct container *c = container_of(who);

	if (!c)
		return;
	if (err)
		log_warn("container %s of pod %s/%s: cannot signal: %s", c->name, c->pod->ns,
		    c->pod->name, err_msg(err));
	if (c->stage == STAGE_RUNNING)
		exit_inspect_soon(c, 100);
	pod_queue(c->pod);
}

static bool apply_term(struct pod *p, struct container *c, const struct pod_action *a)
{
	c->term_sent_ms = now_ms();
	container_event(c, "Normal", "Killing", "Stopping container %s", c->name);
	container_kill(p->set->env->engine, c->id, "SIGTERM", on_killed, container_who(c));
	return true;
}

static bool apply_kill(struct pod *p, struct container *c, const struct pod_action *a)
{
	c->kill_sent_ms = now_ms();
	container_kill(p->set->env->engine, c->id, "SIGKILL", on_killed, container_who(c));
	return true;
}

/* ---- the end ---- */

static bool apply_finish(struct pod *p, struct container *c, const struct pod_action *a)
{
	json_set_path(p->obj, "status.phase", json_new_string(pod_phase_name(a->phase)));
	p->changed = true;
	for (size_t i = 0; i < p->container_count; i++)
		output_close(&p->containers[i]);
	return true;
}

static void remove_containers(struct pod *p)
{
	for (size_t i = 0; i < p->container_count; i++) {
		removal_add(p->set, p->containers[i].id);
		removal_add(p->set, p->containers[i].prev_id);
	}
}

static bool apply_remove(struct pod *p, struct container *c, const struct pod_action *a)
{
	struct delete_options o = {.grace_seconds = 0};
	auto_err e = {0};
	auto_json *last = NULL;
	bool gone = false;

	if (p->gone) {
		remove_containers(p);
		p->done = true;
		return true;
	}
	pod_store(p); /* may end the deletion itself */
	if (p->gone)
		return true;
	p->released = true;
	o.uid = p->uid;
	last = registry_delete(
	    p->set->env->store, kind_by_id(KIND_POD), p->ns, p->name, &o, &gone, &e);
	if (!last && e.reason != ERR_NOT_FOUND)
		log_warn("pod %s/%s: cannot delete: %s", p->ns, p->name, err_msg(&e));
	return true;
}

bool pod_apply(struct pod *p, const struct pod_action *a)
{
	static bool (*const apply[])(
	    struct pod *, struct container *, const struct pod_action *) = {
	    [POD_WAIT] = apply_wait,
	    [POD_SCHEDULE] = apply_schedule,
	    [POD_PULL] = apply_pull,
	    [POD_NEVER_PULL] = apply_never_pull,
	    [POD_CREATE] = apply_create,
	    [POD_ATTACH] = apply_attach,
	    [POD_START] = apply_start,
	    [POD_RESTART] = apply_restart,
	    [POD_TERM] = apply_term,
	    [POD_KILL] = apply_kill,
	    [POD_FINISH] = apply_finish,
	    [POD_REMOVE] = apply_remove,
	};

	return apply[a->kind](p, &p->containers[a->container], a);
}

/* ---- removing engine containers, in the background ---- */

static void removal_next(void *arg);

static void removal_arm(struct pods *set, int64_t delay_ms)
{
	set->removal_timer.name = "removal";
	set->removal_timer.fn = removal_next;
	set->removal_timer.arg = set;
	timer_set(set->env->loop, &set->removal_timer, delay_ms);
}

void removal_add(struct pods *set, const char *id)
{
	if (!id || map_get(&set->removal_ids, id))
		return;
	map_set(&set->removal_ids, id, set);
	strlist_add(&set->removals, id);
	if (!timer_is_set(&set->removal_timer))
		removal_arm(set, REMOVAL_DELAY_MS);
}

/*
 * Status and output of a pod that has ended are ours; its containers are only there for people who
 * look at the engine. Thousands of them make its lists slow.
 */
void removal_later(struct pods *set, const char *id)
{
	struct strlist *l = &set->ended;

	if (!id)
		return;
	strlist_add(l, id);
	if (l->len <= ENDED_KEEP)
		return;
	removal_add(set, l->items[0]);
	free(l->items[0]);
	memmove(l->items, l->items + 1, --l->len * sizeof(*l->items));
}

static void on_removed(struct engine_who who, const struct err *err)
{
	struct pods *set = who.ctx;

	set->removing--;
	if (err) /* the next relist finds it again as a stray */
		log_warn("cannot remove a container: %s", err_msg(err));
	removal_arm(set, err ? REMOVAL_DELAY_MS * 10 : 1);
}

static void removal_next(void *arg)
{
	struct pods *set = arg;
	bool hold = set->starting >= set->start_limit && set->removals.len < REMOVALS_MAX;
	size_t parallel;

	if (hold || !set->engine_up) {
		removal_arm(set, REMOVAL_DELAY_MS);
		return;
	}
	parallel = REMOVAL_PARALLEL + set->removals.len / REMOVALS_MAX;
	if (parallel > REMOVAL_PARALLEL_MAX)
		parallel = REMOVAL_PARALLEL_MAX;
	while (set->removals.len > 0 && set->removing < (int)parallel) {
		auto_free char *id = set->removals.items[--set->removals.len];

		map_del(&set->removal_ids, id);
		set->removing++;
		container_remove(set->env->engine, id, on_removed, (struct engine_who){.ctx = set});
	}
}

size_t pods_hurry_removals(struct pods *set)
{
	if (set->removals.len > 0)
		removal_next(set);
	return set->engine_up ? set->removals.len + (size_t)set->removing : 0;
}
