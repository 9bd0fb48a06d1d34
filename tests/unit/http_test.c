#include "test.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/http.h"

/* A server on a unix socket in the loop of the client, and what the last call told. */
struct world {
	struct loop *l;
	struct evhttp *server;
	struct evconnlistener *listener;
	struct http *h;
	char dir[64], path[128];
	int connections, requests, concurrent, most_concurrent;

	int done, headers, pieces, status;
	bool done_before_return, sending;
	size_t streamed;
	unsigned sum;
	char body[256], header[64];
	struct err err;
	http_id id;
	int to_write; /* pieces of an upload */
	bool pausing, free_client;
	struct timer resume;
	struct evhttp_request *held;
};

static void reply(struct evhttp_request *req, int code, const char *text)
{
	struct evbuffer *b = evbuffer_new();

	evbuffer_add(b, text, strlen(text));
	evhttp_send_reply(req, code, NULL, b);
	evbuffer_free(b);
}

/* Echoes method, some headers and body. */
static void serve_echo(struct evhttp_request *req, struct world *w)
{
	static const char *const names[] = {
	    "X-Test", "Content-Type", "Expect", "Content-Length", "X-Empty"};
	struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	struct evbuffer *b = evbuffer_new(), *body = evhttp_request_get_input_buffer(req);

	evbuffer_add_printf(b, "%d", (int)evhttp_request_get_command(req));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (evhttp_find_header(in, names[i]))
			evbuffer_add_printf(
			    b, " %s=%s", names[i], evhttp_find_header(in, names[i]));
	evbuffer_add_printf(b, " %zu ", evbuffer_get_length(body));
	evbuffer_add_buffer(b, body);
	evhttp_add_header(evhttp_request_get_output_headers(req), "X-Reply", "  yes");
	evhttp_send_reply(req, 200, "OK", b);
	evbuffer_free(b);
}

/* N bytes of a pattern; chunked or not. */
static void serve_big(struct evhttp_request *req, const char *uri)
{
	static char block[65536];
	struct evbuffer *b = evbuffer_new();
	long total = strtol(strrchr(uri, '/') + 1, NULL, 10);
	bool chunked = strstr(uri, "chunked");
	int code = strstr(uri, "failing") ? 500 : 200;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i * 7 + i / 251);
	if (chunked)
		evhttp_send_reply_start(req, code, "OK");
	while (total > 0) {
		long n = total < (long)sizeof(block) ? total : (long)sizeof(block);

		evbuffer_add(b, block, (size_t)n);
		if (chunked)
			evhttp_send_reply_chunk(req, b);
		total -= n;
	}
	if (chunked)
		evhttp_send_reply_end(req);
	else
		evhttp_send_reply(req, code, "OK", b);
	evbuffer_free(b);
}

struct late {
	struct world *w;
	struct evhttp_request *req;
};

static void late_reply(evutil_socket_t fd, short what, void *arg)
{
	struct late *late = arg;

	late->w->concurrent--;
	reply(late->req, 200, "late");
	free(late);
}

static void serve_late(struct evhttp_request *req, struct world *w, int ms)
{
	struct late *late = xcalloc(1, sizeof(*late));

	late->w = w;
	late->req = req;
	if (++w->concurrent > w->most_concurrent)
		w->most_concurrent = w->concurrent;
	event_base_once(
	    loop_base(w->l), -1, EV_TIMEOUT, late_reply, late, &(struct timeval){0, ms * 1000});
}

static void serve(struct evhttp_request *req, void *arg)
{
	struct world *w = arg;
	const char *uri = evhttp_request_get_uri(req);

	w->requests++;
	loop_wake(w->l);
	if (strncmp(uri, "/echo", 5) == 0)
		serve_echo(req, w);
	else if (strncmp(uri, "/big", 4) == 0)
		serve_big(req, uri);
	else if (strcmp(uri, "/late") == 0)
		serve_late(req, w, 150);
	else if (strcmp(uri, "/hold") == 0)
		w->held = req;
	else if (strcmp(uri, "/close") == 0)
		evhttp_connection_free(evhttp_request_get_connection(req));
	else
		reply(req, 404, "{\"message\":\"nothing here\"}");
}

static struct bufferevent *count_connection(struct event_base *base, void *arg)
{
	((struct world *)arg)->connections++;
	return NULL;
}

