/* pod_volumes: engine volumes and their contents, one engine call after the other. */
#include "../../runtime/archive.h"
#include "../../runtime/sandbox_image.h"
#include "../../runtime/volumes.h"
#include "pod_volumes_internal.h"
#include "pods_internal.h"

/* A kubelet's: half a second, doubling to two minutes. */
#define RETRY_FIRST_MS 500
#define RETRY_MAX_MS 122000
#define HOLDER_LABEL "VOLUMES"
#define LABEL_CLAIM "io.kjob.claim"

static struct engine_who pod_who(struct pod *p)
{
	return container_who(&p->containers[0]);
}

/* The pod that a call was for, while its answer is still waited for. */
static struct pod *pod_of(struct engine_who who)
{
	struct container *c = container_of(who);

	if (!c || !c->pod->vol)
		return NULL;
	c->pod->vol->call = 0;
	return c->pod;
}

static struct pod_volumes *record(struct pod *p)
{
	if (!p->vol)
		p->vol = pod_volumes_new(p->obj);
	volume_care(p->set);
	return p->vol;
}

static bool has_begun(const struct pod *p)
{
	for (size_t i = 0; i < p->container_count; i++)
		if (p->containers[i].id || p->containers[i].prev_id || p->containers[i].attempt > 0)
			return true;
	return false;
}

bool volumes_wanted(const struct pod *p)
{
	return json_len(json_path(p->obj, "spec.volumes")) > 0;
}

const char *volume_sandbox(const struct pod *p)
{
	const struct container *b = pod_own_sandbox(p);

	return b && b->stage == STAGE_RUNNING ? b->id : NULL;
}

/* ---- success and failure ---- */

void volume_failed(struct pod *p, const char *volume, const char *text)
{
	recorder_event(p->set->env->recorder, pod_kind(), p->obj, NULL, "Warning", "FailedMount",
	    "kubelet", "MountVolume.SetUp failed for volume \"%s\" : %s", volume, text);
}

static void try_again(struct pod *p)
{
	struct pod_volumes *v = p->vol;

	v->backoff_ms = v->backoff_ms ? v->backoff_ms * 2 : RETRY_FIRST_MS;
	if (v->backoff_ms > RETRY_MAX_MS)
		v->backoff_ms = RETRY_MAX_MS;
	p->volumes = VOLUMES_DUE;
	p->volumes_not_before_ms = now_ms() + v->backoff_ms;
	volume_holder_drop(p);
	pod_queue(p);
}

static void fail_at(struct pod *p, const struct err *err)
{
	const struct pod_volumes *v = p->vol;

	/* a holder of an earlier controller is in the way: it has been told to go */
	if (err->reason != ERR_UNAVAILABLE && err->reason != ERR_TIMEOUT &&
	    err->reason != ERR_ALREADY_EXISTS)
		volume_failed(
		    p, v->at < v->len ? v->items[v->at].name : v->items[0].name, err_msg(err));
	try_again(p);
}

static void ready(struct pod *p)
{
	p->vol->backoff_ms = 0;
	p->volumes = VOLUMES_READY;
	/* what a controller before this one has put may be out of date */
	if (p->vol->begun)
		volume_look_again(p);
	volume_holder_drop(p);
	pod_queue(p);
}

/* ---- what is shown ---- */

static json *get_object(void *ctx, enum kind_id kind, const char *name)
{
	const struct pod *p = ctx;

	return store_get(p->set->env->store, kind_by_id(kind), p->ns, name, NULL);
}

static int resolve_files(struct pod *p, struct volume *volume, struct err *e)
{
	struct loops_env *env = p->set->env;
	auto_json *node = store_get(env->store, kind_by_id(KIND_NODE), NULL, env->node_name, NULL);
	struct files_source src = {.downward = {.pod = p->obj,
				       .host_ip = NODE_ADDRESS,
				       .pod_ip = pod_address(p),
				       .allocatable = json_path(node, "status.allocatable")},
	    .object = get_object,
	    .ctx = p};
	struct file_tree tree = {0};

	if (volume_files(&src, volume->spec, &tree, e) < 0)
		return -1;
	file_tree_release(&volume->tree);
	volume->tree = tree;
	volume->digest = file_tree_digest(&tree);
	return 0;
}

