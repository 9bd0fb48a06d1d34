#include "http.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <strings.h>
#include <sys/un.h>

#include "base/clock.h"
#include "http_private.h"

#define DEFAULT_MAX_BODY (16u * MIB)
#define MAX_ERROR_BODY (1u * MIB) /* of a stream whose status is no 2xx */
#define MAX_HEADERS (256u * KIB)
#define CALL_BUFFER (16L * 1024)
#define STREAM_BUFFER (32L * 1024) /* larger ones are no faster, and there may be hundreds */
#define RETRY_MS 5
#define MAX_SPARE 8 /* easy handles kept for the next calls */

/*
 * libcurl must not be re-entered from its callbacks, and a call's callbacks may do as they like. So
 * whoever wants something of libcurl leaves a mark on the call, puts it on a list and has the
 * deferred `drain` work the lists off. A call is on at most one list. `calls` owns it from
 * http_send to call_free.
 */
enum call_state {
	CALL_WAITING,  /* on `waiting` for a free connection, on `starting`, or on `retrying` */
	CALL_ACTIVE,   /* with libcurl; on `todo` when it was cancelled or resumed */
	CALL_FINISHED, /* on `finished`, done is due */
	CALL_HELD,     /* finished while paused: done waits for http_resume */
	CALL_CONNECTED /* the connection is in other hands until http_free */
};

/* A body that comes in pieces. */
struct upload {
	struct buf queue;
	bool ended;
	bool awaited; /* the owner wants to be told of room */
	bool paused;  /* libcurl waits for more */
};

struct call {
	http_id id;
	struct http *http;
	enum call_state state;
	struct call *next; /* in its list */
	bool in_todo;
	bool cancelled;   /* no callback any more */
	bool paused;      /* the owner wants nothing now */
	bool curl_paused; /* libcurl holds a piece back */
	bool too_large;
	enum http_fault fault;
	int os_error;
	bool sent; /* handed to a connection at least once */

	/* the request */
	struct http_request req; /* strings and body are copies of the call's own, below */
	char *method, *path, *url;
	void *body;
	struct upload *upload; /* NULL: it is all there */
	struct curl_slist *headers;
	http_connect_fn *connect_fn; /* only open a connection */

	/* the answer */
	CURL *easy;
	int64_t started_ms;
	int status;
	bool headers_done;
	size_t header_bytes;
	struct strlist reply_headers;
	struct buf reply;
	struct err err;
	char detail[CURL_ERROR_SIZE]; /* libcurl's words for its trouble */
};

struct call_list {
	struct call *first, **last; /* last NULL: as empty */
};

struct http {
	struct loop *loop;
	struct http_site *site;
	CURLM *multi;
	struct timer timer, retry_timer;
	bool kick; /* libcurl's time has come */
	bool drain_queued;
	int busy;  /* > 0: inside libcurl or a callback */
	bool dead; /* http_free came while busy */

	struct call **calls; /* by id */
	size_t calls_len, calls_cap;
	http_id last_id;
	int active; /* shared connections in use */
	struct call_list starting, waiting, retrying, todo, finished;
	CURL *spare[MAX_SPARE];
	int spare_len;
};

/* One descriptor that libcurl wants watched. */
struct watch {
	struct http *http;
	curl_socket_t fd;
	struct loop_fd *event;
};

static void drain(void *arg);

static void queue_drain(struct http *h)
{
	if (h->drain_queued || h->dead)
		return;
	h->drain_queued = true;
	loop_defer(h->loop, drain, h);
}

/* ---- lists ---- */

static void list_push(struct call_list *l, struct call *c)
{
	c->next = NULL;
	if (!l->first)
		l->last = &l->first;
	*l->last = c;
	l->last = &c->next;
}

static struct call *list_pop(struct call_list *l)
{
	struct call *c = l->first;

	if (c)
		l->first = c->next;
	return c;
}

