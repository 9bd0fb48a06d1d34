/* kjob set env: the variables of containers. */
#include <stdio.h>

#include "../runtime/base/base64.h"
#include "env_change.h"
#include "pod_spec.h"
#include "set.h"

static const struct opt options[] = {
    {"env", 'e', OPT_LIST, NULL, "NAME=VALUE", "A variable, may be repeated; NAME- removes it",
	NULL, NULL},
    {"from", 0, OPT_STRING, NULL, "TYPE/NAME",
	"A variable for each key of this config map or secret", NULL, NULL},
    {"keys", 0, OPT_CSV, NULL, "KEY", "With --from: only these keys", NULL, NULL},
    {"prefix", 0, OPT_STRING, NULL, "TEXT", "What the names of the variables begin with", NULL,
	NULL},
    {"overwrite", 0, OPT_BOOL, "true", NULL, "Change what has another value already", NULL, NULL},
    {"containers", 'c', OPT_STRING, "*", "NAME", "Of these containers; * stands for anything", NULL,
	NULL},
    {"list", 0, OPT_BOOL, NULL, NULL, "Show the variables", NULL, NULL},
    {"resolve", 0, OPT_BOOL, NULL, NULL, "With --list: look up values that are elsewhere", NULL,
	NULL},
    OPT_ROWS_SET,
    OPT_END,
};

/* What one object's container is about. */
struct env_job {
	struct cmd_ctx *ctx;
	const struct env_change *change;
	const struct picked *it;
};

static void warn_none(const struct cmd_ctx *ctx, const struct picked *it)
{
	auto_free char *quoted = str_go_quote(opts_str(&ctx->opts, "containers"));

	fprintf(stderr, "Warning: %s/%s does not have any containers matching %s\n",
	    it->resource->kind, it->name, quoted);
}

static int each_container(struct env_job *job, json *spec, container_fn *fn, struct err *e)
{
	const char *pattern = opts_str(&job->ctx->opts, "containers");
	size_t count;

	if (pod_spec_each(spec, pattern, true, fn, job, &count, e) < 0)
		return -1;
	if (!count)
		warn_none(job->ctx, job->it);
	return 0;
}

/* ---- changing ---- */

static int change_container(json *container, void *arg, struct err *e)
{
	const struct env_job *job = arg;
	auto_free char *whose = xasprintf("%s/%s", job->it->resource->name, job->it->name);

	return env_change_apply(
	    job->change, opts_bool(&job->ctx->opts, "overwrite"), whose, container, e);
}

static int change_env(
    struct cmd_ctx *ctx, const struct picked *it, json *spec, void *change, struct err *e)
{
	struct env_job job = {ctx, change, it};

	return each_container(&job, spec, change_container, e);
}

/* ---- listing ---- */

/* What a variable of a config map or secret is now; NULL: it is nothing of the sort. Owned. */
static int look_up(struct cmd_ctx *ctx, const char *ns, const json *var, char **ret, struct err *e)
{
	const json *map = json_path(var, "valueFrom.configMapKeyRef");
	const json *secret = json_path(var, "valueFrom.secretKeyRef"), *ref = map ? map : secret;
	auto_free char *path = NULL;
	auto_json *source = NULL;
	const char *value;

	if (!ref)
		return 0;
	path = xasprintf("/api/v1/namespaces/%s/%s/%s", ns, map ? "configmaps" : "secrets",
	    json_str_or(ref, "name", ""));
	source = client_get_json(ctx->client, path, e);
	if (!source)
		return -1;
	value = json_string_value(json_get(json_get(source, "data"), json_str_or(ref, "key", "")));
	if (!value)
		return err_set(e, ERR_NOT_FOUND, "key %s not found in %s %s",
		    json_str_or(ref, "key", ""), map ? "config map" : "secret",
		    json_str_or(ref, "name", ""));
	if (map) {
		*ret = xstrdup(value);
	} else {
		auto_buf bytes = {0};

		if (base64_decode(value, &bytes, NULL) == 0)
			*ret = buf_take(&bytes);
	}
	return 0;
}

static int list_container(json *container, void *arg, struct err *e)
{
	const struct env_job *job = arg;
	struct out *out = &job->ctx->out;

	out_addf(out, "# %s %s, container %s\n", job->it->resource->kind, job->it->name,
	    json_str_or(container, "name", ""));
	json_for (var, json_get(container, "env")) {
		auto_free char *value = NULL;
		auto_buf text = {0};

		if (opts_bool(&job->ctx->opts, "resolve") &&
		    look_up(job->ctx, job->it->ns, var, &value, e) < 0)
			return -1;
		if (value)
			buf_addf(&text, "%s=%s\n", json_str_or(var, "name", ""), value);
		else
			env_text(var, &text);
		out_adds(out, buf_str(&text));
	}
	return 0;
}

