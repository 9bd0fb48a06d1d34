/*
 * Protobuf bodies, and the numbers of fields that they are read by. The bodies in hexadecimal are
 * those that kubectl 1.32 and 1.33 send; tests/golden/protobuf-job.json is what the same kubectl
 * prints of the same Job with --dry-run.
 */
#include <stdlib.h>

#include "../../controller/api/api.h"
#include "../../controller/api/schema.h"
#include "test.h"

#define DEPTH_MAX 24

/* ---- the numbers ---- */

static bool is_type_name(const struct field *f)
{
	return str_eq(f->name, "apiVersion") || str_eq(f->name, "kind");
}

/* Two rows of a message that could not be told apart. */
static bool same_number(const struct field *a, const struct field *b)
{
	if (!a->tag || !b->tag)
		return false;
	return (a->outer == b->outer && a->tag == b->tag) || (!a->outer && a->tag == b->outer) ||
	       (!b->outer && b->tag == a->outer);
}

static void check_numbers(const struct schema *s, unsigned depth)
{
	CHECK(depth < DEPTH_MAX);
	for (const struct field *f = s->fields; f->name; f++) {
		if (!f->tag && !(is_type_name(f) && (!depth || s == &schema_delete_options))) {
			printf("# %s.%s has no number\n", s->go_name, f->name);
			CHECK(f->tag);
		}
		for (const struct field *g = s->fields; g < f; g++) {
			if (!same_number(f, g))
				continue;
			printf(
			    "# %s: %s and %s have the same number\n", s->go_name, g->name, f->name);
			CHECK(false);
		}
		if (f->of && depth < DEPTH_MAX)
			check_numbers(f->of, depth + 1);
	}
}

TEST("every field has a number of its own in its message, and no message holds itself")
{
	for (enum kind_id id = 0; id < KIND_COUNT; id++)
		check_numbers(kind_by_id(id)->schema, 0);
	check_numbers(&schema_eviction, 0);
}

/* ---- whole bodies ---- */

static void add_hex(struct buf *out, const char *hex)
{
	for (const char *p = hex; p[0] && p[1]; p++) {
		char byte[3] = {p[0], p[1], '\0'};

		if (*p == '\n')
			continue;
		buf_addch(out, (char)strtol(byte, NULL, 16));
		p++;
	}
}

static void read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	char block[4096];

	CHECK(f);
	for (size_t n; f && (n = fread(block, 1, sizeof(block), f)) > 0;)
		buf_add(out, block, n);
	if (f)
		fclose(f);
}

/* The JSON text of a body, or the error; owned. */
static char *convert(const struct buf *body, struct strlist *unknown)
{
	auto_buf out = {0};
	auto_err e = {0};

	if (api_protobuf_to_json(body->ptr, body->len, unknown, &out, &e) < 0)
		return xstrdup(err_msg(&e));
	return buf_take(&out);
}

