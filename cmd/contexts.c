#include "contexts.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/base/base64.h"
#include "../runtime/base/paths.h"
#include "../runtime/base/yaml.h"

#define FILE_MAX (8 * MIB)

/* ---- what is known of an entry ---- */

/* A FIELD_PEM is a path, and its contents may stand in a FIELD_DATA in its place. */
enum field_use { FIELD_PLAIN, FIELD_PATH, FIELD_PEM, FIELD_DATA, FIELD_SECRET };

struct field {
	const char *list, *path;
	enum json_type type;
	enum field_use use;
};

static const struct field fields[] = {
    {"clusters", "server", JSON_STRING, FIELD_PLAIN},
    {"clusters", "certificate-authority", JSON_STRING, FIELD_PEM},
    {"clusters", "certificate-authority-data", JSON_STRING, FIELD_DATA},
    {"clusters", "insecure-skip-tls-verify", JSON_BOOL, FIELD_PLAIN},
    {"clusters", "tls-server-name", JSON_STRING, FIELD_PLAIN},
    {"clusters", "proxy-url", JSON_STRING, FIELD_PLAIN},
    {"clusters", "disable-compression", JSON_BOOL, FIELD_PLAIN},
    {"clusters", "extensions", JSON_ARRAY, FIELD_PLAIN},
    {"users", "client-certificate", JSON_STRING, FIELD_PEM},
    {"users", "client-certificate-data", JSON_STRING, FIELD_DATA},
    {"users", "client-key", JSON_STRING, FIELD_PEM},
    {"users", "client-key-data", JSON_STRING, FIELD_DATA},
    {"users", "token", JSON_STRING, FIELD_SECRET},
    {"users", "tokenFile", JSON_STRING, FIELD_PATH},
    {"users", "username", JSON_STRING, FIELD_PLAIN},
    {"users", "password", JSON_STRING, FIELD_SECRET},
    {"users", "as", JSON_STRING, FIELD_PLAIN},
    {"users", "as-uid", JSON_STRING, FIELD_PLAIN},
    {"users", "as-groups", JSON_ARRAY, FIELD_PLAIN},
    {"users", "as-user-extra", JSON_OBJECT, FIELD_PLAIN},
    {"users", "auth-provider", JSON_OBJECT, FIELD_PLAIN},
    {"users", "exec", JSON_OBJECT, FIELD_PLAIN},
    {"users", "exec.command", JSON_STRING, FIELD_PLAIN},
    {"users", "exec.args", JSON_ARRAY, FIELD_PLAIN},
    {"users", "exec.env", JSON_ARRAY, FIELD_PLAIN},
    {"users", "exec.apiVersion", JSON_STRING, FIELD_PLAIN},
    {"users", "exec.installHint", JSON_STRING, FIELD_PLAIN},
    {"users", "exec.provideClusterInfo", JSON_BOOL, FIELD_PLAIN},
    {"users", "exec.interactiveMode", JSON_STRING, FIELD_PLAIN},
    {"contexts", "cluster", JSON_STRING, FIELD_PLAIN},
    {"contexts", "user", JSON_STRING, FIELD_PLAIN},
    {"contexts", "namespace", JSON_STRING, FIELD_PLAIN},
};

static const struct {
	const char *list, *member;
} lists[] = {{"clusters", "cluster"}, {"users", "user"}, {"contexts", "context"}};

const char *contexts_member(const char *list)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (str_eq(lists[i].list, list))
			return lists[i].member;
	return NULL;
}

/* ---- merging ---- */

json *contexts_new(void)
{
	json *c = json_new_object();

	json_set_str(c, "apiVersion", "v1");
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_set(c, lists[i].list, json_new_array());
	json_set_str(c, "current-context", "");
	json_set_str(c, "kind", "Config");
	return c;
}

static json *find_entry(const json *config, const char *list, const char *name)
{
	json_for (it, json_get(config, list))
		if (str_eq(json_str(it, "name"), name))
			return it;
	return NULL;
}

json *contexts_find(const json *config, const char *list, const char *name)
{
	return json_get(find_entry(config, list, name), contexts_member(list));
}

