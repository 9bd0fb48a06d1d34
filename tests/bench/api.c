/*
 * api: what the API server costs its clients, as one of them on its unix socket.
 *
 *   api SOCKET fill COUNT               finished pods p00000, p00001, … in the namespace default
 *   api SOCKET get                      microseconds for one object: the median
 *   api SOCKET list                     MB a second for all pods as JSON
 *   api SOCKET table                    the server's milliseconds of CPU for a Table of all pods
 *   api SOCKET watch COUNT RATE SECONDS [NAMESPACE]
 *                                       so many watches of the namespace (default) and changes of
 *                                       pods in default a second: percent of a core, and how many
 *                                       kB the server grew
 *   api check                           a server of its own, and whether its costs grow as they
 *                                       should (TAP)
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../controller/server/server.h"
#include "../../controller/store/registry.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"

#define PODS "/api/v1/namespaces/default/pods"
#define TABLE "Accept: application/json;as=Table;v=v1;g=meta.k8s.io\r\n"
#define JSON "Content-Type: application/json\r\n"
#define MERGE_PATCH "Content-Type: application/merge-patch+json\r\n"
#define IN_FLIGHT 32
#define ROUNDS 9
/* Changes before those that are measured. */
#define WARM_UP 40
#define MAX_ANSWER (1024 * MIB)

static const char *socket_path;

