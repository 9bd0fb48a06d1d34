/* kjob controller: run it in the foreground, ask it how it is, end it. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "../controller/controller.h"
#include "../runtime/base/clock.h"
#include "../runtime/base/log.h"
#include "../runtime/base/paths.h"
#include "cmd.h"
#include "controller_cmd.h"
#include "spawn.h"

#define IDLE_SECONDS_DEFAULT "60"

static const struct opt run_options[] = {
    {"ready-fd", 0, OPT_INT, "-1", "FD", NULL, NULL, NULL},
    {"idle-timeout", 0, OPT_INT, NULL, "SECONDS",
	"Leave after this long with nothing to look after (KJOB_IDLE_TIMEOUT); started by hand, it "
	"stays",
	NULL, NULL},
    OPT_END,
};

static const char *const format_choices[] = {"", "json", NULL};

static const struct opt status_options[] = {
    {"output", 'o', OPT_STRING, NULL, "FORMAT", "json", NULL, format_choices},
    OPT_END,
};

/* How long it stays idle: the option, else the environment, else a minute. */
static int idle_seconds(const struct cmd_ctx *ctx, int *ret, bool *given, struct err *e)
{
	const char *env = getenv("KJOB_IDLE_TIMEOUT");
	int64_t n;

	*given = opts_given(&ctx->opts, "idle-timeout") || (env && *env);
	if (opts_given(&ctx->opts, "idle-timeout")) {
		n = opts_int(&ctx->opts, "idle-timeout");
	} else if (str_to_int(env && *env ? env : IDLE_SECONDS_DEFAULT, 0, INT32_MAX, &n) < 0) {
		return err_set(e, ERR_BAD_REQUEST,
		    "KJOB_IDLE_TIMEOUT is not a number of seconds: \"%s\"", env);
	}
	if (n < 0 || n > INT32_MAX)
		return err_set(e, ERR_BAD_REQUEST, "--idle-timeout must be a number of seconds");
	*ret = (int)n;
	return 0;
}

/* KJOB_LOG: from which level on the controller tells what it does. */
static int set_up_log(struct err *e)
{
	const char *name = getenv("KJOB_LOG");
	int level = name && *name ? log_level_parse(name) : LOG_INFO;

	if (level < 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "KJOB_LOG is none of debug, info, warn and error: \"%s\"", name);
	log_setup(STDERR_FILENO, (enum log_level)level);
	return 0;
}

/* What is wrong before the controller itself can say so. */
static int refuse(int ready_fd, const struct err *e)
{
	if (ready_fd >= 0)
		dprintf(ready_fd, "error: %s\n", err_msg(e));
	return -1;
}

static int exec_run(struct cmd_ctx *ctx, struct err *e)
{
	const char *engine = opts_str(&ctx->opts, "engine");
	struct controller_options o = {
	    .engine_spec = *engine ? engine : NULL,
	    .ready_fd = (int)opts_int(&ctx->opts, "ready-fd"),
	};
	bool idle_given;

	if (set_up_log(e) < 0 || idle_seconds(ctx, &o.idle_seconds, &idle_given, e) < 0)
		return refuse(o.ready_fd, e);
	o.stay = o.ready_fd < 0 && !idle_given;
	return controller_run(&o, e);
}

/* A connection to a controller that runs; 1: none does. */
static int open_running(struct cmd_ctx *ctx, struct err *e)
{
	struct client_options o = {.no_start = true, .verbose = (int)opts_int(&ctx->opts, "v")};
	auto_paths p = {0};
	int rc;

	if (paths_init(&p, e) < 0)
		return -1;
	rc = spawn_probe(p.socket, e);
	if (rc <= 0)
		return rc < 0 ? -1 : 1;
	return client_open(&o, &ctx->client, e);
}

static void print_serve(struct out *out, const json *s)
{
	if (json_bool(s, "listening", false))
		out_addf(out, "serves:    %s%s, %" PRId64 " connections\n",
		    json_str_or(s, "server", "?"),
		    json_bool(s, "remote", false) ? " (other machines too)" : "",
		    json_int(s, "connections", 0));
	else
		out_addf(out, "serves:    not now: %s\n", json_str_or(s, "error", "?"));
}

