/* kjob config: the contexts of kubeconfig files, and which one commands use. */
#include "cluster.h"
#include "cmd.h"
#include "contexts.h"
#include "printer.h"

static const char *const list_formats[] = {"", "name", NULL};

static const struct opt list_options[] = {
    {"output", 'o', OPT_STRING, NULL, "FORMAT", "name", NULL, list_formats},
    {"no-headers", 0, OPT_BOOL, NULL, NULL, "Leave out the headings", NULL, NULL},
    OPT_END,
};

static const struct opt view_options[] = {
    {"flatten", 0, OPT_BOOL, NULL, NULL,
	"With the contents of certificate and key files in place of their names; one file that "
	"works "
	"anywhere, secrets and all",
	NULL, NULL},
    {"minify", 0, OPT_BOOL, NULL, NULL, "Only what the current context needs", NULL, NULL},
    {"raw", 0, OPT_BOOL, NULL, NULL, "With keys, passwords and tokens", NULL, NULL},
    {"output", 'o', OPT_STRING, "yaml", "FORMAT", "yaml, json or jsonpath=TEMPLATE", NULL, NULL},
    OPT_END,
};

/* The merged kubeconfig, its current-context the chosen one. */
static json *load(struct cmd_ctx *ctx, struct strlist *files, struct err *e)
{
	struct cluster_choice choice;

	cmd_cluster_choice(ctx, &choice);
	return cluster_config(&choice, files, e);
}

/* ---- get-contexts ---- */

/* contexts NULL: the local controller's, which has nothing but a namespace. */
static void add_row(
    struct text_table *t, const json *contexts, const char *name, const char *ns, bool current)
{
	const json *c = contexts_find(contexts, "contexts", name);

	text_table_cell(t, current ? "*" : "");
	text_table_cell(t, name);
	text_table_cell(t, json_str_or(c, "cluster", ""));
	text_table_cell(t, json_str_or(c, "user", ""));
	text_table_cell(t, ns ? ns : json_str_or(c, "namespace", ""));
	text_table_end_row(t);
}

static void add_headings(struct text_table *t)
{
	static const char *const headings[] = {
	    "CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"};

	for (size_t i = 0; i < ARRAY_LEN(headings); i++)
		text_table_cell(t, headings[i]);
	text_table_end_row(t);
}

/* Those that the arguments name, or all; the local controller's first. */
static int names_of(struct cmd_ctx *ctx, const json *config, struct strlist *ret, struct err *e)
{
	bool file = *opts_str(&ctx->opts, "kubeconfig");

	for (size_t i = 0; i < ctx->argc; i++) {
		if (!contexts_find(config, "contexts", ctx->args[i]) &&
		    (file || !str_eq(ctx->args[i], CLUSTER_LOCAL)))
			return err_set(e, ERR_NOT_FOUND, "context %s not found", ctx->args[i]);
		strlist_add(ret, ctx->args[i]);
	}
	if (ctx->argc)
		return 0;
	if (!file)
		strlist_add(ret, CLUSTER_LOCAL);
	json_for (it, json_get(config, "contexts"))
		if (file || !str_eq(json_str(it, "name"), CLUSTER_LOCAL))
			strlist_add(ret, json_str_or(it, "name", ""));
	return 0;
}

static int exec_get_contexts(struct cmd_ctx *ctx, struct err *e)
{
	auto_strlist files = {0}, names = {0};
	auto_json *config = load(ctx, &files, e);
	auto_free char *local_ns = cluster_local_namespace();
	const char *current = json_str_or(config, "current-context", "");
	bool bare = str_eq(opts_str(&ctx->opts, "output"), "name");
	auto_text_table t = {0};
	auto_buf text = {0};

	if (!config || names_of(ctx, config, &names, e) < 0)
		return -1;
	if (!bare && !opts_bool(&ctx->opts, "no-headers"))
		add_headings(&t);
	for (size_t i = 0; i < names.len; i++) {
		const char *name = names.items[i];
		bool local = !*opts_str(&ctx->opts, "kubeconfig") && str_eq(name, CLUSTER_LOCAL);

		if (bare)
			out_addf(&ctx->out, "%s\n", name);
		else
			add_row(&t, local ? NULL : config, name, local ? local_ns : NULL,
			    str_eq(name, current));
	}
	text_table_flush(&t, &text);
	out_adds(&ctx->out, buf_str(&text));
	return 0;
}

/* ---- use-context, current-context ---- */

static int exec_use_context(struct cmd_ctx *ctx, struct err *e)
{
	const char *file = opts_str(&ctx->opts, "kubeconfig");
	auto_strlist files = {0};
	auto_json *config = NULL;
	const char *name = ctx->argc ? ctx->args[0] : "";

	if (ctx->argc != 1)
		return cmd_usage_error(ctx, e, "unexpected args: one context is expected");
	if (!str_eq(name, CLUSTER_LOCAL)) {
		contexts_files(file, &files);
		config = contexts_load(&files, *file, e);
		if (!config)
			return -1;
		if (!contexts_find(config, "contexts", name))
			return err_set(
			    e, ERR_NOT_FOUND, "no context exists with the name: \"%s\"", name);
	}
	if (cluster_store(name, &files, e) < 0)
		return -1;
	out_addf(&ctx->out, "Switched to context \"%s\".\n", name);
	return 0;
}

