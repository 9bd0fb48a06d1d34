#include "manifest.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/base/paths.h"
#include "errors.h"
#include "fetch.h"
#include "printer.h"
#include "label_query.h"

#define FILE_MAX ((size_t)64 * MIB)
#define FOLDER_DEPTH_MAX 32

/* ---- reading ---- */

static char *read_stdin(size_t *ret_len, struct err *e)
{
	auto_buf text = {.max = FILE_MAX};
	char piece[16384];
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(e, errno, "error reading STDIN");
			return NULL;
		}
		buf_add(&text, piece, (size_t)n);
		if (text.overflow) {
			err_set(e, ERR_TOO_LARGE, "STDIN has more than %zu bytes", FILE_MAX);
			return NULL;
		}
	}
	*ret_len = text.len;
	return buf_take(&text);
}

static void add_object(struct manifests *m, const char *source, const struct yaml_doc *doc,
    const json *obj, char *prefix)
{
	GROW(m->items, m->cap, m->len + 1);
	m->items[m->len++] =
	    (struct manifest){.obj = json_dup(obj), .source = source, .doc = doc, .prefix = prefix};
}

/* One document; a List stands for its items. */
static int add_document(
    struct manifests *m, const char *source, const struct yaml_doc *doc, struct err *e)
{
	const json *items = json_get(doc->root, "items");
	size_t i = 0;

	if (!json_is_object(doc->root))
		return err_set(e, ERR_BAD_REQUEST,
		    "error parsing %s: %s:%u: an object is expected, not %s", source, source,
		    doc->line, json_type_name(json_type(doc->root)));
	if (!str_eq(json_str(doc->root, "kind"), "List") || !json_is_array(items)) {
		add_object(m, source, doc, doc->root, xstrdup(""));
		return 0;
	}
	json_for (it, items) {
		if (!json_is_object(it))
			return err_set(e, ERR_BAD_REQUEST,
			    "error parsing %s: %s:%u: items[%zu] is no object", source, source,
			    doc->line, i);
		add_object(m, source, doc, it, xasprintf("items[%zu].", i++));
	}
	return 0;
}

char *manifest_read_text(const char *path, size_t *ret_len, struct err *e)
{
	return str_eq(path, "-")    ? read_stdin(ret_len, e)
	       : fetch_is_url(path) ? fetch_url(path, FILE_MAX, ret_len, e)
				    : path_read_file(path, FILE_MAX, ret_len, e);
}

static int load_file(struct manifests *m, const char *path, struct err *e)
{
	const char *name = str_eq(path, "-") ? "STDIN" : path;
	struct yaml_docs docs = {0};
	size_t len = 0;
	auto_free char *text = manifest_read_text(path, &len, e);
	const char *source;

	if (!text)
		return -1;
	if (yaml_parse(name, text, len, &docs, e) < 0)
		return err_wrap(e, "error parsing %s: error converting YAML to JSON", name);
	strlist_add(&m->sources, name);
	source = m->sources.items[m->sources.len - 1];
	m->files = xrealloc(m->files, (m->file_count + 1) * sizeof(*m->files));
	m->files[m->file_count++] = docs;
	for (size_t i = 0; i < docs.len; i++)
		if (add_document(m, source, &docs.items[i], e) < 0)
			return -1;
	return 0;
}

static bool is_manifest_name(const char *name)
{
	return str_has_suffix(name, ".yaml") || str_has_suffix(name, ".yml") ||
	       str_has_suffix(name, ".json");
}

/*
 * The manifests of a folder in the order of their names; those of folders below it too when
 * recursive.
 */
static int list_folder(
    const char *dir, bool recursive, int depth, struct strlist *ret, struct err *e)
{
	auto_strlist names = {0};
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return err_sys(e, errno, "cannot read the folder %s", dir);
	while ((entry = readdir(d)))
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			strlist_addf(&names, "%s%s%s", dir, str_has_suffix(dir, "/") ? "" : "/",
			    entry->d_name);
	closedir(d);
	strlist_sort(&names);
	for (size_t i = 0; i < names.len; i++) {
		struct stat st;

		if (stat(names.items[i], &st) < 0)
			continue;
		if (S_ISREG(st.st_mode) && is_manifest_name(names.items[i]))
			strlist_add(ret, names.items[i]);
		else if (S_ISDIR(st.st_mode) && recursive && depth < FOLDER_DEPTH_MAX &&
			 list_folder(names.items[i], true, depth + 1, ret, e) < 0)
			return -1;
	}
	return 0;
}

