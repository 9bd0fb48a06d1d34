/* schema_policy: the request to evict a pod, policy/v1, which is an object only on its way in. */
#define SCHEMA_PACKAGE "io.k8s.api.policy.v1"
#include "schema.h"

static const struct field preconditions_fields[] = {
    ROW(1, "uid", T_STRING, F_PTR, "Only an object with this UID."),
    ROW(2, "resourceVersion", T_STRING, F_PTR, "Only an object of this version."),
    {0},
};
static const struct schema schema_preconditions = {
    .go_name = "Preconditions", .fields = preconditions_fields, .package = PACKAGE_META};

static const struct field delete_options_fields[] = {
    ROW(0, "apiVersion", T_STRING, 0, "Always v1, or the version of a group."),
    ROW(0, "kind", T_STRING, 0, "Always DeleteOptions."),
    ROW(1, "gracePeriodSeconds", T_INT64, F_PTR,
	"Seconds that the object has to end by itself; absent: as many as it asks for."),
    ROW(2, "preconditions", T_OBJECT, F_PTR, "What must hold, or nothing is deleted.",
	.of = &schema_preconditions),
    ROW(3, "orphanDependents", T_BOOL, F_PTR, "The old form of propagationPolicy."),
    ROW(4, "propagationPolicy", T_STRING, F_PTR, "What becomes of the objects that it owns.",
	.values = ENUM("Background", "Foreground", "Orphan"), .go_type = "DeletionPropagation"),
    ROW(5, "dryRun", T_STRING_LIST, 0, "All: every check, but nothing is deleted."),
    {0},
};
const struct schema schema_delete_options = {
    .go_name = "DeleteOptions", .fields = delete_options_fields, .package = PACKAGE_META};

static const struct field eviction_fields[] = {
    OBJECT_ROWS("policy/v1", "Eviction"),
    ROW(2, "deleteOptions", T_OBJECT, F_PTR, "How the pod is deleted.",
	.of = &schema_delete_options),
    {0},
};
SCHEMA(eviction, "Eviction", "A wish that a pod ends and goes, with the reason kept in it.");
