/* kjob top nodes: what machines use, where the server knows it. */
#include <stdlib.h>

#include "cmd.h"
#include "top.h"
#include "top_figures.h"

static json *ask(struct cmd_ctx *ctx, const char *resource, struct err *e)
{
	const char *name = ctx->argc > 1 ? ctx->args[1] : NULL;
	auto_buf path = {0};
	json *answer, *items;

	buf_addf(&path, "%s%s%s", resource, name ? "/" : "", name ? name : "");
	if (!name)
		query_add(&path, "labelSelector", opts_str(&ctx->opts, "selector"));
	answer = client_get_json(ctx->client, buf_str(&path), e);
	if (!answer)
		return NULL;
	items = name ? json_new_array() : json_take(answer, "items");
	if (name)
		json_add(items, answer);
	else
		json_free(answer);
	return items ? items : json_new_array();
}

/* A machine in the form of a pod: with one container, which uses what the machine does. */
static void as_pods(json *machines)
{
	json_for (m, machines) {
		json *containers = json_new_array(), *c = json_new_object();
		json *usage = json_take(m, "usage");

		if (usage)
			json_set(c, "usage", usage);
		json_add(containers, c);
		json_set(m, "containers", containers);
	}
}

static const json *find(const json *nodes, const char *name)
{
	json_for (n, nodes)
		if (str_eq(json_str(n, "metadata.name"), name))
			return n;
	return NULL;
}

static void cellf(struct text_table *t, int64_t n, const char *unit)
{
	auto_free char *text = xasprintf("%lld%s", (long long)n, unit);

	text_table_cell(t, text);
}

static void percent_cell(struct text_table *t, double used, double all)
{
	if (all > 0)
		cellf(t, (int64_t)(used / all * 100), "%");
	else
		text_table_cell(t, "<unknown>");
}

static void add_row(
    struct text_table *t, const struct top_row *r, const json *node, const char *what)
{
	struct top_amount all = top_amount_of(json_get(node, "status"), what);

	text_table_cell(t, r->pod);
	cellf(t, top_milli(&r->amount), "m");
	percent_cell(t, (double)top_milli(&r->amount), (double)top_milli(&all));
	cellf(t, top_mebi(&r->amount), "Mi");
	percent_cell(t, (double)r->amount.bytes, (double)all.bytes);
	text_table_end_row(t);
}

/* Machines that the server has no figures of. */
static void add_unknown(struct text_table *t, const json *nodes, const json *machines)
{
	json_for (n, nodes) {
		const char *name = json_str_or(n, "metadata.name", "");

		if (find(machines, name))
			continue;
		text_table_cell(t, name);
		for (int i = 0; i < 4; i++)
			text_table_cell(t, "<unknown>");
		text_table_end_row(t);
	}
}

static void print(struct cmd_ctx *ctx, json *machines, const json *nodes)
{
	static const char *const headings[] = {
	    "NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"};
	const char *what = opts_bool(&ctx->opts, "show-capacity") ? "capacity" : "allocatable";
	auto_text_table table = {0};
	auto_buf text = {0};
	struct top_row *rows;
	size_t len;

	as_pods(machines);
	len = top_rows(machines, false, opts_str(&ctx->opts, "sort-by"), &rows);
	if (!opts_bool(&ctx->opts, "no-headers")) {
		for (size_t i = 0; i < ARRAY_LEN(headings); i++)
			text_table_cell(&table, headings[i]);
		text_table_end_row(&table);
	}
	for (size_t i = 0; i < len; i++)
		add_row(&table, &rows[i], find(nodes, rows[i].pod), what);
	add_unknown(&table, nodes, machines);
	text_table_flush(&table, &text);
	out_adds(&ctx->out, buf_str(&text));
	free(rows);
}

int top_nodes(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *machines = ask(ctx, TOP_METRICS "/nodes", e), *nodes = NULL;

	if (!machines)
		return -1;
	if (!json_len(machines))
		return err_set(e, ERR_NOT_FOUND, "metrics not available yet");
	nodes = ask(ctx, "/api/v1/nodes", e);
	if (!nodes)
		return -1;
	print(ctx, machines, nodes);
	return 0;
}