static int load_path(struct manifests *m, const char *path, bool recursive, struct err *e)
{
	auto_strlist files = {0};
	struct stat st;

	if (str_eq(path, "-") || fetch_is_url(path))
		return load_file(m, path, e);
	if (stat(path, &st) < 0)
		return errno == ENOENT
			   ? err_set(e, ERR_NOT_FOUND, "the path \"%s\" does not exist", path)
			   : err_sys(e, errno, "the path \"%s\" cannot be accessed", path);
	if (!S_ISDIR(st.st_mode))
		return load_file(m, path, e);
	if (list_folder(path, recursive, 0, &files, e) < 0)
		return -1;
	if (files.len == 0)
		return err_set(e, ERR_NOT_FOUND,
		    "error reading [%s]: recognized file extensions are [.json .yaml .yml]", path);
	for (size_t i = 0; i < files.len; i++)
		if (load_file(m, files.items[i], e) < 0)
			return -1;
	return 0;
}

int manifests_load(
    const struct strlist *files, bool recursive, struct manifests *ret, struct err *e)
{
	for (size_t i = 0; i < files->len; i++)
		if (load_path(ret, files->items[i], recursive, e) < 0)
			return -1;
	return 0;
}

static void manifest_release(struct manifest *m)
{
	json_free(m->obj);
	free(m->prefix);
}

void manifests_release(struct manifests *m)
{
	for (size_t i = 0; i < m->len; i++)
		manifest_release(&m->items[i]);
	for (size_t i = 0; i < m->file_count; i++)
		yaml_docs_release(&m->files[i]);
	free(m->items);
	free(m->files);
	strlist_release(&m->sources);
	memset(m, 0, sizeof(*m));
}

/* ---- checks ---- */

const char *manifest_field_validation(const char *validate)
{
	if (str_eq(validate, "warn"))
		return "Warn";
	return str_eq(validate, "false") || str_eq(validate, "ignore") ? "Ignore" : "Strict";
}

/* The member that was probably meant to be `wanted`; NULL: none looks like it. */
static const char *misspelled(const json *obj, const char *wanted)
{
	const char *const candidates[] = {wanted, NULL};

	json_for (m, obj)
		if (!str_eq(json_key(m), wanted) && str_nearest(json_key(m), candidates))
			return json_key(m);
	return NULL;
}

static bool has_text(const json *obj, const char *key)
{
	const char *s = json_str(obj, key);

	return s && *s;
}

/* "\nFILE:LINE: PATH"; nothing where the line is not known. */
static void add_place(const struct manifest *m, const char *path, struct buf *out)
{
	auto_free char *full = xasprintf("%s%s", m->prefix, path);
	unsigned line = yaml_line_of(m->doc, full);

	if (line)
		buf_addf(out, "\n%s:%u: %s", m->source, line, full);
}

int manifest_error(const struct manifest *m, const char *path, struct err *e, const char *fmt, ...)
{
	va_list ap;
	auto_free char *text = NULL;
	auto_buf place = {0};

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	add_place(m, path, &place);
	return err_set(e, ERR_BAD_REQUEST, "%s%s", text, buf_str(&place));
}

/* apiVersion and kind must be there: kubectl's words, and behind them what was meant. */
static int check_type_set(const struct manifest *m, struct err *e)
{
	static const char *const keys[] = {"apiVersion", "kind"};
	auto_strlist missing = {0};
	auto_free char *joined = NULL;
	auto_buf hints = {0}, places = {0};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *found;

		if (has_text(m->obj, keys[i]))
			continue;
		strlist_addf(&missing, "%s not set", keys[i]);
		found = misspelled(m->obj, keys[i]);
		if (found)
			buf_addf(&hints, " (did you mean \"%s\"?)", keys[i]);
		add_place(m, found ? found : keys[i], &places);
	}
	if (missing.len == 0)
		return 0;
	joined = strlist_join(&missing, ", ");
	return err_set(e, ERR_BAD_REQUEST,
	    "error validating \"%s\": error validating data: %s%s%s; if you choose to ignore these "
	    "errors, turn validation off with --validate=false%s%s",
	    m->source, missing.len > 1 ? "[" : "", joined, missing.len > 1 ? "]" : "",
	    buf_str(&hints), buf_str(&places));
}

static int check_namespace(struct cmd_ctx *ctx, struct manifest *m, const struct resource *r,
    const char **ret, struct err *e)
{
	const char *own = json_str_or(m->obj, "metadata.namespace", "");

	*ret = ctx->ns;
	if (!r->namespaced)
		return 0;
	if (*own && ctx->ns_given && !str_eq(own, ctx->ns))
		return manifest_error(m, "metadata.namespace", e,
		    "the namespace from the provided object \"%s\" does not match the namespace "
		    "\"%s\". You must pass '--namespace=%s' to perform this operation.",
		    own, ctx->ns, own);
	if (!*own &&
	    (!json_has(m->obj, "metadata") || json_is_object(json_get(m->obj, "metadata"))))
		json_set_path(m->obj, "metadata.namespace", json_new_string(ctx->ns));
	*ret = json_str_or(m->obj, "metadata.namespace", ctx->ns);
	return 0;
}

int manifest_resolve(struct cmd_ctx *ctx, struct manifest *m, const char *validate,
    struct manifest_target *ret, struct err *e)
{
	const char *name = json_str_or(m->obj, "metadata.name", "");
	const struct resources *all;

