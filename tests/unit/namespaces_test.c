#include "loops_fixture.h"

#include "../../controller/loops/gc.h"
#include "../../controller/loops/namespaces.h"

struct world {
	struct fixture f;
	struct gc *gc;
	struct namespaces *namespaces;
};

static void begin(struct world *w)
{
	auto_err e = {0};

	w->gc = gc_new(&w->f.env);
	w->namespaces = namespaces_new(&w->f.env);
	CHECK_INT(gc_start(w->gc, &e), 0);
	CHECK_INT(namespaces_start(w->namespaces, &e), 0);
}

static void finish(struct world *w)
{
	namespaces_free(w->namespaces);
	gc_free(w->gc);
	fixture_release(&w->f);
}

static void settle(struct world *w)
{
	for (int i = 0; i < 8; i++) {
		while (gc_reconcile(w->gc) | namespaces_reconcile(w->namespaces))
			;
		loop_turn(w->f.env.loop, 0);
	}
	fixture_commit(&w->f);
}

static json *create_in(
    struct world *w, enum kind_id id, const char *ns, const char *text, struct err *e)
{
	return registry_create(w->f.env.store, kind_by_id(id), ns, fixture_parse(text),
	    &(struct create_options){0}, e);
}

static void add(struct world *w, enum kind_id id, const char *ns, const char *text)
{
	auto_err e = {0};
	auto_json *made = create_in(w, id, ns, text, &e);

	CHECK_STR(err_msg(&e), "");
}

static void add_namespace(struct world *w, const char *name)
{
	auto_free char *text = xasprintf(
	    "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"%s\"}}", name);

	add(w, KIND_NAMESPACE, NULL, text);
}

static json *delete_namespace(struct world *w, const char *name, bool *gone, struct err *e)
{
	struct delete_options o = {.grace_seconds = -1};

	return registry_delete(w->f.env.store, kind_by_id(KIND_NAMESPACE), NULL, name, &o, gone, e);
}

static json *get_namespace(struct world *w, const char *name)
{
	return store_get(w->f.env.store, kind_by_id(KIND_NAMESPACE), NULL, name, NULL);
}

#define CONFIG_MAP "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m\"}}"
#define HELD                                                                          \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"h\"," \
	"\"finalizers\":"                                                             \
	"[\"a.io/b\"]}}"
#define POD                                                                                       \
	"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}," FIXTURE_POD_SPEC \
	"}"
#define JOB                                                                                      \
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"j\"},\"spec\":{" \
	"\"template\":{" FIXTURE_POD_SPEC "}}}"
#define EVENT                                                                      \
	"{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"e\"}," \
	"\"involvedObject\""                                                       \
	":{\"namespace\":\"%s\"}}"

TEST("a namespace has the finalizer of its content, its name as a label, and a service account")
{
	struct world w = {0};
	auto_json *ns = NULL;
	const struct kind *accounts = kind_by_id(KIND_SERVICE_ACCOUNT);

	fixture_init(&w.f);
	begin(&w);
	add_namespace(&w, "team");
	settle(&w);
	ns = get_namespace(&w, "team");
	CHECK_STR(json_string_value(json_at(json_path(ns, "spec.finalizers"), 0)), "kubernetes");
	CHECK_STR(json_string_value(
		      json_get(json_path(ns, "metadata.labels"), "kubernetes.io/metadata.name")),
	    "team");
	CHECK(store_has(w.f.env.store, accounts, "team", "default"));
	CHECK_INT(store_delete(w.f.env.store, accounts, "team", "default", NULL), 0);
	settle(&w);
	CHECK(store_has(w.f.env.store, accounts, "team", "default"));
	finish(&w);
}

