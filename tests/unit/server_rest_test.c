/* The API server: objects, lists, tables, discovery. */
#include <sys/resource.h>

#include "server_fixture.h"

#define TABLE "Accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json\r\n"
#define MERGE "Content-Type: application/merge-patch+json\r\n"

TEST("a job is created, read, listed, updated and deleted")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *text = job_text("one", "");
	auto_free char *changed = NULL;

	fixture_open(&f);
	request(&f, &a, "POST", JOBS, text);
	CHECK_INT(a.status, 201);
	CHECK_STR(json_str(a.json, "metadata.name"), "one");
	CHECK_STR(json_str(a.json, "metadata.namespace"), "default");
	CHECK(json_str(a.json, "metadata.uid") != NULL);
	CHECK_STR(answer_header(&a, "Content-Type"), "application/json");
	CHECK_STR(answer_header(&a, "Kjob-Version"), "9.9.9");
	request(&f, &a, "POST", JOBS, text);
	CHECK_INT(a.status, 409);
	CHECK_STR(json_str(a.json, "reason"), "AlreadyExists");
	CHECK_STR(json_str(a.json, "message"), "jobs.batch \"one\" already exists");

	request(&f, &a, "GET", JOBS "/one", NULL);
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "kind"), "Job");
	json_set_path(a.json, "metadata.labels.color", json_new_string("red"));
	changed = json_print(a.json);
	request(&f, &a, "PUT", JOBS "/one", changed);
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "metadata.labels.color"), "red");
	request(&f, &a, "PUT", JOBS "/one", changed);
	CHECK_INT(a.status, 409);
	CHECK_STR(json_str(a.json, "reason"), "Conflict");

	request(&f, &a, "GET", JOBS, NULL);
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "kind"), "JobList");
	CHECK_INT(json_len(json_path(a.json, "items")), 1);
	CHECK(json_str(a.json, "metadata.resourceVersion") != NULL);
	request(&f, &a, "DELETE", JOBS "/one?propagationPolicy=Background", NULL);
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "status"), "Success");
	CHECK_STR(json_str(a.json, "details.kind"), "jobs");
	request(&f, &a, "GET", JOBS "/one", NULL);
	CHECK_INT(a.status, 404);
	CHECK_STR(json_str(a.json, "message"), "jobs.batch \"one\" not found");
	fixture_close(&f);
}

TEST("a merge patch changes what it names")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "one", ",\"labels\":{\"a\":\"1\",\"b\":\"2\"}");
	request_with(&f, &a, "PATCH", JOBS "/one", MERGE,
	    "{\"metadata\":{\"labels\":{\"a\":null,\"c\":\"3\"}}}");
	CHECK_INT(a.status, 200);
	CHECK(json_str(a.json, "metadata.labels.a") == NULL);
	CHECK_STR(json_str(a.json, "metadata.labels.b"), "2");
	CHECK_STR(json_str(a.json, "metadata.labels.c"), "3");
	request_with(&f, &a, "PATCH", JOBS "/one", MERGE, "{\"metadata\":");
	CHECK_INT(a.status, 400);
	request_with(&f, &a, "PATCH", JOBS "/one", MERGE, "[]");
	CHECK_INT(a.status, 400);
	request_with(
	    &f, &a, "PATCH", JOBS "/one", MERGE, "{\"metadata\":{\"resourceVersion\":\"1\"}}");
	CHECK_INT(a.status, 409);
	request_with(&f, &a, "PATCH", JOBS "/one", MERGE, "{\"metadata\":{\"name\":\"two\"}}");
	CHECK_INT(a.status, 400);
	request_with(&f, &a, "PATCH", JOBS "/two", MERGE, "{}");
	CHECK_INT(a.status, 404);
	fixture_close(&f);
}

#define JSON_PATCH "Content-Type: application/json-patch+json\r\n"
#define STRATEGIC "Content-Type: application/strategic-merge-patch+json; charset=utf-8\r\n"