static int exec_current_context(struct cmd_ctx *ctx, struct err *e)
{
	auto_strlist files = {0};
	auto_json *config = load(ctx, &files, e);

	if (!config)
		return -1;
	if (!*json_str_or(config, "current-context", ""))
		return err_set(e, ERR_NOT_FOUND, "current-context is not set");
	out_addf(&ctx->out, "%s\n", json_str_or(config, "current-context", ""));
	return 0;
}

/* ---- get-clusters, get-users ---- */

static int print_names(struct cmd_ctx *ctx, const char *list, struct err *e)
{
	auto_strlist files = {0};
	auto_json *config = load(ctx, &files, e);

	if (!config)
		return -1;
	out_adds(&ctx->out, "NAME\n");
	json_for (it, json_get(config, list))
		out_addf(&ctx->out, "%s\n", json_str_or(it, "name", ""));
	return 0;
}

static int exec_get_clusters(struct cmd_ctx *ctx, struct err *e)
{
	return print_names(ctx, "clusters", e);
}

static int exec_get_users(struct cmd_ctx *ctx, struct err *e)
{
	return print_names(ctx, "users", e);
}

/* ---- view ---- */

static int exec_view(struct cmd_ctx *ctx, struct err *e)
{
	auto_strlist files = {0};
	auto_json *config = load(ctx, &files, e);
	auto_printer p = {0};
	auto_buf text = {0};

	if (!config || printer_init(&p, opts_str(&ctx->opts, "output"), e) < 0)
		return -1;
	if (p.format != PRINT_JSON && p.format != PRINT_YAML && p.format != PRINT_JSONPATH)
		return cmd_usage_error(ctx, e, "--output is yaml, json or jsonpath=TEMPLATE");
	if (opts_bool(&ctx->opts, "minify"))
		contexts_minify(config);
	if (opts_bool(&ctx->opts, "flatten") && contexts_flatten(config, e) < 0)
		return -1;
	if (!opts_bool(&ctx->opts, "raw") && !opts_bool(&ctx->opts, "flatten"))
		contexts_redact(config);
	if (printer_object(&p, NULL, config, &text, e) < 0)
		return -1;
	out_add(&ctx->out, buf_str(&text), text.len);
	return 0;
}

/* ---- the commands ---- */

static int exec_config(struct cmd_ctx *ctx, struct err *e)
{
	if (ctx->argc)
		return cmd_usage_error(
		    ctx, e, "unknown command \"%s\" for \"kjob config\"", ctx->args[0]);
	help_command(&ctx->out, ctx->cmd);
	return 0;
}

const struct cmd cmd_config = {
    .name = "config",
    .usage = "(get-contexts | use-context | current-context | set-context | rename-context | "
	     "delete-context | get-clusters | get-users | view)",
    .summary = "Choose the cluster that commands go to, in place of this machine",
    .help =
	"Contexts are those of kubeconfig files: of --kubeconfig, else of those that "
	"KUBECONFIG names, else of ~/.kube/config. The current-context in them is kubectl's, "
	"not kjob's: commands go to this machine's controller, called \"local\" here, until "
	"--context, --kubeconfig or 'kjob config use-context' says otherwise. Only set-context, "
	"rename-context, delete-context and 'kjob kubeconfig --merge' change these files.",
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_config,
};

const struct cmd cmd_config_get_contexts = {
    .name = "config get-contexts",
    .usage = "[NAME…] [options]",
    .summary = "Show the contexts there are; a star marks the one that commands use",
    .options = list_options,
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_get_contexts,
};

const struct cmd cmd_config_use_context = {
    .name = "config use-context",
    .usage = "NAME",
    .summary = "Let later commands use this context; local is this machine",
    .help = "The choice and the files that the context is from are kept in kjob's own state, for "
	    "each KJOB_HOME; --context and --kubeconfig override it. Kubeconfig files stay as they "
	    "are.",
    .examples = "# Everything goes to the cluster\n"
		"kjob config use-context prod\n\n"
		"# Back to this machine\n"
		"kjob config use-context local\n",
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_use_context,
};

const struct cmd cmd_config_current_context = {
    .name = "config current-context",
    .usage = "",
    .summary = "Show the context that commands use",
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_current_context,
};

const struct cmd cmd_config_get_clusters = {
    .name = "config get-clusters",
    .usage = "",
    .summary = "Show the clusters of the kubeconfig",
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_get_clusters,
};

const struct cmd cmd_config_get_users = {
    .name = "config get-users",
    .usage = "",
    .summary = "Show the users of the kubeconfig",
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_get_users,
};

const struct cmd cmd_config_view = {
    .name = "config view",
    .usage = "[options]",
    .summary = "Show the kubeconfig as kjob reads it, merged, without its secrets",
    .options = view_options,
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_view,
};
