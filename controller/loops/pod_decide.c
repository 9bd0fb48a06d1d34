#include "pod_decide.h"

#define BACKOFF_BASE_MS 10000
#define BACKOFF_CAP_MS 300000
/* SIGKILL comes no sooner than this after SIGTERM, and again when it had no effect. */
#define TERM_FLOOR_MS 2000
#define KILL_AGAIN_MS 10000

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

/* What one look at everything has come to: the first thing to do, or when to look again. */
struct sweep {
	struct pod_action next; /* POD_WAIT: nothing so far */
	bool stopped;           /* nothing runs, and no call is under way */
};

static void wake_by(struct sweep *s, int64_t at_ms)
{
	if (!s->next.wake_at_ms || at_ms < s->next.wake_at_ms)
		s->next.wake_at_ms = at_ms;
}

/* ---- what a container's state means ---- */

static bool init_done(const struct container_obs *c)
{
	return c->role == ROLE_INIT && c->stage == STAGE_EXITED && c->begun && c->exit_code == 0;
}

static bool later_begun(const struct pod_obs *o, size_t i)
{
	for (size_t n = i + 1; n < o->container_count; n++)
		if (o->containers[n].begun)
			return true;
	return false;
}

bool pod_init_passed(const struct pod_obs *o, size_t i)
{
	const struct container_obs *c = &o->containers[i];

	return c->role == ROLE_INIT ? init_done(c) : c->started || later_begun(o, i);
}

bool pod_initialized(const struct pod_obs *o)
{
	for (size_t i = 0; i < o->container_count && o->containers[i].role != ROLE_APP; i++)
		if (!pod_init_passed(o, i))
			return false;
	return true;
}

static bool init_failed(const struct pod_obs *o)
{
	for (size_t i = 0; i < o->container_count; i++) {
		const struct container_obs *c = &o->containers[i];

		if (c->role == ROLE_INIT && c->stage == STAGE_EXITED && c->begun &&
		    c->exit_code != 0 && c->after == EXIT_STAY)
			return true;
	}
	return false;
}

/* Whether all of the pod's own containers have ended for good. */
static bool apps_done(const struct pod_obs *o)
{
	for (size_t i = 0; i < o->container_count; i++) {
		const struct container_obs *c = &o->containers[i];

		if (c->role == ROLE_APP &&
		    (c->stage != STAGE_EXITED || !c->begun || c->after != EXIT_STAY))
			return false;
	}
	return true;
}

static bool apps_succeeded(const struct pod_obs *o)
{
	for (size_t i = 0; i < o->container_count; i++) {
		const struct container_obs *c = &o->containers[i];

		if (c->role == ROLE_APP && (c->stage != STAGE_EXITED || c->exit_code != 0))
			return false;
	}
	return true;
}

static bool hook_pending(enum hook_state h)
{
	return h == HOOK_DUE || h == HOOK_RUNNING;
}

enum pod_phase pod_phase_now(const struct pod_obs *o)
{
	bool running = false, restarting = false;

	if (init_failed(o))
		return POD_FAILED;
	if (!pod_initialized(o))
		return POD_PENDING;
	for (size_t i = 0; i < o->container_count; i++) {
		const struct container_obs *c = &o->containers[i];

		if (c->role != ROLE_APP)
			continue;
		if (c->stage == STAGE_RUNNING && !hook_pending(c->post_start))
			running = true;
		else if (c->stage == STAGE_EXITED)
			restarting = restarting || c->after != EXIT_STAY || !c->begun;
		else if (c->attempt == 0)
			return POD_PENDING;
		else
			restarting = true;
	}
	if (running || restarting)
		return POD_RUNNING;
	return apps_succeeded(o) ? POD_SUCCEEDED : POD_FAILED;
}

static struct pod_action finish(const struct pod_obs *o, enum pod_end end)
{
	struct pod_action a = act(POD_FINISH, 0);
	bool well =
	    apps_succeeded(o) && end != END_DEADLINE && end != END_EVICTED && !init_failed(o);

	if (end == END_NONE) /* deleted */
		well = well && o->restart != RESTART_ALWAYS;
	a.phase = well ? POD_SUCCEEDED : POD_FAILED;
	a.end = end;
	return a;
}

/* ---- stopping ---- */

/* The next step in stopping a container that runs: preStop, SIGTERM, SIGKILL. */
static void stop_step(const struct pod_obs *o, size_t i, int64_t by_ms, struct sweep *s)
{
	const struct container_obs *c = &o->containers[i];
	int64_t kill_ms = c->term_sent_ms + TERM_FLOOR_MS;

	if (c->stop_by_ms && c->stop_by_ms < by_ms)
		by_ms = c->stop_by_ms;
	if (!c->term_sent_ms) {
		if (c->pre_stop == HOOK_DUE && by_ms > o->now_ms)
			s->next = act(POD_PRE_STOP, i);
		else if (c->pre_stop == HOOK_RUNNING && by_ms > o->now_ms)
			wake_by(s, by_ms);
		else
			s->next = act(POD_TERM, i);
		return;
	}
	if (c->kill_sent_ms)
		kill_ms = c->kill_sent_ms + KILL_AGAIN_MS;
	else if (by_ms > kill_ms)
		kill_ms = by_ms;
	if (o->now_ms >= kill_ms)
		s->next = act(POD_KILL, i);
	else
		wake_by(s, kill_ms);
}

