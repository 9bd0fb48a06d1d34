/*
 * schema_pod: the Pod kind: spec and containers. Volumes are in schema_volumes.c, scheduling in
 * schema_sched.c, status in schema_podstatus.c.
 */
#include "schema.h"

static const struct field pod_fields[] = {
    OBJECT_ROWS("v1", "Pod"),
    ROW(2, "spec", T_OBJECT, 0, "The containers to run, and what they share.",
	.of = &schema_pod_spec),
    ROW(3, "status", T_OBJECT, 0, "What the containers do; written by the node.",
	.of = &schema_pod_status),
    {0},
};
SCHEMA(pod, "Pod",
    "One or more containers that are started together on one node and share network and volumes.");

static const struct field pod_template_spec_fields[] = {
    ROW(1, "metadata", T_OBJECT, 0, "Labels, annotations and finalizers that the pods get.",
	.of = &schema_object_meta),
    ROW(2, "spec", T_OBJECT, 0, "The containers to run, and what they share.",
	.of = &schema_pod_spec),
    {0},
};
SCHEMA(pod_template_spec, "PodTemplateSpec");

static const struct field pod_template_fields[] = {
    OBJECT_ROWS("v1", "PodTemplate"),
    ROW(2, "template", T_OBJECT, 0, "What pods made from it are like.",
	.of = &schema_pod_template_spec),
    {0},
};
SCHEMA(pod_template, "PodTemplate",
    "A pod's metadata and spec, kept for programs that make pods from it.");

