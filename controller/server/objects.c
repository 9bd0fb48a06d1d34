/* objects: get, create, update, patch and delete of one object. */
#include "../api/patch.h"
#include "internal.h"

static void answer_object(
    struct exchange *x, const struct request *r, int code, struct buf *text, uint64_t rv)
{
	auto_buf shown = {0};
	auto_err e = {0};

	if (r->view.shape == SHAPE_PLAIN && !r->view.events) {
		answer_text(x, code, NULL, text);
		return;
	}
	if (r->view.shape != SHAPE_TABLE) {
		render_object(&shown, &r->view, buf_str(text), text->len);
	} else if (render_single(&shown, r, buf_str(text), text->len, rv, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	answer_text(x, code, NULL, &shown);
}

static void answer_object_take(struct exchange *x, const struct request *r, int code, json *obj)
{
	const char *version = json_str_or(obj, "metadata.resourceVersion", "0");
	auto_buf text = {0};
	int64_t rv = 0;

	if (str_to_int(version, 0, INT64_MAX, &rv) < 0)
		rv = 0;
	json_print_to(obj, &text);
	json_free(obj);
	answer_object(x, r, code, &text, (uint64_t)rv);
}

void handle_get(struct exchange *x, const struct request *r)
{
	auto_buf text = {0};
	auto_err e = {0};
	uint64_t rv;

	if (check_get_version(x, &e) < 0 ||
	    object_text(server_of(x), r->kind, r->ns, r->name, &text, &rv, &e) < 0)
		answer_err(x, &e);
	else
		answer_object(x, r, 200, &text, rv);
}

/* ---- create ---- */

int check_namespace(struct server *s, const struct request *r, struct err *e)
{
	auto_buf text = {0};
	uint64_t rv;

	if (!r->kind->namespaced)
		return 0;
	return object_text(s, kind_by_id(KIND_NAMESPACE), NULL, r->ns, &text, &rv, e);
}

static json *create(struct exchange *x, const struct request *r, struct err *e)
{
	struct server *s = server_of(x);
	auto_write_request w = {0};
	struct create_options o;
	json *obj;

	if (write_request_parse(x, "CreateOptions", &w, e) < 0 || body_check_type(x, e) < 0 ||
	    check_namespace(s, r, e) < 0)
		return NULL;
	obj = api_decode(r->kind, x->body, x->body_len, w.fields, &x->warnings, e);
	if (!obj)
		return NULL;
	o = (struct create_options){
	    .dry_run = w.dry_run, .manager = &w.manager, .warnings = &x->warnings};
	return registry_create(s->deps.store, r->kind, r->ns, obj, &o, e);
}

void handle_create(struct exchange *x, const struct request *r)
{
	auto_err e = {0};
	json *obj = create(x, r, &e);

	if (obj)
		answer_object_take(x, r, 201, obj);
	else
		answer_err(x, &e);
}

/* ---- update and patch ---- */

int check_named(const struct request *r, json *obj, struct err *e)
{
	const char *name = json_str(obj, "metadata.name");
	const char *ns = json_str(obj, "metadata.namespace");

	if (!name || !*name)
		return err_set(e, ERR_BAD_REQUEST,
		    "the name of the object (%s based on URL) was undeterminable: name must be "
		    "provided",
		    r->name);
	if (!str_eq(name, r->name))
		return err_set(e, ERR_BAD_REQUEST,
		    "the name of the object (%s) does not match the name on the URL (%s)", name,
		    r->name);
	if (!r->kind->namespaced)
		return 0;
	if (!ns || !*ns)
		json_set_path(obj, "metadata.namespace", json_new_string(r->ns));
	else if (!str_eq(ns, r->ns))
		return err_set(e, ERR_BAD_REQUEST,
		    "the namespace of the object (%s) does not match the namespace on the URL (%s)",
		    ns, r->ns);
	return 0;
}

/* Consumes obj. */
static json *store_new_state(struct exchange *x, const struct request *r,
    const struct write_request *w, json *obj, struct err *e)
{
	auto_json *owned = obj;
	struct field_manager manager = {w->manager.name, r->sub, w->manager.now};
	struct update_options o = {.part = !r->sub                      ? UPDATE_MAIN
					   : str_eq(r->sub, "finalize") ? UPDATE_FINALIZE
									: UPDATE_STATUS,
	    .dry_run = w->dry_run,
	    .manager = &manager,
	    .warnings = &x->warnings};

	if (!owned || check_named(r, owned, e) < 0)
		return NULL;
	return registry_update(server_of(x)->deps.store, r->kind, TAKE(owned), &o, e);
}

static json *updated(struct exchange *x, const struct request *r, struct err *e)
{
	auto_write_request w = {0};
	json *obj;

	if (write_request_parse(x, "UpdateOptions", &w, e) < 0 || body_check_type(x, e) < 0)
		return NULL;
	obj = api_decode(r->kind, x->body, x->body_len, w.fields, &x->warnings, e);
	return store_new_state(x, r, &w, obj, e);
}

void handle_update(struct exchange *x, const struct request *r)
{
	auto_err e = {0};
	json *obj = updated(x, r, &e);

	if (obj)
		answer_object_take(x, r, 200, obj);
	else
		answer_err(x, &e);
}

static int patch_type_of(const struct exchange *x, enum patch_type *ret, struct err *e)
{
	auto_strlist types = {0};
	auto_free char *all = NULL;

	for (enum patch_type t = 0; t < PATCH_TYPE_COUNT; t++) {
		strlist_add(&types, patch_media_type(t));
		if (body_is(x, patch_media_type(t))) {
			*ret = t;
			return 0;
		}
	}
	strlist_add(&types, APPLY_MEDIA_TYPE);
	all = strlist_join(&types, ", ");
	return err_set(e, ERR_UNSUPPORTED_MEDIA,
	    "the body of the request was in an unknown format - accepted media types include: %s",
	    all);
}

/* Server-side apply alone can be forced. */
static int check_force(const struct exchange *x, struct err *e)
{
	const char *force = exchange_query(x, "force");

	if (!force || !*force)
		return 0;
	return err_option(e, "meta.k8s.io", "PatchOptions", "", "FieldValueForbidden", "force",
	    "Forbidden: may not be specified for non-apply patch");
}

int check_size(const json *obj, struct err *e)
{
	auto_buf text = {0};

	json_print_to(obj, &text);
	if (text.len <= MAX_BODY_BYTES)
		return 0;
	return err_set(
	    e, ERR_TOO_LARGE, "the patched object is larger than %u bytes", MAX_BODY_BYTES);
}

static json *patched(struct exchange *x, const struct request *r, struct err *e)
{
	struct patch p = {.copy_max = MAX_BODY_BYTES, .warnings = &x->warnings};
	auto_write_request w = {0};
	auto_json *obj = NULL, *result = NULL;

	if (patch_type_of(x, &p.type, e) < 0 || write_request_parse(x, "PatchOptions", &w, e) < 0 ||
	    check_force(x, e) < 0)
		return NULL;
	p.fields = w.fields;
	obj = store_get(server_of(x)->deps.store, r->kind, r->ns, r->name, e);
	if (!obj)
		return NULL;
	result = patch_apply(r->kind, obj, x->body, x->body_len, &p, e);
	if (!result || check_size(result, e) < 0)
		return NULL;
	return store_new_state(x, r, &w, TAKE(result), e);
}

void handle_patch(struct exchange *x, const struct request *r)
{
	bool apply = body_is(x, APPLY_MEDIA_TYPE), created = false;
	auto_err e = {0};
	json *obj = apply ? applied(x, r, &created, &e) : patched(x, r, &e);

	if (obj)
		answer_object_take(x, r, created ? 201 : 200, obj);
	else
		answer_err(x, &e);
}

/* ---- delete ---- */

static int parse_propagation(const char *text, enum propagation *ret, struct err *e)
{
	static const struct {
		const char *name;
		enum propagation propagation;
	} names[] = {{"", PROPAGATE_DEFAULT}, {"Foreground", PROPAGATE_FOREGROUND},
	    {"Background", PROPAGATE_BACKGROUND}, {"Orphan", PROPAGATE_ORPHAN}};
	auto_free char *quoted = NULL, *detail = NULL;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(text ? text : "", names[i].name)) {
			*ret = names[i].propagation;
			return 0;
		}
	}
	quoted = str_go_quote(text);
	detail = xasprintf(
	    "Unsupported value: %s: supported values: \"Foreground\", \"Background\", \"Orphan\", "
	    "\"nil\"",
	    quoted);
	return err_option(e, "meta.k8s.io", "DeleteOptions", "", "FieldValueNotSupported",
	    "propagationPolicy", detail);
}

