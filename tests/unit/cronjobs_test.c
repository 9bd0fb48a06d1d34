#include "test.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../controller/loops/cronjobs.h"
#include "../../controller/loops/gc.h"
#include "../../runtime/base/clock.h"

/* A store with the loops that look after cron jobs, and a clock that stands still. */
struct world {
	struct loop *loop;
	struct store *store;
	struct loops_env env;
	struct cronjobs *cron;
	struct gc *gc;
};

static int64_t now_ns;

static int64_t still_clock(void)
{
	return now_ns;
}

static int64_t at(const char *time)
{
	int64_t ns = 0;

	CHECK(time_parse(time, &ns) == 0);
	return ns;
}

static const struct kind *crons(void)
{
	return kind_by_id(KIND_CRONJOB);
}

static const struct kind *jobs(void)
{
	return kind_by_id(KIND_JOB);
}

/* The loops begin, as in a new controller. */
static void begin(struct world *w)
{
	auto_err e = {0};

	w->cron = cronjobs_new(&w->env);
	cronjobs_set_clock(w->cron, still_clock, 10000);
	w->gc = gc_new(&w->env);
	CHECK(cronjobs_start(w->cron, &e) == 0);
	CHECK(gc_start(w->gc, &e) == 0);
}

static void end(struct world *w)
{
	cronjobs_free(w->cron);
	gc_free(w->gc);
}

static void open_world(struct world *w)
{
	static int n;
	auto_free char *path = NULL;
	auto_err e = {0};

	path = xasprintf("%s/%d.db", test_dir(), n++);
	*w = (struct world){.loop = loop_new(), .store = store_open(path, &e)};
	CHECK_STR(err_msg(&e), "");
	if (!w->store)
		exit(1);
	w->env = (struct loops_env){
	    .loop = w->loop, .store = w->store, .recorder = recorder_new(w->store)};
	begin(w);
}

static void close_world(struct world *w)
{
	end(w);
	recorder_free(w->env.recorder);
	store_close(w->store);
	loop_free(w->loop);
}

static void turn_end(void *arg)
{
	struct world *w = arg;
	auto_err e = {0};
	bool any = true;

	for (int i = 0; any && i < 16; i++) {
		any = gc_reconcile(w->gc);
		any |= cronjobs_reconcile(w->cron);
	}
	CHECK(!any);
	CHECK(store_commit(w->store, &e) == 0);
}

/* Wakes the cron job at a time, as its timer would. */
static void round_at(struct world *w, const char *time)
{
	now_ns = at(time) + 120 * NSEC_PER_MSEC;
	CHECK(cronjobs_start(w->cron, NULL) == 0);
	turn_end(w);
}

static json *get(struct world *w, const struct kind *k, const char *name)
{
	return store_get(w->store, k, "default", name, NULL);
}

static void write_obj(struct world *w, const struct kind *k, json *obj)
{
	const struct update_options o = {.part = UPDATE_SYSTEM};
	auto_err e = {0};
	auto_json *done = registry_update(w->store, k, obj, &o, &e);

	CHECK_STR(err_msg(&e), "");
}

static void set(
    struct world *w, const struct kind *k, const char *name, const char *path, const char *value)
{
	json *obj = get(w, k, name);

	json_set_path(obj, path, json_parse(value, strlen(value), JSON_PARSE_STRICT, NULL));
	write_obj(w, k, obj);
}

/* A cron job "c" that was created on 2 January 2026 at 10:00:10. SPEC: members of its spec. */
static void create(struct world *w, const char *spec)
{
	auto_free char *text = xasprintf(
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"c\"},"
	    "\"spec\":{\"jobTemplate\":{\"metadata\":{\"labels\":{\"app\":\"x\"},"
	    "\"annotations\":{\"note\":\"y\"}},\"spec\":{\"backoffLimit\":2,\"template\":{\"spec\":"
	    "{"
	    "\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}}},%s}"
	    "}",
	    spec);
	auto_err e = {0};
	auto_json *made = registry_create(w->store, crons(), "default",
	    json_parse(text, strlen(text), JSON_PARSE_STRICT, &e), &(struct create_options){0}, &e);

	CHECK_STR(err_msg(&e), "");
	set(w, crons(), "c", "metadata.creationTimestamp", "\"2026-01-02T10:00:10Z\"");
}

