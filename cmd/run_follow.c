/*
 * run: from the created object to the exit code.
 *
 * One watch on the pods and one on the Job feed the facts (run_state.h); each pod's log is opened
 * as soon as it has one. The run is over when the verdict is known and all output was shown.
 * Nothing is polled.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "../runtime/base/clock.h"
#include "pod_pick.h"
#include "run.h"
#include "session.h"
#include "terminal.h"

static void hide_progress(void *ctx)
{
	progress_end(ctx);
}

static void running_due(void *arg)
{
	struct run *r = arg;

	r->running_timed_out = !r->was_running;
}

/* ---- beginning and end ---- */

static void start_watches(struct run *r)
{
	auto_buf pods = {0}, jobs = {0};

	pods_path(r->ctx->ns, NULL, &pods);
	if (!r->facts.shape.is_job) {
		query_addf(&pods, "fieldSelector", "metadata.name=%s", r->name);
		watcher_start(&r->pod_watch, r->client, buf_str(&pods), r->version);
		return;
	}
	query_addf(&pods, "labelSelector", "batch.kubernetes.io/controller-uid=%s", r->uid);
	watcher_start(&r->pod_watch, r->client, buf_str(&pods), r->version);
	resource_path(r->resource, r->ctx->ns, NULL, NULL, &jobs);
	query_addf(&jobs, "fieldSelector", "metadata.name=%s", r->name);
	watcher_start(&r->job_watch, r->client, buf_str(&jobs), r->version);
}

static void begin(
    struct run *r, struct cmd_ctx *ctx, const struct resource *resource, const json *created)
{
	int64_t limit_ns = opts_duration_ns(&ctx->opts, "pod-running-timeout");

	memset(r, 0, sizeof(*r));
	r->ctx = ctx;
	r->client = ctx->client;
	r->resource = resource;
	r->name = xstrdup(json_str_or(created, "metadata.name", ""));
	r->uid = xstrdup(json_str_or(created, "metadata.uid", ""));
	r->version = xstrdup(json_str_or(created, "metadata.resourceVersion", ""));
	r->facts.last_code = r->facts.first_failure = -1;
	run_shape_of(created, &r->facts.shape);
	r->tty = opts_bool(&ctx->opts, "stdin") && terminal_is() &&
		 json_bool(run_container(created), "tty", false);
	r->outlet = (struct outlet){.out_fd = STDOUT_FILENO,
	    .err_fd = STDERR_FILENO,
	    .interrupted = interrupt_signal(),
	    .before = hide_progress,
	    .ctx = &r->progress};
	progress_init(&r->progress, !opts_bool(&ctx->opts, "quiet"));
	progress_set(&r->progress, "waiting for pod…");
	r->running_timer =
	    (struct timer){.name = "pod running timeout", .fn = running_due, .arg = r};
	if (limit_ns > 0)
		timer_set(client_loop(r->client), &r->running_timer, limit_ns / NSEC_PER_MSEC);
	start_watches(r);
}

static void end(struct run *r)
{
	progress_end(&r->progress);
	while (r->pods) {
		struct run_pod *p = r->pods;

		r->pods = p->next;
		run_pod_free(p);
	}
	watcher_stop(&r->pod_watch);
	watcher_stop(&r->job_watch);
	timer_cancel(client_loop(r->client), &r->running_timer);
	r->ctx->out.error = r->outlet.error;
	free(r->name);
	free(r->uid);
	free(r->version);
	free(r->trouble);
}

/* ---- news ---- */

static void on_pod(void *ctx, const char *type, const json *pod)
{
	run_pod_news(ctx, type, pod);
}

static void on_job(void *ctx, const char *type, const json *job)
{
	struct run *r = ctx;
	const char *reason, *message;

	/* A list without it follows, or this is it: then it is gone. */
	if (str_eq(type, WATCHER_RELIST)) {
		r->facts.job = r->facts.job == RUN_GOES_ON ? RUN_DELETED : r->facts.job;
		return;
	}
	if (!str_eq(json_str(job, "metadata.uid"), r->uid))
		return;
	r->facts.job = run_end_of(job, &reason, &message);
	r->facts.job_timed_out = str_eq(reason, "DeadlineExceeded");
	if (r->facts.job == RUN_GOES_ON && str_eq(type, "DELETED"))
		r->facts.job = RUN_DELETED;
}

/* At the end of a Job all of its pods must be known, also those whose news are still on their way.
 */
static int list_pods(struct run *r, struct err *e)
{
	auto_json *list = client_get_json(r->client, r->pod_watch.path, e);

	if (!list)
		return -1;
	run_pod_news(r, WATCHER_RELIST, NULL);
	json_for (it, json_get(list, "items"))
		run_pod_news(r, "ADDED", it);
	run_pods_count_gone(r);
	r->listed = true;
	return 0;
}

static bool needs_list(const struct run *r)
{
	bool known = r->facts.shape.pod_tells && r->facts.pod_ended;

	return r->facts.shape.is_job && r->facts.job != RUN_GOES_ON && !r->listed && !known;
}

