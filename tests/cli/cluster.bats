#!/usr/bin/env bats
# kjob as a client of clusters. The cluster is this instance's own controller behind tests/scripts/front: TLS, credentials,
# and none of what is kjob's own.
# bats file_tags=one-engine
load helper

setup_file() {
	export KJOB_IDLE_TIMEOUT=600
	unset KUBECONFIG
	instance_start
	mkdir "$WORK/front"
	tests/scripts/front "$KJOB_HOME/kjob.sock" "$WORK/front" 3>&- 2>"$WORK/front/err" &
	echo $! >"$WORK/front/pid"
	export FRONT=$WORK/front CONFIG=$WORK/front/config OTHER_HOME=$WORK/other
	eventually 30 test -s "$FRONT/port"
	printf 'good\nreader\n' >"$FRONT/tokens"
	config >"$CONFIG"
}

teardown_file() {
	kill "$(cat "$FRONT/pid")"
	KJOB_HOME=$OTHER_HOME kjob controller stop >/dev/null 2>&1
	instance_stop
}

config() {
	local port proxy
	port=$(cat "$FRONT/port") proxy=$(cat "$FRONT/proxy")
	cat <<-END
		apiVersion: v1
		kind: Config
		current-context: cert
		clusters:
		- {name: front, cluster: {server: "https://127.0.0.1:$port", certificate-authority: ca.crt}}
		- name: data
		  cluster:
		    server: https://127.0.0.1:$port/
		    certificate-authority-data: $(base64 -w0 "$FRONT/ca.crt")
		    disable-compression: true
		- {name: wrongca, cluster: {server: "https://127.0.0.1:$port", certificate-authority: other.crt}}
		- {name: wrongname, cluster: {server: "https://localhost:$port", certificate-authority: ca.crt}}
		- {name: servername, cluster: {server: "https://localhost:$port", certificate-authority: ca.crt, tls-server-name: front.example}}
		- {name: httpproxy, cluster: {server: "https://front.example:6443", certificate-authority: ca.crt, proxy-url: "http://127.0.0.1:$proxy"}}
		- {name: socks, cluster: {server: "https://front.example:6443", certificate-authority: ca.crt, proxy-url: "socks5://127.0.0.1:$proxy"}}
		- {name: noproxy, cluster: {server: "https://front.example:6443", certificate-authority: ca.crt, proxy-url: "ftp://x"}}
		- {name: insecure, cluster: {server: "https://localhost:$port", insecure-skip-tls-verify: true}}
		- {name: refused, cluster: {server: "https://127.0.0.1:1"}}
		- {name: nohost, cluster: {server: "https://nohost.invalid:6443"}}
		users:
		- {name: cert, user: {client-certificate: client.crt, client-key: client.key}}
		- name: certdata
		  user:
		    client-certificate-data: $(base64 -w0 "$FRONT/client.crt")
		    client-key-data: $(base64 -w0 "$FRONT/client.key")
		- {name: token, user: {token: good}}
		- {name: tokenfile, user: {tokenFile: token}}
		- {name: basic, user: {username: user, password: pass}}
		- {name: reader, user: {token: reader}}
		- {name: bad, user: {token: bad}}
		- {name: actor, user: {token: good, as: jane}}
		- {name: old, user: {auth-provider: {name: gcp}}}
		- {name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: IfAvailable}}}
		contexts:
		- {name: cert, context: {cluster: front, user: cert}}
		- {name: token, context: {cluster: front, user: token, namespace: other}}
		- {name: nobody, context: {cluster: front}}
		- {name: local, context: {cluster: refused}}
		- {name: nocluster, context: {cluster: gone}}
		- {name: nouser, context: {cluster: front, user: gone}}
	END
}

# Another instance of kjob, which must not be started by what goes to the cluster.
client() {
	KJOB_HOME=$OTHER_HOME KUBECONFIG=$CONFIG kjob "$@"
}

