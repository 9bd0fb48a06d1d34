#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../runtime/base/buf.h"
#include "../runtime/base/clock.h"
#include "../runtime/base/os.h"
#include "../runtime/base/str.h"

#define START_LIMIT_MS 120000
#define NOTICE_AFTER_MS 1000
#define READY_FD 3
/* A controller that stops lets its clients finish for a while. */
#define LEAVE_LIMIT_MS 30000
#define POLL_US 2000
#define READY_TEXT_MAX (64 * KIB)

int spawn_probe(const char *socket_path, struct err *e)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd, rc, saved;

	if (strlen(socket_path) >= sizeof(sa.sun_path))
		return err_set(e, ERR_UNAVAILABLE, "the socket path %s is too long", socket_path);
	memcpy(sa.sun_path, socket_path, strlen(socket_path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, errno, "cannot make a socket");
	rc = connect(fd, (struct sockaddr *)&sa, sizeof(sa));
	saved = errno;
	close(fd);
	if (rc == 0)
		return 1;
	if (saved == ENOENT || saved == ECONNREFUSED)
		return 0;
	return err_sys(e, saved, "cannot connect to the controller's socket %s", socket_path);
}

/* The child's side: only async-signal-safe calls up to the exec. */
static void become_controller(
    const char *self, char *const *argv, int null_fd, int log_fd, int ready_fd)
{
	sigset_t none;

	setsid();
	if (dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 || dup2(log_fd, 2) < 0)
		_exit(127);
	if (ready_fd == READY_FD ? fcntl(READY_FD, F_SETFD, 0) < 0 : dup2(ready_fd, READY_FD) < 0)
		_exit(127);
	os_close_above(READY_FD);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(077);
	if (chdir("/") == 0)
		execv(self, argv);
	dprintf(READY_FD, "error: cannot start the controller: %s\n", strerror(errno));
	_exit(127);
}

