#include "test.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../probes/action.h"
#include "../../runtime/base/clock.h"

#ifndef RUNNER_OF_WORLD /* action_through_test.c has one */
#define RUNNER_OF_WORLD(loop, host) NULL
#define RUNNER_FREE(r)
#endif

/*
 * A server on a port of its own that says what a test wants: the reply is chosen by the path of the
 * request, or is the one in `canned`. HTTP/2 is spoken in frames made by hand.
 */
struct world {
	struct loop *l;
	struct evconnlistener *listener;
	unsigned port;
	int connections, closed;
	char request[2048]; /* the last one */
	const char *canned;
	size_t canned_len;
	bool silent, h2;

	int done;
	struct action_result result;
	char text[ACTION_TEXT_MAX + 1];
	int64_t took_ms;
	struct runner *runner;
};

static const struct {
	const char *path, *reply;
} replies[] = {
    {"/ok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nfi"},
    {"/399", "HTTP/1.1 399 Odd\r\nContent-Length: 0\r\n\r\n"},
    {"/404", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"},
    {"/500", "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"},
    {"/here", "HTTP/1.1 302 Found\r\nLocation: /ok?a=1\r\nContent-Length: 0\r\n\r\n"},
    {"/there", "HTTP/1.1 302 Found\r\nLocation: http://other.test/ok\r\nContent-Length: 4\r\n\r\n"
	       "away"},
    {"/round", "HTTP/1.1 301 Moved\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n"},
    {"/lost", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"},
    {"/odd", "HTTP/1.1 302 Found\r\nLocation: gopher://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"},
    {"/garbage", "ICY 200 OK\r\n\r\n"},
    {"/close", ""},
    {"/half", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"},
    {"/slow", "HTTP/1.1 200 OK\r\nContent-Le"},
    {"/stuck", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nstuck"},
    {"/endless", "HTTP/1.1 200 OK\r\n\r\n"},
};

static void on_gone(struct bufferevent *b, short what, void *arg)
{
	struct world *w = arg;

	w->closed++;
	bufferevent_free(b);
}

static void on_sent(struct bufferevent *b, void *arg)
{
	struct world *w = arg;
	static const char block[4096] = {'x'};

	if (strstr(w->request, " /endless"))
		bufferevent_write(b, block, sizeof(block));
	else if (strstr(w->request, " /half") || strstr(w->request, " /close") ||
		 strstr(w->request, " /garbage"))
		on_gone(b, 0, w);
}

static void on_request(struct bufferevent *b, void *arg)
{
	struct world *w = arg;
	struct evbuffer *in = bufferevent_get_input(b);
	size_t len = evbuffer_get_length(in);

	loop_wake(w->l);
	if (w->silent || (!w->h2 && evbuffer_search(in, "\r\n\r\n", 4, NULL).pos < 0))
		return;
	if (w->h2 && len < 24 + 9)
		return;
	len = len < sizeof(w->request) - 1 ? len : sizeof(w->request) - 1;
	evbuffer_remove(in, w->request, len);
	w->request[len] = '\0';
	if (w->canned) {
		bufferevent_write(b, w->canned, w->canned_len);
		w->canned_len = 0; /* once */
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		auto_free char *line = xasprintf("GET %s", replies[i].path);

		if (!str_has_prefix(w->request, line))
			continue;
		bufferevent_write(b, replies[i].reply, strlen(replies[i].reply));
		if (!*replies[i].reply)
			on_gone(b, 0, w);
	}
}

static void on_accept(
    struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
	struct world *w = arg;
	struct bufferevent *b = bufferevent_socket_new(loop_base(w->l), fd, BEV_OPT_CLOSE_ON_FREE);

	w->connections++;
	w->request[0] = '\0';
	bufferevent_setcb(b, on_request, on_sent, on_gone, w);
	bufferevent_enable(b, EV_READ | EV_WRITE);
	loop_wake(w->l);
}

static void world_open(struct world *w)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	memset(w, 0, sizeof(*w));
	w->l = loop_new();
	w->listener = evconnlistener_new_bind(loop_base(w->l), on_accept, w,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16, (struct sockaddr *)&a, sizeof(a));
	CHECK(w->listener != NULL);
	getsockname(evconnlistener_get_fd(w->listener), (struct sockaddr *)&a, &len);
	w->port = ntohs(a.sin_port);
}

static void turn_for(struct world *w, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms, now;

	while ((now = clock_mono_ms()) < end)
		loop_turn(w->l, (int)(end - now));
}

static void world_close(struct world *w)
{
	/* The server's side of connections sees the end of the client's. */
	turn_for(w, 5);
	for (int i = 0; i < 100 && w->closed < w->connections; i++)
		turn_for(w, 20);
	if (w->listener)
		evconnlistener_free(w->listener);
	CHECK_INT(w->closed, w->connections);
	RUNNER_FREE(w->runner);
	loop_free(w->l);
}

static void on_done(void *ctx, uint64_t key, const struct action_result *r)
{
	struct world *w = ctx;

	CHECK_INT(key, 7);
	w->done++;
	w->result = *r;
	snprintf(w->text, sizeof(w->text), "%s", r->text);
}

static struct action *begin(struct world *w, struct action_spec *s, int64_t timeout_ms)
{
	struct action *a;

	w->done = 0;
	if (!s->host)
		s->host = "127.0.0.1";
	if (!w->runner)
		w->runner = RUNNER_OF_WORLD(w->l, s->host);
	s->runner = w->runner;
	if (!s->port)
		s->port = w->port;
	a = action_start(w->l, s, timeout_ms, on_done, w, 7);
	CHECK_INT(w->done, 0);
	return a;
}

/* Runs the action to its end; the text, with the port as PORT; valid until the next call. */
static const char *act(struct world *w, struct action_spec *s, int64_t timeout_ms)
{
	static char text[ACTION_TEXT_MAX + 64];
	char port[16], *at;
	int64_t began = clock_mono_ms();

	begin(w, s, timeout_ms);
	while (!w->done && clock_mono_ms() < began + 10000)
		loop_turn(w->l, 100);
	CHECK_INT(w->done, 1);
	w->took_ms = clock_mono_ms() - began;
	snprintf(text, sizeof(text), "%s", w->text);
	snprintf(port, sizeof(port), ":%u", s->port);
	while ((at = strstr(text, port))) {
		memmove(at + 5, at + strlen(port), strlen(at + strlen(port)) + 1);
		memcpy(at, ":PORT", 5);
	}
	return text;
}

/* A port that nobody listens on. */
static unsigned closed_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_INT(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	close(fd);
	return ntohs(a.sin_port);
}

/* ---- http ---- */

TEST("N14: statuses, redirects and trouble of httpGet, in Kubernetes' words")
{
	static const struct {
		const char *path;
		enum action_outcome outcome;
		const char *text;
	} rows[] = {
	    {"/ok", ACTION_SUCCESS, "fi"},
	    {"/404", ACTION_FAILURE, "HTTP probe failed with statuscode: 404"},
	    {"/500", ACTION_FAILURE, "HTTP probe failed with statuscode: 500"},
	    {"/here", ACTION_SUCCESS, "fi"},
	    {"/there", ACTION_WARNING, "Probe terminated redirects, Response body: away"},
	    {"/lost", ACTION_WARNING, "Probe terminated redirects, Response body: "},
	    {"/399", ACTION_WARNING, "Probe terminated redirects, Response body: "},
	    {"/round", ACTION_FAILURE,
		"Get \"http://127.0.0.1:PORT/round\": stopped after 10 redirects"},
	    {"/odd", ACTION_FAILURE,
		"Get \"http://127.0.0.1:PORT/odd\": failed to parse Location header "
		"\"gopher://127.0.0.1/\": invalid URL"},
	    {"/close", ACTION_FAILURE, "Get \"http://127.0.0.1:PORT/close\": EOF"},
	    {"/half", ACTION_ERROR, "unexpected EOF"},
	    {"/slow", ACTION_FAILURE,
		"Get \"http://127.0.0.1:PORT/slow\": context deadline exceeded (Client.Timeout "
		"exceeded while awaiting headers)"},
	    {"/stuck", ACTION_ERROR,
		"context deadline exceeded (Client.Timeout or context cancellation while reading "
		"body)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;
		struct action_spec s = {.kind = ACTION_HTTP, .path = rows[i].path};

		bool hangs = str_eq(rows[i].path, "/slow") || str_eq(rows[i].path, "/stuck");

		world_open(&w);
		CHECK_STR(act(&w, &s, hangs ? 400 : 60000), rows[i].text);
		CHECK_INT(w.result.outcome, rows[i].outcome);
		world_close(&w);
	}
}

TEST("an answer that is no HTTP fails, a body without end does not")
{
	struct world w;
	struct action_spec s = {.kind = ACTION_HTTP, .path = "/garbage"};

	world_open(&w);
	CHECK(str_has_prefix(act(&w, &s, 60000), "Get \"http://127.0.0.1:PORT/garbage\": "));
	CHECK_INT(w.result.outcome, ACTION_FAILURE);
	s.path = "/endless";
	act(&w, &s, 60000);
	CHECK_INT(w.result.outcome, ACTION_SUCCESS);
	CHECK(strlen(w.text) <= ACTION_TEXT_MAX);
	CHECK(w.took_ms < 30000);
	world_close(&w);
}

TEST("the request is Kubernetes': its headers, those of the manifest, no others")
{
	static const char *const some[] = {
	    "X-One: 1", "Host: name.test", "user-agent: me", "Accept:", "X-Empty:", NULL};
	struct world w;
	struct action_spec s = {.kind = ACTION_HTTP, .path = "ok with blank?q=%20"};
	auto_free char *want = NULL;

	world_open(&w);
	s.path = "/ok";
	act(&w, &s, 60000);
	want = xasprintf("GET /ok HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: "
			 "kube-probe/1.36\r\nAccept: */*\r\nConnection: close\r\n\r\n",
	    w.port);
	CHECK_STR(w.request, want);
	s.path = "ok with?q=%20";
	s.headers = some;
	act(&w, &s, 60000);
	CHECK_STR(w.request, "GET /ok%20with?q=%20 HTTP/1.1\r\nHost: name.test\r\nX-One: 1\r\n"
			     "user-agent: me\r\nX-Empty:\r\nConnection: close\r\n\r\n");
	world_close(&w);
}

TEST("a connection that is refused or a name without an address is told as Go tells it")
{
	struct world w;
	struct action_spec s = {.kind = ACTION_HTTP, .path = "/", .port = closed_port()};

	world_open(&w);
	CHECK_STR(act(&w, &s, 60000), "Get \"http://127.0.0.1:PORT/\": dial tcp 127.0.0.1:PORT: "
				     "connect: connection refused");
	CHECK_INT(w.result.outcome, ACTION_FAILURE);
	s.host = "a b";
	CHECK_STR(act(&w, &s, 60000), "invalid host a b");
	CHECK_INT(w.result.outcome, ACTION_ERROR);
	world_close(&w);
}

TEST("hooks take every answer for a success")
{
	struct world w;
	struct action_spec s = {.kind = ACTION_HTTP, .path = "/500", .any_answer = true};

	world_open(&w);
	act(&w, &s, 60000);
	CHECK_INT(w.result.outcome, ACTION_SUCCESS);
	s.path = "/close";
	act(&w, &s, 60000);
	CHECK_INT(w.result.outcome, ACTION_FAILURE);
	s.path = "/stuck";
	act(&w, &s, 200);
	CHECK_INT(w.result.outcome, ACTION_SUCCESS);
	world_close(&w);
}

/* ---- tcp ---- */

TEST("N20: tcpSocket connects or says why not")
{
	struct world w;
	struct action_spec s = {.kind = ACTION_TCP};

	world_open(&w);
	act(&w, &s, 60000);
	CHECK_INT(w.result.outcome, ACTION_SUCCESS);
	CHECK_INT(w.connections, 1);
	s.port = closed_port();
	CHECK_STR(act(&w, &s, 60000), "dial tcp 127.0.0.1:PORT: connect: connection refused");
	CHECK_INT(w.result.outcome, ACTION_FAILURE);
	world_close(&w);
}

TEST("tcpSocket gives up at its time limit where nobody answers")
{
	struct world w;
	struct action_spec s = {.kind = ACTION_TCP};
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0), fill[8];

	world_open(&w);
	/* A backlog that is full drops further connections. */
	CHECK_INT(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	CHECK_INT(listen(fd, 0), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	for (size_t i = 0; i < ARRAY_LEN(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		CHECK(connect(fill[i], (struct sockaddr *)&a, len) != 1);
	}
	s.port = ntohs(a.sin_port);
	CHECK_STR(act(&w, &s, 300), "dial tcp 127.0.0.1:PORT: i/o timeout");
	CHECK(w.took_ms >= 300 && w.took_ms < 30000);
	for (size_t i = 0; i < ARRAY_LEN(fill); i++)
		close(fill[i]);
	close(fd);
	world_close(&w);
}

/* ---- grpc ---- */

/* A frame of HTTP/2. */
static void frame(struct buf *b, int type, int flags, int stream, const void *data, size_t len)
{
	const unsigned char head[9] = {0, (unsigned char)(len >> 8), (unsigned char)len,
	    (unsigned char)type, (unsigned char)flags, 0, 0, 0, (unsigned char)stream};

	buf_add(b, head, sizeof(head));
	buf_add(b, data, len);
}

/* A header field that is not indexed. */
static void field(struct buf *b, const char *name, const char *value)
{
	buf_addch(b, 0);
	buf_addch(b, (char)strlen(name));
	buf_adds(b, name);
	buf_addch(b, (char)strlen(value));
	buf_adds(b, value);
}

/* An answer of a gRPC server: with a message (len > 0) and trailers, or trailers alone. */
static void grpc_answer(struct buf *b, const char *http_status, const char *type,
    const void *message, size_t len, const char *status, const char *text)
{
	auto_buf head = {0}, tail = {0};

	frame(b, 4, 0, 0, "", 0); /* SETTINGS */
	frame(b, 4, 1, 0, "", 0); /* and the acknowledgement of the client's */
	field(&head, ":status", http_status);
	field(&head, "content-type", type);
	if (status)
		field(&tail, "grpc-status", status);
	if (text)
		field(&tail, "grpc-message", text);
	if (len == 0) {
		buf_add(&head, buf_str(&tail), tail.len);
		frame(b, 1, 5, 1, head.ptr, head.len); /* END_HEADERS, END_STREAM */
		return;
	}
	frame(b, 1, 4, 1, head.ptr, head.len);
	frame(b, 0, 0, 1, message, len);
	frame(b, 1, 5, 1, tail.ptr, tail.len);
}

TEST("N20: gRPC's health states and errors, in Kubernetes' words")
{
	static const struct {
		const char *http_status, *message;
		size_t len;
		const char *status, *text;
		enum action_outcome outcome;
		const char *want;
	} rows[] = {
	    {"200", "\0\0\0\0\2\x08\1", 7, "0", NULL, ACTION_SUCCESS, "service healthy"},
	    {"200", "\0\0\0\0\2\x08\2", 7, "0", NULL, ACTION_FAILURE,
		"service unhealthy (responded with \"NOT_SERVING\")"},
	    {"200", "\0\0\0\0\0", 5, "0", NULL, ACTION_FAILURE,
		"service unhealthy (responded with \"UNKNOWN\")"},
	    {"200", "\0\0\0\0\x5\x12\1x\x08\1", 10, "0", NULL, ACTION_SUCCESS, "service healthy"},
	    {"200", "\0\0\0\0\2\x08\x9", 7, "0", NULL, ACTION_FAILURE,
		"service unhealthy (responded with \"9\")"},
	    {"200", "\0\0\0\0\x7\x08", 6, "0", NULL, ACTION_FAILURE,
		"error: health rpc probe failed: rpc error: code = Internal desc = grpc: failed "
		"to unmarshal the received message"},
	    {"200", "", 0, "12", "unknown service x", ACTION_FAILURE,
		"error: this server does not implement the grpc health protocol "
		"(grpc.health.v1.Health): unknown service x"},
	    {"200", "", 0, "5", "unknown%20service%", ACTION_FAILURE,
		"error: health rpc probe failed: rpc error: code = NotFound desc = unknown "
		"service%"},
	    {"404", "", 0, NULL, NULL, ACTION_FAILURE,
		"error: this server does not implement the grpc health protocol "
		"(grpc.health.v1.Health): unexpected HTTP status code received from server: 404"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;
		struct action_spec s = {.kind = ACTION_GRPC, .service = "x"};
		auto_buf b = {0};

		grpc_answer(&b, rows[i].http_status, "application/grpc", rows[i].message,
		    rows[i].len, rows[i].status, rows[i].text);
		world_open(&w);
		w.h2 = true;
		w.canned = buf_str(&b);
		w.canned_len = b.len;
		CHECK_STR(act(&w, &s, 60000), rows[i].want);
		CHECK_INT(w.result.outcome, rows[i].outcome);
		CHECK(memmem(w.request, sizeof(w.request), "\0\0\0\0\3\n\1x", 8));
		world_close(&w);
	}
}

TEST("gRPC to nobody, to a server of HTTP/1 and to a silent one ends at the time limit")
{
	struct world w;
	struct action_spec s = {.kind = ACTION_GRPC, .port = closed_port()};

	world_open(&w);
	CHECK_STR(act(&w, &s, 1000), "timeout: failed to connect service \"127.0.0.1:PORT\" within "
				     "1s: context deadline exceeded");
	CHECK(w.took_ms >= 1000);
	s.port = w.port;
	w.h2 = true;
	w.canned = "HTTP/1.1 400 Bad Request\r\n\r\n";
	w.canned_len = strlen(w.canned);
	CHECK_STR(act(&w, &s, 500), "timeout: failed to connect service \"127.0.0.1:PORT\" within "
				    "500ms: context deadline exceeded");
	w.silent = true;
	CHECK_STR(act(&w, &s, 500), "timeout: health rpc did not complete within 500ms");
	world_close(&w);
}

/* ---- all of them ---- */

TEST("a cancelled action says nothing, at whatever moment")
{
	static const enum action_kind some[] = {ACTION_HTTP, ACTION_TCP, ACTION_GRPC};

	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		for (int turns = 0; turns < 12; turns++) {
			struct world w;
			struct action_spec s = {.kind = some[i], .path = "/stuck"};
			struct action *a;

			world_open(&w);
			w.h2 = some[i] == ACTION_GRPC;
			a = begin(&w, &s, 5000);
			for (int t = 0; t < turns && !w.done; t++)
				loop_turn(w.l, 5);
			if (!w.done)
				action_cancel(a);
			turn_for(&w, 10);
			CHECK_INT(w.done, some[i] == ACTION_TCP ? w.done : 0);
			world_close(&w);
		}
	}
}

TEST("events say which probe it was and how it went")
{
	static const struct {
		enum action_outcome outcome;
		const char *text;
	} rows[] = {
	    {ACTION_SUCCESS, NULL},
	    {ACTION_WARNING, "Liveness probe warning: x"},
	    {ACTION_FAILURE, "Liveness probe failed: x"},
	    {ACTION_ERROR, "Liveness probe errored and resulted in unknown state: x"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct action_result r = {.outcome = rows[i].outcome, .text = "x"};
		auto_free char *text = action_event_text("Liveness", &r);

		CHECK_STR(text, rows[i].text);
	}
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return test_main();
}