static const struct {
	const char *hex, *json;
} bodies[] = {
    {"6b3873000a0f0a02763112094e616d657370616365121a0a120a026e3912001a0022002a0032003800420012001a"
     "020a001a002200",
	"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"n9\"},\"spec\":{},"
	"\"status\":{}}"},
    {"6b3873000a0f0a0276311209436f6e6669674d6170122c0a120a02633912001a0022002a003200380042001206"
     "0a01611201621a0e0a0762696e2e64617412030102ff1a002200",
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c9\"},"
	"\"data\":{\"a\":\"b\"},\"binaryData\":{\"bin.dat\":\"AQL/\"}}"},
    {"6b3873000a0c0a0276311206536563726574121e0a120a02733912001a0022002a0032003800420012060a016b12"
     "01761a001a002200",
	"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s9\"},"
	"\"data\":{\"k\":\"dg==\"}}"},
    {"6b3873000a0d0a02763112075365727669636512690a1d0a02763912001a0022002a003200380042005a090a0361"
     "70701202763912440a1e0a0738302d6874747012035443501850220a080110001a0468747470280012090a036170"
     "70120276391a002209436c757374657249503a00420052005a00600068001a020a001a002200",
	"{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"v9\","
	"\"labels\":{\"app\":\"v9\"}},\"spec\":{\"ports\":[{\"name\":\"80-http\","
	"\"protocol\":\"TCP\",\"port\":80,\"targetPort\":\"http\"}],\"selector\":{\"app\":\"v9\"},"
	"\"type\":\"ClusterIP\"},\"status\":{\"loadBalancer\":{}}}"},
    {"6b3873000a140a027631120e536572766963654163636f756e7412140a120a02613912001a0022002a0032003800"
     "42001a002200",
	"{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"a9\"}}"},
    {"6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a6563744163"
     "63657373526576696577123f0a100a0012001a0022002a0032003800420012210a1f0a0764656661756c74120367"
     "65741a0022002a04706f647332036c6f673a001a08080012001a0020001a002200",
	"{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SelfSubjectAccessReview\","
	"\"metadata\":{},\"spec\":{\"resourceAttributes\":{\"namespace\":\"default\","
	"\"verb\":\"get\",\"resource\":\"pods\",\"subresource\":\"log\"}},"
	"\"status\":{\"allowed\":false}}"},
    {"6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a65637452"
     "6576696577121a0a100a0012001a0022002a0032003800420012060a040a0012001a002200",
	"{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\","
	"\"metadata\":{},\"status\":{\"userInfo\":{}}}"},
    {"6b3873000a0f0a0862617463682f763112034a6f621294010a170a07647261696e6d6512001a0022002a00320038"
     "004200126f326d0a100a0012001a0022002a00320038004200125912360a07647261696e6d65120c62757379626f"
     "783a746573741a05736c6565701a0236302a0042006a007200800100880100900100a201001a054e657665723200"
     "42004a0052005800600068008201008a01009a0100c201001a082000280030003a001a002200",
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"drainme\"},"
	"\"spec\":{\"template\":{\"metadata\":{},\"spec\":{\"containers\":[{\"name\":\"drainme\","
	"\"image\":\"busybox:test\",\"command\":[\"sleep\",\"60\"],\"resources\":{}}],"
	"\"restartPolicy\":\"Never\"}}},\"status\":{}}"},
};

TEST("bodies of kubectl's create and auth mean the same in JSON")
{
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		auto_strlist unknown = {0};
		auto_buf body = {0};
		auto_free char *got = NULL;

		add_hex(&body, bodies[i].hex);
		got = convert(&body, &unknown);
		CHECK_STR(got, bodies[i].json);
		CHECK_INT(unknown.len, 0);
	}
}

/* A Job as its decoder leaves it, its members sorted; owned. */
static char *decoded(const char *text, size_t len)
{
	auto_strlist warnings = {0};
	auto_err e = {0};
	auto_json *j = api_decode(kind_by_id(KIND_JOB), text, len, FIELDS_STRICT, &warnings, &e);

	if (!j)
		return xstrdup(err_msg(&e));
	json_sort(j);
	return json_print(j);
}

TEST("a Job with all that is special in protobuf is the one that kubectl prints as JSON")
{
	auto_buf hex = {0}, body = {0}, text = {0};
	auto_strlist unknown = {0};
	auto_free char *got_text = NULL, *got = NULL, *want = NULL;

	read_file("tests/golden/protobuf-job.hex", &hex);
	read_file("tests/golden/protobuf-job.json", &text);
	add_hex(&body, buf_str(&hex));
	got_text = convert(&body, &unknown);
	CHECK_INT(unknown.len, 0);
	got = decoded(got_text, strlen(got_text));
	want = decoded(buf_str(&text), text.len);
	CHECK(strlen(want) > 5000);
	CHECK_STR(got, want);
}

/* ---- parts of bodies ---- */

static void add_bytes(struct buf *out, char key, const void *data, size_t len)
{
	size_t n = len;

	buf_addch(out, key);
	for (; n >= 0x80; n >>= 7)
		buf_addch(out, (char)(0x80 | (n & 0x7f)));
	buf_addch(out, (char)n);
	buf_add(out, data, len);
}

