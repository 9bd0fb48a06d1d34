/*
 * pod_sandbox: the container that holds a pod's network (and, when asked, its processes). It is
 * running in the eyes of pod_decide when it has been started, its address is known and its volumes
 * are filled.
 */
#include "../../runtime/archive.h"
#include "pod_volumes.h"
#include "pods_internal.h"
#include "services.h"

#define RETRY_MS 1000
#define HOSTS_MAX (64 * KIB)

static void inspect_due(void *arg)
{
	exit_inspect_now(arg);
}

struct container *sandbox_new(struct pod *p)
{
	struct container *b = xcalloc(1, sizeof(*b));

	b->pod = p;
	b->role = ROLE_SANDBOX;
	b->round = -1;
	b->name = xstrdup(SANDBOX_CONTAINER);
	b->inspect_timer = (struct timer){.name = "sandbox", .fn = inspect_due, .arg = b};
	container_begin_attempt(b);
	return b;
}

void sandbox_renew(struct pod *p)
{
	struct container *b = p->sandbox;

	removal_add(p->set, pod_group(p), b->prev_id, true);
	free(b->prev_id);
	b->prev_id = TAKE(b->id);
	b->attempt++;
	b->stage = STAGE_WAITING;
	b->died = b->stream_ended = false;
	set_text(&b->ip, NULL);
	recorder_event(p->set->env->recorder, pod_kind(), p->obj, NULL, "Normal", "SandboxChanged",
	    "kubelet", "Pod sandbox changed, it will be killed and re-created.");
}

static void retry(struct container *b, const struct err *err)
{
	struct pod *p = b->pod;

	if (err->reason == ERR_UNAVAILABLE || err->reason == ERR_TIMEOUT) {
		pods_expect_stray(p->set);
		b->not_before_ms = now_ms() + RETRY_MS;
		return;
	}
	b->not_before_ms = now_ms() + POD_RETRY_MS;
	recorder_event(p->set->env->recorder, pod_kind(), p->obj, NULL, "Warning",
	    "FailedCreatePodSandBox", "kubelet", "Failed to create pod sandbox: %s", err_msg(err));
}

/* ---- create ---- */

static void created(struct container *b, const char *id)
{
	set_text(&b->id, id);
	b->stage = STAGE_CREATED;
	b->round = b->pod->round;
}

/* The name was taken: by our own create whose answer was lost, or by one that is being removed. */
static void on_conflict_inspect(
    struct engine_who who, const struct container_info *info, const struct err *err)
{
	struct container *b = container_answered(who);

	if (!b)
		return;
	if (!err && str_eq(json_string_value(json_get(info->labels, LABEL_UID)), b->pod->uid) &&
	    info->state != CONTAINER_EXITED)
		created(b, info->id); /* starting it again does no harm */
	else if (err && err->reason != ERR_NOT_FOUND)
		retry(b, err);
	else
		b->attempt++; /* the name of the next */
}

static void on_created(struct engine_who who, const char *id, const struct err *err)
{
	struct container *b = container_answered(who);

	if (!b)
		return;
	if (err && err->reason == ERR_ALREADY_EXISTS) {
		auto_free char *name = pod_sandbox_name(b->pod);

		b->busy = true;
		b->call = container_inspect(
		    b->pod->set->env->engine, name, on_conflict_inspect, container_who(b));
	} else if (err) {
		retry(b, err);
	} else {
		created(b, id);
	}
}

bool apply_sandbox_create(struct pod *p, struct container *c, const struct pod_action *a)
{
	struct container *b = p->sandbox;

	if (services_hold(p->set->env->services, p->obj))
		return false; /* queued when they are there */
	if (p->shared) {
		free(p->shared);
		p->shared = container_engine_name(b);
	}
	b->busy = true;
	b->call = pod_sandbox_create(p, on_created, container_who(b));
	return true;
}

/* ---- start, address, volumes ---- */

static void up(struct container *b)
{
	b->busy = false;
	b->call = 0;
	b->stage = STAGE_RUNNING;
	b->stream_ended = true; /* there is none: the event of its end counts at once */
	if (b->died)
		exit_inspect_soon(b, 1);
}

/* One step of coming up has failed; it is begun anew. */
static void failed(struct container *b, const struct err *err)
{
	b->busy = false;
	b->call = 0;
	if (err->reason == ERR_NOT_FOUND) {
		free(TAKE(b->id));
		b->attempt++;
		b->stage = STAGE_WAITING;
	}
	retry(b, err);
}

static void on_filled(struct engine_who who, const struct err *err)
{
	struct container *b = container_of(who);

	if (!b)
		return;
	pod_queue(b->pod);
	if (err)
		failed(b, err);
	else
		up(b);
}

/* At once in the object, too: the environment of containers may want it. */
static void set_address(struct container *b, const char *ip)
{
	set_text(&b->ip, ip);
	if (str_eq(json_str(b->pod->obj, "status.podIP"), ip))
		return;
	json_set_path(b->pod->obj, "status.podIP", json_new_string(ip));
	b->pod->changed = true;
}

void sandbox_taken(struct container *b, const char *ip)
{
	if (ip)
		set_address(b, ip);
	up(b);
}

static void on_hosts(struct engine_who who, const char *data, size_t len, const struct err *err)
{
	struct container *b = container_of(who);

	if (!b)
		return;
	pod_queue(b->pod);
	if (err) {
		failed(b, err);
		return;
	}
	set_text(&b->pod->hosts, data);
	up(b);
}

/* Those that join it later have another name. */
static engine_id read_hosts(struct container *b)
{
	struct loops_env *env = b->pod->set->env;

	if (!env->engine_local || !engine_hostname_follows(env->engine))
		return 0;
	return container_read_file(
	    env->engine, b->id, "/etc/hosts", HOSTS_MAX, on_hosts, container_who(b));
}

static void on_inspected(
    struct engine_who who, const struct container_info *info, const struct err *err)
{
	struct container *b = container_of(who);

	if (!b)
		return;
	pod_queue(b->pod);
	if (err) {
		failed(b, err);
		return;
	}
	if (info->ip && *info->ip)
		set_address(b, info->ip);
	b->started_ns = info->started_at_ns;
	b->call = b->pod->shared ? read_hosts(b)
				 : volumes_fill(b->pod, b->id, on_filled, container_who(b));
	if (!b->call)
		up(b);
}

static void on_started(struct engine_who who, int exit_code, const struct err *err)
{
	struct pods *set = who.ctx;
	struct container *b = container_of(who);

	if (set->starting-- == set->start_limit)
		pods_queue_all(set); /* others may be waiting for this slot */
	if (!b)
		return;
	pod_queue(b->pod);
	if (err)
		failed(b, err);
	else
		b->call =
		    container_inspect(set->env->engine, b->id, on_inspected, container_who(b));
}

bool apply_sandbox_start(struct pod *p, struct container *c, const struct pod_action *a)
{
	struct container *b = p->sandbox;

	b->busy = true;
	p->set->starting++;
	b->call = container_start(p->set->env->engine, b->id, on_started, container_who(b));
	return true;
}

/* ---- stop ---- */

static void on_stopped(struct engine_who who, const struct err *err)
{
	struct container *b = container_answered(who);

	if (!b)
		return;
	if (b->stage == STAGE_RUNNING)
		b->stage = STAGE_EXITED;
}

bool apply_sandbox_stop(struct pod *p, struct container *c, const struct pod_action *a)
{
	struct container *b = p->sandbox;

	b->busy = true;
	b->call =
	    container_kill(p->set->env->engine, b->id, "SIGKILL", on_stopped, container_who(b));
	return true;
}
