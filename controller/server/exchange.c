#include "exchange.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "../../runtime/base/map.h"
#include "gzip.h"

/* evhttp answers larger bodies in its own words and closes; between the two limits a Status says
 * so. */
#define EVHTTP_BODY_BYTES (16 * MIB)
#define IDLE_TIMEOUT_S 60
#define END_TIMEOUT_S 30
#define READ_AHEAD_BYTES (256 * KIB)
#define ACCEPT_PAUSE_MS 200
/* libevent's own default of 16 KiB would cost a turn of the loop for each. */
#define WRITE_BYTES (256 * KIB)
#define MAX_LISTENERS 4
#define MAX_WARNINGS 64
#define MAX_WARNING_BYTES 1024
/* Answers shorter than this are copied rather than referenced. */
#define COPY_BELOW 4096
/* The same of shared texts, whose copies add up. */
#define COPY_SHARED_BELOW 1024

TAILQ_HEAD(exchange_list, exchange);

/* One kind of listener. */
struct front {
	struct exchanges *all;
	struct evhttp *http;
	struct secure *secure; /* NULL: no TLS */
	struct evhttp_bound_socket *listeners[MAX_LISTENERS];
	size_t listener_count;
};

struct exchanges {
	struct loop *loop;
	struct front local, remote;
	char *version;
	void (*handler)(struct exchange *x);
	void *server;
	struct timer accept_again; /* after running out of descriptors */
	struct event *marker;
	struct exchange_list list; /* in the order of arrival */
	size_t active;
	int64_t last_activity;
};

/* ---- the request's text ---- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Percent-decoding; NULL where an escape is broken or stands for NUL. */
static char *decode(const char *text, size_t len, bool plus_is_space)
{
	char *out = xmalloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < len ? hex_value(text[i + 1]) : -1;
			int low = i + 2 < len ? hex_value(text[i + 2]) : -1;

			if (high < 0 || low < 0 || high * 16 + low == 0) {
				free(out);
				return NULL;
			}
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return out;
}

static int parse_path(struct exchange *x, const char *path)
{
	while (*path) {
		const char *end;
		char *segment;

		if (*path == '/') {
			path++;
			continue;
		}
		end = strchrnul(path, '/');
		segment = decode(path, (size_t)(end - path), false);
		if (!segment)
			return -1;
		strlist_add_take(&x->path, segment);
		path = end;
	}
	return 0;
}

static int parse_query(struct exchange *x, const char *query)
{
	while (query && *query) {
		const char *end = strchrnul(query, '&');
		const char *eq = memchr(query, '=', (size_t)(end - query));
		const char *name_end = eq ? eq : end;
		char *name = decode(query, (size_t)(name_end - query), true);
		char *value = eq ? decode(eq + 1, (size_t)(end - eq - 1), true) : xstrdup("");

		if (!name || !value) {
			free(name);
			free(value);
			return -1;
		}
		strlist_add_take(&x->query, name);
		strlist_add_take(&x->query, value);
		query = *end ? end + 1 : end;
	}
	return 0;
}

const char *exchange_query(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i + 1 < x->query.len; i += 2)
		if (str_eq(x->query.items[i], name))
			return x->query.items[i + 1];
	return NULL;
}

bool exchange_query_bool(const struct exchange *x, const char *name)
{
	const char *v = exchange_query(x, name);

	return v &&
	       (!*v || str_eq(v, "1") || strcasecmp(v, "true") == 0 || strcasecmp(v, "t") == 0);
}

const char *exchange_header(const struct exchange *x, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(x->req), name);
}

void exchange_header_items(const struct exchange *x, const char *name, struct strlist *ret)
{
	const struct evkeyval *h;

	TAILQ_FOREACH(h, evhttp_request_get_input_headers(x->req), next)
	{
		auto_strlist items = {0};

		if (strcasecmp(h->key, name) != 0)
			continue;
		str_split(&items, h->value, ',');
		for (size_t i = 0; i < items.len; i++) {
			const char *item = items.items[i] + strspn(items.items[i], " \t");

			strlist_add_take(ret, xstrndup(item, strcspn(item, " \t")));
		}
	}
}

