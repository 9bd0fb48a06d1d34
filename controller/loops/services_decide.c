#include "services_decide.h"

#include <arpa/inet.h>
#include <ctype.h>

bool service_is_headless(const json *service)
{
	return str_eq(json_str(service, "spec.clusterIP"), "None");
}

bool service_is_alias(const json *service)
{
	return str_eq(json_str(service, "spec.type"), "ExternalName");
}

bool service_wants_address(const json *service)
{
	return !service_is_alias(service) && !*json_str_or(service, "spec.clusterIP", "");
}

/* The array of that name, made where there is none. */
static json *array_in(json *obj, const char *name)
{
	json *list = json_get(obj, name);

	if (list)
		return list;
	list = json_new_array();
	json_set(obj, name, list);
	return list;
}

/* ---- pods ---- */

static bool condition_true(const json *obj, const char *type)
{
	json_for (c, json_path(obj, "status.conditions"))
		if (str_eq(json_str(c, "type"), type))
			return str_eq(json_str(c, "status"), "True");
	return false;
}

static bool is_candidate(const json *pod)
{
	const char *phase = json_str_or(pod, "status.phase", "");

	return !str_eq(phase, "Succeeded") && !str_eq(phase, "Failed") &&
	       *json_str_or(pod, "status.podIP", "");
}

static bool is_terminating(const json *pod)
{
	return json_has(pod, "metadata.deletionTimestamp");
}

/* The number of a port in the pod; 0: it has none of that name. */
static int64_t target_port(const json *port, const json *pod)
{
	const json *target = json_get(port, "targetPort");
	const char *name = json_string_value(target);
	int64_t n;

	if (json_is_int(target, &n))
		return n;
	json_for (c, json_path(pod, "spec.containers"))
		json_for (p, json_get(c, "ports"))
			if (name && str_eq(json_str(p, "name"), name) &&
			    str_eq(json_str_or(p, "protocol", "TCP"),
				json_str_or(port, "protocol", "TCP")))
				return json_int(p, "containerPort", 0);
	return 0;
}

/* What the pod offers of the service's ports; owned array. */
static json *ports_of(const json *service, const json *pod)
{
	json *list = json_new_array();

	json_for (port, json_path(service, "spec.ports")) {
		int64_t n = target_port(port, pod);
		const char *name = json_str_or(port, "name", "");
		const json *app = json_get(port, "appProtocol");
		json *out;

		if (!n)
			continue;
		out = json_new_object();
		if (*name)
			json_set_str(out, "name", name);
		json_set_int(out, "port", n);
		json_set_str(out, "protocol", json_str_or(port, "protocol", "TCP"));
		if (app)
			json_set(out, "appProtocol", json_dup(app));
		json_add(list, out);
	}
	return list;
}

static json *pod_reference(const json *pod)
{
	static const char *const members[] = {"name", "namespace", "uid"};
	json *ref = json_new_object();

	json_set_str(ref, "kind", "Pod");
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		json_set_str(
		    ref, members[i], json_str_or(json_get(pod, "metadata"), members[i], ""));
	return ref;
}

/* Its name below that of the service; NULL: none. */
static const char *pod_name_in(const json *service, const json *pod)
{
	const char *hostname = json_str_or(pod, "spec.hostname", "");

	return *hostname && str_eq(json_str(pod, "spec.subdomain"),
				json_str_or(service, "metadata.name", ""))
		   ? hostname
		   : NULL;
}

/* ---- groups of pods with the same ports ---- */

struct group {
	char *key;
	json *ports; /* owned until it is given away */
	const json **pods;
	size_t len, cap;
};

struct groups {
	struct group *items;
	size_t len, cap;
};

static void groups_release(struct groups *g)
{
	for (size_t i = 0; i < g->len; i++) {
		free(g->items[i].key);
		json_free(g->items[i].ports);
		free(g->items[i].pods);
	}
	free(g->items);
}

