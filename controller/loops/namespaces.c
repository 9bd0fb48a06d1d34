/*
 * namespaces: see namespaces.h. Content is deleted in portions, one a turn; what then stays (pods
 * that are stopping, objects with finalizers) is waited for.
 */
#include "namespaces.h"

#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "../../runtime/base/map.h"
#include "../../runtime/base/workqueue.h"

/* Objects that one turn deletes. */
#define PORTION 200
/* A store that refuses (disk full) is tried again after this. */
#define RETRY_MS 1000

/* What makes other things goes first, and events about all that last. */
static const enum kind_id order[] = {KIND_CRONJOB, KIND_JOB, KIND_POD, KIND_SERVICE,
    KIND_ENDPOINT_SLICE, KIND_ENDPOINTS, KIND_PERSISTENTVOLUMECLAIM, KIND_CONFIGMAP, KIND_SECRET,
    KIND_SERVICE_ACCOUNT, KIND_POD_TEMPLATE, KIND_LEASE, KIND_EVENT};

/* A namespace to look at, or one that is going. */
struct place {
	char *name;
	struct work work;
	bool going;
	size_t next; /* in order: whose objects are being deleted; all done: they only have to go */
	char *token; /* where the next page begins, or NULL */
	bool told;   /* what remains is in its conditions */
};

struct namespaces {
	struct loops_env *env;
	struct map places; /* name → struct place */
	struct workqueue queue;
	struct timer timer; /* for the next portion */
	bool reload;        /* a turn was lost: look at all again */
};

static const struct kind *namespace_kind(void)
{
	return kind_by_id(KIND_NAMESPACE);
}

static void place_free(void *p)
{
	struct place *place = p;

	free(place->name);
	free(place->token);
	free(place);
}

static void look_at(struct namespaces *n, const char *name)
{
	struct place *p = map_get(&n->places, name);

	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->name = xstrdup(name);
		map_set(&n->places, name, p);
	}
	workqueue_add(&n->queue, &p->work);
}

static void drop(struct namespaces *n, struct place *p)
{
	map_del(&n->places, p->name);
	place_free(p);
}

static void try_again(struct namespaces *n)
{
	n->reload = true;
	timer_set(n->env->loop, &n->timer, RETRY_MS);
}

static int store_namespace(struct namespaces *n, json *ns)
{
	const struct update_options o = {.part = UPDATE_SYSTEM};
	auto_err e = {0};
	auto_json *stored = registry_update(n->env->store, namespace_kind(), ns, &o, &e);

	if (stored)
		return 0;
	log_warn("cannot update a namespace: %s", err_msg(&e));
	try_again(n);
	return -1;
}

/* ---- one that lives ---- */

static void add_service_account(struct namespaces *n, const char *ns)
{
	const struct kind *k = kind_by_id(KIND_SERVICE_ACCOUNT);
	auto_json *stored = NULL;
	auto_err e = {0};

	if (store_has(n->env->store, k, ns, "default"))
		return;
	stored = registry_create(
	    n->env->store, k, ns, meta_new_object(k, "default"), &(struct create_options){0}, &e);
	if (stored)
		return;
	log_warn("cannot create the service account of namespace %s: %s", ns, err_msg(&e));
	try_again(n);
}

/* Those of older versions of this program lack the finalizer. */
static void add_finalizer(struct namespaces *n, json *ns)
{
	json *list = json_new_array();

	json_add(list, json_new_string(NAMESPACE_FINALIZER));
	json_set_path(ns, "spec.finalizers", list);
	store_namespace(n, ns);
}

/* ---- one that goes ---- */

static bool gather(void *ctx, const struct store_row *row)
{
	strlist_add(ctx, row->name);
	return true;
}

