#!/usr/bin/env bats
# top: what the engine tells of running containers.
load helper

setup_file() {
	instance_start
	{
		pod busy 'while :; do :; done' 'resources={limits: {cpu: 200m}}'
		pod big 'x=$(head -c 25000000 /dev/zero | tr "\0" x); sleep 1000; :'
		pod ended true
	} | apply
	kjob wait pod/busy pod/big --for=condition=Ready --timeout=60s
	kjob wait pod/ended --for=jsonpath='{.status.phase}'=Succeeded --timeout=60s
}

teardown_file() {
	instance_stop
}

cpu_of() { # POD
	kjob top pods "$1" --no-headers | awk '{ print $2 + 0 }'
}

busy_is_busy() {
	between 30 "$(cpu_of busy)" 260
}

big_is_big() {
	between 24 "$(kjob top pods big --no-headers | awk '{ print $3 + 0 }')" 120
}

@test "top shows what pods use, within their limits" {
	eventually 20 busy_is_busy
	eventually 20 big_is_big
	matches "$(kjob top pods)" '^NAME +CPU\(cores\) +MEMORY\(bytes\)$'
	is "$(kjob top pods --no-headers --sort-by=memory | awk 'NR == 1 { print $1 }')" big
	matches "$(kjob top pod -A --containers)" '^NAMESPACE +POD +NAME +CPU'
	matches "$(kjob top po -A --containers)" '^default +busy +c +[0-9]+m +[0-9]+Mi$'
	matches "$(kjob top pods --sum)" '^ +[0-9]+m +[0-9]+Mi$'
}

# bats test_tags=one-engine
@test "top says why there are no figures" {
	try kjob top pods ended
	is "$rc $err" '1 Error from server (NotFound): podmetrics.metrics.k8s.io "default/ended" not found'
	try kjob top pods --field-selector metadata.name=ended
	is "$rc $err" "1 error: metrics not available yet"
	try kjob top pods -n other
	is "$rc $err" "0 No resources found in other namespace."
	try kjob top pods busy -l a=b
	is "$rc $err" "1 error: only one of NAME or selector can be provided"
	try kjob top pods --sort-by=name
	is "$rc $err" "1 error: --sort-by accepts only cpu or memory"
	try kjob top nodes
	is "$rc" 1
	has "$err" 'the engine tells what containers use, not what the machine does'
}

@test "top nodes is for clusters that know what their machines use" {
	local port
	mkdir -p apis/metrics.k8s.io/v1beta1 api/v1
	echo '{"items": [{"metadata": {"name": "b"}, "usage": {"cpu": "1500000001n", "memory": "1Gi"}},
		{"metadata": {"name": "a"}, "usage": {"cpu": "250m", "memory": "3Gi"}}]}' >apis/metrics.k8s.io/v1beta1/nodes
	jq -n '{items: ["a", "b", "c"] | map({metadata: {name: .}, status: {
		capacity: {cpu: "4", memory: "8Gi"}, allocatable: {cpu: "3", memory: "6Gi"}}})}' >api/v1/nodes
	python3 -u -m http.server --bind 127.0.0.1 0 >served 2>/dev/null 3>&- &
	eventually 20 grep -q 'port [0-9]' served
	port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' served)
	echo '{"contexts": [{"name": "x", "context": {"cluster": "x"}}], "current-context": "x",
		"clusters": [{"name": "x", "cluster": {"server": "http://127.0.0.1:'"$port"'"}}]}' >config
	try kjob --kubeconfig config top nodes --sort-by=cpu
	kill $!
	is "$rc$err" 0
	is "$(sed 's/  */ /g' <<<"$out")" 'NAME CPU(cores) CPU(%) MEMORY(bytes) MEMORY(%)
b 1501m 50% 1024Mi 16%
a 250m 8% 3072Mi 50%
c <unknown> <unknown> <unknown> <unknown>'
}
