#include "../../controller/loops/job_decide.h"
#include "../../runtime/base/mem.h"

#include "test.h"

#define T0 1000000

/* A job with pods and a clock: rounds are run and their plans applied, as the applier does. */
struct sim {
	struct job_obs o;
	struct job_pod pods[64];
	struct job_plan plan;
	enum job_pod_fate fates[64];
	int64_t created;
};

static struct sim new_sim(int64_t parallelism, int64_t completions, int64_t backoff_limit)
{
	struct sim s = {0};

	s.o.now = T0;
	s.o.parallelism = parallelism;
	s.o.completions = completions;
	s.o.backoff_limit = backoff_limit;
	s.o.deadline = -1;
	return s;
}

static void drop_pod(struct sim *s, size_t i)
{
	memmove(&s->pods[i], &s->pods[i + 1], (s->o.pod_count - i - 1) * sizeof(s->pods[0]));
	s->o.pod_count--;
}

static void apply_fates(struct sim *s)
{
	for (size_t i = 0; i < s->o.pod_count; i++) {
		enum job_pod_fate f = s->fates[i];

		if (f != FATE_KEEP && f != FATE_DELETE)
			s->pods[i].tracked = false;
		if (f == FATE_DELETE || f == FATE_DELETE_UNCOUNTED || f == FATE_DELETE_FAILED)
			s->pods[i].deleting = true;
	}
}

static void round_once(struct sim *s)
{
	s->o.pods = s->pods;
	job_decide(&s->o, &s->plan, s->fates);
	apply_fates(s);
	for (int64_t i = 0; i < s->plan.create; i++)
		s->pods[s->o.pod_count++] =
		    (struct job_pod){.tracked = true, .created_at = s->o.now, .scheduled = true};
	s->created += s->plan.create;
	s->o.succeeded = s->plan.succeeded;
	s->o.failed = s->plan.failed;
	s->o.backoff = s->plan.backoff;
	if (s->plan.start)
		s->o.start_time = s->o.now;
	if (s->plan.decide)
		s->o.decided = s->plan.decide;
	s->o.finished = s->o.finished || s->plan.finish;
	free(s->plan.new_pods); /* create stays, for the checks */
	s->plan.new_pods = NULL;
}

static void end_pod(struct sim *s, size_t i, enum pod_phase phase)
{
	s->pods[i].phase = phase;
	s->pods[i].finished_at = s->o.now;
}

TEST("J01: one pod that succeeds completes the job")
{
	struct sim s = new_sim(1, 1, 6);

	round_once(&s);
	CHECK(s.plan.start);
	CHECK_INT(s.plan.create, 1);
	CHECK_INT(s.plan.active, 1);
	end_pod(&s, 0, POD_SUCCEEDED);
	round_once(&s);
	CHECK_INT(s.fates[0], FATE_COUNT_SUCCEEDED);
	CHECK_INT(s.plan.decide, JOB_END_COMPLETE);
	CHECK(s.plan.finish);
	CHECK_INT(s.plan.succeeded, 1);
	CHECK_INT(s.plan.failed, 0);
}

TEST("J03: four completions two at a time never have more than two active")
{
	struct sim s = new_sim(2, 4, 6);
	int rounds = 0;

	while (!s.o.finished && rounds++ < 20) {
		round_once(&s);
		CHECK(s.plan.active <= 2);
		for (size_t i = 0; i < s.o.pod_count; i++)
			if (s.pods[i].tracked && !pod_phase_terminal(s.pods[i].phase)) {
				end_pod(&s, i, POD_SUCCEEDED);
				break;
			}
	}
	CHECK_INT(s.created, 4);
	CHECK_INT(s.o.succeeded, 4);
}

TEST("J04: parallelism above completions makes only as many pods as are wanted")
{
	struct sim s = new_sim(5, 3, 6);

	round_once(&s);
	CHECK_INT(s.plan.create, 3);
	for (size_t i = 0; i < 3; i++)
		end_pod(&s, i, POD_SUCCEEDED);
	round_once(&s);
	CHECK(s.o.finished);
	CHECK_INT(s.created, 3);
}

