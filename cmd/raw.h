/*
 * raw: --raw PATH of get, create, replace and delete: one request as it is written, and its answer,
 * as it is, on standard output.
 */
#ifndef KJOB_CMD_RAW_H
#define KJOB_CMD_RAW_H

#include "cmd.h"

#define OPT_ROW_RAW(what)                                            \
	{                                                            \
		"raw", 0, OPT_STRING, NULL, "PATH", what, NULL, NULL \
	}

/*
 * Sends it with the body that -f names, where the command has -f and it is given. `alone` names the
 * options that do not go with --raw, NULL-terminated: each one given is an error. Returns the exit
 * code, or -1.
 */
int raw_request(
    struct cmd_ctx *ctx, const char *method, const char *const *alone, struct err *e) MUST_USE;

#endif
