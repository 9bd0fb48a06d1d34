/* kjob get: tables that the server makes, or objects in the format asked for. */
#include "get.h"

#include <ctype.h>
#include <stdio.h>

#include "../runtime/base/clock.h"
#include "../runtime/base/json_view.h"
#include "manifest.h"
#include "raw.h"
#include "sort.h"

#define PAGE_SIZE "500"

static const struct opt options[] = {
    OPT_ROW_OUTPUT,
    {"watch", 'w', OPT_BOOL, NULL, NULL, "Go on and show each change", NULL, NULL},
    {"watch-only", 0, OPT_BOOL, NULL, NULL, "Show changes only, not what is there now", NULL, NULL},
    {"output-watch-events", 0, OPT_BOOL, NULL, NULL,
	"Say with each object whether it was added, modified or deleted", NULL, NULL},
    OPT_ROW_ALL_NAMESPACES,
    OPT_ROW_SELECTOR,
    OPT_ROW_FIELD_SELECTOR,
    OPT_ROW_FILENAME("Show what a manifest names"),
    OPT_ROW_RECURSIVE,
    {"label-columns", 'L', OPT_CSV, NULL, "LABEL", "A column for each of these labels", NULL, NULL},
    {"show-labels", 0, OPT_BOOL, NULL, NULL, "A last column with all labels", NULL, NULL},
    {"show-kind", 0, OPT_BOOL, NULL, NULL, "The kind in front of names", NULL, NULL},
    {"no-headers", 0, OPT_BOOL, NULL, NULL, "Leave out the headings", NULL, NULL},
    {"sort-by", 0, OPT_STRING, NULL, "JSONPATH",
	"Sort by a field, as in .metadata.creationTimestamp", NULL, NULL},
    {"ignore-not-found", 0, OPT_BOOL, NULL, NULL, "A name that does not exist is no error", NULL,
	NULL},
    {"chunk-size", 0, OPT_INT, PAGE_SIZE, "N",
	"Ask for long lists in pieces of this size; 0: at once", NULL, NULL},
    {"show-all", 'a', OPT_BOOL, "true", NULL,
	"Accepted, and without effect: finished pods are always listed", NULL, NULL},
    OPT_ROW_SHOW_MANAGED,
    {"subresource", 0, OPT_STRING, NULL, "NAME", "Show this part of an object, such as status",
	NULL, NULL},
    OPT_ROW_RAW("Show the server's answer to this path as it is"),
    OPT_END,
};

/* What all targets gave, in order. The answers own rows, objects and columns. */
struct found {
	const struct resource *resource;
	const json *columns; /* of the table that the row is from */
	json *item;          /* a table row or an object */
};

struct harvest {
	struct found *items;
	size_t len, cap;
	json **answers;
	size_t answer_count;
	const struct resource *answered; /* a resource that was not refused */
	bool several;                    /* there is another one */
	struct err *errors;              /* reported behind the output */
	size_t error_count;
};

static void harvest_add(
    struct harvest *h, const struct resource *r, const json *columns, json *item)
{
	GROW(h->items, h->cap, h->len + 1);
	h->items[h->len++] = (struct found){.resource = r, .columns = columns, .item = item};
}

static void harvest_own(struct harvest *h, json *answer)
{
	h->answers = xrealloc(h->answers, (h->answer_count + 1) * sizeof(*h->answers));
	h->answers[h->answer_count++] = answer;
}

static void harvest_error(struct harvest *h, struct err *e)
{
	h->errors = xrealloc(h->errors, (h->error_count + 1) * sizeof(*h->errors));
	memset(&h->errors[h->error_count], 0, sizeof(*h->errors));
	err_move(&h->errors[h->error_count++], e);
}

static void harvest_release(struct harvest *h)
{
	for (size_t i = 0; i < h->answer_count; i++)
		json_free(h->answers[i]);
	for (size_t i = 0; i < h->error_count; i++)
		err_clear(&h->errors[i]);
	free(h->items);
	free(h->answers);
	free(h->errors);
}

/* ---- requests ---- */

void get_path(const struct get *g, const struct target *t, struct buf *path)
{
	const struct opts *o = &g->ctx->opts;

	resource_path(t->resource,
	    g->all_namespaces ? NULL
	    : t->ns           ? t->ns
			      : g->ctx->ns,
	    t->name, *opts_str(o, "subresource") ? opts_str(o, "subresource") : NULL, path);
	if (!t->name) {
		query_add(path, "labelSelector", opts_str(o, "selector"));
		query_add(path, "fieldSelector", opts_str(o, "field-selector"));
	}
	if (printer_is_table(&g->printer) && *opts_str(o, "sort-by"))
		query_add(path, "includeObject", "Object");
}

