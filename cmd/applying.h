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
};

/* Options that contradict each other. */
int applying_check_options(const struct cmd_ctx *ctx, const char *dry_run, struct err *e) MUST_USE;
/* Reads the options server-side, force-conflicts and field-manager, and what the manifest names. */
int applying_init(struct applying *a, struct cmd_ctx *ctx, struct manifest *m, const char *dry_run,
    const char *validate, struct err *e) MUST_USE;
/* The object as it is; NULL without an error where there is none. Owned. */
int applying_live(const struct applying *a, json **ret, struct err *e) MUST_USE;
/*
 * Sends it; the object as it is then, owned. live: NULL: there is none, or, where the server
 * merges, it does not matter. ret_what: "created", "configured", "unchanged", "serverside-applied".
 */
json *applying_send(
    const struct applying *a, const json *live, const char **ret_what, struct err *e) MUST_USE;

/* apply_server.c: the part of applying_send where the server merges. */
json *apply_on_server(const struct applying *a, struct err *e) MUST_USE;
/* The path of the object (name: NULL: of the collection) with the options that all requests have.
 */
void applying_path(const struct applying *a, const char *name, struct buf *path);

#endif
