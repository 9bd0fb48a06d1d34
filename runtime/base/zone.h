/*
 * zone: civil time in a named time zone, out of the system's time zone database by way of the C
 * library.
 *
 * The C library knows one zone at a time, that of the environment variable TZ. A scope makes it
 * that of a zone and puts the old one back at its end; within, the functions that say so, and
 * localtime_r, speak of that zone. Changing over costs a read of the zone's file, so whoever asks
 * often holds one scope around it. Scopes do not nest, and only the main thread may hold one. A
 * zone that is NULL is the local one.
 */
#ifndef KJOB_BASE_ZONE_H
#define KJOB_BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "err.h"

struct zone;

#define auto_zone CLEANUP(zone_cleanup) struct zone

/*
 * The zone of an IANA name ("Europe/Berlin"); "" and "UTC" are known even without a database. Fails
 * with "unknown time zone X" where the database has none of that name: the C library would take it
 * for UTC without a word. Owned.
 */
struct zone *zone_load(const char *name, struct err *e) MUST_USE;
void zone_free(struct zone *z);
void zone_cleanup(struct zone **z);

struct zone_scope {
	bool switched;
	char *saved; /* TZ as it was; NULL: it was not set */
};

#define auto_zone_scope CLEANUP(zone_leave) struct zone_scope

void zone_enter(struct zone_scope *s, const struct zone *z);
void zone_leave(struct zone_scope *s);

/* The times that can be asked about: nearly all of the years 1 to 9999. */
#define ZONE_TIME_MIN INT64_C(-62135000000)
#define ZONE_TIME_MAX INT64_C(253402000000)

/* In a scope: seconds that civil time is ahead of UTC at t. */
int64_t zone_offset(int64_t t);
/* In a scope: the first time in (t, until] at which the offset is another than at t. */
bool zone_next_change(int64_t t, int64_t until, int64_t *ret);
/* In a scope: since when the offset at t holds, if that is in (after, t]. */
bool zone_last_change(int64_t t, int64_t after, int64_t *ret);

/* "2026-03-29T03:00:00+02:00": RFC 3339 in the zone, with "Z" where that is UTC. Returns buf. Takes
 * a scope of its own. */
char *zone_format(char buf[TIME_TEXT_MAX], const struct zone *z, int64_t unix_sec);

#endif
