#!/usr/bin/env bats
# The controller as a process: it starts on demand, once, leaves when idle, and says what is wrong when it cannot start.
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

teardown() {
	[ "$KJOB_HOME" = "$WORK/home" ] || kjob controller stop >/dev/null 2>&1 || true
	mountpoint -q "$T/small" 2>/dev/null && umount -l "$T/small"
	return 0
}

own_home() { # a KJOB_HOME of this test's own
	export KJOB_HOME=$T/home
}

controllers() { # the processes that look after $KJOB_HOME
	local p
	for p in $(pgrep -f ' controller run '); do
		! grep -qszx "KJOB_HOME=$KJOB_HOME" "/proc/$p/environ" || echo "$p"
	done
}

no_controller() {
	is "$(controllers)" ""
}

@test "a command starts the controller, and status, version and stop tell about it" {
	own_home
	try kjob controller status
	is "$rc" 1
	is "$out$err" 'not running'
	no_controller
	kjob get jobs 2>/dev/null
	is "$(controllers | wc -l)" 1
	has "$(kjob controller status)" "running, pid $(controllers)," "home:      $KJOB_HOME" "$KJOB_TEST_ENGINE"
	is "$(kjob controller status -o json | jq -r '[.pid, .engine.kind, .jobs.unfinished] | join(" ")')" \
		"$(controllers) $KJOB_TEST_ENGINE 0"
	has "$(kjob version)" 'Client Version: ' 'Controller Version: ' "Engine: $KJOB_TEST_ENGINE "
	matches "$(kjob version -o json | jq -r .serverVersion.minor)" '^[0-9]+$'
	is "$(kjob controller stop)" 'controller stopped'
	eventually 5 no_controller
	try kjob controller stop
	is "$rc" 0
	is "$out" 'no controller is running'
}

# bats test_tags=one-engine
@test "many commands at once start one controller" {
	local i pids=()
	own_home
	for i in $(seq 12); do
		"$KJOB_BIN" get jobs >"out$i" 2>"err$i" 3>&- &
		pids+=($!)
	done
	for i in $(seq 12); do
		wait "${pids[i - 1]}"
		is "$(cat "err$i")" "No resources found in default namespace."
	done
	is "$(controllers | wc -l)" 1
}

# bats test_tags=one-engine
@test "an idle controller leaves by itself and the next command finds everything again" {
	own_home
	export KJOB_IDLE_TIMEOUT=1
	is "$(kjob run "idle" "--image=$IMAGE" --rm -- echo ran)" ran
	kjob run kept "--image=$IMAGE" -- true
	eventually 30 no_controller
	[ ! -S "$KJOB_HOME/kjob.sock" ]
	matches "$(kjob get jobs)" '^kept +Complete +1/1 '
}

# bats test_tags=one-engine
@test "a controller with an unfinished Job does not leave" {
	own_home
	export KJOB_IDLE_TIMEOUT=1
	kjob run busy -d "--image=$IMAGE" -- sh -c 'sleep 3; echo done' >/dev/null
	local pid
	pid=$(kjob controller status -o json | jq .pid)
	eventually 30 no_controller
	matches "$(kjob get jobs)" '^busy +Complete +1/1 '
	[ "$(kjob controller status -o json | jq .pid)" != "$pid" ]
}

# bats test_tags=one-engine
@test "a socket that a killed controller left is no obstacle" {
	local pid
	own_home
	kjob get jobs 2>/dev/null
	pid=$(controllers)
	kill -9 "$pid"
	eventually 5 no_controller
	[ -S "$KJOB_HOME/kjob.sock" ]
	try kjob get jobs
	is "$rc" 0
	is "$err" "No resources found in default namespace."
	is "$(controllers | wc -l)" 1
}

# bats test_tags=one-engine
@test "the instance's folder, socket and database are the user's alone" {
	own_home
	kjob get jobs 2>/dev/null
	is "$(stat -c %a "$KJOB_HOME" "$KJOB_HOME/kjob.sock" "$KJOB_HOME/kjob.db" | xargs)" "700 600 600"
}

# bats test_tags=one-engine
@test "without an engine every command says so, once" {
	own_home
	export KJOB_ENGINE=unix:///nonexistent
	try kjob get jobs
	is "$rc" 1
	has "$err" 'no container engine answers at /nonexistent (from KJOB_ENGINE): no such file or directory'
	is "$(grep -c . err)" 1
	try kjob run x "--image=$IMAGE" -- true
	is "$rc" 125
	has "$err" 'no container engine answers at /nonexistent'
	no_controller
}

