/* kjob label, kjob annotate: sets and removes labels and annotations of objects. */
#include <stdio.h>

#include "mark.h"
#include "pick.h"

static const struct opt options[] = {
    {"overwrite", 0, OPT_BOOL, NULL, NULL, "Change what has another value already", NULL, NULL},
    {"list", 0, OPT_BOOL, NULL, NULL, "Show what the objects have", NULL, NULL},
    {"resource-version", 0, OPT_STRING, NULL, "VERSION",
	"Only if the object is still of this version; for one object", NULL, NULL},
    OPT_ROW_FILENAME("A manifest that names them"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_SELECTOR,
    OPT_ROW_FIELD_SELECTOR,
    OPT_ROW_ALL,
    OPT_ROW_ALL_NAMESPACES,
    OPT_ROW_LOCAL,
    OPT_ROW_OUTPUT,
    OPT_ROW_DRY_RUN,
    OPT_ROW_FIELD_MANAGER,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

/* How one of the two commands goes. */
struct marking {
	enum mark_kind kind;
	const char *word, *plural, *manager;
	struct marks marks;
	bool many; /* more than one object may be meant */
};

static int list_one(struct cmd_ctx *ctx, const struct marking *m, const struct picked *it)
{
	auto_buf group = {0};
	const char *indent = m->many ? " " : "";

	if (*it->resource->group)
		buf_addf(&group, ".%s", it->resource->group);
	if (m->many)
		out_addf(&ctx->out, "Listing %s for %s%s/%s:\n", m->plural, it->resource->kind,
		    buf_str(&group), it->name);
	json_sort(it->live);
	json_for (pair, marks_of(it->live, m->kind))
		out_addf(&ctx->out, "%s%s=%s\n", indent, json_key(pair),
		    json_string_value(pair) ? json_string_value(pair) : "");
	return 0;
}

/* What became of the object, in kubectl's words. */
static const char *outcome(const struct marking *m, const json *patch)
{
	const json *changed = marks_of(patch, m->kind);

	if (m->kind == MARK_ANNOTATION)
		return "annotated";
	if (!json_len(changed))
		return "not labeled";
	json_for (it, changed)
		if (json_is_string(it))
			return "labeled";
	return "unlabeled";
}

static void warn_absent(const struct marking *m, const struct picked *it)
{
	const json *there = marks_of(it->live, m->kind);

	for (size_t i = 0; m->kind == MARK_LABEL && i < m->marks.remove.len; i++) {
		auto_free char *quoted = str_go_quote(m->marks.remove.items[i]);

		if (!json_get(there, m->marks.remove.items[i]))
			fprintf(stderr, "label %s not found.\n", quoted);
	}
}

static int mark_one(
    struct cmd_ctx *ctx, struct printer *p, struct picked *it, const void *arg, struct err *e)
{
	const struct marking *m = arg;
	const char *version = opts_str(&ctx->opts, "resource-version"), *what;
	auto_json *patch = NULL, *result = NULL;

	if (opts_bool(&ctx->opts, "list"))
		return list_one(ctx, m, it);
	if (!opts_bool(&ctx->opts, "overwrite") && marks_check(&m->marks, it->live, m->kind, e) < 0)
		return -1;
	warn_absent(m, it);
	patch = marks_patch(&m->marks, it->live, m->kind);
	what = outcome(m, patch);
	if (*version)
		json_set_str(json_obj(patch, "metadata"), "resourceVersion", version);
	result = pick_merge(ctx, it, patch, m->manager, e);
	return result ? print_result(
			    ctx, p, it->resource, result, what, opts_str(&ctx->opts, "dry-run"), e)
		      : -1;
}

static int check_options(
    const struct cmd_ctx *ctx, const struct marking *m, size_t changes, struct err *e)
{
	const struct opts *o = &ctx->opts;

	if (ctx->argc == changes && !opts_given(o, "filename"))
		return err_set(e, ERR_BAD_REQUEST,
		    "one or more resources must be specified as <resource> <name> or "
		    "<resource>/<name>");
	if (!changes && !opts_bool(o, "list"))
		return err_set(e, ERR_BAD_REQUEST, "at least one %s update is required", m->word);
	if (opts_bool(o, "list") && changes)
		return err_set(
		    e, ERR_BAD_REQUEST, "--list shows what there is: it takes no changes");
	if (opts_bool(o, "all") && *opts_str(o, "selector"))
		return err_set(
		    e, ERR_BAD_REQUEST, "cannot set --all and --selector at the same time");
	if (*opts_str(o, "resource-version") && m->many)
		return err_set(e, ERR_BAD_REQUEST,
		    "--resource-version may only be used with a single resource");
	return 0;
}

static int exec_marking(struct cmd_ctx *ctx, struct marking *m, struct err *e)
{
	size_t names;
	int rc = -1;

	if (marks_begin(ctx->args, ctx->argc, m->kind, &names, e) < 0)
		return -1;
	m->many = opts_given(&ctx->opts, "filename") ||
		  names != (names && strchr(ctx->args[0], '/') ? 1 : 2);
	if (check_options(ctx, m, ctx->argc - names, e) < 0)
		return -1;
	if (marks_parse(ctx->args + names, ctx->argc - names, m->kind, &m->marks, e) == 0)
		rc = picks_each(ctx, ctx->args, names, mark_one, m, e);
	marks_release(&m->marks);
	return rc;
}

static int exec_label(struct cmd_ctx *ctx, struct err *e)
{
	struct marking m = {
	    .kind = MARK_LABEL, .word = "label", .plural = "labels", .manager = "kubectl-label"};

	return exec_marking(ctx, &m, e);
}

static int exec_annotate(struct cmd_ctx *ctx, struct err *e)
{
	struct marking m = {.kind = MARK_ANNOTATION,
	    .word = "annotation",
	    .plural = "annotations",
	    .manager = "kubectl-annotate"};

	return exec_marking(ctx, &m, e);
}

const struct cmd cmd_label = {
    .name = "label",
    .usage = "(TYPE NAME… | TYPE/NAME… | TYPE -l SELECTOR | TYPE --all | -f FILE) KEY=VALUE… KEY-… "
	     "[options]",
    .summary = "Set and remove labels",
    .help =
	"KEY=VALUE sets a label, KEY- removes it. All objects are tried; the exit code is 1 when "
	"any of them failed.",
    .examples = "# Set one label and remove another\n"
		"kjob label job pi tier=batch old-\n\n"
		"# Change it for all Jobs\n"
		"kjob label jobs --all --overwrite tier=night\n\n"
		"# See them\n"
		"kjob label job pi --list\n",
    .options = options,
    .group = GROUP_CHANGE,
    .exec = exec_label,
};

const struct cmd cmd_annotate = {
    .name = "annotate",
    .usage = "(TYPE NAME… | TYPE/NAME… | TYPE -l SELECTOR | TYPE --all | -f FILE) KEY=VALUE… KEY-… "
	     "[options]",
    .summary = "Set and remove annotations",
    .help =
	"KEY=VALUE sets an annotation, KEY- removes it. All objects are tried; the exit code is "
	"1 when any of them failed.",
    .examples = "# Leave a note, and take it away\n"
		"kjob annotate job pi note='ask Kim before deleting'\n"
		"kjob annotate job pi note-\n",
    .options = options,
    .group = GROUP_CHANGE,
    .exec = exec_annotate,
};