static const struct field pod_spec_fields[] = {
    ROW(1, "volumes", T_OBJECT_LIST, F_RETAIN, "Files and folders that containers can mount.",
	.of = &schema_volume, .merge_key = "name"),
    ROW(20, "initContainers", T_OBJECT_LIST, 0,
	"Containers that must succeed one after the other, before the others start. One with "
	"restartPolicy Always is a sidecar: it goes on beside them.",
	.of = &schema_container, .merge_key = "name"),
    ROW(2, "containers", T_OBJECT_LIST, F_REQUIRED,
	"Containers that run side by side; at least one.", .of = &schema_container,
	.merge_key = "name"),
    ROW(34, "ephemeralContainers", T_OBJECT_LIST, F_LATER,
	"Containers that are put into a running pod to look for faults.",
	.of = &schema_ephemeral_container, .merge_key = "name"),
    ROW(3, "restartPolicy", T_STRING, 0,
	"Whether a container that ended is started again: Always, OnFailure (only when it failed) "
	"or Never. Jobs need one of the last two.",
	.values = ENUM("Always", "OnFailure", "Never"), .dflt = "\"Always\"",
	.go_type = "RestartPolicy"),
    ROW(4, "terminationGracePeriodSeconds", T_INT64, F_PTR,
	"Seconds that containers have between the signal to stop and the kill.", .dflt = "30"),
    ROW(5, "activeDeadlineSeconds", T_INT64, F_PTR,
	"Seconds after its start at which the pod is ended and has failed."),
    ROW(6, "dnsPolicy", T_STRING, 0,
	"Where names are looked up: ClusterFirst asks the cluster's server, Default the one of the "
	"node, None what dnsConfig says.",
	.values = ENUM("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
	.dflt = "\"ClusterFirst\"", .go_type = "DNSPolicy"),
    ROW(7, "nodeSelector", T_STRING_MAP, F_ATOMIC, "Labels that the node must have."),
    ROW(8, "serviceAccountName", T_STRING, F_NOOP,
	"The account under which the pod talks to the API.", .accept = "\"default\""),
    ROW(9, "serviceAccount", T_STRING, F_NOOP, "Deprecated alias of serviceAccountName.",
	.accept = "\"default\""),
    ROW(21, "automountServiceAccountToken", T_BOOL, F_PTR | F_NOOP,
	"Whether the account's token appears in the containers.", .accept = "false"),
    ROW(10, "nodeName", T_STRING, 0, "The node that runs the pod; the server sets it."),
    ROW(11, "hostNetwork", T_BOOL, 0,
	"Whether the pod uses the network of the machine instead of one of its own."),
    ROW(12, "hostPID", T_BOOL, 0, "Whether containers see all processes of the machine."),
    ROW(13, "hostIPC", T_BOOL, 0, "Whether containers share the machine's IPC."),
    ROW(27, "shareProcessNamespace", T_BOOL, F_PTR,
	"Whether the containers see and can signal each other's processes."),
    ROW(14, "securityContext", T_OBJECT, F_PTR,
	"Users, groups and restrictions of all containers; a container's own go first.",
	.of = &schema_pod_security_context, .dflt = "{}"),
    ROW(15, "imagePullSecrets", T_OBJECT_LIST, 0, "Secrets with credentials for registries.",
	.of = &schema_local_object_reference, .merge_key = "name"),
    ROW(16, "hostname", T_STRING, 0, "Host name in the containers instead of the pod's name."),
    ROW(17, "subdomain", T_STRING, 0, "Domain of the host name below that of the namespace."),
    ROW(18, "affinity", T_OBJECT, F_PTR | F_NOOP,
	"Nodes and neighbours that the pod needs, prefers or avoids.", .of = &schema_affinity),
    ROW(19, "schedulerName", T_STRING, F_LATER, "The scheduler that chooses a node.",
	.dflt = "\"default-scheduler\""),
    ROW(22, "tolerations", T_OBJECT_LIST, 0, "Taints that the pod tolerates.",
	.of = &schema_toleration),
    ROW(23, "hostAliases", T_OBJECT_LIST, 0, "Further lines of /etc/hosts.",
	.of = &schema_host_alias, .merge_key = "ip"),
    ROW(24, "priorityClassName", T_STRING, F_NOOP,
	"Name of the class that tells how important the pod is."),
    ROW(25, "priority", T_INT32, F_PTR | F_NOOP, "How important the pod is; comes from its class.",
	.accept = "0"),
    ROW(26, "dnsConfig", T_OBJECT, F_PTR,
	"Name servers, search domains and options of the resolver, added to those of dnsPolicy.",
	.of = &schema_pod_dns_config),
    ROW(28, "readinessGates", T_OBJECT_LIST, 0,
	"Conditions that must be true besides the containers' readiness before the pod is ready.",
	.of = &schema_pod_readiness_gate),
    ROW(29, "runtimeClassName", T_STRING, F_PTR | F_NOOP,
	"Name of the class of container runtime."),
    ROW(30, "enableServiceLinks", T_BOOL, F_PTR,
	"Whether services of the namespace appear as environment variables; a pod's default is "
	"true."),
    ROW(31, "preemptionPolicy", T_STRING, F_PTR | F_NOOP,
	"Whether the pod may push less important ones off a node.",
	.accept = "\"PreemptLowerPriority\"", .go_type = "PreemptionPolicy"),
    ROW(32, "overhead", T_QUANTITY_MAP, F_NOOP,
	"Resources that the pod needs besides those of its containers."),
    ROW(33, "topologySpreadConstraints", T_OBJECT_LIST, F_NOOP,
	"How like pods are spread over groups of nodes.", .of = &schema_topology_spread_constraint,
	.merge_key = "topologyKey", .merge_key2 = "whenUnsatisfiable"),
    ROW(35, "setHostnameAsFQDN", T_BOOL, F_PTR,
	"Whether the host name is the full one, with domain."),
    ROW(36, "os", T_OBJECT, F_PTR | F_LATER, "The operating system that the containers are for.",
	.of = &schema_pod_os, .accept = "{\"name\":\"linux\"}"),
    ROW(37, "hostUsers", T_BOOL, F_PTR | F_LATER,
	"False: the pod has a user namespace, in which root is nobody outside.", .accept = "true"),
    ROW(38, "schedulingGates", T_OBJECT_LIST, 0,
	"Names that must be taken away before the pod is scheduled.",
	.of = &schema_pod_scheduling_gate, .merge_key = "name"),
    ROW(39, "resourceClaims", T_OBJECT_LIST, F_LATER,
	"Devices that must be reserved before the pod starts.", .of = &schema_pod_resource_claim,
	.merge_key = "name"),
    ROW(40, "resources", T_OBJECT, F_PTR | F_LATER, "Requests and limits of the pod as a whole.",
	.of = &schema_resource_requirements, .accept = "{}"),
    ROW(41, "hostnameOverride", T_STRING, F_PTR | F_LATER,
	"Host name in the containers; goes before hostname and subdomain."),
    ROW(43, "schedulingGroup", T_OBJECT, F_PTR | F_LATER,
	"Group of pods that is scheduled together.", .of = &schema_pod_scheduling_group,
	.accept = "{}"),
    {0},
};
SCHEMA(pod_spec, "PodSpec");

static const struct field container_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED,
	"Name of the container, unique in the pod: lower case letters, digits and dashes."),
    ROW(2, "image", T_STRING, 0,
	"Image to run, such as busybox:1.36 or registry.example.org/team/tool@sha256:…."),
    ROW(3, "command", T_STRING_LIST, 0,
	"The program and its first arguments instead of the image's entry point; no shell reads "
	"them. $(NAME) stands for a variable of env."),
    ROW(4, "args", T_STRING_LIST, 0,
	"Arguments instead of the image's. $(NAME) stands for a variable of env."),
    ROW(5, "workingDir", T_STRING, 0,
	"Folder in which the program starts, instead of the image's."),
    ROW(6, "ports", T_OBJECT_LIST, 0,
	"Ports that the container listens on. They are reachable in any case; this gives them "
	"names.",
	.of = &schema_container_port, .merge_key = "containerPort", .merge_key2 = "protocol"),
    ROW(19, "envFrom", T_OBJECT_LIST, 0,
	"Config maps and secrets of which every key becomes a variable; env goes before them.",
	.of = &schema_env_from_source),
    ROW(7, "env", T_OBJECT_LIST, 0, "Environment variables; later ones may refer to earlier ones.",
	.of = &schema_env_var, .merge_key = "name"),
    ROW(8, "resources", T_OBJECT, 0,
	"What the container needs (requests) and the most that it may use (limits).",
	.of = &schema_resource_requirements, .dflt = "{}"),
    ROW(23, "resizePolicy", T_OBJECT_LIST, F_LATER, "Which resources can change without a restart.",
	.of = &schema_container_resize_policy),
    ROW(24, "restartPolicy", T_STRING, F_PTR,
	"When this container is restarted; of an init container, Always makes it a sidecar.",
	.values = ENUM("Always", "Never", "OnFailure"), .go_type = "ContainerRestartPolicy"),
    ROW(25, "restartPolicyRules", T_OBJECT_LIST, 0,
	"Exceptions from the restart policy for certain exit codes.",
	.of = &schema_container_restart_rule),
    ROW(9, "volumeMounts", T_OBJECT_LIST, 0, "Where the pod's volumes appear in the container.",
	.of = &schema_volume_mount, .merge_key = "mountPath"),
    ROW(21, "volumeDevices", T_OBJECT_LIST, F_LATER, "Where block devices appear in the container.",
	.of = &schema_volume_device, .merge_key = "devicePath"),
    ROW(10, "livenessProbe", T_OBJECT, F_PTR,
	"A check that is repeated while the container runs; when it fails, the container is "
	"restarted.",
	.of = &schema_probe),
    ROW(11, "readinessProbe", T_OBJECT, F_PTR,
	"A check that is repeated while the container runs; while it fails, the container is not "
	"ready and gets no traffic.",
	.of = &schema_probe),
    ROW(22, "startupProbe", T_OBJECT, F_PTR,
	"A check that must succeed once before the other probes begin; when it fails for good, the "
	"container is restarted.",
	.of = &schema_probe),
    ROW(12, "lifecycle", T_OBJECT, F_PTR, "What to do right after the start and before the stop.",
	.of = &schema_lifecycle, .accept = "{}"),
    ROW(13, "terminationMessagePath", T_STRING, 0,
	"File of which the content becomes the message of the container's end, up to 4 KiB.",
	.dflt = "\"/dev/termination-log\""),
    ROW(20, "terminationMessagePolicy", T_STRING, 0,
	"File: the message of the end is what that file holds. FallbackToLogsOnError: the end of "
	"the log, if the file is empty and the container failed.",
	.values = ENUM("FallbackToLogsOnError", "File"), .dflt = "\"File\"",
	.go_type = "TerminationMessagePolicy"),
    ROW(14, "imagePullPolicy", T_STRING, 0,
	"When to pull. Always: at every start. IfNotPresent: if the engine has no such image. "
	"Never. The default is Always for :latest or no tag, otherwise IfNotPresent.",
	.values = ENUM("Always", "IfNotPresent", "Never"), .go_type = "PullPolicy"),
    ROW(15, "securityContext", T_OBJECT, F_PTR,
	"User, groups, capabilities and restrictions of the container; goes before the pod's.",
	.of = &schema_security_context),
    ROW(16, "stdin", T_BOOL, 0,
	"Whether the container has an open standard input, for run -i and attach."),
    ROW(17, "stdinOnce", T_BOOL, 0, "Whether standard input ends when the first client leaves it."),
    ROW(18, "tty", T_BOOL, 0, "Whether the container has a terminal; needs stdin."),
    {0},
};
SCHEMA(container, "Container");

