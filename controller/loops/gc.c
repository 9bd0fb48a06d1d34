#include "gc.h"

#include "../../runtime/base/log.h"

struct gc {
	struct loops_env *env;
	struct strlist owners; /* uids of jobs that were deleted or are being deleted */
};

static const struct kind *pod_kind(void)
{
	return kind_by_id(KIND_POD);
}

static const struct kind *job_kind(void)
{
	return kind_by_id(KIND_JOB);
}

/* ---- one dependent ---- */

static void collect_pod(struct gc *g, json *pod)
{
	struct update_options update = {.part = UPDATE_SYSTEM};
	struct delete_options o = {.grace_seconds = -1};
	auto_free char *ns = xstrdup(meta_namespace(pod)), *name = xstrdup(meta_name(pod));
	auto_err e = {0};
	auto_json *last = NULL, *stored = NULL;
	bool gone = false;

	/* deleted first, so that taking the finalizer away cannot make it look like a live orphan
	 */
	if (!meta_deleting(pod)) {
		last = registry_delete(g->env->store, pod_kind(), ns, name, &o, &gone, &e);
		if (!last && e.reason != ERR_NOT_FOUND)
			log_warn("cannot delete pod %s/%s: %s", ns, name, err_msg(&e));
		if (!last || gone)
			return;
		pod = last;
	}
	if (!meta_has_finalizer(pod, JOB_TRACKING_FINALIZER))
		return;
	pod = json_dup(pod);
	meta_remove_finalizer(pod, JOB_TRACKING_FINALIZER);
	stored = registry_update(g->env->store, pod_kind(), pod, &update, &e);
	if (!stored && e.reason != ERR_NOT_FOUND)
		log_warn("cannot release pod %s/%s: %s", ns, name, err_msg(&e));
}

/* ---- all dependents of an owner ---- */

struct pod_list {
	json **items;
	size_t len, cap;
};

static bool gather(void *ctx, const struct store_row *row)
{
	struct pod_list *l = ctx;
	json *obj = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);

	if (!obj)
		return true;
	GROW(l->items, l->cap, l->len + 1);
	l->items[l->len++] = obj;
	return true;
}

static size_t collect_owner(struct gc *g, const char *uid)
{
	struct store_query q = {.kind = pod_kind(), .owner_uid = uid};
	struct pod_list l = {0};
	auto_err e = {0};
	size_t n;

	if (store_list(g->env->store, &q, gather, &l, NULL, &e) < 0)
		log_warn("cannot list dependents: %s", err_msg(&e));
	for (size_t i = 0; i < l.len; i++) {
		collect_pod(g, l.items[i]);
		json_free(l.items[i]);
	}
	n = l.len;
	free(l.items);
	return n;
}

static bool any_row(void *ctx, const struct store_row *row)
{
	*(bool *)ctx = true;
	return false;
}

static bool has_dependents(struct gc *g, const char *uid)
{
	struct store_query q = {.kind = pod_kind(), .owner_uid = uid, .limit = 1};
	bool any = false;

	return store_list(g->env->store, &q, any_row, &any, NULL, NULL) < 0 || any;
}

/* A job that waits for its pods (foreground deletion) goes with the last of them. */
static void collect(struct gc *g, const char *uid)
{
	auto_json *job = store_get_by_uid(g->env->store, job_kind(), uid);
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_err e = {0};
	auto_json *stored = NULL;
	json *copy;

	if (job && !meta_has_finalizer(job, "foregroundDeletion"))
		return;
	collect_owner(g, uid);
	if (!job || has_dependents(g, uid))
		return;
	copy = json_dup(job);
	meta_remove_finalizer(copy, "foregroundDeletion");
	stored = registry_update(g->env->store, job_kind(), copy, &o, &e);
	if (!stored && e.reason != ERR_NOT_FOUND)
		log_warn("cannot finish the deletion of a job: %s", err_msg(&e));
}

/* ---- what makes work ---- */

/* A pod that no job counts (orphaned, or its job is gone) must not be held by the finalizer. */
static void release_orphan(struct gc *g, const struct change *c)
{
	auto_json *pod = json_parse(c->body, c->body_len, JSON_PARSE_STRICT, NULL);

	if (pod && !meta_controller(pod) && meta_has_finalizer(pod, JOB_TRACKING_FINALIZER) &&
	    !strlist_has(&g->owners, c->uid))
		strlist_add(&g->owners, c->uid);
}

static void on_written(void *ctx, const struct change *c)
{
	struct gc *g = ctx;
	bool deleting;

	if (c->kind->id == KIND_POD) {
		if (c->type == CHANGE_DELETED) {
			auto_json *pod = json_parse(c->body, c->body_len, JSON_PARSE_STRICT, NULL);
			const char *owner = json_str(meta_controller(pod), "uid");

			if (owner && !strlist_has(&g->owners, owner))
				strlist_add(&g->owners,
				    owner); /* a foreground deletion may be waiting for it */
		} else if (strstr(c->body, JOB_TRACKING_FINALIZER) &&
			   !strstr(c->body, "\"controller\":true")) {
			release_orphan(g, c);
		}
		return;
	}
	if (c->kind->id != KIND_JOB)
		return;
	deleting = c->type == CHANGE_DELETED || strstr(c->body, "\"foregroundDeletion\"");
	if (deleting && !strlist_has(&g->owners, c->uid))
		strlist_add(&g->owners, c->uid);
}

static void release_if_orphan(struct gc *g, const char *uid)
{
	auto_json *pod = store_get_by_uid(g->env->store, pod_kind(), uid);
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_json *stored = NULL;
	auto_err e = {0};
	json *copy;

	if (!pod || meta_controller(pod))
		return;
	copy = json_dup(pod);
	meta_remove_finalizer(copy, JOB_TRACKING_FINALIZER);
	stored = registry_update(g->env->store, pod_kind(), copy, &o, &e);
	if (!stored)
		log_warn("cannot release an orphaned pod: %s", err_msg(&e));
}

bool gc_reconcile(struct gc *g)
{
	bool any = g->owners.len > 0;

	while (g->owners.len > 0) {
		auto_free char *uid = g->owners.items[--g->owners.len];

		collect(g, uid);
		release_if_orphan(g, uid);
	}
	return any;
}

/* ---- start and end ---- */

static bool check_row(void *ctx, const struct store_row *row)
{
	struct gc *g = ctx;
	auto_json *pod = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);
	const char *owner = json_str(meta_controller(pod), "uid");

	if (owner && !strlist_has(&g->owners, owner))
		strlist_add(&g->owners, owner);
	return true;
}

int gc_start(struct gc *g, struct err *e)
{
	struct store_query q = {.kind = pod_kind()};

	return store_list(g->env->store, &q, check_row, g, NULL, e);
}

struct gc *gc_new(struct loops_env *env)
{
	struct gc *g = xcalloc(1, sizeof(*g));

	g->env = env;
	store_listen(env->store, &(struct store_listener){.written = on_written, .ctx = g});
	return g;
}

void gc_free(struct gc *g)
{
	if (!g)
		return;
	store_unlisten(g->env->store, g);
	strlist_release(&g->owners);
	free(g);
}
