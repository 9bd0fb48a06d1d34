/* kjob create namespace NAME, kjob create serviceaccount NAME: objects that are a name and no more.
 */
#include "create.h"

static const struct opt options[] = {
    OPT_ROWS_CREATE,
    OPT_END,
};

static int create_named(struct cmd_ctx *ctx, const char *kind, struct err *e)
{
	auto_json *object = json_new_object();

	if (create_check_name(ctx, e) < 0)
		return -1;
	json_set_str(object, "apiVersion", "v1");
	json_set_str(object, "kind", kind);
	json_set_path(object, "metadata.name", json_new_string(ctx->args[0]));
	return create_object(ctx, object, e);
}

static int exec_namespace(struct cmd_ctx *ctx, struct err *e)
{
	return create_named(ctx, "Namespace", e);
}

static int exec_serviceaccount(struct cmd_ctx *ctx, struct err *e)
{
	return create_named(ctx, "ServiceAccount", e);
}

const struct cmd cmd_create_namespace = {
    .name = "create namespace",
    .alias = "create ns",
    .usage = "NAME [options]",
    .summary = "Create a namespace",
    .examples = "# Keep the objects of one experiment together\n"
		"kjob create namespace try\n"
		"kjob -n try apply -f manifests/\n"
		"kjob delete namespace try\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_namespace,
};

const struct cmd cmd_create_serviceaccount = {
    .name = "create serviceaccount",
    .alias = "create sa",
    .usage = "NAME [options]",
    .summary = "Create a service account",
    .help = "kjob's pods have no tokens: what a service account is good for here are its "
	    "imagePullSecrets.",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_serviceaccount,
};
