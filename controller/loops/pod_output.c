/* pod_output: the output stream of a container into its log file. Its end is the first hint of an
 * exit: pod_exit.c. */
#include "pods_internal.h"

/* A log that is longer than what the engine keeps cannot be continued by counting. */
#define ENGINE_LOG_KEPT (15u * MIB)

static void set_log_path(struct container *c)
{
	struct pod *p = c->pod;

	free(c->log_path);
	c->log_path =
	    logfile_path(p->set->env->logs_dir, p->ns, p->name, p->uid, c->name, c->attempt);
}

static int open_log(struct container *c)
{
	auto_err e = {0};

	if (c->log)
		return 0;
	set_log_path(c);
	c->log = logfile_open(c->log_path, 0, &e);
	if (!c->log)
		log_error("%s", err_msg(&e));
	return c->log ? 0 : -1;
}

void output_close(struct container *c)
{
	stream_free(TAKE(c->stream));
	stream_free(TAKE(c->input));
	tty_size_release(&c->tty_size);
	c->stream_open = c->stream_ended = c->stream_is_log = c->log_gap = false;
	if (!c->log && c->pod->set->follows.len == 0)
		return;
	if (c->log)
		logfile_close(TAKE(c->log));
	else /* a container that was lost may have followers all the same */
		set_log_path(c);
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
	c->log_dirty = c->pod->set->logs_dirty = true;
	if (logfile_write(c->log, kind == STREAM_STDERR ? LOG_STDERR : LOG_STDOUT, clock_wall_ns(),
		data + drop, len - drop, &e) < 0)
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
		exit_drained(c);
	}
	pod_queue(c->pod);
}

/* Who attached follows the log, and may have input that was refused. */
static void on_writable(struct engine_who who)
{
	struct container *c = container_of(who);

	if (c && c->log_path)
		follow_notify(c->pod->set, c->log_path, true);
}

static const struct stream_callbacks callbacks = {
    .on_open = on_open, .on_data = on_data, .on_end = on_end, .on_writable = on_writable};

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
	c->stream = container_attach(c->pod->set->env->engine, c->id, c->has_stdin, has_tty(c),
	    &callbacks, container_who(c));
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
		logfile_note(c->log, clock_wall_ns(),
		    "output of the time without a controller may be missing here");
		if (running)
			output_attach(c);
		return;
	}
	c->skip_bytes[STREAM_STDOUT] = out;
	c->skip_bytes[STREAM_STDERR] = errs;
	c->stream_is_log = true;
	c->stream = container_logs(
	    c->pod->set->env->engine, c->id, running, has_tty(c), &callbacks, container_who(c));
}
