/* schema_cron: the CronJob kind, batch/v1. */
#define SCHEMA_PACKAGE PACKAGE_BATCH
#include "schema.h"

static const struct field cron_job_fields[] = {
    ROW("apiVersion", T_STRING, 0, "Always batch/v1."),
    ROW("kind", T_STRING, 0, "Always CronJob."),
    ROW("metadata", T_OBJECT, 0, "Name, labels, annotations and other metadata.",
	.of = &schema_object_meta),
    ROW("spec", T_OBJECT, 0, "What should run, and when.", .of = &schema_cron_job_spec),
    ROW("status", T_OBJECT, 0, "What runs and when it last ran.", .of = &schema_cron_job_status),
    {0},
};
SCHEMA(cron_job, "CronJob",
    "A Job that is started again and again, at the times that its schedule names.");

static const struct field cron_job_spec_fields[] = {
    ROW("schedule", T_STRING, F_REQUIRED,
	"Minute, hour, day of month, month and day of week, or a word such as @hourly."),
    ROW("timeZone", T_STRING, F_PTR,
	"Name of the time zone of the schedule; absent: that of this machine."),
    ROW("startingDeadlineSeconds", T_INT64, F_PTR,
	"Seconds by which a Job may start late; later it counts as missed."),
    ROW("concurrencyPolicy", T_STRING, 0,
	"What happens while an earlier Job still runs: both run, the new one is left out, or it "
	"replaces the old one.",
	.values = ENUM("Allow", "Forbid", "Replace"), .dflt = "\"Allow\"",
	.go_type = "ConcurrencyPolicy"),
    ROW("suspend", T_BOOL, F_PTR, "Whether no further Jobs start.", .dflt = "false"),
    ROW("jobTemplate", T_OBJECT, F_REQUIRED, "The Job to run.", .of = &schema_job_template_spec),
    ROW("successfulJobsHistoryLimit", T_INT32, F_PTR, "Successful Jobs that are kept.",
	.dflt = "3"),
    ROW("failedJobsHistoryLimit", T_INT32, F_PTR, "Failed Jobs that are kept.", .dflt = "1"),
    {0},
};
SCHEMA(cron_job_spec, "CronJobSpec");

static const struct field job_template_spec_fields[] = {
    ROW("metadata", T_OBJECT, 0, "Labels and annotations of the Jobs.", .of = &schema_object_meta),
    ROW("spec", T_OBJECT, F_BARE, "What a Job should run.", .of = &schema_job_spec),
    {0},
};
SCHEMA(job_template_spec, "JobTemplateSpec");

static const struct field cron_job_status_fields[] = {
    ROW("active", T_OBJECT_LIST, 0, "Jobs that were started and are not finished.",
	.of = &schema_object_reference),
    ROW("lastScheduleTime", T_TIME, F_PTR, "The scheduled time of the Job that started last."),
    ROW("lastSuccessfulTime", T_TIME, F_PTR, "When a Job last completed."),
    {0},
};
SCHEMA(cron_job_status, "CronJobStatus");
