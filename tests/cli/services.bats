#!/usr/bin/env bats
# Services: addresses, endpoints, names in pods, and connections to the pods that are ready.
load helper

setup_file() {
	"$BATS_TEST_DIRNAME/../scripts/redis" "$KJOB_ENGINE" >&2
	instance_start
	pod w04-before "env | grep ^WEB_ || echo none; until nslookup -type=a web.default.svc.cluster.local | grep ^Name; do sleep 0.3; done" | apply
	eventually 20 field_is pod/w04-before .status.phase Running
	apply <<-END
		apiVersion: v1
		kind: Service
		metadata: {name: web}
		spec:
		  selector: {app: web}
		  ports: [{name: http, port: 80, targetPort: http}]
		---
		apiVersion: v1
		kind: Service
		metadata: {name: alias}
		spec: {type: ExternalName, externalName: web.default.svc.cluster.local}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: web, labels: {app: web}}
		spec:
		  terminationGracePeriodSeconds: 0
		  containers:
		  - name: c
		    image: localhost/redis:test
		    command: [redis-server, --port, "7000", --protected-mode, "no", --save, ""]
		    ports: [{name: http, containerPort: 7000}]
		    readinessProbe:
		      exec: {command: [test, -e, /tmp/ready]}
		      periodSeconds: 1
		      timeoutSeconds: 30
		      failureThreshold: 1
	END
	eventually 20 field_is pod/web .status.phase Running
}

teardown_file() {
	instance_stop
}

client() { # NAME SCRIPT: a pod with Redis' client
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $1}
		spec:
		  restartPolicy: Never
		  terminationGracePeriodSeconds: 0
		  containers:
		  - name: c
		    image: localhost/redis:test
		    command: [sh, -c, '$2']
	END
}

finished() { # POD: its log
	eventually 30 field_matches "pod/$1" .status.phase '^(Succeeded|Failed)$'
	kjob logs "$1"
}

@test "W02 a Service without a ready pod has a name and an address, and refuses" {
	matches "$(kjob get endpoints web)" '^web +<none> '
	eventually 10 field_is endpoints/web '.subsets[0].notReadyAddresses | length' 1
	client w02 'nslookup -type=a web.default.svc.cluster.local; nslookup $WEB_SERVICE_HOST; redis-cli -h web -p 80 ping 2>&1'
	has "$(finished w02)" "$(get svc/web .spec.clusterIP)" 'name = web.default.svc.cluster.local' 'Connection refused'
}

@test "W04 variables name a Service that is older than the pod, and no later one; names lead to both" {
	is "$(finished w04-before)" $'none\nName:\tweb.default.svc.cluster.local'
	client w04-after 'env | grep ^WEB_'
	has "$(finished w04-after)" "WEB_SERVICE_HOST=$(get svc/web .spec.clusterIP)" WEB_SERVICE_PORT=80 \
		WEB_SERVICE_PORT_HTTP=80 "WEB_PORT_80_TCP=tcp://$(get svc/web .spec.clusterIP):80"
}

@test "W01 a ready pod answers under each form of the name; what is connected outlives the controller and the readiness" {
	kjob exec web -- touch /tmp/ready
	eventually 10 field_is endpoints/web '.subsets[0].addresses | length' 1
	matches "$(kjob get endpoints web)" "^web +$(get pod/web .status.podIP):7000 "
	is "$(get endpointslices '.items[] | select(.metadata.labels["kubernetes.io/service-name"] == "web")
		.endpoints[0].conditions | "\(.ready) \(.serving) \(.terminating)"')" 'true true false'
	client w01 'for h in web web.default web.default.svc web.default.svc.cluster.local alias; do redis-cli -h $h -p 80 ping; done'
	is "$(finished w01)" $'PONG\nPONG\nPONG\nPONG\nPONG'

	client w01-open '(echo ping; until [ -e /tmp/go ]; do sleep 0.1; done; echo ping) | redis-cli -h web -p 80; redis-cli -h web -p 80 ping 2>&1'
	eventually 10 logs_have w01-open PONG
	kill -9 "$(controller_pid)"
	kjob exec web -- rm /tmp/ready
	eventually 10 field_is endpoints/web '.subsets[0].notReadyAddresses | length' 1
	kjob exec w01-open -- touch /tmp/go
	is "$(finished w01-open)" "$(printf 'PONG\nPONG\nCould not connect to Redis at web:80: Connection refused')"
}

logs_have() { # POD TEXT
	has "$(kjob logs "$1")" "$2"
}

@test "logs of a Service are those of a pod that it selects" {
	has "$(kjob logs service/web)" 'Ready to accept connections'
	try kjob create cronjob never --image=$IMAGE --schedule='0 0 1 1 *' -- true
	try kjob logs cronjob/never
	is "$rc $err" '1 error: cannot get the logs from *v1.CronJob: selector for *v1.CronJob not implemented'
}

