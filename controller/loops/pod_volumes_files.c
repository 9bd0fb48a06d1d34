/* pod_volumes_files: configMap, secret, downwardAPI and projected volumes as trees of files. */
#include <stdio.h>

#include "../../runtime/archive.h"
#include "../../runtime/base/base64.h"
#include "pod_volumes_internal.h"

#define MODE_DEFAULT 0644
/* Headers of a file, a link and a folder, each with its long names. */
#define ENTRY_COST (3 * 2048)
#define DIR_MODE 0755
#define ROOT_MODE 0777
/* What fsGroup adds to files and to folders. */
#define GROUP_FILE_BITS 0440
#define GROUP_DIR_BITS 02550
#define GROUP_ROOT_BITS 02770

static void volume_file_release(struct volume_file *f)
{
	free(f->path);
	free(f->data);
}

void file_tree_release(struct file_tree *t)
{
	for (size_t i = 0; i < t->len; i++)
		volume_file_release(&t->items[i]);
	free(t->items);
	*t = (struct file_tree){0};
}

/* ---- putting files in ---- */

/* Whether `dir` is one of the folders that lead to `path`. */
static bool is_folder_of(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	return strncmp(dir, path, len) == 0 && path[len] == '/';
}

/* "a/./b//c" as "a/b/c"; NULL where it leads out of the volume. Owned. */
static char *clean_path(const char *path)
{
	auto_strlist parts = {0}, kept = {0};

	if (*path == '/')
		return NULL;
	str_split(&parts, path, '/');
	for (size_t i = 0; i < parts.len; i++) {
		if (str_eq(parts.items[i], ".."))
			return NULL;
		if (*parts.items[i] && !str_eq(parts.items[i], "."))
			strlist_add(&kept, parts.items[i]);
	}
	return kept.len && !str_has_prefix(kept.items[0], "..") ? strlist_join(&kept, "/") : NULL;
}

/* A later file of the same path takes the place of the earlier one. */
static int tree_add(struct file_tree *t, const char *path, const void *data, size_t len,
    unsigned mode, struct err *e)
{
	auto_free char *clean = clean_path(path);
	struct volume_file *f = NULL;

	if (!clean)
		return err_set(e, ERR_INVALID, "invalid path \"%s\"", path);
	for (size_t i = 0; i < t->len; i++) {
		if (str_eq(t->items[i].path, clean))
			f = &t->items[i];
		else if (is_folder_of(t->items[i].path, clean) ||
			 is_folder_of(clean, t->items[i].path))
			return err_set(e, ERR_INVALID,
			    "\"%s\" would be a file and a folder at the same time", clean);
	}
	if (!f) {
		GROW(t->items, t->cap, t->len + 1);
		f = &t->items[t->len++];
	} else {
		volume_file_release(f);
	}
	*f = (struct volume_file){.path = TAKE(clean), .len = len, .mode = mode};
	f->data = xmalloc(len + 1);
	memcpy(f->data, data, len);
	f->data[len] = '\0';
	return 0;
}

/* ---- config maps and secrets ---- */

static const struct bag_kind {
	enum kind_id kind;
	const char *source, *name_field; /* in a volume; projected sources say "name" */
	const char *plain, *encoded;
	const char *word;
} bag_kinds[] = {
    {KIND_CONFIGMAP, "configMap", "name", "data", "binaryData", "config"},
    {KIND_SECRET, "secret", "secretName", NULL, "data", "secret"},
};

static int add_value(struct file_tree *t, const char *path, const json *value, bool encoded,
    unsigned mode, struct err *e)
{
	const char *text = json_string_value(value) ? json_string_value(value) : "";
	auto_buf bytes = {0};

	if (!encoded)
		return tree_add(t, path, text, strlen(text), mode, e);
	if (base64_decode(text, &bytes, NULL) < 0)
		return err_set(e, ERR_INVALID, "the value of \"%s\" is no base64", path);
	return tree_add(t, path, buf_str(&bytes), bytes.len, mode, e);
}

static int add_key(struct file_tree *t, const struct bag_kind *k, const json *object,
    const char *key, const char *path, unsigned mode, bool optional, struct err *e)
{
	const json *plain = k->plain ? json_get(json_get(object, k->plain), key) : NULL;
	const json *encoded = json_get(json_get(object, k->encoded), key);

	if (plain || encoded)
		return add_value(t, path, plain ? plain : encoded, !plain, mode, e);
	if (optional)
		return 0;
	return err_set(e, ERR_NOT_FOUND, "references non-existent %s key: %s", k->word, key);
}

