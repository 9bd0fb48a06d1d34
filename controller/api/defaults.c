/*
 * defaults: what the server writes into an object where the client was silent.
 *
 * Plain defaults come from the schema rows, wherever their object is present. What depends on other
 * fields is here.
 */
#include "../../runtime/base/base64.h"
#include "api.h"
#include "resources.h"
#include "schema.h"

#define BACKOFF_LIMIT_DEFAULT 6
#define AFFINITY_SECONDS 10800

static void default_object(const struct schema *s, json *obj, bool own)
{
	for (const struct field *f = s->fields; f->name; f++) {
		json *node = json_get(obj, f->name);

		if (!node && f->dflt && own)
			json_set(obj, f->name, json_parse(f->dflt, strlen(f->dflt), 0, NULL));
		else if (f->type == T_OBJECT && json_is_object(node))
			default_object(f->of, node, !(f->flags & F_BARE));
		else if (f->type == T_OBJECT_LIST)
			json_for (item, node)
				default_object(f->of, item, true);
	}
}

/* Always for :latest and for images with neither tag nor digest. */
static const char *pull_policy(const char *image)
{
	const char *slash = strrchr(image, '/'), *colon = strchr(slash ? slash : image, ':');

	if (!*image || strchr(image, '@'))
		return "IfNotPresent";
	return !colon || str_eq(colon, ":latest") ? "Always" : "IfNotPresent";
}

static void default_containers(json *list)
{
	json_for (c, list)
		if (!json_get(c, "imagePullPolicy"))
			json_set_str(
			    c, "imagePullPolicy", pull_policy(json_str_or(c, "image", "")));
}

static void default_pod_spec(json *spec)
{
	json_for (v, json_get(spec, "volumes"))
		if (json_len(v) <= 1)
			json_obj(v, "emptyDir");
	default_containers(json_get(spec, "initContainers"));
	default_containers(json_get(spec, "containers"));
	default_containers(json_get(spec, "ephemeralContainers"));
}

/* What Pods get and templates do not: the pods that are made from them will. */
static void default_pod_alone(json *spec)
{
	bool on_host = json_bool(spec, "hostNetwork", false);
	json *lists[] = {json_get(spec, "containers"), json_get(spec, "initContainers")};

	if (!json_get(spec, "enableServiceLinks"))
		json_set_bool(spec, "enableServiceLinks", true);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		json_for (c, lists[i]) {
			default_requests(c);
			json_for (port, json_get(c, "ports"))
				if (on_host && !json_int(port, "hostPort", 0))
					json_set_int(
					    port, "hostPort", json_int(port, "containerPort", 0));
		}
	}
}

/* A Job without labels of its own has those of its template. */
static void default_job_labels(json *job)
{
	const json *labels = json_path(job, "spec.template.metadata.labels");

	if (!json_first(json_path(job, "metadata.labels")) && json_first(labels))
		json_set_path(job, "metadata.labels", json_dup(labels));
}

static void default_job(json *job)
{
	json *spec = json_obj(job, "spec"), *template = json_obj(spec, "template");

	json_obj(template, "metadata");
	default_pod_spec(json_obj(template, "spec"));
	if (!json_get(spec, "completions") && !json_get(spec, "parallelism"))
		json_set_int(spec, "completions", 1);
	if (!json_get(spec, "backoffLimit"))
		json_set_int(spec, "backoffLimit",
		    json_get(spec, "backoffLimitPerIndex") ? INT32_MAX : BACKOFF_LIMIT_DEFAULT);
	if (!json_get(spec, "podReplacementPolicy"))
		json_set_str(spec, "podReplacementPolicy",
		    json_get(spec, "podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
	default_job_labels(job);
}

/* The Job itself gets its defaults when it is made; only the pod has them already. */
static void default_cron_job(json *cron)
{
	json *template = json_obj(cron, "spec.jobTemplate.spec.template");

	json_obj(cron, "spec.jobTemplate.metadata");
	json_obj(template, "metadata");
	default_pod_spec(json_obj(template, "spec"));
}

/* stringData is for writing alone: its values become part of data. */
static void default_secret(json *secret)
{
	json *data = json_get(secret, "data");

	json_for (m, json_get(secret, "stringData")) {
		const char *value = json_string_value(m);
		auto_free char *text = base64_encode(value, strlen(value));

		data = json_obj(secret, "data");
		json_set_str(data, json_key(m), text);
	}
	json_del(secret, "stringData");
	json_sort(data);
}

static void default_service(json *service)
{
	json *spec = json_obj(service, "spec");
	const char *ip = json_str(spec, "clusterIP");

	json_for (port, json_get(spec, "ports"))
		if (!json_get(port, "targetPort") && json_get(port, "port"))
			json_set(port, "targetPort", json_dup(json_get(port, "port")));
	if (!str_eq(json_str(spec, "sessionAffinity"), "ClientIP"))
		json_del(spec, "sessionAffinityConfig");
	else if (!json_has(spec, "sessionAffinityConfig.clientIP.timeoutSeconds"))
		json_set_path(spec, "sessionAffinityConfig.clientIP.timeoutSeconds",
		    json_new_int(AFFINITY_SECONDS));
	if (str_eq(json_str(spec, "type"), "ExternalName"))
		return;
	if (!ip) {
		ip = json_string_value(json_at(json_get(spec, "clusterIPs"), 0));
		if (ip)
			json_set_str(spec, "clusterIP", ip);
	} else if (*ip && !json_get(spec, "clusterIPs")) {
		json *list = json_new_array();

		json_add(list, json_new_string(ip));
		json_set(spec, "clusterIPs", list);
	}
	if (!json_get(spec, "ipFamilies")) {
		json *list = json_new_array();

		json_add(list, json_new_string("IPv4"));
		json_set(spec, "ipFamilies", list);
	}
	if (!json_get(spec, "ipFamilyPolicy"))
		json_set_str(spec, "ipFamilyPolicy", "SingleStack");
	if (!json_get(spec, "internalTrafficPolicy"))
		json_set_str(spec, "internalTrafficPolicy", "Cluster");
}

/* Every namespace can be selected by its name. */
static void default_namespace(json *ns)
{
	const char *name = json_str_or(ns, "metadata.name", "");

	json_obj(ns, "spec");
	if (*name)
		json_set_str(json_obj(ns, "metadata.labels"), "kubernetes.io/metadata.name", name);
}

void api_default(const struct kind *k, json *obj)
{
	json_obj(obj, "metadata");
	switch (k->id) {
	case KIND_JOB:
		default_job(obj);
		break;
	case KIND_CRONJOB:
		default_cron_job(obj);
		break;
	case KIND_POD:
		default_pod_spec(json_obj(obj, "spec"));
		default_pod_alone(json_obj(obj, "spec"));
		break;
	case KIND_NAMESPACE:
		default_namespace(obj);
		break;
	case KIND_POD_TEMPLATE:
		json_obj(obj, "template.metadata");
		default_pod_spec(json_obj(obj, "template.spec"));
		break;
	case KIND_SECRET:
		default_secret(obj);
		break;
	case KIND_SERVICE:
		default_service(obj);
		break;
	case KIND_ENDPOINTS:
	case KIND_ENDPOINT_SLICE:
	case KIND_CONFIGMAP:
	case KIND_PERSISTENTVOLUMECLAIM:
	case KIND_SERVICE_ACCOUNT:
	case KIND_LEASE:
	case KIND_EVENT:
	case KIND_NODE:
	case KIND_COUNT:
		break;
	}
	default_object(k->schema, obj, true);
}
