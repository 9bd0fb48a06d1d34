#include "test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../runtime/base/buf.h"
#include "../../runtime/base/str.h"

/* The program as the Makefile has built it, beside the tests. */
static const char *program(void)
{
	static char path[512];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);

	path[n < 0 ? 0 : n] = '\0';
	for (int i = 0; i < 3; i++) { /* BUILD/tests/unit/NAME */
		char *slash = strrchr(path, '/');

		if (slash)
			*slash = '\0';
	}
	memcpy(path + strlen(path), "/sandbox", sizeof("/sandbox"));
	return path;
}

/* What it prints on both streams, and its exit code. */
static int run(const char *args, char *ret, size_t room)
{
	auto_free char *command = xasprintf("%s %s 2>&1", program(), args);
	FILE *f = popen(command, "r");
	size_t n = fread(ret, 1, room - 1, f);
	int status = pclose(f);

	ret[n] = '\0';
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_run(const char *args, int code, const char *want)
{
	char got[4096];

	CHECK_INT(run(args, got, sizeof(got)), code);
	CHECK_STR(got, want);
}

static int listen_on(int *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK_INT(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	CHECK_INT(listen(fd, 4), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

/*
 * A child that accepts once and answers with the text after it has read as many bytes; it copies
 * what it has read to its stdout pipe: the returned descriptor.
 */
static int serve_once(int listener, size_t read_bytes, const char *answer, pid_t *ret_pid)
{
	int pipes[2];

	CHECK_INT(pipe(pipes), 0);
	*ret_pid = fork();
	if (*ret_pid == 0) {
		int fd = accept(listener, NULL, NULL);
		char piece[4096];
		size_t total = 0;
		ssize_t n;

		while (total < read_bytes && (n = read(fd, piece, sizeof(piece))) > 0) {
			total += (size_t)n;
			if (write(pipes[1], piece, (size_t)n) != n)
				_exit(1);
		}
		if (write(fd, answer, strlen(answer)) < 0)
			_exit(1);
		shutdown(fd, SHUT_WR);
		while (read(fd, piece, sizeof(piece)) > 0)
			; /* unread bytes would become a reset */
		_exit(0);
	}
	close(pipes[1]);
	return pipes[0];
}

static void check_heard(int fd, pid_t pid, const char *want)
{
	char got[4096];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	close(fd);
	waitpid(pid, NULL, 0);
	CHECK_STR(got, want);
}

TEST("a refused connection is told in Go's words, of either family")
{
	int port, fd = listen_on(&port);
	auto_free char *args = xasprintf("connect 127.0.0.1 %d", port);
	auto_free char *six = xasprintf("connect ::1 %d", port);
	auto_free char *refused =
	    xasprintf("dial tcp 127.0.0.1:%d: connect: connection refused\n", port);
	auto_free char *refused_six =
	    xasprintf("dial tcp [::1]:%d: connect: connection refused\n", port);

	close(fd);
	check_run(args, 1, refused);
	if (access("/proc/net/if_inet6", F_OK) == 0)
		check_run(six, 1, refused_six);
}

TEST("wrong arguments are not taken for a refused connection")
{
	char got[4096];
	static const char *const wrong[] = {"", "nope", "connect 127.0.0.1", "connect host 80",
	    "connect 127.0.0.1 0", "connect 127.0.0.1 65536", "connect 127.0.0.256 80",
	    "connect 1.2.3 80", "connect 1:2 80", "connect 1::2::3 80", "connect ::g 80",
	    "connect 127.0.0.1 80 x", "connect", "write"};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		CHECK_INT(run(wrong[i], got, sizeof(got)), 2);
}

TEST("connect carries bytes both ways, until the other side has ended")
{
	int port, fd = listen_on(&port), heard;
	auto_free char *args = xasprintf("connect localhost %d </dev/zero", port);
	pid_t pid;

	heard = serve_once(fd, 5, "answer", &pid);
	{
		auto_free char *command =
		    xasprintf("printf hello | %s connect 127.0.0.1 %d 2>&1", program(), port);
		FILE *f = popen(command, "r");
		char got[64] = "";

		CHECK(fgets(got, sizeof(got), f));
		CHECK_STR(got, "connected\n");
		CHECK(fgets(got, sizeof(got), f));
		CHECK_INT(pclose(f), 0);
		CHECK_STR(got, "answer");
	}
	check_heard(heard, pid, "hello");
	heard = serve_once(fd, 30000, "answer", &pid);
	check_run(args, 0, "connected\nanswer"); /* a writer that never stops does not hold it up */
	close(heard);
	waitpid(pid, NULL, 0);
	close(fd);
}

TEST("write replaces what is in a file, longer or shorter, in place")
{
	char path[] = "/tmp/sandbox-test-XXXXXX", got[64] = "";
	int fd = mkstemp(path);
	static const char *const texts[] = {"a longer text", "short", ""};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		auto_free char *command =
		    xasprintf("printf '%s' | %s write %s", texts[i], program(), path);
		ssize_t n;

		CHECK_INT(system(command), 0);
		n = pread(fd, got, sizeof(got) - 1, 0); /* the same file as before */
		got[n < 0 ? 0 : n] = '\0';
		CHECK_STR(got, texts[i]);
	}
	close(fd);
	unlink(path);
	check_run("write /nowhere/x </dev/null", 1, "cannot write the file\n");
}

TEST("as the first process it ends on SIGTERM")
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl(program(), "sandbox", "pause", (char *)NULL);
		_exit(127);
	}
	usleep(100000);
	kill(pid, SIGTERM);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST("usage counts files, folders and links, each file once, and follows nothing")
{
	const char *dir = test_dir();
	char got[64], want[64];
	auto_free char *args = NULL, *make = NULL;
	char *behind;
	FILE *f;

	make =
	    xasprintf("cd %s && mkdir -p a/b/c && head -c 100000 /dev/zero >a/f && head -c 70000 "
		      "/dev/zero >a/b/c/g && ln a/f h && ln -s /usr s && "
		      "echo $(($(du -sk . | cut -f1) - $(stat -c %%b .) / 2))",
		dir);
	f = popen(make, "r");
	CHECK(fgets(want, sizeof(want), f));
	pclose(f);
	args = xasprintf("usage %s %s/a/b/c", dir, dir);
	CHECK_INT(run(args, got, sizeof(got)), 0);
	CHECK_INT(strtol(got, &behind, 10) / 1024, strtol(want, NULL, 10));
	CHECK_INT(strtol(behind, NULL, 10) / 4096, 18);
	CHECK_INT(run("usage /nothing/here", got, sizeof(got)), 1);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return test_main();
}
