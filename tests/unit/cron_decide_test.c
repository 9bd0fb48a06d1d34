#include "test.h"

#include <inttypes.h>
#include <stdlib.h>

#include "../../controller/loops/cron_decide.h"
#include "../../runtime/base/buf.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/str.h"

#define JOBS_MAX 8

/* One cron job named "c" over time. */
struct fixture {
	struct cron_obs o;
	struct cron schedule;
	struct zone *zone;
	struct cron_job jobs[JOBS_MAX];
	struct cron_ref refs[JOBS_MAX];
};

static int64_t at(const char *time)
{
	int64_t ns = 0;

	CHECK(time_parse(time, &ns) == 0);
	return ns / NSEC_PER_SEC;
}

/* On 2 January 2026. */
static int64_t today(const char *clock)
{
	auto_free char *text = xasprintf("2026-01-02T%sZ", clock);

	return at(text);
}

static struct fixture cron_job(const char *schedule, const char *created)
{
	struct fixture f = {.o = {
				.name = "c",
				.schedule_text = schedule,
				.starting_deadline = -1,
				.keep_complete = 3,
				.keep_failed = 1,
				.created = today(created),
			    }};
	auto_err e = {0};

	CHECK(cron_parse(&f.schedule, schedule, &e) == 0);
	CHECK_STR(err_msg(&e), "");
	return f;
}

static void add_job(struct fixture *f, const char *name, enum cron_job_end end, const char *start)
{
	f->jobs[f->o.job_count++] = (struct cron_job){
	    .name = name,
	    .uid = name,
	    .end = end,
	    .start_time = start ? today(start) : 0,
	};
}

static void add_ref(struct fixture *f, const char *name, bool exists)
{
	f->refs[f->o.active_count++] = (struct cron_ref){name, name, exists};
}

/* A Job that was started and still runs. */
static void add_active(struct fixture *f, const char *name)
{
	add_job(f, name, CRON_JOB_UNFINISHED, "00:00:01");
	add_ref(f, name, true);
}

/* The actions of a plan, one a line, and the time at which it looks again. Owned. */
static char *describe(const struct cron_plan *p)
{
	static const char *const verbs[] = {
	    [CRON_FORGET] = "forget", [CRON_REPLACE_JOB] = "replace", [CRON_CLEAN_UP] = "clean up"};
	char text[TIME_TEXT_MAX];
	auto_buf b = {0};

	for (size_t i = 0; i < p->len; i++) {
		const struct cron_action *a = &p->actions[i];
		const struct cron_event_info *info;

		switch (a->type) {
		case CRON_TELL:
			info = cron_event_info(a->event);
			buf_addf(&b, "%s %s %s\n", info->type, info->reason, a->text);
			break;
		case CRON_FORGET:
		case CRON_REPLACE_JOB:
		case CRON_CLEAN_UP:
			buf_addf(&b, "%s %s\n", verbs[a->type], a->uid);
			break;
		case CRON_START:
			buf_addf(&b, "start %s\n", time_format(text, p->start_at));
			break;
		}
	}
	if (p->wake_ms)
		buf_addf(&b, "wake %s +%" PRId64, time_format(text, p->wake_ms / 1000),
		    p->wake_ms % 1000);
	else
		buf_adds(&b, "wait");
	return buf_take(&b);
}

/* One round at a time of day; carries over what the next one is to know. Owned. */
static char *round_ms(struct fixture *f, int64_t now_ms)
{
	struct cron_plan p;
	char *text;

	f->o.now_ms = now_ms;
	f->o.schedule = f->o.schedule_error ? NULL : &f->schedule;
	f->o.zone = f->zone;
	f->o.jobs = f->jobs;
	f->o.active = f->refs;
	cron_decide(&f->o, &p);
	text = describe(&p);
	f->o.told_missed = p.told_missed;
	f->o.told_future = p.told_future;
	f->o.last_success = p.last_success;
	cron_plan_release(&p);
	return text;
}

#define CHECK_ROUND(f, clock, want)                                                \
	do {                                                                       \
		auto_free char *text_ = round_ms(&(f), today(clock) * 1000 + 120); \
		CHECK_STR(text_, want);                                            \
	} while (0)

