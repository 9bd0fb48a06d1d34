/* job_status: a Job's status field, read and written. Pure. */
#ifndef KJOB_JOB_STATUS_H
#define KJOB_JOB_STATUS_H

#include "../../runtime/base/json.h"
#include "job_decide.h"

/* The end that was decided (interim condition True), or JOB_END_NONE. */
enum job_end job_status_decided(const json *job);
/* Complete or Failed is True. */
bool job_status_finished(const json *job);
/* The final condition, once it is there; NULL: not finished. Borrowed. */
const json *job_status_end(const json *job);
/*
 * Puts what a round decided into job's status; now in seconds. message: of the condition that
 * plan->decide adds; NULL: the usual one.
 */
void job_status_write(json *job, const struct job_plan *plan, const char *message, int64_t now);

#endif
