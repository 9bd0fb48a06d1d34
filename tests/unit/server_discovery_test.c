/* The API server: discovery in both forms, health, reviews, and the forms that answers have. */
#include "server_fixture.h"

#define V2 "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
#define V2BETA1 "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
#define PARTIAL "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
#define PARTIAL_LIST "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
#define TABLE "application/json;as=Table;g=meta.k8s.io;v=v1"
#define PROTOBUF "application/vnd.kubernetes.protobuf"
#define EVENTS "/apis/events.k8s.io/v1/namespaces/default/events"

/* The member of a list that has NAME under KEY. */
static const json *find(const json *list, const char *key, const char *name)
{
	json_for (item, list)
		if (str_eq(json_str(item, key), name))
			return item;
	return NULL;
}

static void get_as(struct fixture *f, struct answer *a, const char *path, const char *accept)
{
	auto_free char *header = xasprintf("Accept: %s\r\n", accept);

	request_with(f, a, "GET", path, header, NULL);
}

TEST("aggregated discovery has all resources of all groups, and an ETag")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *known = NULL;
	const json *group, *jobs, *status, *pods;

	fixture_open(&f);
	get_as(&f, &a, "/apis", V2 "," V2BETA1 ",application/json");
	CHECK_INT(a.status, 200);
	CHECK_STR(answer_header(&a, "Content-Type"), V2);
	CHECK_STR(json_str(a.json, "kind"), "APIGroupDiscoveryList");
	CHECK_STR(json_str(a.json, "apiVersion"), "apidiscovery.k8s.io/v2");
	group = find(json_get(a.json, "items"), "metadata.name", "batch");
	group = json_first(json_get(group, "versions"));
	CHECK_STR(json_str(group, "version"), "v1");
	CHECK_STR(json_str(group, "freshness"), "Current");
	jobs = find(json_get(group, "resources"), "resource", "jobs");
	CHECK_STR(json_str(jobs, "responseKind.kind"), "Job");
	CHECK_STR(json_str(jobs, "responseKind.group"), "batch");
	CHECK_STR(json_str(jobs, "scope"), "Namespaced");
	CHECK_STR(json_str(jobs, "singularResource"), "job");
	CHECK_INT(json_len(json_get(jobs, "verbs")), 8);
	status = find(json_get(jobs, "subresources"), "subresource", "status");
	CHECK_STR(json_str(status, "responseKind.kind"), "Job");
	CHECK(find(json_get(a.json, "items"), "metadata.name", "") == NULL);
	CHECK(find(json_get(a.json, "items"), "metadata.name", "apps") == NULL);

	known = xasprintf("Accept: " V2 "\r\nIf-None-Match: %s\r\n", answer_header(&a, "ETag"));
	request_with(&f, &a, "GET", "/apis", known, NULL);
	CHECK_INT(a.status, 304);
	get_as(&f, &a, "/api", V2BETA1);
	CHECK_STR(json_str(a.json, "apiVersion"), "apidiscovery.k8s.io/v2beta1");
	CHECK_INT(json_len(json_get(a.json, "items")), 1);
	group = json_first(json_path(json_first(json_get(a.json, "items")), "versions"));
	pods = find(json_get(group, "resources"), "resource", "pods");
	CHECK_STR(json_str(find(json_get(pods, "subresources"), "subresource", "eviction"),
		      "responseKind.group"),
	    "policy");
	CHECK(find(json_get(group, "resources"), "resource", "pods/log") == NULL);
	get_as(&f, &a, "/api", PROTOBUF "," V2 ";q=0.5,application/json");
	CHECK_STR(json_str(a.json, "kind"), "APIVersions");
	get_as(&f, &a, "/apis", PROTOBUF);
	CHECK_INT(a.status, 406);
	fixture_close(&f);
}

