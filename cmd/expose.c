/* kjob expose: a Service for a pod, or for the pods of what has a selector. */
#include <stdlib.h>

#include "create.h"
#include "pick.h"

static const struct opt options[] = {
    {"name", 0, OPT_STRING, NULL, "NAME", "Name of the service; that of the object unless given",
	NULL, NULL},
    {"port", 0, OPT_STRING, NULL, "PORT", "Port of the service; those of the object unless given",
	NULL, NULL},
    {"target-port", 0, OPT_STRING, NULL, "PORT", "Port of the pods, by number or name", NULL, NULL},
    {"protocol", 0, OPT_STRING, NULL, "PROTOCOL", "TCP, UDP or SCTP; TCP unless given", NULL, NULL},
    {"type", 0, OPT_STRING, NULL, "TYPE", "Type of the service; ClusterIP unless given", NULL,
	NULL},
    {"cluster-ip", 0, OPT_STRING, NULL, "IP", "None: the service has no address of its own", NULL,
	NULL},
    {"external-ip", 0, OPT_STRING, NULL, "IP", "A further address of the service", NULL, NULL},
    {"session-affinity", 0, OPT_STRING, NULL, "KIND",
	"ClientIP: a client always gets to the same pod; None unless given", NULL, NULL},
    {"selector", 0, OPT_STRING, NULL, "LABELS",
	"Labels of the pods, k=v,…; those of the object unless given", NULL, NULL},
    {"labels", 'l', OPT_STRING, NULL, "LABELS", "Labels of the service, k=v,…", NULL, NULL},
    {"overrides", 0, OPT_STRING, NULL, "JSON",
	"Merged into the service (RFC 7386) before it is sent", NULL, NULL},
    OPT_ROW_FILENAME("A manifest that names what to expose"),
    OPT_ROW_RECURSIVE,
    OPT_ROWS_CREATE,
    OPT_END,
};

/* "k=v,k=v" as an object, owned. */
static json *parse_labels(const char *text, struct err *e)
{
	auto_json *labels = json_new_object();
	auto_strlist pairs = {0};

	str_split(&pairs, text, ',');
	for (size_t i = 0; i < pairs.len; i++) {
		const char *eq = strchr(pairs.items[i], '=');
		auto_free char *key =
		    xstrndup(pairs.items[i], eq ? (size_t)(eq - pairs.items[i]) : 0);

		if (!*key) {
			err_set(e, ERR_BAD_REQUEST, "unexpected label spec: %s", pairs.items[i]);
			return NULL;
		}
		json_set_str(labels, key, eq + 1);
	}
	return TAKE(labels);
}

/* The labels by which pods are chosen, owned. */
static json *selector_of(const struct cmd_ctx *ctx, const struct picked *it, struct err *e)
{
	const char *kind = it->resource->kind, *given = opts_str(&ctx->opts, "selector");
	const json *labels = NULL;

	if (*given)
		return parse_labels(given, e);
	if (str_eq(kind, "Pod"))
		labels = json_path(it->live, "metadata.labels");
	else if (str_eq(kind, "Service"))
		labels = json_path(it->live, "spec.selector");
	else {
		err_set(e, ERR_BAD_REQUEST, "cannot expose a %s%s%s", kind,
		    *it->resource->group ? "." : "", it->resource->group);
		return NULL;
	}
	if (!json_first(labels)) {
		err_set(e, ERR_BAD_REQUEST,
		    "couldn't retrieve selectors via --selector flag or introspection: the %s has "
		    "no "
		    "labels and cannot be exposed",
		    it->resource->singular);
		return NULL;
	}
	return json_dup(labels);
}

static void add_port(json *ports, const char *name, int64_t port, const char *protocol)
{
	json *item = json_new_object();

	if (*name)
		json_set_str(item, "name", name);
	json_set_int(item, "port", port);
	json_set_str(item, "protocol", protocol);
	json_add(ports, item);
}

/* The ports of the object itself. */
static void own_ports(const struct picked *it, const char *protocol, json *ports)
{
	auto_strlist numbers = {0};
	size_t n = 0;

	if (str_eq(it->resource->kind, "Service"))
		json_for (port, json_path(it->live, "spec.ports"))
			strlist_addf(&numbers, "%lld %s", (long long)json_int(port, "port", 0),
			    json_str_or(port, "protocol", "TCP"));
	json_for (c, json_path(it->live, "spec.containers"))
		json_for (port, json_get(c, "ports"))
			strlist_addf(&numbers, "%lld %s",
			    (long long)json_int(port, "containerPort", 0),
			    json_str_or(port, "protocol", "TCP"));
	for (size_t i = 0; i < numbers.len; i++) {
		auto_free char *name = numbers.len > 1 ? xasprintf("port-%zu", ++n) : xstrdup("");
		const char *space = strchr(numbers.items[i], ' ');

		add_port(ports, name, strtoll(numbers.items[i], NULL, 10),
		    *protocol ? protocol : space + 1);
	}
}