/* ---- when a Job starts ---- */

TEST("a new cron job waits for its first time, and never runs for times before its creation")
{
	struct fixture f = cron_job("0 * * * *", "10:30:00");

	CHECK_ROUND(f, "10:30:00", "wake 2026-01-02T11:00:00Z +100");
	CHECK_ROUND(f, "10:59:59", "wake 2026-01-02T11:00:00Z +100");
	CHECK_ROUND(f, "11:00:00", "start 2026-01-02T11:00:00Z\nwake 2026-01-02T12:00:00Z +100");
}

TEST("a cron job that was created at one of its times waits for the next one")
{
	struct fixture f = cron_job("0 * * * *", "10:00:00");

	CHECK_ROUND(f, "10:00:00", "wake 2026-01-02T11:00:00Z +100");
}

TEST("K01: under Allow a Job starts at each time, whether earlier ones run or not")
{
	struct fixture f = cron_job("*/1 * * * ?", "10:00:10");

	CHECK_ROUND(f, "10:01:00", "start 2026-01-02T10:01:00Z\nwake 2026-01-02T10:02:00Z +100");
	f.o.last_schedule = today("10:01:00");
	add_active(&f, "c-1");
	CHECK_ROUND(f, "10:01:30", "wake 2026-01-02T10:02:00Z +100");
	CHECK_ROUND(f, "10:02:00", "start 2026-01-02T10:02:00Z\nwake 2026-01-02T10:03:00Z +100");
}

TEST("K02: a suspended cron job starts nothing; resumed, it starts at once if a time was missed")
{
	struct fixture f = cron_job("*/5 * * * *", "10:00:10");

	f.o.suspended = true;
	CHECK_ROUND(f, "10:05:00", "wait");
	CHECK_ROUND(f, "10:17:00", "wait");
	f.o.suspended = false;
	CHECK_ROUND(f, "10:18:00", "start 2026-01-02T10:15:00Z\nwake 2026-01-02T10:20:00Z +100");
}

TEST("K02: resumed with no time missed, it starts nothing")
{
	struct fixture f = cron_job("*/5 * * * *", "10:00:10");

	CHECK_ROUND(f, "10:03:00", "wake 2026-01-02T10:05:00Z +100");
}

#define ALREADY_ACTIVE                                                                 \
	"Normal JobAlreadyActive Not starting job because prior execution is running " \
	"and concurrency policy is Forbid\n"

TEST("K03: Forbid leaves out a start while a Job runs, and makes up for it right after")
{
	struct fixture f = cron_job("* * * * *", "10:00:10");

	f.o.policy = CRON_FORBID;
	f.o.last_schedule = today("10:01:00");
	add_active(&f, "c-1");
	CHECK_ROUND(f, "10:01:50", "wake 2026-01-02T10:02:00Z +100");
	CHECK_ROUND(f, "10:02:00", ALREADY_ACTIVE "wake 2026-01-02T10:03:00Z +100");
	CHECK_ROUND(f, "10:03:00", ALREADY_ACTIVE "wake 2026-01-02T10:04:00Z +100");
	f.jobs[0].end = CRON_JOB_COMPLETE;
	f.jobs[0].completion_time = today("10:03:30");
	CHECK_ROUND(f, "10:03:30",
	    "forget c-1\n"
	    "Normal SawCompletedJob Saw completed job: c-1, condition: Complete\n"
	    "start 2026-01-02T10:03:00Z\n"
	    "wake 2026-01-02T10:04:00Z +100");
}

TEST("K03: Forbid with a deadline makes up for a start only within it")
{
	struct fixture f = cron_job("* * * * *", "10:00:10");

	f.o.policy = CRON_FORBID;
	f.o.starting_deadline = 20;
	f.o.last_schedule = today("10:01:00");
	add_active(&f, "c-1");
	CHECK_ROUND(f, "10:02:00", ALREADY_ACTIVE "wake 2026-01-02T10:03:00Z +100");
	f.o.active_count = f.o.job_count = 0;
	CHECK_ROUND(f, "10:02:30",
	    "Warning MissSchedule Missed scheduled time to start a job: "
	    "Fri, 02 Jan 2026 10:02:00 +0000\n"
	    "wake 2026-01-02T10:03:00Z +100");
	CHECK_ROUND(f, "10:03:10", "start 2026-01-02T10:03:00Z\nwake 2026-01-02T10:04:00Z +100");
}

