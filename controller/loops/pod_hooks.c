/* pod_hooks: postStart and preStop. One of them at a time runs for a container. */
#include "pods_internal.h"

/* A hook has no time limit of its own: SIGTERM comes when the grace is over, whether or not preStop
 * has ended. */
#define HOOK_TIME_MAX_MS (INT64_C(24) * 3600 * 1000)

static void ended(struct container *c, bool well, const char *text)
{
	bool post = c->post_start == HOOK_RUNNING;
	enum hook_state state = well ? HOOK_DONE : HOOK_FAILED;

	if (post)
		c->post_start = state;
	else
		c->pre_stop = state;
	pod_queue(c->pod);
	if (well)
		return;
	log_debug("pod %s/%s, container %s: %s hook: %s", c->pod->ns, c->pod->name, c->name,
	    post ? "postStart" : "preStop", text);
	if (!post) {
		container_event(c, "Warning", "FailedPreStopHook", "PreStopHook failed");
		return;
	}
	container_event(c, "Warning", "FailedPostStartHook", "PostStartHook failed");
	set_text(&c->kill_message, "FailedPostStartHook");
	set_text(&c->waiting_reason, "PostStartHookError");
	set_text(&c->waiting_message, text);
}

static void on_done(void *ctx, uint64_t key, const struct action_result *r)
{
	struct container *c = container_of((struct engine_who){.ctx = ctx, .key = key});

	if (!c)
		return;
	c->hook = NULL;
	ended(c, r->outcome == ACTION_SUCCESS || r->outcome == ACTION_WARNING, r->text);
}

static void on_slept(void *arg)
{
	ended(arg, true, NULL);
}

static void run(struct container *c, const json *handler)
{
	auto_err e = {0};
	int64_t seconds = json_int(handler, "sleep.seconds", 0);

	if (json_has(handler, "sleep")) {
		c->hook_timer = (struct timer){.name = "hook", .fn = on_slept, .arg = c};
		timer_set(c->pod->set->env->loop, &c->hook_timer, seconds_ms(seconds));
		return;
	}
	c->hook =
	    handler_start(c, handler, true, HOOK_TIME_MAX_MS, on_done, container_who(c).key, &e);
	if (!c->hook)
		ended(c, false, err_msg(&e));
}

bool apply_post_start(struct pod *p, struct container *c, const struct pod_action *a)
{
	const json *handler = json_path(container_json(c), "lifecycle.postStart");

	if (handler_needs_address(handler) && !handler_address(c))
		return false; /* it is being asked for */
	c->post_start = HOOK_RUNNING;
	run(c, handler);
	return true;
}

bool apply_pre_stop(struct pod *p, struct container *c, const struct pod_action *a)
{
	const json *handler = json_path(container_json(c), "lifecycle.preStop");

	stop_begin(c);
	hooks_cancel(c); /* postStart may be still under way */
	c->pre_stop = HOOK_RUNNING;
	run(c, handler);
	return true;
}

void hooks_cancel(struct container *c)
{
	action_cancel(TAKE(c->hook));
	timer_cancel(c->pod->set->env->loop, &c->hook_timer);
	if (c->post_start == HOOK_RUNNING)
		c->post_start = HOOK_DONE;
}
