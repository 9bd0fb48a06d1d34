/* validate_config: ConfigMaps and Secrets. No error shows a value of a secret. */
#include "../../runtime/base/base64.h"
#include "names.h"
#include "validate.h"

#define DATA_MAX (1 * MIB)
#define ACCOUNT_ANNOTATION "kubernetes.io/service-account.name"

/* The length of what a base64 text stands for. */
static size_t decoded_len(const char *text)
{
	size_t len = strlen(text), pad = 0;

	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	return len / 4 * 3 - (pad < len ? pad : 0);
}

/* The keys of one map; other: keys must not be there too. Returns the bytes of all values. */
static size_t validate_bag(
    struct report *r, const json *obj, const char *name, const char *other, bool encoded)
{
	struct place at = PLACE(NULL, name);
	auto_free char *twice = xasprintf("duplicate of key present in %s", other ? other : "");
	size_t total = 0;

	json_for (m, json_get(obj, name)) {
		struct place key = PLACE_KEY(&at, json_key(m));
		const char *value = json_string_value(m);

		validate_name(r, json_key(m), name_check_config_key, &key);
		if (other && json_get(json_get(obj, other), json_key(m)))
			bad_invalid_text(r, &key, json_key(m), twice);
		total += encoded ? decoded_len(value) : strlen(value);
	}
	return total;
}

/* What an immutable object forbids. */
static void validate_immutable(
    struct report *r, const json *obj, const json *old, const char *const *bags)
{
	static const char text[] = "field is immutable when `immutable` is set";
	struct place immutable = PLACE(NULL, "immutable");

	if (!json_bool(old, "immutable", false))
		return;
	if (!json_bool(obj, "immutable", false))
		bad_forbidden(r, &immutable, text);
	for (; *bags; bags++) {
		struct place at = PLACE(NULL, *bags);

		if (!json_equal(json_get(obj, *bags), json_get(old, *bags)))
			bad_forbidden(r, &at, text);
	}
}

void validate_config_map(struct report *r, const json *map, const json *old)
{
	static const char *const bags[] = {"data", "binaryData", NULL};
	struct place whole = PLACE_KEY(NULL, "");
	size_t total;

	validate_immutable(r, map, old, bags);
	total = validate_bag(r, map, "data", "binaryData", false) +
		validate_bag(r, map, "binaryData", "data", true);
	if (total > DATA_MAX)
		bad_too_long(r, &whole, DATA_MAX);
}

/* ---- types of secrets ---- */

enum need { NEED_ALL, NEED_ANY };

static const struct {
	const char *type;
	enum need need;
	bool filled; /* an empty value does not do */
	bool json;   /* the value is a JSON object */
	const char *keys[2];
} types[] = {
    {"kubernetes.io/dockercfg", NEED_ALL, false, true, {".dockercfg", NULL}},
    {"kubernetes.io/dockerconfigjson", NEED_ALL, false, true, {".dockerconfigjson", NULL}},
    {"kubernetes.io/basic-auth", NEED_ANY, false, false, {"username", "password"}},
    {"kubernetes.io/ssh-auth", NEED_ALL, true, false, {"ssh-privatekey", NULL}},
    {"kubernetes.io/tls", NEED_ALL, false, false, {"tls.crt", "tls.key"}},
};

static void validate_json_value(struct report *r, const json *value, const struct place *p)
{
	auto_buf text = {0};
	auto_json *parsed = NULL;

	if (base64_decode(json_string_value(value), &text, NULL) == 0 &&
	    !memchr(buf_str(&text), '\0', text.len))
		parsed = json_parse(buf_str(&text), text.len, JSON_ALLOW_DUPLICATES, NULL);
	if (!json_is_object(parsed))
		bad_invalid_text(r, p, "<secret contents redacted>",
		    text.len ? "must be a JSON object" : "unexpected end of JSON input");
}

static void validate_type(struct report *r, const json *secret, size_t t)
{
	const json *data = json_get(secret, "data");
	struct place at = PLACE(NULL, "data");
	size_t have = 0, want = types[t].keys[1] ? 2 : 1;

	for (size_t i = 0; i < want; i++) {
		const json *value = json_get(data, types[t].keys[i]);

		have += value && (!types[t].filled || *json_string_value(value));
	}
	for (size_t i = 0; i < want; i++) {
		struct place key = PLACE_KEY(&at, types[t].keys[i]);
		const json *value = json_get(data, types[t].keys[i]);
		bool present = value && (!types[t].filled || *json_string_value(value));

		if (present && types[t].json)
			validate_json_value(r, value, &key);
		else if (!present && (types[t].need == NEED_ALL || !have))
			bad_required(r, &key, "");
	}
}

void validate_secret(struct report *r, const json *secret, const json *old)
{
	static const char *const bags[] = {"data", NULL};
	struct place at = PLACE(NULL, "data"), type_at = PLACE(NULL, "type");
	struct place meta = PLACE(NULL, "metadata"), annotations = PLACE(&meta, "annotations");
	struct place account = PLACE_KEY(&annotations, ACCOUNT_ANNOTATION);
	const char *type = json_str_or(secret, "type", "");
	const char *name = json_string_value(
	    json_get(json_path(secret, "metadata.annotations"), ACCOUNT_ANNOTATION));

	if (old && !json_equal(json_get(secret, "type"), json_get(old, "type")))
		bad_invalid_text(r, &type_at, type, "field is immutable");
	validate_immutable(r, secret, old, bags);
	if (validate_bag(r, secret, "data", NULL, true) > DATA_MAX)
		bad_too_long(r, &at, DATA_MAX);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(type, types[i].type))
			validate_type(r, secret, i);
	if (str_eq(type, "kubernetes.io/service-account-token") && (!name || !*name))
		bad_required(r, &account, "");
}
