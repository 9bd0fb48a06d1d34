/* kjob describe: objects with their events, as text for people. */
#include "describe.h"

#include <stdio.h>

#include "../runtime/base/clock.h"
#include "get.h"
#include "manifest.h"

#define PAGE_SIZE "500"

static const struct opt options[] = {
    OPT_ROW_FILENAME("Describe what a manifest names"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_SELECTOR,
    OPT_ROW_ALL_NAMESPACES,
    {"show-events", 0, OPT_BOOL, "true", NULL, "Show the events about each object", NULL, NULL},
    {"chunk-size", 0, OPT_INT, PAGE_SIZE, "N",
	"Ask for long lists in pieces of this size; 0: at once", NULL, NULL},
    OPT_END,
};

struct run {
	struct cmd_ctx *ctx;
	struct client *client;
	const char *prefix; /* only objects whose names begin so; NULL: all */
	size_t shown;
	struct err *errors; /* reported behind the output */
	size_t error_count;
};

static void add_error(struct run *r, struct err *e)
{
	r->errors = xrealloc(r->errors, (r->error_count + 1) * sizeof(*r->errors));
	memset(&r->errors[r->error_count], 0, sizeof(*r->errors));
	err_move(&r->errors[r->error_count++], e);
}

/* ---- what belongs to an object ---- */

typedef int item_fn(struct run *r, const struct resource *resource, json *item, void *arg);

/* Every item of a list, page by page. PATH has no limit yet. */
static int each_item(struct run *r, const struct resource *resource, const char *path, item_fn *fn,
    void *arg, struct err *e)
{
	auto_free char *token = xstrdup("");
	int64_t chunk = opts_int(&r->ctx->opts, "chunk-size");

	do {
		auto_buf page = {0};
		auto_json *list = NULL;

		buf_adds(&page, path);
		if (chunk > 0)
			query_addf(&page, "limit", "%lld", (long long)chunk);
		query_add(&page, "continue", token);
		list = client_get_json(r->client, buf_str(&page), e);
		if (!list)
			return -1;
		json_for (item, json_get(list, "items"))
			if (fn(r, resource, item, arg) < 0)
				return -1;
		free(token);
		token = xstrdup(json_str_or(list, "metadata.continue", ""));
	} while (*token);
	return 0;
}

static int keep_item(struct run *r, const struct resource *resource, json *item, void *arg)
{
	json_add(arg, json_dup(item));
	return 0;
}

/* All items of a list as an array; NULL where it cannot be had: then that part is left out. */
static json *fetch_array(struct run *r, const char *path)
{
	json *array = json_new_array();
	auto_err e = {0};

	if (each_item(r, NULL, path, keep_item, array, &e) == 0)
		return array;
	json_free(array);
	return NULL;
}

/* Events about a node carry its name or its uid, according to who wrote them. */
static json *fetch_events(struct run *r, const struct resource *resource, const json *obj)
{
	const char *ns = json_str_or(obj, "metadata.namespace", "");
	auto_buf selector = {0}, path = {0};

	buf_addf(&selector, "involvedObject.name=%s", json_str_or(obj, "metadata.name", ""));
	if (resource->namespaced)
		buf_addf(&selector, ",involvedObject.namespace=%s", ns);
	buf_addf(&selector, ",involvedObject.kind=%s", resource->kind);
	if (!str_eq(resource->kind, "Node"))
		buf_addf(&selector, ",involvedObject.uid=%s", json_str_or(obj, "metadata.uid", ""));
	buf_adds(&path, "/api/v1");
	if (resource->namespaced && *ns)
		buf_addf(&path, "/namespaces/%s", ns);
	buf_adds(&path, "/events");
	query_add(&path, "fieldSelector", buf_str(&selector));
	return fetch_array(r, buf_str(&path));
}

static json *fetch_pods_of(struct run *r, const char *node)
{
	auto_buf path = {0};

	buf_adds(&path, "/api/v1/pods");
	query_addf(&path, "fieldSelector",
	    "spec.nodeName=%s,status.phase!=Succeeded,status.phase!=Failed", node);
	return fetch_array(r, buf_str(&path));
}

static json *fetch_all_of(struct run *r, const char *ns, const char *resource)
{
	auto_buf path = {0};

	buf_addf(&path, "/api/v1/namespaces/%s/%s", ns, resource);
	return fetch_array(r, buf_str(&path));
}

static json *fetch_slices(struct run *r, const char *ns, const char *service)
{
	auto_buf path = {0};

	buf_addf(&path, "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices", ns);
	query_addf(&path, "labelSelector", "kubernetes.io/service-name=%s", service);
	return fetch_array(r, buf_str(&path));
}

/* NULL and no error where the server keeps no leases. */
static json *fetch_lease(struct run *r, const char *node, struct err *e)
{
	auto_free char *path =
	    xasprintf("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/%s", node);
	json *lease = client_get_json(r->client, path, e);

	if (!lease && e->reason == ERR_NOT_FOUND)
		err_clear(e);
	return lease;
}

/* ---- showing ---- */

static void describe_one(struct run *r, const struct resource *resource, json *obj)
{
	auto_json *events = NULL, *pods = NULL, *lease = NULL, *slices = NULL, *secrets = NULL;
	struct describe_input in = {.object = obj, .now = clock_wall_ns() / NSEC_PER_SEC};
	const char *name = json_str_or(obj, "metadata.name", "");
	const char *ns = json_str_or(obj, "metadata.namespace", "");
	auto_err lease_error = {0};
	auto_buf text = {.max = 256 * MIB};

	resource_set_type(resource, obj);
	if (opts_bool(&r->ctx->opts, "show-events"))
		in.events = events = fetch_events(r, resource, obj);
	if (str_eq(resource->kind, "Service") && !*resource->group)
		in.slices = slices = fetch_slices(r, ns, name);
	if (str_eq(resource->kind, "PersistentVolumeClaim"))
		in.pods = pods = fetch_all_of(r, ns, "pods");
	if (str_eq(resource->kind, "ServiceAccount"))
		in.secrets = secrets = fetch_all_of(r, ns, "secrets");
	if (str_eq(resource->kind, "Node") && !*resource->group) {
		in.pods = pods = fetch_pods_of(r, name);
		in.lease = lease = fetch_lease(r, name, &lease_error);
		in.lease_error = lease_error.reason ? err_msg(&lease_error) : NULL;
	}
	describe_object(&in, &text);
	if (!r->prefix && r->shown)
		out_adds(&r->ctx->out, "\n\n");
	out_add(&r->ctx->out, buf_str(&text), text.len);
	if (r->prefix)
		out_adds(&r->ctx->out, "\n");
	out_flush(&r->ctx->out);
	r->shown++;
}

static int show_item(struct run *r, const struct resource *resource, json *item, void *arg)
{
	if (!r->prefix || str_has_prefix(json_str_or(item, "metadata.name", ""), r->prefix))
		describe_one(r, resource, item);
	return 0;
}

static int show_target(struct run *r, const struct target *t, struct err *e)
{
	bool everywhere = opts_bool(&r->ctx->opts, "all-namespaces");
	auto_buf path = {0};
	auto_json *obj = NULL;

	resource_path(t->resource,
	    everywhere ? NULL
	    : t->ns    ? t->ns
		       : r->ctx->ns,
	    t->name, NULL, &path);
	if (!t->name) {
		query_add(&path, "labelSelector", opts_str(&r->ctx->opts, "selector"));
		return each_item(r, t->resource, buf_str(&path), show_item, NULL, e);
	}
	obj = client_get_json(r->client, buf_str(&path), e);
	if (!obj)
		return -1;
	describe_one(r, t->resource, obj);
	return 0;
}

/* "describe job pi" without a Job pi: those whose names begin with pi. The error stays where there
 * is none. */
static void show_by_prefix(struct run *r, const struct target *t, struct err *not_found)
{
	struct target all = {.resource = t->resource, .ns = t->ns};
	auto_err e = {0};

	r->prefix = t->name;
	if (show_target(r, &all, &e) < 0 || !r->shown)
		add_error(r, not_found);
}

/* ---- the command ---- */

static int check_targets(struct run *r, const struct targets *t, struct err *e)
{
	const struct opts *o = &r->ctx->opts;

	if (t->len == 0 && !opts_given(o, "filename"))
		return err_set(e, ERR_BAD_REQUEST,
		    "You must specify the type of resource to describe. Use \"kjob api-resources\" "
		    "for a complete list of "
		    "supported resources.");
	for (size_t i = 0; i < t->len; i++) {
		if (!t->items[i].name || opts_given(o, "filename"))
			continue;
		if (*opts_str(o, "selector"))
			return err_set(e, ERR_BAD_REQUEST,
			    "name cannot be provided when a selector is specified");
		if (opts_bool(o, "all-namespaces"))
			return err_set(e, ERR_BAD_REQUEST,
			    "a resource cannot be retrieved by name across all namespaces");
		if (!t->by_slash && t->items[i].resource != t->items[0].resource)
			return err_set(
			    e, ERR_BAD_REQUEST, "you may only specify a single resource type");
	}
	return 0;
}

static void say_nothing_found(const struct run *r, const struct targets *t)
{
	bool namespaced = false;

	for (size_t i = 0; i < t->len; i++)
		namespaced = namespaced || t->items[i].resource->namespaced;
	if (!namespaced || opts_bool(&r->ctx->opts, "all-namespaces"))
		fputs("No resources found\n", stderr);
	else
		fprintf(stderr, "No resources found in %s namespace.\n", r->ctx->ns);
}

static void show_all(struct run *r, const struct targets *t)
{
	bool one_name = t->len == 1 && t->items[0].name && r->ctx->argc == 2 && !t->by_slash;

	for (size_t i = 0; i < t->len; i++) {
		auto_err one = {0};

		if (show_target(r, &t->items[i], &one) == 0)
			continue;
		if (one_name && one.reason == ERR_NOT_FOUND && err_is_status(&one))
			show_by_prefix(r, &t->items[i], &one);
		else
			add_error(r, &one);
	}
	if (!r->shown && !r->error_count)
		say_nothing_found(r, t);
}

static int exec_describe(struct cmd_ctx *ctx, struct err *e)
{
	struct run r = {.ctx = ctx};
	auto_manifests files = {0};
	auto_targets targets = {0};
	int rc = 0;

	if (ctx->argc == 0 && !opts_given(&ctx->opts, "filename"))
		return check_targets(&r, &targets, e);
	r.client = cmd_client(ctx, e);
	if (!r.client)
		return -1;
	if (opts_given(&ctx->opts, "filename"))
		rc = manifests_targets(ctx, &files, &targets, e);
	else
		rc = targets_parse(ctx, ctx->args, ctx->argc, NULL, &targets, e);
	if (rc < 0 || check_targets(&r, &targets, e) < 0)
		return -1;
	show_all(&r, &targets);
	for (size_t i = 0; i < r.error_count; i++) {
		cmd_report(ctx, &r.errors[i]);
		err_clear(&r.errors[i]);
	}
	free(r.errors);
	return ctx->failed;
}

const struct cmd cmd_describe = {
    .name = "describe",
    .usage = "(TYPE [NAME…] | TYPE/NAME… | TYPE -l SELECTOR | -f FILE) [options]",
    .summary = "Show objects in detail, with their events",
    .help = "Where no object has the name, those are shown whose names begin with it.",
    .examples = "# A Job and what happened to it\n"
		"kjob describe job pi\n\n"
		"# Its pods\n"
		"kjob describe pods -l job-name=pi\n\n"
		"# What a manifest names\n"
		"kjob describe -f job.yaml\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_describe,
};
