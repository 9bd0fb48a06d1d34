/* Server-side apply and field managers over HTTP. */
#include "server_fixture.h"

#define APPLY "Content-Type: application/apply-patch+yaml\r\n"
#define JSON "Content-Type: application/json\r\nUser-Agent: tool/1.0 (linux)\r\n"
#define MAPS "/api/v1/namespaces/default/configmaps"
#define MAP(meta, data) \
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c" meta "}\ndata: {" data "}\n"

static void apply(struct fixture *f, struct answer *a, const char *query, const char *text)
{
	auto_free char *path = xasprintf(MAPS "/c?%s", query);

	request_with(f, a, "PATCH", path, APPLY, text);
}

static const char *message(const struct answer *a)
{
	return json_str_or(a->json, "message", "");
}

/* The entries' managers and operations: "a/Apply b/Update"; owned. */
static char *managers(const struct answer *a)
{
	auto_buf out = {0};

	json_for (entry, json_path(a->json, "metadata.managedFields"))
		buf_addf(&out, "%s%s/%s%s%s", out.len ? " " : "", json_str(entry, "manager"),
		    json_str(entry, "operation"), json_has(entry, "subresource") ? "/" : "",
		    json_str_or(entry, "subresource", ""));
	return buf_take(&out);
}

#define CHECK_MANAGERS(a, wanted)                    \
	do {                                         \
		auto_free char *have_ = managers(a); \
		CHECK_STR(have_, wanted);            \
	} while (0)

TEST("X18 apply creates what is not there, and changes what is")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *version = NULL;

	fixture_open(&f);
	apply(&f, &a, "fieldManager=me&dryRun=All", MAP("", "x: '1'"));
	CHECK_INT(a.status, 201);
	request(&f, &a, "GET", MAPS "/c", NULL);
	CHECK_INT(a.status, 404);
	apply(&f, &a, "fieldManager=me", MAP("", "x: '1', y: '1'"));
	CHECK_INT(a.status, 201);
	CHECK_MANAGERS(&a, "me/Apply");
	version = xstrdup(json_str(a.json, "metadata.resourceVersion"));
	apply(&f, &a, "fieldManager=me", MAP("", "x: '1', y: '1'"));
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "metadata.resourceVersion"), version);
	apply(&f, &a, "fieldManager=me",
	    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":"
	    "{\"name\":\"c\"},\"data\":{\"x\":\"2\"}}");
	CHECK_STR(json_str(a.json, "data.x"), "2");
	CHECK(!json_has(a.json, "data.y"));
	fixture_close(&f);
}

TEST("conflicts are a Status with causes; force takes over")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	request_with(&f, &a, "POST", MAPS, JSON,
	    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\"},\"data\":{"
	    "\"x\":\"1\"}}");
	CHECK_MANAGERS(&a, "tool/Update");
	apply(&f, &a, "fieldManager=me", MAP("", "x: '2'"));
	CHECK_INT(a.status, 409);
	CHECK_STR(json_str(a.json, "reason"), "Conflict");
	CHECK_STR(
	    message(&a), "Apply failed with 1 conflict: conflict with \"tool\" using v1: .data.x");
	CHECK_STR(json_str(json_first(json_path(a.json, "details.causes")), "field"), ".data.x");
	apply(&f, &a, "fieldManager=me&force=true", MAP("", "x: '2'"));
	CHECK_INT(a.status, 200);
	CHECK_MANAGERS(&a, "me/Apply tool/Update");
	request_with(&f, &a, "PATCH", MAPS "/c?fieldManager=hand",
	    "Content-Type: application/merge-patch+json\r\n", "{\"data\":{\"x\":\"3\"}}");
	CHECK_MANAGERS(&a, "hand/Update tool/Update");
	request_with(&f, &a, "PATCH", MAPS "/c",
	    "Content-Type: application/json-patch+json\r\nUser-Agent: tool\r\n",
	    "[{\"op\":\"replace\",\"path\":\"/metadata/managedFields\",\"value\":[{}]}]");
	CHECK_MANAGERS(&a, "");
	fixture_close(&f);
}

