/*
 * manifest_host: hostPath volumes of a manifest whose path begins with "./": it is relative to the
 * folder of the file (of standard input: the current one), which only this side knows.
 */
#include <limits.h>
#include <unistd.h>

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

static void resolve(json *node, const char *folder, int depth)
{
	json *host = json_get(node, "hostPath");
	const char *path = json_str(host, "path");

	if (path && (str_eq(path, ".") || str_has_prefix(path, "./"))) {
		auto_free char *whole = join(folder, path);

		json_set_str(host, "path", whole);
	}
	if (depth < DEPTH_MAX)
		json_for (child, node)
			resolve(child, folder, depth + 1);
}

void manifest_host_paths(json *obj, const char *source)
{
	auto_free char *folder = folder_of(source);

	if (folder)
		resolve(obj, folder, 0);
}
