/* kjob apply -f: objects become what the manifests say. */
#include <stdio.h>

#include "cmd.h"
#include "manifest.h"
#include "merge.h"
#include "printer.h"

static const struct opt options[] = {
    OPT_ROW_FILENAME("A manifest to apply: file, folder or - (standard input)"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_ROW_VALIDATE,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

struct apply {
	struct cmd_ctx *ctx;
	struct client *client;
	const char *dry_run;
	const struct manifest *m;
	struct manifest_target t;
};

static void request_path(const struct apply *a, const char *name, struct buf *path)
{
	buf_init(path, 0);
	resource_path(a->t.resource, a->t.ns, name, NULL, path);
	query_add(path, "fieldManager", "kubectl-client-side-apply");
	query_add(path, "fieldValidation",
	    manifest_field_validation(opts_str(&a->ctx->opts, "validate")));
	if (str_eq(a->dry_run, "server"))
		query_add(path, "dryRun", "All");
}

static json *get_live(const struct apply *a, struct err *e)
{
	auto_buf path = {0};

	buf_init(&path, 0);
	resource_path(a->t.resource, a->t.ns, a->t.name, NULL, &path);
	return client_get_json(a->client, buf_str(&path), e);
}

static json *create(const struct apply *a, struct err *e)
{
	auto_buf path = {0};
	json *created;

	if (str_eq(a->dry_run, "client"))
		return json_dup(a->m->obj);
	request_path(a, NULL, &path);
	created = client_send_json(a->client, "POST", buf_str(&path), NULL, a->m->obj, e);
	if (!created && err_is_status(e))
		err_wrap(e, "error when creating \"%s\"", a->m->source);
	return created;
}

static void warn_no_record(const struct apply *a)
{
	fprintf(stderr,
	    "Warning: resource %s/%s is missing the " LAST_APPLIED
	    " annotation which is required by kjob apply. kjob apply should only be used on "
	    "resources created declaratively by either kjob create --save-config or kjob apply. "
	    "The missing annotation will be patched automatically.\n",
	    a->t.resource->name, a->t.name);
}

/* The live object with the patch in it. */
static json *patch(const struct apply *a, const json *live, const json *change, struct err *e)
{
	auto_buf path = {0};
	json *patched;

	if (str_eq(a->dry_run, "client"))
		return json_merge_patch(json_dup(live), change);
	request_path(a, a->t.name, &path);
	patched = client_send_json(a->client, "PATCH", buf_str(&path), MIME_MERGE_PATCH, change, e);
	if (!patched && err_is_status(e))
		err_wrap(e, "error when patching \"%s\"", a->m->source);
	return patched;
}

static bool same_version(const json *a, const json *b)
{
	return str_eq(
	    json_str(a, "metadata.resourceVersion"), json_str(b, "metadata.resourceVersion"));
}

/* The object is there: patch it. ret_what says what became of it. */
static json *change_live(const struct apply *a, json *live, const char **ret_what, struct err *e)
{
	auto_json *recorded = merge_recorded(live), *change = NULL;
	json *patched;

	if (!recorded)
		warn_no_record(a);
	change = merge_three_way(recorded, a->m->obj, live);
	*ret_what = "unchanged";
	if (json_len(change) == 0)
		return json_dup(live);
	patched = patch(a, live, change, e);
	/* A server that finds nothing new in the patch (defaults spelled out) keeps the version. */
	if (patched && (str_eq(a->dry_run, "client") || !same_version(live, patched)))
		*ret_what = "configured";
	return patched;
}

static int apply_one(struct cmd_ctx *ctx, struct printer *p, struct manifest *m, struct err *e)
{
	struct apply a = {.ctx = ctx, .m = m, .dry_run = opts_str(&ctx->opts, "dry-run")};
	auto_json *live = NULL, *result = NULL;
	const char *what = "created";

	if (manifest_resolve(ctx, m, opts_str(&ctx->opts, "validate"), &a.t, e) < 0)
		return -1;
	if (!a.t.name && json_has(m->obj, "metadata.generateName"))
		return manifest_error(m, "metadata.generateName", e,
		    "from %s: cannot use generate name with apply",
		    json_str_or(m->obj, "metadata.generateName", ""));
	if (!a.t.name)
		return manifest_error(m, "metadata.name", e,
		    "error when retrieving current configuration of %s from \"%s\": resource name "
		    "may not be empty",
		    a.t.resource->kind, m->source);
	a.client = cmd_client(ctx, e);
	if (!a.client)
		return -1;
	merge_record_applied(m->obj);
	live = get_live(&a, e);
	if (!live && (!err_is_status(e) || e->reason != ERR_NOT_FOUND))
		return -1;
	err_clear(e);
	result = live ? change_live(&a, live, &what, e) : create(&a, e);
	return result ? print_result(ctx, p, a.t.resource, result, what, a.dry_run, e) : -1;
}

static int exec_apply(struct cmd_ctx *ctx, struct err *e)
{
	return manifests_each(ctx, apply_one, e);
}

const struct cmd cmd_apply = {
    .name = "apply",
    .usage = "-f FILE [options]",
    .summary = "Create objects, or change them to what manifests say",
    .help = "Fields that a manifest no longer has are removed, fields that others have set are "
	    "kept. All objects of all files are tried; the exit code is 1 when any of them failed.",
    .examples = "# Apply a file, then a folder of them\n"
		"kjob apply -f job.yaml\n"
		"kjob apply -f manifests/\n\n"
		"# See what would happen\n"
		"kjob apply -f job.yaml --dry-run=server -o yaml\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_apply,
};
