#include "client.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "../runtime/base/clock.h"
#include "../runtime/base/log.h"
#include "../runtime/base/paths.h"
#include "client_remote.h"
#include "output.h"
#include "spawn.h"

#define DEFAULT_MAX_BODY ((size_t)256 * MIB)
#define WATCH_LINE_MAX ((size_t)64 * MIB)
#define WATCH_PAUSE_AT ((size_t)4 * MIB)
#define VERBOSE_REQUESTS 6
#define REVIVE_FIRST_MS 100
#define REVIVE_CAP_MS 3000
#define REVIVE_CALM_MS 30000 /* without trouble for as long: the pauses are short again */

struct client {
	struct cluster *cluster; /* NULL: the local controller */
	int64_t revived_ms, revive_pause_ms;
	struct paths paths;
	char *engine;
	bool no_start;
	int verbose;
	int64_t timeout_ms;
	struct loop *loop;
	struct http *http;
	struct strlist warnings; /* printed already */
	bool version_checked;
	bool called; /* since the last client_turn */
};

/* ---- headers ---- */

/* The text of `299 - "text"`; owned. */
static char *warning_text(const char *value)
{
	const char *p = strchr(value, '"');
	auto_buf text = {.max = 64 * KIB};

	if (!p)
		return NULL;
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		buf_addch(&text, *p);
	}
	return buf_take(&text);
}

static void note_warning(struct client *c, const char *value)
{
	auto_free char *text = warning_text(value);

	if (!text || strlist_has(&c->warnings, text))
		return;
	strlist_add(&c->warnings, text);
	if (term_color(STDERR_FILENO))
		fprintf(stderr, "\033[33;1mWarning:\033[0m %s\n", text);
	else
		fprintf(stderr, "Warning: %s\n", text);
}

void client_note_headers(struct client *c, const struct http_response *r)
{
	static const char warning[] = "Warning:";
	const char *version = http_header(r, "Kjob-Version");

	if (version && !c->cluster && !c->version_checked && !str_eq(version, KJOB_VERSION))
		fprintf(stderr,
		    "Warning: the controller is version %s, this is version %s; "
		    "'kjob controller stop' lets the next command start the new one\n",
		    version, KJOB_VERSION);
	c->version_checked = c->version_checked || version;
	for (size_t i = 0; r->headers && i < r->headers->len; i++)
		if (strncasecmp(r->headers->items[i], warning, sizeof(warning) - 1) == 0)
			note_warning(c, r->headers->items[i] + sizeof(warning) - 1);
}

void client_transport_error(
    struct client *c, const struct http_response *r, const struct err *err, struct err *e)
{
	if (c->cluster)
		remote_error(c->cluster, r->fault, r->os_error, err, e);
	else
		err_copy(e, err);
}

bool client_is_kjob(const struct client *c)
{
	return c->version_checked;
}

/* ---- errors of the server ---- */

int client_status_object_error(const json *status, struct err *e)
{
	int code = (int)json_int(status, "code", 500);

	err_set(e, err_reason_from(json_str(status, "reason"), code), "%s",
	    json_str_or(status, "message", "the server gave no reason"));
	if (e)
		e->details = json_dup(status);
	return -1;
}

int client_status_error(int status, const char *body, size_t len, struct err *e)
{
	auto_json *j = json_parse(body ? body : "", len, JSON_ALLOW_DUPLICATES, NULL);
	auto_json *made = NULL;

	if (str_eq(json_str(j, "kind"), "Status"))
		return client_status_object_error(j, e);
	/* Not the API server's own words: a proxy, or a path that it does not have. */
	made = json_new_object();
	json_set_str(made, "kind", "Status");
	json_set_int(made, "code", status);
	json_set_str(made, "reason", err_reason_name(err_reason_from(NULL, status)));
	json_set_str(made, "message",
	    len && len < 512 ? body : "the server could not find the requested resource");
	return client_status_object_error(made, e);
}

/* ---- connecting ---- */

static const char *behind_scheme(const char *address)
{
	const char *at = strstr(address, "://");

	return at ? at + strlen("://") : address;
}

/*
 * A controller that runs on another engine than the one asked for is an error, never a silent
 * choice.
 */
