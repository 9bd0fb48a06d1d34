/* The API server: logs and attach. */
#include "../../controller/store/logfile.h"
#include "server_terminal.h"

#define LOG PODS "/p/log"
#define NS_2026 INT64_C(1767225600000000000)

static void write_log(struct fixture *f, const char *text, enum log_stream stream)
{
	auto_err e = {0};
	struct logfile *l = logfile_open(f->pods.log_path, 0, &e);

	CHECK_STR(err_msg(&e), "");
	if (!l)
		return;
	CHECK(logfile_write(l, stream, NS_2026, text, strlen(text), &e) == 0);
	logfile_close(l);
}

static void get_log(struct fixture *f, const char *query, const char *want)
{
	auto_answer a = {0};
	auto_free char *path = xasprintf(LOG "%s", query);

	request(f, &a, "GET", path, NULL);
	CHECK_INT(a.status, 200);
	CHECK_STR(buf_str(&a.body), want);
}

TEST("a log is given whole, or the part that the query selects")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_pod(&f, "p");
	write_log(&f, "one\ntwo\n", LOG_STDOUT);
	write_log(&f, "three\n", LOG_STDERR);
	get_log(&f, "", "one\ntwo\nthree\n");
	get_log(&f, "?container=main&tailLines=1", "three\n");
	get_log(&f, "?tailLines=0", "");
	get_log(&f, "?limitBytes=5", "one\nt");
	get_log(&f, "?stream=Stderr", "three\n");
	get_log(&f, "?timestamps=true&tailLines=1", "2026-01-01T00:00:00.000000000Z three\n");
	get_log(&f, "?sinceTime=2027-01-01T00:00:00Z", "");
	get_log(&f, "?sinceSeconds=9223372036854775807", "one\ntwo\nthree\n");
	get_log(&f, "?follow=true", "one\ntwo\nthree\n"); /* the container has ended */
	request_with(
	    &f, &a, "GET", LOG, "Accept: application/vnd.docker.multiplexed-stream\r\n", NULL);
	CHECK_STR(answer_header(&a, "Content-Type"), "application/vnd.docker.multiplexed-stream");
	CHECK_INT(a.body.len, 8 + 8 + 8 + 6);
	CHECK(a.body.len == 30 && memcmp(a.body.ptr + 16, "\2\0\0\0\0\0\0\6three\n", 14) == 0);
	fixture_close(&f);
}

TEST("the log of an attempt is given by the pod's uid, also when the pod is gone")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	write_log(&f, "last words\n", LOG_STDOUT);
	get_log(&f, "?uid=the-uid&attempt=1&container=main", "last words\n");
	request(&f, &a, "GET", LOG "?uid=the-uid&attempt=2", NULL);
	CHECK_INT(a.status, 404);
	request(&f, &a, "GET", LOG "?uid=the-uid&attempt=99999999999", NULL);
	CHECK_INT(a.status, 404);
	request(&f, &a, "GET", LOG "?uid=the-uid&attempt=x", NULL);
	CHECK_INT(a.status, 400);
	fixture_close(&f);
}

TEST("queries of logs that make no sense are refused")
{
	static const struct {
		const char *query;
		int status;
		const char *text;
	} cases[] = {
	    {"?tailLines=-1", 422,
		"tailLines: Invalid value: -1: must be greater than or equal to 0"},
	    {"?tailLines=x", 400, "tailLines"},
	    {"?limitBytes=0", 422, "limitBytes: Invalid value: 0: must be greater than 0"},
	    {"?sinceSeconds=0", 422, "sinceSeconds"},
	    {"?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z", 422, "at most one of"},
	    {"?sinceTime=yesterday", 400, "sinceTime"},
	    {"?stream=both", 422, "stream: Unsupported value: \"both\""},
	    {"?container=x", 400, "container x is not valid for pod p"},
	    {"?previous=true", 400,
		"previous terminated container \"main\" in pod \"p\" not found"},
	};
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_pod(&f, "p");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *path = xasprintf(LOG "%s", cases[i].query);

		request(&f, &a, "GET", path, NULL);
		CHECK_INT(a.status, cases[i].status);
		CHECK(strstr(json_str_or(a.json, "message", ""), cases[i].text) != NULL);
	}
	request(&f, &a, "GET", PODS "/nobody/log", NULL);
	CHECK_INT(a.status, 404);
	f.pods.refuse = "container \"main\" in pod \"p\" is waiting to start: ContainerCreating";
	request(&f, &a, "GET", LOG, NULL);
	CHECK_INT(a.status, 400);
	CHECK_STR(json_str(a.json, "message"), f.pods.refuse);
	fixture_close(&f);
}