TEST("all paths and all documents are named, and a document stays the same under its hash")
{
	static const char *const groups[] = {"api/v1", "apis/batch/v1", "apis/events.k8s.io/v1",
	    "apis/authorization.k8s.io/v1", "apis/metrics.k8s.io/v1beta1"};
	struct fixture f;
	auto_answer index = {0}, a = {0};

	fixture_open(&f);
	request(&f, &a, "GET", "/", NULL);
	CHECK_INT(a.status, 200);
	CHECK(strstr(buf_str(&a.body), "\"/api/v1\",\"/apis\",") != NULL);
	CHECK(strstr(buf_str(&a.body), "\"/apis/batch/v1\"") != NULL);
	request(&f, &index, "GET", "/openapi/v3", NULL);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		const char *url = json_str_or(
		    json_get(json_get(index.json, "paths"), groups[i]), "serverRelativeURL", "/?");
		auto_free char *old = xasprintf("/openapi/v3/%s?hash=0", groups[i]);

		request(&f, &a, "GET", url, NULL);
		CHECK_INT(a.status, 200);
		CHECK_STR(
		    answer_header(&a, "Cache-Control"), "public, immutable, max-age=31536000");
		CHECK_STR(json_str(a.json, "openapi"), "3.0.0");
		request(&f, &a, "GET", old, NULL);
		CHECK_INT(a.status, 301);
		CHECK_STR(answer_header(&a, "Location"), url);
	}
	fixture_close(&f);
}

TEST("health is told as a whole, by check, and in words")
{
	static const struct {
		const char *path;
		int status;
		const char *body;
	} cases[] = {
	    {"/livez", 200, "ok"},
	    {"/readyz", 200, "ok"},
	    {"/healthz?verbose", 200, "[+]ping ok\nhealthz check passed\n"},
	    {"/readyz?verbose", 200, "[+]ping ok\n[+]engine ok\nreadyz check passed\n"},
	    {"/livez/ping", 200, "ok"},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		request(&f, &a, "GET", cases[i].path, NULL);
		CHECK_INT(a.status, cases[i].status);
		CHECK_STR(buf_str(&a.body), cases[i].body);
	}
	request(&f, &a, "GET", "/livez/nothing", NULL);
	CHECK_INT(a.status, 404);
	f.engine_lost = true;
	request(&f, &a, "GET", "/livez", NULL);
	CHECK_INT(a.status, 200);
	request(&f, &a, "GET", "/readyz", NULL);
	CHECK_INT(a.status, 500);
	CHECK_STR(buf_str(&a.body),
	    "[+]ping ok\n[-]engine failed: reason withheld\nreadyz check failed\n");
	request(&f, &a, "GET", "/readyz?exclude=engine", NULL);
	CHECK_INT(a.status, 200);
	request(&f, &a, "GET", "/readyz?verbose&exclude=engine", NULL);
	CHECK_STR(buf_str(&a.body), "[+]ping ok\n[+]engine excluded: ok\nreadyz check passed\n");
	fixture_close(&f);
}

TEST("the user is told who it is and that it may do everything")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	request(&f, &a, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews",
	    "{\"kind\":\"SelfSubjectReview\",\"apiVersion\":\"authentication.k8s.io/v1\"}");
	CHECK_INT(a.status, 201);
	CHECK_STR(json_str(a.json, "status.userInfo.username"), "kjob-admin");
	CHECK_STR(json_string_value(json_first(json_path(a.json, "status.userInfo.groups"))),
	    "system:masters");
	request(&f, &a, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
	    "{\"kind\":\"SelfSubjectAccessReview\",\"apiVersion\":\"authorization.k8s.io/v1\","
	    "\"spec\":{\"resourceAttributes\":{\"verb\":\"create\",\"resource\":\"pods\"}}}");
	CHECK_INT(a.status, 201);
	CHECK(json_bool(a.json, "status.allowed", false));
	CHECK_STR(json_str(a.json, "spec.resourceAttributes.verb"), "create");
	request(&f, &a, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
	    "{\"kind\":\"SelfSubjectAccessReview\",\"apiVersion\":\"authorization.k8s.io/v1\","
	    "\"spec\":{}}");
	CHECK_INT(a.status, 422);
	request(&f, &a, "POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
	    "{\"kind\":\"SelfSubjectRulesReview\",\"apiVersion\":\"authorization.k8s.io/v1\","
	    "\"spec\":{\"namespace\":\"default\"}}");
	CHECK_INT(a.status, 201);
	CHECK_INT(json_len(json_path(a.json, "status.resourceRules")), 1);
	request(&f, &a, "POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "{}");
	CHECK_INT(a.status, 400);
	request(&f, &a, "GET", "/apis/authorization.k8s.io/v1", NULL);
	CHECK_INT(json_len(json_get(a.json, "resources")), 4);
	fixture_close(&f);
}

