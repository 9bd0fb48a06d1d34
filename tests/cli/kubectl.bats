# kubectl over kjob serve: what its users see, and that kjob says the same. Most cases are lines of tables: each is run by
# kubectl and by kjob at the same time, and exit code, output and messages have to agree.
#
# kubectl is the one of this machine, or Debian's, which is of version 1.20. It words some things differently and knows
# less, so a line may begin with
#   ~   the wording is that of newer clients: of an older kubectl only the exit code is compared
#   +   an older kubectl can't do it: kjob alone runs it
# An @ in a line is the client's name, so that each changes objects of its own.
# bats file_tags=one-engine
load helper

setup_file() {
	instance_start
	KC=$WORK/kubeconfig
	HOME=$WORK
	NEW=$(kubectl version --client -o json 2>/dev/null | jq '(.clientVersion.minor | sub("[^0-9].*"; "") | tonumber) >= 30')
	export KC HOME NEW
	unset KUBECONFIG
	kjob serve >/dev/null
	kjob kubeconfig >"$KC"
	{
		pod_of web
		echo '  containers:'
		has_container a 'echo from a; echo two; exec sleep 1000'
		has_container b 'echo from b; exec sleep 1000'
		job done 'echo done' label=j
		job broken 'exit 3' label=broken backoffLimit=0
		manifest kept
		cron_job nightly
	} | apply
	kjob label pod web app=web >/dev/null
	ended done
	ended broken
	kjob wait --for=condition=Ready pod/web --timeout=60s >/dev/null
}
teardown_file() { instance_stop; }

kubectl() {
	timeout -k 5 60 "${KUBECTL:-kubectl}" --kubeconfig "$KC" "$@"
}

cron_job() { # NAME
	job "$1" true | sed -n '/^ *template:/,$p' | sed 's/^/    /' | cat <(printf -- '---\napiVersion: batch/v1\nkind: CronJob
metadata: {name: %s}\nspec:\n  schedule: "0 0 1 1 *"\n  jobTemplate:\n    spec:\n' "$1") -
}

lists() { # NAME ENV VOLUMES: an object with lists in lists
	printf 'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: %s}\nspec:\n  schedule: "0 0 1 1 *"\n  jobTemplate: {spec: {template: {spec:
    {restartPolicy: Never, containers: [{name: main, image: i, env: [%s]}], volumes: [%s]}}}}\n' "$@"
}

manifest() { # NAME [VALUE]: a small object
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, labels: {app: %s}}\ndata: {a: "%s"}\n' "$1" "$1" "${2:-1}"
}

# What may differ: ages, times, ids, names that were made up, the widths of columns, the name of the client, and what
# kubectl's library sometimes says to its developers.
alike() {
	sed -E -e 's/\b([0-9]+(d|h|m|s)){1,2}\b/AGE/g' -e 's/[0-9]{4}-[0-9-]+[T ][0-9:.]+( \+0000|Z)/TIME/g' \
		-e 's/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/UID/g' -e 's,/(LIVE|MERGED)-[A-Za-z0-9]+,/\1,g' \
		-e 's/(resourceVersion|Resource Version): *"?[0-9]+"?/\1/' -e 's/(" deleted) from default namespace/\1/' \
		-e 's/kubectl/kjob/g' -e 's/ +/ /g' -e 's/ $//' -e '/^-+$/d' -e '/ reflector\.go:/d'
}

# outcome CLIENT LINE: what a command line comes to; CLIENT.code, CLIENT.out and CLIENT.err
outcome() {
	local code=0
	eval "$1 ${2//@/$1}" >"$1.raw" 2>"$1.told" </dev/null || code=$?
	echo "exit code $code" >"$1.code"
	alike <"$1.raw" >"$1.out"
	alike <"$1.told" >"$1.err"
}

# agree: the table of command lines on standard input; all of them are tried before it fails.
agree() {
	local line what whats differs=0 bad
	while IFS= read -r line; do
		whats='code out err'
		case $line in
		'~ '*) [ "$NEW" = true ] || whats=code ;;
		'+ '*) [ "$NEW" = true ] || whats= ;;
		esac
		line=${line#[~+] }
		outcome kjob "$line" &
		[ -z "$whats" ] || outcome kubectl "$line"
		wait $!
		bad=
		for what in $whats; do
			diff "kubectl.$what" "kjob.$what" >differs || bad=yes
			head -n 40 differs
		done
		[ -z "$bad" ] || { echo "^ $line (< kubectl, > kjob)"; differs=1; }
	done
	return $differs
}

