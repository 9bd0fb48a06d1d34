#!/usr/bin/env bats
# Volumes: what pods mount, what follows a change, what a pod waits for.
load helper

setup_file() {
	instance_start
	kjob create configmap cm --from-literal=k1=one --from-literal=k2=two >/dev/null
	kjob create secret generic sec --from-literal=pw=hunter2 >/dev/null
	{
		# N29: kept across a restart
		pod_of n29 rp=OnFailure 'volumes=[{name: e, emptyDir: {}}, {name: m, emptyDir: {medium: Memory, sizeLimit: 1Mi}}]'
		echo '  containers:'
		has_container c 'stat -c %a /e /m; cat /e/f /m/f; [ -e /e/f ] || { echo disk >/e/f; echo memory >/m/f; exit 1; }' \
			'volumeMounts=[{name: e, mountPath: /e}, {name: m, mountPath: /m}]'

		# N32
		pod_of n32 'volumes=[{name: v, configMap: {name: cm, defaultMode: 0400, items: [{key: k1, path: a/b}, {key: k2, path: c, mode: 0755}]}}, {name: o, configMap: {name: none, optional: true}}]'
		echo '  containers:'
		has_container c 'cat /v/a/b /v/c; echo; stat -Lc %a /v/a/b /v/c; ls /o; readlink /v/c; touch /v/x 2>/dev/null; echo $?' \
			'volumeMounts=[{name: v, mountPath: /v}, {name: o, mountPath: /o}]'

		pod_of shared 'volumes=[{name: e, emptyDir: {}}, {name: m, emptyDir: {medium: Memory}}]'
		echo '  initContainers:'
		has_container first 'echo of init >/e/f' 'volumeMounts=[{name: e, mountPath: /e}]'
		echo '  containers:'
		has_container writer 'echo of writer >/m/f; sleep 2' 'volumeMounts=[{name: m, mountPath: /m}]'
		has_container reader 'cat /e/f; until cat /m/f 2>/dev/null; do sleep 0.1; done' \
			'volumeMounts=[{name: m, mountPath: /m, readOnly: true}, {name: e, mountPath: /e}]'

		pod_of secret 'securityContext={runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000}' \
			'volumes=[{name: s, secret: {secretName: sec, defaultMode: 0400}}, {name: e, emptyDir: {}}]'
		echo '  containers:'
		has_container c 'cat /s/pw; echo; stat -Lc "%a %g" /s/pw; grep " /s " /proc/mounts | cut -d" " -f1; touch /e/f && stat -c %g /e/f' \
			'volumeMounts=[{name: s, mountPath: /s}, {name: e, mountPath: /e}]'

		pod_of parts 'volumes=[{name: e, emptyDir: {}}, {name: v, configMap: {name: cm}}]'
		echo '  initContainers:'
		has_container make 'mkdir -p /e/old; echo kept >/e/old/f; ln -s /etc /e/link' 'volumeMounts=[{name: e, mountPath: /e}]'
		echo '  containers:'
		has_container c 'cat /part/f /file; echo; touch /new/x; ls /e/of/parts' \
			'env=[{name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]' \
			'volumeMounts=[{name: e, mountPath: /part, subPath: old}, {name: e, mountPath: /new, subPathExpr: of/$(POD)}, {name: v, mountPath: /file, subPath: k1}, {name: e, mountPath: /e}]'

		# in memory as well: the sandbox is filled while the folders are made
		pod_of group 'securityContext={runAsUser: 1000, fsGroup: 3000}' \
			'volumes=[{name: e, emptyDir: {}}, {name: m, emptyDir: {medium: Memory}}, {name: v, configMap: {name: cm}}]'
		echo '  containers:'
		for c in a b; do
			has_container $c 'stat -c "%a %g" /part; touch /part/f && stat -c %g /part/f; cat /v/k1' \
				"volumeMounts=[{name: m, mountPath: /m}, {name: v, mountPath: /v}, {name: e, mountPath: /part, subPath: of/$c}]"
		done

		pod_of link 'volumes=[{name: e, emptyDir: {}}]'
		echo '  initContainers:'
		has_container make 'mkdir /e/d; echo x >/e/d/f; ln -s / /e/d/link; mkdir /e/d/z' 'volumeMounts=[{name: e, mountPath: /e}]'
		echo '  containers:'
		has_container c 'ls /out' 'volumeMounts=[{name: e, mountPath: /z, subPath: d/z}, {name: e, mountPath: /out, subPath: d/link}]'

		pod_of fields 'volumes=[{name: p, projected: {sources: [{downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}, {path: cpu, resourceFieldRef: {containerName: c, resource: requests.cpu}}]}}, {configMap: {name: cm}}, {secret: {name: sec}}]}}]'
		echo '  containers:'
		has_container c 'cd /p; for f in *; do echo "$f $(cat $f)"; done' 'volumeMounts=[{name: p, mountPath: /p}]'
	} | apply
}

