/*
 * gc: the garbage collector: what happens to objects whose owners (metadata.ownerReferences) are
 * gone or going, and to tracking finalizers that nobody will remove any more.
 *
 * An owner in foreground deletion stays until the dependents that block it are gone. Orphaning is
 * done by the registry.
 */
#ifndef KJOB_GC_H
#define KJOB_GC_H

#include "env.h"

struct gc;

struct gc *gc_new(struct loops_env *env);
/* Looks for dependents whose owner went, and owners that wait, while no controller ran. */
int gc_start(struct gc *g, struct err *e) MUST_USE;
void gc_free(struct gc *g);
/* Turn end: true when there was work. */
bool gc_reconcile(struct gc *g);

#endif
