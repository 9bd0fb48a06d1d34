#include "json.h"

#include "json_node.h"
#include "json_scan.h"
#include "map.h"
#include "str.h"

#include <math.h>
#include <stdio.h>

/*
 * Numbers: cJSON keeps doubles. An integer that a double may not hold (more than 2^53) is a
 * cJSON_Raw node with its digits in valuestring and the nearest double in valuedouble; everybody
 * outside sees a JSON_NUMBER.
 */
#define EXACT_MAX INT64_C(9007199254740992)
/* Objects with more members are not searched member by member where that would be quadratic. */
#define SMALL_OBJECT 16

static void free_memory(void *p)
{
	free(p);
}

__attribute__((constructor)) static void use_own_allocator(void)
{
	cJSON_Hooks hooks = {.malloc_fn = xmalloc, .free_fn = free_memory};

	cJSON_InitHooks(&hooks);
}

/* Parsing. */

struct fixer {
	const struct json_scan *scan;
	size_t numbers, names; /* met so far, in the order of the text */
	size_t next_long;
	long bad_number, bad_name; /* ordinals; -1: none */
	bool strict;
};

static void become_raw(json *j, const char *digits, size_t len)
{
	j->type = (j->type & ~0xff) | cJSON_Raw;
	j->valuestring = xstrndup(digits, len);
}

static void fix_number(struct fixer *f, json *j)
{
	size_t ordinal = f->numbers++;

	if (isinf(j->valuedouble) && f->bad_number < 0)
		f->bad_number = (long)ordinal;
	if (f->next_long == f->scan->longs_len || f->scan->longs[f->next_long].ordinal != ordinal)
		return;
	if (fabs(j->valuedouble) >= (double)EXACT_MAX)
		become_raw(j, f->scan->longs[f->next_long].text, f->scan->longs[f->next_long].len);
	f->next_long++;
}

struct named {
	const json *member;
	size_t place;
};

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->member->string, y->member->string);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* The members by name; owned. */
static struct named *sorted_members(const json *object, size_t *ret_len)
{
	size_t len = json_len(object), i = 0;
	struct named *list = xmalloc(len * sizeof(*list));

	json_for (c, object) {
		list[i].member = c;
		list[i].place = i;
		i++;
	}
	qsort(list, len, sizeof(*list), compare_named);
	*ret_len = len;
	return list;
}

/* The place of the first member whose name an earlier one has; -1: none. */
static long find_duplicate(const json *object)
{
	auto_free struct named *list = NULL;
	long place = 0, first = -1;
	size_t len;

	for (const json *c = object->child; c && place <= SMALL_OBJECT; c = c->next, place++)
		for (const json *d = object->child; d != c; d = d->next)
			if (c->string[0] == d->string[0] && strcmp(c->string, d->string) == 0)
				return place;
	if (place <= SMALL_OBJECT)
		return -1;
	list = sorted_members(object, &len);
	for (size_t i = 1; i < len; i++) {
		if (strcmp(list[i - 1].member->string, list[i].member->string) != 0)
			continue;
		if (first < 0 || (long)list[i].place < first)
			first = (long)list[i].place;
	}
	return first;
}

static void fix_tree(struct fixer *f, json *j)
{
	long duplicate = -1, place = 0;
	bool object = j->type == cJSON_Object;

	if (object && f->strict && f->bad_name < 0)
		duplicate = find_duplicate(j);
	for (json *c = j->child; c; c = c->next, place++) {
		if (object) {
			if (place == duplicate && f->bad_name < 0)
				f->bad_name = (long)f->names;
			f->names++;
		}
		if ((c->type & 0xff) == cJSON_Number)
			fix_number(f, c);
		else if (c->child)
			fix_tree(f, c);
	}
}

static int fail_at(struct err *e, const char *text, const char *at, const char *what)
{
	size_t line, column;

	json_scan_place(text, at, &line, &column);
	return err_set(e, ERR_BAD_REQUEST, "line %zu, column %zu: %s", line, column, what);
}

/* The name at the place of a duplicate, as the text spells it. */
static int fail_duplicate(struct err *e, const char *text, size_t len, long name)
{
	const char *at = json_scan_find(text, len, -1, name), *end = at + 1;
	auto_free char *what = NULL;

	while (*end != '"')
		end += *end == '\\' ? 2 : 1;
	what = xasprintf("duplicate name %.*s", (int)(end - at > 128 ? 128 : end - at + 1), at);
	return fail_at(e, text, at, what);
}

