/*
 * gc: see gc.h. Deletion comes in portions, one a turn, so that a Job with 100,000 pods holds
 * nobody up; a page of names is all that is in memory of it.
 *
 * As in Kubernetes each reference of a dependent is judged. Its owner is there (solid), or not, or
 * another of that name is (dangling), or it waits in the foreground for its dependents to go
 * (waiting). While one is solid the object stays, and loses the other references. Otherwise it
 * goes, in the foreground too if its owner waits and it has dependents itself.
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
/* Dependents of each kind, those that an owner controls and the others: one list each. */
#define LIST_COUNT (2 * KIND_COUNT)

/* An owner that is gone or going. */
struct owner {
	char *uid;
	const struct kind *kind; /* NULL: it is gone */
	struct work work;
	bool foreground; /* it waits for its dependents */
	int list;        /* whose dependents are being deleted; all done: they only have to go */
	char *token;     /* where the next page begins, or NULL */
};

struct gc {
	struct loops_env *env;
	struct map owners; /* uid → struct owner */
	struct workqueue queue;
	size_t waiting;         /* owners in the foreground */
	struct strlist orphans; /* uids of pods that no job counts */
	struct strlist claims; /* apiVersion, kind, namespace and name of objects with new owners */
	struct timer timer;    /* for the next portion */
	bool reload;           /* a turn was lost: read the store again */
};

static bool is_kind(const struct kind *k, enum kind_id id)
{
	return k->id == id;
}

/* ---- the set of owners ---- */

static void queue_owner(struct gc *g, struct owner *o)
{
	workqueue_add(&g->queue, &o->work);
}

static void look_at(struct gc *g, const struct kind *k, const char *uid)
{
	struct owner *o = map_get(&g->owners, uid);

	if (!o) {
		o = xcalloc(1, sizeof(*o));
		o->uid = xstrdup(uid);
		map_set(&g->owners, uid, o);
	}
	o->kind = k;
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

/* ---- lists of dependents ---- */

static struct store_query list_query(int list, const char *uid)
{
	struct store_query q = {.kind = kind_by_id((enum kind_id)(list / 2))};

	*(list % 2 ? &q.other_owner_uid : &q.owner_uid) = uid;
	return q;
}

struct search {
	const char *uid;
	bool (*is_it)(const json *dependent, const char *uid);
	bool found;
};

static bool search_row(void *ctx, const struct store_row *row)
{
	struct search *s = ctx;
	auto_json *obj = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);

	s->found = obj && s->is_it(obj, s->uid);
	return !s->found;
}

/* Whether one of the dependents is so. Failures of the store read as yes. */
static bool any_dependent(
    struct gc *g, const char *uid, bool (*is_it)(const json *dependent, const char *uid))
{
	struct search s = {uid, is_it, false};

	if (!store_owns(g->env->store, uid))
		return false;
	for (int list = 0; list < LIST_COUNT && !s.found; list++) {
		struct store_query q = list_query(list, uid);

		if (store_list(g->env->store, &q, search_row, &s, NULL, NULL) < 0)
			return true;
	}
	return s.found;
}

static bool is_blocking(const json *dependent, const char *uid)
{
	json_for (ref, json_path(dependent, "metadata.ownerReferences"))
		if (str_eq(json_str(ref, "uid"), uid) &&
		    json_bool(ref, "blockOwnerDeletion", false))
			return true;
	return false;
}

static bool is_waiting(const json *obj, const char *uid)
{
	return meta_deleting(obj) && meta_has_finalizer(obj, FOREGROUND);
}

/* ---- one dependent ---- */

enum ref_state { REF_SOLID, REF_DANGLING, REF_WAITING, REF_STATES };

/* o: an owner of which all is known, or NULL. ns: the dependent's, NULL: it is in none. */
static enum ref_state judge(struct gc *g, const struct owner *o, const char *ns, const json *ref)
{
	const struct kind *k =
	    kind_by_gvk(json_str_or(ref, "apiVersion", ""), json_str_or(ref, "kind", ""));
	const char *uid = json_str_or(ref, "uid", "");
	auto_json *owner = NULL;
	auto_err e = {0};

	if (o && str_eq(uid, o->uid))
		return o->foreground ? REF_WAITING : REF_DANGLING;
	if (!k || (k->namespaced && !ns)) /* nobody can look */
		return REF_SOLID;
	owner = store_get(
	    g->env->store, k, k->namespaced ? ns : NULL, json_str_or(ref, "name", ""), &e);
	if (!owner && e.reason != ERR_NOT_FOUND)
		return REF_SOLID;
	if (!owner || !str_eq(meta_uid(owner), uid))
		return REF_DANGLING;
	return is_waiting(owner, NULL) ? REF_WAITING : REF_SOLID;
}

