/* discovery: what the server is and serves, from the table of kinds. */
#include <sys/utsname.h>

#include "internal.h"

#define K8S_MAJOR "1"
#define K8S_MINOR "36"

void handle_version(struct exchange *x)
{
	json *v = json_new_object();
	struct utsname u;
	auto_free char *git =
	    xasprintf("v" K8S_MAJOR "." K8S_MINOR ".0+kjob-%s", server_of(x)->version);
	auto_free char *platform = NULL;

	platform = xasprintf("linux/%s", uname(&u) == 0 ? u.machine : "unknown");
	json_set_str(v, "major", K8S_MAJOR);
	json_set_str(v, "minor", K8S_MINOR);
	json_set_str(v, "gitVersion", git);
	json_set_str(v, "gitCommit", "");
	json_set_str(v, "gitTreeState", "");
	json_set_str(v, "buildDate", "1970-01-01T00:00:00Z");
	json_set_str(v, "goVersion", "");
	json_set_str(v, "compiler", "cc");
	json_set_str(v, "platform", platform);
	answer_json_take(x, 200, v);
}

void handle_health(struct exchange *x)
{
	answer_plain(x, "ok");
}

void handle_api_versions(struct exchange *x)
{
	json *v = json_new_object(), *versions = json_new_array(), *addresses = json_new_array();
	json *address = json_new_object();

	json_add(versions, json_new_string("v1"));
	json_set_str(address, "clientCIDR", "0.0.0.0/0");
	json_set_str(address, "serverAddress", "localhost");
	json_add(addresses, address);
	json_set_str(v, "kind", "APIVersions");
	json_set(v, "versions", versions);
	json_set(v, "serverAddressByClientCIDRs", addresses);
	answer_json_take(x, 200, v);
}

/* ---- groups ---- */

static json *group_version(const char *api_version, const char *version)
{
	json *v = json_new_object();

	json_set_str(v, "groupVersion", api_version);
	json_set_str(v, "version", version);
	return v;
}

static json *metrics_group(void)
{
	json *g = json_new_object(), *versions = json_new_array();

	json_add(versions, group_version(METRICS_GROUP "/" METRICS_VERSION, METRICS_VERSION));
	json_set_str(g, "name", METRICS_GROUP);
	json_set(g, "versions", versions);
	json_set(g, "preferredVersion",
	    group_version(METRICS_GROUP "/" METRICS_VERSION, METRICS_VERSION));
	return g;
}

/* The group of k: its versions are those of all kinds with this group, in the table's order. */
static json *group_of(const struct kind *k)
{
	json *g = json_new_object(), *versions = json_new_array();
	auto_strlist seen = {0};

	for (int i = 0; i < KIND_COUNT; i++) {
		const struct kind *other = kind_by_id(i);

		if (!str_eq(other->group, k->group) || strlist_has(&seen, other->version))
			continue;
		strlist_add(&seen, other->version);
		json_add(versions, group_version(kind_api_version(other), other->version));
	}
	json_set_str(g, "name", k->group);
	json_set(g, "versions", versions);
	json_set(g, "preferredVersion", group_version(kind_api_version(k), k->version));
	return g;
}

void handle_group_list(struct exchange *x)
{
	json *list = json_new_object(), *groups = json_new_array();
	auto_strlist seen = {0};

	for (int i = 0; i < KIND_COUNT; i++) {
		const struct kind *k = kind_by_id(i);

		if (!*k->group || strlist_has(&seen, k->group))
			continue;
		strlist_add(&seen, k->group);
		json_add(groups, group_of(k));
	}
	json_add(groups, metrics_group());
	json_set_str(list, "kind", "APIGroupList");
	json_set_str(list, "apiVersion", "v1");
	json_set(list, "groups", groups);
	answer_json_take(x, 200, list);
}

/* NULL: there is no such group. */
static json *find_group(const char *name)
{
	for (int i = 0; i < KIND_COUNT; i++)
		if (*kind_by_id(i)->group && str_eq(kind_by_id(i)->group, name))
			return group_of(kind_by_id(i));
	return str_eq(name, METRICS_GROUP) ? metrics_group() : NULL;
}

