#include "controller.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/base/clock.h"
#include "../runtime/base/log.h"
#include "../runtime/base/os.h"
#include "../runtime/base/paths.h"
#include "loops/cronjobs.h"
#include "loops/gc.h"
#include "loops/janitor.h"
#include "loops/jobs.h"
#include "loops/namespaces.h"
#include "loops/node.h"
#include "loops/services.h"
#include "loops/ttl.h"
#include "server/server.h"

#define IDLE_DEFAULT_SECONDS 60
#define IDLE_CHECK_MS 1000
/* After this long with nothing to do, memory is given back, once. */
#define QUIET_MS 2000
/* How long open requests and the removal of containers may take when the controller stops. */
#define DRAIN_MS 5000
#define DRAIN_CHECK_MS 20
/* Rounds of the loops in one turn; what is left then waits for the next turn, so that clients are
 * served. */
#define ROUNDS_MAX 16

/* The root of all state. */
struct controller {
	const struct controller_options *options;
	struct paths paths;
	int pid_fd;
	char *node_name;
	struct loop *loop;
	struct store *store;
	struct engine_addr addr;
	struct loops_env env;
	struct pods *pods;
	struct jobs *jobs;
	struct cronjobs *cronjobs;
	struct services *services;
	struct gc *gc;
	struct namespaces *namespaces;
	struct ttl *ttl;
	struct janitor *janitor;
	struct server *server;
	struct loop_signal *signals[2];
	struct timer idle_timer, drain_timer, lease_timer;
	int idle_seconds;
	int64_t started_ms, busy_ms;
	bool gave_back;      /* memory, since it was last busy */
	int64_t stopping_ms; /* when it began to stop; 0: it does not */
};

/* ---- one controller an instance ---- */