static void world_listen(struct world *w)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	memcpy(sa.sun_path, w->path, strlen(w->path) + 1);
	unlink(w->path);
	w->server = evhttp_new(loop_base(w->l));
	evhttp_set_gencb(w->server, serve, w);
	evhttp_set_bevcb(w->server, count_connection, w);
	evhttp_set_allowed_methods(w->server, 0xffff);
	w->listener = evconnlistener_new_bind(loop_base(w->l), NULL, NULL, LEV_OPT_CLOSE_ON_FREE,
	    128, (struct sockaddr *)&sa, sizeof(sa));
	CHECK(w->listener != NULL);
	evhttp_bind_listener(w->server, w->listener);
}

static void world_open(struct world *w)
{
	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/http-test-XXXXXX");
	CHECK(mkdtemp(w->dir) != NULL);
	snprintf(w->path, sizeof(w->path), "%s/sock", w->dir);
	w->l = loop_new();
	world_listen(w);
	w->h = http_new(
	    w->l, &(struct http_target){.unix_socket = w->path, .base_url = "http://localhost/"});
}

static void world_close(struct world *w)
{
	http_free(w->h);
	if (w->server)
		evhttp_free(w->server);
	timer_cancel(w->l, &w->resume);
	loop_turn(w->l, 0);
	loop_free(w->l);
	unlink(w->path);
	rmdir(w->dir);
	err_clear(&w->err);
}

static void on_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct world *w = ctx;
	const char *header = http_header(r, "x-reply");

	w->done++;
	w->done_before_return |= w->sending;
	w->status = r->status;
	CHECK_INT(strlen(r->body) <= r->body_len, 1);
	snprintf(w->body, sizeof(w->body), "%s", r->body);
	snprintf(w->header, sizeof(w->header), "%s", header ? header : "");
	err_clear(&w->err);
	if (err)
		err_copy(&w->err, err);
	if (w->free_client) {
		http_free(w->h);
		w->h = NULL;
	}
}

static void on_headers(void *ctx, uint64_t key, const struct http_response *r)
{
	struct world *w = ctx;

	w->headers++;
	CHECK_INT(w->pieces, 0);
	CHECK(r->status != 0);
}

static void resume(void *arg)
{
	struct world *w = arg;

	http_resume(w->h, w->id);
}

static bool on_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct world *w = ctx;

	for (size_t i = 0; i < len; i++)
		w->sum = w->sum * 31 + (unsigned char)data[i];
	w->streamed += len;
	w->pieces++;
	if (!w->pausing)
		return true;
	CHECK(!timer_is_set(&w->resume)); /* nothing comes while paused */
	w->resume = (struct timer){.name = "resume", .fn = resume, .arg = w};
	timer_set(w->l, &w->resume, w->pieces % 3 == 0);
	return false;
}

static http_id begin(struct world *w, const char *method, const char *path, struct http_request r)
{
	r.method = method;
	r.path = path;
	r.done = on_done;
	r.ctx = w;
	w->done = w->headers = w->pieces = w->status = 0;
	w->streamed = w->sum = 0;
	w->sending = true;
	w->id = http_send(w->h, &r);
	w->sending = false;
	CHECK(w->id != 0);
	return w->id;
}

static void finish(struct world *w)
{
	int64_t start = clock_mono_ms();

	while (w->done == 0 && clock_mono_ms() - start < 20000)
		loop_turn(w->l, 100);
	CHECK_INT(w->done, 1);
	CHECK(!w->done_before_return);
}

static void call(struct world *w, const char *method, const char *path, struct http_request r)
{
	begin(w, method, path, r);
	finish(w);
}

TEST("methods, headers and bodies arrive as they were given, and nothing else is added")
{
	static const char *const headers[] = {
	    "X-Test: a b", "Content-Type: application/json", "X-Empty:", NULL};
	char text[] = "{\"a\":1}";
	struct world w;

	world_open(&w);
	call(&w, "GET", "/echo?x=1", (struct http_request){0});
	CHECK_INT(w.status, 200);
	CHECK_STR(w.body, "1 0 ");
	CHECK_STR(w.header, "yes");
	begin(&w, "POST", "/echo",
	    (struct http_request){.headers = headers, .body = text, .body_len = 7});
	text[1] = 'X'; /* the body was copied */
	finish(&w);
	CHECK_STR(w.body,
	    "2 X-Test=a b Content-Type=application/json Content-Length=7 X-Empty= 7 {\"a\":1}");
	call(&w, "POST", "/echo", (struct http_request){0});
	CHECK_STR(w.body, "2 Content-Length=0 0 ");
	call(&w, "PUT", "/echo", (struct http_request){.body = "tar", .body_len = 3});
	CHECK_STR(w.body, "8 Content-Length=3 3 tar");
	call(&w, "PATCH", "/echo", (struct http_request){.body = "tar", .body_len = 3});
	CHECK_STR(w.body, "256 Content-Length=3 3 tar");
	call(&w, "DELETE", "/echo", (struct http_request){0});
	CHECK_STR(w.body, "16 0 ");
	call(&w, "DELETE", "/echo", (struct http_request){.body = "{}", .body_len = 2});
	CHECK_STR(w.body, "16 Content-Length=2 2 {}");
	call(&w, "HEAD", "/echo", (struct http_request){0});
	CHECK_INT(w.status, 200);
	CHECK_STR(w.body, "");
	CHECK_STR(w.header, "yes");
	CHECK_INT(w.connections, 1);
	world_close(&w);
}

