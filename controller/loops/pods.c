#include "pod_volumes.h"
#include "pod_env.h"
#include "pods_internal.h"
#include "sandbox_reuse.h"

/* Decisions in one reconcile before it is taken for a loop without progress. */
#define ACTIONS_MAX 64
/* When the store refuses to write (disk full), it is tried again after this. */
#define STORE_RETRY_MS 1000
/* A create without an answer may still be carried out within this time. */
#define STRAYS_MS (10 * 60 * 1000)

int64_t now_ms(void)
{
	return clock_wall_ns() / NSEC_PER_MSEC;
}

void pods_expect_stray(struct pods *set)
{
	set->strays_until_ms = now_ms() + STRAYS_MS;
}

void set_text(char **field, const char *value)
{
	char *copy = xstrdup(value);

	free(*field);
	*field = copy;
}

/* ---- keys: generation, slot and container number in one integer ---- */

#define INDEX_BITS 10
#define PART_BITS 2
#define SLOT_BITS 20
#define SLOT_SHIFT (INDEX_BITS + PART_BITS)
#define INDEX_SANDBOX ((1u << INDEX_BITS) - 1)

struct engine_who container_who(const struct container *c)
{
	const struct pod *p = c->pod;
	uint64_t index = c == p->sandbox ? INDEX_SANDBOX : (uint64_t)(c - p->containers);

	return (struct engine_who){.ctx = p->set,
	    .key = (uint64_t)p->generation << 32 | (uint64_t)p->slot << SLOT_SHIFT | index};
}

struct container *container_of(struct engine_who who)
{
	struct pods *set = who.ctx;
	size_t slot = (who.key >> SLOT_SHIFT) & ((1u << SLOT_BITS) - 1);
	size_t index = who.key & INDEX_SANDBOX;
	struct pod *p = slot < set->slot_count ? set->slots[slot] : NULL;

	if (!p || p->generation != (uint32_t)(who.key >> 32))
		return NULL;
	if (index == INDEX_SANDBOX)
		return p->sandbox;
	return index < p->container_count ? &p->containers[index] : NULL;
}

struct container *container_answered(struct engine_who who)
{
	struct container *c = container_of(who);

	if (!c)
		return NULL;
	c->busy = false;
	c->call = 0;
	pod_queue(c->pod);
	return c;
}

uint64_t container_part_key(const struct container *c, unsigned part)
{
	return container_who(c).key | (uint64_t)part << INDEX_BITS;
}

unsigned container_part(uint64_t key)
{
	return (unsigned)(key >> INDEX_BITS) & ((1u << PART_BITS) - 1);
}

static size_t slot_take(struct pods *set, struct pod *p)
{
	size_t i = 0;

	while (i < set->slot_count && set->slots[i])
		i++;
	if (i == set->slot_count) {
		GROW(set->slots, set->slot_cap, i + 1);
		set->slot_count++;
	}
	set->slots[i] = p;
	return i;
}

/* ---- the set ---- */

static void owner_link(struct pod *p)
{
	const char *uid = json_str(meta_controller(p->obj), "uid");

	if (!uid)
		return;
	p->owner_uid = xstrdup(uid);
	p->next_owned = map_get(&p->set->by_owner, uid);
	map_set(&p->set->by_owner, uid, p);
}

static void owner_unlink(struct pod *p)
{
	struct pod *first, **at = &first;

	if (!p->owner_uid)
		return;
	first = map_get(&p->set->by_owner, p->owner_uid);
	while (*at && *at != p)
		at = &(*at)->next_owned;
	if (*at)
		*at = p->next_owned;
	if (first)
		map_set(&p->set->by_owner, p->owner_uid, first);
	else
		map_del(&p->set->by_owner, p->owner_uid);
	free(TAKE(p->owner_uid));
	p->next_owned = NULL;
}

static void timer_due(void *arg)
{
	pod_queue(arg);
}

static void inspect_due(void *arg)
{
	exit_inspect_now(arg);
}