# bats test_tags=one-engine
@test "a file that is no socket is no engine" {
	own_home
	: >file
	export KJOB_ENGINE=unix://$T/file
	try kjob get jobs
	is "$rc" 1
	matches "$err" "^error: no container engine answers at $T/file .*: (connection refused|.*not a socket)"
	no_controller
}

# bats test_tags=one-engine
@test "an engine that is not known is named" {
	own_home
	export KJOB_ENGINE=lxc
	try kjob get jobs
	is "$rc" 1
	has "$err" lxc docker podman
	is "$(grep -c . err)" 1
}

# bats test_tags=one-engine
@test "a socket without permission is named" {
	[ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
	command -v setpriv >/dev/null || skip "needs setpriv"
	local dir
	dir=$(mktemp -d /tmp/kjob-cli-user.XXXXXX)
	cp "$KJOB_BIN" "$dir/kjob"
	chmod 755 "$dir"
	mkdir "$dir/home"
	chown 65534:65534 "$dir/home"
	try env KJOB_HOME="$dir/home" HOME="$dir/home" setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/kjob" get jobs
	rm -rf "$dir"
	is "$rc" 1
	has "$err" 'no container engine answers at' 'permission denied'
	is "$(grep -c . err)" 1
}

@test "an instance that runs on one engine is not asked for another" {
	kjob get jobs 2>/dev/null
	KJOB_ENGINE=unix:///elsewhere try kjob get jobs
	is "$rc" 1
	has "$err" "this instance runs on $KJOB_TEST_ENGINE" 'kjob controller stop' KJOB_HOME
}

# bats test_tags=one-engine
@test "a database of another version is refused and left as it is" {
	own_home
	kjob get jobs 2>/dev/null
	kjob controller stop >/dev/null
	eventually 5 no_controller
	[ ! -s "$KJOB_HOME/kjob.db-wal" ]
	printf '\0\0\003\347' | dd of="$KJOB_HOME/kjob.db" bs=1 seek=60 conv=notrunc status=none # user_version 999
	cp "$KJOB_HOME/kjob.db" before
	try kjob get jobs
	is "$rc" 1
	has "$err" "$KJOB_HOME/kjob.db" 999
	is "$(grep -c . err)" 1
	cmp before "$KJOB_HOME/kjob.db"
	try kjob run x "--image=$IMAGE" -- true
	is "$rc" 125
}

# bats test_tags=one-engine
@test "a file that is no database is refused and left as it is" {
	own_home
	mkdir -m 700 "$KJOB_HOME"
	yes 'this is not a database' | head -c 20000 >"$KJOB_HOME/kjob.db"
	cp "$KJOB_HOME/kjob.db" before
	try kjob get jobs
	is "$rc" 1
	has "$err" "$KJOB_HOME/kjob.db"
	is "$(grep -c . err)" 1
	cmp before "$KJOB_HOME/kjob.db"
}

# bats test_tags=one-engine
@test "a full disk is told, harms no running Job, and is over when there is space again" {
	mkdir small
	mount -t tmpfs -o size=4m tmpfs small 2>/dev/null || skip "no file system can be mounted here"
	mkdir -m 700 small/home
	export KJOB_HOME=$T/small/home
	job runs "$GUIDED" | apply
	eventually 10 field_is job/runs .status.ready 1
	INSTANCE=$(kjob controller status -o json | jq -r .instance)
	dd if=/dev/zero of=small/filler bs=64k status=none 2>/dev/null || true
	# What was preallocated may take a few more.
	for i in $(seq 50); do
		try kjob create -f <(job "more$i" true parallelism=0)
		[ "$rc" -eq 0 ] || break
	done
	is "$rc" 1
	matches "$err" '(disk|space|full)'
	is "$(grep -c . err)" 1
	is "$(kjob get job runs -o jsonpath='{.status.ready}')" 1
	rm small/filler
	eventually 15 kjob create -f <(job after true)
	ended after
	is "$(summary after)" "1/-/- $COMPLETE"
	tell "$(pods_of runs)" USR1
	ended runs
	is "$(summary runs)" "1/-/- $COMPLETE"
	kjob delete jobs --all >/dev/null
	eventually 20 no_containers
	kjob controller stop >/dev/null
}
