/* schema_claim: the kind PersistentVolumeClaim. */
#include "schema.h"

static const struct field persistent_volume_claim_fields[] = {
    ROW("apiVersion", T_STRING, 0, "Always v1."),
    ROW("kind", T_STRING, 0, "Always PersistentVolumeClaim."),
    ROW("metadata", T_OBJECT, 0, "Name, labels, annotations and other metadata.",
	.of = &schema_object_meta),
    ROW("spec", T_OBJECT, 0, "What is wanted.", .of = &schema_persistent_volume_claim_spec),
    ROW("status", T_OBJECT, 0, "What there is; written by the server.",
	.of = &schema_persistent_volume_claim_status),
    {0},
};
SCHEMA(persistent_volume_claim, "PersistentVolumeClaim",
    "A claim to storage that outlives pods: a volume of the container engine, named after it.");

static const struct field persistent_volume_claim_status_fields[] = {
    ROW("phase", T_STRING, 0, "Always Bound."),
    ROW("accessModes", T_STRING_LIST, 0, "How the volume may be mounted."),
    ROW("capacity", T_QUANTITY_MAP, 0, "The size that was asked for."),
    ROW("conditions", T_OBJECT_LIST, 0, "Conditions of the claim.",
	.of = &schema_persistent_volume_claim_condition, .merge_key = "type"),
    ROW("allocatedResources", T_QUANTITY_MAP, 0, "Resources that are set aside."),
    ROW("allocatedResourceStatuses", T_STRING_MAP, 0, "Progress of a change of size."),
    ROW("currentVolumeAttributesClassName", T_STRING, F_PTR, "Class of volume attributes."),
    ROW("modifyVolumeStatus", T_OPAQUE, F_PTR, "Progress of a change of the class."),
    {0},
};
SCHEMA(persistent_volume_claim_status, "PersistentVolumeClaimStatus");

static const struct field persistent_volume_claim_condition_fields[] = {
    ROW("type", T_STRING, F_REQUIRED, "Kind of condition."),
    ROW("status", T_STRING, F_REQUIRED, "True, False or Unknown."),
    ROW("lastProbeTime", T_TIME, 0, "When it was looked at."),
    ROW("lastTransitionTime", T_TIME, 0, "When it changed."),
    ROW("reason", T_STRING, 0, "Why, in one word."),
    ROW("message", T_STRING, 0, "Why, for people."),
    {0},
};
SCHEMA(persistent_volume_claim_condition, "PersistentVolumeClaimCondition");