TEST("a large request body goes out whole and without Expect")
{
	char *body = xcalloc(1, 3 * MIB);
	struct world w;

	world_open(&w);
	memset(body, 'x', 3 * MIB);
	call(&w, "PUT", "/echo", (struct http_request){.body = body, .body_len = 3 * MIB});
	CHECK(strncmp(w.body, "8 Content-Length=3145728 3145728 xxx", 36) == 0);
	world_close(&w);
	free(body);
}

static void write_more(void *ctx, uint64_t key)
{
	struct world *w = ctx;
	static char block[64 * KIB];

	memset(block, 'u', sizeof(block));
	while (w->to_write > 0 && http_write(w->h, w->id, block, sizeof(block)))
		w->to_write--;
	if (w->to_write == 0)
		http_write_end(w->h, w->id);
}

TEST("a body that comes in pieces goes out in chunks, and no faster than it is taken")
{
	struct http_request r = {
	    .uploads = true, .own_connection = true, .on_writable = write_more};
	struct world w;

	world_open(&w);
	w.to_write = 64;
	begin(&w, "PUT", "/echo", r);
	write_more(&w, 0);
	CHECK(w.to_write > 48); /* the queue is short */
	finish(&w);
	CHECK(strncmp(w.body, "8 4194304 uuu", 13) == 0);
	/* None at all, and one that comes late. */
	begin(&w, "PUT", "/echo", r);
	http_write_end(w.h, w.id);
	finish(&w);
	CHECK_STR(w.body, "8 0 ");
	begin(&w, "PUT", "/echo", r);
	for (int i = 0; i < 5; i++)
		loop_turn(w.l, 10);
	CHECK(http_write(w.h, w.id, "late", 4));
	http_write_end(w.h, w.id);
	finish(&w);
	CHECK_STR(w.body, "8 4 late");
	/* After the end, and after it was cancelled, nothing is wanted any more. */
	CHECK(http_write(w.h, w.id, "x", 1));
	begin(&w, "PUT", "/echo", r);
	http_write(w.h, w.id, "x", 1);
	loop_turn(w.l, 10);
	http_cancel(w.h, w.id);
	CHECK(http_write(w.h, w.id, "x", 1));
	loop_turn(w.l, 10);
	world_close(&w);
}

TEST("an upload that is refused ends with the refusal")
{
	struct world w;

	world_open(&w);
	w.to_write = 1000000;
	begin(&w, "PUT", "/close",
	    (struct http_request){
		.uploads = true, .own_connection = true, .on_writable = write_more});
	write_more(&w, 0);
	for (int i = 0; i < 10; i++)
		loop_turn(w.l, 10);
	w.to_write = 0;
	write_more(&w, 0);
	finish(&w);
	CHECK_INT(w.err.reason, ERR_UNAVAILABLE);
	world_close(&w);
}

TEST("an error status is no error and its body is collected, for a stream too")
{
	struct world w;

	world_open(&w);
	call(&w, "GET", "/nothing",
	    (struct http_request){.on_data = on_data, .on_headers = on_headers});
	CHECK_INT(w.err.reason, ERR_NONE);
	CHECK_INT(w.status, 404);
	CHECK_STR(w.body, "{\"message\":\"nothing here\"}");
	CHECK_INT(w.headers, 1);
	CHECK_INT(w.pieces, 0);
	call(&w, "GET", "/big/failing/2000000", (struct http_request){.on_data = on_data});
	CHECK_INT(w.err.reason, ERR_TOO_LARGE);
	CHECK_INT(w.status, 500);
	world_close(&w);
}

