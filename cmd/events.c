/* kjob events: what happened to objects, in the order of time. */
#include <stdio.h>
#include <strings.h>

#include "../runtime/base/clock.h"
#include "event_text.h"
#include "printer.h"
#include "resources.h"
#include "watcher.h"

#define PAGE_SIZE "500"

static const struct opt options[] = {
    {"for", 0, OPT_STRING, NULL, "TYPE/NAME", "Only events about this object", NULL, NULL},
    {"types", 0, OPT_CSV, NULL, "TYPE", "Only events of these types: Normal, Warning", NULL, NULL},
    {"watch", 'w', OPT_BOOL, NULL, NULL, "Go on and show new events", NULL, NULL},
    OPT_ROW_ALL_NAMESPACES,
    OPT_ROW_OUTPUT,
    {"no-headers", 0, OPT_BOOL, NULL, NULL, "Leave out the headings", NULL, NULL},
    {"chunk-size", 0, OPT_INT, PAGE_SIZE, "N",
	"Ask for long lists in pieces of this size; 0: at once", NULL, NULL},
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

struct events {
	struct cmd_ctx *ctx;
	struct client *client;
	const struct resource *resource;
	const struct strlist *types; /* empty: all */
	bool all_namespaces;
	struct buf path; /* of the list */
	char *version;   /* of the list that was shown */
	struct printer printer;
	struct text_table table;
	bool headed;
	struct err err; /* of printing in a watch */
};

/* ---- showing ---- */

static bool is_wanted(const struct events *v, const json *e)
{
	const char *type = json_str_or(e, "type", "");

	for (size_t i = 0; i < v->types->len; i++)
		if (strcasecmp(v->types->items[i], type) == 0)
			return true;
	return !v->types->len;
}

static void add_headings(struct events *v)
{
	static const char *const headings[] = {
	    "NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"};

	if (v->headed || v->printer.no_headers)
		return;
	v->headed = true;
	for (size_t i = v->all_namespaces ? 0 : 1; i < ARRAY_LEN(headings); i++)
		text_table_cell(&v->table, headings[i]);
	text_table_end_row(&v->table);
}

static void add_row(struct events *v, const json *e)
{
	auto_free char *message = event_message(e), *object = NULL;
	auto_buf age = {0};

	add_headings(v);
	event_age(e, clock_wall_ns() / NSEC_PER_SEC, &age);
	object = xasprintf("%s/%s", json_str_or(e, "involvedObject.kind", ""),
	    json_str_or(e, "involvedObject.name", ""));
	if (v->all_namespaces)
		text_table_cell(&v->table, json_str_or(e, "metadata.namespace", ""));
	text_table_cell(&v->table, buf_str(&age));
	text_table_cell(&v->table, json_str_or(e, "type", ""));
	text_table_cell(&v->table, json_str_or(e, "reason", ""));
	text_table_cell(&v->table, object);
	text_table_cell(&v->table, message);
	text_table_end_row(&v->table);
}

static void write_out(struct events *v, const struct buf *text)
{
	out_add(&v->ctx->out, buf_str(text), text->len);
	out_flush(&v->ctx->out);
}

/* Each event on its own: rows, names, and what a watch shows. */
static int show_each(struct events *v, json *const *sorted, size_t len, struct err *e)
{
	auto_buf text = {.max = 1024 * MIB};
	int rc = 0;

	for (size_t i = 0; i < len && rc == 0; i++) {
		if (printer_is_table(&v->printer))
			add_row(v, sorted[i]);
		else
			rc = printer_object(&v->printer, v->resource, sorted[i], &text, e);
	}
	text_table_flush(&v->table, &text);
	write_out(v, &text);
	return rc;
}

static int show_list(struct events *v, json *const *sorted, size_t len, struct err *e)
{
	auto_json *list = object_list();
	auto_buf text = {.max = 1024 * MIB};
	int rc;

	json_set_path(list, "metadata.resourceVersion", json_new_string(""));
	for (size_t i = 0; i < len; i++)
		json_add(json_get(list, "items"), json_dup(sorted[i]));
	rc = printer_object(&v->printer, NULL, list, &text, e);
	write_out(v, &text);
	return rc;
}

static void say_none(const struct events *v)
{
	if (v->all_namespaces)
		fputs("No events found.\n", stderr);
	else
		fprintf(stderr, "No events found in %s namespace.\n", v->ctx->ns);
}

/* ---- asking ---- */

/* All pages, those of the wanted types; NULL: e is set. */
static json *fetch(struct events *v, struct err *e)
{
	auto_json *all = json_new_array();
	auto_free char *token = xstrdup("");
	int64_t chunk = opts_int(&v->ctx->opts, "chunk-size");

	do {
		auto_buf path = {0};
		auto_json *page = NULL;

		buf_adds(&path, buf_str(&v->path));
		if (chunk > 0)
			query_addf(&path, "limit", "%lld", (long long)chunk);
		query_add(&path, "continue", token);
		page = client_get_json(v->client, buf_str(&path), e);
		if (!page)
			return NULL;
		json_for (it, json_get(page, "items")) {
			json *copy = is_wanted(v, it) ? json_dup(it) : NULL;

			if (!copy)
				continue;
			resource_set_type(v->resource, copy);
			json_add(all, copy);
		}
		free(token);
		token = xstrdup(json_str_or(page, "metadata.continue", ""));
		free(v->version);
		v->version = xstrdup(json_str_or(page, "metadata.resourceVersion", ""));
	} while (*token);
	return TAKE(all);
}

static int show_present(struct events *v, bool watching, struct err *e)
{
	auto_json *all = fetch(v, e);
	auto_free json **sorted = NULL;
	size_t len = 0;

	if (!all)
		return -1;
	sorted = events_by_time(all, &len);
	if (!len && !watching && printer_is_table(&v->printer)) {
		say_none(v);
		return 0;
	}
	if (watching || printer_is_table(&v->printer) || v->printer.format == PRINT_NAME)
		return show_each(v, sorted, len, e);
	return show_list(v, sorted, len, e);
}

static void on_event(void *ctx, const char *type, const json *object)
{
	struct events *v = ctx;
	auto_json *copy = NULL;

	if (v->err.reason != ERR_NONE || str_eq(type, "DELETED") || str_eq(type, WATCHER_RELIST) ||
	    !is_wanted(v, object))
		return;
	copy = json_dup(object);
	resource_set_type(v->resource, copy);
	if (show_each(v, &copy, 1, &v->err) < 0)
		return; /* watch sees it */
}

static int watch(struct events *v, struct err *e)
{
	struct watcher w;
	int rc = 0;

	watcher_start(&w, v->client, buf_str(&v->path), v->version);
	while (rc == 0 && v->err.reason == ERR_NONE && !v->ctx->out.error) {
		client_turn(v->client);
		rc = watcher_pump(&w, on_event, v, e);
	}
	watcher_stop(&w);
	if (rc == 0 && v->err.reason != ERR_NONE) {
		err_move(e, &v->err);
		rc = -1;
	}
	return rc;
}

/* ---- the command ---- */

/* The field selector for TYPE/NAME. */
static int select_object(struct events *v, const char *object, struct err *e)
{
	auto_targets targets = {0};
	auto_buf version = {0};
	const struct target *t;

	if (!strchr(object, '/'))
		return err_set(e, ERR_BAD_REQUEST, "--for must be in resource/name form");
	if (targets_parse(v->ctx, &object, 1, NULL, &targets, e) < 0)
		return -1;
	t = &targets.items[0];
	resource_api_version(t->resource, &version);
	query_addf(&v->path, "fieldSelector",
	    "involvedObject.kind=%s,involvedObject.apiVersion=%s,involvedObject.name=%s",
	    t->resource->kind, buf_str(&version), t->name);
	return 0;
}

static int check_usage(const struct events *v, struct err *e)
{
	if (v->ctx->argc && strchr(v->ctx->args[0], '/'))
		return cmd_usage_error(v->ctx, e, "unexpected argument %s: use --for=%s",
		    v->ctx->args[0], v->ctx->args[0]);
	if (v->ctx->argc)
		return cmd_usage_error(v->ctx, e, "unexpected argument %s", v->ctx->args[0]);
	for (size_t i = 0; i < v->types->len; i++)
		if (strcasecmp(v->types->items[i], "Normal") != 0 &&
		    strcasecmp(v->types->items[i], "Warning") != 0)
			return err_set(e, ERR_BAD_REQUEST, "valid --types are Normal or Warning");
	return 0;
}

static int prepare(struct events *v, struct err *e)
{
	const struct opts *o = &v->ctx->opts;
	const struct resources *all;

	if (check_usage(v, e) < 0 || printer_init(&v->printer, opts_str(o, "output"), e) < 0)
		return -1;
	v->printer.show_managed = opts_bool(o, "show-managed-fields");
	v->printer.no_headers = opts_bool(o, "no-headers");
	all = resources_load(v->ctx, e);
	v->resource = all ? resource_by_word(all, "events", e) : NULL;
	if (!v->resource)
		return -1;
	v->client = v->ctx->client;
	resource_path(v->resource, v->all_namespaces ? NULL : v->ctx->ns, NULL, NULL, &v->path);
	return opts_given(o, "for") ? select_object(v, opts_str(o, "for"), e) : 0;
}

static int exec_events(struct cmd_ctx *ctx, struct err *e)
{
	struct events v = {
	    .ctx = ctx,
	    .types = opts_list(&ctx->opts, "types"),
	    .all_namespaces = opts_bool(&ctx->opts, "all-namespaces"),
	};
	bool watching = opts_bool(&ctx->opts, "watch");
	int rc = prepare(&v, e);

	if (rc == 0)
		rc = show_present(&v, watching, e);
	if (rc == 0 && watching)
		rc = watch(&v, e);
	free(v.version);
	buf_release(&v.path);
	text_table_release(&v.table);
	printer_release(&v.printer);
	err_clear(&v.err);
	return rc;
}

const struct cmd cmd_events = {
    .name = "events",
    .usage = "[--for TYPE/NAME] [--types=Normal,Warning] [--watch] [options]",
    .summary = "Show what happened, in the order of time",
    .examples = "# What happened to a Job\n"
		"kjob events --for job/pi\n\n"
		"# What goes wrong, as it happens\n"
		"kjob events --types=Warning -w\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_events,
};