static int check_engine(struct client *c, const char *wanted, struct err *e)
{
	auto_json *status = NULL;
	const char *kind, *address;

	if (!*wanted || str_eq(wanted, "auto"))
		return 0;
	status = client_get_json(c, "/kjob/v1/status", e);
	if (!status)
		return -1;
	kind = json_str_or(status, "engine.kind", "");
	address = json_str_or(status, "engine.address", "");
	if (str_eq(kind, wanted) || str_eq(address, wanted) || !*address)
		return 0;
	/* unix://PATH is told as the path, tcp://HOST:PORT as a URL */
	if (str_eq(behind_scheme(address), behind_scheme(wanted)))
		return 0;
	return err_set(e, ERR_CONFLICT,
	    "this instance runs on %s (%s), not on %s; end it with 'kjob controller stop', or set "
	    "KJOB_HOME to another folder for a second instance",
	    kind, address, wanted);
}

static int connect_to_controller(struct client *c, struct err *e)
{
	const char *env = getenv("KJOB_ENGINE");
	const char *wanted = *c->engine ? c->engine : env ? env : "";
	bool started;

	if (spawn_controller(&c->paths, c->engine, c->no_start, &started, e) < 0)
		return -1;
	/* Who only asks or ends a controller takes the one there is. */
	return started || c->no_start ? 0 : check_engine(c, wanted, e);
}

/* The headers of a request to a cluster; for the HTTP client. */
static int remote_headers(void *ctx, struct strlist *ret, struct err *e)
{
	struct client *c = ctx;
	struct credentials *own = c->cluster->credentials;
	bool identity;

	if (credentials_headers(own, ret, &identity, e) < 0)
		return -1;
	if (identity)
		http_set_identity(c->http, credentials_cert(own), credentials_key(own));
	return 0;
}

static int open_local(struct client *c, struct err *e)
{
	struct http_target target = {.base_url = "http://localhost"};

	if (paths_init(&c->paths, e) < 0)
		return -1;
	target.unix_socket = c->paths.socket;
	c->http = http_new(c->loop, &target);
	return connect_to_controller(c, e);
}

int client_open(const struct client_options *o, struct client **ret, struct err *e)
{
	struct client *c = xcalloc(1, sizeof(*c));

	/* Standard error is the user's: a reader that stalls makes turns slow, which is no news to
	 * a command. */
	if (!getenv("KJOB_LOG"))
		log_setup(STDERR_FILENO, LOG_ERROR);
	c->cluster = o->cluster;
	c->engine = xstrdup(o->engine ? o->engine : "");
	c->no_start = o->no_start;
	c->verbose = o->verbose;
	c->timeout_ms = o->timeout_ms;
	c->loop = loop_new();
	if (c->cluster) {
		struct http_target target = c->cluster->target;

		target.headers = remote_headers;
		target.headers_ctx = c;
		c->http = http_new(c->loop, &target);
	} else if (open_local(c, e) < 0) {
		client_close(c);
		return -1;
	}
	*ret = c;
	return 0;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	if (c->http)
		http_free(c->http);
	if (c->loop)
		loop_free(c->loop);
	strlist_release(&c->warnings);
	paths_release(&c->paths);
	free(c->engine);
	free(c);
}

static void pause_over(void *arg)
{
	*(bool *)arg = true;
}

/* The loop turns meanwhile: what comes is collected. */
static void pause_for(struct client *c, int64_t ms)
{
	bool over = false;
	struct timer t = {.name = "pause", .fn = pause_over, .arg = &over};

	c->called = true;
	timer_set(c->loop, &t, ms);
	while (!over)
		loop_turn(c->loop, -1);
}

int client_revive(struct client *c, struct err *e)
{
	int64_t now = clock_mono_ms(), next = c->revive_pause_ms * 2;

	if (!c->cluster)
		return spawn_controller(&c->paths, c->engine, c->no_start, NULL, e);
	if (!next || now - c->revived_ms > REVIVE_CALM_MS)
		next = REVIVE_FIRST_MS;
	c->revive_pause_ms = next < REVIVE_CAP_MS ? next : REVIVE_CAP_MS;
	pause_for(c, c->revive_pause_ms);
	c->revived_ms = clock_mono_ms();
	return 0;
}