teardown_file() {
	local id
	instance_stop
	for id in $(volumes); do
		engine DELETE "/volumes/$id" >/dev/null 2>&1
	done
}

volumes() {
	engine GET "/volumes?filters=$(jq -rn --arg i "io.kjob.instance=$INSTANCE" '{label: [$i]} | tojson | @uri')" |
		jq -r '.Volumes[]?.Name'
}

phase_of() { # POD WANTED
	field_is "pod/$1" .status.phase "$2"
}

@test "N29: an emptyDir is kept when its container begins again" {
	eventually 30 phase_of n29 Succeeded
	is "$(kjob logs n29)" "$(printf '777\n777\ndisk\nmemory')"
	is "$(get pod/n29 '.status.containerStatuses[0].restartCount')" 1
}

@test "J13: a marker in an emptyDir lets the second attempt of the same pod succeed" {
	job j13 '[ -e /e/marker ] || { touch /e/marker; exit 1; }' completions=2 parallelism=1 rp=OnFailure |
		sed 's/^      containers:/      volumes: [{name: e, emptyDir: {}}]\n&/; s/^      - name: c/&\n        volumeMounts: [{name: e, mountPath: \/e}]/' | apply
	ended j13
	is "$(summary j13)" "2/-/- $COMPLETE"
	is "$(pods_field j13 '.status.containerStatuses[0].restartCount')" "$(printf '1\n1')"
}

@test "J12: a marker in a folder of the manifest lets the pod after a failed one succeed" {
	mkdir shared
	job j12 '[ -e /h/marker ] || { touch /h/marker; exit 1; }' completions=2 parallelism=1 |
		sed 's/^      containers:/      volumes: [{name: h, hostPath: {path: .\/shared, type: Directory}}]\n&/; s/^      - name: c/&\n        volumeMounts: [{name: h, mountPath: \/h}]/' >j12.yaml
	(cd / && kjob apply -f "$T/j12.yaml") >/dev/null
	ended j12
	is "$(summary j12)" "2/1/- $COMPLETE"
	[ -e shared/marker ]
}

@test "N30: a hostPath that is not what its type says keeps the pod waiting, DirectoryOrCreate makes it" {
	{
		pod_of n30 "volumes=[{name: h, hostPath: {path: $T/none, type: Directory}}]"
		echo '  containers:'
		has_container c true 'volumeMounts=[{name: h, mountPath: /h}]'
		pod_of n30c "volumes=[{name: h, hostPath: {path: $T/made/here, type: DirectoryOrCreate}}]"
		echo '  containers:'
		has_container c 'touch /h/f' 'volumeMounts=[{name: h, mountPath: /h}]'
	} | apply
	eventually 30 phase_of n30c Succeeded
	[ -e made/here/f ]
	eventually 5 has "$(events_of n30)" "Warning FailedMount MountVolume.SetUp failed for volume \"h\" : hostPath type check failed: $T/none is not a directory"
	is "$(status_of n30 c .state.waiting.reason)" ContainerCreating
	mkdir none
	eventually 20 phase_of n30 Succeeded
}

@test "N32: a config map's files have the paths and modes that the items say; one that is missing may be" {
	eventually 30 phase_of n32 Succeeded
	is "$(kjob logs n32)" "$(printf '%s\n' onetwo 400 755 ..data/c 1)"
}

@test "the containers of a pod share its volumes" {
	eventually 30 phase_of shared Succeeded
	is "$(kjob logs shared -c reader)" "$(printf 'of init\nof writer')"
}

@test "a secret is in memory, its files belong to fsGroup" {
	eventually 30 phase_of secret Succeeded
	is "$(kjob logs secret)" "$(printf 'hunter2\n440 2000\ntmpfs\n2000')"
	lacks "$(kjob describe pod secret)" hunter2
}

@test "subPaths show parts of a volume, and make them" {
	eventually 30 phase_of parts Succeeded
	is "$(kjob logs parts -c c)" "$(printf 'kept\none\nx')"
}

@test "folders of subPaths belong to fsGroup, in a pod of several containers with volumes in memory too" {
	eventually 30 phase_of group Succeeded
	is "$(kjob logs group -c a)" "$(printf '2777 3000\n3000\none')"
	is "$(kjob logs group -c b)" "$(printf '2777 3000\n3000\none')"
}

@test "a subPath through a link that a container has made is refused" {
	eventually 30 status_is link c .state.waiting.reason CreateContainerConfigError
	matches "$(status_of link c .state.waiting.message)" 'subPath "e/d/link"'
}

@test "projected sources share a folder" {
	eventually 30 phase_of fields Succeeded
	is "$(kjob logs fields)" "$(printf 'cpu 0\nk1 one\nk2 two\nname fields\npw hunter2')"
}

