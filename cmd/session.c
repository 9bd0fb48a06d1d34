#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "logstream.h"
#include "stdin_feed.h"
#include "terminal.h"

#define PIECE (32 * KIB)

struct session {
	struct cmd_ctx *ctx;
	const struct session_options *o;
	struct channel channel;
	struct outlet outlet;
	struct stdin_feed input;
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

/* ---- the connection ---- */

static void on_open(void *ctx)
{
	struct session *s = ctx;

	if (s->o->feed && !s->channel.can_close) {
		/* A tar reads on behind the end of its archive. */
		stdin_feed_deaf(&s->err);
		fail(s);
	} else if (s->o->feed) {
		timer_set(client_loop(s->ctx->client), &s->more, 0);
	} else if (s->o->in) {
		stdin_feed_start(&s->input, &s->channel, s->o->tty, s->o->redraw);
	}
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
	struct session *s = ctx;

	stdin_feed_writable(&s->input);
	if (s->o->feed && !s->done)
		timer_set(client_loop(s->ctx->client), &s->more, 0);
}

static void on_end(void *ctx, const struct err *err)
{
	struct session *s = ctx;

	if (err && !s->status.len && !s->failed) {
		err_copy(&s->err, err);
		s->failed = true;
	}
	s->done = true;
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

void session_resume_hint(const json *pod, const char *container)
{
	if (str_eq(json_str(pod, "spec.restartPolicy"), "Always"))
		fprintf(stderr,
		    "Session ended, resume using 'kjob attach %s -c %s -i -t' command when the pod "
		    "is running\n",
		    json_str_or(pod, "metadata.name", ""), container);
}

int session_run(
    struct cmd_ctx *ctx, const char *path, const struct session_options *o, struct err *e)
{
	struct session s = {.ctx = ctx, .o = o};
	int code;

	s.outlet = (struct outlet){.out_fd = STDOUT_FILENO, .err_fd = STDERR_FILENO};
	s.more = (struct timer){.name = "input", .fn = on_more, .arg = &s};
	channel_open(&s.channel, ctx->client, path, &callbacks, &s);
	while (!s.done) {
		client_turn(ctx->client);
		if (!s.done && stdin_feed_check(&s.input, &s.err) < 0)
			fail(&s);
	}
	stdin_feed_stop(&s.input);
	timer_cancel(client_loop(ctx->client), &s.more);
	channel_close(&s.channel);
	terminal_restore();
	code = exit_code(&s, e);
	buf_release(&s.status);
	err_clear(&s.err);
	return code;
}
