#!/usr/bin/env bats
# edit: what comes out of an editor is stored, shown again or kept. The editors are scripts. Nothing here runs a container.
# bats file_tags=one-engine
load helper

setup_file() {
	instance_start
	job e1 true suspend=true parallelism=1 | apply
	job e2 true suspend=true parallelism=1 | apply
}

teardown_file() {
	instance_stop
}

# editor SCRIPT: with the file as $1 and the number of this call as $n; keeps each text that it was given.
editor() {
	cat >editor <<-END
		#!/bin/bash
		n=\$((\$(cat n 2>/dev/null || echo 0) + 1))
		echo \$n >n
		cp "\$1" "seen\$n"
		$1
	END
	chmod +x editor
	export EDITOR=$T/editor TMPDIR=$T
	unset KUBE_EDITOR
}

leftovers() {
	find "$T" -name 'kjob-edit-*'
}

@test "edit stores what was changed" {
	editor 'sed -i "s/parallelism: 1/parallelism: 2/" "$1"'
	is "$(kjob edit job e1)" "job.batch/e1 edited"
	is "$(get job/e1 .spec.parallelism)" 2
	has "$(cat seen1)" $'# Please edit the object below. Lines beginning with a \'#\' will be ignored,\n# and an empty file will abort the edit.' \
		$'#\napiVersion: batch/v1\nkind: Job\n'
	is "$(leftovers)" ""
}

@test "KUBE_EDITOR comes first, may have options, and edits JSON too" {
	editor false
	KUBE_EDITOR="sed -i -e 's/\"parallelism\": 2/\"parallelism\": 3/' -e '/^ *\"suspend\"/d'" try kjob edit job/e1 -o json --output-patch
	is "$rc:$err" "0:"
	is "$out" $'Patch: {"spec":{"parallelism":3,"suspend":null}}\njob.batch/e1 edited'
	kjob patch job e1 --type=merge -p 'spec: {suspend: true}' >/dev/null
}

@test "no change and an empty file are no edit" {
	editor true
	try kjob edit job e1
	is "$rc:$out:$err" "0::Edit cancelled, no changes made."
	editor 'echo "# nothing" >"$1"'
	try kjob edit job e1
	is "$rc:$out:$err" "0::Edit cancelled, saved file was empty."
	is "$(leftovers)" ""
}

@test "what the server refuses is opened again with its reasons" {
	editor 'case $n in
		1) sed -i "s/parallelism: .*/parallelism: -1/" "$1" ;;
		2) sed -i "s/parallelism: .*/paralelism: 5/" "$1" ;;
		3) sed -i "s/paralelism: .*/parallelism: [/" "$1" ;;
		4) sed -i "s/parallelism: .*/parallelism: 4/" "$1" ;;
	esac'
	try kjob edit job e1
	is "$rc:$out" "0:job.batch/e1 edited"
	is "$err" $'error: jobs.batch "e1" is invalid\nerror: jobs.batch "e1" is invalid'
	is "$(get job/e1 .spec.parallelism)" 4
	has "$(cat seen2)" $'\n#\n# jobs.batch "e1" was not valid:\n# * spec.parallelism: Invalid value: -1: must be greater than or equal to 0\n#\napiVersion' \
		'parallelism: -1'
	has "$(cat seen3)" 'unknown field "spec.paralelism"'
	lacks "$(cat seen3)" 'greater than'
	has "$(cat seen4)" '# The edited file had a syntax error: '
	is "$(leftovers)" ""
}

@test "what is given up is kept in a file" {
	editor '[ $n -gt 1 ] || sed -i "s/parallelism: .*/parallelism: -7/" "$1"'
	try kjob edit job e1
	is "$rc" 1
	has "$err" $'A copy of your changes has been stored to "'"$T/kjob-edit-" 'error: Edit cancelled, no valid changes were saved.'
	has "$(cat "$(leftovers)")" 'parallelism: -7'
}

@test "an editor that fails, or is not there, ends it" {
	editor 'exit 3'
	try kjob edit job e1
	is "$rc" 1
	is "$err" "error: there was a problem with the editor \"$T/editor\""
	is "$(leftovers)" ""
	editor 'sed -i "s/parallelism: .*/parallelism: 5/" "$1"; exit 1'
	try kjob edit job e1
	has "$err" 'A copy of your changes has been stored to ' 'there was a problem'
	KUBE_EDITOR=nosuch-editor try kjob edit job e1
	has "$err" 'error: unable to launch the editor "nosuch-editor"'
}

@test "what others change meanwhile stays, and the same field is a conflict" {
	editor '"$KJOB_BIN" label job e1 side=1 >/dev/null; sed -i "s/parallelism: .*/parallelism: 6/" "$1"'
	is "$(kjob edit job e1)" "job.batch/e1 edited"
	is "$(get job/e1 '[.spec.parallelism, .metadata.labels.side] | map(tostring) | join(" ")')" "6 1"
	editor '"$KJOB_BIN" patch job e1 --type=merge -p "spec: {parallelism: 7}" >/dev/null; sed -i "s/parallelism: .*/parallelism: 8/" "$1"'
	try kjob edit job e1
	is "$rc:$out" "1:"
	has "$err" 'error: jobs.batch "e1" could not be patched: Operation cannot be fulfilled on jobs.batch "e1"' \
		'A copy of your changes has been stored to '
	is "$(get job/e1 .spec.parallelism)" 7
}

@test "several objects are one list" {
	editor 'sed -i "s/parallelism: 1/parallelism: 9/" "$1"'
	is "$(kjob edit job)" $'job.batch/e1 skipped\njob.batch/e2 edited'
	is "$(get job/e2 .spec.parallelism)" 9
	has "$(cat seen1)" 'kind: List'
}

@test "an object keeps its name, and what is gone cannot be stored" {
	editor 'sed -i "s/^  name: e2/  name: e3/" "$1"'
	try kjob edit job e2
	is "$rc" 1
	has "$err" 'error: at least one of apiVersion, kind, name and namespace was changed'
	editor '"$KJOB_BIN" delete job e2 >/dev/null; sed -i "s/parallelism: .*/parallelism: 1/" "$1"'
	try kjob edit job e2
	is "$rc" 1
	has "$err" 'error: jobs.batch "e2" could not be found on the server'
	try kjob edit job e2
	is "$rc:$err" '1:Error from server (NotFound): jobs.batch "e2" not found'
}
