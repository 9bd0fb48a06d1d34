/* schema_podstatus: the status of a Pod. */
#include "schema.h"

static const struct field pod_status_fields[] = {
    ROW(17, "observedGeneration", T_INT64, 0, "Generation that this status is about."),
    ROW(1, "phase", T_STRING, 0,
	"Pending: not all has started. Running. Succeeded: all containers ended well. Failed: all "
	"ended, one of them badly. Unknown."),
    ROW(2, "conditions", T_OBJECT_LIST, 0,
	"Stages that are reached, such as PodScheduled, Initialized, ContainersReady, Ready, "
	"DisruptionTarget.",
	.of = &schema_pod_condition, .merge_key = "type"),
    ROW(3, "message", T_STRING, 0, "Why the pod is in this state, for people."),
    ROW(4, "reason", T_STRING, 0,
	"Why the pod is in this state, in one word, such as DeadlineExceeded."),
    ROW(11, "nominatedNodeName", T_STRING, 0, "Node that is being made free for the pod."),
    ROW(5, "hostIP", T_STRING, 0, "Address of the node."),
    ROW(16, "hostIPs", T_OBJECT_LIST, F_ATOMIC, "Addresses of the node.", .of = &schema_host_ip,
	.merge_key = "ip"),
    ROW(6, "podIP", T_STRING, 0, "Address of the pod."),
    ROW(12, "podIPs", T_OBJECT_LIST, 0, "Addresses of the pod.", .of = &schema_pod_ip,
	.merge_key = "ip"),
    ROW(7, "startTime", T_TIME, F_PTR, "When the node took the pod over."),
    ROW(10, "initContainerStatuses", T_OBJECT_LIST, 0, "How the init containers are.",
	.of = &schema_container_status),
    ROW(8, "containerStatuses", T_OBJECT_LIST, 0, "How the containers are.",
	.of = &schema_container_status),
    ROW(9, "qosClass", T_STRING, 0, "BestEffort, Burstable or Guaranteed."),
    ROW(13, "ephemeralContainerStatuses", T_OBJECT_LIST, 0, "How the ephemeral containers are.",
	.of = &schema_container_status),
    ROW(14, "resize", T_STRING, 0, "Deprecated."),
    ROW(15, "resourceClaimStatuses", T_OBJECT_LIST, 0,
	"The claims that were made for the pod's resourceClaims.",
	.of = &schema_pod_resource_claim_status, .merge_key = "name"),
    ROW(18, "extendedResourceClaimStatus", T_OBJECT, F_PTR, "Claim behind extended resources.",
	.of = &schema_pod_extended_resource_claim_status),
    ROW(19, "allocatedResources", T_QUANTITY_MAP, 0, "Resources that are set aside for the pod."),
    ROW(20, "resources", T_OBJECT, F_PTR, "Resources that are in force.",
	.of = &schema_resource_requirements),
    ROW(21, "nodeAllocatableResourceClaimStatuses", T_OBJECT_LIST, 0,
	"Node resources that claims took.", .of = &schema_node_allocatable_resource_claim_status),
    {0},
};
SCHEMA(pod_status, "PodStatus");

static const struct field pod_condition_fields[] = {
    ROW(1, "type", T_STRING, F_REQUIRED,
	"PodScheduled, Initialized, ContainersReady, Ready, DisruptionTarget or one of a readiness "
	"gate."),
    ROW(7, "observedGeneration", T_INT64, 0, "Generation that the condition is about."),
    ROW(2, "status", T_STRING, F_REQUIRED, "True, False or Unknown."),
    ROW(3, "lastProbeTime", T_TIME, 0, "When the condition was last checked."),
    ROW(4, "lastTransitionTime", T_TIME, 0, "When the status last changed."),
    ROW(5, "reason", T_STRING, 0, "Why, in one word."),
    ROW(6, "message", T_STRING, 0, "Why, for people."),
    {0},
};
SCHEMA(pod_condition, "PodCondition");

