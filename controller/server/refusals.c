/*
 * refusals: what of Kubernetes' API this program does not serve, and why. None of it is in
 * discovery; who asks for it all the same is told the reason.
 */
#include "internal.h"

#define FOR_EVER                                                                                  \
	"they keep pods running for ever, and kjob runs pods to their end: give the template to " \
	"a "                                                                                      \
	"Job, a CronJob or a Pod"
#define NO_CLUSTER "there is one machine, and it is no cluster"
#define ONE_USER "there is one user, who may do everything"

static const struct {
	const char *group, *resources; /* resources: with spaces around each; NULL: all */
	const char *reason;
} refusals[] = {
    {"apps", NULL, FOR_EVER},
    {"", " replicationcontrollers ", FOR_EVER},
    {"networking.k8s.io", NULL,
	"traffic from outside comes in by kjob port-forward only, and no policies are enforced"},
    {"", " persistentvolumes ", "claims are volumes of the container engine"},
    {"", " serviceaccounts/token ", ONE_USER ", by the token of kjob kubeconfig"},
    {"", " pods/ephemeralcontainers ",
	"'kubectl exec' runs programs in a pod, and 'kubectl debug --copy-to' a changed copy of "
	"it"},
    {"", " pods/resize ", "a container keeps the limits that it was made with"},
    {"", " bindings pods/binding ", NO_CLUSTER},
    {"", " pods/proxy services/proxy nodes/proxy ", "'kubectl port-forward' leads there"},
    {"metrics.k8s.io", " nodes ",
	"the engine tells what containers use, not what the machine does"},
    {"storage.k8s.io", NULL, "claims are volumes of the container engine"},
    {"", " limitranges resourcequotas ", "the limits are those of the machine"},
    {"rbac.authorization.k8s.io", NULL, ONE_USER},
    {"policy", NULL, NO_CLUSTER},
    {"autoscaling", NULL, NO_CLUSTER},
    {"scheduling.k8s.io", NULL, NO_CLUSTER},
    {"node.k8s.io", NULL, "the engine's runtime is the only one"},
    {"certificates.k8s.io", NULL, ONE_USER ", and has a certificate by kjob kubeconfig"},
    {"flowcontrol.apiserver.k8s.io", NULL, ONE_USER},
    {"resource.k8s.io", NULL, "devices are those that the engine gives to containers"},
    {DEFINITIONS_GROUP, NULL, "nothing would act on objects of other kinds"},
    {"admissionregistration.k8s.io", NULL, "kjob calls no webhooks"},
    {"extensions", NULL, "Kubernetes has dropped this group"},
};

/* "RESOURCE" or "RESOURCE/SUB" of a path behind /api/v1 or /apis/GROUP/VERSION; owned, NULL: none.
 */
static char *resource_in(const struct strlist *path, size_t from)
{
	if (path->len > from + 2 && str_eq(path->items[from], "namespaces"))
		from += 2;
	if (path->len <= from)
		return NULL;
	return xasprintf("%s%s%s", path->items[from], path->len > from + 2 ? "/" : "",
	    path->len > from + 2 ? path->items[from + 2] : "");
}

int err_not_served(const struct exchange *x, struct err *e)
{
	bool core = x->path.len > 0 && str_eq(x->path.items[0], "api");
	const char *group = core ? "" : x->path.len > 1 ? x->path.items[1] : "";
	auto_free char *resource = resource_in(&x->path, core ? 2 : 3);
	auto_free char *word = xasprintf(" %s ", resource ? resource : "");

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (!str_eq(refusals[i].group, group) ||
		    (refusals[i].resources && !strstr(refusals[i].resources, word)))
			continue;
		return err_set(e, ERR_NOT_FOUND,
		    "the server could not find the requested resource: kjob does not serve %s%s%s: "
		    "%s",
		    resource ? resource : group, resource && *group ? "." : "",
		    resource ? group : "", refusals[i].reason);
	}
	return err_no_route(e);
}

/* Kinds that clients list without asking whether they are there. */
static const struct none {
	const char *path; /* of all namespaces */
	const char *api_version, *kind;
} nones[] = {
    {"apis/" DEFINITIONS_GROUP "/v1/customresourcedefinitions", DEFINITIONS_GROUP "/v1",
	"CustomResourceDefinitionList"},
    {"api/v1/replicationcontrollers", "v1", "ReplicationControllerList"},
    {"apis/apps/v1/daemonsets", "apps/v1", "DaemonSetList"},
    {"apis/apps/v1/deployments", "apps/v1", "DeploymentList"},
    {"apis/apps/v1/replicasets", "apps/v1", "ReplicaSetList"},
    {"apis/apps/v1/statefulsets", "apps/v1", "StatefulSetList"},
};

/* The path of a collection without its "namespaces/NS"; owned. */
static char *collection_path(const struct strlist *path)
{
	auto_strlist parts = {0};

	for (size_t i = 0; i < path->len; i++)
		if (path->len > i + 2 && str_eq(path->items[i], "namespaces"))
			i++;
		else
			strlist_add(&parts, path->items[i]);
	return strlist_join(&parts, "/");
}

bool list_of_none(struct exchange *x)
{
	auto_free char *path = collection_path(&x->path);
	const struct none *none = NULL;
	json *list;

	for (size_t i = 0; i < ARRAY_LEN(nones); i++)
		if (str_eq(nones[i].path, path))
			none = &nones[i];
	if (!none || x->method != METHOD_GET || exchange_query_bool(x, "watch"))
		return false;
	list = json_new_object();
	json_set_str(list, "kind", none->kind);
	json_set_str(list, "apiVersion", none->api_version);
	json_set_path(list, "metadata.resourceVersion", json_new_string("1"));
	json_set(list, "items", json_new_array());
	answer_json_take(x, 200, list);
	return true;
}
