#include "cronjobs.h"

#include <inttypes.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "../../runtime/base/map.h"
#include "../../runtime/base/workqueue.h"
#include "cron_decide.h"
#include "job_status.h"

#define SOURCE "cronjob-controller"
#define SCHEDULED_ANNOTATION "batch.kubernetes.io/cronjob-scheduled-timestamp"
/* The longest time without a look at the wall clock. */
#define LOOK_MS 10000
/* What the wall clock may gain or lose against the other one, between two looks, without being
 * called set. */
#define SET_MS 2000
/* A Job that cannot be created, or a status that cannot be stored, is tried again after this,
 * doubling. */
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 300000

struct cronjob {
	struct cronjobs *set;
	char *uid, *ns, *name;
	struct heap_node due; /* in set->due, by the wall clock's milliseconds */
	struct work work;
	bool quiet;       /* its round writes what the round itself has reckoned with: no news */
	bool active;      /* it has a next time: counted in set->active */
	int64_t retry_ms; /* the last delay; 0: nothing has failed */
	int64_t told_missed, handled, told_future;

	/* the schedule, as parsed from these texts */
	char *schedule_text, *zone_text;
	struct cron schedule;
	struct err schedule_err, zone_err;
	struct zone *zone;
};

struct cronjobs {
	struct loops_env *env;
	int64_t (*wall_ns)(void);
	int64_t look_ms;
	struct map by_uid;
	struct workqueue queue;
	struct heap due;
	struct timer timer;
	int64_t ahead_ms; /* by how much the wall clock is ahead of the other one */
	size_t active;
	bool reload; /* a turn was lost: read the store again */
};

static const struct kind *cron_kind(void)
{
	return kind_by_id(KIND_CRONJOB);
}

static int64_t wall_ms(const struct cronjobs *set)
{
	return set->wall_ns() / NSEC_PER_MSEC;
}

/* ---- the set ---- */

static void cron_queue(struct cronjob *c)
{
	if (!c->quiet)
		workqueue_add(&c->set->queue, &c->work);
}

static void queue_all(struct cronjobs *set)
{
	struct map_iter it = {0};
	const char *uid;
	void *value;

	while (map_next(&set->by_uid, &it, &uid, &value))
		cron_queue(value);
}

static void cron_add(struct cronjobs *set, const char *ns, const char *name, const char *uid)
{
	struct cronjob *c = map_get(&set->by_uid, uid);

	if (!c) {
		c = xcalloc(1, sizeof(*c));
		c->set = set;
		c->uid = xstrdup(uid);
		c->ns = xstrdup(ns);
		c->name = xstrdup(name);
		map_set(&set->by_uid, uid, c);
	}
	cron_queue(c);
}

static void set_active(struct cronjob *c, bool active)
{
	c->set->active += (size_t)active - (size_t)c->active;
	c->active = active;
}

static void forget_schedule(struct cronjob *c)
{
	free(TAKE(c->schedule_text));
	free(TAKE(c->zone_text));
	err_clear(&c->schedule_err);
	err_clear(&c->zone_err);
	if (c->zone)
		zone_free(TAKE(c->zone));
}

static void cron_free(struct cronjob *c)
{
	set_active(c, false);
	heap_remove(&c->set->due, &c->due);
	map_del(&c->set->by_uid, c->uid);
	forget_schedule(c);
	free(c->uid);
	free(c->ns);
	free(c->name);
	free(c);
}

/* The CronJob to which a change of a Job is news; NULL: none. A Job that runs on is none. */
static struct cronjob *concerned(struct cronjobs *set, const struct change *c)
{
	auto_json *job = NULL;
	const char *uid;

	if (set->by_uid.len == 0 || !strstr(c->body, "\"CronJob\""))
		return NULL;
	job = json_parse(c->body, c->body_len, JSON_PARSE_STRICT, NULL);
	if (c->type == CHANGE_MODIFIED && !job_status_finished(job) && !meta_deleting(job))
		return NULL;
	uid = json_str(meta_controller(job), "uid");
	return uid ? map_get(&set->by_uid, uid) : NULL;
}

