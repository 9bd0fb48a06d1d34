/*
 * services_decide: who answers for a Service, and what follows from that: Endpoints, slices, what
 * the relay is told, environment variables. Pure. Behaviour after Kubernetes 1.36
 * (pkg/controller/endpoint, pkg/controller/endpointslice, pkg/kubelet/envvars).
 */
#ifndef KJOB_SERVICES_DECIDE_H
#define KJOB_SERVICES_DECIDE_H

#include "../api/api.h"

#define CLUSTER_DOMAIN "cluster.local"

bool service_is_headless(const json *service);
bool service_is_alias(const json *service); /* type ExternalName */
/* Whether it is to have an address and has none. */
bool service_wants_address(const json *service);

/*
 * The subsets of its Endpoints: pods is an array of those that its selector chooses. Pods that have
 * ended or have no address are left out; those that are not ready, or on their way out, are not
 * ready there. Owned array, in an order that depends on nothing but the pods.
 */
json *service_subsets(const json *service, const json *pods);
/* Its EndpointSlices, one for each set of ports, without metadata but the name; owned array. */
json *service_slices(const json *service, const json *pods);

/*
 * Of a Service without a selector: the slices that say what its Endpoints do, and who answers
 * according to such slices, as subsets. Owned arrays.
 */
json *service_mirror(const json *service, const json *subsets);
json *subsets_of_slices(const json *slices);

/* What the relay is told of it (runtime/sandbox/net.c); subsets: of its Endpoints. */
void service_feed(const json *service, const json *subsets, struct buf *out);
/* The variables that pods of its namespace get: nothing without an address. */
void service_env(const json *service, struct strlist *env);

/* ---- addresses ---- */

struct address_block {
	uint32_t base; /* 0: none */
	int bits;      /* of the prefix */
};
/*
 * A block in the upper half of a network, where engines come last when they choose addresses.
 * pick: any number; the same gives the same. Base 0 where the network is too small.
 */
struct address_block block_of(const char *subnet, uint64_t pick);
uint32_t block_size(struct address_block b);
/* The address of names, and the first and last that Services can have. */
uint32_t block_dns(struct address_block b);
uint32_t block_first(struct address_block b);
uint32_t block_last(struct address_block b);
/* Whether the address is in the network ("10.1.0.0/16"). */
bool subnet_holds(const char *subnet, uint32_t address);
/* "10.1.2.3"; 0: it is none. */
uint32_t address_parse(const char *text);
#define ADDRESS_TEXT_MAX 16
const char *address_format(char buf[ADDRESS_TEXT_MAX], uint32_t address);

#endif
