#include "loops_fixture.h"

#include "../../controller/loops/gc.h"

#define CRON                                                                               \
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"c\"}," \
	"\"spec\":{\"schedule\":\"0 * * * "                                                \
	"*\",\"jobTemplate\":{\"spec\":{\"template\":{" FIXTURE_POD_SPEC "}}}}}"

struct world {
	struct fixture f;
	struct gc *gc;
};

static void settle(struct world *w)
{
	for (int i = 0; i < 8; i++) {
		while (gc_reconcile(w->gc))
			;
		loop_turn(w->f.env.loop, 0);
	}
	fixture_commit(&w->f);
}

static void begin(struct world *w)
{
	auto_err e = {0};

	w->gc = gc_new(&w->f.env);
	CHECK_INT(gc_start(w->gc, &e), 0);
}

static void remove_object(struct world *w, enum kind_id id, const char *name, enum propagation p)
{
	struct delete_options o = {.grace_seconds = -1, .propagation = p};
	auto_err e = {0};
	bool gone;
	auto_json *last =
	    registry_delete(w->f.env.store, kind_by_id(id), "default", name, &o, &gone, &e);

	CHECK_STR(err_msg(&e), "");
}

/* A Job that the CronJob controls, with a pod of its own. */
static void add_job(struct world *w, const json *cron, const char *name, const char *phase)
{
	auto_json *job = fixture_job(&w->f, name, "");
	auto_free char *pod = xasprintf("%s-pod", name);
	auto_free char *refs =
	    xasprintf("[{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"name\":\"c\","
		      "\"uid\":\"%s\",\"controller\":true,\"blockOwnerDeletion\":true}]",
		meta_uid(cron));

	json_set_path(job, "metadata.ownerReferences", fixture_parse(refs));
	fixture_update(&w->f, KIND_JOB, json_dup(job));
	fixture_pod(&w->f, pod, job, phase, true);
}

TEST("D01: the pods of a Job that was deleted are stopped, and released when they have ended")
{
	struct world w = {0};
	auto_json *job = NULL, *pod = NULL;

	fixture_init(&w.f);
	begin(&w);
	job = fixture_job(&w.f, "j", "");
	fixture_pod(&w.f, "runs", job, "Running", true);
	fixture_pod(&w.f, "ended", job, "Succeeded", true);
	remove_object(&w, KIND_JOB, "j", PROPAGATE_BACKGROUND);
	CHECK(!fixture_has(&w.f, KIND_JOB, "j"));
	settle(&w);
	CHECK(!fixture_has(&w.f, KIND_POD, "ended"));
	pod = fixture_get(&w.f, KIND_POD, "runs");
	CHECK(meta_deleting(pod));
	CHECK(!meta_has_finalizer(pod, JOB_TRACKING_FINALIZER));
	gc_free(w.gc);
	fixture_release(&w.f);
}

TEST("D02: orphaned pods stay, and nothing holds them")
{
	struct world w = {0};
	auto_json *job = NULL, *pod = NULL;

	fixture_init(&w.f);
	begin(&w);
	job = fixture_job(&w.f, "j", "");
	fixture_pod(&w.f, "p", job, "Running", true);
	remove_object(&w, KIND_JOB, "j", PROPAGATE_ORPHAN);
	settle(&w);
	pod = fixture_get(&w.f, KIND_POD, "p");
	CHECK(pod && !meta_deleting(pod) && !meta_controller(pod));
	CHECK(!meta_has_finalizer(pod, JOB_TRACKING_FINALIZER));
	gc_free(w.gc);
	fixture_release(&w.f);
}

TEST("a CronJob that goes in the foreground goes after its Jobs, and they after their pods")
{
	struct world w = {0};
	auto_json *cron = NULL;
	json *pod;

	fixture_init(&w.f);
	begin(&w);
	cron = fixture_create(&w.f, KIND_CRONJOB, CRON);
	add_job(&w, cron, "a", "Running");
	add_job(&w, cron, "b", "Succeeded");
	remove_object(&w, KIND_CRONJOB, "c", PROPAGATE_FOREGROUND);
	settle(&w);
	CHECK(fixture_has(&w.f, KIND_CRONJOB, "c"));
	CHECK(fixture_has(&w.f, KIND_JOB, "a"));
	CHECK(!fixture_has(&w.f, KIND_JOB, "b"));
	pod = fixture_get(&w.f, KIND_POD, "a-pod");
	json_set_path(pod, "status.phase", json_new_string("Failed"));
	fixture_update(&w.f, KIND_POD, pod);
	settle(&w);
	CHECK_INT(fixture_count(&w.f, KIND_POD) + fixture_count(&w.f, KIND_JOB), 0);
	CHECK(!fixture_has(&w.f, KIND_CRONJOB, "c"));
	gc_free(w.gc);
	fixture_release(&w.f);
}

