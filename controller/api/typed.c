/* typed: fields, differences, merging and removing. See typed.h; typed_check.c: form. */
#include "typed.h"

#include "../../runtime/base/map.h"
#include "schema.h"
#include "typed_list.h"

enum shape { SHAPE_LEAF, SHAPE_STRUCT, SHAPE_MAP, SHAPE_KEYED, SHAPE_SET };

struct type {
	enum shape shape;
	const struct schema *of; /* of SHAPE_STRUCT */
	const struct field *f;   /* of lists */
};

static const struct type leaf = {SHAPE_LEAF, NULL, NULL};

static struct type type_of_struct(const struct schema *s)
{
	return (struct type){s->atomic ? SHAPE_LEAF : SHAPE_STRUCT, s, NULL};
}

/* Of a list that has what it takes; what is left out is a leaf. */
static const enum shape shapes[] = {
    [T_STRING_MAP] = SHAPE_MAP,
    [T_QUANTITY_MAP] = SHAPE_MAP,
    [T_BYTES_MAP] = SHAPE_MAP,
    [T_OBJECT] = SHAPE_STRUCT,
    [T_OBJECT_LIST] = SHAPE_KEYED,
    [T_STRING_LIST] = SHAPE_SET,
    [T_INT32_LIST] = SHAPE_SET,
    [T_INT64_LIST] = SHAPE_SET,
    [T_OPAQUE] = SHAPE_LEAF,
};

/* NULL: of a field that the schema does not have. */
static struct type type_of_field(const struct field *f)
{
	enum shape shape = f ? shapes[f->type] : SHAPE_LEAF;

	if (shape == SHAPE_LEAF || (f->flags & F_ATOMIC) ||
	    (shape == SHAPE_KEYED && !f->merge_key) ||
	    (shape == SHAPE_SET && !(f->flags & (F_MERGE | F_SET))))
		return leaf;
	return shape == SHAPE_STRUCT ? type_of_struct(f->of) : (struct type){shape, NULL, f};
}

static struct type type_of_item(const struct type *list)
{
	return list->shape == SHAPE_KEYED ? type_of_struct(list->f->of) : leaf;
}

/* Of a member, an item or a key of a map, by its step. */
static struct type type_below(const struct type *t, const char *step)
{
	if (t->shape == SHAPE_STRUCT && *step == 'f')
		return type_of_field(schema_field(t->of, step + 2));
	return type_of_item(t);
}

static bool is_list(const struct type *t)
{
	return t->shape == SHAPE_KEYED || t->shape == SHAPE_SET;
}

/* Absent, null, or without parts. */
static bool is_hollow(const json *j)
{
	return json_len(j) == 0;
}

static char *member_step(const char *name)
{
	return xasprintf("f:%s", name);
}

/* ---- parts of two values side by side ---- */

struct pair {
	char *step;
	const json *l, *r; /* NULL: not on that side; the last one of several */
	json *ls, *rs;     /* owned lists of all that have this step; NULL: one at most */
};

struct pairs {
	struct pair *items;
	size_t len, cap;
	struct map by_step; /* position + 1 */
};
#define auto_pairs CLEANUP(pairs_release) struct pairs

static void pairs_release(struct pairs *p)
{
	for (size_t i = 0; i < p->len; i++) {
		free(p->items[i].step);
		json_free(p->items[i].ls);
		json_free(p->items[i].rs);
	}
	free(p->items);
	map_release(&p->by_step, NULL);
}

static bool is_duplicate(const struct pair *p)
{
	return p->ls || p->rs;
}

static void put_side(const json **side, json **all, const json *value)
{
	if (*side) {
		if (!*all) {
			*all = json_new_array();
			json_add(*all, json_dup(*side));
		}
		json_add(*all, json_dup(value));
	}
	*side = value;
}

static void pairs_put(struct pairs *p, char *step, const json *value, bool right)
{
	size_t at = (size_t)(uintptr_t)map_get(&p->by_step, step);
	struct pair *pair;

	if (at) {
		free(step);
	} else {
		GROW(p->items, p->cap, p->len + 1);
		p->items[p->len++] = (struct pair){.step = step};
		at = p->len;
		map_set(&p->by_step, step, (void *)(uintptr_t)at);
	}
	pair = &p->items[at - 1];
	if (right)
		put_side(&pair->r, &pair->rs, value);
	else
		put_side(&pair->l, &pair->ls, value);
}