static void on_written(void *ctx, const struct change *c)
{
	struct cronjobs *set = ctx;
	struct cronjob *cron = NULL;

	if (c->kind->id == KIND_CRONJOB && c->type == CHANGE_ADDED) {
		cron_add(set, c->ns, c->name, c->uid);
		return;
	}
	if (c->kind->id == KIND_CRONJOB)
		cron = map_get(&set->by_uid, c->uid);
	else if (c->kind->id == KIND_JOB)
		cron = concerned(set, c);
	if (cron)
		cron_queue(cron);
}

/* ---- time ---- */

/* Runs the timer up to the next time, or to the next look. */
static void set_timer(struct cronjobs *set)
{
	const struct heap_node *first = heap_min(&set->due);
	int64_t delay;

	if (!first) {
		timer_cancel(set->env->loop, &set->timer);
		return;
	}
	delay = first->key - wall_ms(set);
	if (delay < 0)
		delay = 0;
	timer_set(set->env->loop, &set->timer, delay < set->look_ms ? delay : set->look_ms);
}

/* Whether the wall clock was set, or the machine slept, since the last look. */
static bool clock_was_set(struct cronjobs *set)
{
	int64_t ahead = wall_ms(set) - clock_mono_ms(), gain = ahead - set->ahead_ms;

	set->ahead_ms = ahead;
	return gain > SET_MS || gain < -SET_MS;
}

static void look(void *arg)
{
	struct cronjobs *set = arg;
	int64_t now = wall_ms(set);
	struct heap_node *first;

	if (clock_was_set(set)) {
		log_info("the clock was set, or the machine slept");
		queue_all(set);
	}
	while ((first = heap_min(&set->due)) && first->key <= now) {
		heap_remove(&set->due, first);
		cron_queue(STRUCT_OF(first, struct cronjob, due));
	}
	set_timer(set);
}

/* ---- observing ---- */

/* One round: the object, its Jobs, and what the decider sees of them. */
struct round {
	struct cronjob *cron;
	json *obj; /* owned; its status is edited in place */
	json **objs;
	struct cron_job *jobs;
	struct cron_ref *refs;
	size_t job_count, ref_count, cap_objs, cap_jobs;
	bool changed, failed, retry;
};

static void round_release(struct round *r)
{
	for (size_t i = 0; i < r->job_count; i++)
		json_free(r->objs[i]);
	json_free(r->obj);
	free(r->objs);
	free(r->jobs);
	free(r->refs);
}

static bool observe_job(void *ctx, const struct store_row *row)
{
	struct round *r = ctx;
	json *obj = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);

	if (!obj)
		return true;
	GROW(r->objs, r->cap_objs, r->job_count + 1);
	GROW(r->jobs, r->cap_jobs, r->job_count + 1);
	r->objs[r->job_count] = obj;
	r->jobs[r->job_count++] = (struct cron_job){
	    .name = meta_name(obj),
	    .uid = meta_uid(obj),
	    .end = !job_status_finished(obj)              ? CRON_JOB_UNFINISHED
		   : meta_condition_true(obj, "Complete") ? CRON_JOB_COMPLETE
							  : CRON_JOB_FAILED,
	    .start_time = meta_time(obj, "status.startTime"),
	    .completion_time = meta_time(obj, "status.completionTime"),
	    .deleting = meta_deleting(obj),
	};
	return true;
}

static bool job_exists(const struct round *r, const char *name, const char *uid)
{
	auto_json *job = NULL;

	if (!store_has(r->cron->set->env->store, job_kind(), r->cron->ns, name))
		return false;
	job = store_get(r->cron->set->env->store, job_kind(), r->cron->ns, name, NULL);
	return str_eq(json_str(job, "metadata.uid"), uid);
}

static void observe_active(struct round *r)
{
	const json *active = json_path(r->obj, "status.active");

	r->refs = xcalloc(json_len(active) + 1, sizeof(*r->refs));
	json_for (ref, active) {
		const char *name = json_str_or(ref, "name", ""), *uid = json_str_or(ref, "uid", "");

		r->refs[r->ref_count++] = (struct cron_ref){name, uid, job_exists(r, name, uid)};
	}
}

