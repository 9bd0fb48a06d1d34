#!/usr/bin/env bats
# What pods may use and do: security contexts, resources and room on the node, names, ports, namespaces.
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

is_waiting() { # POD REASON
	field_is "pod/$1" '.status.containerStatuses[0].state.waiting.reason' "$2"
}

ended() { # POD
	eventually 30 field_is "pod/$1" .status.phase Succeeded
}

@test "N26 a container that wants more memory than its limit is OOMKilled" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: n26}
		spec:
		  restartPolicy: Never
		  containers:
		  - name: c
		    image: $IMAGE
		    command: [sh, -c, 'x=a; while :; do x=\$x\$x; done']
		    resources: {limits: {memory: 16Mi}}
	END
	eventually 20 field_is pod/n26 .status.phase Failed
	is "$(get pod/n26 '.status.containerStatuses[0].state.terminated | "\(.reason) \(.exitCode)"')" "OOMKilled 137"
	matches "$(kjob get pod n26)" '^n26 +0/1 +OOMKilled +0 '
}

@test "N31 runAsNonRoot refuses an image that runs as root, and says so" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: n31}
		spec:
		  restartPolicy: Never
		  securityContext: {runAsNonRoot: true}
		  containers:
		  - {name: root, image: $IMAGE, command: [id]}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: n31-zero}
		spec:
		  restartPolicy: Never
		  securityContext: {runAsNonRoot: true, runAsUser: 5}
		  containers:
		  - {name: c, image: $IMAGE, command: [id], securityContext: {runAsUser: 0}}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: n31-user}
		spec:
		  restartPolicy: Never
		  securityContext: {runAsNonRoot: true, runAsUser: 5}
		  containers:
		  - {name: c, image: $IMAGE, command: [id, -u]}
	END
	ended n31-user
	is "$(kjob logs n31-user)" 5
	eventually 15 is_waiting n31 CreateContainerConfigError
	matches "$(get pod/n31 '.status.containerStatuses[0].state.waiting.message')" \
		'^container has runAsNonRoot and image will run as root \(pod: "n31_default\([0-9a-f-]+\)", container: root\)$'
	eventually 15 is_waiting n31-zero CreateContainerConfigError
	has "$(get pod/n31-zero '.status.containerStatuses[0].state.waiting.message')" \
		"container's runAsUser breaks non-root policy (pod: "
}

@test "security contexts: the container's go before the pod's" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: rights}
		spec:
		  restartPolicy: Never
		  securityContext:
		    runAsUser: 1000
		    runAsGroup: 2000
		    fsGroup: 3000
		    supplementalGroups: [4000]
		    sysctls: [{name: net.core.somaxconn, value: "99"}]
		  containers:
		  - name: c
		    image: $IMAGE
		    command:
		    - sh
		    - -c
		    - id -u; id -g; id -G; cat /proc/sys/net/core/somaxconn; touch /x 2>&1; grep -E 'NoNewPrivs|CapBnd' /proc/self/status
		    securityContext:
		      runAsUser: 1001
		      allowPrivilegeEscalation: false
		      readOnlyRootFilesystem: true
		      capabilities: {drop: [ALL]}
	END
	ended rights
	is "$(kjob logs rights | tr '\n\t' '| ')" \
		'1001|2000|2000 3000 4000|99|touch: /x: Read-only file system|CapBnd: 0000000000000000|NoNewPrivs: 1|'
}

@test "runAsGroup alone keeps the image's user" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: group}
		spec:
		  restartPolicy: Never
		  securityContext: {runAsGroup: 7}
		  containers:
		  - {name: c, image: $IMAGE, command: [sh, -c, 'id -u; id -g']}
	END
	ended group
	is "$(kjob logs group | tr '\n' ' ')" '0 7 '
}

