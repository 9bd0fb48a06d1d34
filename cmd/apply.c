/* kjob apply -f: objects become what the manifests say. */
#include "applying.h"
#include "delete.h"
#include "prune.h"

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
    OPT_ROW_SELECTOR,
    OPT_ROWS_PRUNE,
    {"force", 0, OPT_BOOL, NULL, NULL,
	"Delete and create again what cannot be changed to what the manifest says", NULL, NULL},
    OPT_ROW_CASCADE,
    {"grace-period", 0, OPT_INT, "-1", "SECONDS",
	"With --force and --prune: time given to containers to end by themselves; -1: their own "
	"setting",
	NULL, NULL},
    {"timeout", 0, OPT_DURATION, "0s", "DURATION",
	"How long to wait until something is gone; 0: until it is", NULL, NULL},
    {"wait", 0, OPT_BOOL, NULL, NULL, "With --prune: return when the objects are gone", NULL, NULL},
    OPT_END,
};

/* The object cannot become what the manifest says: it is made anew. */
static bool is_to_be_made_anew(const struct cmd_ctx *ctx, const struct err *e)
{
	return opts_bool(&ctx->opts, "force") && err_is_status(e) &&
	       (e->reason == ERR_CONFLICT || e->reason == ERR_INVALID);
}

static void tell_nothing(struct cmd_ctx *ctx, const struct picked *it, void *arg)
{
}

static json *make_anew(const struct applying *a, const char **ret_what, struct err *e)
{
	auto_picks old = {0};
	struct delete_how how = {.grace = opts_int(&a->ctx->opts, "grace-period"),
	    .ignore_missing = true,
	    .wait = true,
	    .tell = tell_nothing};
	json *created;

	err_clear(e);
	picks_add(&old, a->t.resource, a->t.ns, a->t.name);
	if (delete_picked(a->ctx, &old, &how, e) < 0)
		return NULL;
	created = applying_send(a, NULL, ret_what, e);
	*ret_what = "configured";
	return created;
}

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
	if (!result && live && is_to_be_made_anew(ctx, e))
		result = make_anew(&a, &what, e);
	if (!result)
		return -1;
	prune_note(arg, a.t.resource, a.t.ns, result);
	return print_result(ctx, p, a.t.resource, result, what, dry_run, e);
}

static int check_force(const struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;

	if (!opts_bool(o, "force"))
		return 0;
	if (opts_bool(o, "server-side"))
		return err_set(e, ERR_BAD_REQUEST, "--force cannot be used with --server-side");
	if (str_eq(opts_str(o, "dry-run"), "server"))
		return err_set(e, ERR_BAD_REQUEST, "--dry-run=server cannot be used with --force");
	return 0;
}

static int exec_apply(struct cmd_ctx *ctx, struct err *e)
{
	auto_manifests all = {0};
	auto_printer p = {0};
	auto_prune seen = {0};

	if (applying_check_options(ctx, opts_str(&ctx->opts, "dry-run"), e) < 0 ||
	    check_force(ctx, e) < 0 || prune_check_options(ctx, e) < 0 ||
	    manifests_begin(ctx, &all, &p, e) < 0)
		return -1;
	manifests_visit(ctx, &all, &p, apply_one, &seen);
	if (!ctx->failed && prune_others(ctx, &seen, &p, e) < 0)
		return -1;
	return ctx->failed;
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
	"over.\n\n"
	"With --prune, objects are deleted that an earlier apply made, that have the labels of -l, "
	"and that the files no longer have. It looks into the namespaces that this apply touched.",
    .examples = "# Apply a file, then a folder of them\n"
		"kjob apply -f job.yaml\n"
		"kjob apply -f manifests/\n\n"
		"# See what would happen\n"
		"kjob apply -f job.yaml --dry-run=server -o yaml\n\n"
		"# Apply a folder, and delete what it no longer has\n"
		"kjob apply -f manifests/ --prune -l app=nightly\n\n"
		"# Let the server merge\n"
		"kjob apply --server-side -f job.yaml\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_apply,
};