static int resolve_claim(struct pod *p, struct volume *volume, struct err *e)
{
	auto_json *claim = volume_claim(p, volume, e);

	if (!claim)
		return -1;
	free(volume->source);
	volume->source = claim_engine_name(claim);
	return 0;
}

static int resolve(struct pod *p, struct volume *volume, struct err *e)
{
	switch (volume->kind) {
	case VOLUME_EMPTY:
		return 0;
	case VOLUME_FILES:
		return resolve_files(p, volume, e);
	case VOLUME_CLAIM:
		return resolve_claim(p, volume, e);
	case VOLUME_HOST:
		return p->vol->begun ? 0
				     : host_path_check(volume->source,
					   json_str_or(volume->spec, "hostPath.type", ""),
					   p->set->env->engine_local, e);
	}
	return 0;
}

int volume_resolve(struct pod *p)
{
	size_t total = 0;
	int rc = 0;

	for (size_t i = 0; i < p->vol->len; i++) {
		struct volume *volume = &p->vol->items[i];
		auto_err e = {0};
		int one = resolve(p, volume, &e);

		total += file_tree_cost(&volume->tree);
		if (one == 0 && total > VOLUME_FILES_MAX)
			one = err_set(&e, ERR_TOO_LARGE,
			    "the files of all volumes have more than %u bytes", VOLUME_FILES_MAX);
		if (one == 0)
			continue;
		volume_failed(p, volume->name, err_msg(&e));
		rc = -1;
	}
	return rc;
}

/* ---- the container that receives files ---- */

static char *holder_name(const struct pod *p)
{
	return xasprintf("kjob_%s_%s_%s_%.8s", p->ns, p->name, HOLDER_LABEL, p->uid);
}

static json *labels_of(const struct pod *p)
{
	json *l = json_new_object();

	json_set_str(l, LABEL_POD, p->name);
	json_set_str(l, LABEL_NS, p->ns);
	json_set_str(l, LABEL_UID, p->uid);
	json_set_str(l, LABEL_INSTANCE, store_instance(p->set->env->store));
	return l;
}

char *volume_sandbox_path(const char *name)
{
	return xasprintf("/" VOLUMES_DIR "/%s", name);
}

void volumes_sandbox_mounts(const struct pod *p, struct volume_mounts *ret)
{
	for (size_t i = 0; p->vol && i < p->vol->len; i++) {
		const struct volume *volume = &p->vol->items[i];
		auto_free char *target = volume_sandbox_path(volume->name);

		if (volume->kind != VOLUME_HOST && volume->source)
			volume_mounts_add(ret,
			    &(struct mount_spec){
				.kind = MOUNT_VOLUME, .source = volume->source, .target = target});
	}
}

engine_id volume_holder_create(struct pod *p, engine_text_fn *cb)
{
	auto_free char *name = holder_name(p);
	auto_json *labels = labels_of(p);
	auto_volume_mounts mounts = {0};
	struct container_spec s = {.name = name, .labels = labels, .network_mode = "none"};

	json_set_str(labels, LABEL_CONTAINER, HOLDER_LABEL);
	volumes_sandbox_mounts(p, &mounts);
	s.mounts = mounts.items;
	s.mount_count = mounts.len;
	return sandbox_create(p->set->env->engine, &s, cb, pod_who(p));
}

void volume_holder_drop(struct pod *p)
{
	if (!p->vol || !p->vol->holder)
		return;
	removal_add(p->set, p->uid, p->vol->holder, false);
	free(TAKE(p->vol->holder));
}

/* ---- putting ---- */

static bool is_put(const struct pod_volumes *v, const struct volume *volume)
{
	if (volume->kind == VOLUME_FILES)
		return !v->update || volume->digest != volume->old_digest;
	return volume->fresh && !v->update;
}

static bool any_put(const struct pod_volumes *v)
{
	for (size_t i = 0; i < v->len; i++)
		if (is_put(v, &v->items[i]))
			return true;
	return false;
}

static void archive_volume(
    const struct pod *p, const struct volume *volume, const char *prefix, struct buf *out)
{
	struct tree_layout l = {.prefix = prefix,
	    .fs_group = json_int(p->obj, "spec.securityContext.fsGroup", -1),
	    .mtime = clock_wall_ns() / NSEC_PER_SEC,
	    .digest = volume->digest,
	    .old_digest = volume->old_digest};

	if (!p->vol->update)
		volume_root_archive(&l, out);
	if (volume->kind == VOLUME_FILES)
		file_tree_archive(&volume->tree, &l, out);
}

