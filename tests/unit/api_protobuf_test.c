/* Protobuf bodies, and the numbers of fields that they are read by. */
#include "../../controller/api/api.h"
#include "../../controller/api/schema.h"
#include "test.h"

#define DEPTH_MAX 24

/* ---- the numbers ---- */

static bool is_type_name(const struct field *f)
{
	return str_eq(f->name, "apiVersion") || str_eq(f->name, "kind");
}

/* Two rows of a message that could not be told apart. */
static bool same_number(const struct field *a, const struct field *b)
{
	if (!a->tag || !b->tag)
		return false;
	return (a->outer == b->outer && a->tag == b->tag) || (!a->outer && a->tag == b->outer) ||
	       (!b->outer && b->tag == a->outer);
}

static void check_numbers(const struct schema *s, unsigned depth)
{
	CHECK(depth < DEPTH_MAX);
	for (const struct field *f = s->fields; f->name; f++) {
		if (!f->tag && !(is_type_name(f) && (!depth || s == &schema_delete_options))) {
			printf("# %s.%s has no number\n", s->go_name, f->name);
			CHECK(f->tag);
		}
		for (const struct field *g = s->fields; g < f; g++) {
			if (!same_number(f, g))
				continue;
			printf(
			    "# %s: %s and %s have the same number\n", s->go_name, g->name, f->name);
			CHECK(false);
		}
		if (f->of && depth < DEPTH_MAX)
			check_numbers(f->of, depth + 1);
	}
}

TEST("every field has a number of its own in its message, and no message holds itself")
{
	for (enum kind_id id = 0; id < KIND_COUNT; id++)
		check_numbers(kind_by_id(id)->schema, 0);
	check_numbers(&schema_eviction, 0);
}

int main(void)
{
	return test_main();
}
