#include "resources.h"

#include <ctype.h>
#include <strings.h>

struct resources {
	struct resource *items;
	size_t len, cap;
	struct client *client; /* whom to ask why there is no more; NULL: of a cluster, none */
};

void resources_free(struct resources *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->len; i++) {
		struct resource *it = &r->items[i];

		free(it->group);
		free(it->version);
		free(it->name);
		free(it->singular);
		free(it->kind);
		strlist_release(&it->short_names);
		strlist_release(&it->categories);
		strlist_release(&it->verbs);
	}
	free(r->items);
	free(r);
}

static void add_resource(
    struct resources *all, const char *group, const char *version, const json *j)
{
	const char *name = json_str(j, "name"), *kind = json_str(j, "kind");
	const char *singular = json_str_or(j, "singularName", "");
	struct resource *r;

	if (!name || !kind || strchr(name, '/'))
		return;
	GROW(all->items, all->cap, all->len + 1);
	r = &all->items[all->len++];
	memset(r, 0, sizeof(*r));
	r->group = xstrdup(group);
	r->version = xstrdup(version);
	r->name = xstrdup(name);
	r->kind = xstrdup(kind);
	r->singular = xstrdup(*singular ? singular : kind);
	for (char *p = r->singular; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	r->namespaced = json_bool(j, "namespaced", false);
	json_add_strings(json_get(j, "shortNames"), &r->short_names);
	json_add_strings(json_get(j, "categories"), &r->categories);
	json_add_strings(json_get(j, "verbs"), &r->verbs);
}

/*
 * One APIResourceList; a group that fails to answer is an error: half a list would call kinds
 * unknown.
 */
static int load_group(
    struct client *c, struct resources *all, const char *group, const char *version, struct err *e)
{
	auto_free char *path =
	    *group ? xasprintf("/apis/%s/%s", group, version) : xasprintf("/api/%s", version);
	auto_json *list = client_get_json(c, path, e);

	if (!list)
		return -1;
	json_for (it, json_get(list, "resources"))
		add_resource(all, group, version, it);
	return 0;
}

/* ---- all groups ---- */

#define MIME_DISCOVERY                                                          \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList," MIME_JSON

static bool is_known(const struct resources *all, const char *group, const char *name)
{
	for (size_t i = 0; i < all->len; i++)
		if (str_eq(all->items[i].group, group) && str_eq(all->items[i].name, name))
			return true;
	return false;
}

/* An entry of an APIGroupDiscoveryList, in the form of an APIResourceList's. */
static json *as_api_resource(const json *j)
{
	static const char *const same[] = {"shortNames", "categories", "verbs"};
	json *r = json_new_object();

	json_set_str(r, "name", json_str(j, "resource"));
	json_set_str(r, "singularName", json_str(j, "singularResource"));
	json_set_str(r, "kind", json_str(j, "responseKind.kind"));
	json_set_bool(r, "namespaced", str_eq(json_str(j, "scope"), "Namespaced"));
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		json_set(r, same[i], json_dup(json_get(j, same[i])));
	return r;
}

/* Of each resource the version that the server lists first. */
static void add_discovered(struct resources *all, const json *group)
{
	const char *name = json_str_or(group, "metadata.name", "");

	json_for (v, json_get(group, "versions")) {
		json_for (it, json_get(v, "resources")) {
			auto_json *r = as_api_resource(it);

			if (!is_known(all, name, json_str_or(it, "resource", "")))
				add_resource(all, name, json_str_or(v, "version", ""), r);
		}
	}
}

/*
 * All groups below /api or /apis: in one answer, or from a server that does not know that form, one
 * by one; there a group that does not answer is left out, as what offers it may be down.
 */
static int load_groups(struct client *c, struct resources *all, const char *path, struct err *e)
{
	struct call call = {.path = path, .accept = MIME_DISCOVERY};
	auto_json *list = client_json(c, &call, e);

	if (!list)
		return -1;
	if (str_eq(json_str(list, "kind"), "APIGroupDiscoveryList"))
		json_for (it, json_get(list, "items"))
			add_discovered(all, it);
	else if (str_eq(json_str(list, "kind"), "APIVersions"))
		return load_group(c, all, "", "v1", e);
	json_for (it, json_get(list, "groups"))
		if (load_group(c, all, json_str_or(it, "name", ""),
			json_str_or(it, "preferredVersion.version", ""), e) < 0)
			err_clear(e);
	return 0;
}

const struct resources *resources_load(struct cmd_ctx *ctx, struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	struct resources *all;

	if (!c || ctx->resources)
		return c ? ctx->resources : NULL;
	all = xcalloc(1, sizeof(*all));
	if (load_groups(c, all, "/api", e) < 0 || load_groups(c, all, "/apis", e) < 0) {
		resources_free(all);
		return NULL;
	}
	all->client = ctx->cluster ? NULL : c;
	ctx->resources = all;
	return all;
}

size_t resources_len(const struct resources *r)
{
	return r->len;
}

const struct resource *resources_at(const struct resources *r, size_t i)
{
	return &r->items[i];
}

/* ---- words ---- */

static bool has_word(const struct resource *r, const char *word)
{
	if (strcasecmp(word, r->name) == 0 || strcasecmp(word, r->singular) == 0)
		return true;
	for (size_t i = 0; i < r->short_names.len; i++)
		if (strcasecmp(word, r->short_names.items[i]) == 0)
			return true;
	return false;
}

/* Whether "batch" or "v1.batch" (what stands behind the first dot) names the resource's group. */
static bool has_group(const struct resource *r, const char *suffix)
{
	auto_free char *full = xasprintf("%s.%s", r->version, r->group);

	return strcasecmp(suffix, r->group) == 0 || strcasecmp(suffix, full) == 0;
}

static int unknown_word(const struct resources *all, const char *word, struct err *e)
{
	const char **names = xcalloc(all->len * 4 + 1, sizeof(*names));
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < all->len; i++) {
		names[n++] = all->items[i].name;
		names[n++] = all->items[i].singular;
	}
	near = strlen(word) > 2 ? str_nearest(word, names) : NULL;
	if (near)
		err_set(e, ERR_NOT_FOUND,
		    "the server doesn't have a resource type \"%s\" (did you mean \"%s\"?)", word,
		    near);
	else
		err_set(e, ERR_NOT_FOUND, "the server doesn't have a resource type \"%s\"", word);
	free(names);
	return -1;
}