TEST("a namespace is deleted with all that is in it, and takes nothing new meanwhile")
{
	struct world w = {0};
	auto_err e = {0};
	auto_json *ns = NULL, *made = NULL, *pod = NULL, *last = NULL;
	auto_free char *event = xasprintf(EVENT, "team");
	struct update_options system = {.part = UPDATE_SYSTEM};
	struct delete_options now = {.grace_seconds = 0};
	bool gone = true;

	fixture_init(&w.f);
	begin(&w);
	add_namespace(&w, "team");
	settle(&w);
	add(&w, KIND_CONFIGMAP, "team", CONFIG_MAP);
	add(&w, KIND_CONFIGMAP, "default", CONFIG_MAP);
	add(&w, KIND_JOB, "team", JOB);
	add(&w, KIND_EVENT, "team", event);
	add(&w, KIND_POD, "team", POD);
	pod = store_get(w.f.env.store, kind_by_id(KIND_POD), "team", "p", &e);
	json_set_path(pod, "spec.nodeName", json_new_string("here"));
	json_set_path(pod, "status.phase", json_new_string("Running"));
	made = registry_update(w.f.env.store, kind_by_id(KIND_POD), TAKE(pod), &system, &e);
	ns = delete_namespace(&w, "team", &gone, &e);
	CHECK_STR(err_msg(&e), "");
	CHECK(!gone);
	CHECK_STR(json_str(ns, "status.phase"), "Terminating");
	json_free(made);
	made = create_in(&w, KIND_CONFIGMAP, "team",
	    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"late\"}}", &e);
	CHECK(made == NULL);
	CHECK_STR(err_msg(&e), "configmaps \"late\" is forbidden: unable to create new content in "
			       "namespace team because it is being terminated");
	CHECK_STR(
	    json_str(json_at(json_get(e.details, "causes"), 0), "reason"), "NamespaceTerminating");
	err_clear(&e);
	settle(&w);
	CHECK(!store_has(w.f.env.store, kind_by_id(KIND_JOB), "team", "j"));
	CHECK(!store_has(w.f.env.store, kind_by_id(KIND_CONFIGMAP), "team", "m"));
	CHECK(fixture_has(&w.f, KIND_CONFIGMAP, "m"));
	json_free(TAKE(ns));
	ns = get_namespace(&w, "team"); /* the pod is stopping */
	CHECK_STR(json_str(json_at(json_path(ns, "status.conditions"), 0), "message"),
	    "Some resources are remaining: pods. has 1 resource instances");
	last = registry_delete(w.f.env.store, kind_by_id(KIND_POD), "team", "p", &now, &gone, &e);
	settle(&w);
	CHECK(!store_has(w.f.env.store, kind_by_id(KIND_NAMESPACE), NULL, "team"));
	CHECK(!store_has(w.f.env.store, kind_by_id(KIND_EVENT), "team", "e"));
	CHECK_INT(fixture_count(&w.f, KIND_SERVICE_ACCOUNT), 0);
	finish(&w);
}

TEST("finalizers of what is in it hold a namespace, also over a restart")
{
	struct world w = {0};
	auto_err e = {0};
	auto_json *ns = NULL, *map = NULL;
	bool gone;

	fixture_init(&w.f);
	begin(&w);
	add_namespace(&w, "team");
	add(&w, KIND_CONFIGMAP, "team", HELD);
	settle(&w);
	ns = delete_namespace(&w, "team", &gone, &e);
	settle(&w);
	json_free(TAKE(ns));
	ns = get_namespace(&w, "team");
	CHECK_STR(json_str(json_at(json_path(ns, "status.conditions"), 1), "message"),
	    "Some content in the namespace has finalizers remaining: a.io/b in 1 resource "
	    "instances");
	namespaces_free(w.namespaces);
	w.namespaces = namespaces_new(&w.f.env);
	CHECK_INT(namespaces_start(w.namespaces, &e), 0);
	settle(&w);
	CHECK(store_has(w.f.env.store, kind_by_id(KIND_NAMESPACE), NULL, "team"));
	map = store_get(w.f.env.store, kind_by_id(KIND_CONFIGMAP), "team", "h", &e);
	CHECK(meta_deleting(map));
	meta_remove_finalizer(map, "a.io/b");
	json_free(registry_update(w.f.env.store, kind_by_id(KIND_CONFIGMAP), TAKE(map),
	    &(struct update_options){.part = UPDATE_MAIN}, &e));
	settle(&w);
	CHECK(!store_has(w.f.env.store, kind_by_id(KIND_NAMESPACE), NULL, "team"));
	finish(&w);
}

TEST("namespaces that everything needs are not deleted")
{
	struct world w = {0};
	auto_err e = {0};
	auto_json *last = NULL;
	bool gone;

	fixture_init(&w.f);
	begin(&w);
	add_namespace(&w, "kube-system");
	last = delete_namespace(&w, "kube-system", &gone, &e);
	CHECK(last == NULL);
	CHECK_STR(err_msg(&e),
	    "namespaces \"kube-system\" is forbidden: this namespace may not be deleted");
	finish(&w);
}

int main(void)
{
	return test_main();
}
