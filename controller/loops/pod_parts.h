/*
 * pod_parts: the pieces of a container_spec that are made for it, and what makes them from a pod's
 * spec. Pure; shared by the files of pod_spec.h alone.
 */
#ifndef KJOB_POD_PARTS_H
#define KJOB_POD_PARTS_H

#include "../../runtime/container_spec.h"
#include "services_decide.h"

/* Owns what the spec borrows. Zeroed is empty. */
struct spec_parts {
	struct strlist groups, cap_add, cap_drop, selinux;
	struct strlist extra_hosts, dns, dns_search, dns_options;
	char *user, *hostname, *domainname, *apparmor;
	json *sysctls;
	char *names_server; /* in: that of Services; NULL: the pod does not use them */
	struct port_spec *ports;
	size_t port_count, port_cap;
};
#define auto_spec_parts CLEANUP(spec_parts_release) struct spec_parts
void spec_parts_release(struct spec_parts *parts);

/* ---- pod_security.c ---- */

/* The member of the container's securityContext, or of the pod's; NULL: neither has it. */
const json *security_value(const json *pod, const json *container, const char *member);
/*
 * Users, groups, capabilities, profiles. image_user: the image's USER, where it is needed (see
 * below).
 */
void security_apply(const json *pod, const json *container, const char *image_user,
    struct container_spec *s, struct spec_parts *parts);
/* Whether the spec cannot be carried out or judged without the image's user. */
bool security_needs_image_user(const json *pod, const json *container);
/*
 * runAsNonRoot: NULL when the container may run, or why not, in the kubelet's words; owned.
 * image_user: "" where it was not needed.
 */
char *security_refusal(const json *pod, const json *container, const char *image_user);
/* Kernel settings: of what owns the pod's namespaces. */
void security_sysctls(const json *pod, struct container_spec *s, struct spec_parts *parts);
/* Requests and limits of cpu and memory. */
void resources_apply(const json *container, struct container_spec *s);

/* ---- pod_network.c ---- */

/* spec.hostname or the pod's name, as far as a kernel takes it; owned. */
char *pod_hostname(const json *pod);
/* "SUB.NS.svc.cluster.local"; NULL: the pod has no subdomain. Owned. */
char *pod_domain(const json *pod);
/* What the kernel says: the host name, or the full one with setHostnameAsFQDN. NULL with e: too
 * long. Owned. */
char *pod_kernel_hostname(const json *pod, struct err *e) MUST_USE;
/* What a container or sandbox is told that owns the pod's network. */
int network_apply(
    const json *pod, struct container_spec *s, struct spec_parts *parts, struct err *e) MUST_USE;
/* The lines of its /etc/resolv.conf with this name server of Services. */
void network_resolv_conf(const json *pod, const char *server, struct strlist *lines);
/* Arguments of the sandbox: the lines of its /etc/hosts; owned. */
json *network_sandbox_args(const json *pod);

#endif
