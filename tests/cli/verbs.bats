#!/usr/bin/env bats
# get, create, apply, delete, wait, logs, describe: the words and exit codes of kubectl.
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

@test "X03 no objects is a message on standard error and no failure" {
	try kjob get jobs
	is "$rc" 0
	is "$out" ""
	is "$err" "No resources found in default namespace."
	try kjob get jobs -A
	is "$rc:$err" "0:No resources found"
}

@test "X04 a Job can be created once" {
	job x04 true >x.yaml
	is "$(kjob create -f x.yaml)" "job.batch/x04 created"
	try kjob create -f x.yaml
	is "$rc" 1
	is "$err" 'Error from server (AlreadyExists): error when creating "x.yaml": jobs.batch "x04" already exists'
}

# bats test_tags=one-engine
@test "X17 apply says created, unchanged, configured" {
	job x17 true >x.yaml
	is "$(kjob apply -f x.yaml)" "job.batch/x17 created"
	is "$(kjob apply -f x.yaml)" "job.batch/x17 unchanged"
	sed -i 's/  name: x17/  name: x17\n  labels: {new: label}/' x.yaml
	is "$(kjob apply -f x.yaml)" "job.batch/x17 configured"
	is "$(get job/x17 .metadata.labels.new)" label
}

# bats test_tags=one-engine
@test "X18 a dry run stores nothing" {
	is "$(job x18 true | kjob create --dry-run=client -f -)" "job.batch/x18 created (dry run)"
	is "$(job x18 true | kjob create --dry-run=server -f -)" "job.batch/x18 created (server dry run)"
	gone job/x18
}

@test "X16 create job makes a Job of an image and a command" {
	is "$(kjob create job x16 "--image=$IMAGE" -- echo hello)" "job.batch/x16 created"
	ended x16
	is "$(kjob logs job/x16)" hello
	try kjob create job
	is "$rc" 1
	has "$err" 'exactly one NAME is required, got 0'
	try kjob create job x
	is "$rc" 1
	has "$err" 'either --image or --from must be specified'
}

@test "X19 get prints names, fields, JSON, YAML and columns" {
	ended x04
	is "$(kjob get job x04 -o name)" "job.batch/x04"
	is "$(kjob get job x04 -o 'jsonpath={.status.succeeded} {.metadata.name}')" "1 x04"
	is "$(kjob get job x04 -o json | jq -r .kind)" Job
	has "$(kjob get job x04 -o yaml)" $'kind: Job\nmetadata:\n' 'completionMode: NonIndexed'
	is "$(kjob get jobs -o json | jq -r .kind)" List
	is "$(kjob get job x04 -o custom-columns=N:.metadata.name,S:.status.succeeded | sed 's/ *$//')" $'N     S\nx04   1'
	matches "$(kjob get job x04 -o wide)" "^x04 +Complete +1/1 +[0-9]+s +[0-9]+s +c +$IMAGE +batch.kubernetes.io/controller-uid="
	matches "$(kjob get jobs,pods -l app=x -o name)" '^pod/x04-'
	matches "$(kjob get job x04)" '^NAME +STATUS +COMPLETIONS +DURATION +AGE$'
}

# bats test_tags=one-engine
@test "X19 get -w shows every change" {
	timeout 100 "$KJOB_BIN" get job -w --field-selector metadata.name=x19 >out 2>err 3>&- &
	local pid=$!
	job x19 'sleep 0.5' | apply
	eventually 15 grep -q '^x19 *Complete *1/1' out
	kill "$pid"
	wait "$pid" || true
	matches "$(cat out)" '^x19 +Running +0/1 '
	is "$(grep -c '^NAME' out)" 1
}

# bats test_tags=one-engine
@test "a Job that does not exist is not found" {
	for verb in get describe delete; do
		try kjob "$verb" job nosuch
		is "$rc" 1
		is "$err" 'Error from server (NotFound): jobs.batch "nosuch" not found'
	done
	try kjob logs nosuch
	is "$rc" 1
	has "$err" 'pods "nosuch" not found'
	try kjob get foos
	is "$rc" 1
	has "$err" "the server doesn't have a resource type \"foos\""
}

# bats test_tags=one-engine
@test "X12 wait ends with the condition, the time or the impossibility" {
	job x12 'sleep 0.5' | apply
	is "$(kjob wait --for=condition=complete job/x12 --timeout=60s)" "job.batch/x12 condition met"
	is "$(kjob wait --for=finished job/x12)" "job.batch/x12 condition met"
	kjob wait --for=delete job/nosuch --timeout=60s
	job x12-slow 'exec sleep 100' grace=0 | apply
	try kjob wait --for=condition=complete job/x12-slow --timeout=1s
	is "$rc" 1
	is "$err" 'error: timed out waiting for the condition on jobs/x12-slow'
	kjob delete job x12-slow >/dev/null
	try kjob wait --for=condition=complete job/nosuch --timeout=1s
	is "$rc" 1
	has "$err" 'jobs.batch "nosuch" not found'
}