static int check_grace(int64_t grace, struct err *e)
{
	if (grace >= 0)
		return 0;
	return err_option(e, "meta.k8s.io", "DeleteOptions", "", "FieldValueInvalid",
	    "gracePeriodSeconds", "Invalid value: must be greater than or equal to 0");
}

/* Members win over parameters of the query of the same name. */
int delete_options_read(const json *body, struct delete_options *o, struct err *e)
{
	const json *grace = json_get(body, "gracePeriodSeconds");

	if (grace && json_type(grace) != JSON_NULL) {
		if (!json_is_int(grace, &o->grace_seconds))
			return err_set(e, ERR_BAD_REQUEST,
			    "DeleteOptions: gracePeriodSeconds must be an integer");
		if (check_grace(o->grace_seconds, e) < 0)
			return -1;
	}
	o->uid = json_str(body, "preconditions.uid");
	o->resource_version = json_str(body, "preconditions.resourceVersion");
	if (json_has(body, "propagationPolicy") && json_has(body, "orphanDependents")) {
		auto_free char *quoted = str_go_quote(json_str_or(body, "propagationPolicy", ""));
		auto_free char *detail = xasprintf("Invalid value: %s: orphanDependents and "
						   "deletionPropagation cannot be both set",
		    quoted);

		return err_option(e, "meta.k8s.io", "DeleteOptions", "", "FieldValueInvalid",
		    "propagationPolicy", detail);
	}
	if (json_has(body, "propagationPolicy") &&
	    parse_propagation(json_str_or(body, "propagationPolicy", "?"), &o->propagation, e) < 0)
		return -1;
	if (json_has(body, "orphanDependents"))
		o->propagation = json_bool(body, "orphanDependents", false) ? PROPAGATE_ORPHAN
									    : PROPAGATE_BACKGROUND;
	json_for (dry, json_get(body, "dryRun")) {
		if (!str_eq(json_string_value(dry), "All"))
			return err_dry_run(json_string_value(dry), "DeleteOptions", e);
		o->dry_run = true;
	}
	return 0;
}

