#include "jobs.h"

#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "../../runtime/base/map.h"
#include "job_decide.h"
#include "job_status.h"

#define SOURCE "job-controller"
/* A store that refuses to write (disk full) is tried again after this. */
#define RETRY_MS 1000

/* A job that is not finished. */
struct job {
	struct jobs *set;
	char *uid, *ns, *name;
	struct job_backoff backoff;
	struct timer timer;
	bool queued;
	bool quiet; /* its round is writing what the round itself has reckoned with: no news */
	struct job *next_queued;
};

struct jobs {
	struct loops_env *env;
	struct pods *pods;
	struct map by_uid;
	struct job *queue, **queue_tail;
	bool reload; /* a turn was lost: read the store again */
};

static const struct kind *job_kind(void)
{
	return kind_by_id(KIND_JOB);
}

/* ---- the set ---- */

static void job_queue(struct job *j)
{
	if (j->queued || j->quiet)
		return;
	j->queued = true;
	j->next_queued = NULL;
	*j->set->queue_tail = j;
	j->set->queue_tail = &j->next_queued;
}

static void timer_due(void *arg)
{
	job_queue(arg);
}

static struct job *job_add(struct jobs *set, const char *ns, const char *name, const char *uid)
{
	struct job *j = map_get(&set->by_uid, uid);

	if (!j) {
		j = xcalloc(1, sizeof(*j));
		j->set = set;
		j->uid = xstrdup(uid);
		j->ns = xstrdup(ns);
		j->name = xstrdup(name);
		j->timer = (struct timer){.name = "job", .fn = timer_due, .arg = j};
		map_set(&set->by_uid, uid, j);
	}
	job_queue(j);
	return j;
}

static void job_free(struct job *j)
{
	timer_cancel(j->set->env->loop, &j->timer);
	map_del(&j->set->by_uid, j->uid);
	free(j->uid);
	free(j->ns);
	free(j->name);
	free(j);
}

/* Frees a job after its round, which may have queued it again. */
static void job_drop(struct job *j)
{
	struct job **at = &j->set->queue;

	while (*at && *at != j)
		at = &(*at)->next_queued;
	if (*at) {
		*at = j->next_queued;
		if (!*at)
			j->set->queue_tail = at;
	}
	job_free(j);
}

static void on_pod_news(void *ctx, const char *owner_uid)
{
	struct jobs *set = ctx;
	struct job *j = map_get(&set->by_uid, owner_uid);

	if (j)
		job_queue(j);
}

static void on_written(void *ctx, const struct change *c)
{
	struct jobs *set = ctx;
	struct job *j;

	if (c->kind->id != KIND_JOB)
		return;
	j = map_get(&set->by_uid, c->uid);
	if (c->type == CHANGE_ADDED)
		job_add(set, c->ns, c->name, c->uid);
	else if (j)
		job_queue(j);
}

/* ---- observing ---- */

/* The pods of one job in one round: the objects and what the decider sees of them, side by side. */
struct round {
	struct job *job;
	json *obj; /* of the job, owned */
	const json **objs;
	struct job_pod *pods;
	enum job_pod_fate *fates;
	size_t len, cap, cap_pods;
};

static void round_release(struct round *r)
{
	json_free(r->obj);
	free(r->objs);
	free(r->pods);
	free(r->fates);
}

/* When a pod ended, as the back-off counts it. */
static int64_t finish_time(const json *pod)
{
	const json *ready = meta_condition(pod, "Ready");
	int64_t newest = 0, at;

	json_for (c, json_path(pod, "status.containerStatuses")) {
		at = meta_time(c, "state.terminated.finishedAt");
		if (at > newest)
			newest = at;
	}
	if (newest)
		return newest;
	if (ready && str_eq(json_str(ready, "status"), "False") &&
	    (at = meta_time(ready, "lastTransitionTime")))
		return at;
	if ((at = meta_time(pod, "metadata.deletionTimestamp")))
		return at - json_int(pod, "metadata.deletionGracePeriodSeconds", 0);
	return meta_time(pod, "metadata.creationTimestamp");
}

static enum pod_phase phase_of(const json *pod)
{
	static const char *const names[] = {"Pending", "Running", "Succeeded", "Failed", "Unknown"};
	const char *phase = json_str(pod, "status.phase");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i], phase))
			return (enum pod_phase)i;
	return POD_PENDING;
}

