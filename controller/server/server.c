/* server: its sockets and its life. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"
#include "usage.h"

#define BACKLOG 128

struct server *server_new(const struct server_deps *deps)
{
	struct server *s = xcalloc(1, sizeof(*s));

	s->deps = *deps;
	s->version = xstrdup(deps->version);
	s->exchanges = exchanges_new(deps->loop, s->version, route, s);
	if (deps->state_dir)
		s->serve = serve_new(s);
	watches_init(s);
	return s;
}

/* ---- listening ---- */

/* Removes what a controller that ended hard has left; refuses what is in use or is no socket. */
static int remove_stale(const char *path, const struct sockaddr_un *addr, struct err *e)
{
	struct stat st;
	int fd, rc, saved;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(e, errno, "socket %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INTERNAL, "%s exists and is not a socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, errno, "socket");
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	saved = errno;
	close(fd);
	if (rc == 0 || saved == EAGAIN)
		return err_set(e, ERR_INTERNAL, "another controller listens on %s", path);
	if (saved != ECONNREFUSED && saved != ENOENT)
		return err_sys(e, saved, "socket %s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(e, errno, "socket %s", path);
	return 0;
}

static int bind_private(int fd, const struct sockaddr_un *addr)
{
	mode_t old = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)addr, sizeof(*addr));
	int saved = errno;

	umask(old);
	errno = saved;
	return rc;
}

int server_listen_unix(struct server *s, const char *path, struct err *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(e, ERR_INTERNAL, "the path of the socket is too long: %s", path);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (remove_stale(path, &addr, e) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, errno, "socket");
	if (bind_private(fd, &addr) < 0 || listen(fd, BACKLOG) < 0) {
		int saved = errno;

		close(fd);
		return err_sys(e, saved, "listen on %s", path);
	}
	if (server_listen_fd(s, fd, e) < 0) {
		close(fd);
		return -1;
	}
	free(s->socket_path);
	s->socket_path = xstrdup(path);
	return 0;
}

int server_listen_fd(struct server *s, int fd, struct err *e)
{
	return exchanges_listen(s->exchanges, fd, e);
}

/* ---- life ---- */

size_t server_clients(const struct server *s)
{
	return exchanges_active(s->exchanges);
}

int64_t server_last_activity_ms(const struct server *s)
{
	return exchanges_last_activity_ms(s->exchanges);
}

void server_after_commit(struct server *s, const struct err *err)
{
	auto_buf text = {0};

	watches_tell(s);
	if (!err || err->reason == ERR_NONE) {
		exchanges_release(s->exchanges, 0, NULL);
		return;
	}
	status_text(err, &text);
	exchanges_release(s->exchanges, err_http_code(err->reason), buf_str(&text));
}

static void remove_socket(struct server *s)
{
	if (s->socket_path)
		unlink(s->socket_path);
	free(s->socket_path);
	s->socket_path = NULL;
}

void server_drain(struct server *s)
{
	s->draining = true;
	remove_socket(s);
	if (s->serve)
		serve_stop_listening(s->serve);
	exchanges_drain(s->exchanges);
}

void server_free(struct server *s)
{
	if (!s)
		return;
	remove_socket(s);
	exchanges_free(s->exchanges);
	serve_free(s->serve);
	watches_free(s);
	usage_free(s->usage);
	free(s->version);
	free(s);
}
