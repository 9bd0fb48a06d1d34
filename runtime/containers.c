/* containers: upload, start, inspect, kill, remove, list. */
#include "engine_internal.h"

/* ---- calls that only succeed or fail ---- */

static void done_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	c->cb.done(c->who, err);
}

engine_id container_put_archive(struct engine *en, const char *id, const char *path,
    const void *tar, size_t len, engine_done_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_ARCHIVE, done_reply, who);
	auto_free char *target = engine_escape(id);
	auto_free char *dir = engine_escape(path);
	auto_free char *url = xasprintf("/containers/%s/archive?path=%s", target, dir);

	c->cb.done = cb;
	c->target = xstrdup(id);
	return call_send(c, &(struct call_request){
				.method = "PUT",
				.path = url,
				.body = tar,
				.body_len = len,
				.content_type = "application/x-tar",
			    });
}

engine_id container_kill(struct engine *en, const char *id, const char *signal, engine_done_fn *cb,
    struct engine_who who)
{
	struct call *c = call_new(en, CALL_KILL, done_reply, who);
	auto_free char *target = engine_escape(id);
	auto_free char *sig = engine_escape(signal);

	c->cb.done = cb;
	c->target = xstrdup(id);
	return call_sendf(c, "POST", "/containers/%s/kill?signal=%s", target, sig);
}

/* ---- start ---- */

static void start_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	int code = err && err->reason != ERR_UNAVAILABLE && err->reason != ERR_NOT_FOUND
		       ? quirk_start_exit_code(err_msg(err))
		       : 0;
	auto_err e = {0};

	if (!code) {
		c->cb.start(c->who, 0, err);
		return;
	}
	err_set(&e, ERR_BAD_REQUEST, "%s", err_msg(err));
	c->cb.start(c->who, code, &e);
}

engine_id container_start(
    struct engine *en, const char *id, container_start_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_START, start_reply, who);
	auto_free char *target = engine_escape(id);

	c->cb.start = cb;
	c->target = xstrdup(id);
	return call_sendf(c, "POST", "/containers/%s/start", target);
}

/* ---- inspect ---- */

static const char *address_of(const json *network_settings)
{
	const char *ip = json_str(network_settings, "IPAddress");

	if (ip && *ip)
		return ip;
	json_for (n, json_get(network_settings, "Networks")) {
		ip = json_str(n, "IPAddress");
		if (ip && *ip)
			return ip;
	}
	return NULL;
}

static int64_t time_of(const json *state, const char *field)
{
	int64_t ns;

	return time_parse(json_str_or(state, field, ""), &ns) == 0 ? ns : TIME_ZERO_NS;
}

static const char *without_slash(const char *name)
{
	return *name == '/' ? name + 1 : name;
}

#define SIGKILL_EXIT_CODE 137

static void deliver_info(struct call *c, const json *j, bool lost)
{
	const json *state = json_get(j, "State");
	const char *error = json_str(state, "Error");
	auto_free char *clean = error && *error ? quirk_clean(error) : NULL;
	int64_t started = time_of(state, "StartedAt"), finished = time_of(state, "FinishedAt");
	bool ignored;
	struct container_info info = {
	    .id = json_str_or(j, "Id", ""),
	    .name = without_slash(json_str_or(j, "Name", "")),
	    .image_id = json_str_or(j, "Image", ""),
	    .error = clean,
	    .labels = json_path(j, "Config.Labels"),
	    .state = quirk_inspected_state(state, &ignored),
	    .lost = lost,
	    .exit_code = (int)json_int(state, "ExitCode", 0),
	    .oom_killed = json_bool(state, "OOMKilled", false),
	    .started_at_ns = started,
	    .finished_at_ns = finished,
	    .ip = address_of(json_get(j, "NetworkSettings")),
	    .stop_signal = json_str(j, "Config.StopSignal"),
	};

	info.oom_likely = !c->en->tells_oom && info.exit_code == SIGKILL_EXIT_CODE &&
			  json_int(j, "HostConfig.Memory", 0) > 0;
	/* Podman notes the start when its call returns; a short command may have ended by then. */
	if (finished != TIME_ZERO_NS && finished < started)
		info.started_at_ns = finished;
	c->cb.inspect(c->who, &info, NULL);
}

static void size_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);

	c->cb.size(c->who, json_int(j, "SizeRw", 0), err ? err : j ? NULL : &e);
}

engine_id container_size(
    struct engine *en, const char *id, engine_size_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_INSPECT, size_reply, who);
	auto_free char *target = engine_escape(id);

	c->cb.size = cb;
	c->target = xstrdup(id);
	return call_sendf(c, "GET", "/containers/%s/json?size=true", target);
}

static void inspect_send(void *arg)
{
	struct call *c = arg;
	auto_free char *target = engine_escape(c->target);

	call_sendf(c, "GET", "/containers/%s/json", target);
}

/* An end without a time may be one that the engine is just writing down: ask again before calling
 * it lost. */
#define LOST_TRIES 3
#define LOST_DELAY_MS 50

static void bridge_reply(struct call *c, const struct http_response *r, const struct err *err);
static void free_json(void *j)
{
	json_free(j);
}