#define MINUTELY "\"schedule\":\"* * * * *\",\"timeZone\":\"Etc/UTC\""
/* The Jobs of the first minutes. */
#define JOB1 "c-29455801"
#define JOB2 "c-29455802"

static void finish(struct world *w, const char *name, const char *condition, const char *time)
{
	json *obj = get(w, jobs(), name), *list = json_new_array(), *c = json_new_object();

	json_set_str(c, "type", condition);
	json_set_str(c, "status", "True");
	json_add(list, c);
	json_set_path(obj, "status.conditions", list);
	json_set_path(obj, "status.startTime", json_new_string(time));
	if (str_eq(condition, "Complete"))
		json_set_path(obj, "status.completionTime", json_new_string(time));
	write_obj(w, jobs(), obj);
}

static bool add_name(void *ctx, const struct store_row *row)
{
	strlist_add(ctx, row->name);
	return true;
}

/* The names of all objects of a kind; owned. */
static char *names(struct world *w, const struct kind *k)
{
	struct store_query q = {.kind = k};
	auto_strlist l = {0};

	CHECK(store_list(w->store, &q, add_name, &l, NULL, NULL) == 0);
	strlist_sort(&l);
	return strlist_join(&l, " ");
}

#define CHECK_NAMES(w, kind, want)                       \
	do {                                             \
		auto_free char *names_ = names(w, kind); \
		CHECK_STR(names_, want);                 \
	} while (0)

static bool add_event(void *ctx, const struct store_row *row)
{
	auto_json *ev = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);

	CHECK_STR(json_str(ev, "source.component"), "cronjob-controller");
	CHECK_STR(json_str(ev, "involvedObject.kind"), "CronJob");
	strlist_addf(ctx, "%s %s %s x%" PRId64, json_str_or(ev, "type", ""),
	    json_str_or(ev, "reason", ""), json_str_or(ev, "message", ""),
	    json_int(ev, "count", 0));
	return true;
}

/* All events, sorted, one a line. */
static void check_events(struct world *w, const char *want)
{
	struct store_query q = {.kind = kind_by_id(KIND_EVENT)};
	auto_strlist l = {0};
	auto_free char *got = NULL;

	CHECK(store_list(w->store, &q, add_event, &l, NULL, NULL) == 0);
	strlist_sort(&l);
	got = strlist_join(&l, "\n");
	CHECK_STR(got, want);
}

static void check_field(
    struct world *w, const struct kind *k, const char *name, const char *path, const char *want)
{
	auto_json *obj = get(w, k, name);
	auto_free char *text = json_scalar_text(json_path(obj, path));

	CHECK_STR(text, want);
}

