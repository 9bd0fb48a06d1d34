/* OpenAPI v3: the documents, and the endpoints that serve them. */
#include "../../controller/api/openapi.h"
#include "../../controller/api/schema.h"
#include "server_fixture.h"

static const char *const all_verbs[] = {
    "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch", NULL};
static const char *const status_verbs[] = {"get", "patch", "update", NULL};

static const char *const *verbs_of(const struct kind *k, const char *sub)
{
	return !sub ? all_verbs : str_eq(sub, "status") ? status_verbs : NULL;
}

static const struct openapi_server server = {"9.9.9", verbs_of};

static json *document(const char *group)
{
	auto_buf text = {0};
	auto_err e = {0};
	json *j;

	CHECK(openapi_document(&server, group, "v1", &text));
	j = json_parse(buf_str(&text), text.len, 0, &e);
	CHECK_STR(err_msg(&e), "");
	return j;
}

/* A type, or a property of it. Their names have dots. */
static json *type_in(const json *doc, const char *type, const char *property)
{
	json *t = json_get(json_path(doc, "components.schemas"), type);

	return property ? json_get(json_get(t, "properties"), property) : t;
}

static bool is(const json *j, const char *text)
{
	auto_free char *got = json_print(j);
	auto_json *want = json_parse(text, strlen(text), 0, NULL);

	if (want && j && json_equal(j, want))
		return true;
	printf("# got  %s\n# want %s\n", got, text);
	return false;
}

#define JOB_SPEC "io.k8s.api.batch.v1.JobSpec"
#define POD_SPEC "io.k8s.api.core.v1.PodSpec"
#define CONTAINER "io.k8s.api.core.v1.Container"
#define META "io.k8s.apimachinery.pkg.apis.meta.v1."

TEST("types are named after their Go types, and say what they hold")
{
	auto_json *doc = document("batch");

	CHECK_STR(json_str(doc, "openapi"), "3.0.0");
	CHECK_STR(json_str(doc, "info.version"), "9.9.9");
	CHECK(is(json_get(type_in(doc, "io.k8s.api.batch.v1.Job", NULL),
		     "x-kubernetes-group-version-kind"),
	    "[{\"group\":\"batch\",\"kind\":\"Job\",\"version\":\"v1\"}]"));
	CHECK_STR(json_str(type_in(doc, JOB_SPEC, "parallelism"), "type"), "integer");
	CHECK_STR(json_str(type_in(doc, JOB_SPEC, "parallelism"), "format"), "int32");
	CHECK_INT(json_int(type_in(doc, JOB_SPEC, "parallelism"), "default", 0), 1);
	CHECK(is(json_get(type_in(doc, JOB_SPEC, "template"), "allOf"),
	    "[{\"$ref\":\"#/components/schemas/io.k8s.api.core.v1.PodTemplateSpec\"}]"));
	CHECK(is(json_get(type_in(doc, JOB_SPEC, NULL), "required"), "[\"template\"]"));
	CHECK(is(json_get(type_in(doc, JOB_SPEC, "completionMode"), "enum"),
	    "[\"Indexed\",\"NonIndexed\"]"));
	CHECK(is(json_get(type_in(doc, META "ObjectMeta", "labels"), "additionalProperties"),
	    "{\"type\":\"string\"}"));
	CHECK(is(json_get(type_in(doc, META "ObjectMeta", "creationTimestamp"), "allOf"),
	    "[{\"$ref\":\"#/components/schemas/" META "Time\"}]"));
	CHECK_STR(json_str(type_in(doc, META "Time", NULL), "format"), "date-time");
	CHECK(type_in(doc, META "MicroTime", NULL) == NULL);
}

TEST("lists carry the keys by which patches merge them")
{
	auto_json *doc = document("");
	const json *containers = type_in(doc, POD_SPEC, "containers");

	CHECK_STR(json_str(containers, "x-kubernetes-list-type"), "map");
	CHECK(is(json_get(containers, "x-kubernetes-list-map-keys"), "[\"name\"]"));
	CHECK_STR(json_str(containers, "x-kubernetes-patch-merge-key"), "name");
	CHECK_STR(json_str(containers, "x-kubernetes-patch-strategy"), "merge");
	CHECK_STR(json_str(type_in(doc, POD_SPEC, "volumes"), "x-kubernetes-patch-strategy"),
	    "merge,retainKeys");
	CHECK(is(json_get(type_in(doc, CONTAINER, "ports"), "x-kubernetes-list-map-keys"),
	    "[\"containerPort\",\"protocol\"]"));
	CHECK_STR(json_str(type_in(doc, CONTAINER, "command"), "x-kubernetes-list-type"), "atomic");
	CHECK_STR(json_str(type_in(doc, META "ObjectMeta", "finalizers"), "x-kubernetes-list-type"),
	    "set");
}

/* Every "$ref" below a node leads to a type of the document. */
static size_t check_references(const json *doc, const json *node)
{
	static const char prefix[] = "#/components/schemas/";
	size_t n = 0;

	json_for (it, node) {
		const char *ref = str_eq(json_key(it), "$ref") ? json_string_value(it) : NULL;

		if (ref) {
			bool found =
			    str_has_prefix(ref, prefix) && type_in(doc, ref + strlen(prefix), NULL);

			if (!found)
				printf("# %s\n", ref);
			CHECK(found);
			n++;
		}
		n += check_references(doc, it);
	}
	return n;
}

TEST("every reference leads somewhere, and every type and field has a description where it needs "
     "one")
{
	for (int i = 0; i < KIND_COUNT; i++) {
		const char *group = kind_by_id(i)->group;
		auto_json *doc = NULL;

		if (i > 0 && str_eq(group, kind_by_id(i - 1)->group))
			continue; /* the same document */
		doc = document(group);
		CHECK(check_references(doc, doc) > 8);
		json_for (type, json_path(doc, "components.schemas"))
			json_for (f, json_get(type, "properties"))
				CHECK(strlen(json_str_or(f, "description", "")) > 3);
	}
}

