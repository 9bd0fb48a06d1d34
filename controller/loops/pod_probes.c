/*
 * pod_probes: the probes of containers. probes/probe.h says when one runs and what its results
 * mean; here are the facts that it is shown, the actions that it asks for, and what follows. All of
 * a pod's probes are driven by the pod's one timer.
 */
#include "../../runtime/base/rand.h"
#include "pods_internal.h"

#define PROBES 3

static const char *const fields[PROBES] = {
    [PROBE_STARTUP] = "startupProbe",
    [PROBE_LIVENESS] = "livenessProbe",
    [PROBE_READINESS] = "readinessProbe",
};

struct worker {
	bool wanted;
	bool needs_address;
	struct probe_spec spec;
	struct probe_state state;
	struct action *action;
};

struct container_probes {
	struct worker workers[PROBES];
	double jitter;
};

static struct probe_spec spec_of(const json *probe, enum probe_kind kind)
{
	struct probe_spec s = {
	    .kind = kind,
	    .initial_delay_s = json_int(probe, "initialDelaySeconds", 0),
	    .period_s = json_int(probe, "periodSeconds", 0),
	    .timeout_s = json_int(probe, "timeoutSeconds", 0),
	    .success_threshold = (int)json_int(probe, "successThreshold", 0),
	    .failure_threshold = (int)json_int(probe, "failureThreshold", 0),
	    .grace_s = json_int(probe, "terminationGracePeriodSeconds", 0),
	};

	probe_spec_default(&s);
	return s;
}

void probes_init(struct container *c)
{
	uint32_t random;

	for (int i = 0; i < PROBES; i++) {
		const json *probe = json_get(container_json(c), fields[i]);
		struct worker *w;

		if (!probe || c->role == ROLE_INIT)
			continue;
		if (!c->probes)
			c->probes = xcalloc(1, sizeof(*c->probes));
		w = &c->probes->workers[i];
		w->wanted = true;
		w->needs_address = handler_needs_address(probe);
		w->spec = spec_of(probe, (enum probe_kind)i);
	}
	if (!c->probes)
		return;
	rand_bytes(&random, sizeof(random));
	c->probes->jitter = (double)random / ((double)UINT32_MAX + 1);
}

void probes_release(struct container *c)
{
	for (int i = 0; c->probes && i < PROBES; i++)
		action_cancel(c->probes->workers[i].action);
	free(TAKE(c->probes));
}

bool probes_need_address(const struct container *c)
{
	for (int i = 0; c->probes && i < PROBES; i++)
		if (c->probes->workers[i].wanted && c->probes->workers[i].needs_address)
			return true;
	return false;
}

/* ---- what follows from a verdict ---- */

static void kill_for(struct container *c, const struct worker *w)
{
	const char *of = w->spec.kind == PROBE_STARTUP ? "startup" : "liveness";
	const struct pod *p = c->pod;
	bool again = c->role == ROLE_SIDECAR || pod_restart_policy(p) != RESTART_NEVER;

	if (c->unhealthy)
		return;
	c->unhealthy = true;
	c->probe_grace_ms = w->spec.grace_s > 0 ? seconds_ms(w->spec.grace_s) : -1;
	free(c->kill_message);
	c->kill_message = xasprintf("%s %s failed %s probe%s",
	    c->role == ROLE_APP ? "Container" : "Init container", c->name, of,
	    again ? ", will be restarted" : "");
}

static void publish(struct container *c, struct worker *w)
{
	const struct probe_state *st = &w->state;
	bool ours = st->begun && c->stage == STAGE_RUNNING && str_eq(st->container_id, c->id);

	if (!ours)
		return;
	switch (w->spec.kind) {
	case PROBE_STARTUP:
		if (st->verdict == PROBE_SUCCESS && c->startup_failing) {
			c->startup_failing = false;
			probe_trigger(&c->probes->workers[PROBE_READINESS].state);
		}
		break;
	case PROBE_READINESS:
		/* what an earlier controller has found holds until there is a result */
		if (st->results > 0 || st->verdict == PROBE_SUCCESS)
			c->unready = st->verdict != PROBE_SUCCESS;
		break;
	case PROBE_LIVENESS:
		break;
	}
	if (probe_kills(&w->spec, st) && !c->pod->gone && !meta_deleting(c->pod->obj))
		kill_for(c, w);
}

