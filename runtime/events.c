/* events: the engine's notices of starts, ends and removals, over a stream that is opened again
 * whenever it ends. */
#include "engine_internal.h"

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 5000

struct events {
	struct engine *en;
	struct engine_who who;
	struct events_callbacks cb;
	char *path;
	http_id http;
	struct buf partial;
	struct timer retry;
	int64_t delay_ms;
	unsigned busy;
	bool freed;
};

/* ---- lines ---- */

void json_lines_feed(struct buf *partial, const char *data, size_t len,
    bool (*fn)(void *ctx, const json *line), void *ctx)
{
	bool go_on = true;

	if (!partial->max)
		buf_init(partial, LINE_MAX_LEN);
	while (len && go_on) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) : len;

		buf_add(partial, data, n);
		data += n + (nl ? 1 : 0);
		len -= n + (nl ? 1 : 0);
		if (!nl)
			return;
		if (partial->len && !partial->overflow) {
			auto_err e = {0};
			auto_json *j =
			    json_parse(partial->ptr, partial->len, JSON_ALLOW_DUPLICATES, &e);

			buf_clear(partial);
			if (j)
				go_on = fn(ctx, j);
			else
				log_debug("engine: a line that is no JSON: %s", err_msg(&e));
		} else {
			buf_release(partial); /* too long: skipped up to its end */
			buf_init(partial, LINE_MAX_LEN);
		}
	}
}

/* ---- the watch ---- */

static const struct {
	const char *action;
	enum engine_event_type type;
} actions[] = {
    {"start", EVENT_START},
    {"die", EVENT_DIE},
    {"died", EVENT_DIE},
    {"oom", EVENT_OOM},
    {"destroy", EVENT_DESTROY},
    {"remove", EVENT_DESTROY},
};

static void events_destroy(struct events *ev)
{
	free(ev->path);
	buf_release(&ev->partial);
	free(ev);
}

static void events_leave(struct events *ev)
{
	if (--ev->busy == 0 && ev->freed)
		events_destroy(ev);
}

void events_free(struct events *ev)
{
	if (!ev || ev->freed)
		return;
	http_cancel(ev->en->http, ev->http);
	timer_cancel(ev->en->loop, &ev->retry);
	ev->freed = true;
	if (!ev->busy)
		events_destroy(ev);
}

/* Docker says exitCode, Podman containerExitCode; both as text. */
static int event_exit_code(const json *line)
{
	const char *text = json_str(line, "Actor.Attributes.exitCode");
	int64_t code;

	if (!text)
		text = json_str(line, "Actor.Attributes.containerExitCode");
	return text && str_to_int(text, 0, 255, &code) == 0 ? (int)code : -1;
}

static bool events_line(void *ctx, const json *line)
{
	struct events *ev = ctx;
	const char *action = json_str(line, "Action");
	struct engine_event event = {.container_id = json_str(line, "Actor.ID"), .exit_code = -1};

	for (size_t i = 0; action && event.container_id && i < ARRAY_LEN(actions); i++) {
		if (!str_eq(action, actions[i].action))
			continue;
		event.type = actions[i].type;
		event.time_ns = json_int(line, "timeNano", 0);
		if (event.type == EVENT_DIE)
			event.exit_code = event_exit_code(line);
		ev->cb.on_event(ev->who, &event);
		break;
	}
	return !ev->freed;
}

bool engine_die_is_prompt(const struct engine *en)
{
	return en->traits->prompt_die;
}

static void events_headers(void *ctx, uint64_t key, const struct http_response *r)
{
	struct events *ev = ctx;

	if (r->status / 100 != 2)
		return;
	ev->delay_ms = RETRY_MIN_MS;
	ev->busy++;
	ev->cb.on_connected(ev->who);
	events_leave(ev);
}

static bool events_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct events *ev = ctx;

	ev->busy++;
	json_lines_feed(&ev->partial, data, len, events_line, ev);
	events_leave(ev);
	return true;
}

static void events_done(
    void *ctx, uint64_t key, const struct http_response *r, const struct err *err)
{
	struct events *ev = ctx;
	auto_err e = {0};

	ev->http = 0;
	buf_release(&ev->partial);
	if (engine_reply_err(ev->en, CALL_EVENTS, r, err, &e) == 0)
		err_set(&e, ERR_UNAVAILABLE, "%s: the stream of events ended", ev->en->where);
	timer_set(ev->en->loop, &ev->retry, ev->delay_ms);
	ev->delay_ms = ev->delay_ms * 2 < RETRY_MAX_MS ? ev->delay_ms * 2 : RETRY_MAX_MS;
	ev->busy++;
	ev->cb.on_lost(ev->who, &e);
	events_leave(ev);
}

static void events_connect(void *arg)
{
	struct events *ev = arg;
	struct http_request req = {
	    .method = "GET",
	    .path = ev->path,
	    .own_connection = true,
	    .done = events_done,
	    .on_headers = events_headers,
	    .on_data = events_data,
	    .ctx = ev,
	};

	ev->http = http_send(ev->en->http, &req);
}

struct events *events_watch(struct engine *en, const char *const *labels,
    const struct events_callbacks *cb, struct engine_who who)
{
	static const char *const wanted[] = {
	    "start", "die", "oom", "destroy", "remove", "died", NULL};
	static const char *const wanted_docker[] = {"start", "die", "oom", "destroy", NULL};
	struct events *ev = xcalloc(1, sizeof(*ev));
	auto_free char *filters =
	    engine_filters(labels, en->traits->died_event ? wanted : wanted_docker);

	ev->en = en;
	ev->who = who;
	ev->cb = *cb;
	ev->delay_ms = RETRY_MIN_MS;
	ev->path = engine_path(en, "/events?filters=%s", filters);
	ev->retry = (struct timer){.name = "engine events", .fn = events_connect, .arg = ev};
	events_connect(ev);
	return ev;
}