TEST("a pod of several containers needs a name of one")
{
	static const char text[] =
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":"
	    "\"default\","
	    "\"uid\":\"1234\",\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},\"spec\":{"
	    "\"containers\":["
	    "{\"name\":\"a\",\"image\":\"x\"},{\"name\":\"b\",\"image\":\"x\"}]}}";
	struct fixture f;
	auto_answer a = {0};
	auto_json *pod = NULL;
	auto_err e = {0};

	fixture_open(&f);
	/* Straight into the store: what pods may be created is not the matter here. */
	pod = json_parse(text, strlen(text), 0, &e);
	CHECK(store_create(f.store, kind_by_id(KIND_POD), pod, &e) == 0);
	CHECK(store_commit(f.store, &e) == 0);
	request(&f, &a, "GET", LOG, NULL);
	CHECK_INT(a.status, 400);
	CHECK_STR(json_str(a.json, "message"),
	    "a container name must be specified for pod p, choose one of: [a b]");
	get_log(&f, "?container=b", "");
	fixture_close(&f);
}

TEST("a followed log goes on as the file grows and ends with the container")
{
	struct fixture f;
	struct client c;
	auto_answer a = {0};
	auto_buf body = {0};

	fixture_open(&f);
	create_pod(&f, "p");
	f.pods.live = true; /* there is no file yet */
	c = client_open(&f);
	send_request(&c, "GET", LOG "?follow=true", "", NULL);
	read_head(&c, &a);
	CHECK_INT(a.status, 200);
	CHECK_STR(answer_header(&a, "Content-Type"), "text/plain");
	write_log(&f, "one\n", LOG_STDOUT);
	notify_followers(&f.pods);
	CHECK_INT(read_chunk(&c, &body), 4);
	write_log(&f, "two\n", LOG_STDOUT);
	notify_followers(&f.pods);
	CHECK_INT(read_chunk(&c, &body), 4);
	write_log(&f, "three\n", LOG_STDOUT);
	f.pods.live = false;
	notify_followers(&f.pods);
	while (read_chunk(&c, &body) > 0)
		;
	CHECK_STR(buf_str(&body), "one\ntwo\nthree\n");
	CHECK(client_wait_eof(&c));
	CHECK(f.pods.follows == NULL);
	client_close(&c);
	fixture_close(&f);
}

TEST("a follower that leaves is forgotten")
{
	struct fixture f;
	struct client c;
	auto_answer a = {0};

	fixture_open(&f);
	create_pod(&f, "p");
	f.pods.live = true;
	c = client_open(&f);
	send_request(&c, "GET", LOG "?follow=true", "", NULL);
	read_head(&c, &a);
	CHECK_INT(server_clients(f.server), 1);
	CHECK(f.pods.follows != NULL);
	client_close(&c);
	turns(&f, 20);
	CHECK_INT(server_clients(f.server), 0);
	CHECK(f.pods.follows == NULL);
	fixture_close(&f);
}

TEST("a large log streams without piling up for a slow reader")
{
	struct fixture f;
	struct client c;
	auto_answer a = {0};
	auto_buf line = {0};
	auto_err e = {0};
	struct logfile *l;
	size_t total = 0;
	const size_t lines = 40000, length = 500;

	fixture_open(&f);
	create_pod(&f, "p");
	buf_pad(&line, 'x', length - 1);
	buf_addch(&line, '\n');
	l = logfile_open(f.pods.log_path, 0, &e);
	for (size_t i = 0; i < lines; i++)
		CHECK(logfile_write(l, LOG_STDOUT, NS_2026, line.ptr, line.len, &e) == 0);
	logfile_close(l);
	c = client_open(&f);
	send_request(&c, "GET", LOG, "", NULL);
	turns(&f, 50); /* unread: the server must wait */
	read_head(&c, &a);
	for (long n; (n = read_chunk(&c, &a.body)) > 0; buf_clear(&a.body))
		total += (size_t)n;
	CHECK_INT(total, lines * length);
	client_close(&c);
	fixture_close(&f);
}

