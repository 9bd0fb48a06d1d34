/* kjob create configmap NAME: from literals, files and files of lines. */
#include "create.h"
#include "key_sources.h"

static const struct opt options[] = {
    OPT_ROW_FROM_LITERAL,
    OPT_ROW_FROM_FILE,
    OPT_ROW_FROM_ENV_FILE,
    OPT_ROW_APPEND_HASH,
    OPT_ROWS_CREATE,
    OPT_END,
};

static int exec_create_configmap(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *map = NULL;

	if (create_check_name(ctx, e) < 0)
		return -1;
	map = object_new("v1", "ConfigMap", ctx->args[0]);
	if (key_sources_add(&ctx->opts, map, e) < 0)
		return -1;
	return create_object(ctx, map, e);
}

const struct cmd cmd_create_configmap = {
    .name = "create configmap",
    .alias = "create cm",
    .usage = "NAME [--from-literal=KEY=VALUE] [--from-file=[KEY=]PATH] [--from-env-file=FILE] "
	     "[options]",
    .summary = "Create a config map from literals and files",
    .help = "A file that is no UTF-8 text becomes binary data. Of a folder only the files right in "
	    "it are taken.",
    .examples = "# Two settings\n"
		"kjob create configmap web --from-literal=MODE=fast --from-literal=LEVEL=3\n\n"
		"# A file under its own name, another under a key, and all of a folder\n"
		"kjob create configmap web --from-file=web.conf --from-file=users=./people.txt "
		"--from-file=conf.d\n\n"
		"# The lines of a .env file\n"
		"kjob create configmap web --from-env-file=.env\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_create_configmap,
};
