/* kjob top: what pods, or machines, use of the processors and of memory now. */
#include <stdio.h>
#include <stdlib.h>

#include "../runtime/base/clock.h"
#include "top.h"
#include "top_figures.h"

#define NOT_YET_NS (120 * NSEC_PER_SEC) /* a pod may be without figures for so long */

static const struct opt options[] = {
    {"containers", 0, OPT_BOOL, NULL, NULL, "A line for each container", NULL, NULL},
    {"sort-by", 0, OPT_STRING, NULL, "FIELD", "cpu or memory: the most first", NULL, NULL},
    {"sum", 0, OPT_BOOL, NULL, NULL, "Add up all lines below them", NULL, NULL},
    {"no-headers", 0, OPT_BOOL, NULL, NULL, "No headings", NULL, NULL},
    {"show-capacity", 0, OPT_BOOL, NULL, NULL,
	"Of nodes: percents of all they have, not of what pods may get", NULL, NULL},
    OPT_ROW_SELECTOR,
    OPT_ROW_FIELD_SELECTOR,
    OPT_ROW_ALL_NAMESPACES,
    OPT_END,
};

struct top {
	struct cmd_ctx *ctx;
	const char *name; /* of the only pod; NULL: all */
	bool all_namespaces, containers;
	struct text_table table;
};

/* ---- the table ---- */

static void cellf(struct text_table *t, const char *fmt, long long n)
{
	char text[32];

	snprintf(text, sizeof(text), fmt, n);
	text_table_cell(t, text);
}

static void add_amounts(struct top *t, const struct top_amount *a)
{
	cellf(&t->table, "%lldm", (long long)top_milli(a));
	cellf(&t->table, "%lldMi", (long long)top_mebi(a));
	text_table_end_row(&t->table);
}

static void add_headings(struct top *t)
{
	if (opts_bool(&t->ctx->opts, "no-headers"))
		return;
	if (t->all_namespaces)
		text_table_cell(&t->table, "NAMESPACE");
	if (t->containers)
		text_table_cell(&t->table, "POD");
	text_table_cell(&t->table, "NAME");
	text_table_cell(&t->table, "CPU(cores)");
	text_table_cell(&t->table, "MEMORY(bytes)");
	text_table_end_row(&t->table);
}

static void add_row(struct top *t, const struct top_row *r)
{
	if (t->all_namespaces)
		text_table_cell(&t->table, r->ns);
	text_table_cell(&t->table, r->pod);
	if (r->container)
		text_table_cell(&t->table, r->container);
	add_amounts(t, &r->amount);
}

static void add_sum(struct top *t, const struct top_row *rows, size_t len)
{
	size_t names = 1 + t->all_namespaces + t->containers;
	struct top_amount sum = {0};

	for (size_t i = 0; i < len; i++)
		top_add(&sum, &rows[i].amount);
	for (size_t i = 0; i < names; i++)
		text_table_cell(&t->table, "");
	text_table_cell(&t->table, "________");
	text_table_cell(&t->table, "________");
	text_table_end_row(&t->table);
	for (size_t i = 0; i < names; i++)
		text_table_cell(&t->table, "");
	add_amounts(t, &sum);
}

static void print(struct top *t, const json *items)
{
	const char *by = opts_str(&t->ctx->opts, "sort-by");
	auto_buf text = {0};
	struct top_row *rows;
	size_t len = top_rows(items, t->containers, by, &rows);

	add_headings(t);
	for (size_t i = 0; i < len; i++)
		add_row(t, &rows[i]);
	if (opts_bool(&t->ctx->opts, "sum"))
		add_sum(t, rows, len);
	text_table_flush(&t->table, &text);
	out_add(&t->ctx->out, text.ptr, text.len);
	free(rows);
}

/* ---- asking ---- */

static void add_path(const struct top *t, const char *group, struct buf *path)
{
	buf_adds(path, group);
	if (!t->all_namespaces) {
		buf_adds(path, "/namespaces/");
		http_escape(path, t->ctx->ns);
	}
	buf_adds(path, "/pods");
	if (t->name) {
		buf_addch(path, '/');
		http_escape(path, t->name);
		return;
	}
	query_add(path, "labelSelector", opts_str(&t->ctx->opts, "selector"));
	query_add(path, "fieldSelector", opts_str(&t->ctx->opts, "field-selector"));
}

/* A list of objects, or one; [] owned. */
static json *ask(const struct top *t, const char *group, struct err *e)
{
	auto_buf path = {0};
	json *answer, *items;

	add_path(t, group, &path);
	answer = client_get_json(t->ctx->client, buf_str(&path), e);
	if (!answer)
		return NULL;
	if (!t->name) {
		items = json_take(answer, "items");
		json_free(answer);
		return items ? items : json_new_array();
	}
	items = json_new_array();
	json_add(items, answer);
	return items;
}