/* The place of the first call with an id of at least ID. */
static size_t call_place(const struct http *h, http_id id)
{
	size_t lo = 0, hi = h->calls_len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (h->calls[mid]->id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The call, unless it was cancelled or has been told its end. */
static struct call *call_find(const struct http *h, http_id id)
{
	size_t at = call_place(h, id);

	return at < h->calls_len && h->calls[at]->id == id && !h->calls[at]->cancelled
		   ? h->calls[at]
		   : NULL;
}

/* ---- calls ---- */

static CURL *easy_get(struct http *h)
{
	CURL *easy = h->spare_len > 0 ? h->spare[--h->spare_len] : curl_easy_init();

	if (!easy)
		abort();
	return easy;
}

static void easy_put(struct http *h, CURL *easy)
{
	if (h->spare_len == MAX_SPARE) {
		curl_easy_cleanup(easy);
		return;
	}
	curl_easy_reset(easy);
	h->spare[h->spare_len++] = easy;
}

/* Takes the call out of libcurl's hands. */
static void call_detach(struct call *c)
{
	struct http *h = c->http;

	if (!c->easy)
		return;
	curl_multi_remove_handle(h->multi, c->easy);
	easy_put(h, TAKE(c->easy));
	if (!c->req.own_connection)
		h->active--;
}

static void call_free(struct call *c)
{
	struct http *h = c->http;
	size_t at = call_place(h, c->id);

	call_detach(c);
	h->calls_len--;
	memmove(h->calls + at, h->calls + at + 1, (h->calls_len - at) * sizeof(struct call *));
	curl_slist_free_all(c->headers);
	strlist_release(&c->reply_headers);
	buf_release(&c->reply);
	err_clear(&c->err);
	free(c->method);
	free(c->path);
	free(c->url);
	free(c->body);
	if (c->upload)
		buf_release(&c->upload->queue);
	free(c->upload);
	free(c);
}

static struct http_response call_response(const struct call *c)
{
	struct http_response r = {
	    .status = c->status,
	    .body = buf_str(&c->reply),
	    .body_len = c->reply.len,
	    .headers = &c->reply_headers,
	    .fault = c->fault,
	    .os_error = c->os_error,
	};

	return r;
}

static void todo(struct call *c)
{
	if (c->in_todo)
		return;
	c->in_todo = true;
	list_push(&c->http->todo, c);
	queue_drain(c->http);
}

/* The call has ended, well or with c->err; done comes later. */
static void call_finish(struct call *c)
{
	if (!c->connect_fn || c->err.reason != ERR_NONE)
		call_detach(c);
	c->state = CALL_HELD;
	if (c->in_todo || (c->paused && !c->cancelled))
		return; /* the todo list, or http_resume, takes it from here */
	c->state = CALL_FINISHED;
	list_push(&c->http->finished, c);
	queue_drain(c->http);
}

/* ---- errors ---- */

static const struct {
	int code;
	const char *text;
} connect_errors[] = {
    {ENOENT, "no such file"},
    {ENOTDIR, "no such file"},
    {EACCES, "permission denied"},
    {EPERM, "permission denied"},
    {ECONNREFUSED, "connection refused"},
    {ENOTSOCK, "not a socket"},
};

const char *http_where(const struct http *h)
{
	return h->site->t.unix_socket ? h->site->t.unix_socket : h->site->t.base_url;
}

/* curl_text: what went wrong, NULL when the system knows. */
static void connect_error(struct call *c, const char *curl_text)
{
	const char *text =
	    curl_text ? curl_text : "too many connections wait there"; /* see backlog_full */
	long code = 0;

	if (!curl_text)
		curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &code);
	if (code != 0)
		text = strerror((int)code);
	for (size_t i = 0; i < ARRAY_LEN(connect_errors); i++)
		if (connect_errors[i].code == code)
			text = connect_errors[i].text;
	err_set(&c->err, ERR_UNAVAILABLE, "cannot connect to %s: %s", http_where(c->http), text);
}

static void timeout_error(struct call *c)
{
	int64_t took = clock_mono_ms() - c->started_ms;

	if (c->req.timeout_ms > 0 && took >= c->req.timeout_ms - 10)
		err_set(&c->err, ERR_TIMEOUT, "no answer from %s to %s %s within %g s",
		    http_where(c->http), c->method, c->path, (double)c->req.timeout_ms / 1000);
	else
		err_set(&c->err, ERR_UNAVAILABLE, "cannot connect to %s: no answer within %d s",
		    http_where(c->http), (int)(c->http->site->t.connect_ms / 1000));
}

static void too_large_error(struct call *c)
{
	err_set(&c->err, ERR_TOO_LARGE, "the answer of %s to %s %s is larger than %zu bytes",
	    http_where(c->http), c->method, c->path,
	    c->reply.overflow ? c->reply.max : MAX_HEADERS);
}

static const struct {
	CURLcode code;
	enum http_fault fault;
} faults[] = {
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_FAULT_RESOLVE},
    {CURLE_COULDNT_CONNECT, HTTP_FAULT_CONNECT},
    {CURLE_OPERATION_TIMEDOUT, HTTP_FAULT_TIMEOUT},
    {CURLE_GOT_NOTHING, HTTP_FAULT_CLOSED},
    {CURLE_SEND_ERROR, HTTP_FAULT_CLOSED},
    {CURLE_RECV_ERROR, HTTP_FAULT_CLOSED},
    {CURLE_PARTIAL_FILE, HTTP_FAULT_CLOSED},
};