static int by_address(const void *a, const void *b)
{
	const json *x = *(const json *const *)a, *y = *(const json *const *)b;
	int order = strcmp(json_str_or(x, "status.podIP", ""), json_str_or(y, "status.podIP", ""));

	return order
		   ? order
		   : strcmp(json_str_or(x, "metadata.uid", ""), json_str_or(y, "metadata.uid", ""));
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct group *)a)->key, ((const struct group *)b)->key);
}

static struct group *group_for(struct groups *g, const json *service, const json *pod)
{
	json *ports = ports_of(service, pod);
	char *key = json_print(ports);

	for (size_t i = 0; i < g->len; i++) {
		if (!str_eq(g->items[i].key, key))
			continue;
		json_free(ports);
		free(key);
		return &g->items[i];
	}
	GROW(g->items, g->cap, g->len + 1);
	g->items[g->len] = (struct group){.key = key, .ports = ports};
	return &g->items[g->len++];
}

static void group_pods(struct groups *g, const json *service, const json *pods)
{
	bool any_port = json_first(json_path(service, "spec.ports")) != NULL;

	json_for (pod, pods) {
		struct group *to;

		if (!is_candidate(pod))
			continue;
		to = group_for(g, service, pod);
		if (any_port && !json_first(to->ports) && !service_is_headless(service))
			continue;
		GROW(to->pods, to->cap, to->len + 1);
		to->pods[to->len++] = pod;
	}
	for (size_t i = 0; i < g->len; i++)
		if (g->items[i].len)
			qsort(g->items[i].pods, g->items[i].len, sizeof(*g->items[i].pods),
			    by_address);
	if (g->len)
		qsort(g->items, g->len, sizeof(*g->items), by_key);
}

/* ---- Endpoints ---- */

json *service_subsets(const json *service, const json *pods)
{
	CLEANUP(groups_release) struct groups g = {0};
	bool all = json_bool(json_get(service, "spec"), "publishNotReadyAddresses", false);
	json *subsets = json_new_array();

	group_pods(&g, service, pods);
	for (size_t i = 0; i < g.len; i++) {
		json *subset = json_new_object();

		for (size_t n = 0; n < g.items[i].len; n++) {
			const json *pod = g.items[i].pods[n];
			const char *hostname = pod_name_in(service, pod);
			json *address;

			if (is_terminating(pod) && !all)
				continue;
			address = json_new_object();
			json_set_str(address, "ip", json_str_or(pod, "status.podIP", ""));
			if (hostname)
				json_set_str(address, "hostname", hostname);
			json_set_str(address, "nodeName", json_str_or(pod, "spec.nodeName", ""));
			json_set(address, "targetRef", pod_reference(pod));
			json_add(array_in(subset, all || condition_true(pod, "Ready")
						      ? "addresses"
						      : "notReadyAddresses"),
			    address);
		}
		if (!json_first(subset)) {
			json_free(subset);
			continue;
		}
		if (json_first(g.items[i].ports))
			json_set(subset, "ports", TAKE(g.items[i].ports));
		json_add(subsets, subset);
	}
	return subsets;
}

/* ---- slices ---- */

static json *slice_endpoint(const json *service, const json *pod)
{
	json *endpoint = json_new_object(), *addresses = array_in(endpoint, "addresses");
	json *conditions = json_obj(endpoint, "conditions");
	bool all = json_bool(json_get(service, "spec"), "publishNotReadyAddresses", false);
	bool serving = condition_true(pod, "Ready"), ending = is_terminating(pod);
	const char *hostname = pod_name_in(service, pod);

	json_add(addresses, json_new_string(json_str_or(pod, "status.podIP", "")));
	json_set_bool(conditions, "ready", all || (serving && !ending));
	json_set_bool(conditions, "serving", serving);
	json_set_bool(conditions, "terminating", ending);
	if (hostname)
		json_set_str(endpoint, "hostname", hostname);
	json_set_str(endpoint, "nodeName", json_str_or(pod, "spec.nodeName", ""));
	json_set(endpoint, "targetRef", pod_reference(pod));
	return endpoint;
}

