/* kjob version: of this program, of the controller and of the engine. */
#include "cmd.h"

#include "../runtime/base/yaml.h"

static const char *const format_choices[] = {"", "json", "yaml", NULL};

static const struct opt options[] = {
    {"client", 0, OPT_BOOL, NULL, NULL, "Only this program's version: nothing is asked or started",
	NULL, NULL},
    {"output", 'o', OPT_STRING, NULL, "FORMAT", "json or yaml", NULL, format_choices},
    OPT_END,
};

static void print_text(struct out *out, const json *v, bool remote)
{
	const char *server = remote ? "serverVersion" : "controllerVersion";
	const json *engine = json_get(v, "engine");

	out_addf(out, "Client Version: %s\n", json_str_or(v, "clientVersion.gitVersion", ""));
	if (json_has(v, server))
		out_addf(out, "%s Version: %s\n", remote ? "Server" : "Controller",
		    json_str_or(json_get(v, server), "gitVersion", ""));
	if (engine)
		out_addf(out, "Engine: %s %s (API %s, %s)\n", json_str_or(engine, "kind", "?"),
		    json_str_or(engine, "version", "?"), json_str_or(engine, "apiVersion", "?"),
		    json_str_or(engine, "address", "?"));
}

static void print_as(struct out *out, json *v, const char *format)
{
	auto_buf text = {0};

	if (str_eq(format, "yaml")) {
		yaml_print(v, &text);
		out_adds(out, buf_str(&text));
	} else {
		auto_free char *s = json_print_indent(v, 2);

		out_addf(out, "%s\n", s);
	}
}

/* Of Kubernetes' API, as the server has it. */
static int ask_server(struct cmd_ctx *ctx, json *v, struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	json *version = c ? client_get_json(c, "/version", e) : NULL;

	if (version)
		json_set(v, "serverVersion", version);
	return version ? 0 : -1;
}

static int ask_controller(struct cmd_ctx *ctx, json *v, struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	auto_json *status = c ? client_get_json(c, "/kjob/v1/status", e) : NULL;
	json *engine;

	if (!status)
		return -1;
	json_set_path(
	    v, "controllerVersion.gitVersion", json_new_string(json_str_or(status, "version", "")));
	engine = json_take(status, "engine");
	if (engine)
		json_set(v, "engine", engine);
	return ask_server(ctx, v, e);
}

static int exec_version(struct cmd_ctx *ctx, struct err *e)
{
	const char *format = opts_str(&ctx->opts, "output");
	auto_json *v = json_new_object();
	int rc = 0;

	if (ctx->argc)
		return cmd_usage_error(ctx, e, "unexpected arguments: [%s]", ctx->args[0]);
	json_set_path(v, "clientVersion.gitVersion", json_new_string(KJOB_VERSION));
	if (!opts_bool(&ctx->opts, "client"))
		rc = ctx->cluster ? ask_server(ctx, v, e) : ask_controller(ctx, v, e);
	/* What is known is told, even when the controller could not be asked. */
	if (*format)
		print_as(&ctx->out, v, format);
	else
		print_text(&ctx->out, v, ctx->cluster);
	return rc;
}

const struct cmd cmd_version = {
    .name = "version",
    .usage = "[options]",
    .summary = "Show the versions of kjob, its controller and the engine, or of the cluster",
    .options = options,
    .group = GROUP_OTHER,
    .exec = exec_version,
};
