/* schema_claim: the kind PersistentVolumeClaim. */
#include "schema.h"

static const struct field persistent_volume_claim_fields[] = {
    OBJECT_ROWS("v1", "PersistentVolumeClaim"),
    ROW(2, "spec", T_OBJECT, 0, "What is wanted.", .of = &schema_persistent_volume_claim_spec),
    ROW(3, "status", T_OBJECT, 0, "What there is; written by the server.",
	.of = &schema_persistent_volume_claim_status),
    {0},
};
SCHEMA(persistent_volume_claim, "PersistentVolumeClaim",
    "A claim to storage that outlives pods: a volume of the container engine, named after it.");

static const struct field persistent_volume_claim_status_fields[] = {
    ROW(1, "phase", T_STRING, 0, "Always Bound."),
    ROW(2, "accessModes", T_STRING_LIST, 0, "How the volume may be mounted."),
    ROW(3, "capacity", T_QUANTITY_MAP, 0, "The size that was asked for."),
    ROW(4, "conditions", T_OBJECT_LIST, 0, "Conditions of the claim.",
	.of = &schema_persistent_volume_claim_condition, .merge_key = "type"),
    ROW(5, "allocatedResources", T_QUANTITY_MAP, 0, "Resources that are set aside."),
    ROW(7, "allocatedResourceStatuses", T_STRING_MAP, 0, "Progress of a change of size."),
    ROW(8, "currentVolumeAttributesClassName", T_STRING, F_PTR, "Class of volume attributes."),
    ROW(9, "modifyVolumeStatus", T_OBJECT, F_PTR, "Progress of a change of the class.",
	.of = &schema_modify_volume_status),
    {0},
};
SCHEMA(persistent_volume_claim_status, "PersistentVolumeClaimStatus");

static const struct field persistent_volume_claim_condition_fields[] = {
    ROW(1, "type", T_STRING, F_REQUIRED, "Kind of condition."),
    ROW(2, "status", T_STRING, F_REQUIRED, "True, False or Unknown."),
    ROW(3, "lastProbeTime", T_TIME, 0, "When it was looked at."),
    ROW(4, "lastTransitionTime", T_TIME, 0, "When it changed."),
    ROW(5, "reason", T_STRING, 0, "Why, in one word."),
    ROW(6, "message", T_STRING, 0, "Why, for people."),
    {0},
};
SCHEMA(persistent_volume_claim_condition, "PersistentVolumeClaimCondition");

static const struct field modify_volume_status_fields[] = {
    ROW(1, "targetVolumeAttributesClassName", T_STRING, 0, "The class that was asked for."),
    ROW(2, "status", T_STRING, F_REQUIRED, "Pending, InProgress or Infeasible."),
    {0},
};
SCHEMA(modify_volume_status, "ModifyVolumeStatus");
