/*
 * eviction: POST pods/NAME/eviction. The pod learns that it is disrupted, in a condition that Jobs
 * can judge by, and is then deleted like any other. There are no disruption budgets here.
 */
#include "../../runtime/base/clock.h"
#include "../api/schema.h"
#include "internal.h"

#define TYPE "DisruptionTarget"

static const struct kind eviction_kind = {
    .group = "policy", .version = "v1", .kind = "Eviction", .schema = &schema_eviction};

/* ---- the request ---- */

static int cannot_handle(struct err *e)
{
	return err_wrap(e, "Eviction in version \"v1\" cannot be handled as a Eviction");
}

static int check_type(const json *body, struct err *e)
{
	if (!str_eq(json_str_or(body, "kind", "Eviction"), "Eviction"))
		return err_set(e, ERR_BAD_REQUEST,
		    "the kind in the data (%s) does not match the expected kind (Eviction)",
		    json_str(body, "kind"));
	if (!str_eq(json_str_or(body, "apiVersion", "policy/v1"), "policy/v1"))
		return err_set(e, ERR_BAD_REQUEST,
		    "the API version in the data (%s) does not match the expected API version "
		    "(policy/v1)",
		    json_str(body, "apiVersion"));
	return 0;
}

/* The eviction in the body; owned. */
static json *read_body(struct exchange *x, enum field_validation mode, struct err *e)
{
	auto_json *body = json_parse(x->body, x->body_len, JSON_PARSE_STRICT, e);
	auto_strlist strict = {0};

	if (!body) {
		auto_free char *why = xstrdup(err_msg(e));

		err_set(e, ERR_BAD_REQUEST,
		    "the object provided is unrecognized (must be of type Eviction): json parse "
		    "error: %s",
		    why);
		return NULL;
	}
	if (api_decode_tree(&eviction_kind, body, &strict, e) < 0) {
		cannot_handle(e);
		return NULL;
	}
	if (mode == FIELDS_STRICT && strict.len) {
		auto_free char *all = strlist_join(&strict, ", ");

		err_set(e, ERR_BAD_REQUEST, "strict decoding error: %s", all);
		cannot_handle(e);
		return NULL;
	}
	for (size_t i = 0; mode == FIELDS_WARN && i < strict.len; i++)
		strlist_add(&x->warnings, strict.items[i]);
	return check_type(body, e) < 0 ? NULL : TAKE(body);
}

static int check_identity(const struct request *r, const json *body, struct err *e)
{
	if (!str_eq(json_str_or(body, "metadata.name", ""), r->name))
		return err_set(
		    e, ERR_BAD_REQUEST, "name in URL does not match name in Eviction object");
	if (!str_eq(json_str_or(body, "metadata.namespace", r->ns), r->ns))
		return err_set(e, ERR_BAD_REQUEST,
		    "the namespace of the provided object does not match the namespace sent on the "
		    "request");
	return 0;
}

/* ---- the deed ---- */

/* The condition of this type, made when it is missing; it changes now. */
static void mark_disrupted(json *pod)
{
	json *status = json_obj(pod, "status"), *list, *found = NULL;
	char now[TIME_TEXT_MAX];

	if (!json_is_array(json_get(status, "conditions")))
		json_set(status, "conditions", json_new_array());
	list = json_get(status, "conditions");
	json_for (c, list)
		if (str_eq(json_str(c, "type"), TYPE))
			found = c;
	if (!found) {
		found = json_new_object();
		json_add(list, found);
	}
	if (!str_eq(json_str(found, "status"), "True"))
		json_set_str(
		    found, "lastTransitionTime", time_format(now, clock_wall_ns() / NSEC_PER_SEC));
	json_set_str(found, "type", TYPE);
	json_set_str(found, "status", "True");
	json_set_str(found, "reason", "EvictionByEvictionAPI");
	json_set_str(found, "message", "Eviction API: evicting");
}

/* What has ended, or is ending, is not disrupted any more. */
static bool is_going(const json *pod)
{
	const char *phase = json_str_or(pod, "status.phase", "");

	return str_eq(phase, "Succeeded") || str_eq(phase, "Failed") ||
	       json_has(pod, "metadata.deletionTimestamp");
}

static int add_condition(struct exchange *x, const struct request *r, struct err *e)
{
	const struct update_options o = {.part = UPDATE_STATUS};
	struct store *s = server_of(x)->deps.store;
	json *pod = store_get(s, r->kind, r->ns, r->name, e);
	auto_json *stored = NULL;

	if (!pod)
		return -1;
	if (is_going(pod)) {
		json_free(pod);
		return 0;
	}
	mark_disrupted(pod);
	stored = registry_update(s, r->kind, pod, &o, e);
	return stored ? 0 : -1;
}

static int evict(struct exchange *x, const struct request *r, struct err *e)
{
	auto_delete_request d = {.options = {.grace_seconds = -1, .warnings = &x->warnings}};
	struct store *s = server_of(x)->deps.store;
	enum field_validation fields;
	auto_json *tried = NULL, *done = NULL;
	struct delete_options trial;
	bool dry_run, gone;

	if (query_dry_run(x, "CreateOptions", &dry_run, e) < 0 ||
	    query_field_validation(x, "CreateOptions", &fields, e) < 0)
		return -1;
	d.body = read_body(x, fields, e);
	if (!d.body || check_identity(r, d.body, e) < 0 ||
	    delete_options_read(json_get(d.body, "deleteOptions"), &d.options, e) < 0)
		return -1;
	d.options.dry_run |= dry_run;
	trial = d.options;
	trial.dry_run = true;
	trial.warnings = NULL;
	tried = registry_delete(s, r->kind, r->ns, r->name, &trial, &gone, e);
	if (!tried)
		return -1;
	if (d.options.dry_run)
		return 0;
	if (add_condition(x, r, e) < 0)
		return -1;
	d.options.resource_version = NULL; /* it held; the condition has changed it */
	done = registry_delete(s, r->kind, r->ns, r->name, &d.options, &gone, e);
	return done ? 0 : -1;
}

void handle_eviction(struct exchange *x, const struct request *r)
{
	auto_err e = {0};
	json *status;

	if (evict(x, r, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	status = status_success();
	json_set_int(status, "code", 201);
	answer_json_take(x, 201, status);
}
