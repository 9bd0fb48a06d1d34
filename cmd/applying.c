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

void applying_release(struct applying *a)
{
	client_drop(a->asked);
	client_drop(a->sent);
	json_free(a->live);
	memset(a, 0, sizeof(*a));
}

/* ---- the live object ---- */

static struct pending *ask(const struct applying *a)
{
	auto_buf path = {0};

	resource_path(a->t.resource, a->t.ns, a->t.name, NULL, &path);
	return client_begin(a->client, &(struct call){.path = buf_str(&path)});
}

static int end_ask(struct pending *asked, json **ret, struct err *e)
{
	*ret = client_end_json(asked, e);
	if (!*ret && (!err_is_status(e) || e->reason != ERR_NOT_FOUND))
		return -1;
	err_clear(e);
	return 0;
}

int applying_live(const struct applying *a, json **ret, struct err *e)
{
	return end_ask(ask(a), ret, e);
}

void applying_ask(struct applying *a)
{
	if (!a->server_side)
		a->asked = ask(a);
}

/* ---- the change ---- */

static void create(struct applying *a)
{
	auto_buf path = {0};

	a->what = "created";
	if (str_eq(a->dry_run, "client"))
		return;
	applying_path(a, NULL, &path);
	a->sent = client_begin_json(a->client, "POST", buf_str(&path), NULL, a->m->obj);
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
static int make_strategic(const struct applying *a, const json *recorded, json **change,
    const char **ret_media_type, struct err *e)
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
	*change = strategic_three_way(document, type, recorded, a->m->obj, a->live);
	*ret_media_type = MIME_STRATEGIC_PATCH;
	return 0;
}

/* The object is there: patch it, if anything differs. */
static int change_live(struct applying *a, struct err *e)
{
	auto_json *recorded = merge_recorded(a->live), *change = NULL;
	const char *media_type = MIME_MERGE_PATCH;
	auto_buf path = {0};

	a->no_record = !recorded;
	change = merge_three_way(recorded, a->m->obj, a->live);
	if (json_len(change) && make_strategic(a, recorded, &change, &media_type, e) < 0)
		return -1;
	a->what = json_len(change) ? "configured" : "unchanged";
	if (!json_len(change) || str_eq(a->dry_run, "client"))
		return 0;
	applying_path(a, a->t.name, &path);
	a->sent = client_begin_json(a->client, "PATCH", buf_str(&path), media_type, change);
	return 0;
}

int applying_begin(struct applying *a, struct err *e)
{
	if (a->server_side) {
		a->what = "serverside-applied";
		a->sent = apply_on_server_begin(a);
		return 0;
	}
	if (!a->asked)
		applying_ask(a);
	if (end_ask(TAKE(a->asked), &a->live, e) < 0)
		return -1;
	if (a->live)
		return change_live(a, e);
	create(a);
	return 0;
}

void applying_begin_anew(struct applying *a)
{
	json_free(TAKE(a->live));
	a->no_record = false;
	create(a);
}

static bool same_version(const json *a, const json *b)
{
	return str_eq(
	    json_str(a, "metadata.resourceVersion"), json_str(b, "metadata.resourceVersion"));
}

json *applying_end(struct applying *a, struct err *e)
{
	json *now;

	if (a->no_record && str_eq(a->ctx->cmd->name, "apply"))
		warn_no_record(a);
	if (!a->sent)
		return json_dup(a->live ? a->live : a->m->obj);
	if (a->server_side)
		return apply_on_server_end(a, TAKE(a->sent), e);
	now = client_end_json(TAKE(a->sent), e);
	if (!now && err_is_status(e))
		err_wrap(
		    e, "error when %s \"%s\"", a->live ? "patching" : "creating", a->m->source);
	/* A server that finds nothing new in the patch (defaults spelled out) keeps the version. */
	if (now && a->live && same_version(a->live, now))
		a->what = "unchanged";
	return now;
}
