#include "ttl.h"

#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "../../runtime/base/map.h"
#include "../../runtime/base/workqueue.h"

/* No wait is longer: the wall clock may have been set. */
#define LOOK_EVERY_SECONDS 60
/* A store that refuses, or a Job without a time, is tried again after this. */
#define RETRY_SECONDS 10

/* A finished Job; node.key: when to look at it, seconds of the wall clock. */
struct ttl_job {
	struct heap_node node;
	char *uid;
	struct work work;
	bool warned;
};

struct ttl {
	struct loops_env *env;
	struct map by_uid;
	struct heap due;
	struct timer timer;
	struct workqueue queue;
	bool reload; /* a turn was lost: read the store again */
};

static int64_t now_sec(void)
{
	return clock_wall_ns() / NSEC_PER_SEC;
}

/* ---- the decision ---- */

enum ttl_action ttl_decide(const struct ttl_obs *o, int64_t *ret_at)
{
	if (o->deleting || !o->finished || o->ttl < 0)
		return TTL_FORGET;
	if (o->finished_at == 0)
		return TTL_UNKNOWN;
	*ret_at = o->finished_at + o->ttl;
	return o->now >= *ret_at ? TTL_DELETE : TTL_WAIT;
}

static struct ttl_obs observe(const json *job, int64_t now)
{
	struct ttl_obs o = {
	    .deleting = meta_deleting(job),
	    .ttl = json_int(job, "spec.ttlSecondsAfterFinished", -1),
	    .now = now,
	};

	json_for (c, json_path(job, "status.conditions")) {
		const char *type = json_str(c, "type");

		if (o.finished || !str_eq(json_str(c, "status"), "True") ||
		    !(str_eq(type, "Complete") || str_eq(type, "Failed")))
			continue;
		o.finished = true;
		o.finished_at = meta_time(c, "lastTransitionTime");
	}
	return o;
}

/* ---- the set ---- */

static void look_at(struct ttl *t, const char *uid)
{
	struct ttl_job *j = map_get(&t->by_uid, uid);

	if (!j) {
		j = xcalloc(1, sizeof(*j));
		j->uid = xstrdup(uid);
		map_set(&t->by_uid, uid, j);
	}
	workqueue_add(&t->queue, &j->work);
}

static void job_free(void *p)
{
	struct ttl_job *j = p;

	free(j->uid);
	free(j);
}

static void forget(struct ttl *t, struct ttl_job *j)
{
	heap_remove(&t->due, &j->node);
	map_del(&t->by_uid, j->uid);
	job_free(j);
}

/* By text, so that the many writes of a Job under way cost no parsing. What looks like it and is
 * none is forgotten when it is looked at. */
static bool is_candidate(const char *body)
{
	return strstr(body, "\"ttlSecondsAfterFinished\"") &&
	       (strstr(body, "\"type\":\"Complete\"") || strstr(body, "\"type\":\"Failed\""));
}

static void on_written(void *ctx, const struct change *c)
{
	struct ttl *t = ctx;

	if (c->kind->id == KIND_JOB &&
	    (map_get(&t->by_uid, c->uid) || (c->type != CHANGE_DELETED && is_candidate(c->body))))
		look_at(t, c->uid);
}

static void on_lost(void *ctx)
{
	struct ttl *t = ctx;

	t->reload = true;
	timer_set(t->env->loop, &t->timer, RETRY_SECONDS * 1000);
}

/* ---- applying ---- */

static struct ttl_job *first_due(const struct ttl *t)
{
	struct heap_node *n = heap_min(&t->due);

	return n ? STRUCT_OF(n, struct ttl_job, node) : NULL;
}

static void set_timer(struct ttl *t)
{
	const struct ttl_job *first = first_due(t);
	int64_t ms = LOOK_EVERY_SECONDS * 1000, left;

	if (t->reload)
		return;
	if (!first) {
		timer_cancel(t->env->loop, &t->timer);
		return;
	}
	left = first->node.key * 1000 - clock_wall_ns() / NSEC_PER_MSEC;
	if (left < ms)
		ms = left > 0 ? left : 0;
	timer_set(t->env->loop, &t->timer, ms);
}

