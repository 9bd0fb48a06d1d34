/*
 * schema: the fields of every kind as rows of tables, the only list of them in the program.
 *
 * One row drives the decoding of a field, its plain default, the check of its enumeration,
 * suggestions for misspelt names, and whether this version honours it; explain, OpenAPI, patch and
 * protobuf read the same rows. The tables follow Kubernetes v1.36. Names of Go types are kept
 * because messages of the API name them.
 */
#ifndef KJOB_API_SCHEMA_H
#define KJOB_API_SCHEMA_H

#include "../../runtime/base/json.h"

enum field_type {
	T_STRING,
	T_BOOL,
	T_INT32,
	T_INT64,
	T_QUANTITY, /* stored in canonical form */
	T_INT_OR_STRING,
	T_TIME, /* RFC 3339 in whole seconds */
	T_MICRO_TIME,
	T_STRING_MAP,
	T_QUANTITY_MAP,
	T_BYTES_MAP, /* values are base64, stored with its padding and without line breaks */
	T_OBJECT,
	T_OBJECT_LIST,
	T_STRING_LIST,
	T_INT32_LIST,
	T_INT64_LIST,
	T_OPAQUE, /* any JSON, kept as it is */
};

enum field_flags {
	F_PTR = 1, /* zero differs from absent: false, 0 and "" are kept */
	F_REQUIRED = 2,
	F_LATER = 4,    /* not honoured by this version: anything but the default is refused */
	F_NOOP = 8,     /* accepted without effect on a single machine: warns */
	F_MERGE = 16,   /* a list of scalars that a strategic patch merges */
	F_BARE = 32,    /* an object whose own members get no defaults: only what is deeper */
	F_SECRET = 64,  /* its values are never shown */
	F_ATOMIC = 128, /* server-side apply: owned and replaced as a whole all the same */
	F_SET = 256,    /* server-side apply: a list of scalars, each owned by itself */
	F_RETAIN = 512, /* clients patch items with the members that may stay: of a union, one */
};

struct schema;

struct field {
	const char *name;    /* NULL ends a table */
	unsigned char tag;   /* number in protobuf; 0: in the envelope of the message */
	unsigned char outer; /* number of the message in the message that has tag; 0: none */
	enum field_type type;
	unsigned flags;
	const char *doc;           /* one line, for explain */
	const struct schema *of;   /* of T_OBJECT and T_OBJECT_LIST */
	const char *merge_key;     /* of T_OBJECT_LIST: the member that tells items apart */
	const char *const *values; /* enumeration, in the order in which messages list it */
	const char *dflt;          /* JSON: written where the field is absent */
	const char *accept;        /* JSON: for F_LATER and F_NOOP, a value that changes nothing */
	const char *go_type;       /* name of the Go type of an enumeration */
	const char *merge_key2;    /* a second member without which merge_key is not unique */
};

struct schema {
	const char *go_name; /* "PodSpec" */
	const struct field *fields;
	const char *package; /* of the Go type */
	const char *doc;     /* of a kind: what one is, for explain; NULL otherwise */
	bool atomic;         /* server-side apply: owned and replaced as a whole */
};

/* A file whose types are of another package than core defines SCHEMA_PACKAGE before this. */
#define PACKAGE_CORE "io.k8s.api.core.v1"
#define PACKAGE_BATCH "io.k8s.api.batch.v1"
#define PACKAGE_DISCOVERY "io.k8s.api.discovery.v1"
#define PACKAGE_COORDINATION "io.k8s.api.coordination.v1"
#define PACKAGE_META "io.k8s.apimachinery.pkg.apis.meta.v1"
#ifndef SCHEMA_PACKAGE
#define SCHEMA_PACKAGE PACKAGE_CORE
#endif

/* ROW(number, name, type, flags, doc, …): the number is Kubernetes' generated.proto's. */
#define ROW(number, n, t, f, d, ...)                                                             \
	{                                                                                        \
		.name = (n), .tag = number, .type = (t), .flags = (f), .doc = (d), ##__VA_ARGS__ \
	}
