/*
 * The command `run`: starts commands on request and tells how they end (../runner_protocol.h).
 *
 * kjob opens one exec with it in a container and saves an exec for every probe. A command gets what
 * the runner got of the engine: user, environment, folder, control group, rights. It leads a
 * session of its own, as an exec's does. What its children leave behind comes to the runner, which
 * reaps it. The end of stdin is the runner's end, and that of all that runs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../runner_protocol.h"
#include "sandbox.h"

#define TREE_MAX 512
#define TREE_PASSES 10
#define DRAIN_MAX (128 * 1024) /* of one output, once the command has ended */

struct pipe_end {
	int fd; /* -1: none */
	unsigned op;
	unsigned long wanted; /* bytes that are still passed on */
};

static struct command {
	pid_t pid; /* 0: free */
	unsigned id;
	int in, refused; /* refused: errno comes there when it cannot be started */
	struct pipe_end out, err;
} commands[RUNNER_COMMANDS_MAX];

static sigset_t old_mask;

/* ---- frames out ---- */

static void put32(unsigned char *p, unsigned n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(n >> (8 * i));
}

static unsigned get32(const unsigned char *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8 | (unsigned)p[2] << 16 | (unsigned)p[3] << 24;
}

static int tell(unsigned id, unsigned op, const void *data, size_t len)
{
	unsigned char head[RUNNER_HEAD];

	put32(head, id);
	put32(head + 4, op << 24 | (unsigned)len);
	return write_all(1, (char *)head, sizeof(head)) || write_all(1, data, len) ? -1 : 0;
}

static int tell_number(unsigned id, unsigned op, unsigned n)
{
	unsigned char number4[4];

	put32(number4, n);
	return tell(id, op, number4, sizeof(number4));
}

/* ---- the tree of a command ---- */

struct tree {
	pid_t pids[TREE_MAX];
	int len;
};

static struct tree tree;

static int tree_has(pid_t pid)
{
	for (int i = 0; i < tree.len; i++)
		if (tree.pids[i] == pid)
			return 1;
	return 0;
}

static void tree_add(pid_t pid)
{
	kill(pid, SIGSTOP); /* it makes no more children */
	tree.pids[tree.len++] = pid;
}

/* The next number in a text; -1: none. */
static long next_number(const char **s)
{
	long n = 0;

	while (**s == ' ')
		(*s)++;
	if (**s < '0' || **s > '9')
		return -1;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		n = n * 10 + (**s - '0');
	return n;
}

/* Parent and session of a process; 0: it is gone. */
static int relatives(const char *pid, long *ret_parent, long *ret_session)
{
	char path[32] = "/proc/", text[512];
	size_t len = strlen(pid);
	ssize_t n;
	const char *p;
	int fd;

	if (len > 10)
		return 0;
	memcpy(path + 6, pid, len);
	memcpy(path + 6 + len, "/stat", 6);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	for (p = text + n; p > text && *p != ')'; p--)
		; /* the name in brackets may hold anything */
	if (p == text || n - (p - text) < 5)
		return 0;
	p += 4; /* ") S " */
	*ret_parent = next_number(&p);
	next_number(&p); /* its group */
	*ret_session = next_number(&p);
	return 1;
}

static int consider(const char *name, pid_t root)
{
	long pid = number(name, 0x7fffffff), parent, session;

	if (pid <= 1 || tree.len == TREE_MAX || tree_has((pid_t)pid) ||
	    !relatives(name, &parent, &session))
		return 0;
	if (!tree_has((pid_t)parent) && session != root)
		return 0;
	tree_add((pid_t)pid);
	return 1;
}

/* Whether it has grown. */
static int tree_grow(pid_t root)
{
	static long long room[4096 / sizeof(long long)];
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), grown = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	while ((n = getdents64(fd, room, sizeof(room))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *d = (const void *)((char *)room + at);

			grown |= consider(d->d_name, root);
			at += d->d_reclen;
		}
	}
	close(fd);
	return grown;
}

static void kill_tree(pid_t root)
{
	tree.len = 0;
	tree_add(root);
	for (int i = 0; i < TREE_PASSES && tree_grow(root); i++)
		;
	kill(-root, SIGKILL);
	for (int i = 0; i < tree.len; i++)
		kill(tree.pids[i], SIGKILL);
}

/* ---- starting ---- */