const char *get_accept(const struct get *g)
{
	return printer_is_table(&g->printer) ? MIME_TABLE : MIME_JSON;
}

json *get_as_shown(const struct get *g, json *answer)
{
	return printer_is_table(&g->printer) ? view_as_table(answer, clock_wall_ns() / NSEC_PER_SEC)
					     : answer;
}

static void harvest_array(
    struct harvest *h, const struct resource *r, json *answer, const char *key, bool objects)
{
	const json *columns = json_get(answer, "columnDefinitions");

	json_for (it, json_get(answer, key)) {
		if (objects)
			resource_set_type(r, it);
		harvest_add(h, r, columns, it);
	}
}

/* Takes over the answer. */
static void harvest_answer(struct get *g, struct harvest *h, const struct target *t, json *answer)
{
	harvest_own(h, answer);
	if (printer_is_table(&g->printer)) {
		harvest_array(h, t->resource, answer, "rows", false);
	} else if (t->name) {
		resource_set_type(t->resource, answer);
		harvest_add(h, t->resource, NULL, answer);
	} else {
		harvest_array(h, t->resource, answer, "items", true);
	}
}

/* The request for one page. */
static void page_path(
    const struct get *g, const struct target *t, const char *token, struct buf *path)
{
	const struct opts *o = &g->ctx->opts;
	int64_t chunk = opts_int(o, "chunk-size");
	bool cells_only = printer_is_table(&g->printer) && !g->all_namespaces &&
			  !*opts_str(o, "sort-by") && !g->view.show_labels &&
			  !opts_given(o, "label-columns");

	get_path(g, t, path);
	if (cells_only)
		query_add(path, "includeObject", "None");
	if (!t->name && chunk > 0)
		query_addf(path, "limit", "%lld", (long long)chunk);
	query_add(path, "continue", token);
}

static struct pending *begin_page(const struct get *g, const char *path)
{
	return client_begin(g->client, &(struct call){.path = path, .accept = get_accept(g)});
}

/* Where the next page begins; "": this is the last one. Owned. */
static char *next_token(const struct target *t, const struct reply *page)
{
	static const char *const paths[] = {"metadata.continue", NULL};
	struct json_view *v = json_view_new(paths);
	const json *j = t->name ? NULL : json_view_read(v, page->body, page->body_len, NULL);
	char *token = xstrdup(json_str_or(j, "metadata.continue", ""));

	json_view_free(v);
	return token;
}

/* All pages of one target: while one is read, the server makes the next. */
static int fetch(struct get *g, struct harvest *h, const struct target *t, struct err *e)
{
	auto_buf path = {0};
	struct pending *next;
	json *answer;

	page_path(g, t, "", &path);
	next = begin_page(g, buf_str(&path));
	while (next) {
		auto_reply page = {0};
		auto_free char *token = NULL, *asked = buf_take(&path);

		if (client_end(TAKE(next), &page, e) < 0)
			return -1;
		token = next_token(t, &page);
		if (*token) {
			page_path(g, t, token, &path);
			next = begin_page(g, buf_str(&path));
		}
		answer = reply_json(&page, asked, e);
		if (!answer) {
			client_drop(next);
			return -1;
		}
		harvest_answer(g, h, t, get_as_shown(g, answer));
	}
	return 0;
}

/* A list that is refused says what was looked for, as kubectl does. */
static void explain_refusal(const struct get *g, const struct target *t, struct err *e)
{
	const char *labels = opts_str(&g->ctx->opts, "selector");
	const char *fields = opts_str(&g->ctx->opts, "field-selector");
	const struct resource *r = t->resource;

	if (t->name || !err_is_status(e) ||
	    (e->reason != ERR_BAD_REQUEST && e->reason != ERR_NOT_FOUND))
		return;
	if (*labels || *fields)
		err_wrap(e,
		    "Unable to find \"%s/%s, Resource=%s\" that match label selector \"%s\", field "
		    "selector \"%s\"",
		    r->group, r->version, r->name, labels, fields);
	else
		err_wrap(e, "Unable to list \"%s/%s, Resource=%s\"", r->group, r->version, r->name);
}

static void note_answer(struct harvest *h, const struct resource *r)
{
	h->several = h->several || (h->answered && h->answered != r);
	h->answered = r;
}

static void fetch_all(struct get *g, struct harvest *h, const struct targets *targets)
{
	bool ignore = opts_bool(&g->ctx->opts, "ignore-not-found");

	for (size_t i = 0; i < targets->len; i++) {
		auto_err one = {0};

		if (fetch(g, h, &targets->items[i], &one) == 0) {
			note_answer(h, targets->items[i].resource);
			continue;
		}
		explain_refusal(g, &targets->items[i], &one);
		if (!(ignore && err_is_status(&one) && one.reason == ERR_NOT_FOUND))
			harvest_error(h, &one);
	}
}

