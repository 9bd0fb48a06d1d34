/* kjob patch: changes objects by a patch: what is to be set, or steps. */
#include "../runtime/base/paths.h"
#include "../runtime/base/yaml.h"
#include "pick.h"

#define PATCH_MAX ((size_t)16 * MIB)

static const char *const type_choices[] = {"strategic", "merge", "json", NULL};
static const char *const subresource_choices[] = {"", "status", NULL};

static const struct {
	const char *name, *mime;
} types[] = {
    {"strategic", "application/strategic-merge-patch+json"},
    {"merge", MIME_MERGE_PATCH},
    {"json", MIME_JSON_PATCH},
};

static const struct opt options[] = {
    {"patch", 'p', OPT_STRING, NULL, "PATCH", "The patch, as JSON or YAML", NULL, NULL},
    {"patch-file", 0, OPT_STRING, NULL, "FILE", "A file that holds the patch", NULL, NULL},
    {"type", 0, OPT_STRING, "strategic", "TYPE",
	"strategic: merged, lists item by item as their kind has it; merge: merged, lists "
	"replaced (RFC 7386); json: a list of steps (RFC 6902)",
	NULL, type_choices},
    {"subresource", 0, OPT_STRING, NULL, "NAME", "Patch this part only: status", NULL,
	subresource_choices},
    OPT_ROW_FILENAME("A manifest that names what to patch"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_ROW_FIELD_MANAGER,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

static const char *mime_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(types[i].name, name))
			return types[i].mime;
	return NULL;
}

/* The text of -p or --patch-file; owned. */
static char *patch_text(const struct cmd_ctx *ctx, struct err *e)
{
	const char *text = opts_str(&ctx->opts, "patch");
	const char *file = opts_str(&ctx->opts, "patch-file");
	char *content;

	if (!*text == !*file) {
		err_set(e, ERR_BAD_REQUEST,
		    *text ? "cannot specify --patch and --patch-file together"
			  : "must specify --patch or --patch-file containing the contents of the "
			    "patch");
		return NULL;
	}
	if (*text)
		return xstrdup(text);
	content = path_read_file(file, PATCH_MAX, NULL, e);
	if (!content)
		err_wrap(e, "unable to read patch file");
	return content;
}

/* The patch as JSON text, as it is sent; owned. */
static char *patch_body(const struct cmd_ctx *ctx, struct err *e)
{
	const char *file = opts_str(&ctx->opts, "patch-file");
	auto_free char *text = patch_text(ctx, e);
	struct yaml_docs docs = {0};
	char *body = NULL;

	if (!text)
		return NULL;
	if (yaml_parse(*file ? file : "patch", text, strlen(text), &docs, e) < 0) {
		auto_free char *quoted = *file ? NULL : str_go_quote(text);

		err_wrap(e, "unable to parse %s", quoted ? quoted : file);
		return NULL;
	}
	if (docs.len == 1)
		body = json_print(docs.items[0].root);
	else
		err_set(e, ERR_BAD_REQUEST, "a patch is one document, not %zu", docs.len);
	yaml_docs_release(&docs);
	return body;
}

static int patch_one(
    struct cmd_ctx *ctx, struct printer *p, struct picked *it, const void *body, struct err *e)
{
	const char *dry_run = opts_str(&ctx->opts, "dry-run");
	struct change c = {
	    .content_type = mime_type(opts_str(&ctx->opts, "type")),
	    .body = body,
	    .manager = "kubectl-patch",
	    .subresource = opts_str(&ctx->opts, "subresource"),
	    .dry = !str_eq(dry_run, "none"),
	};
	auto_json *patched = pick_patch(ctx, it, &c, e);

	if (!patched)
		return -1;
	return print_result(ctx, p, it->resource, patched,
	    json_equal(it->live, patched) ? "patched (no change)" : "patched", dry_run, e);
}

static int exec_patch(struct cmd_ctx *ctx, struct err *e)
{
	auto_free char *body = patch_body(ctx, e);

	return body ? picks_each(ctx, ctx->args, ctx->argc, patch_one, body, e) : -1;
}

const struct cmd cmd_patch = {
    .name = "patch",
    .usage = "(TYPE NAME… | TYPE/NAME… | -f FILE) (-p PATCH | --patch-file=FILE) [options]",
    .summary = "Change fields of objects",
    .help =
	"The server works the patch into the object: with --dry-run=client it is asked too, and "
	"stores nothing.",
    .examples = "# Let a Job run more pods at a time\n"
		"kjob patch job pi -p '{\"spec\": {\"parallelism\": 4}}'\n\n"
		"# Give a cron job another schedule, in YAML\n"
		"kjob patch cronjob/nightly --type=merge -p 'spec: {schedule: \"0 3 * * *\"}'\n\n"
		"# A patch of steps\n"
		"kjob patch job pi --type=json -p '[{\"op\": \"remove\", \"path\": "
		"\"/spec/ttlSecondsAfterFinished\"}]'\n",
    .options = options,
    .group = GROUP_CHANGE,
    .exec = exec_patch,
};