/* ---- actions ---- */

static void tell(struct container *c, const struct worker *w, const struct action_result *r)
{
	auto_free char *text = action_event_text(probe_kind_name(w->spec.kind), r);

	if (text)
		container_event(c, "Warning",
		    r->outcome == ACTION_WARNING ? "ProbeWarning" : "Unhealthy", "%s", text);
}

static void take(struct container *c, struct worker *w, const struct action_result *r)
{
	static const enum probe_verdict verdicts[] = {
	    [ACTION_SUCCESS] = PROBE_SUCCESS,
	    [ACTION_WARNING] = PROBE_SUCCESS,
	    [ACTION_FAILURE] = PROBE_FAILURE,
	    [ACTION_ERROR] = PROBE_UNKNOWN,
	};
	bool report = false;

	probe_note(&w->spec, &w->state, verdicts[r->outcome], &report);
	if (report || r->outcome == ACTION_WARNING)
		tell(c, w, r);
	publish(c, w);
	pod_queue(c->pod);
}

static void on_done(void *ctx, uint64_t key, const struct action_result *r)
{
	struct container *c = container_of((struct engine_who){.ctx = ctx, .key = key});
	struct worker *w = c && c->probes ? &c->probes->workers[container_part(key)] : NULL;

	if (!w)
		return;
	w->action = NULL;
	take(c, w, r);
}

static void run(struct container *c, struct worker *w)
{
	const json *probe = json_get(container_json(c), fields[w->spec.kind]);
	uint64_t key = container_part_key(c, w->spec.kind);
	auto_err e = {0};

	w->action = handler_start(c, probe, false, w->spec.timeout_s * 1000, on_done, key, &e);
	if (!w->action)
		take(c, w,
		    &(struct action_result){
			.outcome = ACTION_ERROR, .text = err_msg(&e), .exit_code = -1});
}

/* ---- deciding ---- */

static struct probe_obs observe(const struct container *c, const struct container_obs *co)
{
	const struct pod *p = c->pod;
	bool hook = c->post_start == HOOK_DUE || c->post_start == HOOK_RUNNING;
	int64_t mono = clock_mono_ms(), wall = now_ms();

	return (struct probe_obs){
	    .now_ms = mono,
	    .container_id = c->id,
	    .running = c->stage == STAGE_RUNNING && !hook,
	    .over = c->stage == STAGE_EXITED && co->after == EXIT_STAY,
	    .started = c->stage == STAGE_RUNNING && !hook && !c->startup_failing,
	    .deleting = p->gone || meta_deleting(p->obj) || p->ending != END_NONE,
	    .pod_over = pod_phase_terminal(pod_phase_parse(json_str(p->obj, "status.phase"))),
	    .started_at_ms = mono - wall + c->started_ns / NSEC_PER_MSEC,
	    .controller_start_ms = p->set->began_mono_ms,
	    .jitter = c->probes->jitter,
	};
}

static void drive(struct container *c, struct worker *w, struct probe_obs o, int64_t *wake_ms)
{
	/* one run ends at once only where it cannot begin: three tries, then it is forgotten */
	for (int i = 0; i <= PROBE_TRIES; i++) {
		struct probe_decision d;

		o.running = o.running && (!w->needs_address || handler_address(c));
		d = probe_decide(&w->spec, &w->state, &o);
		if (d.cancel)
			action_cancel(TAKE(w->action));
		publish(c, w);
		if (d.what == PROBE_RUN) {
			run(c, w);
			if (w->action)
				continue; /* when to look again */
		} else if (d.what == PROBE_WAIT && d.at_ms < *wake_ms) {
			*wake_ms = d.at_ms;
		}
		if (d.what != PROBE_RUN)
			return;
	}
}

int64_t probes_drive(struct pod *p)
{
	int64_t wake = PROBE_NEVER;
	struct pod_obs o = {0};

	for (size_t i = 0; i < p->container_count; i++) {
		struct container *c = &p->containers[i];

		if (!c->probes)
			continue;
		if (!o.containers)
			o = pod_observe(p);
		for (int n = 0; n < PROBES; n++)
			if (c->probes->workers[n].wanted)
				drive(
				    c, &c->probes->workers[n], observe(c, &o.containers[i]), &wake);
	}
	return wake;
}
