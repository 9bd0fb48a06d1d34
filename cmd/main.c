/* main: one command from its words to its exit code. The only place that exits. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "../runtime/base/log.h"
#include "cluster.h"
#include "cmd.h"
#include "resources.h"

static int error_exit(const struct cmd_ctx *ctx)
{
	return ctx->cmd && ctx->cmd->error_exit ? ctx->cmd->error_exit : 1;
}

static int run_command(struct cmd_ctx *ctx, const char *const *argv, size_t argc, struct err *e)
{
	bool bare = ctx->cmd == &cmd_help;

	opts_add_table(&ctx->opts, ctx->cmd->options);
	opts_add_table(&ctx->opts, cmd_global_options);
	if (opts_parse(&ctx->opts, argv, argc, e) < 0)
		return err_set(e, ERR_BAD_REQUEST, "%s\nSee 'kjob %s%s--help' for usage.",
		    err_msg(e), bare ? "" : ctx->cmd->name, bare ? "" : " ");
	ctx->args = ctx->opts.args;
	ctx->argc = ctx->opts.argc;
	ctx->dash = ctx->opts.dash;
	ctx->ns = opts_str(&ctx->opts, "namespace");
	ctx->ns_given = opts_given(&ctx->opts, "namespace");
	if (!*ctx->ns)
		ctx->ns = "default";
	if (opts_bool(&ctx->opts, "help")) {
		help_command(&ctx->out, ctx->cmd);
		return 0;
	}
	return cmd_choose_cluster(ctx, e) < 0 ? -1 : ctx->cmd->exec(ctx, e);
}

/* Standard output's end: a reader that went away ends kjob as SIGPIPE would have. */
static int finish_output(struct cmd_ctx *ctx, int code)
{
	out_flush(&ctx->out);
	if (ctx->out.error == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
		return 128 + SIGPIPE;
	}
	if (ctx->out.error) {
		fprintf(stderr, "error: cannot write to standard output: %s\n",
		    strerror(ctx->out.error));
		return code ? code : error_exit(ctx);
	}
	return code;
}

int main(int argc, char **argv)
{
	struct cmd_ctx ctx = {0};
	auto_err e = {0};
	size_t words = argc > 0 ? (size_t)argc - 1 : 0;
	const char **copy = xcalloc(words + 1, sizeof(*copy));
	int code = -1;

	for (size_t i = 0; i < words; i++)
		copy[i] = argv[i + 1];
	signal(SIGPIPE, SIG_IGN);
	/* Diagnostics are for the controller; a slow machine is no news to people. */
	log_setup(STDERR_FILENO, LOG_ERROR);
	out_init(&ctx.out, STDOUT_FILENO);
	ctx.cmd = cmd_locate(copy, &words, &e);
	if (ctx.cmd)
		code = run_command(&ctx, copy, words, &e);
	if (code < 0) {
		cmd_report(&ctx, &e);
		code = error_exit(&ctx);
	}
	code = finish_output(&ctx, code);
	resources_free(ctx.resources);
	json_free(ctx.documents);
	free(ctx.local_ns);
	client_close(ctx.client);
	cluster_free(ctx.cluster);
	opts_release(&ctx.opts);
	out_release(&ctx.out);
	free(copy);
	return code;
}
