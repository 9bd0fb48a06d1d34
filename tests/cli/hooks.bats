#!/usr/bin/env bats
# Hooks: postStart and preStop.
load helper

setup_file() {
	instance_start
	{
		pod_of started
		echo '  containers:'
		has_container first 'sleep 12; cat /by-hook' 'lifecycle={postStart: {exec: {command: [sh, -c, "sleep 4; echo done >/by-hook"]}}}'
		has_container second 'sleep 8'

		pod_of n24 rp=OnFailure grace=1
		echo '  containers:'
		has_container c 'sleep 100' 'lifecycle={postStart: {exec: {command: ["false"]}}}'

		pod_of n24-http rp=Always grace=1
		echo '  containers:'
		has_container c 'trap "exit 0" TERM; while :; do sleep 0.1; done' 'lifecycle={postStart: {httpGet: {port: 98}}}'

		for p in long:10:3 short:1:40; do
			IFS=: read -r name grace pause <<<"$p"
			pod_of "$name" grace="$grace"
			echo '  containers:'
			has_container c 'echo up; trap "echo term \$(cut -d\" \" -f1 /proc/uptime)" TERM; while :; do sleep 0.1; done' \
				"lifecycle={preStop: {exec: {command: [sh, -c, 'sleep $pause']}}}"
		done

		pod_of sleeps grace=10
		echo '  containers:'
		has_container c 'trap "exit 0" TERM; while :; do sleep 0.1; done' 'lifecycle={preStop: {sleep: {seconds: 2}}}'

		pod_of http grace=10
		echo '  containers:'
		has_container c 'mkdir /w; echo x >/w/f; echo up; httpd -vv -f -p 8080 -h /w' \
			'lifecycle={preStop: {httpGet: {port: 8080, path: /bye}}}'
	} | apply
}

teardown_file() {
	instance_stop
}

@test "postStart is done before a container counts as running and before the next one starts" {
	is "$(status_of started first '.state | keys[0]')" waiting
	eventually 10 shows '^started +[12]/2 +Running ' get pod started
	gap=$(($(date -d "$(status_of started second '.state.running.startedAt // .state.terminated.startedAt')" +%s) -
		$(date -d "$(status_of started first .state.running.startedAt)" +%s)))
	[ "$gap" -ge 3 ]
	eventually 20 field_is pod/started .status.phase Succeeded
	is "$(kjob logs started -c first)" "done"
}

@test "N24 a postStart hook that fails ends its container, which is restarted by its policy" {
	restarted() {
		[ "$(status_of n24 c .restartCount)" -ge 1 ]
	}
	eventually 15 restarted
	has "$(events_of n24)" "Warning FailedPostStartHook PostStartHook failed" "Normal Killing FailedPostStartHook"
	is "$(get pod/n24 '[.status.containerStatuses[0] | .started, .ready] | map(tostring) | join(" ")')" "false false"
	eventually 10 shows '^n24 +0/1 +(PostStartHookError|CrashLoopBackOff) ' get pod n24
}

@test "N24 a hook that asks over the network fails in the second attempt as it did in the first" {
	failed_twice() {
		kjob get events --field-selector involvedObject.name=n24-http -o json |
			jq -e '[.items[] | select(.reason == "FailedPostStartHook" and .type == "Warning")][0].count >= 2'
	}
	eventually 20 failed_twice
	[ "$(status_of n24-http c .restartCount)" -ge 1 ]
}

# stop_times POD: milliseconds from the DELETE to SIGTERM and to the end of the pod.
stop_times() {
	local began
	now() { # milliseconds on the clock that a container sees too
		awk '{ print int($1 * 1000) }' /proc/uptime
	}
	eventually 10 field_is "pod/$1" .status.phase Running >&2
	kjob logs -f "$1" >"$T/log" &
	eventually 10 grep -q up "$T/log" >&2
	began=$(now)
	kjob delete pod "$1" >/dev/null
	echo "$(($(awk '/^term/ { print int($2 * 1000); exit }' "$T/log") - began)) $(($(now) - began))"
	wait
}

@test "N24 SIGTERM comes after preStop, SIGKILL when the grace is over" {
	times=$(stop_times long)
	read -r term end <<<"$times"
	between 2900 "$term" 9000
	between 9500 "$end" 40000
}

@test "N24 a preStop that takes longer than the grace is not waited for" {
	times=$(stop_times short)
	read -r term end <<<"$times"
	between 800 "$term" 20000
	between 2800 "$end" 35000
}

@test "a preStop may sleep" {
	eventually 10 field_is pod/sleeps .status.phase Running
	began=$(date +%s%N)
	kjob delete pod sleeps >/dev/null
	between 1900 $((($(date +%s%N) - began) / 1000000)) 9000
}

@test "a preStop may send a request, whatever is answered" {
	eventually 10 shows '^http +1/1 +Running ' get pod http
	eventually 10 field_is pod/http '.status.podIP != null' true
	kjob logs -f http >"$T/log" 2>&1 &
	eventually 10 grep -q up "$T/log"
	kjob delete pod http >/dev/null
	wait
	has "$(cat "$T/log")" /bye
}
