/* Services with who answers for them: Endpoints and EndpointSlices. */
#include "../runtime/base/str.h"
#include "describe.h"

static void format_map(const struct describe *d, const json *map, struct buf *text)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(map, NULL, &len);

	for (size_t i = 0; i < len; i++)
		buf_addf(text, "%s%s=%s", i ? "," : "", describe_key(sorted[i]),
		    json_string_value(sorted[i]) ? json_string_value(sorted[i]) : "");
	if (!len)
		buf_adds(text, "<none>");
}

#define ENDPOINTS_SHOWN 3

static const struct drow head_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Namespace", "metadata.namespace", .absent = ""),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
    ROW("Selector", "spec.selector", .format = format_map, .absent = "<none>"),
    ROW("Type", "spec.type", .absent = ""),
    ROW("IP Family Policy", "spec.ipFamilyPolicy"),
    ROW("IP Families", "spec.ipFamilies", .format = format_joined, .absent = "<none>"),
    ROW("IP", "spec.clusterIP", .absent = ""),
    ROW("IPs", "spec.clusterIPs", .format = format_joined, .absent = "<none>"),
    ROW("External Name", "spec.externalName"),
};

static const struct drow tail_rows[] = {
    ROW("Session Affinity", "spec.sessionAffinity", .absent = ""),
    ROW("Internal Traffic Policy", "spec.internalTrafficPolicy"),
};

static void add_address(struct strlist *list, size_t *count, const json *endpoint, const json *port)
{
	const char *ip = json_string_value(json_first(json_get(endpoint, "addresses")));

	if (ip && (*count)++ < ENDPOINTS_SHOWN)
		strlist_addf(list, strchr(ip, ':') ? "[%s]:%lld" : "%s:%lld", ip,
		    (long long)json_int(port, "port", 0));
}

/* "10.0.0.1:80,10.0.0.2:80": who is ready behind a port of this name; three, and how many more. */
static char *endpoints_of(const json *slices, const char *name)
{
	auto_strlist list = {0};
	size_t count = 0;

	json_for (slice, slices)
		json_for (port, json_get(slice, "ports")) {
			if (!str_eq(json_str_or(port, "name", ""), name))
				continue;
			json_for (endpoint, json_get(slice, "endpoints"))
				if (json_bool(endpoint, "conditions.ready", true))
					add_address(&list, &count, endpoint, port);
		}
	if (count > ENDPOINTS_SHOWN) {
		auto_free char *shown = strlist_join(&list, ",");

		return xasprintf("%s + %zu more...", shown, count - ENDPOINTS_SHOWN);
	}
	return strlist_join(&list, ",");
}

static void write_endpoints(struct describe *d, const char *port)
{
	auto_free char *text = endpoints_of(d->in->slices, port);

	dtext_add(&d->text, 0, "Endpoints:\t%s\n", json_len(d->in->slices) ? text : "<none>");
}

void describe_service(struct describe *d, const json *obj)
{
	DESCRIBE_ROWS(d, 0, head_rows, obj);
	json_for (port, json_path(obj, "spec.ports")) {
		const char *name = json_str_or(port, "name", "<unset>");
		auto_free char *target = describe_text(port, "targetPort", "");
		const char *protocol = json_str_or(port, "protocol", "TCP");

		dtext_add(&d->text, 0, "Port:\t%s\t%lld/%s\n", name,
		    (long long)json_int(port, "port", 0), protocol);
		dtext_add(&d->text, 0, "TargetPort:\t%s/%s\n", target, protocol);
		write_endpoints(d, json_str_or(port, "name", ""));
	}
	DESCRIBE_ROWS(d, 0, tail_rows, obj);
	describe_events(d);
}

/* ---- who answers ---- */

static const struct drow name_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Namespace", "metadata.namespace", .absent = ""),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
};

static void write_ports(struct describe *d, int level, const json *ports)
{
	dtext_add(&d->text, level, "Name\tPort\tProtocol\n");
	dtext_add(&d->text, level, "----\t----\t--------\n");
	json_for (port, ports) {
		const char *name = json_str_or(port, "name", "");
		auto_free char *number = describe_text(port, "port", "<unset>");

		dtext_add(&d->text, level, "%s\t%s\t%s\n", *name ? name : "<unset>", number,
		    json_str_or(port, "protocol", "TCP"));
	}
}

static void write_ips(struct describe *d, const char *label, const json *addresses)
{
	auto_strlist ips = {0};
	auto_free char *text = NULL;

	json_for (address, addresses)
		strlist_add(&ips, json_str_or(address, "ip", ""));
	text = strlist_join(&ips, ",");
	dtext_add(&d->text, 1, "%s:\t%s\n", label, ips.len ? text : "<none>");
}

void describe_endpoints(struct describe *d, const json *obj)
{
	DESCRIBE_ROWS(d, 0, name_rows, obj);
	dtext_add(&d->text, 0, "Subsets:\n");
	json_for (subset, json_get(obj, "subsets")) {
		write_ips(d, "Addresses", json_get(subset, "addresses"));
		write_ips(d, "NotReadyAddresses", json_get(subset, "notReadyAddresses"));
		if (json_len(json_get(subset, "ports"))) {
			dtext_add(&d->text, 1, "Ports:\n");
			write_ports(d, 2, json_get(subset, "ports"));
		}
		dtext_add(&d->text, 0, "\n");
	}
	describe_events(d);
}

static void format_target(const struct describe *d, const json *value, struct buf *text)
{
	buf_addf(text, "%s/%s", json_str_or(value, "kind", ""), json_str_or(value, "name", ""));
}

static const struct drow address_type_row[] = {ROW("AddressType", "addressType", .absent = "")};
static const struct drow ready_row[] = {ROW("Ready", "conditions.ready", .absent = "<unset>")};
static const struct drow endpoint_rows[] = {
    ROW("Hostname", "hostname", .absent = "<unset>"),
    ROW("TargetRef", "targetRef", .format = format_target),
    ROW("NodeName", "nodeName", .absent = "<unset>"),
    ROW("Zone", "zone", .absent = "<unset>"),
};

static void write_endpoint(struct describe *d, const json *endpoint)
{
	auto_strlist addresses = {0};
	auto_free char *text = NULL;

	json_add_strings(json_get(endpoint, "addresses"), &addresses);
	text = strlist_join(&addresses, ", ");
	dtext_add(&d->text, 1, "- Addresses:\t%s\n", text);
	dtext_add(&d->text, 2, "Conditions:\n");
	DESCRIBE_ROWS(d, 3, ready_row, endpoint);
	DESCRIBE_ROWS(d, 2, endpoint_rows, endpoint);
}

void describe_endpoint_slice(struct describe *d, const json *obj)
{
	const json *ports = json_get(obj, "ports"), *endpoints = json_get(obj, "endpoints");

	DESCRIBE_ROWS(d, 0, name_rows, obj);
	DESCRIBE_ROWS(d, 0, address_type_row, obj);
	dtext_add(&d->text, 0, json_len(ports) ? "Ports:\n" : "Ports: <unset>\n");
	if (json_len(ports))
		write_ports(d, 1, ports);
	dtext_add(&d->text, 0, json_len(endpoints) ? "Endpoints:\n" : "Endpoints: <none>\n");
	json_for (endpoint, endpoints)
		write_endpoint(d, endpoint);
	describe_events(d);
}
