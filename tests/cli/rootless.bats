#!/usr/bin/env bats
# Rootless Podman, as an ordinary user made for these tests, with the podman that kjob starts by itself.
load helper

setup_file() {
	WORK=$(mktemp -d /tmp/kjob-cli.XXXXXX)
	TEST_USER=kjobt$$
	export WORK TEST_USER
	why=$(prepare 2>"$WORK/trouble") || why=${why:-$(tail -n 1 "$WORK/trouble")}
	echo "$why" >"$WORK/why"
	if [ -n "$why" ]; then
		echo "# rootless Podman cannot be tested here: $why" >&3
	fi
}

teardown_file() {
	as_user sh -c 'cd /; "$0" controller stop; podman rm -af -t 0' "$WORK/kjob" >/dev/null 2>&1
	if id "$TEST_USER" >/dev/null 2>&1; then
		# shellcheck disable=SC2046 # a list of numbers
		kill -9 $(pgrep -u "$TEST_USER") 2>/dev/null
		userdel -rf "$TEST_USER" >/dev/null 2>&1
	fi
	rm -rf "$WORK"
}

# prepare: says why it cannot be, where it cannot.
prepare() {
	[ "$(id -u)" = 0 ] || { echo "needs root to make an ordinary user"; return 1; }
	local tool
	for tool in podman useradd setpriv newuidmap; do
		command -v "$tool" >/dev/null || { echo "needs $tool"; return 1; }
	done
	useradd -m -s /bin/sh "$TEST_USER" >&2 || { echo "no user can be made"; return 1; }
	grep -q "^$TEST_USER:" /etc/subuid || { echo "the user has no subordinate ids"; return 1; }
	chmod 755 "$WORK"
	cp "$KJOB_BIN" "$WORK/kjob"
	mkdir -m 700 "$WORK/run" "$WORK/home"
	cat >"$WORK/containers.conf" <<-END
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		[engine]
		$(command -v runc >/dev/null && echo 'runtime = "runc"')
		cgroup_manager = "cgroupfs"
		events_logger = "file"
	END
	printf '[storage]\ndriver = "vfs"\n' >"$WORK/storage.conf"
	chown -R "$TEST_USER" "$WORK/run" "$WORK/home"
	# Stock machines let everybody open it, and slirp4netns needs that; where not, the user gets a view of his own.
	[ -n "$(find /dev/net/tun -perm -006)" ] || mknod -m 666 "$WORK/tun" c 10 200
	"$BATS_TEST_DIRNAME/../scripts/image" --tar "$WORK/image.tar" >&2
	chmod 644 "$WORK/image.tar"
	as_user podman import "$WORK/image.tar" "$IMAGE" >/dev/null || return 1
	as_user podman run --rm "$IMAGE" true || return 1
}

as_user() {
	local user
	user=$(id -u "$TEST_USER") || return 1
	in_view env -i PATH="$PATH" HOME="$(getent passwd "$TEST_USER" | cut -d: -f6)" XDG_RUNTIME_DIR="$WORK/run" \
		KJOB_HOME="$WORK/home/kjob" CONTAINERS_CONF="$WORK/containers.conf" \
		CONTAINERS_STORAGE_CONF="$WORK/storage.conf" \
		setpriv --reuid="$user" --regid="$(id -g "$TEST_USER")" --clear-groups timeout -k 5 60 "$@"
}

in_view() { # COMMAND...
	if [ -e "$WORK/tun" ]; then
		unshare --mount sh -c 'mount --bind "$0" /dev/net/tun && exec "$@"' "$WORK/tun" "$@"
	else
		"$@"
	fi
}

kjob() {
	as_user "$WORK/kjob" --engine=podman "$@"
}

possible() {
	local why
	why=$(cat "$WORK/why")
	[ -z "$why" ] || skip "$why"
	cd "$T" || return
}

@test "rootless: a run shows its output and exits as its container does" {
	possible
	try kjob run hello "--image=$IMAGE" -- sh -c 'echo out; echo err >&2; exit 3'
	is "$rc:$out:$err" "3:out:err"
	has "$(kjob controller status)" podman
}

@test "rootless: standard input goes through" {
	possible
	head -c 200000 /dev/urandom >in
	kjob run input -i "--image=$IMAGE" -- cat <in >out
	cmp in out
}

