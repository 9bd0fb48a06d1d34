#include "../../controller/api/indexes.h"

#include "test.h"

static const char *format(const struct index_set *s, struct buf *b)
{
	buf_clear(b);
	index_set_format(s, b);
	return buf_str(b);
}

TEST("I02, I03: runs of three or more are written with a dash, two neighbours with a comma")
{
	static const struct {
		int64_t members[8];
		size_t len;
		const char *text;
	} cases[] = {
	    {{0}, 0, ""},
	    {{4}, 1, "4"},
	    {{0, 1}, 2, "0,1"},
	    {{1, 2}, 2, "1,2"},
	    {{0, 1, 2}, 3, "0-2"},
	    {{0, 1, 2, 4, 5, 7}, 6, "0-2,4,5,7"},
	    {{7, 5, 4, 2, 1, 0}, 6, "0-2,4,5,7"},
	    {{1, 3, 5, 5, 3}, 5, "1,3,5"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_index_set s = {0};
		auto_buf b = {0};

		index_set_init(&s, 8);
		for (size_t k = 0; k < cases[i].len; k++)
			index_set_add(&s, cases[i].members[k]);
		CHECK_STR(format(&s, &b), cases[i].text);
	}
}

TEST("either text form is read, and succeededIndexes that are wrong get the texts of Kubernetes")
{
	static const struct {
		const char *text, *want; /* the canonical form, or the error behind "!" */
	} cases[] = {
	    {"", ""},
	    {"3", "3"},
	    {"0,1,2", "0-2"},
	    {"0-1", "0,1"},
	    {"0-2,3,5-9", "0-3,5-9"},
	    {"a", "!cannot convert string to integer for index: \"a\""},
	    {"1,", "!cannot convert string to integer for index: \"\""},
	    {"-1", "!cannot convert string to integer for index: \"\""},
	    {"1-", "!cannot convert string to integer for index: \"\""},
	    {"1 ,2", "!cannot convert string to integer for index: \"1 \""},
	    {"99999999999999999999",
		"!cannot convert string to integer for index: \"99999999999999999999\""},
	    {"10", "!too large index: \"10\""},
	    {"9223372036854775807", "!too large index: \"9223372036854775807\""},
	    {"0-10", "!too large index: \"10\""},
	    {"3,2", "!non-increasing order, previous: 3, current: 2"},
	    {"3,3", "!non-increasing order, previous: 3, current: 3"},
	    {"1-4,4", "!non-increasing order, previous: 4, current: 4"},
	    {"4-2", "!non-increasing order, previous: 4, current: 2"},
	    {"2-2", "!non-increasing order, previous: 2, current: 2"},
	    {"1,2-3-4",
		"!the fragment \"2-3-4\" violates the requirement that an index interval can "
		"have at most two parts separated by '-'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_index_set s = {0};
		auto_buf b = {0};
		auto_err e = {0};

		index_set_init(&s, 10);
		if (index_set_parse(&s, cases[i].text, &e) == 0) {
			CHECK_STR(format(&s, &b), cases[i].want);
		} else {
			buf_addf(&b, "!%s", err_msg(&e));
			CHECK_STR(buf_str(&b), cases[i].want);
			CHECK_INT(s.count, 0);
		}
	}
}

TEST("I06: what a status holds is read as far as it makes sense, and cut at fewer completions")
{
	static const struct {
		const char *text;
		int64_t limit;
		const char *want;
	} cases[] = {
	    {"0-2,4,5,7", 8, "0-2,4,5,7"},
	    {"0-2,4,5,7", 5, "0-2,4"},
	    {"0-9", 3, "0-2"},
	    {"x,1,2-,3-y,5", 8, "1,5"},
	    {"5,1,1-3", 8, "1-3,5"},
	    {"4-2", 8, ""},
	    {NULL, 8, ""},
	    {"0", 0, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_index_set s = {0};
		auto_buf b = {0};

		index_set_init(&s, cases[i].limit);
		index_set_parse_lenient(&s, cases[i].text);
		CHECK_STR(format(&s, &b), cases[i].want);
	}
}

TEST("two thousand million completions cost no memory")
{
	auto_index_set s = {0}, copy = {0}, whole = {0};
	auto_buf b = {0};
	auto_err e = {0};

	index_set_init(&s, INT32_MAX);
	index_set_init(&whole, INT32_MAX);
	CHECK_INT(index_set_parse(&s, "0-2147483640,2147483645", &e), 0);
	CHECK_INT(s.count, 2147483642);
	CHECK_INT(index_set_next_free(&s, 0), 2147483641);
	index_set_add_range(&whole, INT64_MIN, INT64_MAX);
	CHECK_INT(whole.count, INT32_MAX);
	CHECK_INT(index_set_next_free(&whole, 0), -1);
	index_set_copy(&copy, &whole, 3);
	CHECK_STR(format(&copy, &b), "0-2");
	CHECK_INT(index_set_common(&s, &whole), s.count);
	CHECK(copy.len == 1 && s.len == 2);
}

/* A small generator of our own: the same on every machine. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

#define LIMIT 70

/* Compares a set with a table of flags in every way that it can be asked. */
static void check_same(const struct index_set *s, const bool *model)
{
	int64_t count = 0, next = -1, next_free = -1;

	for (int64_t n = LIMIT - 1; n >= 0; n--) {
		count += model[n];
		*(model[n] ? &next : &next_free) = n;
		CHECK(index_set_has(s, n) == model[n]);
		CHECK_INT(index_set_next(s, n), next);
		CHECK_INT(index_set_next_free(s, n), next_free);
	}
	CHECK_INT(s->count, count);
	CHECK(!index_set_has(s, -1) && !index_set_has(s, LIMIT));
	CHECK_INT(index_set_next_free(s, LIMIT), -1);
	for (size_t i = 1; i < s->len; i++)
		CHECK(s->runs[i - 1].last + 1 < s->runs[i].first);
}

TEST("random adding, copying and joining agrees with a table of flags")
{
	for (uint32_t seed = 1; seed <= 60; seed++) {
		auto_index_set s = {0}, old = {0};
		bool model[LIMIT] = {0}, old_model[LIMIT] = {0};
		uint32_t rnd = seed;

		index_set_init(&s, LIMIT);
		for (int step = 0; step < 30; step++) {
			int64_t a = next_random(&rnd) % (LIMIT + 10) - 5;
			int64_t z = a + next_random(&rnd) % 6;

			index_set_add_range(&s, a, z);
			for (int64_t n = a; n <= z; n++)
				if (n >= 0 && n < LIMIT)
					model[n] = true;
			if (step == 10) {
				index_set_copy(&old, &s, LIMIT);
				memcpy(old_model, model, sizeof(model));
			}
		}
		check_same(&s, model);
		check_same(&old, old_model);
		{
			auto_index_set both = {0}, again = {0};
			auto_buf b = {0};
			auto_err e = {0};
			int64_t common = 0;

			for (int n = 0; n < LIMIT; n++)
				common += model[n] && old_model[n];
			CHECK_INT(index_set_common(&s, &old), common);
			index_set_union(&both, &s, &old);
			for (int n = 0; n < LIMIT; n++)
				old_model[n] = old_model[n] || model[n];
			check_same(&both, old_model);
			index_set_init(&again, LIMIT);
			CHECK_INT(index_set_parse(&again, format(&both, &b), &e), 0);
			check_same(&again, old_model);
		}
	}
}

int main(void)
{
	return test_main();
}
