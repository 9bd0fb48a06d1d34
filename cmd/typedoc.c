#include "typedoc.h"

#define DEPTH_MAX 64 /* of references */
#define V2_PATH "/openapi/v2"

/* ---- asking ---- */

const json *typedoc_get(struct cmd_ctx *ctx, const struct resource *r, struct err *e)
{
	auto_buf path = {0}, version = {0};
	struct client *c = cmd_client(ctx, e);
	json *document;

	if (!c)
		return NULL;
	if (!ctx->documents)
		ctx->documents = json_new_object();
	resource_api_version(r, &version);
	buf_addf(&path, "/openapi/v3/%s/%s", *r->group ? "apis" : "api", buf_str(&version));
	document = json_get(ctx->documents, buf_str(&path));
	document = document ? document : json_get(ctx->documents, V2_PATH);
	if (document)
		return document;
	document = client_get_json(c, buf_str(&path), e);
	if (!document && err_is_status(e) && e->reason == ERR_NOT_FOUND) {
		err_clear(e);
		buf_clear(&path);
		buf_adds(&path, V2_PATH);
		document = client_get_json(c, V2_PATH, e);
	}
	if (document)
		json_set(ctx->documents, buf_str(&path), document);
	return document;
}

/* ---- reading ---- */

/* The types by name, and what references to them begin with. */
static const json *types_of(const json *document, const char **ret_prefix)
{
	const json *types = json_path(document, "components.schemas");

	*ret_prefix = types ? "#/components/schemas/" : "#/definitions/";
	return types ? types : json_get(document, "definitions");
}

static bool is_kind(const json *gvk, const char *group, const char *version, const char *kind)
{
	return str_eq(json_str_or(gvk, "group", ""), group) &&
	       str_eq(json_str_or(gvk, "version", ""), version) &&
	       str_eq(json_str_or(gvk, "kind", ""), kind);
}

const json *typedoc_kind(
    const json *document, const char *group, const char *version, const char *kind)
{
	const char *prefix;

	json_for (type, types_of(document, &prefix))
		json_for (gvk, json_get(type, "x-kubernetes-group-version-kind"))
			if (is_kind(gvk, group, version, kind))
				return type;
	return NULL;
}

bool typedoc_takes_patch(const json *document, const struct resource *r, const char *media_type)
{
	json_for (path, json_get(document, "paths")) {
		const json *op = json_get(path, "patch");

		if (!is_kind(json_get(op, "x-kubernetes-group-version-kind"), r->group, r->version,
			r->kind))
			continue;
		if (json_get(json_path(op, "requestBody.content"), media_type))
			return true;
		json_for (it, json_get(op, "consumes"))
			if (str_eq(json_string_value(it), media_type))
				return true;
	}
	return false;
}

const json *typedoc_resolve(const json *document, const json *type)
{
	const char *prefix;
	const json *types = types_of(document, &prefix);

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		const char *ref = json_str(type, "$ref");

		if (!ref)
			return type;
		type = str_has_prefix(ref, prefix) ? json_get(types, ref + strlen(prefix)) : NULL;
	}
	return NULL;
}

/* The type itself, where a property refers to it beside what it says of its own. */
static const json *unwrap(const json *document, const json *type)
{
	type = typedoc_resolve(document, type);
	for (int depth = 0; depth < DEPTH_MAX && json_len(json_get(type, "allOf")) == 1; depth++)
		type = typedoc_resolve(document, json_first(json_get(type, "allOf")));
	return type;
}

const json *typedoc_member(const json *document, const json *type, const char *name)
{
	const json *own = unwrap(document, type), *properties = json_get(own, "properties");

	return properties ? json_get(properties, name) : json_get(own, "additionalProperties");
}

const json *typedoc_items(const json *document, const json *type)
{
	return json_get(unwrap(document, type), "items");
}
