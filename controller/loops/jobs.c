#include "jobs_internal.h"

#include "../../runtime/base/clock.h"
#include "job_status.h"

/* A round that could not do all it wanted is tried again after this, doubled each time. */
#define RETRY_MS 1000
#define RETRY_MAX_MS 60000
/* No wait is longer: the machine may sleep, and its clock may jump. */
#define WAIT_MAX_MS 30000

/* ---- the set ---- */

void job_queue(struct job *j)
{
	if (!j->quiet)
		workqueue_add(&j->set->queue, &j->work);
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

/* Its round may have queued it again. */
static void job_free(struct job *j)
{
	workqueue_remove(&j->set->queue, &j->work);
	timer_cancel(j->set->env->loop, &j->timer);
	claim_forget(j);
	job_rules_release(&j->rules);
	map_del(&j->set->by_uid, j->uid);
	free(j->uid);
	free(j->ns);
	free(j->name);
	free(j);
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

	if (c->kind->id == KIND_POD)
		claim_note(set, c);
	if (c->kind->id != KIND_JOB)
		return;
	j = map_get(&set->by_uid, c->uid);
	if (c->type == CHANGE_ADDED)
		job_add(set, c->ns, c->name, c->uid);
	else if (j)
		job_queue(j);
}

/* ---- the round ---- */

static void round_release(struct round *r)
{
	json_free(r->obj);
	free(r->objs);
	free(r->pods);
	free(r->fates);
	strlist_release(&r->strays);
}

static void observe_pod(void *ctx, const json *pod)
{
	struct round *r = ctx;

	if (!claim_holds(r->job, pod)) {
		strlist_add(&r->strays, meta_uid(pod));
		return;
	}
	GROW(r->objs, r->cap, r->len + 1);
	GROW(r->pods, r->cap_pods, r->len + 1);
	r->objs[r->len] = pod;
	r->pods[r->len++] = job_observe_pod(r->obj, pod);
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

/*
 * Whether the round must look at its own work again: deleting may end a pod at once, letting go of
 * one that is being deleted too (where its time is up already), and a failed pod of an index can
 * only be counted when the one that replaces it is there.
 */
static bool has_sequel(const struct round *r, const struct job_plan *plan)
{
	for (size_t i = 0; i < r->len; i++)
		if (r->fates[i] >= FATE_DELETE || (r->fates[i] != FATE_KEEP && r->pods[i].deleting))
			return true;
	for (int64_t i = 0; i < plan->create; i++)
		if (plan->new_pods[i].failures > 0 || plan->new_pods[i].ignored > 0)
			return true;
	return false;
}

static void set_wait(struct job *j, const struct job_plan *plan, bool refused)
{
	int64_t delay = -1, retry = RETRY_MS;

	if (plan->wake_at) {
		delay = plan->wake_at * 1000 - clock_wall_ns() / NSEC_PER_MSEC;
		if (delay < 0)
			delay = 0;
		if (delay > WAIT_MAX_MS)
			delay = WAIT_MAX_MS;
	}
	j->refusals = refused ? j->refusals + 1 : 0;
	for (int i = 1; i < j->refusals && retry < RETRY_MAX_MS; i++)
		retry *= 2;
	if (retry > RETRY_MAX_MS)
		retry = RETRY_MAX_MS;
	if (refused && (delay < 0 || retry < delay))
		delay = retry;
	if (delay >= 0)
		timer_set(j->set->env->loop, &j->timer, delay);
}

/* True: the record is of no use any more. */
static bool run_round(struct round *r)
{
	struct job *j = r->job;
	struct job_plan plan;
	struct job_sets sets;
	struct job_obs o;
	bool refused, settled;

	pods_for_owner(j->set->pods, j->uid, observe_pod, r);
	r->fates = xcalloc(r->len + 1, sizeof(*r->fates));
	o = job_observe(r->obj, clock_wall_ns() / NSEC_PER_SEC, &j->rules, &sets);
	o.backoff = j->backoff;
	o.pods = r->pods;
	o.pod_count = r->len;
	job_decide(&o, &plan, r->fates);
	j->quiet = !has_sequel(r, &plan);
	refused = job_apply(r, &o, &plan) < 0;
	claim_release(r);
	j->quiet = false;
	set_wait(j, &plan, refused);
	settled = is_settled(r, &plan);
	job_plan_release(&plan);
	job_sets_release(&sets);
	return settled;
}

static bool skip_unknown_mode(const struct round *r)
{
	if (job_mode_known(r->obj))
		return false;
	job_event(r, "Warning", "UnknownCompletionMode",
	    "Skipped Job sync because completion mode is unknown");
	return true;
}

static void reconcile(struct job *j)
{
	struct round r = {.job = j};
	bool settled = true;

	r.obj = store_get(j->set->env->store, job_kind(), j->ns, j->name, NULL);
	if (r.obj && str_eq(meta_uid(r.obj), j->uid) && !job_is_foreign(r.obj)) {
		if (!j->known)
			claim_learn(j, r.obj);
		claim_adopt(j->set);
		settled = !skip_unknown_mode(&r) && run_round(&r);
	}
	round_release(&r);
	if (settled)
		job_free(j);
}

bool jobs_reconcile(struct jobs *set)
{
	struct work *w;
	bool any;

	if (set->reload)
		set->reload = jobs_start(set, NULL) < 0;
	any = set->queue.first || set->loose.len > 0;
	claim_adopt(set);
	while ((w = workqueue_take(&set->queue)))
		reconcile(STRUCT_OF(w, struct job, work));
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
	store_listen(env->store,
	    &(struct store_listener){.written = on_written, .lost = on_lost, .ctx = set});
	pods_on_owner_news(pods, on_pod_news, set);
	return set;
}

static bool load_row(void *ctx, const struct store_row *row)
{
	struct jobs *set = ctx;
	auto_json *obj = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);

	if (obj && !job_status_finished(obj) && !job_is_foreign(obj))
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
		if (pods_load_uncounted(set->pods, uid, e) < 0)
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
	map_release(&set->loose, NULL);
	free(set);
}
