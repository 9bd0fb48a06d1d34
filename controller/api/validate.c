/*
 * validate: checks on create and update. All errors are collected; those about fields that this
 * version does not honour come last.
 */
#include "validate.h"

#include "../../runtime/base/map.h"
#include "managed_fields.h"
#include "names.h"

#define ANNOTATIONS_MAX (256 * KIB)

/* ---- what all kinds share ---- */

void validate_name(struct report *r, const char *s, void (*check)(const char *, struct strlist *),
    const struct place *p)
{
	auto_strlist problems = {0};

	check(s, &problems);
	for (size_t i = 0; i < problems.len; i++)
		bad_invalid_text(r, p, s, problems.items[i]);
}

void validate_labels(struct report *r, const json *labels, const struct place *p)
{
	json_for (l, labels) {
		validate_name(r, json_key(l), name_check_qualified, p);
		validate_name(r, json_string_value(l), name_check_label_value, p);
	}
}

void validate_annotations(struct report *r, const json *annotations, const struct place *p)
{
	size_t total = 0;

	json_for (a, annotations) {
		auto_strlist problems = {0};
		auto_free char *lower = xstrdup(json_key(a));

		for (char *c = lower; *c; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 'a' - 'A') : *c;
		name_check_qualified(lower, &problems);
		for (size_t i = 0; i < problems.len; i++)
			bad_invalid_text(r, p, json_key(a), problems.items[i]);
		total += strlen(json_key(a)) + strlen(json_string_value(a));
	}
	if (total > ANNOTATIONS_MAX)
		bad_too_long(r, p, ANNOTATIONS_MAX);
}

static void validate_requirement(struct report *r, const json *expr, const struct place *p)
{
	const char *op = json_str_or(expr, "operator", "");
	bool has_values = json_first(json_get(expr, "values")) != NULL;
	struct place key = PLACE(p, "key"), at_op = PLACE(p, "operator");
	struct place values = PLACE(p, "values");

	if (str_eq(op, "In") || str_eq(op, "NotIn")) {
		if (!has_values)
			bad_required(
			    r, &values, "must be specified when `operator` is 'In' or 'NotIn'");
	} else if (str_eq(op, "Exists") || str_eq(op, "DoesNotExist")) {
		if (has_values)
			bad_forbidden(r, &values,
			    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
	} else {
		bad_invalid_text(r, &at_op, op, "not a valid selector operator");
	}
	validate_name(r, json_str_or(expr, "key", ""), name_check_qualified, &key);
}

void validate_label_selector(struct report *r, const json *selector, const struct place *p)
{
	struct place labels = PLACE(p, "matchLabels"), list = PLACE(p, "matchExpressions");
	size_t i = 0;

	validate_labels(r, json_get(selector, "matchLabels"), &labels);
	json_for (expr, json_get(selector, "matchExpressions")) {
		struct place item = PLACE_ITEM(&list, i++);

		validate_requirement(r, expr, &item);
	}
}

void validate_enum(struct report *r, const struct schema *s, const json *obj, const char *name,
    const struct place *up)
{
	const struct field *f = schema_field(s, name);
	const char *value = json_string_value(json_get(obj, name));
	struct place p = PLACE(up, name);

	if (!value)
		return;
	for (size_t i = 0; f->values[i]; i++)
		if (str_eq(f->values[i], value))
			return;
	bad_unsupported(r, &p, value, f->values);
}

void validate_nonnegative(
    struct report *r, const json *obj, const char *name, const struct place *up)
{
	const json *value = json_get(obj, name);
	struct place p = PLACE(up, name);
	int64_t n;

	if (json_is_int(value, &n) && n < 0)
		bad_invalid(r, &p, value, "must be greater than or equal to 0");
}

/* ---- metadata ---- */

static void validate_owner(struct report *r, const json *owner, const struct place *p)
{
	static const struct {
		const char *name, *text;
	} members[] = {
	    {"apiVersion", "version must not be empty"},
	    {"kind", "must not be empty"},
	    {"name", "must not be empty"},
	    {"uid", "must not be empty"},
	};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		struct place at = PLACE(p, members[i].name);

		if (!*json_str_or(owner, members[i].name, ""))
			bad_invalid_text(r, &at, "", members[i].text);
	}
	if (str_eq(json_str(owner, "kind"), "Event") && str_eq(json_str(owner, "apiVersion"), "v1"))
		bad_invalid(r, p, owner, "/v1, Kind=Event is disallowed from being an owner");
}

