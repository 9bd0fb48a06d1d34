/* pod_volumes_spec: from volumes and volumeMounts to what the engine mounts. */
#include "../../runtime/archive.h"
#include "pod_env.h"
#include "pod_usage.h"
#include "pod_volumes_internal.h"

/* Room in an engine's tmpfs is given in pages: Podman takes a size as a quota of its own volumes.
 */
#define TMPFS_PAGE 4096

/* ---- mounts with their texts ---- */

static const char *keep(struct volume_mounts *m, const char *text)
{
	if (!text)
		return NULL;
	strlist_add(&m->texts, text);
	return m->texts.items[m->texts.len - 1];
}

void volume_mounts_add(struct volume_mounts *m, const struct mount_spec *spec)
{
	struct mount_spec own = *spec;

	own.source = keep(m, spec->source);
	own.target = keep(m, spec->target);
	own.propagation = keep(m, spec->propagation);
	GROW(m->items, m->cap, m->len + 1);
	m->items[m->len++] = own;
}

void volume_mounts_release(struct volume_mounts *m)
{
	free(m->items);
	strlist_release(&m->texts);
	*m = (struct volume_mounts){0};
}

/* ---- names ---- */

char *volume_engine_name(const char *pod_uid, const char *volume)
{
	return xasprintf("kjob_%s_%s", pod_uid, volume);
}

char *claim_engine_name(const json *claim)
{
	const char *ns = json_str_or(claim, "metadata.namespace", "default");
	const char *name = json_str_or(claim, "metadata.name", "");
	const char *bound = json_str_or(claim, "spec.volumeName", "");

	if (*bound)
		return xstrdup(bound);
	return str_eq(ns, "default") ? xstrdup(name) : xasprintf("%s_%s", ns, name);
}

json *volume_tmpfs_options(int64_t size)
{
	json *o = json_new_object();
	auto_free char *options = NULL;

	if (size > 0)
		options = xasprintf("mode=0777,uid=0,gid=0,nr_blocks=%lld",
		    (long long)((size + TMPFS_PAGE - 1) / TMPFS_PAGE));
	json_set_str(o, "type", "tmpfs");
	json_set_str(o, "device", "tmpfs");
	json_set_str(o, "o", options ? options : "mode=0777,uid=0,gid=0");
	return o;
}

/* ---- the record ---- */

static enum volume_kind kind_of(const json *spec)
{
	if (volume_is_files(spec))
		return VOLUME_FILES;
	if (json_get(spec, "persistentVolumeClaim") || json_get(spec, "ephemeral"))
		return VOLUME_CLAIM;
	return json_get(spec, "hostPath") ? VOLUME_HOST : VOLUME_EMPTY;
}

static bool in_memory(const json *spec)
{
	if (json_get(spec, "secret") || str_eq(json_str(spec, "emptyDir.medium"), "Memory"))
		return true;
	json_for (source, json_path(spec, "projected.sources"))
		if (json_get(source, "secret"))
			return true;
	return false;
}

static bool mount_is_part(const json *mount)
{
	return *json_str_or(mount, "subPath", "") || *json_str_or(mount, "subPathExpr", "");
}

static void note_sub_paths(struct pod_volumes *v, const json *containers)
{
	json_for (c, containers)
		json_for (mount, json_get(c, "volumeMounts")) {
			struct volume *volume = pod_volume_find(v, json_str_or(mount, "name", ""));

			if (volume && mount_is_part(mount))
				volume->sub_path = true;
		}
}

struct pod_volumes *pod_volumes_new(const json *pod)
{
	struct pod_volumes *v = xcalloc(1, sizeof(*v));
	const char *uid = json_str_or(pod, "metadata.uid", "");

	v->specs = json_dup(json_path(pod, "spec.volumes"));
	v->items = xcalloc(json_len(v->specs) + 1, sizeof(*v->items));
	json_for (spec, v->specs) {
		struct volume *item = &v->items[v->len++];

		*item = (struct volume){.spec = spec,
		    .name = json_str_or(spec, "name", ""),
		    .kind = kind_of(spec),
		    .memory = in_memory(spec)};
		item->read_only = item->kind == VOLUME_FILES ||
				  json_bool(spec, "persistentVolumeClaim.readOnly", false);
		item->fresh = item->kind == VOLUME_EMPTY || item->kind == VOLUME_FILES;
		if (item->kind == VOLUME_HOST)
			item->source = xstrdup(json_str_or(spec, "hostPath.path", ""));
		else if (item->kind != VOLUME_CLAIM)
			item->source = volume_engine_name(uid, item->name);
	}
	note_sub_paths(v, json_path(pod, "spec.initContainers"));
	note_sub_paths(v, json_path(pod, "spec.containers"));
	return v;
}

