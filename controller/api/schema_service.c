/* schema_service: the kinds Service, Endpoints and EndpointSlice. */
#include "schema.h"

static const struct field service_fields[] = {
    OBJECT_ROWS("v1", "Service"),
    ROW(2, "spec", T_OBJECT, 0, "Which pods answer, and on which ports.",
	.of = &schema_service_spec),
    ROW(3, "status", T_OBJECT, 0, "Of a load balancer, where there is one.",
	.of = &schema_service_status),
    {0},
};
SCHEMA(service, "Service",
    "A name and an address for a set of pods: connections to it go to those that are ready.");

static const struct field service_spec_fields[] = {
    ROW(1, "ports", T_OBJECT_LIST, 0, "The ports of the service.", .of = &schema_service_port,
	.merge_key = "port", .merge_key2 = "protocol"),
    ROW(2, "selector", T_STRING_MAP, F_ATOMIC,
	"Labels of the pods that answer. Without one, Endpoints of the same name say who does."),
    ROW(3, "clusterIP", T_STRING, 0,
	"Address of the service: chosen by kjob. None: it has no address of its own, and its name "
	"leads to those of its pods."),
    ROW(18, "clusterIPs", T_STRING_LIST, 0, "clusterIP as a list."),
    ROW(4, "type", T_STRING, 0,
	"ClusterIP: an address for pods of this machine. ExternalName: an alias of another name.",
	.values = ENUM("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
	.dflt = "\"ClusterIP\"", .go_type = "ServiceType"),
    ROW(5, "externalIPs", T_STRING_LIST, F_LATER, "Further addresses of the service."),
    ROW(7, "sessionAffinity", T_STRING, 0, "ClientIP: a client always gets to the same pod.",
	.values = ENUM("ClientIP", "None"), .dflt = "\"None\"", .go_type = "ServiceAffinity"),
    ROW(8, "loadBalancerIP", T_STRING, F_LATER, "Address wanted from a load balancer."),
    ROW(9, "loadBalancerSourceRanges", T_STRING_LIST, F_LATER, "Clients that may use it."),
    ROW(10, "externalName", T_STRING, 0,
	"The name that a service of type ExternalName stands for."),
    ROW(11, "externalTrafficPolicy", T_STRING, F_LATER, "Which pods get traffic from outside.",
	.values = ENUM("Cluster", "Local"), .go_type = "ServiceExternalTrafficPolicy"),
    ROW(12, "healthCheckNodePort", T_INT32, F_LATER, "Port for health checks of load balancers."),
    ROW(13, "publishNotReadyAddresses", T_BOOL, 0, "True: pods that are not ready count as ready."),
    ROW(14, "sessionAffinityConfig", T_OBJECT, F_PTR | F_LATER, "How long an affinity lasts.",
	.of = &schema_session_affinity_config,
	.accept = "{\"clientIP\":{\"timeoutSeconds\":10800}}"),
    ROW(19, "ipFamilies", T_STRING_LIST, 0, "IPv4 is what there is."),
    ROW(17, "ipFamilyPolicy", T_STRING, F_PTR, "SingleStack is what there is.",
	.values = ENUM("PreferDualStack", "RequireDualStack", "SingleStack"),
	.go_type = "IPFamilyPolicy"),
    ROW(20, "allocateLoadBalancerNodePorts", T_BOOL, F_PTR | F_LATER,
	"Whether a load balancer gets ports of the node."),
    ROW(21, "loadBalancerClass", T_STRING, F_PTR | F_LATER, "Which load balancer is meant."),
    ROW(22, "internalTrafficPolicy", T_STRING, F_PTR,
	"Which pods get traffic from the same node; there is one node.",
	.values = ENUM("Cluster", "Local"), .go_type = "ServiceInternalTrafficPolicy"),
    ROW(23, "trafficDistribution", T_STRING, F_PTR, "A preference among nodes; there is one."),
    {0},
};
SCHEMA(service_spec, "ServiceSpec");

static const struct field service_port_fields[] = {
    ROW(1, "name", T_STRING, 0, "Name of the port; needed where there are several."),
    ROW(2, "protocol", T_STRING, 0,
	"Protocol of the port. UDP and SCTP are there for services without an address of their "
	"own.",
	.values = ENUM("SCTP", "TCP", "UDP"), .dflt = "\"TCP\"", .go_type = "Protocol"),
    ROW(6, "appProtocol", T_STRING, F_PTR, "What is spoken there; for information."),
    ROW(3, "port", T_INT32, F_REQUIRED, "Port of the service."),
    ROW(4, "targetPort", T_INT_OR_STRING, 0,
	"Port of the pods: a number, or the name of a container's port. Absent: that of the "
	"service."),
    ROW(5, "nodePort", T_INT32, F_LATER, "Port of the machine that leads to the service."),
    {0},
};
SCHEMA(service_port, "ServicePort");

static const struct field session_affinity_config_fields[] = {
    ROW(1, "clientIP", T_OBJECT, F_PTR, "Of the affinity ClientIP.",
	.of = &schema_client_ip_config),
    {0},
};
SCHEMA(session_affinity_config, "SessionAffinityConfig");

static const struct field client_ip_config_fields[] = {
    ROW(1, "timeoutSeconds", T_INT32, F_PTR, "How long the affinity lasts."),
    {0},
};
SCHEMA(client_ip_config, "ClientIPConfig");

static const struct field service_status_fields[] = {
    ROW(1, "loadBalancer", T_OBJECT, 0, "State of the load balancer.",
	.of = &schema_load_balancer_status),
    ROW(2, "conditions", T_OBJECT_LIST, 0, "What holds for the service.", .of = &schema_condition,
	.merge_key = "type"),
    {0},
};
SCHEMA(service_status, "ServiceStatus");

static const struct field load_balancer_status_fields[] = {
    ROW(1, "ingress", T_OBJECT_LIST, 0, "Where it can be reached.",
	.of = &schema_load_balancer_ingress),
    {0},
};
SCHEMA(load_balancer_status, "LoadBalancerStatus");

static const struct field load_balancer_ingress_fields[] = {
    ROW(1, "ip", T_STRING, 0, "Its address."),
    ROW(2, "hostname", T_STRING, 0, "Its name."),
    ROW(3, "ipMode", T_STRING, F_PTR, "How the address is used.", .values = ENUM("Proxy", "VIP"),
	.go_type = "LoadBalancerIPMode"),
    ROW(4, "ports", T_OBJECT_LIST, 0, "Its ports.", .of = &schema_port_status),
    {0},
};
SCHEMA(load_balancer_ingress, "LoadBalancerIngress");

static const struct field port_status_fields[] = {
    ROW(1, "port", T_INT32, F_REQUIRED, "The port."),
    ROW(2, "protocol", T_STRING, F_REQUIRED, "Its protocol.", .values = ENUM("SCTP", "TCP", "UDP"),
	.go_type = "Protocol"),
    ROW(3, "error", T_STRING, F_PTR, "What is wrong with it."),
    {0},
};
SCHEMA(port_status, "PortStatus");

/* ---- Endpoints ---- */

static const struct field endpoints_fields[] = {
    TYPE_ROWS("v1", "Endpoints"),
    ROW(1, "metadata", T_OBJECT, 0, "Name (that of the service) and other metadata.",
	.of = &schema_object_meta),
    ROW(2, "subsets", T_OBJECT_LIST, 0, "Addresses, with the ports that they have in common.",
	.of = &schema_endpoint_subset),
    {0},
};
SCHEMA(endpoints, "Endpoints",
    "Who answers for the service of the same name: written by the controller where that has a "
    "selector.");

static const struct field endpoint_subset_fields[] = {
    ROW(1, "addresses", T_OBJECT_LIST, 0, "Those that are ready.", .of = &schema_endpoint_address),
    ROW(2, "notReadyAddresses", T_OBJECT_LIST, 0, "Those that are not.",
	.of = &schema_endpoint_address),
    ROW(3, "ports", T_OBJECT_LIST, 0, "Their ports.", .of = &schema_endpoint_port),
    {0},
};
SCHEMA(endpoint_subset, "EndpointSubset");

static const struct field endpoint_address_fields[] = {
    ROW(1, "ip", T_STRING, F_REQUIRED, "The address."),
    ROW(3, "hostname", T_STRING, 0, "Its name below that of the service."),
    ROW(4, "nodeName", T_STRING, F_PTR, "The node that it is on."),
    ROW(2, "targetRef", T_OBJECT, F_PTR, "The pod that has it.", .of = &schema_object_reference),
    {0},
};
SCHEMA(endpoint_address, "EndpointAddress", .atomic = true);

static const struct field endpoint_port_fields[] = {
    ROW(1, "name", T_STRING, 0, "Name of the service's port."),
    ROW(2, "port", T_INT32, F_REQUIRED, "Port of the address."),
    ROW(3, "protocol", T_STRING, 0, "Its protocol.", .values = ENUM("SCTP", "TCP", "UDP"),
	.dflt = "\"TCP\"", .go_type = "Protocol"),
    ROW(4, "appProtocol", T_STRING, F_PTR, "What is spoken there."),
    {0},
};
SCHEMA(endpoint_port, "EndpointPort", .atomic = true);

/* ---- EndpointSlice ---- */

#undef SCHEMA_PACKAGE
#define SCHEMA_PACKAGE PACKAGE_DISCOVERY

static const struct field endpoint_slice_fields[] = {
    TYPE_ROWS("discovery.k8s.io/v1", "EndpointSlice"),
    ROW(1, "metadata", T_OBJECT, 0, "Name, labels (which name the service) and other metadata.",
	.of = &schema_object_meta),
    ROW(4, "addressType", T_STRING, F_REQUIRED, "What the addresses are.",
	.values = ENUM("FQDN", "IPv4", "IPv6"), .go_type = "AddressType"),
    ROW(2, "endpoints", T_OBJECT_LIST, 0, "Who answers; at most 1000.", .of = &schema_endpoint),
    ROW(3, "ports", T_OBJECT_LIST, 0, "Their ports.", .of = &schema_slice_port),
    {0},
};
SCHEMA(endpoint_slice, "EndpointSlice",
    "Who answers for a service, with all that is known of them: written by the controller.");

static const struct field endpoint_fields[] = {
    ROW(1, "addresses", T_STRING_LIST, F_REQUIRED | F_SET, "Its addresses."),
    ROW(2, "conditions", T_OBJECT, 0, "Whether it is ready, serving and terminating.",
	.of = &schema_endpoint_conditions),
    ROW(3, "hostname", T_STRING, F_PTR, "Its name below that of the service."),
    ROW(4, "targetRef", T_OBJECT, F_PTR, "The pod.", .of = &schema_object_reference),
    ROW(5, "deprecatedTopology", T_STRING_MAP, 0, "Of earlier versions."),
    ROW(6, "nodeName", T_STRING, F_PTR, "The node that it is on."),
    ROW(7, "zone", T_STRING, F_PTR, "The zone that it is in."),
    ROW(8, "hints", T_OBJECT, F_PTR, "Who should use it.", .of = &schema_endpoint_hints),
    {0},
};
SCHEMA(endpoint, "Endpoint");

static const struct field endpoint_conditions_fields[] = {
    ROW(1, "ready", T_BOOL, F_PTR, "It takes connections, and is not about to end."),
    ROW(2, "serving", T_BOOL, F_PTR, "It takes connections, even where it is about to end."),
    ROW(3, "terminating", T_BOOL, F_PTR, "It is about to end."),
    {0},
};
SCHEMA(endpoint_conditions, "EndpointConditions");

static const struct field endpoint_hints_fields[] = {
    ROW(1, "forZones", T_OBJECT_LIST, 0, "Those of these zones.", .of = &schema_for_zone),
    ROW(2, "forNodes", T_OBJECT_LIST, 0, "Those on these nodes.", .of = &schema_for_node),
    {0},
};
SCHEMA(endpoint_hints, "EndpointHints");

static const struct field for_zone_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the zone."),
    {0},
};
SCHEMA(for_zone, "ForZone");

