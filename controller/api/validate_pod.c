/* validate_pod: pod specs, of Pods and of templates. */
#include "../../runtime/base/map.h"
#include "names.h"
#include "resources.h"
#include "validate.h"

#define PORT_MAX 65535
#define WARNINGS_MAX 50
/* Kubernetes has no limit of its own; this one is kjob's. */
#define CONTAINERS_MAX 500

static void validate_ports(struct report *r, const json *ports, const struct place *p)
{
	struct map names = {0};
	size_t i = 0;

	json_for (port, ports) {
		struct place item = PLACE_ITEM(p, i++), name = PLACE(&item, "name");
		struct place number = PLACE(&item, "containerPort"),
			     host = PLACE(&item, "hostPort");
		const char *port_name = json_str_or(port, "name", "");
		int64_t n = json_int(port, "containerPort", 0),
			host_n = json_int(port, "hostPort", 0);

		if (*port_name) {
			size_t before = r->texts.len;

			validate_name(r, port_name, name_check_port, &name);
			if (map_set(&names, port_name, port) && r->texts.len == before)
				bad_duplicate(r, &name, json_get(port, "name"));
		}
		if (n == 0)
			bad_required(r, &number, "");
		else if (n < 1 || n > PORT_MAX)
			bad_invalid(r, &number, json_get(port, "containerPort"),
			    "must be between 1 and %d, inclusive", PORT_MAX);
		if (host_n < 0 || host_n > PORT_MAX)
			bad_invalid(r, &host, json_get(port, "hostPort"),
			    "must be between 1 and %d, inclusive", PORT_MAX);
		validate_enum(r, &schema_container_port, port, "protocol", &item);
	}
	map_release(&names, NULL);
}

static void validate_container(struct report *r, const json *c, const struct place *p, bool init)
{
	struct place name = PLACE(p, "name"), image = PLACE(p, "image"), ports = PLACE(p, "ports");
	struct place env = PLACE(p, "env"), from = PLACE(p, "envFrom");

	if (!*json_str_or(c, "name", ""))
		bad_required(r, &name, "");
	else
		validate_name(r, json_str_or(c, "name", ""), name_check_dns_label, &name);
	if (!*json_str_or(c, "image", ""))
		bad_required(r, &image, "");
	validate_enum(r, &schema_container, c, "terminationMessagePolicy", p);
	validate_ports(r, json_get(c, "ports"), &ports);
	validate_env(r, json_get(c, "env"), &env);
	validate_env_from(r, json_get(c, "envFrom"), &from);
	validate_enum(r, &schema_container, c, "imagePullPolicy", p);
	validate_container_restart(r, c, p, init);
}

static void validate_containers(
    struct report *r, const json *list, const struct place *p, struct map *names, bool init)
{
	size_t i = 0;

	if (json_len(list) > CONTAINERS_MAX) {
		bad_too_many(r, p, json_len(list), CONTAINERS_MAX);
		return;
	}
	json_for (c, list) {
		struct place item = PLACE_ITEM(p, i++), name = PLACE(&item, "name");
		const char *own = json_str_or(c, "name", "");

		validate_container(r, c, &item, init);
		if (*own && map_set(names, own, c))
			bad_duplicate(r, &name, json_get(c, "name"));
	}
}

/* What containers may use and do. */
static void validate_rights(
    struct report *r, const json *list, bool host_users, const struct place *p)
{
	size_t i = 0;

	json_for (c, list) {
		struct place item = PLACE_ITEM(p, i++);

		validate_resources(r, c, &item);
		validate_security(r, c, host_users, &item);
	}
}

/* What containers do beside their command; init containers that are no sidecars have none. */
static void validate_probes(
    struct report *r, const json *spec, const char *list, const struct place *up)
{
	struct place p = PLACE(up, list);
	int64_t grace = json_int(spec, "terminationGracePeriodSeconds", 30);
	bool init = str_eq(list, "initContainers");
	size_t i = 0;

