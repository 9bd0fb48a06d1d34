#include "pick.h"

#include <stdio.h>

#define PAGE_SIZE "500"

static const char *text_option(const struct cmd_ctx *ctx, const char *name)
{
	return opts_known(&ctx->opts, name) ? opts_str(&ctx->opts, name) : "";
}

static bool flag_option(const struct cmd_ctx *ctx, const char *name)
{
	return opts_known(&ctx->opts, name) && opts_bool(&ctx->opts, name);
}

struct picked *picks_add(
    struct picks *p, const struct resource *r, const char *ns, const char *name)
{
	GROW(p->items, p->cap, p->len + 1);
	p->items[p->len] =
	    (struct picked){.resource = r, .ns = ns ? xstrdup(ns) : NULL, .name = xstrdup(name)};
	return &p->items[p->len++];
}

void picks_release(struct picks *p)
{
	for (size_t i = 0; i < p->len; i++) {
		free(p->items[i].ns);
		free(p->items[i].name);
		free(p->items[i].uid);
		free(p->items[i].source);
		json_free(p->items[i].live);
	}
	free(p->items);
	memset(p, 0, sizeof(*p));
}

bool pick_is_local(const struct cmd_ctx *ctx)
{
	return flag_option(ctx, "local");
}

/* ---- finding ---- */

static void add_listed(struct picks *p, const struct resource *r, const json *obj)
{
	const char *uid = json_str(obj, "metadata.uid");
	struct picked *it = picks_add(
	    p, r, json_str(obj, "metadata.namespace"), json_str_or(obj, "metadata.name", ""));

	it->uid = uid ? xstrdup(uid) : NULL;
	if (!p->keep)
		return;
	it->live = json_dup(obj);
	resource_set_type(r, it->live);
}

/* One page of a list; the token of the next one is left in `token`. */
static int add_page(
    struct cmd_ctx *ctx, struct picks *p, const struct resource *r, char **token, struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	auto_buf path = {0};
	auto_json *list = NULL;

	if (!c)
		return -1;
	resource_path(r, flag_option(ctx, "all-namespaces") ? NULL : ctx->ns, NULL, NULL, &path);
	query_add(&path, "labelSelector", text_option(ctx, "selector"));
	query_add(&path, "fieldSelector", text_option(ctx, "field-selector"));
	query_add(&path, "limit", PAGE_SIZE);
	query_add(&path, "continue", *token);
	list = client_get_json(c, buf_str(&path), e);
	if (!list)
		return -1;
	json_for (it, json_get(list, "items"))
		add_listed(p, r, it);
	free(*token);
	*token = xstrdup(json_str_or(list, "metadata.continue", ""));
	return 0;
}

static int add_list(struct cmd_ctx *ctx, struct picks *p, const struct resource *r, struct err *e)
{
	auto_free char *token = xstrdup("");

	do {
		if (add_page(ctx, p, r, &token, e) < 0)
			return -1;
	} while (*token);
	return 0;
}

static int add_selected(
    struct cmd_ctx *ctx, struct picks *p, const struct targets *targets, struct err *e)
{
	for (size_t i = 0; i < targets->len; i++) {
		if (targets->items[i].name)
			return err_set(e, ERR_BAD_REQUEST,
			    "name cannot be provided when a selector is specified");
		if (add_list(ctx, p, targets->items[i].resource, e) < 0)
			return -1;
	}
	return 0;
}

static int add_named(
    struct cmd_ctx *ctx, struct picks *p, const struct targets *targets, struct err *e)
{
	for (size_t i = 0; i < targets->len; i++) {
		const struct target *t = &targets->items[i];

		if (t->name && flag_option(ctx, "all-namespaces"))
			return err_set(e, ERR_BAD_REQUEST,
			    "a resource cannot be retrieved by name across all namespaces");
		if (t->name)
			picks_add(p, t->resource, ctx->ns, t->name);
		else if (!p->whole_types)
			return err_set(e, ERR_BAD_REQUEST,
			    "resource(s) were provided, but no name was specified");
		else if (add_list(ctx, p, t->resource, e) < 0)
			return -1;
	}
	return 0;
}

static int add_manifest(struct cmd_ctx *ctx, struct picks *p, struct manifest *m, struct err *e)
{
	struct manifest_target t = {0};
	auto_json *as_it_is = pick_is_local(ctx) ? json_dup(m->obj) : NULL;
	struct picked *it;

	if (manifest_resolve_named(ctx, m, &t, e) < 0)
		return -1;
	it = picks_add(p, t.resource, t.ns, t.name);
	it->source = xstrdup(m->source);
	it->live = TAKE(as_it_is);
	return 0;
}

