/*
 * portforward: pods/portforward?ports=80[&ports=81…] over WebSocket. The n-th port has the channels
 * 2n, for data, and 2n+1, for what went wrong; the first message of each is the port's number, low
 * byte first. A connection is made at once for each port; when all have ended, so has the
 * WebSocket.
 */
#include "channels.h"
#include "internal.h"

#define PORTS_MAX 64

struct forwarder;
struct forward {
	struct forwarder *all;
	unsigned index;
	struct pod_dial *dial; /* NULL: it has ended */
	struct buf held;       /* for the pod, not taken yet */
	bool eof, stalled;
};

struct forwarder {
	struct channels channels;
	struct server *server;
	struct forward *ports;
	size_t count, live;
};

static const struct server_pods_ops *ops_of(const struct forwarder *f)
{
	return f->server->deps.pods_ops;
}

static void forwarder_free(struct forwarder *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->ports[i].dial)
			ops_of(f)->dial_free(f->ports[i].dial);
		buf_release(&f->ports[i].held);
	}
	free(f->ports);
	free(f);
}

/* ---- the pod's side ---- */

static bool on_data(void *ctx, const void *data, size_t len)
{
	struct forward *p = ctx;

	channels_send(&p->all->channels, 2 * p->index, data, len);
	p->stalled = channels_full(&p->all->channels);
	return !p->stalled;
}

/* The client is not read while a pod does not take what it sent. */
static void update_pause(struct forwarder *f)
{
	bool held = false;

	for (size_t i = 0; i < f->count; i++)
		held = held || (f->ports[i].dial && f->ports[i].held.len);
	exchange_pause(f->channels.x, held);
}

static void push(struct forward *p)
{
	if (p->dial && p->held.len && ops_of(p->all)->dial_write(p->dial, p->held.ptr, p->held.len))
		buf_clear(&p->held);
	if (p->dial && p->eof && !p->held.len) {
		p->eof = false;
		ops_of(p->all)->dial_end(p->dial);
	}
	update_pause(p->all);
}

static void on_writable_pod(void *ctx)
{
	push(ctx);
}

static void on_end(void *ctx, const struct err *err)
{
	struct forward *p = ctx;
	struct forwarder *f = p->all;
	unsigned char channel = (unsigned char)(2 * p->index);

	if (err)
		channels_send(&f->channels, 2 * p->index + 1, err_msg(err), strlen(err_msg(err)));
	if (f->channels.can_close)
		channels_send(&f->channels, CHANNEL_CLOSE, &channel, 1);
	ops_of(f)->dial_free(TAKE(p->dial));
	if (--f->live == 0) {
		channels_close(&f->channels);
		forwarder_free(f);
	} else {
		update_pause(f);
	}
}

static const struct pod_dial_callbacks dial_callbacks = {
    .on_data = on_data, .on_writable = on_writable_pod, .on_end = on_end};

/* ---- the client's side ---- */

static void on_message(void *ctx, unsigned channel, const unsigned char *data, size_t len)
{
	struct forwarder *f = ctx;
	bool close = channel == CHANNEL_CLOSE;
	struct forward *p;

	if (close && !len)
		return;
	if (close)
		channel = data[0];
	if (channel % 2 || channel / 2 >= f->count)
		return;
	p = &f->ports[channel / 2];
	if (!p->dial)
		return;
	if (close)
		p->eof = true;
	else
		buf_add(&p->held, data, len);
	push(p);
}

static void on_writable(void *ctx)
{
	struct forwarder *f = ctx;

	for (size_t i = 0; i < f->count; i++) {
		if (f->ports[i].dial && f->ports[i].stalled) {
			f->ports[i].stalled = false;
			ops_of(f)->dial_resume(f->ports[i].dial);
		}
	}
}

static void on_gone(void *ctx)
{
	forwarder_free(ctx);
}

static const struct channels_ops forward_ops = {
    .on_message = on_message, .on_writable = on_writable, .on_gone = on_gone};

/* ---- beginning ---- */

/* "80,81" or one number. */
static int add_ports(const char *text, unsigned *ports, size_t *count, struct err *e)
{
	auto_strlist items = {0};

	str_split(&items, text, ',');
	for (size_t i = 0; i < items.len; i++) {
		int64_t port = 0;

		if (str_to_int(items.items[i], 1, UINT16_MAX, &port) < 0)
			return err_set(e, ERR_BAD_REQUEST,
			    "unable to parse \"%.32s\" as a port (1 to 65535)", items.items[i]);
		if (*count == PORTS_MAX)
			return err_set(e, ERR_BAD_REQUEST, "too many ports");
		ports[(*count)++] = (unsigned)port;
	}
	return 0;
}

static int parse_ports(const struct exchange *x, unsigned *ports, size_t *count, struct err *e)
{
	for (size_t i = 0; i + 1 < x->query.len; i += 2)
		if (str_eq(x->query.items[i], "ports") &&
		    add_ports(x->query.items[i + 1], ports, count, e) < 0)
			return -1;
	return *count ? 0
		      : err_set(e, ERR_BAD_REQUEST,
			    "query parameter \"ports\" is required: a WebSocket forwards the ports "
			    "that are named");
}

/* The port's number on both of its channels. */
static void announce(struct forwarder *f, unsigned index, unsigned port)
{
	const unsigned char number[2] = {port & 0xff, port >> 8 & 0xff};

	channels_send(&f->channels, 2 * index, number, 2);
	channels_send(&f->channels, 2 * index + 1, number, 2);
}

static int dial_all(struct forwarder *f, const json *pod, const unsigned *ports, struct err *e)
{
	for (size_t i = 0; i < f->count; i++) {
		f->ports[i].all = f;
		f->ports[i].index = (unsigned)i;
		f->ports[i].dial =
		    ops_of(f)->dial(f->server->deps.pods, json_str_or(pod, "metadata.uid", ""),
			ports[i], &dial_callbacks, &f->ports[i], e);
		if (!f->ports[i].dial)
			return -1;
	}
	f->live = f->count;
	return 0;
}

void handle_portforward(struct exchange *x, const struct request *r)
{
	struct server *s = server_of(x);
	auto_err e = {0};
	auto_buf headers = {0};
	auto_json *pod = store_get(s->deps.store, r->kind, r->ns, r->name, &e);
	unsigned ports[PORTS_MAX];
	size_t count = 0;
	struct forwarder *f;

	if (!pod || channels_check(x, &headers, &e) < 0 || parse_ports(x, ports, &count, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	f = xcalloc(1, sizeof(*f));
	f->server = s;
	f->ports = xcalloc(count, sizeof(*f->ports));
	f->count = count;
	if (dial_all(f, pod, ports, &e) < 0) {
		answer_err(x, &e);
		forwarder_free(f);
		return;
	}
	channels_start(&f->channels, x, &headers, &forward_ops, f);
	for (size_t i = 0; i < count; i++)
		announce(f, (unsigned)i, ports[i]);
}
