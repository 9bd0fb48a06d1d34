#include "heap.h"

static void put(struct heap *h, struct heap_node *n, size_t pos)
{
	h->nodes[pos - 1] = n;
	n->pos = pos;
}

/* Moves the node up or down from POS, which is free, to where its key belongs. */
static void settle(struct heap *h, struct heap_node *n, size_t pos)
{
	while (pos > 1 && h->nodes[pos / 2 - 1]->key > n->key) {
		put(h, h->nodes[pos / 2 - 1], pos);
		pos /= 2;
	}
	for (;;) {
		size_t child = pos * 2;

		if (child < h->len && h->nodes[child]->key < h->nodes[child - 1]->key)
			child++;
		if (child > h->len || h->nodes[child - 1]->key >= n->key)
			break;
		put(h, h->nodes[child - 1], pos);
		pos = child;
	}
	put(h, n, pos);
}

void heap_set(struct heap *h, struct heap_node *n, int64_t key)
{
	n->key = key;
	if (n->pos == 0) {
		GROW(h->nodes, h->cap, h->len + 1);
		put(h, n, ++h->len);
	}
	settle(h, n, n->pos);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
	size_t pos = n->pos;
	struct heap_node *last;

	if (pos == 0)
		return;
	n->pos = 0;
	last = h->nodes[--h->len];
	if (last != n)
		settle(h, last, pos);
}

struct heap_node *heap_min(const struct heap *h)
{
	return h->len > 0 ? h->nodes[0] : NULL;
}

void heap_release(struct heap *h)
{
	for (size_t i = 0; i < h->len; i++)
		h->nodes[i]->pos = 0;
	free(h->nodes);
	memset(h, 0, sizeof(*h));
}
