/* kjob serve: a TLS listener of the controller, for kubectl and other clients. */
#include "cmd.h"

static const struct opt options[] = {
    {"listen", 0, OPT_STRING, NULL, "ADDRESS", "The address to listen on (default 127.0.0.1)", NULL,
	NULL},
    {"port", 0, OPT_INT, "0", "PORT",
	"The port; without it the one of last time, or the first free one from 7443 on", NULL,
	NULL},
    {"allow-remote", 0, OPT_BOOL, NULL, NULL, "Take an address that other machines can reach, too",
	NULL, NULL},
    {"tls-san", 0, OPT_CSV, NULL, "NAME",
	"A name or address by which clients reach it, for its certificate, besides those of this "
	"machine; may be repeated; kept until others are given",
	NULL, NULL},
    {"stop", 0, OPT_BOOL, NULL, NULL, "Listen no more", NULL, NULL},
    OPT_END,
};

static int stop(struct cmd_ctx *ctx, struct client *c, struct err *e)
{
	auto_json *before = client_get_json(c, "/kjob/v1/serve", e), *after = NULL;

	if (!before)
		return -1;
	after = client_send_json(c, "DELETE", "/kjob/v1/serve", NULL, NULL, e);
	if (!after)
		return -1;
	if (json_has(before, "server"))
		out_addf(&ctx->out, "no longer listening on %s\n", json_str(before, "server"));
	else
		out_adds(&ctx->out, "the controller does not listen\n");
	return 0;
}

static json *names_given(const struct opts *o)
{
	const struct strlist *names = opts_list(o, "tls-san");
	json *list = json_new_array();

	for (size_t i = 0; i < names->len; i++)
		if (*names->items[i])
			json_add(list, json_new_string(names->items[i]));
	return list;
}

static int start(struct cmd_ctx *ctx, struct client *c, struct err *e)
{
	const char *address = opts_str(&ctx->opts, "listen");
	auto_json *body = json_new_object(), *state = NULL;

	if (*address)
		json_set_str(body, "address", str_eq(address, "localhost") ? "127.0.0.1" : address);
	json_set_int(body, "port", opts_int(&ctx->opts, "port"));
	json_set_bool(body, "allowRemote", opts_bool(&ctx->opts, "allow-remote"));
	if (opts_given(&ctx->opts, "tls-san"))
		json_set(body, "names", names_given(&ctx->opts));
	state = client_send_json(c, "POST", "/kjob/v1/serve", NULL, body, e);
	if (!state && e->reason == ERR_FORBIDDEN)
		return err_set(e, ERR_FORBIDDEN,
		    "other machines can reach %s, and whoever has the credentials can start any "
		    "container here: say --allow-remote if that is meant",
		    address);
	if (!state)
		return -1;
	out_addf(&ctx->out, "listening on %s\n", json_str_or(state, "server", "?"));
	out_adds(&ctx->out,
	    "'kjob kubeconfig --merge' adds the context \"kjob\" to your kubeconfig; "
	    "'kjob serve --stop' ends this\n");
	if (json_bool(state, "remote", false)) {
		out_flush(&ctx->out);
		fprintf(stderr,
		    "warning: other machines can reach %s, port %d; whoever has the credentials "
		    "can start any container on this engine\n",
		    json_str_or(state, "address", "?"), (int)json_int(state, "port", 0));
	}
	return 0;
}

static int exec(struct cmd_ctx *ctx, struct err *e)
{
	struct client *c;
	bool stops = opts_bool(&ctx->opts, "stop");

	if (ctx->argc)
		return cmd_usage_error(ctx, e, "'kjob serve' takes no arguments");
	if (stops && (opts_given(&ctx->opts, "listen") || opts_given(&ctx->opts, "port") ||
			 opts_given(&ctx->opts, "tls-san")))
		return cmd_usage_error(ctx, e, "--stop goes with no other option");
	c = cmd_client(ctx, e);
	if (!c)
		return -1;
	return stops ? stop(ctx, c, e) : start(ctx, c, e);
}

const struct cmd cmd_serve = {
    .name = "serve",
    .usage = "[options]",
    .summary = "Let kubectl and other Kubernetes clients talk to kjob",
    .help =
	"Has the controller listen on a TCP port too, by TLS and for this user alone: clients show "
	"a certificate or a token that is in a kubeconfig or a file of the instance. The command "
	"returns; the controller stays, and listens again whenever it is started, until 'kjob "
	"serve "
	"--stop'. Said again with another port or address, the listener moves there.",
    .examples = "# kubectl against kjob\n"
		"kjob serve\n"
		"kjob kubeconfig --merge\n"
		"kubectl --context kjob get jobs\n\n"
		"# Through a tunnel, by the name that it has at its other end\n"
		"kjob serve --tls-san=laptop.example\n"
		"kjob kubeconfig --server=https://laptop.example:7443\n",
    .options = options,
    .group = GROUP_OTHER,
    .place = CMD_HERE,
    .exec = exec,
};
