/* kjob attach POD: what a running container prints from now on, and its standard input. */
#include <stdio.h>

#include "pod_pick.h"
#include "session.h"
#include "terminal.h"

static const struct opt options[] = {
    {"container", 'c', OPT_STRING, NULL, "NAME", "Of this container", NULL, NULL},
    {"stdin", 'i', OPT_BOOL, NULL, NULL, "Pass standard input on to the container", NULL, NULL},
    {"tty", 't', OPT_BOOL, NULL, NULL,
	"With --stdin, of a container that has a terminal: keys go through as they are typed", NULL,
	NULL},
    {"quiet", 'q', OPT_BOOL, NULL, NULL, "Show nothing but what the container prints", NULL, NULL},
    OPT_ROW_POD_RUNNING_TIMEOUT,
    OPT_END,
};

static int check_usage(const struct cmd_ctx *ctx, struct err *e)
{
	if (ctx->argc == 0)
		return cmd_usage_error(ctx, e, "at least 1 argument is required for attach");
	if (ctx->argc > 2)
		return cmd_usage_error(ctx, e,
		    "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw %zu",
		    ctx->argc);
	return 0;
}

static json *find_pod(struct cmd_ctx *ctx, struct err *e)
{
	auto_free char *word =
	    ctx->argc == 2 ? xasprintf("%s/%s", ctx->args[0], ctx->args[1]) : xstrdup(ctx->args[0]);

	return pod_pick(ctx, word, opts_duration_ns(&ctx->opts, "pod-running-timeout"), e);
}

/* The container's part of the spec; NULL: e is set. */
static const json *find_container(
    const struct cmd_ctx *ctx, const json *pod, char **ret_name, struct err *e)
{
	*ret_name = pod_pick_container(
	    pod, opts_str(&ctx->opts, "container"), opts_bool(&ctx->opts, "quiet"), e);
	if (*ret_name)
		return pod_pick_spec(pod, *ret_name);
	err_wrap(e, "cannot attach to the container");
	return NULL;
}

/* What -i and -t come to; the container's spec decides what there is to talk to. */
static void choose(const struct cmd_ctx *ctx, const json *container, struct session_options *s)
{
	bool quiet = opts_bool(&ctx->opts, "quiet"), has_tty = json_bool(container, "tty", false);
	const char *name = json_str_or(container, "name", "");

	if (s->tty && !has_tty && !quiet)
		fprintf(stderr, "error: Unable to use a TTY - container %s did not allocate one\n",
		    name);
	if (s->in && !json_bool(container, "stdin", false) && !quiet)
		fprintf(stderr,
		    "warning: container %s does not read: its spec has no \"stdin: true\"\n", name);
	s->tty = s->in && has_tty && (s->tty || terminal_is());
	session_terminal(s->in, &s->tty, quiet);
}

static char *attach_path(
    const json *pod, const char *container, const struct session_options *s, bool has_tty)
{
	auto_buf path = {0};

	pod_pick_path(pod, "attach", &path);
	query_add(&path, "container", container);
	query_add(&path, "stdin", s->in ? "true" : NULL);
	query_add(&path, "stdout", "true");
	query_add(&path, has_tty ? "tty" : "stderr", "true");
	return buf_take(&path);
}

static int exec_attach(struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;
	struct session_options session = {
	    .in = opts_bool(o, "stdin"), .tty = opts_bool(o, "tty"), .redraw = true};
	auto_json *pod = NULL;
	auto_free char *name = NULL, *path = NULL;
	const json *container;
	int code;

	if (check_usage(ctx, e) < 0)
		return -1;
	pod = find_pod(ctx, e);
	if (!pod || pod_pick_check(pod, "attach", e) < 0)
		return -1;
	container = find_container(ctx, pod, &name, e);
	if (!container)
		return -1;
	choose(ctx, container, &session);
	path = attach_path(pod, name, &session, json_bool(container, "tty", false));
	if (!opts_bool(o, "quiet"))
		fputs(PROMPT_HINT, stderr);
	code = session_run(ctx, path, &session, e);
	if (code >= 0 && session.tty && !opts_bool(o, "quiet"))
		session_resume_hint(pod, name);
	return code;
}

const struct cmd cmd_attach = {
    .name = "attach",
    .usage = "(POD | TYPE/NAME) [-c CONTAINER] [-i] [-t]",
    .summary = "Connect to a running container's output, and its input",
    .help = "Shows what the container prints from now on, to its end; what it printed before is in "
	    "its logs. With -i standard input goes to it, which its spec has to ask for (stdin: "
	    "true), and with -t keys go through as they are typed, Ctrl-C too, where it has a "
	    "terminal (tty: true). When kjob ends first, the container goes on. The exit code is 0 "
	    "however the container ends.",
    .examples = "# What a pod prints from now on\n"
		"kjob attach web\n\n"
		"# Back to a shell that `kjob run -it` has left\n"
		"kjob attach -it shell\n\n"
		"# The container worker of a pod of a Job\n"
		"kjob attach job/batch -c worker\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_attach,
};