# bats test_tags=one-engine
@test "wait does not wait for a Complete that cannot come" {
	job fails 'exit 1' backoffLimit=0 | apply
	try kjob wait --for=condition=complete job/fails --timeout=60s
	is "$rc" 1
	try kjob wait --for=finished job/fails --timeout=60s
	is "$rc" 1
	try kjob wait --for=condition=failed job/fails --timeout=60s
	is "$rc" 0
	kjob wait --for=delete job/fails --timeout=60s 3>&- &
	kjob delete job fails >/dev/null
	wait $!
}

@test "X07 logs of a Job with several pods chooses one and says so" {
	job x07 'echo line' completions=3 parallelism=3 | apply
	ended x07
	try kjob logs job/x07
	is "$rc" 0
	is "$out" line
	matches "$err" '^Found 3 pods, using pod/x07-[a-z0-9]{5}$'
}

@test "X08 logs -f shows a container's output to its end" {
	job x08 'for i in 1 2 3 4 5; do echo $i; sleep 0.2; done' | apply
	eventually 15 field_is job/x08 '.status | .ready == 1 or .succeeded == 1' true
	is "$(kjob logs -f job/x08)" "$(seq 5)"
	is "$(kjob logs -f job/x08)" "$(seq 5)"
}

@test "X09 logs -p without a previous instance is an error" {
	ended x08
	try kjob logs -p "$(pods_of x08)"
	is "$rc" 1
	has "$err" 'Error from server (BadRequest): previous terminated container "c" in pod "x08-'
}

@test "X10 logs by label with prefixes, and no more follows at once than asked for" {
	local pod
	job x10 'echo one; echo two; sleep 100' completions=6 parallelism=6 label=x10 grace=0 | apply
	eventually 30 field_is job/x10 .status.ready 6
	eventually 10 is_count 6 kjob logs -l app=x10 --prefix --tail=1 --max-log-requests=10
	kjob logs -l app=x10 --prefix --tail=1 --max-log-requests=10 | sort >got
	for pod in $(pods_of x10); do
		echo "[pod/$pod/c] two"
	done | sort | diff - got
	try kjob logs -l app=x10 -f
	is "$rc" 1
	is "$err" "error: you are attempting to follow 6 log streams, but maximum allowed concurrency is 5, use --max-log-requests to increase the limit"
	kjob delete job x10 >/dev/null
}

is_count() { # N COMMAND...: of its lines
	local n=$1
	shift
	is "$("$@" | wc -l)" "$n"
}

@test "logs can be cut by lines, by bytes and stamped with times" {
	job cut 'seq 10' | apply
	ended cut
	is "$(kjob logs job/cut --tail=2)" $'9\n10'
	is "$(kjob logs job/cut --tail=0)" ""
	is "$(kjob logs job/cut --limit-bytes=3)" $'1\n2'
	is "$(kjob logs job/cut --since=1h | wc -l)" 10
	is "$(kjob logs job/cut --since-time=2000-01-01T00:00:00Z | wc -l)" 10
	matches "$(kjob logs job/cut --timestamps --tail=1)" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]+Z 10$'
	is "$(kjob logs job/cut --prefix --tail=1)" "[pod/$(pods_of cut)/c] 10"
}

@test "logs -p and the present log of a container that was restarted are told apart" {
	pod again 'echo "began at $(date +%N)"; [ -e /tmp/x ] || exit 1' rp=OnFailure | apply
	eventually 15 matches_logs
	kjob logs again >now
	kjob logs -p again >before
	! cmp -s now before
	kjob delete pod again >/dev/null
}

matches_logs() {
	[ "$(get pod/again '.status.containerStatuses[0].restartCount')" -ge 1 ] && kjob logs -p again
}

@test "describe shows a Job, its pods' counts and its events" {
	local text
	ended x04
	text=$(kjob describe job x04)
	matches "$text" '^Name: +x04$'
	matches "$text" '^Pods Statuses: +0 Active \(0 Ready\) / 1 Succeeded / 0 Failed$'
	matches "$text" '^  Normal  SuccessfulCreate  +[0-9]+s  +job-controller  Created pod: x04-'
	text=$(kjob describe pod "$(pods_of x04)")
	matches "$text" '^Controlled By: +Job/x04$'
	matches "$text" '^      Reason: +Completed$'
}

@test "D01 deleting a Job deletes its pods and stops their containers" {
	local begin
	job d01 "trap 'exit 0' TERM; while :; do sleep 0.1; done" completions=2 parallelism=2 grace=90 | apply
	eventually 15 field_is job/d01 .status.ready 2
	begin=$SECONDS
	matches "$(kjob delete job d01)" '^job.batch "d01" deleted'
	gone job/d01
	eventually 10 pod_count_is d01 0
	between 0 $((SECONDS - begin)) 60
}