static void call_set_fault(struct call *c, CURLcode code)
{
	long os_code = 0;

	c->fault = c->reply.overflow ? HTTP_FAULT_TOO_LARGE : HTTP_FAULT_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		if (faults[i].code == code)
			c->fault = faults[i].fault;
	curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &os_code);
	c->os_error = (int)os_code;
}

/* Sets c->err from libcurl's code; these two places alone know these codes. */
static void call_set_error(struct call *c, CURLcode code)
{
	const char *text = *c->detail ? c->detail : curl_easy_strerror(code);

	call_set_fault(c, code);
	if (http_tls_error(c->http->site, c->easy, code, c->detail, &c->err))
		c->fault = HTTP_FAULT_TLS;
	else if (c->too_large)
		too_large_error(c);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		timeout_error(c);
	else if (code == CURLE_COULDNT_CONNECT)
		connect_error(c, NULL);
	else if (code == CURLE_COULDNT_RESOLVE_HOST)
		connect_error(c, "no such host");
	else if (code == CURLE_URL_MALFORMAT)
		err_set(&c->err, ERR_BAD_REQUEST, "%s is not a valid URL", c->url);
	else if (code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR ||
		 code == CURLE_RECV_ERROR ||
		 code == CURLE_ABORTED_BY_CALLBACK) /* the last: see before_request */
		err_set(&c->err, ERR_UNAVAILABLE, "%s closed the connection %s %s %s",
		    http_where(c->http),
		    c->headers_done ? "in the middle of the answer to" : "without an answer to",
		    c->method, c->path);
	else if (code == CURLE_PARTIAL_FILE)
		err_set(&c->err, ERR_UNAVAILABLE,
		    "%s closed the connection in the middle of the answer to %s %s",
		    http_where(c->http), c->method, c->path);
	else
		err_set(&c->err, ERR_UNAVAILABLE, "%s %s of %s: %s", c->method, c->path,
		    http_where(c->http), text);
}

/* ---- libcurl's callbacks about one call ---- */

static bool is_stream(const struct call *c)
{
	return c->req.on_data && c->status / 100 == 2;
}

static void end_of_headers(struct call *c)
{
	struct http_response r;

	if (c->status / 100 == 1 && c->status != 101)
		return; /* 100 Continue: the real answer follows */
	c->headers_done = true;
	if (c->req.on_data && !is_stream(c))
		c->reply.max = MAX_ERROR_BODY;
	if (!c->req.on_headers)
		return;
	r = call_response(c);
	c->req.on_headers(c->req.ctx, c->req.key, &r);
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
	struct call *c = arg;
	size_t all = size * count, len = all;

	if (c->cancelled)
		return 0;
	c->header_bytes += all;
	if (c->header_bytes > MAX_HEADERS) {
		c->too_large = true;
		return 0;
	}
	while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r'))
		len--;
	if (c->headers_done) {
		if (len > 0) /* a trailer */
			strlist_add_take(&c->reply_headers, xstrndup(data, len));
	} else if (len == 0) {
		end_of_headers(c);
	} else if (len > 5 && strncasecmp(data, "HTTP/", 5) == 0) {
		strlist_release(&c->reply_headers);
		c->status = http_parse_status(data, len);
	} else {
		strlist_add_take(&c->reply_headers, xstrndup(data, len));
	}
	return c->cancelled ? 0 : all;
}

