/*
 * managers: the entries of metadata.managedFields: who owns which fields. Internal to
 * managed_fields*.c.
 *
 * An entry is known by its id: its manager, operation, subresource and, of those who update, its
 * API version, as compact JSON.
 */
#ifndef KJOB_API_MANAGERS_H
#define KJOB_API_MANAGERS_H

#include "api.h"
#include "field_set.h"

struct manager {
	char *id;
	struct field_set fields;
	char *time; /* RFC 3339; NULL: none */
	bool kept;  /* it was there before this write */
};

struct managers {
	struct manager *items;
	size_t len, cap;
};
#define auto_managers CLEANUP(managers_release) struct managers

void managers_release(struct managers *all);
struct managers managers_dup(const struct managers *all);
/* The id of an entry; version and subresource may be NULL. Owned. */
char *manager_id(
    const char *name, const char *operation, const char *version, const char *subresource);
/* The manager as conflicts name it: `"kubectl-create" using batch/v1`. Owned. */
char *manager_text(const struct manager *m);

/* From managedFields (NULL, null: none). Entries of other API versions of the kind are left out. */
int managers_read(
    const struct kind *k, const json *entries, struct managers *ret, struct err *e) MUST_USE;
/* Into obj's metadata, those who apply first, then by time and name; nothing where there are none.
 */
void managers_write(const struct managers *all, json *obj);

struct manager *managers_find(const struct managers *all, const char *id); /* NULL: none */
struct manager *managers_get(struct managers *all, const char *id);        /* made if missing */
void managers_drop_empty(struct managers *all);
void managers_set_time(struct manager *m, int64_t now);
/* At most ten who update: the oldest become one. */
void managers_cap(const struct kind *k, struct managers *all);

/* Takes out of a set what is nobody's: apiVersion, kind, name, uid and the like. */
void managers_strip(struct field_set *s);
/* Takes the times out of an object's managedFields. */
void managers_drop_times(json *obj);

#endif