@test "get: tables, selections and outputs" {
	agree <<-'TABLE'
		get pods
		get pods -o wide
		get pod web --no-headers
		get pods -A
		get all
		get jobs -o wide
		get cj -o wide
		~ get cm kept -o yaml
		~ get cm kept -o json
		get pod/web job/done cm/kept
		get pods,jobs -o name
		get pods web -o jsonpath='{.metadata.name}{"\n"}'
		get pods -o jsonpath='{range .items[*]}{.metadata.name}{"\t"}{.status.phase}{"\n"}{end}'
		get pods -o custom-columns=NAME:.metadata.name,PHASE:.status.phase
		get pods --show-labels
		get pods -L app
		get pods -l app=web
		get pods -l 'app in (web, x),!y'
		get pods -l app=nope
		get pods --field-selector=status.phase=Running
		get pods --field-selector=spec.colour=blue
		get pods --sort-by=.metadata.name
		get pod nope
		get deploy
		get ns
		get nodes
		get sa
		get svc
		get events --field-selector involvedObject.name=done
		get pods -n nope
		+ get job done --subresource=status -o jsonpath='{.status.succeeded}'
		+ get pods --subresource=status
		get pods --chunk-size=1
		get pods -o jsonpath-as-json='{.items[*].metadata.name}'
		get pod nope --ignore-not-found
		get --raw /api/v1/namespaces/default/configmaps/kept
	TABLE
}

@test "describe" {
	agree <<-'TABLE'
		~ describe job done
		~ describe cm kept
		~ describe sa default
		describe ns default
		~ describe node
		describe pod nope
		describe pods -l app=nope
	TABLE
	matches "$(kubectl describe pod web)" 'Normal +Started .* kubelet .*Container started'
	[ "$NEW" = false ] || # which asks for batch/v1beta1
		matches "$(kubectl describe cj nightly)" '^Schedule: +0 0 1 1 \*$'
}

@test "logs: of containers, of a Job, of a label, the last lines, of those that ended" {
	agree <<-'TABLE'
		+ logs web
		logs web -c b
		logs web --all-containers | sort
		logs web --all-containers --prefix | sort
		logs job/done
		logs -l app=j
		logs -l app=web --all-containers --prefix | sort
		~ logs -l app=nope
		logs web -c a --tail=1
		logs web -c a --since=1h
		logs job/done -f
		logs -l app=j -f
		~ logs nope
		logs web -c a --previous
		logs web -c a --limit-bytes=4
		logs web -c a --since-time=2020-01-01T00:00:00Z
		logs web -c a --tail=0
		logs web b
		~ logs cronjob/nightly
	TABLE
	matches "$(kubectl logs web -c a --timestamps)" '^[0-9]{4}-[0-9-]*T[0-9:.]*Z from a$'
	kubectl logs -f web -c a >followed &
	eventually 10 grep -q two followed
	kill $!
}

@test "wait: for conditions, values, deletion, in vain" {
	agree <<-'TABLE'
		wait --for=condition=complete job/done
		wait --for=condition=failed job/broken --timeout=1s
		wait --for=condition=Ready pod/web --timeout=1s
		wait --for=condition=complete job/nope --timeout=1s
		wait --for=condition=Ready pod -l app=web
		+ wait --for=jsonpath='{.status.succeeded}'=1 job/done
		+ wait --for=jsonpath='{.status.phase}'=Running pod/web
		+ wait --for=create pod/web --timeout=1s
		+ wait --for=delete pod/nope --timeout=1s
		wait --for=delete pod/web --timeout=2s
		wait --for=condition=Ready=false pod/web --timeout=1s
		~ wait --for=condition=Ready pod/web -o name
		~ wait --for=condition=Ready pod -l app=web -o jsonpath='{.metadata.name} {.kind}'
		wait --for=condition=Ready
		+ wait --for=jsonpath='{.status.phase}' pod/web
	TABLE
}

