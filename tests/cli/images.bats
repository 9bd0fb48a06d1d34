#!/usr/bin/env bats
# Images from a registry of the tests' own: one pull for all, progress, back-off, credentials.
load helper

setup_file() {
	instance_start
	export OPEN CLOSED
	engine GET "/images/$IMAGE/get" >"$WORK/image.tar"
	OPEN=$(registry open 1)
	CLOSED=$(registry closed 2 private)
}

# registry NAME NTH [private]: its address; nothing where this Podman speaks plain HTTP to none.
registry() {
	local dir=$WORK/$1 port=0
	mkdir "$dir"
	if [ "$KJOB_TEST_ENGINE" = podman ]; then
		port=$(sed -n 's/^location = "127.0.0.1:\(.*\)"$/\1/p' "$(dirname "${KJOB_ENGINE#unix://}")/registries.conf" | sed -n "$2p")
		[ -n "$port" ] || return 0
	fi
	timeout 300 "$BATS_TEST_DIRNAME/../scripts/registry" "$port" "$WORK/image.tar" "$dir" $3 >/dev/null 2>"$dir/errors" 3>&- &
	echo $! >"$dir/pid"
	eventually 10 test -s "$dir/port" >/dev/null
	echo "127.0.0.1:$(cat "$dir/port")"
}

teardown_file() {
	local image
	cat "$WORK"/*/pid | xargs kill
	instance_stop
	for image in "$OPEN/slow/a:1" "$OPEN/absent/a:1" "$CLOSED/a:1"; do
		engine DELETE "/images/$image?force=true" >/dev/null
	done
}

needs_registry() {
	[ -n "$OPEN" ] || skip "this Podman speaks plain HTTP to no registry"
}

state_of() { # POD: of its container
	get "pod/$1" '.status.containerStatuses[0].state | to_entries[0].value | [.reason, .message // ""] | join(": ")'
}

is_in_state() { # POD REGULAR-EXPRESSION
	matches "$(state_of "$1")" "$2"
}

@test "an image is pulled once for all pods that want it, and the pull tells how far it is" {
	needs_registry
	for n in one two three; do
		pod $n 'echo ran' "image=$OPEN/slow/a:1"
	done | apply
	eventually 10 is_in_state two '^ContainerCreating: Pulling image "[^"]*/slow/a:1": [01] of 2 layers, [0-9.]+kB / [0-9.]+MB$'
	for n in one two three; do
		eventually 30 field_is pod/$n .status.phase Succeeded
	done
	is "$(kjob logs one)" ran
	is "$(grep -c '^GET .*/manifests/' "$WORK/open/log")" 1
	matches "$(events_of three)" "^Normal Pulling Pulling image \"$OPEN/slow/a:1\"\$"
	matches "$(events_of three)" "^Normal Pulled Successfully pulled image \"$OPEN/slow/a:1\" in [0-9.]+m?s \([0-9.]+m?s including waiting\)\. Image size: [0-9]+ bytes\.\$"
}

@test "F16 an image that is not there is tried again after a back-off that the status tells of" {
	needs_registry
	pod late true "image=$OPEN/absent/a:1" | apply
	eventually 10 is_in_state late '^ErrImagePull: .*manifest unknown'
	matches "$(kjob get pod late)" '^late +0/1 +ErrImagePull +0 '
	eventually 10 is_in_state late "^ImagePullBackOff: Back-off pulling image \"$OPEN/absent/a:1\": ErrImagePull: .*manifest unknown"
	matches "$(kjob get pod late)" '^late +0/1 +ImagePullBackOff +0 '
	matches "$(events_of late)" "^Warning Failed Failed to pull image \"$OPEN/absent/a:1\": .*manifest unknown"
	has "$(events_of late)" 'Warning Failed Error: ErrImagePull' "Normal BackOff Back-off pulling image \"$OPEN/absent/a:1\"" \
		'Warning Failed Error: ImagePullBackOff'
	touch "$WORK/open/there"
	eventually 20 field_is pod/late .status.phase Succeeded
}

@test "credentials come from imagePullSecrets, one after the other; a missing secret is told of, and none is shown" {
	needs_registry
	secret() { # NAME PASSWORD
		kjob create secret docker-registry "$1" --docker-server="$CLOSED" --docker-username=u --docker-password="$2" >/dev/null
	}
	kjob controller stop >/dev/null
	export KJOB_LOG=debug
	secret wrong hunter2
	secret right p
	pod refused true "image=$CLOSED/b:1" | apply
	eventually 20 is_in_state refused '^ErrImagePull: .*(unauthorized|no basic auth)'
	pod pulls true "image=$CLOSED/a:1" |
		sed 's/^  restartPolicy:/  imagePullSecrets: [{name: wrong}, {name: gone}, {name: right}]\n&/' | apply
	eventually 20 field_is pod/pulls .status.phase Succeeded
	has "$(events_of pulls)" 'Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (gone); attempting to pull the image may not succeed.'
	kjob describe pods >shown
	kjob get events -o yaml >>shown
	cat "$KJOB_HOME"/*.log >>shown
	for word in hunter2 "$(printf u:hunter2 | base64)" dTpw "$(printf u:p | base64)"; do
		lacks "$(cat shown)" "$word"
	done
	unset KJOB_LOG
	kjob delete pod refused --now >/dev/null # the next test has credentials that are right
}

@test "what docker login and a credential helper know is used" {
	needs_registry
	kjob controller stop >/dev/null
	mkdir bin
	printf '#!/bin/sh\ncat >/dev/null\necho %s\n' "'{\"Username\": \"u\", \"Secret\": \"p\"}'" >bin/docker-credential-kjobtest
	chmod +x bin/docker-credential-kjobtest
	echo '{"credHelpers": {"'"$CLOSED"'": "kjobtest"}}' >config.json
	engine DELETE "/images/$CLOSED/a:1?force=true" >/dev/null
	pod helped true "image=$CLOSED/a:1" imagePullPolicy=Always >pod.yaml
	DOCKER_CONFIG=$T PATH=$T/bin:$PATH kjob apply -f pod.yaml >/dev/null
	eventually 20 field_is pod/helped .status.phase Succeeded
	kjob controller stop >/dev/null
	echo '{"auths": {"'"$CLOSED"'": {"auth": "dTpw"}}}' >config.json
	sed 's/helped/filed/' pod.yaml | DOCKER_CONFIG=$T kjob apply -f - >/dev/null
	eventually 20 field_is pod/filed .status.phase Succeeded
}
