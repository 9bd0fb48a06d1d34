#include "openapi.h"

#include <stdio.h>

#include "patch.h"
#include "schema.h"

#define REF "#/components/schemas/"
#define MEDIA_JSON "application/json"

/* ---- types ---- */

/* Types that the tables have no rows for. */
static const struct leaf {
	const char *name, *text;
} leaves[] = {
    {"io.k8s.apimachinery.pkg.api.resource.Quantity",
	"{\"description\":\"An amount: a number with an optional suffix, such as 500m, 1.5, 64Mi "
	"or "
	"2Gi.\",\"oneOf\":[{\"type\":\"string\"},{\"type\":\"number\"}]}"},
    {"io.k8s.apimachinery.pkg.util.intstr.IntOrString",
	"{\"description\":\"A number or a name.\",\"format\":\"int-or-string\",\"oneOf\":[{"
	"\"type\":\"integer\"},{\"type\":\"string\"}]}"},
    {PACKAGE_META ".Time", "{\"description\":\"A point in time in RFC 3339, in whole seconds: "
			   "2026-01-02T03:04:05Z.\",\"format\":\"date-time\",\"type\":\"string\"}"},
    {PACKAGE_META ".MicroTime", "{\"description\":\"A point in time in RFC 3339, in microseconds: "
				"2026-01-02T03:04:05.000000Z.\",\"format\":\"date-time\",\"type\":"
				"\"string\"}"},
    {PACKAGE_META ".FieldsV1", "{\"description\":\"A set of fields as a trie of their names.\","
			       "\"type\":\"object\"}"},
};
enum { LEAF_QUANTITY, LEAF_INT_OR_STRING, LEAF_TIME, LEAF_MICRO_TIME, LEAF_FIELDS, LEAF_NONE };

/* How a field type looks: a plain type or a leaf (neither: the row's schema), alone or in a list or
 * map. */
static const struct form {
	const char *type, *format;
	unsigned leaf;
	bool list, map;
} forms[] = {
    [T_STRING] = {"string", NULL, LEAF_NONE, false, false},
    [T_BOOL] = {"boolean", NULL, LEAF_NONE, false, false},
    [T_INT32] = {"integer", "int32", LEAF_NONE, false, false},
    [T_INT64] = {"integer", "int64", LEAF_NONE, false, false},
    [T_QUANTITY] = {NULL, NULL, LEAF_QUANTITY, false, false},
    [T_INT_OR_STRING] = {NULL, NULL, LEAF_INT_OR_STRING, false, false},
    [T_TIME] = {NULL, NULL, LEAF_TIME, false, false},
    [T_MICRO_TIME] = {NULL, NULL, LEAF_MICRO_TIME, false, false},
    [T_STRING_MAP] = {"string", NULL, LEAF_NONE, false, true},
    [T_QUANTITY_MAP] = {NULL, NULL, LEAF_QUANTITY, false, true},
    [T_BYTES_MAP] = {"string", "byte", LEAF_NONE, false, true},
    [T_OBJECT] = {NULL, NULL, LEAF_NONE, false, false},
    [T_OBJECT_LIST] = {NULL, NULL, LEAF_NONE, true, false},
    [T_STRING_LIST] = {"string", NULL, LEAF_NONE, true, false},
    [T_INT32_LIST] = {"integer", "int32", LEAF_NONE, true, false},
    [T_INT64_LIST] = {"integer", "int64", LEAF_NONE, true, false},
    [T_OPAQUE] = {NULL, NULL, LEAF_FIELDS, false, false},
};

static json *reference(const char *name)
{
	json *r = json_new_object();
	auto_free char *path = xasprintf(REF "%s", name);

	json_set_str(r, "$ref", path);
	return r;
}

static json *schema_reference(const struct schema *s)
{
	auto_free char *name = xasprintf("%s.%s", s->package, s->go_name);

	return reference(name);
}

/* What one value of the field is: {"type": …} or {"$ref": …}. */
static json *value_of(const struct field *f)
{
	const struct form *form = &forms[f->type];
	json *v;

	if (form->leaf != LEAF_NONE)
		return reference(leaves[form->leaf].name);
	if (!form->type)
		return schema_reference(f->of);
	v = json_new_object();
	json_set_str(v, "type", form->type);
	json_set_str(v, "format", form->format);
	return v;
}