TEST("J05, J06: a work queue takes no new pods after the first success and waits for the others")
{
	struct sim s = new_sim(2, -1, 6);

	round_once(&s);
	CHECK_INT(s.plan.create, 2);
	end_pod(&s, 0, POD_SUCCEEDED);
	round_once(&s);
	CHECK_INT(s.plan.create, 0);
	CHECK_INT(s.plan.active, 1);
	CHECK(!s.o.finished);
	end_pod(&s, 1, POD_SUCCEEDED);
	round_once(&s);
	CHECK(s.o.finished);
	CHECK_INT(s.o.succeeded, 2);
}

TEST("J07: zero completions are complete at once without a pod")
{
	struct sim s = new_sim(1, 0, 6);

	round_once(&s);
	CHECK_INT(s.created, 0);
	CHECK(s.plan.finish);
	CHECK_INT(s.plan.decide, JOB_END_COMPLETE);
}

TEST("J08: parallelism 0 makes no pods and does not finish")
{
	struct sim s = new_sim(0, 1, 6);

	round_once(&s);
	CHECK_INT(s.created, 0);
	CHECK(!s.plan.finish);
	s.o.parallelism = 1;
	round_once(&s);
	CHECK_INT(s.created, 1);
}

TEST("J09: lowering parallelism deletes the surplus uncounted, pending pods first")
{
	struct sim s = new_sim(4, 8, 6);

	round_once(&s);
	s.pods[0].phase = s.pods[1].phase = s.pods[3].phase = POD_RUNNING;
	s.pods[0].ready = s.pods[3].ready = true;
	s.o.parallelism = 2;
	round_once(&s);
	CHECK_INT(s.fates[0], FATE_KEEP);
	CHECK_INT(s.fates[1], FATE_DELETE_UNCOUNTED);
	CHECK_INT(s.fates[2], FATE_DELETE_UNCOUNTED);
	CHECK_INT(s.fates[3], FATE_KEEP);
	CHECK_INT(s.plan.active, 2);
	CHECK_INT(s.plan.terminating, 2);
	round_once(&s);
	CHECK_INT(s.o.failed, 0);
	CHECK_INT(s.plan.create, 0);
}

TEST("J15: a deleted running pod counts as failed at once and is replaced ten seconds later")
{
	struct sim s = new_sim(1, 1, 6);

	round_once(&s);
	s.pods[0].phase = POD_RUNNING;
	s.pods[0].deleting = true;
	s.pods[0].finished_at = s.o.now;
	round_once(&s);
	CHECK_INT(s.o.failed, 1);
	CHECK_INT(s.plan.create, 0);
	CHECK_INT(s.plan.wake_at, T0 + 10);
	s.o.now += 10;
	round_once(&s);
	CHECK_INT(s.plan.create, 1);
	CHECK_INT(s.plan.terminating, 1);
}

TEST("F01: backoffLimit 0 ends the job at the first failure")
{
	struct sim s = new_sim(1, 1, 0);

	round_once(&s);
	end_pod(&s, 0, POD_FAILED);
	round_once(&s);
	CHECK_INT(s.plan.decide, JOB_END_BACKOFF_LIMIT);
	CHECK(s.plan.finish);
	CHECK_INT(s.o.failed, 1);
	CHECK_STR(job_end_info(s.plan.decide)->reason, "BackoffLimitExceeded");
}

TEST("F03, F04: the delays between failing pods are 10, 20, 40, 80, 160, 320 s and seven pods run")
{
	static const int64_t delays[] = {10, 20, 40, 80, 160, 320};
	struct sim s = new_sim(1, 1, 6);

	round_once(&s);
	for (size_t i = 0; i < 6; i++) {
		end_pod(&s, i, POD_FAILED);
		round_once(&s);
		CHECK_INT(s.plan.wake_at - s.o.now, delays[i]);
		s.o.now += delays[i] - 1;
		round_once(&s);
		CHECK_INT(s.plan.create, 0);
		s.o.now++;
		round_once(&s);
		CHECK_INT(s.plan.create, 1);
	}
	end_pod(&s, 6, POD_FAILED);
	round_once(&s);
	CHECK(s.o.finished);
	CHECK_INT(s.o.failed, 7);
	CHECK_INT(s.created, 7);
}

