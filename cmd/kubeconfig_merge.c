#include "kubeconfig_merge.h"

#include "../runtime/base/base64.h"
#include "../runtime/base/buf.h"
#include "../runtime/base/str.h"
#include "../runtime/base/yaml.h"

static const char *const sections[] = {"clusters", "contexts", "users"};

/* ---- as trees ---- */

static json *section_item(const struct kubeconfig_entry *k, const char *section)
{
	json *item = json_new_object(), *part;
	auto_free char *authority = base64_encode(k->authority, strlen(k->authority));
	auto_free char *certificate = base64_encode(k->certificate, strlen(k->certificate));
	auto_free char *key = base64_encode(k->key, strlen(k->key));

	if (str_eq(section, "clusters")) {
		part = json_obj(item, "cluster");
		json_set_str(part, "certificate-authority-data", authority);
		json_set_str(part, "server", k->server);
	} else if (str_eq(section, "contexts")) {
		part = json_obj(item, "context");
		json_set_str(part, "cluster", k->name);
		json_set_str(part, "user", k->name);
	} else {
		part = json_obj(item, "user");
		json_set_str(part, "client-certificate-data", certificate);
		json_set_str(part, "client-key-data", key);
	}
	json_set_str(item, "name", k->name);
	return item;
}

/* The place of a name in a section; the section's length where it is not there. */
static size_t place_of(const json *section, const char *name)
{
	size_t i = 0;

	json_for (item, section) {
		if (str_eq(json_str(item, "name"), name))
			break;
		i++;
	}
	return i;
}

json *kubeconfig_item(json *config, const char *section, const char *name)
{
	json *list = json_get(config, section), *item;

	if (!json_is_array(list)) {
		json_set(config, section, json_new_array());
		list = json_get(config, section);
	}
	item = json_at(list, place_of(list, name));
	if (item)
		return item;
	item = json_new_object();
	json_set_str(item, "name", name);
	json_add(list, item);
	return item;
}

static void merge_tree(json *config, const struct kubeconfig_entry *k, bool set_current)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		json *old = kubeconfig_item(config, sections[i], k->name);

		json_replace(json_get(config, sections[i]), old, section_item(k, sections[i]));
	}
	if (set_current)
		json_set_str(config, "current-context", k->name);
}

/* The only document of a text; *ret NULL: it is empty. */
static int parse(const char *file, const char *text, json **ret, struct err *e)
{
	struct yaml_docs docs = {0};
	int rc = yaml_parse(file, text, strlen(text), &docs, e);
	const char *kind;

	*ret = NULL;
	if (rc == 0 && docs.len == 1 && json_type(docs.items[0].root) != JSON_NULL)
		*ret = TAKE(docs.items[0].root);
	if (rc == 0 && docs.len > 1)
		rc = err_set(e, ERR_BAD_REQUEST, "%s has several documents", file);
	yaml_docs_release(&docs);
	if (rc < 0)
		return -1;
	kind = *ret ? json_str_or(*ret, "kind", "Config") : "Config";
	if (!*ret || (json_is_object(*ret) && str_eq(kind, "Config")))
		return 0;
	json_free(TAKE(*ret));
	return err_set(e, ERR_BAD_REQUEST, "%s is no kubeconfig file", file);
}

static json *new_config(void)
{
	json *config = json_new_object();

	json_set_str(config, "apiVersion", "v1");
	json_set_str(config, "kind", "Config");
	json_set(config, "preferences", json_new_object());
	return config;
}

char *kubeconfig_text(const struct kubeconfig_entry *k)
{
	auto_json *config = new_config();
	auto_buf out = {0};

	merge_tree(config, k, true);
	yaml_print(config, &out);
	return buf_take(&out);
}

bool kubeconfig_has(const char *text, const char *name)
{
	auto_json *config = NULL;
	const json *contexts;

	if (parse("", text, &config, NULL) < 0)
		return false;
	contexts = json_get(config, "contexts");
	return place_of(contexts, name) < json_len(contexts);
}