static const struct field ephemeral_container_fields[] = {
    ROW(IN(1, 1), "name", T_STRING, F_REQUIRED,
	"Name of the container, unique in the pod: lower case letters, digits and dashes."),
    ROW(IN(1, 2), "image", T_STRING, 0,
	"Image to run, such as busybox:1.36 or registry.example.org/team/tool@sha256:…."),
    ROW(IN(1, 3), "command", T_STRING_LIST, 0,
	"The program and its first arguments instead of the image's entry point; no shell reads "
	"them. $(NAME) stands for a variable of env."),
    ROW(IN(1, 4), "args", T_STRING_LIST, 0,
	"Arguments instead of the image's. $(NAME) stands for a variable of env."),
    ROW(IN(1, 5), "workingDir", T_STRING, 0,
	"Folder in which the program starts, instead of the image's."),
    ROW(IN(1, 6), "ports", T_OBJECT_LIST, 0,
	"Ports that the container listens on. They are reachable in any case; this gives them "
	"names.",
	.of = &schema_container_port, .merge_key = "containerPort", .merge_key2 = "protocol"),
    ROW(IN(1, 19), "envFrom", T_OBJECT_LIST, 0,
	"Config maps and secrets of which every key becomes a variable; env goes before them.",
	.of = &schema_env_from_source),
    ROW(IN(1, 7), "env", T_OBJECT_LIST, 0,
	"Environment variables; later ones may refer to earlier ones.", .of = &schema_env_var,
	.merge_key = "name"),
    ROW(IN(1, 8), "resources", T_OBJECT, F_LATER,
	"What the container needs (requests) and the most that it may use (limits).",
	.of = &schema_resource_requirements, .dflt = "{}"),
    ROW(IN(1, 23), "resizePolicy", T_OBJECT_LIST, F_LATER,
	"Which resources can change without a restart.", .of = &schema_container_resize_policy),
    ROW(IN(1, 24), "restartPolicy", T_STRING, F_PTR | F_LATER,
	"When this container is restarted; of an init container, Always makes it a sidecar.",
	.values = ENUM("Always", "Never", "OnFailure"), .go_type = "ContainerRestartPolicy"),
    ROW(IN(1, 25), "restartPolicyRules", T_OBJECT_LIST, F_LATER,
	"Exceptions from the restart policy for certain exit codes.",
	.of = &schema_container_restart_rule),
    ROW(IN(1, 9), "volumeMounts", T_OBJECT_LIST, 0,
	"Where the pod's volumes appear in the container.", .of = &schema_volume_mount,
	.merge_key = "mountPath"),
    ROW(IN(1, 21), "volumeDevices", T_OBJECT_LIST, F_LATER,
	"Where block devices appear in the container.", .of = &schema_volume_device,
	.merge_key = "devicePath"),
    ROW(IN(1, 10), "livenessProbe", T_OBJECT, F_PTR | F_LATER,
	"A check that is repeated while the container runs; when it fails, the container is "
	"restarted.",
	.of = &schema_probe),
    ROW(IN(1, 11), "readinessProbe", T_OBJECT, F_PTR | F_LATER,
	"A check that is repeated while the container runs; while it fails, the container is not "
	"ready and gets no traffic.",
	.of = &schema_probe),
    ROW(IN(1, 22), "startupProbe", T_OBJECT, F_PTR | F_LATER,
	"A check that must succeed once before the other probes begin; when it fails for good, the "
	"container is restarted.",
	.of = &schema_probe),
    ROW(IN(1, 12), "lifecycle", T_OBJECT, F_PTR | F_LATER,
	"What to do right after the start and before the stop.", .of = &schema_lifecycle,
	.accept = "{}"),
    ROW(IN(1, 13), "terminationMessagePath", T_STRING, F_LATER,
	"File of which the content becomes the message of the container's end, up to 4 KiB.",
	.dflt = "\"/dev/termination-log\""),
    ROW(IN(1, 20), "terminationMessagePolicy", T_STRING, F_LATER,
	"File: the message of the end is what that file holds. FallbackToLogsOnError: the end of "
	"the log, if the file is empty and the container failed.",
	.values = ENUM("FallbackToLogsOnError", "File"), .dflt = "\"File\"",
	.go_type = "TerminationMessagePolicy"),
    ROW(IN(1, 14), "imagePullPolicy", T_STRING, 0,
	"When to pull. Always: at every start. IfNotPresent: if the engine has no such image. "
	"Never. The default is Always for :latest or no tag, otherwise IfNotPresent.",
	.values = ENUM("Always", "IfNotPresent", "Never"), .go_type = "PullPolicy"),
    ROW(IN(1, 15), "securityContext", T_OBJECT, F_PTR | F_LATER,
	"User, groups, capabilities and restrictions of the container; goes before the pod's.",
	.of = &schema_security_context, .accept = "{}"),
    ROW(IN(1, 16), "stdin", T_BOOL, 0,
	"Whether the container has an open standard input, for run -i and attach."),
    ROW(IN(1, 17), "stdinOnce", T_BOOL, 0,
	"Whether standard input ends when the first client leaves it."),
    ROW(IN(1, 18), "tty", T_BOOL, 0, "Whether the container has a terminal; needs stdin."),
    ROW(2, "targetContainerName", T_STRING, 0, "The container whose processes this one sees."),
    {0},
};
SCHEMA(ephemeral_container, "EphemeralContainer");

