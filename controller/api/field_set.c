/* field_set: see field_set.h. */
#include "field_set.h"

#define SELF "."
#define MANY_TIMES 8 /* from then on a search in many is cheaper than going through them */

/* ---- memory ---- */

void field_set_release(struct field_set *s)
{
	for (size_t i = 0; i < s->len; i++)
		field_set_release(&s->items[i]);
	free(s->items);
	free(s->step);
	*s = (struct field_set){0};
}

bool field_set_empty(const struct field_set *s)
{
	if (s->member)
		return false;
	for (size_t i = 0; i < s->len; i++)
		if (!field_set_empty(&s->items[i]))
			return false;
	return true;
}

bool field_set_equal(const struct field_set *a, const struct field_set *b)
{
	if (a->member != b->member || a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (!str_eq(a->items[i].step, b->items[i].step) ||
		    !field_set_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

/* ---- building ---- */

struct field_set *field_set_add_take(struct field_set *parent, char *step)
{
	GROW(parent->items, parent->cap, parent->len + 1);
	parent->items[parent->len] = (struct field_set){.step = step};
	return &parent->items[parent->len++];
}

/* Appends a node that is ready, unless there is nothing in it. */
static void append_take(struct field_set *parent, struct field_set child)
{
	if (child.member || child.len)
		*field_set_add_take(parent, NULL) = child;
	else
		field_set_release(&child);
}

static int by_step(const void *a, const void *b)
{
	const struct field_set *x = a, *y = b;

	return strcmp(x->step, y->step);
}

void field_set_settle(struct field_set *parent)
{
	size_t kept = 0;

	if (parent->len)
		qsort(parent->items, parent->len, sizeof(*parent->items), by_step);
	for (size_t i = 0; i < parent->len; i++) {
		struct field_set *c = &parent->items[i];

		if (kept && str_eq(parent->items[kept - 1].step, c->step)) {
			field_set_add_all(&parent->items[kept - 1], c);
			field_set_release(c);
		} else if (!c->member && !c->len) {
			field_set_release(c);
		} else {
			parent->items[kept++] = *c;
		}
	}
	parent->len = kept;
}

const struct field_set *field_set_find(const struct field_set *s, const char *step)
{
	struct field_set wanted = {.step = (char *)(uintptr_t)step};

	return s && s->len ? bsearch(&wanted, s->items, s->len, sizeof(*s->items), by_step) : NULL;
}

/* ---- FieldsV1 ---- */

char *field_step_of(char kind, const json *value)
{
	auto_json *copy = json_dup(value);
	auto_free char *text = NULL;

	json_sort(copy);
	text = json_print(copy);
	return xasprintf("%c:%s", kind, text);
}

/* A step as FieldsV1 has it in one form only; *ret NULL: of an unknown kind. */
static int normal_step(const char *name, char **ret, struct err *e)
{
	auto_json *value = NULL;
	int64_t n;

	*ret = NULL;
	if (!*name || name[1] != ':')
		return err_set(e, ERR_BAD_REQUEST, "missing colon: %s", name);
	if (*name == 'f')
		*ret = xstrdup(name);
	if (*name == 'i') {
		if (str_to_int(name + 2, INT64_MIN, INT64_MAX, &n) < 0)
			return err_set(e, ERR_BAD_REQUEST, "not an index: %s", name);
		*ret = xasprintf("i:%lld", (long long)n);
	}
	if (*name != 'k' && *name != 'v')
		return 0;
	value = json_parse(name + 2, strlen(name + 2), JSON_PARSE_STRICT, e);
	if (!value)
		return -1;
	if (*name == 'k' && !json_is_object(value))
		return err_set(e, ERR_BAD_REQUEST, "not an object of keys: %s", name);
	*ret = field_step_of(*name, value);
	return 0;
}

static int read_node(const json *fields, struct field_set *node, struct err *e)
{
	if (!json_is_object(fields))
		return err_set(e, ERR_BAD_REQUEST, "expected an object, got %s",
		    json_type_name(json_type(fields)));
	json_for (m, fields) {
		struct field_set *child;
		char *step;

		if (str_eq(json_key(m), SELF)) {
			node->member = true;
			continue;
		}
		if (normal_step(json_key(m), &step, e) < 0)
			return -1;
		if (!step)
			continue;
		child = field_set_add_take(node, step);
		child->member = !json_first(m);
		if (read_node(m, child, e) < 0)
			return -1;
	}
	field_set_settle(node);
	return 0;
}

int field_set_from_json(const json *fields, struct field_set *ret, struct err *e)
{
	auto_field_set s = {0};

	if (read_node(fields, &s, e) < 0)
		return -1;
	s.member = false; /* a root says nothing */
	*ret = s;
	s = (struct field_set){0};
	return 0;
}

json *field_set_to_json(const struct field_set *s)
{
	json *j = json_new_object();

	if (s->member && s->len)
		json_set(j, SELF, json_new_object());
	for (size_t i = 0; i < s->len; i++)
		json_append(j, s->items[i].step, field_set_to_json(&s->items[i]));
	return j;
}

/* ---- operations ---- */

struct field_set field_set_dup(const struct field_set *s)
{
	struct field_set copy = {.step = s->step ? xstrdup(s->step) : NULL, .member = s->member};

	for (size_t i = 0; i < s->len; i++)
		*field_set_add_take(&copy, NULL) = field_set_dup(&s->items[i]);
	return copy;
}

enum op { OP_UNION, OP_INTERSECTION, OP_DIFFERENCE };

static bool op_member(enum op op, bool a, bool b)
{
	switch (op) {
	case OP_UNION:
		return a || b;
	case OP_INTERSECTION:
		return a && b;
	case OP_DIFFERENCE:
		break;
	}
	return a && !b;
}

static struct field_set combine(const struct field_set *a, const struct field_set *b, enum op op);

/* What of a few steps is or is not in many. */
static void sift(
    struct field_set *out, const struct field_set *few, const struct field_set *many, enum op op)
{
	for (size_t i = 0; i < few->len; i++) {
		const struct field_set *other = field_set_find(many, few->items[i].step);

		if (other)
			append_take(out, combine(&few->items[i], other, op));
		else if (op == OP_DIFFERENCE)
			append_take(out, field_set_dup(&few->items[i]));
	}
}

/* Two sorted levels side by side. */
static struct field_set combine(const struct field_set *a, const struct field_set *b, enum op op)
{
	struct field_set out = {.step = a->step ? xstrdup(a->step) : NULL,
	    .member = op_member(op, a->member, b->member)};
	size_t i = 0, j = 0;

	if (op != OP_UNION && b->len > MANY_TIMES * a->len) {
		sift(&out, a, b, op);
		return out;
	}
	while (i < a->len || j < b->len) {
		int order = i >= a->len   ? 1
			    : j >= b->len ? -1
					  : strcmp(a->items[i].step, b->items[j].step);

		if (order == 0)
			append_take(&out, combine(&a->items[i++], &b->items[j++], op));
		else if (order < 0 && op != OP_INTERSECTION)
			append_take(&out, field_set_dup(&a->items[i++]));
		else if (order > 0 && op == OP_UNION)
			append_take(&out, field_set_dup(&b->items[j++]));
		else if (order < 0)
			i++;
		else
			j++;
	}
	return out;
}

struct field_set field_set_union(const struct field_set *a, const struct field_set *b)
{
	return combine(a, b, OP_UNION);
}

struct field_set field_set_intersection(const struct field_set *a, const struct field_set *b)
{
	return combine(a, b, OP_INTERSECTION);
}

struct field_set field_set_difference(const struct field_set *a, const struct field_set *b)
{
	return combine(a, b, OP_DIFFERENCE);
}

static void replace_take(struct field_set *s, struct field_set with)
{
	field_set_release(s);
	*s = with;
}

void field_set_add_all(struct field_set *s, const struct field_set *b)
{
	replace_take(s, combine(s, b, OP_UNION));
}

void field_set_remove_all(struct field_set *s, const struct field_set *b)
{
	replace_take(s, combine(s, b, OP_DIFFERENCE));
}

void field_set_drop(struct field_set *s, const char *step)
{
	struct field_set *found = (struct field_set *)(uintptr_t)field_set_find(s, step);
	size_t at;

	if (!found)
		return;
	at = (size_t)(found - s->items);
	field_set_release(found);
	memmove(found, found + 1, (s->len - at - 1) * sizeof(*found));
	s->len--;
}

/* ---- paths ---- */

static void print_value(const json *value, struct buf *out)
{
	auto_free char *text = json_is_string(value) ? str_go_quote(json_string_value(value))
						     : json_scalar_text(value);

	buf_adds(out, text);
}

void field_step_print(const char *step, struct buf *out)
{
	auto_json *value = NULL;

	if (*step == 'f') {
		buf_addf(out, ".%s", step + 2);
		return;
	}
	value = json_parse(step + 2, strlen(step + 2), JSON_PARSE_STRICT, NULL);
	buf_addch(out, '[');
	if (*step == 'v')
		buf_addch(out, '=');
	if (*step != 'k')
		print_value(value, out);
	else
		json_for (key, value) {
			buf_addf(out, "%s%s=", key == json_first(value) ? "" : ",", json_key(key));
			print_value(key, out);
		}
	buf_addch(out, ']');
}

static void list_paths(const struct field_set *s, struct buf *path, struct strlist *ret)
{
	size_t start = path->len;

	for (int below = 0; below < 2; below++)
		for (size_t i = 0; i < s->len; i++) {
			field_step_print(s->items[i].step, path);
			if (below)
				list_paths(&s->items[i], path, ret);
			else if (s->items[i].member)
				strlist_add(ret, buf_str(path));
			buf_truncate(path, start);
		}
}

void field_set_paths(const struct field_set *s, struct strlist *ret)
{
	auto_buf path = {0};

	list_paths(s, &path, ret);
}