/* Parses schedule and zone, unless that is what was parsed before. */
static void read_schedule(struct cronjob *c, const json *spec)
{
	const char *text = json_str_or(spec, "schedule", ""), *zone = json_str(spec, "timeZone");

	if (c->schedule_text && str_eq(text, c->schedule_text) && str_eq(zone, c->zone_text))
		return;
	forget_schedule(c);
	c->schedule_text = xstrdup(text);
	c->zone_text = xstrdup(zone);
	if (zone)
		c->zone = zone_load(zone, &c->zone_err);
	if (cron_parse(&c->schedule, text, &c->schedule_err) < 0)
		log_debug("cron job %s/%s: %s", c->ns, c->name, err_msg(&c->schedule_err));
}

static enum cron_policy policy_of(const json *spec)
{
	static const char *const names[] = {
	    [CRON_ALLOW] = "Allow", [CRON_FORBID] = "Forbid", [CRON_REPLACE] = "Replace"};
	const char *text = json_str(spec, "concurrencyPolicy");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(text, names[i]))
			return (enum cron_policy)i;
	return CRON_ALLOW;
}

static struct cron_obs observe(struct round *r)
{
	struct cronjob *c = r->cron;
	const json *spec = json_get(r->obj, "spec");

	read_schedule(c, spec);
	observe_active(r);
	return (struct cron_obs){
	    .now_ms = wall_ms(c->set),
	    .deleting = meta_deleting(r->obj),
	    .suspended = json_bool(spec, "suspend", false),
	    .name = c->name,
	    .schedule_text = c->schedule_text,
	    .schedule = c->schedule_err.reason ? NULL : &c->schedule,
	    .schedule_error = err_msg(&c->schedule_err),
	    .zone_name = c->zone_text,
	    .zone = c->zone,
	    .zone_error = c->zone_err.reason ? err_msg(&c->zone_err) : NULL,
	    .starting_deadline = json_int(spec, "startingDeadlineSeconds", -1),
	    .policy = policy_of(spec),
	    .keep_complete = json_int(spec, "successfulJobsHistoryLimit", -1),
	    .keep_failed = json_int(spec, "failedJobsHistoryLimit", -1),
	    .created = meta_time(r->obj, "metadata.creationTimestamp"),
	    .last_schedule = meta_time(r->obj, "status.lastScheduleTime"),
	    .last_success = meta_time(r->obj, "status.lastSuccessfulTime"),
	    .told_missed = c->told_missed,
	    .handled = c->handled,
	    .told_future = c->told_future,
	    .active_count = r->ref_count,
	    .active = r->refs,
	    .jobs = r->jobs,
	    .job_count = r->job_count,
	};
}

/* ---- applying ---- */

static void tell(const struct round *r, enum cron_event ev, const char *text)
{
	const struct cron_event_info *info = cron_event_info(ev);

	recorder_event(r->cron->set->env->recorder, cron_kind(), r->obj, NULL, info->type,
	    info->reason, SOURCE, "%s", text);
}

/* An event whose format takes one text. */
static void tell_of(const struct round *r, enum cron_event ev, const char *value)
{
	auto_free char *text = cron_event_text(ev, value, NULL);

	tell(r, ev, text);
}

static void forget(struct round *r, const char *uid)
{
	json *active = json_path(r->obj, "status.active"), *found = NULL;

	json_for (ref, active)
		if (str_eq(json_str(ref, "uid"), uid))
			found = ref;
	if (!found)
		return;
	json_remove(active, found);
	if (json_len(active) == 0)
		json_del_path(r->obj, "status.active");
	r->changed = true;
}

static bool delete_job(struct round *r, const struct cron_action *a)
{
	struct delete_options o = {
	    .grace_seconds = -1, .propagation = PROPAGATE_BACKGROUND, .uid = a->uid};
	/* forgetting frees the texts of the reference */
	auto_free char *name = xstrdup(a->name), *uid = xstrdup(a->uid);
	auto_json *last = NULL;
	auto_err e = {0};
	bool gone;

	last = registry_delete(
	    r->cron->set->env->store, job_kind(), r->cron->ns, a->name, &o, &gone, &e);
	if (!last) {
		tell_of(r, CRON_EV_FAILED_DELETE, err_msg(&e));
		r->retry = true;
		return false;
	}
	forget(r, uid);
	tell_of(r, CRON_EV_SUCCESSFUL_DELETE, name);
	return true;
}

static void copy_map(json *meta, const json *template, const char *key)
{
	const json *map = json_get(json_get(template, "metadata"), key);

	if (json_len(map) > 0)
		json_set(meta, key, json_dup(map));
}

