#!/usr/bin/env bats
# Namespaces: what is in each, and their end with everything in them.
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

add_namespace() {
	printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n' "$1" | kjob create -f - >/dev/null
}

# bats test_tags=one-engine
@test "each namespace has a service account, and those that clients look for are there" {
	add_namespace one
	eventually 5 shows '^serviceaccount/default$' get serviceaccounts -n one -o name
	is "$(kjob get ns -o name | tr '\n' ' ')" \
		"namespace/default namespace/kube-node-lease namespace/kube-public namespace/kube-system namespace/one "
	is "$(kjob get leases -n kube-node-lease -o name | wc -l)" 1
	try kjob delete ns kube-system
	is "$err" 'Error from server (Forbidden): namespaces "kube-system" is forbidden: this namespace may not be deleted'
}

@test "a namespace is deleted with its running pods, and nothing is left of it on the engine" {
	add_namespace two
	job j 'sleep 300' | kjob create -n two -f - >/dev/null
	kjob create configmap m -n two --from-literal=a=b >/dev/null
	kjob wait -n two --for=jsonpath='{.status.ready}'=1 job/j >/dev/null
	is "$(kjob delete ns two)" 'namespace "two" deleted'
	try kjob get jobs,pods,configmaps,serviceaccounts -n two
	is "$out" ""
	eventually 10 no_containers io.kubernetes.pod.namespace=two
}