remote() { # ARGUMENTS...
	client --context=cert "$@"
}

no_other_controller() {
	is "$(KJOB_HOME=$OTHER_HOME kjob controller status)" "not running"
}

@test "a KUBECONFIG alone changes nothing, not even when it is broken" {
	echo 'nonsense: [' >broken
	KUBECONFIG=$T/broken try kjob get pods -n nothing
	is "$rc $err" "0 No resources found in nothing namespace."
	KUBECONFIG=$CONFIG try kjob get pods -n nothing
	is "$rc $err" "0 No resources found in nothing namespace."
	lacks "$(cat "$FRONT/log")" /namespaces/nothing
	try kjob get pods --as=jane
	has "$err" "--cluster, --user, --token, --as and the like are about a cluster"
}

@test "a context, a cluster and a user are chosen by their options" {
	local user cluster
	try remote get pods
	is "$rc $out$err" "0 No resources found in default namespace."
	try client --context=token get pods
	is "$rc $err" "0 No resources found in other namespace."
	try client --kubeconfig="$CONFIG" get pods -n x
	is "$rc $err" "0 No resources found in x namespace."
	for user in certdata token basic; do
		try remote --user=$user get pods -n "$user"
		is "$rc $err" "0 No resources found in $user namespace."
	done
	for cluster in data servername httpproxy socks insecure; do
		try remote --cluster=$cluster get pods -n "$cluster"
		is "$rc $err" "0 No resources found in $cluster namespace."
	done
	has "$(cat "$FRONT/log")" "/namespaces/data" "/namespaces/basic/pods?includeObject=None&limit=500 user=basic" \
		"/namespaces/servername/pods?includeObject=None&limit=500 user=tester host=localhost:" \
		"/namespaces/socks/pods?includeObject=None&limit=500 user=tester host=front.example:6443"
	has "$(cat "$FRONT/proxy.log")" "connect front.example:6443" "socks5 front.example:6443"
	no_other_controller
}

@test "options take the place of what the kubeconfig says, and of a kubeconfig" {
	local port url
	port=$(cat "$FRONT/port") url=https://localhost:$(cat "$FRONT/port")
	try client -s "$url" --insecure-skip-tls-verify --token=good get pods -n bare
	is "$rc $err" "0 No resources found in bare namespace."
	try client --server="$url" --certificate-authority="$FRONT/ca.crt" --tls-server-name=front.example \
		--client-certificate="$FRONT/client.crt" --client-key="$FRONT/client.key" get pods -n files
	is "$rc $err" "0 No resources found in files namespace."
	# The server alone: neither the kubeconfig's authority nor its user count.
	try client --server="$url" --insecure-skip-tls-verify get pods
	is "$rc $err" '1 error: You must be logged in to the server (Unauthorized)'
	try remote --token=good get pods -n tokened
	is "$rc $err" "0 No resources found in tokened namespace."
	try remote --server="$url" --insecure-skip-tls-verify get pods -n moved
	is "$rc $err" "0 No resources found in moved namespace."
	try remote --user=bad --token=good get pods -n better
	is "$rc $err" "0 No resources found in better namespace."
	try remote --cluster=insecure --certificate-authority="$FRONT/ca.crt" get pods
	matches "$err" 'x509: certificate is valid for front.example, 127.0.0.1, not localhost$'
	has "$(cat "$FRONT/log")" "/namespaces/bare/pods?includeObject=None&limit=500 user=good" "/namespaces/files/pods?includeObject=None&limit=500 user=tester" \
		"/namespaces/moved/pods?includeObject=None&limit=500 user=tester host=localhost:$port" "/namespaces/better/pods?includeObject=None&limit=500 user=good"
	try client --context=local -s "$url" get pods
	has "$err" "are about a cluster"
	try client -s "$url" controller status
	has "$err" "'kjob controller status' is about this machine: it does not go with --server"
	try remote --request-timeout=never get pods
	has "$err" "Timeout must be a single integer in seconds"
	echo '1 -1 GET /api/v1/namespaces/slow' >"$FRONT/rules"
	try remote --request-timeout=0.3s get pods -n slow
	is "$rc $err" "1 Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
	no_other_controller
}