@test "label, annotate and patch" {
	manifest kubectl-a | apply
	manifest kjob-a | apply
	agree <<-'TABLE'
		label cm @-a x=y
		label cm @-a x=z
		label cm @-a x=z --overwrite
		~ label cm @-a x-
		annotate cm @-a x=y
		annotate cm @-a x=y --overwrite
		annotate cm @-a x-
		~ label cm nope x=y
		~ patch cm @-a -p '{"data":{"a":"5"}}'
		~ patch cm @-a -p '{"data":{"a":"5"}}'
		~ patch cm @-a -p '{"data":{"a":"6"}}' --type=merge -o name
		~ patch cm @-a --type=json -p '[{"op":"replace","path":"/data/a","value":"1"}]'
		~ patch cm @-a --type=json -p '[{"op":"replace","path":"/data/q","value":"1"}]'
		~ patch cm @-a -p '{"dataa":{"a":"5"}}'
		label cm @-a --list
		label cm -l app=@-a z=w
		~ label cm @-a a/b/c=d
		~ annotate cm @-a q=r --resource-version=1
		get cm @-a -o jsonpath='{.data.a}'
	TABLE
}

@test "apply merges lists item by item with what others did, and records the same" {
	local c
	for c in kubectl kjob; do
		lists $c-l '{name: A, value: "<1>"}, {name: B, value: "2"}' '{name: v, emptyDir: {}}' >$c-1.yaml
		lists $c-l '{name: C, value: "3"}, {name: B, value: "4"}' '{name: v, configMap: {name: kept}}' >$c-2.yaml
		lists $c-l '' '' >$c-3.yaml
	done
	agree <<-'TABLE'
		+ apply -f @-1.yaml
		+ patch cronjob @-l -p '{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s"},{"name":"main","env":[{"name":"X","value":"x"}]}]}}}}}}'
		+ apply -f @-2.yaml
		+ get cronjob @-l -o jsonpath='{.spec.jobTemplate.spec.template.spec}{.metadata.annotations}'
		+ apply -f @-3.yaml
		+ get cronjob @-l -o jsonpath='{.spec.jobTemplate.spec.template.spec}{.metadata.annotations}'
		+ delete cronjob @-l
	TABLE
	kjob apply -f kjob-1.yaml
	kubectl apply -f kjob-2.yaml
	kjob apply -f kjob-3.yaml
	is "$(kjob get cronjob kjob-l -o jsonpath='{..containers[*].env}{..volumes}')" ""
	kjob apply -f - <<<"$(lists kjob-l '' '' | sed 's/image: i/image: i, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]/')"
	is "$(kjob get cronjob kjob-l -o jsonpath='{..ports[*].protocol}')" "TCP UDP"
}

@test "apply, create, replace, diff and delete of manifests" {
	local c
	for c in kubectl kjob; do
		manifest $c-b >$c-b.yaml
		manifest $c-b 2 >$c-b2.yaml
		manifest $c-c >$c-c.yaml
		sed 's/^data:/dataa:/' $c-c.yaml >$c-bad.yaml
		sed 's/^kind: .*/kind: Deployment/; s,v1,apps/v1,' $c-c.yaml >$c-deploy.yaml
	done
	agree <<-'TABLE'
		apply -f @-b.yaml --dry-run=client
		apply -f @-b.yaml --dry-run=server
		apply -f @-b.yaml
		apply -f @-b.yaml
		apply -f @-b2.yaml
		apply -f @-b2.yaml -o name
		apply -f nope.yaml
		create -f @-b.yaml
		create -f @-c.yaml --dry-run=server
		create -f @-c.yaml
		get cm -l app=@-c
		~ delete -f @-c.yaml
		~ delete -f @-c.yaml
		~ delete -f @-c.yaml --ignore-not-found
		delete cm nope
		~ delete cm @-b -A
		+ delete cm @-b -o yaml
		+ delete cm @-b -i
		~ apply -f @-c.yaml --server-side
		~ apply -f @-c.yaml --server-side
		~ apply -f @-b.yaml --server-side --field-manager=other
		~ apply -f @-b.yaml --server-side --field-manager=other --force-conflicts
		delete cm -l app=@-c
		~ replace -f @-b2.yaml
		replace -f @-c.yaml
		~ replace -f @-b.yaml --dry-run=client
		~ replace -f @-b.yaml --dry-run=server -o name
		~ replace -f @-b.yaml --subresource=nope
		~ replace -f @-b.yaml --grace-period=2
		+ replace -f @-b.yaml --force --dry-run=server
		+ get cm @-b -o jsonpath='{.data.a}'
		~ replace --force -f @-b.yaml
		get cm @-b -o jsonpath='{.data.a}'
		~ replace --force -f @-c.yaml
		~ delete -f @-c.yaml --now
	TABLE
	try kubectl apply -f kubectl-bad.yaml
	is "$rc" 1
	has "$err" dataa
	kubectl apply -f kubectl-b.yaml
	try kubectl diff -f kubectl-b.yaml
	is "$rc $out" '0 '
	try kubectl diff -f kubectl-b2.yaml
	is "$rc" 1
	has "$out" '-  a: "1"' '+  a: "2"'
}

