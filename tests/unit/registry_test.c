#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "../../controller/store/registry.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/str.h"

static struct store *fresh_store(void)
{
	static int n;
	auto_free char *path = NULL;
	auto_err e = {0};
	struct store *s;

	path = xasprintf("%s/%d.db", test_dir(), n++);
	s = store_open(path, &e);
	CHECK_STR(err_msg(&e), "");
	if (!s)
		exit(1);
	return s;
}

static const struct kind *pods(void)
{
	return kind_by_id(KIND_POD);
}

static const struct kind *jobs(void)
{
	return kind_by_id(KIND_JOB);
}

static json *parse(const char *text)
{
	auto_err e = {0};
	json *j = json_parse(text, strlen(text), JSON_PARSE_STRICT, &e);

	CHECK_STR(err_msg(&e), "");
	return j;
}

#define POD_SPEC \
	"\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}"

/* META: members of metadata, like "name":"x". */
static json *pod(const char *meta)
{
	auto_free char *text = xasprintf(
	    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{%s}," POD_SPEC "}", meta);

	return parse(text);
}

static json *job(const char *meta)
{
	auto_free char *text =
	    xasprintf("{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{%s},"
		      "\"spec\":{\"template\":{" POD_SPEC "}}}",
		meta);

	return parse(text);
}

static json *create(struct store *s, const struct kind *k, json *obj)
{
	const struct create_options o = {0};
	auto_err e = {0};
	json *made = registry_create(s, k, NULL, obj, &o, &e);

	CHECK_STR(err_msg(&e), "");
	return made;
}

/* Creation must fail so. */
static void check_create(struct store *s, const struct kind *k, const char *ns, json *obj,
    enum err_reason reason, const char *message)
{
	const struct create_options o = {0};
	auto_err e = {0};

	CHECK(!registry_create(s, k, ns, obj, &o, &e));
	CHECK_INT(e.reason, reason);
	CHECK_STR(err_msg(&e), message);
}

static json *get(struct store *s, const struct kind *k, const char *name)
{
	return store_get(s, k, "default", name, NULL);
}

/* Updates OBJ (consumed); the object as returned. */
static json *update(struct store *s, const struct kind *k, json *obj, enum update_part part)
{
	const struct update_options o = {.part = part};
	auto_err e = {0};
	json *made = registry_update(s, k, obj, &o, &e);

	CHECK_STR(err_msg(&e), "");
	return made;
}

static void set_system(struct store *s, const char *name, const char *path, json *value)
{
	json *obj = get(s, pods(), name);

	json_set_path(obj, path, value);
	json_free(update(s, pods(), obj, UPDATE_SYSTEM));
}

/* A pod that runs on a node. */
static void running_pod(struct store *s, const char *meta)
{
	auto_json *made = create(s, pods(), pod(meta));
	const char *name = json_str(made, "metadata.name");

	set_system(s, name, "spec.nodeName", json_new_string("here"));
	set_system(s, name, "status.phase", json_new_string("Running"));
}

static json *delete (struct store *s, const struct kind *k, const char *name,
    struct delete_options o, bool want_gone)
{
	auto_err e = {0};
	bool gone = !want_gone;
	json *last = registry_delete(s, k, "default", name, &o, &gone, &e);

	CHECK_STR(err_msg(&e), "");
	CHECK_INT(gone, want_gone);
	CHECK(o.dry_run || store_has(s, k, "default", name) == !gone);
	return last;
}

static void delete_plain(
    struct store *s, const struct kind *k, const char *name, int64_t grace, bool want_gone)
{
	json_free(delete (s, k, name,
	    (struct delete_options){.grace_seconds = grace, .propagation = PROPAGATE_BACKGROUND},
	    want_gone));
}

/* Seconds from now to the deletionTimestamp; -1000: there is none. */
static int64_t deletion_in(struct store *s, const struct kind *k, const char *name)
{
	auto_json *obj = get(s, k, name);
	const char *text = json_str(obj, "metadata.deletionTimestamp");
	int64_t ns;

	if (!text || time_parse(text, &ns) < 0)
		return -1000;
	return ns / NSEC_PER_SEC - clock_wall_ns() / NSEC_PER_SEC;
}