static void archive_all(const struct pod *p, struct buf *out)
{
	const struct pod_volumes *v = p->vol;

	for (size_t i = 0; i < v->len; i++) {
		auto_free char *prefix = xasprintf(VOLUMES_DIR "/%s/", v->items[i].name);

		if (is_put(v, &v->items[i]))
			archive_volume(p, &v->items[i], prefix, out);
	}
	tar_end(out);
}

/* What has been put is what is there now. */
static void note_put(struct pod_volumes *v)
{
	for (size_t i = 0; i < v->len; i++)
		v->items[i].old_digest = v->items[i].digest;
}

static void on_all_put(struct engine_who who, const struct err *err)
{
	struct pod *p = pod_of(who);

	if (!p)
		return;
	if (!err)
		note_put(p->vol);
	p->vol->put_done(who, err);
}

static void put_next(struct pod *p);

static void on_one_put(struct engine_who who, const struct err *err)
{
	struct pod *p = pod_of(who);

	if (!p)
		return;
	if (err) {
		p->vol->put_done(who, err);
		return;
	}
	p->vol->at++;
	put_next(p);
}

/* One volume after the other: into the folder where it is mounted. */
static void put_next(struct pod *p)
{
	struct pod_volumes *v = p->vol;
	auto_buf tar = {.max = VOLUME_ARCHIVE_MAX};
	auto_free char *path = NULL;

	while (v->at < v->len && !is_put(v, &v->items[v->at]))
		v->at++;
	if (v->at == v->len) {
		on_all_put(pod_who(p), NULL);
		return;
	}
	path = xasprintf("/" VOLUMES_DIR "/%s", v->items[v->at].name);
	archive_volume(p, &v->items[v->at], "./", &tar);
	tar_end(&tar);
	v->call = container_put_archive(
	    p->set->env->engine, v->put_into, path, tar.ptr, tar.len, on_one_put, pod_who(p));
}

void volume_put(struct pod *p, const char *id, bool running, engine_done_fn *done)
{
	struct engine *en = p->set->env->engine;
	struct pod_volumes *v = p->vol;
	auto_buf tar = {.max = VOLUME_ARCHIVE_MAX};

	v->put_done = done;
	set_text(&v->put_into, id);
	v->at = 0;
	if (!running && !engine_unpacks_through_mounts(en)) {
		put_next(p);
		return;
	}
	archive_all(p, &tar);
	v->call = container_put_archive(en, id, "/", tar.ptr, tar.len, on_all_put, pod_who(p));
}

/* ---- prepare ---- */

static void on_filled(struct engine_who who, const struct err *err)
{
	struct pod *p = pod_of(who);

	if (!p)
		return;
	if (err)
		fail_at(p, err);
	else
		ready(p);
}

static void on_holder(struct engine_who who, const char *id, const struct err *err)
{
	struct pod *p = pod_of(who);

	if (!p)
		return;
	if (err && err->reason == ERR_ALREADY_EXISTS) {
		auto_free char *name = holder_name(p);

		removal_add(p->set, p->uid, name, false);
	}
	if (err) {
		fail_at(p, err);
		return;
	}
	p->vol->holder = xstrdup(id);
	volume_put(p, id, false, on_filled);
}

/* Everything exists. A sandbox that does not run yet is filled when it does. */
static void fill(struct pod *p)
{
	struct pod_volumes *v = p->vol;
	const char *sandbox = volume_sandbox(p);

	v->update = false;
	if (v->begun || !any_put(v) || (pod_own_sandbox(p) && !sandbox))
		ready(p);
	else if (sandbox)
		volume_put(p, sandbox, true, on_filled);
	else
		v->call = volume_holder_create(p, on_holder);
}

static void make_next(struct pod *p);

static void on_inspected(
    struct engine_who who, const struct volume_info *info, const struct err *err)
{
	struct pod *p = pod_of(who);
	struct volume *volume;

