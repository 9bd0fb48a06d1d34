/* kjob suspend, kjob resume: spec.suspend of Jobs and cron jobs. */
#include <stdio.h>

#include "pick.h"

static const struct opt options[] = {
    OPT_ROW_FILENAME("A manifest that names them"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_SELECTOR,
    OPT_ROW_FIELD_SELECTOR,
    OPT_ROW_ALL,
    OPT_ROW_ALL_NAMESPACES,
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

/* The two commands. */
struct direction {
	bool suspend;
	const char *done, *doing;
};
static const struct direction suspending = {true, "suspended", "suspending"};
static const struct direction resuming = {false, "resumed", "resuming"};

static bool can_be_suspended(const struct resource *r)
{
	return str_eq(r->group, "batch") &&
	       (str_eq(r->name, "jobs") || str_eq(r->name, "cronjobs"));
}

static bool has_finished(const json *job)
{
	json_for (c, json_path(job, "status.conditions"))
		if ((str_eq(json_str(c, "type"), "Complete") ||
			str_eq(json_str(c, "type"), "Failed")) &&
		    str_eq(json_str(c, "status"), "True"))
			return true;
	return false;
}

/* What is meant by its name; a selector may find Jobs that have finished, and they are passed over.
 */
static bool is_named(const struct cmd_ctx *ctx)
{
	const struct opts *o = &ctx->opts;

	return !opts_bool(o, "all") && !*opts_str(o, "selector") && !*opts_str(o, "field-selector");
}

static int turn_one(
    struct cmd_ctx *ctx, struct printer *p, struct picked *it, const void *arg, struct err *e)
{
	const struct direction *to = arg;
	bool already = json_bool(it->live, "spec.suspend", false) == to->suspend;
	auto_json *patch = json_new_object(), *result = NULL;
	auto_free char *what = xasprintf("%s%s", to->done, already ? " (no change)" : "");
	auto_buf name = {0};

	resource_singular_name(it->resource, &name);
	if (!can_be_suspended(it->resource))
		return err_set(e, ERR_BAD_REQUEST,
		    "%s/%s cannot be suspended: only jobs and cronjobs can", buf_str(&name),
		    it->name);
	if (has_finished(it->live) && !is_named(ctx))
		return 0;
	if (has_finished(it->live))
		fprintf(stderr, "Warning: %s/%s has finished: %s it has no effect\n",
		    buf_str(&name), it->name, to->doing);
	if (!already)
		json_set_bool(json_obj(patch, "spec"), "suspend", to->suspend);
	result = pick_merge(ctx, it, patch, "kjob-suspend", e);
	return result ? print_result(
			    ctx, p, it->resource, result, what, opts_str(&ctx->opts, "dry-run"), e)
		      : -1;
}

static int exec_suspend(struct cmd_ctx *ctx, struct err *e)
{
	return picks_each(ctx, ctx->args, ctx->argc, turn_one, &suspending, e);
}

static int exec_resume(struct cmd_ctx *ctx, struct err *e)
{
	return picks_each(ctx, ctx->args, ctx->argc, turn_one, &resuming, e);
}

const struct cmd cmd_suspend = {
    .name = "suspend",
    .usage = "(TYPE NAME… | TYPE/NAME… | TYPE -l SELECTOR | TYPE --all | -f FILE) [options]",
    .summary = "Stop Jobs for a while, or cron jobs from starting new ones",
    .help =
	"A Job's running pods are deleted, which is no failure; what is complete stays so. Jobs "
	"that a cron job has started already go on.",
    .examples = "# Stop a Job's pods and start no more\n"
		"kjob suspend job pi\n\n"
		"# Let no cron job start anything\n"
		"kjob suspend cronjobs --all\n",
    .options = options,
    .group = GROUP_CHANGE,
    .exec = exec_suspend,
};

const struct cmd cmd_resume = {
    .name = "resume",
    .usage = "(TYPE NAME… | TYPE/NAME… | TYPE -l SELECTOR | TYPE --all | -f FILE) [options]",
    .summary = "Let suspended Jobs and cron jobs go on",
    .help =
	"A cron job that missed start times while it was suspended starts the latest of them at "
	"once, within its startingDeadlineSeconds.",
    .examples = "# Let a Job go on\n"
		"kjob resume job pi\n",
    .options = options,
    .group = GROUP_CHANGE,
    .exec = exec_resume,
};
