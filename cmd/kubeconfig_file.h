/*
 * kubeconfig_file: changes a kubeconfig file as kubectl does: under the lock that it takes, the
 * mode and the link that the file is stay.
 */
#ifndef KJOB_CMD_KUBECONFIG_FILE_H
#define KJOB_CMD_KUBECONFIG_FILE_H

#include "../runtime/base/err.h"
#include "../runtime/base/str.h"

/*
 * Of these files (at least one) the one that has the context; else the first that is there, else
 * the last. Owned.
 */
char *kubeconfig_file_for(const struct strlist *files, const char *context);
/* The text; "" where the file does not exist. Owned. */
char *kubeconfig_read(const char *path, struct err *e) MUST_USE;
/* change gives the new text, owned; *ret_rewritten as of kubeconfig_merge.h. */
typedef char *kubeconfig_change_fn(
    void *ctx, const char *path, const char *old, bool *ret_rewritten, struct err *e);
int kubeconfig_change(
    const char *path, kubeconfig_change_fn *change, void *ctx, struct err *e) MUST_USE;

#endif
