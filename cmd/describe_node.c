/* Nodes, with what their pods ask for, and namespaces. */
#include "../runtime/base/clock.h"
#include "../runtime/base/str.h"
#include "describe.h"
#include "describe_quantity.h"

#define ROLE_PREFIX "node-role.kubernetes.io/"
#define ROLE_LABEL "kubernetes.io/role"
#define ZERO_TIME "Mon, 01 Jan 0001 00:00:00 +0000"

/* ---- namespaces ---- */

static char *time_text(const struct describe *d, const json *obj, const char *path)
{
	auto_buf text = {0};

	format_time(d, json_path(obj, path), &text);
	return buf_take(&text);
}

static void block_namespace_conditions(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	if (!json_len(value))
		return;
	dtext_add(&d->text, level, "%s:\n", row->label);
	dtext_add(&d->text, level + 1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
	dtext_add(&d->text, level + 1, "----\t------\t------------------\t------\t-------\n");
	json_for (c, value) {
		auto_free char *moved = time_text(d, c, "lastTransitionTime");

		dtext_add(&d->text, level + 1, "%s\t%s\t%s\t%s\t%s\n", json_str_or(c, "type", ""),
		    json_str_or(c, "status", ""), moved, json_str_or(c, "reason", ""),
		    json_str_or(c, "message", ""));
	}
}

static const struct drow namespace_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
    ROW("Status", "status.phase", .absent = ""),
    ROW("Conditions", "status.conditions", .block = block_namespace_conditions),
};

void describe_namespace(struct describe *d, const json *obj)
{
	DESCRIBE_ROWS(d, 0, namespace_rows, obj);
}

/* ---- nodes ---- */

static void format_roles(const struct describe *d, const json *value, struct buf *text)
{
	auto_strlist roles = {0};
	auto_free char *joined = NULL;

	json_for (label, value) {
		const char *key = describe_key(label), *role = NULL;

		if (str_has_prefix(key, ROLE_PREFIX))
			role = key + strlen(ROLE_PREFIX);
		else if (str_eq(key, ROLE_LABEL))
			role = json_string_value(label);
		if (role && *role && !strlist_has(&roles, role))
			strlist_add(&roles, role);
	}
	strlist_sort(&roles);
	joined = strlist_join(&roles, ",");
	buf_adds(text, roles.len ? joined : "<none>");
}

static char *taint_text(const json *t)
{
	const char *key = json_str_or(t, "key", ""), *value = json_str_or(t, "value", "");
	const char *effect = json_str_or(t, "effect", "");

	return xasprintf("%s%s%s%s%s", key, *value ? "=" : "", value, *effect ? ":" : "", effect);
}

static void block_taints(struct describe *d, int level, const struct drow *row, const json *value)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(value, "key", &len);

	dtext_add(&d->text, level, "%s:\t%s", row->label, len ? "" : "<none>\n");
	for (size_t i = 0; i < len; i++) {
		auto_free char *text = taint_text(sorted[i]);

		dtext_add(&d->text, level, "%s%s\n", i ? "\t" : "", text);
	}
}

static const struct drow lease_rows[] = {
    ROW("HolderIdentity", "spec.holderIdentity", .absent = "<unset>"),
    ROW("AcquireTime", "spec.acquireTime", .format = format_time, .absent = "<unset>"),
    ROW("RenewTime", "spec.renewTime", .format = format_time, .absent = "<unset>"),
};

static void block_lease(struct describe *d, int level, const struct drow *row, const json *value)
{
	if (!d->in->lease) {
		if (d->in->lease_error)
			dtext_add(&d->text, level, "%s:\tFailed to get lease: %s\n", row->label,
			    d->in->lease_error);
		return;
	}
	dtext_add(&d->text, level, "%s:\n", row->label);
	DESCRIBE_ROWS(d, level + 1, lease_rows, d->in->lease);
}

