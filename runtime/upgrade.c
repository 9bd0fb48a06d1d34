/* Upgraded connections: libcurl connects (so that TLS can come later), the rest is ours. */
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>

#include "http.h"
#include "http_private.h"

#define MAX_HEAD (64u * KIB)
#define MAX_ERROR_BODY (1u * MIB)
#define DEFAULT_TIMEOUT_MS 30000
#define READ_SIZE 32768
#define MAX_READS 16 /* in one event: others want their turn */

enum upgrade_state {
	UPGRADE_CONNECTING,
	UPGRADE_ASKING,  /* the request goes out, the head of the answer comes in */
	UPGRADE_REFUSED, /* the body of another status comes in */
	UPGRADE_OPEN,
	UPGRADE_ENDED /* the last callback has run */
};

struct upgrade {
	struct loop *loop;
	struct http *client; /* of its own: libcurl drops connections that it believes idle */
	CURL *easy;
	struct loop_fd *watch;
	struct timer timer;
	enum upgrade_state state;
	struct upgrade_callbacks cb;
	void *ctx;
	uint64_t key;
	char *what; /* "POST /path of http://…" for errors */

	struct buf request;
	struct buf out; /* [out_sent, len) is still to be sent */
	size_t out_sent;
	struct buf in; /* the head; then a refusal's body, or data that waits while paused */
	struct http_response response;
	struct strlist headers;
	struct err err; /* how it ended, to be told when no longer paused */

	bool paused, ended; /* ended: the other side has closed */
	bool write_broken;  /* the other side takes no more */
	bool shut_wanted, shut_done;
	bool tell_writable;
	bool step_queued;
	int busy; /* > 0: in a callback or about to be */
	bool dead;
};

static void step(void *arg);

static void destroy(struct upgrade *u)
{
	loop_undefer(u->loop, u);
	timer_cancel(u->loop, &u->timer);
	loop_fd_free(u->watch);
	http_free(u->client);
	buf_release(&u->request);
	buf_release(&u->out);
	buf_release(&u->in);
	strlist_release(&u->headers);
	err_clear(&u->err);
	free(u->what);
	free(u);
}

static void leave(struct upgrade *u)
{
	if (--u->busy == 0 && u->dead)
		destroy(u);
}

static void queue_step(struct upgrade *u)
{
	if (u->step_queued || u->dead)
		return;
	u->step_queued = true;
	loop_defer(u->loop, step, u);
}

/* ---- the end ---- */

static void disconnect(struct upgrade *u)
{
	u->state = UPGRADE_ENDED;
	timer_cancel(u->loop, &u->timer);
	loop_fd_free(u->watch);
	u->watch = NULL;
	http_free(u->client);
	u->client = NULL;
	u->easy = NULL;
}

/* Tells the trouble in u->err, or the answer that is no 101. */
static void fail(struct upgrade *u)
{
	bool trouble = u->err.reason != ERR_NONE;

	disconnect(u);
	if (!u->dead)
		u->cb.on_fail(
		    u->ctx, u->key, trouble ? NULL : &u->response, trouble ? &u->err : NULL);
}

static void finish(struct upgrade *u)
{
	disconnect(u);
	if (!u->dead)
		u->cb.on_end(u->ctx, u->key, u->err.reason != ERR_NONE ? &u->err : NULL);
}

/* ---- the answer ---- */

/* Takes the head apart; its length, 0 where it is incomplete, -1 where it is none. */
static int parse_head(struct upgrade *u)
{
	const char *text = buf_str(&u->in);
	const char *end = u->in.len ? memmem(text, u->in.len, "\r\n\r\n", 4) : NULL;
	const char *line, *next;

	if (!end)
		return u->in.len > MAX_HEAD || (u->in.len >= 5 && memcmp(text, "HTTP/", 5) != 0)
			   ? -1
			   : 0;
	if (end - text > (long)MAX_HEAD || memchr(text, '\0', (size_t)(end - text)))
		return -1;
	u->response.status = http_parse_status(text, (size_t)(end - text));
	strlist_release(&u->headers);
	for (line = text; line < end; line = next + 2) {
		next = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
		if (line > text)
			strlist_add_take(&u->headers, xstrndup(line, (size_t)(next - line)));
	}
	u->response.headers = &u->headers;
	return u->response.status < 0 ? -1 : (int)(end + 4 - text);
}