static void validate_owners(struct report *r, const json *owners, const struct place *p)
{
	const char *controller = NULL;
	size_t i = 0;

	json_for (o, owners) {
		struct place item = PLACE_ITEM(p, i++);

		validate_owner(r, o, &item);
		if (!json_bool(o, "controller", false))
			continue;
		if (controller)
			bad_invalid(r, p, owners,
			    "Only one reference can have Controller set to true. Found \"true\" in "
			    "references for %s "
			    "and %s",
			    controller, json_str_or(o, "name", ""));
		controller = json_str_or(o, "name", "");
	}
}

/* Who owns which field: the names; the sets were read already. */
static void validate_managers(struct report *r, const json *entries, const struct place *p)
{
	size_t i = 0;

	json_for (entry, entries) {
		const char *name = json_str_or(entry, "manager", "");
		struct place item = PLACE_ITEM(p, i++), manager = PLACE(&item, "manager"),
			     subresource = PLACE(&item, "subresource");
		size_t bad;

		if (strlen(name) > FIELD_MANAGER_MAX)
			bad_too_long(r, &manager, FIELD_MANAGER_MAX);
		else if (managed_name_odd(name, &bad))
			bad_invalid(r, &manager, json_get(entry, "manager"),
			    "invalid character U+%04X (at position %zu)",
			    (unsigned)managed_name_odd(name, &bad), bad);
		if (strlen(json_str_or(entry, "subresource", "")) > SUBRESOURCE_NAME_MAX)
			bad_too_long(r, &subresource, SUBRESOURCE_NAME_MAX);
	}
}

/* A prefix of names may end in a dash. */
static void validate_prefix(struct report *r, const char *prefix,
    void (*check)(const char *s, struct strlist *problems), const struct place *meta)
{
	struct place at = PLACE(meta, "generateName");
	auto_strlist problems = {0};
	auto_free char *masked = xstrdup(prefix);
	size_t len = strlen(masked);

	if (masked[len - 1] == '-')
		masked[len - 1] = 'a';
	check(masked, &problems);
	for (size_t i = 0; i < problems.len; i++)
		bad_invalid_text(r, &at, prefix, problems.items[i]);
}

static void validate_meta(struct report *r, const struct kind *k, const json *obj)
{
	void (*name_check)(const char *s, struct strlist *problems) =
	    k->id == KIND_NAMESPACE ? name_check_dns_label
	    : k->id == KIND_SERVICE ? name_check_dns1035
				    : name_check_dns_subdomain;
	const json *meta = json_get(obj, "metadata");
	struct place at = PLACE(NULL, "metadata"), name = PLACE(&at, "name"),
		     labels = PLACE(&at, "labels");
	struct place annotations = PLACE(&at, "annotations"),
		     owners = PLACE(&at, "ownerReferences");
	struct place finalizers = PLACE(&at, "finalizers"), ns = PLACE(&at, "namespace"),
		     managed = PLACE(&at, "managedFields");

	if (*json_str_or(meta, "generateName", ""))
		validate_prefix(r, json_str_or(meta, "generateName", ""), name_check, &at);
	if (!json_has(meta, "name"))
		bad_required(r, &name, "name or generateName is required");
	else
		validate_name(r, json_str_or(meta, "name", ""), name_check, &name);
	if (k->namespaced && !json_has(meta, "namespace"))
		bad_required(r, &ns, "");
	else if (k->namespaced)
		validate_name(r, json_str_or(meta, "namespace", ""), name_check_dns_label, &ns);
	else if (json_has(meta, "namespace"))
		bad_forbidden(r, &ns, "not allowed on this type");
	/* Labels that a Job has from its template are judged there. */
	if (k->id != KIND_JOB ||
	    !json_equal(json_get(meta, "labels"), json_path(obj, "spec.template.metadata.labels")))
		validate_labels(r, json_get(meta, "labels"), &labels);
	validate_annotations(r, json_get(meta, "annotations"), &annotations);
	validate_owners(r, json_get(meta, "ownerReferences"), &owners);
	json_for (f, json_get(meta, "finalizers"))
		validate_name(r, json_string_value(f), name_check_finalizer, &finalizers);
	validate_managers(r, json_get(meta, "managedFields"), &managed);
}

/* An object that is going takes no new finalizers. */
static void validate_new_finalizers(
    struct report *r, const json *meta, const json *old, const struct place *p)
{
	auto_strlist added = {0};
	auto_free char *names = NULL;
	struct map known = {0};

