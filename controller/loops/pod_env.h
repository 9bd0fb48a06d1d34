/*
 * pod_env: the environment of a container, resolved from its spec, and $(NAME) by it. Pure: config
 * maps, secrets and services come from whom it is told to ask. Behaviour after the kubelet of
 * Kubernetes 1.36 (pkg/kubelet/kubelet_pods.go) and third_party/forked/golang/expansion.
 *
 * Variables about services give way to envFrom, and that to env; within each the later definition
 * counts. $(NAME) in a value sees what stands before it; in command and args it sees all.
 */
#ifndef KJOB_POD_ENV_H
#define KJOB_POD_ENV_H

#include "../api/api.h"
#include "downward.h"

/* The largest environment, and the largest command. Longer ones no kernel takes. */
#define POD_ENV_MAX (2 * MIB)

struct env_source {
	struct downward downward;
	const json *container;          /* its spec */
	const struct strlist *services; /* "NAME=VALUE": variables about services; NULL: none */
	/* A config map or secret of the pod's namespace; owned by the caller of get, NULL: none. */
	json *(*get)(void *ctx, enum kind_id kind, const char *name);
	void *ctx;
};

/*
 * Appends "NAME=VALUE", each name once. ERR_INVALID where something that is not optional is missing
 * or cannot be a variable, in the words of CreateContainerConfigError; no text shows a value.
 */
int pod_env_resolve(
    const struct env_source *source, struct strlist *ret_env, struct err *e) MUST_USE;

/* One pass of $(NAME): an unknown name stays as it is, $$ becomes $. Owned; NULL: longer than
 * POD_ENV_MAX. */
char *pod_env_expand(const char *text, const struct strlist *env) MUST_USE;
/* The same for a list of strings, owned; NULL in *ret where it is empty. */
int pod_env_expand_list(
    const json *list, const struct strlist *env, json **ret, struct err *e) MUST_USE;

/*
 * Whether a container wants its pod's address in a variable, so that there must be one before the
 * container is created: only a sandbox has it then.
 */
bool pod_needs_sandbox_for_env(const json *pod);

#endif