bool client_may_resume(struct client *c, const struct err *err)
{
	return err->reason == ERR_UNAVAILABLE || err->reason == ERR_TOO_MANY ||
	       (err->reason == ERR_UNAUTHORIZED && c->cluster &&
		   credentials_refused(c->cluster->credentials));
}

void client_turn(struct client *c)
{
	loop_turn(c->loop, c->called ? 0 : -1);
	c->called = false;
}

struct loop *client_loop(struct client *c)
{
	return c->loop;
}

struct http *client_http(struct client *c)
{
	return c->http;
}

/* ---- one call ---- */

struct pending {
	struct client *client;
	struct call call; /* with texts of its own */
	http_id id;
	struct reply reply;
	struct err err;
	enum http_fault fault; /* with err */
	int64_t begun_ms, took_ms;
	bool done;
	bool refused; /* the credentials were, once */
	bool broken;  /* the connection was, once */
};

static void call_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct pending *p = ctx;

	p->done = true;
	p->took_ms = clock_mono_ms() - p->begun_ms;
	if (err) {
		p->fault = r->fault;
		client_transport_error(p->client, r, err, &p->err);
		return;
	}
	p->reply.status = r->status;
	p->reply.body = xmemdupz(r->body, r->body_len);
	p->reply.body_len = r->body_len;
	for (size_t i = 0; r->headers && i < r->headers->len; i++)
		strlist_add(&p->reply.headers, r->headers->items[i]);
}

void reply_release(struct reply *r)
{
	free(r->body);
	strlist_release(&r->headers);
	memset(r, 0, sizeof(*r));
}

static void send_once(struct pending *p)
{
	struct client *c = p->client;
	const struct call *call = &p->call;
	auto_free char *accept = xasprintf("Accept: %s", call->accept ? call->accept : MIME_JSON);
	auto_free char *type =
	    xasprintf("Content-Type: %s", call->content_type ? call->content_type : MIME_JSON);
	const char *headers[] = {
	    accept, "User-Agent: kjob/" KJOB_VERSION, call->body ? type : NULL, NULL};
	struct http_request r = {
	    .method = call->method,
	    .path = call->path,
	    .headers = headers,
	    .body = call->body,
	    .body_len = call->body ? strlen(call->body) : 0,
	    .max_body = call->max_body ? call->max_body : DEFAULT_MAX_BODY,
	    .timeout_ms = call->timeout_ms ? call->timeout_ms : c->timeout_ms,
	    .done = call_done,
	    .ctx = p,
	};

	err_clear(&p->err);
	reply_release(&p->reply);
	p->done = false;
	p->begun_ms = clock_mono_ms();
	c->called = true;
	p->id = http_send(c->http, &r);
}

static void await(struct pending *p)
{
	struct client *c = p->client;
	const struct http_response r = {.headers = &p->reply.headers};

	c->called = true;
	while (!p->done)
		loop_turn(c->loop, -1);
	if (p->err.reason == ERR_NONE)
		client_note_headers(c, &r);
	if (c->verbose >= VERBOSE_REQUESTS)
		fprintf(stderr, "%s %s %d in %" PRId64 " ms\n", p->call.method, p->call.path,
		    p->reply.status, p->took_ms);
}

/*
 * The controller left at this very moment, or is leaving (503, when nothing was done): another one
 * is asked, where asking again is harmless.
 */
static bool is_worth_another(const struct pending *p)
{
	if (p->err.reason == ERR_UNAVAILABLE)
		return str_eq(p->call.method, "GET");
	return p->err.reason == ERR_NONE && p->reply.status == 503;
}

/* The same of a cluster: a connection that broke, or the server said when. */
static int64_t remote_pause(struct pending *p, unsigned tries)
{
	struct http_response r = {.headers = &p->reply.headers};
	bool first = !p->broken;

	if (p->err.reason != ERR_NONE) {
		p->broken = true;
		return first && p->fault == HTTP_FAULT_CLOSED && is_worth_another(p) ? 0 : -1;
	}
	if (p->reply.status == 401 && !p->refused) {
		p->refused = true;
		return credentials_refused(p->client->cluster->credentials) ? 0 : -1;
	}
	return remote_retry_ms(p->reply.status, http_header(&r, "Retry-After"), tries);
}