const struct resource *resource_by_word(
    const struct resources *all, const char *word, struct err *e)
{
	const char *dot = strchr(word, '.');
	auto_free char *head = dot ? xstrndup(word, (size_t)(dot - word)) : xstrdup(word);

	for (size_t i = 0; i < all->len; i++)
		if (has_word(&all->items[i], head) && (!dot || has_group(&all->items[i], dot + 1)))
			return &all->items[i];
	unknown_word(all, word, e);
	return NULL;
}

/* A kind of that name, first in the version, then in any; else the nearest name of all. */
static char *kind_hint(const struct resources *all, const char *api_version, const char *kind)
{
	const char **names = xcalloc(all->len + 1, sizeof(*names));
	const char *near;
	char *hint = NULL;

	for (size_t i = 0; i < all->len; i++)
		names[i] = all->items[i].kind;
	near = str_nearest(kind, names);
	for (size_t i = 0; near && i < all->len && !hint; i++) {
		const struct resource *r = &all->items[i];
		auto_buf version = {0};

		resource_api_version(r, &version);
		if (!str_eq(r->kind, near))
			continue;
		if (str_eq(buf_str(&version), api_version))
			hint = xasprintf(" (did you mean \"%s\"?)", near);
		else if (str_eq(near, kind))
			hint = xasprintf(" (did you mean apiVersion \"%s\"?)", buf_str(&version));
		else
			hint = xasprintf(
			    " (did you mean \"%s\" in version \"%s\"?)", near, buf_str(&version));
	}
	free(names);
	return hint;
}

/* "Deployment": "deployments", "NetworkPolicy": "networkpolicies", "Ingress": "ingresses". */
static void add_plural(struct buf *out, const char *kind)
{
	size_t n = strlen(kind);
	bool y = n > 0 && kind[n - 1] == 'y', s = n > 0 && kind[n - 1] == 's';

	for (size_t i = 0; i < n - (y ? 1 : 0); i++)
		buf_addch(out, (char)tolower((unsigned char)kind[i]));
	buf_adds(out, y ? "ies" : s ? "es" : "s");
}

/* What kjob's controller says about a kind of Kubernetes that it does not serve; owned, NULL:
 * nothing. */
static char *refusal(const struct resources *all, const char *api_version, const char *kind)
{
	static const char plain[] = "the server could not find the requested resource: ";
	auto_buf path = {0};
	auto_json *answer = NULL;
	auto_err e = {0};

	if (!all->client || !*kind || strpbrk(api_version, "?#% ") || strpbrk(kind, "/?#% "))
		return NULL;
	buf_addf(&path, "/%s/%s/", strchr(api_version, '/') ? "apis" : "api", api_version);
	add_plural(&path, kind);
	buf_adds(&path, "/any"); /* lists of some are empty */
	answer = client_get_json(all->client, buf_str(&path), &e);
	if (answer || !str_has_prefix(err_msg(&e), plain))
		return NULL;
	return xasprintf(": %s", err_msg(&e) + strlen(plain));
}

const struct resource *resource_by_kind(
    const struct resources *all, const char *api_version, const char *kind, struct err *e)
{
	auto_free char *hint = NULL;

	for (size_t i = 0; i < all->len; i++) {
		auto_buf version = {0};

		resource_api_version(&all->items[i], &version);
		if (str_eq(all->items[i].kind, kind) && str_eq(buf_str(&version), api_version))
			return &all->items[i];
	}
	hint = refusal(all, api_version, kind);
	if (!hint)
		hint = kind_hint(all, api_version, kind);
	err_set(e, ERR_NOT_FOUND, "no matches for kind \"%s\" in version \"%s\"%s", kind,
	    api_version, hint ? hint : "");
	return NULL;
}

/* ---- names and paths ---- */