/* A body of the type with these bytes in it. */
static void wrap(
    struct buf *out, const char *api_version, const char *kind, const void *raw, size_t len)
{
	auto_buf meta = {0};

	add_bytes(&meta, 0x0a, api_version, strlen(api_version));
	add_bytes(&meta, 0x12, kind, strlen(kind));
	buf_add(out, "k8s", 4);
	add_bytes(out, 0x0a, meta.ptr, meta.len);
	add_bytes(out, 0x12, raw, len);
}

static void check_raw(
    const char *api_version, const char *kind, const void *raw, size_t len, const char *want)
{
	auto_buf body = {0};
	auto_free char *got = NULL;

	wrap(&body, api_version, kind, raw, len);
	got = convert(&body, NULL);
	CHECK_STR(got, want);
}

#define CHECK_JOB(raw, want)                               \
	check_raw("batch/v1", "Job", raw, sizeof(raw) - 1, \
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\"" want "}")
#define CHECK_REFUSED(raw, why)                            \
	check_raw("batch/v1", "Job", raw, sizeof(raw) - 1, \
	    "Job in version \"v1\" cannot be handled as a Job: " why)
#define CHECK_EVENT(raw, want)                         \
	check_raw("v1", "Event", raw, sizeof(raw) - 1, \
	    "{\"apiVersion\":\"v1\",\"kind\":\"Event\"" want "}")

TEST(
    "numbers: negative, packed and one by one, the last of several, zeros with and without meaning")
{
	/* spec.parallelism: -1 in ten bytes; then 3; backoffLimit: 0 is not its absence */
	CHECK_JOB("\x12\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	    ",\"spec\":{\"parallelism\":-1}");
	CHECK_JOB(
	    "\x12\x06\x08\x01\x08\x03\x38\x00", ",\"spec\":{\"parallelism\":3,\"backoffLimit\":0}");
	/* spec.podFailurePolicy.rules[0].onExitCodes.values: 1, 2 packed, then 3 */
	CHECK_JOB("\x12\x0e\x5a\x0c\x0a\x0a\x12\x08\x1a\x02\x01\x02\x18\x03\x12\x00",
	    ",\"spec\":{\"podFailurePolicy\":{\"rules\":[{\"onExitCodes\":{\"values\":[1,2,3],"
	    "\"operator\":\"\"}}]}}");
	/* status.active: 2, and then 0, which is the same as never; generation: 0 */
	CHECK_JOB("\x1a\x04\x20\x02\x20\x00\x0a\x02\x38\x00", ",\"status\":{},\"metadata\":{}");
}

TEST("parts of an object that come one after the other are one object")
{
	CHECK_JOB(
	    "\x12\x02\x08\x01\x12\x02\x10\x02", ",\"spec\":{\"parallelism\":1,\"completions\":2}");
}

