#!/usr/bin/env bats
# Sidecars: init containers with restartPolicy Always.
load helper

# What ends on SIGTERM and says when.
STOPS='echo up; trap "echo stopped \$(cut -d\" \" -f1 /proc/uptime); exit 0" TERM; while :; do sleep 0.1; done'

setup_file() {
	instance_start
	{
		pod_of n07
		echo '  initContainers:'
		has_container s 'sleep 4; touch /ok; exec sleep 100' restartPolicy=Always \
			'startupProbe={exec: {command: [cat, /ok]}, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 30}'
		has_container i 'date +%s'
		echo '  containers:'
		has_container main 'sleep 1'

		pod_of n09 grace=60
		echo '  initContainers:'
		has_container s1 "$STOPS" restartPolicy=Always
		has_container s2 "$STOPS" restartPolicy=Always
		echo '  containers:'
		has_container main "$STOPS"

		pod_of n10
		echo '  initContainers:'
		has_container s 'sleep 1; exit 1' restartPolicy=Always
		echo '  containers:'
		has_container main 'sleep 5'

		pod_of n11
		echo '  initContainers:'
		has_container s 'sleep 100' restartPolicy=Always 'readinessProbe={exec: {command: ["false"]}, periodSeconds: 1}'
		echo '  containers:'
		has_container main 'sleep 100'

		cat <<-END
			---
			apiVersion: batch/v1
			kind: Job
			metadata: {name: n08}
			spec:
			  template:
			    spec:
			      restartPolicy: Never
			      terminationGracePeriodSeconds: 5
			      initContainers:
			      - {name: side, image: "$IMAGE", restartPolicy: Always, command: [sh, -c, 'trap "echo asked; exit 3" TERM; while :; do sleep 0.1; done']}
			      containers:
			      - {name: main, image: "$IMAGE", command: [sh, -c, sleep 12]}
		END
	} | apply
}

teardown_file() {
	instance_stop
}

@test "N07 what follows a sidecar waits until its startup probe has succeeded" {
	eventually 10 shows '^n07 +0/2 +Init:0/2 ' get pod n07
	eventually 20 shows ' 2/2 +Running ' get pods -l batch.kubernetes.io/job-name=n08
	eventually 20 status_is n07 i .state.terminated.exitCode 0
	begun=$(date -d "$(get pod/n07 .status.startTime)" +%s)
	between 3 $(($(kjob logs n07 -c i) - begun)) 60
	eventually 15 field_is pod/n07 .status.phase Succeeded
}

@test "N08 a sidecar does not hold a Job open" {
	ended n08
	is "$(summary n08)" "1/-/- $COMPLETE"
	is "$(kjob logs "$(pods_of n08)" -c side)" asked
}

@test "N10 a sidecar that fails is started again, and does not fail the pod" {
	eventually 15 field_is pod/n10 .status.phase Succeeded
	[ "$(status_of n10 s .restartCount)" -ge 1 ]
}

@test "N11 a sidecar that is not ready keeps the pod from being ready" {
	eventually 10 shows '^n11 +1/2 +Running ' get pod n11
	is "$(condition_of n11 Ready)" "False ContainersNotReady containers with unready status: [s]"
	is "$(condition_of n11 Initialized)" "True - -"
	has "$(events_of n11)" "Warning Unhealthy Readiness probe failed: "
	kjob delete pod n11 --grace-period=1 >/dev/null
}

@test "N09 on deletion sidecars stop in reverse order, after the pod's own containers" {
	eventually 10 shows '^n09 +3/3 +Running ' get pod n09
	for c in s1 s2 main; do
		kjob logs -f n09 -c $c >"$T/$c" &
		eventually 10 grep -q up "$T/$c"
	done
	began=$SECONDS
	kjob delete pod n09 >/dev/null
	wait
	between 0 $((SECONDS - began)) 50 # nobody waits for the end of the grace
	order=$(for c in s1 s2 main; do sed -n "s/stopped \(.*\)/\1 $c/p" "$T/$c"; done | sort -n | awk '{ printf "%s ", $2 }')
	is "$order" "main s2 s1 "
}

@test "F09 restarts of a sidecar count for the limit of a Job that restarts in place" {
	cat <<-END | apply
		apiVersion: batch/v1
		kind: Job
		metadata: {name: f09}
		spec:
		  backoffLimit: 1
		  template:
		    spec:
		      restartPolicy: OnFailure
		      terminationGracePeriodSeconds: 1
		      initContainers:
		      - {name: side, image: "$IMAGE", restartPolicy: Always, command: [sh, -c, 'sleep 1; exit 1']}
		      containers:
		      - {name: main, image: "$IMAGE", command: [sh, -c, sleep 100]}
	END
	ended f09
	is "$(summary f09)" "-/1/- $(failed_with BackoffLimitExceeded)"
}

@test "pods with sidecars leave nothing behind" {
	kjob delete jobs --all >/dev/null
	kjob delete pods --all >/dev/null
	eventually 30 no_containers
}
