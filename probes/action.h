/*
 * action: carries out one probe, or one handler of a lifecycle hook: a command in the container, an
 * HTTP request, a TCP connection, a gRPC health check. Texts are those of Kubernetes' events.
 *
 * Everything runs on the loop, one thread. action_start copies what it needs of the spec. The done
 * callback runs exactly once, never before action_start has returned, at the latest when the time
 * is over; the action is gone when it has run. Or action_cancel comes first: no callback, and
 * whatever is under way ends: a command is killed. Actions must be cancelled before their engine
 * and loop are freed.
 *
 * Nothing here grows: 10 KiB of output or body, one descriptor or two, one time limit.
 *
 * For the owner to do: addresses (the pod's, where the manifest names no host), ports by number,
 * $(VAR) in commands, and whether the host can reach the pod at all.
 */
#ifndef KJOB_PROBES_ACTION_H
#define KJOB_PROBES_ACTION_H

#include "../runtime/runner.h"

#define ACTION_TEXT_MAX (10u * KIB)
#define ACTION_USER_AGENT "kube-probe/1.36"

enum action_kind { ACTION_EXEC, ACTION_HTTP, ACTION_TCP, ACTION_GRPC };

/* Strings are borrowed during action_start. */
struct action_spec {
	enum action_kind kind;
	/* exec; the engine must outlive the action */
	struct engine *engine;
	const char *container; /* id */
	const struct strlist *command;
	/*
	 * exec: runs the command where it can. The others: is in the pod's network, where this
	 * machine does not reach it; its program is the sandbox's. NULL: none. The time counts from
	 * when it has been asked: its own start is not the probe's.
	 */
	struct runner *runner;
	/* the others: a name or an address (with a runner: an address), IPv6 without brackets */
	const char *host;
	unsigned port;
	/* http */
	bool https;
	const char *path;           /* with query; NULL: "/" */
	const char *const *headers; /* NULL-terminated "Name: value"; or NULL */
	bool any_answer;            /* as hooks have it: every status is a success */
	/* grpc */
	const char *service; /* NULL: "" */
};

enum action_outcome {
	ACTION_SUCCESS,
	ACTION_WARNING, /* a success, with an event ProbeWarning: a redirect to another host */
	ACTION_FAILURE,
	ACTION_ERROR /* it could not be carried out: says nothing of the container */
};

struct action_result {
	enum action_outcome outcome;
	const char *text; /* without NUL bytes, at most ACTION_TEXT_MAX; perhaps not UTF-8 */
	int exit_code;    /* exec; -1: none */
};

typedef void action_done_fn(void *ctx, uint64_t key, const struct action_result *r);
struct action;
/* timeout_ms > 0. */
struct action *action_start(struct loop *l, const struct action_spec *s, int64_t timeout_ms,
    action_done_fn *done, void *ctx, uint64_t key);
void action_cancel(struct action *a); /* NULL is fine */

/*
 * The event's message: "Liveness probe failed: …", "… probe warning: …", "… probe errored and
 * resulted in unknown state: …"; PROBE is probe_kind_name(). NULL for a success; owned.
 */
char *action_event_text(const char *probe, const struct action_result *r);

#endif