# kubectl sends these as protobuf from 1.32 on.
@test "create of objects from arguments" {
	printf '\001\377' >bytes
	agree <<-'TABLE'
		create job @-j --image=$IMAGE -- sh -c 'echo "ü"'
		~ create job @-j --image=$IMAGE
		~ create job @_j --image=$IMAGE --dry-run=server
		+ create cronjob @-n --image=$IMAGE --schedule='0 0 1 1 *' -- true
		+ create job @-k --from=cronjob/@-n
		create configmap @-m --from-literal=a=b --from-file=bytes
		create secret generic @-s --from-literal=a= --from-file=bytes
		get job @-j -o jsonpath='{.spec.template.spec.containers[0].command}'
		+ get job @-k -o jsonpath='{.metadata.annotations} {.metadata.ownerReferences[0].name}'
		get cm @-m -o jsonpath='{.data} {.binaryData}'
		get secret @-s -o jsonpath='{.data} {.type}'
		delete job/@-j cm/@-m secret/@-s
		+ delete job/@-k cronjob/@-n
	TABLE
	kjob get pod web -o json >pod.json
	agree <<-'TABLE'
		create ns @-made
		~ create ns @-made
		create ns a_b
		create sa robot -n @-made
		~ create sa robot -n @-made
		create sa
		create service clusterip web -n @-made --tcp=80:http --tcp=90
		create service clusterip none -n @-made --clusterip=None
		create service clusterip x
		create service clusterip x --tcp=x
		create svc externalname db -n @-made --external-name=db.example.org
		create service nodeport x --tcp=80
		get svc -n @-made -o jsonpath='{range .items[*]}{.spec.type} {.spec.selector} {.spec.ports}{"\n"}{end}'
		+ create token default
		+ create token default --bound-object-kind=Pod
		~ expose -f pod.json --name=@-exposed --port=80 --overrides='{"metadata":{"labels":{"q":"r"}}}'
		~ get svc @-exposed -o jsonpath='{.metadata.labels.q} {.spec.ports}'
		~ delete svc @-exposed
		create cm saved -n @-made --from-literal=a=b --save-config --field-manager=me
		~ get cm saved -n @-made -o jsonpath='{.metadata.managedFields[*].manager}'
		delete namespace @-made
	TABLE
}

@test "apply --prune deletes what the files no longer have" {
	local c
	for c in kubectl kjob; do
		manifest $c-p1 | sed "s/app: .*/app: $c-pruned}}/" >$c-p1.yaml
		manifest $c-p2 | sed "s/app: .*/app: $c-pruned}}/" | cat $c-p1.yaml - >$c-p2.yaml
	done
	agree <<-'TABLE'
		apply -f @-p2.yaml
		apply -f @-p2.yaml -l app=nope
		~ apply -f @-p1.yaml --prune
		~ apply -f @-p1.yaml --prune -l app=@-pruned --all
		+ apply -f @-p1.yaml --prune -l app=@-pruned --prune-allowlist=core/v1/Gadget
		+ apply -f @-p1.yaml --prune -l app=@-pruned --prune-allowlist=core/v1/ConfigMap --server-side
		+ apply -f @-p1.yaml --prune -l app=@-pruned --prune-allowlist=core/v1/ConfigMap --dry-run=server
		+ apply -f @-p1.yaml --prune -l app=@-pruned --prune-allowlist=core/v1/ConfigMap
		+ get cm -l app=@-pruned -o name
	TABLE
	if [ "$NEW" = false ]; then
		try kubectl apply -f kubectl-p1.yaml --prune -l app=kubectl-pruned --prune-whitelist=core/v1/ConfigMap
		is "$(tail -n 1 <<<"$out")" 'configmap/kubectl-p2 pruned'
	fi
	gone cm/kubectl-p2
	kjob apply -f kjob-p2.yaml
	has "$(kjob apply -f kjob-p1.yaml --prune -l app=kjob-pruned)" 'configmap/kjob-p2 pruned'
	is "$(kjob get cm kept -o name)" configmap/kept
}