/* ---- printing ---- */

void get_set_view(struct get *g, const struct resource *r, bool with_kind, struct buf *prefix)
{
	if (with_kind) {
		resource_singular_name(r, prefix);
		buf_addch(prefix, '/');
	}
	g->view.name_prefix = with_kind ? buf_str(prefix) : NULL;
	g->view.with_namespace = g->all_namespaces && r->namespaced;
}

/*
 * The rows from `from` on that belong to one resource, as one table. Returns where the next begins.
 */
static size_t print_table(struct get *g, const struct harvest *h, size_t from, bool with_kind)
{
	const struct resource *r = h->items[from].resource;
	const json *columns = h->items[from].columns;
	auto_buf prefix = {0}, text = {.max = 1024 * MIB};
	auto_text_table t = {0};
	size_t i;

	get_set_view(g, r, with_kind, &prefix);
	if (from && !g->view.no_headings)
		buf_addch(&text, '\n');
	view_headings(&g->view, columns, &t);
	for (i = from; i < h->len && h->items[i].resource == r; i++)
		view_row(&g->view, columns, h->items[i].item, NULL, &t);
	text_table_flush(&t, &text);
	out_add(&g->ctx->out, buf_str(&text), text.len);
	return i;
}

static void print_tables(struct get *g, const struct harvest *h)
{
	bool with_kind = opts_bool(&g->ctx->opts, "show-kind") || h->several;

	for (size_t i = 0; i < h->len;)
		i = print_table(g, h, i, with_kind);
}

/* All objects in one List; a single named one bare. */
static json *as_document(const struct harvest *h, const struct targets *targets)
{
	json *list, *items;

	if (targets->len == 1 && targets->items[0].name && h->len == 1)
		return json_dup(h->items[0].item);
	list = object_list();
	json_set_path(list, "metadata.resourceVersion", json_new_string(""));
	items = json_get(list, "items");
	for (size_t i = 0; i < h->len; i++)
		json_add(items, json_dup(h->items[i].item));
	return list;
}

static int print_objects(
    struct get *g, const struct harvest *h, const struct targets *targets, struct err *e)
{
	bool named_only = targets->len && targets->items[0].name;
	auto_json *document = NULL;
	auto_buf text = {.max = 1024 * MIB};
	int rc = 0;

	if (g->printer.format == PRINT_NAME) {
		for (size_t i = 0; i < h->len; i++)
			rc = printer_object(
			    &g->printer, h->items[i].resource, h->items[i].item, &text, e);
	} else if (h->len || !named_only) {
		document = as_document(h, targets);
		rc = printer_object(&g->printer, NULL, document, &text, e);
	}
	out_add(&g->ctx->out, buf_str(&text), text.len);
	return rc;
}

static void say_nothing_found(struct get *g, const struct targets *targets)
{
	bool namespaced = false;

	for (size_t i = 0; i < targets->len; i++)
		namespaced = namespaced || targets->items[i].resource->namespaced;
	if (opts_bool(&g->ctx->opts, "ignore-not-found"))
		return;
	if (g->all_namespaces || !namespaced)
		fputs("No resources found\n", stderr);
	else
		fprintf(stderr, "No resources found in %s namespace.\n", g->ctx->ns);
}

static int sort_harvest(struct get *g, struct harvest *h, struct err *e)
{
	const char *by = opts_str(&g->ctx->opts, "sort-by");
	const char *inside = printer_is_table(&g->printer) ? "object" : NULL;
	json **items;
	int rc;

	if (!*by || h->len < 2)
		return 0;
	items = xcalloc(h->len, sizeof(*items));
	for (size_t i = 0; i < h->len; i++)
		items[i] = h->items[i].item;
	rc = sort_objects(items, h->len, inside, by, e);
	for (size_t i = 0; i < h->len; i++)
		h->items[i].item = items[i];
	free(items);
	return rc;
}

/* ---- the command ---- */

static bool several_kinds(const struct targets *targets)
{
	for (size_t i = 1; i < targets->len; i++)
		if (targets->items[i].resource != targets->items[0].resource)
			return true;
	return false;
}

static int get_once(struct get *g, const struct targets *targets, struct err *e)
{
	struct harvest h = {0};
	int rc;

	fetch_all(g, &h, targets);
	rc = several_kinds(targets) ? 0 : sort_harvest(g, &h, e);
	if (rc == 0) {
		if (!printer_is_table(&g->printer))
			rc = print_objects(g, &h, targets, e);
		else if (h.len)
			print_tables(g, &h);
		else if (!h.error_count)
			say_nothing_found(g, targets);
	}
	for (size_t i = 0; i < h.error_count; i++)
		cmd_report(g->ctx, &h.errors[i]);
	harvest_release(&h);
	return rc < 0 ? -1 : g->ctx->failed;
}