/* A reference takes no neighbours in OpenAPI 3.0: it is wrapped where it has some. */
static void add_value(json *property, json *value)
{
	json *all;

	if (!json_has(value, "$ref")) {
		for (json *m = json_first(value); m; m = json_next(m))
			json_set(property, json_key(m), json_dup(m));
		json_free(value);
		return;
	}
	all = json_new_array();
	json_add(all, value);
	json_set(property, "allOf", all);
}

static json *sorted_strings(const char *const *values)
{
	auto_strlist l = {0};
	json *a = json_new_array();

	for (; *values; values++)
		strlist_add(&l, *values);
	strlist_sort(&l);
	for (size_t i = 0; i < l.len; i++)
		json_add(a, json_new_string(l.items[i]));
	return a;
}

static void add_list(json *property, const struct field *f)
{
	json *keys;
	bool atomic = f->flags & F_ATOMIC;

	json_set_str(property, "x-kubernetes-list-type",
	    atomic                         ? "atomic"
	    : f->merge_key                 ? "map"
	    : f->flags & (F_MERGE | F_SET) ? "set"
					   : "atomic");
	if (f->merge_key && !atomic) {
		keys = json_new_array();
		json_add(keys, json_new_string(f->merge_key));
		if (f->merge_key2)
			json_add(keys, json_new_string(f->merge_key2));
		json_set(property, "x-kubernetes-list-map-keys", keys);
	}
	json_set_str(property, "x-kubernetes-patch-merge-key", f->merge_key);
	if (f->merge_key || (f->flags & F_MERGE))
		json_set_str(property, "x-kubernetes-patch-strategy",
		    f->flags & F_RETAIN ? "merge,retainKeys" : "merge");
}

static void add_doc(json *property, const struct field *f)
{
	auto_free char *doc = xasprintf("%s%s", f->doc,
	    (f->flags & F_LATER)  ? " (Not supported by this version of kjob.)"
	    : (f->flags & F_NOOP) ? " (Without effect here.)"
				  : "");

	json_set_str(property, "description", doc);
	if (f->flags & F_LATER)
		json_set_bool(property, "x-kjob-unsupported", true);
	if (f->flags & F_NOOP)
		json_set_bool(property, "x-kjob-no-effect", true);
}

static json *property_of(const struct field *f)
{
	const struct form *form = &forms[f->type];
	json *p = json_new_object(), *value = value_of(f);

	add_doc(p, f);
	if (f->values)
		json_set(value, "enum", sorted_strings(f->values));
	if (form->list) {
		json_set_str(p, "type", "array");
		json_set(p, "items", value);
		add_list(p, f);
	} else if (form->map) {
		json_set_str(p, "type", "object");
		json_set(p, "additionalProperties", value);
		if (f->flags & F_ATOMIC)
			json_set_str(p, "x-kubernetes-map-type", "atomic");
	} else {
		add_value(p, value);
	}
	if (f->dflt)
		json_set(p, "default", json_parse(f->dflt, strlen(f->dflt), 0, NULL));
	return p;
}

static json *type_of(const struct schema *s)
{
	json *t = json_new_object(), *properties = json_new_object(), *required = json_new_array();

	json_set_str(t, "description", s->doc);
	for (const struct field *f = s->fields; f->name; f++) {
		json_set(properties, f->name, property_of(f));
		if (f->flags & F_REQUIRED)
			json_add(required, json_new_string(f->name));
	}
	json_set_str(t, "type", "object");
	if (s->atomic)
		json_set_str(t, "x-kubernetes-map-type", "atomic");
	json_set(t, "properties", properties);
	if (json_len(required))
		json_set(t, "required", required);
	else
		json_free(required);
	return t;
}

static json *gvk_of(const struct kind *k, bool list)
{
	json *g = json_new_object();
	auto_free char *kind = xasprintf("%s%s", k->kind, list ? "List" : "");

	json_set_str(g, "group", k->group);
	json_set_str(g, "kind", kind);
	json_set_str(g, "version", k->version);
	return g;
}

static void add_gvk(json *type, const struct kind *k, bool list)
{
	json *all = json_new_array();

	json_add(all, gvk_of(k, list));
	json_set(type, "x-kubernetes-group-version-kind", all);
}

/* "JobList": apiVersion, items, kind, metadata. */
static json *list_of(const struct kind *k)
{
	auto_free char *items_doc = xasprintf("The objects of kind %s.", k->kind);
	auto_free char *doc = xasprintf("Objects of kind %s, all of them or a part.", k->kind);
	const struct field fields[] = {
	    ROW(0, "apiVersion", T_STRING, 0, "The version of the items."),
	    ROW(2, "items", T_OBJECT_LIST, F_REQUIRED, items_doc, .of = k->schema),
	    ROW(0, "kind", T_STRING, 0, "The kind of the items with List behind it."),
	    ROW(1, "metadata", T_OBJECT, 0, "Version of the list and where it goes on.",
		.of = &schema_list_meta),
	    {0},
	};
	const struct schema list = {.fields = fields, .doc = doc};
	json *t = type_of(&list);

	add_gvk(t, k, true);
	return t;
}

