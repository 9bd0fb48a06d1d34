/*
 * registry: creation and updates of objects, as Kubernetes' generic registry does them.
 * registry_delete.c: deletion.
 *
 * When does an object that is being deleted go? Kubernetes removes it in an update when the new
 * object has no finalizer, the old one was being deleted already, and its
 * deletionGracePeriodSeconds is absent or 0. A pod with grace left stays, finalizers or not: its
 * containers may still run, and the kubelet ends the deletion with a DELETE of grace 0. Here the
 * pod loop is the kubelet: besides that DELETE, an update of the loops' own (UPDATE_SYSTEM) lets a
 * pod go whose phase is terminal, because that phase is only written once no container runs.
 */
#include "registry_priv.h"

#include "../../runtime/base/clock.h"
#include "../../runtime/base/rand.h"

#define GENERATE_TRIES 8
#define DEFAULT_NS "default"

bool registry_is_terminal(const struct kind *k, const json *obj)
{
	const char *phase = json_str(obj, "status.phase");

	return k->id == KIND_POD && (str_eq(phase, "Succeeded") || str_eq(phase, "Failed"));
}

bool registry_has_finalizers(const struct kind *k, const json *obj)
{
	return json_len(json_path(obj, "metadata.finalizers")) > 0 ||
	       (k->id == KIND_NAMESPACE && json_len(json_path(obj, "spec.finalizers")) > 0);
}

/* ---- creation ---- */

/* The namespace that the object is to have; NULL with an error. Borrowed. */
static const char *settle_ns(const struct kind *k, const char *ns, json *obj, struct err *e)
{
	const char *own = json_str(obj, "metadata.namespace");

	if (!k->namespaced) {
		json_del(json_obj(obj, "metadata"), "namespace");
		return "";
	}
	if (!own || !*own)
		json_set_str(json_obj(obj, "metadata"), "namespace", ns && *ns ? ns : DEFAULT_NS);
	else if (ns && *ns && !str_eq(own, ns)) {
		err_set(e, ERR_BAD_REQUEST,
		    "the namespace of the provided object does not match the namespace sent on the "
		    "request");
		return NULL;
	}
	return json_str(obj, "metadata.namespace");
}

static int err_terminating(const struct kind *k, const char *name, const char *ns, struct err *e)
{
	auto_free char *text = xasprintf("namespace %s is being terminated", ns);
	json *details = json_new_object(), *causes = json_new_array(), *cause = json_new_object();

	err_set(e, ERR_FORBIDDEN,
	    "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is "
	    "being terminated",
	    kind_qualified(k), name, ns);
	json_set_str(cause, "reason", "NamespaceTerminating");
	json_set_str(cause, "message", text);
	json_set_str(cause, "field", "metadata.namespace");
	json_add(causes, cause);
	json_set_str(details, "name", name);
	if (*k->group)
		json_set_str(details, "group", k->group);
	json_set_str(details, "kind", k->resource);
	json_set(details, "causes", causes);
	if (e)
		e->details = details;
	else
		json_free(details);
	return -1;
}

/*
 * Objects need a namespace that lives. "default" is always there; an event may tell of what happens
 * in one that is going.
 */
static int check_ns(
    struct store *s, const struct kind *k, const char *ns, const json *obj, struct err *e)
{
	const struct kind *namespaces = kind_by_id(KIND_NAMESPACE);
	auto_json *found = NULL;

	if (!k->namespaced || str_eq(ns, DEFAULT_NS) || k->id == KIND_EVENT)
		return 0;
	found = store_get(s, namespaces, NULL, ns, e);
	if (!found)
		return -1;
	if (!json_has(found, "metadata.deletionTimestamp"))
		return 0;
	return err_terminating(k, json_str_or(obj, "metadata.name", ""), ns, e);
}

