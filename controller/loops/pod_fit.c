#include "pod_fit.h"

#include "../api/resources.h"

/* ---- requests ---- */

static int64_t amount(const json *container, const char *of, const char *name)
{
	int64_t n = resource_milli(json_get(json_get(container, "resources"), of), name);

	return n > 0 ? n : 0;
}

static int64_t whole(int64_t milli)
{
	return milli / 1000 + (milli % 1000 > 0);
}

static void add_container(struct room *r, const json *c, const char *of)
{
	r->cpu_milli += amount(c, of, "cpu");
	r->memory_bytes += whole(amount(c, of, "memory"));
	r->disk_bytes += whole(amount(c, of, "ephemeral-storage"));
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void take_larger(struct room *r, const struct room *other)
{
	r->cpu_milli = larger(r->cpu_milli, other->cpu_milli);
	r->memory_bytes = larger(r->memory_bytes, other->memory_bytes);
	r->disk_bytes = larger(r->disk_bytes, other->disk_bytes);
}

static struct room room_of(const json *spec, const char *of)
{
	struct room most = {.pods = 1}, beside = {0};

	json_for (c, json_get(spec, "initContainers")) {
		struct room now = beside;

		add_container(&now, c, of);
		take_larger(&most, &now);
		if (str_eq(json_str(c, "restartPolicy"), "Always"))
			beside = now;
	}
	json_for (c, json_get(spec, "containers"))
		add_container(&beside, c, of);
	take_larger(&most, &beside);
	return most;
}

struct room pod_room_wanted(const json *spec)
{
	return room_of(spec, "requests");
}

struct room pod_room_limit(const json *spec)
{
	return room_of(spec, "limits");
}

/* ---- ports ---- */

static bool next_to(const json *a, const json *b)
{
	const char *ip = json_str_or(a, "hostIP", ""), *other = json_str_or(b, "hostIP", "");
	bool all = !*ip || !*other || str_eq(ip, "0.0.0.0") || str_eq(other, "0.0.0.0");
	int64_t port = json_int(a, "hostPort", 0);

	return port && port == json_int(b, "hostPort", 0) &&
	       str_eq(json_str_or(a, "protocol", "TCP"), json_str_or(b, "protocol", "TCP")) &&
	       (all || str_eq(ip, other));
}

typedef bool port_fn(const json *port, const json *arg);

/* Whether it is so of a port of any container that stays: sidecars and the pod's own. */
static bool any_port(const json *spec, port_fn *fn, const json *arg)
{
	static const char *const lists[] = {"initContainers", "containers"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (c, json_get(spec, lists[i]))
			if (i > 0 || str_eq(json_str(c, "restartPolicy"), "Always"))
				json_for (port, json_get(c, "ports"))
					if (fn(port, arg))
						return true;
	return false;
}

static bool is_host_port(const json *port, const json *none)
{
	return json_int(port, "hostPort", 0) != 0;
}

bool pod_has_host_ports(const json *spec)
{
	return any_port(spec, is_host_port, NULL);
}

static bool port_clashes(const json *port, const json *other)
{
	return any_port(other, next_to, port);
}

bool pod_ports_clash(const json *spec, const json *other)
{
	return any_port(spec, port_clashes, other);
}

/* ---- the judgement ---- */

static bool has_labels(const json *wanted, const json *labels)
{
	json_for (l, wanted)
		if (!str_eq(json_string_value(json_get(labels, json_key(l))), json_string_value(l)))
			return false;
	return true;
}

/* ---- taints ---- */

#define TAINT_CORDONED "node.kubernetes.io/unschedulable"
#define NO_SCHEDULE "NoSchedule"

static bool compares(const char *op, const char *wanted, const char *has)
{
	int64_t limit, n;

	if (str_eq(op, "Exists"))
		return true;
	if (str_eq(op, "Equal"))
		return str_eq(wanted, has);
	if (str_to_int(wanted, INT64_MIN, INT64_MAX, &limit) < 0 ||
	    str_to_int(has, INT64_MIN, INT64_MAX, &n) < 0)
		return false;
	return str_eq(op, "Gt") ? n > limit : n < limit;
}

static bool tolerated(const json *spec, const char *key, const char *value, const char *effect)
{
	json_for (t, json_get(spec, "tolerations")) {
		const char *of = json_str_or(t, "key", ""), *only = json_str_or(t, "effect", "");
		const char *op = json_str_or(t, "operator", "");

		if ((!*of || str_eq(of, key)) && (!*only || str_eq(only, effect)) &&
		    compares(*op ? op : "Equal", json_str_or(t, "value", ""), value))
			return true;
	}
	return false;
}

static bool taints_tolerated(const json *spec, const json *taints)
{
	json_for (t, taints)
		if (str_eq(json_str(t, "effect"), NO_SCHEDULE) &&
		    !tolerated(
			spec, json_str_or(t, "key", ""), json_str_or(t, "value", ""), NO_SCHEDULE))
			return false;
	return true;
}

struct verdict {
	struct strlist reasons;
	bool never;
};

static void judge(struct verdict *v, const char *what, int64_t want, int64_t total, int64_t used)
{
	if (!want || want <= total - used)
		return;
	strlist_addf(&v->reasons, "Insufficient %s", what);
	v->never = v->never || want > total;
}

/* Devices and page sizes: no machine here has them. */
static void judge_devices(struct verdict *v, const json *containers)
{
	json_for (c, containers) {
		json_for (q, json_path(c, "resources.requests")) {
			auto_free char *reason = xasprintf("Insufficient %s", json_key(q));

			if (resource_is_native(json_key(q)) ||
			    !amount(c, "requests", json_key(q)) || strlist_has(&v->reasons, reason))
				continue;
			strlist_add_take(&v->reasons, TAKE(reason));
			v->never = true;
		}
	}
}

/* What keeps a pod away whatever room there is; NULL: nothing. */
static const char *repelled(const json *spec, const struct fit_node *node)
{
	if (node->unschedulable && !tolerated(spec, TAINT_CORDONED, "", NO_SCHEDULE))
		return "node(s) were unschedulable";
	if (!taints_tolerated(spec, node->taints))
		return "node(s) had untolerated taint(s)";
	if (!has_labels(json_get(spec, "nodeSelector"), node->labels))
		return "node(s) didn't match Pod's node affinity/selector";
	return NULL;
}

static void judge_all(struct verdict *v, const json *spec, const struct fit_node *node)
{
	struct room want = pod_room_wanted(spec);
	const char *away = repelled(spec, node);

	if (away) {
		strlist_add(&v->reasons, away);
		v->never = true;
		return;
	}
	if (node->ports_taken) {
		strlist_add(
		    &v->reasons, "node(s) didn't have free ports for the requested pod ports");
		return;
	}
	if (node->used.pods + 1 > node->total.pods)
		strlist_add(&v->reasons, "Too many pods");
	judge(v, "cpu", want.cpu_milli, node->total.cpu_milli, node->used.cpu_milli);
	judge(v, "memory", want.memory_bytes, node->total.memory_bytes, node->used.memory_bytes);
	judge(
	    v, "ephemeral-storage", want.disk_bytes, node->total.disk_bytes, node->used.disk_bytes);
	judge_devices(v, json_get(spec, "initContainers"));
	judge_devices(v, json_get(spec, "containers"));
}

enum fit pod_fit(const json *spec, const struct fit_node *node, char **ret_message)
{
	struct verdict v = {0};
	auto_free char *joined = NULL;

	judge_all(&v, spec, node);
	*ret_message = NULL;
	if (!v.reasons.len)
		return FIT_YES;
	strlist_sort(&v.reasons);
	joined = strlist_join(&v.reasons, ", 1 ");
	*ret_message = xasprintf("0/1 nodes are available: 1 %s. no new claims to deallocate, "
				 "preemption: 0/1 nodes are available: 1 %s.",
	    joined,
	    v.never ? "Preemption is not helpful for scheduling"
		    : "No preemption victims found for incoming pod");
	strlist_release(&v.reasons);
	return v.never ? FIT_NEVER : FIT_LATER;
}
