#include "printer.h"

#include <ctype.h>
#include <stdio.h>

#include "../runtime/base/paths.h"
#include "../runtime/base/yaml.h"
#include "view.h"

#define TEMPLATE_MAX ((size_t)1 * MIB)
#define NO_VALUE "<none>"

struct printer_column {
	char *heading;
	struct jsonpath *path;
};

/* Formats by name; `template` ones take "=TEXT", and the -file ones read TEXT from a file. */
static const struct format {
	const char *name;
	enum print_format format;
	bool has_template, from_file;
} formats[] = {
    {"custom-columns", PRINT_COLUMNS, true, false},
    {"custom-columns-file", PRINT_COLUMNS, true, true},
    {"json", PRINT_JSON, false, false},
    {"jsonpath", PRINT_JSONPATH, true, false},
    {"jsonpath-as-json", PRINT_JSONPATH_AS_JSON, true, false},
    {"jsonpath-file", PRINT_JSONPATH, true, true},
    {"name", PRINT_NAME, false, false},
    {"wide", PRINT_WIDE, false, false},
    {"yaml", PRINT_YAML, false, false},
};

static int unknown_format(const char *text, struct err *e)
{
	static const char *const go[] = {"go-template", "template"};
	auto_strlist names = {0};
	auto_free char *joined = NULL;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		strlist_add(&names, formats[i].name);
	joined = strlist_join(&names, ",");
	for (size_t i = 0; i < ARRAY_LEN(go); i++)
		if (str_has_prefix(text, go[i]))
			return err_set(e, ERR_BAD_REQUEST,
			    "Go templates are not supported: the output formats are: %s", joined);
	return err_set(e, ERR_BAD_REQUEST,
	    "unable to match a printer suitable for the output format \"%s\", allowed formats are: "
	    "%s",
	    text, joined);
}

/* ---- custom columns ---- */

static int add_column(struct printer *p, const char *heading, const char *path, struct err *e)
{
	struct jsonpath *compiled = jsonpath_new(path, e);

	if (!compiled)
		return -1;
	p->columns = xrealloc(p->columns, (p->column_count + 1) * sizeof(*p->columns));
	p->columns[p->column_count++] =
	    (struct printer_column){.heading = xstrdup(heading), .path = compiled};
	return 0;
}

/* "NAME:.metadata.name,IMAGE:.spec.…" */
static int parse_columns(struct printer *p, const char *spec, struct err *e)
{
	auto_strlist parts = {0};

	str_split(&parts, spec, ',');
	for (size_t i = 0; i < parts.len; i++) {
		char *colon = strchr(parts.items[i], ':');

		if (!colon)
			return err_set(e, ERR_BAD_REQUEST,
			    "unexpected custom-columns spec: %s, expected "
			    "<header>:<json-path-expr>",
			    parts.items[i]);
		*colon = '\0';
		if (add_column(p, parts.items[i], colon + 1, e) < 0)
			return -1;
	}
	return 0;
}

static void split_words(struct strlist *ret, const char *line, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t begin;

		while (at < len && isspace((unsigned char)line[at]))
			at++;
		begin = at;
		while (at < len && !isspace((unsigned char)line[at]))
			at++;
		if (at > begin)
			strlist_add_take(ret, xstrndup(line + begin, at - begin));
	}
}

/* A file: headings on the first line, paths on the second. */
static int parse_columns_file(struct printer *p, const char *text, struct err *e)
{
	auto_strlist headings = {0}, paths = {0};
	size_t first = strcspn(text, "\n");
	const char *second = text + first + (text[first] == '\n');

	split_words(&headings, text, first);
	split_words(&paths, second, strcspn(second, "\n"));
	if (headings.len != paths.len || headings.len == 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "number of headers (%zu) and field specifications (%zu) don't match",
		    headings.len, paths.len);
	for (size_t i = 0; i < headings.len; i++)
		if (add_column(p, headings.items[i], paths.items[i], e) < 0)
			return -1;
	return 0;
}

static int column_cell(struct text_table *t, const struct printer_column *c, const json *obj)
{
	const json **found = NULL;
	size_t len = 0;
	auto_buf cell = {0};
	auto_err missing = {0};

	if (jsonpath_find(c->path, obj, &found, &len, &missing) < 0)
		len = 0;
	for (size_t i = 0; i < len; i++) {
		buf_adds(&cell, i ? "," : "");
		if (json_type(found[i]) == JSON_NULL)
			buf_adds(&cell, NO_VALUE);
		else
			print_go_value(found[i], &cell);
	}
	text_table_cell(t, len ? buf_str(&cell) : NO_VALUE);
	free(found);
	return 0;
}

static void columns_row(struct printer *p, const json *obj)
{
	for (size_t i = 0; i < p->column_count; i++)
		column_cell(&p->table, &p->columns[i], obj);
	text_table_end_row(&p->table);
}

static void print_columns(struct printer *p, const json *obj, struct buf *out)
{
	const json *items = json_get(obj, "items");

	if (!p->printed && !p->no_headers) {
		for (size_t i = 0; i < p->column_count; i++)
			text_table_cell(&p->table, p->columns[i].heading);
		text_table_end_row(&p->table);
	}
	if (json_is_array(items)) {
		json_for (it, items)
			columns_row(p, it);
	} else {
		columns_row(p, obj);
	}
	text_table_flush(&p->table, out);
}

