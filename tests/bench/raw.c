/*
 * raw: the least a client can do to run a container: create, attach, start, read to the end,
 * inspect. What kjob is measured against. Usage: raw SOCKET IMAGE COUNT PARALLEL COMMAND...
 *
 * And the least for a pod of three containers until they run: a sandbox, whose network they join,
 * created and started, looked at for its address, while the three are created; then each attached
 * and started, side by side. Usage: raw SOCKET IMAGE pod SANDBOX_IMAGE COMMAND...
 *
 * Removes nothing.
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

/* ---- a pod ---- */

#define POD_CONTAINERS 3

struct pod_container {
	struct pod *pod;
	char *id;
};

struct pod {
	struct bench *b;
	char *image;
	json *cmd;
	char *sandbox;
	int left; /* answers until the next step */
	struct pod_container containers[POD_CONTAINERS];
};

static void pod_call(struct bench *b, const char *method, char *path, const json *body,
    http_done_fn *done, void *ctx)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	auto_free char *text = body ? json_print(body) : NULL;

	http_send(b->http, &(struct http_request){.method = method,
			       .path = path,
			       .headers = headers,
			       .body = text,
			       .body_len = text ? strlen(text) : 0,
			       .done = done,
			       .ctx = ctx});
	free(path);
}

static bool check_answer(struct bench *b, const struct http_response *res, const struct err *err)
{
	if (!err && res->status < 300)
		return true;
	fprintf(stderr, "raw: %s\n", err ? err_msg(err) : res->body);
	b->failed++;
	loop_stop(b->loop);
	return false;
}

static char *id_of(const struct http_response *res)
{
	auto_json *j = json_parse(res->body, res->body_len, 0, NULL);

	return xstrdup(json_str_or(j, "Id", ""));
}

static void on_pod_started(
    void *ctx, uint64_t key, const struct http_response *res, const struct err *err)
{
	struct pod_container *c = ctx;

	if (check_answer(c->pod->b, res, err) && --c->pod->left == 0)
		loop_stop(c->pod->b->loop);
}

static void on_pod_attached(void *ctx, uint64_t key, const struct http_response *res)
{
	struct pod_container *c = ctx;

	pod_call(c->pod->b, "POST", xasprintf("/v1.41/containers/%s/start", c->id), NULL,
	    on_pod_started, c);
}

static void on_pod_stream_end(
    void *ctx, uint64_t key, const struct http_response *res, const struct err *err)
{
}

/* The sandbox runs and the containers are there. */
static void start_containers(struct pod *p)
{
	p->left = POD_CONTAINERS;
	for (int i = 0; i < POD_CONTAINERS; i++) {
		auto_free char *path = xasprintf(
		    "/v1.41/containers/%s/attach?stream=1&stdout=1&stderr=1", p->containers[i].id);

		http_send(p->b->http, &(struct http_request){.method = "POST",
					  .path = path,
					  .own_connection = true,
					  .on_headers = on_pod_attached,
					  .on_data = on_output,
					  .done = on_pod_stream_end,
					  .ctx = &p->containers[i]});
	}
}

static void step_done(struct pod *p)
{
	if (--p->left == 0)
		start_containers(p);
}

static void on_pod_created(
    void *ctx, uint64_t key, const struct http_response *res, const struct err *err)
{
	struct pod_container *c = ctx;

	if (!check_answer(c->pod->b, res, err))
		return;
	c->id = id_of(res);
	step_done(c->pod);
}

static void on_sandbox_inspect(
    void *ctx, uint64_t key, const struct http_response *res, const struct err *err)
{
	struct pod *p = ctx;

	if (check_answer(p->b, res, err))
		step_done(p);
}

static void on_sandbox_start(
    void *ctx, uint64_t key, const struct http_response *res, const struct err *err)
{
	struct pod *p = ctx;

	if (check_answer(p->b, res, err))
		pod_call(p->b, "GET", xasprintf("/v1.41/containers/%s/json", p->sandbox), NULL,
		    on_sandbox_inspect, p);
}

