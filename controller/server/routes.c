/* routes: from paths and methods to handlers, by two tables: fixed paths, and resources. */
#include "internal.h"

/* ---- fixed paths ---- */

struct path_route {
	const char *path; /* "*" stands for any segment */
	enum method method;
	path_fn *fn;
};

static const struct path_route path_routes[] = {
    {"", METHOD_GET, handle_paths},
    {"version", METHOD_GET, handle_version},
    {"healthz", METHOD_GET, handle_health},
    {"livez", METHOD_GET, handle_health},
    {"readyz", METHOD_GET, handle_health},
    {"healthz/*", METHOD_GET, handle_health},
    {"livez/*", METHOD_GET, handle_health},
    {"readyz/*", METHOD_GET, handle_health},
    {"api", METHOD_GET, handle_api_versions},
    {"api/v1", METHOD_GET, handle_resources},
    {"apis", METHOD_GET, handle_group_list},
    {"apis/*", METHOD_GET, handle_group},
    {"apis/*/*", METHOD_GET, handle_resources},
    {"openapi/v2", METHOD_GET, handle_openapi_v2},
    {"openapi/v3", METHOD_GET, handle_openapi_index},
    {"openapi/v3/api/*", METHOD_GET, handle_openapi},
    {"openapi/v3/apis/*/*", METHOD_GET, handle_openapi},
    {"kjob/v1/serve", METHOD_GET, handle_serve_show},
    {"kjob/v1/serve", METHOD_POST, handle_serve_open},
    {"kjob/v1/serve", METHOD_DELETE, handle_serve_close},
    {"kjob/v1/status", METHOD_GET, handle_kjob_status},
    {"kjob/v1/stop", METHOD_POST, handle_kjob_stop},
    {"apis/" METRICS_GROUP "/" METRICS_VERSION "/pods", METHOD_GET, handle_pod_metrics},
    {"apis/" METRICS_GROUP "/" METRICS_VERSION "/namespaces/*/pods", METHOD_GET,
	handle_pod_metrics},
    {"apis/" METRICS_GROUP "/" METRICS_VERSION "/namespaces/*/pods/*", METHOD_GET,
	handle_pod_metrics},
    {"apis/" AUTHENTICATION_GROUP "/v1/selfsubjectreviews", METHOD_POST, handle_review},
    {"apis/" AUTHENTICATION_GROUP "/v1/tokenreviews", METHOD_POST, handle_review},
    {"apis/" AUTHORIZATION_GROUP "/v1/selfsubjectaccessreviews", METHOD_POST, handle_review},
    {"apis/" AUTHORIZATION_GROUP "/v1/selfsubjectrulesreviews", METHOD_POST, handle_review},
    {"apis/" AUTHORIZATION_GROUP "/v1/subjectaccessreviews", METHOD_POST, handle_review},
    {"apis/" AUTHORIZATION_GROUP "/v1/namespaces/*/localsubjectaccessreviews", METHOD_POST,
	handle_review},
    {"kjob/v1/namespaces/*/pods/*/archive", METHOD_GET, handle_archive},
};

static bool path_is(const struct strlist *path, const char *pattern)
{
	auto_strlist parts = {0};

	if (!*pattern)
		return path->len == 0;
	str_split(&parts, pattern, '/');
	if (parts.len != path->len)
		return false;
	for (size_t i = 0; i < parts.len; i++)
		if (!str_eq(parts.items[i], "*") && !str_eq(parts.items[i], path->items[i]))
			return false;
	return true;
}

/* ---- resources ---- */

enum place { PLACE_COLLECTION, PLACE_OBJECT, PLACE_SUB };

struct resource_route {
	enum place place;
	const char *sub; /* PLACE_SUB */
	request_fn *fn[METHOD_COUNT];
	const char *const *verbs; /* for discovery */
	bool own_types;           /* of answers, whatever Accept says */
};

static const char *const verbs_resource[] = {
    "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch", NULL};
static const char *const verbs_namespace[] = {
    "create", "delete", "get", "list", "patch", "update", "watch", NULL};
static const char *const verbs_status[] = {"get", "patch", "update", NULL};
static const char *const verbs_finalize[] = {"update", NULL};
static const char *const verbs_log[] = {"get", NULL};
static const char *const verbs_attach[] = {"create", "get", NULL};
static const char *const verbs_create[] = {"create", NULL};
static const char *const verbs_metrics[] = {"get", "list", NULL};

