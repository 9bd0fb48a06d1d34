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
	if (!json_is_object(body) || !str_eq(json_str(body, "kind"), kind) ||
	    !str_eq(json_str(body, "apiVersion"), api_version)) {
		err_set(e, ERR_BAD_REQUEST, "the body must be a %s of %s", kind, api_version);
		return NULL;
	}
	json_del(body, "status");
	json_obj(body, "metadata");
	return TAKE(body);
}

static void answer_review(struct exchange *x, const char *api_version, const char *kind,
    json *(*status)(const json *review, struct err *e))
{
	auto_err e = {0};
	auto_json *review = read_review(x, api_version, kind, &e);
	json *result = review ? status(review, &e) : NULL;

	if (!result) {
		answer_err(x, &e);
		return;
	}
	json_set(review, "status", result);
	answer_json_take(x, 201, TAKE(review));
}

static json *access_status(const json *review, struct err *e)
{
	bool resource = json_has(review, "spec.resourceAttributes");
	bool path = json_has(review, "spec.nonResourceAttributes");
	json *status;

	if (resource == path) {
		err_option(e, AUTHORIZATION_GROUP, "SelfSubjectAccessReview", "",
		    "FieldValueInvalid", "spec.resourceAttributes",
		    "Invalid value: null: exactly one of nonResourceAttributes or "
		    "resourceAttributes must be specified");
		return NULL;
	}
	status = json_new_object();
	json_set_bool(status, "allowed", true);
	return status;
}

static json *rules_status(const json *review, struct err *e)
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

static json *user_status(const json *review, struct err *e)
{
	json *status = json_new_object(), *user = json_obj(status, "userInfo");

	json_set_str(user, "username", USER_NAME);
	json_set(user, "groups", one(json_new_string(USER_GROUP)));
	json_add(json_get(user, "groups"), json_new_string("system:authenticated"));
	return status;
}

void handle_access_review(struct exchange *x)
{
	answer_review(x, AUTHORIZATION_GROUP "/v1", "SelfSubjectAccessReview", access_status);
}

void handle_rules_review(struct exchange *x)
{
	answer_review(x, AUTHORIZATION_GROUP "/v1", "SelfSubjectRulesReview", rules_status);
}

void handle_subject_review(struct exchange *x)
{
	answer_review(x, AUTHENTICATION_GROUP "/v1", "SelfSubjectReview", user_status);
}
