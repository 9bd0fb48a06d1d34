/* pod_roles: pods of several containers, taken through their lives by the decider. A small world
 * carries its actions out at once and writes down what it was told: "start a", "term b". */
#include "../../controller/loops/pod_decide.h"
#include "../../runtime/base/buf.h"
#include "../../runtime/base/mem.h"

#include "test.h"

#define NOW 5000000
#define MANY 8

struct world {
	struct container_obs c[MANY], sandbox;
	enum restart_policy policy[MANY];
	struct pod_obs o;
	bool slow_startup[MANY]; /* it is not `started` by itself */
	struct buf story;
	struct pod_action last;
};

static const struct container_obs plain = {.grace_ms = 30000};

/* ROLES: one letter a container in their order: i init, s sidecar, c the pod's own. */
static void world_init(struct world *w, const char *roles, enum restart_policy policy)
{
	*w = (struct world){.o = {.now_ms = NOW,
				.phase = POD_PENDING,
				.restart = policy,
				.scheduled = true,
				.may_start = true}};
	w->o.containers = w->c;
	w->o.container_count = strlen(roles);
	buf_init(&w->story, 1 * MIB);
	for (size_t i = 0; roles[i]; i++) {
		w->c[i] = plain;
		w->c[i].role = roles[i] == 'i'   ? ROLE_INIT
			       : roles[i] == 's' ? ROLE_SIDECAR
						 : ROLE_APP;
		w->policy[i] = roles[i] == 's'                               ? RESTART_ALWAYS
			       : roles[i] == 'i' && policy == RESTART_ALWAYS ? RESTART_ON_FAILURE
									     : policy;
	}
}

static void tell(struct world *w, const char *what, size_t i)
{
	buf_addf(&w->story, "%s%s %c", w->story.len ? ", " : "", what, (char)('a' + i));
}

static void tell_plain(struct world *w, const char *what)
{
	buf_addf(&w->story, "%s%s", w->story.len ? ", " : "", what);
}

static void started(struct world *w, size_t i)
{
	w->c[i].stage = STAGE_RUNNING;
	w->c[i].started = !w->slow_startup[i] && w->c[i].post_start != HOOK_DUE;
	tell(w, "start", i);
}

static void restarted(struct container_obs *c)
{
	c->stage = STAGE_WAITING;
	c->attempt++;
	c->started = c->unhealthy = c->outdated = false;
	c->term_sent_ms = c->kill_sent_ms = c->stop_by_ms = 0;
}

static void new_round(struct world *w, bool all)
{
	tell_plain(w, all ? "all again" : "new round");
	for (size_t i = 0; i < w->o.container_count; i++) {
		struct container_obs *c = &w->c[i];

		c->begun = !all && c->role == ROLE_APP && c->stage == STAGE_EXITED &&
			   c->after == EXIT_STAY;
	}
	if (w->sandbox.stage == STAGE_EXITED)
		w->sandbox.stage = STAGE_WAITING;
}

/* Carries out one action; false when there was nothing to do. */
static bool step(struct world *w)
{
	struct pod_action a = w->last = pod_decide(&w->o);
	struct container_obs *c = &w->c[a.container];

	switch (a.kind) {
	case POD_WAIT:
		return false;
	case POD_CREATE:
		c->stage = STAGE_CREATED;
		c->begun = true;
		break;
	case POD_ATTACH:
		c->stage = STAGE_ATTACHED;
		break;
	case POD_START:
		started(w, a.container);
		break;
	case POD_RESTART:
		restarted(c);
		break;
	case POD_POST_START:
		c->post_start = HOOK_RUNNING;
		tell(w, "hook", a.container);
		break;
	case POD_PRE_STOP:
		c->pre_stop = HOOK_RUNNING;
		tell(w, "prestop", a.container);
		break;
	case POD_TERM:
		c->term_sent_ms = w->o.now_ms;
		tell(w, "term", a.container);
		break;
	case POD_KILL:
		c->kill_sent_ms = w->o.now_ms;
		tell(w, "kill", a.container);
		break;
	case POD_ROUND:
		new_round(w, a.all);
		break;
	case POD_SANDBOX_CREATE:
		w->sandbox.stage = STAGE_CREATED;
		break;
	case POD_SANDBOX_START:
		w->sandbox.stage = STAGE_RUNNING;
		tell_plain(w, "sandbox");
		break;
	case POD_NETWORK: /* as if one were idle */
		w->o.network_due = false;
		w->o.sandbox = &w->sandbox;
		w->sandbox.stage = STAGE_RUNNING;
		tell_plain(w, "took a sandbox");
		break;
	case POD_SANDBOX_GIVE:
		w->o.sandbox = NULL;
		tell_plain(w, "gave the sandbox");
		break;
	case POD_SANDBOX_STOP:
		w->sandbox.stage = STAGE_EXITED;
		tell_plain(w, "no sandbox");
		break;
	case POD_END:
		w->o.ending = a.end;
		w->o.stop_by_ms = w->o.now_ms + 30000;
		break;
	case POD_FINISH:
		w->o.phase = a.phase;
		tell_plain(w, a.phase == POD_SUCCEEDED ? "Succeeded" : "Failed");
		break;
	case POD_REMOVE:
		w->o.released = true;
		tell_plain(w, "gone");
		break;
	case POD_SCHEDULE:
	case POD_VOLUMES:
	case POD_PULL:
	case POD_NEVER_PULL:
		CHECK(false);
		return false;
	}
	return true;
}

