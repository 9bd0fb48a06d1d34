/*
 * runner_protocol: what kjob and the runner (sandbox/run.c) tell each other over an exec's stdin
 * and stdout. Frames of a head and up to RUNNER_DATA_MAX bytes; all numbers are 32 bits, the low
 * byte first. The head: id << 0, then op << 24 | length.
 */
#ifndef KJOB_RUNNER_PROTOCOL_H
#define KJOB_RUNNER_PROTOCOL_H

#define RUNNER_HEAD 8
#define RUNNER_DATA_MAX 65536
#define RUNNER_ARGS_MAX 256
#define RUNNER_COMMANDS_MAX 64 /* at a time */

/* To the runner. */
enum {
	/*
	 * Starts a command: a number, how much of each of its outputs is wanted (what is more is
	 * drained), and its words, each with its NUL. Flag in the number: RUNNER_INPUT.
	 */
	RUNNER_RUN = 1,
	RUNNER_INPUT_DATA, /* for its stdin; all in all no more than a pipe takes: 64 KiB ahead */
	RUNNER_INPUT_END,
	RUNNER_KILL, /* with all of its children; the end is told nevertheless */
};
#define RUNNER_INPUT 0x80000000u /* it has a stdin; otherwise /dev/null */

/* From the runner. */
enum {
	RUNNER_HELLO = 1, /* once, before all others; id 0 */
	RUNNER_STDOUT,
	RUNNER_STDERR,
	RUNNER_EXIT,    /* a number: the exit code, 128 + the signal that killed it */
	RUNNER_REFUSED, /* a number: errno; the command was not started */
};

#endif
