/* create: what the commands `create KIND` share. */
#ifndef KJOB_CMD_CREATE_H
#define KJOB_CMD_CREATE_H

#include "cmd.h"

/* The one argument before "--": kubectl's error where there is another number of them. */
int create_check_name(const struct cmd_ctx *ctx, struct err *e) MUST_USE;
/*
 * Sends an object that was put together here, as --dry-run and --validate say, and
 * prints what became of it. An error begins with "failed to create KIND".
 */
int create_object(struct cmd_ctx *ctx, json *object, struct err *e) MUST_USE;

#endif
