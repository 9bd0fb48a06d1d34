#include "strategic.h"

#include "../runtime/base/map.h"
#include "merge.h"
#include "typedoc.h"

/* ---- what is known of a member ---- */

struct member {
	const char *name;
	const json *type;
	const char *merge_key; /* NULL: a list of plain values */
	bool merges;           /* a list item by item */
	bool replaced;         /* an object as a whole */
	bool retains;          /* a union: patches name the members that may stay */
};

static bool has_strategy(const json *type, const char *word)
{
	auto_strlist words = {0};

	str_split(&words, json_str_or(type, "x-kubernetes-patch-strategy", ""), ',');
	return strlist_has(&words, word);
}

static struct member find_member(const json *document, const json *type, const char *name)
{
	const json *own = typedoc_member(document, type, name);

	return (struct member){.name = name,
	    .type = own,
	    .merge_key = json_str(own, "x-kubernetes-patch-merge-key"),
	    .merges = has_strategy(own, "merge"),
	    .replaced = has_strategy(own, "replace"),
	    .retains = has_strategy(own, "retainKeys")};
}

/* ---- objects ---- */

static void diff_list(json *patch, const json *document, const struct member *m, const json *before,
    const json *wanted, const json *live);
static json *diff_object(const json *document, const json *type, bool retains, const json *before,
    const json *wanted, const json *live);

static void set_copy(json *patch, const char *name, const json *value)
{
	json_set(patch, name, json_dup(value));
}

static void set_unless_empty(json *patch, const char *name, json *value)
{
	if (json_len(value))
		json_set(patch, name, value);
	else
		json_free(value);
}

/* The patch of one member that is to be applied. */
static void diff_member(json *patch, const json *document, const struct member *m,
    const json *before, const json *wanted, const json *live)
{
	if (!live && json_type(wanted) == JSON_NULL)
		return;
	if (json_type(live) != json_type(wanted)) {
		set_copy(patch, m->name, wanted);
	} else if (json_is_array(wanted) && m->merges) {
		diff_list(patch, document, m, before, wanted, live);
	} else if (json_is_object(wanted) && !m->replaced) {
		set_unless_empty(patch, m->name,
		    diff_object(document, m->type, m->retains, before, wanted, live));
	} else if (!merge_holds_list(before, wanted, live) && !json_equal(live, wanted)) {
		set_copy(patch, m->name, wanted);
	}
}

static bool has_others(const json *live, const json *wanted)
{
	json_for (m, live)
		if (!json_get(wanted, json_key(m)))
			return true;
	return false;
}

static json *names_to_retain(const json *wanted)
{
	auto_strlist names = {0};
	json *list = json_new_array();

	json_for (m, wanted)
		if (json_type(m) != JSON_NULL)
			strlist_add(&names, json_key(m));
	strlist_sort(&names);
	for (size_t i = 0; i < names.len; i++)
		json_add(list, json_new_string(names.items[i]));
	return list;
}

static json *diff_object(const json *document, const json *type, bool retains, const json *before,
    const json *wanted, const json *live)
{
	json *patch = json_new_object();

	json_for (w, wanted) {
		struct member m = find_member(document, type, json_key(w));

		diff_member(
		    patch, document, &m, json_get(before, m.name), w, json_get(live, m.name));
	}
	json_for (b, before)
		if (!json_get(wanted, json_key(b)) && json_get(live, json_key(b)))
			json_set(patch, json_key(b), json_new_null());
	if (retains && (json_len(patch) || has_others(live, wanted)))
		set_unless_empty(patch, "$retainKeys", names_to_retain(wanted));
	return patch;
}

/* ---- lists ---- */

/* What tells an item from others; owned. NULL: nothing does. */
static char *identity(const json *item, const char *merge_key)
{
	const json *key = merge_key ? json_get(item, merge_key) : item;

	return json_type(key) == JSON_ABSENT || json_type(key) == JSON_NULL ? NULL
									    : json_print(key);
}

/* By identity; false: an item has none, or not one of its own. */
static bool index_items(struct map *ret, const json *list, const char *merge_key)
{
	bool fine = true;

	json_for (item, list) {
		auto_free char *id = identity(item, merge_key);

		fine = fine && id && !map_set(ret, id, item);
	}
	return fine;
}

static json *find_item(const struct map *m, const json *item, const char *merge_key)
{
	auto_free char *id = identity(item, merge_key);

	return id ? map_get(m, id) : NULL;
}

