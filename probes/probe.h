/*
 * probe: when a probe of a container runs, and what its results mean. Pure: no loop, no clock, no
 * engine; times are milliseconds of one clock that the caller chooses and hands in.
 *
 * One struct probe_state per probe (a container has up to three) lives as long as its pod. It holds
 * no memory of its own: zeroed is new, and it can be dropped at any moment. The owner, on whatever
 * has changed and when a time that it was told comes:
 *
 *	d = probe_decide(&spec, &state, &obs);
 *	d.cancel: cancel the action under way (if it has not ended already)
 *	d.what == PROBE_RUN: start one action; when it ends, probe_note(), then decide again
 *	d.what == PROBE_WAIT: decide again at d.at_ms, or when something of obs changes
 *	d.what == PROBE_END: this probe never runs again in this pod
 *	d.flipped: state.verdict is new: publish it, or act on it
 *
 * What a verdict means: readiness is the container's `ready`; startup SUCCESS is its `started`;
 * liveness and startup FAILURE of the container that runs now: kill it (probe_kills tells), and by
 * the restart policy start it anew. Without a startup probe a container counts as started as soon
 * as it runs; without a readiness probe as ready. When a startup probe has succeeded, call
 * probe_trigger on the container's readiness probe.
 *
 * Deciding twice with the same observation changes nothing the second time.
 */
#ifndef KJOB_PROBES_PROBE_H
#define KJOB_PROBES_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "../runtime/base/mem.h"

enum probe_kind { PROBE_STARTUP, PROBE_LIVENESS, PROBE_READINESS };
enum probe_verdict { PROBE_UNKNOWN, PROBE_SUCCESS, PROBE_FAILURE };

struct probe_spec {
	enum probe_kind kind;
	int64_t initial_delay_s, period_s, timeout_s;
	int success_threshold, failure_threshold;
	int64_t grace_s; /* of its own, for the kill that it causes; 0: the pod's */
};
/* Fills in the defaults of Kubernetes for what is 0. */
void probe_spec_default(struct probe_spec *s);

/* What is known of the container and its pod now. */
struct probe_obs {
	int64_t now_ms;
	const char *container_id; /* of the newest attempt; NULL or "": there is none yet */
	bool running;
	bool over;             /* it has terminated and will not be started again */
	bool started;          /* the startup probe has succeeded, or there is none and it runs */
	bool deleting;         /* the pod has a deletionTimestamp */
	bool pod_over;         /* its phase is Failed or Succeeded */
	int64_t started_at_ms; /* of the container */
	int64_t controller_start_ms;
	double jitter; /* in [0, 1), random; only used in the first period after controller_start */
};

#define PROBE_TRIES 3 /* of one run, when the prober itself fails */
#define PROBE_CONTAINER_ID_MAX 72

struct probe_state {
	enum probe_verdict verdict;
	bool begun;     /* it has a container; verdict means something */
	bool ran;       /* the container has been seen running */
	bool on_hold;   /* it has failed a container: until the next one comes */
	bool in_flight; /* an action is under way */
	bool stale;     /* … but its result is no longer wanted */
	bool triggered; /* run as soon as may be */
	bool ended;
	bool jittered;
	int tries; /* of this run that ended in an error */
	enum probe_verdict last_result;
	int results;         /* in a row that agree with last_result */
	int64_t next_ms;     /* when the next run is due */
	int64_t earliest_ms; /* jitter: nothing before it */
	char container_id[PROBE_CONTAINER_ID_MAX];
};

enum probe_what { PROBE_WAIT, PROBE_RUN, PROBE_END };
#define PROBE_NEVER INT64_MAX

struct probe_decision {
	enum probe_what what;
	int64_t at_ms; /* PROBE_WAIT: when to decide again; PROBE_NEVER: when something changes */
	bool cancel;
	bool flipped;
};
struct probe_decision probe_decide(
    const struct probe_spec *s, struct probe_state *st, const struct probe_obs *o);

/*
 * The action under way has ended. UNKNOWN: an error of the prober itself, the action could not be
 * carried out; it is tried again at once, PROBE_TRIES times in all, and then forgotten. Returns
 * whether the verdict flipped. Decide afterwards. ret_report (may be NULL): whether an event shall
 * be written about it: of every failure, and of the last try that erred.
 */
bool probe_note(const struct probe_spec *s, struct probe_state *st, enum probe_verdict result,
    bool *ret_report);
/* Makes the next run due at once. */
void probe_trigger(struct probe_state *st);
/* Whether the container that is running has to be killed for this probe's verdict. */
bool probe_kills(const struct probe_spec *s, const struct probe_state *st);

/* "Liveness", as events spell it. */
const char *probe_kind_name(enum probe_kind kind);

#endif
