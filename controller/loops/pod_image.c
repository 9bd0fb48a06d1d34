#include "../../runtime/base/base64.h"
#include "pods_internal.h"

/* How long the status names the error of a pull before it tells of the back-off. */
#define ERROR_SHOWN_MS 3000

#define AUTHS_MAX 8

/*
 * One pull under way; every container that waits for the image with the same secrets is in
 * `waiting`. Credentials are tried one after the other, and where there are none it goes without.
 */
struct image_pull {
	struct pods *set;
	char *name; /* in set->pulls: the image, and the secrets where there are any */
	char *image;
	struct strlist auths;
	size_t auth; /* the one that is being tried */
	uint64_t
	    call; /* key of its callbacks: the engine's own id is not known before they are named */
	int64_t began_ms, ended_ms;
	struct container **waiting;
	size_t len, cap;
};

static void pull_free(void *arg)
{
	struct image_pull *pull = arg;

	if (!pull)
		return;
	free(pull->name);
	free(pull->image);
	strlist_release(&pull->auths);
	free(pull->waiting);
	free(pull);
}

static struct image_pull *pull_of(struct pods *set, uint64_t key)
{
	struct map_iter it = {0};
	const char *image;
	void *value;

	while (map_next(&set->pulls, &it, &image, &value)) {
		struct image_pull *pull = value;

		if (pull->call == key)
			return pull;
	}
	return NULL;
}

static void pulled(struct container *c, const struct image_pull *pull, int64_t size_bytes)
{
	auto_free char *size =
	    size_bytes > 0 ? xasprintf(" Image size: %lld bytes.", (long long)size_bytes) : NULL;
	char took[TIME_TEXT_MAX];

	duration_format(took, (pull->ended_ms - pull->began_ms) * NSEC_PER_MSEC);
	c->image_pulled = true;
	c->image_missing = false;
	c->image_backoff = (struct restart_backoff){0};
	free(TAKE(c->pull_error));
	set_text(&c->waiting_reason, "ContainerCreating");
	set_text(&c->waiting_message, NULL);
	container_event(c, "Normal", "Pulled",
	    "Successfully pulled image \"%s\" in %s (%s including waiting).%s", pull->image, took,
	    took, size ? size : "");
}

static void pull_failed(struct container *c, const struct image_pull *pull, const char *text)
{
	c->pull_retry_ms = restart_backoff_next(&c->image_backoff, now_ms());
	if (c->pull_retry_ms <=
	    now_ms()) /* the first delay is not zero here: the pull has just been tried */
		c->pull_retry_ms = restart_backoff_next(&c->image_backoff, now_ms());
	c->not_before_ms = now_ms() + ERROR_SHOWN_MS;
	c->image_missing = true;
	set_text(&c->pull_error, text);
	set_text(&c->waiting_reason, "ErrImagePull");
	set_text(&c->waiting_message, text);
	container_event(
	    c, "Warning", "Failed", "Failed to pull image \"%s\": %s", pull->image, text);
	container_event(c, "Warning", "Failed", "Error: ErrImagePull");
}

/* The next look at an image whose pull failed comes before it may be pulled again. */
static void back_off(struct container *c, const char *image)
{
	auto_free char *message =
	    xasprintf("Back-off pulling image \"%s\": ErrImagePull: %s", image, c->pull_error);

	c->not_before_ms = c->pull_retry_ms;
	set_text(&c->waiting_reason, "ImagePullBackOff");
	set_text(&c->waiting_message, message);
	container_event(c, "Normal", "BackOff", "Back-off pulling image \"%s\"", image);
	container_event(c, "Warning", "Failed", "Error: ImagePullBackOff");
}

static void pull_begin(struct image_pull *pull);

/* err: NULL where the image is there. */
static void pull_end(struct image_pull *pull, int64_t size_bytes, const struct err *err)
{
	map_del(&pull->set->pulls, pull->name);
	for (size_t i = 0; i < pull->len; i++) {
		struct container *c = pull->waiting[i];

		c->busy = false;
		if (!err)
			pulled(c, pull, size_bytes);
		else if (!container_refuse_image(c, err))
			pull_failed(c, pull, err_msg(err));
		pod_queue(c->pod);
	}
	pull_free(pull);
}

static void on_size(struct engine_who who, const struct image_info *info, const struct err *err)
{
	struct image_pull *pull = pull_of(who.ctx, who.key);

	if (pull)
		pull_end(pull, info ? info->size_bytes : 0, NULL);
}

static void on_pulled(struct engine_who who, const struct err *err)
{
	struct pods *set = who.ctx;
	struct image_pull *pull = pull_of(set, who.key);

	if (!pull)
		return;
	if (err && err->reason != ERR_UNAVAILABLE && pull->auth + 1 < pull->auths.len) {
		pull->auth++;
		pull_begin(pull);
		return;
	}
	pull->ended_ms = now_ms();
	if (err)
		pull_end(pull, 0, err);
	else
		image_inspect(set->env->engine, pull->image, on_size, who);
}

static void on_progress(struct engine_who who, const char *text)
{
	struct image_pull *pull = pull_of(who.ctx, who.key);

	for (size_t i = 0; pull && i < pull->len; i++) {
		struct container *c = pull->waiting[i];
		auto_free char *message = xasprintf("Pulling image \"%s\": %s", pull->image, text);

		set_text(&c->waiting_message, message);
		pod_queue(c->pod);
	}
}

