#include "env.h"

#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "correlator.h"

/* Events kept in the store. */
#define EVENTS_KEEP 5000
#define EVENTS_TRIM_EVERY 500

struct recorder {
	struct store *store;
	struct correlator *correlator;
	int since_trim;
};

struct recorder *recorder_new(struct store *s)
{
	struct recorder *r = xcalloc(1, sizeof(*r));

	r->store = s;
	r->correlator = correlator_new();
	return r;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	correlator_free(r->correlator);
	free(r);
}

/* Writes a repeat to the event object that is there; false when it is not (trimmed, deleted). */
static bool write_repeat(struct recorder *r, const char *ns, const struct event_slot *slot,
    const char *message, const char *now)
{
	const struct kind *k = kind_by_id(KIND_EVENT);
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_err e = {0};
	auto_json *done = NULL;
	json *event = slot->name ? store_get(r->store, k, ns, slot->name, &e) : NULL;

	if (!event)
		return false;
	json_set_int(event, "count", slot->count);
	json_set_str(event, "message", message);
	json_set_str(event, "lastTimestamp", now);
	done = registry_update(r->store, k, event, &o, &e);
	return done != NULL;
}

static json *event_object(
    const struct kind *k, const json *about, const char *field_path, const char *now)
{
	json *event = meta_new_object(kind_by_id(KIND_EVENT), NULL);
	json *ref = meta_reference(k, about);

	json_set_path(event, "metadata.namespace", json_new_string(meta_namespace(about)));
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
	if (store_trim_events(r->store, EVENTS_KEEP, &e) < 0)
		log_warn("cannot trim events: %s", err_msg(&e));
}

static void create_event(
    struct recorder *r, json *event, const char *ns, const char *reason, struct event_slot *slot)
{
	auto_err e = {0};
	auto_json *stored = registry_create(
	    r->store, kind_by_id(KIND_EVENT), ns, event, &(struct create_options){0}, &e);

	if (!stored) {
		log_warn("cannot record event %s: %s", reason, err_msg(&e));
		return;
	}
	event_slot_named(slot, xstrdup(meta_name(stored)));
	trim(r);
}

void recorder_event(struct recorder *r, const struct kind *k, const json *about,
    const char *field_path, const char *type, const char *reason, const char *source,
    const char *fmt, ...)
{
	auto_free char *message = NULL, *name = NULL;
	struct event_facts facts = {meta_uid(about), source, field_path, type, reason, NULL};
	struct event_slot *slot;
	char now[TIME_TEXT_MAX];
	int64_t ns = clock_wall_ns();
	bool combined;
	json *event;
	va_list ap;

	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	facts.message = message;
	slot = correlator_add(r->correlator, &facts, clock_mono_ms(), &combined);
	if (!slot)
		return;
	if (combined) {
		auto_free char *text = TAKE(message);

		message = xasprintf(COMBINED_PREFIX "%s", text);
	}
	time_format(now, ns / NSEC_PER_SEC);
	if (write_repeat(r, meta_namespace(about), slot, message, now))
		return;

	event = event_object(k, about, field_path, now);
	name = xasprintf("%s.%llx", meta_name(about), (unsigned long long)ns);
	json_set_path(event, "metadata.name", json_new_string(name));
	json_set_str(event, "type", type);
	json_set_str(event, "reason", reason);
	json_set_str(event, "message", message);
	json_set_int(event, "count", slot->count);
	json_set_path(event, "source.component", json_new_string(source));
	json_set_str(event, "reportingComponent", source);
	json_set_str(event, "reportingInstance", "");
	create_event(r, event, meta_namespace(about), reason, slot);
}
