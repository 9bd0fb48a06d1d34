/*
 * pod_exit: how the end of a container is noticed. The engine's word is an inspect that says so or,
 * where exit events are prompt, the event that bears the exit code, whichever is first. Either
 * counts only when the output is drained: the stream has ended, or has had its time.
 */
#include "pods_internal.h"

/* After the stream's end an inspect follows at 2, 4, 8 … ms. Where the event is quicker it gets a
 * head start. */
#define INSPECT_FIRST_MS 2
#define INSPECT_PROMPT_MS 20
#define INSPECT_CAP_MS 250
/* A look at a container that goes on running, for its address. */
#define LOOK_MS 1000
/* After an exit was seen the stream gets this long to deliver its tail. */
#define DRAIN_MS 5000
/* After an exit event that came before the stream's end. */
#define DIE_EVENT_MS 100
/* After an end by SIGKILL, for the event that tells of a want of memory. */
#define OOM_MS 200
#define KILLED_EXIT_CODE 137

static const char *image_of(const struct container *c)
{
	return c->image ? c->image : json_str_or(container_json(c), "image", "");
}

static void exited(struct container *c, int exit_code, int64_t finished_ns)
{
	const char *image_id = map_get(&c->pod->set->image_ids, image_of(c));

	if (c->call) /* an inspect: its answer would count for the next attempt */
		engine_cancel(c->pod->set->env->engine, c->call);
	c->call = 0;
	c->stage = STAGE_EXITED;
	c->exit_code = exit_code;
	c->finished_ns = finished_ns;
	if (!c->image_id)
		set_text(&c->image_id, image_id);
	timer_cancel(c->pod->set->env->loop, &c->inspect_timer);
	engine_cancel(c->pod->set->env->engine, c->inspect);
	c->inspect = 0;
	hooks_cancel(c);
	output_close(c);
	message_take(c);
	pod_queue(c->pod);
}

static void lost(struct container *c)
{
	set_text(&c->end_reason, "ContainerStatusUnknown");
	set_text(&c->end_message, "The container could not be located when the pod was terminated");
	exited(c, KILLED_EXIT_CODE, clock_wall_ns());
}

/* Whether SIGKILL may have been ours, of this controller or of one before it. */
static bool was_killed(const struct container *c)
{
	return c->kill_sent_ms || c->term_sent_ms || c->pod->gone || meta_deleting(c->pod->obj);
}

/* An exit of which the engine may not have told yet that it was for want of memory. */
static bool is_doubtful(const struct container *c, int exit_code)
{
	return exit_code == KILLED_EXIT_CODE && !c->oom && !was_killed(c) &&
	       json_path(container_json(c), "resources.limits.memory");
}

/* The event has told the exit and nothing of the output is missing. */
static bool ended_by_event(struct container *c)
{
	if (!c->died || c->stage != STAGE_RUNNING || !c->stream_ended || c->log_gap ||
	    c->log_doubt || is_doubtful(c, c->died_code))
		return false;
	exited(c, c->died_code, c->died_ns);
	return true;
}

/* ---- facts of an inspect ---- */

static void take_facts(struct container *c, const struct container_info *info)
{
	struct map *known = &c->pod->set->image_ids;

	set_text(&c->image_id, info->image_id);
	set_text(&c->stop_signal,
	    info->stop_signal && *info->stop_signal ? info->stop_signal : DEFAULT_SIGNAL);
	if (info->ip && info->ip[0])
		set_text(&c->ip, info->ip);
	if (info->started_at_ns != TIME_ZERO_NS)
		c->started_ns = info->started_at_ns;
	if (info->image_id && !str_eq(map_get(known, image_of(c)), info->image_id)) {
		if (known->len >= IMAGE_IDS_MAX)
			map_release(known, free);
		free(map_set(known, image_of(c), xstrdup(info->image_id)));
	}
	pod_queue(c->pod);
}

static void take_running(struct container *c)
{
	if (c->stage < STAGE_RUNNING) {
		c->stage = STAGE_RUNNING;
		c->busy = false;
	}
	if (c->role != ROLE_SANDBOX && !c->stream && (c->log_gap || !c->stream_ended))
		output_recover(c, true);
}

/* Where the engine is busy, the event that tells of the want comes behind the end. */
static bool waits_for_oom(struct container *c, int exit_code)
{
	if (!is_doubtful(c, exit_code))
		return false;
	if (!c->oom_until_ms) {
		c->oom_until_ms = now_ms() + OOM_MS;
		exit_inspect_soon(c, OOM_MS);
	}
	return now_ms() < c->oom_until_ms;
}

static void take_exited(struct container *c, const struct container_info *info)
{
	bool drained = c->stream_ended || !c->stream;

	if ((c->log_gap || c->log_doubt) && !c->stream) {
		c->log_doubt = false;
		output_recover(c, false);
	} else if (drained || info->finished_at_ns / NSEC_PER_MSEC + DRAIN_MS < now_ms()) {
		c->oom = c->oom || info->oom_killed || (info->oom_likely && !was_killed(c));
		if (!info->lost && waits_for_oom(c, info->exit_code))
			return;
		if (info->lost)
			lost(c);
		else
			exited(c, info->exit_code, info->finished_at_ns);
	}
}

