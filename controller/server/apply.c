/*
 * apply: server-side apply, PATCH with the configuration that a client wants, in YAML or JSON. What
 * it means is in api/managed_fields.h.
 */
#include <ctype.h>

#include "../../runtime/base/yaml.h"
#include "../api/patch.h"
#include "internal.h"

/* ---- the body ---- */

static json *bad_yaml(struct err *e)
{
	err_wrap(e, "error decoding YAML");
	e->reason = ERR_BAD_REQUEST;
	return NULL;
}

/* Repeated names are errors or warnings as the request asks. */
static json *read_json(struct exchange *x, enum field_validation mode, struct err *e)
{
	auto_json *config = json_parse(x->body, x->body_len, JSON_ALLOW_DUPLICATES, e);
	auto_strlist repeated = {0};
	auto_free char *all = NULL;

	if (!config)
		return bad_yaml(e);
	patch_drop_duplicates(config, &repeated);
	all = strlist_join(&repeated, ", ");
	if (repeated.len && mode == FIELDS_STRICT) {
		err_set(e, ERR_BAD_REQUEST, "error strict decoding YAML: %s", all);
		return NULL;
	}
	for (size_t i = 0; mode == FIELDS_WARN && i < repeated.len; i++)
		strlist_add(&x->warnings, repeated.items[i]);
	return TAKE(config);
}

/* YAML's reader takes no repeated name, whatever the request asks. */
static json *read_yaml(const struct exchange *x, struct err *e)
{
	struct yaml_docs docs = {0};
	json *config = NULL;

	if (yaml_parse("patch", x->body ? x->body : "", x->body_len, &docs, e) < 0)
		return bad_yaml(e);
	if (docs.len > 1)
		err_set(e, ERR_BAD_REQUEST,
		    "error decoding YAML: a configuration is one document, not %zu", docs.len);
	else
		config = docs.len ? TAKE(docs.items[0].root) : json_new_object();
	yaml_docs_release(&docs);
	return config;
}

static json *read_config(struct exchange *x, enum field_validation mode, struct err *e)
{
	size_t i = 0;
	auto_json *config = NULL;

	while (i < x->body_len && isspace((unsigned char)x->body[i]))
		i++;
	config = i < x->body_len && x->body[i] == '{' ? read_json(x, mode, e) : read_yaml(x, e);
	if (config && !json_is_object(config)) {
		err_set(e, ERR_BAD_REQUEST,
		    "error decoding YAML: json: cannot unmarshal %s into Go value of type "
		    "map[string]interface {}",
		    json_type_name(json_type(config)));
		return NULL;
	}
	return TAKE(config);
}

/* ---- the request ---- */

static int parse_options(
    const struct exchange *x, struct write_request *ret, bool *ret_force, struct err *e)
{
	const char *manager = exchange_query(x, "fieldManager");

	if (!manager || !*manager)
		return err_option(e, "meta.k8s.io", "PatchOptions", "", "FieldValueRequired",
		    "fieldManager", "Required value: is required for apply patch");
	*ret_force = exchange_query_bool(x, "force");
	return write_request_parse(x, "PatchOptions", ret, e);
}

/* The object as it is; NULL without an error where there is none and it may be created. */
static int find_live(struct server *s, const struct request *r, json **ret, struct err *e)
{
	*ret = store_get(s->deps.store, r->kind, r->ns, r->name, e);
	if (*ret)
		return 0;
	if (e->reason != ERR_NOT_FOUND || r->sub)
		return -1;
	err_clear(e);
	return check_namespace(s, r, e);
}

/* What was merged, as an object of the kind. */
static int decode(const struct request *r, json *obj, struct err *e)
{
	if (api_decode_tree(r->kind, obj, NULL, e) == 0)
		return 0;
	return err_wrap(e, "%s in version \"%s\" cannot be handled as a %s", r->kind->kind,
	    r->kind->version, r->kind->kind);
}

static int check_new(const struct request *r, const json *obj, struct err *e)
{
	const char *uid = json_str_or(obj, "metadata.uid", "");

	if (!*uid)
		return 0;
	return err_set(e, ERR_CONFLICT,
	    "Operation cannot be fulfilled on %s \"%s\": uid mismatch: the provided object "
	    "specified uid %s, and no existing object was found",
	    kind_qualified(r->kind), r->name, uid);
}

json *applied(struct exchange *x, const struct request *r, bool *ret_created, struct err *e)
{
	struct server *s = server_of(x);
	auto_write_request w = {0};
	auto_json *config = NULL, *live = NULL, *next = NULL;
	bool force = false;

	if (parse_options(x, &w, &force, e) < 0)
		return NULL;
	w.manager.subresource = r->sub;
	config = read_config(x, w.fields, e);
	if (!config || find_live(s, r, &live, e) < 0)
		return NULL;
	next = managed_apply(r->kind, live, config, &w.manager, force, e);
	if (!next || decode(r, next, e) < 0 || check_size(next, e) < 0 ||
	    (!live && check_new(r, next, e) < 0) || check_named(r, next, e) < 0)
		return NULL;
	*ret_created = !live;
	if (live) {
		struct update_options o = {.part = r->sub ? UPDATE_STATUS : UPDATE_MAIN,
		    .dry_run = w.dry_run,
		    .warnings = &x->warnings};

		return registry_update(s->deps.store, r->kind, TAKE(next), &o, e);
	}
	return registry_create(s->deps.store, r->kind, r->ns, TAKE(next),
	    &(struct create_options){.dry_run = w.dry_run, .warnings = &x->warnings}, e);
}