/* Slices want a name of each port, and it may be empty. */
static json *slice_ports(const json *ports)
{
	json *list = json_dup(ports);

	json_for (port, list)
		if (!json_get(port, "name"))
			json_set_str(port, "name", "");
	return list;
}

/* Five letters that are the same for the same service and place. */
static void suffix(const json *service, size_t place, char out[6])
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	const char *uid = json_str_or(service, "metadata.uid", "");
	uint64_t d = 0xcbf29ce484222325u + place;

	for (; *uid; uid++)
		d = (d ^ (unsigned char)*uid) * 0x100000001b3u;
	for (int i = 0; i < 5; i++, d /= sizeof(letters) - 1)
		out[i] = letters[d % (sizeof(letters) - 1)];
	out[5] = '\0';
}

static void name_slice(const json *service, size_t place, json *slice)
{
	auto_free char *name = NULL;
	char tail[6];

	suffix(service, place, tail);
	name = xasprintf("%s-%s", json_str_or(service, "metadata.name", ""), tail);
	json_set_path(slice, "metadata.name", json_new_string(name));
}

json *service_slices(const json *service, const json *pods)
{
	CLEANUP(groups_release) struct groups g = {0};
	json *slices = json_new_array();

	group_pods(&g, service, pods);
	for (size_t i = 0; i == 0 || i < g.len; i++) {
		json *slice = json_new_object(), *endpoints;

		name_slice(service, i, slice);
		json_set_str(slice, "addressType", "IPv4");
		endpoints = array_in(slice, "endpoints");
		for (size_t n = 0; i < g.len && n < g.items[i].len; n++)
			json_add(endpoints, slice_endpoint(service, g.items[i].pods[n]));
		json_set(
		    slice, "ports", i < g.len ? slice_ports(g.items[i].ports) : json_new_array());
		json_add(slices, slice);
	}
	return slices;
}

/* ---- without a selector ---- */

static void mirror_addresses(const json *list, bool ready, json *endpoints)
{
	static const char *const members[] = {"hostname", "nodeName", "targetRef"};

	json_for (address, list) {
		json *endpoint = json_new_object();

		json_add(array_in(endpoint, "addresses"),
		    json_new_string(json_str_or(address, "ip", "")));
		json_set_bool(json_obj(endpoint, "conditions"), "ready", ready);
		for (size_t i = 0; i < ARRAY_LEN(members); i++)
			if (json_get(address, members[i]))
				json_set(
				    endpoint, members[i], json_dup(json_get(address, members[i])));
		json_add(endpoints, endpoint);
	}
}

json *service_mirror(const json *service, const json *subsets)
{
	json *slices = json_new_array();
	size_t i = 0;

	json_for (subset, subsets) {
		json *slice = json_new_object(), *endpoints = array_in(slice, "endpoints");
		const json *ports = json_get(subset, "ports");

		name_slice(service, i++, slice);
		json_set_str(slice, "addressType", "IPv4");
		mirror_addresses(json_get(subset, "addresses"), true, endpoints);
		mirror_addresses(json_get(subset, "notReadyAddresses"), false, endpoints);
		json_set(slice, "ports", ports ? slice_ports(ports) : json_new_array());
		json_add(slices, slice);
	}
	return slices;
}

json *subsets_of_slices(const json *slices)
{
	json *subsets = json_new_array();

	json_for (slice, slices) {
		json *subset = json_new_object(), *addresses = array_in(subset, "addresses");

		json_for (endpoint, json_get(slice, "endpoints")) {
			const json *hostname = json_get(endpoint, "hostname");
			json *address;

			if (!json_bool(json_get(endpoint, "conditions"), "ready", true))
				continue;
			address = json_new_object();
			json_set(
			    address, "ip", json_dup(json_first(json_get(endpoint, "addresses"))));
			if (hostname)
				json_set(address, "hostname", json_dup(hostname));
			json_add(addresses, address);
		}
		if (json_get(slice, "ports"))
			json_set(subset, "ports", json_dup(json_get(slice, "ports")));
		json_add(subsets, subset);
	}
	return subsets;
}

