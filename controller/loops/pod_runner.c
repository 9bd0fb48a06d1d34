/*
 * pod_runner: who starts the commands of probes (runtime/runner.h). Containers with exec probes
 * have the program mounted; the engine's volume with it is filled when the first of them is to be
 * created. Where it cannot be, probes are execs of their own.
 */
#include "../../runtime/sandbox_image.h"
#include "pod_volumes.h"
#include "pods_internal.h"

#define PERIOD_MAX_S 10 /* what runs more rarely need not be cheap */
#define RETRY_MS 60000
#define LABEL_RUNNER "io.kjob.runner" /* on the container that fills the volume: the instance */

enum care_state { CARE_FILLING, CARE_READY, CARE_FAILED };

struct runner_care {
	struct pods *set;
	enum care_state state;
	int64_t retry_ms; /* of CARE_FAILED */
	struct sandbox_volume *fill;
};

/* ---- which containers ---- */

static bool often(const json *probe)
{
	return json_has(probe, "exec") && json_int(probe, "periodSeconds", 10) <= PERIOD_MAX_S;
}

/* What is mounted over the place, or would have the mount show up on the machine. */
static bool in_the_way(const char *path)
{
	return str_eq(path, "/") || str_eq(path, "/dev") || str_eq(path, "/dev/") ||
	       str_has_prefix(path, SANDBOX_VOLUME_DIR);
}

static bool wanted(const struct container *c)
{
	const json *spec = container_json(c);

	if (c->role == ROLE_INIT ||
	    !(often(json_get(spec, "livenessProbe")) || often(json_get(spec, "readinessProbe")) ||
		often(json_get(spec, "startupProbe"))))
		return false;
	json_for (m, json_get(spec, "volumeMounts"))
		if (in_the_way(json_str_or(m, "mountPath", "")))
			return false;
	return !in_the_way(json_str_or(spec, "terminationMessagePath", MESSAGE_PATH));
}

/* ---- the volume ---- */

static void on_filled(struct engine_who who, const struct err *err)
{
	struct runner_care *care = who.ctx;

	sandbox_volume_free(TAKE(care->fill));
	care->state = err ? CARE_FAILED : CARE_READY;
	care->retry_ms = now_ms() + RETRY_MS;
	if (err)
		log_warn("exec probes go the long way: %s", err_msg(err));
	pods_queue_all(care->set);
}

static void fill(struct runner_care *care)
{
	const char *instance = store_instance(care->set->env->store);
	auto_free char *name = xasprintf("kjob_runner_%.8s", instance);
	auto_json *labels = json_new_object();

	json_set_str(labels, LABEL_RUNNER, instance);
	care->state = CARE_FILLING;
	care->fill = sandbox_volume_fill(
	    care->set->env->engine, name, labels, on_filled, (struct engine_who){.ctx = care});
}

bool runner_hold(const struct container *c)
{
	struct pods *set = c->pod->set;
	struct runner_care *care = set->runners;

	if (!wanted(c))
		return false;
	if (!care) {
		care = set->runners = xcalloc(1, sizeof(*care));
		care->set = set;
		fill(care);
	} else if (care->state == CARE_FAILED && now_ms() >= care->retry_ms) {
		fill(care);
	}
	return care->state == CARE_FILLING;
}

void runner_mount(const struct container *c, struct volume_mounts *mounts)
{
	const struct runner_care *care = c->pod->set->runners;

	if (!care || care->state != CARE_READY || !wanted(c))
		return;
	GROW(mounts->items, mounts->cap, mounts->len + 1);
	mounts->items[mounts->len++] = (struct mount_spec){.kind = MOUNT_VOLUME,
	    .source = sandbox_volume_name(),
	    .target = SANDBOX_VOLUME_DIR,
	    .read_only = true};
}

void runners_release_all(struct pods *set)
{
	if (set->runners)
		sandbox_volume_free(set->runners->fill);
	free(TAKE(set->runners));
}

/* ---- the runner of a container ---- */

void runner_release(struct container *c)
{
	runner_free(TAKE(c->runner));
	set_text(&c->runner_of, NULL);
}

struct runner *container_runner(struct container *c)
{
	bool sandbox = c->role == ROLE_SANDBOX;

	if (!c->id || (!sandbox && !wanted(c)))
		return NULL;
	if (c->runner && str_eq(c->runner_of, c->id))
		return c->runner;
	runner_release(c);
	set_text(&c->runner_of, c->id);
	c->runner = runner_new(
	    c->pod->set->env->engine, c->id, sandbox ? SANDBOX_PROGRAM : SANDBOX_VOLUME_PROGRAM);
	return c->runner;
}
