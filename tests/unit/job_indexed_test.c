/* job_indexed: the Job decider on Indexed Jobs: indexes, limits per index, the policies. */
#include "job_sim.h"

/* Ends the pod that is active with an index. */
static void fail_index(struct sim *s, int64_t index)
{
	sim_fail(s, sim_of_index(s, index));
}

static void succeed_index(struct sim *s, int64_t index)
{
	sim_succeed(s, sim_of_index(s, index));
}

/* Has a pod ended with what the policy says of it? */
static void fail_with(struct sim *s, size_t i, enum pod_verdict verdict)
{
	sim_fail(s, i);
	sim_pod(s, i)->verdict = verdict;
}

/* ---- indexes ---- */

TEST("I01: four indexes two at a time, lowest first")
{
	auto_sim s = sim_indexed(2, 4, -1);

	sim_settle(&s);
	CHECK_SIM(&s, "2 active");
	CHECK_INT(s.pods[0].p.index, 0);
	CHECK_INT(s.pods[1].p.index, 1);
	succeed_index(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "2 active, 1 done, completed 1");
	CHECK_INT(s.pods[2].p.index, 2);
	succeed_index(&s, 0);
	succeed_index(&s, 2);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 3 done, completed 0-2");
	succeed_index(&s, 3);
	sim_settle(&s);
	CHECK_SIM(&s, "4 done, completed 0-3, CompletionsReached, Complete");
	CHECK_INT(s.len, 4);
}

TEST("I02: indexes that fail for ever leave gaps")
{
	auto_sim s = sim_indexed(8, 8, -1);

	s.o.backoff_limit = 100;
	sim_settle(&s);
	for (int64_t i = 0; i < 8; i++)
		sim_end(&s, (size_t)i, i == 3 || i == 6 ? POD_FAILED : POD_SUCCEEDED);
	sim_later(&s, 1);
	CHECK_SIM(&s, "2 active, 6 done, 2 failed, completed 0-2,4,5,7");
	fail_index(&s, 3);
	fail_index(&s, 6);
	sim_settle(&s);
	CHECK_SIM(&s, "6 done, 4 failed, completed 0-2,4,5,7, wake +20");
}

TEST("I03: two indexes are written with a comma")
{
	auto_sim s = sim_indexed(2, 2, -1);

	sim_settle(&s);
	succeed_index(&s, 0);
	succeed_index(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "2 done, completed 0,1, CompletionsReached, Complete");
}

TEST("I06: lowering completions deletes the pods of dropped indexes and may complete the job")
{
	auto_sim s = sim_indexed(4, 4, -1);

	sim_settle(&s);
	s.o.completions = s.o.parallelism = 3;
	sim_settle(&s);
	CHECK_INT(s.pods[3].fate, FATE_DELETE_UNCOUNTED);
	CHECK_SIM(&s, "3 active, 1 stopping");
	for (int64_t i = 0; i < 3; i++)
		succeed_index(&s, i);
	sim_fail(&s, 3);
	sim_settle(&s);
	CHECK_SIM(&s, "3 done, completed 0-2, CompletionsReached, Complete");
}

TEST("I06: dropped indexes are taken out of completedIndexes, and succeeded falls with them")
{
	auto_sim s = sim_indexed(4, 4, -1);

	sim_settle(&s);
	succeed_index(&s, 3);
	succeed_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "2 active, 2 done, completed 0,3");
	s.counts_may_fall = true;
	s.o.completions = s.o.parallelism = 2;
	fail_index(&s, 2); /* no index of the job any more: it does not count */
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 done, completed 0");
	s.o.completions = s.o.parallelism = 1;
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping, 1 done, completed 0, CompletionsReached");
	sim_fail(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, completed 0, CompletionsReached, Complete");
}

