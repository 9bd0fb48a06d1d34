/* strategy: what the server itself writes into objects when they are created and updated. */
#include "api.h"
#include "resources.h"

/* The labels of a Job's pods, with and without prefix, and which value they have. */
static const struct {
	const char *key;
	const char *path;
} job_labels[] = {
    {"batch.kubernetes.io/controller-uid", "metadata.uid"},
    {"batch.kubernetes.io/job-name", "metadata.name"},
    {"controller-uid", "metadata.uid"},
    {"job-name", "metadata.name"},
};

/* What the user set is left alone; validation judges it. */
static void generate_selector(json *job)
{
	json *labels = json_obj(job, "spec.template.metadata.labels");
	json *match = json_obj(job, "spec.selector.matchLabels");

	for (size_t i = 0; i < ARRAY_LEN(job_labels); i++)
		if (!json_get(labels, job_labels[i].key))
			json_set_str(
			    labels, job_labels[i].key, json_str_or(job, job_labels[i].path, ""));
	if (!json_get(match, job_labels[0].key))
		json_set_str(match, job_labels[0].key, json_str_or(job, "metadata.uid", ""));
}

static void add_text_once(json *list, const char *text)
{
	json_for (item, list)
		if (str_eq(json_string_value(item), text))
			return;
	json_add(list, json_new_string(text));
}

/*
 * There is always a volume for a claim: the engine's of that name, or the one that the claim itself
 * names. The finalizer goes when no pod uses it any more.
 */
static void bind_claim(json *claim)
{
	const char *ns = json_str_or(claim, "metadata.namespace", "default");
	const char *name = json_str_or(claim, "metadata.name", "");
	auto_free char *volume =
	    str_eq(ns, "default") ? xstrdup(name) : xasprintf("%s_%s", ns, name);
	const json *size = json_path(claim, "spec.resources.requests");
	const json *modes = json_path(claim, "spec.accessModes");
	json *meta = json_obj(claim, "metadata"), *finalizers = json_get(meta, "finalizers");

	if (!*json_str_or(claim, "spec.volumeName", ""))
		json_set_path(claim, "spec.volumeName", json_new_string(volume));
	json_set(claim, "status", json_new_object());
	json_set_path(claim, "status.phase", json_new_string("Bound"));
	if (modes)
		json_set_path(claim, "status.accessModes", json_dup(modes));
	if (size)
		json_set_path(claim, "status.capacity", json_dup(size));
	if (!finalizers)
		json_set(meta, "finalizers", finalizers = json_new_array());
	add_text_once(finalizers, "kubernetes.io/pvc-protection");
}

static json *gated_condition(void)
{
	json *list = json_new_array(), *c = json_new_object();

	json_set_str(c, "type", "PodScheduled");
	json_set_str(c, "status", "False");
	json_set(c, "lastProbeTime", json_new_null());
	json_set(c, "lastTransitionTime", json_new_null());
	json_set_str(c, "reason", POD_GATED_REASON);
	json_set_str(c, "message", POD_GATED_MESSAGE);
	json_add(list, c);
	return list;
}

void api_prepare_create(const struct kind *k, json *obj)
{
	switch (k->id) {
	case KIND_JOB:
		json_set(obj, "status", json_new_object());
		if (!json_bool(obj, "spec.manualSelector", false))
			generate_selector(obj);
		api_default(k, obj); /* labels that the template now has become the Job's */
		break;
	case KIND_CRONJOB:
		json_set(obj, "status", json_new_object());
		break;
	case KIND_POD:
		json_set(obj, "status", json_new_object());
		json_set_path(obj, "status.phase", json_new_string("Pending"));
		json_set_path(
		    obj, "status.qosClass", json_new_string(pod_qos_class(json_get(obj, "spec"))));
		if (json_first(json_path(obj, "spec.schedulingGates")))
			json_set_path(obj, "status.conditions", gated_condition());
		break;
	case KIND_PERSISTENTVOLUMECLAIM:
		bind_claim(obj);
		break;
	case KIND_NAMESPACE:
		json_set(obj, "status", json_new_object());
		json_set_path(obj, "status.phase", json_new_string("Active"));
		if (!json_has(obj, "spec.finalizers"))
			json_set_path(obj, "spec.finalizers", json_new_array());
		add_text_once(json_path(obj, "spec.finalizers"), NAMESPACE_FINALIZER);
		break;
	case KIND_SERVICE:
		json_set(obj, "status", json_new_object());
		json_obj(obj, "status.loadBalancer");
		break;
	case KIND_ENDPOINTS:
	case KIND_ENDPOINT_SLICE:
	case KIND_NODE: /* written by the controller itself, status and all */
	case KIND_EVENT:
	case KIND_CONFIGMAP:
	case KIND_SECRET:
	case KIND_SERVICE_ACCOUNT:
	case KIND_POD_TEMPLATE:
	case KIND_LEASE:
	case KIND_COUNT:
		break;
	}
}

/* The member of metadata as `old` has it; absent there, absent here. */
static void keep_meta(json *obj, const json *old, const char *key)
{
	json *meta = json_obj(obj, "metadata");
	const json *value = json_get(json_get(old, "metadata"), key);

	if (value)
		json_set(meta, key, json_dup(value));
	else
		json_del(meta, key);
}

/* What was chosen on create stays where a client does not speak of it. */
static void keep_address(json *service, const json *old)
{
	static const char *const members[] = {"clusterIP", "clusterIPs"};
	json *spec = json_obj(service, "spec");

	if (str_eq(json_str(spec, "type"), "ExternalName") || *json_str_or(spec, "clusterIP", ""))
		return;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const json *value = json_get(json_get(old, "spec"), members[i]);

		if (value)
			json_set(spec, members[i], json_dup(value));
	}
}

void api_prepare_update(const struct kind *k, json *obj, const json *old)
{
	static const char *const fixed[] = {
	    "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"};
	static const char *const assumed[] = {"uid", "name", "namespace"};
	const char *wanted = k->id == KIND_POD_TEMPLATE ? "template" : "spec";
	json *meta = json_obj(obj, "metadata");

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		keep_meta(obj, old, fixed[i]);
	for (size_t i = 0; i < ARRAY_LEN(assumed); i++)
		if (!json_get(meta, assumed[i]))
			keep_meta(obj, old, assumed[i]);
	if (k->has_status) {
		json_del(obj, "status");
		if (json_get(old, "status"))
			json_set(obj, "status", json_dup(json_get(old, "status")));
	}
	if (k->id == KIND_SERVICE)
		keep_address(obj, old);
	if (k->id == KIND_NAMESPACE) { /* the finalizers there have a subresource of their own */
		json_del_path(obj, "spec.finalizers");
		if (json_path(old, "spec.finalizers"))
			json_set_path(obj, "spec.finalizers",
			    json_dup(json_path(old, "spec.finalizers")));
	}
	if (k->has_generation && !json_equal(json_get(obj, wanted), json_get(old, wanted)))
		json_set_path(obj, "metadata.generation",
		    json_new_int(json_int(old, "metadata.generation", 0) + 1));
}
