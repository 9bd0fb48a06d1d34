/*
 * engine_find: where an engine may be, which of the places answers, and a Podman service of our
 * own. Blocking, and short: a place that is not there costs a system call.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "base/paths.h"
#include "engine_internal.h"

#define CONNECT_MS 2000
#define ANSWER_MS 10000
#define SERVICE_START_MS 15000
#define SERVICE_STOP_MS 5000
#define HEAD_MAX 16384

/* ---- places ---- */

static struct find_place *place_add(struct find_places *p, const char *source, int kind)
{
	GROW(p->items, p->cap, p->len + 1);
	p->items[p->len] = (struct find_place){.source = xstrdup(source), .kind = kind};
	return &p->items[p->len++];
}

static void place_release(struct find_place *p)
{
	free(p->socket);
	free(p->tcp);
	free(p->source);
	free(p->problem);
}

void find_places_release(struct find_places *p)
{
	for (size_t i = 0; i < p->len; i++)
		place_release(&p->items[i]);
	free(p->items);
	*p = (struct find_places){0};
}

/* host, host:port or [v6]:port, and perhaps a slash behind it. */
static char *tcp_url(const char *rest)
{
	size_t n = strcspn(rest, "/");
	auto_free char *host = xstrndup(rest, n);
	const char *behind = strrchr(host, ']');

	return xasprintf("http://%s%s", host, strchr(behind ? behind : host, ':') ? "" : ":2375");
}

/* Adds what a variable, a context or the command line names. */
static void place_add_url(struct find_places *p, const char *url, const char *source,
    bool explicit_choice, const struct find_env *env)
{
	struct find_place *a = place_add(p, source, -1);

	a->explicit_choice = explicit_choice;
	if (str_has_prefix(url, "unix://") && url[7])
		a->socket = xstrdup(url + 7);
	else if (*url == '/')
		a->socket = xstrdup(url);
	else if (str_has_prefix(url, "tcp://") && url[6] && env->docker_tls_verify &&
		 *env->docker_tls_verify)
		a->problem =
		    xasprintf("%s: TLS to an engine (DOCKER_TLS_VERIFY) is not supported", url);
	else if (str_has_prefix(url, "tcp://") && url[6])
		a->tcp = tcp_url(url + 6);
	else if (str_has_prefix(url, "http://") && url[7])
		a->tcp = tcp_url(url + 7);
	else
		a->problem = xasprintf("%s: only unix:// and tcp:// addresses are supported", url);
}

static bool is_set(const char *s)
{
	return s && *s;
}

static char *config_dir(const struct find_env *env)
{
	if (is_set(env->docker_config))
		return xstrdup(env->docker_config);
	return is_set(env->home) ? xasprintf("%s/.docker", env->home) : NULL;
}

static json *read_json(const char *path)
{
	auto_err e = {0};
	size_t len = 0;
	auto_free char *text = path_read_file(path, 1 * MIB, &len, &e);

	return text ? json_parse(text, len, JSON_ALLOW_DUPLICATES, &e) : NULL;
}

/* The address that the docker context NAME has for its engine, or NULL; owned. */
static char *context_host(const char *docker_dir, const char *name)
{
	auto_free char *meta = xasprintf("%s/contexts/meta", docker_dir);
	DIR *d = opendir(meta);
	char *host = NULL;

	while (d && !host) {
		struct dirent *entry = readdir(d);

		if (!entry)
			break;
		if (*entry->d_name == '.')
			continue;
		auto_free char *path = xasprintf("%s/%s/meta.json", meta, entry->d_name);
		auto_json *j = read_json(path);

		if (str_eq(json_str(j, "Name"), name))
			host = xstrdup(json_str(j, "Endpoints.docker.Host"));
	}
	if (d)
		closedir(d);
	return host;
}

