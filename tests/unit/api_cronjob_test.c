#include "../../controller/api/api.h"
#include "../../controller/api/schema.h"
#include "table_row.h"
#include "test.h"


#define POD_TEMPLATE(members)              \
	"\"template\":{\"spec\":{" members \
	"\"containers\":[{\"name\":\"c\",\"image\":\"busybox\"}]}}"
#define JOB_TEMPLATE(members) \
	"\"jobTemplate\":{\"spec\":{" members POD_TEMPLATE("\"restartPolicy\":\"Never\",") "}}"
#define NAMED(name, spec)                                                                  \
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"" name \
	"\"},\"spec\":{" spec "}}"
#define CRON(spec) NAMED("x", spec)
#define HOURLY "\"schedule\":\"@hourly\","
#define NAME52 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijab"

static const struct kind *cronjob(void)
{
	return kind_by_id(KIND_CRONJOB);
}

/* What the registry does with a body, up to validation. */
static json *prepare(const char *text)
{
	auto_err e = {0};
	json *obj = api_decode(cronjob(), text, strlen(text), FIELDS_STRICT, NULL, &e);

	CHECK_STR(err_msg(&e), "");
	json_set_path(obj, "metadata.namespace", json_new_string("default"));
	json_set_path(obj, "metadata.uid", json_new_string("u"));
	json_set_path(obj, "metadata.generation", json_new_int(1));
	api_default(cronjob(), obj);
	api_prepare_create(cronjob(), obj);
	return obj;
}

/* The errors behind "… is invalid: ", or "" when it is valid; owned. */
static char *errors_of(const struct err *e)
{
	const char *colon = strstr(err_msg(e), "is invalid: ");

	return xstrdup(colon ? colon + strlen("is invalid: ") : err_msg(e));
}

static void created(const char *text, const char *want)
{
	auto_json *obj = prepare(text);
	auto_free char *got = NULL;
	auto_err e = {0};

	if (api_validate_create(cronjob(), obj, NULL, &e) < 0)
		got = errors_of(&e);
	CHECK_STR(got ? got : "", want);
}

/* An update of the one by the other; what is left of it. */
static json *updated(const char *before, const char *after, const char *want)
{
	auto_json *old = prepare(before);
	json *obj = prepare(after);
	auto_free char *got = NULL;
	auto_err e = {0};

	api_prepare_update(cronjob(), obj, old);
	if (api_validate_update(cronjob(), obj, old, &e) < 0)
		got = errors_of(&e);
	CHECK_STR(got ? got : "", want);
	return obj;
}

TEST("a CronJob gets its own defaults and those of the pod, not those of the Job to be")
{
	auto_json *cron =
	    prepare(CRON(HOURLY "\"jobTemplate\":{\"spec\":{"
				"\"podFailurePolicy\":{\"rules\":[{\"action\":\"Ignore\","
				"\"onPodConditions\":[{\"type\":\"T\"}]}]}," POD_TEMPLATE(
				    "\"restartPolicy\":\"Never\",") "}}"));
	auto_json *job = json_dup(json_path(cron, "spec.jobTemplate.spec"));
	auto_free char *status = json_print(json_get(cron, "status")), *text = NULL;
	const json *pod = json_path(job, "template.spec");
	auto_err e = {0};

	CHECK_INT(api_validate_create(cronjob(), cron, NULL, &e), 0);
	CHECK_STR(err_msg(&e), "");
	CHECK_STR(json_str(cron, "spec.concurrencyPolicy"), "Allow");
	CHECK(json_has(cron, "spec.suspend") && !json_bool(cron, "spec.suspend", true));
	CHECK_INT(json_int(cron, "spec.successfulJobsHistoryLimit", -1), 3);
	CHECK_INT(json_int(cron, "spec.failedJobsHistoryLimit", -1), 1);
	CHECK(!json_has(cron, "spec.timeZone"));
	CHECK_STR(status, "{}");
	CHECK_STR(json_str(pod, "dnsPolicy"), "ClusterFirst");
	CHECK_STR(json_str(json_at(json_get(pod, "containers"), 0), "imagePullPolicy"), "Always");
	json_del(job, "template");
	text = json_print(job);
	CHECK_STR(text,
	    "{\"podFailurePolicy\":{\"rules\":[{\"action\":\"Ignore\",\"onPodConditions\":"
	    "[{\"type\":\"T\",\"status\":\"True\"}]}]}}");
}

