/*
 * gc: see gc.h. Deletion comes in portions, one a turn, so that a Job with 100,000 pods holds
 * nobody up; a page of names is all that is in memory of it.
 */
#include "gc.h"

#include "../../runtime/base/log.h"
#include "../../runtime/base/map.h"
#include "../../runtime/base/workqueue.h"

#define FOREGROUND "foregroundDeletion"
/* Dependents that one turn deletes. */
#define PORTION 200
/* A store that refuses (disk full) is tried again after this. */
#define RETRY_MS 1000

/* Who owns whom. */
static const struct {
	enum kind_id owner, dependent;
} edges[] = {{KIND_JOB, KIND_POD}, {KIND_CRONJOB, KIND_JOB}};

/* An owner that is gone or going. */
struct owner {
	char *uid;
	struct work work;
	bool foreground; /* it waits for its dependents */
	size_t edge;     /* whose dependents are being deleted; all done: they only have to go */
	char *token;     /* where the next page begins, or NULL */
};

struct gc {
	struct loops_env *env;
	struct map owners; /* uid → struct owner */
	struct workqueue queue;
	size_t waiting;         /* owners in the foreground */
	struct strlist orphans; /* uids of pods that no job counts */
	struct timer timer;     /* for the next portion */
	bool reload;            /* a turn was lost: read the store again */
};

static bool is_kind(const struct kind *k, enum kind_id id)
{
	return k->id == id;
}

static bool can_own(const struct kind *k)
{
	for (size_t i = 0; i < ARRAY_LEN(edges); i++)
		if (is_kind(k, edges[i].owner))
			return true;
	return false;
}

static bool can_be_owned(const struct kind *k)
{
	for (size_t i = 0; i < ARRAY_LEN(edges); i++)
		if (is_kind(k, edges[i].dependent))
			return true;
	return false;
}

/* ---- the set of owners ---- */

static void queue_owner(struct gc *g, struct owner *o)
{
	workqueue_add(&g->queue, &o->work);
}

static void look_at(struct gc *g, const char *uid)
{
	struct owner *o = map_get(&g->owners, uid);

	if (!o) {
		o = xcalloc(1, sizeof(*o));
		o->uid = xstrdup(uid);
		map_set(&g->owners, uid, o);
	}
	queue_owner(g, o);
}

static void set_foreground(struct gc *g, struct owner *o, bool foreground)
{
	if (foreground != o->foreground)
		g->waiting += foreground ? 1 : (size_t)-1;
	o->foreground = foreground;
}

static void owner_free(void *p)
{
	struct owner *o = p;

	free(o->uid);
	free(o->token);
	free(o);
}

static void drop_owner(struct gc *g, struct owner *o)
{
	set_foreground(g, o, false);
	map_del(&g->owners, o->uid);
	owner_free(o);
}

/* ---- one dependent ---- */

static void collect_one(struct gc *g, const struct kind *k, const char *ns, const char *name,
    enum propagation propagation)
{
	struct update_options update = {.part = UPDATE_SYSTEM};
	struct delete_options o = {.grace_seconds = -1, .propagation = propagation};
	auto_err e = {0};
	auto_json *last = NULL, *stored = NULL;
	bool gone = false;

	/* deleted first, so that taking the finalizer away cannot make it look like a live orphan
	 */
	last = registry_delete(g->env->store, k, ns, name, &o, &gone, &e);
	if (last && !gone && meta_has_finalizer(last, JOB_TRACKING_FINALIZER)) {
		meta_remove_finalizer(last, JOB_TRACKING_FINALIZER);
		stored = registry_update(g->env->store, k, TAKE(last), &update, &e);
	}
	if (e.reason != ERR_NONE && e.reason != ERR_NOT_FOUND)
		log_warn("cannot delete %s/%s, whose owner is gone: %s", ns, name, err_msg(&e));
}

/* ---- the dependents of an owner ---- */

static bool gather(void *ctx, const struct store_row *row)
{
	struct strlist *names = ctx;

	strlist_add(names, row->ns);
	strlist_add(names, row->name);
	return true;
}

