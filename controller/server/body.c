/* body: what type the body of a request is of, and bodies in protobuf or YAML as JSON. */
#include <strings.h>

#include "../../runtime/base/yaml.h"
#include "internal.h"

#define MEDIA_JSON "application/json"
#define MEDIA_YAML "application/yaml"

bool body_is(const struct exchange *x, const char *type)
{
	const char *header = exchange_header(x, "Content-Type");
	size_t n = strlen(type);

	return header && strncasecmp(header, type, n) == 0 &&
	       (!header[n] || strchr("; \t", header[n]));
}

void body_replace(struct exchange *x, struct buf *text)
{
	buf_release(&x->own_body);
	x->own_body = *text;
	*text = (struct buf){0};
	x->body = buf_str(&x->own_body);
	x->body_len = x->own_body.len;
}

/* YAML's reader takes no repeated name, whatever the request asks. */
static int yaml_to_json(const struct exchange *x, struct buf *ret, struct err *e)
{
	struct yaml_docs docs = {0};

	if (yaml_parse("body", x->body, x->body_len, &docs, e) < 0) {
		err_wrap(e, "error decoding YAML");
		e->reason = ERR_BAD_REQUEST;
		return -1;
	}
	if (docs.len == 1)
		json_print_to(docs.items[0].root, ret);
	else
		err_set(e, ERR_BAD_REQUEST, "error decoding YAML: one document, not %zu", docs.len);
	yaml_docs_release(&docs);
	return ret->len ? 0 : -1;
}

int body_to_json(struct exchange *x, struct err *e)
{
	const char *mode = exchange_query(x, "fieldValidation");
	bool ignore = mode && str_eq(mode, "Ignore");
	bool yaml = body_is(x, MEDIA_YAML);
	auto_buf text = {0};

	if (!x->body_len || x->method == METHOD_PATCH || (!yaml && !body_is(x, MEDIA_PROTOBUF)))
		return 0;
	if (yaml ? yaml_to_json(x, &text, e) < 0
		 : api_protobuf_to_json(
		       x->body, x->body_len, ignore ? NULL : &x->warnings, &text, e) < 0)
		return -1;
	body_replace(x, &text);
	return 0;
}

int body_check_type(const struct exchange *x, struct err *e)
{
	static const char *const types[] = {MEDIA_JSON, MEDIA_YAML, MEDIA_PROTOBUF};
	const char *type = exchange_header(x, "Content-Type");

	if (!type || !*type)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (body_is(x, types[i]))
			return 0;
	return err_set(e, ERR_UNSUPPORTED_MEDIA,
	    "the body of the request was in an unknown format - accepted media types "
	    "include: " MEDIA_JSON ", " MEDIA_YAML ", " MEDIA_PROTOBUF);
}