static size_t on_write(char *data, size_t size, size_t count, void *arg)
{
	struct call *c = arg;
	size_t len = size * count;

	if (c->cancelled)
		return CURL_WRITEFUNC_ERROR;
	if (!is_stream(c)) {
		buf_add(&c->reply, data, len);
		c->too_large = c->reply.overflow;
		return c->too_large ? CURL_WRITEFUNC_ERROR : len;
	}
	if (c->paused) {
		c->curl_paused = true; /* this piece comes again */
		return CURL_WRITEFUNC_PAUSE;
	}
	if (!c->req.on_data(c->req.ctx, c->req.key, data, len))
		c->paused = true;
	return c->cancelled ? CURL_WRITEFUNC_ERROR : len;
}

static size_t on_read(char *data, size_t size, size_t count, void *arg)
{
	struct call *c = arg;
	struct upload *u = c->upload;
	size_t len = size * count < u->queue.len ? size * count : u->queue.len;

	if (c->cancelled)
		return CURL_READFUNC_ABORT;
	u->paused = len == 0 && !u->ended;
	if (u->paused)
		return CURL_READFUNC_PAUSE;
	if (len)
		memcpy(data, u->queue.ptr, len);
	buf_consume(&u->queue, len);
	if (u->awaited && u->queue.len == 0) {
		u->awaited = false;
		c->req.on_writable(c->req.ctx, c->req.key);
	}
	return len;
}

/*
 * libcurl sends a request anew when a kept connection breaks before an answer. The first time may
 * have had its effect: what is not idempotent must not go out twice.
 */
static int before_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct call *c = arg;
	bool again = c->sent;

	c->sent = true;
	if (again &&
	    (c->upload || strcmp(c->method, "POST") == 0 || strcmp(c->method, "PATCH") == 0))
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

/* libcurl opens its sockets without it. */
static int close_on_exec(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return CURL_SOCKOPT_OK;
}

/* ---- starting ---- */

static void set_method(struct call *c)
{
	CURL *e = c->easy;
	bool post = strcmp(c->method, "POST") == 0;
	bool sends = post || strcmp(c->method, "PUT") == 0 || strcmp(c->method, "PATCH") == 0;

	if (strcmp(c->method, "HEAD") == 0) {
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
		return;
	}
	if (c->upload) {
		curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(e, CURLOPT_READDATA, c);
	} else if (c->body || sends) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->req.body_len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, c->body ? (const char *)c->body : "");
	}
	if (c->upload || (!post && strcmp(c->method, "GET") != 0))
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, c->method);
	else if (!post && c->body)
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "GET");
}

static void set_connection(struct call *c)
{
	CURL *e = c->easy;

	http_site_apply(c->http->site, e);
	if (c->connect_fn) {
		curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
		curl_easy_setopt(e, CURLOPT_HTTPPROXYTUNNEL, 1L);
	} else if (c->req.own_connection) {
		curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	}
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, close_on_exec);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(
	    e, CURLOPT_BUFFERSIZE, c->req.own_connection ? STREAM_BUFFER : CALL_BUFFER);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->detail);
}

