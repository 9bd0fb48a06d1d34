#!/usr/bin/env bats
# Config maps and secrets, what containers get of them, and credentials for pulls.
load helper

setup_file() {
	instance_start
	kjob create configmap m1 --from-literal=A=a1 --from-literal=B='$(A)' >/dev/null
	kjob create configmap m2 --from-literal=A=a2 >/dev/null
	kjob create secret generic s1 --from-literal=password=hunter2 >/dev/null
	{
		job f17 'echo "got $LATE"' backoffLimit=0 | with_env '{name: LATE, valueFrom: {configMapKeyRef: {name: late, key: k}}}'
		pod nosecret 'echo "got $K"' env='[{name: K, valueFrom: {secretKeyRef: {name: s1, key: missing}}}]'
		pod optional 'echo "got ${K-nothing}"' env='[{name: K, valueFrom: {secretKeyRef: {name: none, key: k, optional: true}}}]' \
			envFrom='[{configMapRef: {name: none, optional: true}}]'
	} | apply
}

teardown_file() {
	instance_stop
}

# The manifest of job (standard input) with one variable.
with_env() {
	cat
	printf '        env: [%s]\n' "$1"
}

is_waiting() { # POD REASON
	field_is "pod/$1" '.status.containerStatuses[0].state.waiting.reason' "$2"
}

ends() { # POD: and what it said
	eventually 20 field_is "pod/$1" .status.phase Succeeded
	kjob logs "$1"
}

@test "N22 a later map wins, env wins over both, and a prefix goes before every name" {
	pod n22 'echo "$A $B $P_A $C"' envFrom='[{configMapRef: {name: m1}}, {configMapRef: {name: m2}}, {prefix: P_, configMapRef: {name: m1}}]' \
		env='[{name: B, value: "$(P_A)!"}, {name: C, value: "$(A)"}]' | apply
	is "$(ends n22)" 'a2 a1! a1 a2'
}

