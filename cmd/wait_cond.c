#include "wait_cond.h"

#include <strings.h>

#include "../runtime/base/str.h"

/* ---- parsing ---- */

static int parse_condition(struct wait_cond *c, const char *text)
{
	const char *eq = strchr(text, '=');

	c->kind = WAIT_CONDITION;
	c->name = eq ? xstrndup(text, (size_t)(eq - text)) : xstrdup(text);
	c->value = xstrdup(eq ? eq + 1 : "true");
	return 0;
}

/* Without the quotes that a shell left. */
static char *unquoted(const char *text)
{
	size_t len = strlen(text);

	if (len >= 2 && (*text == '"' || *text == '\'') && text[len - 1] == *text)
		return xstrndup(text + 1, len - 2);
	return xstrdup(text);
}

/* "{.a.b}=v", "{.a.b}", ".a.b=v": the value's "=" is the first one behind the braces. */
static int parse_jsonpath(struct wait_cond *c, const char *text, struct err *e)
{
	const char *brace = strrchr(text, '}');
	const char *eq = strchr(brace ? brace : text, '=');

	c->kind = WAIT_JSONPATH;
	c->name = eq ? xstrndup(text, (size_t)(eq - text)) : xstrdup(text);
	if (eq && !eq[1])
		return err_set(e, ERR_BAD_REQUEST, "jsonpath wait value is missing: \"%s\"", text);
	if (!*c->name)
		return err_set(e, ERR_BAD_REQUEST, "jsonpath expression cannot be empty");
	c->value = eq ? unquoted(eq + 1) : NULL;
	c->path = jsonpath_new(c->name, e);
	return c->path ? 0 : -1;
}

int wait_cond_parse(struct wait_cond *c, const char *text, struct err *e)
{
	static const struct {
		const char *word;
		enum wait_kind kind;
	} words[] = {{"delete", WAIT_DELETE}, {"create", WAIT_CREATE}, {"finished", WAIT_FINISHED}};

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(text, words[i].word) == 0) {
			c->kind = words[i].kind;
			return 0;
		}
	}
	if (strncasecmp(text, "condition=", 10) == 0 && text[10] && text[10] != '=')
		return parse_condition(c, text + 10);
	if (strncasecmp(text, "jsonpath=", 9) == 0)
		return parse_jsonpath(c, text + 9, e);
	return err_set(e, ERR_BAD_REQUEST,
	    "unrecognized condition: \"%s\" (it can be condition=NAME[=VALUE], delete, create, "
	    "jsonpath=PATH[=VALUE] or finished)",
	    text);
}

void wait_cond_release(struct wait_cond *c)
{
	free(c->name);
	free(c->value);
	jsonpath_free(c->path);
	memset(c, 0, sizeof(*c));
}

/* ---- checking ---- */

static const json *find_condition(const json *obj, const char *type)
{
	json_for (c, json_path(obj, "status.conditions"))
		if (strcasecmp(json_str_or(c, "type", ""), type) == 0)
			return c;
	return NULL;
}

static bool is_true(const json *obj, const char *type)
{
	return strcasecmp(json_str_or(find_condition(obj, type), "status", ""), "True") == 0;
}

/* How a Job or pod has ended, as "Failed: REASON: MESSAGE"; NULL: it has not. *ret_well: with
 * success. */
static char *end_of(const char *kind, const json *obj, bool *ret_well)
{
	const char *phase = json_str_or(obj, "status.phase", "");
	bool is_job = str_eq(kind, "Job"), is_pod = str_eq(kind, "Pod");
	const char *word, *reason, *message;

	*ret_well = is_job ? is_true(obj, "Complete") : str_eq(phase, "Succeeded");
	if (is_job && (*ret_well || is_true(obj, "Failed"))) {
		const json *c = find_condition(obj, *ret_well ? "Complete" : "Failed");

		word = *ret_well ? "Complete" : "Failed";
		reason = json_str_or(c, "reason", "");
		message = json_str_or(c, "message", "");
	} else if (is_pod && (*ret_well || str_eq(phase, "Failed"))) {
		word = phase;
		reason = json_str_or(obj, "status.reason", "");
		message = json_str_or(obj, "status.message", "");
	} else {
		return NULL;
	}
	return xasprintf(
	    "%s%s%s%s%s", word, *reason ? ": " : "", reason, *message ? ": " : "", message);
}

