/* kjob replace -f: objects become the manifests, as wholes; with --force they are made anew. */
#include "create.h"
#include "delete.h"
#include "merge.h"
#include "raw.h"

static const struct opt options[] = {
    OPT_ROW_FILENAME("A manifest to replace by"),
    OPT_ROW_RECURSIVE,
    {"force", 0, OPT_BOOL, NULL, NULL,
	"Delete the object first and create it again: the way to change what is immutable", NULL,
	NULL},
    OPT_ROW_CASCADE,
    {"grace-period", 0, OPT_INT, "-1", "SECONDS",
	"With --force: time given to containers to end by themselves; -1: their own setting", NULL,
	NULL},
    {"timeout", 0, OPT_DURATION, "5m", "DURATION",
	"With --force: how long to wait until each old object is gone", NULL, NULL},
    {"wait", 0, OPT_BOOL, "true", NULL, "Accepted: with --force the deletion is always waited for",
	NULL, NULL},
    OPT_ROW_SAVE_CONFIG,
    {"subresource", 0, OPT_STRING, NULL, "NAME", "Replace this part only: status or scale", NULL,
	NULL},
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_ROW_VALIDATE,
    OPT_ROW_FIELD_MANAGER,
    OPT_ROW_SHOW_MANAGED,
    OPT_ROW_RAW("Send PUT to this path, with what -f names, and show the answer as it is"),
    OPT_END,
};

/* The manifest's object, which has to have a name. */
static int resolve(struct cmd_ctx *ctx, struct manifest *m, const char *doing,
    struct manifest_target *ret, struct err *e)
{
	if (manifest_resolve(ctx, m, opts_str(&ctx->opts, "validate"), ret, e) < 0)
		return -1;
	if (!ret->name)
		return manifest_error(m, "metadata.name", e,
		    "error when %s \"%s\": resource name may not be empty", doing, m->source);
	if (opts_bool(&ctx->opts, "save-config"))
		merge_record_applied(m->obj);
	return 0;
}

static json *send(struct cmd_ctx *ctx, const struct manifest *m, const struct manifest_target *t,
    bool put, struct err *e)
{
	const char *part = opts_str(&ctx->opts, "subresource");
	auto_buf path = {0};

	buf_init(&path, 0);
	resource_path(t->resource, t->ns, put ? t->name : NULL, put && *part ? part : NULL, &path);
	query_add(&path, "fieldManager", cmd_field_manager(ctx, "kubectl-replace"));
	query_add(
	    &path, "fieldValidation", manifest_field_validation(opts_str(&ctx->opts, "validate")));
	if (str_eq(opts_str(&ctx->opts, "dry-run"), "server"))
		query_add(&path, "dryRun", "All");
	return client_send_json(ctx->client, put ? "PUT" : "POST", buf_str(&path), NULL, m->obj, e);
}

/* ---- in place ---- */

/* A manifest that names no version means the one there is now. */
static void take_version(
    struct cmd_ctx *ctx, const struct manifest *m, const struct manifest_target *t)
{
	auto_buf path = {0};
	auto_json *live = NULL;

	if (json_has(m->obj, "metadata.resourceVersion"))
		return;
	buf_init(&path, 0);
	resource_path(t->resource, t->ns, t->name, NULL, &path);
	live = client_get_json(ctx->client, buf_str(&path), NULL);
	if (live)
		json_set_str(json_obj(m->obj, "metadata"), "resourceVersion",
		    json_str(live, "metadata.resourceVersion"));
}

static int replace_one(
    struct cmd_ctx *ctx, struct printer *p, struct manifest *m, void *arg, struct err *e)
{
	const char *dry_run = opts_str(&ctx->opts, "dry-run");
	struct manifest_target t = {0};
	auto_json *result = NULL;

