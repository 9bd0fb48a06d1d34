/*
 * pod_volumes_sub: the folders of subPaths, before a container is created that mounts them.
 *
 * A subPath is mounted from where the engine keeps the volume, on its machine: a symbolic link in
 * it that a container has made would lead anywhere there. So each folder of the path is looked at
 * through a container first, links are refused, and what is missing is made. A container that runs
 * beside and exchanges a folder for a link between this look and the start is not seen.
 */
#include "../../runtime/archive.h"
#include "../../runtime/volumes.h"
#include "pod_volumes_internal.h"
#include "pods_internal.h"

/* An engine that follows links is asked for the folder above, and read up to here. */
#define SEARCH_MAX ((int64_t)256 * MIB)

static void look_next(struct pod *p, struct container *c);

static struct container *sub_of(struct engine_who who)
{
	struct container *c = container_of(who);

	if (!c || !c->pod->vol || c->pod->vol->sub_for != c)
		return NULL;
	c->pod->vol->call = 0;
	return c;
}

/* Only where containers can write; what kjob or the host's owner put there is trusted. */
static bool is_looked_at(const struct volume *volume)
{
	return volume && (volume->kind == VOLUME_EMPTY || volume->kind == VOLUME_CLAIM);
}

static void collect(struct container *c, struct strlist *ret)
{
	struct pod_volumes *v = c->pod->vol;
	auto_strlist env = {0};

	if (container_env(c, &env, NULL) < 0)
		return; /* its creation says why */
	json_for (mount, json_get(container_json(c), "volumeMounts")) {
		const char *name = json_str_or(mount, "name", "");
		auto_free char *sub = NULL;

		if (is_looked_at(pod_volume_find(v, name)))
			sub = mount_sub_path(mount, &env, NULL);
		if (sub)
			strlist_addf(ret, "%s/%s", name, sub);
	}
}

static void finish(struct container *c)
{
	struct pod_volumes *v = c->pod->vol;

	c->busy = false;
	strlist_release(&v->sub_paths);
	volume_holder_drop(c->pod);
	pod_queue(c->pod);
}

static void refuse(struct container *c, const struct err *err)
{
	c->pod->vol->sub_for = NULL;
	finish(c);
	if (err->reason == ERR_INVALID)
		container_retry(c, "CreateContainerConfigError", err_msg(err));
	else
		c->not_before_ms = now_ms() + 1000;
}

/* ---- looking ---- */

/* "FOLDER/NAME" or "FOLDER/NAME/". */
static bool is_child(const char *path, const char *name)
{
	const char *rest = strchr(path, '/');
	size_t len = strlen(name);

	return rest && strncmp(rest + 1, name, len) == 0 &&
	       (!rest[1 + len] || str_eq(rest + 1 + len, "/"));
}

static int on_entry(void *ctx, const struct tar_entry *entry, struct err *e)
{
	struct pod_volumes *v = ctx;

	if (v->sub_child && !is_child(entry->path, v->sub_child))
		return 0;
	v->sub_found = entry->type == TAR_DIR    ? SUB_FOLDER
		       : entry->type == TAR_FILE ? SUB_FILE
						 : SUB_OTHER;
	return err_set(e, ERR_BAD_REQUEST, "seen");
}

static int on_nothing(void *ctx, const char *data, size_t len, struct err *e)
{
	return 0;
}

/* The first `depth` folders of VOLUME/a/b, the volume counted; owned. */
static char *part_of(const char *path, size_t depth, bool *ret_whole)
{
	const char *end = path;

	for (; depth > 0 && *end; depth--)
		end += strcspn(end + 1, "/") + 1;
	*ret_whole = !*end;
	return xstrndup(path, (size_t)(end - path));
}

static void judge(struct container *c)
{
	struct pod_volumes *v = c->pod->vol;
	const char *path = v->sub_paths.items[v->sub_at];
	auto_err e = {0};
	bool whole;
	auto_free char *part = part_of(path, v->sub_depth, &whole);

	tar_reader_free(TAKE(v->sub_reader));
	if (v->sub_found == SUB_OTHER || (v->sub_found == SUB_FILE && !whole)) {
		err_set(&e, ERR_INVALID, "failed to prepare subPath \"%s\" of volume: \"%s\" is %s",
		    path, part, v->sub_found == SUB_FILE ? "a file" : "a link or something else");
		refuse(c, &e);
		return;
	}
	if (whole) {
		v->sub_at++;
		v->sub_depth = 1;
	}
	v->sub_depth++;
	look_next(c->pod, c);
}

/* The rest of the archive is not wanted: its call ends outside of its own callback. */
static void on_seen(void *arg)
{
	auto_free struct engine_who *who = arg;
	struct container *c = container_of(*who);
	struct pod_volumes *v = c ? c->pod->vol : NULL;

	if (!v || v->sub_for != c || !v->call)
		return;
	engine_cancel(c->pod->set->env->engine, v->call);
	v->call = 0;
	judge(c);
}

