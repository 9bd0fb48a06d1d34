/*
 * exec_client: commands in running containers, against a real engine: exec runs to their end, their
 * time limits, and what is left of them. As engine_client.
 */
#include "fixture.h"

#include <dirent.h>

#include "../../probes/action.h"
#include "../../runtime/engine_internal.h"
#include "../../runtime/exec.h"

static char *container; /* of all tests; its first process reaps what is left to it */

/* ---- runs ---- */

struct ran {
	int calls, exit_code;
	bool timed_out, truncated;
	enum err_reason reason;
	size_t len;
	char out[512], msg[512];
	int64_t at_ms;
};

static void on_ran(struct engine_who who, const struct exec_result *r, const struct err *err)
{
	struct ran *n = who.ctx;

	n->calls++;
	n->at_ms = clock_mono_ms();
	n->reason = err ? err->reason : ERR_NONE;
	snprintf(n->msg, sizeof(n->msg), "%s", err ? err_msg(err) : "");
	CHECK(!r == !!err);
	if (!r)
		return;
	n->exit_code = r->exit_code;
	n->timed_out = r->timed_out;
	n->truncated = r->truncated;
	n->len = r->output_len;
	snprintf(n->out, sizeof(n->out), "%s", r->output);
}

static struct exec_run *run_words(
    const char *id, int64_t timeout_ms, struct ran *n, const char *const *argv)
{
	auto_strlist command = {0};
	struct exec_spec spec = {.container = id, .command = &command};

	for (; *argv; argv++)
		strlist_add(&command, *argv);
	*n = (struct ran){0};
	return exec_run(en, &spec, 10 * KIB, timeout_ms, on_ran, (struct engine_who){.ctx = n});
}

static struct exec_run *run_shell(int64_t timeout_ms, struct ran *n, const char *script)
{
	return run_words(
	    container, timeout_ms, n, (const char *const[]){"/bin/sh", "-c", script, NULL});
}

static void finished(struct ran *n)
{
	CHECK(wait_for(&n->calls, 1));
	CHECK_INT(n->calls, 1);
	if (n->reason)
		printf("# %s\n", n->msg);
}

/* How many processes of this machine have WORD in their command line; ret: how many are zombies. */
static int processes_with(const char *word, int *ret_zombies)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	*ret_zombies = 0;
	while (dir && (entry = readdir(dir))) {
		auto_free char *path = xasprintf("/proc/%s/cmdline", entry->d_name);
		auto_free char *stat_path = xasprintf("/proc/%s/stat", entry->d_name);
		char text[4096], stat[1024];
		FILE *f;
		size_t len = 0;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		f = fopen(stat_path, "r");
		if (f) {
			stat[fread(stat, 1, sizeof(stat) - 1, f)] = '\0';
			fclose(f);
			*ret_zombies += strstr(stat, ") Z ") && strstr(stat, word);
		}
		f = fopen(path, "r");
		if (!f)
			continue;
		len = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		n += len && memmem(text, len, word, strlen(word));
	}
	if (dir)
		closedir(dir);
	return n;
}

#define GONE_MS 20000

/* Until no process has WORD in its command line. */
static bool gone(const char *word, int64_t within_ms)
{
	int64_t deadline = clock_mono_ms() + within_ms;
	int zombies;

	while (processes_with(word, &zombies) > 0) {
		if (clock_mono_ms() > deadline)
			return false;
		turn_for(20);
	}
	return true;
}

/* Until a process has WORD in its command line. */
static bool there(const char *word)
{
	int zombies;

	for (int64_t end = clock_mono_ms() + WAIT_MS; clock_mono_ms() < end; turn_for(50))
		if (processes_with(word, &zombies) > 0)
			return true;
	return false;
}

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

