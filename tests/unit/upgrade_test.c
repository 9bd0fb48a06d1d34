#include "test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/http.h"

/* A client in a loop and a server of bare sockets, played by the test itself. */
struct world {
	struct loop *l;
	struct http *h;
	struct upgrade *u;
	char dir[64], path[80];
	int listener, fd; /* fd: the accepted connection, -1 before */

	char trace[256]; /* which callbacks came: "open data end " */
	struct buf got;
	int status;
	char body[128];
	struct err err;
	const char *free_in; /* the callback that frees the upgrade */
	bool pause_in_open, pause_in_data, creating;
};

static void note(struct world *w, const char *what)
{
	size_t len = strlen(w->trace);

	CHECK(!w->creating);
	CHECK(w->u != NULL); /* nothing comes after upgrade_free */
	snprintf(w->trace + len, sizeof(w->trace) - len, "%s ", what);
	if (w->free_in && strcmp(w->free_in, what) == 0) {
		upgrade_free(w->u);
		w->u = NULL;
	}
}

static void on_open(void *ctx, uint64_t key, const struct http_response *r)
{
	struct world *w = ctx;

	CHECK_INT(key, 7);
	CHECK_INT(r->status, 101);
	CHECK_STR(http_header(r, "upgrade"), "tcp");
	note(w, "open");
	if (w->pause_in_open)
		upgrade_pause(w->u, true);
}

static void on_fail(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct world *w = ctx;

	CHECK(!r != !err);
	if (r) {
		w->status = r->status;
		CHECK_INT(strlen(r->body), r->body_len);
		snprintf(w->body, sizeof(w->body), "%s", r->body);
	} else {
		err_copy(&w->err, err);
	}
	note(w, "fail");
}

static void on_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct world *w = ctx;

	buf_add(&w->got, data, len);
	if (!strstr(w->trace, "data") || w->pause_in_data)
		note(w, "data");
	if (w->pause_in_data)
		upgrade_pause(w->u, true);
}

static void on_writable(void *ctx, uint64_t key)
{
	note(ctx, "writable");
}

static void on_end(void *ctx, uint64_t key, const struct err *err)
{
	struct world *w = ctx;

	if (err)
		err_copy(&w->err, err);
	note(w, "end");
}

static const struct upgrade_callbacks callbacks = {on_open, on_fail, on_data, on_writable, on_end};

