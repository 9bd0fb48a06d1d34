/* container_create: a container_spec in the engines' words. */
#include "engine_internal.h"

/* The engine's log is only a backup for kjob's own file. */
#define LOG_MAX_SIZE "16m"
#define LOG_MAX_FILES "2"

static bool has_items(const json *array)
{
	return json_len(array) > 0;
}

/* Absent where there is nothing to say: an empty list would override the engine's defaults. */
static void set_list(json *obj, const char *key, const struct strlist *l)
{
	json *list;

	if (!l || !l->len)
		return;
	list = json_new_array();
	for (size_t i = 0; i < l->len; i++)
		json_add(list, json_new_string(l->items[i]));
	json_set(obj, key, list);
}

static void set_positive(json *obj, const char *key, int64_t n)
{
	if (n > 0)
		json_set_int(obj, key, n);
}

static void set_true(json *obj, const char *key, bool b)
{
	if (b)
		json_set_bool(obj, key, true);
}

/* Kubernetes' command replaces ENTRYPOINT and drops CMD; args alone replace CMD; empty arrays are
 * absent. */
static void set_command(json *body, const struct container_spec *s)
{
	if (has_items(s->command)) {
		json_set(body, "Entrypoint", json_dup(s->command));
		json_set(body, "Cmd", has_items(s->args) ? json_dup(s->args) : json_new_array());
	} else if (has_items(s->args)) {
		json_set(body, "Cmd", json_dup(s->args));
	}
}

/* ---- mounts ---- */

