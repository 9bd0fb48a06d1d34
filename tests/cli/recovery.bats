#!/usr/bin/env bats
# kill -9 of the controller at any instant may cost time, never a job, a result, a line of output or a stray container.
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

kill_controller() {
	local pid
	pid=$(controller_pid)
	kill -9 "$pid"
	eventually 5 process_gone "$pid"
}

process_gone() {
	! kill -0 "$1" 2>/dev/null
}

succeeded_at_least() { # JOB N
	[ "$(get "job/$1" '.status.succeeded // 0')" -ge "$2" ]
}

@test "the parallel example goes on where a killed controller left it, with exactly ten successes" {
	sed "s,image: .*,image: $IMAGE,; s/sleep 1/sleep 3/" "$BATS_TEST_DIRNAME/../../examples/parallel.yaml" | apply
	eventually 30 succeeded_at_least parallel 2
	kill_controller
	matches "$(kjob get job parallel)" '^parallel +Running '
	ended parallel
	is "$(summary parallel)" "10/-/- $COMPLETE"
	is "$(pod_count parallel)" 10
	is "$(containers | wc -l)" 10
	kjob delete job parallel >/dev/null
	eventually 20 no_containers
}

@test "an attached run shows every line once although its controller is killed" {
	"$KJOB_BIN" run numbers "--image=$IMAGE" -- sh -c 'for i in $(seq 60); do echo $i; sleep 0.05; done' >out 2>err 3>&- &
	eventually 10 grep -q '^10$' out
	kill_controller
	eventually 10 grep -q '^40$' out
	kill_controller
	wait $!
	seq 60 >want
	diff want out
	seq 60 | diff - <(kjob logs job/numbers)
}

@test "a container that ended while no controller was there is found with its result and its output" {
	local pod
	job away 'trap "echo after; exit 5" USR1; echo before; while :; do sleep 0.1; done' backoffLimit=0 | apply
	eventually 10 field_is job/away .status.ready 1
	pod=$(pods_of away)
	kill_controller
	tell "$pod" USR1
	eventually 10 container_exited away
	ended away
	is "$(summary away)" "-/1/- $(failed_with BackoffLimitExceeded)"
	is "$(pods_field away '.status.containerStatuses[0].state.terminated.exitCode')" 5
	is "$(kjob logs job/away)" $'before\nafter'
}

container_exited() { # JOB: asks the engine, not kjob, which would start a controller
	engine GET /containers/json | jq -e --arg p "kjob_default_$1-" '[.[].Names[] | select(contains($p))] == []' >/dev/null
}

@test "a Job survives ten kills at any instant" {
	local pod
	job tough 'echo "$HOSTNAME begins"; sleep 0.2; echo "$HOSTNAME ends"' completions=20 parallelism=4 | apply
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kjob get job tough >/dev/null
		sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
		kill_controller
	done
	ended tough
	is "$(summary tough)" "20/-/- $COMPLETE"
	is "$(pod_count tough)" 20
	is "$(pods_field tough .status.phase | sort | uniq -c | xargs)" "20 Succeeded"
	for pod in $(pods_of tough); do
		is "$(kjob logs "$pod")" "$pod begins"$'\n'"$pod ends"
	done
}

@test "a Job that is deleted while its controller is killed goes with all its containers" {
	job doomed 'exec sleep 100' completions=3 parallelism=3 grace=1 | apply
	eventually 15 field_is job/doomed .status.ready 3
	kjob delete job doomed --wait=false >/dev/null
	kill_controller
	eventually 20 gone job/doomed
	kjob delete jobs --all >/dev/null
	eventually 20 no_containers
	is "$(kjob get pods -o name 2>/dev/null)" ""
}

is_made() { # POD: its container is in the engine
	[ -n "$(containers "io.kubernetes.pod.name=$1")" ]
}

@test "a start that was under way when the controller was killed counts: no line is lost, and nothing runs twice" {
	local p pid
	for p in a b c d; do
		kjob get pods >/dev/null
		pid=$(controller_pid)
		pod start-$p 'echo begin; sleep 0.2; echo end' | kjob apply -f - >/dev/null
		until is_made start-$p; do :; done
		kill -9 "$pid"
	done
	for p in a b c d; do
		eventually 20 field_is pod/start-$p .status.phase Succeeded
		is "$(kjob logs start-$p | xargs)" "begin end"
		is "$(get pod/start-$p '.status.containerStatuses[0].restartCount')" 0
	done
}