TEST("K04: Replace deletes what still runs, then starts the Job of the later time")
{
	struct fixture f = cron_job("* * * * *", "10:00:10");

	f.o.policy = CRON_REPLACE;
	f.o.last_schedule = today("10:01:00");
	add_active(&f, "c-1");
	add_active(&f, "c-2");
	CHECK_ROUND(f, "10:02:00",
	    "replace c-1\n"
	    "replace c-2\n"
	    "start 2026-01-02T10:02:00Z\n"
	    "wake 2026-01-02T10:03:00Z +100");
}

#define TOO_MANY                                                                   \
	"Warning TooManyMissedTimes too many missed start times. Set or decrease " \
	".spec.startingDeadlineSeconds or check clock skew\n"

TEST("K05: more than 100 missed times draw a warning and one Job, for the latest of them")
{
	struct fixture f = cron_job("* * * * *", "00:00:00");

	CHECK_ROUND(f, "01:40:30", "start 2026-01-02T01:40:00Z\nwake 2026-01-02T01:41:00Z +100");
	CHECK_ROUND(
	    f, "01:41:30", TOO_MANY "start 2026-01-02T01:41:00Z\nwake 2026-01-02T01:42:00Z +100");
	f.o.created = at("1970-01-01T00:00:01Z");
	CHECK_ROUND(
	    f, "12:00:30", TOO_MANY "start 2026-01-02T12:00:00Z\nwake 2026-01-02T12:01:00Z +100");
}

TEST("K05: missed times that a deadline rules out are not counted")
{
	struct fixture f = cron_job("* * * * *", "00:00:00");

	f.o.starting_deadline = 600;
	CHECK_ROUND(f, "12:00:30", "start 2026-01-02T12:00:00Z\nwake 2026-01-02T12:01:00Z +100");
}

TEST("K06: past the deadline a time is missed: told once, no late start, and the next one counts")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	f.o.starting_deadline = 5;
	CHECK_ROUND(f, "10:00:20",
	    "Warning MissSchedule Missed scheduled time to start a job: "
	    "Fri, 02 Jan 2026 10:00:00 +0000\n"
	    "wake 2026-01-02T11:00:00Z +100");
	CHECK_ROUND(f, "10:00:30", "wake 2026-01-02T11:00:00Z +100");
	CHECK_ROUND(f, "11:00:04", "start 2026-01-02T11:00:00Z\nwake 2026-01-02T12:00:00Z +100");
}

TEST("K06: the deadline is counted to the millisecond")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");
	auto_free char *in_time = NULL, *late = NULL;

	f.o.starting_deadline = 5;
	in_time = round_ms(&f, today("10:00:05") * 1000);
	CHECK_STR(in_time, "start 2026-01-02T10:00:00Z\nwake 2026-01-02T11:00:00Z +100");
	late = round_ms(&f, today("10:00:05") * 1000 + 1);
	CHECK(str_has_prefix(late, "Warning MissSchedule"));
}

TEST("a deadline of any size is taken")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	f.o.starting_deadline = INT64_MAX;
	CHECK_ROUND(f, "10:00:20", "start 2026-01-02T10:00:00Z\nwake 2026-01-02T11:00:00Z +100");
	f.o.starting_deadline = 0;
	CHECK_ROUND(f, "11:00:20",
	    "Warning MissSchedule Missed scheduled time to start a job: "
	    "Fri, 02 Jan 2026 11:00:00 +0000\n"
	    "wake 2026-01-02T12:00:00Z +100");
}

