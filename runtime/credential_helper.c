#include "credential_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"

#define PROGRAM_PREFIX "docker-credential-"
#define TIME_LIMIT_MS 30000
#define ANSWER_MAX (64 * KIB)
#define REAP_MS 5

extern char **environ;

struct credential_helper {
	struct loop *loop;
	char *program;
	pid_t pid; /* 0: none */
	int out;   /* -1: closed */
	struct loop_fd *watch;
	struct timer limit, reap;
	struct buf answer;
	struct err err;
	credential_helper_fn *fn;
	void *ctx;
};

static void tell(void *arg)
{
	struct credential_helper *h = arg;
	credential_helper_fn *fn = h->fn;

	h->fn = NULL;
	if (fn)
		fn(h->ctx, buf_str(&h->answer), h->answer.len, h->err.reason ? &h->err : NULL);
}

static void close_output(struct credential_helper *h)
{
	loop_fd_free(TAKE(h->watch));
	if (h->out >= 0)
		close(h->out);
	h->out = -1;
}

/* Its output has ended: it will be gone at once, but there is no telling when. */
static void reap(void *arg)
{
	struct credential_helper *h = arg;
	int status;
	pid_t pid = waitpid(h->pid, &status, WNOHANG);

	if (pid == 0) {
		timer_set(h->loop, &h->reap, REAP_MS);
		return;
	}
	h->pid = 0;
	timer_cancel(h->loop, &h->limit);
	if (!h->err.reason && (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0))
		err_set(&h->err, ERR_NOT_FOUND, "%s has no credentials", h->program);
	tell(h);
}

static void give_up(void *arg)
{
	struct credential_helper *h = arg;

	err_set(
	    &h->err, ERR_TIMEOUT, "%s took more than %d seconds", h->program, TIME_LIMIT_MS / 1000);
	if (h->pid > 0)
		kill(h->pid, SIGKILL);
	close_output(h);
	timer_set(h->loop, &h->reap, REAP_MS);
}

static void on_output(void *arg, int events)
{
	struct credential_helper *h = arg;
	char chunk[4096];
	ssize_t n = read(h->out, chunk, sizeof(chunk));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_add(&h->answer, chunk, (size_t)n);
	explicit_bzero(chunk, sizeof(chunk));
	if (n > 0 && !h->answer.overflow)
		return;
	if (h->answer.overflow) {
		err_set(&h->err, ERR_TOO_LARGE, "the answer of %s is too long", h->program);
		kill(h->pid, SIGKILL);
	}
	close_output(h);
	timer_set(h->loop, &h->reap, 0);
}

/* Starts it with these ends of the pipes; 0 or an errno value. */
static int spawn(struct credential_helper *h, int in, int out)
{
	char *const argv[] = {h->program, (char[]){"get"}, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t back, none;
	int rc;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	sigemptyset(&none);
	sigemptyset(&back);
	sigaddset(&back, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &back);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	rc = posix_spawnp(&h->pid, h->program, &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	if (rc)
		h->pid = 0;
	return rc;
}

static int start(struct credential_helper *h, const char *server)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, rc;
	size_t len = strlen(server);

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
		rc = errno;
	} else {
		fcntl(in[1], F_SETFL, O_NONBLOCK); /* it has to fit into the pipe */
		rc = write(in[1], server, len) == (ssize_t)len ? spawn(h, in[0], out[1]) : EIO;
		h->out = out[0];
		out[0] = -1;
	}
	for (size_t i = 0; i < 2; i++) {
		if (in[i] >= 0)
			close(in[i]);
		if (out[i] >= 0)
			close(out[i]);
	}
	return rc;
}

struct credential_helper *credential_helper_get(
    struct loop *l, const char *name, const char *server, credential_helper_fn *fn, void *ctx)
{
	struct credential_helper *h = xcalloc(1, sizeof(*h));
	int rc;

	h->loop = l;
	h->program = xasprintf(PROGRAM_PREFIX "%s", name);
	h->out = -1;
	h->answer.max = ANSWER_MAX;
	h->fn = fn;
	h->ctx = ctx;
	h->limit = (struct timer){.name = "credential helper", .fn = give_up, .arg = h};
	h->reap = (struct timer){.name = "credential helper's end", .fn = reap, .arg = h};
	rc = start(h, server);
	if (rc) {
		err_sys(&h->err, rc, "%s", h->program);
		loop_defer(l, tell, h);
		return h;
	}
	fcntl(h->out, F_SETFL, O_NONBLOCK);
	h->watch = loop_fd_new(l, h->out, LOOP_READ, on_output, h);
	timer_set(l, &h->limit, TIME_LIMIT_MS);
	return h;
}

void credential_helper_free(struct credential_helper *h)
{
	if (!h)
		return;
	loop_undefer(h->loop, h);
	close_output(h);
	timer_cancel(h->loop, &h->limit);
	timer_cancel(h->loop, &h->reap);
	if (h->pid > 0) {
		kill(h->pid, SIGKILL);
		waitpid(h->pid, NULL, 0);
	}
	if (h->answer.ptr)
		explicit_bzero(h->answer.ptr, h->answer.cap);
	buf_release(&h->answer);
	err_clear(&h->err);
	free(h->program);
	free(h);
}
