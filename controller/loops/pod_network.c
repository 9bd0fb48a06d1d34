/* pod_network: names, addresses and ports of a pod; its sandbox. */
#include <ctype.h>
#include <stdio.h>

#include "../../runtime/sandbox_image.h"
#include "pod_env.h"
#include "pod_parts.h"
#include "pod_volumes.h"
#include "pods_internal.h"
#include "services.h"

/* The kernel's limits for a host name: of a label, and of all of it. */
#define LABEL_MAX 63
#define HOSTNAME_MAX 64
#define NAMESERVERS_MAX 3
#define RESOLV_CONF "/etc/resolv.conf"

/* ---- names ---- */

char *pod_hostname(const json *pod)
{
	const char *own = json_str_or(pod, "spec.hostname", "");
	char *name = xstrndup(*own ? own : json_str_or(pod, "metadata.name", ""), LABEL_MAX);
	size_t len = strlen(name);

	while (len > 0 && (name[len - 1] == '-' || name[len - 1] == '.'))
		name[--len] = '\0';
	return name;
}

char *pod_domain(const json *pod)
{
	const char *sub = json_str_or(pod, "spec.subdomain", "");

	if (!*sub)
		return NULL;
	return xasprintf(
	    "%s.%s.svc." CLUSTER_DOMAIN, sub, json_str_or(pod, "metadata.namespace", ""));
}

char *pod_kernel_hostname(const json *pod, struct err *e)
{
	auto_free char *name = pod_hostname(pod), *domain = pod_domain(pod);
	auto_free char *full = NULL;

	if (!domain || !json_bool(json_get(pod, "spec"), "setHostnameAsFQDN", false))
		return TAKE(name);
	full = xasprintf("%s.%s", name, domain);
	if (strlen(full) <= HOSTNAME_MAX)
		return TAKE(full);
	err_set(e, ERR_INVALID,
	    "failed to construct FQDN from pod hostname and cluster domain, FQDN %s is too long "
	    "(%d "
	    "is the max characters needed, %zu is the length)",
	    full, HOSTNAME_MAX, strlen(full));
	return NULL;
}

/* ---- /etc/hosts ---- */

json *network_sandbox_args(const json *pod)
{
	auto_free char *name = pod_hostname(pod), *domain = pod_domain(pod);
	auto_free char *names = domain ? xasprintf("%s.%s\t%s", name, domain, name) : xstrdup(name);
	auto_strlist aliases = {0};

	json_for (alias, json_path(pod, "spec.hostAliases")) {
		auto_buf line = {0};

		buf_adds(&line, json_str_or(alias, "ip", ""));
		json_for (h, json_get(alias, "hostnames"))
			buf_addf(&line, "\t%s", json_string_value(h) ? json_string_value(h) : "");
		strlist_add(&aliases, buf_str(&line));
	}
	return sandbox_args(names, &aliases);
}

static void add_aliases(const json *pod, struct strlist *hosts)
{
	json_for (alias, json_path(pod, "spec.hostAliases"))
		json_for (h, json_get(alias, "hostnames"))
			strlist_addf(hosts, "%s:%s",
			    json_string_value(h) ? json_string_value(h) : "",
			    json_str_or(alias, "ip", ""));
}

/* ---- the resolver ---- */

/* What the machine itself says, which is what the engine would take: name servers and domains. */
static void read_machine(struct strlist *servers, struct strlist *domains)
{
	FILE *f = fopen(RESOLV_CONF, "re");
	char line[1024];

	while (f && fgets(line, sizeof(line), f)) {
		char *save = NULL, *word = strtok_r(line, " \t\r\n", &save);
		bool server = str_eq(word, "nameserver");
		struct strlist *to = server ? servers : str_eq(word, "search") ? domains : NULL;

		while (to && (word = strtok_r(NULL, " \t\r\n", &save)))
			/* a server on the machine's own loopback is not there for a container */
			if (!server || !str_has_prefix(word, "127."))
				strlist_add(to, word);
	}
	if (f)
		fclose(f);
}