/* ---- life ---- */

static struct bufferevent *bev_of(const struct exchange *x)
{
	return evhttp_connection_get_bufferevent(x->conn);
}

struct secure_conn *exchange_secure(const struct exchange *x)
{
	return x->front->secure ? secure_conn_of(x->front->secure, bev_of(x)) : NULL;
}

bool exchange_is_remote(const struct exchange *x)
{
	return x->front == &x->all->remote;
}

/* While a request is answered, a client that goes on sending fills the socket, not the memory. */
static void on_input(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct exchange *x = arg;

	if (!info->n_added || evbuffer_get_length(in) < READ_AHEAD_BYTES)
		return;
	x->full = true;
	bufferevent_disable(bev_of(x), EV_READ); /* evhttp enables it for the next request */
}

static void exchange_free(struct exchange *x)
{
	evbuffer_remove_cb_entry(bufferevent_get_input(bev_of(x)), x->input_limit);
	TAILQ_REMOVE(&x->all->list, x, link);
	x->all->active--;
	x->all->last_activity = clock_mono_ms();
	strlist_release(&x->path);
	strlist_release(&x->query);
	strlist_release(&x->warnings);
	buf_release(&x->own_body);
	buf_release(&x->head);
	buf_release(&x->text);
	free(x);
}

/* The connection of a stream is done with: closes it, and evhttp frees the request with it. */
static void close_connection(struct exchange *x)
{
	struct evhttp_connection *conn = x->conn;

	evhttp_connection_set_closecb(conn, NULL, NULL);
	exchange_free(x);
	evhttp_connection_free(conn);
}

/* evhttp has written the answer. */
static void on_complete(struct evhttp_request *req, void *arg)
{
	struct exchange *x = arg;

	loop_wake(x->all->loop);
	evhttp_connection_set_closecb(x->conn, NULL, NULL);
	exchange_free(x);
}

/*
 * The connection goes down before its answer is complete. A request that evhttp has detached from
 * it by now is ours to free; otherwise it goes with the connection.
 */
static void on_close(struct evhttp_connection *conn, void *arg)
{
	struct exchange *x = arg;
	const struct exchange_ops *ops = x->state == EXCHANGE_STREAM ? x->ops : NULL;

	loop_wake(x->all->loop);
	if (ops)
		ops->on_gone(x->ctx);
	if (!evhttp_request_get_connection(x->req))
		evhttp_request_free(x->req);
	exchange_free(x);
}

static enum method method_of(struct evhttp_request *req)
{
	static const struct {
		enum evhttp_cmd_type command;
		enum method method;
	} methods[] = {
	    {EVHTTP_REQ_GET, METHOD_GET},
	    {EVHTTP_REQ_POST, METHOD_POST},
	    {EVHTTP_REQ_PUT, METHOD_PUT},
	    {EVHTTP_REQ_PATCH, METHOD_PATCH},
	    {EVHTTP_REQ_DELETE, METHOD_DELETE},
	};

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (methods[i].command == evhttp_request_get_command(req))
			return methods[i].method;
	return METHOD_OTHER;
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct front *front = arg;
	struct exchanges *a = front->all;
	struct exchange *x = xcalloc(1, sizeof(*x));
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	struct evbuffer *in = evhttp_request_get_input_buffer(req);

	loop_wake(a->loop);
	x->all = a;
	x->front = front;
	x->server = a->server;
	x->req = req;
	x->conn = evhttp_request_get_connection(req);
	x->method = method_of(req);
	TAILQ_INSERT_TAIL(&a->list, x, link);
	a->active++;
	a->last_activity = clock_mono_ms();
	evhttp_connection_set_closecb(x->conn, on_close, x);
	bufferevent_set_max_single_write(bev_of(x), WRITE_BYTES);
	x->input_limit = evbuffer_add_cb(bufferevent_get_input(bev_of(x)), on_input, x);
	x->body_len = evbuffer_get_length(in);
	x->body = x->body_len ? (const char *)evbuffer_pullup(in, -1) : "";
	if (parse_path(x, path ? path : "") < 0 ||
	    parse_query(x, uri ? evhttp_uri_get_query(uri) : NULL) < 0) {
		strlist_release(&x->path); /* no such path: the handler answers that */
		strlist_add(&x->path, "");
	}
	a->handler(x);
}

