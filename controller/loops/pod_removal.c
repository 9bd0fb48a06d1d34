#include "pod_volumes.h"
#include "pods_internal.h"

/* Removals begin this long after they were asked for, so that they stay out of the way of starts.
 */
#define REMOVAL_DELAY_MS 300
#define REMOVAL_PARALLEL 2
#define REMOVAL_PARALLEL_MAX 8
/* With more than this waiting they do not wait for a pause of the starts, and more go at a time. */
#define REMOVALS_MAX 200
/* One that is refused again and again is left to the next controller's search for strays. */
#define REMOVAL_TRIES 5

struct removal {
	char *id, *pod_uid;
	bool donor, under_way;
	int tries;
	struct removal *next;
};

static void removal_next(void *arg);

static void arm(struct pods *set, int64_t delay_ms)
{
	set->removal_timer.name = "removal";
	set->removal_timer.fn = removal_next;
	set->removal_timer.arg = set;
	timer_set(set->env->loop, &set->removal_timer, delay_ms);
}

static struct removal *removal_new(const char *pod_uid, const char *id)
{
	struct removal *r = xcalloc(1, sizeof(*r));

	r->id = xstrdup(id);
	r->pod_uid = xstrdup(pod_uid);
	return r;
}

static void removal_free(struct removal *r)
{
	free(r->id);
	free(r->pod_uid);
	free(r);
}

/* What goes now need not go later, and no donor waits for it. */
static void forget_later(struct pods *set, const char *id)
{
	struct removal **at = &set->ended, *last = NULL, *gone;

	while (*at && !str_eq((*at)->id, id)) {
		last = *at;
		at = &(*at)->next;
	}
	gone = *at;
	if (!gone)
		return;
	*at = gone->next;
	if (!gone->next)
		set->ended_tail = last ? &last->next : &set->ended;
	set->ended_count--;
	removal_free(gone);
}

void removal_add(struct pods *set, const char *pod_uid, const char *id, bool donor)
{
	struct removal *r;

	if (!id || map_get(&set->removal_ids, id))
		return;
	forget_later(set, id);
	r = removal_new(pod_uid, id);
	r->donor = donor;
	map_set(&set->removal_ids, id, r);
	r->next = set->removals;
	set->removals = r;
	set->removal_count++;
	if (!timer_is_set(&set->removal_timer))
		arm(set, REMOVAL_DELAY_MS);
}

/*
 * Status and output of a pod that has ended are ours; its containers are only there for people who
 * look at the engine. Thousands of them make its lists slow.
 */
void removal_later(struct pods *set, const char *pod_uid, const char *id, bool donor)
{
	struct removal *oldest;

	if (!id || map_get(&set->removal_ids, id))
		return;
	if (!set->ended)
		set->ended_tail = &set->ended;
	*set->ended_tail = removal_new(pod_uid, id);
	(*set->ended_tail)->donor = donor;
	set->ended_tail = &(*set->ended_tail)->next;
	if (++set->ended_count <= ENDED_KEEP)
		return;
	oldest = set->ended;
	set->ended = oldest->next;
	set->ended_count--;
	removal_add(set, oldest->pod_uid, oldest->id, oldest->donor);
	removal_free(oldest);
}

static void free_list(struct removal **first)
{
	while (*first) {
		struct removal *r = *first;

		*first = r->next;
		removal_free(r);
	}
}

void removal_forget_later(struct pods *set)
{
	free_list(&set->ended);
	set->ended_count = 0;
}

static void drop(struct pods *set, struct removal *gone)
{
	struct removal **at = &set->removals;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	set->removal_count--;
	map_del(&set->removal_ids, gone->id);
	removal_free(gone);
}

/* The engine keeps a donor while anything is joined to it. */
static bool has_dependents(const struct pods *set, const struct removal *donor)
{
	const struct removal *lists[] = {set->removals, set->ended};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (const struct removal *r = lists[i]; r; r = r->next)
			if (!r->donor && str_eq(r->pod_uid, donor->pod_uid))
				return true;
	return false;
}

