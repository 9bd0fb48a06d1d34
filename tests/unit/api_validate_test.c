#include "../../controller/api/api.h"
#include "test.h"

#define UID "11111111-2222-3333-4444-555555555555"
/* A template with one container; %s: members before `containers`. */
#define TEMPLATE(members)                  \
	"\"template\":{\"spec\":{" members \
	"\"containers\":[{\"name\":\"c\",\"image\":\"busybox\"}]}}"
#define NEVER TEMPLATE("\"restartPolicy\":\"Never\",")
#define JOB(spec)                  \
	"{\"apiVersion\":\"batch/" \
	"v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"x\"},\"spec\":{" spec "}}"
#define POD(spec) \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\"},\"spec\":{" spec "}}"
#define CONTAINER(members) "\"containers\":[{\"name\":\"c\",\"image\":\"busybox\"" members "}]"

/* What the registry does with a body, up to validation. NULL: did not decode. */
static json *prepare(const struct kind *k, const char *text, struct err *e)
{
	json *obj = api_decode(k, text, strlen(text), FIELDS_STRICT, NULL, e);

	if (!obj)
		return NULL;
	if (k->namespaced)
		json_set_path(obj, "metadata.namespace", json_new_string("default"));
	json_set_path(obj, "metadata.uid", json_new_string(UID));
	json_set_path(obj, "metadata.generation", json_new_int(1));
	api_default(k, obj);
	api_prepare_create(k, obj);
	return obj;
}

/* The message of the errors behind "… is invalid: ", or "" when it is valid. */
static char *create(enum kind_id id, const char *text, struct strlist *warnings)
{
	const struct kind *k = kind_by_id(id);
	auto_err e = {0};
	auto_json *obj = prepare(k, text, &e);
	const char *colon;

	if (!obj || api_validate_create(k, obj, warnings, &e) == 0)
		return xstrdup(err_msg(&e));
	colon = strstr(err_msg(&e), "is invalid: ");
	return xstrdup(colon ? colon + strlen("is invalid: ") : err_msg(&e));
}

#define CHECK_CREATE(id, text, want)                          \
	do {                                                  \
		auto_free char *got = create(id, text, NULL); \
		CHECK_STR(got, want);                         \
	} while (0)
#define CHECK_JOB(spec, want) CHECK_CREATE(KIND_JOB, JOB(spec), want)
#define CHECK_POD(spec, want) CHECK_CREATE(KIND_POD, POD(spec), want)
#define LATER "Forbidden: not supported by this version of kjob"

TEST("J02 a minimal Job gets the defaults, generated labels and selector of Kubernetes")
{
	auto_err e = {0};
	auto_json *job = prepare(kind_by_id(KIND_JOB), JOB(NEVER), &e);
	const char *labels = "{\"batch.kubernetes.io/controller-uid\":\"" UID
			     "\",\"batch.kubernetes.io/job-name\":\"x\","
			     "\"controller-uid\":\"" UID "\",\"job-name\":\"x\"}";
	auto_free char *own = NULL, *of_template = NULL, *selector = NULL, *container = NULL,
		       *status = NULL;

	CHECK_INT(api_validate_create(kind_by_id(KIND_JOB), job, NULL, &e), 0);
	CHECK_STR(err_msg(&e), "");
	CHECK_INT(json_int(job, "spec.completions", -1), 1);
	CHECK_INT(json_int(job, "spec.parallelism", -1), 1);
	CHECK_INT(json_int(job, "spec.backoffLimit", -1), 6);
	CHECK_STR(json_str(job, "spec.completionMode"), "NonIndexed");
	CHECK(json_has(job, "spec.suspend") && !json_bool(job, "spec.suspend", true));
	CHECK(json_has(job, "spec.manualSelector") && !json_bool(job, "spec.manualSelector", true));
	CHECK_STR(json_str(job, "spec.podReplacementPolicy"), "TerminatingOrFailed");
	own = json_print(json_path(job, "metadata.labels"));
	of_template = json_print(json_path(job, "spec.template.metadata.labels"));
	selector = json_print(json_path(job, "spec.selector"));
	status = json_print(json_path(job, "status"));
	CHECK_STR(own, labels);
	CHECK_STR(of_template, labels);
	CHECK_STR(
	    selector, "{\"matchLabels\":{\"batch.kubernetes.io/controller-uid\":\"" UID "\"}}");
	CHECK_STR(status, "{}");
	container = json_print(json_at(json_path(job, "spec.template.spec.containers"), 0));
	CHECK_STR(container,
	    "{\"name\":\"c\",\"image\":\"busybox\",\"imagePullPolicy\":\"Always\",\"resources\":{},"
	    "\"terminationMessagePath\":\"/dev/"
	    "termination-log\",\"terminationMessagePolicy\":\"File\"}");
	CHECK_STR(json_str(job, "spec.template.spec.dnsPolicy"), "ClusterFirst");
	CHECK_STR(json_str(job, "spec.template.spec.schedulerName"), "default-scheduler");
	CHECK_INT(json_int(job, "spec.template.spec.terminationGracePeriodSeconds", -1), 30);
	CHECK(json_is_object(json_path(job, "spec.template.spec.securityContext")));
}

