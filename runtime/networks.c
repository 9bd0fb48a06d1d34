/* networks: the default network of either engine. */
#include "networks.h"

#include "engine_internal.h"

/* Podman takes the word for its own default, whatever that is called. */
#define DEFAULT_NETWORK "bridge"

static void subnet_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};
	auto_json *j = err ? NULL : call_json(c, r, &e);
	const char *found = NULL;

	json_for (config, json_path(j, "IPAM.Config")) {
		const char *subnet = json_str_or(config, "Subnet", "");

		if (!found && *subnet && !strchr(subnet, ':'))
			found = subnet;
	}
	if (j && !found)
		err_set(&e, ERR_NOT_FOUND, "the default network of %s has no IPv4 addresses",
		    c->en->where);
	c->cb.text(c->who, found, err ? err : e.reason ? &e : NULL);
}

engine_id network_subnet(struct engine *en, engine_text_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_NETWORK, subnet_reply, who);

	c->cb.text = cb;
	c->target = xstrdup(DEFAULT_NETWORK);
	return call_sendf(c, "GET", "/networks/" DEFAULT_NETWORK);
}