	json_for (f, json_get(old, "finalizers"))
		map_set(&known, json_string_value(f), f);
	json_for (f, json_get(meta, "finalizers"))
		if (!map_get(&known, json_string_value(f)))
			strlist_add_take(&added, str_go_quote(json_string_value(f)));
	map_release(&known, NULL);
	if (added.len == 0)
		return;
	names = strlist_join(&added, ", ");
	bad_forbidden(r, p,
	    "no new finalizers can be added if the object is being deleted, found new "
	    "finalizers []string{%s}",
	    names);
}

static void validate_meta_update(struct report *r, const json *meta, const json *old)
{
	static const char *const fixed[] = {"name", "namespace", "uid"};
	struct place at = PLACE(NULL, "metadata"), finalizers = PLACE(&at, "finalizers");

	if (json_has(old, "deletionTimestamp"))
		validate_new_finalizers(r, meta, old, &finalizers);
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		struct place p = PLACE(&at, fixed[i]);

		if (!json_equal(json_get(meta, fixed[i]), json_get(old, fixed[i])))
			bad_invalid(r, &p, json_get(meta, fixed[i]), "field is immutable");
	}
}

/* ---- fields that this version does not honour ---- */

static bool equals_text(const json *value, const char *text)
{
	auto_json *other = text ? json_parse(text, strlen(text), 0, NULL) : NULL;

	return other && json_equal(value, other);
}

/* Whether the value is the default or changes nothing for another reason. */
static bool is_neutral(const struct field *f, const json *value)
{
	bool pointer = f->flags & F_PTR;

	if (equals_text(value, f->dflt) || equals_text(value, f->accept))
		return true;
	if (f->accept && json_type(value) == JSON_BOOL)
		return false;
	switch (json_type(value)) {
	case JSON_BOOL:
		return !json_bool_value(value);
	case JSON_NUMBER:
		return !pointer && json_number_value(value) == 0;
	case JSON_STRING:
		return !pointer && !*json_string_value(value);
	case JSON_ARRAY:
		return !json_first(value);
	case JSON_OBJECT:
		return !pointer && !json_first(value);
	case JSON_ABSENT:
	case JSON_NULL:
		break;
	}
	return true;
}

/* What a walk over an object does with each field that has a flag and a value that matters. */
struct walk {
	unsigned flag;
	struct report *r;
	struct strlist *warnings;
};

static void walk_found(const struct walk *w, const struct place *p)
{
	auto_buf path = {0};

	if (w->r) {
		bad_forbidden(w->r, p, "not supported by this version of kjob");
		return;
	}
	place_print(p, true, &path);
	strlist_addf(w->warnings,
	    "%s: has no effect: kjob runs every pod on this machine, without service accounts",
	    buf_str(&path));
}

static void walk_object(
    const struct walk *w, const struct schema *s, const json *obj, const struct place *p)
{
	json_for (m, obj) {
		const struct field *f = schema_field(s, json_key(m));
		struct place here = PLACE(p, json_key(m));
		size_t i = 0;

		if (!f || (!p && !str_eq(f->name, "spec")))
			continue;
		if (f->flags & w->flag) {
			if (!is_neutral(f, m))
				walk_found(w, &here);
			continue;
		}
		if (f->type == T_OBJECT)
			walk_object(w, f->of, m, &here);
		if (f->type != T_OBJECT_LIST)
			continue;
		json_for (item, m) {
			struct place at = PLACE_ITEM(&here, i++);

			walk_object(w, f->of, item, &at);
		}
	}
}

/* ---- kinds ---- */

static void validate_event(struct report *r, const json *event)
{
	struct place at = PLACE(NULL, "involvedObject"), ns = PLACE(&at, "namespace");
	const json *value = json_path(event, "involvedObject.namespace");
	const char *own = json_str_or(event, "metadata.namespace", "");

	/* Events about objects without namespace live in the namespace "default". */
	if (value ? !str_eq(json_string_value(value), own) : !str_eq(own, "default"))
		bad_invalid(r, &ns, value, "does not match event.namespace");
}

static void validate_lease(struct report *r, const json *spec, const struct place *p)
{
	struct place duration = PLACE(p, "leaseDurationSeconds");
	struct place transitions = PLACE(p, "leaseTransitions");

	if (json_has(spec, "leaseDurationSeconds") &&
	    json_int(spec, "leaseDurationSeconds", 0) <= 0)
		bad_invalid(
		    r, &duration, json_get(spec, "leaseDurationSeconds"), "must be greater than 0");
	if (json_int(spec, "leaseTransitions", 0) < 0)
		bad_invalid(r, &transitions, json_get(spec, "leaseTransitions"),
		    "must be greater than or equal to 0");
}