static void pull_begin(struct image_pull *pull)
{
	const char *auth = pull->auth < pull->auths.len ? pull->auths.items[pull->auth] : NULL;

	image_pull(pull->set->env->engine, pull->image, auth, on_progress, on_pulled,
	    (struct engine_who){.ctx = pull->set, .key = pull->call});
}

/* ---- credentials ---- */

static void on_auths(void *ctx, uint64_t key, const struct strlist *auths)
{
	struct image_pull *pull = pull_of(ctx, key);

	if (!pull)
		return;
	for (size_t i = 0; i < auths->len && i < AUTHS_MAX; i++)
		strlist_add(&pull->auths, auths->items[i]);
	pull_begin(pull);
}

/* The credentials in a secret; false: there is no such secret, or it is of another kind. */
static bool add_secret(struct pod *p, const char *name, struct registry_keys *keys)
{
	auto_json *secret =
	    store_get(p->set->env->store, kind_by_id(KIND_SECRET), p->ns, name, NULL);
	const json *data = json_get(secret, "data");
	const char *now = json_string_value(json_get(data, ".dockerconfigjson"));
	const char *old = json_string_value(json_get(data, ".dockercfg"));
	auto_buf text = {0};
	auto_json *config = NULL;

	if (!secret)
		return false;
	if ((now || old) && base64_decode(now ? now : old, &text, NULL) == 0)
		config = json_parse(buf_str(&text), text.len, JSON_ALLOW_DUPLICATES, NULL);
	registry_keys_add(keys, now ? json_get(config, "auths") : config);
	return true;
}

/* Those of all imagePullSecrets; the pod is told which are missing. */
static void add_secrets(struct pod *p, struct registry_keys *keys)
{
	auto_strlist missing = {0};
	auto_free char *names = NULL;

	json_for (ref, json_path(p->obj, "spec.imagePullSecrets")) {
		const char *name = json_str_or(ref, "name", "");

		if (!add_secret(p, name, keys))
			strlist_add(&missing, name);
	}
	if (!missing.len)
		return;
	names = strlist_join(&missing, ", ");
	recorder_event(p->set->env->recorder, pod_kind(), p->obj, NULL, "Warning",
	    "FailedToRetrieveImagePullSecret", "kubelet",
	    "Unable to retrieve some image pull secrets (%s); attempting to pull the image may not "
	    "succeed.",
	    names);
}

/* "IMAGE" or "IMAGE NAMESPACE SECRET SECRET…"; owned. */
static char *pull_name(const struct pod *p, const char *image)
{
	auto_buf name = {0};

	buf_adds(&name, image);
	json_for (ref, json_path(p->obj, "spec.imagePullSecrets"))
		buf_addf(&name, "%s%s %s", name.len == strlen(image) ? " " : "",
		    name.len == strlen(image) ? p->ns : "", json_str_or(ref, "name", ""));
	return buf_take(&name);
}

/* ---- for the pod loop ---- */

void image_want(struct container *c)
{
	struct pods *set = c->pod->set;
	const char *image = json_str_or(container_json(c), "image", "");
	auto_free char *name = pull_name(c->pod, image);
	struct image_pull *pull = map_get(&set->pulls, name);
	auto_registry_keys keys = {0};
	auto_free char *message = xasprintf("Pulling image \"%s\"", image);

	if (c->pull_error && now_ms() < c->pull_retry_ms) {
		back_off(c, image);
		return;
	}
	c->busy = true;
	set_text(&c->waiting_reason, "ContainerCreating");
	set_text(&c->waiting_message, message);
	container_event(c, "Normal", "Pulling", "Pulling image \"%s\"", image);
	add_secrets(c->pod, &keys);
	if (!pull) {
		pull = xcalloc(1, sizeof(*pull));
		pull->set = set;
		pull->name = xstrdup(name);
		pull->image = xstrdup(image);
		pull->began_ms = now_ms();
		pull->call = ++set->pull_serial;
		map_set(&set->pulls, name, pull);
		registry_auth_find(set->auth, &keys, image, on_auths, set, pull->call);
	}
	GROW(pull->waiting, pull->cap, pull->len + 1);
	pull->waiting[pull->len++] = c;
}

bool image_outdated(const struct container *c)
{
	bool alive = c->stage != STAGE_WAITING && c->stage != STAGE_EXITED;

	return alive && c->image && c->role != ROLE_INIT && c->role != ROLE_SANDBOX &&
	       !str_eq(c->image, json_str_or(container_json(c), "image", ""));
}

void image_renamed(struct container *c, const char *before)
{
	if (str_eq(before, json_str(container_json(c), "image")))
		return;
	c->restart_backoff = c->image_backoff = (struct restart_backoff){0};
	c->not_before_ms = 0;
	c->image_missing = c->image_pulled = false;
	set_text(&c->pull_error, NULL);
	set_text(&c->image_user, NULL);
	if (image_forget(c))
		c->busy = false;
}

bool image_forget(struct container *c)
{
	struct map_iter it = {0};
	const char *image;
	void *value;
	bool waited = false;

	while (map_next(&c->pod->set->pulls, &it, &image, &value)) {
		struct image_pull *pull = value;

		for (size_t i = 0; i < pull->len; i++)
			if (pull->waiting[i] == c) {
				pull->waiting[i--] = pull->waiting[--pull->len];
				waited = true;
			}
	}
	return waited;
}

void image_release_all(struct pods *set)
{
	registry_auth_free(TAKE(set->auth));
	map_release(&set->pulls, pull_free);
}
