/*
 * streams: the server's end of SPDY streams on an exchange: behind a plain upgrade to SPDY/3.1, or
 * tunnelled in the binary messages of a WebSocket (SPDY/3.1+PROTOCOL).
 *
 * A struct streams is part of its owner. It is used between streams_start and the first of:
 * streams_close or streams_end by the owner, or on_gone; nothing of it need be freed after that.
 */
#ifndef KJOB_SERVER_STREAMS_H
#define KJOB_SERVER_STREAMS_H

#include "../../runtime/ws.h"
#include "exchange.h"
#include "spdy.h"

/* From here on an owner stops sending until on_writable. */
#define STREAMS_HIGH_WATER (512 * KIB)
/* A client that is owed more replies (to pings, say) does not read, and is hung up on. */
#define STREAMS_MAX_OWED (1 * MIB)

/* Those of a struct spdy_ops must not end the session. */
struct streams_ops {
	struct spdy_ops spdy;
	void (*on_input)(void *ctx); /* behind each piece of input; may end the session; optional */
	void (*on_writable)(void *ctx);
	/* The client went away or is not understood. */
	void (*on_gone)(void *ctx);
	/* The server stops: end the session. */
	void (*on_drain)(void *ctx);
};

struct streams {
	struct exchange *x;
	const struct streams_ops *ops;
	void *ctx;
	struct spdy spdy;
	struct ws ws;
	bool tunnel;  /* in a WebSocket */
	bool hang_up; /* the client closed, or broke the protocol */
	size_t owed;  /* bytes of replies that the client asked for without reading */
};

/* Whether the request asks for streams of this protocol, in either way. */
bool streams_asked(const struct exchange *x, const char *protocol);
/* Appends the headers of the 101 answer; -1: the request is no handshake that is understood. */
int streams_check(
    const struct exchange *x, const char *protocol, struct buf *headers, struct err *e) MUST_USE;
/* Takes the exchange over. The struct may be anything before. */
void streams_start(struct streams *s, struct exchange *x, const struct buf *headers,
    const struct streams_ops *ops, void *ctx);
/* As of spdy.h, and sent. */
void streams_accept(struct streams *s, uint32_t id, void *user);
void streams_send(struct streams *s, uint32_t id, const void *data, size_t len);
void streams_fin(struct streams *s, uint32_t id);
void streams_leave(struct streams *s, uint32_t id);
void streams_reset(struct streams *s, uint32_t id, enum spdy_status status);
bool streams_full(const struct streams *s);
/* The value of a stream's header (name without case); "": absent. */
const char *stream_header(const struct strlist *headers, const char *name);
/* The end: the connection closes when all is sent. No callback follows. */
void streams_close(struct streams *s);
/* The end: the client closes the connection when it has read all, which a close by the server would
 * cut short. No callback follows. */
void streams_end(struct streams *s);

#endif