/* old: NULL on create. */
static void validate_object(
    struct report *r, const struct kind *k, const json *obj, const json *old)
{
	struct place spec = PLACE(NULL, "spec"), template = PLACE(NULL, "template");

	validate_meta(r, k, obj);
	switch (k->id) {
	case KIND_JOB:
		validate_job(r, obj);
		break;
	case KIND_CRONJOB:
		validate_cronjob(r, obj, old);
		break;
	case KIND_POD:
		validate_pod_spec(r, json_get(obj, "spec"), &spec);
		validate_pod(r, obj);
		break;
	case KIND_EVENT:
		validate_event(r, obj);
		break;
	case KIND_CONFIGMAP:
		validate_config_map(r, obj, old);
		break;
	case KIND_SECRET:
		validate_secret(r, obj, old);
		break;
	case KIND_SERVICE:
		validate_service(r, obj, old);
		break;
	case KIND_ENDPOINTS:
		validate_endpoints(r, obj);
		break;
	case KIND_ENDPOINT_SLICE:
		validate_endpoint_slice(r, obj, old);
		break;
	case KIND_PERSISTENTVOLUMECLAIM:
		validate_claim(r, obj, old);
		break;
	case KIND_POD_TEMPLATE:
		validate_pod_template(r, json_get(obj, "template"), &template);
		break;
	case KIND_LEASE:
		validate_lease(r, json_get(obj, "spec"), &spec);
		break;
	case KIND_NODE:
		validate_node(r, obj);
		break;
	case KIND_NAMESPACE:
	case KIND_SERVICE_ACCOUNT:
	case KIND_COUNT:
		break;
	}
}

static void validate_later(struct report *r, const struct kind *k, const json *obj)
{
	struct place spec = PLACE(NULL, "spec"), template = PLACE(&spec, "template");
	struct place template_spec = PLACE(&template, "spec");
	struct place own_template = PLACE(NULL, "template");
	struct place own_template_spec = PLACE(&own_template, "spec");
	struct walk w = {F_LATER, r, NULL};

	walk_object(&w, k->schema, obj, NULL);
	if (k->id == KIND_POD)
		validate_pod_later(r, json_get(obj, "spec"), &spec);
	if (k->id == KIND_JOB)
		validate_pod_later(r, json_path(obj, "spec.template.spec"), &template_spec);
	if (k->id == KIND_POD_TEMPLATE)
		validate_pod_later(r, json_path(obj, "template.spec"), &own_template_spec);
	if (k->id == KIND_CRONJOB)
		validate_cronjob_later(r, obj);
}

static void warn(const struct kind *k, const json *obj, struct strlist *warnings)
{
	struct place spec = PLACE(NULL, "spec"), template = PLACE(&spec, "template");
	struct place template_spec = PLACE(&template, "spec");
	struct walk w = {F_NOOP, NULL, warnings};

	if (k->id == KIND_JOB) {
		warn_job(obj, warnings);
		warn_pod_spec(json_path(obj, "spec.template.spec"), &template_spec, warnings);
	}
	if (k->id == KIND_CRONJOB)
		warn_cronjob(obj, warnings);
	if (k->id == KIND_POD)
		warn_pod_spec(json_get(obj, "spec"), &spec, warnings);
	walk_object(&w, k->schema, obj, NULL);
}

int api_validate_create(
    const struct kind *k, const json *obj, struct strlist *warnings, struct err *e)
{
	auto_report r = {0};

	validate_object(&r, k, obj, NULL);
	validate_later(&r, k, obj);
	if (report_finish(&r, k, obj, e) < 0)
		return -1;
	if (warnings)
		warn(k, obj, warnings);
	return 0;
}

int api_validate_update(const struct kind *k, const json *obj, const json *old, struct err *e)
{
	auto_report r = {0};

	validate_object(&r, k, obj, old);
	validate_meta_update(&r, json_get(obj, "metadata"), json_get(old, "metadata"));
	if (k->id == KIND_JOB)
		validate_job_update(&r, obj, old);
	if (k->id == KIND_POD)
		validate_pod_update(&r, obj, old);
	validate_later(&r, k, obj);
	return report_finish(&r, k, obj, e);
}

int api_validate_status(const struct kind *k, const json *obj, const json *old, struct err *e)
{
	auto_report r = {0};

	validate_meta(&r, k, obj);
	validate_meta_update(&r, json_get(obj, "metadata"), json_get(old, "metadata"));
	if (k->id == KIND_JOB)
		validate_job_status(&r, obj, old);
	return report_finish(&r, k, obj, e);
}
