#include "forward_ports.h"

#include <stdlib.h>

#include "../runtime/base/str.h"

static int parse_number(const char *text, int64_t min, unsigned *ret)
{
	int64_t n;

	if (str_to_int(text, min, UINT16_MAX, &n) < 0)
		return -1;
	*ret = (unsigned)n;
	return 0;
}

/* A port of the pod by its name. */
static int pod_port(const json *pod, const char *name, unsigned *ret)
{
	json_for (c, json_path(pod, "spec.containers"))
		json_for (p, json_get(c, "ports"))
			if (str_eq(json_str(p, "name"), name)) {
				*ret = (unsigned)json_int(p, "containerPort", 0);
				return 0;
			}
	return -1;
}

static const json *service_port(const json *service, const char *text)
{
	json_for (p, json_path(service, "spec.ports")) {
		auto_free char *number = xasprintf("%lld", (long long)json_int(p, "port", 0));

		if (str_eq(text, number) || str_eq(text, json_str(p, "name")))
			return p;
	}
	return NULL;
}

/* The pod's port that a service's leads to; local becomes the service's own number. */
static int through_service(
    const char *text, const json *pod, const json *service, struct forward_port *ret, struct err *e)
{
	const json *port = service_port(service, text), *target = json_get(port, "targetPort");
	const char *name = json_string_value(target);

	if (!port)
		return err_set(e, ERR_BAD_REQUEST, "Service %s does not have a service port %s",
		    json_str_or(service, "metadata.name", ""), text);
	ret->local = (unsigned)json_int(port, "port", 0);
	if (!name)
		ret->remote = (unsigned)json_int(port, "targetPort", ret->local);
	else if (pod_port(pod, name, &ret->remote) < 0)
		return err_set(e, ERR_BAD_REQUEST, "Pod '%s' does not have a named port '%s'",
		    json_str_or(pod, "metadata.name", ""), name);
	return 0;
}

int forward_port_parse(
    const char *text, const json *pod, const json *service, struct forward_port *ret, struct err *e)
{
	const char *colon = strchr(text, ':'), *remote = colon ? colon + 1 : text;
	auto_free char *local = colon ? xstrndup(text, (size_t)(colon - text)) : NULL;

	*ret = (struct forward_port){0};
	if (!*remote || strchr(remote, ':'))
		return err_set(e, ERR_BAD_REQUEST, "invalid port format '%s'", text);
	if (service) {
		if (through_service(remote, pod, service, ret, e) < 0)
			return -1;
	} else if (parse_number(remote, 1, &ret->remote) < 0) {
		if (remote[0] >= '0' && remote[0] <= '9')
			return err_set(e, ERR_BAD_REQUEST,
			    "error parsing remote port '%s': it must be 1 to 65535", remote);
		if (pod_port(pod, remote, &ret->remote) < 0)
			return err_set(e, ERR_BAD_REQUEST,
			    "Pod '%s' does not have a named port '%s'",
			    json_str_or(pod, "metadata.name", ""), remote);
	}
	if (!service)
		ret->local = ret->remote;
	if (local && !*local)
		ret->local = 0;
	else if (local && parse_number(local, 0, &ret->local) < 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "error parsing local port '%s': it must be 0 to 65535", local);
	return 0;
}
