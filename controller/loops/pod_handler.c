/* pod_handler: from a handler in a spec (of a probe or a hook) to an action. */
#include "pod_env.h"
#include "pods_internal.h"

#define HEADERS_MAX 100

static const char *const kinds[] = {"exec", "httpGet", "tcpSocket", "grpc"};

/* What a command may refer to: variables whose value the spec itself gives. */
static void static_env(const json *container, struct strlist *env)
{
	json_for (var, json_get(container, "env"))
		if (json_has(var, "value") || !json_has(var, "valueFrom"))
			strlist_addf(env, "%s=%s", json_str_or(var, "name", ""),
			    json_str_or(var, "value", ""));
}

static int set_command(const struct container *c, const json *exec, struct strlist *command,
    struct action_spec *s, struct err *e)
{
	auto_strlist env = {0};
	auto_json *list = NULL;

	static_env(container_json(c), &env);
	if (pod_env_expand_list(json_get(exec, "command"), &env, &list, e) < 0)
		return -1;
	json_add_strings(list, command);
	if (command->len == 0)
		return err_set(e, ERR_INVALID, "no command");
	s->engine = c->pod->set->env->engine;
	s->container = c->id;
	s->command = command;
	return 0;
}

static int set_port(
    const struct container *c, const json *port, struct action_spec *s, struct err *e)
{
	const char *name = json_string_value(port);
	int64_t n = 0;

	if (name && str_to_int(name, 1, 65535, &n) < 0) {
		json_for (p, json_get(container_json(c), "ports"))
			if (str_eq(json_str(p, "name"), name))
				n = json_int(p, "containerPort", 0);
	} else if (!name) {
		json_is_int(port, &n);
	}
	if (n < 1 || n > 65535)
		return err_set(e, ERR_INVALID, "couldn't find port: %s", name ? name : "0");
	s->port = (unsigned)n;
	return 0;
}

static int set_target(
    const struct container *c, const json *handler, struct action_spec *s, struct err *e)
{
	const char *host = json_str_or(handler, "host", "");

	s->host = *host ? host : handler_address(c);
	if (!s->host)
		return err_set(e, ERR_UNAVAILABLE, "the pod has no address yet");
	return set_port(c, json_get(handler, "port"), s, e);
}

static void set_http(
    const json *handler, struct strlist *headers, const char **ret_headers, struct action_spec *s)
{
	size_t n = 0;

	s->https = str_eq(json_str(handler, "scheme"), "HTTPS");
	s->path = json_str_or(handler, "path", "/");
	json_for (h, json_get(handler, "httpHeaders"))
		if (headers->len < HEADERS_MAX)
			strlist_addf(headers, "%s: %s", json_str_or(h, "name", ""),
			    json_str_or(h, "value", ""));
	for (; n < headers->len; n++)
		ret_headers[n] = headers->items[n];
	ret_headers[n] = NULL;
	s->headers = ret_headers;
}

const char *handler_address(const struct container *c)
{
	const struct pod *p = c->pod;
	bool there = !p->set->env->pods_routed && p->sandbox && p->sandbox->stage == STAGE_RUNNING;

	if (json_bool(p->obj, "spec.hostNetwork", false))
		return "127.0.0.1";
	if (there && !p->sandbox->ip)
		return "127.0.0.1"; /* in a network of which the engine tells no addresses */
	return p->sandbox ? p->sandbox->ip : c->ip;
}

bool handler_needs_address(const json *handler)
{
	for (size_t i = ACTION_HTTP; i < ARRAY_LEN(kinds); i++)
		if (json_has(handler, kinds[i]))
			return !*json_str_or(json_get(handler, kinds[i]), "host", "");
	return false;
}

static bool any_needs_address(const json *list)
{
	static const char *const paths[] = {"livenessProbe", "readinessProbe", "startupProbe",
	    "lifecycle.postStart", "lifecycle.preStop"};

	json_for (c, list)
		for (size_t i = 0; i < ARRAY_LEN(paths); i++)
			if (handler_needs_address(json_path(c, paths[i])))
				return true;
	return false;
}

bool handlers_need_sandbox(const struct pods *set, const json *pod)
{
	const json *spec = json_get(pod, "spec");

	return !set->env->pods_routed && (any_needs_address(json_get(spec, "containers")) ||
					     any_needs_address(json_get(spec, "initContainers")));
}

struct action *handler_start(struct container *c, const json *handler, bool hook,
    int64_t timeout_ms, action_done_fn *done, uint64_t key, struct err *e)
{
	auto_strlist command = {0}, headers = {0};
	const char *header_texts[HEADERS_MAX + 1];
	struct action_spec s = {.any_answer = hook};
	const json *what = NULL;
	int rc = -1;

	for (size_t i = 0; i < ARRAY_LEN(kinds) && !what; i++)
		if ((what = json_get(handler, kinds[i])))
			s.kind = (enum action_kind)i;
	if (!what || (hook && s.kind > ACTION_HTTP)) {
		err_set(e, ERR_INVALID, "unsupported handler");
		return NULL;
	}
	rc = s.kind == ACTION_EXEC ? set_command(c, what, &command, &s, e)
				   : set_target(c, what, &s, e);
	if (rc < 0)
		return NULL;
	if (s.kind == ACTION_EXEC && !hook)
		s.runner = container_runner(c);
	else if (handler_needs_address(handler) && !c->pod->set->env->pods_routed)
		s.runner = c->pod->sandbox ? container_runner(c->pod->sandbox) : NULL;
	if (s.kind == ACTION_HTTP)
		set_http(what, &headers, header_texts, &s);
	if (s.kind == ACTION_GRPC)
		s.service = json_str(what, "service");
	return action_start(c->pod->set->env->loop, &s, timeout_ms, done, c->pod->set, key);
}
