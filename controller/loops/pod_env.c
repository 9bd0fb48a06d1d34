#include "pod_env.h"

#include "../../runtime/base/base64.h"
#include "../../runtime/base/map.h"

/* ---- the variables so far ---- */

struct vars {
	struct map index; /* name → its number + 1 */
	char **names, **values;
	size_t len, cap, values_cap, bytes;
};

#define auto_vars CLEANUP(vars_release) struct vars

static void vars_release(struct vars *v)
{
	for (size_t i = 0; i < v->len; i++) {
		free(v->names[i]);
		free(v->values[i]);
	}
	free(v->names);
	free(v->values);
	map_release(&v->index, NULL);
}

static const char *vars_get(const struct vars *v, const char *name)
{
	size_t number = (size_t)map_get(&v->index, name);

	return number ? v->values[number - 1] : NULL;
}

/* Takes the value over; the place of an earlier definition is kept. */
static int vars_set(struct vars *v, const char *name, char *value, struct err *e)
{
	size_t number = (size_t)map_get(&v->index, name);

	v->bytes += strlen(name) + strlen(value) + 2;
	if (number) {
		v->bytes -= strlen(name) + strlen(v->values[number - 1]) + 2;
		free(v->values[number - 1]);
		v->values[number - 1] = value;
	} else {
		GROW(v->names, v->cap, v->len + 1);
		GROW(v->values, v->values_cap, v->len + 1);
		v->names[v->len] = xstrdup(name);
		v->values[v->len++] = value;
		map_set(&v->index, name, (void *)v->len);
	}
	return v->bytes <= POD_ENV_MAX
		   ? 0
		   : err_set(
			 e, ERR_INVALID, "the environment is larger than %u bytes", POD_ENV_MAX);
}

static void vars_add_all(struct vars *v, const struct strlist *env)
{
	for (size_t i = 0; env && i < env->len; i++) {
		const char *eq = strchr(env->items[i], '=');
		auto_free char *name =
		    xstrndup(env->items[i], eq ? (size_t)(eq - env->items[i]) : 0);

		if (eq && vars_set(v, name, xstrdup(eq + 1), NULL) < 0)
			return;
	}
}

/* ---- $(NAME) ---- */

/* What of two sets of variables knows the name; the second may be NULL. */
static const char *find_var(
    const struct vars *vars, const struct vars *behind, const char *name, size_t len)
{
	auto_free char *key = xstrndup(name, len);
	const char *value = vars_get(vars, key);

	return value || !behind ? value : vars_get(behind, key);
}

static char *expand(const char *text, const struct vars *vars, const struct vars *behind)
{
	auto_buf out = {.max = POD_ENV_MAX};
	const char *last = strrchr(text, ')'); /* no reference begins behind it */

	while (*text && !out.overflow) {
		size_t plain = strcspn(text, "$");
		const char *end, *value;

		if (plain > 0) {
			buf_add(&out, text, plain);
			text += plain;
		} else if (text[1] == '$') {
			buf_addch(&out, '$');
			text += 2;
		} else if (text[1] == '(' && last && text < last) {
			end = strchr(text, ')');
			value = find_var(vars, behind, text + 2, (size_t)(end - text - 2));
			if (value)
				buf_adds(&out, value);
			else
				buf_add(&out, text, (size_t)(end - text + 1));
			text = end + 1;
		} else {
			buf_addch(&out, *text++);
		}
	}
	return out.overflow ? NULL : buf_take(&out);
}

char *pod_env_expand(const char *text, const struct strlist *env)
{
	auto_vars vars = {0};

	vars_add_all(&vars, env);
	return expand(text, &vars, NULL);
}

int pod_env_expand_list(const json *list, const struct strlist *env, json **ret, struct err *e)
{
	auto_vars vars = {0};
	auto_json *out = json_len(list) ? json_new_array() : NULL;
	size_t total = 0;

	vars_add_all(&vars, env);
	json_for (item, list) {
		const char *given = json_string_value(item);
		auto_free char *text = expand(given ? given : "", &vars, NULL);

		total += text ? strlen(text) + 1 : 0;
		if (!text || total > POD_ENV_MAX)
			return err_set(
			    e, ERR_INVALID, "the command is larger than %u bytes", POD_ENV_MAX);
		json_add(out, json_new_string(text));
	}
	*ret = TAKE(out);
	return 0;
}

/* ---- config maps and secrets ---- */

static const struct object_kind {
	enum kind_id id;
	const char *singular, *kind;          /* as messages call it */
	const char *from_member, *key_member; /* of envFrom and of valueFrom */
	bool encoded;
} object_kinds[] = {
    {KIND_CONFIGMAP, "configmap", "ConfigMap", "configMapRef", "configMapKeyRef", false},
    {KIND_SECRET, "secret", "Secret", "secretRef", "secretKeyRef", true},
};

struct resolve {
	const struct env_source *src;
	struct vars vars, services;
	struct map objects[ARRAY_LEN(object_kinds)]; /* name → json, or &absent */
	struct err *e;
};

static char absent; /* the address says that there is no such object */

static void free_object(void *object)
{
	if (object != &absent)
		json_free(object);
}

static void resolve_release(struct resolve *r)
{
	vars_release(&r->vars);
	vars_release(&r->services);
	for (size_t i = 0; i < ARRAY_LEN(object_kinds); i++)
		map_release(&r->objects[i], free_object);
}

/* The object that a reference names. 0 and NULL in *ret: it is missing and optional. */
static int find_object(struct resolve *r, size_t k, const json *ref, const json **ret)
{
	const char *name = json_str_or(ref, "name", "");
	void *object = map_get(&r->objects[k], name);

	if (!object) {
		object = *name ? r->src->get(r->src->ctx, object_kinds[k].id, name) : NULL;
		if (!object)
			object = &absent;
		map_set(&r->objects[k], name, object);
	}
	*ret = object == &absent ? NULL : object;
	if (*ret || json_bool(ref, "optional", false))
		return 0;
	return err_set(r->e, ERR_INVALID, "%s \"%s\" not found", object_kinds[k].singular, name);
}

