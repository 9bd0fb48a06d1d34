#include "pod_env.h"
#include "pods_internal.h"

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
	auto_free char *round = xasprintf("%d", c->pod->round);
	json *l = json_new_object();

	json_set_str(l, LABEL_POD, c->pod->name);
	json_set_str(l, LABEL_NS, c->pod->ns);
	json_set_str(l, LABEL_UID, c->pod->uid);
	json_set_str(l, LABEL_CONTAINER, c->name);
	json_set_str(l, LABEL_INSTANCE, store_instance(c->pod->set->env->store));
	json_set_str(l, LABEL_ATTEMPT, attempt);
	json_set_str(l, LABEL_ROUND, round);
	return l;
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
	auto_err e = {0};
	struct mount_spec message = {.kind = MOUNT_BIND,
	    .source = c->message_file,
	    .target = json_str(spec, "terminationMessagePath")};
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
	    .mounts = &message,
	    .mount_count = c->message_file ? 1 : 0,
	};

	if (container_env(c, &env, &e) < 0 ||
	    pod_env_expand_list(json_get(spec, "command"), &env, &command, &e) < 0 ||
	    pod_env_expand_list(json_get(spec, "args"), &env, &args, &e) < 0) {
		container_refuse_later(c, cb, who, &e);
		return 0;
	}
	s.command = command;
	s.args = args;
	return container_create(c->pod->set->env->engine, &s, cb, who);
}