/* ---- all types of a document ---- */

struct types {
	const struct schema **items;
	size_t len, cap;
	unsigned leaves; /* a bit for each that is used */
};

static void collect(struct types *t, const struct schema *s)
{
	for (size_t i = 0; i < t->len; i++)
		if (t->items[i] == s)
			return;
	GROW(t->items, t->cap, t->len + 1);
	t->items[t->len++] = s;
	for (const struct field *f = s->fields; f->name; f++) {
		if (forms[f->type].leaf != LEAF_NONE)
			t->leaves |= 1u << forms[f->type].leaf;
		if (f->of)
			collect(t, f->of);
	}
}

static bool has_verb(const char *const *list, const char *verb)
{
	for (; list && *list; list++)
		if (str_eq(*list, verb))
			return true;
	return false;
}

static const struct kind *kind_of(const struct schema *s)
{
	const struct kind *k;

	for (size_t i = 0; (k = kind_at(i)) && k->schema != s; i++)
		;
	return k;
}

/* `"NAME":VALUE` with a comma in front where it is not the first of its object; takes the value. */
static void add_member_take(struct buf *out, const char *name, json *value)
{
	auto_buf key = {0};
	auto_json *k = json_new_string(name);

	if (out->len && out->ptr[out->len - 1] != '{')
		buf_addch(out, ',');
	json_print_to(k, out);
	buf_addch(out, ':');
	json_print_to(value, out);
	json_free(value);
}

static void add_types(struct buf *out, const struct openapi_server *server, const struct types *t)
{
	for (size_t i = 0; i < ARRAY_LEN(leaves); i++)
		if (t->leaves & 1u << i)
			add_member_take(out, leaves[i].name,
			    json_parse(leaves[i].text, strlen(leaves[i].text), 0, NULL));
	for (size_t i = 0; i < t->len; i++) {
		const struct schema *s = t->items[i];
		const struct kind *k = kind_of(s);
		auto_free char *name = xasprintf("%s.%s", s->package, s->go_name);
		auto_free char *list = xasprintf("%sList", name);
		json *type = type_of(s);

		if (k)
			add_gvk(type, k, false);
		add_member_take(out, name, type);
		if (k && has_verb(server->verbs(k, NULL), "list"))
			add_member_take(out, list, list_of(k));
	}
}

/* ---- operations ---- */

enum content { CONTENT_NONE, CONTENT_OBJECT, CONTENT_LIST, CONTENT_PATCH };

struct param {
	const char *name, *type, *doc;
};

static const struct param params_write[] = {
    {"dryRun", "string", "All: do everything but store the result."},
    {"fieldManager", "string", "The client's name."},
    {"fieldValidation", "string",
	"What unknown and duplicate fields do: Strict refuses, Warn warns, Ignore drops them."},
    {0},
};
static const struct param params_patch[] = {
    {"dryRun", "string", "All: do everything but store the result."},
    {"fieldManager", "string", "The client's name; apply patches must have one."},
    {"fieldValidation", "string",
	"What unknown and duplicate fields do: Strict refuses, Warn warns, Ignore drops them."},
    {"force", "boolean", "Of apply patches: take fields over that others own."},
    {0},
};
static const struct param params_list[] = {
    {"allowWatchBookmarks", "boolean", "Whether a watch may send events of type BOOKMARK."},
    {"continue", "string", "The token of a list that has further parts."},
    {"fieldSelector", "string", "Only objects with these fields."},
    {"labelSelector", "string", "Only objects with these labels."},
    {"limit", "integer", "Most objects in one answer."},
    {"resourceVersion", "string", "The version to list or to watch from."},
    {"resourceVersionMatch", "string", "How resourceVersion is meant: Exact or NotOlderThan."},
    {"sendInitialEvents", "boolean", "Whether a watch begins with what is there."},
    {"timeoutSeconds", "integer", "When a list or watch ends."},
    {"watch", "boolean", "Whether to go on with changes."},
    {0},
};
static const struct param params_delete[] = {
    {"dryRun", "string", "All: do everything but store the result."},
    {"gracePeriodSeconds", "integer", "Seconds that the object may take to end."},
    {"propagationPolicy", "string", "What dependents do: Background, Foreground or Orphan."},
    {0},
};
static const struct param params_none[] = {{0}};

