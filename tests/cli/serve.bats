# kjob serve and kjob kubeconfig: the TLS listener as other programs meet it.
# bats file_tags=one-engine
load helper

setup_file() {
	instance_start
	kjob serve >/dev/null
	URL=$(kjob controller status -o json | jq -r .serve.server)
	TLS=$KJOB_HOME/tls
	RENEWED=$(renewed)
	export URL TLS RENEWED
	unset KUBECONFIG
}
teardown_file() { instance_stop; }

renewed() { kjob get leases -n kube-node-lease -o jsonpath='{..renewTime}'; }

# As a client that has what a kubeconfig holds.
ask() { # PATH [curl's options...]
	local path=$1
	shift
	curl -sS --max-time 20 --cacert "$TLS/ca.crt" --cert "$TLS/client.pem" "$@" "$URL$path"
}

@test "serve tells where it listens, status shows it, and saying it again changes nothing" {
	try kjob serve
	is "$rc" 0
	is "$(head -n 1 <<<"$out")" "listening on $URL"
	has "$(kjob controller status)" "serves:    $URL, "
	is "$(stat -c %a "$TLS" "$TLS"/* | sort -u | xargs)" '600 700'
}

@test "the certificate is for the names of this machine, by TLS 1.2 and 1.3, and for nothing older" {
	local at=${URL#https://} name
	openssl s_client -connect "$at" -CAfile "$TLS/ca.crt" </dev/null >cert 2>/dev/null
	openssl x509 -in cert -noout -text >text
	has "$(cat text)" 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1' 'TLS Web Server Authentication'
	for name in '-verify_hostname localhost' '-verify_ip 127.0.0.1' '-verify_ip ::1'; do
		# shellcheck disable=SC2086 # two words
		openssl s_client -connect "$at" -CAfile "$TLS/ca.crt" -verify_return_error $name </dev/null >/dev/null 2>&1
	done
	ask /api --tls-max 1.2 -o /dev/null
	ask /api --tlsv1.3 -o /dev/null
	! openssl s_client -connect "$at" -tls1_1 -cipher 'ALL:@SECLEVEL=0' </dev/null >/dev/null 2>&1
}

@test "nobody without credentials gets more than health and version, and plain HTTP is told so" {
	is "$(curl -sS --cacert "$TLS/ca.crt" -o body -w '%{http_code}' "$URL/api/v1/pods")" 401
	is "$(jq -r .message body)" Unauthorized
	is "$(curl -sS --cacert "$TLS/ca.crt" "$URL/readyz")" ok
	is "$(curl -sS --cacert "$TLS/ca.crt" -H "Authorization: Bearer $(cat "$TLS/token")" -o /dev/null -w '%{http_code}' "$URL/api/v1/pods")" 200
	is "$(ask /api/v1/pods -H 'Host: evil.example' | jq -r .reason)" Forbidden
	is "$(curl -sS "http://${URL#https://}/version")" 'Client sent an HTTP request to an HTTPS server.'
}

@test "headers that come too slowly, and connections that say nothing, are dropped; others are served meanwhile" {
	python3 "$BATS_TEST_DIRNAME/tls_client.py" slow "${URL#https://}" "$TLS" >slow &
	eventually 10 grep -q there slow
	is "$(ask /readyz)" ok
	kjob get jobs >/dev/null
	wait
	is "$(tail -n 1 slow)" dropped
}

@test "watch, logs and commands with much output go through TLS as they are" {
	pod shell 'echo up; exec sleep 1000' | apply
	kjob wait --for=condition=Ready pod/shell --timeout=30s
	is "$(timeout 60 python3 "$BATS_TEST_DIRNAME/tls_client.py" exec "${URL#https://}" "$TLS" | head -n 1)" same
	is "$(ask /api/v1/namespaces/default/pods/shell/log)" up
	ask '/api/v1/namespaces/default/pods?watch=1&timeoutSeconds=2' >watch
	is "$(jq -r .object.metadata.name watch | sort -u)" shell
	kjob delete pod shell >/dev/null
}

@test "kubeconfig merges into a file that keeps what it has, and needs a lock" {
	mkdir .kube
	cat >.kube/config <<-'END'
		# mine
		apiVersion: v1
		kind: Config
		current-context: work # careful
		clusters:
		- {name: work, cluster: {server: "https://work:6443"}}
		contexts:
		- name: work
		  context: {cluster: work, user: me}
		users: []
	END
	cp .kube/config before
	HOME=$T try kjob kubeconfig --merge
	is "$out" "context \"kjob\" is in $T/.kube/config"
	is "$(diff before .kube/config | grep '^<')" '< users: []'
	KUBECONFIG=nowhere:.kube/config try kjob kubeconfig --merge --server https://kjob.example:7443 --set-current
	is "$out" "context \"kjob\" is in $T/.kube/config"
	is "$(grep -c 'name: kjob$' .kube/config)" 3
	has "$(cat .kube/config)" 'server: https://kjob.example:7443' 'current-context: kjob' '# mine'
	touch .kube/config.lock
	HOME=$T try kjob kubeconfig --merge
	is "$rc" 1
	has "$err" "$T/.kube/config.lock is there"
}

@test "kubeconfig makes a private file of its own, and overwrites no other" {
	kjob kubeconfig -o mine
	kjob kubeconfig -o mine
	is "$(stat -c %a mine)" 600
	is "$(kjob kubeconfig)" "$(cat mine)"
	kjob kubeconfig --name other >other
	try kjob kubeconfig -o other
	is "$rc" 1
	has "$err" 'other has other contents: --merge adds to a kubeconfig file'
}

@test "a controller that was killed listens again when the next one starts" {
	kill -KILL "$(kjob controller status -o json | jq .pid)"
	kjob get jobs >/dev/null
	is "$(ask /readyz)" ok
}

@test "the certificate is for other names too where that is asked, and keeps them" {
	local at=${URL##*:}
	named() { curl -sS --max-time 20 --cacert "$TLS/ca.crt" --cert "$TLS/client.pem" --connect-to "::127.0.0.1:$at" "https://$1:$at/version" -o /dev/null -w '%{http_code}'; }
	try named laptop.example
	is "$rc" 60
	kjob serve --tls-san laptop.example,192.0.2.7 --tls-san '*.kjob.test' >/dev/null
	is "$(named laptop.example) $(named 192.0.2.7) $(named a.kjob.test)" "200 200 200"
	kjob serve >/dev/null
	kjob controller stop >/dev/null
	kjob get jobs >/dev/null
	is "$(named laptop.example) $(ask /readyz)" "200 ok"
	try kjob serve --tls-san 'a..b'
	is "$rc $err" '1 Error from server (BadRequest): "a..b" is neither a DNS name nor an IP address'
	kjob serve --tls-san= >/dev/null
	is "$(named laptop.example) $(ask /readyz)" "403 ok"
}

@test "the lease of the node is renewed while others may look at it" {
	eventually 30 eval '[ "$(renewed)" != "$RENEWED" ]'
}

@test "another address has to be allowed, and is warned of" {
	try kjob serve --listen 0.0.0.0
	is "$rc" 1
	has "$err" 'other machines can reach 0.0.0.0' '--allow-remote'
	try kjob serve --listen 0.0.0.0 --allow-remote
	is "$rc" 0
	has "$err" 'warning: other machines can reach 0.0.0.0'
	has "$(kjob controller status)" '(other machines too)'
	kjob serve --listen localhost >/dev/null
	lacks "$(kjob controller status)" 'other machines'
}

@test "serve --stop ends it, also for the controllers to come" {
	local at
	at=$(kjob controller status -o json | jq -r .serve.server)
	is "$(kjob serve --stop)" "no longer listening on $at"
	is "$(kjob serve --stop)" 'the controller does not listen'
	! curl -sS --cacert "$TLS/ca.crt" "$at/readyz" 2>/dev/null
	try kjob kubeconfig
	is "$rc" 1
	has "$err" "'kjob serve' first"
	kjob controller stop >/dev/null
	kjob get jobs >/dev/null
	lacks "$(kjob controller status)" serves:
}