static void append(struct strlist *to, const struct strlist *base, const json *more, size_t max)
{
	for (size_t i = 0; i < base->len && to->len < max; i++)
		if (!strlist_has(to, base->items[i]))
			strlist_add(to, base->items[i]);
	json_for (item, more)
		if (json_string_value(item) && to->len < max &&
		    !strlist_has(to, json_string_value(item)))
			strlist_add(to, json_string_value(item));
}

/* What ClusterFirst gives: the server of Services, and the domains that their short names are
 * searched in. */
static void cluster_first(const json *pod, const struct spec_parts *parts, struct strlist *servers,
    struct strlist *domains)
{
	auto_strlist ignored = {0};

	strlist_add(servers, parts->names_server);
	strlist_addf(domains, "%s.svc." CLUSTER_DOMAIN, json_str_or(pod, "metadata.namespace", ""));
	strlist_add(domains, "svc." CLUSTER_DOMAIN);
	strlist_add(domains, CLUSTER_DOMAIN);
	read_machine(&ignored, domains);
}

static bool has_option(const json *config, const char *name)
{
	json_for (o, json_get(config, "options"))
		if (str_eq(json_str(o, "name"), name))
			return true;
	return false;
}

/* dnsConfig adds to what dnsPolicy gives; an engine replaces its own by what it is told. */
static void apply_dns(const json *pod, struct container_spec *s, struct spec_parts *parts)
{
	const json *config = json_path(pod, "spec.dnsConfig");
	bool alone = str_eq(json_str(pod, "spec.dnsPolicy"), "None");
	auto_strlist servers = {0}, domains = {0};

	if (!config && !parts->names_server)
		return;
	if (parts->names_server)
		cluster_first(pod, parts, &servers, &domains);
	else if (!alone && (json_first(json_get(config, "nameservers")) ||
			       json_first(json_get(config, "searches"))))
		read_machine(&servers, &domains);
	if (parts->names_server || json_first(json_get(config, "nameservers")))
		append(&parts->dns, &servers, json_get(config, "nameservers"), NAMESERVERS_MAX);
	if (parts->names_server || json_first(json_get(config, "searches")))
		append(&parts->dns_search, &domains, json_get(config, "searches"), SIZE_MAX);
	else if (alone)
		strlist_add(&parts->dns_search, "."); /* none */
	if (parts->names_server && !has_option(config, "ndots"))
		strlist_add(&parts->dns_options, "ndots:5");
	json_for (o, json_get(config, "options")) {
		const char *value = json_str_or(o, "value", "");

		strlist_addf(&parts->dns_options, "%s%s%s", json_str_or(o, "name", ""),
		    *value ? ":" : "", value);
	}
	s->dns = &parts->dns;
	s->dns_search = &parts->dns_search;
	s->dns_options = &parts->dns_options;
}

void network_resolv_conf(const json *pod, const char *server, struct strlist *lines)
{
	auto_spec_parts parts = {.names_server = xstrdup(server)};
	struct container_spec ignored = {0};
	auto_free char *domains = NULL, *options = NULL;

	apply_dns(pod, &ignored, &parts);
	domains = strlist_join(&parts.dns_search, " ");
	options = strlist_join(&parts.dns_options, " ");
	strlist_addf(lines, "search %s", domains);
	for (size_t i = 0; i < parts.dns.len; i++)
		strlist_addf(lines, "nameserver %s", parts.dns.items[i]);
	strlist_addf(lines, "options %s", options);
}

/* ---- ports ---- */

static const struct {
	const char *kubernetes, *engine;
} protocols[] = {{"UDP", "udp"}, {"SCTP", "sctp"}};

static bool is_sidecar(const json *c)
{
	return str_eq(json_str(c, "restartPolicy"), "Always");
}

