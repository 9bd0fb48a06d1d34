/* table: columns and cells of `kubectl get`, one row per column. */
#include "../../runtime/base/clock.h"
#include "../../runtime/base/json_view.h"
#include "api.h"
#include "podsummary.h"

#define COLUMNS_MAX 16

/* What the cells of one row are made from. */
struct source {
	const json *obj;
	int64_t now;
	struct pod_summary pod; /* of pods only */
};

struct column {
	const char *name; /* NULL ends a table */
	const char *format;
	int priority;
	const char *doc;
	char *(*text)(const struct source *s); /* owned; or else: */
	int64_t (*number)(const struct source *s);
	const char *reads; /* paths of what of the object the cell is made from, as for json_view */
};

/* ---- shared cells ---- */

/* A non-empty string of the object, or `none`. */
static char *string_or(const struct source *s, const char *path, const char *none)
{
	const char *text = json_str_or(s->obj, path, "");

	return xstrdup(*text ? text : none);
}

static char *age_of(const char *time, int64_t now)
{
	char buf[TIME_TEXT_MAX];
	int64_t ns;

	if (!time || time_parse(time, &ns) < 0 || ns == TIME_ZERO_NS)
		return xstrdup("<unknown>");
	return xstrdup(duration_human(buf, now - ns / NSEC_PER_SEC));
}

static char *cell_name(const struct source *s)
{
	return string_or(s, "metadata.name", "");
}

static char *cell_age(const struct source *s)
{
	return age_of(json_str(s->obj, "metadata.creationTimestamp"), s->now);
}

static bool condition_is(const json *obj, const char *type, const char *status)
{
	json_for (c, json_path(obj, "status.conditions"))
		if (str_eq(json_str(c, "type"), type))
			return str_eq(json_str(c, "status"), status);
	return false;
}

#define NAME_DOC "Name of the object, unique in its namespace and kind."
#define AGE_DOC "Time since the object was created."

/* ---- pods ---- */

static char *pod_ready(const struct source *s)
{
	return xasprintf("%d/%d", s->pod.ready, s->pod.total);
}

static char *pod_status(const struct source *s)
{
	return xstrdup(s->pod.status);
}

static char *pod_restarts(const struct source *s)
{
	auto_free char *age = NULL;

	if (!s->pod.restarts || !s->pod.restarted)
		return xasprintf("%lld", (long long)s->pod.restarts);
	age = age_of(s->pod.restarted, s->now);
	return xasprintf("%lld (%s ago)", (long long)s->pod.restarts, age);
}

static char *pod_ip(const struct source *s)
{
	const char *first = json_str_or(json_at(json_path(s->obj, "status.podIPs"), 0), "ip", "");

	return *first ? xstrdup(first) : string_or(s, "status.podIP", "<none>");
}

static char *pod_node(const struct source *s)
{
	return string_or(s, "spec.nodeName", "<none>");
}

static char *pod_nominated(const struct source *s)
{
	return string_or(s, "status.nominatedNodeName", "<none>");
}

static char *pod_gates(const struct source *s)
{
	const json *gates = json_path(s->obj, "spec.readinessGates");
	int met = 0;

	if (!json_first(gates))
		return xstrdup("<none>");
	json_for (gate, gates)
		met += condition_is(s->obj, json_str_or(gate, "conditionType", ""), "True");
	return xasprintf("%d/%zu", met, json_len(gates));
}

