/* event_text: what `events` and `describe` say of an Event object in the same words. Pure. */
#ifndef KJOB_CMD_EVENT_TEXT_H
#define KJOB_CMD_EVENT_TEXT_H

#include "../runtime/base/buf.h"
#include "../runtime/base/json.h"

/*
 * How long ago, "5m", or "62s (x3 over 5m52s)" for one that came several times; "<unknown>" without
 * a time. now: seconds since the epoch. Appended.
 */
void event_age(const json *e, int64_t now, struct buf *out);
/* The message without white space around it; owned. */
char *event_message(const json *e);
/*
 * The events of an array by the time of their last occurrence, and by version where that is the
 * same: an owned array of len borrowed pointers.
 */
json **events_by_time(const json *events, size_t *ret_len);

#endif
