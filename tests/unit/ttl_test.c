#include "loops_fixture.h"

#include "../../controller/loops/gc.h"
#include "../../controller/loops/ttl.h"

static void expect(struct ttl_obs o, enum ttl_action action, int64_t at)
{
	int64_t got = 0;

	CHECK_INT(ttl_decide(&o, &got), action);
	CHECK_INT(got, at);
}

TEST("T01: with ttl 0 a Job is due when it has finished, and not before")
{
	expect((struct ttl_obs){.finished = true, .finished_at = 100, .ttl = 0, .now = 100},
	    TTL_DELETE, 100);
	expect((struct ttl_obs){.ttl = 0, .now = 100}, TTL_FORGET, 0);
}

TEST("T02: a Job is due its ttl after the end")
{
	struct ttl_obs o = {.finished = true, .finished_at = 100, .ttl = 10, .now = 109};

	expect(o, TTL_WAIT, 110);
	o.now = 110;
	expect(o, TTL_DELETE, 110);
}

TEST("a Job without ttl, or on its way out, is left alone")
{
	expect((struct ttl_obs){.finished = true, .finished_at = 1, .ttl = -1, .now = 100},
	    TTL_FORGET, 0);
	expect(
	    (struct ttl_obs){
		.finished = true, .finished_at = 1, .ttl = 1, .now = 100, .deleting = true},
	    TTL_FORGET, 0);
}

TEST("a Job whose end has no time is not deleted; one that ends in the future waits")
{
	expect((struct ttl_obs){.finished = true, .ttl = 0, .now = 100}, TTL_UNKNOWN, 0);
	expect((struct ttl_obs){.finished = true, .finished_at = 500, .ttl = 5, .now = 100},
	    TTL_WAIT, 505);
}

/* ---- over the store ---- */

struct world {
	struct fixture f;
	struct gc *gc;
	struct ttl *ttl;
};

static void turn_end(void *arg)
{
	struct world *w = arg;
	bool any = true;

	for (int i = 0; any && i < 16; i++) {
		any = gc_reconcile(w->gc);
		any |= ttl_reconcile(w->ttl);
	}
	fixture_commit(&w->f);
}

static void begin(struct world *w)
{
	auto_err e = {0};

	w->gc = gc_new(&w->f.env);
	w->ttl = ttl_new(&w->f.env);
	CHECK_INT(gc_start(w->gc, &e), 0);
	CHECK_INT(ttl_start(w->ttl, &e), 0);
	loop_at_turn_end(w->f.env.loop, "test", turn_end, w);
}

static void end(struct world *w)
{
	ttl_free(w->ttl);
	gc_free(w->gc);
}

/* Turns until nothing is left to do at once. */
static void settle(struct world *w)
{
	turn_end(w);
	for (int i = 0; i < 20; i++)
		loop_turn(w->f.env.loop, 0);
}

static void nothing(void *arg)
{
}

/* Turns for a while. */
static void pass(struct world *w, int ms)
{
	int64_t until = clock_mono_ms() + ms;
	struct timer tick = {.name = "tick", .fn = nothing};

	while (clock_mono_ms() < until) {
		timer_set(w->f.env.loop, &tick, 20);
		loop_turn(w->f.env.loop, 50);
	}
	timer_cancel(w->f.env.loop, &tick);
}

TEST("T01: a Job with ttl 0 and its pods go as soon as it has finished")
{
	struct world w = {0};
	auto_json *job = NULL;

	fixture_init(&w.f);
	begin(&w);
	job = fixture_job(&w.f, "j", "\"ttlSecondsAfterFinished\":0,");
	fixture_pod(&w.f, "p", job, "Succeeded", false);
	settle(&w);
	CHECK(fixture_has(&w.f, KIND_JOB, "j"));
	fixture_finish(&w.f, "j", "Complete", 0);
	settle(&w);
	CHECK(!fixture_has(&w.f, KIND_POD, "p"));
	CHECK(!fixture_has(&w.f, KIND_JOB, "j"));
	end(&w);
	fixture_release(&w.f);
}

TEST("T02: a failed Job goes when its ttl has passed")
{
	struct world w = {0};
	auto_json *job = NULL;

	fixture_init(&w.f);
	begin(&w);
	job = fixture_job(&w.f, "j", "\"ttlSecondsAfterFinished\":10,");
	fixture_finish(&w.f, "j", "Failed", 8);
	settle(&w);
	CHECK(fixture_has(&w.f, KIND_JOB, "j"));
	CHECK(ttl_is_near(w.ttl, 5));
	CHECK(!ttl_is_near(w.ttl, 0));
	pass(&w, 2300);
	CHECK(!fixture_has(&w.f, KIND_JOB, "j"));
	CHECK(!ttl_is_near(w.ttl, 1000));
	end(&w);
	fixture_release(&w.f);
}