static const struct field container_port_fields[] = {
    ROW(1, "name", T_STRING, 0,
	"Name of the port, for probes and services; at most 15 characters."),
    ROW(2, "hostPort", T_INT32, 0, "Port of the machine that leads to this one."),
    ROW(3, "containerPort", T_INT32, F_REQUIRED, "Port in the container, 1 to 65535."),
    ROW(4, "protocol", T_STRING, 0, "Protocol of the port.", .values = ENUM("SCTP", "TCP", "UDP"),
	.dflt = "\"TCP\"", .go_type = "Protocol"),
    ROW(5, "hostIP", T_STRING, 0, "Address of the machine that hostPort is bound to."),
    {0},
};
SCHEMA(container_port, "ContainerPort");

static const struct field env_var_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the variable."),
    ROW(2, "value", T_STRING, 0,
	"The value. $(NAME) stands for an earlier variable, $$(NAME) for that text itself."),
    ROW(3, "valueFrom", T_OBJECT, F_PTR,
	"Where the value comes from: a field of the pod, a resource, a config map or a secret.",
	.of = &schema_env_var_source),
    {0},
};
SCHEMA(env_var, "EnvVar");

static const struct field env_var_source_fields[] = {
    ROW(1, "fieldRef", T_OBJECT, F_PTR,
	"A field of the pod, such as metadata.name or status.podIP.",
	.of = &schema_object_field_selector),
    ROW(2, "resourceFieldRef", T_OBJECT, F_PTR,
	"A request or limit of a container, such as limits.memory.",
	.of = &schema_resource_field_selector),
    ROW(3, "configMapKeyRef", T_OBJECT, F_PTR, "One key of a config map.",
	.of = &schema_config_map_key_selector),
    ROW(4, "secretKeyRef", T_OBJECT, F_PTR, "One key of a secret.",
	.of = &schema_secret_key_selector),
    ROW(5, "fileKeyRef", T_OBJECT, F_PTR | F_LATER, "One key of a file with variables in a volume.",
	.of = &schema_file_key_selector),
    {0},
};
SCHEMA(env_var_source, "EnvVarSource");

