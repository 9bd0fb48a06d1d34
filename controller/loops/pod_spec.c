#include "pod_env.h"
#include "pod_parts.h"
#include "pod_volumes.h"
#include "pods_internal.h"
#include "services.h"

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

json *pod_labels(const struct pod *p, const char *container, int attempt)
{
	auto_free char *attempt_text = xasprintf("%d", attempt);
	auto_free char *round = xasprintf("%d", p->round);
	json *l = json_new_object();

	json_set_str(l, LABEL_POD, p->name);
	json_set_str(l, LABEL_NS, p->ns);
	json_set_str(l, LABEL_UID, p->uid);
	json_set_str(l, LABEL_CONTAINER, container);
	json_set_str(l, LABEL_INSTANCE, store_instance(p->set->env->store));
	json_set_str(l, LABEL_ATTEMPT, attempt_text);
	if (p->round > 0)
		json_set_str(l, LABEL_ROUND, round);
	json_set_str(l, LABEL_SANDBOX, p->shared);
	return l;
}

/* ---- the image's user ---- */

static void on_image(struct engine_who who, const struct image_info *info, const struct err *err)
{
	struct container *c = container_answered(who);

	if (!c)
		return;
	if (info) {
		set_text(&c->image_user, info->user);
	} else if (err->reason == ERR_NOT_FOUND && !c->image_pulled) {
		c->image_missing = true;
	} else {
		const char *image = json_str_or(container_json(c), "image", "");
		auto_free char *text =
		    xasprintf("Failed to inspect image \"%s\": %s", image, err_msg(err));

		container_retry_image(c, "InspectFailed", "ImageInspectError", text);
	}
}

/* ---- create ---- */

/* Whom the container shares namespaces with. */
static void apply_namespaces(const struct pod *p, const char *shared, struct container_spec *s)
{
	const json *spec = json_get(p->obj, "spec");

	if (shared &&
	    p->shared) { /* the network alone: what the last pod left in memory is its own */
		s->network_mode = shared;
	} else if (shared) {
		if (!json_bool(spec, "hostNetwork", false))
			s->network_mode = shared;
		s->ipc_mode = shared;
		if (json_bool(spec, "shareProcessNamespace", false))
			s->pid_mode = shared;
	}
	if (json_bool(spec, "hostPID", false))
		s->pid_mode = "host";
	if (json_bool(spec, "hostIPC", false))
		s->ipc_mode = "host";
}

/* Without a sandbox the container itself owns the pod's network. */
static int apply_network(const json *pod, const char *shared, struct container_spec *s,
    struct spec_parts *parts, struct err *e)
{
	if (!shared || json_bool(pod, "spec.hostNetwork", false))
		return network_apply(pod, s, parts, e);
	s->hostname = parts->hostname = pod_kernel_hostname(pod, e);
	return s->hostname ? 0 : -1;
}

/* What a container is made of, and the owner of its parts. */
struct making {
	struct spec_parts parts;
	struct volume_mounts mounts;
	struct strlist env;
	json *command, *args;
	char *hosts_file;
};

static void making_release(struct making *m)
{
	spec_parts_release(&m->parts);
	volume_mounts_release(&m->mounts);
	strlist_release(&m->env);
	json_free(m->command);
	json_free(m->args);
	free(m->hosts_file);
}

static void mount_file(struct volume_mounts *mounts, const char *source, const char *target)
{
	if (!source)
		return;
	GROW(mounts->items, mounts->cap, mounts->len + 1);
	mounts->items[mounts->len++] =
	    (struct mount_spec){.kind = MOUNT_BIND, .source = source, .target = target};
}

static int make(struct container *c, const char *shared, json *labels, struct making *m,
    struct container_spec *s, struct err *e)
{
	const json *spec = container_json(c), *pod = c->pod->obj;
	auto_free char *refusal = security_refusal(pod, spec, c->image_user);

	if (refusal)
		return err_set(e, ERR_INVALID, "%s", refusal);
	m->parts.names_server = services_names_server(c->pod->set->env->services, pod);
	c->names = m->parts.names_server != NULL;
	if (c->names)
		json_set_str(labels, LABEL_NAMES, m->parts.names_server);
	if (container_env(c, &m->env, e) < 0 ||
	    pod_env_expand_list(json_get(spec, "command"), &m->env, &m->command, e) < 0 ||
	    pod_env_expand_list(json_get(spec, "args"), &m->env, &m->args, e) < 0 ||
	    volumes_mounts(c, &m->env, &m->mounts, e) < 0 ||
	    apply_network(pod, shared, s, &m->parts, e) < 0)
		return -1;
	s->env = &m->env;
	s->command = m->command;
	s->args = m->args;
	mount_file(
	    &m->mounts, c->message_file, json_str_or(spec, "terminationMessagePath", MESSAGE_PATH));
	mount_file(&m->mounts, m->hosts_file = hosts_prepare(c), "/etc/hosts");
	runner_mount(c, &m->mounts);
	s->mounts = m->mounts.items;
	s->mount_count = m->mounts.len;
	security_apply(pod, spec, c->image_user, s, &m->parts);
	resources_apply(spec, s);
	apply_namespaces(c->pod, shared, s);
	return 0;
}

engine_id container_create_call(
    struct container *c, const char *sandbox, engine_text_fn *cb, struct engine_who who)
{
	const json *spec = container_json(c);
	auto_free char *name = container_engine_name(c);
	auto_json *labels = pod_labels(c->pod, c->name, c->attempt);
	auto_free char *shared = sandbox ? xasprintf("container:%s", sandbox) : NULL;
	CLEANUP(making_release) struct making m = {0};
	auto_err e = {0};
	struct container_spec s = {
	    .name = name,
	    .image = json_str_or(spec, "image", ""),
	    .working_dir = json_str(spec, "workingDir"),
	    .labels = labels,
	    .stdin_open = json_bool(spec, "stdin", false),
	    .stdin_once = json_bool(spec, "stdinOnce", false),
	    .tty = json_bool(spec, "tty", false),
	    .stop_signal = json_str(spec, "lifecycle.stopSignal"),
	};

	json_set_str(labels, LABEL_IMAGE, s.image);
	if (!c->image_user && security_needs_image_user(c->pod->obj, spec))
		return image_inspect(c->pod->set->env->engine, s.image, on_image, who);
	if (make(c, shared, labels, &m, &s, &e) < 0) {
		container_refuse_later(c, cb, who, &e);
		return 0;
	}
	return container_create(c->pod->set->env->engine, &s, cb, who);
}
