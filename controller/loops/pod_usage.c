/*
 * Where there are limits the engine is asked every ten seconds, as a kubelet looks: for the files
 * of each container, and, by a command in the sandbox, for the volumes. Others are never asked.
 */
#include "pod_usage.h"

#include "../../runtime/exec.h"
#include "../../runtime/sandbox_image.h"
#include "../api/api.h"
#include "pod_volumes.h"
#include "pods_internal.h"

#define PERIOD_MS 10000
#define EXEC_TIMEOUT_MS 30000
#define EXEC_OUTPUT_MAX (64 * KIB)
#define DISK "ephemeral-storage"

/* ---- limits (pure) ---- */

/* -1: none. */
static int64_t size_of(const json *quantity)
{
	const char *text = json_string_value(quantity);
	auto_free char *canonical = NULL;
	int64_t milli = 0;

	if (!text || quantity_parse(text, &canonical, &milli, NULL) < 0 || milli <= 0)
		return -1;
	return milli / 1000;
}

static int64_t limit_of(const json *container)
{
	return size_of(json_path(container, "resources.limits." DISK));
}

static bool any_container_limited(const json *spec)
{
	static const char *const lists[] = {"initContainers", "containers"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (c, json_get(spec, lists[i]))
			if (limit_of(c) > 0)
				return true;
	return false;
}

static bool on_disk(const json *volume)
{
	const json *empty = json_get(volume, "emptyDir");

	return empty && !*json_str_or(empty, "medium", "");
}

bool usage_needs_volume(const json *spec, const json *volume)
{
	return on_disk(volume) && (size_of(json_path(volume, "emptyDir.sizeLimit")) > 0 ||
				      any_container_limited(spec));
}

bool usage_needs_volumes(const json *spec)
{
	json_for (volume, json_get(spec, "volumes"))
		if (usage_needs_volume(spec, volume))
			return true;
	return false;
}

bool usage_is_limited(const json *spec)
{
	return any_container_limited(spec) || usage_needs_volumes(spec);
}

static char *volume_excess(const json *spec, const int64_t *used)
{
	size_t i = 0;

	json_for (volume, json_get(spec, "volumes")) {
		const json *limit = json_path(volume, "emptyDir.sizeLimit");
		int64_t bytes = used[i++];

		if (on_disk(volume) && size_of(limit) > 0 && bytes > size_of(limit))
			return xasprintf(
			    "Usage of EmptyDir volume \"%s\" exceeds the limit \"%s\". ",
			    json_str_or(volume, "name", ""), json_string_value(limit));
	}
	return NULL;
}

static int64_t sum(const int64_t *used, size_t len)
{
	int64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += used[i] > 0 ? used[i] : 0;
	return n;
}

/* As Kubernetes would print the sum, in units of 1024 where a limit is given so. Owned. */
static char *sum_text(const json *spec, int64_t bytes)
{
	static const char units[] = " KMGTPE";
	auto_free char *decimal = xasprintf("%lld", (long long)bytes);
	char *canonical = NULL;
	int64_t ignored;
	size_t unit = 0;

	json_for (c, json_get(spec, "containers")) {
		const char *text = json_str(json_path(c, "resources.limits"), DISK);

		if (!text || !strchr(text, 'i'))
			continue;
		for (; bytes % 1024 == 0; bytes /= 1024)
			unit++;
		return unit ? xasprintf("%lld%ci", (long long)bytes, units[unit]) : TAKE(decimal);
	}
	return quantity_parse(decimal, &canonical, &ignored, NULL) == 0 ? canonical : TAKE(decimal);
}

static char *pod_excess(const json *spec, const struct usage_facts *f)
{
	int64_t limit = pod_room_limit(spec).disk_bytes;
	int64_t used = sum(f->containers, json_len(json_get(spec, "containers"))) +
		       sum(f->sidecars, json_len(json_get(spec, "initContainers"))) +
		       sum(f->volumes, json_len(json_get(spec, "volumes")));
	auto_free char *text = NULL;

	if (limit <= 0 || used <= limit)
		return NULL;
	text = sum_text(spec, limit);
	return xasprintf(
	    "Pod ephemeral local storage usage exceeds the total limit of containers %s. ", text);
}

static char *container_excess(const json *spec, const int64_t *used)
{
	size_t i = 0;

	json_for (c, json_get(spec, "containers")) {
		const json *limit = json_path(c, "resources.limits." DISK);
		int64_t bytes = used[i++];

		if (size_of(limit) > 0 && bytes > size_of(limit))
			return xasprintf(
			    "Container %s exceeded its local ephemeral storage limit \"%s\". ",
			    json_str_or(c, "name", ""), json_string_value(limit));
	}
	return NULL;
}

char *usage_excess(const json *spec, const struct usage_facts *f)
{
	char *text = volume_excess(spec, f->volumes);

	if (!text)
		text = pod_excess(spec, f);
	return text ? text : container_excess(spec, f->containers);
}

/* ---- asking ---- */

struct pod_usage {
	int64_t *containers; /* own files, in the order of struct pod */
	int64_t *volumes;
	bool *asked; /* of each container: an answer is on its way */
	struct exec_run *run;
	char *excess; /* what is over its limit; NULL: nothing yet */
};

static void judge(struct pod *p)
{
	struct pod_usage *u = p->usage;
	auto_free int64_t *bytes = xcalloc(p->container_count, sizeof(*bytes));
	struct usage_facts facts = {
	    .sidecars = bytes, .containers = bytes + p->init_count, .volumes = u->volumes};

	if (u->excess)
		return;
	for (size_t i = 0; i < p->container_count; i++) {
		const struct container *c = &p->containers[i];

		bytes[i] = c->stage == STAGE_RUNNING ? u->containers[i] : -1;
		if (c->log && bytes[i] >= 0)
			bytes[i] += (int64_t)(logfile_content_bytes(c->log, LOG_STDOUT) +
					      logfile_content_bytes(c->log, LOG_STDERR));
	}
	u->excess = usage_excess(json_get(p->obj, "spec"), &facts);
	if (u->excess)
		pod_queue(p);
}

static void on_size(struct engine_who who, int64_t bytes, const struct err *err)
{
	struct container *c = container_of(who);
	size_t i;

	if (!c)
		return;
	i = (size_t)(c - c->pod->containers);
	c->pod->usage->asked[i] = false;
	if (err)
		return;
	c->pod->usage->containers[i] = bytes;
	judge(c->pod);
}

static void on_volumes(struct engine_who who, const struct exec_result *r, const struct err *err)
{
	struct container *c = container_of(who);
	struct pod *p = c ? c->pod : NULL;
	const json *spec = p ? json_get(p->obj, "spec") : NULL;
	auto_strlist lines = {0};
	size_t i = 0, line = 0;

	if (!c)
		return;
	p->usage->run = NULL;
	if (!r || r->timed_out || r->exit_code != 0)
		return;
	str_split(&lines, r->output, '\n');
	json_for (volume, json_get(spec, "volumes")) {
		int64_t *bytes = &p->usage->volumes[i++];

		if (usage_needs_volume(spec, volume) && line < lines.len &&
		    str_to_int(lines.items[line++], 0, INT64_MAX, bytes) < 0)
			*bytes = -1;
	}
	judge(p);
}

static void ask_volumes(struct pod *p)
{
	const json *spec = json_get(p->obj, "spec");
	auto_strlist command = {0};
	struct exec_spec what = {.command = &command};

	if (!pod_own_sandbox(p) || p->sandbox->stage != STAGE_RUNNING || p->usage->run ||
	    !usage_needs_volumes(spec))
		return;
	what.container = p->sandbox->id;
	strlist_add(&command, SANDBOX_PROGRAM);
	strlist_add(&command, "usage");
	json_for (volume, json_get(spec, "volumes"))
		if (usage_needs_volume(spec, volume))
			strlist_add_take(
			    &command, volume_sandbox_path(json_str_or(volume, "name", "")));
	p->usage->run = exec_run(p->set->env->engine, &what, EXEC_OUTPUT_MAX, EXEC_TIMEOUT_MS,
	    on_volumes, container_who(p->sandbox));
}

static void ask(struct pod *p)
{
	struct pod_usage *u = p->usage;

	if (u->excess || p->gone || meta_deleting(p->obj))
		return;
	for (size_t i = 0; i < p->container_count; i++) {
		struct container *c = &p->containers[i];

		if (c->stage != STAGE_RUNNING || u->asked[i] ||
		    !any_container_limited(json_get(p->obj, "spec")))
			continue;
		u->asked[i] = true;
		container_size(p->set->env->engine, c->id, on_size, container_who(c));
	}
	ask_volumes(p);
}

static void on_due(void *arg)
{
	struct pods *set = arg;
	bool any = false;

	for (size_t i = 0; i < set->slot_count; i++) {
		struct pod *p = set->slots[i];

		if (!p || !p->usage)
			continue;
		any = true;
		if (set->engine_up)
			ask(p);
	}
	if (any)
		timer_set(set->env->loop, &set->usage_timer, PERIOD_MS);
}

/* ---- for the pod loop ---- */

void usage_begin(struct pod *p)
{
	const json *spec = json_get(p->obj, "spec");
	struct pods *set = p->set;
	struct pod_usage *u;

	if (!usage_is_limited(spec))
		return;
	u = p->usage = xcalloc(1, sizeof(*u));
	u->containers = xcalloc(p->container_count, sizeof(*u->containers));
	u->asked = xcalloc(p->container_count, sizeof(*u->asked));
	u->volumes = xcalloc(json_len(json_get(spec, "volumes")) + 1, sizeof(*u->volumes));
	if (timer_is_set(&set->usage_timer))
		return;
	set->usage_timer = (struct timer){.name = "usage", .fn = on_due, .arg = set};
	timer_set(set->env->loop, &set->usage_timer, PERIOD_MS);
}

const char *usage_over(const struct pod *p)
{
	return p->usage ? p->usage->excess : NULL;
}

void usage_end(struct pod *p)
{
	struct pod_usage *u = TAKE(p->usage);

	if (!u)
		return;
	exec_run_cancel(u->run);
	free(u->containers);
	free(u->volumes);
	free(u->asked);
	free(u->excess);
	free(u);
}