TEST("an answer over max_body is cut with an error that says the limit")
{
	struct world w;

	world_open(&w);
	call(&w, "GET", "/big/5000", (struct http_request){.max_body = 5000});
	CHECK_INT(w.err.reason, ERR_NONE);
	call(&w, "GET", "/big/chunked/5001", (struct http_request){.max_body = 5000});
	CHECK_INT(w.err.reason, ERR_TOO_LARGE);
	CHECK(strstr(err_msg(&w.err), "larger than 5000 bytes"));
	call(&w, "GET", "/big/20000000", (struct http_request){0});
	CHECK_INT(w.err.reason, ERR_TOO_LARGE);
	call(&w, "GET", "/echo", (struct http_request){0});
	CHECK_INT(w.status, 200);
	world_close(&w);
}

TEST("a stream comes whole, and paused after every piece it is the same bytes")
{
	static const char *const paths[] = {
	    "/big/4000001", "/big/chunked/4000001", "/big/1", "/big/0"};
	struct world w;

	world_open(&w);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct http_request r = {
		    .on_data = on_data, .on_headers = on_headers, .own_connection = true};
		unsigned sum;

		w.pausing = false;
		call(&w, "GET", paths[i], r);
		sum = w.sum;
		CHECK_INT(w.streamed, strtol(strrchr(paths[i], '/') + 1, NULL, 10));
		CHECK_INT(w.headers, 1);
		CHECK_INT(w.err.reason, ERR_NONE);
		w.pausing = true;
		call(&w, "GET", paths[i], r);
		CHECK_INT(w.streamed, strtol(strrchr(paths[i], '/') + 1, NULL, 10));
		CHECK(w.sum == sum);
		CHECK(!timer_is_set(&w.resume)); /* done came after the last resume */
	}
	world_close(&w);
}

TEST("a stream has a connection of its own, calls share theirs")
{
	struct http_request stream = {.on_data = on_data, .own_connection = true};
	struct world w;

	world_open(&w);
	call(&w, "GET", "/echo", (struct http_request){0});
	call(&w, "GET", "/echo", stream);
	CHECK_INT(w.connections, 2);
	call(&w, "GET", "/echo", (struct http_request){0});
	CHECK_INT(w.connections, 2);
	world_close(&w);
}

struct many {
	struct world w;
	int done, failed;
};

static void count_done(
    void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct many *m = ctx;

	m->done++;
	m->failed += err != NULL || r->status != 200;
}

TEST("calls run in parallel up to the limit, the rest wait, streams never do")
{
	struct many m = {0};
	struct http_request r = {.method = "GET", .path = "/late", .done = count_done, .ctx = &m};

	world_open(&m.w);
	for (int i = 0; i < 3 * HTTP_PARALLEL; i++)
		http_send(m.w.h, &r);
	r.own_connection = true;
	for (int i = 0; i < 20; i++)
		http_send(m.w.h, &r);
	while (m.done < 3 * HTTP_PARALLEL + 20)
		loop_turn(m.w.l, 1000);
	CHECK_INT(m.failed, 0);
	CHECK_INT(m.w.most_concurrent, HTTP_PARALLEL + 20);
	CHECK_INT(m.w.connections, HTTP_PARALLEL + 20);
	world_close(&m.w);
}

TEST("more connections at once than the server's backlog holds are no error")
{
	struct many m = {0};
	struct http_request r = {.method = "GET", .path = "/late", .done = count_done, .ctx = &m};

	world_open(&m.w);
	r.own_connection = true;
	for (int i = 0; i < 300; i++)
		http_send(m.w.h, &r);
	while (m.done < 300)
		loop_turn(m.w.l, 1000);
	CHECK_INT(m.failed, 0);
	world_close(&m.w);
}

TEST("a cancelled call never calls back, whether it waits, runs or is about to")
{
	struct many m = {0};
	struct http_request r = {.method = "GET", .path = "/late", .done = count_done, .ctx = &m};
	http_id ids[60];

	world_open(&m.w);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		ids[i] = http_send(m.w.h, &r);
	http_cancel(m.w.h, ids[0]);
	loop_turn(m.w.l, 0);
	loop_turn(m.w.l, 10);
	for (size_t i = 1; i < ARRAY_LEN(ids) - 1; i++)
		http_cancel(m.w.h, ids[i]);
	http_cancel(m.w.h, 0);
	http_cancel(m.w.h, 123456789);
	while (m.done == 0)
		loop_turn(m.w.l, 1000);
	for (int i = 0; i < 5; i++)
		loop_turn(m.w.l, 30);
	CHECK_INT(m.done, 1);
	world_close(&m.w);
}

