/*
 * field_set: sets of fields of an object, as metadata.managedFields keeps them: which client owns
 * what. Pure.
 *
 * A set is a tree. Every step of a path is text in the form of FieldsV1: "f:NAME" a member, "k:{…}"
 * the item of a list that has these keys, "v:VALUE" that value in a set, "i:N" the item of that
 * number. A node with `member` is in the set itself; what is below it is in `items`, sorted by step
 * and each step once. A node that is no member and holds nothing is not kept. A zeroed set is
 * empty. Sets own what they point at; their depth is that of JSON at most.
 */
#ifndef KJOB_API_FIELD_SET_H
#define KJOB_API_FIELD_SET_H

#include "../../runtime/base/json.h"
#include "../../runtime/base/str.h"

struct field_set {
	char *step; /* NULL: the root */
	bool member;
	struct field_set *items;
	size_t len, cap;
};

#define auto_field_set CLEANUP(field_set_release) struct field_set

void field_set_release(struct field_set *s);
bool field_set_empty(const struct field_set *s);
bool field_set_equal(const struct field_set *a, const struct field_set *b);

/*
 * Building: appends a step that is not there yet, consumes its text. The result is good until the
 * next call for the same parent. field_set_settle sorts one level, and drops what is empty.
 */
struct field_set *field_set_add_take(struct field_set *parent, char *step);
void field_set_settle(struct field_set *parent);
/* The step below a node; NULL: none. */
const struct field_set *field_set_find(const struct field_set *s, const char *step);

/* From FieldsV1 and back. Steps of an unknown kind are passed over, as Kubernetes does. Owned. */
int field_set_from_json(const json *fields, struct field_set *ret, struct err *e) MUST_USE;
json *field_set_to_json(const struct field_set *s);

/* New sets. */
struct field_set field_set_dup(const struct field_set *s);
struct field_set field_set_union(const struct field_set *a, const struct field_set *b);
struct field_set field_set_intersection(const struct field_set *a, const struct field_set *b);
struct field_set field_set_difference(const struct field_set *a, const struct field_set *b);
/* *s becomes its union with, or its difference from, b. */
void field_set_add_all(struct field_set *s, const struct field_set *b);
void field_set_remove_all(struct field_set *s, const struct field_set *b);
/* Takes the step and all that is below it out of the root. */
void field_set_drop(struct field_set *s, const char *step);

/* The paths as messages show them, `.spec.containers[name="a"].image`: members of a level first. */
void field_set_paths(const struct field_set *s, struct strlist *ret);
/* One step as messages show it: ".name", "[name=\"a\"]", "[=\"x\"]". Appends to out. */
void field_step_print(const char *step, struct buf *out);
/* "k:" or "v:" and the compact text of the value (an object sorted by name); owned. */
char *field_step_of(char kind, const json *value);

#endif