static void block_node_conditions(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	if (!json_len(value))
		return;
	dtext_add(&d->text, level, "%s:\n", row->label);
	dtext_add(&d->text, level + 1,
	    "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n");
	dtext_add(&d->text, level + 1,
	    "----\t------\t-----------------\t------------------\t------\t-------\n");
	json_for (c, value) {
		auto_free char *beat = time_text(d, c, "lastHeartbeatTime");
		auto_free char *moved = time_text(d, c, "lastTransitionTime");

		dtext_add(&d->text, level + 1, "%s \t%s \t%s \t%s \t%s \t%s\n",
		    json_str_or(c, "type", ""), json_str_or(c, "status", ""), beat, moved,
		    json_str_or(c, "reason", ""), json_str_or(c, "message", ""));
	}
}

static void block_addresses(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	dtext_add(&d->text, level, "%s:\n", row->label);
	json_for (a, value)
		dtext_add(&d->text, level + 1, "%s:\t%s\n", json_str_or(a, "type", ""),
		    json_str_or(a, "address", ""));
}

static const struct drow info_rows[] = {
    ROW("Machine ID", "machineID", .absent = ""),
    ROW("System UUID", "systemUUID", .absent = ""),
    ROW("Boot ID", "bootID", .absent = ""),
    ROW("Kernel Version", "kernelVersion", .absent = ""),
    ROW("OS Image", "osImage", .absent = ""),
    ROW("Operating System", "operatingSystem", .absent = ""),
    ROW("Architecture", "architecture", .absent = ""),
    ROW("Container Runtime Version", "containerRuntimeVersion", .absent = ""),
    ROW("Kubelet Version", "kubeletVersion", .absent = ""),
    ROW("Kube-Proxy Version", "kubeProxyVersion", .absent = ""),
};

static void block_info(struct describe *d, int level, const struct drow *row, const json *value)
{
	dtext_add(&d->text, level, "%s:\n", row->label);
	DESCRIBE_ROWS(d, level + 1, info_rows, value);
}

/* ---- what pods ask for ---- */

enum side { REQUESTS, LIMITS };
static const char *const side_paths[] = {
    [REQUESTS] = "resources.requests", [LIMITS] = "resources.limits"};

static struct quantity container_amount(const json *c, enum side side, const char *name)
{
	auto_free char *text = json_scalar_text(json_get(json_path(c, side_paths[side]), name));

	return quantity_of(text);
}

/* Containers and sidecars run together; one init container, with the sidecars before it, may need
 * more than they. */
static struct quantity pod_amount(const json *pod, enum side side, const char *name)
{
	struct quantity all = {0}, sidecars = {0}, most = {0};

	json_for (c, json_path(pod, "spec.containers"))
		quantity_add(&all, container_amount(c, side, name));
	json_for (c, json_path(pod, "spec.initContainers")) {
		struct quantity here = container_amount(c, side, name);

		if (str_eq(json_str(c, "restartPolicy"), "Always")) {
			quantity_add(&all, here);
			quantity_add(&sidecars, here);
			here = sidecars;
		} else {
			quantity_add(&here, sidecars);
		}
		if (here.milli > most.milli)
			most = here;
	}
	return most.milli > all.milli ? most : all;
}

static struct quantity node_amount(const json *node, const char *name)
{
	const json *list =
	    json_path(node, json_len(json_path(node, "status.allocatable")) ? "status.allocatable"
									    : "status.capacity");
	auto_free char *text = json_scalar_text(json_get(list, name));

	return quantity_of(text);
}

/* "250m (6%)" */
static char *share_text(struct quantity q, struct quantity of)
{
	auto_free char *text = quantity_text(q);

	return xasprintf("%s (%lld%%)", text,
	    of.milli > 0 ? (long long)((double)q.milli / (double)of.milli * 100) : 0LL);
}

