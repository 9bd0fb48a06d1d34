#include "services.h"

#include "../../runtime/base/log.h"
#include "../../runtime/base/map.h"
#include "../../runtime/base/workqueue.h"
#include "services_decide.h"
#include "services_relay.h"

#define TEXT_MAX (1 * MIB)
#define RELOAD_MS 1000
#define LOOK_MS 2000 /* whether the relay is still used, without Services */
#define LABEL_SERVICE "kubernetes.io/service-name"
#define LABEL_MANAGER "endpointslice.kubernetes.io/managed-by"
#define SLICE_MANAGER "endpointslice-controller.k8s.io"
#define MIRROR_MANAGER "endpointslicemirroring-controller.k8s.io"
#define ENDPOINTS_MANAGER "endpoints.kubernetes.io/managed-by"

/* A Service; its key is "NS/NAME". */
struct service {
	char *key, *ns, *name;
	json *obj;                 /* NULL: not read yet */
	struct selector *selector; /* NULL: it has none */
	char *feed;                /* what the relay is told of it; NULL: nothing yet */
	struct work work;
};

struct services {
	struct loops_env *env;
	struct relay *relay;
	struct map by_key; /* → struct service */
	size_t count;
	struct workqueue queue;
	uint32_t next_address; /* where the search for a free one begins */
	bool untold;           /* the relay does not know all of it */
	bool reload;
	bool look; /* whether the relay is needed */
	bool draining;
	struct timer timer;
	struct services_pods pods;
};

/* ---- the set ---- */

static void service_free(void *arg)
{
	struct service *v = arg;

	json_free(v->obj);
	selector_free(v->selector);
	free(v->key);
	free(v->ns);
	free(v->name);
	free(v->feed);
	free(v);
}

static void queue(struct services *s, struct service *v)
{
	workqueue_add(&s->queue, &v->work);
}

static void look_at(struct services *s, const char *ns, const char *name)
{
	auto_free char *key = xasprintf("%s/%s", ns, name);
	struct service *v = map_get(&s->by_key, key);

	if (!v) {
		v = xcalloc(1, sizeof(*v));
		v->key = TAKE(key);
		v->ns = xstrdup(ns);
		v->name = xstrdup(name);
		map_set(&s->by_key, v->key, v);
		s->count++;
	}
	queue(s, v);
}

static void queue_all(struct services *s)
{
	struct map_iter it = {0};
	const char *key;
	void *v;

	while (map_next(&s->by_key, &it, &key, &v))
		queue(s, v);
}

/* A slice that this loop has not written concerns Services without a selector. */
static void slice_news(struct services *s, const char *ns)
{
	struct map_iter it = {0};
	const char *key;
	void *value;

	while (map_next(&s->by_key, &it, &key, &value)) {
		struct service *v = value;

		if (!v->selector && str_eq(v->ns, ns))
			queue(s, v);
	}
}

/* A pod concerns a Service whose selector chooses it, or chose it before. */
static void pod_news(struct services *s, const struct change *c)
{
	struct map_iter it = {0};
	const char *key;
	void *value;

	while (map_next(&s->by_key, &it, &key, &value)) {
		struct service *v = value;

		if (!v->selector || !str_eq(v->ns, c->ns))
			continue;
		if (selector_matches_index(v->selector, c->labels, c->labels_len) ||
		    (c->old_labels &&
			selector_matches_index(v->selector, c->old_labels, c->old_labels_len)))
			queue(s, v);
	}
}

static void on_written(void *ctx, const struct change *c)
{
	struct services *s = ctx;
	auto_free char *key = NULL;
	struct service *v;

	if (c->kind->id == KIND_SERVICE) {
		look_at(s, c->ns, c->name);
	} else if (s->count && c->kind->id == KIND_POD) {
		pod_news(s, c);
	} else if (s->count && c->kind->id == KIND_ENDPOINT_SLICE) {
		slice_news(s, c->ns);
	} else if (s->count && c->kind->id == KIND_ENDPOINTS) {
		key = xasprintf("%s/%s", c->ns, c->name);
		v = map_get(&s->by_key, key);
		if (v)
			queue(s, v);
	}
}

