#include "../../runtime/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

/* Each test starts from this environment. */
static void reset_environment(void)
{
	unsetenv("KJOB_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	setenv("HOME", "/home/someone", 1);
}

static char *in_root(const char *name)
{
	return xasprintf("%s/%s", test_dir(), name);
}

/* The folder of this user's login, which counts when the environment names none; NULL: there is
 * none. */
static const char *login_folder(void)
{
	static char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/run/user/%lu", (unsigned long)geteuid());
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
		       !(st.st_mode & 077)
		   ? path
		   : NULL;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CHECK(f != NULL);
	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

TEST("KJOB_HOME holds everything, whatever else is set")
{
	auto_paths p = {0};
	auto_err e = {0};

	reset_environment();
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	setenv("KJOB_HOME", "/srv/kjob//", 1);
	CHECK_INT(paths_init(&p, &e), 0);
	CHECK_STR(p.state_dir, "/srv/kjob");
	CHECK_STR(p.runtime_dir, "/srv/kjob");
	CHECK_STR(p.database, "/srv/kjob/kjob.db");
	CHECK_STR(p.logs_dir, "/srv/kjob/logs");
	CHECK_STR(p.log_file, "/srv/kjob/controller.log");
	CHECK_STR(p.socket, "/srv/kjob/kjob.sock");
	CHECK_STR(p.lock, "/srv/kjob/kjob.lock");
	CHECK_STR(p.pid_file, "/srv/kjob/kjob.pid");
}

TEST("a relative KJOB_HOME starts at the working directory, an empty one counts for nothing")
{
	auto_free char *cwd = getcwd(NULL, 0), *want = xasprintf("%s/here", cwd);
	auto_paths p = {0}, q = {0};
	auto_err e = {0};

	reset_environment();
	setenv("KJOB_HOME", "here", 1);
	CHECK_INT(paths_init(&p, &e), 0);
	CHECK_STR(p.state_dir, want);
	setenv("KJOB_HOME", "", 1);
	CHECK_INT(paths_init(&q, &e), 0);
	CHECK_STR(q.state_dir, "/home/someone/.local/state/kjob");
}

TEST("without KJOB_HOME the XDG folders count where they are absolute, then the home directory")
{
	auto_free char *want_socket = NULL;
	auto_paths p = {0}, q = {0};
	auto_err e = {0};

	reset_environment();
	setenv("XDG_STATE_HOME", "/state", 1);
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	CHECK_INT(paths_init(&p, &e), 0);
	CHECK_STR(p.database, "/state/kjob/kjob.db");
	CHECK_STR(p.socket, "/run/user/1/kjob/kjob.sock");
	setenv("XDG_STATE_HOME", "state", 1);
	setenv("XDG_RUNTIME_DIR", "", 1);
	CHECK_INT(paths_init(&q, &e), 0);
	CHECK_STR(q.database, "/home/someone/.local/state/kjob/kjob.db");
	want_socket = login_folder() ? xasprintf("%s/kjob/kjob.sock", login_folder())
				     : xstrdup("/home/someone/.local/state/kjob/kjob.sock");
	CHECK_STR(q.socket, want_socket);
}

TEST("a socket path of 107 bytes is the longest; a longer one is an error that names it and "
     "KJOB_HOME")
{
	char home[128];
	auto_paths p = {0}, q = {0};
	auto_err e = {0};

	reset_environment();
	memset(home, 'x', sizeof(home));
	home[0] = '/';
	home[107 - strlen("/kjob.sock")] = '\0';
	setenv("KJOB_HOME", home, 1);
	CHECK_INT(paths_init(&p, &e), 0);
	home[107 - strlen("/kjob.sock")] = 'x';
	home[108 - strlen("/kjob.sock")] = '\0';
	setenv("KJOB_HOME", home, 1);
	CHECK_INT(paths_init(&q, &e), -1);
	CHECK(strstr(err_msg(&e), "xxx/kjob.sock has 108 characters"));
	CHECK(strstr(err_msg(&e), "KJOB_HOME"));
	CHECK(!q.socket);
}

TEST("folders are made for the user alone, and making them again is fine")
{
	auto_free char *home = in_root("new/home");
	auto_paths p = {0};
	auto_err e = {0};
	struct stat st;

	reset_environment();
	setenv("KJOB_HOME", home, 1);
	CHECK_INT(paths_init(&p, &e), 0);
	CHECK(stat(home, &st) != 0);
	CHECK_INT(paths_make(&p, &e), 0);
	CHECK_INT(paths_make(&p, &e), 0);
	CHECK(stat(p.logs_dir, &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(stat(home, &st) == 0 && (st.st_mode & 07777) == 0700);
}

TEST("a folder that others can write to is refused, and one of another user")
{
	auto_free char *home = in_root("open");
	auto_paths p = {0};
	auto_err e = {0};

	reset_environment();
	setenv("KJOB_HOME", home, 1);
	CHECK_INT(paths_init(&p, &e), 0);
	CHECK_INT(mkdir(home, 0700), 0);
	CHECK_INT(chmod(home, 0770), 0);
	CHECK_INT(paths_make(&p, &e), -1);
	CHECK_INT(e.reason, ERR_FORBIDDEN);
	CHECK(strstr(err_msg(&e), home) && strstr(err_msg(&e), "0770"));
	CHECK_INT(chmod(home, 0755), 0);
	CHECK_INT(paths_make(&p, &e), 0);
	if (geteuid() == 0) {
		CHECK_INT(chown(home, 12345, 12345), 0);
		CHECK_INT(paths_make(&p, &e), -1);
		CHECK(strstr(err_msg(&e), "belongs to another user (uid 12345)"));
	}
}

TEST("a file in the way of a folder is named")
{
	auto_free char *file = in_root("file"), *below = in_root("file/below");
	auto_free char *want = xasprintf("%s: Not a directory", file);
	auto_err e = {0};

	write_file(file, "");
	CHECK_INT(path_mkdirs(file, 0700, &e), -1);
	CHECK_STR(err_msg(&e), want);
	CHECK_INT(path_mkdirs(below, 0700, &e), -1);
	CHECK(strstr(err_msg(&e), below));
	CHECK_INT(path_mkdirs("/", 0700, &e), 0);
	CHECK_INT(path_mkdirs("/tmp/", 0700, &e), 0);
}

TEST("a file is read whole up to its maximum, NUL bytes too")
{
	auto_free char *path = in_root("text"), *text = NULL, *none = NULL, *empty = NULL;
	size_t len = 0;
	auto_err e = {0};

	write_file(path, "hello");
	text = path_read_file(path, 5, &len, &e);
	CHECK_STR(text, "hello");
	CHECK_INT(len, 5);
	none = path_read_file(path, 4, &len, &e);
	CHECK(!none);
	CHECK_INT(e.reason, ERR_TOO_LARGE);
	CHECK(strstr(err_msg(&e), path));
	write_file(path, "");
	empty = path_read_file(path, 10, NULL, &e);
	CHECK_STR(empty, "");
}

TEST("a file that is missing or a folder is an error with its name")
{
	auto_free char *path = in_root("missing");
	auto_free char *want = xasprintf("%s: No such file or directory", path);
	auto_free char *folder = xasprintf("%s: Is a directory", test_dir());
	auto_err e = {0};

	CHECK(!path_read_file(path, 10, NULL, &e));
	CHECK_INT(e.reason, ERR_NOT_FOUND);
	CHECK_STR(err_msg(&e), want);
	CHECK(!path_read_file(test_dir(), 10, NULL, &e));
	CHECK_STR(err_msg(&e), folder);
	CHECK(!path_read_file(path, 10, NULL, NULL));
}

int main(void)
{
	return test_main();
}
