#include "err.h"

#include "json.h"

static const struct {
	enum err_reason reason;
	int code;
	const char *name;
} reasons[] = {
    {ERR_NONE, 200, ""},
    {ERR_BAD_REQUEST, 400, "BadRequest"},
    {ERR_UNAUTHORIZED, 401, "Unauthorized"},
    {ERR_FORBIDDEN, 403, "Forbidden"},
    {ERR_NOT_FOUND, 404, "NotFound"},
    {ERR_METHOD, 405, "MethodNotAllowed"},
    {ERR_NOT_ACCEPTABLE, 406, "NotAcceptable"},
    {ERR_CONFLICT, 409, "Conflict"},
    {ERR_ALREADY_EXISTS, 409, "AlreadyExists"},
    {ERR_EXPIRED, 410, "Expired"},
    {ERR_TOO_LARGE, 413, "RequestEntityTooLarge"},
    {ERR_UNSUPPORTED_MEDIA, 415, "UnsupportedMediaType"},
    {ERR_INVALID, 422, "Invalid"},
    {ERR_TOO_MANY, 429, "TooManyRequests"},
    {ERR_INTERNAL, 500, "InternalError"},
    {ERR_UNAVAILABLE, 503, "ServiceUnavailable"},
    {ERR_TIMEOUT, 504, "Timeout"},
};

static int err_vset(struct err *e, enum err_reason reason, const char *fmt, va_list ap)
{
	char *msg;

	if (!e)
		return -1;
	msg = xvasprintf(fmt, ap); /* before the old message goes: it may be an argument */
	err_clear(e);
	e->reason = reason;
	e->msg = msg;
	return -1;
}

int err_set(struct err *e, enum err_reason reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(e, reason, fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *e, int errno_value, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(e, ERR_INTERNAL, "%s: %s", text, strerror(errno_value));
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	auto_free char *text = NULL;
	char *msg;
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	msg = xasprintf("%s: %s", text, err_msg(e));
	free(e->msg);
	e->msg = msg;
	return -1;
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	free(e->msg);
	json_free(e->details);
	memset(e, 0, sizeof(*e));
}

void err_move(struct err *dst, struct err *src)
{
	if (dst) {
		err_clear(dst);
		*dst = *src;
	} else {
		err_clear(src);
	}
	memset(src, 0, sizeof(*src));
}

void err_copy(struct err *dst, const struct err *src)
{
	if (!dst || dst == src)
		return;
	err_clear(dst);
	dst->reason = src->reason;
	dst->msg = xstrdup(src->msg);
	dst->details = src->details ? json_dup(src->details) : NULL;
}

const char *err_msg(const struct err *e)
{
	return e && e->msg ? e->msg : "";
}

int err_http_code(enum err_reason reason)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].reason == reason)
			return reasons[i].code;
	return 500;
}

const char *err_reason_name(enum err_reason reason)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].reason == reason)
			return reasons[i].name;
	return "InternalError";
}

enum err_reason err_reason_from(const char *name, int http_code)
{
	for (size_t i = 1; name && i < ARRAY_LEN(reasons); i++)
		if (strcmp(reasons[i].name, name) == 0)
			return reasons[i].reason;
	for (size_t i = 1; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].code == http_code)
			return reasons[i].reason;
	return http_code >= 400 && http_code < 500 ? ERR_BAD_REQUEST : ERR_INTERNAL;
}