static const struct field for_node_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the node."),
    {0},
};
SCHEMA(for_node, "ForNode");

static const struct field slice_port_fields[] = {
    ROW(1, "name", T_STRING, F_PTR, "Name of the service's port."),
    ROW(2, "protocol", T_STRING, F_PTR, "Its protocol.", .values = ENUM("SCTP", "TCP", "UDP"),
	.dflt = "\"TCP\"", .go_type = "Protocol"),
    ROW(3, "port", T_INT32, F_PTR, "Port of the addresses."),
    ROW(4, "appProtocol", T_STRING, F_PTR, "What is spoken there."),
    {0},
};
SCHEMA(slice_port, "EndpointPort", .atomic = true);

#undef SCHEMA_PACKAGE
#define SCHEMA_PACKAGE PACKAGE_META

static const struct field condition_fields[] = {
    ROW(1, "type", T_STRING, F_REQUIRED, "What the condition is about."),
    ROW(2, "status", T_STRING, F_REQUIRED, "Whether it holds.",
	.values = ENUM("False", "True", "Unknown"), .go_type = "ConditionStatus"),
    ROW(3, "observedGeneration", T_INT64, 0, "Generation of the object that it is about."),
    ROW(4, "lastTransitionTime", T_TIME, F_REQUIRED, "When its status changed last."),
    ROW(5, "reason", T_STRING, F_REQUIRED, "Why, in one word."),
    ROW(6, "message", T_STRING, F_REQUIRED, "Why, for people."),
    {0},
};
SCHEMA(condition, "Condition");
