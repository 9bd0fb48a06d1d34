/* kinds: the resources this program serves, one row each. */
#include "api.h"
#include "schema.h"

static const char *const cats_all[] = {"all", NULL};
static const char *const short_pod[] = {"po", NULL};
static const char *const short_event[] = {"ev", NULL};
static const char *const short_namespace[] = {"ns", NULL};
static const char *const short_node[] = {"no", NULL};
static const char *const short_cronjob[] = {"cj", NULL};
static const char *const short_configmap[] = {"cm", NULL};
static const char *const short_service[] = {"svc", NULL};
static const char *const short_endpoints[] = {"ep", NULL};
static const char *const subs_pod[] = {
    "attach", "eviction", "exec", "log", "portforward", "status", NULL};
static const char *const short_claim[] = {"pvc", NULL};
static const char *const short_account[] = {"sa", NULL};
static const char *const subs_status[] = {"status", NULL};
static const char *const subs_namespace[] = {"finalize", "status", NULL};

/* In the order of enum kind_id. */
static const struct kind kinds[KIND_COUNT] = {
    {
	.id = KIND_POD,
	.group = "",
	.version = "v1",
	.kind = "Pod",
	.resource = "pods",
	.singular = "pod",
	.schema = &schema_pod,
	.short_names = short_pod,
	.categories = cats_all,
	.namespaced = true,
	.has_status = true,
	.has_generation = true,
	.subresources = subs_pod,
    },
    {
	.id = KIND_EVENT,
	.group = "",
	.version = "v1",
	.kind = "Event",
	.resource = "events",
	.singular = "event",
	.schema = &schema_event,
	.short_names = short_event,
	.namespaced = true,
    },
    {
	.id = KIND_NAMESPACE,
	.group = "",
	.version = "v1",
	.kind = "Namespace",
	.resource = "namespaces",
	.singular = "namespace",
	.schema = &schema_namespace,
	.short_names = short_namespace,
	.has_status = true,
	.subresources = subs_namespace,
    },
    {
	.id = KIND_NODE,
	.group = "",
	.version = "v1",
	.kind = "Node",
	.resource = "nodes",
	.singular = "node",
	.schema = &schema_node,
	.short_names = short_node,
	.has_status = true,
	.subresources = subs_status,
    },
    {
	.id = KIND_JOB,
	.group = "batch",
	.version = "v1",
	.kind = "Job",
	.resource = "jobs",
	.singular = "job",
	.schema = &schema_job,
	.categories = cats_all,
	.namespaced = true,
	.has_status = true,
	.has_generation = true,
	.subresources = subs_status,
    },
    {
	.id = KIND_CRONJOB,
	.group = "batch",
	.version = "v1",
	.kind = "CronJob",
	.resource = "cronjobs",
	.singular = "cronjob",
	.schema = &schema_cron_job,
	.short_names = short_cronjob,
	.categories = cats_all,
	.namespaced = true,
	.has_status = true,
	.has_generation = true,
	.subresources = subs_status,
    },
    {
	.id = KIND_CONFIGMAP,
	.group = "",
	.version = "v1",
	.kind = "ConfigMap",
	.resource = "configmaps",
	.singular = "configmap",
	.schema = &schema_config_map,
	.short_names = short_configmap,
	.namespaced = true,
    },
    {
	.id = KIND_SECRET,
	.group = "",
	.version = "v1",
	.kind = "Secret",
	.resource = "secrets",
	.singular = "secret",
	.schema = &schema_secret,
	.namespaced = true,
    },
    {
	.id = KIND_SERVICE,
	.group = "",
	.version = "v1",
	.kind = "Service",
	.resource = "services",
	.singular = "service",
	.schema = &schema_service,
	.short_names = short_service,
	.categories = cats_all,
	.namespaced = true,
	.has_status = true,
	.subresources = subs_status,
    },
    {
	.id = KIND_ENDPOINTS,
	.group = "",
	.version = "v1",
	.kind = "Endpoints",
	.resource = "endpoints",
	.singular = "endpoints",
	.schema = &schema_endpoints,
	.short_names = short_endpoints,
	.namespaced = true,
    },
    {
	.id = KIND_ENDPOINT_SLICE,
	.group = "discovery.k8s.io",
	.version = "v1",
	.kind = "EndpointSlice",
	.resource = "endpointslices",
	.singular = "endpointslice",
	.schema = &schema_endpoint_slice,
	.namespaced = true,
    },
    {
	.id = KIND_PERSISTENTVOLUMECLAIM,
	.group = "",
	.version = "v1",
	.kind = "PersistentVolumeClaim",
	.resource = "persistentvolumeclaims",
	.singular = "persistentvolumeclaim",
	.schema = &schema_persistent_volume_claim,
	.short_names = short_claim,
	.namespaced = true,
	.has_status = true,
	.subresources = subs_status,
    },
    {
	.id = KIND_SERVICE_ACCOUNT,
	.group = "",
	.version = "v1",
	.kind = "ServiceAccount",
	.resource = "serviceaccounts",
	.singular = "serviceaccount",
	.schema = &schema_service_account,
	.short_names = short_account,
	.namespaced = true,
    },
    {
	.id = KIND_POD_TEMPLATE,
	.group = "",
	.version = "v1",
	.kind = "PodTemplate",
	.resource = "podtemplates",
	.singular = "podtemplate",
	.schema = &schema_pod_template,
	.namespaced = true,
	.has_generation = true,
    },
    {
	.id = KIND_LEASE,
	.group = "coordination.k8s.io",
	.version = "v1",
	.kind = "Lease",
	.resource = "leases",
	.singular = "lease",
	.schema = &schema_lease,
	.namespaced = true,
    },
};

