#include "../../controller/api/api.h"
#include "../../controller/api/schema.h"
#include "test.h"

/* Decodes a Job or Pod; returns the printed result or, on failure, the message. */
static char *decode(
    enum kind_id id, const char *text, enum field_validation mode, struct strlist *warnings)
{
	auto_err e = {0};
	auto_json *j = api_decode(kind_by_id(id), text, strlen(text), mode, warnings, &e);

	return j ? json_print(j) : xstrdup(err_msg(&e));
}

#define JOB "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\","
#define CHECK_JOB(rest, want)                                                          \
	do {                                                                           \
		auto_free char *got = decode(KIND_JOB, JOB rest, FIELDS_STRICT, NULL); \
		CHECK_STR(got, want);                                                  \
	} while (0)
#define STRICT "Job in version \"v1\" cannot be handled as a Job: strict decoding error: "
#define TYPE "Job in version \"v1\" cannot be handled as a Job: json: cannot unmarshal "

TEST("a well-formed body comes back as it was")
{
	CHECK_JOB("\"spec\":{\"parallelism\":2}}", JOB "\"spec\":{\"parallelism\":2}}");
}

TEST("unknown fields are named with their path and a suggestion")
{
	CHECK_JOB("\"spec\":{\"template\":{\"spec\":{\"restartyPolicy\":\"never\"}}}}",
	    STRICT "unknown field \"spec.template.spec.restartyPolicy\" (did you mean "
		   "\"restartPolicy\"?)");
	CHECK_JOB("\"spec\":{\"maxFailedIndices\":1,\"xyzzy\":2}}",
	    STRICT "unknown field \"spec.maxFailedIndices\" (did you mean \"maxFailedIndexes\"?), "
		   "unknown field \"spec.xyzzy\"");
	CHECK_JOB("\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"imag\":"
		  "\"b\"}]}}}}",
	    STRICT
	    "unknown field \"spec.template.spec.containers[1].imag\" (did you mean \"image\"?)");
}

TEST("duplicate fields are errors, in maps too")
{
	CHECK_JOB("\"spec\":{\"parallelism\":1,\"parallelism\":2}}",
	    STRICT "duplicate field \"spec.parallelism\"");
	CHECK_JOB("\"metadata\":{\"labels\":{\"a\":\"1\",\"a\":\"2\"}}}",
	    STRICT "duplicate field \"metadata.labels.a\"");
}

TEST("under Warn the texts are warnings and the last duplicate wins; under Ignore they vanish")
{
	static const char text[] = JOB "\"spec\":{\"parallelism\":1,\"foo\":{},\"parallelism\":2}}";
	auto_strlist warnings = {0}, none = {0};
	auto_free char *warn = decode(KIND_JOB, text, FIELDS_WARN, &warnings);
	auto_free char *ignore = decode(KIND_JOB, text, FIELDS_IGNORE, &none);

	CHECK_STR(warn, JOB "\"spec\":{\"parallelism\":2}}");
	CHECK_STR(ignore, warn);
	CHECK_INT(warnings.len, 2);
	CHECK_INT(none.len, 0);
	CHECK_STR(warnings.items[0], "unknown field \"spec.foo\"");
	CHECK_STR(warnings.items[1], "duplicate field \"spec.parallelism\"");
}

TEST("endless lists of objects are refused before they become large")
{
	auto_buf text = {0};
	auto_err e = {0};
	auto_json *j = NULL;

	buf_adds(&text, JOB "\"spec\":{\"template\":{\"spec\":{\"containers\":[null");
	for (int i = 0; i < 50000; i++)
		buf_adds(&text, ",{}");
	buf_adds(&text, "]}}}}");
	j = api_decode(kind_by_id(KIND_JOB), buf_str(&text), text.len, FIELDS_STRICT, NULL, &e);
	CHECK(!j);
	CHECK_INT(e.reason, ERR_TOO_LARGE);
}

