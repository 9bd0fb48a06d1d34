/* The eviction of pods. */
#include "server_fixture.h"

#define EVICTION(name, more)                                                                 \
	"{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\"metadata\":{\"name\":\"" name \
	"\",\"namespace\":\"default\"}" more "}"
#define OPTIONS(members) ",\"deleteOptions\":{" members "}"

/* A pod that runs on this node: its deletion takes its grace. */
static void create_running(struct fixture *f, const char *name, const char *phase)
{
	const struct update_options system = {.part = UPDATE_SYSTEM};
	auto_err e = {0};
	json *pod;

	create_pod(f, name);
	pod = store_get(f->store, kind_by_id(KIND_POD), "default", name, &e);
	json_set_path(pod, "spec.nodeName", json_new_string("kjob"));
	json_set_path(pod, "status.phase", json_new_string(phase));
	json_free(registry_update(f->store, kind_by_id(KIND_POD), pod, &system, &e));
	CHECK_STR(err_msg(&e), "");
	CHECK_INT(store_commit(f->store, &e), 0);
}

static const json *condition(const json *pod)
{
	json_for (c, json_path(pod, "status.conditions"))
		if (str_eq(json_str(c, "type"), "DisruptionTarget"))
			return c;
	return NULL;
}

TEST("P03: an evicted pod has the condition DisruptionTarget and then its grace")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_running(&f, "p", "Running");
	request(
	    &f, &a, "POST", PODS "/p/eviction", EVICTION("p", OPTIONS("\"gracePeriodSeconds\":7")));
	CHECK_INT(a.status, 201);
	CHECK_STR(json_str(a.json, "kind"), "Status");
	CHECK_STR(json_str(a.json, "status"), "Success");
	CHECK_INT(json_int(a.json, "code", 0), 201);
	request(&f, &a, "GET", PODS "/p", NULL);
	CHECK_INT(a.status, 200);
	CHECK(json_has(a.json, "metadata.deletionTimestamp"));
	CHECK_INT(json_int(a.json, "metadata.deletionGracePeriodSeconds", 0), 7);
	CHECK_STR(json_str(condition(a.json), "status"), "True");
	CHECK_STR(json_str(condition(a.json), "reason"), "EvictionByEvictionAPI");
	CHECK_STR(json_str(condition(a.json), "message"), "Eviction API: evicting");
	CHECK(json_str(condition(a.json), "lastTransitionTime") != NULL);
	/* Once more: nothing new. */
	request(&f, &a, "POST", PODS "/p/eviction", EVICTION("p", ""));
	CHECK_INT(a.status, 201);
	request(&f, &a, "GET", PODS "/p", NULL);
	CHECK_INT(json_len(json_path(a.json, "status.conditions")), 1);
	fixture_close(&f);
}

TEST("a pod that has ended goes without a condition")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_running(&f, "p", "Succeeded");
	request_with(&f, &a, "PATCH", PODS "/p", "Content-Type: application/merge-patch+json\r\n",
	    "{\"metadata\":{\"finalizers\":[\"a.io/b\"]}}");
	request(&f, &a, "POST", PODS "/p/eviction", EVICTION("p", ""));
	CHECK_INT(a.status, 201);
	request(&f, &a, "GET", PODS "/p", NULL);
	CHECK(json_has(a.json, "metadata.deletionTimestamp"));
	CHECK(condition(a.json) == NULL);
	fixture_close(&f);
}

TEST("a dry run evicts nothing")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_running(&f, "p", "Running");
	request(&f, &a, "POST", PODS "/p/eviction?dryRun=All", EVICTION("p", ""));
	CHECK_INT(a.status, 201);
	request(&f, &a, "POST", PODS "/p/eviction", EVICTION("p", OPTIONS("\"dryRun\":[\"All\"]")));
	CHECK_INT(a.status, 201);
	request(&f, &a, "GET", PODS "/p", NULL);
	CHECK(!json_has(a.json, "metadata.deletionTimestamp"));
	CHECK(condition(a.json) == NULL);
	fixture_close(&f);
}

