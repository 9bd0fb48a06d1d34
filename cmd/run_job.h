/* run_job: the object that `kjob run` makes of its command line. Pure. */
#ifndef KJOB_CMD_RUN_JOB_H
#define KJOB_CMD_RUN_JOB_H

#include "../runtime/base/json.h"
#include "opts.h"

/*
 * A Job (--restart=Never or OnFailure), a bare Pod (Always) or a CronJob (--schedule), with
 * --overrides merged in. args begin with the name. Errors are about the options; NULL then. Owned.
 */
json *run_object(const struct opts *o, const char *ns, const char *const *args, size_t argc,
    struct err *e) MUST_USE;
/* The Service of --expose, for the pods of such an object; owned. */
json *run_service(const struct opts *o, const json *object);

#endif