TEST("K07: a machine that was off for days starts one Job, for the latest time")
{
	struct fixture f = cron_job("0 */6 * * *", "00:30:00");

	f.o.created = at("2025-12-24T00:30:00Z");
	f.o.last_schedule = at("2025-12-29T18:00:00Z");
	CHECK_ROUND(f, "11:00:00", "start 2026-01-02T06:00:00Z\nwake 2026-01-02T12:00:00Z +100");
}

TEST("K08: an active Job that is gone is told of and forgotten; one that lost its owner is not")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	f.o.last_schedule = today("10:00:00");
	add_ref(&f, "c-1", false);
	add_ref(&f, "c-2", true);
	CHECK_ROUND(f, "10:10:00",
	    "Normal MissingJob Active job went missing: c-1\n"
	    "forget c-1\n"
	    "wake 2026-01-02T11:00:00Z +100");
}

TEST("an active Job that went missing no longer holds back a start under Forbid")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	f.o.policy = CRON_FORBID;
	add_ref(&f, "c-1", false);
	CHECK_ROUND(f, "10:10:00",
	    "Normal MissingJob Active job went missing: c-1\n"
	    "forget c-1\n"
	    "start 2026-01-02T10:00:00Z\n"
	    "wake 2026-01-02T11:00:00Z +100");
}

/* ---- history ---- */

TEST("K09, K10: the oldest finished Jobs beyond the limits are cleaned up, of either kind")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	f.o.suspended = true;
	f.o.keep_complete = 1;
	f.o.keep_failed = 0;
	add_job(&f, "b", CRON_JOB_COMPLETE, "08:00:00");
	add_job(&f, "a", CRON_JOB_COMPLETE, "08:00:00");
	add_job(&f, "old", CRON_JOB_COMPLETE, "07:00:00");
	add_job(&f, "failed", CRON_JOB_FAILED, "07:00:00");
	CHECK_ROUND(f, "09:40:00", "clean up old\nclean up a\nclean up failed\nwait");
	f.o.keep_complete = 0;
	f.o.keep_failed = 1;
	CHECK_ROUND(f, "09:40:00", "clean up old\nclean up a\nclean up b\nwait");
}

TEST("Jobs that never started count as the newest, those going already not at all")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	f.o.suspended = true;
	f.o.keep_complete = 1;
	add_job(&f, "never", CRON_JOB_COMPLETE, NULL);
	add_job(&f, "old", CRON_JOB_COMPLETE, "07:00:00");
	add_job(&f, "going", CRON_JOB_COMPLETE, "06:00:00");
	f.jobs[2].deleting = true;
	CHECK_ROUND(f, "09:40:00", "clean up old\nwait");
}

TEST("without limits all finished Jobs are kept")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	f.o.suspended = true;
	f.o.keep_complete = f.o.keep_failed = -1;
	for (int i = 0; i < 6; i++)
		add_job(
		    &f, i % 2 ? "x" : "y", i % 2 ? CRON_JOB_FAILED : CRON_JOB_COMPLETE, "07:00:00");
	CHECK_ROUND(f, "09:40:00", "wait");
}

TEST("a Job is cleaned up in the round that sees its end")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	f.o.last_schedule = today("10:00:00");
	f.o.keep_failed = 0;
	add_active(&f, "c-1");
	f.jobs[0].end = CRON_JOB_FAILED;
	CHECK_ROUND(f, "10:10:00",
	    "forget c-1\n"
	    "Normal SawCompletedJob Saw completed job: c-1, condition: Failed\n"
	    "clean up c-1\n"
	    "wake 2026-01-02T11:00:00Z +100");
}

/* ---- status ---- */

TEST("K11: a Job's name ends in the minutes of its time since the epoch")
{
	auto_free char *name = cron_job_name("hello", at("2025-11-12T00:00:59Z"));

	CHECK_STR(name, "hello-29381760");
}

TEST("K15: a Job made by hand is unexpected while it runs, holds back nothing and is not replaced")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");
	const char *want = "Warning UnexpectedJob Saw a job that the controller did not create or "
			   "forgot: m\n"
			   "start 2026-01-02T10:00:00Z\n"
			   "wake 2026-01-02T11:00:00Z +100";

	add_job(&f, "m", CRON_JOB_UNFINISHED, "09:50:00");
	f.o.policy = CRON_FORBID;
	CHECK_ROUND(f, "10:00:00", want);
	f.o.policy = CRON_REPLACE;
	CHECK_ROUND(f, "10:00:00", want);
}

