/* kjob cluster-info: where the API server is, and what a cluster's own services are reached by. */
#include "../runtime/base/paths.h"
#include "cluster.h"
#include "cmd.h"

#define CLUSTER_SERVICES                  \
	"/api/v1/namespaces/kube-system/" \
	"services?labelSelector=kubernetes.io%2Fcluster-service%3Dtrue"

/* "https:name:port", as the path of a service's proxy has it; owned. */
static char *proxied_name(const json *service)
{
	const json *port = json_at(json_path(service, "spec.ports"), 0);
	const char *name = json_str_or(service, "metadata.name", "");
	const char *port_name = json_str_or(port, "name", "");

	if (port && (str_eq(port_name, "https") || json_int(port, "port", 0) == 443))
		return xasprintf("https:%s:%s", name, port_name);
	return *port_name ? xasprintf("%s:%s", name, port_name) : xstrdup(name);
}

static void service_link(const char *server, const json *service, struct buf *link)
{
	const json *ingress = json_at(json_path(service, "status.loadBalancer.ingress"), 0);
	const char *host = json_str_or(ingress, "ip", "");
	auto_free char *name = proxied_name(service);

	buf_init(link, 0);
	if (!ingress) {
		buf_addf(link, "%s/api/v1/namespaces/%s/services/%s/proxy", server,
		    json_str_or(service, "metadata.namespace", ""), name);
		return;
	}
	if (!*host)
		host = json_str_or(ingress, "hostname", "");
	json_for (port, json_path(service, "spec.ports"))
		buf_addf(link, "http://%s:%lld ", host, (long long)json_int(port, "port", 0));
}

/* Names are keys with slashes and dots in them: no paths. */
static const char *service_name(const json *service)
{
	const char *label = json_string_value(
	    json_get(json_path(service, "metadata.labels"), "kubernetes.io/name"));

	return label && *label ? label : json_str_or(service, "metadata.name", "");
}

static int cluster_info(struct cmd_ctx *ctx, struct client *c, struct err *e)
{
	const char *server = ctx->cluster->server;
	auto_json *services = client_get_json(c, CLUSTER_SERVICES, e);

	if (!services)
		return -1;
	out_addf(&ctx->out, "Kubernetes control plane is running at %s\n", server);
	json_for (it, json_get(services, "items")) {
		auto_buf link = {0};

		service_link(server, it, &link);
		out_addf(&ctx->out, "%s is running at %s\n", service_name(it), buf_str(&link));
	}
	return 0;
}

static int local_info(struct cmd_ctx *ctx, struct client *c, struct err *e)
{
	auto_paths p = {0};
	auto_json *status = NULL;

	if (paths_init(&p, e) < 0)
		return -1;
	status = client_get_json(c, "/kjob/v1/status", e);
	if (!status)
		return -1;
	if (json_bool(status, "serve.listening", false))
		out_addf(&ctx->out, "Kubernetes control plane is running at %s\n",
		    json_str_or(status, "serve.server", "?"));
	out_addf(&ctx->out, "kjob's controller is running at unix://%s\n", p.socket);
	return 0;
}

static int exec_cluster_info(struct cmd_ctx *ctx, struct err *e)
{
	struct client *c;

	if (ctx->argc && str_eq(ctx->args[0], "dump"))
		return err_set(e, ERR_BAD_REQUEST,
		    "kjob has no cluster-info dump: see 'kjob get all -A -o yaml', 'kjob events "
		    "-A' "
		    "and 'kjob logs'");
	if (ctx->argc)
		return cmd_usage_error(ctx, e, "unexpected arguments: [%s]", ctx->args[0]);
	c = cmd_client(ctx, e);
	if (!c)
		return -1;
	return ctx->cluster ? cluster_info(ctx, c, e) : local_info(ctx, c, e);
}

const struct cmd cmd_cluster_info = {
    .name = "cluster-info",
    .usage = "",
    .summary = "Show the address of the API server",
    .group = GROUP_OTHER,
    .exec = exec_cluster_info,
};