static int check_types(const char *list, const char *name, const json *contents, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const json *value = json_path(contents, fields[i].path);

		if (str_eq(fields[i].list, list) && value && json_type(value) != JSON_NULL &&
		    json_type(value) != fields[i].type)
			return err_set(e, ERR_BAD_REQUEST, "%s \"%s\": %s is no %s",
			    contexts_member(list), name, fields[i].path,
			    json_type_name(fields[i].type));
	}
	return 0;
}

static void make_absolute(json *contents, const char *path, const char *dir)
{
	const char *value = json_str_or(contents, path, "");
	auto_free char *whole = NULL;

	if (!*value || *value == '/')
		return;
	whole = xasprintf("%s/%s", dir, value);
	json_set_path(contents, path, json_new_string(whole));
}

static void resolve_paths(const char *list, json *contents, const char *dir)
{
	const char *command = json_str_or(contents, "exec.command", "");

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if ((fields[i].use == FIELD_PATH || fields[i].use == FIELD_PEM) &&
		    str_eq(fields[i].list, list))
			make_absolute(contents, fields[i].path, dir);
	/* A bare name is looked up in PATH. */
	if (str_eq(list, "users") && strchr(command, '/'))
		make_absolute(contents, "exec.command", dir);
}

static int merge_list(
    json *config, const char *list, const json *items, const char *dir, struct err *e)
{
	const char *member = contexts_member(list);

	if (items && json_type(items) != JSON_NULL && !json_is_array(items))
		return err_set(e, ERR_BAD_REQUEST, "%s is no array", list);
	json_for (it, items) {
		const char *name = json_str(it, "name");
		json *entry, *contents;

		if (!name)
			return err_set(e, ERR_BAD_REQUEST, "%s: an entry has no name", list);
		if (check_types(list, name, json_get(it, member), e) < 0)
			return -1;
		if (find_entry(config, list, name))
			continue;
		entry = json_new_object();
		contents = json_is_object(json_get(it, member)) ? json_dup(json_get(it, member))
								: json_new_object();
		resolve_paths(list, contents, dir);
		json_set(entry, member, contents);
		json_set_str(entry, "name", name);
		json_add(json_get(config, list), entry);
	}
	return 0;
}

int contexts_merge(json *config, const json *document, const char *dir, struct err *e)
{
	const char *kind = json_str_or(document, "kind", "Config");

	if (!json_is_object(document) || !str_eq(kind, "Config"))
		return err_set(e, ERR_BAD_REQUEST, "it is not a kubeconfig");
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (merge_list(config, lists[i].list, json_get(document, lists[i].list), dir, e) <
		    0)
			return -1;
	if (!*json_str_or(config, "current-context", ""))
		json_set_str(
		    config, "current-context", json_str_or(document, "current-context", ""));
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(
	    json_str_or(*(json *const *)a, "name", ""), json_str_or(*(json *const *)b, "name", ""));
}

static void sort_list(json *config, const char *list)
{
	json *array = json_get(config, list), *sorted = json_new_array();
	size_t len = json_len(array), i = 0;
	json **items = xcalloc(len + 1, sizeof(*items));

	json_for (it, array)
		items[i++] = it;
	qsort(items, len, sizeof(*items), by_name);
	for (i = 0; i < len; i++)
		json_add(sorted, json_detach(array, items[i]));
	free(items);
	json_set(config, list, sorted);
}

/* ---- files ---- */

static char *absolute(const char *path)
{
	char cwd[PATH_MAX];

	if (*path == '/' || !getcwd(cwd, sizeof(cwd)))
		return xstrdup(path);
	return xasprintf("%s/%s", cwd, path);
}

void contexts_files(const char *explicit, struct strlist *ret)
{
	const char *env = getenv("KUBECONFIG"), *home = path_home();
	auto_strlist parts = {0};

	if (*explicit) {
		strlist_add_take(ret, absolute(explicit));
		return;
	}
	str_split(&parts, env ? env : "", ':');
	for (size_t i = 0; i < parts.len; i++) {
		auto_free char *whole = absolute(parts.items[i]);

		if (*parts.items[i] && !strlist_has(ret, whole))
			strlist_add(ret, whole);
	}
	if (!ret->len)
		strlist_addf(ret, "%s/.kube/config", home ? home : "");
}

