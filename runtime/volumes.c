/* volumes: create, remove, inspect, list. */
#include "volumes.h"

#include "engine_internal.h"

static void create_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);

	c->cb.text(c->who, j ? json_str_or(j, "Name", c->target) : NULL,
	    err        ? err
	    : e.reason ? &e
		       : NULL);
}

engine_id volume_create(struct engine *en, const char *name, const json *labels,
    const json *options, engine_text_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_VOLUME_CREATE, create_reply, who);
	auto_json *body = json_new_object();

	json_set_str(body, "Name", name);
	json_set_str(body, "Driver", "local");
	if (labels)
		json_set(body, "Labels", json_dup(labels));
	if (json_first(options))
		json_set(body, "DriverOpts", json_dup(options));
	else if (en->traits->volume_options)
		json_set_str(json_obj(body, "DriverOpts"), "o", en->traits->volume_options);
	auto_free char *text = json_print(body);
	c->cb.text = cb;
	c->target = xstrdup(name);
	return call_send(c, &(struct call_request){
				.method = "POST",
				.path = "/volumes/create",
				.body = text,
				.body_len = strlen(text),
				.content_type = "application/json",
			    });
}

static void remove_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	c->cb.done(c->who, err);
}

engine_id volume_remove(
    struct engine *en, const char *name, engine_done_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_VOLUME_REMOVE, remove_reply, who);
	auto_free char *target = engine_escape(name);

	c->cb.done = cb;
	c->target = xstrdup(name);
	return call_sendf(c, "DELETE", "/volumes/%s", target);
}

static struct volume_info info_of(const json *j)
{
	return (struct volume_info){
	    .name = json_str_or(j, "Name", ""),
	    .mountpoint = json_str_or(j, "Mountpoint", ""),
	    .labels = json_get(j, "Labels"),
	};
}

static void inspect_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	volume_info_fn *const *fn = c->extra;
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);
	struct volume_info info = info_of(j);

	(*fn)(c->who, j ? &info : NULL, err ? err : e.reason ? &e : NULL);
}

engine_id volume_inspect(
    struct engine *en, const char *name, volume_info_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_VOLUME, inspect_reply, who);
	volume_info_fn **fn = xmalloc(sizeof(*fn));
	auto_free char *target = engine_escape(name);

	*fn = cb;
	c->extra = fn;
	c->free_extra = free;
	c->target = xstrdup(name);
	return call_sendf(c, "GET", "/volumes/%s", target);
}

static void list_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	volume_list_fn *const *fn = c->extra;
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);
	auto_free struct volume_info *infos = NULL;
	size_t len = 0, cap = 0;

	json_for (item, json_get(j, "Volumes")) {
		GROW(infos, cap, len + 1);
		infos[len++] = info_of(item);
	}
	(*fn)(c->who, infos, len, err ? err : e.reason ? &e : NULL);
}

engine_id volume_list(
    struct engine *en, const char *const *labels, volume_list_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_LIST, list_reply, who);
	volume_list_fn **fn = xmalloc(sizeof(*fn));
	auto_free char *filters = engine_filters(labels, NULL);

	*fn = cb;
	c->extra = fn;
	c->free_extra = free;
	return call_sendf(c, "GET", "/volumes?filters=%s", filters);
}

bool engine_archive_follows_links(const struct engine *en)
{
	return en->traits->archive_follows_links;
}

bool engine_unpacks_through_mounts(const struct engine *en)
{
	return en->traits->unpacks_through_mounts;
}
