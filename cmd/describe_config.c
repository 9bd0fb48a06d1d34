/* Config maps with their values; secrets with the sizes of theirs, never more. */
#include "../runtime/base/base64.h"
#include "../runtime/base/str.h"
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
