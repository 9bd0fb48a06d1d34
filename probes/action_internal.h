/* action_internal: what the kinds of actions share. */
#ifndef KJOB_PROBES_ACTION_INTERNAL_H
#define KJOB_PROBES_ACTION_INTERNAL_H

#include "../runtime/base/clock.h"
#include "../runtime/dial.h"
#include "action.h"

/* A kind. All of them are handed the action; its `state` is theirs. */
struct action_ops {
	/* Sets state; may already call action_finish. */
	void (*start)(struct action *a, const struct action_spec *s);
	/* The time is over: calls action_finish. */
	void (*timed_out)(struct action *a);
	/* Ends what is under way and frees state; called once, not from within its own callbacks.
	 */
	void (*stop)(struct action *a);
};

extern const struct action_ops exec_action, http_action, tcp_action, grpc_action;

struct action {
	struct loop *loop;
	const struct action_ops *ops;
	void *state;
	struct timer timer;
	int64_t timeout_ms;
	bool waiting;  /* for what it needs before it can begin */
	bool finished; /* what comes now is too late */
	enum action_outcome outcome;
	int exit_code;
	struct buf text;
	action_done_fn *done;
	void *ctx;
	uint64_t key;
};

/* Something has to be started before the action can begin, within BEGIN_MS; then its own time
 * limit counts. */
void action_wait(struct action *a);
void action_begin(struct action *a);
#define BEGIN_MS 60000
/* The result; the first one counts. It is delivered later in this turn. */
void action_finish(struct action *a, enum action_outcome outcome, const char *text, size_t len);
void action_finishf(struct action *a, enum action_outcome outcome, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* A connection by the runner, which this waits for; dial_text tells why it failed. */
struct dial *action_dial(
    struct action *a, struct runner *via, const char *host, unsigned port, dial_done_fn *done);
/* It could not be carried out there. */
void action_no_network(struct action *a);
/* As Go prints a failed connection: "dial tcp 10.0.0.1:80: connect: connection refused"; owned. */
char *action_dial_text(const char *host, unsigned port, enum http_fault fault, int os_error);
/* Whether HOST may stand in a URL: a name or an address. */
bool action_host_is_fine(const char *host);

#endif
