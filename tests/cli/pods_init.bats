#!/usr/bin/env bats
# Init containers, pods of several containers, deadlines and termination messages.
load helper

setup_file() {
	instance_start
	{
		pod_of n04
		echo '  initContainers:'
		has_container b 'cut -d. -f1 /proc/uptime; sleep 1; cut -d. -f1 /proc/uptime'
		has_container a 'cut -d. -f1 /proc/uptime; sleep 1; cut -d. -f1 /proc/uptime'
		echo '  containers:'
		has_container main 'cut -d. -f1 /proc/uptime'

		pod_of n05
		echo '  initContainers:'
		has_container a 'exit 3'
		echo '  containers:'
		has_container main true

		pod_of n06 rp=Always
		echo '  initContainers:'
		has_container a 'exit 1'
		echo '  containers:'
		has_container main true

		pod_of n03
		echo '  containers:'
		has_container b 'exit 0'
		has_container a 'exit 1'

		pod_of together
		echo '  containers:'
		has_container server 'mkdir /w; echo served >/w/f; httpd -f -p 8080 -h /w' 
		has_container client 'hostname; until wget -q -O - http://localhost:8080/f; do sleep 0.1; done; sleep 3'

		pod_of processes shareProcessNamespace=true
		echo '  containers:'
		has_container one 'exec tail -f /dev/null'
		has_container two 'until pidof tail; do sleep 0.1; done; killall tail'

		pod_of n23
		echo '  containers:'
		has_container file 'head -c 5000 /dev/zero | tr "\\0" x >/dev/termination-log'
		has_container elsewhere 'echo told >/tmp/why; exit 2' terminationMessagePath=/tmp/why
		has_container fallback 'seq 1 100; exit 1' terminationMessagePolicy=FallbackToLogsOnError
		has_container fine 'echo all is well' terminationMessagePolicy=FallbackToLogsOnError

		pod_of deadline rp=Always grace=1 activeDeadlineSeconds=3
		echo '  containers:'
		has_container c 'sleep 100'

		job f15 'sleep 60' backoffLimit=1 grace=1 | sed 's/^      restartPolicy/      activeDeadlineSeconds: 2\n&/'

		pod_of gated readinessGates='[{conditionType: example.org/in}]'
		echo '  containers:'
		has_container c 'sleep 100'

		job_with_init i05 'echo init $JOB_COMPLETION_INDEX' 'completionMode: Indexed' 'completions: 1'
		job_with_init p06 'exit 42' 'backoffLimit: 6' \
			'podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}'
		pod n23-one 'head -c 5000 /dev/zero | tr "\\0" x >/dev/termination-log; exit 1'
	} | apply
	timeout 60 "$KJOB_BIN" get pod n04 -w >"$WORK/n04" 2>&1 3>&- &
}

# job_with_init NAME SCRIPT-OF-THE-INIT-CONTAINER [LINE OF THE SPEC...]
job_with_init() {
	local name=$1 script=$2
	shift 2
	printf -- '---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: %s}\nspec:\n' "$name"
	printf '  %s\n' "$@"
	printf '  template:\n    spec:\n      restartPolicy: Never\n      initContainers:\n'
	has_container init "$script" | sed 's/^/    /'
	printf '      containers:\n'
	has_container main true | sed 's/^/    /'
}

teardown_file() {
	instance_stop
}

@test "N04 init containers run one after the other before the pod's own" {
	eventually 10 shows '^n04 +0/1 +Init:[01]/2 ' get pod n04
	eventually 20 field_is pod/n04 .status.phase Succeeded
	{
		kjob logs n04 -c b
		kjob logs n04 -c a
		kjob logs n04
	} >"$T/times"
	is "$(wc -l <"$T/times")" 5
	sort -n "$T/times" | cmp - "$T/times"
	is "$(get pod/n04 '[.status.initContainerStatuses[] | .name, .ready, .restartCount] | map(tostring) | join(" ")')" \
		"b true 0 a true 0"
	is "$(condition_of n04 Initialized)" "True PodCompleted -"
	is "$(awk '$1 == "n04" && $3 != last { last = $3; print last }' "$WORK/n04" | grep -E '^(Init|PodI|Comp)' | xargs)" \
		"Init:0/2 Init:1/2 PodInitializing Completed"
}

@test "N05 a failed init container fails a pod that is not restarted" {
	eventually 10 field_is pod/n05 .status.phase Failed
	matches "$(kjob get pod n05)" '^n05 +0/1 +Init:Error +0 '
	is "$(condition_of n05 Initialized)" "False ContainersNotInitialized containers with incomplete status: [a]"
	is "$(status_of n05 main '.state.waiting.reason')" PodInitializing
	is "$(condition_of n05 Ready)" "False PodFailed -"
	try kjob logs n05
	has "$err" 'container "main" in pod "n05" is waiting to start: PodInitializing'
}

