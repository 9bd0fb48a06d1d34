/*
 * server_fixture: an API server in this process, on a unix socket in a temporary folder, with a
 * store of its own and a pod loop that is a few variables. Clients are plain sockets; waiting for
 * them turns the loop.
 */
#ifndef KJOB_SERVER_FIXTURE_H
#define KJOB_SERVER_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../controller/server/server.h"
#include "../../controller/store/registry.h"
#include "../../runtime/base/buf.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "test.h"

#define WAIT_MS 60000

/* ---- the pod loop ---- */

struct log_follow {
	struct pods *pods;
	void (*fn)(void *ctx);
	void *ctx;
	struct log_follow *next;
};

struct pods {
	char log_path[256];
	bool live;
	const char *refuse; /* text of a 400 that find_log gives */
	struct log_follow *follows;
	struct buf input; /* what came for standard input */
	bool full;        /* stdin_write refuses */
	int opened, closed;
	unsigned columns, rows;
	struct pod_dial *dials[4]; /* in the order of their making */
};

static int fake_find_log(struct pods *p, const json *pod, const char *container, bool previous,
    char **ret_path, bool *ret_live, struct err *e)
{
	if (previous)
		return err_set(e, ERR_BAD_REQUEST,
		    "previous terminated container \"%s\" in pod \"%s\" not found", container,
		    json_str_or(pod, "metadata.name", "?"));
	if (p->refuse)
		return err_set(e, ERR_BAD_REQUEST, "%s", p->refuse);
	*ret_path = xstrdup(p->log_path);
	*ret_live = p->live;
	return 0;
}

static int fake_find_attempt_log(struct pods *p, const char *ns, const char *pod, const char *uid,
    const char *container, int attempt, char **ret_path, struct err *e)
{
	if (!str_eq(uid, "the-uid") || attempt != 1)
		return err_not_found(e, kind_by_id(KIND_POD), pod);
	*ret_path = xstrdup(p->log_path);
	return 0;
}

static struct log_follow *fake_follow_log(
    struct pods *p, const char *path, void (*fn)(void *ctx), void *ctx)
{
	struct log_follow *f = xcalloc(1, sizeof(*f));

	*f = (struct log_follow){p, fn, ctx, p->follows};
	p->follows = f;
	return f;
}

static bool fake_follow_live(const struct log_follow *f)
{
	return f->pods->live;
}

static void fake_follow_stop(struct log_follow *f)
{
	struct log_follow **at = &f->pods->follows;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	free(f);
}

static UNUSED void notify_followers(struct pods *p)
{
	for (struct log_follow *f = p->follows; f; f = f->next)
		f->fn(f->ctx);
}

static int fake_stdin_open(
    struct pods *p, const char *uid, const char *container, bool *ret_first, struct err *e)
{
	*ret_first = p->opened++ == 0;
	return 0;
}

static bool fake_stdin_write(
    struct pods *p, const char *uid, const char *container, const void *data, size_t len)
{
	if (p->full)
		return false;
	buf_add(&p->input, data, len);
	return true;
}

static void fake_stdin_close(struct pods *p, const char *uid, const char *container)
{
	p->closed++;
}

static void fake_tty_resize(
    struct pods *p, const char *uid, const char *container, unsigned columns, unsigned rows)
{
	p->columns = columns;
	p->rows = rows;
}

/* A connection to a port of a pod; port 9 cannot be had. */
struct pod_dial {
	struct pods *pods;
	unsigned port;
	const struct pod_dial_callbacks *cb;
	void *ctx;
	struct buf got;
	bool ended;
};

static struct pod_dial *fake_dial(struct pods *p, const char *uid, unsigned port,
    const struct pod_dial_callbacks *cb, void *ctx, struct err *e)
{
	struct pod_dial *d;

	if (port == 9) {
		err_set(e, ERR_BAD_REQUEST, "the pod does not run");
		return NULL;
	}
	d = xcalloc(1, sizeof(*d));
	*d = (struct pod_dial){.pods = p, .port = port, .cb = cb, .ctx = ctx};
	for (size_t i = 0; i < ARRAY_LEN(p->dials); i++)
		if (!p->dials[i]) {
			p->dials[i] = d;
			break;
		}
	return d;
}

