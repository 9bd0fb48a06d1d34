/* kjob create cronjob NAME --image=IMAGE --schedule=SCHEDULE [-- COMMAND]. */
#include "container.h"
#include "create.h"
#include "printer.h"

static const char *const restart_choices[] = {"OnFailure", "Never", NULL};

static const struct opt options[] = {
    {"image", 0, OPT_STRING, NULL, "IMAGE", "The image to run (required)", NULL, NULL},
    {"schedule", 0, OPT_STRING, NULL, "SCHEDULE",
	"When to run it (required): minute, hour, day of month, month, day of week, as in '0 3 * * "
	"*'; or @hourly, @daily, @weekly, @monthly, @yearly",
	NULL, NULL},
    {"time-zone", 0, OPT_STRING, NULL, "ZONE",
	"The zone of the schedule, such as Europe/Berlin (that of the controller)", NULL, NULL},
    {"restart", 0, OPT_STRING, "OnFailure", "POLICY",
	"When the command fails: OnFailure starts its container again, Never makes another pod",
	NULL, restart_choices},
    OPT_ROWS_CREATE,
    OPT_END,
};

static json *cronjob_object(const struct cmd_ctx *ctx)
{
	const char *name = ctx->args[0], *zone = opts_str(&ctx->opts, "time-zone");
	json *cronjob = object_new("batch/v1", "CronJob", name), *containers = json_new_array();
	json *container = json_new_object(), *pod;

	json_set_path(cronjob, "spec.schedule", json_new_string(opts_str(&ctx->opts, "schedule")));
	if (*zone)
		json_set_path(cronjob, "spec.timeZone", json_new_string(zone));
	json_set_path(cronjob, "spec.jobTemplate.metadata.name", json_new_string(name));
	pod = json_obj(cronjob, "spec.jobTemplate.spec.template.spec");
	json_set(pod, "containers", containers);
	json_set_str(pod, "restartPolicy", opts_str(&ctx->opts, "restart"));
	json_add(containers, container);
	json_set_str(container, "name", name);
	json_set_str(container, "image", opts_str(&ctx->opts, "image"));
	container_set_words(container, true, ctx->args + 1, ctx->argc - 1);
	return cronjob;
}

/* kubectl's words for required flags that are not there. */
static int check_required(const struct cmd_ctx *ctx, struct err *e)
{
	static const char *const required[] = {"image", "schedule"};
	auto_strlist missing = {0};
	auto_free char *joined = NULL;

	for (size_t i = 0; i < ARRAY_LEN(required); i++)
		if (!opts_given(&ctx->opts, required[i]))
			strlist_addf(&missing, "\"%s\"", required[i]);
	if (!missing.len)
		return 0;
	joined = strlist_join(&missing, ", ");
	return err_set(e, ERR_BAD_REQUEST, "required flag(s) %s not set", joined);
}

static int exec_create_cronjob(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *cronjob = NULL;

	if (check_required(ctx, e) < 0 || create_check_name(ctx, e) < 0)
		return -1;
	cronjob = cronjob_object(ctx);
	return create_object(ctx, cronjob, e);
}

const struct cmd cmd_create_cronjob = {
    .name = "create cronjob",
    .alias = "create cj",
    .usage = "NAME --image=IMAGE --schedule=SCHEDULE [options] [-- COMMAND [ARG…]]",
    .summary = "Create a cron job that runs one command on a schedule",
    .examples =
	"# Say hello each minute\n"
	"kjob create cronjob hello --image=busybox --schedule='*/1 * * * *' -- echo hello\n\n"
	"# Each night at three, in Berlin\n"
	"kjob create cronjob nightly --image=reports:2 --schedule='0 3 * * *' "
	"--time-zone=Europe/Berlin\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_create_cronjob,
};
