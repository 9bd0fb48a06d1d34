#include "sandbox_reuse.h"

#include "../../runtime/base/buf.h"
#include "../../runtime/base/str.h"
#include "pod_spec.h"

/* A sandbox costs about as much as it saves each time: this many pods are to have it. */
#define PODS_EACH 3

enum reuse reuse_decide(const struct reuse_obs *o)
{
	if (!o->fits || o->refused || !(o->exact || o->asked))
		return REUSE_NONE;
	if (o->idle)
		return REUSE_IDLE;
	return o->left > 0 && o->left / PODS_EACH >= o->parallelism ? REUSE_NEW : REUSE_NONE;
}

/* ---- the spec ---- */

static bool container_fits(const json *c)
{
	const json *security = json_get(c, "securityContext");

	json_for (port, json_get(c, "ports"))
		if (json_int(port, "hostPort", 0))
			return false;
	json_for (mount, json_get(c, "volumeMounts"))
		if (str_eq(json_str(mount, "mountPath"), "/etc/hosts"))
			return false;
	return !json_bool(security, "privileged", false) &&
	       json_len(json_path(security, "capabilities.add")) == 0 &&
	       !str_eq(json_str(security, "procMount"), "Unmasked");
}

bool reuse_fits(const json *pod)
{
	static const char *const lists[] = {"initContainers", "containers"};
	const json *spec = json_get(pod, "spec");

	if (pod_wants_sandbox(pod) || json_bool(spec, "hostNetwork", false) ||
	    json_bool(spec, "hostPID", false) || json_bool(spec, "hostIPC", false) ||
	    json_len(json_path(spec, "securityContext.sysctls")) > 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (c, json_get(spec, lists[i]))
			if (!container_fits(c))
				return false;
	return true;
}

char *reuse_key(const json *pod, const char *names_server)
{
	static const char *const members[] = {"hostAliases", "dnsPolicy", "dnsConfig"};
	const json *spec = json_get(pod, "spec");
	auto_json *key = json_new_object();

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_has(spec, members[i]))
			json_set(key, members[i], json_dup(json_get(spec, members[i])));
	json_set_str(key, "names", names_server);
	return json_print(key);
}

/* ---- /etc/hosts ---- */

static bool names_host(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);
	const char *at = line;

	while ((at = strstr(at, name)) && at + n <= line + len) {
		if (at > line && strchr(" \t", at[-1]) &&
		    (at + n == line + len || strchr(" \t", at[n])))
			return true;
		at += n;
	}
	return false;
}

char *reuse_hosts(const char *hosts, const char *from, const char *hostname, const char *to)
{
	auto_buf out = {.max = 1 * MIB};

	for (const char *line = hosts; *line;) {
		size_t len = strcspn(line, "\n");

		if (names_host(line, len, from))
			buf_addf(
			    &out, "%.*s\t%s %s\n", (int)strcspn(line, " \t"), line, hostname, to);
		else
			buf_addf(&out, "%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	return buf_take(&out);
}
