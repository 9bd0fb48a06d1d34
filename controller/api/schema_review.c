/*
 * schema_review: what a request asks, or says, without being kept under its own name: reviews of
 * the caller's rights, and events as events.k8s.io has them.
 */
#define SCHEMA_PACKAGE "io.k8s.api.authorization.v1"
#include "schema.h"

static const struct field self_subject_access_review_fields[] = {
    OBJECT_ROWS("authorization.k8s.io/v1", "SelfSubjectAccessReview"),
    ROW(2, "spec", T_OBJECT, F_REQUIRED, "What the caller would do; one of its members.",
	.of = &schema_self_subject_access_review_spec),
    ROW(3, "status", T_OBJECT, 0, "Whether it may.", .of = &schema_subject_access_review_status),
    {0},
};
SCHEMA(self_subject_access_review, "SelfSubjectAccessReview");

static const struct field self_subject_access_review_spec_fields[] = {
    ROW(1, "resourceAttributes", T_OBJECT, F_PTR, "A request for objects.",
	.of = &schema_resource_attributes),
    ROW(2, "nonResourceAttributes", T_OBJECT, F_PTR, "A request for anything else.",
	.of = &schema_non_resource_attributes),
    {0},
};
SCHEMA(self_subject_access_review_spec, "SelfSubjectAccessReviewSpec");

static const struct field subject_access_review_fields[] = {
    OBJECT_ROWS("authorization.k8s.io/v1", "SubjectAccessReview"),
    ROW(2, "spec", T_OBJECT, F_REQUIRED, "Who would do what.",
	.of = &schema_subject_access_review_spec),
    ROW(3, "status", T_OBJECT, 0, "Whether they may.", .of = &schema_subject_access_review_status),
    {0},
};
SCHEMA(subject_access_review, "SubjectAccessReview");

static const struct field local_subject_access_review_fields[] = {
    OBJECT_ROWS("authorization.k8s.io/v1", "LocalSubjectAccessReview"),
    ROW(2, "spec", T_OBJECT, F_REQUIRED, "Who would do what in the namespace.",
	.of = &schema_subject_access_review_spec),
    ROW(3, "status", T_OBJECT, 0, "Whether they may.", .of = &schema_subject_access_review_status),
    {0},
};
SCHEMA(local_subject_access_review, "LocalSubjectAccessReview");

static const struct field subject_access_review_spec_fields[] = {
    ROW(1, "resourceAttributes", T_OBJECT, F_PTR, "A request for objects.",
	.of = &schema_resource_attributes),
    ROW(2, "nonResourceAttributes", T_OBJECT, F_PTR, "A request for anything else.",
	.of = &schema_non_resource_attributes),
    ROW(3, "user", T_STRING, 0, "Name of the user."),
    ROW(4, "groups", T_STRING_LIST, 0, "Groups of the user."),
    ROW(6, "uid", T_STRING, 0, "Identity of the user."),
    {0},
};
SCHEMA(subject_access_review_spec, "SubjectAccessReviewSpec");

static const struct field resource_attributes_fields[] = {
    ROW(1, "namespace", T_STRING, 0, "Namespace; empty: all."),
    ROW(2, "verb", T_STRING, 0, "What is done, such as get; *: anything."),
    ROW(3, "group", T_STRING, 0, "API group."),
    ROW(4, "version", T_STRING, 0, "Its version."),
    ROW(5, "resource", T_STRING, 0, "Resource, such as jobs."),
    ROW(6, "subresource", T_STRING, 0, "Subresource, such as status."),
    ROW(7, "name", T_STRING, 0, "Name of the object; empty: all."),
    ROW(8, "fieldSelector", T_OBJECT, F_PTR, "Only objects with these fields.",
	.of = &schema_field_selector_attributes),
    ROW(9, "labelSelector", T_OBJECT, F_PTR, "Only objects with these labels.",
	.of = &schema_label_selector_attributes),
    {0},
};
SCHEMA(resource_attributes, "ResourceAttributes");

static const struct field non_resource_attributes_fields[] = {
    ROW(1, "path", T_STRING, 0, "Path of the URL."),
    ROW(2, "verb", T_STRING, 0, "Method."),
    {0},
};
SCHEMA(non_resource_attributes, "NonResourceAttributes");