static void write_node_pods(struct describe *d, const json *node)
{
	static const char *const names[] = {"cpu", "memory"};

	dtext_add(&d->text, 0, "Non-terminated Pods:\t(%zu in total)\n", json_len(d->in->pods));
	dtext_add(&d->text, 1,
	    "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n");
	dtext_add(&d->text, 1,
	    "---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n");
	json_for (pod, d->in->pods) {
		char age[TIME_TEXT_MAX];

		dtext_add(&d->text, 1, "%s\t%s\t\t", json_str_or(pod, "metadata.namespace", ""),
		    json_str_or(pod, "metadata.name", ""));
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			for (enum side s = REQUESTS; s <= LIMITS; s++) {
				auto_free char *text = share_text(
				    pod_amount(pod, s, names[i]), node_amount(node, names[i]));

				dtext_add(&d->text, 0, "%s\t", text);
			}
		dtext_add(&d->text, 0, "%s\n",
		    describe_since(d, json_str(pod, "metadata.creationTimestamp"), age));
	}
}

static struct quantity total(const struct describe *d, enum side side, const char *name)
{
	struct quantity sum = {0};

	json_for (pod, d->in->pods)
		quantity_add(&sum, pod_amount(pod, side, name));
	return sum;
}

static void write_total(struct describe *d, const json *node, const char *name, bool share)
{
	struct quantity requests = total(d, REQUESTS, name), limits = total(d, LIMITS, name),
			of = node_amount(node, name);
	auto_free char *r = share ? share_text(requests, of) : quantity_text(requests);
	auto_free char *l = share ? share_text(limits, of) : quantity_text(limits);

	dtext_add(&d->text, 1, "%s\t%s\t%s\n", name, r, l);
}

/* Everything a node has besides the usual: huge pages first, then devices. */
static void write_other_totals(struct describe *d, const json *node, bool huge)
{
	static const char *const usual[] = {
	    "cpu", "memory", "ephemeral-storage", "pods", "storage"};
	const json *list =
	    json_path(node, json_len(json_path(node, "status.allocatable")) ? "status.allocatable"
									    : "status.capacity");
	size_t len;
	auto_free const json **sorted = describe_sorted(list, NULL, &len);

	for (size_t i = 0; i < len; i++) {
		const char *name = describe_key(sorted[i]);
		bool known = false;

		for (size_t u = 0; u < ARRAY_LEN(usual); u++)
			known = known || str_eq(name, usual[u]);
		if (!known && str_has_prefix(name, "hugepages-") == huge)
			write_total(d, node, name, huge);
	}
}

static void block_allocated(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	static const char *const usual[] = {"cpu", "memory", "ephemeral-storage"};

	if (!d->in->pods)
		return;
	write_node_pods(d, value);
	dtext_add(&d->text, level, "%s:\n", row->label);
	dtext_add(
	    &d->text, level + 1, "(Total limits may be over 100 percent, i.e., overcommitted.)\n");
	dtext_add(&d->text, level + 1, "Resource\tRequests\tLimits\n");
	dtext_add(&d->text, level + 1, "--------\t--------\t------\n");
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		write_total(d, value, usual[i], true);
	write_other_totals(d, value, true);
	write_other_totals(d, value, false);
}

static const struct drow node_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Roles", "metadata.labels", .format = format_roles, .absent = "<none>"),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
    ROW("CreationTimestamp", "metadata.creationTimestamp", .format = format_time,
	.absent = ZERO_TIME),
    ROW("Taints", "spec.taints", .block = block_taints),
    ROW("Unschedulable", "spec.unschedulable", .absent = "false"),
    ROW("Lease", NULL, .block = block_lease),
    ROW("Conditions", "status.conditions", .block = block_node_conditions),
    ROW("Addresses", "status.addresses", .block = block_addresses),
    ROW("Capacity", "status.capacity", .block = block_quantities),
    ROW("Allocatable", "status.allocatable", .block = block_quantities),
    ROW("System Info", "status.nodeInfo", .block = block_info),
    ROW("PodCIDR", "spec.podCIDR"),
    ROW("PodCIDRs", "spec.podCIDRs", .format = format_joined),
    ROW("ProviderID", "spec.providerID"),
    ROW("Allocated resources", NULL, .block = block_allocated),
};

void describe_node(struct describe *d, const json *obj)
{
	DESCRIBE_ROWS(d, 0, node_rows, obj);
	describe_events(d);
}
