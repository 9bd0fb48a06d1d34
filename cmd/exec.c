/* kjob exec POD -- COMMAND: a command in a running container. */
#include <stdio.h>

#include "pod_pick.h"
#include "session.h"

static const struct opt options[] = {
    {"container", 'c', OPT_STRING, NULL, "NAME", "In this container", NULL, NULL},
    {"stdin", 'i', OPT_BOOL, NULL, NULL, "Pass standard input on to the command", NULL, NULL},
    {"tty", 't', OPT_BOOL, NULL, NULL, "Give the command a terminal, with --stdin", NULL, NULL},
    {"quiet", 'q', OPT_BOOL, NULL, NULL, "Show nothing but what the command prints", NULL, NULL},
    OPT_ROW_POD_RUNNING_TIMEOUT,
    OPT_END,
};

static int check_usage(const struct cmd_ctx *ctx, struct err *e)
{
	if (ctx->argc == 0 || ctx->dash == 0)
		return cmd_usage_error(ctx, e, "pod or type/name must be specified");
	if (ctx->dash < 0 && ctx->argc > 1)
		return err_set(e, ERR_BAD_REQUEST,
		    "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] "
		    "instead");
	if (ctx->argc < 2)
		return cmd_usage_error(
		    ctx, e, "you must specify at least one command for the container");
	if (ctx->dash > 1)
		return cmd_usage_error(ctx, e, "only one pod, and its command behind --");
	return 0;
}

static int exec_exec(struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;
	struct session_options session = {.in = opts_bool(o, "stdin"), .tty = opts_bool(o, "tty")};
	auto_json *pod = NULL;
	auto_free char *container = NULL, *path = NULL;
	int code;

	if (check_usage(ctx, e) < 0)
		return -1;
	pod = pod_pick(ctx, ctx->args[0], opts_duration_ns(o, "pod-running-timeout"), e);
	if (!pod || pod_pick_check(pod, "exec into", e) < 0)
		return -1;
	container = pod_pick_container(pod, opts_str(o, "container"), opts_bool(o, "quiet"), e);
	if (!container)
		return -1;
	session_terminal(session.in, &session.tty, opts_bool(o, "quiet"));
	path = pod_exec_path(pod, container, ctx->args + 1, ctx->argc - 1, session.in, session.tty);
	code = session_run(ctx, path, &session, e);
	if (code > 0 && !ctx->out.error)
		fprintf(stderr, "command terminated with exit code %d\n", code);
	return code;
}

const struct cmd cmd_exec = {
    .name = "exec",
    .usage = "(POD | TYPE/NAME) [-c CONTAINER] [-i] [-t] -- COMMAND [ARG…]",
    .summary = "Run a command in a running container",
    .help = "Of an object such as a Job, a pod of its own is taken. Ends with the command's exit "
	    "code. With -i and -t, at a terminal, keys go through as they are typed, Ctrl-C too. "
	    "When kjob ends before the command, that goes on.",
    .examples = "# A command, and its exit code\n"
		"kjob exec web -- cat /etc/hosts\n\n"
		"# A shell in the container worker of a pod of a Job\n"
		"kjob exec -it job/batch -c worker -- sh\n\n"
		"# A file into the container\n"
		"kjob exec -i web -- sh -c 'cat > /tmp/data' < data\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_exec,
};
