#include "errors.h"

#include "../runtime/base/json.h"

bool err_is_status(const struct err *e)
{
	return str_eq(json_str(e->details, "kind"), "Status");
}

/* "field: message", as a cause reads. */
static char *cause_text(const json *cause)
{
	const char *field = json_str_or(cause, "field", "");
	const char *message = json_str_or(cause, "message", "");

	return *field ? xasprintf("%s: %s", field, message) : xstrdup(message);
}

static void format_causes(const json *causes, struct buf *out)
{
	auto_strlist lines = {0};

	json_for (c, causes) {
		auto_free char *text = cause_text(c);

		if (!strlist_has(&lines, text))
			strlist_add(&lines, text);
	}
	if (lines.len == 1) {
		buf_addf(out, ": %s\n", lines.items[0]);
		return;
	}
	buf_adds(out, ": \n");
	for (size_t i = 0; i < lines.len; i++)
		buf_addf(out, "* %s\n", lines.items[i]);
}

/* A 422: what is named first, then each cause on its line. */
static void format_invalid(const struct err *e, struct buf *out)
{
	const json *details = json_get(e->details, "details");
	const json *causes = json_get(details, "causes");
	const char *kind = json_str_or(details, "kind", "");
	const char *name = json_str_or(details, "name", "");

	if (!json_is_object(details)) {
		buf_addf(out, "The request is invalid: %s\n", err_msg(e));
		return;
	}
	if (*kind || *name)
		buf_addf(out, "The %s \"%s\" is invalid", kind, name);
	else
		buf_adds(out, "The request is invalid");
	if (json_len(causes))
		format_causes(causes, out);
	else
		buf_addf(out, ": %s\n", err_msg(e));
}

/* Sentences of their own, as kubectl prints them. */
static bool stands_alone(const char *message)
{
	static const char *const beginnings[] = {
	    "error: ", "Unable to connect to the server: ", "The connection to the server "};

	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
		if (str_has_prefix(message, beginnings[i]))
			return true;
	return false;
}

void error_format(const struct err *e, struct buf *out)
{
	const char *reason = json_str_or(e->details, "reason", "");

	if (!err_is_status(e)) {
		buf_addf(out, "%s%s\n", stands_alone(err_msg(e)) ? "" : "error: ", err_msg(e));
		return;
	}
	if (str_eq(reason, "Invalid"))
		format_invalid(e, out);
	else if (str_eq(reason, "Unauthorized"))
		buf_addf(out, "error: You must be logged in to the server (%s)\n", err_msg(e));
	else if (*reason)
		buf_addf(out, "Error from server (%s): %s\n", reason, err_msg(e));
	else
		buf_addf(out, "Error from server: %s\n", err_msg(e));
}

static void add_path(struct strlist *ret, const char *begin, const char *end)
{
	if (end && end > begin)
		strlist_add_take(ret, xstrndup(begin, (size_t)(end - begin)));
}

/* `unknown field "spec.x"`, `duplicate field "spec.x"`. */
static void quoted_fields(const char *message, struct strlist *ret)
{
	static const char mark[] = " field \"";

	for (const char *p = strstr(message, mark); p; p = strstr(p, mark)) {
		p += sizeof(mark) - 1;
		add_path(ret, p, strchr(p, '"'));
	}
}

/* `cannot unmarshal string into Go struct field JobSpec.spec.x of type int32`. */
static void mistyped_field(const char *message, struct strlist *ret)
{
	static const char mark[] = " Go struct field ";
	const char *p = strstr(message, mark);

	p = p ? strchr(p + sizeof(mark) - 1, '.') : NULL;
	if (p)
		add_path(ret, p + 1, strstr(p, " of type "));
}

/* `.spec.x: field not declared in schema`, each behind a blank. */
static void undeclared_fields(const char *message, struct strlist *ret)
{
	static const char mark[] = ": field not declared in schema";

	for (const char *p = strstr(message, mark); p; p = strstr(p + 1, mark)) {
		const char *begin = p;

		while (begin > message && begin[-1] != ' ')
			begin--;
		add_path(ret, begin + 1, p);
	}
}

void error_field_paths(const struct err *e, struct strlist *ret)
{
	json_for (c, json_path(e->details, "details.causes")) {
		const char *field = json_str_or(c, "field", "");

		/* "patch" is no field: the message names those that are wrong in it. */
		if (*field && !str_eq(field, "patch") && !strlist_has(ret, field))
			strlist_add(ret, field);
	}
	if (ret->len)
		return;
	quoted_fields(err_msg(e), ret);
	mistyped_field(err_msg(e), ret);
	undeclared_fields(err_msg(e), ret);
}