static void counts(const char *spec, int64_t parallelism, int64_t completions)
{
	auto_free char *text =
	    xasprintf("{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"x\"},"
		      "\"spec\":{%s" NEVER "}}",
		spec);
	auto_json *job = prepare(kind_by_id(KIND_JOB), text, NULL);

	CHECK_INT(json_int(job, "spec.parallelism", -1), parallelism);
	CHECK_INT(json_int(job, "spec.completions", -1), completions);
}

TEST("parallelism and completions default in the four combinations")
{
	counts("", 1, 1);
	counts("\"completions\":4,", 1, 4);
	counts("\"parallelism\":3,", 3, -1);
	counts("\"parallelism\":0,\"completions\":2,", 0, 2);
}

TEST("what the server wrote is accepted again, so that get -o yaml and apply round-trip")
{
	const struct kind *k = kind_by_id(KIND_JOB);
	auto_err e = {0};
	auto_json *job = prepare(k, JOB(NEVER), &e), *again = NULL;
	auto_free char *text = json_print(job);

	again = api_decode(k, text, strlen(text), FIELDS_STRICT, NULL, &e);
	CHECK(again != NULL);
	api_default(k, again);
	api_prepare_update(k, again, job);
	CHECK_INT(api_validate_update(k, again, job, &e), 0);
	CHECK_STR(err_msg(&e), "");
	CHECK(json_equal(job, again));
}

TEST("V01 restartPolicy missing or Always")
{
	CHECK_JOB(TEMPLATE(""), "spec.template.spec.restartPolicy: Required value: valid values: "
				"\"OnFailure\", \"Never\"");
	CHECK_JOB(TEMPLATE("\"restartPolicy\":\"Always\","),
	    "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", "
	    "\"Never\"");
}

TEST("V02 restartPolicy never gives two errors")
{
	CHECK_JOB(TEMPLATE("\"restartPolicy\":\"never\","),
	    "[spec.template.spec.restartPolicy: Unsupported value: \"never\": supported values: "
	    "\"Always\", \"OnFailure\", "
	    "\"Never\", spec.template.spec.restartPolicy: Unsupported value: \"never\": supported "
	    "values: \"OnFailure\", "
	    "\"Never\"]");
}

TEST("V03 missing containers come before the missing restartPolicy")
{
	CHECK_JOB("\"parallelism\":1", "[spec.template.spec.containers: Required value, "
				       "spec.template.spec.restartPolicy: Required value: valid "
				       "values: \"OnFailure\", \"Never\"]");
}

TEST("V04 negative counts")
{
	CHECK_JOB("\"parallelism\":-1,\"backoffLimit\":-1," NEVER,
	    "[spec.parallelism: Invalid value: -1: must be greater than or equal to 0, "
	    "spec.backoffLimit: Invalid value: "
	    "-1: must be greater than or equal to 0]");
}

/* The message of an update that merges PATCH into a stored Job. */
static char *update(const char *text, const char *patch)
{
	const struct kind *k = kind_by_id(KIND_JOB);
	auto_err e = {0};
	auto_json *old = prepare(k, text, &e), *obj = json_dup(old),
		  *p = json_parse(patch, strlen(patch), 0, &e);

	obj = json_merge_patch(obj, p);
	api_default(k, obj);
	api_prepare_update(k, obj, old);
	if (api_validate_update(k, obj, old, &e) == 0)
		return xasprintf(
		    "ok, generation %lld", (long long)json_int(obj, "metadata.generation", 0));
	return xstrdup(err_msg(&e));
}

