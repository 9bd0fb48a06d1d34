/*
 * job_sim: a small world for the Job decider: a Job with its status, all pods that it ever had, a
 * clock. sim_round() lets the decider look at it and does what the plan says, as the applier does,
 * and checks at every round what must hold at all times. Pods are known by the order of their
 * creation, from 0.
 */
#ifndef KJOB_JOB_SIM_H
#define KJOB_JOB_SIM_H

#include "../../controller/loops/job_decide.h"
#include "../../runtime/base/mem.h"

#include "test.h"

#define T0 1000000
#define NO_LIMIT INT32_MAX

struct sim_pod {
	struct job_pod p;
	enum job_pod_fate fate; /* in the last round */
	bool gone;              /* nobody sees it any more */
	bool judged;            /* released: counted, or not */
};

struct sim {
	struct job_obs o; /* spec and status; its pods are made for each round */
	struct index_set completed, failed_indexes;
	struct sim_pod *pods;
	size_t len, cap;
	struct job_plan plan; /* of the last round; its new_pods and sets are gone */
	struct buf text;
	bool counts_may_fall; /* completions were lowered */
	bool refuses;         /* the store or the engine: the last half of new pods is not made */
};

#define auto_sim CLEANUP(sim_release) struct sim

static void sim_release(struct sim *s)
{
	index_set_release(&s->completed);
	index_set_release(&s->failed_indexes);
	buf_release(&s->text);
	free(s->pods);
}

/* completions -1: a work queue. */
static struct sim sim_new(int64_t parallelism, int64_t completions, int64_t backoff_limit)
{
	struct sim s = {0};

	s.o.now = T0;
	s.o.parallelism = parallelism;
	s.o.completions = completions;
	s.o.backoff_limit = backoff_limit;
	s.o.deadline = s.o.backoff_limit_per_index = s.o.max_failed_indexes = -1;
	return s;
}

UNUSED static struct sim sim_indexed(int64_t parallelism, int64_t completions, int64_t per_index)
{
	struct sim s = sim_new(parallelism, completions, per_index < 0 ? 6 : NO_LIMIT);

	s.o.indexed = true;
	s.o.backoff_limit_per_index = per_index;
	return s;
}

/* ---- what happens to pods ---- */

static struct job_pod *sim_pod(struct sim *s, size_t i)
{
	static struct job_pod none;

	CHECK(i < s->len);
	return i < s->len ? &s->pods[i].p : &none;
}

static void sim_end(struct sim *s, size_t i, enum pod_phase phase)
{
	struct job_pod *p = sim_pod(s, i);

	p->phase = phase;
	p->finished_at = s->o.now;
	p->ready = false;
}

UNUSED static void sim_fail(struct sim *s, size_t i)
{
	sim_end(s, i, POD_FAILED);
}

UNUSED static void sim_succeed(struct sim *s, size_t i)
{
	sim_end(s, i, POD_SUCCEEDED);
}

UNUSED static void sim_run(struct sim *s, size_t i)
{
	struct job_pod *p = sim_pod(s, i);

	p->phase = POD_RUNNING;
	p->ready = true;
	p->ready_since = s->o.now;
}

/* Somebody deletes it, and it takes its time. */
UNUSED static void sim_delete(struct sim *s, size_t i)
{
	struct job_pod *p = sim_pod(s, i);

	p->deleting = true;
	p->finished_at = s->o.now;
}

/* A pod that is in the world from elsewhere: adopted, or left by a controller that died. */
static struct job_pod *sim_add(struct sim *s, int64_t index)
{
	GROW(s->pods, s->cap, s->len + 1);
	s->pods[s->len] = (struct sim_pod){
	    .p = {.tracked = true, .scheduled = true, .index = index, .created_at = s->o.now}};
	return &s->pods[s->len++].p;
}

/* The pod that is active with an index, the newest of them; len: none. */
UNUSED static size_t sim_of_index(const struct sim *s, int64_t index)
{
	for (size_t i = s->len; i-- > 0;)
		if (s->pods[i].p.index == index && !s->pods[i].gone && !s->pods[i].p.deleting &&
		    !pod_phase_terminal(s->pods[i].p.phase))
			return i;
	return s->len;
}