static bool on_archive(struct engine_who who, const char *data, size_t len)
{
	struct container *c = container_of(who);
	struct pod_volumes *v = c ? c->pod->vol : NULL;
	bool whole =
	    v && v->sub_for == c && v->sub_reader && tar_read(v->sub_reader, data, len, NULL) == 0;

	if (v)
		v->sub_bytes += (int64_t)len;
	if (whole && v->sub_found == SUB_NOTHING && v->sub_bytes < SEARCH_MAX)
		return true;
	if (v && v->sub_found == SUB_NOTHING) /* too much, or broken: not to be trusted */
		v->sub_found = SUB_OTHER;
	loop_defer(((struct pods *)who.ctx)->env->loop, on_seen, xmemdup(&who, sizeof(who)));
	return false;
}

static void on_folders_put(struct engine_who who, const struct err *err)
{
	struct container *c = sub_of(who);

	if (!c)
		return;
	if (err) {
		refuse(c, err);
		return;
	}
	c->pod->vol->sub_at++;
	c->pod->vol->sub_depth = 2;
	look_next(c->pod, c);
}

/* What is missing of a path, as folders that anybody may write to where the volume allows it. */
static void put_folders(struct container *c)
{
	struct pod_volumes *v = c->pod->vol;
	const char *path = v->sub_paths.items[v->sub_at];
	auto_free char *name = xstrndup(path, strcspn(path, "/"));
	auto_free char *target = xasprintf("/" VOLUMES_DIR "/%s", name);
	const char *holder = v->holder ? v->holder : volume_sandbox(c->pod);
	int64_t group = json_int(c->pod->obj, "spec.securityContext.fsGroup", -1);
	auto_buf tar = {.max = 1 * MIB};
	bool whole = false;

	for (size_t depth = v->sub_depth; !whole; depth++) {
		auto_free char *part = part_of(path, depth, &whole);
		auto_free char *entry = xasprintf("./%s/", part + strlen(name) + 1);

		tar_add(&tar,
		    &(struct tar_entry){.path = entry,
			.type = TAR_DIR,
			.mode = group < 0 ? 0777 : 02777,
			.gid = group < 0 ? 0 : group,
			.mtime = clock_wall_ns() / NSEC_PER_SEC},
		    NULL);
	}
	tar_end(&tar);
	v->call = container_put_archive(c->pod->set->env->engine, holder, target, tar.ptr, tar.len,
	    on_folders_put, container_who(c));
}

static void on_looked(struct engine_who who, const struct err *err)
{
	struct container *c = sub_of(who);

	if (!c)
		return;
	if (err && err->reason != ERR_NOT_FOUND)
		refuse(c, err);
	else if (c->pod->vol->sub_found == SUB_NOTHING)
		put_folders(c);
	else
		judge(c);
}

static void look_next(struct pod *p, struct container *c)
{
	static const struct tar_callbacks callbacks = {.on_entry = on_entry, .on_data = on_nothing};
	struct pod_volumes *v = p->vol;
	const char *holder = v->holder ? v->holder : volume_sandbox(p);
	auto_free char *part = NULL, *path = NULL;
	bool whole;

	if (v->sub_at == v->sub_paths.len) {
		v->sub_done = true;
		finish(c);
		return;
	}
	part = part_of(v->sub_paths.items[v->sub_at], v->sub_depth, &whole);
	free(TAKE(v->sub_child));
	if (engine_archive_follows_links(p->set->env->engine)) {
		char *slash = strrchr(part, '/');

		*slash = '\0';
		v->sub_child = xstrdup(slash + 1);
	}
	path = xasprintf("/" VOLUMES_DIR "/%s", part);
	v->sub_found = SUB_NOTHING;
	v->sub_bytes = 0;
	tar_reader_free(v->sub_reader);
	v->sub_reader = tar_reader_new(&callbacks, v);
	v->call = container_get_archive(
	    p->set->env->engine, holder, path, on_archive, on_looked, container_who(c));
}

/* ---- the beginning ---- */

static void on_holder(struct engine_who who, const char *id, const struct err *err)
{
	struct container *c = container_of(who);

	if (!c || !c->pod->vol)
		return;
	c->pod->vol->call = 0;
	if (c->pod->vol->sub_for)
		c = (struct container *)c->pod->vol->sub_for;
	if (err) {
		refuse(c, err);
		return;
	}
	c->pod->vol->holder = xstrdup(id);
	look_next(c->pod, c);
}

static bool has_sub_paths(const struct pod_volumes *v)
{
	for (size_t i = 0; v && i < v->len; i++)
		if (v->items[i].sub_path && is_looked_at(&v->items[i]))
			return true;
	return false;
}

bool volumes_hold(const struct container *c)
{
	const struct pod *p = c->pod;

	if (!has_sub_paths(p->vol))
		return false;
	return p->vol->call || (pod_own_sandbox(p) && !volume_sandbox(p));
}

bool volumes_before_create(struct container *c)
{
	struct pod_volumes *v = c->pod->vol;

	if (!has_sub_paths(v))
		return false;
	if (v->sub_for == c && v->sub_attempt == c->attempt && v->sub_done) {
		v->sub_for = NULL;
		return false;
	}
	strlist_release(&v->sub_paths);
	collect(c, &v->sub_paths);
	if (v->sub_paths.len == 0)
		return false;
	v->sub_for = c;
	v->sub_attempt = c->attempt;
	v->sub_done = false;
	v->sub_at = 0;
	v->sub_depth = 2;
	c->busy = true;
	if (volume_sandbox(c->pod))
		look_next(c->pod, c);
	else
		v->call = volume_holder_create(c->pod, on_holder);
	return true;
}
