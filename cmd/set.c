/* kjob set image|resources|serviceaccount: changes the pods that objects make. */
#include "set.h"

#include "pod_spec.h"

#define NO_CONTAINER "unable to find container named "

/* ---- the course ---- */

json *set_pod_spec(const struct picked *it, json *obj, struct err *e)
{
	json *spec = pod_spec_of(obj);

	if (!spec)
		err_set(e, ERR_BAD_REQUEST,
		    "%s/%s the object is not a pod or does not have a pod template: *v1.%s",
		    it->resource->name, it->name, it->resource->kind);
	return spec;
}

static json *send(
    struct cmd_ctx *ctx, const struct picked *it, const json *patch, bool dry, struct err *e)
{
	auto_free char *body = json_print(patch);
	struct change c = {
	    .content_type = MIME_JSON_PATCH, .body = body, .manager = "kubectl-set", .dry = dry};

	return pick_patch(ctx, it, &c, e);
}

static int set_one(
    struct cmd_ctx *ctx, struct printer *p, struct picked *it, const void *arg, struct err *e)
{
	const struct setting *s = arg;
	const char *dry_run = opts_str(&ctx->opts, "dry-run");
	bool local = pick_is_local(ctx);
	auto_json *changed = json_dup(it->live), *patch = NULL, *result = NULL;
	json *spec = set_pod_spec(it, changed, e);

	if (!spec || s->change(ctx, it, spec, s->arg, e) < 0)
		return -1;
	if (local)
		return print_result(ctx, p, it->resource, changed, s->done, "none", e);
	patch = pod_spec_patch(it->live, changed);
	if (json_len(patch) == 0)
		return 0;
	if (str_eq(dry_run, "client"))
		return print_result(ctx, p, it->resource, changed, s->done, dry_run, e);
	result = send(ctx, it, patch, str_eq(dry_run, "server"), e);
	if (!result)
		return err_set(e, e->reason, "%s %s", s->failing, err_msg(e));
	return print_result(ctx, p, it->resource, result, s->done, dry_run, e);
}

int set_each(struct cmd_ctx *ctx, const char *const *args, size_t argc, const struct setting *s,
    struct err *e)
{
	return picks_each(ctx, args, argc, set_one, s, e);
}

int set_begin(
    const char *const *args, size_t argc, char ends, const char *what, size_t *ret, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < argc; i++) {
		size_t len = strlen(args[i]);

		if ((strchr(args[i], '=') && args[i][0] != '=') ||
		    (ends && len && args[i][len - 1] == ends))
			continue;
		if (i != n)
			return err_set(e, ERR_BAD_REQUEST,
			    "all resources must be specified before %s changes: %s", what, args[i]);
		n++;
	}
	*ret = n;
	return 0;
}

/* ---- image ---- */

static const struct opt image_options[] = {
    OPT_ROWS_SET,
    OPT_END,
};

static int set_image(json *container, void *image, struct err *e)
{
	json_set_str(container, "image", image);
	return 0;
}

/* CONTAINER=IMAGE words, NULL-terminated. */
static int change_images(
    struct cmd_ctx *ctx, const struct picked *it, json *spec, void *words, struct err *e)
{
	for (const char *const *word = words; *word; word++) {
		const char *eq = strchr(*word, '=');
		auto_free char *name = xstrndup(*word, (size_t)(eq - *word));
		auto_free char *image = xstrdup(eq + 1);
		size_t count;

		if (pod_spec_each(spec, name, true, set_image, image, &count, e) < 0)
			return -1;
		if (!count)
			return err_set(e, ERR_NOT_FOUND, NO_CONTAINER "\"%s\"", name);
	}
	return 0;
}

static int exec_image(struct cmd_ctx *ctx, struct err *e)
{
	struct setting s = {.done = "image updated",
	    .failing = "failed to patch image update to pod template:",
	    .change = change_images};
	size_t names;

	if (set_begin(ctx->args, ctx->argc, 0, "image", &names, e) < 0)
		return -1;
	if (names && names == ctx->argc)
		return err_set(e, ERR_BAD_REQUEST, "at least one image update is required");
	s.arg = (void *)(ctx->args + names);
	return set_each(ctx, ctx->args, names, &s, e);
}

/* ---- resources ---- */

static const struct opt resources_options[] = {
    {"containers", 'c', OPT_STRING, "*", "NAME", "Of these containers; * stands for anything", NULL,
	NULL},
    {"limits", 0, OPT_STRING, NULL, "NAME=QUANTITY,…",
	"What a container gets at most, as in "
	"cpu=500m,memory=1Gi",
	NULL, NULL},
    {"requests", 0, OPT_STRING, NULL, "NAME=QUANTITY,…", "What a container gets at least", NULL,
	NULL},
    OPT_ROWS_SET,
    OPT_END,
};

struct amounts {
	json *limits, *requests; /* NAME: "QUANTITY" */
};

