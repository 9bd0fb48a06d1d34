/*
 * pod_volumes_live: what happens to volumes when nothing happens to their pod: config maps and
 * secrets change while they are mounted, claims come and go, volumes of pods that are gone are
 * removed.
 *
 * A change is seen in the containers about a second after it was stored.
 */
#include "../../runtime/volumes.h"
#include "pod_volumes_internal.h"
#include "pods_internal.h"

#define CHANGES_AFTER_MS 1000
#define REMOVAL_FIRST_MS 1000
#define REMOVAL_MAX_MS 15000
/* A volume that is in use for longer is left to the next controller's search for strays. */
#define REMOVAL_TRIES 40
#define PROTECTION "kubernetes.io/pvc-protection"

struct leaving {
	char *name;
	bool of_claim; /* only if this instance made it */
	bool under_way;
	int tries;
	struct leaving *next;
};

struct volume_care {
	struct pods *set;
	struct leaving *leaving;
	size_t leaving_count;
	int64_t delay_ms;
	struct timer changes, removals;
	bool claims; /* one that is being deleted may go */
	bool swept;
};

/* ---- claims ---- */

static const struct kind *claim_kind(void)
{
	return kind_by_id(KIND_PERSISTENTVOLUMECLAIM);
}

static json *new_claim(const struct pod *p, const struct volume *v, const char *name)
{
	const json *template = json_path(v->spec, "ephemeral.volumeClaimTemplate");
	json *claim = meta_new_object(claim_kind(), NULL);
	const json *meta = json_get(template, "metadata");

	json_set(claim, "metadata", meta ? json_dup(meta) : json_new_object());
	json_set_path(claim, "metadata.name", json_new_string(name));
	meta_add_controller(claim, pod_kind(), p->obj);
	json_set(claim, "spec", json_dup(json_get(template, "spec")));
	return claim;
}

static json *ephemeral_claim(struct pod *p, const struct volume *v, struct err *e)
{
	auto_free char *name = xasprintf("%s-%s", p->name, v->name);
	auto_json *claim = store_get(p->set->env->store, claim_kind(), p->ns, name, NULL);

	if (!claim)
		return registry_create(p->set->env->store, claim_kind(), p->ns,
		    new_claim(p, v, name), &(struct create_options){0}, e);
	if (!str_eq(json_str(meta_controller(claim), "uid"), p->uid)) {
		err_set(e, ERR_CONFLICT,
		    "PVC %s/%s was not created for pod %s/%s (pod is not owner)", p->ns, name,
		    p->ns, p->name);
		return NULL;
	}
	return TAKE(claim);
}

json *volume_claim(struct pod *p, const struct volume *v, struct err *e)
{
	const char *name = json_str_or(v->spec, "persistentVolumeClaim.claimName", "");
	auto_json *claim = NULL;

	if (json_get(v->spec, "ephemeral"))
		return ephemeral_claim(p, v, e);
	claim = store_get(p->set->env->store, claim_kind(), p->ns, name, NULL);
	if (!claim)
		err_set(e, ERR_NOT_FOUND, "persistentvolumeclaim \"%s\" not found", name);
	else if (meta_deleting(claim))
		err_set(e, ERR_CONFLICT, "persistentvolumeclaim \"%s\" is being deleted", name);
	else
		return TAKE(claim);
	return NULL;
}

char *volumes_unschedulable(const struct pod *p)
{
	json_for (v, json_path(p->obj, "spec.volumes")) {
		const char *name = json_str(v, "persistentVolumeClaim.claimName");
		auto_json *claim =
		    name ? store_get(p->set->env->store, claim_kind(), p->ns, name, NULL) : NULL;

		if (name && !claim)
			return xasprintf("persistentvolumeclaim \"%s\" not found", name);
		if (claim && meta_deleting(claim))
			return xasprintf("persistentvolumeclaim \"%s\" is being deleted", name);
	}
	return NULL;
}

static bool uses_claim(const struct pod *p, const char *name)
{
	if (pod_phase_terminal(pod_phase_parse(json_str_or(p->obj, "status.phase", ""))))
		return false;
	json_for (v, json_path(p->obj, "spec.volumes")) {
		auto_free char *own = xasprintf("%s-%s", p->name, json_str_or(v, "name", ""));

		if (str_eq(json_str(v, "persistentVolumeClaim.claimName"), name) ||
		    (json_get(v, "ephemeral") && str_eq(own, name)))
			return true;
	}
	return false;
}

