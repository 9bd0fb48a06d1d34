#!/usr/bin/env bats
# Counting, defaults and parallelism of Jobs.
load helper

setup_file() {
	instance_start
	{
		job j01 'exit 0'
		job j03 'sleep 0.3' parallelism=2 completions=4
		job j04 'sleep 2' parallelism=5 completions=3
		job j06 "$GUIDED" parallelism=2
		job j07 'exit 0' completions=0
		job j08 'exit 0' parallelism=0 completions=1
		job j09 'sleep 60' parallelism=4 completions=4 grace=0
		job j10 'sleep 60' parallelism=1 completions=4 grace=0
		job j16a 'exit 0' label=same
		job j16b 'exit 0; exit 0' completions=2 label=same
	} | apply
}

teardown_file() {
	instance_stop
}

is_summary() { # JOB WANTED
	is "$(summary "$1")" "$2"
}

no_pods() {
	is "$(kjob get pods -o name 2>/dev/null)" ""
}

patch() { # NAME SCRIPT KEY=VALUE...: the manifest with other numbers
	job "$@" | apply
}

@test "J01 a Job whose pod succeeds completes with one success" {
	ended j01
	is "$(summary j01)" "1/-/- $COMPLETE"
	is "$(get job/j01 '.status | [.ready, .terminating, .uncountedTerminatedPods] | tojson')" '[0,0,{}]'
	is "$(get job/j01 .status.completionTime)" \
		"$(get job/j01 '.status.conditions[] | select(.type == "Complete") | .lastTransitionTime')"
	has "$(events_of j01)" "Normal SuccessfulCreate Created pod: $(pods_of j01)" "Normal Completed Job completed"
}

# bats test_tags=one-engine
@test "J02 a Job is stored with Kubernetes' defaults" {
	local uid
	uid=$(get job/j01 .metadata.uid)
	is "$(get job/j01 '.spec | [.completions, .parallelism, .backoffLimit, .completionMode, .suspend,
		.podReplacementPolicy, .manualSelector] | tojson')" '[1,1,6,"NonIndexed",false,"TerminatingOrFailed",false]'
	is "$(get job/j01 '.spec.selector | tojson')" "{\"matchLabels\":{\"batch.kubernetes.io/controller-uid\":\"$uid\"}}"
	is "$(get job/j01 '.spec.template.metadata.labels | keys | tojson')" \
		'["app","batch.kubernetes.io/controller-uid","batch.kubernetes.io/job-name","controller-uid","job-name"]'
	is "$(get job/j01 '.metadata.labels | tojson')" '{"app":"x"}'
	kjob create job j02 "--image=$IMAGE" -- true >/dev/null
	is "$(get job/j02 '.metadata.labels | keys | length')" 4
	is "$(get job/j02 '.metadata.labels == .spec.template.metadata.labels')" true
}

@test "J03 never more pods run at once than parallelism says" {
	ended j03
	is "$(summary j03)" "4/-/- $COMPLETE"
	between 1 "$(overlap j03)" 2
}

@test "J04 parallelism above completions makes no surplus pods" {
	ended j04
	is "$(summary j04)" "3/-/- $COMPLETE"
	is "$(pod_count j04)" 3
	made_together j04
}

@test "J05 without completions all pods of a work queue run to their end" {
	job j05 'sleep 2' parallelism=3 | apply
	eventually 10 shows '^j05 +Running +0/1 of 3 ' get job j05
	ended j05
	matches "$(kjob get job j05)" '^j05 +Complete +3/1 of 3 '
	is "$(summary j05)" "3/-/- $COMPLETE"
	is "$(pod_count j05)" 3
}

@test "J06 after the first success of a work queue no pod is added and the others finish" {
	local pods
	eventually 20 field_is job/j06 .status.ready 2
	mapfile -t pods < <(pods_of j06)
	tell "${pods[0]}" USR1
	eventually 10 is_summary j06 "1/-/1"
	is "$(pod_count j06)" 2
	tell "${pods[1]}" USR1
	ended j06
	is "$(summary j06)" "2/-/- $COMPLETE"
	is "$(pod_count j06)" 2
}