static void container_init(struct container *c, struct pod *p, const json *spec, bool init)
{
	bool sidecar = init && str_eq(json_str(spec, "restartPolicy"), "Always");

	c->pod = p;
	c->role = sidecar ? ROLE_SIDECAR : init ? ROLE_INIT : ROLE_APP;
	c->round = -1;
	c->inspect_timer = (struct timer){.name = "inspect", .fn = inspect_due, .arg = c};
	c->name = xstrdup(json_str_or(spec, "name", ""));
	c->has_stdin = json_bool(spec, "stdin", false);
	set_text(&c->waiting_reason, "ContainerCreating");
	container_begin_attempt(c);
	probes_init(c);
	recover_container(c);
}

static void containers_init(struct pod *p)
{
	const json *init = json_path(p->obj, "spec.initContainers");
	const json *apps = json_path(p->obj, "spec.containers");
	size_t n = 0;

	p->init_count = json_len(init);
	p->container_count = p->init_count + json_len(apps);
	p->containers = xcalloc(p->container_count + 1, sizeof(*p->containers));
	p->obs = xcalloc(p->container_count + 1, sizeof(*p->obs));
	json_for (spec, init)
		container_init(&p->containers[n++], p, spec, true);
	json_for (spec, apps)
		container_init(&p->containers[n++], p, spec, false);
}

const char *pod_group(const struct pod *p)
{
	return p->shared ? p->shared : p->uid;
}

struct container *pod_own_sandbox(const struct pod *p)
{
	return p->shared ? NULL : p->sandbox;
}

static bool has_begun(const struct pod *p)
{
	for (size_t i = 0; i < p->container_count; i++)
		if (p->containers[i].round >= 0)
			return true;
	return false;
}

struct pod *pod_add(struct pods *set, json *obj)
{
	struct pod *p = xcalloc(1, sizeof(*p));

	p->set = set;
	p->obj = obj;
	p->uid = xstrdup(meta_uid(obj));
	p->ns = xstrdup(meta_namespace(obj));
	p->name = xstrdup(meta_name(obj));
	p->generation = ++set->generation;
	p->slot = slot_take(set, p);
	p->started_at = meta_time(obj, "status.startTime");
	p->timer = (struct timer){.name = "pod", .fn = timer_due, .arg = p};
	p->volumes = volumes_wanted(p) ? VOLUMES_DUE : VOLUMES_READY;
	containers_init(p);
	if (pod_wants_sandbox(obj) || handlers_need_sandbox(set, obj))
		p->sandbox = sandbox_new(p);
	p->network_due = !p->sandbox && !has_begun(p) && reuse_fits(obj) &&
			 str_eq(json_str(meta_controller(obj), "kind"), "Job");
	p->address_first = pod_needs_sandbox_for_env(obj);
	usage_begin(p);
	map_set(&set->by_uid, p->uid, p);
	owner_link(p);
	if (json_has(obj, "spec.nodeName"))
		pod_room_take(p);
	pod_queue(p);
	return p;
}

static void container_release(struct container *c)
{
	struct loops_env *env = c->pod->set->env;

	output_close(c);
	image_forget(c);
	hooks_cancel(c);
	probes_release(c);
	runner_release(c);
	engine_cancel(env->engine, c->call);
	engine_cancel(env->engine, c->inspect);
	timer_cancel(env->loop, &c->inspect_timer);
	free(c->name);
	free(c->id);
	free(c->prev_id);
	free(c->image);
	free(c->image_id);
	free(c->image_user);
	free(c->stop_signal);
	free(c->ip);
	free(c->end_reason);
	free(c->end_message);
	json_free(c->last_state);
	free(c->waiting_reason);
	free(c->waiting_message);
	free(c->pull_error);
	free(c->log_path);
	free(c->kill_message);
	free(c->message_file);
}

void sandbox_free(struct pod *p)
{
	if (!p->sandbox)
		return;
	container_release(p->sandbox);
	free(TAKE(p->sandbox));
}

static void pod_free(struct pod *p)
{
	struct pods *set = p->set;

	for (size_t i = 0; i < p->container_count; i++)
		container_release(&p->containers[i]);
	sandbox_free(p);
	volumes_forget(p);
	usage_end(p);
	pod_room_give(p);
	timer_cancel(set->env->loop, &p->timer);
	owner_unlink(p);
	map_del(&set->by_uid, p->uid);
	set->slots[p->slot] = NULL;
	json_free(p->obj);
	free(p->containers);
	free(p->obs);
	free(p->shared);
	free(p->hosts);
	free(p->unfit);
	free(p->uid);
	free(p->ns);
	free(p->name);
	free(p);
}

