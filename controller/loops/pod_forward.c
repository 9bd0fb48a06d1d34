/* pod_forward: connections to ports of pods. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/socket.h>

#include "../../runtime/exec.h"
#include "../../runtime/sandbox_image.h"
#include "pods_internal.h"

#define HELPER_CONTAINER "kjob-forward" /* what LABEL_CONTAINER of a helper says */
#define QUEUE_MAX (1 * MIB)
#define CONNECT_SECONDS 3
#define ERRORS_MAX (4 * KIB)

struct pod_dial {
	struct pods *set;
	struct engine *engine;
	const struct pod_dial_callbacks *cb;
	void *ctx;
	unsigned port;
	char *name;       /* of a helper */
	char *network;    /* the container whose network is the pod's */
	bool own_sandbox; /* it has the helper's program */
	json *labels;     /* of a helper */
	struct bufferevent *direct;
	bool connected, paused, ended; /* ended: nothing more is written */
	engine_id call;
	char *helper; /* a container made for this one connection */
	struct exec *exec;
	struct buf errors; /* of the helper's standard error */
};

static void start_helper(struct pod_dial *d);

/* ---- the end ---- */

static void removed(struct engine_who who, const struct err *err)
{
}

void pod_dial_free(struct pod_dial *d)
{
	if (d->direct)
		bufferevent_free(d->direct);
	if (d->call)
		engine_cancel(d->engine, d->call);
	if (d->exec && d->helper) /* which ends it */
		exec_free(d->exec);
	else if (d->exec)
		exec_kill(d->exec);
	if (d->helper)
		container_remove(d->engine, d->helper, removed, (struct engine_who){0});
	json_free(d->labels);
	buf_release(&d->errors);
	free(d->helper);
	free(d->network);
	free(d->name);
	free(d);
}

static void fail(struct pod_dial *d, const char *why)
{
	auto_err e = {0};

	err_set(
	    &e, ERR_INTERNAL, "failed to connect to localhost:%u inside the pod: %s", d->port, why);
	d->cb->on_end(d->ctx, &e);
}

/* ---- straight ---- */

static bool take_input(struct pod_dial *d)
{
	struct evbuffer *in = bufferevent_get_input(d->direct);
	char piece[16 * KIB];
	int n = evbuffer_remove(in, piece, sizeof(piece));

	if (n <= 0)
		return false;
	if (!d->cb->on_data(d->ctx, piece, (size_t)n)) {
		d->paused = true;
		bufferevent_disable(d->direct, EV_READ);
	}
	return true;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct pod_dial *d = arg;

	loop_wake(d->set->env->loop);
	while (!d->paused && take_input(d))
		;
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct pod_dial *d = arg;

	loop_wake(d->set->env->loop);
	if (!d->connected)
		return;
	if (d->ended)
		shutdown(bufferevent_getfd(bev), SHUT_WR);
	else
		d->cb->on_writable(d->ctx);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct pod_dial *d = arg;
	int error = EVUTIL_SOCKET_ERROR();

	loop_wake(d->set->env->loop);
	if (what & BEV_EVENT_CONNECTED) {
		d->connected = true;
		bufferevent_set_timeouts(bev, NULL, NULL);
		d->cb->on_writable(d->ctx);
	} else if (!d->connected) { /* perhaps on localhost alone */
		bufferevent_free(TAKE(d->direct));
		start_helper(d);
	} else if (what & BEV_EVENT_EOF) {
		while (take_input(d)) /* paused or not: nothing comes any more */
			;
		d->cb->on_end(d->ctx, NULL);
	} else if (what & BEV_EVENT_ERROR) {
		fail(d, strerror(error));
	}
}

static bool start_direct(struct pod_dial *d, const char *address)
{
	static const struct timeval patience = {CONNECT_SECONDS, 0};
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)d->port)};

	if (!address || inet_pton(AF_INET, address, &sin.sin_addr) != 1)
		return false;
	d->direct = bufferevent_socket_new(
	    loop_base(d->set->env->loop), -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	bufferevent_setcb(d->direct, on_read, on_written, on_event, d);
	bufferevent_set_timeouts(d->direct, NULL, &patience);
	bufferevent_enable(d->direct, EV_READ | EV_WRITE);
	if (bufferevent_socket_connect(d->direct, (struct sockaddr *)&sin, sizeof(sin)) == 0)
		return true;
	bufferevent_free(TAKE(d->direct));
	return false;
}

/* ---- through a helper ---- */

static bool exec_data(struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	struct pod_dial *d = who.ctx;

	if (kind == STREAM_STDOUT)
		return d->cb->on_data(d->ctx, data, len);
	buf_add(&d->errors, data, len);
	return true;
}

static void exec_writable(struct engine_who who)
{
	struct pod_dial *d = who.ctx;

	if (d->ended)
		exec_close_stdin(d->exec);
	d->connected = true;
	d->cb->on_writable(d->ctx);
}

