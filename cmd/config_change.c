/* kjob config: changes of the contexts in kubeconfig files. */
#include <stdio.h>

#include "cluster.h"
#include "cmd.h"
#include "contexts.h"
#include "kubeconfig_file.h"
#include "kubeconfig_merge.h"

static const struct opt set_options[] = {
    {"current", 0, OPT_BOOL, NULL, NULL, "Change the context that commands use", NULL, NULL},
    OPT_END,
};

/* A change of one context in the file that has it. */
struct change {
	struct cmd_ctx *ctx;
	kubeconfig_edit_fn *edit;
	const char *name, *new_name;
	struct strlist files; /* that were looked into */
	json *config;         /* what they say */
	char *file;           /* that has the context, or gets it */
};

static void change_release(struct change *c)
{
	strlist_release(&c->files);
	json_free(c->config);
	free(c->file);
}
#define auto_change CLEANUP(change_release) struct change

/* name NULL: the current one. */
static int change_init(struct change *c, struct cmd_ctx *ctx, const char *name, struct err *e)
{
	struct cluster_choice choice;

	cmd_cluster_choice(ctx, &choice);
	c->ctx = ctx;
	c->config = cluster_config(&choice, &c->files, e);
	if (!c->config)
		return -1;
	c->name = name ? name : json_str_or(c->config, "current-context", "");
	if (!*c->name)
		return err_set(e, ERR_NOT_FOUND, "no current context is set");
	if (!c->files.len)
		contexts_files("", &c->files);
	c->file = kubeconfig_file_for(&c->files, c->name);
	return 0;
}

static bool is_local(const struct change *c)
{
	return str_eq(c->name, CLUSTER_LOCAL) && !*opts_str(&c->ctx->opts, "kubeconfig");
}

static bool is_there(const struct change *c, const char *name)
{
	return contexts_find(c->config, "contexts", name) != NULL;
}

static char *edit_text(
    void *ctx, const char *path, const char *old, bool *ret_rewritten, struct err *e)
{
	struct change *c = ctx;

	return kubeconfig_edit(path, old, c->edit, c, ret_rewritten, e);
}

static int change_file(struct change *c, kubeconfig_edit_fn *edit, struct err *e)
{
	c->edit = edit;
	return kubeconfig_change(c->file, edit_text, c, e);
}

/* ---- set-context ---- */

static int edit_set(void *arg, json *config, struct err *e)
{
	static const char *const fields[] = {"cluster", "namespace", "user"};
	const struct change *c = arg;
	json *context = json_obj(kubeconfig_item(config, "contexts", c->name), "context");

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const char *value = opts_str(&c->ctx->opts, fields[i]);

		if (opts_given(&c->ctx->opts, fields[i]) && (*value || i == 1))
			json_set_str(context, fields[i], *value ? value : NULL);
		else if (i != 1 && !json_has(context, fields[i]))
			json_set_str(context, fields[i], "");
	}
	return 0;
}

static int set_local(struct change *c, struct err *e)
{
	const struct opts *o = &c->ctx->opts;

	if (opts_given(o, "cluster") || opts_given(o, "user"))
		return err_set(e, ERR_BAD_REQUEST,
		    "context \"" CLUSTER_LOCAL
		    "\" is this machine: it has a namespace, but neither cluster nor user");
	return opts_given(o, "namespace")
		   ? cluster_store_local_namespace(opts_str(o, "namespace"), e)
		   : 0;
}

static int exec_set_context(struct cmd_ctx *ctx, struct err *e)
{
	bool current = opts_bool(&ctx->opts, "current"), local;
	auto_change c = {0};

	if (ctx->argc > 1)
		return cmd_usage_error(ctx, e, "unexpected args: one context is expected");
	if (ctx->argc && current)
		return err_set(
		    e, ERR_BAD_REQUEST, "you cannot specify both a context name and --current");
	if (!ctx->argc && !current)
		return err_set(
		    e, ERR_BAD_REQUEST, "you must specify a non-empty context name or --current");
	if (change_init(&c, ctx, current ? NULL : ctx->args[0], e) < 0)
		return -1;
	local = is_local(&c);
	if ((local ? set_local(&c, e) : change_file(&c, edit_set, e)) < 0)
		return -1;
	out_addf(&ctx->out, "Context \"%s\" %s.\n", c.name,
	    local || is_there(&c, c.name) ? "modified" : "created");
	return 0;
}

/* ---- rename-context, delete-context ---- */

