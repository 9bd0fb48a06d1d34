/*
 * pod_spec: from a pod's spec to what the engine is told. Nothing here keeps state.
 *
 *   pod_spec.c      names, labels, command and environment
 *   pod_security.c  securityContext of pod and container, resources
 *   pod_network.c   the sandbox: host names, /etc/hosts, name servers, ports, namespaces
 */
#ifndef KJOB_POD_SPEC_H
#define KJOB_POD_SPEC_H

#include "../../runtime/container_spec.h"
#include "../../runtime/engine.h"

struct container;
struct pod;

/*
 * Whether the pod needs a sandbox: two of its containers can be alive at once, or something must
 * outlive each of them.
 */
bool pod_wants_sandbox(const json *pod);
/* kjob_NS_POD_POD_UID8_ATTEMPT; owned. */
char *pod_sandbox_name(const struct pod *p);
/*
 * Creates it: hidden behind the container label POD, as the kubelet names its own. cb's text: the
 * id. ERR_ALREADY_EXISTS: inspect it by name and adopt it.
 */
engine_id pod_sandbox_create(const struct pod *p, engine_text_fn *cb, struct engine_who who);

/*
 * Creates a container of the pod; sandbox: the id of the running sandbox, or NULL for a pod
 * without. An error with reason ERR_INVALID is one of configuration: waiting reason
 * CreateContainerConfigError with its text. Where the image's user decides something that is asked
 * for first: the container is no longer busy then, its pod is queued, and cb does not run.
 */
engine_id container_create_call(
    struct container *c, const char *sandbox, engine_text_fn *cb, struct engine_who who);
/* The labels of a container of the pod; owned. */
json *pod_labels(const struct pod *p, const char *container, int attempt);

#endif