TEST("evictions that are wrong are refused before anything happens")
{
	static const struct {
		const char *path, *body, *message;
		int status;
	} cases[] = {
	    {"/p/eviction", EVICTION("q", ""), "name in URL does not match name in Eviction object",
		400},
	    {"/p/eviction", "{\"metadata\":{}}",
		"name in URL does not match name in Eviction object", 400},
	    {"/p/eviction", "{\"metadata\":{\"name\":\"p\",\"namespace\":\"x\"}}",
		"the namespace of the provided object does not match the namespace sent on the "
		"request",
		400},
	    {"/q/eviction", EVICTION("q", ""), "pods \"q\" not found", 404},
	    {"/p/eviction", "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}}",
		"the kind in the data (Pod) does not match the expected kind (Eviction)", 400},
	    {"/p/eviction", "{\"apiVersion\":\"policy/v1beta1\",\"metadata\":{\"name\":\"p\"}}",
		"the API version in the data (policy/v1beta1) does not match the expected API "
		"version (policy/v1)",
		400},
	    {"/p/eviction", "nonsense", NULL, 400},
	    {"/p/eviction", "[]", NULL, 400},
	    {"/p/eviction", EVICTION("p", OPTIONS("\"gracePeriodSeconds\":\"x\"")),
		"Eviction in version \"v1\" cannot be handled as a Eviction: json: cannot "
		"unmarshal string into Go struct field "
		"DeleteOptions.deleteOptions.gracePeriodSeconds of type int64",
		400},
	    {"/p/eviction", EVICTION("p", OPTIONS("\"gracePeriodSeconds\":-3")), NULL, 422},
	    {"/p/eviction", EVICTION("p", OPTIONS("\"propagationPolicy\":\"x\"")), NULL, 422},
	    {"/p/eviction", EVICTION("p", OPTIONS("\"dryRun\":[\"some\"]")),
		"DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \"some\": "
		"supported values: \"All\"",
		422},
	    {"/p/eviction?fieldValidation=Strict",
		EVICTION("p", OPTIONS("\"gracePeriodSecond\":3")),
		"Eviction in version \"v1\" cannot be handled as a Eviction: strict decoding "
		"error: unknown field \"deleteOptions.gracePeriodSecond\" (did you mean "
		"\"gracePeriodSeconds\"?)",
		400},
	    {"/p/eviction", EVICTION("p", OPTIONS("\"preconditions\":{\"uid\":\"other\"}")), NULL,
		409},
	    {"/p/eviction", EVICTION("p", OPTIONS("\"preconditions\":{\"resourceVersion\":\"1\"}")),
		NULL, 409},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_running(&f, "p", "Running");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *path = xasprintf(PODS "%s", cases[i].path);

		request(&f, &a, "POST", path, cases[i].body);
		CHECK_INT(a.status, cases[i].status);
		if (cases[i].message)
			CHECK_STR(json_str(a.json, "message"), cases[i].message);
		if (a.status != cases[i].status)
			printf("# case %zu: %s\n", i, buf_str(&a.body));
	}
	request(&f, &a, "GET", PODS "/p", NULL);
	CHECK(!json_has(a.json, "metadata.deletionTimestamp"));
	CHECK(condition(a.json) == NULL);
	request(&f, &a, "GET", PODS "/p/eviction", NULL);
	CHECK_INT(a.status, 405);
	request(&f, &a, "POST", JOBS "/p/eviction", "{}");
	CHECK_INT(a.status, 404);
	fixture_close(&f);
}

TEST("a precondition on the version holds for the eviction as a whole")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *body = NULL;

	fixture_open(&f);
	create_running(&f, "p", "Running");
	request(&f, &a, "GET", PODS "/p", NULL);
	body = xasprintf(EVICTION("p", OPTIONS("\"preconditions\":{\"resourceVersion\":\"%s\"}")),
	    json_str(a.json, "metadata.resourceVersion"));
	request(&f, &a, "POST", PODS "/p/eviction", body);
	CHECK_INT(a.status, 201);
	request(&f, &a, "GET", PODS "/p", NULL);
	CHECK(json_has(a.json, "metadata.deletionTimestamp"));
	CHECK(condition(a.json) != NULL);
	fixture_close(&f);
}

TEST("discovery tells clients of which kind an eviction is")
{
	struct fixture f;
	auto_answer a = {0};
	bool found = false;

	fixture_open(&f);
	request(&f, &a, "GET", "/api/v1", NULL);
	json_for (r, json_path(a.json, "resources")) {
		if (!str_eq(json_str(r, "name"), "pods/eviction"))
			continue;
		found = true;
		CHECK_STR(json_str(r, "kind"), "Eviction");
		CHECK_STR(json_str(r, "group"), "policy");
		CHECK_STR(json_str(r, "version"), "v1");
		CHECK_STR(json_string_value(json_first(json_path(r, "verbs"))), "create");
	}
	CHECK(found);
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
