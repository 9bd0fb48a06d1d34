/* pod_security: securityContext and resources, from Kubernetes' words to the engine's. */
#include "../api/resources.h"
#include "pod_parts.h"

/* As the kubelet computes them (pkg/kubelet/cm/helpers_linux.go). */
#define SHARES_PER_CPU 1024
#define SHARES_MIN 2
#define SHARES_MAX 262144
#define QUOTA_MIN_US 1000

void spec_parts_release(struct spec_parts *parts)
{
	strlist_release(&parts->groups);
	strlist_release(&parts->cap_add);
	strlist_release(&parts->cap_drop);
	strlist_release(&parts->selinux);
	strlist_release(&parts->extra_hosts);
	strlist_release(&parts->dns);
	strlist_release(&parts->dns_search);
	strlist_release(&parts->dns_options);
	free(parts->user);
	free(parts->hostname);
	free(parts->domainname);
	free(parts->apparmor);
	free(parts->names_server);
	json_free(parts->sysctls);
	free(parts->ports);
	*parts = (struct spec_parts){0};
}

const json *security_value(const json *pod, const json *container, const char *member)
{
	const json *own = json_get(json_get(container, "securityContext"), member);

	return own ? own : json_get(json_path(pod, "spec.securityContext"), member);
}

static bool own_true(const json *container, const char *member)
{
	return json_bool(json_get(container, "securityContext"), member, false);
}

/* ---- users ---- */

static bool get_id(const json *pod, const json *container, const char *member, int64_t *ret)
{
	return json_is_int(security_value(pod, container, member), ret);
}

bool security_needs_image_user(const json *pod, const json *container)
{
	int64_t n;

	if (get_id(pod, container, "runAsUser", &n))
		return false;
	return get_id(pod, container, "runAsGroup", &n) ||
	       json_bool_value(security_value(pod, container, "runAsNonRoot"));
}

/* "UID:GID" or "NAME": the part before the colon; owned. */
static char *user_part(const char *user)
{
	return xstrndup(user, strcspn(user, ":"));
}

static char *user_of(const json *pod, const json *container, const char *image_user)
{
	auto_free char *image = user_part(image_user ? image_user : "");
	int64_t uid, gid;
	bool has_gid = get_id(pod, container, "runAsGroup", &gid);

	if (get_id(pod, container, "runAsUser", &uid))
		return has_gid ? xasprintf("%lld:%lld", (long long)uid, (long long)gid)
			       : xasprintf("%lld", (long long)uid);
	return has_gid ? xasprintf("%s:%lld", *image ? image : "0", (long long)gid) : NULL;
}

char *security_refusal(const json *pod, const json *container, const char *image_user)
{
	const char *name = json_str_or(container, "name", "");
	auto_free char *user = user_part(image_user ? image_user : "");
	auto_free char *where = NULL;
	int64_t uid;

	if (!json_bool_value(security_value(pod, container, "runAsNonRoot")))
		return NULL;
	where = xasprintf("(pod: \"%s_%s(%s)\", container: %s)",
	    json_str_or(pod, "metadata.name", ""), json_str_or(pod, "metadata.namespace", ""),
	    json_str_or(pod, "metadata.uid", ""), name);
	if (get_id(pod, container, "runAsUser", &uid))
		return uid ? NULL
			   : xasprintf("container's runAsUser breaks non-root policy %s", where);
	if (!*user || str_to_int(user, 0, 0, &uid) == 0)
		return xasprintf("container has runAsNonRoot and image will run as root %s", where);
	if (str_to_int(user, 1, INT64_MAX, &uid) == 0)
		return NULL;
	return xasprintf("container has runAsNonRoot and image has non-numeric user (%s), cannot "
			 "verify user is non-root %s",
	    user, where);
}

static void add_group(struct strlist *groups, const json *id)
{
	int64_t n;

	if (json_is_int(id, &n))
		strlist_addf(groups, "%lld", (long long)n);
}