/* ---- plain answers ---- */

static const char *reason_phrase(int code)
{
	static const struct {
		int code;
		const char *phrase;
	} phrases[] = {
	    {101, "Switching Protocols"},
	    {200, "OK"},
	    {201, "Created"},
	    {202, "Accepted"},
	    {304, "Not Modified"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {406, "Not Acceptable"},
	    {409, "Conflict"},
	    {410, "Gone"},
	    {413, "Request Entity Too Large"},
	    {415, "Unsupported Media Type"},
	    {422, "Unprocessable Entity"},
	    {429, "Too Many Requests"},
	    {500, "Internal Server Error"},
	    {503, "Service Unavailable"},
	    {504, "Gateway Timeout"},
	};

	for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
		if (phrases[i].code == code)
			return phrases[i].phrase;
	return "Status";
}

/* `299 - "TEXT"` with quotes and backslashes escaped, control characters dropped, long texts cut.
 */
static void warning_value(struct buf *out, const char *text)
{
	buf_adds(out, "299 - \"");
	for (size_t i = 0; text[i] && i < MAX_WARNING_BYTES; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == 0x7f)
			c = ' ';
		if (c == '"' || c == '\\')
			buf_addch(out, '\\');
		buf_addch(out, (char)c);
	}
	buf_addch(out, '"');
}

void exchange_header_set(struct exchange *x, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(x->req), name, value);
}

/* Each text once: deleting a collection may say the same of every object. */
static void add_warnings(struct exchange *x, struct evkeyvalq *headers)
{
	struct map seen = {0};

	for (size_t i = 0; i < x->warnings.len && seen.len < MAX_WARNINGS; i++) {
		auto_buf value = {0};

		if (map_set(&seen, x->warnings.items[i], x))
			continue;
		warning_value(&value, x->warnings.items[i]);
		evhttp_add_header(headers, "Warning", buf_str(&value));
	}
	map_release(&seen, NULL);
}

static void free_text(const void *data, size_t len, void *arg)
{
	free(arg);
}

/* Moves the contents to the end of an evbuffer without copying large ones. */
static void add_taken(struct evbuffer *to, struct buf *b)
{
	size_t len = b->len;
	char *text;

	if (!len)
		return;
	if (len < COPY_BELOW) {
		evbuffer_add(to, b->ptr, len);
		buf_release(b);
		return;
	}
	text = buf_take(b);
	evbuffer_add_reference(to, text, len, free_text, text);
}

/* "gzip", perhaps among others and with a quality, in Accept-Encoding. */
static bool takes_gzip(const struct exchange *x)
{
	const char *accept = exchange_header(x, "Accept-Encoding");
	auto_strlist codings = {0};

	if (accept)
		str_split(&codings, accept, ',');
	for (size_t i = 0; i < codings.len; i++) {
		const char *p = codings.items[i] + strspn(codings.items[i], " \t");
		const char *q = strstr(p, "q=");
		size_t n = strcspn(p, "; \t");

		if (n == 4 && strncasecmp(p, "gzip", n) == 0)
			return !q || strtod(q + 2, NULL) > 0;
	}
	return false;
}

/* Large answers; a client that asks for Tables of thousands of pods gets a tenth of the bytes. */
static void compress_answer(struct exchange *x, struct evkeyvalq *headers)
{
	size_t len = x->head.len + x->text.len;
	struct buf packed = {0};

	if (len < GZIP_MIN_BYTES || len > GZIP_MAX_BYTES)
		return;
	evhttp_add_header(headers, "Vary", "Accept-Encoding");
	if (!takes_gzip(x))
		return;
	gzip_texts(&x->head, &x->text, &packed);
	buf_release(&x->head);
	buf_release(&x->text);
	x->text = packed;
	evhttp_add_header(headers, "Content-Encoding", "gzip");
}

