/* status: the errors that name an object, and metav1.Status objects. */
#include "../../runtime/base/rand.h"
#include "api.h"

#define GENERATED_BASE_MAX 58
#define GENERATED_SUFFIX_LEN 5

/* Status.details of an error about one object. */
static json *details_of(const struct kind *k, const char *name)
{
	json *d = json_new_object();

	json_set_str(d, "name", name);
	if (*k->group)
		json_set_str(d, "group", k->group);
	json_set_str(d, "kind", k->resource);
	return d;
}

static int err_about(struct err *e, const struct kind *k, const char *name)
{
	if (e)
		e->details = details_of(k, name);
	return -1;
}

int err_not_found(struct err *e, const struct kind *k, const char *name)
{
	err_set(e, ERR_NOT_FOUND, "%s \"%s\" not found", kind_qualified(k), name);
	return err_about(e, k, name);
}

int err_already_exists(struct err *e, const struct kind *k, const char *name)
{
	err_set(e, ERR_ALREADY_EXISTS, "%s \"%s\" already exists", kind_qualified(k), name);
	return err_about(e, k, name);
}

int err_conflict(struct err *e, const struct kind *k, const char *name)
{
	err_set(e, ERR_CONFLICT,
	    "Operation cannot be fulfilled on %s \"%s\": the object has been modified; please "
	    "apply "
	    "your changes to the latest version and try again",
	    kind_qualified(k), name);
	return err_about(e, k, name);
}

static json *status_new(const char *status)
{
	json *s = json_new_object();

	json_set_str(s, "kind", "Status");
	json_set_str(s, "apiVersion", "v1");
	json_set(s, "metadata", json_new_object());
	json_set_str(s, "status", status);
	return s;
}

json *status_from_err(const struct err *e)
{
	json *s = status_new("Failure");

	json_set_str(s, "message", err_msg(e));
	json_set_str(s, "reason", err_reason_name(e->reason));
	if (e->details)
		json_set(s, "details", json_dup(e->details));
	else if (e->reason == ERR_NOT_FOUND) /* clients look into it without looking for it */
		json_set(s, "details", json_new_object());
	json_set_int(s, "code", err_http_code(e->reason));
	return s;
}

json *status_success(void)
{
	return status_new("Success");
}

char *api_generate_name(const char *base)
{
	char suffix[GENERATED_SUFFIX_LEN + 1];

	return xasprintf(
	    "%.*s%s", GENERATED_BASE_MAX, base, rand_suffix(suffix, GENERATED_SUFFIX_LEN));
}
