#include "loops_fixture.h"

#include "../../controller/loops/correlator.h"

#define MINUTE INT64_C(60000)

/* ---- the correlator, with time of its own ---- */

static int names; /* objects that were "created" */

/* What becomes of an event: 0 nothing, 1 a new object, 2 a new count. */
static int add(struct correlator *c, const char *uid, const char *reason, const char *message,
    int64_t now, int64_t *count, bool *combined)
{
	struct event_facts f = {
	    .uid = uid, .source = "test", .type = "Normal", .reason = reason, .message = message};
	struct event_slot *slot = correlator_add(c, &f, now, combined);
	bool is_new = slot && !slot->name;

	*count = slot ? slot->count : 0;
	if (is_new)
		event_slot_named(slot, xasprintf("e%d", names++));
	return !slot ? 0 : is_new ? 1 : 2;
}

TEST("the same event again raises the count of its object")
{
	struct correlator *c = correlator_new();
	int64_t count;
	bool combined;

	CHECK_INT(add(c, "u", "R", "m", 0, &count, &combined), 1);
	CHECK_INT(add(c, "u", "R", "m", 1, &count, &combined), 2);
	CHECK_INT(count, 2);
	CHECK(!combined);
	CHECK_INT(add(c, "v", "R", "m", 2, &count, &combined), 1);
	CHECK_INT(add(c, "u", "Q", "m", 2, &count, &combined), 1);
	CHECK_INT(add(c, "u", "R", "m", 20 * MINUTE, &count, &combined), 2);
	CHECK_INT(count, 3);
	correlator_free(c);
}

TEST("of similar events nine have an object each, the others share one")
{
	struct correlator *c = correlator_new();
	int64_t count;
	bool combined;

	for (int i = 0; i < 9; i++) {
		auto_free char *m = xasprintf("m%d", i);

		CHECK_INT(add(c, "u", "R", m, i, &count, &combined), 1);
		CHECK(!combined);
	}
	CHECK_INT(add(c, "u", "R", "m9", 10, &count, &combined), 1);
	CHECK(combined);
	CHECK_INT(add(c, "u", "R", "m10", 11, &count, &combined), 2);
	CHECK(combined);
	CHECK_INT(count, 2);
	CHECK_INT(add(c, "u", "R", "m3", 12, &count, &combined), 2);
	CHECK(!combined);
	/* another reason, or ten quiet minutes, begin anew */
	CHECK_INT(add(c, "u", "Q", "m11", 13, &count, &combined), 1);
	CHECK(!combined);
	CHECK_INT(add(c, "u", "R", "m12", 11 * MINUTE, &count, &combined), 1);
	CHECK(!combined);
	correlator_free(c);
}

TEST("a source writes 25 events about an object at once, then one in five minutes")
{
	struct correlator *c = correlator_new();
	int64_t count;
	int written = 0;
	bool combined;

	for (int i = 0; i < 1000; i++)
		written += add(c, "u", "R", "m", i, &count, &combined) != 0;
	CHECK_INT(written, 25);
	CHECK_INT(add(c, "u", "R", "m", 6 * MINUTE, &count, &combined), 2);
	CHECK_INT(count, 1001);
	CHECK_INT(add(c, "u", "R", "m", 6 * MINUTE, &count, &combined), 0);
	/* but the first of a reason is written, and other objects have their own budget */
	CHECK_INT(add(c, "u", "Completed", "m", 6 * MINUTE, &count, &combined), 1);
	CHECK_INT(add(c, "v", "R", "m", 6 * MINUTE, &count, &combined), 1);
	/* a clock that jumps back gives nothing */
	CHECK_INT(add(c, "u", "R", "m", 0, &count, &combined), 0);
	correlator_free(c);
}

TEST("an object that is heard of now and then is not forgotten among thousands of others")
{
	struct correlator *c = correlator_new();
	int64_t count;
	bool combined;

	add(c, "u", "R", "m", 0, &count, &combined);
	for (int i = 0; i < 3000; i++) {
		auto_free char *uid = xasprintf("other%d", i);

		add(c, uid, "R", "m", i, &count, &combined);
		if (i % 200 == 0) {
			CHECK_INT(add(c, "u", "R", "m", i, &count, &combined), 2);
		}
	}
	CHECK_INT(add(c, "other0", "R", "m", 3000, &count, &combined), 1);
	for (int i = 0; i < 100; i++) {
		auto_free char *reason = xasprintf("R%d", i);

		CHECK_INT(add(c, "u", reason, "m", 4000 + i, &count, &combined), 1);
	}
	correlator_free(c);
}

/* ---- the recorder over a store ---- */

struct found {
	int rows, combined;
	int64_t count;
	char message[200];
};

static bool look(void *ctx, const struct store_row *row)
{
	struct found *f = ctx;
	auto_json *event = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);
	const char *message = json_str_or(event, "message", "");

	f->rows++;
	if (str_has_prefix(message, COMBINED_PREFIX)) {
		f->combined++;
		f->count = json_int(event, "count", 0);
		snprintf(f->message, sizeof(f->message), "%s", message);
	}
	return true;
}

TEST("a Job of many pods makes few events, and the last one is there")
{
	struct fixture f = {0};
	struct store_query q = {.kind = kind_by_id(KIND_EVENT)};
	struct found found = {0};
	auto_json *job = NULL;

	fixture_init(&f);
	job = fixture_job(&f, "j", "");
	for (int i = 0; i < 5000; i++)
		recorder_event(f.env.recorder, kind_by_id(KIND_JOB), job, NULL, "Normal",
		    "SuccessfulCreate", "job-controller", "Created pod: j-%d", i);
	recorder_event(f.env.recorder, kind_by_id(KIND_JOB), job, NULL, "Normal", "Completed",
	    "job-controller", "Job completed");
	CHECK_INT(store_list(f.env.store, &q, look, &found, NULL, NULL), 0);
	CHECK_INT(found.rows, 11);
	CHECK_INT(found.combined, 1);
	CHECK_INT(found.count, 16);
	CHECK_STR(found.message, COMBINED_PREFIX "Created pod: j-24");
	fixture_release(&f);
}

TEST("an event whose object was deleted is written anew, with its count")
{
	struct fixture f = {0};
	struct store_query q = {.kind = kind_by_id(KIND_EVENT)};
	struct found found = {0};
	auto_json *job = NULL;
	auto_err e = {0};

	fixture_init(&f);
	job = fixture_job(&f, "j", "");
	recorder_event(
	    f.env.recorder, kind_by_id(KIND_JOB), job, NULL, "Warning", "R", "test", "x");
	CHECK_INT(store_trim_events(f.env.store, 0, &e), 0);
	recorder_event(
	    f.env.recorder, kind_by_id(KIND_JOB), job, NULL, "Warning", "R", "test", "x");
	CHECK_INT(store_list(f.env.store, &q, look, &found, NULL, NULL), 0);
	CHECK_INT(found.rows, 1);
	fixture_release(&f);
}

int main(void)
{
	return test_main();
}
