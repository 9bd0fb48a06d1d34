/* kjob delete: objects by name, by manifest or by selector; waits until they are gone. */
#include <stdio.h>

#include "../runtime/base/clock.h"
#include "delete.h"
#include "raw.h"

const char *const cascade_choices[] = {"background", "foreground", "orphan", "true", "false", NULL};

static const struct opt options[] = {
    OPT_ROW_FILENAME("A manifest that names what to delete"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_SELECTOR,
    OPT_ROW_FIELD_SELECTOR,
    OPT_ROW_ALL,
    OPT_ROW_ALL_NAMESPACES,
    OPT_ROW_CASCADE,
    {"grace-period", 0, OPT_INT, "-1", "SECONDS",
	"Time given to containers to end by themselves; -1: their own setting", NULL, NULL},
    {"now", 0, OPT_BOOL, NULL, NULL, "A grace period of one second", NULL, NULL},
    {"force", 0, OPT_BOOL, NULL, NULL, "No grace: end containers at once", NULL, NULL},
    {"wait", 0, OPT_BOOL, "true", NULL, "Return when the objects are gone", NULL, NULL},
    {"timeout", 0, OPT_DURATION, "0s", "DURATION", "How long to wait for each; 0: until it is gone",
	NULL, NULL},
    {"ignore-not-found", 0, OPT_BOOL, NULL, NULL, "A name that does not exist is no error", NULL,
	NULL},
    {"dry-run", 0, OPT_MAYBE, "none", "MODE",
	"none, client (send nothing) or server (send, delete nothing)", "client", dry_run_choices},
    {"output", 'o', OPT_STRING, NULL, "FORMAT", "name", NULL, NULL},
    {"interactive", 'i', OPT_BOOL, NULL, NULL, "Ask before anything is deleted", NULL, NULL},
    OPT_ROW_RAW("Send DELETE to this path, with what -f names, and show the answer as it is"),
    OPT_END,
};

struct deletion {
	struct cmd_ctx *ctx;
	struct client *client;
	const struct delete_how *how;
};

/* ---- deleting ---- */

static json *delete_options(const struct deletion *d)
{
	const char *cascade = opts_str(&d->ctx->opts, "cascade");
	json *o = object_new("v1", "DeleteOptions", NULL);

	json_set_str(o, "propagationPolicy",
	    str_eq(cascade, "foreground")                           ? "Foreground"
	    : str_eq(cascade, "orphan") || str_eq(cascade, "false") ? "Orphan"
								    : "Background");
	if (d->how->grace >= 0)
		json_set_int(o, "gracePeriodSeconds", d->how->grace);
	if (str_eq(opts_str(&d->ctx->opts, "dry-run"), "server")) {
		json_set(o, "dryRun", json_new_array());
		json_add(json_get(o, "dryRun"), json_new_string("All"));
	}
	return o;
}

static void print_deleted(const struct deletion *d, const struct picked *v)
{
	const char *dry_run = opts_str(&d->ctx->opts, "dry-run");
	struct out *out = &d->ctx->out;
	auto_buf name = {0};

	resource_singular_name(v->resource, &name);
	if (*opts_str(&d->ctx->opts, "output")) {
		out_addf(out, "%s/%s\n", buf_str(&name), v->name);
	} else {
		out_addf(out, "%s \"%s\" %sdeleted", buf_str(&name), v->name,
		    d->how->grace == 0 ? "force " : "");
		if (v->resource->namespaced && v->ns)
			out_addf(out, " from %s namespace", v->ns);
		out_adds(out, str_eq(dry_run, "none")     ? "\n"
			      : str_eq(dry_run, "client") ? " (dry run)\n"
							  : " (server dry run)\n");
	}
	out_flush(out);
}

/* 1: there was none, and that is fine. The uid of what was deleted comes from the answer. */
static int delete_one(struct deletion *d, struct picked *v, struct err *e)
{
	auto_json *body = delete_options(d), *answer = NULL;
	auto_buf path = {0};
	const char *uid;

	resource_path(v->resource, v->ns, v->name, NULL, &path);
	if (str_eq(opts_str(&d->ctx->opts, "dry-run"), "client"))
		answer = client_get_json(d->client, buf_str(&path), e);
	else
		answer = client_send_json(d->client, "DELETE", buf_str(&path), NULL, body, e);
	if (!answer && d->how->ignore_missing && err_is_status(e) && e->reason == ERR_NOT_FOUND) {
		err_clear(e);
		return 1;
	}
	if (!answer && v->source)
		err_wrap(e, "error when deleting \"%s\"", v->source);
	if (!answer)
		return -1;
	uid = json_str(
	    answer, str_eq(json_str(answer, "kind"), "Status") ? "details.uid" : "metadata.uid");
	if (uid && !v->uid)
		v->uid = xstrdup(uid);
	if (d->how->tell)
		d->how->tell(d->ctx, v, d->how->arg);
	else
		print_deleted(d, v);
	return 0;
}

/* ---- waiting until it is gone ---- */

static bool until_deleted(void *ctx, const char *type, const json *object)
{
	return !str_eq(type, "DELETED");
}

/* The list that a watch starts from holds the object itself, or nothing. 1: gone. */
static int still_there(
    struct deletion *d, const struct picked *v, struct buf *watch_path, struct err *e)
{
	auto_free char *selector = xasprintf("metadata.name=%s", v->name);
	auto_json *list = NULL;
	const json *item;

	resource_path(v->resource, v->ns, NULL, NULL, watch_path);
	query_add(watch_path, "fieldSelector", selector);
	list = client_get_json(d->client, buf_str(watch_path), e);
	if (!list)
		return -1;
	item = json_at(json_get(list, "items"), 0);
	if (!item || (v->uid && !str_eq(v->uid, json_str(item, "metadata.uid"))))
		return 1;
	query_add(watch_path, "watch", "true");
	query_add(watch_path, "resourceVersion", json_str(list, "metadata.resourceVersion"));
	return 0;
}

static int wait_gone(struct deletion *d, const struct picked *v, struct err *e)
{
	int64_t timeout_ms = opts_duration_ns(&d->ctx->opts, "timeout") / NSEC_PER_MSEC;
	int64_t until = clock_mono_ms() + timeout_ms;

	for (;;) {
		auto_buf path = {0};
		enum watch_end end;
		int64_t left = timeout_ms > 0 ? until - clock_mono_ms() : 0;
		int rc = still_there(d, v, &path, e);

		if (rc != 0)
			return rc < 0 ? -1 : 0;
		if (timeout_ms > 0 && left <= 0)
			return err_set(e, ERR_TIMEOUT,
			    "timed out waiting for the condition on %s/%s", v->resource->name,
			    v->name);
		if (client_watch(
			d->client, buf_str(&path), NULL, left, until_deleted, NULL, &end, e) == 0)
			continue;
		if (e->reason != ERR_EXPIRED)
			return -1;
		err_clear(e);
	}
}

/* ---- the command ---- */

/* The words of old kubectls are still understood. */
static void warn_old_cascade(const struct cmd_ctx *ctx)
{
	const char *cascade = opts_str(&ctx->opts, "cascade");

	if (str_eq(cascade, "true") || str_eq(cascade, "false"))
		fprintf(stderr,
		    "warning: --cascade=%s is deprecated (boolean value) and can be replaced with "
		    "--cascade=%s.\n",
		    cascade, str_eq(cascade, "true") ? "background" : "orphan");
}

static int settle_grace(const struct cmd_ctx *ctx, int64_t *ret, struct err *e)
{
	const struct opts *o = &ctx->opts;
	int64_t grace = opts_int(o, "grace-period");
	if (opts_bool(o, "now") && opts_given(o, "grace-period"))
		return err_set(
		    e, ERR_BAD_REQUEST, "--now and --grace-period cannot be specified together");
	if (opts_bool(o, "force") && grace > 0)
		return err_set(e, ERR_BAD_REQUEST,
		    "--force and --grace-period greater than 0 cannot be specified together");
	if (opts_bool(o, "now"))
		grace = 1;
	if (opts_bool(o, "force") && grace < 0)
		grace = 0;
	if (grace == 0 && !opts_bool(o, "force"))
		grace = 1;
	if (grace == 0)
		fputs("Warning: Immediate deletion does not wait for confirmation that the running "
		      "resource has been terminated. The resource may continue to run on the "
		      "cluster indefinitely.\n",
		    stderr);
	*ret = grace;
	return 0;
}

int delete_picked(
    struct cmd_ctx *ctx, struct picks *victims, const struct delete_how *how, struct err *e)
{
	struct deletion d = {.ctx = ctx, .client = cmd_client(ctx, e), .how = how};
	auto_free bool *gone = xcalloc(victims->len + 1, sizeof(*gone));
	int found = 0;

	if (!d.client)
		return -1;
	for (size_t i = 0; i < victims->len; i++) {
		auto_err one = {0};
		int rc = delete_one(&d, &victims->items[i], &one);

		gone[i] = rc != 0;
		found += rc == 0;
		if (rc < 0)
			cmd_report(ctx, &one);
	}
	for (size_t i = 0; how->wait && i < victims->len; i++) {
		auto_err one = {0};

		if (!gone[i] && wait_gone(&d, &victims->items[i], &one) < 0)
			cmd_report(ctx, &one);
	}
	return found;
}

/* Only "y" is one. */
static bool confirm(struct cmd_ctx *ctx, const struct picks *victims)
{
	char answer[16] = "";

	out_addf(
	    &ctx->out, "You are about to delete the following %zu resource(s):\n", victims->len);
	for (size_t i = 0; i < victims->len; i++) {
		auto_buf name = {0};

		resource_singular_name(victims->items[i].resource, &name);
		out_addf(&ctx->out, "%s/%s\n", buf_str(&name), victims->items[i].name);
	}
	out_adds(&ctx->out, "Do you want to continue? (y/n): ");
	out_flush(&ctx->out);
	return fgets(answer, sizeof(answer), stdin) &&
	       (str_eq(answer, "y\n") || str_eq(answer, "y"));
}

static int delete_found(struct cmd_ctx *ctx, struct picks *victims, int64_t grace, struct err *e)
{
	bool ignore = opts_bool(&ctx->opts, "ignore-not-found");
	struct delete_how how = {.grace = grace,
	    .wait =
		opts_bool(&ctx->opts, "wait") && str_eq(opts_str(&ctx->opts, "dry-run"), "none")};
	int found;

	if (picks_find(ctx, ctx->args, ctx->argc, victims, e) < 0)
		return -1;
	if (opts_bool(&ctx->opts, "interactive") && !confirm(ctx, victims)) {
		out_adds(&ctx->out, "deletion is cancelled\n");
		return ctx->failed;
	}
	how.ignore_missing = victims->selected || ignore;
	found = delete_picked(ctx, victims, &how, e);
	if (found == 0 && !ctx->failed && !ignore)
		out_adds(&ctx->out, "No resources found\n");
	return found < 0 ? -1 : ctx->failed;
}

static int exec_delete(struct cmd_ctx *ctx, struct err *e)
{
	static const char *const not_raw[] = {
	    "output", "selector", "field-selector", "all", "dry-run", NULL};
	const char *output = opts_str(&ctx->opts, "output");
	auto_picks victims = {0};
	int64_t grace = -1;

	if (*opts_str(&ctx->opts, "raw"))
		return raw_request(ctx, "DELETE", not_raw, e);
	if (*output && !str_eq(output, "name"))
		return err_set(e, ERR_BAD_REQUEST,
		    "unexpected -o output mode: %s. We only support '-o name'", output);
	if (opts_bool(&ctx->opts, "all") &&
	    (*opts_str(&ctx->opts, "selector") || *opts_str(&ctx->opts, "field-selector")))
		return err_set(
		    e, ERR_BAD_REQUEST, "setting 'all' parameter but found a non empty selector. ");
	warn_old_cascade(ctx);
	return settle_grace(ctx, &grace, e) < 0 ? -1 : delete_found(ctx, &victims, grace, e);
}

const struct cmd cmd_delete = {
    .name = "delete",
    .usage = "(TYPE NAME… | TYPE/NAME… | TYPE -l SELECTOR | TYPE --all | -f FILE) [options]",
    .summary = "Delete objects, and with a Job its pods",
    .examples = "# Delete a Job and its pods, and wait until they are gone\n"
		"kjob delete job pi\n\n"
		"# Delete what a manifest describes\n"
		"kjob delete -f job.yaml\n\n"
		"# Delete all Jobs with a label\n"
		"kjob delete jobs -l app=nightly\n",
    .options = options,
    .group = GROUP_CHANGE,
    .exec = exec_delete,
};
