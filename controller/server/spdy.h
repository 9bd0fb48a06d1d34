/*
 * spdy: the server's end of SPDY/3.1 as Kubernetes' clients speak it: bytes in, events of streams
 * out, over any byte stream. Pure: what is to be sent collects in `out`, the transport is the
 * caller's. Only the client opens streams.
 *
 * No windows are kept: kubectl and the kubelet neither send WINDOW_UPDATE nor wait for one; what a
 * reader has not taken is bounded by the transport below.
 */
#ifndef KJOB_SERVER_SPDY_H
#define KJOB_SERVER_SPDY_H

#include "../../runtime/base/buf.h"
#include "../../runtime/base/err.h"
#include "../../runtime/base/str.h"

enum spdy_status { /* why a stream is reset */
	SPDY_PROTOCOL_ERROR = 1,
	SPDY_INVALID_STREAM = 2,
	SPDY_REFUSED_STREAM = 3,
	SPDY_CANCEL = 5,
	SPDY_STREAM_ALREADY_CLOSED = 9
};

/* Callbacks may call everything of a spdy but spdy_feed and spdy_release. `user` is what
 * spdy_accept was given. */
struct spdy_ops {
	/* The client opens a stream; headers are name, value, name, value, …, borrowed. Must accept
	 * or reset it. */
	void (*on_open)(void *ctx, uint32_t id, const struct strlist *headers);
	void (*on_data)(void *ctx, void *user, const void *data, size_t len);
	/* The client sends no more on it; sending to the client may go on. */
	void (*on_fin)(void *ctx, void *user);
	/* It is gone. */
	void (*on_reset)(void *ctx, void *user);
};

struct spdy_stream;
struct spdy {
	struct buf out; /* to be sent: the caller takes it after each call */
	/* own */
	const struct spdy_ops *ops;
	void *ctx;
	struct z_stream_s *inflater; /* one for all header blocks */
	struct buf in;               /* bytes of an unfinished frame */
	uint32_t data_id;            /* whose contents come; 0: nobody's */
	size_t data_left;
	bool data_fin;
	struct spdy_stream *streams; /* open ones, in the order of their ids */
	size_t count, cap;
	uint32_t last_id; /* the newest that the client opened */
	bool replied;     /* the first SYN_REPLY, which begins the compression, was made */
	bool going;       /* the client opens no more streams */
	bool failed;      /* a protocol error came: what follows is ignored */
};

void spdy_init(struct spdy *s, const struct spdy_ops *ops, void *ctx);
void spdy_release(struct spdy *s);
/* Feeds received bytes in pieces of any size; -1 on a protocol error: send `out` and hang up. */
int spdy_feed(struct spdy *s, const void *data, size_t len, struct err *e) MUST_USE;

/* The rest does nothing with a stream that is not open (any more). */
void spdy_accept(struct spdy *s, uint32_t id, void *user);
void spdy_send(struct spdy *s, uint32_t id, const void *data, size_t len);
/* The end of what is sent. */
void spdy_fin(struct spdy *s, uint32_t id);
/* The same, and no callback about it comes any more. */
void spdy_leave(struct spdy *s, uint32_t id);
/* Refuses a stream, or breaks it off; no callback about it comes any more. */
void spdy_reset(struct spdy *s, uint32_t id, enum spdy_status status);

#endif
