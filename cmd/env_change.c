#include "env_change.h"

#include <ctype.h>

void env_change_release(struct env_change *c)
{
	json_free(c->set);
	strlist_release(&c->remove);
}

/* ---- words ---- */

static bool is_name(const char *s)
{
	if (!*s || isdigit((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-._", *s))
			return false;
	return true;
}

static json *find(json *vars, const char *name)
{
	json_for (v, vars)
		if (str_eq(json_str(v, "name"), name))
			return v;
	return NULL;
}

/* Of the same name the last one counts. Takes var over. */
static void put(struct env_change *c, json *var)
{
	json *old;

	if (!c->set)
		c->set = json_new_array();
	old = find(c->set, json_str(var, "name"));
	if (old)
		json_remove(c->set, old);
	json_add(c->set, var);
}

int env_change_add(struct env_change *c, const char *prefix, const char *word, struct err *e)
{
	const char *eq = strchr(word, '=');
	size_t len = eq ? (size_t)(eq - word) : strlen(word) - 1;
	auto_free char *bare = xstrndup(word, len);
	auto_free char *name = xasprintf("%s%s", eq ? prefix : "", bare);
	json *var;

	if (!is_name(name)) {
		auto_free char *quoted = str_go_quote(name);

		return err_set(e, ERR_BAD_REQUEST,
		    "%s is not a valid key name: a valid environment variable name must consist of "
		    "alphabetic characters, digits, '_', '-', or '.', and must not start with a "
		    "digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used "
		    "for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')",
		    quoted);
	}
	if (!eq) {
		strlist_add(&c->remove, name);
		return 0;
	}
	var = json_new_object();
	json_set_str(var, "name", name);
	json_set_str(var, "value", eq + 1);
	put(c, var);
	return 0;
}

int env_change_add_lines(struct env_change *c, const char *prefix, const char *text, struct err *e)
{
	auto_strlist lines = {0};

	str_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.len; i++) {
		char *line = lines.items[i];
		size_t len = strlen(line);

		if (len && line[len - 1] == '\r')
			line[len - 1] = '\0';
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			continue;
		if (!strchr(line, '='))
			return err_set(e, ERR_BAD_REQUEST,
			    "environment variables must be of the "
			    "form key=value: %s",
			    line);
		if (env_change_add(c, prefix, line, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- --from ---- */

/* "x.y" becomes "X_Y"; owned. */
static char *as_name(const char *key)
{
	char *name = xstrdup(key);

	for (char *p = name; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return name;
}

void env_change_add_from(struct env_change *c, const char *prefix, const json *source,
    const struct strlist *keys, struct strlist *ret_renamed)
{
	bool secret = str_eq(json_str(source, "kind"), "Secret");
	auto_json *data = json_dup(json_get(source, "data"));

	json_sort(data);
	json_for (it, data) {
		const char *key = json_key(it);
		auto_free char *bare = as_name(key);
		auto_free char *name = xasprintf("%s%s", prefix, bare);
		json *var, *ref;

		if (keys->len && !strlist_has(keys, key))
			continue;
		if (!str_eq(bare, key))
			strlist_addf(ret_renamed, "key %s transferred to %s", key, bare);
		var = json_new_object();
		json_set_str(var, "name", name);
		ref =
		    json_obj(var, secret ? "valueFrom.secretKeyRef" : "valueFrom.configMapKeyRef");
		json_set_str(ref, "name", json_str(source, "metadata.name"));
		json_set_str(ref, "key", key);
		put(c, var);
	}
}

int env_change_check(const struct env_change *c, struct err *e)
{
	for (size_t i = 0; i < c->remove.len; i++)
		if (find(c->set, c->remove.items[i]))
			return err_set(e, ERR_BAD_REQUEST,
			    "can not both modify and remove the same environment variable in the "
			    "same command");
	return 0;
}

/* ---- a container ---- */

int env_change_apply(
    const struct env_change *c, bool overwrite, const char *whose, json *container, struct err *e)
{
	json *vars = json_get(container, "env");

	for (size_t i = 0; i < c->remove.len; i++) {
		json *old = find(vars, c->remove.items[i]);

		if (old)
			json_remove(vars, old);
	}
	json_for (it, c->set) {
		json *old = find(vars, json_str(it, "name"));

		if (old && !overwrite && !json_equal(old, it))
			return err_set(e, ERR_BAD_REQUEST,
			    "%s '%s' already has a value (%s), and --overwrite is false", whose,
			    json_str(it, "name"), json_str_or(old, "value", ""));
		if (old) {
			json_replace(vars, old, json_dup(it));
			continue;
		}
		if (!vars) {
			json_set(container, "env", json_new_array());
			vars = json_get(container, "env");
		}
		json_add(vars, json_dup(it));
	}
	if (vars && !json_len(vars))
		json_del(container, "env");
	return 0;
}

void env_text(const json *var, struct buf *out)
{
	const json *from = json_get(var, "valueFrom");
	const json *map = json_get(from, "configMapKeyRef"),
		   *secret = json_get(from, "secretKeyRef");
	const json *resource = json_get(from, "resourceFieldRef");
	const char *name = json_str_or(var, "name", "");

	if (map || secret)
		buf_addf(out, "# %s from %s %s, key %s\n", name, map ? "configmap" : "secret",
		    json_str_or(map ? map : secret, "name", ""),
		    json_str_or(map ? map : secret, "key", ""));
	else if (json_has(from, "fieldRef"))
		buf_addf(out, "# %s from field path %s\n", name,
		    json_str_or(from, "fieldRef.fieldPath", ""));
	else if (resource)
		buf_addf(
		    out, "# %s from resource %s\n", name, json_str_or(resource, "resource", ""));
	else
		buf_addf(out, "%s=%s\n", name, json_str_or(var, "value", ""));
}