@test "on a terminal it is said where output comes from" {
	try script -qec "$KJOB_BIN --kubeconfig=$CONFIG get pods -n x" /dev/null
	is "$(head -1 <<<"$out")" "context \"cert\" (https://127.0.0.1:$(cat "$FRONT/port"))"$'\r'
}

@test "what keeps from a server is told in kubectl's words" {
	local port
	port=$(cat "$FRONT/port")
	try client --context=none get pods
	is "$rc $err" '1 error: context "none" does not exist'
	try client --context=nocluster get pods
	is "$rc $err" '1 error: cluster "gone" does not exist'
	try client --context=nouser get pods
	is "$rc $err" '1 error: auth info "gone" does not exist'
	try client --kubeconfig=/nonexistent/x get pods
	is "$rc $err" '1 error: stat /nonexistent/x: no such file or directory'
	try remote --cluster=wrongca get pods
	is "$rc $err" '1 Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority'
	try remote --cluster=wrongname get pods
	is "$rc $err" '1 Unable to connect to the server: tls: failed to verify certificate: x509: certificate is valid for front.example, 127.0.0.1, not localhost'
	try remote --cluster=refused get pods
	is "$rc $err" '1 The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?'
	try remote --cluster=nohost get pods
	is "$rc $err" '1 Unable to connect to the server: dial tcp: lookup nohost.invalid: no such host'
	try remote --cluster=noproxy get pods
	has "$err" 'error: invalid configuration: proxy-url "ftp://x": unsupported scheme, must be http, https, or socks5'
	try client --context=nobody get pods
	is "$rc $err" '1 error: You must be logged in to the server (Unauthorized)'
	try remote --user=bad get pods
	is "$rc $err" '1 error: You must be logged in to the server (Unauthorized)'
	try remote --user=reader create job x --image=y
	matches "$err" '^error: failed to create job: jobs.batch is forbidden: User "reader" cannot create'
	try remote --user=old get pods
	has "$err" 'the auth-provider "gcp" is not supported: use an exec plugin, such as gke-gcloud-auth-plugin'
	try remote controller status
	is "$rc $err" "1 error: 'kjob controller status' is about this machine: it does not go with --context"
	try remote --engine=docker get pods
	has "$err" '--engine is the local controller'
	no_other_controller
}

@test "token files and plugins: read anew, asked once, again when they are refused" {
	echo good >"$FRONT/token"
	try remote --user=tokenfile get pods
	is "$rc" 0
	echo bad >"$FRONT/token"
	try remote --user=tokenfile get pods
	is "$rc $err" '1 error: You must be logged in to the server (Unauthorized)'
	cat >"$FRONT/plugin" <<-'END'
		#!/bin/sh
		cat >/dev/null
		echo x >>"$(dirname "$0")/asked"
		[ $(wc -l <"$(dirname "$0")/asked") = 1 ] && token=stale || token=good
		echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "'$token'"}}'
	END
	chmod +x "$FRONT/plugin"
	try remote --user=plugin get pods,jobs
	is "$rc $err" "0 No resources found in default namespace."
	is "$(wc -l <"$FRONT/asked")" 2
	# A certificate in place of a token.
	jq -n --rawfile cert "$FRONT/client.crt" --rawfile key "$FRONT/client.key" '{kind: "ExecCredential",
		apiVersion: "client.authentication.k8s.io/v1", status: {clientCertificateData: $cert, clientKeyData: $key}}' >answer
	printf '#!/bin/sh\ncat "%s"\n' "$T/answer" >"$FRONT/plugin"
	try remote --user=plugin get pods -n plugin
	is "$rc $err" "0 No resources found in plugin namespace."
	has "$(cat "$FRONT/log")" "/namespaces/plugin/pods?includeObject=None&limit=500 user=tester"
	rm "$FRONT/plugin"
	try remote --user=plugin get pods
	has "$err" "Unable to connect to the server: getting credentials: exec: executable $FRONT/./plugin not found" \
		"looks like you are trying to use a client-go credential plugin that is not installed"
}