TEST("K11: a Job bears name, labels, annotations, owner and spec of its template and time")
{
	struct world w;
	auto_json *job = NULL, *cron = NULL;
	const json *meta, *owner, *ref;

	open_world(&w);
	create(&w, "\"schedule\":\"31 15 * * *\",\"timeZone\":\"Asia/Kolkata\"");
	round_at(&w, "2026-01-02T10:00:30Z");
	CHECK_NAMES(&w, jobs(), "");
	CHECK_INT(cronjobs_active(w.cron), 1);
	round_at(&w, "2026-01-02T10:01:00Z");
	CHECK_NAMES(&w, jobs(), JOB1);
	job = get(&w, jobs(), JOB1);
	meta = json_get(job, "metadata");
	CHECK_STR(json_str(meta, "labels.app"), "x");
	CHECK_STR(json_str(meta, "annotations.note"), "y");
	CHECK_STR(json_string_value(json_get(json_get(meta, "annotations"),
		      "batch.kubernetes.io/cronjob-scheduled-timestamp")),
	    "2026-01-02T15:31:00+05:30");
	owner = json_at(json_get(meta, "ownerReferences"), 0);
	cron = get(&w, crons(), "c");
	CHECK_STR(json_str(owner, "apiVersion"), "batch/v1");
	CHECK_STR(json_str(owner, "kind"), "CronJob");
	CHECK_STR(json_str(owner, "name"), "c");
	CHECK_STR(json_str(owner, "uid"), meta_uid(cron));
	CHECK(json_bool(owner, "controller", false));
	CHECK(json_bool(owner, "blockOwnerDeletion", false));
	CHECK_INT(json_int(job, "spec.backoffLimit", 0), 2);
	CHECK_STR(json_str(cron, "status.lastScheduleTime"), "2026-01-02T10:01:00Z");
	CHECK_INT(json_len(json_path(cron, "status.active")), 1);
	ref = json_at(json_path(cron, "status.active"), 0);
	CHECK_STR(json_str(ref, "apiVersion"), "batch/v1");
	CHECK_STR(json_str(ref, "kind"), "Job");
	CHECK_STR(json_str(ref, "name"), JOB1);
	CHECK_STR(json_str(ref, "namespace"), "default");
	CHECK_STR(json_str(ref, "uid"), meta_uid(job));
	CHECK_STR(json_str(ref, "resourceVersion"), json_str(meta, "resourceVersion"));
	check_events(&w, "Normal SuccessfulCreate Created job " JOB1 " x1");
	close_world(&w);
}

TEST("K11: without a time zone the annotation is in UTC")
{
	struct world w;
	auto_json *job = NULL;

	open_world(&w);
	create(&w, "\"schedule\":\"* * * * *\"");
	round_at(&w, "2026-01-02T10:01:00Z");
	job = get(&w, jobs(), JOB1);
	CHECK_STR(json_string_value(json_get(json_path(job, "metadata.annotations"),
		      "batch.kubernetes.io/cronjob-scheduled-timestamp")),
	    "2026-01-02T10:01:00Z");
	close_world(&w);
}

TEST("K19: one Job a minute, however many rounds and controllers look at it")
{
	struct world w;

	open_world(&w);
	create(&w, MINUTELY);
	for (int i = 0; i < 3; i++)
		round_at(&w, "2026-01-02T10:01:01Z");
	end(&w);
	begin(&w);
	round_at(&w, "2026-01-02T10:01:59Z");
	CHECK_NAMES(&w, jobs(), JOB1);
	round_at(&w, "2026-01-02T10:02:00Z");
	CHECK_NAMES(&w, jobs(), JOB1 " " JOB2);
	check_events(&w, "Normal SuccessfulCreate Created job " JOB1 " x1\n"
			 "Normal SuccessfulCreate Created job " JOB2 " x1");
	close_world(&w);
}

TEST("K18: the end of a Job is told once, and dates the last success")
{
	struct world w;

	open_world(&w);
	create(&w, MINUTELY);
	round_at(&w, "2026-01-02T10:01:00Z");
	finish(&w, JOB1, "Complete", "2026-01-02T10:01:20Z");
	turn_end(&w);
	check_field(&w, crons(), "c", "status.lastSuccessfulTime", "2026-01-02T10:01:20Z");
	check_field(&w, crons(), "c", "status.active", "");
	end(&w);
	begin(&w);
	round_at(&w, "2026-01-02T10:01:30Z");
	set(&w, jobs(), JOB1, "metadata.labels", "{\"a\":\"b\"}");
	turn_end(&w);
	check_events(&w,
	    "Normal SawCompletedJob Saw completed job: " JOB1 ", condition: Complete x1\n"
	    "Normal SuccessfulCreate Created job " JOB1 " x1");
	close_world(&w);
}

