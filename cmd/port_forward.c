/* kjob port-forward POD PORT…: local ports that lead to those of a pod. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "forward_ports.h"
#include "interrupt.h"
#include "pod_pick.h"
#include "resources.h"
#include "watcher.h"

#define PIECE (32 * KIB)
#define HELD_MAX (512 * KIB)
#define BACKLOG 64
enum { DATA, TROUBLE }; /* channels of the one port of a connection */

static const struct opt options[] = {
    {"address", 0, OPT_CSV, "localhost", "ADDRESS", "Listen on these addresses", NULL, NULL},
    OPT_ROW_POD_RUNNING_TIMEOUT,
    OPT_END,
};

struct forwarder;

struct listener {
	struct forwarder *all;
	struct forward_port port;
	int fd;
	struct loop_fd *watch;
	struct listener *next;
};

/* One local connection and the WebSocket it goes through. */
struct tunnel {
	struct forwarder *all;
	struct forward_port port;
	int fd;
	struct loop_fd *watch;
	struct channel channel;
	struct buf in;           /* from the pod, for the local side */
	bool announced[2];       /* the first message of a channel has come */
	bool reading, local_eof; /* of the local side */
	bool remote_eof;
	bool dead;
	struct tunnel *next;
};

struct forwarder {
	struct cmd_ctx *ctx;
	struct client *client;
	const json *pod;
	struct listener *listeners;
	struct tunnel *tunnels;
	struct watcher watch; /* of the pod */
	bool lost;            /* it has ended, or is gone */
};

/* ---- a connection ---- */

static void watch_for(struct tunnel *t)
{
	loop_fd_set(t->watch, (t->reading ? LOOP_READ : 0) | (t->in.len ? LOOP_WRITE : 0));
}

static void flush_local(struct tunnel *t)
{
	while (t->in.len) {
		ssize_t n = send(t->fd, t->in.ptr, t->in.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			t->dead = true;
		if (n < 0)
			break;
		buf_consume(&t->in, (size_t)n);
	}
	if (t->remote_eof && !t->in.len)
		shutdown(t->fd, SHUT_WR);
	channel_pause(&t->channel, t->in.len > HELD_MAX);
	watch_for(t);
}

static void read_local(struct tunnel *t)
{
	char piece[PIECE];
	ssize_t n = recv(t->fd, piece, sizeof(piece), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		t->reading = channel_send(&t->channel, DATA, piece, (size_t)n);
	} else {
		t->reading = false;
		t->local_eof = true;
		if (n < 0 || !channel_send_end(&t->channel, DATA))
			t->dead = true; /* it cannot be told: the whole connection ends */
	}
	watch_for(t);
}

static void on_local(void *arg, int events)
{
	struct tunnel *t = arg;

	if (!t->dead && events & LOOP_WRITE)
		flush_local(t);
	if (!t->dead && events & LOOP_READ && t->reading)
		read_local(t);
}

static void on_open(void *ctx)
{
	struct tunnel *t = ctx;

	t->reading = true;
	watch_for(t);
}

static void on_trouble(struct tunnel *t, const char *text, size_t len)
{
	fprintf(stderr, "error: an error occurred forwarding %u -> %u: %.*s\n", t->port.local,
	    t->port.remote, (int)len, text);
}

static void on_data(void *ctx, unsigned channel, const unsigned char *data, size_t len)
{
	struct tunnel *t = ctx;

	if (channel == CHANNEL_CLOSE) {
		t->remote_eof = t->remote_eof || (len && data[0] == DATA);
		flush_local(t);
	} else if (channel > TROUBLE || t->dead) {
		return;
	} else if (!t->announced[channel]) {
		t->announced[channel] = true; /* the port's number */
	} else if (channel == TROUBLE) {
		on_trouble(t, (const char *)data, len);
	} else {
		buf_add(&t->in, data, len);
		flush_local(t);
	}
}

static void on_writable(void *ctx)
{
	struct tunnel *t = ctx;

	t->reading = !t->local_eof;
	watch_for(t);
}

/* What came before the end still goes out. */
static void on_end(void *ctx, const struct err *err)
{
	struct tunnel *t = ctx;

	if (err && !t->announced[DATA])
		on_trouble(t, err_msg(err), strlen(err_msg(err)));
	t->remote_eof = true;
	t->reading = false;
	flush_local(t);
}

static const struct channel_callbacks callbacks = {
    .on_open = on_open, .on_data = on_data, .on_writable = on_writable, .on_end = on_end};

static void tunnel_new(struct forwarder *f, int fd, const struct forward_port *port)
{
	struct tunnel *t = xcalloc(1, sizeof(*t));
	auto_buf path = {0};

	t->all = f;
	t->fd = fd;
	t->port = *port;
	t->watch = loop_fd_new(client_loop(f->client), fd, 0, on_local, t);
	t->next = f->tunnels;
	f->tunnels = t;
	pod_pick_path(f->pod, "portforward", &path);
	query_addf(&path, "ports", "%u", port->remote);
	channel_open(&t->channel, f->client, buf_str(&path), &callbacks, t);
}

static void tunnel_free(struct tunnel *t)
{
	loop_fd_free(t->watch);
	channel_close(&t->channel);
	close(t->fd);
	buf_release(&t->in);
	free(t);
}

/* Between turns of the loop: those that are over. */
static void reap(struct forwarder *f, bool all)
{
	for (struct tunnel **at = &f->tunnels; *at;) {
		struct tunnel *t = *at;

		if (all || t->dead || (t->channel.ended && !t->in.len)) {
			*at = t->next;
			tunnel_free(t);
		} else {
			at = &t->next;
		}
	}
}

/* ---- listening ---- */

static void on_accept(void *arg, int events)
{
	struct listener *l = arg;
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	out_addf(&l->all->ctx->out, "Handling connection for %u\n", l->port.local);
	out_flush(&l->all->ctx->out);
	tunnel_new(l->all, fd, &l->port);
}

static unsigned bound_port(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return 0;
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
					     : ((struct sockaddr_in *)&a)->sin_port);
}

