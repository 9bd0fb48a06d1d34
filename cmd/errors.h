/* errors: how errors are worded for people, after kubectl. Pure: text out, nothing printed. */
#ifndef KJOB_CMD_ERRORS_H
#define KJOB_CMD_ERRORS_H

#include "../runtime/base/buf.h"
#include "../runtime/base/err.h"
#include "../runtime/base/str.h"

/*
 * True for an error that came from the server as a Status: its details are the Status object
 * (client.h).
 */
bool err_is_status(const struct err *e);
/*
 * Appends the message with its newline: `error: …` for kjob's own errors, `Error from server
 * (REASON): …` for a Status, `The Job "x" is invalid: …` with one line for each cause for a 422.
 */
void error_format(const struct err *e, struct buf *out);
/* The field paths that a server error is about: causes' fields, and `unknown field "…"` texts. */
void error_field_paths(const struct err *e, struct strlist *ret);

#endif