/* ---- attach ---- */

/* A pod that reads its standard input and runs, as far as its status says. */
static void create_running(struct fixture *f, bool reads)
{
	static const char status[] =
	    "{\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"main\","
	    "\"image\":"
	    "\"i\",\"imageID\":\"\",\"ready\":true,\"restartCount\":0,\"containerID\":\"docker://"
	    "abc\","
	    "\"state\":{\"running\":{\"startedAt\":\"2026-01-01T00:00:00Z\"}}}]}}";
	auto_answer a = {0};
	auto_free char *text = xasprintf(
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{"
	    "\"containers\":[{\"name\":\"main\",\"image\":\"i\",\"stdin\":%s}]}}",
	    reads ? "true" : "false");

	f->pods.live = true;
	request(f, &a, "POST", PODS, text);
	CHECK_INT(a.status, 201);
	request_with(f, &a, "PATCH", PODS "/p/status",
	    "Content-Type: application/merge-patch+json\r\n", status);
	CHECK_INT(a.status, 200);
}

TEST("attach carries input to the container and output from now on to the client")
{
	struct fixture f;
	struct terminal t;
	auto_json *status = NULL;
	auto_buf ping = {0};

	fixture_open(&f);
	create_running(&f, true);
	write_log(&f, "before\n", LOG_STDOUT);
	terminal_open(&t, &f, "/p/attach?stdin=true&stdout=true&stderr=true", V5);
	CHECK_STR(answer_header(&t.a, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	CHECK_STR(answer_header(&t.a, "Sec-WebSocket-Protocol"), "v5.channel.k8s.io");
	CHECK_INT(f.pods.opened, 1);
	terminal_send(&t, CHANNEL_STDIN, "hello\n", 6);
	write_log(&f, "out\n", LOG_STDOUT);
	write_log(&f, "err\n", LOG_STDERR);
	notify_followers(&f.pods);
	terminal_wait(&t, CHANNEL_STDOUT, "out\n");
	terminal_wait(&t, CHANNEL_STDERR, "err\n");
	CHECK_STR(buf_str(&f.pods.input), "hello\n");
	ws_frame(&t.ws, &ping, WS_PING, "you there", 9);
	client_send(&t.c, ping.ptr, ping.len);
	terminal_wait(&t, CHANNEL_STDIN, "you there");
	terminal_send(&t, CHANNEL_CLOSE, "\0", 1);
	for (int i = 0; i < 50 && !f.pods.closed; i++)
		terminal_read(&t);
	CHECK_INT(f.pods.closed, 1);
	f.pods.live = false;
	notify_followers(&f.pods);
	for (int i = 0; i < 200 && !t.closed; i++)
		terminal_read(&t);
	CHECK(t.closed);
	status = json_parse(buf_str(&t.out[CHANNEL_ERROR]), t.out[CHANNEL_ERROR].len, 0, NULL);
	CHECK_STR(json_str(status, "status"), "Success");
	CHECK(client_wait_eof(&t.c));
	CHECK_INT(f.pods.closed, 1);
	terminal_close(&t);
	fixture_close(&f);
}

TEST("input waits while the container does not take it, and none is lost")
{
	struct fixture f;
	struct terminal t;
	auto_buf data = {0};
	int64_t until;

	fixture_open(&f);
	create_running(&f, true);
	f.pods.full = true;
	terminal_open(&t, &f, "/p/attach?stdin=true",
	    UPGRADE "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n");
	for (int i = 0; i < 3000; i++)
		buf_addf(&data, "line %d\n", i);
	terminal_send(&t, CHANNEL_STDIN, "first\n", 6);
	turns(&f, 20);
	CHECK_INT(f.pods.input.len, 0);
	terminal_send(&t, CHANNEL_STDIN, data.ptr, data.len);
	f.pods.full = false;
	notify_followers(&f.pods);
	until = clock_mono_ms() + WAIT_MS;
	while (f.pods.input.len < data.len + 6 && clock_mono_ms() < until)
		terminal_read(&t);
	CHECK_INT(f.pods.input.len, data.len + 6);
	CHECK(memcmp(f.pods.input.ptr + 6, data.ptr, data.len) == 0);
	terminal_close(&t); /* leaves without an end of input */
	turns(&f, 20);
	CHECK_INT(f.pods.closed, 1);
	fixture_close(&f);
}

TEST("attach passes on the size of a terminal, the last one that makes sense")
{
	static const struct {
		const char *text;
		unsigned columns, rows;
	} cases[] = {
	    {"{\"Width\":80,\"Height\":24}", 80, 24},
	    {"{\"Width\":0,\"Height\":24}", 80, 24},
	    {"{\"Width\":65536,\"Height\":24}", 80, 24},
	    {"{\"Width\":\"9\",\"Height\":9}", 80, 24},
	    {"{\"Width\":9,", 80, 24},
	    {"", 80, 24},
	    {"{\"Width\":100,\"Height\":30}", 100, 30},
	};
	struct fixture f;
	struct terminal t;

	fixture_open(&f);
	create_running(&f, true);
	terminal_open(&t, &f, "/p/attach?stdin=true&stdout=true&tty=true", V5);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		terminal_send(&t, CHANNEL_RESIZE, cases[i].text, strlen(cases[i].text));
		terminal_send(&t, CHANNEL_STDIN, ".", 1); /* behind it: seen when it was */
		for (int n = 0; n < 200 && f.pods.input.len <= i; n++)
			terminal_read(&t);
		CHECK_INT(f.pods.columns, cases[i].columns);
		CHECK_INT(f.pods.rows, cases[i].rows);
	}
	terminal_close(&t);
	fixture_close(&f);
}

TEST("input for a container that does not read is dropped, as a kubelet does")
{
	struct fixture f;
	struct terminal t;

	fixture_open(&f);
	create_running(&f, false);
	terminal_open(&t, &f, "/p/attach?stdin=true&stdout=true", V5);
	terminal_send(&t, CHANNEL_STDIN, "hello\n", 6);
	write_log(&f, "out\n", LOG_STDOUT);
	notify_followers(&f.pods);
	terminal_wait(&t, CHANNEL_STDOUT, "out\n");
	CHECK_INT(f.pods.opened + f.pods.closed, 0);
	CHECK_INT(f.pods.input.len, 0);
	terminal_close(&t);
	fixture_close(&f);
}

TEST("attaches that cannot be are refused before the upgrade")
{
	struct fixture f;
	auto_answer a = {0};

	fixture_open(&f);
	create_running(&f, true);
	request(&f, &a, "GET", PODS "/p/attach?stdin=true", NULL);
	CHECK_INT(a.status, 400);
	CHECK_STR(json_str(a.json, "message"), "Upgrade request required");
	request_with(&f, &a, "POST", PODS "/p/attach?stdout=1",
	    "Connection: Upgrade\r\nUpgrade: h2c\r\n", NULL);
	CHECK_INT(a.status, 400);
	CHECK(strstr(json_str_or(a.json, "message", ""), "websocket and SPDY/3.1 only") != NULL);
	request_with(&f, &a, "POST", PODS "/p/attach?stdout=1",
	    "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v1\r\n", NULL);
	CHECK_INT(a.status, 400);
	CHECK(strstr(json_str_or(a.json, "message", ""), "offer v4.channel.k8s.io") != NULL);
	request_with(&f, &a, "GET", PODS "/p/attach?stdout=1",
	    UPGRADE "Sec-WebSocket-Protocol: chat\r\n", NULL);
	CHECK_INT(a.status, 400);
	request_with(&f, &a, "GET", PODS "/p/attach", V5, NULL);
	CHECK_INT(a.status, 400);
	CHECK_STR(
	    json_str(a.json, "message"), "you must specify at least one of stdin, stdout, stderr");
	request_with(&f, &a, "GET", PODS "/p/attach?tty=1&stderr=1", V5, NULL);
	CHECK_STR(
	    json_str(a.json, "message"), "you must specify at least one of stdin, stdout, stderr");
	f.pods.live = false;
	request_with(&f, &a, "GET", PODS "/p/attach?stdout=1", V5, NULL);
	CHECK_INT(a.status, 500);
	CHECK_STR(buf_str(&a.body), "container main not found in pod p_default");
	request_with(&f, &a, "GET", PODS "/nobody/attach", V5, NULL);
	CHECK_INT(a.status, 404);
	CHECK_INT(f.pods.opened, 0);
	fixture_close(&f);
}

static void wait_closed(struct terminal *t)
{
	int64_t until = clock_mono_ms() + WAIT_MS;

	while (!t->closed && clock_mono_ms() < until)
		terminal_read(t);
	CHECK(t->closed);
}

TEST("older channel protocols: base64, errors in words, and none of them named")
{
	static const struct {
		const char *headers, *protocol, *want; /* all that comes, of any channel */
	} cases[] = {
	    {UPGRADE "Sec-WebSocket-Protocol: channel.k8s.io\r\n", "channel.k8s.io", "\1out\n"},
	    {UPGRADE, NULL, "\1out\n"},
	    {UPGRADE "Sec-WebSocket-Protocol: base64.channel.k8s.io\r\n", "base64.channel.k8s.io",
		"1b3V0Cg=="},
	    {UPGRADE "Sec-WebSocket-Protocol: v4.base64.channel.k8s.io\r\n",
		"v4.base64.channel.k8s.io",
		"1b3V0Cg=="
		"3eyJraW5kIjoiU3RhdHVzIiwiYXBpVmVyc2lvbiI6InYxIiwibWV0YWRhdGEiOnt9LCJzdGF0dXM"
		"iOiJTdWNjZXNzIn0="},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool text = i >= 2;
		struct fixture f;
		struct terminal t;
		auto_buf frame = {0};

		fixture_open(&f);
		create_running(&f, true);
		terminal_open(&t, &f, "/p/attach?stdin=true&stdout=true", cases[i].headers);
		CHECK_STR(answer_header(&t.a, "Sec-WebSocket-Protocol"), cases[i].protocol);
		ws_frame(&t.ws, &frame, text ? WS_TEXT : WS_BINARY, text ? "0aGk=" : "\0hi",
		    text ? 5 : 3);
		client_send(&t.c, frame.ptr, frame.len);
		write_log(&f, "out\n", LOG_STDOUT);
		notify_followers(&f.pods);
		f.pods.live = false;
		notify_followers(&f.pods);
		wait_closed(&t);
		CHECK_STR(buf_str(&t.all), cases[i].want);
		CHECK_STR(buf_str(&f.pods.input), "hi");
		terminal_close(&t);
		fixture_close(&f);
	}
}

TEST("a log over a WebSocket: each piece is a message, and the end closes it")
{
	static const struct {
		const char *headers, *want;
	} cases[] = {
	    {UPGRADE "Sec-WebSocket-Protocol: binary.k8s.io\r\n", "one\ntwo\n"},
	    {UPGRADE, "one\ntwo\n"},
	    {UPGRADE "Sec-WebSocket-Protocol: base64.binary.k8s.io\r\n", "b25lCg==dHdvCg=="},
	};
	auto_answer a = {0};
	struct fixture f;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct terminal t;

		fixture_open(&f);
		create_running(&f, true);
		write_log(&f, "one\n", LOG_STDOUT);
		terminal_open(&t, &f, "/p/log?follow=true", cases[i].headers);
		for (int n = 0; n < 200 && !t.all.len; n++)
			terminal_read(&t);
		write_log(&f, "two\n", LOG_STDOUT);
		f.pods.live = false;
		notify_followers(&f.pods);
		wait_closed(&t);
		CHECK_STR(buf_str(&t.all), cases[i].want);
		terminal_close(&t);
		fixture_close(&f);
	}
	fixture_open(&f);
	create_running(&f, true);
	write_log(&f, "one\n", LOG_STDOUT);
	request_with(
	    &f, &a, "GET", PODS "/p/log", UPGRADE "Sec-WebSocket-Protocol: chat\r\n", NULL);
	CHECK_INT(a.status, 400);
	fixture_close(&f);
}

TEST("garbage instead of frames ends an attach")
{
	struct fixture f;
	struct terminal t;

	fixture_open(&f);
	create_running(&f, true);
	terminal_open(&t, &f, "/p/attach?stdin=true&stdout=true", V5);
	client_send(&t.c, "this is not a frame", 19);
	CHECK(client_wait_eof(&t.c));
	CHECK_INT(f.pods.closed, 1);
	CHECK_INT(server_clients(f.server), 0);
	terminal_close(&t);
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
