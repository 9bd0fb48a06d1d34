/*
 * indexes: sets of completion indexes, and their text form: "0-2,5,7,8". A set holds numbers from 0
 * to limit-1 as ascending runs that neither touch nor overlap, so its size depends on how scattered
 * its members are, not on the limit: two thousand million completions cost nothing. A zeroed set is
 * empty with limit 0.
 */
#ifndef KJOB_API_INDEXES_H
#define KJOB_API_INDEXES_H

#include <stdbool.h>
#include <stdint.h>

#include "../../runtime/base/buf.h"
#include "../../runtime/base/err.h"

struct index_run {
	int64_t first, last;
};

struct index_set {
	struct index_run *runs; /* owned */
	size_t len, cap;        /* of runs */
	int64_t limit;          /* numbers are below it */
	int64_t count;          /* how many are in it */
};

#define auto_index_set CLEANUP(index_set_release) struct index_set

void index_set_init(struct index_set *s, int64_t limit);
void index_set_release(struct index_set *s);
/* dst is initialised with this limit; numbers of src at or above it are left out. src may be NULL.
 */
void index_set_copy(struct index_set *dst, const struct index_set *src, int64_t limit);
/* dst is initialised with a's limit and holds what is in either; b may have no larger limit. */
void index_set_union(struct index_set *dst, const struct index_set *a, const struct index_set *b);
/* Numbers outside of the limits are never in a set; adding and removing them does nothing. */
bool index_set_has(const struct index_set *s, int64_t n);
void index_set_add(struct index_set *s, int64_t n);
void index_set_add_range(struct index_set *s, int64_t first, int64_t last);
/* How many numbers are in both. */
int64_t index_set_common(const struct index_set *a, const struct index_set *b);
/* The smallest number >= from that is in (next) or not in (next_free) the set; -1: none below
 * limit. */
int64_t index_set_next(const struct index_set *s, int64_t from);
int64_t index_set_next_free(const struct index_set *s, int64_t from);
/* Ascending; runs of three or more as a-b. Appends nothing for an empty set. */
void index_set_format(const struct index_set *s, struct buf *out);
/*
 * Reads either form into an initialised set, which is empty after an error. Errors are those that
 * Kubernetes gives for succeededIndexes, without the prefix "error parsing succeededIndexes: ". An
 * empty text is an empty set.
 */
int index_set_parse(struct index_set *s, const char *text, struct err *e) MUST_USE;
/* As the controller reads a status: what is not a number or not below the limit is passed over. */
void index_set_parse_lenient(struct index_set *s, const char *text);

#endif
