/*
 * schema_meta: the metadata that every kind shares, label selectors and references. Status errors
 * of the decoder name the Go types, so they are kept.
 */
#define SCHEMA_PACKAGE PACKAGE_META
#include "schema.h"

static const struct field object_meta_fields[] = {
    ROW(1, "name", T_STRING, 0,
	"Name of the object; no other of its kind in the namespace has it."),
    ROW(2, "generateName", T_STRING, 0,
	"Prefix for a name that the server completes with five random characters."),
    ROW(3, "namespace", T_STRING, 0, "Namespace of the object; cannot change."),
    ROW(4, "selfLink", T_STRING, 0, "Deprecated and always empty."),
    ROW(5, "uid", T_STRING, 0, "Identity of this object in time and space; set by the server."),
    ROW(6, "resourceVersion", T_STRING, 0,
	"Version of the object, an opaque text that changes with every write. An update that has "
	"an old one is refused."),
    ROW(7, "generation", T_INT64, 0, "Rises by one with every change of the spec."),
    ROW(8, "creationTimestamp", T_TIME, 0, "When the server created the object."),
    ROW(9, "deletionTimestamp", T_TIME, F_PTR,
	"When the object is to be gone; set by the server when deletion was asked for."),
    ROW(10, "deletionGracePeriodSeconds", T_INT64, F_PTR,
	"Seconds that a deleted object may take to end."),
    ROW(11, "labels", T_STRING_MAP, 0,
	"Key-value pairs by which objects are selected, as in get -l key=value."),
    ROW(12, "annotations", T_STRING_MAP, 0,
	"Key-value pairs for tools and notes; nothing selects by them."),
    ROW(13, "ownerReferences", T_OBJECT_LIST, 0,
	"Objects that this one depends on; it is collected when all are gone.",
	.of = &schema_owner_reference, .merge_key = "uid"),
    ROW(14, "finalizers", T_STRING_LIST, F_MERGE,
	"Names that must be taken away before a deleted object is gone."),
    ROW(17, "managedFields", T_OBJECT_LIST, 0, "Which client owns which field.",
	.of = &schema_managed_fields_entry),
    {0},
};
SCHEMA(object_meta, "ObjectMeta");

static const struct field list_meta_fields[] = {
    ROW(2, "resourceVersion", T_STRING, 0,
	"Opaque number of the newest change that the list knows; a watch can go on from it."),
    ROW(3, "continue", T_STRING, 0, "Token that asks for the next part; absent at the list's end."),
    ROW(4, "remainingItemCount", T_INT64, F_PTR, "How many items are not in this part."),
    ROW(1, "selfLink", T_STRING, 0, "Deprecated and always empty."),
    {0},
};
SCHEMA(list_meta, "ListMeta");

static const struct field owner_reference_fields[] = {
    ROW(5, "apiVersion", T_STRING, F_REQUIRED, "API version of the owner."),
    ROW(1, "kind", T_STRING, F_REQUIRED, "Kind of the owner."),
    ROW(3, "name", T_STRING, F_REQUIRED, "Name of the owner."),
    ROW(4, "uid", T_STRING, F_REQUIRED, "UID of the owner."),
    ROW(6, "controller", T_BOOL, F_PTR, "Whether the owner is the managing controller."),
    ROW(7, "blockOwnerDeletion", T_BOOL, F_PTR,
	"Whether a foreground deletion of the owner waits for this object."),
    {0},
};
SCHEMA(owner_reference, "OwnerReference", .atomic = true);

static const struct field managed_fields_entry_fields[] = {
    ROW(1, "manager", T_STRING, 0, "Client that owns these fields."),
    ROW(2, "operation", T_STRING, 0, "Apply or Update.", .values = ENUM("Apply", "Update")),
    ROW(3, "apiVersion", T_STRING, 0, "API version of the field set."),
    ROW(4, "time", T_TIME, F_PTR, "When the entry last changed."),
    ROW(6, "fieldsType", T_STRING, 0, "Format of fieldsV1.", .values = ENUM("FieldsV1")),
    ROW(7, "fieldsV1", T_OPAQUE, 0, "The set of fields."),
    ROW(8, "subresource", T_STRING, 0, "Subresource through which the object was changed."),
    {0},
};
SCHEMA(managed_fields_entry, "ManagedFieldsEntry");