#define CHECK_UPDATE(spec, patch, want)                         \
	do {                                                    \
		auto_free char *got = update(JOB(spec), patch); \
		CHECK_STR(got, want);                           \
	} while (0)

TEST("V05 the template cannot change")
{
	auto_free char *got = update(
	    JOB(NEVER), "{\"spec\":{\"template\":{\"spec\":{\"restartPolicy\":\"OnFailure\"}}}}");

	CHECK(str_has_prefix(got, "Job.batch \"x\" is invalid: spec.template: Invalid value: {"));
	CHECK(str_has_suffix(got, "}: field is immutable"));
}

TEST("updates: mutable fields raise the generation, metadata does not, identity is fixed")
{
	CHECK_UPDATE(
	    NEVER, "{\"spec\":{\"parallelism\":3,\"backoffLimit\":2}}", "ok, generation 2");
	CHECK_UPDATE(NEVER,
	    "{\"metadata\":{\"annotations\":{\"a\":\"b\"}},\"status\":{\"active\":4}}",
	    "ok, generation 1");
	CHECK_UPDATE(NEVER, "{\"spec\":{\"completions\":3}}",
	    "Job.batch \"x\" is invalid: spec.completions: Invalid value: 3: field is immutable");
	CHECK_UPDATE(NEVER, "{\"metadata\":{\"uid\":\"other\"}}",
	    "Job.batch \"x\" is invalid: [spec.template.metadata.labels[controller-uid]: Invalid "
	    "value: "
	    "{\"batch.kubernetes.io/controller-uid\":\"" UID
	    "\",\"batch.kubernetes.io/job-name\":\"x\",\"controller-uid\":\"" UID
	    "\",\"job-name\":\"x\"}: must be 'other', "
	    "spec.template.metadata.labels[batch.kubernetes.io/controller-uid]: "
	    "Invalid value: {\"batch.kubernetes.io/controller-uid\":\"" UID
	    "\",\"batch.kubernetes.io/job-name\":\"x\","
	    "\"controller-uid\":\"" UID
	    "\",\"job-name\":\"x\"}: must be 'other', spec.selector: Invalid value: "
	    "{\"matchLabels\":{\"batch.kubernetes.io/controller-uid\":\"" UID
	    "\"}}: `selector` not auto-generated, metadata.uid: Invalid value: \"other\": "
	    "field is immutable]");
}

#define INDEXED "\"completionMode\":\"Indexed\","

TEST("V06 Indexed needs completions")
{
	CHECK_JOB(INDEXED "\"parallelism\":2," NEVER,
	    "spec.completions: Required value: when completion mode is Indexed");
}

TEST("V07 managedBy must be a domain-prefixed path")
{
	CHECK_JOB("\"managedBy\":\"x\"," NEVER, "spec.managedBy: Invalid value: \"x\": must be a "
						"domain-prefixed path (such as \"acme.io/foo\")");
	CHECK_JOB("\"managedBy\":\"kubernetes.io/job-controller\"," NEVER, "");
}

TEST("V08 the last pod of an Indexed Job must have a name that is a DNS label")
{
	CHECK_CREATE(KIND_JOB,
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":"
	    "\"a23456789a123456789a123456789a123456789a123456789a123456789b\"},\"spec\":{" INDEXED
	    "\"completions\":1000," NEVER "}}",
	    "metadata.name: Invalid value: "
	    "\"a23456789a123456789a123456789a123456789a123456789a123456789b\": will not able "
	    "to create pod with invalid DNS label: "
	    "a23456789a123456789a123456789a123456789a123456789a123456789b-999");
}

TEST("V09 maxFailedIndexes needs backoffLimitPerIndex and Indexed")
{
	CHECK_JOB("\"maxFailedIndexes\":1," NEVER,
	    "[spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified, "
	    "spec.maxFailedIndexes: Invalid "
	    "value: 1: requires indexed completion mode]");
}

#define CODES(values)                                                                             \
	"\"podFailurePolicy\":{\"rules\":[{\"action\":\"FailJob\",\"onExitCodes\":{\"operator\":" \
	"\"In\",\"values\":" values "}}]}," NEVER
