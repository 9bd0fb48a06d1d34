/*
 * controller: the process that owns an instance: its database, its engine, its loops and its API
 * server.
 */
#ifndef KJOB_CONTROLLER_H
#define KJOB_CONTROLLER_H

#include <stdbool.h>

#include "../runtime/base/err.h"

struct controller_options {
	const char *engine_spec; /* --engine; NULL: KJOB_ENGINE or auto */
	int ready_fd;            /* told "ready\n" or "error: TEXT\n", then closed; -1: none */
	bool stay;        /* never leave for being idle (started by hand, systemd, containers) */
	int idle_seconds; /* leave after this long with nothing to look after */
};

/*
 * Runs until it is stopped (SIGTERM, SIGINT, POST /kjob/v1/stop) or idle for long enough. 0 on an
 * orderly end; the error was told to ready_fd too. Paths come from the environment (paths.h).
 */
int controller_run(const struct controller_options *o, struct err *e) MUST_USE;

#endif
