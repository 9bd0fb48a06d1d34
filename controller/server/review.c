/*
 * review: who the caller is, and what it may do: everything. There is one user, and who is not that
 * one does not come this far.
 */
#include "internal.h"

static json *everything(void)
{
	json *list = json_new_array();

	json_add(list, json_new_string("*"));
	return list;
}

static json *one(json *item)
{
	json *list = json_new_array();

	json_add(list, item);
	return list;
}

/* The request's body, for the answer to be put into. NULL: it is none of KIND. */
static json *read_review(
    struct exchange *x, const char *api_version, const char *kind, struct err *e)
{
	auto_json *body = json_parse(x->body, x->body_len, JSON_PARSE_STRICT, e);

	if (!body) {
		auto_free char *msg = xstrdup(err_msg(e));

		err_set(e, ERR_BAD_REQUEST, "%s: %s", kind, msg);
		return NULL;
	}
	/* client libraries leave out what the path says */
	if (!json_is_object(body) || !str_eq(json_str_or(body, "kind", kind), kind) ||
	    !str_eq(json_str_or(body, "apiVersion", api_version), api_version)) {
		err_set(e, ERR_BAD_REQUEST, "the body must be a %s of %s", kind, api_version);
		return NULL;
	}
	json_set_str(body, "kind", kind);
	json_set_str(body, "apiVersion", api_version);
	json_del(body, "status");
	json_obj(body, "metadata");
	return TAKE(body);
}

static void *invalid(
    struct err *e, const json *review, const char *field, const char *value, const char *detail)
{
	auto_free char *text = xasprintf("Invalid value: %s: %s", value, detail);
	const char *version = json_str_or(review, "apiVersion", "");
	auto_free char *group = xstrndup(version, strcspn(version, "/"));

	err_option(e, group, json_str_or(review, "kind", ""), "", "FieldValueInvalid", field, text);
	return NULL;
}

static json *allowed(bool yes)
{
	json *status = json_new_object();

	json_set_bool(status, "allowed", yes);
	return status;
}

static json *self_status(struct exchange *x, const json *review, struct err *e)
{
	bool resource = json_has(review, "spec.resourceAttributes");
	bool path = json_has(review, "spec.nonResourceAttributes");

	if (resource == path)
		return invalid(e, review,
		    resource ? "spec.nonResourceAttributes" : "spec.resourceAttributes", "null",
		    resource ? "cannot be specified in combination with resourceAttributes"
			     : "exactly one of nonResourceAttributes or resourceAttributes must be "
			       "specified");
	return allowed(true);
}

/* Of anybody: there is one user, by its name or its group. */
static json *access_status(struct exchange *x, const json *review, struct err *e)
{
	const json *groups = json_path(review, "spec.groups");
	bool known = str_eq(json_str(review, "spec.user"), USER_NAME);
	auto_json *self = self_status(x, review, e);

	if (!self)
		return NULL;
	if (!*json_str_or(review, "spec.user", "") && !json_first(groups))
		return invalid(e, review, "spec.user", "\"\"",
		    "at least one of user or group must be specified");
	json_for (g, groups)
		known |= str_eq(json_string_value(g), USER_GROUP);
	return allowed(known);
}

/* The same within the namespace of the path. */
static json *local_status(struct exchange *x, const json *review, struct err *e)
{
	const char *ns = json_str_or(review, "spec.resourceAttributes.namespace", "");
	auto_free char *quoted = str_go_quote(ns);

	if (json_has(review, "spec.nonResourceAttributes"))
		return invalid(e, review, "spec.nonResourceAttributes", "null",
		    "disallowed on this kind of request");
	if (!str_eq(ns, x->path.items[4]))
		return invalid(e, review, "spec.resourceAttributes.namespace", quoted,
		    "must match metadata.namespace");
	return access_status(x, review, e);
}

static json *rules_status(struct exchange *x, const json *review, struct err *e)
{
	json *status, *resources, *paths;

	if (!*json_str_or(review, "spec.namespace", "")) {
		err_set(e, ERR_BAD_REQUEST, "no namespace on request");
		return NULL;
	}
	status = json_new_object();
	resources = json_new_object();
	paths = json_new_object();
	json_set(resources, "verbs", everything());
	json_set(resources, "apiGroups", everything());
	json_set(resources, "resources", everything());
	json_set(paths, "verbs", everything());
	json_set(paths, "nonResourceURLs", everything());
	json_set(status, "resourceRules", one(resources));
	json_set(status, "nonResourceRules", one(paths));
	json_set_bool(status, "incomplete", false);
	return status;
}

static json *user_info(void)
{
	json *user = json_new_object();

	json_set_str(user, "username", USER_NAME);
	json_set(user, "groups", one(json_new_string(USER_GROUP)));
	json_add(json_get(user, "groups"), json_new_string("system:authenticated"));
	return user;
}

static json *user_status(struct exchange *x, const json *review, struct err *e)
{
	json *status = json_new_object();

	json_set(status, "userInfo", user_info());
	return status;
}

static json *token_status(struct exchange *x, const json *review, struct err *e)
{
	const char *token = json_str_or(review, "spec.token", "");
	json *status;

	if (!*token) {
		err_set(e, ERR_BAD_REQUEST, "token is required for TokenReview in authentication");
		return NULL;
	}
	status = json_new_object();
	if (access_is_token(server_of(x), token)) {
		json_set_bool(status, "authenticated", true);
		json_set(status, "user", user_info());
	} else {
		json_set(status, "user", json_new_object());
		json_set_str(status, "error", "invalid bearer token");
	}
	return status;
}

static const struct {
	const char *resource, *api_version, *kind;
	json *(*status)(struct exchange *x, const json *review, struct err *e);
} reviews[] = {
    {"selfsubjectreviews", AUTHENTICATION_GROUP "/v1", "SelfSubjectReview", user_status},
    {"tokenreviews", AUTHENTICATION_GROUP "/v1", "TokenReview", token_status},
    {"selfsubjectaccessreviews", AUTHORIZATION_GROUP "/v1", "SelfSubjectAccessReview", self_status},
    {"subjectaccessreviews", AUTHORIZATION_GROUP "/v1", "SubjectAccessReview", access_status},
    {"localsubjectaccessreviews", AUTHORIZATION_GROUP "/v1", "LocalSubjectAccessReview",
	local_status},
    {"selfsubjectrulesreviews", AUTHORIZATION_GROUP "/v1", "SelfSubjectRulesReview", rules_status},
};

void handle_review(struct exchange *x)
{
	const char *resource = x->path.items[x->path.len - 1];
	size_t i = 0;
	auto_err e = {0};
	auto_json *review = NULL;
	json *result = NULL;
	enum shape shape;

	while (!str_eq(reviews[i].resource, resource))
		i++;
	if (shape_parse(x, OFFER_PLAIN, &shape, &e) == 0)
		review = read_review(x, reviews[i].api_version, reviews[i].kind, &e);
	if (review)
		result = reviews[i].status(x, review, &e);
	if (!result) {
		answer_err(x, &e);
		return;
	}
	json_set(review, "status", result);
	answer_json_take(x, 201, TAKE(review));
}
