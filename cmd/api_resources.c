/* kjob api-resources: what the server knows. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "resources.h"

static const char *const format_choices[] = {"", "wide", "name", NULL};

static const struct opt options[] = {
    {"output", 'o', OPT_STRING, NULL, "FORMAT", "wide or name", NULL, format_choices},
    {"no-headers", 0, OPT_BOOL, NULL, NULL, "Leave out the headings", NULL, NULL},
    {"namespaced", 0, OPT_BOOL, "true", NULL,
	"Only kinds that live in namespaces, or (=false) only others", NULL, NULL},
    {"api-group", 0, OPT_STRING, NULL, "GROUP", "Only kinds of this group; \"\": of the core", NULL,
	NULL},
    {"verbs", 0, OPT_CSV, NULL, "VERB", "Only kinds that can all of this, as in list,watch", NULL,
	NULL},
    {"categories", 0, OPT_CSV, NULL, "CATEGORY", "Only kinds of all of these, as in all", NULL,
	NULL},
    {"sort-by", 0, OPT_STRING, NULL, "COLUMN", "name or kind", NULL, NULL},
    {"cached", 0, OPT_BOOL, NULL, NULL, "Accepted: nothing is cached", NULL, NULL},
    OPT_END,
};

static void add_row(struct text_table *t, const struct resource *r, bool wide)
{
	auto_free char *short_names = strlist_join(&r->short_names, ",");
	auto_free char *verbs = strlist_join(&r->verbs, ",");
	auto_free char *categories = strlist_join(&r->categories, ",");
	auto_buf version = {0};

	resource_api_version(r, &version);
	text_table_cell(t, r->name);
	text_table_cell(t, short_names);
	text_table_cell(t, buf_str(&version));
	text_table_cell(t, r->namespaced ? "true" : "false");
	text_table_cell(t, r->kind);
	if (wide) {
		text_table_cell(t, verbs);
		text_table_cell(t, categories);
	}
	text_table_end_row(t);
}

static void add_headings(struct text_table *t, bool wide)
{
	static const char *const headings[] = {
	    "NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", "VERBS", "CATEGORIES"};

	for (size_t i = 0; i < ARRAY_LEN(headings) - (wide ? 0 : 2); i++)
		text_table_cell(t, headings[i]);
	text_table_end_row(t);
}

static int by_name(const void *a, const void *b)
{
	const struct resource *x = *(const struct resource *const *)a;
	const struct resource *y = *(const struct resource *const *)b;

	return strcmp(x->name, y->name);
}

static int by_kind(const void *a, const void *b)
{
	const struct resource *x = *(const struct resource *const *)a;
	const struct resource *y = *(const struct resource *const *)b;

	return strcmp(x->kind, y->kind);
}

static int by_group_and_name(const void *a, const void *b)
{
	const struct resource *x = *(const struct resource *const *)a;
	const struct resource *y = *(const struct resource *const *)b;
	int order = strcmp(x->group, y->group);

	return order ? order : strcmp(x->name, y->name);
}

/* All of them, in kubectl's order. Owned; what it points at is not. */
static const struct resource **sorted(const struct resources *all, const char *by)
{
	const struct resource **list = xcalloc(resources_len(all) + 1, sizeof(struct resource *));

	for (size_t i = 0; i < resources_len(all); i++)
		list[i] = resources_at(all, i);
	qsort(list, resources_len(all), sizeof(struct resource *),
	    str_eq(by, "name")   ? by_name
	    : str_eq(by, "kind") ? by_kind
				 : by_group_and_name);
	return list;
}

static bool has_all(const struct strlist *has, const struct strlist *wanted)
{
	for (size_t i = 0; i < wanted->len; i++)
		if (!strlist_has(has, wanted->items[i]))
			return false;
	return true;
}

static bool is_wanted(const struct opts *o, const struct resource *r)
{
	if (opts_given(o, "namespaced") && r->namespaced != opts_bool(o, "namespaced"))
		return false;
	if (opts_given(o, "api-group") && !str_eq(r->group, opts_str(o, "api-group")))
		return false;
	return has_all(&r->verbs, opts_list(o, "verbs")) &&
	       has_all(&r->categories, opts_list(o, "categories"));
}

static int exec_api_resources(struct cmd_ctx *ctx, struct err *e)
{
	const char *format = opts_str(&ctx->opts, "output");
	const char *by = opts_str(&ctx->opts, "sort-by");
	bool wide = str_eq(format, "wide");
	const struct resources *all;
	auto_free const struct resource **list = NULL;
	auto_text_table t = {0};
	auto_buf text = {0};

	if (ctx->argc)
		return cmd_usage_error(ctx, e, "unexpected arguments: [%s]", ctx->args[0]);
	if (*by && !str_eq(by, "name") && !str_eq(by, "kind"))
		return err_set(e, ERR_BAD_REQUEST, "--sort-by accepts only name or kind");
	all = resources_load(ctx, e);
	if (!all)
		return -1;
	list = sorted(all, by);
	if (!opts_bool(&ctx->opts, "no-headers"))
		add_headings(&t, wide);
	for (size_t i = 0; i < resources_len(all); i++) {
		const struct resource *r = list[i];

		if (!is_wanted(&ctx->opts, r))
			continue;
		if (str_eq(format, "name")) {
			resource_qualified_name(r, &text);
			buf_addch(&text, '\n');
		} else {
			add_row(&t, r, wide);
		}
	}
	if (!str_eq(format, "name"))
		text_table_flush(&t, &text);
	out_adds(&ctx->out, buf_str(&text));
	return 0;
}

const struct cmd cmd_api_resources = {
    .name = "api-resources",
    .usage = "[options]",
    .summary = "List the kinds of objects that the server knows",
    .options = options,
    .group = GROUP_OTHER,
    .exec = exec_api_resources,
};
