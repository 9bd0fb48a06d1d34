/* Kinds without a table: all their fields, under the fields' names. And which kind has a
 * description of its own. */
#include <ctype.h>

#include "../runtime/base/str.h"
#include "describe.h"

#define DEPTH_MAX 100

/* Shown on top, or never. */
static const char *const skipped[] = {
    "metadata.managedFields",
    "metadata.name",
    "metadata.namespace",
    "metadata.labels",
    "metadata.annotations",
};

static const char *const acronyms[] = {"API", "URL", "UID", "OSB", "GUID"};

enum letter { LOWER, UPPER, OTHER };

static enum letter letter_of(char c)
{
	return islower((unsigned char)c) ? LOWER : isupper((unsigned char)c) ? UPPER : OTHER;
}

/* Where the word that begins at s ends: "lastTimestamp" is last, Timestamp; "PDFLoader" is PDF,
 * Loader. */
static const char *word_end(const char *s)
{
	const char *end = s + 1;

	if (letter_of(*s) == UPPER && letter_of(*end) == LOWER)
		end++;
	while (*end && letter_of(*end) == letter_of(end[-1]))
		end++;
	if (letter_of(end[-1]) == UPPER && letter_of(*end) == LOWER && end - s > 1)
		end--;
	return end;
}

static void add_word(struct buf *label, const char *word, size_t len)
{
	auto_free char *text = xstrndup(word, len);

	for (size_t i = 0; i < ARRAY_LEN(acronyms); i++)
		if (strcasecmp(text, acronyms[i]) == 0) {
			buf_adds(label, acronyms[i]);
			return;
		}
	text[0] = (char)toupper((unsigned char)text[0]);
	buf_adds(label, text);
}

/* "involvedObject" becomes "Involved Object"; names with anything but letters and dashes stay. */
static char *field_label(const char *field)
{
	auto_buf label = {0};

	for (const char *p = field; *p; p++)
		if (!isalpha((unsigned char)*p) && *p != '-')
			return xstrdup(field);
	while (*field) {
		const char *end = word_end(field);

		if (label.len)
			buf_addch(&label, ' ');
		add_word(&label, field, (size_t)(end - field));
		field = end;
	}
	return buf_take(&label);
}

/* A value as Go prints it. */
static void add_value(struct buf *text, const json *value)
{
	auto_free char *s = NULL;

	if (json_is_array(value)) {
		buf_addch(text, '[');
		json_for (it, value) {
			if (it != json_first(value))
				buf_addch(text, ' ');
			add_value(text, it);
		}
		buf_addch(text, ']');
		return;
	}
	s = json_scalar_text(value);
	buf_adds(text, json_type(value) == JSON_NULL ? "<nil>" : s);
}

static bool is_skipped(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(skipped); i++)
		if (str_eq(path, skipped[i]))
			return true;
	return false;
}

static void write_fields(struct describe *d, int level, const json *obj, const char *prefix);

static void write_items(struct describe *d, int level, const json *list, const char *path)
{
	json_for (it, list) {
		auto_buf text = {0};

		if (json_is_object(it)) {
			write_fields(d, level, it, path);
			continue;
		}
		add_value(&text, it);
		dtext_add(&d->text, level, "%s\n", buf_str(&text));
	}
}

static void write_field(struct describe *d, int level, const json *value, const char *path)
{
	auto_free char *label = field_label(describe_key(value));
	auto_buf text = {0};

	if (json_is_object(value) || json_is_array(value)) {
		dtext_add(&d->text, level, "%s:\n", label);
		if (json_is_object(value))
			write_fields(d, level + 1, value, path);
		else
			write_items(d, level + 1, value, path);
		return;
	}
	add_value(&text, value);
	dtext_add(&d->text, level, "%s:\t%s\n", label, buf_str(&text));
}

static void write_fields(struct describe *d, int level, const json *obj, const char *prefix)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(obj, NULL, &len);

	if (level > DEPTH_MAX)
		return;
	for (size_t i = 0; i < len; i++) {
		auto_free char *path =
		    xasprintf("%s%s%s", prefix, *prefix ? "." : "", describe_key(sorted[i]));

		if (!is_skipped(path))
			write_field(d, level, sorted[i], path);
	}
}

static const struct drow generic_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Namespace", "metadata.namespace", .absent = ""),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
};

void describe_generic(struct describe *d, const json *obj)
{
	DESCRIBE_ROWS(d, 0, generic_rows, obj);
	write_fields(d, 0, obj, "");
	describe_events(d);
}

static const struct {
	const char *version, *kind;
	void (*write)(struct describe *d, const json *obj);
} kinds[] = {
    {"batch/v1", "Job", describe_job},
    {"batch/v1", "CronJob", describe_cronjob},
    {"v1", "Pod", describe_pod},
    {"v1", "Namespace", describe_namespace},
    {"v1", "Node", describe_node},
    {"v1", "ConfigMap", describe_config_map},
    {"v1", "Secret", describe_secret},
    {"v1", "ServiceAccount", describe_service_account},
    {"v1", "Service", describe_service},
    {"v1", "Endpoints", describe_endpoints},
    {"discovery.k8s.io/v1", "EndpointSlice", describe_endpoint_slice},
    {"v1", "PersistentVolumeClaim", describe_claim},
};

void describe_object(const struct describe_input *in, struct buf *out)
{
	struct describe d = {.in = in};
	void (*write)(struct describe * d, const json *obj) = describe_generic;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(json_str(in->object, "apiVersion"), kinds[i].version) &&
		    str_eq(json_str(in->object, "kind"), kinds[i].kind))
			write = kinds[i].write;
	dtext_init(&d.text);
	write(&d, in->object);
	buf_adds(out, dtext_str(&d.text));
	dtext_release(&d.text);
}
