#include "resources.h"

#include "names.h"
#include "validate.h"

static const char *const native[] = {"cpu", "memory", "ephemeral-storage"};

int64_t resource_milli(const json *map, const char *name)
{
	const char *text = json_string_value(json_get(map, name));
	auto_free char *canonical = NULL;
	int64_t milli;

	if (!text || quantity_parse(text, &canonical, &milli, NULL) < 0)
		return -1;
	return milli;
}

bool resource_is_native(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(native); i++)
		if (str_eq(native[i], name))
			return true;
	return false;
}

/* ---- rules ---- */

static void check_name(struct report *r, const char *name, const struct place *p)
{
	size_t before = r->texts.len;

	validate_name(r, name, name_check_qualified, p);
	if (strchr(name, '/') || resource_is_native(name) || str_has_prefix(name, "hugepages-") ||
	    r->texts.len > before)
		return;
	bad_invalid_text(r, p, name, "must be a standard resource type or fully qualified");
	bad_invalid_text(r, p, name, "must be a standard resource for containers");
}

static bool is_negative(const json *quantity)
{
	const char *text = json_string_value(quantity);

	return text && text[0] == '-';
}

static void check_amount(struct report *r, const json *quantity, const struct place *p)
{
	if (is_negative(quantity))
		bad_invalid(r, p, quantity, "must be greater than or equal to 0");
}

static bool may_be_overcommitted(const char *name)
{
	return !strchr(name, '/') && !str_has_prefix(name, "hugepages-");
}

static void check_request(struct report *r, const json *request, const json *limits,
    const struct place *requests_at, const struct place *limits_at)
{
	const char *name = json_key(request);
	const char *limit = json_string_value(json_get(limits, name));
	int64_t most = resource_milli(limits, name), n;
	auto_free char *canonical = NULL;

	if (is_negative(request) ||
	    quantity_parse(json_string_value(request), &canonical, &n, NULL) < 0)
		return;
	if (!limit) {
		if (!may_be_overcommitted(name))
			bad_required(
			    r, limits_at, "Limit must be set for non overcommitable resources");
	} else if (!may_be_overcommitted(name) && n != most) {
		bad_invalid(
		    r, requests_at, request, "must be equal to %s limit of %s", name, limit);
	} else if (n > most) {
		bad_invalid(r, requests_at, request, "must be less than or equal to %s limit of %s",
		    name, limit);
	}
}

void validate_resources(struct report *r, const json *container, const struct place *p)
{
	struct place at = PLACE(p, "resources"), limits_at = PLACE(&at, "limits");
	struct place requests_at = PLACE(&at, "requests");
	const json *resources = json_get(container, "resources");
	const json *limits = json_get(resources, "limits");
	const json *requests = json_get(resources, "requests");

	json_for (q, limits) {
		struct place key = PLACE_KEY(&limits_at, json_key(q));

		check_name(r, json_key(q), &key);
		check_amount(r, q, &key);
	}
	json_for (q, requests) {
		struct place key = PLACE_KEY(&requests_at, json_key(q));

		check_name(r, json_key(q), &key);
		check_amount(r, q, &key);
		check_request(r, q, limits, &requests_at, &limits_at);
	}
}

/* ---- what follows ---- */

void default_requests(json *container)
{
	const json *limits = json_path(container, "resources.limits");

	json_for (q, limits) {
		json *requests = json_obj(container, "resources.requests");

		if (!json_get(requests, json_key(q)))
			json_set(requests, json_key(q), json_dup(q));
	}
}

struct qos {
	bool any, guaranteed;
};

static void count_container(struct qos *q, const json *c)
{
	const json *limits = json_path(c, "resources.limits");
	const json *requests = json_path(c, "resources.requests");

	for (size_t i = 0; i < 2; i++) { /* cpu and memory alone count */
		int64_t limit = resource_milli(limits, native[i]);
		int64_t request = resource_milli(requests, native[i]);

		request = request < 0 ? limit : request;
		q->any = q->any || limit > 0 || request > 0;
		q->guaranteed = q->guaranteed && limit > 0 && request == limit;
	}
}

const char *pod_qos_class(const json *spec)
{
	struct qos q = {.guaranteed = true};

	json_for (c, json_get(spec, "containers"))
		count_container(&q, c);
	json_for (c, json_get(spec, "initContainers"))
		count_container(&q, c);
	return !q.any ? "BestEffort" : q.guaranteed ? "Guaranteed" : "Burstable";
}
