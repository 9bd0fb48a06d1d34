/* What the kinds share: rows, label maps, selectors, tolerations, events. */
#include "describe.h"

#include "../runtime/base/clock.h"
#include "../runtime/base/str.h"
#include "event_text.h"

#define ANNOTATION_MAX 140
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"
#define ZERO_TIME "Mon, 01 Jan 0001 00:00:00 +0000"

/* ---- values ---- */

const char *describe_key(const json *member)
{
	const char *key = json_key(member);

	return key ? key : "";
}

char *describe_text(const json *obj, const char *path, const char *fallback)
{
	return json_has(obj, path) ? json_scalar_text(json_path(obj, path)) : xstrdup(fallback);
}

static void format_scalar(const struct describe *d, const json *value, struct buf *text)
{
	auto_free char *s = json_scalar_text(value);

	buf_adds(text, s);
}

static void add_time(const char *stamp, struct buf *text)
{
	char buf[TIME_TEXT_MAX];
	int64_t ns;

	if (!stamp || time_parse(stamp, &ns) < 0)
		buf_adds(text, stamp ? stamp : ZERO_TIME);
	else
		buf_adds(text,
		    ns == TIME_ZERO_NS ? ZERO_TIME : time_format_rfc1123z(buf, ns / NSEC_PER_SEC));
}

void format_time(const struct describe *d, const json *value, struct buf *text)
{
	add_time(json_string_value(value), text);
}

void format_seconds(const struct describe *d, const json *value, struct buf *text)
{
	format_scalar(d, value, text);
	buf_addch(text, 's');
}

void format_title_bool(const struct describe *d, const json *value, struct buf *text)
{
	buf_adds(text, json_bool_value(value) ? "True" : "False");
}

void format_joined(const struct describe *d, const json *value, struct buf *text)
{
	json_for (it, value) {
		auto_free char *s = json_scalar_text(it);

		buf_addf(text, "%s%s", it == json_first(value) ? "" : ",", s);
	}
}

/* "Job/pi": the owner that controls the object. */
void format_controller(const struct describe *d, const json *value, struct buf *text)
{
	json_for (it, value) {
		if (!json_bool(it, "controller", false))
			continue;
		buf_addf(text, "%s/%s", json_str_or(it, "kind", ""), json_str_or(it, "name", ""));
		return;
	}
}

char *describe_since(const struct describe *d, const char *stamp, char *buf)
{
	int64_t ns;

	if (!stamp || time_parse(stamp, &ns) < 0 || ns == TIME_ZERO_NS) {
		snprintf(buf, TIME_TEXT_MAX, "<unknown>");
		return buf;
	}
	return duration_human(buf, d->in->now - ns / NSEC_PER_SEC);
}

/* ---- rows ---- */

static const json *row_value(const struct drow *row, const json *obj)
{
	const json *value = row->path ? json_path(obj, row->path) : obj;

	return json_type(value) == JSON_NULL ? NULL : value;
}

static void write_line(struct describe *d, int level, const struct drow *row, const json *value)
{
	auto_buf text = {0};

	if (value)
		(row->format ? row->format : format_scalar)(d, value, &text);
	else if (row->absent)
		buf_adds(&text, row->absent);
	if (text.len || row->absent)
		dtext_add(&d->text, level, "%s:\t%s\n", row->label, buf_str(&text));
}

void describe_rows(
    struct describe *d, int level, const struct drow *rows, size_t count, const json *obj)
{
	for (size_t i = 0; i < count; i++) {
		const json *value = row_value(&rows[i], obj);

		if (rows[i].block)
			rows[i].block(d, level, &rows[i], value);
		else
			write_line(d, level, &rows[i], value);
	}
}

/* ---- sorting ---- */

struct sort_item {
	const json *value;
	const char *key;
	size_t place;
};

static int by_key(const void *a, const void *b)
{
	const struct sort_item *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : x->place < y->place ? -1 : x->place > y->place;
}

const json **describe_sorted(const json *container, const char *path, size_t *ret_len)
{
	size_t len = json_len(container), n = 0;
	struct sort_item *items = xcalloc(len + 1, sizeof(*items));
	const json **sorted = xcalloc(len + 1, sizeof(*sorted));

	json_for (it, container) {
		const char *key = path ? json_str(it, path) : describe_key(it);

		items[n] = (struct sort_item){.value = it, .key = key ? key : "", .place = n};
		n++;
	}
	qsort(items, n, sizeof(*items), by_key);
	for (size_t i = 0; i < n; i++)
		sorted[i] = items[i].value;
	free(items);
	*ret_len = n;
	return sorted;
}