TEST("all kinds of patches change objects; others are refused with what is accepted")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "one", "");
	request_with(&f, &a, "PATCH", JOBS "/one", JSON_PATCH,
	    "[{\"op\":\"test\",\"path\":\"/spec/parallelism\",\"value\":1},"
	    "{\"op\":\"replace\",\"path\":\"/spec/parallelism\",\"value\":4}]");
	CHECK_INT(a.status, 200);
	CHECK_INT(json_int(a.json, "spec.parallelism", 0), 4);
	CHECK_INT(json_int(a.json, "metadata.generation", 0), 2);
	request_with(&f, &a, "PATCH", JOBS "/one", JSON_PATCH,
	    "[{\"op\":\"test\",\"path\":\"/spec/parallelism\",\"value\":1}]");
	CHECK_INT(a.status, 422);
	CHECK_STR(json_str(a.json, "message"),
	    "the server rejected our request due to an error in our request: testing value "
	    "/spec/parallelism failed: test failed");
	request_with(&f, &a, "PATCH", JOBS "/one?dryRun=All&fieldManager=me", STRATEGIC,
	    "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"main\"}]}},"
	    "\"parallelism\":7}}");
	CHECK_INT(a.status, 200);
	CHECK_INT(json_int(a.json, "spec.parallelism", 0), 7);
	request_with(&f, &a, "PATCH", JOBS "/one", STRATEGIC,
	    "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"x\"}"
	    "]}}}}");
	CHECK_INT(a.status, 422);
	CHECK(strstr(json_str_or(a.json, "message", ""), "field is immutable") != NULL);
	request(&f, &a, "GET", JOBS "/one", NULL);
	CHECK_INT(json_int(a.json, "spec.parallelism", 0), 4);

	request_with(&f, &a, "PATCH", JOBS "/one?force=true", STRATEGIC, "{}");
	CHECK_INT(a.status, 422);
	CHECK_STR(json_str(a.json, "message"),
	    "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for "
	    "non-apply patch");
	request_with(&f, &a, "PATCH", JOBS "/one", "Content-Type: application/json\r\n", "{}");
	CHECK_INT(a.status, 415);
	CHECK_STR(json_str(a.json, "message"),
	    "the body of the request was in an unknown format - accepted media types include: "
	    "application/json-patch+json, application/merge-patch+json, "
	    "application/strategic-merge-patch+json, application/apply-patch+yaml");
	request_with(&f, &a, "PATCH", JOBS "/one", "", "{}");
	CHECK_INT(a.status, 415);
	request_with(&f, &a, "PATCH", JOBS "/one?fieldValidation=Strict", MERGE,
	    "{\"spec\":{\"suspended\":true}}");
	CHECK_INT(a.status, 422);
	CHECK(
	    strstr(json_str_or(a.json, "message", ""), "unknown field \"spec.suspended\"") != NULL);
	request_with(&f, &a, "PATCH", JOBS "/one", MERGE, "{\"spec\":{\"suspended\":true}}");
	CHECK_INT(a.status, 200);
	CHECK(strstr(answer_header(&a, "Warning") ? answer_header(&a, "Warning") : "",
		  "unknown field \\\"spec.suspended\\\"") != NULL);
	request_with(&f, &a, "PATCH", JOBS "/one", JSON_PATCH,
	    "[{\"op\":\"add\",\"path\":\"/metadata/resourceVersion\",\"value\":\"1\"}]");
	CHECK_INT(a.status, 409);
	request_with(&f, &a, "PATCH", JOBS "/two", STRATEGIC, "{}");
	CHECK_INT(a.status, 404);
	fixture_close(&f);
}

