/* run: one pod, from its news to its output. */
#include <stdio.h>

#include "pod_pick.h"
#include "run.h"

#define REPAIR_FIRST_MS 250
#define REPAIR_CAP_MS 5000

static struct run_pod *find_pod(struct run *r, const char *uid)
{
	struct run_pod *p = r->pods;

	while (p && !str_eq(p->uid, uid))
		p = p->next;
	return p;
}

/* The timer only wakes the loop: run_pod_pump sees that it is unset. */
static void repair_due(void *arg)
{
}

static struct run_pod *add_pod(struct run *r, const struct pod_view *v)
{
	struct run_pod *p = xcalloc(1, sizeof(*p)), **at = &r->pods;

	p->run = r;
	p->name = xstrdup(v->name);
	p->uid = xstrdup(v->uid);
	p->container = xstrdup(v->container);
	p->repair = (struct timer){.name = "log repair", .fn = repair_due, .arg = p};
	while (*at)
		at = &(*at)->next;
	*at = p;
	return p;
}

void run_pod_free(struct run_pod *p)
{
	logstream_stop(&p->log);
	run_input_stop(p);
	timer_cancel(client_loop(p->run->client), &p->repair);
	free(p->name);
	free(p->uid);
	free(p->container);
	free(p->waiting_message);
	free(p);
}

/* ---- news ---- */

static void count_code(struct run *r, int code)
{
	r->facts.last_code = code;
	if (code != 0 && r->facts.first_failure < 0)
		r->facts.first_failure = code;
}

static bool was_lost(const struct pod_view *v)
{
	return v->has_end && str_eq(v->end_reason, "ContainerStatusUnknown");
}

/* What the engine says of a command that it cannot run, as an error of ours; and lost containers.
 */
static void tell_end(struct run_pod *p, const struct pod_view *v)
{
	struct run *r = p->run;

	if (r->stopping || (!view_cannot_run(v) && !was_lost(v)))
		return;
	progress_end(&r->progress);
	fprintf(stderr, "error: %s%s%s\n", r->facts.shape.many ? p->name : "",
	    r->facts.shape.many ? ": " : "", v->end_message);
}

/* A Job's pod ends once; of a bare Pod, which starts again and again, the first attempt is shown:
 * as kubectl, 0. */
static void take_end(struct run_pod *p, const struct pod_view *v)
{
	struct run *r = p->run;
	bool is_job = r->facts.shape.is_job;
	bool over = v->ended || (!is_job && (v->stage == VIEW_TERMINATED || v->restarts > 0 ||
						(v->stage == VIEW_WAITING && v->attempt >= 0)));

	if (over && v->has_end && !p->counted) {
		p->counted = true;
		tell_end(p, v);
		count_code(r, was_lost(v)                    ? RUN_EXIT_TROUBLE
			      : is_job || view_cannot_run(v) ? v->exit_code
							     : 0);
	}
	r->facts.pod_ended = r->facts.pod_ended || over;
	r->facts.pod_succeeded = r->facts.pod_succeeded || v->succeeded;
	r->facts.pod_timed_out =
	    r->facts.pod_timed_out || (!is_job && str_eq(v->pod_reason, "DeadlineExceeded"));
}

static void take_view(struct run_pod *p, const struct pod_view *v)
{
	struct run *r = p->run;

	p->view = *v;
	p->view.name = p->view.uid = p->view.container = p->view.pod_reason = NULL; /* borrowed */
	p->view.reason = p->view.message = p->view.end_message = NULL;
	p->view.end_reason = view_cannot_run(v) ? "ContainerCannotRun" : "";
	free(p->waiting_message);
	p->waiting_message = v->stage == VIEW_WAITING && *v->message ? xstrdup(v->message) : NULL;
	r->was_running = r->was_running || v->attempt >= 0;
	if (view_is_trouble(v) && !r->trouble && v->restarts == 0)
		r->trouble = xstrdup(*v->message ? v->message : v->reason);
	if (v->stage == VIEW_WAITING && !r->was_running && !r->trouble)
		progress_set(&r->progress, p->waiting_message
					       ? p->waiting_message
					       : "waiting for the container to start…");
	take_end(p, v);
}

/*
 * A Job's pod that was taken away before its phase told how it ended, as those are that a Job's
 * failure stops: what its container last came to counts.
 */
static void count_gone(struct run_pod *p)
{
	if (!p->gone || !p->run->facts.shape.is_job || !p->view.has_end || p->counted)
		return;
	p->counted = true;
	count_code(p->run, p->view.exit_code);
}

void run_pods_count_gone(struct run *r)
{
	for (struct run_pod *p = r->pods; p; p = p->next)
		count_gone(p);
}

static void begin_list(struct run *r)
{
	for (struct run_pod *p = r->pods; p; p = p->next)
		p->gone = true;
}

void run_pod_news(struct run *r, const char *type, const json *pod)
{
	struct pod_view v;
	struct run_pod *p;

	if (str_eq(type, WATCHER_RELIST)) {
		begin_list(r);
		return;
	}
	pod_view(pod, &v);
	if (!r->facts.shape.is_job && !str_eq(v.uid, r->uid))
		return;
	p = find_pod(r, v.uid);
	if (!p)
		p = add_pod(r, &v);
	p->gone = str_eq(type, "DELETED");
	take_view(p, &v);
	count_gone(p);
	if (p->gone && !r->facts.shape.is_job)
		r->facts.job = RUN_DELETED;
}

/* ---- output ---- */

char *run_pod_path(const struct run_pod *p, const char *sub)
{
	auto_buf path = {0};

	pods_path(p->run->ctx->ns, NULL, &path);
	buf_addf(&path, "/%s/%s", p->name, sub);
	query_add(&path, "container", p->container);
	return buf_take(&path);
}

