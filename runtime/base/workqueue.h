/* workqueue: first in, first out; what is in it already is not added again. The nodes are
 * intrusive; zeroed is empty. */
#ifndef KJOB_BASE_WORKQUEUE_H
#define KJOB_BASE_WORKQUEUE_H

#include <stdbool.h>

#include "mem.h"

struct work {
	struct work *next;
	bool queued;
};

struct workqueue {
	struct work *first, *last; /* first NULL: empty */
};

void workqueue_add(struct workqueue *q, struct work *w);
struct work *workqueue_take(struct workqueue *q);           /* NULL: empty */
void workqueue_remove(struct workqueue *q, struct work *w); /* harmless when it is not in it */

#endif
