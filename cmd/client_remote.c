#include "client_remote.h"

#include <errno.h>

#define TRIES_MAX 10
#define PAUSE_MAX_S 60

/* "dial tcp HOST:PORT", or of the proxy that is asked to. */
static char *dial_words(const struct cluster *c, const char *address)
{
	const char *proxy = c->target.proxy ? strstr(c->target.proxy, "://") : NULL;

	return proxy ? xasprintf("proxyconnect tcp: dial tcp %s", proxy + 3)
		     : xasprintf("dial tcp %s", address);
}

int remote_error(const struct cluster *c, enum http_fault fault, int os_error,
    const struct err *err, struct err *e)
{
	static const char beginning[] = "Unable to connect to the server: ";
	auto_free char *address = cluster_address(c), *dial = dial_words(c, address);

	switch (fault) {
	case HTTP_FAULT_RESOLVE:
		return err_set(e, err->reason, "%sdial tcp: lookup %.*s: no such host", beginning,
		    (int)strcspn(address, ":"), address);
	case HTTP_FAULT_CONNECT:
		if (os_error == ECONNREFUSED && !c->target.proxy)
			return err_set(e, err->reason,
			    "The connection to the server %s was refused - did you specify the "
			    "right host or port?",
			    address);
		return err_set(e, err->reason, "%s%s: connect: %s", beginning, dial,
		    os_error == ECONNREFUSED ? "connection refused"
		    : os_error               ? strerror(os_error)
					     : "no route to host");
	case HTTP_FAULT_TIMEOUT:
		if (err->reason == ERR_TIMEOUT)
			return err_set(e, err->reason,
			    "%snet/http: request canceled (Client.Timeout exceeded while awaiting "
			    "headers)",
			    beginning);
		return err_set(e, err->reason, "%s%s: i/o timeout", beginning, dial);
	case HTTP_FAULT_CLOSED:
		return err_set(e, err->reason, "%sEOF", beginning);
	case HTTP_FAULT_TOO_LARGE:
		err_copy(e, err);
		return -1;
	case HTTP_FAULT_NONE:
	case HTTP_FAULT_TLS:
	case HTTP_FAULT_OTHER:
		break;
	}
	return err_set(e, err->reason, "%s%s", beginning, err_msg(err));
}

int64_t remote_retry_ms(int status, const char *retry_after, unsigned tries)
{
	int64_t seconds;

	if ((status != 429 && status < 500) || tries > TRIES_MAX || !retry_after ||
	    str_to_int(retry_after, 0, INT64_MAX, &seconds) < 0)
		return -1;
	return (seconds < PAUSE_MAX_S ? seconds : PAUSE_MAX_S) * 1000;
}