static int pump(struct run *r, struct err *e)
{
	if (watcher_pump(&r->pod_watch, on_pod, r, e) < 0 ||
	    watcher_pump(&r->job_watch, on_job, r, e) < 0)
		return -1;
	if (needs_list(r) && list_pods(r, e) < 0)
		return -1;
	for (struct run_pod *p = r->pods; p; p = p->next)
		if (run_pod_pump(p, e) < 0)
			return -1;
	return 0;
}

static bool all_shown(const struct run *r)
{
	for (const struct run_pod *p = r->pods; p; p = p->next)
		if (!run_pod_done(p))
			return false;
	return true;
}

/* ---- ending it before its time ---- */

int run_delete(struct client *c, const struct resource *r, const char *ns, const char *name,
    const char *uid, const char *propagation, struct err *e)
{
	auto_buf path = {0};
	auto_json *options = object_new("v1", "DeleteOptions", NULL), *answer = NULL;

	json_set_str(options, "propagationPolicy", propagation);
	if (uid)
		json_set_path(options, "preconditions.uid", json_new_string(uid));
	resource_path(r, ns, name, NULL, &path);
	answer = client_send_json(c, "DELETE", buf_str(&path), NULL, options, e);
	if (answer)
		return 0;
	/* Gone, or another one of that name. */
	if (err_is_status(e) && (e->reason == ERR_NOT_FOUND || e->reason == ERR_CONFLICT)) {
		err_clear(e);
		return 0;
	}
	return -1;
}

static int delete_run(struct run *r, struct err *e)
{
	r->deleted = true;
	return run_delete(r->client, r->resource, r->ctx->ns, r->name, r->uid, "Background", e);
}

static bool all_gone(const struct run *r)
{
	for (const struct run_pod *p = r->pods; p; p = p->next)
		if (!p->gone)
			return false;
	return true;
}

/* After the first signal: the object goes, then its pods, which have their grace time. */
static int stop(struct run *r, struct err *e)
{
	if (isatty(STDERR_FILENO) && !opts_bool(&r->ctx->opts, "quiet")) {
		progress_end(&r->progress);
		fputs("stopping… press Ctrl-C again to leave at once\n", stderr);
	}
	r->stopping = true;
	if (delete_run(r, e) < 0)
		return -1;
	return list_pods(r, e);
}

/* What keeps the run from ever running, as an error; what was made is taken away. */
static int give_up(struct run *r, struct err *e)
{
	auto_err ignored = {0};

	progress_end(&r->progress);
	err_set(
	    e, ERR_INTERNAL, "%s", r->trouble ? r->trouble : "timed out waiting for the condition");
	if (delete_run(r, &ignored) < 0)
		cmd_report(r->ctx, &ignored);
	return -1;
}

/* ---- the loop ---- */

/* The exit code; -1: it goes on; -2: an error. */
static int step(struct run *r, struct err *e)
{
	int code;

	if (pump(r, e) < 0)
		return -2;
	if (r->outlet.error)
		return RUN_EXIT_TROUBLE; /* nobody reads any more: main tells */
	if (interrupt_count() > 1)
		return 128 + *interrupt_signal();
	if (interrupt_count() == 1 && !r->stopping && stop(r, e) < 0)
		return -2;
	if (r->stopping)
		return all_gone(r) && all_shown(r) ? 128 + *interrupt_signal() : -1;
	if ((r->trouble || r->running_timed_out) && give_up(r, e) < 0)
		return -2;
	code = run_verdict(&r->facts);
	return code >= 0 && all_shown(r) ? code : -1;
}

/* Said only where the exit code alone would mislead: the run was taken away, or its output was
 * lost. */
static int judge(struct run *r, int code, struct err *e)
{
	if (r->facts.job == RUN_DELETED && !r->stopping && code == RUN_EXIT_TROUBLE)
		return err_set(e, ERR_NOT_FOUND, "%s \"%s\" was deleted before it ended",
		    r->facts.shape.is_job ? "jobs.batch" : "pods", r->name);
	return code == 0 && r->failed ? RUN_EXIT_TROUBLE : code;
}

static int remove_at_end(struct run *r, struct err *e)
{
	auto_buf name = {0};

	if (!opts_bool(&r->ctx->opts, "rm") || r->deleted)
		return 0;
	if (delete_run(r, e) < 0)
		return -1;
	if (!isatty(STDOUT_FILENO) || opts_bool(&r->ctx->opts, "quiet"))
		return 0;
	resource_singular_name(r->resource, &name);
	out_addf(&r->ctx->out, "%s \"%s\" deleted from %s namespace\n", buf_str(&name), r->name,
	    r->ctx->ns);
	return 0;
}

int run_follow(
    struct cmd_ctx *ctx, const struct resource *resource, const json *created, struct err *e)
{
	auto_err ignored = {0};
	struct run r;
	int code;

	begin(&r, ctx, resource, created);
	while ((code = step(&r, e)) == -1)
		client_turn(r.client);
	terminal_restore();
	if (r.tty && code == 0 && !r.facts.shape.is_job && !opts_bool(&ctx->opts, "quiet"))
		session_resume_hint(created, json_str_or(run_container(created), "name", ""));
	if (code >= 0)
		code = judge(&r, code, e);
	if (remove_at_end(&r, code < 0 ? &ignored : e) < 0 && code >= 0)
		code = -1;
	end(&r);
	return code < 0 ? -1 : code;
}