static void observe_pod(void *ctx, const json *pod)
{
	struct round *r = ctx;
	struct job_pod *p;

	GROW(r->objs, r->cap, r->len + 1);
	GROW(r->pods, r->cap_pods, r->len + 1);
	r->objs[r->len] = pod;
	p = &r->pods[r->len++];
	*p = (struct job_pod){
	    .phase = phase_of(pod),
	    .deleting = meta_deleting(pod),
	    .tracked = meta_has_finalizer(pod, JOB_TRACKING_FINALIZER),
	    .ready = meta_condition_true(pod, "Ready"),
	    .scheduled = json_has(pod, "spec.nodeName"),
	    .created_at = meta_time(pod, "metadata.creationTimestamp"),
	    .ready_since = meta_time(meta_condition(pod, "Ready"), "lastTransitionTime"),
	    .finished_at = finish_time(pod),
	};
	json_for (c, json_path(pod, "status.containerStatuses"))
		p->restarts += json_int(c, "restartCount", 0);
	json_for (c, json_path(pod, "status.initContainerStatuses"))
		p->restarts += json_int(c, "restartCount", 0);
}

static struct job_obs observe(const struct round *r, int64_t now)
{
	const json *spec = json_get(r->obj, "spec");

	return (struct job_obs){
	    .now = now,
	    .parallelism = json_int(spec, "parallelism", 1),
	    .completions = json_int(spec, "completions", -1),
	    .backoff_limit = json_int(spec, "backoffLimit", 6),
	    .deadline = json_int(spec, "activeDeadlineSeconds", -1),
	    .backoff_limit_per_index = -1,
	    .max_failed_indexes = -1,
	    .restart_on_failure =
		str_eq(json_str(spec, "template.spec.restartPolicy"), "OnFailure"),
	    .deleting = meta_deleting(r->obj),
	    .start_time = meta_time(r->obj, "status.startTime"),
	    .succeeded = json_int(r->obj, "status.succeeded", 0),
	    .failed = json_int(r->obj, "status.failed", 0),
	    .decided = job_status_decided(r->obj),
	    .finished = job_status_finished(r->obj),
	    .backoff = r->job->backoff,
	    .pods = r->pods,
	    .pod_count = r->len,
	};
}

/* ---- applying ---- */

static json *pod_from_template(const struct round *r)
{
	json *pod = json_new_object(), *owner = json_new_object(), *list;
	const json *template = json_path(r->obj, "spec.template");
	json *meta;
	auto_free char *base = xasprintf("%s-", r->job->name);

	json_set_str(pod, "apiVersion", "v1");
	json_set_str(pod, "kind", "Pod");
	json_set(pod, "metadata",
	    json_has(template, "metadata") ? json_dup(json_get(template, "metadata"))
					   : json_new_object());
	meta = json_get(pod, "metadata");
	json_del(meta, "name");
	json_del(meta, "creationTimestamp");
	json_set_str(meta, "generateName", base);
	json_set_str(owner, "apiVersion", "batch/v1");
	json_set_str(owner, "kind", "Job");
	json_set_str(owner, "name", r->job->name);
	json_set_str(owner, "uid", r->job->uid);
	json_set_bool(owner, "controller", true);
	json_set_bool(owner, "blockOwnerDeletion", true);
	list = json_new_array();
	json_add(list, owner);
	json_set(meta, "ownerReferences", list);
	list = json_get(meta, "finalizers");
	if (!list)
		json_set(meta, "finalizers", list = json_new_array());
	json_add(list, json_new_string(JOB_TRACKING_FINALIZER));
	json_set(pod, "spec", json_dup(json_get(template, "spec")));
	return pod;
}

/* New pods; returns how many there are. Stops at the first refusal. */
static int64_t create_pods(const struct round *r, int64_t count)
{
	struct loops_env *env = r->job->set->env;
	int64_t made = 0;

	while (made < count) {
		auto_err e = {0};
		auto_json *pod = registry_create(env->store, kind_by_id(KIND_POD), r->job->ns,
		    pod_from_template(r), &(struct create_options){0}, &e);

		if (!pod) {
			recorder_event(env->recorder, job_kind(), r->obj, NULL, "Warning",
			    "FailedCreate", SOURCE, "Error creating: %s", err_msg(&e));
			break;
		}
		made++;
		recorder_event(env->recorder, job_kind(), r->obj, NULL, "Normal",
		    "SuccessfulCreate", SOURCE, "Created pod: %s", meta_name(pod));
	}
	return made;
}

