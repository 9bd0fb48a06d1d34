/*
 * gc: the garbage collector: what happens to the pods of a job that is gone or going, and to
 * tracking finalizers that nobody will remove any more.
 */
#ifndef KJOB_GC_H
#define KJOB_GC_H

#include "env.h"

struct gc;

struct gc *gc_new(struct loops_env *env);
/* Looks once for dependents whose owner went while no controller ran. */
int gc_start(struct gc *g, struct err *e) MUST_USE;
void gc_free(struct gc *g);
/* Turn end: true when there was work. */
bool gc_reconcile(struct gc *g);

#endif
