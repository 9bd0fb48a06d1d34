/*
 * job_property: random histories of a Job: pods that run, fail, are deleted, adopted or lost; a
 * controller that is restarted or whose writes fail; a clock that jumps; a spec that changes. After
 * each round what the decider did must be allowed, and once the trouble is over the Job must end.
 */
#include "job_sim.h"

#define STEPS 60
#define PODS_MAX 60
#define PATIENCE 400

/* A small generator of our own (xorshift): the histories are the same on every machine. */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state * 2654435761u >> 8;
}

static int64_t below(uint32_t *rnd, uint32_t n)
{
	return next_random(rnd) % n;
}

static bool chance(uint32_t *rnd, uint32_t one_in)
{
	return next_random(rnd) % one_in == 0;
}

/* ---- histories ---- */

struct history {
	struct sim s;
	uint32_t rnd;
	struct index_set rule_indexes;
	struct success_rule rules[2];
};

static void new_history(struct history *h, uint32_t seed)
{
	uint32_t *rnd = &h->rnd;
	struct sim *s = &h->s;

	*h = (struct history){.rnd = seed * 2654435761u};
	*s = sim_new(chance(rnd, 10) ? 0 : 1 + below(rnd, 5),
	    chance(rnd, 20) ? 0 : 1 + below(rnd, 8), below(rnd, 12));
	s->o.indexed = chance(rnd, 2);
	if (!s->o.indexed && chance(rnd, 3))
		s->o.completions = -1;
	if (s->o.indexed && chance(rnd, 2)) {
		s->o.backoff_limit_per_index = below(rnd, 3);
		s->o.backoff_limit = chance(rnd, 3) ? 10 : NO_LIMIT;
		s->o.max_failed_indexes = chance(rnd, 2) ? below(rnd, 3) : -1;
	}
	s->o.has_failure_policy = chance(rnd, 4);
	s->o.replace_when_failed = s->o.has_failure_policy || chance(rnd, 4);
	s->o.restart_on_failure = !s->o.has_failure_policy && chance(rnd, 4);
	s->o.deadline = chance(rnd, 4) ? below(rnd, 200) : -1;
	s->o.suspend = chance(rnd, 8);
	if (s->o.indexed && chance(rnd, 3)) {
		index_set_init(&h->rule_indexes, 7);
		index_set_add_range(&h->rule_indexes, below(rnd, 4), below(rnd, 4) + 2);
		h->rules[0] =
		    (struct success_rule){&h->rule_indexes, chance(rnd, 2) ? below(rnd, 3) : -1};
		h->rules[1] = (struct success_rule){NULL, 1 + below(rnd, 6)};
		s->o.success_rules = h->rules;
		s->o.success_rule_count = chance(rnd, 2) ? 1 : 2;
	}
}

static void end_history(struct history *h)
{
	sim_release(&h->s);
	index_set_release(&h->rule_indexes);
}

static enum pod_verdict random_verdict(struct history *h)
{
	bool per_index = h->s.o.backoff_limit_per_index >= 0;

	if (!h->s.o.has_failure_policy || chance(&h->rnd, 2))
		return VERDICT_COUNT;
	if (chance(&h->rnd, 8))
		return VERDICT_FAIL_JOB;
	return per_index && chance(&h->rnd, 3) ? VERDICT_FAIL_INDEX : VERDICT_IGNORE;
}

static void fail_pod(struct history *h, size_t i)
{
	sim_fail(&h->s, i);
	h->s.pods[i].p.verdict = random_verdict(h);
	if (chance(&h->rnd, 8))
		h->s.pods[i].p.finished_at += below(&h->rnd, 4000) - 2000;
}

