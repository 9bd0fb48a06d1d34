#include "merge.h"

/*
 * Whether `live` is what is wanted but for what servers add: defaults, and in lists of objects
 * items behind those that were given (the mounts of a service account, say).
 */
static bool holds(const json *live, const json *wanted)
{
	const json *at = json_first(live);

	if (json_type(wanted) == JSON_NULL)
		return !live || json_type(live) == JSON_NULL;
	if (json_type(live) != json_type(wanted))
		return false;
	if (json_is_array(wanted) && json_is_object(json_first(wanted))) {
		json_for (m, wanted) {
			if (!at || !holds(at, m))
				return false;
			at = json_next(at);
		}
		return true;
	}
	if (!json_is_object(wanted))
		return json_equal(live, wanted);
	json_for (m, wanted)
		if (!holds(json_get(live, json_key(m)), m))
			return false;
	return true;
}

bool merge_holds_list(const json *original, const json *modified, const json *live)
{
	return json_is_array(modified) && original && json_equal(original, modified) &&
	       holds(live, modified);
}

/*
 * What must be set in `from` so that it holds all of `to`; members that only `from` has are left. A
 * list that was applied as it is now (`original`) is left, too, where it is still held.
 */
static json *diff_set(const json *original, const json *from, const json *to)
{
	json *patch = json_new_object();

	json_for (m, to) {
		const json *old = json_get(from, json_key(m));
		const json *before = json_get(original, json_key(m));

		if (merge_holds_list(before, m, old))
			continue;
		if (json_is_object(m) && json_is_object(old)) {
			json *deeper = diff_set(before, old, m);

			if (json_len(deeper))
				json_set(patch, json_key(m), deeper);
			else
				json_free(deeper);
		} else if (json_type(m) == JSON_NULL ? old != NULL : !json_equal(old, m)) {
			json_set(patch, json_key(m), json_dup(m));
		}
	}
	return patch;
}

/* Adds nulls for what was in `original`, is not in `modified` and is still live. */
static void diff_delete(json *patch, const json *original, const json *modified, const json *live)
{
	json_for (m, original) {
		const char *key = json_key(m);
		const json *now = json_get(modified, key), *there = json_get(live, key);

		if (!there)
			continue;
		if (!now) {
			json_set(patch, key, json_new_null());
		} else if (json_is_object(m) && json_is_object(now) && json_is_object(there)) {
			bool had = json_get(patch, key) != NULL;
			json *deeper = json_obj(patch, key);

			diff_delete(deeper, m, now, there);
			if (!had && json_len(deeper) == 0)
				json_del(patch, key);
		}
	}
}

json *merge_three_way(const json *original, const json *modified, const json *live)
{
	json *patch = diff_set(original, live, modified);

	diff_delete(patch, original, modified, live);
	return patch;
}

void merge_record_applied(json *obj)
{
	json *annotations = json_obj(json_obj(obj, "metadata"), "annotations");
	auto_json *copy = NULL;
	auto_free char *text = NULL;
	auto_free char *line = NULL;

	json_del(annotations, LAST_APPLIED);
	copy = json_dup(obj);
	json_sort(copy);
	text = json_print_go(copy);
	line = xasprintf("%s\n", text);
	json_set_str(annotations, LAST_APPLIED, line);
}

json *merge_recorded(const json *live)
{
	const char *text =
	    json_string_value(json_get(json_path(live, "metadata.annotations"), LAST_APPLIED));

	return text ? json_parse(text, strlen(text), JSON_ALLOW_DUPLICATES, NULL) : NULL;
}
