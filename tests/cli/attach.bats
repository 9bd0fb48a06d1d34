#!/usr/bin/env bats
# attach and run -i -t: a container's own streams, and terminals.
load helper

setup_file() {
	instance_start
	{
		pod shell '' rp=Always stdin=true tty=true 'command=["sh"]'
		pod cat '' rp=Always stdin=true 'command=["cat"]'
		pod ended 'exit 3'
	} | apply
	kjob wait pod/shell pod/cat --for=condition=Ready --timeout=60s
}

teardown_file() {
	instance_stop
}

# at_terminal COMMAND...: runs kjob at a terminal of 33 rows and 99 columns; `type_in TEXT` is its keyboard, `shown` what it
# shows, `pts` its name, `code` how it ended.
at_terminal() {
	mkfifo keys
	exec 7<>keys
	printf 'tty >pts; stty rows 33 cols 99; %q "$@"; echo $? >code\n' "$KJOB_BIN" >inside
	SHELL=/bin/bash script -qfc "bash inside $*" shown <keys >/dev/null 2>&1 3>&- &
}

type_in() {
	printf '%s\r' "$1" >&7
}

@test "attach -it is a terminal: keys, colours, its size as it changes, and the end of the session" {
	at_terminal attach -it shell
	eventually 10 grep -q "If you don't see a command prompt, try pressing enter." shown
	type_in 'stty size'
	eventually 10 grep -q '33 99' shown
	stty -F "$(cat pts)" rows 44 cols 111
	eventually 10 sh -c "printf 'stty size\r' >&7; sleep 0.2; grep -q '44 111' shown"
	type_in 'echo $((6*7))'
	eventually 10 grep -q '^42' shown
	type_in 'echo $((30+4)); sleep 1000'
	eventually 10 grep -q '^34' shown
	printf '\003' >&7
	type_in 'exit 5'
	eventually 10 test -s code
	is "$(cat code)" 0
	has "$(cat shown)" "Session ended, resume using 'kjob attach shell -c c -i -t' command when the pod is running"
}

@test "attach passes input on and shows what comes from now on, until it is ended" {
	mkfifo in
	"$KJOB_BIN" attach -q -i cat <in >got 2>errors 3>&- &
	local pid=$!
	exec 6>in
	echo one >&6
	eventually 10 grep -qx one got
	"$KJOB_BIN" attach cat >other 2>&1 3>&- & # sees no input of its own, but the output
	local watcher=$!
	eventually 10 grep -q 'try pressing enter' other
	sleep 0.3
	echo two >&6
	eventually 10 grep -qx two other
	is "$(cat got)" $'one\ntwo'
	lacks "$(cat other)" one
	kill -9 "$watcher" "$pid"
	exec 6>&-
	is "$(cat errors)" ""
	field_is pod/cat '.status.containerStatuses[0].restartCount' 0
}

@test "input reaches a container after the controller was killed" {
	kill -9 "$(controller_pid)"
	kjob get pods >/dev/null
	local restarts
	restarts=$(get pod/shell '.status.containerStatuses[0].restartCount')
	printf 'echo $((7*7))\r' >in
	"$KJOB_BIN" attach -q -i shell <in >got 2>&1 3>&- &
	local pid=$!
	eventually 10 grep -q '^49' got || { cat got; false; }
	kill -9 "$pid"
	field_is pod/shell '.status.containerStatuses[0].restartCount' "$restarts"
}

# bats test_tags=one-engine
@test "attach says why it cannot be" {
	try kjob attach ended
	is "$rc $err" "1 error: cannot attach a container in a completed pod; current phase is Failed"
	try kjob attach nobody
	is "$rc $err" '1 Error from server (NotFound): pods "nobody" not found'
	try kjob attach cat -c x
	is "$rc" 1
	has "$err" "error: cannot attach to the container: container x"
	try kjob attach
	has "$err" "error: at least 1 argument is required for attach"
	try kjob attach a b c
	has "$err" "error: expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw 3"
	LIMIT=2 try kjob attach -it pod cat
	has "$err" "error: Unable to use a TTY - container c did not allocate one"
}

@test "X15 run -i ends with the container's code and --rm leaves nothing" {
	try kjob run --rm -i --restart=Never "--image=$IMAGE" x15 -- sh -c 'cat; exit 7' </dev/null
	is "$rc $out" "7 "
	gone job/x15
	eventually 20 pod_count_is x15 0
	is "$(seq 100000 | kjob run --rm -i "--image=$IMAGE" sum -- md5sum)" "$(seq 100000 | md5sum)"
	try kjob run --rm -t "--image=$IMAGE" t -- true
	is "$rc $err" "125 error: stdin is required for containers with -t/--tty"
}

@test "run -it is a terminal, and ends with the command's code" {
	at_terminal run -it --rm "--image=$IMAGE" term -- sh
	eventually 20 grep -q '# ' shown
	type_in 'stty size'
	eventually 10 grep -q '33 99' shown
	type_in 'exit 6'
	eventually 20 test -s code
	is "$(cat code)" 6
	has "$(cat shown)" 'job.batch "term" deleted'
	gone job/term
}

@test "run --restart=Always is a bare Pod that goes on when its first attempt has been shown" {
	try kjob run -q --restart=Always "--image=$IMAGE" always -- sh -c 'echo once; exit 3'
	is "$rc $out" "0 once"
	eventually 20 field_is pod/always '.status.containerStatuses[0].restartCount > 0' true
	field_is pod/always '.metadata.labels.run + " " + (.metadata.ownerReferences | length | tostring)' "always 0"
	kjob delete pod always --now
	try kjob run --restart=Sometimes "--image=$IMAGE" x
	is "$err" "error: invalid restart policy: Sometimes, valid values are: Always, OnFailure, Never"
	is "$(echo again | kjob run -i --rm --restart=OnFailure "--image=$IMAGE" retry -- sh -c 'read a; echo got $a')" "got again"
}