static const struct field object_field_selector_fields[] = {
    ROW(1, "apiVersion", T_STRING, 0, "API version that the path is meant in.", .dflt = "\"v1\""),
    ROW(2, "fieldPath", T_STRING, F_REQUIRED,
	"The field, such as metadata.name, metadata.labels['x'] or status.podIP."),
    {0},
};
SCHEMA(object_field_selector, "ObjectFieldSelector", .atomic = true);

static const struct field resource_field_selector_fields[] = {
    ROW(1, "containerName", T_STRING, 0, "The container; absent in env: this one."),
    ROW(2, "resource", T_STRING, F_REQUIRED,
	"The resource, such as limits.cpu or requests.memory."),
    ROW(3, "divisor", T_QUANTITY, 0, "The unit of the value, such as 1m or 1Mi; absent: 1."),
    {0},
};
SCHEMA(resource_field_selector, "ResourceFieldSelector", .atomic = true);

static const struct field config_map_key_selector_fields[] = {
    ROW(IN(1, 1), "name", T_STRING, 0, "Name of the config map."),
    ROW(2, "key", T_STRING, F_REQUIRED, "The key whose value is taken."),
    ROW(3, "optional", T_BOOL, F_PTR,
	"True: the container starts also where the object or its key is missing."),
    {0},
};
SCHEMA(config_map_key_selector, "ConfigMapKeySelector", .atomic = true);

static const struct field secret_key_selector_fields[] = {
    ROW(IN(1, 1), "name", T_STRING, 0, "Name of the secret."),
    ROW(2, "key", T_STRING, F_REQUIRED, "The key whose value is taken."),
    ROW(3, "optional", T_BOOL, F_PTR,
	"True: the container starts also where the object or its key is missing."),
    {0},
};
SCHEMA(secret_key_selector, "SecretKeySelector", .atomic = true);

static const struct field file_key_selector_fields[] = {
    ROW(1, "volumeName", T_STRING, F_REQUIRED, "Volume that holds the file."),
    ROW(2, "path", T_STRING, F_REQUIRED, "Path in the volume."),
    ROW(3, "key", T_STRING, F_REQUIRED, "The variable's name in the file."),
    ROW(4, "optional", T_BOOL, F_PTR,
	"True: the container starts also where the file or the key is missing."),
    {0},
};
SCHEMA(file_key_selector, "FileKeySelector", .atomic = true);

static const struct field env_from_source_fields[] = {
    ROW(1, "prefix", T_STRING, 0, "Text that is put in front of every name."),
    ROW(2, "configMapRef", T_OBJECT, F_PTR, "The config map.", .of = &schema_config_map_env_source),
    ROW(3, "secretRef", T_OBJECT, F_PTR, "The secret.", .of = &schema_secret_env_source),
    {0},
};
SCHEMA(env_from_source, "EnvFromSource");

static const struct field config_map_env_source_fields[] = {
    ROW(IN(1, 1), "name", T_STRING, 0, "Name of the config map."),
    ROW(2, "optional", T_BOOL, F_PTR,
	"True: the container starts also where the object is missing."),
    {0},
};
SCHEMA(config_map_env_source, "ConfigMapEnvSource");

static const struct field secret_env_source_fields[] = {
    ROW(IN(1, 1), "name", T_STRING, 0, "Name of the secret."),
    ROW(2, "optional", T_BOOL, F_PTR,
	"True: the container starts also where the object is missing."),
    {0},
};
SCHEMA(secret_env_source, "SecretEnvSource");

static const struct field container_resize_policy_fields[] = {
    ROW(1, "resourceName", T_STRING, F_REQUIRED, "The resource: cpu or memory."),
    ROW(2, "restartPolicy", T_STRING, F_REQUIRED,
	"NotRequired: it changes while the container runs. RestartContainer: the container is "
	"restarted.",
	.values = ENUM("NotRequired", "RestartContainer"),
	.go_type = "ResourceResizeRestartPolicy"),
    {0},
};
SCHEMA(container_resize_policy, "ContainerResizePolicy");