static int load_one(json *config, const char *file, bool must_exist, struct err *e)
{
	struct yaml_docs docs = {0};
	auto_free char *text = NULL, *dir = NULL;
	size_t len = 0;
	int rc = 0;

	if (access(file, F_OK) < 0 && !must_exist)
		return 0;
	if (access(file, F_OK) < 0)
		return err_set(e, ERR_NOT_FOUND, "stat %s: no such file or directory", file);
	text = path_read_file(file, FILE_MAX, &len, e);
	if (!text)
		return err_wrap(e, "error loading config file \"%s\"", file);
	if (yaml_parse(file, text, len, &docs, e) < 0)
		return err_wrap(e, "error loading config file \"%s\"", file);
	dir = xstrndup(file, (size_t)(strrchr(file, '/') - file));
	if (docs.len)
		rc = contexts_merge(config, docs.items[0].root, dir, e);
	yaml_docs_release(&docs);
	explicit_bzero(text, len);
	return rc < 0 ? err_wrap(e, "error loading config file \"%s\"", file) : 0;
}

json *contexts_load(const struct strlist *files, bool must_exist, struct err *e)
{
	json *config = contexts_new();

	for (size_t i = 0; i < files->len; i++) {
		if (load_one(config, files->items[i], must_exist, e) < 0) {
			json_free(config);
			return NULL;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		sort_list(config, lists[i].list);
	return config;
}

/* ---- for people's eyes ---- */

static void keep_only(json *config, const char *list, const char *name)
{
	json *array = json_get(config, list), *next;

	for (json *it = json_first(array); it; it = next) {
		next = json_next(it);
		if (!str_eq(json_str(it, "name"), name))
			json_remove(array, it);
	}
}

void contexts_minify(json *config)
{
	const char *current = json_str_or(config, "current-context", "");
	const json *context;

	keep_only(config, "contexts", current);
	context = contexts_find(config, "contexts", current);
	keep_only(config, "clusters", json_str_or(context, "cluster", ""));
	keep_only(config, "users", json_str_or(context, "user", ""));
}

/* X as X-data. */
static int embed(json *contents, const struct field *f, struct err *e)
{
	const char *path = json_str_or(contents, f->path, "");
	auto_free char *data_key = xasprintf("%s-data", f->path), *text = NULL, *encoded = NULL;
	size_t len = 0;

	if (!*path)
		return 0;
	text = path_read_file(path, FILE_MAX, &len, e);
	if (!text)
		return -1;
	encoded = base64_encode(text, len);
	explicit_bzero(text, len);
	json_del(contents, f->path);
	json_set_str(contents, data_key, encoded);
	return 0;
}

int contexts_flatten(json *config, struct err *e)
{
	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		json_for (it, json_get(config, lists[l].list))
			for (size_t i = 0; i < ARRAY_LEN(fields); i++)
				if (fields[i].use == FIELD_PEM &&
				    str_eq(fields[i].list, lists[l].list) &&
				    embed(json_get(it, lists[l].member), &fields[i], e) < 0)
					return -1;
	return 0;
}

static void redact(json *contents, const struct field *f)
{
	if (!*json_str_or(contents, f->path, ""))
		return;
	if (f->use == FIELD_DATA)
		json_set_path(contents, f->path, json_new_string("DATA+OMITTED"));
	else if (f->use == FIELD_SECRET)
		json_set_path(contents, f->path, json_new_string("REDACTED"));
}

void contexts_redact(json *config)
{
	for (size_t l = 0; l < ARRAY_LEN(lists); l++)
		json_for (it, json_get(config, lists[l].list))
			for (size_t i = 0; i < ARRAY_LEN(fields); i++)
				if (str_eq(fields[i].list, lists[l].list))
					redact(json_get(it, lists[l].member), &fields[i]);
}