/* The current docker context: DOCKER_CONTEXT or the one in the client's configuration. */
static void add_context(struct find_places *p, const struct find_env *env)
{
	auto_free char *dir = config_dir(env);
	auto_free char *config = dir ? xasprintf("%s/config.json", dir) : NULL;
	auto_json *j = config ? read_json(config) : NULL;
	bool from_env = is_set(env->docker_context);
	const char *name = from_env ? env->docker_context : json_str(j, "currentContext");

	if (!is_set(name) || str_eq(name, "default"))
		return;
	auto_free char *source = xasprintf("docker context %s", name);
	auto_free char *host = dir ? context_host(dir, name) : NULL;
	if (host) {
		place_add_url(p, host, source, from_env, env);
		return;
	}
	struct find_place *a = place_add(p, source, ENGINE_DOCKER);
	a->explicit_choice = from_env;
	a->problem = xasprintf("docker context %s: there is none of that name", name);
}

enum socket_base { BASE_ROOT, BASE_RUNTIME, BASE_HOME };

static const struct {
	enum engine_kind kind;
	enum socket_base base;
	const char *path;
} sockets[] = {
    {ENGINE_DOCKER, BASE_ROOT, "/var/run/docker.sock"},
    {ENGINE_DOCKER, BASE_RUNTIME, "/docker.sock"},          /* rootless */
    {ENGINE_DOCKER, BASE_HOME, "/.docker/run/docker.sock"}, /* Docker Desktop */
    {ENGINE_DOCKER, BASE_HOME, "/.docker/desktop/docker.sock"},
    {ENGINE_DOCKER, BASE_HOME, "/.colima/default/docker.sock"},
    {ENGINE_DOCKER, BASE_HOME, "/.colima/docker.sock"},
    {ENGINE_PODMAN, BASE_RUNTIME, "/podman/podman.sock"}, /* rootless */
    {ENGINE_PODMAN, BASE_ROOT, "/run/podman/podman.sock"},
};

static void add_sockets(struct find_places *p, const struct find_env *env)
{
	const char *bases[] = {env->root ? env->root : "", env->xdg_runtime_dir, env->home};

	for (size_t i = 0; i < ARRAY_LEN(sockets); i++) {
		const char *base = bases[sockets[i].base];

		if (p->want >= 0 && p->want != (int)sockets[i].kind)
			continue;
		if (!base || (sockets[i].base != BASE_ROOT && !*base))
			continue;
		struct find_place *a = place_add(p, "default socket", (int)sockets[i].kind);
		a->socket = xasprintf("%s%s", base, sockets[i].path);
	}
}

int find_places(
    const char *spec, const struct find_env *env, struct find_places *ret, struct err *e)
{
	bool is_auto = !is_set(spec) || str_eq(spec, "auto");
	bool docker = str_eq(spec, "docker"), podman = str_eq(spec, "podman");

	*ret = (struct find_places){.want = docker ? ENGINE_DOCKER : podman ? ENGINE_PODMAN : -1};
	if (!is_auto && !docker && !podman) {
		place_add_url(
		    ret, spec, env->spec_source ? env->spec_source : "--engine", true, env);
		if (!ret->items[0].problem)
			return 0;
		find_places_release(ret);
		return err_set(e, ERR_BAD_REQUEST,
		    "engine \"%s\": want auto, docker, podman, unix://PATH or tcp://HOST:PORT",
		    spec);
	}
	if (!podman && is_set(env->docker_host)) {
		place_add_url(ret, env->docker_host, "DOCKER_HOST", true, env);
		return 0;
	}
	if (!docker && is_set(env->container_host)) {
		place_add_url(ret, env->container_host, "CONTAINER_HOST", true, env);
		return 0;
	}
	if (!podman) {
		add_context(ret, env);
		if (ret->len && ret->items[0].explicit_choice)
			return 0;
	}
	add_sockets(ret, env);
	ret->may_start_podman = !docker;
	return 0;
}

/* ---- asking ---- */

static int wait_fd(int fd, short events, int64_t deadline_ms)
{
	struct pollfd pfd = {.fd = fd, .events = events};
	int rc;

	do {
		int64_t left = deadline_ms - clock_mono_ms();

		rc = poll(&pfd, 1, left > 0 ? (int)left : 0);
	} while (rc < 0 && errno == EINTR);
	if (rc == 0)
		errno = ETIMEDOUT;
	return rc > 0 ? 0 : -1;
}

