/*
 * metrics: pods of metrics.k8s.io/v1beta1, as a metrics server gives them: what the containers that
 * run use now. Pods without any are left out of lists and not found by name.
 */
#include "../../runtime/base/clock.h"
#include "internal.h"
#include "usage.h"

#define API_VERSION METRICS_GROUP "/" METRICS_VERSION
#define AT_NS 4
#define AT_POD 6

struct metrics {
	struct exchange *x;
	struct server *server;
	struct usage_query *query;
	bool single;
	struct strlist ids; /* of all containers of all pods, in order */
	json *pods;         /* [PodMetrics], with the names of the containers alone */
};

static void metrics_free(struct metrics *m)
{
	usage_query_free(m->query);
	strlist_release(&m->ids);
	json_free(m->pods);
	free(m);
}

/* ---- which containers ---- */

static void add_container(struct metrics *m, json *list, const json *status)
{
	const char *uri = json_str_or(status, "containerID", ""), *id = strstr(uri, "://");
	json *c;

	if (!id || !json_has(status, "state.running"))
		return;
	c = json_new_object();
	json_set_str(c, "name", json_str_or(status, "name", ""));
	json_add(list, c);
	strlist_add(&m->ids, id + 3);
}

static void add_pod(struct metrics *m, const json *pod)
{
	static const char *const lists[] = {
	    "status.initContainerStatuses", "status.containerStatuses"};
	json *p = json_new_object(), *containers = json_new_array();
	const json *labels = json_path(pod, "metadata.labels");

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (status, json_path(pod, lists[i]))
			add_container(m, containers, status);
	json_set_str(p, "kind", "PodMetrics");
	json_set_str(p, "apiVersion", API_VERSION);
	json_set_path(p, "metadata.name", json_new_string(json_str_or(pod, "metadata.name", "")));
	json_set_path(
	    p, "metadata.namespace", json_new_string(json_str_or(pod, "metadata.namespace", "")));
	if (labels)
		json_set_path(p, "metadata.labels", json_dup(labels));
	json_set(p, "containers", containers);
	if (json_len(containers))
		json_add(m->pods, p);
	else
		json_free(p);
}

static bool on_row(void *ctx, const struct store_row *row)
{
	auto_json *pod = json_parse(row->body, row->body_len, JSON_ALLOW_DUPLICATES, NULL);

	if (pod)
		add_pod(ctx, pod);
	return true;
}

static int find_pods(struct metrics *m, const char *name, struct err *e)
{
	struct exchange *x = m->x;
	const char *ns = x->path.len > AT_NS ? x->path.items[AT_NS] : NULL;
	const char *labels = exchange_query(x, "labelSelector");
	const char *fields = exchange_query(x, "fieldSelector");
	struct store_query q = {.kind = kind_by_id(KIND_POD), .ns = ns, .name = name};
	struct selector *by_label = NULL, *by_field = NULL;
	int rc = -1;

	if ((!labels || !*labels || (by_label = label_selector_parse(labels, e))) &&
	    (!fields || !*fields || (by_field = field_selector_parse(q.kind, fields, e)))) {
		q.labels = by_label;
		q.fields = by_field;
		rc = store_list(m->server->deps.store, &q, on_row, m, NULL, e);
	}
	selector_free(by_label);
	selector_free(by_field);
	if (rc == 0 && name && !json_len(m->pods))
		rc = err_set(
		    e, ERR_NOT_FOUND, "podmetrics.metrics.k8s.io \"%s/%s\" not found", ns, name);
	return rc;
}

/* ---- the answer ---- */

static void set_usage(json *container, const struct usage_figure *f)
{
	auto_free char *cpu = xasprintf("%lldn", (long long)f->cpu_nano);
	auto_free char *memory = xasprintf("%lldKi", (long long)(f->memory_bytes / 1024));
	json *usage = json_obj(container, "usage");

	json_set_str(usage, "cpu", cpu);
	json_set_str(usage, "memory", memory);
}

/* Containers without figures have ended meanwhile. *at: where its first id is. */
static json *finish_pod(const struct metrics *m, const json *pod, size_t *at)
{
	json *p = json_dup(pod), *containers = json_new_array();
	auto_free char *window = NULL;
	struct usage_figure f = {0};
	char now[TIME_TEXT_MAX];

	json_for (c, json_get(pod, "containers")) {
		json *copy;

		if (!usage_get(m->server->usage, m->ids.items[(*at)++], &f))
			continue;
		copy = json_dup(c);
		set_usage(copy, &f);
		json_add(containers, copy);
	}
	time_format(now, clock_wall_ns() / NSEC_PER_SEC);
	window = xasprintf("%.3fs", (double)f.window_ns / NSEC_PER_SEC);
	json_set_path(p, "metadata.creationTimestamp", json_new_string(now));
	json_set_str(p, "timestamp", now);
	json_set_str(p, "window", window);
	json_set(p, "containers", containers);
	return p;
}

static json *body_of(const struct metrics *m)
{
	json *items = json_new_array(), *list;
	size_t at = 0;

	json_for (pod, m->pods) {
		json *p = finish_pod(m, pod, &at);

		if (m->single) {
			json_free(items);
			return p;
		}
		if (json_len(json_get(p, "containers")))
			json_add(items, p);
		else
			json_free(p);
	}
	list = json_new_object();
	json_set_str(list, "kind", "PodMetricsList");
	json_set_str(list, "apiVersion", API_VERSION);
	json_set(list, "metadata", json_new_object());
	json_set(list, "items", items);
	return list;
}

static void on_done(void *ctx)
{
	struct metrics *m = ctx;
	auto_json *body = body_of(m);
	auto_free char *text = json_print(body);

	exchange_write(m->x, text, strlen(text));
	exchange_end(m->x);
	metrics_free(m);
}

static void on_writable(void *ctx)
{
}

static void on_gone(void *ctx)
{
	metrics_free(ctx);
}

static void on_drain(void *ctx)
{
	struct metrics *m = ctx;

	exchange_abort(m->x);
	metrics_free(m);
}

static const struct exchange_ops answer_ops = {
    .on_writable = on_writable, .on_gone = on_gone, .on_drain = on_drain};

void handle_pod_metrics(struct exchange *x)
{
	struct server *s = server_of(x);
	struct metrics *m = xcalloc(1, sizeof(*m));
	const char *name = x->path.len > AT_POD ? x->path.items[AT_POD] : NULL;
	auto_err e = {0};

	m->x = x;
	m->server = s;
	m->single = name;
	m->pods = json_new_array();
	if (find_pods(m, name, &e) < 0) {
		metrics_free(m);
		answer_err(x, &e);
		return;
	}
	if (!s->usage)
		s->usage = usage_new(s->deps.loop, s->deps.engine);
	exchange_stream(x, "application/json", &answer_ops, m);
	m->query = usage_ask(s->usage, &m->ids, on_done, m);
}
