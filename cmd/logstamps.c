#include "logstamps.h"

#include <string.h>

#include "../runtime/base/clock.h"

struct sink {
	logstamps_fn *fn;
	void *ctx;
};

/* Text of the line, of which the reader may have a part. */
static void pass(struct logstamps *t, const struct sink *out, const char *data, size_t len)
{
	size_t known = t->skip < len ? (size_t)t->skip : len;

	t->bytes += len;
	t->skip -= known;
	if (t->dropped || known == len)
		return;
	out->fn(out->ctx, data + known, len - known);
	t->partial = t->bytes;
}

static void end_line(struct logstamps *t)
{
	t->inside = false;
	t->head_len = 0;
	if (t->dropped)
		return;
	t->partial = 0;
	t->same++;
}

/* Whether the line that begins was passed on before, all of it or in part. */
static void compare(struct logstamps *t, int64_t ns, const struct sink *out)
{
	if (ns < t->ns) {
		t->dropped = true;
	} else if (ns == t->ns) {
		t->dropped = ++t->seen <= t->same;
		t->skip = t->dropped ? 0 : t->partial;
	}
	if (t->dropped || t->skip)
		return;
	t->resuming = false;
	if (t->partial) /* its rest is gone */
		out->fn(out->ctx, "\n", 1);
}

/* The stamp is there, or (ns NULL) the line has none. */
static void begin_line(struct logstamps *t, const int64_t *ns, const struct sink *out)
{
	size_t len = t->head_len;

	t->inside = true;
	t->dropped = false;
	t->skip = t->bytes = 0;
	if (ns && t->resuming)
		compare(t, *ns, out);
	if (ns && !t->dropped && (!t->any || t->ns != *ns)) {
		t->any = true;
		t->ns = *ns;
		t->same = 0;
	}
	if (!ns)
		pass(t, out, t->head, len);
	else if (t->show && !t->dropped && !t->skip)
		out->fn(out->ctx, t->head, len);
}

/* One character at a line's beginning. */
static void take_head(struct logstamps *t, char c, const struct sink *out)
{
	char text[sizeof(t->head)];
	int64_t ns;

	t->head[t->head_len++] = c;
	if (c == ' ' && t->head_len > 1) {
		memcpy(text, t->head, t->head_len - 1);
		text[t->head_len - 1] = '\0';
		begin_line(t, time_parse(text, &ns) == 0 ? &ns : NULL, out);
	} else if (c == '\n' || c == ' ' || t->head_len == sizeof(t->head)) {
		begin_line(t, NULL, out);
		if (c == '\n')
			end_line(t);
	}
}

void logstamps_feed(struct logstamps *t, const char *data, size_t len, logstamps_fn *fn, void *ctx)
{
	const struct sink out = {fn, ctx};

	for (size_t at = 0; at < len;) {
		const char *newline;
		size_t n;

		if (!t->inside) {
			take_head(t, data[at++], &out);
			continue;
		}
		newline = memchr(data + at, '\n', len - at);
		n = newline ? (size_t)(newline - (data + at)) + 1 : len - at;
		pass(t, &out, data + at, n);
		if (newline)
			end_line(t);
		at += n;
	}
}

bool logstamps_resume(struct logstamps *t, int64_t *ret_ns)
{
	t->inside = false;
	t->head_len = 0;
	t->resuming = t->any;
	t->seen = 0;
	*ret_ns = t->ns;
	return t->any;
}
