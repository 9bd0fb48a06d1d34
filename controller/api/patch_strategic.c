/*
 * patch_strategic: Kubernetes' strategic merge. Objects merge member by member; a list merges by
 * its key (or, of plain values, as a set) where its schema row says so, and is replaced otherwise.
 *
 * Directives in the patch: "$patch": "replace" or "delete" for an object or an item of a list;
 * "$retainKeys": the members that may stay; "$deleteFromPrimitiveList/F": values that leave the
 * list F; "$setElementOrder/F": the order of F afterwards.
 *
 * Order of a merged list: what the patch (or its order) names comes in that order, the rest keeps
 * its own; the two are woven together so that neighbours stay neighbours where that is possible.
 */
#include "patch.h"

#include "../../runtime/base/map.h"
#include "schema.h"

#define MARK "$patch"
#define RETAIN "$retainKeys"
#define DELETE_FROM "$deleteFromPrimitiveList/"
#define SET_ORDER "$setElementOrder/"

static int bad_patch(struct err *e, const char *text)
{
	return err_set(e, ERR_BAD_REQUEST, "%s", text);
}

static bool is_directive(const char *key)
{
	return str_eq(key, MARK) || str_eq(key, RETAIN) || str_has_prefix(key, DELETE_FROM) ||
	       str_has_prefix(key, SET_ORDER);
}

/* A value that meets nothing to merge with: its nulls and directives mean nothing. In place. */
static void clean(json *value)
{
	json *next;

	for (json *c = json_first(value); c; c = next) {
		next = json_next(c);
		if (json_is_object(value) ? json_type(c) == JSON_NULL || is_directive(json_key(c))
					  : json_get(c, MARK) != NULL)
			json_remove(value, c);
		else
			clean(c);
	}
}

static json *clean_copy(const json *value)
{
	json *copy = json_dup(value);

	clean(copy);
	return copy;
}

static void clear(json *container)
{
	json *first;

	while ((first = json_first(container)))
		json_remove(container, first);
}

/* ---- lists as sets of keys ---- */

/* What tells an item from others: its merge key or, for plain values, itself; owned. NULL: none. */
static char *identity(const json *item, const char *merge_key)
{
	const json *key = merge_key ? json_get(item, merge_key) : item;

	return key ? json_print(key) : NULL;
}

/* From identity to position + 1 of the first item that has it. */
static void index_list(struct map *m, const json *list, const char *merge_key)
{
	size_t i = 0;

	json_for (item, list) {
		auto_free char *id = identity(item, merge_key);

		i++;
		if (id && !map_get(m, id))
			map_set(m, id, (void *)(uintptr_t)i);
	}
}

static size_t position(const struct map *m, const json *item, const char *merge_key)
{
	auto_free char *id = identity(item, merge_key);

	return id ? (size_t)(uintptr_t)map_get(m, id) : 0;
}

/* An item of a list that is put in order; positions count from 1, 0: not there. */
struct placed {
	json *item;
	size_t named;  /* in the list that gives the order */
	size_t before; /* in the list as it was */
	size_t seq;
};

static int by_name_order(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->named != y->named)
		return x->named < y->named ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

/* Orders the items of list; before: positions in the list as it was. */
static void arrange(json *list, const json *order, const struct map *before, const char *merge_key)
{
	size_t n = json_len(list), named = 0, rest = 0, i = 0, j = 0;
	auto_free struct placed *head = xcalloc(n + 1, sizeof(*head)),
				*tail = xcalloc(n + 1, sizeof(*tail));
	struct map names = {0};
	json *item;

	index_list(&names, order, merge_key);
	for (size_t seq = 0; (item = json_first(list)); seq++) {
		struct placed p = {item, position(&names, item, merge_key),
		    position(before, item, merge_key), seq};

		json_detach(list, item);
		if (p.named)
			head[named++] = p;
		else
			tail[rest++] = p;
	}
	qsort(head, named, sizeof(*head), by_name_order);
	while (i < rest || j < named) {
		bool from_tail = j >= named || (i < rest && tail[i].before && head[j].before &&
						   tail[i].before < head[j].before);

		json_add(list, from_tail ? tail[i++].item : head[j++].item);
	}
	map_release(&names, NULL);
}

/* ---- merging ---- */

static int merge_map(const struct schema *s, json *into, json *patch, struct err *e);

static int no_merge_key(struct err *e, const json *item, const char *merge_key)
{
	auto_buf shown = {0};

	patch_print_go(item, &shown);
	return err_set(e, ERR_BAD_REQUEST, "map: %s does not contain declared merge key: %s",
	    buf_str(&shown), merge_key);
}

static int unknown_directive(struct err *e, const json *map, const char *directive)
{
	auto_buf shown = {0};

	patch_print_go(map, &shown);
	return err_set(
	    e, ERR_BAD_REQUEST, "unknown patch type: %s in map: %s", directive, buf_str(&shown));
}