/* The parts of a map or list; what has no identity (which decoded objects do not hold) is left
 * out. */
static void pairs_add(struct pairs *p, const struct type *t, const json *value, bool right)
{
	json_for (part, value) {
		char *step =
		    is_list(t) ? list_item_step(t->f, part, NULL) : member_step(json_key(part));

		if (step)
			pairs_put(p, step, part, right);
	}
}

/* ---- fields ---- */

static void add_fields(const struct type *t, const json *value, struct field_set *s);

static void add_member_fields(const struct type *t, const json *value, struct field_set *s)
{
	json_for (m, value) {
		const struct field *f =
		    t->shape == SHAPE_STRUCT ? schema_field(t->of, json_key(m)) : NULL;
		struct type below = type_of_field(f);
		struct field_set *child;

		if (t->shape == SHAPE_STRUCT && !f)
			continue;
		child = field_set_add_take(s, member_step(json_key(m)));
		add_fields(&below, m, child);
		if (!f || json_type(m) == JSON_NULL || (json_is_object(m) && is_hollow(m)))
			child->member = true;
	}
}

static void add_item_fields(const struct type *t, const json *value, struct field_set *s)
{
	struct type below = type_of_item(t);
	auto_pairs p = {0};

	pairs_add(&p, t, value, false);
	for (size_t i = 0; i < p.len; i++) {
		struct field_set *child = field_set_add_take(s, TAKE(p.items[i].step));

		if (!is_duplicate(&p.items[i]))
			add_fields(&below, p.items[i].l, child);
		child->member = true;
	}
}

static void add_fields(const struct type *t, const json *value, struct field_set *s)
{
	if (t->shape == SHAPE_LEAF)
		s->member = true;
	else if (is_list(t))
		add_item_fields(t, value, s);
	else
		add_member_fields(t, value, s);
	field_set_settle(s);
}

struct field_set typed_fields(const struct kind *k, const json *obj)
{
	struct type root = type_of_struct(k->schema);
	struct field_set s = {0};

	add_fields(&root, obj, &s);
	return s;
}

/* ---- differences ---- */

void typed_diff_release(struct typed_diff *d)
{
	field_set_release(&d->added);
	field_set_release(&d->removed);
	field_set_release(&d->modified);
}

bool typed_diff_empty(const struct typed_diff *d)
{
	return field_set_empty(&d->added) && field_set_empty(&d->removed) &&
	       field_set_empty(&d->modified);
}

static void attach_take(struct field_set *parent, struct field_set below, const char *step)
{
	if (below.member || below.len) {
		below.step = xstrdup(step);
		*field_set_add_take(parent, NULL) = below;
	} else {
		field_set_release(&below);
	}
}

/* What is in a Go struct although the JSON leaves it out. */
struct implied {
	json *object, *null;
};

static void compare(const struct implied *in, const struct type *t, const json *l, const json *r,
    struct typed_diff *d);

static void compare_part(const struct implied *in, const struct type *t, const char *step,
    const json *l, const json *r, struct typed_diff *d)
{
	struct typed_diff below = {0};

	compare(in, t, l, r, &below);
	attach_take(&d->added, below.added, step);
	attach_take(&d->removed, below.removed, step);
	attach_take(&d->modified, below.modified, step);
}

/* A whole value. */
static void compare_leaf(const json *l, const json *r, struct typed_diff *d)
{
	d->added.member = !l && r;
	d->removed.member = l && !r;
	d->modified.member = l && r && !json_equal(l, r);
}

/*
 * A member of a struct. In one that is there, so are structs which are no pointers, and required
 * lists and maps as null.
 */
static const json *struct_member(
    const struct implied *in, const json *parent, const struct field *f)
{
	const json *m = json_get(parent, f->name);
	enum shape shape;

	if (m || !parent)
		return m;
	shape = type_of_field(f).shape;
	if (shape == SHAPE_STRUCT)
		return f->flags & F_PTR ? NULL : in->object;
	return shape != SHAPE_LEAF && (f->flags & F_REQUIRED) ? in->null : NULL;
}

static bool has_value(const json *j)
{
	return j && json_type(j) != JSON_NULL;
}

