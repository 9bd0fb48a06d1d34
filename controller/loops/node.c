#include "node.h"

#include <ctype.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"

#define HOST_NAME_ROOM 254
/* What a kubelet allows on a node unless told otherwise. */
#define MAX_PODS "110"
/* How long the first start waits for the engine to tell what it is. */
#define FIRST_INFO_MS 2000
/* The namespace of the nodes' leases. */
#define LEASES "kube-node-lease"

char *node_name(void)
{
	char host[HOST_NAME_ROOM] = "";
	size_t n = 0;

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	for (char *c = host; *c; c++) {
		char lower = (char)tolower((unsigned char)*c);

		if (isalnum((unsigned char)lower) || ((lower == '-' || lower == '.') && n > 0))
			host[n++] = lower;
	}
	while (n > 0 && !isalnum((unsigned char)host[n - 1]))
		n--;
	host[n] = '\0';
	return xstrdup(n ? host : "localhost");
}

/* Creates the object, or brings a member (NULL: none) and the labels of the stored one up to date.
 */
static int put(struct loops_env *env, const struct kind *k, const char *ns, const char *name,
    const char *member, json *value, json *labels, struct err *e)
{
	struct update_options o = {.part = UPDATE_SYSTEM};
	auto_json *done = NULL;
	json *obj = store_get(env->store, k, ns, name, NULL);

	if (!obj) {
		obj = registry_create(
		    env->store, k, ns, meta_new_object(k, name), &(struct create_options){0}, e);
		if (!obj) {
			json_free(value);
			json_free(labels);
			return -1;
		}
	}
	if (member)
		json_set(obj, member, value);
	if (labels)
		json_set_path(obj, "metadata.labels", labels);
	done = registry_update(env->store, k, obj, &o, e);
	return done ? 0 : -1;
}

/*
 * The size of the file system that the engine's files are on, if it is this machine's; 0: not
 * known. An ordinary user sees the folder above, which is as good in nearly all cases.
 */
static int64_t disk_bytes(const struct loops_env *env, const struct engine_info *info)
{
	auto_free char *dir = xstrdup(env->engine_local && info->root_dir ? info->root_dir : "");
	struct statvfs fs;
	char *slash;

	while (statvfs(dir, &fs) < 0) {
		slash = strrchr(dir, '/');
		if (!slash)
			return 0;
		*slash = '\0';
	}
	return (int64_t)(fs.f_blocks * fs.f_frsize);
}

static json *resources(const struct loops_env *env, const struct engine_info *info)
{
	int64_t disk = disk_bytes(env, info);
	auto_free char *cpus = xasprintf("%lld", (long long)info->cpus);
	auto_free char *memory = xasprintf("%lldKi", (long long)(info->memory_bytes / 1024));
	json *r = json_new_object();

	json_set_str(r, "cpu", cpus);
	if (disk > 0) {
		auto_free char *text = xasprintf("%lldKi", (long long)(disk / 1024));

		json_set_str(r, "ephemeral-storage", text);
	}
	json_set_str(r, "memory", memory);
	json_set_str(r, "pods", MAX_PODS);
	return r;
}

static void add_address(json *status, const char *type, const char *address)
{
	json *list = json_get(status, "addresses"), *a = json_new_object();

	if (!list)
		json_set(status, "addresses", list = json_new_array());
	json_set_str(a, "type", type);
	json_set_str(a, "address", address);
	json_add(list, a);
}

static void add_ready(json *status, const json *old, int64_t now)
{
	const json *before = meta_condition(old, "Ready");
	json *list = json_new_array(), *c = json_new_object();
	const char *since = str_eq(json_str(before, "status"), "True")
				? json_str(before, "lastTransitionTime")
				: NULL;

	json_set_str(c, "type", "Ready");
	json_set_str(c, "status", "True");
	meta_set_time(c, "lastHeartbeatTime", now);
	meta_set_time(c, "lastTransitionTime", now);
	if (since)
		json_set_str(c, "lastTransitionTime", since);
	json_set_str(c, "reason", "KubeletReady");
	json_set_str(c, "message", "the container engine answers");
	json_add(list, c);
	json_set(status, "conditions", list);
}