TEST("pods change labels, owners and finalizers by each kind of patch")
{
	static const struct {
		const char *type, *patch;
	} cases[] = {
	    {MERGE, "{\"metadata\":{\"ownerReferences\":null,\"labels\":{\"job\":null}}}"},
	    {STRATEGIC,
		"{\"metadata\":{\"ownerReferences\":[{\"$patch\":\"delete\",\"uid\":\"u\"}],"
		"\"labels\":{\"job\":null}}}"},
	    {JSON_PATCH, "[{\"op\":\"remove\",\"path\":\"/metadata/ownerReferences\"},"
			 "{\"op\":\"remove\",\"path\":\"/metadata/labels/job\"}]"},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *path = xasprintf(PODS "/p%zu", i), *name = xasprintf("p%zu", i);
		auto_free char *text = pod_text(name,
		    ",\"labels\":{\"job\":\"x\",\"a\":\"b\"},\"ownerReferences\":[{\"apiVersion\":"
		    "\"batch/v1\",\"kind\":\"Job\",\"name\":\"x\",\"uid\":\"u\","
		    "\"controller\":true}]");

		request(&f, &a, "POST", PODS, text);
		CHECK_INT(a.status, 201);
		request_with(&f, &a, "PATCH", path, cases[i].type, cases[i].patch);
		CHECK_INT(a.status, 200);
		CHECK(!json_has(a.json, "metadata.ownerReferences"));
		CHECK(json_str(a.json, "metadata.labels.job") == NULL);
		CHECK_STR(json_str(a.json, "metadata.labels.a"), "b");
		request_with(&f, &a, "PATCH", path, STRATEGIC,
		    "{\"metadata\":{\"finalizers\":[\"a.io/b\"]}}");
		CHECK_INT(json_len(json_path(a.json, "metadata.finalizers")), 1);
	}
	fixture_close(&f);
}

TEST("the status of a Job is kept from breaking its promises")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "one", "");
	request_with(&f, &a, "PATCH", JOBS "/one/status", STRATEGIC,
	    "{\"spec\":{\"parallelism\":9},\"status\":{\"active\":2,\"failed\":1,"
	    "\"startTime\":\"2026-01-01T00:00:00Z\"}}");
	CHECK_INT(a.status, 200);
	CHECK_INT(json_int(a.json, "status.active", 0), 2);
	CHECK_INT(json_int(a.json, "spec.parallelism", 0), 1);
	CHECK_INT(json_int(a.json, "metadata.generation", 0), 1);
	request_with(&f, &a, "PATCH", JOBS "/one/status", JSON_PATCH,
	    "[{\"op\":\"replace\",\"path\":\"/status/failed\",\"value\":0}]");
	CHECK_INT(a.status, 422);
	CHECK_STR(json_str(a.json, "message"),
	    "Job.batch \"one\" is invalid: status.failed: Invalid "
	    "value: 0: cannot decrease the failed counter");
	request_with(&f, &a, "PATCH", JOBS "/one", MERGE, "{\"status\":{\"failed\":0}}");
	CHECK_INT(a.status, 200);
	CHECK_INT(json_int(a.json, "status.failed", 0), 1);
	fixture_close(&f);
}

TEST("status is changed through its subresource only")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_pod(&f, "p");
	request_with(
	    &f, &a, "PATCH", PODS "/p/status", MERGE, "{\"status\":{\"message\":\"hello\"}}");
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "status.message"), "hello");
	request(&f, &a, "GET", PODS "/p/status", NULL);
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "status.message"), "hello");
	request(&f, &a, "GET", PODS "/p/scale", NULL);
	CHECK_INT(a.status, 404);
	fixture_close(&f);
}

TEST("names on the path and in the body must agree")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *other = job_text("other", ""),
		       *elsewhere = job_text("one", ",\"namespace\":\"x\"");

	fixture_open(&f);
	create_job(&f, "one", "");
	request(&f, &a, "PUT", JOBS "/one", other);
	CHECK_INT(a.status, 400);
	CHECK_STR(json_str(a.json, "message"),
	    "the name of the object (other) does not match the name on the URL (one)");
	request(&f, &a, "PUT", JOBS "/one", elsewhere);
	CHECK_INT(a.status, 400);
	request(&f, &a, "POST", "/apis/batch/v1/namespaces/nowhere/jobs", other);
	CHECK_INT(a.status, 404);
	CHECK_STR(json_str(a.json, "message"), "namespaces \"nowhere\" not found");
	fixture_close(&f);
}

