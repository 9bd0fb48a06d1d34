/*
 * registry: what happens to an object between a request and the store, whoever asks (the API server
 * for clients, the loops for themselves): identity, defaults, validation, conflict rules, deletion
 * with grace, finalizers and propagation.
 */
#ifndef KJOB_REGISTRY_H
#define KJOB_REGISTRY_H

#include "../api/managed_fields.h"
#include "store.h"

struct create_options {
	bool dry_run; /* all checks, nothing stored */
	/* Whose the fields are; NULL: as obj's managedFields say, which the loops leave out. */
	const struct field_manager *manager;
	struct strlist *warnings; /* may be NULL */
};
/*
 * Consumes obj (also on failure). Sets namespace (must agree when given), name from generateName
 * (retrying a clash up to 8 times), uid, creationTimestamp (from the wall clock), generation.
 * Returns the stored object, owned.
 */
json *registry_create(struct store *s, const struct kind *k, const char *ns, json *obj,
    const struct create_options *o, struct err *e) MUST_USE;

enum update_part {
	UPDATE_MAIN,   /* as PUT of the object: status and system metadata stay */
	UPDATE_STATUS, /* as PUT of /status: status changes, and of the metadata what clients set */
	UPDATE_FINALIZE, /* as PUT of /finalize of a namespace: only spec.finalizers change */
	UPDATE_SYSTEM, /* the loops' own: everything in obj is taken as it is, no validation */
};
struct update_options {
	enum update_part part;
	bool dry_run;
	/* Who made the change; NULL: obj's managedFields are kept as they are. */
	const struct field_manager *manager;
	struct strlist *warnings;
};
/*
 * Consumes obj. When the update removes the last finalizer of a deleting object, the object goes:
 * the returned object is its last state. Returns the object as stored, owned.
 */
json *registry_update(struct store *s, const struct kind *k, json *obj,
    const struct update_options *o, struct err *e) MUST_USE;

enum propagation {
	PROPAGATE_DEFAULT,
	PROPAGATE_BACKGROUND,
	PROPAGATE_FOREGROUND,
	PROPAGATE_ORPHAN
};
struct delete_options {
	int64_t grace_seconds; /* -1: the object's own */
	enum propagation propagation;
	const char *uid;              /* precondition, or NULL */
	const char *resource_version; /* precondition, or NULL */
	bool dry_run;
	struct strlist *warnings;
};
/*
 * Starts or finishes a deletion. Pods that may still run get deletionTimestamp and
 * deletionGracePeriodSeconds and stay until the pod loop is done with them (grace 0, or never
 * scheduled, or terminal: they go at once unless finalizers hold them). Orphan drops the
 * dependents' ownerReferences; Foreground adds the finalizer foregroundDeletion; a Job's default is
 * orphan with the warning that Kubernetes gives. *ret_gone tells whether the object is gone.
 * Returns its (last) state, owned.
 */
json *registry_delete(struct store *s, const struct kind *k, const char *ns, const char *name,
    const struct delete_options *o, bool *ret_gone, struct err *e) MUST_USE;

#endif
