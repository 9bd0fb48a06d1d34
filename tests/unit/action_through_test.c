/*
 * The tests of actions once more, by a runner: its program is started on this machine where an
 * engine would start it in a container.
 */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../runtime/engine_internal.h"
#include "../../runtime/exec.h"
#include "../../runtime/runner.h"

/* ---- execs ---- */

struct exec {
	struct loop *loop;
	struct exec_callbacks cb;
	struct engine_who who;
	pid_t pid;
	int in, out;
	struct loop_fd *watch;
};

static void on_output(void *arg, int events)
{
	struct exec *x = arg;
	char piece[1000]; /* frames come in pieces */
	ssize_t n = read(x->out, piece, sizeof(piece));

	if (n > 0) {
		x->cb.on_data(x->who, STREAM_STDOUT, piece, (size_t)n);
		return;
	}
	loop_fd_free(x->watch);
	x->watch = NULL;
	x->cb.on_end(x->who, 0, NULL);
}

static void child(int in[2], int out[2], const struct strlist *command)
{
	const char *argv[8] = {NULL};

	for (size_t i = 0; i < command->len && i < 7; i++)
		argv[i] = command->items[i];
	dup2(in[0], 0);
	dup2(out[1], 1);
	close(in[1]);
	close(out[0]);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

struct exec *exec_open(struct engine *en, const struct exec_spec *spec,
    const struct exec_callbacks *cb, struct engine_who who)
{
	struct exec *x = xcalloc(1, sizeof(*x));
	int in[2], out[2];

	CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	*x = (struct exec){.loop = en->loop, .cb = *cb, .who = who, .in = in[1], .out = out[0]};
	x->pid = fork();
	if (x->pid == 0)
		child(in, out, spec->command);
	close(in[0]);
	close(out[1]);
	x->watch = loop_fd_new(x->loop, x->out, LOOP_READ, on_output, x);
	return x;
}

bool exec_write(struct exec *x, const void *data, size_t len)
{
	return write(x->in, data, len) == (ssize_t)len;
}

void exec_free(struct exec *x)
{
	if (!x)
		return;
	loop_fd_free(x->watch);
	close(x->in);
	close(x->out);
	waitpid(x->pid, NULL, 0); /* the end of its stdin is its end */
	free(x);
}

void exec_kill(struct exec *x)
{
	exec_free(x);
}

static int alone; /* how many were left to the engine */

struct exec_run *exec_run(struct engine *en, const struct exec_spec *spec, size_t max_output,
    int64_t timeout_ms, exec_done_fn *cb, struct engine_who who)
{
	alone++;
	return NULL;
}

void exec_run_cancel(struct exec_run *r)
{
}

/* ---- runners ---- */

static struct engine engine;

/* The program as the Makefile has built it, beside the tests. */
static struct runner *new_runner(struct loop *l)
{
	char path[512];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);

	path[n < 0 ? 0 : n] = '\0';
	for (int i = 0; i < 3; i++) { /* BUILD/tests/unit/NAME */
		char *slash = strrchr(path, '/');

		if (slash)
			*slash = '\0';
	}
	memcpy(path + strlen(path), "/sandbox", sizeof("/sandbox"));
	engine.loop = l;
	return runner_new(&engine, "container", path);
}

/* It takes no names, which are this machine's affair. */
#define RUNNER_OF_WORLD(loop, host) \
	(strspn(host, "0123456789.") == strlen(host) ? new_runner(loop) : NULL)
#define RUNNER_FREE(r) runner_free(r)

#include "action_test.c"

/* ---- commands ---- */

static void act_command(struct world *w, const char *script, int64_t timeout_ms)
{
	auto_strlist command = {0};
	struct action_spec s = {
	    .kind = ACTION_EXEC, .engine = &engine, .container = "container", .command = &command};

	strlist_add(&command, "/bin/sh");
	strlist_add(&command, "-c");
	strlist_add(&command, script);
	act(w, &s, timeout_ms);
}

TEST("N15: commands end with their code, their output, or at their time limit")
{
	struct world w;

	world_open(&w);
	act_command(&w, "echo out; echo err >&2", 60000);
	CHECK_INT(w.result.outcome, ACTION_SUCCESS);
	CHECK_STR(w.text, "out\nerr\n");
	act_command(&w, "exit 5", 60000);
	CHECK_INT(w.result.outcome, ACTION_FAILURE);
	CHECK_INT(w.result.exit_code, 5);
	act_command(&w, "sleep 8831; true", 300);
	CHECK_STR(
	    w.text, "command timed out: \"/bin/sh -c sleep 8831; true\" timed out after 300ms");
	CHECK_INT(w.result.outcome, ACTION_FAILURE);
	act_command(&w, "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", 300);
	CHECK_INT(w.result.outcome, ACTION_FAILURE);
	act_command(&w, "head -c 100000 /dev/zero", 60000);
	CHECK_INT(strlen(w.text), ACTION_TEXT_MAX);
	act_command(&w, "pgrep -f 'sleep 883[1]' || echo none", 60000);
	CHECK_STR(w.text, "none\n");
	world_close(&w);
}

TEST("a command after the runner was killed is one that erred, the next one runs")
{
	struct world w;

	world_open(&w);
	act_command(&w, "kill -9 $PPID; sleep 1", 60000);
	CHECK_INT(w.result.outcome, ACTION_ERROR);
	act_command(&w, "echo again", 60000);
	CHECK_STR(w.text, "again\n");
	world_close(&w);
}

TEST("what cannot be started is left to the engine")
{
	struct world w;
	auto_strlist command = {0};
	struct action_spec s = {
	    .kind = ACTION_EXEC, .engine = &engine, .container = "container", .command = &command};

	world_open(&w);
	strlist_add(&command, "/no/such/command");
	alone = 0;
	act(&w, &s, 300);
	CHECK_INT(alone, 1);
	world_close(&w);
}