static void cancel_in_headers(void *ctx, uint64_t key, const struct http_response *r)
{
	struct world *w = ctx;

	w->headers++;
	http_cancel(w->h, w->id);
}

static bool cancel_in_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct world *w = ctx;

	w->pieces++;
	http_cancel(w->h, w->id);
	return key != 0;
}

static void restart_in_done(
    void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct world *w = ctx;

	http_cancel(w->h, w->id); /* itself: without effect */
	begin(w, "GET", "/echo", (struct http_request){0});
}

static void settle(struct world *w)
{
	for (int i = 0; i < 6; i++)
		loop_turn(w->l, 5);
}

TEST("a call may be cancelled and another started in every callback")
{
	struct world w;

	world_open(&w);
	begin(&w, "GET", "/big/1000000", (struct http_request){.on_headers = cancel_in_headers});
	settle(&w);
	CHECK_INT(w.headers, 1);
	CHECK_INT(w.done, 0);
	for (uint64_t key = 0; key < 2; key++) {
		begin(&w, "GET", "/big/1000000",
		    (struct http_request){.on_data = cancel_in_data, .key = key});
		settle(&w);
		CHECK_INT(w.pieces, 1);
		CHECK_INT(w.done, 0);
	}
	w.id = http_send(
	    w.h, &(struct http_request){
		     .method = "GET", .path = "/echo", .done = restart_in_done, .ctx = &w});
	finish(&w);
	CHECK_INT(w.status, 200);
	world_close(&w);
}

static void free_in_headers(void *ctx, uint64_t key, const struct http_response *r)
{
	struct world *w = ctx;

	w->headers++;
	http_free(w->h);
	w->h = NULL;
}

static bool free_in_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	free_in_headers(ctx, key, NULL);
	return true;
}

TEST("the client may be freed in every callback, with other calls in every state")
{
	for (int where = 0; where < 4; where++) {
		struct http_request r = {.method = "GET", .path = "/hold", .done = on_done};
		struct world w;

		world_open(&w);
		r.ctx = &w;
		for (int i = 0; i < HTTP_PARALLEL; i++)
			http_send(w.h, &r);
		r = (struct http_request){.own_connection = true};
		r.on_headers = where == 0 ? free_in_headers : NULL;
		r.on_data = where == 1 ? free_in_data : NULL;
		w.free_client = where == 2;
		begin(&w, "GET", "/big/100000", r);
		for (int i = 0; i < 500 && w.h && w.done == 0; i++)
			loop_turn(w.l, 10);
		CHECK_INT(w.done, where >= 2);
		CHECK_INT(w.headers, where < 2);
		world_close(&w);
	}
}

TEST("a server that closes without an answer is an error on a new connection")
{
	struct world w;

	world_open(&w);
	call(&w, "GET", "/close", (struct http_request){0});
	CHECK_INT(w.err.reason, ERR_UNAVAILABLE);
	CHECK(strstr(err_msg(&w.err), "closed the connection without an answer to GET /close"));
	world_close(&w);
}

TEST("a kept connection that the server has closed meanwhile is not an error")
{
	struct world w;

	world_open(&w);
	call(&w, "GET", "/echo", (struct http_request){0});
	evhttp_free(w.server);
	world_listen(&w);
	call(&w, "POST", "/echo", (struct http_request){.body = "x", .body_len = 1});
	CHECK_INT(w.err.reason, ERR_NONE);
	CHECK_INT(w.status, 200);
	CHECK_INT(w.connections, 2);
	world_close(&w);
}

TEST("when a kept connection breaks after the request, GET is sent again and POST is not")
{
	struct world w;

	world_open(&w);
	call(&w, "GET", "/echo", (struct http_request){0});
	call(&w, "GET", "/close", (struct http_request){0});
	CHECK_INT(w.err.reason, ERR_UNAVAILABLE);
	CHECK_INT(w.requests, 3);
	call(&w, "GET", "/echo", (struct http_request){0});
	call(&w, "POST", "/close", (struct http_request){.body = "x", .body_len = 1});
	CHECK_INT(w.err.reason, ERR_UNAVAILABLE);
	CHECK(strstr(err_msg(&w.err), "closed the connection without an answer to POST /close"));
	CHECK_INT(w.requests, 5);
	world_close(&w);
}