TEST("a command gives its exit code, and its output, stderr behind stdout")
{
	struct ran n;

	run_shell(30000, &n, "echo err >&2; echo out; exit 3");
	CHECK_INT(n.calls, 0);
	finished(&n);
	CHECK_INT(n.reason, ERR_NONE);
	CHECK_INT(n.exit_code, 3);
	CHECK_STR(n.out, "out\nerr\n");
	CHECK(!n.timed_out && !n.truncated);
	run_shell(30000, &n, "true");
	finished(&n);
	CHECK_INT(n.exit_code, 0);
	CHECK_STR(n.out, "");
}

TEST("exit codes that look like a failed start are the command's own where it says so itself")
{
	struct ran n;

	run_shell(30000, &n, "no-such-command");
	finished(&n);
	CHECK_INT(n.reason, ERR_NONE);
	CHECK_INT(n.exit_code, 127);
	CHECK(strstr(n.out, "not found"));
	run_shell(30000, &n, "echo 'Error: runc: OCI runtime exec failed: ' >&2; exit 1");
	finished(&n);
	CHECK_INT(n.reason, ERR_NONE);
	CHECK_INT(n.exit_code, 1);
	CHECK_STR(n.out, "Error: runc: OCI runtime exec failed: \n");
}

TEST("a command that is not there is an error, in the runtime's words alone")
{
	static const char *const argvs[][2] = {{"/nope"}, {"nope"}, {"/etc"}};
	static const char *const texts[] = {
	    "no such file or directory", "executable file not found in $PATH", "/etc"};

	for (size_t i = 0; i < ARRAY_LEN(argvs); i++) {
		struct ran n;

		run_words(container, 30000, &n, argvs[i]);
		CHECK(wait_for(&n.calls, 1));
		CHECK_INT(n.reason, ERR_BAD_REQUEST);
		if (!strstr(n.msg, texts[i]) || strstr(n.msg, "OCI") || strstr(n.msg, "unixpacket"))
			CHECK_STR(n.msg, texts[i]);
	}
}

TEST("a container that has ended or is gone is told apart")
{
	auto_free char *id = create_shell("true");
	struct ran n;

	CHECK_FINE(start(id));
	inspect_until_exited(id);
	run_words(id, 30000, &n, (const char *const[]){"true", NULL});
	CHECK(wait_for(&n.calls, 1));
	CHECK_INT(n.reason, ERR_CONFLICT);
	CHECK_FINE(remove_it(id));
	run_words(id, 30000, &n, (const char *const[]){"true", NULL});
	CHECK(wait_for(&n.calls, 1));
	CHECK_INT(n.reason, ERR_NOT_FOUND);
}

TEST("output is cut at its bound, and what is too much does not hold the command up")
{
	struct ran n;

	run_shell(30000, &n, "head -c 3000000 /dev/zero | tr '\\0' x; exit 5");
	finished(&n);
	CHECK_INT(n.exit_code, 5);
	CHECK_INT(n.len, 10 * KIB);
	CHECK(n.truncated);
}

TEST("N15: a command that hangs is over at its time limit, and nothing is left of it")
{
	struct ran n;
	int64_t began = clock_mono_ms();
	int zombies;

	run_shell(3000, &n, "echo here; sleep 7771s; echo there");
	finished(&n);
	CHECK(n.timed_out);
	CHECK_STR(n.out, "here\n");
	CHECK(n.at_ms - began >= 3000 && n.at_ms - began < 20000);
	CHECK(gone("7771s", GONE_MS));
	/* the first process reaps within a second */
	for (int i = 0; i < 200 && (processes_with("(sleep)", &zombies), zombies > 0); i++)
		turn_for(50);
	CHECK_INT(zombies, 0);
}

TEST("a command that ignores signals and has grandchildren is killed with them")
{
	struct ran n;

	run_shell(700, &n, "trap '' TERM INT HUP; (sleep 7772s; true) & sleep 7772s; true");
	finished(&n);
	CHECK(n.timed_out);
	CHECK(gone("7772s", GONE_MS));
}