static void compare_struct(const struct implied *in, const struct schema *s, const json *l,
    const json *r, struct typed_diff *d)
{
	for (const struct field *f = s->fields; f->name; f++) {
		const json *lm = struct_member(in, l, f), *rm = struct_member(in, r, f);
		struct type t = type_of_field(f);
		auto_free char *step = NULL;

		if (!lm && !rm)
			continue;
		/* In a struct that is there, null is absence. */
		if (l && r && !has_value(lm) && !has_value(rm))
			continue;
		step = member_step(f->name);
		compare_part(in, &t, step, lm, rm, d);
	}
}

static void compare_parts(const struct implied *in, const struct type *t, const json *l,
    const json *r, struct typed_diff *d)
{
	struct type below = type_of_item(t);
	auto_pairs p = {0};

	pairs_add(&p, t, l, false);
	pairs_add(&p, t, r, true);
	for (size_t i = 0; i < p.len; i++) {
		const struct pair *it = &p.items[i];

		if (is_duplicate(it))
			compare_part(in, &leaf, it->step, it->ls ? it->ls : it->l,
			    it->rs ? it->rs : it->r, d);
		else
			compare_part(in, &below, it->step, it->l, it->r, d);
	}
}

static void compare(const struct implied *in, const struct type *t, const json *l, const json *r,
    struct typed_diff *d)
{
	if (t->shape == SHAPE_LEAF || (is_hollow(l) && is_hollow(r))) {
		compare_leaf(l, r, d);
		return;
	}
	if (t->shape == SHAPE_STRUCT)
		compare_struct(in, t->of, l, r, d);
	else
		compare_parts(in, t, l, r, d);
	field_set_settle(&d->added);
	field_set_settle(&d->removed);
	field_set_settle(&d->modified);
	if (!l)
		d->added.member = true;
	else if (!r)
		d->removed.member = true;
}

void typed_compare(const struct kind *k, const json *from, const json *to, struct typed_diff *ret)
{
	struct type root = type_of_struct(k->schema);
	struct implied in = {json_new_object(), json_new_null()};

	*ret = (struct typed_diff){0};
	compare(&in, &root, from, to, ret);
	json_free(in.object);
	json_free(in.null);
}

/* ---- merging ---- */

static json *merge(const struct type *t, const json *l, const json *r);

static void index_members(struct map *m, const json *object)
{
	json_for (c, object)
		map_set(m, json_key(c), c);
}

static json *merge_members(const struct type *t, const json *l, const json *r)
{
	json *out = json_new_object();
	struct map left = {0}, right = {0};

	index_members(&left, l);
	index_members(&right, r);
	json_for (m, l) {
		struct type below = t->shape == SHAPE_STRUCT
					? type_of_field(schema_field(t->of, json_key(m)))
					: leaf;

		json_append(out, json_key(m), merge(&below, m, map_get(&right, json_key(m))));
	}
	json_for (m, r)
		if (!map_get(&left, json_key(m)))
			json_append(out, json_key(m), json_dup(m));
	map_release(&left, NULL);
	map_release(&right, NULL);
	return out;
}

/* One side of two lists that are merged. */
struct side {
	struct pair *items; /* step and item, in order */
	size_t len, at;
	struct map by_step; /* the item; of several: NULL_ITEM */
	json *none;
};

static void side_init(struct side *s, const struct type *t, const json *list)
{
	s->items = xcalloc(json_len(list) + 1, sizeof(*s->items));
	s->none = json_new_null();
	json_for (item, list) {
		char *step = list_item_step(t->f, item, NULL);

		if (!step)
			continue;
		s->items[s->len++] = (struct pair){.step = step, .l = item};
		map_set(&s->by_step, step, map_get(&s->by_step, step) ? s->none : item);
	}
}

static void side_release(struct side *s)
{
	for (size_t i = 0; i < s->len; i++)
		free(s->items[i].step);
	free(s->items);
	json_free(s->none);
	map_release(&s->by_step, NULL);
}

static const char *side_step(const struct side *s)
{
	return s->at < s->len ? s->items[s->at].step : NULL;
}