static void call_start(struct call *c)
{
	struct http *h = c->http;
	CURL *e = c->easy = easy_get(h);
	int64_t left = c->req.timeout_ms - (clock_mono_ms() - c->started_ms);
	CURLMcode code;

	c->state = CALL_ACTIVE;
	if (!c->req.own_connection)
		h->active++;
	set_connection(c);
	set_method(c);
	if (c->req.timeout_ms > 0)
		curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(left > 0 ? left : 1));
	curl_easy_setopt(e, CURLOPT_URL, c->url);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	if (!c->req.bare_headers)
		curl_easy_setopt(e, CURLOPT_USERAGENT, "kjob/" KJOB_VERSION);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, c);
	curl_easy_setopt(e, CURLOPT_PRIVATE, c);
	code = curl_multi_add_handle(h->multi, e);
	if (code == CURLM_OK)
		return;
	err_set(&c->err, ERR_INTERNAL, "%s", curl_multi_strerror(code));
	call_finish(c);
}

static void start_list(struct http *h, struct call_list *l, int limit)
{
	while (l->first && h->active < limit) {
		struct call *c = list_pop(l);

		if (c->cancelled)
			call_free(c);
		else if (c->err.reason != ERR_NONE)
			call_finish(c);
		else
			call_start(c);
	}
}

/* ---- the drain ---- */

static void work_todo(struct http *h)
{
	struct call *c;

	while ((c = list_pop(&h->todo))) {
		c->in_todo = false;
		if (c->cancelled) {
			call_free(c);
		} else if (c->state == CALL_HELD) {
			call_finish(c);
		} else if ((c->curl_paused && !c->paused) || (c->upload && c->upload->paused)) {
			c->curl_paused = false;
			curl_easy_pause(c->easy, CURLPAUSE_CONT); /* may call on_write, on_read */
		}
	}
}

/*
 * A unix socket whose backlog is full refuses with EAGAIN at once where TCP would wait; libcurl
 * reports that as a failure without an errno.
 */
static bool backlog_full(const struct call *c, CURLcode code)
{
	int64_t took = clock_mono_ms() - c->started_ms;
	long os_code = 0;

	if (code != CURLE_COULDNT_CONNECT || !c->http->site->t.unix_socket ||
	    took >= c->http->site->t.connect_ms)
		return false;
	curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &os_code);
	return (os_code == 0 || os_code == EAGAIN) &&
	       (c->req.timeout_ms == 0 || took < c->req.timeout_ms);
}

static void call_retry(struct call *c)
{
	struct http *h = c->http;

	call_detach(c);
	c->state = CALL_WAITING;
	list_push(&h->retrying, c);
	if (!timer_is_set(&h->retry_timer))
		timer_set(h->loop, &h->retry_timer, RETRY_MS);
}

static void on_retry_timer(void *arg)
{
	struct http *h = arg;
	struct call *c;

	while ((c = list_pop(&h->retrying)))
		list_push(c->req.own_connection ? &h->starting : &h->waiting, c);
	queue_drain(h);
}

static void collect(struct http *h)
{
	struct CURLMsg *msg;
	struct call *c;
	int left;

	while ((msg = curl_multi_info_read(h->multi, &left))) {
		CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &c);
		if (!c->in_todo && backlog_full(c, code)) {
			call_retry(c);
			continue;
		}
		if (code != CURLE_OK)
			call_set_error(c, code);
		call_finish(c);
	}
}

static void deliver_one(struct call *c)
{
	const struct err *err = c->err.reason != ERR_NONE ? &c->err : NULL;
	struct http_response r = call_response(c);

	if (c->connect_fn && !err && !c->cancelled) {
		c->state = CALL_CONNECTED;
		c->connect_fn(c->req.ctx, c->easy, &r, NULL);
		return;
	}
	if (!c->cancelled) {
		c->cancelled = true; /* this is its last callback */
		if (c->connect_fn)
			c->connect_fn(c->req.ctx, NULL, &r, err);
		else
			c->req.done(c->req.ctx, c->req.key, &r, err);
	}
	call_free(c);
}

static void deliver(struct http *h)
{
	struct call *c;

	while ((c = list_pop(&h->finished)))
		deliver_one(c);
}

static void destroy(struct http *h);

static void leave(struct http *h)
{
	if (--h->busy == 0 && h->dead)
		destroy(h);
}

