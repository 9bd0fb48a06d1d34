/*
 * contexts: kubeconfig files, read and merged by the rules of Kubernetes' clients.
 *
 * The merged document has the form of a file: lists `clusters`, `users` and `contexts` of
 * {name, cluster|user|context}, sorted by name, and `current-context`. Of a name that several files
 * have, the first one's entry counts, whole; so does the first current-context. Paths in it are
 * absolute: they were relative to their file.
 */
#ifndef KJOB_CMD_CONTEXTS_H
#define KJOB_CMD_CONTEXTS_H

#include "../runtime/base/json.h"
#include "../runtime/base/str.h"

/* The files that count: `explicit` (of --kubeconfig) where not "", else those that KUBECONFIG
 * names, else ~/.kube/config. Absolute. */
void contexts_files(const char *explicit, struct strlist *ret);
/* Reads them; those that are not there are passed over unless must_exist. Owned. */
json *contexts_load(const struct strlist *files, bool must_exist, struct err *e) MUST_USE;

/* Certificates and keys in files become part of it. In place. */
int contexts_flatten(json *config, struct err *e) MUST_USE;

/* ---- pure ---- */

json *contexts_new(void);
/*
 * Adds a file's document, which stood in the folder `dir`. A field of a wrong type is an error that
 * names it.
 */
int contexts_merge(json *config, const json *document, const char *dir, struct err *e) MUST_USE;
/* What stands under a name in "clusters", "users" or "contexts"; borrowed, NULL: there is none. */
json *contexts_find(const json *config, const char *list, const char *name);
/* "cluster" of "clusters": what an entry's contents are called. */
const char *contexts_member(const char *list);
/* Only what the current context needs; secrets and embedded data as words. In place. */
void contexts_minify(json *config);
void contexts_redact(json *config);

#endif
