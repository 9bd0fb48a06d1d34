/* validate_network: ports of the host, names, and the resolver. */
#include <arpa/inet.h>

#include "../../runtime/base/map.h"
#include "names.h"
#include "validate.h"

#define NAMESERVERS_MAX 3
#define SEARCHES_MAX 32
#define SEARCH_CHARS_MAX 2048

static void check_ip(struct report *r, const json *ip, const struct place *p)
{
	unsigned char room[16];
	const char *text = json_string_value(ip);

	if (!text || (inet_pton(AF_INET, text, room) != 1 && inet_pton(AF_INET6, text, room) != 1))
		bad_invalid_text(r, p, text ? text : "",
		    "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

/* ---- ports ---- */

static void check_host_ports(
    struct report *r, const json *ports, struct map *taken, const struct place *p)
{
	size_t i = 0;

	json_for (port, ports) {
		struct place at = PLACE_ITEM(p, i++), number = PLACE(&at, "hostPort");
		struct place address = PLACE(&at, "hostIP");
		auto_free char *key = xasprintf("%s/%s/%lld", json_str_or(port, "protocol", "TCP"),
		    json_str_or(port, "hostIP", ""), (long long)json_int(port, "hostPort", 0));
		auto_json *shown = json_new_string(key);

		if (*json_str_or(port, "hostIP", ""))
			check_ip(r, json_get(port, "hostIP"), &address);
		if (json_int(port, "hostPort", 0) && map_set(taken, key, port))
			bad_duplicate(r, &number, shown);
	}
}

static void check_matching(struct report *r, const json *ports, bool is_pod, const struct place *p)
{
	size_t i = 0;

	json_for (port, ports) {
		struct place at = PLACE_ITEM(p, i++), number = PLACE(&at, "hostPort");
		int64_t host = json_int(port, "hostPort", 0);

		if ((is_pod || host) && host != json_int(port, "containerPort", 0))
			bad_invalid(r, &number, json_get(port, "hostPort"),
			    "must match `containerPort` when `hostNetwork` is true");
	}
}

static void check_ports(struct report *r, const json *spec, bool is_pod, const struct place *p)
{
	struct place list = PLACE(p, "containers");
	struct map taken = {0};
	size_t i = 0;

	json_for (c, json_get(spec, "containers")) {
		struct place at = PLACE_ITEM(&list, i++), ports = PLACE(&at, "ports");

		check_host_ports(r, json_get(c, "ports"), &taken, &ports);
		if (json_bool(spec, "hostNetwork", false))
			check_matching(r, json_get(c, "ports"), is_pod, &ports);
	}
	map_release(&taken, NULL);
}

/* ---- /etc/hosts ---- */

static void check_aliases(struct report *r, const json *list, const struct place *p)
{
	size_t i = 0;

	json_for (alias, list) {
		struct place at = PLACE_ITEM(p, i++), ip = PLACE(&at, "ip");
		struct place names = PLACE(&at, "hostnames");
		size_t n = 0;

		check_ip(r, json_get(alias, "ip"), &ip);
		json_for (name, json_get(alias, "hostnames")) {
			struct place item = PLACE_ITEM(&names, n++);

			validate_name(r, json_string_value(name) ? json_string_value(name) : "",
			    name_check_dns_subdomain, &item);
		}
	}
}

/* ---- the resolver ---- */

static void check_searches(struct report *r, const json *list, const struct place *p)
{
	size_t i = 0, chars = 0;

	if (json_len(list) > SEARCHES_MAX)
		bad_invalid(r, p, list, "must not have more than %d search paths", SEARCHES_MAX);
	json_for (item, list)
		chars += strlen(json_string_value(item) ? json_string_value(item) : "") + 1;
	if (chars > SEARCH_CHARS_MAX + 1)
		bad_invalid(r, p, list,
		    "must not have more than %d characters (including spaces) in the search list",
		    SEARCH_CHARS_MAX);
	json_for (item, list) {
		struct place at = PLACE_ITEM(p, i++);
		auto_free char *name =
		    xstrdup(json_string_value(item) ? json_string_value(item) : "");
		size_t len = strlen(name);

		if (str_eq(name, "."))
			continue;
		if (len && name[len - 1] == '.')
			name[len - 1] = '\0';
		validate_name(r, name, name_check_dns_subdomain, &at);
	}
}

static void check_dns_config(
    struct report *r, const json *config, bool alone, const struct place *p)
{
	struct place servers = PLACE(p, "nameservers"), searches = PLACE(p, "searches");
	struct place options = PLACE(p, "options");
	const json *list = json_get(config, "nameservers");
	size_t i = 0;

	if (alone && !config) {
		bad_required(r, p, "must provide `dnsConfig` when `dnsPolicy` is None");
		return;
	}
	if (alone && !json_first(list))
		bad_required(r, &servers,
		    "must provide at least one DNS nameserver when `dnsPolicy` is None");
	if (json_len(list) > NAMESERVERS_MAX)
		bad_invalid(
		    r, &servers, list, "must not have more than %d nameservers", NAMESERVERS_MAX);
	json_for (item, list) {
		struct place at = PLACE_ITEM(&servers, i++);

		check_ip(r, item, &at);
	}
	check_searches(r, json_get(config, "searches"), &searches);
	i = 0;
	json_for (o, json_get(config, "options")) {
		struct place at = PLACE_ITEM(&options, i++);

		if (!*json_str_or(o, "name", ""))
			bad_required(r, &at, "must not be empty");
	}
}

void validate_network(struct report *r, const json *spec, bool is_pod, const struct place *p)
{
	struct place config = PLACE(p, "dnsConfig"), aliases = PLACE(p, "hostAliases");
	struct place sub = PLACE(p, "subdomain");

	check_ports(r, spec, is_pod, p);
	check_dns_config(
	    r, json_get(spec, "dnsConfig"), str_eq(json_str(spec, "dnsPolicy"), "None"), &config);
	if (*json_str_or(spec, "subdomain", ""))
		validate_name(r, json_str(spec, "subdomain"), name_check_dns_label, &sub);
	check_aliases(r, json_get(spec, "hostAliases"), &aliases);
}