static void release_pod(const struct round *r, const json *pod)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	json *copy = json_dup(pod);
	auto_err e = {0};
	auto_json *stored = NULL;

	meta_remove_finalizer(copy, JOB_TRACKING_FINALIZER);
	stored = registry_update(r->job->set->env->store, kind_by_id(KIND_POD), copy, &o, &e);
	if (!stored && e.reason != ERR_NOT_FOUND)
		log_warn(
		    "job %s/%s: cannot release pod: %s", r->job->ns, r->job->name, err_msg(&e));
}

static void delete_pod(const struct round *r, const char *name)
{
	struct loops_env *env = r->job->set->env;
	struct delete_options o = {.grace_seconds = -1};
	auto_err e = {0};
	auto_json *last = NULL;
	bool gone;

	last = registry_delete(env->store, kind_by_id(KIND_POD), r->job->ns, name, &o, &gone, &e);
	if (last)
		recorder_event(env->recorder, job_kind(), r->obj, NULL, "Normal",
		    "SuccessfulDelete", SOURCE, "Deleted pod: %s", name);
	else if (e.reason != ERR_NOT_FOUND)
		recorder_event(env->recorder, job_kind(), r->obj, NULL, "Warning", "FailedDelete",
		    SOURCE, "Error deleting: %s", err_msg(&e));
}

/* Writing a pod makes the pod loop replace the object that objs[i] borrows: each is used once, by
 * name afterwards. */
static void apply_fate(const struct round *r, size_t i)
{
	auto_free char *name = xstrdup(meta_name(r->objs[i]));
	static const struct {
		bool release, remove;
	} steps[] = {
	    [FATE_KEEP] = {false, false},
	    [FATE_COUNT_SUCCEEDED] = {true, false},
	    [FATE_COUNT_FAILED] = {true, false},
	    [FATE_RELEASE] = {true, false},
	    [FATE_DELETE] = {false, true},
	    [FATE_DELETE_UNCOUNTED] = {true, true},
	    [FATE_DELETE_FAILED] = {true, true},
	};

	if (steps[r->fates[i]].release)
		release_pod(r, r->objs[i]);
	if (steps[r->fates[i]].remove)
		delete_pod(r, name);
}

static void report_end(const struct round *r, const struct job_plan *plan, enum job_end end)
{
	struct loops_env *env = r->job->set->env;
	const struct job_end_info *info = job_end_info(end);

	if (!plan->finish)
		return;
	if (end == JOB_END_COMPLETE)
		recorder_event(env->recorder, job_kind(), r->obj, NULL, "Normal", "Completed",
		    SOURCE, "Job completed");
	else
		recorder_event(env->recorder, job_kind(), r->obj, NULL, "Warning", info->reason,
		    SOURCE, "%s", info->message);
}

/* Stores the new status; the counters and the released finalizers are one transaction, so no pod is
 * counted twice. */
static int store_status(struct round *r, const struct job_plan *plan, int64_t now)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_err e = {0};
	auto_json *stored = NULL;
	json *obj = json_dup(r->obj);

	job_status_write(obj, plan, now);
	if (json_equal(json_get(obj, "status"), json_get(r->obj, "status"))) {
		json_free(obj);
		return 0;
	}
	stored = registry_update(r->job->set->env->store, job_kind(), obj, &o, &e);
	if (!stored)
		log_warn("job %s/%s: cannot store its status: %s", r->job->ns, r->job->name,
		    err_msg(&e));
	return stored ? 0 : -1;
}

static void apply(struct round *r, struct job_plan *plan, enum job_end end, int64_t now)
{
	struct job *j = r->job;
	int64_t made;

	for (size_t i = 0; i < r->len; i++)
		apply_fate(r, i);
	made = create_pods(r, plan->create);
	if (made < plan->create) {
		plan->active -= plan->create - made;
		timer_set(j->set->env->loop, &j->timer, RETRY_MS);
	}
	j->backoff = plan->backoff;
	if (store_status(r, plan, now) < 0) {
		timer_set(j->set->env->loop, &j->timer, RETRY_MS);
		return;
	}
	report_end(r, plan, end);
	if (plan->wake_at) {
		int64_t delay = plan->wake_at * 1000 - clock_wall_ns() / NSEC_PER_MSEC;

		timer_set(j->set->env->loop, &j->timer, delay > 0 ? delay : 0);
	}
}

