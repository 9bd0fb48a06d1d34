/*
 * pod_fit: whether a pod has room on the node, as Kubernetes' scheduler judges it, and in its
 * words.
 *
 * The first part is pure. The second keeps the sums over the pods that have been scheduled, in
 * struct pods: a pod takes its room when it is bound to the node and gives it back when it has
 * ended or is forgotten. Who waits for room is queued in the order of asking, and only when there
 * is room.
 */
#ifndef KJOB_POD_FIT_H
#define KJOB_POD_FIT_H

#include "../../runtime/base/json.h"
#include "../../runtime/base/str.h"

/* What a pod asks for, or what a node has. */
struct room {
	int64_t cpu_milli, memory_bytes, pods, disk_bytes;
};

/*
 * The requests of a pod: of its containers and sidecars together, or of an init container beside
 * the sidecars before it, whichever is more.
 */
struct room pod_room_wanted(const json *pod_spec);
/* The same of the limits. */
struct room pod_room_limit(const json *pod_spec);

enum fit {
	FIT_YES,
	FIT_LATER, /* when others have ended */
	FIT_NEVER, /* the node is too small, keeps the pod away, or lacks a label or device */
};

struct fit_node {
	struct room total, used;
	const json *labels, *taints;
	bool unschedulable; /* cordoned */
	bool ports_taken; /* a port of the host that the pod wants is another pod's */
};

/* message: the text of the condition PodScheduled; NULL for FIT_YES. Owned by the caller. */
enum fit pod_fit(const json *pod_spec, const struct fit_node *node, char **ret_message);

bool pod_has_host_ports(const json *pod_spec);
/* Whether two pods want the same port of the host. */
bool pod_ports_clash(const json *pod_spec, const json *other);

/* ---- the sums (pod_room.c) ---- */

struct pod;
struct pods;

/*
 * Before a pod is bound: true, and it has taken its room. False: p->unfit says why it stays Pending
 * with condition PodScheduled False; an event FailedScheduling has told; it is queued when there
 * may be room.
 */
bool pod_room_ask(struct pod *p);
/* It is bound to the node already: it counts until pod_room_give. Both may be called again. */
void pod_room_take(struct pod *p);
/* It has ended, or its record is freed. */
void pod_room_give(struct pod *p);
/* The node was written: its size, labels and taints are read again. */
void pod_room_node_news(struct pods *set);
void pod_room_release_all(struct pods *set);

#endif