static bool near(int64_t got, int64_t want)
{
	return got >= want - 2 && got <= want;
}

/* ---- creation ---- */

TEST(
    "a created object gets what only the server may write, and nothing a client wrote in its place")
{
	struct store *s = fresh_store();
	auto_json *made = create(s, jobs(),
	    job("\"name\":\"a\",\"uid\":\"mine\",\"generation\":7,"
		"\"deletionTimestamp\":\"2026-01-02T03:04:05Z\","
		"\"creationTimestamp\":\"2026-01-02T03:04:05Z\""));
	auto_json *stored = get(s, jobs(), "a");
	int64_t ns;

	CHECK(json_equal(made, stored));
	CHECK_STR(json_str(made, "metadata.namespace"), "default");
	CHECK_INT(strlen(json_str_or(made, "metadata.uid", "")), 36);
	CHECK_INT(json_int(made, "metadata.generation", 0), 1);
	CHECK(!json_has(made, "metadata.deletionTimestamp"));
	CHECK_INT(time_parse(json_str_or(made, "metadata.creationTimestamp", ""), &ns), 0);
	CHECK(clock_wall_ns() - ns < 5 * NSEC_PER_SEC);
	CHECK_STR(json_str(json_path(made, "spec.selector.matchLabels"),
		      "batch.kubernetes.io/controller-uid"),
	    NULL); /* its name holds dots: json_path cannot */
	CHECK_STR(json_string_value(json_get(json_path(made, "spec.selector.matchLabels"),
		      "batch.kubernetes.io/controller-uid")),
	    json_str(made, "metadata.uid"));
	CHECK_INT(json_int(made, "spec.backoffLimit", 0), 6);
	store_close(s);
}

TEST("names from generateName differ and are 5 characters longer")
{
	struct store *s = fresh_store();

	for (int i = 0; i < 20; i++) {
		auto_json *made = create(s, pods(), pod("\"generateName\":\"p-\""));

		CHECK_INT(strlen(json_str_or(made, "metadata.name", "")), 7);
	}
	store_close(s);
}

TEST("the namespace must agree with the request's, exist and not be going")
{
	struct store *s = fresh_store();
	const struct kind *namespaces = kind_by_id(KIND_NAMESPACE);
	auto_json *made = NULL, *ns = NULL;

	check_create(s, pods(), "a", pod("\"name\":\"p\",\"namespace\":\"b\""), ERR_BAD_REQUEST,
	    "the namespace of the provided object does not match the namespace sent on the "
	    "request");
	check_create(
	    s, pods(), "a", pod("\"name\":\"p\""), ERR_NOT_FOUND, "namespaces \"a\" not found");
	ns = create(s, namespaces,
	    parse("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":"
		  "{\"name\":\"a\",\"namespace\":\"x\",\"finalizers\":[\"x.io/y\"]}}"));
	CHECK(!json_has(ns, "metadata.namespace"));
	made = create(s, pods(), pod("\"name\":\"p\",\"namespace\":\"a\""));
	CHECK_STR(json_str(made, "metadata.namespace"), "a");
	json_free(delete (s, namespaces, "a", (struct delete_options){.grace_seconds = -1}, false));
	check_create(s, pods(), "a", pod("\"name\":\"q\""), ERR_FORBIDDEN,
	    "pods \"q\" is forbidden: unable to create new content in namespace a because it is "
	    "being "
	    "terminated");
	store_close(s);
}