TEST("I07: raising completions adds indexes, also from none")
{
	auto_sim s = sim_indexed(3, 3, -1), none = sim_indexed(0, 0, -1);

	sim_settle(&s);
	s.o.completions = s.o.parallelism = 4;
	sim_settle(&s);
	CHECK_SIM(&s, "4 active");
	CHECK_INT(s.pods[3].p.index, 3);
	none.o.suspend = true; /* or it would be complete at once */
	none.o.completions = 1;
	none.o.parallelism = 0;
	sim_settle(&none);
	CHECK_SIM(&none, "");
	none.o.suspend = false;
	none.o.completions = none.o.parallelism = 2;
	sim_settle(&none);
	CHECK_SIM(&none, "2 active");
}

TEST("of two pods of one index one is deleted uncounted, and nothing is created in that round")
{
	auto_sim s = sim_indexed(3, 3, -1);
	struct job_pod *twin;

	sim_settle(&s);
	sim_run(&s, 1);
	twin = sim_add(&s, 1);
	twin->created_at--;
	sim_fail(&s, 2);
	sim_round(&s);
	CHECK_INT(s.pods[1].fate, FATE_KEEP); /* it runs already */
	CHECK_INT(s.pods[3].fate, FATE_DELETE_UNCOUNTED);
	CHECK_SIM(&s, "2 active, 1 stopping, 1 failed, wake +0");
	CHECK_INT(s.plan.create, 0);
	sim_settle(&s);
	sim_later(&s, 10);
	CHECK_SIM(&s, "3 active, 1 stopping, 1 failed");
}

TEST("pods without an index, or with one that is too large, are deleted or let go of, uncounted")
{
	static const int64_t wrong[] = {-1, 2, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		auto_sim s = sim_indexed(2, 2, -1);

		sim_settle(&s);
		for (int k = 0; k < 3; k++)
			sim_add(&s, wrong[i]);
		sim_fail(&s, 3);
		sim_succeed(&s, 4);
		sim_settle(&s);
		CHECK_SIM(&s, "2 active, 1 stopping");
		CHECK_INT(s.pods[3].fate + s.pods[4].fate, 2 * FATE_RELEASE);
	}
}

TEST("a pod without a place does not count as failed either when its job fails")
{
	auto_sim s = sim_indexed(2, 2, -1);

	s.o.backoff_limit = 0;
	sim_settle(&s);
	sim_add(&s, 2);
	fail_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "2 stopping, 2 failed, BackoffLimitExceeded");
}

TEST("a second success of an index changes nothing")
{
	auto_sim s = sim_indexed(2, 2, -1);

	sim_settle(&s);
	sim_add(&s, 0);
	sim_succeed(&s, 0);
	sim_succeed(&s, 2);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 done, completed 0");
	sim_add(&s, 0);
	sim_succeed(&s, 3);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 done, completed 0");
}

TEST("R01: with podReplacementPolicy Failed a stopping pod keeps its index")
{
	auto_sim s = sim_indexed(2, 4, -1);

	s.o.replace_when_failed = true;
	sim_settle(&s);
	sim_delete(&s, 0);
	s.o.parallelism = 3;
	sim_settle(&s);
	CHECK_SIM(&s, "2 active, 1 stopping");
	CHECK_INT(s.pods[2].p.index, 2);
	sim_fail(&s, 0);
	sim_later(&s, 10);
	CHECK_INT(s.pods[3].p.index, 0);
}

/* ---- limits per index ---- */

