/* dial: see dial.h. libcurl connects: it resolves names without blocking. */
#include "dial.h"

#include "http_private.h"

struct dial {
	struct http *client;
	dial_done_fn *cb;
	void *ctx;
	int busy;
	bool dead;
};

static void destroy(struct dial *d)
{
	http_free(d->client);
	free(d);
}

static void on_connect(void *arg, CURL *easy, const struct http_response *r, const struct err *err)
{
	struct dial *d = arg;
	enum http_fault fault = r->fault == HTTP_FAULT_NONE && err ? HTTP_FAULT_OTHER : r->fault;

	d->busy++;
	d->cb(d->ctx, fault, r->os_error);
	if (--d->busy == 0 && d->dead)
		destroy(d);
}

char *dial_address(const char *host, unsigned port)
{
	return strchr(host, ':') ? xasprintf("[%s]:%u", host, port)
				 : xasprintf("%s:%u", host, port);
}

struct dial *dial_new(struct loop *l, const char *host, unsigned port, int64_t timeout_ms,
    dial_done_fn *cb, void *ctx)
{
	struct dial *d = xcalloc(1, sizeof(*d));
	auto_free char *address = dial_address(host, port);
	auto_free char *url = xasprintf("http://%s", address);
	struct http_target t = {.base_url = url, .no_proxy = true, .connect_ms = timeout_ms};

	d->cb = cb;
	d->ctx = ctx;
	d->client = http_new(l, &t);
	http_connect(d->client, on_connect, d);
	return d;
}

void dial_free(struct dial *d)
{
	if (!d || d->dead)
		return;
	d->dead = true;
	if (d->busy == 0)
		destroy(d);
}
