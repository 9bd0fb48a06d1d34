/*
 * downward: what containers may learn of their own pod: its fields and its resources, as
 * environment variables (pod_env) and as files (volumes). Pure.
 */
#ifndef KJOB_DOWNWARD_H
#define KJOB_DOWNWARD_H

#include "../../runtime/base/json.h"

/* All borrowed. */
struct downward {
	const json *pod;         /* spec and metadata count; of the status what is not below */
	const char *host_ip;     /* NULL: as the status says */
	const char *pod_ip;      /* NULL: as the status says */
	const json *allocatable; /* of the node: quantities by name; for limits that are not set */
};

/* The value of a fieldRef's path, "" where there is none; owned. */
char *downward_field(const struct downward *d, const char *path);
/*
 * The value of a resourceFieldRef; CONTAINER: the spec of the one that is meant where the reference
 * names none. ERR_INVALID: no such resource or container.
 */
int downward_resource(const struct downward *d, const json *ref, const json *container, char **ret,
    struct err *e) MUST_USE;
/* The container of that name, init containers too; NULL: none. */
const json *pod_container_spec(const json *pod, const char *name);

#endif
