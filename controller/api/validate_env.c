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

void validate_field_ref(
    struct report *r, const json *ref, const struct place *p, const char *const *allowed)
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
	for (size_t i = 0; allowed[i]; i++)
		if (str_eq(allowed[i], text))
			return;
	bad_unsupported(r, &path, text, allowed);
}

/* ---- resources ---- */

static const char *const resources[] = {"limits.cpu", "limits.ephemeral-storage", "limits.memory",
    "requests.cpu", "requests.ephemeral-storage", "requests.memory", NULL};

static const char *const cpu_divisors[] = {"1m", "1", NULL};
static const char *const byte_divisors[] = {
    "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei", NULL};

#define BYTE_DIVISORS_TEXT                                                                   \
	"only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are " \
	"supported with the "

/* Which divisors a resource takes; by the part behind "limits." or "requests.". */
static const struct {
	const char *prefix;
	const char *const *divisors;
	const char *text;
} units[] = {
    {"cpu", cpu_divisors, "only divisor's values 1m and 1 are supported with the cpu resource"},
    {"memory", byte_divisors, BYTE_DIVISORS_TEXT "memory resource"},
    {"ephemeral-storage", byte_divisors, BYTE_DIVISORS_TEXT "local ephemeral storage resource"},
    {"hugepages-", byte_divisors, BYTE_DIVISORS_TEXT "hugepages resource"},
};

static bool is_listed(const char *const *list, const char *text)
{
	for (; *list; list++)
		if (str_eq(*list, text))
			return true;
	return false;
}

static void validate_divisor(
    struct report *r, const json *ref, const char *resource, const struct place *p)
{
	const char *dot = strchr(resource, '.'), *divisor = json_str(ref, "divisor");

	if (!dot || !divisor || str_eq(divisor, "0"))
		return;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_has_prefix(dot + 1, units[i].prefix) &&
		    !is_listed(units[i].divisors, divisor))
			bad_invalid_text(r, p, resource, units[i].text);
}

void validate_resource_field_ref(
    struct report *r, const json *ref, const struct place *p, bool in_volume)
{
	struct place container = PLACE(p, "containerName"), at = PLACE(p, "resource");
	struct place divisor = PLACE(p, "divisor");
	const char *resource = json_str_or(ref, "resource", "");

	if (in_volume && !*json_str_or(ref, "containerName", ""))
		bad_required(r, &container, "");
	else if (!*resource)
		bad_required(r, &at, "");
	else if (!is_listed(resources, resource) &&
		 !str_has_prefix(resource, "limits.hugepages-") &&
		 !str_has_prefix(resource, "requests.hugepages-"))
		bad_unsupported(r, &at, resource, resources);
	validate_divisor(r, ref, resource, &divisor);
}

/* ---- config maps and secrets ---- */

static void validate_key_ref(struct report *r, const json *ref, const struct place *p)
{
	struct place name = PLACE(p, "name"), key = PLACE(p, "key");
	const char *text = json_str_or(ref, "key", "");

	validate_name(r, json_str_or(ref, "name", ""), name_check_dns_subdomain, &name);
	if (!*text)
		bad_required(r, &key, "");
	else
		validate_name(r, text, name_check_config_key, &key);
}

void validate_env_from(struct report *r, const json *list, const struct place *p)
{
	static const char *const refs[] = {"configMapRef", "secretRef"};
	size_t i = 0;

	json_for (from, list) {
		struct place item = PLACE_ITEM(p, i++), prefix = PLACE(&item, "prefix");
		size_t sources = 0;

		validate_name(r, json_str_or(from, "prefix", ""), name_check_env, &prefix);
		for (size_t k = 0; k < ARRAY_LEN(refs); k++) {
			const json *ref = json_get(from, refs[k]);
			struct place at = PLACE(&item, refs[k]), name = PLACE(&at, "name");

			sources += ref != NULL;
			if (ref && !*json_str_or(ref, "name", ""))
				bad_required(r, &name, "");
			else if (ref)
				validate_name(
				    r, json_str(ref, "name"), name_check_dns_subdomain, &name);
		}
		if (sources != 1)
			bad_invalid_text(r, p, "",
			    sources ? "may not have more than one field specified at a time"
				    : "must specify one of: `configMapRef` or `secretRef`");
	}
}

/* ---- env ---- */

static void validate_value_from(struct report *r, const json *var, const struct place *p)
{
	static const char *const keys[] = {"configMapKeyRef", "secretKeyRef"};
	const json *from = json_get(var, "valueFrom"), *field = json_get(from, "fieldRef");
	const json *resource = json_get(from, "resourceFieldRef");
	struct place ref = PLACE(p, "fieldRef"), resource_ref = PLACE(p, "resourceFieldRef");
	size_t sources = json_len(from);

	if (!from)
		return;
	if (field)
		validate_field_ref(r, field, &ref, env_fields);
	if (resource)
		validate_resource_field_ref(r, resource, &resource_ref, false);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct place key_ref = PLACE(p, keys[i]);

		if (json_get(from, keys[i]))
			validate_key_ref(r, json_get(from, keys[i]), &key_ref);
	}
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
