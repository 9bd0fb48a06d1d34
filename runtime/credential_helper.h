/*
 * credential_helper: runs docker-credential-NAME, the program that keeps a user's registry
 * passwords, beside the loop. It gets 30 seconds, and 64 KiB for its answer.
 *
 * The callback runs once, later, unless the helper is freed before; it may free it. The answer is a
 * secret; it is wiped afterwards. What the program says on its error output is not read.
 */
#ifndef KJOB_CREDENTIAL_HELPER_H
#define KJOB_CREDENTIAL_HELPER_H

#include "loop.h"

struct credential_helper;
/* err: it cannot be run, took too long, or exited with another code than 0. */
typedef void credential_helper_fn(void *ctx, const char *answer, size_t len, const struct err *err);

struct credential_helper *credential_helper_get(
    struct loop *l, const char *name, const char *server, credential_helper_fn *fn, void *ctx);
/* Ends the program when it still runs. */
void credential_helper_free(struct credential_helper *h);

#endif