static bool claim_in_use(const struct pods *set, const char *ns, const char *name)
{
	for (size_t i = 0; i < set->slot_count; i++) {
		const struct pod *p = set->slots[i];

		if (p && !p->gone && str_eq(p->ns, ns) && uses_claim(p, name))
			return true;
	}
	return false;
}

static bool collect_deleting(void *ctx, const struct store_row *row)
{
	json *list = ctx, *obj = json_parse(row->body, row->body_len, JSON_PARSE_STRICT, NULL);

	if (obj && meta_deleting(obj))
		json_add(list, obj);
	else
		json_free(obj);
	return true;
}

/* Claims that are being deleted and that no pod uses any more. */
static void release_claims(struct volume_care *care)
{
	struct store *store = care->set->env->store;
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_json *list = json_new_array();
	auto_err e = {0};

	if (store_list(store, &(struct store_query){.kind = claim_kind()}, collect_deleting, list,
		NULL, &e) < 0)
		log_warn("cannot list claims: %s", err_msg(&e));
	json_for (claim, list) {
		json *left = NULL;

		if (!meta_has_finalizer(claim, PROTECTION) ||
		    claim_in_use(care->set, meta_namespace(claim), meta_name(claim)))
			continue;
		meta_remove_finalizer(claim, PROTECTION);
		left = registry_update(store, claim_kind(), json_dup(claim), &o, &e);
		if (!left)
			log_warn("claim %s: %s", meta_name(claim), err_msg(&e));
		json_free(left);
	}
}

/* ---- removing ---- */

static void removals_due(void *arg);

static void arm_removals(struct volume_care *care, int64_t delay_ms)
{
	care->delay_ms = delay_ms;
	timer_set(care->set->env->loop, &care->removals, delay_ms);
}

static void leave(struct volume_care *care, const char *name, bool of_claim)
{
	struct leaving *l;

	for (l = care->leaving; l; l = l->next)
		if (str_eq(l->name, name))
			return;
	l = xcalloc(1, sizeof(*l));
	l->name = xstrdup(name);
	l->of_claim = of_claim;
	l->next = care->leaving;
	care->leaving = l;
	care->leaving_count++;
	arm_removals(care, REMOVAL_FIRST_MS);
}

static struct leaving *leaving_of(struct volume_care *care, struct engine_who who)
{
	struct leaving *l = care->leaving;

	while (l && (uint64_t)(uintptr_t)l != who.key)
		l = l->next;
	return l;
}

static void left(struct volume_care *care, struct leaving *gone)
{
	struct leaving **at = &care->leaving;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	care->leaving_count--;
	free(gone->name);
	free(gone);
}

static void settle_removal(struct volume_care *care, struct leaving *l, const struct err *err)
{
	l->under_way = false;
	if (!err || err->reason == ERR_NOT_FOUND) {
		left(care, l);
		return;
	}
	if (++l->tries >= REMOVAL_TRIES) {
		log_warn("cannot remove the volume %s: %s", l->name, err_msg(err));
		left(care, l);
	}
	if (!timer_is_set(&care->removals))
		arm_removals(care,
		    care->delay_ms * 2 < REMOVAL_MAX_MS ? care->delay_ms * 2 : REMOVAL_MAX_MS);
}

static void on_removed(struct engine_who who, const struct err *err)
{
	struct leaving *l = leaving_of(who.ctx, who);

	if (l)
		settle_removal(who.ctx, l, err);
}

/* What somebody else made outlives its claim. */
static void on_claim_inspected(
    struct engine_who who, const struct volume_info *info, const struct err *err)
{
	struct volume_care *care = who.ctx;
	struct leaving *l = leaving_of(care, who);
	const struct loops_env *env = care->set->env;

	if (!l)
		return;
	if (!err && str_eq(json_string_value(json_get(info->labels, LABEL_INSTANCE)),
			store_instance(env->store)))
		volume_remove(env->engine, l->name, on_removed, who);
	else
		settle_removal(care, l, err);
}

static void removals_due(void *arg)
{
	struct volume_care *care = arg;
	struct engine *en = care->set->env->engine;

	for (struct leaving *l = care->leaving; l; l = l->next) {
		struct engine_who who = {.ctx = care, .key = (uint64_t)(uintptr_t)l};

		if (l->under_way)
			continue;
		l->under_way = true;
		if (l->of_claim)
			volume_inspect(en, l->name, on_claim_inspected, who);
		else
			volume_remove(en, l->name, on_removed, who);
	}
}

