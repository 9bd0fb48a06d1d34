#include "pod_volumes.h"
#include "pods_internal.h"
#include "services.h"

#define RETRY_UNAVAILABLE_MS 1000

void container_event(
    struct container *c, const char *type, const char *reason, const char *fmt, ...)
{
	auto_free char *field = xasprintf(
	    "spec.%s{%s}", c->role == ROLE_APP ? "containers" : "initContainers", c->name);
	auto_free char *message = NULL;
	va_list ap;

	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	recorder_event(c->pod->set->env->recorder, pod_kind(), c->pod->obj,
	    c->role == ROLE_SANDBOX ? NULL : field, type, reason, "kubelet", "%s", message);
}

void container_begin_attempt(struct container *c)
{
	const json *spec = container_json(c);

	c->startup_failing = json_has(spec, "startupProbe");
	c->unready = json_has(spec, "readinessProbe");
	c->unhealthy = c->replaced = false;
	c->probe_grace_ms = -1;
	c->post_start = json_has(spec, "lifecycle.postStart") ? HOOK_DUE : HOOK_NONE;
	c->pre_stop = json_has(spec, "lifecycle.preStop") ? HOOK_DUE : HOOK_NONE;
	c->stop_by_ms = c->term_sent_ms = c->kill_sent_ms = 0;
	set_text(&c->kill_message, NULL);
	set_text(&c->image_user, NULL);
	set_text(&c->stop_signal, NULL);
	set_text(&c->ip, NULL);
	c->unsure = c->log_doubt = false;
}

/* What is tried again, and when. */
static void wait_with(struct container *c, const char *reason, const char *message)
{
	c->not_before_ms = now_ms() + POD_RETRY_MS;
	set_text(&c->waiting_reason, reason);
	set_text(&c->waiting_message, message);
	pod_queue(c->pod);
}

void container_retry(struct container *c, const char *reason, const char *message)
{
	wait_with(c, reason, message);
	container_event(c, "Warning", "Failed", "Error: %s", message);
}

void container_retry_image(
    struct container *c, const char *event, const char *reason, const char *message)
{
	wait_with(c, reason, message);
	container_event(c, "Warning", event, "%s", message);
	container_event(c, "Warning", "Failed", "Error: %s", reason);
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

	if (!pod_room_ask(p))
		return false;
	json_set_path(p->obj, "spec.nodeName", json_new_string(env->node_name));
	p->started_at = clock_wall_ns() / NSEC_PER_SEC;
	p->changed = true;
	recorder_event(env->recorder, pod_kind(), p->obj, NULL, "Normal", "Scheduled",
	    "default-scheduler", "Successfully assigned %s/%s to %s", p->ns, p->name,
	    env->node_name);
	return true;
}

static bool apply_volumes(struct pod *p, struct container *c, const struct pod_action *a)
{
	volumes_prepare(p);
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
	container_retry_image(c, "ErrImageNeverPull", "ErrImageNeverPull", text);
	return true;
}

/* ---- create ---- */

static void created(struct container *c, const char *id)
{
	const char *image = json_str_or(container_json(c), "image", "");

	set_text(&c->id, id);
	c->stage = STAGE_CREATED;
	c->round = c->pod->round;
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
	struct container *c = container_answered(who);

	if (!c)
		return;
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
	container_retry_image(c, "InspectFailed", "InvalidImageName", text);
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
		if (c->pod->sandbox) /* perhaps that is what is missing */
			exit_inspect_now(c->pod->sandbox);
	} else if (err->reason == ERR_UNAVAILABLE || err->reason == ERR_TIMEOUT) {
		pods_expect_stray(c->pod->set);
		wait_for_engine(c);
	} else if (err->reason == ERR_INVALID) {
		container_retry(c, "CreateContainerConfigError", err_msg(err));
	} else if (!container_refuse_image(c, err)) {
		container_retry(c, "CreateContainerError", err_msg(err));
	}
}

static void on_created(struct engine_who who, const char *id, const struct err *err)
{
	struct container *c = container_answered(who);

	if (!c)
		return;
	if (err)
		create_failed(c, err);
	else
		created(c, id);
}

static bool apply_create(struct pod *p, struct container *c, const struct pod_action *a)
{
	const char *image = json_str_or(container_json(c), "image", "");

	if (!p->sandbox && services_hold(p->set->env->services, p->obj))
		return false; /* queued when they are there */
	if (runner_hold(c) || volumes_hold(c))
		return false; /* the same */
	if (volumes_before_create(c))
		return true;
	c->busy = true;
	free(c->message_file);
	c->message_file = message_prepare(c);
	if (!str_eq(c->image, image))
		set_text(&c->image_id, NULL);
	set_text(&c->image, image);
	c->call = container_create_call(
	    c, p->sandbox ? p->sandbox->id : NULL, on_created, container_who(c));
	return true;
}

