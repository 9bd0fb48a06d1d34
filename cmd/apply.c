/* kjob apply -f: objects become what the manifests say. */
#include "applying.h"
#include "delete.h"
#include "manifest_flow.h"
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

static json *make_anew(struct applying *a, struct err *e)
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
	applying_begin_anew(a);
	created = applying_end(a, e);
	a->what = "configured";
	return created;
}

static int prepare(struct manifest_work *w, struct err *e)
{
	struct applying *a = w->state;

	if (applying_init(a, w->ctx, w->m, opts_str(&w->ctx->opts, "dry-run"),
		opts_str(&w->ctx->opts, "validate"), e) < 0)
		return -1;
	w->t = a->t;
	return 0;
}

static int ask(struct manifest_work *w, struct err *e)
{
	applying_ask(w->state);
	return 0;
}

static int send(struct manifest_work *w, struct err *e)
{
	return applying_begin(w->state, e);
}

static int end(struct manifest_work *w, struct err *e)
{
	struct applying *a = w->state;
	auto_json *result = applying_end(a, e);

	if (!result && a->live && is_to_be_made_anew(w->ctx, e))
		result = make_anew(a, e);
	if (!result)
		return -1;
	prune_note(w->arg, a->t.resource, a->t.ns, result);
	return print_result(w->ctx, w->printer, a->t.resource, result, a->what, a->dry_run, e);
}

static void release(struct manifest_work *w)
{
	applying_release(w->state);
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
	static const struct manifest_steps steps = {
	    sizeof(struct applying), prepare, ask, send, end, release};
	auto_manifests all = {0};
	auto_printer p = {0};
	auto_prune seen = {0};

	if (applying_check_options(ctx, opts_str(&ctx->opts, "dry-run"), e) < 0 ||
	    check_force(ctx, e) < 0 || prune_check_options(ctx, e) < 0 ||
	    manifests_begin(ctx, &all, &p, e) < 0)
		return -1;
	manifests_flow(ctx, &all, &p, &steps, &seen);
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
