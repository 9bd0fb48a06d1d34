/*
 * jobs: what a finished pod of a Job costs, and whether that grows with the number of pods before
 * it. All loops of the controller run as they are, on a database of their own; only the engine is
 * not there: behind the calls of engine.h stand containers that end with code 0 after 20 ms.
 *
 *   jobs                                       the comparison: 1,000 and 100,000 completions
 *   jobs check                                 a short one that fails (TAP) when it is far off
 *   jobs [-i] COMPLETIONS [PARALLELISM]        one run; -i: Indexed
 *
 * Each run is a process of its own. "memory" is how much the resident set grew for each pod behind
 * the first tenth, "database" the size of the file for each pod.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../controller/loops/gc.h"
#include "../../controller/loops/jobs.h"
#include "../../controller/loops/ttl.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/map.h"
#include "../../runtime/archive.h"
#include "../../runtime/exec.h"
#include "../../runtime/networks.h"
#include "../../runtime/runner.h"
#include "../../runtime/sandbox_image.h"
#include "../../runtime/tty_size.h"
#include "../../runtime/volumes.h"

#define PARALLELISM 50
#define ROUNDS_MAX 16
/* A container runs for so long: time for what is done beside, such as removing others. */
#define RUN_MS 20

/* ---- an engine without containers ---- */

/* What happens after a while, first in, first out. */
struct queue {
	struct timer timer;
	int delay_ms;
	struct call *first, *last;
};

struct engine {
	struct loop *loop;
	uint64_t serial;
	struct queue calls;   /* answered as soon as others had a turn */
	struct queue running; /* containers */
	struct map streams;   /* container id → struct stream */
	const struct events_callbacks *events;
	struct engine_who events_who;
};

struct stream {
	struct engine *en;
	char *id;
	const struct stream_callbacks *cb;
	struct engine_who who;
};

struct call {
	struct engine *en;
	engine_id id;
	void (*answer)(struct call *c);
	void (*cb)(void);
	struct engine_who who;
	char *container;
	int64_t due_ms;
	bool cancelled;
	struct call *next;
};

static void answer(struct call *c)
{
	if (!c->cancelled)
		c->answer(c);
	free(c->container);
	free(c);
}

static void arm(struct queue *q)
{
	int64_t left = q->first ? q->first->due_ms - clock_mono_ms() : 0;

	if (q->first)
		timer_set(q->first->en->loop, &q->timer, left > 0 ? left : 0);
}

/* What the answers ask for comes next time. */
static void queue_due(void *arg)
{
	struct queue *q = arg;
	int64_t now = clock_mono_ms();
	uint64_t last = q->last ? q->last->id : 0;

	while (q->first && q->first->id <= last && q->first->due_ms <= now) {
		struct call *c = q->first;

		q->first = c->next;
		if (!q->first)
			q->last = NULL;
		answer(c);
	}
	arm(q);
}

static engine_id put(struct engine *en, struct queue *q, void (*fn)(struct call *c),
    void (*cb)(void), struct engine_who who, const char *container)
{
	struct call *c = xcalloc(1, sizeof(*c));

	*c = (struct call){.en = en,
	    .id = ++en->serial,
	    .answer = fn,
	    .cb = cb,
	    .who = who,
	    .container = xstrdup(container),
	    .due_ms = clock_mono_ms() + q->delay_ms};
	*(q->last ? &q->last->next : &q->first) = c;
	q->last = c;
	if (!timer_is_set(&q->timer))
		arm(q);
	return c->id;
}

static engine_id later(struct engine *en, void (*fn)(struct call *c), void (*cb)(void),
    struct engine_who who, const char *container)
{
	return put(en, &en->calls, fn, cb, who, container);
}

void engine_cancel(struct engine *en, engine_id id)
{
	for (struct call *c = en->calls.first; c; c = c->next)
		if (c->id == id)
			c->cancelled = true;
}

bool engine_hostname_follows(const struct engine *en)
{
	return false; /* no sandboxes that go from pod to pod */
}

enum engine_kind engine_kind(const struct engine *en)
{
	return ENGINE_DOCKER;
}

bool engine_die_is_prompt(const struct engine *en)
{
	return true;
}

engine_id engine_get_info(struct engine *en, engine_info_fn *cb, struct engine_who who)
{
	return 0; /* nobody asks */
}

static void created(struct call *c)
{
	auto_free char *id = xasprintf("%064" PRIx64, c->id);

	((engine_text_fn *)c->cb)(c->who, id, NULL);
}