TEST("what the server wrote is accepted again")
{
	auto_json *cron = prepare(CRON(HOURLY JOB_TEMPLATE("")));
	auto_free char *text = json_print(cron);
	auto_err e = {0};
	auto_json *again = api_decode(cronjob(), text, strlen(text), FIELDS_STRICT, NULL, &e);

	CHECK(again != NULL);
	api_default(cronjob(), again);
	api_prepare_update(cronjob(), again, cron);
	CHECK_INT(api_validate_update(cronjob(), again, cron, &e), 0);
	CHECK_STR(err_msg(&e), "");
	CHECK(json_equal(cron, again));
}

TEST("K12 time zones: unknown, empty and Local ones are refused, and so is one in the schedule")
{
	static const char *const unknown[] = {"bad", "Europe/Atlantis", "Europe//Berlin", "-UTC",
	    "a/../b", "UTC ", "AMERICA/new_york", "/UTC", "much-too-long-for-a-part"};

	created(CRON(HOURLY "\"timeZone\":\"Europe/Berlin\"," JOB_TEMPLATE("")), "");
	created(CRON(HOURLY "\"timeZone\":\"UTC\"," JOB_TEMPLATE("")), "");
	created(CRON(HOURLY "\"timeZone\":\"Etc/GMT+5\"," JOB_TEMPLATE("")), "");
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		auto_free char *text =
		    xasprintf(CRON(HOURLY "\"timeZone\":\"%s\"," JOB_TEMPLATE("")), unknown[i]);
		auto_free char *want =
		    xasprintf("spec.timeZone: Invalid value: \"%s\": unknown time zone %s",
			unknown[i], unknown[i]);

		created(text, want);
	}
	created(CRON(HOURLY "\"timeZone\":\"\"," JOB_TEMPLATE("")),
	    "spec.timeZone: Invalid value: \"\": timeZone must be nil or non-empty string");
	created(CRON(HOURLY "\"timeZone\":\"Local\"," JOB_TEMPLATE("")),
	    "spec.timeZone: Invalid value: \"Local\": timeZone must be an explicit time zone as "
	    "defined in https://www.iana.org/time-zones");
	created(CRON(HOURLY "\"timeZone\":\"local\"," JOB_TEMPLATE("")),
	    "[spec.timeZone: Invalid value: \"local\": timeZone must be an explicit time zone as "
	    "defined in https://www.iana.org/time-zones, spec.timeZone: Invalid value: \"local\": "
	    "unknown time zone local]");
	created(CRON("\"schedule\":\"TZ=UTC 0 0 * * *\"," JOB_TEMPLATE("")),
	    "spec.schedule: Invalid value: \"TZ=UTC 0 0 * * *\": cannot use TZ or CRON_TZ in "
	    "schedule, use timeZone field instead");
	created(CRON("\"schedule\":\"CRON_TZ=UTC 0 0 * *\"," JOB_TEMPLATE("")),
	    "[spec.schedule: Invalid value: \"CRON_TZ=UTC 0 0 * *\": expected exactly 5 fields, "
	    "found 4: [0 0 * *], spec.schedule: Invalid value: \"CRON_TZ=UTC 0 0 * *\": cannot use "
	    "TZ or CRON_TZ in schedule, use timeZone field instead]");
}

