/* images: inspect, and pull with progress. */
#include "engine_internal.h"

#define PROGRESS_EVERY_MS 250
#define LAYERS_MAX 1000

/* ---- inspect ---- */

static void image_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);

	if (!j) {
		c->cb.image(c->who, NULL, err ? err : &e);
		return;
	}
	struct image_info info = {
	    .id = json_str_or(j, "Id", ""),
	    .user = json_str_or(j, "Config.User", ""),
	    .size_bytes = json_int(j, "Size", 0),
	};
	c->cb.image(c->who, &info, NULL);
}

engine_id image_inspect(
    struct engine *en, const char *ref, image_info_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_IMAGE, image_reply, who);
	auto_free char *target = engine_escape(ref);

	c->cb.image = cb;
	c->target = xstrdup(ref);
	return call_sendf(c, "GET", "/images/%s/json", target);
}

/* ---- progress ---- */

enum layer_phase { LAYER_WAITING, LAYER_LOADING, LAYER_LOADED, LAYER_DONE };

/* What a status says of the layer that the line names. */
static const struct {
	const char *status;
	enum layer_phase phase;
} phases[] = {
    {"Pulling fs layer", LAYER_WAITING},
    {"Waiting", LAYER_WAITING},
    {"Downloading", LAYER_LOADING},
    {"Download complete", LAYER_LOADED},
    {"Pull complete", LAYER_DONE},
    {"Already exists", LAYER_DONE},
};

static struct pull_layer *layer_of(struct pull_progress *p, const char *id)
{
	struct pull_layer *l;

	for (size_t i = 0; i < p->len; i++) {
		if (strncmp(p->layers[i].id, id, sizeof(p->layers[i].id) - 1) == 0)
			return &p->layers[i];
	}
	if (p->len == LAYERS_MAX)
		return NULL;
	GROW(p->layers, p->cap, p->len + 1);
	l = &p->layers[p->len++];
	*l = (struct pull_layer){0};
	snprintf(l->id, sizeof(l->id), "%s", id);
	return l;
}

static bool layer_update(
    struct pull_progress *p, const json *line, enum layer_phase phase, bool downloaded_is_done)
{
	struct pull_layer *l = layer_of(p, json_str_or(line, "id", ""));
	int64_t current = json_int(line, "progressDetail.current", 0);
	int64_t total = json_int(line, "progressDetail.total", 0);

	if (!l)
		return false;
	if (phase == LAYER_LOADING && total > 0 && current >= 0) {
		l->total = total;
		l->current = current < total ? current : total;
	}
	if (phase >= LAYER_LOADED)
		l->current = l->total;
	if (phase == LAYER_DONE || (phase == LAYER_LOADED && downloaded_is_done))
		l->done = true;
	return true;
}

bool pull_progress_line(struct pull_progress *p, const json *line, bool downloaded_is_done)
{
	const char *error = json_str(line, "errorDetail.message");
	const char *status = json_str(line, "status");

	error = error ? error : json_str(line, "error");
	if (error) {
		free(p->error);
		p->error = xstrndup(error, 4096);
		p->error_code = (int)json_int(line, "errorDetail.code", 0);
	}
	if (!status || !json_str(line, "id"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
		if (str_eq(status, phases[i].status))
			return layer_update(p, line, phases[i].phase, downloaded_is_done);
	}
	return false;
}

/* "12.1MB", in steps of 1000, as Docker writes sizes. */
static void add_size(struct buf *b, int64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1000 && u + 1 < ARRAY_LEN(units))
		n /= 1000, u++;
	buf_addf(b, u ? "%.1f%s" : "%.0f%s", n, units[u]);
}

char *pull_progress_text(const struct pull_progress *p)
{
	auto_buf b = {0};
	int64_t current = 0, total = 0;
	size_t done = 0;

	if (!p->len)
		return xstrdup("");
	for (size_t i = 0; i < p->len; i++) {
		done += p->layers[i].done;
		current += p->layers[i].current;
		total += p->layers[i].total;
	}
	buf_addf(&b, "%zu of %zu layer%s", done, p->len, p->len == 1 ? "" : "s");
	if (total > 0) {
		buf_adds(&b, ", ");
		add_size(&b, current);
		buf_adds(&b, " / ");
		add_size(&b, total);
	}
	return buf_take(&b);
}

void pull_progress_release(struct pull_progress *p)
{
	free(p->layers);
	free(p->error);
	*p = (struct pull_progress){0};
}

/* ---- pull ---- */

struct pull {
	struct pull_progress progress;
	struct buf partial;
	void (*tell)(struct engine_who who, const char *text);
	char *told;
	int64_t told_at_ms;
};

static void pull_free(void *arg)
{
	struct pull *p = arg;

	pull_progress_release(&p->progress);
	buf_release(&p->partial);
	free(p->told);
	free(p);
}

static bool pull_line(void *ctx, const json *line)
{
	struct call *c = ctx;
	struct pull *p = c->extra;

	pull_progress_line(&p->progress, line, c->en->traits->pull_says_downloaded);
	return true;
}

static bool pull_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct call *c = ctx;
	struct pull *p = c->extra;
	int64_t now = clock_mono_ms();

	json_lines_feed(&p->partial, data, len, pull_line, c);
	if (!p->tell || (p->told && now - p->told_at_ms < PROGRESS_EVERY_MS))
		return true;
	auto_free char *text = pull_progress_text(&p->progress);
	if (!*text || str_eq(text, p->told))
		return true;
	free(p->told);
	p->told = xstrdup(text);
	p->told_at_ms = now;
	p->tell(c->who, text); /* the last thing: the call may be gone now */
	return true;
}

static void pull_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	struct pull *p = c->extra;
	auto_err e = {0};

	if (!err && p->partial.len) /* the last line without an end */
		json_lines_feed(&p->partial, "\n", 1, pull_line, c);
	if (!err && p->progress.error)
		quirk_error(c->en->kind, CALL_PULL, p->progress.error_code, p->progress.error, &e);
	c->cb.done(c->who, e.reason ? &e : err);
}

engine_id image_pull(struct engine *en, const char *ref, const char *auth,
    void (*progress)(struct engine_who who, const char *text), engine_done_fn *cb,
    struct engine_who who)
{
	struct call *c = call_new(en, CALL_PULL, pull_reply, who);
	struct pull *p = xcalloc(1, sizeof(*p));
	struct image_ref parts;

	quirk_split_ref(ref, &parts);
	auto_free char *name = engine_escape(parts.name);
	auto_free char *tag = engine_escape(parts.tag);
	auto_free char *path = xasprintf("/images/create?fromImage=%s&tag=%s", name, tag);
	image_ref_release(&parts);
	p->tell = progress;
	c->cb.done = cb;
	c->target = xstrdup(ref);
	c->extra = p;
	c->free_extra = pull_free;
	return call_send(c, &(struct call_request){.method = "POST",
				.path = path,
				.auth = auth,
				.streams = true,
				.on_data = pull_data});
}