static char *log_path(const struct run_pod *p)
{
	auto_buf path = {0};
	auto_free char *base = run_pod_path(p, "log");

	buf_adds(&path, base);
	if (p->by_uid) { /* kjob's own; elsewhere a pod that is gone has no log */
		query_add(&path, "uid", p->uid);
		query_addf(&path, "attempt", "%d", p->attempt);
		return buf_take(&path);
	}
	query_add(&path, "follow", "true");
	if (p->previous)
		query_add(&path, "previous", "true");
	return buf_take(&path);
}

/* A pod that is gone had output that nobody has read. */
static bool is_unread(const struct run_pod *p)
{
	bool began = p->view.attempt >= 0 || p->view.has_end || p->view.restarts > 0;

	return p->gone && began && p->attempt <= p->view.restarts &&
	       (p->run->facts.shape.is_job || p->attempt == 0);
}

/* And it can still be had: only kjob keeps logs that long. */
static bool has_remains(const struct run_pod *p)
{
	return is_unread(p) && client_is_kjob(p->run->client);
}

static void tell_unread(struct run_pod *p)
{
	if (p->told_unread || p->run->stopping || !is_unread(p) || view_cannot_run(&p->view))
		return;
	p->told_unread = true;
	progress_end(&p->run->progress);
	fprintf(stderr, "warning: pod %s was deleted before all of its output could be read\n",
	    p->name);
}

/* The attempt whose output is shown is over. */
static bool attempt_over(const struct run_pod *p)
{
	return p->gone || p->view.ended || p->view.restarts > p->attempt ||
	       (p->view.restarts == p->attempt && p->view.stage != VIEW_RUNNING &&
		   p->view.attempt == p->attempt);
}

static void open_log(struct run_pod *p)
{
	struct run *r = p->run;
	auto_free char *path = NULL, *prefix = NULL;

	p->by_uid = p->gone;
	if (p->view.attempt > p->attempt + 1 && !p->by_uid)
		p->attempt = p->view.attempt - 1; /* older ones are not kept */
	p->previous = p->view.attempt > p->attempt;
	path = log_path(p);
	prefix = r->facts.shape.many ? xasprintf("[pod/%s] ", p->name) : NULL;
	p->repair_ms = REPAIR_FIRST_MS;
	logstream_start(&p->log, r->client, &r->outlet, path, prefix, true);
}

static void close_log(struct run_pod *p)
{
	logstream_stop(&p->log);
	timer_cancel(client_loop(p->run->client), &p->repair);
	p->input.shows = false;
	p->attempt++;
}

/* The stream has ended, the container has not, as far as is known: its last news is under way, or
 * the stream's end was not the log's. */
static void repair(struct run_pod *p)
{
	struct loop *l = client_loop(p->run->client);

	if (p->repair_ms == REPAIR_FIRST_MS || !timer_is_set(&p->repair)) {
		if (p->repair_ms > REPAIR_FIRST_MS) {
			if (p->log.state == LOGSTREAM_FAILED)
				p->log.state = LOGSTREAM_ENDED;
			logstream_reopen(&p->log);
		}
		timer_set(l, &p->repair, p->repair_ms);
		p->repair_ms = p->repair_ms * 2 < REPAIR_CAP_MS ? p->repair_ms * 2 : REPAIR_CAP_MS;
	}
}

/* Where the pod went before its log was read: the file is still there. */
static void ask_by_uid(struct run_pod *p)
{
	p->by_uid = true;
	free(p->log.path);
	p->log.path = log_path(p);
	p->log.state = LOGSTREAM_ENDED;
	logstream_reopen(&p->log);
}

static void tell_lost_log(struct run_pod *p)
{
	auto_err e = {0};

	if (p->gone && !client_is_kjob(p->run->client))
		tell_unread(p);
	if (p->gone || view_cannot_run(&p->view))
		return;
	err_copy(&e, &p->log.err);
	err_wrap(&e, "cannot read the output of pod %s", p->name);
	progress_end(&p->run->progress);
	cmd_report(p->run->ctx, &e);
	p->run->failed = true;
}

static void pump_log(struct run_pod *p)
{
	switch (p->log.state) {
	case LOGSTREAM_IDLE:
		if (!client_is_kjob(p->run->client))
			tell_unread(p);
		if (p->input.shows && attempt_over(p) && !p->input.began)
			close_log(p);
		else if (p->input.shows)
			break;
		else if (p->gone ? has_remains(p) : p->view.attempt >= p->attempt)
			open_log(p);
		break;
	case LOGSTREAM_BROKEN:
		if (!p->previous && p->view.restarts > p->attempt) {
			p->previous = true;
			free(p->log.path);
			p->log.path = log_path(p);
		}
		logstream_pump(&p->log);
		break;
	case LOGSTREAM_ENDED:
		if (attempt_over(p))
			close_log(p);
		else
			repair(p);
		break;
	case LOGSTREAM_FAILED:
		if (!attempt_over(p)) {
			repair(p);
			break;
		}
		if (!p->by_uid && client_is_kjob(p->run->client)) {
			ask_by_uid(p);
			break;
		}
		tell_lost_log(p);
		close_log(p);
		break;
	case LOGSTREAM_OPEN:
		break;
	}
}

int run_pod_pump(struct run_pod *p, struct err *e)
{
	int rc = run_input_pump(p, e);

	pump_log(p);
	return rc;
}

bool run_pod_done(const struct run_pod *p)
{
	if (p->log.state != LOGSTREAM_IDLE)
		return false;
	if (p->gone)
		return !has_remains(p);
	/* A bare Pod's run ends with its first attempt. */
	if (!p->run->facts.shape.is_job && p->attempt > 0)
		return true;
	return p->view.ended && p->view.attempt < p->attempt;
}