TEST("I09, I10: each index has its own failures, carried from pod to pod")
{
	auto_sim s = sim_indexed(2, 4, 1);

	sim_settle(&s);
	succeed_index(&s, 0);
	fail_index(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 done, completed 0, wake +10"); /* not counted yet */
	CHECK(s.pods[1].p.tracked);
	CHECK_INT(s.pods[2].p.index, 2);
	sim_later(&s, 10);
	CHECK_SIM(&s, "2 active, 1 done, 1 failed, completed 0");
	CHECK_INT(s.pods[1].fate, FATE_COUNT_FAILED);
	CHECK_INT(s.pods[1].p.index_failures, 0);
	CHECK_INT(s.pods[3].p.index, 1);
	CHECK_INT(s.pods[3].p.index_failures, 1);
	fail_index(&s, 1);
	succeed_index(&s, 2);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 2 done, 2 failed, completed 0,2, given up 1");
	fail_index(&s, 3);
	sim_later(&s, 10);
	sim_later(&s, 10);
	fail_index(&s, 3);
	sim_settle(&s);
	CHECK_SIM(&s, "2 done, 4 failed, completed 0,2, given up 1,3, FailedIndexes, Failed");
}

TEST("I11: one failed index too many ends the job at once")
{
	auto_sim s = sim_indexed(1, 4, 0);

	s.o.max_failed_indexes = 0;
	sim_settle(&s);
	fail_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 failed, given up 0, MaxFailedIndexesExceeded, Failed");
	CHECK_INT(s.len, 1);
}

TEST("I11: running pods of such a job are deleted and counted")
{
	auto_sim s = sim_indexed(3, 4, 0);

	s.o.max_failed_indexes = 1;
	sim_settle(&s);
	fail_index(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "3 active, 1 failed, given up 1");
	fail_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "2 stopping, 4 failed, given up 0,1, MaxFailedIndexesExceeded");
}

TEST("I12: FailIndex gives an index up without another try")
{
	auto_sim s = sim_indexed(2, 2, 1);

	s.o.has_failure_policy = true;
	sim_settle(&s);
	fail_with(&s, 1, VERDICT_FAIL_INDEX);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 failed, given up 1");
	succeed_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, 1 failed, completed 0, given up 1, FailedIndexes, Failed");
	CHECK_INT(s.len, 2);
}

TEST("I13: an index that waits for its next try does not delay others")
{
	auto_sim s = sim_indexed(2, 4, 3);

	sim_settle(&s);
	fail_index(&s, 0);
	succeed_index(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 done, completed 1, wake +10");
	CHECK_INT(s.pods[2].p.index, 2);
	sim_later(&s, 10);
	fail_index(&s, 0);
	fail_index(&s, 2);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, 1 failed, completed 1, wake +10"); /* 0: 20 s, 2: 10 s */
	sim_later(&s, 10);
	CHECK_SIM(&s, "1 active, 1 done, 2 failed, completed 1, wake +10");
	sim_later(&s, 10);
	CHECK_SIM(&s, "2 active, 1 done, 3 failed, completed 1");
}

TEST("I13: a waiting index keeps its place among those that are next, as in Kubernetes")
{
	auto_sim s = sim_indexed(1, 2, 3);

	sim_settle(&s);
	fail_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "wake +10");
	sim_later(&s, 10);
	CHECK_INT(s.pods[1].p.index, 0);
}

TEST("per index the delays double from 10 s and a restarted controller knows them still")
{
	static const int64_t delays[] = {10, 20, 40, 80, 160, 320, 600, 600};
	auto_sim s = sim_indexed(1, 1, 8);

	sim_settle(&s);
	for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
		sim_fail(&s, i);
		sim_settle(&s);
		CHECK_INT(s.plan.wake_at - s.o.now, delays[i]);
		s.o.backoff = (struct job_backoff){0};
		sim_later(&s, delays[i] - 1);
		CHECK_INT(s.len, i + 1);
		sim_later(&s, 1);
		CHECK_INT(s.len, i + 2);
	}
	sim_fail(&s, ARRAY_LEN(delays));
	sim_settle(&s);
	CHECK_SIM(&s, "9 failed, given up 0, FailedIndexes, Failed");
}

TEST("per index ignored failures feed the delay, not the limit")
{
	auto_sim s = sim_indexed(1, 1, 0);

	s.o.has_failure_policy = true;
	sim_settle(&s);
	fail_with(&s, 0, VERDICT_IGNORE);
	sim_settle(&s);
	CHECK_SIM(&s, "wake +10");
	sim_later(&s, 10);
	CHECK_INT(s.pods[1].p.index_failures, 0);
	CHECK_INT(s.pods[1].p.index_ignored, 1);
	fail_with(&s, 1, VERDICT_IGNORE);
	sim_settle(&s);
	CHECK_SIM(&s, "wake +20");
	sim_later(&s, 20);
	CHECK_SIM(&s, "1 active");
	fail_with(&s, 2, VERDICT_COUNT);
	sim_settle(&s);
	CHECK_SIM(&s, "1 failed, given up 0, FailedIndexes, Failed");
}