TEST("unknown fields are errors, warnings or nothing, as the client asks")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *one = job_text("one", ",\"nmae\":\"x\"");

	fixture_open(&f);
	request(&f, &a, "POST", JOBS "?fieldValidation=Strict", one);
	CHECK_INT(a.status, 400);
	CHECK(
	    strstr(json_str_or(a.json, "message", ""), "unknown field \"metadata.nmae\"") != NULL);
	request(&f, &a, "POST", JOBS "?fieldValidation=Maybe", one);
	CHECK_INT(a.status, 422);
	request(&f, &a, "POST", JOBS "?fieldValidation=Warn&dryRun=All", one);
	CHECK_INT(a.status, 201);
	CHECK(strstr(answer_header(&a, "Warning") ? answer_header(&a, "Warning") : "",
		  "299 - \"unknown field \\\"metadata.nmae\\\"") != NULL);
	request(&f, &a, "POST", JOBS "?fieldValidation=Ignore&dryRun=All", one);
	CHECK_INT(a.status, 201);
	CHECK(answer_header(&a, "Warning") == NULL);
	request(&f, &a, "GET", JOBS "/one", NULL);
	CHECK_INT(a.status, 404);
	request(&f, &a, "POST", JOBS "?dryRun=Some", one);
	CHECK_INT(a.status, 422);
	fixture_close(&f);
}

TEST("lists select by labels and fields, over one namespace or all")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "a", ",\"labels\":{\"color\":\"red\"}");
	create_job(&f, "b", ",\"labels\":{\"color\":\"blue\"}");
	request(&f, &a, "GET", "/apis/batch/v1/jobs?labelSelector=color%3Dred", NULL);
	CHECK_INT(json_len(json_path(a.json, "items")), 1);
	request(&f, &a, "GET", JOBS "?labelSelector=color%20in%20(red,blue)", NULL);
	CHECK_INT(json_len(json_path(a.json, "items")), 2);
	request(&f, &a, "GET", JOBS "?fieldSelector=metadata.name%3Db", NULL);
	CHECK_INT(json_len(json_path(a.json, "items")), 1);
	request(&f, &a, "GET", JOBS "?fieldSelector=spec.nothing%3Db", NULL);
	CHECK_INT(a.status, 400);
	CHECK(strstr(json_str_or(a.json, "message", ""),
		  "field label not supported: spec.nothing") != NULL);
	request(&f, &a, "GET", JOBS "?labelSelector=%3D%3D", NULL);
	CHECK_INT(a.status, 400);
	request(&f, &a, "GET", "/apis/batch/v1/namespaces/nowhere/jobs", NULL);
	CHECK_INT(a.status, 200);
	CHECK_INT(json_len(json_path(a.json, "items")), 0);
	request(&f, &a, "GET", JOBS "?resourceVersion=999999", NULL);
	CHECK_INT(a.status, 504);
	request(&f, &a, "GET", JOBS "?resourceVersion=x", NULL);
	CHECK_INT(a.status, 400);
	request(&f, &a, "GET", JOBS "?resourceVersionMatch=Exact", NULL);
	CHECK_INT(a.status, 422);
	fixture_close(&f);
}

TEST("versions of the future are refused with the cause that informers look for")
{
	static const char *const paths[] = {JOBS "?resourceVersion=", JOBS "/one?resourceVersion="};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "one", "");
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		auto_free char *now =
		    xasprintf("%s%llu", paths[i], (unsigned long long)store_rv(f.store));
		auto_free char *future = xasprintf("%s999999999", paths[i]);
		auto_free char *garbage = xasprintf("%sx", paths[i]);

		request(&f, &a, "GET", now, NULL);
		CHECK_INT(a.status, 200);
		request(&f, &a, "GET", future, NULL);
		CHECK_INT(a.status, 504);
		CHECK_STR(json_str(json_first(json_path(a.json, "details.causes")), "reason"),
		    "ResourceVersionTooLarge");
		request(&f, &a, "GET", garbage, NULL);
		CHECK_INT(a.status, 400);
	}
	fixture_close(&f);
}