static struct removal *next_due(struct pods *set)
{
	for (struct removal *r = set->removals; r; r = r->next)
		if (!r->under_way && !(r->donor && has_dependents(set, r)))
			return r;
	return NULL;
}

static void on_removed(struct engine_who who, const struct err *err)
{
	struct pods *set = who.ctx;
	struct removal *r = set->removals;

	while (r && (uint64_t)(uintptr_t)r != who.key)
		r = r->next;
	set->removing--;
	if (r && err && ++r->tries < REMOVAL_TRIES) {
		r->under_way = false;
	} else if (r) {
		if (err)
			log_warn("cannot remove a container: %s", err_msg(err));
		drop(set, r);
	}
	arm(set, err ? REMOVAL_DELAY_MS * 10 : 1);
}

static void removal_next(void *arg)
{
	struct pods *set = arg;
	bool hold = set->starting >= set->start_limit && set->removal_count < REMOVALS_MAX;
	size_t parallel = REMOVAL_PARALLEL + set->removal_count / REMOVALS_MAX;
	struct removal *r;

	if (hold || !set->engine_up) {
		arm(set, REMOVAL_DELAY_MS);
		return;
	}
	if (parallel > REMOVAL_PARALLEL_MAX)
		parallel = REMOVAL_PARALLEL_MAX;
	while (set->removing < (int)parallel && (r = next_due(set))) {
		set->removing++;
		r->under_way = true;
		container_remove(set->env->engine, r->id, on_removed,
		    (struct engine_who){.ctx = set, .key = (uint64_t)(uintptr_t)r});
	}
}

size_t pods_hurry_removals(struct pods *set)
{
	if (set->removals)
		removal_next(set);
	return set->engine_up ? set->removal_count + volumes_leaving(set) : 0;
}

void removal_release_all(struct pods *set)
{
	timer_cancel(set->env->loop, &set->removal_timer);
	free_list(&set->removals);
	removal_forget_later(set);
	map_release(&set->removal_ids, NULL);
}

/* ---- pods without a record ---- */

void removal_add_by_status(struct pods *set, const json *obj)
{
	static const char *const lists[] = {
	    "status.initContainerStatuses", "status.containerStatuses"};
	static const char *const paths[] = {
	    "containerID", "state.terminated.containerID", "lastState.terminated.containerID"};

	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		json_for (status, json_path(obj, lists[l])) {
			for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
				const char *id = json_str(status, paths[i]);
				const char *slashes = id ? strstr(id, "://") : NULL;

				if (slashes)
					removal_add(set, meta_uid(obj), slashes + 3, false);
			}
		}
	}
}

static const char *label(const struct container_info *info, const char *name)
{
	return json_string_value(json_get(info->labels, name));
}

static void on_list(
    struct engine_who who, const struct container_info *infos, size_t len, const struct err *err)
{
	struct pods *set = who.ctx;

	if (err) /* the next controller's search for strays finds them */
		log_warn("cannot list the containers of a deleted pod: %s", err_msg(err));
	for (size_t i = 0; i < len; i++)
		removal_add(set, label(&infos[i], LABEL_UID), infos[i].id,
		    str_eq(label(&infos[i], LABEL_CONTAINER), SANDBOX_CONTAINER));
}

void removal_add_pod(struct pods *set, const json *obj)
{
	auto_free char *uid = xasprintf("%s=%s", LABEL_UID, meta_uid(obj));
	auto_free char *own = xasprintf("%s=%s", LABEL_INSTANCE, store_instance(set->env->store));
	const char *labels[] = {uid, own, NULL};

	removal_add_by_status(set, obj);
	if (pod_wants_sandbox(obj)) /* the status does not name it */
		container_list(set->env->engine, labels, on_list, (struct engine_who){.ctx = set});
	volumes_cleanup(set, obj);
}
