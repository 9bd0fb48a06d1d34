/*
 * channels_spdy: channels as SPDY streams, as kubectl before 1.30 and others have them. The client
 * opens a stream for each, whose header streamType says which; nothing begins before all that the
 * query asks for are there.
 */
#include "channels.h"
#include "internal.h"

#define PATIENCE_MS 30000
#define MAX_SIZE_BYTES 256

static const char *const stream_types[CHANNEL_RESIZE + 1] = {[CHANNEL_STDIN] = "stdin",
    [CHANNEL_STDOUT] = "stdout",
    [CHANNEL_STDERR] = "stderr",
    [CHANNEL_ERROR] = "error",
    [CHANNEL_RESIZE] = "resize"};

static void on_open(void *ctx, uint32_t id, const struct strlist *headers)
{
	struct channels *c = ctx;
	const char *type = stream_header(headers, "streamType");

	for (size_t i = 0; i < ARRAY_LEN(stream_types); i++) {
		if (!c->awaited[i] || !str_eq(type, stream_types[i]))
			continue;
		c->awaited[i] = false;
		c->ids[i] = id;
		streams_accept(&c->streams, id, &c->ids[i]);
		return;
	}
	streams_reset(&c->streams, id, SPDY_REFUSED_STREAM);
}

static unsigned channel_of(const struct channels *c, const void *user)
{
	return (unsigned)((const uint32_t *)user - c->ids);
}

/* {"Width":80,"Height":24} one behind the other, in pieces of any size. */
static void take_sizes(struct channels *c, const char *data, size_t len)
{
	for (size_t i = 0; i < len && !c->size.overflow; i++) {
		buf_addch(&c->size, data[i]);
		if (data[i] != '}')
			continue;
		channels_take(c, CHANNEL_RESIZE, (const unsigned char *)c->size.ptr, c->size.len);
		buf_clear(&c->size);
	}
}

static void on_data(void *ctx, void *user, const void *data, size_t len)
{
	struct channels *c = ctx;
	unsigned channel = channel_of(c, user);

	if (channel == CHANNEL_RESIZE)
		take_sizes(c, data, len);
	else
		channels_take(c, channel, data, len);
}

static void on_fin(void *ctx, void *user)
{
	struct channels *c = ctx;

	if (channel_of(c, user) == CHANNEL_STDIN)
		c->eof = true;
}

static void on_reset(void *ctx, void *user)
{
	struct channels *c = ctx;

	on_fin(ctx, user);
	c->ids[channel_of(c, user)] = 0;
}

static void on_input(void *ctx)
{
	struct channels *c = ctx;

	for (size_t i = 0; i < ARRAY_LEN(c->awaited); i++)
		if (c->awaited[i])
			return;
	if (c->ready) {
		channels_push(c);
		return;
	}
	c->ready = true;
	timer_cancel(server_of(c->x)->deps.loop, &c->patience);
	c->ops->on_ready(c->ctx);
}

static void on_writable(void *ctx)
{
	struct channels *c = ctx;

	if (c->ready)
		c->ops->on_writable(c->ctx);
}

static void release(struct channels *c)
{
	timer_cancel(server_of(c->x)->deps.loop, &c->patience);
	buf_release(&c->size);
	buf_release(&c->held);
}

static void on_gone(void *ctx)
{
	struct channels *c = ctx;

	release(c);
	c->ops->on_gone(c->ctx);
}

static void on_drain(void *ctx)
{
	channels_drain(ctx);
}

static const struct streams_ops stream_ops = {
    .spdy = {.on_open = on_open, .on_data = on_data, .on_fin = on_fin, .on_reset = on_reset},
    .on_input = on_input,
    .on_writable = on_writable,
    .on_gone = on_gone,
    .on_drain = on_drain};

void channels_spdy_close(struct channels *c)
{
	release(c);
	for (size_t i = 0; i < ARRAY_LEN(c->ids); i++)
		streams_fin(&c->streams, c->ids[i]);
	streams_end(&c->streams);
}

static void on_impatient(void *arg)
{
	struct channels *c = arg;

	streams_close(&c->streams);
	on_gone(c);
}

void channels_spdy_start(struct channels *c, const struct buf *headers)
{
	c->awaited[CHANNEL_ERROR] = true;
	c->awaited[CHANNEL_STDIN] = exchange_query_bool(c->x, "stdin");
	c->awaited[CHANNEL_STDOUT] = exchange_query_bool(c->x, "stdout");
	c->awaited[CHANNEL_STDERR] = exchange_query_bool(c->x, "stderr");
	c->awaited[CHANNEL_RESIZE] = exchange_query_bool(c->x, "tty");
	c->patience = (struct timer){.name = "streams of a client", .fn = on_impatient, .arg = c};
	buf_init(&c->size, MAX_SIZE_BYTES);
	timer_set(server_of(c->x)->deps.loop, &c->patience, PATIENCE_MS);
	streams_start(&c->streams, c->x, headers, &stream_ops, c);
}
