#include "../../controller/api/api.h"
#include "test.h"
#include "table_row.h"

#define NOW 1767323045 /* 2026-01-02T03:04:05Z */

/* The cells of an object, joined by " | "; in a static buffer. */
static const char *cells(enum kind_id id, const char *text)
{
	static char out[1024];
	auto_err e = {0};
	auto_json *obj = json_parse(text, strlen(text), 0, &e);
	auto_json *row = row_of(kind_by_id(id), obj, INCLUDE_NONE, NOW);
	auto_buf b = {0};

	CHECK_STR(err_msg(&e), "");
	json_for (c, json_get(row, "cells")) {
		auto_free char *cell = json_scalar_text(c);

		buf_addf(&b, "%s%s", b.len ? " | " : "", cell);
	}
	snprintf(out, sizeof(out), "%s", buf_str(&b));
	return out;
}

#define META "\"metadata\":{\"name\":\"x\",\"creationTimestamp\":\"2026-01-02T03:02:00Z\"}"
#define CONTAINERS "\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}"

/* READY, STATUS and RESTARTS of a pod with the members of status. */
static const char *pod(const char *spec, const char *status)
{
	static char out[256];
	auto_free char *text = xasprintf("{" META ",%s,\"status\":{%s}}", spec, status);
	const char *all = cells(KIND_POD, text), *end = strstr(all, " | 2m5s | ");

	snprintf(out, sizeof(out), "%.*s", (int)(end ? end - all - 4 : 0), all + 4);
	return out;
}

#define ONE "\"spec\":{\"containers\":[{\"name\":\"c\"}]}"
#define INIT                                                                                 \
	"\"spec\":{\"containers\":[{\"name\":\"c\"}],\"initContainers\":[{\"name\":\"i\"},{" \
	"\"name\":\"s\","                                                                    \
	"\"restartPolicy\":\"Always\"}]}"

TEST("X01 the STATUS of a plain pod goes from Pending to Completed or Error")
{
	CHECK_STR(pod(ONE, "\"phase\":\"Pending\""), "0/1 | Pending | 0");
	CHECK_STR(pod(ONE, "\"phase\":\"Pending\",\"containerStatuses\":[{\"name\":\"c\",\"state\":"
			   "{\"waiting\":{\"reason\":"
			   "\"ContainerCreating\"}}}]"),
	    "0/1 | ContainerCreating | 0");
	CHECK_STR(pod(ONE, "\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"c\",\"ready\":"
			   "true,\"state\":{\"running\":"
			   "{}}}]"),
	    "1/1 | Running | 0");
	CHECK_STR(pod(ONE, "\"phase\":\"Succeeded\",\"containerStatuses\":[{\"name\":\"c\","
			   "\"state\":{\"terminated\":"
			   "{\"exitCode\":0,\"reason\":\"Completed\"}}}]"),
	    "0/1 | Completed | 0");
	CHECK_STR(pod(ONE, "\"phase\":\"Failed\",\"containerStatuses\":[{\"name\":\"c\",\"state\":{"
			   "\"terminated\":{\"exitCode\":"
			   "3}}}]"),
	    "0/1 | ExitCode:3 | 0");
	CHECK_STR(pod(ONE, "\"phase\":\"Failed\",\"reason\":\"DeadlineExceeded\""),
	    "0/1 | DeadlineExceeded | 0");
	CHECK_STR(pod(ONE, "\"phase\":\"Pending\",\"conditions\":[{\"type\":\"PodScheduled\","
			   "\"reason\":\"SchedulingGated\"}]"),
	    "0/1 | SchedulingGated | 0");
}

TEST("X02 RESTARTS tells when the last one was")
{
	CHECK_STR(pod(ONE, "\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"c\","
			   "\"restartCount\":3,\"state\":{\"waiting\":"
			   "{\"reason\":\"CrashLoopBackOff\"}},\"lastState\":{\"terminated\":{"
			   "\"exitCode\":1,\"finishedAt\":"
			   "\"2026-01-02T03:03:45Z\"}}}]"),
	    "0/1 | CrashLoopBackOff | 3 (20s ago)");
	CHECK_STR(pod(ONE, "\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"c\",\"ready\":"
			   "true,\"restartCount\":1,"
			   "\"state\":{\"running\":{}}}]"),
	    "1/1 | Running | 1");
}

