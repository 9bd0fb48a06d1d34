#!/usr/bin/env bats
# The controller as a service of this user. The service managers are stand-ins that note what they are asked and, where it
# matters, start and stop the controller as the real ones would.
# bats file_tags=one-engine
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

teardown() {
	manager stop >/dev/null 2>&1 || true
	[ "$KJOB_HOME" = "$WORK/home" ] || kjob controller stop >/dev/null 2>&1 || true
}

# manager start|stop: what a service manager does about the controller of $KJOB_HOME.
manager() {
	case $1 in
	start)
		setsid "$KJOB_BIN" controller run </dev/null >/dev/null 2>"$T/service.log" 3>&- &
		echo $! >"$T/service.pid"
		;;
	stop)
		[ -s "$T/service.pid" ] || return 0
		kill "$(cat "$T/service.pid")" 2>/dev/null
		while kill -0 "$(cat "$T/service.pid")" 2>/dev/null; do sleep 0.05; done
		rm -f "$T/service.pid"
		;;
	esac
}

# A stand-in for a command: notes its arguments in $T/calls, then does as the script says.
stand_in() { # COMMAND SCRIPT
	mkdir -p "$T/bin"
	{
		echo '#!/bin/bash'
		echo "echo \"$1 \$*\" >>'$T/calls'"
		echo "T='$T' KJOB_BIN='$KJOB_BIN'"
		declare -f manager
		echo "$2"
	} >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}

# A home of this test's own, with a systemd that works.
own_user() {
	export KJOB_HOME=$T/home HOME=$T XDG_CONFIG_HOME=$T/cfg PATH=$T/bin:$PATH
	UNIT=$XDG_CONFIG_HOME/systemd/user/kjob.service
	: >"$T/calls"
	stand_in systemctl 'case "$*" in
		*" enable --now "*) manager start ;;
		*" disable --now "*) manager stop ;;
	esac'
	stand_in loginctl 'echo Linger=no'
}

pid() {
	kjob controller status -o json | jq .pid
}

@test "enable writes a unit, starts it, and says how to have it from boot on; disable undoes all of it" {
	own_user
	try kjob controller enable
	is "$rc $err" "0 "
	is "$out" "enabled kjob.service ($UNIT)
it starts when you log in and ends when you log out; to have it run from boot on:
  loginctl enable-linger $(id -un)"
	is "$(cat calls)" "systemctl --user show-environment
systemctl --user daemon-reload
systemctl --user enable --now kjob.service
loginctl show-user $(id -u) --property=Linger"
	is "$(stat -c %a "$UNIT")" 600
	has "$(cat "$UNIT")" "ExecStart=\"$(readlink -f "$KJOB_BIN")\" controller run" "Environment=\"KJOB_HOME=$KJOB_HOME\"" \
		"Environment=\"KJOB_ENGINE=$KJOB_ENGINE\"" "Restart=on-failure" "WantedBy=default.target"
	is "$(ls "$(dirname "$UNIT")")" kjob.service
	is "$(pid)" "$(cat service.pid)"
	is "$(kjob controller status -o json | jq .idleTimeoutSeconds)" 0
	has "$(kjob controller status)" "service:   kjob.service"
	is "$(kjob controller stop)" "controller stopped
kjob.service starts it again when you log in next; 'kjob controller enable' does now"

	: >calls
	try kjob controller disable
	is "$rc $err" "0 "
	is "$out" "disabled kjob.service ($UNIT)"
	is "$(cat calls)" "systemctl --user show-environment
systemctl --user disable --now kjob.service
systemctl --user daemon-reload"
	[ ! -e "$UNIT" ]
	try kjob controller status
	is "$out" 'not running'
	is "$(kjob controller disable)" 'the controller is not enabled'
}

@test "a controller that runs already hands over, and its jobs go on" {
	own_user
	job j 'sleep 4' | apply
	eventually 20 field_is job/j .status.ready 1
	before=$(pid)
	kjob controller enable >/dev/null
	is "$(pid)" "$(cat service.pid)"
	[ "$before" != "$(pid)" ]
	ended j
	is "$(get job/j .status.succeeded)" 1
	is "$(pod_count j)" 1
	# and again: the service's own hands over to a new one
	before=$(pid)
	kjob controller enable >/dev/null
	is "$(pid)" "$(cat service.pid)"
	[ "$before" != "$(pid)" ]
	kjob delete job j >/dev/null
}

@test "commands that come during the handing over find the service's controller" {
	own_user
	kjob get jobs >/dev/null 2>&1
	kjob controller enable >/dev/null &
	enabling=$!
	for i in 1 2 3 4 5 6; do
		kjob get jobs >/dev/null 2>&1 3>&- &
	done
	wait
	wait $enabling || true
	is "$(pid)" "$(cat service.pid)"
}