static void fail(const char *what)
{
	fprintf(stderr, "api: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void end_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		fail("clock");
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

/* ---- a client ---- */

struct client {
	int fd;
	struct buf in;
};

static void client_open(struct client *c)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", socket_path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		fail(socket_path);
	buf_init(&c->in, MAX_ANSWER);
}

static void client_close(struct client *c)
{
	close(c->fd);
	buf_release(&c->in);
}

static void ask(
    struct client *c, const char *method, const char *path, const char *headers, const char *body)
{
	auto_buf text = {0};

	buf_addf(&text, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n%s\r\n%s", method,
	    path, strlen(body), headers, body);
	if (send(c->fd, text.ptr, text.len, MSG_NOSIGNAL) != (ssize_t)text.len)
		fail("send");
}

static void receive(struct client *c)
{
	static char piece[256 * 1024];
	ssize_t n = read(c->fd, piece, sizeof(piece));

	if (n <= 0)
		fail("the server hung up");
	buf_add(&c->in, piece, (size_t)n);
}

/* Behind the headers; their text is in the buffer. */
static size_t receive_head(struct client *c)
{
	const char *end;

	while (!(end = c->in.len ? memmem(c->in.ptr, c->in.len, "\r\n\r\n", 4) : NULL))
		receive(c);
	return (size_t)(end - c->in.ptr) + 4;
}

/* The status; the body's length in *ret_len, its text in the buffer until the next call. */
static int answer(struct client *c, const char **ret_body, size_t *ret_len)
{
	static const char name[] = "Content-Length: ";
	const char *at;
	size_t head;

	buf_clear(&c->in);
	head = receive_head(c);
	at = strcasestr(c->in.ptr, name);
	*ret_len = at && at < c->in.ptr + head ? strtoul(at + strlen(name), NULL, 10) : 0;
	while (c->in.len < head + *ret_len)
		receive(c);
	*ret_body = c->in.ptr + head;
	return (int)strtol(c->in.ptr + strlen("HTTP/1.1 "), NULL, 10);
}

static void expect(struct client *c, int status)
{
	const char *body;
	size_t len;
	int got = answer(c, &body, &len);

	if (got == status)
		return;
	fprintf(stderr, "api: status %d: %.*s\n", got, (int)len, body);
	exit(1);
}

/* ---- the server's process ---- */

static pid_t server_pid(const struct client *c)
{
	struct ucred who = {0};
	socklen_t len = sizeof(who);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		fail("SO_PEERCRED");
	return who.pid;
}

static int64_t server_cpu_us(const struct client *c)
{
	clockid_t clock;

	if (clock_getcpuclockid(server_pid(c), &clock) != 0)
		fail("the server's CPU time");
	return clock_us(clock);
}

static int64_t own_cpu_us(void)
{
	return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

static long server_resident_kb(const struct client *c)
{
	auto_free char *path = xasprintf("/proc/%ld/statm", (long)server_pid(c));
	FILE *f = fopen(path, "r");
	long resident = 0;

	if (!f || fscanf(f, "%*d %ld", &resident) != 1)
		fail(path);
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int64_t median(int64_t *values, size_t len)
{
	qsort(values, len, sizeof(*values), by_value);
	return values[len / 2];
}

/* ---- pods ---- */

/* No engine has to run them: they are gated until they have finished. */
static char *pod_text(int64_t i)
{
	return xasprintf(
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p%05" PRId64 "\","
	    "\"labels\":{\"app\":\"bench\",\"n\":\"%" PRId64 "\"}},\"spec\":{\"schedulingGates\":[{"
	    "\"name\":\"bench/gate\"}],\"restartPolicy\":\"Never\",\"containers\":[{\"name\":"
	    "\"main\",\"image\":\"localhost/busybox:test\",\"command\":[\"sh\",\"-c\",\"echo hello "
	    "world; sleep 1\"],\"env\":[{\"name\":\"A\",\"value\":\"b\"}],\"resources\":{"
	    "\"limits\":{\"cpu\":\"100m\",\"memory\":\"64Mi\"}}}]}}",
	    i, i);
}

static const char finished[] =
    "{\"status\":{\"phase\":\"Succeeded\",\"startTime\":\"2026-01-02T03:04:05Z\",\"hostIP\":"
    "\"127.0.0.1\",\"podIP\":\"10.88.0.2\",\"conditions\":[{\"type\":\"Initialized\",\"status\":"
    "\"True\",\"reason\":\"PodCompleted\",\"lastTransitionTime\":\"2026-01-02T03:04:05Z\"},{"
    "\"type\":\"Ready\",\"status\":\"False\",\"reason\":\"PodCompleted\",\"lastTransitionTime\":"
    "\"2026-01-02T03:04:05Z\"},{\"type\":\"ContainersReady\",\"status\":\"False\",\"reason\":"
    "\"PodCompleted\",\"lastTransitionTime\":\"2026-01-02T03:04:05Z\"},{\"type\":"
    "\"PodScheduled\",\"status\":\"True\",\"lastTransitionTime\":\"2026-01-02T03:04:05Z\"}],"
    "\"containerStatuses\":[{\"name\":\"main\",\"image\":\"localhost/busybox:test\",\"imageID\":"
    "\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"containerID\":"
    "\"docker://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"ready\":"
    "false,\"started\":false,\"restartCount\":0,\"lastState\":{},\"state\":{\"terminated\":{"
    "\"exitCode\":0,\"reason\":\"Completed\",\"startedAt\":\"2026-01-02T03:04:05Z\","
    "\"finishedAt\":\"2026-01-02T03:04:06Z\",\"containerID\":\"docker://"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}}}]}}";

static void create_pods(struct client *clients, int64_t from, int64_t count)
{
	for (int64_t i = 0; i < count; i++) {
		auto_free char *text = pod_text(from + i);

		ask(&clients[i], "POST", PODS, JSON, text);
	}
	for (int64_t i = 0; i < count; i++)
		expect(&clients[i], 201);
	for (int64_t i = 0; i < count; i++) {
		auto_free char *path = xasprintf(PODS "/p%05" PRId64 "/status", from + i);

		ask(&clients[i], "PATCH", path, MERGE_PATCH, finished);
	}
	for (int64_t i = 0; i < count; i++)
		expect(&clients[i], 200);
}

static void fill(int64_t first, int64_t count)
{
	struct client clients[IN_FLIGHT];

	for (size_t i = 0; i < IN_FLIGHT; i++)
		client_open(&clients[i]);
	for (int64_t i = 0; i < count; i += IN_FLIGHT)
		create_pods(clients, first + i, count - i < IN_FLIGHT ? count - i : IN_FLIGHT);
	for (size_t i = 0; i < IN_FLIGHT; i++)
		client_close(&clients[i]);
}

/* ---- reading ---- */