static bool later_runs(const struct pod_obs *o, size_t i)
{
	for (size_t n = i + 1; n < o->container_count; n++)
		if (o->containers[n].stage == STAGE_RUNNING)
			return true;
	return false;
}

/* All containers at once, but a sidecar only after those that began after it. */
static struct sweep stop_all(const struct pod_obs *o, int64_t by_ms)
{
	struct sweep s = {.stopped = true};

	for (size_t i = 0; i < o->container_count && s.next.kind == POD_WAIT; i++) {
		const struct container_obs *c = &o->containers[i];

		if (c->stage != STAGE_RUNNING) {
			s.stopped = s.stopped && !c->busy;
			continue;
		}
		s.stopped = false;
		if (o->held)
			continue;
		if (c->role == ROLE_SIDECAR && by_ms > o->now_ms && later_runs(o, i))
			wake_by(&s, by_ms);
		else
			stop_step(o, i, by_ms, &s);
	}
	return s;
}

/* Without a sandbox, or for RestartAllContainers: everything is to end, and then to begin anew. */
static struct pod_action stop_for_round(const struct pod_obs *o, bool all)
{
	struct sweep s = {.stopped = true};
	struct pod_action round = act(POD_ROUND, 0);

	round.all = all;
	for (size_t i = 0; i < o->container_count && s.next.kind == POD_WAIT; i++) {
		const struct container_obs *c = &o->containers[i];

		if (c->stage != STAGE_RUNNING) {
			s.stopped = s.stopped && !c->busy;
			continue;
		}
		s.stopped = false;
		if (o->held)
			continue;
		if (!all)
			stop_step(o, i, o->now_ms + c->grace_ms, &s);
		else if (!c->kill_sent_ms || o->now_ms >= c->kill_sent_ms + KILL_AGAIN_MS)
			s.next = act(POD_KILL, i);
		else
			wake_by(&s, c->kill_sent_ms + KILL_AGAIN_MS);
	}
	return s.stopped && !o->held ? round : s.next;
}

/* The sandbox of a pod of which nothing runs any more. */
static struct pod_action stop_sandbox(const struct pod_obs *o)
{
	const struct container_obs *b = o->sandbox;
	bool stop = b && b->stage == STAGE_RUNNING && !b->busy && !o->held;

	if (!stop)
		return act(POD_WAIT, 0);
	return act(o->hand_on ? POD_SANDBOX_GIVE : POD_SANDBOX_STOP, 0);
}

static struct pod_action decide_stopping(const struct pod_obs *o)
{
	struct sweep s = stop_all(o, o->stop_by_ms);

	if (s.next.kind != POD_WAIT || !s.stopped)
		return s.next;
	if (o->released)
		return stop_sandbox(o);
	if (!pod_phase_terminal(o->phase))
		return finish(o, END_NONE);
	return act(POD_REMOVE, 0);
}

/* Nobody deletes the pod, but it is over: what still runs is stopped first. */
static struct pod_action decide_ending(const struct pod_obs *o, enum pod_end end)
{
	struct pod_action begin = act(POD_END, 0);
	struct sweep s;

	begin.end = end;
	if (o->ending == END_NONE)
		for (size_t i = 0; i < o->container_count; i++)
			if (o->containers[i].stage == STAGE_RUNNING)
				return begin;
	s = stop_all(o, o->stop_by_ms);
	return s.next.kind == POD_WAIT && s.stopped ? finish(o, end) : s.next;
}

/* ---- running ---- */

/* How far a container may go while what it needs is not all there. */
enum limit { MAY_PULL, MAY_CREATE, MAY_RUN };

/* A container that has not been created in this attempt. */
static void decide_waiting(
    const struct container_obs *c, size_t i, enum limit limit, struct sweep *s)
{
	if (c->image_missing && !c->image_pulled)
		s->next = act(c->pull == PULL_NEVER ? POD_NEVER_PULL : POD_PULL, i);
	else if (c->pull == PULL_ALWAYS && !c->image_pulled)
		s->next = act(POD_PULL, i);
	else if (limit >= MAY_CREATE)
		s->next = act(POD_CREATE, i);
}

static void decide_up(const struct pod_obs *o, size_t i, struct sweep *s)
{
	const struct container_obs *c = &o->containers[i];

	if (c->unhealthy || c->outdated || c->post_start == HOOK_FAILED)
		stop_step(o, i, o->now_ms + c->grace_ms, s);
	else if (c->post_start == HOOK_DUE)
		s->next = act(POD_POST_START, i);
}