TEST("a long list comes in pages")
{
	struct fixture f;
	auto_answer a = {0};
	char name[16];
	size_t seen = 0, pages = 0;
	auto_free char *path = xstrdup(JOBS "?limit=10");

	fixture_open(&f);
	for (int i = 0; i < 25; i++) {
		snprintf(name, sizeof(name), "job-%02d", i);
		create_job(&f, name, "");
	}
	for (;; pages++) {
		auto_free char *with_version = NULL;
		const char *token;

		request(&f, &a, "GET", path, NULL);
		CHECK_INT(a.status, 200);
		seen += json_len(json_path(a.json, "items"));
		token = json_str(a.json, "metadata.continue");
		if (!token || pages > 5)
			break;
		if (pages == 0)
			CHECK_INT(json_int(a.json, "metadata.remainingItemCount", -1), 15);
		free(path);
		path = xasprintf(JOBS "?limit=10&continue=%s", token);
		with_version = xasprintf("%s&resourceVersion=1", path);
		request(&f, &a, "GET", with_version, NULL);
		CHECK_INT(a.status, 400);
	}
	CHECK_INT(seen, 25);
	CHECK_INT(pages, 2);
	request(&f, &a, "GET", JOBS "?limit=-1", NULL);
	CHECK_INT(a.status, 400);
	/* a token of the second after the epoch: "1 1 default/job-19" */
	request(&f, &a, "GET", JOBS "?continue=MSAxIGRlZmF1bHQvam9iLTE5", NULL);
	CHECK_INT(a.status, 410);
	CHECK_STR(json_str(a.json, "reason"), "Expired");
	free(path);
	path = xasprintf(JOBS "?continue=%s", json_str_or(a.json, "metadata.continue", "?"));
	request(&f, &a, "GET", path, NULL);
	CHECK_INT(json_len(json_path(a.json, "items")), 5);
	fixture_close(&f);
}

TEST("a collection is deleted by selector, and the rest stays")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "a", ",\"labels\":{\"color\":\"red\"}");
	create_job(&f, "b", ",\"labels\":{\"color\":\"red\"}");
	create_job(&f, "c", "");
	request(&f, &a, "DELETE", JOBS "?labelSelector=color%3Dred",
	    "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"propagationPolicy\":"
	    "\"Background\"}");
	CHECK_INT(a.status, 200);
	CHECK_INT(json_len(json_path(a.json, "items")), 2);
	request(&f, &a, "GET", JOBS, NULL);
	CHECK_INT(json_len(json_path(a.json, "items")), 1);
	fixture_close(&f);
}

TEST("delete options are checked and honoured")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "a", "");
	request(&f, &a, "DELETE", JOBS "/a?propagationPolicy=Sideways", NULL);
	CHECK_INT(a.status, 422);
	request(&f, &a, "DELETE", JOBS "/a",
	    "{\"propagationPolicy\":\"Orphan\",\"orphanDependents\":true}");
	CHECK_INT(a.status, 422);
	CHECK(strstr(json_str_or(a.json, "message", ""), "cannot be both set") != NULL);
	request(&f, &a, "DELETE", JOBS "/a", "{\"gracePeriodSeconds\":-5}");
	CHECK_INT(a.status, 422);
	request(&f, &a, "DELETE", JOBS "/a", "{\"gracePeriodSeconds\":\"x\"}");
	CHECK_INT(a.status, 400);
	request(&f, &a, "DELETE", JOBS "/a", "nonsense");
	CHECK_INT(a.status, 400);
	request(&f, &a, "DELETE", JOBS "/a", "{\"kind\":\"Pod\"}");
	CHECK_INT(a.status, 400);
	request(&f, &a, "DELETE", JOBS "/a", "{\"preconditions\":{\"uid\":\"not-this-one\"}}");
	CHECK_INT(a.status, 409);
	request(&f, &a, "DELETE", JOBS "/a?dryRun=All", NULL);
	CHECK_INT(a.status, 200);
	request(&f, &a, "DELETE", JOBS "/a?propagationPolicy=Background", NULL);
	CHECK_INT(a.status, 200);
	fixture_close(&f);
}

