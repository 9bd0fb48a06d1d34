/* kjob wait: until objects meet a condition, or cannot any more. */
#include <stdio.h>

#include "../runtime/base/clock.h"
#include "pick.h"
#include "wait_cond.h"
#include "watcher.h"

#define ONE_WEEK_NS (INT64_C(7) * 24 * 3600 * NSEC_PER_SEC)

static const struct opt options[] = {
    {"for", 0, OPT_LIST, NULL, "CONDITION",
	"condition=NAME[=VALUE], delete, create, jsonpath=PATH[=VALUE], or finished: Complete is "
	"success, Failed is not. "
	"May be repeated: all of them",
	NULL, NULL},
    {"timeout", 0, OPT_DURATION, "30s", "DURATION",
	"How long to wait; 0 looks once, a negative time means a week", NULL, NULL},
    {"all", 0, OPT_BOOL, NULL, NULL, "For all objects of the type in the namespace", NULL, NULL},
    OPT_ROW_SELECTOR,
    OPT_ROW_FIELD_SELECTOR,
    OPT_ROW_FILENAME("A manifest that names what to wait for"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_ALL_NAMESPACES,
    OPT_ROW_OUTPUT,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

/* One object. */
struct wait_item {
	const struct resource *resource;
	char *ns, *name;
	bool named; /* by the user: it need not exist yet */
	bool existed, met;
};

/* The items of one resource in one namespace, and the watch on them. */
struct wait_group {
	struct wait *wait;
	const struct resource *resource;
	char *ns;
	struct watcher watch;
};

struct wait {
	struct cmd_ctx *ctx;
	struct client *client;
	struct wait_cond *conds;
	size_t cond_count;
	struct wait_item *items;
	size_t len, cap;
	struct wait_group *groups;
	size_t group_count;
	struct timer timer;
	bool timed_out;
	struct err err; /* why it cannot be met any more */
	struct printer printer;
};

/* ---- what to wait for ---- */

static int parse_conditions(struct wait *w, struct err *e)
{
	const struct strlist *texts = opts_list(&w->ctx->opts, "for");

	if (!texts->len)
		return cmd_usage_error(w->ctx, e,
		    "one of --for=condition=NAME, --for=delete, --for=create, --for=jsonpath=PATH "
		    "or --for=finished must be "
		    "specified");
	w->conds = xcalloc(texts->len, sizeof(*w->conds));
	for (size_t i = 0; i < texts->len; i++) {
		w->cond_count++;
		if (wait_cond_parse(&w->conds[i], texts->items[i], e) < 0)
			return -1;
	}
	return 0;
}

static bool waits_for(const struct wait *w, enum wait_kind kind)
{
	for (size_t i = 0; i < w->cond_count; i++)
		if (w->conds[i].kind == kind)
			return true;
	return false;
}

static void add_item(
    struct wait *w, const struct resource *r, const char *ns, const char *name, bool named)
{
	GROW(w->items, w->cap, w->len + 1);
	w->items[w->len++] = (struct wait_item){.resource = r,
	    .ns = xstrdup(r->namespaced ? ns : ""),
	    .name = xstrdup(name),
	    .named = named,
	    .existed = !named};
}

static struct wait_item *find_item(struct wait *w, const struct resource *r, const json *obj)
{
	const char *ns = json_str_or(obj, "metadata.namespace", "");

	for (size_t i = 0; i < w->len; i++)
		if (w->items[i].resource == r &&
		    str_eq(w->items[i].name, json_str(obj, "metadata.name")) &&
		    (!r->namespaced || str_eq(w->items[i].ns, ns)))
			return &w->items[i];
	return NULL;
}

static int add_manifests(struct wait *w, struct manifests *all, struct err *e)
{
	if (manifests_load(opts_list(&w->ctx->opts, "filename"),
		opts_bool(&w->ctx->opts, "recursive"), all, e) < 0)
		return -1;
	for (size_t i = 0; i < all->len; i++) {
		struct manifest_target t = {0};

		if (manifest_resolve_named(w->ctx, &all->items[i], &t, e) < 0)
			return -1;
		add_item(w, t.resource, t.ns ? t.ns : w->ctx->ns, t.name, true);
	}
	return 0;
}

static int add_selected(struct wait *w, const struct resource *r, struct err *e)
{
	auto_buf path = {0};
	auto_json *list = NULL;

	resource_path(
	    r, opts_bool(&w->ctx->opts, "all-namespaces") ? NULL : w->ctx->ns, NULL, NULL, &path);
	query_add(&path, "labelSelector", opts_str(&w->ctx->opts, "selector"));
	query_add(&path, "fieldSelector", opts_str(&w->ctx->opts, "field-selector"));
	list = client_get_json(w->client, buf_str(&path), e);
	if (!list)
		return -1;
	json_for (it, json_get(list, "items"))
		add_item(w, r, json_str_or(it, "metadata.namespace", ""),
		    json_str_or(it, "metadata.name", ""), false);
	return 0;
}

static int add_items(struct wait *w, struct manifests *all, struct err *e)
{
	const struct opts *o = &w->ctx->opts;
	bool select =
	    opts_bool(o, "all") || *opts_str(o, "selector") || *opts_str(o, "field-selector");
	auto_targets targets = {0};

	if (opts_list(o, "filename")->len)
		return add_manifests(w, all, e);
	if (w->ctx->argc == 0)
		return picks_none(e);
	if (targets_parse(w->ctx, w->ctx->args, w->ctx->argc, NULL, &targets, e) < 0)
		return -1;
	for (size_t i = 0; i < targets.len; i++) {
		const struct target *t = &targets.items[i];

		if (t->name)
			add_item(w, t->resource, w->ctx->ns, t->name, true);
		else if (!select)
			return err_set(e, ERR_BAD_REQUEST,
			    "resource(s) were provided, but no name was specified");
		else if (add_selected(w, t->resource, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- looking ---- */

static void item_name(const struct wait_item *it, struct buf *out)
{
	resource_singular_name(it->resource, out);
	buf_addf(out, "/%s", it->name);
}

static void never(struct wait *w, const struct wait_item *it, const char *why)
{
	auto_buf name = {0};

	item_name(it, &name);
	if (w->err.reason == ERR_NONE)
		err_set(&w->err, ERR_CONFLICT,
		    waits_for(w, WAIT_FINISHED) ? "%s has not succeeded: %s"
						: "%s will not meet the condition: %s",
		    buf_str(&name), why);
}

/* obj NULL: it is gone. */
static void tell_met(struct wait *w, const struct wait_item *it, const json *obj)
{
	auto_json *shown = obj ? json_dup(obj) : json_new_object();
	auto_err e = {0};

	resource_set_type(it->resource, shown);
	if (!obj)
		json_set_str(json_obj(shown, "metadata"), "name", it->name);
	if (print_result(w->ctx, &w->printer, it->resource, shown, "condition met", "none", &e) < 0)
		cmd_report(w->ctx, &e);
}

static void look(struct wait *w, struct wait_item *it, const json *obj)
{
	for (size_t i = 0; i < w->cond_count; i++) {
		auto_free char *why = NULL;
		enum wait_state state =
		    wait_cond_check(&w->conds[i], it->resource->kind, obj, it->existed, &why);

		if (state == WAIT_NEVER)
			never(w, it, why);
		if (state != WAIT_MET) {
			it->existed = it->existed || obj;
			return;
		}
	}
	it->met = true;
	if (it->existed || obj) /* what was never there: kubectl says nothing */
		tell_met(w, it, obj);
}

/* Looks at the group's items; those that are not in the list do not exist. */
static void look_at_list(struct wait *w, const struct wait_group *g, const json *list)
{
	auto_free bool *seen = xcalloc(w->len + 1, sizeof(*seen));

	json_for (obj, json_get(list, "items")) {
		struct wait_item *it = find_item(w, g->resource, obj);

		if (!it)
			continue;
		seen[it - w->items] = true;
		if (!it->met)
			look(w, it, obj);
	}
	for (size_t i = 0; i < w->len; i++) {
		struct wait_item *it = &w->items[i];

		if (it->resource == g->resource && str_eq(it->ns, g->ns) && !seen[i] && !it->met)
			look(w, it, NULL);
	}
}

static void on_object(void *ctx, const char *type, const json *obj)
{
	struct wait_group *g = ctx;
	struct wait_item *it;

	if (str_eq(type, WATCHER_RELIST)) {
		look_at_list(g->wait, g, obj);
		return;
	}
	it = find_item(g->wait, g->resource, obj);
	if (it && !it->met)
		look(g->wait, it, str_eq(type, "DELETED") ? NULL : obj);
}

/* ---- groups ---- */

static struct wait_group *group_of(struct wait *w, const struct wait_item *it)
{
	for (size_t i = 0; i < w->group_count; i++)
		if (w->groups[i].resource == it->resource && str_eq(w->groups[i].ns, it->ns))
			return &w->groups[i];
	w->groups[w->group_count] =
	    (struct wait_group){.wait = w, .resource = it->resource, .ns = xstrdup(it->ns)};
	return &w->groups[w->group_count++];
}

/* The only item of a group; NULL: it has several. */
static const struct wait_item *only_item(const struct wait *w, const struct wait_group *g)
{
	const struct wait_item *only = NULL;

	for (size_t i = 0; i < w->len; i++) {
		if (w->items[i].resource != g->resource || !str_eq(w->items[i].ns, g->ns))
			continue;
		if (only)
			return NULL;
		only = &w->items[i];
	}
	return only;
}

static void group_path(const struct wait *w, const struct wait_group *g, struct buf *path)
{
	const struct wait_item *only = only_item(w, g);

	resource_path(g->resource, g->ns, NULL, NULL, path);
	if (only)
		query_addf(path, "fieldSelector", "metadata.name=%s", only->name);
}

/*
 * A name that does not exist is an error, in the server's words, unless that is waited for; the
 * others are waited for all the same.
 */
static int check_missing(
    struct wait *w, const struct wait_group *g, const json *list, struct err *e)
{
	if (waits_for(w, WAIT_CREATE) || waits_for(w, WAIT_DELETE))
		return 0;
	for (size_t i = 0; i < w->len; i++) {
		struct wait_item *it = &w->items[i];
		bool found = false;
		auto_buf path = {0};
		auto_json *obj = NULL;

		if (!it->named || it->resource != g->resource || !str_eq(it->ns, g->ns))
			continue;
		json_for (o, json_get(list, "items"))
			found = found || str_eq(json_str(o, "metadata.name"), it->name);
		if (found)
			continue;
		resource_path(it->resource, it->ns, it->name, NULL, &path);
		obj = client_get_json(w->client, buf_str(&path), e);
		if (!obj && !(err_is_status(e) && e->reason == ERR_NOT_FOUND))
			return -1;
		it->met = !obj;
		if (!obj)
			cmd_report(w->ctx, e);
	}
	return 0;
}

/* Looks at what is there now, and goes on watching from there. */
static int start_group(struct wait *w, struct wait_group *g, struct err *e)
{
	auto_buf path = {0};
	auto_json *list = NULL;

	group_path(w, g, &path);
	list = client_get_json(w->client, buf_str(&path), e);
	if (!list || check_missing(w, g, list, e) < 0)
		return -1;
	look_at_list(w, g, list);
	watcher_start(
	    &g->watch, w->client, buf_str(&path), json_str(list, "metadata.resourceVersion"));
	return 0;
}

static bool all_met(const struct wait *w)
{
	for (size_t i = 0; i < w->len; i++)
		if (!w->items[i].met)
			return false;
	return true;
}

/* ---- waiting ---- */

static void timer_due(void *arg)
{
	struct wait *w = arg;

	w->timed_out = true;
}

static int report_unmet(struct wait *w, const char *text)
{
	for (size_t i = 0; i < w->len; i++) {
		auto_err one = {0};

		if (w->items[i].met)
			continue;
		err_set(&one, ERR_TIMEOUT, "%s %s/%s", text, w->items[i].resource->name,
		    w->items[i].name);
		cmd_report(w->ctx, &one);
	}
	return 1;
}

static int wait_on(struct wait *w, struct err *e)
{
	for (;;) {
		for (size_t i = 0; i < w->group_count; i++)
			if (watcher_pump(&w->groups[i].watch, on_object, &w->groups[i], e) < 0)
				return -1;
		if (w->err.reason != ERR_NONE) {
			err_move(e, &w->err);
			return -1;
		}
		if (all_met(w))
			return w->ctx->failed;
		if (w->timed_out)
			return report_unmet(w, "timed out waiting for the condition on");
		client_turn(w->client);
	}
}

static int start_and_wait(struct wait *w, struct err *e)
{
	int64_t limit = opts_duration_ns(&w->ctx->opts, "timeout");

	if (limit < 0)
		limit = ONE_WEEK_NS;
	w->timer = (struct timer){.name = "wait", .fn = timer_due, .arg = w};
	if (limit > 0)
		timer_set(
		    client_loop(w->client), &w->timer, (limit + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);
	w->groups = xcalloc(w->len + 1, sizeof(*w->groups));
	for (size_t i = 0; i < w->len; i++)
		group_of(w, &w->items[i]);
	for (size_t i = 0; i < w->group_count; i++)
		if (start_group(w, &w->groups[i], e) < 0)
			return -1;
	if (w->err.reason == ERR_NONE && limit == 0 && !all_met(w))
		return report_unmet(w, "condition not met for");
	return wait_on(w, e);
}

static void wait_release(struct wait *w)
{
	if (w->client)
		timer_cancel(client_loop(w->client), &w->timer);
	for (size_t i = 0; i < w->group_count; i++) {
		watcher_stop(&w->groups[i].watch);
		free(w->groups[i].ns);
	}
	for (size_t i = 0; i < w->len; i++) {
		free(w->items[i].ns);
		free(w->items[i].name);
	}
	for (size_t i = 0; i < w->cond_count; i++)
		wait_cond_release(&w->conds[i]);
	free(w->groups);
	free(w->items);
	free(w->conds);
	err_clear(&w->err);
	printer_release(&w->printer);
}

static int exec_wait(struct cmd_ctx *ctx, struct err *e)
{
	struct wait w = {.ctx = ctx};
	auto_manifests all = {0};
	int rc = parse_conditions(&w, e);

	if (rc == 0)
		rc = printer_init(&w.printer, opts_str(&ctx->opts, "output"), e);
	w.printer.show_managed = opts_bool(&ctx->opts, "show-managed-fields");
	if (rc == 0)
		w.client = cmd_client(ctx, e);
	if (!w.client)
		rc = -1;
	if (rc == 0)
		rc = add_items(&w, &all, e);
	if (rc == 0 && w.len == 0 && !waits_for(&w, WAIT_DELETE))
		rc = err_set(e, ERR_NOT_FOUND, "no matching resources found");
	if (rc == 0)
		rc = start_and_wait(&w, e);
	wait_release(&w);
	return rc;
}

const struct cmd cmd_wait = {
    .name = "wait",
    .usage = "(TYPE/NAME… | TYPE NAME… | TYPE -l SELECTOR | TYPE --all | -f FILE) --for=CONDITION "
	     "[options]",
    .summary = "Wait until objects meet a condition",
    .help = "Unlike kubectl's, it ends at once with exit code 1 when the condition cannot be met "
	    "any more: a Job that "
	    "has failed will not be complete.",
    .examples = "# The end of a Job: exit code 0 when it is complete, 1 when it failed\n"
		"kjob wait job/hello --for=finished --timeout=10m\n\n"
		"# As with kubectl\n"
		"kjob wait --for=condition=complete job/hello\n"
		"kjob wait --for=jsonpath='{.status.phase}'=Running pod -l run=hello\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_wait,
};
