/* node: the objects that exist without anybody creating them: this machine's Node and the namespace
 * "default". */
#ifndef KJOB_NODE_H
#define KJOB_NODE_H

#include "env.h"

/* Writes both; the Node is completed when the engine has answered what it is. */
int node_start(struct loops_env *env, struct err *e) MUST_USE;
/*
 * The node's sign of life, which other clients look for: its Lease of NODE_LEASE_SECONDS. Written
 * without waiting for the disk.
 */
#define NODE_LEASE_SECONDS 40
#define NODE_RENEW_MS 10000
void node_renew_lease(struct loops_env *env);
/* Name of this machine as a Node: its host name in lower case, made a DNS subdomain; owned. */
char *node_name(void);

#endif
