#include "upgrade.h"

#include <strings.h>

#include "../../runtime/ws.h"

#define STREAM_PROTOCOL "X-Stream-Protocol-Version"

bool upgrade_asks(const struct exchange *x, const char *protocol)
{
	const char *asked = exchange_header(x, "Upgrade");

	return asked && strcasecmp(asked, protocol) == 0;
}

const char *upgrade_choose(const struct exchange *x, const char *header, const char *const *known)
{
	auto_strlist offered = {0};

	exchange_header_items(x, header, &offered);
	while (*known && !(**known ? strlist_has(&offered, *known) : offered.len == 0))
		known++;
	return *known;
}

/* As upgrade_choose; *known is not empty. */
static const char *choose(
    const struct exchange *x, const char *header, const char *const *known, struct err *e)
{
	const char *chosen = upgrade_choose(x, header, known);
	auto_buf names = {0};

	if (chosen)
		return chosen;
	for (; *known && **known; known++)
		buf_addf(&names, "%s%s", names.len ? " or " : "", *known);
	err_set(e, ERR_BAD_REQUEST, "%s offers no protocol that is known here; offer %s", header,
	    buf_str(&names));
	return NULL;
}

int upgrade_websocket(
    const struct exchange *x, const char *const *known, struct buf *headers, struct err *e)
{
	const char *key = exchange_header(x, "Sec-WebSocket-Key");
	const char *version = exchange_header(x, "Sec-WebSocket-Version");
	const char *protocol;
	char accept[29];

	if (x->method != METHOD_GET || !key || strlen(key) > 64 || !version ||
	    !str_eq(version, "13"))
		return err_set(
		    e, ERR_BAD_REQUEST, "not a valid WebSocket handshake (RFC 6455, version 13)");
	protocol = choose(x, WEBSOCKET_PROTOCOL, known, e);
	if (!protocol)
		return -1;
	buf_addf(headers, "Upgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n",
	    ws_accept_key(accept, key));
	if (*protocol)
		buf_addf(headers, WEBSOCKET_PROTOCOL ": %s\r\n", protocol);
	return 0;
}

int upgrade_spdy(
    const struct exchange *x, const char *const *known, struct buf *headers, struct err *e)
{
	const char *protocol = choose(x, STREAM_PROTOCOL, known, e);

	if (!protocol)
		return -1;
	buf_addf(headers, "Upgrade: SPDY/3.1\r\n" STREAM_PROTOCOL ": %s\r\n", protocol);
	return 0;
}
