#!/usr/bin/env bats
# patch, label, annotate, suspend, resume: the words and exit codes of kubectl. Nothing here runs a container.
# bats file_tags=one-engine
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

idle() { # NAME [KEY=VALUE...]: a suspended Job
	job "$1" true suspend=true "${@:2}" | apply
}

@test "label sets, keeps and removes" {
	idle l1
	is "$(kjob label job l1 tier=a)" "job.batch/l1 labeled"
	is "$(kjob label job/l1 tier=a)" "job.batch/l1 not labeled"
	try kjob label job l1 tier=b
	is "$rc:$err" "1:error: 'tier' already has a value (a), and --overwrite is false"
	is "$(kjob label job l1 tier=b --overwrite)" "job.batch/l1 labeled"
	has "$(kjob label job l1 --list)" 'tier=b'
	is "$(kjob label job l1 tier-)" "job.batch/l1 unlabeled"
	try kjob label job l1 tier-
	is "$rc:$out:$err" '0:job.batch/l1 not labeled:label "tier" not found.'
	is "$(get job/l1 .metadata.labels.tier)" null
}

@test "label refuses what cannot be a label" {
	try kjob label job l1 'a=b c'
	is "$rc" 1
	has "$err" 'error: invalid label value: "a=b c": a valid label must be an empty string or'
	try kjob label job l1 'a/b/c=d'
	is "$rc" 1
	has "$err" 'The Job "l1" is invalid: metadata.labels: Invalid value: "a/b/c"'
	try kjob label job l1
	is "$rc:$err" "1:error: at least one label update is required"
	try kjob label job l1 a=b --resource-version=1
	is "$rc" 1
	has "$err" 'Error from server (Conflict): Operation cannot be fulfilled on jobs.batch "l1": the object has been modified'
}

@test "label and annotate take many objects, and a missing one stops none" {
	idle l2 label=pair
	idle l3 label=pair
	try kjob label job l2 nosuch l3 n=1
	is "$rc" 1
	is "$out" $'job.batch/l2 labeled\njob.batch/l3 labeled'
	is "$err" 'Error from server (NotFound): jobs.batch "nosuch" not found'
	is "$(kjob label jobs -l n=1 n-)" $'job.batch/l2 unlabeled\njob.batch/l3 unlabeled'
	is "$(job l2 true | kjob label -f - m=1 -o jsonpath='{.metadata.labels.m}')" 1
	is "$(kjob annotate jobs l2 l3 note='a b')" $'job.batch/l2 annotated\njob.batch/l3 annotated'
	try kjob annotate job l2 note=c
	is "$rc:$err" "1:error: --overwrite is false but found the following declared annotation(s): 'note' already has a value (a b)"
	is "$(kjob annotate job l2 note- --dry-run=server)" "job.batch/l2 annotated (server dry run)"
	is "$(get job/l2 .metadata.annotations.note)" "a b"
}

@test "patch merges YAML and JSON, and says when nothing changed" {
	idle p1
	is "$(kjob patch job p1 --type=merge -p 'spec: {parallelism: 3}')" "job.batch/p1 patched"
	is "$(kjob patch job/p1 --type=merge -p '{"spec": {"parallelism": 3}}')" "job.batch/p1 patched (no change)"
	is "$(get job/p1 .spec.parallelism)" 3
	echo 'spec: {parallelism: 4}' >p.yaml
	is "$(kjob patch job p1 --type=merge --patch-file=p.yaml --dry-run=client)" "job.batch/p1 patched (dry run)"
	is "$(kjob patch job p1 --type=merge --patch-file=p.yaml -o jsonpath='{.spec.parallelism}')" 4
}

@test "patch works item by item and step by step" {
	idle p2
	is "$(kjob patch job p2 -p '{"metadata":{"labels":{"z":"1"}},"spec":{"parallelism":5}}')" "job.batch/p2 patched"
	is "$(get job/p2 '.spec.parallelism, .metadata.labels.z' | xargs)" "5 1"
	is "$(kjob patch job p2 -p '{"spec":{"template":{"spec":{"containers":[{"name":"c","resources":{}}]}}}}')" \
		"job.batch/p2 patched (no change)"
	is "$(kjob patch job p2 --type=json -p '[{"op":"replace","path":"/spec/parallelism","value":2}]')" "job.batch/p2 patched"
	is "$(get job/p2 .spec.parallelism)" 2
	try kjob patch job p2 --type=json -p '[{"op":"test","path":"/spec/parallelism","value":7}]'
	is "$rc" 1
	matches "$err" '^(Error from server|The request is invalid)'
}

@test "patch refuses what is no patch" {
	idle p3
	try kjob patch job p3
	is "$rc:$err" "1:error: must specify --patch or --patch-file containing the contents of the patch"
	try kjob patch job p3 -p '{'
	is "$rc" 1
	has "$err" 'error: unable to parse "{": '
	try kjob patch job p3 --patch-file=nosuch
	has "$err" 'error: unable to read patch file: '
	try kjob patch job p3 --type=merge -p 'spec: {parallelism: -1}'
	is "$rc" 1
	is "$err" 'The Job "p3" is invalid: spec.parallelism: Invalid value: -1: must be greater than or equal to 0'
	try kjob patch job nosuch --type=merge -p '{}'
	is "$rc:$err" '1:Error from server (NotFound): jobs.batch "nosuch" not found'
	try kjob patch job -p '{}'
	has "$err" 'resource(s) were provided, but no name was specified'
}

@test "suspend and resume turn spec.suspend" {
	idle s1
	is "$(kjob suspend job s1)" "job.batch/s1 suspended (no change)"
	is "$(kjob resume job/s1 --dry-run=server)" "job.batch/s1 resumed (server dry run)"
	is "$(get job/s1 .spec.suspend)" true
	is "$(kjob patch job s1 --type=merge -p 'spec: {parallelism: 0}')" "job.batch/s1 patched"
	is "$(kjob wait --for=condition=Suspended job/s1 --timeout=60s)" "job.batch/s1 condition met"
	is "$(kjob resume job s1)" "job.batch/s1 resumed"
	is "$(kjob wait --for=condition=Suspended=false job/s1 --timeout=60s)" "job.batch/s1 condition met"
	is "$(kjob suspend jobs s1 -o jsonpath='{.spec.suspend}')" true
	try kjob suspend pod nosuch
	is "$rc" 1
	try kjob suspend namespace default
	is "$rc:$err" "1:error: namespace/default cannot be suspended: only jobs and cronjobs can"
	is "$(kjob suspend jobs -l nosuch 2>&1)" "No resources found"
}

@test "suspending a Job that has finished says that it does nothing" {
	job s2 true completions=0 | apply
	ended s2
	try kjob suspend job s2
	is "$rc:$out" "0:job.batch/s2 suspended"
	is "$err" "Warning: job.batch/s2 has finished: suspending it has no effect"
	lacks "$(kjob resume jobs --all --dry-run=server 2>&1)" job.batch/s2
}