static int list_one(
    struct cmd_ctx *ctx, struct printer *p, struct picked *it, const void *arg, struct err *e)
{
	struct env_job job = {ctx, NULL, it};
	json *spec = set_pod_spec(it, it->live, e);

	return spec ? each_container(&job, spec, list_container, e) : -1;
}

/* ---- the command ---- */

static int add_words(struct cmd_ctx *ctx, size_t names, struct env_change *ret, struct err *e)
{
	const char *prefix = opts_str(&ctx->opts, "prefix");
	const struct strlist *more = opts_list(&ctx->opts, "env");

	for (size_t i = names; i < ctx->argc; i++) {
		auto_free char *text = NULL;
		size_t len;

		if (!str_eq(ctx->args[i], "-")) {
			if (env_change_add(ret, prefix, ctx->args[i], e) < 0)
				return -1;
			continue;
		}
		text = manifest_read_text("-", &len, e);
		if (!text || env_change_add_lines(ret, prefix, text, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < more->len; i++)
		if (env_change_add(ret, prefix, more->items[i], e) < 0)
			return -1;
	return 0;
}

static int add_from(struct cmd_ctx *ctx, struct env_change *ret, struct err *e)
{
	const char *from[] = {opts_str(&ctx->opts, "from")};
	auto_strlist renamed = {0};
	auto_targets targets = {0};
	auto_buf path = {0};
	auto_json *source = NULL;

	if (!*from[0])
		return 0;
	if (targets_parse(ctx, from, 1, NULL, &targets, e) < 0)
		return -1;
	if (targets.len != 1 || !targets.items[0].name ||
	    (!str_eq(targets.items[0].resource->kind, "ConfigMap") &&
		!str_eq(targets.items[0].resource->kind, "Secret")))
		return err_set(e, ERR_BAD_REQUEST, "unsupported resource specified in --from");
	resource_path(targets.items[0].resource, ctx->ns, targets.items[0].name, NULL, &path);
	source = client_get_json(ctx->client, buf_str(&path), e);
	if (!source)
		return -1;
	env_change_add_from(
	    ret, opts_str(&ctx->opts, "prefix"), source, opts_list(&ctx->opts, "keys"), &renamed);
	for (size_t i = 0; i < renamed.len; i++)
		fprintf(stderr, "Warning: %s\n", renamed.items[i]);
	return 0;
}

static int check_usage(const struct cmd_ctx *ctx, size_t names, struct err *e)
{
	const struct opts *o = &ctx->opts;

	if (opts_list(o, "keys")->len && !*opts_str(o, "from"))
		return err_set(e, ERR_BAD_REQUEST,
		    "when specifying --keys, a configmap or secret must be provided with --from");
	if (opts_bool(o, "list") && *opts_str(o, "output"))
		return err_set(
		    e, ERR_BAD_REQUEST, "--list and --output may not be specified together");
	if (!names && !opts_given(o, "filename"))
		return err_set(e, ERR_BAD_REQUEST,
		    "one or more resources must be specified as <resource> <name> or "
		    "<resource>/<name>");
	return 0;
}

static int exec_env(struct cmd_ctx *ctx, struct err *e)
{
	auto_env_change change = {0};
	struct setting s = {.done = "env updated",
	    .failing = "failed to patch env update to pod template:",
	    .change = change_env,
	    .arg = &change};
	size_t names;

	if (set_begin(ctx->args, ctx->argc, '-', "environment", &names, e) < 0 ||
	    check_usage(ctx, names, e) < 0 || !cmd_client(ctx, e))
		return -1;
	if (opts_bool(&ctx->opts, "list"))
		return picks_each(ctx, ctx->args, names, list_one, NULL, e);
	if (add_words(ctx, names, &change, e) < 0 || add_from(ctx, &change, e) < 0 ||
	    env_change_check(&change, e) < 0)
		return -1;
	if (!json_len(change.set) && !change.remove.len)
		return err_set(
		    e, ERR_BAD_REQUEST, "at least one environment variable must be provided");
	return set_each(ctx, ctx->args, names, &s, e);
}

const struct cmd cmd_set_env = {
    .name = "set env",
    .usage = "(TYPE NAME… | TYPE/NAME… | TYPE --all | -f FILE) NAME=VALUE… NAME-… [options]",
    .summary = "Change the environment variables of containers, or show them",
    .examples = "# The next runs of a cron job\n"
		"kjob set env cronjob/nightly LEVEL=3 DEBUG-\n\n"
		"# All keys of a config map\n"
		"kjob set env cronjob/nightly --from=configmap/settings --prefix=APP_\n\n"
		"# See them, with their values\n"
		"kjob set env cronjob/nightly --list --resolve\n",
    .options = options,
    .group = GROUP_CHANGE,
    .exec = exec_env,
};
