#include "stdin_feed.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "terminal.h"

#define PIECE (32 * KIB)

static void send_size(struct stdin_feed *f, unsigned more)
{
	auto_free char *text = NULL;
	unsigned columns, rows;

	if (!terminal_size(&columns, &rows))
		return;
	text = xasprintf("{\"Width\":%u,\"Height\":%u}", columns + more, rows + more);
	channel_send(f->channel, CHANNEL_RESIZE, text, strlen(text));
}

static void on_winch(void *arg, int signo)
{
	struct stdin_feed *f = arg;

	if (f->channel->open)
		send_size(f, 0);
}

static void end_input(struct stdin_feed *f)
{
	loop_fd_free(TAKE(f->input));
	f->ended = true;
	f->deaf = !channel_send_end(f->channel, CHANNEL_STDIN);
}

static void on_input(void *arg, int events)
{
	struct stdin_feed *f = arg;
	char piece[PIECE];
	ssize_t n = read(STDIN_FILENO, piece, sizeof(piece));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0)
		end_input(f);
	else if (!channel_send(f->channel, CHANNEL_STDIN, piece, (size_t)n))
		loop_fd_set(f->input, 0);
}

void stdin_feed_start(struct stdin_feed *f, struct channel *c, bool tty, bool redraw)
{
	f->channel = c;
	f->loop = client_loop(c->client);
	f->tty = tty;
	if (tty) {
		if (redraw) /* a change of size makes programs draw anew */
			send_size(f, 1);
		send_size(f, 0);
		f->winch = loop_signal_new(f->loop, SIGWINCH, on_winch, f);
		terminal_raw();
	}
	if (f->ended)
		end_input(f);
	else
		f->input = loop_fd_new(f->loop, STDIN_FILENO, LOOP_READ, on_input, f);
}

void stdin_feed_writable(struct stdin_feed *f)
{
	if (f->input)
		loop_fd_set(f->input, LOOP_READ);
}

void stdin_feed_stop(struct stdin_feed *f)
{
	loop_fd_free(TAKE(f->input));
	if (f->winch)
		loop_signal_free(TAKE(f->winch));
	f->channel = NULL;
}

int stdin_feed_deaf(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE,
	    "the server cannot be told that standard input has ended: it speaks "
	    "v4.channel.k8s.io only (Kubernetes before 1.30)");
}

int stdin_feed_check(const struct stdin_feed *f, struct err *e)
{
	return f->deaf ? stdin_feed_deaf(e) : 0;
}
