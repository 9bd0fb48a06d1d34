#include "../../runtime/base/map.h"

#include <stdint.h>

#include "test.h"

static int freed;

static void count_free(void *value)
{
	freed++;
	free(value);
}

TEST("a zeroed map is empty and may be searched, iterated and released")
{
	struct map m = {0};
	struct map_iter it = {0};

	CHECK(!map_get(&m, "a"));
	CHECK(!map_del(&m, "a"));
	CHECK(!map_next(&m, &it, NULL, NULL));
	CHECK(!map_next(&m, &it, NULL, NULL));
	map_release(&m, NULL);
}

TEST("setting returns the value that was there, and keys are copied")
{
	struct map m = {0};
	char key[] = "key";
	int a, b;

	CHECK(!map_set(&m, key, &a));
	key[0] = 'x';
	CHECK(map_get(&m, "key") == &a);
	CHECK(!map_get(&m, "xey"));
	CHECK(map_set(&m, "key", &b) == &a);
	CHECK_INT(m.len, 1);
	CHECK(map_del(&m, "key") == &b);
	CHECK(!map_del(&m, "key"));
	CHECK_INT(m.len, 0);
	CHECK(!map_set(&m, "", &a));
	CHECK(map_get(&m, "") == &a);
	map_release(&m, NULL);
}

TEST("twenty thousand keys of all lengths are found again after growth and deletes")
{
	struct map m = {0};
	char key[64];

	for (intptr_t i = 1; i <= 20000; i++) {
		snprintf(key, sizeof(key), "%*ld", (int)(i % 40), (long)i);
		CHECK(!map_set(&m, key, (void *)i));
	}
	for (intptr_t i = 1; i <= 20000; i += 2) {
		snprintf(key, sizeof(key), "%*ld", (int)(i % 40), (long)i);
		CHECK(map_del(&m, key) == (void *)i);
	}
	CHECK_INT(m.len, 10000);
	for (intptr_t i = 1; i <= 20000; i++) {
		snprintf(key, sizeof(key), "%*ld", (int)(i % 40), (long)i);
		CHECK(map_get(&m, key) == (i % 2 ? NULL : (void *)i));
	}
	map_release(&m, NULL);
	CHECK_INT(m.len, 0);
}

TEST("every entry is visited once, also when the loop deletes it")
{
	struct map m = {0};
	struct map_iter it = {0};
	const char *key;
	void *value;
	char text[16], copy[16];
	long sum = 0;

	for (intptr_t i = 1; i <= 1000; i++) {
		snprintf(text, sizeof(text), "k%ld", (long)i);
		map_set(&m, text, (void *)i);
	}
	while (map_next(&m, &it, &key, &value)) {
		sum += (long)(intptr_t)value;
		snprintf(text, sizeof(text), "k%ld", (long)(intptr_t)value);
		CHECK_STR(key, text);
		snprintf(copy, sizeof(copy), "%s", key);
		if ((intptr_t)value % 3)
			CHECK(map_del(&m, copy) == value);
	}
	CHECK_INT(sum, 500500);
	CHECK_INT(m.len, 333);
	map_release(&m, NULL);
}

TEST("the key that is iterated over may be the one handed to delete")
{
	struct map m = {0};
	struct map_iter it = {0};
	const char *key;

	map_set(&m, "a", &m);
	map_set(&m, "b", &m);
	while (map_next(&m, &it, &key, NULL))
		map_del(&m, key);
	CHECK_INT(m.len, 0);
	map_release(&m, NULL);
}

TEST("releasing frees each value once")
{
	struct map m = {0};

	freed = 0;
	map_set(&m, "a", xmalloc(1));
	map_set(&m, "b", xmalloc(1));
	free(map_set(&m, "b", xmalloc(2)));
	map_release(&m, count_free);
	CHECK_INT(freed, 2);
	map_release(&m, count_free);
	CHECK_INT(freed, 2);
}

int main(void)
{
	return test_main();
}
