/*
 * runner_client: commands through a runner against a real engine: what they see, how they end, what
 * is left of them, and exec probes by it. As engine_client.
 */
#include "fixture.h"

#include <dirent.h>

#include "../../probes/action.h"
#include "../../runtime/engine_internal.h"
#include "../../runtime/exec.h"
#include "../../runtime/sandbox_image.h"

#define OUT_MAX (10 * KIB)

static char *container; /* read-only, of an ordinary user */
static struct runner *runner;

struct ran {
	int begun, ended, end, exit_code;
	size_t len;
	struct buf out;
	int64_t at_ms;
	struct runner_call *call;
};

static void r_begin(void *ctx)
{
	((struct ran *)ctx)->begun++;
}

static void r_data(void *ctx, enum stream_kind kind, const char *data, size_t len)
{
	struct ran *n = ctx;

	n->len += len;
	buf_add(&n->out, data, len);
}

static void r_end(void *ctx, enum runner_end end, int exit_code)
{
	struct ran *n = ctx;

	n->ended++;
	n->end = (int)end;
	n->exit_code = exit_code;
	n->at_ms = clock_mono_ms();
	n->call = NULL;
}

static const struct runner_callbacks callbacks = {
    .on_begin = r_begin, .on_data = r_data, .on_end = r_end};

static void begin_words(struct ran *n, bool with_input, const char *const *argv)
{
	auto_strlist command = {0};

	for (; *argv; argv++)
		strlist_add(&command, *argv);
	buf_release(&n->out);
	*n = (struct ran){0};
	CHECK(runner_takes(runner, &command));
	n->call = runner_run(runner, &command, OUT_MAX, with_input, &callbacks, n);
}

static void begin_shell(struct ran *n, const char *script)
{
	begin_words(n, false, (const char *const[]){"/bin/sh", "-c", script, NULL});
}

static void run_shell(struct ran *n, const char *script)
{
	begin_shell(n, script);
	CHECK_INT(n->begun, 0);
	CHECK(wait_for(&n->ended, 1));
}

static struct {
	int calls;
	char out[8192];
} alone;

static void on_alone(struct engine_who who, const struct exec_result *r, const struct err *err)
{
	alone.calls++;
	snprintf(alone.out, sizeof(alone.out), "%s", r ? r->output : err_msg(err));
}

static void run_alone(const char *script)
{
	auto_strlist command = {0};
	struct exec_spec spec = {.container = container, .command = &command};

	strlist_add(&command, "/bin/sh");
	strlist_add(&command, "-c");
	strlist_add(&command, script);
	alone.calls = 0;
	exec_run(en, &spec, sizeof(alone.out) - 1, 30000, on_alone, (struct engine_who){0});
	CHECK(wait_for(&alone.calls, 1));
}

/* How many processes of the container have WORD in their command line, or are zombies. */
static int processes_with(const char *word)
{
	auto_free char *script = xasprintf(
	    "n=0; for p in /proc/[0-9]*; do case \"$(tr '\\0' ' ' <$p/cmdline)\" in *counts*) ;; "
	    "*%s*) n=$((n+1));; esac; grep -qs '^State:.Z' $p/status && n=$((n+1)); done "
	    "2>/dev/null; echo $n # counts",
	    word);

	run_alone(script);
	return (int)strtol(alone.out, NULL, 10);
}

static bool gone(const char *word)
{
	for (int i = 0; i < 100; i++) {
		if (processes_with(word) == 0)
			return true;
		turn_for(200);
	}
	printf("# %s", alone.out);
	return false;
}

TEST("a command sees what an exec of the engine sees")
{
	static const char script[] =
	    "id; pwd; umask; echo $0 $#; env | grep -v KJOB_EXEC= | sort; ulimit -n; "
	    "grep -E 'Cap|Seccomp|NoNew|Sig[BIC]' /proc/self/status; cat; cat /proc/self/cgroup; "
	    "ls /proc/self/fd | wc -l; echo e >/rw";
	struct ran n = {0};

	run_alone(script);
	run_shell(&n, script);
	CHECK_INT(n.end, RUNNER_ENDED);
	CHECK_INT(n.begun, 1);
	CHECK(strstr(alone.out, "uid=1234"));
	CHECK_STR(buf_str(&n.out), alone.out);
	buf_release(&n.out);
}

TEST("a command gives its exit code, and what killed it")
{
	struct ran n = {0};

	run_shell(&n, "echo out; echo err >&2; exit 3");
	CHECK_INT(n.exit_code, 3);
	CHECK_INT(n.len, 8);
	run_shell(&n, "kill -9 $$");
	CHECK_INT(n.exit_code, 137);
	run_shell(&n, "sleep 5761 & echo there");
	CHECK_INT(n.exit_code, 0);
	CHECK_STR(buf_str(&n.out), "there\n");
	run_shell(&n, "kill $(pidof sleep)");
	CHECK(gone("5761"));
	buf_release(&n.out);
}

