/* engine: the connection, the calls under way on it, ping and info. */
#include "engine_internal.h"

static const struct {
	const char *what;
	int64_t timeout_ms;
} calls[] = {
    [CALL_INFO] = {"info", 60000},
    [CALL_CREATE] = {"create", 120000},
    [CALL_ARCHIVE] = {"archive", 600000},
    [CALL_START] = {"start", 300000},
    [CALL_INSPECT] = {"inspect", 60000},
    [CALL_KILL] = {"kill", 60000},
    [CALL_REMOVE] = {"remove", 300000},
    [CALL_LIST] = {"list", 120000},
    [CALL_ATTACH] = {"attach", 0},
    [CALL_LOGS] = {"logs", 0},
    [CALL_EVENTS] = {"events", 0},
    [CALL_IMAGE] = {"inspect image", 60000},
    [CALL_PULL] = {"pull", 0},
    [CALL_EXEC_CREATE] = {"create exec", 60000},
    [CALL_EXEC_START] = {"start exec", 0},
    [CALL_EXEC_INSPECT] = {"inspect exec", 60000},
    [CALL_STATS] = {"stats", 10000},
    [CALL_RESIZE] = {"resize terminal", 60000},
    [CALL_LOAD] = {"import image", 120000},
    [CALL_VERSION] = {"version", 60000},
    [CALL_VOLUME_CREATE] = {"create volume", 120000},
    [CALL_VOLUME_REMOVE] = {"remove volume", 300000},
    [CALL_VOLUME] = {"inspect volume", 60000},
    [CALL_NETWORK] = {"inspect network", 60000},
};

struct engine *engine_new(struct loop *l, const struct engine_addr *a)
{
	struct engine *en = xcalloc(1, sizeof(*en));
	struct http_target t = {
	    .unix_socket = a->socket, .base_url = a->socket ? "http://localhost" : a->tcp};
	char version[16];

	en->loop = l;
	en->kind = a->kind;
	en->traits = engine_traits(a->kind);
	en->tells_oom = quirk_tells_oom(a->kind, a->version);
	en->http = http_new(l, &t);
	en->prefix =
	    xasprintf("/v%s", quirk_api_version(version, a->api_version) ? version : "1.41");
	en->foreign = !a->socket;
	en->where = xasprintf("%s at %s", en->traits->name, a->socket ? a->socket : a->tcp);
	return en;
}

static void call_unlink(struct call *c)
{
	if (!c->link)
		return;
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->link = NULL;
}

static void call_free(struct call *c)
{
	call_unlink(c);
	if (timer_is_set(&c->timer))
		timer_cancel(c->en->loop, &c->timer);
	if (c->free_extra)
		c->free_extra(c->extra);
	free(c->target);
	free(c);
}

void engine_free(struct engine *en)
{
	if (!en)
		return;
	exec_free_dying(en);
	while (en->calls) {
		struct call *c = en->calls;

		http_cancel(en->http, c->http);
		call_free(c);
	}
	http_free(en->http);
	free(en->prefix);
	free(en->where);
	free(en);
}

enum engine_kind engine_kind(const struct engine *en)
{
	return en->kind;
}

bool engine_hostname_follows(const struct engine *en)
{
	return en->traits->hostname_when_joined;
}

void engine_cancel(struct engine *en, engine_id id)
{
	for (struct call *c = en->calls; c; c = c->next) {
		if (c->id != id)
			continue;
		http_cancel(en->http, c->http);
		call_free(c);
		return;
	}
}

/* ---- calls ---- */

struct call *call_new(
    struct engine *en, enum engine_call kind, call_reply_fn *reply, struct engine_who who)
{
	struct call *c = xcalloc(1, sizeof(*c));

	c->en = en;
	c->kind = kind;
	c->reply = reply;
	c->who = who;
	c->id = ++en->last_id;
	return c;
}

static void call_link(struct call *c)
{
	if (c->link)
		return;
	c->next = c->en->calls;
	c->link = &c->en->calls;
	if (c->next)
		c->next->link = &c->next;
	c->en->calls = c;
}

int engine_unavailable(const struct engine *en, const struct err *cause, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "%s: %s", en->where, err_msg(cause));
}

int engine_reply_err(const struct engine *en, enum engine_call kind, const struct http_response *r,
    const struct err *cause, struct err *e)
{
	if (!cause)
		return quirk_reply(en->kind, kind, r->status, r->body, r->body_len, e);
	if (cause->reason == ERR_TOO_LARGE)
		return err_set(e, ERR_INTERNAL, "%s: the answer to %s is too large", en->where,
		    calls[kind].what);
	return engine_unavailable(en, cause, e);
}

