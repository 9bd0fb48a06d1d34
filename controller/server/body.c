/* body: what type the body of a request is of, and bodies in protobuf as JSON. */
#include <strings.h>

#include "internal.h"

#define MEDIA_JSON "application/json"

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

int body_from_protobuf(struct exchange *x, struct err *e)
{
	const char *mode = exchange_query(x, "fieldValidation");
	bool ignore = mode && str_eq(mode, "Ignore");
	auto_buf text = {0};

	if (!x->body_len || x->method == METHOD_PATCH || !body_is(x, MEDIA_PROTOBUF))
		return 0;
	if (api_protobuf_to_json(x->body, x->body_len, ignore ? NULL : &x->warnings, &text, e) < 0)
		return -1;
	body_replace(x, &text);
	return 0;
}

int body_check_type(const struct exchange *x, struct err *e)
{
	const char *type = exchange_header(x, "Content-Type");

	if (!type || !*type || body_is(x, MEDIA_JSON) || body_is(x, MEDIA_PROTOBUF))
		return 0;
	return err_set(e, ERR_UNSUPPORTED_MEDIA,
	    "the body of the request was in an unknown format - accepted media types "
	    "include: " MEDIA_JSON ", " MEDIA_PROTOBUF);
}