/* Undoes the chunks of u->in in place. False: they are incomplete. What makes no sense ends the
 * body. */
static bool unchunk(struct upgrade *u)
{
	const char *p = buf_str(&u->in), *end = p + u->in.len;
	size_t body = 0;

	for (;;) {
		const char *line_end = memmem(p, (size_t)(end - p), "\r\n", 2);
		unsigned long len;

		if (!line_end)
			return false;
		len = strtoul(p, NULL, 16);
		p = line_end + 2;
		if (len == 0 || len > MAX_ERROR_BODY)
			break;
		if ((size_t)(end - p) < len + 2)
			return false;
		p += len + 2;
	}
	/* Complete: now it may be moved. */
	for (p = buf_str(&u->in);;) {
		const char *line_end = memmem(p, (size_t)(end - p), "\r\n", 2);
		unsigned long len = strtoul(p, NULL, 16);

		if (len == 0 || len > MAX_ERROR_BODY)
			break;
		memmove(u->in.ptr + body, line_end + 2, len);
		body += len;
		p = line_end + 2 + len + 2;
	}
	u->in.len = body;
	u->in.ptr[body] = '\0';
	return true;
}

/* The refusal's body is complete, or will not get more so. */
static bool refusal_complete(struct upgrade *u)
{
	const char *length = http_header(&u->response, "Content-Length");
	const char *coding = http_header(&u->response, "Transfer-Encoding");
	int64_t want;

	if (u->response.status / 100 == 2 || u->response.status / 100 == 3 || u->in.overflow)
		return true; /* a stream, perhaps without end; or nothing to read */
	if (coding && strcasecmp(coding, "chunked") == 0)
		return unchunk(u) || u->ended;
	if (length && str_to_int(length, 0, MAX_ERROR_BODY, &want) == 0 &&
	    u->in.len >= (size_t)want) {
		u->in.len = (size_t)want;
		return true;
	}
	return u->ended;
}

static void take_refusal(struct upgrade *u)
{
	if (!refusal_complete(u))
		return;
	if (u->in.ptr)
		u->in.ptr[u->in.len] = '\0';
	u->response.body = buf_str(&u->in);
	u->response.body_len = u->in.len;
	fail(u);
}

static void take_head(struct upgrade *u)
{
	int len;

	while (
	    (len = parse_head(u)) > 0 && u->response.status / 100 == 1 && u->response.status != 101)
		buf_consume(&u->in, (size_t)len); /* 100 Continue and the like */
	if (len < 0) {
		err_set(&u->err, ERR_UNAVAILABLE, "%s: the answer is not HTTP", u->what);
		fail(u);
	} else if (len > 0) {
		buf_consume(&u->in, (size_t)len);
		u->response.body = "";
		if (u->response.status != 101) {
			u->state = UPGRADE_REFUSED;
			take_refusal(u);
			return;
		}
		timer_cancel(u->loop, &u->timer);
		u->state = UPGRADE_OPEN;
		buf_clear(&u->request);
		u->out_sent = 0;
		queue_step(u); /* for what came behind the head, and what was queued */
		u->cb.on_open(u->ctx, u->key, &u->response);
	}
}

/* ---- reading and writing ---- */

static void take_input(struct upgrade *u, const char *data, size_t len)
{
	if (u->state == UPGRADE_OPEN && !u->paused && u->in.len == 0) {
		u->cb.on_data(u->ctx, u->key, data, len);
		return;
	}
	buf_add(&u->in, data, len);
	if (u->state == UPGRADE_ASKING)
		take_head(u);
	else if (u->state == UPGRADE_REFUSED)
		take_refusal(u);
}

/* The other side has closed, or the connection broke (err set). */
static void take_end(struct upgrade *u)
{
	u->ended = true;
	if (u->state == UPGRADE_REFUSED) {
		take_refusal(u);
	} else if (u->state == UPGRADE_ASKING) {
		if (u->err.reason == ERR_NONE)
			err_set(&u->err, ERR_UNAVAILABLE,
			    "%s: the connection was closed without an answer", u->what);
		fail(u);
	} else {
		queue_step(u);
	}
}