static void add_ports(const json *container, struct spec_parts *parts)
{
	json_for (port, json_get(container, "ports")) {
		struct port_spec p = {
		    .protocol = "tcp",
		    .host_ip = json_str(port, "hostIP"),
		    .port = (uint16_t)json_int(port, "containerPort", 0),
		    .host_port = (uint16_t)json_int(port, "hostPort", 0),
		};

		if (!p.host_port)
			continue;
		for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
			if (str_eq(json_str(port, "protocol"), protocols[i].kubernetes))
				p.protocol = protocols[i].engine;
		GROW(parts->ports, parts->port_cap, parts->port_count + 1);
		parts->ports[parts->port_count++] = p;
	}
}

/* ---- all of it ---- */

int network_apply(
    const json *pod, struct container_spec *s, struct spec_parts *parts, struct err *e)
{
	const json *spec = json_get(pod, "spec");

	if (json_bool(spec, "hostNetwork", false)) {
		s->network_mode = "host"; /* and all that the machine has there */
	} else {
		s->hostname = parts->hostname = pod_kernel_hostname(pod, e);
		if (!s->hostname)
			return -1;
		if (!json_bool(spec, "setHostnameAsFQDN", false))
			s->domainname = parts->domainname = pod_domain(pod);
		json_for (c, json_get(spec, "containers"))
			add_ports(c, parts);
		json_for (c, json_get(spec, "initContainers"))
			if (is_sidecar(c))
				add_ports(c, parts);
		s->ports = parts->ports;
		s->port_count = parts->port_count;
	}
	add_aliases(pod, &parts->extra_hosts);
	s->extra_hosts = &parts->extra_hosts;
	apply_dns(pod, s, parts);
	if (parts->names_server && !s->network_mode)
		s->network_mode = "bridge"; /* where the relay is, for a user's own Podman too */
	security_sysctls(pod, s, parts);
	return 0;
}

/* ---- the sandbox ---- */

bool pod_wants_sandbox(const json *pod)
{
	const json *spec = json_get(pod, "spec");
	size_t together = json_len(json_get(spec, "containers"));
	bool aliases;

	json_for (c, json_get(spec, "initContainers"))
		together += is_sidecar(c);
	/* whose /etc/hosts says it as a kubelet does; an engine's has a line for each name */
	aliases =
	    !json_bool(spec, "hostNetwork", false) && json_first(json_get(spec, "hostAliases"));
	return together > 1 || json_bool(spec, "shareProcessNamespace", false) || aliases ||
	       *json_str_or(spec, "subdomain", "") || volumes_want_sandbox(pod) ||
	       pod_needs_sandbox_for_env(pod);
}

char *pod_sandbox_name(const struct pod *p)
{
	return container_engine_name(p->sandbox);
}

engine_id pod_sandbox_create(const struct pod *p, engine_text_fn *cb, struct engine_who who)
{
	const json *spec = json_get(p->obj, "spec");
	auto_free char *name = pod_sandbox_name(p);
	auto_spec_parts parts = {0};
	auto_volume_mounts mounts = {0};
	auto_json *labels = pod_labels(p, SANDBOX_CONTAINER, p->sandbox->attempt);
	auto_json *args = NULL;
	auto_err e = {0};
	struct container_spec s = {
	    .name = name,
	    .labels = labels,
	    .ipc_mode = p->shared                           ? NULL
			: json_bool(spec, "hostIPC", false) ? "host"
							    : "shareable",
	    .pid_mode = json_bool(spec, "hostPID", false) ? "host" : NULL,
	};

	parts.names_server = services_names_server(p->set->env->services, p->obj);
	p->sandbox->names = parts.names_server != NULL;
	if (p->sandbox->names)
		json_set_str(labels, LABEL_NAMES, parts.names_server);
	if (network_apply(p->obj, &s, &parts, &e) < 0) {
		container_refuse_later(p->sandbox, cb, who, &e);
		return 0;
	}
	/* as where its container has the network, /etc/hosts of a shared one is the engine's */
	if (!p->shared && !json_bool(spec, "hostNetwork", false))
		args = network_sandbox_args(p->obj);
	s.args = args;
	volumes_sandbox_mounts(p, &mounts);
	s.mounts = mounts.items;
	s.mount_count = mounts.len;
	return sandbox_create(p->set->env->engine, &s, cb, who);
}
