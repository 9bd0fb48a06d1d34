/*
 * kubeconfig_merge: one context, with its cluster and user, as the text of a kubeconfig file, or
 * put into the text of one that is there. What belongs to others stays as it is written, comments
 * and all.
 */
#ifndef KJOB_CMD_KUBECONFIG_MERGE_H
#define KJOB_CMD_KUBECONFIG_MERGE_H

#include "../runtime/base/err.h"
#include "../runtime/base/json.h"

struct kubeconfig_entry {
	const char *name;      /* of the context, the cluster and the user */
	const char *server;    /* https://HOST:PORT */
	const char *authority; /* these three: PEM */
	const char *certificate;
	const char *key;
};

/* A file of its own, in which it is the current context; owned. */
char *kubeconfig_text(const struct kubeconfig_entry *k);
/*
 * Adds the entry to a file's text, or replaces what has its name there. file: its name, for errors.
 * set_current: it becomes the current context. *ret_rewritten: the text is laid out in a way that
 * cannot be edited; all of it was written anew, without its comments. Owned; NULL: it is no
 * kubeconfig.
 */
char *kubeconfig_merge(const struct kubeconfig_entry *k, const char *file, const char *text,
    bool set_current, bool *ret_rewritten, struct err *e) MUST_USE;

/*
 * The text of a file (empty: of a new one) after `change` has edited its tree, as little different
 * as can be; otherwise as above. change: 0, or -1 with the error.
 */
typedef int kubeconfig_edit_fn(void *ctx, json *config, struct err *e);
char *kubeconfig_edit(const char *file, const char *text, kubeconfig_edit_fn *change, void *ctx,
    bool *ret_rewritten, struct err *e) MUST_USE;
/* The entry of that name in "clusters", "contexts" or "users", made where it is not there. */
json *kubeconfig_item(json *config, const char *section, const char *name);
/* Whether a text has contexts, clusters or users of other names; true for what is no kubeconfig. */
bool kubeconfig_has_others(const char *text, const char *name);
/* Whether a text has a context of this name. */
bool kubeconfig_has(const char *text, const char *name);

#endif
