#!/usr/bin/env bats
# Failing Jobs: back-off, limits and deadlines. All of them start together, so that their pauses pass at the same time.
load helper

setup_file() {
	instance_start
	{
		job f01 'exit 1' backoffLimit=0
		job f02 'exit 1' backoffLimit=1
		job f07 'exit 1' backoffLimit=2 rp=OnFailure
		job f08 'exit 1' backoffLimit=0 rp=OnFailure
		job f10 'sleep 100' activeDeadlineSeconds=1 grace=1
		job f13 'exec sleep 100' activeDeadlineSeconds=6 grace=5
		job f16 true backoffLimit=0 activeDeadlineSeconds=20 image=localhost/kjob-test-absent:1
		job f18 "$GUIDED" backoffLimit=0 parallelism=2 completions=2 grace=0
		job f19 "trap 'sleep 1; exit 0' TERM; $GUIDED" backoffLimit=0 parallelism=2 completions=2 grace=20
		job j15 "trap 'sleep 4; exit 0' TERM; $GUIDED" grace=20
	} | apply
	timeout 60 "$KJOB_BIN" get job f13 -w -o json >"$WORK/f13" 2>&1 3>&- &
}

teardown_file() {
	instance_stop
}

at() { # TIME: in seconds
	date -d "$1" +%s
}

condition_at() { # JOB TYPE
	at "$(get "job/$1" ".status.conditions[] | select(.type == \"$2\") | .lastTransitionTime")"
}

@test "F16 a Job whose image does not exist stays pending" {
	eventually 10 shows 'ErrImagePull|ImagePullBackOff' get pods -l batch.kubernetes.io/job-name=f16
	matches "$(kjob get job f16)" '^f16 +Running +0/1 '
}

@test "J15 a running pod that is deleted counts as failed before it is gone and is replaced after the back-off" {
	local pod
	eventually 20 field_is job/j15 .status.ready 1
	pod=$(pods_of j15)
	date +%s >"$WORK/j15"
	kjob delete pod "$pod" --wait=false >/dev/null
	eventually 5 field_is job/j15 .status.failed 1
	kjob get pod "$pod" >/dev/null
	eventually 10 gone "pod/$pod"
	is "$(pod_count j15)" 0
}

@test "F13 a Job past its deadline is failed only when its last container has stopped" {
	ended f13
	matches "$(jq -r '.status | .terminating, .conditions[]?.type | tostring' "$WORK/f13" | xargs)" \
		'1 FailureTarget 0 FailureTarget Failed'
	is "$(summary f13)" "-/1/- $(failed_with DeadlineExceeded)"
	between 4 $(($(condition_at f13 Failed) - $(condition_at f13 FailureTarget))) 30
	between 6 $(($(condition_at f13 FailureTarget) - $(at "$(get job/f13 .status.startTime)"))) 30
}

@test "F01 one failure ends a Job of backoffLimit 0" {
	ended f01
	is "$(summary f01)" "-/1/- $(failed_with BackoffLimitExceeded)"
	is "$(get job/f01 '.status.completionTime // "none"')" none
	is "$(pods_field f01 .status.phase)" Failed
	has "$(events_of f01)" "Warning BackoffLimitExceeded Job has reached the specified backoff limit"
}

@test "F08 with OnFailure and backoffLimit 0 the first restart fails the Job" {
	ended f08
	is "$(summary f08)" "-/1/- $(failed_with BackoffLimitExceeded)"
	eventually 5 pod_count_is f08 0
}

@test "F10 a Job past its deadline fails and its pod is deleted" {
	ended f10
	is "$(summary f10)" "-/1/- $(failed_with DeadlineExceeded)"
	is "$(pod_count f10)" 0
	has "$(events_of f10)" "Warning DeadlineExceeded Job was active longer than specified deadline"
}

@test "F18 a running pod of a Job that fails is deleted and counted as failed" {
	eventually 20 field_is job/f18 .status.ready 2
	tell "$(pods_of f18 | head -n 1)" USR2
	ended f18
	is "$(summary f18)" "-/2/- $(failed_with BackoffLimitExceeded)"
}

@test "F19 a pod that ends well after the decision does not save its Job" {
	eventually 20 field_is job/f19 .status.ready 2
	tell "$(pods_of f19 | head -n 1)" USR2
	ended f19
	matches "$(summary f19)" "^.* $(failed_with BackoffLimitExceeded)\$"
}

@test "F02 a second try comes ten seconds after the first" {
	local created ended
	ended f02
	is "$(summary f02)" "-/2/- $(failed_with BackoffLimitExceeded)"
	mapfile -t created < <(pods_field f02 .metadata.creationTimestamp)
	mapfile -t ended < <(pods_field f02 '.status.containerStatuses[0].state.terminated.finishedAt')
	is "${#created[@]}" 2
	between 9 $(($(at "${created[1]}") - $(at "${ended[0]}"))) 40
}

@test "F07 with OnFailure the container restarts in place until the limit, and the pod is deleted" {
	ended f07
	is "$(summary f07)" "-/1/- $(failed_with BackoffLimitExceeded)"
	between 9 $(($(condition_at f07 FailureTarget) - $(at "$(get job/f07 .status.startTime)"))) 60
	eventually 5 pod_count_is f07 0
	matches "$(kjob get events)" 'BackOff .*Back-off restarting failed container c in pod f07-'
}

@test "J15 the pod that replaces a deleted one completes the Job" {
	eventually 20 field_is job/j15 .status.ready 1
	between 9 $(($(at "$(pods_field j15 .metadata.creationTimestamp)") - $(cat "$WORK/j15"))) 40
	tell "$(pods_of j15)" USR1
	ended j15
	is "$(summary j15)" "1/1/- $COMPLETE"
}

@test "F16 only its deadline ends a Job whose image does not exist" {
	ended f16
	is "$(summary f16)" "-/1/- $(failed_with DeadlineExceeded)"
	has "$(kjob get events)" 'Failed to pull image "localhost/kjob-test-absent:1"' \
		'Back-off pulling image "localhost/kjob-test-absent:1"' 'Error: ImagePullBackOff'
	is "$(pod_count f16)" 0
}

@test "X01 each state of a Job has its own STATUS" {
	local all
	{
		job x-running 'sleep 100' grace=0
		job x-suspended true suspend=true
		job x-terminating "trap '' TERM; sleep 100" grace=20
	} | apply 2>"$T/err" || has "$(cat "$T/err")" suspend
	eventually 10 field_is job/x-terminating .status.ready 1
	kjob delete job x-terminating --cascade=foreground --wait=false >/dev/null
	all=$(kjob get jobs)
	matches "$all" '^x-running +Running +0/1 +[0-9]+s +[0-9]+s$'
	matches "$all" '^x-terminating +Terminating +0/1 '
	matches "$all" '^f01 +Failed +0/1 +[0-9]+s '
	matches "$all" '^j15 +Complete +1/1 +[0-9]+s '
}

@test "deleting failed and running Jobs leaves neither pods nor containers" {
	kjob delete jobs --all --grace-period=1 >/dev/null
	kjob delete pods --all --grace-period=1 >/dev/null
	is "$(kjob get pods,jobs -o name 2>/dev/null)" ""
	eventually 20 no_containers
}