static json *parse_scanned(
    const struct json_scan *s, const char *text, size_t len, int flags, struct err *e)
{
	json *j = cJSON_ParseWithLengthOpts(text, len, NULL, false);
	struct fixer f = {
	    .scan = s,
	    .bad_number = -1,
	    .bad_name = -1,
	    .strict = !(flags & JSON_ALLOW_DUPLICATES),
	};

	if (!j) { /* the scan would have to be wrong */
		fail_at(e, text, text, "not parsed");
		return NULL;
	}
	if (cJSON_IsNumber(j))
		fix_number(&f, j);
	else if (f.strict || s->longs_len > 0 || s->has_exponent)
		fix_tree(&f, j);
	if (f.bad_number < 0 && f.bad_name < 0)
		return j;
	json_free(j);
	if (f.bad_number >= 0)
		fail_at(
		    e, text, json_scan_find(text, len, f.bad_number, -1), "number out of range");
	else
		fail_duplicate(e, text, len, f.bad_name);
	return NULL;
}

json *json_parse(const char *text, size_t len, int flags, struct err *e)
{
	struct json_scan s;
	json *j = NULL;

	if (json_scan(&s, text, len))
		j = parse_scanned(&s, text, len, flags, e);
	else
		fail_at(e, text, s.error_at, s.error);
	json_scan_release(&s);
	return j;
}

/* Making and freeing. */

void json_free(json *j)
{
	cJSON_Delete(j);
}

void json_cleanup(json **j)
{
	cJSON_Delete(*j);
}

json *json_new_object(void)
{
	return cJSON_CreateObject();
}

json *json_new_array(void)
{
	return cJSON_CreateArray();
}

json *json_new_string(const char *s)
{
	return s ? cJSON_CreateString(s) : cJSON_CreateNull();
}

json *json_new_int(int64_t n)
{
	json *j = cJSON_CreateNumber((double)n);
	char digits[24];

	if (n > EXACT_MAX || n < -EXACT_MAX) {
		snprintf(digits, sizeof(digits), "%lld", (long long)n);
		become_raw(j, digits, strlen(digits));
	}
	return j;
}

json *json_new_number(double n)
{
	return isfinite(n) ? cJSON_CreateNumber(n) : cJSON_CreateNull();
}

json *json_new_bool(bool b)
{
	return cJSON_CreateBool(b);
}

json *json_new_null(void)
{
	return cJSON_CreateNull();
}

json *json_dup(const json *j)
{
	return j ? cJSON_Duplicate(j, true) : NULL;
}

/* Looking. */

enum json_type json_type(const json *j)
{
	switch (j ? j->type & 0xff : cJSON_Invalid) {
	case cJSON_NULL:
		return JSON_NULL;
	case cJSON_True:
	case cJSON_False:
		return JSON_BOOL;
	case cJSON_Number:
	case cJSON_Raw:
		return JSON_NUMBER;
	case cJSON_String:
		return JSON_STRING;
	case cJSON_Array:
		return JSON_ARRAY;
	case cJSON_Object:
		return JSON_OBJECT;
	default:
		return JSON_ABSENT;
	}
}

const char *json_type_name(enum json_type t)
{
	static const char *const names[] = {
	    [JSON_ABSENT] = "absent",
	    [JSON_NULL] = "null",
	    [JSON_BOOL] = "bool",
	    [JSON_NUMBER] = "number",
	    [JSON_STRING] = "string",
	    [JSON_ARRAY] = "array",
	    [JSON_OBJECT] = "object",
	};

	return names[t];
}

json *json_first(const json *j)
{
	return j ? j->child : NULL;
}

json *json_next(const json *j)
{
	return j ? j->next : NULL;
}

const char *json_key(const json *member)
{
	return member ? member->string : NULL;
}

size_t json_len(const json *j)
{
	size_t n = 0;

	for (const json *c = json_first(j); c; c = c->next)
		n++;
	return n;
}

json *json_at(const json *array, size_t index)
{
	json *c = json_first(array);

	while (c && index-- > 0)
		c = c->next;
	return c;
}

/* KEY is the first LEN bytes. */
static json *get_span(const json *object, const char *key, size_t len)
{
	if (!json_is_object(object))
		return NULL;
	for (json *c = object->child; c; c = c->next)
		if ((len == 0 || *c->string == *key) && strncmp(c->string, key, len) == 0 &&
		    c->string[len] == '\0')
			return c;
	return NULL;
}

json *json_get(const json *object, const char *key)
{
	return get_span(object, key, strlen(key));
}

json *json_path(const json *j, const char *path)
{
	for (;;) {
		size_t len = strcspn(path, ".");
		json *c = get_span(j, path, len);

		if (!c || path[len] == '\0')
			return c;
		path += len + 1;
		j = c;
	}
}

const char *json_str_or(const json *j, const char *path, const char *fallback)
{
	const char *s = json_string_value(json_path(j, path));

	return s ? s : fallback;
}

const char *json_str(const json *j, const char *path)
{
	return json_str_or(j, path, NULL);
}

