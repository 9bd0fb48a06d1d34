/* report: see report.h. */
#include "report.h"

#define VALUE_MAX (16 * KIB)

void place_print(const struct place *p, bool numbers, struct buf *out)
{
	if (!p)
		return;
	place_print(p->up, numbers, out);
	if (p->is_key)
		buf_addf(out, "[%s]", p->name);
	else if (p->name)
		buf_addf(out, "%s%s", out->len ? "." : "", p->name);
	else if (numbers)
		buf_addf(out, "[%zu]", p->index);
}

void report_release(struct report *r)
{
	json_free(r->causes);
	strlist_release(&r->texts);
}

static bool is_full(const struct report *r)
{
	return r->texts.len >= REPORT_MAX;
}

static void add(struct report *r, const struct place *p, const char *reason, const char *message)
{
	auto_buf field = {0};
	auto_free char *text = NULL;
	json *cause;

	if (is_full(r))
		return;
	place_print(p, true, &field);
	text = xasprintf("%s: %s", buf_str(&field), message);
	if (strlist_has(&r->texts, text))
		return;
	if (!r->causes)
		r->causes = json_new_array();
	cause = json_new_object();
	json_set_str(cause, "reason", reason);
	json_set_str(cause, "message", message);
	json_set_str(cause, "field", buf_str(&field));
	json_add(r->causes, cause);
	strlist_add(&r->texts, text);
}

void bad_required(struct report *r, const struct place *p, const char *detail)
{
	auto_free char *m =
	    xasprintf("Required value%s%s", detail && *detail ? ": " : "", detail ? detail : "");

	add(r, p, "FieldValueRequired", m);
}

/* A value as errors show it: strings quoted, everything else as JSON; owned. */
static char *show(const json *value)
{
	char *text;
	size_t cut;

	if (json_is_string(value))
		return str_go_quote(json_string_value(value));
	text = value ? json_print(value) : xstrdup("null");
	cut = strlen(text) > VALUE_MAX ? VALUE_MAX : strlen(text);
	while (text[cut] && ((unsigned char)text[cut] & 0xc0) == 0x80) /* not inside a character */
		cut--;
	text[cut] = '\0';
	return text;
}

static void add_invalid(
    struct report *r, const struct place *p, const char *shown, const char *detail)
{
	auto_free char *m = xasprintf("Invalid value: %s: %s", shown, detail);

	add(r, p, "FieldValueInvalid", m);
}

void bad_invalid(struct report *r, const struct place *p, const json *value, const char *fmt, ...)
{
	auto_free char *shown = NULL, *detail = NULL;
	va_list ap;

	if (is_full(r))
		return;
	shown = show(value);
	va_start(ap, fmt);
	detail = xvasprintf(fmt, ap);
	va_end(ap);
	add_invalid(r, p, shown, detail);
}

void bad_invalid_text(
    struct report *r, const struct place *p, const char *value, const char *detail)
{
	auto_free char *shown = str_go_quote(value);

	add_invalid(r, p, shown, detail);
}

static void add_unsupported(
    struct report *r, const struct place *p, const char *shown, const char *const *values)
{
	auto_buf m = {0};

	buf_addf(&m, "Unsupported value: %s: supported values: ", shown);
	for (size_t i = 0; values[i]; i++)
		buf_addf(&m, "%s\"%s\"", i ? ", " : "", values[i]);
	add(r, p, "FieldValueNotSupported", buf_str(&m));
}

void bad_invalid_bare(struct report *r, const struct place *p, const char *detail)
{
	auto_free char *m = xasprintf("Invalid value: %s", detail);

	add(r, p, "FieldValueInvalid", m);
}

void bad_unsupported(
    struct report *r, const struct place *p, const char *value, const char *const *values)
{
	auto_free char *shown = str_go_quote(value);

	add_unsupported(r, p, shown, values);
}

void bad_unsupported_value(
    struct report *r, const struct place *p, const json *value, const char *const *values)
{
	auto_free char *shown = show(value);

	add_unsupported(r, p, shown, values);
}

void bad_forbidden(struct report *r, const struct place *p, const char *fmt, ...)
{
	auto_free char *detail = NULL, *m = NULL;
	va_list ap;

	va_start(ap, fmt);
	detail = xvasprintf(fmt, ap);
	va_end(ap);
	m = xasprintf("Forbidden: %s", detail);
	add(r, p, "FieldValueForbidden", m);
}

void bad_duplicate(struct report *r, const struct place *p, const json *value)
{
	auto_free char *shown = show(value), *m = xasprintf("Duplicate value: %s", shown);

	add(r, p, "FieldValueDuplicate", m);
}

void bad_not_found(struct report *r, const struct place *p, const json *value)
{
	auto_free char *shown = show(value), *m = xasprintf("Not found: %s", shown);

	add(r, p, "FieldValueNotFound", m);
}

void bad_too_long(struct report *r, const struct place *p, size_t max)
{
	auto_free char *m = xasprintf("Too long: may not be more than %zu bytes", max);

	add(r, p, "FieldValueTooLong", m);
}

void bad_too_many(struct report *r, const struct place *p, size_t have, size_t max)
{
	auto_free char *m = xasprintf("Too many: %zu: must have at most %zu items", have, max);

	add(r, p, "FieldValueTooMany", m);
}

int report_finish(struct report *r, const struct kind *k, const json *obj, struct err *e)
{
	const char *name =
	    json_str_or(obj, "metadata.name", json_str_or(obj, "metadata.generateName", ""));
	auto_free char *all = NULL, *quoted = NULL;
	json *details;

	if (!r->causes)
		return 0;
	all = strlist_join(&r->texts, ", ");
	quoted = str_go_quote(name);
	err_set(e, ERR_INVALID, "%s%s%s %s is invalid: %s%s%s", k->kind, *k->group ? "." : "",
	    k->group, quoted, r->texts.len > 1 ? "[" : "", all, r->texts.len > 1 ? "]" : "");
	if (!e)
		return -1;
	details = json_new_object();
	json_set_str(details, "name", name);
	if (*k->group)
		json_set_str(details, "group", k->group);
	json_set_str(details, "kind", k->kind);
	json_set(details, "causes", TAKE(r->causes));
	e->details = details;
	return -1;
}
