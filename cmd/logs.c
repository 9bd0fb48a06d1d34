/* kjob logs: the output of pods. */
#include <stdio.h>
#include <unistd.h>

#include "../runtime/base/clock.h"
#include "logs_pods.h"
#include "logstream.h"
#include "pod_pick.h"
#include "resources.h"
#include "watcher.h"

#define AGAIN_MS 100

static const struct opt options[] = {
    {"follow", 'f', OPT_BOOL, NULL, NULL, "Go on until the container ends", NULL, NULL},
    {"container", 'c', OPT_STRING, NULL, "NAME", "Of this container", NULL, NULL},
    OPT_ROW_SELECTOR,
    {"all-containers", 0, OPT_BOOL, NULL, NULL, "Of all containers of the pod", NULL, NULL},
    {"all-pods", 0, OPT_BOOL, NULL, NULL, "Of all pods of the object; sets --prefix", NULL, NULL},
    {"prefix", 0, OPT_BOOL, NULL, NULL, "Begin each line with [pod/NAME/CONTAINER]", NULL, NULL},
    {"previous", 'p', OPT_BOOL, NULL, NULL,
	"Of the container's instance before the one that runs, or ran last", NULL, NULL},
    {"tail", 0, OPT_INT, "-1", "N", "The last N lines only (with --selector 10)", NULL, NULL},
    {"since", 0, OPT_DURATION, NULL, "DURATION", "Lines of this last time only, such as 5m", NULL,
	NULL},
    {"since-time", 0, OPT_STRING, NULL, "TIME",
	"Lines from a time on, such as 2026-01-02T03:04:05Z", NULL, NULL},
    {"timestamps", 0, OPT_BOOL, NULL, NULL, "Begin each line with its time", NULL, NULL},
    {"limit-bytes", 0, OPT_INT, NULL, "N", "No more than so many bytes", NULL, NULL},
    {"max-log-requests", 0, OPT_INT, "5", "N", "How many logs are followed at a time at most", NULL,
	NULL},
    {"pod-running-timeout", 0, OPT_DURATION, "20s", "DURATION",
	"How long to wait for a pod, and with --follow for its container, to exist", NULL, NULL},
    {"ignore-errors", 0, OPT_BOOL, NULL, NULL, "Report what cannot be shown and go on", NULL, NULL},
    {"insecure-skip-tls-verify-backend", 0, OPT_BOOL, NULL, NULL, NULL, NULL, NULL},
    OPT_END,
};

/* The log of one container. */
struct log_part {
	char *pod, *container;
	int64_t restarts; /* of the container when it was asked for; -1: it has not begun */
	struct logstream stream;
	bool done;
	struct watcher watch; /* waits for the container's beginning */
	bool waiting, begun;
	struct timer timer; /* wakes the loop: when it waited long enough */
	int64_t again_ms;   /* how long to wait before asking again */
};

struct logs {
	struct cmd_ctx *ctx;
	struct client *client;
	struct outlet outlet;
	bool follow, prefix;
	int64_t tail;
	char *since_time; /* of --since, fixed, so that following can be taken up again */
	struct log_part *parts;
	size_t len, cap;
};

/* ---- usage ---- */

static int check_numbers(const struct opts *o, struct err *e)
{
	if (opts_given(o, "since") && *opts_str(o, "since-time"))
		return err_set(e, ERR_BAD_REQUEST,
		    "at most one of `sinceTime` or `sinceSeconds` may be specified");
	if (opts_given(o, "since") && opts_duration_ns(o, "since") <= 0)
		return err_set(e, ERR_BAD_REQUEST, "--since must be greater than 0");
	if (opts_given(o, "limit-bytes") && opts_int(o, "limit-bytes") <= 0)
		return err_set(e, ERR_BAD_REQUEST, "--limit-bytes must be greater than 0");
	if (opts_int(o, "tail") < -1)
		return err_set(e, ERR_BAD_REQUEST, "--tail must be greater than or equal to -1");
	if (opts_int(o, "max-log-requests") <= 0)
		return err_set(e, ERR_BAD_REQUEST, "--max-log-requests must be greater than 0");
	return 0;
}

static int check_usage(const struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;
	const char *container = opts_str(o, "container");

	if (ctx->argc && *opts_str(o, "selector"))
		return cmd_usage_error(ctx, e, "only a selector (-l) or a POD name is allowed");
	if ((ctx->argc == 0 && !*opts_str(o, "selector")) || ctx->argc > 2)
		return cmd_usage_error(ctx, e,
		    "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME "
		    "is a "
		    "required argument for the logs command");
	if (ctx->argc == 2 && *container)
		return cmd_usage_error(
		    ctx, e, "only one of -c or an inline [CONTAINER] arg is allowed");
	if (ctx->argc == 2)
		container = ctx->args[1];
	if (opts_bool(o, "all-containers") && *container)
		return cmd_usage_error(ctx, e,
		    "--all-containers=true should not be specified with container name %s",
		    container);
	return check_numbers(o, e);
}

