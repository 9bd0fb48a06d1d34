/*
 * schema_sched: what tells a scheduler where a pod should go: decoded and checked, without effect
 * on a single machine.
 */
#include "schema.h"

static const struct field affinity_fields[] = {
    ROW(1, "nodeAffinity", T_OBJECT, F_PTR, "Nodes by their labels.", .of = &schema_node_affinity),
    ROW(2, "podAffinity", T_OBJECT, F_PTR, "Places where certain pods run.",
	.of = &schema_pod_affinity),
    ROW(3, "podAntiAffinity", T_OBJECT, F_PTR, "Places where certain pods do not run.",
	.of = &schema_pod_anti_affinity),
    {0},
};
SCHEMA(affinity, "Affinity");

static const struct field node_affinity_fields[] = {
    ROW(1, "requiredDuringSchedulingIgnoredDuringExecution", T_OBJECT, F_PTR,
	"Nodes that are possible.", .of = &schema_node_selector),
    ROW(2, "preferredDuringSchedulingIgnoredDuringExecution", T_OBJECT_LIST, 0,
	"Nodes that are preferred.", .of = &schema_preferred_scheduling_term),
    {0},
};
SCHEMA(node_affinity, "NodeAffinity");

static const struct field node_selector_fields[] = {
    ROW(1, "nodeSelectorTerms", T_OBJECT_LIST, F_REQUIRED, "Terms; one that holds is enough.",
	.of = &schema_node_selector_term),
    {0},
};
SCHEMA(node_selector, "NodeSelector", .atomic = true);

static const struct field node_selector_term_fields[] = {
    ROW(1, "matchExpressions", T_OBJECT_LIST, 0, "Requirements on labels.",
	.of = &schema_node_selector_requirement),
    ROW(2, "matchFields", T_OBJECT_LIST, 0, "Requirements on fields.",
	.of = &schema_node_selector_requirement),
    {0},
};
SCHEMA(node_selector_term, "NodeSelectorTerm", .atomic = true);

static const struct field node_selector_requirement_fields[] = {
    ROW(1, "key", T_STRING, F_REQUIRED, "Label of the node, or name of the field."),
    ROW(2, "operator", T_STRING, F_REQUIRED,
	"In, NotIn: with values. Exists, DoesNotExist: without. Gt, Lt: with one number.",
	.values = ENUM("DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"),
	.go_type = "NodeSelectorOperator"),
    ROW(3, "values", T_STRING_LIST, 0, "What the label's value is compared with."),
    {0},
};
SCHEMA(node_selector_requirement, "NodeSelectorRequirement");

static const struct field preferred_scheduling_term_fields[] = {
    ROW(1, "weight", T_INT32, F_REQUIRED, "How much it matters, 1 to 100."),
    ROW(2, "preference", T_OBJECT, F_REQUIRED, "The nodes that are preferred.",
	.of = &schema_node_selector_term),
    {0},
};
SCHEMA(preferred_scheduling_term, "PreferredSchedulingTerm");

static const struct field pod_affinity_fields[] = {
    ROW(1, "requiredDuringSchedulingIgnoredDuringExecution", T_OBJECT_LIST, 0,
	"Terms that must hold.", .of = &schema_pod_affinity_term),
    ROW(2, "preferredDuringSchedulingIgnoredDuringExecution", T_OBJECT_LIST, 0,
	"Terms that are preferred.", .of = &schema_weighted_pod_affinity_term),
    {0},
};
SCHEMA(pod_affinity, "PodAffinity");

static const struct field pod_anti_affinity_fields[] = {
    ROW(1, "requiredDuringSchedulingIgnoredDuringExecution", T_OBJECT_LIST, 0,
	"Terms that must hold.", .of = &schema_pod_affinity_term),
    ROW(2, "preferredDuringSchedulingIgnoredDuringExecution", T_OBJECT_LIST, 0,
	"Terms that are preferred.", .of = &schema_weighted_pod_affinity_term),
    {0},
};
SCHEMA(pod_anti_affinity, "PodAntiAffinity");

static const struct field weighted_pod_affinity_term_fields[] = {
    ROW(1, "weight", T_INT32, F_REQUIRED, "How much it matters, 1 to 100."),
    ROW(2, "podAffinityTerm", T_OBJECT, F_REQUIRED, "The pods and what near means.",
	.of = &schema_pod_affinity_term),
    {0},
};
SCHEMA(weighted_pod_affinity_term, "WeightedPodAffinityTerm");

static const struct field pod_affinity_term_fields[] = {
    ROW(1, "labelSelector", T_OBJECT, F_PTR, "Pods that are meant.", .of = &schema_label_selector),
    ROW(2, "namespaces", T_STRING_LIST, 0, "Namespaces of those pods."),
    ROW(3, "topologyKey", T_STRING, F_REQUIRED, "Node label that says what near means."),
    ROW(4, "namespaceSelector", T_OBJECT, F_PTR, "Namespaces by label.",
	.of = &schema_label_selector),
    ROW(5, "matchLabelKeys", T_STRING_LIST, 0, "Pod labels that must be equal."),
    ROW(6, "mismatchLabelKeys", T_STRING_LIST, 0, "Pod labels that must differ."),
    {0},
};
SCHEMA(pod_affinity_term, "PodAffinityTerm");

static const struct field toleration_fields[] = {
    ROW(1, "key", T_STRING, 0, "Key of the taint; empty with Exists: all taints."),
    ROW(2, "operator", T_STRING, 0,
	"Equal (the default): key and value are the taint's. Exists: the key is. Gt, Lt: the "
	"taint's value is a number above or below this one.",
	.values = ENUM("Equal", "Exists", "Gt", "Lt"), .go_type = "TolerationOperator"),
    ROW(3, "value", T_STRING, 0, "Value of the taint, for Equal."),
    ROW(4, "effect", T_STRING, 0, "Effect of the taint; empty: all effects.",
	.values = ENUM("NoExecute", "NoSchedule", "PreferNoSchedule"), .go_type = "TaintEffect"),
    ROW(5, "tolerationSeconds", T_INT64, F_PTR,
	"Seconds for which NoExecute is tolerated; absent: for ever."),
    {0},
};
SCHEMA(toleration, "Toleration");

static const struct field topology_spread_constraint_fields[] = {
    ROW(1, "maxSkew", T_INT32, F_REQUIRED, "By how many pods groups of nodes may differ."),
    ROW(2, "topologyKey", T_STRING, F_REQUIRED, "Node label whose values make the groups."),
    ROW(3, "whenUnsatisfiable", T_STRING, F_REQUIRED,
	"DoNotSchedule: the pod waits. ScheduleAnyway: it runs where it disturbs least.",
	.values = ENUM("DoNotSchedule", "ScheduleAnyway"),
	.go_type = "UnsatisfiableConstraintAction"),
    ROW(4, "labelSelector", T_OBJECT, F_PTR, "The pods that are counted.",
	.of = &schema_label_selector),
    ROW(5, "minDomains", T_INT32, F_PTR, "How many groups there should be at least."),
    ROW(6, "nodeAffinityPolicy", T_STRING, F_PTR, "Whether node affinity counts.",
	.values = ENUM("Honor", "Ignore"), .go_type = "NodeInclusionPolicy"),
    ROW(7, "nodeTaintsPolicy", T_STRING, F_PTR, "Whether taints count.",
	.values = ENUM("Honor", "Ignore"), .go_type = "NodeInclusionPolicy"),
    ROW(8, "matchLabelKeys", T_STRING_LIST, 0, "Pod labels that must be equal."),
    {0},
};
SCHEMA(topology_spread_constraint, "TopologySpreadConstraint");
