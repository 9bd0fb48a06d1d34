#!/usr/bin/env bats
# What a pod costs the engine, counted in the controller's log of its requests.
load helper

setup_file() {
	export KJOB_LOG=debug
	instance_start
}

teardown_file() {
	instance_stop
}

requests() { # POD: its requests to the engine until it has ended, without what they name
	local id
	id=$(get "pod/$1" '.status.containerStatuses[0].containerID' | sed 's,.*://,,')
	grep -oE "engine: [A-Z]+ /v[^ ]*(/containers/$id/|containers/create\?name=kjob_default_$1_)[^ ]*" "$KJOB_HOME/controller.log" |
		sed -E "s,^engine: ,,; s,/v[0-9.]+/containers/,,; s,$id/,,; s,\?.*,,"
}

@test "a pod of one container costs four calls: docker run has these, a wait in place of the inspect, and a ping" {
	local pod
	kjob run one "--image=$IMAGE" -- true
	pod=$(pods_of one)
	# an inspect is asked again where the engine has not yet noted the end
	is "$(requests "$pod" | uniq | xargs -d '\n' echo)" 'POST create POST attach POST start GET json'
	is "$(requests "$pod" | grep -c POST)" 3
	kjob delete job one >/dev/null
}

@test "a pod that joins a network that goes from pod to pod costs no more, and there is one sandbox for all" {
	local pod
	job many true completions=4 parallelism=1 | sed 's,^      restartPolicy,      hostname: worker\n&,' | apply
	ended many
	for pod in $(pods_of many); do
		is "$(requests "$pod" | uniq | xargs -d '\n' echo)" 'POST create POST attach POST start GET json'
	done
	is "$(grep -c 'engine: POST .*/containers/create?name=kjob_default_many-.*_POD_' "$KJOB_HOME/controller.log")" 1
	kjob delete job many >/dev/null
}