#define AUTHZ "/apis/authorization.k8s.io/v1"

TEST("reviews of others: the one user may do everything, nobody else anything")
{
	static const struct {
		const char *path, *kind, *spec, *want; /* of the answer */
	} cases[] = {
	    {"/subjectaccessreviews", "SubjectAccessReview",
		"\"user\":\"kjob-admin\",\"nonResourceAttributes\":{\"path\":\"/\"}",
		"\"allowed\":true"},
	    {"/subjectaccessreviews", "SubjectAccessReview",
		"\"groups\":[\"a\",\"system:masters\"],\"resourceAttributes\":{\"verb\":\"get\"}",
		"\"allowed\":true"},
	    {"/subjectaccessreviews", "SubjectAccessReview",
		"\"user\":\"system:serviceaccount:default:default\",\"resourceAttributes\":{}",
		"\"allowed\":false"},
	    {"/subjectaccessreviews", "SubjectAccessReview", "\"resourceAttributes\":{}",
		"spec.user: Invalid value: \\\"\\\": at least one of user or group must be "
		"specified"},
	    {"/subjectaccessreviews", "SubjectAccessReview",
		"\"user\":\"a\",\"resourceAttributes\":{},\"nonResourceAttributes\":{}",
		"cannot be specified in combination with resourceAttributes"},
	    {"/namespaces/default/localsubjectaccessreviews", "LocalSubjectAccessReview",
		"\"user\":\"kjob-admin\",\"resourceAttributes\":{\"namespace\":\"default\"}",
		"\"allowed\":true"},
	    {"/namespaces/default/localsubjectaccessreviews", "LocalSubjectAccessReview",
		"\"user\":\"kjob-admin\",\"resourceAttributes\":{\"namespace\":\"other\"}",
		"must match metadata.namespace"},
	    {"/namespaces/default/localsubjectaccessreviews", "LocalSubjectAccessReview",
		"\"user\":\"kjob-admin\",\"nonResourceAttributes\":{}",
		"disallowed on this kind of request"},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *path = xasprintf(AUTHZ "%s", cases[i].path);
		auto_free char *body = xasprintf(
		    "{\"kind\":\"%s\",\"apiVersion\":\"authorization.k8s.io/v1\",\"spec\":{%s}}",
		    cases[i].kind, cases[i].spec);

		request(&f, &a, "POST", path, body);
		CHECK_INT(a.status, strstr(cases[i].want, "\"allowed\"") ? 201 : 422);
		CHECK(strstr(buf_str(&a.body), cases[i].want) != NULL);
	}
	request(&f, &a, "POST", "/apis/authentication.k8s.io/v1/tokenreviews",
	    "{\"kind\":\"TokenReview\",\"apiVersion\":\"authentication.k8s.io/v1\","
	    "\"spec\":{\"token\":\"x\"}}");
	CHECK_INT(a.status, 201);
	CHECK(!json_bool(a.json, "status.authenticated", false));
	CHECK_STR(json_str(a.json, "status.error"), "invalid bearer token");
	request_with(&f, &a, "POST", AUTHZ "/selfsubjectaccessreviews",
	    "Accept: " TABLE "\r\nContent-Type: application/json\r\n",
	    "{\"kind\":\"SelfSubjectAccessReview\",\"apiVersion\":\"authorization.k8s.io/v1\","
	    "\"spec\":{\"nonResourceAttributes\":{\"path\":\"/\"}}}");
	CHECK_INT(a.status, 406);
	CHECK_STR(json_str(a.json, "reason"), "NotAcceptable");
	fixture_close(&f);
}