static int add_all_keys(
    struct file_tree *t, const struct bag_kind *k, const json *object, unsigned mode, struct err *e)
{
	if (k->plain)
		json_for (m, json_get(object, k->plain))
			if (add_value(t, json_key(m), m, false, mode, e) < 0)
				return -1;
	json_for (m, json_get(object, k->encoded))
		if (add_value(t, json_key(m), m, true, mode, e) < 0)
			return -1;
	return 0;
}

static int add_bag(const struct files_source *src, const struct bag_kind *k, const char *name,
    const json *source, unsigned mode, struct file_tree *t, struct err *e)
{
	bool optional = json_bool(source, "optional", false);
	auto_json *object = src->object(src->ctx, k->kind, name);

	if (!object && !optional)
		return err_set(
		    e, ERR_NOT_FOUND, "%s \"%s\" not found", kind_by_id(k->kind)->singular, name);
	if (json_len(json_get(source, "items")) == 0)
		return add_all_keys(t, k, object, mode, e);
	json_for (item, json_get(source, "items")) {
		unsigned own = (unsigned)json_int(item, "mode", mode);

		if (add_key(t, k, object, json_str_or(item, "key", ""),
			json_str_or(item, "path", ""), own, optional, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- fields of the pod ---- */

/* All labels or annotations, a line each: key="value". */
static char *map_lines(const json *map)
{
	auto_json *sorted = json_dup(map);
	auto_buf out = {0};

	json_sort(sorted);
	json_for (m, sorted) {
		auto_free char *value = str_go_quote(json_string_value(m));

		buf_addf(&out, "%s%s=%s", out.len ? "\n" : "", json_key(m), value);
	}
	return buf_take(&out);
}

static int downward_text(
    const struct files_source *src, const json *item, char **ret, struct err *e)
{
	const json *resource = json_get(item, "resourceFieldRef");
	const char *path = json_str_or(item, "fieldRef.fieldPath", "");

	if (resource)
		return downward_resource(&src->downward, resource, NULL, ret, e);
	if (str_eq(path, "metadata.labels") || str_eq(path, "metadata.annotations"))
		*ret = map_lines(json_path(src->downward.pod, path));
	else
		*ret = downward_field(&src->downward, path);
	return 0;
}

static int add_downward(const struct files_source *src, const json *source, unsigned mode,
    struct file_tree *t, struct err *e)
{
	json_for (item, json_get(source, "items")) {
		auto_free char *text = NULL;

		if (downward_text(src, item, &text, e) < 0 ||
		    tree_add(t, json_str_or(item, "path", ""), text, strlen(text),
			(unsigned)json_int(item, "mode", mode), e) < 0)
			return -1;
	}
	return 0;
}

/* ---- a volume ---- */

static int add_source(const struct files_source *src, const json *source, bool projected,
    unsigned mode, struct file_tree *t, struct err *e)
{
	const json *downward = json_get(source, "downwardAPI");

	for (size_t i = 0; i < ARRAY_LEN(bag_kinds); i++) {
		const struct bag_kind *k = &bag_kinds[i];
		const json *bag = json_get(source, k->source);
		const char *name = json_str_or(bag, projected ? "name" : k->name_field, "");

		if (bag && add_bag(src, k, name, bag, mode, t, e) < 0)
			return -1;
	}
	return downward ? add_downward(src, downward, mode, t, e) : 0;
}

static const char *const file_sources[] = {"configMap", "secret", "downwardAPI", "projected"};

bool volume_is_files(const json *volume)
{
	for (size_t i = 0; i < ARRAY_LEN(file_sources); i++)
		if (json_get(volume, file_sources[i]))
			return true;
	return false;
}

static unsigned default_mode(const json *volume)
{
	for (size_t i = 0; i < ARRAY_LEN(file_sources); i++)
		if (json_get(volume, file_sources[i]))
			return (unsigned)json_int(
			    json_get(volume, file_sources[i]), "defaultMode", MODE_DEFAULT);
	return MODE_DEFAULT;
}

int volume_files(
    const struct files_source *src, const json *volume, struct file_tree *ret, struct err *e)
{
	unsigned mode = default_mode(volume);
	auto_file_tree t = {0};

	if (add_source(src, volume, false, mode, &t, e) < 0)
		return -1;
	json_for (source, json_path(volume, "projected.sources"))
		if (add_source(src, source, true, mode, &t, e) < 0)
			return -1;
	*ret = t;
	t = (struct file_tree){0};
	return 0;
}

static bool source_shows(const json *source, bool projected, enum kind_id kind, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(bag_kinds); i++) {
		const json *bag = json_get(source, bag_kinds[i].source);

		if (bag && kind == bag_kinds[i].kind &&
		    str_eq(
			json_str_or(bag, projected ? "name" : bag_kinds[i].name_field, ""), name))
			return true;
	}
	return kind == KIND_POD && json_get(source, "downwardAPI");
}

bool volume_shows(const json *volume, enum kind_id kind, const char *name)
{
	if (source_shows(volume, false, kind, name))
		return true;
	json_for (source, json_path(volume, "projected.sources"))
		if (source_shows(source, true, kind, name))
			return true;
	return false;
}

size_t file_tree_cost(const struct file_tree *t)
{
	size_t total = 0;

	for (size_t i = 0; i < t->len; i++)
		total += t->items[i].len + 2 * strlen(t->items[i].path) + ENTRY_COST;
	return total;
}

/* FNV-1a */
static uint64_t digest_bytes(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

uint64_t file_tree_digest(const struct file_tree *t)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < t->len; i++) {
		const struct volume_file *f = &t->items[i];

		h = digest_bytes(h, f->path, strlen(f->path) + 1);
		h = digest_bytes(h, &f->mode, sizeof(f->mode));
		h = digest_bytes(h, &f->len, sizeof(f->len));
		h = digest_bytes(h, f->data, f->len);
	}
	return h ? h : 1;
}

/* ---- the archive ---- */

static void add_entry(const struct tree_layout *l, struct buf *out, enum tar_type type,
    const char *path, unsigned mode, const char *link, const struct volume_file *f)
{
	auto_free char *full = xasprintf("%s%s%s", l->prefix, path, type == TAR_DIR ? "/" : "");
	struct tar_entry entry = {.path = full,
	    .type = type,
	    .link = link,
	    .mode = mode,
	    .gid = l->fs_group < 0 ? 0 : l->fs_group,
	    .size = f ? (int64_t)f->len : 0,
	    .mtime = l->mtime};

	tar_add(out, &entry, f ? f->data : NULL);
}

static unsigned with_group(const struct tree_layout *l, unsigned mode, unsigned bits)
{
	return l->fs_group < 0 ? mode : mode | bits;
}

void volume_root_archive(const struct tree_layout *l, struct buf *out)
{
	struct tar_entry entry = {.path = l->prefix,
	    .type = TAR_DIR,
	    .mode = with_group(l, ROOT_MODE, GROUP_ROOT_BITS),
	    .gid = l->fs_group < 0 ? 0 : l->fs_group,
	    .mtime = l->mtime};

	tar_add(out, &entry, NULL);
}

/* The folders that lead to a file, each once. */
static void add_folders(const struct tree_layout *l, const char *dir, const char *path,
    struct strlist *done, struct buf *out)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		auto_free char *folder = xasprintf("%s/%.*s", dir, (int)(slash - path), path);

		if (strlist_has(done, folder))
			continue;
		strlist_add(done, folder);
		add_entry(
		    l, out, TAR_DIR, folder, with_group(l, DIR_MODE, GROUP_DIR_BITS), NULL, NULL);
	}
}