static bool fake_dial_write(struct pod_dial *d, const void *data, size_t len)
{
	if (d->pods->full)
		return false;
	buf_add(&d->got, data, len);
	return true;
}

static void fake_dial_end(struct pod_dial *d)
{
	d->ended = true;
}

static void fake_dial_resume(struct pod_dial *d)
{
}

static void fake_dial_free(struct pod_dial *d)
{
	for (size_t i = 0; i < ARRAY_LEN(d->pods->dials); i++)
		if (d->pods->dials[i] == d)
			d->pods->dials[i] = NULL;
	buf_release(&d->got);
	free(d);
}

static const struct server_pods_ops fake_pods = {
    .find_log = fake_find_log,
    .find_attempt_log = fake_find_attempt_log,
    .follow_log = fake_follow_log,
    .follow_live = fake_follow_live,
    .follow_stop = fake_follow_stop,
    .stdin_open = fake_stdin_open,
    .stdin_write = fake_stdin_write,
    .stdin_close = fake_stdin_close,
    .tty_resize = fake_tty_resize,
    .dial = fake_dial,
    .dial_write = fake_dial_write,
    .dial_end = fake_dial_end,
    .dial_resume = fake_dial_resume,
    .dial_free = fake_dial_free,
};

/* ---- the server ---- */

struct fixture {
	char dir[64], socket[96], database[96];
	struct loop *loop;
	struct store *store;
	struct pods pods;
	struct server *server;
	bool fail_commit; /* report a failure to the server at the next turn's end with held answers
			   */
	int stops;
	bool engine_lost;
};

static json *fixture_status(void *ctx)
{
	json *j = json_new_object();

	json_set_str(j, "version", "9.9.9");
	json_set_bool(json_obj(j, "engine"), "reachable", !((struct fixture *)ctx)->engine_lost);
	return j;
}

static void fixture_stop(void *ctx)
{
	((struct fixture *)ctx)->stops++;
}

static void fixture_turn_end(void *arg)
{
	struct fixture *f = arg;
	auto_err e = {0};
	bool dirty = store_dirty(f->store);

	if (!f->server)
		return;
	if (store_commit(f->store, &e) == 0 && dirty && f->fail_commit) {
		f->fail_commit = false;
		err_set(&e, ERR_INTERNAL, "database or disk is full");
	}
	server_after_commit(f->server, &e);
}

static void add_namespace(struct fixture *f, const char *name)
{
	auto_err e = {0};
	json *ns = json_new_object();
	const struct create_options o = {0};

	json_set_str(ns, "apiVersion", "v1");
	json_set_str(ns, "kind", "Namespace");
	json_set_path(ns, "metadata.name", json_new_string(name));
	json_free(registry_create(f->store, kind_by_id(KIND_NAMESPACE), NULL, ns, &o, &e));
	CHECK_STR(err_msg(&e), "");
	CHECK(store_commit(f->store, &e) == 0);
}

static void fixture_serve(struct fixture *f)
{
	auto_err e = {0};
	const struct server_deps deps = {.loop = f->loop,
	    .store = f->store,
	    .pods = &f->pods,
	    .pods_ops = &fake_pods,
	    .version = "9.9.9",
	    .state_dir = f->dir,
	    .status = fixture_status,
	    .stop = fixture_stop,
	    .ctx = f};

	f->server = server_new(&deps);
	if (server_listen_unix(f->server, f->socket, &e) < 0)
		CHECK_STR(err_msg(&e), "");
}

static void fixture_open(struct fixture *f)
{
	auto_err e = {0};

	*f = (struct fixture){0};
	log_setup(2, LOG_ERROR);
	snprintf(f->dir, sizeof(f->dir), "/tmp/kjob-server-test-XXXXXX");
	if (!mkdtemp(f->dir))
		abort();
	snprintf(f->socket, sizeof(f->socket), "%s/sock", f->dir);
	snprintf(f->database, sizeof(f->database), "%s/db", f->dir);
	snprintf(f->pods.log_path, sizeof(f->pods.log_path), "%s/0.log", f->dir);
	f->loop = loop_new();
	f->store = store_open(f->database, &e);
	CHECK_STR(err_msg(&e), "");
	if (!f->store)
		abort();
	add_namespace(f, "default");
	fixture_serve(f);
	loop_at_turn_end(f->loop, "fixture", fixture_turn_end, f);
}

