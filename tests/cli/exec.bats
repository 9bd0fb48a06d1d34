#!/usr/bin/env bats
# exec, cp and port-forward: commands, files and ports of containers.
load helper

setup_file() {
	instance_start
	{
		pod box 'echo hello >/tmp/index.html; httpd -p 127.0.0.1:81 -h /tmp; exec httpd -f -p 80 -h /tmp' rp=Always 'ports=[{name: http, containerPort: 80}]'
		job worker 'sleep 1000'
		pod_of two rp=Always
		printf '  containers:\n'
		has_container a 'sleep 1000'
		has_container b 'sleep 1000'
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n'
		printf '  ports: [{name: main, port: 8080, targetPort: http}, {name: local, port: 8081, targetPort: 81}]\n'
		pod ended 'mkdir -p /out/sub; echo result >/out/r; ln -s r /out/l; seq 3 >/out/sub/s'
	} | apply
	kjob label pod box app=web
	kjob wait pod/box pod/two --for=condition=Ready --timeout=60s
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
	is "$(kjob exec -i box -- wc -c </dev/null)" 0 # ends before the command has begun
	is "$(kjob exec box -- printf '[%s]' a '' b)" "[a][][b]"
}

@test "exec in a pod of a Job, and in the first container where there are several" {
	is "$(kjob exec job/worker -- hostname)" "$(pods_of worker)"
	try kjob exec two -- hostname
	is "$rc $out" "0 two"
	is "$err" 'Defaulted container "a" out of: a, b'
	try kjob exec -q two -- hostname
	is "$err" ""
	is "$(kjob exec two -c b -- sh -c 'sleep 1000 & kill $!; wait; echo $?' 2>&1)" "0"
	try kjob exec two -c b -- sh -c 'kill -9 $$'
	is "$rc $err" "137 command terminated with exit code 137"
	try kjob exec -it box -- sh -c 'cat; test -t 0' </dev/null
	is "$rc" 1
	has "$err" "Unable to use a TTY - input is not a terminal or the right kind of file"
}

@test "exec where nothing can run says why" {
	try kjob exec ended -- true
	is "$rc $err" "1 error: cannot exec into a container in a completed pod; current phase is Succeeded"
	try kjob exec nobody -- true
	is "$rc $err" '1 Error from server (NotFound): pods "nobody" not found'
	try kjob exec box
	has "$err" "error: you must specify at least one command for the container"
	try kjob exec box ls
	is "$err" "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead"
	try kjob exec job/nobody -- ls
	is "$err" 'Error from server (NotFound): jobs.batch "nobody" not found'
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
	head -c 3000000 /dev/urandom >large
	kjob cp large ended:/renamed
	kjob cp ended:/renamed again
	cmp large again
	try kjob cp large ended:/nope/renamed
	is "$rc" 1
	has "$err" "no such file or folder in the container: /nope"
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
	chmod 640 src/d/n
	mkfifo src/pipe
	try kjob cp src/d/n box:/tmp/renamed
	is "$(kjob exec box -- stat -c '%a %s' /tmp/renamed)" "640 $(stat -c %s src/d/n)"
	try kjob cp src box:/tmp --no-preserve
	is "$rc $err" "0 warning: skipped 1 devices, sockets and the like"
	try kjob cp box:/tmp/nope x --retries=2
	has "$err" "nope: No such file or directory" "command terminated with exit code 1"
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
	try kjob port-forward ended 80
	is "$rc $err" "1 error: unable to forward port because pod is not running. Current status=Succeeded"
	try kjob port-forward box
	has "$err" "error: TYPE/NAME and list of ports are required for port-forward"
	try kjob port-forward box 99999
	has "$err" "error: error parsing remote port '99999'"
	try kjob port-forward service/web 9
	is "$err" "error: Service web does not have a service port 9"
	try kjob port-forward box :80 --address=nohost
	is "$err" "error: nohost is not a valid IP"
	try kjob port-forward box nosuch
	is "$rc $err" "1 error: Pod 'box' does not have a named port 'nosuch'"
}

@test "port-forward through a service, at the addresses that are asked for, until its pod is gone" {
	"$KJOB_BIN" port-forward service/web :main :8081 --address=127.0.0.2 >ports 2>errors 3>&- &
	local pid=$! port rc=0
	eventually 10 grep -q '^Forwarding from 127.0.0.2:[0-9]* -> 81$' ports
	for port in $(sed -n 's/^Forwarding.*:\([0-9]*\) -> .*/\1/p' ports); do
		is "$(curl -s -m 20 "http://127.0.0.2:$port/")" hello
	done
	is "$(grep -c '^Handling connection for' ports)" 2
	kjob delete pod box --now
	wait "$pid" || rc=$?
	is "$rc $(cat errors)" "1 error: lost connection to pod"
}

@test "port-forward tells of a port that nobody listens on" {
	"$KJOB_BIN" port-forward two :9 --address=127.0.0.1 >ports 2>errors 3>&- &
	local pid=$! port
	eventually 10 grep -q -- '-> 9$' ports
	port=$(sed -n 's/.*127.0.0.1:\([0-9]*\) -> .*/\1/p' ports)
	curl -s -m 10 "http://127.0.0.1:$port/" || true
	eventually 10 grep -q "^error: an error occurred forwarding $port -> 9: " errors
	kill "$pid"
}