/* ---- which pods ---- */

/* It only wakes the loop: what waited sees that it is unset. */
static void timer_due(void *arg)
{
}

static int add_pod(struct logs *l, const json *pod, struct err *e)
{
	struct logs_choice choice = {
	    .container = l->ctx->argc == 2 ? l->ctx->args[1] : opts_str(&l->ctx->opts, "container"),
	    .all_containers = opts_bool(&l->ctx->opts, "all-containers"),
	};
	auto_strlist names = {0};
	auto_free char *note = NULL;

	if (logs_containers(pod, &choice, &names, &note, e) < 0)
		return -1;
	if (note)
		fprintf(stderr, "%s\n", note);
	for (size_t i = 0; i < names.len; i++) {
		struct log_part *part;

		GROW(l->parts, l->cap, l->len + 1);
		part = &l->parts[l->len++];
		memset(part, 0, sizeof(*part));
		part->pod = xstrdup(json_str_or(pod, "metadata.name", ""));
		part->container = xstrdup(names.items[i]);
		part->restarts = -1;
		part->timer = (struct timer){.name = "log", .fn = timer_due};
	}
	return 0;
}

static int add_all_pods(struct logs *l, const json *list, struct err *e)
{
	json_for (pod, json_get(list, "items"))
		if (add_pod(l, pod, e) < 0)
			return -1;
	return 0;
}

static int add_by_selector(struct logs *l, struct err *e)
{
	auto_json *list = pods_list(l->ctx, opts_str(&l->ctx->opts, "selector"), e);

	if (!list)
		return -1;
	if (!json_len(json_get(list, "items")))
		fprintf(stderr, "No resources found in %s namespace.\n", l->ctx->ns);
	return add_all_pods(l, list, e);
}

/* A missing pod, in the words of kubectl logs. */
static int pod_error(const struct logs *l, const char *name, struct err *e)
{
	if (e->reason != ERR_NOT_FOUND || !err_is_status(e))
		return -1;
	return err_set(e, ERR_NOT_FOUND,
	    "error from server (NotFound): pods \"%s\" not found in namespace \"%s\"", name,
	    l->ctx->ns);
}

static int add_by_name(struct logs *l, const char *name, struct err *e)
{
	auto_buf path = {0};
	auto_json *pod = NULL;

	pods_path(l->ctx->ns, NULL, &path);
	buf_addch(&path, '/');
	http_escape(&path, name);
	pod = client_get_json(l->client, buf_str(&path), e);
	return pod ? add_pod(l, pod, e) : pod_error(l, name, e);
}

static int add_of_owner(struct logs *l, const struct target *t, struct err *e)
{
	auto_buf path = {0};
	auto_json *owner = NULL, *list = NULL;
	auto_free char *selector = NULL;
	const json *items, *best;

	resource_path(t->resource, l->ctx->ns, t->name, NULL, &path);
	owner = client_get_json(l->client, buf_str(&path), e);
	if (!owner)
		return -1;
	selector = pod_pick_selector(owner, t->resource, "get the logs from", e);
	if (!selector)
		return -1;
	list =
	    pods_wait(l->ctx, selector, opts_duration_ns(&l->ctx->opts, "pod-running-timeout"), e);
	items = json_get(list, "items");
	if (!list || opts_bool(&l->ctx->opts, "all-pods"))
		return list ? add_all_pods(l, list, e) : -1;
	best = logs_best_pod(items);
	if (json_len(items) > 1)
		fprintf(stderr, "Found %zu pods, using pod/%s\n", json_len(items),
		    json_str_or(best, "metadata.name", ""));
	return add_pod(l, best, e);
}

static int add_parts(struct logs *l, struct err *e)
{
	auto_targets targets = {0};

	if (l->ctx->argc == 0)
		return add_by_selector(l, e);
	if (!strchr(l->ctx->args[0], '/'))
		return add_by_name(l, l->ctx->args[0], e);
	if (targets_parse(l->ctx, l->ctx->args, 1, "pods", &targets, e) < 0)
		return -1;
	if (str_eq(targets.items[0].resource->kind, "Pod"))
		return add_by_name(l, targets.items[0].name, e);
	return add_of_owner(l, &targets.items[0], e);
}

/* ---- one log ---- */

