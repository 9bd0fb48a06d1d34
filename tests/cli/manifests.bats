#!/usr/bin/env bats
# Manifests that people really write: what is refused, in which words, and where.
# bats file_tags=one-engine
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

# refused FILE-OR-DASH PART...: apply exits with 1, says these parts and stores nothing.
refused() {
	local file=$1
	shift
	try kjob apply -f "$file"
	is "$rc" 1
	is "$out" ""
	has "$err" "$@"
	is "$(kjob get jobs,pods -o name 2>/dev/null)" ""
}

@test "V01 a Job without restartPolicy is refused" {
	job x true | sed '/restartPolicy/d' >x.yaml
	refused x.yaml 'The Job "x" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
}

@test "V02 restartPolicy is case-sensitive" {
	job x true rp=never >x.yaml
	refused x.yaml 'The Job "x" is invalid: ' \
		'* spec.template.spec.restartPolicy: Unsupported value: "never": supported values: "Always", "OnFailure", "Never"' \
		'* spec.template.spec.restartPolicy: Unsupported value: "never": supported values: "OnFailure", "Never"' 'x.yaml:12: '
}

@test "V03 missing containers are named before a missing restartPolicy" {
	job x true | sed '/restartPolicy/d; s/containers:/containers: []/; /- name: c/,$d' >x.yaml
	refused x.yaml '* spec.template.spec.containers: Required value'
	matches "$(echo "$err" | tr '\n' ' ')" 'containers: Required value.*restartPolicy: Required value'
}

@test "V04 all negative numbers are named together" {
	job x true parallelism=-1 backoffLimit=-1 >x.yaml
	refused x.yaml '* spec.parallelism: Invalid value: -1: must be greater than or equal to 0' \
		'* spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0'
}

@test "V05 the template of a stored Job cannot be changed" {
	job v05 true | apply
	try kjob apply -f <(job v05 false)
	is "$rc" 1
	has "$err" 'The Job "v05" is invalid: spec.template: Invalid value: ' 'field is immutable'
	ended v05
	is "$(summary v05)" "1/-/- $COMPLETE"
	kjob delete job v05 >/dev/null
}

@test "V06 an Indexed Job needs completions" {
	job x true completionMode=Indexed parallelism=2 >x.yaml
	refused x.yaml 'spec.completions: Required value: when completion mode is Indexed'
}

@test "V07 managedBy must be a domain-prefixed path" {
	job x true managedBy=x >x.yaml
	refused x.yaml 'spec.managedBy: Invalid value: "x": must be a domain-prefixed path (such as "acme.io/foo")'
}

@test "V08 the name of an Indexed Job must leave room for its indexes" {
	local name
	name=$(printf 'a%.0s' $(seq 60))
	job "$name" true completionMode=Indexed completions=1000 >x.yaml
	refused x.yaml 'metadata.name: Invalid value: ' "will not able to create pod with invalid DNS label: $name-999"
}

@test "V09 maxFailedIndexes needs backoffLimitPerIndex" {
	job x true maxFailedIndexes=1 >x.yaml
	refused x.yaml 'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified'
}

@test "V10 the exit codes of a failure policy are sorted, unique and not 0" {
	policy() {
		echo "{rules: [{action: Count, onExitCodes: {operator: In, values: [$1]}}]}"
	}
	job x true "podFailurePolicy=$(policy 3,1)" >x.yaml
	refused x.yaml 'must be ordered'
	job x true "podFailurePolicy=$(policy 1,1)" >x.yaml
	refused x.yaml 'Duplicate value: 1'
	job x true "podFailurePolicy=$(policy 0)" >x.yaml
	refused x.yaml 'must not be 0 for the In operator'
}

@test "restartPolicy Always is refused in a Job" {
	job x true rp=Always >x.yaml
	refused x.yaml 'spec.template.spec.restartPolicy: ' 'valid values: "OnFailure", "Never"' 'x.yaml:12: '
}

@test "apiVersio is named with what was meant" {
	job x true | sed 's/apiVersion/apiVersio/' >x.yaml
	refused x.yaml 'error validating "x.yaml"' 'apiVersion not set' 'did you mean "apiVersion"?' 'x.yaml:2: apiVersio'
}

@test "an unknown field is named with path, place and what was meant" {
	job x true | sed 's/restartPolicy/restartyPolicy/' >x.yaml
	refused x.yaml 'unknown field "spec.template.spec.restartyPolicy" (did you mean "restartPolicy"?)' 'x.yaml:12: '
}

@test "an unknown kind is named with what was meant" {
	job x true | sed 's/kind: Job/kind: Jbo/' >x.yaml
	refused x.yaml 'no matches for kind "Jbo" in version "batch/v1" (did you mean "Job"?)' 'x.yaml:3: kind'
}