bool kubeconfig_has_others(const char *text, const char *name)
{
	auto_json *config = NULL;

	if (parse("", text, &config, NULL) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		json_for (item, json_get(config, sections[i]))
			if (!str_eq(json_str(item, "name"), name))
				return true;
	return false;
}

/* ---- as text ---- */

/* Blank, or a comment. */
static bool says_nothing(const char *line)
{
	line += strspn(line, " \t\r");
	return !*line || *line == '#';
}

static bool begins_item(const char *line, size_t indent)
{
	return strspn(line, " ") == indent && line[indent] == '-' &&
	       (!line[indent + 1] || strchr(" \r", line[indent + 1]));
}

/* Where a key of the top stands; the number of lines: nowhere. */
static size_t find_key(const struct strlist *lines, const char *key)
{
	size_t i, len = strlen(key);

	for (i = 0; i < lines->len; i++)
		if (str_has_prefix(lines->items[i], key) && lines->items[i][len] == ':')
			break;
	return i;
}

static void replace_lines(
    struct strlist *lines, size_t from, size_t until, const struct strlist *with)
{
	struct strlist fresh = {0};

	for (size_t i = 0; i < from; i++)
		strlist_add(&fresh, lines->items[i]);
	for (size_t i = 0; i < with->len; i++)
		strlist_add(&fresh, with->items[i]);
	for (size_t i = until; i < lines->len; i++)
		strlist_add(&fresh, lines->items[i]);
	strlist_release(lines);
	*lines = fresh;
}

/* The lines of an item, as kubectl lays it out. */
static void item_lines(const json *item, size_t indent, struct strlist *ret)
{
	auto_json *list = json_new_array();
	auto_buf out = {0};
	auto_strlist plain = {0};

	json_add(list, json_dup(item));
	yaml_print(list, &out);
	str_split(&plain, buf_str(&out), '\n');
	for (size_t i = 0; i < plain.len; i++)
		if (*plain.items[i])
			strlist_addf(ret, "%*s%s", (int)indent, "", plain.items[i]);
}

/* The end of what begins in line `at` and is indented deeper; what says nothing at its end is not
 * of it. */
static size_t end_of(const struct strlist *lines, size_t at, size_t indent)
{
	size_t end = at + 1;

	for (size_t i = at + 1; i < lines->len; i++) {
		if (says_nothing(lines->items[i]))
			continue;
		if (strspn(lines->items[i], " ") <= indent)
			break;
		end = i + 1;
	}
	return end;
}

/*
 * Items of a section from line `at` on: puts the new one in place of number `place`, or behind;
 * NULL: takes that one out.
 */
static void edit_items(struct strlist *lines, size_t at, size_t place, const json *item)
{
	auto_strlist fresh = {0};
	size_t first = at, from, until, indent;

	while (first < lines->len && says_nothing(lines->items[first]))
		first++;
	indent = first < lines->len ? strspn(lines->items[first], " ") : 0;
	if (first == lines->len || !begins_item(lines->items[first], indent)) {
		indent = 0;
		first = at;
	}
	from = until = first;
	for (size_t n = 0; from < lines->len && begins_item(lines->items[from], indent); n++) {
		until = end_of(lines, from, indent);
		if (n == place)
			break;
		from = until;
		while (from < lines->len && says_nothing(lines->items[from]))
			from++;
		if (from == lines->len || !begins_item(lines->items[from], indent))
			from = until; /* behind the last one */
	}
	if (item)
		item_lines(item, indent, &fresh);
	replace_lines(lines, from, until, &fresh);
}

static void append_line(struct strlist *lines, const char *key, const char *value)
{
	if (lines->len && !*lines->items[lines->len - 1])
		free(lines->items[--lines->len]); /* behind the last line's end */
	strlist_addf(lines, "%s:%s%s", key, *value ? " " : "", value);
	strlist_add(lines, "");
}

/*
 * One entry of a section that has `old` in its lines: item NULL takes it out. False: the section is
 * written in another way than line by line.
 */
static bool edit_section(struct strlist *lines, const char *name, const json *old, const json *item,
    const char *entry_name)
{
	static const char *const empty[] = {"", "[]", "null", "~"};
	size_t at = find_key(lines, name);
	bool last = !item && json_len(old) == 1;
	auto_free char *value = NULL;

	if (at == lines->len) {
		append_line(lines, name, "");
		at = find_key(lines, name);
	}
	value = xstrdup(lines->items[at] + strlen(name) + 1);
	value[strcspn(value, "#\r")] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
		const char *text = value + strspn(value, " ");

		if (strlen(empty[i]) != strcspn(text, " ") || !str_has_prefix(text, empty[i]))
			continue;
		if (i || last) {
			free(lines->items[at]);
			lines->items[at] = xasprintf("%s:%s", name, last ? " []" : "");
		}
		edit_items(lines, at + 1, place_of(old, entry_name), item);
		return true;
	}
	return false;
}

