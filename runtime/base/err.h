/*
 * err: the one error value.
 *
 * Every fallible function takes `struct err *` last and returns 0 or -1 (or a pointer or NULL). The
 * error says what went wrong as a Kubernetes Status would: a reason, which fixes the HTTP code, and
 * a message that names the field, file or engine call. Callers add context on the way up with
 * err_wrap. Only cmd/ prints errors. A zeroed struct is "no error"; a NULL pointer throws the error
 * away.
 */
#ifndef KJOB_BASE_ERR_H
#define KJOB_BASE_ERR_H

#include "mem.h"

/* Reasons of a Kubernetes Status, in the order of their HTTP codes. */
enum err_reason {
	ERR_NONE,
	ERR_BAD_REQUEST,       /* 400 BadRequest */
	ERR_UNAUTHORIZED,      /* 401 Unauthorized */
	ERR_FORBIDDEN,         /* 403 Forbidden */
	ERR_NOT_FOUND,         /* 404 NotFound */
	ERR_METHOD,            /* 405 MethodNotAllowed */
	ERR_NOT_ACCEPTABLE,    /* 406 NotAcceptable */
	ERR_ALREADY_EXISTS,    /* 409 AlreadyExists */
	ERR_CONFLICT,          /* 409 Conflict */
	ERR_EXPIRED,           /* 410 Expired: a resourceVersion that is no longer kept */
	ERR_TOO_LARGE,         /* 413 RequestEntityTooLarge */
	ERR_UNSUPPORTED_MEDIA, /* 415 UnsupportedMediaType */
	ERR_INVALID,           /* 422 Invalid: details hold the causes */
	ERR_TOO_MANY,          /* 429 TooManyRequests */
	ERR_INTERNAL,          /* 500 InternalError */
	ERR_UNAVAILABLE,       /* 503 ServiceUnavailable: engine or controller not reachable */
	ERR_TIMEOUT,           /* 504 Timeout */
};

struct cJSON;

struct err {
	enum err_reason reason; /* ERR_NONE: no error */
	char *msg;              /* owned */
	struct cJSON *details;  /* owned; Status.details, or NULL */
};

/* Sets the error (freeing what it held) and returns -1, so that `return err_set(...)` reads well.
 */
int err_set(struct err *e, enum err_reason reason, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* As err_set with ": " and strerror(errno_value) behind the text. */
int err_sys(struct err *e, int errno_value, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "TEXT: " in front of the message; keeps reason and details. Returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Frees what it holds; the struct is "no error" afterwards. */
void err_clear(struct err *e);
/* dst takes over src, which is "no error" afterwards. */
void err_move(struct err *dst, struct err *src);
void err_copy(struct err *dst, const struct err *src);
/* The message, or "" where there is no error. */
const char *err_msg(const struct err *e);

/* HTTP code and Status reason of an enum value: 404 and "NotFound". */
int err_http_code(enum err_reason reason);
const char *err_reason_name(enum err_reason reason);
/* The value for a Status reason or, where the name is unknown or NULL, for an HTTP code. */
enum err_reason err_reason_from(const char *name, int http_code);

#define auto_err CLEANUP(err_clear) struct err

#endif