static const struct verb {
	const char *name, *method, *action;
	bool collection; /* not of one object */
	enum content body, answer;
	const struct param *params;
} verbs[] = {
    {"list", "get", "list", true, CONTENT_NONE, CONTENT_LIST, params_list},
    {"create", "post", "post", true, CONTENT_OBJECT, CONTENT_OBJECT, params_write},
    {"deletecollection", "delete", "deletecollection", true, CONTENT_NONE, CONTENT_NONE,
	params_list},
    {"get", "get", "get", false, CONTENT_NONE, CONTENT_OBJECT, params_none},
    {"update", "put", "put", false, CONTENT_OBJECT, CONTENT_OBJECT, params_write},
    {"patch", "patch", "patch", false, CONTENT_PATCH, CONTENT_OBJECT, params_patch},
    {"delete", "delete", "delete", false, CONTENT_NONE, CONTENT_NONE, params_delete},
};

static json *param_of(const struct param *p, const char *in)
{
	json *j = json_new_object();

	json_set_str(j, "name", p->name);
	json_set_str(j, "in", in);
	json_set_str(j, "description", p->doc);
	if (str_eq(in, "path"))
		json_set_bool(j, "required", true);
	json_set_path(j, "schema.type", json_new_string(p->type));
	return j;
}

static void add_media(json *content, const char *type, json *schema)
{
	json *media = json_new_object();

	json_set(media, "schema", schema);
	json_set(content, type, media);
}

static json *any_object(void)
{
	json *schema = json_new_object();

	json_set_str(schema, "type", "object");
	return schema;
}

static json *content_of(const struct kind *k, enum content content)
{
	auto_free char *list = xasprintf("%s.%sList", k->schema->package, k->schema->go_name);
	json *c = json_new_object();

	switch (content) {
	case CONTENT_NONE:
		add_media(c, MEDIA_JSON, any_object());
		break;
	case CONTENT_OBJECT:
		add_media(c, MEDIA_JSON, schema_reference(k->schema));
		break;
	case CONTENT_LIST:
		add_media(c, MEDIA_JSON, reference(list));
		break;
	case CONTENT_PATCH:
		for (enum patch_type t = 0; t < PATCH_TYPE_COUNT; t++)
			add_media(c, patch_media_type(t), any_object());
		add_media(c, APPLY_MEDIA_TYPE, any_object());
		break;
	}
	return c;
}

static json *responses_of(const struct kind *k, const struct verb *v, bool whole)
{
	const char *code = str_eq(v->method, "post") ? "201" : "200";
	json *all = json_new_object(), *one = json_new_object();

	json_set_str(one, "description", "OK");
	if (whole)
		json_set(one, "content", content_of(k, v->answer));
	json_set(all, code, one);
	return all;
}

/*
 * One operation. Subresources other than status have types of their own, which no client asks this
 * document for: they are named without them.
 */
static json *operation_of(
    const struct kind *k, const struct verb *v, const char *sub, bool everywhere)
{
	bool whole = !sub || str_eq(sub, "status");
	auto_free char *id = xasprintf("%s%s%s%s%s", v->name, k->kind, sub ? "_" : "",
	    sub ? sub : "", everywhere ? "ForAllNamespaces" : "");
	json *o = json_new_object(), *params = json_new_array(), *body;

	json_set_str(o, "operationId", id);
	for (const struct param *p = whole ? v->params : params_none; p->name; p++)
		json_add(params, param_of(p, "query"));
	if (json_len(params))
		json_set(o, "parameters", params);
	else
		json_free(params);
	if (whole && v->body != CONTENT_NONE) {
		body = json_new_object();
		json_set(body, "content", content_of(k, v->body));
		json_set_bool(body, "required", true);
		json_set(o, "requestBody", body);
	}
	json_set(o, "responses", responses_of(k, v, whole));
	json_set_str(o, "x-kubernetes-action", whole ? v->action : "connect");
	if (whole)
		json_set(o, "x-kubernetes-group-version-kind", gvk_of(k, false));
	return o;
}

/* ---- paths ---- */

enum place { PLACE_EVERYWHERE, PLACE_COLLECTION, PLACE_OBJECT };

static json *path_params(const struct kind *k, enum place place)
{
	static const struct param ns = {"namespace", "string", "The namespace."};
	static const struct param name = {"name", "string", "The object's name."};
	json *all = json_new_array();

	if (place == PLACE_OBJECT)
		json_add(all, param_of(&name, "path"));
	if (place != PLACE_EVERYWHERE && k->namespaced)
		json_add(all, param_of(&ns, "path"));
	return all;
}