TEST("T03: a finished Job that gets a ttl is judged again, and one that loses it is kept")
{
	struct world w = {0};
	auto_json *job = NULL, *other = NULL;
	json *obj;

	fixture_init(&w.f);
	begin(&w);
	job = fixture_job(&w.f, "j", "");
	other = fixture_job(&w.f, "k", "\"ttlSecondsAfterFinished\":60,");
	fixture_finish(&w.f, "j", "Complete", 5);
	fixture_finish(&w.f, "k", "Complete", 5);
	settle(&w);
	CHECK(ttl_is_near(w.ttl, 60));
	obj = fixture_get(&w.f, KIND_JOB, "k");
	json_del_path(obj, "spec.ttlSecondsAfterFinished");
	fixture_update(&w.f, KIND_JOB, obj);
	obj = fixture_get(&w.f, KIND_JOB, "j");
	json_set_path(obj, "spec.ttlSecondsAfterFinished", json_new_int(1));
	fixture_update(&w.f, KIND_JOB, obj);
	settle(&w);
	CHECK(!fixture_has(&w.f, KIND_JOB, "j"));
	CHECK(fixture_has(&w.f, KIND_JOB, "k"));
	CHECK(!ttl_is_near(w.ttl, 1000));
	end(&w);
	fixture_release(&w.f);
}

TEST("a ttl that passed while no controller ran is made good at the start")
{
	struct world w = {0};
	auto_json *job = NULL;

	fixture_init(&w.f);
	job = fixture_job(&w.f, "j", "\"ttlSecondsAfterFinished\":10,");
	fixture_pod(&w.f, "p", job, "Succeeded", true);
	fixture_finish(&w.f, "j", "Complete", 60);
	fixture_commit(&w.f);
	fixture_close(&w.f);
	fixture_open(&w.f);
	begin(&w);
	for (int i = 0; i < 20; i++)
		loop_turn(w.f.env.loop, 0);
	CHECK_INT(fixture_count(&w.f, KIND_JOB), 0);
	CHECK_INT(fixture_count(&w.f, KIND_POD), 0);
	end(&w);
	fixture_release(&w.f);
}

TEST("a Job in foreground deletion stays until its running pods have stopped")
{
	struct world w = {0};
	auto_json *job = NULL, *seen = NULL;
	json *pod;

	fixture_init(&w.f);
	begin(&w);
	job = fixture_job(&w.f, "j", "\"ttlSecondsAfterFinished\":0,");
	fixture_pod(&w.f, "p", job, "Running", true);
	fixture_pod(&w.f, "q", job, "Succeeded", true);
	fixture_finish(&w.f, "j", "Failed", 0);
	settle(&w);
	seen = fixture_get(&w.f, KIND_JOB, "j");
	CHECK(meta_deleting(seen) && meta_has_finalizer(seen, "foregroundDeletion"));
	CHECK(!fixture_has(&w.f, KIND_POD, "q"));
	pod = fixture_get(&w.f, KIND_POD, "p");
	CHECK(meta_deleting(pod));
	json_set_path(pod, "status.phase", json_new_string("Failed"));
	fixture_update(&w.f, KIND_POD, pod);
	settle(&w);
	CHECK(!fixture_has(&w.f, KIND_POD, "p"));
	CHECK(!fixture_has(&w.f, KIND_JOB, "j"));
	end(&w);
	fixture_release(&w.f);
}

TEST("the many pods of a Job go in portions, and all of them")
{
	struct world w = {0};
	auto_json *job = NULL;
	struct delete_options o = {.grace_seconds = -1, .propagation = PROPAGATE_FOREGROUND};
	auto_json *last = NULL;
	bool gone = true;

	fixture_init(&w.f);
	begin(&w);
	job = fixture_job(&w.f, "j", "");
	for (int i = 0; i < 450; i++) {
		auto_free char *name = xasprintf("p%d", i);

		fixture_pod(&w.f, name, job, "Succeeded", false);
	}
	turn_end(&w);
	last =
	    registry_delete(w.f.env.store, kind_by_id(KIND_JOB), "default", "j", &o, &gone, NULL);
	CHECK(last && !gone);
	turn_end(&w);
	CHECK_INT(fixture_count(&w.f, KIND_POD), 250);
	settle(&w);
	CHECK_INT(fixture_count(&w.f, KIND_POD), 0);
	CHECK(!fixture_has(&w.f, KIND_JOB, "j"));
	end(&w);
	fixture_release(&w.f);
}

int main(void)
{
	return test_main();
}
