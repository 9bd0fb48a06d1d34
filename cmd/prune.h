/*
 * prune: apply --prune. Objects that an earlier apply made and that the files of this one no longer
 * have are deleted: of the kinds that it looks at, in the namespaces that this apply touched, with
 * the labels of -l.
 */
#ifndef KJOB_CMD_PRUNE_H
#define KJOB_CMD_PRUNE_H

#include "printer.h"

/* clang-format off */
#define OPT_ROWS_PRUNE                                                                             \
	{"prune", 0, OPT_BOOL, NULL, NULL,                                                         \
	    "Delete what was applied earlier and is not in the files now, with -l or --all", NULL, NULL}, \
	{"prune-allowlist", 0, OPT_LIST, NULL, "GROUP/VERSION/KIND",                               \
	    "With --prune: look at this kind, as in core/v1/ConfigMap; may be repeated (those that apply " \
	    "usually makes)", NULL, NULL},                                                         \
	{"all", 0, OPT_BOOL, NULL, NULL, "With --prune: whatever its labels are", NULL, NULL}
/* clang-format on */

/* What this apply had to do with. */
struct prune {
	struct strlist uids, namespaces;
};

#define auto_prune CLEANUP(prune_release) struct prune

void prune_release(struct prune *p);
/* Options that contradict each other, and kinds that the server does not have. */
int prune_check_options(struct cmd_ctx *ctx, struct err *e) MUST_USE;
/* An object that was applied, as it is now, and the namespace it is in. */
void prune_note(struct prune *p, const struct resource *r, const char *ns, const json *obj);
/* Deletes the others, where --prune is given; errors of single objects are reported. */
int prune_others(
    struct cmd_ctx *ctx, const struct prune *p, struct printer *printer, struct err *e) MUST_USE;

#endif
