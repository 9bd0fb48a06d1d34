/* Containers: of pods, with what became of them, and of templates. */
#include <ctype.h>

#include "../runtime/base/str.h"
#include "describe.h"
#include "describe_quantity.h"

#define ZERO_TIME "Mon, 01 Jan 0001 00:00:00 +0000"

/* ---- ports, command ---- */

static void write_ports(
    struct describe *d, const json *ports, const char *prefix, const char *key, bool named)
{
	auto_buf text = {0};

	json_for (p, ports) {
		const char *name = json_str_or(p, "name", "");
		auto_free char *number = describe_text(p, key, "0");

		buf_addf(&text, "%s%s/%s", p == json_first(ports) ? "" : ", ", number,
		    json_str_or(p, "protocol", ""));
		if (named && *name)
			buf_addf(&text, " (%s)", name);
	}
	dtext_add(&d->text, 2, "%sPort%s:\t%s\n", prefix, json_len(ports) > 1 ? "s" : "",
	    text.len ? buf_str(&text) : "<none>");
}

static void block_ports(struct describe *d, int level, const struct drow *row, const json *value)
{
	write_ports(d, value, "", "containerPort", true);
	write_ports(d, value, "Host ", "hostPort", false);
}

/* Words, one a line; those of several lines are split. */
static void block_words(struct describe *d, int level, const struct drow *row, const json *value)
{
	if (!json_len(value))
		return;
	dtext_add(&d->text, level, "%s:\n", row->label);
	json_for (word, value) {
		auto_free char *text = json_scalar_text(word);
		auto_strlist lines = {0};

		str_split(&lines, text, '\n');
		for (size_t i = 0; i < lines.len; i++)
			dtext_add(&d->text, level + 1, "%s\n", lines.items[i]);
	}
}

static const struct drow seccomp_rows[] = {
    ROW("LocalhostProfile", "localhostProfile", .absent = ""),
};

void block_seccomp(struct describe *d, int level, const struct drow *row, const json *value)
{
	const char *type = json_str(value, "type");

	if (!type)
		return;
	dtext_add(&d->text, level, "%s:\t%s\n", row->label, type);
	if (str_eq(type, "Localhost"))
		DESCRIBE_ROWS(d, level ? level + 1 : 0, seccomp_rows, value);
}

static const struct drow resource_rows[] = {
    ROW("Limits", "limits", .block = block_quantities),
    ROW("Requests", "requests", .block = block_quantities),
};

void block_resources(struct describe *d, int level, const struct drow *row, const json *value)
{
	DESCRIBE_ROWS(d, level, resource_rows, value);
}

/* ---- state ---- */

static void format_positive(const struct describe *d, const json *value, struct buf *text)
{
	if (json_number_value(value) > 0)
		buf_addf(text, "%.0f", json_number_value(value));
}

static const struct drow running_rows[] = {
    ROW("Started", "startedAt", .format = format_time, .absent = ZERO_TIME),
};
static const struct drow waiting_rows[] = {
    ROW("Reason", "reason"),
};
static const struct drow terminated_rows[] = {
    ROW("Reason", "reason"),
    ROW("Message", "message"),
    ROW("Exit Code", "exitCode", .absent = "0"),
    ROW("Signal", "signal", .format = format_positive),
    ROW("Started", "startedAt", .format = format_time, .absent = ZERO_TIME),
    ROW("Finished", "finishedAt", .format = format_time, .absent = ZERO_TIME),
};

static const struct {
	const char *key, *name;
	const struct drow *rows;
	size_t row_count;
} states[] = {
    {"running", "Running", running_rows, ARRAY_LEN(running_rows)},
    {"waiting", "Waiting", waiting_rows, ARRAY_LEN(waiting_rows)},
    {"terminated", "Terminated", terminated_rows, ARRAY_LEN(terminated_rows)},
};

