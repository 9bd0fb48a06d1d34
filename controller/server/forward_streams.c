/*
 * forward_streams: pods/portforward over SPDY, plain or in a WebSocket, as kubectl does it: for
 * each connection the client opens a stream for data and one for what goes wrong. They are a pair
 * by their header requestID, and name the port. The session ends with the pod.
 */
#include "forward.h"
#include "streams.h"

#define PROTOCOL "portforward.k8s.io"

enum half { DATA, ERROR, HALVES };

struct pair;
struct end { /* what a stream belongs to */
	struct pair *pair;
	enum half half;
	uint32_t id; /* 0: not there */
};

struct pair {
	struct forward forward;
	struct end ends[HALVES];
	char *request;
	unsigned port;
};

struct session {
	struct forwarder all;
	struct streams streams;
	char *ns, *name, *uid; /* of the pod */
};

bool forward_streams_asked(const struct exchange *x)
{
	return streams_asked(x, PROTOCOL);
}

static int check_running(const json *pod, struct err *e)
{
	const char *phase = json_str_or(pod, "status.phase", "Pending");

	if (str_eq(phase, "Running"))
		return 0;
	return err_set(e, ERR_BAD_REQUEST,
	    "unable to forward port because pod is not running. Current status=%s", phase);
}

/* ---- the end ---- */

/* What is left of its streams ends too. */
static void pair_free(struct pair *p)
{
	struct session *s = (struct session *)p->forward.all;

	for (size_t i = 0; i < HALVES; i++)
		streams_leave(&s->streams, p->ends[i].id);
	forward_remove(&p->forward);
	free(p->request);
	free(p);
}
static void session_free(struct session *s)
{
	struct forward *p, *next;

	store_unlisten(s->all.server->deps.store, s);
	for (p = TAILQ_FIRST(&s->all.list); p; p = next) {
		next = TAILQ_NEXT(p, link);
		pair_free((struct pair *)p);
	}
	free(s->ns);
	free(s->name);
	free(s->uid);
	free(s);
}

static void session_end(struct session *s)
{
	streams_close(&s->streams);
	session_free(s);
}

/* As the kubelet words it. */
static void pair_fail(struct pair *p, const struct err *e)
{
	struct session *s = (struct session *)p->forward.all;
	auto_free char *text = xasprintf("error forwarding port %u to pod %s_%s, uid %s: %s",
	    p->port, s->name, s->ns, s->uid, err_msg(e));

	streams_send(&s->streams, p->ends[ERROR].id, text, strlen(text));
}

/* ---- the pod's side ---- */

static void send_data(struct forward *f, const void *data, size_t len)
{
	struct session *s = (struct session *)f->all;

	streams_send(&s->streams, ((struct pair *)f)->ends[DATA].id, data, len);
}

static bool is_full(const struct forwarder *f)
{
	return streams_full(&((const struct session *)f)->streams);
}

static void pause_client(struct forwarder *f, bool paused)
{
	exchange_pause(((struct session *)f)->streams.x, paused);
}

static void on_ended(struct forward *f, const struct err *err)
{
	struct pair *p = (struct pair *)f;

	if (err)
		pair_fail(p, err);
	pair_free(p);
}

static const struct forward_wire wire = {
    .send = send_data, .full = is_full, .pause = pause_client, .ended = on_ended};

static void on_change(void *ctx, const struct change *c)
{
	struct session *s = ctx;
	auto_json *pod = NULL;

	if (!str_eq(c->uid, s->uid))
		return;
	pod = json_parse(c->body, c->body_len, 0, NULL);
	if (c->type == CHANGE_DELETED || check_running(pod, NULL) < 0)
		session_end(s);
}

/* ---- the client's side ---- */

/* Older clients give no requestID, and open the stream for errors just before the other. */
static char *request_of(const struct strlist *headers, uint32_t id, enum half half)
{
	const char *request = stream_header(headers, "requestID");

	return *request ? xstrdup(request) : xasprintf("%u", half == ERROR ? id : id - 2);
}

/* The pair of that name that waits for this half, or a new one. */
static struct pair *find_pair(struct session *s, const char *request, enum half half, unsigned port)
{
	struct forward *f;
	struct pair *p;

	TAILQ_FOREACH(f, &s->all.list, link)
	{
		p = (struct pair *)f;
		if (!p->ends[half].id && p->ends[!half].id && !f->dial &&
		    str_eq(p->request, request))
			return p;
	}
	p = xcalloc(1, sizeof(*p));
	for (size_t i = 0; i < HALVES; i++)
		p->ends[i] = (struct end){.pair = p, .half = (enum half)i};
	p->request = xstrdup(request);
	p->port = port;
	forward_add(&s->all, &p->forward);
	return p;
}

static void on_open(void *ctx, uint32_t id, const struct strlist *headers)
{
	struct session *s = ctx;
	const char *type = stream_header(headers, "streamType");
	enum half half = str_eq(type, "error") ? ERROR : DATA;
	auto_free char *request = request_of(headers, id, half);
	auto_err e = {0};
	int64_t port = 0;
	struct pair *p;

	if (str_to_int(stream_header(headers, "port"), 1, UINT16_MAX, &port) < 0 ||
	    (half == DATA && !str_eq(type, "data"))) {
		streams_reset(&s->streams, id, SPDY_REFUSED_STREAM);
		return;
	}
	p = find_pair(s, request, half, (unsigned)port);
	p->ends[half].id = id;
	streams_accept(&s->streams, id, &p->ends[half]);
	if (!p->ends[!half].id || forward_dial(&p->forward, s->uid, p->port, &e) == 0)
		return;
	pair_fail(p, &e);
	pair_free(p);
}

static void on_data(void *ctx, void *user, const void *data, size_t len)
{
	struct end *e = user;

	if (e->half == DATA)
		forward_input(&e->pair->forward, data, len);
}

static void on_fin(void *ctx, void *user)
{
	struct end *e = user;

	if (e->half == DATA)
		forward_eof(&e->pair->forward);
}

static void on_reset(void *ctx, void *user)
{
	struct end *e = user;

	e->id = 0;
	forward_abort(&e->pair->forward);
	pair_free(e->pair);
}

static void on_writable(void *ctx)
{
	forwarder_resume(&((struct session *)ctx)->all);
}

static void on_gone(void *ctx)
{
	session_free(ctx);
}

static void on_drain(void *ctx)
{
	session_end(ctx);
}

static const struct streams_ops stream_ops = {
    .spdy = {.on_open = on_open, .on_data = on_data, .on_fin = on_fin, .on_reset = on_reset},
    .on_writable = on_writable,
    .on_gone = on_gone,
    .on_drain = on_drain};

/* ---- beginning ---- */

void forward_streams(struct exchange *x, const json *pod)
{
	struct store_listener listener = {.committed = on_change};
	auto_err e = {0};
	auto_buf headers = {0};
	struct session *s;

	if (check_running(pod, &e) < 0 || streams_check(x, PROTOCOL, &headers, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	s = xcalloc(1, sizeof(*s));
	forwarder_init(&s->all, server_of(x), &wire);
	s->ns = xstrdup(json_str_or(pod, "metadata.namespace", ""));
	s->name = xstrdup(json_str_or(pod, "metadata.name", ""));
	s->uid = xstrdup(json_str_or(pod, "metadata.uid", ""));
	listener.ctx = s;
	store_listen(s->all.server->deps.store, &listener);
	streams_start(&s->streams, x, &headers, &stream_ops, s);
}
