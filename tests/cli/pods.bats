#!/usr/bin/env bats
# Bare pods: restarts, images, command and environment.
load helper

# An image with an entry point, arguments and a signal of its own: only one of the two engines takes the last as a change.
image_make() {
	local id change='ENTRYPOINT ["echo","entry"]'$'\n''CMD ["cmd"]'
	[ "$KJOB_TEST_ENGINE" = docker ] || change+=$'\n''STOPSIGNAL SIGUSR1'
	id=$(engine POST /containers/create -H 'Content-Type: application/json' \
		-d "{\"Image\": \"$IMAGE\", \"Cmd\": [\"true\"], \"StopSignal\": \"SIGUSR1\"}" | jq -r .Id)
	engine POST "/commit?container=$id&repo=${OWN_IMAGE%:*}&tag=1&changes=$(jq -rn --arg c "$change" '$c | @uri')" \
		-H 'Content-Type: application/json' -d '{}' >/dev/null
	engine DELETE "/containers/$id?force=true" >/dev/null
}

setup_file() {
	instance_start
	export OWN_IMAGE=localhost/kjob-$INSTANCE:1
	image_make
	{
		pod n01 'exit 0' rp=Always
		pod n02 'cut -d. -f1 /proc/uptime; exit 1' rp=OnFailure
		pod n03 'exit 3'
		pod n27-never true image=localhost/kjob-test-absent:1 imagePullPolicy=Never
		pod n28 true 'image=UPPER//x'
	} | apply
}

teardown_file() {
	instance_stop
	engine DELETE "/images/$OWN_IMAGE?force=true" >/dev/null
}

container_state() { # POD JQ-FILTER, of its container's status
	get "pod/$1" ".status.containerStatuses[0] | $2"
}

restarted() { # POD N
	[ "$(container_state "$1" .restartCount)" -ge "$2" ]
}

@test "N02 a failing container restarts at once, then after ten seconds" {
	eventually 15 restarted n02 1
	eventually 10 is_waiting n02 CrashLoopBackOff
	kjob logs n02 >"$WORK/n02"
	matches "$(container_state n02 .state.waiting.message)" \
		'^back-off 10s restarting failed container=c pod=n02_default\([0-9a-f-]+\)$'
	is "$(get pod/n02 .status.phase)" Running
	matches "$(kjob get pod n02)" '^n02 +0/1 +CrashLoopBackOff +1 \([0-9]+s ago\) '
	matches "$(events_of n02)" '^Warning BackOff Back-off restarting failed container c in pod n02_default\([0-9a-f-]+\)$'
	is "$(condition_of n02 Ready)" "False ContainersNotReady containers with unready status: [c]"
}

@test "N21 variables are expanded in the environment and in arguments" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: n21}
		spec:
		  restartPolicy: Never
		  containers:
		  - name: c
		    image: $IMAGE
		    env:
		    - {name: A, value: "1"}
		    - {name: B, value: \$(A)}
		    - {name: C, value: \$(D)}
		    - {name: D, value: "2"}
		    - {name: E, value: \$\$(A)}
		    command: [sh, -c, 'echo "\$B \$C \$E \$0"']
		    args: ["\$(B)-\$(X)"]
	END
	eventually 15 field_is pod/n21 .status.phase Succeeded
	is "$(kjob logs n21)" '1 $(D) $(A) 1-$(X)'
}

@test "N25 command and args replace the image's entry point and arguments" {
	{
		pod_of n25
		echo '  containers:'
		echo "  - {name: neither, image: $OWN_IMAGE}"
		echo "  - {name: command, image: $OWN_IMAGE, command: [echo, command]}"
		echo "  - {name: args, image: $OWN_IMAGE, args: [args]}"
		echo "  - {name: both, image: $OWN_IMAGE, command: [echo, command], args: [args]}"
		echo "  - {name: empty, image: $OWN_IMAGE, command: [], args: []}"
	} | apply
	eventually 30 field_is pod/n25 .status.phase Succeeded
	is "$(kjob logs n25 -c neither)" "entry cmd"
	is "$(kjob logs n25 -c command)" command
	is "$(kjob logs n25 -c args)" "entry args"
	is "$(kjob logs n25 -c both)" "command args"
	is "$(kjob logs n25 -c empty)" "entry cmd"
}