static int64_t get_us(struct client *c)
{
	int64_t took[200];

	for (size_t i = 0; i < ARRAY_LEN(took); i++) {
		int64_t from = now_us();

		ask(c, "GET", PODS "/p00000", "", "");
		expect(c, 200);
		took[i] = now_us() - from;
	}
	return median(took, ARRAY_LEN(took));
}

static double list_mb_per_second(struct client *c)
{
	int64_t took[ROUNDS];
	const char *body;
	size_t len = 0;

	for (size_t i = 0; i < ROUNDS; i++) {
		int64_t from = now_us();

		ask(c, "GET", PODS, "", "");
		if (answer(c, &body, &len) != 200)
			fail("list");
		took[i] = now_us() - from;
	}
	return (double)len / (double)median(took, ROUNDS);
}

/* All pages of a Table, as `kjob get pods` asks for them. */
static int64_t table_cpu_us(struct client *c)
{
	int64_t took[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++) {
		int64_t from = server_cpu_us(c);
		auto_free char *token = xstrdup("");

		do {
			auto_free char *path =
			    xasprintf(PODS "?includeObject=None&limit=500&continue=%s", token);
			auto_json *table = NULL;
			const char *body;
			size_t len;

			ask(c, "GET", path, TABLE, "");
			if (answer(c, &body, &len) != 200 ||
			    !(table = json_parse(body, len, JSON_PARSE_STRICT, NULL)))
				fail("table");
			free(token);
			token = xstrdup(json_str_or(table, "metadata.continue", ""));
		} while (*token);
		took[i] = server_cpu_us(c) - from;
	}
	return median(took, ROUNDS);
}

/* ---- watching ---- */

/* Events in a piece of a stream; each ends a line, and lines of chunks end with \r\n. */
static int64_t count_events(const char *piece, size_t len, char *before)
{
	int64_t n = 0;

	for (const char *p = piece; (p = memchr(p, '\n', (size_t)(piece + len - p))); p++)
		n += (p > piece ? p[-1] : *before) != '\r';
	*before = piece[len - 1];
	return n;
}

static int open_watches(int64_t count, const char *ns)
{
	auto_free char *path = xasprintf(
	    "/api/v1/namespaces/%s/pods?watch=true&sendInitialEvents=false&resourceVersionMatch="
	    "NotOlderThan&labelSelector=app%%3Dbench",
	    ns);
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	for (int64_t i = 0; i < count; i++) {
		struct epoll_event ev = {.events = EPOLLIN};
		struct client c;

		client_open(&c);
		ask(&c, "GET", path, "", "");
		receive_head(&c);
		ev.data.fd = c.fd;
		epoll_ctl(epoll, EPOLL_CTL_ADD, c.fd, &ev);
	}
	return epoll;
}

/* Reads watches until so many events have come; says on the pipe when all are open, and when all is
 * read. */
static void read_watches(int64_t count, const char *ns, int64_t events, int pipe_fd)
{
	static char piece[256 * 1024], before[65536]; /* by descriptor */
	int epoll = open_watches(count, ns);

	if (write(pipe_fd, "r", 1) != 1)
		_exit(1);
	for (int64_t seen = 0; seen < events;) {
		struct epoll_event ready[64];
		int n = epoll_wait(epoll, ready, ARRAY_LEN(ready), -1);

		for (int i = 0; i < n; i++) {
			int fd = ready[i].data.fd;
			ssize_t got = read(fd, piece, sizeof(piece));

			if (got <= 0)
				_exit(1);
			seen += count_events(piece, (size_t)got, &before[fd % 65536]);
		}
	}
	_exit(write(pipe_fd, "d", 1) == 1 ? 0 : 1);
}

static void wait_for(int fd)
{
	char byte;

	if (read(fd, &byte, 1) != 1) {
		fprintf(stderr, "api: the watches broke\n");
		exit(1);
	}
}