TEST("K03: under Forbid the end of a Job starts the next one, by itself")
{
	struct world w;

	open_world(&w);
	create(&w, MINUTELY ",\"concurrencyPolicy\":\"Forbid\"");
	round_at(&w, "2026-01-02T10:01:00Z");
	round_at(&w, "2026-01-02T10:02:00Z");
	CHECK_NAMES(&w, jobs(), JOB1);
	check_field(&w, crons(), "c", "status.lastScheduleTime", "2026-01-02T10:01:00Z");
	now_ns = at("2026-01-02T10:02:20Z");
	finish(&w, JOB1, "Failed", "2026-01-02T10:01:00Z");
	turn_end(&w);
	CHECK_NAMES(&w, jobs(), JOB1 " " JOB2);
	check_field(&w, crons(), "c", "status.lastScheduleTime", "2026-01-02T10:02:00Z");
	check_events(&w,
	    "Normal JobAlreadyActive Not starting job because prior execution is running and "
	    "concurrency policy is Forbid x1\n"
	    "Normal SawCompletedJob Saw completed job: " JOB1 ", condition: Failed x1\n"
	    "Normal SuccessfulCreate Created job " JOB1 " x1\n"
	    "Normal SuccessfulCreate Created job " JOB2 " x1");
	close_world(&w);
}

TEST("K04: under Replace the Job that still runs goes, and leaves the active list")
{
	struct world w;
	auto_json *cron = NULL;

	open_world(&w);
	create(&w, MINUTELY ",\"concurrencyPolicy\":\"Replace\"");
	round_at(&w, "2026-01-02T10:01:00Z");
	round_at(&w, "2026-01-02T10:02:00Z");
	CHECK_NAMES(&w, jobs(), JOB2);
	cron = get(&w, crons(), "c");
	CHECK_INT(json_len(json_path(cron, "status.active")), 1);
	CHECK_STR(json_str(json_at(json_path(cron, "status.active"), 0), "name"), JOB2);
	check_events(&w, "Normal SuccessfulCreate Created job " JOB1 " x1\n"
			 "Normal SuccessfulCreate Created job " JOB2 " x1\n"
			 "Normal SuccessfulDelete Deleted job " JOB1 " x1");
	close_world(&w);
}

TEST("K08: an active Job that somebody deletes goes missing, once")
{
	struct world w;
	struct delete_options o = {.grace_seconds = -1, .propagation = PROPAGATE_BACKGROUND};
	auto_json *last = NULL;
	bool gone;

	open_world(&w);
	create(&w, MINUTELY);
	round_at(&w, "2026-01-02T10:01:00Z");
	last = registry_delete(w.store, jobs(), "default", JOB1, &o, &gone, NULL);
	turn_end(&w);
	check_field(&w, crons(), "c", "status.active", "");
	round_at(&w, "2026-01-02T10:01:10Z");
	CHECK_NAMES(&w, jobs(), "");
	check_events(&w, "Normal MissingJob Active job went missing: " JOB1 " x1\n"
			 "Normal SuccessfulCreate Created job " JOB1 " x1");
	close_world(&w);
}

TEST("K09: of the finished Jobs as many stay as the history has room for")
{
	struct world w;

	open_world(&w);
	create(&w, MINUTELY ",\"successfulJobsHistoryLimit\":1,\"failedJobsHistoryLimit\":0");
	round_at(&w, "2026-01-02T10:01:00Z");
	finish(&w, JOB1, "Complete", "2026-01-02T10:01:01Z");
	round_at(&w, "2026-01-02T10:02:00Z");
	finish(&w, JOB2, "Complete", "2026-01-02T10:02:01Z");
	turn_end(&w);
	CHECK_NAMES(&w, jobs(), JOB2);
	round_at(&w, "2026-01-02T10:03:00Z");
	finish(&w, "c-29455803", "Failed", "2026-01-02T10:03:01Z");
	turn_end(&w);
	CHECK_NAMES(&w, jobs(), JOB2);
	check_field(&w, crons(), "c", "status.active", "");
	close_world(&w);
}