static json *node_status(struct loops_env *env, const struct engine_info *info, const json *old)
{
	const char *scheme = engine_kind(env->engine) == ENGINE_PODMAN ? "podman" : "docker";
	auto_free char *runtime =
	    xasprintf("%s://%s", scheme, info->server_version ? info->server_version : "");
	json *s = json_new_object(), *n;

	json_set(s, "capacity", resources(env, info));
	json_set(s, "allocatable", resources(env, info));
	add_ready(s, old, clock_wall_ns() / NSEC_PER_SEC);
	add_address(s, "InternalIP", NODE_ADDRESS);
	add_address(s, "Hostname", env->node_name);
	n = json_obj(s, "nodeInfo");
	json_set_str(n, "architecture", info->arch ? info->arch : "");
	json_set_str(n, "bootID", "");
	json_set_str(n, "containerRuntimeVersion", runtime);
	json_set_str(n, "kernelVersion", info->kernel ? info->kernel : "");
	json_set_str(n, "kubeProxyVersion", "");
	json_set_str(n, "kubeletVersion", "v1.36.0+kjob-" KJOB_VERSION);
	json_set_str(n, "machineID", "");
	json_set_str(n, "operatingSystem", "linux");
	json_set_str(n, "osImage", info->os ? info->os : "");
	json_set_str(n, "systemUUID", "");
	return s;
}

static void on_info(struct engine_who who, const struct engine_info *info, const struct err *err)
{
	struct loops_env *env = who.ctx;
	const struct kind *k = kind_by_id(KIND_NODE);
	auto_json *old = store_get(env->store, k, NULL, env->node_name, NULL);
	auto_err e = {0};
	json *labels;

	if (err) {
		log_warn("cannot ask the engine what it is: %s", err_msg(err));
		return;
	}
	env->engine_cpus = info->cpus;
	labels = json_new_object();
	json_set_str(labels, "kubernetes.io/arch", info->arch);
	json_set_str(labels, "kubernetes.io/hostname", env->node_name);
	json_set_str(labels, "kubernetes.io/os", "linux");
	if (put(env, k, NULL, env->node_name, "status", node_status(env, info, old), labels, &e) <
	    0)
		log_warn("cannot store the node: %s", err_msg(&e));
}

/* The stored node is this engine's. Asking again would keep Podman busy when a pod is about to
 * start. */
static bool is_known(struct loops_env *env)
{
	const char *scheme = engine_kind(env->engine) == ENGINE_PODMAN ? "podman" : "docker";
	auto_json *node = store_get(env->store, kind_by_id(KIND_NODE), NULL, env->node_name, NULL);
	auto_free char *runtime =
	    xasprintf("%s://%s", scheme, env->engine_version ? env->engine_version : "");

	return node &&
	       str_has_prefix(
		   json_str_or(node, "status.nodeInfo.containerRuntimeVersion", ""), runtime);
}

void node_renew_lease(struct loops_env *env)
{
	char now[TIME_TEXT_MAX];
	json *spec = json_new_object();
	auto_err e = {0};

	json_set_str(spec, "holderIdentity", env->node_name);
	json_set_int(spec, "leaseDurationSeconds", NODE_LEASE_SECONDS);
	json_set_str(spec, "renewTime", time_format_micro(now, clock_wall_ns()));
	if (put(env, kind_by_id(KIND_LEASE), LEASES, env->node_name, "spec", spec, NULL, &e) < 0)
		log_warn("cannot store the lease of the node: %s", err_msg(&e));
}

int node_start(struct loops_env *env, struct err *e)
{
	static const char *const namespaces[] = {"default", LEASES, "kube-public", "kube-system"};
	int64_t give_up = clock_mono_ms() + FIRST_INFO_MS;

	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		if (put(env, kind_by_id(KIND_NAMESPACE), NULL, namespaces[i], NULL, NULL, NULL, e) <
		    0)
			return -1;
	node_renew_lease(env);
	if (is_known(env))
		return 0;
	/* once for an instance: its first command finds the node there */
	engine_get_info(env->engine, on_info, (struct engine_who){.ctx = env});
	while (!is_known(env) && clock_mono_ms() < give_up)
		loop_turn(env->loop, 50);
	return 0;
}
