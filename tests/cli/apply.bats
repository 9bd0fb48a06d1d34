#!/usr/bin/env bats
# apply by the server, owners of fields, dry runs and diff: the words and exit codes of kubectl. Nothing here runs a
# container.
# bats file_tags=one-engine
load helper

setup_file() {
	instance_start
}

teardown_file() {
	instance_stop
}

map() { # NAME DATA...
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata:\n' "$1"
	printf '  %s\n' "${@:2}"
}

owners() { # NAME: "manager/operation" in order
	kjob get configmap "$1" -o json --show-managed-fields |
		jq -r '[.metadata.managedFields[]? | .manager + "/" + .operation] | join(" ")'
}

@test "X17 apply thrice: created, unchanged, configured" {
	map c1 'x: "1"' >c1.yaml
	is "$(kjob apply -f c1.yaml)" "configmap/c1 created"
	is "$(kjob apply -f c1.yaml)" "configmap/c1 unchanged"
	map c1 'x: "2"' >c1.yaml
	is "$(kjob apply -f c1.yaml)" "configmap/c1 configured"
	is "$(owners c1)" kubectl-client-side-apply/Update
}

@test "many objects are on their way at once: told in the order of the file, and those behind an error go on" {
	local i
	for i in $(seq 40); do
		map "m$i" "v: \"$i\""
		echo ---
		[ "$i" != 20 ] || printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n---\n'
	done >many.yaml
	! kjob apply -f many.yaml >told 2>errors || return 1
	is "$(cat told)" "$(printf 'configmap/m%s created\n' $(seq 40))"
	matches "$(cat errors)" 'The ConfigMap "Not_A_Name" is invalid'
	is "$(kjob apply -f many.yaml 2>/dev/null)" "$(printf 'configmap/m%s unchanged\n' $(seq 40))"
	! kjob create -f many.yaml >told 2>errors || return 1
	is "$(cat told)" ""
	is "$(grep -c 'configmaps "m[0-9]*" already exists' errors)" 40
	is "$(kjob create --dry-run=client -f many.yaml -o name | head -n 2)" "$(printf 'configmap/%s\n' m1 m2)"
}

@test "what depends on an object before it in the file waits for that" {
	{
		printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n---\n' flow-a flow-b
		printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: flow-%s}\n---\n' a b
		map x 'v: "1"' | sed 's/name: x/name: x, namespace: flow-a/'
		echo ---
		map x 'v: "2"' | sed 's/name: x/name: x, namespace: flow-a/'
	} >order.yaml
	is "$(kjob apply -f order.yaml)" "$(printf '%s\n' 'namespace/flow-a created' 'namespace/flow-b created' \
		'configmap/x created' 'configmap/x created' 'configmap/x configured' 'configmap/x configured')"
	is "$(kjob get configmap x -n flow-a -o jsonpath='{.data.v}')" 2
	kjob delete namespace flow-a flow-b >/dev/null
}

@test "X18 the server applies: its word, and dry runs store nothing" {
	map c2 'x: "1"' 'y: "1"' >c2.yaml
	is "$(kjob apply --server-side --dry-run=server -f c2.yaml)" "configmap/c2 serverside-applied (server dry run)"
	try kjob get configmap c2
	is "$rc" 1
	is "$(kjob apply --server-side -f c2.yaml)" "configmap/c2 serverside-applied"
	map c2 'x: "1"' | kjob apply --server-side -f -
	is "$(get configmap/c2 '.data | tojson')" '{"x":"1"}'
	is "$(owners c2)" kubectl/Apply
	try kjob apply --server-side --dry-run=client -f c2.yaml
	is "$rc:$err" "1:error: --dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
	try kjob apply --force-conflicts -f c2.yaml
	is "$rc:$err" "1:error: --force-conflicts only works with --server-side"
}

@test "conflicts name the field and its owner; --force-conflicts takes it over" {
	map c3 'x: "1"' | kjob apply --server-side -f -
	map c3 'x: "2"' >c3.yaml
	try kjob apply --server-side --field-manager=other -f c3.yaml
	is "$rc" 1
	has "$err" 'error: Apply failed with 1 conflict: conflict with "kubectl": .data.x' \
		'  command with the `--force-conflicts` flag.'
	is "$(kjob apply --server-side --field-manager=other --force-conflicts -f c3.yaml)" "configmap/c3 serverside-applied"
	is "$(owners c3)" other/Apply
	kjob patch configmap c3 --type=merge -p '{"data": {"x": "3"}}' --field-manager=hand
	is "$(owners c3)" hand/Update
	lacks "$(kjob get configmap c3 -o yaml)" managedFields
	lacks "$(kjob describe configmap c3)" hand
}

@test "the server takes over what was applied by the client, and removes what is dropped" {
	map c4 'x: "1"' 'y: "1"' | kjob apply -f -
	map c4 'x: "2"' | kjob apply --server-side -f -
	is "$(get configmap/c4 '.data | tojson')" '{"x":"2"}'
	is "$(owners c4)" "kubectl/Apply kubectl-last-applied/Apply"
	is "$(map c4 'x: "2"' | kjob apply -f -)" "configmap/c4 configured"
}

@test "a field that does not exist is named with its line" {
	printf 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: c5}\nspec:\n  paralellism: 1\n' >c5.yaml
	try kjob apply --server-side -f c5.yaml
	is "$rc" 1
	has "$err" '.spec.paralellism: field not declared in schema (did you mean "parallelism"?)' 'c5.yaml:5: spec.paralellism'
}

@test "diff shows what apply would change, and changes nothing" {
	map c6 'x: "1"' >c6.yaml
	try kjob diff -f c6.yaml
	is "$rc" 1
	has "$out" '+kind: ConfigMap' '/v1.ConfigMap.default.c6'
	kjob apply -f c6.yaml
	try kjob diff -f c6.yaml
	is "$rc:$out:$err" 0::
	map c6 'x: "2"' >c6.yaml
	try kjob diff --server-side --force-conflicts -f c6.yaml
	is "$rc" 1
	has "$out" '-  x: "1"' '+  x: "2"'
	is "$(get configmap/c6 .data.x)" 1
	try env KJOB_EXTERNAL_DIFF='echo of' "$KJOB_BIN" diff -f c6.yaml
	is "$rc" 0
	matches "$out" '^of /.*/LIVE-.* /.*/MERGED-'
	try env KJOB_EXTERNAL_DIFF='exit 3;' "$KJOB_BIN" diff -f c6.yaml
	is "$rc" 2
	try kjob diff -f nowhere.yaml
	is "$rc:$err" '2:error: the path "nowhere.yaml" does not exist'
}

@test "diff tells that a secret changes, not what it is" {
	kjob create secret generic s1 --from-literal=a=old --from-literal=b=same
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s1}\ndata: {a: %s, b: %s}\n' \
		"$(printf new | base64)" "$(printf same | base64)" >s1.yaml
	try kjob diff -f s1.yaml
	is "$rc" 1
	has "$out" "-  a: '*** (before)'" "+  a: '*** (after)'" "   b: '***'"
	lacks "$out" "$(printf new | base64)"
}
