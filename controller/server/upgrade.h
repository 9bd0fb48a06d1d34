/* upgrade: which protocol a request asks to go on with, and the answer's headers for it. */
#ifndef KJOB_SERVER_UPGRADE_H
#define KJOB_SERVER_UPGRADE_H

#include "exchange.h"

#define WEBSOCKET_PROTOCOL "Sec-WebSocket-Protocol"

/* Whether the Upgrade header names this protocol. */
bool upgrade_asks(const struct exchange *x, const char *protocol);
/*
 * The first of the known protocols (NULL-terminated) that the client offers in a header of this
 * name; "", the last, is for one that offers none. Borrowed from known. NULL: it offers others.
 */
const char *upgrade_choose(const struct exchange *x, const char *header, const char *const *known);
/*
 * Appends the headers of the 101 answer; -1: it is no WebSocket handshake (RFC 6455), or none of
 * the known protocols is offered.
 */
int upgrade_websocket(const struct exchange *x, const char *const *known, struct buf *headers,
    struct err *e) MUST_USE;
/* The same for SPDY/3.1 and X-Stream-Protocol-Version. */
int upgrade_spdy(const struct exchange *x, const char *const *known, struct buf *headers,
    struct err *e) MUST_USE;

#endif
