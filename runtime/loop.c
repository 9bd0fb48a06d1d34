#include "loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"

#define SLOW_MS 50
/* A turn that defers without end is cut here; the next turn goes on where it stopped. */
#define MAX_DEFERRED 100000
#define MAX_ROUNDS 32
#define NEVER INT64_MAX

struct deferred {
	const char *name;
	void (*fn)(void *arg); /* NULL: undeferred */
	void *arg;
};

struct hook {
	const char *name;
	void (*fn)(void *arg);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct event tick; /* the one timer, set to the nearest deadline */
	int64_t tick_at;   /* NEVER: not set */
	struct heap timers;

	struct deferred *queue; /* [queue_head, queue_len) are still to run */
	size_t queue_head, queue_len, queue_cap;

	struct hook *hooks;
	size_t hooks_len, hooks_cap;

	bool woken;
	bool stopping;
	bool in_turn;
};

static void report_slow(const char *name, int64_t since)
{
	int64_t took = clock_mono_ms() - since;

	if (took > SLOW_MS)
		log_warn("slow: %s took %lld ms", name, (long long)took);
}

static void call(const char *name, void (*fn)(void *arg), void *arg)
{
	int64_t start = clock_mono_ms();

	fn(arg);
	report_slow(name, start);
}

static void die(const char *what)
{
	log_error("%s: out of memory or descriptors", what);
	abort();
}

static void libevent_log(int severity, const char *msg)
{
	/* Its warnings are about calls whose results are looked at here. */
	log_write(severity >= EVENT_LOG_ERR ? LOG_ERROR : LOG_DEBUG, "libevent: %s", msg);
}

/* ---- timers ---- */

#define TIMER_OF(n) STRUCT_OF(n, struct timer, node)

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	int64_t now = clock_mono_ms();
	size_t most = l->timers.len; /* a timer that sets itself anew waits for the next turn */
	struct heap_node *n;

	l->tick_at = NEVER;
	while (most-- > 0 && (n = heap_min(&l->timers)) && n->key <= now) {
		struct timer *t = TIMER_OF(n);

		heap_remove(&l->timers, n);
		call(t->name, t->fn, t->arg);
	}
}

/* Sets the libevent timer to the nearest deadline, or to `until` when that is nearer. */
static void arm(struct loop *l, int64_t now, int64_t until)
{
	struct heap_node *n = heap_min(&l->timers);
	int64_t at = n && n->key < until ? n->key : until;
	int64_t delay = at > now ? at - now : 0;
	struct timeval tv = {delay / 1000, delay % 1000 * 1000};

	if (at == l->tick_at)
		return;
	l->tick_at = at;
	if (at == NEVER)
		event_del(&l->tick);
	else
		event_add(&l->tick, &tv);
}

void timer_set(struct loop *l, struct timer *t, int64_t delay_ms)
{
	heap_set(&l->timers, &t->node, clock_mono_ms() + (delay_ms > 0 ? delay_ms : 0));
}

void timer_cancel(struct loop *l, struct timer *t)
{
	heap_remove(&l->timers, &t->node);
}

bool timer_is_set(const struct timer *t)
{
	return t->node.pos != 0;
}

/* ---- the loop ---- */

struct loop *loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof(*l));
	struct event_config *cfg;

	signal(SIGPIPE, SIG_IGN);
	event_set_log_callback(libevent_log);
	/* Without this flag timers follow a clock that may tick only every 4 ms. */
	cfg = event_config_new();
	if (cfg)
		event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER);
	l->base = cfg ? event_base_new_with_config(cfg) : NULL;
	if (cfg)
		event_config_free(cfg);
	if (!l->base)
		die("event_base_new");
	evtimer_assign(&l->tick, l->base, on_tick, l);
	l->tick_at = NEVER;
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	event_del(&l->tick);
	event_base_free(l->base);
	heap_release(&l->timers);
	free(l->queue);
	free(l->hooks);
	free(l);
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}

void loop_wake(struct loop *l)
{
	l->woken = true;
}

void loop_stop(struct loop *l)
{
	l->stopping = true;
}

void loop_defer_named(struct loop *l, const char *name, void (*fn)(void *arg), void *arg)
{
	if (l->queue_head > 64 && l->queue_head > l->queue_len / 2) {
		l->queue_len -= l->queue_head;
		memmove(l->queue, l->queue + l->queue_head, l->queue_len * sizeof(*l->queue));
		l->queue_head = 0;
	}
	GROW(l->queue, l->queue_cap, l->queue_len + 1);
	l->queue[l->queue_len++] = (struct deferred){name, fn, arg};
}

void loop_undefer(struct loop *l, void *arg)
{
	for (size_t i = l->queue_head; i < l->queue_len; i++)
		if (l->queue[i].arg == arg)
			l->queue[i].fn = NULL;
}