static json *parse_amounts(const char *text, struct err *e)
{
	auto_strlist parts = {0};
	auto_json *amounts = json_new_object();

	if (*text)
		str_split(&parts, text, ',');
	for (size_t i = 0; i < parts.len; i++) {
		char *eq = strchr(parts.items[i], '=');

		if (!eq) {
			err_set(e, ERR_BAD_REQUEST,
			    "Invalid argument syntax %s, expected <resource>=<value>",
			    parts.items[i]);
			return NULL;
		}
		*eq = '\0';
		json_set_str(amounts, parts.items[i], eq + 1);
	}
	return TAKE(amounts);
}

static void merge_amounts(json *container, const char *path, const json *amounts)
{
	json_for (it, amounts)
		json_set_str(json_obj(container, path), json_key(it), json_string_value(it));
}

static int set_amounts(json *container, void *arg, struct err *e)
{
	const struct amounts *a = arg;

	merge_amounts(container, "resources.limits", a->limits);
	merge_amounts(container, "resources.requests", a->requests);
	return 0;
}

static int change_resources(
    struct cmd_ctx *ctx, const struct picked *it, json *spec, void *arg, struct err *e)
{
	const char *pattern = opts_str(&ctx->opts, "containers");
	size_t count;

	if (pod_spec_each(spec, pattern, false, set_amounts, arg, &count, e) < 0)
		return -1;
	return count ? 0 : err_set(e, ERR_NOT_FOUND, NO_CONTAINER "%s", pattern);
}

static int exec_resources(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *limits = parse_amounts(opts_str(&ctx->opts, "limits"), e);
	auto_json *requests = limits ? parse_amounts(opts_str(&ctx->opts, "requests"), e) : NULL;
	struct amounts amounts = {limits, requests};
	struct setting s = {.done = "resource requirements updated",
	    .failing = "failed to patch resources update to pod template",
	    .change = change_resources,
	    .arg = &amounts};

	if (!requests)
		return -1;
	if ((ctx->argc || opts_given(&ctx->opts, "filename")) && !json_len(limits) &&
	    !json_len(requests))
		return err_set(e, ERR_BAD_REQUEST,
		    "you must specify an update to requests or limits (in the form of "
		    "--requests/--limits)");
	return set_each(ctx, ctx->args, ctx->argc, &s, e);
}

/* ---- service account ---- */

static const struct opt account_options[] = {
    OPT_ROWS_SET,
    OPT_END,
};

static int change_account(
    struct cmd_ctx *ctx, const struct picked *it, json *spec, void *name, struct err *e)
{
	json_set_str(spec, "serviceAccountName", name);
	if (json_has(spec, "serviceAccount")) /* its older name */
		json_set_str(spec, "serviceAccount", name);
	return 0;
}

static int exec_account(struct cmd_ctx *ctx, struct err *e)
{
	struct setting s = {.done = "serviceaccount updated",
	    .failing = "failed to patch ServiceAccountName",
	    .change = change_account};

	if (!ctx->argc)
		return err_set(e, ERR_BAD_REQUEST, "serviceaccount is required");
	s.arg = (void *)ctx->args[ctx->argc - 1];
	return set_each(ctx, ctx->args, ctx->argc - 1, &s, e);
}

/* ---- the commands ---- */

const struct cmd cmd_set = {
    .name = "set",
    .usage = "(env | image | resources | serviceaccount) [options]",
    .summary = "Change the pods that objects make: image, variables, resources, service account",
    .help = "A Job's template cannot be changed any more, on a cluster neither, but for the "
	    "resources of one that is suspended: 'kjob replace --force' runs a changed Job.",
    .group = GROUP_CHANGE,
    .exec = cmd_exec_group,
};

const struct cmd cmd_set_image = {
    .name = "set image",
    .usage = "(TYPE NAME… | TYPE/NAME… | TYPE --all | -f FILE) CONTAINER=IMAGE… [options]",
    .summary = "Change the images of containers; * stands for any name",
    .examples = "# The next runs of a cron job\n"
		"kjob set image cronjob/nightly report=reports:3\n\n"
		"# In a manifest, before it is applied\n"
		"kjob set image -f job.yaml '*=reports:3' --local -o yaml | kjob apply -f -\n",
    .options = image_options,
    .group = GROUP_CHANGE,
    .exec = exec_image,
};

const struct cmd cmd_set_resources = {
    .name = "set resources",
    .usage =
	"(TYPE NAME… | TYPE/NAME… | TYPE --all | -f FILE) [--limits=…] [--requests=…] [options]",
    .summary = "Change what containers get of processors and memory",
    .examples = "# The next runs of a cron job\n"
		"kjob set resources cronjob/nightly --limits=cpu=1,memory=512Mi\n",
    .options = resources_options,
    .group = GROUP_CHANGE,
    .exec = exec_resources,
};

const struct cmd cmd_set_serviceaccount = {
    .name = "set serviceaccount",
    .alias = "set sa",
    .usage = "(TYPE NAME… | TYPE/NAME… | TYPE --all | -f FILE) SERVICEACCOUNT [options]",
    .summary = "Change the service account of pods",
    .options = account_options,
    .group = GROUP_CHANGE,
    .exec = exec_account,
};
