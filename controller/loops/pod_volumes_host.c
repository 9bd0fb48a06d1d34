/*
 * pod_volumes_host: hostPath. With an engine on this machine the path is looked at, and made where
 * the type says so; what this user may not see or make is an error like any other. With a remote
 * engine only the empty type can be honoured: the path is then one of the engine's machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pod_volumes_internal.h"

#define DIR_MODE 0755
#define FILE_MODE 0644

static bool is_any(mode_t mode)
{
	return true;
}

static bool is_dir(mode_t mode)
{
	return S_ISDIR(mode);
}

static bool is_file(mode_t mode)
{
	return S_ISREG(mode);
}

static bool is_socket(mode_t mode)
{
	return S_ISSOCK(mode);
}

static bool is_char(mode_t mode)
{
	return S_ISCHR(mode);
}

static bool is_block(mode_t mode)
{
	return S_ISBLK(mode);
}

static int make_dirs(const char *path)
{
	auto_free char *own = xstrdup(path);

	for (char *slash = strchr(own + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(own, DIR_MODE) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(own, DIR_MODE) < 0 && errno != EEXIST ? -1 : 0;
}

static int make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, FILE_MODE);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static const struct path_type {
	const char *name;
	bool (*is)(mode_t mode);
	const char *what;
	int (*make)(const char *path);
} path_types[] = {
    {"", is_any, "", NULL},
    {"DirectoryOrCreate", is_dir, "a directory", make_dirs},
    {"Directory", is_dir, "a directory", NULL},
    {"FileOrCreate", is_file, "a file", make_file},
    {"File", is_file, "a file", NULL},
    {"Socket", is_socket, "a socket file", NULL},
    {"CharDevice", is_char, "a character device", NULL},
    {"BlockDevice", is_block, "a block device", NULL},
};

static const struct path_type *type_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(path_types); i++)
		if (str_eq(path_types[i].name, name))
			return &path_types[i];
	return &path_types[0];
}

int host_path_check(const char *path, const char *type, bool local, struct err *e)
{
	const struct path_type *t = type_of(type);
	struct stat st;

	if (!*t->name) /* the engine makes a folder where nothing is */
		return 0;
	if (!local)
		return err_set(e, ERR_INVALID,
		    "hostPath type %s: the engine is on another machine, where kjob cannot look at "
		    "%s",
		    type, path);
	if (stat(path, &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return err_sys(e, errno, "hostPath type check failed: %s", path);
		if (!t->make)
			return err_set(e, ERR_INVALID, "hostPath type check failed: %s is not %s",
			    path, t->what);
		return t->make(path) < 0 ? err_sys(e, errno, "cannot create %s", path) : 0;
	}
	if (!t->is(st.st_mode))
		return err_set(
		    e, ERR_INVALID, "hostPath type check failed: %s is not %s", path, t->what);
	return 0;
}
