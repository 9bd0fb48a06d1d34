#include "downward.h"

#include "../api/api.h"
#include "../api/fieldpath.h"

const json *pod_container_spec(const json *pod, const char *name)
{
	static const char *const lists[] = {"spec.containers", "spec.initContainers"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_for (c, json_path(pod, lists[i]))
			if (str_eq(json_str(c, "name"), name))
				return c;
	return NULL;
}

/* "a,b": the member `ip` of every item. */
static char *join_ips(const json *list)
{
	auto_strlist ips = {0};

	json_for (item, list)
		strlist_add(&ips, json_str_or(item, "ip", ""));
	return strlist_join(&ips, ",");
}

char *downward_field(const struct downward *d, const char *path)
{
	const struct {
		const char *path, *value;
	} known[] = {
	    {"status.hostIP", d->host_ip},
	    {"status.hostIPs", d->host_ip},
	    {"status.podIP", d->pod_ip},
	    {"status.podIPs", d->pod_ip},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].value && str_eq(known[i].path, path))
			return xstrdup(known[i].value);
	if (str_eq(path, "status.hostIPs") || str_eq(path, "status.podIPs"))
		return join_ips(json_path(d->pod, path));
	return fieldpath_value(d->pod, path);
}

/* ---- resources ---- */

/* In thousandths; 0: not there. */
static int64_t milli_of(const json *quantities, const char *name)
{
	const json *value = json_get(quantities, name);
	auto_free char *text = value ? json_scalar_text(value) : NULL, *canonical = NULL;
	int64_t milli;

	if (!text || quantity_parse(text, &canonical, &milli, NULL) < 0)
		return 0;
	return milli;
}

static bool has_node_default(const char *resource)
{
	static const char *const names[] = {"cpu", "memory", "ephemeral-storage"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i], resource))
			return true;
	return false;
}

/* What a limit is where none is set: all that the node has. A request is the limit that is set. */
static int64_t effective(
    const struct downward *d, const json *container, bool limit, const char *resource)
{
	const json *limits = json_path(container, "resources.limits");
	const json *requests = json_path(container, "resources.requests");
	int64_t milli = milli_of(limits, resource);

	if (!limit)
		return json_get(requests, resource) ? milli_of(requests, resource) : milli;
	return milli || !has_node_default(resource) ? milli : milli_of(d->allocatable, resource);
}

static int64_t divide_up(int64_t n, int64_t by)
{
	return n / by + (n % by > 0);
}

static bool is_resource(const char *name)
{
	return has_node_default(name) || str_has_prefix(name, "hugepages-");
}

int downward_resource(
    const struct downward *d, const json *ref, const json *container, char **ret, struct err *e)
{
	static const char limits[] = "limits.", requests[] = "requests.";
	const char *text = json_str_or(ref, "resource", ""), *name = json_str(ref, "containerName");
	bool limit = str_has_prefix(text, limits);
	const char *resource = text + (limit ? strlen(limits) : strlen(requests));
	int64_t divisor = milli_of(ref, "divisor"), milli;

	if (name && *name)
		container = pod_container_spec(d->pod, name);
	if (!container)
		return err_set(e, ERR_INVALID, "container %s not found", name ? name : "");
	if ((!limit && !str_has_prefix(text, requests)) || !is_resource(resource))
		return err_set(e, ERR_INVALID, "unsupported container resource : %s", text);
	milli = effective(d, container, limit, resource);
	if (divisor <= 0)
		divisor = 1000;
	/* all but CPU comes in whole units, as does the divisor */
	if (!str_eq(resource, "cpu")) {
		milli = divide_up(milli, 1000);
		divisor = divide_up(divisor, 1000);
	}
	*ret = xasprintf("%lld", (long long)divide_up(milli, divisor));
	return 0;
}
