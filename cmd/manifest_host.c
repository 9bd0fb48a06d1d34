/*
 * manifest_host: hostPath volumes of a manifest whose path begins with "./": it is relative to the
 * folder of the file (of standard input: the current one), which only this side knows.
 */
#include <limits.h>
#include <unistd.h>

#include "fetch.h"
#include "manifest.h"

#define DEPTH_MAX 64

/* The folder of the file, without links and dots; owned, NULL: it cannot be told. */
static char *folder_of(const char *source)
{
	const char *slash = strrchr(source, '/');
	auto_free char *dir = slash ? xstrndup(source, (size_t)(slash - source + 1)) : xstrdup(".");
	char *real = realpath(dir, NULL);

	return real;
}

/* FOLDER and "./a/../b" as one path without dots; owned. */
static char *join(const char *folder, const char *path)
{
	auto_free char *both = xasprintf("%s/%s", folder, path), *text = NULL;
	auto_strlist parts = {0}, kept = {0};

	str_split(&parts, both, '/');
	for (size_t i = 0; i < parts.len; i++) {
		const char *part = parts.items[i];

		if (str_eq(part, ".."))
			free(kept.len ? kept.items[--kept.len] : NULL);
		else if (*part && !str_eq(part, "."))
			strlist_add(&kept, part);
	}
	text = strlist_join(&kept, "/");
	return xasprintf("/%s", text);
}

static const char *relative_path(const json *node)
{
	const char *path = json_str(node, "hostPath.path");

	return path && (str_eq(path, ".") || str_has_prefix(path, "./")) ? path : NULL;
}

static void resolve(json *node, const char *folder, int depth)
{
	const char *path = relative_path(node);

	if (path) {
		auto_free char *whole = join(folder, path);

		json_set_str(json_get(node, "hostPath"), "path", whole);
	}
	if (depth < DEPTH_MAX)
		json_for (child, node)
			resolve(child, folder, depth + 1);
}

/* The field path of the first relative one below node, whose own is `at`. */
static int refuse(const struct manifest *m, const json *node, const char *at, const char *why,
    int depth, struct err *e)
{
	const char *path = relative_path(node);
	size_t i = 0;

	if (path) {
		auto_free char *field = xasprintf("%s.hostPath.path", at);

		return manifest_error(
		    m, field, e, "hostPath \"%s\" is relative to the manifest: %s", path, why);
	}
	json_for (child, depth < DEPTH_MAX ? node : NULL) {
		auto_free char *below =
		    json_key(child) ? xasprintf("%s%s%s", at, *at ? "." : "", json_key(child))
				    : xasprintf("%s[%zu]", at, i++);

		if (refuse(m, child, below, why, depth + 1, e) < 0)
			return -1;
	}
	return 0;
}

/* Why no folder here can be meant; NULL: one can. */
static const char *why_no_folder(const struct manifest *m, bool is_cluster)
{
	if (is_cluster)
		return "nodes of a cluster do not have its folder";
	return fetch_is_url(m->source) ? "this machine does not have its folder" : NULL;
}

int manifest_host_paths(struct manifest *m, bool is_cluster, struct err *e)
{
	const char *why = why_no_folder(m, is_cluster);
	auto_free char *folder = NULL;

	if (why)
		return refuse(m, m->obj, "", why, 0, e);
	folder = folder_of(m->source);
	if (folder)
		resolve(m->obj, folder, 0);
	return 0;
}