/* The number of a field of an embedded struct, which is a message of its own in protobuf. */
#define IN(message, number) (number), .outer = (message)
/* The rows that every object begins with; TYPE_ROWS where its metadata is told of otherwise. */
#define TYPE_ROWS(api_version, kind)                                  \
	ROW(0, "apiVersion", T_STRING, 0, "Always " api_version "."), \
	    ROW(0, "kind", T_STRING, 0, "Always " kind ".")
#define OBJECT_ROWS(api_version, kind)                                                       \
	TYPE_ROWS(api_version, kind),                                                        \
	    ROW(1, "metadata", T_OBJECT, 0, "Name, labels, annotations and other metadata.", \
		.of = &schema_object_meta)
#define ENUM(...) ((const char *const[]){__VA_ARGS__, NULL})
/* SCHEMA(id, name) or, of a kind, SCHEMA(id, name, doc). */
#define SCHEMA(id, name, ...)               \
	const struct schema schema_##id = { \
	    .go_name = name, .fields = id##_fields, .package = SCHEMA_PACKAGE, ##__VA_ARGS__}

/* The row of a field; NULL: none of that name. */
const struct field *schema_field(const struct schema *s, const char *name);

/* schema_meta.c */
extern const struct schema schema_object_meta, schema_list_meta, schema_owner_reference,
    schema_managed_fields_entry, schema_label_selector, schema_label_selector_requirement,
    schema_local_object_reference, schema_typed_local_object_reference,
    schema_typed_object_reference, schema_object_reference, schema_resource_claim,
    schema_resource_requirements;
/* schema_batch.c */
extern const struct schema schema_job, schema_job_spec, schema_pod_failure_policy,
    schema_pod_failure_policy_rule, schema_pod_failure_policy_on_exit_codes_requirement,
    schema_pod_failure_policy_on_pod_conditions_pattern, schema_success_policy,
    schema_success_policy_rule, schema_job_status, schema_job_condition,
    schema_uncounted_terminated_pods;
/* schema_cron.c */
extern const struct schema schema_cron_job, schema_cron_job_spec, schema_job_template_spec,
    schema_cron_job_status;
/* schema_claim.c */
extern const struct schema schema_persistent_volume_claim, schema_persistent_volume_claim_status,
    schema_persistent_volume_claim_condition, schema_modify_volume_status;
/* schema_config.c */
extern const struct schema schema_config_map, schema_secret;
/* schema_service.c */
extern const struct schema schema_service, schema_service_spec, schema_service_port,
    schema_session_affinity_config, schema_client_ip_config, schema_service_status,
    schema_load_balancer_status, schema_load_balancer_ingress, schema_port_status, schema_endpoints,
    schema_endpoint_subset, schema_endpoint_address, schema_endpoint_port, schema_endpoint_slice,
    schema_endpoint, schema_endpoint_conditions, schema_endpoint_hints, schema_for_zone,
    schema_for_node, schema_slice_port, schema_condition;
/* schema_account.c */
extern const struct schema schema_service_account;
/* schema_lease.c */
extern const struct schema schema_lease, schema_lease_spec;
/* schema_policy.c */
extern const struct schema schema_delete_options, schema_eviction;
/* schema_review.c */
extern const struct schema schema_self_subject_access_review,
    schema_self_subject_access_review_spec, schema_resource_attributes,
    schema_non_resource_attributes, schema_field_selector_attributes,
    schema_label_selector_attributes, schema_subject_access_review_status,
    schema_self_subject_rules_review, schema_self_subject_rules_review_spec,
    schema_subject_rules_review_status, schema_resource_rule, schema_non_resource_rule,
    schema_field_selector_requirement, schema_self_subject_review,
    schema_self_subject_review_status, schema_user_info, schema_event_view,
    schema_subject_access_review, schema_subject_access_review_spec, schema_token_review,
    schema_token_review_spec, schema_token_review_status, schema_local_subject_access_review,
    schema_pod_metrics, schema_container_metrics;