static void run(struct world *w)
{
	for (int i = 0; i < 200 && step(w); i++)
		;
	CHECK_INT(w->last.kind, POD_WAIT);
}

static void ends(struct world *w, size_t i, int exit_code)
{
	struct container_obs *c = &w->c[i];

	c->stage = STAGE_EXITED;
	c->exit_code = exit_code;
	c->started = false;
	c->after = restart_wanted(w->policy[i], exit_code) ? EXIT_RESTART : EXIT_STAY;
	if (c->outdated || (c->unhealthy && w->policy[i] != RESTART_NEVER))
		c->after = EXIT_RESTART;
	run(w);
}

/* The story since the last look. */
static void check_story(struct world *w, const char *wanted)
{
	CHECK_STR(buf_str(&w->story), wanted);
	buf_clear(&w->story);
}

#define WORLD(w, roles, policy)        \
	struct world w;                \
	world_init(&w, roles, policy); \
	run(&w)

TEST("N04: init containers run one after the other, then the pod's own at once")
{
	WORLD(w, "iicc", RESTART_NEVER);

	check_story(&w, "start a");
	CHECK_INT(pod_phase_now(&w.o), POD_PENDING);
	ends(&w, 0, 0);
	check_story(&w, "start b");
	ends(&w, 1, 0);
	check_story(&w, "start c, start d");
	CHECK_INT(pod_phase_now(&w.o), POD_RUNNING);
	ends(&w, 2, 0);
	CHECK_INT(pod_phase_now(&w.o), POD_RUNNING);
	ends(&w, 3, 0);
	check_story(&w, "Succeeded");
	buf_release(&w.story);
}

TEST("N05: a failed init container fails a pod that is not restarted")
{
	WORLD(w, "ic", RESTART_NEVER);

	ends(&w, 0, 1);
	check_story(&w, "start a, Failed");
	CHECK(!pod_initialized(&w.o));
	CHECK_INT(w.c[1].stage, STAGE_WAITING);
	buf_release(&w.story);
}

TEST("N06: otherwise it is tried again, and the pod stays Pending")
{
	WORLD(w, "ic", RESTART_ALWAYS);

	for (int i = 0; i < 3; i++) {
		ends(&w, 0, 1);
		CHECK_INT(pod_phase_now(&w.o), POD_PENDING);
	}
	check_story(&w, "start a, start a, start a, start a");
	ends(&w, 0, 0); /* success is not repeated under Always */
	check_story(&w, "start b");
	buf_release(&w.story);
}

TEST("N07: what follows a sidecar begins when it has started")
{
	struct world w;

	world_init(&w, "sic", RESTART_NEVER);
	w.slow_startup[0] = true;
	run(&w);
	check_story(&w, "start a");
	w.c[0].started = true;
	run(&w);
	check_story(&w, "start b");
	ends(&w, 1, 0);
	check_story(&w, "start c");
	buf_release(&w.story);
}