void pod_queue(struct pod *p)
{
	workqueue_add(&p->set->queue, &p->work);
}

void pods_queue_all(struct pods *set)
{
	for (size_t i = 0; i < set->slot_count; i++)
		if (set->slots[i])
			pod_queue(set->slots[i]);
}

struct container *pod_find_container(struct pod *p, const char *name)
{
	for (size_t i = 0; i < p->container_count; i++)
		if (str_eq(p->containers[i].name, name))
			return &p->containers[i];
	return NULL;
}

/* Container number i in an object of the pod. */
static json *spec_of(const struct pod *p, const json *obj, size_t i)
{
	return i < p->init_count ? json_at(json_path(obj, "spec.initContainers"), i)
				 : json_at(json_path(obj, "spec.containers"), i - p->init_count);
}

json *container_json(const struct container *c)
{
	const struct pod *p = c->pod;

	return c == p->sandbox ? NULL : spec_of(p, p->obj, (size_t)(c - p->containers));
}

/* ---- storing ---- */

/* Writes edits of obj and a changed status; what another writer did meanwhile is in obj already. */
void pod_store(struct pod *p)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_json *status = NULL;
	auto_err e = {0};
	json *stored;

	if (p->gone)
		return;
	status = pod_status_build(p, pod_phase_of(p), clock_wall_ns() / NSEC_PER_SEC);
	if (!p->changed && json_equal(status, json_get(p->obj, "status")))
		return;
	json_set(p->obj, "status", TAKE(status));
	p->changed = false;
	p->set->applying = true;
	stored = registry_update(p->set->env->store, pod_kind(), json_dup(p->obj), &o, &e);
	p->set->applying = false;
	if (!stored) {
		log_warn("pod %s/%s: cannot store its status: %s", p->ns, p->name, err_msg(&e));
		p->changed = true;
		timer_set(p->set->env->loop, &p->timer, STORE_RETRY_MS);
		return;
	}
	json_free(p->obj);
	p->obj = stored;
}

/* A pod that has ended and is counted needs no record any more. */
static bool is_settled(const struct pod *p)
{
	if (p->done)
		return true;
	if (p->gone || meta_deleting(p->obj) || meta_has_finalizer(p->obj, JOB_TRACKING_FINALIZER))
		return false;
	if (!pod_phase_terminal(pod_phase_parse(json_str_or(p->obj, "status.phase", ""))))
		return false;
	for (size_t i = 0; i < p->container_count; i++)
		if (p->containers[i].busy || p->containers[i].stage == STAGE_RUNNING)
			return false;
	return !p->sandbox || (!p->sandbox->busy && p->sandbox->stage != STAGE_RUNNING);
}

static void keep_containers(const struct pod *p)
{
	for (size_t i = 0; i < p->container_count && !p->gone; i++) {
		removal_later(p->set, pod_group(p), p->containers[i].prev_id, false);
		removal_later(p->set, pod_group(p), p->containers[i].id, false);
	}
	if (p->sandbox && !p->gone)
		removal_later(p->set, pod_group(p), p->sandbox->id, true);
}

static void reconcile(struct pod *p)
{
	int64_t probe_ms = probes_drive(p), due_ms = PROBE_NEVER;

	stop_note_deletion(p);
	for (size_t i = 0; i < ACTIONS_MAX + p->container_count * 4 && !p->done; i++) {
		struct pod_obs o = pod_observe(p);
		struct pod_action a = pod_decide(&o);

		if (a.kind == POD_WAIT && a.wake_at_ms)
			due_ms = a.wake_at_ms - now_ms();
		if (!pod_apply(p, &a))
			break;
	}
	if (probe_ms != PROBE_NEVER && probe_ms - clock_mono_ms() < due_ms)
		due_ms = probe_ms - clock_mono_ms();
	if (due_ms != PROBE_NEVER)
		timer_set(p->set->env->loop, &p->timer, due_ms > 0 ? due_ms : 1);
	if (!p->done)
		pod_store(p);
	if (!p->done)
		pod_names_look(p);
	if (p->gone || pod_phase_terminal(pod_phase_parse(json_str_or(p->obj, "status.phase", ""))))
		pod_room_give(p);
	if (!p->work.queued && is_settled(p)) { /* a queued one comes again in this turn */
		keep_containers(p);
		pod_free(p);
	}
}