/* ---- maps ---- */

void describe_map(struct describe *d, const char *before, const json *map)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(map, NULL, &len);

	dtext_add(&d->text, 0, "%s\t%s", before, len ? "" : "<none>\n");
	for (size_t i = 0; i < len; i++) {
		auto_free char *value = json_scalar_text(sorted[i]);

		dtext_add(&d->text, 0, "%s%s=%s\n", i ? "\t" : "", describe_key(sorted[i]), value);
	}
}

static char *heading(int level, const struct drow *row)
{
	return xasprintf("%*s%s:", level * 2, "", row->label);
}

void block_labels(struct describe *d, int level, const struct drow *row, const json *value)
{
	auto_free char *before = heading(level, row);

	describe_map(d, before, value);
}

static void write_annotation(struct describe *d, const char *key, const char *value, bool first)
{
	size_t len = strlen(value);
	auto_free char *text = xstrndup(value, len && value[len - 1] == '\n' ? len - 1 : len);
	auto_strlist lines = {0};

	dtext_add(&d->text, 0, "%s%s:", first ? "" : "\t", key);
	if (strlen(text) + strlen(key) + 2 <= ANNOTATION_MAX && !strchr(text, '\n')) {
		dtext_add(&d->text, 0, " %s\n", text);
		return;
	}
	dtext_add(&d->text, 0, "\n");
	str_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.len; i++) {
		const char *line = lines.items[i];

		dtext_add(&d->text, 0, "\t  %.*s%s\n", ANNOTATION_MAX - 2, line,
		    strlen(line) > ANNOTATION_MAX - 2 ? "..." : "");
	}
}

void block_annotations(struct describe *d, int level, const struct drow *row, const json *value)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(value, NULL, &len);
	auto_free char *before = heading(level, row);
	size_t shown = 0;

	dtext_add(&d->text, 0, "%s\t", before);
	for (size_t i = 0; i < len; i++) {
		auto_free char *text = json_scalar_text(sorted[i]);

		if (!str_eq(describe_key(sorted[i]), LAST_APPLIED))
			write_annotation(d, describe_key(sorted[i]), text, shown++ == 0);
	}
	if (!shown)
		dtext_add(&d->text, 0, "<none>\n");
}

/* The names and amounts of resources. */
void block_quantities(struct describe *d, int level, const struct drow *row, const json *value)
{
	size_t len;
	auto_free const json **sorted = describe_sorted(value, NULL, &len);

	if (!len)
		return;
	dtext_add(&d->text, level, "%s:\n", row->label);
	for (size_t i = 0; i < len; i++) {
		auto_free char *text = json_scalar_text(sorted[i]);

		dtext_add(&d->text, level + 1, "%s:\t%s\n", describe_key(sorted[i]), text);
	}
}

/* ---- selectors ---- */

/* One requirement of a selector: its key to sort by, and its text. */
struct requirement {
	const char *key;
	char *text;
};

static int by_requirement(const void *a, const void *b)
{
	return strcmp(((const struct requirement *)a)->key, ((const struct requirement *)b)->key);
}

static char *expression_text(const json *e)
{
	static const struct {
		const char *op, *before, *after;
		bool values;
	} forms[] = {
	    {"In", "", " in ", true},
	    {"NotIn", "", " notin ", true},
	    {"Exists", "", "", false},
	    {"DoesNotExist", "!", "", false},
	};
	const char *op = json_str_or(e, "operator", ""), *key = json_str_or(e, "key", "");
	auto_strlist values = {0};
	auto_free char *joined = NULL;

	json_for (v, json_get(e, "values"))
		strlist_add_take(&values, json_scalar_text(v));
	strlist_sort(&values);
	joined = strlist_join(&values, ",");
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (str_eq(op, forms[i].op))
			return xasprintf("%s%s%s%s%s%s", forms[i].before, key, forms[i].after,
			    forms[i].values ? "(" : "", forms[i].values ? joined : "",
			    forms[i].values ? ")" : "");
	return xasprintf("%s %s %s", key, op, joined);
}