static int add_ports(const struct cmd_ctx *ctx, const struct picked *it, json *spec, struct err *e)
{
	const char *given = opts_str(&ctx->opts, "port");
	const char *protocol = opts_str(&ctx->opts, "protocol");
	const char *target = opts_str(&ctx->opts, "target-port");
	auto_strlist numbers = {0};
	json *ports = json_new_array();
	char *end;
	long number = strtol(target, &end, 10);

	json_set(spec, "ports", ports);
	if (*given)
		str_split(&numbers, given, ',');
	for (size_t i = 0; i < numbers.len; i++) {
		auto_free char *name = numbers.len > 1 ? xasprintf("port-%zu", i + 1) : xstrdup("");
		char *rest;
		long long port = strtoll(numbers.items[i], &rest, 10);

		if (*rest || rest == numbers.items[i])
			return err_set(e, ERR_BAD_REQUEST,
			    "strconv.Atoi: parsing \"%s\": invalid syntax", numbers.items[i]);
		add_port(ports, name, port, *protocol ? protocol : "TCP");
	}
	if (!*given)
		own_ports(it, protocol, ports);
	if (!json_first(ports) && !str_eq(opts_str(&ctx->opts, "cluster-ip"), "None"))
		return err_set(
		    e, ERR_BAD_REQUEST, "couldn't find port via --port flag or introspection");
	json_for (port, ports) {
		if (*target && !*end)
			json_set_int(port, "targetPort", number);
		else if (*target)
			json_set_str(port, "targetPort", target);
		else
			json_set(port, "targetPort", json_dup(json_get(port, "port")));
	}
	return 0;
}

/* The Service, owned. */
static json *make_service(const struct cmd_ctx *ctx, const struct picked *it, struct err *e)
{
	static const struct {
		const char *option, *member;
	} texts[] = {
	    {"type", "type"}, {"cluster-ip", "clusterIP"}, {"session-affinity", "sessionAffinity"}};
	const char *name = opts_str(&ctx->opts, "name");
	const char *labels_text = opts_str(&ctx->opts, "labels");
	const char *external = opts_str(&ctx->opts, "external-ip");
	auto_json *service = object_new("v1", "Service", *name ? name : it->name);
	auto_json *selector = selector_of(ctx, it, e);
	json *labels, *spec;

	if (!selector)
		return NULL;
	labels = *labels_text ? parse_labels(labels_text, e)
		 : json_path(it->live, "metadata.labels")
		     ? json_dup(json_path(it->live, "metadata.labels"))
		     : json_new_object();
	if (!labels)
		return NULL;
	json_set_path(service, "metadata.labels", labels);
	spec = json_obj(service, "spec");
	json_set(spec, "selector", TAKE(selector));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (*opts_str(&ctx->opts, texts[i].option))
			json_set_str(spec, texts[i].member, opts_str(&ctx->opts, texts[i].option));
	if (*external) {
		json_set(spec, "externalIPs", json_new_array());
		json_add(json_get(spec, "externalIPs"), json_new_string(external));
	}
	if (add_ports(ctx, it, spec, e) < 0)
		return NULL;
	return TAKE(service);
}

static int override(const struct cmd_ctx *ctx, json **service, struct err *e)
{
	const char *text = opts_str(&ctx->opts, "overrides");
	auto_json *patch = NULL;

	if (!*text)
		return 0;
	patch = json_parse(text, strlen(text), JSON_PARSE_STRICT, e);
	if (!patch)
		return err_wrap(e, "--overrides");
	if (!json_is_object(patch))
		return err_set(e, ERR_BAD_REQUEST, "--overrides must be a JSON object");
	*service = json_merge_patch(*service, patch);
	return 0;
}

static int expose_one(struct cmd_ctx *ctx, struct printer *p, const struct target *t, struct err *e)
{
	const char *dry = opts_str(&ctx->opts, "dry-run");
	const struct resources *all = resources_load(ctx, e);
	const struct resource *r = all ? resource_by_kind(all, "v1", "Service", e) : NULL;
	auto_json *service = NULL, *live = NULL, *result = NULL;
	auto_buf path = {0};
	const char *ns = t->ns ? t->ns : ctx->ns;
	auto_free char *name = xstrdup(t->name);

	if (!r)
		return -1;
	resource_path(t->resource, ns, t->name, NULL, &path);
	live = client_get_json(cmd_client(ctx, e), buf_str(&path), e);
	if (!live)
		return -1;
	service = make_service(
	    ctx, &(struct picked){.resource = t->resource, .name = name, .live = live}, e);
	if (!service || override(ctx, &service, e) < 0)
		return -1;
	result = create_send(ctx, r, ns, service, e);
	return result ? print_result(ctx, p, r, result, "exposed", dry, e) : -1;
}

static int exec_expose(struct cmd_ctx *ctx, struct err *e)
{
	auto_manifests files = {0};
	auto_targets targets = {0};
	auto_printer p = {0};

	if (printer_init(&p, opts_str(&ctx->opts, "output"), e) < 0)
		return -1;
	if ((opts_given(&ctx->opts, "filename")
		    ? manifests_targets(ctx, &files, &targets, e)
		    : targets_parse(ctx, ctx->args, ctx->argc, NULL, &targets, e)) < 0)
		return -1;
	p.show_managed = opts_bool(&ctx->opts, "show-managed-fields");
	if (!targets.len || !targets.items[0].name)
		return cmd_usage_error(ctx, e, "TYPE NAME or TYPE/NAME is required");
	for (size_t i = 0; i < targets.len; i++)
		if (expose_one(ctx, &p, &targets.items[i], e) < 0)
			cmd_report(ctx, e);
	return ctx->failed;
}

const struct cmd cmd_expose = {
    .name = "expose",
    .usage = "(TYPE NAME | TYPE/NAME | -f FILE) [--port=PORT] [--target-port=PORT] [options]",
    .summary = "Make a service for a pod, or one more for the pods of a service",
    .examples = "# The pod queue under its own name, with the ports that it names\n"
		"kjob expose pod queue\n\n"
		"# Port 80 of the service web leads to port 8080 of the pod\n"
		"kjob expose pod/web-1 --name=web --port=80 --target-port=8080\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_expose,
};
