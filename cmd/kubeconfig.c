/* kjob kubeconfig: what kubectl needs to talk to `kjob serve`, shown or put into its file. */
#include <stdio.h>
#include <sys/stat.h>

#include "../runtime/base/paths.h"
#include "cmd.h"
#include "contexts.h"
#include "kubeconfig_file.h"
#include "kubeconfig_merge.h"

static const struct opt options[] = {
    {"merge", 0, OPT_BOOL, NULL, NULL,
	"Add it to your kubeconfig (KUBECONFIG, or ~/.kube/config), and leave the rest as it is",
	NULL, NULL},
    {"output", 'o', OPT_STRING, NULL, "FILE", "Write to this file; with --merge, add to it", NULL,
	NULL},
    {"name", 0, OPT_STRING, "kjob", "NAME", "The name of context, cluster and user", NULL, NULL},
    {"server", 0, OPT_STRING, NULL, "URL",
	"Where clients find the listener, if not where it says itself", NULL, NULL},
    {"set-current", 0, OPT_BOOL, NULL, NULL, "With --merge: make it the current context", NULL,
	NULL},
    OPT_END,
};

/* ---- the file ---- */

static int write_own(const char *path, const struct kubeconfig_entry *k, struct err *e)
{
	auto_free char *old = kubeconfig_read(path, e), *text = NULL;

	if (!old)
		return -1;
	if (kubeconfig_has_others(old, k->name))
		return err_set(e, ERR_CONFLICT,
		    "%s has other contents: --merge adds to a kubeconfig file, or name another "
		    "file",
		    path);
	text = kubeconfig_text(k);
	return path_write_file(path, 0600, text, strlen(text), e);
}

/* ---- the command ---- */

static int ask_state(struct cmd_ctx *ctx, json **ret, struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	auto_json *state = c ? client_get_json(c, "/kjob/v1/serve", e) : NULL;

	if (!state)
		return -1;
	if (!json_has(state, "server"))
		return err_set(
		    e, ERR_UNAVAILABLE, "kjob does not listen for clients; 'kjob serve' first");
	if (!json_has(state, "clientKey"))
		return err_set(e, ERR_UNAVAILABLE, "kjob cannot listen for clients: %s",
		    json_str_or(state, "error", "?"));
	*ret = TAKE(state);
	return 0;
}

struct merging {
	const struct kubeconfig_entry *k;
	bool set_current;
};

static char *merge(void *ctx, const char *path, const char *old, bool *ret_rewritten, struct err *e)
{
	const struct merging *m = ctx;

	return kubeconfig_merge(m->k, path, old, m->set_current, ret_rewritten, e);
}

static int write_merged(struct cmd_ctx *ctx, const struct kubeconfig_entry *k, struct err *e)
{
	struct merging m = {.k = k, .set_current = opts_bool(&ctx->opts, "set-current")};
	const char *file = opts_str(&ctx->opts, "output");
	auto_strlist files = {0};
	auto_free char *path = NULL;
	struct stat st;

	contexts_files("", &files);
	path = *file ? xstrdup(file) : kubeconfig_file_for(&files, k->name);
	if (kubeconfig_change(path, merge, &m, e) < 0)
		return -1;
	if (stat(path, &st) == 0 && (st.st_mode & 077))
		fprintf(stderr, "warning: others can read %s, which holds a private key\n", path);
	out_addf(&ctx->out, "context \"%s\" is in %s\n", k->name, path);
	return 0;
}

static int write_anywhere(struct cmd_ctx *ctx, const struct kubeconfig_entry *k, struct err *e)
{
	const char *file = opts_str(&ctx->opts, "output");
	auto_free char *text = NULL;

	if (opts_bool(&ctx->opts, "merge"))
		return write_merged(ctx, k, e);
	if (*file && !str_eq(file, "-"))
		return write_own(file, k, e);
	text = kubeconfig_text(k);
	out_adds(&ctx->out, text);
	return 0;
}

static int exec(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *state = NULL;
	const char *server = opts_str(&ctx->opts, "server");
	struct kubeconfig_entry k = {.name = opts_str(&ctx->opts, "name")};

	if (ctx->argc)
		return cmd_usage_error(ctx, e, "'kjob kubeconfig' takes no arguments");
	if (opts_bool(&ctx->opts, "set-current") && !opts_bool(&ctx->opts, "merge"))
		return cmd_usage_error(ctx, e, "--set-current goes with --merge");
	if (*server && !str_has_prefix(server, "https://"))
		return cmd_usage_error(ctx, e, "--server must begin with https://");
	if (ask_state(ctx, &state, e) < 0)
		return -1;
	k.server = *server ? server : json_str(state, "server");
	k.authority = json_str_or(state, "certificateAuthority", "");
	k.certificate = json_str_or(state, "clientCertificate", "");
	k.key = json_str_or(state, "clientKey", "");
	return write_anywhere(ctx, &k, e);
}

const struct cmd cmd_kubeconfig = {
    .name = "kubeconfig",
    .usage = "[options]",
    .summary = "Show what kubectl needs to talk to 'kjob serve', or add it to its file",
    .help = "With --merge nothing else in the file changes, not even comments, and the current "
	    "context stays what it is unless --set-current is given or the file is new. What is "
	    "written holds a private key; whoever has it is you.",
    .examples = "# Add the context \"kjob\" to ~/.kube/config\n"
		"kjob kubeconfig --merge\n"
		"# A file of its own\n"
		"kjob kubeconfig -o kjob.yaml\n"
		"KUBECONFIG=kjob.yaml kubectl get pods\n",
    .options = options,
    .group = GROUP_OTHER,
    .place = CMD_HERE,
    .exec = exec,
};
