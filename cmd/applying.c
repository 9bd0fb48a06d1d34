#include "applying.h"

#include <stdio.h>

#include "merge.h"
#include "typedoc.h"
#include "strategic.h"

int applying_check_options(const struct cmd_ctx *ctx, const char *dry_run, struct err *e)
{
	bool server_side = opts_bool(&ctx->opts, "server-side");

	if (server_side && str_eq(dry_run, "client"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--dry-run=client doesn't work with --server-side (did you mean "
		    "--dry-run=server instead?)");
	if (opts_bool(&ctx->opts, "force-conflicts") && !server_side)
		return err_set(
		    e, ERR_BAD_REQUEST, "--force-conflicts only works with --server-side");
	return 0;
}

int applying_init(struct applying *a, struct cmd_ctx *ctx, struct manifest *m, const char *dry_run,
    const char *validate, struct err *e)
{
	const char *manager = opts_str(&ctx->opts, "field-manager");

	*a = (struct applying){.ctx = ctx,
	    .m = m,
	    .dry_run = dry_run,
	    .validate = validate,
	    .server_side = opts_bool(&ctx->opts, "server-side"),
	    .force = opts_bool(&ctx->opts, "force-conflicts")};
	a->manager = *manager ? manager : a->server_side ? "kubectl" : "kubectl-client-side-apply";
	if (manifest_resolve(ctx, m, validate, &a->t, e) < 0)
		return -1;
	if (!a->t.name && json_has(m->obj, "metadata.generateName"))
		return manifest_error(m, "metadata.generateName", e,
		    "from %s: cannot use generate name with apply",
		    json_str_or(m->obj, "metadata.generateName", ""));
	if (!a->t.name)
		return manifest_error(m, "metadata.name", e,
		    "error when retrieving current configuration of %s from \"%s\": resource name "
		    "may not be empty",
		    a->t.resource->kind, m->source);
	a->client = cmd_client(ctx, e);
	if (a->client && !a->server_side)
		merge_record_applied(m->obj);
	return a->client ? 0 : -1;
}

void applying_path(const struct applying *a, const char *name, struct buf *path)
{
	resource_path(a->t.resource, a->t.ns, name, NULL, path);
	query_add(path, "fieldManager", a->manager);
	query_add(path, "fieldValidation", manifest_field_validation(a->validate));
	if (str_eq(a->dry_run, "server"))
		query_add(path, "dryRun", "All");
}

int applying_live(const struct applying *a, json **ret, struct err *e)
{
	auto_buf path = {0};

	resource_path(a->t.resource, a->t.ns, a->t.name, NULL, &path);
	*ret = client_get_json(a->client, buf_str(&path), e);
	if (!*ret && (!err_is_status(e) || e->reason != ERR_NOT_FOUND))
		return -1;
	err_clear(e);
	return 0;
}

static json *create(const struct applying *a, struct err *e)
{
	auto_buf path = {0};
	json *created;

	if (str_eq(a->dry_run, "client"))
		return json_dup(a->m->obj);
	applying_path(a, NULL, &path);
	created = client_send_json(a->client, "POST", buf_str(&path), NULL, a->m->obj, e);
	if (!created && err_is_status(e))
		err_wrap(e, "error when creating \"%s\"", a->m->source);
	return created;
}

static void warn_no_record(const struct applying *a)
{
	fprintf(stderr,
	    "Warning: resource %s/%s is missing the " LAST_APPLIED
	    " annotation which is required by kjob apply. kjob apply should only be used on "
	    "resources created declaratively by either kjob create --save-config or kjob apply. "
	    "The missing annotation will be patched automatically.\n",
	    a->t.resource->name, a->t.name);
}

/*
 * The patch in the form that the server merges best: a strategic one where the kind has it, which
 * its OpenAPI document tells. In place.
 */
static int make_strategic(const struct applying *a, const json *recorded, const json *live,
    json **change, const char **ret_media_type, struct err *e)
{
	const struct resource *r = a->t.resource;
	const json *document = typedoc_get(a->ctx, r, e), *type;

	if (!document && e->reason != ERR_NOT_FOUND)
		return -1;
	err_clear(e);
	type = typedoc_kind(document, r->group, r->version, r->kind);
	if (!type || !typedoc_takes_patch(document, r, MIME_STRATEGIC_PATCH))
		return 0;
	json_free(*change);
	*change = strategic_three_way(document, type, recorded, a->m->obj, live);
	*ret_media_type = MIME_STRATEGIC_PATCH;
	return 0;
}

/* What the server makes of the patch. */
static json *patch(
    const struct applying *a, const char *media_type, const json *change, struct err *e)
{
	auto_buf path = {0};
	json *patched;

	applying_path(a, a->t.name, &path);
	patched = client_send_json(a->client, "PATCH", buf_str(&path), media_type, change, e);
	if (!patched && err_is_status(e))
		err_wrap(e, "error when patching \"%s\"", a->m->source);
	return patched;
}

static bool same_version(const json *a, const json *b)
{
	return str_eq(
	    json_str(a, "metadata.resourceVersion"), json_str(b, "metadata.resourceVersion"));
}

/* The object is there: patch it. */
static json *change_live(
    const struct applying *a, const json *live, const char **ret_what, struct err *e)
{
	auto_json *recorded = merge_recorded(live), *change = NULL;
	const char *media_type = MIME_MERGE_PATCH;
	json *patched;

	if (!recorded && str_eq(a->ctx->cmd->name, "apply"))
		warn_no_record(a);
	change = merge_three_way(recorded, a->m->obj, live);
	*ret_what = "unchanged";
	if (json_len(change) && make_strategic(a, recorded, live, &change, &media_type, e) < 0)
		return NULL;
	if (json_len(change) == 0)
		return json_dup(live);
	*ret_what = "configured";
	if (str_eq(a->dry_run, "client"))
		return json_dup(live);
	patched = patch(a, media_type, change, e);
	/* A server that finds nothing new in the patch (defaults spelled out) keeps the version. */
	if (patched && same_version(live, patched))
		*ret_what = "unchanged";
	return patched;
}

json *applying_send(
    const struct applying *a, const json *live, const char **ret_what, struct err *e)
{
	*ret_what = a->server_side ? "serverside-applied" : "created";
	if (a->server_side)
		return apply_on_server(a, e);
	return live ? change_live(a, live, ret_what, e) : create(a, e);
}