static const struct field field_selector_attributes_fields[] = {
    ROW(1, "rawSelector", T_STRING, 0, "The selector as text."),
    ROW(2, "requirements", T_OBJECT_LIST, 0, "The selector as a list.",
	.of = &schema_field_selector_requirement),
    {0},
};
SCHEMA(field_selector_attributes, "FieldSelectorAttributes");

static const struct field label_selector_attributes_fields[] = {
    ROW(1, "rawSelector", T_STRING, 0, "The selector as text."),
    ROW(2, "requirements", T_OBJECT_LIST, 0, "The selector as a list.",
	.of = &schema_label_selector_requirement),
    {0},
};
SCHEMA(label_selector_attributes, "LabelSelectorAttributes");

static const struct field subject_access_review_status_fields[] = {
    ROW(1, "allowed", T_BOOL, F_REQUIRED, "It may."),
    ROW(4, "denied", T_BOOL, 0, "It may not."),
    ROW(2, "reason", T_STRING, 0, "Why."),
    ROW(3, "evaluationError", T_STRING, 0, "What went wrong with the question."),
    {0},
};
SCHEMA(subject_access_review_status, "SubjectAccessReviewStatus");

static const struct field self_subject_rules_review_fields[] = {
    OBJECT_ROWS("authorization.k8s.io/v1", "SelfSubjectRulesReview"),
    ROW(2, "spec", T_OBJECT, F_REQUIRED, "Where.", .of = &schema_self_subject_rules_review_spec),
    ROW(3, "status", T_OBJECT, 0, "What the caller may do there.",
	.of = &schema_subject_rules_review_status),
    {0},
};
SCHEMA(self_subject_rules_review, "SelfSubjectRulesReview");

static const struct field self_subject_rules_review_spec_fields[] = {
    ROW(1, "namespace", T_STRING, 0, "Namespace."),
    {0},
};
SCHEMA(self_subject_rules_review_spec, "SelfSubjectRulesReviewSpec");

static const struct field subject_rules_review_status_fields[] = {
    ROW(1, "resourceRules", T_OBJECT_LIST, F_REQUIRED, "For objects.", .of = &schema_resource_rule),
    ROW(2, "nonResourceRules", T_OBJECT_LIST, F_REQUIRED, "For anything else.",
	.of = &schema_non_resource_rule),
    ROW(3, "incomplete", T_BOOL, F_REQUIRED, "There may be more."),
    ROW(4, "evaluationError", T_STRING, 0, "What went wrong with the question."),
    {0},
};
SCHEMA(subject_rules_review_status, "SubjectRulesReviewStatus");

static const struct field resource_rule_fields[] = {
    ROW(1, "verbs", T_STRING_LIST, F_REQUIRED, "What may be done."),
    ROW(2, "apiGroups", T_STRING_LIST, 0, "In which groups."),
    ROW(3, "resources", T_STRING_LIST, 0, "To which resources."),
    ROW(4, "resourceNames", T_STRING_LIST, 0, "To which objects; none: all."),
    {0},
};
SCHEMA(resource_rule, "ResourceRule");

static const struct field non_resource_rule_fields[] = {
    ROW(1, "verbs", T_STRING_LIST, F_REQUIRED, "Methods."),
    ROW(2, "nonResourceURLs", T_STRING_LIST, 0, "Paths."),
    {0},
};
SCHEMA(non_resource_rule, "NonResourceRule");

#undef SCHEMA_PACKAGE
#define SCHEMA_PACKAGE PACKAGE_META

static const struct field field_selector_requirement_fields[] = {
    ROW(1, "key", T_STRING, F_REQUIRED, "Path of the field."),
    ROW(2, "operator", T_STRING, F_REQUIRED, "In, NotIn, Exists or DoesNotExist."),
    ROW(3, "values", T_STRING_LIST, 0, "Values for In and NotIn."),
    {0},
};
SCHEMA(field_selector_requirement, "FieldSelectorRequirement");

#undef SCHEMA_PACKAGE
#define SCHEMA_PACKAGE "io.k8s.api.authentication.v1"

static const struct field self_subject_review_fields[] = {
    OBJECT_ROWS("authentication.k8s.io/v1", "SelfSubjectReview"),
    ROW(2, "status", T_OBJECT, 0, "Who the caller is.", .of = &schema_self_subject_review_status),
    {0},
};
SCHEMA(self_subject_review, "SelfSubjectReview");

