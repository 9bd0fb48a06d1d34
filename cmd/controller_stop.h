/* controller_stop: ending a controller that runs, for the commands that do. */
#ifndef KJOB_CMD_CONTROLLER_STOP_H
#define KJOB_CMD_CONTROLLER_STOP_H

#include "../runtime/base/paths.h"
#include "cmd.h"

/*
 * Ends the instance's controller, if one runs (*ret_ran), and waits until it has left. lock_fd: of
 * spawn_lock, or -1.
 */
int controller_stop(
    struct cmd_ctx *ctx, const struct paths *p, int lock_fd, bool *ret_ran, struct err *e) MUST_USE;

#endif
