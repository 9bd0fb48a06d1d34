/*
 * raw: the least a client can do to run a container: create, attach, start, read to the end,
 * inspect. What kjob is measured against. Usage: raw SOCKET IMAGE COUNT PARALLEL COMMAND... ;
 * removes nothing.
 */
#include <inttypes.h>
#include <stdio.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/base/json.h"
#include "../../runtime/http.h"

struct bench {
	struct loop *loop;
	struct http *http;
	char *create_body;
	int left, running, failed;
};

/* One container; the steps follow each other. */
struct run {
	struct bench *b;
	char *id;
	int inspect_ms;
	bool attached, ended;
	struct timer timer;
};

static void next_run(struct bench *b);

static void call(
    struct run *r, const char *method, char *path, const char *body, http_done_fn *done)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};

	http_send(r->b->http, &(struct http_request){.method = method,
				  .path = path,
				  .headers = headers,
				  .body = body,
				  .body_len = body ? strlen(body) : 0,
				  .done = done,
				  .ctx = r});
	free(path);
}

static void finish(struct run *r, bool ok)
{
	struct bench *b = r->b;

	b->failed += !ok;
	b->running--;
	free(r->id);
	free(r);
	next_run(b);
	if (b->running == 0 && b->left == 0)
		loop_stop(b->loop);
}

static void inspect(void *arg);

static void on_inspect(
    void *ctx, uint64_t key, const struct http_response *res, const struct err *err)
{
	struct run *r = ctx;
	auto_json *j = err ? NULL : json_parse(res->body, res->body_len, 0, NULL);
	int64_t finished = TIME_ZERO_NS;

	if (!j) {
		finish(r, false);
		return;
	}
	if (json_bool(j, "State.Running", false) ||
	    time_parse(json_str_or(j, "State.FinishedAt", ""), &finished) < 0 ||
	    finished == TIME_ZERO_NS) {
		r->inspect_ms = r->inspect_ms ? r->inspect_ms * 2 : 2;
		timer_set(r->b->loop, &r->timer, r->inspect_ms);
		return;
	}
	finish(r, json_int(j, "State.ExitCode", 1) == 0);
}

static void inspect(void *arg)
{
	struct run *r = arg;

	call(r, "GET", xasprintf("/v1.41/containers/%s/json", r->id), NULL, on_inspect);
}

static void on_start(
    void *ctx, uint64_t key, const struct http_response *res, const struct err *err)
{
	struct run *r = ctx;

	if (err || res->status >= 300)
		finish(r, false);
	else if (r->ended)
		inspect(r);
	else
		r->attached = true; /* started: the end of the stream inspects */
}

static void on_attach_open(void *ctx, uint64_t key, const struct http_response *res)
{
	struct run *r = ctx;

	call(r, "POST", xasprintf("/v1.41/containers/%s/start", r->id), NULL, on_start);
}

static bool on_output(void *ctx, uint64_t key, const char *data, size_t len)
{
	return true;
}

static void on_attach_end(
    void *ctx, uint64_t key, const struct http_response *res, const struct err *err)
{
	struct run *r = ctx;

	r->ended = true;
	if (r->attached)
		inspect(r);
}

static void on_create(
    void *ctx, uint64_t key, const struct http_response *res, const struct err *err)
{
	struct run *r = ctx;
	auto_json *j = err ? NULL : json_parse(res->body, res->body_len, 0, NULL);
	auto_free char *path = NULL;

	if (!json_str(j, "Id")) {
		fprintf(stderr, "raw: %s\n", err ? err_msg(err) : res->body);
		finish(r, false);
		return;
	}
	r->id = xstrdup(json_str(j, "Id"));
	path = xasprintf("/v1.41/containers/%s/attach?stream=1&stdout=1&stderr=1", r->id);
	http_send(r->b->http, &(struct http_request){.method = "POST",
				  .path = path,
				  .own_connection = true,
				  .on_headers = on_attach_open,
				  .on_data = on_output,
				  .done = on_attach_end,
				  .ctx = r});
}

static void next_run(struct bench *b)
{
	struct run *r;

	if (b->left == 0)
		return;
	b->left--;
	b->running++;
	r = xcalloc(1, sizeof(*r));
	r->b = b;
	r->timer = (struct timer){.name = "inspect", .fn = inspect, .arg = r};
	call(r, "POST", xstrdup("/v1.41/containers/create"), b->create_body, on_create);
}

int main(int argc, char **argv)
{
	struct bench b = {0};
	auto_json *body = json_new_object();
	json *cmd = json_new_array();
	int64_t count = 1, parallel = 1;

	if (argc < 6 || str_to_int(argv[3], 1, 100000, &count) < 0 ||
	    str_to_int(argv[4], 1, 1000, &parallel) < 0) {
		fprintf(stderr, "usage: raw SOCKET IMAGE COUNT PARALLEL COMMAND...\n");
		return 2;
	}
	for (int i = 5; i < argc; i++)
		json_add(cmd, json_new_string(argv[i]));
	json_set_str(body, "Image", argv[2]);
	json_set(body, "Cmd", cmd);
	json_set_bool(body, "AttachStdout", true);
	json_set_bool(body, "AttachStderr", true);
	b.create_body = json_print(body);
	b.loop = loop_new();
	b.http = http_new(
	    b.loop, &(struct http_target){.unix_socket = argv[1], .base_url = "http://localhost"});
	b.left = (int)count;
	for (int i = 0; i < parallel; i++)
		next_run(&b);
	loop_run(b.loop);
	http_free(b.http);
	loop_free(b.loop);
	free(b.create_body);
	return b.failed ? 1 : 0;
}