/* ---- what the relay is told ---- */

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

static void feed_port(const json *port, const char *ip, bool same, const char *name,
    const json *subsets, struct buf *out)
{
	const char *port_name = json_str_or(port, "name", "");
	long long number = (long long)json_int(port, "port", 0);
	auto_free char *protocol = xstrdup(json_str_or(port, "protocol", "TCP"));

	lower(protocol);
	if (*port_name)
		buf_addf(out, "srv _%s._%s.%s %lld %s\n", port_name, protocol, name, number, name);
	if (!str_eq(protocol, "tcp"))
		return;
	buf_addf(out, "listen %s %lld%s\n", ip, number, same ? " same" : "");
	json_for (subset, subsets)
		json_for (p, json_get(subset, "ports"))
			if (str_eq(json_str_or(p, "name", ""), port_name))
				json_for (address, json_get(subset, "addresses"))
					buf_addf(out, "to %s %lld\n",
					    json_str_or(address, "ip", ""),
					    (long long)json_int(p, "port", 0));
}

/* Names of a pod: its host name, or its address with dashes. */
static void feed_pod(const json *address, const json *ports, const char *name, struct buf *out)
{
	const char *ip = json_str_or(address, "ip", "");
	auto_free char *own = xstrdup(json_str_or(address, "hostname", ip));

	for (char *c = own; *c; c++)
		*c = (char)(*c == '.' ? '-' : tolower((unsigned char)*c));
	buf_addf(out, "a %s %s\na %s.%s %s\n", name, ip, own, name, ip);
	json_for (port, ports) {
		auto_free char *protocol = xstrdup(json_str_or(port, "protocol", "TCP"));

		lower(protocol);
		if (*json_str_or(port, "name", ""))
			buf_addf(out, "srv _%s._%s.%s %lld %s.%s\n", json_str_or(port, "name", ""),
			    protocol, name, (long long)json_int(port, "port", 0), own, name);
	}
}

void service_feed(const json *service, const json *subsets, struct buf *out)
{
	auto_free char *name =
	    xasprintf("%s.%s.svc." CLUSTER_DOMAIN, json_str_or(service, "metadata.name", ""),
		json_str_or(service, "metadata.namespace", ""));
	const char *ip = json_str_or(service, "spec.clusterIP", "");
	bool same = str_eq(json_str(service, "spec.sessionAffinity"), "ClientIP");

	if (service_is_alias(service)) {
		buf_addf(out, "cname %s %s\n", name, json_str_or(service, "spec.externalName", ""));
	} else if (service_is_headless(service)) {
		buf_addf(out, "name %s\n", name);
		json_for (subset, subsets)
			json_for (address, json_get(subset, "addresses"))
				feed_pod(address, json_get(subset, "ports"), name, out);
	} else if (*ip) {
		buf_addf(out, "a %s %s\n", name, ip);
		json_for (port, json_path(service, "spec.ports"))
			feed_port(port, ip, same, name, subsets, out);
	}
}

/* ---- environment ---- */

static char *variable_name(const char *name)
{
	char *out = xstrdup(name);

	for (char *c = out; *c; c++)
		*c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
	return out;
}

/* One port in the words of Docker's old links. */
static void link_env(const char *prefix, const char *ip, const json *port, struct strlist *env)
{
	auto_free char *protocol = xstrdup(json_str_or(port, "protocol", "TCP"));
	auto_free char *upper = variable_name(protocol), *own = NULL;
	long long n = (long long)json_int(port, "port", 0);

	lower(protocol);
	own = xasprintf("%s_PORT_%lld_%s", prefix, n, upper);
	strlist_addf(env, "%s=%s://%s:%lld", own, protocol, ip, n);
	strlist_addf(env, "%s_PROTO=%s", own, protocol);
	strlist_addf(env, "%s_PORT=%lld", own, n);
	strlist_addf(env, "%s_ADDR=%s", own, ip);
}

