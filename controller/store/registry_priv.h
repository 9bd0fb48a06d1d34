/* registry_priv: what the two files of the registry share. */
#ifndef KJOB_REGISTRY_PRIV_H
#define KJOB_REGISTRY_PRIV_H

#include "registry.h"

/* A pod whose phase is Succeeded or Failed: none of its containers runs. */
bool registry_is_terminal(const struct kind *k, const json *obj);
/* In the metadata or, of a namespace, in the spec. */
bool registry_has_finalizers(const struct kind *k, const json *obj);
/* A Conflict error about the object with a text of its own; returns -1. */
int registry_conflict(const struct kind *k, const char *name, const char *text, struct err *e);

#endif