@test "apply --force makes anew what cannot be changed" {
	local c
	for c in kubectl kjob; do
		job $c-forced true suspend=true >$c-f1.yaml
		sed 's/"true"/"false"/' $c-f1.yaml >$c-f2.yaml
	done
	agree <<-'TABLE'
		apply -f @-f1.yaml
		apply -f @-f2.yaml --force
		apply -f @-f2.yaml --force
		~ apply -f @-f2.yaml --force --server-side
		~ apply -f @-f2.yaml --force --dry-run=server
		get job @-forced -o jsonpath='{.spec.template.spec.containers[0].command}'
	TABLE
	has "$(kjob get job kjob-forced -o jsonpath='{.spec.template.spec.containers[0].command}')" false
}

@test "set: images, variables, resources, accounts" {
	local c
	for c in kubectl kjob; do
		cron_job $c-set >$c-set.yaml
	done
	agree <<-'TABLE'
		+ apply -f @-set.yaml
		+ create cm @-env --from-literal=x.y=1
		+ set image cj/@-set c=foo:1
		+ set image cj/@-set c=foo:1
		+ set image cj @-set '*=foo:2' --dry-run=client
		+ set image cj/@-set nope=foo
		+ set image cj/@-set
		+ set image cm/kept c=x
		+ set image -f @-set.yaml c=foo:9 --local -o jsonpath='{..image}'
		+ set env cj/@-set A=2 B=3
		+ set env cj/@-set A=2 B-
		+ set env cj/@-set --from=cm/@-env --prefix=P_
		+ set env cj/@-set A=4 --overwrite=false
		+ set env cj/@-set A=1 A-
		+ set env cj/@-set -c nope A=1
		+ set env cj/@-set --list
		+ set env cj/@-set --list --resolve
		+ set resources cj/@-set --limits=cpu=200m,memory=512Mi --requests=cpu=100m
		+ set resources cj/@-set -c nope --limits=cpu=1
		+ set resources cj/@-set
		+ set sa cj/@-set robot
		+ set sa
		+ get cj/@-set -o jsonpath='{.spec.jobTemplate.spec.template.spec}'
		+ set image job/done c=foo
		~ label -f @-set.yaml --local a=b -o yaml
		+ delete -f @-set.yaml
	TABLE
}

@test "edit: changes, and none" {
	manifest e | kubectl apply -f - >/dev/null
	KUBE_EDITOR='sed -i /a:/s/1/7/' try kubectl edit cm e
	is "$rc $out" '0 configmap/e edited'
	field_is cm/e .data.a 7
	KUBE_EDITOR=true try kubectl edit cm e
	is "$rc $out$err" '0 Edit cancelled, no changes made.'
}

@test "get -w shows a Job from its creation to its end, and its deletion" {
	kubectl get jobs -w >watched &
	eventually 10 grep -q done watched
	job watched true | kubectl apply -f -
	eventually 30 grep -qE '^watched +Complete +1/1' watched
	kubectl delete job watched
	kill $!
	matches "$(cat watched)" '^watched +Running +0/1'
}

@test "--raw: a request as it is written" {
	printf '{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "%s-r"}}' kubectl >kubectl.json
	sed s/kubectl/kjob/ kubectl.json >kjob.json
	agree <<-'TABLE'
		get --raw /readyz
		get --raw /nope
		~ get --raw nope
		get --raw /readyz pods
		~ get --raw /readyz -o yaml
		get --raw /version -w
		get --raw /api/v1/namespaces/default/pods/nope
		~ create --raw /api/v1/namespaces/default/configmaps -f @.json | jq -r .metadata.name
		~ replace --raw /api/v1/namespaces/default/configmaps/@-r -f @.json | jq -r .metadata.name
		~ delete --raw /api/v1/namespaces/default/configmaps/@-r | jq -r .status
		~ delete --raw /api/v1/namespaces/default/configmaps/@-r
	TABLE
	is "$(kjob get --raw '/api/v1/namespaces/default/pods?watch=true' | head -n 1 | jq -r .type)" ADDED
}

@test "auth, api-versions and cluster-info" {
	agree <<-'TABLE'
		auth can-i create jobs
		~ auth can-i list pods/web --subresource=log -q
		~ auth can-i juggle jobs
		~ auth can-i create deployments.apps
		~ auth can-i get nodes
		~ auth can-i get /healthz
		~ auth can-i
		~ auth can-i --list
		+ auth whoami
		+ auth whoami -o jsonpath='{.status.userInfo.groups}'
		~ auth nope
		api-versions
	TABLE
	has "$(kjob cluster-info)" "$(kubectl cluster-info | sed -n 's/\x1b\[[0-9;]*m//g; /control plane/p')" "kjob's controller is running at unix://"
	has "$(kubectl cluster-info)" 'is running at'
	kubectl cluster-info dump --namespaces=default --output-directory=dump
	is "$(grep -c "^from " dump/default/web/logs.txt)" 2
	try kubectl top node
	is "$rc" 1
	[ "$NEW" = false ] || has "$err" 'kjob does not serve nodes.metrics.k8s.io'
}

