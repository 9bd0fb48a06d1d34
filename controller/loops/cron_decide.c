#include "cron_decide.h"

#include <inttypes.h>

#include "../../runtime/base/buf.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/str.h"

/* A Job is started this much after its time, so that the clock has surely passed it. */
#define START_DELAY_MS 100
/* More missed times than this are worth a warning. */
#define MISSED_MAX 100
/* A last start that lies further ahead than this means that the clock was set back. */
#define FUTURE_SLACK_SECONDS 60

static const struct cron_event_info events[] = {
    [CRON_EV_SUCCESSFUL_CREATE] = {"Normal", "SuccessfulCreate", "Created job %s"},
    [CRON_EV_SUCCESSFUL_DELETE] = {"Normal", "SuccessfulDelete", "Deleted job %s"},
    [CRON_EV_FAILED_CREATE] = {"Warning", "FailedCreate", "Error creating job: %s"},
    [CRON_EV_FAILED_DELETE] = {"Warning", "FailedDelete", "Deleted job: %s"},
    [CRON_EV_SAW_COMPLETED] = {"Normal", "SawCompletedJob", "Saw completed job: %s, condition: %s"},
    [CRON_EV_MISSING] = {"Normal", "MissingJob", "Active job went missing: %s"},
    [CRON_EV_UNEXPECTED] = {"Warning", "UnexpectedJob",
	"Saw a job that the controller did not create or forgot: %s"},
    [CRON_EV_ALREADY_ACTIVE] = {"Normal", "JobAlreadyActive",
	"Not starting job because prior execution is running and concurrency policy is Forbid"},
    [CRON_EV_MISS_SCHEDULE] = {"Warning", "MissSchedule",
	"Missed scheduled time to start a job: %s"},
    [CRON_EV_TOO_MANY_MISSED] = {"Warning", "TooManyMissedTimes",
	"too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock "
	"skew"},
    [CRON_EV_UNPARSEABLE] = {"Warning", "UnparseableSchedule", "unparseable schedule: %s : %s"},
    [CRON_EV_INVALID_SCHEDULE] = {"Warning", "InvalidSchedule", "invalid schedule: %s : %s"},
    [CRON_EV_UNKNOWN_ZONE] = {"Warning", "UnknownTimeZone", "invalid timeZone: %s : %s"},
    [CRON_EV_CLOCK] = {"Warning", "ClockSkew",
	"the last start is dated %s, which is to come: nothing starts before then. Was the clock "
	"set back?"},
};

const struct cron_event_info *cron_event_info(enum cron_event ev)
{
	return &events[ev];
}

char *cron_event_text(enum cron_event ev, const char *a, const char *b)
{
	const char *f = events[ev].format, *values[] = {a, b};
	auto_buf text = {0};

	for (size_t n = 0; *f; f++) {
		if (f[0] == '%' && f[1] == 's' && n < ARRAY_LEN(values)) {
			buf_adds(&text, values[n++]);
			f++;
		} else {
			buf_addch(&text, *f);
		}
	}
	return buf_take(&text);
}

char *cron_job_name(const char *cronjob, int64_t at)
{
	return xasprintf("%s-%" PRId64, cronjob, at / 60);
}

/* ---- the plan ---- */

static struct cron_action *add(struct cron_plan *p, enum cron_action_type type)
{
	GROW(p->actions, p->cap, p->len + 1);
	p->actions[p->len] = (struct cron_action){.type = type};
	return &p->actions[p->len++];
}

static void tell(struct cron_plan *p, enum cron_event ev, const char *a, const char *b)
{
	struct cron_action *action = add(p, CRON_TELL);

	action->event = ev;
	action->text = cron_event_text(ev, a, b);
}

static void on_job(
    struct cron_plan *p, enum cron_action_type type, const char *name, const char *uid)
{
	struct cron_action *action = add(p, type);

	action->name = name;
	action->uid = uid;
}

void cron_plan_release(struct cron_plan *p)
{
	for (size_t i = 0; i < p->len; i++)
		free(p->actions[i].text);
	free(p->actions);
	*p = (struct cron_plan){0};
}

/* ---- status upkeep ---- */

