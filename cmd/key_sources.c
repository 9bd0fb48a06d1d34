#include "key_sources.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../runtime/base/base64.h"
#include "../runtime/base/paths.h"
#include "../runtime/base/sha256.h"

static bool is_secret(const json *object)
{
	return str_eq(json_str(object, "kind"), "Secret");
}

/* ---- keys ---- */

/* Text as JSON can carry it. */
static bool is_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = str_utf8(s + i, len - i, &c);

		if (n == 0 || c == 0)
			return false;
		i += n;
	}
	return true;
}

static int check_new(const json *object, const char *key, struct err *e)
{
	static const struct {
		const char *member, *text;
	} bags[] = {{"data", "Data"}, {"binaryData", "BinaryData"}};

	for (size_t i = 0; i < ARRAY_LEN(bags); i++) {
		if (!json_get(json_get(object, bags[i].member), key))
			continue;
		if (is_secret(object))
			return err_set(e, ERR_BAD_REQUEST,
			    "cannot add key %s, another key by that name already exists", key);
		return err_set(e, ERR_BAD_REQUEST,
		    "cannot add key \"%s\", another key by that name already exists in %s for "
		    "ConfigMap \"%s\"",
		    key, bags[i].text, json_str_or(object, "metadata.name", ""));
	}
	return 0;
}

int key_add(json *object, const char *key, const void *bytes, size_t len, struct err *e)
{
	bool plain = !is_secret(object) && is_text(bytes, len);
	auto_free char *text = plain ? xstrndup(bytes, len) : base64_encode(bytes, len);

	if (check_new(object, key, e) < 0)
		return -1;
	json_set_str(
	    json_obj(object, plain || is_secret(object) ? "data" : "binaryData"), key, text);
	return 0;
}

/* ---- files ---- */

/* The system's text begins in lower case, as Go has it. */
static int path_failed(const char *what, const char *path, int errno_value, struct err *e)
{
	auto_free char *text = xstrdup(strerror(errno_value));

	text[0] = (char)tolower((unsigned char)text[0]);
	return err_set(e, ERR_BAD_REQUEST, "error %s %s: %s", what, path, text);
}

static int add_file(json *object, const char *key, const char *path, struct err *e)
{
	size_t len = 0;
	auto_free char *content = path_read_file(path, KEY_FILE_MAX, &len, e);

	return content ? key_add(object, key, content, len, e) : -1;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files right in a folder; whatever else is there is left out. */
static int add_folder(json *object, const char *path, struct err *e)
{
	DIR *dir = opendir(path);
	auto_strlist names = {0};
	int rc = 0;

	if (!dir)
		return path_failed("listing files in", path, errno, e);
	for (struct dirent *d = readdir(dir); d; d = readdir(dir))
		strlist_add(&names, d->d_name);
	closedir(dir);
	if (names.len)
		qsort(names.items, names.len, sizeof(*names.items), by_name);
	for (size_t i = 0; i < names.len && rc == 0; i++) {
		auto_free char *file = xasprintf("%s/%s", path, names.items[i]);
		struct stat st;

		if (lstat(file, &st) == 0 && S_ISREG(st.st_mode))
			rc = add_file(object, names.items[i], file, e);
	}
	return rc;
}

/* The file's name without its folders. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* "[KEY=]PATH". */
static int add_file_source(json *object, const char *source, struct err *e)
{
	const char *eq = strchr(source, '='), *path = eq ? eq + 1 : source;
	auto_free char *key = xstrdup(base_name(source));
	struct stat st;

	if (eq && strchr(path, '='))
		return err_set(e, ERR_BAD_REQUEST, "key names or file paths cannot contain '='");
	if (eq) {
		free(key);
		key = xstrndup(source, (size_t)(eq - source));
	}
	if (eq && !*key)
		return err_set(e, ERR_BAD_REQUEST, "key name for file path %s missing", path);
	if (eq && !*path)
		return err_set(e, ERR_BAD_REQUEST, "file path for key name %s missing", key);
	if (stat(path, &st) < 0)
		return path_failed("reading", path, errno, e);
	if (!S_ISDIR(st.st_mode))
		return add_file(object, key, path, e);
	if (eq)
		return err_set(e, ERR_BAD_REQUEST, "cannot give a key name for a directory path");
	return add_folder(object, path, e);
}

int key_files_add(const struct strlist *sources, json *object, struct err *e)
{
	for (size_t i = 0; i < sources->len; i++)
		if (add_file_source(object, sources->items[i], e) < 0)
			return -1;
	return 0;
}

/* ---- literals ---- */

static int add_literal(json *object, const char *source, struct err *e)
{
	const char *eq = strchr(source, '=');
	auto_free char *key = eq ? xstrndup(source, (size_t)(eq - source)) : NULL;

	if (eq && eq != source)
		return key_add(object, key, eq + 1, strlen(eq + 1), e);
	return err_set(e, ERR_BAD_REQUEST, "invalid literal source%s%s, expected key=value",
	    is_secret(object) ? "" : " ", is_secret(object) ? "" : source);
}

/* ---- files of lines ---- */

static int add_env_line(json *object, const char *line, size_t len, struct err *e)
{
	auto_free char *text = NULL, *key = NULL;
	const char *value;

	while (len && strchr(" \t\v\f\r", *line)) {
		line++;
		len--;
	}
	if (!len || *line == '#')
		return 0;
	text = xstrndup(line, len);
	key = xstrndup(text, strcspn(text, "="));
	value = text[strlen(key)] ? text + strlen(key) + 1 : getenv(key);
	return key_add(object, key, value ? value : "", value ? strlen(value) : 0, e);
}

static int add_env_text(json *object, const char *file, const char *text, size_t len, struct err *e)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8 */
	size_t at = str_has_prefix(text, mark) ? strlen(mark) : 0, number = 1;

	for (; at < len; number++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t all = end ? (size_t)(end - text) - at : len - at;
		size_t n = all - (all > 0 && text[at + all - 1] == '\r');

		if (!is_text(text + at, n))
			return err_set(e, ERR_BAD_REQUEST,
			    "env file %s contains invalid utf8 bytes at line %zu", file, number);
		if (add_env_line(object, text + at, n, e) < 0)
			return -1;
		at += all + 1;
	}
	return 0;
}