static int try_path(char **argv, char **env)
{
	const char *path = NULL;
	size_t len = strlen(argv[0]);
	int error = ENOENT;
	char full[4096];

	for (char **e = env; *e && !path; e++)
		if (memcmp(*e, "PATH=", 5) == 0)
			path = *e + 5;
	while (path) {
		const char *end = path;
		size_t dir;

		while (*end && *end != ':')
			end++;
		dir = (size_t)(end - path);
		if (dir && dir + len + 2 <= sizeof(full)) {
			memcpy(full, path, dir);
			full[dir] = '/';
			memcpy(full + dir + 1, argv[0], len + 1);
			execve(full, argv, env);
			if (errno != ENOENT && errno != ENOTDIR)
				error = errno;
		}
		path = *end ? end + 1 : NULL;
	}
	return error;
}

static void be_command(int in, int out, int err, int refused, char **argv, char **env)
{
	int error, slash = 0;

	setsid();
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	for (const char *p = argv[0]; *p; p++)
		slash |= *p == '/';
	if (slash) {
		execve(argv[0], argv, env);
		error = errno;
	} else {
		error = try_path(argv, env);
	}
	if (write(refused, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

enum { IN, OUT, ERR, REFUSED, PIPES };

static void close_all(int pipes[PIPES][2])
{
	for (int i = 0; i < PIPES; i++)
		for (int side = 0; side < 2; side++)
			if (pipes[i][side] >= 0)
				close(pipes[i][side]);
}

static int open_pipes(int pipes[PIPES][2], int with_input)
{
	for (int i = 0; i < PIPES; i++)
		pipes[i][0] = pipes[i][1] = -1;
	for (int i = with_input ? IN : OUT; i < PIPES; i++)
		if (pipe2(pipes[i], O_CLOEXEC) != 0)
			return -1;
	if (!with_input)
		pipes[IN][0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return 0;
}

/* What the command has goes to it; the rest is kept. */
static void keep(struct command *c, unsigned id, unsigned wanted, int pipes[PIPES][2])
{
	c->id = id;
	c->in = pipes[IN][1];
	c->out = (struct pipe_end){pipes[OUT][0], RUNNER_STDOUT, wanted};
	c->err = (struct pipe_end){pipes[ERR][0], RUNNER_STDERR, wanted};
	c->refused = pipes[REFUSED][0];
	pipes[IN][1] = pipes[OUT][0] = pipes[ERR][0] = pipes[REFUSED][0] = -1;
	if (c->in >= 0)
		set_nonblocking(c->in);
	set_nonblocking(c->out.fd);
	set_nonblocking(c->err.fd);
	set_nonblocking(c->refused);
}

static int start(unsigned id, unsigned how, char **argv, char **env)
{
	struct command *c = commands;
	int pipes[PIPES][2];

	while (c < commands + RUNNER_COMMANDS_MAX && c->pid)
		c++;
	if (c == commands + RUNNER_COMMANDS_MAX)
		return tell_number(id, RUNNER_REFUSED, EAGAIN);
	if (open_pipes(pipes, (how & RUNNER_INPUT) != 0) != 0 || (c->pid = fork()) < 0) {
		int error = errno;

		c->pid = 0;
		close_all(pipes);
		return tell_number(id, RUNNER_REFUSED, (unsigned)error);
	}
	if (c->pid == 0)
		be_command(
		    pipes[IN][0], pipes[OUT][1], pipes[ERR][1], pipes[REFUSED][1], argv, env);
	keep(c, id, how & ~RUNNER_INPUT, pipes);
	close_all(pipes);
	return 0;
}

/* ---- output and end ---- */

static void pipe_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* One piece; how long it was, 0: there is none now, -1: nobody listens. */
static long pass_on(struct command *c, struct pipe_end *p)
{
	static char piece[16 * 1024];
	ssize_t n = p->fd < 0 ? 0 : read(p->fd, piece, sizeof(piece));
	size_t len;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		pipe_close(&p->fd);
	if (n <= 0)
		return 0;
	len = (size_t)n < p->wanted ? (size_t)n : p->wanted;
	p->wanted -= len;
	if (len && tell(c->id, p->op, piece, len) != 0)
		return -1;
	return n;
}

static int drain(struct command *c, struct pipe_end *p)
{
	long n, total = 0;

	while (total < DRAIN_MAX && (n = pass_on(c, p)) != 0) {
		if (n < 0)
			return -1;
		total += n;
	}
	return 0;
}

static int finish(struct command *c, int status)
{
	int error = 0, rc;

	if (read(c->refused, &error, sizeof(error)) != (ssize_t)sizeof(error))
		error = 0;
	rc = drain(c, &c->out) || drain(c, &c->err) ? -1 : 0;
	if (rc == 0 && error)
		rc = tell_number(c->id, RUNNER_REFUSED, (unsigned)error);
	else if (rc == 0)
		rc = tell_number(c->id, RUNNER_EXIT,
		    (unsigned)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status)));
	pipe_close(&c->in);
	pipe_close(&c->out.fd);
	pipe_close(&c->err.fd);
	pipe_close(&c->refused);
	c->pid = 0;
	return rc;
}

static int reap(void)
{
	int status, rc = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (struct command *c = commands; c < commands + RUNNER_COMMANDS_MAX; c++)
			if (c->pid == pid)
				rc |= finish(c, status);
	return rc;
}

/* ---- frames in ---- */

static struct command *find(unsigned id)
{
	for (struct command *c = commands; c < commands + RUNNER_COMMANDS_MAX; c++)
		if (c->pid && c->id == id)
			return c;
	return NULL;
}

static int take_run(unsigned id, unsigned char *data, size_t len, char **env)
{
	static char *argv[RUNNER_ARGS_MAX + 1];
	int argc = 0;

	if (len < 6 || data[len - 1])
		return -1;
	for (size_t at = 4; at < len; at += strlen((char *)data + at) + 1) {
		if (argc == RUNNER_ARGS_MAX)
			return tell_number(id, RUNNER_REFUSED, E2BIG);
		argv[argc++] = (char *)data + at;
	}
	argv[argc] = NULL;
	return start(id, get32(data), argv, env);
}

static int take_frame(unsigned id, unsigned op, unsigned char *data, size_t len, char **env)
{
	struct command *c = find(id);

	if (op == RUNNER_RUN)
		return c ? -1 : take_run(id, data, len, env);
	if (!c)
		return 0; /* it has ended meanwhile */
	if (op == RUNNER_KILL) {
		kill_tree(c->pid);
	} else if (op == RUNNER_INPUT_END) {
		pipe_close(&c->in);
	} else if (op != RUNNER_INPUT_DATA) {
		return -1;
	} else if (c->in >= 0 && write(c->in, data, len) != (ssize_t)len) {
		pipe_close(&c->in); /* it does not read, or not so much */
	}
	return 0;
}

/* -1: the end. */
static int take_input(char **env)
{
	static unsigned char room[RUNNER_HEAD + RUNNER_DATA_MAX];
	static size_t have;
	size_t at = 0;
	ssize_t n = read(0, room + have, sizeof(room) - have);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return -1;
	have += (size_t)n;
	while (have - at >= RUNNER_HEAD) {
		size_t len = get32(room + at + 4) & 0xffffff;

		if (len > RUNNER_DATA_MAX)
			return -1;
		if (have - at - RUNNER_HEAD < len)
			break;
		if (take_frame(get32(room + at), get32(room + at + 4) >> 24,
			room + at + RUNNER_HEAD, len, env) != 0)
			return -1;
		at += RUNNER_HEAD + len;
	}
	for (size_t i = at; at && i < have; i++)
		room[i - at] = room[i];
	have -= at;
	return 0;
}

/* ---- the loop ---- */

enum { POLL_STDIN, POLL_SIGNALS, POLL_OTHERS };

static int turn(int signals, char **env)
{
	static struct pollfd p[POLL_OTHERS + 2 * RUNNER_COMMANDS_MAX];
	struct signalfd_siginfo info;
	int count = POLL_OTHERS;

	p[POLL_STDIN] = (struct pollfd){.fd = 0, .events = POLLIN};
	p[POLL_SIGNALS] = (struct pollfd){.fd = signals, .events = POLLIN};
	for (int i = 0; i < RUNNER_COMMANDS_MAX; i++) {
		const struct command *c = &commands[i];

		p[count++] = (struct pollfd){.fd = c->pid ? c->out.fd : -1, .events = POLLIN};
		p[count++] = (struct pollfd){.fd = c->pid ? c->err.fd : -1, .events = POLLIN};
	}
	if (poll(p, (nfds_t)count, -1) < 0)
		return errno == EINTR ? 0 : -1;
	for (int i = 0; i < RUNNER_COMMANDS_MAX; i++) {
		struct command *c = &commands[i];

		if ((p[POLL_OTHERS + 2 * i].revents && pass_on(c, &c->out) < 0) ||
		    (p[POLL_OTHERS + 2 * i + 1].revents && pass_on(c, &c->err) < 0))
			return -1;
	}
	if (p[POLL_SIGNALS].revents &&
	    (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info) || reap() != 0))
		return -1;
	return p[POLL_STDIN].revents ? take_input(env) : 0;
}

int be_runner(int argc, char **argv)
{
	char **env = argv + argc + 1;
	sigset_t set;
	int signals;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, &old_mask);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (signals < 0 || tell(0, RUNNER_HELLO, NULL, 0) != 0)
		return 1;
	while (turn(signals, env) == 0)
		;
	for (struct command *c = commands; c < commands + RUNNER_COMMANDS_MAX; c++)
		if (c->pid)
			kill_tree(c->pid);
	return 0;
}
