#include "terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "../runtime/base/mem.h"

static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT};

/* Signal handlers and exit handlers have no argument of their own. */
static struct termios before;
static volatile sig_atomic_t raw;

bool terminal_is(void)
{
	return isatty(STDIN_FILENO);
}

void terminal_restore(void)
{
	if (!raw)
		return;
	raw = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* The handler is gone when it runs: the signal does then what it would have done. */
static void on_end(int signo)
{
	terminal_restore();
	raise(signo);
}

void terminal_raw(void)
{
	static bool registered;
	struct sigaction sa = {.sa_handler = on_end, .sa_flags = (int)SA_RESETHAND}, old;
	struct termios t;

	if (raw || tcgetattr(STDIN_FILENO, &before) < 0)
		return;
	if (!registered)
		atexit(terminal_restore);
	registered = true;
	sigemptyset(&sa.sa_mask);
	/* Only what would end the process: who handles a signal goes on to do so. */
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(ends[i], &sa, NULL);
	t = before;
	cfmakeraw(&t);
	raw = 1;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

bool terminal_size(unsigned *columns, unsigned *rows)
{
	static const int fds[] = {STDOUT_FILENO, STDIN_FILENO};
	struct winsize size;

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (ioctl(fds[i], TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
			*columns = size.ws_col;
			*rows = size.ws_row;
			return true;
		}
	}
	return false;
}
