#include "event_text.h"

#include "../runtime/base/clock.h"
#include "../runtime/base/str.h"

static bool parse_time(const char *stamp, int64_t *ret_ns)
{
	return stamp && time_parse(stamp, ret_ns) == 0 && *ret_ns != TIME_ZERO_NS;
}

static const char *since(const char *stamp, int64_t now, char text[TIME_TEXT_MAX])
{
	int64_t ns;

	if (!parse_time(stamp, &ns))
		return "<unknown>";
	return duration_human(text, now - ns / NSEC_PER_SEC);
}

void event_age(const json *e, int64_t now, struct buf *out)
{
	char last[TIME_TEXT_MAX], first[TIME_TEXT_MAX];
	const char *began = json_str(e, json_has(e, "eventTime") ? "eventTime" : "firstTimestamp");
	int64_t count = json_int(e, "count", 0);

	if (json_has(e, "series"))
		buf_addf(out, "%s (x%lld over %s)",
		    since(json_str(e, "series.lastObservedTime"), now, last),
		    (long long)json_int(e, "series.count", 0), since(began, now, first));
	else if (count > 1)
		buf_addf(out, "%s (x%lld over %s)", since(json_str(e, "lastTimestamp"), now, last),
		    (long long)count, since(began, now, first));
	else
		buf_adds(out, since(began, now, first));
}

char *event_message(const json *e)
{
	static const char space[] = " \t\n\v\f\r";
	const char *message = json_str_or(e, "message", "");
	size_t len;

	message += strspn(message, space);
	for (len = strlen(message); len && strchr(space, message[len - 1]); len--)
		;
	return xstrndup(message, len);
}

/* ---- order ---- */

struct dated {
	json *event;
	int64_t ns, version;
	size_t at;
};

static int64_t last_time(const json *e)
{
	int64_t ns;

	if (parse_time(json_str(e, "series.lastObservedTime"), &ns) ||
	    parse_time(json_str(e, "lastTimestamp"), &ns) ||
	    parse_time(json_str(e, "eventTime"), &ns))
		return ns;
	return INT64_MIN;
}

static int by_time(const void *pa, const void *pb)
{
	const struct dated *a = pa, *b = pb;

	if (a->ns != b->ns)
		return a->ns < b->ns ? -1 : 1;
	if (a->version != b->version)
		return a->version < b->version ? -1 : 1;
	return a->at < b->at ? -1 : 1;
}

json **events_by_time(const json *events, size_t *ret_len)
{
	size_t len = json_len(events), n = 0;
	struct dated *dated = xcalloc(len + 1, sizeof(*dated));
	json **sorted = xcalloc(len + 1, sizeof(*sorted));

	json_for (e, events) {
		struct dated *d = &dated[n];

		*d = (struct dated){.event = e, .ns = last_time(e), .at = n};
		if (str_to_int(json_str_or(e, "metadata.resourceVersion", ""), 0, INT64_MAX,
			&d->version) < 0)
			d->version = 0;
		n++;
	}
	qsort(dated, n, sizeof(*dated), by_time);
	for (size_t i = 0; i < n; i++)
		sorted[i] = dated[i].event;
	free(dated);
	*ret_len = n;
	return sorted;
}
