/*
 * channels: the server's end of a WebSocket that speaks one of Kubernetes' channel protocols, v4 or
 * v5.channel.k8s.io: the first byte of a message says what it belongs to.
 *
 * A struct channels is part of its owner. It is used between channels_start and the first of:
 * channels_end by the owner, or on_gone; nothing of it need be freed after that. Input for a
 * process that is not taken at once is held here, and the client is not read meanwhile.
 */
#ifndef KJOB_SERVER_CHANNELS_H
#define KJOB_SERVER_CHANNELS_H

#include "../../runtime/ws.h"
#include "exchange.h"

/* From here on an owner stops sending until on_writable. */
#define CHANNELS_HIGH_WATER (512 * KIB)

struct channels_ops {
	/* Input, at most 64 KiB; false: nothing was taken, channels_push offers it again. */
	bool (*on_stdin)(void *ctx, const char *data, size_t len);
	/* Once, when all input was taken and no more comes. */
	void (*on_stdin_end)(void *ctx);
	void (*on_resize)(void *ctx, unsigned columns, unsigned rows); /* optional */
	/* Where it is set it gets all messages, and the three above none. CHANNEL_CLOSE too: data
	 * is the number of the channel that the client closes. */
	void (*on_message)(void *ctx, unsigned channel, const unsigned char *data, size_t len);
	void (*on_writable)(void *ctx);
	/* The client went away or is not understood, or the server stops. */
	void (*on_gone)(void *ctx);
};

struct channels {
	struct exchange *x;
	const struct channels_ops *ops;
	void *ctx;
	struct ws ws;
	struct buf held;
	bool eof; /* no more input comes behind `held` */
	bool eof_told;
	bool can_close; /* the client knows CHANNEL_CLOSE (v5) */
	bool hang_up; /* the client closed, or broke the protocol */
};

/* Appends the headers of the 101 answer; -1: the request is no handshake that is understood. */
int channels_check(const struct exchange *x, struct buf *headers, struct err *e) MUST_USE;
/* Takes the exchange over. The struct may be anything before. */
void channels_start(struct channels *c, struct exchange *x, const struct buf *headers,
    const struct channels_ops *ops, void *ctx);
void channels_send(struct channels *c, unsigned channel, const void *data, size_t len);
bool channels_full(const struct channels *c);
/* There may be room for input again. */
void channels_push(struct channels *c);
/* A Status on the error channel (e NULL: Success), and the end. No callback follows. */
void channels_end(struct channels *c, const struct err *e);
/* The same for a command that ended with this code. */
void channels_end_exit(struct channels *c, int code);
/* The end without any Status. */
void channels_close(struct channels *c);

#endif