TEST("K15: a Job made by hand that has ended counts for the history and the last success")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	f.o.keep_complete = 0;
	add_job(&f, "m", CRON_JOB_COMPLETE, "09:50:00");
	f.jobs[0].completion_time = today("09:51:00");
	CHECK_ROUND(f, "09:52:00", "clean up m\nwake 2026-01-02T10:00:00Z +100");
	CHECK_INT(f.o.last_success, today("09:51:00"));
}

TEST("K18: lastSuccessfulTime is the latest completion of a Job that completed")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	add_job(&f, "c-1", CRON_JOB_COMPLETE, "09:40:00");
	add_job(&f, "c-2", CRON_JOB_COMPLETE, "09:41:00");
	add_job(&f, "c-3", CRON_JOB_FAILED, "09:42:00");
	f.jobs[0].completion_time = today("09:45:00");
	f.jobs[1].completion_time = today("09:43:00");
	f.jobs[2].completion_time = today("09:46:00");
	CHECK_ROUND(f, "09:50:00", "wake 2026-01-02T10:00:00Z +100");
	CHECK_INT(f.o.last_success, today("09:45:00"));
	f.o.job_count = 0;
	CHECK_ROUND(f, "09:50:00", "wake 2026-01-02T10:00:00Z +100");
	CHECK_INT(f.o.last_success, today("09:45:00"));
}

TEST("K19: rounds over one time, before and after the Job is known, start one Job")
{
	struct fixture f = cron_job("* * * * *", "10:00:10");

	CHECK_ROUND(f, "10:01:00", "start 2026-01-02T10:01:00Z\nwake 2026-01-02T10:02:00Z +100");
	f.o.last_schedule = today("10:01:00");
	CHECK_ROUND(f, "10:01:00", "wake 2026-01-02T10:02:00Z +100");
	/* the Job is in the list, its time is not in the status */
	f.o.last_schedule = 0;
	add_ref(&f, "c-29455801", true);
	CHECK_ROUND(f, "10:01:01", "wake 2026-01-02T10:02:00Z +100");
	/* the name belongs to somebody else */
	f.o.active_count = 0;
	f.o.handled = today("10:01:00");
	CHECK_ROUND(f, "10:01:01", "wake 2026-01-02T10:02:00Z +100");
	CHECK_ROUND(f, "10:02:00", "start 2026-01-02T10:02:00Z\nwake 2026-01-02T10:03:00Z +100");
}

TEST("a cron job that is being deleted keeps its status and history, and starts nothing")
{
	struct fixture f = cron_job("* * * * *", "10:00:10");

	f.o.deleting = true;
	f.o.keep_complete = 0;
	add_active(&f, "c-1");
	f.jobs[0].end = CRON_JOB_COMPLETE;
	CHECK_ROUND(f, "10:05:00",
	    "forget c-1\n"
	    "Normal SawCompletedJob Saw completed job: c-1, condition: Complete\n"
	    "clean up c-1\n"
	    "wait");
}

/* ---- schedules that do not work ---- */

TEST(
    "a schedule that cannot be parsed, one that never fires and a zone that is unknown are told of")
{
	struct fixture f = cron_job("0 0 30 2 *", "09:30:00");

	CHECK_ROUND(f, "10:00:00",
	    "Warning InvalidSchedule invalid schedule: 0 0 30 2 * : time difference between two "
	    "schedules is less than 1 second\nwait");
	f.o.schedule_text = "x \"y\"";
	f.o.schedule_error = "expected exactly 5 fields, found 2: [x \"y\"]";
	CHECK_ROUND(f, "10:00:00",
	    "Warning UnparseableSchedule unparseable schedule: \"x \\\"y\\\"\" : expected exactly "
	    "5 "
	    "fields, found 2: [x \"y\"]\nwait");
	f.o.zone_name = "Mars/Base";
	f.o.zone_error = "unknown time zone Mars/Base";
	CHECK_ROUND(f, "10:00:00",
	    "Warning UnknownTimeZone invalid timeZone: \"Mars/Base\" : unknown time zone "
	    "Mars/Base\n"
	    "wait");
}