static int connect_within(int fd, const struct sockaddr *addr, socklen_t len)
{
	int64_t deadline = clock_mono_ms() + CONNECT_MS;
	int so_error = 0;
	socklen_t so_len = sizeof(so_error);

	if (connect(fd, addr, len) == 0)
		return 0;
	if (errno != EINPROGRESS || wait_fd(fd, POLLOUT, deadline) != 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &so_error, &so_len) != 0 || so_error) {
		errno = so_error ? so_error : errno;
		return -1;
	}
	return 0;
}

static int open_unix(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect_within(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* strerror in the middle of a sentence; owned. */
static char *errno_text(int errno_value)
{
	char *text = xstrdup(strerror(errno_value));

	if (isupper((unsigned char)text[0]) && islower((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

/* URL is "http://host:port" or "http://[v6]:port". */
static int open_tcp(const char *url, struct err *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	const char *start = url + strlen("http://");
	const char *colon = strrchr(start, ':');
	bool v6 = *start == '[' && colon > start + 1 && colon[-1] == ']';
	auto_free char *host = v6 ? xstrndup(start + 1, (size_t)(colon - start - 2))
				  : xstrndup(start, (size_t)(colon - start));
	int rc = getaddrinfo(host, colon + 1, &hints, &list);
	int fd = -1, saved = 0;

	if (rc != 0)
		return err_set(e, ERR_UNAVAILABLE, "%s", gai_strerror(rc));
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0 && connect_within(fd, a->ai_addr, a->ai_addrlen) != 0) {
			saved = errno;
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	auto_free char *text = errno_text(saved);
	return fd >= 0 ? fd : err_set(e, ERR_UNAVAILABLE, "%s", text);
}

/* "no such file", and for a socket without permission whose it is. */
static int socket_error(const char *path, int code, struct err *e)
{
	auto_free char *text = errno_text(code);
	struct stat st;
	struct group *g;

	if (code == EACCES && stat(path, &st) == 0 && (g = getgrgid(st.st_gid)) != NULL)
		return err_set(
		    e, ERR_FORBIDDEN, "permission denied (it belongs to the group %s)", g->gr_name);
	return err_set(e, code == ENOENT ? ERR_NOT_FOUND : ERR_UNAVAILABLE, "%s", text);
}

static int place_connect(const struct find_place *p, struct err *e)
{
	int fd;

	if (!p->socket)
		return open_tcp(p->tcp, e);
	fd = open_unix(p->socket);
	return fd >= 0 ? fd : socket_error(p->socket, errno, e);
}

/* The value of a header line of HEAD, "" when it is not there; owned. */
static char *head_value(const char *head, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		line += n + 1;
		line += strspn(line, " \t");
		return xstrndup(line, strcspn(line, "\r\n"));
	}
	return xstrdup("");
}

/* "20.10.24" from "20.10.24+dfsg1 (linux)". */
static char *bare_version(const char *text)
{
	return xstrndup(text, strcspn(text, "+~ ("));
}

int find_parse_ping(const char *head, size_t len, struct engine_addr *ret, struct err *e)
{
	auto_free char *text = xstrndup(head, len);
	auto_free char *api = head_value(text, "Api-Version");
	auto_free char *libpod = head_value(text, "Libpod-Api-Version");
	auto_free char *server = head_value(text, "Server");
	const char *slash = strchr(server, '/');
	char speak[16];

	if (!str_has_prefix(text, "HTTP/1.") || strlen(text) < 12)
		return err_set(e, ERR_UNAVAILABLE, "what answers there does not speak HTTP");
	if (strncmp(text + 9, "200", 3) != 0)
		return err_set(e, ERR_UNAVAILABLE, "a ping is answered with status %.3s", text + 9);
	if (!*api)
		return err_set(e, ERR_UNAVAILABLE, "what answers there is no container engine");
	if (!quirk_api_version(speak, api))
		return err_set(e, ERR_UNAVAILABLE,
		    "it offers version %s of the Docker API; 1.41 is needed (Docker 20.10)", api);
	ret->kind = *libpod || str_has_prefix(server, "Libpod/") ? ENGINE_PODMAN : ENGINE_DOCKER;
	ret->version = *libpod ? bare_version(libpod)
		       : slash ? bare_version(slash + 1)
			       : xstrdup("");
	ret->api_version = TAKE(api);
	return 0;
}

/* Fills in kind and versions of what listens on fd; closes it. */
static int ping(int fd, int answer_ms, struct engine_addr *ret, struct err *e)
{
	static const char request[] =
	    "GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	int64_t deadline = clock_mono_ms() + (answer_ms ? answer_ms : ANSWER_MS);
	char head[HEAD_MAX + 1];
	size_t len = 0;
	ssize_t n = send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);

	while (n > 0 && len < HEAD_MAX) {
		if (wait_fd(fd, POLLIN, deadline) != 0) {
			n = -1;
			break;
		}
		n = recv(fd, head + len, HEAD_MAX - len, 0);
		len += n > 0 ? (size_t)n : 0;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n"))
			break;
	}
	if (n < 0)
		err_set(e, ERR_UNAVAILABLE, "%s",
		    errno == ETIMEDOUT ? "it does not answer" : strerror(errno));
	close(fd);
	if (n < 0)
		return -1;
	if (!len)
		return err_set(e, ERR_UNAVAILABLE, "it closes the connection");
	return find_parse_ping(head, len, ret, e);
}

static int place_try(const struct find_place *p, int want, const struct find_env *env,
    struct engine_addr *ret, struct err *e)
{
	struct engine_addr a = {0};
	int fd;

	if (p->problem)
		return err_set(e, ERR_BAD_REQUEST, "%s", p->problem);
	fd = place_connect(p, e);
	if (fd < 0 || ping(fd, env->answer_ms, &a, e) != 0)
		return -1;
	if (want >= 0 && want != (int)a.kind) {
		err_set(e, ERR_UNAVAILABLE, "it is %s", engine_traits(a.kind)->name);
		engine_addr_release(&a);
		return -1;
	}
	a.socket = xstrdup(p->socket);
	a.tcp = xstrdup(p->tcp);
	a.source = xstrdup(p->source);
	*ret = a;
	return 0;
}

/* ---- a Podman service of our own ---- */

static char *find_program(const char *path, const char *name)
{
	auto_strlist dirs = {0};

	str_split(&dirs, path ? path : "/usr/local/bin:/usr/bin:/bin", ':');
	for (size_t i = 0; i < dirs.len; i++) {
		auto_free char *file = xasprintf("%s/%s", dirs.items[i], name);

		if (*dirs.items[i] == '/' && access(file, X_OK) == 0)
			return TAKE(file);
	}
	return NULL;
}

static void service_exec(const char *program, const char *url, int err_fd)
{
	char *const argv[] = {"podman", "system", "service", "--time=0", (char *)url, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(err_fd, 2) < 0 ||
	    chdir("/") != 0)
		_exit(126);
	os_close_above(2);
	execv(program, argv);
	dprintf(2, "%s: %s\n", program, strerror(errno));
	_exit(127);
}

static pid_t service_fork(const char *program, const char *socket, const char *log, struct err *e)
{
	auto_free char *url = xasprintf("unix://%s", socket);
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid;

	if (fd < 0)
		return err_sys(e, errno, "%s", log);
	pid = fork();
	if (pid == 0)
		service_exec(program, url, fd);
	close(fd);
	return pid > 0 ? pid : err_sys(e, errno, "fork");
}

/* The last line of what a program has logged, without logrus' time and level; owned. */
static char *last_words(const char *log)
{
	auto_err ignored = {0};
	size_t len = 0;
	auto_free char *text = path_read_file(log, 64 * KIB, &len, &ignored);
	auto_free char *all = quirk_message(text ? text : "", len);
	char *line = strrchr(all, '\n') ? strrchr(all, '\n') + 1 : all;
	char *msg = strstr(line, "msg=\"");
	const char *error = str_has_prefix(line, "Error: ") ? line + strlen("Error: ") : line;
	char *end = msg ? strrchr(msg, '"') : NULL;

	return msg && end > msg + 5 ? xstrndup(msg + 5, (size_t)(end - msg - 5)) : xstrdup(error);
}

static int service_failed(const char *log, const char *what, struct err *e)
{
	auto_free char *words = last_words(log);

	return err_set(
	    e, ERR_UNAVAILABLE, "podman system service %s%s%s", what, *words ? ": " : "", words);
}

/* Whether a process has ended; one that nobody has waited for yet has. */
static bool has_ended(pid_t pid)
{
	auto_free char *path = xasprintf("/proc/%ld/stat", (long)pid);
	auto_err e = {0};
	size_t len = 0;

	if (waitpid(pid, NULL, WNOHANG) == pid || (kill(pid, 0) != 0 && errno == ESRCH))
		return true;
	auto_free char *stat_line = path_read_file(path, 4 * KIB, &len, &e);
	const char *state = stat_line ? strrchr(stat_line, ')') : NULL;
	return state && str_has_prefix(state, ") Z");
}

/* Ends a process: SIGTERM, and SIGKILL when it takes too long. Ours are reaped. */
static void end_process(pid_t pid)
{
	int64_t deadline = clock_mono_ms() + SERVICE_STOP_MS;

	kill(pid, SIGTERM);
	while (!has_ended(pid)) {
		if (clock_mono_ms() > deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return;
		}
		poll(NULL, 0, 10);
	}
}

static int service_wait(pid_t pid, const struct find_place *p, const char *log,
    const struct find_env *env, struct engine_addr *ret, struct err *e)
{
	int64_t deadline = clock_mono_ms() + SERVICE_START_MS;

	for (;;) {
		int status;

		err_clear(e);
		if (place_try(p, ENGINE_PODMAN, env, ret, e) == 0)
			return 0;
		if (waitpid(pid, &status, WNOHANG) == pid)
			return service_failed(log, "ended at once", e);
		if (clock_mono_ms() > deadline) {
			end_process(pid);
			return service_failed(log, "does not answer", e);
		}
		poll(NULL, 0, 10);
	}
}

/* Who listens on a unix socket; 0: nobody. */
static long listener_pid(const char *path)
{
	int fd = open_unix(path);
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || cred.uid != geteuid())
		cred.pid = 0;
	close(fd);
	return cred.pid;
}

#define SOCKET_NAME "podman.sock"
#define LOG_NAME "podman.log"

/*
 * Starts the service, or takes over the one that an earlier controller of this instance has left
 * behind. The socket is in runtime_dir, or in a folder of its own where that path would be too long
 * for a socket.
 */
static int service_start(
    const char *runtime_dir, const struct find_env *env, struct engine_addr *ret, struct err *e)
{
	auto_free char *program = find_program(env->path, "podman");
	char own[] = "/tmp/kjob-podman-XXXXXX";
	bool use_own = !runtime_dir || strlen(runtime_dir) + sizeof("/" SOCKET_NAME) >
					   sizeof(((struct sockaddr_un *)0)->sun_path);
	struct find_place place = {.kind = ENGINE_PODMAN, .source = "podman system service"};

	if (!program)
		return err_set(e, ERR_NOT_FOUND, "not installed");
	if (use_own && !mkdtemp(own))
		return err_sys(e, errno, "%s", own);
	const char *dir = use_own ? own : runtime_dir;
	auto_free char *path = xasprintf("%s/" SOCKET_NAME, dir);
	auto_free char *log = xasprintf("%s/" LOG_NAME, dir);
	place.socket = path;
	if (!use_own && place_try(&place, ENGINE_PODMAN, env, ret, e) == 0) {
		ret->service_pid = listener_pid(path);
		return 0;
	}
	unlink(path);
	pid_t pid = service_fork(program, path, log, e);
	if (pid < 0 || service_wait(pid, &place, log, env, ret, e) != 0) {
		unlink(path);
		if (use_own) {
			unlink(log);
			rmdir(own);
		}
		return -1;
	}
	ret->service_pid = pid;
	ret->service_dir = use_own ? xstrdup(own) : NULL;
	return 0;
}

void engine_addr_stop(struct engine_addr *a)
{
	pid_t pid = (pid_t)a->service_pid;

	if (pid <= 0)
		return;
	a->service_pid = 0;
	/* A child of ours that still runs, or whoever still holds the socket: never a stranger with
	 * a reused id. */
	pid_t listener = (pid_t)listener_pid(a->socket);
	if (waitpid(pid, NULL, WNOHANG) == 0 || listener == pid)
		end_process(pid);
	/* Rootless Podman listens in a child of its own, which a young parent does not take along.
	 */
	if (listener > 0 && listener != pid)
		end_process(listener);
	unlink(a->socket);
	if (a->service_dir) {
		auto_free char *log = xasprintf("%s/" LOG_NAME, a->service_dir);

		unlink(log);
		rmdir(a->service_dir);
	}
}

void engine_addr_release(struct engine_addr *a)
{
	free(a->socket);
	free(a->tcp);
	free(a->source);
	free(a->version);
	free(a->api_version);
	free(a->service_dir);
	*a = (struct engine_addr){0};
}

/* ---- all together ---- */

/* What was tried, for the error: one line each, and the sockets that do not exist on one line. */
struct tried {
	struct strlist lines, missing;
};

static void tried_add(struct tried *t, const struct find_place *p, const struct err *reason)
{
	const char *where = p->socket ? p->socket : p->tcp ? p->tcp : NULL;

	if (reason->reason == ERR_NOT_FOUND && p->socket)
		strlist_add(&t->missing, p->socket);
	else if (where)
		strlist_addf(&t->lines, "%s: %s", where, err_msg(reason));
	else
		strlist_addf(&t->lines, "%s", err_msg(reason));
}

static int tried_error(struct tried *t, int want, struct err *e)
{
	if (t->missing.len) {
		auto_free char *list = strlist_join(&t->missing, ", ");

		strlist_addf(&t->lines, "no socket at %s", list);
	}
	auto_free char *lines = strlist_join(&t->lines, "\n  ");
	return err_set(e, ERR_UNAVAILABLE,
	    "no container engine answers: start %s, or name one with KJOB_ENGINE\n  %s",
	    want < 0 ? "Docker or Podman" : engine_traits((enum engine_kind)want)->name, lines);
}

static int explicit_error(const struct find_place *p, struct err *e)
{
	const char *where = p->socket ? p->socket : p->tcp;
	auto_err reason = {0};

	err_move(&reason, e);
	if (!where)
		return err_set(e, ERR_UNAVAILABLE, "%s (from %s)", err_msg(&reason), p->source);
	return err_set(e, ERR_UNAVAILABLE, "no container engine answers at %s (from %s): %s", where,
	    p->source, err_msg(&reason));
}

int engine_find_in(const char *spec, const char *runtime_dir, const struct find_env *env,
    struct engine_addr *ret, struct err *e)
{
	CLEANUP(find_places_release) struct find_places places = {0};
	struct tried tried = {0};
	int rc = -1;

	if (find_places(spec, env, &places, e) != 0)
		return -1;
	for (size_t i = 0; i < places.len && rc != 0; i++) {
		struct find_place *p = &places.items[i];
		auto_err reason = {0};

		rc = place_try(p, places.want, env, ret, &reason);
		if (rc != 0 && p->explicit_choice) {
			err_move(e, &reason);
			return explicit_error(p, e);
		}
		if (rc != 0)
			tried_add(&tried, p, &reason);
	}
	if (rc != 0 && places.may_start_podman) {
		auto_err reason = {0};

		rc = service_start(runtime_dir, env, ret, &reason);
		if (rc != 0)
			strlist_addf(&tried.lines, "podman: %s", err_msg(&reason));
	}
	if (rc != 0)
		tried_error(&tried, places.want, e);
	strlist_release(&tried.lines);
	strlist_release(&tried.missing);
	return rc;
}

int engine_find(const char *spec, const char *runtime_dir, struct engine_addr *ret, struct err *e)
{
	struct find_env env = {
	    .home = getenv("HOME"),
	    .xdg_runtime_dir = getenv("XDG_RUNTIME_DIR"),
	    .docker_host = getenv("DOCKER_HOST"),
	    .container_host = getenv("CONTAINER_HOST"),
	    .docker_context = getenv("DOCKER_CONTEXT"),
	    .docker_config = getenv("DOCKER_CONFIG"),
	    .docker_tls_verify = getenv("DOCKER_TLS_VERIFY"),
	    .path = getenv("PATH"),
	    .spec_source = spec ? "--engine" : "KJOB_ENGINE",
	    .root = "",
	};

	return engine_find_in(spec ? spec : getenv("KJOB_ENGINE"), runtime_dir, &env, ret, e);
}