# bats test_tags=one-engine
@test "J07 a Job of no completions is complete at once, without a pod" {
	ended j07
	is "$(summary j07)" "-/-/- $COMPLETE"
	is "$(pod_count j07)" 0
	lacks "$(events_of j07)" SuccessfulCreate
}

# bats test_tags=one-engine
@test "J08 a Job of parallelism 0 waits until it is raised" {
	matches "$(kjob get job j08)" '^j08 +Running +0/1 '
	is "$(pod_count j08)" 0
	patch j08 'exit 0' parallelism=1 completions=1
	ended j08
	is "$(summary j08)" "1/-/- $COMPLETE"
}

@test "J09 lowering parallelism deletes the surplus pods and counts no failure" {
	eventually 20 field_is job/j09 .status.ready 4
	patch j09 'sleep 60' parallelism=2 completions=4 grace=0
	eventually 10 pod_count_is j09 2
	is "$(summary j09)" "-/-/2"
	is "$(events_of j09 | grep -c '^Normal SuccessfulDelete Deleted pod: j09-')" 2
	kjob delete job j09 >/dev/null
}

@test "J10 raising parallelism adds pods at once" {
	eventually 10 field_is job/j10 .status.active 1
	patch j10 'sleep 60' parallelism=2 completions=4 grace=0
	eventually 4 field_is job/j10 .status.active 2
	kjob delete job j10 >/dev/null
}

@test "J11 a pod belongs to its Job, is named after it and is held until it was counted" {
	local pod
	pod=$(pods_of j01)
	matches "$pod" '^j01-[bcdfghjklmnpqrstvwxz2456789]{5}$'
	is "$(get "pod/$pod" '.metadata.ownerReferences | tojson')" "$(get job/j01 '[{apiVersion: "batch/v1",
		blockOwnerDeletion: true, controller: true, kind: "Job", name: "j01", uid: .metadata.uid}] | tojson')"
	is "$(get "pod/$pod" '.metadata.finalizers // "none"')" none
	job j11 'sleep 60' grace=0 | apply
	eventually 5 pod_count_is j11 1
	is "$(get "pod/$(pods_of j11)" '.metadata.finalizers | tojson')" '["batch.kubernetes.io/job-tracking"]'
	kjob delete job j11 >/dev/null
}

@test "J14 deleting a finished pod of a complete Job changes nothing" {
	local before
	ended j03
	before=$(get job/j03 '.status | tojson')
	kjob delete pod "$(pods_of j03 | head -n 1)" >/dev/null
	is "$(pod_count j03)" 3
	kjob get jobs >/dev/null
	is "$(get job/j03 '.status | tojson')" "$before"
	is "$(pod_count j03)" 3
}

@test "J16 two Jobs with equal pods count only their own" {
	ended j16a
	ended j16b
	is "$(summary j16a) $(pod_count j16a)" "1/-/- $COMPLETE 1"
	is "$(summary j16b) $(pod_count j16b)" "2/-/- $COMPLETE 2"
}

@test "J20 forty Jobs at once all complete with one pod each" {
	local i
	for i in $(seq 40); do
		job "j20-$i" true label=j20
	done | apply
	for i in $(seq 40); do
		ended "j20-$i"
		is "$(summary "j20-$i")" "1/-/- $COMPLETE"
	done
	is "$(kjob get pods -l app=j20 -o json | jq '.items | length')" 40
	is "$(kjob get pods -l app=j20 -o json | jq '[.items[].metadata.ownerReferences[0].name] | unique | length')" 40
}

@test "deleting all Jobs leaves neither pods nor containers" {
	kjob delete jobs --all >/dev/null
	eventually 20 no_pods
	eventually 20 no_containers
}
