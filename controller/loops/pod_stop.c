/* pod_stop: the end of containers, rounds and pods. */
#include "pod_volumes.h"
#include "pods_internal.h"

/* ---- by when ---- */

/*
 * From the moment of the DELETE as seen here, where the time stamp, which has whole seconds only,
 * does not say otherwise; a second DELETE may shorten it.
 */
void stop_note_deletion(struct pod *p)
{
	int64_t by = meta_time(p->obj, "metadata.deletionTimestamp");
	int64_t grace = json_int(p->obj, "metadata.deletionGracePeriodSeconds", 0) * 1000;
	int64_t seen = now_ms() + grace;

	if (p->gone) {
		p->stop_by_ms = 0;
	} else if (by && by != p->delete_by) {
		p->delete_by = by;
		p->stop_by_ms = seen < by * 1000 + 1000 ? seen : by * 1000;
	}
}

void stop_begin(struct container *c)
{
	const struct pod *p = c->pod;
	int64_t grace = c->probe_grace_ms >= 0 ? c->probe_grace_ms : pod_grace_ms(p);

	if (c->stop_by_ms || c->term_sent_ms)
		return;
	if (!meta_deleting(p->obj) && p->ending == END_NONE) {
		c->stop_by_ms = now_ms() + grace;
		c->replaced = image_outdated(c);
	}
	if (c->replaced)
		container_event(c, "Normal", "Killing",
		    "Container %s definition changed, will be restarted", c->name);
	else if (c->kill_message)
		container_event(c, "Normal", "Killing", "%s", c->kill_message);
	else
		container_event(c, "Normal", "Killing", "Stopping container %s", c->name);
}

/* ---- signals ---- */

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

static void send_signal(struct container *c)
{
	container_kill(
	    c->pod->set->env->engine, c->id, c->stop_signal, on_killed, container_who(c));
}

/* Of a container that has just been started: which signal its image wants. */
static void on_signal_known(
    struct engine_who who, const struct container_info *info, const struct err *err)
{
	struct container *c = container_of(who);

	if (!c || c->stage != STAGE_RUNNING)
		return;
	if (err)
		set_text(&c->stop_signal, DEFAULT_SIGNAL);
	else
		exit_take_info(c, info);
	if (c->stage == STAGE_RUNNING)
		send_signal(c);
}

bool apply_term(struct pod *p, struct container *c, const struct pod_action *a)
{
	stop_begin(c);
	c->term_sent_ms = now_ms();
	if (c->stop_signal)
		send_signal(c);
	else
		container_inspect(p->set->env->engine, c->id, on_signal_known, container_who(c));
	return true;
}

bool apply_kill(struct pod *p, struct container *c, const struct pod_action *a)
{
	c->kill_sent_ms = now_ms();
	container_kill(p->set->env->engine, c->id, "SIGKILL", on_killed, container_who(c));
	return true;
}

/* ---- rounds ---- */

/*
 * Everything begins anew, except, after the loss of a sandbox, containers that have ended for good.
 */
bool apply_round(struct pod *p, struct container *c, const struct pod_action *a)
{
	struct pod_obs o = pod_observe(p);

	p->round++;
	for (size_t i = 0; i < p->container_count; i++)
		if (!a->all && o.containers[i].role == ROLE_APP && o.containers[i].begun &&
		    o.containers[i].stage == STAGE_EXITED && o.containers[i].after == EXIT_STAY)
			p->containers[i].round = p->round;
	if (p->sandbox && p->sandbox->stage == STAGE_EXITED)
		sandbox_renew(p);
	return true;
}

/* ---- the end ---- */

#define DEADLINE_TEXT "Pod was active on the node longer than the specified deadline"
#define EVICTED_GRACE_MS 1000

/* What the status says of an end that was not the containers' own. */
static const char *end_message(const struct pod *p, enum pod_end end)
{
	return end == END_DEADLINE ? DEADLINE_TEXT : end == END_EVICTED ? usage_over(p) : NULL;
}

static const char *end_reason(enum pod_end end)
{
	return end == END_DEADLINE ? "DeadlineExceeded" : "Evicted";
}

static void tell_end(struct pod *p, enum pod_end end)
{
	const char *message = end_message(p, end);

	if (message)
		recorder_event(p->set->env->recorder, pod_kind(), p->obj, NULL,
		    end == END_EVICTED ? "Warning" : "Normal", end_reason(end), "kubelet", "%s",
		    message);
}

bool apply_end(struct pod *p, struct container *c, const struct pod_action *a)
{
	p->ending = a->end;
	p->stop_by_ms = now_ms() + (a->end == END_EVICTED ? EVICTED_GRACE_MS : pod_grace_ms(p));
	tell_end(p, a->end);
	return true;
}

bool apply_finish(struct pod *p, struct container *c, const struct pod_action *a)
{
	const char *message = end_message(p, a->end);

	json_set_path(p->obj, "status.phase", json_new_string(pod_phase_name(a->phase)));
	if (message) {
		json_set_path(p->obj, "status.reason", json_new_string(end_reason(a->end)));
		json_set_path(p->obj, "status.message", json_new_string(message));
		if (p->ending != a->end)
			tell_end(p, a->end);
	}
	p->changed = true;
	for (size_t i = 0; i < p->container_count; i++)
		output_close(&p->containers[i]);
	return true;
}

static void remove_containers(struct pod *p)
{
	if (p->sandbox && !p->sandbox->id) { /* the record is younger than the sandbox */
		removal_add_pod(p->set, p->obj);
		return;
	}
	for (size_t i = 0; i < p->container_count; i++) {
		removal_add(p->set, pod_group(p), p->containers[i].id, false);
		removal_add(p->set, pod_group(p), p->containers[i].prev_id, false);
	}
	removal_add_by_status(p->set, p->obj); /* one that was made and never started */
	if (p->sandbox) {
		removal_add(p->set, pod_group(p), p->sandbox->id, true);
		removal_add(p->set, pod_group(p), p->sandbox->prev_id, true);
	}
	volumes_cleanup(p->set, p->obj);
}

bool apply_remove(struct pod *p, struct container *c, const struct pod_action *a)
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
	last = registry_delete(p->set->env->store, pod_kind(), p->ns, p->name, &o, &gone, &e);
	if (!last && e.reason != ERR_NOT_FOUND)
		log_warn("pod %s/%s: cannot delete: %s", p->ns, p->name, err_msg(&e));
	return true;
}