static void drain(void *arg)
{
	struct http *h = arg;
	int running;

	h->drain_queued = false;
	h->busy++;
	work_todo(h);
	collect(h);
	start_list(h, &h->starting, INT_MAX);
	start_list(h, &h->waiting, HTTP_PARALLEL);
	if (h->kick) {
		h->kick = false;
		curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		collect(h);
	}
	deliver(h);
	if (h->waiting.first && h->active < HTTP_PARALLEL)
		queue_drain(h);
	leave(h);
}

/* ---- libcurl's descriptors and timer ---- */

static void on_socket(void *arg, int events)
{
	struct watch *w = arg;
	struct http *h = w->http;
	int running;
	int mask = events & LOOP_READ ? CURL_CSELECT_IN : 0;

	if (events & LOOP_WRITE)
		mask |= CURL_CSELECT_OUT;
	h->busy++;
	curl_multi_socket_action(h->multi, w->fd, mask, &running); /* may free w */
	queue_drain(h);
	leave(h);
}

static int socket_cb(CURL *easy, curl_socket_t fd, int what, void *arg, void *per_socket)
{
	struct http *h = arg;
	struct watch *w = per_socket;
	int events = 0;

	if (what == CURL_POLL_REMOVE) {
		if (w)
			loop_fd_free(w->event);
		free(w);
		curl_multi_assign(h->multi, fd, NULL);
		return 0;
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= LOOP_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= LOOP_WRITE;
	if (w) {
		loop_fd_set(w->event, events);
		return 0;
	}
	w = xcalloc(1, sizeof(*w));
	w->http = h;
	w->fd = fd;
	w->event = loop_fd_new_named(h->loop, "HTTP client", fd, events, on_socket, w);
	curl_multi_assign(h->multi, fd, w);
	return 0;
}

static void on_timer(void *arg)
{
	struct http *h = arg;

	h->kick = true;
	queue_drain(h);
}

static int timer_cb(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *h = arg;

	timer_cancel(h->loop, &h->timer);
	if (timeout_ms == 0)
		on_timer(h);
	else if (timeout_ms > 0)
		timer_set(h->loop, &h->timer, timeout_ms);
	return 0;
}

/* ---- the client ---- */

struct http *http_new(struct loop *l, const struct http_target *t)
{
	struct http *h = xcalloc(1, sizeof(*h));

	/*
	 * Setting up TLS costs milliseconds: only for who needs it. libcurl counts these calls, so
	 * that the flags of the first client hold; OpenSSL and GnuTLS of today set themselves up
	 * when asked later.
	 */
	curl_global_init(
	    strncasecmp(t->base_url, "https:", 6) == 0 ? CURL_GLOBAL_SSL : CURL_GLOBAL_NOTHING);
	h->loop = l;
	h->site = http_site_new(t);
	h->timer.name = "HTTP client's timer";
	h->timer.fn = on_timer;
	h->timer.arg = h;
	h->retry_timer.name = "HTTP client's next attempt";
	h->retry_timer.fn = on_retry_timer;
	h->retry_timer.arg = h;
	h->multi = curl_multi_init();
	if (!h->multi)
		abort();
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, timer_cb);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	/* Streams count too: a smaller number would close kept connections of calls while many
	 * streams run. */
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, 65536L);
	return h;
}

struct http *http_clone(const struct http *h)
{
	return http_new(h->loop, &h->site->t);
}

struct loop *http_loop(const struct http *h)
{
	return h->loop;
}

const char *http_base_url(const struct http *h)
{
	return h->site->t.base_url;
}

const struct http_site *http_site(const struct http *h)
{
	return h->site;
}

void http_set_identity(struct http *h, const char *cert_pem, const char *key_pem)
{
	http_site_set_identity(h->site, cert_pem, key_pem);
}

static void destroy(struct http *h)
{
	while (h->calls_len > 0)
		call_free(h->calls[h->calls_len - 1]);
	free(h->calls);
	while (h->spare_len > 0)
		curl_easy_cleanup(h->spare[--h->spare_len]);
	curl_multi_cleanup(h->multi);
	loop_undefer(h->loop, h);
	timer_cancel(h->loop, &h->timer);
	timer_cancel(h->loop, &h->retry_timer);
	curl_global_cleanup();
	http_site_free(h->site);
	free(h);
}

