/* kjob create -f: each object is new, or an error. */
#include "cmd.h"
#include "manifest.h"
#include "merge.h"
#include "printer.h"

static const struct opt options[] = {
    OPT_ROW_FILENAME("A manifest to create from: file, folder or - (standard input)"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_ROW_VALIDATE,
    {"save-config", 0, OPT_BOOL, NULL, NULL,
	"Record the manifest in the object, so that apply can be used later", NULL, NULL},
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

/* The answer to a POST; with a client-side dry run, the object as it stands. */
static json *send_create(struct cmd_ctx *ctx, const struct manifest *m,
    const struct manifest_target *t, const char *dry_run, struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	auto_buf path = {0};
	json *answer;

	if (!c || str_eq(dry_run, "client"))
		return c ? json_dup(m->obj) : NULL;
	buf_init(&path, 0);
	resource_path(t->resource, t->ns, NULL, NULL, &path);
	query_add(&path, "fieldManager", "kubectl-create");
	query_add(
	    &path, "fieldValidation", manifest_field_validation(opts_str(&ctx->opts, "validate")));
	if (str_eq(dry_run, "server"))
		query_add(&path, "dryRun", "All");
	answer = client_send_json(c, "POST", buf_str(&path), NULL, m->obj, e);
	if (!answer && err_is_status(e))
		err_wrap(e, "error when creating \"%s\"", m->source);
	return answer;
}

static int create_one(struct cmd_ctx *ctx, struct printer *p, struct manifest *m, struct err *e)
{
	const char *dry_run = opts_str(&ctx->opts, "dry-run");
	struct manifest_target t = {0};
	auto_json *created = NULL;

	if (manifest_resolve(ctx, m, opts_str(&ctx->opts, "validate"), &t, e) < 0)
		return -1;
	if (opts_bool(&ctx->opts, "save-config"))
		merge_record_applied(m->obj);
	created = send_create(ctx, m, &t, dry_run, e);
	return created ? print_result(ctx, p, t.resource, created, "created", dry_run, e) : -1;
}

static int exec_create(struct cmd_ctx *ctx, struct err *e)
{
	return manifests_each(ctx, create_one, e);
}

const struct cmd cmd_create = {
    .name = "create",
    .usage = "-f FILE [options]",
    .summary = "Create objects from manifests",
    .help = "All objects of all files are tried; the exit code is 1 when any of them failed. 'kjob "
	    "apply' also changes objects that exist.",
    .examples = "# Create what a file describes\n"
		"kjob create -f job.yaml\n\n"
		"# Create from standard input\n"
		"cat job.json | kjob create -f -\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_create,
};
