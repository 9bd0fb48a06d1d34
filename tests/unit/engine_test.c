/* The engine client without an engine: texts, tables, streams of bytes, and a small engine that
 * only says its lines. */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../runtime/engine_internal.h"
#include "test.h"

/* ---- demultiplexing ---- */

struct sink {
	struct buf out, err;
	int pieces, stop_at;
};

static bool sink_piece(void *ctx, enum stream_kind kind, const char *data, size_t len)
{
	struct sink *s = ctx;

	buf_add(kind == STREAM_STDERR ? &s->err : &s->out, data, len);
	return ++s->pieces != s->stop_at;
}

static void sink_release(struct sink *s)
{
	buf_release(&s->out);
	buf_release(&s->err);
}

#define FRAMES                                                    \
	"\1\0\0\0\0\0\0\3out\2\0\0\0\0\0\0\3err\0\0\0\0\0\0\0\1!" \
	"\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\4more"

TEST("frames are told apart wherever the pieces are cut")
{
	size_t len = sizeof(FRAMES) - 1;

	for (size_t cut = 1; cut <= len; cut++) {
		struct demux d = {0};
		struct sink s = {0};
		auto_err e = {0};

		for (size_t at = 0; at < len; at += cut) {
			size_t n = len - at < cut ? len - at : cut;

			CHECK_INT(demux_feed(&d, FRAMES + at, n, sink_piece, &s, &e), n);
		}
		CHECK_STR(buf_str(&s.out), "out!more");
		CHECK_STR(buf_str(&s.err), "err");
		sink_release(&s);
		demux_release(&d);
	}
}

TEST("a pause leaves the rest for later")
{
	struct demux d = {0};
	struct sink s = {.stop_at = 1};
	auto_err e = {0};
	size_t len = sizeof(FRAMES) - 1;
	ssize_t used = demux_feed(&d, FRAMES, len, sink_piece, &s, &e);

	CHECK_INT(used, 11);
	CHECK_INT(demux_feed(&d, FRAMES + used, len - (size_t)used, sink_piece, &s, &e),
	    len - (size_t)used);
	CHECK_STR(buf_str(&s.out), "out!more");
	sink_release(&s);
	demux_release(&d);
}

static enum err_reason feed_bad(const char *bytes, size_t len, char msg[200])
{
	struct demux d = {0};
	struct sink s = {0};
	auto_err e = {0};
	ssize_t rc = demux_feed(&d, bytes, len, sink_piece, &s, &e);

	snprintf(msg, 200, "%s", err_msg(&e));
	CHECK_INT(rc, -1);
	sink_release(&s);
	demux_release(&d);
	return e.reason;
}

TEST("what is no frame, a frame of gigabytes and the daemon's own complaint end a stream")
{
	char msg[200];

	CHECK_INT(feed_bad("HTTP/1.1 200", 12, msg), ERR_INTERNAL);
	CHECK_INT(feed_bad("\1\1\0\0\0\0\0\1", 8, msg), ERR_INTERNAL);
	CHECK_INT(feed_bad("\1\0\0\0\xff\xff\xff\xff", 8, msg), ERR_INTERNAL);
	CHECK(strstr(msg, "4294967295"));
	CHECK_INT(feed_bad("\3\0\0\0\0\0\0\5oh no", 13, msg), ERR_INTERNAL);
	CHECK_STR(msg, "oh no");
}

TEST("a terminal's bytes are passed on as they are")
{
	struct demux d = {.raw = true};
	struct sink s = {0};
	auto_err e = {0};

	CHECK_INT(demux_feed(&d, "\1\0\0\0", 4, sink_piece, &s, &e), 4);
	CHECK_INT(s.out.len, 4);
	sink_release(&s);
	demux_release(&d);
}

/* ---- quirks ---- */

