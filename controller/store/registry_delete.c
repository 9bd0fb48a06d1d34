/*
 * registry_delete: deletion with preconditions, grace, finalizers and propagation.
 *
 * As in Kubernetes a deletion is two questions. Has the object grace? Only pods can: they stay,
 * marked, until the pod loop has stopped their containers. Do finalizers hold it? Then it stays,
 * marked, until an update removes the last one. If neither, it goes at once. Propagation differs in
 * two points that no client can see: Orphan drops the dependents' references in the same turn,
 * where Kubernetes lets a finalizer "orphan" wait for that, and Foreground adds its finalizer only
 * where there are dependents to wait for.
 */
#include "registry_priv.h"

#include "../../runtime/base/clock.h"

#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"
#define JOB_TRACKING "batch.kubernetes.io/job-tracking"
#define DEFAULT_GRACE 30
#define JOB_WARNING                                                                                \
	"child pods are preserved by default when jobs are deleted; set "                          \
	"propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress " \
	"this warning"

static int check_preconditions(
    const struct kind *k, const json *obj, const struct delete_options *o, struct err *e)
{
	static const char *const immortal[] = {"default", "kube-system", "kube-public"};
	const char *name = json_str_or(obj, "metadata.name", "");
	const char *uid = json_str_or(obj, "metadata.uid", "");
	const char *rv = json_str_or(obj, "metadata.resourceVersion", "");
	auto_free char *text = NULL;

	if (o->uid && !str_eq(o->uid, uid))
		text = xasprintf(
		    "the UID in the precondition (%s) does not match the UID in record (%s). "
		    "The object might have been deleted and then recreated",
		    o->uid, uid);
	else if (o->resource_version && !str_eq(o->resource_version, rv))
		text =
		    xasprintf("the ResourceVersion in the precondition (%s) does not match the "
			      "ResourceVersion in record (%s). The object might have been modified",
			o->resource_version, rv);
	if (text)
		return registry_conflict(k, name, text, e);
	for (size_t i = 0; i < ARRAY_LEN(immortal) && k->id == KIND_NAMESPACE; i++)
		if (str_eq(name, immortal[i]))
			return err_set(e, ERR_FORBIDDEN,
			    "namespaces \"%s\" is forbidden: this namespace may not be deleted",
			    name);
	return 0;
}

/* ---- marks ---- */

static void mark(json *obj, int64_t at_sec, int64_t grace)
{
	json *meta = json_obj(obj, "metadata");
	int64_t generation = json_int(meta, "generation", 0);
	char time[TIME_TEXT_MAX];

	/* The deletion itself is a change of what is wanted; a shorter grace is not. */
	if (generation > 0 && !json_has(meta, "deletionTimestamp"))
		json_set_int(meta, "generation", generation + 1);
	json_set_str(meta, "deletionTimestamp", time_format(time, at_sec));
	json_set_int(meta, "deletionGracePeriodSeconds", grace);
}

/* The grace of a pod's first deletion. */
static int64_t first_grace(const struct kind *k, const json *pod, int64_t asked)
{
	int64_t grace =
	    asked >= 0 ? asked : json_int(pod, "spec.terminationGracePeriodSeconds", DEFAULT_GRACE);

	if (!*json_str_or(pod, "spec.nodeName", "") || registry_is_terminal(k, pod))
		return 0;
	return grace < 0 ? 1 : grace < WAIT_MAX_SECONDS ? grace : WAIT_MAX_SECONDS;
}

/* True: an earlier deletion is under way, and this one asks for nothing shorter. */
static bool is_pending(const json *pod, int64_t asked)
{
	int64_t grace = json_int(pod, "metadata.deletionGracePeriodSeconds", 0);

	return json_has(pod, "metadata.deletionTimestamp") && grace > 0 &&
	       (asked < 0 || asked >= grace);
}

static void mark_pod(const struct kind *k, json *pod, int64_t asked)
{
	int64_t now = clock_wall_ns() / NSEC_PER_SEC, grace, ns;

	if (!json_has(pod, "metadata.deletionTimestamp")) {
		grace = first_grace(k, pod, asked);
		mark(pod, now + grace, grace);
		return;
	}
	grace = json_int(pod, "metadata.deletionGracePeriodSeconds", 0);
	if (grace == 0 || time_parse(json_str_or(pod, "metadata.deletionTimestamp", ""), &ns) < 0)
		return; /* only finalizers hold it */
	/* Shorter, counted from the moment of the first request. */
	mark(pod, ns / NSEC_PER_SEC - grace + asked, asked);
}

/* ---- propagation ---- */

static void remove_finalizer(json *obj, const char *name)
{
	json *list = json_path(obj, "metadata.finalizers");
	json *found = NULL;

	json_for (f, list)
		if (str_eq(json_string_value(f), name))
			found = f;
	if (found)
		json_remove(list, found);
	if (list && json_len(list) == 0)
		json_del_path(obj, "metadata.finalizers");
}

static void add_finalizer(json *obj, const char *name)
{
	json *meta = json_obj(obj, "metadata");

	remove_finalizer(obj, name);
	if (!json_get(meta, "finalizers"))
		json_set(meta, "finalizers", json_new_array());
	json_add(json_get(meta, "finalizers"), json_new_string(name));
}

static bool has_finalizer(const json *obj, const char *name)
{
	json_for (f, json_path(obj, "metadata.finalizers"))
		if (str_eq(json_string_value(f), name))
			return true;
	return false;
}

