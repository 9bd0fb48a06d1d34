/* kjob apply -f: objects become what the manifests say. */
#include "applying.h"
#include "printer.h"

static const struct opt options[] = {
    OPT_ROW_FILENAME("A manifest to apply"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_ROW_VALIDATE,
    OPT_ROW_SERVER_SIDE,
    OPT_ROW_FORCE_CONFLICTS,
    OPT_ROW_FIELD_MANAGER,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

static int apply_one(
    struct cmd_ctx *ctx, struct printer *p, struct manifest *m, void *arg, struct err *e)
{
	const char *dry_run = opts_str(&ctx->opts, "dry-run"), *what;
	auto_json *live = NULL, *result = NULL;
	struct applying a;

	if (applying_init(&a, ctx, m, dry_run, opts_str(&ctx->opts, "validate"), e) < 0 ||
	    (!a.server_side && applying_live(&a, &live, e) < 0))
		return -1;
	result = applying_send(&a, live, &what, e);
	return result ? print_result(ctx, p, a.t.resource, result, what, dry_run, e) : -1;
}

static int exec_apply(struct cmd_ctx *ctx, struct err *e)
{
	if (applying_check_options(ctx, opts_str(&ctx->opts, "dry-run"), e) < 0)
		return -1;
	return manifests_each(ctx, apply_one, NULL, e);
}

const struct cmd cmd_apply = {
    .name = "apply",
    .usage = "-f FILE [options]",
    .summary = "Create objects, or change them to what manifests say",
    .help =
	"Fields that a manifest no longer has are removed, fields that others have set are "
	"kept; so are items of lists whose items have names, such as containers and variables. All "
	"objects of all files are tried; the exit code is 1 when any of them failed.\n\n"
	"With --server-side the server merges, and keeps in metadata.managedFields who owns which "
	"field: fields of others are conflicts that it names, unless --force-conflicts takes them "
	"over.",
    .examples = "# Apply a file, then a folder of them\n"
		"kjob apply -f job.yaml\n"
		"kjob apply -f manifests/\n\n"
		"# See what would happen\n"
		"kjob apply -f job.yaml --dry-run=server -o yaml\n\n"
		"# Let the server merge\n"
		"kjob apply --server-side -f job.yaml\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_apply,
};