static int delete_body_parse(struct exchange *x, struct delete_request *d, struct err *e)
{
	const char *kind;

	d->body = json_parse(x->body, x->body_len, JSON_PARSE_STRICT, e);
	if (!d->body || !json_is_object(d->body)) {
		auto_free char *msg = xstrdup(d->body ? "not an object" : err_msg(e));

		return err_set(e, ERR_BAD_REQUEST, "DeleteOptions: %s", msg);
	}
	kind = json_str_or(d->body, "kind", "DeleteOptions");
	if (!str_eq(kind, "DeleteOptions"))
		return err_set(
		    e, ERR_BAD_REQUEST, "the body of a DELETE must be DeleteOptions, not %s", kind);
	return delete_options_read(d->body, &d->options, e);
}

int delete_request_parse(struct exchange *x, struct delete_request *ret, struct err *e)
{
	auto_delete_request d = {.options = {.grace_seconds = -1, .warnings = &x->warnings}};
	const char *grace = exchange_query(x, "gracePeriodSeconds");

	if (query_int(x, "gracePeriodSeconds", INT64_MIN, &d.options.grace_seconds, e) < 0 ||
	    (grace && *grace && check_grace(d.options.grace_seconds, e) < 0) ||
	    query_dry_run(x, "DeleteOptions", &d.options.dry_run, e) < 0 ||
	    parse_propagation(exchange_query(x, "propagationPolicy"), &d.options.propagation, e) <
		0)
		return -1;
	if (x->body_len && (body_check_type(x, e) < 0 || delete_body_parse(x, &d, e) < 0))
		return -1;
	*ret = d;
	d.body = NULL;
	return 0;
}

void delete_request_release(struct delete_request *d)
{
	json_free(d->body);
	d->body = NULL;
}

static json *deleted_status(const struct request *r, const json *obj)
{
	json *status = status_success();
	json *details = json_new_object();

	json_set_str(details, "name", r->name);
	if (*r->kind->group)
		json_set_str(details, "group", r->kind->group);
	json_set_str(details, "kind", r->kind->resource);
	json_set_str(details, "uid", json_str(obj, "metadata.uid"));
	json_set(status, "details", details);
	return status;
}

void handle_delete(struct exchange *x, const struct request *r)
{
	auto_delete_request d = {0};
	auto_err e = {0};
	json *obj;
	bool gone;

	if (delete_request_parse(x, &d, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	obj = registry_delete(
	    server_of(x)->deps.store, r->kind, r->ns, r->name, &d.options, &gone, &e);
	if (!obj) {
		answer_err(x, &e);
	} else if (gone) {
		answer_json_take(x, 200, deleted_status(r, obj));
		json_free(obj);
	} else {
		answer_object_take(x, r, 200, obj);
	}
}
