/* pod_status: what a pod's record looks like to clients. */
#include "loops_fixture.h"

#include "../../controller/loops/pods_internal.h"

static const char *const pod_text =
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":"
    "\"default\","
    "\"uid\":\"u\"},\"spec\":{\"nodeName\":\"here\",\"restartPolicy\":\"Never\",\"initContainers\":"
    "["
    "{\"name\":\"side\",\"image\":\"i\",\"restartPolicy\":\"Always\"},{\"name\":\"init\",\"image\":"
    "\"i\"}],\"containers\":[{\"name\":\"z\",\"image\":\"i\",\"readinessProbe\":{\"exec\":{"
    "\"command\":[\"true\"]}}},{\"name\":\"a\",\"image\":\"i\",\"lifecycle\":{\"postStart\":{"
    "\"exec\":{\"command\":[\"true\"]}}}}]}}";

struct scene {
	struct fixture f;
	struct pods *set;
	struct pod *p;
};

static void scene_init(struct scene *s)
{
	static char socket[] = "/nowhere";
	struct engine_addr addr = {.socket = socket, .kind = ENGINE_DOCKER};

	fixture_init(&s->f);
	s->f.env.engine = engine_new(s->f.env.loop, &addr);
	s->f.env.logs_dir = "/nowhere";
	s->f.env.node_name = "here";
	s->set = pods_new(&s->f.env);
	s->p = pod_add(s->set, fixture_parse(pod_text));
}

static void scene_release(struct scene *s)
{
	pods_free(s->set);
	engine_free(s->f.env.engine);
	fixture_release(&s->f);
}

/* "LIST/INDEX/MEMBER" or the path of a member. */
static const json *at(const json *status, const char *path)
{
	const char *slash = strchr(path, '/');
	auto_free char *list = slash ? xstrndup(path, (size_t)(slash - path)) : NULL;

	if (!slash)
		return json_path(status, path);
	return json_path(json_at(json_get(status, list), (size_t)(slash[1] - '0')), slash + 3);
}

/* A value of the status as compact JSON with ' for ". */
static void check(const struct scene *s, const char *path, const char *wanted)
{
	auto_json *status =
	    pod_status_build(s->p, pod_phase_of(s->p), clock_wall_ns() / NSEC_PER_SEC);
	const json *value = at(status, path);
	auto_free char *text = value ? json_print(value) : xstrdup("-");

	for (char *c = text; *c; c++)
		*c = *c == '"' ? '\'' : *c;
	CHECK_STR(text, wanted);
}

static void check_condition(const struct scene *s, const char *type, const char *wanted)
{
	auto_json *status =
	    pod_status_build(s->p, pod_phase_of(s->p), clock_wall_ns() / NSEC_PER_SEC);
	auto_free char *text = NULL;

	json_for (c, json_get(status, "conditions"))
		if (str_eq(json_str(c, "type"), type))
			text = xasprintf("%s %s: %s", json_str_or(c, "status", ""),
			    json_str_or(c, "reason", "-"), json_str_or(c, "message", "-"));
	CHECK_STR(text, wanted);
}

static void runs(struct container *c)
{
	c->stage = STAGE_RUNNING;
	c->round = c->pod->round;
	c->started_ns = NSEC_PER_SEC;
}

static void ended(struct container *c, int exit_code)
{
	runs(c);
	c->stage = STAGE_EXITED;
	c->exit_code = exit_code;
	c->finished_ns = 2 * NSEC_PER_SEC;
}

TEST("init containers are listed in the order of the spec, the others by name")
{
	struct scene s;

	scene_init(&s);
	check(&s, "initContainerStatuses/0/name", "'side'");
	check(&s, "initContainerStatuses/1/name", "'init'");
	check(&s, "containerStatuses/0/name", "'a'");
	check(&s, "containerStatuses/1/name", "'z'");
	check(&s, "containerStatuses/0/state", "{'waiting':{'reason':'PodInitializing'}}");
	check_condition(&s, "Initialized",
	    "False ContainersNotInitialized: containers with incomplete status: [side init]");
	check_condition(
	    &s, "Ready", "False ContainersNotReady: containers with unready status: [side z a]");
	scene_release(&s);
}

TEST("a container is ready by its probe, and started when its hook is over")
{
	struct scene s;
	struct container *side, *init, *z, *a;

	scene_init(&s);
	side = pod_find_container(s.p, "side");
	init = pod_find_container(s.p, "init");
	z = pod_find_container(s.p, "z");
	a = pod_find_container(s.p, "a");
	runs(side);
	ended(init, 0);
	check_condition(&s, "Initialized", "True -: -");
	check(&s, "initContainerStatuses/1/ready", "true");
	check(&s, "phase", "'Pending'");
	runs(z);
	runs(a);
	check(&s, "phase", "'Pending'"); /* its hook is still to run */
	check(&s, "containerStatuses/0/state", "{'waiting':{'reason':'PodInitializing'}}");
	a->post_start = HOOK_DONE;
	check(&s, "phase", "'Running'");
	check(&s, "containerStatuses/0/started", "true");
	check(&s, "containerStatuses/1/started", "true");
	check_condition(
	    &s, "Ready", "False ContainersNotReady: containers with unready status: [z]");
	z->unready = false;
	check_condition(&s, "Ready", "True -: -");
	check_condition(&s, "ContainersReady", "True -: -");
	scene_release(&s);
}

TEST("the end of the pod's own containers does not show before its sidecars have stopped")
{
	struct scene s;

	scene_init(&s);
	runs(pod_find_container(s.p, "side"));
	ended(pod_find_container(s.p, "init"), 0);
	ended(pod_find_container(s.p, "z"), 0);
	ended(pod_find_container(s.p, "a"), 0);
	json_set_path(s.p->obj, "status.phase", json_new_string("Running"));
	check(&s, "phase", "'Running'");
	json_set_path(s.p->obj, "status.phase", json_new_string("Succeeded"));
	check_condition(&s, "Initialized", "True PodCompleted: -");
	check_condition(&s, "Ready", "False PodCompleted: -");
	scene_release(&s);
}

int main(void)
{
	return test_main();
}
