#include "env.h"

#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "../../runtime/base/map.h"

/* Events kept in the store, and how many recent ones are remembered for counting repeats. */
#define EVENTS_KEEP 5000
#define EVENTS_TRIM_EVERY 500
#define RECENT_MAX 1024

struct recorder {
	struct store *store;
	struct map recent; /* text of an event → its name (owned) */
	int since_trim;
};

struct recorder *recorder_new(struct store *s)
{
	struct recorder *r = xcalloc(1, sizeof(*r));

	r->store = s;
	return r;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	map_release(&r->recent, free);
	free(r);
}

/* Counts a repeat on the event object that is there; false when it is not (trimmed, deleted). */
static bool count_repeat(struct recorder *r, const char *ns, const char *name, const char *now)
{
	const struct kind *k = kind_by_id(KIND_EVENT);
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_err e = {0};
	auto_json *done = NULL;
	json *event = store_get(r->store, k, ns, name, &e);

	if (!event)
		return false;
	json_set_int(event, "count", json_int(event, "count", 1) + 1);
	json_set_str(event, "lastTimestamp", now);
	done = registry_update(r->store, k, event, &o, &e);
	return done != NULL;
}

static json *event_object(
    const struct kind *k, const json *about, const char *field_path, const char *now)
{
	json *event = json_new_object();
	json *ref = json_new_object();

	json_set_str(event, "apiVersion", "v1");
	json_set_str(event, "kind", "Event");
	json_set_path(event, "metadata.namespace", json_new_string(meta_namespace(about)));
	json_set_str(ref, "kind", k->kind);
	json_set_str(ref, "namespace", meta_namespace(about));
	json_set_str(ref, "name", meta_name(about));
	json_set_str(ref, "uid", meta_uid(about));
	json_set_str(ref, "apiVersion", kind_api_version(k));
	json_set_str(ref, "resourceVersion", json_str(about, "metadata.resourceVersion"));
	json_set_str(ref, "fieldPath", field_path);
	json_set(event, "involvedObject", ref);
	json_set_str(event, "firstTimestamp", now);
	json_set_str(event, "lastTimestamp", now);
	json_set_int(event, "count", 1);
	return event;
}

static void trim(struct recorder *r)
{
	auto_err e = {0};

	if (++r->since_trim < EVENTS_TRIM_EVERY)
		return;
	r->since_trim = 0;
	if (store_trim(r->store, kind_by_id(KIND_EVENT), EVENTS_KEEP, &e) < 0)
		log_warn("cannot trim events: %s", err_msg(&e));
}

void recorder_event(struct recorder *r, const struct kind *k, const json *about,
    const char *field_path, const char *type, const char *reason, const char *source,
    const char *fmt, ...)
{
	auto_free char *message = NULL, *key = NULL, *name = NULL;
	auto_json *stored = NULL;
	auto_err e = {0};
	char now[TIME_TEXT_MAX];
	int64_t ns = clock_wall_ns();
	const char *known;
	json *event;
	va_list ap;

	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	time_format(now, ns / NSEC_PER_SEC);
	key = xasprintf("%s|%s|%s|%s|%s", meta_uid(about), field_path ? field_path : "", reason,
	    source, message);
	known = map_get(&r->recent, key);
	if (known && count_repeat(r, meta_namespace(about), known, now))
		return;

	event = event_object(k, about, field_path, now);
	name = xasprintf("%s.%llx", meta_name(about), (unsigned long long)ns);
	json_set_path(event, "metadata.name", json_new_string(name));
	json_set_str(event, "type", type);
	json_set_str(event, "reason", reason);
	json_set_str(event, "message", message);
	json_set_path(event, "source.component", json_new_string(source));
	json_set_str(event, "reportingComponent", source);
	json_set_str(event, "reportingInstance", "");
	stored = registry_create(r->store, kind_by_id(KIND_EVENT), meta_namespace(about), event,
	    &(struct create_options){0}, &e);
	if (!stored) {
		log_warn("cannot record event %s: %s", reason, err_msg(&e));
		return;
	}
	if (r->recent.len >= RECENT_MAX)
		map_release(&r->recent, free);
	free(map_set(&r->recent, key, TAKE(name)));
	trim(r);
}