static const struct field host_ip_fields[] = {
    ROW(1, "ip", T_STRING, F_REQUIRED, "The address."),
    {0},
};
SCHEMA(host_ip, "HostIP");

static const struct field pod_ip_fields[] = {
    ROW(1, "ip", T_STRING, F_REQUIRED, "The address."),
    {0},
};
SCHEMA(pod_ip, "PodIP");

static const struct field container_status_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the container."),
    ROW(2, "state", T_OBJECT, 0,
	"What the container does now: one of waiting, running, terminated.",
	.of = &schema_container_state),
    ROW(3, "lastState", T_OBJECT, 0, "How it ended before its last restart.",
	.of = &schema_container_state),
    ROW(4, "ready", T_BOOL, F_REQUIRED,
	"Whether its readiness probe succeeds; without one, whether it runs."),
    ROW(5, "restartCount", T_INT32, F_REQUIRED, "How often it was started again."),
    ROW(6, "image", T_STRING, F_REQUIRED, "The image as it was asked for or resolved."),
    ROW(7, "imageID", T_STRING, F_REQUIRED, "Id or digest of the image."),
    ROW(8, "containerID", T_STRING, 0, "Engine and id, such as docker://ID."),
    ROW(9, "started", T_BOOL, F_PTR, "Whether it runs and its startup probe has succeeded."),
    ROW(10, "allocatedResources", T_QUANTITY_MAP, 0, "Resources that are set aside."),
    ROW(11, "resources", T_OBJECT, F_PTR, "Resources that are in force.",
	.of = &schema_resource_requirements),
    ROW(12, "volumeMounts", T_OBJECT_LIST, 0, "Its mounts.", .of = &schema_volume_mount_status,
	.merge_key = "mountPath"),
    ROW(13, "user", T_OBJECT, F_PTR, "User of the first process.", .of = &schema_container_user),
    ROW(14, "allocatedResourcesStatus", T_OBJECT_LIST, 0, "Health of devices.",
	.of = &schema_resource_status, .merge_key = "name"),
    ROW(15, "stopSignal", T_STRING, F_PTR, "Signal that asks the container to stop.",
	.go_type = "Signal"),
    {0},
};
SCHEMA(container_status, "ContainerStatus");

static const struct field container_state_fields[] = {
    ROW(1, "waiting", T_OBJECT, F_PTR, "It has not started yet, or waits for its next start.",
	.of = &schema_container_state_waiting),
    ROW(2, "running", T_OBJECT, F_PTR, "It runs.", .of = &schema_container_state_running),
    ROW(3, "terminated", T_OBJECT, F_PTR, "It has ended.",
	.of = &schema_container_state_terminated),
    {0},
};
SCHEMA(container_state, "ContainerState");

static const struct field container_state_waiting_fields[] = {
    ROW(1, "reason", T_STRING, 0,
	"Why, in one word, such as ContainerCreating, ImagePullBackOff or CrashLoopBackOff."),
    ROW(2, "message", T_STRING, 0, "Why, for people."),
    {0},
};
SCHEMA(container_state_waiting, "ContainerStateWaiting");

static const struct field container_state_running_fields[] = {
    ROW(1, "startedAt", T_TIME, 0, "When it started."),
    {0},
};
SCHEMA(container_state_running, "ContainerStateRunning");

static const struct field container_state_terminated_fields[] = {
    ROW(1, "exitCode", T_INT32, F_REQUIRED, "Exit code; 137 after SIGKILL."),
    ROW(2, "signal", T_INT32, 0, "Signal that ended it, where the engine tells."),
    ROW(3, "reason", T_STRING, 0, "Why, in one word: Completed, Error or OOMKilled."),
    ROW(4, "message", T_STRING, 0, "What the container left as its message of the end."),
    ROW(5, "startedAt", T_TIME, 0, "When it started."),
    ROW(6, "finishedAt", T_TIME, 0, "When it ended."),
    ROW(7, "containerID", T_STRING, 0, "Engine and id, such as docker://ID."),
    {0},
};
SCHEMA(container_state_terminated, "ContainerStateTerminated");

