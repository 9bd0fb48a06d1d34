/*
 * namespaces: what every namespace has (the finalizer of its content, a service account), and the
 * end of one that is being deleted: its content goes, then the finalizer, and with that the
 * namespace.
 */
#ifndef KJOB_NAMESPACES_H
#define KJOB_NAMESPACES_H

#include "env.h"

struct namespaces;

struct namespaces *namespaces_new(struct loops_env *env);
/* Looks at all of them: some may have been deleted while no controller ran. */
int namespaces_start(struct namespaces *n, struct err *e) MUST_USE;
void namespaces_free(struct namespaces *n);
/* Turn end: true when there was work. */
bool namespaces_reconcile(struct namespaces *n);

#endif