int64_t json_int(const json *j, const char *path, int64_t fallback)
{
	int64_t n;

	return json_is_int(json_path(j, path), &n) ? n : fallback;
}

bool json_bool(const json *j, const char *path, bool fallback)
{
	const json *c = json_path(j, path);

	return json_type(c) == JSON_BOOL ? json_bool_value(c) : fallback;
}

bool json_has(const json *j, const char *path)
{
	return json_type(json_path(j, path)) > JSON_NULL;
}

const char *json_string_value(const json *j)
{
	return json_is_string(j) ? j->valuestring : NULL;
}

double json_number_value(const json *j)
{
	return json_type(j) == JSON_NUMBER ? j->valuedouble : 0;
}

bool json_bool_value(const json *j)
{
	return j && (j->type & 0xff) == cJSON_True;
}

bool json_is_int(const json *j, int64_t *ret)
{
	double d;

	if (json_type(j) != JSON_NUMBER)
		return false;
	if (cJSON_IsRaw(j))
		return str_to_int(j->valuestring, INT64_MIN, INT64_MAX, ret) == 0;
	d = j->valuedouble;
	if (d < -0x1p63 || d >= 0x1p63 || d != floor(d))
		return false;
	*ret = (int64_t)d;
	return true;
}

/* Changing. */

/* The name is copied first: it may be the old one's. */
static void name_member(json *member, const char *key, size_t len)
{
	char *copy = xstrndup(key, len);

	free(member->string);
	member->string = copy;
}

static json *set_span(json *object, const char *key, size_t len, json *value)
{
	json *old = get_span(object, key, len);

	if (!value) {
		if (old)
			json_remove(object, old);
		return NULL;
	}
	name_member(value, key, len);
	if (!old)
		cJSON_AddItemToArray(object, value);
	else if (old != value)
		cJSON_ReplaceItemViaPointer(object, old, value);
	return value;
}

void json_set(json *object, const char *key, json *value)
{
	set_span(object, key, strlen(key), value);
}

void json_append(json *object, const char *key, json *value)
{
	name_member(value, key, strlen(key));
	cJSON_AddItemToArray(object, value);
}

void json_set_str(json *object, const char *key, const char *s)
{
	if (s)
		json_set(object, key, json_new_string(s));
	else
		json_del(object, key);
}

void json_set_int(json *object, const char *key, int64_t n)
{
	json_set(object, key, json_new_int(n));
}

void json_set_bool(json *object, const char *key, bool b)
{
	json_set(object, key, json_new_bool(b));
}

static json *object_at_span(json *object, const char *key, size_t len)
{
	json *c = get_span(object, key, len);

	return json_is_object(c) ? c : set_span(object, key, len, json_new_object());
}

void json_set_path(json *j, const char *path, json *value)
{
	for (;;) {
		size_t len = strcspn(path, ".");

		if (path[len] == '\0') {
			set_span(j, path, len, value);
			return;
		}
		j = object_at_span(j, path, len);
		path += len + 1;
	}
}

json *json_obj(json *object, const char *path)
{
	for (;;) {
		size_t len = strcspn(path, ".");

		object = object_at_span(object, path, len);
		if (path[len] == '\0')
			return object;
		path += len + 1;
	}
}

json *json_take(json *object, const char *key)
{
	json *c = json_get(object, key);

	return c ? cJSON_DetachItemViaPointer(object, c) : NULL;
}

void json_del(json *object, const char *key)
{
	json_free(json_take(object, key));
}

void json_del_path(json *j, const char *path)
{
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL) {
		j = get_span(j, path, (size_t)(dot - path));
		path = dot + 1;
	}
	json_del(j, path);
}

void json_add(json *array, json *value)
{
	cJSON_AddItemToArray(array, value);
}

/* Done here: some releases of the library refuse to insert into the middle. */
void json_insert(json *array, size_t index, json *value)
{
	json *at = json_at(array, index);

	if (!at) {
		cJSON_AddItemToArray(array, value);
		return;
	}
	value->next = at;
	value->prev = at->prev; /* of the first one: the last */
	at->prev = value;
	if (at == array->child)
		array->child = value;
	else
		value->prev->next = value;
}

void json_replace(json *parent, json *old, json *value)
{
	if (old == value)
		return;
	if (old->string)
		name_member(value, old->string, strlen(old->string));
	cJSON_ReplaceItemViaPointer(parent, old, value);
}

void json_remove(json *parent, json *child)
{
	json_free(cJSON_DetachItemViaPointer(parent, child));
}

json *json_detach(json *parent, json *child)
{
	cJSON_DetachItemViaPointer(parent, child);
	cJSON_free(child->string);
	child->string = NULL;
	return child;
}

/* Comparing, sorting, merging. */

