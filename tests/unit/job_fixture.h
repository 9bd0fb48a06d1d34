/*
 * job_fixture: the Job controller in this process, on a store of its own in a temporary folder,
 * with the pod loop's memory but no engine: tests write what becomes of the pods.
 */
#ifndef KJOB_JOB_FIXTURE_H
#define KJOB_JOB_FIXTURE_H

#include <stdlib.h>
#include <unistd.h>

#include "../../controller/loops/gc.h"
#include "../../controller/loops/jobs.h"
#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "../../runtime/base/str.h"
#include "quoted.h"

struct world {
	char *path; /* of the database */
	struct engine_addr addr;
	struct loops_env env;
	struct pods *pods;
	struct jobs *jobs;
	struct gc *gc;
};

static void world_open(struct world *w)
{
	auto_err e = {0};

	w->addr = (struct engine_addr){.kind = ENGINE_DOCKER, .socket = xstrdup("/nonexistent")};
	w->env.loop = loop_new();
	w->env.store = store_open(w->path, &e);
	CHECK_STR(err_msg(&e), "");
	if (!w->env.store)
		exit(1);
	w->env.engine = engine_new(w->env.loop, &w->addr);
	w->env.recorder = recorder_new(w->env.store);
	w->env.node_name = "node";
	w->pods = pods_new(&w->env);
	w->jobs = jobs_new(&w->env, w->pods);
	w->gc = gc_new(&w->env);
	CHECK_INT(
	    pods_start(w->pods, &e), 0); /* its calls to the engine never leave: no loop turns */
	CHECK_INT(jobs_start(w->jobs, &e), 0);
	CHECK_INT(gc_start(w->gc, &e), 0);
	CHECK_STR(err_msg(&e), "");
}

/* As after kill -9: what was not committed is gone. */
static void world_close(struct world *w)
{
	gc_free(w->gc);
	jobs_free(w->jobs);
	pods_free(w->pods);
	recorder_free(w->env.recorder);
	engine_free(w->env.engine);
	store_close(w->env.store);
	loop_free(w->env.loop);
	free(TAKE(w->addr.socket));
}

static struct world *world_new(void)
{
	static int n;
	struct world *w = xcalloc(1, sizeof(*w));

	w->path = xasprintf("%s/%d.db", test_dir(), n++);
	world_open(w);
	return w;
}

static void world_free(struct world *w)
{
	world_close(w);
	free(w->path);
	free(w);
}

/* Rounds until all is quiet, then the commit. */
static void settle(struct world *w)
{
	auto_err e = {0};
	bool any;

	do {
		any = gc_reconcile(w->gc);
		any |= jobs_reconcile(w->jobs);
	} while (any);
	CHECK_INT(store_commit(w->env.store, &e), 0);
}

UNUSED static void restart(struct world *w)
{
	world_close(w);
	world_open(w);
	settle(w);
}

/* ---- objects ---- */

#define CONTAINERS "'containers':[{'name':'c','image':'i'}]"

static void create(struct world *w, const struct kind *k, json *obj)
{
	auto_err e = {0};
	auto_json *made =
	    registry_create(w->env.store, k, NULL, obj, &(struct create_options){0}, &e);

	CHECK_STR(err_msg(&e), "");
	settle(w);
}

/* SPEC: members of the spec beside the template. */
static void make_job(struct world *w, const char *name, const char *spec)
{
	auto_free char *text =
	    xasprintf("{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'%s'},"
		      "'spec':{%s%s'template':{'metadata':{'labels':{'app':'%s'}},"
		      "'spec':{'restartPolicy':'Never'," CONTAINERS "}}}}",
		name, spec, *spec ? "," : "", name);

	create(w, job_kind(), parse(text));
}

UNUSED static void make_pod(struct world *w, const char *name, const char *labels)
{
	auto_free char *text = xasprintf("{'apiVersion':'v1','kind':'Pod','metadata':{'name':'%s',"
					 "'labels':{%s}},'spec':{" CONTAINERS "}}",
	    name, labels);

	create(w, pod_kind(), parse(text));
}

static json *get_job(struct world *w, const char *name)
{
	return store_get(w->env.store, job_kind(), "default", name, NULL);
}

static json *get_pod(struct world *w, const char *name)
{
	return store_get(w->env.store, pod_kind(), "default", name, NULL);
}

/* Consumes obj. */
static void put(struct world *w, const struct kind *k, json *obj, enum update_part part)
{
	struct update_options o = {.part = part};
	auto_err e = {0};
	auto_json *stored = registry_update(w->env.store, k, obj, &o, &e);

	CHECK_STR(err_msg(&e), "");
}