TEST("a command that prints without end is over at its time limit")
{
	struct ran n;

	run_shell(3000, &n, "while :; do echo 7773s 7773s 7773s 7773s; done");
	finished(&n);
	CHECK(n.timed_out && n.truncated);
	CHECK_INT(n.len, 10 * KIB);
	CHECK(gone("7773s", GONE_MS));
}

TEST("a cancelled run says nothing and leaves nothing, however early it is cancelled")
{
	for (int i = 0; i < 8; i++) {
		struct ran n;
		struct exec_run *r = run_shell(60000, &n, "sleep 7774s; true");

		turn_for(i * i * 3);
		exec_run_cancel(r);
		turn_for(30);
		CHECK_INT(n.calls, 0);
	}
	turn_for(300);
	CHECK(gone("7774s", GONE_MS));
}

TEST("where the engine's processes are elsewhere, a shell in the container kills by a mark")
{
	struct ran n;
	bool foreign = en->foreign;

	en->foreign = true;
	run_shell(1000, &n, "sleep 7775s; true");
	finished(&n);
	CHECK(n.timed_out);
	CHECK(gone("7775s", 5000));
	run_shell(3000, &n, "while :; do echo 7778s 7778s 7778s 7778s; done");
	finished(&n);
	CHECK(n.timed_out);
	CHECK(gone("7778s", 10000));
	run_shell(30000, &n, "echo $KJOB_EXEC");
	finished(&n);
	CHECK_INT(strlen(n.out), 17);
	en->foreign = foreign;
	run_shell(30000, &n, "echo \"$KJOB_EXEC\"");
	finished(&n);
	CHECK_STR(n.out, foreign ? n.out : "\n");
}

/* ---- streams ---- */

static struct {
	int opened, ended, exit_code;
	struct buf out;
	enum err_reason reason;
} said;

static void s_open(struct engine_who who)
{
	said.opened++;
}

static bool s_data(struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	buf_add(&said.out, data, len);
	return true;
}

static void s_end(struct engine_who who, int exit_code, const struct err *err)
{
	said.ended++;
	said.exit_code = exit_code;
	said.reason = err ? err->reason : ERR_NONE;
}

static const struct exec_callbacks s_callbacks = {
    .on_open = s_open, .on_data = s_data, .on_end = s_end};

static struct exec *open_shell(const char *script, bool tty)
{
	auto_strlist command = {0};
	struct exec_spec spec = {
	    .container = container, .command = &command, .stdin_open = true, .tty = tty};

	strlist_add(&command, "/bin/sh");
	strlist_add(&command, "-c");
	strlist_add(&command, script);
	buf_release(&said.out);
	memset(&said, 0, sizeof(said));
	return exec_open(en, &spec, &s_callbacks, (struct engine_who){0});
}

TEST("stdin reaches the command, and its end too")
{
	struct exec *x = open_shell("cat; echo over; exit 4", false);

	CHECK(!exec_write(x, "early", 5));
	CHECK(wait_for(&said.opened, 1));
	CHECK(exec_write(x, "one\ntwo\n", 8));
	exec_close_stdin(x);
	CHECK(wait_for(&said.ended, 1));
	CHECK_STR(buf_str(&said.out), "one\ntwo\nover\n");
	CHECK_INT(said.exit_code, 4);
	CHECK_INT(said.reason, ERR_NONE);
	exec_free(x);
}

TEST("a terminal has the size that it is given")
{
	struct exec *x =
	    open_shell("until stty size | grep '33 101'; do sleep 0.1; done; exit 6", true);

	exec_resize(x, 101, 33);
	CHECK(wait_for(&said.ended, 1));
	CHECK(strstr(buf_str(&said.out), "33 101"));
	CHECK_INT(said.exit_code, 6);
	exec_free(x);
}

