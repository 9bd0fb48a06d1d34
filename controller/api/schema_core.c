/* schema_core: the small core kinds: Event, Namespace, Node. */
#include "schema.h"

static const struct field event_fields[] = {
    TYPE_ROWS("v1", "Event"),
    ROW(1, "metadata", T_OBJECT, F_REQUIRED, "Name, labels, annotations and other metadata.",
	.of = &schema_object_meta),
    ROW(2, "involvedObject", T_OBJECT, F_REQUIRED, "What the event is about.",
	.of = &schema_object_reference),
    ROW(3, "reason", T_STRING, 0,
	"What happened, in one word, such as Pulled or BackoffLimitExceeded."),
    ROW(4, "message", T_STRING, 0, "What happened, for people."),
    ROW(5, "source", T_OBJECT, 0, "Who reported it.", .of = &schema_event_source),
    ROW(6, "firstTimestamp", T_TIME, 0, "When it first happened."),
    ROW(7, "lastTimestamp", T_TIME, 0, "When it last happened."),
    ROW(8, "count", T_INT32, 0, "How often it happened."),
    ROW(9, "type", T_STRING, 0, "Normal or Warning."),
    ROW(10, "eventTime", T_MICRO_TIME, 0, "When it first happened, in microseconds."),
    ROW(11, "series", T_OBJECT, F_PTR, "Repetitions of a series.", .of = &schema_event_series),
    ROW(12, "action", T_STRING, 0, "What was done or failed."),
    ROW(13, "related", T_OBJECT, F_PTR, "A second object.", .of = &schema_object_reference),
    ROW(14, "reportingComponent", T_STRING, 0, "Controller that reported it."),
    ROW(15, "reportingInstance", T_STRING, 0, "Instance of that controller."),
    {0},
};
SCHEMA(event, "Event",
    "A note about something that happened to an object, such as a pulled image or a failed pod.");

static const struct field event_source_fields[] = {
    ROW(1, "component", T_STRING, 0, "Component that reported the event."),
    ROW(2, "host", T_STRING, 0, "Node it runs on."),
    {0},
};
SCHEMA(event_source, "EventSource");

static const struct field event_series_fields[] = {
    ROW(1, "count", T_INT32, 0, "Repetitions up to the last heartbeat."),
    ROW(2, "lastObservedTime", T_MICRO_TIME, 0, "Time of the last one."),
    {0},
};
SCHEMA(event_series, "EventSeries");

static const struct field namespace_fields[] = {
    OBJECT_ROWS("v1", "Namespace"),
    ROW(2, "spec", T_OBJECT, 0, "Finalizers of the namespace.", .of = &schema_namespace_spec),
    ROW(3, "status", T_OBJECT, 0, "Phase of the namespace.", .of = &schema_namespace_status),
    {0},
};
SCHEMA(namespace, "Namespace", "A scope for names: objects in different namespaces may share one.");

static const struct field namespace_spec_fields[] = {
    ROW(1, "finalizers", T_STRING_LIST, 0,
	"Names that must be removed before the namespace vanishes."),
    {0},
};
SCHEMA(namespace_spec, "NamespaceSpec");

static const struct field namespace_status_fields[] = {
    ROW(1, "phase", T_STRING, 0, "Active or Terminating."),
    ROW(2, "conditions", T_OBJECT_LIST, 0, "Newest facts about the namespace.",
	.of = &schema_namespace_condition, .merge_key = "type"),
    {0},
};
SCHEMA(namespace_status, "NamespaceStatus");

static const struct field namespace_condition_fields[] = {
    ROW(1, "type", T_STRING, F_REQUIRED, "What it is about."),
    ROW(2, "status", T_STRING, F_REQUIRED, "True, False or Unknown."),
    ROW(4, "lastTransitionTime", T_TIME, 0, "When the status last changed."),
    ROW(5, "reason", T_STRING, 0, "Why, in one word."),
    ROW(6, "message", T_STRING, 0, "Why, for people."),
    {0},
};
SCHEMA(namespace_condition, "NamespaceCondition");

static const struct field node_fields[] = {
    OBJECT_ROWS("v1", "Node"),
    ROW(2, "spec", T_OBJECT, 0, "Settings of the node.", .of = &schema_node_spec),
    ROW(3, "status", T_OBJECT, 0, "What the node is and has.", .of = &schema_node_status),
    {0},
};
SCHEMA(node, "Node",
    "A machine that runs pods. Here there is one: the machine of the container engine.");

