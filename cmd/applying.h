/*
 * applying: one manifest on its way to the server, for `apply` and `diff`: merged here with what
 * was applied last and what is live (applying.c), or by the server (apply_server.c).
 */
#ifndef KJOB_CMD_APPLYING_H
#define KJOB_CMD_APPLYING_H

#include "cmd.h"
#include "manifest.h"

struct applying {
	struct cmd_ctx *ctx;
	struct client *client;
	const struct manifest *m;
	struct manifest_target t;
	const char *dry_run;  /* "none", "client", "server" */
	const char *validate; /* as --validate */
	const char *manager;
	bool server_side, force;
	/* owned */
	struct pending *asked, *sent; /* for the live object, and the change */
	json *live;                   /* NULL: there is none, or it does not matter */
	const char *what;             /* what was done, once applying_end has returned */
	bool no_record;               /* the live object does not say what was applied last */
};

#define auto_applying CLEANUP(applying_release) struct applying
void applying_release(struct applying *a);

/* Options that contradict each other. */
int applying_check_options(const struct cmd_ctx *ctx, const char *dry_run, struct err *e) MUST_USE;
/* Reads the options server-side, force-conflicts and field-manager, and what the manifest names. */
int applying_init(struct applying *a, struct cmd_ctx *ctx, struct manifest *m, const char *dry_run,
    const char *validate, struct err *e) MUST_USE;
/* Begins to ask for the object as it is, where that matters. */
void applying_ask(struct applying *a);
/* Waits for that, into `live`, and begins the change. */
int applying_begin(struct applying *a, struct err *e) MUST_USE;
/* Begins to create what was there and has been deleted since. */
void applying_begin_anew(struct applying *a);
/*
 * Waits for the change: the object as it is then, owned. Sets `what`: "created", "configured",
 * "unchanged", "serverside-applied".
 */
json *applying_end(struct applying *a, struct err *e) MUST_USE;

/* The object as it is now; NULL without an error where there is none. Owned. */
int applying_live(const struct applying *a, json **ret, struct err *e) MUST_USE;

/* apply_server.c: applying_begin and applying_end where the server merges. */
struct pending *apply_on_server_begin(const struct applying *a);
json *apply_on_server_end(const struct applying *a, struct pending *sent, struct err *e) MUST_USE;
/* The path of the object (name: NULL: of the collection) with the options that all requests have.
 */
void applying_path(const struct applying *a, const char *name, struct buf *path);

#endif
