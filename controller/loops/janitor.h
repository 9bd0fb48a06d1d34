/*
 * janitor: log files outlive their pods for a day, then go. (So that what a job with a ttl printed
 * can still be looked up.)
 */
#ifndef KJOB_JANITOR_H
#define KJOB_JANITOR_H

#include "env.h"

struct janitor;

/* Looks soon after the start and then every hour. */
struct janitor *janitor_new(struct loops_env *env);
void janitor_free(struct janitor *j);

#endif
