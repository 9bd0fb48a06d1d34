#!/usr/bin/env bats
# kjob run: output, input, exit codes, signals.
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

run_kjob() { # NAME ARGUMENTS...: kjob run of the test image
	local name=$1
	shift
	kjob run "$name" "--image=$IMAGE" "$@"
}

# start NAME ARGUMENTS...: the same in the background, as a terminal would start it; sets pid.
start() {
	local name=$1
	shift
	env --default-signal=INT "$KJOB_BIN" run "$name" "--image=$IMAGE" "$@" >out 2>err 3>&- &
	pid=$!
}

ends_with() { # PID STATUS
	rc=0
	wait "$1" || rc=$?
	is "$rc" "$2"
}

job_of_pods_is_gone() { # NAME
	gone "job/$1"
	is "$(pods_of "$1")" ""
}

nothing_left() { # NAME
	job_of_pods_is_gone "$1" && no_containers "io.kubernetes.container.name=$1"
}

@test "the output of a run is the container's own and nothing else" {
	try run_kjob hello -- sh -c 'echo to stdout; echo to stderr >&2'
	is "$rc" 0
	is "$out" "to stdout"
	is "$err" "to stderr"
	is "$(summary hello)" "1/-/- $COMPLETE"
}

@test "a run exits as its container does" {
	try run_kjob three -- sh -c 'exit 3'
	is "$rc" 3
	is "$out$err" ""
	is "$(summary three)" "-/1/- $(failed_with BackoffLimitExceeded)"
}

@test "a run whose container is killed exits with 137" {
	start killed -- sh -c "$GUIDED"
	eventually 10 field_is job/killed .status.ready 1
	tell "$(pods_of killed)" KILL
	ends_with "$pid" 137
}

@test "a command that does not exist is told and gives 127" {
	try run_kjob nocmd -- no-such-command
	is "$rc" 127
	is "$out" ""
	has "$err" no-such-command
	is "$(grep -c . err)" 1
}

@test "a command that cannot be executed is told and gives 126" {
	try run_kjob noexec -- /bin
	is "$rc" 126
	is "$out" ""
	has "$err" 'permission denied'
}

@test "an image that does not exist is told and gives 125" {
	try kjob run noimage --image=localhost/kjob-test-absent:1 -- true
	is "$rc" 125
	is "$out" ""
	matches "$err" '^error: '
	gone job/noimage
}

# bats test_tags=one-engine
@test "an image name that cannot be one is told and gives 125" {
	try kjob run badimage '--image=UPPER//x' -- true
	is "$rc" 125
	has "$err" 'invalid reference format'
}

@test "a run past its timeout ends with 124 and leaves no container running" {
	try run_kjob late --timeout=3s '--overrides={"spec":{"template":{"spec":{"terminationGracePeriodSeconds":0}}}}' \
		-- sh -c 'echo begun; sleep 100'
	is "$rc" 124
	is "$out" begun
	is "$(summary late)" "-/1/- $(failed_with DeadlineExceeded)"
}

# bats test_tags=one-engine
@test "arguments and options that make no sense are refused with 125" {
	try kjob run x -- true
	is "$rc" 125
	is "$err" 'error: required flag(s) "image" not set'
	try run_kjob x --restart=Sometimes -- true
	is "$rc" 125
	is "$err" 'error: invalid restart policy: Sometimes, valid values are: Always, OnFailure, Never'
	try run_kjob x -d --rm -- true
	is "$rc" 125
	has "$err" '--rm should only be used for attached containers'
	try run_kjob Bad_Name -- true
	is "$rc" 125
	has "$err" 'is invalid' 'metadata.name'
}

@test "standard input goes to the container byte by byte" {
	head -c 1000000 /dev/urandom >in
	run_kjob input -i -- cat <in >out
	cmp in out
	is "$(printf 'one\ntwo' | run_kjob input --replace -i -- wc -c)" 7
	is "$(run_kjob input --replace -i -- wc -c </dev/null)" 0
}

@test "a detached run prints its name and goes on by itself" {
	try run_kjob detached -d -- sh -c 'sleep 1; echo done'
	is "$rc" 0
	is "$out" "job.batch/detached created"
	ended detached
	is "$(summary detached)" "1/-/- $COMPLETE"
}

@test "a run with --rm leaves nothing behind, whether it succeeds or fails" {
	is "$(run_kjob brief --rm -- echo here)" here
	eventually 10 nothing_left brief
	try run_kjob brief --rm -- sh -c 'exit 7'
	is "$rc" 7
	eventually 10 nothing_left brief
}

@test "a name that exists is refused, and --replace takes its place" {
	run_kjob twice -- true
	try run_kjob twice -- true
	is "$rc" 125
	has "$err" 'jobs.batch "twice" already exists' --replace
	try run_kjob twice --replace -- echo again
	is "$rc" 0
	is "$out$err" again
}

@test "--replace ends what runs under the name" {
	run_kjob busy -d '--overrides={"spec":{"template":{"spec":{"terminationGracePeriodSeconds":0}}}}' -- sleep 100
	try run_kjob busy --replace -- echo mine
	is "$rc" 0
	is "$out$err" mine
	is "$(pod_count busy)" 1
}

@test "a failed run is tried again as often as --backoff-limit says" {
	try run_kjob again --restart=OnFailure --backoff-limit=1 -- sh -c 'echo try; exit 4'
	is "$rc" 4
	matches "$out" '^try$'
	is "$(summary again)" "-/1/- $(failed_with BackoffLimitExceeded)"
}