static const struct resource_route resource_routes[] = {
    {PLACE_COLLECTION, NULL,
	{[METHOD_GET] = handle_list,
	    [METHOD_POST] = handle_create,
	    [METHOD_DELETE] = handle_delete_collection},
	verbs_resource, false},
    {PLACE_OBJECT, NULL,
	{[METHOD_GET] = handle_get,
	    [METHOD_PUT] = handle_update,
	    [METHOD_PATCH] = handle_patch,
	    [METHOD_DELETE] = handle_delete},
	verbs_resource, false},
    {PLACE_SUB, "status",
	{[METHOD_GET] = handle_get, [METHOD_PUT] = handle_update, [METHOD_PATCH] = handle_patch},
	verbs_status, false},
    {PLACE_SUB, "finalize", {[METHOD_PUT] = handle_update}, verbs_finalize, false},
    {PLACE_SUB, "log", {[METHOD_GET] = handle_log}, verbs_log, true},
    {PLACE_SUB, "attach", {[METHOD_GET] = handle_attach, [METHOD_POST] = handle_attach},
	verbs_attach, true},
    {PLACE_SUB, "exec", {[METHOD_GET] = handle_exec, [METHOD_POST] = handle_exec}, verbs_attach,
	true},
    {PLACE_SUB, "portforward",
	{[METHOD_GET] = handle_portforward, [METHOD_POST] = handle_portforward}, verbs_attach,
	true},
    {PLACE_SUB, "eviction", {[METHOD_POST] = handle_eviction}, verbs_create, false},
};

static const struct resource_route *find_resource_route(
    const struct kind *k, enum place place, const char *sub)
{
	bool has = !sub;

	for (const char *const *s = k->subresources; s && *s && !has; s++)
		has = str_eq(*s, sub);
	for (size_t i = 0; i < ARRAY_LEN(resource_routes) && has; i++)
		if (resource_routes[i].place == place && str_eq(resource_routes[i].sub, sub))
			return &resource_routes[i];
	return NULL;
}

const char *const *route_verbs(const struct kind *k, const char *sub)
{
	const struct resource_route *r =
	    find_resource_route(k, sub ? PLACE_SUB : PLACE_COLLECTION, sub);

	if (k->id == KIND_COUNT)
		return str_eq(k->group, EVENTS_GROUP)    ? verbs_resource
		       : str_eq(k->group, METRICS_GROUP) ? verbs_metrics
							 : verbs_create;
	/* A namespace with all that is in it is deleted by its name only. */
	if (k->id == KIND_NAMESPACE && !sub)
		return verbs_namespace;
	return r ? r->verbs : NULL;
}

static const struct kind *find_kind(
    struct request *r, const char *group, const char *version, const char *resource)
{
	if (!str_eq(group, EVENTS_GROUP))
		return kind_by_resource(group, version, resource);
	if (!str_eq(version, EVENTS_VERSION) || !str_eq(resource, "events"))
		return NULL;
	r->view.events = true;
	return kind_by_id(KIND_EVENT);
}

/*
 * "pods/x/log" behind "api/v1" or "apis/G/V", with "namespaces/NS" before it where the kind has
 * namespaces, and with "watch" in front in the old way of watching. False: no such place.
 */
static bool parse_resource(const struct strlist *path, struct request *r)
{
	bool core = str_eq(path->items[0], "api");
	const char *group = core ? "" : path->items[1];
	const char *version = path->items[core ? 1 : 2];
	size_t i = core ? 2 : 3;
	size_t left;

	if (i < path->len && str_eq(path->items[i], "watch")) {
		r->watch = true;
		i++;
	}
	/* namespaces/NS/RESOURCE…; but namespaces, namespaces/NS and namespaces/NS/status are the
	 * kind Namespace */
	if (path->len - i >= 3 && str_eq(path->items[i], "namespaces") &&
	    find_kind(r, group, version, path->items[i + 2])) {
		r->ns = path->items[i + 1];
		i += 2;
	}
	left = path->len - i;
	if (left < 1 || left > 3)
		return false;
	r->kind = find_kind(r, group, version, path->items[i]);
	r->name = left > 1 ? path->items[i + 1] : NULL;
	r->sub = left > 2 ? path->items[i + 2] : NULL;
	if (!r->kind)
		return false;
	if (r->ns)
		return r->kind->namespaced;
	return !r->kind->namespaced || !r->name;
}

