/* pod_removal: engine containers that are to go, and those that are kept for a while. */
#include "pod_volumes.h"
#include "pods_internal.h"

/* Removals begin this long after they were asked for, so that they stay out of the way of starts.
 */
#define REMOVAL_DELAY_MS 300
#define REMOVAL_PARALLEL 2
#define REMOVAL_PARALLEL_MAX 8
/* With more than this waiting they do not wait for a pause of the starts, and more go at a time. */
#define REMOVALS_MAX 200
/* One that is refused again and again is left to a later look at the engine's list. */
#define REMOVAL_TRIES 5

enum removal_state {
	REMOVAL_KEPT,    /* in kept: of a pod that has ended */
	REMOVAL_DUE,     /* in due */
	REMOVAL_BLOCKED, /* a donor in the list of its group, whose dependents go first */
	REMOVAL_CALLED,  /* the engine has been asked; in no list */
};

struct removal {
	char *id;
	struct group *group;
	bool donor;
	enum removal_state state;
	int tries;
	struct pods *set;
	struct removal *prev, *next;
};

struct list {
	struct removal *first, *last;
	size_t len;
};

/* Containers of which the donors go last. It lives while it has any. */
struct group {
	char *name;
	size_t members, dependents; /* all, and those that are no donors */
	struct list blocked;
};

struct removals {
	struct map by_id;  /* engine id → struct removal: all of them */
	struct map groups; /* name → struct group */
	struct list kept;  /* oldest first; ENDED_KEEP at most */
	struct list due;   /* first come first */
	size_t called;
	struct timer timer;
};

/* ---- lists ---- */

static void append(struct list *l, struct removal *r)
{
	r->prev = l->last;
	r->next = NULL;
	*(l->last ? &l->last->next : &l->first) = r;
	l->last = r;
	l->len++;
}

static void unlink_from(struct list *l, struct removal *r)
{
	*(r->prev ? &r->prev->next : &l->first) = r->next;
	*(r->next ? &r->next->prev : &l->last) = r->prev;
	l->len--;
}

static struct list *list_of(const struct removal *r)
{
	struct removals *all = r->set->removals;

	switch (r->state) {
	case REMOVAL_KEPT:
		return &all->kept;
	case REMOVAL_DUE:
		return &all->due;
	case REMOVAL_BLOCKED:
		return &r->group->blocked;
	case REMOVAL_CALLED:
		break;
	}
	return NULL;
}

static void set_state(struct removal *r, enum removal_state state)
{
	struct list *l = list_of(r);

	if (l)
		unlink_from(l, r);
	r->state = state;
	l = list_of(r);
	if (l)
		append(l, r);
}

/* ---- what is in them ---- */

static void arm(struct pods *set, int64_t delay_ms)
{
	timer_set(set->env->loop, &set->removals->timer, delay_ms);
}

static struct removal *removal_new(
    struct pods *set, const char *group, const char *id, bool donor, enum removal_state state)
{
	struct removals *all = set->removals;
	struct removal *r = xcalloc(1, sizeof(*r));
	struct group *g = map_get(&all->groups, group);

	if (!g) {
		g = xcalloc(1, sizeof(*g));
		g->name = xstrdup(group);
		map_set(&all->groups, group, g);
	}
	*r = (struct removal){
	    .id = xstrdup(id), .group = g, .donor = donor, .set = set, .state = REMOVAL_CALLED};
	g->members++;
	g->dependents += !donor;
	map_set(&all->by_id, id, r);
	set_state(r, state);
	return r;
}

/* The engine keeps a donor while anything is joined to it. Nobody needs it when that has gone. */
static void release_donors(struct pods *set, struct group *g)
{
	struct removal *next;

	while (g->blocked.first)
		set_state(g->blocked.first, REMOVAL_DUE);
	for (struct removal *r = set->removals->kept.first; r; r = next) {
		next = r->next;
		if (r->group == g)
			set_state(r, REMOVAL_DUE);
	}
	arm(set, 1);
}

static void removal_free(struct removal *r)
{
	struct removals *all = r->set->removals;
	struct group *g = r->group;
	struct list *l = list_of(r);

	if (l)
		unlink_from(l, r);
	map_del(&all->by_id, r->id);
	g->dependents -= !r->donor;
	if (--g->members == 0) {
		map_del(&all->groups, g->name);
		free(g->name);
		free(g);
	} else if (!r->donor && g->dependents == 0) {
		release_donors(r->set, g);
	}
	free(r->id);
	free(r);
}

static void removal_next(void *arg);