TEST("a client may rewrite managedFields, as kubectl does when it goes over to server-side apply")
{
	struct fixture f;
	auto_answer a = {0};
	auto_free char *patch = NULL;

	fixture_open(&f);
	request_with(&f, &a, "POST", MAPS "?fieldManager=kubectl-client-side-apply", JSON,
	    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\"},\"data\":{"
	    "\"x\":\"1\",\"y\":\"1\"}}");
	patch = xasprintf(
	    "[{\"op\":\"replace\",\"path\":\"/metadata/managedFields\",\"value\":[{\"manager\":"
	    "\"kubectl\",\"operation\":\"Apply\",\"apiVersion\":\"v1\",\"fieldsType\":\"FieldsV1\","
	    "\"fieldsV1\":{\"f:data\":{\"f:x\":{},\"f:y\":{}}}}]},{\"op\":\"replace\",\"path\":"
	    "\"/metadata/resourceVersion\",\"value\":\"%s\"}]",
	    json_str(a.json, "metadata.resourceVersion"));
	request_with(
	    &f, &a, "PATCH", MAPS "/c", "Content-Type: application/json-patch+json\r\n", patch);
	CHECK_INT(a.status, 200);
	CHECK_MANAGERS(&a, "kubectl/Apply");
	apply(&f, &a, "fieldManager=kubectl", MAP("", "x: '1'"));
	CHECK(!json_has(a.json, "data.y"));
	fixture_close(&f);
}

TEST("names in managedFields are checked")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	apply(&f, &a, "fieldManager=me", MAP("", "x: '1'"));
	request_with(&f, &a, "PATCH", MAPS "/c", "Content-Type: application/merge-patch+json\r\n",
	    "{\"metadata\":{\"managedFields\":[{\"manager\":\"a\\tb\",\"operation\":\"Apply\","
	    "\"apiVersion\":\"v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:data\":{\"f:x\":{}"
	    "}}}"
	    "]}}");
	CHECK_INT(a.status, 422);
	CHECK_STR(message(&a),
	    "ConfigMap \"c\" is invalid: metadata.managedFields[0].manager: "
	    "Invalid value: \"a\\tb\": invalid character U+0009 (at position 1)");
	fixture_close(&f);
}