/* The old way of watching one object, and a GET of a collection with watch=true. */
static request_fn *watch_instead(struct exchange *x, struct request *r, request_fn *fn)
{
	if (x->method != METHOD_GET || r->sub)
		return fn;
	if (r->watch && r->name) {
		auto_free char *selector = xasprintf("metadata.name=%s", r->name);

		strlist_add(&x->query, "fieldSelector");
		strlist_add(&x->query, selector);
		r->name = NULL;
	}
	if (!r->name && exchange_query_bool(x, "watch"))
		r->watch = true;
	return r->watch ? handle_watch : fn;
}

static int route_resource(struct exchange *x, struct request *r, request_fn **ret, struct err *e)
{
	const struct resource_route *route;
	request_fn *fn;

	if (x->path.len < 3 ||
	    (!str_eq(x->path.items[0], "api") && !str_eq(x->path.items[0], "apis")) ||
	    !parse_resource(&x->path, r))
		return err_not_served(x, e);
	route = find_resource_route(r->kind,
	    r->sub    ? PLACE_SUB
	    : r->name ? PLACE_OBJECT
		      : PLACE_COLLECTION,
	    r->sub);
	if (!route)
		return err_not_served(x, e);
	fn = route->fn[x->method];
	if ((fn == handle_create || fn == handle_delete_collection) && r->kind->namespaced &&
	    !r->ns)
		fn = NULL; /* only one by one, or one namespace's */
	if (fn == handle_delete_collection && r->kind->id == KIND_NAMESPACE)
		fn = NULL;
	if (!fn)
		return err_set(e, ERR_METHOD,
		    "the server does not allow this method on the requested resource");
	fn = watch_instead(x, r, fn);
	if (body_to_json(x, e) < 0)
		return -1;
	if (r->view.events)
		event_view_request(x);
	/* Logs and streams choose their own types. */
	if (!route->own_types && view_parse(x, r->watch, &r->view, e) < 0)
		return -1;
	*ret = fn;
	return 0;
}

void handle_paths(struct exchange *x)
{
	json *body = json_new_object(), *paths = json_new_array();
	auto_strlist all = {0};
	const struct kind *k;

	for (size_t i = 0; i < ARRAY_LEN(path_routes); i++)
		if (path_routes[i].method == METHOD_GET && *path_routes[i].path &&
		    !strchr(path_routes[i].path, '*'))
			strlist_addf(&all, "/%s", path_routes[i].path);
	for (size_t i = 0; (k = kind_at(i)); i++)
		if (*k->group)
			strlist_addf(&all, "/apis/%s", kind_api_version(k));
	strlist_sort(&all);
	for (size_t i = 0; i < all.len; i++)
		if (i == 0 || !str_eq(all.items[i], all.items[i - 1]))
			json_add(paths, json_new_string(all.items[i]));
	json_set(body, "paths", paths);
	answer_json_take(x, 200, body);
}

void route(struct exchange *x)
{
	struct request r = {0};
	request_fn *fn = NULL;
	auto_err e = {0};
	bool found = false;

	if (access_check(x, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	/* What is not committed yet is told to nobody. */
	if (x->method == METHOD_GET && store_dirty(server_of(x)->deps.store)) {
		exchange_postpone(x);
		return;
	}
	if (x->body_len > MAX_BODY_BYTES) {
		err_set(&e, ERR_TOO_LARGE, "Request entity too large: limit is %u", MAX_BODY_BYTES);
		answer_err(x, &e);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(path_routes); i++) {
		if (!path_is(&x->path, path_routes[i].path))
			continue;
		found = true;
		if (path_routes[i].method != x->method)
			continue;
		if (body_to_json(x, &e) < 0)
			answer_err(x, &e);
		else
			path_routes[i].fn(x);
		return;
	}
	if (found)
		err_set(&e, ERR_METHOD,
		    "the server does not allow this method on the requested resource");
	else if (server_of(x)->draining)
		err_set(&e, ERR_UNAVAILABLE, "the controller is stopping");
	else if (route_resource(x, &r, &fn, &e) == 0) {
		fn(x, &r);
		return;
	} else if (list_of_none(x))
		return;
	answer_err(x, &e);
}