static void remove_dir(const char *dir)
{
	auto_free char *command = xasprintf("rm -rf '%s'", dir);

	if (system(command) != 0)
		printf("# cannot remove %s\n", dir);
}

static void fixture_close(struct fixture *f)
{
	server_free(f->server);
	f->server = NULL;
	CHECK(f->pods.follows == NULL);
	store_close(f->store);
	loop_free(f->loop);
	buf_release(&f->pods.input);
	remove_dir(f->dir);
}

/* ---- clients ---- */

struct client {
	struct fixture *f;
	int fd;
	struct buf in; /* what is not looked at yet */
	bool eof;
};

static struct client client_open(struct fixture *f)
{
	struct client c = {
	    .f = f, .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	memcpy(addr.sun_path, f->socket, strlen(f->socket) + 1);
	if (connect(c.fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		CHECK(!"connect");
	return c;
}

static void client_close(struct client *c)
{
	close(c->fd);
	buf_release(&c->in);
	c->fd = -1;
}

/* One turn of the loop, then whatever has arrived. */
static void client_turn(struct client *c)
{
	char piece[65536];
	ssize_t n;

	loop_turn(c->f->loop, 5);
	while (!c->eof && (n = recv(c->fd, piece, sizeof(piece), 0)) >= 0) {
		if (n == 0)
			c->eof = true;
		buf_add(&c->in, piece, (size_t)n);
	}
	if (!c->eof && errno != EAGAIN && errno != EINTR)
		c->eof = true;
}

static void client_send(struct client *c, const void *data, size_t len)
{
	const char *p = data;
	int64_t until = clock_mono_ms() + WAIT_MS;

	while (len && clock_mono_ms() < until) {
		ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			client_turn(c);
		} else {
			return;
		}
	}
}

/* Waits until TEXT has come or the connection ended; where it is in `in`, or NULL. */
static const char *client_wait(struct client *c, const char *text)
{
	int64_t until = clock_mono_ms() + WAIT_MS;
	const char *at;

	while (!(at = c->in.len ? memmem(c->in.ptr, c->in.len, text, strlen(text)) : NULL)) {
		if (c->eof || clock_mono_ms() > until)
			return NULL;
		client_turn(c);
	}
	return at;
}

static UNUSED bool client_wait_eof(struct client *c)
{
	int64_t until = clock_mono_ms() + WAIT_MS;

	while (!c->eof && clock_mono_ms() < until)
		client_turn(c);
	return c->eof;
}

static bool client_wait_bytes(struct client *c, size_t len)
{
	int64_t until = clock_mono_ms() + WAIT_MS;

	while (c->in.len < len && !c->eof && clock_mono_ms() < until)
		client_turn(c);
	return c->in.len >= len;
}

/* Turns the loop for a while: for what must not happen. */
static UNUSED void turns(struct fixture *f, int count)
{
	for (int i = 0; i < count; i++)
		loop_turn(f->loop, 1);
}

/* ---- requests ---- */

struct answer {
	int status;
	struct buf head, body;
	json *json; /* of the body; NULL: none */
};

#define auto_answer CLEANUP(answer_release) struct answer

static void answer_release(struct answer *a)
{
	buf_release(&a->head);
	buf_release(&a->body);
	json_free(a->json);
	*a = (struct answer){0};
}

/* The value of a header, or NULL; good until the next call. */
static UNUSED const char *answer_header(const struct answer *a, const char *name)
{
	static char value[1024];
	auto_free char *key = xasprintf("\r\n%s: ", name);
	const char *at = strcasestr(buf_str(&a->head), key);

	if (!at)
		return NULL;
	at += strlen(key);
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
	return value;
}

/* One chunk into out; its length, -1: cut off. */
static long read_chunk(struct client *c, struct buf *out)
{
	const char *end = client_wait(c, "\r\n");
	unsigned long len;
	size_t skip;

	if (!end)
		return -1;
	len = strtoul(c->in.ptr, NULL, 16);
	skip = (size_t)(end - c->in.ptr) + 2;
	if (!client_wait_bytes(c, skip + len + 2))
		return -1;
	buf_add(out, c->in.ptr + skip, len);
	buf_consume(&c->in, skip + len + 2);
	return (long)len;
}

static void read_head(struct client *c, struct answer *a)
{
	const char *end = client_wait(c, "\r\n\r\n");

	CHECK(end != NULL);
	if (!end)
		return;
	buf_add(&a->head, c->in.ptr, (size_t)(end - c->in.ptr) + 4);
	buf_consume(&c->in, a->head.len);
	if (a->head.len > 12)
		a->status = (int)strtol(buf_str(&a->head) + 9, NULL, 10);
}

static void read_answer(struct client *c, struct answer *a)
{
	const char *length;

	read_head(c, a);
	length = answer_header(a, "Content-Length");
	if (length) {
		size_t len = strtoul(length, NULL, 10);

		CHECK(client_wait_bytes(c, len));
		buf_add(&a->body, c->in.ptr, len < c->in.len ? len : c->in.len);
		buf_consume(&c->in, len);
	} else if (a->status != 304) { /* which has no body */
		while (read_chunk(c, &a->body) > 0)
			;
	}
	if (a->body.len && a->body.ptr[0] == '{')
		a->json = json_parse(a->body.ptr, a->body.len, 0, NULL);
}

/* headers: "Name: value\r\n" lines or "". */
static void send_request(
    struct client *c, const char *method, const char *path, const char *headers, const char *body)
{
	auto_buf b = {0};