/* All objects, or all plain values. */
static int check_items(const json *list, bool objects, struct err *e)
{
	json_for (item, list) {
		if (json_is_array(item))
			return err_set(e, ERR_INVALID, "lists of lists are not supported");
		if (json_is_object(item) != objects || json_type(item) == JSON_NULL) {
			auto_buf shown = {0};

			patch_print_go(list, &shown);
			return err_set(e, ERR_BAD_REQUEST,
			    "list element types are not identical: [%s]", buf_str(&shown));
		}
	}
	return 0;
}

static void remove_named(json *list, const struct map *gone, const char *merge_key)
{
	json *next;

	for (json *c = json_first(list); c; c = next) {
		next = json_next(c);
		if (position(gone, c, merge_key))
			json_remove(list, c);
	}
}

/* One item that is a directive: notes what it asks for. */
static int read_directive(
    const json *item, const char *merge_key, struct map *gone, bool *replace, struct err *e)
{
	const char *directive = json_str_or(item, MARK, "");
	auto_free char *id = NULL;

	if (str_eq(directive, "replace")) {
		*replace = true;
		return 0;
	}
	if (str_eq(directive, "merge"))
		return bad_patch(e, "merging lists cannot yet be specified in the patch");
	if (!str_eq(directive, "delete"))
		return unknown_directive(e, item, directive);
	id = identity(item, merge_key);
	if (!id)
		return no_merge_key(e, item, merge_key);
	map_set(gone, id, (void *)1);
	return 0;
}

/*
 * Acts on the items of the patch that are directives, and takes them out. *ret_replace: what is
 * left in the patch is the new list.
 */
static int take_directives(
    json *list, json *patch, const char *merge_key, bool *ret_replace, struct err *e)
{
	struct map gone = {0};
	int rc = 0;
	json *next;

	*ret_replace = false;
	for (json *item = json_first(patch); item && rc == 0; item = next) {
		next = json_next(item);
		if (!json_get(item, MARK))
			continue;
		rc = read_directive(item, merge_key, &gone, ret_replace, e);
		json_remove(patch, item);
	}
	if (rc == 0)
		remove_named(list, &gone, merge_key);
	map_release(&gone, NULL);
	return rc;
}

static void replace_list(json *list, const json *patch)
{
	clear(list);
	json_for (item, patch)
		json_add(list, clean_copy(item));
}

/* Merges the items of a patch without directives. */
static int merge_items(const struct field *f, json *list, json *patch, struct err *e)
{
	struct map known = {0};
	int rc = 0;

	json_for (item, list) {
		auto_free char *id = identity(item, f->merge_key);

		if (id && !map_get(&known, id))
			map_set(&known, id, item);
	}
	for (json *item = json_first(patch); item && rc == 0; item = json_next(item)) {
		auto_free char *id = identity(item, f->merge_key);
		json *found = id ? map_get(&known, id) : NULL;

		if (!id) {
			rc = no_merge_key(e, item, f->merge_key);
		} else if (found) {
			rc = merge_map(f->of, found, item, e);
		} else {
			json *added = clean_copy(item);

			json_add(list, added);
			map_set(&known, id, added);
		}
	}
	map_release(&known, NULL);
	return rc;
}

static void merge_values(json *list, const json *patch)
{
	struct map known = {0};

	index_list(&known, list, NULL);
	json_for (item, patch) {
		auto_free char *id = identity(item, NULL);

		if (!map_set(&known, id, (void *)1))
			json_add(list, json_dup(item));
	}
	map_release(&known, NULL);
}

/* `order`: what gives the order; NULL: the patch. */
static int merge_list(
    const struct field *f, json *list, json *patch, const json *order, struct err *e)
{
	bool replace = false;
	struct map before = {0};
	int rc = 0;

	if (check_items(list, f->merge_key != NULL, e) < 0 ||
	    check_items(patch, f->merge_key != NULL, e) < 0)
		return -1;
	index_list(&before, list, f->merge_key);
	if (f->merge_key)
		rc = take_directives(list, patch, f->merge_key, &replace, e);
	if (rc == 0 && replace)
		replace_list(list, patch);
	else if (rc == 0 && f->merge_key)
		rc = merge_items(f, list, patch, e);
	else if (rc == 0)
		merge_values(list, patch);
	if (rc == 0 && (order || !replace))
		arrange(list, order ? order : patch, &before, f->merge_key);
	map_release(&before, NULL);
	return rc;
}

static bool is_merged(const struct field *f)
{
	return f && (f->merge_key || (f->flags & F_MERGE));
}

static int merge_member(const struct schema *s, json *into, json *member, struct err *e)
{
	const char *key = json_key(member);
	const struct field *f = s ? schema_field(s, key) : NULL;
	json *own = json_get(into, key);

	if (json_type(member) == JSON_NULL) {
		json_del(into, key);
	} else if (!own || json_type(own) != json_type(member)) {
		json_set(into, key, clean_copy(member));
	} else if (json_is_object(member)) {
		return merge_map(f && f->type == T_OBJECT ? f->of : NULL, own, member, e);
	} else if (json_is_array(member) && is_merged(f)) {
		return merge_list(f, own, member, NULL, e);
	} else {
		json_set(into, key, clean_copy(member));
	}
	return 0;
}