/* The next step of config that the live list has too, from its position on. */
static const char *next_shared(const struct side *r, const struct side *l, size_t *from)
{
	for (; *from < r->len; ++*from)
		if (map_get(&l->by_step, r->items[*from].step))
			return r->items[(*from)++].step;
	return NULL;
}

/* Takes config's current item, merged with its live one. */
static void take_right(
    const struct type *item, struct side *l, struct side *r, struct map *merged, json *out)
{
	const char *step = side_step(r);

	json_add(out, merge(item, map_get(&l->by_step, step), r->items[r->at++].l));
	map_set(merged, step, out);
}

/*
 * The order of Kubernetes' merge: config's items come in its order; the live ones that it does not
 * name stay behind the live neighbours that they had.
 */
static json *merge_lists(const struct type *t, const json *live, const json *config)
{
	struct type item = type_of_item(t);
	json *out = json_new_array();
	struct side l = {0}, r = {0};
	struct map merged = {0};
	const char *shared;
	size_t from = 0;

	side_init(&l, t, live);
	side_init(&r, t, config);
	shared = next_shared(&r, &l, &from);
	while (l.at < l.len || r.at < r.len) {
		const char *ls = side_step(&l), *rs = side_step(&r);
		bool in_config = ls && map_get(&r.by_step, ls);

		if (ls && rs && str_eq(ls, rs)) {
			take_right(&item, &l, &r, &merged, out);
			l.at++;
			shared = next_shared(&r, &l, &from);
			continue;
		}
		if (rs && in_config && shared && !str_eq(shared, ls)) {
			l.at++; /* its turn comes in config's order */
			continue;
		}
		if (ls && !in_config) {
			json_add(out, json_dup(l.items[l.at++].l));
			continue;
		}
		if (ls && map_get(&merged, ls))
			l.at++;
		if (rs) {
			take_right(&item, &l, &r, &merged, out);
			if (shared && str_eq(shared, rs))
				shared = next_shared(&r, &l, &from);
		}
	}
	side_release(&l);
	side_release(&r);
	map_release(&merged, NULL);
	return out;
}

static json *merge(const struct type *t, const json *l, const json *r)
{
	if (!r)
		return json_dup(l);
	if (!l || json_type(l) == JSON_NULL || t->shape == SHAPE_LEAF ||
	    (is_hollow(l) && is_hollow(r)))
		return json_dup(r);
	if (json_type(r) == JSON_NULL)
		return json_dup(l);
	return is_list(t) ? merge_lists(t, l, r) : merge_members(t, l, r);
}

json *typed_merge(const struct kind *k, const json *live, const json *config)
{
	struct type root = type_of_struct(k->schema);

	return merge(&root, live, config);
}

/* ---- removing ---- */

static json *without(const struct type *t, const json *value, const struct field_set *fields)
{
	json *out;
	bool list = is_list(t);

	if (t->shape == SHAPE_LEAF || is_hollow(value))
		return json_dup(value);
	out = list ? json_new_array() : json_new_object();
	json_for (part, value) {
		auto_free char *step =
		    list ? list_item_step(t->f, part, NULL) : member_step(json_key(part));
		const struct field_set *gone = step ? field_set_find(fields, step) : NULL;
		json *kept;

		if (gone && gone->member)
			continue;
		if (gone) {
			struct type below = type_below(t, step);

			kept = without(&below, part, gone);
		} else {
			kept = json_dup(part);
		}
		if (list)
			json_add(out, kept);
		else
			json_append(out, json_key(part), kept);
	}
	if (json_len(out) > 0)
		return out;
	json_free(out);
	return json_new_null();
}

json *typed_remove(const struct kind *k, const json *obj, const struct field_set *fields)
{
	struct type root = type_of_struct(k->schema);

	return without(&root, obj, fields);
}

/* ---- structs on the way ---- */

static void name_fields(const struct type *t, struct field_set *s)
{
	for (size_t i = 0; i < s->len; i++) {
		struct field_set *c = &s->items[i];
		struct type below = type_below(t, c->step);

		if (c->len && t->shape == SHAPE_STRUCT && *c->step == 'f' &&
		    schema_field(t->of, c->step + 2))
			c->member = true;
		name_fields(&below, c);
	}
}

void typed_name_fields(const struct kind *k, struct field_set *s)
{
	struct type root = type_of_struct(k->schema);

	name_fields(&root, s);
}