static bool may_read(const struct upgrade *u)
{
	return !u->dead && u->easy && !u->ended &&
	       !(u->state == UPGRADE_OPEN && (u->paused || u->in.len > 0));
}

static void read_some(struct upgrade *u)
{
	char data[READ_SIZE];

	for (int i = 0; i < MAX_READS && may_read(u); i++) {
		size_t n = 0;
		CURLcode code = curl_easy_recv(u->easy, data, sizeof(data), &n);

		if (code == CURLE_AGAIN)
			return;
		if (code != CURLE_OK)
			err_set(&u->err, ERR_UNAVAILABLE, "%s: the connection was lost: %s",
			    u->what, curl_easy_strerror(code));
		if (code != CURLE_OK || n == 0)
			take_end(u);
		else
			take_input(u, data, n);
	}
	if (may_read(u))
		queue_step(u); /* TLS may hold bytes that the descriptor does not show */
}

/* Sends from b at *sent on; true when all is gone. */
static bool send_some(struct upgrade *u, struct buf *b, size_t *sent)
{
	while (*sent < b->len && !u->write_broken) {
		size_t n = 0;
		CURLcode code = curl_easy_send(u->easy, b->ptr + *sent, b->len - *sent, &n);

		if (code == CURLE_AGAIN || (code == CURLE_OK && n == 0))
			return false;
		/* What the other side wrote before it closed is still to be read: no end yet. */
		u->write_broken = code != CURLE_OK;
		*sent += n;
	}
	buf_clear(b);
	*sent = 0;
	return true;
}

static void write_some(struct upgrade *u)
{
	curl_socket_t fd;

	if (u->state == UPGRADE_ASKING || u->state == UPGRADE_REFUSED) {
		send_some(u, &u->request, &u->out_sent);
		return;
	}
	if (u->state != UPGRADE_OPEN || !send_some(u, &u->out, &u->out_sent))
		return;
	if (u->shut_wanted && !u->shut_done) {
		u->shut_done = true;
		if (curl_easy_getinfo(u->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK)
			shutdown(fd, SHUT_WR);
	}
	if (u->tell_writable) {
		u->tell_writable = false;
		u->cb.on_writable(u->ctx, u->key);
	}
}

static void set_watch(struct upgrade *u)
{
	bool unsent = u->state == UPGRADE_OPEN ? u->out.len > 0 : u->request.len > 0;

	if (u->watch)
		loop_fd_set(u->watch, (may_read(u) ? LOOP_READ : 0) | (unsent ? LOOP_WRITE : 0));
}

/* Data that waited, then the end. */
static void hand_out(struct upgrade *u)
{
	if (u->in.len > 0 && !u->paused && !u->dead) {
		struct buf held = u->in;

		u->in = (struct buf){.max = held.max};
		u->cb.on_data(u->ctx, u->key, held.ptr, held.len);
		buf_release(&held);
	}
	if (u->ended && u->in.len == 0 && !u->paused && !u->dead && u->state == UPGRADE_OPEN)
		finish(u);
}

static void step(void *arg)
{
	struct upgrade *u = arg;

	u->step_queued = false;
	u->busy++;
	if (u->state == UPGRADE_CONNECTING && u->err.reason != ERR_NONE)
		fail(u);
	if (u->state == UPGRADE_OPEN)
		hand_out(u);
	if (!u->dead && u->easy)
		write_some(u);
	read_some(u);
	set_watch(u);
	leave(u);
}

static void on_ready(void *arg, int events)
{
	struct upgrade *u = arg;

	u->busy++;
	if (events & LOOP_WRITE)
		write_some(u);
	if (events & LOOP_READ)
		read_some(u);
	set_watch(u);
	leave(u);
}

static void on_timeout(void *arg)
{
	struct upgrade *u = arg;

	u->busy++;
	err_set(&u->err, ERR_TIMEOUT, "%s: no answer in time", u->what);
	fail(u);
	leave(u);
}

static void on_connect(void *arg, CURL *easy, const struct http_response *r, const struct err *err)
{
	struct upgrade *u = arg;
	curl_socket_t fd;

	u->busy++;
	if (err) {
		err_copy(&u->err, err);
		fail(u);
	} else if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
		   fd == CURL_SOCKET_BAD) {
		err_set(&u->err, ERR_UNAVAILABLE, "%s: the connection was lost", u->what);
		fail(u);
	} else {
		u->easy = easy;
		u->state = UPGRADE_ASKING;
		u->watch = loop_fd_new_named(
		    u->loop, "upgraded connection", fd, LOOP_READ | LOOP_WRITE, on_ready, u);
		queue_step(u);
	}
	leave(u);
}

