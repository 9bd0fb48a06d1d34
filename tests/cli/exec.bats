#!/usr/bin/env bats
# exec, cp and port-forward: commands, files and ports of containers.
load helper

setup_file() {
	instance_start
	{
		pod box 'echo hello >/tmp/index.html; httpd -p 127.0.0.1:81 -h /tmp; exec httpd -f -p 80 -h /tmp' rp=Always
		pod ended 'mkdir -p /out/sub; echo result >/out/r; ln -s r /out/l; seq 3 >/out/sub/s'
	} | apply
	kjob wait pod/box --for=condition=Ready --timeout=60s
	kjob wait pod/ended --for=jsonpath='{.status.phase}'=Succeeded --timeout=60s
}

teardown_file() {
	instance_stop
}

@test "X20 a command ends exec with its exit code, and its streams stay apart" {
	try kjob exec box -- false
	is "$rc" 1
	is "$err" "command terminated with exit code 1"
	try kjob exec box -- sh -c 'echo out; echo err >&2; exit 7'
	is "$rc $out" "7 out"
	is "$err" "err"$'\n'"command terminated with exit code 7"
	is "$(seq 200000 | kjob exec -i box -- md5sum)" "$(seq 200000 | md5sum)"
	is "$(kjob exec box -- printf '[%s]' a '' b)" "[a][][b]"
}

@test "exec where nothing can run says why" {
	try kjob exec ended -- true
	is "$rc $err" "1 error: cannot exec into a container in a completed pod; current phase is Succeeded"
	try kjob exec nobody -- true
	is "$rc $err" '1 Error from server (NotFound): pods "nobody" not found'
	try kjob exec box -c x -- true
	is "$rc $err" "1 error: container x is not valid for pod box out of: c"
	try kjob exec box -- nosuch
	matches "$rc" '^12[67]$'
	has "$err" "nosuch" "command terminated with exit code $rc"
}

@test "cp takes files out of a container that has ended, and puts some in" {
	kjob cp ended:/out/r .
	is "$(cat r)" result
	kjob cp ended:/out o
	is "$(cat o/l o/sub/s)" "$(printf 'result\n1\n2\n3')"
	kjob cp r ended:/tmp
	kjob cp ended:/tmp/r again
	is "$(cat again)" result
	try kjob cp ended:/nope n
	is "$rc" 1
	has "$err" "no such file or folder in the container: /nope"
}

@test "cp copies folders to a running container and back" {
	mkdir -p src/d
	seq 100000 >src/d/n
	ln -s d/n src/l
	kjob cp src box:/tmp
	kjob cp default/box:/tmp/src back
	diff -r src back
	try kjob cp a b
	is "$rc $err" "1 error: one of src or dest must be a remote file specification"
}

@test "port-forward reaches what listens on the pod's address, and on its localhost" {
	"$KJOB_BIN" port-forward box :80 :81 >ports 2>&1 3>&- &
	local pid=$! port
	eventually 10 grep -q '127.0.0.1:[0-9]* -> 81' ports
	for port in $(sed -n 's/.*127.0.0.1:\([0-9]*\) -> .*/\1/p' ports); do
		is "$(curl -s -m 20 "http://127.0.0.1:$port/")" hello
	done
	kill "$pid"
	try kjob port-forward box nosuch
	is "$rc $err" "1 error: Pod 'box' does not have a named port 'nosuch'"
}
