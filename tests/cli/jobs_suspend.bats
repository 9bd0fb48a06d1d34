#!/usr/bin/env bats
# Jobs that are suspended and resumed, and whose pods they are: adoption, release, managedBy.
# bats file_tags=one-engine
load helper

setup_file() {
	instance_start
	{
		job u01 "$GUIDED" suspend=true
		job u03 "$GUIDED" parallelism=2 completions=3 grace=0
		job f12 'sleep 60' activeDeadlineSeconds=0
		job f14 'sleep 60' grace=0
		job j17 "$GUIDED" grace=0
		job j18 "$GUIDED" grace=0
		job j19 true managedBy=acme.io/x
	} | apply
}

teardown_file() {
	instance_stop
}

patch() { # OBJECT PATCH
	kjob patch "$1" --type=merge -p "$2" >/dev/null
}

@test "U01 a Job that is made suspended waits, without pods and startTime" {
	is "$(summary u01)" "-/-/- Suspended:JobSuspended"
	is "$(get job/u01 '.status.startTime // "none"')" none
	is "$(pod_count u01)" 0
	matches "$(kjob get job u01)" '^u01 +Suspended +0/1 +[0-9]+s$'
	has "$(events_of u01)" "Normal Suspended Job suspended"
}

@test "U05 before it starts, its pods' labels and node selector can be changed, their image cannot" {
	patch job/u01 '{"spec": {"template": {"metadata": {"labels": {"more": "yes"}}}}}'
	try kjob patch job u01 --type=merge -p '{"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x"}]}}}}'
	is $rc 1
	has "$err" "field is immutable"
}

@test "U02 a resumed Job starts anew" {
	kjob resume job/u01 >/dev/null
	eventually 20 field_is job/u01 .status.ready 1
	is "$(get job/u01 '.status.conditions | map([.type, .status, .reason, .message] | join(" ")) | tojson')" \
		'["Suspended False JobResumed Job resumed"]'
	has "$(events_of u01)" "Normal Resumed Job resumed"
	is "$(pods_field u01 .metadata.labels.more)" yes
	tell "$(pods_of u01)" USR1
	ended u01
	is "$(summary u01)" "1/-/- $COMPLETE"
	is "$(get job/u01 '[.status.conditions[].type] | tojson')" '["Suspended","SuccessCriteriaMet","Complete"]'
}

@test "U03 suspending deletes the pods, counts no failure and keeps the successes" {
	eventually 30 field_is job/u03 .status.ready 2
	tell "$(pods_of u03 | head -n 1)" USR1
	eventually 10 field_is job/u03 .status.succeeded 1
	kjob suspend job/u03 >/dev/null
	eventually 10 field_is job/u03 '.status | [.active, .terminating, .succeeded, .failed, .startTime] | tojson' \
		'[null,0,1,null,null]'
	is "$(summary u03)" "1/-/- Suspended:JobSuspended"
	eventually 10 pod_count_is u03 1
	kjob resume job/u03 >/dev/null
	eventually 20 field_is job/u03 .status.ready 2
	is "$(get job/u03 '[.status.conditions[] | .type + .status] | tojson')" '["SuspendedFalse"]'
}

@test "F12 a deadline of 0 fails the Job at once" {
	ended f12
	has "$(summary f12)" "$(failed_with DeadlineExceeded)"
	eventually 10 pod_count_is f12 0
}

@test "F14 a deadline can be given to a Job that runs" {
	eventually 20 field_is job/f14 .status.ready 1
	patch job/f14 '{"spec": {"activeDeadlineSeconds": 1}}'
	ended f14
	is "$(summary f14)" "-/1/- $(failed_with DeadlineExceeded)"
}

@test "J17 a pod that has lost its owner is adopted again" {
	local pod before
	eventually 20 field_is job/j17 .status.ready 1
	pod=$(pods_of j17)
	before=$(get "pod/$pod" '.metadata | [.uid, .ownerReferences, .finalizers] | tojson')
	patch "pod/$pod" '{"metadata": {"ownerReferences": null}}'
	eventually 5 field_is "pod/$pod" '.metadata | [.uid, .ownerReferences, .finalizers] | tojson' "$before"
	is "$(pods_of j17)" "$pod"
	tell "$pod" USR1
	ended j17
	is "$(summary j17)" "1/-/- $COMPLETE"
}

@test "J18 a pod whose labels do not match any more is let go, and another one started" {
	local pod
	eventually 20 field_is job/j18 .status.ready 1
	pod=$(pods_of j18)
	kjob label pod "$pod" --overwrite batch.kubernetes.io/controller-uid=other batch.kubernetes.io/job-name=other >/dev/null
	eventually 5 field_is "pod/$pod" '.metadata | [.ownerReferences, .finalizers] | tojson' '[null,null]'
	eventually 20 field_is job/j18 '.status | [.ready, .failed] | tojson' '[1,null]'
	is "$(get "pod/$pod" .status.phase)" Running
	lacks "$(pods_of j18)" "$pod"
}

@test "J19 a Job of another controller is left alone" {
	is "$(get job/j19 '.status | tojson')" '{}'
	is "$(pod_count j19)" 0
	is "$(events_of j19)" ""
}

@test "a Job with a selector of its own takes over the pods that match it" {
	pod lone "$GUIDED" | sed 's/^  name: lone/&\n  labels: {set: mine}/' | apply
	eventually 20 field_is pod/lone .status.phase Running
	job mine 'exit 0' manualSelector=true 'selector={matchLabels: {set: mine}}' |
		sed 's/labels: {app: x}/labels: {set: mine}/' | apply
	eventually 5 field_is pod/lone '.metadata.ownerReferences[0].name' mine
	is "$(get job/mine .status.active)" 1
	tell lone USR1
	ended mine
	is "$(summary mine)" "1/-/- $COMPLETE"
	is "$(kjob get pods -l set=mine -o name)" pod/lone
}

@test "suspended and released pods leave no container when they are deleted" {
	kjob delete jobs --all >/dev/null
	kjob delete pods --all --force --grace-period=0 >/dev/null 2>&1
	eventually 20 no_containers
}