static const struct field node_spec_fields[] = {
    ROW(1, "podCIDR", T_STRING, 0, "Address range of the node's pods."),
    ROW(7, "podCIDRs", T_STRING_LIST, F_MERGE, "Address ranges of the node's pods."),
    ROW(3, "providerID", T_STRING, 0, "The node's id with its provider."),
    ROW(4, "unschedulable", T_BOOL, 0, "Whether new pods are kept away."),
    ROW(5, "taints", T_OBJECT_LIST, 0, "Taints that pods must tolerate.", .of = &schema_taint),
    ROW(6, "configSource", T_OBJECT, F_PTR, "Removed from Kubernetes.",
	.of = &schema_node_config_source),
    ROW(2, "externalID", T_STRING, 0, "Deprecated."),
    {0},
};
SCHEMA(node_spec, "NodeSpec");

static const struct field taint_fields[] = {
    ROW(1, "key", T_STRING, F_REQUIRED, "Key of the taint."),
    ROW(2, "value", T_STRING, 0, "Value of the taint."),
    ROW(3, "effect", T_STRING, F_REQUIRED, "What happens to pods that do not tolerate it.",
	.values = ENUM("NoSchedule", "PreferNoSchedule", "NoExecute"), .go_type = "TaintEffect"),
    ROW(4, "timeAdded", T_TIME, F_PTR, "When the taint was added."),
    {0},
};
SCHEMA(taint, "Taint");

static const struct field node_config_source_fields[] = {
    ROW(2, "configMap", T_OBJECT, F_PTR, "Removed from Kubernetes.",
	.of = &schema_config_map_node_config_source),
    {0},
};
SCHEMA(node_config_source, "NodeConfigSource");

static const struct field config_map_node_config_source_fields[] = {
    ROW(1, "namespace", T_STRING, F_REQUIRED, "Namespace of the config map."),
    ROW(2, "name", T_STRING, F_REQUIRED, "Name of the config map."),
    ROW(3, "uid", T_STRING, 0, "UID of the config map."),
    ROW(4, "resourceVersion", T_STRING, 0, "Version of the config map."),
    ROW(5, "kubeletConfigKey", T_STRING, F_REQUIRED, "Key in the config map."),
    {0},
};
SCHEMA(config_map_node_config_source, "ConfigMapNodeConfigSource");

static const struct field node_status_fields[] = {
    ROW(1, "capacity", T_QUANTITY_MAP, 0, "All resources of the node."),
    ROW(2, "allocatable", T_QUANTITY_MAP, 0, "Resources that pods can have."),
    ROW(3, "phase", T_STRING, 0, "Deprecated."),
    ROW(4, "conditions", T_OBJECT_LIST, 0, "Newest facts about the node.",
	.of = &schema_node_condition, .merge_key = "type"),
    ROW(5, "addresses", T_OBJECT_LIST, 0, "Addresses of the node.", .of = &schema_node_address,
	.merge_key = "type"),
    ROW(6, "daemonEndpoints", T_OBJECT, 0, "Ports of the node's daemons.",
	.of = &schema_node_daemon_endpoints),
    ROW(7, "nodeInfo", T_OBJECT, 0, "Versions and ids of the node.",
	.of = &schema_node_system_info),
    ROW(8, "images", T_OBJECT_LIST, 0, "Images on the node.", .of = &schema_container_image),
    ROW(9, "volumesInUse", T_STRING_LIST, 0, "Attached volumes that are in use."),
    ROW(10, "volumesAttached", T_OBJECT_LIST, 0, "Volumes that are attached.",
	.of = &schema_attached_volume),
    ROW(11, "config", T_OBJECT, F_PTR, "Removed from Kubernetes.",
	.of = &schema_node_config_status),
    ROW(12, "runtimeHandlers", T_OBJECT_LIST, 0, "Runtime handlers of the node.",
	.of = &schema_node_runtime_handler),
    ROW(13, "features", T_OBJECT, F_PTR, "What the container runtime can do.",
	.of = &schema_node_features),
    ROW(14, "declaredFeatures", T_STRING_LIST, 0, "Features that the node declares."),
    {0},
};
SCHEMA(node_status, "NodeStatus");

static const struct field node_condition_fields[] = {
    ROW(1, "type", T_STRING, F_REQUIRED, "What it is about."),
    ROW(2, "status", T_STRING, F_REQUIRED, "True, False or Unknown."),
    ROW(3, "lastHeartbeatTime", T_TIME, 0, "When the condition was last reported."),
    ROW(4, "lastTransitionTime", T_TIME, 0, "When the status last changed."),
    ROW(5, "reason", T_STRING, 0, "Why, in one word."),
    ROW(6, "message", T_STRING, 0, "Why, for people."),
    {0},
};
SCHEMA(node_condition, "NodeCondition");