TEST("a suspended cron job's schedule is nobody's trouble, its zone is")
{
	struct fixture f = cron_job("0 0 30 2 *", "09:30:00");

	f.o.suspended = true;
	f.o.schedule_error = "trouble";
	CHECK_ROUND(f, "10:00:00", "wait");
	f.o.zone_name = "X";
	f.o.zone_error = "unknown time zone X";
	CHECK_ROUND(f, "10:00:00",
	    "Warning UnknownTimeZone invalid timeZone: \"X\" : unknown time zone X\nwait");
}

/* ---- zones and clocks ---- */

TEST("K14: a time in the gap of spring is left out, one in the hour that comes twice runs twice")
{
	struct fixture f = cron_job("30 2 * * *", "00:00:00");
	auto_err e = {0};
	auto_free char *spring = NULL, *autumn = NULL, *again = NULL;

	f.zone = zone_load("America/New_York", &e);
	CHECK(f.zone != NULL);
	f.o.created = at("2026-03-07T12:00:00Z");
	spring = round_ms(&f, at("2026-03-08T12:00:00Z") * 1000);
	CHECK_STR(spring, "wake 2026-03-09T06:30:00Z +100");
	CHECK(cron_parse(&f.schedule, "0 1 * * *", &e) == 0);
	f.o.created = at("2026-10-31T12:00:00Z");
	autumn = round_ms(&f, at("2026-11-01T05:00:00Z") * 1000);
	CHECK_STR(autumn, "start 2026-11-01T05:00:00Z\nwake 2026-11-01T06:00:00Z +100");
	f.o.last_schedule = at("2026-11-01T05:00:00Z");
	again = round_ms(&f, at("2026-11-01T06:00:00Z") * 1000);
	CHECK_STR(again, "start 2026-11-01T06:00:00Z\nwake 2026-11-02T06:00:00Z +100");
	zone_free(f.zone);
}

TEST("@every keeps the beat of its last start, late or not, deadline or not")
{
	struct fixture f = cron_job("@every 90s", "10:00:07");

	CHECK_ROUND(f, "10:00:10", "wake 2026-01-02T10:01:37Z +100");
	CHECK_ROUND(f, "10:05:00", "start 2026-01-02T10:04:37Z\nwake 2026-01-02T10:06:07Z +100");
	f.o.starting_deadline = 30;
	CHECK_ROUND(f, "10:05:00", "start 2026-01-02T10:04:37Z\nwake 2026-01-02T10:06:07Z +100");
}

TEST("a clock that is set back starts no time twice, and says what it waits for, once")
{
	struct fixture f = cron_job("0 * * * *", "09:30:00");

	f.o.last_schedule = today("12:00:00");
	CHECK_ROUND(f, "10:59:00",
	    "Warning ClockSkew the last start is dated 2026-01-02T12:00:00Z, which is to come: "
	    "nothing starts before then. Was the clock set back?\n"
	    "wake 2026-01-02T13:00:00Z +100");
	CHECK_ROUND(f, "11:00:00", "wake 2026-01-02T13:00:00Z +100");
	CHECK_ROUND(f, "12:00:00", "wake 2026-01-02T13:00:00Z +100");
	CHECK_ROUND(f, "13:00:00", "start 2026-01-02T13:00:00Z\nwake 2026-01-02T14:00:00Z +100");
}

TEST("a changed schedule is read from the last start on")
{
	struct fixture f = cron_job("30 * * * *", "09:00:00");

	f.o.last_schedule = today("10:00:00");
	CHECK_ROUND(f, "10:45:00", "start 2026-01-02T10:30:00Z\nwake 2026-01-02T11:30:00Z +100");
}

/* ---- any course of events ---- */

static uint64_t seed;

static int64_t any_of(int64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int64_t)((seed >> 16) % (uint64_t)n);
}

