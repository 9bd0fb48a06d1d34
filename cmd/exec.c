/* kjob exec POD -- COMMAND: a command in a running container. */
#include <stdio.h>

#include "manifest.h"
#include "pod_pick.h"
#include "session.h"

#define NO_COMMAND "you must specify at least one command for the container"

static const struct opt options[] = {
    {"container", 'c', OPT_STRING, NULL, "NAME", "In this container", NULL, NULL},
    {"stdin", 'i', OPT_BOOL, NULL, NULL, "Pass standard input on to the command", NULL, NULL},
    {"tty", 't', OPT_BOOL, NULL, NULL, "Give the command a terminal, with --stdin", NULL, NULL},
    {"quiet", 'q', OPT_BOOL, NULL, NULL, "Show nothing but what the command prints", NULL, NULL},
    OPT_ROW_FILENAME("A manifest that names the pod, or what has pods"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_POD_RUNNING_TIMEOUT,
    OPT_END,
};

static int check_usage(const struct cmd_ctx *ctx, struct err *e)
{
	if (opts_given(&ctx->opts, "filename"))
		return ctx->argc && ctx->dash <= 0
			   ? 0
			   : cmd_usage_error(ctx, e,
				 ctx->argc ? "only one pod, and its command behind --"
					   : NO_COMMAND);
	if (ctx->argc == 0 || ctx->dash == 0)
		return cmd_usage_error(ctx, e, "pod, type/name or --filename must be specified");
	if (ctx->dash < 0 && ctx->argc > 1)
		return err_set(e, ERR_BAD_REQUEST,
		    "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] "
		    "instead");
	if (ctx->argc < 2)
		return cmd_usage_error(ctx, e, NO_COMMAND);
	if (ctx->dash > 1)
		return cmd_usage_error(ctx, e, "only one pod, and its command behind --");
	return 0;
}

/* TYPE/NAME of what -f names, whose namespace becomes the command's; owned. */
static char *named_by_file(struct cmd_ctx *ctx, struct manifests *files, struct err *e)
{
	struct manifest_target t = {0};
	auto_buf type = {0};

	if (manifests_load(opts_list(&ctx->opts, "filename"), opts_bool(&ctx->opts, "recursive"),
		files, e) < 0)
		return NULL;
	if (files->len != 1) {
		err_set(e, ERR_BAD_REQUEST,
		    "-f names %zu objects: it has to be one pod, or one "
		    "object that has pods",
		    files->len);
		return NULL;
	}
	if (manifest_resolve_named(ctx, &files->items[0], &t, e) < 0)
		return NULL;
	if (t.ns)
		ctx->ns = t.ns;
	resource_qualified_name(t.resource, &type);
	return xasprintf("%s/%s", buf_str(&type), t.name);
}

/* The pod; *ret_command: which argument the command begins with. Owned. */
static json *find_pod(
    struct cmd_ctx *ctx, struct manifests *files, size_t *ret_command, struct err *e)
{
	int64_t timeout_ns = opts_duration_ns(&ctx->opts, "pod-running-timeout");
	auto_free char *word = NULL;

	*ret_command = opts_given(&ctx->opts, "filename") ? 0 : 1;
	if (*ret_command)
		return pod_pick(ctx, ctx->args[0], timeout_ns, e);
	word = named_by_file(ctx, files, e);
	return word ? pod_pick(ctx, word, timeout_ns, e) : NULL;
}

static int exec_exec(struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;
	struct session_options session = {.in = opts_bool(o, "stdin"), .tty = opts_bool(o, "tty")};
	auto_manifests files = {0};
	auto_json *pod = NULL;
	size_t command;
	auto_free char *container = NULL, *path = NULL;
	int code;

	if (check_usage(ctx, e) < 0)
		return -1;
	pod = find_pod(ctx, &files, &command, e);
	if (!pod || pod_pick_check(pod, "exec into", e) < 0)
		return -1;
	container = pod_pick_container(pod, opts_str(o, "container"), opts_bool(o, "quiet"), e);
	if (!container)
		return -1;
	session_terminal(session.in, &session.tty, opts_bool(o, "quiet"));
	path = pod_exec_path(
	    pod, container, ctx->args + command, ctx->argc - command, session.in, session.tty);
	code = session_run(ctx, path, &session, e);
	if (code > 0 && !ctx->out.error)
		fprintf(stderr, "command terminated with exit code %d\n", code);
	return code;
}

const struct cmd cmd_exec = {
    .name = "exec",
    .usage = "(POD | TYPE/NAME | -f FILE) [-c CONTAINER] [-i] [-t] -- COMMAND [ARG…]",
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