static bool numbers_equal(const json *a, const json *b)
{
	int64_t x, y;

	if (cJSON_IsRaw(a) && cJSON_IsRaw(b))
		return strcmp(a->valuestring, b->valuestring) == 0;
	if (json_is_int(a, &x) && json_is_int(b, &y))
		return x == y;
	return a->valuedouble == b->valuedouble;
}

static bool arrays_equal(const json *a, const json *b)
{
	const json *x = a->child, *y = b->child;

	for (; x && y; x = x->next, y = y->next)
		if (!json_equal(x, y))
			return false;
	return !x && !y;
}

static bool big_objects_equal(const json *a, const json *b)
{
	size_t a_len, b_len;
	auto_free struct named *x = sorted_members(a, &a_len);
	auto_free struct named *y = sorted_members(b, &b_len);

	if (a_len != b_len)
		return false;
	for (size_t i = 0; i < a_len; i++)
		if (strcmp(x[i].member->string, y[i].member->string) != 0 ||
		    !json_equal(x[i].member, y[i].member))
			return false;
	return true;
}

static bool objects_equal(const json *a, const json *b)
{
	const json *x = a->child, *y = b->child;
	size_t len;

	/* Most often the order is the same. */
	for (; x && y && strcmp(x->string, y->string) == 0; x = x->next, y = y->next)
		if (!json_equal(x, y))
			return false;
	if (!x || !y)
		return !x && !y;
	len = json_len(a);
	if (len != json_len(b))
		return false;
	if (len > SMALL_OBJECT)
		return big_objects_equal(a, b);
	for (; x; x = x->next) {
		y = json_get(b, x->string);
		if (!y || !json_equal(x, y))
			return false;
	}
	return true;
}

bool json_equal(const json *a, const json *b)
{
	enum json_type type = json_type(a);

	if (a == b)
		return true;
	if (type != json_type(b))
		return false;
	switch (type) {
	case JSON_ABSENT:
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return json_bool_value(a) == json_bool_value(b);
	case JSON_NUMBER:
		return numbers_equal(a, b);
	case JSON_STRING:
		return strcmp(a->valuestring, b->valuestring) == 0;
	case JSON_ARRAY:
		return arrays_equal(a, b);
	case JSON_OBJECT:
		return objects_equal(a, b);
	}
	return false;
}

static void sort_members(json *object)
{
	size_t len;
	auto_free struct named *list = sorted_members(object, &len);
	json **link = &object->child, *last = NULL;

	for (size_t i = 0; i < len; i++) {
		json *c = (json *)list[i].member;

		*link = c;
		c->prev = last;
		last = c;
		link = &c->next;
	}
	*link = NULL;
	if (object->child)
		object->child->prev = last; /* cJSON keeps the tail there */
}

void json_sort(json *j)
{
	if (json_is_object(j))
		sort_members(j);
	for (json *c = json_first(j); c; c = c->next)
		json_sort(c);
}

/* An object's members by name while a big patch changes them. */
struct index {
	struct map map;
	bool used;
};

static json *index_get(const struct index *x, const json *object, const char *key)
{
	return x->used ? map_get(&x->map, key) : json_get(object, key);
}

static void merge_member(json *target, struct index *x, const json *patch)
{
	const char *key = patch->string;
	json *old = index_get(x, target, key), *merged;

	if (json_type(patch) == JSON_NULL) {
		if (old)
			json_remove(target, old);
		if (old && x->used)
			map_del(&x->map, key);
		return;
	}
	if (old && json_is_object(old) && json_is_object(patch)) {
		json_merge_patch(old, patch);
		return;
	}
	merged = json_merge_patch(NULL, patch);
	name_member(merged, key, strlen(key));
	if (old)
		cJSON_ReplaceItemViaPointer(target, old, merged);
	else
		cJSON_AddItemToArray(target, merged);
	if (x->used)
		map_set(&x->map, key, merged);
}

json *json_merge_patch(json *target, const json *patch)
{
	struct index x = {.used = json_len(patch) > SMALL_OBJECT};

	if (!json_is_object(patch)) {
		json_free(target);
		return json_dup(patch);
	}
	if (!json_is_object(target)) {
		json_free(target);
		target = json_new_object();
	}
	for (json *c = target->child; x.used && c; c = c->next)
		map_set(&x.map, c->string, c);
	json_for (c, patch)
		merge_member(target, &x, c);
	map_release(&x.map, NULL);
	return target;
}

char *json_scalar_text(const json *j)
{
	if (!j)
		return xstrdup("");
	return json_is_string(j) ? xstrdup(j->valuestring) : json_print(j);
}

void json_add_strings(const json *array, struct strlist *out)
{
	json_for (it, array)
		if (json_is_string(it))
			strlist_add(out, it->valuestring);
}