TEST("the first container decides, and a running one makes Completed to Running or NotReady")
{
	static const char both[] =
	    "\"containerStatuses\":[{\"name\":\"a\",\"state\":{\"terminated\":{\"exitCode\":0,"
	    "\"reason\":"
	    "\"Completed\"}}},{\"name\":\"b\",\"ready\":true,\"state\":{\"running\":{}}}]";
	auto_free char *not_ready = xasprintf("\"phase\":\"Running\",%s", both);
	auto_free char *ready =
	    xasprintf("%s,\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]", not_ready);

	CHECK_STR(pod(CONTAINERS, "\"phase\":\"Failed\",\"containerStatuses\":[{\"name\":\"a\","
				  "\"state\":{\"terminated\":"
				  "{\"exitCode\":137,\"reason\":\"OOMKilled\"}}},{\"name\":\"b\","
				  "\"state\":{\"terminated\":"
				  "{\"exitCode\":1,\"reason\":\"Error\"}}}]"),
	    "0/2 | OOMKilled | 0");
	CHECK_STR(pod(CONTAINERS, not_ready), "1/2 | NotReady | 0");
	CHECK_STR(pod(CONTAINERS, ready), "1/2 | Running | 0");
}

TEST("init containers show how far they are")
{
	CHECK_STR(
	    pod(INIT, "\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"i\",\"state\":{"
		      "\"running\":{}}},"
		      "{\"name\":\"s\",\"state\":{\"waiting\":{\"reason\":\"PodInitializing\"}}}]"),
	    "0/2 | Init:0/2 | 0");
	CHECK_STR(pod(INIT, "\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"i\","
			    "\"restartCount\":2,\"state\":"
			    "{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}}]"),
	    "0/2 | Init:CrashLoopBackOff | 2");
	CHECK_STR(pod(INIT, "\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"i\","
			    "\"state\":{\"terminated\":"
			    "{\"exitCode\":2}}}]"),
	    "0/2 | Init:ExitCode:2 | 0");
	CHECK_STR(pod(INIT, "\"phase\":\"Running\",\"initContainerStatuses\":[{\"name\":\"i\","
			    "\"restartCount\":5,\"state\":"
			    "{\"terminated\":{\"exitCode\":0}}},{\"name\":\"s\",\"ready\":true,"
			    "\"started\":true,\"restartCount\":1,"
			    "\"state\":{\"running\":{}}}],\"containerStatuses\":[{\"name\":\"c\","
			    "\"ready\":true,\"restartCount\":2,"
			    "\"state\":{\"running\":{}}}]"),
	    "2/2 | Running | 3");
}

TEST("a deleted pod is Terminating until it has ended")
{
	CHECK_STR(cells(KIND_POD, "{\"metadata\":{\"name\":\"x\",\"deletionTimestamp\":\"2026-01-"
				  "02T03:04:35Z\"},\"status\":"
				  "{\"phase\":\"Running\"}}"),
	    "x | 0/0 | Terminating | 0 | <unknown> | <none> | <none> | <none> | <none>");
	CHECK_STR(cells(KIND_POD, "{\"metadata\":{\"name\":\"x\",\"deletionTimestamp\":\"2026-01-"
				  "02T03:04:35Z\"},\"spec\":"
				  "{\"nodeName\":\"n\",\"readinessGates\":[{\"conditionType\":"
				  "\"a\"},{\"conditionType\":\"b\"}]},"
				  "\"status\":{\"phase\":\"Failed\",\"podIPs\":[{\"ip\":\"10.0.0."
				  "2\"}],\"conditions\":[{\"type\":\"b\","
				  "\"status\":\"True\"}]}}"),
	    "x | 0/0 | Failed | 0 | <unknown> | 10.0.0.2 | n | <none> | 1/2");
}

#define TEMPLATE                                                                                \
	"\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"i:1\"},{\"name\":" \
	"\"b\",\"image\":\"j\"}]}}"
#define SELECTOR "\"selector\":{\"matchLabels\":{\"batch.kubernetes.io/controller-uid\":\"U\"}}"
#define WIDE " | 2m5s | a,b | i:1,j | batch.kubernetes.io/controller-uid=U"