TEST("the global limit holds beside the limits per index, and counts pods that wait")
{
	auto_sim s = sim_indexed(3, 3, 5);

	s.o.backoff_limit = 1;
	sim_settle(&s);
	fail_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "2 active, wake +10");
	fail_index(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping, 3 failed, BackoffLimitExceeded");
}

TEST("a pod that waits for its replacement survives suspension and counts when the job is deleted")
{
	auto_sim s = sim_indexed(2, 2, 5);

	sim_settle(&s);
	fail_index(&s, 0);
	sim_settle(&s);
	s.o.suspend = true;
	sim_later(&s, 100);
	CHECK_SIM(&s, "1 stopping");
	CHECK(s.pods[0].p.tracked);
	s.o.suspend = false;
	sim_settle(&s);
	CHECK_SIM(&s, "2 active, 1 stopping, 1 failed");
	CHECK_INT(s.pods[2].p.index_failures, 1);
	CHECK_INT(s.pods[3].p.index_failures, 0);
	fail_index(&s, 1);
	sim_settle(&s);
	s.o.deleting = true;
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 stopping, 2 failed");
	for (size_t i = 0; i < s.len; i++)
		CHECK(!s.pods[i].p.tracked);
}

TEST("of an index whose pods failed twice unseen the later one is the one that counts on")
{
	auto_sim s = sim_indexed(1, 1, 5);

	sim_settle(&s);
	sim_add(&s, 0)->index_failures = 1;
	sim_fail(&s, 0);
	sim_fail(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 failed, wake +20");
	CHECK_INT(s.pods[0].fate, FATE_COUNT_FAILED);
	sim_later(&s, 20);
	CHECK_SIM(&s, "1 active, 2 failed");
	CHECK_INT(s.pods[2].p.index_failures, 2);
}

TEST("an index that succeeds and fails in one round has succeeded")
{
	auto_sim s = sim_indexed(2, 2, 0);

	sim_settle(&s);
	sim_add(&s, 0);
	sim_fail(&s, 0);
	sim_succeed(&s, 2);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 done, 1 failed, completed 0");
}

TEST("numbers in annotations that nobody sane wrote are taken for 0")
{
	static const int64_t numbers[] = {-1, INT64_MIN, INT64_MAX, (int64_t)INT32_MAX + 1};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		auto_sim s = sim_indexed(1, 1, 5);

		sim_settle(&s);
		sim_pod(&s, 0)->index_failures = numbers[i];
		sim_pod(&s, 0)->index_ignored = numbers[i];
		sim_fail(&s, 0);
		sim_settle(&s);
		CHECK_SIM(&s, "wake +10");
		sim_later(&s, 10);
		CHECK_INT(s.pods[1].p.index_failures, 1);
		CHECK_INT(s.pods[1].p.index_ignored, 0);
	}
}

TEST("per index, too, a clock that jumps lengthens no delay")
{
	auto_sim s = sim_indexed(1, 1, 100);

	sim_settle(&s);
	fail_index(&s, 0);
	sim_pod(&s, 0)->finished_at += 86400;
	sim_settle(&s);
	CHECK_SIM(&s, "wake +10");
	sim_later(&s, 4);
	CHECK_SIM(&s, "wake +6");
	sim_later(&s, -3600);
	CHECK_SIM(&s, "wake +10");
	sim_later(&s, 10);
	CHECK_SIM(&s, "1 active, 1 failed");
	fail_index(&s, 0);
	sim_pod(&s, 1)->finished_at = 1;
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 2 failed");
}

/* ---- podFailurePolicy ---- */