TEST("creation refuses a name that exists, a resourceVersion and what is invalid; a dry run stores "
     "nothing")
{
	struct store *s = fresh_store();
	const struct create_options dry = {.dry_run = true};
	auto_json *made = NULL;
	auto_err e = {0};

	made = registry_create(s, pods(), "default", pod("\"name\":\"p\""), &dry, &e);
	CHECK_STR(err_msg(&e), "");
	CHECK_INT(strlen(json_str_or(made, "metadata.uid", "")), 36);
	CHECK(!store_has(s, pods(), "default", "p"));
	json_free(create(s, pods(), pod("\"name\":\"p\"")));
	check_create(s, pods(), "default", pod("\"name\":\"p\""), ERR_ALREADY_EXISTS,
	    "pods \"p\" already exists");
	CHECK(!registry_create(s, pods(), "default", pod("\"name\":\"p\""), &dry, &e));
	CHECK_INT(e.reason, ERR_ALREADY_EXISTS);
	check_create(s, pods(), "default", pod("\"name\":\"q\",\"resourceVersion\":\"5\""),
	    ERR_BAD_REQUEST, "resourceVersion should not be set on objects to be created");
	check_create(s, pods(), "default", pod("\"labels\":{}"), ERR_INVALID,
	    "Pod \"\" is invalid: metadata.name: Required value: name or generateName is required");
	store_close(s);
}

/* ---- updates ---- */

TEST("an update of the object keeps status and system metadata, and counts changes of the spec")
{
	struct store *s = fresh_store();
	auto_json *made = create(s, jobs(), job("\"name\":\"a\"")), *done = NULL, *again = NULL;
	json *obj = json_dup(made);

	json_set_path(obj, "status.succeeded", json_new_int(5));
	json_set_path(obj, "metadata.creationTimestamp", json_new_string("2000-01-01T00:00:00Z"));
	json_set_path(obj, "metadata.annotations.x", json_new_string("y"));
	done = update(s, jobs(), obj, UPDATE_MAIN);
	CHECK(!json_has(done, "status.succeeded"));
	CHECK_STR(json_str(done, "metadata.creationTimestamp"),
	    json_str(made, "metadata.creationTimestamp"));
	CHECK_STR(json_str(done, "metadata.annotations.x"), "y");
	CHECK_INT(json_int(done, "metadata.generation", 0), 1);
	obj = json_dup(done);
	json_set_path(obj, "spec.parallelism", json_new_int(3));
	again = update(s, jobs(), obj, UPDATE_MAIN);
	CHECK_INT(json_int(again, "metadata.generation", 0), 2);
	store_close(s);
}

TEST("an update of the status leaves the rest alone; the loops' own update takes everything")
{
	struct store *s = fresh_store();
	auto_json *made = create(s, jobs(), job("\"name\":\"a\"")), *done = NULL, *system = NULL;
	json *obj = json_dup(made);

	json_set_path(obj, "status.active", json_new_int(2));
	json_set_path(obj, "spec.parallelism", json_new_int(3));
	json_set_path(obj, "metadata.annotations.x", json_new_string("y"));
	done = update(s, jobs(), obj, UPDATE_STATUS);
	CHECK_INT(json_int(done, "status.active", 0), 2);
	CHECK_INT(json_int(done, "spec.parallelism", 0), 1);
	CHECK_STR(json_str(done, "metadata.annotations.x"), "y"); /* but the metadata */
	obj = json_dup(done);
	json_set_path(obj, "metadata.annotations.x", json_new_string("z"));
	json_set_path(obj, "status.active", json_new_int(1));
	system = update(s, jobs(), obj, UPDATE_SYSTEM);
	CHECK_STR(json_str(system, "metadata.annotations.x"), "z");
	CHECK_INT(json_int(system, "status.active", 0), 1);
	store_close(s);
}

