#include "container.h"

#include <ctype.h>
#include <stdlib.h>

#include "../runtime/base/err.h"

static json *find_env(json *list, const char *name)
{
	json_for (it, list)
		if (str_eq(json_str(it, "name"), name))
			return it;
	return NULL;
}

int container_set_env(json *container, const char *item, struct err *e)
{
	const char *eq = strchr(item, '=');
	auto_free char *name = eq ? xstrndup(item, (size_t)(eq - item)) : xstrdup(item);
	const char *value = eq ? eq + 1 : getenv(name);
	json *list, *var;

	if (!*name)
		return err_set(e, ERR_BAD_REQUEST, "invalid env: %s", item);
	if (!value)
		return 0;
	if (!json_is_array(json_get(container, "env")))
		json_set(container, "env", json_new_array());
	list = json_get(container, "env");
	var = find_env(list, name);
	if (!var) {
		var = json_new_object();
		json_set_str(var, "name", name);
		json_add(list, var);
	}
	json_del(var, "valueFrom");
	json_set_str(var, "value", value);
	return 0;
}

int container_set_envs(json *container, const struct strlist *items, struct err *e)
{
	for (size_t i = 0; i < items->len; i++)
		if (container_set_env(container, items->items[i], e) < 0)
			return -1;
	return 0;
}

void container_set_words(json *container, bool command, const char *const *words, size_t count)
{
	json *list;

	if (!count)
		return;
	list = json_new_array();
	for (size_t i = 0; i < count; i++)
		json_add(list, json_new_string(words[i]));
	if (command)
		json_del(container, "args");
	json_set(container, command ? "command" : "args", list);
}

static bool is_assignment(const char *word)
{
	const char *p = word;

	if (!isalpha((unsigned char)*p) && *p != '_')
		return false;
	while (isalnum((unsigned char)*p) || (*p && strchr("_.-", *p)))
		p++;
	return *p == '=';
}

size_t env_words(const char *const *words, size_t count)
{
	size_t n = 0;

	while (n < count && is_assignment(words[n]))
		n++;
	return n;
}
