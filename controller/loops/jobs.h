/*
 * jobs: the Job controller: one round of job_decide per job and turn in which something about it
 * changed.
 */
#ifndef KJOB_JOBS_H
#define KJOB_JOBS_H

#include "env.h"
#include "pods.h"

struct jobs;

struct jobs *jobs_new(struct loops_env *env, struct pods *pods);
/* Loads the jobs that are not finished, and their pods. */
int jobs_start(struct jobs *set, struct err *e) MUST_USE;
void jobs_free(struct jobs *set);
/* Turn end: carries the queued jobs on; true when there were any. */
bool jobs_reconcile(struct jobs *set);
size_t jobs_unfinished(const struct jobs *set);

#endif