static int load_live(struct pods *set, struct err *e);

bool pods_reconcile(struct pods *set)
{
	struct work *w;
	bool any;

	if (set->reload) { /* pods whose end was lost with a turn */
		set->reload = false;
		if (load_live(set, NULL) < 0)
			set->reload = true;
	}
	any = set->queue.first != NULL;
	while ((w = workqueue_take(&set->queue)))
		reconcile(STRUCT_OF(w, struct pod, work));
	return any;
}

/* ---- news from the store ---- */

/* The containers of the new object are those of the old one, but for their images. */
static void take_object(struct pod *p, json *obj)
{
	auto_json *old = p->obj;

	p->obj = obj;
	for (size_t i = 0; i < p->container_count; i++)
		image_renamed(&p->containers[i], json_str(spec_of(p, old, i), "image"));
}

static void pod_news(struct pods *set, const struct change *c)
{
	struct pod *p = map_get(&set->by_uid, c->uid);
	auto_err e = {0};
	json *obj = json_parse(c->body, c->body_len, JSON_PARSE_STRICT, &e);
	const char *owner;

	if (!obj) {
		log_error("pod %s/%s: stored object is broken: %s", c->ns, c->name, err_msg(&e));
		return;
	}
	owner = json_str(meta_controller(obj), "uid");
	if (owner && set->on_owner_news)
		set->on_owner_news(set->on_owner_ctx, owner);
	if (!p && c->type == CHANGE_DELETED) {
		removal_add_pod(set, obj);
		json_free(obj);
		return;
	}
	if (!p) {
		pod_add(set, obj);
		return;
	}
	if (p->owner_uid && set->on_owner_news && !str_eq(owner, p->owner_uid))
		set->on_owner_news(set->on_owner_ctx, p->owner_uid);
	take_object(p, obj);
	p->gone = c->type == CHANGE_DELETED;
	if (!str_eq(json_str(meta_controller(obj), "uid"), p->owner_uid)) {
		owner_unlink(p);
		owner_link(p);
	}
	pod_queue(p);
}

/* What an owner decides by, in one number: phase, readiness, restarts. */
static uint64_t owner_digest(const struct pod *p)
{
	uint64_t restarts = 0, ready = 1;

	for (size_t i = 0; i < p->container_count; i++) {
		restarts += (uint64_t)p->containers[i].restarts;
		if (p->containers[i].role != ROLE_INIT)
			ready &= container_ready(&p->containers[i]);
	}
	return 1 + ((uint64_t)pod_phase_of(p) | ready << 3 | restarts << 4);
}

static void on_written(void *ctx, const struct change *c)
{
	struct pods *set = ctx;
	struct pod *p;
	uint64_t digest;

	if (c->kind->id == KIND_CONFIGMAP || c->kind->id == KIND_SECRET)
		pods_config_news(set, c->ns);
	if (c->kind->id == KIND_NODE)
		pod_room_node_news(set);
	if (c->kind->id != KIND_POD)
		return;
	if (!set->applying || c->type == CHANGE_DELETED) { /* a last status may end a deletion */
		pod_news(set, c);
		return;
	}
	/* our own status write: the record has it; the owner is told what concerns it */
	p = map_get(&set->by_uid, c->uid);
	digest = p ? owner_digest(p) : 0;
	if (!p || !p->owner_uid || digest == p->told_owner || !set->on_owner_news)
		return;
	p->told_owner = digest;
	set->on_owner_news(set->on_owner_ctx, p->owner_uid);
}

/* ---- a turn that could not be stored ---- */

/* Nothing of the turn is kept: what the records know of objects is read again. What containers did
 * stays a fact. */
static void reread(struct pod *p)
{
	json *obj = store_get_by_uid(p->set->env->store, pod_kind(), p->uid);

	p->gone = !obj;
	p->released = false;
	p->changed = false;
	if (obj) {
		json_free(p->obj);
		p->obj = obj;
	}
	timer_set(p->set->env->loop, &p->timer, STORE_RETRY_MS);
}

static void on_lost(void *ctx)
{
	struct pods *set = ctx;

	for (size_t i = 0; i < set->slot_count; i++)
		if (set->slots[i])
			reread(set->slots[i]);
	set->reload = true;
}

