#include "pods_internal.h"

#define INSPECT_FIRST_MS 2
#define INSPECT_CAP_MS 250
/* After an exit was seen the stream gets this long to deliver its tail. */
#define DRAIN_MS 5000
/* A log that is longer than what the engine keeps cannot be continued by counting. */
#define ENGINE_LOG_KEPT (15u * MIB)

static int open_log(struct container *c)
{
	struct pod *p = c->pod;
	auto_err e = {0};

	if (c->log)
		return 0;
	free(c->log_path);
	c->log_path = logfile_path(p->set->env->logs_dir, p->ns, p->name, p->uid, c->name, c->attempt);
	c->log = logfile_open(c->log_path, 0, &e);
	if (!c->log)
		log_error("%s", err_msg(&e));
	return c->log ? 0 : -1;
}

void output_close(struct container *c)
{
	stream_free(TAKE(c->stream));
	c->stream_open = c->stream_ended = c->stream_is_log = c->log_gap = false;
	if (!c->log)
		return;
	logfile_close(TAKE(c->log));
	c->log_dirty = false;
	follow_notify(c->pod->set, c->log_path, false);
}

/* ---- the stream ---- */

static void on_open(struct engine_who who)
{
	struct container *c = container_of(who);

	if (!c)
		return;
	c->stream_open = true;
	if (c->stage == STAGE_CREATED) {
		c->busy = false;
		c->stage = STAGE_ATTACHED;
	}
	pod_queue(c->pod);
}

/* Drops what our file has already when the engine's log is read again from its beginning. */
static size_t skip(struct container *c, enum stream_kind kind, size_t len)
{
	uint64_t n = c->skip_bytes[kind] < len ? c->skip_bytes[kind] : len;

	c->skip_bytes[kind] -= n;
	return (size_t)n;
}

static bool on_data(struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	struct container *c = container_of(who);
	auto_err e = {0};
	size_t drop;

	if (!c || !c->log)
		return true;
	drop = skip(c, kind, len);
	if (drop == len)
		return true;
	c->log_dirty = true;
	if (logfile_write(c->log, kind == STREAM_STDERR ? LOG_STDERR : LOG_STDOUT, clock_wall_ns(), data + drop, len - drop,
	        &e) < 0)
		log_error("%s: %s", c->log_path, err_msg(&e));
	return true;
}

static void on_end(struct engine_who who, const struct err *err)
{
	struct container *c = container_of(who);
	bool was_open;

	if (!c)
		return;
	was_open = c->stream_open;
	stream_free(TAKE(c->stream));
	c->stream_open = false;
	c->stream_ended = true;
	c->log_gap = err && err->reason == ERR_UNAVAILABLE;
	if (c->stage == STAGE_CREATED && !was_open) { /* the attach was refused */
		c->busy = false;
		c->stream_ended = false;
		if (err && err->reason == ERR_NOT_FOUND) {
			free(TAKE(c->id));
			c->stage = STAGE_WAITING;
		} else if (err && err->reason != ERR_UNAVAILABLE) {
			container_retry(c, "CreateContainerError", err_msg(err));
		} else {
			c->not_before_ms = now_ms() + 1000;
		}
	} else if (c->stage == STAGE_RUNNING) {
		output_inspect_now(c);
	}
	pod_queue(c->pod);
}

static const struct stream_callbacks callbacks = {.on_open = on_open, .on_data = on_data, .on_end = on_end};

static bool has_tty(const struct container *c)
{
	return json_bool(container_json(c), "tty", false);
}

void output_attach(struct container *c)
{
	c->busy = c->stage == STAGE_CREATED;
	c->stream_ended = c->stream_is_log = c->log_gap = false;
	if (open_log(c) < 0) {
		c->busy = false;
		container_retry(c, "CreateContainerError", "cannot open the container's log file");
		return;
	}
	c->stream = container_attach(c->pod->set->env->engine, c->id, c->has_stdin, has_tty(c), &callbacks, container_who(c));
}