static int add_manifests(struct cmd_ctx *ctx, struct picks *p, struct err *e)
{
	auto_manifests all = {0};

	if (manifests_load(
		opts_list(&ctx->opts, "filename"), flag_option(ctx, "recursive"), &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all.len; i++) {
		auto_err one = {0};

		if (add_manifest(ctx, p, &all.items[i], &one) < 0)
			manifest_report(ctx, &all.items[i], &one);
	}
	return 0;
}

int picks_none(struct err *e)
{
	return err_set(e, ERR_BAD_REQUEST,
	    "You must provide one or more resources by argument or filename.\nExample "
	    "resource specifications include:\n   '-f rsrc.yaml'\n   "
	    "'--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'");
}

int picks_find(
    struct cmd_ctx *ctx, const char *const *args, size_t argc, struct picks *ret, struct err *e)
{
	auto_targets targets = {0};

	ret->selected = *text_option(ctx, "selector") || *text_option(ctx, "field-selector") ||
			flag_option(ctx, "all");
	if (pick_is_local(ctx) && !opts_given(&ctx->opts, "filename"))
		return err_set(e, ERR_BAD_REQUEST,
		    "you must specify resources by --filename when --local is set.\nExample "
		    "resource specifications include:\n   '-f rsrc.yaml'\n   "
		    "'--filename=rsrc.json'");
	if (opts_given(&ctx->opts, "filename")) {
		if (argc)
			return err_set(e, ERR_BAD_REQUEST,
			    "when paths, URLs, or stdin is provided as input, you may not specify "
			    "resource arguments as well");
		ret->selected = false;
		return add_manifests(ctx, ret, e);
	}
	if (targets_parse(ctx, args, argc, NULL, &targets, e) < 0)
		return -1;
	if (targets.len == 0)
		return picks_none(e);
	return ret->selected ? add_selected(ctx, ret, &targets, e)
			     : add_named(ctx, ret, &targets, e);
}

/* ---- one by one ---- */

int pick_get(struct cmd_ctx *ctx, struct picked *p, struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	auto_buf path = {0};

	if (!c || p->live)
		return c ? 0 : -1;
	resource_path(p->resource, p->ns, p->name, NULL, &path);
	p->live = client_get_json(c, buf_str(&path), e);
	return p->live ? 0 : -1;
}

static void each(
    struct cmd_ctx *ctx, struct picks *all, struct printer *p, pick_fn *one, const void *arg)
{
	if (!all->len && all->selected)
		fputs("No resources found\n", stderr);
	for (size_t i = 0; i < all->len; i++) {
		auto_err why = {0};

		if (pick_get(ctx, &all->items[i], &why) == 0 &&
		    one(ctx, p, &all->items[i], arg, &why) == 0)
			continue;
		if (!(all->selected && err_is_status(&why) && why.reason == ERR_NOT_FOUND))
			cmd_report(ctx, &why);
	}
}

int picks_each(struct cmd_ctx *ctx, const char *const *args, size_t argc, pick_fn *one,
    const void *arg, struct err *e)
{
	auto_picks all = {.keep = true};
	auto_printer p = {0};

	if (printer_init(&p, text_option(ctx, "output"), e) < 0)
		return -1;
	p.show_managed = flag_option(ctx, "show-managed-fields");
	if (picks_find(ctx, args, argc, &all, e) < 0)
		return -1;
	each(ctx, &all, &p, one, arg);
	return ctx->failed;
}

json *pick_patch(struct cmd_ctx *ctx, const struct picked *p, const struct change *c, struct err *e)
{
	struct client *client = cmd_client(ctx, e);
	auto_buf path = {0};
	struct call call = {
	    .method = "PATCH",
	    .content_type = c->content_type ? c->content_type : MIME_MERGE_PATCH,
	    .body = c->body,
	};

	if (!client)
		return NULL;
	resource_path(p->resource, p->ns, p->name,
	    c->subresource && *c->subresource ? c->subresource : NULL, &path);
	query_add(&path, "fieldManager", cmd_field_manager(ctx, c->manager));
	if (c->validation)
		query_add(&path, "fieldValidation", manifest_field_validation(c->validation));
	if (c->dry)
		query_add(&path, "dryRun", "All");
	call.path = buf_str(&path);
	return client_json(client, &call, e);
}

json *pick_merge(struct cmd_ctx *ctx, const struct picked *p, const json *patch,
    const char *manager, struct err *e)
{
	const char *dry_run = opts_str(&ctx->opts, "dry-run");
	auto_free char *body = json_print(patch);
	struct change c = {.body = body, .manager = manager, .dry = !str_eq(dry_run, "none")};

	if (json_len(patch) == 0)
		return json_dup(p->live);
	if (str_eq(dry_run, "client") || pick_is_local(ctx))
		return json_merge_patch(json_dup(p->live), patch);
	return pick_patch(ctx, p, &c, e);
}
