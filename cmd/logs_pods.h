/* logs_pods: which pod and which containers a `kjob logs` is about. Pure. */
#ifndef KJOB_CMD_LOGS_PODS_H
#define KJOB_CMD_LOGS_PODS_H

#include "../runtime/base/json.h"
#include "../runtime/base/str.h"

/*
 * The pod of a list whose log is worth most, as kubectl ranks them: on a node; past Pending; ready,
 * and for longer; more restarts; older. NULL for none. Borrowed.
 */
const json *logs_best_pod(const json *items);

struct logs_choice {
	const char *container; /* -c; "" */
	bool all_containers;
};
/*
 * The names of the containers of a pod to show, in order. *ret_note (owned) is set where the choice
 * is to be told: `Defaulted container "a" out of: a, b (init)`. Errors are kubectl's.
 */
int logs_containers(const json *pod, const struct logs_choice *c, struct strlist *ret,
    char **ret_note, struct err *e) MUST_USE;

#endif
