/* validate_env: a container's environment variables and where their values come from. */
#include "fieldpath.h"
#include "names.h"
#include "validate.h"

/* What a variable can hold; volumes offer more. */
static const char *const env_fields[] = {"metadata.name", "metadata.namespace", "metadata.uid",
    "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP",
    "status.podIPs", NULL};

/* Keys of annotations may have capitals in their domain: they are judged in lower case. */
static void validate_subscript(
    struct report *r, const char *map, const char *key, const struct place *p)
{
	auto_free char *judged = xstrdup(key);
	auto_strlist problems = {0};

	if (str_eq(map, "metadata.annotations"))
		for (char *c = judged; *c; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 'a' - 'A') : *c;
	name_check_qualified(judged, &problems);
	for (size_t i = 0; i < problems.len; i++)
		bad_invalid_text(r, p, key, problems.items[i]);
}

static void validate_field_ref(struct report *r, const json *ref, const struct place *p)
{
	struct place version = PLACE(p, "apiVersion"), path = PLACE(p, "fieldPath");
	const char *text = json_str_or(ref, "fieldPath", "");
	const char *of = json_str_or(ref, "apiVersion", "");
	auto_free char *problem = NULL, *map = NULL, *key = NULL;

	if (!*of) {
		bad_required(r, &version, "");
		return;
	}
	if (!*text) {
		bad_required(r, &path, "");
		return;
	}
	problem = str_eq(of, "v1") ? fieldpath_problem(text)
				   : xasprintf("unsupported pod version: %s", of);
	if (problem) {
		bad_invalid(r, &path, json_get(ref, "fieldPath"), "error converting fieldPath: %s",
		    problem);
		return;
	}
	if (fieldpath_split(text, &map, &key)) {
		validate_subscript(r, map, key, p);
		return;
	}
	if (str_eq(text, "spec.host")) /* the old name of spec.nodeName */
		return;
	for (size_t i = 0; env_fields[i]; i++)
		if (str_eq(env_fields[i], text))
			return;
	bad_unsupported(r, &path, text, env_fields);
}

static void validate_value_from(struct report *r, const json *var, const struct place *p)
{
	const json *from = json_get(var, "valueFrom"), *field = json_get(from, "fieldRef");
	struct place ref = PLACE(p, "fieldRef");
	size_t sources = json_len(from);

	if (!from)
		return;
	if (field)
		validate_field_ref(r, field, &ref);
	if (sources == 0)
		bad_invalid_text(r, p, "",
		    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
		    "`secretKeyRef`");
	else if (*json_str_or(var, "value", ""))
		bad_invalid_text(r, p, "", "may not be specified when `value` is not empty");
	else if (sources > 1)
		bad_invalid_text(r, p, "", "may not have more than one field specified at a time");
}

void validate_env(struct report *r, const json *env, const struct place *p)
{
	size_t i = 0;

	json_for (var, env) {
		struct place item = PLACE_ITEM(p, i++), name = PLACE(&item, "name");
		struct place from = PLACE(&item, "valueFrom");

		if (!*json_str_or(var, "name", ""))
			bad_required(r, &name, "");
		else
			validate_name(r, json_str_or(var, "name", ""), name_check_env, &name);
		validate_value_from(r, var, &from);
	}
}
