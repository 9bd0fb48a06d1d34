/*
 * dial: whether a TCP connection to a host and port can be made; it is closed again at once.
 *
 * The callback runs once, never before dial_new has returned and never after dial_free; it may call
 * dial_free, which the owner does in any case.
 */
#ifndef KJOB_DIAL_H
#define KJOB_DIAL_H

#include "http.h"

struct dial;
/* fault HTTP_FAULT_NONE: connected. os_error: errno, or 0. */
typedef void dial_done_fn(void *ctx, enum http_fault fault, int os_error);
/* host: a name or an address, IPv6 without brackets. timeout_ms > 0. */
struct dial *dial_new(struct loop *l, const char *host, unsigned port, int64_t timeout_ms,
    dial_done_fn *cb, void *ctx);
void dial_free(struct dial *d);
/* "host:port", "[::1]:80"; owned. */
char *dial_address(const char *host, unsigned port);

#endif
