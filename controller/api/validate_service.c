/* validate_service: Services, and what says who answers for them. */
#include <arpa/inet.h>

#include "../../runtime/base/map.h"
#include "names.h"
#include "validate.h"

#define PORT_MAX 65535
#define PORT_TEXT "must be between 1 and 65535, inclusive"

static bool is_type(const json *service, const char *type)
{
	return str_eq(json_str(service, "spec.type"), type);
}

static bool is_headless(const json *service)
{
	return str_eq(json_str(service, "spec.clusterIP"), "None");
}

static void check_port_number(struct report *r, const json *value, const struct place *p)
{
	int64_t n;

	if (json_is_int(value, &n) && (n < 1 || n > PORT_MAX))
		bad_invalid(r, p, value, PORT_TEXT);
}

static void check_port(
    struct report *r, const json *port, bool named, bool relayed, const struct place *p)
{
	const char *name = json_str_or(port, "name", "");
	const char *protocol = json_str_or(port, "protocol", "TCP");
	const json *target = json_get(port, "targetPort");
	struct place at_name = PLACE(p, "name"), number = PLACE(p, "port");
	struct place at_target = PLACE(p, "targetPort"), at_protocol = PLACE(p, "protocol");

	if (*name)
		validate_name(r, name, name_check_dns_label, &at_name);
	else if (named)
		bad_required(r, &at_name, "");
	if (!json_get(port, "port"))
		bad_invalid_bare(r, &number, PORT_TEXT);
	check_port_number(r, json_get(port, "port"), &number);
	validate_enum(r, &schema_service_port, port, "protocol", p);
	if (json_is_string(target))
		validate_name(r, json_string_value(target), name_check_port, &at_target);
	else
		check_port_number(r, target, &at_target);
	if (relayed && (str_eq(protocol, "UDP") || str_eq(protocol, "SCTP")))
		bad_forbidden(r, &at_protocol,
		    "this version of kjob passes only TCP on: with clusterIP None clients reach "
		    "the "
		    "pods themselves");
}

static void check_ports(struct report *r, const json *service, const struct place *spec)
{
	const json *ports = json_path(service, "spec.ports");
	bool headless = is_headless(service), alias = is_type(service, "ExternalName");
	struct place list = PLACE(spec, "ports");
	struct map names = {0}, numbers = {0};
	size_t i = 0;

	if (!json_first(ports) && !headless && !alias)
		bad_required(r, &list, "");
	json_for (port, ports) {
		struct place at = PLACE_ITEM(&list, i++), at_name = PLACE(&at, "name");
		const char *name = json_str_or(port, "name", "");
		auto_free char *key = xasprintf("%s/%lld", json_str_or(port, "protocol", ""),
		    (long long)json_int(port, "port", 0));

		check_port(r, port, json_len(ports) > 1, !headless && !alias, &at);
		if (*name && map_set(&names, name, port))
			bad_duplicate(r, &at_name, json_get(port, "name"));
		if (map_set(&numbers, key, port))
			bad_duplicate(r, &at, port);
	}
	map_release(&names, NULL);
	map_release(&numbers, NULL);
}

/* The address is ours to choose: what is asked for by number is refused. */
static void check_address(
    struct report *r, const json *service, const json *old, const struct place *spec)
{
	const char *ip = json_str_or(service, "spec.clusterIP", "");
	const char *before = json_str_or(old, "spec.clusterIP", "");
	const json *list = json_path(service, "spec.clusterIPs");
	struct place many = PLACE(spec, "clusterIPs"), first = PLACE_ITEM(&many, 0);

	if (is_type(service, "ExternalName")) {
		if (*ip)
			bad_forbidden(r, &many, "may not be set for ExternalName services");
		return;
	}
	if (*before && !is_type(old, "ExternalName") && !str_eq(ip, before)) {
		bad_invalid(r, &first, list ? list : json_path(service, "spec.clusterIP"),
		    "may not change once set");
		return;
	}
	if (!*ip || is_headless(service) || str_eq(ip, before))
		return;
	bad_invalid(r, &many, list ? list : json_path(service, "spec.clusterIP"),
	    "kjob chooses the addresses of services: leave it out, or say None");
}

