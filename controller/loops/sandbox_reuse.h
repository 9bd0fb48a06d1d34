/*
 * sandbox_reuse: whether a pod of a Job gets its network from a pod of that Job that has ended.
 * Pure.
 *
 * A new network namespace is the dearest part of a start. A sandbox that holds nothing else can go
 * from pod to pod, while the Job has pods to come; each pod's containers join it.
 */
#ifndef KJOB_SANDBOX_REUSE_H
#define KJOB_SANDBOX_REUSE_H

#include "../../runtime/base/json.h"

/* Where a pod's network comes from. */
enum reuse {
	REUSE_NONE, /* its container has its own, or its own sandbox has it */
	REUSE_NEW,  /* a sandbox that others are to have after it */
	REUSE_IDLE, /* the sandbox of one before it */
};

struct reuse_obs {
	bool fits;           /* reuse_fits */
	bool exact;          /* with it pods look as they do without */
	bool asked, refused; /* by REUSE_ANNOTATION */
	bool idle;           /* there is one that it can have */
	int64_t left;        /* pods that have yet to succeed, with those that run; 0: unknown */
	int64_t parallelism;
};

enum reuse reuse_decide(const struct reuse_obs *o);

/*
 * Whether the pod's spec allows it: what needs a sandbox of its own, shares namespaces of the
 * machine, may change its network (privileges, added capabilities, kernel settings) or takes ports
 * of the machine does not.
 */
bool reuse_fits(const json *pod);

/* What two pods must have in common, as text; names_server: of Services, or NULL. Owned. */
char *reuse_key(const json *pod, const char *names_server);

/*
 * /etc/hosts as the engine wrote it for the container named FROM, with the line that names it
 * made to name the host and the container TO instead. Owned.
 */
char *reuse_hosts(const char *hosts, const char *from, const char *hostname, const char *to);

#endif