TEST("who goes away from a stream leaves the process, who kills it does not")
{
	struct exec *x = open_shell("echo 7776s; sleep 7776s; true", false);
	int zombies;

	CHECK(there("7776s"));
	exec_free(x);
	turn_for(300);
	CHECK(processes_with("7776s", &zombies) > 0);
	struct ran n;
	run_shell(30000, &n, "kill -9 $(ps | grep 'sleep 777[6]s' | sed 's/^ *//;s/ .*//')");
	finished(&n);
	CHECK_INT(n.exit_code, 0);
	CHECK(gone("7776s", GONE_MS));
	x = open_shell("echo 7777s; sleep 7777s; true", false);
	CHECK(there("7777s"));
	exec_kill(x);
	CHECK(gone("7777s", GONE_MS));
	CHECK_INT(said.ended, 0);
}

/* ---- as a probe ---- */

static void on_acted(void *ctx, uint64_t key, const struct action_result *r)
{
	struct ran *n = ctx;

	n->calls++;
	n->exit_code = (int)r->outcome;
	n->len = strlen(r->text);
	snprintf(n->out, sizeof(n->out), "%s", r->text);
}

TEST("N15: an exec probe fails with its output, with its time limit, or cannot be carried out")
{
	static const struct {
		const char *argv[3];
		enum action_outcome outcome;
		const char *text;
	} rows[] = {
	    {{"/bin/sh", "-c", "echo fine"}, ACTION_SUCCESS, "fine\n"},
	    {{"/bin/sh", "-c", "echo out; echo err >&2; exit 2"}, ACTION_FAILURE, "out\nerr\n"},
	    {{"sleep", "7779s"}, ACTION_FAILURE,
		"command timed out: \"sleep 7779s\" timed out after 2s"},
	    {{"/nope"}, ACTION_ERROR, "failed to exec in container: "},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_strlist command = {0};
		struct action_spec s = {
		    .kind = ACTION_EXEC, .engine = en, .container = container, .command = &command};
		struct ran n = {0};

		for (size_t w = 0; w < ARRAY_LEN(rows[i].argv) && rows[i].argv[w]; w++)
			strlist_add(&command, rows[i].argv[w]);
		action_start(
		    loop, &s, str_eq(rows[i].argv[0], "sleep") ? 2000 : 30000, on_acted, &n, 0);
		CHECK(wait_for(&n.calls, 1));
		CHECK_INT(n.exit_code, rows[i].outcome);
		if (!str_has_prefix(n.out, rows[i].text))
			CHECK_STR(n.out, rows[i].text);
		CHECK(rows[i].outcome == ACTION_ERROR || n.len == strlen(rows[i].text));
	}
	CHECK(gone("7779s", GONE_MS));
}

TEST("a cancelled exec probe is killed")
{
	auto_strlist command = {0};
	struct action_spec s = {
	    .kind = ACTION_EXEC, .engine = en, .container = container, .command = &command};
	struct ran n = {0};
	struct action *a;
	int zombies;

	strlist_add(&command, "sleep");
	strlist_add(&command, "7780s");
	a = action_start(loop, &s, 60000, on_acted, &n, 0);
	CHECK(there("7780s"));
	CHECK_INT(processes_with("7780s", &zombies), 1);
	action_cancel(a);
	CHECK(gone("7780s", GONE_MS));
	CHECK_INT(n.calls, 0);
}

/* ---- many ---- */

#define MANY 50

