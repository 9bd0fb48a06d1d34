/*
 * exec: pods/exec over WebSocket or SPDY: a command in a running container, with its streams as
 * channels. When it ends, a Status with its exit code; when the client goes away it goes on, as
 * with a kubelet.
 */
#include "../../runtime/exec.h"
#include "channels.h"
#include "internal.h"

struct exec_stream {
	struct channels channels;
	struct server *server;
	struct exec *exec; /* NULL: not begun */
	char *container;
	struct strlist command;
	bool tty;
	bool wants[CHANNEL_STDERR + 1]; /* by channel */
	bool stalled;                   /* output waits for the client */
};

static void stream_end(struct exec_stream *s)
{
	if (s->exec)
		exec_free(s->exec);
	strlist_release(&s->command);
	free(s->container);
	free(s);
}

/* ---- the command's side ---- */

static void on_open(struct engine_who who)
{
	struct exec_stream *s = who.ctx;

	channels_push(&s->channels);
}

static bool on_data(struct engine_who who, enum stream_kind kind, const char *data, size_t len)
{
	struct exec_stream *s = who.ctx;
	unsigned channel = kind == STREAM_STDERR ? CHANNEL_STDERR : CHANNEL_STDOUT;

	if (s->wants[channel])
		channels_send(&s->channels, channel, data, len);
	s->stalled = channels_full(&s->channels);
	return !s->stalled;
}

/* A command that cannot be run ends as a shell would say it, with the engine's reason. */
static void on_end(struct engine_who who, int exit_code, const struct err *err)
{
	struct exec_stream *s = who.ctx;
	bool cannot_run = err && err->reason == ERR_BAD_REQUEST && exit_code > 0;

	if (cannot_run && s->wants[CHANNEL_STDERR]) {
		auto_free char *text = xasprintf("%s\n", err_msg(err));

		channels_send(&s->channels, CHANNEL_STDERR, text, strlen(text));
	}
	if (err && !cannot_run)
		channels_end(&s->channels, err);
	else
		channels_end_exit(&s->channels, exit_code);
	stream_end(s);
}

static const struct exec_callbacks exec_callbacks = {
    .on_open = on_open, .on_data = on_data, .on_writable = on_open, .on_end = on_end};

/* ---- the client's side ---- */

static void on_ready(void *ctx)
{
	struct exec_stream *s = ctx;
	const struct exec_spec spec = {.container = s->container,
	    .command = &s->command,
	    .stdin_open = s->wants[CHANNEL_STDIN],
	    .tty = s->tty};

	s->exec =
	    exec_open(s->server->deps.engine, &spec, &exec_callbacks, (struct engine_who){s, 0});
}

static bool on_stdin(void *ctx, const char *data, size_t len)
{
	struct exec_stream *s = ctx;

	return !s->wants[CHANNEL_STDIN] || exec_write(s->exec, data, len);
}

static void on_stdin_end(void *ctx)
{
	struct exec_stream *s = ctx;

	exec_close_stdin(s->exec);
}

static void on_resize(void *ctx, unsigned columns, unsigned rows)
{
	struct exec_stream *s = ctx;

	exec_resize(s->exec, columns, rows);
}

static void on_writable(void *ctx)
{
	struct exec_stream *s = ctx;

	if (!s->stalled)
		return;
	s->stalled = false;
	exec_resume(s->exec);
}

static void on_gone(void *ctx)
{
	stream_end(ctx);
}

static const struct channels_ops stream_ops = {.on_ready = on_ready,
    .on_stdin = on_stdin,
    .on_stdin_end = on_stdin_end,
    .on_resize = on_resize,
    .on_writable = on_writable,
    .on_gone = on_gone};

/* ---- beginning ---- */

static void query_all(const struct exchange *x, const char *name, struct strlist *ret)
{
	for (size_t i = 0; i + 1 < x->query.len; i += 2)
		if (str_eq(x->query.items[i], name))
			strlist_add(ret, x->query.items[i + 1]);
}

static int check_options(const struct exchange *x, const struct strlist *command, struct err *e)
{
	if (!command->len)
		return err_set(
		    e, ERR_BAD_REQUEST, "you must specify at least one command for the container");
	return check_streams(x, e);
}

void handle_exec(struct exchange *x, const struct request *r)
{
	struct server *s = server_of(x);
	auto_err e = {0};
	auto_buf headers = {0};
	auto_strlist command = {0};
	auto_json *pod = store_get(s->deps.store, r->kind, r->ns, r->name, &e);
	auto_free char *id = NULL;
	const char *container;
	struct exec_stream *stream;

	query_all(x, "command", &command);
	/* The pod first, as for attach: kubectl repeats a refused WebSocket as SPDY. */
	if (!pod || check_not_completed(pod, "exec into", &e) < 0 ||
	    !(container = pod_container(pod, exchange_query(x, "container"), &e)) ||
	    check_options(x, &command, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	id = running_container(pod, container, &e);
	if (!id) {
		answer_kubelet_err(x, &e);
		return;
	}
	if (channels_check(x, &headers, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	stream = xcalloc(1, sizeof(*stream));
	stream->server = s;
	stream->container = TAKE(id);
	stream->command = command;
	command = (struct strlist){0};
	stream->tty = exchange_query_bool(x, "tty");
	stream->wants[CHANNEL_STDIN] = exchange_query_bool(x, "stdin");
	stream->wants[CHANNEL_STDOUT] = exchange_query_bool(x, "stdout");
	stream->wants[CHANNEL_STDERR] = exchange_query_bool(x, "stderr");
	channels_start(&stream->channels, x, &headers, &stream_ops, stream);
}