/* Deletes one page; returns how many, -1 where the store fails. */
static int64_t delete_page(struct namespaces *n, struct place *p, int64_t limit)
{
	const struct kind *k = kind_by_id(order[p->next]);
	const struct delete_options o = {.grace_seconds = -1, .propagation = PROPAGATE_BACKGROUND};
	struct store_query q = {
	    .kind = k, .ns = p->name, .limit = limit, .continue_token = p->token};
	struct store_list_end end = {0};
	auto_strlist names = {0};
	auto_err e = {0};

	if (store_list(n->env->store, &q, gather, &names, &end, &e) < 0) {
		log_warn("cannot list what is in namespace %s: %s", p->name, err_msg(&e));
		return -1;
	}
	for (size_t i = 0; i < names.len; i++) {
		auto_err one = {0};
		bool gone;
		auto_json *last =
		    registry_delete(n->env->store, k, p->name, names.items[i], &o, &gone, &one);

		if (!last && one.reason != ERR_NOT_FOUND)
			log_warn("cannot delete %s %s/%s: %s", k->resource, p->name, names.items[i],
			    err_msg(&one));
	}
	free(p->token);
	p->token = end.continue_token;
	if (!p->token)
		p->next++;
	return (int64_t)names.len;
}

struct rest {
	size_t count;
	struct strlist finalizers; /* of each object */
};

static bool count_rest(void *ctx, const struct store_row *row)
{
	struct rest *r = ctx;
	auto_json *obj = json_parse(row->body, row->body_len, JSON_ALLOW_DUPLICATES, NULL);

	r->count++;
	json_add_strings(json_path(obj, "metadata.finalizers"), &r->finalizers);
	return true;
}

static void add_condition(
    json *list, const char *type, const char *reason, const struct strlist *texts, const char *head)
{
	auto_free char *joined = strlist_join(texts, ", ");
	auto_free char *message = xasprintf("%s%s", head, joined);
	json *c = json_new_object();

	json_set_str(c, "type", type);
	json_set_str(c, "status", "True");
	meta_set_time(c, "lastTransitionTime", clock_wall_ns() / NSEC_PER_SEC);
	json_set_str(c, "reason", reason);
	json_set_str(c, "message", message);
	json_add(list, c);
}

/* What is left, for those who ask why the namespace stays. */
static void tell_rest(struct namespaces *n, json *ns)
{
	auto_strlist content = {0}, holders = {0};
	struct rest all = {0};
	json *list = json_new_array();

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		const struct kind *k = kind_by_id(order[i]);
		struct store_query q = {.kind = k, .ns = meta_name(ns)};
		size_t before = all.count;

		if (store_list(n->env->store, &q, count_rest, &all, NULL, NULL) == 0 &&
		    all.count > before)
			strlist_addf(&content, "%s. has %zu resource instances", kind_qualified(k),
			    all.count - before);
	}
	strlist_sort(&all.finalizers);
	for (size_t i = 0, same; i < all.finalizers.len; i += same) {
		for (same = 1; i + same < all.finalizers.len; same++)
			if (!str_eq(all.finalizers.items[i], all.finalizers.items[i + same]))
				break;
		strlist_addf(
		    &holders, "%s in %zu resource instances", all.finalizers.items[i], same);
	}
	if (content.len)
		add_condition(list, "NamespaceContentRemaining", "SomeResourcesRemain", &content,
		    "Some resources are remaining: ");
	if (holders.len)
		add_condition(list, "NamespaceFinalizersRemaining", "SomeFinalizersRemain",
		    &holders, "Some content in the namespace has finalizers remaining: ");
	json_set_path(ns, "status.conditions", list);
	strlist_release(&all.finalizers);
	store_namespace(n, ns);
}

/* Events still come while the rest goes: they are no reason to stay. */
static bool is_empty(struct namespaces *n, const char *name)
{
	auto_strlist names = {0};

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		struct store_query q = {.kind = kind_by_id(order[i]), .ns = name, .limit = 1};

		if (order[i] != KIND_EVENT &&
		    (store_list(n->env->store, &q, gather, &names, NULL, NULL) < 0 || names.len))
			return false;
	}
	return true;
}

static void let_go(struct namespaces *n, struct place *p, json *ns)
{
	auto_json *owned = ns;
	json *list = json_path(ns, "spec.finalizers"), *found = NULL;

	p->next = ARRAY_LEN(order) - 1; /* the last events */
	while (p->next < ARRAY_LEN(order))
		if (delete_page(n, p, PORTION) < 0) {
			try_again(n);
			return;
		}
	json_for (f, list)
		if (str_eq(json_string_value(f), NAMESPACE_FINALIZER))
			found = f;
	if (!found)
		return;
	json_remove(list, found);
	json_del_path(owned, "status.conditions");
	store_namespace(n, TAKE(owned));
}

