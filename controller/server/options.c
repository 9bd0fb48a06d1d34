/* options: what requests say in their query. */
#include <errno.h>
#include <strings.h>

#include "../../runtime/base/clock.h"
#include "internal.h"

#define MAX_TIMEOUT_SECONDS (10 * 365 * 86400)

/* ---- single parameters ---- */

int query_int(const struct exchange *x, const char *name, int64_t min, int64_t *ret, struct err *e)
{
	const char *v = exchange_query(x, name);

	if (!v || !*v)
		return 0;
	if (str_to_int(v, min, INT64_MAX, ret) < 0) {
		auto_free char *quoted = str_go_quote(v);

		return err_set(e, ERR_BAD_REQUEST,
		    "invalid value %s for the query parameter %s: must be an integer%s", quoted,
		    name, min >= 0 ? " and not negative" : "");
	}
	return 0;
}

int query_version(const struct exchange *x, uint64_t *ret, struct err *e)
{
	const char *text = exchange_query(x, "resourceVersion");
	int64_t n = 0;

	if (text && *text && str_to_int(text, 0, INT64_MAX, &n) < 0) {
		auto_free char *quoted = str_go_quote(text);

		return err_set(e, ERR_BAD_REQUEST,
		    "Invalid value: %s: resourceVersion must be a number", quoted);
	}
	*ret = (uint64_t)n;
	return 0;
}

int err_dry_run(const char *value, const char *options_kind, struct err *e)
{
	auto_free char *quoted = str_go_quote(value ? value : "");
	auto_free char *detail =
	    xasprintf("Unsupported value: %s: supported values: \"All\"", quoted);

	return err_option(
	    e, "meta.k8s.io", options_kind, "", "FieldValueNotSupported", "dryRun", detail);
}

int query_dry_run(const struct exchange *x, const char *options_kind, bool *ret, struct err *e)
{
	const char *v = exchange_query(x, "dryRun");

	*ret = v && str_eq(v, "All");
	return !v || *ret || !*v ? 0 : err_dry_run(v, options_kind, e);
}

int query_field_validation(
    const struct exchange *x, const char *options_kind, enum field_validation *ret, struct err *e)
{
	static const struct {
		const char *name;
		enum field_validation mode;
	} modes[] = {{"", FIELDS_WARN}, {"Ignore", FIELDS_IGNORE}, {"Strict", FIELDS_STRICT},
	    {"Warn", FIELDS_WARN}};
	const char *v = exchange_query(x, "fieldValidation");
	auto_free char *quoted = NULL, *detail = NULL;

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (str_eq(v ? v : "", modes[i].name)) {
			*ret = modes[i].mode;
			return 0;
		}
	}
	quoted = str_go_quote(v);
	detail = xasprintf(
	    "Unsupported value: %s: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"",
	    quoted);
	return err_option(e, "meta.k8s.io", options_kind, "", "FieldValueNotSupported",
	    "fieldValidation", detail);
}

void write_request_release(struct write_request *w)
{
	free(w->manager_name);
}

int write_request_parse(
    const struct exchange *x, const char *options_kind, struct write_request *ret, struct err *e)
{
	const char *given = exchange_query(x, "fieldManager"), *reason;
	auto_free char *problem = managed_name_problem(given ? given : "", &reason);

	if (problem)
		return err_option(
		    e, "meta.k8s.io", options_kind, "", reason, "fieldManager", problem);
	if (query_dry_run(x, options_kind, &ret->dry_run, e) < 0 ||
	    query_field_validation(x, options_kind, &ret->fields, e) < 0)
		return -1;
	ret->manager_name = given && *given
				? xstrdup(given)
				: managed_name_of_agent(exchange_header(x, "User-Agent"));
	ret->manager = (struct field_manager){
	    .name = ret->manager_name, .now = clock_wall_ns() / NSEC_PER_SEC};
	return 0;
}

/* ---- lists and watches ---- */