struct course {
	struct fixture f;
	int64_t started[2000]; /* times */
	size_t started_count;
	char names[2000][16];
};

/* Jobs end, vanish or go on. */
static void live_on(struct course *c)
{
	struct fixture *f = &c->f;

	f->o.job_count = 0;
	for (size_t i = 0; i < f->o.active_count; i++) {
		int64_t fate = any_of(6);

		f->refs[i].exists = fate != 1;
		if (fate != 1)
			add_job(f, f->refs[i].uid,
			    fate == 0 ? CRON_JOB_COMPLETE : CRON_JOB_UNFINISHED, NULL);
	}
}

static void check_start(struct course *c, const struct cron_plan *p)
{
	const struct cron_obs *o = &c->f.o;

	CHECK(p->start_at * 1000 <= o->now_ms);
	CHECK(p->start_at > o->last_schedule && p->start_at > o->created);
	if (o->starting_deadline >= 0)
		CHECK((p->start_at + o->starting_deadline) * 1000 >= o->now_ms);
	for (size_t i = 0; i < c->started_count; i++)
		CHECK(c->started[i] != p->start_at);
}

static void drop(struct course *c, const char *uid)
{
	struct fixture *f = &c->f;
	size_t n = 0;

	for (size_t i = 0; i < f->o.active_count; i++)
		if (strcmp(f->refs[i].uid, uid) != 0)
			f->refs[n++] = f->refs[i];
	CHECK_INT(n, f->o.active_count - 1);
	f->o.active_count = n;
}

/* Does what the plan says, as the loop would. */
static void carry_out(struct course *c, struct cron_plan *p)
{
	struct fixture *f = &c->f;

	for (size_t i = 0; i < p->len; i++) {
		if (p->actions[i].type == CRON_FORGET || p->actions[i].type == CRON_REPLACE_JOB)
			drop(c, p->actions[i].uid);
		if (p->actions[i].type != CRON_START)
			continue;
		check_start(c, p);
		CHECK(f->o.policy == CRON_ALLOW || f->o.active_count == 0);
		snprintf(c->names[c->started_count], sizeof(c->names[0]), "j%zu", c->started_count);
		add_ref(f, c->names[c->started_count], true);
		c->started[c->started_count++] = f->o.last_schedule = p->start_at;
	}
	f->o.told_missed = p->told_missed;
	f->o.told_future = p->told_future;
}

static void follow(const char *schedule, enum cron_policy policy, int64_t within)
{
	auto_free struct course *c = xcalloc(1, sizeof(*c));

	c->f = cron_job(schedule, "00:00:00");
	c->f.o.policy = policy;
	c->f.o.starting_deadline = within;
	c->f.o.schedule = &c->f.schedule;
	c->f.o.jobs = c->f.jobs;
	c->f.o.active = c->f.refs;
	c->f.o.now_ms = c->f.o.created * 1000;
	for (int i = 0; i < 1000; i++) {
		struct cron_plan p;

		/* mostly on by minutes; now and then hours forth or back */
		c->f.o.now_ms += any_of(50) ? any_of(300000) : any_of(40000000) - 20000000;
		live_on(c);
		cron_decide(&c->f.o, &p);
		CHECK(p.wake_ms > c->f.o.now_ms);
		carry_out(c, &p);
		cron_plan_release(&p);
		if (c->f.o.active_count > JOBS_MAX - 2)
			c->f.o.active_count = 0;
	}
	CHECK(c->started_count > 0);
}

TEST(
    "whatever Jobs and clocks do, no time starts twice, early or past its deadline, and Forbid and "
    "Replace have one Job at a time")
{
	static const char *const schedules[] = {
	    "* * * * *", "*/7 2-20 * * *", "0 * * * 1-5", "@every 100s"};

	seed = 1;
	for (int run = 0; run < 3; run++)
		for (size_t i = 0; i < ARRAY_LEN(schedules); i++)
			for (int policy = CRON_ALLOW; policy <= CRON_REPLACE; policy++) {
				follow(schedules[i], (enum cron_policy)policy, -1);
				follow(schedules[i], (enum cron_policy)policy, 3600);
			}
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	return test_main();
}
