/*
 * exec: a command in the container; 0 is a success, what it printed tells of a failure. A runner
 * starts it where there is one; what that cannot start is left to the engine, for its words, too.
 */
#include "../runtime/exec.h"

#include "action_internal.h"

struct exec_state {
	struct engine *engine;
	char *container;
	struct strlist command;
	struct exec_run *run;
	struct runner_call *call;
	struct buf out, err;
};

/* ---- by an exec of its own ---- */

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

static void run_alone(struct action *a)
{
	struct exec_state *x = a->state;
	struct exec_spec spec = {.container = x->container, .command = &x->command};

	x->run =
	    exec_run(x->engine, &spec, ACTION_TEXT_MAX, 0, on_done, (struct engine_who){.ctx = a});
}

/* ---- by the runner ---- */

static void on_begin(void *ctx)
{
	action_begin(ctx);
}

static void on_data(void *ctx, enum stream_kind kind, const char *data, size_t len)
{
	struct action *a = ctx;
	struct exec_state *x = a->state;
	struct buf *b = kind == STREAM_STDERR ? &x->err : &x->out;
	size_t room = ACTION_TEXT_MAX - b->len;

	buf_add(b, data, len < room ? len : room);
}

static void on_end(void *ctx, enum runner_end end, int exit_code)
{
	struct action *a = ctx;
	struct exec_state *x = a->state;

	x->call = NULL;
	if (a->finished)
		return;
	switch (end) {
	case RUNNER_ENDED:
		a->exit_code = exit_code;
		buf_add(&x->out, buf_str(&x->err), x->err.len);
		action_finish(a, exit_code == 0 ? ACTION_SUCCESS : ACTION_FAILURE, buf_str(&x->out),
		    x->out.len);
		break;
	case RUNNER_NOT_STARTED:
		action_begin(a);
		run_alone(a);
		break;
	case RUNNER_LOST:
		action_finishf(
		    a, ACTION_ERROR, "failed to exec in container: the command's end is not known");
		break;
	}
}

static void run_there(struct action *a, struct runner *r)
{
	static const struct runner_callbacks callbacks = {
	    .on_begin = on_begin, .on_data = on_data, .on_end = on_end};
	struct exec_state *x = a->state;

	action_wait(a);
	x->call = runner_run(r, &x->command, ACTION_TEXT_MAX, false, &callbacks, a);
}

/* ---- start and end ---- */

static void exec_start(struct action *a, const struct action_spec *s)
{
	struct exec_state *x = xcalloc(1, sizeof(*x));

	a->state = x;
	x->engine = s->engine;
	x->container = xstrdup(s->container);
	for (size_t i = 0; i < s->command->len; i++)
		strlist_add(&x->command, s->command->items[i]);
	if (s->runner && runner_takes(s->runner, &x->command))
		run_there(a, s->runner);
	else
		run_alone(a);
}

static void exec_timed_out(struct action *a)
{
	struct exec_state *x = a->state;
	char duration[TIME_TEXT_MAX];
	auto_free char *words = strlist_join(&x->command, " ");
	auto_free char *quoted = str_go_quote(words);

	action_finishf(a, ACTION_FAILURE, "command timed out: %s timed out after %s", quoted,
	    duration_format(duration, a->timeout_ms * NSEC_PER_MSEC));
}

static void exec_stop(struct action *a)
{
	struct exec_state *x = a->state;

	if (!x)
		return;
	exec_run_cancel(x->run);
	runner_cancel(x->call);
	strlist_release(&x->command);
	buf_release(&x->out);
	buf_release(&x->err);
	free(x->container);
	free(x);
}

const struct action_ops exec_action = {exec_start, exec_timed_out, exec_stop};
