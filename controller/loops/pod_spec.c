#include "../api/fieldpath.h"
#include "pods_internal.h"

#define ENV_TEXT_MAX (1u * MIB)

static const char *const restart_names[] = {"Always", "OnFailure", "Never"};
static const char *const pull_names[] = {"IfNotPresent", "Always", "Never"};

static int name_index(const char *name, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (str_eq(names[i], name))
			return i;
	return 0;
}

enum restart_policy pod_restart_policy(const struct pod *p)
{
	return (enum restart_policy)name_index(
	    json_str(p->obj, "spec.restartPolicy"), restart_names, 3);
}

enum pull_policy container_pull_policy(const struct container *c)
{
	return (enum pull_policy)name_index(
	    json_str(container_json(c), "imagePullPolicy"), pull_names, 3);
}

char *container_engine_name(const struct container *c)
{
	return xasprintf(
	    "kjob_%s_%s_%s_%.8s_%d", c->pod->ns, c->pod->name, c->name, c->pod->uid, c->attempt);
}

static json *container_labels(const struct container *c)
{
	auto_free char *attempt = xasprintf("%d", c->attempt);
	json *l = json_new_object();

	json_set_str(l, LABEL_POD, c->pod->name);
	json_set_str(l, LABEL_NS, c->pod->ns);
	json_set_str(l, LABEL_UID, c->pod->uid);
	json_set_str(l, LABEL_CONTAINER, c->name);
	json_set_str(l, LABEL_INSTANCE, store_instance(c->pod->set->env->store));
	json_set_str(l, LABEL_ATTEMPT, attempt);
	return l;
}

/* ---- $(NAME) ---- */

static const char *env_lookup(const struct strlist *env, const char *name, size_t len)
{
	/* the newest definition of a name counts */
	for (size_t i = env->len; i-- > 0;)
		if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
			return env->items[i] + len + 1;
	return NULL;
}

/* One pass: $(NAME) of a known name becomes its value, an unknown one stays, $$ becomes $. */
static char *expand(const char *text, const struct strlist *env)
{
	auto_buf out = {.max = ENV_TEXT_MAX};

	while (*text) {
		const char *end, *value;

		if (text[0] == '$' && text[1] == '$') {
			buf_addch(&out, '$');
			text += 2;
		} else if (text[0] == '$' && text[1] == '(' && (end = strchr(text, ')'))) {
			value = env_lookup(env, text + 2, (size_t)(end - text - 2));
			if (value)
				buf_adds(&out, value);
			else
				buf_add(&out, text, (size_t)(end - text + 1));
			text = end + 1;
		} else {
			buf_addch(&out, *text++);
		}
	}
	return buf_take(&out);
}

/* A value from elsewhere is taken as it is: it is not expanded. */
static char *env_value(const struct pod *p, const json *var, const struct strlist *env)
{
	const char *path = json_str(var, "valueFrom.fieldRef.fieldPath");

	return path ? fieldpath_value(p->obj, path) : expand(json_str_or(var, "value", ""), env);
}

static void build_env(const struct container *c, struct strlist *env)
{
	json_for (var, json_get(container_json(c), "env")) {
		auto_free char *value = env_value(c->pod, var, env);
		auto_free char *entry = xasprintf("%s=%s", json_str_or(var, "name", ""), value);

		strlist_add(env, entry);
	}
}

static json *expand_list(const json *list, const struct strlist *env)
{
	json *out;

	if (json_len(list) == 0)
		return NULL;
	out = json_new_array();
	json_for (item, list) {
		auto_free char *text =
		    expand(json_string_value(item) ? json_string_value(item) : "", env);

		json_add(out, json_new_string(text));
	}
	return out;
}

/* The kernel's limit for a host name. */
#define HOSTNAME_MAX 63

static char *hostname_of(const struct pod *p)
{
	const char *own = json_str_or(p->obj, "spec.hostname", "");
	char *name = xstrndup(*own ? own : p->name, HOSTNAME_MAX);
	size_t len = strlen(name);

	while (len > 0 && (name[len - 1] == '-' || name[len - 1] == '.'))
		name[--len] = '\0';
	return name;
}

engine_id container_create_call(
    struct container *c, const char *sandbox, engine_text_fn *cb, struct engine_who who)
{
	const json *spec = container_json(c);
	auto_strlist env = {0};
	auto_free char *name = container_engine_name(c);
	auto_free char *hostname = hostname_of(c->pod);
	auto_json *labels = container_labels(c);
	auto_free char *network = sandbox ? xasprintf("container:%s", sandbox) : NULL;
	auto_json *command = NULL, *args = NULL;
	struct container_spec s = {
	    .name = name,
	    .image = json_str_or(spec, "image", ""),
	    .hostname = hostname,
	    .network_mode = network,
	    .working_dir = json_str(spec, "workingDir"),
	    .env = &env,
	    .labels = labels,
	    .stdin_open = json_bool(spec, "stdin", false),
	    .stdin_once = json_bool(spec, "stdinOnce", false),
	    .tty = json_bool(spec, "tty", false),
	};

	build_env(c, &env);
	command = expand_list(json_get(spec, "command"), &env);
	args = expand_list(json_get(spec, "args"), &env);
	s.command = command;
	s.args = args;
	return container_create(c->pod->set->env->engine, &s, cb, who);
}