TEST("D03 a Job that is deleted without a policy leaves its pods, with a warning")
{
	struct fixture f;
	auto_answer a = {0};
	const char *uid;

	fixture_open(&f);
	create_job(&f, "a", "");
	request(&f, &a, "GET", JOBS "/a", NULL);
	uid = json_str(a.json, "metadata.uid");
	{
		auto_free char *owner = xasprintf(
		    ",\"finalizers\":[\"batch.kubernetes.io/job-tracking\"],\"ownerReferences\":[{"
		    "\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"name\":\"a\",\"uid\":\"%s\","
		    "\"controller\":true}]",
		    uid);
		auto_free char *text = pod_text("p", owner);

		request(&f, &a, "POST", PODS, text);
		CHECK_INT(a.status, 201);
	}
	request(&f, &a, "DELETE", JOBS "/a", NULL);
	CHECK_INT(a.status, 200);
	CHECK_STR(answer_header(&a, "Warning"),
	    "299 - \"child pods are preserved by default when jobs are deleted; set "
	    "propagationPolicy=Background to remove them or set propagationPolicy=Orphan to "
	    "suppress "
	    "this warning\"");
	request(&f, &a, "GET", PODS "/p", NULL);
	CHECK_INT(a.status, 200);
	CHECK(!json_has(a.json, "metadata.ownerReferences"));
	CHECK(!json_has(a.json, "metadata.finalizers"));
	create_job(&f, "b", "");
	request(&f, &a, "DELETE", JOBS "/b?propagationPolicy=Orphan", NULL);
	CHECK(answer_header(&a, "Warning") == NULL);
	fixture_close(&f);
}

TEST("Jobs are selected by the number of their successes")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "a", "");
	create_job(&f, "b", "");
	request_with(&f, &a, "PATCH", JOBS "/b/status", MERGE, "{\"status\":{\"succeeded\":2}}");
	CHECK_INT(a.status, 200);
	request(&f, &a, "GET", JOBS "?fieldSelector=status.successful%3D2", NULL);
	CHECK_INT(json_len(json_path(a.json, "items")), 1);
	CHECK_STR(json_str(json_first(json_path(a.json, "items")), "metadata.name"), "b");
	request(&f, &a, "GET", JOBS "?fieldSelector=status.successful%3D0", NULL);
	CHECK_INT(json_len(json_path(a.json, "items")), 1);
	request(&f, &a, "GET", JOBS "?fieldSelector=status.successful!%3D1", NULL);
	CHECK_INT(json_len(json_path(a.json, "items")), 2);
	fixture_close(&f);
}

TEST("warnings of a creation name what may surprise")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *text = job_text("a.b", "");

	fixture_open(&f);
	request(&f, &a, "POST", JOBS, text);
	CHECK_INT(a.status, 201);
	CHECK_STR(answer_header(&a, "Warning"),
	    "299 - \"metadata.name: this is used in Pod names and hostnames, which can result in "
	    "surprising behavior; a DNS label is recommended: [must not contain dots]\"");
	fixture_close(&f);
}

