/* The unpacking half of cp_files.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/archive.h"
#include "cp_files.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct unpacker {
	char *target, *base;
	struct tar_reader *reader;
	bool begun;
	char *root_name; /* of the one thing in the archive: what all names begin with */
	int root;        /* the folder that all goes into; -1: not known yet */
	char *single;    /* the file's name in it; NULL: the thing is a folder */
	int fd;          /* of the file that is being written */
	size_t skipped;
};

static int refuse(struct err *e, const char *path, const char *why)
{
	auto_free char *quoted = str_go_quote(path);

	return err_set(
	    e, ERR_FORBIDDEN, "the archive from the container is refused: %s %s", quoted, why);
}

/* ---- names ---- */

/* Without "./" and empty parts at its beginning. */
static const char *skip_dots(const char *path)
{
	for (;;) {
		if (path[0] == '/')
			path++;
		else if (path[0] == '.' && (path[1] == '/' || !path[1]))
			path++;
		else
			return path;
	}
}

/* What is behind the root's name, "" for the root itself; NULL: it lies elsewhere. */
static const char *below_root(const struct unpacker *u, const char *path)
{
	size_t len = strlen(u->root_name);

	path = skip_dots(path);
	if (strncmp(path, u->root_name, len) != 0 || (len && path[len] && path[len] != '/'))
		return NULL;
	return skip_dots(path + len);
}

/*
 * The folder of a path below the root, made where it is missing, and the last part of the path.
 * Links are not followed. -1: e is set.
 */
static int walk(struct unpacker *u, const char *path, char **ret_name, struct err *e)
{
	int at = dup(u->root);

	for (;;) {
		size_t len = strcspn(path, "/");
		const char *rest = skip_dots(path + len);
		auto_free char *part = xstrndup(path, len);
		int next;

		if (at < 0)
			return err_sys(e, errno, "cannot open %s", u->target);
		if (!*rest) {
			*ret_name = TAKE(part);
			return at;
		}
		next = openat(at, part, DIR_FLAGS | O_NOFOLLOW);
		if (next < 0 && errno == ENOENT && mkdirat(at, part, 0777) == 0)
			next = openat(at, part, DIR_FLAGS | O_NOFOLLOW);
		close(at);
		if (next < 0 && (errno == ELOOP || errno == ENOTDIR))
			return refuse(e, path, "leads through a link or a file");
		if (next < 0)
			return err_sys(
			    e, errno, "cannot make the folder %s in %s", part, u->target);
		at = next;
		path = rest;
	}
}

/* ---- the root ---- */

static int open_root(struct unpacker *u, const char *path, struct err *e)
{
	u->root = open(path, DIR_FLAGS);
	return u->root < 0 ? err_sys(e, errno, "cannot write to %s", path) : 0;
}

/* The archive is a file: the target, or in it. */
static int begin_file(struct unpacker *u, struct err *e)
{
	struct stat st;
	const char *slash = strrchr(u->target, '/');
	auto_free char *dir = NULL;

	if (stat(u->target, &st) == 0 && S_ISDIR(st.st_mode)) {
		u->single = xstrdup(u->base);
		return open_root(u, u->target, e);
	}
	if (slash && !slash[1])
		return err_set(e, ERR_BAD_REQUEST, "%s: no such folder", u->target);
	u->single = xstrdup(slash ? slash + 1 : u->target);
	dir = slash ? xstrndup(u->target, (size_t)(slash - u->target) + 1) : xstrdup(".");
	return open_root(u, dir, e);
}

static int begin_folder(struct unpacker *u, struct err *e)
{
	if (mkdir(u->target, 0777) < 0 && errno != EEXIST)
		return err_sys(e, errno, "cannot make the folder %s", u->target);
	return open_root(u, u->target, e);
}

/* The first entry says what the thing is, and is it itself unless a tar left the folder out. */
static int begin(struct unpacker *u, const struct tar_entry *entry, struct err *e)
{
	const char *path = skip_dots(entry->path);

	u->begun = true;
	u->root_name = xstrndup(path, strcspn(path, "/"));
	if (entry->type != TAR_DIR && !*skip_dots(path + strlen(u->root_name)))
		return begin_file(u, e);
	return begin_folder(u, e);
}

/* ---- entries ---- */

static int make_dir(int at, const char *name, unsigned mode)
{
	struct stat st;

	if (mkdirat(at, name, (mode & 0777) | 0700) == 0)
		return 0;
	if (errno == EEXIST && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode))
		return 0;
	return -1;
}