/* Whether a pod with this index may be made now. */
static bool sim_index_free(const struct sim *s, int64_t index)
{
	bool only_ended = s->o.replace_when_failed || s->o.has_failure_policy;

	if (index < 0 || index >= s->o.completions || index_set_has(&s->plan.completed, index) ||
	    index_set_has(&s->plan.failed_indexes, index))
		return false;
	for (size_t i = 0; i < s->len && s->len < 1000; i++) {
		const struct job_pod *p = &s->pods[i].p;

		if (p->index == index && !s->pods[i].gone && !pod_phase_terminal(p->phase) &&
		    (only_ended || !p->deleting))
			return false;
	}
	return true;
}

/* ---- a round ---- */

static void sim_apply_fate(struct sim *s, struct sim_pod *sp)
{
	struct job_pod *p = &sp->p;
	bool active = !pod_phase_terminal(p->phase) && !p->deleting;

	if (sp->fate >= FATE_DELETE) {
		CHECK(active);
		p->deleting = true;
		p->ready = false;
		p->finished_at = s->o.now;
	}
	if (sp->fate != FATE_KEEP && sp->fate != FATE_DELETE) {
		CHECK(p->tracked && !sp->judged);
		p->tracked = false;
		sp->judged = true;
	}
	CHECK(sp->fate != FATE_DELETE || !p->tracked);
}

static void sim_create(struct sim *s)
{
	if (s->refuses) {
		s->plan.active -= s->plan.create - s->plan.create / 2;
		s->plan.create /= 2;
	}
	for (int64_t i = 0; i < s->plan.create; i++) {
		const struct job_new_pod *n = &s->plan.new_pods[i];
		struct job_pod *p;

		CHECK(s->o.indexed ? sim_index_free(s, n->index) : n->index == -1);
		p = sim_add(s, n->index);
		p->index_failures = n->failures;
		p->index_ignored = n->ignored;
	}
}

static void sim_take_status(struct sim *s)
{
	struct job_plan *p = &s->plan;
	int64_t succeeded = 0, failed = 0;

	for (size_t i = 0; i < s->len; i++) {
		enum job_pod_fate fate = s->pods[i].fate;

		succeeded += fate == FATE_COUNT_SUCCEEDED;
		failed += fate == FATE_COUNT_FAILED || fate == FATE_DELETE_FAILED;
	}
	CHECK(s->counts_may_fall || p->succeeded == s->o.succeeded + succeeded);
	CHECK_INT(p->failed, s->o.failed + failed);
	CHECK(!s->o.indexed || p->succeeded == p->completed.count);
	CHECK_INT(index_set_common(&p->completed, &p->failed_indexes), 0);
	s->o.succeeded = p->succeeded;
	s->o.failed = p->failed;
	s->o.backoff = p->backoff;
	if (p->start || p->unset_start)
		s->o.start_time = p->start ? s->o.now : 0;
	if (p->suspension != SUSPENSION_KEEP)
		s->o.suspended = p->suspension == SUSPENSION_SUSPEND;
	CHECK(!p->decide || s->o.decided == JOB_END_NONE);
	if (p->decide)
		s->o.decided = p->decide;
	CHECK(!p->finish || (!s->o.finished && s->o.decided && s->o.start_time));
	s->o.finished = s->o.finished || p->finish;
	index_set_release(&s->completed);
	index_set_release(&s->failed_indexes);
	s->completed = p->completed;
	s->failed_indexes = p->failed_indexes;
	p->completed = p->failed_indexes = (struct index_set){0};
}