@test "N33 hostAliases, hostname and subdomain are in /etc/hosts, as a kubelet writes it" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: n33}
		spec:
		  restartPolicy: Never
		  hostname: web
		  subdomain: sub
		  hostAliases:
		  - {ip: 10.1.2.3, hostnames: [foo, foo.example]}
		  - {ip: "::2", hostnames: [six]}
		  containers:
		  - {name: c, image: $IMAGE, command: [sh, -c, 'hostname; hostname -f; cat /etc/hosts']}
	END
	ended n33
	kjob logs n33 >log
	is "$(head -n 3 log | tr '\n' '|')" 'web|web.sub.default.svc.cluster.local|# Kubernetes-managed hosts file.|'
	matches "$(cat log)" "^[0-9.]+	web.sub.default.svc.cluster.local	web\$"
	matches "$(cat log)" '^# Entries added by HostAliases\.$'
	matches "$(cat log)" '^10.1.2.3	foo	foo.example$'
	matches "$(cat log)" '^::2	six$'
	pod alone 'cat /etc/hosts' | sed 's/^spec:/&\n  hostAliases: [{ip: 10.1.2.3, hostnames: [foo, bar]}]/' | apply
	ended alone
	matches "$(kjob logs alone)" '^10.1.2.3	foo	bar$'
}

@test "a single container gets its resolver without a sandbox" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: names}
		spec:
		  restartPolicy: Never
		  dnsPolicy: None
		  dnsConfig:
		    nameservers: [192.0.2.1]
		    searches: [my.example]
		    options: [{name: ndots, value: "2"}, {name: edns0}]
		  containers:
		  - {name: c, image: $IMAGE, command: [cat, /etc/resolv.conf]}
	END
	ended names
	kjob logs names >log
	is "$(grep -vE '^#' log | grep -A9 -E '^(search|nameserver|options)' | sort | tr '\n' '|')" \
		'nameserver 192.0.2.1|options ndots:2 edns0|search my.example|'
	is "$(engine GET "/containers/json?all=1" | jq '[.[].Labels | select(.["io.kubernetes.pod.name"] == "names")] | length')" 1
}

@test "hostNetwork, hostPID, hostIPC: the machine's network and processes" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: host}
		spec:
		  restartPolicy: Never
		  hostNetwork: true
		  hostPID: true
		  hostIPC: true
		  hostAliases: [{ip: 10.1.2.3, hostnames: [foo]}]
		  containers:
		  - {name: c, image: $IMAGE, command: [sh, -c, 'for n in net pid ipc; do readlink /proc/self/ns/\$n; done; cat /etc/hosts; hostname']}
	END
	ended host
	is "$(kjob logs host | head -n 3)" "$(readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/ipc)"
	matches "$(kjob logs host)" '^10.1.2.3[[:space:]]foo$'
	is "$(kjob logs host | tail -n 1)" "$(hostname)"
}

host_port_says() { # WORD: who listens does so some time after his start
	is "$(timeout 5 bash -c 'cat </dev/tcp/127.0.0.1/28417')" "$1"
}

@test "a hostPort leads to the container, and two pods with the same one take turns" {
	for p in one two; do
		cat <<-END
			---
			apiVersion: v1
			kind: Pod
			metadata: {name: port-$p}
			spec:
			  restartPolicy: Never
			  containers:
			  - name: c
			    image: $IMAGE
			    command: [sh, -c, 'echo hello | nc -l -p 80']
			    ports: [{containerPort: 80, hostPort: 28417}]
		END
	done | apply
	eventually 15 field_is pod/port-one .status.phase Running
	has "$(get pod/port-two '.status.conditions[0] | .reason + ": " + .message')" \
		"Unschedulable: 0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."
	eventually 10 host_port_says hello
	ended port-one
	eventually 15 field_is pod/port-two .status.phase Running
	kjob delete pod port-two --grace-period=1
}

