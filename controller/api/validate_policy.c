/* validate_policy: podFailurePolicy and successPolicy of Jobs. */
#include "indexes.h"
#include "names.h"
#include "validate.h"

#define RULES_MAX 20
#define CODES_MAX 255
#define CONDITIONS_MAX 20
#define INDEX_TEXT_MAX (64 * KIB)

/* ---- podFailurePolicy ---- */

/* A required member with an enumeration. */
static void validate_choice(struct report *r, const struct schema *s, const json *obj,
    const char *name, const struct place *up, const char *valid)
{
	struct place p = PLACE(up, name);

	if (!*json_str_or(obj, name, ""))
		bad_required(r, &p, valid);
	else
		validate_enum(r, s, obj, name, up);
}

static bool has_container(const json *pod, const char *name)
{
	static const char *const lists[] = {"containers", "initContainers"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (c, json_get(pod, lists[i]))
			if (str_eq(json_str(c, "name"), name))
				return true;
	return false;
}

static void validate_codes(struct report *r, const json *values, bool in, const struct place *p)
{
	bool ordered = true;
	int64_t n, last = 0;
	size_t i = 0;

	if (!json_first(values))
		bad_invalid(r, p, values, "at least one value is required");
	else if (json_len(values) > CODES_MAX)
		bad_too_many(r, p, json_len(values), CODES_MAX);
	json_for (v, values) {
		struct place item = PLACE_ITEM(p, i);
		bool seen = false;

		if (!json_is_int(v, &n))
			continue;
		if (in && n == 0)
			bad_invalid(r, &item, v, "must not be 0 for the In operator");
		for (const json *w = json_first(values); i <= CODES_MAX && w != v && !seen;
		     w = json_next(w))
			seen = json_equal(w, v);
		if (seen)
			bad_duplicate(r, &item, v);
		ordered = ordered && (i == 0 || n >= last);
		last = n;
		i++;
	}
	if (!ordered)
		bad_invalid(r, p, values, "must be ordered");
}

static void validate_exit_codes(
    struct report *r, const json *codes, const json *pod, const struct place *p)
{
	struct place values = PLACE(p, "values"), name = PLACE(p, "containerName");
	const char *container = json_str(codes, "containerName");

	validate_choice(r, &schema_pod_failure_policy_on_exit_codes_requirement, codes, "operator",
	    p, "valid values: [\"In\" \"NotIn\"]");
	if (container && !has_container(pod, container))
		bad_invalid(r, &name, json_get(codes, "containerName"),
		    "must be one of the container or initContainer names in the pod template");
	validate_codes(r, json_get(codes, "values"),
	    str_eq(json_str_or(codes, "operator", ""), "In"), &values);
}

static void validate_conditions(struct report *r, const json *list, const struct place *p)
{
	size_t i = 0;

	if (json_len(list) > CONDITIONS_MAX)
		bad_too_many(r, p, json_len(list), CONDITIONS_MAX);
	json_for (c, list) {
		struct place item = PLACE_ITEM(p, i++), type = PLACE(&item, "type");

		validate_name(r, json_str_or(c, "type", ""), name_check_qualified, &type);
		validate_choice(r, &schema_pod_failure_policy_on_pod_conditions_pattern, c,
		    "status", &item, "valid values: [\"False\" \"True\" \"Unknown\"]");
	}
}

static void validate_failure_rule(
    struct report *r, const json *rule, const json *spec, const struct place *p)
{
	struct place action = PLACE(p, "action"), codes = PLACE(p, "onExitCodes");
	struct place conditions = PLACE(p, "onPodConditions");
	const json *on_codes = json_get(rule, "onExitCodes"),
		   *on_conditions = json_get(rule, "onPodConditions");

	validate_choice(r, &schema_pod_failure_policy_rule, rule, "action", p,
	    "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]");
	if (str_eq(json_str_or(rule, "action", ""), "FailIndex") &&
	    !json_get(spec, "backoffLimitPerIndex"))
		bad_invalid(r, &action, json_get(rule, "action"),
		    "requires the backoffLimitPerIndex to be set");
	if (on_codes)
		validate_exit_codes(r, on_codes, json_path(spec, "template.spec"), &codes);
	if (json_first(on_conditions))
		validate_conditions(r, on_conditions, &conditions);
	if (on_codes && json_first(on_conditions))
		bad_invalid_bare(
		    r, p, "specifying both OnExitCodes and OnPodConditions is not supported");
	if (!on_codes && !json_first(on_conditions))
		bad_invalid_bare(
		    r, p, "specifying one of OnExitCodes and OnPodConditions is required");
}

void validate_pod_failure_policy(struct report *r, const json *spec, const struct place *spec_place)
{
	const json *rules = json_path(spec, "podFailurePolicy.rules");
	struct place policy = PLACE(spec_place, "podFailurePolicy"), p = PLACE(&policy, "rules");
	size_t i = 0;

	if (json_len(rules) > RULES_MAX)
		bad_too_many(r, &p, json_len(rules), RULES_MAX);
	json_for (rule, rules) {
		struct place item = PLACE_ITEM(&p, i++);

		validate_failure_rule(r, rule, spec, &item);
	}
}

/* ---- successPolicy ---- */

static void validate_success_rule(
    struct report *r, const json *rule, int64_t completions, const struct place *p)
{
	struct place indexes = PLACE(p, "succeededIndexes"), count = PLACE(p, "succeededCount");
	const json *list = json_get(rule, "succeededIndexes"),
		   *wanted = json_get(rule, "succeededCount");
	auto_index_set listed = {0};
	auto_err e = {0};
	int64_t n;

	if (!list && !wanted)
		bad_required(
		    r, p, "at least one of succeededCount or succeededIndexes must be specified");
	if (list && strlen(json_string_value(list)) > INDEX_TEXT_MAX)
		bad_too_long(r, &indexes, INDEX_TEXT_MAX);
	if (list) {
		index_set_init(&listed, completions);
		if (index_set_parse(&listed, json_string_value(list), &e) < 0)
			bad_invalid(
			    r, &indexes, list, "error parsing succeededIndexes: %s", err_msg(&e));
	}
	if (!json_is_int(wanted, &n))
		return;
	validate_nonnegative(r, rule, "succeededCount", p);
	if (n > completions)
		bad_invalid(r, &count, wanted,
		    "must be less than or equal to %lld (the number of specified completions)",
		    (long long)completions);
	if (list && n > listed.count)
		bad_invalid(r, &count, wanted,
		    "must be less than or equal to %lld (the number of indexes in the specified "
		    "succeededIndexes field)",
		    (long long)listed.count);
}

void validate_success_policy(struct report *r, const json *spec, const struct place *spec_place)
{
	const json *rules = json_path(spec, "successPolicy.rules");
	struct place policy = PLACE(spec_place, "successPolicy"), p = PLACE(&policy, "rules");
	size_t i = 0;

	if (!json_get(spec, "successPolicy"))
		return;
	if (!json_first(rules))
		bad_required(r, &p,
		    "at least one rules must be specified when the successPolicy is specified");
	if (json_len(rules) > RULES_MAX)
		bad_too_many(r, &p, json_len(rules), RULES_MAX);
	json_for (rule, rules) {
		struct place item = PLACE_ITEM(&p, i++);

		/* Their absence has been reported. */
		validate_success_rule(r, rule, json_int(spec, "completions", INT32_MAX), &item);
	}
}
