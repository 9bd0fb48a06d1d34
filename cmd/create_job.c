/* kjob create job NAME --image=IMAGE [-- COMMAND]: a Job from a few words. */
#include "cmd.h"
#include "manifest.h"
#include "printer.h"

static const struct opt options[] = {
    {"image", 0, OPT_STRING, NULL, "IMAGE", "The image to run", NULL, NULL},
    {"from", 0, OPT_STRING, NULL, "CRONJOB", NULL, NULL, NULL},
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_ROW_VALIDATE,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

static json *job_object(struct cmd_ctx *ctx, const char *name)
{
	json *job = json_new_object(), *spec, *container = json_new_object();
	json *containers = json_new_array();

	json_set_str(job, "apiVersion", "batch/v1");
	json_set_str(job, "kind", "Job");
	json_set_path(job, "metadata.name", json_new_string(name));
	if (ctx->ns_given)
		json_set_path(job, "metadata.namespace", json_new_string(ctx->ns));
	json_set_str(container, "name", name);
	json_set_str(container, "image", opts_str(&ctx->opts, "image"));
	for (size_t i = 1; i < ctx->argc; i++) {
		if (i == 1)
			json_set(container, "command", json_new_array());
		json_add(json_get(container, "command"), json_new_string(ctx->args[i]));
	}
	json_add(containers, container);
	json_set_path(job, "spec.template.spec.containers", containers);
	spec = json_path(job, "spec.template.spec");
	json_set_str(spec, "restartPolicy", "Never");
	return job;
}

static int check_usage(const struct cmd_ctx *ctx, struct err *e)
{
	size_t before_dash = ctx->dash >= 0 ? (size_t)ctx->dash : ctx->argc;

	if (before_dash != 1)
		return cmd_usage_error(
		    ctx, e, "exactly one NAME is required, got %zu", before_dash);
	if (opts_given(&ctx->opts, "from") && opts_given(&ctx->opts, "image"))
		return err_set(e, ERR_BAD_REQUEST, "cannot specify --image and --from");
	if (opts_given(&ctx->opts, "from"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--from: cron jobs are not supported by this version of kjob");
	if (!*opts_str(&ctx->opts, "image"))
		return err_set(e, ERR_BAD_REQUEST, "either --image or --from must be specified");
	return 0;
}

static json *send_job(struct cmd_ctx *ctx, const struct resource *r, const json *job,
    const char *dry_run, struct err *e)
{
	auto_buf path = {0};
	json *created;

	if (str_eq(dry_run, "client"))
		return json_dup(job);
	buf_init(&path, 0);
	resource_path(r, ctx->ns, NULL, NULL, &path);
	query_add(&path, "fieldManager", "kubectl-create");
	query_add(
	    &path, "fieldValidation", manifest_field_validation(opts_str(&ctx->opts, "validate")));
	if (str_eq(dry_run, "server"))
		query_add(&path, "dryRun", "All");
	created = client_send_json(cmd_client(ctx, e), "POST", buf_str(&path), NULL, job, e);
	if (!created)
		err_set(e, e->reason, "failed to create job: %s", err_msg(e));
	return created;
}

static int exec_create_job(struct cmd_ctx *ctx, struct err *e)
{
	const char *dry_run = opts_str(&ctx->opts, "dry-run");
	const struct resources *all;
	const struct resource *r;
	auto_printer p = {0};
	auto_json *job = NULL, *created = NULL;

	if (check_usage(ctx, e) < 0 || printer_init(&p, opts_str(&ctx->opts, "output"), e) < 0)
		return -1;
	p.show_managed = opts_bool(&ctx->opts, "show-managed-fields");
	all = resources_load(ctx, e);
	r = all ? resource_by_kind(all, "batch/v1", "Job", e) : NULL;
	if (!r)
		return -1;
	job = job_object(ctx, ctx->args[0]);
	created = send_job(ctx, r, job, dry_run, e);
	return created ? print_result(ctx, &p, r, created, "created", dry_run, e) : -1;
}

const struct cmd cmd_create_job = {
    .name = "create job",
    .usage = "NAME --image=IMAGE [options] [-- COMMAND [ARG…]]",
    .summary = "Create a Job that runs one command",
    .help = "The Job is created and left to itself; 'kjob run' also shows its output and waits for "
	    "its end.",
    .examples = "# Run a command of an image\n"
		"kjob create job hello --image=busybox -- echo hello\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_create_job,
};