TEST("a connection lost in the middle of a stream is an error, after the pieces that came")
{
	struct evbuffer *b = evbuffer_new();
	struct world w;

	world_open(&w);
	begin(&w, "GET", "/hold",
	    (struct http_request){.on_data = on_data, .on_headers = on_headers});
	while (!w.held)
		loop_turn(w.l, 1000);
	evhttp_send_reply_start(w.held, 200, "OK");
	evbuffer_add(b, "abc", 3);
	evhttp_send_reply_chunk(w.held, b);
	while (w.pieces == 0)
		loop_turn(w.l, 1000);
	evhttp_connection_free(evhttp_request_get_connection(w.held));
	finish(&w);
	CHECK_INT(w.err.reason, ERR_UNAVAILABLE);
	CHECK(strstr(err_msg(&w.err), "in the middle of the answer to GET /hold"));
	CHECK_INT(w.streamed, 3);
	evbuffer_free(b);
	world_close(&w);
}

TEST("a call that takes longer than its timeout ends with ERR_TIMEOUT")
{
	int64_t start = clock_mono_ms();
	struct world w;

	world_open(&w);
	call(&w, "GET", "/hold?not", (struct http_request){0});
	CHECK_INT(w.status, 404);
	call(&w, "GET", "/hold", (struct http_request){.timeout_ms = 50});
	CHECK_INT(w.err.reason, ERR_TIMEOUT);
	CHECK(strstr(err_msg(&w.err), "to GET /hold within 0.05 s"));
	CHECK(clock_mono_ms() - start >= 50 && clock_mono_ms() - start < 5000);
	world_close(&w);
}

static void check_connect_error(struct world *w, const char *want)
{
	call(w, "GET", "/echo", (struct http_request){0});
	CHECK_INT(w->err.reason, ERR_UNAVAILABLE);
	CHECK_INT(w->status, 0);
	CHECK(strstr(err_msg(&w->err), want) != NULL);
	CHECK(strstr(err_msg(&w->err), w->path) != NULL);
	if (test_failed)
		printf("# %s\n", err_msg(&w->err));
}

TEST("connect errors of a unix socket name the path and the cause")
{
	char text[128];
	FILE *f;
	struct world w;

	world_open(&w);
	evhttp_free(w.server);
	w.server = NULL;
	check_connect_error(&w, "connection refused");
	unlink(w.path);
	check_connect_error(&w, "no such file");
	f = fopen(w.path, "w");
	fclose(f);
	check_connect_error(&w, "connection refused");
	if (geteuid() == 0) {
		chmod(w.dir, 0);
		CHECK_INT(seteuid(65534), 0);
		check_connect_error(&w, "permission denied");
		CHECK_INT(seteuid(0), 0);
		chmod(w.dir, 0700);
	}
	http_free(w.h);
	snprintf(text, sizeof(text), "/tmp/%0115d", 0);
	snprintf(w.path, sizeof(w.path), "%s", text);
	w.h = http_new(
	    w.l, &(struct http_target){.unix_socket = text, .base_url = "http://localhost"});
	check_connect_error(&w, "too long");
	world_close(&w);
}

TEST("a TCP target that refuses is named by its URL")
{
	struct world w;

	world_open(&w);
	http_free(w.h);
	w.h = http_new(w.l, &(struct http_target){.base_url = "http://127.0.0.1:1"});
	call(&w, "GET", "/", (struct http_request){0});
	CHECK_INT(w.err.reason, ERR_UNAVAILABLE);
	CHECK_STR(err_msg(&w.err), "cannot connect to http://127.0.0.1:1: connection refused");
	world_close(&w);
}

TEST("a request that would smuggle a line is refused")
{
	static const char *const headers[] = {"X-A: b\r\nX-C: d", NULL};
	struct world w;

	world_open(&w);
	call(&w, "GET", "/echo", (struct http_request){.headers = headers});
	CHECK_INT(w.err.reason, ERR_BAD_REQUEST);
	call(&w, "GET", "/echo\r\nHost: x", (struct http_request){0});
	CHECK_INT(w.err.reason, ERR_BAD_REQUEST);
	CHECK_INT(w.requests, 0);
	world_close(&w);
}

TEST("http_escape leaves only unreserved characters")
{
	auto_buf b = {0};

	http_escape(&b, "a-Z_0.~ /?&=%\xc3\xa9");
	CHECK_STR(buf_str(&b), "a-Z_0.~%20%2F%3F%26%3D%25%C3%A9");
}

int main(void)
{
	return test_main();
}
