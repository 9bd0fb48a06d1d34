/* What PUT changes, what it leaves alone, and how a deletion with finalizers ends. */
#include "server_fixture.h"

#define MERGE "Content-Type: application/merge-patch+json\r\n"

/* GET, an edit by dotted path, and PUT of the result. VALUE: JSON; NULL: remove the member. */
static void put(
    struct fixture *f, struct answer *a, const char *path, const char *member, const char *value)
{
	auto_free char *text = NULL;

	request(f, a, "GET", path, NULL);
	CHECK_INT(a->status, 200);
	if (value)
		json_set_path(a->json, member, json_parse(value, strlen(value), 0, NULL));
	else
		json_del_path(a->json, member);
	text = json_print(a->json);
	request(f, a, "PUT", path, text);
}

TEST("PUT changes spec and metadata, never status and system metadata")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *uid = NULL;

	fixture_open(&f);
	create_job(&f, "j", "");
	request(&f, &a, "GET", JOBS "/j", NULL);
	uid = xstrdup(json_str_or(a.json, "metadata.uid", ""));
	put(&f, &a, JOBS "/j", "spec.parallelism", "3");
	CHECK_INT(a.status, 200);
	CHECK_INT(json_int(a.json, "spec.parallelism", 0), 3);
	CHECK_INT(json_int(a.json, "metadata.generation", 0), 2);
	put(&f, &a, JOBS "/j", "metadata.annotations", "{\"a\":\"b\"}");
	CHECK_INT(json_int(a.json, "metadata.generation", 0), 2);
	put(&f, &a, JOBS "/j", "status", "{\"active\":9}");
	CHECK_INT(a.status, 200);
	CHECK(!json_has(a.json, "status.active"));
	put(&f, &a, JOBS "/j", "metadata.generation", "77");
	CHECK_INT(json_int(a.json, "metadata.generation", 0), 2);
	put(&f, &a, JOBS "/j", "metadata.creationTimestamp", "\"2001-01-01T00:00:00Z\"");
	CHECK(!str_eq(json_str(a.json, "metadata.creationTimestamp"), "2001-01-01T00:00:00Z"));
	put(&f, &a, JOBS "/j", "metadata.deletionTimestamp", "\"2001-01-01T00:00:00Z\"");
	CHECK(!json_has(a.json, "metadata.deletionTimestamp"));
	CHECK_STR(json_str(a.json, "metadata.uid"), uid);
	fixture_close(&f);
}

TEST("PUT without a version or UID is unconditional, with another one it is a conflict")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *text = NULL;

	fixture_open(&f);
	create_job(&f, "j", "");
	put(&f, &a, JOBS "/j", "metadata.resourceVersion", NULL);
	CHECK_INT(a.status, 200);
	put(&f, &a, JOBS "/j", "metadata.uid", NULL);
	CHECK_INT(a.status, 200);
	put(&f, &a, JOBS "/j", "metadata.resourceVersion", "\"1\"");
	CHECK_INT(a.status, 409);
	CHECK_STR(json_str(a.json, "message"),
	    "Operation cannot be fulfilled on jobs.batch \"j\": the object has been modified; "
	    "please "
	    "apply your changes to the latest version and try again");
	put(&f, &a, JOBS "/j", "metadata.uid", "\"other\"");
	CHECK_INT(a.status, 409);
	CHECK(strstr(json_str_or(a.json, "message", ""),
		  "Precondition failed: UID in precondition: other, UID in object meta: ") != NULL);
	text = job_text("new", "");
	request(&f, &a, "PUT", JOBS "/new", text);
	CHECK_INT(a.status, 404);
	fixture_close(&f);
}

TEST("the manifest that a Job was made from is no replacement for it: it lacks the selector")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *text = job_text("j", "");

	fixture_open(&f);
	create_job(&f, "j", "");
	request(&f, &a, "PUT", JOBS "/j", text);
	CHECK_INT(a.status, 422);
	CHECK(str_has_prefix(json_str_or(a.json, "message", ""),
	    "Job.batch \"j\" is invalid: [spec.selector: Required value, "));
	CHECK(
	    strstr(json_str_or(a.json, "message", ""), "spec.template: Invalid value: {") != NULL);
	fixture_close(&f);
}

