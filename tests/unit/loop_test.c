#include "test.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/loop.h"

static char trace[512];

static void mark(void *arg)
{
	size_t len = strlen(trace);

	snprintf(trace + len, sizeof(trace) - len, "%s ", (const char *)arg);
}

struct fixture {
	struct loop *l;
	int count, limit;
	struct timer t, other;
	struct loop_fd *w;
};

static void defer_again(void *arg)
{
	struct fixture *f = arg;

	if (++f->count < f->limit)
		loop_defer(f->l, defer_again, f);
}

TEST("deferred calls run in order, with those that they defer, before the turn-end hooks")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l, .limit = 3};

	trace[0] = '\0';
	loop_at_turn_end(l, "first", mark, "hook1");
	loop_at_turn_end(l, "second", mark, "hook2");
	loop_defer(l, mark, "a");
	loop_defer(l, defer_again, &f);
	loop_defer(l, mark, "b");
	loop_turn(l, -1);
	CHECK_STR(trace, "a b hook1 hook2 ");
	CHECK_INT(f.count, 3);
	loop_free(l);
}

static void hook_defers(void *arg)
{
	struct fixture *f = arg;

	mark("hook");
	if (f->count++ < 2)
		loop_defer(f->l, mark, "call");
}

TEST("what a hook defers runs in the same turn and the hooks run again")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l};

	trace[0] = '\0';
	loop_at_turn_end(l, "hook", hook_defers, &f);
	loop_turn(l, 0);
	CHECK_STR(trace, "hook call hook call hook ");
	loop_free(l);
}

TEST("an endless chain of deferred calls does not keep the turn from ending")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l, .limit = 1 << 30};

	loop_defer(l, defer_again, &f);
	loop_turn(l, 0);
	CHECK(f.count > 1000);
	loop_free(l);
}

static void undefer_both(void *arg)
{
	struct fixture *f = arg;

	loop_undefer(f->l, "x");
	loop_undefer(f->l, f);
}

TEST("a deferred call may forget others and itself")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l, .limit = 1};

	trace[0] = '\0';
	loop_defer(l, undefer_both, &f);
	loop_defer(l, mark, "x");
	loop_defer(l, defer_again, &f);
	loop_defer(l, mark, "y");
	loop_turn(l, 0);
	CHECK_STR(trace, "y ");
	CHECK_INT(f.count, 0);
	loop_free(l);
}

static void chain_and_mark(void *arg)
{
	struct fixture *f = arg;

	if (++f->count < f->limit) {
		loop_defer(f->l, mark, "");
		loop_defer(f->l, chain_and_mark, f);
	}
}

TEST("a long queue that is worked off while it grows keeps its order")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l, .limit = 5000};

	trace[0] = '\0';
	loop_defer(l, chain_and_mark, &f);
	loop_turn(l, 0);
	CHECK_INT(f.count, 5000);
	loop_free(l);
}

static void tick(void *arg)
{
	struct fixture *f = arg;

	f->count++;
	if (f->limit-- > 0)
		timer_set(f->l, &f->t, 0);
	timer_cancel(f->l, &f->other);
}

TEST("timers fire once, in order of their deadlines, and may cancel and set one another")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l};
	int64_t start = clock_mono_ms();

	f.t = (struct timer){.name = "t", .fn = tick, .arg = &f};
	f.other = (struct timer){.name = "other", .fn = mark, .arg = "other"};
	trace[0] = '\0';
	timer_set(l, &f.other, 100);
	timer_set(l, &f.t, 5);
	CHECK(timer_is_set(&f.t));
	loop_turn(l, -1);
	CHECK_INT(f.count, 1);
	CHECK(clock_mono_ms() - start >= 4);
	CHECK(!timer_is_set(&f.t));
	CHECK(!timer_is_set(&f.other));
	loop_turn(l, 120);
	CHECK_STR(trace, "");
	loop_free(l);
}

TEST("a timer that sets itself at once fires once a turn")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l, .limit = 3};

	f.t = (struct timer){.name = "t", .fn = tick, .arg = &f};
	timer_set(l, &f.t, 0);
	for (int i = 1; i <= 4; i++) {
		loop_turn(l, -1);
		CHECK_INT(f.count, i);
	}
	CHECK(!timer_is_set(&f.t));
	loop_free(l);
}