/* ---- set-up ---- */

static int compile(struct printer *p, const struct format *f, const char *text, struct err *e)
{
	if (f->format == PRINT_COLUMNS)
		return f->from_file ? parse_columns_file(p, text, e) : parse_columns(p, text, e);
	p->template_text = xstrdup(text);
	p->path = jsonpath_new(text, e);
	if (p->path)
		return 0;
	return err_set(e, ERR_BAD_REQUEST, "error parsing jsonpath %s, %s", text, err_msg(e));
}

static int init_template(
    struct printer *p, const struct format *f, const char *value, struct err *e)
{
	auto_free char *content = NULL;

	if (!value || !*value)
		return err_set(e, ERR_BAD_REQUEST, "%s format specified but no %s given",
		    f->format == PRINT_COLUMNS ? "custom-columns" : "template",
		    f->format == PRINT_COLUMNS ? "custom columns" : "template");
	if (!f->from_file)
		return compile(p, f, value, e);
	content = path_read_file(value, TEMPLATE_MAX, NULL, e);
	return content ? compile(p, f, content, e)
		       : err_wrap(e, "error reading template %s", value);
}

int printer_init(struct printer *p, const char *format, struct err *e)
{
	const char *eq = strchr(format, '=');
	size_t len = eq ? (size_t)(eq - format) : strlen(format);

	memset(p, 0, sizeof(*p));
	if (!*format)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const struct format *f = &formats[i];

		if (strlen(f->name) != len || memcmp(f->name, format, len) != 0 ||
		    (eq && !f->has_template))
			continue;
		p->format = f->format;
		return f->has_template ? init_template(p, f, eq ? eq + 1 : NULL, e) : 0;
	}
	return unknown_format(format, e);
}

void printer_release(struct printer *p)
{
	jsonpath_free(p->path);
	free(p->template_text);
	for (size_t i = 0; i < p->column_count; i++) {
		free(p->columns[i].heading);
		jsonpath_free(p->columns[i].path);
	}
	free(p->columns);
	text_table_release(&p->table);
	memset(p, 0, sizeof(*p));
}

bool printer_is_table(const struct printer *p)
{
	return p->format == PRINT_TABLE || p->format == PRINT_WIDE;
}

/* ---- objects ---- */

static void drop_managed(json *obj)
{
	json_del_path(obj, "metadata.managedFields");
	json_for (it, json_get(obj, "items"))
		json_del_path(it, "metadata.managedFields");
}

static int print_jsonpath(struct printer *p, const json *obj, struct buf *out, struct err *e)
{
	if (jsonpath_print(p->path, obj, true, out, e) < 0)
		return err_wrap(e, "error executing jsonpath \"%s\"", p->template_text);
	return 0;
}

static int print_jsonpath_as_json(
    struct printer *p, const json *obj, struct buf *out, struct err *e)
{
	const json **found = NULL;
	size_t len = 0;
	auto_json *array = json_new_array();
	auto_free char *text = NULL;

	if (jsonpath_find(p->path, obj, &found, &len, e) < 0)
		return err_wrap(e, "error executing jsonpath \"%s\"", p->template_text);
	for (size_t i = 0; i < len; i++)
		json_add(array, json_dup(found[i]));
	free(found);
	text = json_print_indent(array, 4);
	buf_addf(out, "%s\n", text);
	return 0;
}

static void print_json(const json *obj, struct buf *out)
{
	auto_free char *text = json_print_indent(obj, 4);

	buf_adds(out, text);
	buf_addch(out, '\n');
}

int printer_object(
    struct printer *p, const struct resource *r, json *obj, struct buf *out, struct err *e)
{
	int rc = 0;

	if (!p->show_managed && (p->format == PRINT_JSON || p->format == PRINT_YAML))
		drop_managed(obj);
	switch (p->format) {
	case PRINT_TABLE:
	case PRINT_WIDE:
	case PRINT_NAME:
		resource_singular_name(r, out);
		buf_addf(out, "/%s\n", json_str_or(obj, "metadata.name", ""));
		break;
	case PRINT_JSON:
		json_sort(obj);
		print_json(obj, out);
		break;
	case PRINT_YAML:
		if (p->printed)
			buf_adds(out, "---\n");
		yaml_print(obj, out);
		break;
	case PRINT_JSONPATH:
		rc = print_jsonpath(p, obj, out, e);
		break;
	case PRINT_JSONPATH_AS_JSON:
		rc = print_jsonpath_as_json(p, obj, out, e);
		break;
	case PRINT_COLUMNS:
		print_columns(p, obj, out);
		break;
	}
	p->printed++;
	return rc;
}

int print_result(struct cmd_ctx *ctx, struct printer *p, const struct resource *r, json *obj,
    const char *what, const char *dry_run, struct err *e)
{
	auto_buf text = {0};

	if (!printer_is_table(p)) {
		if (printer_object(p, r, obj, &text, e) < 0)
			return -1;
	} else {
		resource_singular_name(r, &text);
		buf_addf(&text, "/%s %s%s\n", json_str_or(obj, "metadata.name", ""), what,
		    str_eq(dry_run, "client")   ? " (dry run)"
		    : str_eq(dry_run, "server") ? " (server dry run)"
						: "");
	}
	out_adds(&ctx->out, buf_str(&text));
	out_flush(&ctx->out);
	return 0;
}
