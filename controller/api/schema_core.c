/* schema_core: the small core kinds: Event, Namespace, Node. */
#include "schema.h"

static const struct field event_fields[] = {
    ROW("apiVersion", T_STRING, 0, "Always v1."),
    ROW("kind", T_STRING, 0, "Always Event."),
    ROW("metadata", T_OBJECT, F_REQUIRED, "Name, labels, annotations and other metadata.",
	.of = &schema_object_meta),
    ROW("involvedObject", T_OBJECT, F_REQUIRED, "What the event is about.",
	.of = &schema_object_reference),
    ROW("reason", T_STRING, 0,
	"What happened, in one word, such as Pulled or BackoffLimitExceeded."),
    ROW("message", T_STRING, 0, "What happened, for people."),
    ROW("source", T_OBJECT, 0, "Who reported it.", .of = &schema_event_source),
    ROW("firstTimestamp", T_TIME, 0, "When it first happened."),
    ROW("lastTimestamp", T_TIME, 0, "When it last happened."),
    ROW("count", T_INT32, 0, "How often it happened."),
    ROW("type", T_STRING, 0, "Normal or Warning."),
    ROW("eventTime", T_MICRO_TIME, 0, "When it first happened, in microseconds."),
    ROW("series", T_OBJECT, F_PTR, "Repetitions of a series.", .of = &schema_event_series),
    ROW("action", T_STRING, 0, "What was done or failed."),
    ROW("related", T_OBJECT, F_PTR, "A second object.", .of = &schema_object_reference),
    ROW("reportingComponent", T_STRING, 0, "Controller that reported it."),
    ROW("reportingInstance", T_STRING, 0, "Instance of that controller."),
    {0},
};
SCHEMA(event, "Event",
    "A note about something that happened to an object, such as a pulled image or a failed pod.");

static const struct field event_source_fields[] = {
    ROW("component", T_STRING, 0, "Component that reported the event."),
    ROW("host", T_STRING, 0, "Node it runs on."),
    {0},
};
SCHEMA(event_source, "EventSource");

static const struct field event_series_fields[] = {
    ROW("count", T_INT32, 0, "Repetitions up to the last heartbeat."),
    ROW("lastObservedTime", T_MICRO_TIME, 0, "Time of the last one."),
    {0},
};
SCHEMA(event_series, "EventSeries");

static const struct field namespace_fields[] = {
    ROW("apiVersion", T_STRING, 0, "Always v1."),
    ROW("kind", T_STRING, 0, "Always Namespace."),
    ROW("metadata", T_OBJECT, 0, "Name, labels, annotations and other metadata.",
	.of = &schema_object_meta),
    ROW("spec", T_OBJECT, 0, "Finalizers of the namespace.", .of = &schema_namespace_spec),
    ROW("status", T_OBJECT, 0, "Phase of the namespace.", .of = &schema_namespace_status),
    {0},
};
SCHEMA(namespace, "Namespace", "A scope for names: objects in different namespaces may share one.");

static const struct field namespace_spec_fields[] = {
    ROW("finalizers", T_STRING_LIST, 0,
	"Names that must be removed before the namespace vanishes."),
    {0},
};
SCHEMA(namespace_spec, "NamespaceSpec");

static const struct field namespace_status_fields[] = {
    ROW("phase", T_STRING, 0, "Active or Terminating."),
    ROW("conditions", T_OBJECT_LIST, 0, "Newest facts about the namespace.",
	.of = &schema_namespace_condition, .merge_key = "type"),
    {0},
};
SCHEMA(namespace_status, "NamespaceStatus");

static const struct field namespace_condition_fields[] = {
    ROW("type", T_STRING, F_REQUIRED, "What it is about."),
    ROW("status", T_STRING, F_REQUIRED, "True, False or Unknown."),
    ROW("lastTransitionTime", T_TIME, 0, "When the status last changed."),
    ROW("reason", T_STRING, 0, "Why, in one word."),
    ROW("message", T_STRING, 0, "Why, for people."),
    {0},
};
SCHEMA(namespace_condition, "NamespaceCondition");

static const struct field node_fields[] = {
    ROW("apiVersion", T_STRING, 0, "Always v1."),
    ROW("kind", T_STRING, 0, "Always Node."),
    ROW("metadata", T_OBJECT, 0, "Name, labels, annotations and other metadata.",
	.of = &schema_object_meta),
    ROW("spec", T_OBJECT, 0, "Settings of the node.", .of = &schema_node_spec),
    ROW("status", T_OBJECT, 0, "What the node is and has.", .of = &schema_node_status),
    {0},
};
SCHEMA(node, "Node",
    "A machine that runs pods. Here there is one: the machine of the container engine.");

