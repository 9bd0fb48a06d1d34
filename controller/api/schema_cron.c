/* schema_cron: the CronJob kind, batch/v1. */
#define SCHEMA_PACKAGE PACKAGE_BATCH
#include "schema.h"

static const struct field cron_job_fields[] = {
    OBJECT_ROWS("batch/v1", "CronJob"),
    ROW(2, "spec", T_OBJECT, 0, "What should run, and when.", .of = &schema_cron_job_spec),
    ROW(3, "status", T_OBJECT, 0, "What runs and when it last ran.", .of = &schema_cron_job_status),
    {0},
};
SCHEMA(cron_job, "CronJob",
    "A Job that is started again and again, at the times that its schedule names.");

static const struct field cron_job_spec_fields[] = {
    ROW(1, "schedule", T_STRING, F_REQUIRED,
	"When to start: minute, hour, day of month, month, day of week, as in 30 2 * * 1-5; or "
	"@hourly, @daily, @weekly, @monthly, @yearly. See timeZone for a zone."),
    ROW(8, "timeZone", T_STRING, F_PTR,
	"Zone of the schedule, such as Europe/Berlin; absent: that of this machine."),
    ROW(2, "startingDeadlineSeconds", T_INT64, F_PTR,
	"How many seconds late a Job may still be started; a start that is missed by more is left "
	"out. Absent: any time."),
    ROW(3, "concurrencyPolicy", T_STRING, 0,
	"What happens at a scheduled time while an earlier Job runs. Allow: both run. Forbid: the "
	"new one is left out. Replace: the old one is deleted.",
	.values = ENUM("Allow", "Forbid", "Replace"), .dflt = "\"Allow\"",
	.go_type = "ConcurrencyPolicy"),
    ROW(4, "suspend", T_BOOL, F_PTR, "True: no further Jobs are started; those that run go on.",
	.dflt = "false"),
    ROW(5, "jobTemplate", T_OBJECT, F_REQUIRED, "The Job to start.",
	.of = &schema_job_template_spec),
    ROW(6, "successfulJobsHistoryLimit", T_INT32, F_PTR,
	"How many completed Jobs are kept; 0: none.", .dflt = "3"),
    ROW(7, "failedJobsHistoryLimit", T_INT32, F_PTR, "How many failed Jobs are kept; 0: none.",
	.dflt = "1"),
    {0},
};
SCHEMA(cron_job_spec, "CronJobSpec");

static const struct field job_template_spec_fields[] = {
    ROW(1, "metadata", T_OBJECT, 0, "Labels and annotations of the Jobs.",
	.of = &schema_object_meta),
    ROW(2, "spec", T_OBJECT, F_BARE, "What a Job should run.", .of = &schema_job_spec),
    {0},
};
SCHEMA(job_template_spec, "JobTemplateSpec");

static const struct field cron_job_status_fields[] = {
    ROW(1, "active", T_OBJECT_LIST, 0, "Jobs that were started and are not finished.",
	.of = &schema_object_reference),
    ROW(4, "lastScheduleTime", T_TIME, F_PTR,
	"The scheduled time of the newest Job, not the moment of its start."),
    ROW(5, "lastSuccessfulTime", T_TIME, F_PTR, "When a Job of this schedule last completed."),
    {0},
};
SCHEMA(cron_job_status, "CronJobStatus");
