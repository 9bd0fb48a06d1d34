/* delete: deleting objects and waiting until they are gone, for `delete` and `replace --force`. */
#ifndef KJOB_CMD_DELETE_H
#define KJOB_CMD_DELETE_H

#include "pick.h"

extern const char *const cascade_choices[];
/* clang-format off */
#define OPT_ROW_CASCADE                                                                            \
	{"cascade", 0, OPT_MAYBE, "background", "HOW",                                             \
	    "What happens to what the object owns: background (deleted after it), foreground (before " \
	    "it) or orphan (kept)", "background", cascade_choices}
/* clang-format on */

struct delete_how {
	int64_t grace;       /* in seconds; -1: their own setting */
	bool ignore_missing; /* a name that does not exist is no error */
	bool wait;           /* until they are gone, each for as long as the option timeout says */
	/* What is said of each; NULL: that it is deleted. */
	void (*tell)(struct cmd_ctx *ctx, const struct picked *it, void *arg);
	void *arg;
};

/*
 * Deletes them as the options cascade and dry-run say, and tells so as the option output says.
 * Trouble with one of them is reported, the others are tried. Returns how many there were, or -1.
 */
int delete_picked(struct cmd_ctx *ctx, struct picks *victims, const struct delete_how *how,
    struct err *e) MUST_USE;

#endif
