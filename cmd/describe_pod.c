/* Pods. */
#include "../runtime/base/clock.h"
#include "../runtime/base/str.h"
#include "describe.h"
#include "describe_quantity.h"

static void format_node(const struct describe *d, const json *value, struct buf *text)
{
	const char *node = json_str_or(value, "spec.nodeName", "");

	if (*node)
		buf_addf(text, "%s/%s", node, json_str_or(value, "status.hostIP", ""));
	else
		buf_adds(text, "<none>");
}

static void block_status(struct describe *d, int level, const struct drow *row, const json *value)
{
	const char *phase = json_str_or(value, "status.phase", "");
	bool over = str_eq(phase, "Succeeded") || str_eq(phase, "Failed");
	auto_free char *grace = describe_text(value, "metadata.deletionGracePeriodSeconds", "0");
	char since[TIME_TEXT_MAX];

	if (over || !json_has(value, "metadata.deletionTimestamp")) {
		dtext_add(&d->text, level, "%s:\t%s\n", row->label, phase);
		return;
	}
	dtext_add(&d->text, level, "%s:\tTerminating (lasts %s)\n", row->label,
	    describe_since(d, json_str(value, "metadata.deletionTimestamp"), since));
	dtext_add(&d->text, level, "Termination Grace Period:\t%ss\n", grace);
}

static void block_ips(struct describe *d, int level, const struct drow *row, const json *value)
{
	dtext_add(&d->text, level, "%s:%s\n", row->label, json_len(value) ? "" : "\t<none>");
	json_for (ip, value)
		dtext_add(&d->text, level + 1, "IP:\t%s\n", json_str_or(ip, "ip", ""));
}

static void block_pod_resources(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	if (!value)
		return;
	dtext_add(&d->text, level, "%s:\n", row->label);
	block_resources(d, level + 1, row, value);
}

static const struct {
	const char *label, *spec, *status;
	bool always;
} container_lists[] = {
    {"Init Containers", "spec.initContainers", "status.initContainerStatuses", false},
    {"Containers", "spec.containers", "status.containerStatuses", true},
    {"Ephemeral Containers", "spec.ephemeralContainers", "status.ephemeralContainerStatuses",
	false},
};

static void block_pod_containers(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	for (size_t i = 0; i < ARRAY_LEN(container_lists); i++) {
		const json *list = json_path(value, container_lists[i].spec);

		if (container_lists[i].always || json_len(list))
			describe_containers(d, container_lists[i].label, list,
			    json_path(value, container_lists[i].status), value);
	}
}

static const char *condition_status(const json *pod, const char *type)
{
	json_for (c, json_path(pod, "status.conditions"))
		if (str_eq(json_str(c, "type"), type))
			return json_str_or(c, "status", "");
	return "<none>";
}

static void block_gates(struct describe *d, int level, const struct drow *row, const json *value)
{
	const json *gates = json_path(value, "spec.readinessGates");

	if (!json_len(gates))
		return;
	dtext_add(&d->text, level, "%s:\n", row->label);
	dtext_add(&d->text, level + 1, "Type\tStatus\n");
	json_for (gate, gates) {
		const char *type = json_str_or(gate, "conditionType", "");

		dtext_add(&d->text, level + 1, "%s \t%s \n", type, condition_status(value, type));
	}
}

static void block_conditions(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	if (!json_len(value))
		return;
	dtext_add(&d->text, level, "%s:\n", row->label);
	dtext_add(&d->text, level + 1, "Type\tStatus\n");
	json_for (c, value)
		dtext_add(&d->text, level + 1, "%s \t%s \n", json_str_or(c, "type", ""),
		    json_str_or(c, "status", ""));
}

/* Whether a container's limit of one resource is set, and asked for in full. */
static bool is_guaranteed(const json *c, const char *name)
{
	auto_free char *limit = json_scalar_text(json_get(json_path(c, "resources.limits"), name));
	auto_free char *request =
	    json_scalar_text(json_get(json_path(c, "resources.requests"), name));

	return quantity_of(limit).milli > 0 &&
	       (!*request || quantity_of(request).milli == quantity_of(limit).milli);
}

static bool asks_for(const json *c, const char *name)
{
	auto_free char *limit = json_scalar_text(json_get(json_path(c, "resources.limits"), name));
	auto_free char *request =
	    json_scalar_text(json_get(json_path(c, "resources.requests"), name));

	return quantity_of(limit).milli > 0 || quantity_of(request).milli > 0;
}

/* What the status says; else what the containers' resources make of the pod. */
static void format_qos(const struct describe *d, const json *value, struct buf *text)
{
	static const char *const lists[] = {"spec.containers", "spec.initContainers"};
	const char *known = json_str_or(value, "status.qosClass", "");
	bool guaranteed = true, any = false;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (c, json_path(value, lists[i])) {
			any = any || asks_for(c, "cpu") || asks_for(c, "memory");
			guaranteed =
			    guaranteed && is_guaranteed(c, "cpu") && is_guaranteed(c, "memory");
		}
	buf_adds(text, *known       ? known
		       : !any       ? "BestEffort"
		       : guaranteed ? "Guaranteed"
				    : "Burstable");
}

static const struct drow pod_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Namespace", "metadata.namespace", .absent = ""),
    ROW("Priority", "spec.priority"),
    ROW("Priority Class Name", "spec.priorityClassName"),
    ROW("Runtime Class Name", "spec.runtimeClassName"),
    ROW("Service Account", "spec.serviceAccountName"),
    ROW("Node", NULL, .format = format_node),
    ROW("Start Time", "status.startTime", .format = format_time),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
    ROW("Status", NULL, .block = block_status),
    ROW("Reason", "status.reason"),
    ROW("Message", "status.message"),
    ROW("SeccompProfile", "spec.securityContext.seccompProfile", .block = block_seccomp),
    ROW("IP", "status.podIP", .absent = ""),
    ROW("IPs", "status.podIPs", .block = block_ips),
    ROW("Controlled By", "metadata.ownerReferences", .format = format_controller),
    ROW("NominatedNodeName", "status.nominatedNodeName"),
    ROW("Resources", "spec.resources", .block = block_pod_resources),
    ROW("Containers", NULL, .block = block_pod_containers),
    ROW("Readiness Gates", NULL, .block = block_gates),
    ROW("Conditions", "status.conditions", .block = block_conditions),
    ROW("Volumes", "spec.volumes", .block = block_volumes),
    ROW("QoS Class", NULL, .format = format_qos),
    ROW("Node-Selectors", "spec.nodeSelector", .block = block_labels),
    ROW("Tolerations", "spec.tolerations", .block = block_tolerations),
    ROW("Topology Spread Constraints", "spec.topologySpreadConstraints", .block = block_topology),
};

void describe_pod(struct describe *d, const json *obj)
{
	DESCRIBE_ROWS(d, 0, pod_rows, obj);
	describe_events(d);
}
