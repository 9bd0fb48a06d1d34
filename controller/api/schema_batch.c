/* schema_batch: the Job kind, batch/v1. */
#define SCHEMA_PACKAGE PACKAGE_BATCH
#include "schema.h"

static const struct field job_fields[] = {
    ROW("apiVersion", T_STRING, 0, "Always batch/v1."),
    ROW("kind", T_STRING, 0, "Always Job."),
    ROW("metadata", T_OBJECT, 0, "Name, labels, annotations and other metadata.",
	.of = &schema_object_meta),
    ROW("spec", T_OBJECT, 0, "What should run.", .of = &schema_job_spec),
    ROW("status", T_OBJECT, 0, "How it went so far.", .of = &schema_job_status),
    {0},
};
SCHEMA(job, "Job",
    "A task with an end: pods are run, and run again where they fail, until enough of them have "
    "succeeded.");

static const struct field job_spec_fields[] = {
    ROW("parallelism", T_INT32, F_PTR, "Most pods that run at once.", .dflt = "1"),
    ROW("completions", T_INT32, F_PTR,
	"Successful pods that are needed; absent: a work queue, one success is enough."),
    ROW("activeDeadlineSeconds", T_INT64, F_PTR,
	"Seconds that the Job may be active before it fails."),
    ROW("podFailurePolicy", T_OBJECT, F_PTR, "Rules that decide what a failed pod means.",
	.of = &schema_pod_failure_policy),
    ROW("successPolicy", T_OBJECT, F_PTR, "When an Indexed Job counts as done early.",
	.of = &schema_success_policy),
    ROW("backoffLimit", T_INT32, F_PTR,
	"Failed pods (or restarts) that are allowed before the Job fails."),
    ROW("backoffLimitPerIndex", T_INT32, F_PTR, "Failures that are allowed for each index."),
    ROW("maxFailedIndexes", T_INT32, F_PTR,
	"Failed indexes that are allowed before the Job fails."),
    ROW("selector", T_OBJECT, F_PTR,
	"Which pods belong to the Job; generated unless manualSelector is true.",
	.of = &schema_label_selector),
    ROW("manualSelector", T_BOOL, F_PTR, "Whether the user supplies selector and matching labels.",
	.dflt = "false"),
    ROW("template", T_OBJECT, F_REQUIRED, "The pod to run.", .of = &schema_pod_template_spec),
    ROW("ttlSecondsAfterFinished", T_INT32, F_PTR,
	"Seconds after which a finished Job is removed."),
    ROW("completionMode", T_STRING, F_PTR,
	"NonIndexed counts successes; Indexed gives each pod an index.",
	.values = ENUM("NonIndexed", "Indexed"), .dflt = "\"NonIndexed\"",
	.go_type = "CompletionMode"),
    ROW("suspend", T_BOOL, F_PTR, "Whether the Job is paused.", .dflt = "false"),
    ROW("podReplacementPolicy", T_STRING, F_PTR,
	"When a failed pod is replaced: when it terminates, or when it has failed.",
	.values = ENUM("Failed", "TerminatingOrFailed"), .go_type = "PodReplacementPolicy"),
    ROW("managedBy", T_STRING, F_PTR, "Controller that looks after the Job."),
    {0},
};
SCHEMA(job_spec, "JobSpec");

static const struct field pod_failure_policy_fields[] = {
    ROW("rules", T_OBJECT_LIST, F_REQUIRED, "Rules in order; the first that matches decides.",
	.of = &schema_pod_failure_policy_rule),
    {0},
};
SCHEMA(pod_failure_policy, "PodFailurePolicy");

static const struct field pod_failure_policy_rule_fields[] = {
    ROW("action", T_STRING, F_REQUIRED, "What a match does.",
	.values = ENUM("Count", "FailIndex", "FailJob", "Ignore"),
	.go_type = "PodFailurePolicyAction"),
    ROW("onExitCodes", T_OBJECT, F_PTR, "Matches exit codes of containers.",
	.of = &schema_pod_failure_policy_on_exit_codes_requirement),
    ROW("onPodConditions", T_OBJECT_LIST, 0, "Matches conditions of the pod.",
	.of = &schema_pod_failure_policy_on_pod_conditions_pattern),
    {0},
};
SCHEMA(pod_failure_policy_rule, "PodFailurePolicyRule");