static void decide_container(const struct pod_obs *o, size_t i, enum limit limit, struct sweep *s)
{
	const struct container_obs *c = &o->containers[i];
	/* of an earlier round, or of another image */
	bool stale = c->stage != STAGE_WAITING && (!c->begun || c->outdated);

	if (c->stage == STAGE_RUNNING) {
		decide_up(o, i, s);
		return;
	}
	if (c->busy)
		return;
	if (stale || (c->stage == STAGE_EXITED && c->after == EXIT_RESTART && !init_done(c))) {
		s->next = act(POD_RESTART, i);
		return;
	}
	if (c->stage != STAGE_EXITED && c->not_before_ms > o->now_ms) {
		wake_by(s, c->not_before_ms);
		return;
	}
	if (c->stage == STAGE_WAITING)
		decide_waiting(c, i, limit, s);
	else if (c->stage == STAGE_CREATED && limit == MAY_RUN)
		s->next = act(POD_ATTACH, i);
	else if (c->stage == STAGE_ATTACHED && limit == MAY_RUN && o->may_start)
		s->next = act(POD_START, i);
}

/* Whether those after it may begin: an init container must be done, a sidecar started, a postStart
 * hook over. */
static bool lets_pass(const struct pod_obs *o, size_t i)
{
	const struct container_obs *c = &o->containers[i];

	if (c->role != ROLE_APP)
		return pod_init_passed(o, i);
	return !hook_pending(c->post_start) || c->stage == STAGE_EXITED ||
	       (c->stage < STAGE_RUNNING && c->not_before_ms > o->now_ms);
}

static struct pod_action decide_containers(
    const struct pod_obs *o, enum limit limit, struct sweep *s)
{
	bool open = true;

	for (size_t i = 0; i < o->container_count; i++) {
		if (!open && !o->containers[i].begun)
			continue;
		decide_container(o, i, limit, s);
		if (s->next.kind != POD_WAIT)
			return s->next;
		open = open && lets_pass(o, i);
	}
	return s->next;
}

static bool wants_all_restarted(const struct pod_obs *o)
{
	for (size_t i = 0; i < o->container_count; i++) {
		const struct container_obs *c = &o->containers[i];

		if (c->stage == STAGE_EXITED && c->begun && c->after == EXIT_RESTART_ALL)
			return true;
	}
	return false;
}

static struct pod_action decide_sandbox(
    const struct pod_obs *o, enum limit *ret_limit, struct sweep *s)
{
	const struct container_obs *b = o->sandbox;

	*ret_limit = MAY_RUN;
	if (!b || b->stage == STAGE_RUNNING)
		return s->next;
	*ret_limit = b->stage == STAGE_WAITING || o->address_first ? MAY_PULL : MAY_CREATE;
	if (b->busy)
		return s->next;
	if (b->not_before_ms > o->now_ms)
		wake_by(s, b->not_before_ms);
	else if (b->stage == STAGE_WAITING)
		s->next = act(POD_SANDBOX_CREATE, 0);
	else if (o->may_start)
		s->next = act(POD_SANDBOX_START, 0);
	return s->next;
}

static struct pod_action decide_running(const struct pod_obs *o)
{
	struct sweep s = {0};
	enum limit limit;

	if (o->deadline_ms)
		wake_by(&s, o->deadline_ms);
	if (o->held)
		return s.next;
	if (o->sandbox && o->sandbox->stage == STAGE_EXITED)
		return stop_for_round(o, false);
	if (wants_all_restarted(o))
		return stop_for_round(o, true);
	if (o->volumes == VOLUMES_DUE && o->volumes_not_before_ms <= o->now_ms)
		return act(POD_VOLUMES, 0);
	if (o->volumes == VOLUMES_DUE)
		wake_by(&s, o->volumes_not_before_ms);
	if (o->volumes != VOLUMES_READY)
		return s.next;
	if (o->network_due)
		return act(POD_NETWORK, 0);
	if (decide_sandbox(o, &limit, &s).kind != POD_WAIT)
		return s.next;
	return decide_containers(o, limit, &s);
}

static enum pod_end end_of(const struct pod_obs *o)
{
	if (o->ending != END_NONE)
		return o->ending;
	if (init_failed(o) || apps_done(o))
		return END_DONE;
	if (o->over_limit)
		return END_EVICTED;
	return o->deadline_ms && o->now_ms >= o->deadline_ms ? END_DEADLINE : END_NONE;
}

struct pod_action pod_decide(const struct pod_obs *o)
{
	enum pod_end end;

	if (o->stopping)
		return decide_stopping(o);
	if (pod_phase_terminal(o->phase))
		return stop_sandbox(o);
	if (!o->scheduled)
		return act(POD_SCHEDULE, 0);
	end = end_of(o);
	return end == END_NONE ? decide_running(o) : decide_ending(o, end);
}
