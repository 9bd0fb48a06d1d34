/* managers: see managers.h. */
#include "managers.h"

#include "../../runtime/base/clock.h"
#include "../../runtime/base/map.h"

#define UPDATERS_MAX 10
#define OLD_UPDATES "ancient-changes"

/* ---- entries ---- */

static void manager_release(struct manager *m)
{
	free(m->id);
	free(m->time);
	field_set_release(&m->fields);
}

void managers_release(struct managers *all)
{
	for (size_t i = 0; i < all->len; i++)
		manager_release(&all->items[i]);
	free(all->items);
	*all = (struct managers){0};
}

static struct manager *add(struct managers *all)
{
	GROW(all->items, all->cap, all->len + 1);
	all->items[all->len] = (struct manager){0};
	return &all->items[all->len++];
}

struct managers managers_dup(const struct managers *all)
{
	struct managers copy = {0};

	for (size_t i = 0; i < all->len; i++) {
		const struct manager *m = &all->items[i];

		*add(&copy) = (struct manager){
		    xstrdup(m->id), field_set_dup(&m->fields), xstrdup(m->time), m->kept};
	}
	return copy;
}

char *manager_id(
    const char *name, const char *operation, const char *version, const char *subresource)
{
	auto_json *id = json_new_object();

	json_set_str(id, "manager", *name ? name : "unknown");
	json_set_str(id, "operation", operation);
	json_set_str(id, "apiVersion", version);
	json_set_str(id, "subresource", subresource && *subresource ? subresource : NULL);
	return json_print(id);
}

static json *parse_id(const char *id)
{
	return json_parse(id, strlen(id), JSON_PARSE_STRICT, NULL);
}

char *manager_text(const struct manager *m)
{
	auto_json *id = parse_id(m->id);
	auto_free char *name = str_go_quote(json_str_or(id, "manager", ""));
	const char *version = json_str(id, "apiVersion"), *sub = json_str(id, "subresource");
	auto_free char *quoted = sub ? str_go_quote(sub) : NULL;
	bool update = str_eq(json_str(id, "operation"), "Update");

	return xasprintf("%s%s%s%s%s", name, sub ? " with subresource " : "", sub ? quoted : "",
	    update ? " using " : "", update ? version : "");
}

struct manager *managers_find(const struct managers *all, const char *id)
{
	for (size_t i = 0; i < all->len; i++)
		if (str_eq(all->items[i].id, id))
			return &all->items[i];
	return NULL;
}

struct manager *managers_get(struct managers *all, const char *id)
{
	struct manager *m = managers_find(all, id);

	if (!m) {
		m = add(all);
		m->id = xstrdup(id);
	}
	return m;
}

void managers_drop_empty(struct managers *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->len; i++)
		if (field_set_empty(&all->items[i].fields))
			manager_release(&all->items[i]);
		else
			all->items[kept++] = all->items[i];
	all->len = kept;
}

void managers_set_time(struct manager *m, int64_t now)
{
	char text[TIME_TEXT_MAX];

	free(m->time);
	m->time = xstrdup(time_format(text, now));
}

/* ---- managedFields ---- */

static int check_entry(const json *entry, size_t i, struct err *e)
{
	const char *operation = json_str_or(entry, "operation", "");
	const char *type = json_str_or(entry, "fieldsType", "");
	auto_free char *quoted = NULL;

	if (!str_eq(operation, "Apply") && !str_eq(operation, "Update"))
		return err_set(e, ERR_INTERNAL, "operation must be `Apply` or `Update`");
	if (!*json_str_or(entry, "apiVersion", ""))
		return err_set(e, ERR_INTERNAL, "apiVersion must not be empty");
	if (!*type)
		return err_set(
		    e, ERR_INTERNAL, "missing fieldsType in managed fields entry %zu", i);
	if (str_eq(type, "FieldsV1"))
		return 0;
	quoted = str_go_quote(type);
	return err_set(
	    e, ERR_INTERNAL, "invalid fieldsType %s in managed fields entry %zu", quoted, i);
}

/* by_id: positions + 1, for there may be many entries. */
static int read_entry(const struct kind *k, const json *entry, size_t i, struct managers *all,
    struct map *by_id, struct err *e)
{
	auto_free char *id = NULL;
	auto_field_set fields = {0};
	const char *version = json_str_or(entry, "apiVersion", "");
	const json *given = json_get(entry, "fieldsV1");
	struct manager *m;
	size_t at;

	if (check_entry(entry, i, e) < 0 || (given && field_set_from_json(given, &fields, e) < 0))
		return -1;
	if (!str_eq(version, kind_api_version(k)))
		return 0;
	id = manager_id(json_str_or(entry, "manager", ""), json_str(entry, "operation"),
	    str_eq(json_str(entry, "operation"), "Apply") ? NULL : version,
	    json_str(entry, "subresource"));
	at = (size_t)(uintptr_t)map_get(by_id, id);
	m = at ? &all->items[at - 1] : add(all);
	if (!at) {
		m->id = xstrdup(id);
		map_set(by_id, id, (void *)(uintptr_t)all->len);
	}
	m->kept = true;
	field_set_add_all(&m->fields, &fields);
	free(m->time);
	m->time = xstrdup(json_str(entry, "time"));
	return 0;
}