static void world_open(struct world *w)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	memset(w, 0, sizeof(*w));
	w->fd = -1;
	snprintf(w->dir, sizeof(w->dir), "/tmp/upgrade-test-XXXXXX");
	CHECK(mkdtemp(w->dir) != NULL);
	snprintf(w->path, sizeof(w->path), "%s/sock", w->dir);
	memcpy(sa.sun_path, w->path, strlen(w->path) + 1);
	w->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	CHECK_INT(bind(w->listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	CHECK_INT(listen(w->listener, 4), 0);
	w->l = loop_new();
	w->h = http_new(
	    w->l, &(struct http_target){.unix_socket = w->path, .base_url = "http://eng:1/v1/"});
}

static void world_close(struct world *w)
{
	upgrade_free(w->u);
	w->u = NULL;
	http_free(w->h);
	loop_turn(w->l, 0);
	loop_free(w->l);
	close(w->listener);
	if (w->fd >= 0)
		close(w->fd);
	unlink(w->path);
	rmdir(w->dir);
	buf_release(&w->got);
	err_clear(&w->err);
}

static void begin(struct world *w, struct http_request r)
{
	r.method = r.method ? r.method : "POST";
	r.path = r.path ? r.path : "/attach?x=1";
	r.ctx = w;
	r.key = 7;
	w->creating = true;
	w->u = upgrade_new(w->h, &r, "tcp", &callbacks);
	w->creating = false;
}

/* Turns until the callback has been noted. */
static void await(struct world *w, const char *what)
{
	int64_t start = clock_mono_ms();

	while (!strstr(w->trace, what) && clock_mono_ms() - start < 60000)
		loop_turn(w->l, 50);
	CHECK(strstr(w->trace, what) != NULL);
}

static void settle(struct world *w)
{
	for (int i = 0; i < 4; i++)
		loop_turn(w->l, 3);
}

/* Reads what the client sends until `until` is at its end or the client has closed. */
static const char *hear(struct world *w, const char *until)
{
	static char text[8192];
	int64_t start = clock_mono_ms();
	size_t len = 0, want = strlen(until);

	text[0] = '\0';
	while (clock_mono_ms() - start < 60000) {
		ssize_t n;

		loop_turn(w->l, 1);
		if (w->fd < 0 && (w->fd = accept(w->listener, NULL, NULL)) >= 0)
			fcntl(w->fd, F_SETFL, O_NONBLOCK);
		if (w->fd < 0)
			continue;
		n = read(w->fd, text + len, sizeof(text) - 1 - len);
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
		text[len] = '\0';
		if (want && len >= want && strcmp(text + len - want, until) == 0)
			break;
	}
	return text;
}

static void say(struct world *w, const char *text)
{
	CHECK_INT(write(w->fd, text, strlen(text)), strlen(text));
}

#define SWITCHING "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

static void open_it(struct world *w)
{
	begin(w, (struct http_request){0});
	hear(w, "\r\n\r\n");
	say(w, SWITCHING);
	await(w, "open");
}

TEST("the request asks for the upgrade, then bytes go both ways until the other side closes")
{
	static const char *const headers[] = {"X-A: b", NULL};
	struct world w;

	world_open(&w);
	begin(&w, (struct http_request){.headers = headers, .body = "{}", .body_len = 2});
	CHECK(upgrade_write(w.u, "early ", 6));
	CHECK_STR(hear(&w, "{}"),
	    "POST /v1/attach?x=1 HTTP/1.1\r\nHost: eng:1\r\nUser-Agent: kjob/" KJOB_VERSION
	    "\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nX-A: b\r\nContent-Length: 2\r\n\r\n{}");
	say(&w, SWITCHING "and data");
	await(&w, "data");
	CHECK(upgrade_write(w.u, "late", 4));
	CHECK_STR(hear(&w, "late"), "early late");
	say(&w, " more");
	settle(&w);
	close(w.fd);
	w.fd = -1;
	await(&w, "end");
	CHECK_STR(buf_str(&w.got), "and data more");
	CHECK_STR(w.trace, "open data end ");
	CHECK_INT(w.err.reason, ERR_NONE);
	CHECK(upgrade_write(w.u, "x", 1)); /* dropped */
	world_close(&w);
}

TEST("the head may come byte by byte, after a 100 Continue")
{
	static const char head[] = "HTTP/1.1 100 Continue\r\n\r\n" SWITCHING "x";
	struct world w;

	world_open(&w);
	begin(&w, (struct http_request){0});
	hear(&w, "\r\n\r\n");
	for (size_t i = 0; i + 1 < sizeof(head); i++) {
		CHECK_STR(w.trace, i + 2 < sizeof(head) ? "" : "open ");
		CHECK_INT(write(w.fd, head + i, 1), 1);
		settle(&w);
	}
	await(&w, "data");
	CHECK_STR(buf_str(&w.got), "x");
	world_close(&w);
}

TEST("a half-close ends what the server reads, and its output still comes")
{
	struct world w;

	world_open(&w);
	open_it(&w);
	CHECK(upgrade_write(w.u, "last", 4));
	upgrade_shutdown_write(w.u);
	CHECK_STR(hear(&w, ""), "last");
	say(&w, "result");
	shutdown(w.fd, SHUT_WR);
	await(&w, "end");
	CHECK_STR(buf_str(&w.got), "result");
	CHECK_INT(w.err.reason, ERR_NONE);
	world_close(&w);
}

TEST("writes are bounded; when all is gone on_writable comes, and every byte has arrived")
{
	char piece[65536];
	size_t queued = 0, heard = 0;
	bool right = true;
	struct world w;

	world_open(&w);
	open_it(&w);
	for (;; queued += sizeof(piece)) {
		for (size_t i = 0; i < sizeof(piece); i++)
			piece[i] = (char)((queued + i) * 7 >> 3);
		if (!upgrade_write(w.u, piece, sizeof(piece)))
			break;
	}
	CHECK_INT(queued, UPGRADE_MAX_QUEUE);
	while (heard < queued) {
		ssize_t n = read(w.fd, piece, sizeof(piece));

		for (ssize_t i = 0; i < n; i++, heard++)
			right &= piece[i] == (char)(heard * 7 >> 3);
		loop_turn(w.l, 1);
	}
	CHECK(right);
	await(&w, "writable");
	CHECK(upgrade_write(w.u, "x", 1));
	CHECK_STR(hear(&w, "x"), "x");
	CHECK_STR(w.trace, "open writable ");
	world_close(&w);
}

TEST("while paused neither data nor the end comes, and nothing is lost or doubled")
{
	struct world w;

	world_open(&w);
	w.pause_in_open = w.pause_in_data = true;
	begin(&w, (struct http_request){0});
	hear(&w, "\r\n\r\n");
	say(&w, SWITCHING "one ");
	await(&w, "open");
	settle(&w);
	CHECK_STR(w.trace, "open ");
	upgrade_pause(w.u, false);
	await(&w, "data");
	say(&w, "two ");
	settle(&w);
	CHECK_STR(buf_str(&w.got), "one ");
	CHECK(upgrade_write(w.u, "answer", 6)); /* pausing is for reading alone */
	CHECK_STR(hear(&w, "answer"), "answer");
	upgrade_pause(w.u, false);
	settle(&w);
	CHECK_STR(buf_str(&w.got), "one two ");
	close(w.fd);
	w.fd = -1;
	settle(&w);
	CHECK_STR(w.trace, "open data data ");
	upgrade_pause(w.u, false);
	await(&w, "end");
	world_close(&w);
}

TEST("100 MB arrive whole")
{
	static char block[65536];
	size_t sent = 0, total = 100u << 20;
	struct world w;

	world_open(&w);
	w.got.max = 1;
	open_it(&w);
	buf_release(&w.got);
	w.got.max = 101u << 20;
	while (w.got.len < total) {
		ssize_t n = sent < total ? write(w.fd, block, sizeof(block)) : 0;

		sent += n > 0 ? (size_t)n : 0;
		loop_turn(w.l, 0);
	}
	CHECK_INT(w.got.len, sent);
	world_close(&w);
}

TEST("another status fails with its body, by length, in chunks or until the close")
{
	static const struct {
		const char *answer;
		bool close;
		int status;
		const char *body;
	} cases[] = {
	    {"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabcd", false, 404, "abc"},
	    {"HTTP/1.1 409 Conflict\r\nTransfer-Encoding: "
	     "chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n",
		false, 409, "abc"},
	    {"HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, 409,
		""},
	    {"HTTP/1.0 500 Oops\r\n\r\nabc", true, 500, "abc"},
	    {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", false, 500, ""},
	    {"HTTP/1.1 200 OK\r\n\r\nstream", false, 200, "stream"},
	    {"HTTP/1.1 304 Not Modified\r\n\r\n", false, 304, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world w;

		world_open(&w);
		begin(&w, (struct http_request){0});
		hear(&w, "\r\n\r\n");
		say(&w, cases[i].answer);
		if (cases[i].close)
			shutdown(w.fd, SHUT_RDWR);
		await(&w, "fail");
		CHECK_STR(w.trace, "fail ");
		CHECK_INT(w.status, cases[i].status);
		CHECK_STR(w.body, cases[i].body);
		world_close(&w);
	}
}

static void check_trouble(const char *answer, enum err_reason reason, const char *want)
{
	struct world w;

	world_open(&w);
	begin(&w, (struct http_request){.timeout_ms = 100});
	hear(&w, "\r\n\r\n");
	if (answer)
		say(&w, answer);
	if (reason != ERR_TIMEOUT)
		shutdown(w.fd, SHUT_RDWR);
	await(&w, "fail");
	CHECK_INT(w.err.reason, reason);
	CHECK(strstr(err_msg(&w.err), want) != NULL);
	CHECK(strstr(err_msg(&w.err), "POST /attach of /tmp/") != NULL);
	if (test_failed)
		printf("# %s\n", err_msg(&w.err));
	world_close(&w);
}

TEST("silence, nonsense and an early close are errors that say so")
{
	check_trouble(NULL, ERR_TIMEOUT, "no answer in time");
	check_trouble("HTTP/1.1 101 Switch", ERR_TIMEOUT, "no answer in time");
	check_trouble(
	    "HTTP/1.1 500 x\r\nContent-Length: 10\r\n\r\nabc", ERR_TIMEOUT, "no answer in time");
	check_trouble("", ERR_UNAVAILABLE, "closed without an answer");
	check_trouble("SSH-2.0-x\r\n", ERR_UNAVAILABLE, "not HTTP");
	check_trouble("HTTP/1.1 abc\r\n\r\n", ERR_UNAVAILABLE, "not HTTP");
}

TEST("a head without end is cut")
{
	char line[1100];
	struct world w;

	world_open(&w);
	begin(&w, (struct http_request){0});
	hear(&w, "\r\n\r\n");
	say(&w, "HTTP/1.1 101 x\r\n");
	memset(line, 'h', sizeof(line));
	memcpy(line + sizeof(line) - 3, "\r\n", 3);
	for (int i = 0; i < 70 && !w.trace[0]; i++) {
		say(&w, line);
		settle(&w);
	}
	await(&w, "fail");
	CHECK_INT(w.err.reason, ERR_UNAVAILABLE);
	world_close(&w);
}

TEST("a server that is not there, and a request that cannot be sent, fail later")
{
	static const char *const headers[] = {"X: a\r\nY: b", NULL};
	struct world w;

	world_open(&w);
	begin(&w, (struct http_request){.headers = headers});
	await(&w, "fail");
	CHECK_INT(w.err.reason, ERR_BAD_REQUEST);
	world_close(&w);
	world_open(&w);
	unlink(w.path);
	begin(&w, (struct http_request){0});
	await(&w, "fail");
	CHECK_INT(w.err.reason, ERR_UNAVAILABLE);
	CHECK(strstr(err_msg(&w.err), "sock: no such file"));
	world_close(&w);
}

TEST("the upgrade may be freed at any time and in every callback")
{
	static const char *const where[] = {"open", "data", "end"};
	struct world w;

	for (size_t i = 0; i < ARRAY_LEN(where); i++) {
		world_open(&w);
		w.free_in = where[i];
		begin(&w, (struct http_request){0});
		hear(&w, "\r\n\r\n");
		say(&w, SWITCHING "data");
		shutdown(w.fd, SHUT_RDWR);
		await(&w, where[i]);
		settle(&w);
		world_close(&w);
	}
	world_open(&w);
	w.free_in = "fail";
	unlink(w.path);
	begin(&w, (struct http_request){0});
	await(&w, "fail");
	world_close(&w);
	for (int turns = 0; turns < 4; turns++) {
		world_open(&w);
		begin(&w, (struct http_request){0});
		for (int i = 0; i < turns; i++)
			loop_turn(w.l, 1);
		world_close(&w);
		CHECK_STR(w.trace, "");
	}
}

TEST("the upgrade outlives the client that it was made with")
{
	struct world w;

	world_open(&w);
	begin(&w, (struct http_request){0});
	http_free(w.h);
	w.h = NULL;
	hear(&w, "\r\n\r\n");
	say(&w, SWITCHING);
	await(&w, "open");
	world_close(&w);
}

int main(void)
{
	return test_main();
}
