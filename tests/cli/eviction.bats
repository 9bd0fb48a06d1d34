#!/usr/bin/env bats
# Evictions, and patches as kubectl sends them, through the socket.
load helper

setup_file() {
	instance_start
	job p03 "trap 'sleep 4; exit 3' TERM; sleep 100 & wait" grace=20 \
		backoffLimit=0 'podFailurePolicy={rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}]}' |
		apply
	{
		pod_of over-volume rp=Always 'volumes=[{name: v, emptyDir: {sizeLimit: 1Mi}}]'
		echo '  containers:'
		has_container c 'head -c 3000000 /dev/zero >/v/f; sleep 100' 'volumeMounts=[{name: v, mountPath: /v}]'
		pod_of over-disk
		echo '  containers:'
		has_container c 'head -c 3000000 /dev/zero >/f; sleep 100' 'resources={limits: {ephemeral-storage: 1Mi}}'
		has_container d 'sleep 100' 'resources={limits: {ephemeral-storage: 9Mi}}'
		pod_of over-all 'volumes=[{name: v, emptyDir: {}}]'
		echo '  containers:'
		has_container c 'head -c 1500000 /dev/zero >/v/f; head -c 1500000 /dev/zero >/f; sleep 100' \
			'resources={limits: {ephemeral-storage: 2Mi}}' 'volumeMounts=[{name: v, mountPath: /v}]'
		pod_of within 'volumes=[{name: v, emptyDir: {sizeLimit: 2Mi}}]'
		echo '  containers:'
		has_container c 'head -c 1000000 /dev/zero >/v/f; sleep 100' 'resources={limits: {ephemeral-storage: 2Mi}}' \
			'volumeMounts=[{name: v, mountPath: /v}]'
	} | apply
	job plain "trap 'exit 3' TERM; sleep 100 & wait" backoffLimit=0 | apply
}

teardown_file() {
	instance_stop
}

api() { # METHOD PATH CONTENT-TYPE BODY: the answer's code, its body in the file `answer`
	curl -sS -o answer -w '%{http_code}' --unix-socket "$KJOB_HOME/kjob.sock" -X "$1" -H "Content-Type: $3" \
		-d "$4" "http://localhost$2"
}

evict() { # POD [MORE]
	api POST "/api/v1/namespaces/default/pods/$1/eviction" application/json \
		"{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\",\"metadata\":{\"name\":\"$1\"}${2:-}}"
}

@test "P03 an evicted pod says why it ends, its failure is ignored, and another one takes its place" {
	local pod
	eventually 20 field_is job/p03 .status.ready 1
	pod=$(pods_of p03)
	is "$(evict "$pod")" 201
	is "$(jq -r .status answer)" Success
	eventually 5 field_is "pod/$pod" \
		'[.status.conditions[] | select(.type == "DisruptionTarget") | .status, .reason, .message] | join("|")' \
		'True|EvictionByEvictionAPI|Eviction API: evicting'
	eventually 15 gone "pod/$pod"
	eventually 25 field_is job/p03 '[.status.ready, .status.failed // "-"] | join(" ")' '1 -'
	[ "$(pods_of p03)" != "$pod" ]
	kjob delete job p03 --grace-period=1 >/dev/null
}

@test "an eviction counts as a failure where no rule ignores it" {
	eventually 20 field_is job/plain .status.ready 1
	is "$(evict "$(pods_of plain)" ',"deleteOptions":{"gracePeriodSeconds":1}')" 201
	ended plain
	is "$(summary plain)" "-/1/- $(failed_with BackoffLimitExceeded)"
}

# bats test_tags=one-engine
@test "an eviction of nothing, and one that names another pod, are refused" {
	is "$(evict nobody)" 404
	is "$(jq -r .message answer)" 'pods "nobody" not found'
	is "$(api POST /api/v1/namespaces/default/pods/a/eviction application/json '{"metadata":{"name":"b"}}')" 400
	is "$(jq -r .message answer)" 'name in URL does not match name in Eviction object'
}

# bats test_tags=one-engine
@test "a Job takes patches of each kind" {
	local path=/apis/batch/v1/namespaces/default/jobs/patched
	job patched true suspend=true | apply
	is "$(api PATCH $path application/strategic-merge-patch+json \
		'{"metadata":{"labels":{"a":"b"}},"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"c"}]}}}}')" 200
	is "$(api PATCH $path application/json-patch+json \
		'[{"op":"test","path":"/metadata/labels/a","value":"b"},{"op":"replace","path":"/spec/backoffLimit","value":2}]')" 200
	is "$(api PATCH $path application/merge-patch+json '{"spec":{"suspend":false}}')" 200
	ended patched
	is "$(get job/patched '[.metadata.labels.a, .spec.backoffLimit] | join(" ")')" 'b 2'
	is "$(api PATCH $path application/json-patch+json '[{"op":"test","path":"/spec/backoffLimit","value":9}]')" 422
	matches "$(jq -r .message answer)" 'testing value /spec/backoffLimit failed: test failed$'
	is "$(api PATCH $path application/apply-patch+cbor '{}')" 415
}

is_evicted() { # POD MESSAGE
	field_is "pod/$1" '[.status.phase, .status.reason, .status.message] | join("|")' "Failed|Evicted|$2"
}

@test "a pod that takes more of the disk than it may is evicted, in a kubelet's words" {
	eventually 25 is_evicted over-volume 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '
	eventually 15 is_evicted over-disk 'Container c exceeded its local ephemeral storage limit "1Mi". '
	eventually 15 is_evicted over-all 'Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. '
	matches "$(kjob get pod over-volume)" '^over-volume +0/1 +Error +0 '
	has "$(events_of over-volume)" 'Warning Evicted Usage of EmptyDir volume "v" exceeds the limit "1Mi". ' \
		'Normal Killing Stopping container c'
	is "$(condition_of over-disk DisruptionTarget)" "" # as on a cluster, where it is the pod's own fault
	matches "$(kjob get pod within)" '^within +1/1 +Running +0 '
	kjob delete pods --all --now >/dev/null
	eventually 20 no_containers
}

@test "requests of disk space are counted where the size of the engine's disk is known" {
	local disk
	disk=$(kjob get nodes -o 'jsonpath={.items[0].status.allocatable.ephemeral-storage}')
	matches "$disk" '^[1-9][0-9]+Ki$'
	pod huge true "resources={requests: {ephemeral-storage: ${disk%Ki}00Ki}}" | apply
	eventually 10 field_is pod/huge '.status.conditions[0].reason' Unschedulable
	has "$(get pod/huge '.status.conditions[0].message')" '0/1 nodes are available: 1 Insufficient ephemeral-storage. '
}