TEST("P01: FailJob ends the job, whatever else has failed, and names the pod")
{
	auto_sim s = sim_new(3, 4, 0);

	s.o.has_failure_policy = true;
	sim_settle(&s);
	fail_with(&s, 0, VERDICT_COUNT);
	fail_with(&s, 2, VERDICT_FAIL_JOB);
	sim_settle(&s);
	CHECK_INT(s.plan.culprit, 2);
	CHECK_SIM(&s, "1 stopping, 3 failed, PodFailurePolicy");
	sim_succeed(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "3 failed, PodFailurePolicy, Failed");
}

TEST("P02, P03: ignored failures count nowhere; the pod is replaced after the usual delay")
{
	auto_sim s = sim_new(1, 1, 0);

	s.o.has_failure_policy = true;
	sim_settle(&s);
	fail_with(&s, 0, VERDICT_IGNORE);
	sim_settle(&s);
	CHECK_SIM(&s, "wake +10");
	sim_later(&s, 10);
	fail_with(&s, 1, VERDICT_IGNORE);
	sim_settle(&s);
	CHECK_SIM(&s, "wake +20");
	sim_later(&s, 20);
	sim_succeed(&s, 2);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, CompletionsReached, Complete");
}

TEST("P03: an evicted pod is judged when it has ended, not before")
{
	auto_sim s = sim_new(1, 1, 0);

	s.o.has_failure_policy = true;
	sim_settle(&s);
	sim_delete(&s, 0);
	sim_pod(&s, 0)->verdict = VERDICT_FAIL_JOB; /* means nothing yet */
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping");
	fail_with(&s, 0, VERDICT_IGNORE);
	sim_settle(&s);
	CHECK_SIM(&s, "wake +10");
}

/* ---- successPolicy ---- */

static struct index_set indexes(int64_t first, int64_t last, int64_t limit)
{
	struct index_set s;

	index_set_init(&s, limit);
	index_set_add_range(&s, first, last);
	return s;
}

TEST("S01: when the leader succeeds the others are deleted and do not count as failed")
{
	auto_sim s = sim_indexed(5, 5, -1);
	auto_index_set leader = indexes(0, 0, 5);
	struct success_rule rule = {.indexes = &leader, .count = -1};

	s.o.success_rules = &rule;
	s.o.success_rule_count = 1;
	sim_settle(&s);
	succeed_index(&s, 3);
	sim_settle(&s);
	CHECK_SIM(&s, "4 active, 1 done, completed 3");
	succeed_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "3 stopping, 2 done, completed 0,3, SuccessPolicy");
	sim_succeed(&s, 1);
	sim_fail(&s, 2);
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping, 2 done, completed 0,3, SuccessPolicy");
	sim_fail(&s, 4);
	sim_settle(&s);
	CHECK_SIM(&s, "2 done, completed 0,3, SuccessPolicy, Complete");
}

TEST("S01, S02, S03: indexes, a count, or a count out of the indexes; the first rule that is met")
{
	static const struct {
		int64_t first, last, count; /* last -1: any index */
		bool met[4];                /* after 0, 0-1, 0-2, 0-3 of five */
	} cases[] = {
	    {0, -1, 1, {true, true, true, true}},
	    {0, -1, 3, {false, false, true, true}},
	    {0, 2, -1, {false, false, true, true}},
	    {0, 2, 2, {false, true, true, true}},
	    {2, 4, 1, {false, false, true, true}},
	    {2, 4, 2, {false, false, false, true}},
	    {3, 3, -1, {false, false, false, true}},
	    {4, 4, -1, {false, false, false, false}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int64_t done = 0; done < 4; done++) {
			auto_sim s = sim_indexed(5, 5, -1);
			auto_index_set set = {0}, last = indexes(4, 4, 5);
			struct success_rule rules[2] = {{&last, -1}, {NULL, cases[i].count}};

			if (cases[i].last >= 0) {
				set = indexes(cases[i].first, cases[i].last, 5);
				rules[1].indexes = &set;
			}
			s.o.success_rules = rules;
			s.o.success_rule_count = 2;
			sim_settle(&s);
			for (int64_t k = 0; k <= done; k++)
				succeed_index(&s, k);
			sim_settle(&s);
			CHECK_INT(s.o.decided,
			    cases[i].met[done] ? JOB_END_SUCCESS_POLICY : JOB_END_NONE);
			CHECK_INT(s.plan.success_rule, cases[i].met[done]);
		}
	}
}