/* Whether to ask once more: 1, 0 or an error. */
static int again(struct pending *p, unsigned tries, struct err *e)
{
	struct client *c = p->client;
	int64_t ms;

	if (!c->cluster && (tries > 1 || !is_worth_another(p)))
		return 0;
	if (!c->cluster)
		return spawn_controller(&c->paths, c->engine, c->no_start, NULL, e) < 0 ? -1 : 1;
	ms = remote_pause(p, tries);
	if (ms > 0)
		pause_for(c, ms);
	return ms >= 0;
}

struct pending *client_begin(struct client *c, const struct call *call)
{
	struct pending *p = xcalloc(1, sizeof(*p));

	p->client = c;
	p->call = *call;
	p->call.method = xstrdup(call->method ? call->method : "GET");
	p->call.path = xstrdup(call->path);
	p->call.accept = xstrdup(call->accept);
	p->call.content_type = xstrdup(call->content_type);
	p->call.body = xstrdup(call->body);
	send_once(p);
	return p;
}

void client_drop(struct pending *p)
{
	if (!p)
		return;
	if (!p->done)
		http_cancel(p->client->http, p->id);
	free((char *)p->call.method);
	free((char *)p->call.path);
	free((char *)p->call.accept);
	free((char *)p->call.content_type);
	free((char *)p->call.body);
	reply_release(&p->reply);
	err_clear(&p->err);
	free(p);
}

/* The outcome; rc: of again. */
static int outcome(struct pending *p, int rc, struct reply *ret, struct err *e)
{
	if (rc < 0)
		return -1;
	if (p->err.reason != ERR_NONE) {
		err_move(e, &p->err);
		return p->client->cluster ? -1 : err_wrap(e, "the controller did not answer");
	}
	if (p->reply.status >= 400)
		return client_status_error(p->reply.status, p->reply.body, p->reply.body_len, e);
	*ret = p->reply;
	memset(&p->reply, 0, sizeof(p->reply));
	return 0;
}

int client_end(struct pending *p, struct reply *ret, struct err *e)
{
	unsigned tries = 0;
	int rc;

	await(p);
	while ((rc = again(p, ++tries, e)) > 0) {
		send_once(p);
		await(p);
	}
	rc = outcome(p, rc, ret, e);
	client_drop(p);
	return rc;
}

json *reply_json(const struct reply *r, const char *path, struct err *e)
{
	json *j = json_parse(r->body, r->body_len, JSON_ALLOW_DUPLICATES, e);

	if (!j)
		err_wrap(e, "cannot read the server's answer to %s", path);
	return j;
}

json *client_end_json(struct pending *p, struct err *e)
{
	auto_free char *path = xstrdup(p->call.path);
	auto_reply reply = {0};

	return client_end(p, &reply, e) < 0 ? NULL : reply_json(&reply, path, e);
}

json *client_json(struct client *c, const struct call *call, struct err *e)
{
	return client_end_json(client_begin(c, call), e);
}

json *client_get_json(struct client *c, const char *path, struct err *e)
{
	struct call call = {.path = path};

	return client_json(c, &call, e);
}

struct pending *client_begin_json(struct client *c, const char *method, const char *path,
    const char *content_type, const json *body)
{
	auto_free char *text = body ? json_print(body) : NULL;
	struct call call = {
	    .method = method, .path = path, .content_type = content_type, .body = text};

	return client_begin(c, &call);
}

json *client_send_json(struct client *c, const char *method, const char *path,
    const char *content_type, const json *body, struct err *e)
{
	return client_end_json(client_begin_json(c, method, path, content_type, body), e);
}

/* ---- watch ---- */

struct watch {
	struct client *client;
	watch_fn *fn;
	void *ctx;
	struct buf lines; /* received and not handled yet */
	struct err err;
	enum watch_end end;
	bool done;   /* end is set */
	bool closed; /* the answer is complete */
	bool paused;
	struct timer timer;
};

static void watch_stop(struct watch *w, enum watch_end end)
{
	w->done = true;
	w->end = end;
}