TEST("J05 job cells")
{
	CHECK_STR(
	    cells(KIND_JOB, "{" META ",\"spec\":{\"completions\":3,\"parallelism\":2," SELECTOR
			    "," TEMPLATE "},\"status\":{}}"),
	    "x | Running | 0/3 | " WIDE);
	CHECK_STR(cells(KIND_JOB, "{" META ",\"spec\":{\"parallelism\":3," SELECTOR "," TEMPLATE
				  "},\"status\":{\"succeeded\":3,"
				  "\"startTime\":\"2026-01-02T03:03:00Z\",\"completionTime\":"
				  "\"2026-01-02T03:03:07Z\",\"conditions\":"
				  "[{\"type\":\"SuccessCriteriaMet\",\"status\":\"True\"},{"
				  "\"type\":\"Complete\",\"status\":\"True\"}]}}"),
	    "x | Complete | 3/1 of 3 | 7s" WIDE);
	CHECK_STR(cells(KIND_JOB, "{" META ",\"spec\":{\"parallelism\":1," SELECTOR "," TEMPLATE
				  "},\"status\":{\"startTime\":"
				  "\"2026-01-02T03:03:00Z\",\"conditions\":[{\"type\":"
				  "\"FailureTarget\",\"status\":\"True\"}]}}"),
	    "x | FailureTarget | 0/1 | 65s" WIDE);
	CHECK_STR(cells(KIND_JOB, "{\"metadata\":{\"name\":\"x\",\"deletionTimestamp\":\"2026-01-"
				  "02T03:03:00Z\"},\"spec\":{"
				  "\"completions\":1,\"selector\":{\"matchExpressions\":[{\"key\":"
				  "\"k\",\"operator\":\"In\",\"values\":"
				  "[\"b\",\"a\"]},{\"key\":\"e\",\"operator\":\"Exists\"}]}},"
				  "\"status\":{\"conditions\":[{\"type\":\"Failed\","
				  "\"status\":\"False\"}]}}"),
	    "x | Terminating | 0/1 |  | <unknown> |  |  | e,k in (a,b)");
}

/* COND: "Type=Status,…"; a '-' in front: the Job is being deleted. */
static const char *job_state(const char *conditions)
{
	static char out[64];
	bool deleting = *conditions == '-';
	auto_strlist list = {0};
	auto_buf text = {0};
	const char *all;

	str_split(&list, conditions + deleting, ',');
	buf_addf(&text, "{\"metadata\":{\"name\":\"x\"%s},\"spec\":{},\"status\":{\"conditions\":[",
	    deleting ? ",\"deletionTimestamp\":\"2026-01-02T03:03:00Z\"" : "");
	for (size_t i = 0; i < list.len; i++)
		if (*list.items[i])
			buf_addf(&text, "%s{\"type\":\"%.*s\",\"status\":\"%s\"}", i ? "," : "",
			    (int)strcspn(list.items[i], "="), list.items[i],
			    strchr(list.items[i], '=') + 1);
	buf_adds(&text, "]}}");
	all = cells(KIND_JOB, buf_str(&text)) + strlen("x | ");
	snprintf(out, sizeof(out), "%.*s", (int)strcspn(all, " "), all);
	return out;
}

TEST("X01 the STATUS of a Job is the first that holds of its states")
{
	CHECK_STR(job_state(""), "Running");
	CHECK_STR(job_state("Suspended=False,Failed=Unknown"), "Running");
	CHECK_STR(job_state("SuccessCriteriaMet=True"), "SuccessCriteriaMet");
	CHECK_STR(job_state("SuccessCriteriaMet=True,FailureTarget=True"), "FailureTarget");
	CHECK_STR(job_state("FailureTarget=True,Suspended=True"), "Suspended");
	CHECK_STR(job_state("-Suspended=True"), "Terminating");
	CHECK_STR(job_state("-FailureTarget=True,Failed=True"), "Failed");
	CHECK_STR(job_state("-SuccessCriteriaMet=True,Complete=True"), "Complete");
}

TEST("event cells")
{
	CHECK_STR(
	    cells(KIND_EVENT,
		"{" META ",\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"P-1\",\"fieldPath\":"
		"\"spec.containers{c}\"},\"type\":\"Normal\",\"reason\":\"Started\",\"message\":\" "
		"Started\\n\","
		"\"source\":{\"component\":\"kubelet\",\"host\":\"n\"},\"firstTimestamp\":\"2026-"
		"01-02T03:00:05Z\","
		"\"lastTimestamp\":\"2026-01-02T03:04:00Z\",\"count\":4}"),
	    "5s | Normal | Started | pod/P-1 | spec.containers{c} | kubelet, n | Started | 4m | 4 "
	    "| x");
	CHECK_STR(
	    cells(KIND_EVENT,
		"{" META ",\"involvedObject\":{\"kind\":\"Job\",\"name\":\"j\"},\"eventTime\":"
		"\"2026-01-02T03:04:04.500000Z\",\"reportingComponent\":\"job-controller\"}"),
	    "1s |  |  | job/j |  | job-controller |  | 1s | 1 | x");
}

