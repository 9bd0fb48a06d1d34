/*
 * session: the streams of a process in a container, over exec or attach: standard input to it, what
 * it prints to standard output and error, a terminal's size, and how it ended.
 */
#ifndef KJOB_CMD_SESSION_H
#define KJOB_CMD_SESSION_H

#include "cmd.h"

struct session_options {
	bool in;     /* pass standard input on */
	bool tty;    /* with it: the process has a terminal; ours is made raw */
	bool redraw; /* of a process that was running before */
	/* In place of standard input and output: NULL. The end of `feed` is its returning 0; output
	 * goes to `take`, -1 ends the session. */
	int64_t (*feed)(void *ctx, char *data, size_t max, struct err *e);
	int (*take)(void *ctx, const char *data, size_t len, struct err *e);
	void *ctx;
	struct buf *errs; /* gets standard error; NULL: ours does */
};

/*
 * What -i and -t come to: a terminal needs standard input and that it is one, which is told
 * otherwise.
 */
void session_terminal(bool in, bool *tty, bool quiet);
/* For who is in front of a terminal that shows nothing yet. */
#define PROMPT_HINT "If you don't see a command prompt, try pressing enter.\n"
/* After a terminal's session: how to come back to a container that starts again. */
void session_resume_hint(const json *pod, const char *container);
/*
 * PATH with its query, to the end of the process: its exit code, or -1. What the code of a command
 * is told is the caller's to say.
 */
int session_run(
    struct cmd_ctx *ctx, const char *path, const struct session_options *o, struct err *e) MUST_USE;

/*
 * The end by the text of the error channel: the exit code, -1 with the server's error. Pure.
 */
int session_exit_code(const char *text, size_t len, struct err *e);

#endif
