/* validate_probe: probes, and the handlers of probes and lifecycle hooks. */
#include "names.h"
#include "validate.h"

#define PORT_MAX 65535

/* A number, or the name of a port. */
static void validate_port(struct report *r, const json *action, const struct place *up)
{
	struct place p = PLACE(up, "port");
	const json *port = json_get(action, "port");
	const char *name = json_string_value(port);
	int64_t n;

	if (name)
		validate_name(r, name, name_check_port, &p);
	else if (!json_is_int(port, &n) || n < 1 || n > PORT_MAX)
		bad_invalid(r, &p, port, "must be between 1 and %d, inclusive", PORT_MAX);
}

static void validate_exec(struct report *r, const json *action, const struct place *p)
{
	struct place command = PLACE(p, "command");

	if (json_len(json_get(action, "command")) == 0)
		bad_required(r, &command, "");
}

static bool is_header_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!strchr("-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", *c))
			return false;
	return *name;
}

static void validate_http(struct report *r, const json *action, const struct place *p)
{
	struct place path = PLACE(p, "path"), headers = PLACE(p, "httpHeaders");

	if (!*json_str_or(action, "path", ""))
		bad_required(r, &path, "");
	validate_port(r, action, p);
	validate_enum(r, &schema_http_get_action, action, "scheme", p);
	json_for (h, json_get(action, "httpHeaders"))
		if (!is_header_name(json_str_or(h, "name", "")))
			bad_invalid_text(r, &headers, json_str_or(h, "name", ""),
			    "a valid HTTP header must consist of alphanumeric characters or '-' "
			    "(e.g. 'X-Header-Name', regex used for validation is "
			    "'[-A-Za-z0-9]+')");
}

/* Which of them a probe and a hook may have. */
static const struct {
	const char *name;
	bool probe, hook;
	void (*check)(struct report *r, const json *action, const struct place *p);
} handlers[] = {
    {"exec", true, true, validate_exec},
    {"httpGet", true, true, validate_http},
    {"tcpSocket", true, true, validate_port},
    {"grpc", true, false, validate_port},
    {"sleep", false, true, NULL},
};

static void validate_sleep(
    struct report *r, const json *handler, int64_t grace, const struct place *p)
{
	struct place at = PLACE(p, "sleep");
	const json *seconds = json_path(handler, "sleep.seconds");
	int64_t n = json_int(handler, "sleep.seconds", 0);

	if (json_has(handler, "sleep") && (n < 0 || n > grace))
		bad_invalid(r, &at, seconds,
		    "must be non-negative and less than terminationGracePeriodSeconds (%lld)",
		    (long long)grace);
}

static void validate_handler(
    struct report *r, const json *handler, bool hook, const struct place *p)
{
	int count = 0;

	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		struct place at = PLACE(p, handlers[i].name);
		const json *action = json_get(handler, handlers[i].name);

		if (!action || !(hook ? handlers[i].hook : handlers[i].probe))
			continue;
		if (count++ > 0)
			bad_forbidden(r, &at, "may not specify more than 1 handler type");
		else if (handlers[i].check)
			handlers[i].check(r, action, &at);
	}
	if (count == 0)
		bad_required(r, p, "must specify a handler type");
}

static void validate_probe(
    struct report *r, const json *c, const char *name, const struct place *up)
{
	static const char *const numbers[] = {"initialDelaySeconds", "timeoutSeconds",
	    "periodSeconds", "successThreshold", "failureThreshold"};
	const json *probe = json_get(c, name);
	const json *grace = json_get(probe, "terminationGracePeriodSeconds");
	struct place p = PLACE(up, name), success = PLACE(&p, "successThreshold");
	struct place grace_place = PLACE(&p, "terminationGracePeriodSeconds");
	bool readiness = str_eq(name, "readinessProbe");
	int64_t n;

	if (!probe)
		return;
	validate_handler(r, probe, false, &p);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		validate_nonnegative(r, probe, numbers[i], &p);
	if (!readiness && json_int(probe, "successThreshold", 1) != 1)
		bad_invalid(r, &success, json_get(probe, "successThreshold"), "must be 1");
	if (!json_is_int(grace, &n))
		return;
	if (n <= 0)
		bad_invalid(r, &grace_place, grace, "must be greater than 0");
	if (readiness)
		bad_invalid(r, &grace_place, grace, "must not be set for readinessProbes");
}

void validate_container_probes(
    struct report *r, const json *c, int64_t grace, const struct place *p)
{
	static const char *const hooks[] = {"postStart", "preStop"};
	struct place lifecycle = PLACE(p, "lifecycle");

	for (size_t i = 0; i < ARRAY_LEN(hooks); i++) {
		const json *hook = json_get(json_get(c, "lifecycle"), hooks[i]);
		struct place at = PLACE(&lifecycle, hooks[i]);

		if (!hook)
			continue;
		validate_handler(r, hook, true, &at);
		validate_sleep(r, hook, grace, &at);
	}
	validate_probe(r, c, "livenessProbe", p);
	validate_probe(r, c, "readinessProbe", p);
	validate_probe(r, c, "startupProbe", p);
}