TEST("objects are shown as their metadata alone to those who ask for that")
{
	struct fixture f;
	auto_answer a = {0};
	const json *item;

	fixture_open(&f);
	create_job(&f, "one", ",\"labels\":{\"a\":\"b\"}");
	get_as(&f, &a, JOBS "/one", PARTIAL);
	CHECK_STR(json_str(a.json, "kind"), "PartialObjectMetadata");
	CHECK_STR(json_str(a.json, "metadata.labels.a"), "b");
	CHECK(json_get(a.json, "spec") == NULL);
	get_as(&f, &a, JOBS, PARTIAL_LIST ",application/json");
	CHECK_STR(json_str(a.json, "kind"), "PartialObjectMetadataList");
	CHECK_STR(json_str(a.json, "apiVersion"), "meta.k8s.io/v1");
	item = json_first(json_get(a.json, "items"));
	CHECK_STR(json_str(item, "kind"), "PartialObjectMetadata");
	CHECK_STR(json_str(item, "metadata.name"), "one");
	fixture_close(&f);
}

TEST("the form that is wanted most is given; JSON to who accepts it too, 406 to who does not")
{
	static const struct {
		const char *accept;
		int status;
		const char *kind;
	} cases[] = {
	    {"application/json", 200, "JobList"},
	    {"*/*", 200, "JobList"},
	    {TABLE ",application/json", 200, "Table"},
	    {"application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", 200, "JobList"},
	    {"application/json;q=0.1," TABLE ";q=0.9", 200, "Table"},
	    {TABLE ";q=0,application/json", 200, "JobList"},
	    {PROTOBUF ",application/json", 200, "JobList"},
	    {PROTOBUF ";as=Table;v=v1;g=meta.k8s.io," TABLE, 200, "Table"},
	    {"application/cbor,application/json;q=0.9", 200, "JobList"},
	    {PROTOBUF, 406, "Status"},
	    {"application/cbor", 406, "Status"},
	    {V2, 406, "Status"},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		get_as(&f, &a, JOBS, cases[i].accept);
		CHECK_INT(a.status, cases[i].status);
		CHECK_STR(json_str(a.json, "kind"), cases[i].kind);
	}
	fixture_close(&f);
}

#define YAML "application/yaml"
#define AS_YAML "Content-Type: " YAML "; charset=utf-8\r\nAccept: " YAML "\r\n"
#define MAPS "/api/v1/namespaces/default/configmaps"

TEST("bodies and answers may be YAML")
{
	static const struct {
		const char *body, *message;
	} wrong[] = {
	    {"a: 1\n---\nb: 1\n", "one document, not 2"},
	    {"# nothing\n", "one document, not 0"},
	    {"a: 1\na: 2\n", "body:2:1: key \"a\" is already set in this map (line 1)"},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	request_with(&f, &a, "POST", MAPS, AS_YAML,
	    "kind: ConfigMap\nmetadata:\n  name: one\ndata: {a: 'no'}\n");
	CHECK_INT(a.status, 201);
	CHECK_STR(answer_header(&a, "Content-Type"), YAML);
	CHECK(strstr(buf_str(&a.body), "\ndata:\n  a: \"no\"\nkind: ConfigMap\n") != NULL);
	request_with(&f, &a, "PUT", MAPS "/one", AS_YAML, "metadata: {name: one}\ndata: {a: b}\n");
	CHECK_INT(a.status, 200);
	get_as(&f, &a, MAPS "/one", "application/json");
	CHECK_STR(json_str(a.json, "data.a"), "b");
	get_as(&f, &a, MAPS, YAML ",application/json;q=0.9");
	CHECK(strstr(buf_str(&a.body), "kind: ConfigMapList\n") != NULL);
	get_as(&f, &a, MAPS "/two", YAML);
	CHECK_INT(a.status, 404);
	CHECK(strstr(buf_str(&a.body), "\nmessage: configmaps \"two\" not found\n") != NULL);
	get_as(&f, &a, MAPS "?watch=true", YAML);
	CHECK_INT(a.status, 406);
	get_as(&f, &a, "/openapi/v3", YAML);
	CHECK_INT(a.status, 406);
	request_with(&f, &a, "DELETE", MAPS "/one", "Content-Type: " YAML "\r\n",
	    "preconditions:\n  uid: other\n");
	CHECK_INT(a.status, 409);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		auto_free char *text = xasprintf("error decoding YAML: %s", wrong[i].message);

		request_with(&f, &a, "POST", MAPS, "Content-Type: " YAML "\r\n", wrong[i].body);
		CHECK_INT(a.status, 400);
		CHECK_STR(json_str(a.json, "message"), text);
	}
	fixture_close(&f);
}