static void on_lost(void *ctx)
{
	struct services *s = ctx;

	s->reload = true;
	timer_set(s->env->loop, &s->timer, RELOAD_MS);
}

/* ---- addresses ---- */

static bool is_free(const struct services *s, uint32_t address)
{
	struct map_iter it = {0};
	const char *key;
	void *value;

	while (map_next(&s->by_key, &it, &key, &value))
		if (address_parse(json_str(((struct service *)value)->obj, "spec.clusterIP")) ==
		    address)
			return false;
	return true;
}

/* The next free address of the block; 0: none is left, or there is no block yet. */
static uint32_t choose_address(struct services *s)
{
	struct address_block b = relay_block(s->relay);
	uint32_t size = b.base ? block_last(b) - block_first(b) + 1 : 0;

	for (uint32_t i = 0; i < size; i++) {
		uint32_t address = block_first(b) + (s->next_address + i) % size;

		if (!is_free(s, address))
			continue;
		s->next_address = address - block_first(b) + 1;
		return address;
	}
	return 0;
}

static void give_address(struct services *s, struct service *v)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	char text[ADDRESS_TEXT_MAX];
	uint32_t address = choose_address(s);
	json *list, *stored;
	auto_err e = {0};

	if (!address) {
		if (relay_block(s->relay).base)
			log_warn("service %s: no address is left for it", v->key);
		return;
	}
	address_format(text, address);
	json_set_path(v->obj, "spec.clusterIP", json_new_string(text));
	list = json_new_array();
	json_add(list, json_new_string(text));
	json_set_path(v->obj, "spec.clusterIPs", list);
	stored = registry_update(s->env->store, kind_by_id(KIND_SERVICE), json_dup(v->obj), &o, &e);
	if (!stored) {
		log_warn("service %s: cannot note its address: %s", v->key, err_msg(&e));
		return;
	}
	json_free(v->obj);
	v->obj = stored;
}

/* ---- what is written ---- */

static bool add_pod(void *ctx, const struct store_row *row)
{
	json *pod;

	/* many pods have ended, and need no parsing */
	if (strstr(row->body, "\"phase\":\"Succeeded\"") ||
	    strstr(row->body, "\"phase\":\"Failed\""))
		return true;
	pod = json_parse(row->body, row->body_len, 0, NULL);
	if (pod)
		json_add(ctx, pod);
	return true;
}

static json *pods_of(struct services *s, const struct service *v)
{
	struct store_query q = {.kind = pod_kind(), .ns = v->ns, .labels = v->selector};
	json *pods = json_new_array();
	auto_err e = {0};

	if (store_list(s->env->store, &q, add_pod, pods, NULL, &e) < 0)
		log_warn("service %s: cannot read its pods: %s", v->key, err_msg(&e));
	return pods;
}

/* Stores what is wanted, in place of what is there; NULL: it is to be made. */
static void put(
    struct services *s, const struct kind *k, const char *ns, const json *there, json *wanted)
{
	static const char *const kept[] = {"uid", "creationTimestamp", "resourceVersion"};
	struct update_options update = {.part = UPDATE_SYSTEM};
	struct create_options create = {0};
	auto_err e = {0};
	auto_json *stored = NULL;

	json_set_str(wanted, "apiVersion", kind_api_version(k));
	json_set_str(wanted, "kind", k->kind);
	json_set_path(wanted, "metadata.namespace", json_new_string(ns));
	for (size_t i = 0; there && i < ARRAY_LEN(kept); i++) {
		const json *value = json_get(json_get(there, "metadata"), kept[i]);

		if (value)
			json_set(json_obj(wanted, "metadata"), kept[i], json_dup(value));
	}
	stored = there ? registry_update(s->env->store, k, wanted, &update, &e)
		       : registry_create(s->env->store, k, ns, wanted, &create, &e);
	if (!stored)
		log_warn("%s of service %s: %s", k->resource, ns, err_msg(&e));
}