void exit_take_info(struct container *c, const struct container_info *info)
{
	take_facts(c, info);
	if (c->stage == STAGE_EXITED)
		return;
	switch (info->state) {
	case CONTAINER_CREATED:
		break;
	case CONTAINER_RUNNING:
	case CONTAINER_PAUSED:
		take_running(c);
		break;
	case CONTAINER_EXITED:
		take_exited(c, info);
		break;
	}
}

void exit_take_started(struct container *c, const struct container_info *info)
{
	c->stage = STAGE_RUNNING;
	c->log_gap = true;
	if (c->post_start == HOOK_DUE)
		c->post_start = HOOK_DONE;
	exit_take_info(c, info);
}

/* ---- asking ---- */

/* When to ask again about a container whose stream has ended, or whose stream is still to end. */
static void ask_again(struct container *c, const struct container_info *info)
{
	int next = c->inspect_delay_ms ? c->inspect_delay_ms * 2 : INSPECT_FIRST_MS;

	if (c->role == ROLE_SANDBOX && info->state != CONTAINER_EXITED)
		return;
	if (c->stage != STAGE_RUNNING || c->stream) {
		if (c->stage == STAGE_RUNNING && info->state == CONTAINER_EXITED)
			exit_inspect_soon(c, DRAIN_MS);
		return;
	}
	if (next > INSPECT_CAP_MS)
		c->log_gap =
		    true; /* it goes on without its stream: the next answer has it read anew */
	exit_inspect_soon(c, next);
}

static void on_inspected(
    struct engine_who who, const struct container_info *info, const struct err *err)
{
	struct container *c = container_of(who);

	if (!c)
		return;
	c->inspect = 0;
	pod_queue(c->pod);
	if (err && err->reason == ERR_NOT_FOUND && c->stage < STAGE_RUNNING) {
		free(TAKE(c->id)); /* it never ran: made anew */
		output_close(c);
		c->stage = STAGE_WAITING;
	} else if (err && err->reason == ERR_NOT_FOUND) {
		lost(c);
	} else if (err) { /* what the container prints meanwhile only the engine's log will tell */
		c->log_gap = c->log_gap || !c->stream;
		exit_inspect_soon(c, INSPECT_CAP_MS);
	} else {
		exit_take_info(c, info);
		ask_again(c, info);
	}
}

void exit_inspect_now(struct container *c)
{
	if (!c->id || c->inspect)
		return;
	timer_cancel(c->pod->set->env->loop, &c->inspect_timer);
	c->inspect =
	    container_inspect(c->pod->set->env->engine, c->id, on_inspected, container_who(c));
}

void exit_inspect_soon(struct container *c, int delay_ms)
{
	c->inspect_delay_ms = delay_ms;
	timer_set(c->pod->set->env->loop, &c->inspect_timer, delay_ms);
}

/* ---- hints ---- */

/* Only facts: nobody waits for this answer, and by the time it comes the container may have ended.
 */
static void on_looked(
    struct engine_who who, const struct container_info *info, const struct err *err)
{
	struct container *c = container_of(who);

	if (c && !err && str_eq(c->id, info->id))
		take_facts(c, info);
}

static bool needs_address(const struct container *c)
{
	const json *hook = json_path(container_json(c), "lifecycle.postStart");

	return probes_need_address(c) || handler_needs_address(hook);
}

void exit_started(struct container *c)
{
	struct engine *en = c->pod->set->env->engine;

	if (ended_by_event(c))
		return;
	if (engine_die_is_prompt(en)) /* its last inspect is spared: the facts are asked for now */
		container_inspect(en, c->id, on_looked, container_who(c));
	if (c->stream_ended)
		exit_drained(c);
	else if (!engine_die_is_prompt(en))
		exit_inspect_soon(c, needs_address(c) ? 1 : LOOK_MS);
}

void exit_drained(struct container *c)
{
	if (ended_by_event(c))
		return;
	if (c->log_gap || c->log_doubt)
		exit_inspect_now(c);
	else
		exit_inspect_soon(c, engine_die_is_prompt(c->pod->set->env->engine)
					 ? INSPECT_PROMPT_MS
					 : INSPECT_FIRST_MS);
}

void exit_event(struct container *c, const struct engine_event *event)
{
	if (event->type == EVENT_DIE && event->exit_code >= 0) {
		c->died = true;
		c->died_code = event->exit_code;
		c->died_ns = event->time_ns ? event->time_ns : clock_wall_ns();
	}
	if (c->stage == STAGE_RUNNING && !ended_by_event(c) && !timer_is_set(&c->inspect_timer))
		exit_inspect_soon(c, DIE_EVENT_MS);
}