static void send_answer(struct exchange *x)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(x->req);
	struct evbuffer *out = evbuffer_new();

	evhttp_add_header(headers, "Content-Type", x->type);
	evhttp_add_header(headers, "Kjob-Version", x->all->version);
	if (!evhttp_find_header(headers, "Cache-Control"))
		evhttp_add_header(headers, "Cache-Control", "no-cache, private");
	add_warnings(x, headers);
	compress_answer(x, headers);
	add_taken(out, &x->head);
	add_taken(out, &x->text);
	x->state = EXCHANGE_SENT;
	evhttp_request_set_on_complete_cb(x->req, on_complete, x);
	evhttp_send_reply(x->req, x->code, reason_phrase(x->code), out); /* x may be gone */
	evbuffer_free(out);
}

void exchange_reply(
    struct exchange *x, int code, const char *type, struct buf *head, struct buf *text, bool hold)
{
	x->code = code;
	x->type = type;
	if (head) {
		x->head = *head;
		*head = (struct buf){0};
	}
	x->text = *text;
	*text = (struct buf){0};
	if (hold)
		x->state = EXCHANGE_HELD;
	else
		send_answer(x);
}

void exchange_postpone(struct exchange *x)
{
	x->state = EXCHANGE_POSTPONED;
}

void exchanges_release(struct exchanges *a, int replace_code, const char *replace_text)
{
	struct exchange *x, *next;

	for (x = TAILQ_FIRST(&a->list); x; x = next) {
		next = TAILQ_NEXT(x, link);
		if (x->state == EXCHANGE_POSTPONED) {
			x->state = EXCHANGE_OPEN;
			a->handler(x);
			continue;
		}
		if (x->state != EXCHANGE_HELD)
			continue;
		if (replace_text) {
			x->code = replace_code;
			x->type = "application/json";
			buf_clear(&x->head);
			buf_clear(&x->text);
			buf_adds(&x->text, replace_text);
		}
		send_answer(x);
	}
}

/* ---- streams ---- */

