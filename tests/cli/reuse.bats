#!/usr/bin/env bats
# Networks that go from pod to pod of a Job: what pods see, when they do not, and that none is left behind.
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

SANDBOXES=io.kubernetes.container.name=POD

reusing() { # NAME VALUE: annotates the Job in standard input
	sed "s,^  name: $1\$,&\n  annotations: {kjob.io/reuse-sandbox: \"$2\"},"
}

addresses() { # JOB: how many its pods had between them
	pods_field "$1" .status.podIP | sort -u | wc -l
}

# What a pod sees of itself: three times its name, and its address.
LOOK='hostname; cat /etc/hostname; echo; awk -v h="$(hostname)" "{ for (i = 2; i <= NF; i++) if (\$i == h) print \$i, \$1 }" /etc/hosts
	ip -4 addr show eth0 | awk "/inet/ { sub(\"/.*\", \"\", \$2); print \$2 }"; ls /dev/shm; touch /dev/shm/mine'

looks_right() { # POD NAME: under this hostname
	local ip
	ip=$(get "pod/$1" .status.podIP)
	is "$(kjob logs "$1" | xargs)" "$2 $2 $2 $ip $ip"
}

@test "pods of a Job follow each other in few networks and see their own name and address alone" {
	local p name
	job follow "$LOOK" completions=9 parallelism=2 | if [ "$KJOB_TEST_ENGINE" = podman ]; then cat; else reusing follow true; fi | apply
	ended follow
	is "$(summary follow)" "9/-/- $COMPLETE"
	between 1 "$(addresses follow)" 3
	for p in $(pods_of follow); do
		name=$(get "pod/$p" '.spec.hostname // .metadata.name')
		[ "$KJOB_TEST_ENGINE" != podman ] || is "$name" "$p"
		looks_right "$p" "$name"
	done
	eventually 15 sandboxes_ended
	kjob delete job follow >/dev/null
	eventually 20 no_containers
}

sandboxes_ended() {
	is "$(for id in $(containers $SANDBOXES); do engine GET "/containers/$id/json" | jq -r .State.Running; done | grep -c true)" 0
}

@test "a hostname in the template is the same in all pods, so that they may share a network on every engine" {
	job same "$LOOK" completions=6 parallelism=1 | sed 's,^      restartPolicy,      hostname: worker\n&,' | apply
	ended same
	is "$(summary same)" "6/-/- $COMPLETE"
	is "$(addresses same)" 1
	looks_right "$(pods_of same | head -1)" worker
	kjob delete job same >/dev/null
}

@test "none is handed on when that is refused, nor by pods that may change their network, nor for few pods" {
	job refused true completions=6 | reusing refused false | apply
	job admin true completions=6 | reusing admin true | sed 's,^        image:,        securityContext: {capabilities: {add: [NET_ADMIN]}}\n&,' | apply
	job few true completions=2 | reusing few true | apply
	for j in refused admin few; do
		ended $j
		is "$(for p in $(pods_of $j); do containers "io.kubernetes.pod.name=$p"; done | wc -l)" "$(pod_count $j)"
	done
	kjob delete jobs --all >/dev/null
}

@test "a controller that is killed again and again loses no pod to a shared network and leaves none behind" {
	local pid
	job killed 'echo begin; sleep 0.2; echo end' completions=24 parallelism=3 | reusing killed true | apply
	for _ in 1 2 3 4 5; do
		sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
		pid=$(controller_pid)
		kill -9 "$pid"
		kjob get job killed >/dev/null
	done
	ended killed
	is "$(summary killed)" "24/-/- $COMPLETE"
	is "$(pod_count killed)" 24
	is "$(for p in $(pods_of killed); do kjob logs "$p"; done | sort | uniq -c | xargs)" "24 begin 24 end"
	eventually 15 sandboxes_ended
	kjob delete job killed >/dev/null
	eventually 20 no_containers
}

# bats test_tags=one-engine
@test "an annotation that says neither true nor false comes with a warning" {
	has "$(job what true | reusing what maybe | kjob create --dry-run=server -f - 2>&1)" \
		'metadata.annotations[kjob.io/reuse-sandbox]: "maybe" is neither true nor false, and without effect'
}

@test "run --reuse-sandbox asks for it" {
	is "$(kjob run many "--image=$IMAGE" --completions=8 --reuse-sandbox -- echo hello 2>/dev/null | grep -c hello)" 8
	is "$(addresses many)" 1
	kjob delete job many >/dev/null
}