/* ---- attach, start ---- */

/* Both engines answer this only when a start that is under way is done. */
static void on_asked(
    struct engine_who who, const struct container_info *info, const struct err *err)
{
	struct container *c = container_answered(who);

	if (!c)
		return;
	if (err && err->reason == ERR_NOT_FOUND) {
		free(TAKE(c->id));
		c->stage = STAGE_WAITING;
	} else if (err) {
		wait_for_engine(c);
	} else {
		c->unsure = false;
		if (info->state != CONTAINER_CREATED)
			exit_take_started(c, info);
	}
}

/*
 * A start whose answer was lost may still come to pass. Attaching to what runs already would miss
 * its first lines, and starting what has ended would run it twice.
 */
static bool apply_attach(struct pod *p, struct container *c, const struct pod_action *a)
{
	if (!c->unsure) {
		output_attach(c);
		return true;
	}
	c->busy = true;
	c->call = container_inspect(p->set->env->engine, c->id, on_asked, container_who(c));
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
	struct container *c = container_answered(who);

	if (set->starting-- == set->start_limit)
		pods_queue_all(set); /* others may be waiting for this slot */
	if (!c)
		return;
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
		c->unsure = true;
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

/* Tells of the delay before the next attempt. */
static void back_off(struct container *c, int64_t ended_ms)
{
	const struct pod *p = c->pod;
	char delay[TIME_TEXT_MAX];
	auto_free char *text = NULL;

	c->not_before_ms = restart_backoff_next(&c->restart_backoff, ended_ms);
	if (c->not_before_ms <= now_ms())
		return;
	duration_format(delay, (c->not_before_ms - ended_ms) * NSEC_PER_MSEC);
	text = xasprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)", delay, c->name,
	    p->name, p->ns, p->uid);
	set_text(&c->waiting_reason, "CrashLoopBackOff");
	set_text(&c->waiting_message, text);
	container_event(c, "Warning", "BackOff",
	    "Back-off restarting failed container %s in pod %s_%s(%s)", c->name, p->name, p->ns,
	    p->uid);
}

static bool apply_restart(struct pod *p, struct container *c, const struct pod_action *a)
{
	bool ran = c->stage == STAGE_EXITED;

	output_close(c);
	if (c->post_start != HOOK_FAILED) { /* that tells why */
		set_text(&c->waiting_reason, "ContainerCreating");
		set_text(&c->waiting_message, NULL);
	}
	if (ran) {
		json_free(c->last_state);
		c->last_state = container_terminated(c);
		back_off(c, c->finished_ns / NSEC_PER_MSEC);
		removal_add(p->set, pod_group(p), c->prev_id, false);
		free(c->prev_id);
		c->prev_id = TAKE(c->id);
	} else { /* made for an earlier round, and of no use in this one */
		removal_add(p->set, pod_group(p), c->id, false);
		free(TAKE(c->id));
	}
	c->attempt++;
	c->stage = STAGE_WAITING;
	c->exit_code = 0;
	c->started_ns = c->finished_ns = 0;
	c->died = c->oom = false;
	c->oom_until_ms = 0;
	c->image_missing = c->image_pulled = false;
	set_text(&c->end_reason, NULL);
	set_text(&c->end_message, NULL);
	container_begin_attempt(c);
	return true;
}

bool pod_apply(struct pod *p, const struct pod_action *a)
{
	static bool (*const apply[])(
	    struct pod *, struct container *, const struct pod_action *) = {
	    [POD_WAIT] = apply_wait,
	    [POD_SCHEDULE] = apply_schedule,
	    [POD_VOLUMES] = apply_volumes,
	    [POD_PULL] = apply_pull,
	    [POD_NEVER_PULL] = apply_never_pull,
	    [POD_CREATE] = apply_create,
	    [POD_ATTACH] = apply_attach,
	    [POD_START] = apply_start,
	    [POD_RESTART] = apply_restart,
	    [POD_POST_START] = apply_post_start,
	    [POD_PRE_STOP] = apply_pre_stop,
	    [POD_TERM] = apply_term,
	    [POD_KILL] = apply_kill,
	    [POD_ROUND] = apply_round,
	    [POD_NETWORK] = apply_reuse,
	    [POD_SANDBOX_CREATE] = apply_sandbox_create,
	    [POD_SANDBOX_START] = apply_sandbox_start,
	    [POD_SANDBOX_STOP] = apply_sandbox_stop,
	    [POD_SANDBOX_GIVE] = apply_sandbox_give,
	    [POD_END] = apply_end,
	    [POD_FINISH] = apply_finish,
	    [POD_REMOVE] = apply_remove,
	};

	return apply[a->kind](p, &p->containers[a->container], a);
}