void describe_selector(const json *selector, struct buf *text)
{
	const json *labels = json_get(selector, "matchLabels"),
		   *expressions = json_get(selector, "matchExpressions");
	struct requirement *all =
	    xcalloc(json_len(labels) + json_len(expressions) + 1, sizeof(*all));
	size_t n = 0;

	json_for (it, labels) {
		auto_free char *value = json_scalar_text(it);

		all[n++] = (struct requirement){
		    .key = describe_key(it), .text = xasprintf("%s=%s", describe_key(it), value)};
	}
	json_for (it, expressions)
		all[n++] = (struct requirement){
		    .key = json_str_or(it, "key", ""), .text = expression_text(it)};
	qsort(all, n, sizeof(*all), by_requirement);
	for (size_t i = 0; i < n; i++) {
		buf_addf(text, "%s%s", i ? "," : "", all[i].text);
		free(all[i].text);
	}
	free(all);
}

void format_selector(const struct describe *d, const json *value, struct buf *text)
{
	describe_selector(value, text);
}

/* ---- scheduling ---- */

static void toleration_text(const json *t, struct buf *text)
{
	const char *key = json_str_or(t, "key", ""), *value = json_str_or(t, "value", "");
	const char *effect = json_str_or(t, "effect", "");
	auto_free char *seconds = describe_text(t, "tolerationSeconds", "");

	buf_addf(text, "%s%s%s%s%s", key, *value ? "=" : "", value, *effect ? ":" : "", effect);
	if (str_eq(json_str(t, "operator"), "Exists") && !*value)
		buf_addf(text, "%sop=Exists", *key || *effect ? " " : "");
	if (*seconds)
		buf_addf(text, " for %ss", seconds);
}

static void topology_text(const json *t, struct buf *text)
{
	auto_free char *skew = describe_text(t, "maxSkew", "0");
	size_t before;

	buf_addf(text, "%s:%s when max skew %s is exceeded", json_str_or(t, "topologyKey", ""),
	    json_str_or(t, "whenUnsatisfiable", ""), skew);
	if (!json_has(t, "labelSelector"))
		return;
	buf_adds(text, " for selector ");
	before = text->len;
	describe_selector(json_get(t, "labelSelector"), text);
	if (text->len == before)
		buf_adds(text, "<none>");
}

/* One text a line, sorted by the text at path. */
static void write_sorted(struct describe *d, int level, const struct drow *row, const json *list,
    const char *path, void (*format)(const json *item, struct buf *text))
{
	size_t len;
	auto_free const json **sorted = describe_sorted(list, path, &len);

	dtext_add(&d->text, level, "%s:\t%s", row->label, len ? "" : "<none>\n");
	for (size_t i = 0; i < len; i++) {
		auto_buf text = {0};

		format(sorted[i], &text);
		dtext_add(&d->text, 0, "%s%s\n", i ? "\t" : "", buf_str(&text));
	}
}

void block_tolerations(struct describe *d, int level, const struct drow *row, const json *value)
{
	write_sorted(d, level, row, value, "key", toleration_text);
}

void block_topology(struct describe *d, int level, const struct drow *row, const json *value)
{
	if (json_len(value))
		write_sorted(d, level, row, value, "topologyKey", topology_text);
}

/* ---- events ---- */

/* The part of the object that it is about, and the message. */
static char *where_and_what(const json *e)
{
	const char *where = json_str_or(e, "involvedObject.fieldPath", "");
	auto_free char *message = event_message(e);

	return xasprintf("%s%s%s", where, *where ? ": " : "", message);
}

void describe_events(struct describe *d)
{
	size_t len;
	auto_free const json **sorted = NULL;

	if (!d->in->events)
		return;
	sorted = describe_sorted(d->in->events, "lastTimestamp", &len);
	if (!len) {
		dtext_add(&d->text, 0, "Events:\t<none>\n");
		return;
	}
	dtext_flush(&d->text);
	dtext_add(&d->text, 0, "Events:\n");
	dtext_add(&d->text, 1, "Type\tReason\tAge\tFrom\tMessage\n");
	dtext_add(&d->text, 1, "----\t------\t----\t----\t-------\n");
	for (size_t i = 0; i < len; i++) {
		const json *e = sorted[i];
		const char *from = json_str_or(e, "source.component", "");
		auto_free char *message = where_and_what(e);
		auto_buf age = {0};

		event_age(e, d->in->now, &age);
		dtext_add(&d->text, 1, "%s\t%s\t%s\t%s\t%s\n", json_str_or(e, "type", ""),
		    json_str_or(e, "reason", ""), buf_str(&age),
		    *from ? from : json_str_or(e, "reportingComponent", ""), message);
	}
}
