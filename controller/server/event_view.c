/*
 * event_view: events.k8s.io/v1. Its events are those of the core group under other names of their
 * fields: bodies of requests and answers are renamed on their way, and everything else is the core
 * kind's.
 */
#include "internal.h"

#define API_VERSION EVENTS_GROUP "/" EVENTS_VERSION

static const struct {
	const char *core, *view;
} names[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
    {"reportingComponent", "reportingController"},
};

/* The other name of a field; NULL: it has but one. */
static const char *rename_of(const char *name, bool to_view)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(name, to_view ? names[i].core : names[i].view))
			return to_view ? names[i].view : names[i].core;
	return NULL;
}

/* The members of an event under their other names; consumes it. */
static json *renamed_take(json *event, bool to_view)
{
	json *out = json_new_object();

	json_for (m, event) {
		const char *other = rename_of(json_key(m), to_view);
		const char *text = json_string_value(m);

		if (str_eq(json_key(m), "apiVersion") && str_eq(text, to_view ? "v1" : API_VERSION))
			json_set_str(out, "apiVersion", to_view ? API_VERSION : "v1");
		else
			json_set(out, other ? other : json_key(m), json_dup(m));
	}
	json_free(event);
	return out;
}

/* This group's schema wants a time, and the client of Python insists on it. */
static void fill_time(json *event)
{
	const char *first = json_str(event, "deprecatedFirstTimestamp");
	auto_free char *micro = NULL;

	if (!first || json_string_value(json_get(event, "eventTime")))
		return;
	micro = xasprintf("%.*s.000000Z", (int)strcspn(first, "Z."), first);
	json_set_str(event, "eventTime", micro);
}

void event_view_render(struct buf *out, const char *body, size_t len)
{
	auto_json *event = json_parse(body, len, JSON_ALLOW_DUPLICATES, NULL);

	if (event)
		event = renamed_take(event, true);
	fill_time(event);
	json_print_to(event, out);
}

/* "/note" and "/note/…" of a JSON patch. */
static void rename_pointer(json *operation, const char *member)
{
	const char *path = json_str(operation, member);
	auto_free char *name = NULL, *text = NULL;
	const char *other;
	size_t n;

	if (!path || *path != '/')
		return;
	n = strcspn(path + 1, "/");
	name = xstrndup(path + 1, n);
	other = rename_of(name, false);
	if (!other)
		return;
	text = xasprintf("/%s%s", other, path + 1 + n);
	json_set_str(operation, member, text);
}

/* What does not parse is left to the handler, which says so. */
void event_view_request(struct exchange *x)
{
	auto_json *body = json_parse(x->body, x->body_len, JSON_PARSE_STRICT, NULL);
	auto_buf text = {0};

	if (json_is_object(body) && !str_eq(json_str(body, "kind"), "DeleteOptions"))
		body = renamed_take(body, false);
	json_for (operation, body) {
		if (!json_is_object(operation) || json_key(operation))
			continue;
		rename_pointer(operation, "path");
		rename_pointer(operation, "from");
	}
	if (!body)
		return;
	json_print_to(body, &text);
	body_replace(x, &text);
}

char *event_view_fields(const char *selector)
{
	static const char *const keys[][2] = {
	    {"regarding.", "involvedObject."}, {"reportingController", "reportingComponent"}};
	auto_buf out = {0};

	for (const char *p = selector; *p;) {
		size_t i = 0;

		while (i < ARRAY_LEN(keys) && !str_has_prefix(p, keys[i][0]))
			i++;
		if (i < ARRAY_LEN(keys)) {
			buf_adds(&out, keys[i][1]);
			p += strlen(keys[i][0]);
		}
		for (; *p && *p != ','; p++)
			buf_addch(&out, *p);
		if (*p)
			buf_addch(&out, *p++);
	}
	return buf_take(&out);
}