/* A job that has ended and whose pods are all let go of needs no record. */
static bool is_settled(const struct round *r, const struct job_plan *plan)
{
	if (!plan->finish && !job_status_finished(r->obj))
		return false;
	for (size_t i = 0; i < r->len; i++)
		if (r->pods[i].tracked && r->fates[i] == FATE_KEEP)
			return false;
	return true;
}

/* Deleting may end a pod at once: then the round must look at its own work again. */
static bool deletes_pods(const struct round *r)
{
	for (size_t i = 0; i < r->len; i++)
		if (r->fates[i] >= FATE_DELETE)
			return true;
	return false;
}

static void reconcile(struct job *j)
{
	struct round r = {.job = j};
	struct job_plan plan;
	struct job_obs o;
	int64_t now = clock_wall_ns() / NSEC_PER_SEC;
	bool settled;

	r.obj = store_get(j->set->env->store, job_kind(), j->ns, j->name, NULL);
	if (!r.obj || !str_eq(meta_uid(r.obj), j->uid)) {
		round_release(&r);
		job_drop(j);
		return;
	}
	pods_for_owner(j->set->pods, j->uid, observe_pod, &r);
	r.fates = xcalloc(r.len + 1, sizeof(*r.fates));
	o = observe(&r, now);
	job_decide(&o, &plan, r.fates);
	j->quiet = !deletes_pods(&r);
	apply(&r, &plan, plan.decide ? plan.decide : o.decided, now);
	j->quiet = false;
	settled = is_settled(&r, &plan);
	job_plan_release(&plan);
	round_release(&r);
	if (settled)
		job_drop(j);
}

bool jobs_reconcile(struct jobs *set)
{
	bool any = set->queue != NULL;

	if (set->reload)
		set->reload = jobs_start(set, NULL) < 0;

	while (set->queue) {
		struct job *j = set->queue;

		set->queue = j->next_queued;
		if (!set->queue)
			set->queue_tail = &set->queue;
		j->queued = false;
		reconcile(j);
	}
	return any;
}

/* ---- a turn that could not be stored ---- */

static void on_lost(void *ctx)
{
	struct jobs *set = ctx;
	struct map_iter it = {0};
	const char *uid;
	void *value;

	while (map_next(&set->by_uid, &it, &uid, &value)) {
		struct job *j = value;

		j->backoff =
		    (struct job_backoff){0}; /* as after a restart: no failure is counted twice */
		timer_set(set->env->loop, &j->timer, RETRY_MS);
	}
	set->reload = true; /* jobs whose end was lost are unfinished again */
}

/* ---- start and end ---- */

struct jobs *jobs_new(struct loops_env *env, struct pods *pods)
{
	struct jobs *set = xcalloc(1, sizeof(*set));

	set->env = env;
	set->pods = pods;
	set->queue_tail = &set->queue;
	store_listen(env->store,
	    &(struct store_listener){.written = on_written, .lost = on_lost, .ctx = set});
	pods_on_owner_news(pods, on_pod_news, set);
	return set;
}

static bool load_row(void *ctx, const struct store_row *row)
{
	struct jobs *set = ctx;
	auto_json *obj = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);

	if (obj && !job_status_finished(obj))
		job_add(set, row->ns, row->name, row->uid);
	return true;
}

int jobs_start(struct jobs *set, struct err *e)
{
	struct store_query q = {.kind = job_kind()};
	struct map_iter it = {0};
	const char *uid;
	void *value;

	if (store_list(set->env->store, &q, load_row, set, NULL, e) < 0)
		return -1;
	while (map_next(&set->by_uid, &it, &uid, &value))
		if (pods_load(set->pods, NULL, uid, e) < 0)
			return -1;
	return 0;
}

size_t jobs_unfinished(const struct jobs *set)
{
	return set->by_uid.len;
}

void jobs_free(struct jobs *set)
{
	struct map_iter it = {0};
	const char *uid;
	void *value;

	if (!set)
		return;
	store_unlisten(set->env->store, set);
	while (map_next(&set->by_uid, &it, &uid, &value))
		job_free(value);
	map_release(&set->by_uid, NULL);
	free(set);
}
