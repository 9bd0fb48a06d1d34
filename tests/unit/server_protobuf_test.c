/* Requests whose bodies are protobuf, as kubectl's create sends them from 1.32 on. */
#include "server_fixture.h"

#define PROTOBUF "Content-Type: application/vnd.kubernetes.protobuf\r\n"
#define ACCEPT "Accept: application/vnd.kubernetes.protobuf,application/json\r\n"
#define MAPS "/api/v1/namespaces/default/configmaps"

/* ConfigMap c9 with data a: b and the binaryData of a file bin.dat */
#define MAP                                                                          \
	"k8s\0\x0a\x0f\x0a\x02v1\x12\x09"                                            \
	"ConfigMap\x12\x2c\x0a\x12\x0a\x02"                                          \
	"c9\x12\x00\x1a\x00\x22\x00\x2a\x00\x32\x00\x38\x00\x42\x00\x12\x06\x0a\x01" \
	"a\x12\x01"                                                                  \
	"b\x1a\x0e\x0a\x07"                                                          \
	"bin.dat\x12\x03\x01\x02\xff\x1a\x00\x22\x00"

static void send_bytes(struct fixture *f, struct answer *a, const char *method, const char *path,
    const char *headers, const void *body, size_t len)
{
	struct client c = client_open(f);
	auto_buf b = {0};

	answer_release(a);
	buf_addf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n", method,
	    path, headers, len);
	buf_add(&b, body, len);
	client_send(&c, b.ptr, b.len);
	read_answer(&c, a);
	client_close(&c);
}

#define SEND(method, path, headers, body) \
	send_bytes(&f, &a, method, path, headers, body, sizeof(body) - 1)

TEST("an object that comes in protobuf is made, and shown in JSON")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	SEND("POST", MAPS "?fieldValidation=Strict", PROTOBUF ACCEPT, MAP);
	CHECK_INT(a.status, 201);
	CHECK_STR(json_str(a.json, "metadata.name"), "c9");
	CHECK_STR(json_str(a.json, "data.a"), "b");
	CHECK_STR(json_string_value(json_get(json_get(a.json, "binaryData"), "bin.dat")), "AQL/");
	SEND("PUT", MAPS "/c9", PROTOBUF ACCEPT, MAP);
	CHECK_INT(a.status, 200);
	/* DeleteOptions { preconditions = 2 { uid = 1 } } of any group's version */
	SEND("DELETE", MAPS "/c9", PROTOBUF ACCEPT,
	    "k8s\0\x0a\x13\x0a\x02v1\x12\x0d"
	    "DeleteOptions\x12\x05\x12\x03\x0a\x01x");
	CHECK_INT(a.status, 409);
	SEND("DELETE", MAPS "/c9", PROTOBUF ACCEPT,
	    "k8s\0\x0a\x13\x0a\x02v1\x12\x0d"
	    "DeleteOptions\x12\x02\x08\x00");
	CHECK_INT(a.status, 200);
	fixture_close(&f);
}

TEST("an event of events.k8s.io in protobuf is one of the core group")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	/* metadata.name e1, regarding { kind Pod, namespace default, name p }, note, reason, type,
	 * reportingController, reportingInstance, action */
	SEND("POST", "/apis/events.k8s.io/v1/namespaces/default/events", PROTOBUF ACCEPT,
	    "k8s\0\x0a\x19\x0a\x10"
	    "events.k8s.io/v1\x12\x05"
	    "Event\x12\x36\x0a\x04\x0a\x02"
	    "e1\x22\x01"
	    "c\x2a\x01i\x32\x01"
	    "a\x3a\x01r\x42\x11\x0a\x03Pod\x12\x07"
	    "default\x1a\x01p\x52\x05hello\x5a\x06Normal\x78\x00");
	CHECK_INT(a.status, 201);
	CHECK_STR(json_str(a.json, "note"), "hello");
	request(&f, &a, "GET", "/api/v1/namespaces/default/events/e1", NULL);
	CHECK_STR(json_str(a.json, "message"), "hello");
	CHECK_STR(json_str(a.json, "involvedObject.name"), "p");
	fixture_close(&f);
}

TEST("what cannot be read of protobuf is an error that says why, and patches are never in it")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	SEND("POST", MAPS, PROTOBUF ACCEPT, "{}");
	CHECK_INT(a.status, 400);
	CHECK(strstr(json_str(a.json, "message"), "does not appear to be a protobuf message"));
	SEND("POST", JOBS, PROTOBUF ACCEPT, MAP);
	CHECK_INT(a.status, 400);
	CHECK_STR(json_str(a.json, "message"),
	    "the API version in the data (v1) does not match the expected API version (batch/v1)");
	SEND("PATCH", MAPS "/c9", PROTOBUF ACCEPT, MAP);
	CHECK_INT(a.status, 415);
	SEND("POST", MAPS, PROTOBUF "Accept: application/vnd.kubernetes.protobuf\r\n", MAP);
	CHECK_INT(a.status, 406);
	SEND("POST", MAPS, "Content-Type: application/vnd.kubernetes.protobufs\r\n", MAP);
	CHECK_INT(a.status, 415);
	request(&f, &a, "GET", MAPS "/c9", NULL);
	CHECK_INT(a.status, 404);
	fixture_close(&f);
}

TEST("fields that this version does not know warn, unless they are to be ignored")
{
	static const char body[] = "k8s\0\x0a\x0f\x0a\x02v1\x12\x09"
				   "ConfigMap\x12\x0a\x0a\x05\x0a\x03new\xb8\x3e\x05";
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	SEND("POST", MAPS "?dryRun=All", PROTOBUF, body);
	CHECK_INT(a.status, 201);
	CHECK(
	    strstr(buf_str(&a.head), "Warning: 299 - \"unknown field: number 999, in protobuf\""));
	SEND("POST", MAPS "?dryRun=All&fieldValidation=Ignore", PROTOBUF, body);
	CHECK_INT(a.status, 201);
	CHECK(!strstr(buf_str(&a.head), "Warning"));
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