/* Deletes one page of dependents; returns how many, -1 where the store fails. */
static int64_t collect_page(struct gc *g, struct owner *o, int64_t limit)
{
	const struct kind *k = kind_by_id(edges[o->edge].dependent);
	struct store_query q = {
	    .kind = k, .owner_uid = o->uid, .limit = limit, .continue_token = o->token};
	struct store_list_end end = {0};
	auto_strlist names = {0};
	auto_err e = {0};

	if (store_list(g->env->store, &q, gather, &names, &end, &e) < 0) {
		log_warn("cannot list dependents: %s", err_msg(&e));
		return -1;
	}
	for (size_t i = 0; i + 1 < names.len; i += 2)
		collect_one(g, k, names.items[i], names.items[i + 1],
		    o->foreground && can_own(k) ? PROPAGATE_FOREGROUND : PROPAGATE_BACKGROUND);
	free(o->token);
	o->token = end.continue_token;
	if (!o->token)
		o->edge++;
	return (int64_t)(names.len / 2);
}

static bool has_dependents(struct gc *g, const char *uid)
{
	auto_strlist names = {0};

	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		struct store_query q = {
		    .kind = kind_by_id(edges[i].dependent), .owner_uid = uid, .limit = 1};

		if (store_list(g->env->store, &q, gather, &names, NULL, NULL) < 0)
			return true;
	}
	return names.len > 0;
}

static json *find_owner(struct gc *g, const char *uid, const struct kind **ret_kind)
{
	json *obj = NULL;

	for (size_t i = 0; i < ARRAY_LEN(edges) && !obj; i++) {
		*ret_kind = kind_by_id(edges[i].owner);
		obj = store_get_by_uid(g->env->store, *ret_kind, uid);
	}
	return obj;
}

/* The last of its dependents is gone: so goes the owner. */
static void let_go(struct gc *g, const struct kind *k, json *obj)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_err e = {0};
	auto_json *stored = NULL;

	meta_remove_finalizer(obj, FOREGROUND);
	stored = registry_update(g->env->store, k, obj, &o, &e);
	if (!stored && e.reason != ERR_NOT_FOUND)
		log_warn("cannot finish the deletion of an owner: %s", err_msg(&e));
}

/* Carries an owner on; returns how many dependents that cost. */
static int64_t collect(struct gc *g, struct owner *o, int64_t limit)
{
	const struct kind *k;
	auto_json *obj = find_owner(g, o->uid, &k);
	int64_t done = 0;

	set_foreground(g, o, obj && meta_has_finalizer(obj, FOREGROUND));
	if (obj && !o->foreground) { /* alive, or changed its mind */
		drop_owner(g, o);
		return 0;
	}
	while (o->edge < ARRAY_LEN(edges) && done < limit) {
		int64_t n = collect_page(g, o, limit - done);

		if (n < 0) {
			g->reload = true;
			drop_owner(g, o);
			return done;
		}
		done += n;
	}
	if (o->edge < ARRAY_LEN(edges))
		queue_owner(g, o);
	else if (!o->foreground)
		drop_owner(g, o);
	else if (!has_dependents(g, o->uid))
		let_go(g, k, TAKE(obj));
	return done;
}

/* ---- pods that nobody counts ---- */

/* A pod that no job counts (orphaned, or its job is gone) must not be held by the finalizer. */
static void note_orphan(struct gc *g, const struct change *c)
{
	auto_json *pod = json_parse(c->body, c->body_len, JSON_PARSE_STRICT, NULL);

	if (pod && !meta_controller(pod) && meta_has_finalizer(pod, JOB_TRACKING_FINALIZER))
		strlist_add(&g->orphans, c->uid);
}

static void release_orphan(struct gc *g, const char *uid)
{
	auto_json *pod = store_get_by_uid(g->env->store, pod_kind(), uid);
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_json *stored = NULL;
	auto_err e = {0};

	if (!pod || meta_controller(pod) || !meta_has_finalizer(pod, JOB_TRACKING_FINALIZER))
		return;
	meta_remove_finalizer(pod, JOB_TRACKING_FINALIZER);
	stored = registry_update(g->env->store, pod_kind(), TAKE(pod), &o, &e);
	if (!stored)
		log_warn("cannot release an orphaned pod: %s", err_msg(&e));
}

