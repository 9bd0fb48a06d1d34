/* validate_cronjob: CronJobs on create and update. */
#include "names.h"
#include "validate.h"

#define NAME_MAX_LEN 52 /* a Job's name adds "-" and the minute */

static void validate_policy(struct report *r, const json *spec, const struct place *p)
{
	struct place at = PLACE(p, "concurrencyPolicy");

	if (!*json_str_or(spec, "concurrencyPolicy", ""))
		bad_required(r, &at, "");
	else
		validate_enum(r, &schema_cron_job_spec, spec, "concurrencyPolicy", p);
}

static void validate_job_template(struct report *r, const json *job, const struct place *p)
{
	static const char *const manual[] = {"nil", "false", NULL};
	struct place selector = PLACE(p, "selector"), at_manual = PLACE(p, "manualSelector");

	validate_job_spec(r, job, p);
	if (json_get(job, "selector"))
		bad_invalid(
		    r, &selector, json_get(job, "selector"), "`selector` will be auto-generated");
	if (json_bool(job, "manualSelector", false))
		bad_unsupported_value(r, &at_manual, json_get(job, "manualSelector"), manual);
}

static void validate_spec(struct report *r, const json *spec, const json *old)
{
	struct place at = PLACE(NULL, "spec"), template = PLACE(&at, "jobTemplate"),
		     job = PLACE(&template, "spec"), schedule = PLACE(&at, "schedule");

	if (!*json_str_or(spec, "schedule", ""))
		bad_required(r, &schedule, "");
	validate_nonnegative(r, spec, "startingDeadlineSeconds", &at);
	validate_policy(r, spec, &at);
	validate_job_template(r, json_path(spec, "jobTemplate.spec"), &job);
	validate_nonnegative(r, spec, "successfulJobsHistoryLimit", &at);
	validate_nonnegative(r, spec, "failedJobsHistoryLimit", &at);
}

void validate_cronjob(struct report *r, const json *cron, const json *old)
{
	const json *name = json_path(cron, "metadata.name");
	struct place meta = PLACE(NULL, "metadata"), at = PLACE(&meta, "name");

	validate_spec(r, json_get(cron, "spec"), old ? json_get(old, "spec") : NULL);
	if (!old && name && strlen(json_string_value(name)) > NAME_MAX_LEN)
		bad_invalid(r, &at, name, "must be no more than %d characters", NAME_MAX_LEN);
}

#define POD_SPEC "spec.jobTemplate.spec.template.spec"

void validate_cronjob_later(struct report *r, const json *cron)
{
	struct place spec = PLACE(NULL, "spec"), template = PLACE(&spec, "jobTemplate"),
		     job = PLACE(&template, "spec"), pod_template = PLACE(&job, "template"),
		     pod = PLACE(&pod_template, "spec");

	validate_pod_later(r, json_path(cron, POD_SPEC), &pod);
}

void warn_cronjob(const json *cron, struct strlist *warnings)
{
	struct place spec = PLACE(NULL, "spec"), template = PLACE(&spec, "jobTemplate"),
		     job = PLACE(&template, "spec"), pod_template = PLACE(&job, "template"),
		     pod = PLACE(&pod_template, "spec");

	warn_pod_name(cron, warnings);
	warn_job_spec(json_path(cron, "spec.jobTemplate.spec"), "spec.jobTemplate.spec", warnings);
	warn_pod_spec(json_path(cron, POD_SPEC), &pod, warnings);
}
