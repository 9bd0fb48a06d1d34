/*
 * correlator: which events become objects of their own. Pure; behaviour after client-go
 * (tools/record/events_cache.go):
 *
 *   - the same event again raises the count of the object that is there;
 *   - of events that differ in their message only, nine within ten minutes have an object each, all
 *     others share one, whose message begins with "(combined from similar events): ";
 *   - a source may write 25 events about an object, and one more each five minutes; what comes
 *     beyond is counted, not written. Unlike there, the first event of a reason is always written:
 *     the end of a Job with many pods is worth more than its hundredth pod.
 *
 * It remembers the 256 pairs of source and object that were last heard of, with at most 16 reasons
 * each.
 */
#ifndef KJOB_CORRELATOR_H
#define KJOB_CORRELATOR_H

#include <stdbool.h>
#include <stdint.h>

struct correlator;

struct correlator *correlator_new(void);
void correlator_free(struct correlator *c);

struct event_facts {
	const char *uid;                                           /* of the object it is about */
	const char *source, *field_path, *type, *reason, *message; /* field_path may be NULL */
};

/* An object of the store that stands for events. */
struct event_slot {
	char *name; /* owned; NULL: none was written yet */
	int64_t count;
	uint64_t digest; /* of field path and message */
	bool live;       /* heard of within the last ten minutes of its reason */
};

#define COMBINED_PREFIX "(combined from similar events): "

/*
 * Counts an event. NULL: it is not to be written. Otherwise its slot, good until the next call:
 * without a name the caller creates an object and notes its name with event_slot_named, with one he
 * writes the new count there. *ret_combined: it stands for many.
 */
struct event_slot *correlator_add(
    struct correlator *c, const struct event_facts *f, int64_t now_ms, bool *ret_combined);
/* Takes name over. */
void event_slot_named(struct event_slot *slot, char *name);

#endif