/* ---- the owner's side ---- */

static void build_request(struct upgrade *u, const struct http_request *r, const char *protocol,
    const struct strlist *more)
{
	const char *host = strstr(http_base_url(u->client), "://");
	size_t len;

	host = host ? host + 3 : http_base_url(u->client);
	len = strcspn(host, "/");
	buf_addf(&u->request, "%s %s%s HTTP/1.1\r\n", r->method, host + len, r->path);
	buf_addf(
	    &u->request, "Host: %.*s\r\nUser-Agent: kjob/" KJOB_VERSION "\r\n", (int)len, host);
	buf_addf(&u->request, "Connection: Upgrade\r\nUpgrade: %s\r\n", protocol);
	for (const char *const *p = r->headers; p && *p; p++)
		buf_addf(&u->request, "%s\r\n", *p);
	for (size_t i = 0; i < more->len; i++)
		if (!str_has_prefix(more->items[i], "Host:"))
			buf_addf(&u->request, "%s\r\n", more->items[i]);
	if (r->body || strcmp(r->method, "POST") == 0)
		buf_addf(&u->request, "Content-Length: %zu\r\n", r->body_len);
	buf_adds(&u->request, "\r\n");
	if (r->body)
		buf_add(&u->request, r->body, r->body_len);
}

struct upgrade *upgrade_new(struct http *h, const struct http_request *r, const char *protocol,
    const struct upgrade_callbacks *cb)
{
	struct upgrade *u = xcalloc(1, sizeof(*u));
	const char *fault = http_request_fault(r);
	auto_strlist more = {0};

	u->loop = http_loop(h);
	u->cb = *cb;
	u->ctx = r->ctx;
	u->key = r->key;
	u->what = xasprintf(
	    "%s %.*s of %s", r->method, (int)strcspn(r->path, "?"), r->path, http_where(h));
	buf_init(&u->out, UPGRADE_MAX_QUEUE);
	buf_init(&u->in, MAX_HEAD + MAX_ERROR_BODY);
	if (fault)
		err_set(&u->err, ERR_BAD_REQUEST, "%s", fault);
	if (fault || http_site_headers(http_site(h), &more, &u->err) < 0) {
		queue_step(u);
		return u;
	}
	u->client = http_clone(h); /* behind the headers: they may come with another identity */
	build_request(u, r, protocol, &more);
	u->timer = (struct timer){.name = "upgrade's timeout", .fn = on_timeout, .arg = u};
	timer_set(u->loop, &u->timer, r->timeout_ms > 0 ? r->timeout_ms : DEFAULT_TIMEOUT_MS);
	http_connect(u->client, on_connect, u);
	return u;
}

bool upgrade_write(struct upgrade *u, const void *data, size_t len)
{
	if (u->write_broken || u->shut_wanted || u->state == UPGRADE_ENDED)
		return true;
	if (len > UPGRADE_MAX_QUEUE - u->out.len) {
		u->tell_writable = true;
		return false;
	}
	buf_add(&u->out, data, len);
	if (u->state == UPGRADE_OPEN)
		queue_step(u);
	return true;
}

void upgrade_shutdown_write(struct upgrade *u)
{
	u->shut_wanted = true;
	if (u->state == UPGRADE_OPEN)
		queue_step(u);
}

void upgrade_pause(struct upgrade *u, bool paused)
{
	if (u->paused == paused)
		return;
	u->paused = paused;
	queue_step(u);
}

void upgrade_free(struct upgrade *u)
{
	if (!u || u->dead)
		return;
	u->dead = true;
	if (u->busy == 0)
		destroy(u);
}
