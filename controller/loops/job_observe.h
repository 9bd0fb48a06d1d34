/* job_observe: what the decider sees of the objects of a Job and its pods. Pure. */
#ifndef KJOB_JOB_OBSERVE_H
#define KJOB_JOB_OBSERVE_H

#include "../../runtime/base/json.h"
#include "job_decide.h"

#define JOB_SUCCESS_RULES_MAX 20

/* The rules of successPolicy, read once for each number of completions. Zeroed is unread. */
struct job_rules {
	struct index_set sets[JOB_SUCCESS_RULES_MAX];
	struct success_rule rules[JOB_SUCCESS_RULES_MAX];
	size_t count;
	int64_t limit; /* completions that they were read for */
	bool read;
};
void job_rules_release(struct job_rules *rules);

/* What the observation of an Indexed Job points at. */
struct job_sets {
	struct index_set completed, failed;
};
void job_sets_release(struct job_sets *sets);

/* Everything but backoff and pods. The observation borrows rules and sets. */
struct job_obs job_observe(
    const json *job, int64_t now, struct job_rules *rules, struct job_sets *ret_sets);
struct job_pod job_observe_pod(const json *job, const json *pod);
/* The built-in controller keeps away from it: spec.managedBy names another one. */
bool job_is_foreign(const json *job);
/* NonIndexed or Indexed; anything else is of a newer version. */
bool job_mode_known(const json *job);

#endif