static const struct field volume_mount_status_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the volume."),
    ROW(2, "mountPath", T_STRING, F_REQUIRED, "Where it appears."),
    ROW(3, "readOnly", T_BOOL, 0, "Whether it is read-only."),
    ROW(4, "recursiveReadOnly", T_STRING, F_PTR, "How far read-only reaches."),
    ROW(5, "volumeStatus", T_OBJECT, F_PTR, "Status of the volume.", .of = &schema_volume_status),
    {0},
};
SCHEMA(volume_mount_status, "VolumeMountStatus");

static const struct field volume_status_fields[] = {
    ROW(1, "image", T_OBJECT, F_PTR, "Status of an image volume.",
	.of = &schema_image_volume_status),
    {0},
};
SCHEMA(volume_status, "VolumeStatus");

static const struct field image_volume_status_fields[] = {
    ROW(1, "imageRef", T_STRING, F_REQUIRED, "Digest of the image."),
    {0},
};
SCHEMA(image_volume_status, "ImageVolumeStatus");

static const struct field container_user_fields[] = {
    ROW(1, "linux", T_OBJECT, F_PTR, "User on Linux.", .of = &schema_linux_container_user),
    {0},
};
SCHEMA(container_user, "ContainerUser");

static const struct field linux_container_user_fields[] = {
    ROW(1, "uid", T_INT64, F_REQUIRED, "User id."),
    ROW(2, "gid", T_INT64, F_REQUIRED, "Group id."),
    ROW(3, "supplementalGroups", T_INT64_LIST, 0, "Further group ids."),
    {0},
};
SCHEMA(linux_container_user, "LinuxContainerUser");

static const struct field resource_status_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the resource."),
    ROW(2, "resources", T_OBJECT_LIST, 0, "Health of its devices.", .of = &schema_resource_health,
	.merge_key = "resourceID"),
    {0},
};
SCHEMA(resource_status, "ResourceStatus");

static const struct field resource_health_fields[] = {
    ROW(1, "resourceID", T_STRING, F_REQUIRED, "Id of the device."),
    ROW(2, "health", T_STRING, 0, "Healthy, Unhealthy or Unknown."),
    ROW(3, "message", T_STRING, F_PTR, "Details for people."),
    {0},
};
SCHEMA(resource_health, "ResourceHealth");

static const struct field pod_resource_claim_status_fields[] = {
    ROW(1, "name", T_STRING, F_REQUIRED, "Name of the claim in the pod."),
    ROW(2, "resourceClaimName", T_STRING, F_PTR, "Name of the ResourceClaim."),
    {0},
};
SCHEMA(pod_resource_claim_status, "PodResourceClaimStatus");

static const struct field pod_extended_resource_claim_status_fields[] = {
    ROW(1, "requestMappings", T_OBJECT_LIST, F_REQUIRED, "Which container asked for what.",
	.of = &schema_container_extended_resource_request),
    ROW(2, "resourceClaimName", T_STRING, F_REQUIRED, "Name of the ResourceClaim."),
    {0},
};
SCHEMA(pod_extended_resource_claim_status, "PodExtendedResourceClaimStatus");

static const struct field container_extended_resource_request_fields[] = {
    ROW(1, "containerName", T_STRING, F_REQUIRED, "The container."),
    ROW(2, "resourceName", T_STRING, F_REQUIRED, "The resource."),
    ROW(3, "requestName", T_STRING, F_REQUIRED, "The request in the claim."),
    {0},
};
SCHEMA(container_extended_resource_request, "ContainerExtendedResourceRequest");

static const struct field node_allocatable_resource_claim_status_fields[] = {
    ROW(1, "resourceClaimName", T_STRING, F_REQUIRED, "Name of the ResourceClaim."),
    ROW(2, "containers", T_STRING_LIST, 0, "Containers that use it."),
    ROW(3, "resources", T_QUANTITY_MAP, F_REQUIRED, "Resources that it took."),
    {0},
};
SCHEMA(node_allocatable_resource_claim_status, "NodeAllocatableResourceClaimStatus");