static int err_not_there(const struct change *c, const char *verb, struct err *e)
{
	return is_local(c) && !is_there(c, c->name)
		   ? err_set(e, ERR_BAD_REQUEST,
			 "cannot %s context \"" CLUSTER_LOCAL "\": it is this machine", verb)
		   : err_set(e, ERR_NOT_FOUND, "cannot %s the context \"%s\", it's not in %s", verb,
			 c->name, c->file);
}

/* The choice that is stored goes with the context's name. */
static int follow_choice(const struct change *c, const char *new_name, struct err *e)
{
	struct cluster_choice own = {
	    .context = "", .kubeconfig = "", .cluster = "", .user = "", .server = ""};
	auto_strlist files = {0};
	auto_json *config = cluster_config(&own, &files, e);

	if (!config)
		return -1;
	if (!str_eq(json_str(config, "current-context"), c->name) || !strlist_has(&files, c->file))
		return 0;
	if (new_name)
		return cluster_store(new_name, &files, e);
	fprintf(stderr,
	    "warning: this removed your active context, use \"kjob config use-context\" to "
	    "select a different one\n");
	return 0;
}

static int edit_rename(void *arg, json *config, struct err *e)
{
	const struct change *c = arg;
	json *item = kubeconfig_item(config, "contexts", c->name),
	     *list = json_get(config, "contexts");

	json_set_str(item, "name", c->new_name);
	json_add(list, json_detach(list, item)); /* last, as what is new */
	if (str_eq(json_str(config, "current-context"), c->name))
		json_set_str(config, "current-context", c->new_name);
	return 0;
}

static int exec_rename_context(struct cmd_ctx *ctx, struct err *e)
{
	auto_change c = {0};

	if (ctx->argc != 2)
		return cmd_usage_error(ctx, e, "two names are expected: the old and the new one");
	if (change_init(&c, ctx, ctx->args[0], e) < 0)
		return -1;
	c.new_name = ctx->args[1];
	if (!is_there(&c, c.name))
		return err_not_there(&c, "rename", e);
	if (is_there(&c, c.new_name))
		return err_set(e, ERR_CONFLICT,
		    "cannot rename the context \"%s\", the context \"%s\" already exists in %s",
		    c.name, c.new_name, c.file);
	if (change_file(&c, edit_rename, e) < 0 || follow_choice(&c, c.new_name, e) < 0)
		return -1;
	out_addf(&ctx->out, "Context \"%s\" renamed to \"%s\".\n", c.name, c.new_name);
	return 0;
}

static int edit_delete(void *arg, json *config, struct err *e)
{
	const struct change *c = arg;
	json *item = kubeconfig_item(config, "contexts", c->name);

	json_remove(json_get(config, "contexts"), item);
	return 0;
}

static int exec_delete_context(struct cmd_ctx *ctx, struct err *e)
{
	auto_change c = {0};

	if (ctx->argc != 1)
		return cmd_usage_error(ctx, e, "one context is expected");
	if (change_init(&c, ctx, ctx->args[0], e) < 0)
		return -1;
	if (!is_there(&c, c.name))
		return err_not_there(&c, "delete", e);
	if (follow_choice(&c, NULL, e) < 0 || change_file(&c, edit_delete, e) < 0)
		return -1;
	out_addf(&ctx->out, "deleted context %s from %s\n", c.name, c.file);
	return 0;
}

/* ---- the commands ---- */

const struct cmd cmd_config_set_context = {
    .name = "config set-context",
    .usage = "(NAME | --current) [--namespace=NS] [--cluster=NAME] [--user=NAME]",
    .summary = "Change or add a context: its namespace, cluster or user",
    .help = "It changes the kubeconfig file that has the context, or adds one to the first of the "
	    "files. --current is the context that commands use. The namespace of local, this "
	    "machine, is kept in kjob's own state.",
    .examples = "# Work in another namespace from now on\n"
		"kjob config set-context --current --namespace=jobs\n",
    .options = set_options,
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_set_context,
};

const struct cmd cmd_config_rename_context = {
    .name = "config rename-context",
    .usage = "NAME NEW-NAME",
    .summary = "Give a context of the kubeconfig another name",
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_rename_context,
};

const struct cmd cmd_config_delete_context = {
    .name = "config delete-context",
    .usage = "NAME",
    .summary = "Take a context out of the kubeconfig; its cluster and user stay",
    .group = GROUP_OTHER,
    .place = CMD_NOWHERE,
    .exec = exec_delete_context,
};
