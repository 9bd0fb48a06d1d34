/*
 * dial: a TCP connection to a host and port, either from this machine or from a container that is
 * in another network: a runner of the sandbox's program makes it there, and passes on what is said.
 *
 * The callback runs once, never before dial_new has returned and never after dial_free; it may call
 * dial_free, which the owner does in any case.
 */
#ifndef KJOB_DIAL_H
#define KJOB_DIAL_H

#include "http.h"

struct runner;
struct dial;
/* fault HTTP_FAULT_NONE: connected. os_error: errno, or 0. */
typedef void dial_done_fn(void *ctx, enum http_fault fault, int os_error);
/*
 * Whether a connection can be made; it is closed again at once. host: a name or an address, IPv6
 * without brackets. timeout_ms > 0.
 */
struct dial *dial_new(struct loop *l, const char *host, unsigned port, int64_t timeout_ms,
    dial_done_fn *cb, void *ctx);
/*
 * From where `via` is, which must outlive it; host is an address. on_begin: the runner has been
 * asked; its own start takes as long as it takes. HTTP_FAULT_OTHER: that was what failed.
 */
struct dial *dial_through(struct loop *l, struct runner *via, const char *host, unsigned port,
    int64_t timeout_ms, void (*on_begin)(void *ctx), dial_done_fn *cb, void *ctx);
/*
 * Of dial_through, when it is connected: the path of a socket that leads there, for one connection,
 * as long as the dial lives; NULL: none can be made. At most 64 KiB may be sent ahead of the other
 * side, and 256 KiB come back.
 */
const char *dial_socket(struct dial *d);
/* Of dial_through: why it failed, in the words of Go; NULL: not known. */
const char *dial_text(const struct dial *d);
void dial_free(struct dial *d);
/* "host:port", "[::1]:80"; owned. */
char *dial_address(const char *host, unsigned port);

#endif