static const char *const mount_types[] = {
    [MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};

static void add_mount(json *list, const struct mount_spec *m)
{
	json *item = json_new_object();

	json_set_str(item, "Type", mount_types[m->kind]);
	json_set_str(item, "Source", m->source);
	json_set_str(item, "Target", m->target);
	set_true(item, "ReadOnly", m->read_only);
	if (m->propagation)
		json_set_str(json_obj(item, "BindOptions"), "Propagation", m->propagation);
	if (m->kind == MOUNT_VOLUME) /* what the image has there is nothing to Kubernetes */
		json_set_bool(json_obj(item, "VolumeOptions"), "NoCopy", true);
	json_add(list, item);
}

/* As options: the engines' Mounts disagree on which of them they take. */
static void add_tmpfs(json *map, const struct mount_spec *m)
{
	auto_buf options = {0};

	buf_addf(&options, "rw,nosuid,nodev,mode=%o", m->mode ? m->mode : 01777u);
	if (m->size_bytes > 0)
		buf_addf(&options, ",size=%lld", (long long)m->size_bytes);
	if (m->read_only)
		buf_adds(&options, ",ro");
	json_set_str(map, m->target, buf_str(&options));
}

/*
 * Mounts refuse a source that is missing, and Podman's copy into a new volume what the image has
 * there; the older form has words for both, and none for colons.
 */
static bool is_old_bind(const struct mount_spec *m)
{
	return (m->kind == MOUNT_VOLUME || m->make_source) && !strchr(m->source, ':') &&
	       !strchr(m->target, ':');
}

static void add_old_bind(json *host, const struct mount_spec *m)
{
	json *list = json_get(host, "Binds");
	auto_free char *text = xasprintf("%s:%s:%s%s%s%s", m->source, m->target,
	    m->read_only ? "ro" : "rw", m->kind == MOUNT_VOLUME ? ",nocopy" : "",
	    m->propagation ? "," : "", m->propagation ? m->propagation : "");

	if (!list)
		json_set(host, "Binds", list = json_new_array());
	json_add(list, json_new_string(text));
}

static void set_mounts(json *host, const struct container_spec *s)
{
	json *list = NULL;

	for (size_t i = 0; i < s->mount_count; i++) {
		const struct mount_spec *m = &s->mounts[i];

		if (m->kind == MOUNT_TMPFS) {
			add_tmpfs(json_obj(host, "Tmpfs"), m);
			continue;
		}
		if (is_old_bind(m)) {
			add_old_bind(host, m);
			continue;
		}
		if (!list)
			json_set(host, "Mounts", list = json_new_array());
		add_mount(list, m);
	}
}

/* ---- network ---- */

static char *port_key(const struct port_spec *p)
{
	return xasprintf("%u/%s", p->port, p->protocol ? p->protocol : "tcp");
}

static void set_ports(json *body, json *host, const struct container_spec *s)
{
	json *bindings = s->port_count ? json_new_object() : NULL;
	json *exposed = s->port_count ? json_new_object() : NULL;

	for (size_t i = 0; i < s->port_count; i++) {
		const struct port_spec *p = &s->ports[i];
		auto_free char *key = port_key(p);
		auto_free char *number = xasprintf("%u", p->host_port);
		json *list = json_get(bindings, key), *item = json_new_object();

		if (!list)
			json_set(bindings, key, list = json_new_array());
		json_set_str(item, "HostIp", p->host_ip ? p->host_ip : "");
		json_set_str(item, "HostPort", number);
		json_add(list, item);
		if (!json_has(exposed, key))
			json_set(exposed, key, json_new_object());
	}
	if (bindings) {
		json_set(host, "PortBindings", bindings);
		json_set(body, "ExposedPorts", exposed);
	}
}

/* What belongs to the owner of the network alone. */
static void set_network(json *body, json *host, const struct container_spec *s)
{
	set_list(host, "ExtraHosts", s->extra_hosts);
	set_list(host, "Dns", s->dns);
	set_list(host, "DnsSearch", s->dns_search);
	set_list(host, "DnsOptions", s->dns_options);
	set_ports(body, host, s);
}

/* ---- rights and limits ---- */

static void set_security(
    json *host, const struct engine_traits *traits, const struct container_spec *s)
{
	auto_strlist options = {0};

	if (s->no_new_privileges)
		strlist_add(&options, traits->no_new_privileges);
	if (s->seccomp)
		strlist_addf(&options, "seccomp=%s", s->seccomp);
	if (s->apparmor)
		strlist_addf(&options, "apparmor=%s", s->apparmor);
	for (size_t i = 0; s->selinux && i < s->selinux->len; i++)
		strlist_addf(&options, "label=%s", s->selinux->items[i]);
	if (s->unmasked_proc && traits->unmask_option)
		strlist_add(&options, traits->unmask_option);
	set_list(host, "SecurityOpt", &options);
	if (s->unmasked_proc && !traits->unmask_option) {
		json_set(host, "MaskedPaths", json_new_array());
		json_set(host, "ReadonlyPaths", json_new_array());
	}
	set_list(host, "GroupAdd", s->groups);
	set_list(host, "CapAdd", s->cap_add);
	set_list(host, "CapDrop", s->cap_drop);
	set_true(host, "Privileged", s->privileged);
	set_true(host, "ReadonlyRootfs", s->read_only_rootfs);
	if (json_first(s->sysctls))
		json_set(host, "Sysctls", json_dup(s->sysctls));
}

static void set_limits(json *host, const struct container_spec *s)
{
	set_positive(host, "Memory", s->memory_bytes);
	set_positive(host, "MemorySwap", s->memory_bytes); /* both together: no swap */
	set_positive(host, "CpuShares", s->cpu_shares);
	if (s->cpu_quota_us > 0) {
		json_set_int(host, "CpuPeriod", CPU_PERIOD_US);
		json_set_int(host, "CpuQuota", s->cpu_quota_us);
	}
	set_positive(host, "PidsLimit", s->pids);
	set_positive(host, "ShmSize", s->shm_bytes);
	if (s->oom_score_adj)
		json_set_int(host, "OomScoreAdj", s->oom_score_adj);
}

/* ---- all of it ---- */

static json *host_config(const struct engine_traits *traits, const struct container_spec *s)
{
	json *host = json_new_object();
	json *log = json_obj(host, "LogConfig");

	json_set_str(log, "Type", "json-file");
	json_set_str(json_obj(log, "Config"), "max-size", LOG_MAX_SIZE);
	json_set_str(json_obj(log, "Config"), "max-file", LOG_MAX_FILES);
	json_set_str(host, "NetworkMode", s->network_mode);
	json_set_str(host, "PidMode", s->pid_mode);
	json_set_str(host, "IpcMode", s->ipc_mode);
	set_mounts(host, s);
	set_security(host, traits, s);
	set_limits(host, s);
	return host;
}

static void set_streams(json *body, const struct container_spec *s)
{
	json_set_bool(body, "AttachStdin", s->stdin_open);
	json_set_bool(body, "AttachStdout", true);
	json_set_bool(body, "AttachStderr", true);
	json_set_bool(body, "OpenStdin", s->stdin_open);
	json_set_bool(body, "StdinOnce", s->stdin_open && s->stdin_once);
	json_set_bool(body, "Tty", s->tty);
}

json *container_create_body(enum engine_kind kind, const struct container_spec *s)
{
	const struct engine_traits *traits = engine_traits(kind);
	bool joined = s->network_mode && str_has_prefix(s->network_mode, "container:");
	json *body = json_new_object(), *host = host_config(traits, s);
	json *none = json_new_array();

	json_set_str(body, "Image", s->image);
	if (!joined || traits->hostname_when_joined)
		json_set_str(body, "Hostname", s->hostname);
	if (!joined) {
		json_set_str(body, "Domainname", s->domainname);
		set_network(body, host, s);
	}
	json_set_str(body, "WorkingDir", s->working_dir);
	json_set_str(body, "User", s->user);
	json_set_str(body, "StopSignal", s->stop_signal);
	set_command(body, s);
	set_list(body, "Env", s->env);
	if (s->labels)
		json_set(body, "Labels", json_dup(s->labels));
	set_streams(body, s);
	json_add(
	    none, json_new_string("NONE")); /* an image's health check is nothing to Kubernetes */
	json_set(json_obj(body, "Healthcheck"), "Test", none);
	json_set(body, "HostConfig", host);
	return body;
}

static void create_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);
	const char *id = json_str(j, "Id");

	if (j && (!id || !*id))
		err_set(
		    &e, ERR_INTERNAL, "%s: the answer to create names no container", c->en->where);
	json_for (w, json_get(j, "Warnings"))
		log_debug("engine: create: %s", json_string_value(w) ? json_string_value(w) : "");
	c->cb.text(c->who, e.reason ? NULL : id, err ? err : e.reason ? &e : NULL);
}

engine_id container_create(
    struct engine *en, const struct container_spec *s, engine_text_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_CREATE, create_reply, who);
	auto_json *body = container_create_body(en->kind, s);
	auto_free char *text = json_print(body);
	auto_free char *name = s->name ? engine_escape(s->name) : NULL;
	auto_free char *path =
	    xasprintf("/containers/create%s%s", name ? "?name=" : "", name ? name : "");

	c->cb.text = cb;
	return call_send(c, &(struct call_request){
				.method = "POST",
				.path = path,
				.body = text,
				.body_len = strlen(text),
				.content_type = "application/json",
			    });
}