void output_recover(struct container *c, bool running)
{
	uint64_t out, errs;

	c->log_gap = false;
	if (open_log(c) < 0)
		return;
	out = logfile_content_bytes(c->log, LOG_STDOUT);
	errs = logfile_content_bytes(c->log, LOG_STDERR);
	c->stream_ended = false;
	if (out + errs > ENGINE_LOG_KEPT) {
		logfile_note(c->log, clock_wall_ns(), "output of the time without a controller may be missing here");
		if (running)
			output_attach(c);
		return;
	}
	c->skip_bytes[STREAM_STDOUT] = out;
	c->skip_bytes[STREAM_STDERR] = errs;
	c->stream_is_log = true;
	c->stream =
	    container_logs(c->pod->set->env->engine, c->id, running, has_tty(c), &callbacks, container_who(c));
}

/* ---- how an exit is noticed ---- */

static void exited(struct container *c, const struct container_info *info)
{
	c->stage = STAGE_EXITED;
	c->exit_code = info->exit_code;
	c->oom = info->oom_killed;
	c->lost = info->lost;
	if (c->lost) {
		c->exit_code = 137;
		c->finished_ns = clock_wall_ns();
		set_text(&c->end_reason, "ContainerStatusUnknown");
		set_text(&c->end_message, "The container could not be located when the pod was terminated");
	} else {
		c->finished_ns = info->finished_at_ns;
	}
	timer_cancel(c->pod->set->env->loop, &c->inspect_timer);
	output_close(c);
}

void output_take_info(struct container *c, const struct container_info *info)
{
	bool drained = c->stream_ended || !c->stream;

	set_text(&c->image_id, info->image_id);
	if (info->ip && info->ip[0])
		set_text(&c->ip, info->ip);
	if (info->started_at_ns != TIME_ZERO_NS)
		c->started_ns = info->started_at_ns;
	switch (info->state) {
	case CONTAINER_CREATED:
		break;
	case CONTAINER_RUNNING:
	case CONTAINER_PAUSED:
		if (c->stage < STAGE_RUNNING) {
			c->stage = STAGE_RUNNING;
			c->busy = false;
		}
		if (!c->stream)
			output_recover(c, true);
		break;
	case CONTAINER_EXITED:
		if (c->log_gap && !c->stream)
			output_recover(c, false);
		else if (!drained && info->finished_at_ns / NSEC_PER_MSEC + DRAIN_MS > now_ms())
			break; /* the end of the stream asks again */
		else
			exited(c, info);
		break;
	}
	pod_queue(c->pod);
}

static void on_inspected(struct engine_who who, const struct container_info *info, const struct err *err)
{
	struct container *c = container_of(who);

	if (!c)
		return;
	c->call = 0;
	c->busy = false;
	pod_queue(c->pod);
	if (err && err->reason == ERR_NOT_FOUND) {
		struct container_info lost = {.lost = true, .state = CONTAINER_EXITED};

		exited(c, &lost);
		return;
	}
	if (err) { /* what the container prints meanwhile only the engine's log will tell */
		c->log_gap = c->log_gap || !c->stream;
		output_inspect_soon(c, 1000);
		return;
	}
	output_take_info(c, info);
	/* its stream has ended, so it is ending: ask again soon; 2, 4, 8 … ms */
	if (c->stage == STAGE_RUNNING && info->state == CONTAINER_EXITED)
		output_inspect_soon(c, DRAIN_MS);
	else if (c->stage == STAGE_RUNNING && c->stream_ended && !c->stream)
		output_inspect_soon(c, c->inspect_delay_ms ? c->inspect_delay_ms * 2 : INSPECT_FIRST_MS);
}

void output_inspect_now(struct container *c)
{
	if (!c->id || c->call)
		return;
	timer_cancel(c->pod->set->env->loop, &c->inspect_timer);
	c->call = container_inspect(c->pod->set->env->engine, c->id, on_inspected, container_who(c));
}

void output_inspect_soon(struct container *c, int delay_ms)
{
	if (delay_ms <= 0) {
		output_inspect_now(c);
		return;
	}
	if (c->stream_ended && delay_ms > INSPECT_CAP_MS)
		delay_ms = INSPECT_CAP_MS;
	c->inspect_delay_ms = delay_ms;
	timer_set(c->pod->set->env->loop, &c->inspect_timer, delay_ms);
}
