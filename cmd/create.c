/* kjob create -f: each object is new, or an error. */
#include "create.h"
#include "manifest_flow.h"
#include "merge.h"
#include "printer.h"
#include "raw.h"

static const struct opt options[] = {
    OPT_ROW_FILENAME("A manifest to create from"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_SELECTOR,
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_ROW_VALIDATE,
    OPT_ROW_SAVE_CONFIG,
    OPT_ROW_FIELD_MANAGER,
    OPT_ROW_SHOW_MANAGED,
    OPT_ROW_RAW("Send POST to this path, with what -f names, and show the answer as it is"),
    OPT_END,
};

/* NULL: nothing is sent in a dry run of the client. */
static struct pending *begin(struct client *c, struct cmd_ctx *ctx, const struct resource *r,
    const char *ns, const json *object)
{
	const char *dry_run = opts_str(&ctx->opts, "dry-run");
	auto_buf path = {0};

	if (str_eq(dry_run, "client"))
		return NULL;
	resource_path(r, ns, NULL, NULL, &path);
	query_add(&path, "fieldManager", cmd_field_manager(ctx, "kubectl-create"));
	query_add(
	    &path, "fieldValidation", manifest_field_validation(opts_str(&ctx->opts, "validate")));
	if (str_eq(dry_run, "server"))
		query_add(&path, "dryRun", "All");
	return client_begin_json(c, "POST", buf_str(&path), NULL, object);
}

json *create_send(struct cmd_ctx *ctx, const struct resource *r, const char *ns, const json *object,
    struct err *e)
{
	struct client *c = cmd_client(ctx, e);
	auto_json *whole = json_dup(object);
	struct pending *sent;

	if (!c)
		return NULL;
	if (opts_bool(&ctx->opts, "save-config"))
		merge_record_applied(whole);
	sent = begin(c, ctx, r, ns, whole);
	return sent ? client_end_json(sent, e) : TAKE(whole);
}

/* ---- create -f ---- */

struct creating {
	struct client *client;
	struct pending *sent;
};

static int prepare_one(struct manifest_work *w, struct err *e)
{
	struct creating *c = w->state;

	if (manifest_resolve(w->ctx, w->m, opts_str(&w->ctx->opts, "validate"), &w->t, e) < 0)
		return -1;
	c->client = cmd_client(w->ctx, e);
	if (c->client && opts_bool(&w->ctx->opts, "save-config"))
		merge_record_applied(w->m->obj);
	return c->client ? 0 : -1;
}

static int begin_one(struct manifest_work *w, struct err *e)
{
	struct creating *c = w->state;

	c->sent = begin(c->client, w->ctx, w->t.resource, w->t.ns, w->m->obj);
	return 0;
}

static int end_one(struct manifest_work *w, struct err *e)
{
	struct creating *c = w->state;
	auto_json *created = c->sent ? client_end_json(TAKE(c->sent), e) : json_dup(w->m->obj);

	if (!created && err_is_status(e))
		err_wrap(e, "error when creating \"%s\"", w->m->source);
	return created ? print_result(w->ctx, w->printer, w->t.resource, created, "created",
			     opts_str(&w->ctx->opts, "dry-run"), e)
		       : -1;
}

static void release_one(struct manifest_work *w)
{
	struct creating *c = w->state;

	client_drop(c->sent);
}

/* `create deployment`: the server has a reason why there is none. */
static int unknown_kind(struct cmd_ctx *ctx, struct err *e)
{
	const struct resources *all = resources_load(ctx, e);

	if (!all || !resource_by_word(all, ctx->args[0], e))
		return -1;
	return cmd_usage_error(ctx, e, "Unexpected args: [%s]", ctx->args[0]);
}

static int exec_create(struct cmd_ctx *ctx, struct err *e)
{
	static const char *const not_raw[] = {"output", "recursive", "dry-run", NULL};
	static const struct manifest_steps steps = {
	    sizeof(struct creating), prepare_one, NULL, begin_one, end_one, release_one};
	auto_manifests all = {0};
	auto_printer p = {0};

	if (*opts_str(&ctx->opts, "raw"))
		return raw_request(ctx, "POST", not_raw, e);
	if (ctx->argc && !opts_given(&ctx->opts, "filename"))
		return unknown_kind(ctx, e);
	if (manifests_begin(ctx, &all, &p, e) < 0)
		return -1;
	manifests_flow(ctx, &all, &p, &steps, NULL);
	return ctx->failed;
}

/* ---- for create KIND ---- */

int create_check_name(const struct cmd_ctx *ctx, struct err *e)
{
	size_t before_dash = ctx->dash >= 0 ? (size_t)ctx->dash : ctx->argc;

	if (before_dash == 1)
		return 0;
	return cmd_usage_error(ctx, e, "exactly one NAME is required, got %zu", before_dash);
}

/* In kubectl's words: a secret without a colon, a service with its type, a namespace plainly. */
static int create_failed(const struct resource *r, const json *object, struct err *e)
{
	const char *type = str_eq(r->kind, "Service") ? json_str_or(object, "spec.type", "") : "";

	if (str_eq(r->kind, "Namespace"))
		return -1;
	return err_set(e, e->reason, "failed to create %s%s%s%s %s", type, *type ? " " : "",
	    r->singular, str_eq(r->kind, "Secret") ? "" : ":", err_msg(e));
}

int create_object(struct cmd_ctx *ctx, json *object, struct err *e)
{
	const struct resources *all;
	const struct resource *r;
	auto_printer p = {0};
	auto_json *created = NULL;

	if (printer_init(&p, opts_str(&ctx->opts, "output"), e) < 0)
		return -1;
	p.show_managed = opts_bool(&ctx->opts, "show-managed-fields");
	all = resources_load(ctx, e);
	r = all ? resource_by_kind(all, json_str_or(object, "apiVersion", ""),
		      json_str_or(object, "kind", ""), e)
		: NULL;
	if (!r)
		return -1;
	if (ctx->ns_given && r->namespaced)
		json_set_path(object, "metadata.namespace", json_new_string(ctx->ns));
	created = create_send(ctx, r, ctx->ns, object, e);
	if (!created)
		return create_failed(r, object, e);
	return print_result(ctx, &p, r, created, "created", opts_str(&ctx->opts, "dry-run"), e);
}

const struct cmd cmd_create = {
    .name = "create",
    .usage = "-f FILE [options]",
    .summary = "Create objects from manifests",
    .help = "All objects of all files are tried; the exit code is 1 when any of them failed. 'kjob "
	    "apply' also changes objects that exist.",
    .examples = "# Create what a file describes\n"
		"kjob create -f job.yaml\n\n"
		"# Create from standard input\n"
		"cat job.json | kjob create -f -\n",
    .options = options,
    .group = GROUP_RUN,
    .exec = exec_create,
};
