/* wait_cond: what `kjob wait --for` waits for, and whether an object meets it, or never will. Pure.
 */
#ifndef KJOB_CMD_WAIT_COND_H
#define KJOB_CMD_WAIT_COND_H

#include "../runtime/base/json.h"
#include "../runtime/base/jsonpath.h"

enum wait_kind { WAIT_CONDITION, WAIT_DELETE, WAIT_CREATE, WAIT_JSONPATH, WAIT_FINISHED };

struct wait_cond {
	enum wait_kind kind;
	char *name;  /* of the condition; the path's text */
	char *value; /* NULL: any (WAIT_JSONPATH) */
	struct jsonpath *path;
};

/* "condition=Complete", "delete", "jsonpath={.status.phase}=Running", "finished"… Errors are
 * kubectl's. */
int wait_cond_parse(struct wait_cond *c, const char *text, struct err *e) MUST_USE;
void wait_cond_release(struct wait_cond *c);

enum wait_state { WAIT_ON, WAIT_MET, WAIT_NEVER };
/*
 * kind: the object's, which items of lists need not tell. obj NULL: it does not exist; `existed`:
 * it did before. With WAIT_NEVER *ret_why (owned) tells why: a finished Job or pod changes no more.
 * An error (WAIT_NEVER too) where the path leads to no single value.
 */
enum wait_state wait_cond_check(
    const struct wait_cond *c, const char *kind, const json *obj, bool existed, char **ret_why);

#endif