static int add_env_file(json *object, const char *file, struct err *e)
{
	auto_free char *text = NULL;
	size_t len = 0;
	struct stat st;

	if (stat(file, &st) < 0)
		return path_failed("reading", file, errno, e);
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_BAD_REQUEST, "env %s file cannot be a directory",
		    is_secret(object) ? "secret" : "config");
	text = path_read_file(file, KEY_FILE_MAX, &len, e);
	return text ? add_env_text(object, file, text, len, e) : -1;
}

/* ---- the hash of a name ---- */

/* JSON as Go prints it: what HTML could take for a tag or an entity is escaped. */
static char *go_text(const json *j)
{
	auto_free char *plain = json_print(j);
	auto_buf out = {0};

	for (const char *c = plain; *c; c++) {
		if (strchr("<>&", *c))
			buf_addf(&out, "\\u%04x", (unsigned)*c);
		else if (str_has_prefix(c, "\xe2\x80\xa8") || str_has_prefix(c, "\xe2\x80\xa9"))
			buf_addf(&out, "\\u%s", c[2] == '\xa8' ? "2028" : "2029"), c += 2;
		else
			buf_addch(&out, *c);
	}
	return buf_take(&out);
}

/* Ten digits of the hash, without those from which words could come. */
static char *short_hash(const json *object)
{
	static const char from[] = "013ae", to[] = "ghkmt";
	auto_json *hashed = json_new_object();
	auto_free char *text = NULL;
	char hex[SHA256_HEX_LEN + 1];

	json_set(hashed, "data", json_dup(json_get(object, "data")));
	if (!json_get(object, "data"))
		json_set(hashed, "data", json_new_object());
	if (json_get(object, "binaryData"))
		json_set(hashed, "binaryData", json_dup(json_get(object, "binaryData")));
	json_set_str(hashed, "kind", json_str(object, "kind"));
	json_set_str(hashed, "name", json_str_or(object, "metadata.name", ""));
	if (is_secret(object))
		json_set_str(hashed, "type", json_str_or(object, "type", ""));
	json_sort(hashed);
	text = go_text(hashed);
	sha256_hex(hex, text, strlen(text));
	hex[10] = '\0';
	for (char *c = hex; *c; c++)
		if (strchr(from, *c))
			*c = to[strchr(from, *c) - from];
	return xstrdup(hex);
}

void key_append_hash(const struct opts *opts, json *object)
{
	auto_free char *hash = NULL, *name = NULL;

	if (!opts_bool(opts, "append-hash"))
		return;
	hash = short_hash(object);
	name = xasprintf("%s-%s", json_str_or(object, "metadata.name", ""), hash);
	json_set_path(object, "metadata.name", json_new_string(name));
}

/* ---- all of them ---- */

int key_sources_add(const struct opts *opts, json *object, struct err *e)
{
	const struct strlist *env_files = opts_list(opts, "from-env-file");
	const struct strlist *files = opts_list(opts, "from-file");
	const struct strlist *literals = opts_list(opts, "from-literal");

	if (env_files->len && (files->len || literals->len))
		return err_set(e, ERR_BAD_REQUEST,
		    "from-env-file cannot be combined with from-file or from-literal");
	if (key_files_add(files, object, e) < 0)
		return -1;
	for (size_t i = 0; i < literals->len; i++)
		if (add_literal(object, literals->items[i], e) < 0)
			return -1;
	for (size_t i = 0; i < env_files->len; i++)
		if (add_env_file(object, env_files->items[i], e) < 0)
			return -1;
	json_sort(json_get(object, "data"));
	json_sort(json_get(object, "binaryData"));
	key_append_hash(opts, object);
	return 0;
}
