/* kjob create service TYPE NAME: a Service for the pods with the label app=NAME. */
#include "create.h"

#define OPT_ROW_TCP                                                                                \
	{                                                                                          \
		"tcp", 0, OPT_CSV, NULL, "PORT[:TARGET]",                                          \
		    "A port, and the pods' port (a number or a name), may be repeated", NULL, NULL \
	}

static const struct opt clusterip_options[] = {
    OPT_ROW_TCP,
    {"clusterip", 0, OPT_STRING, NULL, "IP", "None: the service has no address of its own", NULL,
	NULL},
    OPT_ROWS_CREATE,
    OPT_END,
};

static const struct opt externalname_options[] = {
    OPT_ROW_TCP,
    {"external-name", 0, OPT_STRING, NULL, "NAME", "The name that it stands for (required)", NULL,
	NULL},
    OPT_ROWS_CREATE,
    OPT_END,
};

static const struct opt nodeport_options[] = {
    OPT_ROW_TCP,
    {"node-port", 0, OPT_INT, "0", "PORT", "The port of the nodes; 0: the server chooses", NULL,
	NULL},
    OPT_ROWS_CREATE,
    OPT_END,
};

static const struct opt loadbalancer_options[] = {
    OPT_ROW_TCP,
    OPT_ROWS_CREATE,
    OPT_END,
};

static json *int_or_string(const char *text)
{
	int64_t n;

	return str_to_int(text, INT32_MIN, INT32_MAX, &n) == 0 ? json_new_int(n)
							       : json_new_string(text);
}

/* "80", "80:8080", "80:http" */
static int add_port(json *ports, const char *text, int64_t node_port, struct err *e)
{
	auto_strlist parts = {0};
	auto_free char *name = xstrdup(text);
	json *port = json_new_object();
	int64_t number;

	json_add(ports, port);
	str_split(&parts, text, ':');
	if (str_to_int(parts.items[0], 0, 65535, &number) < 0) {
		auto_free char *quoted = str_go_quote(parts.items[0]);

		return err_set(e, ERR_BAD_REQUEST, "strconv.ParseUint: parsing %s: %s", quoted,
		    str_to_int(parts.items[0], 0, INT64_MAX, &number) < 0 ? "invalid syntax"
									  : "value out of range");
	}
	for (char *c = name; *c; c++)
		*c = *c == ':' ? '-' : *c;
	json_set_str(port, "name", name);
	json_set_int(port, "port", number);
	json_set_str(port, "protocol", "TCP");
	json_set(port, "targetPort", int_or_string(parts.items[parts.len > 1 ? 1 : 0]));
	if (node_port)
		json_set_int(port, "nodePort", node_port);
	return 0;
}

static int add_ports(
    const struct cmd_ctx *ctx, json *spec, int64_t node_port, bool required, struct err *e)
{
	const struct strlist *texts = opts_list(&ctx->opts, "tcp");

	if (!texts->len)
		return required ? err_set(e, ERR_BAD_REQUEST,
				      "at least one tcp port specifier must be provided")
				: 0;
	json_set(spec, "ports", json_new_array());
	for (size_t i = 0; i < texts->len; i++)
		if (add_port(json_get(spec, "ports"), texts->items[i], node_port, e) < 0)
			return -1;
	return 0;
}

/* All but its ports; owned. */
static json *new_service(const struct cmd_ctx *ctx, const char *type)
{
	json *service = json_new_object();

	json_set_str(service, "apiVersion", "v1");
	json_set_str(service, "kind", "Service");
	json_set_str(json_obj(service, "metadata.labels"), "app", ctx->args[0]);
	json_set_str(json_obj(service, "metadata"), "name", ctx->args[0]);
	json_set_str(json_obj(service, "spec.selector"), "app", ctx->args[0]);
	json_set_str(json_obj(service, "spec"), "type", type);
	return service;
}

