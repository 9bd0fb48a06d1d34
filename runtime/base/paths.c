#include "paths.h"

#include "buf.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket's path must fit here with its NUL byte. */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static void cut_slashes(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
}

/* The path from the root, since the controller changes its working directory. */
static char *absolute(const char *path, struct err *e)
{
	auto_free char *cwd = NULL;
	char *full;

	if (path[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd) {
			err_sys(e, errno, "cannot tell the working directory");
			return NULL;
		}
	}
	full = cwd ? xasprintf("%s/%s", cwd, path) : xstrdup(path);
	cut_slashes(full);
	return full;
}

/* Of a folder of the XDG rules only absolute paths count. */
static const char *xdg_folder(const char *variable)
{
	const char *value = getenv(variable);

	return value && value[0] == '/' ? value : NULL;
}

const char *path_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home && home[0] == '/')
		return home;
	pw = getpwuid(geteuid());
	return pw && pw->pw_dir && pw->pw_dir[0] == '/' ? pw->pw_dir : NULL;
}

/*
 * A shell without a login of its own (cron, su -) has no XDG_RUNTIME_DIR, but must find the same
 * socket as the others: the folder that a login would name, where it is there and private. Owned;
 * NULL: none.
 */
static char *runtime_folder(void)
{
	const char *named = xdg_folder("XDG_RUNTIME_DIR");
	auto_free char *usual = xasprintf("/run/user/%lu", (unsigned long)geteuid());
	struct stat st;

	if (named)
		return xstrdup(named);
	if (lstat(usual, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0)
		return TAKE(usual);
	return NULL;
}

static int find_folders(struct paths *p, struct err *e)
{
	const char *kjob_home = getenv("KJOB_HOME");
	const char *state = xdg_folder("XDG_STATE_HOME");
	auto_free char *runtime = runtime_folder();
	const char *home;

	if (kjob_home && *kjob_home) {
		p->state_dir = absolute(kjob_home, e);
		p->runtime_dir = xstrdup(p->state_dir);
		return p->state_dir ? 0 : -1;
	}
	if (state) {
		p->state_dir = xasprintf("%s/kjob", state);
	} else {
		home = path_home();
		if (!home)
			return err_set(e, ERR_INTERNAL,
			    "no home directory: set HOME, or KJOB_HOME to a folder for kjob's "
			    "files");
		p->state_dir = xasprintf("%s/.local/state/kjob", home);
	}
	p->runtime_dir = runtime ? xasprintf("%s/kjob", runtime) : xstrdup(p->state_dir);
	return 0;
}

int paths_init(struct paths *p, struct err *e)
{
	memset(p, 0, sizeof(*p));
	if (find_folders(p, e)) {
		paths_release(p);
		return -1;
	}
	p->database = xasprintf("%s/kjob.db", p->state_dir);
	p->logs_dir = xasprintf("%s/logs", p->state_dir);
	p->log_file = xasprintf("%s/controller.log", p->state_dir);
	p->socket = xasprintf("%s/kjob.sock", p->runtime_dir);
	p->lock = xasprintf("%s/kjob.lock", p->runtime_dir);
	p->pid_file = xasprintf("%s/kjob.pid", p->runtime_dir);
	if (strlen(p->socket) > SOCKET_PATH_MAX) {
		err_set(e, ERR_INTERNAL,
		    "the socket path %s has %zu characters, the system allows %zu: set KJOB_HOME "
		    "to a "
		    "shorter path",
		    p->socket, strlen(p->socket), SOCKET_PATH_MAX);
		paths_release(p);
		return -1;
	}
	return 0;
}

int path_mkdirs(const char *dir, unsigned mode, struct err *e)
{
	auto_free char *path = xstrdup(dir);
	struct stat st;

	cut_slashes(path);
	for (char *p = path + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, (mode_t)mode) && errno != EEXIST) {
			int code = errno;

			/* A read-only or forbidden parent may hold the folder all the same. */
			if (stat(path, &st) || !S_ISDIR(st.st_mode))
				return err_sys(e, code, "cannot make the folder %s", path);
		}
		*p = c;
		if (c == '\0')
			break;
	}
	if (stat(path, &st))
		return err_sys(e, errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return err_sys(e, ENOTDIR, "%s", path);
	return 0;
}

static int make_private(const char *dir, struct err *e)
{
	struct stat st;

	if (path_mkdirs(dir, 0700, e))
		return -1;
	if (stat(dir, &st))
		return err_sys(e, errno, "%s", dir);
	if (st.st_uid != geteuid())
		return err_set(e, ERR_FORBIDDEN,
		    "%s belongs to another user (uid %ld): kjob would not be private there; set "
		    "KJOB_HOME",
		    dir, (long)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, ERR_FORBIDDEN,
		    "other users can write to %s (mode %04o): kjob would not be private there; "
		    "chmod go-w %s",
		    dir, (unsigned)(st.st_mode & 07777), dir);
	return 0;
}

int paths_make(const struct paths *p, struct err *e)
{
	if (make_private(p->state_dir, e) || make_private(p->logs_dir, e))
		return -1;
	return make_private(p->runtime_dir, e);
}

void paths_release(struct paths *p)
{
	free(p->state_dir);
	free(p->runtime_dir);
	free(p->database);
	free(p->logs_dir);
	free(p->log_file);
	free(p->socket);
	free(p->lock);
	free(p->pid_file);
	memset(p, 0, sizeof(*p));
}

static int read_all(int fd, const char *path, struct buf *b, struct err *e)
{
	char chunk[16 * KIB];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "%s", path);
		buf_add(b, chunk, (size_t)n);
		if (b->overflow)
			return err_set(e, ERR_TOO_LARGE, "%s: larger than %zu bytes", path, b->max);
	}
	return 0;
}

char *path_read_file(const char *path, size_t max, size_t *ret_len, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), code = errno, rc;
	auto_buf b = {.max = max ? max : 1};

	if (fd < 0) {
		err_sys(e, code, "%s", path);
		if (code == ENOENT && e)
			e->reason = ERR_NOT_FOUND;
		return NULL;
	}
	rc = read_all(fd, path, &b, e);
	close(fd);
	if (rc)
		return NULL;
	if (ret_len)
		*ret_len = b.len;
	return buf_take(&b);
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

int path_write_file(const char *path, unsigned mode, const char *text, size_t len, struct err *e)
{
	auto_free char *fresh = xasprintf("%s.XXXXXX", path);
	int fd = mkstemp(fresh), code;
	bool ok = fd >= 0 && fchmod(fd, mode) == 0 && write_all(fd, text, len) == 0;

	code = errno;
	if (fd >= 0 && close(fd) < 0 && ok) {
		code = errno;
		ok = false;
	}
	if (ok && rename(fresh, path) == 0)
		return 0;
	if (ok)
		code = errno;
	if (fd >= 0)
		unlink(fresh);
	return err_sys(e, code, "cannot write %s", path);
}
