/* cmd: what main prepares for a command, and how its errors leave. */
#include "cmd.h"

#include <stdio.h>
#include <unistd.h>

#include "../runtime/base/clock.h"
#include "cluster.h"
#include "errors.h"

#define TIMEOUT_MAX_S (10LL * 365 * 24 * 3600)

void cmd_cluster_choice(const struct cmd_ctx *ctx, struct cluster_choice *ret)
{
	const struct opts *o = &ctx->opts;

	*ret = (struct cluster_choice){.context = opts_str(o, "context"),
	    .kubeconfig = opts_str(o, "kubeconfig"),
	    .cluster = opts_str(o, "cluster"),
	    .user = opts_str(o, "user"),
	    .server = opts_str(o, "server"),
	    .ca_file = opts_str(o, "certificate-authority"),
	    .tls_server_name = opts_str(o, "tls-server-name"),
	    .cert_file = opts_str(o, "client-certificate"),
	    .key_file = opts_str(o, "client-key"),
	    .token = opts_str(o, "token"),
	    .insecure = opts_bool(o, "insecure-skip-tls-verify"),
	    .as = {.user = opts_str(o, "as"),
		.uid = opts_str(o, "as-uid"),
		.groups = opts_list(o, "as-group")}};
}

/* What is about this machine does not go with the options that name another. */
static int check_here(const struct cmd_ctx *ctx, struct err *e)
{
	static const char *const names[] = {"context", "kubeconfig", "cluster", "user", "server",
	    "token", "client-certificate", "client-key", "certificate-authority", "tls-server-name",
	    "insecure-skip-tls-verify", "as", "as-group", "as-uid"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (opts_given(&ctx->opts, names[i]) &&
		    !opt_find_name(ctx->cmd->options, names[i], strlen(names[i])) &&
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
	if (!ctx->cluster) {
		ctx->local_ns = cluster_local_namespace();
		if (!ctx->ns_given && *ctx->local_ns)
			ctx->ns = ctx->local_ns;
		return 0;
	}
	if (!ctx->ns_given && *ctx->cluster->ns)
		ctx->ns = ctx->cluster->ns;
	if (opts_given(&ctx->opts, "engine"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--engine is the local controller's: it does not go with context \"%s\"",
		    ctx->cluster->context);
	return 0;
}

/* A number alone is one of seconds. */
static int request_timeout(const struct cmd_ctx *ctx, int64_t *ret_ms, struct err *e)
{
	const char *text = opts_str(&ctx->opts, "request-timeout");
	int64_t ns;

	if (str_to_int(text, 0, TIMEOUT_MAX_S, ret_ms) == 0) {
		*ret_ms *= 1000;
		return 0;
	}
	if (duration_parse(text, &ns) < 0 || ns < 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "Invalid timeout value. Timeout must be a single integer in seconds, or an "
		    "integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)");
	*ret_ms = (ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;
	return 0;
}

static void tell_where(const struct cluster *c)
{
	if (*c->context)
		fprintf(stderr, "context \"%s\" (%s)\n", c->context, c->server);
	else
		fprintf(stderr, "%s\n", c->server);
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
	if (request_timeout(ctx, &o.timeout_ms, e) < 0)
		return NULL;
	if (ctx->cluster && isatty(STDERR_FILENO))
		tell_where(ctx->cluster);
	if (client_open(&o, &ctx->client, e) < 0)
		return NULL;
	return ctx->client;
}

void cmd_report(struct cmd_ctx *ctx, struct err *e)
{
	auto_buf text = {0};

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

int cmd_exec_group(struct cmd_ctx *ctx, struct err *e)
{
	if (ctx->argc)
		return cmd_usage_error(ctx, e, "unknown command \"%s\"", ctx->args[0]);
	help_command(&ctx->out, ctx->cmd);
	return 1;
}