	json_for (c, json_get(spec, list)) {
		struct place item = PLACE_ITEM(&p, i++);

		if (!init || str_eq(json_str(c, "restartPolicy"), "Always"))
			validate_container_probes(r, c, grace, &item);
	}
}

static void validate_gates(struct report *r, const json *gates, const struct place *p)
{
	struct map seen = {0};
	size_t i = 0;

	json_for (gate, gates) {
		struct place item = PLACE_ITEM(p, i++);
		const char *name = json_str_or(gate, "name", "");

		validate_name(r, name, name_check_qualified, &item);
		if (map_set(&seen, name, gate))
			bad_duplicate(r, &item, json_get(gate, "name"));
	}
	map_release(&seen, NULL);
}

void validate_pod_spec(struct report *r, const json *spec, const struct place *p)
{
	struct place containers = PLACE(p, "containers"), init = PLACE(p, "initContainers");
	struct place selector = PLACE(p, "nodeSelector"), account = PLACE(p, "serviceAccountName");
	struct place node = PLACE(p, "nodeName"), deadline = PLACE(p, "activeDeadlineSeconds");
	struct place hostname = PLACE(p, "hostname"), gates = PLACE(p, "schedulingGates");
	struct place tolerations = PLACE(p, "tolerations");
	const json *limit = json_get(spec, "activeDeadlineSeconds");
	bool host_users = json_bool(spec, "hostUsers", true);
	struct map names = {0};
	int64_t n;

	validate_volumes(r, spec, p);
	if (!json_first(json_get(spec, "containers")))
		bad_required(r, &containers, "");
	validate_containers(r, json_get(spec, "containers"), &containers, &names, false);
	validate_containers(r, json_get(spec, "initContainers"), &init, &names, true);
	map_release(&names, NULL);
	validate_probes(r, spec, "containers", p);
	validate_probes(r, spec, "initContainers", p);
	validate_rights(r, json_get(spec, "containers"), host_users, &containers);
	validate_rights(r, json_get(spec, "initContainers"), host_users, &init);
	validate_enum(r, &schema_pod_spec, spec, "restartPolicy", p);
	validate_enum(r, &schema_pod_spec, spec, "dnsPolicy", p);
	validate_labels(r, json_get(spec, "nodeSelector"), &selector);
	if (json_has(spec, "serviceAccountName"))
		validate_name(r, json_str_or(spec, "serviceAccountName", ""),
		    name_check_dns_subdomain, &account);
	if (json_has(spec, "nodeName"))
		validate_name(
		    r, json_str_or(spec, "nodeName", ""), name_check_dns_subdomain, &node);
	if (json_is_int(limit, &n) && (n < 1 || n > INT32_MAX))
		bad_invalid(r, &deadline, limit, "must be between 1 and %d, inclusive", INT32_MAX);
	if (*json_str_or(spec, "hostname", ""))
		validate_name(r, json_str(spec, "hostname"), name_check_dns_label, &hostname);
	validate_gates(r, json_get(spec, "schedulingGates"), &gates);
	validate_tolerations(r, json_get(spec, "tolerations"), &tolerations);
	validate_pod_security(r, spec, p);
	validate_network(r, spec, !p->up, p); /* a Pod's own spec, not a template's */
	validate_enum(r, &schema_pod_spec, spec, "preemptionPolicy", p);
}

static bool has_outer_blank(const char *s)
{
	static const char blanks[] = " \t\r\n\v\f";
	size_t len = strlen(s);

	return len && (strchr(blanks, s[0]) || strchr(blanks, s[len - 1]));
}

static void validate_images(struct report *r, const json *list, const struct place *p)
{
	size_t i = 0;

	json_for (c, list) {
		struct place item = PLACE_ITEM(p, i++), image = PLACE(&item, "image");

		if (has_outer_blank(json_str_or(c, "image", "")))
			bad_invalid(r, &image, json_get(c, "image"),
			    "must not have leading or trailing whitespace");
	}
}

