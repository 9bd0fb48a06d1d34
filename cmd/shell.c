#include "shell.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "../runtime/base/mem.h"

extern char **environ;

const char *shell_program(const char *variable, const char *other, const char *usual)
{
	const char *value = getenv(variable);

	if (!value || !*value)
		value = getenv(other);
	return value && *value ? value : usual;
}

int shell_run(const char *program, const char *file, const char *other)
{
	auto_free char *script = xasprintf("%s \"$@\"", program);
	char *argv[] = {
	    (char *)"sh", (char *)"-c", script, (char *)"sh", (char *)file, (char *)other, NULL};
	posix_spawnattr_t attr;
	sigset_t back;
	pid_t pid;
	int status = -1, rc;

	sigemptyset(&back);
	sigaddset(&back, SIGPIPE);
	sigaddset(&back, SIGINT);
	sigaddset(&back, SIGQUIT);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &back);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(&pid, "/bin/sh", NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (rc != 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
