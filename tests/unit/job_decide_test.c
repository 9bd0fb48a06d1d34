#include "job_sim.h"

/* ---- counting ---- */

TEST("J01: one pod that succeeds completes the job")
{
	auto_sim s = sim_new(1, 1, 6);

	sim_settle(&s);
	CHECK_SIM(&s, "1 active");
	CHECK_INT(s.o.start_time, T0);
	sim_succeed(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, CompletionsReached, Complete");
	CHECK(!s.plan.too_many_succeeded);
}

TEST("J03: four completions two at a time never have more than two active")
{
	auto_sim s = sim_new(2, 4, 6);

	for (size_t i = 0; !s.o.finished && i < 4; i++) {
		sim_settle(&s);
		CHECK(s.plan.active <= 2);
		sim_succeed(&s, i);
	}
	sim_settle(&s);
	CHECK_SIM(&s, "4 done, CompletionsReached, Complete");
	CHECK_INT(s.len, 4);
}

TEST("J04: parallelism above completions makes only as many pods as are wanted")
{
	auto_sim s = sim_new(5, 3, 6);

	sim_settle(&s);
	CHECK_SIM(&s, "3 active");
	for (size_t i = 0; i < 3; i++) {
		sim_succeed(&s, i);
		sim_settle(&s);
	}
	CHECK_SIM(&s, "3 done, CompletionsReached, Complete");
	CHECK_INT(s.len, 3);
}

TEST("parallelism beyond what one machine can run makes a bounded number of pods")
{
	auto_sim s = sim_new(2147483647, -1, 6), counted = sim_new(2147483647, 2147483647, 6);

	for (int i = 0; i <= JOB_ACTIVE_MAX / JOB_ROUND_MAX; i++) {
		sim_settle(&s);
		sim_settle(&counted);
	}
	CHECK_INT(s.plan.active, JOB_ACTIVE_MAX);
	CHECK_INT(counted.plan.active, JOB_ACTIVE_MAX);
}

TEST("J05: a work queue of three pods that all succeed counts three")
{
	auto_sim s = sim_new(3, -1, 6);

	sim_settle(&s);
	CHECK_SIM(&s, "3 active");
	for (size_t i = 0; i < 3; i++)
		sim_succeed(&s, i);
	sim_settle(&s);
	CHECK_SIM(&s, "3 done, CompletionsReached, Complete");
	CHECK_INT(s.len, 3);
}

TEST("J06: a work queue takes no new pods after the first success and waits for the others")
{
	auto_sim s = sim_new(2, -1, 6);

	sim_settle(&s);
	sim_succeed(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 done");
	sim_later(&s, 10);
	CHECK_SIM(&s, "1 active, 1 done");
	sim_succeed(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "2 done, CompletionsReached, Complete");
	CHECK_INT(s.len, 2);
}

TEST("a late failure in a work queue still counts, and can still end it")
{
	auto_sim s = sim_new(2, -1, 0), t = sim_new(2, -1, 1);

	sim_settle(&s);
	sim_succeed(&s, 0);
	sim_settle(&s);
	sim_fail(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, 1 failed, BackoffLimitExceeded, Failed");
	sim_settle(&t);
	sim_succeed(&t, 0);
	sim_settle(&t);
	sim_fail(&t, 1);
	sim_settle(&t);
	CHECK_SIM(&t, "1 done, 1 failed, CompletionsReached, Complete");
}

TEST("J07: zero completions are complete at once without a pod")
{
	auto_sim s = sim_new(1, 0, 6);

	sim_settle(&s);
	CHECK_SIM(&s, "CompletionsReached, Complete");
	CHECK_INT(s.len, 0);
	CHECK_INT(s.o.start_time, T0);
}

TEST("J08: parallelism 0 makes no pods and does not finish; raising it starts them")
{
	auto_sim s = sim_new(0, 1, 6);

	sim_settle(&s);
	CHECK_SIM(&s, "");
	s.o.parallelism = 1;
	sim_settle(&s);
	CHECK_SIM(&s, "1 active");
	s.o.parallelism = 0;
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping");
	CHECK(!s.o.suspended);
}

TEST("J09: lowering parallelism deletes the surplus uncounted, and creates nothing in their place")
{
	auto_sim s = sim_new(4, 8, 6);

	sim_settle(&s);
	for (size_t i = 0; i < 4; i++)
		sim_run(&s, i);
	s.o.parallelism = 2;
	sim_settle(&s);
	CHECK_SIM(&s, "2 active, 2 stopping");
	CHECK_INT(s.plan.ready, 2);
	sim_fail(&s, 2);
	sim_fail(&s, 3);
	sim_settle(&s);
	CHECK_SIM(&s, "2 active");
}

TEST("J10: raising parallelism adds pods in the next round")
{
	auto_sim s = sim_new(1, 4, 6);

	sim_settle(&s);
	s.o.parallelism = 2;
	sim_settle(&s);
	CHECK_SIM(&s, "2 active");
}

TEST("surplus pods go in the order of Kubernetes: unscheduled, pending, unready, recently ready, "
     "often restarted, new")
{
	static const struct job_pod order[] = {
	    {.phase = POD_PENDING, .created_at = 1},
	    {.phase = POD_PENDING, .scheduled = true, .created_at = 1},
	    {.phase = POD_UNKNOWN, .scheduled = true, .created_at = 1},
	    {.phase = POD_RUNNING, .scheduled = true, .created_at = 1, .ready_since = 5},
	    {.phase = POD_RUNNING,
		.scheduled = true,
		.created_at = 1,
		.ready = true,
		.ready_since = 9},
	    {.phase = POD_RUNNING,
		.scheduled = true,
		.created_at = 1,
		.ready = true,
		.ready_since = 5,
		.restarts = 2},
	    {.phase = POD_RUNNING,
		.scheduled = true,
		.created_at = 3,
		.ready = true,
		.ready_since = 5},
	    {.phase = POD_RUNNING,
		.scheduled = true,
		.created_at = 1,
		.ready = true,
		.ready_since = 5},
	};

	for (size_t keep = 0; keep < ARRAY_LEN(order); keep++) {
		for (int reversed = 0; reversed < 2; reversed++) {
			auto_sim s = sim_new((int64_t)keep, 100, 6);
			size_t n = ARRAY_LEN(order);

			s.o.start_time = T0;
			for (size_t i = 0; i < n; i++) {
				struct job_pod *p = sim_add(&s, -1);

				*p = order[reversed ? n - 1 - i : i];
				p->tracked = true;
			}
			sim_round(&s);
			for (size_t i = 0; i < n; i++)
				CHECK_INT(s.pods[reversed ? n - 1 - i : i].fate,
				    i < n - keep ? FATE_DELETE_UNCOUNTED : FATE_KEEP);
		}
	}
}

TEST("J12: a failed pod is replaced and the job completes")
{
	auto_sim s = sim_new(1, 2, 6);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 failed, wake +10");
	sim_later(&s, 10);
	sim_succeed(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 done, 1 failed");
	sim_succeed(&s, 2);
	sim_settle(&s);
	CHECK_SIM(&s, "2 done, 1 failed, CompletionsReached, Complete");
}

TEST("J13: an in-place restart below the limit is no failure of the job")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.restart_on_failure = true;
	sim_settle(&s);
	sim_run(&s, 0);
	sim_pod(&s, 0)->restarts = 1;
	sim_settle(&s);
	CHECK_SIM(&s, "1 active");
	sim_succeed(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, CompletionsReached, Complete");
}

TEST("J14: a finished job is never changed again and lets go of late pods")
{
	auto_sim s = sim_new(1, 1, 6);

	sim_settle(&s);
	sim_succeed(&s, 0);
	sim_settle(&s);
	sim_add(&s, -1)->phase = POD_FAILED;
	sim_add(&s, -1)->phase = POD_RUNNING;
	s.o.suspend = true;
	s.o.completions = 5;
	s.o.deadline = 0;
	sim_round(&s);
	CHECK_INT(s.pods[1].fate, FATE_RELEASE);
	CHECK_INT(s.pods[2].fate, FATE_RELEASE);
	CHECK_SIM(&s, "1 active, 1 done, CompletionsReached, Complete");
	CHECK(!s.plan.create && !s.plan.decide && !s.plan.finish && !s.plan.suspension);
}

TEST("J15, R02: a deleted running pod counts as failed at once and is replaced ten seconds later, "
     "while it still stops")
{
	auto_sim s = sim_new(1, 1, 6);

	sim_settle(&s);
	sim_run(&s, 0);
	sim_delete(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping, 1 failed, wake +10");
	sim_later(&s, 9);
	CHECK_SIM(&s, "1 stopping, 1 failed, wake +1");
	sim_later(&s, 1);
	CHECK_SIM(&s, "1 active, 1 stopping, 1 failed");
	sim_later(&s, 10);
	sim_succeed(&s, 0); /* at last, too late to count */
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 failed");
	sim_succeed(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, 1 failed, CompletionsReached, Complete");
}

TEST("J15: a pod that had exited well when it was deleted counts as succeeded")
{
	auto_sim s = sim_new(1, 1, 6);

	sim_settle(&s);
	sim_succeed(&s, 0);
	sim_delete(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, CompletionsReached, Complete");
}

TEST("J17, J18: an adopted pod fills a place, a released one leaves it free")
{
	auto_sim s = sim_new(1, 1, 6);

	sim_add(&s, -1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active");
	CHECK_INT(s.len, 1);
	s.pods[0].gone = true;
	sim_settle(&s);
	CHECK_SIM(&s, "1 active");
	CHECK_INT(s.len, 2);
}

TEST("more successes than completions are reported once, at the end")
{
	auto_sim s = sim_new(2, 2, 6);

	sim_settle(&s);
	sim_succeed(&s, 0);
	sim_succeed(&s, 1);
	sim_add(&s, -1)->phase = POD_SUCCEEDED;
	sim_settle(&s);
	CHECK_SIM(&s, "3 done, CompletionsReached, Complete");
	CHECK(s.plan.too_many_succeeded);
}

/* ---- failure and back-off ---- */

TEST("F01: backoffLimit 0 ends the job at the first failure")
{
	auto_sim s = sim_new(1, 1, 0);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 failed, BackoffLimitExceeded, Failed");
}

TEST("F02, F03, F04: the delays between failing pods are 10, 20, 40, 80, 160, 320 s; bl + 1 run")
{
	static const int64_t delays[] = {10, 20, 40, 80, 160, 320, 600, 600};
	static const int64_t limits[] = {1, 3, 6, 8};

	for (size_t k = 0; k < ARRAY_LEN(limits); k++) {
		auto_sim s = sim_new(1, 1, limits[k]);
		size_t n = (size_t)limits[k];

		sim_settle(&s);
		for (size_t i = 0; i < n; i++) {
			sim_fail(&s, i);
			sim_settle(&s);
			CHECK_INT(s.plan.wake_at - s.o.now, delays[i]);
			sim_later(&s, delays[i] - 1);
			CHECK_INT(s.plan.active, 0);
			sim_later(&s, 1);
			CHECK_INT(s.plan.active, 1);
		}
		sim_fail(&s, n);
		sim_settle(&s);
		CHECK(s.o.finished && s.o.decided == JOB_END_BACKOFF_LIMIT);
		CHECK_INT(s.o.failed, limits[k] + 1);
		CHECK_INT(s.len, n + 1);
		CHECK(limits[k] != 6 || s.o.now - T0 == 630);
	}
}

TEST("F05: two failures at once delay the next pods by 20 s")
{
	auto_sim s = sim_new(2, 2, 4);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_fail(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "2 failed, wake +20");
	sim_later(&s, 20);
	CHECK_SIM(&s, "2 active, 2 failed");
}

TEST("F05: while the delay runs no place is filled and running pods keep running")
{
	auto_sim s = sim_new(2, 6, 4);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 failed, wake +10");
	s.o.parallelism = 4;
	sim_later(&s, 5);
	CHECK_SIM(&s, "1 active, 1 failed, wake +5");
	sim_later(&s, 5);
	CHECK_SIM(&s, "4 active, 1 failed");
}

TEST("F06: a success between two failures sets the delay back to 10 s")
{
	auto_sim s = sim_new(1, 3, 6);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_settle(&s);
	sim_later(&s, 10);
	sim_succeed(&s, 1);
	sim_later(&s, 5);
	CHECK_SIM(&s, "1 active, 1 done, 1 failed");
	sim_fail(&s, 2);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, 2 failed, wake +10");
}

TEST("F06: of the failures seen together with a success only later ones delay")
{
	static const struct {
		int64_t success, failures[2];
		const char *want;
	} cases[] = {
	    {5, {1, 2}, "1 active, 1 done, 2 failed"},
	    {5, {5, 2}, "1 active, 1 done, 2 failed"},
	    {5, {6, 2}, "1 done, 2 failed, wake +7"},
	    {5, {6, 7}, "1 done, 2 failed, wake +18"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_sim s = sim_new(3, 2, 6);

		s.o.completions = 4;
		sim_settle(&s);
		s.o.completions = 2;
		sim_succeed(&s, 0);
		sim_fail(&s, 1);
		sim_fail(&s, 2);
		sim_pod(&s, 0)->finished_at = T0 + cases[i].success;
		sim_pod(&s, 1)->finished_at = T0 + cases[i].failures[0];
		sim_pod(&s, 2)->finished_at = T0 + cases[i].failures[1];
		s.o.now = T0 + 9;
		sim_settle(&s);
		CHECK_SIM(&s, cases[i].want);
	}
}

TEST("F07, F08, F09: in-place restarts, those of sidecars too, end an OnFailure job at its limit")
{
	static const struct {
		int64_t limit, at; /* restarts at which the job fails */
	} cases[] = {{0, 1}, {1, 1}, {2, 2}, {4, 4}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_sim s = sim_new(1, 1, cases[i].limit);

		s.o.restart_on_failure = true;
		sim_settle(&s);
		sim_run(&s, 0);
		for (int64_t k = 0; k < cases[i].at; k++) {
			sim_pod(&s, 0)->restarts = k;
			sim_settle(&s);
			CHECK_SIM(&s, "1 active");
		}
		sim_pod(&s, 0)->restarts = cases[i].at;
		sim_settle(&s);
		CHECK_SIM(&s, "1 stopping, 1 failed, BackoffLimitExceeded");
		sim_fail(&s, 0);
		sim_settle(&s);
		CHECK_SIM(&s, "1 failed, BackoffLimitExceeded, Failed");
	}
}

TEST("F07: the restarts of all pods are added up; with restartPolicy Never they mean nothing")
{
	auto_sim s = sim_new(2, 2, 4);

	sim_settle(&s);
	sim_pod(&s, 0)->restarts = sim_pod(&s, 1)->restarts = 2;
	sim_settle(&s);
	CHECK_SIM(&s, "2 active");
	s.o.restart_on_failure = true;
	sim_settle(&s);
	CHECK_SIM(&s, "2 stopping, 2 failed, BackoffLimitExceeded");
}

/* ---- deadline ---- */

TEST("F10, F11, F13: the deadline deletes and counts every active pod and fails the job when they "
     "have stopped")
{
	auto_sim s = sim_new(2, 2, 6);

	s.o.deadline = 5;
	sim_settle(&s);
	CHECK_SIM(&s, "2 active, wake +5");
	sim_run(&s, 0);
	sim_later(&s, 4);
	CHECK_SIM(&s, "2 active, wake +1");
	sim_later(&s, 1);
	CHECK_SIM(&s, "2 stopping, 2 failed, DeadlineExceeded");
	sim_fail(&s, 0);
	sim_later(&s, 3);
	CHECK_SIM(&s, "1 stopping, 2 failed, DeadlineExceeded");
	sim_fail(&s, 1);
	sim_later(&s, 3);
	CHECK_SIM(&s, "2 failed, DeadlineExceeded, Failed");
}

TEST("F12: deadline 0 fails the job in its first round without a pod")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.deadline = 0;
	sim_settle(&s);
	CHECK_SIM(&s, "DeadlineExceeded, Failed");
	CHECK_INT(s.len, 0);
}

TEST("F14: a deadline that is set on a running job counts from its start")
{
	auto_sim s = sim_new(1, 1, 6);

	sim_settle(&s);
	sim_later(&s, 100);
	s.o.deadline = 1;
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping, 1 failed, DeadlineExceeded");
}

TEST("F15: pods that fail by a deadline of their own count as any failure")
{
	auto_sim s = sim_new(1, 1, 1);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_settle(&s);
	sim_later(&s, 10);
	sim_fail(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "2 failed, BackoffLimitExceeded, Failed");
}

TEST("F16, F17: a pod that stays pending is no failure; only the deadline ends its job")
{
	auto_sim s = sim_new(1, 1, 0);

	sim_settle(&s);
	sim_later(&s, 100000);
	CHECK_SIM(&s, "1 active");
	s.o.deadline = 20;
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping, 1 failed, DeadlineExceeded");
}

TEST("F10: the deadline includes the pauses of the back-off and is looked at in time")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.deadline = 8;
	sim_settle(&s);
	sim_fail(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 failed, wake +8");
	sim_later(&s, 8);
	CHECK_SIM(&s, "1 failed, DeadlineExceeded, Failed");
}

TEST("F18: when one of two pods fails at backoffLimit 0 the other is deleted and counted")
{
	auto_sim s = sim_new(2, 2, 0);

	sim_settle(&s);
	sim_run(&s, 1);
	sim_fail(&s, 0);
	sim_settle(&s);
	CHECK_INT(s.pods[1].fate, FATE_DELETE_FAILED);
	CHECK_SIM(&s, "1 stopping, 2 failed, BackoffLimitExceeded");
}

TEST("F19: a pod that succeeds while a failing job stops it does not complete the job")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.deadline = 1;
	sim_settle(&s);
	sim_run(&s, 0);
	sim_later(&s, 1);
	sim_succeed(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 failed, DeadlineExceeded, Failed");
}

TEST("F19: a pod that succeeds in the round of the decision counts as succeeded, the job fails")
{
	auto_sim s = sim_new(2, 2, 0);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_succeed(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, 1 failed, BackoffLimitExceeded, Failed");
}

TEST("F20: a restarted controller keeps the counts and begins its back-off anew")
{
	auto_sim s = sim_new(1, 1, 6);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_settle(&s);
	memset(&s.o.backoff, 0, sizeof(s.o.backoff));
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 failed");
}

TEST("lowering backoffLimit below the failures of a running job ends it")
{
	auto_sim s = sim_new(2, 2, 6);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_settle(&s);
	s.o.backoff_limit = 0;
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping, 2 failed, BackoffLimitExceeded");
}

/* ---- podReplacementPolicy ---- */

TEST("R01: with podReplacementPolicy Failed a stopping pod is neither failed nor replaced")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.replace_when_failed = true;
	sim_settle(&s);
	sim_run(&s, 0);
	sim_delete(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping");
	sim_later(&s, 10);
	CHECK_SIM(&s, "1 stopping");
	sim_fail(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 failed, wake +10");
	sim_later(&s, 10);
	CHECK_SIM(&s, "1 active, 1 failed");
}

TEST("R01: there a stopping pod that exits well counts as succeeded")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.has_failure_policy = true; /* which forces the policy Failed */
	sim_settle(&s);
	sim_delete(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping");
	sim_succeed(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, CompletionsReached, Complete");
}

TEST("R01: pods that stop for any reason fill their places, also when parallelism is raised again")
{
	auto_sim s = sim_new(4, 9, 6);

	s.o.replace_when_failed = true;
	sim_settle(&s);
	s.o.parallelism = 1;
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 3 stopping");
	s.o.parallelism = 4;
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 3 stopping");
	for (size_t i = 0; i < 4; i++)
		if (sim_pod(&s, i)->deleting)
			sim_fail(&s, i);
	sim_settle(&s);
	CHECK_SIM(&s, "4 active");
}

TEST("R01: a job that fails counts the pods that are stopping already")
{
	auto_sim s = sim_new(2, 2, 0);

	s.o.replace_when_failed = true;
	sim_settle(&s);
	sim_delete(&s, 0);
	sim_settle(&s);
	sim_fail(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping, 2 failed, BackoffLimitExceeded");
	sim_succeed(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "2 failed, BackoffLimitExceeded, Failed");
}

/* ---- suspension ---- */

TEST("U01: a job created suspended has no pods, no start and no deadline")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.suspend = true;
	s.o.deadline = 5;
	sim_settle(&s);
	CHECK_SIM(&s, "");
	CHECK(s.o.suspended);
	CHECK_INT(s.o.start_time, 0);
	sim_later(&s, 100);
	CHECK_SIM(&s, "");
	CHECK_INT(s.plan.suspension, SUSPENSION_KEEP);
}

TEST("U02: when it is resumed it starts, and its deadline runs from then")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.suspend = true;
	s.o.deadline = 5;
	sim_settle(&s);
	s.o.suspend = false;
	sim_later(&s, 100);
	CHECK_SIM(&s, "1 active, wake +5");
	CHECK(!s.o.suspended);
	CHECK_INT(s.o.start_time, T0 + 100);
	sim_succeed(&s, 0);
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, CompletionsReached, Complete");
}

TEST("U03: suspending a running job deletes its pods uncounted and takes its start time away")
{
	auto_sim s = sim_new(2, 4, 6);

	sim_settle(&s);
	sim_run(&s, 0);
	sim_succeed(&s, 1);
	s.o.suspend = true;
	sim_later(&s, 5);
	CHECK_SIM(&s, "1 stopping, 1 done");
	CHECK(s.o.suspended);
	CHECK_INT(s.o.start_time, 0);
	CHECK_INT(s.plan.ready, 0);
	sim_fail(&s, 0);
	sim_later(&s, 5);
	CHECK_SIM(&s, "1 done");
	s.o.suspend = false;
	sim_later(&s, 5);
	CHECK_SIM(&s, "2 active, 1 done");
}

TEST("U04: a suspended job does not use up its deadline")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.deadline = 10;
	sim_settle(&s);
	sim_later(&s, 8);
	s.o.suspend = true;
	sim_settle(&s);
	sim_later(&s, 5);
	CHECK_SIM(&s, "1 stopping");
	sim_fail(&s, 0);
	s.o.suspend = false;
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, wake +10");
	sim_later(&s, 9);
	CHECK_SIM(&s, "1 active, wake +1");
	sim_later(&s, 1);
	CHECK_SIM(&s, "1 stopping, 1 failed, DeadlineExceeded");
}

TEST("U04: so it is where an older release has left the start time in the status")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.deadline = 10;
	s.o.suspended = true;
	s.o.start_time = T0 - 50;
	sim_round(&s);
	CHECK_SIM(&s, "1 active, wake +10");
	CHECK_INT(s.plan.suspension, SUSPENSION_RESUME);
	CHECK_INT(s.o.start_time, T0);
}

TEST("a suspended job whose pods have all succeeded is complete")
{
	auto_sim s = sim_new(1, 1, 6);

	sim_settle(&s);
	sim_succeed(&s, 0);
	s.o.suspend = true;
	sim_settle(&s);
	CHECK_SIM(&s, "1 done, CompletionsReached, Complete");
	CHECK(!s.o.suspended);
}

TEST("a job that has failed is not suspended while its pods stop")
{
	auto_sim s = sim_new(2, 2, 0);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_settle(&s);
	s.o.suspend = true;
	sim_settle(&s);
	CHECK_SIM(&s, "1 stopping, 2 failed, BackoffLimitExceeded");
	sim_fail(&s, 1);
	sim_settle(&s);
	CHECK_SIM(&s, "2 failed, BackoffLimitExceeded, Failed");
	CHECK(!s.o.suspended && s.o.start_time);
}

/* ---- deletion, sizes, clocks ---- */

TEST("D01: a job that is being deleted makes no pods and lets go of those it has")
{
	auto_sim s = sim_new(3, 3, 6);

	sim_settle(&s);
	sim_succeed(&s, 0);
	sim_fail(&s, 1);
	s.o.deleting = true;
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, 1 done, 1 failed");
	CHECK_INT(s.pods[2].fate, FATE_RELEASE);
	sim_later(&s, 100);
	CHECK_INT(s.len, 3);
}

TEST("a round creates and deletes at most 500 pods and comes back at once for the rest")
{
	auto_sim s = sim_new(1200, 5000, 6);

	sim_round(&s);
	CHECK_SIM(&s, "500 active, wake +0");
	sim_settle(&s);
	CHECK_SIM(&s, "1200 active");
	s.o.parallelism = 100;
	sim_round(&s);
	CHECK_SIM(&s, "700 active, 500 stopping, wake +0");
	sim_settle(&s);
	CHECK_SIM(&s, "100 active, 1100 stopping");
	s.o.parallelism = 1200;
	sim_settle(&s);
	s.o.suspend = true;
	sim_settle(&s);
	CHECK_SIM(&s, "2300 stopping");
}

TEST("a job of many pods that fails deletes them 500 at a time and finishes when all have stopped")
{
	auto_sim s = sim_new(1200, 5000, 6);

	sim_settle(&s);
	s.o.deadline = 0;
	sim_round(&s);
	CHECK_SIM(&s, "700 active, 500 stopping, 500 failed, DeadlineExceeded, wake +0");
	sim_settle(&s);
	CHECK_SIM(&s, "1200 stopping, 1200 failed, DeadlineExceeded");
	for (size_t i = 0; i < s.len; i++)
		sim_fail(&s, i);
	sim_settle(&s);
	CHECK_SIM(&s, "1200 failed, DeadlineExceeded, Failed");
}

TEST("the largest numbers there are make no more than 500 pods and overflow nothing")
{
	auto_sim s = sim_new(INT32_MAX, INT32_MAX, INT32_MAX);

	s.o.deadline = INT64_MAX;
	s.o.failed = INT32_MAX;
	s.o.restart_on_failure = true;
	sim_round(&s);
	CHECK_SIM(&s, "500 active, 2147483647 failed, wake +0");
	sim_pod(&s, 0)->restarts = INT64_MAX;
	sim_pod(&s, 1)->restarts = INT64_MIN;
	sim_pod(&s, 2)->finished_at = INT64_MAX;
	sim_pod(&s, 3)->finished_at = INT64_MIN;
	sim_pod(&s, 2)->phase = sim_pod(&s, 3)->phase = POD_FAILED;
	s.o.backoff_limit = INT64_MAX;
	s.o.backoff.failures = INT32_MAX;
	sim_round(&s);
	CHECK_INT(s.plan.active, 498);
	CHECK_INT(s.plan.wake_at, T0 + 600);
}

TEST("a clock that jumps back fires no deadline, and one far off is looked at every day")
{
	auto_sim s = sim_new(1, 1, 6);

	s.o.deadline = 60;
	sim_settle(&s);
	sim_later(&s, -3600);
	CHECK_SIM(&s, "1 active, wake +60");
	sim_later(&s, 3600 + 59);
	CHECK_SIM(&s, "1 active, wake +1");
	s.o.deadline = 10 * 86400;
	sim_settle(&s);
	CHECK_SIM(&s, "1 active, wake +86400");
	sim_later(&s, 5 * 86400);
	CHECK_SIM(&s, "1 active, wake +86400");
	sim_later(&s, 5 * 86400);
	CHECK_SIM(&s, "1 stopping, 1 failed, DeadlineExceeded");
}

TEST("a clock that jumps lengthens no back-off")
{
	auto_sim s = sim_new(1, 1, 60);

	sim_settle(&s);
	sim_fail(&s, 0);
	sim_pod(&s, 0)->finished_at = s.o.now + 86400; /* an engine whose clock is ahead */
	sim_settle(&s);
	CHECK_SIM(&s, "1 failed, wake +10");
	sim_later(&s, 4);
	CHECK_SIM(&s, "1 failed, wake +6");
	sim_later(&s, -86400);
	CHECK_SIM(&s, "1 failed, wake +10");
	sim_later(&s, 10);
	CHECK_SIM(&s, "1 active, 1 failed");
	sim_fail(&s, 1);
	sim_pod(&s, 1)->finished_at = 5; /* or far behind: the failure before it is the later one */
	sim_settle(&s);
	CHECK_SIM(&s, "2 failed, wake +10");
	sim_later(&s, 86400 * 365);
	sim_fail(&s, 2);
	sim_settle(&s);
	CHECK_SIM(&s, "3 failed, wake +40");
}

TEST("every end has its texts and is found again by them")
{
	for (int end = JOB_END_COMPLETE; end <= JOB_END_FAILED_INDEXES; end++) {
		const struct job_end_info *info = job_end_info((enum job_end)end);

		CHECK_INT(job_end_from(info->interim, info->reason), end);
		CHECK_STR(info->final,
		    strcmp(info->interim, "FailureTarget") == 0 ? "Failed" : "Complete");
	}
	CHECK_INT(job_end_from("Suspended", "JobSuspended"), JOB_END_NONE);
	CHECK_INT(job_end_from("FailureTarget", NULL), JOB_END_NONE);
	CHECK_INT(job_end_from("SuccessCriteriaMet", "BackoffLimitExceeded"), JOB_END_NONE);
}

TEST("the delay doubles from 10 s to 600 s")
{
	CHECK_INT(job_backoff_delay(-1), 0);
	CHECK_INT(job_backoff_delay(0), 0);
	CHECK_INT(job_backoff_delay(1), 10);
	CHECK_INT(job_backoff_delay(6), 320);
	CHECK_INT(job_backoff_delay(7), 600);
	CHECK_INT(job_backoff_delay(INT64_MAX), 600);
}

int main(void)
{
	return test_main();
}
