/* get: what `get` and its watching half share. */
#ifndef KJOB_CMD_GET_H
#define KJOB_CMD_GET_H

#include "cmd.h"
#include "printer.h"
#include "resources.h"
#include "view.h"

struct get {
	struct cmd_ctx *ctx;
	struct client *client;
	struct printer printer;
	struct view view;
	bool all_namespaces;
	struct text_table table;
};

/* The request for a target: path and query, without limit and watch. */
void get_path(const struct get *g, const struct target *t, struct buf *path);
const char *get_accept(const struct get *g);
/* An answer to a request with that, of any server, in the form that is shown; consumed, owned. */
json *get_as_shown(const struct get *g, json *answer);
/*
 * Sets view.name_prefix (into `prefix`, which must outlive it) and view.with_namespace for a
 * resource.
 */
void get_set_view(struct get *g, const struct resource *r, bool with_kind, struct buf *prefix);

/* -w: prints the list and then each change, until the server ends it or an error comes. */
int get_watch(struct get *g, const struct target *t, struct err *e) MUST_USE;

#endif