static bool delete_job(struct ttl *t, const json *job)
{
	struct delete_options o = {
	    .grace_seconds = -1, .propagation = PROPAGATE_FOREGROUND, .uid = meta_uid(job)};
	auto_err e = {0};
	auto_json *last = NULL;
	bool gone;

	last = registry_delete(
	    t->env->store, job_kind(), meta_namespace(job), meta_name(job), &o, &gone, &e);
	if (last)
		log_info(
		    "job %s/%s: its time to live is over", meta_namespace(job), meta_name(job));
	else if (e.reason != ERR_NOT_FOUND)
		log_warn("job %s/%s: cannot delete it after its time to live: %s",
		    meta_namespace(job), meta_name(job), err_msg(&e));
	return last != NULL;
}

static void retry(struct ttl *t, struct ttl_job *j, int64_t now)
{
	heap_set(&t->due, &j->node, now + RETRY_SECONDS);
}

static void reconcile(struct ttl *t, struct ttl_job *j)
{
	auto_json *job = store_get_by_uid(t->env->store, job_kind(), j->uid);
	struct ttl_obs o = observe(job, now_sec());
	int64_t at = 0;

	switch (ttl_decide(&o, &at)) {
	case TTL_FORGET:
		forget(t, j);
		break;
	case TTL_WAIT:
		heap_set(&t->due, &j->node, at);
		break;
	case TTL_DELETE:
		/* forgotten when its deletion is seen */
		if (!delete_job(t, job))
			retry(t, j, o.now);
		else
			heap_remove(&t->due, &j->node);
		break;
	case TTL_UNKNOWN:
		if (!j->warned)
			log_warn("job %s/%s: unable to find the time when it finished",
			    meta_namespace(job), meta_name(job));
		j->warned = true;
		retry(t, j, o.now);
		break;
	}
}

static void timer_due(void *arg)
{
	struct ttl *t = arg;
	int64_t now = now_sec();
	struct ttl_job *j;

	if (t->reload)
		t->reload = ttl_start(t, NULL) < 0;
	while ((j = first_due(t)) && j->node.key <= now) {
		heap_remove(&t->due, &j->node);
		workqueue_add(&t->queue, &j->work);
	}
	set_timer(t);
	if (t->reload)
		timer_set(t->env->loop, &t->timer, RETRY_SECONDS * 1000);
}

bool ttl_reconcile(struct ttl *t)
{
	bool any = t->queue.first != NULL;
	struct work *w;

	while ((w = workqueue_take(&t->queue)))
		reconcile(t, STRUCT_OF(w, struct ttl_job, work));
	if (any)
		set_timer(t);
	return any;
}

bool ttl_is_near(const struct ttl *t, int64_t seconds)
{
	const struct ttl_job *first = first_due(t);

	return first && first->node.key - now_sec() <= seconds;
}

/* ---- start and end ---- */

struct ttl *ttl_new(struct loops_env *env)
{
	struct ttl *t = xcalloc(1, sizeof(*t));

	t->env = env;
	t->timer = (struct timer){.name = "ttl", .fn = timer_due, .arg = t};
	store_listen(
	    env->store, &(struct store_listener){.written = on_written, .lost = on_lost, .ctx = t});
	return t;
}

static bool load_row(void *ctx, const struct store_row *row)
{
	if (is_candidate(row->body))
		look_at(ctx, row->uid);
	return true;
}

int ttl_start(struct ttl *t, struct err *e)
{
	struct store_query q = {.kind = job_kind()};

	if (store_list(t->env->store, &q, load_row, t, NULL, e) < 0)
		return -1;
	if (t->queue.first) /* whatever else happens, there is a turn */
		timer_set(t->env->loop, &t->timer, 0);
	return 0;
}

void ttl_free(struct ttl *t)
{
	if (!t)
		return;
	store_unlisten(t->env->store, t);
	timer_cancel(t->env->loop, &t->timer);
	heap_release(&t->due);
	map_release(&t->by_uid, job_free);
	free(t);
}