/* Stores what has changed of a dependent. */
static void store_dependent(struct gc *g, const struct kind *k, json *obj)
{
	struct update_options update = {.part = UPDATE_SYSTEM};
	auto_free char *name = xasprintf("%s/%s", meta_namespace(obj), meta_name(obj));
	auto_err e = {0};
	auto_json *stored = registry_update(g->env->store, k, obj, &update, &e);

	if (!stored && e.reason != ERR_NOT_FOUND)
		log_warn("cannot update %s, whose owner is gone: %s", name, err_msg(&e));
}

static void drop_references(struct gc *g, const struct owner *o, const struct kind *k, json *obj)
{
	const char *ns = k->namespaced ? meta_namespace(obj) : NULL;
	json *refs = json_path(obj, "metadata.ownerReferences"), *kept = json_new_array();

	json_for (ref, refs)
		if (judge(g, o, ns, ref) == REF_SOLID)
			json_add(kept, json_dup(ref));
	json_set(json_obj(obj, "metadata"), "ownerReferences", kept);
	store_dependent(g, k, obj);
}

/* In a circle of owners one must begin. */
static void unblock(struct gc *g, const struct kind *k, const json *obj)
{
	json *free_one = json_dup(obj);

	json_for (ref, json_path(free_one, "metadata.ownerReferences"))
		json_set_bool(ref, "blockOwnerDeletion", false);
	store_dependent(g, k, free_one);
}

static void collect_one(struct gc *g, const struct kind *k, const char *ns, const char *name,
    enum propagation propagation)
{
	struct delete_options o = {.grace_seconds = -1, .propagation = propagation};
	auto_err e = {0};
	auto_json *last = NULL;
	bool gone = false;

	/* deleted first, so that taking the finalizer away cannot make it look like a live orphan
	 */
	last = registry_delete(g->env->store, k, ns, name, &o, &gone, &e);
	if (last && !gone && meta_has_finalizer(last, JOB_TRACKING_FINALIZER)) {
		meta_remove_finalizer(last, JOB_TRACKING_FINALIZER);
		store_dependent(g, k, TAKE(last));
	}
	if (e.reason != ERR_NONE && e.reason != ERR_NOT_FOUND)
		log_warn("cannot delete %s/%s, whose owner is gone: %s", ns, name, err_msg(&e));
}

/* What its owners mean for an object; o: as in judge. */
static void look_at_dependent(
    struct gc *g, const struct owner *o, const struct kind *k, const char *ns, const char *name)
{
	auto_json *obj = store_get(g->env->store, k, ns, name, NULL);
	enum propagation propagation = PROPAGATE_BACKGROUND;
	size_t count[REF_STATES] = {0};

	json_for (ref, json_path(obj, "metadata.ownerReferences"))
		count[judge(g, o, k->namespaced ? ns : NULL, ref)]++;
	if (count[REF_DANGLING] + count[REF_WAITING] == 0)
		return;
	if (count[REF_SOLID]) {
		drop_references(g, o, k, TAKE(obj));
		return;
	}
	if (is_waiting(obj, NULL)) {
		propagation = PROPAGATE_DEFAULT;
	} else if (count[REF_WAITING] && store_owns(g->env->store, meta_uid(obj))) {
		if (any_dependent(g, meta_uid(obj), is_waiting))
			unblock(g, k, obj);
		propagation = PROPAGATE_FOREGROUND;
	}
	if (!o)
		log_info("%s %s/%s goes: there is no owner of its ownerReferences", k->singular, ns,
		    name);
	collect_one(g, k, ns, name, propagation);
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
	struct store_query q = list_query(o->list, o->uid);
	struct store_list_end end = {0};
	auto_strlist names = {0};
	auto_err e = {0};

	q.limit = limit;
	q.continue_token = o->token;
	if (store_list(g->env->store, &q, gather, &names, &end, &e) < 0) {
		log_warn("cannot list dependents: %s", err_msg(&e));
		return -1;
	}
	for (size_t i = 0; i + 1 < names.len; i += 2)
		look_at_dependent(g, o, q.kind, names.items[i], names.items[i + 1]);
	free(o->token);
	o->token = end.continue_token;
	if (!o->token)
		o->list++;
	return (int64_t)(names.len / 2);
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
	auto_json *obj = o->kind ? store_get_by_uid(g->env->store, o->kind, o->uid) : NULL;
	int64_t done = 0;

