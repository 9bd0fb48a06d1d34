/* Services with who answers for them. The Endpoints themselves are shown by describe_generic. */
#include "../runtime/base/str.h"
#include "describe.h"

static void format_map(const struct describe *d, const json *map, struct buf *text)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(map, NULL, &len);

	for (size_t i = 0; i < len; i++)
		buf_addf(text, "%s%s=%s", i ? "," : "", describe_key(sorted[i]),
		    json_string_value(sorted[i]) ? json_string_value(sorted[i]) : "");
	if (!len)
		buf_adds(text, "<none>");
}

static const struct drow head_rows[] = {
    ROW("Name", "metadata.name", .absent = ""),
    ROW("Namespace", "metadata.namespace", .absent = ""),
    ROW("Labels", "metadata.labels", .block = block_labels),
    ROW("Annotations", "metadata.annotations", .block = block_annotations),
    ROW("Selector", "spec.selector", .format = format_map, .absent = "<none>"),
    ROW("Type", "spec.type", .absent = ""),
    ROW("IP Family Policy", "spec.ipFamilyPolicy"),
    ROW("IP Families", "spec.ipFamilies", .format = format_joined),
    ROW("IP", "spec.clusterIP", .absent = ""),
    ROW("IPs", "spec.clusterIPs", .format = format_joined, .absent = "<none>"),
    ROW("External Name", "spec.externalName"),
};

static const struct drow tail_rows[] = {
    ROW("Session Affinity", "spec.sessionAffinity", .absent = ""),
    ROW("Internal Traffic Policy", "spec.internalTrafficPolicy"),
};

void describe_service(struct describe *d, const json *obj)
{
	DESCRIBE_ROWS(d, 0, head_rows, obj);
	json_for (port, json_path(obj, "spec.ports")) {
		const char *name = json_str_or(port, "name", "<unset>");
		auto_free char *target = describe_text(port, "targetPort", "");
		const char *protocol = json_str_or(port, "protocol", "TCP");

		dtext_add(&d->text, 0, "Port:\t%s\t%lld/%s\n", name,
		    (long long)json_int(port, "port", 0), protocol);
		dtext_add(&d->text, 0, "TargetPort:\t%s/%s\n", target, protocol);
	}
	DESCRIBE_ROWS(d, 0, tail_rows, obj);
	describe_events(d);
}