TEST("a turn waits no longer than it is told, and moving a deadline forward or back holds")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l};
	int64_t start = clock_mono_ms();

	f.t = (struct timer){.name = "t", .fn = tick, .arg = &f};
	timer_set(l, &f.t, 60000);
	loop_turn(l, 10);
	CHECK(clock_mono_ms() - start >= 9 && clock_mono_ms() - start < 5000);
	loop_turn(l, 0);
	timer_set(l, &f.t, 3);
	loop_turn(l, -1);
	CHECK_INT(f.count, 1);
	CHECK(clock_mono_ms() - start < 5000);
	loop_free(l);
}

static void on_readable(void *arg, int events)
{
	struct fixture *f = arg;

	CHECK_INT(events, LOOP_READ);
	f->count++;
	loop_fd_free(f->w);
	f->w = NULL;
	loop_defer(f->l, mark, "deferred");
}

TEST("a descriptor's watch can be paused and can free itself")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l};
	int p[2];

	CHECK_INT(pipe(p), 0);
	trace[0] = '\0';
	f.w = loop_fd_new(l, p[0], LOOP_READ, on_readable, &f);
	CHECK_INT(write(p[1], "x", 1), 1);
	loop_fd_set(f.w, 0);
	loop_turn(l, 1);
	CHECK_INT(f.count, 0);
	loop_fd_set(f.w, LOOP_READ);
	loop_turn(l, -1);
	CHECK_INT(f.count, 1);
	CHECK_STR(trace, "deferred ");
	loop_turn(l, 1);
	CHECK_INT(f.count, 1);
	loop_free(l);
	close(p[0]);
	close(p[1]);
}

static void count_readable(void *arg, int events)
{
	((struct fixture *)arg)->count += events == LOOP_READ;
}

TEST("a plain file counts as always readable")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l};
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	f.w = loop_fd_new(l, fd, LOOP_READ, count_readable, &f);
	for (int i = 1; i <= 3; i++)
		loop_turn(l, 1000);
	CHECK_INT(f.count, 3);
	loop_fd_set(f.w, 0);
	loop_turn(l, 1);
	CHECK_INT(f.count, 3);
	loop_fd_free(f.w);
	loop_free(l);
	close(fd);
}

static void foreign(evutil_socket_t fd, short what, void *arg)
{
	struct fixture *f = arg;

	f->count++;
	loop_wake(f->l);
}

static void foreign_read(struct bufferevent *bev, void *arg)
{
	foreign(-1, 0, arg);
}

TEST("a foreign libevent callback ends the turn, a bufferevent's deferred one too")
{
	struct loop *l = loop_new();
	struct fixture f = {.l = l};
	struct bufferevent *pair[2];

	trace[0] = '\0';
	loop_at_turn_end(l, "hook", mark, "end");
	event_base_once(loop_base(l), -1, EV_TIMEOUT, foreign, &f, &(struct timeval){0, 1000});
	loop_turn(l, -1);
	CHECK_INT(f.count, 1);
	CHECK_STR(trace, "end ");
	bufferevent_pair_new(loop_base(l), BEV_OPT_DEFER_CALLBACKS, pair);
	bufferevent_setcb(pair[1], foreign_read, NULL, NULL, &f);
	bufferevent_enable(pair[1], EV_READ);
	bufferevent_write(pair[0], "x", 1);
	for (int i = 0; i < 5 && f.count < 2; i++)
		loop_turn(l, 1000);
	CHECK_INT(f.count, 2);
	bufferevent_free(pair[0]);
	bufferevent_free(pair[1]);
	loop_turn(l, 0);
	loop_free(l);
}

TEST("a wake from outside a turn keeps the next turn from waiting")
{
	struct loop *l = loop_new();

	loop_wake(l);
	loop_turn(l, -1);
	loop_free(l);
}

static void stop(void *arg, int signo)
{
	CHECK_INT(signo, SIGUSR1);
	loop_stop(arg);
}

TEST("a signal runs its handler in the loop, loop_stop ends loop_run, SIGPIPE is ignored")
{
	struct loop *l = loop_new();
	struct loop_signal *s = loop_signal_new(l, SIGUSR1, stop, l);

	raise(SIGPIPE);
	raise(SIGUSR1);
	loop_run(l);
	loop_signal_free(s);
	loop_free(l);
}

int main(void)
{
	return test_main();
}
