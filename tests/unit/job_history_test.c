/*
 * Random histories of a Job through the controller and its store: pods that start, end, are deleted
 * and lose their owner, a user who suspends and scales, and kills of the controller at any instant.
 */
#include "job_fixture.h"

#define STEPS 120
#define HISTORIES 10

static uint32_t seed;

static uint32_t roll(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* What the job must say, by what the pods were made to do. Everything here is plain values, so that
 * a lost turn takes it back. */
struct ledger {
	int64_t succeeded; /* pods that ended well while the job held them */
	int64_t last_failed;
	char end[256]; /* the conditions once finished */
};

struct history {
	struct world *w;
	struct ledger now, committed;
};

static bool is_live(const json *pod)
{
	const char *phase = json_str_or(pod, "status.phase", "");

	return !str_eq(phase, "Succeeded") && !str_eq(phase, "Failed");
}

static bool is_finished(struct world *w)
{
	auto_json *job = get_job(w, "j");

	return meta_condition_true(job, "Complete") || meta_condition_true(job, "Failed");
}

/* A pod that has not ended, or NULL; owned. */
static json *some_live_pod(struct world *w)
{
	auto_strlist names = pods_of(w, "j");
	size_t from = names.len ? roll((uint32_t)names.len) : 0;

	for (size_t i = 0; i < names.len; i++) {
		auto_json *pod = get_pod(w, names.items[(from + i) % names.len]);

		if (is_live(pod))
			return TAKE(pod);
	}
	return NULL;
}

/* So long ago that no back-off is left of it. */
static void mark_unready(json *pod)
{
	auto_free char *text = NULL;
	char time[TIME_TEXT_MAX];

	time_format(time, clock_wall_ns() / NSEC_PER_SEC - 3600);
	text = xasprintf("[{'type':'Ready','status':'False','lastTransitionTime':'%s'}]", time);
	json_set_path(pod, "status.conditions", parse(text));
}

/* ---- steps ---- */

static void step_run(struct history *h)
{
	json *pod = some_live_pod(h->w);

	if (!pod)
		return;
	set_phase(pod, "Running", -1);
	mark_unready(pod);
	put(h->w, pod_kind(), pod, UPDATE_SYSTEM);
}

static void end_pod(struct history *h, const char *phase, int code)
{
	json *pod = some_live_pod(h->w);

	if (!pod)
		return;
	if (code == 0 && !meta_deleting(pod) && meta_has_finalizer(pod, JOB_TRACKING_FINALIZER) &&
	    !is_finished(h->w))
		h->now.succeeded++;
	set_phase(pod, phase, code);
	put(h->w, pod_kind(), pod, UPDATE_SYSTEM);
}

static void step_succeed(struct history *h)
{
	end_pod(h, "Succeeded", 0);
}

static void step_fail(struct history *h)
{
	end_pod(h, "Failed", 1);
}

static void step_delete(struct history *h)
{
	auto_json *pod = some_live_pod(h->w);
	struct delete_options o = {.grace_seconds = -1};
	bool gone;

	if (pod && json_has(pod, "status.conditions"))
		json_free(registry_delete(
		    h->w->env.store, pod_kind(), "default", meta_name(pod), &o, &gone, NULL));
}

static void step_orphan(struct history *h)
{
	json *pod = some_live_pod(h->w);

	if (!pod)
		return;
	json_del_path(pod, "metadata.ownerReferences");
	put(h->w, pod_kind(), pod, UPDATE_MAIN);
}

static void change_job(struct history *h, const char *path, json *value)
{
	json *job = get_job(h->w, "j");

	json_set_path(job, path, value);
	put(h->w, job_kind(), job, UPDATE_MAIN);
}

static void step_suspend(struct history *h)
{
	auto_json *job = get_job(h->w, "j");

	change_job(h, "spec.suspend", json_new_bool(!json_bool(job, "spec.suspend", false)));
}

static void step_scale(struct history *h)
{
	change_job(h, "spec.parallelism", json_new_int(roll(5)));
}

static void step_restart(struct history *h)
{
	world_close(h->w);
	world_open(h->w);
}

/* The kill comes after the rounds and before their commit. */
static void step_lose(struct history *h)
{
	step_fail(h);
	while (gc_reconcile(h->w->gc) || jobs_reconcile(h->w->jobs))
		;
	step_restart(h);
	h->now = h->committed;
}

static const struct {
	void (*fn)(struct history *h);
	uint32_t weight;
} steps[] = {
    {step_run, 30},
    {step_succeed, 16},
    {step_fail, 10},
    {step_delete, 6},
    {step_orphan, 6},
    {step_suspend, 4},
    {step_scale, 6},
    {step_restart, 6},
    {step_lose, 8},
};

static void step(struct history *h)
{
	uint32_t total = 0, at;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		total += steps[i].weight;
	at = roll(total);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (at < steps[i].weight) {
			steps[i].fn(h);
			return;
		}
		at -= steps[i].weight;
	}
}