static void drop(struct services *s, const struct kind *k, const char *ns, const char *name)
{
	auto_err e = {0};

	if (store_has(s->env->store, k, ns, name) &&
	    store_delete(s->env->store, k, ns, name, &e) < 0)
		log_warn("%s %s/%s: %s", k->singular, ns, name, err_msg(&e));
}

static json *labels_of(const json *obj)
{
	const json *labels = json_path(obj, "metadata.labels");

	return labels ? json_dup(labels) : json_new_object();
}

static void write_endpoints(struct services *s, const struct service *v, json *subsets)
{
	const struct kind *k = kind_by_id(KIND_ENDPOINTS);
	auto_json *there = store_get(s->env->store, k, v->ns, v->name, NULL);
	json *wanted = json_new_object(), *labels = labels_of(v->obj);

	json_set_str(labels, ENDPOINTS_MANAGER, "endpoint-controller");
	if (service_is_headless(v->obj))
		json_set_str(labels, "service.kubernetes.io/headless", "");
	if (there && json_equal(json_get(there, "subsets"), json_first(subsets) ? subsets : NULL) &&
	    json_equal(json_path(there, "metadata.labels"), labels)) {
		json_free(labels);
		json_free(wanted);
		return;
	}
	json_set_path(wanted, "metadata.name", json_new_string(v->name));
	json_set_path(wanted, "metadata.labels", labels);
	if (json_first(subsets))
		json_set(wanted, "subsets", json_dup(subsets));
	put(s, k, v->ns, there, wanted);
}

static bool add_row(void *ctx, const struct store_row *row)
{
	json *slice = json_parse(row->body, row->body_len, 0, NULL);

	if (slice)
		json_add(ctx, slice);
	return true;
}

/* The slices of a Service, by whomever; owned array. */
static json *slices_of(struct services *s, const struct service *v)
{
	auto_free char *text = xasprintf(LABEL_SERVICE "=%s", v->name);
	struct selector *labels = label_selector_parse(text, NULL);
	struct store_query q = {
	    .kind = kind_by_id(KIND_ENDPOINT_SLICE), .ns = v->ns, .labels = labels};
	json *slices = json_new_array();

	if (!labels || store_list(s->env->store, &q, add_row, slices, NULL, NULL) < 0)
		log_warn("service %s: cannot read its slices", v->key);
	selector_free(labels);
	return slices;
}

static const char *manager_of(const json *slice)
{
	return json_string_value(json_get(json_path(slice, "metadata.labels"), LABEL_MANAGER));
}