void validate_pod(struct report *r, const json *pod)
{
	struct place spec = PLACE(NULL, "spec"), containers = PLACE(&spec, "containers");
	struct place init = PLACE(&spec, "initContainers"), node = PLACE(&spec, "nodeName");

	if (json_first(json_path(pod, "spec.schedulingGates")) && json_has(pod, "spec.nodeName"))
		bad_forbidden(
		    r, &node, "cannot be set until all schedulingGates have been cleared");

	validate_images(r, json_path(pod, "spec.initContainers"), &init);
	validate_images(r, json_path(pod, "spec.containers"), &containers);
}

/* The deadline may be set and brought forward, never put off or taken away. */
static void validate_deadline_update(
    struct report *r, const json *spec, const json *old, const struct place *p)
{
	struct place at = PLACE(p, "activeDeadlineSeconds");
	const json *limit = json_get(spec, "activeDeadlineSeconds"),
		   *before = json_get(old, "activeDeadlineSeconds");
	int64_t n, was;

	if (!json_is_int(before, &was))
		return;
	if (!json_is_int(limit, &n))
		bad_invalid(r, &at, limit, "must not update from a positive integer to nil value");
	else if (n > was)
		bad_invalid(r, &at, limit, "must be less than or equal to previous value");
}

/* Gates may go, never come. */
static void validate_gates_update(
    struct report *r, const json *gates, const json *old, const struct place *p)
{
	struct place list = PLACE(p, "schedulingGates");
	size_t i = 0;

	json_for (gate, gates) {
		struct place item = PLACE_ITEM(&list, i++);
		bool known = false;

		json_for (o, old)
			known |= json_equal(o, gate);
		if (!known)
			bad_forbidden(r, &item,
			    "only deletion is allowed, but found new scheduling gate '%s'",
			    json_str_or(gate, "name", ""));
	}
}

/* Takes the member of `from`, or its absence, over into `spec`. */
static void put_back(json *spec, const json *from, const char *member)
{
	const json *value = json_get(from, member);

	if (value)
		json_set(spec, member, json_dup(value));
	else
		json_del(spec, member);
}

/* What is tolerated already stays so; only for how long may change. */
static void validate_tolerations_update(
    struct report *r, const json *list, const json *old, const struct place *p)
{
	struct place at = PLACE(p, "tolerations");

	json_for (was, old) {
		auto_json *wanted = json_dup(was);
		bool kept = false;

		json_del(wanted, "tolerationSeconds");
		json_for (t, list) {
			auto_json *now = json_dup(t);

			json_del(now, "tolerationSeconds");
			kept = kept || json_equal(now, wanted);
		}
		if (!kept) {
			bad_forbidden(r, &at,
			    "existing toleration can not be modified except its tolerationSeconds");
			return;
		}
	}
}

static void put_back_images(json *spec, const json *before, const char *list)
{
	const json *old = json_first(json_get(before, list));

	for (json *c = json_first(json_get(spec, list)); c && old;
	     c = json_next(c), old = json_next(old))
		put_back(c, old, "image");
}

void validate_pod_update(struct report *r, const json *pod, const json *old)
{
	static const char *const lists[] = {"containers", "initContainers"};
	struct place spec = PLACE(NULL, "spec");
	auto_json *same = json_dup(json_get(pod, "spec"));
	const json *before = json_get(old, "spec");
	bool ended_at_once = json_int(before, "terminationGracePeriodSeconds", 0) < 0 &&
			     json_int(same, "terminationGracePeriodSeconds", 0) == 1;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct place list = PLACE(&spec, lists[i]);

		if (json_len(json_get(same, lists[i])) != json_len(json_get(before, lists[i]))) {
			bad_forbidden(r, &list, "pod updates may not add or remove containers");
			return;
		}
		put_back_images(same, before, lists[i]);
	}
	validate_tolerations_update(
	    r, json_path(pod, "spec.tolerations"), json_get(before, "tolerations"), &spec);
	validate_deadline_update(r, json_get(pod, "spec"), before, &spec);
	validate_gates_update(
	    r, json_path(pod, "spec.schedulingGates"), json_get(before, "schedulingGates"), &spec);
	put_back(same, before, "activeDeadlineSeconds");
	put_back(same, before, "schedulingGates");
	put_back(same, before, "tolerations");
	if (ended_at_once)
		put_back(same, before, "terminationGracePeriodSeconds");
	if (!json_equal(same, before))
		bad_forbidden(r, &spec,
		    "pod updates may not change fields other than `spec.containers[*].image`,"
		    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
		    "`spec.tolerations` (only additions to existing tolerations),"
		    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
		    "previously negative)");
}

