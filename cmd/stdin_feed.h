/*
 * stdin_feed: this process's standard input onto a channel, and with a terminal its size whenever
 * that changes. The end of input is told to the other side.
 *
 * The owner of the channel starts it when that is open, passes the channel's on_writable on and
 * stops it before the channel closes. Started again it goes on where it was: on another connection.
 */
#ifndef KJOB_CMD_STDIN_FEED_H
#define KJOB_CMD_STDIN_FEED_H

#include "channel.h"

struct stdin_feed {
	struct channel *channel; /* NULL: not started */
	struct loop *loop;
	struct loop_fd *input;
	struct loop_signal *winch;
	bool tty;
	bool ended; /* standard input has */
	bool deaf;  /* and the other side cannot be told: it speaks v4 only */
};

/*
 * tty: the process at the other end has a terminal; ours becomes raw (terminal.h) and stays so.
 * redraw: it was running before, and is made to draw its screen again.
 */
void stdin_feed_start(struct stdin_feed *f, struct channel *c, bool tty, bool redraw);
void stdin_feed_writable(struct stdin_feed *f);
void stdin_feed_stop(struct stdin_feed *f);
/* The error of input that the other side cannot be told the end of; -1. */
int stdin_feed_deaf(struct err *e);
/* -1 once that is so. */
int stdin_feed_check(const struct stdin_feed *f, struct err *e) MUST_USE;

#endif