	if (!p)
		return;
	volume = &p->vol->items[p->vol->at];
	if (err && err->reason == ERR_NOT_FOUND && volume->kind == VOLUME_CLAIM && !volume->fresh) {
		volume->fresh = true; /* it is made now, and its folder is set up */
	} else if (err) {
		fail_at(p, err);
		return;
	} else {
		set_text(&volume->mountpoint, info->mountpoint);
		volume->made = true;
		p->vol->at++;
	}
	make_next(p);
}

static void on_made(struct engine_who who, const char *name, const struct err *err)
{
	struct pod *p = pod_of(who);
	struct volume *volume;

	if (!p)
		return;
	if (err) {
		fail_at(p, err);
		return;
	}
	volume = &p->vol->items[p->vol->at];
	volume->made = true;
	if (!volume->sub_path)
		p->vol->at++;
	make_next(p);
}

static int64_t size_limit(const struct volume *volume)
{
	const char *text = json_str(volume->spec, "emptyDir.sizeLimit");
	auto_free char *canonical = NULL;
	int64_t milli = 0;

	if (!text || quantity_parse(text, &canonical, &milli, NULL) < 0)
		return 0;
	return milli / 1000;
}

static engine_id make_volume(struct pod *p, const struct volume *volume)
{
	auto_json *labels = labels_of(p);
	auto_json *options = volume->memory ? volume_tmpfs_options(size_limit(volume)) : NULL;

	if (volume->kind == VOLUME_CLAIM) {
		auto_free char *name = xasprintf("%s/%s", p->ns, volume->source);

		json_del(labels, LABEL_UID);
		json_del(labels, LABEL_POD);
		json_set_str(labels, LABEL_CLAIM, name);
	}
	return volume_create(
	    p->set->env->engine, volume->source, labels, options, on_made, pod_who(p));
}

/* From volume to volume: those that the engine must have, and where it keeps them if need be. */
static void make_next(struct pod *p)
{
	struct pod_volumes *v = p->vol;

	for (; v->at < v->len; v->at++) {
		struct volume *volume = &v->items[v->at];
		bool ask = volume->made ? volume->sub_path && !volume->mountpoint
					: volume->kind == VOLUME_CLAIM && !volume->fresh;

		if (volume->kind == VOLUME_HOST || (volume->made && !ask))
			continue;
		if (ask)
			v->call = volume_inspect(
			    p->set->env->engine, volume->source, on_inspected, pod_who(p));
		else
			v->call = make_volume(p, volume);
		return;
	}
	fill(p);
}

void volumes_prepare(struct pod *p)
{
	struct pod_volumes *v = record(p);

	p->volumes = VOLUMES_BUSY;
	v->begun = has_begun(p);
	v->stale = false;
	if (volume_resolve(p) < 0 && !v->begun) {
		try_again(p);
		return;
	}
	v->at = 0;
	make_next(p);
}

/* ---- the sandbox ---- */

static void on_sandbox_filled(struct engine_who who, const struct err *err)
{
	struct pod *p = pod_of(who);

	if (p)
		p->vol->filled(p->vol->filled_who, err);
}

engine_id volumes_fill(
    struct pod *p, const char *sandbox, engine_done_fn *cb, struct engine_who who)
{
	struct pod_volumes *v = p->vol;

	if (!v)
		return 0;
	v->update = false;
	if (!any_put(v))
		return 0;
	engine_cancel(p->set->env->engine, v->call);
	(void)!volume_resolve(p); /* what has gone since stays as it was */
	v->filled = cb;
	v->filled_who = who;
	volume_put(p, sandbox, true, on_sandbox_filled);
	return v->call;
}

/* ---- the end ---- */

void volumes_forget(struct pod *p)
{
	if (!p->vol)
		return;
	if (p->vol->call) { /* a holder may just be on its way */
		auto_free char *name = holder_name(p);

		engine_cancel(p->set->env->engine, p->vol->call);
		removal_add(p->set, p->uid, name, false);
	}
	volume_holder_drop(p);
	pod_volumes_free(p->vol);
	p->vol = NULL;
}

int volumes_mounts(
    const struct container *c, const struct strlist *env, struct volume_mounts *ret, struct err *e)
{
	return c->pod->vol ? volume_container_mounts(c->pod->vol, container_json(c), env, ret, e)
			   : 0;
}