static const struct field container_restart_rule_fields[] = {
    ROW(1, "action", T_STRING, F_REQUIRED,
	"What happens on a match: Restart this container, or all of the pod.",
	.values = ENUM("Restart", "RestartAllContainers"), .go_type = "ContainerRestartRuleAction"),
    ROW(2, "exitCodes", T_OBJECT, F_PTR, "Exit codes that match.",
	.of = &schema_container_restart_rule_on_exit_codes),
    {0},
};
SCHEMA(container_restart_rule, "ContainerRestartRule");

static const struct field container_restart_rule_on_exit_codes_fields[] = {
    ROW(1, "operator", T_STRING, F_REQUIRED,
	"In: the exit code is one of the values. NotIn: it is none of them.",
	.values = ENUM("In", "NotIn"), .go_type = "ContainerRestartRuleOnExitCodesOperator"),
    ROW(2, "values", T_INT32_LIST, F_SET, "Exit codes, at most 255 of them."),
    {0},
};
SCHEMA(container_restart_rule_on_exit_codes, "ContainerRestartRuleOnExitCodes");

static const struct field probe_fields[] = {
    ROW(IN(1, 1), "exec", T_OBJECT, F_PTR,
	"Runs a command in the container; exit code 0 is success.", .of = &schema_exec_action),
    ROW(IN(1, 2), "httpGet", T_OBJECT, F_PTR,
	"Asks an HTTP server; a status from 200 to 399 is success.", .of = &schema_http_get_action),
    ROW(IN(1, 3), "tcpSocket", T_OBJECT, F_PTR, "Opens a TCP connection; an open port is success.",
	.of = &schema_tcp_socket_action),
    ROW(IN(1, 4), "grpc", T_OBJECT, F_PTR, "Asks a gRPC health service; SERVING is success.",
	.of = &schema_grpc_action),
    ROW(2, "initialDelaySeconds", T_INT32, 0,
	"Seconds from the container's start to the first probe."),
    ROW(3, "timeoutSeconds", T_INT32, 0, "Seconds within which an answer must come.", .dflt = "1"),
    ROW(4, "periodSeconds", T_INT32, 0, "Seconds from one probe to the next.", .dflt = "10"),
    ROW(5, "successThreshold", T_INT32, 0,
	"Successes in a row after which it counts as succeeded again; 1 for liveness and startup.",
	.dflt = "1"),
    ROW(6, "failureThreshold", T_INT32, 0, "Failures in a row after which it counts as failed.",
	.dflt = "3"),
    ROW(7, "terminationGracePeriodSeconds", T_INT64, F_PTR,
	"Grace period of the restart after a failed probe, instead of the pod's."),
    {0},
};
SCHEMA(probe, "Probe");

static const struct field exec_action_fields[] = {
    ROW(1, "command", T_STRING_LIST, 0, "The program and its arguments; no shell reads them."),
    {0},
};
SCHEMA(exec_action, "ExecAction");

static const struct field http_get_action_fields[] = {
    ROW(1, "path", T_STRING, 0, "Path of the request.", .dflt = "\"/\""),
    ROW(2, "port", T_INT_OR_STRING, F_REQUIRED, "Number or name of the port."),
    ROW(3, "host", T_STRING, 0, "Host to ask instead of the pod's own address."),
    ROW(4, "scheme", T_STRING, 0, "HTTP, or HTTPS without a check of the certificate.",
	.values = ENUM("HTTP", "HTTPS"), .dflt = "\"HTTP\"", .go_type = "URIScheme"),
    ROW(5, "httpHeaders", T_OBJECT_LIST, 0, "Headers of the request.", .of = &schema_http_header),
    {0},
};
SCHEMA(http_get_action, "HTTPGetAction");

static const struct field http_header_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the header."),
    ROW(2, "value", T_STRING, F_REQUIRED, "Value of the header."),
    {0},
};
SCHEMA(http_header, "HTTPHeader");

static const struct field tcp_socket_action_fields[] = {
    ROW(1, "port", T_INT_OR_STRING, F_REQUIRED, "Number or name of the port."),
    ROW(2, "host", T_STRING, 0, "Host to connect to instead of the pod's own address."),
    {0},
};
SCHEMA(tcp_socket_action, "TCPSocketAction");

static const struct field grpc_action_fields[] = {
    ROW(1, "port", T_INT32, F_REQUIRED, "Number of the port."),
    ROW(2, "service", T_STRING, F_PTR, "Service to ask for.", .dflt = "\"\""),
    {0},
};
SCHEMA(grpc_action, "GRPCAction");

static const struct field lifecycle_fields[] = {
    ROW(1, "postStart", T_OBJECT, F_PTR,
	"What runs right after the container's start; a failure ends the container.",
	.of = &schema_lifecycle_handler),
    ROW(2, "preStop", T_OBJECT, F_PTR,
	"What runs before the container gets the signal to stop, within the grace period.",
	.of = &schema_lifecycle_handler),
    ROW(3, "stopSignal", T_STRING, F_PTR,
	"Signal that asks the container to stop, such as SIGINT, instead of the image's.",
	.go_type = "Signal"),
    {0},
};
SCHEMA(lifecycle, "Lifecycle");

