/* heap: a binary min-heap of intrusive nodes, for deadlines. A node knows its place, so removal is
 * O(log n). */
#ifndef KJOB_BASE_HEAP_H
#define KJOB_BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"

struct heap_node {
	int64_t key;
	size_t pos; /* 1-based place in the heap; 0: not in a heap */
};

struct heap {
	struct heap_node **nodes;
	size_t len, cap;
};

/* Inserts the node, or moves it when it is in the heap already. */
void heap_set(struct heap *h, struct heap_node *n, int64_t key);
void heap_remove(struct heap *h, struct heap_node *n); /* harmless when it is in none */
struct heap_node *heap_min(const struct heap *h);      /* NULL: empty */
void heap_release(struct heap *h);

#endif