static const struct field pod_failure_policy_on_exit_codes_requirement_fields[] = {
    ROW("containerName", T_STRING, F_PTR, "Only this container."),
    ROW("operator", T_STRING, F_REQUIRED, "How exit codes and values relate.",
	.values = ENUM("In", "NotIn"), .go_type = "PodFailurePolicyOnExitCodesOperator"),
    ROW("values", T_INT32_LIST, F_REQUIRED, "Exit codes, ascending."),
    {0},
};
SCHEMA(pod_failure_policy_on_exit_codes_requirement, "PodFailurePolicyOnExitCodesRequirement");

static const struct field pod_failure_policy_on_pod_conditions_pattern_fields[] = {
    ROW("type", T_STRING, F_REQUIRED, "Type of the condition."),
    ROW("status", T_STRING, F_REQUIRED, "Status of the condition.",
	.values = ENUM("False", "True", "Unknown"), .dflt = "\"True\"",
	.go_type = "ConditionStatus"),
    {0},
};
SCHEMA(pod_failure_policy_on_pod_conditions_pattern, "PodFailurePolicyOnPodConditionsPattern");

static const struct field success_policy_fields[] = {
    ROW("rules", T_OBJECT_LIST, F_REQUIRED, "Rules in order; one that holds is enough.",
	.of = &schema_success_policy_rule),
    {0},
};
SCHEMA(success_policy, "SuccessPolicy");

static const struct field success_policy_rule_fields[] = {
    ROW("succeededIndexes", T_STRING, F_PTR, "Indexes that must have succeeded, such as 0-2,5."),
    ROW("succeededCount", T_INT32, F_PTR, "How many of them must have succeeded."),
    {0},
};
SCHEMA(success_policy_rule, "SuccessPolicyRule");

static const struct field job_status_fields[] = {
    ROW("conditions", T_OBJECT_LIST, 0, "Newest facts about the Job.", .of = &schema_job_condition,
	.merge_key = "type"),
    ROW("startTime", T_TIME, F_PTR, "When the controller first looked after the Job."),
    ROW("completionTime", T_TIME, F_PTR, "When the Job completed; never set for a failed one."),
    ROW("active", T_INT32, 0, "Pods that are pending or running."),
    ROW("succeeded", T_INT32, 0, "Pods that succeeded."),
    ROW("failed", T_INT32, 0, "Pods that failed."),
    ROW("terminating", T_INT32, F_PTR, "Pods that are being deleted."),
    ROW("completedIndexes", T_STRING, 0, "Indexes that are done."),
    ROW("failedIndexes", T_STRING, F_PTR, "Indexes that failed."),
    ROW("uncountedTerminatedPods", T_OBJECT, F_PTR, "Pods that ended and are not counted yet.",
	.of = &schema_uncounted_terminated_pods),
    ROW("ready", T_INT32, F_PTR, "Active pods that are ready."),
    {0},
};
SCHEMA(job_status, "JobStatus");

static const struct field job_condition_fields[] = {
    ROW("type", T_STRING, F_REQUIRED,
	"Suspended, Complete, Failed, FailureTarget or SuccessCriteriaMet."),
    ROW("status", T_STRING, F_REQUIRED, "True, False or Unknown."),
    ROW("lastProbeTime", T_TIME, 0, "When the condition was last checked."),
    ROW("lastTransitionTime", T_TIME, 0, "When the status last changed."),
    ROW("reason", T_STRING, 0, "Short reason."),
    ROW("message", T_STRING, 0, "Details for people."),
    {0},
};
SCHEMA(job_condition, "JobCondition");

static const struct field uncounted_terminated_pods_fields[] = {
    ROW("succeeded", T_STRING_LIST, 0, "UIDs of succeeded pods."),
    ROW("failed", T_STRING_LIST, 0, "UIDs of failed pods."),
    {0},
};
SCHEMA(uncounted_terminated_pods, "UncountedTerminatedPods");
