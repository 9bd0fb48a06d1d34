# The manifests of examples/ do what their comments promise. All are applied at once; each test waits for its own.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	EXAMPLES=$BATS_TEST_DIRNAME/../../examples
	export EXAMPLES
	"$BATS_TEST_DIRNAME/../scripts/image" --name=localhost/kjob-demo:1 "$KJOB_ENGINE"
	"$BATS_TEST_DIRNAME/../scripts/redis" "$KJOB_ENGINE" >&2
	instance_start
	kjob apply -f "$EXAMPLES" >"$WORK/applied"
}

teardown_file() {
	instance_stop
}

# bats test_tags=one-engine
@test "every example says what it shows, is named after its file and has a test here" {
	local file name
	for file in "$EXAMPLES"/*; do
		name=$(basename "$file" .yaml)
		matches "$(head -n 1 "$file")" '^# [A-Z]'
		matches "$(cat "$WORK/applied")" "^(cron)?job.batch/$name created$"
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
		| fromdate) - (.startTime | fromdate)')" 30
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

@test "factorial: three completions at parallelism 5 are three pods, all at once" {
	ended factorial
	is "$(summary factorial)" "3/-/- $COMPLETE"
	is "$(pod_count factorial)" 3
	made_together factorial
	is "$(kjob logs -l job-name=factorial)" "$(yes '10! = 3628800' | head -n 3)"
	matches "$(kjob get job factorial)" '^factorial +Complete +3/3 '
}

@test "failure-policy: exit code 42 fails the Job at its first pod" {
	ended failure-policy
	is "$(summary failure-policy)" "-/1/- $(failed_with PodFailurePolicy)"
	is "$(pod_count failure-policy)" 1
	is "$(get job/failure-policy '.status.conditions[] | select(.type == "Failed").message')" \
		"Container main for pod default/$(pods_of failure-policy) failed with exit code 42 matching FailJob rule at index 0"
}

@test "success-policy: three of five indexes are enough" {
	ended success-policy
	is "$(summary success-policy)" "3/-/- $(complete_with SuccessPolicy)"
	is "$(get job/success-policy .status.completedIndexes)" 0,2,3
	is "$(get job/success-policy '.status.conditions[-1].message')" "Matched rules at index 0"
	is "$(kjob logs job/success-policy | grep -c 'success-policy-[0-4] has index [0-4]')" 1
}

@test "hourly: the next run is shown, and one by hand runs at once" {
	matches "$(kjob get cronjob hourly)" '^hourly +0 \* \* \* \* +America/New_York +False +0 +<none> '
	kjob create job by-hand --from=cronjob/hourly
	ended by-hand
	matches "$(kjob logs job/by-hand)" '^report of [0-9][0-9]:[0-9][0-9]$'
	is "$(get job/by-hand '.metadata.ownerReferences[0].name')" hourly
	kjob delete cronjob hourly
	kjob wait --for=delete job/by-hand --timeout=90s
}

@test "ttl: gone with its pod five seconds after its end" {
	kjob wait --for=delete job/ttl --timeout=90s
	is "$(pod_count ttl)" 0
}

@test "work-queue: three workers drain a queue behind a Service, and every item is done once" {
	local pod
	ended work-queue
	is "$(summary work-queue)" "3/-/- $COMPLETE"
	for pod in $(pods_of work-queue); do kjob logs "$pod"; done | grep ^item | sort -n -k 2 | diff - <(seq -f 'item %g' 300)
	kjob exec queue -- redis-cli lrange done 0 -1 | sort -n | diff - <(seq 300)
	is "$(kjob exec queue -- redis-cli exists todo doing)" 0
}