@test "rootless: the parallel example completes with ten successes" {
	possible
	sed "s,image: .*,image: $IMAGE," "$BATS_TEST_DIRNAME/../../examples/parallel.yaml" | kjob apply -f - >/dev/null
	ended parallel
	is "$(summary parallel)" "10/-/- $COMPLETE"
	is "$(pod_count parallel)" 10
}

@test "rootless: a killed controller costs nothing" {
	possible
	job tough 'echo begins; sleep 0.5; echo ends' completions=4 parallelism=2 | kjob apply -f - >/dev/null
	eventually 30 field_is job/tough '.status | (.ready // 0) + (.succeeded // 0) > 0' true
	kill -9 "$(kjob controller status -o json | jq -r .pid)"
	ended tough
	is "$(summary tough)" "4/-/- $COMPLETE"
	for pod in $(pods_of tough); do
		is "$(kjob logs "$pod")" $'begins\nends'
	done
}

@test "rootless: probes, a Service and forwarded ports reach pods that this machine does not" {
	possible
	{
		pod_of web rp=Always grace=1
		echo '  containers:'
		has_container c 'mkdir /w; echo well >/w/f; echo yes >/w/live; httpd -f -p 8080 -h /w' \
			'ports=[{name: http, containerPort: 8080}]' \
			'startupProbe={tcpSocket: {port: http}, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 30}' \
			'readinessProbe={httpGet: {port: http, path: /f}, periodSeconds: 1, timeoutSeconds: 30}' \
			'livenessProbe={httpGet: {port: 8080, path: /live}, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 1}'
	} | kjob apply -f - >/dev/null
	kjob label pod web app=web >/dev/null
	kjob expose pod web --port=80 --target-port=http >/dev/null
	{
		pod_of quiet grace=1
		echo '  containers:'
		has_container c 'sleep 100' 'readinessProbe={exec: {command: [cat, /etc/hostname]}, periodSeconds: 1, timeoutSeconds: 30}' \
			'livenessProbe={httpGet: {port: 9}, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 100}'
	} | kjob apply -f - >/dev/null
	eventually 40 ready web
	eventually 20 ready quiet
	eventually 10 has_event quiet "Liveness probe failed: Get \"http://$(get pod/quiet .status.podIP):9/\": dial tcp "
	# the image's wget cannot look up names; the program of exec probes connects as well
	asks='a=$(nslookup web.default.svc.cluster.local | sed -n "s/^Address: //p")
		printf "GET /f HTTP/1.0\r\n\r\n" | /dev/kjob/runner connect "$a" 80'
	has "$(kjob exec quiet -- sh -c "$asks")" well
	forward web
	is "$(curl -s --max-time 10 "http://127.0.0.1:$port/f")" well
	forward_end
	kjob exec web -- rm /w/live
	eventually 20 restarted web
	has_event web "Liveness probe failed: HTTP probe failed with statuscode: 404"
	eventually 30 ready web
	kjob delete pods,services --all --now >/dev/null
}

ready() { # POD
	is "$(status_of "$1" c .ready)" true
}

restarted() { # POD
	[ "$(status_of "$1" c .restartCount)" -ge 1 ]
}

has_event() { # POD PART
	has "$(events_of "$1")" "$2"
}

# forward POD: sets port, which leads to its port 8080 until forward_end.
forward() {
	kjob port-forward "pod/$1" :8080 >forwarding 2>&1 3>&- &
	eventually 10 grep -q 'Forwarding from 127' forwarding
	port=$(sed -n 's/.*127.0.0.1:\([0-9]*\) .*/\1/p;q' forwarding)
}

forward_end() {
	pkill -u "$TEST_USER" -f "$WORK/kjob.*port-forward"
}

@test "rootless: deleting leaves nothing and stopping ends the podman that kjob started" {
	possible
	kjob delete jobs --all >/dev/null
	eventually 30 no_user_containers
	kjob controller stop >/dev/null
	eventually 10 no_service
}

no_user_containers() {
	is "$(as_user podman ps -aq)" ""
}

no_service() {
	! pgrep -u "$TEST_USER" -f 'podman system service' >/dev/null
}
