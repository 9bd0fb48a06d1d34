/* controller_cmd: what the files of `kjob controller` need of each other. */
#ifndef KJOB_CMD_CONTROLLER_CMD_H
#define KJOB_CMD_CONTROLLER_CMD_H

#include "../runtime/base/paths.h"
#include "cmd.h"

/*
 * Ends the instance's controller, if one runs (*ret_ran), and waits until it has left. lock_fd: of
 * spawn_lock, or -1.
 */
int controller_stop(
    struct cmd_ctx *ctx, const struct paths *p, int lock_fd, bool *ret_ran, struct err *e) MUST_USE;
/* The name of the service that 'controller enable' made for this instance; NULL: there is none. */
const char *controller_service(const struct paths *p);

#endif
