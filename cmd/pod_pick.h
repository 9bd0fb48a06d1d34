/* pod_pick: the one pod that a command works in: POD, or TYPE/NAME for a pod of that object. */
#ifndef KJOB_CMD_POD_PICK_H
#define KJOB_CMD_POD_PICK_H

#include "cmd.h"
#include "resources.h"

#define OPT_ROW_POD_RUNNING_TIMEOUT                                                 \
	{                                                                           \
		"pod-running-timeout", 0, OPT_DURATION, "1m0s", "DURATION",         \
		    "How long to wait for a pod of the object to exist", NULL, NULL \
	}

/* Appends "/api/v1/namespaces/NS/pods", with a label selector or NULL. */
void pods_path(const char *ns, const char *selector, struct buf *path);
/* The list of the pods that a label selector chooses; owned. NULL: e is set. */
json *pods_list(struct cmd_ctx *ctx, const char *selector, struct err *e) MUST_USE;
/* The same when there is at least one; ERR_TIMEOUT when there is none so soon. */
json *pods_wait(
    struct cmd_ctx *ctx, const char *selector, int64_t timeout_ns, struct err *e) MUST_USE;

/* The pod's object; owned. The context is connected by then. NULL: e is set. */
json *pod_pick(struct cmd_ctx *ctx, const char *word, int64_t timeout_ns, struct err *e) MUST_USE;
/*
 * The label selector of an object's pods: matchLabels of a Job or the like, or the map itself of a
 * Service; owned. NULL: the object selects none, in kubectl's words; what: "attach to".
 */
char *pod_pick_selector(
    const json *object, const struct resource *r, const char *what, struct err *e) MUST_USE;
/* Appends "/api/v1/namespaces/NS/pods/NAME/SUB"; without SUB, the path of all pods. */
void pod_pick_path(const json *pod, const char *sub, struct buf *path);
/* The path of pods/exec for a command; owned. */
char *pod_exec_path(const json *pod, const char *container, const char *const *words, size_t count,
    bool in, bool tty);
/*
 * The container of -c (or "" for the default one, which is told on standard error unless quiet);
 * owned.
 */
char *pod_pick_container(const json *pod, const char *wanted, bool quiet, struct err *e) MUST_USE;
/* A container of the spec, of whichever list; NULL: there is none of that name. */
const json *pod_pick_spec(const json *pod, const char *name);
/* By its phase. */
bool pod_has_ended(const json *pod);
/* -1 with kubectl's words for a pod that has ended; what: "exec into", "attach". */
int pod_pick_check(const json *pod, const char *what, struct err *e) MUST_USE;

#endif
