/* top_figures: rows of `kjob top` from PodMetrics. Pure. */
#ifndef KJOB_CMD_TOP_FIGURES_H
#define KJOB_CMD_TOP_FIGURES_H

#include "../runtime/base/json.h"

struct top_amount {
	int64_t nano_cpus, bytes;
};
/* The members cpu and memory of the object's member KEY; absent ones are zero. */
struct top_amount top_amount_of(const json *obj, const char *key);
void top_add(struct top_amount *sum, const struct top_amount *a);
/* Thousandths of a processor, rounded up, and whole MiB, rounded down: as kubectl. */
int64_t top_milli(const struct top_amount *a);
int64_t top_mebi(const struct top_amount *a);

struct top_row {
	const char *ns, *pod;  /* borrowed from the items */
	const char *container; /* NULL: the whole pod */
	struct top_amount amount;
};
/*
 * A row for each pod, or for each container, in the order of their names, or by "cpu" or "memory",
 * the most first; containers stay with their pod. *ret is owned; the number of rows.
 */
size_t top_rows(const json *items, bool containers, const char *sort_by, struct top_row **ret);

#endif