void service_env(const json *service, struct strlist *env)
{
	auto_free char *prefix = variable_name(json_str_or(service, "metadata.name", ""));
	const char *ip = json_str_or(service, "spec.clusterIP", "");
	const json *ports = json_path(service, "spec.ports"), *first = json_first(ports);
	auto_free char *protocol = NULL;

	if (!*ip || service_is_headless(service) || service_is_alias(service) || !first)
		return;
	protocol = xstrdup(json_str_or(first, "protocol", "TCP"));
	lower(protocol);
	strlist_addf(env, "%s_SERVICE_HOST=%s", prefix, ip);
	strlist_addf(env, "%s_SERVICE_PORT=%lld", prefix, (long long)json_int(first, "port", 0));
	json_for (port, ports) {
		const char *name = json_str_or(port, "name", "");
		auto_free char *upper = variable_name(name);

		if (*name)
			strlist_addf(env, "%s_SERVICE_PORT_%s=%lld", prefix, upper,
			    (long long)json_int(port, "port", 0));
	}
	strlist_addf(env, "%s_PORT=%s://%s:%lld", prefix, protocol, ip,
	    (long long)json_int(first, "port", 0));
	json_for (port, ports)
		link_env(prefix, ip, port, env);
}

/* ---- addresses ---- */

uint32_t address_parse(const char *text)
{
	struct in_addr a;

	return text && inet_pton(AF_INET, text, &a) == 1 ? ntohl(a.s_addr) : 0;
}

const char *address_format(char buf[ADDRESS_TEXT_MAX], uint32_t address)
{
	struct in_addr a = {.s_addr = htonl(address)};

	return inet_ntop(AF_INET, &a, buf, ADDRESS_TEXT_MAX);
}

/* How many bits of a network's host part a block has, by the size of that. */
static int block_bits(int host_bits)
{
	return host_bits >= 16 ? 8 : host_bits >= 12 ? 6 : host_bits >= 6 ? 4 : 0;
}

/* The prefix of "10.1.0.0/16"; 0: it is no network. */
static int parse_subnet(const char *subnet, uint32_t *ret_net)
{
	const char *slash = subnet ? strchr(subnet, '/') : NULL;
	auto_free char *text = slash ? xstrndup(subnet, (size_t)(slash - subnet)) : NULL;
	int prefix = slash ? (int)strtol(slash + 1, NULL, 10) : 0;
	uint32_t net = address_parse(text);

	if (!net || prefix < 8 || prefix > 30)
		return 0;
	*ret_net = net & ~((1u << (32 - prefix)) - 1);
	return prefix;
}

bool subnet_holds(const char *subnet, uint32_t address)
{
	uint32_t net;
	int prefix = parse_subnet(subnet, &net);

	return prefix && address >= net && address - net < 1u << (32 - prefix);
}

struct address_block block_of(const char *subnet, uint64_t pick)
{
	uint32_t net, half, count;
	int prefix = parse_subnet(subnet, &net), bits = block_bits(32 - prefix);

	if (!prefix || !bits)
		return (struct address_block){0};
	half = 1u << (31 - prefix);
	count = half >> bits;
	return (struct address_block){
	    .base = net + half + ((uint32_t)(pick % count) << bits), .bits = 32 - bits};
}

uint32_t block_size(struct address_block b)
{
	return 1u << (32 - b.bits);
}

uint32_t block_dns(struct address_block b)
{
	return b.base + 1;
}

uint32_t block_first(struct address_block b)
{
	return b.base + 2;
}

uint32_t block_last(struct address_block b)
{
	return b.base + block_size(b) - 2;
}
