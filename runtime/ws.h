/*
 * ws: WebSocket frames (RFC 6455), both roles, over any byte stream, and Kubernetes' channel
 * protocol on top (v5.channel.k8s.io: the first byte of a binary message is the channel, channel
 * 255 closes another). Pure: bytes in, messages out; the transport is the caller's.
 */
#ifndef KJOB_WS_H
#define KJOB_WS_H

#include "base/buf.h"
#include "base/err.h"

enum ws_opcode {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10
};

/* The data of a close frame: code 1000. */
#define WS_CLOSE_NORMAL "\x03\xe8"

/* Channels of v4/v5.channel.k8s.io. */
enum ws_channel {
	CHANNEL_STDIN,
	CHANNEL_STDOUT,
	CHANNEL_STDERR,
	CHANNEL_ERROR,
	CHANNEL_RESIZE,
	CHANNEL_CLOSE = 255
};

struct ws {
	bool client;   /* clients mask what they send and reject masked frames */
	struct buf in; /* bytes of an unfinished frame */
	struct buf message;
	enum ws_opcode opcode; /* of the message being assembled; WS_CONTINUATION: none */
	size_t max_message;
	bool closed; /* a close frame or a protocol error came: what follows is ignored */
};

/* max_message: bytes of the longest message that is accepted; more is a protocol error. */
void ws_init(struct ws *w, bool client, size_t max_message);
void ws_release(struct ws *w);
/*
 * A whole message, or a control frame (ping, pong, close: at most 125 bytes). Data is borrowed.
 * Must not release the ws; may set `closed` to hear no more. Text is not checked to be UTF-8.
 */
typedef void ws_message_fn(void *ctx, enum ws_opcode op, const unsigned char *data, size_t len);
/* Feeds received bytes in pieces of any size; -1 on a protocol error (send a close frame and hang
 * up). */
int ws_feed(struct ws *w, const void *data, size_t len, ws_message_fn *fn, void *ctx,
    struct err *e) MUST_USE;
/* Appends a frame: a whole message. */
void ws_frame(const struct ws *w, struct buf *out, enum ws_opcode op, const void *data, size_t len);
void ws_channel_frame(
    const struct ws *w, struct buf *out, unsigned channel, const void *data, size_t len);
/* The Sec-WebSocket-Accept value for a key; buf of 29. */
char *ws_accept_key(char buf[29], const char *key);

#endif