static void call_done(void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct call *c = ctx;
	auto_err e = {0};
	int failed = engine_reply_err(c->en, c->kind, r, err, &e);

	if (failed)
		log_debug("engine: %s %s: %s", calls[c->kind].what, c->target ? c->target : "",
		    err_msg(&e));
	c->http = 0;
	call_unlink(c); /* so that the callback may cancel it or free the engine */
	c->reply(c, err ? NULL : r, failed ? &e : NULL);
	if (!c->link)
		call_free(c);
}

engine_id call_send(struct call *c, const struct call_request *r)
{
	auto_free char *path =
	    r->own_api ? xasprintf("/v4.0.0/libpod%s", r->path) : engine_path(c->en, "%s", r->path);
	auto_free char *type =
	    r->content_type ? xasprintf("Content-Type: %s", r->content_type) : NULL;
	auto_free char *auth = r->auth ? xasprintf("X-Registry-Auth: %s", r->auth) : NULL;
	const char *headers[] = {type ? type : auth, type ? auth : NULL, NULL};
	struct http_request req = {
	    .method = r->method,
	    .path = path,
	    .headers = headers,
	    .body = r->body,
	    .body_len = r->body_len,
	    .max_body = REPLY_MAX,
	    .timeout_ms = r->uploads ? 0 : calls[c->kind].timeout_ms,
	    .own_connection = r->streams,
	    .uploads = r->uploads,
	    .on_writable = r->on_writable,
	    .done = call_done,
	    .on_data = r->on_data,
	    .ctx = c,
	    .key = c->id,
	};

	call_link(c);
	log_debug("engine: %s %s", r->method, path);
	c->http = http_send(c->en->http, &req);
	return c->id;
}

engine_id call_sendf(struct call *c, const char *method, const char *fmt, ...)
{
	va_list ap;
	struct call_request r = {.method = method};

	va_start(ap, fmt);
	auto_free char *path = xvasprintf(fmt, ap);
	va_end(ap);
	r.path = path;
	return call_send(c, &r);
}

void call_later(struct call *c, int64_t delay_ms, void (*fn)(void *call))
{
	call_link(c);
	c->timer.name = "engine call";
	c->timer.fn = fn;
	c->timer.arg = c;
	timer_set(c->en->loop, &c->timer, delay_ms);
}

json *call_json(const struct call *c, const struct http_response *r, struct err *e)
{
	auto_err cause = {0};
	json *j = json_parse(r->body, r->body_len, JSON_ALLOW_DUPLICATES, &cause);

	if (!j)
		err_set(e, ERR_INTERNAL, "%s: the answer to %s: %s", c->en->where,
		    calls[c->kind].what, err_msg(&cause));
	return j;
}

/* ---- paths ---- */

char *engine_path(const struct engine *en, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	auto_free char *rest = xvasprintf(fmt, ap);
	va_end(ap);
	return xasprintf("%s%s", en->prefix, rest);
}

char *engine_escape(const char *text)
{
	auto_buf b = {0};

	http_escape(&b, text);
	return buf_take(&b);
}

static json *string_array(const char *const *items)
{
	json *a = json_new_array();

	for (size_t i = 0; items && items[i]; i++)
		json_add(a, json_new_string(items[i]));
	return a;
}

char *engine_filters(const char *const *labels, const char *const *events)
{
	auto_json *f = json_new_object();

	json_set(f, "label", string_array(labels));
	if (events) {
		json_set(f, "type", string_array((const char *const[]){"container", NULL}));
		json_set(f, "event", string_array(events));
	}
	auto_free char *text = json_print(f);
	return engine_escape(text);
}

/* ---- info ---- */

static void info_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);

	if (!j) {
		c->cb.info(c->who, NULL, err ? err : &e);
		return;
	}
	struct engine_info info = {
	    .name = json_str_or(j, "Name", ""),
	    .os = json_str_or(j, "OperatingSystem", ""),
	    .kernel = json_str_or(j, "KernelVersion", ""),
	    .arch = quirk_arch(json_str_or(j, "Architecture", "")),
	    .server_version = json_str_or(j, "ServerVersion", ""),
	    .cpus = json_int(j, "NCPU", 0),
	    .memory_bytes = json_int(j, "MemTotal", 0),
	    .root_dir = json_str(j, "DockerRootDir"),
	};
	c->cb.info(c->who, &info, NULL);
}

engine_id engine_get_info(struct engine *en, engine_info_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_INFO, info_reply, who);

	c->cb.info = cb;
	return call_sendf(c, "GET", "/info");
}