TEST("F05: two pods that fail together delay the next by 20 s")
{
	struct sim s = new_sim(2, 2, 4);

	round_once(&s);
	end_pod(&s, 0, POD_FAILED);
	end_pod(&s, 1, POD_FAILED);
	round_once(&s);
	CHECK_INT(s.plan.wake_at, T0 + 20);
}

TEST("F06: a success between two failures sets the delay back to 10 s")
{
	struct sim s = new_sim(1, 3, 6);

	round_once(&s);
	end_pod(&s, 0, POD_FAILED);
	round_once(&s);
	s.o.now += 10;
	round_once(&s);
	s.o.now += 5;
	end_pod(&s, 1, POD_SUCCEEDED);
	round_once(&s);
	CHECK_INT(s.plan.create, 1);
	s.o.now += 5;
	end_pod(&s, 2, POD_FAILED);
	round_once(&s);
	CHECK_INT(s.plan.wake_at - s.o.now, 10);
}

TEST("F07, F08: in-place restarts end an OnFailure job at its limit and its pod counts as failed")
{
	struct sim s = new_sim(1, 1, 2);

	s.o.restart_on_failure = true;
	round_once(&s);
	s.pods[0].phase = POD_RUNNING;
	s.pods[0].restarts = 1;
	round_once(&s);
	CHECK_INT(s.plan.decide, JOB_END_NONE);
	s.pods[0].restarts = 2;
	round_once(&s);
	CHECK_INT(s.plan.decide, JOB_END_BACKOFF_LIMIT);
	CHECK_INT(s.fates[0], FATE_DELETE_FAILED);
	CHECK(!s.plan.finish);
	drop_pod(&s, 0);
	round_once(&s);
	CHECK(s.o.finished);
	CHECK_INT(s.o.failed, 1);

	s = new_sim(1, 1, 0);
	s.o.restart_on_failure = true;
	round_once(&s);
	s.pods[0].phase = POD_RUNNING;
	round_once(&s);
	CHECK_INT(s.plan.decide, JOB_END_NONE);
	s.pods[0].restarts = 1;
	round_once(&s);
	CHECK_INT(s.plan.decide, JOB_END_BACKOFF_LIMIT);
}

TEST("F10, F11, F13: the deadline deletes and counts every active pod and fails the job when they "
     "have stopped")
{
	struct sim s = new_sim(2, 2, 6);

	s.o.deadline = 5;
	round_once(&s);
	CHECK_INT(s.plan.wake_at, T0 + 5);
	s.pods[0].phase = s.pods[1].phase = POD_RUNNING;
	s.o.now += 5;
	round_once(&s);
	CHECK_INT(s.plan.decide, JOB_END_DEADLINE);
	CHECK_INT(s.plan.failed, 2);
	CHECK_INT(s.plan.terminating, 2);
	CHECK_INT(s.plan.active, 0);
	CHECK(!s.plan.finish);
	drop_pod(&s, 0);
	round_once(&s);
	CHECK_INT(s.plan.terminating, 1);
	CHECK(!s.plan.finish);
	drop_pod(&s, 0);
	round_once(&s);
	CHECK(s.plan.finish);
	CHECK_INT(s.o.failed, 2);
}

TEST("F12: deadline 0 fails the job in its first round without a pod")
{
	struct sim s = new_sim(1, 1, 6);

	s.o.deadline = 0;
	round_once(&s);
	CHECK_INT(s.created, 0);
	CHECK_INT(s.plan.decide, JOB_END_DEADLINE);
	CHECK(s.plan.finish);
}

