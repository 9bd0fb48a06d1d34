/* Removals against an engine that only takes notes. */
#include "../../runtime/base/clock.h"
#include "../../controller/loops/env.h"
#include "../../runtime/loop.h"

#define container_remove note_remove
static engine_id note_remove(
    struct engine *en, const char *id, engine_done_fn *cb, struct engine_who who);
#include "../../controller/loops/pod_removal.c"

#include "test.h"

struct note {
	char id[32];
	engine_done_fn *cb;
	struct engine_who who;
};

static struct note notes[8192];
static size_t note_count;

static engine_id note_remove(
    struct engine *en, const char *id, engine_done_fn *cb, struct engine_who who)
{
	struct note *n = &notes[note_count++];

	*n = (struct note){.cb = cb, .who = who};
	snprintf(n->id, sizeof(n->id), "%s", id);
	return note_count;
}

static void answer(size_t i, const struct err *err)
{
	notes[i].cb(notes[i].who, err);
}

struct fixture {
	struct loops_env env;
	struct pods set;
};

static void begin(struct fixture *f)
{
	*f = (struct fixture){.env = {.loop = loop_new()}, .set = {.engine_up = true}};
	f->set.env = &f->env;
	f->set.start_limit = 8;
	note_count = 0;
	removals_start(&f->set);
}

static void end(struct fixture *f)
{
	removal_release_all(&f->set);
	loop_free(f->env.loop);
}

TEST("a donor goes after the containers that are joined to it, kept ones too")
{
	struct fixture f;

	begin(&f);
	removal_add(&f.set, "g", "donor", true);
	removal_add(&f.set, "g", "one", false);
	removal_later(&f.set, "g", "two", false);
	removal_add(&f.set, "g", "one", false);
	CHECK_INT(pods_hurry_removals(&f.set), 1);
	CHECK_INT(note_count, 1);
	CHECK_STR(notes[0].id, "one");
	answer(0, NULL);
	CHECK_INT(pods_hurry_removals(&f.set), 0); /* nothing to wait for: two is kept */
	CHECK_INT(note_count, 1);
	CHECK(removal_knows(&f.set, "two") && removal_knows(&f.set, "donor"));
	removal_add(&f.set, "g", "two", false);
	pods_hurry_removals(&f.set);
	CHECK_STR(notes[1].id, "two");
	answer(1, NULL);
	pods_hurry_removals(&f.set);
	CHECK_INT(note_count, 3);
	CHECK_STR(notes[2].id, "donor");
	answer(2, NULL);
	CHECK(!removal_knows(&f.set, "donor"));
	end(&f);
}

TEST("a donor that is kept goes with the last that was joined to it")
{
	struct fixture f;

	begin(&f);
	removal_later(&f.set, "g", "one", false);
	removal_later(&f.set, "g", "donor", true);
	removal_later(&f.set, "h", "other", true);
	CHECK_INT(pods_hurry_removals(&f.set), 0);
	removal_add(&f.set, "g", "one", false);
	pods_hurry_removals(&f.set);
	answer(0, NULL);
	CHECK_INT(pods_hurry_removals(&f.set), 1);
	CHECK_STR(notes[1].id, "donor");
	answer(1, NULL);
	CHECK_INT(pods_hurry_removals(&f.set), 0);
	CHECK(removal_knows(&f.set, "other"));
	end(&f);
}

TEST("what cannot be removed is given up after five tries")
{
	struct fixture f;
	auto_err e = {0};

	err_set(&e, ERR_UNAVAILABLE, "it is gone");
	begin(&f);
	removal_add(&f.set, "g", "a", false);
	pods_hurry_removals(&f.set);
	for (size_t i = 0; i < 5; i++) {
		CHECK_INT(note_count, i + 1);
		answer(i, &e);
		pods_hurry_removals(&f.set);
	}
	CHECK_INT(note_count, 5);
	CHECK(!removal_knows(&f.set, "a"));
	end(&f);
}

TEST("the newest hundred of ended pods are kept, and thousands go in the time of tens")
{
	struct fixture f;
	int64_t from = clock_mono_ms();
	size_t done = 0;

	begin(&f);
	for (int i = 0; i < 4000; i++) {
		auto_free char *id = xasprintf("c%d", i), *group = xasprintf("g%d", i);

		removal_later(&f.set, group, id, false);
	}
	CHECK_INT(removals_waiting(&f.set), 4000 - ENDED_KEEP);
	pods_hurry_removals(&f.set);
	CHECK_STR(notes[0].id, "c0");
	while (done < note_count) {
		answer(done++, NULL);
		pods_hurry_removals(&f.set);
	}
	CHECK_INT(done, 4000 - ENDED_KEEP);
	CHECK(removal_knows(&f.set, "c3999") && removal_knows(&f.set, "c3900"));
	CHECK(!removal_knows(&f.set, "c3899"));
	CHECK(clock_mono_ms() - from < 2000); /* a list for each took minutes */
	removal_forget_later(&f.set);
	CHECK(!removal_knows(&f.set, "c3999"));
	end(&f);
}

int main(void)
{
	return test_main();
}