/* schema_core.c */
extern const struct schema schema_event, schema_event_source, schema_event_series, schema_namespace,
    schema_namespace_spec, schema_namespace_status, schema_namespace_condition, schema_node,
    schema_node_spec, schema_taint, schema_node_config_source, schema_config_map_node_config_source,
    schema_node_status, schema_node_condition, schema_node_address, schema_node_daemon_endpoints,
    schema_daemon_endpoint, schema_node_system_info, schema_node_swap_status,
    schema_node_config_status, schema_node_runtime_handler, schema_node_runtime_handler_features,
    schema_node_features, schema_container_image, schema_attached_volume;
/* schema_pod.c */
extern const struct schema schema_pod, schema_pod_template, schema_pod_template_spec,
    schema_pod_spec, schema_container, schema_ephemeral_container, schema_container_port,
    schema_env_var, schema_env_var_source, schema_object_field_selector,
    schema_resource_field_selector, schema_config_map_key_selector, schema_secret_key_selector,
    schema_file_key_selector, schema_env_from_source, schema_config_map_env_source,
    schema_secret_env_source, schema_container_resize_policy, schema_container_restart_rule,
    schema_container_restart_rule_on_exit_codes, schema_probe, schema_exec_action,
    schema_http_get_action, schema_http_header, schema_tcp_socket_action, schema_grpc_action,
    schema_lifecycle, schema_lifecycle_handler, schema_sleep_action, schema_pod_security_context,
    schema_security_context, schema_capabilities, schema_se_linux_options,
    schema_windows_security_context_options, schema_seccomp_profile, schema_app_armor_profile,
    schema_sysctl, schema_host_alias, schema_pod_dns_config, schema_pod_dns_config_option,
    schema_pod_readiness_gate, schema_pod_os, schema_pod_scheduling_gate, schema_pod_resource_claim,
    schema_pod_scheduling_group;
/* schema_podstatus.c */
extern const struct schema schema_pod_status, schema_pod_condition, schema_host_ip, schema_pod_ip,
    schema_container_status, schema_container_state, schema_container_state_waiting,
    schema_container_state_running, schema_container_state_terminated, schema_volume_mount_status,
    schema_volume_status, schema_image_volume_status, schema_container_user,
    schema_linux_container_user, schema_resource_status, schema_resource_health,
    schema_pod_resource_claim_status, schema_pod_extended_resource_claim_status,
    schema_container_extended_resource_request, schema_node_allocatable_resource_claim_status;
/* schema_sched.c */
extern const struct schema schema_affinity, schema_node_affinity, schema_node_selector,
    schema_node_selector_term, schema_node_selector_requirement, schema_preferred_scheduling_term,
    schema_pod_affinity, schema_pod_anti_affinity, schema_weighted_pod_affinity_term,
    schema_pod_affinity_term, schema_toleration, schema_topology_spread_constraint;
/* schema_volumes.c */
extern const struct schema schema_volume, schema_host_path_volume_source,
    schema_empty_dir_volume_source, schema_secret_volume_source, schema_config_map_volume_source,
    schema_key_to_path, schema_downward_api_volume_source, schema_downward_api_volume_file,
    schema_projected_volume_source, schema_volume_projection, schema_secret_projection,
    schema_config_map_projection, schema_downward_api_projection,
    schema_service_account_token_projection, schema_cluster_trust_bundle_projection,
    schema_pod_certificate_projection, schema_persistent_volume_claim_volume_source,
    schema_ephemeral_volume_source, schema_persistent_volume_claim_template,
    schema_persistent_volume_claim_spec, schema_volume_resource_requirements,
    schema_csi_volume_source, schema_image_volume_source, schema_volume_mount, schema_volume_device,
    schema_gce_persistent_disk_volume_source, schema_aws_elastic_block_store_volume_source,
    schema_git_repo_volume_source, schema_nfs_volume_source, schema_iscsi_volume_source,
    schema_glusterfs_volume_source, schema_rbd_volume_source, schema_flex_volume_source,
    schema_cinder_volume_source, schema_ceph_fs_volume_source, schema_flocker_volume_source,
    schema_fc_volume_source, schema_azure_file_volume_source,
    schema_vsphere_virtual_disk_volume_source, schema_quobyte_volume_source,
    schema_azure_disk_volume_source, schema_photon_persistent_disk_volume_source,
    schema_portworx_volume_source, schema_scale_io_volume_source, schema_storage_os_volume_source;

#endif