int managers_read(const struct kind *k, const json *entries, struct managers *ret, struct err *e)
{
	auto_managers all = {0};
	struct map by_id = {0};
	size_t i = 0;
	int rc = 0;

	for (const json *entry = json_first(entries); entry && rc == 0; entry = json_next(entry))
		rc = read_entry(k, entry, i++, &all, &by_id, e);
	map_release(&by_id, NULL);
	if (rc < 0)
		return -1;
	*ret = all;
	all = (struct managers){0};
	return 0;
}

/* An entry as it is written, with what it is sorted by. */
struct written {
	json *entry;
	const char *operation, *time, *id;
};

static int by_order(const void *a, const void *b)
{
	const struct written *x = a, *y = b;
	int order = strcmp(x->operation, y->operation);

	if (order == 0)
		order = strcmp(x->time, y->time);
	return order ? order : strcmp(x->id, y->id);
}

static struct written entry_of(const struct manager *m, const char *version)
{
	auto_json *id = parse_id(m->id);
	json *entry = json_new_object();

	json_set_str(entry, "manager", json_str(id, "manager"));
	json_set_str(entry, "operation", json_str(id, "operation"));
	json_set_str(entry, "apiVersion", version);
	json_set_str(entry, "time", m->time);
	json_set_str(entry, "fieldsType", "FieldsV1");
	json_set(entry, "fieldsV1", field_set_to_json(&m->fields));
	json_set_str(entry, "subresource", json_str(id, "subresource"));
	return (struct written){
	    entry, json_str_or(entry, "operation", ""), m->time ? m->time : "", m->id};
}

void managers_write(const struct managers *all, json *obj)
{
	auto_free struct written *list = xcalloc(all->len + 1, sizeof(*list));
	auto_free char *version = xstrdup(json_str_or(obj, "apiVersion", ""));
	json *entries = json_new_array();

	for (size_t i = 0; i < all->len; i++)
		list[i] = entry_of(&all->items[i], version);
	qsort(list, all->len, sizeof(*list), by_order);
	for (size_t i = 0; i < all->len; i++)
		json_add(entries, list[i].entry);
	if (all->len) {
		json_set(json_obj(obj, "metadata"), "managedFields", entries);
	} else {
		json_free(entries);
		json_del_path(obj, "metadata.managedFields");
	}
}

/* ---- limits ---- */

struct updater {
	const char *id, *time;
};

static int by_age(const void *a, const void *b)
{
	const struct updater *x = a, *y = b;
	int order = strcmp(x->time, y->time);

	return order ? order : strcmp(x->id, y->id);
}

static size_t list_updaters(const struct managers *all, struct updater *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < all->len; i++) {
		const struct manager *m = &all->items[i];
		auto_json *id = parse_id(m->id);

		if (str_eq(json_str(id, "operation"), "Update"))
			ret[n++] = (struct updater){m->id, m->time ? m->time : ""};
	}
	qsort(ret, n, sizeof(*ret), by_age);
	return n;
}

void managers_cap(const struct kind *k, struct managers *all)
{
	auto_free struct updater *old = xcalloc(all->len + 1, sizeof(*old));
	auto_free char *id = NULL, *time = NULL;
	struct field_set fields = {0};
	size_t n = list_updaters(all, old), merged;
	struct manager *m;

	if (n <= UPDATERS_MAX)
		return;
	merged = n - UPDATERS_MAX + 1;
	time = xstrdup(old[merged - 1].time);
	for (size_t i = 0; i < merged; i++) {
		m = managers_find(all, old[i].id);
		field_set_add_all(&fields, &m->fields);
		field_set_release(&m->fields);
	}
	managers_drop_empty(all);
	id = manager_id(OLD_UPDATES, "Update", kind_api_version(k), NULL);
	m = managers_get(all, id);
	field_set_add_all(&m->fields, &fields);
	field_set_release(&fields);
	free(m->time);
	m->time = *time ? TAKE(time) : NULL;
}

/* ---- what is nobody's ---- */

void managers_strip(struct field_set *s)
{
	static const char stripped[] =
	    "{\"f:apiVersion\":{},\"f:kind\":{},\"f:metadata\":{\".\":{},\"f:name\":{},"
	    "\"f:namespace\":{},\"f:creationTimestamp\":{},\"f:selfLink\":{},\"f:uid\":{},"
	    "\"f:clusterName\":{},\"f:generation\":{},\"f:managedFields\":{},"
	    "\"f:resourceVersion\":{}}}";
	auto_json *j = json_parse(stripped, sizeof(stripped) - 1, JSON_PARSE_STRICT, NULL);
	auto_field_set set = {0};

	if (field_set_from_json(j, &set, NULL) == 0)
		field_set_remove_all(s, &set);
}

void managers_drop_times(json *obj)
{
	json_for (entry, json_path(obj, "metadata.managedFields"))
		json_del(entry, "time");
}