static void remove_ephemeral(struct pods *set, const json *pod, const char *volume)
{
	struct delete_options o = {.grace_seconds = -1};
	auto_free char *name = xasprintf("%s-%s", meta_name(pod), volume);
	auto_json *claim =
	    store_get(set->env->store, claim_kind(), meta_namespace(pod), name, NULL);
	auto_err e = {0};
	bool gone;

	if (!claim || !str_eq(json_str(meta_controller(claim), "uid"), meta_uid(pod)))
		return;
	o.uid = meta_uid(claim);
	json_free(registry_delete(
	    set->env->store, claim_kind(), meta_namespace(pod), name, &o, &gone, &e));
	if (e.reason)
		log_warn("claim %s: cannot delete: %s", name, err_msg(&e));
}

void volumes_cleanup(struct pods *set, const json *pod)
{
	struct pod_volumes *v;

	if (json_len(json_path(pod, "spec.volumes")) == 0)
		return;
	v = pod_volumes_new(pod);
	for (size_t i = 0; i < v->len; i++) {
		if (v->items[i].kind == VOLUME_EMPTY || v->items[i].kind == VOLUME_FILES)
			leave(volume_care(set), v->items[i].source, false);
		if (json_get(v->items[i].spec, "ephemeral"))
			remove_ephemeral(set, pod, v->items[i].name);
	}
	volume_care(set)->claims = true;
	timer_set(set->env->loop, &set->volumes->changes, CHANGES_AFTER_MS);
	pod_volumes_free(v);
}

size_t volumes_leaving(const struct pods *set)
{
	return set->volumes ? set->volumes->leaving_count : 0;
}

/* ---- strays ---- */

static void on_listed(
    struct engine_who who, const struct volume_info *infos, size_t len, const struct err *err)
{
	struct volume_care *care = who.ctx;
	struct pods *set = care->set;

	care->swept = !err;
	for (size_t i = 0; i < len; i++) {
		const char *uid = json_string_value(json_get(infos[i].labels, LABEL_UID));
		auto_json *obj = uid ? store_get_by_uid(set->env->store, pod_kind(), uid) : NULL;

		if (uid && !obj)
			leave(care, infos[i].name, false);
	}
}

void volumes_sweep(struct pods *set)
{
	struct volume_care *care = volume_care(set);
	auto_free char *own = xasprintf("%s=%s", LABEL_INSTANCE, store_instance(set->env->store));
	const char *labels[] = {own, NULL};

	if (!care->swept)
		volume_list(set->env->engine, labels, on_listed, (struct engine_who){.ctx = care});
}

/* ---- changes ---- */

static void on_updated(struct engine_who who, const struct err *err)
{
	struct container *c = container_of(who);

	if (!c || !c->pod->vol)
		return;
	volume_holder_drop(c->pod);
	pod_queue(c->pod); /* a container may have waited for it */
	if (!err)
		return;
	log_warn(
	    "pod %s/%s: cannot update its volumes: %s", c->pod->ns, c->pod->name, err_msg(err));
	c->pod->vol->stale = true;
}

static void on_holder(struct engine_who who, const char *id, const struct err *err)
{
	struct container *c = container_of(who);

	if (!c || !c->pod->vol)
		return;
	c->pod->vol->call = 0;
	if (err) {
		on_updated(who, err);
		return;
	}
	c->pod->vol->holder = xstrdup(id);
	volume_put(c->pod, id, false, on_updated);
}

static bool has_news(const struct pod_volumes *v)
{
	for (size_t i = 0; i < v->len; i++)
		if (v->items[i].kind == VOLUME_FILES &&
		    v->items[i].digest != v->items[i].old_digest)
			return true;
	return false;
}

static void update(struct pod *p)
{
	const char *sandbox = volume_sandbox(p);

	p->vol->stale = false;
	(void)!volume_resolve(p); /* what cannot be read stays as it is */
	if (!has_news(p->vol))
		return;
	p->vol->update = true;
	if (sandbox)
		volume_put(p, sandbox, true, on_updated);
	else if (pod_own_sandbox(p))
		p->vol->stale = true; /* it is on its way, and is filled then */
	else
		p->vol->call = volume_holder_create(p, on_holder);
}

static bool takes_updates(const struct pod *p)
{
	return p->vol && p->vol->stale && p->volumes == VOLUMES_READY && !p->gone &&
	       !meta_deleting(p->obj) && p->set->engine_up &&
	       !pod_phase_terminal(pod_phase_parse(json_str_or(p->obj, "status.phase", "")));
}

