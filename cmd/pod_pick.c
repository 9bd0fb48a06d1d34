#include "pod_pick.h"

#include <stdio.h>

#include "../runtime/base/clock.h"
#include "logs_pods.h"
#include "resources.h"

void pods_path(const char *ns, const char *selector, struct buf *path)
{
	buf_adds(path, "/api/v1/namespaces/");
	http_escape(path, ns);
	buf_adds(path, "/pods");
	query_add(path, "labelSelector", selector);
}

char *pod_pick_selector(
    const json *object, const struct resource *r, const char *what, struct err *e)
{
	const json *labels = json_path(object, "spec.selector.matchLabels");
	auto_strlist terms = {0};

	if (!labels)
		labels = json_path(object, "spec.selector");
	json_for (label, labels)
		if (json_string_value(label))
			strlist_addf(&terms, "%s=%s", json_key(label), json_string_value(label));
	if (terms.len)
		return strlist_join(&terms, ",");
	err_set(e, ERR_BAD_REQUEST, "cannot %s *%s.%s: selector for *%s.%s not implemented", what,
	    r->version, r->kind, r->version, r->kind);
	return NULL;
}

static bool until_any(void *ctx, const char *type, const json *object)
{
	return str_eq(type, "BOOKMARK");
}

json *pods_list(struct cmd_ctx *ctx, const char *selector, struct err *e)
{
	auto_buf path = {0};

	pods_path(ctx->ns, selector, &path);
	return client_get_json(ctx->client, buf_str(&path), e);
}

json *pods_wait(struct cmd_ctx *ctx, const char *selector, int64_t timeout_ns, struct err *e)
{
	json *list = pods_list(ctx, selector, e);
	enum watch_end end = WATCH_TIMEOUT;
	auto_buf path = {0};
	int rc = 0;

	if (!list || json_len(json_get(list, "items")))
		return list;
	pods_path(ctx->ns, selector, &path);
	query_add(&path, "watch", "true");
	query_add(&path, "resourceVersion", json_str(list, "metadata.resourceVersion"));
	json_free(list);
	if (timeout_ns > 0)
		rc = client_watch(ctx->client, buf_str(&path), NULL, timeout_ns / NSEC_PER_MSEC,
		    until_any, NULL, &end, e);
	if (rc < 0)
		return NULL;
	if (end == WATCH_STOPPED) {
		list = pods_list(ctx, selector, e);
		if (!list || json_len(json_get(list, "items")))
			return list;
		json_free(list); /* the pod came and went */
	}
	err_set(e, ERR_TIMEOUT, "timed out waiting for the condition");
	return NULL;
}

static json *pod_by_name(struct cmd_ctx *ctx, const char *name, struct err *e)
{
	auto_buf path = {0};

	if (!*name) {
		err_set(e, ERR_BAD_REQUEST, "resource name may not be empty");
		return NULL;
	}
	pods_path(ctx->ns, NULL, &path);
	buf_addch(&path, '/');
	http_escape(&path, name);
	return client_get_json(ctx->client, buf_str(&path), e);
}

static json *pod_of_owner(
    struct cmd_ctx *ctx, const struct target *t, int64_t timeout_ns, struct err *e)
{
	auto_buf path = {0};
	auto_json *owner = NULL, *list = NULL;
	auto_free char *selector = NULL;

	resource_path(t->resource, ctx->ns, t->name, NULL, &path);
	owner = client_get_json(ctx->client, buf_str(&path), e);
	if (!owner)
		return NULL;
	selector = pod_pick_selector(owner, t->resource, "attach to", e);
	if (!selector)
		return NULL;
	list = pods_wait(ctx, selector, timeout_ns, e);
	return list ? json_dup(logs_best_pod(json_get(list, "items"))) : NULL;
}

json *pod_pick(struct cmd_ctx *ctx, const char *word, int64_t timeout_ns, struct err *e)
{
	auto_targets targets = {0};

	if (!cmd_client(ctx, e))
		return NULL;
	if (!strchr(word, '/'))
		return pod_by_name(ctx, word, e);
	if (targets_parse(ctx, &word, 1, "pods", &targets, e) < 0)
		return NULL;
	if (str_eq(targets.items[0].resource->kind, "Pod"))
		return pod_by_name(ctx, targets.items[0].name, e);
	return pod_of_owner(ctx, &targets.items[0], timeout_ns, e);
}

void pod_pick_path(const json *pod, const char *sub, struct buf *path)
{
	pods_path(json_str_or(pod, "metadata.namespace", "default"), NULL, path);
	if (sub)
		buf_addf(path, "/%s/%s", json_str_or(pod, "metadata.name", ""), sub);
}

char *pod_exec_path(const json *pod, const char *container, const char *const *words, size_t count,
    bool in, bool tty)
{
	auto_buf path = {0};

	pod_pick_path(pod, "exec", &path);
	for (size_t i = 0; i < count; i++) { /* empty words count */
		buf_addf(&path, "%ccommand=", i == 0 ? '?' : '&');
		http_escape(&path, words[i]);
	}
	query_add(&path, "container", container);
	query_add(&path, "stdin", in ? "true" : NULL);
	query_add(&path, "stdout", "true");
	query_add(&path, tty ? "tty" : "stderr", "true");
	return buf_take(&path);
}

char *pod_pick_container(const json *pod, const char *wanted, bool quiet, struct err *e)
{
	struct logs_choice choice = {.container = wanted};
	auto_strlist names = {0};
	auto_free char *note = NULL;

	if (logs_containers(pod, &choice, &names, &note, e) < 0)
		return NULL;
	if (note && !quiet)
		fprintf(stderr, "%s\n", note);
	return xstrdup(names.items[0]);
}

const json *pod_pick_spec(const json *pod, const char *name)
{
	static const char *const lists[] = {
	    "spec.containers", "spec.initContainers", "spec.ephemeralContainers"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (c, json_path(pod, lists[i]))
			if (str_eq(json_str(c, "name"), name))
				return c;
	return NULL;
}

bool pod_has_ended(const json *pod)
{
	const char *phase = json_str_or(pod, "status.phase", "");

	return str_eq(phase, "Succeeded") || str_eq(phase, "Failed");
}

int pod_pick_check(const json *pod, const char *what, struct err *e)
{
	if (!pod_has_ended(pod))
		return 0;
	return err_set(e, ERR_BAD_REQUEST,
	    "cannot %s a container in a completed pod; current phase is %s", what,
	    json_str(pod, "status.phase"));
}