void handle_group(struct exchange *x)
{
	auto_err e = {0};
	json *group = find_group(x->path.items[1]);

	if (!group) {
		err_no_route(&e);
		answer_err(x, &e);
		return;
	}
	json_set_str(group, "kind", "APIGroup");
	json_set_str(group, "apiVersion", "v1");
	answer_json_take(x, 200, group);
}

/* ---- resources ---- */

static json *strings(const char *const *list)
{
	json *a = json_new_array();

	for (; *list; list++)
		json_add(a, json_new_string(*list));
	return a;
}

/* A subresource whose bodies are of another kind, perhaps of another group. */
static const struct {
	const char *sub, *kind, *group, *version;
} other_kinds[] = {
    {"attach", "PodAttachOptions", NULL, NULL},
    {"exec", "PodExecOptions", NULL, NULL},
    {"portforward", "PodPortForwardOptions", NULL, NULL},
    {"eviction", "Eviction", "policy", "v1"},
};

static void set_kind(json *r, const struct kind *k, const char *sub)
{
	json_set_str(r, "kind", k->kind);
	for (size_t i = 0; sub && i < ARRAY_LEN(other_kinds); i++) {
		if (!str_eq(other_kinds[i].sub, sub))
			continue;
		json_set_str(r, "group", other_kinds[i].group);
		json_set_str(r, "version", other_kinds[i].version);
		json_set_str(r, "kind", other_kinds[i].kind);
	}
}

static json *resource_of(const struct kind *k, const char *sub, const char *const *verbs)
{
	json *r = json_new_object();
	auto_free char *name = sub ? xasprintf("%s/%s", k->resource, sub) : xstrdup(k->resource);

	json_set_str(r, "name", name);
	json_set_str(r, "singularName", sub ? "" : k->singular);
	json_set_bool(r, "namespaced", k->namespaced);
	set_kind(r, k, sub);
	json_set(r, "verbs", strings(verbs));
	if (!sub && k->short_names)
		json_set(r, "shortNames", strings(k->short_names));
	if (!sub && k->categories)
		json_set(r, "categories", strings(k->categories));
	return r;
}

static void add_resources(json *resources, const struct kind *k)
{
	json_add(resources, resource_of(k, NULL, route_verbs(k, NULL)));
	for (const char *const *sub = k->subresources; sub && *sub; sub++) {
		const char *const *verbs = route_verbs(k, *sub);

		if (verbs)
			json_add(resources, resource_of(k, *sub, verbs));
	}
}

/* NULL: nothing is served under it. */
static json *resources_of(const char *group, const char *version)
{
	json *resources = json_new_array();

	if (str_eq(group, METRICS_GROUP) && str_eq(version, METRICS_VERSION)) {
		json_free(resources);
		return metrics_resources();
	}
	for (int i = 0; i < KIND_COUNT; i++)
		if (str_eq(kind_by_id(i)->group, group) && str_eq(kind_by_id(i)->version, version))
			add_resources(resources, kind_by_id(i));
	if (json_len(resources))
		return resources;
	json_free(resources);
	return NULL;
}

void handle_resources(struct exchange *x)
{
	bool core = str_eq(x->path.items[0], "api");
	const char *group = core ? "" : x->path.items[1];
	const char *version = x->path.items[core ? 1 : 2];
	auto_free char *api_version = xasprintf("%s%s%s", group, core ? "" : "/", version);
	json *list, *resources = resources_of(group, version);
	auto_err e = {0};

	if (!resources) {
		err_no_route(&e);
		answer_err(x, &e);
		return;
	}
	list = json_new_object();
	json_set_str(list, "kind", "APIResourceList");
	json_set_str(list, "apiVersion", "v1");
	json_set_str(list, "groupVersion", api_version);
	json_set(list, "resources", resources);
	answer_json_take(x, 200, list);
}