static const struct field label_selector_fields[] = {
    ROW(1, "matchLabels", T_STRING_MAP, 0,
	"Labels that an object must have with exactly these values."),
    ROW(2, "matchExpressions", T_OBJECT_LIST, 0, "Further requirements; all of them must hold.",
	.of = &schema_label_selector_requirement),
    {0},
};
SCHEMA(label_selector, "LabelSelector", .atomic = true);

static const struct field label_selector_requirement_fields[] = {
    ROW(1, "key", T_STRING, F_REQUIRED, "Key of the label."),
    ROW(2, "operator", T_STRING, F_REQUIRED,
	"In, NotIn: the value is, or is not, one of values. Exists, DoesNotExist: the label is "
	"there, or is not.",
	.values = ENUM("In", "NotIn", "Exists", "DoesNotExist"),
	.go_type = "LabelSelectorOperator"),
    ROW(3, "values", T_STRING_LIST, 0, "Values for In and NotIn; empty for the others."),
    {0},
};
SCHEMA(label_selector_requirement, "LabelSelectorRequirement");

/* ---- what else is shared, of the core package ---- */

#undef SCHEMA_PACKAGE
#define SCHEMA_PACKAGE PACKAGE_CORE

static const struct field local_object_reference_fields[] = {
    ROW(1, "name", T_STRING, 0, "Name of the object in the same namespace."),
    {0},
};
SCHEMA(local_object_reference, "LocalObjectReference", .atomic = true);

static const struct field typed_local_object_reference_fields[] = {
    ROW(1, "apiGroup", T_STRING, F_PTR, "API group of the object; empty for core."),
    ROW(2, "kind", T_STRING, F_REQUIRED, "Kind of the object."),
    ROW(3, "name", T_STRING, F_REQUIRED, "Name of the object."),
    {0},
};
SCHEMA(typed_local_object_reference, "TypedLocalObjectReference", .atomic = true);

static const struct field typed_object_reference_fields[] = {
    ROW(1, "apiGroup", T_STRING, F_PTR, "API group of the object; empty for core."),
    ROW(2, "kind", T_STRING, F_REQUIRED, "Kind of the object."),
    ROW(3, "name", T_STRING, F_REQUIRED, "Name of the object."),
    ROW(4, "namespace", T_STRING, F_PTR, "Namespace of the object."),
    {0},
};
SCHEMA(typed_object_reference, "TypedObjectReference");

static const struct field object_reference_fields[] = {
    ROW(1, "kind", T_STRING, 0, "Kind of the object."),
    ROW(2, "namespace", T_STRING, 0, "Namespace of the object."),
    ROW(3, "name", T_STRING, 0, "Name of the object."),
    ROW(4, "uid", T_STRING, 0, "UID of the object."),
    ROW(5, "apiVersion", T_STRING, 0, "API version of the object."),
    ROW(6, "resourceVersion", T_STRING, 0, "Version of the object that is meant."),
    ROW(7, "fieldPath", T_STRING, 0,
	"Part of the object that is meant, such as spec.containers{name}."),
    {0},
};
SCHEMA(object_reference, "ObjectReference", .atomic = true);

static const struct field resource_claim_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of an entry in the pod's resourceClaims."),
    ROW(2, "request", T_STRING, 0, "One request of that claim."),
    {0},
};
SCHEMA(resource_claim, "ResourceClaim");

static const struct field resource_requirements_fields[] = {
    ROW(1, "limits", T_QUANTITY_MAP, 0,
	"The most that may be used, such as cpu: 500m, memory: 256Mi. Past the memory limit a "
	"container is killed."),
    ROW(2, "requests", T_QUANTITY_MAP, 0, "What is set aside at least; the limits where absent."),
    ROW(3, "claims", T_OBJECT_LIST, 0, "Devices from the pod's resourceClaims.",
	.of = &schema_resource_claim, .merge_key = "name"),
    {0},
};
SCHEMA(resource_requirements, "ResourceRequirements");