static void exec_end(struct engine_who who, int exit_code, const struct err *err)
{
	struct pod_dial *d = who.ctx;

	exec_free(TAKE(d->exec));
	if (err) {
		fail(d, err_msg(err));
	} else if (exit_code != 0) {
		auto_free char *why =
		    xstrndup(buf_str(&d->errors), strcspn(buf_str(&d->errors), "\n"));

		fail(d, why);
	} else {
		d->cb->on_end(d->ctx, NULL);
	}
}

static void connect_in(struct pod_dial *d, const char *container)
{
	static const struct exec_callbacks callbacks = {.on_open = exec_writable,
	    .on_data = exec_data,
	    .on_writable = exec_writable,
	    .on_end = exec_end};
	auto_strlist command = {0};
	struct exec_spec spec = {.container = container, .command = &command, .stdin_open = true};

	strlist_add(&command, SANDBOX_PROGRAM);
	strlist_add(&command, "connect");
	strlist_add(&command, "127.0.0.1");
	strlist_addf(&command, "%u", d->port);
	d->exec = exec_open(d->engine, &spec, &callbacks, (struct engine_who){d, 0});
}

static void helper_started(struct engine_who who, int exit_code, const struct err *err)
{
	struct pod_dial *d = who.ctx;

	d->call = 0;
	if (err)
		fail(d, err_msg(err));
	else
		connect_in(d, d->helper);
}

static void helper_created(struct engine_who who, const char *id, const struct err *err)
{
	struct pod_dial *d = who.ctx;

	d->call = 0;
	if (err) {
		fail(d, err_msg(err));
		return;
	}
	d->helper = xstrdup(id);
	d->call = container_start(d->engine, id, helper_started, who);
}

static void start_helper(struct pod_dial *d)
{
	auto_free char *network = NULL;
	struct container_spec s = {.name = d->name, .labels = d->labels};

	if (d->own_sandbox) {
		connect_in(d, d->network);
		return;
	}
	network = xasprintf("container:%s", d->network);
	s.network_mode = network;
	d->call = sandbox_create(d->engine, &s, helper_created, (struct engine_who){d, 0});
}

/* ---- for the API server ---- */

static const struct container *running_container(const struct pod *p)
{
	for (size_t i = 0; i < p->container_count; i++)
		if (p->containers[i].stage == STAGE_RUNNING && p->containers[i].id)
			return &p->containers[i];
	return NULL;
}

struct pod_dial *pods_dial(struct pods *set, const char *uid, unsigned port,
    const struct pod_dial_callbacks *cb, void *ctx, struct err *e)
{
	struct pod *p = map_get(&set->by_uid, uid);
	const struct container *c = p ? running_container(p) : NULL;
	struct pod_dial *d;

	if (!c) {
		err_set(e, ERR_BAD_REQUEST,
		    "unable to forward port because pod is not running. Current status=%s",
		    p ? json_str_or(p->obj, "status.phase", "Pending") : "Unknown");
		return NULL;
	}
	d = xcalloc(1, sizeof(*d));
	*d = (struct pod_dial){.set = set,
	    .engine = set->env->engine,
	    .cb = cb,
	    .ctx = ctx,
	    .port = port,
	    .own_sandbox = pod_own_sandbox(p) && p->sandbox->id,
	    .labels = pod_labels(p, HELPER_CONTAINER, 0)};
	p->visited = true;
	d->network = xstrdup(d->own_sandbox ? p->sandbox->id : c->id);
	d->name = xasprintf("kjob_%s_%s_forward_%.8s_%llx", p->ns, p->name, p->uid,
	    (unsigned long long)clock_wall_ns());
	buf_init(&d->errors, ERRORS_MAX);
	if (!set->env->pods_routed || !start_direct(d, pod_address(p)))
		start_helper(d);
	return d;
}

bool pod_dial_write(struct pod_dial *d, const void *data, size_t len)
{
	if (!d->connected)
		return false;
	if (d->exec)
		return exec_write(d->exec, data, len);
	if (!d->direct || evbuffer_get_length(bufferevent_get_output(d->direct)) + len > QUEUE_MAX)
		return false;
	return bufferevent_write(d->direct, data, len) == 0;
}

void pod_dial_end(struct pod_dial *d)
{
	d->ended = true;
	if (!d->connected)
		return;
	if (d->exec)
		exec_close_stdin(d->exec);
	else if (d->direct && !evbuffer_get_length(bufferevent_get_output(d->direct)))
		shutdown(bufferevent_getfd(d->direct), SHUT_WR);
}

void pod_dial_resume(struct pod_dial *d)
{
	if (d->exec) {
		exec_resume(d->exec);
	} else if (d->direct && d->paused) {
		d->paused = false;
		bufferevent_enable(d->direct, EV_READ);
		bufferevent_trigger(d->direct, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
	}
}