static void block_state(struct describe *d, int level, const struct drow *row, const json *value)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (!json_has(value, states[i].key))
			continue;
		dtext_add(&d->text, level, "%s:\t%s\n", row->label, states[i].name);
		describe_rows(d, level + 1, states[i].rows, states[i].row_count,
		    json_get(value, states[i].key));
		return;
	}
	dtext_add(&d->text, level, "%s:\tWaiting\n", row->label);
}

static void block_last_state(
    struct describe *d, int level, const struct drow *row, const json *value)
{
	if (json_has(value, "terminated"))
		block_state(d, level, row, value);
}

static const struct drow status_rows[] = {
    ROW("State", "state", .block = block_state),
    ROW("Last State", "lastState", .block = block_last_state),
    ROW("Ready", "ready", .format = format_title_bool, .absent = "False"),
    ROW("Restart Count", "restartCount", .absent = "0"),
};

/* ---- probes ---- */

/* A path as it stands in a URL. */
static void add_url_path(struct buf *text, const char *path)
{
	static const char kept[] = "-_.~$&+,/:;=@";

	if (*path && *path != '/')
		buf_addch(text, '/');
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if ((c < 0x80 && isalnum(c)) || strchr(kept, c))
			buf_addch(text, (char)c);
		else
			buf_addf(text, "%%%02X", c);
	}
}

static void format_http_get(const json *p, struct buf *text)
{
	const char *host = json_str_or(p, "host", ""), *scheme = json_str_or(p, "scheme", "");
	auto_free char *port = describe_text(p, "port", "0");
	bool ipv6 = strchr(host, ':') != NULL;

	for (; *scheme; scheme++)
		buf_addch(text, (char)tolower((unsigned char)*scheme));
	buf_addf(text, "%s//%s%s%s:%s", json_has(p, "scheme") ? ":" : "", ipv6 ? "[" : "", host,
	    ipv6 ? "]" : "", port);
	add_url_path(text, json_str_or(p, "path", ""));
}

static void format_exec(const json *p, struct buf *text)
{
	buf_addch(text, '[');
	json_for (word, json_get(p, "command")) {
		auto_free char *s = json_scalar_text(word);

		buf_addf(text, "%s%s", word == json_first(json_get(p, "command")) ? "" : " ", s);
	}
	buf_addch(text, ']');
}

static void format_tcp(const json *p, struct buf *text)
{
	auto_free char *port = describe_text(p, "port", "0");

	buf_addf(text, "%s:%s", json_str_or(p, "host", ""), port);
}

static void format_grpc(const json *p, struct buf *text)
{
	auto_free char *port = describe_text(p, "port", "0");

	buf_addf(text, "<pod>:%s %s", port, json_str_or(p, "service", ""));
}

static const struct {
	const char *key, *name;
	void (*format)(const json *p, struct buf *text);
} probe_actions[] = {
    {"exec", "exec", format_exec},
    {"httpGet", "http-get", format_http_get},
    {"tcpSocket", "tcp-socket", format_tcp},
    {"grpc", "grpc", format_grpc},
};

static const struct {
	const char *label, *path, *unit;
} probe_numbers[] = {
    {"delay", "initialDelaySeconds", "s"},
    {"timeout", "timeoutSeconds", "s"},
    {"period", "periodSeconds", "s"},
    {"successThreshold", "successThreshold", ""},
    {"failureThreshold", "failureThreshold", ""},
};

static void format_probe(const struct describe *d, const json *value, struct buf *text)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(probe_actions); i++)
		if (json_has(value, probe_actions[i].key))
			break;
	if (i < ARRAY_LEN(probe_actions)) {
		buf_addf(text, "%s ", probe_actions[i].name);
		probe_actions[i].format(json_get(value, probe_actions[i].key), text);
	} else {
		buf_adds(text, "unknown");
	}
	for (i = 0; i < ARRAY_LEN(probe_numbers); i++) {
		auto_free char *n = describe_text(value, probe_numbers[i].path, "0");

		buf_addf(text, " %s=%s%s", probe_numbers[i].label, n, probe_numbers[i].unit);
	}
}