void removals_start(struct pods *set)
{
	set->removals = xcalloc(1, sizeof(*set->removals));
	set->removals->timer = (struct timer){.name = "removal", .fn = removal_next, .arg = set};
}

void removal_add(struct pods *set, const char *group, const char *id, bool donor)
{
	struct removal *r = id ? map_get(&set->removals->by_id, id) : NULL;

	if (!id || (r && r->state != REMOVAL_KEPT))
		return;
	if (r)
		set_state(r, REMOVAL_DUE);
	else
		removal_new(set, group, id, donor, REMOVAL_DUE);
	if (!timer_is_set(&set->removals->timer))
		arm(set, REMOVAL_DELAY_MS);
}

/*
 * Status and output of a pod that has ended are ours; its containers are only there for people who
 * look at the engine. Thousands of them make its lists slow.
 */
void removal_later(struct pods *set, const char *group, const char *id, bool donor)
{
	struct removal *oldest;

	if (!id || map_get(&set->removals->by_id, id))
		return;
	removal_new(set, group, id, donor, REMOVAL_KEPT);
	oldest = set->removals->kept.first;
	if (set->removals->kept.len > ENDED_KEEP)
		removal_add(set, oldest->group->name, oldest->id, oldest->donor);
}

bool removal_knows(const struct pods *set, const char *id)
{
	return map_get(&set->removals->by_id, id) != NULL;
}

void removal_forget_later(struct pods *set)
{
	struct removal *next;

	/* donors first, which would be of no use without the others */
	for (struct removal *r = set->removals->kept.first; r; r = next) {
		next = r->next;
		if (r->donor)
			removal_free(r);
	}
	while (set->removals->kept.first)
		removal_free(set->removals->kept.first);
}

bool removal_has_dependents(const struct pods *set, const char *group)
{
	const struct group *g = map_get(&set->removals->groups, group);

	return g && g->dependents > 0;
}

size_t removals_waiting(const struct pods *set)
{
	return set->removals->due.len + set->removals->called;
}

/* ---- carrying them out ---- */

static struct removal *next_due(struct removals *all)
{
	while (all->due.first && all->due.first->donor && all->due.first->group->dependents)
		set_state(all->due.first, REMOVAL_BLOCKED);
	return all->due.first;
}

static void on_removed(struct engine_who who, const struct err *err)
{
	struct removal *r = who.ctx;
	struct pods *set = r->set;

	set->removals->called--;
	if (err && ++r->tries < REMOVAL_TRIES) {
		set_state(r, REMOVAL_DUE);
	} else {
		if (err)
			log_warn("cannot remove a container: %s", err_msg(err));
		removal_free(r);
	}
	arm(set, err ? REMOVAL_DELAY_MS * 10 : 1);
}

static void removal_begin(struct removal *r)
{
	set_state(r, REMOVAL_CALLED);
	r->set->removals->called++;
	container_remove(r->set->env->engine, r->id, on_removed, (struct engine_who){.ctx = r});
}

static void removal_next(void *arg)
{
	struct pods *set = arg;
	struct removals *all = set->removals;
	size_t waiting = removals_waiting(set);
	bool hold = set->starting >= set->start_limit && waiting < REMOVALS_MAX;
	size_t parallel = REMOVAL_PARALLEL + waiting / REMOVALS_MAX;
	struct removal *r;

	if (hold || !set->engine_up) {
		arm(set, REMOVAL_DELAY_MS);
		return;
	}
	if (parallel > REMOVAL_PARALLEL_MAX)
		parallel = REMOVAL_PARALLEL_MAX;
	while (all->called < parallel && (r = next_due(all)))
		removal_begin(r);
}

size_t pods_hurry_removals(struct pods *set)
{
	reuse_end_idle(set);
	if (set->removals->due.first)
		removal_next(set);
	return set->engine_up ? removals_waiting(set) + volumes_leaving(set) + set->idle_count : 0;
}

void removal_release_all(struct pods *set)
{
	struct removals *all = set->removals;
	struct map_iter it = {0};
	const char *id;
	void *r;

	while (map_next(&all->by_id, &it, &id, &r))
		removal_free(r); /* which takes it out of the map */
	timer_cancel(set->env->loop, &all->timer);
	map_release(&all->by_id, NULL);
	map_release(&all->groups, NULL);
	free(TAKE(set->removals));
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
	if (pod_wants_sandbox(obj) || handlers_need_sandbox(set, obj)) /* the status does not name it */
		container_list(set->env->engine, labels, on_list, (struct engine_who){.ctx = set});
	volumes_cleanup(set, obj);
}