static void changes_due(void *arg)
{
	struct volume_care *care = arg;
	struct pods *set = care->set;
	bool again = false;

	if (care->claims) {
		care->claims = false;
		release_claims(care);
	}
	for (size_t i = 0; i < set->slot_count; i++) {
		struct pod *p = set->slots[i];

		if (p && takes_updates(p) && !p->vol->call)
			update(p);
		again = again || (p && takes_updates(p));
	}
	if (again)
		timer_set(set->env->loop, &care->changes, CHANGES_AFTER_MS);
}

static void look_again(struct volume_care *care)
{
	if (!timer_is_set(&care->changes))
		timer_set(care->set->env->loop, &care->changes, CHANGES_AFTER_MS);
}

void volume_look_again(struct pod *p)
{
	p->vol->stale = true;
	look_again(volume_care(p->set));
}

static bool shows(const struct pod_volumes *v, enum kind_id kind, const char *name)
{
	for (size_t i = 0; i < v->len; i++) {
		const json *spec = v->items[i].spec;

		if (kind == KIND_PERSISTENTVOLUMECLAIM
			? str_eq(json_str(spec, "persistentVolumeClaim.claimName"), name)
			: volume_shows(spec, kind, name))
			return true;
	}
	return false;
}

static void config_news(struct volume_care *care, const struct change *c)
{
	struct pods *set = care->set;

	for (size_t i = 0; i < set->slot_count; i++) {
		struct pod *p = set->slots[i];

		if (p && p->unfit && c->kind->id == KIND_PERSISTENTVOLUMECLAIM)
			pod_queue(p);
		if (!p || !p->vol || !str_eq(p->ns, c->ns) || !shows(p->vol, c->kind->id, c->name))
			continue;
		if (p->volumes == VOLUMES_DUE) { /* it may have waited for this */
			p->volumes_not_before_ms = 0;
			p->vol->backoff_ms = 0;
			pod_queue(p);
		}
		volume_look_again(p);
	}
}

/* A pod that has ended uses its claims no more, though it may stay until they are gone. */
static bool lets_claims_go(const struct pod *p, const struct change *c)
{
	return (strstr(c->body, "\"persistentVolumeClaim\"") || strstr(c->body, "\"ephemeral\"")) &&
	       pod_phase_terminal(pod_phase_parse(json_str_or(p->obj, "status.phase", "")));
}

static void on_written(void *ctx, const struct change *c)
{
	struct volume_care *care = ctx;
	enum kind_id kind = c->kind->id;
	struct pod *p = kind == KIND_POD ? map_get(&care->set->by_uid, c->uid) : NULL;

	if (kind == KIND_CONFIGMAP || kind == KIND_SECRET || kind == KIND_PERSISTENTVOLUMECLAIM)
		config_news(care, c);
	if (p && p->vol && shows(p->vol, KIND_POD, ""))
		volume_look_again(p);
	if (p && lets_claims_go(p, c)) {
		care->claims = true;
		look_again(care);
	}
	if (kind != KIND_PERSISTENTVOLUMECLAIM)
		return;
	if (c->type == CHANGE_DELETED) {
		auto_json *claim = json_parse(c->body, c->body_len, JSON_PARSE_STRICT, NULL);
		auto_free char *name = claim ? claim_engine_name(claim) : NULL;

		if (name)
			leave(care, name, true);
	}
	care->claims = true;
	look_again(care);
}

struct volume_care *volume_care(struct pods *set)
{
	struct volume_care *care = set->volumes;

	if (care)
		return care;
	set->volumes = care = xcalloc(1, sizeof(*care));
	care->set = set;
	care->changes = (struct timer){.name = "volumes", .fn = changes_due, .arg = care};
	care->removals = (struct timer){.name = "volume removals", .fn = removals_due, .arg = care};
	store_listen(set->env->store, &(struct store_listener){.written = on_written, .ctx = care});
	return care;
}

void volumes_start(struct pods *set)
{
	struct volume_care *care = volume_care(set);

	care->claims = true;
	look_again(care);
}

void volumes_release_all(struct pods *set)
{
	struct volume_care *care = set->volumes;

	if (!care)
		return;
	store_unlisten(set->env->store, care);
	timer_cancel(set->env->loop, &care->changes);
	timer_cancel(set->env->loop, &care->removals);
	while (care->leaving)
		left(care, care->leaving);
	free(care);
	set->volumes = NULL;
}