TEST("a Job of ours that the status does not know is taken over, silently")
{
	struct world w;
	auto_json *cron = NULL;

	open_world(&w);
	create(&w, MINUTELY);
	round_at(&w, "2026-01-02T10:01:00Z");
	set(&w, crons(), "c", "status", "{}");
	round_at(&w, "2026-01-02T10:01:05Z");
	cron = get(&w, crons(), "c");
	CHECK_INT(json_len(json_path(cron, "status.active")), 1);
	CHECK_STR(json_str(cron, "status.lastScheduleTime"), "2026-01-02T10:01:00Z");
	check_events(&w,
	    "Normal SuccessfulCreate Created job " JOB1 " x1\n"
	    "Warning UnexpectedJob Saw a job that the controller did not create or forgot: " JOB1
	    " x1");
	close_world(&w);
}

TEST("a Job of ours that has ended is not told of twice when its name comes round again")
{
	struct world w;

	open_world(&w);
	create(&w, "\"schedule\":\"@every 20s\"");
	round_at(&w, "2026-01-02T10:00:30Z");
	CHECK_NAMES(&w, jobs(), "c-29455800");
	finish(&w, "c-29455800", "Complete", "2026-01-02T10:00:40Z");
	round_at(&w, "2026-01-02T10:00:50Z");
	round_at(&w, "2026-01-02T10:00:51Z");
	check_field(&w, crons(), "c", "status.lastScheduleTime", "2026-01-02T10:00:50Z");
	check_events(&w,
	    "Normal SawCompletedJob Saw completed job: c-29455800, condition: Complete x1\n"
	    "Normal SuccessfulCreate Created job c-29455800 x1");
	close_world(&w);
}

TEST("a name that somebody else's Job has is left alone, and the next time starts as usual")
{
	struct world w;

	open_world(&w);
	create(&w, MINUTELY);
	round_at(&w, "2026-01-02T10:01:00Z");
	set(&w, jobs(), JOB1, "metadata.ownerReferences", "[]");
	set(&w, crons(), "c", "status", "{}");
	round_at(&w, "2026-01-02T10:01:05Z");
	round_at(&w, "2026-01-02T10:01:06Z");
	check_field(&w, crons(), "c", "status.active", "");
	check_field(&w, crons(), "c", "status.lastScheduleTime", "");
	round_at(&w, "2026-01-02T10:02:00Z");
	CHECK_NAMES(&w, jobs(), JOB1 " " JOB2);
	close_world(&w);
}

TEST("a Job that cannot be created is told of and tried again")
{
	struct world w;

	open_world(&w);
	create(&w, MINUTELY);
	set(&w, crons(), "c", "spec.jobTemplate.spec.parallelism", "-1");
	round_at(&w, "2026-01-02T10:01:00Z");
	check_events(&w, "Warning FailedCreate Error creating job: Job.batch \"" JOB1
			 "\" is invalid: spec.parallelism: Invalid value: -1: must be greater than "
			 "or equal to 0 "
			 "x1");
	check_field(&w, crons(), "c", "status.lastScheduleTime", "");
	set(&w, crons(), "c", "spec.jobTemplate.spec.parallelism", "1");
	turn_end(&w);
	CHECK_NAMES(&w, jobs(), JOB1);
	close_world(&w);
}

TEST("cron jobs that are suspended or never fire need no controller")
{
	struct world w;

	open_world(&w);
	create(&w, MINUTELY ",\"suspend\":true");
	round_at(&w, "2026-01-02T10:05:00Z");
	CHECK_NAMES(&w, jobs(), "");
	CHECK_INT(cronjobs_active(w.cron), 0);
	set(&w, crons(), "c", "spec.suspend", "false");
	turn_end(&w);
	CHECK_INT(cronjobs_active(w.cron), 1);
	CHECK_NAMES(&w, jobs(), "c-29455805");
	set(&w, crons(), "c", "spec.schedule", "\"0 0 30 2 *\"");
	turn_end(&w);
	CHECK_INT(cronjobs_active(w.cron), 0);
	close_world(&w);
}

/* ---- deletion ---- */

