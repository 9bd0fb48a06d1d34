/*
 * pods: runs pods as containers. What the controller, the other loops and the API server need of
 * the pod loop.
 */
#ifndef KJOB_PODS_H
#define KJOB_PODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../runtime/base/err.h"

struct pods;
struct cJSON;
struct loops_env;

/* ---- for the controller ---- */

struct pods *pods_new(struct loops_env *env);
/* Loads the pods that have not ended and begins to compare them with the engine's containers. */
int pods_start(struct pods *set, struct err *e) MUST_USE;
/* Stops nothing: containers go on, and are found again by the next controller. */
void pods_free(struct pods *set);
/* Turn end: carries the queued pods on; true when there were any. */
bool pods_reconcile(struct pods *set);
/* Turn end: writes the log files and wakes their followers. */
void pods_flush(struct pods *set);
/* Pods that are being looked after, and engine containers still to be removed. */
size_t pods_active(const struct pods *set);
/* At the end: removes at once what waits for removal; returns how much is left to wait for. */
size_t pods_hurry_removals(struct pods *set);
/* Whether the engine answers, as of the last call. */
bool pods_engine_up(const struct pods *set);

/* Pods that waited for Services need not any more; ctx: the pods. */
void pods_services_up(void *ctx);
/* Whether there are pods that have not ended, whose names may be answered by the relay. */
bool pods_use_services(void *ctx);

/* ---- for the job loop ---- */

/* Reads those pods of an owner into memory that hold the tracking finalizer, ended ones too: they
 * are not counted yet. */
int pods_load_uncounted(struct pods *set, const char *owner_uid, struct err *e) MUST_USE;
/* Calls fn for each pod in memory that this uid controls; obj is borrowed. */
void pods_for_owner(struct pods *set, const char *owner_uid,
    void (*fn)(void *ctx, const struct cJSON *obj), void *ctx);
/* fn is told, at once, when a pod with a controlling owner was written by anybody. */
void pods_on_owner_news(struct pods *set, void (*fn)(void *ctx, const char *owner_uid), void *ctx);

/* ---- for the API server ---- */

/*
 * The log of a container of a pod: which file to read and whether more will come. `previous`
 * chooses the attempt before the newest. Errors are those of the kubelet ("container "C" in pod
 * "P" is waiting to start: …"). pod is the stored object.
 */
int pods_find_log(struct pods *p, const struct cJSON *pod, const char *container, bool previous,
    char **ret_path, bool *ret_live, struct err *e) MUST_USE;
/*
 * The log of one attempt, by the pod's uid: also of a pod that is gone, for as long as its files
 * are kept. ERR_NOT_FOUND where there is none; texts that are no names are never part of a path.
 */
int pods_find_attempt_log(struct pods *p, const char *ns, const char *pod, const char *uid,
    const char *container, int attempt, char **ret_path, struct err *e) MUST_USE;
/*
 * Of a log that pods_find_log has just called live: calls fn(ctx) whenever the file at PATH has
 * grown or is complete. A ticket to stop with; ctx must live until then. log_follow_live turns
 * false when no more will come.
 */
struct log_follow;
struct log_follow *pods_follow_log(
    struct pods *p, const char *path, void (*fn)(void *ctx), void *ctx);
bool log_follow_live(const struct log_follow *f);
void log_follow_stop(struct log_follow *f);

/*
 * Standard input of a running container whose spec has stdin: true (pod_attach.c). Of the others,
 * -1. pods_stdin_write says false when nothing was taken: there is too much queued, or no such
 * container any more; followers of its log are called when there is room. first: nobody brought input
 * before.
 */
int pods_stdin_open(struct pods *p, const char *uid, const char *container, bool *ret_first,
    struct err *e) MUST_USE;
bool pods_stdin_write(
    struct pods *p, const char *uid, const char *container, const void *data, size_t len);
/*
 * A client has sent the end of its input, or went away: with stdinOnce the container's ends too,
 * unless it is a terminal's, which has no end.
 */
void pods_stdin_close(struct pods *p, const char *uid, const char *container);
/* The size of a running container's terminal; of others, nothing. */
void pods_tty_resize(struct pods *p, const char *uid, const char *container, unsigned columns,
    unsigned rows);

/*
 * A TCP connection to a port of a pod, as a process in the pod would make it to localhost. Straight
 * to the pod's address where this machine reaches it; else, and where nothing listens there, through
 * the sandbox's helper in the pod's network.
 */
struct pod_dial;
struct pod_dial_callbacks {
	/* False: no more until pod_dial_resume, but for what has come already. Must not free it. */
	bool (*on_data)(void *ctx, const void *data, size_t len);
	void (*on_writable)(void *ctx); /* also when it is connected */
	/* The last one; err: it failed, or could not be made. */
	void (*on_end)(void *ctx, const struct err *err);
};
/* NULL: e tells. No callback before it has returned; all but on_data may free it. ctx must live until then. */
struct pod_dial *pods_dial(struct pods *p, const char *uid, unsigned port,
    const struct pod_dial_callbacks *cb, void *ctx, struct err *e) MUST_USE;
/* False: nothing was taken, on_writable comes. */
bool pod_dial_write(struct pod_dial *d, const void *data, size_t len);
void pod_dial_end(struct pod_dial *d); /* the end of what is written */
void pod_dial_resume(struct pod_dial *d);
void pod_dial_free(struct pod_dial *d); /* no callback follows */

#endif