/* ---- environment ---- */

static const struct {
	const char *key, *kind;
} env_sources[] = {
    {"configMapRef", "ConfigMap"},
    {"secretRef", "Secret"},
};

static const char *bool_text(const json *obj, const char *path)
{
	return json_bool(obj, path, false) ? "true" : "false";
}

static void block_env_from(struct describe *d, int level, const struct drow *row, const json *value)
{
	if (!json_len(value))
		return;
	dtext_add(&d->text, level, "%s:\n", row->label);
	json_for (e, value) {
		const char *prefix = json_str_or(e, "prefix", ""), *kind = "";
		const json *source = NULL;

		for (size_t i = 0; i < ARRAY_LEN(env_sources) && !source; i++)
			if (json_has(e, env_sources[i].key)) {
				source = json_get(e, env_sources[i].key);
				kind = env_sources[i].kind;
			}
		dtext_add(&d->text, level + 1, "%s\t%s%s%s%s\tOptional: %s\n",
		    json_str_or(source, "name", ""), kind, *prefix ? " with prefix '" : "", prefix,
		    *prefix ? "'" : "", bool_text(source, "optional"));
	}
}

/* Name and namespace are known of a pod; other fields are only named. */
static void env_field(const json *ref, const json *container, const json *pod, struct buf *text)
{
	const char *field = json_str_or(ref, "fieldPath", "");
	const char *value = "";

	if (pod && (str_eq(field, "metadata.name") || str_eq(field, "metadata.namespace")))
		value = json_str_or(pod, field, "");
	buf_addf(text, "%s (%s:%s)", value, json_str_or(ref, "apiVersion", ""), field);
}

static void env_resource(const json *ref, const json *container, const json *pod, struct buf *text)
{
	const char *resource = json_str_or(ref, "resource", "");
	auto_free char *value =
	    quantity_env_text(container, resource, json_str_or(ref, "divisor", "0"));
	bool whole_node = str_eq(value, "0") &&
			  (str_eq(resource, "limits.cpu") || str_eq(resource, "limits.memory"));

	buf_addf(text, "%s (%s)", whole_node ? "node allocatable" : value, resource);
}

static void env_secret(const json *ref, const json *container, const json *pod, struct buf *text)
{
	buf_addf(text, "<set to the key '%s' in secret '%s'>\tOptional: %s",
	    json_str_or(ref, "key", ""), json_str_or(ref, "name", ""), bool_text(ref, "optional"));
}

static void env_config_map(
    const json *ref, const json *container, const json *pod, struct buf *text)
{
	buf_addf(text, "<set to the key '%s' of config map '%s'>\tOptional: %s",
	    json_str_or(ref, "key", ""), json_str_or(ref, "name", ""), bool_text(ref, "optional"));
}

static const struct {
	const char *path;
	void (*format)(const json *ref, const json *container, const json *pod, struct buf *text);
} env_values[] = {
    {"valueFrom.fieldRef", env_field},
    {"valueFrom.resourceFieldRef", env_resource},
    {"valueFrom.secretKeyRef", env_secret},
    {"valueFrom.configMapKeyRef", env_config_map},
};

static void write_env_value(struct describe *d, int level, const json *e)
{
	auto_free char *value = describe_text(e, "value", "");
	auto_strlist lines = {0};

	str_split(&lines, value, '\n');
	dtext_add(&d->text, level, "%s:\t%s\n", json_str_or(e, "name", ""), lines.items[0]);
	for (size_t i = 1; i < lines.len; i++)
		dtext_add(&d->text, level, "\t%s\n", lines.items[i]);
}

static void write_env(
    struct describe *d, int level, const json *e, const json *container, const json *pod)
{
	if (!json_has(e, "valueFrom")) {
		write_env_value(d, level, e);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(env_values); i++) {
		auto_buf text = {0};

		if (!json_has(e, env_values[i].path))
			continue;
		env_values[i].format(json_path(e, env_values[i].path), container, pod, &text);
		dtext_add(&d->text, level, "%s:\t%s\n", json_str_or(e, "name", ""), buf_str(&text));
		return;
	}
}