static bool condition_holds(const struct wait_cond *c, const json *obj)
{
	const json *found = find_condition(obj, c->name);
	int64_t observed = json_int(found, "observedGeneration", 0);

	if (!found || strcasecmp(json_str_or(found, "status", ""), c->value) != 0)
		return false;
	return !observed || observed >= json_int(obj, "metadata.generation", 0);
}

/* A Job that is going to fail is not going to be complete. */
static char *doomed(const struct wait_cond *c, const json *obj)
{
	const json *target = find_condition(obj, "FailureTarget");
	bool success = c->kind == WAIT_CONDITION && strcasecmp(c->value, "true") == 0 &&
		       (strcasecmp(c->name, "Complete") == 0 ||
			   strcasecmp(c->name, "SuccessCriteriaMet") == 0);

	if (!success || !is_true(obj, "FailureTarget"))
		return NULL;
	return xasprintf("Failed: %s: %s", json_str_or(target, "reason", ""),
	    json_str_or(target, "message", ""));
}

/* 1: it holds, 0: it does not, -1: the path does not lead to one plain value. */
static int jsonpath_holds(const struct wait_cond *c, const json *obj, char **ret_why)
{
	auto_free const json **found = NULL;
	auto_free char *text = NULL;
	auto_err e = {0};
	size_t len = 0;

	if (jsonpath_find(c->path, obj, &found, &len, &e) < 0 || len == 0)
		return 0; /* not there yet */
	if (!c->value)
		return 1;
	if (len > 1)
		*ret_why = xstrdup("given jsonpath expression matches more than one value");
	else if (json_is_object(found[0]) || json_is_array(found[0]))
		*ret_why =
		    xstrdup("jsonpath leads to a nested object or list which is not supported");
	if (*ret_why)
		return -1;
	text = json_scalar_text(found[0]);
	return str_eq(text, c->value);
}

/* What stands in the status of a finished object stays. */
static bool is_about_status(const struct wait_cond *c)
{
	const char *p = c->name + strspn(c->name ? c->name : "", "{ .");

	return c->kind == WAIT_CONDITION || str_has_prefix(p, "status.");
}

static enum wait_state check_object(
    const struct wait_cond *c, const char *kind, const json *obj, char **ret_why)
{
	bool well;
	auto_free char *end = end_of(kind, obj, &well);
	int holds = 0;

	if (c->kind == WAIT_FINISHED && end && well)
		return WAIT_MET;
	if (c->kind == WAIT_CONDITION)
		holds = condition_holds(c, obj);
	else if (c->kind == WAIT_JSONPATH)
		holds = jsonpath_holds(c, obj, ret_why);
	if (holds != 0)
		return holds > 0 ? WAIT_MET : WAIT_NEVER;
	if (end && (c->kind == WAIT_FINISHED || is_about_status(c)))
		*ret_why = TAKE(end);
	else
		*ret_why = doomed(c, obj);
	return *ret_why ? WAIT_NEVER : WAIT_ON;
}

enum wait_state wait_cond_check(
    const struct wait_cond *c, const char *kind, const json *obj, bool existed, char **ret_why)
{
	*ret_why = NULL;
	if (c->kind == WAIT_DELETE)
		return obj ? WAIT_ON : WAIT_MET;
	if (c->kind == WAIT_CREATE)
		return obj ? WAIT_MET : WAIT_ON;
	if (obj)
		return check_object(c, kind, obj, ret_why);
	if (!existed)
		return WAIT_ON;
	*ret_why = xstrdup("it was deleted");
	return WAIT_NEVER;
}