static int check_age(const json *pod, struct err *e)
{
	int64_t created, age;

	if (time_parse(json_str_or(pod, "metadata.creationTimestamp", ""), &created) < 0)
		return 0;
	age = (clock_wall_ns() - created) / NSEC_PER_SEC;
	if (age * NSEC_PER_SEC <= NOT_YET_NS)
		return 0;
	if (age < 3600)
		return err_set(e, ERR_NOT_FOUND, "Metrics not available for pod %s/%s, age: %dm%ds",
		    json_str_or(pod, "metadata.namespace", ""),
		    json_str_or(pod, "metadata.name", ""), (int)(age / 60), (int)(age % 60));
	return err_set(e, ERR_NOT_FOUND, "Metrics not available for pod %s/%s, age: %lldh%dm%ds",
	    json_str_or(pod, "metadata.namespace", ""), json_str_or(pod, "metadata.name", ""),
	    (long long)(age / 3600), (int)(age / 60 % 60), (int)(age % 60));
}

/* No figures: there are no pods, or they are too new, or do not run. */
static int explain_none(const struct top *t, struct err *e)
{
	auto_json *pods = ask(t, "/api/v1", e);

	if (!pods)
		return -1;
	json_for (pod, pods)
		if (check_age(pod, e) < 0)
			return -1;
	if (json_len(pods))
		return err_set(e, ERR_NOT_FOUND, "metrics not available yet");
	if (t->all_namespaces)
		fputs("No resources found\n", stderr);
	else
		fprintf(stderr, "No resources found in %s namespace.\n", t->ctx->ns);
	return 0;
}

/* ---- the command ---- */

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words && !str_eq(*words, word))
		words++;
	return *words;
}

static int check_usage(struct cmd_ctx *ctx, struct err *e)
{
	const char *by = opts_str(&ctx->opts, "sort-by");

	if (ctx->argc > 2)
		return cmd_usage_error(ctx, e, "at most one NAME");
	if (ctx->argc > 1 && *opts_str(&ctx->opts, "selector"))
		return err_set(e, ERR_BAD_REQUEST, "only one of NAME or %sselector can be provided",
		    str_has_prefix(ctx->args[0], "po") ? "" : "--");
	if (*by && !str_eq(by, "cpu") && !str_eq(by, "memory"))
		return err_set(e, ERR_BAD_REQUEST, "--sort-by accepts only cpu or memory");
	return cmd_client(ctx, e) ? 0 : -1;
}

static int top_pods(struct cmd_ctx *ctx, struct err *e)
{
	struct top t = {.ctx = ctx,
	    .name = ctx->argc > 1 ? ctx->args[1] : NULL,
	    .all_namespaces = opts_bool(&ctx->opts, "all-namespaces") && ctx->argc < 2,
	    .containers = opts_bool(&ctx->opts, "containers")};
	auto_json *items = ask(&t, TOP_METRICS, e);
	int rc = 0;

	if (!items && strstr(err_msg(e), "could not find the requested resource")) {
		err_clear(e);
		return err_set(e, ERR_NOT_FOUND, "Metrics API not available");
	}
	if (!items)
		return -1;
	if (json_len(items))
		print(&t, items);
	else
		rc = explain_none(&t, e);
	text_table_release(&t.table);
	return rc;
}

static int exec_top(struct cmd_ctx *ctx, struct err *e)
{
	static const char *const pods[] = {"pod", "pods", "po", NULL};
	static const char *const nodes[] = {"node", "nodes", "no", NULL};

	if (!ctx->argc)
		return cmd_usage_error(ctx, e, "top of what? There are: pods, nodes");
	if (is_one_of(ctx->args[0], pods))
		return check_usage(ctx, e) < 0 ? -1 : top_pods(ctx, e);
	if (is_one_of(ctx->args[0], nodes))
		return check_usage(ctx, e) < 0 ? -1 : top_nodes(ctx, e);
	return cmd_usage_error(ctx, e, "unknown command \"%s\"", ctx->args[0]);
}

const struct cmd cmd_top = {
    .name = "top",
    .usage = "(pods | nodes) [NAME | -l SELECTOR] [options]",
    .summary = "Show what pods, or a cluster's nodes, use of the processors and of memory",
    .help = "CPU is in thousandths of a processor, a mean over about the last second, or since the "
	    "call before this one up to a minute ago. Memory is without the page cache that can be "
	    "dropped; Podman counts that in. Only containers that run now have figures. Engines "
	    "tell what containers use, not what the machine does: top nodes is for clusters.",
    .examples = "# The pods of the namespace\n"
		"kjob top pods\n\n"
		"# The containers of the pods of a Job, the hungriest first\n"
		"kjob top pods -l job-name=batch --containers --sort-by=memory\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_top,
};
