#include "forward.h"

/* While more than this waits for pods that do not take it, the client is not read. */
#define MAX_HELD_BYTES (1 * MIB)
#define PIECE_BYTES (64 * KIB)

static const struct server_pods_ops *ops_of(const struct forwarder *f)
{
	return f->server->deps.pods_ops;
}

void forwarder_init(struct forwarder *f, struct server *s, const struct forward_wire *wire)
{
	*f = (struct forwarder){.server = s, .wire = wire};
	TAILQ_INIT(&f->list);
}

void forward_add(struct forwarder *f, struct forward *p)
{
	p->all = f;
	TAILQ_INSERT_TAIL(&f->list, p, link);
}

static void drop_held(struct forward *p, size_t len)
{
	buf_consume(&p->held, len);
	p->all->held -= len;
}

static void hang_up(struct forward *p)
{
	if (p->dial)
		ops_of(p->all)->dial_free(TAKE(p->dial));
	drop_held(p, p->held.len);
}

static void update_pause(struct forwarder *f)
{
	f->wire->pause(f, f->held > MAX_HELD_BYTES);
}

void forward_abort(struct forward *p)
{
	hang_up(p);
	update_pause(p->all);
}

void forward_remove(struct forward *p)
{
	hang_up(p);
	buf_release(&p->held);
	TAILQ_REMOVE(&p->all->list, p, link);
}

/* ---- the pod's side ---- */

static bool on_data(void *ctx, const void *data, size_t len)
{
	struct forward *p = ctx;

	p->all->wire->send(p, data, len);
	p->stalled = p->all->wire->full(p->all);
	return !p->stalled;
}

static void push(struct forward *p)
{
	size_t at = 0;

	while (p->dial && at < p->held.len) {
		size_t len = p->held.len - at < PIECE_BYTES ? p->held.len - at : PIECE_BYTES;

		if (!ops_of(p->all)->dial_write(p->dial, p->held.ptr + at, len))
			break;
		at += len;
	}
	drop_held(p, at);
	if (p->dial && p->eof && !p->held.len) {
		p->eof = false;
		ops_of(p->all)->dial_end(p->dial);
	}
	update_pause(p->all);
}

static void on_writable(void *ctx)
{
	push(ctx);
}

static void on_end(void *ctx, const struct err *err)
{
	struct forward *p = ctx;
	forward_abort(p);
	p->all->wire->ended(p, err);
}

static const struct pod_dial_callbacks callbacks = {
    .on_data = on_data, .on_writable = on_writable, .on_end = on_end};

int forward_dial(struct forward *p, const char *pod_uid, unsigned port, struct err *e)
{
	struct forwarder *f = p->all;

	p->dial = ops_of(f)->dial(f->server->deps.pods, pod_uid, port, &callbacks, p, e);
	return p->dial ? 0 : -1;
}

/* ---- the client's side ---- */

void forward_input(struct forward *p, const void *data, size_t len)
{
	buf_add(&p->held, data, len);
	p->all->held += len;
	push(p);
}

void forward_eof(struct forward *p)
{
	p->eof = true;
	push(p);
}

void forwarder_resume(struct forwarder *f)
{
	struct forward *p;

	TAILQ_FOREACH(p, &f->list, link)
	{
		if (!p->dial || !p->stalled)
			continue;
		p->stalled = false;
		ops_of(f)->dial_resume(p->dial);
	}
}