@test "N06 an init container is tried again, with back-off, and the pod stays pending" {
	eventually 15 shows '^n06 +0/1 +Init:CrashLoopBackOff +[1-3] ' get pod n06
	is "$(get pod/n06 .status.phase)" Pending
	has "$(events_of n06)" 'Warning BackOff Back-off restarting failed container a in pod n06_default('
}

@test "N03 a pod fails with one of its containers; the first name decides what is shown" {
	eventually 15 field_is pod/n03 .status.phase Failed
	matches "$(kjob get pod n03)" '^n03 +0/2 +Error +0 '
}

@test "containers of a pod share its network and its host name" {
	eventually 15 shows '^served' logs together -c client
	has "$(kjob logs together -c client)" together
	is "$(get pod/together '.status.podIP != null')" true
	kjob delete pod together >/dev/null
}

@test "with shareProcessNamespace they see each other's processes" {
	eventually 15 status_is processes two .state.terminated.exitCode 0
	eventually 10 status_is processes one .state.terminated.exitCode 143
}

@test "N23 termination messages come from the file, cut, or from the log's end" {
	eventually 15 field_is pod/n23 .status.phase Failed
	message() {
		status_of n23 "$1" '.state.terminated.message // ""'
	}
	is "$(message file | tr -d '\n' | wc -c)" 3072 # 12 KiB among four
	is "$(status_of n23-one c '.state.terminated.message | length')" 4096
	is "$(message elsewhere)" told
	is "$(message fallback | sed -n 1p)" 21
	is "$(message fallback | sed -n 80p)" 100
	is "$(message fine)" ""
}

@test "a pod past its deadline has failed and says so" {
	eventually 20 field_is pod/deadline .status.phase Failed
	is "$(get pod/deadline '.status.reason + ": " + .status.message')" \
		"DeadlineExceeded: Pod was active on the node longer than the specified deadline"
	has "$(events_of deadline)" "Normal DeadlineExceeded Pod was active on the node longer than the specified deadline"
	is "$(status_of deadline c .restartCount)" 0
}

@test "F15 a Job counts pods that passed their deadline" {
	ended f15
	is "$(summary f15)" "-/2/- $(failed_with BackoffLimitExceeded)"
	is "$(pods_field f15 .status.reason | sort -u)" DeadlineExceeded
}

@test "I05 the index of a pod is known to its init containers" {
	ended i05
	is "$(kjob logs "$(pods_of i05)" -c init)" "init 0"
}

@test "P06 a policy without a container's name looks at init containers, too" {
	ended p06
	matches "$(summary p06)" 'Failed:PodFailurePolicy$'
}

# bats test_tags=one-engine
@test "a readiness gate keeps a pod from being ready until somebody opens it" {
	eventually 15 shows '^gated +1/1 +Running ' get pod gated
	is "$(condition_of gated Ready)" \
		'False ReadinessGatesNotReady corresponding condition of pod readiness gate "example.org/in" does not exist.'
	is "$(condition_of gated ContainersReady)" "True - -"
	curl -sS --unix-socket "$KJOB_HOME/kjob.sock" -X PATCH -H 'Content-Type: application/strategic-merge-patch+json' \
		-d '{"status": {"conditions": [{"type": "example.org/in", "status": "True"}]}}' \
		http://localhost/api/v1/namespaces/default/pods/gated/status >/dev/null
	eventually 5 ready gated
	kjob delete pod gated --grace-period=1 >/dev/null
}

ready() { # POD
	matches "$(condition_of "$1" Ready)" '^True '
}

@test "a pod with a dead sandbox begins a new round, in which init containers run again" {
	{
		pod_of round rp=OnFailure grace=0
		echo '  initContainers:'
		has_container i 'echo init'
		echo '  containers:'
		has_container a 'sleep 100'
		has_container b 'sleep 100'
	} | apply
	eventually 15 shows '^round +2/2 +Running ' get pod round
	sandbox=$(containers io.kubernetes.container.name=POD | while read -r id; do
		engine GET "/containers/$id/json" | jq -r 'select(.Config.Labels["io.kubernetes.pod.name"] == "round") | .Id'
	done)
	engine POST "/containers/$sandbox/kill?signal=SIGKILL" >/dev/null
	eventually 20 status_is round i .restartCount 1
	eventually 20 status_is round a .restartCount 1
	eventually 20 shows '^round +2/2 +Running ' get pod round
	has "$(events_of round)" "SandboxChanged Pod sandbox changed, it will be killed and re-created."
	kjob delete pod round --grace-period=0 --force >/dev/null 2>&1
}

@test "N06 the third attempt of an init container comes, too" {
	restarted() {
		[ "$(status_of n06 a .restartCount)" -ge 2 ]
	}
	eventually 20 restarted
}

@test "deleted pods leave neither containers nor sandboxes" {
	kjob delete jobs --all >/dev/null
	kjob delete pods --all >/dev/null
	eventually 30 no_containers
}