@test "a pod without room waits with the scheduler's words and starts when there is some" {
	cpus=$(kjob get nodes -o jsonpath='{.items[0].status.allocatable.cpu}')
	for p in first:1000 second:0; do
		cat <<-END
			---
			apiVersion: v1
			kind: Pod
			metadata: {name: room-${p%:*}}
			spec:
			  restartPolicy: Never
			  containers:
			  - {name: c, image: $IMAGE, command: [sleep, "${p#*:}"], resources: {requests: {cpu: "$cpus"}}}
		END
	done | apply
	eventually 15 field_is pod/room-first .status.phase Running
	is "$(get pod/room-second .status.phase)" Pending
	has "$(get pod/room-second '.status.conditions[] | select(.type == "PodScheduled") | .reason + ": " + .message')" \
		"Unschedulable: 0/1 nodes are available: 1 Insufficient cpu. " "No preemption victims found for incoming pod."
	matches "$(kjob get events)" 'Warning +FailedScheduling +pod/room-second +0/1 nodes are available: 1 Insufficient cpu\.'
	kjob delete pod room-first --now >/dev/null
	ended room-second
}

# bats test_tags=one-engine
@test "a pod that can never fit says so at once" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: never}
		spec:
		  containers:
		  - {name: c, image: $IMAGE, resources: {requests: {memory: 100Ti}, limits: {example.com/gpu: 1}}}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: elsewhere}
		spec:
		  nodeSelector: {disk: ssd}
		  containers:
		  - {name: c, image: $IMAGE}
	END
	eventually 10 field_is pod/never '.status.conditions[0].reason' Unschedulable
	has "$(get pod/never '.status.conditions[0].message')" \
		"0/1 nodes are available: 1 Insufficient example.com/gpu, 1 Insufficient memory. " \
		"1 Preemption is not helpful for scheduling."
	has "$(get pod/elsewhere '.status.conditions[0].message')" \
		"0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
	kjob delete pod never elsewhere
}

# bats test_tags=one-engine
@test "a pod with scheduling gates waits until the last of them is taken away" {
	{
		pod_of gated 'schedulingGates=[{name: example.com/a}, {name: example.com/b}]'
		echo '  containers:'
		has_container c true
	} | apply
	matches "$(kjob get pod gated)" '^gated +0/1 +SchedulingGated +0 '
	is "$(condition_of gated PodScheduled)" "False SchedulingGated Scheduling is blocked due to non-empty scheduling gates"
	kjob patch pod gated --type=json -p '[{"op": "remove", "path": "/spec/schedulingGates/0"}]' >/dev/null
	matches "$(kjob get pod gated)" '^gated +0/1 +SchedulingGated +0 '
	try kjob patch pod gated -p '{"spec": {"schedulingGates": [{"name": "example.com/c"}]}}'
	has "$err" "only deletion is allowed, but found new scheduling gate 'example.com/c'"
	no_containers io.kubernetes.pod.name=gated
	kjob patch pod gated --type=json -p '[{"op": "remove", "path": "/spec/schedulingGates"}]' >/dev/null
	ended gated
}

@test "limits reach the container, requests are copied from them, and the class follows" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: limits}
		spec:
		  restartPolicy: Never
		  containers:
		  - name: c
		    image: $IMAGE
		    command: [sh, -c, 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory.max cpu/cpu.cfs_quota_us cpu.max 2>/dev/null']
		    resources: {limits: {cpu: 500m, memory: 64Mi}}
	END
	eventually 20 field_is pod/limits '.status.containerStatuses[0].state.terminated != null' true
	is "$(kjob logs limits | tr '\n' ' ' | sed 's/ 100000//')" '67108864 50000 '
	is "$(get pod/limits '.spec.containers[0].resources.requests | .cpu + " " + .memory')" '500m 64Mi'
	is "$(get pod/limits .status.qosClass)" Guaranteed
}

@test "containers of a pod share the network, and their processes when asked to" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: shared}
		spec:
		  restartPolicy: Never
		  shareProcessNamespace: true
		  containers:
		  - {name: a, image: $IMAGE, command: [sh, -c, 'echo hi | nc -l -p 5000']}
		  - {name: b, image: $IMAGE, command: [sh, -c, 'until nc 127.0.0.1 5000 2>/dev/null; do sleep 0.2; done; ps | grep -c "[n]c -l"; ps | head -n 2']}
	END
	ended shared
	matches "$(kjob logs shared -c b | tr '\n' '|')" '^hi\|[01]\|PID .*\| +1 root +/sandbox pause shared\|$'
}