@test "what a pod printed is shown even if it is deleted before it was read" {
	local pid rc=0
	"$KJOB_BIN" run unread "--image=$IMAGE" --restart=OnFailure --backoff-limit=1 -- \
		sh -c 'echo last words; sleep 2; exit 4' >out 2>err 3>&- &
	pid=$!
	until kjob get job unread >/dev/null 2>&1; do sleep 0.02; done
	kill -STOP "$pid"
	ended unread
	eventually 20 pod_count_is unread 0
	kill -CONT "$pid"
	wait "$pid" || rc=$?
	is "$rc" 4
	matches "$(cat out)" '^last words$'
	is "$(cat err)" ""
}

@test "the lines of several pods bear their names" {
	try run_kjob many --completions=3 --parallelism=3 -- sh -c 'echo one; echo two'
	is "$rc" 0
	is "$(echo "$out" | wc -l)" 6
	is "$(echo "$out" | sed 's/ .*//' | sort -u)" "$(pods_of many | sed 's,.*,[pod/&],' | sort)"
	is "$(echo "$out" | sed 's/.* //' | sort | uniq -c | xargs)" "3 one 3 two"
}

@test "environment variables are passed, also from the caller" {
	export FROM_HERE="with space"
	is "$(run_kjob env --env A=1 --env FROM_HERE -- sh -c 'echo $A,$FROM_HERE')" "1,with space"
}

# bats test_tags=one-engine
@test "a dry run shows the manifest, which kjob takes back" {
	try run_kjob dry --dry-run=client -o yaml -- echo hello
	is "$rc" 0
	has "$out" 'kind: Job' 'backoffLimit: 0' 'restartPolicy: Never'
	gone job/dry
	cp "$T/out" dry.yaml
	is "$(kjob create -f dry.yaml)" "job.batch/dry created"
	ended dry
	is "$(summary dry)" "1/-/- $COMPLETE"
}

@test "SIGINT ends the run with 130 and removes Job and container" {
	start intr -- sh -c "trap 'exit 0' TERM; echo begun; while :; do sleep 0.1; done"
	eventually 10 grep -q begun out
	kill -INT "$pid"
	ends_with "$pid" 130
	is "$(cat out)" begun
	eventually 10 nothing_left intr
}

@test "SIGTERM ends the run with 143 and removes Job and container" {
	start term -- sh -c "trap 'exit 0' TERM; echo begun; while :; do sleep 0.1; done"
	eventually 10 grep -q begun out
	kill -TERM "$pid"
	ends_with "$pid" 143
	eventually 10 nothing_left term
}

@test "a second SIGINT leaves at once, and the Job goes all the same" {
	local pod
	start stubborn '--overrides={"spec":{"template":{"spec":{"terminationGracePeriodSeconds":60}}}}' \
		-- sh -c "trap '' TERM; echo begun; while :; do sleep 0.1; done"
	eventually 10 grep -q begun out
	pod=$(pods_of stubborn)
	kill -INT "$pid"
	eventually 5 shows '^stubborn-.* Terminating ' get pods
	kill -INT "$pid"
	ends_with "$pid" 130
	shows '^stubborn-.* Terminating ' get pods
	tell "$pod" KILL
	eventually 20 nothing_left stubborn
}

@test "twenty runs at once each show their own output" {
	local i pids=()
	for i in $(seq 20); do
		run_kjob "par$i" -- sh -c "for n in 1 2 3; do echo \"run $i line \$n\"; done; exit $i" >"out$i" 2>"err$i" 3>&- &
		pids+=($!)
	done
	for i in $(seq 20); do
		ends_with "${pids[i - 1]}" "$i"
		is "$(cat "out$i")" "$(printf "run $i line %s\n" 1 2 3)"
		is "$(cat "err$i")" ""
	done
}

@test "the output of thirty containers that print and exit at once is never lost" {
	local i n pids
	for n in 0 6 12 18 24; do
		pids=()
		for i in 1 2 3 4 5 6; do
			run_kjob "tail$((n + i))" -- echo "last words of $((n + i))" >"out$((n + i))" 2>&1 3>&- &
			pids+=($!)
		done
		for i in 1 2 3 4 5 6; do
			ends_with "${pids[i - 1]}" 0
			is "$(cat "out$((n + i))")" "last words of $((n + i))"
		done
	done
	for i in $(seq 30); do
		is "$(kjob logs "job/tail$i")" "last words of $i"
	done
}

@test "binary output and a missing last newline arrive as they are" {
	head -c 300000 /dev/urandom >in
	run_kjob binary -i -- cat <in >out
	cmp in out
	kjob logs job/binary >out
	cmp in out
	run_kjob nonl -- printf 'no newline' >out
	is "$(xxd -p <out 2>/dev/null || od -An -tx1 out | tr -d ' \n')" "6e6f206e65776c696e65"
}

@test "a hundred megabytes arrive whole, live and from the log" {
	local size=100000000 want
	want=$(yes 'a line of the output of a very talkative container' | head -c $size | md5sum)
	is "$(run_kjob loud -- sh -c "yes 'a line of the output of a very talkative container' | head -c $size" | md5sum)" "$want"
	is "$(kjob logs job/loud | md5sum)" "$want"
}

@test "deleting all runs leaves neither pods nor containers" {
	kjob delete jobs --all >/dev/null
	eventually 20 is_empty
}

is_empty() {
	is "$(kjob get pods,jobs -o name 2>/dev/null)" "" && no_containers
}

@test "run --expose makes a service, which goes with the run" {
	try kjob run seen --image="$IMAGE" --expose -- true
	is "$rc" 125
	has "$err" '--port must be set when exposing a service'
	is "$(kjob run seen --image="$IMAGE" --expose --port=80 --attach=false -- sleep 100)" $'job.batch/seen created\nservice/seen created'
	is "$(get svc/seen .spec.selector.run)" seen
	kjob delete job seen --now
	eventually 20 gone svc/seen
}