/* Something happens to a pod that has not ended. */
static void pod_event(struct history *h, size_t i)
{
	struct job_pod *p = &h->s.pods[i].p;

	switch (below(&h->rnd, 8)) {
	case 0:
	case 1:
		sim_succeed(&h->s, i);
		break;
	case 2:
	case 3:
		fail_pod(h, i);
		break;
	case 4:
		if (!p->deleting)
			sim_delete(&h->s, i);
		break;
	case 5: /* nobody knows, for a while */
		p->phase = POD_UNKNOWN;
		p->ready = false;
		break;
	case 6:
		p->restarts++;
		break;
	default:
		sim_run(&h->s, i);
		p->ready = !p->deleting;
	}
}

/* Somebody changes the spec, or pods come and go by other hands. */
static void user_event(struct history *h)
{
	struct job_obs *o = &h->s.o;
	struct job_pod *p;

	switch (below(&h->rnd, 6)) {
	case 0:
		o->suspend = !o->suspend;
		break;
	case 1:
		o->parallelism = below(&h->rnd, 5);
		break;
	case 2: /* elastic */
		if (!o->indexed || o->finished)
			break;
		o->parallelism = below(&h->rnd, 7);
		h->s.counts_may_fall = o->parallelism < o->completions;
		o->completions = o->parallelism;
		break;
	case 3:
		if (h->s.len >= PODS_MAX)
			break;
		p = sim_add(&h->s, below(&h->rnd, 9) - 1);
		p->scheduled = chance(&h->rnd, 2);
		p->index_failures = below(&h->rnd, 3);
		break;
	case 4: /* its labels do not match any more */
		if (h->s.len > 0)
			h->s.pods[next_random(&h->rnd) % h->s.len].gone = true;
		break;
	default:
		if (o->deadline < 0)
			o->deadline = below(&h->rnd, 2000);
	}
}

/* A round whose writes are lost: nothing of it is there afterwards, nor what was in memory. */
static void lost_round(struct sim *s)
{
	auto_free struct job_pod *seen = xcalloc(s->len + 1, sizeof(*seen));
	auto_free enum job_pod_fate *fates = xcalloc(s->len + 1, sizeof(*fates));
	struct job_obs o = s->o;
	struct job_plan plan;

	o.pods = seen;
	o.pod_count = 0;
	for (size_t i = 0; i < s->len; i++)
		if (!s->pods[i].gone)
			seen[o.pod_count++] = s->pods[i].p;
	job_decide(&o, &plan, fates);
	job_plan_release(&plan);
	s->o.backoff = (struct job_backoff){0};
}

/* ---- what must hold ---- */

static bool only_ended(const struct job_obs *o)
{
	return o->replace_when_failed || o->has_failure_policy;
}

static void check_round(const struct sim *s, bool was_finished)
{
	const struct job_obs *o = &s->o;
	const struct job_plan *p = &s->plan;
	bool draining = o->completions < 0 && o->succeeded > 0;

	if (was_finished)
		return;
	if (p->decide == JOB_END_DEADLINE)
		CHECK(!o->suspend && o->now - o->start_time >= o->deadline);
	if (o->decided) {
		CHECK_INT(p->create, 0);
		CHECK_INT(p->active, 0);
		return;
	}
	CHECK(draining || p->active <= o->parallelism);
	CHECK(!o->suspend || p->active == 0);
	CHECK_INT(o->suspended, o->suspend);
	CHECK(o->suspend == (o->start_time == 0));
	if (p->create > 0 && only_ended(o))
		CHECK(p->active + p->terminating <= o->parallelism);
	for (size_t i = 0; o->indexed && i < s->len; i++) {
		const struct job_pod *pod = &s->pods[i].p;

		if (s->pods[i].gone || pod->deleting || pod_phase_terminal(pod->phase))
			continue;
		CHECK(pod->index >= 0 && pod->index < o->completions);
		CHECK_INT(sim_of_index(s, pod->index), i);
	}
	/* Nothing to wait for but the clock: then it must be waited for. */
	if (p->active + p->terminating == 0 && !o->suspend && o->parallelism > 0 && !s->refuses)
		CHECK(p->wake_at > 0);
	CHECK(o->deadline >= 0 || p->wake_at <= o->now + 600);
}