TEST("times: seconds and microseconds, Go's zero, and what is out of range")
{
	CHECK_JOB("\x0a\x0e\x42\x0c\x08\x80\xe2\xcf\xaa\x06\x10\xff\x93\xeb\xdc\x03",
	    ",\"metadata\":{\"creationTimestamp\":\"2023-11-14T22:13:20Z\"}");
	CHECK_JOB("\x0a\x0f\x42\x0d\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x00",
	    ",\"metadata\":{\"creationTimestamp\":\"1969-12-31T23:59:59Z\"}");
	CHECK_JOB("\x0a\x0f\x42\x0d\x08\x80\x92\xb8\xc3\x98\xfe\xff\xff\xff\x01\x10\x00",
	    ",\"metadata\":{}");
	CHECK_JOB("\x0a\x02\x42\x00", ",\"metadata\":{}");
	CHECK_REFUSED(
	    "\x0a\x0b\x42\x09\x08\x80\x83\xd1\xff\xaf\x07\x10\x00", "time is out of range");
	CHECK_REFUSED("\x0a\x0a\x42\x08\x08\x00\x10\x80\x94\xeb\xdc\x03", "time is out of range");
	CHECK_REFUSED("\x0a\x0f\x42\x0d\x08\x00\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	    "time is out of range");
	CHECK_EVENT("\x52\x09\x08\x80\xe2\xcf\xaa\x06\x10\xcf\x0f",
	    ",\"eventTime\":\"2023-11-14T22:13:20.000001Z\"");
}

TEST("what is no message is refused, with the place where it can be said")
{
	CHECK_REFUSED("\x12\x05\x08", "proto: unexpected EOF");
	CHECK_REFUSED("\x12\x02\x08\x80", "proto: unexpected EOF");
	CHECK_REFUSED(
	    "\x12\x0c\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "proto: unexpected EOF");
	CHECK_REFUSED(
	    "\x12\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "proto: integer overflow");
	CHECK_REFUSED("\x12\x02\x0a\x00", "proto: wrong wireType = 2 for field parallelism");
	CHECK_REFUSED("\x10\x01", "proto: wrong wireType = 0 for field spec");
	CHECK_REFUSED("\x00\x01", "proto: illegal tag 0 (wire type 0)");
	CHECK_REFUSED("\x0e", "proto: illegal tag 1 (wire type 6)");
	CHECK_REFUSED("\x0c", "proto: wiretype end group for non-group");
	CHECK_REFUSED("\xa3\x06\x0b\x0c", "proto: unexpected EOF");
	CHECK_REFUSED("\x0a\x03\x0a\x01\xff", "text is not UTF-8");
	CHECK_REFUSED("\x0a\x03\x0a\x01\x00", "text holds a NUL character");
}

TEST("values that only protobuf can get wrong")
{
	/* a Service's spec.ports[0].targetPort, of a type that there is not */
	check_raw("v1", "Service", "\x12\x06\x0a\x04\x22\x02\x08\x02", 8,
	    "Service in version \"v1\" cannot be handled as a Service: impossible "
	    "IntOrString.Type");
	/* an empty quantity is Go's zero */
	check_raw("v1", "Node", "\x1a\x09\x0a\x07\x0a\x03\x63\x70\x75\x12\x00", 11,
	    "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"status\":{\"capacity\":{\"cpu\":\"0\"}}}");
	/* metadata.managedFields[0].fieldsV1 */
	CHECK_JOB("\x0a\x13\x8a\x01\x10\x3a\x0e\x0a\x0c{\"f:a\":{  }}",
	    ",\"metadata\":{\"managedFields\":[{\"fieldsV1\":{\"f:a\":{}}}]}");
	CHECK_REFUSED("\x0a\x09\x8a\x01\x06\x3a\x04\x0a\x02{]",
	    "line 1, column 2: expected a member name in double quotes");
}

TEST("unknown fields vanish; those with something in them are told, a few at most")
{
	static const char raw[] =
	    "\x12\x0f\x08\x01\xb8\x3e\x05\xb2\x3e\x01x\xb0\x3e\x00\xaa\x3e\x00";
	auto_buf body = {0}, many = {0};
	auto_strlist unknown = {0};
	auto_free char *got = NULL, *rest = NULL;

	wrap(&body, "batch/v1", "Job", raw, sizeof(raw) - 1);
	got = convert(&body, &unknown);
	CHECK_STR(
	    got, "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"spec\":{\"parallelism\":1}}");
	CHECK_INT(unknown.len, 2);
	CHECK_STR(unknown.items[0], "unknown field: number 999 of spec, in protobuf");
	CHECK_STR(unknown.items[1], "unknown field: number 998 of spec, in protobuf");
	buf_clear(&body);
	for (int i = 0; i < 1000; i++)
		buf_add(&many, "\xb8\x3e\x05", 3);
	wrap(&body, "batch/v1", "Job", many.ptr, many.len);
	rest = convert(&body, &unknown);
	CHECK_INT(unknown.len, 12);
}

TEST("the envelope: its type must be one that requests hold, its contents plain protobuf")
{
	auto_buf body = {0};
	auto_free char *magic = NULL, *encoded = NULL, *json_type = NULL;

	check_raw("apps/v1", "Deployment", "", 0,
	    "no kind \"Deployment\" is registered for version \"apps/v1\"");
	check_raw("v1", "Job", "", 0, "no kind \"Job\" is registered for version \"v1\"");
	check_raw("v1", "", "", 0, "Object 'Kind' is missing in the protobuf message");
	check_raw("", "Job", "", 0, "Object 'apiVersion' is missing in the protobuf message");
	check_raw("batch/v1", "DeleteOptions",
	    "\x08\x00\x2a\x03"
	    "All",
	    7,
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"DeleteOptions\",\"gracePeriodSeconds\":0,"
	    "\"dryRun\":[\"All\"]}");
	buf_adds(&body, "{\"kind\":\"Job\"}");
	magic = convert(&body, NULL);
	CHECK_STR(magic, "the object provided is unrecognized: provided data does not appear to be "
			 "a protobuf message, expected prefix [107 56 115 0]");
	buf_clear(&body);
	wrap(&body, "batch/v1", "Job", "", 0);
	add_bytes(&body, 0x22, "application/json", 16);
	json_type = convert(&body, NULL);
	CHECK_STR(json_type, "the object provided is unrecognized: a contentType other than "
			     "application/vnd.kubernetes.protobuf is not supported");
	add_bytes(&body, 0x1a, "gzip", 4);
	encoded = convert(&body, NULL);
	CHECK_STR(
	    encoded, "the object provided is unrecognized: a contentEncoding is not supported");
}

TEST("a body of very many values is too large, not a burden")
{
	auto_buf packed = {0}, policy = {0}, rule = {0}, codes = {0}, spec = {0}, body = {0};
	auto_free char *got = NULL;

	buf_pad(&packed, '\x01', 600000);
	add_bytes(&codes, 0x1a, packed.ptr, packed.len);
	add_bytes(&rule, 0x12, codes.ptr, codes.len);
	add_bytes(&policy, 0x0a, rule.ptr, rule.len);
	add_bytes(&spec, 0x5a, policy.ptr, policy.len);
	buf_clear(&packed);
	add_bytes(&packed, 0x12, spec.ptr, spec.len);
	wrap(&body, "batch/v1", "Job", packed.ptr, packed.len);
	got = convert(&body, NULL);
	CHECK_STR(got, "Job in version \"v1\" cannot be handled as a Job: the body has more than "
		       "500000 values");
}

/* Whatever comes, there is an error or JSON that parses. */
static void check_any(const char *bytes, size_t len)
{
	auto_strlist unknown = {0};
	auto_buf out = {0};
	auto_err e = {0};

	if (api_protobuf_to_json(bytes, len, &unknown, &out, &e) < 0) {
		CHECK(e.reason != ERR_NONE);
	} else {
		auto_json *j = json_parse(buf_str(&out), out.len, JSON_ALLOW_DUPLICATES, NULL);

		CHECK(json_is_object(j));
	}
}

TEST("a body that is cut off anywhere, or damaged, is an error or JSON")
{
	auto_buf hex = {0}, body = {0};
	int rounds = test_rounds(20000, 1000);
	uint32_t seed = 1;

	read_file("tests/golden/protobuf-job.hex", &hex);
	add_hex(&body, buf_str(&hex));
	for (size_t n = 0; n < body.len; n++) {
		auto_free char *part = xmemdup(body.ptr, n + !n);

		check_any(part, n);
	}
	for (int i = 0; i < rounds; i++) {
		auto_free char *copy = xmemdup(body.ptr, body.len);

		for (int k = 0; k <= i % 4; k++) {
			seed = seed * 1664525 + 1013904223;
			copy[(seed >> 8) % body.len] = (char)(seed >> 24);
		}
		check_any(copy, body.len);
	}
}

int main(void)
{
	return test_main();
}
