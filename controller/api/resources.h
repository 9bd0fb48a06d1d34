/*
 * resources: requests and limits of containers: their rules, what follows from them, and sums.
 */
#ifndef KJOB_API_RESOURCES_H
#define KJOB_API_RESOURCES_H

#include "report.h"

/* The quantity of a resource in thousandths; -1: absent. */
int64_t resource_milli(const json *map, const char *name);
/* cpu, memory, ephemeral-storage; another name is a device or page size that no machine here has.
 */
bool resource_is_native(const char *name);

void validate_resources(struct report *r, const json *container, const struct place *p);
/* Requests that are missing are the limits. */
void default_requests(json *container);
/* Guaranteed, Burstable or BestEffort; static. */
const char *pod_qos_class(const json *spec);

#endif