/* ---- directives of objects ---- */

/* The whole object is replaced or emptied. */
static int replace_map(json *into, const json *patch, struct err *e)
{
	const char *directive = json_str_or(patch, MARK, "");

	if (!str_eq(directive, "replace") && !str_eq(directive, "delete"))
		return unknown_directive(e, patch, directive);
	clear(into);
	if (str_eq(directive, "delete"))
		return 0;
	json_for (m, patch)
		if (!is_directive(json_key(m)) && json_type(m) != JSON_NULL)
			json_set(into, json_key(m), clean_copy(m));
	return 0;
}

static int retain_keys(json *into, const json *patch, struct err *e)
{
	const json *list = json_get(patch, RETAIN);
	struct map keep = {0};
	bool ok = json_is_array(list);
	json *next;

	if (!list)
		return 0;
	json_for (key, list)
		if (json_is_string(key))
			map_set(&keep, json_string_value(key), key);
	json_for (m, patch)
		ok = ok && (is_directive(json_key(m)) || json_type(m) == JSON_NULL ||
			       map_get(&keep, json_key(m)));
	for (json *m = json_first(into); m && ok; m = next) {
		next = json_next(m);
		if (!map_get(&keep, json_key(m)))
			json_remove(into, m);
	}
	map_release(&keep, NULL);
	return ok ? 0 : bad_patch(e, "invalid patch format of retainKeys");
}

static int delete_values(json *into, const json *directive, struct err *e)
{
	struct map gone = {0};

	if (!json_is_array(directive))
		return bad_patch(e, "invalid patch format of primitive list");
	index_list(&gone, directive, NULL);
	remove_named(json_get(into, json_key(directive) + strlen(DELETE_FROM)), &gone, NULL);
	map_release(&gone, NULL);
	return 0;
}

/* The items that the patch sets must be in the order's list, in its order. */
static int check_order(const struct field *f, const json *patch, const json *order, struct err *e)
{
	auto_buf shown = {0}, wanted = {0};
	struct map names = {0};
	size_t last = 0;
	bool ok = true;

	index_list(&names, order, f->merge_key);
	json_for (item, patch) {
		size_t at = position(&names, item, f->merge_key);

		if (json_get(item, MARK))
			continue;
		ok = ok && at > last;
		last = at;
	}
	map_release(&names, NULL);
	if (ok || !json_first(order))
		return 0;
	patch_print_go(patch, &shown);
	patch_print_go(order, &wanted);
	return err_set(e, ERR_BAD_REQUEST,
	    "The order in patch list:\n%s\n doesn't match $setElementOrder list:\n%s\n",
	    buf_str(&shown), buf_str(&wanted));
}

/* Merges the list that the directive is about (which leaves the patch) and puts it in order. */
static int set_order(
    const struct schema *s, json *into, json *patch, const json *order, struct err *e)
{
	const char *key = json_key(order) + strlen(SET_ORDER);
	const struct field *f = s ? schema_field(s, key) : NULL;
	json *own = json_get(into, key);
	auto_json *list = NULL, *none = json_new_array();

	if (!json_is_array(order))
		return bad_patch(e, "invalid patch format of setElementOrder list");
	if (!is_merged(f))
		return err_set(e, ERR_BAD_REQUEST,
		    "unable to find api field in struct %s for the json field \"%s\"",
		    s ? s->go_name : "map", key);
	if (json_type(json_get(patch, key)) == JSON_NULL)
		return 0; /* goes with the other members */
	if (json_get(patch, key) && !json_is_array(json_get(patch, key)))
		return bad_patch(e, "invalid patch format of setElementOrder list");
	list = json_take(patch, key);
	if (check_items(order, f->merge_key != NULL, e) < 0 ||
	    (list && check_order(f, list, order, e) < 0))
		return -1;
	if (!own && !list)
		return 0;
	if (!own) {
		json_set(into, key, json_new_array());
		own = json_get(into, key);
	}
	return merge_list(f, own, list ? list : none, order, e);
}

static int merge_map(const struct schema *s, json *into, json *patch, struct err *e)
{
	if (json_get(patch, MARK))
		return replace_map(into, patch, e);
	if (retain_keys(into, patch, e) < 0)
		return -1;
	json_for (m, patch)
		if (str_has_prefix(json_key(m), SET_ORDER) && set_order(s, into, patch, m, e) < 0)
			return -1;
	json_for (m, patch) {
		if (str_has_prefix(json_key(m), DELETE_FROM)) {
			if (delete_values(into, m, e) < 0)
				return -1;
		} else if (!is_directive(json_key(m)) && merge_member(s, into, m, e) < 0) {
			return -1;
		}
	}
	return 0;
}

int patch_strategic(const struct schema *s, json *object, json *patch, struct err *e)
{
	return merge_map(s, object, patch, e);
}