/* Sets one member of a job, as a client does it. */
UNUSED static void patch_job(struct world *w, const char *name, const char *path, const char *value)
{
	json *obj = get_job(w, name);

	json_set_path(obj, path, parse(value));
	put(w, job_kind(), obj, UPDATE_MAIN);
	settle(w);
}

static char *text_of(const json *obj, const char *path)
{
	const json *value = json_path(obj, path);
	char *text = value ? json_print(value) : xstrdup("-");

	for (char *c = text; *c; c++)
		if (*c == '"')
			*c = '\'';
	return text;
}

/* A value of a stored object, as compact JSON with ' for "; "-": absent. */
static void check_at(
    struct world *w, const struct kind *k, const char *name, const char *path, const char *wanted)
{
	auto_json *obj = store_get(w->env.store, k, "default", name, NULL);
	auto_free char *text = text_of(obj, path);

	CHECK_STR(text, wanted);
}

UNUSED static void check_job(
    struct world *w, const char *name, const char *path, const char *wanted)
{
	check_at(w, job_kind(), name, path, wanted);
}

/* ---- the pods of a job ---- */

static bool add_name(void *ctx, const struct store_row *row)
{
	strlist_add(ctx, row->name);
	return true;
}

/* Their names, sorted: those of an Indexed Job by index. */
static struct strlist pods_of(struct world *w, const char *job)
{
	auto_json *obj = get_job(w, job);
	struct store_query q = {.kind = pod_kind(), .owner_uid = json_str(obj, "metadata.uid")};
	struct strlist names = {0};

	CHECK_INT(store_list(w->env.store, &q, add_name, &names, NULL, NULL), 0);
	return names;
}

UNUSED static size_t pod_count(struct world *w, const char *job)
{
	auto_strlist names = pods_of(w, job);

	return names.len;
}

/* The name of the i-th pod; owned. */
static char *pod_name(struct world *w, const char *job, size_t i)
{
	auto_strlist names = pods_of(w, job);

	CHECK(i < names.len);
	return xstrdup(i < names.len ? names.items[i] : "?");
}

/* All of it is long ago, so that no back-off is left. */
static void set_phase(json *pod, const char *phase, int exit_code)
{
	bool ended = exit_code >= 0;
	json *status = json_obj(pod, "status"), *list = json_new_array(), *c = json_new_object();

	meta_set_time(pod, "metadata.creationTimestamp", clock_wall_ns() / NSEC_PER_SEC - 3600);
	json_set_str(json_obj(pod, "spec"), "nodeName", "node");
	json_set_str(status, "phase", phase);
	json_set_str(c, "name", "c");
	json_set_int(c, "restartCount", 0);
	if (ended) {
		json_set_path(c, "state.terminated.exitCode", json_new_int(exit_code));
		meta_set_time(
		    c, "state.terminated.finishedAt", clock_wall_ns() / NSEC_PER_SEC - 3600);
	}
	json_add(list, c);
	json_set(status, "containerStatuses", list);
}

/* Writes what the pod loop would; exit_code -1: it runs. */
static void pod_becomes(struct world *w, const char *name, const char *phase, int exit_code)
{
	json *pod = get_pod(w, name);

	CHECK(pod != NULL);
	if (!pod)
		return;
	set_phase(pod, phase, exit_code);
	put(w, pod_kind(), pod, UPDATE_SYSTEM);
	settle(w);
}

UNUSED static void nth_becomes(
    struct world *w, const char *job, size_t i, const char *phase, int exit_code)
{
	auto_free char *name = pod_name(w, job, i);

	pod_becomes(w, name, phase, exit_code);
}

/* ---- events ---- */

static bool add_event(void *ctx, const struct store_row *row)
{
	auto_json *event = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);

	strlist_addf(ctx, "%s %s %s", json_str_or(event, "type", ""),
	    json_str_or(event, "reason", ""), json_str_or(event, "message", ""));
	return true;
}

/* How many events begin so: "Warning FailedCreate". */
UNUSED static size_t events_like(struct world *w, const char *prefix)
{
	struct store_query q = {.kind = kind_by_id(KIND_EVENT)};
	auto_strlist events = {0};
	size_t n = 0;

	CHECK_INT(store_list(w->env.store, &q, add_event, &events, NULL, NULL), 0);
	for (size_t i = 0; i < events.len; i++)
		n += str_has_prefix(events.items[i], prefix);
	return n;
}

#endif
