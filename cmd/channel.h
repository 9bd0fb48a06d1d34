/*
 * channel: the client's end of a WebSocket that speaks one of Kubernetes' channel protocols, v5 or
 * v4.channel.k8s.io: exec, attach, port-forward. The struct is the caller's and must not move while
 * it is open.
 *
 * Callbacks run in turns of the client's loop, never before channel_open has returned; they may
 * call channel_close. on_open comes first and on_end last, or on_end alone.
 */
#ifndef KJOB_CMD_CHANNEL_H
#define KJOB_CMD_CHANNEL_H

#include "../runtime/ws.h"
#include "client.h"

struct channel_callbacks {
	void (*on_open)(void *ctx); /* optional */
	void (*on_data)(void *ctx, unsigned channel, const unsigned char *data, size_t len);
	/* After channel_send has said false: all has gone out. */
	void (*on_writable)(void *ctx);
	/* err NULL: the server closed it. A refusal is its Status, or ERR_BAD_REQUEST. */
	void (*on_end)(void *ctx, const struct err *err);
};

struct channel {
	const struct channel_callbacks *callbacks;
	void *ctx;
	struct client *client;
	struct upgrade *conn;
	struct ws ws;
	struct buf held; /* a message that did not fit into the connection's queue */
	bool open;
	bool can_close; /* the server knows CHANNEL_CLOSE (v5) */
	bool ended;
};

/* PATH with its query. */
void channel_open(struct channel *c, struct client *client, const char *path,
    const struct channel_callbacks *cb, void *ctx);
/* Not before on_open. False: it was taken, but send nothing more until on_writable. */
bool channel_send(struct channel *c, unsigned channel, const void *data, size_t len);
/* No more comes on this channel. Without v5 there is no way to say so: false. */
bool channel_send_end(struct channel *c, unsigned channel);
void channel_pause(struct channel *c, bool paused); /* no callbacks but on_writable */
/* No callback follows. A zeroed struct is fine. */
void channel_close(struct channel *c);

#endif
