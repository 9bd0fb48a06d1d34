/*
 * job_policy: what the podFailurePolicy of a Job says of a pod that failed. Pure; behaviour after
 * Kubernetes 1.36 (pkg/controller/job/pod_failure_policy.go).
 */
#ifndef KJOB_JOB_POLICY_H
#define KJOB_JOB_POLICY_H

#include "../../runtime/base/json.h"
#include "job_decide.h"

/*
 * The verdict of the first rule that matches. policy: spec.podFailurePolicy, NULL where there is
 * none; a pod that is not in phase Failed is never judged: both give VERDICT_COUNT. ret_message may
 * be NULL; it is set for VERDICT_FAIL_JOB only, to the message of the condition, owned.
 */
enum pod_verdict job_policy_verdict(const json *policy, const json *pod, char **ret_message);

#endif