static const struct cron_ref *find_active(const struct cron_obs *o, const char *uid)
{
	for (size_t i = 0; i < o->active_count; i++)
		if (str_eq(o->active[i].uid, uid))
			return &o->active[i];
	return NULL;
}

static bool is_owned(const struct cron_obs *o, const char *uid)
{
	for (size_t i = 0; i < o->job_count; i++)
		if (str_eq(o->jobs[i].uid, uid))
			return true;
	return false;
}

/* Whether the reference stays in status.active after the upkeep of this round. */
static bool stays_active(const struct cron_obs *o, const struct cron_ref *ref)
{
	for (size_t i = 0; i < o->job_count; i++)
		if (str_eq(o->jobs[i].uid, ref->uid))
			return o->jobs[i].end == CRON_JOB_UNFINISHED;
	return ref->exists;
}

static void keep_status(const struct cron_obs *o, struct cron_plan *p)
{
	for (size_t i = 0; i < o->job_count; i++) {
		const struct cron_job *j = &o->jobs[i];
		bool active = find_active(o, j->uid) != NULL;

		if (j->end == CRON_JOB_UNFINISHED) {
			if (!active)
				tell(p, CRON_EV_UNEXPECTED, j->name, NULL);
			continue;
		}
		if (active) {
			on_job(p, CRON_FORGET, j->name, j->uid);
			tell(p, CRON_EV_SAW_COMPLETED, j->name,
			    j->end == CRON_JOB_COMPLETE ? "Complete" : "Failed");
		}
		if (j->end == CRON_JOB_COMPLETE && j->completion_time > p->last_success)
			p->last_success = j->completion_time;
	}
	for (size_t i = 0; i < o->active_count; i++) {
		const struct cron_ref *ref = &o->active[i];

		if (ref->exists || is_owned(o, ref->uid))
			continue;
		tell(p, CRON_EV_MISSING, ref->name, NULL);
		on_job(p, CRON_FORGET, ref->name, ref->uid);
	}
}

/* ---- history ---- */

static int compare_age(const void *a, const void *b)
{
	const struct cron_job *x = *(const struct cron_job *const *)a;
	const struct cron_job *y = *(const struct cron_job *const *)b;

	if (x->start_time != y->start_time) {
		if (!x->start_time || !y->start_time)
			return x->start_time ? -1 : 1;
		return x->start_time < y->start_time ? -1 : 1;
	}
	return strcmp(x->name, y->name);
}

/* The oldest beyond the limit go; those that are going already need no second push. */
static void clean_up(
    const struct cron_obs *o, struct cron_plan *p, enum cron_job_end end, int64_t keep)
{
	auto_free const struct cron_job **list = xcalloc(o->job_count + 1, sizeof(*list));
	size_t n = 0;

	if (keep < 0)
		return;
	for (size_t i = 0; i < o->job_count; i++)
		if (o->jobs[i].end == end && !o->jobs[i].deleting)
			list[n++] = &o->jobs[i];
	qsort(list, n, sizeof(*list), compare_age);
	for (size_t i = 0; i < n && (int64_t)(n - i) > keep; i++)
		on_job(p, CRON_CLEAN_UP, list[i]->name, list[i]->uid);
}

/* ---- the next start ---- */

