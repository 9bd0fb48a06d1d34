/*
 * spawn: finding the controller's socket, and starting the controller when nobody answers there.
 * Blocking.
 */
#ifndef KJOB_CMD_SPAWN_H
#define KJOB_CMD_SPAWN_H

#include <stdbool.h>

#include "../runtime/base/paths.h"

/*
 * Returns 0 when something listens on the instance's socket. Otherwise, under the lock file, starts
 * `controller run` from this program's own file in a session of its own and waits until it is ready
 * or says why not. With no_start a missing controller is ERR_UNAVAILABLE. started (may be NULL)
 * tells which.
 */
int spawn_controller(const struct paths *p, const char *engine, bool no_start, bool *started,
    struct err *e) MUST_USE;
/*
 * Whether something listens on a unix socket: 1 yes, 0 no (none there, or a stale file), -1: e is
 * set.
 */
int spawn_probe(const char *socket_path, struct err *e) MUST_USE;
/* What identifies the controller that holds the instance: its pid file. Owned; NULL: none ever did.
 */
char *spawn_holder(const struct paths *p);
/*
 * Until that controller, which was told to stop, has ended. A command that waits for it, such as an
 * attached run, may have started the next one by then.
 */
int spawn_wait_left(const struct paths *p, const char *holder, struct err *e) MUST_USE;

/* While this is held nobody else starts or ends a controller of the instance: a descriptor, to be
 * closed. */
int spawn_lock(const struct paths *p, struct err *e) MUST_USE;
/* As spawn_wait_left, for who holds the lock. holder NULL: any. */
int spawn_await_left(const struct paths *p, const char *holder, struct err *e) MUST_USE;
/* Waits until somebody listens on the instance's socket; -1 where nobody does in half a minute. */
int spawn_await_answer(const struct paths *p, struct err *e) MUST_USE;

#endif