/* ---- start and end ---- */

struct pods *pods_new(struct loops_env *env)
{
	struct pods *set = xcalloc(1, sizeof(*set));

	set->env = env;
	set->began_mono_ms = clock_mono_ms();
	set->engine_up = true; /* it has just been found */
	set->auth = registry_auth_new(env->loop);
	set->start_limit = env->engine_cpus > 0 ? (int)env->engine_cpus * 4 : 8;
	if (set->start_limit < 8)
		set->start_limit = 8;
	store_listen(env->store,
	    &(struct store_listener){.written = on_written, .lost = on_lost, .ctx = set});
	removals_start(set);
	volumes_start(set);
	return set;
}

void pods_on_owner_news(struct pods *set, void (*fn)(void *ctx, const char *owner_uid), void *ctx)
{
	set->on_owner_news = fn;
	set->on_owner_ctx = ctx;
}

static bool load_row(void *ctx, const struct store_row *row)
{
	struct pods *set = ctx;
	json *obj = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);

	if (obj && !map_get(&set->by_uid, row->uid))
		set->stored = pod_add(set, obj)->stored = true;
	else
		json_free(obj);
	return true;
}

/* What has ended and is counted needs no record: it is passed over without a look into its body. */
static bool load_uncounted(void *ctx, const struct store_row *row)
{
	return !strstr(row->body, JOB_TRACKING_FINALIZER) || load_row(ctx, row);
}

int pods_load_uncounted(struct pods *set, const char *owner_uid, struct err *e)
{
	struct store_query q = {.kind = pod_kind(), .owner_uid = owner_uid};

	return store_list(set->env->store, &q, load_uncounted, set, NULL, e);
}

static int load_live(struct pods *set, struct err *e)
{
	struct selector *live =
	    field_selector_parse(pod_kind(), "status.phase!=Succeeded,status.phase!=Failed", e);
	struct store_query q = {.kind = pod_kind()};
	int rc;

	if (!live)
		return -1;
	q.fields = live;
	rc = store_list(set->env->store, &q, load_row, set, NULL, e);
	selector_free(live);
	return rc;
}

int pods_start(struct pods *set, struct err *e)
{
	if (load_live(set, e) < 0)
		return -1;
	recover_start(set);
	return 0;
}

static void flush_log(struct container *c)
{
	auto_err e = {0};

	if (!c->log || !c->log_dirty)
		return;
	c->log_dirty = false;
	if (logfile_flush(c->log, &e) < 0)
		log_warn("%s: %s", c->log_path, err_msg(&e));
	follow_notify(c->pod->set, c->log_path, true);
}

void pods_flush(struct pods *set)
{
	if (!set->logs_dirty)
		return;
	set->logs_dirty = false;
	for (size_t i = 0; i < set->slot_count; i++) {
		struct pod *p = set->slots[i];

		for (size_t n = 0; p && n < p->container_count; n++)
			flush_log(&p->containers[n]);
	}
}

size_t pods_active(const struct pods *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->slot_count; i++)
		n += set->slots[i] && !set->slots[i]->released;
	return n + removals_waiting(set) + set->idle_count + volumes_leaving(set);
}

void pods_for_owner(
    struct pods *set, const char *owner_uid, void (*fn)(void *ctx, const json *obj), void *ctx)
{
	for (struct pod *p = map_get(&set->by_owner, owner_uid); p; p = p->next_owned)
		if (!p->gone)
			fn(ctx, p->obj);
}

void pods_free(struct pods *set)
{
	if (!set)
		return;
	store_unlisten(set->env->store, set);
	for (size_t i = 0; i < set->slot_count; i++)
		if (set->slots[i])
			pod_free(set->slots[i]);
	events_free(set->events);
	image_release_all(set);
	follow_release_all(set);
	pod_room_release_all(set);
	timer_cancel(set->env->loop, &set->relist);
	timer_cancel(set->env->loop, &set->usage_timer);
	pod_names_release(set);
	volumes_release_all(set);
	runners_release_all(set);
	reuse_release_all(set);
	removal_release_all(set);
	map_release(&set->image_ids, free);
	map_release(&set->by_uid, NULL);
	map_release(&set->by_owner, NULL);
	free(set->slots);
	free(set);
}