	buf_addf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, path, headers);
	if (body)
		buf_addf(&b, "Content-Length: %zu\r\n", strlen(body));
	buf_adds(&b, "\r\n");
	if (body)
		buf_adds(&b, body);
	client_send(c, b.ptr, b.len);
}

static void request_with(struct fixture *f, struct answer *a, const char *method, const char *path,
    const char *headers, const char *body)
{
	struct client c = client_open(f);

	answer_release(a);
	send_request(&c, method, path, headers, body);
	read_answer(&c, a);
	client_close(&c);
}

static UNUSED void request(
    struct fixture *f, struct answer *a, const char *method, const char *path, const char *body)
{
	request_with(f, a, method, path, body ? "Content-Type: application/json\r\n" : "", body);
}

/* ---- objects ---- */

#define JOBS "/apis/batch/v1/namespaces/default/jobs"
#define PODS "/api/v1/namespaces/default/pods"

static UNUSED char *job_text(const char *name, const char *more_metadata)
{
	return xasprintf(
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"%s\"%s},"
	    "\"spec\":{\"template\":{\"spec\":{\"restartPolicy\":\"Never\",\"containers\":"
	    "[{\"name\":\"main\",\"image\":\"busybox\"}]}}}}",
	    name, more_metadata);
}

static UNUSED char *pod_text(const char *name, const char *more_metadata)
{
	return xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\"%s},"
			 "\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"main\","
			 "\"image\":\"busybox\",\"stdin\":true}]}}",
	    name, more_metadata);
}

static UNUSED void create_job(struct fixture *f, const char *name, const char *more_metadata)
{
	auto_answer a = {0};
	auto_free char *text = job_text(name, more_metadata);

	request(f, &a, "POST", JOBS, text);
	CHECK_INT(a.status, 201);
	if (a.status != 201)
		printf("# %s\n", buf_str(&a.body));
}

static UNUSED void create_pod(struct fixture *f, const char *name)
{
	auto_answer a = {0};
	auto_free char *text = pod_text(name, "");

	request(f, &a, "POST", PODS, text);
	CHECK_INT(a.status, 201);
	if (a.status != 201)
		printf("# %s\n", buf_str(&a.body));
}

#endif
