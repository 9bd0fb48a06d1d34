#include "pods_internal.h"

/* Removals begin this long after they were asked for, so that they stay out of the way of starts.
 */
#define REMOVAL_DELAY_MS 300
#define REMOVAL_PARALLEL 2
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

void removal_add(struct pods *set, const char *pod_uid, const char *id, bool donor)
{
	struct removal *r;

	if (!id || map_get(&set->removal_ids, id))
		return;
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
void removal_later(struct pods *set, const char *pod_uid, const char *id)
{
	struct removal *oldest;

	if (!id)
		return;
	if (!set->ended)
		set->ended_tail = &set->ended;
	*set->ended_tail = removal_new(pod_uid, id);
	set->ended_tail = &(*set->ended_tail)->next;
	if (++set->ended_count <= ENDED_KEEP)
		return;
	oldest = set->ended;
	set->ended = oldest->next;
	set->ended_count--;
	removal_add(set, oldest->pod_uid, oldest->id, false);
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
	for (const struct removal *r = set->removals; r; r = r->next)
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
	struct removal *r;

	if (set->starting >= set->start_limit || !set->engine_up) {
		arm(set, REMOVAL_DELAY_MS);
		return;
	}
	while (set->removing < REMOVAL_PARALLEL && (r = next_due(set))) {
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
	return set->engine_up ? set->removal_count : 0;
}

void removal_release_all(struct pods *set)
{
	timer_cancel(set->env->loop, &set->removal_timer);
	free_list(&set->removals);
	removal_forget_later(set);
	map_release(&set->removal_ids, NULL);
}