/* Entry by entry, from what a section has to what it should have. */
static bool edit_entries(struct strlist *lines, const char *name, const json *old, const json *want)
{
	auto_json *now = json_is_array(old) ? json_dup(old) : json_new_array();
	bool fine = true;

	json_for (item, old) {
		const char *entry = json_str_or(item, "name", "");

		if (json_at(want, place_of(want, entry)))
			continue;
		fine = fine && edit_section(lines, name, now, NULL, entry);
		json_remove(now, json_at(now, place_of(now, entry)));
	}
	json_for (item, want) {
		const char *entry = json_str_or(item, "name", "");
		json *there = json_at(now, place_of(now, entry));

		if (there && json_equal(there, item))
			continue;
		fine = fine && edit_section(lines, name, now, item, entry);
		if (there)
			json_replace(now, there, json_dup(item));
		else
			json_add(now, json_dup(item));
	}
	return fine;
}

static void edit_current(struct strlist *lines, const char *name)
{
	auto_json *value = json_new_string(name);
	auto_buf text = {0};
	size_t at = find_key(lines, "current-context");

	yaml_print(value, &text);
	while (text.len && text.ptr[text.len - 1] == '\n')
		text.ptr[--text.len] = '\0';
	if (at == lines->len) {
		append_line(lines, "current-context", buf_str(&text));
		return;
	}
	free(lines->items[at]);
	lines->items[at] = xasprintf("current-context: %s", buf_str(&text));
}

static char *edit_text(const char *text, const json *old, const json *wanted)
{
	const char *current = json_str_or(wanted, "current-context", "");
	auto_strlist lines = {0};

	str_split(&lines, text, '\n');
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (!edit_entries(&lines, sections[i], json_get(old, sections[i]),
			json_get(wanted, sections[i])))
			return NULL;
	if (!str_eq(current, json_str_or(old, "current-context", "")))
		edit_current(&lines, current);
	return strlist_join(&lines, "\n");
}

/* ---- both ---- */

char *kubeconfig_edit(const char *file, const char *text, kubeconfig_edit_fn *change, void *ctx,
    bool *ret_rewritten, struct err *e)
{
	auto_json *old = NULL, *wanted = NULL, *got = NULL;
	auto_free char *edited = NULL;
	auto_buf out = {0};

	*ret_rewritten = false;
	if (parse(file, text, &old, e) < 0)
		return NULL;
	wanted = old ? json_dup(old) : new_config();
	if (change(ctx, wanted, e) < 0)
		return NULL;
	edited = old ? edit_text(text, old, wanted) : NULL;
	/* Whatever the text looked like: it must say now what it should. */
	if (edited && parse(file, edited, &got, NULL) == 0 && json_equal(got, wanted))
		return TAKE(edited);
	*ret_rewritten = old != NULL;
	yaml_print(wanted, &out);
	return buf_take(&out);
}

struct merging {
	const struct kubeconfig_entry *k;
	bool set_current;
};

static int merge_entry(void *ctx, json *config, struct err *e)
{
	const struct merging *m = ctx;

	merge_tree(config, m->k, m->set_current);
	return 0;
}

char *kubeconfig_merge(const struct kubeconfig_entry *k, const char *file, const char *text,
    bool set_current, bool *ret_rewritten, struct err *e)
{
	auto_json *old = NULL;
	struct merging m = {.k = k};

	if (parse(file, text, &old, e) < 0)
		return NULL;
	m.set_current = set_current || !old; /* of a file of its own it is the current one */
	return kubeconfig_edit(file, text, merge_entry, &m, ret_rewritten, e);
}