@test "one acts as another by the user's entry and by --as" {
	remote --user=actor get pods -n acting
	remote --user=actor get pods -n acting --as=joe --as-group=a --as-group=b
	has "$(cat "$FRONT/log")" "/namespaces/acting/pods?includeObject=None&limit=500 user=good as=jane" \
		"/namespaces/acting/pods?includeObject=None&limit=500 user=good as=joe"
}

@test "config shows contexts and keeps a choice; local goes back" {
	try client config get-contexts
	is "$out" "$(printf '%s\n' \
		'CURRENT   NAME        CLUSTER   AUTHINFO   NAMESPACE' \
		'*         local                            ' \
		'          cert        front     cert       ' \
		'          nobody      front                ' \
		'          nocluster   gone                 ' \
		'          nouser      front     gone       ' \
		'          token       front     token      other')"
	is "$(client config get-contexts -o name | tr '\n' ' ')" "local cert nobody nocluster nouser token "
	try client config get-contexts none
	is "$rc $err" "1 error: context none not found"
	try client config use-context none
	is "$rc $err" '1 error: no context exists with the name: "none"'
	is "$(client config use-context token)" 'Switched to context "token".'
	is "$(client config current-context)" token
	matches "$(client config get-contexts --no-headers)" '^\* +token +front +token +other$'
	# The files of that moment count, not what KUBECONFIG names later.
	try env KJOB_HOME="$OTHER_HOME" KUBECONFIG=/nonexistent "$KJOB_BIN" get pods
	is "$rc $err" "0 No resources found in other namespace."
	try client --context=local config current-context
	is "$out" local
	is "$(client config use-context local)" 'Switched to context "local".'
	is "$(client config current-context)" local
	is "$(client config current-context --kubeconfig="$CONFIG")" cert
	no_other_controller
}

@test "contexts are changed, renamed and deleted in their file; local has a namespace of its own" {
	local file=$FRONT/mine
	printf '# mine\n' | cat - "$CONFIG" >"$file"
	mine() { KJOB_HOME=$T/home KUBECONFIG=$file "$KJOB_BIN" "$@"; }
	is "$(mine config set-context --current --namespace=here)" 'Context "local" modified.'
	matches "$(mine config get-contexts --no-headers local)" '^\* +local +here$'
	cmp <(tail -n +2 "$file") "$CONFIG"
	kjob config set-context local --namespace=there
	try kjob get pods
	is "$rc $err" "0 No resources found in there namespace."
	kjob config set-context local --namespace=
	is "$(mine config set-context token --namespace=new)" 'Context "token" modified.'
	is "$(mine config set-context made --cluster=front --user=cert)" 'Context "made" created.'
	mine config use-context token
	is "$(mine config set-context --current --namespace=newer)" 'Context "token" modified.'
	is "$(mine config rename-context token renamed)" 'Context "token" renamed to "renamed".'
	is "$(mine config current-context)" renamed
	try mine get pods
	is "$rc $err" "0 No resources found in newer namespace."
	try mine config delete-context renamed
	is "$rc $out" "0 deleted context renamed from $file"
	has "$err" 'warning: this removed your active context, use "kjob config use-context" to select a different one'
	try mine config rename-context made cert
	is "$rc $err" "1 error: cannot rename the context \"made\", the context \"cert\" already exists in $file"
	try mine config delete-context none
	is "$rc $err" "1 error: cannot delete the context \"none\", it's not in $file"
	try mine config set-context local --cluster=front
	has "$err" 'context "local" is this machine'
	is "$(head -1 "$file")" "# mine"
	mine config use-context local
	mine config set-context --current --namespace=
	lacks "$(mine config get-contexts)" here
	is "$(mine config get-clusters | head -3 | tr '\n' ' ')" "NAME data front "
	has "$(mine config get-users)" NAME tokenfile
	no_other_controller
}