static bool add_dependent(void *ctx, const struct store_row *row)
{
	struct strlist *names = ctx;

	strlist_add(names, row->ns);
	strlist_add(names, row->name);
	return true;
}

/* Namespace and name, in turn, of the objects of a kind that the uid owns. */
static int find_dependents(
    struct store *s, const struct kind *k, const char *uid, struct strlist *ret, struct err *e)
{
	const struct store_query controlled = {.kind = k, .owner_uid = uid};
	const struct store_query other = {.kind = k, .other_owner_uid = uid};

	return store_list(s, &controlled, add_dependent, ret, NULL, e) < 0 ||
		       store_list(s, &other, add_dependent, ret, NULL, e) < 0
		   ? -1
		   : 0;
}

static void remove_owner(json *obj, const char *uid)
{
	json *owners = json_path(obj, "metadata.ownerReferences"), *found = NULL;

	json_for (ref, owners)
		if (str_eq(json_str(ref, "uid"), uid))
			found = ref;
	if (found)
		json_remove(owners, found);
	if (owners && json_len(owners) == 0)
		json_del_path(obj, "metadata.ownerReferences");
}

/* Nobody will count the pods of a Job that is gone: they lose its finalizer with it. */
static int orphan(struct store *s, const struct kind *owner_kind, const struct kind *k,
    const char *uid, struct err *e)
{
	const struct update_options system = {.part = UPDATE_SYSTEM};
	auto_strlist names = {0};

	if (find_dependents(s, k, uid, &names, e) < 0)
		return -1;
	for (size_t i = 0; i + 1 < names.len; i += 2) {
		auto_json *done = NULL;
		json *obj = store_get(s, k, names.items[i], names.items[i + 1], e);

		if (!obj)
			return -1;
		remove_owner(obj, uid);
		if (owner_kind->id == KIND_JOB)
			remove_finalizer(obj, JOB_TRACKING);
		done = registry_update(s, k, obj, &system, e);
		if (!done)
			return -1;
	}
	return 0;
}

static int orphan_all(struct store *s, const struct kind *k, const char *uid, struct err *e)
{
	for (int i = 0; i < KIND_COUNT && store_owns(s, uid); i++)
		if (orphan(s, k, kind_by_id((enum kind_id)i), uid, e) < 0)
			return -1;
	return 0;
}

/*
 * What a request without a policy means: an earlier one that waits in a finalizer goes on; Jobs,
 * for the sake of the oldest clients, orphan; all else is Background.
 */
static enum propagation effective_policy(
    const struct kind *k, const json *obj, const struct delete_options *o)
{
	if (o->propagation != PROPAGATE_DEFAULT)
		return o->propagation;
	if (k->id == KIND_JOB && o->warnings)
		strlist_add(o->warnings, JOB_WARNING);
	if (has_finalizer(obj, FOREGROUND))
		return PROPAGATE_DEFAULT;
	return k->id == KIND_JOB ? PROPAGATE_ORPHAN : PROPAGATE_BACKGROUND;
}

static void set_policy_finalizers(struct store *s, json *obj, enum propagation policy)
{
	if (policy == PROPAGATE_DEFAULT)
		return;
	remove_finalizer(obj, ORPHAN);
	if (policy == PROPAGATE_FOREGROUND && store_owns(s, json_str_or(obj, "metadata.uid", "")))
		add_finalizer(obj, FOREGROUND);
	else
		remove_finalizer(obj, FOREGROUND);
}

/* ---- deletion ---- */

/*
 * Writes the marks, then removes the object if nothing holds it. Marks on what goes unheld and
 * unmarked are spared.
 */
static int apply(struct store *s, const struct kind *k, json *obj, bool held, struct err *e)
{
	if ((held || json_has(obj, "metadata.deletionTimestamp")) && store_update(s, k, obj, e) < 0)
		return -1;
	if (held)
		return 0;
	return store_delete(
	    s, k, json_str(obj, "metadata.namespace"), json_str(obj, "metadata.name"), e);
}

json *registry_delete(struct store *s, const struct kind *k, const char *ns, const char *name,
    const struct delete_options *o, bool *ret_gone, struct err *e)
{
	auto_json *obj = store_get(s, k, ns, name, e);
	enum propagation policy;
	bool held;

	if (!obj || check_preconditions(k, obj, o, e) < 0)
		return NULL;
	policy = effective_policy(k, obj, o);
	if (k->id == KIND_POD && is_pending(obj, o->grace_seconds)) {
		*ret_gone = false;
		return TAKE(obj);
	}
	if (k->id == KIND_POD)
		mark_pod(k, obj, o->grace_seconds);
	set_policy_finalizers(s, obj, policy);
	held = registry_has_finalizers(k, obj) ||
	       json_int(obj, "metadata.deletionGracePeriodSeconds", 0) > 0;
	if (held && !json_has(obj, "metadata.deletionTimestamp"))
		mark(obj, clock_wall_ns() / NSEC_PER_SEC, 0);
	if (held && k->id == KIND_NAMESPACE)
		json_set_path(obj, "status.phase", json_new_string("Terminating"));
	if (!o->dry_run) {
		if (policy == PROPAGATE_ORPHAN &&
		    orphan_all(s, k, json_str_or(obj, "metadata.uid", ""), e) < 0)
			return NULL;
		if (apply(s, k, obj, held, e) < 0)
			return NULL;
	}
	*ret_gone = !held;
	return TAKE(obj);
}
