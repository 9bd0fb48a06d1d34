/* run_state: what an attached `kjob run` reads out of pods and Jobs, and which exit code follows.
 * Pure. */
#ifndef KJOB_CMD_RUN_STATE_H
#define KJOB_CMD_RUN_STATE_H

#include "../runtime/base/json.h"

#define RUN_EXIT_TIMEOUT 124
#define RUN_EXIT_TROUBLE 125 /* of the engine or of kjob, as docker run has it */

enum view_stage { VIEW_WAITING, VIEW_RUNNING, VIEW_TERMINATED };

/* A pod and its first container. Strings are borrowed from the pod. */
struct pod_view {
	const char *name, *uid, *container;
	enum view_stage stage;
	int restarts;       /* the number of the attempt that `stage` is about */
	int attempt;        /* the newest attempt that has output; -1: none yet */
	const char *reason; /* of waiting; "" */
	const char *message;
	bool has_end;           /* an attempt has ended, the one of `stage` or the one before */
	int exit_code;          /* of that end */
	const char *end_reason; /* "" */
	const char *end_message;
	bool ended, succeeded;  /* the pod's phase */
	const char *pod_reason; /* "DeadlineExceeded", "" */
};
void pod_view(const json *pod, struct pod_view *ret);
/* Whether the container waits for something that a run does not wait for: no such image, a refused
 * create. */
bool view_is_trouble(const struct pod_view *v);
/* Whether the container never ran since the engine could not run its command: docker run reports
 * that itself. */
bool view_cannot_run(const struct pod_view *v);

/* What kind of run it is; from the object as the server stored it. */
struct run_shape {
	bool is_job;
	bool many; /* more than one pod at a time or more than one completion: lines get a prefix */
	bool pod_tells; /* the only pod's end is the run's: no retry and no deadline */
};
void run_shape_of(const json *object, struct run_shape *ret);
/* The first container of a Job or Pod. */
json *run_container(const json *object);

enum run_end { RUN_GOES_ON, RUN_COMPLETE, RUN_FAILED, RUN_DELETED };
/* How the Job ended, from its conditions; the strings are borrowed, NULL where it goes on. */
enum run_end run_end_of(const json *job, const char **reason, const char **message);

struct run_facts {
	struct run_shape shape;
	enum run_end
	    job; /* the Job's end; RUN_DELETED: somebody deleted the Job, or the bare Pod */
	bool job_timed_out; /* its reason is DeadlineExceeded */
	bool pod_ended;     /* a pod has reached its end, or a bare Pod's first attempt has */
	bool pod_succeeded; /* a pod has succeeded */
	bool pod_timed_out;
	int last_code;     /* of the container that ended last; -1: none */
	int first_failure; /* of the container that failed first; -1: none */
};
/* The exit code; -1: it goes on. */
int run_verdict(const struct run_facts *f);

#endif
