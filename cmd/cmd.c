/* cmd: what main prepares for a command, and how its errors leave. */
#include "cmd.h"

#include <stdio.h>
#include <unistd.h>

#include "cluster.h"
#include "errors.h"

void cmd_cluster_choice(const struct cmd_ctx *ctx, struct cluster_choice *ret)
{
	const struct opts *o = &ctx->opts;

	*ret = (struct cluster_choice){.context = opts_str(o, "context"),
	    .kubeconfig = opts_str(o, "kubeconfig"),
	    .cluster = opts_str(o, "cluster"),
	    .user = opts_str(o, "user"),
	    .as = {.user = opts_str(o, "as"),
		.uid = opts_str(o, "as-uid"),
		.groups = opts_list(o, "as-group")}};
}

/* What is about this machine does not go with the options that name another. */
static int check_here(const struct cmd_ctx *ctx, struct err *e)
{
	static const char *const names[] = {
	    "context", "kubeconfig", "cluster", "user", "as", "as-group", "as-uid"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (opts_given(&ctx->opts, names[i]) &&
		    !(i == 0 && str_eq(opts_str(&ctx->opts, names[i]), CLUSTER_LOCAL)))
			return err_set(e, ERR_BAD_REQUEST,
			    "'kjob %s' is about this machine: it does not go with --%s",
			    ctx->cmd->name, names[i]);
	return 0;
}

int cmd_choose_cluster(struct cmd_ctx *ctx, struct err *e)
{
	struct cluster_choice choice;

	switch (ctx->cmd->place) {
	case CMD_NOWHERE:
		return 0;
	case CMD_HERE:
		return check_here(ctx, e);
	case CMD_ANYWHERE:
		break;
	}
	cmd_cluster_choice(ctx, &choice);
	if (cluster_select(&choice, &ctx->cluster, e) < 0)
		return -1;
	if (!ctx->cluster)
		return 0;
	if (!ctx->ns_given && *ctx->cluster->ns)
		ctx->ns = ctx->cluster->ns;
	if (opts_given(&ctx->opts, "engine"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--engine is the local controller's: it does not go with context \"%s\"",
		    ctx->cluster->context);
	return 0;
}

struct client *cmd_client(struct cmd_ctx *ctx, struct err *e)
{
	struct client_options o = {
	    .engine = opts_str(&ctx->opts, "engine"),
	    .verbose = (int)opts_int(&ctx->opts, "v"),
	    .cluster = ctx->cluster,
	};

	if (ctx->client)
		return ctx->client;
	if (ctx->cluster && isatty(STDERR_FILENO))
		fprintf(
		    stderr, "context \"%s\" (%s)\n", ctx->cluster->context, ctx->cluster->server);
	if (client_open(&o, &ctx->client, e) < 0)
		return NULL;
	return ctx->client;
}

void cmd_report(struct cmd_ctx *ctx, struct err *e)
{
	auto_buf text = {0};

	buf_init(&text, 0);
	error_format(e, &text);
	out_flush(&ctx->out);
	fputs(buf_str(&text), stderr);
	err_clear(e);
	ctx->failed = 1;
}

int cmd_usage_error(const struct cmd_ctx *ctx, struct err *e, const char *fmt, ...)
{
	va_list ap;
	auto_free char *text = NULL;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(
	    e, ERR_BAD_REQUEST, "%s\nSee 'kjob %s -h' for help and examples", text, ctx->cmd->name);
}

const char *cmd_field_manager(const struct cmd_ctx *ctx, const char *usual)
{
	const char *given =
	    opts_known(&ctx->opts, "field-manager") ? opts_str(&ctx->opts, "field-manager") : "";

	return *given ? given : usual;
}