static json *job_from_template(const struct round *r, const char *name, int64_t at)
{
	const json *template = json_path(r->obj, "spec.jobTemplate");
	json *job = meta_new_object(job_kind(), name), *meta = json_get(job, "metadata");
	auto_zone *utc = zone_load("UTC", NULL);
	const struct zone *zone = r->cron->zone ? r->cron->zone : utc;
	char text[TIME_TEXT_MAX];

	json_set_str(meta, "namespace", r->cron->ns);
	copy_map(meta, template, "labels");
	copy_map(meta, template, "annotations");
	json_set_str(
	    json_obj(meta, "annotations"), SCHEDULED_ANNOTATION, zone_format(text, zone, at));
	meta_add_controller(job, cron_kind(), r->obj);
	json_set(job, "spec", json_dup(json_get(template, "spec")));
	return job;
}

static void note_started(struct round *r, const json *job, int64_t at)
{
	json *status = json_obj(r->obj, "status");

	meta_set_time(status, "lastScheduleTime", at);
	r->changed = true;
	if (job_status_finished(job))
		return;
	if (!json_get(status, "active"))
		json_set(status, "active", json_new_array());
	json_add(json_get(status, "active"), meta_reference(job_kind(), job));
}

static bool is_active(const struct round *r, const json *job)
{
	json_for (ref, json_path(r->obj, "status.active"))
		if (str_eq(json_str(ref, "uid"), meta_uid(job)))
			return true;
	return false;
}

/* The name is taken: by a Job of ours, which is taken over, or by somebody else's. */
static void take_over(struct round *r, const char *name, int64_t at)
{
	auto_json *job = store_get(r->cron->set->env->store, job_kind(), r->cron->ns, name, NULL);

	if (job && str_eq(json_str(meta_controller(job), "uid"), r->cron->uid) &&
	    !is_active(r, job))
		note_started(r, job, at);
	else
		r->cron->handled = at;
}

static void start_job(struct round *r, int64_t at)
{
	auto_free char *name = cron_job_name(r->cron->name, at);
	auto_json *job = NULL;
	auto_err e = {0};

	if (store_has(r->cron->set->env->store, job_kind(), r->cron->ns, name)) {
		take_over(r, name, at);
		return;
	}
	job = registry_create(r->cron->set->env->store, job_kind(), r->cron->ns,
	    job_from_template(r, name, at), &(struct create_options){0}, &e);
	if (job) {
		tell_of(r, CRON_EV_SUCCESSFUL_CREATE, name);
		note_started(r, job, at);
		return;
	}
	r->retry = true;
	/* In a namespace that is going nothing can be created, and soon this is gone as well. */
	if (!strstr(err_msg(&e), "because it is being terminated"))
		tell_of(r, CRON_EV_FAILED_CREATE, err_msg(&e));
}

static void apply_action(struct round *r, const struct cron_plan *plan, const struct cron_action *a)
{
	switch (a->type) {
	case CRON_TELL:
		tell(r, a->event, a->text);
		break;
	case CRON_FORGET:
		forget(r, a->uid);
		break;
	case CRON_REPLACE_JOB:
		r->failed |= !delete_job(r, a);
		break;
	case CRON_START:
		if (!r->failed)
			start_job(r, plan->start_at);
		break;
	case CRON_CLEAN_UP:
		delete_job(r, a);
		break;
	}
}

static void store_status(struct round *r, const struct cron_plan *plan)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	struct cronjob *c = r->cron;
	auto_json *stored = NULL;
	auto_err e = {0};

	if (plan->last_success != meta_time(r->obj, "status.lastSuccessfulTime")) {
		meta_set_time(json_obj(r->obj, "status"), "lastSuccessfulTime", plan->last_success);
		r->changed = true;
	}
	if (!r->changed)
		return;
	stored = registry_update(c->set->env->store, cron_kind(), json_dup(r->obj), &o, &e);
	if (stored)
		return;
	log_warn("cron job %s/%s: cannot store its status: %s", c->ns, c->name, err_msg(&e));
	r->retry = true;
}