TEST("namespace and node cells")
{
	CHECK_STR(cells(KIND_NAMESPACE, "{" META ",\"status\":{\"phase\":\"Active\"}}"),
	    "x | Active | 2m5s");
	CHECK_STR(cells(KIND_NODE, "{\"metadata\":{\"name\":\"n\",\"labels\":{\"node-role."
				   "kubernetes.io/control-plane\":\"\"}},"
				   "\"spec\":{\"unschedulable\":true},\"status\":{\"conditions\":[{"
				   "\"type\":\"Ready\",\"status\":\"True\"}],"
				   "\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"10.0.0."
				   "1\"}],\"nodeInfo\":{\"kubeletVersion\":"
				   "\"v0.1\",\"osImage\":\"Debian\",\"containerRuntimeVersion\":"
				   "\"docker://20.10\"}}}"),
	    "n | Ready,SchedulingDisabled | control-plane | <unknown> | v0.1 | 10.0.0.1 | <none> | "
	    "Debian | <unknown> | "
	    "docker://20.10");
}

/* A cell is made from the parts of the object that its row in the table names, so all of them are
 * here. */
TEST("cells of the other kinds, with all that they are made from")
{
	static const struct {
		enum kind_id kind;
		const char *members, *want;
	} cases[] = {
	    {KIND_POD,
		"\"spec\":{\"containers\":[{\"name\":\"c\"}],\"nodeName\":\"n\",\"readinessGates\":"
		"[{"
		"\"conditionType\":\"a/b\"},{\"conditionType\":\"c/"
		"d\"}]},\"status\":{\"phase\":\"Pending\","
		"\"podIP\":\"10.0.0.2\",\"nominatedNodeName\":\"m\",\"conditions\":[{\"type\":\"a/"
		"b\","
		"\"status\":\"True\"}]}",
		"x | 0/1 | Pending | 0 | 2m5s | 10.0.0.2 | n | m | 1/2"},
	    {KIND_CRONJOB,
		"\"spec\":{\"schedule\":\"@daily\",\"timeZone\":\"Asia/"
		"Tokyo\",\"suspend\":true,\"jobTemplate\":{"
		"\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{\"spec\":{"
		"\"containers\":[{"
		"\"name\":\"c\",\"image\":\"i\"}]}}}}},\"status\":{\"active\":[{\"name\":\"j\"}],"
		"\"lastScheduleTime\":\"2026-01-02T03:03:05Z\"}",
		"x | @daily | Asia/Tokyo | True | 1 | 60s | 2m5s | c | i | a=b"},
	    {KIND_EVENT,
		"\"involvedObject\":{\"kind\":\"Job\",\"name\":\"j\"},\"type\":\"Normal\","
		"\"reason\":\"R\","
		"\"message\":\"m\",\"eventTime\":\"2026-01-02T03:03:00Z\",\"series\":{\"count\":7,"
		"\"lastObservedTime\":\"2026-01-02T03:04:04Z\"},\"reportingComponent\":\"k\","
		"\"reportingInstance\":\"h\"",
		"1s | Normal | R | job/j |  | k, h | m | 65s | 7 | x"},
	    {KIND_NODE,
		"\"status\":{\"addresses\":[{\"type\":\"ExternalIP\",\"address\":\"1.2.3.4\"},{"
		"\"type\":"
		"\"InternalIP\",\"address\":\"10.0.0.1\"}],\"nodeInfo\":{\"kubeletVersion\":\"v\","
		"\"osImage\":"
		"\"o\",\"kernelVersion\":\"6.1\",\"containerRuntimeVersion\":\"r\"}}",
		"x | Unknown | <none> | 2m5s | v | 10.0.0.1 | 1.2.3.4 | o | 6.1 | r"},
	    {KIND_CONFIGMAP,
		"\"data\":{\"a\":\"1\"},\"binaryData\":{\"b\":\"MQ==\",\"c\":\"MQ==\"}",
		"x | 3 | 2m5s"},
	    {KIND_SECRET, "\"type\":\"Opaque\",\"data\":{\"a\":\"MQ==\"}", "x | Opaque | 1 | 2m5s"},
	    {KIND_SERVICE,
		"\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":\"10.0.0.9\",\"selector\":{\"b\":"
		"\"2\",\"a\":"
		"\"1\"},\"ports\":[{\"port\":80,\"protocol\":\"TCP\"},{\"port\":81,\"protocol\":"
		"\"UDP\"}]}",
		"x | ClusterIP | 10.0.0.9 | <none> | 80/TCP,81/UDP | 2m5s | a=1,b=2"},
	    {KIND_SERVICE, "\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"a.b\"}",
		"x | ExternalName | <none> | a.b | <none> | 2m5s | <none>"},
	    {KIND_ENDPOINTS,
		"\"subsets\":[{\"addresses\":[{\"ip\":\"10.0.0.2\"},{\"ip\":\"10.0.0.3\"}],"
		"\"ports\":[{"
		"\"port\":80},{\"port\":81}]}]",
		"x | 10.0.0.2:80,10.0.0.2:81,10.0.0.3:80 + 1 more... | 2m5s"},
	    {KIND_ENDPOINT_SLICE,
		"\"addressType\":\"IPv4\",\"ports\":[{\"port\":80}],\"endpoints\":[{\"addresses\":["
		"\"10.0.0.2\"]},{\"addresses\":[\"10.0.0.3\"]}]",
		"x | IPv4 | 80 | 10.0.0.2,10.0.0.3 | 2m5s"},
	    {KIND_PERSISTENTVOLUMECLAIM,
		"\"spec\":{\"volumeName\":\"v\",\"storageClassName\":\"s\",\"volumeMode\":"
		"\"Filesystem\","
		"\"volumeAttributesClassName\":\"w\"},\"status\":{\"phase\":\"Bound\",\"capacity\":"
		"{"
		"\"storage\":\"1Gi\"},\"accessModes\":[\"ReadWriteMany\",\"ReadWriteOnce\"]}",
		"x | Bound | v | 1Gi | RWO,RWX | s | w | 2m5s | Filesystem"},
	    {KIND_SERVICE_ACCOUNT, "\"secrets\":[]", "x | 2m5s"},
	    {KIND_POD_TEMPLATE,
		"\"template\":{\"metadata\":{\"labels\":{\"a\":\"1\"}},\"spec\":{\"containers\":[{"
		"\"name\":"
		"\"c\",\"image\":\"i\"}]}}",
		"x | c | i | a=1"},
	    {KIND_LEASE, "\"spec\":{\"holderIdentity\":\"me\"}", "x | me | 2m5s"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *text = xasprintf("{" META ",%s}", cases[i].members);

		CHECK_STR(cells(cases[i].kind, text), cases[i].want);
	}
	CHECK_STR(
	    cells(KIND_PERSISTENTVOLUMECLAIM,
		"{\"metadata\":{\"name\":\"x\",\"deletionTimestamp\":\"2026-01-02T03:04:00Z\"}}"),
	    "x | Terminating |  |  |  |  | <unset> | <unknown> | <unset>");
}

TEST("a row has as many cells as there are columns, and the object as it was asked for")
{
	for (int i = 0; i < KIND_COUNT; i++) {
		const struct kind *k = kind_by_id(i);
		static const char text[] = "{\"kind\":\"K\",\"metadata\":{\"name\":\"x\"}}";
		auto_json *obj = json_parse(text, strlen(text), 0, NULL);
		auto_json *columns = table_columns(k), *row = row_of(k, obj, INCLUDE_METADATA, NOW);
		auto_json *whole = row_of(k, obj, INCLUDE_OBJECT, NOW);

		CHECK_INT(json_len(json_get(row, "cells")), json_len(columns));
		CHECK_STR(json_str(row, "object.kind"), "PartialObjectMetadata");
		CHECK_STR(json_str(row, "object.metadata.name"), "x");
		CHECK_STR(json_str(whole, "object.kind"), "K");
	}
}

TEST("column definitions are those that kubectl expects")
{
	auto_json *columns = table_columns(kind_by_id(KIND_POD));
	auto_free char *first = json_print(json_at(columns, 0));

	CHECK_STR(first, "{\"name\":\"Name\",\"type\":\"string\",\"format\":\"name\","
			 "\"description\":\"Name of the object, unique "
			 "in its namespace and kind.\",\"priority\":0}");
	CHECK_INT(json_int(json_at(columns, 5), "priority", 0), 1);
}

int main(void)
{
	return test_main();
}