@test "with lingering on, nothing is left to say" {
	own_user
	stand_in loginctl 'echo Linger=yes'
	is "$(kjob controller enable)" "enabled kjob.service ($UNIT)"
}

@test "systemd reads the unit as it is meant, from paths of any kind" {
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	own_user
	bin="$T/a b/50% \$y"
	mkdir -p "$bin"
	cp "$KJOB_BIN" "$bin/kjob"
	export KJOB_HOME="$T/h 9%\$x"
	stand_in systemctl 'case "$*" in *" enable "*) manager start ;; *disable*) manager stop ;; esac'
	"$bin/kjob" controller enable >/dev/null
	has "$(cat "$UNIT")" "ExecStart=\"$T/a b/50%% \$y/kjob\" controller run" "Environment=\"KJOB_HOME=$T/h 9%%\$x\""
	try env XDG_RUNTIME_DIR="$T" systemd-analyze --user verify "$UNIT"
	lacks "$out$err" kjob
	is "$rc" 0
}

@test "without a service manager that answers nothing is left behind" {
	own_user
	stand_in systemctl 'echo "Failed to connect to bus: No medium found" >&2; exit 1'
	try kjob controller enable
	is "$rc" 1
	has "$err" 'no service manager that answers' "'systemctl --user show-environment' failed: Failed to connect to bus"
	[ ! -e "$XDG_CONFIG_HOME" ]
	rm bin/systemctl
	mkdir -p "$T/none"
	try env PATH="$T/none" "$KJOB_BIN" controller enable
	is "$rc" 1
	has "$err" 'there is no command systemctl'
	[ ! -e "$XDG_CONFIG_HOME" ]
}

@test "what systemd refuses is taken back" {
	own_user
	stand_in systemctl 'case "$*" in *" enable "*) echo "Unit is masked." >&2; exit 1 ;; esac'
	try kjob controller enable
	is "$rc" 1
	has "$err" "'systemctl --user enable --now kjob.service' failed: Unit is masked."
	[ ! -e "$UNIT" ]
	stand_in systemctl 'case "$*" in *daemon-reload) echo "no" >&2; exit 1 ;; esac'
	try kjob controller enable
	is "$rc" 1
	[ ! -e "$UNIT" ]
}

@test "the service of another instance, and a file of somebody else, are left alone" {
	own_user
	kjob controller enable >/dev/null
	was=$(cat "$UNIT")
	for verb in enable disable; do
		try env KJOB_HOME="$T/other" "$KJOB_BIN" controller $verb
		is "$rc" 1
		has "$err" "$UNIT is not of the instance in $T/other"
		is "$(cat "$UNIT")" "$was"
	done
	kjob controller disable >/dev/null
	echo '[Unit]' >"$UNIT"
	try kjob controller enable
	is "$rc" 1
	is "$(cat "$UNIT")" '[Unit]'
}

@test "a service of a manager that is gone is removed all the same" {
	own_user
	kjob controller enable >/dev/null
	mkdir -p "$(dirname "$UNIT")/default.target.wants"
	ln -s "$UNIT" "$(dirname "$UNIT")/default.target.wants/kjob.service"
	manager stop
	stand_in systemctl 'exit 1'
	is "$(kjob controller disable)" "no service manager answers; removed kjob.service ($UNIT)"
	is "$(find "$XDG_CONFIG_HOME" ! -type d)" ''
}

@test "on macOS the service is an agent of launchd" {
	own_user
	AGENT=$HOME/Library/LaunchAgents/io.kjob.controller.plist
	stand_in launchctl 'case "$1" in bootstrap) manager start ;; bootout) manager stop; [ -e "$T/loaded" ] || exit 3 ;; esac'
	is "$(kjob controller enable --manager=launchd)" "enabled io.kjob.controller ($AGENT)"
	is "$(cat calls)" "launchctl print gui/$(id -u)
launchctl bootout gui/$(id -u)/io.kjob.controller
launchctl bootstrap gui/$(id -u) $AGENT"
	is "$(pid)" "$(cat service.pid)"
	if command -v xmllint >/dev/null; then
		is "$(xmllint --nonet --noout "$AGENT" 2>&1)" ''
		is "$(xmllint --nonet --xpath 'string(//key[.="ProgramArguments"]/following-sibling::array[1]/string[1])' "$AGENT")" \
			"$(readlink -f "$KJOB_BIN")"
	fi
	is "$(kjob controller disable --manager=launchd)" "disabled io.kjob.controller ($AGENT)"
	[ ! -e "$AGENT" ]
	try kjob controller status
	is "$out" 'not running'
}