unfit() { # POD TEXT: it waits for the node, and says why
	has "$(condition_of "$1" PodScheduled)" "False Unschedulable 0/1 nodes are available: 1 $2."
}

@test "cordon, taint and drain: new pods stay away from the node, old ones are evicted" {
	local node
	node=$(kubectl get nodes -o jsonpath='{.items[0].metadata.name}')
	pod old 'exec sleep 1000' | sed '/^metadata/a\  labels: {app: drained}' | apply
	try kubectl drain "$node" --pod-selector=app=drained --force
	is "$rc" 0
	has "$out" "node/$node cordoned"
	gone pod/old
	matches "$(kubectl get nodes)" "^$node +Ready,SchedulingDisabled "
	pod new 'exec sleep 1000' | apply
	eventually 20 unfit new 'node(s) were unschedulable'
	kubectl taint node "$node" a=b:NoSchedule
	kubectl uncordon "$node"
	eventually 20 unfit new 'node(s) had untolerated taint(s)'
	try kubectl taint node "$node" a=b:NoExecute
	is "$rc" 1
	has "$err" 'effect: Forbidden: NoExecute is not supported'
	kubectl taint node "$node" a-
	kubectl wait --for=condition=Ready pod/new --timeout=60s
	kjob delete pod new --now
}

@test "debug: a copy of a pod; containers are not added to one that runs" {
	[ "$NEW" = true ] || return 0 # which says: kubectl alpha debug
	try kubectl debug web --image=$IMAGE -- true
	is "$rc" 1
	has "$err" 'ephemeral containers are disabled for this cluster' 'kjob does not serve pods/ephemeralcontainers'
	kubectl debug web --image=$IMAGE --copy-to=copy -c extra -- sh -c 'echo copied; exec sleep 1000'
	kubectl wait --for=condition=Ready pod/copy --timeout=60s
	is "$(kubectl logs copy -c extra)" copied
	kjob delete pod copy --now
}

@test "commands of which nothing comes on a cluster either, in its words" {
	agree <<-'TABLE'
		~ scale job done --replicas=2
		scale pod web --replicas=2
		~ rollout status job/done
		~ rollout history job/done
		~ rollout undo cm/kept
		~ rollout pause job/done
		~ rollout restart pod/web
		rollout status job/nope
		rollout status deploy/nope
	TABLE
}

restarted_once() { # POD
	is "$(status_of "$1" c .restartCount)" 1
}

@test "another image for a pod: its container is replaced, also one whose image cannot be had" {
	local id
	engine POST "/images/$IMAGE/tag?repo=localhost/kubectl-test&tag=v2" >/dev/null
	pod img 'trap exit TERM; echo up; while :; do sleep 0.1; done' | apply
	pod bad true | sed 's,image: .*,image: localhost/kubectl-test:nope\n    imagePullPolicy: Never,' | apply
	kjob wait --for=condition=Ready pod/img --timeout=60s
	eventually 20 shows ErrImageNeverPull get pod bad
	try kubectl patch pod img --dry-run=server -p '{"spec":{"containers":[{"name":"c","image":"localhost/kubectl-test:v2"}]}}'
	is "$rc $out" '0 pod/img patched'
	field_is pod/img .spec.containers[0].image $IMAGE
	try kubectl set image pod/img c=localhost/kubectl-test:v2
	is "$rc $out" '0 pod/img image updated'
	eventually 30 restarted_once img
	kjob wait --for=condition=Ready pod/img --timeout=60s
	is "$(kjob logs img; kjob logs img --previous)" $'up\nup'
	matches "$(events_of img)" '^Normal Killing Container c definition changed, will be restarted$'
	id=$(status_of img c '.containerID | sub(".*/"; "")')
	is "$(engine GET "/containers/$id/json" | jq -r .Config.Image)" localhost/kubectl-test:v2
	kubectl get pod bad -o yaml | sed 's,kubectl-test:nope,kubectl-test:v2,' | kubectl replace -f -
	eventually 8 field_is pod/bad .status.phase Succeeded
	is "$(status_of bad c .restartCount)" 0
	kjob delete pod img bad --now
	engine DELETE "/images/localhost/kubectl-test:v2" >/dev/null
}