static int make_file(struct unpacker *u, int at, const char *name, unsigned mode)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

	mode = (mode & 0777) | 0600;
	u->fd = openat(at, name, flags, mode);
	if (u->fd < 0 && errno == ELOOP && unlinkat(at, name, 0) == 0)
		u->fd = openat(at, name, flags | O_EXCL, mode);
	return u->fd < 0 ? -1 : 0;
}

static int make_symlink(
    struct unpacker *u, int at, const char *name, const char *path, const struct tar_entry *entry)
{
	if (u->single || !tar_link_is_safe(path, entry->link)) {
		u->skipped++;
		return 0;
	}
	unlinkat(at, name, 0);
	return symlinkat(entry->link, at, name);
}

static int make_hardlink(
    struct unpacker *u, int at, const char *name, const struct tar_entry *entry, struct err *e)
{
	const char *target = tar_path_is_safe(entry->link) ? below_root(u, entry->link) : NULL;
	auto_free char *last = NULL;
	int from, rc;

	if (!target || !*target) {
		u->skipped++;
		return 0;
	}
	from = walk(u, target, &last, e);
	if (from < 0)
		return -1;
	unlinkat(at, name, 0);
	rc = linkat(from, last, at, name, 0);
	close(from);
	if (rc < 0 && errno == ENOENT) { /* it lies outside of what was copied */
		u->skipped++;
		return 0;
	}
	return rc;
}

static int make(struct unpacker *u, int at, const char *name, const char *path,
    const struct tar_entry *entry, struct err *e)
{
	switch (entry->type) {
	case TAR_FILE:
		return make_file(u, at, name, entry->mode);
	case TAR_DIR:
		return make_dir(at, name, entry->mode);
	case TAR_SYMLINK:
		return make_symlink(u, at, name, path, entry);
	case TAR_HARDLINK:
		return make_hardlink(u, at, name, entry, e);
	case TAR_OTHER:
		u->skipped++;
		return 0;
	}
	return 0;
}

static int on_entry(void *ctx, const struct tar_entry *entry, struct err *e)
{
	struct unpacker *u = ctx;
	const char *path;
	auto_free char *name = NULL;
	int at, rc;

	if (!tar_path_is_safe(entry->path))
		return refuse(e, entry->path, "is outside of what was asked for");
	if (!u->begun && begin(u, entry, e) < 0)
		return -1;
	path = below_root(u, entry->path);
	if (!path || (u->single && *path))
		return refuse(e, entry->path, "is outside of what was asked for");
	if (!*path && u->single)
		path = u->single;
	if (!*path)
		return 0; /* the folder itself */
	at = walk(u, path, &name, e);
	if (at < 0)
		return -1;
	rc = make(u, at, name, path, entry, e);
	close(at);
	if (rc < 0 && !e->reason)
		err_sys(e, errno, "cannot write %s", path);
	return rc;
}

static int on_data(void *ctx, const char *data, size_t len, struct err *e)
{
	struct unpacker *u = ctx;

	while (len && u->fd >= 0) {
		ssize_t n = write(u->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "cannot write to %s", u->target);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int close_file(struct unpacker *u)
{
	int fd = u->fd;

	u->fd = -1;
	return fd < 0 ? 0 : close(fd);
}

static int on_entry_end(void *ctx, struct err *e)
{
	struct unpacker *u = ctx;

	return close_file(u) < 0 ? err_sys(e, errno, "cannot write to %s", u->target) : 0;
}

static const struct tar_callbacks callbacks = {
    .on_entry = on_entry, .on_data = on_data, .on_entry_end = on_entry_end};

/* ---- the whole ---- */

struct unpacker *unpacker_new(const char *target, const char *base)
{
	struct unpacker *u = xcalloc(1, sizeof(*u));

	u->target = xstrdup(target);
	u->base = xstrdup(base);
	u->root = u->fd = -1;
	u->reader = tar_reader_new(&callbacks, u);
	return u;
}

void unpacker_free(struct unpacker *u)
{
	if (!u)
		return;
	tar_reader_free(u->reader);
	close_file(u);
	if (u->root >= 0)
		close(u->root);
	free(u->target);
	free(u->base);
	free(u->root_name);
	free(u->single);
	free(u);
}

int unpacker_write(struct unpacker *u, const char *data, size_t len, struct err *e)
{
	return tar_read(u->reader, data, len, e);
}

int unpacker_end(struct unpacker *u, struct err *e)
{
	if (!u->begun)
		return err_set(e, ERR_NOT_FOUND, "nothing came from the container");
	return tar_read_end(u->reader, e);
}

bool unpacker_begun(const struct unpacker *u)
{
	return u->begun;
}

size_t unpacker_skipped(const struct unpacker *u)
{
	return u->skipped;
}