static const struct field lifecycle_handler_fields[] = {
    ROW(1, "exec", T_OBJECT, F_PTR, "Runs a command in the container.", .of = &schema_exec_action),
    ROW(2, "httpGet", T_OBJECT, F_PTR, "Sends an HTTP request.", .of = &schema_http_get_action),
    ROW(3, "tcpSocket", T_OBJECT, F_PTR, "Works nowhere; kept for old manifests.",
	.of = &schema_tcp_socket_action),
    ROW(4, "sleep", T_OBJECT, F_PTR, "Waits for some seconds.", .of = &schema_sleep_action),
    {0},
};
SCHEMA(lifecycle_handler, "LifecycleHandler");

static const struct field sleep_action_fields[] = {
    ROW(1, "seconds", T_INT64, F_REQUIRED, "Seconds to wait."),
    {0},
};
SCHEMA(sleep_action, "SleepAction");

static const struct field pod_security_context_fields[] = {
    ROW(1, "seLinuxOptions", T_OBJECT, F_PTR, "SELinux context of the containers.",
	.of = &schema_se_linux_options),
    ROW(8, "windowsOptions", T_OBJECT, F_PTR | F_LATER, "Settings for Windows.",
	.of = &schema_windows_security_context_options),
    ROW(2, "runAsUser", T_INT64, F_PTR, "User id of the processes instead of the image's."),
    ROW(6, "runAsGroup", T_INT64, F_PTR, "First group id of the processes."),
    ROW(3, "runAsNonRoot", T_BOOL, F_PTR,
	"True: a container whose user would be root does not start."),
    ROW(4, "supplementalGroups", T_INT64_LIST, 0, "Further group ids of the processes."),
    ROW(12, "supplementalGroupsPolicy", T_STRING, F_PTR | F_LATER,
	"Merge: the groups that the image gives the user count too. Strict: only those named here.",
	.values = ENUM("Merge", "Strict"), .accept = "\"Merge\"",
	.go_type = "SupplementalGroupsPolicy"),
    ROW(5, "fsGroup", T_INT64, F_PTR, "Group id that volumes' files get, and that processes have."),
    ROW(7, "sysctls", T_OBJECT_LIST, 0, "Kernel settings of the pod's namespaces.",
	.of = &schema_sysctl),
    ROW(9, "fsGroupChangePolicy", T_STRING, F_PTR,
	"Always: volumes get fsGroup at every mount. OnRootMismatch: only where their top folder "
	"lacks it.",
	.values = ENUM("Always", "OnRootMismatch"), .go_type = "PodFSGroupChangePolicy"),
    ROW(10, "seccompProfile", T_OBJECT, F_PTR, "Which system calls the containers may make.",
	.of = &schema_seccomp_profile),
    ROW(11, "appArmorProfile", T_OBJECT, F_PTR, "AppArmor profile of the containers.",
	.of = &schema_app_armor_profile),
    ROW(13, "seLinuxChangePolicy", T_STRING, F_PTR | F_NOOP,
	"How volumes get the SELinux label: file by file, or by a mount option.",
	.values = ENUM("MountOption", "Recursive"), .go_type = "PodSELinuxChangePolicy"),
    {0},
};
SCHEMA(pod_security_context, "PodSecurityContext");

static const struct field security_context_fields[] = {
    ROW(1, "capabilities", T_OBJECT, F_PTR,
	"Capabilities that the container has more or less than usual.", .of = &schema_capabilities),
    ROW(2, "privileged", T_BOOL, F_PTR,
	"Whether the container may do on the machine what root may."),
    ROW(3, "seLinuxOptions", T_OBJECT, F_PTR, "SELinux context of the container.",
	.of = &schema_se_linux_options),
    ROW(10, "windowsOptions", T_OBJECT, F_PTR | F_LATER, "Settings for Windows.",
	.of = &schema_windows_security_context_options),
    ROW(4, "runAsUser", T_INT64, F_PTR, "User id of the processes instead of the image's."),
    ROW(8, "runAsGroup", T_INT64, F_PTR, "First group id of the processes."),
    ROW(5, "runAsNonRoot", T_BOOL, F_PTR,
	"True: a container whose user would be root does not start."),
    ROW(6, "readOnlyRootFilesystem", T_BOOL, F_PTR, "Whether the image's files cannot be changed."),
    ROW(7, "allowPrivilegeEscalation", T_BOOL, F_PTR,
	"Whether a process can have more rights than its parent, by set-uid programs say."),
    ROW(9, "procMount", T_STRING, F_PTR,
	"Default: parts of /proc are hidden or read-only. Unmasked: none is.",
	.values = ENUM("Default", "Unmasked"), .go_type = "ProcMountType"),
    ROW(11, "seccompProfile", T_OBJECT, F_PTR, "Which system calls the containers may make.",
	.of = &schema_seccomp_profile),
    ROW(12, "appArmorProfile", T_OBJECT, F_PTR, "AppArmor profile of the container.",
	.of = &schema_app_armor_profile),
    {0},
};
SCHEMA(security_context, "SecurityContext");