static void write_environment(struct describe *d, const json *container, const json *pod)
{
	const json *env = json_get(container, "env");

	dtext_add(&d->text, 2, "Environment:%s\n", json_len(env) ? "" : "\t<none>");
	json_for (e, env)
		write_env(d, 3, e, container, pod);
}

/* ---- mounts ---- */

static void block_mounts(struct describe *d, int level, const struct drow *row, const json *value)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(value, "mountPath", &len);

	dtext_add(&d->text, level, "%s:%s\n", row->label, len ? "" : "\t<none>");
	for (size_t i = 0; i < len; i++) {
		const char *sub = json_str_or(sorted[i], "subPath", "");
		auto_free char *quoted = str_go_quote(sub);

		dtext_add(&d->text, level + 1, "%s from %s (%s%s%s)\n",
		    json_str_or(sorted[i], "mountPath", ""), json_str_or(sorted[i], "name", ""),
		    json_bool(sorted[i], "readOnly", false) ? "ro" : "rw", *sub ? ",path=" : "",
		    *sub ? quoted : "");
	}
}

static void block_devices(struct describe *d, int level, const struct drow *row, const json *value)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(value, "devicePath", &len);

	if (len)
		dtext_add(&d->text, level, "%s:\n", row->label);
	for (size_t i = 0; i < len; i++)
		dtext_add(&d->text, level + 1, "%s from %s\n",
		    json_str_or(sorted[i], "devicePath", ""), json_str_or(sorted[i], "name", ""));
}

/* ---- the whole ---- */

static const struct drow setup_rows[] = {
    ROW("Port", "ports", .block = block_ports),
    ROW("SeccompProfile", "securityContext.seccompProfile", .block = block_seccomp),
    ROW("Command", "command", .block = block_words),
    ROW("Args", "args", .block = block_words),
};

static const struct drow detail_rows[] = {
    ROW("Resources", "resources", .block = block_resources),
    ROW("Liveness", "livenessProbe", .format = format_probe),
    ROW("Readiness", "readinessProbe", .format = format_probe),
    ROW("Startup", "startupProbe", .format = format_probe),
    ROW("Environment Variables from", "envFrom", .block = block_env_from),
};

static const struct drow mount_rows[] = {
    ROW("Mounts", "volumeMounts", .block = block_mounts),
    ROW("Devices", "volumeDevices", .block = block_devices),
};

static const json *status_of(const json *statuses, const char *name)
{
	json_for (s, statuses)
		if (str_eq(json_str(s, "name"), name))
			return s;
	return NULL;
}

static void write_container(struct describe *d, const json *c, const json *status, const json *pod)
{
	dtext_add(&d->text, 1, "%s%s:\n", d->nested ? " " : "", json_str_or(c, "name", ""));
	if (status)
		dtext_add(
		    &d->text, 2, "Container ID:\t%s\n", json_str_or(status, "containerID", ""));
	dtext_add(&d->text, 2, "Image:\t%s\n", json_str_or(c, "image", ""));
	if (status)
		dtext_add(&d->text, 2, "Image ID:\t%s\n", json_str_or(status, "imageID", ""));
	DESCRIBE_ROWS(d, 2, setup_rows, c);
	if (status)
		DESCRIBE_ROWS(d, 2, status_rows, status);
	DESCRIBE_ROWS(d, 2, detail_rows, c);
	write_environment(d, c, pod);
	DESCRIBE_ROWS(d, 2, mount_rows, c);
}

void describe_containers(struct describe *d, const char *label, const json *containers,
    const json *statuses, const json *pod)
{
	dtext_add(
	    &d->text, d->nested ? 1 : 0, "%s:%s\n", label, json_len(containers) ? "" : " <none>");
	json_for (c, containers)
		write_container(d, c, status_of(statuses, json_str_or(c, "name", "")), pod);
}
