/*
 * portforward: pods/portforward?ports=80[&ports=81…] over WebSocket. The n-th port has the channels
 * 2n, for data, and 2n+1, for what went wrong; the first message of each is the port's number, low
 * byte first. A connection is made at once for each port; when all have ended, so has the
 * WebSocket. Clients that offer SPDY streams get those (forward_streams.c).
 */
#include "channels.h"
#include "forward.h"

#define PORTS_MAX 64

struct port {
	struct forward forward;
	unsigned index;
};

struct port_channels {
	struct forwarder all;
	struct channels channels;
	struct port *ports;
	size_t count, live;
};

static void port_channels_free(struct port_channels *c)
{
	for (size_t i = 0; i < c->count; i++)
		forward_remove(&c->ports[i].forward);
	free(c->ports);
	free(c);
}

/* ---- the pod's side ---- */

static void send_data(struct forward *p, const void *data, size_t len)
{
	struct port_channels *c = (struct port_channels *)p->all;

	channels_send(&c->channels, 2 * ((struct port *)p)->index, data, len);
}

static bool is_full(const struct forwarder *f)
{
	return channels_full(&((const struct port_channels *)f)->channels);
}

static void pause_client(struct forwarder *f, bool paused)
{
	exchange_pause(((struct port_channels *)f)->channels.x, paused);
}

static void on_ended(struct forward *p, const struct err *err)
{
	struct port_channels *c = (struct port_channels *)p->all;
	unsigned data = 2 * ((struct port *)p)->index;
	unsigned char channel = (unsigned char)data;

	if (err)
		channels_send(&c->channels, data + 1, err_msg(err), strlen(err_msg(err)));
	if (c->channels.can_close)
		channels_send(&c->channels, CHANNEL_CLOSE, &channel, 1);
	if (--c->live == 0) {
		channels_close(&c->channels);
		port_channels_free(c);
	}
}

static const struct forward_wire wire = {
    .send = send_data, .full = is_full, .pause = pause_client, .ended = on_ended};

/* ---- the client's side ---- */

static void on_message(void *ctx, unsigned channel, const unsigned char *data, size_t len)
{
	struct port_channels *c = ctx;
	bool close = channel == CHANNEL_CLOSE;
	struct forward *p;

	if (close && !len)
		return;
	if (close)
		channel = data[0];
	if (channel % 2 || channel / 2 >= c->count)
		return;
	p = &c->ports[channel / 2].forward;
	if (!p->dial)
		return;
	if (close)
		forward_eof(p);
	else
		forward_input(p, data, len);
}

static void on_writable(void *ctx)
{
	forwarder_resume(&((struct port_channels *)ctx)->all);
}

static void on_gone(void *ctx)
{
	port_channels_free(ctx);
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
static void announce(struct port_channels *c, unsigned index, unsigned port)
{
	const unsigned char number[2] = {port & 0xff, port >> 8 & 0xff};

	channels_send(&c->channels, 2 * index, number, 2);
	channels_send(&c->channels, 2 * index + 1, number, 2);
}

static int dial_all(struct port_channels *c, const json *pod, const unsigned *ports, struct err *e)
{
	for (size_t i = 0; i < c->live; i++) {
		c->ports[i].index = (unsigned)i;
		forward_add(&c->all, &c->ports[i].forward);
		c->count = i + 1;
		if (forward_dial(&c->ports[i].forward, json_str_or(pod, "metadata.uid", ""),
			ports[i], e) < 0)
			return -1;
	}
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
	struct port_channels *c;

	if (pod && forward_streams_asked(x)) {
		forward_streams(x, pod);
		return;
	}
	if (!pod || channels_check(x, &headers, &e) < 0 || parse_ports(x, ports, &count, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	forwarder_init(&c->all, s, &wire);
	c->ports = xcalloc(count, sizeof(*c->ports));
	c->live = count;
	if (dial_all(c, pod, ports, &e) < 0) {
		answer_err(x, &e);
		port_channels_free(c);
		return;
	}
	channels_start(&c->channels, x, &headers, &forward_ops, c);
	for (size_t i = 0; i < count; i++)
		announce(c, (unsigned)i, ports[i]);
}
