/*
 * loops_fixture: what the loops share, over a real store in a fresh folder and without an engine.
 */
#ifndef KJOB_LOOPS_FIXTURE_H
#define KJOB_LOOPS_FIXTURE_H

#include "test.h"

#include <stdlib.h>

#include "../../controller/loops/env.h"
#include "../../runtime/base/clock.h"

struct fixture {
	struct loops_env env;
	char *path;
};

static inline void fixture_open(struct fixture *f)
{
	auto_err e = {0};

	f->env = (struct loops_env){.loop = loop_new(), .store = store_open(f->path, &e)};
	CHECK_STR(err_msg(&e), "");
	if (!f->env.store)
		exit(1);
	f->env.recorder = recorder_new(f->env.store);
}

static inline void fixture_init(struct fixture *f)
{
	static int n;

	f->path = xasprintf("%s/%d.db", test_dir(), n++);
	fixture_open(f);
}

static inline void fixture_close(struct fixture *f)
{
	recorder_free(f->env.recorder);
	store_close(f->env.store);
	loop_free(f->env.loop);
}

static inline void fixture_release(struct fixture *f)
{
	fixture_close(f);
	free(f->path);
}

static inline void fixture_commit(struct fixture *f)
{
	auto_err e = {0};

	CHECK_INT(store_commit(f->env.store, &e), 0);
	CHECK_STR(err_msg(&e), "");
}

static inline json *fixture_parse(const char *text)
{
	auto_err e = {0};
	json *j = json_parse(text, strlen(text), JSON_PARSE_STRICT, &e);

	CHECK_STR(err_msg(&e), "");
	return j;
}

/* Creates an object in the namespace default; owned. */
static inline json *fixture_create(struct fixture *f, enum kind_id id, const char *text)
{
	auto_err e = {0};
	json *made = registry_create(f->env.store, kind_by_id(id), "default", fixture_parse(text),
	    &(struct create_options){0}, &e);

	CHECK_STR(err_msg(&e), "");
	if (!made)
		exit(1);
	return made;
}

/* As the loops themselves write; consumes obj. */
static inline void fixture_update(struct fixture *f, enum kind_id id, json *obj)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_err e = {0};
	auto_json *stored = registry_update(f->env.store, kind_by_id(id), obj, &o, &e);

	CHECK_STR(err_msg(&e), "");
}

static inline json *fixture_get(struct fixture *f, enum kind_id id, const char *name)
{
	return store_get(f->env.store, kind_by_id(id), "default", name, NULL);
}

static inline bool fixture_has(struct fixture *f, enum kind_id id, const char *name)
{
	return store_has(f->env.store, kind_by_id(id), "default", name);
}

static inline bool fixture_count_row(void *ctx, const struct store_row *row)
{
	++*(int64_t *)ctx;
	return true;
}

static inline int64_t fixture_count(struct fixture *f, enum kind_id id)
{
	struct store_query q = {.kind = kind_by_id(id)};
	int64_t n = 0;

	CHECK_INT(store_list(f->env.store, &q, fixture_count_row, &n, NULL, NULL), 0);
	return n;
}

#define FIXTURE_POD_SPEC \
	"\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}"

/* A Job with extra members of its spec ("" or with a comma at the end); owned. */
static inline json *fixture_job(struct fixture *f, const char *name, const char *spec)
{
	auto_free char *text = xasprintf(
	    "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"%s\"},"
	    "\"spec\":{%s\"template\":{" FIXTURE_POD_SPEC "}}}",
	    name, spec);

	return fixture_create(f, KIND_JOB, text);
}

/* A pod that the owner controls, held by the tracking finalizer where `tracked`. */
static inline void fixture_pod(
    struct fixture *f, const char *name, const json *owner, const char *phase, bool tracked)
{
	auto_free char *text =
	    xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\","
		      "\"finalizers\":[%s],\"ownerReferences\":[{\"apiVersion\":\"batch/v1\","
		      "\"kind\":\"Job\",\"name\":\"%s\",\"uid\":\"%s\",\"controller\":true,"
		      "\"blockOwnerDeletion\":true}]}"
		      "," FIXTURE_POD_SPEC "}",
		name, tracked ? "\"" JOB_TRACKING_FINALIZER "\"" : "", meta_name(owner),
		meta_uid(owner));
	json *pod = fixture_create(f, KIND_POD, text);

	json_set_path(pod, "spec.nodeName", json_new_string("here"));
	json_set_path(pod, "status.phase", json_new_string(phase));
	fixture_update(f, KIND_POD, pod);
}

/* The Job ended so many seconds ago. */
static inline void fixture_finish(
    struct fixture *f, const char *name, const char *type, int64_t seconds)
{
	json *job = fixture_get(f, KIND_JOB, name), *c = json_new_object(),
	     *list = json_new_array();

	json_set_str(c, "type", type);
	json_set_str(c, "status", "True");
	if (seconds >= 0)
		meta_set_time(c, "lastTransitionTime", clock_wall_ns() / NSEC_PER_SEC - seconds);
	json_add(list, c);
	json_set_path(job, "status.conditions", list);
	fixture_update(f, KIND_JOB, job);
}

#endif
