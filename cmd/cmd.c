/* cmd: what main prepares for a command, and how its errors leave. */
#include "cmd.h"

#include <stdio.h>

#include "errors.h"

struct client *cmd_client(struct cmd_ctx *ctx, struct err *e)
{
	struct client_options o = {
	    .engine = opts_str(&ctx->opts, "engine"),
	    .verbose = (int)opts_int(&ctx->opts, "v"),
	};

	if (!ctx->client && client_open(&o, &ctx->client, e) < 0)
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