@test "a flattened view is a file that works anywhere" {
	client config view --flatten --minify --context=cert >flat
	lacks "$(cat flat)" "$FRONT"
	try client --kubeconfig=flat get pods
	is "$rc $err" "0 No resources found in default namespace."
}

@test "config view leaves secrets out" {
	try client config view --minify --context=token -o json
	is "$(jq -r '.users[0].user.token + " " + (.clusters | length | tostring)' <<<"$out")" "REDACTED 1"
	has "$(client config view)" "client-key-data: DATA+OMITTED" "current-context: local" "client-certificate: $FRONT/client.crt"
	has "$(client config view --raw)" "token: good"
	is "$(client config view --context=token -o jsonpath='{.current-context}')" token
}

@test "several files are merged, the first one wins" {
	cat >first <<-END
		contexts:
		- {name: token, context: {cluster: front, user: token, namespace: mine}}
		- {name: extra, context: {cluster: front, user: cert}}
	END
	try env KJOB_HOME="$OTHER_HOME" KUBECONFIG="$T/first:$T/missing:$CONFIG" "$KJOB_BIN" --context=token get pods
	is "$rc $err" "0 No resources found in mine namespace."
	try env KJOB_HOME="$OTHER_HOME" KUBECONFIG="$T/first:$CONFIG" "$KJOB_BIN" --context=extra get pods
	is "$rc $err" "0 No resources found in default namespace."
}

@test "run shows a cluster's job's output and exits as it does" {
	try remote run seven --rm --image=$IMAGE -- sh -c 'echo out; exit 7'
	is "$rc $out" "7 out"
	try remote --cluster=socks run filter -i --rm --image=$IMAGE -- tr a-z A-Z <<<"through it"
	is "$rc $out" "0 THROUGH IT"
	try remote run many --rm --image=$IMAGE --completions=3 --parallelism=3 -- sh -c 'echo x'
	is "$rc $err $(grep -c "^\[pod/many-.*\] x$" <<<"$out")" "0  3"
	try remote run fails --rm --image=$IMAGE --restart=OnFailure --backoff-limit=1 -- sh -c 'echo try; sleep 2; exit 3'
	is "$rc" 3 # the Job takes its pod away: its output is shown, or said to be lost
	matches "$out$err" '^try|^warning: pod fails-.* was deleted before all of its output could be read$'
	try remote run no --image=localhost/none:none --image-pull-policy=Never
	is "$rc" 125
	lacks "$(cat "$FRONT/log")" unknown
	no_other_controller
}

@test "what is throttled is asked again when the server says" {
	printf '2 429 POST /apis/batch/v1/namespaces/default/jobs\n1 503 GET /api/v1/namespaces/default/pods\n1 0 GET /api/v1\n' >"$FRONT/rules"
	try remote run throttled --rm --image=$IMAGE -- echo fine
	is "$rc $out" "0 fine"
	try remote get pods
	is "$rc $err" "0 No resources found in default namespace."
	is "$(awk '{ n += $1 } END { print n }' "$FRONT/rules")" 0
	echo '1 500 GET /api/v1' >"$FRONT/rules"
	try remote get pods
	is "$rc $err" "1 Error from server (InternalError): the front was told so"
}