static const struct field node_spec_fields[] = {
    ROW("podCIDR", T_STRING, 0, "Address range of the node's pods."),
    ROW("podCIDRs", T_STRING_LIST, F_MERGE, "Address ranges of the node's pods."),
    ROW("providerID", T_STRING, 0, "The node's id with its provider."),
    ROW("unschedulable", T_BOOL, 0, "Whether new pods are kept away."),
    ROW("taints", T_OBJECT_LIST, 0, "Taints that pods must tolerate.", .of = &schema_taint),
    ROW("configSource", T_OBJECT, F_PTR, "Removed from Kubernetes.",
	.of = &schema_node_config_source),
    ROW("externalID", T_STRING, 0, "Deprecated."),
    {0},
};
SCHEMA(node_spec, "NodeSpec");

static const struct field taint_fields[] = {
    ROW("key", T_STRING, F_REQUIRED, "Key of the taint."),
    ROW("value", T_STRING, 0, "Value of the taint."),
    ROW("effect", T_STRING, F_REQUIRED, "What happens to pods that do not tolerate it.",
	.values = ENUM("NoSchedule", "PreferNoSchedule", "NoExecute"), .go_type = "TaintEffect"),
    ROW("timeAdded", T_TIME, F_PTR, "When the taint was added."),
    {0},
};
SCHEMA(taint, "Taint");

static const struct field node_config_source_fields[] = {
    ROW("configMap", T_OBJECT, F_PTR, "Removed from Kubernetes.",
	.of = &schema_config_map_node_config_source),
    {0},
};
SCHEMA(node_config_source, "NodeConfigSource");

static const struct field config_map_node_config_source_fields[] = {
    ROW("namespace", T_STRING, F_REQUIRED, "Namespace of the config map."),
    ROW("name", T_STRING, F_REQUIRED, "Name of the config map."),
    ROW("uid", T_STRING, 0, "UID of the config map."),
    ROW("resourceVersion", T_STRING, 0, "Version of the config map."),
    ROW("kubeletConfigKey", T_STRING, F_REQUIRED, "Key in the config map."),
    {0},
};
SCHEMA(config_map_node_config_source, "ConfigMapNodeConfigSource");

static const struct field node_status_fields[] = {
    ROW("capacity", T_QUANTITY_MAP, 0, "All resources of the node."),
    ROW("allocatable", T_QUANTITY_MAP, 0, "Resources that pods can have."),
    ROW("phase", T_STRING, 0, "Deprecated."),
    ROW("conditions", T_OBJECT_LIST, 0, "Newest facts about the node.",
	.of = &schema_node_condition, .merge_key = "type"),
    ROW("addresses", T_OBJECT_LIST, 0, "Addresses of the node.", .of = &schema_node_address,
	.merge_key = "type"),
    ROW("daemonEndpoints", T_OBJECT, 0, "Ports of the node's daemons.",
	.of = &schema_node_daemon_endpoints),
    ROW("nodeInfo", T_OBJECT, 0, "Versions and ids of the node.", .of = &schema_node_system_info),
    ROW("images", T_OBJECT_LIST, 0, "Images on the node.", .of = &schema_container_image),
    ROW("volumesInUse", T_STRING_LIST, 0, "Attached volumes that are in use."),
    ROW("volumesAttached", T_OBJECT_LIST, 0, "Volumes that are attached.",
	.of = &schema_attached_volume),
    ROW("config", T_OBJECT, F_PTR, "Removed from Kubernetes.", .of = &schema_node_config_status),
    ROW("runtimeHandlers", T_OBJECT_LIST, 0, "Runtime handlers of the node.",
	.of = &schema_node_runtime_handler),
    ROW("features", T_OBJECT, F_PTR, "What the container runtime can do.",
	.of = &schema_node_features),
    ROW("declaredFeatures", T_STRING_LIST, 0, "Features that the node declares."),
    {0},
};
SCHEMA(node_status, "NodeStatus");

static const struct field node_condition_fields[] = {
    ROW("type", T_STRING, F_REQUIRED, "What it is about."),
    ROW("status", T_STRING, F_REQUIRED, "True, False or Unknown."),
    ROW("lastHeartbeatTime", T_TIME, 0, "When the condition was last reported."),
    ROW("lastTransitionTime", T_TIME, 0, "When the status last changed."),
    ROW("reason", T_STRING, 0, "Why, in one word."),
    ROW("message", T_STRING, 0, "Why, for people."),
    {0},
};
SCHEMA(node_condition, "NodeCondition");

