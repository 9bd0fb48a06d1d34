/* engine_local: whether an engine sees the same files as this process. */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine_internal.h"

/* Who may listen on the socket of an engine of this machine. Others, such as ssh or the proxies of
 * virtual machines, lead elsewhere. */
static const char *const daemons[] = {"dockerd", "podman", "systemd", "rootlesskit"};

static long peer_of(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	int fd;

	if (strlen(path) >= sizeof(a.sun_path))
		return 0;
	memcpy(a.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		cred.pid = 0;
	close(fd);
	return cred.pid;
}

bool engine_addr_is_local(const struct engine_addr *a)
{
	char comm[64] = "";
	/* 0: it is in a process namespace that we do not see, so we are in a container */
	long pid = a->socket ? peer_of(a->socket) : 0;
	auto_free char *path = xasprintf("/proc/%ld/comm", pid);
	FILE *f = pid > 0 ? fopen(path, "re") : NULL;

	if (!f)
		return false;
	if (!fgets(comm, sizeof(comm), f))
		comm[0] = '\0';
	fclose(f);
	comm[strcspn(comm, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(daemons); i++)
		if (str_eq(comm, daemons[i]))
			return true;
	return false;
}
