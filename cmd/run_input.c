/*
 * run: standard input, and a terminal's size, to the container that runs. Output does not come this
 * way but from the log, which outlives a controller; a connection that is lost is made again. Other
 * servers than kjob keep logs by lines: there a terminal's output comes this way, prompts and all.
 */
#include <stdio.h>
#include <unistd.h>

#include "run.h"
#include "session.h"
#include "terminal.h"

#define FAILURES_MAX 3
#define LAST_OUTPUT_MS 5000 /* how long the container's last output may take after its end */

static void on_open(void *ctx)
{
	struct run_pod *p = ctx;

	stdin_feed_start(&p->input.feed, &p->input.channel, p->run->tty, p->input.failures > 0);
}

static void on_data(void *ctx, unsigned channel, const unsigned char *data, size_t len)
{
	struct run_pod *p = ctx;
	auto_err e = {0};

	if (channel == CHANNEL_STDOUT)
		outlet_write(&p->run->outlet, STDOUT_FILENO, data, len);
	else if (channel == CHANNEL_ERROR)
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
	auto_free char *path = NULL;

	p->input.shows = p->run->tty && !client_is_kjob(p->run->client);
	path = xasprintf("%s&stdin=true&stdout=%s&stderr=false%s", base,
	    p->input.shows ? "true" : "false", p->input.shows ? "&tty=true" : "");
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
	p->input.ending = false;
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

/* What the container said last is still on its way. */
static bool is_due(struct run_pod *p)
{
	struct run_input *in = &p->input;

	if (!in->began || !in->shows || in->channel.ended)
		return false;
	if (!in->ending) {
		in->ending = true;
		timer_set(client_loop(p->run->client), &p->repair, LAST_OUTPUT_MS);
	}
	return timer_is_set(&p->repair);
}

int run_input_pump(struct run_pod *p, struct err *e)
{
	if (!opts_bool(&p->run->ctx->opts, "stdin"))
		return 0;
	if (p->gone || p->view.stage != VIEW_RUNNING) {
		if (!is_due(p))
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
