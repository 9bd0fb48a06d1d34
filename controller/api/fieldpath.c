#include "fieldpath.h"

#include "../../runtime/base/str.h"

#define SUBSCRIPT_END "']"

bool fieldpath_split(const char *path, char **ret_path, char **ret_key)
{
	const char *open = strstr(path, "['");
	size_t key_len;

	if (!open || open == path || !str_has_suffix(path, SUBSCRIPT_END))
		return false;
	key_len = strlen(open + 2);
	if (key_len < strlen(SUBSCRIPT_END)) /* the ' is the opening one */
		return false;
	*ret_path = xstrndup(path, (size_t)(open - path));
	*ret_key = xstrndup(open + 2, key_len - strlen(SUBSCRIPT_END));
	return true;
}

static bool is_map(const char *path)
{
	return str_eq(path, "metadata.labels") || str_eq(path, "metadata.annotations");
}

char *fieldpath_problem(const char *path)
{
	static const char *const known[] = {"metadata.annotations", "metadata.labels",
	    "metadata.name", "metadata.namespace", "metadata.uid", "spec.host", "spec.nodeName",
	    "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "status.phase",
	    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"};
	auto_free char *map = NULL, *key = NULL;

	if (fieldpath_split(path, &map, &key))
		return is_map(map) ? NULL
				   : xasprintf("field label does not support subscript: %s", path);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(known[i], path))
			return NULL;
	return xasprintf("field label not supported: %s", path);
}

/* Lines of k="v", sorted by key. */
static char *format_map(const json *map)
{
	auto_strlist lines = {0};

	json_for (m, map) {
		auto_free char *value = str_go_quote(json_string_value(m));

		strlist_addf(&lines, "%s=%s", json_key(m), value);
	}
	strlist_sort(&lines);
	return strlist_join(&lines, "\n");
}

char *fieldpath_value(const json *pod, const char *path)
{
	auto_free char *map = NULL, *key = NULL;

	if (fieldpath_split(path, &map, &key)) {
		const char *value = json_string_value(json_get(json_path(pod, map), key));

		return xstrdup(value && is_map(map) ? value : "");
	}
	if (is_map(path))
		return format_map(json_path(pod, path));
	if (str_eq(path, "spec.host")) /* its name in the oldest clients */
		path = "spec.nodeName";
	return xstrdup(
	    json_str_or(pod, path, str_eq(path, "spec.serviceAccountName") ? "default" : ""));
}
