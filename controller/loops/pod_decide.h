/*
 * pod_decide: the next step of a pod. Pure: from what is known of the pod and its containers to one
 * action; the caller applies it and asks again until there is none. Behaviour after the kubelet of
 * Kubernetes 1.36 (pkg/kubelet/kuberuntime).
 */
#ifndef KJOB_POD_DECIDE_H
#define KJOB_POD_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job_decide.h" /* enum pod_phase */

enum restart_policy { RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_NEVER };
enum pull_policy { PULL_IF_NOT_PRESENT, PULL_ALWAYS, PULL_NEVER };

/* How far the current attempt of a container has come. */
enum container_stage {
	STAGE_WAITING,  /* nothing of this attempt is in the engine */
	STAGE_CREATED,  /* it exists */
	STAGE_ATTACHED, /* its output stream is open */
	STAGE_RUNNING,
	STAGE_EXITED, /* ended, exit code known, output drained */
};

struct container_obs {
	enum container_stage stage;
	bool busy;          /* an engine call for it is under way */
	bool image_missing; /* the engine said so at create */
	bool image_pulled;  /* in this attempt */
	enum pull_policy pull;
	int exit_code;
	int64_t not_before_ms; /* no create, pull or start before this wall time; 0: at once */
	bool term_sent;
	int64_t kill_at_ms; /* when SIGKILL is due, once term_sent */
};

struct pod_obs {
	int64_t now_ms; /* wall clock */
	enum pod_phase phase;
	enum restart_policy restart;
	bool scheduled;
	bool held;      /* the engine is not reachable: start nothing */
	bool stopping;  /* the pod is being deleted, or its object is gone */
	bool released;  /* the object has been let go of; only foreign finalizers keep it */
	bool may_start; /* a start slot is free */
	const struct container_obs *containers;
	size_t container_count;
};

enum pod_action_kind {
	POD_WAIT,     /* nothing to do before wake_at_ms (0: before the next fact) */
	POD_SCHEDULE, /* bind to the node */
	POD_PULL,
	POD_NEVER_PULL, /* the image is absent and must not be pulled: report, retry later */
	POD_CREATE,
	POD_ATTACH,
	POD_START,
	POD_RESTART, /* begin the next attempt of an ended container */
	POD_TERM,
	POD_KILL,
	POD_FINISH, /* the phase is now `phase` for good */
	POD_REMOVE, /* everything has stopped: the object of a pod that is being deleted may go */
};

struct pod_action {
	enum pod_action_kind kind;
	size_t container;
	enum pod_phase phase; /* POD_FINISH */
	int64_t wake_at_ms;   /* POD_WAIT */
};

struct pod_action pod_decide(const struct pod_obs *o);

/* Whether the policy starts a container again after this exit code. */
bool restart_wanted(enum restart_policy policy, int exit_code);

/*
 * The back-off of one container or image: none at first, then 10 s doubling to 300 s;
 * forgotten when the last instance ended more than ten minutes after the last increase. Times in
 * milliseconds of the wall clock.
 */
struct restart_backoff {
	int64_t delay_ms; /* 0: nothing failed yet */
	int64_t updated_ms;
};
/* Takes note of an end at ended_ms and tells when the next start may be. */
int64_t restart_backoff_next(struct restart_backoff *b, int64_t ended_ms);

#endif