/* What the plan says the status is must be what there is. */
static void sim_check_counts(const struct sim *s)
{
	int64_t active = 0, ready = 0, terminating = 0;

	for (size_t i = 0; i < s->len; i++) {
		const struct job_pod *p = &s->pods[i].p;
		bool ended = s->pods[i].gone || pod_phase_terminal(p->phase);

		active += !ended && !p->deleting;
		ready += !ended && !p->deleting && p->ready;
		terminating += !ended && p->deleting;
	}
	CHECK_INT(s->plan.active, active);
	CHECK_INT(s->plan.ready, ready);
	CHECK_INT(s->plan.terminating, terminating);
	CHECK(!s->plan.finish || active + terminating == 0);
	CHECK(s->plan.wake_at == 0 || s->plan.wake_at >= s->o.now);
}

static void sim_round(struct sim *s)
{
	auto_free struct job_pod *seen = xcalloc(s->len + 1, sizeof(*seen));
	auto_free enum job_pod_fate *fates = xcalloc(s->len + 1, sizeof(*fates));
	auto_free size_t *which = xcalloc(s->len + 1, sizeof(*which));
	size_t n = 0, deleted = 0;
	int64_t created;

	for (size_t i = 0; i < s->len; i++) {
		struct sim_pod *sp = &s->pods[i];

		sp->fate = FATE_KEEP;
		sp->gone = sp->gone || (!sp->p.tracked && pod_phase_terminal(sp->p.phase));
		if (sp->gone)
			continue;
		seen[n] = sp->p;
		which[n++] = i;
	}
	s->o.pods = seen;
	s->o.pod_count = n;
	s->o.completed = s->o.indexed ? &s->completed : NULL;
	s->o.failed_indexes = s->o.indexed ? &s->failed_indexes : NULL;
	job_decide(&s->o, &s->plan, fates);
	s->plan.culprit = n ? which[s->plan.culprit] : 0;
	for (size_t i = 0; i < n; i++) {
		s->pods[which[i]].fate = fates[i];
		deleted += fates[i] >= FATE_DELETE;
		sim_apply_fate(s, &s->pods[which[i]]);
	}
	CHECK(s->plan.create == 0 || (deleted == 0 && !s->o.deleting && !s->o.suspend));
	CHECK(s->plan.create <= JOB_ROUND_MAX && deleted <= JOB_ROUND_MAX);
	sim_create(s);
	sim_take_status(s);
	sim_check_counts(s);
	created = s->plan.create;
	job_plan_release(&s->plan);
	s->plan.create = created;
	s->o.pods = NULL;
}

/* Rounds until the job asks for none at once. */
static void sim_settle(struct sim *s)
{
	int rounds = 0;

	do
		sim_round(s);
	while (s->plan.wake_at == s->o.now && !s->o.finished && ++rounds < 50);
	CHECK(rounds < 50);
}

UNUSED static void sim_later(struct sim *s, int64_t seconds)
{
	s->o.now += seconds;
	sim_settle(s);
}

/* ---- looking at it ---- */

/* "2 active, 1 stopping, 1 done, 1 failed, completed 0, given up 3, BackoffLimitExceeded, finished,
 * wake +10": what is zero or absent is left out. */
UNUSED static const char *sim_show(struct sim *s)
{
	static const char *const names[] = {"active", "stopping", "done", "failed"};
	const int64_t counts[] = {
	    s->plan.active, s->plan.terminating, s->plan.succeeded, s->plan.failed};
	struct buf *b = &s->text;

	buf_clear(b);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (counts[i])
			buf_addf(b, ", %lld %s", (long long)counts[i], names[i]);
	if (s->completed.count) {
		buf_adds(b, ", completed ");
		index_set_format(&s->completed, b);
	}
	if (s->failed_indexes.count) {
		buf_adds(b, ", given up ");
		index_set_format(&s->failed_indexes, b);
	}
	if (s->o.decided)
		buf_addf(b, ", %s", job_end_info(s->o.decided)->reason);
	if (s->o.finished)
		buf_addf(b, ", %s", job_end_info(s->o.decided)->final);
	if (s->plan.wake_at)
		buf_addf(b, ", wake +%lld", (long long)(s->plan.wake_at - s->o.now));
	buf_consume(b, b->len ? 2 : 0);
	return buf_str(b);
}

#define CHECK_SIM(s, want) CHECK_STR(sim_show(s), want)

#endif