/* A pod of a Job, with the finalizer that the Job controller gives it. */
static void add_pod(struct world *w, const char *job_name)
{
	auto_json *job = get(w, jobs(), job_name);
	auto_free char *text = xasprintf(
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p-%s\","
	    "\"finalizers\":[\"" JOB_TRACKING_FINALIZER "\"],"
	    "\"ownerReferences\":[{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"name\":\"%s\","
	    "\"uid\":\"%s\",\"controller\":true,\"blockOwnerDeletion\":true}]},"
	    "\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\","
	    "\"image\":\"i\"}]}}",
	    job_name, job_name, meta_uid(job));
	auto_err e = {0};
	auto_json *made = registry_create(w->store, kind_by_id(KIND_POD), "default",
	    json_parse(text, strlen(text), JSON_PARSE_STRICT, &e), &(struct create_options){0}, &e);

	CHECK_STR(err_msg(&e), "");
}

/* Two Jobs with a pod each, then the deletion of their cron job. */
static void delete_cron_job(struct world *w, enum propagation how)
{
	struct delete_options o = {.grace_seconds = -1, .propagation = how};
	auto_json *last = NULL;
	auto_err e = {0};
	bool gone;

	create(w, MINUTELY);
	round_at(w, "2026-01-02T10:01:00Z");
	round_at(w, "2026-01-02T10:02:00Z");
	add_pod(w, JOB1);
	add_pod(w, JOB2);
	turn_end(w);
	last = registry_delete(w->store, crons(), "default", "c", &o, &gone, &e);
	CHECK_STR(err_msg(&e), "");
	CHECK_INT(gone, how != PROPAGATE_FOREGROUND);
	turn_end(w);
}

TEST("K20: with a cron job go its Jobs and their pods, in the background or before it")
{
	static const enum propagation how[] = {
	    PROPAGATE_DEFAULT, PROPAGATE_BACKGROUND, PROPAGATE_FOREGROUND};

	for (size_t i = 0; i < ARRAY_LEN(how); i++) {
		struct world w;

		open_world(&w);
		delete_cron_job(&w, how[i]);
		CHECK_NAMES(&w, kind_by_id(KIND_POD), "");
		CHECK_NAMES(&w, jobs(), "");
		CHECK_NAMES(&w, crons(), "");
		CHECK_INT(cronjobs_active(w.cron), 0);
		close_world(&w);
	}
}

TEST("K20: in a foreground deletion cron job and Jobs wait for the pods")
{
	struct world w;
	json *pod;

	open_world(&w);
	create(&w, MINUTELY);
	round_at(&w, "2026-01-02T10:01:00Z");
	add_pod(&w, JOB1);
	set(&w, kind_by_id(KIND_POD), "p-" JOB1, "metadata.finalizers", "[\"example.com/hold\"]");
	{
		struct delete_options o = {
		    .grace_seconds = -1, .propagation = PROPAGATE_FOREGROUND};
		bool gone;

		json_free(registry_delete(w.store, crons(), "default", "c", &o, &gone, NULL));
	}
	turn_end(&w);
	CHECK_NAMES(&w, jobs(), JOB1);
	CHECK_NAMES(&w, crons(), "c");
	CHECK_INT(cronjobs_active(w.cron), 0);
	round_at(&w, "2026-01-02T10:05:00Z");
	CHECK_NAMES(&w, jobs(), JOB1);
	pod = get(&w, kind_by_id(KIND_POD), "p-" JOB1);
	json_del_path(pod, "metadata.finalizers");
	write_obj(&w, kind_by_id(KIND_POD), pod);
	turn_end(&w);
	CHECK_NAMES(&w, kind_by_id(KIND_POD), "");
	CHECK_NAMES(&w, jobs(), "");
	CHECK_NAMES(&w, crons(), "");
	close_world(&w);
}

