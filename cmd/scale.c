/*
 * kjob scale: sets the number of replicas of what has one. Nothing that kjob's controller serves
 * has, so there it ends with the server's answer; on clusters, Deployments and the like do.
 */
#include "pick.h"

static const struct opt options[] = {
    {"replicas", 0, OPT_INT, NULL, "N", "The new number of replicas (required)", NULL, NULL},
    {"current-replicas", 0, OPT_INT, "-1", "N", "Only if it is this many now", NULL, NULL},
    {"resource-version", 0, OPT_STRING, NULL, "VERSION",
	"Only if the object is still of this version", NULL, NULL},
    OPT_ROW_FILENAME("A manifest that names what to scale"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_SELECTOR,
    OPT_ROW_ALL,
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

static int check_expected(const struct cmd_ctx *ctx, const json *scale, struct err *e)
{
	int64_t wanted = opts_int(&ctx->opts, "current-replicas");
	int64_t replicas = json_int(scale, "spec.replicas", 0);
	const char *version = opts_str(&ctx->opts, "resource-version");
	const char *now = json_str_or(scale, "metadata.resourceVersion", "");

	if (wanted >= 0 && wanted != replicas)
		return err_set(e, ERR_CONFLICT, "Expected replicas to be %lld, was %lld",
		    (long long)wanted, (long long)replicas);
	if (*version && !str_eq(version, now))
		return err_set(
		    e, ERR_CONFLICT, "Expected resource version to be %s, was %s", version, now);
	return 0;
}

static int send_scale(struct cmd_ctx *ctx, const struct picked *it, bool dry, struct err *e)
{
	auto_buf path = {0};
	auto_json *scale = NULL, *answer = NULL;

	buf_init(&path, 0);
	resource_path(it->resource, it->ns, it->name, "scale", &path);
	scale = client_get_json(ctx->client, buf_str(&path), e);
	if (!scale && e->reason == ERR_NOT_FOUND)
		e->reason = ERR_METHOD; /* the object is there: its kind has no scale */
	if (!scale || check_expected(ctx, scale, e) < 0)
		return -1;
	json_set_int(json_obj(scale, "spec"), "replicas", opts_int(&ctx->opts, "replicas"));
	if (dry)
		query_add(&path, "dryRun", "All");
	answer = client_send_json(ctx->client, "PUT", buf_str(&path), NULL, scale, e);
	return answer ? 0 : -1;
}

static int scale_one(
    struct cmd_ctx *ctx, struct printer *p, struct picked *it, const void *arg, struct err *e)
{
	const char *dry_run = opts_str(&ctx->opts, "dry-run");

	if (!str_eq(dry_run, "client") && send_scale(ctx, it, str_eq(dry_run, "server"), e) < 0)
		return -1;
	return print_result(ctx, p, it->resource, it->live, "scaled", dry_run, e);
}

static int exec_scale(struct cmd_ctx *ctx, struct err *e)
{
	if (!opts_given(&ctx->opts, "replicas"))
		return err_set(e, ERR_BAD_REQUEST, "required flag(s) \"replicas\" not set");
	if (opts_int(&ctx->opts, "replicas") < 0)
		return cmd_usage_error(ctx, e,
		    "The --replicas=COUNT flag is required, and COUNT must be greater than or "
		    "equal "
		    "to 0");
	return picks_each(ctx, ctx->args, ctx->argc, scale_one, NULL, e);
}

const struct cmd cmd_scale = {
    .name = "scale",
    .usage = "--replicas=N (TYPE NAME… | TYPE/NAME… | TYPE --all | -f FILE) [options]",
    .summary = "Set the number of replicas of what has one; a Job has none",
    .help = "Jobs, cron jobs and pods have no replicas, on a cluster neither: the number of pods "
	    "of a Job that run at a time is its parallelism, and an Indexed Job's size is its "
	    "completions.",
    .examples = "# What is meant by scaling a Job\n"
		"kjob patch job pi -p '{\"spec\": {\"parallelism\": 4}}'\n\n"
		"# A Deployment of a cluster\n"
		"kjob --context=prod scale deployment web --replicas=3\n",
    .options = options,
    .group = GROUP_CHANGE,
    .exec = exec_scale,
};
