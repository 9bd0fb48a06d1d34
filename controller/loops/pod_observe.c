/* pod_observe: from the record to what pod_decide is shown. */
#include "pods_internal.h"

#define GRACE_DEFAULT 30

int64_t pod_grace_ms(const struct pod *p)
{
	int64_t grace =
	    json_int(json_get(p->obj, "spec"), "terminationGracePeriodSeconds", GRACE_DEFAULT);

	return seconds_ms(grace < 0 ? 1 : grace);
}

/* ---- restart policies ---- */

static enum restart_policy policy_of(const struct container *c)
{
	const char *own = json_str(container_json(c), "restartPolicy");
	enum restart_policy policy = pod_restart_policy(c->pod);

	if (c->role == ROLE_SIDECAR)
		return RESTART_ALWAYS;
	if (own)
		policy = str_eq(own, "Always")      ? RESTART_ALWAYS
			 : str_eq(own, "OnFailure") ? RESTART_ON_FAILURE
						    : RESTART_NEVER;
	return c->role == ROLE_INIT && policy == RESTART_ALWAYS ? RESTART_ON_FAILURE : policy;
}

static bool rule_matches(const json *rule, int exit_code)
{
	const json *codes = json_get(rule, "exitCodes");
	bool in = false;

	json_for (v, json_get(codes, "values")) {
		int64_t n;

		in = in || (json_is_int(v, &n) && n == exit_code);
	}
	return codes && in == str_eq(json_str(codes, "operator"), "In");
}

/* The first rule that matches the exit code decides, without one the policy. */
static enum after_exit after_exit(const struct container *c, int exit_code)
{
	enum restart_policy policy = policy_of(c);

	json_for (rule, json_get(container_json(c), "restartPolicyRules"))
		if (rule_matches(rule, exit_code))
			return str_eq(json_str(rule, "action"), "RestartAllContainers")
				   ? EXIT_RESTART_ALL
				   : EXIT_RESTART;
	if (c->replaced || (c->unhealthy && policy != RESTART_NEVER))
		return EXIT_RESTART;
	return restart_wanted(policy, exit_code) ? EXIT_RESTART : EXIT_STAY;
}

/* ---- containers ---- */

bool container_started(const struct container *c)
{
	return c->stage == STAGE_RUNNING && !c->startup_failing &&
	       (c->post_start == HOOK_NONE || c->post_start == HOOK_DONE);
}

bool container_ready(const struct container *c)
{
	if (c->role == ROLE_INIT)
		return c->stage == STAGE_EXITED && c->exit_code == 0;
	return container_started(c) && !c->unready;
}

static int last_exit_code(const struct container *c)
{
	return c->stage == STAGE_EXITED ? c->exit_code
					: (int)json_int(c->last_state, "exitCode", 0);
}

static struct container_obs observe_container(const struct container *c)
{
	return (struct container_obs){
	    .role = c->role,
	    .stage = c->stage,
	    .busy = c->busy,
	    .begun = c->round == c->pod->round,
	    .image_missing = c->image_missing,
	    .image_pulled = c->image_pulled,
	    .pull = container_pull_policy(c),
	    .attempt = c->attempt,
	    .exit_code = last_exit_code(c),
	    .after = c->stage == STAGE_EXITED ? after_exit(c, c->exit_code) : EXIT_STAY,
	    .not_before_ms = c->not_before_ms,
	    .started = container_started(c),
	    .unhealthy = c->unhealthy,
	    .outdated = image_outdated(c),
	    .post_start = c->post_start,
	    .pre_stop = c->pre_stop,
	    .stop_by_ms = c->stop_by_ms,
	    .grace_ms = c->probe_grace_ms >= 0 ? c->probe_grace_ms : pod_grace_ms(c->pod),
	    .term_sent_ms = c->term_sent_ms,
	    .kill_sent_ms = c->kill_sent_ms,
	};
}

/* ---- the pod ---- */

static int64_t deadline_ms(const struct pod *p)
{
	int64_t seconds = json_int(json_get(p->obj, "spec"), "activeDeadlineSeconds", 0);

	return seconds > 0 && p->started_at ? (p->started_at + seconds) * 1000 : 0;
}

struct pod_obs pod_observe(const struct pod *p)
{
	struct pod_obs o = {
	    .now_ms = now_ms(),
	    .phase = pod_phase_parse(json_str_or(p->obj, "status.phase", "Pending")),
	    .restart = pod_restart_policy(p),
	    .scheduled = json_has(p->obj, "spec.nodeName"),
	    .held = !p->set->engine_up || (p->stored && !p->set->recovered),
	    .stopping = p->gone || meta_deleting(p->obj),
	    .released = p->released && !p->gone,
	    .may_start = p->set->starting < p->set->start_limit,
	    .over_limit = usage_over(p) != NULL,
	    .ending = p->ending,
	    .stop_by_ms = p->stop_by_ms,
	    .deadline_ms = deadline_ms(p),
	    .volumes = p->volumes,
	    .address_first = p->address_first,
	    .network_due = p->network_due,
	    .hand_on = p->shared && !p->visited,
	    .volumes_not_before_ms = p->volumes_not_before_ms,
	    .containers = p->obs,
	    .container_count = p->container_count,
	};

	for (size_t i = 0; i < p->container_count; i++)
		p->obs[i] = observe_container(&p->containers[i]);
	if (p->sandbox) {
		p->obs[p->container_count] = observe_container(p->sandbox);
		o.sandbox = &p->obs[p->container_count];
	}
	return o;
}
