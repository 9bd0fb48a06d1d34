/*
 * pod_usage: what pods take of the disk, and who takes more than the limits say, as a kubelet's
 * eviction manager judges it.
 */
#ifndef KJOB_POD_USAGE_H
#define KJOB_POD_USAGE_H

#include "../../runtime/base/json.h"

/* Bytes; -1: not known. */
struct usage_facts {
	const int64_t *containers; /* own files and output, in the order of spec.containers */
	const int64_t *sidecars;   /* of all spec.initContainers, in their order */
	const int64_t *volumes;    /* in the order of spec.volumes */
};

/* Whether the spec has a limit of this kind at all. */
bool usage_is_limited(const json *pod_spec);
/* Whether the volume's room has to be known. */
bool usage_needs_volume(const json *pod_spec, const json *volume);
bool usage_needs_volumes(const json *pod_spec);
/* NULL: all is within its limits. Otherwise what is not, in the words of a kubelet; owned. */
char *usage_excess(const json *pod_spec, const struct usage_facts *facts);

#endif
