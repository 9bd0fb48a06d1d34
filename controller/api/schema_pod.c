/*
 * schema_pod: the Pod kind: spec and containers. Volumes are in schema_volumes.c, scheduling in
 * schema_sched.c, status in schema_podstatus.c.
 */
#include "schema.h"

static const struct field pod_fields[] = {
    ROW("apiVersion", T_STRING, 0, "Always v1."),
    ROW("kind", T_STRING, 0, "Always Pod."),
    ROW("metadata", T_OBJECT, 0, "Name, labels, annotations and other metadata.",
	.of = &schema_object_meta),
    ROW("spec", T_OBJECT, 0, "What should run.", .of = &schema_pod_spec),
    ROW("status", T_OBJECT, 0, "What is running.", .of = &schema_pod_status),
    {0},
};
SCHEMA(pod, "Pod",
    "One or more containers that are started together on one node and share network and volumes.");

static const struct field pod_template_spec_fields[] = {
    ROW("metadata", T_OBJECT, 0, "Labels, annotations and finalizers of the pods.",
	.of = &schema_object_meta),
    ROW("spec", T_OBJECT, 0, "What the pods run.", .of = &schema_pod_spec),
    {0},
};
SCHEMA(pod_template_spec, "PodTemplateSpec");

static const struct field pod_spec_fields[] = {
    ROW("volumes", T_OBJECT_LIST, F_LATER, "Volumes that containers can mount.",
	.of = &schema_volume, .merge_key = "name"),
    ROW("initContainers", T_OBJECT_LIST, F_LATER,
	"Containers that run one after the other before the others start.", .of = &schema_container,
	.merge_key = "name"),
    ROW("containers", T_OBJECT_LIST, F_REQUIRED, "Containers of the pod.", .of = &schema_container,
	.merge_key = "name"),
    ROW("ephemeralContainers", T_OBJECT_LIST, F_LATER,
	"Containers added to a running pod for debugging.", .of = &schema_ephemeral_container,
	.merge_key = "name"),
    ROW("restartPolicy", T_STRING, 0, "When containers are restarted.",
	.values = ENUM("Always", "OnFailure", "Never"), .dflt = "\"Always\"",
	.go_type = "RestartPolicy"),
    ROW("terminationGracePeriodSeconds", T_INT64, F_PTR,
	"Seconds between the stop signal and the kill.", .dflt = "30"),
    ROW("activeDeadlineSeconds", T_INT64, F_PTR | F_LATER,
	"Seconds the pod may be active before it is killed."),
    ROW("dnsPolicy", T_STRING, F_LATER, "How names are resolved.",
	.values = ENUM("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
	.dflt = "\"ClusterFirst\"", .go_type = "DNSPolicy"),
    ROW("nodeSelector", T_STRING_MAP, F_NOOP,
	"Labels a node must have; there is only this machine."),
    ROW("serviceAccountName", T_STRING, F_NOOP, "Service account of the pod; there are none here.",
	.accept = "\"default\""),
    ROW("serviceAccount", T_STRING, F_NOOP, "Deprecated alias of serviceAccountName.",
	.accept = "\"default\""),
    ROW("automountServiceAccountToken", T_BOOL, F_PTR | F_NOOP,
	"Whether a token is mounted; there is none here.", .accept = "false"),
    ROW("nodeName", T_STRING, 0, "Node that runs the pod; set by the server."),
    ROW("hostNetwork", T_BOOL, F_LATER, "Whether the pod uses the host's network."),
    ROW("hostPID", T_BOOL, F_LATER, "Whether the pod sees the host's processes."),
    ROW("hostIPC", T_BOOL, F_LATER, "Whether the pod shares the host's IPC."),
    ROW("shareProcessNamespace", T_BOOL, F_PTR | F_LATER,
	"Whether the pod's containers see each other's processes."),
    ROW("securityContext", T_OBJECT, F_PTR | F_LATER,
	"Users, groups and restrictions of all containers.", .of = &schema_pod_security_context,
	.dflt = "{}"),
    ROW("imagePullSecrets", T_OBJECT_LIST, F_LATER, "Secrets with registry credentials.",
	.of = &schema_local_object_reference, .merge_key = "name"),
    ROW("hostname", T_STRING, 0, "Host name inside the pod; its name where absent."),
    ROW("subdomain", T_STRING, F_LATER, "Domain below the namespace's one."),
    ROW("affinity", T_OBJECT, F_PTR | F_NOOP, "Nodes and neighbours that the pod prefers or needs.",
	.of = &schema_affinity),
    ROW("schedulerName", T_STRING, F_LATER, "Scheduler that places the pod.",
	.dflt = "\"default-scheduler\""),
    ROW("tolerations", T_OBJECT_LIST, F_NOOP, "Taints that the pod tolerates.",
	.of = &schema_toleration),
    ROW("hostAliases", T_OBJECT_LIST, F_LATER, "Lines added to /etc/hosts.",
	.of = &schema_host_alias, .merge_key = "ip"),
    ROW("priorityClassName", T_STRING, F_NOOP, "Name of the pod's priority."),
    ROW("priority", T_INT32, F_PTR | F_NOOP, "Priority of the pod.", .accept = "0"),
    ROW("dnsConfig", T_OBJECT, F_PTR | F_LATER, "Name servers, search domains and options.",
	.of = &schema_pod_dns_config, .accept = "{}"),
    ROW("readinessGates", T_OBJECT_LIST, F_LATER,
	"Conditions that must be true before the pod is ready.", .of = &schema_pod_readiness_gate),
    ROW("runtimeClassName", T_STRING, F_PTR | F_NOOP, "Runtime class of the pod."),
    ROW("enableServiceLinks", T_BOOL, F_PTR, "Whether services appear as environment variables.",
	.dflt = "true"),
    ROW("preemptionPolicy", T_STRING, F_PTR | F_NOOP, "Whether the pod may push out others.",
	.accept = "\"PreemptLowerPriority\"", .go_type = "PreemptionPolicy"),
    ROW("overhead", T_QUANTITY_MAP, F_NOOP, "Resources of the sandbox."),
    ROW("topologySpreadConstraints", T_OBJECT_LIST, F_NOOP, "How pods spread over nodes.",
	.of = &schema_topology_spread_constraint, .merge_key = "topologyKey",
	.merge_key2 = "whenUnsatisfiable"),
    ROW("setHostnameAsFQDN", T_BOOL, F_PTR | F_LATER, "Whether the host name is the full one."),
    ROW("os", T_OBJECT, F_PTR | F_LATER, "Operating system of the containers.",
	.of = &schema_pod_os, .accept = "{\"name\":\"linux\"}"),
    ROW("hostUsers", T_BOOL, F_PTR | F_LATER, "Whether the pod uses the host's user namespace.",
	.accept = "true"),
    ROW("schedulingGates", T_OBJECT_LIST, F_LATER, "Names that keep the pod from being scheduled.",
	.of = &schema_pod_scheduling_gate, .merge_key = "name"),
    ROW("resourceClaims", T_OBJECT_LIST, F_LATER, "Device claims of the pod.",
	.of = &schema_pod_resource_claim, .merge_key = "name"),
    ROW("resources", T_OBJECT, F_PTR | F_LATER, "Resources of the pod as a whole.",
	.of = &schema_resource_requirements, .accept = "{}"),
    ROW("hostnameOverride", T_STRING, F_PTR | F_LATER,
	"Host name inside the pod that overrides all others."),
    ROW("schedulingGroup", T_OBJECT, F_PTR | F_LATER, "Group of pods that is scheduled together.",
	.of = &schema_pod_scheduling_group, .accept = "{}"),
    {0},
};
SCHEMA(pod_spec, "PodSpec");

static const struct field container_fields[] = {
    ROW("name", T_STRING, F_REQUIRED, "Name of the container, unique in the pod."),
    ROW("image", T_STRING, 0, "Image to run."),
    ROW("command", T_STRING_LIST, 0,
	"Program and first arguments instead of the image's entry point."),
    ROW("args", T_STRING_LIST, 0, "Arguments instead of the image's."),
    ROW("workingDir", T_STRING, 0, "Working directory instead of the image's."),
    ROW("ports", T_OBJECT_LIST, 0, "Ports that the container listens on; informative.",
	.of = &schema_container_port, .merge_key = "containerPort", .merge_key2 = "protocol"),
    ROW("envFrom", T_OBJECT_LIST, F_LATER, "Sources of many environment variables.",
	.of = &schema_env_from_source),
    ROW("env", T_OBJECT_LIST, 0, "Environment variables.", .of = &schema_env_var,
	.merge_key = "name"),
    ROW("resources", T_OBJECT, F_LATER, "Requests and limits.", .of = &schema_resource_requirements,
	.dflt = "{}"),
    ROW("resizePolicy", T_OBJECT_LIST, F_LATER, "What a resize does to the container.",
	.of = &schema_container_resize_policy),
    ROW("restartPolicy", T_STRING, F_PTR | F_LATER, "When this container is restarted.",
	.values = ENUM("Always", "Never", "OnFailure"), .go_type = "ContainerRestartPolicy"),
    ROW("restartPolicyRules", T_OBJECT_LIST, F_LATER, "Rules for single exit codes.",
	.of = &schema_container_restart_rule),
    ROW("volumeMounts", T_OBJECT_LIST, F_LATER, "Where volumes appear in the container.",
	.of = &schema_volume_mount, .merge_key = "mountPath"),
    ROW("volumeDevices", T_OBJECT_LIST, F_LATER, "Where block devices appear in the container.",
	.of = &schema_volume_device, .merge_key = "devicePath"),
    ROW("livenessProbe", T_OBJECT, F_PTR | F_LATER, "Restarts the container when it fails.",
	.of = &schema_probe),
    ROW("readinessProbe", T_OBJECT, F_PTR | F_LATER, "Makes the container unready when it fails.",
	.of = &schema_probe),
    ROW("startupProbe", T_OBJECT, F_PTR | F_LATER, "Holds back the other probes until it succeeds.",
	.of = &schema_probe),
    ROW("lifecycle", T_OBJECT, F_PTR | F_LATER, "Hooks after start and before stop.",
	.of = &schema_lifecycle, .accept = "{}"),
    ROW("terminationMessagePath", T_STRING, F_LATER,
	"File whose content becomes the message of the end.", .dflt = "\"/dev/termination-log\""),
    ROW("terminationMessagePolicy", T_STRING, F_LATER, "Where the message of the end comes from.",
	.values = ENUM("FallbackToLogsOnError", "File"), .dflt = "\"File\"",
	.go_type = "TerminationMessagePolicy"),
    ROW("imagePullPolicy", T_STRING, 0,
	"When the image is pulled; Always for :latest, else IfNotPresent.",
	.values = ENUM("Always", "IfNotPresent", "Never"), .go_type = "PullPolicy"),
    ROW("securityContext", T_OBJECT, F_PTR | F_LATER,
	"User, groups and restrictions of the container.", .of = &schema_security_context,
	.accept = "{}"),
    ROW("stdin", T_BOOL, 0, "Whether standard input is open."),
    ROW("stdinOnce", T_BOOL, 0, "Whether standard input closes after the first client."),
    ROW("tty", T_BOOL, 0, "Whether the container has a terminal."),
    {0},
};
SCHEMA(container, "Container");

static const struct field ephemeral_container_fields[] = {
    ROW("name", T_STRING, F_REQUIRED, "Name of the container, unique in the pod."),
    ROW("image", T_STRING, 0, "Image to run."),
    ROW("command", T_STRING_LIST, 0,
	"Program and first arguments instead of the image's entry point."),
    ROW("args", T_STRING_LIST, 0, "Arguments instead of the image's."),
    ROW("workingDir", T_STRING, 0, "Working directory instead of the image's."),
    ROW("ports", T_OBJECT_LIST, 0, "Ports that the container listens on; informative.",
	.of = &schema_container_port, .merge_key = "containerPort", .merge_key2 = "protocol"),
    ROW("envFrom", T_OBJECT_LIST, F_LATER, "Sources of many environment variables.",
	.of = &schema_env_from_source),
    ROW("env", T_OBJECT_LIST, 0, "Environment variables.", .of = &schema_env_var,
	.merge_key = "name"),
    ROW("resources", T_OBJECT, F_LATER, "Requests and limits.", .of = &schema_resource_requirements,
	.dflt = "{}"),
    ROW("resizePolicy", T_OBJECT_LIST, F_LATER, "What a resize does to the container.",
	.of = &schema_container_resize_policy),
    ROW("restartPolicy", T_STRING, F_PTR | F_LATER, "When this container is restarted.",
	.values = ENUM("Always", "Never", "OnFailure"), .go_type = "ContainerRestartPolicy"),
    ROW("restartPolicyRules", T_OBJECT_LIST, F_LATER, "Rules for single exit codes.",
	.of = &schema_container_restart_rule),
    ROW("volumeMounts", T_OBJECT_LIST, F_LATER, "Where volumes appear in the container.",
	.of = &schema_volume_mount, .merge_key = "mountPath"),
    ROW("volumeDevices", T_OBJECT_LIST, F_LATER, "Where block devices appear in the container.",
	.of = &schema_volume_device, .merge_key = "devicePath"),
    ROW("livenessProbe", T_OBJECT, F_PTR | F_LATER, "Restarts the container when it fails.",
	.of = &schema_probe),
    ROW("readinessProbe", T_OBJECT, F_PTR | F_LATER, "Makes the container unready when it fails.",
	.of = &schema_probe),
    ROW("startupProbe", T_OBJECT, F_PTR | F_LATER, "Holds back the other probes until it succeeds.",
	.of = &schema_probe),
    ROW("lifecycle", T_OBJECT, F_PTR | F_LATER, "Hooks after start and before stop.",
	.of = &schema_lifecycle, .accept = "{}"),
    ROW("terminationMessagePath", T_STRING, F_LATER,
	"File whose content becomes the message of the end.", .dflt = "\"/dev/termination-log\""),
    ROW("terminationMessagePolicy", T_STRING, F_LATER, "Where the message of the end comes from.",
	.values = ENUM("FallbackToLogsOnError", "File"), .dflt = "\"File\"",
	.go_type = "TerminationMessagePolicy"),
    ROW("imagePullPolicy", T_STRING, 0,
	"When the image is pulled; Always for :latest, else IfNotPresent.",
	.values = ENUM("Always", "IfNotPresent", "Never"), .go_type = "PullPolicy"),
    ROW("securityContext", T_OBJECT, F_PTR | F_LATER,
	"User, groups and restrictions of the container.", .of = &schema_security_context,
	.accept = "{}"),
    ROW("stdin", T_BOOL, 0, "Whether standard input is open."),
    ROW("stdinOnce", T_BOOL, 0, "Whether standard input closes after the first client."),
    ROW("tty", T_BOOL, 0, "Whether the container has a terminal."),
    ROW("targetContainerName", T_STRING, 0, "Container whose processes it sees."),
    {0},
};
SCHEMA(ephemeral_container, "EphemeralContainer");

static const struct field container_port_fields[] = {
    ROW("name", T_STRING, 0, "Name of the port, unique in the pod."),
    ROW("hostPort", T_INT32, F_LATER, "Port of the host."),
    ROW("containerPort", T_INT32, F_REQUIRED, "Port in the container."),
    ROW("protocol", T_STRING, 0, "Protocol of the port.", .values = ENUM("SCTP", "TCP", "UDP"),
	.dflt = "\"TCP\"", .go_type = "Protocol"),
    ROW("hostIP", T_STRING, F_LATER, "Address of the host."),
    {0},
};
SCHEMA(container_port, "ContainerPort");

static const struct field env_var_fields[] = {
    ROW("name", T_STRING, F_REQUIRED, "Name of the variable."),
    ROW("value", T_STRING, 0, "Value; $(NAME) refers to earlier variables."),
    ROW("valueFrom", T_OBJECT, F_PTR, "Source of the value.", .of = &schema_env_var_source),
    {0},
};
SCHEMA(env_var, "EnvVar");

static const struct field env_var_source_fields[] = {
    ROW("fieldRef", T_OBJECT, F_PTR, "A field of the pod.", .of = &schema_object_field_selector),
    ROW("resourceFieldRef", T_OBJECT, F_PTR | F_LATER, "A resource of a container.",
	.of = &schema_resource_field_selector),
    ROW("configMapKeyRef", T_OBJECT, F_PTR | F_LATER, "A key of a config map.",
	.of = &schema_config_map_key_selector),
    ROW("secretKeyRef", T_OBJECT, F_PTR | F_LATER, "A key of a secret.",
	.of = &schema_secret_key_selector),
    ROW("fileKeyRef", T_OBJECT, F_PTR | F_LATER, "A key of a file in a volume.",
	.of = &schema_file_key_selector),
    {0},
};
SCHEMA(env_var_source, "EnvVarSource");

static const struct field object_field_selector_fields[] = {
    ROW("apiVersion", T_STRING, 0, "Version of the path.", .dflt = "\"v1\""),
    ROW("fieldPath", T_STRING, F_REQUIRED, "Path of the field, such as metadata.name."),
    {0},
};
SCHEMA(object_field_selector, "ObjectFieldSelector");

static const struct field resource_field_selector_fields[] = {
    ROW("containerName", T_STRING, 0, "The container."),
    ROW("resource", T_STRING, F_REQUIRED, "The resource, such as limits.cpu."),
    ROW("divisor", T_QUANTITY, 0, "Unit of the value."),
    {0},
};
SCHEMA(resource_field_selector, "ResourceFieldSelector");

static const struct field config_map_key_selector_fields[] = {
    ROW("name", T_STRING, 0, "Name of the config map."),
    ROW("key", T_STRING, F_REQUIRED, "The key."),
    ROW("optional", T_BOOL, F_PTR, "Whether it may be missing."),
    {0},
};
SCHEMA(config_map_key_selector, "ConfigMapKeySelector");

static const struct field secret_key_selector_fields[] = {
    ROW("name", T_STRING, 0, "Name of the secret."),
    ROW("key", T_STRING, F_REQUIRED, "The key."),
    ROW("optional", T_BOOL, F_PTR, "Whether it may be missing."),
    {0},
};
SCHEMA(secret_key_selector, "SecretKeySelector");

static const struct field file_key_selector_fields[] = {
    ROW("volumeName", T_STRING, F_REQUIRED, "Volume that holds the file."),
    ROW("path", T_STRING, F_REQUIRED, "Path in the volume."),
    ROW("key", T_STRING, F_REQUIRED, "The key."),
    ROW("optional", T_BOOL, F_PTR, "Whether it may be missing."),
    {0},
};
SCHEMA(file_key_selector, "FileKeySelector");

static const struct field env_from_source_fields[] = {
    ROW("prefix", T_STRING, 0, "Prefix of every name."),
    ROW("configMapRef", T_OBJECT, F_PTR, "A config map.", .of = &schema_config_map_env_source),
    ROW("secretRef", T_OBJECT, F_PTR, "A secret.", .of = &schema_secret_env_source),
    {0},
};
SCHEMA(env_from_source, "EnvFromSource");

static const struct field config_map_env_source_fields[] = {
    ROW("name", T_STRING, 0, "Name of the config map."),
    ROW("optional", T_BOOL, F_PTR, "Whether it may be missing."),
    {0},
};
SCHEMA(config_map_env_source, "ConfigMapEnvSource");

static const struct field secret_env_source_fields[] = {
    ROW("name", T_STRING, 0, "Name of the secret."),
    ROW("optional", T_BOOL, F_PTR, "Whether it may be missing."),
    {0},
};
SCHEMA(secret_env_source, "SecretEnvSource");

static const struct field container_resize_policy_fields[] = {
    ROW("resourceName", T_STRING, F_REQUIRED, "The resource."),
    ROW("restartPolicy", T_STRING, F_REQUIRED, "What a resize does.",
	.values = ENUM("NotRequired", "RestartContainer"),
	.go_type = "ResourceResizeRestartPolicy"),
    {0},
};
SCHEMA(container_resize_policy, "ContainerResizePolicy");

static const struct field container_restart_rule_fields[] = {
    ROW("action", T_STRING, F_REQUIRED, "What a match does.",
	.values = ENUM("Restart", "RestartAllContainers"), .go_type = "ContainerRestartRuleAction"),
    ROW("exitCodes", T_OBJECT, F_PTR, "Exit codes that match.",
	.of = &schema_container_restart_rule_on_exit_codes),
    {0},
};
SCHEMA(container_restart_rule, "ContainerRestartRule");

static const struct field container_restart_rule_on_exit_codes_fields[] = {
    ROW("operator", T_STRING, F_REQUIRED, "How exit code and values relate.",
	.values = ENUM("In", "NotIn"), .go_type = "ContainerRestartRuleOnExitCodesOperator"),
    ROW("values", T_INT32_LIST, 0, "Exit codes."),
    {0},
};
SCHEMA(container_restart_rule_on_exit_codes, "ContainerRestartRuleOnExitCodes");

static const struct field probe_fields[] = {
    ROW("exec", T_OBJECT, F_PTR, "Runs a command.", .of = &schema_exec_action),
    ROW("httpGet", T_OBJECT, F_PTR, "Asks an HTTP server.", .of = &schema_http_get_action),
    ROW("tcpSocket", T_OBJECT, F_PTR, "Opens a TCP connection.", .of = &schema_tcp_socket_action),
    ROW("grpc", T_OBJECT, F_PTR, "Asks a gRPC health service.", .of = &schema_grpc_action),
    ROW("initialDelaySeconds", T_INT32, 0, "Seconds after the start before the first probe."),
    ROW("timeoutSeconds", T_INT32, 0, "Seconds after which a probe fails.", .dflt = "1"),
    ROW("periodSeconds", T_INT32, 0, "Seconds between probes.", .dflt = "10"),
    ROW("successThreshold", T_INT32, 0, "Successes in a row that make it succeed.", .dflt = "1"),
    ROW("failureThreshold", T_INT32, 0, "Failures in a row that make it fail.", .dflt = "3"),
    ROW("terminationGracePeriodSeconds", T_INT64, F_PTR, "Grace period after a failed probe."),
    {0},
};
SCHEMA(probe, "Probe");

static const struct field exec_action_fields[] = {
    ROW("command", T_STRING_LIST, 0, "Program and arguments; no shell."),
    {0},
};
SCHEMA(exec_action, "ExecAction");

static const struct field http_get_action_fields[] = {
    ROW("path", T_STRING, 0, "Path of the request.", .dflt = "\"/\""),
    ROW("port", T_INT_OR_STRING, F_REQUIRED, "Number or name of the port."),
    ROW("host", T_STRING, 0, "Host instead of the pod's address."),
    ROW("scheme", T_STRING, 0, "HTTP or HTTPS.", .values = ENUM("HTTP", "HTTPS"),
	.dflt = "\"HTTP\"", .go_type = "URIScheme"),
    ROW("httpHeaders", T_OBJECT_LIST, 0, "Headers of the request.", .of = &schema_http_header),
    {0},
};
SCHEMA(http_get_action, "HTTPGetAction");

static const struct field http_header_fields[] = {
    ROW("name", T_STRING, F_REQUIRED, "Name of the header."),
    ROW("value", T_STRING, F_REQUIRED, "Value of the header."),
    {0},
};
SCHEMA(http_header, "HTTPHeader");

static const struct field tcp_socket_action_fields[] = {
    ROW("port", T_INT_OR_STRING, F_REQUIRED, "Number or name of the port."),
    ROW("host", T_STRING, 0, "Host instead of the pod's address."),
    {0},
};
SCHEMA(tcp_socket_action, "TCPSocketAction");

static const struct field grpc_action_fields[] = {
    ROW("port", T_INT32, F_REQUIRED, "Number of the port."),
    ROW("service", T_STRING, F_PTR, "Service to ask for.", .dflt = "\"\""),
    {0},
};
SCHEMA(grpc_action, "GRPCAction");

static const struct field lifecycle_fields[] = {
    ROW("postStart", T_OBJECT, F_PTR, "Right after the start.", .of = &schema_lifecycle_handler),
    ROW("preStop", T_OBJECT, F_PTR, "Before the stop signal.", .of = &schema_lifecycle_handler),
    ROW("stopSignal", T_STRING, F_PTR, "Signal that asks the container to stop.",
	.go_type = "Signal"),
    {0},
};
SCHEMA(lifecycle, "Lifecycle");

static const struct field lifecycle_handler_fields[] = {
    ROW("exec", T_OBJECT, F_PTR, "Runs a command.", .of = &schema_exec_action),
    ROW("httpGet", T_OBJECT, F_PTR, "Asks an HTTP server.", .of = &schema_http_get_action),
    ROW("tcpSocket", T_OBJECT, F_PTR, "Deprecated.", .of = &schema_tcp_socket_action),
    ROW("sleep", T_OBJECT, F_PTR, "Waits.", .of = &schema_sleep_action),
    {0},
};
SCHEMA(lifecycle_handler, "LifecycleHandler");

static const struct field sleep_action_fields[] = {
    ROW("seconds", T_INT64, F_REQUIRED, "Seconds to wait."),
    {0},
};
SCHEMA(sleep_action, "SleepAction");

static const struct field pod_security_context_fields[] = {
    ROW("seLinuxOptions", T_OBJECT, F_PTR, "SELinux context of the containers.",
	.of = &schema_se_linux_options),
    ROW("windowsOptions", T_OBJECT, F_PTR, "Settings for Windows.",
	.of = &schema_windows_security_context_options),
    ROW("runAsUser", T_INT64, F_PTR, "User id of the processes."),
    ROW("runAsGroup", T_INT64, F_PTR, "Group id of the processes."),
    ROW("runAsNonRoot", T_BOOL, F_PTR, "Whether the user id must not be 0."),
    ROW("supplementalGroups", T_INT64_LIST, 0, "Further group ids of the first process."),
    ROW("supplementalGroupsPolicy", T_STRING, F_PTR, "Whether the image's groups count.",
	.values = ENUM("Merge", "Strict"), .go_type = "SupplementalGroupsPolicy"),
    ROW("fsGroup", T_INT64, F_PTR, "Group id of the volumes."),
    ROW("sysctls", T_OBJECT_LIST, 0, "Kernel settings of the pod.", .of = &schema_sysctl),
    ROW("fsGroupChangePolicy", T_STRING, F_PTR, "When the group of volumes is changed.",
	.values = ENUM("Always", "OnRootMismatch"), .go_type = "PodFSGroupChangePolicy"),
    ROW("seccompProfile", T_OBJECT, F_PTR, "Which system calls are allowed.",
	.of = &schema_seccomp_profile),
    ROW("appArmorProfile", T_OBJECT, F_PTR, "AppArmor profile of the containers.",
	.of = &schema_app_armor_profile),
    ROW("seLinuxChangePolicy", T_STRING, F_PTR, "How volumes are relabelled.",
	.values = ENUM("MountOption", "Recursive"), .go_type = "PodSELinuxChangePolicy"),
    {0},
};
SCHEMA(pod_security_context, "PodSecurityContext");

static const struct field security_context_fields[] = {
    ROW("capabilities", T_OBJECT, F_PTR, "Capabilities to add and drop.",
	.of = &schema_capabilities),
    ROW("privileged", T_BOOL, F_PTR, "Whether the container has all rights on the host."),
    ROW("seLinuxOptions", T_OBJECT, F_PTR, "SELinux context of the container.",
	.of = &schema_se_linux_options),
    ROW("windowsOptions", T_OBJECT, F_PTR, "Settings for Windows.",
	.of = &schema_windows_security_context_options),
    ROW("runAsUser", T_INT64, F_PTR, "User id of the process."),
    ROW("runAsGroup", T_INT64, F_PTR, "Group id of the process."),
    ROW("runAsNonRoot", T_BOOL, F_PTR, "Whether the user id must not be 0."),
    ROW("readOnlyRootFilesystem", T_BOOL, F_PTR, "Whether the image's files are read-only."),
    ROW("allowPrivilegeEscalation", T_BOOL, F_PTR, "Whether a process can gain rights."),
    ROW("procMount", T_STRING, F_PTR, "How /proc is mounted.",
	.values = ENUM("Default", "Unmasked"), .go_type = "ProcMountType"),
    ROW("seccompProfile", T_OBJECT, F_PTR, "Which system calls are allowed.",
	.of = &schema_seccomp_profile),
    ROW("appArmorProfile", T_OBJECT, F_PTR, "AppArmor profile of the container.",
	.of = &schema_app_armor_profile),
    {0},
};
SCHEMA(security_context, "SecurityContext");

static const struct field capabilities_fields[] = {
    ROW("add", T_STRING_LIST, 0, "Capabilities to add."),
    ROW("drop", T_STRING_LIST, 0, "Capabilities to drop."),
    {0},
};
SCHEMA(capabilities, "Capabilities");

static const struct field se_linux_options_fields[] = {
    ROW("user", T_STRING, 0, "User label."),
    ROW("role", T_STRING, 0, "Role label."),
    ROW("type", T_STRING, 0, "Type label."),
    ROW("level", T_STRING, 0, "Level label."),
    {0},
};
SCHEMA(se_linux_options, "SELinuxOptions");

static const struct field windows_security_context_options_fields[] = {
    ROW("gmsaCredentialSpecName", T_STRING, F_PTR, "Name of the credential spec."),
    ROW("gmsaCredentialSpec", T_STRING, F_PTR, "The credential spec."),
    ROW("runAsUserName", T_STRING, F_PTR, "User name of the process."),
    ROW("hostProcess", T_BOOL, F_PTR, "Whether it is a host process container."),
    {0},
};
SCHEMA(windows_security_context_options, "WindowsSecurityContextOptions");

static const struct field seccomp_profile_fields[] = {
    ROW("type", T_STRING, F_REQUIRED, "Kind of profile.",
	.values = ENUM("Localhost", "RuntimeDefault", "Unconfined"),
	.go_type = "SeccompProfileType"),
    ROW("localhostProfile", T_STRING, F_PTR, "File of the profile."),
    {0},
};
SCHEMA(seccomp_profile, "SeccompProfile");

static const struct field app_armor_profile_fields[] = {
    ROW("type", T_STRING, F_REQUIRED, "Kind of profile.",
	.values = ENUM("Localhost", "RuntimeDefault", "Unconfined"),
	.go_type = "AppArmorProfileType"),
    ROW("localhostProfile", T_STRING, F_PTR, "Name of the profile."),
    {0},
};
SCHEMA(app_armor_profile, "AppArmorProfile");

static const struct field sysctl_fields[] = {
    ROW("name", T_STRING, F_REQUIRED, "Name of the setting."),
    ROW("value", T_STRING, F_REQUIRED, "Value of the setting."),
    {0},
};
SCHEMA(sysctl, "Sysctl");

static const struct field host_alias_fields[] = {
    ROW("ip", T_STRING, F_REQUIRED, "Address."),
    ROW("hostnames", T_STRING_LIST, 0, "Names of that address."),
    {0},
};
SCHEMA(host_alias, "HostAlias");

static const struct field pod_dns_config_fields[] = {
    ROW("nameservers", T_STRING_LIST, 0, "Addresses of name servers."),
    ROW("searches", T_STRING_LIST, 0, "Search domains."),
    ROW("options", T_OBJECT_LIST, 0, "Resolver options.", .of = &schema_pod_dns_config_option),
    {0},
};
SCHEMA(pod_dns_config, "PodDNSConfig");

static const struct field pod_dns_config_option_fields[] = {
    ROW("name", T_STRING, 0, "Name of the option."),
    ROW("value", T_STRING, F_PTR, "Value of the option."),
    {0},
};
SCHEMA(pod_dns_config_option, "PodDNSConfigOption");

static const struct field pod_readiness_gate_fields[] = {
    ROW("conditionType", T_STRING, F_REQUIRED, "Type of the condition."),
    {0},
};
SCHEMA(pod_readiness_gate, "PodReadinessGate");

static const struct field pod_os_fields[] = {
    ROW("name", T_STRING, F_REQUIRED, "linux or windows.", .values = ENUM("linux", "windows"),
	.go_type = "OSName"),
    {0},
};
SCHEMA(pod_os, "PodOS");

static const struct field pod_scheduling_gate_fields[] = {
    ROW("name", T_STRING, F_REQUIRED, "Name of the gate."),
    {0},
};
SCHEMA(pod_scheduling_gate, "PodSchedulingGate");

static const struct field pod_resource_claim_fields[] = {
    ROW("name", T_STRING, F_REQUIRED, "Name of the claim in the pod."),
    ROW("resourceClaimName", T_STRING, F_PTR, "Name of a ResourceClaim."),
    ROW("resourceClaimTemplateName", T_STRING, F_PTR, "Name of a ResourceClaimTemplate."),
    {0},
};
SCHEMA(pod_resource_claim, "PodResourceClaim");

static const struct field pod_scheduling_group_fields[] = {
    ROW("podGroupName", T_STRING, F_PTR, "Name of the PodGroup."),
    {0},
};
SCHEMA(pod_scheduling_group, "PodSchedulingGroup");
