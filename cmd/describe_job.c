/* Jobs, cron jobs and the pod template that both have. */
#include "../runtime/base/clock.h"
#include "../runtime/base/str.h"
#include "describe.h"

#define INDEXES_SOFT_MAX 50

static void format_job_duration(const struct describe *d, const json *value, struct buf *text)
{
	const char *from = json_str(value, "startTime"), *to = json_str(value, "completionTime");
	char buf[TIME_TEXT_MAX];
	int64_t begin, end;

	if (from && to && time_parse(from, &begin) == 0 && time_parse(to, &end) == 0)
		buf_adds(text, duration_human(buf, end / NSEC_PER_SEC - begin / NSEC_PER_SEC));
}

static void format_pod_counts(const struct describe *d, const json *value, struct buf *text)
{
	buf_addf(text, "%lld Active ", (long long)json_int(value, "active", 0));
	if (json_has(value, "ready"))
		buf_addf(text, "(%lld Ready) ", (long long)json_int(value, "ready", 0));
	buf_addf(text, "/ %lld Succeeded / %lld Failed", (long long)json_int(value, "succeeded", 0),
	    (long long)json_int(value, "failed", 0));
}

/* Long lists end behind a comma. */
static void format_indexes(const struct describe *d, const json *value, struct buf *text)
{
	const char *all = json_str_or(value, "status.completedIndexes", "");
	const char *comma =
	    strlen(all) > INDEXES_SOFT_MAX ? strchr(all + INDEXES_SOFT_MAX, ',') : NULL;

	if (!str_eq(json_str(value, "spec.completionMode"), "Indexed"))
		return;
	if (comma)
		buf_addf(text, "%.*s...", (int)(comma - all) + 1, all);
	else
		buf_adds(text, *all ? all : "<none>");
}

/* ---- the pod template ---- */

static void block_init_containers(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	if (json_len(value))
		describe_containers(d, row->label, value, NULL, NULL);
}

static void block_containers(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	describe_containers(d, row->label, value, NULL, NULL);
}

static void block_some_annotations(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	if (json_len(value))
		block_annotations(d, level, row, value);
}

static const struct drow template_rows[] = {
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_some_annotations),
    ROW("Service Account", "spec.serviceAccountName"),
    ROW("Init Containers", "spec.initContainers", .block = block_init_containers),
    ROW("Containers", "spec.containers", .block = block_containers),
    ROW("Volumes", "spec.volumes", .block = block_volumes),
    ROW("Topology Spread Constraints", "spec.topologySpreadConstraints", .block = block_topology),
    ROW("Priority Class Name", "spec.priorityClassName"),
    ROW("Node-Selectors", "spec.nodeSelector", .block = block_labels),
    ROW("Tolerations", "spec.tolerations", .block = block_tolerations),
};

static void block_template(struct describe *d, int level, const struct drow *row, const json *value)
{
	dtext_add(&d->text, level, "%s:\n", row->label);
	d->nested = true;
	DESCRIBE_ROWS(d, level + 1, template_rows, value);
	d->nested = false;
}

/* ---- the kinds ---- */

static const struct drow job_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Namespace", "metadata.namespace", .absent = ""),
    ROW("Selector", "spec.selector", .format = format_selector, .absent = ""),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
    ROW("Controlled By", "metadata.ownerReferences", .format = format_controller),
    ROW("Parallelism", "spec.parallelism"),
    ROW("Completions", "spec.completions", .absent = "<unset>"),
    ROW("Completion Mode", "spec.completionMode"),
    ROW("Suspend", "spec.suspend"),
    ROW("Backoff Limit", "spec.backoffLimit"),
    ROW("TTL Seconds After Finished", "spec.ttlSecondsAfterFinished"),
    ROW("Start Time", "status.startTime", .format = format_time),
    ROW("Completed At", "status.completionTime", .format = format_time),
    ROW("Duration", "status", .format = format_job_duration),
    ROW("Active Deadline Seconds", "spec.activeDeadlineSeconds", .format = format_seconds),
    ROW("Pods Statuses", "status", .format = format_pod_counts,
	.absent = "0 Active / 0 Succeeded / 0 Failed"),
    ROW("Completed Indexes", NULL, .format = format_indexes),
    ROW("Pod Template", "spec.template", .block = block_template),
};

void describe_job(struct describe *d, const json *obj)
{
	DESCRIBE_ROWS(d, 0, job_rows, obj);
	describe_events(d);
}

static void format_job_names(const struct describe *d, const json *value, struct buf *text)
{
	json_for (it, value)
		buf_addf(
		    text, "%s%s", it == json_first(value) ? "" : ", ", json_str_or(it, "name", ""));
	if (!json_len(value))
		buf_adds(text, "<none>");
}

/*
 * A schedule of no time at all, such as the 30th of February, is a valid one. The controller says
 * so in an event that names the schedule; nothing else in the object tells.
 */
static bool never_fires(const struct describe *d, const char *schedule)
{
	auto_free char *text = xasprintf("invalid schedule: %s : ", schedule);

	json_for (it, d->in->events)
		if (str_eq(json_str(it, "reason"), "InvalidSchedule") &&
		    str_has_prefix(json_str_or(it, "message", ""), text))
			return true;
	return false;
}

static void format_schedule(const struct describe *d, const json *value, struct buf *text)
{
	auto_free char *schedule = json_scalar_text(value);

	buf_addf(text, "%s%s", schedule, never_fires(d, schedule) ? " (never fires)" : "");
}

static const struct drow cronjob_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Namespace", "metadata.namespace", .absent = ""),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
    ROW("Schedule", "spec.schedule", .format = format_schedule, .absent = ""),
    ROW("Concurrency Policy", "spec.concurrencyPolicy", .absent = ""),
    ROW("Suspend", "spec.suspend", .format = format_title_bool, .absent = "<unset>"),
    ROW("Time Zone", "spec.timeZone", .absent = "<unset>"),
    ROW("Successful Job History Limit", "spec.successfulJobsHistoryLimit", .absent = "<unset>"),
    ROW("Failed Job History Limit", "spec.failedJobsHistoryLimit", .absent = "<unset>"),
    ROW("Starting Deadline Seconds", "spec.startingDeadlineSeconds", .format = format_seconds,
	.absent = "<unset>"),
    ROW("Selector", "spec.jobTemplate.spec.selector", .format = format_selector,
	.absent = "<unset>"),
    ROW("Parallelism", "spec.jobTemplate.spec.parallelism", .absent = "<unset>"),
    ROW("Completions", "spec.jobTemplate.spec.completions", .absent = "<unset>"),
    ROW("Active Deadline Seconds", "spec.jobTemplate.spec.activeDeadlineSeconds",
	.format = format_seconds),
    ROW("Pod Template", "spec.jobTemplate.spec.template", .block = block_template),
    ROW("Last Schedule Time", "status.lastScheduleTime", .format = format_time,
	.absent = "<unset>"),
    ROW("Active Jobs", "status.active", .format = format_job_names, .absent = "<none>"),
};

void describe_cronjob(struct describe *d, const json *obj)
{
	DESCRIBE_ROWS(d, 0, cronjob_rows, obj);
	describe_events(d);
}