void loop_at_turn_end(struct loop *l, const char *name, void (*fn)(void *arg), void *arg)
{
	GROW(l->hooks, l->hooks_cap, l->hooks_len + 1);
	l->hooks[l->hooks_len++] = (struct hook){name, fn, arg};
}

static bool has_deferred(const struct loop *l)
{
	return l->queue_head < l->queue_len;
}

static void run_deferred(struct loop *l)
{
	for (int i = 0; i < MAX_DEFERRED && has_deferred(l); i++) {
		struct deferred d = l->queue[l->queue_head++];

		if (d.fn)
			call(d.name, d.fn, d.arg);
	}
	if (!has_deferred(l))
		l->queue_head = l->queue_len = 0;
}

/* Deferred calls, then hooks; again while hooks defer more or wake the loop. */
static void end_turn(struct loop *l)
{
	int round = 0;

	do {
		l->woken = false;
		run_deferred(l);
		for (size_t i = 0; i < l->hooks_len; i++)
			call(l->hooks[i].name, l->hooks[i].fn, l->hooks[i].arg);
	} while ((has_deferred(l) || l->woken) && ++round < MAX_ROUNDS);
}

void loop_turn(struct loop *l, int max_wait_ms)
{
	int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;
	int64_t now = clock_mono_ms();

	if (l->in_turn) {
		log_error("loop_turn called from a callback of the loop");
		abort();
	}
	l->in_turn = true;
	if (max_wait_ms == 0 || has_deferred(l) || l->woken)
		flags |= EVLOOP_NONBLOCK;
	arm(l, now, max_wait_ms > 0 && !(flags & EVLOOP_NONBLOCK) ? now + max_wait_ms : NEVER);
	/*
	 * ONCE returns as soon as any callback has run, a foreign one too: that is why loop_wake
	 * needs to do nothing but mark.
	 */
	event_base_loop(l->base, flags);
	end_turn(l);
	l->in_turn = false;
}

void loop_run(struct loop *l)
{
	while (!l->stopping)
		loop_turn(l, -1);
	l->stopping = false;
}

/* ---- descriptors ---- */

struct loop_fd {
	struct loop *loop;
	const char *name;
	int fd, events;
	bool added;
	bool always; /* cannot be watched: ready in every turn */
	struct event ev;
	void (*fn)(void *arg, int events);
	void *arg;
};

static void on_fd(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *w = arg;
	const char *name = w->name;
	int64_t start = clock_mono_ms();
	int events = (what & EV_READ ? LOOP_READ : 0) | (what & EV_WRITE ? LOOP_WRITE : 0);

	w->fn(w->arg, w->always ? w->events : events); /* may free w */
	report_slow(name, start);
}

static void fd_watch(struct loop_fd *w)
{
	static const struct timeval at_once = {0, 1}; /* a timeout of 0 would fire but once */
	short what = EV_PERSIST;

	if (!w->always) {
		what |=
		    (w->events & LOOP_READ ? EV_READ : 0) | (w->events & LOOP_WRITE ? EV_WRITE : 0);
		event_assign(&w->ev, w->loop->base, w->fd, what, on_fd, w);
		if (event_add(&w->ev, NULL) == 0)
			return;
		w->always = true;
	}
	event_assign(&w->ev, w->loop->base, -1, EV_PERSIST, on_fd, w);
	event_add(&w->ev, &at_once);
}

void loop_fd_set(struct loop_fd *w, int events)
{
	if (w->events == events)
		return;
	if (w->added)
		event_del(&w->ev);
	w->events = events;
	w->added = events != 0;
	if (w->added)
		fd_watch(w);
}

struct loop_fd *loop_fd_new_named(struct loop *l, const char *name, int fd, int events,
    void (*fn)(void *arg, int events), void *arg)
{
	struct loop_fd *w = xcalloc(1, sizeof(*w));

	w->loop = l;
	w->name = name;
	w->fd = fd;
	w->fn = fn;
	w->arg = arg;
	loop_fd_set(w, events);
	return w;
}

void loop_fd_free(struct loop_fd *w)
{
	if (!w)
		return;
	if (w->added)
		event_del(&w->ev);
	free(w);
}

/* ---- signals ---- */

struct loop_signal {
	struct event ev;
	void (*fn)(void *arg, int signo);
	void *arg;
};

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *s = arg;

	s->fn(s->arg, (int)signo);
}

struct loop_signal *loop_signal_new(
    struct loop *l, int signo, void (*fn)(void *arg, int signo), void *arg)
{
	struct loop_signal *s = xcalloc(1, sizeof(*s));

	s->fn = fn;
	s->arg = arg;
	evsignal_assign(&s->ev, l->base, signo, on_signal, s);
	if (event_add(&s->ev, NULL) != 0)
		die("signal handler");
	return s;
}

void loop_signal_free(struct loop_signal *s)
{
	if (!s)
		return;
	event_del(&s->ev);
	free(s);
}