TEST("tables are given to those who accept them, with the object as they ask")
{
	struct fixture f;
	auto_answer a = {0};
	const json *row;

	fixture_open(&f);
	create_job(&f, "one", "");
	request_with(&f, &a, "GET", JOBS, TABLE, NULL);
	CHECK_STR(json_str(a.json, "kind"), "Table");
	CHECK_STR(json_str(a.json, "apiVersion"), "meta.k8s.io/v1");
	CHECK(json_len(json_path(a.json, "columnDefinitions")) > 3);
	CHECK_INT(json_len(json_path(a.json, "rows")), 1);
	row = json_first(json_path(a.json, "rows"));
	CHECK_STR(json_string_value(json_first(json_get(row, "cells"))), "one");
	CHECK_STR(json_str(row, "object.kind"), "PartialObjectMetadata");
	request_with(&f, &a, "GET", JOBS "/one?includeObject=Object", TABLE, NULL);
	CHECK_STR(json_str(json_first(json_path(a.json, "rows")), "object.kind"), "Job");
	request_with(&f, &a, "GET", JOBS "/one?includeObject=None", TABLE, NULL);
	CHECK(!json_has(json_first(json_path(a.json, "rows")), "object"));
	request_with(&f, &a, "GET", JOBS "/one?includeObject=Some", TABLE, NULL);
	CHECK_INT(a.status, 400);
	request_with(&f, &a, "GET", JOBS, "Accept: application/vnd.kubernetes.protobuf\r\n", NULL);
	CHECK_INT(a.status, 406);
	request_with(&f, &a, "GET", JOBS,
	    "Accept: application/vnd.kubernetes.protobuf, application/json\r\n", NULL);
	CHECK_STR(json_str(a.json, "kind"), "JobList");
	request_with(&f, &a, "GET", JOBS "?pretty=true", "", NULL);
	CHECK(strstr(buf_str(&a.body), "\n  \"kind\": \"JobList\"") != NULL);
	fixture_close(&f);
}

TEST("discovery tells what is served")
{
	struct fixture f;
	auto_answer a = {0};
	bool log = false, jobs = false;

	fixture_open(&f);
	request(&f, &a, "GET", "/version", NULL);
	CHECK_STR(json_str(a.json, "gitVersion"), "v1.36.0+kjob-9.9.9");
	request(&f, &a, "GET", "/healthz", NULL);
	CHECK_STR(buf_str(&a.body), "ok");
	request(&f, &a, "GET", "/api", NULL);
	CHECK_STR(json_string_value(json_first(json_path(a.json, "versions"))), "v1");
	request(&f, &a, "GET", "/apis", NULL);
	CHECK_STR(json_str(json_first(json_path(a.json, "groups")), "name"), "batch");
	request(&f, &a, "GET", "/apis/batch", NULL);
	CHECK_STR(json_str(a.json, "preferredVersion.groupVersion"), "batch/v1");
	request(&f, &a, "GET", "/apis/batch/v1", NULL);
	json_for (r, json_path(a.json, "resources"))
		jobs |= str_eq(json_str(r, "name"), "jobs") &&
			str_eq(json_str(r, "singularName"), "job");
	request(&f, &a, "GET", "/api/v1", NULL);
	json_for (r, json_path(a.json, "resources"))
		log |= str_eq(json_str(r, "name"), "pods/log");
	CHECK(jobs && log);
	request(&f, &a, "GET", "/apis/nothing", NULL);
	CHECK_INT(a.status, 404);
	request(&f, &a, "GET", "/apis/batch/v9", NULL);
	CHECK_INT(a.status, 404);
	fixture_close(&f);
}

TEST("paths and methods that are not served are told apart")
{
	static const struct {
		const char *method, *path;
		int status;
	} cases[] = {
	    {"GET", "/nothing", 404},
	    {"GET", "/api/v1/things", 404},
	    {"GET", "/api/v1/pods/x", 404},
	    {"GET", "/api/v1/namespaces/default/nodes", 404},
	    {"GET", "/api/v1/namespaces/default/pods/x/log/y", 404},
	    {"GET", "/api/v1/pods/%zz", 404},
	    {"GET", "/api/v1/namespaces/default/pods/%00", 404},
	    {"POST", "/version", 405},
	    {"POST", "/api/v1/pods", 405},
	    {"PUT", JOBS, 405},
	    {"POST", JOBS "/x", 405},
	    {"DELETE", PODS "/x/log", 405},
	    {"POST", "/kjob/v1/status", 405},
	    {"GET", "/api/v1/namespaces", 200},
	    {"GET", "/api/v1/namespaces/default", 200},
	    {"GET", "/api/v1/namespaces/default/status", 200},
	    {"DELETE", "/api/v1/pods", 405},
	    {"DELETE", "/apis/batch/v1/jobs?labelSelector=a", 405},
	    {"GET", "/api/v1/nodes", 200},
	    {"GET", "/api//v1/nodes/", 200},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		request(&f, &a, cases[i].method, cases[i].path, NULL);
		CHECK_INT(a.status, cases[i].status);
		if (a.status != cases[i].status)
			printf("# %s %s\n", cases[i].method, cases[i].path);
		if (a.status >= 400)
			CHECK_STR(json_str(a.json, "kind"), "Status");
	}
	fixture_close(&f);
}