@test "what asks a container to stop is the signal of its image, or of its lifecycle" {
	local script='trap "echo usr1; exit 0" USR1; trap "echo term; exit 0" TERM; echo up; while :; do sleep 0.1; done'
	pod signal "$script" rp=Never "image=$OWN_IMAGE" | apply
	{
		pod_of signal-own 'os={name: linux}'
		echo '  containers:'
		has_container c "$script" 'lifecycle={stopSignal: SIGUSR1}'
	} | apply
	for name in signal signal-own; do
		eventually 15 shows '^up' logs $name
		kjob logs -f $name >"$T/$name" &
		eventually 10 grep -q up "$T/$name"
	done
	kjob delete pod signal signal-own --grace-period=10 >/dev/null
	wait
	is "$(cat "$T/signal" "$T/signal-own" | xargs)" "up usr1 up usr1"
}

@test "N27 the pull policy follows from the tag, and Never without the image waits" {
	policy() { # IMAGE
		pod x true "image=$1" | kjob create --dry-run=server -o json -f - | jq -r '.spec.containers[0].imagePullPolicy'
	}
	is "$(policy registry.example/a)" Always
	is "$(policy registry.example/a:latest)" Always
	is "$(policy registry.example/a:1)" IfNotPresent
	is "$(policy registry.example/a@sha256:0000000000000000000000000000000000000000000000000000000000000000)" IfNotPresent
	eventually 10 is_waiting n27-never ErrImageNeverPull
	is "$(container_state n27-never .state.waiting.message)" \
		'Container image "localhost/kjob-test-absent:1" is not present with pull policy of Never'
	is "$(get pod/n27-never .status.phase)" Pending
}

is_waiting() { # POD REASON
	is "$(container_state "$1" '.state.waiting.reason')" "$2"
}

@test "N28 an image name that cannot be one leaves the pod pending" {
	eventually 10 is_waiting n28 InvalidImageName
	is "$(get pod/n28 .status.phase)" Pending
	matches "$(kjob get pod n28)" '^n28 +0/1 +InvalidImageName '
	local why="Failed to apply default image tag \"UPPER//x\": couldn't parse image name \"UPPER//x\": invalid reference format"
	is "$(container_state n28 .state.waiting.message)" "$why"
	has "$(events_of n28)" "Warning InspectFailed $why" 'Warning Failed Error: InvalidImageName'
	matches "$(events_of n27-never)" '^Warning ErrImageNeverPull Container image "localhost/kjob-test-absent:1" is not present'
	has "$(events_of n27-never)" 'Warning Failed Error: ErrImageNeverPull'
}

@test "N03 a pod that is not restarted fails with its container" {
	eventually 10 field_is pod/n03 .status.phase Failed
	matches "$(kjob get pod n03)" '^n03 +0/1 +Error +0 '
	is "$(container_state n03 .state.terminated.exitCode)" 3
}

@test "N02 the second restart of a failing container comes, too" {
	eventually 20 restarted n02 2
	eventually 10 is_waiting n02 CrashLoopBackOff
	matches "$(container_state n02 .state.waiting.message)" '^back-off (20|40|80)s restarting failed container=c '
	[ $(($(kjob logs n02) - $(cat "$WORK/n02"))) -ge 10 ]
}

@test "N01 with restartPolicy Always success restarts too" {
	eventually 20 restarted n01 2
	eventually 10 shows '^n01 +0/1 +(Completed|CrashLoopBackOff) +[2-4] ' get pod n01
	is "$(get pod/n01 .status.phase)" Running
	is "$(container_state n01 .lastState.terminated.exitCode)" 0
}

@test "deleting pods in any state leaves no container" {
	kjob delete pods --all >/dev/null
	is "$(kjob get pods -o name 2>/dev/null)" ""
	eventually 20 no_containers
}