void http_free(struct http *h)
{
	if (!h || h->dead)
		return;
	for (size_t i = 0; i < h->calls_len; i++)
		h->calls[i]->cancelled = true;
	h->dead = true;
	if (h->busy == 0)
		destroy(h);
}

/* ---- requests ---- */

static struct upload *upload_new(void)
{
	struct upload *u = xcalloc(1, sizeof(*u));

	buf_init(&u->queue, HTTP_UPLOAD_QUEUE);
	return u;
}

static struct call *call_new(struct http *h, const struct http_request *r)
{
	struct call *c = xcalloc(1, sizeof(*c));
	size_t path_len = strcspn(r->path, "?");

	c->http = h;
	c->id = ++h->last_id;
	c->req = *r;
	c->method = xstrdup(r->method);
	c->path = xstrndup(r->path, path_len);
	c->url = xasprintf(
	    "%s%s", h->site->curl_base ? h->site->curl_base : h->site->t.base_url, r->path);
	if (r->body && r->body_len > 0)
		c->body = xmemdup(r->body, r->body_len);
	if (r->uploads)
		c->upload = upload_new();
	c->started_ms = clock_mono_ms();
	buf_init(&c->reply, r->max_body ? r->max_body : DEFAULT_MAX_BODY);
	GROW(h->calls, h->calls_cap, h->calls_len + 1);
	h->calls[h->calls_len++] = c;
	return c;
}

static void check(struct call *c, const struct http_request *r)
{
	const struct http *h = c->http;
	const char *fault = http_request_fault(r);

	if (fault)
		err_set(&c->err, ERR_BAD_REQUEST, "%s", fault);
	else if (h->site->t.unix_socket &&
		 strlen(h->site->t.unix_socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		err_set(&c->err, ERR_UNAVAILABLE,
		    "cannot connect to %s: the path is too long for a socket",
		    h->site->t.unix_socket);
}

http_id http_send(struct http *h, const struct http_request *r)
{
	struct call *c = call_new(h, r);

	auto_strlist more = {0};

	check(c, r);
	if (c->err.reason == ERR_NONE && http_site_headers(h->site, &more, &c->err) == 0)
		c->headers = http_header_list(r, &more);
	list_push(r->own_connection ? &h->starting : &h->waiting, c);
	queue_drain(h);
	return c->id;
}

void http_connect(struct http *h, http_connect_fn *fn, void *arg)
{
	struct http_request r = {.method = "GET", .path = "/", .own_connection = true, .ctx = arg};
	struct call *c = call_new(h, &r);

	check(c, &r);
	c->connect_fn = fn;
	list_push(&h->starting, c);
	queue_drain(h);
}

void http_cancel(struct http *h, http_id id)
{
	struct call *c = call_find(h, id);

	if (!c)
		return;
	c->cancelled = true;
	if (c->state == CALL_ACTIVE || c->state == CALL_HELD)
		todo(c);
	else
		queue_drain(h); /* freed where its list is worked off */
}

void http_resume(struct http *h, http_id id)
{
	struct call *c = call_find(h, id);

	if (!c || !c->paused)
		return;
	c->paused = false;
	if (c->curl_paused || c->state == CALL_HELD)
		todo(c);
}

/* What the queue holds now goes on. */
static void push(struct call *c)
{
	if (c->upload->paused && c->state == CALL_ACTIVE)
		todo(c);
}

bool http_write(struct http *h, http_id id, const void *data, size_t len)
{
	struct call *c = call_find(h, id);
	struct upload *u = c ? c->upload : NULL;

	if (!u)
		return true;
	if (u->queue.len && u->queue.len + len > HTTP_UPLOAD_QUEUE) {
		u->awaited = c->req.on_writable != NULL;
		return false;
	}
	buf_add(&u->queue, data, len);
	push(c);
	return true;
}

void http_write_end(struct http *h, http_id id)
{
	struct call *c = call_find(h, id);

	if (!c || !c->upload)
		return;
	c->upload->ended = true;
	push(c);
}