static char *log_path(const struct logs *l, const struct log_part *part)
{
	const struct opts *o = &l->ctx->opts;
	auto_buf path = {0};

	pods_path(l->ctx->ns, NULL, &path);
	buf_addf(&path, "/%s/log", part->pod);
	query_add(&path, "container", part->container);
	query_add(&path, "follow", l->follow ? "true" : NULL);
	query_add(&path, "previous", opts_bool(o, "previous") ? "true" : NULL);
	query_add(&path, "timestamps", opts_bool(o, "timestamps") ? "true" : NULL);
	query_add(&path, "sinceTime", l->since_time ? l->since_time : opts_str(o, "since-time"));
	if (opts_given(o, "since") && !l->since_time)
		query_addf(&path, "sinceSeconds", "%lld",
		    (long long)((opts_duration_ns(o, "since") + NSEC_PER_SEC - 1) / NSEC_PER_SEC));
	if (l->tail >= 0)
		query_addf(&path, "tailLines", "%lld", (long long)l->tail);
	if (opts_given(o, "limit-bytes"))
		query_addf(&path, "limitBytes", "%lld", (long long)opts_int(o, "limit-bytes"));
	return buf_take(&path);
}

static void start_part(struct logs *l, struct log_part *part)
{
	auto_free char *path = log_path(l, part);
	auto_free char *prefix =
	    l->prefix ? xasprintf("[pod/%s/%s] ", part->pod, part->container) : NULL;

	logstream_start(&part->stream, l->client, &l->outlet, path, prefix, false);
	part->stream.no_resume = l->follow && l->tail >= 0 && !part->stream.stamped;
}

