/*
 * job_template: the pod that a Job makes from its template. Pure; behaviour after Kubernetes 1.36
 * (pkg/controller/job/indexed_job_utils.go, pkg/controller/controller_utils.go).
 */
#ifndef KJOB_JOB_TEMPLATE_H
#define KJOB_JOB_TEMPLATE_H

#include "../../runtime/base/json.h"
#include "job_decide.h"

#define JOB_INDEX_KEY "batch.kubernetes.io/job-completion-index"
#define JOB_INDEX_FAILURES_KEY "batch.kubernetes.io/job-index-failure-count"
#define JOB_INDEX_IGNORED_KEY "batch.kubernetes.io/job-index-ignored-failure-count"

/*
 * A new pod of the job, for registry_create; owned. It has labels, annotations and finalizers of
 * the template, the tracking finalizer, the job as its controller, and, with n->index >= 0, what
 * tells an index: name, label, annotation, hostname, JOB_COMPLETION_INDEX. The failure counts are
 * noted where the job has a backoffLimitPerIndex.
 */
json *job_template_pod(const json *job, const struct job_new_pod *n);

#endif
