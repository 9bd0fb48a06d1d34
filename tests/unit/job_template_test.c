#include "../../controller/loops/job_template.h"
#include "../../controller/api/api.h"

#include "test.h"

#define LONG_NAME "a-job-whose-name-is-as-long-as-an-indexed-one-may-have-it"

static json *parse(const char *text)
{
	json *j = json_parse(text, strlen(text), JSON_PARSE_STRICT, NULL);

	CHECK(j != NULL);
	return j;
}

/* A job of this name with extra members of its spec ("" or with a comma at the end). */
static json *job(const char *name, const char *spec, const char *template)
{
	auto_free char *text =
	    xasprintf("{\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns\",\"uid\":\"u-1\"},"
		      "\"spec\":{%s\"template\":%s}}",
		name, spec, template);

	return parse(text);
}

static const char plain[] = "{\"metadata\":{\"labels\":{\"app\":\"x\"},\"name\":\"no\","
			    "\"creationTimestamp\":null,\"annotations\":{\"n\":\"v\"}},"
			    "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}";

#define INDEX_VAR                                                                        \
	"{\"name\":\"JOB_COMPLETION_INDEX\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":" \
	"\"metadata.labels['batch.kubernetes.io/job-completion-index']\"}}}"

static const struct job_new_pod not_indexed = {.index = -1};

static void check_json(const json *got, const char *want)
{
	auto_free char *text = json_print(got);
	auto_json *wanted = parse(want);

	if (!json_equal(got, wanted))
		CHECK_STR(text, want);
}

static void check_base(const char *name, int64_t index, const char *want)
{
	auto_json *j = job(name, "", plain);
	auto_json *pod = job_template_pod(j, &(struct job_new_pod){.index = index});

	CHECK_STR(json_str(pod, "metadata.generateName"), want);
}

TEST("J11: a pod has its job as controller, the tracking finalizer and a name made from the job's")
{
	auto_json *j = job("job", "", plain);
	auto_json *pod = job_template_pod(j, &not_indexed);

	check_json(json_get(pod, "metadata"),
	    "{\"labels\":{\"app\":\"x\"},\"annotations\":{\"n\":\"v\"},\"generateName\":\"job-\","
	    "\"ownerReferences\":[{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"name\":\"job\","
	    "\"uid\":\"u-1\",\"controller\":true,\"blockOwnerDeletion\":true}],"
	    "\"finalizers\":[\"batch.kubernetes.io/job-tracking\"]}");
	check_json(json_get(pod, "spec"), "{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}");
	CHECK_STR(json_str(pod, "kind"), "Pod");
}

TEST("finalizers of the template are kept, and the tracking one is not doubled")
{
	auto_json *j = job("job", "",
	    "{\"metadata\":{\"finalizers\":[\"a/b\",\"batch.kubernetes.io/job-tracking\"]},"
	    "\"spec\":{}}");
	auto_json *pod = job_template_pod(j, &not_indexed);

	check_json(json_path(pod, "metadata.finalizers"),
	    "[\"a/b\",\"batch.kubernetes.io/job-tracking\"]");
}

TEST("I01: label, annotation, environment, hostname and name of a pod tell its index")
{
	auto_json *j = job("job", "", plain);
	auto_json *pod = job_template_pod(j, &(struct job_new_pod){.index = 3});

	CHECK_STR(json_str(pod, "metadata.generateName"), "job-3-");
	CHECK_STR(json_str(pod, "spec.hostname"), "job-3");
	check_json(json_path(pod, "metadata.labels"),
	    "{\"app\":\"x\",\"batch.kubernetes.io/job-completion-index\":\"3\"}");
	check_json(json_path(pod, "metadata.annotations"),
	    "{\"n\":\"v\",\"batch.kubernetes.io/job-completion-index\":\"3\"}");
	check_json(
	    json_get(json_at(json_path(pod, "spec.containers"), 0), "env"), "[" INDEX_VAR "]");
}

TEST("I01: a hostname of the template gives way to that of the index")
{
	auto_json *j = job("job", "", "{\"spec\":{\"hostname\":\"mine\",\"containers\":[]}}");
	auto_json *pod = job_template_pod(j, &(struct job_new_pod){.index = 0});
	auto_json *other = job_template_pod(j, &not_indexed);

	CHECK_STR(json_str(pod, "spec.hostname"), "job-0");
	CHECK_STR(json_str(other, "spec.hostname"), "mine");
}

TEST("I04: a container's own JOB_COMPLETION_INDEX is not overwritten")
{
	auto_json *j = job("job", "",
	    "{\"spec\":{\"containers\":["
	    "{\"name\":\"a\",\"env\":[{\"name\":\"JOB_COMPLETION_INDEX\",\"value\":\"x\"}]},"
	    "{\"name\":\"b\",\"env\":[{\"name\":\"A\",\"value\":\"1\"}]}]}}");
	auto_json *pod = job_template_pod(j, &(struct job_new_pod){.index = 1});
	const json *containers = json_path(pod, "spec.containers");

	check_json(json_get(json_at(containers, 0), "env"),
	    "[{\"name\":\"JOB_COMPLETION_INDEX\",\"value\":\"x\"}]");
	check_json(json_get(json_at(containers, 1), "env"),
	    "[{\"name\":\"A\",\"value\":\"1\"}," INDEX_VAR "]");
}

TEST("I05: init containers know the index too")
{
	auto_json *j = job("job", "",
	    "{\"spec\":{\"initContainers\":[{\"name\":\"p\"}],\"containers\":[{\"name\":\"c\"}]}}");
	auto_json *pod = job_template_pod(j, &(struct job_new_pod){.index = 1});

	check_json(
	    json_get(json_at(json_path(pod, "spec.initContainers"), 0), "env"), "[" INDEX_VAR "]");
}

TEST("I10: with backoffLimitPerIndex a pod carries the failures of its index")
{
	auto_json *j = job("job", "\"backoffLimitPerIndex\":1,", plain);
	auto_json *first = job_template_pod(j, &(struct job_new_pod){.index = 1});
	auto_json *second =
	    job_template_pod(j, &(struct job_new_pod){.index = 1, .failures = 1, .ignored = 2});

	check_json(json_path(first, "metadata.annotations"),
	    "{\"n\":\"v\",\"batch.kubernetes.io/job-completion-index\":\"1\","
	    "\"batch.kubernetes.io/job-index-failure-count\":\"0\"}");
	check_json(json_path(second, "metadata.annotations"),
	    "{\"n\":\"v\",\"batch.kubernetes.io/job-completion-index\":\"1\","
	    "\"batch.kubernetes.io/job-index-failure-count\":\"1\","
	    "\"batch.kubernetes.io/job-index-ignored-failure-count\":\"2\"}");
}

TEST("the base of an indexed pod's name is at most 58 characters: the job's name is cut")
{
	auto_free char *name = NULL;

	check_base("job", 99999, "job-99999-");
	CHECK_INT(strlen(LONG_NAME), 57);
	check_base(LONG_NAME, 7, "a-job-whose-name-is-as-long-as-an-indexed-one-may-have--7-");
	check_base(LONG_NAME, 1234, "a-job-whose-name-is-as-long-as-an-indexed-one-may-ha-1234-");
	name = api_generate_name("a-job-whose-name-is-as-long-as-an-indexed-one-may-ha-1234-");
	CHECK_INT(strlen(name), 63);
}

int main(void)
{
	return test_main();
}