static char *top_name(const char *path)
{
	return xstrndup(path, strcspn(path, "/"));
}

void file_tree_archive(const struct file_tree *t, const struct tree_layout *l, struct buf *out)
{
	auto_free char *dir = xasprintf("..%016llx", (unsigned long long)l->digest);
	auto_strlist done = {0};

	add_entry(l, out, TAR_DIR, dir, with_group(l, DIR_MODE, GROUP_DIR_BITS), NULL, NULL);
	for (size_t i = 0; i < t->len; i++) {
		const struct volume_file *f = &t->items[i];
		auto_free char *path = xasprintf("%s/%s", dir, f->path);

		add_folders(l, dir, f->path, &done, out);
		add_entry(l, out, TAR_FILE, path, with_group(l, f->mode, GROUP_FILE_BITS), NULL, f);
	}
	add_entry(l, out, TAR_SYMLINK, "..data", ROOT_MODE, dir, NULL);
	for (size_t i = 0; i < t->len; i++) {
		auto_free char *name = top_name(t->items[i].path);
		auto_free char *target = xasprintf("..data/%s", name);

		if (strlist_has(&done, name))
			continue;
		strlist_add(&done, name);
		add_entry(l, out, TAR_SYMLINK, name, ROOT_MODE, target, NULL);
	}
	if (l->old_digest && l->old_digest != l->digest) {
		/* an archive cannot remove: an empty file takes the place of the old folder */
		auto_free char *old = xasprintf("..%016llx", (unsigned long long)l->old_digest);

		add_entry(l, out, TAR_FILE, old, 0, NULL, NULL);
	}
}