static void on_stream_read(struct bufferevent *bev, void *arg)
{
	struct exchange *x = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	char piece[16 * KIB];
	int n;

	loop_wake(x->all->loop);
	if (x->paused)
		return;
	if (x->state != EXCHANGE_STREAM || !x->ops->on_data) {
		evbuffer_drain(in, evbuffer_get_length(in));
		x->full = false;
		bufferevent_enable(bev, EV_READ);
		return;
	}
	/* One piece a call: the callback may end the stream. The rest comes with the next call. */
	n = evbuffer_remove(in, piece, sizeof(piece));
	if (x->full && evbuffer_get_length(in) < READ_AHEAD_BYTES) {
		x->full = false;
		bufferevent_enable(bev, EV_READ);
	}
	if (evbuffer_get_length(in))
		bufferevent_trigger(bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
	if (n > 0)
		x->ops->on_data(x->ctx, piece, (size_t)n);
}

static void on_stream_written(struct bufferevent *bev, void *arg)
{
	struct exchange *x = arg;

	loop_wake(x->all->loop);
	if (x->state == EXCHANGE_STREAM)
		x->ops->on_writable(x->ctx);
	else if (!x->lingers && !exchange_unsent(x)) {
		secure_goodbye(bev);
		close_connection(x);
	}
}

static void on_stream_event(struct bufferevent *bev, short what, void *arg)
{
	struct exchange *x = arg;

	loop_wake(x->all->loop);
	if (x->state == EXCHANGE_STREAM) {
		x->state = EXCHANGE_ENDING;
		x->ops->on_gone(x->ctx);
	}
	close_connection(x);
}

static void take_over(
    struct exchange *x, const struct exchange_ops *ops, void *ctx, const char *header)
{
	struct bufferevent *bev = bev_of(x);

	x->state = EXCHANGE_STREAM;
	x->ops = ops;
	x->ctx = ctx;
	bufferevent_setcb(bev, on_stream_read, on_stream_written, on_stream_event, x);
	bufferevent_set_timeouts(bev, NULL, NULL);
	bufferevent_setwatermark(bev, EV_WRITE, EXCHANGE_LOW_WATER, 0);
	evbuffer_add(bufferevent_get_output(bev), header, strlen(header));
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	if (evbuffer_get_length(bufferevent_get_input(bev)))
		bufferevent_trigger(bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}

void exchange_stream(
    struct exchange *x, const char *type, const struct exchange_ops *ops, void *ctx)
{
	auto_buf header = {0};

	x->chunked = x->req->major > 1 || x->req->minor >= 1;
	buf_addf(&header,
	    "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nKjob-Version: %s\r\n"
	    "Cache-Control: no-cache, private\r\n%sConnection: close\r\n\r\n",
	    type, x->all->version, x->chunked ? "Transfer-Encoding: chunked\r\n" : "");
	take_over(x, ops, ctx, buf_str(&header));
}

void exchange_upgrade(
    struct exchange *x, const char *headers, const struct exchange_ops *ops, void *ctx)
{
	auto_buf header = {0};

	buf_addf(&header,
	    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nKjob-Version: %s\r\n%s\r\n",
	    x->all->version, headers);
	take_over(x, ops, ctx, buf_str(&header));
}

void exchange_write(struct exchange *x, const void *data, size_t len)
{
	struct evbuffer *out = bufferevent_get_output(bev_of(x));

	if (!len)
		return;
	if (x->chunked)
		evbuffer_add_printf(out, "%zx\r\n", len);
	evbuffer_add(out, data, len);
	if (x->chunked)
		evbuffer_add(out, "\r\n", 2);
}

struct shared_text {
	size_t refs;
	struct buf text;
};

struct shared_text *shared_text_new(struct buf *text)
{
	struct shared_text *t = xmalloc(sizeof(*t));

	*t = (struct shared_text){.refs = 1, .text = *text};
	*text = (struct buf){0};
	return t;
}

struct shared_text *shared_text_ref(struct shared_text *t)
{
	t->refs++;
	return t;
}

void shared_text_unref(struct shared_text *t)
{
	if (--t->refs)
		return;
	buf_release(&t->text);
	free(t);
}

static void unref_shared(const void *data, size_t len, void *arg)
{
	shared_text_unref(arg);
}

/* What of a part of a message was not sent; the text is kept by reference. */
static void add_rest(
    struct evbuffer *out, const struct iovec *part, size_t *sent, struct shared_text *t)
{
	size_t skip = *sent < part->iov_len ? *sent : part->iov_len, left = part->iov_len - skip;
	const char *rest = (const char *)part->iov_base + skip;

	*sent -= skip;
	if (!left)
		return;
	if (t && left >= COPY_SHARED_BELOW)
		evbuffer_add_reference(out, rest, left, unref_shared, shared_text_ref(t));
	else
		evbuffer_add(out, rest, left);
}

void exchange_write_shared(struct exchange *x, struct shared_text *const *texts, size_t count)
{
	struct evbuffer *out = bufferevent_get_output(bev_of(x));
	struct iovec parts[EXCHANGE_SHARED_MAX + 2];
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = count + 2};
	size_t len = 0, sent;
	char size[24] = "";
	ssize_t n = 0;

	for (size_t i = 0; i < count; i++) {
		parts[i + 1] = (struct iovec){texts[i]->text.ptr, texts[i]->text.len};
		len += texts[i]->text.len;
	}
	if (!len)
		return;
	parts[0].iov_base = size;
	parts[0].iov_len = x->chunked ? (size_t)snprintf(size, sizeof(size), "%zx\r\n", len) : 0;
	parts[count + 1] = (struct iovec){(void *)"\r\n", x->chunked ? 2 : 0};
	if (!x->front->secure && evbuffer_get_length(out) == 0)
		n = sendmsg(bufferevent_getfd(bev_of(x)), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* An error shows again when libevent sends the rest. */
	sent = n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < count + 2; i++)
		add_rest(out, &parts[i], &sent, i > 0 && i <= count ? texts[i - 1] : NULL);
}

void exchange_write_take(struct exchange *x, struct buf *data)
{
	struct evbuffer *out = bufferevent_get_output(bev_of(x));

	if (!data->len)
		return;
	if (x->chunked)
		evbuffer_add_printf(out, "%zx\r\n", data->len);
	add_taken(out, data);
	if (x->chunked)
		evbuffer_add(out, "\r\n", 2);
}

size_t exchange_unsent(const struct exchange *x)
{
	return evbuffer_get_length(bufferevent_get_output(bev_of(x)));
}

void exchange_pause(struct exchange *x, bool paused)
{
	struct bufferevent *bev = bev_of(x);

	if (x->paused == paused)
		return;
	x->paused = paused;
	if (paused) {
		bufferevent_disable(bev, EV_READ);
		return;
	}
	if (!x->full)
		bufferevent_enable(bev, EV_READ);
	if (evbuffer_get_length(bufferevent_get_input(bev)))
		bufferevent_trigger(bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}

void exchange_end(struct exchange *x)
{
	static const struct timeval patience = {END_TIMEOUT_S, 0};
	struct bufferevent *bev = bev_of(x);

	if (x->chunked)
		evbuffer_add(bufferevent_get_output(bev), "0\r\n\r\n", 5);
	x->state = EXCHANGE_ENDING;
	bufferevent_setwatermark(bev, EV_WRITE, 0, 0);
	bufferevent_set_timeouts(bev, NULL, &patience);
	exchange_pause(x, false);
	bufferevent_trigger(
	    bev, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS); /* in case all is sent already */
}

void exchange_linger(struct exchange *x)
{
	static const struct timeval patience = {END_TIMEOUT_S, 0};

	x->lingers = true;
	exchange_end(x);
	bufferevent_set_timeouts(bev_of(x), &patience, &patience);
}

void exchange_abort(struct exchange *x)
{
	x->state = EXCHANGE_ENDING;
	close_connection(x);
}

/* ---- all of them ---- */

static void accept_again(void *arg)
{
	struct exchanges *a = arg;
	struct front *fronts[] = {&a->local, &a->remote};

	for (size_t f = 0; f < ARRAY_LEN(fronts); f++)
		for (size_t i = 0; i < fronts[f]->listener_count; i++)
			evconnlistener_enable(
			    evhttp_bound_socket_get_listener(fronts[f]->listeners[i]));
}

/*
 * A listener that evhttp has taken over knows nothing but its evhttp, which knows nothing of us: an
 * event of the base does.
 */
static void on_marker(evutil_socket_t fd, short what, void *arg)
{
}

static int find_marker(const struct event_base *base, const struct event *ev, void *arg)
{
	struct exchanges **ret = arg;

	if (event_get_callback(ev) == on_marker)
		*ret = event_get_callback_arg(ev);
	return *ret != NULL;
}

/* Out of descriptors, most likely: accepting again at once would spin. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct exchanges *a = NULL;

	log_warn("accept: %s", strerror(errno));
	event_base_foreach_event(evconnlistener_get_base(listener), find_marker, &a);
	if (!a)
		return;
	evconnlistener_disable(listener);
	timer_set(a->loop, &a->accept_again, ACCEPT_PAUSE_MS);
	loop_wake(a->loop);
}

static void front_open(struct front *f, struct exchanges *a, struct secure *secure)
{
	f->all = a;
	f->secure = secure;
	f->http = evhttp_new(loop_base(a->loop));
	if (!f->http)
		abort();
	evhttp_set_allowed_methods(f->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
						EVHTTP_REQ_PATCH | EVHTTP_REQ_DELETE |
						EVHTTP_REQ_HEAD | EVHTTP_REQ_OPTIONS);
	evhttp_set_max_headers_size(f->http, MAX_HEADER_BYTES);
	evhttp_set_max_body_size(f->http, EVHTTP_BODY_BYTES);
	evhttp_set_timeout(f->http, IDLE_TIMEOUT_S);
	evhttp_set_default_content_type(f->http, NULL);
	evhttp_set_gencb(f->http, on_request, f);
	if (secure)
		evhttp_set_bevcb(f->http, secure_accept, secure);
}

static void front_stop_listening(struct front *f)
{
	if (f->secure)
		secure_set_listener(f->secure, NULL);
	for (size_t i = 0; i < f->listener_count; i++)
		evhttp_del_accept_socket(f->http, f->listeners[i]);
	f->listener_count = 0;
}

static struct exchange *first_of(const struct front *f)
{
	struct exchange *x;

	TAILQ_FOREACH(x, &f->all->list, link)
	if (x->front == f)
		break;
	return x;
}

static void front_close(struct front *f)
{
	struct exchange *x;

	if (!f->http)
		return;
	front_stop_listening(f);
	while ((x = first_of(f))) {
		if (x->state == EXCHANGE_STREAM) {
			x->state = EXCHANGE_ENDING;
			x->ops->on_gone(x->ctx);
		}
		close_connection(x);
	}
	evhttp_free(f->http);
	f->http = NULL;
	f->secure = NULL;
}

static int front_listen(struct front *f, int fd, struct err *e)
{
	struct evconnlistener *l;

	if (f->listener_count == MAX_LISTENERS)
		return err_set(e, ERR_INTERNAL, "too many listeners");
	evutil_make_socket_nonblocking(fd);
	l = evconnlistener_new(loop_base(f->all->loop), NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!l)
		return err_sys(e, errno, "listen");
	f->listeners[f->listener_count] = evhttp_bind_listener(f->http, l);
	if (!f->listeners[f->listener_count])
		abort(); /* out of memory */
	f->listener_count++;
	evconnlistener_set_error_cb(l, on_accept_error);
	if (f->secure)
		secure_set_listener(f->secure, l);
	return 0;
}

struct exchanges *exchanges_new(
    struct loop *l, const char *version, void (*handler)(struct exchange *x), void *server)
{
	static const struct timeval day = {24 * 60 * 60, 0};
	struct exchanges *a = xcalloc(1, sizeof(*a));

	a->loop = l;
	a->version = xstrdup(version);
	a->handler = handler;
	a->server = server;
	a->last_activity = clock_mono_ms();
	a->accept_again = (struct timer){.name = "accept again", .fn = accept_again, .arg = a};
	TAILQ_INIT(&a->list);
	a->marker = event_new(loop_base(l), -1, EV_PERSIST, on_marker, a);
	if (!a->marker || event_add(a->marker, &day) < 0)
		abort(); /* out of memory */
	front_open(&a->local, a, NULL);
	return a;
}

void exchanges_free(struct exchanges *a)
{
	timer_cancel(a->loop, &a->accept_again);
	front_close(&a->remote);
	front_close(&a->local);
	event_free(a->marker);
	free(a->version);
	free(a);
}

int exchanges_listen(struct exchanges *a, int fd, struct err *e)
{
	return front_listen(&a->local, fd, e);
}

int exchanges_listen_secure(struct exchanges *a, int fd, struct secure *s, struct err *e)
{
	front_open(&a->remote, a, s);
	if (front_listen(&a->remote, fd, e) == 0)
		return 0;
	front_close(&a->remote);
	return -1;
}

void exchanges_close_secure(struct exchanges *a)
{
	front_close(&a->remote);
}

void exchanges_stop_listening(struct exchanges *a)
{
	timer_cancel(a->loop, &a->accept_again);
	front_stop_listening(&a->local);
	front_stop_listening(&a->remote);
}

void exchanges_drain(struct exchanges *a)
{
	struct exchange *x, *next;

	exchanges_stop_listening(a);
	for (x = TAILQ_FIRST(&a->list); x; x = next) {
		next = TAILQ_NEXT(x, link);
		if (x->state == EXCHANGE_STREAM)
			x->ops->on_drain(x->ctx);
	}
}

size_t exchanges_active(const struct exchanges *a)
{
	return a->active;
}

int64_t exchanges_last_activity_ms(const struct exchanges *a)
{
	return a->last_activity;
}