TEST("what cannot be started is told apart, whatever the reason")
{
	static const char *const argvs[][2] = {{"/nope"}, {"nope"}, {"/etc"}, {"/etc/hosts"}};

	for (size_t i = 0; i < ARRAY_LEN(argvs); i++) {
		struct ran n = {0};

		begin_words(&n, false, argvs[i]);
		CHECK(wait_for(&n.ended, 1));
		CHECK_INT(n.end, RUNNER_NOT_STARTED);
	}
}

TEST("stdin goes through, and its end")
{
	struct ran n = {0};

	begin_words(&n, true, (const char *const[]){"cat", NULL});
	CHECK(wait_for(&n.begun, 1));
	runner_write(n.call, "one ", 4);
	runner_write(n.call, "two", 3);
	runner_close_input(n.call);
	CHECK(wait_for(&n.ended, 1));
	CHECK_STR(buf_str(&n.out), "one two");
	buf_release(&n.out);
}

TEST("N15: what is cancelled is killed with all of its children, and says nothing")
{
	struct ran n = {0};

	begin_shell(&n, "trap '' TERM INT HUP; (sleep 5762; true) & sleep 5762; true");
	CHECK(wait_for(&n.begun, 1));
	for (int i = 0; i < 100 && processes_with("5762") < 2; i++)
		turn_for(100);
	CHECK(processes_with("5762") >= 2);
	runner_cancel(n.call);
	CHECK(gone("5762"));
	CHECK_INT(n.ended, 0);
	begin_shell(&n, "sleep 5763");
	runner_cancel(n.call); /* not even asked for */
	turn_for(300);
	CHECK(gone("5763"));
}

TEST("a command that prints without end costs no memory and holds nobody up")
{
	struct ran n = {0}, m = {0};

	begin_shell(&n, "while :; do echo 5764 5764 5764 5764; done");
	CHECK(wait_for(&n.begun, 1));
	for (int i = 0; i < 100 && n.len < OUT_MAX; i++)
		turn_for(100);
	CHECK_INT(n.len, OUT_MAX);
	run_shell(&m, "echo beside");
	CHECK_STR(buf_str(&m.out), "beside\n");
	runner_cancel(n.call);
	CHECK(gone("5764"));
	buf_release(&n.out);
	buf_release(&m.out);
}

TEST("very many at once: what is too much is refused, the others run")
{
	static struct ran n[100];
	int ended = 0;

	for (int i = 0; i < 100; i++)
		begin_shell(&n[i], "sleep 2; exit 9");
	for (int i = 0; i < 100; i++) {
		CHECK(wait_for(&n[i].ended, 1));
		ended += n[i].end == RUNNER_ENDED && n[i].exit_code == 9;
		CHECK(n[i].end != RUNNER_LOST);
		buf_release(&n[i].out);
	}
	CHECK(ended >= 64 && ended < 100); /* on a busy machine some ended before all were asked */
}

TEST("a runner that was killed is replaced, and one that is not there of no use")
{
	auto_strlist command = {0};
	struct ran n = {0};
	struct runner *other;

	run_shell(&n, "kill -9 $PPID; sleep 5765");
	CHECK_INT(n.end, RUNNER_LOST);
	run_shell(&n, "echo again");
	CHECK_INT(n.end, RUNNER_ENDED);
	CHECK_STR(buf_str(&n.out), "again\n");
	run_shell(&n, "kill $(pidof sleep)");
	strlist_add(&command, "true");
	other = runner_new(en, container, "/no/such/program");
	for (int i = 0; i < 2; i++) {
		CHECK(runner_takes(other, &command));
		n = (struct ran){.out = n.out};
		runner_run(other, &command, OUT_MAX, false, &callbacks, &n);
		CHECK(wait_for(&n.ended, 1));
		CHECK_INT(n.end, RUNNER_NOT_STARTED);
	}
	CHECK(!runner_takes(other, &command));
	runner_free(other);
	other = runner_new(en, container, "/bin/echo"); /* says what a runner never would */
	runner_run(other, &command, OUT_MAX, false, &callbacks, &n);
	CHECK(wait_for(&n.ended, 2));
	CHECK_INT(n.end, RUNNER_NOT_STARTED);
	runner_free(other);
	buf_release(&n.out);
}

/* ---- as a probe ---- */

static void on_acted(void *ctx, uint64_t key, const struct action_result *r)
{
	struct ran *n = ctx;

	n->ended++;
	n->end = (int)r->outcome;
	buf_adds(&n->out, r->text);
	n->at_ms = clock_mono_ms();
}