static void release_orphans(struct gc *g)
{
	struct strlist list = g->orphans;

	g->orphans = (struct strlist){0};
	for (size_t i = 0; i < list.len; i++)
		release_orphan(g, list.items[i]);
	strlist_release(&list);
}

/* ---- what makes work ---- */

/* An owner may be waiting for this one. */
static void dependent_gone(struct gc *g, const struct change *c)
{
	auto_json *obj = NULL;
	const char *uid;
	struct owner *o;

	if (!g->waiting)
		return;
	obj = json_parse(c->body, c->body_len, JSON_PARSE_STRICT, NULL);
	uid = json_str(meta_controller(obj), "uid");
	o = uid ? map_get(&g->owners, uid) : NULL;
	if (o && o->foreground)
		queue_owner(g, o);
}

static void on_written(void *ctx, const struct change *c)
{
	struct gc *g = ctx;

	if (c->type == CHANGE_DELETED && can_be_owned(c->kind))
		dependent_gone(g, c);
	else if (is_kind(c->kind, KIND_POD) && strstr(c->body, JOB_TRACKING_FINALIZER) &&
		 !strstr(c->body, "\"controller\":true"))
		note_orphan(g, c);
	if (can_own(c->kind) &&
	    (c->type == CHANGE_DELETED || strstr(c->body, "\"" FOREGROUND "\"")))
		look_at(g, c->uid);
}

static void on_lost(void *ctx)
{
	struct gc *g = ctx;

	g->reload = true;
	timer_set(g->env->loop, &g->timer, RETRY_MS);
}

/* The timer only ends the pause. */
static void timer_due(void *arg)
{
}

bool gc_reconcile(struct gc *g)
{
	bool any = g->orphans.len > 0;
	int64_t left = PORTION;
	struct work *w;

	release_orphans(g);
	if (timer_is_set(&g->timer))
		return any;
	if (g->reload)
		g->reload = gc_start(g, NULL) < 0;
	while (left > 0 && (w = workqueue_take(&g->queue))) {
		left -= collect(g, STRUCT_OF(w, struct owner, work), left);
		any = true;
	}
	if (g->reload)
		timer_set(g->env->loop, &g->timer, RETRY_MS);
	else if (left <= 0)
		timer_set(g->env->loop, &g->timer, 0);
	return any;
}

/* ---- start and end ---- */

static void owner_lost(void *ctx, const char *uid)
{
	look_at(ctx, uid);
}

static bool check_row(void *ctx, const struct store_row *row)
{
	if (strstr(row->body, "\"" FOREGROUND "\""))
		look_at(ctx, row->uid);
	return true;
}

int gc_start(struct gc *g, struct err *e)
{
	struct map_iter it = {0};
	const char *uid;
	void *value;

	while (map_next(&g->owners, &it, &uid, &value)) { /* after a lost turn: anew */
		struct owner *o = value;

		o->edge = 0;
		free(TAKE(o->token));
		queue_owner(g, o);
	}
	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		struct store_query q = {.kind = kind_by_id(edges[i].owner)};

		if (store_list(g->env->store, &q, check_row, g, NULL, e) < 0)
			return -1;
	}
	if (store_lost_owners(g->env->store, owner_lost, g, e) < 0)
		return -1;
	if (g->queue.first) /* whatever else happens, there is a turn */
		timer_set(g->env->loop, &g->timer, 0);
	return 0;
}

struct gc *gc_new(struct loops_env *env)
{
	struct gc *g = xcalloc(1, sizeof(*g));

	g->env = env;
	g->timer = (struct timer){.name = "gc", .fn = timer_due, .arg = g};
	store_listen(
	    env->store, &(struct store_listener){.written = on_written, .lost = on_lost, .ctx = g});
	return g;
}

void gc_free(struct gc *g)
{
	if (!g)
		return;
	store_unlisten(g->env->store, g);
	timer_cancel(g->env->loop, &g->timer);
	map_release(&g->owners, owner_free);
	strlist_release(&g->orphans);
	free(g);
}
