/*
 * loop: the event loop and its turns.
 *
 * One turn = the events that are ready, then everything deferred during them, then the turn-end
 * hooks in the order they were added (reconcile, commit, publish, free). Callbacks record facts and
 * queue keys; the story continues at the turn's end. A callback that runs for more than 50 ms is
 * logged by name.
 */
#ifndef KJOB_LOOP_H
#define KJOB_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/heap.h"

struct event_base;
struct loop;

struct loop *loop_new(void);
void loop_free(struct loop *l);
/* Runs turns until loop_stop. */
void loop_run(struct loop *l);
/* One turn; waits for an event at most `max_wait_ms` (-1: for ever, 0: not at all). */
void loop_turn(struct loop *l, int max_wait_ms);
void loop_stop(struct loop *l);
/* The libevent base, for modules that speak libevent themselves (the HTTP server). */
struct event_base *loop_base(struct loop *l);
/*
 * Must be called by libevent callbacks of such modules: sees to it that the deferred calls and
 * turn-end hooks run after the current events.
 */
void loop_wake(struct loop *l);

/* Runs fn(arg) once, after the current events, in this turn; calls deferred by deferred calls run
 * in it too. */
#define loop_defer(l, fn, arg) loop_defer_named(l, #fn, fn, arg)
void loop_defer_named(struct loop *l, const char *name, void (*fn)(void *arg), void *arg);
/* Forgets all deferred calls with this arg: call it when arg is freed. */
void loop_undefer(struct loop *l, void *arg);
/* Adds fn to the end of every turn. What a hook defers runs in this turn too, and the hooks run
 * again after it. */
void loop_at_turn_end(struct loop *l, const char *name, void (*fn)(void *arg), void *arg);

/* A timer, embedded in its owner; zeroed is unset. fn runs as an event; a stale wake-up is
 * harmless. */
struct timer {
	struct heap_node node;
	const char *name;
	void (*fn)(void *arg);
	void *arg;
};
/* Sets or moves the timer to clock_mono_ms() + delay_ms; name, fn and arg must be set before. */
void timer_set(struct loop *l, struct timer *t, int64_t delay_ms);
void timer_cancel(struct loop *l, struct timer *t);
bool timer_is_set(const struct timer *t);

/*
 * Watches a descriptor for reading or writing until it is released; owned by the caller. A
 * descriptor that the system cannot watch (a plain file, /dev/null) counts as always ready. fn may
 * free the watch.
 */
struct loop_fd;
enum loop_fd_events { LOOP_READ = 1, LOOP_WRITE = 2 };
#define loop_fd_new(l, fd, events, fn, arg) loop_fd_new_named(l, #fn, fd, events, fn, arg)
struct loop_fd *loop_fd_new_named(struct loop *l, const char *name, int fd, int events,
    void (*fn)(void *arg, int events), void *arg);
void loop_fd_set(struct loop_fd *w, int events); /* 0 pauses */
void loop_fd_free(struct loop_fd *w);            /* does not close fd */
/* A signal handler that runs as an event of the loop. */
struct loop_signal;
struct loop_signal *loop_signal_new(
    struct loop *l, int signo, void (*fn)(void *arg, int signo), void *arg);
void loop_signal_free(struct loop_signal *s);

#endif