static void probe(struct ran *n, const char *const *argv, int64_t timeout_ms)
{
	auto_strlist command = {0};
	struct action_spec s = {.kind = ACTION_EXEC,
	    .engine = en,
	    .container = container,
	    .command = &command,
	    .runner = runner};

	for (; *argv; argv++)
		strlist_add(&command, *argv);
	buf_release(&n->out);
	*n = (struct ran){0};
	action_start(loop, &s, timeout_ms, on_acted, n, 0);
	CHECK(wait_for(&n->ended, 1));
}

TEST("N15: an exec probe says the same with a runner")
{
	static const struct {
		const char *argv[4];
		enum action_outcome outcome;
		const char *text;
	} rows[] = {
	    {{"/bin/sh", "-c", "echo fine"}, ACTION_SUCCESS, "fine\n"},
	    {{"/bin/sh", "-c", "echo err >&2; echo out; exit 2"}, ACTION_FAILURE, "out\nerr\n"},
	    {{"sleep", "5766"}, ACTION_FAILURE,
		"command timed out: \"sleep 5766\" timed out after 2s"},
	    {{"/nope"}, ACTION_ERROR, "failed to exec in container: "},
	};
	struct ran n = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		probe(&n, rows[i].argv, 2000);
		CHECK_INT(n.end, rows[i].outcome);
		if (!str_has_prefix(buf_str(&n.out), rows[i].text))
			CHECK_STR(buf_str(&n.out), rows[i].text);
	}
	CHECK(gone("5766"));
	buf_release(&n.out);
}

/* ---- cost ---- */

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

TEST("a command through a runner costs less than half of an exec")
{
	enum { ROUNDS = 20 };
	int64_t ours[ROUNDS], theirs[ROUNDS];
	struct ran n = {0};

	for (int i = 0; i < ROUNDS; i++) {
		int64_t t = clock_wall_ns();

		run_shell(&n, "exit 0");
		ours[i] = clock_wall_ns() - t;
		t = clock_wall_ns();
		run_alone("exit 0");
		theirs[i] = clock_wall_ns() - t;
	}
	qsort(ours, ROUNDS, sizeof(ours[0]), by_value);
	qsort(theirs, ROUNDS, sizeof(theirs[0]), by_value);
	printf("# %.1f ms, an exec %.1f ms\n", (double)ours[ROUNDS / 2] / 1e6,
	    (double)theirs[ROUNDS / 2] / 1e6);
	CHECK(ours[ROUNDS / 2] * 2 < theirs[ROUNDS / 2]);
}

TEST("the end of a runner is the end of all that runs, and leaves nothing")
{
	struct ran n = {0};

	begin_shell(&n, "sleep 5767; true");
	CHECK(wait_for(&n.begun, 1));
	turn_for(300);
	runner_free(TAKE(runner));
	CHECK_INT(n.ended, 0);
	runner_cancel(n.call);
	CHECK(gone("5767"));
	CHECK(gone("/dev/kjob/runner"));
}

/* ---- the container ---- */

static char *create(void)
{
	auto_json *command = words("/bin/sh", "-c", "while :; do sleep 1; done", NULL);
	auto_strlist env = {0};
	const struct mount_spec mount = {.kind = MOUNT_VOLUME,
	    .source = sandbox_volume_name(),
	    .target = SANDBOX_VOLUME_DIR,
	    .read_only = true};
	struct container_spec s = {.command = command,
	    .user = "1234:5678",
	    .working_dir = "/usr",
	    .env = &env,
	    .mounts = &mount,
	    .mount_count = 1,
	    .read_only_rootfs = true,
	    .no_new_privileges = true};

	strlist_add(&env, "A=one two");
	return create_spec(&s, NULL);
}

static void fill_volume(void)
{
	auto_json *labels = json_new_object();
	struct answer *a;
	struct sandbox_volume *v;

	json_set_str(labels, "kjob.test/run", run_label);
	for (int i = 0; i < 2; i++) { /* the second finds it filled */
		struct engine_who who = who_new(&a);

		v = sandbox_volume_fill(en, run_label, labels, on_done, who);
		CHECK_FINE(a);
		sandbox_volume_free(v);
	}
}

int main(int argc, char **argv)
{
	int failed;

	fixture_open(argc > 1 ? argv[1] : NULL);
	fill_volume();
	container = create();
	if (!container)
		return 1;
	CHECK_FINE(start(container));
	runner = runner_new(en, container, SANDBOX_VOLUME_PROGRAM);
	failed = test_main();
	runner_free(runner);
	remove_it(container);
	free(container);
	fixture_close();
	return failed;
}