/* As Go's RFC1123Z prints it in UTC. */
static const char *format_rfc1123z(char buf[TIME_TEXT_MAX], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(buf, TIME_TEXT_MAX, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	return buf;
}

/* Kubernetes puts no upper bound to it. */
static int64_t deadline(const struct cron_obs *o)
{
	const int64_t max = INT64_C(1000000000000);

	return o->starting_deadline < max ? o->starting_deadline : max;
}

/* Times before this one are over and done with. */
static int64_t earliest(const struct cron_obs *o)
{
	return o->last_schedule ? o->last_schedule : o->created;
}

/* The next time is counted from the newest that has passed: @every keeps its beat. */
static void wake_for_next(const struct cron_obs *o, struct cron_plan *p)
{
	int64_t from = earliest(o), next;

	if (cron_last(o->schedule, o->zone, from, o->now_ms / 1000, &next))
		from = next;
	if (cron_next(o->schedule, o->zone, from, &next))
		p->wake_ms = next * 1000 + START_DELAY_MS;
}

/* The clock was set back behind the last start: as in Kubernetes that time must pass first. */
static void tell_future(const struct cron_obs *o, struct cron_plan *p)
{
	char text[TIME_TEXT_MAX];

	if (o->last_schedule <= o->now_ms / 1000 + FUTURE_SLACK_SECONDS ||
	    o->last_schedule == o->told_future)
		return;
	p->told_future = o->last_schedule;
	tell(p, CRON_EV_CLOCK, time_format(text, o->last_schedule), NULL);
}

static bool may_start(const struct cron_obs *o, struct cron_plan *p)
{
	auto_free char *quoted = NULL;
	int64_t next;

	if (o->deleting)
		return false;
	if (!o->zone && o->zone_error) {
		quoted = str_go_quote(o->zone_name);
		tell(p, CRON_EV_UNKNOWN_ZONE, quoted, o->zone_error);
		return false;
	}
	if (o->suspended)
		return false;
	if (!o->schedule) {
		quoted = str_go_quote(o->schedule_text);
		tell(p, CRON_EV_UNPARSEABLE, quoted, o->schedule_error);
		return false;
	}
	if (!cron_next(o->schedule, o->zone, earliest(o), &next)) {
		tell(p, CRON_EV_INVALID_SCHEDULE, o->schedule_text,
		    "time difference between two schedules is less than 1 second");
		return false;
	}
	return true;
}

/* The newest time that has come, if it came in good time; 0: none. */
static int64_t due_time(const struct cron_obs *o, struct cron_plan *p)
{
	int64_t now = o->now_ms / 1000, from = earliest(o), at;
	char text[TIME_TEXT_MAX];

	if (!cron_last(o->schedule, o->zone, from, now, &at)) {
		tell_future(o, p);
		return 0;
	}
	if (deadline(o) >= 0 && (at + deadline(o)) * 1000 < o->now_ms) {
		if (at > o->told_missed)
			tell(p, CRON_EV_MISS_SCHEDULE, format_rfc1123z(text, at), NULL);
		p->told_missed = at;
		return 0;
	}
	if (deadline(o) >= 0 && now - deadline(o) > from)
		from = now - deadline(o);
	if (cron_count(o->schedule, o->zone, from, now, MISSED_MAX + 1) > MISSED_MAX)
		tell(p, CRON_EV_TOO_MANY_MISSED, NULL, NULL);
	return at;
}

/* Whether the Job of this time was started already. */
static bool is_started(const struct cron_obs *o, int64_t at)
{
	auto_free char *name = cron_job_name(o->name, at);

	if (at == o->last_schedule || at == o->handled)
		return true;
	for (size_t i = 0; i < o->active_count; i++)
		if (str_eq(o->active[i].name, name) && stays_active(o, &o->active[i]))
			return true;
	return false;
}

static size_t count_active(const struct cron_obs *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->active_count; i++)
		n += stays_active(o, &o->active[i]);
	return n;
}

static void decide_start(const struct cron_obs *o, struct cron_plan *p)
{
	int64_t at;

	if (!may_start(o, p))
		return;
	wake_for_next(o, p);
	at = due_time(o, p);
	if (!at || is_started(o, at))
		return;
	if (o->policy == CRON_FORBID && count_active(o) > 0) {
		tell(p, CRON_EV_ALREADY_ACTIVE, NULL, NULL);
		return;
	}
	if (o->policy == CRON_REPLACE)
		for (size_t i = 0; i < o->active_count; i++)
			if (stays_active(o, &o->active[i]))
				on_job(p, CRON_REPLACE_JOB, o->active[i].name, o->active[i].uid);
	p->start_at = at;
	add(p, CRON_START);
}

void cron_decide(const struct cron_obs *o, struct cron_plan *p)
{
	*p = (struct cron_plan){
	    .last_success = o->last_success,
	    .told_missed = o->told_missed,
	    .told_future = o->told_future,
	};
	keep_status(o, p);
	decide_start(o, p);
	clean_up(o, p, CRON_JOB_COMPLETE, o->keep_complete);
	clean_up(o, p, CRON_JOB_FAILED, o->keep_failed);
}