/* A listening socket; -1. */
static int listen_on(const char *address, unsigned port, struct err *e)
{
	auto_free char *service = xasprintf("%u", port);
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
			    .ai_flags = AI_PASSIVE | AI_NUMERICHOST},
			*list = NULL;
	const int on = 1;
	int fd, rc = getaddrinfo(address, service, &hints, &list);

	if (rc != 0)
		return err_set(e, ERR_BAD_REQUEST, "%s is not a valid IP", address);
	fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (list->ai_family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	}
	if (fd < 0 || bind(fd, list->ai_addr, list->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		err_sys(e, errno, "unable to listen on %s:%u", address, port);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	return fd;
}

static int add_listener(
    struct forwarder *f, const char *address, struct forward_port *port, struct err *e)
{
	int fd = listen_on(address, port->local, e);
	struct listener *l;

	if (fd < 0)
		return -1;
	port->local = bound_port(fd);
	l = xcalloc(1, sizeof(*l));
	*l = (struct listener){.all = f, .port = *port, .fd = fd, .next = f->listeners};
	l->watch = loop_fd_new(client_loop(f->client), fd, LOOP_READ, on_accept, l);
	f->listeners = l;
	out_addf(&f->ctx->out,
	    strchr(address, ':') ? "Forwarding from [%s]:%u -> %u\n"
				 : "Forwarding from %s:%u -> %u\n",
	    address, port->local, port->remote);
	return 0;
}

/* localhost is both kinds of addresses; one of them is enough. */
static int listen_all(struct forwarder *f, struct forward_port port, struct err *e)
{
	const struct strlist *addresses = opts_list(&f->ctx->opts, "address");

	for (size_t i = 0; i < addresses->len; i++) {
		bool local = str_eq(addresses->items[i], "localhost");

		if (add_listener(f, local ? "127.0.0.1" : addresses->items[i], &port, e) < 0)
			return -1;
		if (local && add_listener(f, "::1", &port, e) < 0)
			err_clear(e);
	}
	return 0;
}

/* ---- the command ---- */

/* The Service that the first argument names; NULL: it names something else. */
static json *service_of(struct cmd_ctx *ctx, struct err *e)
{
	auto_targets targets = {0};
	auto_buf path = {0};

	if (!strchr(ctx->args[0], '/') || !cmd_client(ctx, e) ||
	    targets_parse(ctx, ctx->args, 1, "pods", &targets, e) < 0 ||
	    !str_eq(targets.items[0].resource->kind, "Service"))
		return NULL;
	resource_path(targets.items[0].resource, ctx->ns, targets.items[0].name, NULL, &path);
	return client_get_json(ctx->client, buf_str(&path), e);
}

static void release(struct forwarder *f)
{
	reap(f, true);
	while (f->listeners) {
		struct listener *l = f->listeners;

		f->listeners = l->next;
		loop_fd_free(l->watch);
		close(l->fd);
		free(l);
	}
}

static void on_pod(void *ctx, const char *type, const json *pod)
{
	struct forwarder *f = ctx;

	/* A list without it follows, or this is it: then it is gone. */
	if (str_eq(type, WATCHER_RELIST)) {
		f->lost = true;
		return;
	}
	if (str_eq(json_str(pod, "metadata.uid"), json_str(f->pod, "metadata.uid")))
		f->lost = str_eq(type, "DELETED") || pod_has_ended(pod);
}

static int serve(struct forwarder *f, struct err *e)
{
	struct interrupt *interrupt = interrupt_new(client_loop(f->client));
	auto_buf path = {0};
	int rc = 0;

	pod_pick_path(f->pod, NULL, &path);
	query_addf(
	    &path, "fieldSelector", "metadata.name=%s", json_str_or(f->pod, "metadata.name", ""));
	watcher_start(
	    &f->watch, f->client, buf_str(&path), json_str(f->pod, "metadata.resourceVersion"));
	out_flush(&f->ctx->out);
	while (rc == 0 && !*interrupt_signal() && !f->ctx->out.error && !f->lost) {
		client_turn(f->client);
		reap(f, false);
		rc = watcher_pump(&f->watch, on_pod, f, e);
	}
	if (rc == 0 && f->lost)
		rc = err_set(e, ERR_UNAVAILABLE, "lost connection to pod");
	watcher_stop(&f->watch);
	interrupt_free(interrupt);
	return rc;
}

static int check_running(const json *pod, struct err *e)
{
	const char *phase = json_str_or(pod, "status.phase", "Pending");

	if (str_eq(phase, "Running"))
		return 0;
	return err_set(e, ERR_BAD_REQUEST,
	    "unable to forward port because pod is not running. Current status=%s", phase);
}

static int exec_port_forward(struct cmd_ctx *ctx, struct err *e)
{
	struct forwarder f = {.ctx = ctx};
	auto_json *pod = NULL, *service = NULL;
	int rc = 0;

	if (ctx->argc < 2)
		return cmd_usage_error(
		    ctx, e, "TYPE/NAME and list of ports are required for port-forward");
	service = service_of(ctx, e);
	if (!service && e->reason)
		return -1;
	pod = pod_pick(ctx, ctx->args[0], opts_duration_ns(&ctx->opts, "pod-running-timeout"), e);
	if (!pod || check_running(pod, e) < 0)
		return -1;
	f.client = ctx->client;
	f.pod = pod;
	for (size_t i = 1; i < ctx->argc && rc == 0; i++) {
		struct forward_port port;

		rc = forward_port_parse(ctx->args[i], pod, service, &port, e);
		if (rc == 0)
			rc = listen_all(&f, port, e);
	}
	if (rc == 0)
		rc = serve(&f, e);
	release(&f);
	return rc;
}

const struct cmd cmd_port_forward = {
    .name = "port-forward",
    .usage = "(POD | TYPE/NAME) [LOCAL:]REMOTE… [--address=ADDRESS,…]",
    .summary = "Make ports of a pod reachable at local ones",
    .help = "Goes on until it is interrupted. REMOTE is a number or the name of a port; without "
	    "LOCAL the same number is used here, and with an empty one any that is free. Of a "
	    "Service its ports are meant. What listens on localhost in the pod is reached too.",
    .examples = "# Port 5000 of the pod at localhost:5000, and 80 at 8080\n"
		"kjob port-forward web 5000 8080:80\n\n"
		"# The port of a service, at a free local one\n"
		"kjob port-forward service/queue :redis\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_port_forward,
};