/* "running", "terminated" or neither; the number of the instance that is. */
static const json *part_status(const struct log_part *part, const json *pod)
{
	static const char *const lists[] = {"status.containerStatuses",
	    "status.initContainerStatuses", "status.ephemeralContainerStatuses"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (s, json_path(pod, lists[i]))
			if (str_eq(json_str(s, "name"), part->container))
				return s;
	return NULL;
}

static void on_pod(void *ctx, const char *type, const json *pod)
{
	struct log_part *part = ctx;
	const json *status = part_status(part, pod);

	if (str_eq(type, "DELETED") || json_has(status, "state.running") ||
	    json_has(status, "state.terminated") || json_has(status, "lastState.terminated"))
		part->begun = true;
}

/* -f of a container that has not begun: it is waited for. */
static void wait_for_begin(struct logs *l, struct log_part *part)
{
	int64_t limit = opts_duration_ns(&l->ctx->opts, "pod-running-timeout") / NSEC_PER_MSEC;
	auto_buf path = {0};

	pods_path(l->ctx->ns, NULL, &path);
	query_addf(&path, "fieldSelector", "metadata.name=%s", part->pod);
	part->waiting = true;
	timer_set(client_loop(l->client), &part->timer, limit);
	watcher_start(&part->watch, l->client, buf_str(&path), NULL);
}

static int pump_wait(struct logs *l, struct log_part *part, struct err *e)
{
	if (watcher_pump(&part->watch, on_pod, part, e) < 0)
		return -1;
	if (part->begun) {
		watcher_stop(&part->watch);
		logstream_stop(&part->stream);
		timer_cancel(client_loop(l->client), &part->timer);
		part->waiting = false;
		start_part(l, part);
	} else if (!timer_is_set(&part->timer)) {
		err_move(e, &part->stream.err);
		return -1;
	}
	return 0;
}

/* Whether the container, and the same instance of it, runs on. */
static bool runs_on(struct logs *l, struct log_part *part, struct err *e)
{
	auto_buf path = {0};
	auto_json *pod = NULL;
	const json *status;
	int64_t restarts;

	pods_path(l->ctx->ns, NULL, &path);
	buf_addf(&path, "/%s", part->pod);
	pod = client_get_json(l->client, buf_str(&path), e);
	err_clear(e); /* gone: so is its log */
	status = part_status(part, pod);
	restarts = json_int(status, "restartCount", 0);
	if (!json_has(status, "state.running") ||
	    (part->restarts >= 0 && part->restarts != restarts))
		return false;
	part->restarts = restarts;
	return true;
}

/*
 * A followed log has ended. When its container runs on, the controller ended and not the log: the
 * next one goes on with it, as soon as it has found the container.
 */
static void pump_ended(struct logs *l, struct log_part *part, struct err *e)
{
	bool again = part->again_ms > 0;

	if (timer_is_set(&part->timer))
		return;
	if (!l->follow || !part->stream.from_kjob || part->stream.no_resume) {
		part->done = true;
	} else if (again) {
		part->again_ms = 0;
		logstream_reopen(&part->stream);
	} else if (runs_on(l, part, e)) {
		part->again_ms = AGAIN_MS;
		timer_set(client_loop(l->client), &part->timer, AGAIN_MS);
	} else {
		part->done = true;
	}
}

static int part_failed(struct logs *l, struct log_part *part, struct err *e)
{
	if (l->follow && !part->begun && part->stream.err.reason == ERR_BAD_REQUEST &&
	    strstr(err_msg(&part->stream.err), "waiting to start")) {
		wait_for_begin(l, part);
		return 0;
	}
	err_move(e, &part->stream.err);
	if (part->stream.no_resume && e->reason == ERR_UNAVAILABLE)
		err_set(e, ERR_UNAVAILABLE,
		    "the connection was lost; a log that is followed from its tail cannot be gone "
		    "on with: ask again");
	if (!opts_bool(&l->ctx->opts, "ignore-errors"))
		return -1;
	cmd_report(l->ctx, e);
	l->ctx->failed = 0;
	part->done = true;
	return 0;
}

static int pump_part(struct logs *l, struct log_part *part, struct err *e)
{
	if (part->waiting)
		return pump_wait(l, part, e);
	switch (part->stream.state) {
	case LOGSTREAM_BROKEN:
		logstream_pump(&part->stream);
		break;
	case LOGSTREAM_ENDED:
		pump_ended(l, part, e);
		break;
	case LOGSTREAM_FAILED:
		return part_failed(l, part, e);
	case LOGSTREAM_IDLE:
	case LOGSTREAM_OPEN:
		break;
	}
	return 0;
}

/* ---- all of them ---- */

static bool all_done(const struct logs *l, size_t from, size_t count)
{
	for (size_t i = from; i < from + count; i++)
		if (!l->parts[i].done)
			return false;
	return true;
}

static int show_parts(struct logs *l, size_t from, size_t count, struct err *e)
{
	for (size_t i = from; i < from + count; i++)
		start_part(l, &l->parts[i]);
	while (!l->outlet.error) {
		for (size_t i = from; i < from + count; i++)
			if (!l->parts[i].done && pump_part(l, &l->parts[i], e) < 0)
				return -1;
		if (all_done(l, from, count))
			break;
		client_turn(l->client);
	}
	return 0;
}

static int show_all(struct logs *l, struct err *e)
{
	int64_t most = opts_int(&l->ctx->opts, "max-log-requests");

	if (l->follow && l->len > 1) {
		if ((int64_t)l->len > most)
			return err_set(e, ERR_BAD_REQUEST,
			    "you are attempting to follow %zu log streams, but maximum allowed "
			    "concurrency is "
			    "%lld, use --max-log-requests to increase the limit",
			    l->len, (long long)most);
		return show_parts(l, 0, l->len, e);
	}
	for (size_t i = 0; i < l->len && !l->outlet.error; i++)
		if (show_parts(l, i, 1, e) < 0)
			return -1;
	return 0;
}

static void logs_release(struct logs *l)
{
	for (size_t i = 0; i < l->len; i++) {
		logstream_stop(&l->parts[i].stream);
		watcher_stop(&l->parts[i].watch);
		timer_cancel(client_loop(l->client), &l->parts[i].timer);
		free(l->parts[i].pod);
		free(l->parts[i].container);
	}
	free(l->parts);
	free(l->since_time);
}

static int exec_logs(struct cmd_ctx *ctx, struct err *e)
{
	const struct opts *o = &ctx->opts;
	struct logs l = {
	    .ctx = ctx,
	    .outlet = {.out_fd = STDOUT_FILENO, .err_fd = STDERR_FILENO},
	    .follow = opts_bool(o, "follow"),
	    .prefix = opts_bool(o, "prefix") || opts_bool(o, "all-pods"),
	    .tail = opts_int(o, "tail"),
	};
	int rc;

	if (check_usage(ctx, e) < 0)
		return -1;
	if (l.tail == -1 && !opts_given(o, "tail") && *opts_str(o, "selector"))
		l.tail = 10;
	if (l.follow && opts_given(o, "since")) {
		char text[TIME_TEXT_MAX];

		l.since_time =
		    xstrdup(time_format_nano(text, clock_wall_ns() - opts_duration_ns(o, "since")));
	}
	l.client = cmd_client(ctx, e);
	rc = l.client ? add_parts(&l, e) : -1;
	if (rc == 0)
		rc = show_all(&l, e);
	ctx->out.error = l.outlet.error;
	logs_release(&l);
	return rc;
}

const struct cmd cmd_logs = {
    .name = "logs",
    .usage = "(POD | TYPE/NAME | -l SELECTOR) [CONTAINER] [options]",
    .summary = "Show what a pod printed",
    .help = "For job/NAME one of its pods is chosen, running or ended before waiting; --all-pods "
	    "shows them all. With --follow, a container that has not begun is waited for.",
    .examples = "# The output of a Job\n"
		"kjob logs job/hello\n\n"
		"# Go on while it runs, all pods\n"
		"kjob logs -f --all-pods job/batch\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_logs,
};