TEST("updates with another version, another uid or of no object fail; a dry run stores nothing")
{
	struct store *s = fresh_store();
	struct update_options o = {.part = UPDATE_MAIN};
	auto_json *made = create(s, pods(), pod("\"name\":\"p\"")), *dry = NULL, *stored = NULL;
	auto_err e = {0};
	json *obj = json_dup(made);

	json_set_path(obj, "metadata.resourceVersion", json_new_string("1"));
	CHECK(!registry_update(s, pods(), obj, &o, &e));
	CHECK_INT(e.reason, ERR_CONFLICT);
	obj = json_dup(made);
	json_set_path(obj, "metadata.uid", json_new_string("u"));
	CHECK(!registry_update(s, pods(), obj, &o, &e));
	CHECK_INT(e.reason, ERR_CONFLICT);
	CHECK(strstr(err_msg(&e),
	    "Operation cannot be fulfilled on pods \"p\": Precondition failed: UID in "
	    "precondition: u, UID in object meta: "));
	CHECK(!registry_update(s, pods(), pod("\"name\":\"q\""), &o, &e));
	CHECK_INT(e.reason, ERR_NOT_FOUND);
	obj = json_dup(made);
	json_set_path(obj, "metadata.labels.a", json_new_string("b"));
	json_del_path(obj, "metadata.resourceVersion");
	o.dry_run = true;
	dry = registry_update(s, pods(), obj, &o, NULL);
	CHECK_STR(json_str(dry, "metadata.labels.a"), "b");
	stored = get(s, pods(), "p");
	CHECK(json_equal(stored, made));
	store_close(s);
}

/* ---- deletion of pods ---- */

TEST("a pod that was never scheduled, or has ended, goes at once")
{
	struct store *s = fresh_store();

	json_free(create(s, pods(), pod("\"name\":\"p\"")));
	delete_plain(s, pods(), "p", -1, true);
	running_pod(s, "\"name\":\"q\"");
	set_system(s, "q", "status.phase", json_new_string("Failed"));
	delete_plain(s, pods(), "q", 100, true);
	store_close(s);
}

TEST("a running pod is marked with its grace; later requests can only shorten it")
{
	struct store *s = fresh_store();
	auto_json *obj = NULL;

	running_pod(s, "\"name\":\"p\"");
	delete_plain(s, pods(), "p", -1, false);
	obj = get(s, pods(), "p");
	CHECK_INT(json_int(obj, "metadata.deletionGracePeriodSeconds", -1), 30);
	CHECK_INT(json_int(obj, "metadata.generation", 0), 2);
	CHECK(near(deletion_in(s, pods(), "p"), 30));
	delete_plain(s, pods(), "p", 60, false);
	CHECK(near(deletion_in(s, pods(), "p"), 30));
	delete_plain(s, pods(), "p", -1, false);
	CHECK(near(deletion_in(s, pods(), "p"), 30));
	delete_plain(s, pods(), "p", 10, false);
	CHECK(near(deletion_in(s, pods(), "p"), 10));
	json_free(obj);
	obj = get(s, pods(), "p");
	CHECK_INT(json_int(obj, "metadata.generation", 0), 2);
	delete_plain(s, pods(), "p", 0, true);
	running_pod(s, "\"name\":\"q\"");
	set_system(s, "q", "spec.terminationGracePeriodSeconds", json_new_int(-5));
	delete_plain(s, pods(), "q", -1, false);
	CHECK(near(deletion_in(s, pods(), "q"), 1));
	running_pod(s, "\"name\":\"r\"");
	delete_plain(s, pods(), "r", INT64_MAX, false);
	CHECK(near(deletion_in(s, pods(), "r"), INT32_MAX));
	store_close(s);
}

TEST("a finalizer holds a pod beyond its grace; removing the last one lets it go")
{
	struct store *s = fresh_store();
	auto_json *last = NULL;
	json *obj;

	running_pod(s, "\"name\":\"p\",\"finalizers\":[\"a.io/x\",\"a.io/y\"]");
	delete_plain(s, pods(), "p", 0, false);
	CHECK(near(deletion_in(s, pods(), "p"), 0));
	delete_plain(s, pods(), "p", 0, false);
	obj = get(s, pods(), "p");
	json_remove(json_path(obj, "metadata.finalizers"),
	    json_first(json_path(obj, "metadata.finalizers")));
	json_free(update(s, pods(), obj, UPDATE_MAIN));
	CHECK(store_has(s, pods(), "default", "p"));
	obj = get(s, pods(), "p");
	json_del_path(obj, "metadata.finalizers");
	last = update(s, pods(), obj, UPDATE_MAIN);
	CHECK(json_has(last, "metadata.deletionTimestamp"));
	CHECK(!store_has(s, pods(), "default", "p"));
	store_close(s);
}