static void validate_rights_later(struct report *r, const json *list, const struct place *p)
{
	size_t i = 0;

	json_for (c, list) {
		struct place item = PLACE_ITEM(p, i++);

		validate_security_later(r, json_get(c, "securityContext"), &item);
	}
}

void validate_pod_later(struct report *r, const json *spec, const struct place *p)
{
	struct place containers = PLACE(p, "containers"), init = PLACE(p, "initContainers");

	validate_security_later(r, json_get(spec, "securityContext"), p);
	validate_rights_later(r, json_get(spec, "initContainers"), &init);
	validate_rights_later(r, json_get(spec, "containers"), &containers);
	validate_volumes_later(r, spec, p);
}

static void warn_env(const json *env, const struct place *p, struct strlist *warnings)
{
	struct map names = {0};
	size_t i = 0;

	json_for (var, env) {
		struct place item = PLACE_ITEM(p, i++);
		const char *name = json_str_or(var, "name", "");
		auto_free char *quoted = NULL;
		auto_buf path = {0};

		if (!map_set(&names, name, var) || warnings->len >= WARNINGS_MAX)
			continue;
		quoted = str_go_quote(name);
		place_print(&item, true, &path);
		strlist_addf(warnings,
		    "%s: hides previous definition of %s, which may be dropped when using apply",
		    buf_str(&path), quoted);
	}
	map_release(&names, NULL);
}

/* Ports are told apart by number and protocol; the map holds the number of the item plus one. */
static void warn_ports(const json *ports, const struct place *p, struct strlist *warnings)
{
	struct map seen = {0};
	size_t i = 0;

	json_for (port, ports) {
		auto_free char *key =
		    xasprintf("%lld/%s", (long long)json_int(port, "containerPort", 0),
			json_str_or(port, "protocol", ""));
		size_t earlier = (size_t)(uintptr_t)map_get(&seen, key);
		struct place item = PLACE_ITEM(p, i++), first = PLACE_ITEM(p, earlier - 1);
		auto_buf here = {0}, there = {0};

		if (!earlier) {
			map_set(&seen, key, (void *)(uintptr_t)i);
			continue;
		}
		if (warnings->len >= WARNINGS_MAX)
			continue;
		place_print(&item, true, &here);
		place_print(&first, true, &there);
		strlist_addf(warnings, "%s: duplicate port definition with %s", buf_str(&here),
		    buf_str(&there));
	}
	map_release(&seen, NULL);
}

static void warn_containers(const json *list, const struct place *p, struct strlist *warnings)
{
	size_t i = 0;

	json_for (c, list) {
		struct place item = PLACE_ITEM(p, i++);
		struct place env = PLACE(&item, "env"), ports = PLACE(&item, "ports");

		warn_env(json_get(c, "env"), &env, warnings);
		warn_ports(json_get(c, "ports"), &ports, warnings);
	}
}

void warn_pod_spec(const json *spec, const struct place *p, struct strlist *warnings)
{
	struct place containers = PLACE(p, "containers"), init = PLACE(p, "initContainers");

	warn_containers(json_get(spec, "initContainers"), &init, warnings);
	warn_containers(json_get(spec, "containers"), &containers, warnings);
}
