/* run: what the files of `kjob run` share. */
#ifndef KJOB_CMD_RUN_H
#define KJOB_CMD_RUN_H

#include "interrupt.h"
#include "logstream.h"
#include "progress.h"
#include "resources.h"
#include "run_state.h"
#include "stdin_feed.h"
#include "watcher.h"

/* A pod of the run, and how far its output was shown. */
struct run_pod {
	struct run *run;
	struct run_pod *next;
	char *name, *uid, *container;
	struct pod_view view; /* strings are not kept, but for these: */
	char *waiting_message;
	bool gone;        /* deleted */
	int attempt;      /* whose output is shown, or comes next */
	bool previous;    /* its log is asked for as the previous one */
	bool by_uid;      /* its log is asked for by uid and attempt: the pod may be gone */
	bool counted;     /* its exit code is in the facts */
	bool told_unread; /* that it took its output with it */
	struct logstream log;
	struct timer repair; /* a log that ended before its container did: look again */
	int repair_ms;
	struct run_input {
		struct channel channel; /* pods/attach */
		struct stdin_feed feed;
		bool began, lost, over; /* over: the container has ended */
		bool shows;             /* output comes this way too, not from the log */
		bool ending;            /* the end of it is waited for */
		struct err why;         /* of lost */
		unsigned failures;
	} input;
};

struct run {
	struct cmd_ctx *ctx;
	struct client *client;
	const struct resource *resource;
	char *name, *uid, *version;
	struct run_facts facts;
	struct run_pod *pods;
	struct watcher pod_watch, job_watch;
	struct outlet outlet;
	struct progress progress;
	struct timer running_timer; /* --pod-running-timeout */
	bool was_running, running_timed_out;
	bool tty;      /* the container has a terminal and so have we */
	bool listed;   /* the pods were listed after the Job's end: all are known */
	bool stopping; /* a signal came and the run was deleted */
	bool deleted;  /* by us */
	bool failed;   /* output was lost, and reported */
	char *trouble; /* why it will never run */
};

/* Follows the run to its end. The exit code, or -1. `created` is the object as the server stored
 * it. */
int run_follow(
    struct cmd_ctx *ctx, const struct resource *r, const json *created, struct err *e) MUST_USE;
/* Deletes the object that a run made; what is gone already is fine. */
int run_delete(struct client *c, const struct resource *r, const char *ns, const char *name,
    const char *uid, const char *propagation, struct err *e) MUST_USE;

/* run_pods.c: takes up a pod's news; then shows what there is to show of it. */
void run_pod_news(struct run *r, const char *type, const json *pod);
/* After a list: the pods that are not in it. */
void run_pods_count_gone(struct run *r);
int run_pod_pump(struct run_pod *p, struct err *e) MUST_USE;
/* All its output was shown and it is over. */
bool run_pod_done(const struct run_pod *p);
void run_pod_free(struct run_pod *p);
/* "/api/v1/namespaces/NS/pods/POD/SUB?container=…"; owned. */
char *run_pod_path(const struct run_pod *p, const char *sub);

/* run_input.c: standard input to the pod while it runs. -1: it does not get there. */
int run_input_pump(struct run_pod *p, struct err *e) MUST_USE;
void run_input_stop(struct run_pod *p);

#endif
