#include "../../runtime/base/heap.h"

#include "test.h"

static uint32_t seed = 1;

static uint32_t next_random(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static bool is_ordered(const struct heap *h)
{
	for (size_t i = 0; i < h->len; i++) {
		if (h->nodes[i]->pos != i + 1)
			return false;
		if (i > 0 && h->nodes[(i + 1) / 2 - 1]->key > h->nodes[i]->key)
			return false;
	}
	return true;
}

TEST("an empty heap has no minimum, and removing from it is harmless")
{
	struct heap h = {0};
	struct heap_node n = {0};

	CHECK(!heap_min(&h));
	heap_remove(&h, &n);
	heap_release(&h);
}

TEST("the smallest key comes first, negative and extreme ones too")
{
	static const int64_t keys[] = {5, INT64_MAX, -3, 0, INT64_MIN, 5, 7};
	static const int64_t want[] = {INT64_MIN, -3, 0, 5, 5, 7, INT64_MAX};
	struct heap_node nodes[7] = {0};
	struct heap h = {0};

	for (size_t i = 0; i < 7; i++)
		heap_set(&h, &nodes[i], keys[i]);
	for (size_t i = 0; i < 7; i++) {
		struct heap_node *n = heap_min(&h);

		CHECK(n && n->key == want[i]);
		heap_remove(&h, n);
		CHECK(n->pos == 0);
	}
	CHECK(!heap_min(&h));
	heap_release(&h);
}

TEST("setting a node again moves it, up and down")
{
	struct heap_node a = {0}, b = {0}, c = {0};
	struct heap h = {0};

	heap_set(&h, &a, 1);
	heap_set(&h, &b, 2);
	heap_set(&h, &c, 3);
	heap_set(&h, &c, 0);
	CHECK(heap_min(&h) == &c);
	heap_set(&h, &c, 9);
	CHECK(heap_min(&h) == &a);
	heap_set(&h, &a, 1);
	CHECK_INT(h.len, 3);
	heap_release(&h);
	CHECK(a.pos == 0 && b.pos == 0 && c.pos == 0);
}

TEST("the order holds through twenty thousand random sets and removes")
{
	static struct heap_node nodes[300];
	struct heap h = {0};
	size_t in_heap = 0;

	for (int i = 0; i < 20000; i++) {
		struct heap_node *n = &nodes[next_random() % 300];
		bool was_in = n->pos != 0;

		if (next_random() % 3) {
			heap_set(&h, n, (int64_t)(next_random() % 100) - 50);
			in_heap += !was_in;
		} else {
			heap_remove(&h, n);
			in_heap -= was_in;
		}
		if (h.len != in_heap || !is_ordered(&h)) {
			CHECK(!"the heap is in order");
			break;
		}
	}
	for (int64_t last = INT64_MIN; heap_min(&h); heap_remove(&h, heap_min(&h))) {
		CHECK(heap_min(&h)->key >= last);
		last = heap_min(&h)->key;
	}
	heap_release(&h);
}

int main(void)
{
	return test_main();
}
