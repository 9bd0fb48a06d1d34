#include "../../controller/loops/pod_decide.h"
#include "../../runtime/base/mem.h"

#include "test.h"

#define NOW 5000000

/* One container of its own. */
static struct pod_obs pod(struct container_obs *c)
{
	c->role = ROLE_APP;
	c->begun = c->stage != STAGE_WAITING;
	c->grace_ms = 30000;
	return (struct pod_obs){
	    .now_ms = NOW,
	    .phase = POD_PENDING,
	    .restart = RESTART_NEVER,
	    .scheduled = true,
	    .may_start = true,
	    .containers = c,
	    .container_count = 1,
	};
}

TEST("a pod is scheduled first, then created, attached and started")
{
	struct container_obs c = {0};
	struct pod_obs o = pod(&c);

	o.scheduled = false;
	CHECK_INT(pod_decide(&o).kind, POD_SCHEDULE);
	o.scheduled = true;
	CHECK_INT(pod_decide(&o).kind, POD_CREATE);
	c.stage = STAGE_CREATED;
	c.begun = true;
	CHECK_INT(pod_decide(&o).kind, POD_ATTACH);
	c.stage = STAGE_ATTACHED;
	CHECK_INT(pod_decide(&o).kind, POD_START);
	o.may_start = false;
	CHECK_INT(pod_decide(&o).kind, POD_WAIT);
}

TEST("nothing is asked of the engine while a call is under way or it does not answer")
{
	struct container_obs c = {.busy = true};
	struct pod_obs o = pod(&c);

	CHECK_INT(pod_decide(&o).kind, POD_WAIT);
	c.busy = false;
	o.held = true;
	CHECK_INT(pod_decide(&o).kind, POD_WAIT);
}

TEST("N27: an image is pulled by policy: always, when the engine lacks it, never")
{
	struct container_obs c = {.pull = PULL_ALWAYS};
	struct pod_obs o = pod(&c);

	CHECK_INT(pod_decide(&o).kind, POD_PULL);
	c.image_pulled = true;
	CHECK_INT(pod_decide(&o).kind, POD_CREATE);
	c = (struct container_obs){.role = ROLE_APP, .pull = PULL_IF_NOT_PRESENT};
	CHECK_INT(pod_decide(&o).kind, POD_CREATE);
	c.image_missing = true;
	CHECK_INT(pod_decide(&o).kind, POD_PULL);
	c.pull = PULL_NEVER;
	CHECK_INT(pod_decide(&o).kind, POD_NEVER_PULL);
}

TEST("a delayed attempt waits until its time and says when that is")
{
	struct container_obs c = {.not_before_ms = NOW + 10000};
	struct pod_obs o = pod(&c);
	struct pod_action a = pod_decide(&o);

	CHECK_INT(a.kind, POD_WAIT);
	CHECK_INT(a.wake_at_ms, NOW + 10000);
	o.now_ms += 10000;
	CHECK_INT(pod_decide(&o).kind, POD_CREATE);
}

TEST("the restart policy decides what follows an exit")
{
	static const struct {
		enum restart_policy policy;
		int exit_code;
		enum pod_action_kind want;
		enum pod_phase phase;
	} cases[] = {
	    {RESTART_NEVER, 0, POD_FINISH, POD_SUCCEEDED},
	    {RESTART_NEVER, 3, POD_FINISH, POD_FAILED},
	    {RESTART_ON_FAILURE, 0, POD_FINISH, POD_SUCCEEDED},
	    {RESTART_ON_FAILURE, 1, POD_RESTART, 0},
	    {RESTART_ALWAYS, 0, POD_RESTART, 0},
	    {RESTART_ALWAYS, 1, POD_RESTART, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct container_obs c = {.stage = STAGE_EXITED,
		    .exit_code = cases[i].exit_code,
		    .after = restart_wanted(cases[i].policy, cases[i].exit_code) ? EXIT_RESTART
										 : EXIT_STAY};
		struct pod_obs o = pod(&c);
		struct pod_action a;

		o.restart = cases[i].policy;
		a = pod_decide(&o);
		CHECK_INT(a.kind, cases[i].want);
		if (cases[i].want == POD_FINISH)
			CHECK_INT(a.phase, cases[i].phase);
	}
}

TEST("a deleted pod gets SIGTERM, then SIGKILL when its grace is over, then goes")
{
	struct container_obs c = {.stage = STAGE_RUNNING};
	struct pod_obs o = pod(&c);
	struct pod_action a;

	o.stopping = true;
	o.phase = POD_RUNNING;
	o.stop_by_ms = NOW + 30000;
	CHECK_INT(pod_decide(&o).kind, POD_TERM);
	c.term_sent_ms = NOW;
	a = pod_decide(&o);
	CHECK_INT(a.kind, POD_WAIT);
	CHECK_INT(a.wake_at_ms, NOW + 30000);
	o.now_ms += 30000;
	CHECK_INT(pod_decide(&o).kind, POD_KILL);
	c.stage = STAGE_EXITED;
	c.exit_code = 137;
	a = pod_decide(&o);
	CHECK_INT(a.kind, POD_FINISH);
	CHECK_INT(a.phase, POD_FAILED);
	o.phase = POD_FAILED;
	CHECK_INT(pod_decide(&o).kind, POD_REMOVE);
	o.released = true;
	CHECK_INT(pod_decide(&o).kind, POD_WAIT);
}

TEST("a deleted pod waits for a create that is under way before it goes")
{
	struct container_obs c = {.busy = true};
	struct pod_obs o = pod(&c);

	o.stopping = true;
	CHECK_INT(pod_decide(&o).kind, POD_WAIT);
	c.busy = false;
	c.stage = STAGE_CREATED;
	CHECK_INT(pod_decide(&o).kind, POD_FINISH);
}

TEST("a deleted pod that had ended well is Succeeded, except under policy Always")
{
	struct container_obs c = {.stage = STAGE_EXITED};
	struct pod_obs o = pod(&c);

	o.stopping = true;
	CHECK_INT(pod_decide(&o).phase, POD_SUCCEEDED);
	o.restart = RESTART_ALWAYS;
	CHECK_INT(pod_decide(&o).phase, POD_FAILED);
}

TEST("N02: restarts come at once, then after 10, 20, 40, 80, 160, 300, 300 s")
{
	static const int64_t want[] = {0, 10, 20, 40, 80, 160, 300, 300};
	struct restart_backoff b = {0};
	int64_t ended = NOW;

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		int64_t at = restart_backoff_next(&b, ended);

		CHECK_INT(at - ended, want[i] * 1000);
		ended = at + 1000;
	}
}

TEST("a run of more than ten minutes forgets the back-off")
{
	struct restart_backoff b = {0};

	restart_backoff_next(&b, NOW);
	restart_backoff_next(&b, NOW);
	CHECK_INT(restart_backoff_next(&b, NOW + 700000) - (NOW + 700000), 0);
}

int main(void)
{
	return test_main();
}