	if (resolve(ctx, m, "replacing", &t, e) < 0)
		return -1;
	if (str_eq(dry_run, "client"))
		return print_result(ctx, p, t.resource, m->obj, "replaced", dry_run, e);
	take_version(ctx, m, &t);
	result = send(ctx, m, &t, true, e);
	if (!result && err_is_status(e))
		err_wrap(e, "error when replacing \"%s\"", m->source);
	return result ? print_result(ctx, p, t.resource, result, "replaced", dry_run, e) : -1;
}

/* ---- anew ---- */

static int note_old(
    struct cmd_ctx *ctx, struct printer *p, struct manifest *m, void *arg, struct err *e)
{
	struct picks *old = arg;
	struct manifest_target t = {0};

	if (resolve(ctx, m, "deleting", &t, e) < 0)
		return -1;
	picks_add(old, t.resource, t.ns, t.name)->source = xstrdup(m->source);
	return 0;
}

static int create_one(
    struct cmd_ctx *ctx, struct printer *p, struct manifest *m, void *arg, struct err *e)
{
	struct manifest_target t = {0};
	auto_json *result = NULL;

	if (resolve(ctx, m, "replacing", &t, e) < 0)
		return -1;
	json_del_path(m->obj, "metadata.resourceVersion");
	result = send(ctx, m, &t, false, e);
	return result ? print_result(ctx, p, t.resource, result, "replaced", "none", e) : -1;
}

/* Nothing is created before all that is to go has gone. */
static int replace_by_force(
    struct cmd_ctx *ctx, struct manifests *all, struct printer *p, struct err *e)
{
	auto_picks old = {0};
	struct delete_how how = {
	    .grace = opts_int(&ctx->opts, "grace-period"), .ignore_missing = true, .wait = true};

	if (how.grace == 0)
		how.grace = 1;
	manifests_visit(ctx, all, p, note_old, &old);
	if (ctx->failed)
		return 1;
	if (delete_picked(ctx, &old, &how, e) < 0)
		return -1;
	if (!ctx->failed)
		manifests_visit(ctx, all, p, create_one, NULL);
	return ctx->failed;
}

static int check_usage(const struct cmd_ctx *ctx, struct err *e)
{
	static const char *const of_force[] = {"grace-period", "timeout"};
	const struct opts *o = &ctx->opts;
	bool force = opts_bool(o, "force");

	for (size_t i = 0; !force && i < ARRAY_LEN(of_force); i++)
		if (opts_given(o, of_force[i]))
			return err_set(
			    e, ERR_BAD_REQUEST, "--%s must have --force specified", of_force[i]);
	if (force && !str_eq(opts_str(o, "dry-run"), "none"))
		return err_set(e, ERR_BAD_REQUEST, "--dry-run can not be used when --force is set");
	return 0;
}

static int exec_replace(struct cmd_ctx *ctx, struct err *e)
{
	static const char *const not_raw[] = {"output", "recursive", "force", "dry-run", NULL};
	auto_manifests all = {0};
	auto_printer p = {0};

	if (*opts_str(&ctx->opts, "raw"))
		return raw_request(ctx, "PUT", not_raw, e);
	if (check_usage(ctx, e) < 0 || manifests_begin(ctx, &all, &p, e) < 0 || !cmd_client(ctx, e))
		return -1;
	if (opts_bool(&ctx->opts, "force"))
		return replace_by_force(ctx, &all, &p, e);
	manifests_visit(ctx, &all, &p, replace_one, NULL);
	return ctx->failed;
}

const struct cmd cmd_replace = {
    .name = "replace",
    .usage = "-f FILE [options]",
    .summary = "Replace objects by manifests, with --force also what is immutable",
    .help = "The object becomes exactly what the manifest says; 'kjob apply' merges instead. With "
	    "--force all objects are deleted first, and created when the last of them is gone: a "
	    "Job runs again from its beginning.",
    .examples = "# Run a changed Job again\n"
		"kjob replace --force -f job.yaml\n\n"
		"# One field of an object, by way of its manifest\n"
		"kjob get cm settings -o yaml | sed 's/fast/slow/' | kjob replace -f -\n",
    .options = options,
    .group = GROUP_CHANGE,
    .exec = exec_replace,
};
