#!/usr/bin/env bats
# Many exec probes, every second: none left out, and nothing left of them. Short here; the whole of it is
#   KJOB_SOAK_PODS=50 KJOB_SOAK_SECONDS=60 bats tests/cli/soak.bats
load helper

PODS=${KJOB_SOAK_PODS:-8}
SECONDS_LONG=${KJOB_SOAK_SECONDS:-4}

setup_file() {
	instance_start
	for i in $(seq "$PODS"); do
		pod "soak$i" 'sleep 1000' \
			'readinessProbe={exec: {command: [sh, -c, "cat /proc/uptime >>/tmp/times; (true &)"]}, periodSeconds: 1, timeoutSeconds: 10}'
	done | apply
}

teardown_file() {
	instance_stop
}

descriptors() {
	# shellcheck disable=SC2012 # numbers
	ls "/proc/$(controller_pid)/fd" | wc -l
}

processor_ms() {
	awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$(controller_pid)/stat"
}

all_ready() {
	is "$(kjob get pods --no-headers | grep -c ' 1/1 ')" "$PODS"
}

@test "exec probes every second: no period is missed, no zombie and no exec is left" {
	local i id runs=0 late=0 longest=0 n gap
	eventually $((20 + PODS * 2)) all_ready
	for i in $(seq "$PODS"); do
		engine GET "/containers/$(containers "io.kubernetes.pod.name=soak$i")/json" | jq -r .Id
	done >"$WORK/ids"
	before=$(processor_ms)
	sleep "$SECONDS_LONG"
	spent=$(($(processor_ms) - before))
	descriptors >"$WORK/during"
	for i in $(seq "$PODS"); do
		kjob exec "soak$i" -- sh -c 'cat /tmp/times; grep -ls "State:.Z" /proc/[0-9]*/status || true' >"$WORK/times"
		lacks "$(cat "$WORK/times")" /proc
		read -r n missed gap <<<"$(awk 'NR == 1 { first = last = $1 } { g = $1 - last; if (g > max) max = g; last = $1 }
			END { m = int(last - first + 0.5) + 1 - NR; print NR, (m > 0 ? m : 0), int(max * 1000) }' "$WORK/times")"
		runs=$((runs + n)) late=$((late + missed)) longest=$((gap > longest ? gap : longest))
		[ "$n" -ge "$SECONDS_LONG" ]
	done
	echo "# $PODS pods: $runs runs, $late missed, $longest ms between two at most;" \
		"$((spent / SECONDS_LONG)) ms of processor time a second for the controller" >&3
	is "$late" 0
	while read -r id; do
		between 0 "$(engine GET "/containers/$id/json" | jq '.ExecIDs // [] | length')" 2
	done <"$WORK/ids"
}

closed() { # two streams of each pod: its output, and the exec of its probes
	between 1 "$(descriptors)" $(($(cat "$WORK/during") - 2 * PODS + 4))
}

@test "when the pods have gone no stream is left open" {
	kjob delete pods --all --grace-period=1 >/dev/null
	eventually 30 no_containers
	eventually 5 closed
}