engine_id container_create(
    struct engine *en, const struct container_spec *s, engine_text_fn *cb, struct engine_who who)
{
	return later(en, created, (void (*)(void))cb, who, NULL);
}

static void opened(struct call *c)
{
	struct stream *s = map_get(&c->en->streams, c->container);

	if (s)
		s->cb->on_open(s->who);
}

struct stream *container_attach(struct engine *en, const char *id, bool with_stdin, bool tty,
    const struct stream_callbacks *cb, struct engine_who who)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	*s = (struct stream){.en = en, .id = xstrdup(id), .cb = cb, .who = who};
	map_set(&en->streams, id, s);
	later(en, opened, NULL, who, id);
	return s;
}

struct stream *container_attach_stdin(
    struct engine *en, const char *id, const struct stream_callbacks *cb, struct engine_who who)
{
	return NULL;
}

void tty_size_set_container(
    struct tty_size *t, struct engine *en, const char *id, unsigned columns, unsigned rows)
{
}

void tty_size_release(struct tty_size *t)
{
}

struct stream *container_logs(struct engine *en, const char *id, bool follow, bool tty,
    const struct stream_callbacks *cb, struct engine_who who)
{
	return container_attach(en, id, false, tty, cb, who);
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	map_del(&s->en->streams, s->id);
	free(s->id);
	free(s);
}

bool stream_write(struct stream *s, const void *data, size_t len)
{
	return true;
}

void stream_close_stdin(struct stream *s)
{
}

/* The container has run: a line of output, the end of the stream, and the event. */
static void ended(struct call *c)
{
	struct stream *s = map_get(&c->en->streams, c->container);
	struct engine_event event = {
	    .type = EVENT_DIE, .container_id = c->container, .time_ns = clock_wall_ns()};

	if (s) {
		s->cb->on_data(s->who, STREAM_STDOUT, "done\n", 5);
		s->cb->on_end(s->who, NULL);
	}
	c->en->events->on_event(c->en->events_who, &event);
}

static void started(struct call *c)
{
	((container_start_fn *)c->cb)(c->who, 0, NULL);
	put(c->en, &c->en->running, ended, NULL, c->who, c->container);
}

engine_id container_start(
    struct engine *en, const char *id, container_start_fn *cb, struct engine_who who)
{
	return later(en, started, (void (*)(void))cb, who, id);
}

static void inspected(struct call *c)
{
	struct container_info info = {
	    .id = c->container,
	    .image_id = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	    .state = map_get(&c->en->streams, c->container) ? CONTAINER_RUNNING : CONTAINER_EXITED,
	    .started_at_ns = clock_wall_ns(),
	    .finished_at_ns = clock_wall_ns(),
	};

	((container_info_fn *)c->cb)(c->who, &info, NULL);
}

engine_id container_inspect(
    struct engine *en, const char *id_or_name, container_info_fn *cb, struct engine_who who)
{
	return later(en, inspected, (void (*)(void))cb, who, id_or_name);
}

static void done(struct call *c)
{
	((engine_done_fn *)c->cb)(c->who, NULL);
}

engine_id container_kill(struct engine *en, const char *id, const char *signal, engine_done_fn *cb,
    struct engine_who who)
{
	return later(en, done, (void (*)(void))cb, who, id);
}

engine_id container_remove(
    struct engine *en, const char *id, engine_done_fn *cb, struct engine_who who)
{
	return later(en, done, (void (*)(void))cb, who, id);
}

engine_id image_pull(struct engine *en, const char *ref, const char *auth,
    void (*progress)(struct engine_who who, const char *text), engine_done_fn *cb,
    struct engine_who who)
{
	return later(en, done, (void (*)(void))cb, who, ref);
}

/* ---- what plain pods do not need: to be called would be news, and ends the benchmark ---- */

static _Noreturn void unused(const char *what)
{
	fprintf(stderr, "a plain pod called %s\n", what);
	abort();
}

