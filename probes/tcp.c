/* tcp: a connection that is made is a success. */
#include "action_internal.h"

struct tcp_state {
	struct dial *dial;
	char *host;
	unsigned port;
	bool through; /* a runner */
};

static void on_dialled(void *ctx, enum http_fault fault, int os_error)
{
	struct action *a = ctx;
	struct tcp_state *t = a->state;

	if (fault == HTTP_FAULT_NONE) {
		action_finish(a, ACTION_SUCCESS, "", 0);
		return;
	}
	if (t->dial && dial_text(t->dial)) {
		action_finishf(a, ACTION_FAILURE, "%s", dial_text(t->dial));
		return;
	}
	if (t->through && fault == HTTP_FAULT_OTHER) {
		action_no_network(a);
		return;
	}
	auto_free char *text = action_dial_text(t->host, t->port, fault, os_error);
	action_finishf(a, ACTION_FAILURE, "%s", text);
}

static void tcp_start(struct action *a, const struct action_spec *s)
{
	struct tcp_state *t = xcalloc(1, sizeof(*t));

	a->state = t;
	t->host = xstrdup(s->host);
	t->port = s->port;
	t->through = s->runner;
	if (s->runner) {
		action_wait(a);
		t->dial = action_dial(a, s->runner, s->host, s->port, on_dialled);
	} else {
		t->dial = dial_new(a->loop, s->host, s->port, a->timeout_ms + 1000, on_dialled, a);
	}
}

static void tcp_timed_out(struct action *a)
{
	on_dialled(a, HTTP_FAULT_TIMEOUT, 0);
}

static void tcp_stop(struct action *a)
{
	struct tcp_state *t = a->state;

	if (!t)
		return;
	dial_free(t->dial);
	free(t->host);
	free(t);
}

const struct action_ops tcp_action = {tcp_start, tcp_timed_out, tcp_stop};