TEST("without its finalizer a pod with grace left stays, until the loops say that it has ended")
{
	struct store *s = fresh_store();
	json *obj;

	running_pod(s, "\"name\":\"p\",\"finalizers\":[\"a.io/x\"]");
	delete_plain(s, pods(), "p", -1, false);
	obj = get(s, pods(), "p");
	json_del_path(obj, "metadata.finalizers");
	json_free(update(s, pods(), obj, UPDATE_SYSTEM));
	CHECK(store_has(s, pods(), "default", "p"));
	set_system(s, "p", "status.phase", json_new_string("Failed"));
	CHECK(!store_has(s, pods(), "default", "p"));
	store_close(s);
}

TEST("adding a finalizer to an object that is being deleted is refused")
{
	struct store *s = fresh_store();
	const struct update_options o = {.part = UPDATE_MAIN};
	auto_err e = {0};
	json *obj;

	running_pod(s, "\"name\":\"p\"");
	delete_plain(s, pods(), "p", -1, false);
	obj = get(s, pods(), "p");
	json_set_path(obj, "metadata.finalizers", parse("[\"a.io/x\"]"));
	CHECK(!registry_update(s, pods(), obj, &o, &e));
	CHECK_STR(err_msg(&e),
	    "Pod \"p\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be "
	    "added if the object is being deleted, found new finalizers []string{\"a.io/x\"}");
	store_close(s);
}

TEST("preconditions, dry runs and the namespace default")
{
	struct store *s = fresh_store();
	auto_err e = {0};
	bool gone;

	json_free(create(s, pods(), pod("\"name\":\"p\"")));
	CHECK(!registry_delete(s, pods(), "default", "p",
	    &(struct delete_options){.grace_seconds = -1, .uid = "u"}, &gone, &e));
	CHECK_INT(e.reason, ERR_CONFLICT);
	CHECK(strstr(err_msg(&e),
	    "pods \"p\": the UID in the precondition (u) does not match the UID in record ("));
	CHECK(!registry_delete(s, pods(), "default", "p",
	    &(struct delete_options){.grace_seconds = -1, .resource_version = "99"}, &gone, &e));
	CHECK_STR(err_msg(&e),
	    "Operation cannot be fulfilled on pods \"p\": the ResourceVersion in the "
	    "precondition (99) does not match the ResourceVersion in record (2). The object "
	    "might have been modified");
	CHECK(!registry_delete(s, pods(), "default", "q", &(struct delete_options){0}, &gone, &e));
	CHECK_INT(e.reason, ERR_NOT_FOUND);
	json_free(delete (
	    s, pods(), "p", (struct delete_options){.grace_seconds = -1, .dry_run = true}, true));
	CHECK(store_has(s, pods(), "default", "p"));
	json_free(create(s, kind_by_id(KIND_NAMESPACE),
	    parse("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
		  "\"default\"}}")));
	CHECK(!registry_delete(s, kind_by_id(KIND_NAMESPACE), NULL, "default",
	    &(struct delete_options){0}, &gone, &e));
	CHECK_INT(e.reason, ERR_FORBIDDEN);
	store_close(s);
}

/* ---- propagation ---- */

/*
 * A Job "j" with two pods: "r" runs, "e" has ended and is being deleted, and only the Job's
 * finalizer holds it.
 */
static struct store *store_with_job(void)
{
	struct store *s = fresh_store();
	auto_json *owner = create(s, jobs(), job("\"name\":\"j\""));
	auto_free char *refs = xasprintf(
	    "\"finalizers\":[\"batch.kubernetes.io/"
	    "job-tracking\"],\"ownerReferences\":[{\"apiVersion\":"
	    "\"batch/v1\",\"kind\":\"Job\",\"name\":\"j\",\"uid\":\"%s\",\"controller\":true}]",
	    json_str(owner, "metadata.uid"));
	auto_free char *r = xasprintf("\"name\":\"r\",%s", refs),
		       *e = xasprintf("\"name\":\"e\",%s", refs);

	running_pod(s, r);
	running_pod(s, e);
	set_system(s, "e", "status.phase", json_new_string("Succeeded"));
	delete_plain(s, pods(), "e", -1, false);
	return s;
}

