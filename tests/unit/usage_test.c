/* usage: rates from readings of an engine that is a table here. */
#include "../../controller/server/usage.h"

#include "../../runtime/base/clock.h"
#include "test.h"

/* A container of the engine: each reading is the next of its row; -1: it does not run. */
static struct {
	const char *id;
	int64_t cpu_ms[3], at_ms[3];
	int asked;
} engine[] = {
    {"half", {1000, 1400}, {5000, 5800}, 0},
    {"idle", {7, 7}, {5000, 6000}, 0},
    {"gone", {-1, -1, -1}, {0}, 0},
    {"leaves", {50, -1, -1}, {5000}, 0},
};

static struct loop *loop;
static int done;

struct answer {
	size_t row;
	container_stats_fn *cb;
	struct engine_who who;
};

static void deliver(void *arg)
{
	struct answer *a = arg;
	int n = engine[a->row].asked++;
	struct container_stats s = {.read_ns = engine[a->row].at_ms[n] * NSEC_PER_MSEC,
	    .cpu_ns = (uint64_t)(engine[a->row].cpu_ms[n] * NSEC_PER_MSEC),
	    .memory_bytes = 1000};
	auto_err e = {0};

	err_set(&e, ERR_CONFLICT, "it does not run");
	if (engine[a->row].cpu_ms[n] < 0)
		a->cb(a->who, NULL, &e);
	else
		a->cb(a->who, &s, NULL);
	free(a);
}

engine_id container_get_stats(
    struct engine *en, const char *id, container_stats_fn *cb, struct engine_who who)
{
	for (size_t i = 0; i < ARRAY_LEN(engine); i++)
		if (str_eq(engine[i].id, id)) {
			struct answer *a = xcalloc(1, sizeof(*a));

			*a = (struct answer){i, cb, who};
			loop_defer(loop, deliver, a);
		}
	return 1;
}

static void on_done(void *ctx)
{
	done++;
	loop_stop(loop);
}

static void ask(struct usage *u, const struct strlist *ids)
{
	struct usage_query *q = usage_ask(u, ids, on_done, NULL);

	CHECK_INT(done, 0);
	loop_run(loop);
	CHECK_INT(done, 1);
	done = 0;
	usage_query_free(q);
}

TEST("two readings make a rate, which lasts a second; what does not run has none")
{
	auto_strlist ids = {0};
	struct usage_figure f;
	struct usage *u;

	loop = loop_new();
	u = usage_new(loop, NULL);
	ask(u, &ids); /* of nothing */
	for (size_t i = 0; i < ARRAY_LEN(engine); i++)
		strlist_add(&ids, engine[i].id);
	ask(u, &ids);
	CHECK(usage_get(u, "half", &f));
	CHECK_INT(f.cpu_nano, NSEC_PER_SEC / 2);
	CHECK_INT(f.window_ns, 800 * NSEC_PER_MSEC);
	CHECK_INT(f.memory_bytes, 1000);
	CHECK(usage_get(u, "idle", &f));
	CHECK_INT(f.cpu_nano, 0);
	CHECK(!usage_get(u, "gone", &f) && !usage_get(u, "leaves", &f) && !usage_get(u, "x", &f));
	CHECK_INT(engine[0].asked, 2);
	CHECK_INT(engine[2].asked, 1);
	ask(u, &ids); /* of those that do not run, alone */
	CHECK_INT(engine[0].asked, 2);
	CHECK_INT(engine[2].asked, 2);
	usage_free(u);
	loop_free(loop);
}

int main(void)
{
	return test_main();
}
