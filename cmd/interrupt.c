#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "../runtime/base/mem.h"

static const int signals[] = {SIGINT, SIGTERM};

/* A signal handler has no argument of its own: the one thing that must be global. */
static volatile int caught, count;
static volatile int wake_fd = -1;

struct interrupt {
	int fds[2];
	struct loop_fd *watch;
	struct sigaction old[ARRAY_LEN(signals)];
};

static void on_signal(int signo)
{
	int saved = errno;

	caught = signo;
	count++;
	if (wake_fd >= 0 && write(wake_fd, "", 1) < 0)
		errno = saved; /* the pipe is full: the loop wakes up anyway */
	errno = saved;
}

static void on_wake(void *arg, int events)
{
	struct interrupt *i = arg;
	char bytes[16];

	if (read(i->fds[0], bytes, sizeof(bytes)) <= 0)
		loop_fd_set(i->watch, 0);
}

struct interrupt *interrupt_new(struct loop *l)
{
	struct interrupt *i = xcalloc(1, sizeof(*i));
	/* No SA_RESTART: a write that blocks must come back. */
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	if (pipe2(i->fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		i->fds[0] = i->fds[1] = -1;
	} else {
		wake_fd = i->fds[1];
		i->watch = loop_fd_new(l, i->fds[0], LOOP_READ, on_wake, i);
	}
	sigemptyset(&sa.sa_mask);
	for (size_t s = 0; s < ARRAY_LEN(signals); s++)
		if (sigaction(signals[s], NULL, &i->old[s]) == 0 && i->old[s].sa_handler != SIG_IGN)
			sigaction(signals[s], &sa, NULL);
	return i;
}

void interrupt_free(struct interrupt *i)
{
	if (!i)
		return;
	for (size_t s = 0; s < ARRAY_LEN(signals); s++)
		sigaction(signals[s], &i->old[s], NULL);
	wake_fd = -1;
	loop_fd_free(i->watch);
	if (i->fds[0] >= 0) {
		close(i->fds[0]);
		close(i->fds[1]);
	}
	free(i);
}

volatile const int *interrupt_signal(void)
{
	return &caught;
}

int interrupt_count(void)
{
	return count;
}