#define CODES_AT "spec.podFailurePolicy.rules[0].onExitCodes.values"

TEST("V10 exit codes are ordered, unique and not 0 for In")
{
	CHECK_JOB(CODES("[3,1]"), CODES_AT ": Invalid value: [3,1]: must be ordered");
	CHECK_JOB(CODES("[1,1]"), CODES_AT "[1]: Duplicate value: 1");
	CHECK_JOB(
	    CODES("[0]"), CODES_AT "[0]: Invalid value: 0: must not be 0 for the In operator");
	CHECK_JOB("\"podFailurePolicy\":{\"rules\":[{}]}," NEVER,
	    "[spec.podFailurePolicy.rules[0].action: Required value: valid values: [\"Count\" "
	    "\"FailIndex\" \"FailJob\" "
	    "\"Ignore\"], spec.podFailurePolicy.rules[0]: Invalid value: specifying one of "
	    "OnExitCodes and "
	    "OnPodConditions is required]");
}

TEST("success policies are checked against completions")
{
	CHECK_JOB(INDEXED
	    "\"completions\":5,\"successPolicy\":{\"rules\":[{\"succeededIndexes\":\"0-2,2\"},"
	    "{\"succeededIndexes\":\"0,a\"},{\"succeededIndexes\":\"5\"},{\"succeededIndexes\":\"1-"
	    "2\","
	    "\"succeededCount\":3},{}]}," NEVER,
	    "[spec.successPolicy.rules[0].succeededIndexes: Invalid value: \"0-2,2\": error "
	    "parsing succeededIndexes: "
	    "non-increasing order, previous: 2, current: 2, "
	    "spec.successPolicy.rules[1].succeededIndexes: Invalid value: "
	    "\"0,a\": error parsing succeededIndexes: cannot convert string to integer for index: "
	    "\"a\", "
	    "spec.successPolicy.rules[2].succeededIndexes: Invalid value: \"5\": error parsing "
	    "succeededIndexes: too large "
	    "index: \"5\", spec.successPolicy.rules[3].succeededCount: Invalid value: 3: must be "
	    "less than or equal to 2 "
	    "(the number of indexes in the specified succeededIndexes field), "
	    "spec.successPolicy.rules[4]: Required value: "
	    "at least one of succeededCount or succeededIndexes must be specified]");
}

TEST("generated labels may not be altered; a manual selector must match")
{
	CHECK_JOB("\"template\":{\"metadata\":{\"labels\":{\"job-name\":\"y\"}},\"spec\":{"
		  "\"restartPolicy\":\"Never\"," CONTAINER("") "}}",
	    "spec.template.metadata.labels[job-name]: Invalid value: "
	    "{\"job-name\":\"y\",\"batch.kubernetes.io/controller-uid\":"
	    "\"" UID "\",\"batch.kubernetes.io/job-name\":\"x\",\"controller-uid\":\"" UID
	    "\"}: must be 'x'");
	CHECK_JOB("\"manualSelector\":true," NEVER,
	    "[spec.selector: Required value, spec.template.metadata.labels: Invalid "
	    "value: {}: `selector` does not match template `labels`]");
	CHECK_JOB("\"manualSelector\":true,\"selector\":{\"matchLabels\":{\"a\":\"b\"}},"
		  "\"template\":{\"metadata\":{\"labels\":"
		  "{\"a\":\"b\"}},\"spec\":{\"restartPolicy\":\"Never\"," CONTAINER("") "}}",
	    "");
}

TEST("fields of later versions are refused, their defaults are not")
{
	CHECK_JOB("\"ttlSecondsAfterFinished\":0,\"suspend\":true," NEVER, "");
	CHECK_JOB("\"suspend\":false,\"completionMode\":\"NonIndexed\",\"podReplacementPolicy\":"
		  "\"TerminatingOrFailed\"," NEVER,
	    "");
	CHECK_POD("\"volumes\":[],\"hostNetwork\":false,\"dnsPolicy\":\"ClusterFirst\","
		  "\"securityContext\":{},\"dnsConfig\":{},"
		  "\"hostUsers\":true,\"shareProcessNamespace\":false,\"os\":{\"name\":\"linux\"}"
		  "," CONTAINER(",\"resources\":{},\"securityContext\":{},"
				"\"terminationMessagePolicy\":\"File\",\"envFrom\":[]"),
	    "");
	CHECK_POD("\"hostUsers\":false,\"securityContext\":{\"runAsUser\":0,\"windowsOptions\":{}}"
		  "," CONTAINER(",\"ports\":[{\"containerPort\":80,"
				"\"hostPort\":80}]"),
	    "[spec.hostUsers: " LATER ", spec.securityContext.windowsOptions: " LATER "]");
}

