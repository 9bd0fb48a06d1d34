#!/usr/bin/env bats
# Probes: liveness, readiness, startup; commands, HTTP, TCP.
load helper

setup_file() {
	instance_start
	{
		pod_of n12 rp=Always grace=1
		echo '  containers:'
		has_container c 'touch /ok; sleep 3; rm /ok; sleep 100' \
			'livenessProbe={exec: {command: [cat, /ok]}, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 2}'

		pod_of n13 grace=1
		echo '  containers:'
		has_container c 'sleep 100' 'livenessProbe={exec: {command: ["false"]}, periodSeconds: 1, failureThreshold: 2}'

		pod_of n15 grace=1
		echo '  containers:'
		has_container c 'sleep 100' 'readinessProbe={exec: {command: [sleep, "55"]}, periodSeconds: 2, timeoutSeconds: 1}'

		pod_of odd grace=1
		echo '  containers:'
		has_container c 'sleep 100' 'readinessProbe={exec: {command: [nope]}, periodSeconds: 1, timeoutSeconds: 30}' \
			'livenessProbe={exec: {command: [sh, -c, "while :; do echo 5571 5571 5571 5571; done"]}, periodSeconds: 2, failureThreshold: 100}'

		pod_of n16 grace=1
		echo '  containers:'
		has_container c 'sleep 100' 'readinessProbe={exec: {command: ["true"]}, initialDelaySeconds: 6, periodSeconds: 1, timeoutSeconds: 30}'

		pod_of n17 rp=Always grace=1
		echo '  containers:'
		has_container c 'sleep 100' 'livenessProbe={exec: {command: ["true"]}, periodSeconds: 1, timeoutSeconds: 30}' \
			'startupProbe={exec: {command: ["false"]}, periodSeconds: 1, failureThreshold: 3}'

		pod_of n18 rp=Always grace=500
		echo '  containers:'
		has_container c 'trap "" TERM; while :; do sleep 1; done' \
			'livenessProbe={exec: {command: ["false"]}, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 3}'

		pod_of n19 rp=Always grace=12
		echo '  containers:'
		has_container c 'touch /ok; trap "rm /ok" TERM; while :; do sleep 0.2; done' \
			'livenessProbe={exec: {command: [cat, /ok]}, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 1}' \
			'readinessProbe={exec: {command: [cat, /ok]}, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 1}'

		pod_of n14 grace=1
		echo '  containers:'
		has_container c 'mkdir /w; echo x >/w/f; sleep 4; httpd -f -p 8080 -h /w' 'ports=[{name: web, containerPort: 8080}]' \
			'startupProbe={tcpSocket: {port: web}, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 30}' \
			'readinessProbe={httpGet: {port: web, path: /f}, periodSeconds: 1, timeoutSeconds: 30}'
		has_container missing 'sleep 100' 'readinessProbe={httpGet: {port: 8080, path: /none}, periodSeconds: 1, timeoutSeconds: 30}'

		pod_of n20 rp=Always grace=1
		echo '  containers:'
		has_container c 'sleep 100' 'livenessProbe={tcpSocket: {port: 9}, periodSeconds: 1, failureThreshold: 2}'
	} | apply
}

teardown_file() {
	instance_stop
}

restarted() { # POD [N]
	[ "$(status_of "$1" c .restartCount)" -ge "${2:-1}" ]
}

@test "N12 a failing liveness probe restarts the container" {
	eventually 20 restarted n12
	has "$(events_of n12)" "Warning Unhealthy Liveness probe failed: cat: can't open '/ok'" \
		"Normal Killing Container c failed liveness probe, will be restarted"
	is "$(status_of n12 c .lastState.terminated.exitCode)" 137
}

@test "N13 under policy Never it ends the pod" {
	eventually 15 field_is pod/n13 .status.phase Failed
	is "$(status_of n13 c .restartCount)" 0
	matches "$(events_of n13)" '^Normal Killing Container c failed liveness probe$'
}

@test "N15 a command that takes too long is a failure, and is killed" {
	eventually 15 matches_event n15 'Readiness probe failed: command timed out: "sleep 55" timed out after 1s'
	is "$(status_of n15 c .ready)" false
	id=$(containers io.kubernetes.pod.name=n15)
	left() { # at most the one that is under way
		[ "$(engine GET "/containers/$id/top" | jq '[.Processes[] | select(join(" ") | contains("sleep 55"))] | length')" -le 1 ]
	}
	eventually 5 left
}

@test "a command that is not there is no failure, one that prints without end costs no memory and is killed" {
	eventually 15 matches_event odd 'Readiness probe errored and resulted in unknown state: failed to exec in container: exec: "nope": executable file not found in $PATH'
	eventually 15 matches_event odd 'timed out after 1s'
	lacks "$(events_of odd)" 'Readiness probe failed'
	is "$(status_of odd c .restartCount)" 0
	between 1 "$(awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$(controller_pid)/status")" 60
	kjob exec odd -- sh -c 'ps | grep -c "[5]571"' >"$T/left" || true
	between 0 "$(cat "$T/left")" 1
}

matches_event() { # POD PART
	has "$(events_of "$1")" "$2"
}

@test "N16 a readiness probe begins after its delay; until then the pod is not ready" {
	eventually 20 status_is n16 c .ready true
	begun=$(date -d "$(status_of n16 c .state.running.startedAt)" +%s)
	ready=$(date -d "$(get pod/n16 '.status.conditions[] | select(.type == "Ready").lastTransitionTime')" +%s)
	between 5 $((ready - begun)) 40
	is "$(status_of n16 c .restartCount)" 0
}

@test "N17 a startup probe that fails restarts the container; liveness waits for it" {
	eventually 20 restarted n17
	has "$(events_of n17)" "Warning Unhealthy Startup probe failed: " \
		"Normal Killing Container c failed startup probe, will be restarted"
	lacks "$(events_of n17)" "Liveness probe"
}

@test "N18 a probe's own grace counts for the kill that it causes" {
	eventually 20 restarted n18
	between 3 "$(status_of n18 c '.lastState.terminated | (.finishedAt | fromdate) - (.startedAt | fromdate)')" 60
}

@test "N19 a pod that is being deleted is not restarted by its probes, but stops being ready" {
	eventually 10 status_is n19 c .ready true
	kjob delete pod n19 --wait=false >/dev/null
	eventually 6 status_is n19 c .ready false
	is "$(status_of n19 c .restartCount)" 0
	eventually 20 gone pod/n19
	lacks "$(events_of n19)" "will be restarted"
}

@test "N14 httpGet and tcpSocket ask the pod's address, ports by their names" {
	eventually 20 status_is n14 c .ready true
	eventually 10 matches_event n14 "Startup probe failed: dial tcp $(get pod/n14 .status.podIP):8080: connect: connection refused"
	eventually 10 matches_event n14 "Readiness probe failed: HTTP probe failed with statuscode: 404"
	is "$(status_of n14 missing .ready)" false
	matches "$(kjob get pod n14)" '^n14 +1/2 +Running +0 '
}

@test "N20 a closed port is a failure" {
	eventually 20 restarted n20
	has "$(events_of n20)" "Liveness probe failed: dial tcp "
}

@test "the controller may be killed: readiness, restarts and probes go on" {
	kill -9 "$(controller_pid)"
	kjob get pods >/dev/null
	is "$(status_of n16 c .ready)" true
	before=$(status_of n12 c .restartCount)
	eventually 30 restarted n12 $((before + 1))
}

@test "pods with probes leave nothing behind" {
	kjob delete pods --all --grace-period=1 >/dev/null
	eventually 30 no_containers
}