static void change_pods(struct client *c, int64_t rate, int64_t changes)
{
	int64_t from = now_us();

	for (int64_t i = 0; i < changes; i++) {
		auto_free char *path = xasprintf(PODS "/p%05" PRId64, i % 100);
		auto_free char *body =
		    xasprintf("{\"metadata\":{\"annotations\":{\"n\":\"%" PRId64 "\"}}}", from + i);
		int64_t left = rate ? from + i * 1000000 / rate - now_us() : 0;

		if (left > 0)
			usleep((useconds_t)left);
		ask(c, "PATCH", path, MERGE_PATCH, body);
		expect(c, 200);
	}
}

struct watching {
	double percent, cpu_us; /* of a core; for each change */
	long grown_kb;
};

/* rate: changes a second, 0: as quick as they go. */
static struct watching watch(
    struct client *c, int64_t count, const char *ns, int64_t rate, int64_t changes)
{
	struct watching w;
	int64_t cpu, wall;
	int fds[2];
	pid_t pid;
	long kb;

	if (pipe(fds) < 0 || fflush(stdout) != 0 || (pid = fork()) < 0)
		fail("fork");
	if (pid == 0) {
		end_with_parent();
		close(fds[0]);
		read_watches(count, ns, str_eq(ns, "default") ? count * changes : 1, fds[1]);
	}
	close(fds[1]);
	wait_for(fds[0]);
	change_pods(c, rate, WARM_UP); /* what it takes once is there then */
	kb = server_resident_kb(c);
	cpu = server_cpu_us(c);
	wall = now_us();
	change_pods(c, rate, changes - WARM_UP);
	wall = now_us() - wall;
	if (count > 0 && str_eq(ns, "default"))
		wait_for(fds[0]);
	cpu = server_cpu_us(c) - cpu;
	w = (struct watching){.percent = 100.0 * (double)cpu / (double)wall,
	    .cpu_us = (double)cpu / (double)(changes - WARM_UP),
	    .grown_kb = server_resident_kb(c) - kb};
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	return w;
}

/* ---- a server of its own, for `check` ---- */

struct own {
	struct store *store;
	struct server *server;
};

static void turn_end(void *arg)
{
	struct own *o = arg;
	auto_err e = {0};
	bool failed = store_commit(o->store, &e) < 0;

	server_after_commit(o->server, failed ? &e : NULL);
}

static void serve(const char *dir, int pipe_fd)
{
	static const struct server_pods_ops none;
	auto_free char *database = xasprintf("%s/kjob.db", dir);
	auto_err e = {0};
	struct own o = {.store = store_open(database, &e)};
	struct loop *l = loop_new();

	if (!o.store) {
		fprintf(stderr, "api: %s\n", err_msg(&e));
		_exit(1);
	}
	o.server = server_new(&(struct server_deps){
	    .loop = l, .store = o.store, .pods_ops = &none, .version = KJOB_VERSION});
	if (server_listen_unix(o.server, socket_path, &e) < 0 || write(pipe_fd, "r", 1) != 1)
		_exit(1);
	loop_at_turn_end(l, "commit", turn_end, &o);
	loop_run(l);
	_exit(0);
}

static bool say(int number, bool ok, const char *what, double a, double b)
{
	printf("# %.2f, %.2f\n%s %d - %s\n", a, b, ok ? "ok" : "not ok", number, what);
	return ok;
}

/* CPU for a row of a Table, and for a tree of the whole object. */
static void cost_of_row(double *ret_row_us, double *ret_tree_us, struct client *c)
{
	struct table_rows *maker = table_rows_new(kind_by_id(KIND_POD), INCLUDE_NONE, 0);
	int64_t rows[ROUNDS], trees[ROUNDS];
	const char *body;
	size_t len;

	ask(c, "GET", PODS "/p00000", "", "");
	if (answer(c, &body, &len) != 200)
		fail("get");
	for (size_t i = 0; i < ROUNDS; i++) {
		int64_t from = own_cpu_us();

		for (int n = 0; n < 500; n++) {
			auto_buf row = {0};

			if (table_row(maker, body, len, &row, NULL) < 0)
				fail("row");
		}
		rows[i] = own_cpu_us() - from;
		from = own_cpu_us();
		for (int n = 0; n < 500; n++) {
			auto_json *tree = json_parse(body, len, JSON_PARSE_STRICT, NULL);
		}
		trees[i] = own_cpu_us() - from;
	}
	table_rows_free(maker);
	*ret_row_us = (double)median(rows, ROUNDS) / 500;
	*ret_tree_us = (double)median(trees, ROUNDS) / 500;
}

