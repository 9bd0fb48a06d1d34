/*
 * channels: the server's end of one of Kubernetes' channel protocols. v4 and v5.channel.k8s.io over
 * a WebSocket: the first byte of a message says what it belongs to. The older channel.k8s.io, also
 * of clients that name no protocol, has a plain text on the error channel, and nothing for success;
 * in the base64 forms of both, messages are text. v4.channel.k8s.io over SPDY: each channel is a
 * stream, which the client opens (channels_spdy.c).
 *
 * A struct channels is part of its owner. It is used between on_ready and the first of:
 * channels_end by the owner, or on_gone; nothing of it need be freed after that. Input for a
 * process that is not taken at once is held here, and the client is not read meanwhile.
 */
#ifndef KJOB_SERVER_CHANNELS_H
#define KJOB_SERVER_CHANNELS_H

#include "../../runtime/ws.h"
#include "exchange.h"
#include "streams.h"

/* From here on an owner stops sending until on_writable. */
#define CHANNELS_HIGH_WATER STREAMS_HIGH_WATER

struct channels_ops {
	/* Once, before all others but on_gone: the channels are there. May end them. Optional. */
	void (*on_ready)(void *ctx);
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
	unsigned columns, rows; /* a size that on_resize has not been told; 0: none */
	bool can_close;         /* the client knows CHANNEL_CLOSE (v5) */
	bool text;              /* messages are a digit and base64 */
	bool old;               /* errors are told in words, success not at all */
	bool hang_up;           /* the client closed, or broke the protocol */
	size_t owed;            /* as of a struct streams */
	/* over SPDY */
	bool spdy, ready;
	struct streams streams;
	uint32_t ids[CHANNEL_RESIZE + 1]; /* the stream of each channel; 0: none */
	bool awaited[CHANNEL_RESIZE + 1]; /* the client has to open it yet */
	struct timer patience;
	struct buf size; /* an unfinished message of the resize channel */
};

/*
 * Appends the headers of the 101 answer; -1: the request is no handshake that is understood. Which
 * channels a client of SPDY opens is in the query: stdin, stdout, stderr, tty.
 */
int channels_check(const struct exchange *x, struct buf *headers, struct err *e) MUST_USE;
/* Takes the exchange over. The struct may be anything before. */
void channels_start(struct channels *c, struct exchange *x, const struct buf *headers,
    const struct channels_ops *ops, void *ctx);
void channels_send(struct channels *c, unsigned channel, const void *data, size_t len);
bool channels_full(const struct channels *c);
/* There may be room for input again; also of use at the beginning. */
void channels_push(struct channels *c);
/* A Status on the error channel (e NULL: Success), and the end. No callback follows. */
void channels_end(struct channels *c, const struct err *e);
/* The same for a command that ended with this code. */
void channels_end_exit(struct channels *c, int code);
/* The end without any Status. */
void channels_close(struct channels *c);

/* ---- between channels.c and channels_spdy.c ---- */

/* What came for a channel. */
void channels_take(struct channels *c, unsigned channel, const unsigned char *data, size_t len);
/* The server stops. */
void channels_drain(struct channels *c);
void channels_spdy_start(struct channels *c, const struct buf *headers);
void channels_spdy_close(struct channels *c);

#endif
