/* pod_room: the sums over the scheduled pods, and who waits for room. */
#include "../api/resources.h"
#include "pod_volumes.h"
#include "pods_internal.h"

/* ---- the node ---- */

static void read_node(struct pods *set)
{
	auto_json *node =
	    store_get(set->env->store, kind_by_id(KIND_NODE), NULL, set->env->node_name, NULL);
	const json *has = json_path(node, "status.allocatable");

	json_free(TAKE(set->node_labels));
	json_free(TAKE(set->node_spec));
	/* what it does not tell it has without end */
	set->room = (struct room){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
	set->node_known = node != NULL;
	if (json_has(has, "cpu"))
		set->room.cpu_milli = resource_milli(has, "cpu");
	if (json_has(has, "memory"))
		set->room.memory_bytes = resource_milli(has, "memory") / 1000;
	if (json_has(has, "ephemeral-storage"))
		set->room.disk_bytes = resource_milli(has, "ephemeral-storage") / 1000;
	if (json_has(has, "pods"))
		set->room.pods = resource_milli(has, "pods") / 1000;
	if (node) {
		set->node_labels = json_dup(json_path(node, "metadata.labels"));
		set->node_spec = json_dup(json_get(node, "spec"));
	}
}

void pod_room_node_news(struct pods *set)
{
	set->node_known = false;
	for (size_t i = 0; i < set->slot_count; i++)
		if (set->slots[i] && set->slots[i]->unfit)
			pod_queue(set->slots[i]);
}

/* ---- the sums ---- */

static void wait_begin(struct pod *p)
{
	struct pod **at = &p->set->unfit;

	if (p->waits_for_room)
		return;
	while (*at)
		at = &(*at)->next_unfit;
	*at = p;
	p->next_unfit = NULL;
	p->waits_for_room = true;
}

static void wait_end(struct pod *p)
{
	struct pod **at = &p->set->unfit;

	if (!p->waits_for_room)
		return;
	while (*at && *at != p)
		at = &(*at)->next_unfit;
	if (*at)
		*at = p->next_unfit;
	p->waits_for_room = false;
}

void pod_room_take(struct pod *p)
{
	struct room *used = &p->set->room_used;

	wait_end(p);
	set_text(&p->unfit, NULL);
	if (p->has_room)
		return;
	p->wants = pod_room_wanted(json_get(p->obj, "spec"));
	p->has_room = true;
	used->cpu_milli += p->wants.cpu_milli;
	used->memory_bytes += p->wants.memory_bytes;
	used->disk_bytes += p->wants.disk_bytes;
	used->pods++;
}

/* Queues those that fit into what is free, the first to ask first. */
static void wake(struct pods *set)
{
	struct room free = {
	    .cpu_milli = set->room.cpu_milli - set->room_used.cpu_milli,
	    .memory_bytes = set->room.memory_bytes - set->room_used.memory_bytes,
	    .pods = set->room.pods - set->room_used.pods,
	    .disk_bytes = set->room.disk_bytes - set->room_used.disk_bytes,
	};

	for (struct pod *p = set->unfit; p && free.pods > 0; p = p->next_unfit) {
		if (p->wants.cpu_milli > free.cpu_milli ||
		    p->wants.memory_bytes > free.memory_bytes ||
		    p->wants.disk_bytes > free.disk_bytes)
			continue;
		free.cpu_milli -= p->wants.cpu_milli;
		free.memory_bytes -= p->wants.memory_bytes;
		free.disk_bytes -= p->wants.disk_bytes;
		free.pods--;
		pod_queue(p);
	}
}

void pod_room_give(struct pod *p)
{
	struct room *used = &p->set->room_used;

	wait_end(p);
	if (!p->has_room)
		return;
	p->has_room = false;
	used->cpu_milli -= p->wants.cpu_milli;
	used->memory_bytes -= p->wants.memory_bytes;
	used->disk_bytes -= p->wants.disk_bytes;
	used->pods--;
	wake(p->set);
}

/* ---- asking ---- */

static bool ports_taken(const struct pod *p)
{
	const json *spec = json_get(p->obj, "spec");
	struct pods *set = p->set;

	if (!pod_has_host_ports(spec))
		return false;
	for (size_t i = 0; i < set->slot_count; i++)
		if (set->slots[i] && set->slots[i] != p && set->slots[i]->has_room &&
		    pod_ports_clash(spec, json_get(set->slots[i]->obj, "spec")))
			return true;
	return false;
}

bool pod_room_ask(struct pod *p)
{
	struct pods *set = p->set;
	struct fit_node node = {.used = set->room_used};
	auto_free char *message = volumes_unschedulable(p);
	enum fit fit = FIT_NEVER;

	if (json_first(json_path(p->obj, "spec.schedulingGates"))) {
		set_text(&p->unfit, POD_GATED_MESSAGE);
		return false;
	}
	if (!set->node_known)
		read_node(set);
	node.total = set->room;
	node.labels = set->node_labels;
	node.taints = json_get(set->node_spec, "taints");
	node.unschedulable = json_bool(set->node_spec, "unschedulable", false);
	node.ports_taken = ports_taken(p);
	if (!message)
		fit = pod_fit(json_get(p->obj, "spec"), &node, &message);
	if (fit == FIT_YES) {
		pod_room_take(p);
		return true;
	}
	p->wants = pod_room_wanted(json_get(p->obj, "spec"));
	if (fit == FIT_LATER)
		wait_begin(p);
	if (str_eq(message, p->unfit))
		return false;
	set_text(&p->unfit, message);
	recorder_event(set->env->recorder, pod_kind(), p->obj, NULL, "Warning", "FailedScheduling",
	    "default-scheduler", "%s", message);
	return false;
}

void pod_room_release_all(struct pods *set)
{
	json_free(TAKE(set->node_labels));
	json_free(TAKE(set->node_spec));
}
