/* Config maps with their values; secrets with the sizes of theirs, never more; service accounts. */
#include "../runtime/base/base64.h"
#include "describe.h"

static const struct drow head_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Namespace", "metadata.namespace", .absent = ""),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
};

/* "key: N bytes" for each key; before N stands `gap`. */
static void write_sizes(struct describe *d, const json *data, char gap)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(data, NULL, &len);

	for (size_t i = 0; i < len; i++) {
		const char *text = json_string_value(sorted[i]);
		auto_buf bytes = {0};

		if (text && base64_decode(text, &bytes, NULL) < 0)
			buf_clear(&bytes);
		dtext_add(&d->text, 0, "%s:%c%zu bytes\n", describe_key(sorted[i]), gap, bytes.len);
	}
}

void describe_config_map(struct describe *d, const json *obj)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(json_get(obj, "data"), NULL, &len);

	DESCRIBE_ROWS(d, 0, head_rows, obj);
	dtext_add(&d->text, 0, "\nData\n====\n");
	for (size_t i = 0; i < len; i++) {
		const char *text = json_string_value(sorted[i]);

		dtext_add(
		    &d->text, 0, "%s:\n----\n%s\n\n", describe_key(sorted[i]), text ? text : "");
	}
	dtext_add(&d->text, 0, "\nBinaryData\n====\n");
	write_sizes(d, json_get(obj, "binaryData"), ' ');
	dtext_add(&d->text, 0, "\n");
	describe_events(d);
}

void describe_secret(struct describe *d, const json *obj)
{
	auto_free char *type = describe_text(obj, "type", "");

	DESCRIBE_ROWS(d, 0, head_rows, obj);
	dtext_add(&d->text, 0, "\nType:\t%s\n\nData\n====\n", type);
	write_sizes(d, json_get(obj, "data"), '\t');
}

/* ---- service accounts ---- */

static bool is_there(const struct describe *d, const char *name)
{
	json_for (it, d->in->secrets)
		if (str_eq(json_str(it, "metadata.name"), name))
			return true;
	return false;
}

/* The names of secrets, one below the other; what the server does not have is marked. */
static void write_secrets(struct describe *d, const char *label, const struct strlist *names)
{
	if (!names->len)
		dtext_add(&d->text, 0, "%-19s\t<none>\n", label);
	for (size_t i = 0; i < names->len; i++)
		dtext_add(&d->text, 0, "%-19s\t%s%s\n", i ? "" : label, names->items[i],
		    is_there(d, names->items[i]) ? "" : " (not found)");
}

static void write_references(struct describe *d, const char *label, const json *references)
{
	auto_strlist names = {0};

	json_for (it, references)
		strlist_add(&names, json_str_or(it, "name", ""));
	write_secrets(d, label, &names);
}

/* A secret that holds a token of the account says so. */
static bool is_token_of(const json *secret, const json *account)
{
	const json *notes = json_path(secret, "metadata.annotations");
	const char *name = json_string_value(json_get(notes, "kubernetes.io/service-account.name"));
	const char *uid = json_string_value(json_get(notes, "kubernetes.io/service-account.uid"));

	return str_eq(json_str(secret, "type"), "kubernetes.io/service-account-token") && name &&
	       str_eq(name, json_str(account, "metadata.name")) &&
	       (!uid || str_eq(uid, json_str(account, "metadata.uid")));
}

void describe_service_account(struct describe *d, const json *obj)
{
	auto_strlist tokens = {0};

	json_for (it, d->in->secrets)
		if (is_token_of(it, obj))
			strlist_add(&tokens, json_str_or(it, "metadata.name", ""));
	DESCRIBE_ROWS(d, 0, head_rows, obj);
	write_references(d, "Image pull secrets:", json_get(obj, "imagePullSecrets"));
	write_references(d, "Mountable secrets:", json_get(obj, "secrets"));
	write_secrets(d, "Tokens:", &tokens);
	describe_events(d);
}
