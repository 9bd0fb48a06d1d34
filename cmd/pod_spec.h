/* pod_spec: the pod spec in an object, whatever its kind, and changes of it as a patch. Pure. */
#ifndef KJOB_CMD_POD_SPEC_H
#define KJOB_CMD_POD_SPEC_H

#include "../runtime/base/json.h"

/* Of a pod its own, of others that of their pods; borrowed. NULL: it has none. */
json *pod_spec_of(json *obj);
/*
 * The JSON patch (RFC 6902) that turns an object into another one that differs in its pod spec
 * alone: member by member, and in lists of containers container by container. It tests that each
 * container is still the one that it was. Empty where nothing differs. Owned.
 */
json *pod_spec_patch(json *before, json *after);

/* Calls fn for each container whose name matches the pattern ("*", "web-*"), init containers last.
 * Stops at -1. ret_count: how many matched. */
typedef int container_fn(json *container, void *arg, struct err *e);
int pod_spec_each(json *spec, const char *pattern, bool init_too, container_fn *fn, void *arg,
    size_t *ret_count, struct err *e) MUST_USE;

#endif
