/* validate_node: taints of nodes, and what pods tolerate. */
#include "names.h"
#include "validate.h"

#define TAINTS_MAX 100

static void validate_effect(
    struct report *r, const struct schema *s, const json *obj, const struct place *p)
{
	if (*json_str_or(obj, "effect", ""))
		validate_enum(r, s, obj, "effect", p);
}

static void validate_toleration(struct report *r, const json *t, const struct place *p)
{
	struct place key = PLACE(p, "key"), value = PLACE(p, "value"), at = PLACE(p, "operator");
	struct place effect = PLACE(p, "effect");
	const char *name = json_str_or(t, "key", ""), *op = json_str_or(t, "operator", "");
	bool exists = str_eq(op, "Exists");

	if (*name)
		validate_name(r, name, name_check_qualified, &key);
	else if (!exists)
		bad_invalid_text(r, &at, op,
		    "operator must be Exists when `key` is empty, which means \"match all values "
		    "and all keys\"");
	if (json_has(t, "tolerationSeconds") && !str_eq(json_str(t, "effect"), "NoExecute"))
		bad_invalid_text(r, &effect, json_str_or(t, "effect", ""),
		    "effect must be 'NoExecute' when `tolerationSeconds` is set");
	if (*op)
		validate_enum(r, &schema_toleration, t, "operator", p);
	if (!exists)
		validate_name(r, json_str_or(t, "value", ""), name_check_label_value, &value);
	else if (*json_str_or(t, "value", ""))
		bad_invalid(r, &at, t, "value must be empty when `operator` is 'Exists'");
	validate_effect(r, &schema_toleration, t, p);
}

void validate_tolerations(struct report *r, const json *list, const struct place *p)
{
	size_t i = 0;

	json_for (t, list) {
		struct place item = PLACE_ITEM(p, i++);

		validate_toleration(r, t, &item);
	}
}

static void validate_taint(struct report *r, const json *t, const struct place *p)
{
	struct place key = PLACE(p, "key"), value = PLACE(p, "value"), effect = PLACE(p, "effect");

	validate_name(r, json_str_or(t, "key", ""), name_check_qualified, &key);
	if (*json_str_or(t, "value", ""))
		validate_name(r, json_str(t, "value"), name_check_label_value, &value);
	if (!*json_str_or(t, "effect", ""))
		bad_required(r, &effect, "");
	validate_effect(r, &schema_taint, t, p);
	if (str_eq(json_str(t, "effect"), "NoExecute"))
		bad_forbidden(r, &effect,
		    "NoExecute is not supported by this version of kjob: NoSchedule keeps new pods "
		    "away, and an eviction ends those that run");
}

void validate_node(struct report *r, const json *node)
{
	struct place spec = PLACE(NULL, "spec"), taints = PLACE(&spec, "taints");
	const json *list = json_path(node, "spec.taints");
	size_t i = 0;

	if (json_len(list) > TAINTS_MAX) {
		bad_too_many(r, &taints, json_len(list), TAINTS_MAX);
		return;
	}
	json_for (t, list) {
		struct place item = PLACE_ITEM(&taints, i++);

		validate_taint(r, t, &item);
		for (const json *o = json_first(list); o != t; o = json_next(o))
			if (str_eq(json_str(o, "key"), json_str(t, "key")) &&
			    str_eq(json_str(o, "effect"), json_str(t, "effect"))) {
				bad_duplicate(r, &item, t);
				break;
			}
	}
}