@test "a Service without a selector leads where Endpoints or slices say" {
	apply <<-END
		apiVersion: v1
		kind: Service
		metadata: {name: foreign}
		spec: {ports: [{port: 1}]}
		---
		apiVersion: v1
		kind: Endpoints
		metadata: {name: foreign}
		subsets: [{addresses: [{ip: $(get pod/web .status.podIP)}], ports: [{port: 7000}]}]
	END
	is_slice() { is "$(get endpointslices '[.items[] | select(.metadata.labels["kubernetes.io/service-name"] == "foreign")
		| .endpoints[0].addresses[0], .ports[0].port] | tojson')" "[$1]"; }
	eventually 5 is_slice "\"$(get pod/web .status.podIP)\",7000"
	kjob exec web -- redis-cli -h foreign -p 1 ping
	kjob delete endpoints foreign >/dev/null
	eventually 5 is_slice ''
	apply <<-END
		apiVersion: discovery.k8s.io/v1
		kind: EndpointSlice
		metadata: {name: own, labels: {kubernetes.io/service-name: foreign}}
		addressType: IPv4
		endpoints: [{addresses: [$(get pod/web .status.podIP)]}]
		ports: [{name: "", port: 7000}]
	END
	eventually 5 kjob exec web -- redis-cli -h foreign -p 1 ping
	kjob delete endpointslice own >/dev/null # nobody else does
}

@test "W03 the pods of an Indexed Job find each other below a headless Service" {
	apply <<-END
		apiVersion: v1
		kind: Service
		metadata: {name: peers}
		spec:
		  clusterIP: None
		  selector: {job-name: w03}
		---
		apiVersion: batch/v1
		kind: Job
		metadata: {name: w03}
		spec:
		  completionMode: Indexed
		  completions: 2
		  parallelism: 2
		  template:
		    spec:
		      subdomain: peers
		      restartPolicy: Never
		      containers:
		      - name: c
		        image: localhost/redis:test
		        command:
		        - sh
		        - -c
		        - |
		          if [ \$JOB_COMPLETION_INDEX = 0 ]; then until [ -e /tmp/go ]; do sleep 0.1; done; exit; fi
		          until nslookup -type=a w03-0.peers.default.svc.cluster.local | grep -A1 w03-0.peers | grep Address; do sleep 0.3; done
	END
	eventually 20 field_is job/w03 .status.completedIndexes 1
	kjob exec "$(pods_of w03 | grep ^w03-0-)" -- touch /tmp/go
	ended w03
	is "$(get job/w03 .status.succeeded)" 2
}

@test "a Service that goes takes its endpoints and slices along; the relay goes when no pod asks it for names" {
	kjob delete svc --all >/dev/null
	try kjob get endpoints web
	is "$rc" 1
	is "$(get endpointslices '.items | length')" 0
	try kjob exec web -- nslookup -type=a web.default.svc.cluster.local
	has "$out" NXDOMAIN
	kjob delete pod --all --now >/dev/null
	eventually 10 no_relay
}

no_relay() {
	is "$(relays)" ''
}

asked() { # POD: the names of those that answered it, each once
	kjob exec "$1" -- sh -c 'for i in 1 2 3 4 5 6; do printf "GET /name HTTP/1.0\r\n\r\n" | nc names 80 | tail -n 1; done' | sort -u
}

asked_several() {
	[ "$(asked "$1" | wc -l)" -gt 1 ]
}

@test "sessionAffinity ClientIP: a client gets to the same pod, to another when that is gone; None ends it" {
	local one two
	apply <<-END
		apiVersion: v1
		kind: Service
		metadata: {name: names}
		spec: {selector: {app: names}, sessionAffinity: ClientIP, ports: [{port: 80, targetPort: 7000}]}
	END
	for i in 1 2 3; do
		pod names-$i 'mkdir /w; hostname >/w/name; exec httpd -f -p 7000 -h /w' 'readinessProbe={tcpSocket: {port: 7000}, periodSeconds: 1}' |
			sed 's/^metadata:/&\n  labels: {app: names}/'
	done | apply
	pod asks 'exec sleep 1000' | apply
	kjob wait --for=condition=Ready pod/asks pod/names-1 pod/names-2 pod/names-3 --timeout=60s >/dev/null
	eventually 10 field_is endpoints/names '.subsets[0].addresses | length' 3
	field_is svc/names .spec.sessionAffinityConfig.clientIP.timeoutSeconds 10800
	eventually 10 asked asks
	one=$(asked asks)
	matches "$one" '^names-[123]$'
	is "$(wc -l <<<"$one")" 1
	kjob delete pod "$one" --now >/dev/null
	eventually 10 field_is endpoints/names '.subsets[0].addresses | length' 2
	two=$(asked asks)
	matches "$two" '^names-[123]$'
	is "$(wc -l <<<"$two")" 1
	kjob patch svc names -p '{"spec":{"sessionAffinity":"None"}}' >/dev/null
	eventually 10 asked_several asks
	field_is svc/names .spec.sessionAffinityConfig null
	kjob delete pod asks names-1 names-2 names-3 --now --ignore-not-found >/dev/null
}

# bats test_tags=one-engine
@test "wrong Services are refused in Kubernetes' words" {
	try apply <<-END
		apiVersion: v1
		kind: Service
		metadata: {name: 9x}
		spec: {selector: {a: b}}
	END
	is "$rc" 1
	has "$err" 'a DNS-1035 label must consist of' 'spec.ports: Required value'
	try apply <<-END
		apiVersion: v1
		kind: Service
		metadata: {name: x}
		spec: {ports: [{port: 80}, {port: 0}]}
	END
	has "$err" 'spec.ports[0].name: Required value' 'spec.ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive'
}
