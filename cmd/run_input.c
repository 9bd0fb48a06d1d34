/*
 * run: standard input, and a terminal's size, to the container that runs. Output does not come this
 * way but from the log, which outlives a controller; a connection that is lost is made again.
 */
#include <stdio.h>

#include "run.h"
#include "session.h"
#include "terminal.h"

#define FAILURES_MAX 3

static void on_open(void *ctx)
{
	struct run_pod *p = ctx;

	stdin_feed_start(&p->input.feed, &p->input.channel, p->run->tty, p->input.failures > 0);
}

static void on_data(void *ctx, unsigned channel, const unsigned char *data, size_t len)
{
	struct run_pod *p = ctx;
	auto_err e = {0};

	if (channel == CHANNEL_ERROR)
		p->input.over = session_exit_code((const char *)data, len, &e) == 0;
}

static void on_writable(void *ctx)
{
	struct run_pod *p = ctx;

	stdin_feed_writable(&p->input.feed);
}

static void on_end(void *ctx, const struct err *err)
{
	struct run_pod *p = ctx;

	p->input.lost = !p->input.over;
	err_clear(&p->input.why);
	if (err)
		err_copy(&p->input.why, err);
	else
		err_set(&p->input.why, ERR_UNAVAILABLE,
		    "the connection to the container's standard input was closed");
}

static void begin(struct run_pod *p)
{
	static const struct channel_callbacks callbacks = {
	    .on_open = on_open, .on_data = on_data, .on_writable = on_writable, .on_end = on_end};
	auto_free char *base = run_pod_path(p, "attach");
	auto_free char *path = xasprintf("%s&stdin=true&stdout=false&stderr=false", base);

	p->input.began = true;
	if (p->run->tty) { /* before the first output */
		progress_end(&p->run->progress);
		if (!p->input.failures && !opts_bool(&p->run->ctx->opts, "quiet"))
			fputs(PROMPT_HINT, stderr);
		terminal_raw();
	}
	p->input.lost = p->input.over = false;
	channel_open(&p->input.channel, p->run->client, path, &callbacks, p);
}

static void disconnect(struct run_pod *p)
{
	stdin_feed_stop(&p->input.feed);
	channel_close(&p->input.channel);
	p->input.began = false;
}

void run_input_stop(struct run_pod *p)
{
	if (p->input.began)
		disconnect(p);
	p->input.failures = 0;
	err_clear(&p->input.why);
}

static int reconnect(struct run_pod *p, struct err *e)
{
	if (p->input.why.reason != ERR_UNAVAILABLE || p->input.failures++ >= FAILURES_MAX) {
		err_copy(e, &p->input.why);
		return err_wrap(e, "standard input does not reach the container");
	}
	disconnect(p);
	if (client_revive(p->run->client, e) < 0)
		return -1;
	begin(p);
	return 0;
}

int run_input_pump(struct run_pod *p, struct err *e)
{
	if (!opts_bool(&p->run->ctx->opts, "stdin") || p->gone)
		return 0;
	if (p->view.stage != VIEW_RUNNING) {
		run_input_stop(p);
		return 0;
	}
	if (!p->input.began) {
		begin(p);
		return 0;
	}
	if (stdin_feed_check(&p->input.feed, e) < 0)
		return -1;
	/* All of it was passed on: nothing is lost with the connection. */
	return p->input.lost && !p->input.feed.ended ? reconnect(p, e) : 0;
}
