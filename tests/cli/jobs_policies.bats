#!/usr/bin/env bats
# What policies of a Job make of failed, stopping and succeeded pods. All Jobs start together.
# bats file_tags=one-engine
load helper

# As GUIDED, but a failure has code 42.
CODED='trap "exit 0" USR1; trap "exit 42" USR2; while :; do sleep 0.1; done'

on_code() { # ACTION OPERATOR CODE: a rule
	echo "{action: $1, onExitCodes: {operator: $2, values: [$3]}}"
}

policy() { # RULE...
	local IFS=,
	echo "podFailurePolicy={rules: [$*]}"
}

success() { # NAME COMPLETIONS RULES SCRIPT [KEY=VALUE...]
	job "$1" "$4" completionMode=Indexed "completions=$2" "parallelism=$2" "successPolicy={rules: $3}" grace=0 "${@:5}"
}

setup_file() {
	instance_start
	{
		job p01 "$CODED" parallelism=2 completions=4 grace=0 "$(policy "$(on_code FailJob In 42)")"
		job p02 "$CODED" backoffLimit=0 "$(policy "$(on_code Ignore In 42)")"
		job p04 'exit 42' backoffLimit=0 "$(policy "$(on_code FailJob NotIn 7)" "$(on_code Ignore In 42)")"
		job r01 "trap 'sleep 4; exit 1' TERM; $GUIDED" podReplacementPolicy=Failed grace=20
		job r02 "trap 'sleep 60; exit 1' TERM; $GUIDED" grace=90
		success s01 5 '[{succeededIndexes: "0"}]' '[ $JOB_COMPLETION_INDEX = 0 ] || sleep 100'
		success s02 2 '[{succeededCount: 1}]' '[ $JOB_COMPLETION_INDEX = 1 ] || sleep 100'
		success s03 4 '[{succeededIndexes: "3"}, {succeededIndexes: "0-2", succeededCount: 2}]' "$GUIDED"
		success s04 2 '[{succeededIndexes: "0"}]' "$GUIDED" backoffLimit=0
	} | apply
}

teardown_file() {
	instance_stop
}

first_pod() { # JOB
	pods_of "$1" | head -n 1
}

@test "R01 with podReplacementPolicy Failed a stopping pod is neither failed nor replaced" {
	local pod
	eventually 30 field_is job/r01 .status.ready 1
	pod=$(first_pod r01)
	kjob delete pod "$pod" --wait=false >/dev/null
	eventually 5 field_is job/r01 '.status | [.active, .terminating, .failed] | tojson' '[null,1,null]'
	eventually 10 field_is job/r01 '.status | [.active, .terminating, .failed] | tojson' '[null,0,1]'
	gone "pod/$pod"
}

@test "R02 otherwise it counts as failed at once" {
	eventually 30 field_is job/r02 .status.ready 1
	first_pod r02 >"$WORK/r02"
	kjob delete pod "$(cat "$WORK/r02")" --wait=false >/dev/null
	eventually 5 field_is job/r02 '.status | [.active, .terminating, .failed] | tojson' '[null,1,1]'
}

@test "P02 an ignored failure is not counted, and its pod is replaced" {
	eventually 30 field_is job/p02 .status.ready 1
	tell "$(first_pod p02)" USR2
	eventually 10 field_is job/p02 .status.active null
	is "$(summary p02)" "-/-/-"
}

@test "P01 FailJob ends the Job and says because of which container" {
	local pod
	eventually 30 field_is job/p01 .status.ready 2
	pod=$(first_pod p01)
	tell "$pod" USR2
	ended p01
	is "$(summary p01)" "-/2/- $(failed_with PodFailurePolicy)"
	is "$(get job/p01 '[.status.conditions[].message] | unique | tojson')" \
		"[\"Container c for pod default/$pod failed with exit code 42 matching FailJob rule at index 0\"]"
	has "$(events_of p01)" "Warning PodFailurePolicy Container c for pod default/$pod failed"
	eventually 5 pod_count_is p01 1
}

@test "P04 the first rule that matches decides" {
	ended p04
	is "$(summary p04)" "-/1/- $(failed_with PodFailurePolicy)"
}

@test "S01 a success policy ends the Job when the listed indexes are done" {
	ended s01
	is "$(summary s01)" "1/-/- SuccessCriteriaMet:SuccessPolicy Complete:SuccessPolicy"
	is "$(get job/s01 '.status | [.completedIndexes, .conditions[].message] | tojson')" \
		'["0","Matched rules at index 0","Matched rules at index 0"]'
	eventually 5 pod_count_is s01 1
}

@test "S02 a success policy can ask for a number of indexes" {
	ended s02
	is "$(summary s02)" "1/-/- SuccessCriteriaMet:SuccessPolicy Complete:SuccessPolicy"
	is "$(get job/s02 .status.completedIndexes)" 1
}

@test "S03 or for a number out of a list" {
	eventually 30 field_is job/s03 .status.ready 4
	tell "$(pods_of s03 | grep ^s03-0-)" USR1
	eventually 10 field_is job/s03 .status.succeeded 1
	tell "$(pods_of s03 | grep ^s03-2-)" USR1
	ended s03
	is "$(get job/s03 '.status | [.completedIndexes, .conditions[1].message] | tojson')" \
		'["0,2","Matched rules at index 1"]'
}

@test "S04 a failure before the success policy is met wins" {
	eventually 30 field_is job/s04 .status.ready 2
	tell "$(pods_of s04 | grep ^s04-1-)" USR2
	ended s04
	is "$(summary s04)" "-/2/- $(failed_with BackoffLimitExceeded)"
}

@test "P02 the pod in place of the ignored one completes the Job" {
	eventually 15 field_is job/p02 .status.ready 1
	is "$(pod_count p02)" 2
	tell "$(pods_field p02 .metadata.name | tail -n 1)" USR1
	ended p02
	is "$(summary p02)" "1/-/- $COMPLETE"
}

@test "R02 and is replaced after the back-off, beside the one that still stops" {
	eventually 15 pod_count_is r02 2
	kjob get pod "$(cat "$WORK/r02")" >/dev/null
	eventually 10 field_is job/r02 '.status | [.active, .failed] | tojson' '[1,1]'
}

@test "deleting Jobs with policies leaves neither pods nor containers" {
	no_pods() { is "$(kjob get pods -o name 2>/dev/null)" ""; }
	kjob delete jobs --all --wait=false >/dev/null
	kjob delete pods --all --force --grace-period=0 >/dev/null 2>&1
	eventually 20 no_pods
	eventually 20 no_containers
}
