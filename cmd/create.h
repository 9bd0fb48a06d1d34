/* create: what the commands `create KIND` share. */
#ifndef KJOB_CMD_CREATE_H
#define KJOB_CMD_CREATE_H

#include "cmd.h"
#include "resources.h"

/* The options that create_object goes by. */
#define OPT_ROW_SAVE_CONFIG                                                                     \
	{                                                                                       \
		"save-config", 0, OPT_BOOL, NULL, NULL,                                         \
		    "Record the manifest in the object, so that apply can be used later", NULL, \
		    NULL                                                                        \
	}
#define OPT_ROWS_CREATE                                                         \
	OPT_ROW_OUTPUT, OPT_ROW_DRY_RUN, OPT_ROW_VALIDATE, OPT_ROW_SAVE_CONFIG, \
	    OPT_ROW_FIELD_MANAGER, OPT_ROW_SHOW_MANAGED

/* The one argument before "--": kubectl's error where there is another number of them. */
int create_check_name(const struct cmd_ctx *ctx, struct err *e) MUST_USE;
/*
 * Sends an object that was put together here, as --dry-run and --validate say, and
 * prints what became of it. An error begins with "failed to create KIND", as kubectl's, which says
 * so of all kinds but namespaces.
 */
int create_object(struct cmd_ctx *ctx, json *object, struct err *e) MUST_USE;

/* The answer to a POST, owned; with a client-side dry run, the object as it stands. */
json *create_send(struct cmd_ctx *ctx, const struct resource *r, const char *ns, const json *object,
    struct err *e) MUST_USE;

#endif