static void on_sandbox_created(
    void *ctx, uint64_t key, const struct http_response *res, const struct err *err)
{
	struct pod *p = ctx;
	auto_free char *donor = NULL;
	auto_json *body = json_new_object();

	if (!check_answer(p->b, res, err))
		return;
	p->sandbox = id_of(res);
	donor = xasprintf("container:%s", p->sandbox);
	json_set_str(body, "Image", p->image);
	json_set(body, "Cmd", json_dup(p->cmd));
	json_set_bool(body, "AttachStdout", true);
	json_set_bool(body, "AttachStderr", true);
	json_set_path(body, "HostConfig.NetworkMode", json_new_string(donor));
	json_set_path(body, "HostConfig.IpcMode", json_new_string(donor));
	p->left = 1 + POD_CONTAINERS;
	pod_call(p->b, "POST", xasprintf("/v1.41/containers/%s/start", p->sandbox), NULL,
	    on_sandbox_start, p);
	for (int i = 0; i < POD_CONTAINERS; i++) {
		p->containers[i].pod = p;
		pod_call(p->b, "POST", xstrdup("/v1.41/containers/create"), body, on_pod_created,
		    &p->containers[i]);
	}
}

static void run_pod(struct pod *p, const char *sandbox_image)
{
	auto_json *body = json_new_object(), *entry = json_new_array(), *cmd = json_new_array();

	json_add(entry, json_new_string("/sandbox"));
	json_add(cmd, json_new_string("pause"));
	json_set_str(body, "Image", sandbox_image);
	json_set(body, "Entrypoint", TAKE(entry));
	json_set(body, "Cmd", TAKE(cmd));
	json_set_path(body, "HostConfig.IpcMode", json_new_string("shareable"));
	pod_call(p->b, "POST", xstrdup("/v1.41/containers/create"), body, on_sandbox_created, p);
	loop_run(p->b->loop);
	for (int i = 0; i < POD_CONTAINERS; i++)
		free(p->containers[i].id);
	free(p->sandbox);
}

/* ---- the command line ---- */

static void run_containers(
    struct bench *b, const char *image, const json *cmd, int64_t count, int64_t parallel)
{
	auto_json *body = json_new_object();

	json_set_str(body, "Image", image);
	json_set(body, "Cmd", json_dup(cmd));
	json_set_bool(body, "AttachStdout", true);
	json_set_bool(body, "AttachStderr", true);
	b->create_body = json_print(body);
	b->left = (int)count;
	for (int i = 0; i < parallel; i++)
		next_run(b);
	loop_run(b->loop);
	free(b->create_body);
}

int main(int argc, char **argv)
{
	struct bench b = {0};
	auto_json *cmd = json_new_array();
	int64_t count = 1, parallel = 1;
	bool pod = argc > 3 && str_eq(argv[3], "pod");

	if (argc < 6 || (!pod && (str_to_int(argv[3], 1, 100000, &count) < 0 ||
				     str_to_int(argv[4], 1, 1000, &parallel) < 0))) {
		fprintf(stderr, "usage: raw SOCKET IMAGE COUNT PARALLEL COMMAND...\n"
				"       raw SOCKET IMAGE pod SANDBOX_IMAGE COMMAND...\n");
		return 2;
	}
	for (int i = 5; i < argc; i++)
		json_add(cmd, json_new_string(argv[i]));
	b.loop = loop_new();
	b.http = http_new(
	    b.loop, &(struct http_target){.unix_socket = argv[1], .base_url = "http://localhost"});
	if (pod)
		run_pod(&(struct pod){.b = &b, .image = argv[2], .cmd = cmd}, argv[4]);
	else
		run_containers(&b, argv[2], cmd, count, parallel);
	http_free(b.http);
	loop_free(b.loop);
	return b.failed ? 1 : 0;
}