/* Texts that are derived from a row but must live as long as it: same order. */
static const struct {
	const char *api_version, *qualified;
} names[KIND_COUNT] = {
    {"v1", "pods"},
    {"v1", "events"},
    {"v1", "namespaces"},
    {"v1", "nodes"},
    {"batch/v1", "jobs.batch"},
    {"batch/v1", "cronjobs.batch"},
    {"v1", "configmaps"},
    {"v1", "secrets"},
    {"v1", "services"},
    {"v1", "endpoints"},
    {"discovery.k8s.io/v1", "endpointslices.discovery.k8s.io"},
    {"v1", "persistentvolumeclaims"},
    {"v1", "serviceaccounts"},
    {"v1", "podtemplates"},
    {"coordination.k8s.io/v1", "leases.coordination.k8s.io"},
};

#define REVIEW(GROUP, KIND, RESOURCE, SINGULAR, IN_NS, SCHEMA)                         \
	{                                                                              \
		.id = KIND_COUNT, .group = (GROUP), .version = "v1", .kind = (KIND),   \
		.resource = (RESOURCE), .singular = (SINGULAR), .namespaced = (IN_NS), \
		.schema = (SCHEMA),                                                    \
	}

/* What can be asked for, but is not stored as such. */
static const struct kind others[] = {
    {
	.id = KIND_COUNT,
	.group = EVENTS_GROUP,
	.version = EVENTS_VERSION,
	.kind = "Event",
	.resource = "events",
	.singular = "event",
	.schema = &schema_event_view,
	.short_names = short_event,
	.namespaced = true,
    },
    REVIEW(AUTHENTICATION_GROUP, "SelfSubjectReview", "selfsubjectreviews", "selfsubjectreview",
	false, &schema_self_subject_review),
    REVIEW(AUTHENTICATION_GROUP, "TokenReview", "tokenreviews", "tokenreview", false,
	&schema_token_review),
    REVIEW(AUTHORIZATION_GROUP, "LocalSubjectAccessReview", "localsubjectaccessreviews",
	"localsubjectaccessreview", true, &schema_local_subject_access_review),
    REVIEW(AUTHORIZATION_GROUP, "SelfSubjectAccessReview", "selfsubjectaccessreviews",
	"selfsubjectaccessreview", false, &schema_self_subject_access_review),
    REVIEW(AUTHORIZATION_GROUP, "SelfSubjectRulesReview", "selfsubjectrulesreviews",
	"selfsubjectrulesreview", false, &schema_self_subject_rules_review),
    REVIEW(AUTHORIZATION_GROUP, "SubjectAccessReview", "subjectaccessreviews",
	"subjectaccessreview", false, &schema_subject_access_review),
    {
	.id = KIND_COUNT,
	.group = METRICS_GROUP,
	.version = METRICS_VERSION,
	.kind = "PodMetrics",
	.resource = "pods",
	.singular = "",
	.schema = &schema_pod_metrics,
	.namespaced = true,
    },
};

static const char *const other_versions[ARRAY_LEN(others)] = {
    EVENTS_GROUP "/" EVENTS_VERSION,
    AUTHENTICATION_GROUP "/v1",
    AUTHENTICATION_GROUP "/v1",
    AUTHORIZATION_GROUP "/v1",
    AUTHORIZATION_GROUP "/v1",
    AUTHORIZATION_GROUP "/v1",
    AUTHORIZATION_GROUP "/v1",
    METRICS_GROUP "/" METRICS_VERSION,
};

const struct kind *kind_at(size_t i)
{
	if (i < KIND_COUNT)
		return &kinds[i];
	return i - KIND_COUNT < ARRAY_LEN(others) ? &others[i - KIND_COUNT] : NULL;
}

const struct kind *kind_by_id(enum kind_id id)
{
	return (unsigned)id < KIND_COUNT ? &kinds[id] : NULL;
}

const struct kind *kind_by_resource(const char *group, const char *version, const char *resource)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const struct kind *k = &kinds[i];

		if (str_eq(k->group, group) && str_eq(k->version, version) &&
		    str_eq(k->resource, resource))
			return k;
	}
	return NULL;
}

const struct kind *kind_by_gvk(const char *api_version, const char *kind)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (str_eq(names[i].api_version, api_version) && str_eq(kinds[i].kind, kind))
			return &kinds[i];
	return NULL;
}

const char *kind_api_version(const struct kind *k)
{
	return k->id < KIND_COUNT ? names[k->id].api_version : other_versions[k - others];
}

const char *kind_qualified(const struct kind *k)
{
	return names[k->id].qualified;
}