/* Carries the end of a namespace on; returns how many objects that cost. Consumes ns. */
static int64_t finish(struct namespaces *n, struct place *p, json *ns, int64_t limit)
{
	auto_json *owned = ns;
	int64_t done = 0;

	p->going = true;
	while (p->next < ARRAY_LEN(order) && done < limit) {
		int64_t count = delete_page(n, p, limit - done);

		if (count < 0) {
			try_again(n);
			return done;
		}
		done += count;
	}
	if (p->next < ARRAY_LEN(order)) {
		look_at(n, p->name);
	} else if (is_empty(n, p->name)) {
		let_go(n, p, TAKE(owned));
	} else if (!p->told) {
		p->told = true;
		tell_rest(n, TAKE(owned));
	}
	return done;
}

static int64_t reconcile(struct namespaces *n, struct place *p, int64_t limit)
{
	auto_json *ns = store_get(n->env->store, namespace_kind(), NULL, p->name, NULL);

	if (ns && meta_deleting(ns))
		return finish(n, p, TAKE(ns), limit);
	if (ns) {
		add_service_account(n, p->name);
		if (json_len(json_path(ns, "spec.finalizers")) == 0)
			add_finalizer(n, TAKE(ns));
	}
	if (!p->work.queued)
		drop(n, p);
	return 0;
}

/* ---- what makes work ---- */

static void on_written(void *ctx, const struct change *c)
{
	struct namespaces *n = ctx;
	struct place *p;

	if (c->kind->id == KIND_NAMESPACE) {
		look_at(n, c->name);
	} else if (c->type == CHANGE_DELETED && c->kind->namespaced) {
		p = map_get(&n->places, c->ns);
		if ((p && p->going) ||
		    (c->kind->id == KIND_SERVICE_ACCOUNT && str_eq(c->name, "default")))
			look_at(n, c->ns);
	}
}

static void on_lost(void *ctx)
{
	try_again(ctx);
}

/* The timer only ends the pause. */
static void timer_due(void *arg)
{
}

bool namespaces_reconcile(struct namespaces *n)
{
	int64_t left = PORTION;
	bool any = false;
	struct work *w;

	if (timer_is_set(&n->timer))
		return false;
	if (n->reload)
		n->reload = namespaces_start(n, NULL) < 0;
	while (left > 0 && (w = workqueue_take(&n->queue))) {
		left -= reconcile(n, STRUCT_OF(w, struct place, work), left);
		any = true;
	}
	if (n->reload)
		timer_set(n->env->loop, &n->timer, RETRY_MS);
	else if (left <= 0)
		timer_set(n->env->loop, &n->timer, 0);
	return any;
}

/* ---- start and end ---- */

static bool look_at_row(void *ctx, const struct store_row *row)
{
	struct place *p;

	look_at(ctx, row->name);
	p = map_get(&((struct namespaces *)ctx)->places, row->name);
	p->next = 0;
	free(TAKE(p->token));
	return true;
}

int namespaces_start(struct namespaces *n, struct err *e)
{
	struct store_query q = {.kind = namespace_kind()};

	if (store_list(n->env->store, &q, look_at_row, n, NULL, e) < 0)
		return -1;
	if (n->queue.first) /* whatever else happens, there is a turn */
		timer_set(n->env->loop, &n->timer, 0);
	return 0;
}

struct namespaces *namespaces_new(struct loops_env *env)
{
	struct namespaces *n = xcalloc(1, sizeof(*n));

	n->env = env;
	n->timer = (struct timer){.name = "namespaces", .fn = timer_due, .arg = n};
	store_listen(
	    env->store, &(struct store_listener){.written = on_written, .lost = on_lost, .ctx = n});
	return n;
}

void namespaces_free(struct namespaces *n)
{
	if (!n)
		return;
	store_unlisten(n->env->store, n);
	timer_cancel(n->env->loop, &n->timer);
	map_release(&n->places, place_free);
	free(n);
}
