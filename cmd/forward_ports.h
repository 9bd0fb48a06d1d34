/* forward_ports: the [LOCAL:]REMOTE arguments of `kjob port-forward`. Pure. */
#ifndef KJOB_CMD_FORWARD_PORTS_H
#define KJOB_CMD_FORWARD_PORTS_H

#include "../runtime/base/err.h"
#include "../runtime/base/json.h"

struct forward_port {
	unsigned local; /* 0: any that is free */
	unsigned remote;
};

/*
 * "80", "8080:80", ":80", with a name of a port of the pod's containers for REMOTE. service (may be
 * NULL): its ports are meant, and led to the pod's.
 */
int forward_port_parse(const char *text, const json *pod, const json *service,
    struct forward_port *ret, struct err *e) MUST_USE;

#endif
