/* podsummary: what `kubectl get pods` says of a pod in one line. */
#ifndef KJOB_API_PODSUMMARY_H
#define KJOB_API_PODSUMMARY_H

#include "../../runtime/base/json.h"

/* Paths of what it is made from, as for json_view. */
extern const char pod_summary_reads[];

struct pod_summary {
	int ready, total; /* containers and sidecars */
	int64_t restarts;
	const char *restarted; /* time of the last end before a restart, NULL: none; borrowed from
				  the pod */
	char *status;          /* owned */
};

/* Fills in all members. Release frees. */
void pod_summary_init(struct pod_summary *s, const json *pod);
void pod_summary_release(struct pod_summary *s);

#endif