TEST("what lost its owner while no controller ran is collected at the start")
{
	struct world w = {0};
	auto_json *cron = NULL, *job = NULL;

	fixture_init(&w.f);
	cron = fixture_create(&w.f, KIND_CRONJOB, CRON);
	add_job(&w, cron, "a", "Succeeded");
	job = fixture_job(&w.f, "stays", "");
	fixture_pod(&w.f, "stays-pod", job, "Succeeded", false);
	remove_object(&w, KIND_CRONJOB, "c", PROPAGATE_BACKGROUND);
	fixture_commit(&w.f);
	fixture_close(&w.f);
	fixture_open(&w.f);
	begin(&w);
	settle(&w);
	CHECK(!fixture_has(&w.f, KIND_JOB, "a"));
	CHECK(!fixture_has(&w.f, KIND_POD, "a-pod"));
	CHECK(fixture_has(&w.f, KIND_POD, "stays-pod"));
	gc_free(w.gc);
	fixture_release(&w.f);
}

TEST("an owner in the foreground whose dependents went with the last controller goes at the start")
{
	struct world w = {0};
	auto_json *job = NULL;

	fixture_init(&w.f);
	job = fixture_job(&w.f, "j", "");
	fixture_pod(&w.f, "p", job, "Succeeded", false);
	remove_object(&w, KIND_JOB, "j", PROPAGATE_FOREGROUND);
	remove_object(&w, KIND_POD, "p", PROPAGATE_BACKGROUND);
	CHECK(fixture_has(&w.f, KIND_JOB, "j"));
	fixture_commit(&w.f);
	begin(&w);
	settle(&w);
	CHECK(!fixture_has(&w.f, KIND_JOB, "j"));
	gc_free(w.gc);
	fixture_release(&w.f);
}

/* ---- owners of any kind ---- */

#define OWNER(NAME, UID, MORE)                                                               \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"" NAME "\",\"uid\":\"" UID \
	"\"" MORE "}"
#define BLOCKS ",\"blockOwnerDeletion\":true"

/* A ConfigMap; refs: what owns it. Owned. */
static json *add_map(struct world *w, const char *name, const char *refs)
{
	auto_free char *text =
	    xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\","
		      "\"ownerReferences\":[%s]}}",
		name, refs);

	return fixture_create(&w->f, KIND_CONFIGMAP, text);
}

static json *add_owned(struct world *w, const char *name, const json *owner, const char *more)
{
	auto_free char *ref =
	    xasprintf(OWNER("%s", "%s", "%s"), meta_name(owner), meta_uid(owner), more);

	return add_map(w, name, ref);
}

static bool has_map(struct world *w, const char *name)
{
	return fixture_has(&w->f, KIND_CONFIGMAP, name);
}

TEST("objects of any kind go with the last of their owners, controller or not")
{
	struct world w = {0};
	auto_json *one = NULL, *two = NULL, *left = NULL;
	auto_free char *both = NULL;

	fixture_init(&w.f);
	begin(&w);
	one = add_map(&w, "one", "");
	two = add_map(&w, "two", "");
	both = xasprintf(OWNER("one", "%s", "") "," OWNER("two", "%s", ",\"controller\":true"),
	    meta_uid(one), meta_uid(two));
	json_free(add_map(&w, "both", both));
	json_free(add_owned(&w, "plain", one, ""));
	json_free(add_owned(&w, "controlled", one, ",\"controller\":true"));
	settle(&w);
	CHECK(has_map(&w, "plain") && has_map(&w, "controlled") && has_map(&w, "both"));
	remove_object(&w, KIND_CONFIGMAP, "one", PROPAGATE_BACKGROUND);
	settle(&w);
	CHECK(!has_map(&w, "plain") && !has_map(&w, "controlled"));
	left = fixture_get(&w.f, KIND_CONFIGMAP, "both");
	CHECK_INT(json_len(json_path(left, "metadata.ownerReferences")), 1);
	remove_object(&w, KIND_CONFIGMAP, "two", PROPAGATE_BACKGROUND);
	settle(&w);
	CHECK_INT(fixture_count(&w.f, KIND_CONFIGMAP), 0);
	gc_free(w.gc);
	fixture_release(&w.f);
}