TEST("pods are checked in Kubernetes' words")
{
	CHECK_POD("\"restartPolicy\":\"Always\"", "spec.containers: Required value");
	CHECK_POD(
	    "\"containers\":[{\"name\":\"c\"},{\"name\":\"c\",\"image\":\" x\"},{\"image\":\"i\"}]",
	    "[spec.containers[0].image: Required value, spec.containers[1].name: Duplicate value: "
	    "\"c\", "
	    "spec.containers[2].name: Required value, spec.containers[1].image: Invalid value: \" "
	    "x\": must not have leading "
	    "or trailing whitespace]");
	CHECK_POD("\"restartPolicy\":\"never\"," CONTAINER(",\"imagePullPolicy\":\"x\""),
	    "[spec.containers[0].imagePullPolicy: Unsupported value: \"x\": supported values: "
	    "\"Always\", \"IfNotPresent\", "
	    "\"Never\", spec.restartPolicy: Unsupported value: \"never\": supported values: "
	    "\"Always\", \"OnFailure\", "
	    "\"Never\"]");
	CHECK_POD(CONTAINER(",\"ports\":[{\"containerPort\":70000,\"protocol\":\"tcp\"}],\"env\":[{"
			    "\"name\":\"\"},{\"name\":"
			    "\"a=b\"}]"),
	    "[spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 "
	    "and 65535, inclusive, "
	    "spec.containers[0].ports[0].protocol: Unsupported value: \"tcp\": supported values: "
	    "\"SCTP\", \"TCP\", \"UDP\", "
	    "spec.containers[0].env[0].name: Required value, spec.containers[0].env[1].name: "
	    "Invalid value: \"a=b\": a valid "
	    "environment variable name must consist only of printable ASCII characters other than "
	    "'=']");
}

#define EPHEMERAL(metadata)                                                                  \
	"\"volumes\":[{\"name\":\"v\",\"ephemeral\":{\"volumeClaimTemplate\":{\"metadata\":" \
	"{" metadata                                                                         \
	"},\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{"      \
	"\"storage\":\"1Mi\"}}}}}}]," CONTAINER("")