static void check_families(struct report *r, const json *service, const struct place *spec)
{
	struct place list = PLACE(spec, "ipFamilies"), policy = PLACE(spec, "ipFamilyPolicy");
	size_t i = 0;

	json_for (family, json_path(service, "spec.ipFamilies")) {
		struct place at = PLACE_ITEM(&list, i++);

		if (!str_eq(json_string_value(family), "IPv4"))
			bad_invalid(
			    r, &at, family, "not configured on this cluster: there is only IPv4");
	}
	if (str_eq(json_str(service, "spec.ipFamilyPolicy"), "RequireDualStack"))
		bad_invalid(r, &policy, json_path(service, "spec.ipFamilyPolicy"),
		    "this cluster is not configured for dual-stack services");
}

void validate_service(struct report *r, const json *service, const json *old)
{
	const json *body = json_get(service, "spec");
	struct place spec = PLACE(NULL, "spec"), selector = PLACE(&spec, "selector");
	struct place type = PLACE(&spec, "type"), alias = PLACE(&spec, "externalName");

	check_ports(r, service, &spec);
	validate_labels(r, json_get(body, "selector"), &selector);
	validate_enum(r, &schema_service_spec, body, "sessionAffinity", &spec);
	validate_enum(r, &schema_service_spec, body, "type", &spec);
	validate_enum(r, &schema_service_spec, body, "ipFamilyPolicy", &spec);
	validate_enum(r, &schema_service_spec, body, "internalTrafficPolicy", &spec);
	if (is_type(service, "NodePort") || is_type(service, "LoadBalancer"))
		bad_forbidden(r, &type,
		    "not supported by this version of kjob: the hostPort of a pod or port-forward "
		    "lead "
		    "in from outside");
	if (is_type(service, "ExternalName")) {
		const char *name = json_str_or(body, "externalName", "");

		if (*name)
			validate_name(r, name, name_check_dns_subdomain, &alias);
		else
			bad_required(r, &alias, "");
	}
	check_address(r, service, old, &spec);
	check_families(r, service, &spec);
}

/* ---- Endpoints, EndpointSlice ---- */

static void check_ip(struct report *r, const json *ip, const struct place *p)
{
	const char *text = json_string_value(ip);
	unsigned char room[16];

	if (!text || (inet_pton(AF_INET, text, room) != 1 && inet_pton(AF_INET6, text, room) != 1))
		bad_invalid_text(r, p, text ? text : "",
		    "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

static void check_addresses(struct report *r, const json *list, const struct place *p)
{
	size_t i = 0;

	json_for (address, list) {
		struct place at = PLACE_ITEM(p, i++), ip = PLACE(&at, "ip");
		struct place hostname = PLACE(&at, "hostname");

		check_ip(r, json_get(address, "ip"), &ip);
		if (*json_str_or(address, "hostname", ""))
			validate_name(r, json_str_or(address, "hostname", ""), name_check_dns_label,
			    &hostname);
	}
}

void validate_endpoints(struct report *r, const json *endpoints)
{
	struct place list = PLACE(NULL, "subsets");
	size_t i = 0;

	json_for (subset, json_get(endpoints, "subsets")) {
		struct place at = PLACE_ITEM(&list, i++), ready = PLACE(&at, "addresses");
		struct place not_ready = PLACE(&at, "notReadyAddresses"),
			     ports = PLACE(&at, "ports");
		size_t n = 0;

		if (!json_first(json_get(subset, "addresses")) &&
		    !json_first(json_get(subset, "notReadyAddresses")))
			bad_required(r, &at, "must specify `addresses` or `notReadyAddresses`");
		check_addresses(r, json_get(subset, "addresses"), &ready);
		check_addresses(r, json_get(subset, "notReadyAddresses"), &not_ready);
		json_for (port, json_get(subset, "ports")) {
			struct place item = PLACE_ITEM(&ports, n++), number = PLACE(&item, "port");

			check_port_number(r, json_get(port, "port"), &number);
			validate_enum(r, &schema_endpoint_port, port, "protocol", &item);
		}
	}
}

void validate_endpoint_slice(struct report *r, const json *slice, const json *old)
{
	struct place type = PLACE(NULL, "addressType"), list = PLACE(NULL, "endpoints");
	size_t i = 0;

	if (!json_get(slice, "addressType"))
		bad_required(r, &type, "");
	validate_enum(r, &schema_endpoint_slice, slice, "addressType", NULL);
	if (old && !json_equal(json_get(slice, "addressType"), json_get(old, "addressType")))
		bad_invalid(r, &type, json_get(slice, "addressType"), "field is immutable");
	json_for (endpoint, json_get(slice, "endpoints")) {
		struct place at = PLACE_ITEM(&list, i++), addresses = PLACE(&at, "addresses");

		if (!json_first(json_get(endpoint, "addresses")))
			bad_required(r, &addresses, "must contain at least 1 address");
	}
}
