#!/usr/bin/env bats
# Indexed Jobs, elastic ones, and limits of failures by index. All of them start together.
load helper

setup_file() {
	instance_start
	{
		indexed i01 4 2 'echo "index $JOB_COMPLETION_INDEX of $(hostname)"'
		indexed i02 8 8 'case $JOB_COMPLETION_INDEX in 3 | 6) exit 1 ;; esac' backoffLimit=100
		indexed i03 2 2 true
		indexed i06 4 4 "$GUIDED" grace=0
		indexed i07 0 0 "$GUIDED" grace=0
		indexed i09 4 2 'exit $((JOB_COMPLETION_INDEX % 2))' backoffLimitPerIndex=1
		indexed i11 2 1 'exit 1' backoffLimitPerIndex=0 maxFailedIndexes=0
		indexed i12 2 2 'exit $((JOB_COMPLETION_INDEX * 3))' backoffLimitPerIndex=1 "podFailurePolicy={rules:
    [{action: FailIndex, onExitCodes: {operator: In, values: [3]}}]}"
	} | apply
}

teardown_file() {
	instance_stop
}

indexed() { # NAME COMPLETIONS PARALLELISM SCRIPT [KEY=VALUE...]
	job "$1" "$4" completionMode=Indexed "completions=$2" "parallelism=$3" "${@:5}"
}

indexes_of() { # JOB: "COMPLETED FAILED"
	get "job/$1" '.status | [.completedIndexes, .failedIndexes | . // "-"] | join(" ")'
}

pod_of() { # JOB INDEX: the newest
	pods_field "$1" .metadata.name | grep "^$1-$2-" | tail -n 1
}

@test "I01 each index has its pod, name, label, annotation, variable and host name" {
	local i pod
	ended i01
	is "$(summary i01)" "4/-/- $COMPLETE"
	is "$(indexes_of i01)" "0-3 -"
	for i in 0 1 2 3; do
		pod=$(pod_of i01 $i)
		matches "$pod" "^i01-$i-[bcdfghjklmnpqrstvwxz2456789]{5}\$"
		is "$(kjob logs "$pod")" "index $i of i01-$i"
		is "$(get "pod/$pod" '[.metadata.labels, .metadata.annotations]
			| map(.["batch.kubernetes.io/job-completion-index"]) + [length] | tojson')" "[\"$i\",\"$i\",2]"
	done
	is "$(pod_count i01)" 4
}

@test "I02 indexes that fail are tried again, the others are listed as runs" {
	eventually 20 field_is job/i02 '.status | [.completedIndexes, .succeeded] | tojson' '["0-2,4,5,7",6]'
	eventually 10 field_is job/i02 '.status.failed >= 2' true
	kjob delete job i02 >/dev/null
}

@test "I03 two neighbours are written with a comma" {
	ended i03
	is "$(indexes_of i03)" "0,1 -"
}

@test "I11 more failed indexes than maxFailedIndexes end the Job at once" {
	ended i11
	is "$(summary i11)" "-/1/- $(failed_with MaxFailedIndexesExceeded)"
	is "$(indexes_of i11)" "- 0"
	is "$(pod_count i11)" 1
}

@test "I12 FailIndex gives an index up without another try" {
	ended i12
	is "$(summary i12)" "1/1/- $(failed_with FailedIndexes)"
	is "$(indexes_of i12)" "0 1"
	is "$(pod_count i12)" 2
}

@test "I06 an Indexed Job that shrinks loses the pods of the dropped indexes" {
	local i
	eventually 30 field_is job/i06 .status.ready 4
	indexed i06 3 3 "$GUIDED" grace=0 | apply
	eventually 10 pod_count_is i06 3
	is "$(pod_of i06 3)" ""
	for i in 0 1 2; do tell "$(pod_of i06 $i)" USR1; done
	ended i06
	is "$(summary i06)" "3/-/- $COMPLETE"
	is "$(indexes_of i06)" "0-2 -"
}

@test "I07 an Indexed Job that grows starts the new indexes" {
	is "$(summary i07)" "-/-/- $COMPLETE"
	indexed i07b 1 1 "$GUIDED" grace=0 | apply
	eventually 20 field_is job/i07b .status.ready 1
	indexed i07b 2 2 "$GUIDED" grace=0 | apply
	eventually 20 field_is job/i07b .status.ready 2
	tell "$(pod_of i07b 0)" USR1
	tell "$(pod_of i07b 1)" USR1
	ended i07b
	is "$(indexes_of i07b)" "0,1 -"
}

# bats test_tags=one-engine
@test "I08 completions change only together with parallelism" {
	try kjob patch job i01 --type=merge -p '{"spec": {"completions": 5}}'
	is $rc 1
	has "$err" "can only be modified in tandem with spec.parallelism"
}

@test "I09 I10 I13 each index has failures of its own, and the Job fails when the rest is done" {
	ended i09
	is "$(summary i09)" "2/4/- $(failed_with FailedIndexes)"
	is "$(indexes_of i09)" "0,2 1,3"
	is "$(pods_field i09 '.metadata.annotations | [.["batch.kubernetes.io/job-completion-index"],
		.["batch.kubernetes.io/job-index-failure-count"]] | join(":")' | sort | xargs)" "0:0 1:0 1:1 2:0 3:0 3:1"
	# index 3 does not wait for the back-off of index 1
	is "$(pods_field i09 .metadata.name | head -n 4 | cut -d- -f2 | sort | xargs)" "0 1 2 3"
	has "$(events_of i09)" "Warning FailedIndexes Job has failed indexes"
}

@test "deleting Indexed Jobs leaves neither pods nor containers" {
	no_pods() { is "$(kjob get pods -o name 2>/dev/null)" ""; }
	kjob delete jobs --all >/dev/null
	eventually 20 no_pods
	eventually 20 no_containers
}
