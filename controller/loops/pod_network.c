#include "../../runtime/sandbox_image.h"
#include "pods_internal.h"

bool pod_wants_sandbox(const json *pod)
{
	size_t n = json_len(json_path(pod, "spec.containers"));

	json_for (c, json_path(pod, "spec.initContainers"))
		n += str_eq(json_str(c, "restartPolicy"), "Always");
	return n > 1 || json_bool(pod, "spec.shareProcessNamespace", false);
}

char *pod_sandbox_name(const struct pod *p)
{
	return xasprintf("kjob_%s_%s_POD_%.8s_%d", p->ns, p->name, p->uid, p->sandbox->attempt);
}

engine_id pod_sandbox_create(const struct pod *p, engine_text_fn *cb, struct engine_who who)
{
	auto_free char *name = pod_sandbox_name(p);
	auto_free char *round = xasprintf("%d", p->round);
	auto_free char *attempt = xasprintf("%d", p->sandbox->attempt);
	auto_json *l = json_new_object();
	struct container_spec s = {.name = name, .hostname = p->name, .labels = l};

	json_set_str(l, LABEL_POD, p->name);
	json_set_str(l, LABEL_NS, p->ns);
	json_set_str(l, LABEL_UID, p->uid);
	json_set_str(l, LABEL_CONTAINER, "POD");
	json_set_str(l, LABEL_INSTANCE, store_instance(p->set->env->store));
	json_set_str(l, LABEL_ATTEMPT, attempt);
	json_set_str(l, LABEL_ROUND, round);
	return sandbox_create(p->set->env->engine, &s, cb, who);
}