static int exec_clusterip(struct cmd_ctx *ctx, struct err *e)
{
	const char *ip = opts_str(&ctx->opts, "clusterip");
	auto_json *service = NULL;

	if (create_check_name(ctx, e) < 0)
		return -1;
	service = new_service(ctx, "ClusterIP");
	if (*ip)
		json_set_str(json_get(service, "spec"), "clusterIP", ip);
	if (add_ports(ctx, json_get(service, "spec"), 0, !str_eq(ip, "None"), e) < 0)
		return -1;
	return create_object(ctx, service, e);
}

static int exec_externalname(struct cmd_ctx *ctx, struct err *e)
{
	const char *external = opts_str(&ctx->opts, "external-name");
	auto_json *service = NULL;

	if (create_check_name(ctx, e) < 0)
		return -1;
	if (!*external)
		return err_set(e, ERR_BAD_REQUEST, "required flag(s) \"external-name\" not set");
	service = new_service(ctx, "ExternalName");
	json_set_str(json_get(service, "spec"), "externalName", external);
	if (add_ports(ctx, json_get(service, "spec"), 0, false, e) < 0)
		return -1;
	return create_object(ctx, service, e);
}

static int create_reachable(struct cmd_ctx *ctx, const char *type, int64_t node_port, struct err *e)
{
	auto_json *service = NULL;

	if (create_check_name(ctx, e) < 0)
		return -1;
	service = new_service(ctx, type);
	if (add_ports(ctx, json_get(service, "spec"), node_port, true, e) < 0)
		return -1;
	return create_object(ctx, service, e);
}

static int exec_nodeport(struct cmd_ctx *ctx, struct err *e)
{
	return create_reachable(ctx, "NodePort", opts_int(&ctx->opts, "node-port"), e);
}

static int exec_loadbalancer(struct cmd_ctx *ctx, struct err *e)
{
	return create_reachable(ctx, "LoadBalancer", 0, e);
}

/* ---- the commands ---- */

const struct cmd cmd_create_service = {
    .name = "create service",
    .alias = "create svc",
    .usage = "(clusterip | externalname | nodeport | loadbalancer) NAME [options]",
    .summary = "Create a service",
    .group = GROUP_HIDDEN,
    .exec = cmd_exec_group,
};

const struct cmd cmd_create_service_clusterip = {
    .name = "create service clusterip",
    .usage = "NAME --tcp=PORT[:TARGET] [options]",
    .summary = "Create a service with an address of its own, or (--clusterip=None) without",
    .help = "It leads to the pods with the label app=NAME. 'kjob expose' makes one for a pod that "
	    "is there.",
    .examples = "# Port 80 leads to port 8080 of the pods with app=web\n"
		"kjob create service clusterip web --tcp=80:8080\n",
    .options = clusterip_options,
    .group = GROUP_RUN,
    .exec = exec_clusterip,
};

const struct cmd cmd_create_service_externalname = {
    .name = "create service externalname",
    .usage = "NAME --external-name=NAME [options]",
    .summary = "Create a service that is another name of a host",
    .examples = "# db is the database of the company\n"
		"kjob create service externalname db --external-name=db.example.org\n",
    .options = externalname_options,
    .group = GROUP_RUN,
    .exec = exec_externalname,
};

const struct cmd cmd_create_service_nodeport = {
    .name = "create service nodeport",
    .usage = "NAME --tcp=PORT[:TARGET] [options]",
    .summary = "Create a service that the nodes of a cluster offer to others",
    .help = "kjob's own controller has none: 'kjob port-forward' leads into pods from outside.",
    .options = nodeport_options,
    .group = GROUP_RUN,
    .exec = exec_nodeport,
};

const struct cmd cmd_create_service_loadbalancer = {
    .name = "create service loadbalancer",
    .usage = "NAME --tcp=PORT[:TARGET] [options]",
    .summary = "Create a service behind a load balancer of a cluster's provider",
    .help = "kjob's own controller has none: 'kjob port-forward' leads into pods from outside.",
    .options = loadbalancer_options,
    .group = GROUP_RUN,
    .exec = exec_loadbalancer,
};