static const struct field self_subject_review_status_fields[] = {
    ROW(1, "userInfo", T_OBJECT, 0, "The user.", .of = &schema_user_info),
    {0},
};
SCHEMA(self_subject_review_status, "SelfSubjectReviewStatus");

static const struct field token_review_fields[] = {
    OBJECT_ROWS("authentication.k8s.io/v1", "TokenReview"),
    ROW(2, "spec", T_OBJECT, F_REQUIRED, "The token.", .of = &schema_token_review_spec),
    ROW(3, "status", T_OBJECT, 0, "Whose it is.", .of = &schema_token_review_status),
    {0},
};
SCHEMA(token_review, "TokenReview");

static const struct field token_review_spec_fields[] = {
    ROW(1, "token", T_STRING, 0, "The token."),
    ROW(2, "audiences", T_STRING_LIST, 0, "For whom it must be."),
    {0},
};
SCHEMA(token_review_spec, "TokenReviewSpec");

static const struct field token_review_status_fields[] = {
    ROW(1, "authenticated", T_BOOL, 0, "It is a user's."),
    ROW(2, "user", T_OBJECT, 0, "The user.", .of = &schema_user_info),
    ROW(4, "audiences", T_STRING_LIST, 0, "For whom it is."),
    ROW(3, "error", T_STRING, 0, "Why it is nobody's."),
    {0},
};
SCHEMA(token_review_status, "TokenReviewStatus");

static const struct field user_info_fields[] = {
    ROW(1, "username", T_STRING, 0, "Name."),
    ROW(2, "uid", T_STRING, 0, "Identity."),
    ROW(3, "groups", T_STRING_LIST, 0, "Groups."),
    {0},
};
SCHEMA(user_info, "UserInfo");

#undef SCHEMA_PACKAGE
#define SCHEMA_PACKAGE "io.k8s.api.events.v1"

static const struct field event_view_fields[] = {
    OBJECT_ROWS("events.k8s.io/v1", "Event"),
    ROW(2, "eventTime", T_MICRO_TIME, F_REQUIRED, "When it first happened."),
    ROW(3, "series", T_OBJECT, F_PTR, "Repetitions.", .of = &schema_event_series),
    ROW(4, "reportingController", T_STRING, 0, "Controller that reported it."),
    ROW(5, "reportingInstance", T_STRING, 0, "Instance of that controller."),
    ROW(6, "action", T_STRING, 0, "What was done or failed."),
    ROW(7, "reason", T_STRING, 0, "What happened, in one word."),
    ROW(8, "regarding", T_OBJECT, 0, "What the event is about.", .of = &schema_object_reference),
    ROW(9, "related", T_OBJECT, F_PTR, "A second object.", .of = &schema_object_reference),
    ROW(10, "note", T_STRING, 0, "What happened, for people."),
    ROW(11, "type", T_STRING, 0, "Normal or Warning."),
    ROW(12, "deprecatedSource", T_OBJECT, 0, "Who reported it.", .of = &schema_event_source),
    ROW(13, "deprecatedFirstTimestamp", T_TIME, 0, "When it first happened."),
    ROW(14, "deprecatedLastTimestamp", T_TIME, 0, "When it last happened."),
    ROW(15, "deprecatedCount", T_INT32, 0, "How often it happened."),
    {0},
};
SCHEMA(event_view, "Event");

#undef SCHEMA_PACKAGE
#define SCHEMA_PACKAGE "io.k8s.metrics.pkg.apis.metrics.v1beta1"

static const struct field pod_metrics_fields[] = {
    OBJECT_ROWS("metrics.k8s.io/v1beta1", "PodMetrics"),
    ROW(2, "timestamp", T_TIME, F_REQUIRED, "When it was measured."),
    ROW(3, "window", T_STRING, F_REQUIRED, "Over which time until then, such as 15s."),
    ROW(4, "containers", T_OBJECT_LIST, F_REQUIRED, "Each container's use.",
	.of = &schema_container_metrics),
    {0},
};
SCHEMA(pod_metrics, "PodMetrics");

static const struct field container_metrics_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "The container."),
    ROW(2, "usage", T_QUANTITY_MAP, F_REQUIRED, "Its use of cpu and memory."),
    {0},
};
SCHEMA(container_metrics, "ContainerMetrics");