TEST("K13 a schedule that cannot be read is refused with its parser's text")
{
	static const char *const cases[][2] = {
	    {"60 * * * *", "end of range (60) above maximum (59): 60"},
	    {"* * * *", "expected exactly 5 fields, found 4: [* * * *]"},
	    {"5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"},
	    {"*/0 * * * *", "step of range should be a positive number: */0"},
	    {"* * * * 7", "end of range (7) above maximum (6): 7"},
	    {"@foo", "unrecognized descriptor: @foo"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *text =
		    xasprintf(CRON("\"schedule\":\"%s\"," JOB_TEMPLATE("")), cases[i][0]);
		auto_free char *want =
		    xasprintf("spec.schedule: Invalid value: \"%s\": %s", cases[i][0], cases[i][1]);

		created(text, want);
	}
	created(CRON("\"schedule\":\"\"," JOB_TEMPLATE("")), "spec.schedule: Required value");
	created(CRON(JOB_TEMPLATE("")), "spec.schedule: Required value");
	created(CRON("\"schedule\":\"0 0 30 2 *\"," JOB_TEMPLATE("")), "");
}

TEST("numbers must not be negative, and the policy one of three")
{
	created(CRON(HOURLY
		    "\"startingDeadlineSeconds\":-1,\"successfulJobsHistoryLimit\":-2,"
		    "\"failedJobsHistoryLimit\":-3,\"concurrencyPolicy\":\"X\"," JOB_TEMPLATE("")),
	    "[spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0, "
	    "spec.concurrencyPolicy: Unsupported value: \"X\": supported values: \"Allow\", "
	    "\"Forbid\", \"Replace\", "
	    "spec.successfulJobsHistoryLimit: Invalid value: -2: must be greater than or equal to "
	    "0, spec.failedJobsHistoryLimit: Invalid value: -3: must be greater than or equal to "
	    "0]");
	created(CRON(HOURLY "\"startingDeadlineSeconds\":0,\"successfulJobsHistoryLimit\":0,"
			    "\"failedJobsHistoryLimit\":0," JOB_TEMPLATE("")),
	    "");
	created(CRON(HOURLY "\"concurrencyPolicy\":\"\"," JOB_TEMPLATE("")), ""); /* as absent */
}

TEST("K16 a name leaves room for the minute, except on CronJobs that are there already")
{
	auto_json *obj = NULL;

	created(NAMED(NAME52, HOURLY JOB_TEMPLATE("")), "");
	created(NAMED(NAME52 "c", HOURLY JOB_TEMPLATE("")),
	    "metadata.name: Invalid value: \"" NAME52 "c\": must be no more than 52 characters");
	obj = updated(NAMED(NAME52 "c", HOURLY JOB_TEMPLATE("")),
	    NAMED(NAME52 "c", "\"schedule\":\"@daily\"," JOB_TEMPLATE("")), "");
}

TEST("K17 errors in the template of the Job have the path of the template")
{
	created(CRON(HOURLY "\"jobTemplate\":{\"spec\":{\"parallelism\":-1," POD_TEMPLATE("") "}}"),
	    "[spec.jobTemplate.spec.parallelism: Invalid value: -1: must be greater than or equal "
	    "to "
	    "0, spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "
	    "\"OnFailure\", \"Never\"]");
	created(
	    CRON(HOURLY "\"jobTemplate\":{\"spec\":{\"completionMode\":\"Indexed\"," POD_TEMPLATE(
		"\"restartPolicy\":\"Never\",") "}}"),
	    "spec.jobTemplate.spec.completions: Required value: when completion mode is Indexed");
	created(CRON(HOURLY "\"suspend\":true"),
	    "[spec.jobTemplate.spec.template.spec.containers: Required value, "
	    "spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "
	    "\"OnFailure\", \"Never\"]");
}

TEST("the template of the Job has no selector")
{
	created(CRON(HOURLY JOB_TEMPLATE("\"selector\":{\"matchLabels\":{\"a\":\"b\"}},")),
	    "spec.jobTemplate.spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"b\"}}: "
	    "`selector` will be auto-generated");
	created(CRON(HOURLY JOB_TEMPLATE("\"manualSelector\":true,")),
	    "spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "
	    "\"nil\", \"false\"");
	created(CRON(HOURLY JOB_TEMPLATE("\"manualSelector\":false,")), "");
}

TEST("every field may change, and only a change of the spec raises the generation")
{
	auto_json *same = updated(CRON(HOURLY JOB_TEMPLATE("")), CRON(HOURLY JOB_TEMPLATE("")), "");
	auto_json *other = updated(CRON(HOURLY JOB_TEMPLATE("")),
	    CRON("\"schedule\":\"5 4 * * sun\",\"timeZone\":\"Asia/Tokyo\",\"suspend\":true,"
		 "\"concurrencyPolicy\":\"Replace\",\"startingDeadlineSeconds\":20," JOB_TEMPLATE(
		     "\"completions\":3,\"completionMode\":\"Indexed\",")),
	    "");
	auto_json *wrong = updated(CRON(HOURLY JOB_TEMPLATE("")),
	    CRON("\"schedule\":\"TZ=UTC @daily\"," JOB_TEMPLATE("")),
	    "spec.schedule: Invalid value: \"TZ=UTC @daily\": cannot use TZ or CRON_TZ in "
	    "schedule, "
	    "use timeZone field instead");

	CHECK_INT(json_int(same, "metadata.generation", 0), 1);
	CHECK_INT(json_int(other, "metadata.generation", 0), 2);
	CHECK_INT(json_int(wrong, "metadata.generation", 0), 2);
}

TEST("an old CronJob with a zone in its schedule or an unknown one may still be updated")
{
	auto_json *a = updated(CRON("\"schedule\":\"TZ=UTC @daily\"," JOB_TEMPLATE("")),
	    CRON("\"schedule\":\"TZ=UTC @hourly\"," JOB_TEMPLATE("")), "");
	auto_json *b = updated(CRON("\"schedule\":\"TZ=UTC @daily\"," JOB_TEMPLATE("")),
	    CRON("\"schedule\":\"TZ=UTC @daily\",\"timeZone\":\"UTC\"," JOB_TEMPLATE("")),
	    "spec.schedule: Invalid value: \"TZ=UTC @daily\": cannot use both timeZone field and "
	    "TZ "
	    "or CRON_TZ in schedule");
	auto_json *c = updated(CRON(HOURLY "\"timeZone\":\"Gone/Away\"," JOB_TEMPLATE("")),
	    CRON("\"schedule\":\"@daily\",\"timeZone\":\"Gone/Away\"," JOB_TEMPLATE("")), "");
}

TEST("warnings name the place in the template")
{
	auto_json *cron = prepare(NAMED("a.b", HOURLY JOB_TEMPLATE("")));
	auto_strlist warnings = {0};
	auto_err e = {0};

	CHECK_INT(api_validate_create(cronjob(), cron, &warnings, &e), 0);
	CHECK_INT(warnings.len, 1);
	CHECK(warnings.len &&
	      str_has_prefix(warnings.items[0],
		  "metadata.name: this is used in Pod names and hostnames, which can result in"));
}

TEST("the kind is found by its names and groups with the Jobs")
{
	CHECK(kind_by_resource("batch", "v1", "cronjobs") == cronjob());
	CHECK(kind_by_gvk("batch/v1", "CronJob") == cronjob());
	CHECK_STR(kind_qualified(cronjob()), "cronjobs.batch");
	CHECK_STR(cronjob()->short_names[0], "cj");
	CHECK_STR(cronjob()->categories[0], "all");
	CHECK(cronjob()->has_status);
}

/* The cells of an object at 2026-01-02T03:04:05Z, joined by " | "; owned. */
static char *cells(const char *text)
{
	auto_json *obj = json_parse(text, strlen(text), 0, NULL);
	auto_json *row = row_of(cronjob(), obj, INCLUDE_NONE, 1767323045);
	auto_strlist list = {0};

	json_for (c, json_get(row, "cells")) {
		auto_free char *cell = json_scalar_text(c);

		strlist_add(&list, cell);
	}
	return strlist_join(&list, " | ");
}

TEST("the table has Kubernetes' columns and cells")
{
	auto_json *columns = table_columns(cronjob());
	auto_strlist names = {0};
	auto_free char *all = NULL, *idle = NULL, *busy = NULL;

	json_for (c, columns)
		strlist_addf(&names, "%s%s", json_int(c, "priority", 0) ? "+" : "",
		    json_str_or(c, "name", ""));
	all = strlist_join(&names, ",");
	CHECK_STR(all,
	    "Name,Schedule,Timezone,Suspend,Active,Last Schedule,Age,+Containers,+Images,"
	    "+Selector");
	idle =
	    cells("{\"metadata\":{\"name\":\"x\",\"creationTimestamp\":\"2026-01-02T03:02:00Z\"},"
		  "\"spec\":{\"schedule\":\"@daily\",\"suspend\":true," JOB_TEMPLATE("") "}}");
	CHECK_STR(idle, "x | @daily | <none> | True | 0 | <none> | 2m5s | c | busybox | <none>");
	busy = cells(
	    "{\"metadata\":{\"name\":\"x\"},\"spec\":{\"schedule\":\"1 * * * *\",\"timeZone\":"
	    "\"Asia/Tokyo\",\"suspend\":false," JOB_TEMPLATE(
		"") "},\"status\":{\"active\":"
		    "[{\"name\":\"a\"},{\"name\":\"b\"}],\"lastScheduleTime\":\"2026-01-02T03:01:"
		    "00Z\"}}");
	CHECK_STR(busy,
	    "x | 1 * * * * | Asia/Tokyo | False | 2 | 3m5s | <unknown> | c | busybox | <none>");
}

int main(void)
{
	return test_main();
}