# says COMMAND...: kubectl's output and exit code, in one text
says() {
	local code=0
	{ kubectl "$@" 2>&1 </dev/null || code=$?; } >said
	echo "$(alike <said) $code"
}

@test "what kubectl can do and kjob does otherwise, or not at all" {
	is "$(says get pods --server-print=false --no-headers -l app=web)" 'web AGE 0'
	is "$(says get pods -l app=web -o go-template='{{range .items}}{{.metadata.name}}{{end}}')" 'web 0'
	is "$(says get pod,svc,nope)" $'error: the server doesn\'t have a resource type "nope" 1'
	manifest x >x.yaml
	mkdir kz
	printf 'resources: [x.yaml]\nnamePrefix: k-\n' >kz/kustomization.yaml
	cp x.yaml kz
	is "$(says apply -k kz)" 'configmap/k-x created 0'
	is "$(says delete -k kz --wait=false)" 'configmap "k-x" deleted 0'
	is "$(says replace --force -f x.yaml)" 'configmap/x replaced 0'
	kubectl get cm x -o json >x.json
	is "$(kubectl replace --raw /api/v1/namespaces/default/configmaps/x -f x.json | jq -r .metadata.name)" x
	is "$(says apply set-last-applied -f x.yaml --create-annotation)" 'configmap/x configured 0'
	has "$(says apply view-last-applied cm/x)" 'name: x'
	is "$(says delete --raw /api/v1/namespaces/default/configmaps/x | jq -r .status 2>/dev/null)" Success
	is "$(says run s1 --image=$IMAGE --restart=Never --port=80 --expose -- sleep 1000)" $'service/s1 created\npod/s1 created 0'
	is "$(says expose pod s1 --port=81 --target-port=82 --name=s2)" 'service/s2 exposed 0'
	is "$(says expose job done --port=80)" 'error: cannot expose a Job.batch 1'
	is "$(says create service externalname s3 --external-name=example.com)" 'service/s3 created 0'
	is "$(says create service clusterip s4 --clusterip=None)" 'service/s4 created 0'
	has "$(says create service nodeport s5 --tcp=80)" 'spec.type: Forbidden' ' 1'
	has "$(says create deployment d --image=x)" 'kjob does not serve deployments.apps' ' 1'
	is "$(says delete svc s1 s2 s3 s4 --wait=false | tail -n 1)" 'service "s4" deleted 0'
	is "$(says delete pod s1 --grace-period=0 --force | tail -n 1)" 'pod "s1" force deleted 0'
	gone pod/s1
	is "$(says certificate approve x)" $'error: the server doesn\'t have a resource type "certificatesigningrequests" 1'
	has "$(says auth can-i --list)" '*.*'
	kubectl proxy --unix-socket="$T/p" >/dev/null 3>&- &
	eventually 10 test -S p
	is "$(curl -sS --unix-socket p http://localhost/api | jq -r '.versions[0]')" v1
	is "$(curl -sS --unix-socket p "http://localhost/api/v1/namespaces/default/pods/web/log?container=b")" 'from b'
	kill $!
}

@test "delete --cascade: the pods of a Job go before it, after it or stay" {
	local how
	for how in foreground background orphan; do
		job $how 'exec sleep 1000' grace=0 label=cascade
	done | apply
	for how in foreground background orphan; do
		eventually 30 pod_count_is $how 1
		is "$(says delete job $how --cascade=$how)" "job.batch \"$how\" deleted 0"
		gone job/$how
	done
	is "$(pods_of foreground)" ''
	eventually 30 pod_count_is background 0
	is "$(kubectl get pods -l app=cascade -o jsonpath='{.items[*].metadata.ownerReferences}')" ''
	pod_count_is orphan 1
	kubectl delete pods -l app=cascade --now
}

@test "apply --prune with an applyset, set, and the status of an object" {
	[ "$NEW" = true ] || return 0
	export KUBECTL_APPLYSET=true
	kubectl create namespace set
	manifest one >one.yaml
	manifest two >two.yaml
	kubectl apply -n set --prune --applyset=mine -f one.yaml
	is "$(says apply -n set --prune --applyset=mine -f two.yaml)" $'configmap/two created\nconfigmap/one pruned 0'
	kubectl delete namespace set --wait=false
	is "$(says set env cronjob/nightly A=b)" 'cronjob.batch/nightly env updated 0'
	is "$(says set env cronjob/nightly --list)" $'# CronJob nightly, container c\nA=b 0'
	is "$(says set resources cronjob/nightly --limits=cpu=1)" 'cronjob.batch/nightly resource requirements updated 0'
	is "$(says get job done --subresource=status -o name)" 'job.batch/done 0'
	is "$(says patch pod web --subresource=status --type=merge -p '{"status":{"message":"said"}}')" 'pod/web patched 0'
	field_is pod/web .status.message said
}

