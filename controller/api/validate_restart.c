/* validate_restart: when containers start again, and what only some of them may have. */
#include "validate.h"

#define RULES_MAX 20
#define RULE_CODES_MAX 255

static void validate_rule(struct report *r, const json *rule, const struct place *p)
{
	struct place action = PLACE(p, "action"), codes = PLACE(p, "exitCodes");
	struct place op = PLACE(&codes, "operator"), values = PLACE(&codes, "values");
	const json *on = json_get(rule, "exitCodes");

	if (*json_str_or(rule, "action", ""))
		validate_enum(r, &schema_container_restart_rule, rule, "action", p);
	else
		bad_required(r, &action, "");
	if (!on) {
		bad_required(r, &codes, "must be specified");
		return;
	}
	if (*json_str_or(on, "operator", ""))
		validate_enum(
		    r, &schema_container_restart_rule_on_exit_codes, on, "operator", &codes);
	else
		bad_required(r, &op, "");
	if (json_len(json_get(on, "values")) > RULE_CODES_MAX)
		bad_too_many(r, &values, json_len(json_get(on, "values")), RULE_CODES_MAX);
}

static void validate_rules(struct report *r, const json *c, const struct place *p, bool sidecar)
{
	struct place rules = PLACE(p, "restartPolicyRules"), policy = PLACE(p, "restartPolicy");
	const json *list = json_get(c, "restartPolicyRules");
	size_t i = 0;

	if (json_len(list) == 0)
		return;
	if (!json_has(c, "restartPolicy"))
		bad_required(r, &policy, "must specify restartPolicy when restart rules are used");
	if (sidecar)
		bad_forbidden(r, &rules,
		    "restartPolicyRules are not allowed for init containers with restart policy "
		    "Always");
	if (json_len(list) > RULES_MAX)
		bad_too_many(r, &rules, json_len(list), RULES_MAX);
	json_for (rule, list) {
		struct place item = PLACE_ITEM(&rules, i++);

		validate_rule(r, rule, &item);
	}
}

void validate_container_restart(struct report *r, const json *c, const struct place *p, bool init)
{
	static const char *const running[] = {
	    "lifecycle", "livenessProbe", "readinessProbe", "startupProbe"};
	bool sidecar = init && str_eq(json_str(c, "restartPolicy"), "Always");

	validate_enum(r, &schema_container, c, "restartPolicy", p);
	validate_rules(r, c, p, sidecar);
	for (size_t i = 0; init && !sidecar && i < ARRAY_LEN(running); i++) {
		struct place at = PLACE(p, running[i]);

		if (json_has(c, running[i]) && json_len(json_get(c, running[i])) > 0)
			bad_forbidden(r, &at,
			    "may not be set for init containers without restartPolicy=Always");
	}
}
