/* kjob create job NAME: a Job from an image and a command, or from the template of a cron job. */
#include "container.h"
#include "create.h"
#include "job_from.h"
#include "pick.h"

static const struct opt options[] = {
    {"image", 0, OPT_STRING, NULL, "IMAGE", "The image to run", NULL, NULL},
    {"from", 0, OPT_STRING, NULL, "TYPE/NAME",
	"Take the template of this: cronjob/NAME, or job/NAME to run a Job again", NULL, NULL},
    {"env", 'e', OPT_LIST, NULL, "NAME[=VALUE]",
	"An environment variable of the container, may be repeated; without a value, the one it "
	"has here",
	NULL, NULL},
    {"command", 0, OPT_BOOL, NULL, NULL,
	"With --from: what is behind -- is the command, not its arguments", NULL, NULL},
    OPT_ROWS_CREATE,
    OPT_END,
};

static int check_usage(const struct cmd_ctx *ctx, struct err *e)
{
	const char *image = opts_str(&ctx->opts, "image"), *from = opts_str(&ctx->opts, "from");

	if (create_check_name(ctx, e) < 0)
		return -1;
	if (!*image == !*from) /* kubectl's words for both cases */
		return err_set(e, ERR_BAD_REQUEST, "either --image or --from must be specified");
	if (opts_bool(&ctx->opts, "command") && !*from)
		return err_set(e, ERR_BAD_REQUEST,
		    "--command goes with --from: with --image, what is behind -- is the command");
	return 0;
}

static json *from_image(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *job = object_new("batch/v1", "Job", ctx->args[0]);
	json *container = json_new_object(), *containers = json_new_array();

	json_set_path(job, "spec.template.spec.containers", containers);
	json_set_path(job, "spec.template.spec.restartPolicy", json_new_string("Never"));
	json_add(containers, container);
	json_set_str(container, "name", ctx->args[0]);
	json_set_str(container, "image", opts_str(&ctx->opts, "image"));
	container_set_words(container, true, ctx->args + 1, ctx->argc - 1);
	if (container_set_envs(container, opts_list(&ctx->opts, "env"), e) < 0)
		return NULL;
	return TAKE(job);
}

/* The object that --from names; owned. */
static json *source_object(struct cmd_ctx *ctx, struct err *e)
{
	const char *const words[] = {opts_str(&ctx->opts, "from")};
	auto_targets targets = {0};
	auto_buf path = {0};

	if (targets_parse(ctx, words, 1, NULL, &targets, e) < 0)
		return NULL;
	if (targets.len != 1 || !targets.items[0].name) {
		err_set(e, ERR_BAD_REQUEST, "resource(s) were provided, but no name was specified");
		return NULL;
	}
	resource_path(targets.items[0].resource, ctx->ns, targets.items[0].name, NULL, &path);
	return client_get_json(ctx->client, buf_str(&path), e);
}

/* --env, then what is behind "--": NAME=VALUE…, perhaps another "--", ARG… */
static int change_container(struct cmd_ctx *ctx, json *container, struct err *e)
{
	const char *const *words = ctx->args + 1;
	size_t count = ctx->argc - 1, vars = env_words(words, count);

	if (!json_is_object(container))
		return 0; /* the server will say what is wrong with such a template */
	if (container_set_envs(container, opts_list(&ctx->opts, "env"), e) < 0)
		return -1;
	for (size_t i = 0; i < vars; i++)
		if (container_set_env(container, words[i], e) < 0)
			return -1;
	vars += vars < count && str_eq(words[vars], "--");
	container_set_words(
	    container, opts_bool(&ctx->opts, "command"), words + vars, count - vars);
	return 0;
}

static json *from_object(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *source = source_object(ctx, e);
	json *job = source ? job_from(source, ctx->args[0], e) : NULL;

	if (job && change_container(
		       ctx, json_at(json_path(job, "spec.template.spec.containers"), 0), e) == 0)
		return job;
	json_free(job);
	return NULL;
}

static int exec_create_job(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *job = NULL;

	if (check_usage(ctx, e) < 0)
		return -1;
	job = *opts_str(&ctx->opts, "from") ? from_object(ctx, e) : from_image(ctx, e);
	return job ? create_object(ctx, job, e) : -1;
}

const struct cmd cmd_create_job = {
    .name = "create job",
    .usage = "NAME (--image=IMAGE [-- COMMAND [ARG…]] | --from=cronjob/NAME [-- [VAR=VALUE…] "
	     "[ARG…]]) [options]",
    .summary = "Create a Job from an image and a command, or from a cron job",
    .help = "The Job is created and left to itself; 'kjob run' also shows its output and waits for "
	    "its end.\n\n"
	    "With --from the Job is what the cron job would start, at once. Behind -- it can be "
	    "given other arguments for its first container (with --command: another command), and "
	    "in front of them environment variables as VAR=VALUE; a second -- ends these, for an "
	    "argument that looks like one.",
    .examples = "# Run a command of an image\n"
		"kjob create job hello --image=busybox -- echo hello\n\n"
		"# Start a cron job now\n"
		"kjob create job test-1 --from=cronjob/nightly\n\n"
		"# The same with other arguments and a variable\n"
		"kjob create job test-2 --from=cronjob/nightly -- DEBUG=1 --only=users\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_create_job,
};