TEST("events of events.k8s.io are those of the core group under their newer names")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *version = NULL;

	fixture_open(&f);
	request(&f, &a, "POST", EVENTS,
	    "{\"apiVersion\":\"events.k8s.io/v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"e\"},"
	    "\"regarding\":{\"kind\":\"Job\",\"name\":\"j\",\"namespace\":\"default\"},"
	    "\"note\":\"hello\",\"reason\":\"Why\",\"type\":\"Normal\",\"reportingController\":"
	    "\"me\"}");
	CHECK_INT(a.status, 201);
	CHECK_STR(json_str(a.json, "apiVersion"), "events.k8s.io/v1");
	CHECK_STR(json_str(a.json, "note"), "hello");
	request(&f, &a, "GET", "/api/v1/namespaces/default/events/e", NULL);
	CHECK_STR(json_str(a.json, "apiVersion"), "v1");
	CHECK_STR(json_str(a.json, "message"), "hello");
	CHECK_STR(json_str(a.json, "involvedObject.name"), "j");
	CHECK_STR(json_str(a.json, "reportingComponent"), "me");
	request_with(&f, &a, "PATCH", EVENTS "/e", "Content-Type: application/json-patch+json\r\n",
	    "[{\"op\":\"replace\",\"path\":\"/note\",\"value\":\"again\"}]");
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "note"), "again");
	request_with(&f, &a, "PATCH", EVENTS "/e", "Content-Type: application/merge-patch+json\r\n",
	    "{\"note\":\"third\"}");
	CHECK_STR(json_str(a.json, "note"), "third");
	request(&f, &a, "GET",
	    "/apis/events.k8s.io/v1/events?fieldSelector=regarding.kind%3DJob,reason%3DWhy", NULL);
	CHECK_STR(json_str(a.json, "kind"), "EventList");
	CHECK_STR(json_str(a.json, "apiVersion"), "events.k8s.io/v1");
	CHECK_STR(json_str(json_first(json_get(a.json, "items")), "regarding.name"), "j");
	request(&f, &a, "GET", "/apis/events.k8s.io/v1/events?fieldSelector=regarding.kind%3DPod",
	    NULL);
	CHECK_INT(json_len(json_get(a.json, "items")), 0);
	get_as(&f, &a, EVENTS, TABLE);
	CHECK_STR(json_str(a.json, "kind"), "Table");
	request(&f, &a, "DELETE", EVENTS "?dryRun=All", NULL);
	CHECK_STR(json_str(a.json, "apiVersion"), "events.k8s.io/v1");
	CHECK_STR(json_str(json_first(json_get(a.json, "items")), "regarding.name"), "j");
	request(&f, &a, "DELETE", EVENTS "/e", NULL);
	CHECK_INT(a.status, 200);
	request(&f, &a, "GET", "/apis/events.k8s.io/v1/pods", NULL);
	CHECK_INT(a.status, 404);
	fixture_close(&f);
}

