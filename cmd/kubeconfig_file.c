#include "kubeconfig_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/base/clock.h"
#include "../runtime/base/paths.h"
#include "kubeconfig_merge.h"

#define FILE_MAX (16 * MIB)
#define LOCK_LIMIT_MS 5000
#define LOCK_POLL_US 20000

char *kubeconfig_file_for(const struct strlist *files, const char *context)
{
	const char *existing = NULL;

	for (size_t i = 0; i < files->len; i++) {
		const char *file = files->items[i];
		auto_free char *text = path_read_file(file, FILE_MAX, NULL, NULL);

		if (text && kubeconfig_has(text, context))
			return xstrdup(file);
		if (text && !existing)
			existing = file;
	}
	return xstrdup(existing ? existing : files->items[files->len - 1]);
}

/* The same file that kubectl takes for its lock. */
static int lock(const char *lock_path, struct err *e)
{
	int64_t until = clock_mono_ms() + LOCK_LIMIT_MS;
	int fd;

	while ((fd = open(lock_path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0)) < 0) {
		if (errno != EEXIST)
			return err_sys(e, errno, "cannot make the lock %s", lock_path);
		if (clock_mono_ms() >= until)
			return err_set(e, ERR_CONFLICT,
			    "%s is there: another program changes the file, or has died meanwhile; "
			    "remove it in that case",
			    lock_path);
		usleep(LOCK_POLL_US);
	}
	close(fd);
	return 0;
}

char *kubeconfig_read(const char *path, struct err *e)
{
	auto_err own = {0};
	char *text = path_read_file(path, FILE_MAX, NULL, &own);

	if (text || own.reason == ERR_NOT_FOUND)
		return text ? text : xstrdup("");
	err_move(e, &own);
	return NULL;
}

/* A link stays one; a file keeps its mode. */
static int write_back(const char *path, const char *text, struct err *e)
{
	auto_free char *target = realpath(path, NULL);
	struct stat st;
	unsigned mode = target && stat(target, &st) == 0 ? st.st_mode & 0777 : 0600;

	return path_write_file(target ? target : path, mode, text, strlen(text), e);
}

static int change_locked(const char *path, kubeconfig_change_fn *change, void *ctx, struct err *e)
{
	auto_free char *old = kubeconfig_read(path, e), *text = NULL;
	bool rewritten;

	if (!old)
		return -1;
	text = change(ctx, path, old, &rewritten, e);
	if (!text)
		return -1;
	if (rewritten)
		fprintf(stderr, "warning: %s had to be written anew, without its comments\n", path);
	return str_eq(old, text) ? 0 : write_back(path, text, e);
}

/* Signals wait: they would leave the lock behind. */
int kubeconfig_change(const char *path, kubeconfig_change_fn *change, void *ctx, struct err *e)
{
	auto_free char *lock_path = xasprintf("%s.lock", path);
	const char *slash = strrchr(path, '/');
	auto_free char *dir = slash > path ? xstrndup(path, (size_t)(slash - path)) : NULL;
	sigset_t all, old;
	int rc;

	if (dir && path_mkdirs(dir, 0755, e) < 0)
		return -1;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	rc = lock(lock_path, e);
	if (rc == 0) {
		rc = change_locked(path, change, ctx, e);
		unlink(lock_path);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}