/* ---- what must always hold ---- */

static void check_pods(struct world *w, const json *job)
{
	int64_t active = 0, terminating = 0;
	auto_strlist names = pods_of(w, "j");

	for (size_t i = 0; i < names.len; i++) {
		auto_json *pod = get_pod(w, names.items[i]);

		active += is_live(pod) && !meta_deleting(pod);
		terminating += is_live(pod) && meta_deleting(pod);
		CHECK(is_live(pod) || !meta_has_finalizer(pod, JOB_TRACKING_FINALIZER));
	}
	CHECK_INT(json_int(job, "status.active", 0), active);
	CHECK_INT(json_int(job, "status.terminating", 0), terminating);
	CHECK(active <= json_int(job, "spec.parallelism", 0));
}

static void check_all(struct history *h)
{
	auto_json *job = get_job(h->w, "j");
	auto_free char *conditions = text_of(job, "status.conditions");
	bool finished = is_finished(h->w);
	int64_t failed = json_int(job, "status.failed", 0);

	if (h->now.end[0])
		CHECK(strncmp(conditions, h->now.end, sizeof(h->now.end) - 1) == 0);
	else
		check_pods(h->w, job);
	CHECK_INT(json_int(job, "status.succeeded", 0), h->now.succeeded);
	CHECK(failed >= h->now.last_failed);
	h->now.last_failed = failed;
	if (finished && !h->now.end[0])
		snprintf(h->now.end, sizeof(h->now.end), "%s", conditions);
	h->committed = h->now;
}

static void walk(struct history *h, void (*fn)(struct history *h))
{
	fn(h);
	settle(h->w);
	check_all(h);
}

/* Nothing goes wrong any more: the job must come to its end. */
static void go_home(struct history *h)
{
	if (is_finished(h->w))
		return;
	change_job(h, "spec.suspend", json_new_bool(false));
	change_job(h, "spec.parallelism", json_new_int(3));
	settle(h->w);
	check_all(h);
	for (int i = 0; i < 60 && !is_finished(h->w); i++)
		walk(h, i % 2 ? step_run : step_succeed);
	CHECK(is_finished(h->w));
}

TEST("counts are exact and ends are final whatever pods, users and kills of the controller do")
{
	uint32_t histories = (uint32_t)test_rounds(HISTORIES, 1);

	for (uint32_t i = 0; i < histories && !test_failed; i++) {
		struct history h = {.w = world_new()};

		seed = i * 7919 + 1;
		make_job(h.w, "j", "'completions':10,'parallelism':3,'backoffLimit':12");
		h.committed = h.now;
		for (int n = 0; n < STEPS && !test_failed; n++)
			walk(&h, step);
		go_home(&h);
		if (test_failed)
			printf("# history %u\n", i);
		world_free(h.w);
	}
}

int main(void)
{
	return test_main();
}