static const struct field capabilities_fields[] = {
    ROW(1, "add", T_STRING_LIST, 0, "Capabilities to add, such as NET_ADMIN; ALL for every one."),
    ROW(2, "drop", T_STRING_LIST, 0, "Capabilities to take away; ALL for every one."),
    {0},
};
SCHEMA(capabilities, "Capabilities");

static const struct field se_linux_options_fields[] = {
    ROW(1, "user", T_STRING, 0, "User part of the SELinux label."),
    ROW(2, "role", T_STRING, 0, "Role part of the SELinux label."),
    ROW(3, "type", T_STRING, 0, "Type part of the SELinux label."),
    ROW(4, "level", T_STRING, 0, "Level part of the SELinux label."),
    {0},
};
SCHEMA(se_linux_options, "SELinuxOptions");

static const struct field windows_security_context_options_fields[] = {
    ROW(1, "gmsaCredentialSpecName", T_STRING, F_PTR, "Name of the credential spec."),
    ROW(2, "gmsaCredentialSpec", T_STRING, F_PTR, "The credential spec."),
    ROW(3, "runAsUserName", T_STRING, F_PTR, "User name of the process."),
    ROW(4, "hostProcess", T_BOOL, F_PTR, "Whether it is a host process container."),
    {0},
};
SCHEMA(windows_security_context_options, "WindowsSecurityContextOptions");

static const struct field seccomp_profile_fields[] = {
    ROW(1, "type", T_STRING, F_REQUIRED,
	"RuntimeDefault: that of the container engine. Localhost: localhostProfile. Unconfined: "
	"none.",
	.values = ENUM("Localhost", "RuntimeDefault", "Unconfined"),
	.go_type = "SeccompProfileType"),
    ROW(2, "localhostProfile", T_STRING, F_PTR,
	"File of the profile on the node; with type Localhost."),
    {0},
};
SCHEMA(seccomp_profile, "SeccompProfile");

static const struct field app_armor_profile_fields[] = {
    ROW(1, "type", T_STRING, F_REQUIRED,
	"RuntimeDefault: that of the container engine. Localhost: localhostProfile. Unconfined: "
	"none.",
	.values = ENUM("Localhost", "RuntimeDefault", "Unconfined"),
	.go_type = "AppArmorProfileType"),
    ROW(2, "localhostProfile", T_STRING, F_PTR,
	"Name of a profile that is loaded on the node; with type Localhost."),
    {0},
};
SCHEMA(app_armor_profile, "AppArmorProfile");

static const struct field sysctl_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the setting, such as net.core.somaxconn."),
    ROW(2, "value", T_STRING, F_REQUIRED, "The value."),
    {0},
};
SCHEMA(sysctl, "Sysctl");

static const struct field host_alias_fields[] = {
    ROW(1, "ip", T_STRING, F_REQUIRED, "The address at the beginning of the line."),
    ROW(2, "hostnames", T_STRING_LIST, 0, "The names that stand for it."),
    {0},
};
SCHEMA(host_alias, "HostAlias");

static const struct field pod_dns_config_fields[] = {
    ROW(1, "nameservers", T_STRING_LIST, 0, "Addresses of further name servers."),
    ROW(2, "searches", T_STRING_LIST, 0, "Domains in which short names are looked up."),
    ROW(3, "options", T_OBJECT_LIST, 0, "Options of the resolver, such as ndots.",
	.of = &schema_pod_dns_config_option),
    {0},
};
SCHEMA(pod_dns_config, "PodDNSConfig");

static const struct field pod_dns_config_option_fields[] = {
    ROW(1, "name", T_STRING, 0, "Name of the option, such as ndots."),
    ROW(2, "value", T_STRING, F_PTR, "Value of the option."),
    {0},
};
SCHEMA(pod_dns_config_option, "PodDNSConfigOption");

static const struct field pod_readiness_gate_fields[] = {
    ROW(1, "conditionType", T_STRING, F_REQUIRED, "Type of the condition in the pod's status."),
    {0},
};
SCHEMA(pod_readiness_gate, "PodReadinessGate");

static const struct field pod_os_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "linux or windows.", .values = ENUM("linux", "windows"),
	.go_type = "OSName"),
    {0},
};
SCHEMA(pod_os, "PodOS");

static const struct field pod_scheduling_gate_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the gate."),
    {0},
};
SCHEMA(pod_scheduling_gate, "PodSchedulingGate");

static const struct field pod_resource_claim_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the claim in the pod."),
    ROW(3, "resourceClaimName", T_STRING, F_PTR, "Name of a ResourceClaim."),
    ROW(4, "resourceClaimTemplateName", T_STRING, F_PTR, "Name of a ResourceClaimTemplate."),
    {0},
};
SCHEMA(pod_resource_claim, "PodResourceClaim");

static const struct field pod_scheduling_group_fields[] = {
    ROW(1, "podGroupName", T_STRING, F_PTR, "Name of the PodGroup."),
    {0},
};
SCHEMA(pod_scheduling_group, "PodSchedulingGroup");