/* The time of the next round: what failed is tried again before the next start. */
static void set_due(struct round *r, int64_t wake_ms)
{
	struct cronjob *c = r->cron;
	int64_t again;

	c->retry_ms = !r->retry ? 0 : c->retry_ms ? c->retry_ms * 2 : RETRY_MIN_MS;
	if (c->retry_ms > RETRY_MAX_MS)
		c->retry_ms = RETRY_MAX_MS;
	again = wall_ms(c->set) + c->retry_ms;
	if (c->retry_ms && (!wake_ms || again < wake_ms))
		wake_ms = again;
	if (wake_ms)
		heap_set(&c->set->due, &c->due, wake_ms);
	else
		heap_remove(&c->set->due, &c->due);
}

static void reconcile(struct cronjob *c)
{
	struct store *s = c->set->env->store;
	struct store_query q = {.kind = job_kind(), .ns = c->ns, .owner_uid = c->uid};
	struct round r = {.cron = c};
	struct cron_plan plan;
	struct cron_obs o;
	auto_err e = {0};

	r.obj = store_get(s, cron_kind(), c->ns, c->name, NULL);
	if (!r.obj || !str_eq(meta_uid(r.obj), c->uid)) {
		round_release(&r);
		cron_free(c);
		return;
	}
	if (store_list(s, &q, observe_job, &r, NULL, &e) < 0) {
		log_warn("cron job %s/%s: cannot list its jobs: %s", c->ns, c->name, err_msg(&e));
		r.retry = true;
		set_due(&r, 0);
		round_release(&r);
		return;
	}
	o = observe(&r);
	cron_decide(&o, &plan);
	set_active(c, plan.wake_ms > 0);
	c->told_missed = plan.told_missed;
	c->told_future = plan.told_future;
	c->quiet = true;
	for (size_t i = 0; i < plan.len; i++)
		apply_action(&r, &plan, &plan.actions[i]);
	store_status(&r, &plan);
	c->quiet = false;
	set_due(&r, plan.wake_ms);
	cron_plan_release(&plan);
	round_release(&r);
}

bool cronjobs_reconcile(struct cronjobs *set)
{
	struct work *w;
	bool any;

	if (set->reload)
		set->reload = cronjobs_start(set, NULL) < 0;
	any = set->queue.first != NULL;
	while ((w = workqueue_take(&set->queue)))
		reconcile(STRUCT_OF(w, struct cronjob, work));
	if (any)
		set_timer(set);
	return any;
}

/* ---- start and end ---- */

/* A turn could not be stored: what it told and started did not happen. */
static void on_lost(void *ctx)
{
	struct cronjobs *set = ctx;
	struct map_iter it = {0};
	const char *uid;
	void *value;

	while (map_next(&set->by_uid, &it, &uid, &value)) {
		struct cronjob *c = value;

		c->told_missed = c->handled = c->told_future = 0;
		heap_set(&set->due, &c->due, wall_ms(set) + RETRY_MIN_MS);
	}
	set->reload = true;
	set_timer(set);
}

struct cronjobs *cronjobs_new(struct loops_env *env)
{
	struct cronjobs *set = xcalloc(1, sizeof(*set));

	set->env = env;
	set->timer = (struct timer){.name = "cron", .fn = look, .arg = set};
	cronjobs_set_clock(set, clock_wall_ns, LOOK_MS);
	store_listen(env->store,
	    &(struct store_listener){.written = on_written, .lost = on_lost, .ctx = set});
	return set;
}

void cronjobs_set_clock(struct cronjobs *set, int64_t (*wall_ns)(void), int64_t look_ms)
{
	set->wall_ns = wall_ns;
	set->look_ms = look_ms;
	set->ahead_ms = wall_ms(set) - clock_mono_ms();
}

static bool load_row(void *ctx, const struct store_row *row)
{
	cron_add(ctx, row->ns, row->name, row->uid);
	return true;
}

int cronjobs_start(struct cronjobs *set, struct err *e)
{
	struct store_query q = {.kind = cron_kind()};

	return store_list(set->env->store, &q, load_row, set, NULL, e);
}

size_t cronjobs_active(const struct cronjobs *set)
{
	return set->active;
}

void cronjobs_free(struct cronjobs *set)
{
	struct map_iter it = {0};
	const char *uid;
	void *value;

	if (!set)
		return;
	store_unlisten(set->env->store, set);
	while (map_next(&set->by_uid, &it, &uid, &value))
		cron_free(value);
	map_release(&set->by_uid, NULL);
	timer_cancel(set->env->loop, &set->timer);
	heap_release(&set->due);
	free(set);
}
