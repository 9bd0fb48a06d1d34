/* action: the frame of all kinds: the time limit, one result, its delivery. */
#include "action_internal.h"

#include <ctype.h>

static const struct action_ops *const kinds[] = {
    [ACTION_EXEC] = &exec_action,
    [ACTION_HTTP] = &http_action,
    [ACTION_TCP] = &tcp_action,
    [ACTION_GRPC] = &grpc_action,
};

static void action_free(struct action *a)
{
	loop_undefer(a->loop, a);
	timer_cancel(a->loop, &a->timer);
	a->ops->stop(a);
	buf_release(&a->text);
	free(a);
}

static void deliver(void *arg)
{
	struct action *a = arg;
	struct action_result r = {
	    .outcome = a->outcome, .text = buf_str(&a->text), .exit_code = a->exit_code};
	struct buf text = a->text;
	action_done_fn *done = a->done;
	void *ctx = a->ctx;
	uint64_t key = a->key;

	a->text = (struct buf){0};
	action_free(a);
	done(ctx, key, &r);
	buf_release(&text);
}

void action_finish(struct action *a, enum action_outcome outcome, const char *text, size_t len)
{
	if (a->finished)
		return;
	a->finished = true;
	a->outcome = outcome;
	buf_add(&a->text, text, len < ACTION_TEXT_MAX ? len : ACTION_TEXT_MAX);
	for (size_t i = 0; i < a->text.len; i++)
		if (!a->text.ptr[i])
			a->text.ptr[i] = '?';
	timer_cancel(a->loop, &a->timer);
	loop_defer_named(a->loop, "end of a probe", deliver, a);
}

void action_finishf(struct action *a, enum action_outcome outcome, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	auto_free char *text = xvasprintf(fmt, ap);
	va_end(ap);
	action_finish(a, outcome, text, strlen(text));
}

static void on_timeout(void *arg)
{
	struct action *a = arg;

	if (a->waiting)
		action_finishf(a, ACTION_ERROR, "the engine does not start what the probe needs");
	else
		a->ops->timed_out(a);
}

void action_wait(struct action *a)
{
	a->waiting = true;
	timer_set(a->loop, &a->timer, BEGIN_MS);
}

void action_begin(struct action *a)
{
	if (!a->waiting || a->finished)
		return;
	a->waiting = false;
	timer_set(a->loop, &a->timer, a->timeout_ms);
}

static void on_begin(void *ctx)
{
	action_begin(ctx);
}

struct dial *action_dial(
    struct action *a, struct runner *via, const char *host, unsigned port, dial_done_fn *done)
{
	return dial_through(a->loop, via, host, port, a->timeout_ms + 1000, on_begin, done, a);
}

void action_no_network(struct action *a)
{
	action_finishf(a, ACTION_ERROR, "the network of the pod cannot be reached");
}

struct action *action_start(struct loop *l, const struct action_spec *s, int64_t timeout_ms,
    action_done_fn *done, void *ctx, uint64_t key)
{
	struct action *a = xcalloc(1, sizeof(*a));

	a->loop = l;
	a->ops = kinds[s->kind];
	a->timeout_ms = timeout_ms;
	a->exit_code = -1;
	a->done = done;
	a->ctx = ctx;
	a->key = key;
	a->timer = (struct timer){.name = "time limit of a probe", .fn = on_timeout, .arg = a};
	timer_set(l, &a->timer, timeout_ms);
	if (s->kind != ACTION_EXEC && !action_host_is_fine(s->host))
		action_finishf(a, ACTION_ERROR, "invalid host %s", s->host ? s->host : "");
	else
		a->ops->start(a, s);
	return a;
}

void action_cancel(struct action *a)
{
	if (a)
		action_free(a);
}

char *action_event_text(const char *probe, const struct action_result *r)
{
	static const char *const words[] = {
	    [ACTION_WARNING] = "warning",
	    [ACTION_FAILURE] = "failed",
	    [ACTION_ERROR] = "errored and resulted in unknown state",
	};

	if (r->outcome == ACTION_SUCCESS)
		return NULL;
	return xasprintf("%s probe %s: %s", probe, words[r->outcome], r->text);
}

bool action_host_is_fine(const char *host)
{
	if (!host || !*host || strlen(host) > 253)
		return false;
	for (const char *p = host; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._:%", *p))
			return false;
	return true;
}

char *action_dial_text(const char *host, unsigned port, enum http_fault fault, int os_error)
{
	auto_free char *address = dial_address(host, port);
	auto_free char *why = xstrdup(strerror(os_error));

	if (fault == HTTP_FAULT_RESOLVE)
		return xasprintf("dial tcp: lookup %s: no such host", host);
	if (fault == HTTP_FAULT_TIMEOUT || !os_error)
		return xasprintf("dial tcp %s: i/o timeout", address);
	*why = (char)tolower((unsigned char)*why);
	for (char *p = why; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return xasprintf("dial tcp %s: connect: %s", address, why);
}
