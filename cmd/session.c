#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "channel.h"
#include "logstream.h"
#include "terminal.h"

#define PIECE (32 * KIB)

struct session {
	struct cmd_ctx *ctx;
	const struct session_options *o;
	struct channel channel;
	struct outlet outlet;
	struct loop_fd *input;
	struct timer more; /* reads on from o->feed */
	struct buf status; /* of the error channel */
	bool done, failed; /* failed: err is set */
	struct err err;
};

static void fail(struct session *s)
{
	s->failed = s->done = true;
}

/* ---- input ---- */

static void stop_input(struct session *s)
{
	loop_fd_free(TAKE(s->input));
	timer_cancel(client_loop(s->ctx->client), &s->more);
}

static void pause_input(struct session *s, bool paused)
{
	if (s->input)
		loop_fd_set(s->input, paused ? 0 : LOOP_READ);
	else if (s->o->feed && !paused && !s->done)
		timer_set(client_loop(s->ctx->client), &s->more, 0);
}

static void on_input(void *arg, int events)
{
	struct session *s = arg;
	char piece[PIECE];
	ssize_t n = read(STDIN_FILENO, piece, sizeof(piece));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		stop_input(s);
		channel_send_end(&s->channel, CHANNEL_STDIN);
	} else if (!channel_send(&s->channel, CHANNEL_STDIN, piece, (size_t)n)) {
		pause_input(s, true);
	}
}

static void on_more(void *arg)
{
	struct session *s = arg;
	char piece[PIECE];
	int64_t n;

	if (s->done)
		return;
	n = s->o->feed(s->o->ctx, piece, sizeof(piece), &s->err);
	if (n < 0)
		fail(s);
	else if (n == 0)
		channel_send_end(&s->channel, CHANNEL_STDIN);
	else if (channel_send(&s->channel, CHANNEL_STDIN, piece, (size_t)n))
		timer_set(client_loop(s->ctx->client), &s->more, 0);
}

static void send_size(struct session *s)
{
	auto_free char *text = NULL;
	unsigned columns, rows;

	if (!s->channel.open || !terminal_size(&columns, &rows))
		return;
	text = xasprintf("{\"Width\":%u,\"Height\":%u}", columns, rows);
	channel_send(&s->channel, CHANNEL_RESIZE, text, strlen(text));
}

static void on_winch(void *arg, int signo)
{
	send_size(arg);
}

/* ---- the connection ---- */

static void on_open(void *ctx)
{
	struct session *s = ctx;
	struct loop *l = client_loop(s->ctx->client);

	if (s->o->tty)
		send_size(s);
	if (s->o->prompt)
		fprintf(stderr, "%s\n", s->o->prompt);
	if (s->o->tty)
		terminal_raw();
	if (s->o->feed)
		timer_set(l, &s->more, 0);
	else if (s->o->in)
		s->input = loop_fd_new(l, STDIN_FILENO, LOOP_READ, on_input, s);
}

static void on_data(void *ctx, unsigned channel, const unsigned char *data, size_t len)
{
	struct session *s = ctx;

	if (channel == CHANNEL_STDOUT && s->o->take) {
		if (!s->done && s->o->take(s->o->ctx, (const char *)data, len, &s->err) < 0)
			fail(s);
	} else if (channel == CHANNEL_STDOUT) {
		outlet_write(&s->outlet, STDOUT_FILENO, data, len);
		s->done = s->done || s->outlet.error;
	} else if (channel == CHANNEL_STDERR && s->o->errs) {
		buf_add(s->o->errs, data, len);
	} else if (channel == CHANNEL_STDERR) {
		outlet_write(&s->outlet, STDERR_FILENO, data, len);
	} else if (channel == CHANNEL_ERROR) {
		buf_add(&s->status, data, len);
	}
}

static void on_writable(void *ctx)
{
	pause_input(ctx, false);
}

static void on_end(void *ctx, const struct err *err)
{
	struct session *s = ctx;

	if (err && !s->status.len && !s->failed) {
		err_copy(&s->err, err);
		s->failed = true;
	}
	s->done = true;
	stop_input(s);
}

static const struct channel_callbacks callbacks = {
    .on_open = on_open, .on_data = on_data, .on_writable = on_writable, .on_end = on_end};

/* ---- its end ---- */

int session_exit_code(const char *text, size_t len, struct err *e)
{
	auto_json *status = json_parse(text, len, JSON_ALLOW_DUPLICATES, e);

	if (!status)
		return err_wrap(e, "cannot read how the command ended");
	if (str_eq(json_str(status, "status"), "Success"))
		return 0;
	if (str_eq(json_str(status, "reason"), "NonZeroExitCode"))
		json_for (cause, json_path(status, "details.causes"))
			if (str_eq(json_str(cause, "reason"), "ExitCode")) {
				long code = strtol(json_str_or(cause, "message", ""), NULL, 10);

				return code > 0 && code < 256 ? (int)code : 1;
			}
	return client_status_object_error(status, e);
}

static int exit_code(struct session *s, struct err *e)
{
	if (s->failed) {
		err_move(e, &s->err);
		return -1;
	}
	if (s->outlet.error) {
		s->ctx->out.error = s->outlet.error;
		return 1;
	}
	if (!s->status.len)
		return err_set(e, ERR_UNAVAILABLE, "the connection to the container was lost");
	return session_exit_code(s->status.ptr, s->status.len, e);
}

void session_terminal(bool in, bool *tty, bool quiet)
{
	if (*tty && in && !terminal_is()) {
		*tty = false;
		if (!quiet)
			fprintf(stderr,
			    "Unable to use a TTY - input is not a terminal or the right "
			    "kind of file\n");
	}
	*tty = *tty && in;
}

int session_run(
    struct cmd_ctx *ctx, const char *path, const struct session_options *o, struct err *e)
{
	struct session s = {.ctx = ctx, .o = o};
	struct loop_signal *winch = NULL;
	int code;

	s.outlet = (struct outlet){.out_fd = STDOUT_FILENO, .err_fd = STDERR_FILENO};
	s.more = (struct timer){.name = "input", .fn = on_more, .arg = &s};
	if (o->tty)
		winch = loop_signal_new(client_loop(ctx->client), SIGWINCH, on_winch, &s);
	channel_open(&s.channel, ctx->client, path, &callbacks, &s);
	while (!s.done)
		client_turn(ctx->client);
	stop_input(&s);
	channel_close(&s.channel);
	if (winch)
		loop_signal_free(winch);
	terminal_restore();
	code = exit_code(&s, e);
	buf_release(&s.status);
	err_clear(&s.err);
	return code;
}