TEST("K20: orphaned Jobs stay, with their pods and without an owner")
{
	struct world w;

	open_world(&w);
	delete_cron_job(&w, PROPAGATE_ORPHAN);
	CHECK_NAMES(&w, crons(), "");
	CHECK_NAMES(&w, jobs(), JOB1 " " JOB2);
	CHECK_NAMES(&w, kind_by_id(KIND_POD), "p-" JOB1 " p-" JOB2);
	check_field(&w, jobs(), JOB1, "metadata.ownerReferences", "");
	close_world(&w);
}

TEST("K20: Jobs whose cron job went while no controller ran go at the next start")
{
	struct world w;
	auto_json *job = NULL;

	open_world(&w);
	create(&w, MINUTELY);
	round_at(&w, "2026-01-02T10:01:00Z");
	add_pod(&w, JOB1);
	turn_end(&w);
	end(&w);
	CHECK(store_delete(w.store, crons(), "default", "c", NULL) == 0);
	begin(&w);
	loop_turn(w.loop, 100); /* the collector begins in a turn of its own */
	turn_end(&w);
	CHECK_NAMES(&w, jobs(), "");
	CHECK_NAMES(&w, kind_by_id(KIND_POD), "");
	close_world(&w);
}

/* ---- time ---- */

static int64_t ahead_ns;

static int64_t running_clock(void)
{
	return clock_wall_ns() + ahead_ns;
}

static void turns(struct world *w, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	while (clock_mono_ms() < until)
		loop_turn(w->loop, (int)(until - clock_mono_ms()) + 1);
}

TEST("the timer wakes a cron job at its time, and a clock that was set is noticed at the next look")
{
	struct world w;

	open_world(&w);
	loop_at_turn_end(w.loop, "reconcile", turn_end, &w);
	ahead_ns = at("2026-01-02T10:00:59.700Z") - clock_wall_ns();
	cronjobs_set_clock(w.cron, running_clock, 100);
	create(&w, MINUTELY);
	turn_end(&w);
	turns(&w, 100);
	if (running_clock() < at("2026-01-02T10:00:59.900Z")) /* a busy machine may be late */
		CHECK_NAMES(&w, jobs(), "");
	turns(&w, 500);
	CHECK_NAMES(&w, jobs(), JOB1);
	/* forth by an hour */
	ahead_ns += 3600 * NSEC_PER_SEC;
	turns(&w, 250);
	CHECK_NAMES(&w, jobs(), JOB1 " c-29455861");
	/* and back: nothing starts twice */
	ahead_ns -= 3600 * NSEC_PER_SEC;
	turns(&w, 250);
	CHECK_NAMES(&w, jobs(), JOB1 " c-29455861");
	close_world(&w);
}

TEST("a cron job whose deletion a full disk undid starts its Job in time all the same")
{
	const struct delete_options how = {.grace_seconds = -1};
	struct rlimit unlimited, none;
	auto_json *last = NULL;
	auto_err e = {0};
	struct world w;
	bool gone;

	open_world(&w);
	ahead_ns = at("2026-01-02T10:00:57Z") - clock_wall_ns();
	cronjobs_set_clock(w.cron, running_clock, 100);
	create(&w, MINUTELY);
	turn_end(&w);
	last = registry_delete(w.store, crons(), "default", "c", &how, &gone, &e);
	CHECK(last && gone);
	CHECK(cronjobs_reconcile(w.cron));
	getrlimit(RLIMIT_FSIZE, &unlimited);
	none = (struct rlimit){0, unlimited.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	CHECK(store_commit(w.store, &e) < 0);
	setrlimit(RLIMIT_FSIZE, &unlimited);
	loop_at_turn_end(w.loop, "reconcile", turn_end, &w);
	for (int i = 0; i < 100 && cronjobs_active(w.cron) < 1; i++)
		turns(&w, 100);
	CHECK_INT(cronjobs_active(w.cron), 1);
	ahead_ns += 3 * NSEC_PER_SEC;
	turns(&w, 500);
	CHECK_NAMES(&w, crons(), "c");
	CHECK_NAMES(&w, jobs(), JOB1);
	close_world(&w);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	return test_main();
}
