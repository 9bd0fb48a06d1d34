/* dial: see dial.h. libcurl connects from here: it resolves names without blocking. */
#include "dial.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http_private.h"
#include "runner.h"

#define BACK_MAX (256 * KIB)
#define PATIENCE_MAX_MS 3600000 /* the program's own bound */
#define CONNECTED "connected\n" /* what the program says first, on stderr */

struct dial {
	struct loop *loop;
	dial_done_fn *cb;
	void (*on_begin)(void *ctx);
	void *ctx;
	int busy;
	bool dead, told;
	struct http *client; /* from here */

	/* through a runner */
	struct runner_call *call;
	struct buf words; /* stderr */
	struct buf back;  /* what the caller's end has not taken yet */
	int fd;           /* listens, then is the caller's connection; -1: none */
	bool accepted;
	bool out_ended; /* nothing more comes back */
	struct loop_fd *watch;
	char *folder, *path; /* of what listens */
};

static void remove_socket(struct dial *d)
{
	if (d->path)
		unlink(d->path);
	if (d->folder)
		rmdir(d->folder);
	free(TAKE(d->path));
	free(TAKE(d->folder));
}

static void destroy(struct dial *d)
{
	http_free(d->client);
	runner_cancel(d->call);
	loop_fd_free(d->watch);
	if (d->fd >= 0)
		close(d->fd);
	remove_socket(d);
	buf_release(&d->words);
	buf_release(&d->back);
	free(d);
}

static void tell(struct dial *d, enum http_fault fault, int os_error)
{
	d->told = true;
	d->busy++;
	d->cb(d->ctx, fault, os_error);
	if (--d->busy == 0 && d->dead)
		destroy(d);
}

void dial_free(struct dial *d)
{
	if (!d || d->dead)
		return;
	d->dead = true;
	if (d->busy == 0)
		destroy(d);
}

char *dial_address(const char *host, unsigned port)
{
	return strchr(host, ':') ? xasprintf("[%s]:%u", host, port)
				 : xasprintf("%s:%u", host, port);
}

/* ---- from here ---- */

static void on_connect(void *arg, CURL *easy, const struct http_response *r, const struct err *err)
{
	tell(arg, r->fault == HTTP_FAULT_NONE && err ? HTTP_FAULT_OTHER : r->fault, r->os_error);
}

struct dial *dial_new(struct loop *l, const char *host, unsigned port, int64_t timeout_ms,
    dial_done_fn *cb, void *ctx)
{
	struct dial *d = xcalloc(1, sizeof(*d));
	auto_free char *address = dial_address(host, port);
	auto_free char *url = xasprintf("http://%s", address);
	struct http_target t = {.base_url = url, .no_proxy = true, .connect_ms = timeout_ms};

	d->loop = l;
	d->cb = cb;
	d->ctx = ctx;
	d->fd = -1;
	d->client = http_new(l, &t);
	http_connect(d->client, on_connect, d);
	return d;
}

/* ---- through a runner ---- */

