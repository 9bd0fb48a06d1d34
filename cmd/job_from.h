/* job_from: a new Job out of the template of a CronJob, or of another Job. Pure. */
#ifndef KJOB_CMD_JOB_FROM_H
#define KJOB_CMD_JOB_FROM_H

#include "../runtime/base/json.h"

/*
 * The Job NAME as `create job --from` makes it: owned by the CronJob and marked as started by hand.
 * A Job made from a Job has no owner, and no selector or labels that are the other one's. NULL with
 * an error where the source is neither. Owned.
 */
json *job_from(const json *source, const char *name, struct err *e) MUST_USE;

#endif
