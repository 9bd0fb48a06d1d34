/* client_remote: what is different when the server is not the local controller. Pure. */
#ifndef KJOB_CMD_CLIENT_REMOTE_H
#define KJOB_CMD_CLIENT_REMOTE_H

#include "cluster.h"

/*
 * Trouble on the way to the server, in kubectl's words: fault and os_error are those of the HTTP
 * client (http.h), err its error. Returns -1.
 */
int remote_error(const struct cluster *c, enum http_fault fault, int os_error,
    const struct err *err, struct err *e);
/*
 * Whether a request that was answered with `status` may be sent once more, as the server asks for:
 * the time to wait before, in ms; -1: no. tries: how often it was sent.
 */
int64_t remote_retry_ms(int status, const char *retry_after, unsigned tries);

#endif
