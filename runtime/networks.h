/* networks: what is asked about the engine's networks. */
#ifndef KJOB_NETWORKS_H
#define KJOB_NETWORKS_H

#include "engine.h"

/*
 * The addresses of the network that containers are on when nothing else is said: cb's text is
 * "172.17.0.0/16". ERR_NOT_FOUND: there is no such network, or it has no IPv4 addresses.
 */
engine_id network_subnet(struct engine *en, engine_text_fn *cb, struct engine_who who);

#endif