void resource_singular_name(const struct resource *r, struct buf *out)
{
	buf_addf(out, "%s%s%s", r->singular, *r->group ? "." : "", r->group);
}

void resource_qualified_name(const struct resource *r, struct buf *out)
{
	buf_addf(out, "%s%s%s", r->name, *r->group ? "." : "", r->group);
}

void resource_api_version(const struct resource *r, struct buf *out)
{
	buf_addf(out, "%s%s%s", r->group, *r->group ? "/" : "", r->version);
}

void resource_set_type(const struct resource *r, json *obj)
{
	auto_buf version = {0};

	resource_api_version(r, &version);
	if (!json_has(obj, "apiVersion"))
		json_set_str(obj, "apiVersion", buf_str(&version));
	if (!json_has(obj, "kind"))
		json_set_str(obj, "kind", r->kind);
}

void resource_path(
    const struct resource *r, const char *ns, const char *name, const char *sub, struct buf *out)
{
	if (*r->group)
		buf_addf(out, "/apis/%s/%s", r->group, r->version);
	else
		buf_addf(out, "/api/%s", r->version);
	if (r->namespaced && ns && *ns) {
		buf_adds(out, "/namespaces/");
		http_escape(out, ns);
	}
	buf_addf(out, "/%s", r->name);
	if (name) {
		buf_addch(out, '/');
		http_escape(out, name);
	}
	if (sub)
		buf_addf(out, "/%s", sub);
}

/* ---- arguments ---- */

void targets_add(struct targets *t, const struct resource *r, const char *ns, const char *name)
{
	GROW(t->items, t->cap, t->len + 1);
	t->items[t->len++] = (struct target){.resource = r, .name = name, .ns = ns};
}

void targets_release(struct targets *t)
{
	free(t->items);
	memset(t, 0, sizeof(*t));
}

/* The resources of "jobs,pods" or "all". */
static int resolve_types(
    const struct resources *all, const char *words, struct targets *ret, struct err *e)
{
	auto_strlist parts = {0};

	str_split(&parts, words, ',');
	for (size_t p = 0; p < parts.len; p++) {
		const struct resource *r;
		size_t before = ret->len;

		for (size_t i = 0; i < all->len; i++)
			if (strlist_has(&all->items[i].categories, parts.items[p]))
				targets_add(ret, &all->items[i], NULL, NULL);
		if (ret->len > before)
			continue;
		r = resource_by_word(all, parts.items[p], e);
		if (!r)
			return -1;
		targets_add(ret, r, NULL, NULL);
	}
	return 0;
}

static int parse_slashed(const struct resources *all, const char *const *args, size_t argc,
    const char *default_type, struct targets *ret, struct err *e)
{
	for (size_t i = 0; i < argc; i++) {
		const char *slash = strchr(args[i], '/');
		auto_free char *type =
		    slash ? xstrndup(args[i], (size_t)(slash - args[i])) : xstrdup(default_type);
		const struct resource *r;

		if (!type)
			return err_set(e, ERR_BAD_REQUEST,
			    "there is no need to specify a resource type as a separate argument "
			    "when passing arguments in resource/name form (e.g. 'kjob get "
			    "resource/<resource_name>' instead of 'kjob get resource "
			    "resource/<resource_name>'");
		if (slash && (slash == args[i] || !slash[1] || strchr(slash + 1, '/')))
			return err_set(e, ERR_BAD_REQUEST,
			    "arguments in resource/name form may not have more than one slash");
		r = resource_by_word(all, type, e);
		if (!r)
			return -1;
		targets_add(ret, r, NULL, slash ? slash + 1 : args[i]);
	}
	return 0;
}

static bool any_slash(const char *const *args, size_t argc)
{
	for (size_t i = 0; i < argc; i++)
		if (strchr(args[i], '/'))
			return true;
	return false;
}

int targets_parse(struct cmd_ctx *ctx, const char *const *args, size_t argc,
    const char *default_type, struct targets *ret, struct err *e)
{
	auto_targets types = {0};
	const struct resources *all;

	if (argc == 0)
		return 0;
	all = resources_load(ctx, e);
	if (!all)
		return -1;
	ret->by_slash = any_slash(args, argc);
	if (ret->by_slash || default_type)
		return parse_slashed(all, args, argc, default_type, ret, e);
	if (resolve_types(all, args[0], &types, e) < 0)
		return -1;
	for (size_t i = 0; i < types.len; i++) {
		for (size_t a = 1; a < argc; a++)
			targets_add(ret, types.items[i].resource, NULL, args[a]);
		if (argc == 1)
			targets_add(ret, types.items[i].resource, NULL, NULL);
	}
	return 0;
}

json *object_new(const char *api_version, const char *kind, const char *name)
{
	json *obj = json_new_object();

	json_set_str(obj, "apiVersion", api_version);
	json_set_str(obj, "kind", kind);
	if (name)
		json_set_path(obj, "metadata.name", json_new_string(name));
	return obj;
}

json *object_list(void)
{
	json *list = json_new_object();

	json_set_str(list, "apiVersion", "v1");
	json_set(list, "items", json_new_array());
	json_set_str(list, "kind", "List");
	return list;
}