/* ---- profiles ---- */

static void apply_apparmor(const json *profile, struct container_spec *s, struct spec_parts *parts)
{
	const char *type = json_str(profile, "type");

	if (str_eq(type, "Unconfined"))
		parts->apparmor = xstrdup("unconfined");
	else if (str_eq(type, "Localhost"))
		parts->apparmor = xstrdup(json_str(profile, "localhostProfile"));
	s->apparmor = parts->apparmor;
}

static void apply_selinux(const json *options, struct container_spec *s, struct spec_parts *parts)
{
	static const char *const members[] = {"user", "role", "type", "level"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (*json_str_or(options, members[i], ""))
			strlist_addf(
			    &parts->selinux, "%s:%s", members[i], json_str(options, members[i]));
	s->selinux = &parts->selinux;
}

void security_apply(const json *pod, const json *container, const char *image_user,
    struct container_spec *s, struct spec_parts *parts)
{
	const json *all = json_path(pod, "spec.securityContext");
	const json *own = json_get(container, "securityContext");

	s->user = parts->user = user_of(pod, container, image_user);
	json_for (id, json_get(all, "supplementalGroups"))
		add_group(&parts->groups, id);
	add_group(&parts->groups, json_get(all, "fsGroup"));
	s->groups = &parts->groups;
	json_add_strings(json_path(own, "capabilities.add"), &parts->cap_add);
	json_add_strings(json_path(own, "capabilities.drop"), &parts->cap_drop);
	s->cap_add = &parts->cap_add;
	s->cap_drop = &parts->cap_drop;
	s->privileged = own_true(container, "privileged");
	s->no_new_privileges = !json_bool(own, "allowPrivilegeEscalation", true);
	s->read_only_rootfs = own_true(container, "readOnlyRootFilesystem");
	s->unmasked_proc = str_eq(json_str(own, "procMount"), "Unmasked");
	if (str_eq(
		json_str(security_value(pod, container, "seccompProfile"), "type"), "Unconfined"))
		s->seccomp = "unconfined";
	apply_apparmor(security_value(pod, container, "appArmorProfile"), s, parts);
	apply_selinux(security_value(pod, container, "seLinuxOptions"), s, parts);
}

void security_sysctls(const json *pod, struct container_spec *s, struct spec_parts *parts)
{
	const json *list = json_path(pod, "spec.securityContext.sysctls");

	if (json_len(list) == 0)
		return;
	if (!parts->sysctls)
		parts->sysctls = json_new_object();
	json_for (item, list) {
		auto_free char *name = xstrdup(json_str_or(item, "name", ""));

		for (char *c = name; *c; c++) /* net/core/x is another way to write it */
			*c = *c == '/' ? '.' : *c;
		json_set_str(parts->sysctls, name, json_str_or(item, "value", ""));
	}
	s->sysctls = parts->sysctls;
}

/* ---- resources ---- */

static int64_t clamp(int64_t n, int64_t min, int64_t max)
{
	return n < min ? min : n > max ? max : n;
}

void resources_apply(const json *container, struct container_spec *s)
{
	const json *limits = json_path(container, "resources.limits");
	const json *requests = json_path(container, "resources.requests");
	int64_t request = resource_milli(requests, "cpu"), limit = resource_milli(limits, "cpu");
	int64_t memory = resource_milli(limits, "memory");

	request = request < 0 ? limit : request;
	if (request >= 0)
		s->cpu_shares = clamp(request * SHARES_PER_CPU / 1000, SHARES_MIN, SHARES_MAX);
	if (limit > 0) {
		int64_t quota = limit * CPU_PERIOD_US / 1000;

		s->cpu_quota_us = quota < QUOTA_MIN_US ? QUOTA_MIN_US : quota;
	}
	if (memory > 0)
		s->memory_bytes = memory / 1000 + (memory % 1000 > 0);
}