/* A name from generateName that is free, if a few tries find one: otherwise storing it fails. */
static void settle_name(struct store *s, const struct kind *k, const char *ns, json *obj)
{
	const char *base = json_str_or(obj, "metadata.generateName", "");
	json *meta = json_obj(obj, "metadata");

	if (*json_str_or(obj, "metadata.name", "") || !*base)
		return;
	for (int i = 0; i < GENERATE_TRIES; i++) {
		auto_free char *name = api_generate_name(base);

		json_set_str(meta, "name", name);
		if (!store_has(s, k, ns, name))
			return;
	}
}

/* The metadata that only the server writes. */
static void set_system_metadata(const struct kind *k, json *obj)
{
	static const char *const dropped[] = {"selfLink", "deletionTimestamp",
	    "deletionGracePeriodSeconds", "generation", "resourceVersion"};
	json *meta = json_obj(obj, "metadata");
	char uuid[UUID_TEXT_MAX], now[TIME_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
		json_del(meta, dropped[i]);
	json_set_str(meta, "uid", rand_uuid(uuid));
	json_set_str(meta, "creationTimestamp", time_format(now, clock_wall_ns() / NSEC_PER_SEC));
	if (k->has_generation)
		json_set_int(meta, "generation", 1);
}

/* A pod that names no secrets for its images gets those of its service account, if there is one. */
static void add_pull_secrets(struct store *s, const char *ns, json *pod)
{
	const char *name = json_str_or(pod, "spec.serviceAccountName", "default");
	auto_json *account = NULL;
	const json *secrets;

	if (json_first(json_path(pod, "spec.imagePullSecrets")))
		return;
	account = store_get(s, kind_by_id(KIND_SERVICE_ACCOUNT), ns, name, NULL);
	secrets = json_get(account, "imagePullSecrets");
	if (json_first(secrets))
		json_set_path(pod, "spec.imagePullSecrets", json_dup(secrets));
}

static int prepare_create(struct store *s, const struct kind *k, const char *ns, json *obj,
    const struct create_options *o, struct err *e)
{
	if (*json_str_or(obj, "metadata.resourceVersion", ""))
		return err_set(e, ERR_BAD_REQUEST,
		    "resourceVersion should not be set on objects to be created");
	ns = settle_ns(k, ns, obj, e);
	if (!ns || check_ns(s, k, ns, obj, e) < 0)
		return -1;
	settle_name(s, k, ns, obj);
	set_system_metadata(k, obj);
	api_default(k, obj);
	if (o->manager)
		managed_update(k, NULL, obj, o->manager);
	if (k->id == KIND_POD)
		add_pull_secrets(s, ns, obj);
	api_prepare_create(k, obj);
	if (api_validate_create(k, obj, o->warnings, e) < 0)
		return -1;
	if (store_has(s, k, ns, json_str_or(obj, "metadata.name", "")))
		return err_already_exists(e, k, json_str(obj, "metadata.name"));
	return 0;
}

json *registry_create(struct store *s, const struct kind *k, const char *ns, json *obj,
    const struct create_options *o, struct err *e)
{
	auto_json *owned = obj;

	if (prepare_create(s, k, ns, owned, o, e) < 0)
		return NULL;
	if (!o->dry_run && store_create(s, k, owned, e) < 0)
		return NULL;
	return TAKE(owned);
}

/* ---- updates ---- */

int registry_conflict(const struct kind *k, const char *name, const char *text, struct err *e)
{
	err_conflict(e, k, name);
	if (e) {
		free(e->msg);
		e->msg = xasprintf("Operation cannot be fulfilled on %s \"%s\": %s",
		    kind_qualified(k), name, text);
	}
	return -1;
}

/* uid and resourceVersion, where the object has them, must be the stored ones. */
static int check_versions(const struct kind *k, const json *obj, const json *old, struct err *e)
{
	const char *name = json_str_or(old, "metadata.name", "");
	const char *uid = json_str_or(obj, "metadata.uid", "");
	const char *old_uid = json_str_or(old, "metadata.uid", "");
	const char *rv = json_str_or(obj, "metadata.resourceVersion", "");

	if (*uid && !str_eq(uid, old_uid)) {
		auto_free char *text = xasprintf(
		    "Precondition failed: UID in precondition: %s, UID in object meta: %s", uid,
		    old_uid);

		return registry_conflict(k, name, text, e);
	}
	if (*rv && !str_eq(rv, json_str(old, "metadata.resourceVersion")))
		return err_conflict(e, k, name);
	return 0;
}

static void copy_member(json *to, const json *from, const char *key)
{
	const json *value = json_get(from, key);

	if (value)
		json_set(to, key, json_dup(value));
	else
		json_del(to, key);
}

/* The old object with the status and what clients may change of the metadata of the new one. */
static json *with_status_of(const struct kind *k, const json *old, const json *obj)
{
	static const char *const members[] = {
	    "labels", "annotations", "finalizers", "managedFields", "ownerReferences"};
	size_t count = ARRAY_LEN(members) - (k->id == KIND_POD); /* which keep their owners */
	json *mixed = json_dup(old), *meta = json_obj(mixed, "metadata");

	copy_member(mixed, obj, "status");
	for (size_t i = 0; i < count; i++)
		copy_member(meta, json_get(obj, "metadata"), members[i]);
	return mixed;
}

/* The object as it is to be stored; NULL with an error. Consumes obj. */
static json *prepare_update(
    const struct kind *k, json *obj, const json *old, const struct update_options *o, struct err *e)
{
	auto_json *owned = obj;
	json *next;

	switch (o->part) {
	case UPDATE_MAIN:
		api_default(k, owned);
		if (o->manager)
			managed_update(k, old, owned, o->manager);
		api_prepare_update(k, owned, old);
		break;
	case UPDATE_STATUS:
		next = with_status_of(k, old, owned);
		json_free(owned);
		owned = next;
		if (o->manager)
			managed_update(k, old, owned, o->manager);
		return api_validate_status(k, owned, old, e) < 0 ? NULL : TAKE(owned);
	case UPDATE_FINALIZE:
		next = json_dup(old);
		copy_member(json_obj(next, "spec"), json_get(owned, "spec"), "finalizers");
		return next;
	case UPDATE_SYSTEM:
		copy_member(json_obj(owned, "metadata"), json_get(old, "metadata"), "uid");
		return TAKE(owned);
	}
	if (api_validate_update(k, owned, old, e) < 0)
		return NULL;
	return TAKE(owned);
}

/* Whether the update ends a deletion: see the head of this file. */
static bool ends_deletion(
    const struct kind *k, const json *obj, const json *old, enum update_part part)
{
	if (registry_has_finalizers(k, obj) || !json_has(old, "metadata.deletionTimestamp"))
		return false;
	if (json_int(old, "metadata.deletionGracePeriodSeconds", 0) == 0)
		return true;
	return part == UPDATE_SYSTEM && registry_is_terminal(k, obj);
}

json *registry_update(
    struct store *s, const struct kind *k, json *obj, const struct update_options *o, struct err *e)
{
	auto_json *owned = obj, *old = NULL;
	const char *name = json_str_or(obj, "metadata.name", "");
	const char *ns = json_str_or(obj, "metadata.namespace", DEFAULT_NS);
	bool ends;

	old = store_get(s, k, ns, name, e);
	if (!old || check_versions(k, owned, old, e) < 0)
		return NULL;
	owned = prepare_update(k, TAKE(owned), old, o, e);
	if (!owned)
		return NULL;
	ends = ends_deletion(k, owned, old, o->part);
	json_set_str(json_obj(owned, "metadata"), "resourceVersion",
	    json_str(old, "metadata.resourceVersion"));
	if (o->part != UPDATE_SYSTEM)
		managed_keep_times(owned, old);
	if (o->dry_run)
		return TAKE(owned);
	if (store_update(s, k, owned, e) < 0)
		return NULL;
	if (ends && store_delete(s, k, json_str(owned, "metadata.namespace"),
			json_str(owned, "metadata.name"), e) < 0)
		return NULL;
	return TAKE(owned);
}
