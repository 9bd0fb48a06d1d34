#include "view.h"

#include <ctype.h>

#include "../runtime/base/clock.h"

static void go_map(const json *v, struct buf *out)
{
	auto_json *sorted = json_dup(v);
	const char *sep = "";

	json_sort(sorted);
	buf_adds(out, "map[");
	json_for (m, sorted) {
		buf_addf(out, "%s%s:", sep, json_key(m));
		print_go_value(m, out);
		sep = " ";
	}
	buf_addch(out, ']');
}

void print_go_value(const json *v, struct buf *out)
{
	auto_free char *scalar = NULL;
	const char *sep = "";

	switch (json_type(v)) {
	case JSON_OBJECT:
		go_map(v, out);
		return;
	case JSON_ARRAY:
		buf_addch(out, '[');
		json_for (item, v) {
			buf_adds(out, sep);
			print_go_value(item, out);
			sep = " ";
		}
		buf_addch(out, ']');
		return;
	case JSON_ABSENT:
	case JSON_NULL:
		buf_adds(out, "<nil>");
		return;
	case JSON_BOOL:
	case JSON_NUMBER:
	case JSON_STRING:
		scalar = json_scalar_text(v);
		buf_adds(out, scalar);
		return;
	}
}

static bool is_shown(const struct view *v, const json *column)
{
	return v->wide || json_int(column, "priority", 0) == 0;
}

static void upper_cell(struct text_table *t, const char *text)
{
	auto_free char *upper = xstrdup(text);

	for (char *p = upper; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	text_table_cell(t, upper);
}

/* A label column is headed by what stands behind the slash of its key. */
static void label_heading(struct text_table *t, const char *key)
{
	const char *slash = strrchr(key, '/');

	upper_cell(t, slash ? slash + 1 : key);
}

void view_headings(const struct view *v, const json *columns, struct text_table *t)
{
	if (v->no_headings)
		return;
	if (v->events)
		text_table_cell(t, "EVENT");
	if (v->with_namespace)
		text_table_cell(t, "NAMESPACE");
	json_for (c, columns)
		if (is_shown(v, c))
			upper_cell(t, json_str_or(c, "name", ""));
	for (size_t i = 0; v->label_columns && i < v->label_columns->len; i++)
		label_heading(t, v->label_columns->items[i]);
	if (v->show_labels)
		text_table_cell(t, "LABELS");
	text_table_end_row(t);
}

static void value_cell(
    const struct view *v, const json *column, const json *cell, struct text_table *t)
{
	auto_buf text = {0};

	if (v->name_prefix && str_eq(json_str(column, "format"), "name"))
		buf_adds(&text, v->name_prefix);
	print_go_value(cell, &text);
	text_table_cell(t, buf_str(&text));
}

static void labels_cell(const json *labels, struct text_table *t)
{
	auto_strlist pairs = {0};
	auto_free char *joined = NULL;

	json_for (l, labels) {
		const char *value = json_string_value(l);

		strlist_addf(&pairs, "%s=%s", json_key(l), value ? value : "");
	}
	strlist_sort(&pairs);
	joined = strlist_join(&pairs, ",");
	text_table_cell(t, pairs.len ? joined : "<none>");
}

void view_row(const struct view *v, const json *columns, const json *row, const char *event,
    struct text_table *t)
{
	const json *metadata = json_path(row, "object.metadata");
	const json *labels = json_get(metadata, "labels");
	const json *cell = json_first(json_get(row, "cells"));

	if (v->events)
		text_table_cell(t, event);
	if (v->with_namespace)
		text_table_cell(t, json_str_or(metadata, "namespace", ""));
	for (const json *c = json_first(columns); c && cell;
	     c = json_next(c), cell = json_next(cell))
		if (is_shown(v, c))
			value_cell(v, c, cell, t);
	for (size_t i = 0; v->label_columns && i < v->label_columns->len; i++) {
		const char *value = json_string_value(json_get(labels, v->label_columns->items[i]));

		text_table_cell(t, value ? value : "");
	}
	if (v->show_labels)
		labels_cell(labels, t);
	text_table_end_row(t);
}

/* ---- objects without a Table ---- */

static json *column(const char *name, const char *format)
{
	json *c = json_new_object();

	json_set_str(c, "name", name);
	json_set_str(c, "type", "string");
	json_set_str(c, "format", format);
	return c;
}

static json *row_of(json *object, int64_t now)
{
	json *row = json_new_object(), *cells = json_new_array();
	const char *created = json_str_or(object, "metadata.creationTimestamp", "");
	char age[TIME_TEXT_MAX] = "<unknown>";
	int64_t ns;

	if (time_parse(created, &ns) == 0 && ns != TIME_ZERO_NS)
		duration_human(age, now - ns / NSEC_PER_SEC);
	json_add(cells, json_new_string(json_str_or(object, "metadata.name", "")));
	json_add(cells, json_new_string(age));
	json_set(row, "cells", cells);
	json_set(row, "object", object);
	return row;
}

json *view_as_table(json *answer, int64_t now)
{
	json *table, *columns, *rows, *items = json_get(answer, "items");

	if (str_eq(json_str(answer, "kind"), "Table"))
		return answer;
	table = json_new_object();
	columns = json_new_array();
	rows = json_new_array();
	json_add(columns, column("Name", "name"));
	json_add(columns, column("Age", ""));
	json_set_str(table, "kind", "Table");
	json_set(table, "columnDefinitions", columns);
	json_set(table, "rows", rows);
	if (!json_is_array(items)) {
		json_add(rows, row_of(answer, now));
		return table;
	}
	json_set(table, "metadata", json_take(answer, "metadata"));
	for (json *it; (it = json_first(items));)
		json_add(rows, row_of(json_detach(items, it), now));
	json_free(answer);
	return table;
}