TEST("the template of an ephemeral claim has labels and annotations, and nothing else of metadata")
{
	CHECK_POD(EPHEMERAL("\"labels\":{\"a\":\"b\"},\"annotations\":{\"c\":\"d\"},"
			    "\"creationTimestamp\":null"),
	    "");
	CHECK_POD(EPHEMERAL("\"name\":\"mine\",\"finalizers\":[\"x.io/y\"]"),
	    "[spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be "
	    "set, spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.finalizers: Forbidden: "
	    "cannot be set]");
	CHECK_POD(EPHEMERAL("\"labels\":{\"a b\":\"\"}"),
	    "spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.labels: Invalid value: \"a "
	    "b\": "
	    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start "
	    "and "
	    "end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', "
	    "regex "
	    "used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
}

TEST("metadata is checked in Kubernetes' words")
{
	CHECK_CREATE(KIND_POD,
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"a\":\"a "
	    "b\"}},\"spec\":{" CONTAINER("") "}}",
	    "[metadata.name: Required value: name or generateName is required, metadata.labels: "
	    "Invalid value: \"a b\": a "
	    "valid label must be an empty string or consist of alphanumeric characters, '-', '_' "
	    "or '.', and must start and "
	    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
	    "regex used for validation is "
	    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')]");
}

TEST("a rejected object carries its causes")
{
	const struct kind *k = kind_by_id(KIND_JOB);
	auto_err e = {0};
	auto_json *job = prepare(k, JOB(TEMPLATE("")), &e);
	auto_free char *details = NULL;

	CHECK_INT(api_validate_create(k, job, NULL, &e), -1);
	CHECK_INT(e.reason, ERR_INVALID);
	CHECK_STR(err_msg(&e), "Job.batch \"x\" is invalid: spec.template.spec.restartPolicy: "
			       "Required value: valid values: "
			       "\"OnFailure\", \"Never\"");
	details = json_print(e.details);
	CHECK_STR(details, "{\"name\":\"x\",\"group\":\"batch\",\"kind\":\"Job\",\"causes\":[{"
			   "\"reason\":\"FieldValueRequired\","
			   "\"message\":\"Required value: valid values: \\\"OnFailure\\\", "
			   "\\\"Never\\\"\",\"field\":"
			   "\"spec.template.spec.restartPolicy\"}]}");
}

TEST("a name that is too long for a label is reported once, at the template")
{
	CHECK_CREATE(KIND_JOB,
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":"
	    "\"a23456789a123456789a123456789a123456789a123456789a123456789a1234\"},\"spec\":{" NEVER
	    "}}",
	    "spec.template.labels: Invalid value: "
	    "\"a23456789a123456789a123456789a123456789a123456789a123456789a1234\": must be "
	    "no more than 63 characters");
}

TEST("endless errors and duplicates are cut off")
{
	auto_buf text = {0};
	auto_err e = {0};
	auto_json *pod = NULL;

	buf_adds(&text, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\"},"
			"\"spec\":{\"containers\":[{\"name\":"
			"\"c\",\"env\":[{}");
	for (int i = 0; i < 1000; i++)
		buf_adds(&text, ",{}");
	buf_adds(&text, "]}]}}");
	pod = prepare(kind_by_id(KIND_POD), buf_str(&text), &e);
	CHECK_INT(api_validate_create(kind_by_id(KIND_POD), pod, NULL, &e), -1);
	CHECK_INT(json_len(json_get(e.details, "causes")), 100);
}

TEST("warnings name what has no effect, duplicates and unusual names")
{
	auto_strlist w = {0};
	auto_free char *got = create(KIND_JOB,
	    "{\"apiVersion\":\"batch/"
	    "v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"a.b\"},\"spec\":{\"template\":{"
	    "\"spec\":{"
	    "\"restartPolicy\":\"Never\",\"priority\":1,"
	    "\"serviceAccountName\":\"default\","
	    "\"nodeSelector\":{}," CONTAINER(
		",\"env\":[{\"name\":\"A\"},{\"name\":\"A\"}],\"ports\":[{\"containerPort\":80},"
		"{\"containerPort\":80}]") "}}}}",
	    &w);

	CHECK_STR(got, "");
	CHECK_INT(w.len, 4);
	CHECK_STR(w.items[0], "metadata.name: this is used in Pod names and hostnames, which can "
			      "result in surprising "
			      "behavior; a DNS label is recommended: [must not contain dots]");
	CHECK_STR(w.items[1], "spec.template.spec.containers[0].env[1]: hides previous definition "
			      "of \"A\", which may be "
			      "dropped when using apply");
	CHECK_STR(w.items[2],
	    "spec.template.spec.containers[0].ports[1]: duplicate port definition with "
	    "spec.template.spec.containers[0].ports[0]");
	CHECK_STR(w.items[3], "spec.template.spec.priority: has no effect: kjob runs every pod "
			      "on this machine, without "
			      "service accounts");
}

TEST("the pull policy follows tag and digest")
{
	static const struct {
		const char *image, *policy;
	} cases[] = {
	    {"busybox", "Always"},
	    {"busybox:latest", "Always"},
	    {"busybox:1.36", "IfNotPresent"},
	    {"localhost:5000/busybox", "Always"},
	    {"localhost:5000/busybox:1", "IfNotPresent"},
	    {"busybox@sha256:abc", "IfNotPresent"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *text = xasprintf(
		    POD("\"containers\":[{\"name\":\"c\",\"image\":\"%s\"}]"), cases[i].image);
		auto_json *pod = prepare(kind_by_id(KIND_POD), text, NULL);

		CHECK_STR(
		    json_str(json_at(json_path(pod, "spec.containers"), 0), "imagePullPolicy"),
		    cases[i].policy);
		CHECK_STR(json_str(pod, "status.phase"), "Pending");
		CHECK_STR(json_str(pod, "spec.restartPolicy"), "Always");
	}
}

int main(void)
{
	return test_main();
}