	if (!str_eq(manifest_field_validation(validate), "Ignore") && check_type_set(m, e) < 0)
		return -1;
	all = resources_load(ctx, e);
	if (!all)
		return -1;
	ret->resource = resource_by_kind(
	    all, json_str_or(m->obj, "apiVersion", ""), json_str_or(m->obj, "kind", ""), e);
	if (!ret->resource)
		return manifest_error(m, "kind", e,
		    "resource mapping not found for name: \"%s\" namespace: \"%s\" from \"%s\": "
		    "%s\nensure CRDs are installed "
		    "first",
		    name, json_str_or(m->obj, "metadata.namespace", ""), m->source, err_msg(e));
	if (check_namespace(ctx, m, ret->resource, &ret->ns, e) < 0)
		return -1;
	name = json_str_or(m->obj, "metadata.name", "");
	ret->name = *name ? name : NULL;
	return 0;
}

int manifest_resolve_named(
    struct cmd_ctx *ctx, struct manifest *m, struct manifest_target *ret, struct err *e)
{
	if (manifest_resolve(ctx, m, "strict", ret, e) < 0)
		return -1;
	return ret->name ? 0
			 : manifest_error(m, "metadata.name", e, "resource name may not be empty");
}

int manifests_targets(
    struct cmd_ctx *ctx, struct manifests *all, struct targets *ret, struct err *e)
{
	if (ctx->argc)
		return err_set(e, ERR_BAD_REQUEST,
		    "when paths, URLs, or stdin is provided as input, you may not specify resource "
		    "arguments as well");
	if (manifests_load(
		opts_list(&ctx->opts, "filename"), opts_bool(&ctx->opts, "recursive"), all, e) < 0)
		return -1;
	for (size_t i = 0; i < all->len; i++) {
		struct manifest_target t = {0};

		if (manifest_resolve_named(ctx, &all->items[i], &t, e) < 0)
			return -1;
		targets_add(ret, t.resource, t.ns, t.name);
	}
	return 0;
}

void manifest_report(struct cmd_ctx *ctx, const struct manifest *m, struct err *e)
{
	auto_strlist paths = {0};
	auto_buf places = {0};

	error_field_paths(e, &paths);
	cmd_report(ctx, e);
	for (size_t i = 0; i < paths.len; i++)
		add_place(m, paths.items[i], &places);
	if (places.len)
		fprintf(stderr, "%s\n", buf_str(&places) + 1);
}

static int keep_selected(struct manifests *m, const char *text, struct err *e)
{
	auto_label_query selector = {0};
	size_t kept = 0;

	if (label_query_parse(&selector, text, e) < 0)
		return err_wrap(e, "the provided selector \"%s\" is not valid", text);
	for (size_t i = 0; i < m->len; i++) {
		if (label_query_matches(&selector, json_path(m->items[i].obj, "metadata.labels")))
			m->items[kept++] = m->items[i];
		else
			manifest_release(&m->items[i]);
	}
	m->len = kept;
	return 0;
}

int manifests_begin(
    struct cmd_ctx *ctx, struct manifests *ret, struct printer *ret_p, struct err *e)
{
	const char *output = opts_known(&ctx->opts, "output") ? opts_str(&ctx->opts, "output") : "";

	if (ctx->argc)
		return cmd_usage_error(ctx, e, "Unexpected args: [%s]", ctx->args[0]);
	if (!opts_given(&ctx->opts, "filename"))
		return cmd_usage_error(ctx, e, "must specify -f");
	if (printer_init(ret_p, output, e) < 0)
		return -1;
	ret_p->show_managed = opts_bool(&ctx->opts, "show-managed-fields");
	if (manifests_load(
		opts_list(&ctx->opts, "filename"), opts_bool(&ctx->opts, "recursive"), ret, e) < 0)
		return -1;
	if (opts_known(&ctx->opts, "selector") &&
	    keep_selected(ret, opts_str(&ctx->opts, "selector"), e) < 0)
		return -1;
	if (ret->len == 0)
		return err_set(e, ERR_BAD_REQUEST, "no objects passed to %s", ctx->cmd->name);
	return 0;
}

void manifests_visit(
    struct cmd_ctx *ctx, struct manifests *all, struct printer *p, manifest_fn *one, void *arg)
{
	for (size_t i = 0; i < all->len; i++) {
		auto_err why = {0};

		if (manifest_host_paths(&all->items[i], ctx->cluster, &why) < 0 ||
		    one(ctx, p, &all->items[i], arg, &why) < 0)
			manifest_report(ctx, &all->items[i], &why);
	}
}

int manifests_each(struct cmd_ctx *ctx, manifest_fn *one, void *arg, struct err *e)
{
	auto_manifests all = {0};
	auto_printer p = {0};

	if (manifests_begin(ctx, &all, &p, e) < 0)
		return -1;
	manifests_visit(ctx, &all, &p, one, arg);
	return ctx->failed;
}
