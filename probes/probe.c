/* probe: see probe.h. */
#include "probe.h"

#include <stdio.h>

#define MS INT64_C(1000)

static const struct {
	const char *name;
	enum probe_verdict initial;
	bool kills;    /* a failure ends the container */
	bool stops;    /* does not run while the pod is being deleted */
	bool on_start; /* runs until the container has started; the others from then on */
} kinds[] = {
    [PROBE_STARTUP] = {"Startup", PROBE_UNKNOWN, true, true, true},
    [PROBE_LIVENESS] = {"Liveness", PROBE_SUCCESS, true, true, false},
    [PROBE_READINESS] = {"Readiness", PROBE_FAILURE, false, false, false},
};

const char *probe_kind_name(enum probe_kind kind)
{
	return kinds[kind].name;
}

void probe_spec_default(struct probe_spec *s)
{
	s->period_s = s->period_s ? s->period_s : 10;
	s->timeout_s = s->timeout_s ? s->timeout_s : 1;
	s->success_threshold = s->success_threshold ? s->success_threshold : 1;
	s->failure_threshold = s->failure_threshold ? s->failure_threshold : 3;
}

/* The only place that changes the verdict. */
static bool set_verdict(struct probe_state *st, enum probe_verdict v)
{
	bool flipped = st->verdict != v;

	st->verdict = v;
	return flipped;
}

/* A new container: everything begins anew but the times of the worker itself. */
static bool take_container(
    const struct probe_spec *s, struct probe_state *st, const struct probe_obs *o)
{
	bool first = !st->begun;

	st->begun = true;
	st->ran = false;
	st->on_hold = false;
	st->stale |= st->in_flight;
	st->triggered = false;
	st->tries = 0;
	st->results = 0;
	st->last_result = PROBE_UNKNOWN;
	st->next_ms = 0;
	snprintf(st->container_id, sizeof(st->container_id), "%s", o->container_id);
	return set_verdict(st, kinds[s->kind].initial) || first;
}

/* After a start of the controller all probes would run at the same moment. */
static void jitter_once(
    const struct probe_spec *s, struct probe_state *st, const struct probe_obs *o)
{
	int64_t period = s->period_s * MS;

	if (st->jittered)
		return;
	st->jittered = true;
	if (o->now_ms - o->controller_start_ms < period)
		st->earliest_ms = o->now_ms + (int64_t)(o->jitter * (double)period);
}

/* When the next run is due; PROBE_NEVER: not before something changes. */
static int64_t due_at(
    const struct probe_spec *s, const struct probe_state *st, const struct probe_obs *o)
{
	int64_t first = o->started_at_ms + s->initial_delay_s * MS;
	int64_t due = st->triggered || st->tries ? o->now_ms : st->next_ms;

	if (st->on_hold || st->in_flight || o->started == kinds[s->kind].on_start)
		return PROBE_NEVER;
	due = due > first ? due : first;
	return due > st->earliest_ms ? due : st->earliest_ms;
}

/*
 * Runs keep to a grid, so that slow ones shift nothing. What was missed meanwhile is made up for
 * once, not piled up.
 */
static void schedule_next(
    const struct probe_spec *s, struct probe_state *st, int64_t due, const struct probe_obs *o)
{
	int64_t period = s->period_s * MS, missed = (o->now_ms - due) / period;

	if (st->triggered || !st->next_ms)
		due = o->now_ms;
	else if (missed > 0)
		due += missed * period;
	st->triggered = false;
	st->next_ms = due + period;
}

static struct probe_decision ended(struct probe_state *st, struct probe_decision d)
{
	st->ended = true;
	d.what = PROBE_END;
	d.at_ms = PROBE_NEVER;
	d.cancel = st->in_flight;
	st->in_flight = st->stale = false;
	return d;
}

/* The container is there but does not run. */
static struct probe_decision not_running(
    struct probe_state *st, const struct probe_obs *o, struct probe_decision d)
{
	if (st->ran)
		d.flipped |= set_verdict(st, PROBE_FAILURE);
	st->tries = 0;
	if (o->over)
		return ended(st, d);
	d.cancel = st->in_flight;
	st->in_flight = st->stale = false;
	return d;
}

struct probe_decision probe_decide(
    const struct probe_spec *s, struct probe_state *st, const struct probe_obs *o)
{
	struct probe_decision d = {.what = PROBE_WAIT, .at_ms = PROBE_NEVER};
	int64_t due;

	if (st->ended || o->pod_over)
		return ended(st, d);
	jitter_once(s, st, o);
	if (!o->container_id || !*o->container_id)
		return d;
	if (!st->begun ||
	    strncmp(st->container_id, o->container_id, sizeof(st->container_id) - 1) != 0)
		d.flipped = take_container(s, st, o);
	if (!o->running)
		return not_running(st, o, d);
	st->ran = true;
	if (o->deleting && kinds[s->kind].stops) {
		d.flipped |= set_verdict(st, PROBE_SUCCESS);
		return ended(st, d);
	}
	if (st->stale) {
		d.cancel = true;
		st->in_flight = st->stale = false;
	}
	due = due_at(s, st, o);
	if (due > o->now_ms) {
		d.at_ms = due;
		return d;
	}
	if (!st->tries)
		schedule_next(s, st, due, o);
	st->in_flight = true;
	d.what = PROBE_RUN;
	return d;
}

/* An error of the prober: another try at once, or nothing has happened. */
static bool note_error(struct probe_state *st)
{
	bool last = ++st->tries >= PROBE_TRIES;

	if (last)
		st->tries = 0;
	return last;
}

bool probe_note(
    const struct probe_spec *s, struct probe_state *st, enum probe_verdict result, bool *ret_report)
{
	bool report = false;
	int needed = result == PROBE_FAILURE ? s->failure_threshold : s->success_threshold;
	bool wanted = st->in_flight && !st->stale && !st->ended;

	st->in_flight = st->stale = false;
	if (wanted)
		report = result == PROBE_UNKNOWN ? note_error(st) : result == PROBE_FAILURE;
	if (ret_report)
		*ret_report = report;
	if (!wanted || result == PROBE_UNKNOWN)
		return false;
	st->tries = 0;
	st->results = st->last_result == result ? st->results : 0;
	st->last_result = result;
	if (st->results < needed)
		st->results++;
	if (st->results < needed)
		return false;
	if (kinds[s->kind].kills && result == PROBE_FAILURE) {
		st->on_hold = true;
		st->results = 0;
	}
	return set_verdict(st, result);
}

void probe_trigger(struct probe_state *st)
{
	if (st->begun && !st->on_hold && !st->ended)
		st->triggered = true;
}

bool probe_kills(const struct probe_spec *s, const struct probe_state *st)
{
	return kinds[s->kind].kills && st->on_hold && st->verdict == PROBE_FAILURE;
}