@test "api-resources, explain and top" {
	agree <<-'TABLE'
		~ api-resources
		~ api-resources --namespaced=false -o name
		~ api-resources --no-headers -o wide
		~ api-resources --api-group=batch --verbs=list,watch --sort-by=kind
		+ api-resources --categories=all -o name
		~ explain job.spec.completions
		~ explain pod.spec.containers
		+ explain cronjob --recursive
		top pod web
		top pod web --containers
		top pod nope
		~ top nodes
		top nope
		get pods.metrics.k8s.io --show-labels
	TABLE
}

@test "exec, attach and cp: output, input, exit codes, a terminal" {
	kjob get pod web -o json >pod.json
	agree <<-'TABLE'
		~ exec web -- echo hi
		~ exec web -c b -- sh -c 'echo out; echo err >&2; exit 3'
		~ exec -i web -c a -- cat <<<hello
		~ exec web -c a -- nope
		~ exec nope -- true
		~ exec job/done -- true
		~ exec -c a -f pod.json -- echo hi
		~ attach nope
		~ cp "$KC" web:/tmp/@ -c a
		~ exec web -c a -- wc -l /tmp/@
	TABLE
	kubectl cp web:/tmp/kubectl got -c a
	cmp "$KC" got
	mkdir -p tree/sub
	head -c 3000000 /dev/urandom >tree/big
	echo x >'tree/sub/a b'
	ln -s big tree/link
	kubectl cp tree web:/tmp -c b
	is "$(kubectl exec web -c b -- sh -c 'readlink /tmp/tree/link; cat "/tmp/tree/sub/a b"')" $'big\nx'
	kubectl cp web:/tmp/tree back -c b 2>/dev/null # it does not copy links back
	cmp tree/big back/big
	cmp 'tree/sub/a b' 'back/sub/a b'
	is "$(script -qec "kubectl --kubeconfig $KC exec -it web -c a -- sh -c 'test -t 0 && echo terminal'" /dev/null </dev/null | tr -d '\r')" terminal
	is "$(script -qec "stty rows 33 cols 99; kubectl --kubeconfig $KC exec -it web -c a -- sh -c 'sleep 1; stty size'" /dev/null </dev/null | tr -d '\r')" '33 99'
}

# Of one session: the newer way is SPDY in a WebSocket, the older one SPDY alone.
@test "X15 run --rm -i: all that is printed, input and the exit code" {
	try kubectl run once --rm -i --restart=Never --image=$IMAGE -- sh -c 'echo hi; sleep 1; exit 7' </dev/null
	is "$rc" 7
	matches "$out" '^hi$'
	is "$(echo words | kubectl run twice --rm -i --restart=Never --image=$IMAGE -- cat 2>/dev/null | head -n 1)" words
	has "$(kubectl run term --rm -it --restart=Never --image=$IMAGE -- echo early 2>/dev/null </dev/null)" early
}

@test "port-forward: several downloads at once, and the end with the pod" {
	local at
	pod fwd 'mkdir /w; head -c 20000000 /dev/urandom >/w/f; exec httpd -f -p 8080 -h /w' \
		'readinessProbe={tcpSocket: {port: 8080}, periodSeconds: 1}' | apply
	kjob wait --for=condition=Ready pod/fwd --timeout=60s >/dev/null
	kubectl port-forward pod/fwd :8080 >told 2>&1 3>&- &
	eventually 20 grep -q 'Forwarding from 127' told
	at=$(sed -n 's/^Forwarding from \(127[^ ]*\) -> 8080$/\1/p' told)
	# shellcheck disable=SC2046 # words
	curl -sS --max-time 60 --parallel $(for i in 1 2 3 4; do echo "http://$at/f -o got$i"; done)
	kjob exec fwd -- md5sum /w/f | sed 's/ .*//' >want
	is "$(md5sum got? | sed 's/ .*//' | sort -u)" "$(cat want)"
	kjob delete pod fwd --now >/dev/null
	wait $! || true
	has "$(cat told)" 'lost connection to pod'
}