/* Starts it; returns the reading end of the pipe that it reports on. */
static int start(const struct paths *p, const char *engine, struct err *e)
{
	auto_free char *self = os_executable();
	auto_free char *ready_arg = xasprintf("--ready-fd=%d", READY_FD);
	auto_free char *engine_arg = engine && *engine ? xasprintf("--engine=%s", engine) : NULL;
	char *argv[] = {
	    (char *)"kjob", (char *)"controller", (char *)"run", ready_arg, engine_arg, NULL};
	int pipe_fds[2], null_fd, log_fd;
	pid_t pid;

	if (!self)
		return err_set(e, ERR_INTERNAL, "cannot find this program's own file");
	if (pipe(pipe_fds) < 0)
		return err_sys(e, errno, "cannot make a pipe");
	fcntl(pipe_fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(pipe_fds[1], F_SETFD, FD_CLOEXEC);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	log_fd = open(p->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid = null_fd < 0 || log_fd < 0 ? -1 : fork();
	if (pid == 0)
		become_controller(self, argv, null_fd, log_fd, pipe_fds[1]);
	if (pid < 0)
		err_sys(e, errno, "cannot start the controller (log file %s)", p->log_file);
	close(pipe_fds[1]);
	if (null_fd >= 0)
		close(null_fd);
	if (log_fd >= 0)
		close(log_fd);
	if (pid > 0)
		return pipe_fds[0];
	close(pipe_fds[0]);
	return -1;
}

/* What it reports: "ready", or an error text of any number of lines up to the pipe's end. */
static int read_report(int fd, struct buf *text, struct err *e)
{
	int64_t begin = clock_mono_ms();
	bool noticed = !isatty(STDERR_FILENO);

	while (!str_has_prefix(buf_str(text), "ready\n")) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		int64_t spent = clock_mono_ms() - begin;
		char piece[1024];
		ssize_t n;

		if (spent >= START_LIMIT_MS)
			return err_set(e, ERR_UNAVAILABLE,
			    "the controller did not become ready within %d s",
			    START_LIMIT_MS / 1000);
		if (!noticed && spent >= NOTICE_AFTER_MS) {
			fputs("starting the controller…\n", stderr);
			noticed = true;
		}
		if (poll(&pfd, 1, noticed ? 1000 : (int)(NOTICE_AFTER_MS - spent)) <= 0)
			continue;
		n = read(fd, piece, sizeof(piece));
		if (n == 0 || (n < 0 && errno != EINTR) || text->overflow)
			break;
		if (n > 0)
			buf_add(text, piece, (size_t)n);
	}
	return 0;
}

static int wait_ready(const struct paths *p, int fd, struct err *e)
{
	auto_buf text = {.max = READY_TEXT_MAX};
	const char *s;

	if (read_report(fd, &text, e) < 0)
		return -1;
	s = buf_str(&text);
	if (str_has_prefix(s, "ready\n"))
		return 0;
	if (str_has_prefix(s, "error: ")) {
		while (text.len && text.ptr[text.len - 1] == '\n')
			text.ptr[--text.len] = '\0';
		return err_set(e, ERR_UNAVAILABLE, "%s", buf_str(&text) + strlen("error: "));
	}
	return err_set(
	    e, ERR_UNAVAILABLE, "the controller ended while it started; see %s", p->log_file);
}

/* ---- one controller an instance ---- */

/* Whether no process holds the instance: a controller locks its pid file for as long as it lives.
 */
static bool is_free(const struct paths *p)
{
	int fd = open(p->pid_file, O_RDONLY | O_CLOEXEC);
	bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;

	if (fd >= 0)
		close(fd);
	return !held;
}

/* Starting and ending controllers happens under the lock file. */
int spawn_lock(const struct paths *p, struct err *e)
{
	int fd = open(p->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return err_sys(e, errno, "cannot open %s", p->lock);
	while ((rc = flock(fd, LOCK_EX)) < 0 && errno == EINTR)
		;
	if (rc == 0)
		return fd;
	err_sys(e, errno, "cannot lock %s", p->lock);
	close(fd);
	return -1;
}

static int held_error(const struct paths *p, struct err *e)
{
	auto_free char *pid = spawn_holder(p);

	return err_set(e, ERR_UNAVAILABLE,
	    "a controller (pid %.*s) holds this instance but does not answer on %s; see %s",
	    pid ? (int)strcspn(pid, "\n") : 1, pid ? pid : "?", p->socket, p->log_file);
}

/* 1: somebody listens. 0: nobody does, and one that was leaving has left. */
static int await_answer_or_leave(const struct paths *p, struct err *e)
{
	int64_t until = clock_mono_ms() + LEAVE_LIMIT_MS;

	for (;;) {
		int rc = spawn_probe(p->socket, e);

		if (rc != 0 || is_free(p))
			return rc;
		if (clock_mono_ms() >= until)
			return held_error(p, e);
		usleep(POLL_US);
	}
}

static int start_and_wait(const struct paths *p, const char *engine, struct err *e)
{
	int fd = start(p, engine, e), rc;

	if (fd < 0)
		return -1;
	rc = wait_ready(p, fd, e);
	close(fd);
	return rc;
}

int spawn_controller(
    const struct paths *p, const char *engine, bool no_start, bool *started, struct err *e)
{
	int lock_fd, rc = spawn_probe(p->socket, e);

	if (started)
		*started = false;
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (no_start)
		return err_set(e, ERR_UNAVAILABLE, "no controller is running");
	if (paths_make(p, e) < 0)
		return -1;
	lock_fd = spawn_lock(p, e);
	if (lock_fd < 0)
		return -1;
	/* Another command may have started one while this one waited for the lock. */
	rc = await_answer_or_leave(p, e);
	if (rc == 0) {
		rc = start_and_wait(p, engine, e);
		if (started)
			*started = rc == 0;
	}
	close(lock_fd);
	return rc < 0 ? -1 : 0;
}

char *spawn_holder(const struct paths *p)
{
	return path_read_file(p->pid_file, 64, NULL, NULL);
}

/* Whether the process that wrote this pid file has gone; another controller may be there by now. */
static bool has_left(const struct paths *p, const char *pid)
{
	auto_free char *now = spawn_holder(p);

	return is_free(p) || (now && *now && !str_eq(now, pid));
}

int spawn_await_left(const struct paths *p, const char *holder, struct err *e)
{
	int64_t until = clock_mono_ms() + LEAVE_LIMIT_MS;
	bool left;

	while (!(left = has_left(p, holder)) && clock_mono_ms() < until)
		usleep(POLL_US);
	return left ? 0 : held_error(p, e);
}

int spawn_wait_left(const struct paths *p, const char *holder, struct err *e)
{
	int lock_fd = spawn_lock(p, e), rc;

	if (lock_fd < 0)
		return -1;
	rc = spawn_await_left(p, holder, e);
	close(lock_fd);
	return rc;
}

int spawn_await_answer(const struct paths *p, struct err *e)
{
	int64_t until = clock_mono_ms() + LEAVE_LIMIT_MS;
	int rc;

	while ((rc = spawn_probe(p->socket, e)) == 0 && clock_mono_ms() < until)
		usleep(POLL_US);
	if (rc == 0)
		return err_set(e, ERR_UNAVAILABLE, "no controller answers on %s after %d s",
		    p->socket, LEAVE_LIMIT_MS / 1000);
	return rc < 0 ? -1 : 0;
}
