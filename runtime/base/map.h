/* map: string keys to pointers, open hashing; the map copies keys and borrows values. Zeroed is
 * empty. */
#ifndef KJOB_BASE_MAP_H
#define KJOB_BASE_MAP_H

#include <stdbool.h>

#include "mem.h"

struct map_entry;
struct map {
	struct map_entry **buckets;
	size_t bucket_count;
	size_t len;
};

void *map_get(const struct map *m, const char *key); /* NULL: absent */
/* Sets or replaces; returns the value that was there, or NULL. */
void *map_set(struct map *m, const char *key, void *value);
/* Removes; returns the value that was there, or NULL. */
void *map_del(struct map *m, const char *key);
/* Frees keys and table; `free_value` may be NULL. */
void map_release(struct map *m, void (*free_value)(void *));
/*
 * Iteration in no order: struct map_iter it = {0}; while (map_next(&m, &it, &key, &value)) { … }
 * The current entry may be deleted in the loop; adding in the loop is a bug.
 */
struct map_iter {
	size_t bucket;
	struct map_entry *next;
	bool started;
};
bool map_next(const struct map *m, struct map_iter *it, const char **key, void **value);

#endif