TEST("S01: a failed pod that waits for its replacement then counts after all")
{
	auto_sim s = sim_indexed(3, 3, 2);
	struct success_rule rule = {.count = 1};

	s.o.success_rules = &rule;
	s.o.success_rule_count = 1;
	sim_settle(&s);
	fail_index(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "2 active, wake +10");
	succeed_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping, 1 done, 1 failed, completed 0, SuccessPolicy");
}

TEST("S04: where failure and success hold in one round the failure wins")
{
	auto_sim s = sim_indexed(2, 2, -1);
	struct success_rule rule = {.count = 1};

	s.o.backoff_limit = 0;
	s.o.success_rules = &rule;
	s.o.success_rule_count = 1;
	sim_settle(&s);
	fail_index(&s, 1);
	succeed_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, 1 failed, completed 0, BackoffLimitExceeded, Failed");
}

TEST("S04: once success is decided a later failure does not undo it")
{
	auto_sim s = sim_indexed(3, 3, -1);
	struct success_rule rule = {.count = 1};

	s.o.backoff_limit = 0;
	s.o.has_failure_policy = true;
	s.o.success_rules = &rule;
	s.o.success_rule_count = 1;
	sim_settle(&s);
	sim_delete(&s, 1);
	succeed_index(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "2 stopping, 1 done, completed 0, SuccessPolicy");
	fail_with(&s, 1, VERDICT_FAIL_JOB);
	fail_with(&s, 2, VERDICT_FAIL_JOB);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, completed 0, SuccessPolicy, Complete");
}

TEST("a rule that asks for nothing is met by the first success, one without indexes never")
{
	auto_sim s = sim_indexed(2, 3, -1);
	auto_index_set none = {0};
	struct success_rule rules[2] = {{&none, 0}, {NULL, 0}};

	s.o.success_rules = rules;
	s.o.success_rule_count = 2;
	sim_settle(&s);
	CHECK_SIM(&s, "2 active");
	succeed_index(&s, 1);
	sim_settle(&s);
	CHECK_INT(s.plan.success_rule, 1);
	CHECK_SIM(&s, "1 stopping, 1 done, completed 1, SuccessPolicy");
}

/* ---- sizes ---- */

TEST("two thousand million indexes cost a round no more than its pods")
{
	auto_sim s = sim_indexed(100000, INT32_MAX, -1);

	index_set_init(&s.completed, INT32_MAX);
	index_set_add_range(&s.completed, 0, 1999999999);
	s.o.succeeded = 2000000000;
	sim_round(&s);
	CHECK_SIM(&s, "500 active, 2000000000 done, completed 0-1999999999, wake +0");
	CHECK_INT(s.pods[0].p.index, 2000000000);
	CHECK_INT(s.pods[499].p.index, 2000000499);
}

TEST("a round of an indexed job creates and deletes at most 500 pods")
{
	auto_sim s = sim_indexed(1200, 1200, 2);

	sim_round(&s);
	CHECK_SIM(&s, "500 active, wake +0");
	sim_settle(&s);
	CHECK_SIM(&s, "1200 active");
	s.o.completions = s.o.parallelism = 100;
	sim_round(&s);
	CHECK_SIM(&s, "700 active, 500 stopping, wake +0");
	sim_settle(&s);
	CHECK_SIM(&s, "100 active, 1100 stopping");
	for (size_t i = 0; i < 100; i++)
		CHECK(!sim_pod(&s, i)->deleting);
}

int main(void)
{
	return test_main();
}