static void print_status(struct out *out, const json *s)
{
	char text[TIME_TEXT_MAX];
	auto_paths p = {0};
	const char *service = paths_init(&p, NULL) < 0 ? NULL : controller_service(&p);

	out_addf(out, "running, pid %" PRId64 ", version %s, for %s\n", json_int(s, "pid", 0),
	    json_str_or(s, "version", "?"), duration_human(text, json_int(s, "uptimeSeconds", 0)));
	out_addf(out, "engine:    %s %s (API %s) at %s, from %s\n",
	    json_str_or(s, "engine.kind", "?"), json_str_or(s, "engine.version", "?"),
	    json_str_or(s, "engine.apiVersion", "?"), json_str_or(s, "engine.address", "?"),
	    json_str_or(s, "engine.source", "?"));
	out_addf(out, "home:      %s\n", json_str_or(s, "home", "?"));
	out_addf(out, "jobs:      %" PRId64 " unfinished\n", json_int(s, "jobs.unfinished", 0));
	out_addf(out, "pods:      %" PRId64 " active\n", json_int(s, "pods.active", 0));
	out_addf(out, "cron jobs: %" PRId64 " active\n", json_int(s, "cronjobs.active", 0));
	if (json_has(s, "serve"))
		print_serve(out, json_get(s, "serve"));
	else if (json_int(s, "idleTimeoutSeconds", 0) > 0)
		out_addf(out, "leaves:    after %" PRId64 " s with nothing to look after\n",
		    json_int(s, "idleTimeoutSeconds", 0));
	if (service)
		out_addf(out, "service:   %s\n", service);
}

static int exec_status(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *status = NULL;
	int rc = open_running(ctx, e);

	if (rc != 0) {
		if (rc > 0)
			out_adds(&ctx->out, "not running\n");
		return rc;
	}
	status = client_get_json(ctx->client, "/kjob/v1/status", e);
	if (!status)
		return -1;
	if (*opts_str(&ctx->opts, "output")) {
		auto_free char *s = json_print_indent(status, 2);

		out_addf(&ctx->out, "%s\n", s);
	} else {
		print_status(&ctx->out, status);
	}
	return 0;
}

int controller_stop(
    struct cmd_ctx *ctx, const struct paths *p, int lock_fd, bool *ret_ran, struct err *e)
{
	auto_json *answer = NULL;
	auto_free char *holder = NULL;
	int rc = open_running(ctx, e);

	*ret_ran = rc == 0;
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	holder = spawn_holder(p);
	answer = client_send_json(ctx->client, "POST", "/kjob/v1/stop", NULL, NULL, e);
	if (!answer)
		return -1;
	/* The connection itself could keep it from leaving. */
	client_close(TAKE(ctx->client));
	return lock_fd < 0 ? spawn_wait_left(p, holder, e) : spawn_await_left(p, holder, e);
}

static int exec_stop(struct cmd_ctx *ctx, struct err *e)
{
	auto_paths p = {0};
	const char *service;
	bool ran;

	if (paths_init(&p, e) < 0 || controller_stop(ctx, &p, -1, &ran, e) < 0)
		return -1;
	out_adds(&ctx->out, ran ? "controller stopped\n" : "no controller is running\n");
	service = controller_service(&p);
	if (service)
		out_addf(&ctx->out,
		    "%s starts it again when you log in next; 'kjob controller enable' does now\n",
		    service);
	return 0;
}

static int exec_controller(struct cmd_ctx *ctx, struct err *e)
{
	if (ctx->argc)
		return cmd_usage_error(
		    ctx, e, "unknown command \"%s\" for \"kjob controller\"", ctx->args[0]);
	help_command(&ctx->out, ctx->cmd);
	return 0;
}

const struct cmd cmd_controller = {
    .name = "controller",
    .usage = "(run | status | stop | enable | disable)",
    .summary = "Run, ask or end the process that looks after jobs",
    .help = "Commands start the controller when it is needed, and it leaves by itself when there "
	    "is nothing to look after. 'controller enable' keeps it for good, so that cron jobs "
	    "outlive a reboot; in a container, run 'controller run' yourself.",
    .group = GROUP_OTHER,
    .place = CMD_HERE,
    .exec = exec_controller,
};

const struct cmd cmd_controller_run = {
    .name = "controller run",
    .usage = "[options]",
    .summary = "Run the controller in the foreground",
    .options = run_options,
    .group = GROUP_OTHER,
    .place = CMD_HERE,
    .exec = exec_run,
};

const struct cmd cmd_controller_status = {
    .name = "controller status",
    .usage = "[options]",
    .summary = "Show whether the controller runs, since when and on which engine",
    .help = "Exit code 1 when it does not run.",
    .options = status_options,
    .group = GROUP_OTHER,
    .place = CMD_HERE,
    .exec = exec_status,
};

const struct cmd cmd_controller_stop = {
    .name = "controller stop",
    .usage = "",
    .summary = "End the controller; unfinished jobs go on when the next command starts it",
    .group = GROUP_OTHER,
    .place = CMD_HERE,
    .exec = exec_stop,
};