TEST("N08: a sidecar does not hold the pod open, and stops after the pod's own containers")
{
	WORLD(w, "sc", RESTART_NEVER);

	check_story(&w, "start a, start b");
	ends(&w, 1, 0);
	check_story(&w, "term a");
	CHECK_INT(w.o.phase, POD_PENDING); /* not ended before it has */
	ends(&w, 0, 143);
	check_story(&w, "Succeeded");
	buf_release(&w.story);
}

TEST("N09: on deletion the pod's own stop first, then sidecars in reverse order")
{
	WORLD(w, "sscc", RESTART_ALWAYS);

	check_story(&w, "start a, start b, start c, start d");
	w.o.stopping = true;
	w.o.stop_by_ms = NOW + 30000;
	run(&w);
	check_story(&w, "term c, term d");
	ends(&w, 3, 0);
	check_story(&w, "");
	ends(&w, 2, 0);
	check_story(&w, "term b");
	ends(&w, 1, 0);
	check_story(&w, "term a");
	ends(&w, 0, 0);
	check_story(&w, "Failed, gone"); /* Always never succeeds */
	buf_release(&w.story);
}

TEST("grace is one budget: who still waits for its turn at its end is stopped at once")
{
	WORLD(w, "ssc", RESTART_NEVER);

	w.o.stopping = true;
	w.o.stop_by_ms = NOW + 5000;
	run(&w);
	CHECK_INT(w.last.wake_at_ms, NOW + 5000);
	w.o.now_ms += 5000;
	run(&w);
	check_story(&w, "start a, start b, start c, term c, term a, term b, kill c");
	CHECK_INT(w.last.wake_at_ms, NOW + 5000 + 2000); /* two seconds in any case */
	w.o.now_ms += 2000;
	run(&w);
	check_story(&w, "kill a, kill b");
	buf_release(&w.story);
}

TEST("N10: a sidecar is started again at any exit code, whatever the policy")
{
	WORLD(w, "sc", RESTART_NEVER);

	ends(&w, 0, 1);
	ends(&w, 0, 0);
	check_story(&w, "start a, start b, start a, start a");
	CHECK_INT(pod_phase_now(&w.o), POD_RUNNING);
	w.c[0].not_before_ms = NOW + 10000; /* in back-off at the end: it does not run */
	ends(&w, 0, 1);
	ends(&w, 1, 0);
	check_story(&w, "Succeeded");
	buf_release(&w.story);
}

TEST("a sidecar that crashes while later init containers run holds none of them back")
{
	WORLD(w, "siic", RESTART_NEVER);

	w.c[0].not_before_ms = NOW + 10000;
	ends(&w, 0, 1);
	ends(&w, 1, 0);
	check_story(&w, "start a, start b, start c");
	buf_release(&w.story);
}

TEST("N12: an unhealthy container is stopped with its own grace and started again")
{
	WORLD(w, "c", RESTART_ON_FAILURE);

	w.c[0].unhealthy = true;
	w.c[0].grace_ms = 5000;
	run(&w);
	w.c[0].stop_by_ms = NOW + 5000;
	check_story(&w, "start a, term a");
	run(&w);
	CHECK_INT(w.last.wake_at_ms, NOW + 5000);
	w.o.now_ms += 5000;
	run(&w);
	check_story(&w, "kill a");
	ends(&w, 0, 0); /* also when it ends well */
	check_story(&w, "start a");
	buf_release(&w.story);
}

TEST("N13: under Never an unhealthy container ends the pod, a sidecar does not")
{
	WORLD(w, "sc", RESTART_NEVER);

	w.c[0].unhealthy = true;
	run(&w);
	ends(&w, 0, 137);
	check_story(&w, "start a, start b, term a, start a");
	w.c[1].unhealthy = true;
	run(&w);
	ends(&w, 1, 137);
	check_story(&w, "term b, term a");
	ends(&w, 0, 143);
	check_story(&w, "Failed");
	buf_release(&w.story);
}

TEST("a container whose image is no longer the spec's is replaced, whatever the policy")
{
	WORLD(w, "cc", RESTART_NEVER);

	w.c[0].outdated = true;
	run(&w);
	check_story(&w, "start a, start b, term a");
	ends(&w, 0, 143);
	check_story(&w, "start a");
	w.o.may_start = false;
	w.c[1].outdated = true;
	w.c[1].stage = STAGE_CREATED; /* it was made and has not started */
	run(&w);
	CHECK_INT(w.c[1].attempt, 1);
	buf_release(&w.story);
}