TEST("refusals mean the same whichever engine words them")
{
	static const struct {
		enum engine_kind kind;
		enum engine_call call;
		int status;
		const char *body;
		enum err_reason reason;
		const char *msg;
	} cases[] = {
	    {ENGINE_DOCKER, CALL_CREATE, 409,
		"{\"message\":\"Conflict. The container name is in use\"}", ERR_ALREADY_EXISTS,
		"Conflict. The container name is in use"},
	    {ENGINE_PODMAN, CALL_CREATE, 500,
		"{\"cause\":\"that name is already in use\",\"message\":\"container create: "
		"creating container storage: "
		"the container name \\\"x\\\" is already in use by f9: that name is already in "
		"use\",\"response\":500}",
		ERR_ALREADY_EXISTS, "the container name \"x\" is already in use by f9"},
	    {ENGINE_DOCKER, CALL_CREATE, 404, "{\"message\":\"No such image: a\"}", ERR_NOT_FOUND,
		"No such image: a"},
	    {ENGINE_PODMAN, CALL_CREATE, 500, "{\"message\":\"no such image: a: image not known\"}",
		ERR_NOT_FOUND, "no such image: a"},
	    {ENGINE_DOCKER, CALL_KILL, 409, "{\"message\":\"x is not running\"}", ERR_NONE, ""},
	    {ENGINE_PODMAN, CALL_KILL, 500,
		"{\"message\":\"x is in state exited: container state improper\"}", ERR_NONE, ""},
	    {ENGINE_DOCKER, CALL_REMOVE, 404, "{}", ERR_NONE, ""},
	    {ENGINE_DOCKER, CALL_REMOVE, 409,
		"{\"message\":\"removal of container x is already in progress\"}", ERR_NONE, ""},
	    {ENGINE_DOCKER, CALL_REMOVE, 409,
		"{\"message\":\"You cannot remove a running container\"}", ERR_CONFLICT,
		"You cannot remove a running container"},
	    {ENGINE_PODMAN, CALL_REMOVE, 500,
		"{\"message\":\"it is running: container state improper\"}", ERR_CONFLICT,
		"it is running"},
	    {ENGINE_DOCKER, CALL_START, 304, "", ERR_NONE, ""},
	    {ENGINE_DOCKER, CALL_START, 404, "{\"message\":\"network x not found\"}", ERR_INTERNAL,
		"network x not found"},
	    {ENGINE_DOCKER, CALL_ATTACH, 404, "No such container: 12\r\n", ERR_NOT_FOUND,
		"No such container: 12"},
	    {ENGINE_DOCKER, CALL_LIST, 500, "", ERR_INTERNAL, "Docker answered with status 500"},
	    {ENGINE_DOCKER, CALL_LIST, 503, "\xff\xfe", ERR_UNAVAILABLE, "\xff\xfe"},
	    {ENGINE_DOCKER, CALL_LIST, 200, "[]", ERR_NONE, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_err e = {0};
		int rc = quirk_reply(cases[i].kind, cases[i].call, cases[i].status, cases[i].body,
		    strlen(cases[i].body), &e);

		CHECK_INT(rc, cases[i].reason ? -1 : 0);
		CHECK_INT(e.reason, cases[i].reason);
		CHECK_STR(err_msg(&e), cases[i].msg);
	}
}

TEST("a start that fails by its command has the shell's exit codes and the runtime's words")
{
	static const struct {
		const char *text, *clean;
		int exit_code;
	} cases[] = {
	    {"failed to create shim task: OCI runtime create failed: runc create failed: unable to "
	     "start container process: "
	     "exec: \"/nope\": stat /nope: no such file or directory: unknown",
		"exec: \"/nope\": stat /nope: no such file or directory", 127},
	    {"runc: runc create failed: unable to start container process: exec: \"nope\": "
	     "executable file not found in "
	     "$PATH: OCI runtime attempted to invoke a command that was not found",
		"exec: \"nope\": executable file not found in $PATH", 127},
	    {"crun: executable file `nope` not found in $PATH: No such file or directory: OCI "
	     "runtime attempted to invoke a "
	     "command that was not found",
		"executable file `nope` not found in $PATH: No such file or directory", 127},
	    {"crun: open executable: Permission denied: OCI permission denied",
		"open executable: Permission denied", 126},
	    {"failed to create task for container: failed to create shim task: OCI runtime create "
	     "failed: runc create "
	     "failed: unable to start container process: error during container init: exec: "
	     "\"/etc\": is a directory: "
	     "unknown",
		"exec: \"/etc\": is a directory", 126},
	    {"unable to find user x: no matching entries in passwd file",
		"unable to find user x: no matching entries in passwd file", 128},
	    {"preparing container ab12 for attach: runc: runc create failed: x", "x", 0},
	    {"driver failed programming external connectivity",
		"driver failed programming external connectivity", 0},
	    {"open /sys/fs/cgroup/x: permission denied", "open /sys/fs/cgroup/x: permission denied",
		0},
	    {"error creating overlay mount: no such file or directory",
		"error creating overlay mount: no such file or directory", 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *clean = quirk_clean(cases[i].text);

		CHECK_STR(clean, cases[i].clean);
		CHECK_INT(quirk_start_exit_code(clean), cases[i].exit_code);
	}
}

static enum container_state state_of(const char *text, bool *lost)
{
	auto_err e = {0};
	auto_json *j = json_parse(text, strlen(text), 0, &e);

	return quirk_inspected_state(j, lost);
}

TEST("every word for a state is known, and an end without a time is a loss")
{
	static const char zero[] = "0001-01-01T00:00:00Z";
	bool lost;

	CHECK_INT(quirk_state("configured"), CONTAINER_CREATED);
	CHECK_INT(quirk_state("Initialized"), CONTAINER_CREATED);
	CHECK_INT(quirk_state("stopping"), CONTAINER_RUNNING);
	CHECK_INT(quirk_state("stopped"), CONTAINER_EXITED);
	CHECK_INT(quirk_state("paused"), CONTAINER_PAUSED);
	CHECK_INT(quirk_state("levitating"), CONTAINER_RUNNING);
	CHECK_INT(quirk_state(NULL), CONTAINER_RUNNING);
	auto_free char *exited =
	    xasprintf("{\"Status\":\"exited\",\"ExitCode\":0,\"FinishedAt\":\"%s\"}", zero);
	auto_free char *created =
	    xasprintf("{\"Status\":\"created\",\"ExitCode\":0,\"FinishedAt\":\"%s\"}", zero);
	CHECK_INT(state_of(exited, &lost), CONTAINER_EXITED);
	CHECK(lost);
	CHECK_INT(state_of(created, &lost), CONTAINER_CREATED);
	CHECK(!lost);
	auto_free char *ran = xasprintf(
	    "{\"Status\":\"created\",\"StartedAt\":\"2026-01-02T03:04:05Z\",\"FinishedAt\":\"%s\"}",
	    zero);
	CHECK_INT(state_of(ran, &lost), CONTAINER_EXITED);
	CHECK(lost);
	CHECK_INT(
	    state_of("{\"Status\":\"exited\",\"FinishedAt\":\"2026-01-02T03:04:05.6Z\"}", &lost),
	    CONTAINER_EXITED);
	CHECK(!lost);
}

static enum container_state listed_state(const char *text, bool *lost)
{
	auto_err e = {0};
	auto_json *j = json_parse(text, strlen(text), 0, &e);

	return quirk_listed_state(j, lost);
}

TEST("a list gives away what a reboot has lost, where it tells times at all")
{
	bool lost;

	CHECK_INT(listed_state(
		      "{\"State\":\"created\",\"StartedAt\":5,\"ExitedAt\":-62135596800}", &lost),
	    CONTAINER_EXITED);
	CHECK(lost);
	CHECK_INT(
	    listed_state(
		"{\"State\":\"created\",\"StartedAt\":-62135596800,\"ExitedAt\":-62135596800}",
		&lost),
	    CONTAINER_CREATED);
	CHECK(!lost);
	CHECK_INT(listed_state(
		      "{\"State\":\"running\",\"StartedAt\":5,\"ExitedAt\":-62135596800}", &lost),
	    CONTAINER_RUNNING);
	CHECK(!lost);
	CHECK_INT(listed_state("{\"State\":\"exited\",\"StartedAt\":5,\"ExitedAt\":6}", &lost),
	    CONTAINER_EXITED);
	CHECK(!lost);
	CHECK_INT(listed_state("{\"State\":\"exited\"}", &lost), CONTAINER_EXITED);
	CHECK(!lost);
}

TEST("the API version is the newest that both sides know")
{
	char buf[16];

	CHECK(!quirk_api_version(buf, "1.40"));
	CHECK(!quirk_api_version(buf, "2.0"));
	CHECK(!quirk_api_version(buf, NULL));
	CHECK(!quirk_api_version(buf, "1.x"));
	CHECK_STR(quirk_api_version(buf, "1.41"), "1.41");
	CHECK_STR(quirk_api_version(buf, "1.43"), "1.43");
	CHECK_STR(quirk_api_version(buf, "1.52"), "1.44");
	CHECK_STR(quirk_arch("x86_64"), "amd64");
	CHECK_STR(quirk_arch("arm64"), "arm64");
}

TEST("image references are split at the right colon and never pull all tags")
{
	static const struct {
		const char *ref, *name, *tag;
	} cases[] = {
	    {"busybox", "docker.io/library/busybox", "latest"},
	    {"busybox:1.36", "docker.io/library/busybox", "1.36"},
	    {"grafana/grafana", "docker.io/grafana/grafana", "latest"},
	    {"localhost/x", "localhost/x", "latest"},
	    {"localhost:5000/x", "localhost:5000/x", "latest"},
	    {"localhost:5000/a/b:v1", "localhost:5000/a/b", "v1"},
	    {"ghcr.io/a/b@sha256:abc", "ghcr.io/a/b", "sha256:abc"},
	    {"ghcr.io/a/b:v1@sha256:abc", "ghcr.io/a/b", "sha256:abc"},
	    {"registry:5000", "docker.io/library/registry", "5000"},
	    {"x:", "docker.io/library/x", "latest"},
	    {"[::1]:5000/x:2", "[::1]:5000/x", "2"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct image_ref r;

		quirk_split_ref(cases[i].ref, &r);
		CHECK_STR(r.name, cases[i].name);
		CHECK_STR(r.tag, cases[i].tag);
		image_ref_release(&r);
	}
}

/* ---- lines and progress ---- */

static bool count_line(void *ctx, const json *line)
{
	*(int *)ctx += (int)json_int(line, "n", 100);
	return true;
}

TEST("lines of JSON are found in any pieces; what is none or too long is skipped")
{
	struct buf partial = {0};
	auto_buf big = {0};
	int sum = 0;
	const char text[] = "{\"n\":1}\r\n\nnonsense\n{\"n\":2}\n{\"n\":4}";

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		json_lines_feed(&partial, text + i, 1, count_line, &sum);
	CHECK_INT(sum, 3);
	json_lines_feed(&partial, "\n", 1, count_line, &sum);
	CHECK_INT(sum, 7);
	buf_pad(&big, 'x', LINE_MAX_LEN + 10);
	json_lines_feed(&partial, big.ptr, big.len, count_line, &sum);
	json_lines_feed(&partial, "\n{\"n\":8}\n", 9, count_line, &sum);
	CHECK_INT(sum, 15);
	buf_release(&partial);
}

static void progress_feed(struct pull_progress *p, const char *text, bool downloaded_is_done)
{
	auto_err e = {0};
	auto_json *j = json_parse(text, strlen(text), 0, &e);

	pull_progress_line(p, j, downloaded_is_done);
}

static void check_progress(struct pull_progress *p, const char *want)
{
	auto_free char *text = pull_progress_text(p);

	CHECK_STR(text, want);
}

TEST("the progress of a pull sums up its layers and keeps its error")
{
	struct pull_progress p = {0};

	progress_feed(&p, "{\"status\":\"Pulling from library/busybox\",\"id\":\"latest\"}", false);
	check_progress(&p, "");
	progress_feed(
	    &p, "{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"a1\"}", false);
	progress_feed(
	    &p, "{\"status\":\"Already exists\",\"progressDetail\":{},\"id\":\"b2\"}", false);
	check_progress(&p, "1 of 2 layers");
	progress_feed(&p,
	    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":1200000,\"total\":"
	    "40000000},\"id\":\"a1\"}",
	    false);
	check_progress(&p, "1 of 2 layers, 1.2MB / 40.0MB");
	progress_feed(&p, "{\"status\":\"Download complete\",\"id\":\"a1\"}", false);
	check_progress(&p, "1 of 2 layers, 40.0MB / 40.0MB");
	progress_feed(&p, "{\"status\":\"Pull complete\",\"id\":\"a1\"}", false);
	check_progress(&p, "2 of 2 layers, 40.0MB / 40.0MB");
	progress_feed(&p,
	    "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":-5,\"total\":-1},\"id\":"
	    "\"c3\"}",
	    true);
	progress_feed(&p, "{\"status\":\"Download complete\",\"id\":\"c3\"}", true);
	check_progress(&p, "3 of 3 layers, 40.0MB / 40.0MB");
	CHECK(!p.error);
	progress_feed(&p,
	    "{\"errorDetail\":{\"code\":404,\"message\":\"manifest unknown\"},\"error\":\"x\"}",
	    false);
	CHECK_STR(p.error, "manifest unknown");
	CHECK_INT(p.error_code, 404);
	pull_progress_release(&p);
}

/* ---- where engines may be ---- */

static char *places_text(const char *spec, const struct find_env *env)
{
	struct find_places p;
	auto_err e = {0};
	auto_buf b = {0};

	if (find_places(spec, env, &p, &e) != 0)
		return xstrdup(err_msg(&e));
	for (size_t i = 0; i < p.len; i++)
		buf_addf(&b, "%s%s%s ",
		    p.items[i].socket ? p.items[i].socket
		    : p.items[i].tcp  ? p.items[i].tcp
				      : "?",
		    p.items[i].explicit_choice ? "!" : "", p.items[i].problem ? "-" : "");
	if (p.may_start_podman)
		buf_adds(&b, "start");
	find_places_release(&p);
	return xstrdup(buf_str(&b));
}

static void check_places(const char *spec, const struct find_env *env, const char *want)
{
	auto_free char *text = places_text(spec, env);

	CHECK_STR(text, want);
}

TEST("the places are those of the variables, else of the context and the usual sockets")
{
	struct find_env env = {.home = "/h", .xdg_runtime_dir = "/x", .root = "/r"};

	check_places("auto", &env,
	    "/r/var/run/docker.sock /x/docker.sock /h/.docker/run/docker.sock "
	    "/h/.docker/desktop/docker.sock "
	    "/h/.colima/default/docker.sock /h/.colima/docker.sock /x/podman/podman.sock "
	    "/r/run/podman/podman.sock start");
	check_places("podman", &env, "/x/podman/podman.sock /r/run/podman/podman.sock start");
	check_places("unix:///a/b", &env, "/a/b! ");
	check_places("tcp://h:1/", &env, "http://h:1! ");
	check_places("tcp://h", &env, "http://h:2375! ");
	check_places("tcp://[::1]", &env, "http://[::1]:2375! ");
	check_places("dokcer", &env,
	    "engine \"dokcer\": want auto, docker, podman, unix://PATH or tcp://HOST:PORT");
	env = (struct find_env){.docker_host = "ssh://me@there", .container_host = "unix:///c"};
	check_places(NULL, &env, "?!- ");
	check_places("podman", &env, "/c! ");
	env.docker_host = "tcp://h:2376";
	env.docker_tls_verify = "1";
	check_places("docker", &env, "?!- ");
	env.docker_host = "";
	check_places("", &env, "/c! ");
	env = (struct find_env){.docker_context = "nope", .home = "/h"};
	check_places("auto", &env, "?!- ");
}

/* ---- a folder and an engine of the tests' own ---- */

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CHECK(f && fputs(text, f) >= 0);
	if (f)
		fclose(f);
}

static void in_dir(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", test_dir(), name);
}

static void make_dirs(const char *name)
{
	char path[128];

	in_dir(path, name);
	for (char *p = path + strlen(test_dir()) + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
	mkdir(path, 0700);
}

/* Answers the connections on a socket one after the other with the given texts, whole; "" only
 * accepts. */
struct fake {
	int fd;
	const char *const *answers;
	pthread_t thread;
	char path[128];
};

static void *fake_main(void *arg)
{
	struct fake *f = arg;
	char request[4096];

	for (const char *const *a = f->answers; *a; a++) {
		int c = accept(f->fd, NULL, NULL);

		if (c < 0)
			break;
		if (**a && recv(c, request, sizeof(request), 0) > 0)
			send(c, *a, strlen(*a), MSG_NOSIGNAL);
		if (!**a)
			usleep(300000);
		close(c);
	}
	return NULL;
}

static void fake_start(struct fake *f, const char *name, const char *const *answers)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	in_dir(f->path, name);
	memcpy(addr.sun_path, f->path, strlen(f->path) + 1);
	f->answers = answers;
	f->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(bind(f->fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(f->fd, 8) == 0);
	CHECK_INT(pthread_create(&f->thread, NULL, fake_main, f), 0);
}

static void fake_stop(struct fake *f)
{
	shutdown(f->fd, SHUT_RDWR);
	pthread_join(f->thread, NULL);
	close(f->fd);
	unlink(f->path);
}

#define DOCKER_PING                                                            \
	"HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nServer: Docker/26.1.5+dfsg1 " \
	"(linux)\r\nContent-Length: 2\r\n\r\nOK"
#define PODMAN_PING                                                                     \
	"HTTP/1.1 200 OK\r\napi-version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\nServer: " \
	"Libpod/4.3.1 (linux)\r\n\r\nOK"

TEST("a ping tells which engine it is and what it speaks, and what is none")
{
	struct engine_addr a = {0};
	auto_err e = {0};

	CHECK_INT(find_parse_ping(DOCKER_PING, strlen(DOCKER_PING), &a, &e), 0);
	CHECK_INT(a.kind, ENGINE_DOCKER);
	CHECK_STR(a.version, "26.1.5");
	CHECK_STR(a.api_version, "1.45");
	engine_addr_release(&a);
	CHECK_INT(find_parse_ping(PODMAN_PING, strlen(PODMAN_PING), &a, &e), 0);
	CHECK_INT(a.kind, ENGINE_PODMAN);
	CHECK_STR(a.version, "4.3.1");
	engine_addr_release(&a);
	CHECK_INT(find_parse_ping("HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n", 35, &a, &e), -1);
	CHECK_STR(err_msg(&e), "what answers there is no container engine");
	CHECK_INT(find_parse_ping("HTTP/1.1 502 Bad Gateway\r\n\r\n", 28, &a, &e), -1);
	CHECK_STR(err_msg(&e), "a ping is answered with status 502");
	CHECK_INT(find_parse_ping("SSH-2.0-x\r\n", 11, &a, &e), -1);
	CHECK_INT(find_parse_ping("", 0, &a, &e), -1);
}

TEST("the first place that answers is taken; a wrong kind, a silent one and a dead one are passed "
     "by")
{
	static const char *const silent[] = {"", NULL};
	static const char *const podman[] = {PODMAN_PING, PODMAN_PING, NULL};
	struct find_env env = {.path = "/nonexistent", .answer_ms = 100};
	struct engine_addr a = {0};
	struct fake mute, pod;
	char home[128];
	auto_err e = {0};

	in_dir(home, "home");
	make_dirs("home/.docker/run");
	make_dirs("home/podman");
	env.home = env.xdg_runtime_dir = home;
	env.root = test_dir();
	fake_start(&mute, "home/.docker/run/docker.sock", silent);
	fake_start(&pod, "home/podman/podman.sock", podman);
	CHECK_INT(engine_find_in("auto", test_dir(), &env, &a, &e), 0);
	CHECK_INT(a.kind, ENGINE_PODMAN);
	CHECK_STR(a.socket, pod.path);
	CHECK_STR(a.source, "default socket");
	engine_addr_release(&a);
	env.docker_host = pod.path;
	CHECK_INT(engine_find_in("docker", test_dir(), &env, &a, &e), -1);
	CHECK(strstr(err_msg(&e), "it is Podman"));
	fake_stop(&mute);
	fake_stop(&pod);
}

TEST("the error names every place and why it is none")
{
	struct find_env env = {.home = "/no/home", .root = "/no/root", .path = "/nonexistent"};
	struct engine_addr a = {0};
	auto_err e = {0};

	CHECK_INT(engine_find_in("podman", test_dir(), &env, &a, &e), -1);
	CHECK_INT(e.reason, ERR_UNAVAILABLE);
	CHECK_STR(err_msg(&e),
	    "no container engine answers: start Podman, or name one with KJOB_ENGINE\n"
	    "  podman: not installed\n"
	    "  no socket at /no/root/run/podman/podman.sock");
	env.docker_host = "unix:///no/such.sock";
	CHECK_INT(engine_find_in("auto", test_dir(), &env, &a, &e), -1);
	CHECK_STR(err_msg(&e), "no container engine answers at /no/such.sock (from DOCKER_HOST): "
			       "no such file or directory");
}

TEST("the current docker context is looked up among the client's")
{
	static const char *const docker[] = {DOCKER_PING, NULL};
	struct find_env env = {.path = "/nonexistent", .answer_ms = 1000};
	struct engine_addr a = {0};
	struct fake f;
	char path[128], config[128];
	auto_err e = {0};

	make_dirs("config/contexts/meta/aaaa");
	make_dirs("config/contexts/meta/bbbb");
	in_dir(config, "config");
	fake_start(&f, "ctx.sock", docker);
	auto_free char *meta = xasprintf(
	    "{\"Name\":\"mine\",\"Endpoints\":{\"docker\":{\"Host\":\"unix://%s\"}}}", f.path);
	in_dir(path, "config/contexts/meta/aaaa/meta.json");
	write_file(
	    path, "{\"Name\":\"other\",\"Endpoints\":{\"docker\":{\"Host\":\"unix:///other\"}}}");
	in_dir(path, "config/contexts/meta/bbbb/meta.json");
	write_file(path, meta);
	in_dir(path, "config/config.json");
	write_file(path, "{\"auths\":{},\"currentContext\":\"mine\"}");
	env.docker_config = config;
	env.root = "/no/root";
	CHECK_INT(engine_find_in("auto", test_dir(), &env, &a, &e), 0);
	CHECK_STR(a.source, "docker context mine");
	CHECK_STR(a.version, "26.1.5");
	engine_addr_release(&a);
	fake_stop(&f);
}

static void put_podman(const char *script)
{
	char path[128];

	make_dirs("bin");
	in_dir(path, "bin/podman");
	write_file(path, script);
	chmod(path, 0755);
}

TEST("a Podman service that does not come up is told in its own words")
{
	struct find_env env = {.root = "/no/root"};
	struct engine_addr a = {0};
	char bin[128];
	auto_err e = {0};

	put_podman(
	    "#!/bin/sh\n"
	    "echo 'time=\"2026\" level=error msg=\"no storage: disk full\"' >&2\nexit 125\n");
	in_dir(bin, "bin");
	env.path = bin;
	CHECK_INT(engine_find_in("podman", test_dir(), &env, &a, &e), -1);
	CHECK(strstr(
	    err_msg(&e), "podman: podman system service ended at once: no storage: disk full\n"));
}

/* ---- a conversation ---- */

static struct {
	int connected, lost, events;
	char order[64];
} noticed;

static void mark(const char *what)
{
	size_t n = strlen(noticed.order);

	snprintf(noticed.order + n, sizeof(noticed.order) - n, "%s", what);
}

static void on_event(struct engine_who who, const struct engine_event *event)
{
	noticed.events++;
	mark(event->type == EVENT_DIE ? "d" : event->type == EVENT_DESTROY ? "r" : "s");
	CHECK_STR(event->container_id, "c1");
}

static void on_connected(struct engine_who who)
{
	noticed.connected++;
	mark("+");
}

static void on_lost(struct engine_who who, const struct err *err)
{
	noticed.lost++;
	mark("-");
	CHECK_INT(err->reason, ERR_UNAVAILABLE);
}

#define EVENT(action) \
	"{\"Type\":\"container\",\"Action\":\"" action "\",\"Actor\":{\"ID\":\"c1\"}}\n"
#define STREAM_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"

static struct engine *fake_engine(struct loop *l, const struct fake *f)
{
	struct engine_addr a = {
	    .socket = (char *)f->path, .kind = ENGINE_PODMAN, .api_version = "1.41"};

	return engine_new(l, &a);
}

TEST("events are watched again after the stream was lost, and connected comes before the first")
{
	static const char *const answers[] = {STREAM_HEAD EVENT("start") EVENT("died"),
	    STREAM_HEAD EVENT("exec_create") EVENT("remove"), NULL};
	static const struct events_callbacks cb = {
	    .on_event = on_event, .on_connected = on_connected, .on_lost = on_lost};
	const char *labels[] = {"a=b", NULL};
	struct loop *l = loop_new();
	struct fake f;

	fake_start(&f, "events.sock", answers);
	struct engine *en = fake_engine(l, &f);
	struct events *ev = events_watch(en, labels, &cb, (struct engine_who){0});
	for (int i = 0; i < 200 && noticed.lost < 2; i++)
		loop_turn(l, 50);
	CHECK_STR(noticed.order, "+sd-+r-");
	events_free(ev);
	engine_free(en);
	fake_stop(&f);
	loop_free(l);
}

static int pull_calls;
static char pulled[256], told[256];

static void on_pulled(struct engine_who who, const struct err *err)
{
	pull_calls++;
	snprintf(pulled, sizeof(pulled), "%s", err ? err_msg(err) : "fine");
}

static void on_progress(struct engine_who who, const char *text)
{
	snprintf(told, sizeof(told), "%s", text);
}

TEST("a pull that fails in the middle of a good answer fails, with its progress told before")
{
	static const char *const answers[] = {STREAM_HEAD
	    "{\"status\":\"Pulling fs layer\",\"id\":\"a\"}\n{\"error\":\"initializing source "
	    "docker://h/x:1: no space left\"}",
	    STREAM_HEAD "{\"status\":\"Pull complete\",\"id\":\"a\"}\n", NULL};
	struct loop *l = loop_new();
	struct fake f;

	fake_start(&f, "pull.sock", answers);
	struct engine *en = fake_engine(l, &f);
	image_pull(en, "h/x:1", NULL, on_progress, on_pulled, (struct engine_who){0});
	for (int i = 0; i < 100 && pull_calls < 1; i++)
		loop_turn(l, 50);
	CHECK_STR(pulled, "no space left");
	CHECK_STR(told, "0 of 1 layer");
	image_pull(en, "h/x:1", NULL, NULL, on_pulled, (struct engine_who){0});
	for (int i = 0; i < 100 && pull_calls < 2; i++)
		loop_turn(l, 50);
	CHECK_STR(pulled, "fine");
	engine_free(en);
	fake_stop(&f);
	loop_free(l);
}

static int inspect_calls;
static struct container_info got;
static enum err_reason got_reason;

static void on_inspect(struct engine_who who, const struct container_info *i, const struct err *err)
{
	inspect_calls++;
	got_reason = err ? err->reason : ERR_NONE;
	if (i)
		got = *i;
}

#define LOST                                                                                       \
	"HTTP/1.1 200 OK\r\nConnection: "                                                          \
	"close\r\n\r\n{\"Id\":\"c1\",\"Name\":\"/n\",\"State\":{\"Status\":\"exited\","            \
	"\"ExitCode\":0,\"StartedAt\":\"2026-01-01T00:00:00Z\",\"FinishedAt\":\"0001-01-01T00:00:" \
	"00Z\"}}"

TEST("an end without a time is asked for again before it counts as lost; an engine that is gone is "
     "unavailable")
{
	static const char *const answers[] = {LOST, LOST, LOST, NULL};
	struct loop *l = loop_new();
	struct fake f;

	fake_start(&f, "lost.sock", answers);
	struct engine *en = fake_engine(l, &f);
	container_inspect(en, "c1", on_inspect, (struct engine_who){0});
	for (int i = 0; i < 100 && inspect_calls < 1; i++)
		loop_turn(l, 50);
	CHECK(got.lost);
	CHECK_INT(got.state, CONTAINER_EXITED);
	fake_stop(&f);
	container_inspect(en, "c1", on_inspect, (struct engine_who){0});
	for (int i = 0; i < 100 && inspect_calls < 2; i++)
		loop_turn(l, 50);
	CHECK_INT(got_reason, ERR_UNAVAILABLE);
	engine_free(en);
	loop_free(l);
}

int main(void)
{
	return test_main();
}
