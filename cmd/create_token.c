/* kjob create token NAME: a token of a service account. kjob's own have none; clusters' have. */
#include "create.h"
#include "printer.h"

static const struct opt options[] = {
    {"audience", 0, OPT_LIST, NULL, "AUDIENCE", "Whom the token is for, may be repeated", NULL,
	NULL},
    {"duration", 0, OPT_DURATION, "0s", "DURATION",
	"How long it is valid; 0: as long as the server says", NULL, NULL},
    {"bound-object-kind", 0, OPT_STRING, NULL, "KIND",
	"Pod, Secret or Node: the token ends with this object", NULL, NULL},
    {"bound-object-name", 0, OPT_STRING, NULL, "NAME", "The name of that object", NULL, NULL},
    {"bound-object-uid", 0, OPT_STRING, NULL, "UID", "The UID of that object", NULL, NULL},
    OPT_ROW_OUTPUT,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

static bool has(const struct cmd_ctx *ctx, const char *option)
{
	return *opts_str(&ctx->opts, option);
}

static int check_bound_object(const struct cmd_ctx *ctx, struct err *e)
{
	static const char *const kinds[] = {"Node", "Pod", "Secret"};
	static const char *const details[] = {"bound-object-name", "bound-object-uid"};
	bool known = !has(ctx, "bound-object-kind");

	for (size_t i = 0; i < ARRAY_LEN(details); i++)
		if (has(ctx, details[i]) && !has(ctx, "bound-object-kind"))
			return err_set(e, ERR_BAD_REQUEST,
			    "--%s can only be set if --bound-object-kind is provided", details[i]);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		known = known || str_eq(opts_str(&ctx->opts, "bound-object-kind"), kinds[i]);
	if (!known)
		return err_set(e, ERR_BAD_REQUEST,
		    "supported --bound-object-kind values are Node, Pod, Secret");
	if (has(ctx, "bound-object-kind") && !has(ctx, "bound-object-name"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--bound-object-name is required if --bound-object-kind is provided");
	return 0;
}

static json *token_request(const struct cmd_ctx *ctx)
{
	const struct strlist *audiences = opts_list(&ctx->opts, "audience");
	int64_t seconds = opts_duration_ns(&ctx->opts, "duration") / INT64_C(1000000000);
	json *request = json_new_object(), *spec = json_obj(request, "spec"), *bound;

	json_set_str(request, "apiVersion", "authentication.k8s.io/v1");
	json_set_str(request, "kind", "TokenRequest");
	json_set(spec, "audiences", json_new_array());
	for (size_t i = 0; i < audiences->len; i++)
		json_add(json_get(spec, "audiences"), json_new_string(audiences->items[i]));
	if (seconds)
		json_set_int(spec, "expirationSeconds", seconds);
	if (!has(ctx, "bound-object-kind"))
		return request;
	bound = json_obj(spec, "boundObjectRef");
	json_set_str(bound, "apiVersion", "v1");
	json_set_str(bound, "kind", opts_str(&ctx->opts, "bound-object-kind"));
	json_set_str(bound, "name", opts_str(&ctx->opts, "bound-object-name"));
	if (has(ctx, "bound-object-uid"))
		json_set_str(bound, "uid", opts_str(&ctx->opts, "bound-object-uid"));
	return request;
}

static json *ask(struct cmd_ctx *ctx, struct err *e)
{
	auto_json *request = token_request(ctx);
	struct client *c = cmd_client(ctx, e);
	auto_free char *path =
	    xasprintf("/api/v1/namespaces/%s/serviceaccounts/%s/token", ctx->ns, ctx->args[0]);
	json *answer = c ? client_send_json(c, "POST", path, NULL, request, e) : NULL;

	if (!answer)
		err_set(e, e->reason, "failed to create token: %s", err_msg(e));
	return answer;
}

static int exec_token(struct cmd_ctx *ctx, struct err *e)
{
	auto_printer p = {0};
	auto_json *answer = NULL;
	auto_buf text = {0};

	if (create_check_name(ctx, e) < 0 ||
	    printer_init(&p, opts_str(&ctx->opts, "output"), e) < 0 ||
	    check_bound_object(ctx, e) < 0)
		return -1;
	if (opts_duration_ns(&ctx->opts, "duration") < 0)
		return err_set(e, ERR_BAD_REQUEST, "--duration must be greater than or equal to 0");
	answer = ask(ctx, e);
	if (!answer)
		return -1;
	p.show_managed = opts_bool(&ctx->opts, "show-managed-fields");
	if (printer_is_table(&p))
		buf_addf(&text, "%s\n", json_str_or(answer, "status.token", ""));
	else if (printer_object(&p, NULL, answer, &text, e) < 0)
		return -1;
	out_adds(&ctx->out, buf_str(&text));
	return 0;
}

const struct cmd cmd_create_token = {
    .name = "create token",
    .usage = "SERVICEACCOUNT [options]",
    .summary = "Print a new token of a service account of a cluster",
    .help = "On this machine there is nothing that would take one: 'kjob kubeconfig' has what "
	    "clients of 'kjob serve' need.",
    .examples = "# For ten minutes\n"
		"kjob --context=prod create token robot --duration=10m\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_token,
};