# What each container is to have written, in order, into the log that they share.
parts_pod() { # NAME
	pod_of "$1" 'volumes=[{name: d, emptyDir: {}}]'
	local mount='volumeMounts=[{name: d, mountPath: /d}]' probe='{exec: {command: ["true"]}, periodSeconds: 1, timeoutSeconds: 30}'
	echo '  initContainers:'
	has_container i1 'echo i1 >>/d/log; echo begin; sleep 0.3; echo end' "$mount"
	has_container side 'echo side >>/d/log; trap "echo end; exit 0" TERM; echo begin; touch /ok; while :; do sleep 0.1; done' \
		"$mount" restartPolicy=Always 'startupProbe={exec: {command: [cat, /ok]}, periodSeconds: 1, timeoutSeconds: 30}'
	has_container i2 'echo i2 >>/d/log; echo begin; sleep 0.2; echo end' "$mount"
	echo '  containers:'
	has_container a 'echo a >>/d/log; for i in $(seq 10); do echo $i; sleep 0.2; done' "$mount" "livenessProbe=$probe"
	has_container b 'sleep 3; cat /d/log' "$mount" "readinessProbe=$probe"
}

@test "pods of init containers, sidecars and probes survive kills: nothing is lost and nothing runs twice" {
	local p
	for p in one two three; do
		parts_pod "$p"
	done | apply
	for _ in 1 2 3 4; do
		sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
		kill_controller
		kjob get pods >/dev/null
	done
	for p in one two three; do
		eventually 40 field_is "pod/$p" .status.phase Succeeded
		is "$(get "pod/$p" '[.status | .initContainerStatuses[], .containerStatuses[] | .name, .restartCount,
			.state.terminated.exitCode] | map(tostring) | join(" ")')" "i1 0 0 side 0 0 i2 0 0 a 0 0 b 0 0"
		is "$(kjob logs "$p" -c b | xargs)" "i1 side i2 a"
		is "$(kjob logs "$p" -c a | xargs)" "1 2 3 4 5 6 7 8 9 10"
		for c in i1 i2 side; do
			is "$(kjob logs "$p" -c $c | xargs)" "begin end"
		done
	done
	kjob delete pods --all >/dev/null
	eventually 20 no_containers
}

@test "a container whose create outlives its pod is removed, running or not, while the controller goes on" {
	local body name uid=00000000-0000-4000-8000-000000000000
	pod here 'sleep 100' | apply # the engine is looked at while there are pods
	body=$(jq -n --arg i "$INSTANCE" --arg u $uid --arg m "$IMAGE" '{Image: $m, Cmd: ["sleep", "1000"],
		Labels: {"io.kjob.instance": $i, "io.kubernetes.pod.uid": $u, "io.kubernetes.pod.name": "nobody",
			"io.kubernetes.container.name": "c", "io.kjob.attempt": "0"}}')
	for name in created running; do
		engine POST "/containers/create?name=stray-$name-${INSTANCE::8}" -H 'Content-Type: application/json' -d "$body" >answer
		is "$(jq '.Id | length' answer)" 64
	done
	# where the engine is slow it may be gone before it runs
	engine POST "/containers/stray-running-${INSTANCE::8}/start" >/dev/null
	eventually 30 no_containers "io.kubernetes.pod.uid=$uid"
	kjob delete pod here --now >/dev/null
}

wanted_containers() { # how many, without those that have ended and are not removed yet
	engine GET "/containers/json?all=1&filters=$(jq -rn --arg i "io.kjob.instance=$INSTANCE" \
		'{label: [$i], status: ["created", "running"]} | tojson | @uri')" | jq length
}

some_containers() {
	[ -n "$(containers)" ]
}

@test "a Job of thousands creates no more containers than the node has room for, and none once nobody wants them" {
	local room=$(($(kjob get nodes -o json | jq -r '.items[0].status.allocatable.cpu') * 5))
	job thousands 'sleep 1000' grace=0 completions=3000 parallelism=3000 |
		sed 's,^        image:,        resources: {requests: {cpu: 200m}}\n&,' | apply
	eventually 30 field_is job/thousands .status.active 3000
	eventually 20 some_containers
	between 1 "$(wanted_containers)" "$room"
	kjob patch job thousands -p '{"spec":{"parallelism":0}}' >/dev/null
	between 0 "$(wanted_containers)" "$room"
	eventually 30 no_containers
	kjob delete job thousands >/dev/null
}

told_at_least() { # N
	[ "$(wc -l <told)" -ge "$1" ]
}

# bats test_tags=one-engine
@test "what was told to be created before the controller was killed is there afterwards" {
	local i
	for i in $(seq 600); do
		printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: told%s}\n---\n' "$i"
	done >many.yaml
	kjob apply -f many.yaml >told 2>errors 3>&- &
	eventually 20 told_at_least 50
	kill_controller
	wait $! || true
	kjob get configmaps -o name | sort >there
	sed -n 's/ created$//p' told | sort >created
	is "$(comm -23 created there)" ""
	kjob delete configmap --all >/dev/null
}