@test "D02 an orphaned pod stays without its owner" {
	local pod
	job d02 'exec sleep 100' | apply
	eventually 15 field_is job/d02 .status.ready 1
	pod=$(pods_of d02)
	kjob delete job d02 --cascade=orphan >/dev/null
	gone job/d02
	is "$(get "pod/$pod" '.metadata | [.ownerReferences, .finalizers, .deletionTimestamp] | tojson')" '[null,null,null]'
	is "$(get "pod/$pod" .status.phase)" Running
	kjob delete pod "$pod" --grace-period=1 >/dev/null
}

@test "D03 a raw DELETE orphans the pods and warns" {
	local pod
	job d03 'exec sleep 100' | apply
	eventually 15 field_is job/d03 .status.ready 1
	pod=$(pods_of d03)
	curl -sS -i --unix-socket "$KJOB_HOME/kjob.sock" -X DELETE \
		http://localhost/apis/batch/v1/namespaces/default/jobs/d03 >answer
	matches "$(cat answer)" '^Warning: 299 - "child pods are preserved by default when jobs are deleted'
	eventually 5 gone job/d03
	eventually 5 field_is "pod/$pod" '.metadata.ownerReferences // "none"' none
	is "$(get "pod/$pod" .status.phase)" Running
	kjob delete pod "$pod" --grace-period=1 >/dev/null
}

@test "a Job that is deleted in the foreground goes after its pods" {
	job fore "trap 'sleep 1; exit 0' TERM; while :; do sleep 0.1; done" grace=20 | apply
	eventually 15 field_is job/fore .status.ready 1
	kjob delete job fore --cascade=foreground >/dev/null
	gone job/fore
	is "$(pod_count fore)" 0
}

@test "a pod goes with the ConfigMap that owns it, container too, and so does the pod's Secret" {
	own() { # OWNED KIND/NAME
		kjob patch "$1" --type=merge -p "{\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"v1\",
			\"kind\":\"${2%/*}\",\"name\":\"${2#*/}\",\"uid\":\"$(get "$2" .metadata.uid)\"}]}}" >/dev/null
	}
	kjob create configmap boss --from-literal=a=b >/dev/null
	kjob create secret generic small --from-literal=a=b >/dev/null
	pod owned 'exec sleep 100' | apply
	own pod/owned ConfigMap/boss
	own secret/small Pod/owned
	eventually 15 field_is pod/owned .status.phase Running
	kjob delete configmap boss >/dev/null
	eventually 15 gone pod/owned
	eventually 5 gone secret/small
	eventually 10 no_containers io.kubernetes.pod.name=owned
}

@test "X14 a forced delete takes the pod away at once and warns" {
	local begin
	pod x14 "trap '' TERM; sleep 100" | sed 's/GracePeriodSeconds: 1/GracePeriodSeconds: 60/' | apply
	eventually 15 field_is pod/x14 .status.phase Running
	begin=$SECONDS
	try kjob delete pod x14 --force --grace-period=0
	is "$rc" 0
	has "$err" 'Warning: Immediate deletion does not wait for confirmation'
	has "$out" 'pod "x14" force deleted'
	gone pod/x14
	between 0 $((SECONDS - begin)) 40
}

@test "delete takes names, files, labels, all, and what is not there" {
	{ job del1 true; job del2 true; } >del.yaml
	kjob apply -f del.yaml >/dev/null
	is "$(kjob delete -f del.yaml | wc -l)" 2
	kjob apply -f del.yaml >/dev/null
	is "$(kjob delete job -l nothing=here 2>&1)" "No resources found"
	kjob delete job del1 --ignore-not-found >/dev/null
	kjob delete job del1 --ignore-not-found
	try kjob delete jobs
	is "$rc" 1
	has "$err" 'resource(s) were provided, but no name was specified'
	kjob delete jobs --all --grace-period=1 >/dev/null
	kjob delete pods --all --grace-period=1 >/dev/null 2>&1
	eventually 20 no_containers
}

# bats test_tags=one-engine
@test "unknown commands and options are named with what was meant" {
	try kjob gte jobs
	is "$rc" 1
	has "$err" 'unknown command "gte" for "kjob"' get
	try kjob get --selektor=a jobs
	is "$rc" 1
	has "$err" 'unknown flag: --selektor'
}

@test "completion: commands, options, what they can be, and names" {
	local shell
	for shell in bash zsh fish; do
		has "$(kjob completion "$shell")" 'kjob __complete -- '
	done
	try kjob completion csh
	is "$rc" 1
	kjob create cm completed >/dev/null
	# shellcheck disable=SC1090 # made by kjob
	source <(kjob completion bash)
	compopt() { :; }
	typed() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=(); _kjob || true; echo "${COMPREPLY[*]}"; }
	is "$(typed kjob desc)" describe
	is "$(typed kjob get configmaps compl)" completed
	is "$(typed kjob get cm/comp)" cm/completed
	is "$(typed kjob get --show-l)" --show-labels
	is "$(typed kjob delete --cascade = or)" orphan
	is "$(typed kjob apply -f x)" ''
}
