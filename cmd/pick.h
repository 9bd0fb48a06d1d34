/*
 * pick: the objects that a command is about, one by one, and changing them.
 *
 * `delete`, `patch`, `label` and the like name objects as TYPE NAME…, TYPE/NAME…, -f FILE, or TYPE
 * with a selector or --all. picks_find turns that into a list; nothing is asked about objects that
 * are named until it is their turn.
 *
 * A list owns what its items point at. `live` is set where the object is known already.
 */
#ifndef KJOB_CMD_PICK_H
#define KJOB_CMD_PICK_H

#include "manifest.h"
#include "printer.h"

struct picked {
	const struct resource *resource;
	char *ns, *name;
	char *uid;    /* NULL: not known */
	char *source; /* the file that names it; NULL: none does */
	json *live;   /* as the server has it; NULL: not asked yet */
};

struct picks {
	struct picked *items;
	size_t len, cap;
	bool selected; /* by what they are, not by name: that there is none is no error */
	/* Set before picks_find: */
	bool keep;        /* what lists hold is kept as `live` */
	bool whole_types; /* TYPE alone means all its objects, and is no error */
};

#define auto_picks CLEANUP(picks_release) struct picks

/*
 * Reads the options filename, recursive, selector, field-selector, all and all-namespaces as far as
 * the command has them. Errors are kubectl's; those of single manifests are reported.
 */
int picks_find(struct cmd_ctx *ctx, const char *const *args, size_t argc, struct picks *ret,
    struct err *e) MUST_USE;
void picks_release(struct picks *p);
/* One more, whose name was read elsewhere. Borrowed, until the next is added. */
struct picked *picks_add(
    struct picks *p, const struct resource *r, const char *ns, const char *name);

/*
 * The whole course of a command that changes objects: finds them, asks for each, and calls `one`
 * for it with a printer for -o. All are tried; a failure is reported. Returns the exit code, or -1.
 * What a selector found and is gone by now is passed over.
 */
typedef int pick_fn(
    struct cmd_ctx *ctx, struct printer *p, struct picked *it, const void *arg, struct err *e);
int picks_each(struct cmd_ctx *ctx, const char *const *args, size_t argc, pick_fn *one,
    const void *arg, struct err *e) MUST_USE;
/* The error where no object is named at all; returns -1. */
int picks_none(struct err *e);
/* --local, where the command has it: objects are those of the manifests, and nothing is sent. */
bool pick_is_local(const struct cmd_ctx *ctx);
/* Asks for p->live where it is NULL. */
int pick_get(struct cmd_ctx *ctx, struct picked *p, struct err *e) MUST_USE;

struct change {
	const char *content_type; /* NULL: MIME_MERGE_PATCH */
	const char *body;
	const char *manager;     /* fieldManager */
	const char *subresource; /* NULL or "": none */
	const char *validation;  /* value of --validate; NULL: not said */
	bool dry;
};
/* Sends a patch; the object as it is then. Owned. */
json *pick_patch(
    struct cmd_ctx *ctx, const struct picked *p, const struct change *c, struct err *e) MUST_USE;
/*
 * The course of commands that merge something into objects: sends `patch` (nothing where it is
 * empty) as --dry-run says it. The object as it is then. Owned.
 */
json *pick_merge(struct cmd_ctx *ctx, const struct picked *p, const json *patch,
    const char *manager, struct err *e) MUST_USE;

#endif
