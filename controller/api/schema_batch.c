/* schema_batch: the Job kind, batch/v1. */
#define SCHEMA_PACKAGE PACKAGE_BATCH
#include "schema.h"

static const struct field job_fields[] = {
    OBJECT_ROWS("batch/v1", "Job"),
    ROW(2, "spec", T_OBJECT, 0, "What should run, how often, and what counts as failure.",
	.of = &schema_job_spec),
    ROW(3, "status", T_OBJECT, 0, "How it went so far; written by the controller.",
	.of = &schema_job_status),
    {0},
};
SCHEMA(job, "Job",
    "A task with an end: pods are run, and run again where they fail, until enough of them have "
    "succeeded.");

static const struct field job_spec_fields[] = {
    ROW(1, "parallelism", T_INT32, F_PTR,
	"Most pods that run at a time; fewer run near the end. 0 stops the Job's pods without "
	"failing it.",
	.dflt = "1"),
    ROW(2, "completions", T_INT32, F_PTR,
	"How many pods must succeed. Absent beside a parallelism: a work queue, which is done when "
	"one pod has succeeded and none runs any more."),
    ROW(3, "activeDeadlineSeconds", T_INT64, F_PTR,
	"Seconds after its start at which the Job fails and its pods are ended. They count anew "
	"when a suspended Job is resumed."),
    ROW(11, "podFailurePolicy", T_OBJECT, F_PTR,
	"Rules that decide, by exit code or by condition, whether a failed pod fails the Job, "
	"fails its index, counts, or is ignored. Needs restartPolicy Never.",
	.of = &schema_pod_failure_policy),
    ROW(16, "successPolicy", T_OBJECT, F_PTR,
	"When an Indexed Job is complete although not all of its indexes have succeeded.",
	.of = &schema_success_policy),
    ROW(7, "backoffLimit", T_INT32, F_PTR,
	"How many failures the Job survives: failed pods and, with restartPolicy OnFailure, "
	"restarts of containers. 6 where absent, or no limit beside backoffLimitPerIndex. The "
	"delay before the next pod doubles from 10 s to 10 min."),
    ROW(12, "backoffLimitPerIndex", T_INT32, F_PTR,
	"How many failures each index survives; one more fails the index, while the others go on. "
	"Only with completionMode Indexed and restartPolicy Never."),
    ROW(13, "maxFailedIndexes", T_INT32, F_PTR,
	"How many indexes may fail before the whole Job fails; absent: any number. Needs "
	"backoffLimitPerIndex."),
    ROW(4, "selector", T_OBJECT, F_PTR,
	"Which pods belong to the Job. It is generated; set it only together with manualSelector.",
	.of = &schema_label_selector),
    ROW(5, "manualSelector", T_BOOL, F_PTR,
	"True: selector and the template's labels are used as they are, and no unique label is "
	"added. It is for taking over pods; take care that no other controller has the same ones.",
	.dflt = "false"),
    ROW(6, "template", T_OBJECT, F_REQUIRED,
	"The pod to run. Its restartPolicy must be Never or OnFailure.",
	.of = &schema_pod_template_spec),
    ROW(8, "ttlSecondsAfterFinished", T_INT32, F_PTR,
	"Seconds after its end at which the Job is deleted, with its pods; 0: at once. Absent: it "
	"stays."),
    ROW(9, "completionMode", T_STRING, F_PTR,
	"NonIndexed: any pod's success counts. Indexed: each of the completions has a number from "
	"0 on, which its pod finds in JOB_COMPLETION_INDEX, and needs one success.",
	.values = ENUM("NonIndexed", "Indexed"), .dflt = "\"NonIndexed\"",
	.go_type = "CompletionMode"),
    ROW(10, "suspend", T_BOOL, F_PTR,
	"True: no pods run. Setting it ends those that do; setting it back to false lets the Job "
	"go on, with a new start time.",
	.dflt = "false"),
    ROW(14, "podReplacementPolicy", T_STRING, F_PTR,
	"TerminatingOrFailed: a pod is replaced as soon as it is being deleted or has failed. "
	"Failed: only once it has ended; this is the default beside a podFailurePolicy.",
	.values = ENUM("Failed", "TerminatingOrFailed"), .go_type = "PodReplacementPolicy"),
    ROW(15, "managedBy", T_STRING, F_PTR,
	"Who looks after the Job. With any other value than kubernetes.io/job-controller this "
	"program leaves it alone."),
    {0},
};
SCHEMA(job_spec, "JobSpec");

static const struct field pod_failure_policy_fields[] = {
    ROW(1, "rules", T_OBJECT_LIST, F_REQUIRED,
	"Rules in order, at most 20. The first that matches a failed pod decides; where none does, "
	"the failure counts.",
	.of = &schema_pod_failure_policy_rule),
    {0},
};
SCHEMA(pod_failure_policy, "PodFailurePolicy");

static const struct field pod_failure_policy_rule_fields[] = {
    ROW(1, "action", T_STRING, F_REQUIRED,
	"What a match does: FailJob ends the Job as failed, FailIndex the index (with "
	"backoffLimitPerIndex), Ignore does not count the failure, Count counts it as usual.",
	.values = ENUM("Count", "FailIndex", "FailJob", "Ignore"),
	.go_type = "PodFailurePolicyAction"),
    ROW(2, "onExitCodes", T_OBJECT, F_PTR,
	"Matches a pod of which a container ended with certain exit codes. Either this or "
	"onPodConditions.",
	.of = &schema_pod_failure_policy_on_exit_codes_requirement),
    ROW(3, "onPodConditions", T_OBJECT_LIST, 0,
	"Matches a pod that has one of these conditions, such as DisruptionTarget.",
	.of = &schema_pod_failure_policy_on_pod_conditions_pattern),
    {0},
};
SCHEMA(pod_failure_policy_rule, "PodFailurePolicyRule");