static bool same_slice(const json *there, const json *slice)
{
	static const char *const members[] = {"addressType", "endpoints", "ports"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (!json_equal(json_get(there, members[i]), json_get(slice, members[i])))
			return false;
	return json_equal(json_path(there, "metadata.labels"), json_path(slice, "metadata.labels"));
}

/* The slices of this manager shall be these and no others. */
static void write_slices(
    struct services *s, const struct service *v, const char *manager, const json *slices)
{
	const struct kind *k = kind_by_id(KIND_ENDPOINT_SLICE);
	auto_json *before = slices_of(s, v);
	auto_strlist wanted = {0};

	json_for (slice, slices) {
		const char *name = json_str_or(slice, "metadata.name", "");
		auto_json *there = store_get(s->env->store, k, v->ns, name, NULL);
		json *copy = json_dup(slice), *labels = labels_of(v->obj);

		json_set_str(labels, LABEL_SERVICE, v->name);
		json_set_str(labels, LABEL_MANAGER, manager);
		if (service_is_headless(v->obj))
			json_set_str(labels, "service.kubernetes.io/headless", "");
		json_set_path(copy, "metadata.labels", labels);
		meta_add_controller(copy, kind_by_id(KIND_SERVICE), v->obj);
		strlist_add(&wanted, name);
		if (there && same_slice(there, copy))
			json_free(copy);
		else
			put(s, k, v->ns, there, copy);
	}
	json_for (slice, before)
		if (str_eq(manager_of(slice), manager) &&
		    !strlist_has(&wanted, json_str_or(slice, "metadata.name", "")))
			drop(s, k, v->ns, json_str_or(slice, "metadata.name", ""));
}

/* ---- reconcile ---- */

static void set_feed(struct services *s, struct service *v, const json *subsets)
{
	auto_buf text = {.max = TEXT_MAX};
	char *feed;

	service_feed(v->obj, subsets, &text);
	feed = buf_take(&text);
	if (str_eq(feed, v->feed)) {
		free(feed);
		return;
	}
	free(v->feed);
	v->feed = feed;
	s->untold = true;
}

static void forget(struct services *s, struct service *v)
{
	map_del(&s->by_key, v->key); /* first: what is written below is no news for it */
	s->count--;
	if (v->selector)
		drop(s, kind_by_id(KIND_ENDPOINTS), v->ns, v->name);
	write_slices(s, v, SLICE_MANAGER, NULL);
	write_slices(s, v, MIRROR_MANAGER, NULL);
	s->untold = true;
	service_free(v);
}

static struct selector *selector_of(const json *service)
{
	const json *labels = json_path(service, "spec.selector");
	auto_json *whole = NULL;

	if (!json_first(labels) || service_is_alias(service))
		return NULL;
	whole = json_new_object();
	json_set(whole, "matchLabels", json_dup(labels));
	return label_selector_from(whole, NULL);
}

/* Who answers where there is no selector: what somebody else has written. Owned subsets. */
static json *foreign_subsets(struct services *s, const struct service *v)
{
	auto_json *endpoints =
	    store_get(s->env->store, kind_by_id(KIND_ENDPOINTS), v->ns, v->name, NULL);
	auto_json *mirror = service_mirror(v->obj, json_get(endpoints, "subsets"));
	auto_json *slices = NULL;

	write_slices(s, v, SLICE_MANAGER, NULL);
	write_slices(s, v, MIRROR_MANAGER, mirror);
	slices = slices_of(s, v);
	return subsets_of_slices(slices);
}

static void reconcile(struct services *s, struct service *v)
{
	json *obj = store_get(s->env->store, kind_by_id(KIND_SERVICE), v->ns, v->name, NULL);
	auto_json *pods = NULL, *subsets = NULL, *slices = NULL;

	if (!obj) {
		forget(s, v);
		return;
	}
	json_free(v->obj);
	v->obj = obj;
	selector_free(v->selector);
	v->selector = selector_of(obj);
	if (service_wants_address(obj))
		give_address(s, v);
	if (v->selector) {
		pods = pods_of(s, v);
		subsets = service_subsets(v->obj, pods);
		slices = service_slices(v->obj, pods);
		write_endpoints(s, v, subsets);
		write_slices(s, v, SLICE_MANAGER, slices);
	} else {
		subsets = foreign_subsets(s, v);
	}
	set_feed(s, v, subsets);
}

static void tell(struct services *s)
{
	auto_buf text = {.max = TEXT_MAX};
	struct map_iter it = {0};
	const char *key;
	void *value;

	while (map_next(&s->by_key, &it, &key, &value))
		buf_adds(
		    &text, ((struct service *)value)->feed ? ((struct service *)value)->feed : "");
	buf_adds(&text, "end\n");
	relay_tell(s->relay, text.ptr, text.len);
	s->untold = false;
}

/* An address that a Service has already; 0: none. */
static uint32_t any_address(const struct services *s)
{
	struct map_iter it = {0};
	const char *key;
	void *value;

	while (map_next(&s->by_key, &it, &key, &value)) {
		uint32_t a =
		    address_parse(json_str(((struct service *)value)->obj, "spec.clusterIP"));

		if (a)
			return a;
	}
	return 0;
}

static bool in_use(void *ctx)
{
	const struct services *s = ctx;

	return s->pods.in_use && s->pods.in_use(s->pods.ctx);
}

static void keep_relay(struct services *s)
{
	s->look = false;
	if (s->count) {
		relay_want(s->relay, any_address(s));
	} else if (relay_is_wanted(s->relay) && in_use(s)) {
		timer_set(s->env->loop, &s->timer, LOOK_MS);
	} else {
		relay_unwant(s->relay);
		return;
	}
	if (s->untold)
		tell(s);
}

bool services_reconcile(struct services *s)
{
	bool any = s->queue.first != NULL;
	struct work *w;

	while ((w = workqueue_take(&s->queue)))
		reconcile(s, STRUCT_OF(w, struct service, work));
	if ((any || s->look) && !s->draining)
		keep_relay(s);
	return any;
}

/* ---- news of the relay ---- */

static void on_block(void *ctx)
{
	struct services *s = ctx;

	queue_all(s);
	s->look = s->untold = true;
}

static void on_relay_up(void *ctx)
{
	struct services *s = ctx;

	if (s->pods.up)
		s->pods.up(s->pods.ctx);
}

/* ---- for pods ---- */

static bool uses(const struct services *s, const json *pod)
{
	return s && s->count && !json_bool(json_get(pod, "spec"), "hostNetwork", false) &&
	       str_eq(json_str_or(pod, "spec.dnsPolicy", "ClusterFirst"), "ClusterFirst");
}

bool services_hold(const struct services *s, const json *pod)
{
	return uses(s, pod) && !relay_is_up(s->relay);
}

char *services_names_server(const struct services *s, const json *pod)
{
	char text[ADDRESS_TEXT_MAX];

	if (!uses(s, pod) || !relay_block(s->relay).base)
		return NULL;
	return xstrdup(address_format(text, block_dns(relay_block(s->relay))));
}

char *services_late_server(const struct services *s, const json *pod, const char *ip)
{
	if (!uses(s, pod) || services_hold(s, pod) || !relay_reaches(s->relay, ip))
		return NULL;
	return services_names_server(s, pod);
}

void services_variables(const struct services *s, const json *pod, struct strlist *env)
{
	struct map_iter it = {0};
	const char *key;
	void *value;

	if (!s || !json_bool(json_get(pod, "spec"), "enableServiceLinks", true))
		return;
	while (map_next(&s->by_key, &it, &key, &value)) {
		const struct service *v = value;

		if (v->obj && str_eq(v->ns, json_str(pod, "metadata.namespace")))
			service_env(v->obj, env);
	}
}

/* ---- start and end ---- */

static void due(void *arg)
{
	struct services *s = arg;

	s->look = true;
	if (!s->reload)
		return;
	s->reload = services_start(s, NULL) < 0;
	queue_all(s); /* some may be there no more */
	if (s->reload)
		timer_set(s->env->loop, &s->timer, RELOAD_MS);
}

struct services *services_new(struct loops_env *env)
{
	struct services *s = xcalloc(1, sizeof(*s));

	s->env = env;
	s->relay = relay_new(
	    env, &(struct relay_callbacks){
		     .on_block = on_block, .on_up = on_relay_up, .in_use = in_use, .ctx = s});
	s->timer = (struct timer){.name = "services", .fn = due, .arg = s};
	store_listen(
	    env->store, &(struct store_listener){.written = on_written, .lost = on_lost, .ctx = s});
	return s;
}

static bool load_row(void *ctx, const struct store_row *row)
{
	look_at(ctx, row->ns, row->name);
	return true;
}

int services_start(struct services *s, struct err *e)
{
	struct store_query q = {.kind = kind_by_id(KIND_SERVICE)};

	if (store_list(s->env->store, &q, load_row, s, NULL, e) < 0)
		return -1;
	if (s->queue.first) /* whatever else happens, there is a turn */
		timer_set(s->env->loop, &s->timer, 0);
	return 0;
}

void services_set_pods(struct services *s, const struct services_pods *pods)
{
	s->pods = *pods;
}

size_t services_drain(struct services *s, bool keep)
{
	s->draining = true;
	if (!keep)
		relay_unwant(s->relay);
	return relay_is_going(s->relay);
}

void services_free(struct services *s)
{
	if (!s)
		return;
	store_unlisten(s->env->store, s);
	timer_cancel(s->env->loop, &s->timer);
	relay_free(s->relay);
	map_release(&s->by_key, service_free);
	free(s);
}