TEST("lists of what clients list without looking into discovery are empty")
{
	static const struct {
		const char *path, *kind;
	} cases[] = {
	    {"/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
		"CustomResourceDefinitionList"},
	    {"/apis/apps/v1/namespaces/default/deployments", "DeploymentList"},
	    {"/apis/apps/v1/daemonsets?limit=500", "DaemonSetList"},
	    {"/api/v1/namespaces/nope/replicationcontrollers", "ReplicationControllerList"},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		request(&f, &a, "GET", cases[i].path, NULL);
		CHECK_INT(a.status, 200);
		CHECK_STR(json_str(a.json, "kind"), cases[i].kind);
		CHECK(json_type(json_get(a.json, "items")) == JSON_ARRAY);
	}
	fixture_close(&f);
}

TEST("what kjob does not run is absent, and asking for it names the reason")
{
	static const struct {
		const char *path, *text;
	} cases[] = {
	    {"/apis/apps/v1/namespaces/default/deployments/x",
		"kjob does not serve deployments.apps: they keep pods running for ever"},
	    {"/apis/apps/v1/deployments?watch=true", "kjob does not serve deployments.apps: "},
	    {"/api/v1/namespaces/default/pods/x/ephemeralcontainers",
		"kjob does not serve pods/ephemeralcontainers: 'kubectl exec' runs"},
	    {"/apis/metrics.k8s.io/v1beta1/nodes",
		"kjob does not serve nodes.metrics.k8s.io: the engine tells"},
	    {"/apis/apps/v1", "kjob does not serve apps: they keep pods running"},
	    {"/apis/apps", "kjob does not serve apps: "},
	    {"/api/v1/namespaces/default/replicationcontrollers/x",
		"kjob does not serve replicationcontrollers: "},
	    {"/apis/networking.k8s.io/v1/ingresses",
		"kjob does not serve ingresses.networking.k8s.io: "},
	    {"/api/v1/namespaces/default/serviceaccounts/default/token",
		"kjob does not serve serviceaccounts/token: there is one user"},
	    {"/apis/rbac.authorization.k8s.io/v1/clusterroles", "there is one user"},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		request(&f, &a, "GET", cases[i].path, NULL);
		CHECK_INT(a.status, 404);
		CHECK(strstr(json_str_or(a.json, "message", ""), cases[i].text) != NULL);
		CHECK(json_has(a.json, "details")); /* kubectl debug looks into it */
	}
	request(&f, &a, "POST", "/apis/apps/v1/namespaces/default/deployments", "{}");
	CHECK_INT(a.status, 404);
	request(&f, &a, "GET", "/apis", NULL);
	CHECK(find(json_get(a.json, "groups"), "name", "apps") == NULL);
	CHECK(find(json_get(a.json, "groups"), "name", "events.k8s.io") != NULL);
	fixture_close(&f);
}

TEST("a namespace ends through its finalizer, by the subresource of that name")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *text = NULL;

	fixture_open(&f);
	request(&f, &a, "POST", "/api/v1/namespaces",
	    "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"team\"}}");
	CHECK_INT(a.status, 201);
	request(&f, &a, "DELETE", "/api/v1/namespaces/team", NULL);
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "status.phase"), "Terminating");
	request(&f, &a, "POST", "/api/v1/namespaces/team/configmaps",
	    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m\"}}");
	CHECK_INT(a.status, 403);
	CHECK_STR(json_str(json_first(json_path(a.json, "details.causes")), "reason"),
	    "NamespaceTerminating");
	request(&f, &a, "GET", "/api/v1/namespaces/team", NULL);
	json_set_path(a.json, "spec.finalizers", json_new_array());
	text = json_print(a.json);
	request(&f, &a, "PUT", "/api/v1/namespaces/team", text);
	CHECK_INT(json_len(json_path(a.json, "spec.finalizers")), 1);
	free(TAKE(text));
	json_set_path(a.json, "spec.finalizers", json_new_array());
	text = json_print(a.json);
	request(&f, &a, "PUT", "/api/v1/namespaces/team/finalize", text);
	CHECK_INT(a.status, 200);
	request(&f, &a, "GET", "/api/v1/namespaces/team", NULL);
	CHECK_INT(a.status, 404);
	request(&f, &a, "DELETE", "/api/v1/namespaces", NULL);
	CHECK_INT(a.status, 405);
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