@test "the verbs work on a cluster that has none of kjob's own" {
	{
		job work 'echo hello; echo problem >&2; sleep 1' completions=2
		job paused 'true' suspend=true
	} >jobs.yaml
	is "$(remote apply -f jobs.yaml)" "job.batch/work created"$'\n'"job.batch/paused created"
	is "$(remote apply -f jobs.yaml)" "job.batch/work unchanged"$'\n'"job.batch/paused unchanged"
	is "$(remote wait --for=finished job/work --timeout=60s)" "job.batch/work condition met"
	matches "$(remote get jobs)" '^work +Complete +2/2'
	is "$(remote logs job/work 2>/dev/null | sort | tr '\n' ' ')" "hello problem "
	has "$(remote describe job work)" "Normal  Completed"
	is "$(remote label job work a=b)" "job.batch/work labeled"
	is "$(remote annotate job work a=b)" "job.batch/work annotated"
	is "$(remote patch job work -p '{"metadata": {"labels": {"c": "d"}}}')" "job.batch/work patched"
	is "$(EDITOR='sed -i s/a:.b/a:\ x/' remote edit job work)" "job.batch/work edited"
	is "$(remote resume job paused)" "job.batch/paused resumed"
	is "$(remote wait --for=condition=complete job/paused --timeout=60s)" "job.batch/paused condition met"
	has "$(remote events --for job/paused)" Completed
	has "$(remote explain job.spec.suspend)" "FIELD: suspend <boolean>"
	has "$(remote version)" "Server Version: "
	remote create cronjob nightly --image=$IMAGE --schedule='0 3 1 1 *' -- echo night
	is "$(remote create job now --from=cronjob/nightly)" "job.batch/now created"
	remote wait --for=finished job/now --timeout=60s
	is "$(remote logs job/now)" night
	is "$(remote delete cronjob/nightly job/work job/paused | wc -l)" 3
	lacks "$(cat "$FRONT/log")" unknown
	no_other_controller
}

@test "exec, attach, cp, port-forward and logs go through TLS and proxies" {
	pod box 'echo ready; while :; do echo served | nc -l -p 8080 >/dev/null; done' | remote apply -f -
	remote wait --for=condition=Ready pod/box --timeout=60s
	for cluster in front httpproxy; do
		try remote --cluster=$cluster exec box -- sh -c 'echo out; echo err >&2; exit 5'
		is "$rc $out" "5 out"
		is "$err" "err"$'\n'"command terminated with exit code 5"
		head -c 300000 /dev/urandom >data
		remote --cluster=$cluster cp data box:/tmp/data
		remote --cluster=$cluster cp box:/tmp/data back
		cmp data back
	done
	is "$(remote logs box)" ready
	is "$(remote exec -i box -- cat <<<"to it")" "to it"
	touch "$FRONT/v4"
	is "$(remote exec box -- echo four)" four
	remote cp box:/tmp/data back
	cmp data back
	for command in 'cp data box:/tmp/four' 'exec -i box -- cat'; do
		try remote $command <<<x
		has "$err" "the server cannot be told that standard input has ended"
	done
	rm "$FRONT/v4"
	remote port-forward box :8080 >forward 3>&- &
	eventually 10 grep -q Forwarding forward
	is "$(curl -s --max-time 5 "telnet://$(sed -n 's/Forwarding from \([^ ]*\) .*/\1/p' forward | head -1)" </dev/null)" served
	kill $!
	try remote cp nopod:/x y
	has "$err" 'pods "nopod" not found'
	remote delete pod box --now
}

@test "run -it is a terminal whose output is not that of the log, which clusters keep by lines" {
	mkfifo keys
	exec 7<>keys
	SHELL=/bin/bash script -qefc "$KJOB_BIN --kubeconfig=$CONFIG run -it --rm shell --image=$IMAGE -- sh" shown <keys >/dev/null 2>&1 3>&- &
	eventually 20 grep -q 'try pressing enter' shown
	printf '\r' >&7
	eventually 10 grep -q '/ #' shown
	printf 'echo $((6*7)); exit 5\r' >&7
	rc=0
	wait $! || rc=$?
	is "$rc" 5
	matches "$(cat shown)" '^42'
	has "$(cat shown)" 'job.batch "shell" deleted from default namespace'
	has "$(cat "$FRONT/log")" 'stdin=true&stdout=true&stderr=false&tty=true'
	lacks "$(grep /pods/shell- "$FRONT/log")" /log
}

