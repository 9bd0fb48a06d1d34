#!/usr/bin/env bats
# An engine at a TCP address, as on another machine: its processes are nobody's here, its pods out of reach.
load helper

setup_file() {
	RELAY=$(mktemp)
	"$BATS_TEST_DIRNAME/../scripts/relay" "${KJOB_ENGINE#unix://}" >"$RELAY" 3>&- &
	RELAY_PID=$!
	until [ -s "$RELAY" ]; do
		sleep 0.1
	done
	KJOB_ENGINE=tcp://127.0.0.1:$(cat "$RELAY")
	export KJOB_ENGINE RELAY_PID
	rm "$RELAY"
	instance_start
	{
		pod_of web rp=Always grace=1
		echo '  containers:'
		has_container c 'mkdir /w; echo well >/w/f; httpd -f -p 8080 -h /w' \
			'startupProbe={tcpSocket: {port: 8080}, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 30}' \
			'livenessProbe={httpGet: {port: 8080, path: /f}, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 1}' \
			'readinessProbe={exec: {command: [cat, /w/f]}, periodSeconds: 1, timeoutSeconds: 30}'
		pod_of hangs grace=1
		echo '  containers:'
		has_container c 'sleep 100' 'readinessProbe={exec: {command: [sleep, "6671"]}, periodSeconds: 2}'
	} | apply
	pod plain 'mkdir /w; echo plain >/w/f; httpd -f -p 8080 -h /w' | apply
}

teardown_file() {
	instance_stop
	pkill -P "$RELAY_PID"
	kill "$RELAY_PID"
}

restarted() { # POD
	[ "$(status_of "$1" c .restartCount)" -ge 1 ]
}

has_event() { # POD PART
	has "$(events_of "$1")" "$2"
}

@test "remote: probes of every kind reach the pod" {
	eventually 30 status_is web c .ready true
	kjob exec web -- mv /w/f /w/g
	eventually 20 restarted web
	has_event web "Liveness probe failed: HTTP probe failed with statuscode: 404"
}

@test "remote: a command that takes too long is killed over there" {
	eventually 20 has_event hangs 'Readiness probe failed: command timed out: "sleep 6671" timed out after 1s'
	left() { # at most the one that is under way
		[ "$(kjob exec hangs -- ps | grep -c 'sleep 6671')" -le 1 ]
	}
	eventually 10 left
}

@test "remote: a forwarded port leads to a pod without a sandbox, and its helper goes" {
	eventually 20 status_is plain c .ready true
	"$KJOB_BIN" port-forward pod/plain :8080 >forwarding 2>&1 3>&- &
	forward=$!
	eventually 10 grep -q 'Forwarding from 127' forwarding
	port=$(sed -n 's/.*127.0.0.1:\([0-9]*\) .*/\1/p;q' forwarding)
	is "$(curl -s --max-time 10 "http://127.0.0.1:$port/f")" plain
	kill $forward
	eventually 10 no_containers io.kubernetes.container.name=kjob-forward
}

@test "remote: nothing is left" {
	kjob delete pods --all --now >/dev/null
	eventually 30 no_containers
}
