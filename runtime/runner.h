/*
 * runner: many commands in one container through one exec.
 *
 * An exec costs its engine some 50 ms of processor time; a program of ours (sandbox/run.c) that is
 * started once in the container starts a command in a millisecond. The container must have that
 * program: the sandbox's image is it, others have it mounted (sandbox_volume_fill). Commands have
 * what an exec would give them: user, environment, folder, rights. What is cancelled is killed with
 * its children, on engines elsewhere too.
 *
 * The exec begins with the first command. A runner that cannot be started, or whose end comes twice
 * in a row without a command's end between, is of no use any more: runner_takes says no, and
 * commands that wait for it are refused, so that the caller can take an exec of their own.
 *
 * Callbacks run on the loop, never before the starting call has returned, and may do anything,
 * cancel their own call and free the runner too. Runner and calls must be gone before their engine.
 */
#ifndef KJOB_RUNNER_H
#define KJOB_RUNNER_H

#include "engine.h"

struct runner;
/* container: its whole id; program: where it is in there. */
struct runner *runner_new(struct engine *en, const char *container, const char *program);
/* Where its program is; borrowed. */
const char *runner_program(const struct runner *r);
/* Ends the exec, and with it all commands; calls say nothing more and are still to be cancelled.
 * NULL is fine. */
void runner_free(struct runner *r);
/* Whether it is worth to ask: it has not failed, and the words fit into a request. */
bool runner_takes(const struct runner *r, const struct strlist *command);

enum runner_end {
	RUNNER_ENDED,       /* by itself */
	RUNNER_NOT_STARTED, /* the command has not run and cannot, this way */
	RUNNER_LOST         /* the runner, or its container, has gone while the command ran */
};

/* ctx is the caller's; borrowed until the end or the cancel. */
struct runner_callbacks {
	/* Optional: the runner is there and has been asked: time limits count from here. */
	void (*on_begin)(void *ctx);
	/* Up to max_output bytes of each kind. */
	void (*on_data)(void *ctx, enum stream_kind kind, const char *data, size_t len);
	/* The last one. exit_code: of RUNNER_ENDED; 128 + the signal that killed it. */
	void (*on_end)(void *ctx, enum runner_end end, int exit_code);
};

struct runner_call;
/* max_output: what is more is drained and dropped. with_input: it has a stdin; otherwise none. */
struct runner_call *runner_run(struct runner *r, const struct strlist *command, size_t max_output,
    bool with_input, const struct runner_callbacks *cb, void *ctx);
/* After on_begin. No more than 64 KiB ahead of the command's reading: what is more ends its stdin.
 */
void runner_write(struct runner_call *c, const void *data, size_t len);
void runner_close_input(struct runner_call *c);
/* No callback follows; what runs is killed. NULL is fine. */
void runner_cancel(struct runner_call *c);

#endif