static const struct field node_address_fields[] = {
    ROW("type", T_STRING, F_REQUIRED,
	"Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS."),
    ROW("address", T_STRING, F_REQUIRED, "The address."),
    {0},
};
SCHEMA(node_address, "NodeAddress");

static const struct field node_daemon_endpoints_fields[] = {
    ROW("kubeletEndpoint", T_OBJECT, 0, "Where the kubelet listens.",
	.of = &schema_daemon_endpoint),
    {0},
};
SCHEMA(node_daemon_endpoints, "NodeDaemonEndpoints");

static const struct field daemon_endpoint_fields[] = {
    ROW("Port", T_INT32, F_REQUIRED, "The port."),
    {0},
};
SCHEMA(daemon_endpoint, "DaemonEndpoint");

static const struct field node_system_info_fields[] = {
    ROW("machineID", T_STRING, F_REQUIRED, "Id of the machine."),
    ROW("systemUUID", T_STRING, F_REQUIRED, "UUID of the system."),
    ROW("bootID", T_STRING, F_REQUIRED, "Id of this boot."),
    ROW("kernelVersion", T_STRING, F_REQUIRED, "Version of the kernel."),
    ROW("osImage", T_STRING, F_REQUIRED, "Name of the operating system's release."),
    ROW("containerRuntimeVersion", T_STRING, F_REQUIRED,
	"Engine and its version, such as docker://20.10.24."),
    ROW("kubeletVersion", T_STRING, F_REQUIRED, "Version of the kubelet; here of kjob."),
    ROW("kubeProxyVersion", T_STRING, F_REQUIRED, "Deprecated."),
    ROW("operatingSystem", T_STRING, F_REQUIRED, "linux."),
    ROW("architecture", T_STRING, F_REQUIRED, "CPU architecture, such as amd64."),
    ROW("swap", T_OBJECT, F_PTR, "Swap of the node.", .of = &schema_node_swap_status),
    {0},
};
SCHEMA(node_system_info, "NodeSystemInfo");

static const struct field node_swap_status_fields[] = {
    ROW("capacity", T_INT64, F_PTR, "Bytes of swap."),
    {0},
};
SCHEMA(node_swap_status, "NodeSwapStatus");

static const struct field node_config_status_fields[] = {
    ROW("assigned", T_OBJECT, F_PTR, "Removed from Kubernetes.", .of = &schema_node_config_source),
    ROW("active", T_OBJECT, F_PTR, "Removed from Kubernetes.", .of = &schema_node_config_source),
    ROW("lastKnownGood", T_OBJECT, F_PTR, "Removed from Kubernetes.",
	.of = &schema_node_config_source),
    ROW("error", T_STRING, 0, "Removed from Kubernetes."),
    {0},
};
SCHEMA(node_config_status, "NodeConfigStatus");

static const struct field node_runtime_handler_fields[] = {
    ROW("name", T_STRING, F_PTR, "Name of the handler; empty for the default one."),
    ROW("features", T_OBJECT, F_PTR, "What the handler can do.",
	.of = &schema_node_runtime_handler_features),
    {0},
};
SCHEMA(node_runtime_handler, "NodeRuntimeHandler");

static const struct field node_runtime_handler_features_fields[] = {
    ROW("recursiveReadOnlyMounts", T_BOOL, F_PTR, "Whether read-only mounts can be recursive."),
    ROW("userNamespaces", T_BOOL, F_PTR, "Whether user namespaces work."),
    {0},
};
SCHEMA(node_runtime_handler_features, "NodeRuntimeHandlerFeatures");

static const struct field node_features_fields[] = {
    ROW("supplementalGroupsPolicy", T_BOOL, F_PTR, "Whether supplementalGroupsPolicy is honoured."),
    {0},
};
SCHEMA(node_features, "NodeFeatures");

static const struct field container_image_fields[] = {
    ROW("names", T_STRING_LIST, 0, "Names of the image."),
    ROW("sizeBytes", T_INT64, 0, "Size of the image."),
    {0},
};
SCHEMA(container_image, "ContainerImage");

static const struct field attached_volume_fields[] = {
    ROW("name", T_STRING, F_REQUIRED, "Name of the volume."),
    ROW("devicePath", T_STRING, F_REQUIRED, "Device of the volume."),
    {0},
};
SCHEMA(attached_volume, "AttachedVolume");