TEST("a kind's package is that of its group, and a kind says what it is")
{
	for (int i = 0; i < KIND_COUNT; i++) {
		const struct kind *k = kind_by_id(i);
		const char *group = *k->group ? k->group : "core";
		auto_free char *package = xasprintf(
		    "io.k8s.api.%.*s.%s", (int)strcspn(group, "."), group, k->version);

		CHECK_STR(k->schema->package, package);
		CHECK(k->schema->doc != NULL);
	}
}

static void check_marks(const json *doc, const struct schema *s, struct strlist *seen)
{
	auto_free char *name = xasprintf("%s.%s", s->package, s->go_name);

	if (strlist_has(seen, name))
		return;
	strlist_add(seen, name);
	for (const struct field *f = s->fields; f->name; f++) {
		const json *p = type_in(doc, name, f->name);
		bool later = f->flags & F_LATER;

		CHECK(json_bool(p, "x-kjob-unsupported", false) == later);
		CHECK(json_bool(p, "x-kjob-no-effect", false) == !!(f->flags & F_NOOP));
		CHECK((strstr(json_str_or(p, "description", ""), "Not supported by this version") !=
			  NULL) == later);
		if (f->of)
			check_marks(doc, f->of, seen);
	}
}

TEST("fields that this version refuses or ignores are marked")
{
	auto_json *doc = document("");
	auto_strlist seen = {0};

	check_marks(doc, kind_by_id(KIND_POD)->schema, &seen);
	CHECK(seen.len > 100);
}

TEST("a kind's paths say what can be done, and a patch that it checks fields")
{
	auto_json *doc = document("batch"), *core = document("");
	const json *paths = json_get(doc, "paths");
	const json *all = json_get(paths, "/apis/batch/v1/jobs");
	const json *jobs = json_get(paths, "/apis/batch/v1/namespaces/{namespace}/jobs");
	const json *job = json_get(paths, "/apis/batch/v1/namespaces/{namespace}/jobs/{name}");
	const json *patch = json_get(job, "patch");
	bool found = false;

	CHECK(json_get(all, "get") && !json_get(all, "post"));
	CHECK(json_get(jobs, "get") && json_get(jobs, "post") && json_get(jobs, "delete"));
	CHECK(json_get(job, "get") && json_get(job, "put") && json_get(job, "delete"));
	CHECK(is(json_get(patch, "x-kubernetes-group-version-kind"),
	    "{\"group\":\"batch\",\"kind\":\"Job\",\"version\":\"v1\"}"));
	json_for (p, json_get(patch, "parameters"))
		found |= str_eq(json_str(p, "name"), "fieldValidation");
	CHECK(found);
	CHECK(json_get(json_path(patch, "requestBody.content"),
		  "application/strategic-merge-patch+json") != NULL);
	CHECK(json_get(json_get(paths, "/apis/batch/v1/namespaces/{namespace}/jobs/{name}/status"),
		  "patch") != NULL);
	CHECK(json_get(json_get(core, "paths"), "/api/v1/nodes/{name}") != NULL);
	CHECK(json_get(json_get(core, "paths"), "/api/v1/namespaces/{namespace}/nodes") == NULL);
}

TEST("there is no document of a group that is not served")
{
	auto_buf text = {0};

	CHECK(!openapi_document(&server, "apps", "v1", &text));
	CHECK(!openapi_document(&server, "batch", "v2", &text));
	CHECK_INT(text.len, 0);
}

/* ---- served ---- */

TEST("the index leads to the documents, which a client need not read twice")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *url = NULL, *header = NULL;

	fixture_open(&f);
	request(&f, &a, "GET", "/openapi/v3", NULL);
	CHECK_INT(a.status, 200);
	CHECK(json_get(json_get(a.json, "paths"), "api/v1") != NULL);
	url = xstrdup(json_str_or(
	    json_get(json_get(a.json, "paths"), "apis/batch/v1"), "serverRelativeURL", ""));
	CHECK(str_has_prefix(url, "/openapi/v3/apis/batch/v1?hash="));
	request(&f, &a, "GET", url, NULL);
	CHECK_INT(a.status, 200);
	CHECK(type_in(a.json, JOB_SPEC, NULL) != NULL);
	header = xasprintf("If-None-Match: %s\r\n", answer_header(&a, "ETag"));
	CHECK(strstr(header, strchr(url, '=') + 1) != NULL);
	request_with(&f, &a, "GET", url, header, NULL);
	CHECK_INT(a.status, 304);
	request(&f, &a, "GET", "/openapi/v3/apis/apps/v1", NULL);
	CHECK_INT(a.status, 404);
	request(&f, &a, "GET", "/openapi/v3/api/v2", NULL);
	CHECK_INT(a.status, 404);
	request(&f, &a, "POST", "/openapi/v3", "{}");
	CHECK_INT(a.status, 405);
	fixture_close(&f);
}

#define PROTO "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"

TEST("a client that prefers protobuf gets JSON, and one that takes nothing else an error")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	request_with(&f, &a, "GET", "/openapi/v3/apis/batch/v1",
	    "Accept: " PROTO ", application/json\r\n", NULL);
	CHECK_INT(a.status, 200);
	CHECK_STR(answer_header(&a, "Content-Type"), "application/json");
	request_with(&f, &a, "GET", "/openapi/v3/apis/batch/v1", "Accept: " PROTO "\r\n", NULL);
	CHECK_INT(a.status, 406);
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
