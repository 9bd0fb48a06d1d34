/*
 * pod_fit: whether a pod has room on the node, as Kubernetes' scheduler judges it.
 *
 * The first part is pure. The second keeps the sums over the pods that have been scheduled, in
 * struct pods: a pod takes its room when it is bound to the node and gives it back when it has
 * ended or is forgotten; whoever waits is asked again then.
 */
#ifndef KJOB_POD_FIT_H
#define KJOB_POD_FIT_H

#include "../../runtime/base/json.h"

/* What a pod asks for, or what a node has. */
struct room {
	int64_t cpu_milli, memory_bytes, storage_bytes, pods;
};

/* The requests of a pod: of its containers and sidecars together, or of the largest init container.
 */
struct room pod_room_wanted(const json *pod_spec);

enum fit {
	FIT_YES,
	FIT_LATER, /* when others have ended */
	FIT_NEVER, /* the node is too small, or lacks a label */
	FIT_GATED, /* by spec.schedulingGates */
};

struct fit_node {
	struct room total, used;
	const json *labels;
};

/* message: the text of the condition PodScheduled; NULL for FIT_YES. Owned by the caller. */
enum fit pod_fit(const json *pod_spec, const struct fit_node *node, char **ret_message);

/* ---- the sums (pod_room.c) ---- */

struct pod;
struct pods;

/*
 * Before a pod is bound. Anything but FIT_YES: it stays Pending with condition PodScheduled False,
 * reason Unschedulable (SchedulingGated) and the message, and is asked about again when
 * pod_room_give queues it.
 */
enum fit pod_room_ask(const struct pod *p, char **ret_message);
/* It is bound to the node (now, or found so in the store): it counts until pod_room_give. Both may
 * be called again. */
void pod_room_take(struct pod *p);
/* It has ended, or its record is freed. Queues the pods that wait for room. */
void pod_room_give(struct pod *p);

#endif
