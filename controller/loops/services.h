/*
 * services: Services on a container engine.
 *
 * One container of the sandbox's image, the relay, is on the engine's bridge while there are
 * Services. A block of that network's addresses is theirs: one is the name server's, the others are
 * for Services; the relay answers for those that are used (runtime/sandbox/net.c). What it knows is
 * sent to it whenever something changes, always whole, through a command in it. This loop gives
 * Services their addresses, writes their Endpoints and EndpointSlices from the pods, and keeps the
 * relay.
 *
 * A pod uses Services when there is at least one in the instance at the time its containers (or its
 * sandbox) are made: its name server is the relay then, so that Services that come later have names
 * too. Where there is none, a pod is made as ever and costs no call more; it is told of the name
 * server when the first Service comes (pod_names.c). The relay stays until the last Service is gone
 * and all pods that were there with it have ended: they would be without names otherwise.
 */
#ifndef KJOB_SERVICES_H
#define KJOB_SERVICES_H

#include "env.h"

struct services;

struct services *services_new(struct loops_env *env);
/* Reads the Services there are. */
int services_start(struct services *s, struct err *e) MUST_USE;
void services_free(struct services *s);
/* Turn end: true when there was work. */
bool services_reconcile(struct services *s);
struct services_pods {
	void (*up)(void *ctx);     /* pods that had to wait need not any more */
	bool (*in_use)(void *ctx); /* there are pods that may know the relay's name server */
	void *ctx;
};
void services_set_pods(struct services *s, const struct services_pods *pods);
/*
 * The controller stops. keep: pods run on, and with them the relay. Returns how much there is to
 * wait for.
 */
size_t services_drain(struct services *s, bool keep);

/* ---- for the pod loop; s may be NULL ---- */

/* Whether the pod uses Services and the relay is not there yet: it has to wait. */
bool services_hold(const struct services *s, const json *pod);
/* The name server of a pod that uses Services; NULL: it does not. Owned. */
char *services_names_server(const struct services *s, const json *pod);
/*
 * The name server for a pod that runs with this address and was made without; NULL: there is none,
 * or none that it reaches. Owned.
 */
char *services_late_server(const struct services *s, const json *pod, const char *ip);
/* The variables about the Services of the pod's namespace. */
void services_variables(const struct services *s, const json *pod, struct strlist *env);

#endif
