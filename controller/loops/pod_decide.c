#include "pod_decide.h"

#define BACKOFF_BASE_MS 10000
#define BACKOFF_CAP_MS 300000

bool restart_wanted(enum restart_policy policy, int exit_code)
{
	return policy == RESTART_ALWAYS || (policy == RESTART_ON_FAILURE && exit_code != 0);
}

int64_t restart_backoff_next(struct restart_backoff *b, int64_t ended_ms)
{
	int64_t wait;

	if (b->delay_ms && ended_ms - b->updated_ms > 2 * BACKOFF_CAP_MS)
		b->delay_ms = 0;
	wait = b->delay_ms;
	b->delay_ms = b->delay_ms ? b->delay_ms * 2 : BACKOFF_BASE_MS;
	if (b->delay_ms > BACKOFF_CAP_MS)
		b->delay_ms = BACKOFF_CAP_MS;
	b->updated_ms = ended_ms + wait;
	return b->updated_ms;
}

static struct pod_action act(enum pod_action_kind kind, size_t container)
{
	return (struct pod_action){.kind = kind, .container = container};
}

static void wake_by(struct pod_action *wait, int64_t at_ms)
{
	if (!wait->wake_at_ms || at_ms < wait->wake_at_ms)
		wait->wake_at_ms = at_ms;
}

/* The phase of a pod whose containers have all ended for good. */
static enum pod_phase final_phase(const struct pod_obs *o)
{
	for (size_t i = 0; i < o->container_count; i++)
		if (o->containers[i].stage != STAGE_EXITED || o->containers[i].exit_code != 0)
			return POD_FAILED;
	return o->stopping && o->restart == RESTART_ALWAYS ? POD_FAILED : POD_SUCCEEDED;
}

static struct pod_action decide_stopping(const struct pod_obs *o)
{
	struct pod_action wait = act(POD_WAIT, 0);
	bool stopped = true;

	for (size_t i = 0; i < o->container_count; i++) {
		const struct container_obs *c = &o->containers[i];

		if (c->stage != STAGE_RUNNING) {
			stopped = stopped && !c->busy;
			continue;
		}
		stopped = false;
		if (o->held)
			continue;
		if (!c->term_sent)
			return act(POD_TERM, i);
		if (o->now_ms >= c->kill_at_ms)
			return act(POD_KILL, i);
		wake_by(&wait, c->kill_at_ms);
	}
	if (!stopped || o->released)
		return wait;
	if (!pod_phase_terminal(o->phase)) {
		struct pod_action finish = act(POD_FINISH, 0);

		finish.phase = final_phase(o);
		return finish;
	}
	return act(POD_REMOVE, 0);
}

/* A container that has not been created in this attempt. */
static struct pod_action decide_waiting(
    const struct pod_obs *o, const struct container_obs *c, size_t i)
{
	if (c->image_missing && !c->image_pulled)
		return act(c->pull == PULL_NEVER ? POD_NEVER_PULL : POD_PULL, i);
	if (c->pull == PULL_ALWAYS && !c->image_pulled)
		return act(POD_PULL, i);
	return act(POD_CREATE, i);
}

static struct pod_action decide_container(const struct pod_obs *o, size_t i)
{
	const struct container_obs *c = &o->containers[i];
	struct pod_action wait = act(POD_WAIT, i);

	if (c->busy || o->held)
		return wait;
	if (c->stage < STAGE_RUNNING && c->not_before_ms > o->now_ms) {
		wait.wake_at_ms = c->not_before_ms;
		return wait;
	}
	switch (c->stage) {
	case STAGE_WAITING:
		return decide_waiting(o, c, i);
	case STAGE_CREATED:
		return act(POD_ATTACH, i);
	case STAGE_ATTACHED:
		return o->may_start ? act(POD_START, i) : wait;
	case STAGE_EXITED:
		return restart_wanted(o->restart, c->exit_code) ? act(POD_RESTART, i) : wait;
	case STAGE_RUNNING:
		break;
	}
	return wait;
}

struct pod_action pod_decide(const struct pod_obs *o)
{
	struct pod_action wait = act(POD_WAIT, 0), next;
	bool ended = true;

	if (o->stopping)
		return decide_stopping(o);
	if (pod_phase_terminal(o->phase))
		return wait;
	if (!o->scheduled)
		return act(POD_SCHEDULE, 0);
	for (size_t i = 0; i < o->container_count; i++) {
		next = decide_container(o, i);
		if (next.kind != POD_WAIT)
			return next;
		if (next.wake_at_ms)
			wake_by(&wait, next.wake_at_ms);
		ended = ended && o->containers[i].stage == STAGE_EXITED;
	}
	if (!ended)
		return wait;
	next = act(POD_FINISH, 0);
	next.phase = final_phase(o);
	return next;
}
