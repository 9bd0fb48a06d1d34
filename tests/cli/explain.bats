#!/usr/bin/env bats
# explain and events: what the server says of its kinds, and what happened.
# bats file_tags=one-engine
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

openapi() { # PATH [CURL-OPTION...]
	local path=$1
	shift
	curl -sS --unix-socket "$KJOB_HOME/kjob.sock" "$@" "http://localhost$path"
}

@test "explain shows a kind, a field of it, and where to go on" {
	try kjob explain job
	is "$rc" 0
	is "$(head -5 <<<"$out")" "$(printf 'GROUP:      batch\nKIND:       Job\nVERSION:    v1\n\nDESCRIPTION:')"
	matches "$out" $'^  spec\t<JobSpec>$'
	try kjob explain pod.spec.containers.imagePullPolicy
	is "$(head -1 <<<"$out")" "KIND:       Pod"
	has "$out" "FIELD: imagePullPolicy <string>" $'ENUM:\n    Always\n    IfNotPresent\n    Never\n'
	matches "$(kjob explain cj.spec.jobTemplate.spec)" $'^  template\t<PodTemplateSpec> -required-$'
	is "$(kjob explain jobs.batch.spec.suspend)" "$(kjob explain Job.spec.suspend --api-version=batch/v1)"
}

@test "explain --recursive shows all fields below" {
	try kjob explain job.spec --recursive
	matches "$out" $'^          name\t<string> -required-$'
	between 800 "$(wc -l <<<"$out")" 5000
	lacks "$out" "no description"
}

@test "explain names what there is not, and what may have been meant" {
	try kjob explain job.spec.paralellism
	is "$rc:$out" "1:"
	is "$err" 'error: field "paralellism" does not exist (did you mean "parallelism"?)'
	try kjob explain jbo
	has "$err" "error: the server doesn't have a resource type \"jbo\""
	try kjob explain job --api-version=batch/v9
	is "$err" 'error: couldn'\''t find resource for "batch/v9, Resource=jobs"'
	has "$(kjob explain events.events.k8s.io)" 'GROUP:      events.k8s.io'
	try kjob explain job --output=plaintext-openapiv2
	is "$rc" 1
	has "$err" plaintext-openapiv2 "only plaintext"
	try kjob explain
	has "$err" "You must specify the type of resource to explain"
}

@test "every field of every kind has a description" {
	local kind
	# What is asked rather than kept, and the second views of what is kept, have none.
	for kind in $(kjob api-resources -o name | grep -vE 'reviews|events\.|metrics'); do
		try kjob explain "$kind"
		is "$rc" 0
		lacks "$out" "<no description>"
		lacks "$out" "<empty>"
	done
}

@test "the OpenAPI documents are served with a tag, and their sizes stay small" {
	local url tag
	url=$(openapi /openapi/v3 | jq -r '.paths["apis/batch/v1"].serverRelativeURL')
	tag=$(openapi "$url" -o "$T/doc" -w '%header{etag}')
	between 50000 "$(stat -c %s "$T/doc")" 300000
	is "$(jq -r '.components.schemas["io.k8s.api.batch.v1.Job"].type' "$T/doc")" object
	is "$(openapi "$url" -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag")" 304
}

# A CronJob with two variables, which never starts.
two_variables() { # VALUE-OF-THE-SECOND
	cat <<-END
		apiVersion: batch/v1
		kind: CronJob
		metadata: {name: two}
		spec:
		  schedule: "0 0 1 1 *"
		  suspend: true
		  jobTemplate:
		    spec:
		      template:
		        spec:
		          restartPolicy: Never
		          containers: [{name: c, image: i, env: [{name: A, value: a}, {name: B, value: $1}]}]
	END
}

@test "kubectl explains, and checks and merges a manifest, by these documents" {
	command -v kubectl >/dev/null || skip "no kubectl here"
	command -v python3 >/dev/null || skip "no python3 here"
	local port proxy q
	export HOME=$T
	# kubectl knows no unix sockets.
	timeout 60 python3 - "$KJOB_HOME/kjob.sock" 3>&- >port <<-'END' &
		import socket, sys, threading
		def pump(a, b):
		    try:
		        while d := a.recv(65536): b.sendall(d)
		        b.shutdown(socket.SHUT_WR)
		    except OSError: pass
		s = socket.create_server(("127.0.0.1", 0))
		print(s.getsockname()[1], flush=True)
		while True:
		    c, _ = s.accept()
		    u = socket.socket(socket.AF_UNIX)
		    u.connect(sys.argv[1])
		    for p in (c, u), (u, c): threading.Thread(target=pump, args=p, daemon=True).start()
	END
	proxy=$!
	eventually 10 test -s port
	port=$(cat port)
	for q in job job.spec.completionMode cronjob.spec pod.spec.containers.env "pod --recursive"; do
		# shellcheck disable=SC2086 # words
		is "$(kubectl -s "http://127.0.0.1:$port" explain $q)" "$(kjob explain $q)"
	done
	job viakubectl true | sed 's/  suspend: false/  suspend: true/' >x.yaml
	is "$(kubectl -s "http://127.0.0.1:$port" create --dry-run=server -f x.yaml)" \
		"job.batch/viakubectl created (server dry run)"
	is "$(two_variables b1 | kubectl -s "http://127.0.0.1:$port" apply -f -)" "cronjob.batch/two created"
	is "$(two_variables b2 | kubectl -s "http://127.0.0.1:$port" apply -f -)" "cronjob.batch/two configured"
	is "$(get cronjob/two '.spec.jobTemplate.spec.template.spec.containers[].env | map(.value) | join(" ")')" "a b2"
	kill "$proxy"
}

@test "events are in the order of time, of one object, of one type" {
	try kjob events
	is "$rc:$out:$err" "0::No events found in default namespace."
	try kjob events -A
	is "$rc:$out:$err" "0::No events found."
	job ev 'exit 1' backoffLimit=0 | kjob create -f - >/dev/null
	kjob wait --for=condition=failed job/ev >/dev/null
	try kjob events
	matches "$(head -1 <<<"$out")" '^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$'
	is "$(awk 'NR > 1 {print $3}' <<<"$out" | paste -sd' ')" \
		"SuccessfulCreate Scheduled Pulled Created Started BackoffLimitExceeded"
	matches "$out" '^[0-9]+s +Warning +BackoffLimitExceeded +Job/ev +Job has reached the specified backoff limit$'
	is "$(kjob events --for job/ev --no-headers | awk '{print $4}' | sort -u)" Job/ev
	is "$(kjob events --types=warning -o 'jsonpath={.items[*].reason}')" BackoffLimitExceeded
	matches "$(kjob events -A | tail -1)" '^default +[0-9]+s '
	is "$(kjob events -n other 2>&1)" "No events found in other namespace."
}

@test "events -w shows what happens, and only what is asked for" {
	LIMIT=90 kjob events -w --for job/later --no-headers >w.out 3>&- &
	sleep 0.3
	job later true | kjob create -f - >/dev/null
	eventually 15 grep -q Completed w.out
	kill %1
	is "$(awk '{print $3}' w.out | paste -sd' ')" "SuccessfulCreate Completed"
}

@test "events refuses what it does not understand" {
	try kjob events --for job
	is "$rc:$err" "1:error: --for must be in resource/name form"
	try kjob events --types=Bad
	is "$err" "error: valid --types are Normal or Warning"
	try kjob events job/x
	has "$err" "use --for=job/x"
}