@test "a kind that kjob does not run is refused with the reason" {
	printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n' >x.yaml
	refused x.yaml 'no matches for kind "Deployment" in version "apps/v1": kjob does not serve deployments.apps: they keep pods running for ever' 'x.yaml:2: kind'
}

@test "a Job without a name is refused" {
	job x true | sed 's/  name: x/  labels: {}/' >x.yaml
	refused x.yaml 'resource name may not be empty' 'x.yaml:'
	try kjob create -f x.yaml
	is "$rc" 1
	has "$err" 'The Job "" is invalid: metadata.name: Required value: name or generateName is required'
}

@test "an object that exists is named by a manifest with a name, and by nothing beside it" {
	local verb

	job x true | sed 's/  name: x/  generateName: x-/' >x.yaml
	for verb in get describe delete 'wait --for=delete' suspend 'label a=b'; do
		# shellcheck disable=SC2086
		try kjob $verb -f x.yaml
		is "$verb $rc" "$verb 1"
		has "$err" 'resource name may not be empty' 'x.yaml:'
	done
	try kjob get jobs -f x.yaml
	is "$rc" 1
	has "$err" 'when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well'
}

@test "a key that stands twice is an error with both lines" {
	job x true | sed 's/  name: x/  name: x\n  name: y/' >x.yaml
	refused x.yaml 'x.yaml:6:3: key "name" is already set in this map (line 5)'
}

@test "tabs in YAML are named" {
	printf 'apiVersion: batch/v1\nkind: Job\nmetadata:\n\tname: x\n' >x.yaml
	refused x.yaml 'x.yaml:4:1: found a tab character; YAML is indented with spaces'
}

@test "a wrong type is refused" {
	job x true 'parallelism="two"' >x.yaml
	refused x.yaml 'x.yaml:' parallelism
}

@test "a file that is missing, empty or no object is one message" {
	refused nosuch.yaml 'error: the path "nosuch.yaml" does not exist'
	: >empty.yaml
	refused empty.yaml 'error: no objects passed to apply'
	echo 'just text' >text.yaml
	refused text.yaml 'text.yaml:1: an object is expected'
	echo '{"apiVersion": ' >cut.json
	refused cut.json 'cut.json:'
}

@test "of several documents the good ones are applied and the bad one named" {
	{ job good1 true; job bad true rp=never; job good2 true; } >x.yaml
	try kjob apply -f x.yaml
	is "$rc" 1
	is "$out" $'job.batch/good1 created\njob.batch/good2 created'
	has "$err" 'The Job "bad" is invalid'
	kjob delete jobs --all >/dev/null
}

@test "what this version cannot do yet is refused by name, never ignored" {
	job x true | sed 's/      restartPolicy/      hostPID: true\n      restartPolicy/' >x.yaml
	try kjob apply -f x.yaml
	if [ "$rc" -ne 0 ]; then
		has "$err" hostPID
	fi
	kjob delete jobs --all >/dev/null 2>&1 || true
}

@test "a manifest may be behind a URL; redirects are followed, and a server in trouble is asked again" {
	job url true >m.yaml
	job there true 'volumes=[{name: v, hostPath: {path: ./x}}]' >paths.yaml
	python3 - 3>&- >port <<-'END' &
		import http.server
		busy = [0]
		class Handler(http.server.BaseHTTPRequestHandler):
		    def log_message(self, *args):
		        pass
		    def do_GET(self):
		        name = self.path.split("?")[0].strip("/")
		        busy[0] += name == "busy"
		        status = {"moved": 302, "round": 302, "m.yaml": 200, "paths.yaml": 200}.get(name, 404)
		        if name == "busy":
		            status, name = 503 if busy[0] < 3 else 200, "m.yaml"
		        body = open(name, "rb").read() if status == 200 else b""
		        self.send_response(status)
		        self.send_header("Location", "/m.yaml?again" if name == "moved" else "/round")
		        self.send_header("Content-Length", str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)
		server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
		print(server.server_port, flush=True)
		server.serve_forever()
	END
	server=$!
	eventually 20 test -s port
	at=http://127.0.0.1:$(cat port)
	try kjob apply -f "$at/m.yaml"
	is "$rc $out" '0 job.batch/url created'
	try kjob apply -f "$at/moved"
	is "$rc $out" '0 job.batch/url unchanged'
	try kjob delete -f "$at/busy"
	is "$rc $out" '0 job.batch "url" deleted from default namespace'
	refused "$at/round" "error: unable to read URL \"$at/round\": more than 10 redirects"
	refused "$at/none" "error: unable to read URL \"$at/none\", server reported status code=404"
	refused "$at/paths.yaml" 'hostPath "./x" is relative to the manifest: this machine does not have its folder'
	kill "$server"
	wait "$server" || true
	refused "$at/m.yaml" "error: unable to read URL \"$at/m.yaml\": cannot connect to $at: connection refused"
}