void pod_volumes_free(struct pod_volumes *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->len; i++) {
		free(v->items[i].source);
		free(v->items[i].mountpoint);
		file_tree_release(&v->items[i].tree);
	}
	free(v->items);
	free(v->holder);
	free(v->put_into);
	strlist_release(&v->sub_paths);
	tar_reader_free(v->sub_reader);
	free(v->sub_child);
	json_free(v->specs);
	free(v);
}

struct volume *pod_volume_find(const struct pod_volumes *v, const char *name)
{
	for (size_t i = 0; i < v->len; i++)
		if (str_eq(v->items[i].name, name))
			return &v->items[i];
	return NULL;
}

bool volumes_want_sandbox(const json *pod)
{
	json_for (spec, json_path(pod, "spec.volumes"))
		if (in_memory(spec))
			return true;
	return usage_needs_volumes(json_get(pod, "spec"));
}

/* ---- one container ---- */

/* "a/./b//c" as "a/b/c"; NULL where it leads out of the volume. Owned. */
static char *clean_inside(const char *path)
{
	auto_strlist parts = {0}, kept = {0};

	str_split(&parts, path, '/');
	if (*path == '/' || strlist_has(&parts, ".."))
		return NULL;
	for (size_t i = 0; i < parts.len; i++)
		if (*parts.items[i] && !str_eq(parts.items[i], "."))
			strlist_add(&kept, parts.items[i]);
	return strlist_join(&kept, "/");
}

char *mount_sub_path(const json *mount, const struct strlist *env, struct err *e)
{
	const char *expr = json_str_or(mount, "subPathExpr", "");
	auto_free char *path = xstrdup(json_str_or(mount, "subPath", "")), *clean = NULL;

	if (*expr) {
		free(TAKE(path));
		path = pod_env_expand(expr, env);
		/* what no variable replaced is a mistake here */
		if (!path || strstr(path, "$(")) {
			err_set(e, ERR_INVALID,
			    "failed to expand subPath for volumeMount \"%s\": %s",
			    json_str_or(mount, "name", ""), expr);
			return NULL;
		}
	}
	clean = clean_inside(path);
	if (!clean) {
		err_set(e, ERR_INVALID,
		    "subPath \"%s\" of volumeMount \"%s\" leads out of the volume", path,
		    json_str_or(mount, "name", ""));
		return NULL;
	}
	return *clean ? TAKE(clean) : NULL;
}

static const char *propagation_of(const json *mount)
{
	static const char *const names[][2] = {
	    {"HostToContainer", "rslave"}, {"Bidirectional", "rshared"}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(json_str(mount, "mountPropagation"), names[i][0]))
			return names[i][1];
	return NULL;
}

static int add_mount(const struct pod_volumes *v, const json *mount, const struct strlist *env,
    struct volume_mounts *ret, struct err *e)
{
	const char *name = json_str_or(mount, "name", "");
	const struct volume *volume = pod_volume_find(v, name);
	auto_free char *sub = NULL, *part = NULL;
	auto_err sub_error = {0};
	struct mount_spec m = {.target = json_str_or(mount, "mountPath", ""),
	    .propagation = propagation_of(mount),
	    .read_only = json_bool(mount, "readOnly", false),
	    .make_source = true};

	if (!volume || !volume->source)
		return err_set(
		    e, ERR_INVALID, "cannot find volume \"%s\" to mount into the container", name);
	sub = mount_sub_path(mount, env, &sub_error);
	if (sub_error.reason) {
		err_move(e, &sub_error);
		return -1;
	}
	m.read_only = m.read_only || volume->read_only;
	m.kind = volume->kind == VOLUME_HOST || sub ? MOUNT_BIND : MOUNT_VOLUME;
	m.source = volume->source;
	if (sub && volume->kind != VOLUME_HOST && !volume->mountpoint)
		return err_set(e, ERR_INVALID,
		    "failed to prepare subPath for volumeMount \"%s\": the engine does not say "
		    "where "
		    "its volumes are",
		    name);
	if (sub) {
		part = xasprintf("%s/%s",
		    volume->kind == VOLUME_HOST ? volume->source : volume->mountpoint, sub);
		m.source = part;
	}
	if (m.kind == MOUNT_VOLUME)
		m.propagation = NULL;
	volume_mounts_add(ret, &m);
	return 0;
}

int volume_container_mounts(const struct pod_volumes *v, const json *container,
    const struct strlist *env, struct volume_mounts *ret, struct err *e)
{
	json_for (mount, json_get(container, "volumeMounts"))
		if (add_mount(v, mount, env, ret, e) < 0)
			return -1;
	return 0;
}
