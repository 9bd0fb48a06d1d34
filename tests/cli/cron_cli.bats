#!/usr/bin/env bats
# Cron jobs on the command line: create cronjob, create job --from, run --schedule, get, describe. Their schedules are far
# away; what starts Jobs by the clock is tested elsewhere.
# bats file_tags=one-engine
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

@test "X16 create cronjob makes a cron job of an image, a schedule and a command" {
	is "$(kjob create cronjob c1 "--image=$IMAGE" '--schedule=0 3 1 1 *' -- sh -c 'echo $A $0 $@')" "cronjob.batch/c1 created"
	is "$(get cj/c1 '[.spec.schedule, .spec.jobTemplate.metadata.name, .spec.jobTemplate.spec.template.spec.restartPolicy] | join(" ")')" \
		"0 3 1 1 * c1 OnFailure"
	is "$(kjob create cj c2 "--image=$IMAGE" --schedule=@yearly --restart=Never --dry-run=client -o name)" "cronjob.batch/c2"
	try kjob create cronjob c2
	is "$rc:$err" '1:error: required flag(s) "image", "schedule" not set'
	try kjob create cronjob a b --image=x --schedule=x
	is "$rc" 1
	is "$err" $'error: exactly one NAME is required, got 2\nSee \'kjob create cronjob -h\' for help and examples'
	try kjob create cronjob c2 "--image=$IMAGE" --schedule=
	is "$rc" 1
	is "$err" 'error: failed to create cronjob: CronJob.batch "c2" is invalid: spec.schedule: Required value'
}

@test "get and describe show cron jobs as kubectl does" {
	matches "$(kjob get cronjobs)" '^NAME +SCHEDULE +TIMEZONE +SUSPEND +ACTIVE +LAST SCHEDULE +AGE$'
	matches "$(kjob get cj c1)" '^c1 +0 3 1 1 \* +<none> +False +0 +<none> +[0-9]+s$'
	has "$(kjob describe cronjob c1)" $'\nSchedule:                      0 3 1 1 *\nConcurrency Policy:            Allow\n' \
		$'\nLast Schedule Time:  <unset>\nActive Jobs:         <none>\n'
	try kjob logs cronjob/c1
	is "$rc" 1
	has "$err" 'error: cannot get the logs from *v1.CronJob: '
}

@test "K15 create job --from takes the cron job's template" {
	is "$(kjob create job m1 --from=cronjob/c1)" "job.batch/m1 created"
	is "$(get job/m1 '.metadata.annotations["cronjob.kubernetes.io/instantiate"]')" manual
	is "$(get job/m1 '.metadata.ownerReferences[0] | [.kind, .name, .controller, .blockOwnerDeletion] | map(tostring) | join(" ")')" \
		"CronJob c1 true null"
	is "$(get cj/c1 .status.active)" null
	try kjob create job m2 --from=cronjob/c1 "--image=$IMAGE"
	is "$rc:$err" "1:error: either --image or --from must be specified"
	try kjob create job m2 --from=cronjob/nosuch
	is "$rc:$err" '1:Error from server (NotFound): cronjobs.batch "nosuch" not found'
	try kjob create job m2 --from=namespace/default
	is "$rc" 1
	has "$err" 'error: from must be an existing cronjob'
}

@test "create job --from runs with other arguments and variables" {
	kjob create job m3 --from=cronjob/c1 -- A=1 -- B=2 c
	ended m3
	is "$(get job/m3 '.spec.template.spec.containers[0].args | join(" ")')" "B=2 c"
	kjob create job m4 --from=job/m3 -e A=9 --command -- sh -c 'echo $A again'
	ended m4
	is "$(kjob logs job/m4)" "9 again"
	is "$(get job/m4 .metadata.ownerReferences)" null
}

@test "run --schedule creates a cron job and does not wait" {
	is "$(kjob run r1 "--image=$IMAGE" '--schedule=0 0 30 2 *' --time-zone=Europe/Berlin --ttl=1h -- date)" "cronjob.batch/r1 created"
	matches "$(kjob get cj -l run=r1)" '^r1 +0 0 30 2 \* +Europe/Berlin +False +0 '
	try kjob run r2 "--image=$IMAGE" --schedule=@daily -i
	is "$rc" 125
	has "$err" 'error: --stdin cannot be used with --schedule'
	try kjob run r2 "--image=$IMAGE" --schedule=@daily --rm
	has "$err" 'error: --rm should only be used for attached containers'
	try kjob run r2 "--image=$IMAGE" --time-zone=UTC
	has "$err" 'error: --time-zone goes with --schedule'
	try kjob run r2 "--image=$IMAGE" --schedule=
	is "$rc" 125
	has "$err" 'The CronJob "r2" is invalid: spec.schedule: Required value'
	has "$(kjob run r2 "--image=$IMAGE" --schedule=@daily --dry-run=client -o yaml)" 'kind: CronJob' 'schedule: '
}

@test "cron jobs are suspended and resumed" {
	is "$(kjob suspend cj c1 r1)" $'cronjob.batch/c1 suspended\ncronjob.batch/r1 suspended'
	matches "$(kjob get cj c1)" '^c1 .* True '
	is "$(kjob resume cronjobs --all)" $'cronjob.batch/c1 resumed\ncronjob.batch/r1 resumed'
}

@test "apply changes a cron job to what its manifest says" {
	kjob get cj r1 -o json | jq '{apiVersion, kind, metadata: {name: "a1"}, spec}' >a1.json
	is "$(kjob apply -f a1.json)" "cronjob.batch/a1 created"
	is "$(kjob apply -f a1.json)" "cronjob.batch/a1 unchanged"
	jq '.spec.schedule = "@weekly" | del(.spec.timeZone)' a1.json >a2.json
	is "$(kjob apply -f a2.json)" "cronjob.batch/a1 configured"
	is "$(get cj/a1 '.spec | .schedule + " " + (.timeZone | tostring)')" "@weekly null"
}

# A cron job NAME that never fires and whose Jobs are suspended, and two of them, NAME-1 and NAME-2.
family() {
	kjob run "$1" "--image=$IMAGE" '--schedule=0 0 30 2 *' --overrides='{"spec":{"jobTemplate":{"spec":{"suspend":true}}}}' >/dev/null
	kjob create job "$1-1" "--from=cronjob/$1" >/dev/null
	kjob create job "$1-2" "--from=cronjob/$1" >/dev/null
}

both_gone() { # NAME
	gone "job/$1-1" && gone "job/$1-2"
}

@test "K20 deleting a cron job deletes its Jobs, D02 --cascade=orphan keeps them" {
	local how
	for how in '' =background =foreground; do
		family k20
		is "$(kjob delete cj k20 "--cascade$how")" 'cronjob.batch "k20" deleted from default namespace'
		gone cj/k20
		eventually 10 both_gone k20
	done
	family d02
	is "$(kjob delete cj d02 --cascade=orphan)" 'cronjob.batch "d02" deleted from default namespace'
	eventually 10 field_is job/d02-1 .metadata.ownerReferences null
	eventually 10 field_is job/d02-2 .metadata.ownerReferences null
	try kjob delete jobs d02-1 d02-2 --cascade=true
	is "$rc:$err" "0:warning: --cascade=true is deprecated (boolean value) and can be replaced with --cascade=background."
}

@test "a schedule that never fires is accepted, and describe says so" {
	eventually 10 shows '^Schedule: +0 0 30 2 \* \(never fires\)$' describe cj r1
	lacks "$(kjob describe cj c1)" 'never fires'
}