static void one_round(struct history *h)
{
	bool was_finished = h->s.o.finished;

	sim_round(&h->s);
	h->s.counts_may_fall = false;
	check_round(&h->s, was_finished);
}

static void trouble(struct history *h)
{
	struct sim *s = &h->s;

	if (chance(&h->rnd, 12))
		lost_round(s);
	if (chance(&h->rnd, 12))
		s->o.backoff = (struct job_backoff){0}; /* the controller was restarted */
	s->refuses = chance(&h->rnd, 12);
	if (chance(&h->rnd, 6) && !s->o.finished)
		user_event(h);
	for (size_t i = 0; i < s->len; i++)
		if (!s->pods[i].gone && !pod_phase_terminal(s->pods[i].p.phase) &&
		    chance(&h->rnd, 3))
			pod_event(h, i);
	if (chance(&h->rnd, 20))
		s->o.now += below(&h->rnd, 8000) - 4000;
	else if (chance(&h->rnd, 2) && s->plan.wake_at > s->o.now)
		s->o.now = s->plan.wake_at;
	else
		s->o.now += below(&h->rnd, 30);
}

/* From now on all goes well. */
static void recovery(struct history *h)
{
	struct sim *s = &h->s;

	s->refuses = false;
	s->o.suspend = false;
	if (s->o.parallelism == 0)
		s->o.parallelism = 1;
	for (int step = 0; !s->o.finished && step < PATIENCE; step++) {
		one_round(h);
		for (size_t i = 0; i < s->len; i++)
			if (!s->pods[i].gone && !pod_phase_terminal(s->pods[i].p.phase))
				sim_succeed(s, i);
		s->o.now = s->plan.wake_at > s->o.now ? s->plan.wake_at : s->o.now + 1;
	}
	CHECK(s->o.finished);
	sim_round(s);
	for (size_t i = 0; i < s->len; i++)
		CHECK(s->pods[i].gone || !s->pods[i].p.tracked);
}

static uint32_t runs(void)
{
	return (uint32_t)test_rounds(15000, 500);
}

TEST("random histories: never too many pods, nothing counted twice or taken back, ends are final, "
     "and every job ends")
{
	int ends[JOB_END_FAILED_INDEXES + 1] = {0};

	for (uint32_t seed = 1; seed <= runs() && !test_failed; seed++) {
		struct history h;

		new_history(&h, seed);
		for (int step = 0; step < STEPS && h.s.len < PODS_MAX && !test_failed; step++) {
			one_round(&h);
			trouble(&h);
		}
		if (!test_failed)
			recovery(&h);
		if (test_failed)
			printf("# in the history of seed %u\n", (unsigned)seed);
		ends[h.s.o.decided]++;
		end_history(&h);
	}
	for (int end = JOB_END_COMPLETE; end <= JOB_END_FAILED_INDEXES; end++)
		CHECK(ends[end] > 0); /* the histories reach every end */
}

TEST("random histories of a job that is being deleted: no pod is made, every one is let go of")
{
	for (uint32_t seed = 1; seed <= runs() / 5 && !test_failed; seed++) {
		struct history h;
		size_t len;

		new_history(&h, seed);
		for (int step = 0; step < 10 && h.s.len < PODS_MAX; step++) {
			one_round(&h);
			trouble(&h);
		}
		h.s.o.deleting = true;
		len = h.s.len;
		for (int step = 0; step < 3; step++)
			sim_round(&h.s);
		CHECK_INT(h.s.len, len);
		for (size_t i = 0; i < h.s.len; i++)
			CHECK(h.s.pods[i].gone || !h.s.pods[i].p.tracked);
		if (test_failed)
			printf("# in the history of seed %u\n", (unsigned)seed);
		end_history(&h);
	}
}

int main(void)
{
	return test_main();
}