static bool verb_fits(const struct verb *v, enum place place, const char *sub)
{
	if (place == PLACE_EVERYWHERE)
		return str_eq(v->name, "list");
	/* What is created below an object belongs to that object's path. */
	return v->collection == (place == PLACE_COLLECTION) || (sub && str_eq(v->name, "create"));
}

static void add_path(struct buf *out, const struct openapi_server *s, const struct kind *k,
    enum place place, const char *sub)
{
	const char *const *served = s->verbs(k, sub);
	auto_free char *path = xasprintf("/%s/%s%s/%s%s%s%s", *k->group ? "apis" : "api",
	    kind_api_version(k),
	    k->namespaced && place != PLACE_EVERYWHERE ? "/namespaces/{namespace}" : "",
	    k->resource, place == PLACE_OBJECT ? "/{name}" : "", sub ? "/" : "", sub ? sub : "");
	json *item = json_new_object(), *params = path_params(k, place);

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (verb_fits(&verbs[i], place, sub) && has_verb(served, verbs[i].name))
			json_set(item, verbs[i].method,
			    operation_of(k, &verbs[i], sub, place == PLACE_EVERYWHERE));
	if (json_len(item) == 0) {
		json_free(item);
		json_free(params);
		return;
	}
	if (json_len(params))
		json_set(item, "parameters", params);
	else
		json_free(params);
	add_member_take(out, path, item);
}

static void add_paths(struct buf *out, const struct openapi_server *s, const struct kind *k)
{
	if (k->namespaced)
		add_path(out, s, k, PLACE_EVERYWHERE, NULL);
	add_path(out, s, k, PLACE_COLLECTION, NULL);
	add_path(out, s, k, PLACE_OBJECT, NULL);
	for (const char *const *sub = k->subresources; sub && *sub; sub++)
		add_path(out, s, k, PLACE_OBJECT, *sub);
}

/* ---- documents ---- */

static json *info_of(const struct openapi_server *s)
{
	json *info = json_new_object();

	json_set_str(info, "title", "kjob");
	json_set_str(info, "version", s->version);
	return info;
}

bool openapi_document(
    const struct openapi_server *s, const char *group, const char *version, struct buf *out)
{
	struct types types = {0};
	const struct kind *k;

	for (size_t i = 0; (k = kind_at(i)); i++) {
		if (str_eq(k->group, group) && str_eq(k->version, version))
			collect(&types, k->schema);
	}
	if (!types.len)
		return false;
	collect(&types, &schema_list_meta);
	buf_adds(out, "{");
	add_member_take(out, "openapi", json_new_string("3.0.0"));
	add_member_take(out, "info", info_of(s));
	buf_adds(out, ",\"paths\":{");
	for (size_t i = 0; (k = kind_at(i)); i++) {
		if (str_eq(k->group, group) && str_eq(k->version, version))
			add_paths(out, s, k);
	}
	buf_adds(out, "},\"components\":{\"schemas\":{");
	add_types(out, s, &types);
	buf_adds(out, "}}}");
	free(types.items);
	return true;
}

/* FNV-1a. */
char *openapi_hash(const struct buf *text, char ret[OPENAPI_HASH_MAX])
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < text->len; i++)
		h = (h ^ (unsigned char)text->ptr[i]) * UINT64_C(1099511628211);
	snprintf(ret, OPENAPI_HASH_MAX, "%016llX", (unsigned long long)h);
	return ret;
}

void openapi_index(const struct openapi_server *s, struct buf *out)
{
	auto_json *index = json_new_object();
	json *paths = json_new_object();
	const struct kind *k;

	json_set(index, "paths", paths);
	for (size_t i = 0; (k = kind_at(i)); i++) {
		auto_free char *path =
		    xasprintf("%s/%s", *k->group ? "apis" : "api", kind_api_version(k));
		auto_free char *url = NULL;
		char hash[OPENAPI_HASH_MAX];
		auto_buf text = {0};
		json *entry;

		if (json_get(paths, path))
			continue;
		openapi_document(s, k->group, k->version, &text);
		url = xasprintf("/openapi/v3/%s?hash=%s", path, openapi_hash(&text, hash));
		entry = json_new_object();
		json_set_str(entry, "serverRelativeURL", url);
		json_set(paths, path, entry);
	}
	json_print_to(index, out);
}
