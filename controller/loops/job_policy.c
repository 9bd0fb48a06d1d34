#include "job_policy.h"

#include "../../runtime/base/str.h"

/* ---- exit codes ---- */

static bool has_code(const json *values, int64_t code)
{
	int64_t n;

	json_for (v, values)
		if (json_is_int(v, &n) && n == code)
			return true;
	return false;
}

static bool code_matches(const json *requirement, int64_t code)
{
	const char *op = json_str_or(requirement, "operator", "");
	bool listed = has_code(json_get(requirement, "values"), code);

	if (str_eq(op, "In"))
		return listed;
	/* an operator that a newer client knows matches nothing */
	return str_eq(op, "NotIn") && !listed;
}

static const json *match_status(const json *statuses, const json *requirement)
{
	const char *only = json_str(requirement, "containerName");

	json_for (c, statuses) {
		int64_t code = json_int(c, "state.terminated.exitCode", 0);

		if (code == 0 || (only && !str_eq(only, json_str(c, "name"))))
			continue;
		if (code_matches(requirement, code))
			return c;
	}
	return NULL;
}

/* The status of the container that ended as the rule says; NULL: none. */
static const json *match_exit_codes(const json *pod, const json *requirement)
{
	const json *c = match_status(json_path(pod, "status.containerStatuses"), requirement);

	return c ? c : match_status(json_path(pod, "status.initContainerStatuses"), requirement);
}

/* ---- conditions ---- */

static const json *match_conditions(const json *pod, const json *patterns)
{
	json_for (c, json_path(pod, "status.conditions"))
		json_for (p, patterns)
			if (str_eq(json_str(c, "type"), json_str(p, "type")) &&
			    str_eq(json_str(c, "status"), json_str(p, "status")))
				return c;
	return NULL;
}

/* ---- rules ---- */

static bool parse_action(const char *name, enum pod_verdict *ret)
{
	static const struct {
		const char *name;
		enum pod_verdict verdict;
	} actions[] = {
	    {"Count", VERDICT_COUNT},
	    {"Ignore", VERDICT_IGNORE},
	    {"FailIndex", VERDICT_FAIL_INDEX},
	    {"FailJob", VERDICT_FAIL_JOB},
	};

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (str_eq(actions[i].name, name)) {
			*ret = actions[i].verdict;
			return true;
		}
	}
	return false;
}

static char *explain(const json *pod, bool by_code, const json *found, size_t index)
{
	const char *ns = json_str_or(pod, "metadata.namespace", "");
	const char *name = json_str_or(pod, "metadata.name", "");

	if (by_code)
		return xasprintf("Container %s for pod %s/%s failed with exit code %lld matching "
				 "FailJob rule at index %zu",
		    json_str_or(found, "name", ""), ns, name,
		    (long long)json_int(found, "state.terminated.exitCode", 0), index);
	return xasprintf("Pod %s/%s has condition %s matching FailJob rule at index %zu", ns, name,
	    json_str_or(found, "type", ""), index);
}

enum pod_verdict job_policy_verdict(const json *policy, const json *pod, char **ret_message)
{
	size_t index = 0;

	if (!policy || !str_eq(json_str(pod, "status.phase"), "Failed"))
		return VERDICT_COUNT;
	json_for (rule, json_get(policy, "rules")) {
		const json *codes = json_get(rule, "onExitCodes");
		bool by_code = json_is_object(codes);
		const json *found = by_code
					? match_exit_codes(pod, codes)
					: match_conditions(pod, json_get(rule, "onPodConditions"));
		enum pod_verdict verdict;

		if (found && parse_action(json_str(rule, "action"), &verdict)) {
			if (verdict == VERDICT_FAIL_JOB && ret_message)
				*ret_message = explain(pod, by_code, found, index);
			return verdict;
		}
		index++;
	}
	return VERDICT_COUNT;
}