static int lock_instance(struct controller *c, struct err *e)
{
	char text[32];
	int n;

	c->pid_fd = open(c->paths.pid_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (c->pid_fd < 0)
		return err_sys(e, errno, "cannot open %s", c->paths.pid_file);
	if (flock(c->pid_fd, LOCK_EX | LOCK_NB) < 0) {
		ssize_t got = read(c->pid_fd, text, sizeof(text) - 1);

		text[got > 0 ? got : 0] = '\0';
		text[strcspn(text, "\n")] = '\0';
		return err_set(e, ERR_ALREADY_EXISTS,
		    "a controller of this instance is running already (pid %s)", text);
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(c->pid_fd, 0) < 0 || write(c->pid_fd, text, (size_t)n) != n)
		return err_sys(e, errno, "cannot write %s", c->paths.pid_file);
	return 0;
}

static void tell_ready(const struct controller_options *o, const struct err *err)
{
	auto_free char *text = err ? xasprintf("error: %s\n", err_msg(err)) : xstrdup("ready\n");

	if (o->ready_fd < 0)
		return;
	if (write(o->ready_fd, text, strlen(text)) < 0)
		log_warn("nobody waits for the controller to be ready");
	close(o->ready_fd);
}

/* ---- one engine an instance ---- */

/* Our own Podman service and a socket of Podman's lead to the same containers. */
static char *engine_text(const struct engine_addr *a)
{
	if (a->kind == ENGINE_PODMAN && a->service_pid > 0)
		return xstrdup("podman");
	return a->socket ? xasprintf("unix://%s", a->socket) : xstrdup(a->tcp);
}

static bool any_row(void *ctx, const struct store_row *row)
{
	*(bool *)ctx = true;
	return false;
}

/* The pods of an instance have their containers on one engine: another one would not find them. */
static int bind_engine(struct controller *c, struct err *e)
{
	struct store_query pods = {.kind = kind_by_id(KIND_POD), .limit = 1};
	auto_free char *now = engine_text(&c->addr), *before = store_engine(c->store);
	bool used = false;

	if (str_eq(now, before))
		return 0;
	if (before && store_list(c->store, &pods, any_row, &used, NULL, e) < 0)
		return -1;
	if (used)
		return err_set(e, ERR_CONFLICT,
		    "the pods of this instance (%s) are on the engine at %s, not at %s: start that "
		    "engine or name it with "
		    "--engine, or set KJOB_HOME to another folder for a second instance",
		    c->paths.state_dir, before, now);
	return store_set_engine(c->store, now, e);
}

/* ---- the end of a turn ---- */

static void turn_reconcile(void *arg)
{
	struct controller *c = arg;

	for (int i = 0; i < ROUNDS_MAX; i++) {
		bool any = gc_reconcile(c->gc);

		any |= namespaces_reconcile(c->namespaces);
		any |= cronjobs_reconcile(c->cronjobs);
		any |= jobs_reconcile(c->jobs);
		any |= ttl_reconcile(c->ttl);
		any |= services_reconcile(c->services);
		any |= pods_reconcile(c->pods);
		if (!any)
			return;
	}
	loop_wake(c->loop);
}

static void turn_commit(void *arg)
{
	struct controller *c = arg;
	auto_err e = {0};
	bool failed;

	pods_flush(c->pods);
	failed = store_commit(c->store, &e) < 0;
	if (failed)
		log_error("%s", err_msg(&e));
	server_after_commit(c->server, failed ? &e : NULL);
}

/* ---- stopping ---- */

/* Open requests get to their end, and containers that were to be removed go. */
static void check_drained(void *arg)
{
	struct controller *c = arg;
	size_t removals =
	    pods_hurry_removals(c->pods) + services_drain(c->services, pods_active(c->pods) > 0);

	if ((removals == 0 && server_clients(c->server) == 0) ||
	    clock_mono_ms() - c->stopping_ms > DRAIN_MS)
		loop_stop(c->loop);
	else
		timer_set(c->loop, &c->drain_timer, DRAIN_CHECK_MS);
}

static void stop(struct controller *c, const char *why)
{
	if (c->stopping_ms)
		return;
	c->stopping_ms = clock_mono_ms();
	log_info("stopping: %s", why);
	server_drain(c->server);
	c->drain_timer = (struct timer){.name = "drain", .fn = check_drained, .arg = c};
	timer_set(c->loop, &c->drain_timer, 0);
}

static void on_signal(void *arg, int signo)
{
	stop(arg, signo == SIGINT ? "SIGINT" : "SIGTERM");
}

static void on_stop_request(void *ctx)
{
	stop(ctx, "asked to");
}

static bool is_busy(const struct controller *c)
{
	return jobs_unfinished(c->jobs) > 0 || pods_active(c->pods) > 0 ||
	       cronjobs_active(c->cronjobs) > 0 || server_clients(c->server) > 0 ||
	       server_has_tls(c->server);
}

static void check_idle(void *arg)
{
	struct controller *c = arg;
	int64_t now = clock_mono_ms(), last = server_last_activity_ms(c->server);

	if (is_busy(c))
		c->busy_ms = now;
	if (last < c->busy_ms)
		last = c->busy_ms;
	if (now - last < QUIET_MS) {
		c->gave_back = false;
	} else if (!c->gave_back) {
		os_give_back_memory();
		c->gave_back = true;
	}
	if (!c->options->stay && now - last >= (int64_t)c->idle_seconds * 1000 &&
	    !ttl_is_near(c->ttl, c->idle_seconds))
		stop(c, "idle");
	else
		timer_set(c->loop, &c->idle_timer, IDLE_CHECK_MS);
}

/* kubectl and other clients ask whether the node lives; kjob does not. */
static void renew_lease(void *arg)
{
	struct controller *c = arg;

	if (server_has_tls(c->server))
		node_renew_lease(&c->env);
	timer_set(c->loop, &c->lease_timer, NODE_RENEW_MS);
}

/* ---- GET /kjob/v1/status ---- */

static json *status(void *ctx)
{
	struct controller *c = ctx;
	json *s = json_new_object(), *engine;

	json_set_int(s, "pid", getpid());
	json_set_str(s, "version", KJOB_VERSION);
	json_set_int(s, "uptimeSeconds", (clock_mono_ms() - c->started_ms) / 1000);
	engine = json_obj(s, "engine");
	json_set_str(engine, "kind", c->addr.kind == ENGINE_PODMAN ? "podman" : "docker");
	json_set_str(engine, "version", c->addr.version);
	json_set_str(engine, "apiVersion", c->addr.api_version);
	json_set_str(engine, "address", c->addr.socket ? c->addr.socket : c->addr.tcp);
	json_set_str(engine, "source", c->addr.source);
	json_set_bool(engine, "reachable", pods_engine_up(c->pods));
	json_set_str(s, "instance", store_instance(c->store));
	json_set_str(s, "home", c->paths.state_dir);
	json_set_int(json_obj(s, "jobs"), "unfinished", (int64_t)jobs_unfinished(c->jobs));
	json_set_int(json_obj(s, "pods"), "active", (int64_t)pods_active(c->pods));
	json_set_int(json_obj(s, "cronjobs"), "active", (int64_t)cronjobs_active(c->cronjobs));
	if (server_has_tls(c->server))
		json_set(s, "serve", server_tls_status(c->server));
	json_set_int(s, "clients", (int64_t)server_clients(c->server));
	json_set_int(s, "idleTimeoutSeconds", c->options->stay ? 0 : c->idle_seconds);
	return s;
}

/* ---- start ---- */

static int start_server(struct controller *c, struct err *e)
{
	static const struct server_pods_ops ops = {
	    .find_log = pods_find_log,
	    .find_attempt_log = pods_find_attempt_log,
	    .follow_log = pods_follow_log,
	    .follow_live = log_follow_live,
	    .follow_stop = log_follow_stop,
	    .stdin_open = pods_stdin_open,
	    .stdin_write = pods_stdin_write,
	    .stdin_close = pods_stdin_close,
	    .tty_resize = pods_tty_resize,
	    .dial = pods_dial,
	    .dial_write = pod_dial_write,
	    .dial_end = pod_dial_end,
	    .dial_resume = pod_dial_resume,
	    .dial_free = pod_dial_free,
	};
	struct server_deps deps = {
	    .loop = c->loop,
	    .store = c->store,
	    .engine = c->env.engine,
	    .pods = c->pods,
	    .pods_ops = &ops,
	    .version = KJOB_VERSION,
	    .state_dir = c->paths.state_dir,
	    .status = status,
	    .stop = on_stop_request,
	    .ctx = c,
	};

	c->server = server_new(&deps);
	if (server_listen_unix(c->server, c->paths.socket, e) < 0)
		return -1;
	server_resume_tls(c->server);
	return 0;
}

/*
 * A rootful engine's networks are this machine's. Those of a rootless one, or in a virtual machine,
 * are not; its socket is the user's.
 */
static bool pods_are_routed(const struct engine_addr *a)
{
	struct stat st;

	return a->socket && engine_addr_is_local(a) && (geteuid() == 0 || a->service_pid == 0) &&
	       stat(a->socket, &st) == 0 && st.st_uid == 0;
}

static int start_loops(struct controller *c, struct err *e)
{
	c->env = (struct loops_env){
	    .loop = c->loop,
	    .store = c->store,
	    .engine = engine_new(c->loop, &c->addr),
	    .recorder = recorder_new(c->store),
	    .logs_dir = c->paths.logs_dir,
	    .node_name = c->node_name,
	    .engine_version = c->addr.version,
	    .engine_cpus = sysconf(_SC_NPROCESSORS_ONLN),
	    .engine_local = engine_addr_is_local(&c->addr),
	    .pods_routed = pods_are_routed(&c->addr),
	};
	c->services = c->env.services = services_new(&c->env);
	c->pods = pods_new(&c->env);
	services_set_pods(
	    c->services, &(struct services_pods){pods_services_up, pods_use_services, c->pods});
	c->jobs = jobs_new(&c->env, c->pods);
	c->cronjobs = cronjobs_new(&c->env);
	c->gc = gc_new(&c->env);
	c->namespaces = namespaces_new(&c->env);
	c->ttl = ttl_new(&c->env);
	c->janitor = janitor_new(&c->env);
	if (node_start(&c->env, e) < 0 || services_start(c->services, e) < 0 ||
	    pods_start(c->pods, e) < 0 || jobs_start(c->jobs, e) < 0 ||
	    cronjobs_start(c->cronjobs, e) < 0)
		return -1;
	if (gc_start(c->gc, e) < 0 || namespaces_start(c->namespaces, e) < 0)
		return -1;
	return ttl_start(c->ttl, e);
}

static int start(struct controller *c, struct err *e)
{
	if (paths_init(&c->paths, e) < 0 || paths_make(&c->paths, e) < 0 || lock_instance(c, e) < 0)
		return -1;
	c->loop = loop_new();
	c->node_name = node_name();
	c->started_ms = c->busy_ms = clock_mono_ms();
	c->idle_seconds =
	    c->options->idle_seconds > 0 ? c->options->idle_seconds : IDLE_DEFAULT_SECONDS;
	c->store = store_open(c->paths.database, e);
	if (!c->store ||
	    engine_find(c->options->engine_spec, c->paths.runtime_dir, &c->addr, e) < 0)
		return -1;
	if (bind_engine(c, e) < 0)
		return -1;
	log_info("engine: %s %s from %s", c->addr.kind == ENGINE_PODMAN ? "Podman" : "Docker",
	    c->addr.version, c->addr.source);
	if (start_loops(c, e) < 0 || start_server(c, e) < 0)
		return -1;
	c->signals[0] = loop_signal_new(c->loop, SIGTERM, on_signal, c);
	c->signals[1] = loop_signal_new(c->loop, SIGINT, on_signal, c);
	loop_at_turn_end(c->loop, "reconcile", turn_reconcile, c);
	loop_at_turn_end(c->loop, "commit", turn_commit, c);
	c->idle_timer = (struct timer){.name = "idle", .fn = check_idle, .arg = c};
	timer_set(c->loop, &c->idle_timer, IDLE_CHECK_MS);
	c->lease_timer = (struct timer){.name = "lease", .fn = renew_lease, .arg = c};
	timer_set(c->loop, &c->lease_timer, NODE_RENEW_MS);
	return 0;
}

static void finish(struct controller *c)
{
	for (size_t i = 0; i < ARRAY_LEN(c->signals); i++)
		if (c->signals[i])
			loop_signal_free(c->signals[i]);
	server_free(c->server);
	janitor_free(c->janitor);
	ttl_free(c->ttl);
	namespaces_free(c->namespaces);
	gc_free(c->gc);
	cronjobs_free(c->cronjobs);
	jobs_free(c->jobs);
	pods_free(c->pods);
	services_free(c->services);
	recorder_free(c->env.recorder);
	if (c->env.engine)
		engine_free(c->env.engine);
	store_close(c->store);
	engine_addr_stop(&c->addr);
	engine_addr_release(&c->addr);
	if (c->loop)
		loop_free(c->loop);
	if (c->pid_fd >= 0)
		close(c->pid_fd);
	paths_release(&c->paths);
	free(c->node_name);
}

int controller_run(const struct controller_options *o, struct err *e)
{
	struct controller c = {.options = o, .pid_fd = -1};
	int rc = start(&c, e);

	tell_ready(o, rc < 0 ? e : NULL);
	if (rc == 0) {
		log_info("ready: %s", c.paths.socket);
		loop_run(c.loop);
	}
	finish(&c);
	return rc;
}