static const struct field node_address_fields[] = {
    ROW(1, "type", T_STRING, F_REQUIRED,
	"Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS."),
    ROW(2, "address", T_STRING, F_REQUIRED, "The address."),
    {0},
};
SCHEMA(node_address, "NodeAddress");

static const struct field node_daemon_endpoints_fields[] = {
    ROW(1, "kubeletEndpoint", T_OBJECT, 0, "Where the kubelet listens.",
	.of = &schema_daemon_endpoint),
    {0},
};
SCHEMA(node_daemon_endpoints, "NodeDaemonEndpoints");

static const struct field daemon_endpoint_fields[] = {
    ROW(1, "Port", T_INT32, F_REQUIRED, "The port."),
    {0},
};
SCHEMA(daemon_endpoint, "DaemonEndpoint");

static const struct field node_system_info_fields[] = {
    ROW(1, "machineID", T_STRING, F_REQUIRED, "Id of the machine."),
    ROW(2, "systemUUID", T_STRING, F_REQUIRED, "UUID of the system."),
    ROW(3, "bootID", T_STRING, F_REQUIRED, "Id of this boot."),
    ROW(4, "kernelVersion", T_STRING, F_REQUIRED, "Version of the kernel."),
    ROW(5, "osImage", T_STRING, F_REQUIRED, "Name of the operating system's release."),
    ROW(6, "containerRuntimeVersion", T_STRING, F_REQUIRED,
	"Engine and its version, such as docker://20.10.24."),
    ROW(7, "kubeletVersion", T_STRING, F_REQUIRED, "Version of the kubelet; here of kjob."),
    ROW(8, "kubeProxyVersion", T_STRING, F_REQUIRED, "Deprecated."),
    ROW(9, "operatingSystem", T_STRING, F_REQUIRED, "linux."),
    ROW(10, "architecture", T_STRING, F_REQUIRED, "CPU architecture, such as amd64."),
    ROW(11, "swap", T_OBJECT, F_PTR, "Swap of the node.", .of = &schema_node_swap_status),
    {0},
};
SCHEMA(node_system_info, "NodeSystemInfo");

static const struct field node_swap_status_fields[] = {
    ROW(1, "capacity", T_INT64, F_PTR, "Bytes of swap."),
    {0},
};
SCHEMA(node_swap_status, "NodeSwapStatus");

static const struct field node_config_status_fields[] = {
    ROW(1, "assigned", T_OBJECT, F_PTR, "Removed from Kubernetes.",
	.of = &schema_node_config_source),
    ROW(2, "active", T_OBJECT, F_PTR, "Removed from Kubernetes.", .of = &schema_node_config_source),
    ROW(3, "lastKnownGood", T_OBJECT, F_PTR, "Removed from Kubernetes.",
	.of = &schema_node_config_source),
    ROW(4, "error", T_STRING, 0, "Removed from Kubernetes."),
    {0},
};
SCHEMA(node_config_status, "NodeConfigStatus");

static const struct field node_runtime_handler_fields[] = {
    ROW(1, "name", T_STRING, F_PTR, "Name of the handler; empty for the default one."),
    ROW(2, "features", T_OBJECT, F_PTR, "What the handler can do.",
	.of = &schema_node_runtime_handler_features),
    {0},
};
SCHEMA(node_runtime_handler, "NodeRuntimeHandler");

static const struct field node_runtime_handler_features_fields[] = {
    ROW(1, "recursiveReadOnlyMounts", T_BOOL, F_PTR, "Whether read-only mounts can be recursive."),
    ROW(2, "userNamespaces", T_BOOL, F_PTR, "Whether user namespaces work."),
    {0},
};
SCHEMA(node_runtime_handler_features, "NodeRuntimeHandlerFeatures");

static const struct field node_features_fields[] = {
    ROW(1, "supplementalGroupsPolicy", T_BOOL, F_PTR,
	"Whether supplementalGroupsPolicy is honoured."),
    {0},
};
SCHEMA(node_features, "NodeFeatures");

static const struct field container_image_fields[] = {
    ROW(1, "names", T_STRING_LIST, 0, "Names of the image."),
    ROW(2, "sizeBytes", T_INT64, 0, "Size of the image."),
    {0},
};
SCHEMA(container_image, "ContainerImage");

static const struct field attached_volume_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the volume."),
    ROW(2, "devicePath", T_STRING, F_REQUIRED, "Device of the volume."),
    {0},
};
SCHEMA(attached_volume, "AttachedVolume");