static const struct column pod_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Ready", "", 0, "Containers that are ready, of all.", pod_ready, NULL, pod_summary_reads},
    {"Status", "", 0, "State of the pod and its containers.", pod_status, NULL, pod_summary_reads},
    {"Restarts", "", 0, "How often containers were restarted, and when last.", pod_restarts, NULL,
	pod_summary_reads},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {"IP", "", 1, "Address of the pod.", pod_ip, NULL, "status.podIPs.ip status.podIP"},
    {"Node", "", 1, "Node that runs the pod.", pod_node, NULL, "spec.nodeName"},
    {"Nominated Node", "", 1, "Node that is being made free for the pod.", pod_nominated, NULL,
	"status.nominatedNodeName"},
    {"Readiness Gates", "", 1, "Readiness gates that are met, of all.", pod_gates, NULL,
	"spec.readinessGates.conditionType status.conditions.type status.conditions.status"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

/* ---- jobs ---- */

static char *job_status(const struct source *s)
{
	static const char *const before[] = {"Complete", "Failed"};
	static const char *const after[] = {"Suspended", "FailureTarget", "SuccessCriteriaMet"};

	for (size_t i = 0; i < ARRAY_LEN(before); i++)
		if (condition_is(s->obj, before[i], "True"))
			return xstrdup(before[i]);
	if (json_has(s->obj, "metadata.deletionTimestamp"))
		return xstrdup("Terminating");
	for (size_t i = 0; i < ARRAY_LEN(after); i++)
		if (condition_is(s->obj, after[i], "True"))
			return xstrdup(after[i]);
	return xstrdup("Running");
}

static char *job_completions(const struct source *s)
{
	long long done = json_int(s->obj, "status.succeeded", 0);
	long long parallelism = json_int(s->obj, "spec.parallelism", 0);

	if (json_has(s->obj, "spec.completions"))
		return xasprintf(
		    "%lld/%lld", done, (long long)json_int(s->obj, "spec.completions", 0));
	return parallelism > 1 ? xasprintf("%lld/1 of %lld", done, parallelism)
			       : xasprintf("%lld/1", done);
}

static char *job_duration(const struct source *s)
{
	const char *start = json_str(s->obj, "status.startTime"),
		   *end = json_str(s->obj, "status.completionTime");
	char buf[TIME_TEXT_MAX];
	int64_t from, to;

	if (!start || time_parse(start, &from) < 0)
		return xstrdup("");
	if (!end || time_parse(end, &to) < 0)
		to = s->now * NSEC_PER_SEC;
	return xstrdup(duration_human(buf, to / NSEC_PER_SEC - from / NSEC_PER_SEC));
}

/* One member of all containers, joined by commas. */
static char *join_containers(const struct source *s, const char *path, const char *member)
{
	auto_strlist list = {0};

	json_for (c, json_path(s->obj, path))
		strlist_add(&list, json_str_or(c, member, ""));
	return strlist_join(&list, ",");
}

static char *job_containers(const struct source *s)
{
	return join_containers(s, "spec.template.spec.containers", "name");
}

static char *job_images(const struct source *s)
{
	return join_containers(s, "spec.template.spec.containers", "image");
}

/* "k in (a,b)", "k notin (a)", "k", "!k" */
static void add_expression(struct strlist *list, const json *expr)
{
	const char *key = json_str_or(expr, "key", ""), *op = json_str_or(expr, "operator", "");
	auto_strlist values = {0};
	auto_free char *joined = NULL;

	json_add_strings(json_get(expr, "values"), &values);
	strlist_sort(&values);
	joined = strlist_join(&values, ",");
	if (str_eq(op, "Exists"))
		strlist_add(list, key);
	else if (str_eq(op, "DoesNotExist"))
		strlist_addf(list, "!%s", key);
	else
		strlist_addf(list, "%s %s (%s)", key, str_eq(op, "In") ? "in" : "notin", joined);
}

static char *format_selector(const json *selector)
{
	auto_strlist list = {0};

	json_for (l, json_get(selector, "matchLabels"))
		strlist_addf(&list, "%s=%s", json_key(l), json_string_value(l));
	json_for (expr, json_get(selector, "matchExpressions"))
		add_expression(&list, expr);
	strlist_sort(&list);
	return list.len ? strlist_join(&list, ",") : xstrdup("<none>");
}

static char *job_selector(const struct source *s)
{
	return format_selector(json_path(s->obj, "spec.selector"));
}

static const struct column job_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Status", "", 0, "State of the job.", job_status, NULL,
	"status.conditions metadata.deletionTimestamp"},
    {"Completions", "", 0, "Successful pods, of those that are needed.", job_completions, NULL,
	"status.succeeded spec.parallelism spec.completions"},
    {"Duration", "", 0, "Time from the start to completion, or up to now.", job_duration, NULL,
	"status.startTime status.completionTime"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {"Containers", "", 1, "Names of the containers in the template.", job_containers, NULL,
	"spec.template.spec.containers.name"},
    {"Images", "", 1, "Images of the containers in the template.", job_images, NULL,
	"spec.template.spec.containers.image"},
    {"Selector", "", 1, "Labels by which the job finds its pods.", job_selector, NULL,
	"spec.selector"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

/* ---- cron jobs ---- */

static char *cron_schedule(const struct source *s)
{
	return string_or(s, "spec.schedule", "");
}

static char *cron_zone(const struct source *s)
{
	const char *zone = json_str(s->obj, "spec.timeZone");

	return xstrdup(zone ? zone : "<none>");
}

static char *cron_suspend(const struct source *s)
{
	if (!json_has(s->obj, "spec.suspend"))
		return xstrdup("<unset>");
	return xstrdup(json_bool(s->obj, "spec.suspend", false) ? "True" : "False");
}

static int64_t cron_active(const struct source *s)
{
	return (int64_t)json_len(json_path(s->obj, "status.active"));
}

static char *cron_last(const struct source *s)
{
	const char *time = json_str(s->obj, "status.lastScheduleTime");

	return time ? age_of(time, s->now) : xstrdup("<none>");
}

static char *cron_containers(const struct source *s)
{
	return join_containers(s, "spec.jobTemplate.spec.template.spec.containers", "name");
}

static char *cron_images(const struct source *s)
{
	return join_containers(s, "spec.jobTemplate.spec.template.spec.containers", "image");
}

static char *cron_selector(const struct source *s)
{
	return format_selector(json_path(s->obj, "spec.jobTemplate.spec.selector"));
}

static const struct column cron_job_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Schedule", "", 0, "When it runs.", cron_schedule, NULL, "spec.schedule"},
    {"Timezone", "", 0, "Time zone of the schedule.", cron_zone, NULL, "spec.timeZone"},
    {"Suspend", "", 0, "Whether it is paused.", cron_suspend, NULL, "spec.suspend"},
    {"Active", "", 0, "Jobs of it that are unfinished.", NULL, cron_active, "status.active.name"},
    {"Last Schedule", "", 0, "Time since it was last due and started.", cron_last, NULL,
	"status.lastScheduleTime"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {"Containers", "", 1, "Names of the containers in the template.", cron_containers, NULL,
	"spec.jobTemplate.spec.template.spec.containers.name"},
    {"Images", "", 1, "Images of the containers in the template.", cron_images, NULL,
	"spec.jobTemplate.spec.template.spec.containers.image"},
    {"Selector", "", 1, "Labels by which its jobs find their pods.", cron_selector, NULL,
	"spec.jobTemplate.spec.selector"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

/* ---- events ---- */

static char *event_first(const struct source *s)
{
	const char *time = json_str(s->obj, "firstTimestamp");

	return age_of(time ? time : json_str(s->obj, "eventTime"), s->now);
}

static char *event_last(const struct source *s)
{
	const char *time = json_str(s->obj, "series.lastObservedTime");

	if (!time)
		time = json_str(s->obj, "lastTimestamp");
	return time ? age_of(time, s->now) : event_first(s);
}

static char *event_type(const struct source *s)
{
	return string_or(s, "type", "");
}

static char *event_reason(const struct source *s)
{
	return string_or(s, "reason", "");
}

static char *event_object(const struct source *s)
{
	const char *name = json_str_or(s->obj, "involvedObject.name", "");
	char *text = xasprintf(
	    "%s%s%s", json_str_or(s->obj, "involvedObject.kind", ""), *name ? "/" : "", name);

	for (char *c = text; *c && *c != '/'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 'a' - 'A') : *c;
	return text;
}

static char *event_subobject(const struct source *s)
{
	return string_or(s, "involvedObject.fieldPath", "");
}

static char *event_source(const struct source *s)
{
	const char *component = json_str_or(s->obj, "source.component", "");
	const char *host = json_str_or(s->obj, "source.host", "");

	if (!*component)
		component = json_str_or(s->obj, "reportingComponent", "");
	if (!*host)
		host = json_str_or(s->obj, "reportingInstance", "");
	return *host ? xasprintf("%s, %s", component, host) : xstrdup(component);
}

static char *event_message(const struct source *s)
{
	const char *text = json_str_or(s->obj, "message", "");
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	return xstrndup(text, len);
}

static int64_t event_count(const struct source *s)
{
	int64_t count = json_int(s->obj, "series.count", json_int(s->obj, "count", 0));

	return count ? count : 1;
}

#define EVENT_TIMES "firstTimestamp lastTimestamp eventTime series.lastObservedTime"

static const struct column event_columns[] = {
    {"Last Seen", "", 0, "Time since it happened last.", event_last, NULL, EVENT_TIMES},
    {"Type", "", 0, "Normal or Warning.", event_type, NULL, "type"},
    {"Reason", "", 0, "Short word for what happened.", event_reason, NULL, "reason"},
    {"Object", "", 0, "Kind and name of the object that it is about.", event_object, NULL,
	"involvedObject.kind involvedObject.name"},
    {"Subobject", "", 1, "Part of the object.", event_subobject, NULL, "involvedObject.fieldPath"},
    {"Source", "", 1, "Who reported it.", event_source, NULL,
	"source reportingComponent reportingInstance"},
    {"Message", "", 0, "What happened.", event_message, NULL, "message"},
    {"First Seen", "", 1, "Time since it happened first.", event_first, NULL, EVENT_TIMES},
    {"Count", "", 1, "How often it happened.", NULL, event_count, "series.count count"},
    {"Name", "name", 1, NAME_DOC, cell_name, NULL, "metadata.name"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

/* ---- namespaces and nodes ---- */

static char *namespace_status(const struct source *s)
{
	return string_or(s, "status.phase", "");
}

static const struct column namespace_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Status", "", 0, "Active or Terminating.", namespace_status, NULL, "status.phase"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

static char *node_status(const struct source *s)
{
	const char *state = "Unknown";

	json_for (c, json_path(s->obj, "status.conditions"))
		if (str_eq(json_str(c, "type"), "Ready"))
			state = str_eq(json_str(c, "status"), "True") ? "Ready" : "NotReady";
	return xasprintf("%s%s", state,
	    json_bool(s->obj, "spec.unschedulable", false) ? ",SchedulingDisabled" : "");
}

static char *node_roles(const struct source *s)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	auto_strlist roles = {0};

	json_for (l, json_path(s->obj, "metadata.labels")) {
		if (str_has_prefix(json_key(l), prefix) && json_key(l)[strlen(prefix)])
			strlist_add(&roles, json_key(l) + strlen(prefix));
		else if (str_eq(json_key(l), "kubernetes.io/role") && *json_string_value(l))
			strlist_add(&roles, json_string_value(l));
	}
	strlist_sort(&roles);
	return roles.len ? strlist_join(&roles, ",") : xstrdup("<none>");
}

static char *node_version(const struct source *s)
{
	return string_or(s, "status.nodeInfo.kubeletVersion", "");
}

static char *node_address(const struct source *s, const char *type)
{
	json_for (a, json_path(s->obj, "status.addresses"))
		if (str_eq(json_str(a, "type"), type))
			return xstrdup(json_str_or(a, "address", "<none>"));
	return xstrdup("<none>");
}

static char *node_internal_ip(const struct source *s)
{
	return node_address(s, "InternalIP");
}

static char *node_external_ip(const struct source *s)
{
	return node_address(s, "ExternalIP");
}

static char *node_os(const struct source *s)
{
	return string_or(s, "status.nodeInfo.osImage", "<unknown>");
}

static char *node_kernel(const struct source *s)
{
	return string_or(s, "status.nodeInfo.kernelVersion", "<unknown>");
}

static char *node_runtime(const struct source *s)
{
	return string_or(s, "status.nodeInfo.containerRuntimeVersion", "<unknown>");
}

static const struct column node_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Status", "", 0, "Whether the node can run pods.", node_status, NULL,
	"status.conditions spec.unschedulable"},
    {"Roles", "", 0, "Roles of the node.", node_roles, NULL, "metadata.labels"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {"Version", "", 0, "Version of the node's agent.", node_version, NULL,
	"status.nodeInfo.kubeletVersion"},
    {"Internal-IP", "", 1, "Address of the node.", node_internal_ip, NULL, "status.addresses"},
    {"External-IP", "", 1, "Address of the node from outside.", node_external_ip, NULL,
	"status.addresses"},
    {"OS-Image", "", 1, "Operating system of the node.", node_os, NULL, "status.nodeInfo.osImage"},
    {"Kernel-Version", "", 1, "Kernel of the node.", node_kernel, NULL,
	"status.nodeInfo.kernelVersion"},
    {"Container-Runtime", "", 1, "Engine of the node and its version.", node_runtime, NULL,
	"status.nodeInfo.containerRuntimeVersion"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

/* ---- config maps and secrets ---- */

static int64_t config_data(const struct source *s)
{
	return (
	    int64_t)(json_len(json_get(s->obj, "data")) + json_len(json_get(s->obj, "binaryData")));
}

static const struct column config_map_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Data", "", 0, "Number of keys.", NULL, config_data, "data binaryData"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

static char *secret_type(const struct source *s)
{
	return string_or(s, "type", "");
}

static const struct column secret_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Type", "", 0, "What kind of secret it is.", secret_type, NULL, "type"},
    {"Data", "", 0, "Number of keys.", NULL, config_data, "data binaryData"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

/* ---- services ---- */

static char *service_type(const struct source *s)
{
	return string_or(s, "spec.type", "");
}

static char *service_address(const struct source *s)
{
	return string_or(s, "spec.clusterIP",
	    str_eq(json_str(s->obj, "spec.type"), "ExternalName") ? "<none>" : "<pending>");
}

static char *service_external(const struct source *s)
{
	return string_or(s, "spec.externalName", "<none>");
}

static char *service_ports(const struct source *s)
{
	auto_buf text = {0};

	json_for (port, json_path(s->obj, "spec.ports"))
		buf_addf(&text, "%s%lld/%s", text.len ? "," : "",
		    (long long)json_int(port, "port", 0), json_str_or(port, "protocol", ""));
	return text.len ? buf_take(&text) : xstrdup("<none>");
}

static char *join_labels(const json *labels)
{
	auto_strlist pairs = {0};

	json_for (label, labels)
		strlist_addf(&pairs, "%s=%s", json_key(label), json_string_value(label));
	strlist_sort(&pairs);
	return pairs.len ? strlist_join(&pairs, ",") : xstrdup("<none>");
}

static char *service_selector(const struct source *s)
{
	return join_labels(json_path(s->obj, "spec.selector"));
}

static const struct column service_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Type", "", 0, "How the service is reached.", service_type, NULL, "spec.type"},
    {"Cluster-IP", "", 0, "Address of the service.", service_address, NULL,
	"spec.clusterIP spec.type"},
    {"External-IP", "", 0, "What an alias stands for.", service_external, NULL,
	"spec.externalName"},
    {"Port(s)", "", 0, "Ports of the service.", service_ports, NULL,
	"spec.ports.port spec.ports.protocol"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {"Selector", "", 1, "Labels of the pods that answer.", service_selector, NULL, "spec.selector"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

/* ---- endpoints ---- */

#define ENDPOINTS_SHOWN 3

/* The first few of all addresses that are ready, each with each of its ports. */
static char *endpoints_list(const struct source *s)
{
	auto_buf text = {0};
	size_t count = 0;

	json_for (subset, json_get(s->obj, "subsets")) {
		const json *ports = json_get(subset, "ports");

		json_for (address, json_get(subset, "addresses")) {
			const char *ip = json_str_or(address, "ip", "");

			if (!json_first(ports) && count++ < ENDPOINTS_SHOWN)
				buf_addf(&text, "%s%s", text.len ? "," : "", ip);
			json_for (port, ports)
				if (count++ < ENDPOINTS_SHOWN)
					buf_addf(&text, "%s%s:%lld", text.len ? "," : "", ip,
					    (long long)json_int(port, "port", 0));
		}
	}
	if (count > ENDPOINTS_SHOWN)
		buf_addf(&text, " + %zu more...", count - ENDPOINTS_SHOWN);
	return count ? buf_take(&text) : xstrdup("<none>");
}

static const struct column endpoints_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Endpoints", "", 0, "Addresses and ports that are ready.", endpoints_list, NULL, "subsets"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

static char *slice_type(const struct source *s)
{
	return string_or(s, "addressType", "");
}

/* At most so many items of a list of texts, and how many there are beyond. */
static char *first_of(const struct strlist *texts)
{
	auto_buf text = {0};

	for (size_t i = 0; i < texts->len && i < ENDPOINTS_SHOWN; i++)
		buf_addf(&text, "%s%s", i ? "," : "", texts->items[i]);
	if (texts->len > ENDPOINTS_SHOWN)
		buf_addf(&text, " + %zu more...", texts->len - ENDPOINTS_SHOWN);
	return texts->len ? buf_take(&text) : xstrdup("<unset>");
}

static char *slice_ports(const struct source *s)
{
	auto_strlist texts = {0};

	json_for (port, json_get(s->obj, "ports"))
		strlist_addf(&texts, "%lld", (long long)json_int(port, "port", 0));
	return first_of(&texts);
}

static char *slice_addresses(const struct source *s)
{
	auto_strlist texts = {0};

	json_for (endpoint, json_get(s->obj, "endpoints"))
		json_add_strings(json_get(endpoint, "addresses"), &texts);
	return first_of(&texts);
}

static const struct column endpoint_slice_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"AddressType", "", 0, "What the addresses are.", slice_type, NULL, "addressType"},
    {"Ports", "", 0, "Ports of the addresses.", slice_ports, NULL, "ports.port"},
    {"Endpoints", "", 0, "The addresses.", slice_addresses, NULL, "endpoints.addresses"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

/* ---- claims ---- */

static char *claim_phase(const struct source *s)
{
	return json_has(s->obj, "metadata.deletionTimestamp") ? xstrdup("Terminating")
							      : string_or(s, "status.phase", "");
}

static char *claim_volume(const struct source *s)
{
	return string_or(s, "spec.volumeName", "");
}

static char *claim_capacity(const struct source *s)
{
	return string_or(s, "status.capacity.storage", "");
}

static char *claim_modes(const struct source *s)
{
	static const char *const names[][2] = {{"ReadWriteOnce", "RWO"}, {"ReadOnlyMany", "ROX"},
	    {"ReadWriteMany", "RWX"}, {"ReadWriteOncePod", "RWOP"}};
	auto_strlist list = {0};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_for (mode, json_path(s->obj, "status.accessModes"))
			if (str_eq(json_string_value(mode), names[i][0]))
				strlist_add(&list, names[i][1]);
	return strlist_join(&list, ",");
}

static char *claim_class(const struct source *s)
{
	return string_or(s, "spec.storageClassName", "");
}

static char *claim_attributes(const struct source *s)
{
	return string_or(s, "spec.volumeAttributesClassName", "<unset>");
}

static char *claim_volume_mode(const struct source *s)
{
	return string_or(s, "spec.volumeMode", "<unset>");
}

static const struct column claim_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Status", "", 0, "Whether there is a volume for it.", claim_phase, NULL,
	"metadata.deletionTimestamp status.phase"},
    {"Volume", "", 0, "The engine's volume.", claim_volume, NULL, "spec.volumeName"},
    {"Capacity", "", 0, "The size that was asked for.", claim_capacity, NULL,
	"status.capacity.storage"},
    {"Access Modes", "", 0, "How it may be mounted.", claim_modes, NULL, "status.accessModes"},
    {"StorageClass", "", 0, "Storage class of the claim.", claim_class, NULL,
	"spec.storageClassName"},
    {"VolumeAttributesClass", "", 0, "Class of volume attributes.", claim_attributes, NULL,
	"spec.volumeAttributesClassName"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {"VolumeMode", "", 1, "Filesystem or Block.", claim_volume_mode, NULL, "spec.volumeMode"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

/* ---- service accounts, templates, leases ---- */

static const struct column service_account_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

static char *template_containers(const struct source *s)
{
	return join_containers(s, "template.spec.containers", "name");
}

static char *template_images(const struct source *s)
{
	return join_containers(s, "template.spec.containers", "image");
}

static char *template_labels(const struct source *s)
{
	return join_labels(json_path(s->obj, "template.metadata.labels"));
}

static const struct column pod_template_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Containers", "", 0, "Names of the containers in the template.", template_containers, NULL,
	"template.spec.containers.name"},
    {"Images", "", 0, "Images of the containers in the template.", template_images, NULL,
	"template.spec.containers.image"},
    {"Pod Labels", "", 0, "Labels of the template.", template_labels, NULL,
	"template.metadata.labels"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

static char *lease_holder(const struct source *s)
{
	return string_or(s, "spec.holderIdentity", "");
}

static const struct column lease_columns[] = {
    {"Name", "name", 0, NAME_DOC, cell_name, NULL, "metadata.name"},
    {"Holder", "", 0, "Who holds the lease.", lease_holder, NULL, "spec.holderIdentity"},
    {"Age", "", 0, AGE_DOC, cell_age, NULL, "metadata.creationTimestamp"},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL},
};

/* ---- tables ---- */

static const struct column *columns_of(const struct kind *k)
{
	switch (k->id) {
	case KIND_POD:
		return pod_columns;
	case KIND_EVENT:
		return event_columns;
	case KIND_NAMESPACE:
		return namespace_columns;
	case KIND_NODE:
		return node_columns;
	case KIND_JOB:
		return job_columns;
	case KIND_CRONJOB:
		return cron_job_columns;
	case KIND_CONFIGMAP:
		return config_map_columns;
	case KIND_SECRET:
		return secret_columns;
	case KIND_SERVICE:
		return service_columns;
	case KIND_ENDPOINTS:
		return endpoints_columns;
	case KIND_ENDPOINT_SLICE:
		return endpoint_slice_columns;
	case KIND_PERSISTENTVOLUMECLAIM:
		return claim_columns;
	case KIND_SERVICE_ACCOUNT:
		return service_account_columns;
	case KIND_POD_TEMPLATE:
		return pod_template_columns;
	case KIND_LEASE:
		return lease_columns;
	case KIND_COUNT:
		break;
	}
	return NULL;
}

json *table_columns(const struct kind *k)
{
	json *list = json_new_array();

	for (const struct column *c = columns_of(k); c && c->name; c++) {
		json *def = json_new_object();

		json_set_str(def, "name", c->name);
		json_set_str(def, "type", c->number ? "integer" : "string");
		json_set_str(def, "format", c->format);
		json_set_str(def, "description", c->doc);
		json_set_int(def, "priority", c->priority);
		json_add(list, def);
	}
	return list;
}

json *partial_metadata(const json *obj)
{
	json *p = json_new_object();
	const json *meta = json_get(obj, "metadata");

	json_set_str(p, "kind", "PartialObjectMetadata");
	json_set_str(p, "apiVersion", "meta.k8s.io/v1");
	json_set(p, "metadata", meta ? json_dup(meta) : json_new_object());
	return p;
}

struct table_rows {
	const struct kind *kind;
	enum include_object include;
	int64_t now;
	/* Of the parts of an object that the row is made from: a tree of all of it would cost more
	 * than all the rest. */
	struct json_view *parts;
};

struct table_rows *table_rows_new(const struct kind *k, enum include_object include, int64_t now)
{
	struct table_rows *t = xcalloc(1, sizeof(*t));
	const char *reads[COLUMNS_MAX + 2];
	size_t count = 0;

	for (const struct column *c = columns_of(k); c->name; c++)
		reads[count++] = c->reads;
	/* Nobody reads managedFields from a table, and they are longer than all the rest. */
	if (include == INCLUDE_METADATA)
		reads[count++] = "metadata.!managedFields";
	reads[count] = NULL;
	*t = (struct table_rows){k, include, now, json_view_new(reads)};
	return t;
}

void table_rows_free(struct table_rows *t)
{
	if (!t)
		return;
	json_view_free(t->parts);
	free(t);
}

static void print_object(
    const struct table_rows *t, const json *obj, const char *body, size_t len, struct buf *out)
{
	switch (t->include) {
	case INCLUDE_METADATA:
		buf_adds(out, "{\"kind\":\"PartialObjectMetadata\","
			      "\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":");
		json_print_to(json_get(obj, "metadata"), out);
		buf_addch(out, '}');
		break;
	case INCLUDE_OBJECT:
		buf_add(out, body, len);
		break;
	case INCLUDE_NONE:
		buf_adds(out, "null");
		break;
	}
}

static void print_cells(const struct column *columns, const struct source *s, struct buf *out)
{
	for (const struct column *c = columns; c->name; c++) {
		auto_free char *text = c->text ? c->text(s) : NULL;

		if (c != columns)
			buf_addch(out, ',');
		if (text)
			json_print_string(text, out);
		else
			buf_addf(out, "%lld", (long long)c->number(s));
	}
}

int table_row(struct table_rows *t, const char *body, size_t len, struct buf *out, struct err *e)
{
	const json *obj = json_view_read(t->parts, body, len, e);
	struct source s = {.obj = obj, .now = t->now};

	if (!obj)
		return -1;
	if (t->kind->id == KIND_POD)
		pod_summary_init(&s.pod, obj);
	buf_adds(out, "{\"cells\":[");
	print_cells(columns_of(t->kind), &s, out);
	if (t->kind->id == KIND_POD)
		pod_summary_release(&s.pod);
	buf_adds(out, "],\"object\":");
	print_object(t, obj, body, len, out);
	buf_addch(out, '}');
	return 0;
}