static int list_option_err(struct err *e, const char *field, const char *detail)
{
	return err_option(
	    e, "meta.k8s.io", "ListOptions", "", "FieldValueForbidden", field, detail);
}

/* The rules between resourceVersion, resourceVersionMatch, continue and sendInitialEvents. */
static int check_version_match(
    const struct list_options *o, bool watch, const char *version, struct err *e)
{
	if (o->send_initial_events >= 0) {
		if (!watch)
			return list_option_err(e, "sendInitialEvents",
			    "Forbidden: sendInitialEvents is forbidden for list");
		if (!o->match || !str_eq(o->match, "NotOlderThan"))
			return list_option_err(e, "resourceVersionMatch",
			    "Forbidden: sendInitialEvents requires setting resourceVersionMatch to "
			    "NotOlderThan");
		return 0;
	}
	if (o->continue_token && o->version > 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "specifying resource version is not allowed when using continue");
	if (!o->match)
		return 0;
	if (watch)
		return list_option_err(e, "resourceVersionMatch",
		    "Forbidden: resourceVersionMatch is forbidden for watch unless "
		    "sendInitialEvents is provided");
	if (!version || !*version)
		return list_option_err(e, "resourceVersionMatch",
		    "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is "
		    "provided");
	if (o->continue_token)
		return list_option_err(e, "resourceVersionMatch",
		    "Forbidden: resourceVersionMatch is forbidden when continue is provided");
	if (!str_eq(o->match, "Exact") && !str_eq(o->match, "NotOlderThan")) {
		auto_free char *quoted = str_go_quote(o->match);
		auto_free char *detail = xasprintf(
		    "Unsupported value: %s: supported values: \"Exact\", \"NotOlderThan\"", quoted);

		return err_option(e, "meta.k8s.io", "ListOptions", "", "FieldValueNotSupported",
		    "resourceVersionMatch", detail);
	}
	if (str_eq(o->match, "Exact") && o->version == 0)
		return list_option_err(e, "resourceVersionMatch",
		    "Forbidden: resourceVersionMatch \"Exact\" is forbidden for resourceVersion "
		    "\"0\"");
	return 0;
}

static const char *non_empty(const char *s)
{
	return s && *s ? s : NULL;
}

int list_options_parse(
    const struct exchange *x, const struct request *r, struct list_options *ret, struct err *e)
{
	auto_list_options o = {.send_initial_events = -1};
	auto_free char *renamed = NULL;
	const char *labels = non_empty(exchange_query(x, "labelSelector"));
	const char *fields = non_empty(exchange_query(x, "fieldSelector"));
	const char *version = exchange_query(x, "resourceVersion");

	o.has_version = version && *version;
	o.continue_token = non_empty(exchange_query(x, "continue"));
	o.match = non_empty(exchange_query(x, "resourceVersionMatch"));
	o.bookmarks = exchange_query_bool(x, "allowWatchBookmarks");
	if (non_empty(exchange_query(x, "sendInitialEvents")))
		o.send_initial_events = exchange_query_bool(x, "sendInitialEvents");
	if (query_int(x, "limit", 0, &o.limit, e) < 0 ||
	    query_int(x, "timeoutSeconds", 0, &o.timeout_seconds, e) < 0 ||
	    query_version(x, &o.version, e) < 0 ||
	    check_version_match(&o, r->watch, version, e) < 0)
		return -1;
	if (o.timeout_seconds > MAX_TIMEOUT_SECONDS)
		o.timeout_seconds = MAX_TIMEOUT_SECONDS;
	if (labels && !(o.labels = label_selector_parse(labels, e)))
		return -1;
	if (fields && r->view.events)
		fields = renamed = event_view_fields(fields);
	if (fields && !(o.fields = field_selector_parse(r->kind, fields, e)))
		return -1;
	*ret = o;
	o.labels = o.fields = NULL;
	return 0;
}

void list_options_release(struct list_options *o)
{
	selector_free(o->labels);
	selector_free(o->fields);
	o->labels = o->fields = NULL;
}