static bool is_text(const struct buf *b)
{
	for (size_t i = 0; i < b->len;) {
		uint32_t c;
		size_t n = str_utf8(b->ptr + i, b->len - i, &c);

		if (n == 0 || c == 0)
			return false;
		i += n;
	}
	return true;
}

/* The value of a key becomes the variable. */
static int set_from_key(
    struct resolve *r, size_t k, const json *object, const json *value, const char *var)
{
	const char *text = json_string_value(value);
	auto_buf bytes = {0};

	if (!text)
		text = "";
	if (!object_kinds[k].encoded)
		return vars_set(&r->vars, var, xstrdup(text), r->e);
	if (base64_decode(text, &bytes, NULL) < 0 || !is_text(&bytes))
		return err_set(r->e, ERR_INVALID,
		    "key %s in %s %s/%s cannot be the variable %s: its value is no text",
		    json_key(value), object_kinds[k].kind,
		    json_str_or(object, "metadata.namespace", ""),
		    json_str_or(object, "metadata.name", ""), var);
	return vars_set(&r->vars, var, buf_take(&bytes), r->e);
}

static int add_from(struct resolve *r, const json *from)
{
	const char *prefix = json_str_or(from, "prefix", "");
	const json *object = NULL, *ref = NULL;
	size_t k = 0;

	while (k < ARRAY_LEN(object_kinds) && !ref)
		ref = json_get(from, object_kinds[k++].from_member);
	if (!ref)
		return 0;
	k--;
	if (find_object(r, k, ref, &object) < 0)
		return -1;
	json_for (m, json_get(object, "data")) {
		auto_free char *name = xasprintf("%s%s", prefix, json_key(m));

		if (set_from_key(r, k, object, m, name) < 0)
			return -1;
	}
	return 0;
}

/* A missing key that is optional leaves an earlier variable of that name as it is. */
static int add_key(struct resolve *r, size_t k, const json *ref, const char *var)
{
	const char *key = json_str_or(ref, "key", "");
	const json *object, *value;

	if (find_object(r, k, ref, &object) < 0)
		return -1;
	value = json_get(json_get(object, "data"), key);
	if (value)
		return set_from_key(r, k, object, value, var);
	if (json_bool(ref, "optional", false))
		return 0;
	return err_set(r->e, ERR_INVALID, "couldn't find key %s in %s %s/%s", key,
	    object_kinds[k].kind, json_str_or(r->src->downward.pod, "metadata.namespace", ""),
	    json_str_or(ref, "name", ""));
}

/* ---- env ---- */

static int add_value_from(struct resolve *r, const json *from, const char *var)
{
	const json *resource = json_get(from, "resourceFieldRef");
	const char *path = json_str(from, "fieldRef.fieldPath");
	char *value;

	if (path)
		return vars_set(&r->vars, var, downward_field(&r->src->downward, path), r->e);
	for (size_t k = 0; k < ARRAY_LEN(object_kinds); k++) {
		const json *ref = json_get(from, object_kinds[k].key_member);

		if (ref)
			return add_key(r, k, ref, var);
	}
	if (!resource)
		return vars_set(&r->vars, var, xstrdup(""), r->e);
	if (downward_resource(&r->src->downward, resource, r->src->container, &value, r->e) < 0)
		return -1;
	return vars_set(&r->vars, var, value, r->e);
}

static int add_var(struct resolve *r, const json *var)
{
	const char *name = json_str_or(var, "name", ""), *given = json_str_or(var, "value", "");
	const json *from = json_get(var, "valueFrom");
	char *value;

	if (!*given && from)
		return add_value_from(r, from, name);
	value = expand(given, &r->vars, &r->services);
	if (!value)
		return err_set(
		    r->e, ERR_INVALID, "the environment is larger than %u bytes", POD_ENV_MAX);
	return vars_set(&r->vars, name, value, r->e);
}

static int resolve(struct resolve *r)
{
	vars_add_all(&r->services, r->src->services);
	json_for (from, json_get(r->src->container, "envFrom"))
		if (add_from(r, from) < 0)
			return -1;
	json_for (var, json_get(r->src->container, "env"))
		if (add_var(r, var) < 0)
			return -1;
	return 0;
}

int pod_env_resolve(const struct env_source *source, struct strlist *ret_env, struct err *e)
{
	CLEANUP(resolve_release) struct resolve r = {.src = source, .e = e};

	if (resolve(&r) < 0)
		return -1;
	for (size_t i = 0; i < r.services.len; i++)
		if (!vars_get(&r.vars, r.services.names[i]))
			strlist_addf(ret_env, "%s=%s", r.services.names[i], r.services.values[i]);
	for (size_t i = 0; i < r.vars.len; i++)
		strlist_addf(ret_env, "%s=%s", r.vars.names[i], r.vars.values[i]);
	return 0;
}

/* ---- questions ---- */

static bool wants_address(const json *container)
{
	json_for (var, json_get(container, "env"))
		if (str_has_prefix(
			json_str_or(var, "valueFrom.fieldRef.fieldPath", ""), "status.podIP"))
			return true;
	return false;
}

bool pod_needs_sandbox_for_env(const json *pod)
{
	static const char *const lists[] = {"spec.initContainers", "spec.containers"};

	if (json_bool(pod, "spec.hostNetwork", false)) /* it has the machine's */
		return false;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (c, json_path(pod, lists[i]))
			if (wants_address(c))
				return true;
	return false;
}
