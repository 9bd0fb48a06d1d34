/* get -w: the list, then each change. */
#include <stdio.h>

#include "../runtime/base/clock.h"
#include "get.h"

#define LIVED_MS 1000 /* of a watch that ended in the course of things */
#define REFUSALS_MAX 10

struct watching {
	struct get *g;
	const struct target *target;
	char *version;  /* the resourceVersion to go on from */
	json *columns;  /* of the Table */
	bool headed;    /* headings are printed */
	struct err err; /* of printing */
};

static void remember_version(struct watching *w, const json *metadata)
{
	const char *version = json_str(metadata, "resourceVersion");

	if (!version || !*version)
		return;
	free(w->version);
	w->version = xstrdup(version);
}

static void remember_columns(struct watching *w, json *table)
{
	json *columns = json_get(table, "columnDefinitions");

	if (json_len(columns) == 0)
		return;
	json_free(w->columns);
	w->columns = json_dup(columns);
}

/* ---- one event ---- */

static void print_rows(struct watching *w, const json *table, const char *event, struct buf *out)
{
	struct get *g = w->g;
	const json *rows = json_get(table, "rows");

	if (!w->headed && json_len(rows)) {
		view_headings(&g->view, w->columns, &g->table);
		w->headed = true;
	}
	json_for (row, rows) {
		view_row(&g->view, w->columns, row, event, &g->table);
		remember_version(w, json_path(row, "object.metadata"));
	}
	text_table_flush(&g->table, out);
}

/* An object in the format asked for, within {"type", "object"} when events are wanted. */
static int print_object(
    struct watching *w, json *obj, const char *event, struct buf *out, struct err *e)
{
	struct get *g = w->g;
	auto_json *shown = NULL;

	resource_set_type(w->target->resource, obj);
	if (!g->view.events || g->printer.format == PRINT_NAME)
		return printer_object(&g->printer, w->target->resource, obj, out, e);
	shown = json_new_object();
	json_set_str(shown, "type", event);
	json_set(shown, "object", json_dup(obj));
	return printer_object(&g->printer, w->target->resource, shown, out, e);
}

static int show(struct watching *w, json *object, const char *event, struct err *e)
{
	auto_buf text = {0};
	int rc = 0;

	if (printer_is_table(&w->g->printer))
		print_rows(w, object, event, &text);
	else
		rc = print_object(w, object, event, &text, e);
	out_add(&w->g->ctx->out, buf_str(&text), text.len);
	out_flush(&w->g->ctx->out);
	return rc;
}

static bool on_event(void *ctx, const char *type, const json *object)
{
	struct watching *w = ctx;
	auto_json *copy = json_dup(object);

	remember_version(w, json_get(copy, "metadata"));
	if (str_eq(type, "BOOKMARK")) {
		json_for (row, json_get(copy, "rows"))
			remember_version(w, json_path(row, "object.metadata"));
		return true;
	}
	copy = get_as_shown(w->g, copy);
	if (printer_is_table(&w->g->printer))
		remember_columns(w, copy);
	return show(w, copy, type, &w->err) == 0 && !w->g->ctx->out.error;
}

/* ---- the list before it ---- */

/*
 * The target's objects as a list, also when it is one name: a list has the version that a watch
 * begins at.
 */
static void list_path(const struct watching *w, struct buf *path)
{
	struct target all = *w->target;

	all.name = NULL;
	get_path(w->g, &all, path);
	if (w->target->name)
		query_addf(path, "fieldSelector", "metadata.name=%s", w->target->name);
}

static int show_list(struct watching *w, const json *list, struct err *e)
{
	if (printer_is_table(&w->g->printer)) {
		auto_json *copy = json_dup(list);

		return show(w, copy, "ADDED", e);
	}
	json_for (it, json_get(list, "items")) {
		auto_json *copy = json_dup(it);

		if (show(w, copy, "ADDED", e) < 0)
			return -1;
	}
	return 0;
}

static int begin(struct watching *w, struct err *e)
{
	auto_buf path = {0};
	auto_json *list = NULL;
	auto_free char *version = NULL;
	struct call call = {.accept = get_accept(w->g)};
	int rc = 0;

	list_path(w, &path);
	call.path = buf_str(&path);
	list = client_json(w->g->client, &call, e);
	if (!list)
		return -1;
	list = get_as_shown(w->g, list);
	remember_columns(w, list);
	version = xstrdup(json_str_or(list, "metadata.resourceVersion", ""));
	if (!opts_bool(&w->g->ctx->opts, "watch-only"))
		rc = show_list(w, list, e);
	/* Rows are older than the list they stand in. */
	free(w->version);
	w->version = TAKE(version);
	return rc;
}

/* A name that does not exist is an error before anything is watched. */
static int check_exists(struct watching *w, struct err *e)
{
	auto_buf path = {0};
	auto_json *obj = NULL;

	if (!w->target->name)
		return 0;
	get_path(w->g, w->target, &path);
	obj = client_get_json(w->g->client, buf_str(&path), e);
	return obj ? 0 : -1;
}

static int watch_once(struct watching *w, enum watch_end *end, struct err *e)
{
	auto_buf path = {0};

	list_path(w, &path);
	query_add(&path, "watch", "true");
	query_add(&path, "allowWatchBookmarks", "true");
	query_add(&path, "resourceVersion", w->version);
	return client_watch(w->g->client, buf_str(&path), get_accept(w->g), 0, on_event, w, end, e);
}

/* A cluster that ends watches at once, or is busy, is not asked again at once. */
static int pause_after(struct watching *w, int64_t began_ms, struct err *e)
{
	if (!w->g->ctx->cluster || clock_mono_ms() - began_ms >= LIVED_MS)
		return 0;
	return client_revive(w->g->client, e);
}

static int watch_on(struct watching *w, struct err *e)
{
	enum watch_end end = WATCH_SERVER_ENDED;
	unsigned refusals = 0;

	/* A server may end a watch after some time: the next one begins where it was. */
	while (end == WATCH_SERVER_ENDED) {
		int64_t began_ms = clock_mono_ms();
		bool busy;

		if (watch_once(w, &end, e) == 0) {
			refusals = 0;
			if (end == WATCH_SERVER_ENDED && pause_after(w, began_ms, e) < 0)
				return -1;
			continue;
		}
		busy = err_is_status(e) && client_may_resume(w->g->client, e);
		if (busy && refusals++ < REFUSALS_MAX) {
			err_clear(e);
			if (client_revive(w->g->client, e) < 0)
				return -1;
			continue;
		}
		if (e->reason != ERR_EXPIRED)
			return err_is_status(e) ? -1
						: err_wrap(e, "lost the connection to the server");
		/* Changes since then are no longer known: show the list again. */
		err_clear(e);
		if (begin(w, e) < 0)
			return -1;
	}
	if (w->err.reason != ERR_NONE) {
		err_move(e, &w->err);
		return -1;
	}
	return 0;
}

int get_watch(struct get *g, const struct target *t, struct err *e)
{
	struct watching w = {.g = g, .target = t};
	auto_buf prefix = {0};
	int rc;

	get_set_view(g, t->resource, opts_bool(&g->ctx->opts, "show-kind"), &prefix);
	rc = check_exists(&w, e);
	if (rc == 0)
		rc = begin(&w, e);
	if (rc == 0)
		rc = watch_on(&w, e);
	g->view.name_prefix = NULL;
	free(w.version);
	json_free(w.columns);
	err_clear(&w.err);
	return rc;
}
