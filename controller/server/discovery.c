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

static json *group_version(const struct kind *k)
{
	json *v = json_new_object();

	json_set_str(v, "groupVersion", kind_api_version(k));
	json_set_str(v, "version", k->version);
	return v;
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
		json_add(versions, group_version(other));
	}
	json_set_str(g, "name", k->group);
	json_set(g, "versions", versions);
	json_set(g, "preferredVersion", group_version(k));
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
	json_set_str(list, "kind", "APIGroupList");
	json_set_str(list, "apiVersion", "v1");
	json_set(list, "groups", groups);
	answer_json_take(x, 200, list);
}

void handle_group(struct exchange *x)
{
	auto_err e = {0};

	for (int i = 0; i < KIND_COUNT; i++) {
		const struct kind *k = kind_by_id(i);
		json *body, *group;

		if (!*k->group || !str_eq(k->group, x->path.items[1]))
			continue;
		body = json_new_object();
		group = group_of(k);
		json_set_str(body, "kind", "APIGroup");
		json_set_str(body, "apiVersion", "v1");
		json_set(body, "name", json_take(group, "name"));
		json_set(body, "versions", json_take(group, "versions"));
		json_set(body, "preferredVersion", json_take(group, "preferredVersion"));
		json_free(group);
		answer_json_take(x, 200, body);
		return;
	}
	err_no_route(&e);
	answer_err(x, &e);
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

void handle_resources(struct exchange *x)
{
	bool core = str_eq(x->path.items[0], "api");
	const char *group = core ? "" : x->path.items[1];
	const char *version = x->path.items[core ? 1 : 2];
	json *list, *resources = json_new_array();
	const struct kind *any = NULL;
	auto_err e = {0};

	for (int i = 0; i < KIND_COUNT; i++) {
		const struct kind *k = kind_by_id(i);

		if (!str_eq(k->group, group) || !str_eq(k->version, version))
			continue;
		any = k;
		add_resources(resources, k);
	}
	if (!any) {
		json_free(resources);
		err_no_route(&e);
		answer_err(x, &e);
		return;
	}
	list = json_new_object();
	json_set_str(list, "kind", "APIResourceList");
	json_set_str(list, "apiVersion", "v1");
	json_set_str(list, "groupVersion", kind_api_version(any));
	json_set(list, "resources", resources);
	answer_json_take(x, 200, list);
}
