/*
 * openapi_v2: the documents as one of OpenAPI v2, for clients from before v3. It is made from the
 * v3 documents: names of types move, references lose their wrapping, what can be several types is
 * called a string, and bodies become parameters.
 */
#include "openapi.h"

#define V3_PREFIX "#/components/schemas/"
#define V2_PREFIX "#/definitions/"
#define MEDIA_JSON "application/json"

/* Replaces the members of `to` by those of `from`, which is consumed; those of `to` win. */
static void merge_take(json *to, json *from)
{
	json_for (m, from)
		if (!json_get(to, json_key(m)))
			json_set(to, json_key(m), json_dup(m));
	json_free(from);
}

/* In place, with all that is below. */
static void convert_schema(json *schema)
{
	const char *ref = json_str(schema, "$ref");
	const json *all = json_get(schema, "allOf");

	if (ref && str_has_prefix(ref, V3_PREFIX)) {
		auto_free char *path = xasprintf(V2_PREFIX "%s", ref + strlen(V3_PREFIX));

		json_set_str(schema, "$ref", path);
	} else if (all) {
		json *only = json_dup(json_first(all));

		json_del(schema, "allOf");
		json_del(schema, "default"); /* nothing may stand beside a reference but its text */
		merge_take(schema, only);
		convert_schema(schema);
	} else if (json_get(schema, "oneOf")) {
		json_del(schema, "oneOf");
		json_set_str(schema, "type", "string");
	}
	json_for (p, json_get(schema, "properties"))
		convert_schema(p);
	if (json_get(schema, "items"))
		convert_schema(json_get(schema, "items"));
	if (json_is_object(json_get(schema, "additionalProperties")))
		convert_schema(json_get(schema, "additionalProperties"));
}

/* {"name", "in", "schema": {"type"}} has the type beside the others. */
static void convert_params(json *params)
{
	json_for (p, params) {
		json *schema = json_dup(json_get(p, "schema"));

		json_del(p, "schema");
		merge_take(p, schema);
	}
}

/* The schema of a content, the same for all media types; owned. */
static json *content_schema(const json *content)
{
	json *schema = json_dup(json_get(json_first(content), "schema"));

	convert_schema(schema);
	return schema;
}

static json *media_types(const json *content)
{
	json *list = json_new_array();

	json_for (media, content)
		json_add(list, json_new_string(json_key(media)));
	return list;
}

static void convert_body(json *operation)
{
	const json *content = json_path(operation, "requestBody.content");
	json *params = json_get(operation, "parameters"), *body;

	if (!content)
		return;
	if (!params)
		json_set(operation, "parameters", params = json_new_array());
	body = json_new_object();
	json_set_str(body, "name", "body");
	json_set_str(body, "in", "body");
	json_set_bool(body, "required", true);
	json_set(body, "schema", content_schema(content));
	json_add(params, body);
	json_set(operation, "consumes", media_types(content));
	json_del(operation, "requestBody");
}

static void convert_operation(json *operation)
{
	json *produces = json_new_array();

	json_add(produces, json_new_string(MEDIA_JSON));
	json_set(operation, "produces", produces);
	convert_params(json_get(operation, "parameters"));
	convert_body(operation);
	json_for (response, json_get(operation, "responses")) {
		const json *content = json_get(response, "content");

		if (!content)
			continue;
		json_set(response, "schema", content_schema(content));
		json_del(response, "content");
	}
}

static void convert_path(json *item)
{
	json_for (m, item)
		if (str_eq(json_key(m), "parameters"))
			convert_params(m);
		else
			convert_operation(m);
}

/* Moves what one group's document has into the whole. */
static void add_document(json *whole, const struct openapi_server *s, const struct kind *k)
{
	auto_json *v3 = NULL;
	auto_buf text = {0};

	openapi_document(s, k->group, k->version, &text);
	v3 = json_parse(buf_str(&text), text.len, 0, NULL);
	json_for (item, json_get(v3, "paths"))
		convert_path(item);
	json_for (type, json_path(v3, "components.schemas"))
		convert_schema(type);
	merge_take(json_get(whole, "paths"), json_dup(json_get(v3, "paths")));
	merge_take(json_get(whole, "definitions"), json_dup(json_path(v3, "components.schemas")));
	if (!json_get(whole, "info"))
		json_set(whole, "info", json_dup(json_get(v3, "info")));
}

json *openapi_v2_document(const struct openapi_server *s)
{
	json *whole = json_new_object();
	auto_strlist seen = {0};
	const struct kind *k;

	json_set_str(whole, "swagger", "2.0");
	json_set(whole, "paths", json_new_object());
	json_set(whole, "definitions", json_new_object());
	for (size_t i = 0; (k = kind_at(i)); i++) {
		if (strlist_has(&seen, kind_api_version(k)))
			continue;
		strlist_add(&seen, kind_api_version(k));
		add_document(whole, s, k);
	}
	return whole;
}
