/* env: what all loops share, and the pieces of Kubernetes' bookkeeping that several of them need.
 */
#ifndef KJOB_LOOPS_ENV_H
#define KJOB_LOOPS_ENV_H

#include "../../runtime/engine.h"
#include "../../runtime/loop.h"
#include "../store/registry.h"

struct recorder;
struct services;

/* Borrowed by every loop for its whole life; owned by the controller. */
struct loops_env {
	struct loop *loop;
	struct store *store;
	struct engine *engine;
	struct recorder *recorder;
	struct services *services; /* services.h; NULL: none are served */
	const char *logs_dir;
	const char *node_name;
	const char *engine_version; /* as the engine itself says; NULL: unknown */
	int64_t engine_cpus;
	bool engine_local; /* it sees the files of this machine */
	bool pods_routed;  /* this machine reaches the pods' addresses */
};

/* Of the one node there is, for itself and its pods. */
#define NODE_ADDRESS "127.0.0.1"

#define JOB_TRACKING_FINALIZER "batch.kubernetes.io/job-tracking"

static inline const struct kind *job_kind(void)
{
	return kind_by_id(KIND_JOB);
}

static inline const struct kind *pod_kind(void)
{
	return kind_by_id(KIND_POD);
}

/* ---- metadata helpers (meta.c) ---- */

bool meta_has_finalizer(const json *obj, const char *finalizer);
/* Unless it has it. */
void meta_add_finalizer(json *obj, const char *finalizer);
void meta_remove_finalizer(json *obj, const char *finalizer);
/* The ownerReference with controller: true; NULL: none. Borrowed. */
const json *meta_controller(const json *obj);
/* Adds such an ownerReference, which blocks the owner's deletion. */
void meta_add_controller(json *obj, const struct kind *k, const json *owner);
const char *meta_name(const json *obj);
const char *meta_namespace(const json *obj);
const char *meta_uid(const json *obj);
bool meta_deleting(const json *obj);
/* A time stamp of the object as seconds since the epoch; 0: absent. */
int64_t meta_time(const json *obj, const char *path);
/* Sets PATH to a time stamp of whole seconds. */
void meta_set_time(json *obj, const char *path, int64_t unix_sec);
/* The condition of this type in status.conditions; NULL: none. Borrowed. */
json *meta_condition(const json *obj, const char *type);
bool meta_condition_true(const json *obj, const char *type);

/* An object to be created, with apiVersion, kind and name (NULL: none yet). Owned. */
json *meta_new_object(const struct kind *k, const char *name);
/* An ObjectReference. Owned. */
json *meta_reference(const struct kind *k, const json *obj);

/* ---- events (recorder.c) ---- */

struct recorder *recorder_new(struct store *s);
void recorder_free(struct recorder *r);
/*
 * Records an Event about an object ("Normal" or "Warning"). Repeats raise the count of an object
 * that is there, and many similar ones share one: correlator.h. source: component name ("kubelet",
 * "job-controller"). field_path may be NULL.
 */
void recorder_event(struct recorder *r, const struct kind *k, const json *about,
    const char *field_path, const char *type, const char *reason, const char *source,
    const char *fmt, ...) PRINTF_LIKE(8, 9);

#endif
