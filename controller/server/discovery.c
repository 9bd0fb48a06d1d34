/* discovery: what the server is and serves, from the table of kinds. */
#include <sys/utsname.h>

#include "../../runtime/engine_quirks.h"
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

	platform = xasprintf("linux/%s", uname(&u) == 0 ? quirk_arch(u.machine) : "unknown");
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

/* ---- what is served ---- */

/* All pairs of group and version, in turn; "" is the core group. */
static void list_versions(struct strlist *ret)
{
	const struct kind *k;

	for (size_t i = 0; (k = kind_at(i)); i++) {
		bool known = false;

		for (size_t j = 0; j + 1 < ret->len; j += 2)
			known |= str_eq(ret->items[j], k->group) &&
				 str_eq(ret->items[j + 1], k->version);
		if (known)
			continue;
		strlist_add(ret, k->group);
		strlist_add(ret, k->version);
	}
}

static char *api_version_of(const char *group, const char *version)
{
	return xasprintf("%s%s%s", group, *group ? "/" : "", version);
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

/* An empty list: nothing is served under it. */
static json *resources_of(const char *group, const char *version)
{
	json *resources = json_new_array();
	const struct kind *k;

	for (size_t i = 0; (k = kind_at(i)); i++)
		if (str_eq(k->group, group) && str_eq(k->version, version))
			add_resources(resources, k);
	return resources;
}

void handle_resources(struct exchange *x)
{
	bool core = str_eq(x->path.items[0], "api");
	const char *group = core ? "" : x->path.items[1];
	const char *version = x->path.items[core ? 1 : 2];
	auto_free char *api_version = api_version_of(group, version);
	auto_json *list = json_new_object();
	json *resources = resources_of(group, version);
	auto_err e = {0};

	json_set_str(list, "kind", "APIResourceList");
	json_set_str(list, "apiVersion", "v1");
	json_set_str(list, "groupVersion", api_version);
	json_set(list, "resources", resources);
	if (json_len(resources)) {
		answer_json_take(x, 200, TAKE(list));
		return;
	}
	err_not_served(x, &e);
	answer_err(x, &e);
}

/* ---- all at once: apidiscovery.k8s.io ---- */

static json *response_kind(const json *r, const char *group, const char *version)
{
	json *kind = json_new_object();

	json_set_str(kind, "group", json_str_or(r, "group", group));
	json_set_str(kind, "version", json_str_or(r, "version", version));
	json_set_str(kind, "kind", json_str_or(r, "kind", ""));
	return kind;
}

static void copy(json *to, const char *name, const json *from)
{
	if (from)
		json_set(to, name, json_dup(from));
}

/* From a resource of an APIResourceList; sub: what it is called below its parent, or NULL. */
static json *aggregated_of(const json *r, const char *sub, const char *group, const char *version)
{
	json *a = json_new_object();

	json_set_str(a, sub ? "subresource" : "resource", sub ? sub : json_str_or(r, "name", ""));
	json_set(a, "responseKind", response_kind(r, group, version));
	if (!sub) {
		json_set_str(
		    a, "scope", json_bool(r, "namespaced", false) ? "Namespaced" : "Cluster");
		json_set_str(a, "singularResource", json_str_or(r, "singularName", ""));
	}
	copy(a, "verbs", json_get(r, "verbs"));
	copy(a, "shortNames", json_get(r, "shortNames"));
	copy(a, "categories", json_get(r, "categories"));
	return a;
}

/* Subresources follow their resource in the list. */
static json *aggregated_version(const char *group, const char *version)
{
	auto_json *plain = resources_of(group, version);
	json *v = json_new_object(), *all = json_new_array(), *parent = NULL;

	json_for (r, plain) {
		const char *slash = strchr(json_str_or(r, "name", ""), '/');
		json *a = aggregated_of(r, slash ? slash + 1 : NULL, group, version);

		if (!slash) {
			json_add(all, parent = a);
			continue;
		}
		if (!json_get(parent, "subresources"))
			json_set(parent, "subresources", json_new_array());
		json_add(json_get(parent, "subresources"), a);
	}
	json_set_str(v, "version", version);
	json_set(v, "resources", all);
	json_set_str(v, "freshness", "Current");
	return v;
}

/* The core group alone, or all others. True: that is what the client wants, and it has it now. */
static bool answer_aggregated(struct exchange *x, bool core)
{
	static const struct {
		const char *type, *api_version;
	} forms[] = {
	    {"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
		"apidiscovery.k8s.io/v2"},
	    {"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
		"apidiscovery.k8s.io/v2beta1"},
	};
	auto_json *list = NULL;
	auto_strlist versions = {0};
	auto_buf text = {0};
	auto_err e = {0};
	enum shape shape;
	size_t form;
	json *items;

	if (shape_parse(x, OFFER_DISCOVERY, &shape, &e) < 0) {
		answer_err(x, &e);
		return true;
	}
	if (shape != SHAPE_DISCOVERY_V2 && shape != SHAPE_DISCOVERY_V2BETA1)
		return false;
	form = shape == SHAPE_DISCOVERY_V2BETA1;
	list = json_new_object();
	items = json_new_array();
	json_set_str(list, "kind", "APIGroupDiscoveryList");
	json_set_str(list, "apiVersion", forms[form].api_version);
	json_set(list, "metadata", json_new_object());
	json_set(list, "items", items);
	list_versions(&versions);
	for (size_t i = 0; i + 1 < versions.len; i += 2) {
		const char *group = versions.items[i];
		json *item;

		if (core != !*group)
			continue;
		item = json_new_object();
		json_set_str(json_obj(item, "metadata"), "name", group);
		json_set(item, "versions", json_new_array());
		json_add(
		    json_get(item, "versions"), aggregated_version(group, versions.items[i + 1]));
		json_add(items, item);
	}
	json_print_to(list, &text);
	answer_tagged(x, forms[form].type, &text);
	return true;
}

/* ---- groups ---- */

void handle_api_versions(struct exchange *x)
{
	json *v, *versions, *addresses, *address;

	if (answer_aggregated(x, true))
		return;
	v = json_new_object();
	versions = json_new_array();
	addresses = json_new_array();
	address = json_new_object();
	json_add(versions, json_new_string("v1"));
	json_set_str(address, "clientCIDR", "0.0.0.0/0");
	json_set_str(address, "serverAddress", "localhost");
	json_add(addresses, address);
	json_set_str(v, "kind", "APIVersions");
	json_set(v, "versions", versions);
	json_set(v, "serverAddressByClientCIDRs", addresses);
	answer_json_take(x, 200, v);
}

/* Every group has one version. */
static json *group_of(const char *group, const char *version)
{
	auto_free char *api_version = api_version_of(group, version);
	json *g = json_new_object(), *versions = json_new_array(), *v = json_new_object();

	json_set_str(v, "groupVersion", api_version);
	json_set_str(v, "version", version);
	json_add(versions, json_dup(v));
	json_set_str(g, "name", group);
	json_set(g, "versions", versions);
	json_set(g, "preferredVersion", v);
	return g;
}

void handle_group_list(struct exchange *x)
{
	json *list, *groups;
	auto_strlist versions = {0};

	if (answer_aggregated(x, false))
		return;
	list = json_new_object();
	groups = json_new_array();
	list_versions(&versions);
	for (size_t i = 0; i + 1 < versions.len; i += 2)
		if (*versions.items[i])
			json_add(groups, group_of(versions.items[i], versions.items[i + 1]));
	json_set_str(list, "kind", "APIGroupList");
	json_set_str(list, "apiVersion", "v1");
	json_set(list, "groups", groups);
	answer_json_take(x, 200, list);
}

void handle_group(struct exchange *x)
{
	const char *name = x->path.items[1];
	auto_strlist versions = {0};
	json *group = NULL;
	auto_err e = {0};

	list_versions(&versions);
	for (size_t i = 0; i + 1 < versions.len && !group; i += 2)
		if (*name && str_eq(versions.items[i], name))
			group = group_of(name, versions.items[i + 1]);
	if (!group) {
		err_not_served(x, &e);
		answer_err(x, &e);
		return;
	}
	json_set_str(group, "kind", "APIGroup");
	json_set_str(group, "apiVersion", "v1");
	answer_json_take(x, 200, group);
}
