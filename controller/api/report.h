/*
 * report: the errors that validation finds, each with its field, as a 422 Status lists them.
 *
 * A zeroed report is empty. Values are borrowed; texts are Kubernetes' own. At most REPORT_MAX
 * errors are kept: more help nobody, and hostile input has no end of them.
 */
#ifndef KJOB_API_REPORT_H
#define KJOB_API_REPORT_H

#include "api.h"
#include "place.h"

#define REPORT_MAX 100

struct report {
	json *causes; /* owned array, NULL: none */
	struct strlist texts;
};

#define auto_report CLEANUP(report_release) struct report

void report_release(struct report *r);
/* `detail` may be "" or NULL. */
void bad_required(struct report *r, const struct place *p, const char *detail);
void bad_invalid(struct report *r, const struct place *p, const json *value, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
void bad_invalid_text(
    struct report *r, const struct place *p, const char *value, const char *detail);
/* Invalid where there is no value to show. */
void bad_invalid_bare(struct report *r, const struct place *p, const char *detail);
void bad_unsupported(
    struct report *r, const struct place *p, const char *value, const char *const *values);
/* The same of a value that is no string. */
void bad_unsupported_value(
    struct report *r, const struct place *p, const json *value, const char *const *values);
void bad_forbidden(struct report *r, const struct place *p, const char *fmt, ...) PRINTF_LIKE(3, 4);
void bad_duplicate(struct report *r, const struct place *p, const json *value);
void bad_not_found(struct report *r, const struct place *p, const json *value);
void bad_too_long(struct report *r, const struct place *p, size_t max);
void bad_too_many(struct report *r, const struct place *p, size_t have, size_t max);
/* 0 when nothing was reported, otherwise the Invalid error about the object. */
int report_finish(struct report *r, const struct kind *k, const json *obj, struct err *e) MUST_USE;

#endif
