/* exec: a command in the container; 0 is a success, what it printed tells of a failure. */
#include "../runtime/exec.h"

#include "action_internal.h"

struct exec_state {
	struct exec_run *run;
	char *words; /* the command, joined by blanks */
};

static void on_done(struct engine_who who, const struct exec_result *r, const struct err *err)
{
	struct action *a = who.ctx;
	struct exec_state *x = a->state;

	x->run = NULL;
	if (err) {
		action_finishf(a, ACTION_ERROR, "failed to exec in container: %s", err_msg(err));
		return;
	}
	a->exit_code = r->exit_code;
	action_finish(
	    a, r->exit_code == 0 ? ACTION_SUCCESS : ACTION_FAILURE, r->output, r->output_len);
}

static void exec_start(struct action *a, const struct action_spec *s)
{
	struct exec_spec spec = {.container = s->container, .command = s->command};
	struct exec_state *x = xcalloc(1, sizeof(*x));

	a->state = x;
	x->words = strlist_join(s->command, " ");
	x->run =
	    exec_run(s->engine, &spec, ACTION_TEXT_MAX, 0, on_done, (struct engine_who){.ctx = a});
}

static void exec_timed_out(struct action *a)
{
	struct exec_state *x = a->state;
	char duration[TIME_TEXT_MAX];
	auto_free char *quoted = str_go_quote(x->words);

	action_finishf(a, ACTION_FAILURE, "command timed out: %s timed out after %s", quoted,
	    duration_format(duration, a->timeout_ms * NSEC_PER_MSEC));
}

static void exec_stop(struct action *a)
{
	struct exec_state *x = a->state;

	if (!x)
		return;
	exec_run_cancel(x->run);
	free(x->words);
	free(x);
}

const struct action_ops exec_action = {exec_start, exec_timed_out, exec_stop};
