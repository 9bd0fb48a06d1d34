/* The packing half of cp_files.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/archive.h"
#include "cp_files.h"

#define DEPTH_MAX 256

/* A folder that is being read. */
struct level {
	DIR *dir;
	char *path, *name; /* here, and in the archive */
};

struct packer {
	struct level *levels;
	size_t depth, cap;
	int fd;             /* of the file whose contents come next; -1: none */
	char *path;         /* its */
	int64_t size, left; /* of it: what changes meanwhile is cut or filled up */
	bool ended, owners;
	size_t skipped;
	struct buf out;
	size_t at; /* in out */
};

static int cannot(struct err *e, const char *what, const char *path)
{
	return err_sys(e, errno, "cannot %s %s", what, path);
}

static char *link_target(const char *path, struct err *e)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target));

	if (n < 0 || n == sizeof(target)) {
		cannot(e, "read the link", path);
		return NULL;
	}
	return xstrndup(target, (size_t)n);
}

static int open_level(struct packer *p, const char *path, const char *name, struct err *e)
{
	DIR *dir;

	if (p->depth == DEPTH_MAX)
		return err_set(e, ERR_BAD_REQUEST, "%s: folders in folders, too deep", path);
	dir = opendir(path);
	if (!dir)
		return cannot(e, "read", path);
	GROW(p->levels, p->cap, p->depth + 1);
	p->levels[p->depth++] = (struct level){dir, xstrdup(path), xstrdup(name)};
	return 0;
}

static int open_file(struct packer *p, const char *path, int64_t size, struct err *e)
{
	p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (p->fd < 0)
		return cannot(e, "open", path);
	free(p->path);
	p->path = xstrdup(path);
	p->size = p->left = size;
	return 0;
}

/* The entry of one file, folder or link; other things are left out. follow: the root may be a link.
 */
static int add(struct packer *p, const char *path, const char *name, bool follow, struct err *e)
{
	struct stat st;
	struct tar_entry entry = {.path = name};
	auto_free char *link = NULL, *dir_name = NULL;

	if ((follow ? stat(path, &st) : lstat(path, &st)) < 0)
		return cannot(e, "read", path);
	entry.mode = st.st_mode & 07777;
	entry.uid = p->owners ? st.st_uid : 0;
	entry.gid = p->owners ? st.st_gid : 0;
	entry.mtime = st.st_mtime;
	if (S_ISREG(st.st_mode)) {
		if (open_file(p, path, st.st_size, e) < 0)
			return -1;
		entry.type = TAR_FILE;
		entry.size = st.st_size;
	} else if (S_ISDIR(st.st_mode)) {
		if (open_level(p, path, name, e) < 0)
			return -1;
		entry.type = TAR_DIR;
		entry.path = dir_name = xasprintf("%s/", name);
	} else if (S_ISLNK(st.st_mode)) {
		link = link_target(path, e);
		if (!link)
			return -1;
		entry.type = TAR_SYMLINK;
		entry.link = link;
	} else {
		p->skipped++;
		return 0;
	}
	tar_add_header(&p->out, &entry);
	return 0;
}

struct packer *packer_new(const char *source, const char *name, bool owners, struct err *e)
{
	struct packer *p = xcalloc(1, sizeof(*p));

	p->fd = -1;
	p->owners = owners;
	if (add(p, source, name, true, e) == 0)
		return p;
	packer_free(p);
	return NULL;
}

size_t packer_skipped(const struct packer *p)
{
	return p->skipped;
}

static void close_level(struct packer *p)
{
	struct level *l = &p->levels[--p->depth];

	closedir(l->dir);
	free(l->path);
	free(l->name);
}

void packer_free(struct packer *p)
{
	if (!p)
		return;
	while (p->depth)
		close_level(p);
	if (p->fd >= 0)
		close(p->fd);
	free(p->levels);
	free(p->path);
	buf_release(&p->out);
	free(p);
}

/* Contents of the open file, at most max bytes. */
static int64_t read_file(struct packer *p, char *data, size_t max, struct err *e)
{
	size_t want = p->left < (int64_t)max ? (size_t)p->left : max;
	ssize_t n = read(p->fd, data, want);

	if (n < 0)
		return cannot(e, "read", p->path);
	if (n == 0) { /* it became shorter: the archive has promised its old length */
		memset(data, 0, want);
		n = (ssize_t)want;
	}
	p->left -= n;
	return n;
}

static void end_file(struct packer *p)
{
	close(p->fd);
	p->fd = -1;
	tar_pad(&p->out, p->size);
}

/* One more entry, or the end. */
static int next_entry(struct packer *p, struct err *e)
{
	struct level *l = p->depth ? &p->levels[p->depth - 1] : NULL;
	auto_free char *path = NULL, *name = NULL;
	struct dirent *d;

	if (!l) {
		tar_end(&p->out);
		p->ended = true;
		return 0;
	}
	errno = 0;
	d = readdir(l->dir);
	if (!d && errno)
		return cannot(e, "read", l->path);
	if (!d) {
		close_level(p);
		return 0;
	}
	if (str_eq(d->d_name, ".") || str_eq(d->d_name, ".."))
		return 0;
	path = xasprintf("%s/%s", l->path, d->d_name);
	name = xasprintf("%s/%s", l->name, d->d_name);
	return add(p, path, name, false, e);
}

int64_t packer_read(struct packer *p, char *data, size_t max, struct err *e)
{
	for (;;) {
		size_t n = p->out.len - p->at < max ? p->out.len - p->at : max;

		if (n) {
			memcpy(data, p->out.ptr + p->at, n);
			p->at += n;
			return (int64_t)n;
		}
		buf_clear(&p->out);
		p->at = 0;
		if (p->ended)
			return 0;
		if (p->fd >= 0 && p->left > 0)
			return read_file(p, data, max, e);
		if (p->fd >= 0)
			end_file(p);
		else if (next_entry(p, e) < 0)
			return -1;
	}
}