static int find_targets(
    struct cmd_ctx *ctx, struct manifests *files, struct targets *ret, struct err *e)
{
	if (opts_given(&ctx->opts, "filename"))
		return manifests_targets(ctx, files, ret, e);
	if (targets_parse(ctx, ctx->args, ctx->argc, NULL, ret, e) < 0)
		return -1;
	if (ret->len)
		return 0;
	fputs("You must specify the type of resource to get. Use \"kjob api-resources\" for a "
	      "complete list of supported "
	      "resources.\n\n",
	    stderr);
	return cmd_usage_error(ctx, e, "Required resource not specified.");
}

static int check_usage(struct get *g, const struct targets *targets, struct err *e)
{
	const struct opts *o = &g->ctx->opts;
	bool selected = *opts_str(o, "selector") || *opts_str(o, "field-selector");
	bool watching = opts_bool(o, "watch") || opts_bool(o, "watch-only");

	for (size_t i = 0; i < targets->len; i++) {
		if (!targets->items[i].name && *opts_str(o, "subresource"))
			return err_set(e, ERR_BAD_REQUEST,
			    "subresource cannot be used when bulk resources are specified");
		if (!targets->items[i].name)
			continue;
		if (selected)
			return err_set(e, ERR_BAD_REQUEST,
			    "name cannot be provided when a selector is specified");
		if (g->all_namespaces)
			return err_set(e, ERR_BAD_REQUEST,
			    "a resource cannot be retrieved by name across all namespaces");
	}
	if (watching && (targets->len != 1 || several_kinds(targets)))
		return err_set(e, ERR_BAD_REQUEST, "you may only specify a single resource type");
	if (opts_bool(o, "output-watch-events") && !watching)
		return cmd_usage_error(g->ctx, e,
		    "--output-watch-events option can only be used with --watch or --watch-only");
	return 0;
}

static int prepare(struct get *g, struct err *e)
{
	const struct opts *o = &g->ctx->opts;

	if (printer_init(&g->printer, opts_str(o, "output"), e) < 0)
		return -1;
	g->printer.show_managed = opts_bool(o, "show-managed-fields");
	g->printer.no_headers = opts_bool(o, "no-headers");
	g->all_namespaces = opts_bool(o, "all-namespaces");
	g->view = (struct view){
	    .wide = g->printer.format == PRINT_WIDE,
	    .no_headings = opts_bool(o, "no-headers"),
	    .show_labels = opts_bool(o, "show-labels"),
	    .events = opts_bool(o, "output-watch-events"),
	    .label_columns = opts_list(o, "label-columns"),
	};
	g->client = cmd_client(g->ctx, e);
	return g->client ? 0 : -1;
}

static int get_raw(struct cmd_ctx *ctx, struct err *e)
{
	static const char *const alone[] = {"output", NULL};
	const struct opts *o = &ctx->opts;

	if (opts_bool(o, "watch") || opts_bool(o, "watch-only") || *opts_str(o, "selector") ||
	    opts_given(o, "filename"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--raw may not be specified with other flags that filter the server request "
		    "or alter the output");
	return raw_request(ctx, "GET", alone, e);
}

static int exec_get(struct cmd_ctx *ctx, struct err *e)
{
	struct get g = {.ctx = ctx};
	auto_manifests files = {0};
	auto_targets targets = {0};
	int rc = -1;

	if (*opts_str(&ctx->opts, "raw"))
		return get_raw(ctx, e);
	if (prepare(&g, e) == 0 && find_targets(ctx, &files, &targets, e) == 0 &&
	    check_usage(&g, &targets, e) == 0) {
		if (opts_bool(&ctx->opts, "watch") || opts_bool(&ctx->opts, "watch-only"))
			rc = get_watch(&g, &targets.items[0], e);
		else
			rc = get_once(&g, &targets, e);
	}
	text_table_release(&g.table);
	printer_release(&g.printer);
	return rc;
}

const struct cmd cmd_get = {
    .name = "get",
    .usage = "(TYPE[,TYPE…] [NAME…] | TYPE/NAME… | -f FILE) [options]",
    .summary = "List jobs, pods, events and nodes, or show one",
    .help = "Types have short names and plurals, see 'kjob api-resources'; 'all' stands for the "
	    "ones people usually mean.",
    .examples = "# Jobs, and the pods of one of them\n"
		"kjob get jobs\n"
		"kjob get pods -l job-name=pi\n\n"
		"# A Job as YAML; one field of it\n"
		"kjob get job pi -o yaml\n"
		"kjob get job pi -o jsonpath='{.status.succeeded}'\n\n"
		"# Watch pods come and go\n"
		"kjob get pods -w\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_get,
};
