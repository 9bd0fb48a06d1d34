/* OpenAPI v2, as JSON and as a protocol buffer. */
#include "test.h"

#include "../../controller/api/openapi.h"

static const char *const *some_verbs(const struct kind *k, const char *sub)
{
	static const char *const object[] = {
	    "create", "delete", "get", "list", "patch", "update", NULL};
	static const char *const status[] = {"get", "patch", "update", NULL};

	return sub ? status : object;
}

static const struct openapi_server server = {.version = "9.9.9", .verbs = some_verbs};

/* No member of the old version is left anywhere, and every reference leads somewhere. */
static void check_tree(const json *doc, const json *node)
{
	static const char prefix[] = "#/definitions/";

	CHECK(json_get(node, "allOf") == NULL);
	CHECK(json_get(node, "oneOf") == NULL);
	CHECK(json_get(node, "requestBody") == NULL);
	json_for (it, node) {
		const char *ref = str_eq(json_key(it), "$ref") ? json_string_value(it) : NULL;

		if (ref) {
			CHECK(str_has_prefix(ref, prefix));
			CHECK(json_get(json_get(doc, "definitions"), ref + strlen(prefix)) != NULL);
			CHECK(json_get(node, "type") == NULL);
		}
		check_tree(doc, it);
	}
}

TEST("v2 has the types and operations of all groups, in its own form")
{
	auto_json *doc = openapi_v2_document(&server);
	const json *types = json_get(doc, "definitions"), *patch, *job;
	bool dry_run = false;

	CHECK_STR(json_str(doc, "swagger"), "2.0");
	CHECK_STR(json_str(doc, "info.version"), "9.9.9");
	check_tree(doc, doc);
	job = json_get(types, "io.k8s.api.batch.v1.Job");
	CHECK_STR(
	    json_str(json_first(json_get(job, "x-kubernetes-group-version-kind")), "kind"), "Job");
	CHECK_STR(json_str(json_path(job, "properties.spec"), "$ref"),
	    "#/definitions/io.k8s.api.batch.v1.JobSpec");
	CHECK(json_get(types, "io.k8s.api.core.v1.Pod") != NULL);
	CHECK_STR(
	    json_str(json_get(types, "io.k8s.apimachinery.pkg.util.intstr.IntOrString"), "format"),
	    "int-or-string");
	patch = json_get(
	    json_get(json_get(doc, "paths"), "/apis/batch/v1/namespaces/{namespace}/jobs/{name}"),
	    "patch");
	CHECK_STR(json_str(json_get(patch, "x-kubernetes-group-version-kind"), "kind"), "Job");
	json_for (p, json_get(patch, "parameters"))
		dry_run |=
		    str_eq(json_str(p, "name"), "dryRun") && str_eq(json_str(p, "type"), "string");
	CHECK(dry_run);
}

/* ---- a reader of protocol buffers ---- */

struct field {
	unsigned number;
	const unsigned char *data; /* of a length-delimited field; NULL: a number */
	size_t len;
};

static uint64_t read_varint(const unsigned char **p, const unsigned char *end)
{
	uint64_t n = 0;

	for (unsigned shift = 0; *p < end && shift < 64; shift += 7) {
		unsigned char c = *(*p)++;

		n |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			break;
	}
	return n;
}

static bool next_field(const unsigned char **p, const unsigned char *end, struct field *ret)
{
	uint64_t tag;

	if (*p >= end)
		return false;
	tag = read_varint(p, end);
	*ret = (struct field){.number = (unsigned)(tag >> 3)};
	CHECK((tag & 7) == 0 || (tag & 7) == 2);
	if ((tag & 7) == 0) {
		read_varint(p, end);
		return true;
	}
	ret->len = read_varint(p, end);
	ret->data = *p;
	CHECK(ret->len <= (size_t)(end - *p));
	if (ret->len > (size_t)(end - *p))
		return false;
	*p += ret->len;
	return true;
}

/* The field NUMBER of the message; with a name: of those, the pair that has it as its field 1. */
static struct field find_field(struct field in, unsigned number, const char *name)
{
	const unsigned char *p = in.data, *end = in.data ? in.data + in.len : NULL;
	struct field f;

	while (p && next_field(&p, end, &f)) {
		struct field key;

		if (f.number != number)
			continue;
		key = name ? find_field(f, 1, NULL) : f;
		if (!name || (key.len == strlen(name) && memcmp(key.data, name, key.len) == 0))
			return f;
	}
	return (struct field){0};
}

static void check_text(struct field f, const char *text)
{
	CHECK_INT(f.len, strlen(text));
	CHECK(f.data && memcmp(f.data, text, f.len) == 0);
}

TEST("the protocol buffer has what kubectl looks for, under gnostic's numbers")
{
	auto_json *doc = openapi_v2_document(&server);
	auto_buf out = {0};
	struct field whole, job, spec, limit, path, patch, param;
	auto_free char *gvk = NULL;

	openapi_v2_proto(doc, &out);
	whole = (struct field){.data = (const unsigned char *)buf_str(&out), .len = out.len};
	check_text(find_field(whole, 1, NULL), "2.0");
	job = find_field(find_field(whole, 9, NULL), 1, "io.k8s.api.batch.v1.Job");
	job = find_field(job, 2, NULL);
	check_text(find_field(find_field(job, 22, NULL), 1, NULL), "object");
	gvk = json_print(json_get(json_get(json_get(doc, "definitions"), "io.k8s.api.batch.v1.Job"),
	    "x-kubernetes-group-version-kind"));
	check_text(
	    find_field(find_field(find_field(job, 31, "x-kubernetes-group-version-kind"), 2, NULL),
		2, NULL),
	    gvk);
	spec = find_field(find_field(find_field(job, 25, NULL), 1, "spec"), 2, NULL);
	check_text(find_field(spec, 1, NULL), "#/definitions/io.k8s.api.batch.v1.JobSpec");
	job = find_field(find_field(whole, 9, NULL), 1, "io.k8s.api.batch.v1.JobSpec");
	limit = find_field(find_field(find_field(job, 2, NULL), 25, NULL), 1, "backoffLimit");
	limit = find_field(limit, 2, NULL);
	check_text(find_field(limit, 2, NULL), "int32");
	path = find_field(
	    find_field(whole, 8, NULL), 2, "/apis/batch/v1/namespaces/{namespace}/jobs/{name}");
	patch = find_field(find_field(path, 2, NULL), 8, NULL);
	param = find_field(find_field(find_field(patch, 8, NULL), 1, NULL), 2, NULL);
	check_text(find_field(find_field(param, 3, NULL), 4, NULL), "dryRun");
}

int main(void)
{
	return test_main();
}