@test "a path of this machine is none of a cluster's" {
	cat >host.yaml <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: host}
		spec:
		  containers: [{name: c, image: $IMAGE}]
		  volumes:
		  - name: v
		    hostPath: {path: ./data}
	END
	try remote apply -f host.yaml
	is "$rc $err" "1 error: hostPath \"./data\" is relative to the manifest: nodes of a cluster do not have its folder"$'\n'"host.yaml:8: spec.volumes[0].hostPath.path"
}

@test "a second kjob is a cluster, too, by kjob serve and its kubeconfig" {
	local box forward line
	kjob serve >/dev/null
	kjob kubeconfig -o served >/dev/null
	served() { KJOB_HOME=$OTHER_HOME kjob --kubeconfig=served "$@"; }
	try served run exit --rm --image=$IMAGE -- sh -c 'echo out; echo err >&2; exit 7'
	is "$rc $out $err" "7 out err"
	job second 'echo done' completions=2 | served apply -f -
	served wait --for=finished job/second --timeout=60s
	is "$(served logs --all-pods job/second | grep -c '] done$')" 2
	served run -d box --image=$IMAGE -- sh -c 'echo ready; while :; do echo served | nc -l -p 8080 >/dev/null; done'
	served wait --for=condition=Ready pod -l run=box --timeout=60s
	box=$(served get pods -l run=box -o name)
	is "$(served exec -i "$box" -- tr a-z A-Z <<<"in and out")" "IN AND OUT"
	head -c 300000 /dev/urandom >data
	served cp data "${box#pod/}:/tmp/data"
	served cp "${box#pod/}:/tmp/data" back
	cmp data back
	served port-forward "$box" :8080 >forward 3>&- &
	forward=$!
	eventually 20 grep -q Forwarding forward
	is "$(curl -s --max-time 5 "telnet://$(sed -n 's/Forwarding from \([^ ]*\) .*/\1/p' forward | head -1)" </dev/null)" served
	kill "$forward"
	# What is looked at there is what is seen here.
	same_here() { # LINE
		try served $1
		is "$rc $out" "0 $(kjob $1)"
	}
	while read -r line; do
		eventually 10 same_here "$line" # seconds pass between the two
	done <<-END
		get jobs,pods --no-headers -o name
		get job second -o jsonpath={.status}
		get -o yaml job/second
		describe job second
		logs $box
		events --for job/second --no-headers
		api-resources
		explain job.spec.completions
		get --raw /version
	END
	has "$(served top pods --no-headers)" "${box#pod/}"
	served create cronjob nightly --image=$IMAGE --schedule='0 3 1 1 *' -- echo night
	served create job now --from=cronjob/nightly
	served logs -f job/now >night 3>&- &
	served wait --for=condition=complete job/now --timeout=60s
	wait $!
	is "$(cat night)" night
	served label cronjob nightly a=b
	served annotate cronjob nightly a=b
	served patch cronjob nightly -p '{"spec": {"suspend": true}}'
	is "$(EDITOR='sed -i s/a:.b/a:\ x/' served edit cronjob nightly)" "cronjob.batch/nightly edited"
	served get cronjob nightly -o yaml | sed 's/suspend: true/suspend: false/' >changed.yaml
	try served diff -f changed.yaml
	is "$rc $(grep -c '^[-+] *suspend: ' <<<"$out")" "1 2"
	is "$(served expose pod "${box#pod/}" --port=80 --target-port=8080 --name=box)" "service/box exposed"
	is "$(served get endpointslices -l kubernetes.io/service-name=box --no-headers | wc -l)" 1
	served delete cronjob/nightly service/box job/box job/second >/dev/null
	mkfifo keys
	exec 7<>keys
	SHELL=/bin/bash script -qefc "KJOB_HOME=$OTHER_HOME $KJOB_BIN --kubeconfig=served run -it --rm shell --image=$IMAGE -- sh" shown <keys >/dev/null 2>&1 3>&- &
	eventually 20 grep -q '/ #' shown
	printf 'echo $((6*7)); exit 5\r' >&7
	rc=0
	wait $! || rc=$?
	is "$rc" 5
	matches "$(cat shown)" '^42'
	kjob serve --stop
	try served get pods
	is "$rc" 1
	matches "$err" '^The connection to the server 127.0.0.1:[0-9]+ was refused - did you specify the right host or port\?$'
	no_other_controller
}

@test "a server without tables and aggregated discovery" {
	remote create configmap old --from-literal=a=b
	remote api-resources >aggregated
	touch "$FRONT/plain"
	remote api-resources | diff aggregated -
	matches "$(remote get configmaps,pods -A)" '^default +configmap/old +[0-9]+s$'
	matches "$(remote get configmap old --show-labels)" '^old +[0-9]+s +<none>$'
	remote get configmaps -w >seen 3>&- &
	eventually 20 grep -q '^old  *[0-9]*s' seen
	remote create configmap newer --from-literal=a=b
	eventually 20 grep -q '^newer  *[0-9]*s' seen
	kill $!
	rm "$FRONT/plain"
	remote delete configmap old newer
}

@test "watches and logs that are refused for a while, or whose version is gone, go on" {
	local jobs=/apis/batch/v1/namespaces/default/jobs
	cat >"$FRONT/plugin" <<-'END'
		#!/bin/sh
		echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "good"}}'
	END
	chmod +x "$FRONT/plugin"
	printf '%s\n' "1 410 GET $jobs?" "1 429 GET $jobs?" "1 401 GET $jobs?" "1 503 GET $jobs?" "1 0 GET $jobs?" \
		"1 429 GET /api/v1/namespaces/default/pods?" "1 401 GET /api/v1/namespaces/default/pods/" >"$FRONT/rules"
	try remote --user=plugin run patient --rm --image=$IMAGE -- sh -c 'echo out; exit 3'
	is "$rc $out$err" "3 out"
	printf '%s\n' "1 410 GET $jobs?watch" "1 429 GET $jobs?watch" "1 401 GET $jobs?watch" >>"$FRONT/rules"
	remote --user=plugin get jobs -w --no-headers >seen 3>&- &
	eventually 20 awk '{ n += $1 } END { exit n }' "$FRONT/rules"
	job late true | remote apply -f -
	eventually 20 grep -q '^late ' seen
	kill $!
	remote delete job late
}