@test "N34 fields of the pod and resources of the container are variables" {
	apply <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: n34, labels: {app: web}, annotations: {note: "a b"}}
		spec:
		  restartPolicy: Never
		  containers:
		  - name: c
		    image: $IMAGE
		    resources: {limits: {cpu: 1500m, memory: 64Mi}}
		    command: [sh, -c, 'echo "\$NAME \$NS \$ID \$APP \$NOTE \$NODE \$HOST"; echo "\$CPU \$MILLI \$MEMORY"']
		    env:
		    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
		    - {name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
		    - {name: ID, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}
		    - {name: APP, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
		    - {name: NOTE, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['note']"}}}
		    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
		    - {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
		    - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
		    - {name: MILLI, valueFrom: {resourceFieldRef: {resource: requests.cpu, divisor: 1m}}}
		    - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
	END
	is "$(ends n34)" "n34 default $(get pod/n34 .metadata.uid) web a b $(get pod/n34 .spec.nodeName) 127.0.0.1
2 1500 64"
}

@test "the pod's address is known to its container before it starts" {
	pod address 'echo "$IP $IPS"; hostname -i' \
		env='[{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: IPS, valueFrom: {fieldRef: {fieldPath: status.podIPs}}}]' | apply
	local ip
	eventually 30 field_is pod/address .status.phase Succeeded
	ip=$(get pod/address .status.podIP)
	matches "$ip" '^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$'
	is "$(kjob logs address)" "$ip $ip
$ip"
}

@test "F17 a Job whose config map is missing waits, says why, and goes on when it appears" {
	local name
	name=$(pods_of f17)
	eventually 10 is_waiting "$name" CreateContainerConfigError
	is "$(get "pod/$name" '.status.containerStatuses[0].state.waiting.message')" 'configmap "late" not found'
	has "$(kjob get events)" 'Error: configmap "late" not found'
	kjob create configmap late --from-literal=other=1 >/dev/null
	eventually 10 field_is "pod/$name" '.status.containerStatuses[0].state.waiting.message' \
		"couldn't find key k in ConfigMap default/late"
	kjob patch configmap late -p '{"data": {"k": "here"}}' >/dev/null
	kjob wait --for=condition=complete --timeout=60s job/f17 >/dev/null
	is "$(kjob logs job/f17)" 'got here'
	is "$(get job/f17 '.status.failed // "none"')" none
}

@test "a missing key of a secret is named; what is optional does not hold a container up" {
	eventually 10 is_waiting nosecret CreateContainerConfigError
	is "$(get pod/nosecret '.status.containerStatuses[0].state.waiting.message')" "couldn't find key missing in Secret default/s1"
	is "$(ends optional)" 'got nothing'
	kjob patch secret s1 -p '{"stringData": {"missing": "now"}}' >/dev/null
	is "$(ends nosecret)" 'got now'
}

# bats test_tags=one-engine
@test "a secret is shown by nobody but get -o and its pod" {
	pod shown 'echo "$PASSWORD"' env='[{name: PASSWORD, valueFrom: {secretKeyRef: {name: s1, key: password}}}]' | apply
	is "$(ends shown)" hunter2
	lacks "$(kjob describe secret/s1 pod/shown; kjob get secrets,events -o wide; cat "$KJOB_HOME"/*.log)" hunter2
	has "$(kjob describe secret s1)" 'password:  7 bytes'
	has "$(kjob describe pod shown)" "PASSWORD:  <set to the key 'password' in secret 's1'>  Optional: false"
	is "$(kjob get secret s1 -o jsonpath='{.data.password}')" aHVudGVyMg==
}

# bats test_tags=one-engine
@test "create configmap and create secret take files, folders and lines" {
	mkdir conf
	printf 'listen 80\n' >conf/web.conf
	printf '\377\001' >conf/icon
	printf '# no\nMODE=fast\nEMPTY=\n' >.env
	is "$(kjob create cm files --from-file=conf --from-file=k=conf/web.conf)" 'configmap/files created'
	is "$(get cm/files '.data | tojson')" '{"k":"listen 80\n","web.conf":"listen 80\n"}'
	is "$(get cm/files '.binaryData | tojson')" '{"icon":"/wE="}'
	kjob create cm lines --from-env-file=.env >/dev/null
	is "$(get cm/lines '.data | tojson')" '{"EMPTY":"","MODE":"fast"}'
	matches "$(kjob get cm files lines --no-headers)" '^files +3 +[0-9]+s$'
	has "$(kjob describe cm files)" 'web.conf:
----
listen 80' 'icon: 2 bytes'
	is "$(kjob create secret docker-registry r --docker-username=u --docker-password=p)" 'secret/r created'
	is "$(get secret/r '.data[".dockerconfigjson"] | @base64d')" \
		'{"auths":{"https://index.docker.io/v1/":{"username":"u","password":"p","auth":"dTpw"}}}'
	has "$(kjob create secret docker-registry r2 --from-file=.env --dry-run=client -o yaml)" '.dockerconfigjson: '
	matches "$(kjob get secret r --no-headers)" '^r +kubernetes.io/dockerconfigjson +1 +[0-9]+s$'
	try kjob create secret generic r --from-literal=a=b
	is "$err" 'error: failed to create secret secrets "r" already exists'
	has "$(kjob create secret generic dry --from-literal=a=b --dry-run=client -o yaml)" 'a: Yg=='
	try kjob create cm files --from-literal=hunter2
	is "$rc $err" '1 error: invalid literal source hunter2, expected key=value'
	try kjob create secret generic s9 --from-literal=hunter2
	is "$rc $err" '1 error: invalid literal source, expected key=value'
}

# bats test_tags=one-engine
@test "an immutable config map can only be deleted" {
	kjob create cm fixed --from-literal=a=1 >/dev/null
	kjob patch cm fixed -p '{"immutable": true}' >/dev/null
	try kjob patch cm fixed -p '{"data": {"a": "2"}}'
	is "$rc" 1
	has "$err" 'data: Forbidden: field is immutable when `immutable` is set'
	kjob delete cm fixed >/dev/null
}
