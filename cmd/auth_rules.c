#include "auth_rules.h"

#include <stdlib.h>

struct rule {
	char *group, *resource, *name; /* resource NULL: a path */
	char *path;
	struct strlist verbs;
	char *sort_key;
};

struct rules {
	struct rule *items;
	size_t len, cap;
};

static void rules_release(struct rules *r)
{
	for (size_t i = 0; i < r->len; i++) {
		free(r->items[i].group);
		free(r->items[i].resource);
		free(r->items[i].name);
		free(r->items[i].path);
		free(r->items[i].sort_key);
		strlist_release(&r->items[i].verbs);
	}
	free(r->items);
}
#define auto_rules CLEANUP(rules_release) struct rules

static const char *text_of(const json *s)
{
	return json_string_value(s) ? json_string_value(s) : "";
}

static struct rule *add_rule(struct rules *all)
{
	GROW(all->items, all->cap, all->len + 1);
	memset(&all->items[all->len], 0, sizeof(*all->items));
	return &all->items[all->len++];
}

/* The rule of that resource, made where there is none yet; name NULL: of all objects. */
static struct rule *rule_of(
    struct rules *all, const char *group, const char *resource, const char *name)
{
	struct rule *r;

	for (size_t i = 0; i < all->len; i++)
		if (str_eq(all->items[i].resource, resource) &&
		    str_eq(all->items[i].group, group) && str_eq(all->items[i].name, name))
			return &all->items[i];
	r = add_rule(all);
	r->group = xstrdup(group);
	r->resource = xstrdup(resource);
	r->name = name ? xstrdup(name) : NULL;
	return r;
}

static void add_verbs(struct rule *r, const json *verbs)
{
	json_for (v, verbs)
		if (!strlist_has(&r->verbs, text_of(v)))
			strlist_add(&r->verbs, text_of(v));
}

static void add_resource_rule(struct rules *all, const json *rule)
{
	const json *names = json_get(rule, "resourceNames");

	json_for (group, json_get(rule, "apiGroups")) {
		json_for (resource, json_get(rule, "resources")) {
			if (!json_len(names))
				add_verbs(rule_of(all, text_of(group), text_of(resource), NULL),
				    json_get(rule, "verbs"));
			json_for (name, names)
				add_verbs(
				    rule_of(all, text_of(group), text_of(resource), text_of(name)),
				    json_get(rule, "verbs"));
		}
	}
}

static void add_path_rule(struct rules *all, const json *rule)
{
	json_for (path, json_get(rule, "nonResourceURLs")) {
		json_for (verb, json_get(rule, "verbs")) {
			struct rule *r = add_rule(all);

			r->path = xstrdup(text_of(path));
			strlist_add(&r->verbs, text_of(verb));
		}
	}
}

/* kubectl sorts by how Go prints the rules. */
static void set_sort_key(struct rule *r)
{
	auto_free char *verbs = strlist_join(&r->verbs, " ");
	const char *resource = r->resource ? r->resource : "";

	r->sort_key = xasprintf("Verbs:[%s],APIGroups:[%s],Resources:[%s],ResourceNames:[%s],"
				"NonResourceURLs:[%s]",
	    verbs, r->group ? r->group : "", resource, r->name ? r->name : "",
	    r->path ? r->path : "");
}

static int by_sort_key(const void *a, const void *b)
{
	return strcmp(((const struct rule *)a)->sort_key, ((const struct rule *)b)->sort_key);
}

static void list_cell(struct text_table *t, const char *inside)
{
	auto_free char *text = xasprintf("[%s]", inside ? inside : "");

	text_table_cell(t, text);
}

/* "pods.group/log" of "pods/log". */
static void resource_cell(struct text_table *t, const struct rule *r)
{
	size_t len = r->resource ? strcspn(r->resource, "/") : 0;
	auto_buf text = {0};

	buf_init(&text, 0);
	if (len)
		buf_add(&text, r->resource, len);
	if (r->group && *r->group)
		buf_addf(&text, ".%s", r->group);
	buf_adds(&text, r->resource ? r->resource + len : "");
	text_table_cell(t, buf_str(&text));
}

void auth_rules_table(const json *status, bool headings, struct text_table *ret)
{
	static const char *const titles[] = {
	    "Resources", "Non-Resource URLs", "Resource Names", "Verbs"};
	auto_rules all = {0};

	json_for (rule, json_get(status, "resourceRules"))
		add_resource_rule(&all, rule);
	json_for (rule, json_get(status, "nonResourceRules"))
		add_path_rule(&all, rule);
	for (size_t i = 0; i < all.len; i++)
		set_sort_key(&all.items[i]);
	if (all.len)
		qsort(all.items, all.len, sizeof(*all.items), by_sort_key);
	for (size_t i = 0; headings && i < ARRAY_LEN(titles); i++)
		text_table_cell(ret, titles[i]);
	if (headings)
		text_table_end_row(ret);
	for (size_t i = 0; i < all.len; i++) {
		auto_free char *verbs = strlist_join(&all.items[i].verbs, " ");

		resource_cell(ret, &all.items[i]);
		list_cell(ret, all.items[i].path);
		list_cell(ret, all.items[i].name);
		list_cell(ret, verbs);
		text_table_end_row(ret);
	}
}