TEST("N24: postStart holds back the next container; its failure stops its own")
{
	struct world w;

	world_init(&w, "cc", RESTART_NEVER);
	w.c[0].post_start = HOOK_DUE;
	run(&w);
	check_story(&w, "start a, hook a");
	CHECK_INT(pod_phase_now(&w.o), POD_PENDING);
	w.c[0].post_start = HOOK_DONE;
	run(&w);
	check_story(&w, "start b");
	w.c[0].post_start = HOOK_FAILED;
	run(&w);
	check_story(&w, "term a");
	buf_release(&w.story);
}

TEST("N24: preStop runs within the grace, SIGTERM follows it or the end of the grace")
{
	static const struct {
		int64_t grace_ms, hook_ms, term_ms, kill_ms;
		const char *story;
	} cases[] = {
	    {10000, 3000, 3000, 10000, "prestop a, term a, kill a"},
	    {1000, 10000, 1000, 3000, "prestop a, term a, kill a"},
	    {0, 10000, 0, 2000, "term a, kill a"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		WORLD(w, "c", RESTART_NEVER);

		buf_clear(&w.story);
		w.c[0].pre_stop = HOOK_DUE;
		w.o.stopping = true;
		w.o.stop_by_ms = NOW + cases[i].grace_ms;
		run(&w);
		while (!w.c[0].kill_sent_ms && w.o.now_ms < NOW + 20000) {
			w.o.now_ms += 500;
			if (w.o.now_ms >= NOW + cases[i].hook_ms && w.c[0].pre_stop == HOOK_RUNNING)
				w.c[0].pre_stop = HOOK_DONE;
			run(&w);
		}
		CHECK_INT(w.c[0].term_sent_ms - NOW, cases[i].term_ms);
		CHECK_INT(w.c[0].kill_sent_ms - NOW, cases[i].kill_ms);
		check_story(&w, cases[i].story);
		buf_release(&w.story);
	}
}

TEST("F15: past its deadline a pod is stopped and has failed, whatever its policy")
{
	struct world w;

	world_init(&w, "sc", RESTART_ALWAYS);
	w.o.deadline_ms = NOW + 2000;
	run(&w);
	CHECK_INT(w.last.wake_at_ms, NOW + 2000);
	w.o.now_ms += 2000;
	run(&w);
	check_story(&w, "start a, start b, term b");
	ends(&w, 1, 0);
	ends(&w, 0, 0);
	check_story(&w, "term a, Failed");
	CHECK_INT(w.o.ending, END_DEADLINE);
	buf_release(&w.story);
}

TEST("a pod above a limit of disk space is stopped and has failed, unless it was over anyway")
{
	struct world w;

	world_init(&w, "c", RESTART_ALWAYS);
	run(&w);
	w.o.over_limit = true;
	run(&w);
	check_story(&w, "start a, term a");
	CHECK_INT(w.o.ending, END_EVICTED);
	ends(&w, 0, 0);
	check_story(&w, "Failed");
	buf_release(&w.story);
	world_init(&w, "c", RESTART_NEVER);
	run(&w);
	w.o.over_limit = true;
	ends(&w, 0, 0);
	check_story(&w, "start a, Succeeded");
	buf_release(&w.story);
}

TEST("a pod that never started anything fails at its deadline, too")
{
	struct world w;

	world_init(&w, "c", RESTART_NEVER);
	w.c[0].not_before_ms = NOW + 100000;
	w.o.deadline_ms = NOW - 1;
	CHECK_INT(pod_decide(&w.o).kind, POD_FINISH);
	CHECK_INT(pod_decide(&w.o).end, END_DEADLINE);
	CHECK_INT(pod_decide(&w.o).phase, POD_FAILED);
	buf_release(&w.story);
}

static void with_sandbox(struct world *w, const char *roles, enum restart_policy policy)
{
	world_init(w, roles, policy);
	w->o.sandbox = &w->sandbox;
	run(w);
}

TEST("the sandbox starts before every container and is stopped after all of them")
{
	struct world w;

	with_sandbox(&w, "sc", RESTART_NEVER);
	check_story(&w, "sandbox, start a, start b");
	ends(&w, 1, 0);
	ends(&w, 0, 0);
	check_story(&w, "term a, Succeeded, no sandbox");
	buf_release(&w.story);
}

TEST("a network that somebody had before is taken before anything is created, and given away when "
     "nothing of the pod lives")
{
	struct world w;

	world_init(&w, "ic", RESTART_NEVER);
	w.o.network_due = w.o.hand_on = true;
	w.o.volumes = VOLUMES_DUE;
	CHECK_INT(pod_decide(&w.o).kind, POD_VOLUMES);
	w.o.volumes = VOLUMES_READY;
	run(&w);
	check_story(&w, "took a sandbox, start a");
	ends(&w, 0, 0);
	check_story(&w, "start b");
	ends(&w, 1, 3);
	check_story(&w, "Failed, gave the sandbox");
	buf_release(&w.story);
}

TEST("a sandbox is not given away while a container runs or a call for it is under way")
{
	struct world w;

	with_sandbox(&w, "c", RESTART_NEVER);
	w.o.hand_on = true;
	check_story(&w, "sandbox, start a");
	w.o.stopping = true;
	w.o.stop_by_ms = w.o.now_ms + 1000;
	run(&w);
	check_story(&w, "term a");
	w.sandbox.busy = true;
	ends(&w, 0, 143);
	check_story(&w, "Failed, gone");
	w.sandbox.busy = false;
	run(&w);
	check_story(&w, "gave the sandbox");
	buf_release(&w.story);
}

TEST("containers are created beside the start of the sandbox, unless they want its address")
{
	struct world w;

	world_init(&w, "cc", RESTART_NEVER);
	w.o.sandbox = &w.sandbox;
	w.sandbox.stage = STAGE_CREATED;
	w.sandbox.busy = true;
	CHECK_INT(pod_decide(&w.o).kind, POD_CREATE);
	w.o.address_first = true;
	CHECK_INT(pod_decide(&w.o).kind, POD_WAIT);
	w.sandbox.stage = STAGE_WAITING;
	w.c[0].image_missing = true;
	CHECK_INT(pod_decide(&w.o).kind, POD_PULL); /* this needs no sandbox */
	buf_release(&w.story);
}

TEST("a dead sandbox begins a new round: init containers run again, what had ended does not")
{
	struct world w;

	with_sandbox(&w, "icc", RESTART_ON_FAILURE);
	ends(&w, 0, 0);
	ends(&w, 1, 0);
	check_story(&w, "sandbox, start a, start b, start c");
	w.sandbox.stage = STAGE_EXITED;
	run(&w);
	check_story(&w, "term c");
	ends(&w, 2, 143);
	check_story(&w, "new round, sandbox, start a");
	ends(&w, 0, 0);
	check_story(&w, "start c");
	ends(&w, 2, 0);
	check_story(&w, "Succeeded, no sandbox");
	buf_release(&w.story);
}

TEST("a dead sandbox ends a pod that is not restarted")
{
	struct world w;

	with_sandbox(&w, "cc", RESTART_NEVER);
	ends(&w, 0, 0);
	w.sandbox.stage = STAGE_EXITED;
	run(&w);
	ends(&w, 1, 137);
	check_story(&w, "sandbox, start a, start b, term b, Failed");
	buf_release(&w.story);
}

TEST("RestartAllContainers kills the others at once and begins with the init containers")
{
	WORLD(w, "icc", RESTART_NEVER);

	ends(&w, 0, 0);
	check_story(&w, "start a, start b, start c");
	w.c[1].stage = STAGE_EXITED;
	w.c[1].exit_code = 42;
	w.c[1].after = EXIT_RESTART_ALL;
	run(&w);
	check_story(&w, "kill c");
	CHECK_INT(pod_phase_now(&w.o), POD_RUNNING);
	ends(&w, 2, 137);
	check_story(&w, "all again, start a");
	CHECK_INT(pod_phase_now(&w.o), POD_PENDING);
	ends(&w, 0, 0);
	check_story(&w, "start b, start c");
	buf_release(&w.story);
}

TEST("volumes come before everything else, and are tried again when they were refused")
{
	struct world w;

	world_init(&w, "cc", RESTART_NEVER);
	w.o.sandbox = &w.sandbox;
	w.o.volumes = VOLUMES_DUE;
	CHECK_INT(pod_decide(&w.o).kind, POD_VOLUMES);
	w.o.volumes = VOLUMES_BUSY;
	CHECK_INT(pod_decide(&w.o).kind, POD_WAIT);
	w.o.volumes = VOLUMES_DUE;
	w.o.volumes_not_before_ms = NOW + 1000;
	CHECK_INT(pod_decide(&w.o).kind, POD_WAIT);
	CHECK_INT(pod_decide(&w.o).wake_at_ms, NOW + 1000);
	w.o.volumes = VOLUMES_READY;
	CHECK_INT(pod_decide(&w.o).kind, POD_SANDBOX_CREATE);
	buf_release(&w.story);
}

TEST("the phase follows from the containers alone")
{
	static const struct {
		const char *roles;
		enum restart_policy policy;
		struct {
			enum container_stage stage;
			int attempt, exit_code;
		} c[3];
		enum pod_phase want;
	} cases[] = {
	    {"c", RESTART_NEVER, {{STAGE_WAITING, 0, 0}}, POD_PENDING},
	    {"c", RESTART_NEVER, {{STAGE_ATTACHED, 0, 0}}, POD_PENDING},
	    {"c", RESTART_NEVER, {{STAGE_RUNNING, 0, 0}}, POD_RUNNING},
	    {"c", RESTART_ALWAYS, {{STAGE_WAITING, 1, 0}}, POD_RUNNING},
	    {"c", RESTART_ALWAYS, {{STAGE_EXITED, 0, 0}}, POD_RUNNING},
	    {"c", RESTART_ON_FAILURE, {{STAGE_EXITED, 0, 0}}, POD_SUCCEEDED},
	    {"c", RESTART_ON_FAILURE, {{STAGE_EXITED, 0, 1}}, POD_RUNNING},
	    {"c", RESTART_NEVER, {{STAGE_EXITED, 0, 1}}, POD_FAILED},
	    {"cc", RESTART_NEVER, {{STAGE_EXITED, 0, 0}, {STAGE_EXITED, 0, 1}}, POD_FAILED},
	    {"cc", RESTART_NEVER, {{STAGE_EXITED, 0, 0}, {STAGE_RUNNING, 0, 0}}, POD_RUNNING},
	    {"cc", RESTART_NEVER, {{STAGE_RUNNING, 0, 0}, {STAGE_WAITING, 0, 0}}, POD_PENDING},
	    {"ic", RESTART_NEVER, {{STAGE_RUNNING, 0, 0}, {STAGE_WAITING, 0, 0}}, POD_PENDING},
	    {"ic", RESTART_NEVER, {{STAGE_EXITED, 0, 1}, {STAGE_WAITING, 0, 0}}, POD_FAILED},
	    {"ic", RESTART_ALWAYS, {{STAGE_EXITED, 0, 1}, {STAGE_WAITING, 0, 0}}, POD_PENDING},
	    {"ic", RESTART_ALWAYS, {{STAGE_WAITING, 2, 1}, {STAGE_WAITING, 0, 0}}, POD_PENDING},
	    {"sc", RESTART_NEVER, {{STAGE_WAITING, 0, 0}, {STAGE_WAITING, 0, 0}}, POD_PENDING},
	    {"sc", RESTART_NEVER, {{STAGE_WAITING, 1, 1}, {STAGE_RUNNING, 0, 0}}, POD_RUNNING},
	    {"sc", RESTART_NEVER, {{STAGE_RUNNING, 0, 0}, {STAGE_EXITED, 0, 0}}, POD_SUCCEEDED},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w;

		world_init(&w, cases[i].roles, cases[i].policy);
		for (size_t n = 0; n < w.o.container_count; n++) {
			struct container_obs *c = &w.c[n];

			c->stage = cases[i].c[n].stage;
			c->attempt = cases[i].c[n].attempt;
			c->exit_code = cases[i].c[n].exit_code;
			c->begun = c->stage != STAGE_WAITING || c->attempt > 0;
			c->started = c->stage == STAGE_RUNNING;
			c->after =
			    c->stage == STAGE_EXITED && restart_wanted(w.policy[n], c->exit_code)
				? EXIT_RESTART
				: EXIT_STAY;
		}
		CHECK_INT(pod_phase_now(&w.o), cases[i].want);
		buf_release(&w.story);
	}
}

int main(void)
{
	return test_main();
}