TEST("V05 a template cannot change, and the answer says so; the rest of the Job can")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "j", "");
	put(&f, &a, JOBS "/j", "spec.template.spec.terminationGracePeriodSeconds", "5");
	CHECK_INT(a.status, 422);
	CHECK(str_has_suffix(json_str_or(a.json, "message", ""), "}: field is immutable"));
	CHECK_STR(
	    json_str(json_first(json_path(a.json, "details.causes")), "field"), "spec.template");
	put(&f, &a, JOBS "/j", "spec.suspend", "true");
	CHECK_INT(a.status, 200);
	/* U05: nothing has started yet. */
	put(&f, &a, JOBS "/j", "spec.template.metadata.labels.color", "\"red\"");
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "spec.template.metadata.labels.color"), "red");
	put(&f, &a, JOBS "/j", "spec.template.metadata.labels.job-name", "\"k\"");
	CHECK_INT(a.status, 422);
	fixture_close(&f);
}

TEST("a deletion waits for the finalizers, takes no new ones, and ends with the last")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "j", ",\"finalizers\":[\"a.io/one\",\"a.io/two\"]");
	request(&f, &a, "DELETE", JOBS "/j?propagationPolicy=Background", NULL);
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "kind"), "Job");
	CHECK(json_has(a.json, "metadata.deletionTimestamp"));
	put(&f, &a, JOBS "/j", "metadata.finalizers", "[\"a.io/one\",\"a.io/two\",\"a.io/three\"]");
	CHECK_INT(a.status, 422);
	CHECK_STR(json_str(a.json, "message"),
	    "Job.batch \"j\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be "
	    "added if the object is being deleted, found new finalizers []string{\"a.io/three\"}");
	put(&f, &a, JOBS "/j", "metadata.finalizers", "[\"a.io/two\"]");
	CHECK_INT(a.status, 200);
	put(&f, &a, JOBS "/j", "metadata.deletionTimestamp", NULL);
	CHECK(json_has(a.json, "metadata.deletionTimestamp"));
	request_with(&f, &a, "PATCH", JOBS "/j", MERGE, "{\"metadata\":{\"finalizers\":null}}");
	CHECK_INT(a.status, 200);
	request(&f, &a, "GET", JOBS "/j", NULL);
	CHECK_INT(a.status, 404);
	fixture_close(&f);
}

TEST("finalizers and owners are checked like other names")
{
	static const struct {
		const char *member, *value, *message;
	} cases[] = {
	    {"metadata.finalizers", "[\"x y\"]", "metadata.finalizers: Invalid value: \"x y\": "},
	    {"metadata.ownerReferences", "[{\"kind\":\"Job\",\"name\":\"x\",\"uid\":\"u\"}]",
		"metadata.ownerReferences[0].apiVersion: Invalid value: \"\": version must not be "
		"empty"},
	    {"metadata.ownerReferences",
		"[{\"apiVersion\":\"v1\",\"kind\":\"A\",\"name\":\"x\",\"uid\":\"u\","
		"\"controller\":"
		"true},{\"apiVersion\":\"v1\",\"kind\":\"A\",\"name\":\"y\",\"uid\":\"v\","
		"\"controller\":true}]",
		"Only one reference can have Controller set to true. Found \"true\" in references "
		"for"},
	    {"metadata.ownerReferences",
		"[{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"x\",\"uid\":\"u\"}]",
		"/v1, Kind=Event is disallowed from being an owner"},
	    {"metadata.labels", "{\"a b\":\"c\"}", "metadata.labels: Invalid value: \"a b\": "},
	    {"metadata.annotations", "{\"a b\":\"c\"}",
		"metadata.annotations: Invalid value: \"a b\": "},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "j", "");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(&f, &a, JOBS "/j", cases[i].member, cases[i].value);
		CHECK_INT(a.status, 422);
		CHECK(strstr(json_str_or(a.json, "message", ""), cases[i].message) != NULL);
		if (!strstr(json_str_or(a.json, "message", ""), cases[i].message))
			printf("# %s\n", json_str_or(a.json, "message", ""));
	}
	request(&f, &a, "POST", "/api/v1/namespaces/default/configmaps",
	    "{\"metadata\":{\"generateName\":\"A_\"}}");
	CHECK_INT(a.status, 422);
	CHECK(strstr(buf_str(&a.body), "metadata.generateName: Invalid value: \\\"A_\\\": a ") !=
	      NULL);
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