static void inspect_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);
	bool lost = false;
	enum container_state s;

	if (!j) {
		c->cb.inspect(c->who, NULL, err ? err : &e);
		return;
	}
	s = quirk_inspected_state(json_get(j, "State"), &lost);
	if (lost && ++c->tries < LOST_TRIES) {
		call_later(c, LOST_DELAY_MS * c->tries, inspect_send);
		return;
	}
	if (s == CONTAINER_EXITED && c->en->traits->marks_lost_with_255 &&
	    json_int(j, "State.ExitCode", 0) == 255) {
		c->extra = TAKE(j);
		c->free_extra = free_json;
		c->reply = bridge_reply;
		call_sendf(c, "GET", "/networks/bridge");
		return;
	}
	deliver_info(c, j, lost);
}

/*
 * Docker gives 255 to what ended while the daemon was away, and to what exits with it. It makes its
 * bridge network anew at every start: a container from before that moment which "ended" around it
 * was lost.
 */
#define LOST_BEFORE_NS (5 * NSEC_PER_SEC)
#define LOST_AFTER_NS (30 * NSEC_PER_SEC)

static void bridge_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *bridge = err ? NULL : call_json(c, r, &e);
	const json *state = json_get(c->extra, "State");
	int64_t daemon = time_of(bridge, "Created");
	int64_t started = time_of(state, "StartedAt"), finished = time_of(state, "FinishedAt");
	bool lost = daemon != TIME_ZERO_NS && started < daemon &&
		    finished > daemon - LOST_BEFORE_NS && finished < daemon + LOST_AFTER_NS;

	deliver_info(c, c->extra, lost || finished == TIME_ZERO_NS);
}

engine_id container_inspect(
    struct engine *en, const char *id_or_name, container_info_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_INSPECT, inspect_reply, who);

	c->cb.inspect = cb;
	c->target = xstrdup(id_or_name);
	inspect_send(c);
	return c->id;
}

/* ---- remove ---- */

static void remove_killed(struct call *c, const struct http_response *r, const struct err *err);
static void remove_forced(struct call *c, const struct http_response *r, const struct err *err);

static void remove_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_free char *target = engine_escape(c->target);

	if (!err || err->reason != ERR_CONFLICT) {
		c->cb.done(c->who, err);
		return;
	}
	c->reply = remove_killed;
	c->kind = CALL_KILL;
	call_sendf(c, "POST", "/containers/%s/kill?signal=SIGKILL", target);
}

static void remove_killed(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_free char *target = engine_escape(c->target);

	if (err && err->reason == ERR_UNAVAILABLE) {
		c->cb.done(c->who, err);
		return;
	}
	c->reply = remove_forced;
	c->kind = CALL_REMOVE;
	call_sendf(c, "DELETE", "/containers/%s?force=true&v=true", target);
}

static void remove_forced(struct call *c, const struct http_response *r, const struct err *err)
{
	c->cb.done(c->who, err);
}

engine_id container_remove(
    struct engine *en, const char *id, engine_done_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_REMOVE, remove_reply, who);
	auto_free char *target = engine_escape(id);

	c->cb.done = cb;
	c->target = xstrdup(id);
	return call_sendf(c, "DELETE", "/containers/%s?v=true", target);
}

/* ---- list ---- */

static const char *list_name(const json *item)
{
	const char *name = json_string_value(json_at(json_get(item, "Names"), 0));

	return name ? without_slash(name) : "";
}

/* Podman's own list has bare image ids; the rest of the world puts the algorithm in front. */
static const char *list_image(json *item)
{
	const char *id = json_str_or(item, "ImageID", "");

	if (*id && !strchr(id, ':')) {
		auto_free char *full = xasprintf("sha256:%s", id);

		json_set_str(item, "ImageID", full);
	}
	return json_str_or(item, "ImageID", "");
}

static void list_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);
	auto_free struct container_info *infos = NULL;
	size_t len = 0, cap = 0;

	if (!err && !e.reason && !json_is_array(j))
		err_set(&e, ERR_INTERNAL, "%s: the answer to list is no list", c->en->where);
	if (err || e.reason) {
		c->cb.list(c->who, NULL, 0, err ? err : &e);
		return;
	}
	json_for (item, j) {
		GROW(infos, cap, len + 1);
		infos[len] = (struct container_info){
		    .id = json_str_or(item, "Id", ""),
		    .name = list_name(item),
		    .image_id = list_image(item),
		    .labels = json_get(item, "Labels"),
		    .started_at_ns = TIME_ZERO_NS,
		    .finished_at_ns = TIME_ZERO_NS,
		};
		infos[len].state = quirk_listed_state(item, &infos[len].lost);
		len++;
	}
	c->cb.list(c->who, infos, len, NULL);
}

engine_id container_list(
    struct engine *en, const char *const *labels, container_list_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_LIST, list_reply, who);
	auto_free char *filters = engine_filters(labels, NULL);
	auto_free char *path = xasprintf("/containers/json?all=true&filters=%s", filters);

	c->cb.list = cb;
	return call_send(
	    c, &(struct call_request){
		   .method = "GET", .path = path, .own_api = en->traits->lists_starts});
}
