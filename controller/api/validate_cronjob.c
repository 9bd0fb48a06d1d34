/* validate_cronjob: CronJobs on create and update. */
#include "cron.h"
#include "validate.h"

#include <strings.h>

#define ZONE_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-"
#define NAME_MAX_LEN 52 /* a Job's name adds "-" and the minute */

static void validate_schedule(
    struct report *r, const json *spec, const json *old, const struct place *p)
{
	bool old_has_zone = old && strstr(json_str_or(old, "schedule", ""), "TZ");
	const char *text = json_str_or(spec, "schedule", "");
	struct place at = PLACE(p, "schedule");
	auto_err e = {0};
	struct cron c;

	if (!*text) {
		bad_required(r, &at, "");
		return;
	}
	if (cron_parse(&c, text, &e) < 0)
		bad_invalid_text(r, &at, text, err_msg(&e));
	if (!strstr(text, "TZ"))
		return;
	if (!old_has_zone)
		bad_invalid_text(r, &at, text,
		    "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
	else if (json_get(spec, "timeZone"))
		bad_invalid_text(
		    r, &at, text, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
}

/* Letters, digits and "._+-", in parts of 1 to 14 between slashes. */
static bool is_zone_name(const char *name)
{
	auto_strlist parts = {0};

	str_split(&parts, name, '/');
	for (size_t i = 0; i < parts.len; i++) {
		const char *part = parts.items[i];
		size_t len = strlen(part);

		if (len < 1 || len > 14 || strspn(part, ZONE_CHARACTERS) != len)
			return false;
		if (str_eq(part, ".") || str_eq(part, "..") || *part == '-')
			return false;
	}
	return true;
}

static void validate_zone(
    struct report *r, const json *spec, const json *old, const struct place *p)
{
	const char *name = json_str(spec, "timeZone");
	struct place at = PLACE(p, "timeZone");
	auto_free char *unknown = NULL;
	auto_zone *zone = NULL;
	auto_err e = {0};

	if (!name || (old && str_eq(name, json_str(old, "timeZone"))))
		return;
	if (!*name) {
		bad_invalid_text(r, &at, name, "timeZone must be nil or non-empty string");
		return;
	}
	if (!is_zone_name(name)) {
		unknown = xasprintf("unknown time zone %s", name);
		bad_invalid_text(r, &at, name, unknown);
		return;
	}
	if (strcasecmp(name, "Local") == 0)
		bad_invalid_text(r, &at, name,
		    "timeZone must be an explicit time zone as defined in "
		    "https://www.iana.org/time-zones");
	if (str_eq(name, "Local"))
		return;
	zone = zone_load(name, &e);
	if (!zone)
		bad_invalid_text(r, &at, name, err_msg(&e));
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
		     job = PLACE(&template, "spec");

	validate_schedule(r, spec, old, &at);
	validate_nonnegative(r, spec, "startingDeadlineSeconds", &at);
	validate_zone(r, spec, old, &at);
	validate_enum(r, &schema_cron_job_spec, spec, "concurrencyPolicy", &at);
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