/* Whether those of the wanted items that are live stand in the same order there. */
static bool in_order(const json *wanted, const json *live, const char *merge_key)
{
	const json *at = json_first(live);

	json_for (item, wanted) {
		auto_free char *id = identity(item, merge_key);

		for (; at; at = json_next(at)) {
			auto_free char *other = identity(at, merge_key);

			if (str_eq(id, other))
				break;
		}
		if (!at)
			return false;
	}
	return true;
}

static json *key_alone(const json *item, const char *merge_key)
{
	json *o;

	if (!merge_key)
		return json_dup(item);
	o = json_new_object();
	set_copy(o, merge_key, json_get(item, merge_key));
	return o;
}

static json *directive(const char *word)
{
	json *o = json_new_object();

	json_set_str(o, "$patch", word);
	return o;
}

static void replace_list(json *patch, const char *name, const json *wanted, bool objects)
{
	set_copy(patch, name, wanted);
	if (objects)
		json_add(json_get(patch, name), directive("replace"));
}

/* New items, and the patches of those that differ. */
static json *changed_items(const json *document, const struct member *m, const json *wanted,
    const struct map *before, const struct map *live)
{
	const json *type = typedoc_items(document, m->type);
	json *list = json_new_array();

	json_for (item, wanted) {
		const json *there = find_item(live, item, m->merge_key);
		json *patch;

		if (!there) {
			json_add(list, json_dup(item));
			continue;
		}
		if (!m->merge_key)
			continue;
		patch = diff_object(
		    document, type, m->retains, find_item(before, item, m->merge_key), item, there);
		if (json_len(patch)) {
			set_copy(patch, m->merge_key, json_get(item, m->merge_key));
			json_add(list, patch);
		} else {
			json_free(patch);
		}
	}
	return list;
}

/* Items that were applied, are not any more, and are still there: objects marked, or values. */
static json *dropped_items(
    const char *merge_key, const json *before, const struct map *wanted, const struct map *live)
{
	json *list = json_new_array();

	json_for (item, before) {
		json *gone;

		if (find_item(wanted, item, merge_key) || !find_item(live, item, merge_key))
			continue;
		gone = key_alone(item, merge_key);
		if (merge_key)
			json_set_str(gone, "$patch", "delete");
		json_add(list, gone);
	}
	return list;
}

static void set_directive(json *patch, const char *word, const char *name, json *list)
{
	auto_free char *key = xasprintf("$%s/%s", word, name);

	set_unless_empty(patch, key, list);
}

static json *keys_alone(const json *wanted, const char *merge_key)
{
	json *list = json_new_array();

	json_for (item, wanted)
		json_add(list, key_alone(item, merge_key));
	return list;
}

static void merge_items(json *patch, const json *document, const struct member *m,
    const json *before, const json *wanted, const json *live, struct map index[3])
{
	json *changed = changed_items(document, m, wanted, &index[0], &index[2]);
	json *dropped = dropped_items(m->merge_key, before, &index[1], &index[2]);
	bool change =
	    json_len(changed) || json_len(dropped) || !in_order(wanted, live, m->merge_key);

	if (m->merge_key) {
		for (json *it; (it = json_first(dropped));)
			json_add(changed, json_detach(dropped, it));
		json_free(dropped);
	} else {
		set_directive(patch, "deleteFromPrimitiveList", m->name, dropped);
	}
	set_unless_empty(patch, m->name, changed);
	if (change)
		set_directive(patch, "setElementOrder", m->name, keys_alone(wanted, m->merge_key));
}

static void diff_list(json *patch, const json *document, const struct member *m, const json *before,
    const json *wanted, const json *live)
{
	const json *lists[] = {json_is_array(before) ? before : NULL, wanted, live};
	struct map index[ARRAY_LEN(lists)] = {0};
	bool distinct = true;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		distinct = index_items(&index[i], lists[i], m->merge_key) && distinct;
	if (!json_len(live) && json_len(wanted))
		set_copy(patch, m->name, wanted);
	else if (distinct)
		merge_items(patch, document, m, lists[0], wanted, live, index);
	else if (!merge_holds_list(before, wanted, live) && !json_equal(wanted, live))
		replace_list(patch, m->name, wanted, m->merge_key != NULL);
	for (size_t i = 0; i < ARRAY_LEN(index); i++)
		map_release(&index[i], NULL);
}

json *strategic_three_way(const json *document, const json *type, const json *original,
    const json *modified, const json *live)
{
	return diff_object(document, type, false, original, modified, live);
}