TEST("status is applied on its own path, by entries of its own")
{
	struct fixture f;
	auto_answer a = {0};
	static const char text[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
				   "spec: {nodeName: elsewhere}\nstatus: {message: hello}\n";

	fixture_open(&f);
	request_with(&f, &a, "PATCH", PODS "/p/status?fieldManager=me", APPLY, text);
	CHECK_INT(a.status, 404);
	create_pod(&f, "p");
	request_with(&f, &a, "PATCH", PODS "/p/status?fieldManager=me&force=1", APPLY, text);
	CHECK_INT(a.status, 200);
	CHECK_STR(json_str(a.json, "status.message"), "hello");
	CHECK(!json_has(a.json, "spec.nodeName"));
	CHECK_MANAGERS(&a, "me/Apply/status unknown/Update");
	fixture_close(&f);
}

TEST("requests to apply that cannot be are refused")
{
	static const char long_name[] = "0123456789012345678901234567890123456789012345678901234567"
					"890123456789012345678901234567"
					"890123456789012345678901234567890123456789";
	static const struct {
		const char *query, *text;
		int status;
		const char *message;
	} cases[] = {
	    {"", "x: 1", 422,
		"PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is "
		"required for apply patch"},
	    {"fieldManager=a%09b", "x: 1", 422,
		"PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Invalid value: "
		"\"a\\tb\": invalid character U+0009 (at position 1)"},
	    {"fieldManager=m", "a: b: c", 400, NULL},
	    {"fieldManager=m", "- a", 400,
		"error decoding YAML: json: cannot unmarshal array into Go value of type "
		"map[string]interface {}"},
	    {"fieldManager=m", "", 400,
		"Incorrect version specified in apply patch. Specified patch version: , expected: "
		"v1"},
	    {"fieldManager=m", MAP("", "") "---\n" MAP("", ""), 400,
		"error decoding YAML: a configuration is one document, not 2"},
	    {"fieldManager=m", MAP(", uid: u", ""), 409,
		"Operation cannot be fulfilled on configmaps \"c\": uid mismatch: the provided "
		"object specified uid u, and no existing object was found"},
	    {"fieldManager=m", "{apiVersion: v1, kind: ConfigMap, metadata: {name: d}}", 400, NULL},
	    {"fieldManager=m&dryRun=Some", MAP("", ""), 422, NULL},
	    {"fieldManager=m&fieldValidation=Strict",
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":{\"a\":\"b\",\"a\":\"c\"}}",
		400, "error strict decoding YAML: duplicate field \"data.a\""},
	};
	struct fixture f;
	auto_answer a = {0};
	auto_free char *query = xasprintf("fieldManager=%s", long_name);

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		apply(&f, &a, cases[i].query, cases[i].text);
		CHECK_INT(a.status, cases[i].status);
		if (cases[i].message)
			CHECK_STR(message(&a), cases[i].message);
	}
	apply(&f, &a, query, MAP("", ""));
	CHECK_INT(a.status, 422);
	request_with(&f, &a, "PATCH", MAPS "/c?fieldManager=m",
	    "Content-Type: application/apply-patch+cbor\r\n", "x");
	CHECK_INT(a.status, 415);
	request_with(&f, &a, "PATCH", "/api/v1/namespaces/none/configmaps/c?fieldManager=m", APPLY,
	    MAP("", ""));
	CHECK_INT(a.status, 404);
	fixture_close(&f);
}

TEST("repeated names in JSON are warned of or passed over as the request asks")
{
	static const char text[] = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
				   "\"name\":\"c\"},\"data\":{\"a\":\"b\",\"a\":\"c\"}}";
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	apply(&f, &a, "fieldManager=m&fieldValidation=Warn", text);
	CHECK_INT(a.status, 201);
	CHECK_STR(answer_header(&a, "Warning"), "299 - \"duplicate field \\\"data.a\\\"\"");
	apply(&f, &a, "fieldManager=m&fieldValidation=Ignore", text);
	CHECK(!answer_header(&a, "Warning"));
	CHECK_STR(json_str(a.json, "data.a"), "c");
	fixture_close(&f);
}

TEST("deep and wide configurations are refused, or done in good time")
{
	int variables = test_rounds(20000, 1000);
	struct fixture f;
	auto_answer a = {0};
	auto_buf text = {0};

	fixture_open(&f);
	for (int i = 0; i < 100000; i++)
		buf_addch(&text, '[');
	apply(&f, &a, "fieldManager=m", buf_str(&text));
	CHECK_INT(a.status, 400);
	buf_clear(&text);
	buf_adds(&text,
	    "apiVersion: v1\nkind: Pod\nmetadata: {name: c}\nspec: {containers: [{name: a, "
	    "image: i, env: [");
	for (int i = 0; i < variables; i++)
		buf_addf(&text, "{name: E%d},", i);
	buf_adds(&text, "]}]}\n");
	request_with(&f, &a, "PATCH", PODS "/c?fieldManager=m", APPLY, buf_str(&text));
	CHECK_INT(a.status, 201);
	request_with(&f, &a, "PATCH", PODS "/c?fieldManager=n", APPLY, buf_str(&text));
	CHECK_INT(a.status, 200);
	CHECK_MANAGERS(&a, "m/Apply n/Apply");
	fixture_close(&f);
}

TEST("rows of tables come without managedFields")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	apply(&f, &a, "fieldManager=m", MAP("", "x: '1'"));
	request_with(
	    &f, &a, "GET", MAPS, "Accept: application/json;as=Table;v=v1;g=meta.k8s.io\r\n", NULL);
	CHECK(!strstr(buf_str(&a.body), "managedFields"));
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