@test "a followed log that breaks off goes on at its time, as clusters forget the beginning" {
	local log=/api/v1/namespaces/default/pods/steps/log
	pod steps 'i=0; while [ $i -lt 40 ]; do i=$((i + 1)); echo "line $i"; done; sleep 4; printf end' | remote apply -f -
	remote wait --for=condition=Ready pod/steps --timeout=60s
	printf '%s\n' "1 1 GET $log" "1 429 GET $log" "1 1 GET $log" >"$FRONT/rules"
	is "$(remote logs -f steps)" "$(seq -f 'line %g' 40; printf end)"
	has "$(grep "$log" "$FRONT/log")" 'follow=true&timestamps=true ' 'timestamps=true&sinceTime=20'
	printf '%s\n' "1 1 GET $log" >"$FRONT/rules"
	is "$(remote logs -f steps --tail=3 --timestamps | cut -d' ' -f2-)" "$(printf 'line 39\nline 40\nend')"
	remote delete pod steps --now
}

@test "watches go on where the server ends them" {
	remote get jobs -w --no-headers >seen 3>&- &
	sleep 3
	job late true | remote apply -f -
	eventually 20 grep -q '^late .*Complete' seen
	kill $!
	try timeout 30 "$KJOB_BIN" --kubeconfig="$CONFIG" run slow --rm --image=$IMAGE -- sh -c 'sleep 3; echo end; exit 4'
	is "$rc $out" "4 end"
	remote delete job late
}
