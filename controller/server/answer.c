/* answer: whole answers, and the errors of requests as Kubernetes words them. */
#include "../../runtime/base/yaml.h"
#include "../api/openapi.h"
#include "internal.h"

#define TYPE_JSON "application/json"
#define TYPE_YAML "application/yaml"

/* Whether the answer has to wait for the commit; what a client wrote must be on disk by then. */
static bool must_hold(struct exchange *x)
{
	struct store *st = server_of(x)->deps.store;

	if (!store_dirty(st))
		return false;
	if (x->method != METHOD_GET)
		store_need_durable(st);
	return true;
}

/* The text, with the head before it, as the client wants to read it: indented, or as YAML. */
static const char *dress(struct exchange *x, struct buf *head, struct buf *text)
{
	auto_buf all = {.max = text->max};
	auto_json *j = NULL;

	if (!x->yaml && !exchange_query_bool(x, "pretty"))
		return TYPE_JSON;
	if (head)
		buf_add(&all, head->ptr, head->len);
	buf_add(&all, text->ptr, text->len);
	j = json_parse(buf_str(&all), all.len, JSON_ALLOW_DUPLICATES, NULL);
	if (!j)
		return TYPE_JSON;
	if (head)
		buf_clear(head);
	buf_clear(text);
	if (x->yaml) {
		yaml_print(j, text);
	} else {
		auto_free char *pretty = json_print_indent(j, 2);

		buf_adds(text, pretty);
		buf_addch(text, '\n');
	}
	return x->yaml ? TYPE_YAML : TYPE_JSON;
}

void answer_text(struct exchange *x, int code, struct buf *head, struct buf *text)
{
	const char *type;

	if ((head && head->overflow) || text->overflow) {
		auto_err e = {0};

		err_set(&e, ERR_TOO_LARGE, "the answer is too large; use limit and continue");
		answer_err(x, &e);
		return;
	}
	type = dress(x, head, text);
	exchange_reply(x, code, type, head, text, must_hold(x));
}

/* Whether the client has this text already, by the ETag of an earlier answer. */
static bool unchanged(struct exchange *x, const char *hash)
{
	auto_free char *tag = xasprintf("\"%s\"", hash);
	const char *known = exchange_header(x, "If-None-Match");

	exchange_header_set(x, "ETag", tag);
	exchange_header_set(x, "Vary", "Accept");
	return known && (strstr(known, tag) || str_eq(known, "*"));
}

void answer_tagged(struct exchange *x, const char *type, struct buf *text)
{
	char hash[OPENAPI_HASH_MAX];
	int code = unchanged(x, openapi_hash(text, hash)) ? 304 : 200;

	if (code == 304)
		buf_clear(text);
	else
		dress(x, NULL, text);
	exchange_reply(x, code, type, NULL, text, must_hold(x));
}

void answer_json_take(struct exchange *x, int code, json *body)
{
	auto_buf text = {0};

	json_print_to(body, &text);
	json_free(body);
	answer_text(x, code, NULL, &text);
}

void status_text(const struct err *e, struct buf *out)
{
	json *status = status_from_err(e);

	json_print_to(status, out);
	json_free(status);
}

void answer_err(struct exchange *x, const struct err *e)
{
	auto_buf text = {0};
	const char *type;

	status_text(e, &text);
	type = dress(x, NULL, &text);
	/* "already exists" may speak of what is not committed yet. */
	exchange_reply(x, err_http_code(e->reason), type, NULL, &text, must_hold(x));
}

int err_no_route(struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "the server could not find the requested resource");
}

int err_option(struct err *e, const char *group, const char *kind, const char *name,
    const char *reason, const char *field, const char *detail)
{
	json *cause = json_new_object(), *causes = json_new_array(), *details = json_new_object();

	json_set_str(cause, "reason", reason);
	json_set_str(cause, "message", detail);
	json_set_str(cause, "field", field);
	json_add(causes, cause);
	if (*name)
		json_set_str(details, "name", name);
	if (*group)
		json_set_str(details, "group", group);
	json_set_str(details, "kind", kind);
	json_set(details, "causes", causes);
	err_set(e, ERR_INVALID, "%s%s%s \"%s\" is invalid: %s: %s", kind, *group ? "." : "", group,
	    name, field, detail);
	if (e)
		e->details = details;
	else
		json_free(details);
	return -1;
}