TEST("the program's own status and stop are served")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	request(&f, &a, "GET", "/kjob/v1/status", NULL);
	CHECK_STR(json_str(a.json, "version"), "9.9.9");
	request(&f, &a, "POST", "/kjob/v1/stop", "");
	CHECK_STR(json_str(a.json, "status"), "stopping");
	CHECK_INT(f.stops, 1);
	fixture_close(&f);
}

TEST("what a failing commit took back is answered with the failure")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *text = job_text("one", "");

	fixture_open(&f);
	f.fail_commit = true;
	request(&f, &a, "POST", JOBS, text);
	CHECK_INT(a.status, 500);
	CHECK_STR(json_str(a.json, "message"), "database or disk is full");
	fixture_close(&f);
}

TEST("the answers of one turn wait for its one commit, and share its failure")
{
	struct client clients[5];
	struct fixture f;

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		clients[i] = client_open(&f);
	turns(&f, 10); /* all are accepted */
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		auto_free char *name = xasprintf("j%zu", i), *text = job_text(name, "");

		send_request(&clients[i], "POST", JOBS, "", text);
	}
	f.fail_commit = true; /* the first one */
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		auto_answer a = {0};

		read_answer(&clients[i], &a);
		CHECK_INT(a.status, 500);
		client_close(&clients[i]);
	}
	fixture_close(&f);
}

TEST("with a full disk nothing is acknowledged and nothing is half there; with room again all goes "
     "on")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *text = job_text("one", "");
	struct rlimit unlimited, none;

	fixture_open(&f);
	getrlimit(RLIMIT_FSIZE, &unlimited);
	none = (struct rlimit){0, unlimited.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	log_setup(2, LOG_ERROR + 1);
	setrlimit(RLIMIT_FSIZE, &none);
	request(&f, &a, "POST", JOBS, text);
	setrlimit(RLIMIT_FSIZE, &unlimited);
	log_setup(2, LOG_ERROR);
	CHECK_INT(a.status, 500);
	CHECK_STR(json_str(a.json, "reason"), "InternalError");
	request(&f, &a, "GET", JOBS "/one", NULL);
	CHECK_INT(a.status, 404);
	request(&f, &a, "POST", JOBS, text);
	CHECK_INT(a.status, 201);
	fixture_close(&f);
}

TEST("the metrics of pods are a group of their own, empty while nothing runs")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_pod(&f, "p");
	request(&f, &a, "GET", "/apis/metrics.k8s.io", NULL);
	CHECK_STR(json_str(a.json, "preferredVersion.groupVersion"), "metrics.k8s.io/v1beta1");
	request(&f, &a, "GET", "/apis/metrics.k8s.io/v1beta1", NULL);
	CHECK_STR(json_str(json_first(json_get(a.json, "resources")), "kind"), "PodMetrics");
	request(&f, &a, "GET", "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods", NULL);
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "kind"), "PodMetricsList");
	CHECK_INT(json_len(json_get(a.json, "items")), 0);
	request(&f, &a, "GET", "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/p", NULL);
	CHECK_INT(a.status, 404);
	CHECK_STR(json_str(a.json, "message"), "podmetrics.metrics.k8s.io \"default/p\" not found");
	request(&f, &a, "GET", "/apis/metrics.k8s.io/v1beta1/pods?labelSelector=((", NULL);
	CHECK_INT(a.status, 400);
	request(&f, &a, "POST", "/apis/metrics.k8s.io/v1beta1/pods", "{}");
	CHECK_INT(a.status, 405);
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