#define UNCALLED(type, name, ...) \
	type name(__VA_ARGS__)    \
	{                         \
		unused(#name);    \
	}

UNCALLED(engine_id, container_size, struct engine *en, const char *id, engine_size_fn *cb,
    struct engine_who who)
UNCALLED(engine_id, image_inspect, struct engine *en, const char *ref, image_info_fn *cb,
    struct engine_who who)
UNCALLED(engine_id, sandbox_create, struct engine *en, const struct container_spec *s,
    engine_text_fn *cb, struct engine_who who)
UNCALLED(json *, sandbox_args, const char *names, const struct strlist *aliases)
UNCALLED(const char *, sandbox_image_ref, void)
UNCALLED(struct exec_run *, exec_run, struct engine *en, const struct exec_spec *spec,
    size_t max_output, int64_t timeout_ms, exec_done_fn *cb, struct engine_who who)
UNCALLED(void, exec_run_cancel, struct exec_run *r)
UNCALLED(struct exec *, exec_open, struct engine *en, const struct exec_spec *spec,
    const struct exec_callbacks *cb, struct engine_who who)
UNCALLED(bool, exec_write, struct exec *x, const void *data, size_t len)
UNCALLED(void, exec_free, struct exec *x)
UNCALLED(void, exec_kill, struct exec *x)
UNCALLED(const char *, sandbox_volume_name, void)
UNCALLED(struct sandbox_volume *, sandbox_volume_fill, struct engine *en, const char *name,
    const json *labels, engine_done_fn *cb, struct engine_who who)
UNCALLED(void, sandbox_volume_free, struct sandbox_volume *v)
UNCALLED(const char *, runner_program, const struct runner *r)
UNCALLED(struct runner *, runner_new, struct engine *en, const char *container, const char *program)
UNCALLED(bool, runner_takes, const struct runner *r, const struct strlist *command)
UNCALLED(struct runner_call *, runner_run, struct runner *r, const struct strlist *command,
    size_t max_output, bool with_input, const struct runner_callbacks *cb, void *ctx)
UNCALLED(void, runner_write, struct runner_call *c, const void *data, size_t len)
UNCALLED(void, runner_close_input, struct runner_call *c)
UNCALLED(void, runner_cancel, struct runner_call *c)

void runner_free(struct runner *r)
{
	if (r)
		unused("runner_free");
}

UNCALLED(engine_id, container_put_archive, struct engine *en, const char *id, const char *path,
    const void *tar, size_t len, engine_done_fn *cb, struct engine_who who)
UNCALLED(engine_id, container_get_archive, struct engine *en, const char *id, const char *path,
    archive_data_fn *on_data, engine_done_fn *cb, struct engine_who who)
UNCALLED(engine_id, container_read_file, struct engine *en, const char *id, const char *path,
    size_t max, archive_file_fn *cb, struct engine_who who)
UNCALLED(bool, engine_archive_follows_links, const struct engine *en)
UNCALLED(bool, engine_unpacks_through_mounts, const struct engine *en)
UNCALLED(engine_id, network_subnet, struct engine *en, engine_text_fn *cb, struct engine_who who)
UNCALLED(engine_id, volume_create, struct engine *en, const char *name, const json *labels,
    const json *options, engine_text_fn *cb, struct engine_who who)
UNCALLED(engine_id, volume_inspect, struct engine *en, const char *name, volume_info_fn *cb,
    struct engine_who who)
UNCALLED(engine_id, volume_list, struct engine *en, const char *const *labels, volume_list_fn *cb,
    struct engine_who who)
UNCALLED(engine_id, volume_remove, struct engine *en, const char *name, engine_done_fn *cb,
    struct engine_who who)

static void listed(struct call *c)
{
	((container_list_fn *)c->cb)(c->who, NULL, 0, NULL);
}

engine_id container_list(
    struct engine *en, const char *const *labels, container_list_fn *cb, struct engine_who who)
{
	return later(en, listed, (void (*)(void))cb, who, NULL);
}

/* Never says that it is connected: then no list is asked for. */
struct events *events_watch(struct engine *en, const char *const *labels,
    const struct events_callbacks *cb, struct engine_who who)
{
	en->events = cb;
	en->events_who = who;
	return NULL;
}

void events_free(struct events *ev)
{
}

/* ---- a controller ---- */

struct bench {
	struct engine engine;
	struct loops_env env;
	struct pods *pods;
	struct jobs *jobs;
	struct gc *gc;
	struct ttl *ttl;
	char *dir, *database;
};

static void check(int rc, const struct err *e)
{
	if (rc == 0)
		return;
	fprintf(stderr, "jobs: %s\n", err_msg(e));
	exit(1);
}

/* As turn_reconcile and turn_commit of the controller. */
static void turn_end(void *arg)
{
	struct bench *b = arg;
	auto_err e = {0};
	int i;

	for (i = 0; i < ROUNDS_MAX; i++) {
		bool any = gc_reconcile(b->gc);

		any |= jobs_reconcile(b->jobs);
		any |= ttl_reconcile(b->ttl);
		any |= pods_reconcile(b->pods);
		if (!any)
			break;
	}
	if (i == ROUNDS_MAX)
		loop_wake(b->env.loop);
	pods_flush(b->pods);
	check(store_commit(b->env.store, &e), &e);
}

static void open_bench(struct bench *b)
{
	const char *tmp = getenv("TMPDIR");
	auto_free char *logs = NULL;
	auto_err e = {0};

	b->dir = xasprintf("%s/kjob-bench-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(b->dir))
		abort();
	b->database = xasprintf("%s/kjob.db", b->dir);
	logs = xasprintf("%s/logs", b->dir);
	if (mkdir(logs, 0700) < 0)
		abort();
	b->engine.loop = loop_new();
	b->engine.calls.timer =
	    (struct timer){.name = "calls", .fn = queue_due, .arg = &b->engine.calls};
	b->engine.running.timer =
	    (struct timer){.name = "running", .fn = queue_due, .arg = &b->engine.running};
	b->engine.running.delay_ms = RUN_MS;
	b->env = (struct loops_env){.loop = b->engine.loop,
	    .store = store_open(b->database, &e),
	    .engine = &b->engine,
	    .logs_dir = TAKE(logs),
	    .node_name = "node",
	    .engine_cpus = 8};
	check(b->env.store ? 0 : -1, &e);
	b->env.recorder = recorder_new(b->env.store);
	b->pods = pods_new(&b->env);
	b->jobs = jobs_new(&b->env, b->pods);
	b->gc = gc_new(&b->env);
	b->ttl = ttl_new(&b->env);
	check(pods_start(b->pods, &e), &e);
	check(jobs_start(b->jobs, &e), &e);
	check(gc_start(b->gc, &e), &e);
	check(ttl_start(b->ttl, &e), &e);
	loop_at_turn_end(b->env.loop, "bench", turn_end, b);
}

static void close_bench(struct bench *b)
{
	auto_free char *command = xasprintf("rm -rf '%s'", b->dir);

	ttl_free(b->ttl);
	gc_free(b->gc);
	jobs_free(b->jobs);
	pods_free(b->pods);
	recorder_free(b->env.recorder);
	store_close(b->env.store);
	loop_free(b->env.loop);
	map_release(&b->engine.streams, NULL);
	free((char *)b->env.logs_dir);
	if (system(command) != 0)
		fprintf(stderr, "jobs: cannot remove %s\n", b->dir);
	free(b->database);
	free(b->dir);
}

/* ---- one run ---- */

static int64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

static int64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = 0, resident = 0;

	if (!f || fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

static int64_t file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void create_job(struct bench *b, bool indexed, int64_t completions, int64_t parallelism)
{
	auto_free char *text = xasprintf(
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"bench\"},"
	    "\"spec\":{\"completions\":%" PRId64 ",\"parallelism\":%" PRId64
	    ",\"completionMode\":\"%s\",\"template\":{\"spec\":{\"restartPolicy\":\"Never\","
	    "\"containers\":[{\"name\":\"c\",\"image\":\"localhost/busybox:test\",\"command\":"
	    "[\"sh\",\"-c\",\"echo done\"]}]}}}}",
	    completions, parallelism, indexed ? "Indexed" : "NonIndexed");
	/* As a client creates it: who owns its fields is told in it. */
	const struct field_manager manager = {.name = "kubectl-create", .now = 1000000000};
	const struct create_options options = {.manager = &manager};
	auto_err e = {0};
	json *job = json_parse(text, strlen(text), JSON_PARSE_STRICT, &e);
	auto_json *made =
	    job ? registry_create(b->env.store, kind_by_id(KIND_JOB), "default", job, &options, &e)
		: NULL;

	check(made ? 0 : -1, &e);
}

static int64_t succeeded(struct bench *b)
{
	auto_json *job = store_get(b->env.store, kind_by_id(KIND_JOB), "default", "bench", NULL);

	return json_int(job, "status.succeeded", 0);
}

struct figures {
	double cpu_us, wall_us, memory, database; /* for each pod */
};

static struct figures run(bool indexed, int64_t completions, int64_t parallelism)
{
	struct bench b = {0};
	struct figures f;
	int64_t cpu, wall, early = 0, early_at = 0, now_at;

	open_bench(&b);
	cpu = cpu_us();
	wall = clock_mono_ms();
	create_job(&b, indexed, completions, parallelism);
	for (int turn = 0; jobs_unfinished(b.jobs) > 0; turn++) {
		loop_turn(b.env.loop, turn ? 1000 : 0);
		if (early_at || turn % 64)
			continue;
		now_at = succeeded(&b);
		if (now_at >= completions / 10) {
			early_at = now_at;
			early = resident_bytes();
		}
	}
	if (succeeded(&b) != completions)
		fprintf(stderr, "jobs: %" PRId64 " of %" PRId64 " succeeded\n", succeeded(&b),
		    completions);
	f.cpu_us = (double)(cpu_us() - cpu) / (double)completions;
	f.wall_us = (double)(clock_mono_ms() - wall) * 1000 / (double)completions;
	f.memory = early_at && completions > early_at
		       ? (double)(resident_bytes() - early) / (double)(completions - early_at)
		       : 0;
	f.database = (double)file_bytes(b.database) / (double)completions;
	close_bench(&b);
	return f;
}

/* In a process of its own, so that each begins with the same memory. */
static struct figures run_apart(bool indexed, int64_t completions, int64_t parallelism)
{
	struct figures f = {0};
	int fds[2], status;
	pid_t pid;

	if (pipe(fds) < 0 || fflush(stdout) != 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		f = run(indexed, completions, parallelism);
		_exit(write(fds[1], &f, sizeof(f)) == (ssize_t)sizeof(f) ? 0 : 1);
	}
	close(fds[1]);
	if (read(fds[0], &f, sizeof(f)) != (ssize_t)sizeof(f) || waitpid(pid, &status, 0) < 0)
		exit(1);
	close(fds[0]);
	printf("# %-10s %7" PRId64 "   %8.0f us   %8.0f us   %6.0f B   %6.0f B\n",
	    indexed ? "Indexed" : "NonIndexed", completions, f.cpu_us, f.wall_us, f.memory,
	    f.database);
	return f;
}

static int by_cpu(const void *a, const void *b)
{
	const struct figures *x = a, *y = b;

	return x->cpu_us < y->cpu_us ? -1 : x->cpu_us > y->cpu_us;
}

/* The median of three runs: a short one is easily disturbed. */
static struct figures run_thrice(bool indexed, int64_t completions)
{
	struct figures f[3];

	for (size_t i = 0; i < ARRAY_LEN(f); i++)
		f[i] = run_apart(indexed, completions, PARALLELISM);
	qsort(f, ARRAY_LEN(f), sizeof(f[0]), by_cpu);
	return f[1];
}

static void compare(bool indexed)
{
	struct figures few = run_thrice(indexed, 1000);
	struct figures many = run_apart(indexed, 100000, PARALLELISM);

	printf("# %-10s ratio     %8.2f      %8.2f\n", indexed ? "Indexed" : "NonIndexed",
	    many.cpu_us / few.cpu_us, many.wall_us / few.wall_us);
}

/* Bounds with much room for a busy machine: what grows with the history is off by far more. */
static int check_history(void)
{
	bool failed = false;

	for (int indexed = 0; indexed < 2; indexed++) {
		const char *mode = indexed ? "Indexed" : "NonIndexed";
		struct figures few = run_thrice(indexed, 1000);
		struct figures many = run_apart(indexed, 8000, PARALLELISM);
		bool quick = many.cpu_us < 2 * few.cpu_us, small = many.memory < 1024;

		printf("%s %d - a pod of %s Job of 8,000 costs about as much as one of 1,000\n",
		    quick ? "ok" : "not ok", 2 * indexed + 1, indexed ? "an Indexed" : "a");
		printf("%s %d - a finished pod of a Job (%s) takes less than 1 KB of memory\n",
		    small ? "ok" : "not ok", 2 * indexed + 2, mode);
		failed |= !quick || !small;
	}
	printf("1..4\n");
	return failed;
}

int main(int argc, char **argv)
{
	bool indexed = argc > 1 && strcmp(argv[1], "-i") == 0;
	int64_t n, parallelism = PARALLELISM;

	argc -= indexed;
	argv += indexed;
	printf("# mode       pods    CPU a pod     wall a pod   memory   database\n");
	if (argc < 2) {
		compare(false);
		compare(true);
		return 0;
	}
	if (strcmp(argv[1], "check") == 0)
		return check_history();
	if (str_to_int(argv[1], 1, 10000000, &n) < 0 ||
	    (argc > 2 && str_to_int(argv[2], 1, 100000, &parallelism) < 0)) {
		fprintf(stderr, "usage: jobs [check | [-i] COMPLETIONS [PARALLELISM]]\n");
		return 2;
	}
	run_apart(indexed, n, parallelism);
	return 0;
}