/* What is to come back goes to the caller's end, as far as it takes it. */
static void push_back(struct dial *d)
{
	if (!d->accepted || !d->watch)
		return;
	while (d->back.len) {
		ssize_t n = send(d->fd, d->back.ptr, d->back.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			buf_clear(&d->back); /* it listens no more */
		if (n <= 0)
			break;
		buf_consume(&d->back, (size_t)n);
	}
	if (!d->back.len && d->out_ended)
		shutdown(d->fd, SHUT_WR);
	loop_fd_set(d->watch, LOOP_READ | (d->back.len ? LOOP_WRITE : 0));
}

static void take_forth(struct dial *d)
{
	char piece[16 * KIB];
	ssize_t n = read(d->fd, piece, sizeof(piece));

	if (n > 0 && d->call)
		runner_write(d->call, piece, (size_t)n);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	if (d->call)
		runner_close_input(d->call);
	loop_fd_free(TAKE(d->watch));
}

static void on_socket(void *arg, int events)
{
	struct dial *d = arg;

	if (events & LOOP_WRITE)
		push_back(d);
	if (events & LOOP_READ)
		take_forth(d);
}

static void on_caller(void *arg, int events)
{
	struct dial *d = arg;
	int fd = accept(d->fd, NULL, NULL);

	if (fd < 0)
		return;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	loop_fd_free(d->watch);
	close(d->fd);
	remove_socket(d);
	d->fd = fd;
	d->accepted = true;
	d->watch = loop_fd_new(d->loop, d->fd, LOOP_READ, on_socket, d);
	push_back(d);
}

/* In a folder of its own, which nobody else can enter. */
static bool open_socket(struct dial *d)
{
	const char *tmp = getenv("TMPDIR");
	auto_free char *folder = xasprintf("%s/kjob-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (!mkdtemp(folder))
		return false;
	d->folder = TAKE(folder);
	d->path = xasprintf("%s/s", d->folder);
	if (strlen(d->path) >= sizeof(a.sun_path))
		return false;
	memcpy(a.sun_path, d->path, strlen(d->path) + 1);
	d->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (d->fd < 0)
		return false;
	fcntl(d->fd, F_SETFD, FD_CLOEXEC);
	fcntl(d->fd, F_SETFL, fcntl(d->fd, F_GETFL) | O_NONBLOCK);
	if (bind(d->fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(d->fd, 1) != 0)
		return false;
	d->watch = loop_fd_new(d->loop, d->fd, LOOP_READ, on_caller, d);
	return true;
}

static void on_begin(void *ctx)
{
	struct dial *d = ctx;

	if (d->on_begin)
		d->on_begin(d->ctx);
}

static void on_data(void *ctx, enum stream_kind kind, const char *data, size_t len)
{
	struct dial *d = ctx;

	if (kind == STREAM_STDOUT) {
		buf_add(&d->back, data, len);
		push_back(d);
	} else if (kind == STREAM_STDERR && !d->told) {
		buf_add(&d->words, data, len);
		if (str_eq(buf_str(&d->words), CONNECTED))
			tell(d, HTTP_FAULT_NONE, 0);
	}
}

/* Kinds of failure, as the program words them. */
static enum http_fault fault_of(const char *words)
{
	return strstr(words, "i/o timeout")     ? HTTP_FAULT_TIMEOUT
	       : str_has_prefix(words, "dial ") ? HTTP_FAULT_CONNECT
						: HTTP_FAULT_OTHER;
}

static void on_end(void *ctx, enum runner_end end, int exit_code)
{
	struct dial *d = ctx;

	d->call = NULL;
	d->out_ended = true;
	if (!d->told)
		tell(d, end == RUNNER_ENDED ? fault_of(buf_str(&d->words)) : HTTP_FAULT_OTHER, 0);
	else
		push_back(d);
}

struct dial *dial_through(struct loop *l, struct runner *via, const char *host, unsigned port,
    int64_t timeout_ms, void (*begin)(void *ctx), dial_done_fn *cb, void *ctx)
{
	static const struct runner_callbacks callbacks = {
	    .on_begin = on_begin, .on_data = on_data, .on_end = on_end};
	struct dial *d = xcalloc(1, sizeof(*d));
	auto_strlist command = {0};

	d->loop = l;
	d->cb = cb;
	d->on_begin = begin;
	d->ctx = ctx;
	d->fd = -1;
	buf_init(&d->words, 1 * KIB);
	buf_init(&d->back, BACK_MAX);
	strlist_add(&command, runner_program(via));
	strlist_add(&command, "connect");
	strlist_add(&command, host);
	strlist_addf(&command, "%u", port);
	strlist_addf(&command, "%lld",
	    (long long)(timeout_ms < PATIENCE_MAX_MS ? timeout_ms : PATIENCE_MAX_MS));
	d->call = runner_run(via, &command, BACK_MAX, true, &callbacks, d);
	return d;
}

const char *dial_socket(struct dial *d)
{
	return d->path || open_socket(d) ? d->path : NULL;
}

const char *dial_text(const struct dial *d)
{
	const char *text = buf_str(&d->words);
	size_t len = strcspn(text, "\n");

	if (!len)
		return NULL;
	d->words.ptr[len] = '\0';
	return text;
}