	set_foreground(g, o, obj && is_waiting(obj, NULL));
	if (obj && !o->foreground) { /* alive, or changed its mind */
		drop_owner(g, o);
		return 0;
	}
	if (!store_owns(g->env->store, o->uid))
		o->list = LIST_COUNT;
	while (o->list < LIST_COUNT && done < limit) {
		int64_t n = collect_page(g, o, limit - done);

		if (n < 0) {
			g->reload = true;
			drop_owner(g, o);
			return done;
		}
		done += n;
	}
	if (o->list < LIST_COUNT)
		queue_owner(g, o);
	else if (!o->foreground)
		drop_owner(g, o);
	else if (!any_dependent(g, o->uid, is_blocking))
		let_go(g, o->kind, TAKE(obj));
	return done;
}

/* Objects that have new owners: those may be gone already, or be nobody's. */
static void look_at_claims(struct gc *g)
{
	struct strlist list = g->claims;

	g->claims = (struct strlist){0};
	for (size_t i = 0; i + 3 < list.len; i += 4)
		look_at_dependent(g, NULL, kind_by_gvk(list.items[i], list.items[i + 1]),
		    list.items[i + 2], list.items[i + 3]);
	strlist_release(&list);
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

	if (!g->waiting)
		return;
	obj = json_parse(c->body, c->body_len, JSON_PARSE_STRICT, NULL);
	json_for (ref, json_path(obj, "metadata.ownerReferences")) {
		struct owner *o = map_get(&g->owners, json_str_or(ref, "uid", ""));

		if (o && o->foreground)
			queue_owner(g, o);
	}
}

static void owners_changed(struct gc *g, const struct change *c)
{
	struct map_iter it = {0};
	const char *uid;
	void *value;

	strlist_add(&g->claims, kind_api_version(c->kind));
	strlist_add(&g->claims, c->kind->kind);
	strlist_add(&g->claims, c->ns);
	strlist_add(&g->claims, c->name);
	while (g->waiting && map_next(&g->owners, &it, &uid, &value))
		if (((struct owner *)value)->foreground)
			queue_owner(g, value);
}

static void on_written(void *ctx, const struct change *c)
{
	struct gc *g = ctx;

	if (is_kind(c->kind, KIND_EVENT))
		return;
	if (c->type == CHANGE_DELETED) {
		dependent_gone(g, c);
		look_at(g, NULL, c->uid);
		return;
	}
	if (is_kind(c->kind, KIND_POD) && strstr(c->body, JOB_TRACKING_FINALIZER) &&
	    !strstr(c->body, "\"controller\":true"))
		note_orphan(g, c);
	if (c->owners_changed)
		owners_changed(g, c);
	if (strstr(c->body, "\"" FOREGROUND "\""))
		look_at(g, c->kind, c->uid);
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
	bool any = g->orphans.len + g->claims.len > 0;
	int64_t left = PORTION;
	struct work *w;

	release_orphans(g);
	look_at_claims(g);
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

/* Pods that own are few, and all pods are many. */
static void owner_seen(void *ctx, const char *uid, const struct kind *k)
{
	if (!k || is_kind(k, KIND_POD))
		look_at(ctx, k, uid);
}

struct check {
	struct gc *gc;
	const struct kind *kind;
};

static bool check_row(void *ctx, const struct store_row *row)
{
	struct check *c = ctx;

	if (strstr(row->body, "\"" FOREGROUND "\""))
		look_at(c->gc, c->kind, row->uid);
	return true;
}

int gc_start(struct gc *g, struct err *e)
{
	struct map_iter it = {0};
	const char *uid;
	void *value;

	while (map_next(&g->owners, &it, &uid, &value)) { /* after a lost turn: anew */
		struct owner *o = value;

		o->list = 0;
		free(TAKE(o->token));
		queue_owner(g, o);
	}
	for (int i = 0; i < KIND_COUNT; i++) {
		struct check c = {g, kind_by_id((enum kind_id)i)};
		struct store_query q = {.kind = c.kind};

		if (i != KIND_POD && i != KIND_EVENT &&
		    store_list(g->env->store, &q, check_row, &c, NULL, e) < 0)
			return -1;
	}
	if (store_owners(g->env->store, owner_seen, g, e) < 0)
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
	strlist_release(&g->claims);
	free(g);
}
