/*
 * kjob edit: objects as text in an editor, and what was changed there as a patch.
 *
 * The patch is made against the text as it was opened, and sent for that version of the object.
 * What others have changed meanwhile (the controller writes statuses all the time) stays, unless it
 * is just what was edited: that is a conflict.
 */
#include <stdio.h>

#include "../runtime/base/yaml.h"
#include "editor.h"
#include "merge.h"
#include "pick.h"

#define CONFLICTS_MAX 10

static const char *const format_choices[] = {"yaml", "json", NULL};
static const char *const subresource_choices[] = {"", "status", NULL};

static const struct opt options[] = {
    {"output", 'o', OPT_STRING, "yaml", "FORMAT", "What is edited: yaml or json", NULL,
	format_choices},
    {"subresource", 0, OPT_STRING, NULL, "NAME", "Change this part only: status", NULL,
	subresource_choices},
    {"output-patch", 0, OPT_BOOL, NULL, NULL, "Show the patch that is sent", NULL, NULL},
    OPT_ROW_FILENAME("A manifest that names what to edit"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_VALIDATE,
    OPT_ROW_FIELD_MANAGER,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

struct edit {
	struct cmd_ctx *ctx;
	struct picks picks;
	bool *done; /* for each pick: its change is stored */
	struct editor editor;
	char *body;             /* the text without comments, as it was opened */
	struct strlist reasons; /* why it is opened again */
	bool troubled;          /* something failed that editing again does not mend */
};

enum round { ROUND_DONE, ROUND_AGAIN, ROUND_ERROR };

/* ---- objects as text ---- */

static void print_objects(const json *object, bool as_json, struct buf *out)
{
	auto_free char *text = as_json ? json_print_indent(object, 4) : NULL;

	if (as_json)
		buf_addf(out, "%s\n", text);
	else
		yaml_print(object, out);
}

/* One object, or a List of several. */
static char *objects_text(const struct edit *d)
{
	bool as_json = str_eq(opts_str(&d->ctx->opts, "output"), "json");
	auto_json *list = object_list();
	json *items = json_get(list, "items");
	auto_buf out = {0};

	for (size_t i = 0; i < d->picks.len; i++)
		json_add(items, json_dup(d->picks.items[i].live));
	print_objects(d->picks.len == 1 ? json_at(items, 0) : list, as_json, &out);
	return buf_take(&out);
}

static int fetch_all(struct edit *d, struct err *e)
{
	for (size_t i = 0; i < d->picks.len; i++) {
		if (pick_get(d->ctx, &d->picks.items[i], e) < 0)
			return -1;
		if (!opts_bool(&d->ctx->opts, "show-managed-fields"))
			json_del_path(d->picks.items[i].live, "metadata.managedFields");
		json_sort(d->picks.items[i].live);
	}
	return 0;
}

/* ---- sending ---- */

/* Whether what the patch sets is no longer what it was when the text was opened. */
static bool is_overtaken(const json *patch, const json *original, const json *live)
{
	json_for (it, patch) {
		const json *was = json_get(original, json_key(it));
		const json *is = json_get(live, json_key(it));

		if (json_is_object(it) && json_is_object(was) && json_is_object(is)) {
			if (is_overtaken(it, was, is))
				return true;
		} else if (!json_equal(was, is) && !json_equal(it, is)) {
			return true;
		}
	}
	return false;
}

/* Sends the patch for a version of the object: the one that was edited, then later ones where they
 * differ elsewhere. */
static int send_patch(struct edit *d, const struct picked *it, const json *patch, struct err *e)
{
	auto_free char *version = xstrdup(json_str_or(it->live, "metadata.resourceVersion", ""));

	for (int tries = 0;; tries++) {
		auto_json *whole = json_dup(patch), *live = NULL, *stored = NULL;
		struct picked again = {.resource = it->resource, .ns = it->ns, .name = it->name};
		auto_free char *body = NULL;
		struct change c = {.manager = "kubectl-edit",
		    .subresource = opts_str(&d->ctx->opts, "subresource"),
		    .validation = opts_str(&d->ctx->opts, "validate")};
		auto_err other = {0};

		json_set_str(json_obj(whole, "metadata"), "resourceVersion", version);
		body = json_print(json_path(patch, "metadata.resourceVersion") ? patch : whole);
		c.body = body;
		stored = pick_patch(d->ctx, it, &c, e);
		if (stored)
			return 0;
		if (!err_is_status(e) || e->reason != ERR_CONFLICT || tries == CONFLICTS_MAX ||
		    pick_get(d->ctx, &again, &other) < 0)
			return -1;
		live = again.live;
		if (is_overtaken(patch, it->live, live))
			return -1;
		free(version);
		version = xstrdup(json_str_or(live, "metadata.resourceVersion", ""));
		err_clear(e);
	}
}

/* What the server says against an edited object: kubectl's words, and whether editing can mend it.
 */
static void note_error(struct edit *d, const struct picked *it, struct err *e)
{
	auto_buf name = {0}, reason = {0};
	bool invalid =
	    err_is_status(e) && (e->reason == ERR_INVALID || e->reason == ERR_BAD_REQUEST);

	resource_qualified_name(it->resource, &name);
	buf_addf(&name, " \"%s\"", it->name);
	if (invalid)
		fprintf(stderr, "error: %s is invalid\n", buf_str(&name));
	else if (e->reason == ERR_NOT_FOUND)
		fprintf(stderr, "error: %s could not be found on the server\n", buf_str(&name));
	else
		fprintf(stderr, "error: %s could not be patched: %s\n", buf_str(&name), err_msg(e));
	d->troubled = d->troubled || !invalid;
	if (!invalid)
		return;
	buf_addf(&reason, "%s was not valid:", buf_str(&name));
	json_for (c, json_path(e->details, "details.causes"))
		buf_addf(&reason, "\n* %s: %s", json_str_or(c, "field", ""),
		    json_str_or(c, "message", ""));
	if (!json_len(json_path(e->details, "details.causes")))
		buf_addf(&reason, "\n* %s", err_msg(e));
	strlist_add(&d->reasons, buf_str(&reason));
}

static int print_outcome(
    struct edit *d, const struct picked *it, const json *patch, const char *what, struct err *e)
{
	auto_printer p = {0};
	auto_free char *text = json_print(patch);

	if (opts_bool(&d->ctx->opts, "output-patch") && json_len(patch))
		out_addf(&d->ctx->out, "Patch: %s\n", text);
	return print_result(d->ctx, &p, it->resource, it->live, what, "none", e);
}

static bool same_at(const json *a, const json *b, const char *path)
{
	return str_eq(json_str(a, path), json_str(b, path));
}

static int send_one(struct edit *d, size_t at, const json *edited, struct err *e)
{
	struct picked *it = &d->picks.items[at];
	auto_json *patch = merge_three_way(it->live, edited, it->live);
	auto_err refused = {0};
	const char *what = "edited";

	if (!same_at(it->live, edited, "apiVersion") || !same_at(it->live, edited, "kind") ||
	    !same_at(it->live, edited, "metadata.name") ||
	    !same_at(it->live, edited, "metadata.namespace"))
		return err_set(e, ERR_BAD_REQUEST,
		    "at least one of apiVersion, kind, name and namespace was changed");
	if (json_len(patch) == 0)
		what = "skipped";
	else if (send_patch(d, it, patch, &refused) < 0) {
		note_error(d, it, &refused);
		return 0;
	}
	d->done[at] = true;
	return print_outcome(d, it, patch, what, e);
}

/* The pick that an edited object was; picks.len: none. */
static size_t find_original(const struct edit *d, const json *edited)
{
	size_t i = 0;

	while (i < d->picks.len && !same_at(d->picks.items[i].live, edited, "metadata.uid"))
		i++;
	return i;
}

static void keep_file(struct edit *d)
{
	fprintf(stderr, "A copy of your changes has been stored to \"%s\"\n", d->editor.path);
	d->editor.keep = true;
}

static enum round send_all(struct edit *d, const struct manifests *edited, struct err *e)
{
	/* The controller may have left while somebody was thinking. */
	if (client_revive(d->ctx->client, e) < 0)
		return ROUND_ERROR;
	for (size_t i = 0; i < edited->len; i++) {
		size_t at = find_original(d, edited->items[i].obj);

		if (at == d->picks.len) {
			err_set(e, ERR_BAD_REQUEST, "no original object found for %s \"%s\"",
			    json_str_or(edited->items[i].obj, "kind", ""),
			    json_str_or(edited->items[i].obj, "metadata.name", ""));
			return ROUND_ERROR;
		}
		if (!d->done[at] && send_one(d, at, edited->items[i].obj, e) < 0)
			return ROUND_ERROR;
	}
	if (d->troubled) {
		fprintf(
		    stderr, "A copy of your changes has been stored to \"%s\"\n", d->editor.path);
		d->editor.keep = true;
		d->ctx->failed = 1;
		return ROUND_DONE;
	}
	return d->reasons.len ? ROUND_AGAIN : ROUND_DONE;
}

/* ---- editing ---- */

static bool all_as_before(const struct edit *d, const struct manifests *edited)
{
	for (size_t i = 0; i < edited->len; i++) {
		size_t at = find_original(d, edited->items[i].obj);

		if (at == d->picks.len ||
		    !json_equal(d->picks.items[at].live, edited->items[i].obj))
			return false;
	}
	return edited->len == d->picks.len;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

/* What came out of the editor. */
static enum round take_text(struct edit *d, struct err *e)
{
	auto_strlist file = {0};
	auto_manifests edited = {0};
	auto_err syntax = {0};

	if (is_blank(d->body)) {
		fputs("Edit cancelled, saved file was empty.\n", stderr);
		return ROUND_DONE;
	}
	strlist_add(&file, d->editor.path);
	if (manifests_load(&file, false, &edited, &syntax) < 0) {
		strlist_addf(
		    &d->reasons, "The edited file had a syntax error: %s", err_msg(&syntax));
		return ROUND_AGAIN;
	}
	if (all_as_before(d, &edited)) {
		fputs("Edit cancelled, no changes made.\n", stderr);
		return ROUND_DONE;
	}
	return send_all(d, &edited, e);
}

static enum round edit_round(struct edit *d, struct err *e)
{
	bool again = d->reasons.len > 0;
	auto_buf text = {0};
	auto_free char *changed = NULL;
	char *stripped;

	editor_heading(&d->reasons, &text);
	buf_adds(&text, d->body);
	if (editor_run(&d->editor, buf_str(&text), &changed, e) < 0)
		return ROUND_ERROR;
	stripped = editor_strip(changed);
	if (again && str_eq(stripped, d->body)) {
		free(stripped);
		err_set(e, ERR_BAD_REQUEST, "Edit cancelled, no valid changes were saved.");
		return ROUND_ERROR;
	}
	free(d->body);
	d->body = stripped;
	strlist_release(&d->reasons);
	memset(&d->reasons, 0, sizeof(d->reasons));
	return take_text(d, e);
}

/* After an error, whoever's it is: nothing that somebody has typed gets lost. */
static void keep_changes(struct edit *d)
{
	auto_free char *original = objects_text(d);
	auto_free char *text = editor_read(&d->editor, NULL);
	auto_free char *stripped = text ? editor_strip(text) : NULL;

	if (stripped && !str_eq(stripped, original))
		keep_file(d);
}

static int edit_all(struct edit *d, struct err *e)
{
	const char *format = opts_str(&d->ctx->opts, "output");
	enum round round;

	if (picks_find(d->ctx, d->ctx->args, d->ctx->argc, &d->picks, e) < 0 ||
	    fetch_all(d, e) < 0 ||
	    editor_open(&d->editor, str_eq(format, "json") ? ".json" : ".yaml", e) < 0)
		return -1;
	if (!d->picks.len)
		fputs("No resources found\n", stderr);
	if (!d->picks.len)
		return d->ctx->failed;
	d->done = xcalloc(d->picks.len + 1, sizeof(*d->done));
	d->body = objects_text(d);
	do
		round = edit_round(d, e);
	while (round == ROUND_AGAIN);
	if (round == ROUND_DONE)
		return d->ctx->failed;
	keep_changes(d);
	return -1;
}

static int exec_edit(struct cmd_ctx *ctx, struct err *e)
{
	struct edit d = {.ctx = ctx, .picks.keep = true, .picks.whole_types = true};
	int rc = edit_all(&d, e);

	picks_release(&d.picks);
	editor_release(&d.editor);
	strlist_release(&d.reasons);
	free(d.body);
	free(d.done);
	return rc;
}

const struct cmd cmd_edit = {
    .name = "edit",
    .usage = "(TYPE [NAME…] | TYPE/NAME… | -f FILE) [options]",
    .summary = "Change objects in an editor",
    .help =
	"The editor is $KUBE_EDITOR, $EDITOR or vi. What the server refuses is opened again, with "
	"the reasons on top; an empty file, or one without changes, ends it. Where nothing could "
	"be stored the file is kept and its name printed.",
    .examples = "# Edit a Job\n"
		"kjob edit job pi\n\n"
		"# A cron job, as JSON, in another editor\n"
		"KUBE_EDITOR=nano kjob edit cronjob/nightly -o json\n",
    .options = options,
    .group = GROUP_CHANGE,
    .exec = exec_edit,
};
