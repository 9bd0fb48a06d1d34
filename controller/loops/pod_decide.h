/*
 * pod_decide: the next step of a pod. Pure: from what is known of the pod and its containers to one
 * action; the caller applies it and asks again until there is none. Behaviour after the kubelet of
 * Kubernetes 1.36 (pkg/kubelet/kuberuntime).
 *
 * Containers come in the order in which they start: init containers and sidecars as in the spec,
 * then the pod's own. A round is one life of the sandbox: init containers run once in each.
 */
#ifndef KJOB_POD_DECIDE_H
#define KJOB_POD_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job_decide.h" /* enum pod_phase */

enum restart_policy { RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_NEVER };
enum pull_policy { PULL_IF_NOT_PRESENT, PULL_ALWAYS, PULL_NEVER };

enum container_role {
	ROLE_INIT,    /* must succeed before the next one begins */
	ROLE_SIDECAR, /* an init container that goes on beside the others */
	ROLE_APP,
	ROLE_SANDBOX, /* ours: holds the network and, when asked, the processes of a pod */
};

/* How far the current attempt of a container has come. */
enum container_stage {
	STAGE_WAITING,  /* nothing of this attempt is in the engine */
	STAGE_CREATED,  /* it exists */
	STAGE_ATTACHED, /* its output stream is open */
	STAGE_RUNNING,
	STAGE_EXITED, /* ended, exit code known, output drained */
};

enum hook_state {
	HOOK_NONE, /* the spec has none */
	HOOK_DUE,  /* not begun in this attempt */
	HOOK_RUNNING,
	HOOK_DONE,
	HOOK_FAILED,
};

/* What follows the end of a container. */
enum after_exit { EXIT_STAY, EXIT_RESTART, EXIT_RESTART_ALL };

enum volumes_state { VOLUMES_READY, VOLUMES_DUE, VOLUMES_BUSY };

/* Why all containers of a pod are stopped, when nobody deletes it. */
enum pod_end {
	END_NONE,
	END_DONE,     /* none of its own containers runs or will run again, or an init container
			 failed for good */
	END_DEADLINE, /* activeDeadlineSeconds are over */
	END_EVICTED,  /* it takes more of the disk than it may */
};

struct container_obs {
	enum container_role role;
	enum container_stage stage;
	bool busy;          /* an engine call for it is under way */
	bool begun;         /* it was created at least once in this round */
	bool image_missing; /* the engine said so at create */
	bool image_pulled;  /* in this attempt */
	enum pull_policy pull;
	int attempt;
	int exit_code; /* EXITED: of this attempt; before it runs: of the last one, if any */
	enum after_exit after; /* what that exit code leads to, by policy and rules */
	int64_t not_before_ms; /* no create, pull or start before this wall time; 0: at once */
	bool started;          /* runs, its postStart hook and startup probe are done */
	bool unhealthy;        /* a liveness or startup probe failed for good */
	bool outdated;         /* its image is no longer that of the spec, and it has not ended */
	enum hook_state post_start, pre_stop;
	int64_t stop_by_ms;   /* its own deadline once its stop has begun; 0: none */
	int64_t grace_ms;     /* for a stop that begins now and is this container's alone */
	int64_t term_sent_ms; /* 0: not */
	int64_t kill_sent_ms; /* 0: not */
};

struct pod_obs {
	int64_t now_ms; /* wall clock */
	enum pod_phase phase;
	enum restart_policy restart;
	bool scheduled;
	bool held;           /* the engine is not reachable: start nothing */
	bool stopping;       /* the pod is being deleted, or its object is gone */
	bool released;       /* the object has been let go of; only foreign finalizers keep it */
	bool may_start;      /* a start slot is free */
	bool over_limit;     /* see END_EVICTED */
	enum pod_end ending; /* all containers are being stopped for this */
	int64_t stop_by_ms;  /* stopping or ending: when grace is over */
	int64_t deadline_ms; /* of activeDeadlineSeconds; 0: none */
	enum volumes_state volumes;
	int64_t volumes_not_before_ms;
	const struct container_obs *sandbox; /* NULL: the pod needs none */
	bool network_due;                    /* where its network comes from is to be decided */
	bool hand_on;                        /* the sandbox may go to another pod */
	bool address_first; /* containers are created when the sandbox runs, not beside its start */
	const struct container_obs *containers;
	size_t container_count;
};

enum pod_action_kind {
	POD_WAIT,     /* nothing to do before wake_at_ms (0: before the next fact) */
	POD_SCHEDULE, /* bind to the node */
	POD_VOLUMES,  /* make its volumes ready */
	POD_PULL,
	POD_NEVER_PULL, /* the image is absent and must not be pulled: report, retry later */
	POD_CREATE,
	POD_ATTACH,
	POD_START,
	POD_RESTART,    /* begin the next attempt of an ended container */
	POD_POST_START, /* run the hook */
	POD_PRE_STOP,   /* begin the stop with the hook */
	POD_TERM,
	POD_KILL,
	POD_ROUND,   /* begin the next round: everything is to run again (all) or what had not
			ended for good */
	POD_NETWORK, /* decide whether it has a sandbox that goes from pod to pod */
	POD_SANDBOX_CREATE,
	POD_SANDBOX_START,
	POD_SANDBOX_STOP,
	POD_SANDBOX_GIVE, /* let others have it */
	POD_END,          /* all containers are to be stopped because of `end` */
	POD_FINISH,       /* the phase is now `phase` for good */
	POD_REMOVE, /* everything has stopped: the object of a pod that is being deleted may go */
};

struct pod_action {
	enum pod_action_kind kind;
	size_t container;
	enum pod_phase phase; /* POD_FINISH */
	enum pod_end end;     /* POD_END, POD_FINISH */
	bool all;             /* POD_ROUND */
	int64_t wake_at_ms;   /* POD_WAIT */
};

struct pod_action pod_decide(const struct pod_obs *o);

/* The phase that the containers are in, whether or not it is the last one. */
enum pod_phase pod_phase_now(const struct pod_obs *o);
/* Whether all init containers have succeeded and all sidecars have started. */
bool pod_initialized(const struct pod_obs *o);
/* Whether this init container or sidecar no longer holds back those after it. */
bool pod_init_passed(const struct pod_obs *o, size_t i);

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
