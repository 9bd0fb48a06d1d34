/*
 * kjob rollout: what kubectl says of kinds that are not rolled out. Jobs, cron jobs and pods are
 * replaced, never rolled out; Deployments and the like exist on clusters alone, where kubectl has
 * the whole of it.
 */
#include "pick.h"

static const struct opt options[] = {
    OPT_ROW_FILENAME("A manifest that names what is meant"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_SELECTOR,
    OPT_END,
};

/* What kubectl has of each: a helper for the kind, which some kinds are not even asked for. */
static const struct rollout {
	const char *verb;
	const char *noun; /* "no NOUN has been implemented for KIND" */
	const char
	    *visited;      /* "error retrieving VISITED for KIND" of kinds that it does not know */
	const char *doing; /* "OBJECT DOING is not supported" */
	bool quoted;
} rollouts[] = {
    {"history", "history viewer", "history", NULL, true},
    {"pause", NULL, NULL, "pausing", false},
    {"restart", NULL, NULL, "restarting", false},
    {"resume", NULL, NULL, "resuming", false},
    {"status", "status viewer", NULL, NULL, false},
    {"undo", "rollbacker", "rollbacker", NULL, true},
};

static bool rolled_out_on_clusters(const struct resource *r)
{
	return str_eq(r->group, "apps");
}

/* Kinds that kubectl looks into, and finds to have nothing of the sort. */
static bool is_visited(const struct resource *r)
{
	return str_eq(r->group, "batch") || (!*r->group && str_eq(r->kind, "Pod"));
}

static int refuse(
    struct cmd_ctx *ctx, struct printer *p, struct picked *it, const void *arg, struct err *e)
{
	const struct resource *r = it->resource;
	const struct rollout *what = arg;
	const char *quote = what->quoted ? "\"" : "";
	auto_buf kind = {0}, name = {0};

	buf_init(&kind, 0);
	buf_init(&name, 0);
	buf_addf(&kind, "%s%s%s", r->kind, *r->group ? "." : "", r->group);
	resource_qualified_name(r, &name);
	if (rolled_out_on_clusters(r))
		return err_set(e, ERR_BAD_REQUEST,
		    "kjob rolls nothing out: use 'kubectl rollout %s %s/%s'", what->verb,
		    buf_str(&name), it->name);
	if (what->doing)
		return err_set(e, ERR_BAD_REQUEST, "%s \"%s\" %s is not supported", buf_str(&name),
		    it->name, what->doing);
	if (what->visited && !is_visited(r))
		return err_set(e, ERR_BAD_REQUEST,
		    "error retrieving %s for \"%s\", no visitor method exists for {%s %s}",
		    what->visited, buf_str(&kind), r->group, r->kind);
	return err_set(e, ERR_BAD_REQUEST, "no %s has been implemented for %s%s%s", what->noun,
	    quote, buf_str(&kind), quote);
}

static int exec_rollout(struct cmd_ctx *ctx, struct err *e)
{
	const struct rollout *what = NULL;

	if (!ctx->argc)
		return cmd_usage_error(
		    ctx, e, "say which: history, pause, restart, resume, status or undo");
	for (size_t i = 0; i < ARRAY_LEN(rollouts); i++)
		if (str_eq(rollouts[i].verb, ctx->args[0]))
			what = &rollouts[i];
	if (!what)
		return cmd_usage_error(ctx, e, "unknown command \"%s\"", ctx->args[0]);
	if (ctx->argc == 1 && !opts_given(&ctx->opts, "filename"))
		return err_set(e, ERR_BAD_REQUEST, "required resource not specified");
	return picks_each(ctx, ctx->args + 1, ctx->argc - 1, refuse, what, e);
}

const struct cmd cmd_rollout = {
    .name = "rollout",
    .usage = "(history | pause | restart | resume | status | undo) TYPE/NAME",
    .summary = "Say why a Job has no rollout",
    .help = "Nothing that kjob runs is rolled out. To start a changed Job, replace it: 'kjob "
	    "replace --force -f FILE'. To stop one for a while, 'kjob suspend' it.",
    .options = options,
    .group = GROUP_HIDDEN,
    .exec = exec_rollout,
};