static void watch_line(struct watch *w, const char *line, size_t len)
{
	auto_json *event = json_parse(line, len, JSON_ALLOW_DUPLICATES, &w->err);
	const char *type = json_str_or(event, "type", "");

	if (!event || str_eq(type, "ERROR")) {
		if (event)
			client_status_object_error(json_get(event, "object"), &w->err);
		watch_stop(w, WATCH_STOPPED);
		return;
	}
	if (!w->fn(w->ctx, type, json_get(event, "object")))
		watch_stop(w, WATCH_STOPPED);
}

/*
 * Callbacks only collect; lines are handled between turns, where the handler may make calls of its
 * own.
 */
static bool watch_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct watch *w = ctx;

	buf_add(&w->lines, data, len);
	w->paused = w->lines.len >= WATCH_PAUSE_AT;
	return !w->paused;
}

static void watch_drain(struct watch *w)
{
	const char *newline;
	size_t at = 0;

	while (!w->done && w->lines.len > at &&
	       (newline = memchr(w->lines.ptr + at, '\n', w->lines.len - at))) {
		size_t len = (size_t)(newline - (w->lines.ptr + at));

		if (len)
			watch_line(w, w->lines.ptr + at, len);
		at += len + 1;
	}
	buf_consume(&w->lines, at);
	if (w->done || !w->lines.overflow)
		return;
	err_set(&w->err, ERR_TOO_LARGE, "the server sent a watch event of more than %zu bytes",
	    WATCH_LINE_MAX);
	watch_stop(w, WATCH_STOPPED);
}

static void watch_headers(void *ctx, uint64_t key, const struct http_response *r)
{
	struct watch *w = ctx;

	client_note_headers(w->client, r);
}

static void watch_done(
    void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct watch *w = ctx;

	if (err)
		client_transport_error(w->client, r, err, &w->err);
	else if (r->status >= 400)
		client_status_error(r->status, r->body, r->body_len, &w->err);
	w->closed = true;
}

static void watch_timeout(void *arg)
{
	watch_stop(arg, WATCH_TIMEOUT);
}

int client_watch(struct client *c, const char *path, const char *accept, int64_t timeout_ms,
    watch_fn *fn, void *ctx, enum watch_end *ret, struct err *e)
{
	auto_free char *accept_line = xasprintf("Accept: %s", accept ? accept : MIME_JSON);
	const char *headers[] = {accept_line, "User-Agent: kjob/" KJOB_VERSION, NULL};
	struct watch w = {
	    .client = c,
	    .fn = fn,
	    .ctx = ctx,
	    .timer = {.name = "watch timeout", .fn = watch_timeout, .arg = &w},
	};
	struct http_request r = {
	    .method = "GET",
	    .path = path,
	    .headers = headers,
	    .own_connection = true,
	    .done = watch_done,
	    .on_headers = watch_headers,
	    .on_data = watch_data,
	    .ctx = &w,
	};
	http_id id;

	buf_init(&w.lines, WATCH_LINE_MAX);
	if (timeout_ms > 0)
		timer_set(c->loop, &w.timer, timeout_ms);
	id = http_send(c->http, &r);
	while (!w.done) {
		loop_turn(c->loop, -1);
		watch_drain(&w);
		if (w.closed && !w.done)
			watch_stop(&w, WATCH_SERVER_ENDED);
		if (w.paused)
			http_resume(c->http, id);
		w.paused = false;
	}
	http_cancel(c->http, id);
	timer_cancel(c->loop, &w.timer);
	buf_release(&w.lines);
	if (w.err.reason != ERR_NONE) {
		err_move(e, &w.err);
		return -1;
	}
	*ret = w.end;
	return 0;
}

/* ---- paths ---- */

void query_add(struct buf *path, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	buf_addf(path, "%c%s=", strchr(buf_str(path), '?') ? '&' : '?', key);
	http_escape(path, value);
}

void query_addf(struct buf *path, const char *key, const char *fmt, ...)
{
	va_list ap;
	auto_free char *value = NULL;

	va_start(ap, fmt);
	value = xvasprintf(fmt, ap);
	va_end(ap);
	query_add(path, key, value);
}