/* Bounds with much room for a busy machine: what grows as it should not is off by far more. */
static bool check_costs(void)
{
	struct client c;
	double few, many, row, tree, alone, others, all;
	bool ok;

	client_open(&c);
	ask(&c, "POST", "/api/v1/namespaces", JSON, "{\"metadata\":{\"name\":\"default\"}}");
	expect(&c, 201);
	fill(0, 200);
	few = (double)table_cpu_us(&c) / 200;
	fill(200, 1000);
	many = (double)table_cpu_us(&c) / 1200;
	ok = say(1, many < 2 * few,
	    "a row of a long Table costs about as much as one of a short one", few, many);
	cost_of_row(&row, &tree, &c);
	ok &= say(2, row < tree, "a row costs less than a tree of the object", row, tree);
	alone = watch(&c, 0, "elsewhere", 0, 200).cpu_us;
	others = watch(&c, 400, "elsewhere", 0, 200).cpu_us;
	ok &= say(3, others < 1.5 * alone,
	    "400 watches of another namespace cost a change next to nothing", alone, others);
	all = watch(&c, 400, "default", 0, 200).cpu_us;
	ok &=
	    say(4, all < 5 * alone, "a change that 400 watch is not written 400 times", alone, all);
	client_close(&c);
	printf("1..4\n");
	return ok;
}

static int check(void)
{
	char dir[] = "/tmp/kjob-api-XXXXXX";
	auto_free char *path = NULL, *command = NULL;
	int fds[2];
	pid_t pid;
	bool ok;

	if (!mkdtemp(dir) || pipe(fds) < 0)
		fail(dir);
	socket_path = path = xasprintf("%s/sock", dir);
	command = xasprintf("rm -rf '%s'", dir);
	pid = fork();
	if (pid == 0) {
		end_with_parent();
		serve(dir, fds[1]);
	}
	wait_for(fds[0]);
	ok = check_costs();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return system(command) == 0 && ok ? 0 : 1;
}

/* ---- the command line ---- */

static int usage(void)
{
	fprintf(stderr, "usage: api check | api SOCKET fill COUNT | api SOCKET get|list|table |\n"
			"       api SOCKET watch COUNT RATE SECONDS [NAMESPACE]\n");
	return 2;
}

static int measure_watch(struct client *c, char **args, int count)
{
	int64_t watches, rate, seconds;
	struct watching w;

	if (count < 3 || str_to_int(args[0], 0, 10000, &watches) < 0 ||
	    str_to_int(args[1], 1, 100000, &rate) < 0 || str_to_int(args[2], 1, 1000, &seconds) < 0)
		return usage();
	w = watch(c, watches, count > 3 ? args[3] : "default", rate, rate * seconds + WARM_UP);
	printf("%.1f %ld\n", w.percent, w.grown_kb);
	return 0;
}

static int measure(struct client *c, const char *what, char **args, int count)
{
	int64_t pods;

	if (str_eq(what, "watch"))
		return measure_watch(c, args, count);
	if (str_eq(what, "fill") && count > 0 && str_to_int(args[0], 1, 1000000, &pods) == 0)
		fill(0, pods);
	else if (str_eq(what, "get"))
		printf("%" PRId64 "\n", get_us(c));
	else if (str_eq(what, "list"))
		printf("%.0f\n", list_mb_per_second(c));
	else if (str_eq(what, "table"))
		printf("%.1f\n", (double)table_cpu_us(c) / 1000);
	else
		return usage();
	return 0;
}

int main(int argc, char **argv)
{
	struct client c;
	int rc;

	log_setup(STDERR_FILENO, LOG_ERROR);
	if (argc == 2 && str_eq(argv[1], "check"))
		return check();
	if (argc < 3)
		return usage();
	socket_path = argv[1];
	client_open(&c);
	rc = measure(&c, argv[2], argv + 3, argc - 3);
	client_close(&c);
	return rc;
}