@test "a pod waits for its config map, says so, and sees what changes in it" {
	{
		pod_of waits 'volumes=[{name: v, configMap: {name: later}}]'
		echo '  containers:'
		has_container c 'until grep -q second /v/k; do sleep 0.2; done; cat /v/new' 'volumeMounts=[{name: v, mountPath: /v}]'
	} | apply
	eventually 10 shows 'FailedMount.*MountVolume.SetUp failed for volume "v" : configmap "later" not found' get events
	is "$(status_of waits c .state.waiting.reason)" ContainerCreating
	kjob create configmap later --from-literal=k=first >/dev/null
	eventually 10 phase_of waits Running
	kjob create configmap later --from-literal=k=second --from-literal=new=one --dry-run=client -o yaml | apply
	eventually 10 phase_of waits Succeeded
	is "$(kjob logs waits)" one
}

@test "a controller that was killed meanwhile finds what has changed" {
	{
		pod_of survivor 'volumes=[{name: v, configMap: {name: moving}}, {name: e, emptyDir: {}}]'
		echo '  containers:'
		has_container c 'echo kept >/e/f; until grep -q second /v/k; do sleep 0.2; done; cat /e/f' \
			'volumeMounts=[{name: v, mountPath: /v}, {name: e, mountPath: /e}]'
	} | apply
	kjob create configmap moving --from-literal=k=first >/dev/null
	eventually 20 phase_of survivor Running
	kill -9 "$(controller_pid)"
	kjob create configmap moving --from-literal=k=second --dry-run=client -o yaml | apply
	eventually 20 phase_of survivor Succeeded
	is "$(kjob logs survivor)" kept
}

@test "a claim that is missing leaves the pod Pending; its volume outlives pods and goes with the claim" {
	local claim='apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data-'$INSTANCE'}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}'
	claimant() {
		pod_of "$1" "volumes=[{name: v, persistentVolumeClaim: {claimName: data-$INSTANCE}}]"
		echo '  containers:'
		has_container c "$2" 'volumeMounts=[{name: v, mountPath: /v}]'
	}
	claimant one 'echo written >/v/f' | apply
	eventually 5 is "$(condition_of one PodScheduled)" "False Unschedulable persistentvolumeclaim \"data-$INSTANCE\" not found"
	phase_of one Pending
	printf '%s\n' "$claim" | apply
	eventually 30 phase_of one Succeeded
	kjob delete pod one >/dev/null
	claimant two 'cat /v/f' | apply
	eventually 30 phase_of two Succeeded
	is "$(kjob logs two)" written
	matches "$(kjob get pvc)" "^data-$INSTANCE +Bound +data-$INSTANCE +1Gi +RWO "
	kjob delete pod two >/dev/null
	kjob delete pvc "data-$INSTANCE" >/dev/null
	claim_volume_gone() {
		lacks "$(volumes)" "data-$INSTANCE"
	}
	eventually 30 claim_volume_gone
}

@test "a pod that is deleted in the foreground waits for its own claim, which goes once the pod has ended" {
	{
		pod_of own 'volumes=[{name: v, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]'
		echo '  containers:'
		has_container c 'exec sleep 100' 'volumeMounts=[{name: v, mountPath: /v}]'
	} | apply
	eventually 30 phase_of own Running
	is "$(kjob get pvc -o name)" persistentvolumeclaim/own-v
	kjob delete pod own --cascade=foreground --grace-period=1 --timeout=30s >/dev/null
	is "$(kjob get pvc -o name)" ""
}

# bats test_tags=one-engine
@test "mounts and paths that lead elsewhere are refused, each by its place" {
	{
		pod_of bad 'volumes=[{name: v, configMap: {name: cm, items: [{key: k1, path: ../x}]}}, {name: v, emptyDir: {}}, {name: h, hostPath: {path: /a/../b}}, {name: i, image: {reference: x}}]'
		echo '  containers:'
		has_container c true 'volumeMounts=[{name: none, mountPath: /a}, {name: v, mountPath: /a, subPath: ../x}, {name: v, mountPath: "/b:c", subPath: /x}]'
	} >bad.yaml
	try kjob apply -f bad.yaml
	[ "$rc" -eq 1 ]
	has "$err" \
		'spec.volumes[0].configMap.items[0].path: Invalid value: "../x": must not contain' \
		'spec.volumes[1].name: Duplicate value: "v"' \
		"spec.volumes[2].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'" \
		'spec.volumes[3].image: Forbidden: not supported by this version of kjob' \
		'spec.containers[0].volumeMounts[0].name: Not found: "none"' \
		'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique' \
		"spec.containers[0].volumeMounts[1].subPath: Invalid value: \"../x\": must not contain '..'" \
		"spec.containers[0].volumeMounts[2].mountPath: Invalid value: \"/b:c\": must not contain ':'" \
		'spec.containers[0].volumeMounts[2].subPath: Invalid value: "/x": must be a relative path'
}

@test "the volumes of a pod go with it" {
	local uid
	uid=$(get pod/n29 .metadata.uid)
	has "$(volumes)" "kjob_${uid}_e"
	kjob delete pod n29 >/dev/null
	volumes_gone() {
		lacks "$(volumes)" "kjob_${uid}_"
	}
	eventually 30 volumes_gone
}
