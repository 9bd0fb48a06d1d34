/* kjob explain: kinds and their fields, from the server's OpenAPI documents. */
#include "cmd.h"
#include "explain_text.h"
#include "typedoc.h"

static const char *const output_choices[] = {"plaintext", "plaintext-openapiv2", NULL};

static const struct opt options[] = {
    {"recursive", 0, OPT_BOOL, NULL, NULL, "All fields below, without descriptions", NULL, NULL},
    {"api-version", 0, OPT_STRING, NULL, "VERSION", "Of this group and version, as in batch/v1",
	NULL, NULL},
    {"output", 0, OPT_STRING, "plaintext", "FORMAT", "plaintext", NULL, output_choices},
    OPT_END,
};

/* What RESOURCE[.FIELD…] means. */
struct question {
	const struct resource *resource;
	struct strlist fields;
};

/*
 * The resource is the longest beginning that names one: jobs.batch.spec is field spec of
 * jobs.batch.
 */
static int parse_question(
    const struct resources *all, const char *text, struct question *ret, struct err *e)
{
	auto_strlist parts = {0};
	auto_free char *word = xstrdup(text);
	auto_err first = {0};
	size_t n;

	if (str_has_suffix(word, ".")) /* jobs.spec. */
		word[strlen(word) - 1] = '\0';
	str_split(&parts, word, '.');
	for (n = parts.len; n && !ret->resource; n--) {
		err_clear(&first);
		ret->resource = resource_by_word(all, word, &first);
		if (!ret->resource && n > 1)
			word[strlen(word) - strlen(parts.items[n - 1]) - 1] = '\0';
	}
	if (!ret->resource) {
		err_move(e, &first);
		return -1;
	}
	for (size_t i = n + 1; i < parts.len; i++)
		strlist_add(&ret->fields, parts.items[i]);
	return 0;
}

static bool has_api_version(const struct resource *r, const char *api_version)
{
	auto_buf own = {0};

	resource_api_version(r, &own);
	return str_eq(buf_str(&own), api_version);
}

static int err_no_resource(struct err *e, const char *api_version, const struct resource *r)
{
	err_clear(e);
	return err_set(e, ERR_NOT_FOUND, "couldn't find resource for \"%s%s, Resource=%s\"",
	    strchr(api_version, '/') ? "" : "/", api_version, r->name);
}

/* The same resource in the version asked for. */
static int choose_version(const struct resources *all, const char *api_version,
    const struct resource **ret, struct err *e)
{
	if (!*api_version)
		return 0;
	for (size_t i = 0; i < resources_len(all); i++) {
		const struct resource *r = resources_at(all, i);

		if (str_eq(r->name, (*ret)->name) && has_api_version(r, api_version)) {
			*ret = r;
			return 0;
		}
	}
	return err_no_resource(e, api_version, *ret);
}

static int explain(struct cmd_ctx *ctx, const struct question *q, struct err *e)
{
	const struct resource *r = q->resource;
	struct explain x = {
	    .group = r->group,
	    .version = r->version,
	    .kind = r->kind,
	    .resource = r->name,
	    .fields = &q->fields,
	    .recursive = opts_bool(&ctx->opts, "recursive"),
	};
	auto_buf version = {0}, text = {0};

	resource_api_version(r, &version);
	x.document = typedoc_get(ctx, r, e);
	if (x.document ? !typedoc_kind(x.document, r->group, r->version, r->kind)
		       : e->reason == ERR_NOT_FOUND)
		return err_no_resource(e, buf_str(&version), r);
	if (!x.document || explain_print(&x, &text, e) < 0)
		return -1;
	out_add(&ctx->out, buf_str(&text), text.len);
	return 0;
}

static int check_usage(struct cmd_ctx *ctx, struct err *e)
{
	const char *output = opts_str(&ctx->opts, "output");

	if (!str_eq(output, "plaintext"))
		return err_set(e, ERR_BAD_REQUEST,
		    "--output=%s is not supported by this version of kjob, only plaintext", output);
	if (!ctx->argc)
		return err_set(e, ERR_BAD_REQUEST,
		    "You must specify the type of resource to explain. Use \"kjob api-resources\" "
		    "for a complete list of supported resources.");
	if (ctx->argc > 1)
		return err_set(e, ERR_BAD_REQUEST, "We accept only this format: explain RESOURCE");
	return 0;
}

static int exec_explain(struct cmd_ctx *ctx, struct err *e)
{
	const struct resources *all;
	struct question q = {0};
	int rc = -1;

	if (check_usage(ctx, e) < 0)
		return -1;
	all = resources_load(ctx, e);
	if (all && parse_question(all, ctx->args[0], &q, e) == 0 &&
	    choose_version(all, opts_str(&ctx->opts, "api-version"), &q.resource, e) == 0)
		rc = explain(ctx, &q, e);
	strlist_release(&q.fields);
	return rc;
}

const struct cmd cmd_explain = {
    .name = "explain",
    .usage = "TYPE[.FIELD…] [options]",
    .summary = "Tell what the fields of a kind of object mean",
    .help = "Fields that this version of kjob refuses, and those that have no effect on a single "
	    "machine, say so.",
    .examples = "# A Job and its fields\n"
		"kjob explain job\n\n"
		"# One field of its pods' containers\n"
		"kjob explain job.spec.template.spec.containers.imagePullPolicy\n\n"
		"# All fields of a CronJob at a glance\n"
		"kjob explain cronjob --recursive\n",
    .options = options,
    .group = GROUP_LOOK,
    .exec = exec_explain,
};