TEST("F18: when one of two pods fails at backoffLimit 0 the other is deleted and counted")
{
	struct sim s = new_sim(2, 2, 0);

	round_once(&s);
	s.pods[1].phase = POD_RUNNING;
	end_pod(&s, 0, POD_FAILED);
	round_once(&s);
	CHECK_INT(s.fates[1], FATE_DELETE_FAILED);
	CHECK_INT(s.o.failed, 2);
}

TEST("F19: a pod that succeeds while a failing job stops it does not complete the job")
{
	struct sim s = new_sim(1, 1, 6);

	s.o.deadline = 1;
	round_once(&s);
	s.pods[0].phase = POD_RUNNING;
	s.o.now += 1;
	round_once(&s);
	end_pod(&s, 0, POD_SUCCEEDED);
	round_once(&s);
	CHECK(s.plan.finish);
	CHECK_INT(s.plan.decide, JOB_END_NONE);
	CHECK_INT(s.o.decided, JOB_END_DEADLINE);
}

TEST("F20: a restarted controller keeps the counts and begins its back-off anew")
{
	struct sim s = new_sim(1, 1, 6);

	round_once(&s);
	end_pod(&s, 0, POD_FAILED);
	round_once(&s);
	memset(&s.o.backoff, 0, sizeof(s.o.backoff));
	round_once(&s);
	CHECK_INT(s.o.failed, 1);
	CHECK_INT(s.plan.create, 1);
}

TEST("a finished job is never changed again and lets go of late pods")
{
	struct sim s = new_sim(1, 1, 6);

	round_once(&s);
	end_pod(&s, 0, POD_SUCCEEDED);
	round_once(&s);
	s.pods[s.o.pod_count++] = (struct job_pod){.phase = POD_FAILED, .tracked = true};
	round_once(&s);
	CHECK_INT(s.fates[1], FATE_RELEASE);
	CHECK_INT(s.plan.succeeded, 1);
	CHECK_INT(s.plan.failed, 0);
	CHECK_INT(s.plan.decide, JOB_END_NONE);
}

/* A small generator of our own: the histories are the same on every machine. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

TEST("random histories: never above parallelism, counts never fall, each pod counts once, ends are "
     "final")
{
	for (uint32_t seed = 1; seed <= 400; seed++) {
		uint32_t rnd = seed;
		struct sim s = new_sim(
		    1 + next_random(&rnd) % 4, 1 + next_random(&rnd) % 6, next_random(&rnd) % 5);

		for (int step = 0; step < 300 && s.created < 50; step++) {
			int64_t succeeded = s.o.succeeded, failed = s.o.failed;
			bool finished = s.o.finished;
			enum job_end decided = s.o.decided;

			round_once(&s);
			CHECK(s.plan.active <= s.o.parallelism);
			CHECK(s.o.succeeded >= succeeded && s.o.failed >= failed);
			CHECK(s.o.succeeded + s.o.failed <= s.created);
			CHECK(!finished || s.o.finished);
			CHECK(decided == JOB_END_NONE || s.o.decided == decided);
			s.o.now += next_random(&rnd) % 30;
			if (s.o.pod_count > 0) {
				size_t i = next_random(&rnd) % s.o.pod_count;

				if (s.pods[i].deleting && !s.pods[i].tracked)
					drop_pod(&s, i);
				else if (next_random(&rnd) % 8 == 0)
					s.pods[i].deleting = true;
				else if (!pod_phase_terminal(s.pods[i].phase))
					end_pod(&s, i,
					    next_random(&rnd) % 2 ? POD_SUCCEEDED : POD_FAILED);
			}
			if (next_random(&rnd) % 16 == 0)
				memset(&s.o.backoff, 0,
				    sizeof(s.o.backoff)); /* the controller was restarted */
		}
	}
}

TEST("the delay doubles from 10 s to 600 s")
{
	CHECK_INT(job_backoff_delay(0), 0);
	CHECK_INT(job_backoff_delay(1), 10);
	CHECK_INT(job_backoff_delay(6), 320);
	CHECK_INT(job_backoff_delay(7), 600);
	CHECK_INT(job_backoff_delay(1000000), 600);
}

int main(void)
{
	return test_main();
}