static const struct field pod_failure_policy_on_exit_codes_requirement_fields[] = {
    ROW(1, "containerName", T_STRING, F_PTR,
	"Look at this container alone; absent: at all, init containers too."),
    ROW(2, "operator", T_STRING, F_REQUIRED,
	"In: the exit code is one of the values. NotIn: it is none of them. A container that "
	"succeeded never matches.",
	.values = ENUM("In", "NotIn"), .go_type = "PodFailurePolicyOnExitCodesOperator"),
    ROW(3, "values", T_INT32_LIST, F_REQUIRED | F_SET,
	"Exit codes in ascending order, each once, at most 255 of them. 0 is not allowed with In."),
    {0},
};
SCHEMA(pod_failure_policy_on_exit_codes_requirement, "PodFailurePolicyOnExitCodesRequirement");

static const struct field pod_failure_policy_on_pod_conditions_pattern_fields[] = {
    ROW(1, "type", T_STRING, F_REQUIRED, "Type of the condition, such as DisruptionTarget."),
    ROW(2, "status", T_STRING, F_REQUIRED, "Status that the condition must have.",
	.values = ENUM("False", "True", "Unknown"), .dflt = "\"True\"",
	.go_type = "ConditionStatus"),
    {0},
};
SCHEMA(pod_failure_policy_on_pod_conditions_pattern, "PodFailurePolicyOnPodConditionsPattern");

static const struct field success_policy_fields[] = {
    ROW(1, "rules", T_OBJECT_LIST, F_REQUIRED,
	"Rules in order, at most 20. The Job is complete when one of them holds; pods that still "
	"run are ended.",
	.of = &schema_success_policy_rule),
    {0},
};
SCHEMA(success_policy, "SuccessPolicy");

static const struct field success_policy_rule_fields[] = {
    ROW(1, "succeededIndexes", T_STRING, F_PTR,
	"Indexes as numbers and ranges, such as 0-2,5. Without succeededCount all of them must "
	"have succeeded."),
    ROW(2, "succeededCount", T_INT32, F_PTR,
	"How many indexes must have succeeded: of succeededIndexes or, without them, of all."),
    {0},
};
SCHEMA(success_policy_rule, "SuccessPolicyRule");

static const struct field job_status_fields[] = {
    ROW(1, "conditions", T_OBJECT_LIST, F_ATOMIC,
	"What has become of the Job: Complete or Failed at its end; before that SuccessCriteriaMet "
	"or FailureTarget; Suspended.",
	.of = &schema_job_condition, .merge_key = "type"),
    ROW(2, "startTime", T_TIME, F_PTR,
	"When the controller began with the Job; set anew when a suspended one is resumed."),
    ROW(3, "completionTime", T_TIME, F_PTR, "When the Job completed. A failed one never has it."),
    ROW(4, "active", T_INT32, 0, "Pods that are pending or running and not being deleted."),
    ROW(5, "succeeded", T_INT32, 0, "Pods that ended well."),
    ROW(6, "failed", T_INT32, 0, "Pods that ended badly."),
    ROW(11, "terminating", T_INT32, F_PTR, "Pods that are being deleted and have not ended yet."),
    ROW(7, "completedIndexes", T_STRING, 0,
	"Indexes that have succeeded, as numbers and ranges: 1,3-5,7."),
    ROW(10, "failedIndexes", T_STRING, F_PTR,
	"Indexes that have failed for good, as numbers and ranges. Only with "
	"backoffLimitPerIndex."),
    ROW(8, "uncountedTerminatedPods", T_OBJECT, F_PTR,
	"Pods that have ended and are about to be counted.",
	.of = &schema_uncounted_terminated_pods),
    ROW(9, "ready", T_INT32, F_PTR, "Active pods whose condition Ready is true."),
    {0},
};
SCHEMA(job_status, "JobStatus");

static const struct field job_condition_fields[] = {
    ROW(1, "type", T_STRING, F_REQUIRED,
	"Suspended, Complete, Failed, FailureTarget or SuccessCriteriaMet."),
    ROW(2, "status", T_STRING, F_REQUIRED, "True, False or Unknown."),
    ROW(3, "lastProbeTime", T_TIME, 0, "When the condition was last checked."),
    ROW(4, "lastTransitionTime", T_TIME, 0, "When the status last changed."),
    ROW(5, "reason", T_STRING, 0,
	"Why, in one word, such as BackoffLimitExceeded or DeadlineExceeded."),
    ROW(6, "message", T_STRING, 0, "Why, for people."),
    {0},
};
SCHEMA(job_condition, "JobCondition");

static const struct field uncounted_terminated_pods_fields[] = {
    ROW(1, "succeeded", T_STRING_LIST, F_SET, "UIDs of succeeded pods."),
    ROW(2, "failed", T_STRING_LIST, F_SET, "UIDs of failed pods."),
    {0},
};
SCHEMA(uncounted_terminated_pods, "UncountedTerminatedPods");
