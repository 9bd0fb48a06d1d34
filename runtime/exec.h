/*
 * exec: commands in running containers.
 *
 * Two forms. exec_open is a stream, for a person at a terminal; its process goes on when the caller
 * goes away, as with kubectl. exec_run is for probes and hooks: output up to a bound, a time limit,
 * and what does not end in time, or is cancelled, is killed.
 *
 * Killing. No engine offers it, and neither kills when its client goes away (measured). So: the
 * engine tells the number of the process; where that is a process of this machine whose control
 * group bears the container's id, it and its children are killed from here. Where the engine's
 * processes are elsewhere (a remote engine, a virtual machine) or may not be touched (a rootful
 * engine and an ordinary user), a second exec, a shell, finds and kills what bears a mark in its
 * environment, KJOB_EXEC; the mark is only set on such engines. An image without a shell there
 * keeps the process until its container ends: a warning is logged. Killing goes on in the
 * background, owned by the engine; the caller need not wait for it.
 *
 * What it costs. Nearly all of it is the engine's and the runtime's own: 40 ms (Docker 20.10) and
 * 90 ms (Podman 4.3) of two cores for each, so that some 25 to 40 a second are the limit. Podman
 * moreover keeps two conmon processes for five minutes behind every exec of its API, by its
 * setting exit_command_delay.
 *
 * Callbacks run on the loop, never before the starting call has returned, and may do anything, free
 * their own object too. Everything here must be freed before its engine.
 */
#ifndef KJOB_EXEC_H
#define KJOB_EXEC_H

#include "engine.h"

/* Strings are borrowed during the call. */
struct exec_spec {
	const char *container;          /* its whole id */
	const struct strlist *command;  /* argv; at least one */
	const struct strlist *env;      /* "K=V" in addition to the container's; or NULL */
	const char *user, *working_dir; /* NULL: the container's */
	bool stdin_open, tty;
};

/* ---- a stream ---- */

struct exec;
struct exec_callbacks {
	/* Optional: the engine has accepted it, the command is being started. */
	void (*on_open)(struct engine_who who);
	/* As in struct stream_callbacks; right after a false one more piece may come. */
	bool (*on_data)(struct engine_who who, enum stream_kind kind, const char *data, size_t len);
	void (*on_writable)(struct engine_who who); /* optional */
	/*
	 * The last callback. err NULL: the command has ended with this code. ERR_BAD_REQUEST: it
	 * could not be started, exit_code is 126 or 127 (what the engine printed about it does not
	 * come as output); ERR_CONFLICT: the container does not run; ERR_NOT_FOUND: it is gone;
	 * anything else as in engine.h, exit_code is -1.
	 */
	void (*on_end)(struct engine_who who, int exit_code, const struct err *err);
};
struct exec *exec_open(struct engine *en, const struct exec_spec *spec,
    const struct exec_callbacks *cb, struct engine_who who);
/* stdin; as stream_write and stream_close_stdin. Before on_open nothing is taken: false. */
bool exec_write(struct exec *x, const void *data, size_t len);
void exec_close_stdin(struct exec *x);
/* The terminal's size; may come at any time, the last one counts. */
void exec_resize(struct exec *x, unsigned columns, unsigned rows);
void exec_resume(struct exec *x);
/* No callback follows; the process goes on. */
void exec_free(struct exec *x);
/* As exec_free, and the process is killed. */
void exec_kill(struct exec *x);

/* ---- to its end ---- */

struct exec_result {
	int exit_code;
	bool timed_out;     /* and killed; exit_code means nothing */
	const char *output; /* stdout, then stderr, NUL-terminated; borrowed by the callback */
	size_t output_len;
	bool truncated; /* there was more */
};
/* r NULL: err says why, as in on_end above. The run is gone when it returns. */
typedef void exec_done_fn(
    struct engine_who who, const struct exec_result *r, const struct err *err);
struct exec_run;
/* spec: without stdin and tty. The time counts from now; 0: no limit. max_output: of all output. */
struct exec_run *exec_run(struct engine *en, const struct exec_spec *spec, size_t max_output,
    int64_t timeout_ms, exec_done_fn *cb, struct engine_who who);
/* No callback follows; what runs is killed. */
void exec_run_cancel(struct exec_run *r);

#endif
