/* set: what the commands `set THING` share: changing the pod spec of objects. */
#ifndef KJOB_CMD_SET_H
#define KJOB_CMD_SET_H

#include "pick.h"

/* clang-format off */
#define OPT_ROWS_SET                                                                               \
	OPT_ROW_FILENAME("A manifest that names what to change"), OPT_ROW_RECURSIVE, OPT_ROW_SELECTOR, \
	    OPT_ROW_ALL, OPT_ROW_LOCAL, OPT_ROW_OUTPUT, OPT_ROW_DRY_RUN, OPT_ROW_FIELD_MANAGER,    \
	    OPT_ROW_SHOW_MANAGED
/* clang-format on */

struct setting {
	const char *done;    /* "image updated" */
	const char *failing; /* "failed to patch image update to pod template:" */
	/* Changes the pod spec of a copy of the object. */
	int (*change)(
	    struct cmd_ctx *ctx, const struct picked *it, json *spec, void *arg, struct err *e);
	void *arg;
};

/*
 * The whole course: of each object that args name, the change is sent, and the object printed,
 * where there is one.
 */
int set_each(struct cmd_ctx *ctx, const char *const *args, size_t argc, const struct setting *s,
    struct err *e) MUST_USE;
/* The pod spec of an object; an error where its kind has none. */
json *set_pod_spec(const struct picked *it, json *obj, struct err *e) MUST_USE;
/*
 * How many of the words come before the first change: NAME=VALUE, or what `ends` in this character.
 * An error where a word behind it is none.
 */
int set_begin(const char *const *args, size_t argc, char ends, const char *what, size_t *ret,
    struct err *e) MUST_USE;

#endif