TEST("50 runs begun together every second leave no stream, no descriptor and no process")
{
	static struct ran n[MANY];
	int seconds = test_rounds(20, 3), done = 0, late = 0;
	int before, zombies;

	turn_for(200);
	before = open_fds();
	for (int s = 0; s < seconds; s++) {
		int64_t began = clock_mono_ms(), slowest = 0;

		for (int i = 0; i < MANY; i++)
			run_shell(30000, &n[i], "exit 7");
		for (int i = 0; i < MANY; i++) {
			CHECK(wait_for(&n[i].calls, 1));
			CHECK_INT(n[i].exit_code, 7);
			done += n[i].calls;
			if (n[i].at_ms - began > slowest)
				slowest = n[i].at_ms - began;
		}
		late += slowest > 1000;
		if (slowest < 1000)
			turn_for(1000 - slowest);
	}
	CHECK_INT(done, MANY * seconds);
	printf("# %d runs; %d of %d rounds took more than their second\n", done, late, seconds);
	turn_for(500);
	/* Kept connections stay: at most as many as calls may run at a time. */
	CHECK(open_fds() <= before + HTTP_PARALLEL);
	CHECK(!en->calls && !en->dying);
	processes_with("(sh)", &zombies);
	CHECK_INT(zombies, 0);
	CHECK(en->foreign == !addr.socket);
}

/* ---- cost ---- */

static int raw_calls;
static char raw_id[80];

static void raw_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	auto_json *j = json_parse(r->body, r->body_len, JSON_ALLOW_DUPLICATES, NULL);

	raw_calls++;
	CHECK(!err && r->status / 100 == 2);
	if (json_str(j, "Id"))
		snprintf(raw_id, sizeof(raw_id), "%s", json_str(j, "Id"));
}

static void raw(const char *method, const char *path, const char *body, bool own)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	struct http_request r = {
	    .method = method,
	    .path = path,
	    .headers = body ? headers : NULL,
	    .body = body,
	    .body_len = body ? strlen(body) : 0,
	    .own_connection = own,
	    .done = raw_done,
	};

	raw_calls = 0;
	http_send(en->http, &r);
	CHECK(wait_for(&raw_calls, 1));
}

static int64_t now_us(void)
{
	return clock_wall_ns() / 1000;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t time_run(void)
{
	int64_t t = now_us();
	struct ran n;

	run_words(container, 30000, &n, (const char *const[]){"true", NULL});
	finished(&n);
	return now_us() - t;
}

static int64_t time_raw(const char *create)
{
	int64_t t = now_us();

	raw("POST", create, "{\"AttachStdout\":true,\"AttachStderr\":true,\"Cmd\":[\"true\"]}",
	    false);
	auto_free char *path = xasprintf("/v1.41/exec/%s/start", raw_id);
	auto_free char *look = xasprintf("/v1.41/exec/%s/json", raw_id);
	raw("POST", path, "{\"Detach\":false,\"Tty\":false}", true);
	raw("GET", look, NULL, false);
	return now_us() - t;
}

TEST("a run costs about as much as the raw calls: create, start, inspect")
{
	enum { ROUNDS = 60 };
	int64_t ours[ROUNDS], theirs[ROUNDS];
	auto_free char *create = xasprintf("/v1.41/containers/%s/exec", container);
	double ratio;

	/* What comes right behind another exec waits for the engine's cleaning up: take turns. */
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 2)
			ours[i] = time_run();
		theirs[i] = time_raw(create);
		if (i % 2 == 0)
			ours[i] = time_run();
	}
	qsort(ours, ROUNDS, sizeof(ours[0]), by_value);
	qsort(theirs, ROUNDS, sizeof(theirs[0]), by_value);
	ratio = (double)ours[ROUNDS / 2] / (double)theirs[ROUNDS / 2];
	printf("# run %.1f ms, raw calls %.1f ms: %.2f times\n", (double)ours[ROUNDS / 2] / 1000,
	    (double)theirs[ROUNDS / 2] / 1000, ratio);
	CHECK(ratio <= 1.25); /* 1.0 to 1.1, but for what disturbs */
}

int main(int argc, char **argv)
{
	int failed;

	fixture_open(argc > 1 ? argv[1] : NULL);
	container = create_shell("while :; do sleep 1; done");
	CHECK_FINE(start(container));
	failed = test_main();
	remove_it(container);
	free(container);
	buf_release(&said.out);
	fixture_close();
	return failed;
}
