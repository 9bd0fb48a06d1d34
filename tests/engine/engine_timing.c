/*
 * engine_timing [ADDRESS [N]]: medians in milliseconds of each step of N containers, one after the
 * other, through the engine client.
 */
#include "fixture.h"

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

enum step {
	STEP_CREATE,
	STEP_ATTACH,
	STEP_START,
	STEP_END,
	STEP_INSPECT,
	STEP_ALL,
	STEP_NOTICE,
	STEP_REMOVE,
	STEPS
};
static const char *const step_names[] = {
    "create", "attach", "start", "end", "inspect", "all of these", "notice after exit", "remove"};

static void time_one(int64_t us[STEPS])
{
	auto_json *argv = words("true", NULL);
	struct container_spec spec = {.command = argv};
	struct output o = {0};
	int64_t begin = mono_us(), t = begin;

#define LAP(step) (us[step] = mono_us() - t, t = mono_us())
	auto_free char *id = create_spec(&spec, NULL);
	LAP(STEP_CREATE);
	struct stream *s = attach(id, false, false, &o);
	LAP(STEP_ATTACH);
	start(id);
	LAP(STEP_START);
	wait_for(&o.ended, 1);
	LAP(STEP_END);
	inspect_until_exited(id);
	LAP(STEP_INSPECT);
	us[STEP_NOTICE] = (clock_wall_ns() - seen.finished) / 1000;
	us[STEP_ALL] = mono_us() - begin;
	stream_free(s);
	output_release(&o);
	t = mono_us();
	remove_it(id);
	LAP(STEP_REMOVE);
#undef LAP
}

static void measure(int n)
{
	int64_t *us = xcalloc((size_t)n * STEPS, sizeof(*us));

	for (int i = 0; i < n; i++) {
		int64_t one[STEPS];

		time_one(one);
		for (int s = 0; s < STEPS; s++)
			us[s * n + i] = one[s];
	}
	for (int s = 0; s < STEPS; s++) {
		qsort(us + s * n, (size_t)n, sizeof(*us), by_value);
		printf("# %-18s %8.1f ms\n", step_names[s], (double)us[s * n + n / 2] / 1000);
	}
	free(us);
}

static int count = 20;

TEST("each step of a container takes the time shown")
{
	measure(count);
}

int main(int argc, char **argv)
{
	int rc;

	fixture_open(argc > 1 ? argv[1] : NULL);
	if (argc > 2)
		count = (int)strtol(argv[2], NULL, 10);
	rc = test_main();
	fixture_close();
	return rc;
}
