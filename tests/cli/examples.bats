# The manifests of examples/ do what their comments promise. All are applied at once; each test waits for its own.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	EXAMPLES=$BATS_TEST_DIRNAME/../../examples
	export EXAMPLES
	"$BATS_TEST_DIRNAME/../scripts/image" --name=localhost/kjob-demo:1 "$KJOB_ENGINE"
	instance_start
	kjob apply -f "$EXAMPLES" >"$WORK/applied"
}

teardown_file() {
	instance_stop
}

@test "every example says what it shows, is named after its file and has a test here" {
	local file name
	for file in "$EXAMPLES"/*; do
		name=$(basename "$file" .yaml)
		matches "$(head -n 1 "$file")" '^# [A-Z]'
		has "$(cat "$WORK/applied")" "job.batch/$name created"
		has "$(cat "$BATS_TEST_FILENAME")" "@test \"$name: "
	done
}

@test "oneshot: one pod, two lines and Complete" {
	ended oneshot
	is "$(summary oneshot)" "1/-/- $COMPLETE"
	is "$(pod_count oneshot)" 1
	is "$(kjob logs job/oneshot | wc -l)" 2
	has "$(kjob logs job/oneshot)" "hello from $(pods_of oneshot)"
}

@test "env: references are expanded, escaped ones and the shell's own are left" {
	ended env
	is "$(summary env)" "1/-/- $COMPLETE"
	is "$(kjob logs job/env)" $'greeting: hello, world\nfrom the shell: hello, world\nas it is: $(WHO)'
}

@test "queue: three workers, no fourth, and Complete" {
	ended queue
	is "$(summary queue)" "3/-/- $COMPLETE"
	is "$(pod_count queue)" 3
	matches "$(kjob get job queue)" '^queue +Complete +3/1 of 3 '
}

@test "deadline: ended after three seconds, for the reason of its deadline" {
	ended deadline
	is "$(summary deadline)" "-/1/- $(failed_with DeadlineExceeded)"
	is "$(pod_count deadline)" 0
	between 3 "$(get job/deadline '.status | (.conditions[] | select(.type == "FailureTarget").lastTransitionTime
		| fromdate) - (.startTime | fromdate)')" 5
}

@test "parallel: ten successes, never more than five at a time" {
	ended parallel
	is "$(summary parallel)" "10/-/- $COMPLETE"
	is "$(pod_count parallel)" 10
	between 2 "$(overlap parallel)" 5
}

@test "retry: two pods with an error, and Failed for the reason of its limit" {
	ended retry
	is "$(summary retry)" "-/2/- $(failed_with BackoffLimitExceeded)"
	is "$(kjob get pods -l job-name=retry --no-headers | grep -c ' Error ')" 2
}