TEST("a value of a wrong type is an error in Go's words, before unknown fields")
{
	CHECK_JOB("\"foo\":1,\"spec\":{\"parallelism\":\"x\"}}",
	    TYPE "string into Go struct field JobSpec.spec.parallelism of type int32");
	CHECK_JOB("\"spec\":{\"parallelism\":1.5}}",
	    TYPE "number 1.5 into Go struct field JobSpec.spec.parallelism of type int32");
	CHECK_JOB("\"spec\":{\"backoffLimit\":4294967296}}",
	    TYPE "number 4294967296 into Go struct field JobSpec.spec.backoffLimit of type int32");
	CHECK_JOB("\"spec\":{\"suspend\":\"true\"}}",
	    TYPE "string into Go struct field JobSpec.spec.suspend of type bool (did you mean "
		 "true, without quotes?)");
	CHECK_JOB("\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"env\":[{\"name\":\"A\","
		  "\"value\":1}]}]}}}}",
	    TYPE "number into Go struct field EnvVar.spec.template.spec.containers.env.value of "
		 "type string (did you mean \"1\"? quote it)");
	CHECK_JOB("\"metadata\":{\"labels\":{\"a\":1}}}",
	    TYPE "number into Go struct field ObjectMeta.metadata.labels of type string (did you "
		 "mean \"1\"? quote it)");
	CHECK_JOB("\"spec\":{\"template\":{\"spec\":{\"containers\":{}}}}}",
	    TYPE "object into Go struct field PodSpec.spec.template.spec.containers of type "
		 "[]v1.Container (a list is expected)");
	CHECK_JOB("\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"resources\":{\"limits\":"
		  "{\"cpu\":[1]}}}]}}}}",
	    "Job in version \"v1\" cannot be handled as a Job: quantities must match the regular "
	    "expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
	CHECK_JOB("\"spec\":[]}", TYPE "array into Go struct field Job.spec of type v1.JobSpec");
	CHECK_JOB("\"spec\":{\"template\":{\"spec\":{\"restartPolicy\":1}}}}",
	    TYPE "number into Go struct field PodSpec.spec.template.spec.restartPolicy of type "
		 "v1.RestartPolicy");
	CHECK_JOB("\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"args\":[\"a\",1]}]}}}}",
	    TYPE "number into Go struct field Container.spec.template.spec.containers.args of type "
		 "string (did you mean \"1\"? quote it)");
	CHECK_JOB(
	    "\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"command\":\"sleep 1\"}]}}}}",
	    TYPE "string into Go struct field Container.spec.template.spec.containers.command of "
		 "type []string (did you mean [\"sleep 1\"]?)");
	CHECK_JOB("\"spec\":{\"parallelism\":\"2\"}}",
	    TYPE "string into Go struct field JobSpec.spec.parallelism of type int32 (did you mean "
		 "2, without quotes?)");
	CHECK_JOB("\"spec\":{\"podFailurePolicy\":{\"rules\":[{\"onPodConditions\":[{\"status\":"
		  "true}]}]}}}",
	    TYPE "bool into Go struct field "
		 "PodFailurePolicyOnPodConditionsPattern.spec.podFailurePolicy.rules."
		 "onPodConditions.status of type v1.ConditionStatus (did you mean \"True\"?)");
}

TEST("a value of a wrong type has its exact place as the cause")
{
	const char *text = JOB "\"spec\":{\"template\":{\"spec\":{\"containers\":[{},{\"env\":[{"
			       "\"value\":1}]}]}}}}";
	auto_err e = {0};

	CHECK(
	    api_decode(kind_by_id(KIND_JOB), text, strlen(text), FIELDS_STRICT, NULL, &e) == NULL);
	CHECK_STR(json_str(json_first(json_get(e.details, "causes")), "field"),
	    "spec.template.spec.containers[1].env[0].value");
}

TEST("a field in the wrong place is told where it belongs")
{
	CHECK_JOB("\"restartPolicy\":\"Never\",\"spec\":{\"containers\":[],\"template\":{"
		  "\"backoffLimit\":1,\"spec\":{\"nothing\":1}}}}",
	    STRICT "unknown field \"restartPolicy\" (did you mean "
		   "\"spec.template.spec.restartPolicy\"?), unknown field \"spec.containers\" (did "
		   "you mean \"spec.template.spec.containers\"?), unknown field "
		   "\"spec.template.backoffLimit\" (did you mean \"spec.backoffLimit\"?), unknown "
		   "field \"spec.template.spec.nothing\"");
}

TEST("nulls and values that mean absence vanish, pointers to zero stay")
{
	CHECK_JOB("\"metadata\":{\"name\":\"a\",\"creationTimestamp\":null,\"labels\":{}},\"spec\":"
		  "{\"parallelism\":0,"
		  "\"suspend\":false,\"template\":{\"spec\":{\"hostNetwork\":false,\"containers\":["
		  "{\"name\":\"c\","
		  "\"args\":[],\"workingDir\":\"\",\"env\":[{\"name\":\"A\",\"value\":\"\"}]}],"
		  "\"volumes\":[]}}},"
		  "\"status\":{}}",
	    JOB "\"metadata\":{\"name\":\"a\"},\"spec\":{\"parallelism\":0,\"suspend\":false,"
		"\"template\":{\"spec\":"
		"{\"containers\":[{\"name\":\"c\",\"env\":[{\"name\":\"A\"}]}]}}},\"status\":{}}");
}

TEST("quantities and times are stored in canonical form")
{
	auto_free char *pod = decode(KIND_POD,
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"creationTimestamp\":\"2026-01-"
	    "02T04:04:05.5+01:00\"},"
	    "\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"limits\":{\"cpu\":1,"
	    "\"memory\":\"1024Mi\"}}}]}}",
	    FIELDS_STRICT, NULL);
	auto_free char *bad = decode(KIND_POD,
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"overhead\":{\"cpu\":\"1x\"}}}",
	    FIELDS_STRICT, NULL);

	CHECK_STR(pod, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"
		       "\"creationTimestamp\":\"2026-01-02T03:04:05Z\"},\"spec\":"
		       "{\"containers\":[{\"name\":\"c\",\"resources\":{\"limits\":{\"cpu\":\"1\","
		       "\"memory\":\"1Gi\"}}}]}}");
	CHECK_STR(bad, "Pod in version \"v1\" cannot be handled as a Pod: quantities must match "
		       "the regular expression "
		       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

TEST("a body without type is of its path's; one of another type, or no object, says so")
{
	auto_free char *no_kind =
	    decode(KIND_JOB, "{\"apiVersion\":\"batch/v1\"}", FIELDS_STRICT, NULL);
	auto_free char *typo =
	    decode(KIND_JOB, "{\"apiVersio\":\"batch/v1\",\"kind\":\"Job\"}", FIELDS_STRICT, NULL);
	auto_free char *old = decode(
	    KIND_JOB, "{\"apiVersion\":\"batch/v1beta1\",\"kind\":\"Job\"}", FIELDS_STRICT, NULL);
	auto_free char *list = decode(KIND_JOB, "[]", FIELDS_STRICT, NULL);
	auto_free char *broken = decode(KIND_JOB, "{", FIELDS_STRICT, NULL);

	CHECK_STR(no_kind, "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\"}");
	CHECK_STR(typo, STRICT "unknown field \"apiVersio\" (did you mean \"apiVersion\"?)");
	CHECK_STR(old, "the API version in the data (batch/v1beta1) does not match the expected "
		       "API version (batch/v1)");
	CHECK_STR(list, "Job in version \"v1\" cannot be handled as a Job: json: cannot unmarshal "
			"array into Go value of "
			"type v1.Job");
	CHECK(str_has_prefix(broken,
	    "the object provided is unrecognized (must be of type Job): json parse error: "));
}

static size_t check_schema(const struct schema *s)
{
	size_t n = 0;

	for (const struct field *f = s->fields; f->name; f++, n++) {
		auto_err e = {0};
		auto_json *dflt = f->dflt ? json_parse(f->dflt, strlen(f->dflt), 0, &e) : NULL;
		auto_json *accept =
		    f->accept ? json_parse(f->accept, strlen(f->accept), 0, &e) : NULL;

		CHECK_STR(err_msg(&e), "");
		CHECK(f->doc && *f->doc);
		CHECK((f->type == T_OBJECT || f->type == T_OBJECT_LIST) == (f->of != NULL));
		for (const struct field *g = f + 1; g->name; g++)
			CHECK(!str_eq(f->name, g->name));
		if (f->merge_key)
			CHECK(schema_field(f->of, f->merge_key));
		if (f->of)
			n += check_schema(f->of);
	}
	CHECK(n > 0);
	return n;
}

TEST("the schema tables are consistent")
{
	size_t n = 0;

	for (int i = 0; i < KIND_COUNT; i++)
		n += check_schema(kind_by_id(i)->schema);
	CHECK(n > 1000);
}

static void quantity(const char *text, const char *canonical, int64_t milli)
{
	auto_err e = {0};
	char *got = NULL;
	int64_t value = 0;

	if (quantity_parse(text, &got, &value, &e) < 0) {
		CHECK_STR(NULL, canonical);
		return;
	}
	CHECK_STR(got, canonical);
	CHECK_INT(value, milli);
	free(got);
}

TEST("quantities have one canonical form each")
{
	quantity("1000m", "1", 1000);
	quantity("0.5", "500m", 500);
	quantity("100m", "100m", 100);
	quantity("1024Mi", "1Gi", INT64_C(1073741824000));
	quantity("1.5Gi", "1536Mi", INT64_C(1610612736000));
	quantity("1.51Gi", "1621350154240m", INT64_C(1621350154240));
	quantity("0.5Ki", "512", 512000);
	quantity("1.953125Ki", "2000", 2000000);
	quantity("1e3", "1e3", 1000000);
	quantity("12E6", "12e6", INT64_C(12000000000));
	quantity("2000k", "2M", INT64_C(2000000000));
	quantity("-1500m", "-1500m", -1500);
	quantity("+3", "3", 3000);
	quantity("0", "0", 0);
	quantity("0.0000000001", "1n", 1);
	quantity("99999999999999999999999999999E", "9223372036854775807", INT64_MAX);
	quantity("1Ei", "1Ei", INT64_MAX);
	quantity("1x", NULL, 0);
	quantity("", NULL, 0);
	quantity(".", NULL, 0);
	quantity("1.2.3", NULL, 0);
	quantity("1 ", NULL, 0);
}

int main(void)
{
	return test_main();
}