static void check_orphaned(struct store *s)
{
	auto_json *r = get(s, pods(), "r");

	CHECK(r && !json_has(r, "metadata.ownerReferences") &&
	      !json_has(r, "metadata.finalizers") && !json_has(r, "metadata.deletionTimestamp"));
	CHECK(!store_has(s, pods(), "default", "e"));
}

TEST("a Job deleted without a policy leaves its pods behind, with a warning")
{
	struct store *s = store_with_job();
	auto_strlist warnings = {0};

	json_free(delete (s, jobs(), "j",
	    (struct delete_options){.grace_seconds = -1, .warnings = &warnings}, true));
	CHECK_INT(warnings.len, 1);
	CHECK_STR(warnings.items[0],
	    "child pods are preserved by default when jobs are deleted; set "
	    "propagationPolicy=Background to "
	    "remove them or set propagationPolicy=Orphan to suppress this warning");
	check_orphaned(s);
	store_close(s);
}

TEST(
    "Orphan frees the dependents in the same turn; Background leaves them to the garbage collector")
{
	struct store *s = store_with_job();
	auto_strlist warnings = {0};
	auto_json *r = NULL;

	json_free(delete (s, jobs(), "j",
	    (struct delete_options){.propagation = PROPAGATE_ORPHAN, .warnings = &warnings}, true));
	CHECK_INT(warnings.len, 0);
	check_orphaned(s);
	store_close(s);
	s = store_with_job();
	delete_plain(s, jobs(), "j", -1, true);
	r = get(s, pods(), "r");
	CHECK_INT(json_len(json_path(r, "metadata.ownerReferences")), 1);
	store_close(s);
}

TEST("Foreground waits for dependents in a finalizer, where there are any; Background can end the "
     "wait")
{
	struct store *s = store_with_job();
	const struct delete_options foreground = {.propagation = PROPAGATE_FOREGROUND};
	auto_json *j = NULL;

	json_free(delete (s, jobs(), "j", foreground, false));
	j = get(s, jobs(), "j");
	CHECK_STR(json_string_value(json_at(json_path(j, "metadata.finalizers"), 0)),
	    "foregroundDeletion");
	CHECK_INT(json_int(j, "metadata.deletionGracePeriodSeconds", -1), 0);
	CHECK_INT(json_int(j, "metadata.generation", 0), 2);
	json_free(delete (s, jobs(), "j", foreground, false));
	json_free(delete (s, jobs(), "j", (struct delete_options){0}, false));
	delete_plain(s, jobs(), "j", -1, true);
	json_free(create(s, jobs(), job("\"name\":\"k\"")));
	json_free(delete (s, jobs(), "k", foreground, true));
	store_close(s);
}

TEST("a Job with a finalizer of its own is marked and stays until that is removed")
{
	struct store *s = fresh_store();
	json *obj;

	json_free(create(s, jobs(), job("\"name\":\"j\",\"finalizers\":[\"a.io/x\"]")));
	delete_plain(s, jobs(), "j", -1, false);
	CHECK(near(deletion_in(s, jobs(), "j"), 0));
	obj = get(s, jobs(), "j");
	json_set_path(obj, "metadata.finalizers", json_new_array());
	json_free(update(s, jobs(), obj, UPDATE_MAIN));
	CHECK(!store_has(s, jobs(), "default", "j"));
	store_close(s);
}

TEST("pods without imagePullSecrets get those of their service account")
{
	struct store *s = fresh_store();
	json *obj;

	json_free(create(s, kind_by_id(KIND_SERVICE_ACCOUNT),
	    parse("{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":"
		  "\"default\"},\"imagePullSecrets\":[{\"name\":\"reg\"}]}")));
	json_free(create(s, pods(), pod("\"name\":\"p\"")));
	obj = get(s, pods(), "p");
	CHECK_STR(json_str(json_at(json_path(obj, "spec.imagePullSecrets"), 0), "name"), "reg");
	json_free(obj);
	store_close(s);
}

int main(void)
{
	return test_main();
}