TEST("an owner in the foreground waits for those that block it, and circles come to an end")
{
	struct world w = {0};
	auto_json *a = NULL, *b = NULL, *c = NULL, *held = NULL;

	fixture_init(&w.f);
	begin(&w);
	a = add_map(&w, "a", "");
	b = add_owned(&w, "b", a, BLOCKS);
	c = add_owned(&w, "c", b, BLOCKS);
	json_set_path(
	    a, "metadata.ownerReferences", fixture_parse("[" OWNER("c", "?", BLOCKS) "]"));
	json_set_str(json_first(json_path(a, "metadata.ownerReferences")), "uid", meta_uid(c));
	fixture_update(&w.f, KIND_CONFIGMAP, json_dup(a));
	settle(&w);
	CHECK_INT(fixture_count(&w.f, KIND_CONFIGMAP), 3);
	remove_object(&w, KIND_CONFIGMAP, "a", PROPAGATE_FOREGROUND);
	settle(&w);
	CHECK_INT(fixture_count(&w.f, KIND_CONFIGMAP), 0);

	json_free(a);
	a = add_map(&w, "a", "");
	held = add_owned(&w, "held", a, BLOCKS);
	json_set_path(held, "metadata.finalizers", fixture_parse("[\"x.y/z\"]"));
	fixture_update(&w.f, KIND_CONFIGMAP, json_dup(held));
	remove_object(&w, KIND_CONFIGMAP, "a", PROPAGATE_FOREGROUND);
	settle(&w);
	json_free(held);
	held = fixture_get(&w.f, KIND_CONFIGMAP, "held");
	CHECK(has_map(&w, "a") && meta_deleting(held));
	/* gone, or somebody else's: both let the owner go */
	json_del_path(held, "metadata.ownerReferences");
	fixture_update(&w.f, KIND_CONFIGMAP, json_dup(held));
	settle(&w);
	CHECK(!has_map(&w, "a") && has_map(&w, "held"));
	gc_free(w.gc);
	fixture_release(&w.f);
}

TEST("owners that are not there at all are no owners, unless nobody can know")
{
	static const struct {
		const char *ref;
		bool stays;
	} cases[] = {
	    {OWNER("nobody", "u-1", ""), false},
	    {OWNER("other", "u-1", ""), false}, /* another one of that name */
	    {"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"d\",\"uid\":\"u-2\"}",
		true},
	};
	struct world w = {0};

	fixture_init(&w.f);
	begin(&w);
	json_free(add_map(&w, "other", ""));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_free(add_map(&w, "x", cases[i].ref));
		settle(&w);
		CHECK_INT(has_map(&w, "x"), cases[i].stays);
	}
	gc_free(w.gc);
	fixture_release(&w.f);
}

TEST("any owner in the foreground goes on where the last controller left it")
{
	struct world w = {0};
	auto_json *owner = NULL, *empty = NULL;

	fixture_init(&w.f);
	owner = add_map(&w, "owner", "");
	json_free(add_owned(&w, "owned", owner, BLOCKS));
	remove_object(&w, KIND_CONFIGMAP, "owner", PROPAGATE_FOREGROUND);
	empty = add_map(&w, "empty", "");
	json_free(add_owned(&w, "last", empty, BLOCKS));
	remove_object(&w, KIND_CONFIGMAP, "empty", PROPAGATE_FOREGROUND);
	remove_object(&w, KIND_CONFIGMAP, "last", PROPAGATE_BACKGROUND);
	fixture_commit(&w.f);
	CHECK_INT(fixture_count(&w.f, KIND_CONFIGMAP), 3);
	begin(&w);
	settle(&w);
	CHECK_INT(fixture_count(&w.f, KIND_CONFIGMAP), 0);
	gc_free(w.gc);
	fixture_release(&w.f);
}

int main(void)
{
	return test_main();
}
