/* kjob api-versions: the groups and versions that the server offers. */
#include "cmd.h"

static int add_groups(struct cmd_ctx *ctx, struct strlist *ret, struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	auto_json *core = c ? client_get_json(c, "/api", e) : NULL;
	auto_json *others = core ? client_get_json(c, "/apis", e) : NULL;

	if (!others)
		return -1;
	json_for (v, json_get(core, "versions"))
		strlist_add(ret, json_string_value(v) ? json_string_value(v) : "");
	json_for (group, json_get(others, "groups"))
		json_for (v, json_get(group, "versions"))
			strlist_add(ret, json_str_or(v, "groupVersion", ""));
	strlist_sort(ret);
	return 0;
}

static int exec_api_versions(struct cmd_ctx *ctx, struct err *e)
{
	auto_strlist all = {0};

	if (ctx->argc)
		return cmd_usage_error(ctx, e, "unexpected arguments: [%s]", ctx->args[0]);
	if (add_groups(ctx, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.len; i++)
		out_addf(&ctx->out, "%s\n", all.items[i]);
	return 0;
}

const struct cmd cmd_api_versions = {
    .name = "api-versions",
    .usage = "",
    .summary = "List the API groups and versions that the server offers",
    .group = GROUP_OTHER,
    .exec = exec_api_versions,
};
