/*
 * forward: connections to ports of a pod for one client, whose own streams are the wire's business:
 * channels of a WebSocket (portforward.c), or pairs of SPDY streams (forward_streams.c).
 */
#ifndef KJOB_SERVER_FORWARD_H
#define KJOB_SERVER_FORWARD_H

#include "internal.h"

struct forward;
struct forwarder;

struct forward_wire {
	/* From the pod to the client. */
	void (*send)(struct forward *p, const void *data, size_t len);
	bool (*full)(const struct forwarder *f);
	/* Stops and restarts what comes from the client. */
	void (*pause)(struct forwarder *f, bool paused);
	/* The connection has ended, or failed; may free the forward and the forwarder. */
	void (*ended)(struct forward *p, const struct err *err);
};

struct forward {
	struct forwarder *all;
	struct pod_dial *dial; /* NULL: not made, or ended */
	struct buf held;       /* for the pod, not taken yet */
	bool eof, stalled;
	TAILQ_ENTRY(forward) link;
};

struct forwarder {
	struct server *server;
	const struct forward_wire *wire;
	TAILQ_HEAD(forward_list, forward) list;
	size_t held; /* by all */
};

void forwarder_init(struct forwarder *f, struct server *s, const struct forward_wire *wire);
/* Adds it without a connection. */
void forward_add(struct forwarder *f, struct forward *p);
/* Ends its connection at once. */
void forward_abort(struct forward *p);
/* The same without a word to the wire, and takes it out; the struct is the caller's. */
void forward_remove(struct forward *p);
int forward_dial(struct forward *p, const char *pod_uid, unsigned port, struct err *e) MUST_USE;
/* From the client to the pod. */
void forward_input(struct forward *p, const void *data, size_t len);
void forward_eof(struct forward *p);
/* The client reads again. */
void forwarder_resume(struct forwarder *f);

/* forward_streams.c: the streams of a request that asks for them. */
void forward_streams(struct exchange *x, const json *pod);
bool forward_streams_asked(const struct exchange *x);

#endif
