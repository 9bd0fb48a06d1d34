/* kjob diff -f: what apply would change, as `diff` shows it. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/base/paths.h"
#include "../runtime/base/yaml.h"
#include "applying.h"
#include "shell.h"

#define EXIT_TROUBLE 2
#define HIDDEN "***"

static const struct opt options[] = {
    OPT_ROW_FILENAME("A manifest to compare"),
    OPT_ROW_RECURSIVE,
    OPT_ROW_SELECTOR,
    OPT_ROW_SERVER_SIDE,
    OPT_ROW_FORCE_CONFLICTS,
    OPT_ROW_FIELD_MANAGER,
    OPT_ROW_SHOW_MANAGED,
    OPT_END,
};

/* ---- two folders ---- */

enum side { SIDE_LIVE, SIDE_MERGED, SIDE_COUNT };

struct folders {
	char *path[SIDE_COUNT];
	struct strlist files; /* in them, to be removed */
};

static int folders_open(struct folders *f, struct err *e)
{
	static const char *const names[] = {"LIVE", "MERGED"};
	const char *tmp = getenv("TMPDIR");

	for (size_t i = 0; i < SIDE_COUNT; i++) {
		f->path[i] = xasprintf("%s/%s-XXXXXX", tmp && *tmp ? tmp : "/tmp", names[i]);
		if (!mkdtemp(f->path[i]))
			return err_sys(e, errno, "cannot make the folder %s", f->path[i]);
	}
	return 0;
}

static void folders_release(struct folders *f)
{
	for (size_t i = 0; i < f->files.len; i++)
		unlink(f->files.items[i]);
	for (size_t i = 0; i < SIDE_COUNT; i++) {
		if (f->path[i])
			rmdir(f->path[i]);
		free(f->path[i]);
	}
	strlist_release(&f->files);
}
#define auto_folders CLEANUP(folders_release) struct folders

/* "batch.v1.Job.default.x" */
static char *file_name(const struct applying *a)
{
	auto_free char *version = xstrdup(json_str_or(a->m->obj, "apiVersion", ""));
	char *name;

	for (char *c = version; *c; c++)
		*c = *c == '/' ? '.' : *c;
	name = xasprintf("%s.%s.%s.%s", version, a->t.resource->kind,
	    a->t.resource->namespaced ? a->t.ns : "", a->t.name);
	for (char *c = name; *c; c++)
		*c = *c == '/' ? '_' : *c;
	return name;
}

static int write_side(
    struct folders *f, enum side side, const char *name, const json *obj, struct err *e)
{
	auto_free char *path = xasprintf("%s/%s", f->path[side], name);
	auto_buf text = {0};

	yaml_print(obj, &text);
	strlist_add(&f->files, path);
	return path_write_file(path, 0600, text.ptr, text.len, e);
}

/* ---- secrets ---- */

/* Values of secrets are not shown, only whether they change. */
static void mask(json *obj, const json *other, const char *mark)
{
	json *data = json_get(obj, "data");

	if (!str_eq(json_str(obj, "kind"), "Secret"))
		return;
	for (json *m = json_first(data), *next; m; m = next) {
		const json *theirs = json_get(json_get(other, "data"), json_key(m));
		bool differs = theirs && !json_equal(m, theirs);
		auto_free char *key = xstrdup(json_key(m));
		auto_free char *shown = xasprintf(HIDDEN "%s", differs ? mark : "");

		next = json_next(m);
		json_set_str(data, key, shown);
	}
}

/* The record of what was applied has the values too. */
static void drop_record(json *obj)
{
	if (str_eq(json_str(obj, "kind"), "Secret"))
		json_del(json_path(obj, "metadata.annotations"),
		    "kubectl.kubernetes.io/last-applied-configuration");
}

/* ---- one object ---- */

static int diff_one(
    struct cmd_ctx *ctx, struct printer *p, struct manifest *m, void *arg, struct err *e)
{
	struct folders *f = arg;
	auto_json *merged = NULL, *live_shown = NULL;
	auto_free char *name = NULL;
	auto_applying a = {0};
	json *live;

	if (applying_init(&a, ctx, m, "server", "strict", e) < 0 ||
	    (a.server_side && applying_live(&a, &a.live, e) < 0) || applying_begin(&a, e) < 0)
		return -1;
	merged = applying_end(&a, e);
	if (!merged)
		return -1;
	live = a.live;
	if (!opts_bool(&ctx->opts, "show-managed-fields")) {
		json_del_path(merged, "metadata.managedFields");
		if (live)
			json_del_path(live, "metadata.managedFields");
	}
	live_shown = live ? json_dup(live) : NULL;
	if (live) {
		mask(live_shown, merged, " (before)");
		drop_record(live_shown);
	}
	mask(merged, live, " (after)");
	drop_record(merged);
	name = file_name(&a);
	if (live && write_side(f, SIDE_LIVE, name, live_shown, e) < 0)
		return -1;
	return write_side(f, SIDE_MERGED, name, merged, e);
}

/* ---- the program that compares ---- */

static const char *diff_command(void)
{
	return shell_program("KJOB_EXTERNAL_DIFF", "KUBECTL_EXTERNAL_DIFF", "diff -u -N");
}

static int exec_diff(struct cmd_ctx *ctx, struct err *e)
{
	auto_folders f = {0};
	int status;

	if (applying_check_options(ctx, "server", e) < 0 || folders_open(&f, e) < 0)
		return -1;
	status = manifests_each(ctx, diff_one, &f, e);
	if (status < 0)
		return -1;
	if (status)
		return EXIT_TROUBLE;
	status = shell_run(diff_command(), f.path[SIDE_LIVE], f.path[SIDE_MERGED]);
	if (status == 0 || status == 1)
		return status;
	return err_set(e, ERR_INTERNAL, "\"%s\" ended with exit status %d", diff_command(), status);
}

const struct cmd cmd_diff = {
    .name = "diff",
    .usage = "-f FILE [options]",
    .summary = "Show what apply would change",
    .help = "The server merges as for apply, and stores nothing. Exit code: 0 where nothing "
	    "differs, 1 where something does, more on trouble. KJOB_EXTERNAL_DIFF or "
	    "KUBECTL_EXTERNAL_DIFF names another program than `diff -u -N`; it is called with two "
	    "folders. Values of secrets are not shown.",
    .examples = "# What would change?\n"
		"kjob diff -f job.yaml\n\n"
		"# In colours\n"
		"KJOB_EXTERNAL_DIFF='diff -u -N --color' kjob diff -f manifests/\n",
    .options = options,
    .group = GROUP_LOOK,
    .error_exit = EXIT_TROUBLE,
    .exec = exec_diff,
};
