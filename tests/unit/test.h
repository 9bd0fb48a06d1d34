/*
 * test: a unit test program is a file with TEST blocks and
 * `int main(void) { return test_main(); }`. Output is TAP. A test name is a sentence; an id in
 * front (J01, F03, N21 …) is that of the scenario of Kubernetes' behaviour that it covers.
 */
#ifndef KJOB_TEST_H
#define KJOB_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_case {
	const char *name;
	void (*fn)(void);
	struct test_case *next;
};

static struct test_case *test_first, **test_last = &test_first;
static bool test_failed;
static char test_folder[32];

#define TEST_JOIN2(a, b) a##b
#define TEST_JOIN(a, b) TEST_JOIN2(a, b)
#define TEST(sentence)                                                                       \
	static void TEST_JOIN(test_fn_, __LINE__)(void);                                     \
	__attribute__((constructor)) static void TEST_JOIN(test_add_, __LINE__)(void)        \
	{                                                                                    \
		static struct test_case t = {sentence, TEST_JOIN(test_fn_, __LINE__), NULL}; \
		*test_last = &t;                                                             \
		test_last = &t.next;                                                         \
	}                                                                                    \
	static void TEST_JOIN(test_fn_, __LINE__)(void)

#define CHECK(cond)                                                         \
	do {                                                                \
		if (!(cond)) {                                              \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond); \
			test_failed = true;                                 \
		}                                                           \
	} while (0)

#define CHECK_INT(got, want)                                                                       \
	do {                                                                                       \
		long long got_ = (long long)(got), want_ = (long long)(want);                      \
		if (got_ != want_) {                                                               \
			printf("# %s:%d: %s is %lld, want %lld\n", __FILE__, __LINE__, #got, got_, \
			    want_);                                                                \
			test_failed = true;                                                        \
		}                                                                                  \
	} while (0)

#define CHECK_STR(got, want)                                                                   \
	do {                                                                                   \
		const char *got_ = (got), *want_ = (want);                                     \
		if (!got_ || !want_ ? got_ != want_ : strcmp(got_, want_) != 0) {              \
			printf("# %s:%d: %s is\n#   %s\n# want\n#   %s\n", __FILE__, __LINE__, \
			    #got, got_ ? got_ : "NULL", want_ ? want_ : "NULL");               \
			test_failed = true;                                                    \
		}                                                                              \
	} while (0)

/* All is slow here, as under valgrind: whoever tries much tries less. */
static inline bool test_quick(void)
{
	return getenv("KJOB_TEST_QUICK") != NULL;
}

/* How many rounds a test of many takes: few where all is slow. */
static inline int test_rounds(int all, int few)
{
	return test_quick() ? few : all;
}

/* A folder for the files of this program, which goes with its end. */
static inline const char *test_dir(void)
{
	if (!*test_folder) {
		snprintf(test_folder, sizeof(test_folder), "/tmp/kjob-test-XXXXXX");
		if (!mkdtemp(test_folder))
			abort();
	}
	return test_folder;
}

static int test_main(void)
{
	int n = 0, failed = 0;
	char clean[64];

	for (struct test_case *t = test_first; t; t = t->next) {
		test_failed = false;
		t->fn();
		failed += test_failed;
		printf("%s %d - %s\n", test_failed ? "not ok" : "ok", ++n, t->name);
		fflush(stdout);
	}
	printf("1..%d\n", n);
	snprintf(clean, sizeof(clean), "rm -rf '%s'", test_folder);
	failed += *test_folder && system(clean) != 0;
	return failed ? 1 : 0;
}

#endif
