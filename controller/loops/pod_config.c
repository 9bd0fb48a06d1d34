/* pod_config: the config maps and secrets of containers: who asks for them, who waits for them. */
#include "pod_env.h"
#include "pods_internal.h"
#include "services.h"

#define CONFIG_ERROR "CreateContainerConfigError"

static json *get_object(void *ctx, enum kind_id kind, const char *name)
{
	const struct pod *p = ctx;

	return store_get(p->set->env->store, kind_by_id(kind), p->ns, name, NULL);
}

/* Limits that are not set are the node's; nothing else needs it. */
static json *node_of(const struct pod *p, const json *container)
{
	json_for (var, json_get(container, "env"))
		if (json_has(var, "valueFrom.resourceFieldRef"))
			return store_get(p->set->env->store, kind_by_id(KIND_NODE), NULL,
			    p->set->env->node_name, NULL);
	return NULL;
}

int container_env(const struct container *c, struct strlist *env, struct err *e)
{
	struct pod *p = c->pod;
	const json *spec = container_json(c);
	auto_json *node = node_of(p, spec);
	auto_strlist links = {0};
	bool on_host = json_bool(p->obj, "spec.hostNetwork", false);
	struct env_source source = {
	    .downward = {.pod = p->obj,
		.host_ip = NODE_ADDRESS,
		.pod_ip = on_host ? NODE_ADDRESS : pod_address(p),
		.allocatable = json_path(node, "status.allocatable")},
	    .container = spec,
	    .services = &links,
	    .get = get_object,
	    .ctx = p,
	};

	services_variables(p->set->env->services, p->obj, &links);
	return pod_env_resolve(&source, env, e);
}

/* ---- an error that is found before the engine is asked ---- */

struct refusal {
	engine_text_fn *cb;
	struct engine_who who;
	struct err err;
};

static void tell_refusal(void *arg)
{
	struct refusal *r = arg;

	r->cb(r->who, NULL, &r->err);
	err_clear(&r->err);
	free(r);
}

void container_refuse_later(
    const struct container *c, engine_text_fn *cb, struct engine_who who, const struct err *err)
{
	struct refusal *r = xcalloc(1, sizeof(*r));

	r->cb = cb;
	r->who = who;
	err_set(&r->err, err->reason, "%s", err_msg(err));
	loop_defer(c->pod->set->env->loop, tell_refusal, r);
}

/* ---- news ---- */

static bool waits_for_config(const struct container *c)
{
	return c->stage == STAGE_WAITING && str_eq(c->waiting_reason, CONFIG_ERROR);
}

void pods_config_news(struct pods *set, const char *ns)
{
	for (size_t i = 0; i < set->slot_count; i++) {
		struct pod *p = set->slots[i];

		if (!p || !str_eq(p->ns, ns))
			continue;
		for (size_t n = 0; n < p->container_count; n++) {
			struct container *c = &p->containers[n];

			if (!waits_for_config(c))
				continue;
			c->not_before_ms = 0;
			pod_queue(p);
		}
	}
}
