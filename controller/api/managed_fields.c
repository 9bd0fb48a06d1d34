/* managed_fields: tracking of changes, and apply. See managed_fields.h; managers.c: the entries. */
#include "managed_fields.h"

#include "managers.h"
#include "typed.h"

#define SELF "current-operation"
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"
#define ANNOTATION_MAX (256u * KIB)
#define BEFORE_APPLY "before-first-apply"

static const char *const nothing[] = {NULL};
static const char *const main_ignores[] = {"f:status", NULL};
static const char *const status_ignores[] = {"f:spec", NULL};

/* The parts of the object that a write of this kind does not touch, whatever it says. */
static const char *const *ignored(const struct kind *k, const char *subresource)
{
	if (!k->has_status)
		return nothing;
	return subresource && *subresource ? status_ignores : main_ignores;
}

static void drop_ignored(struct field_set *s, const char *const *steps)
{
	for (; *steps; steps++)
		field_set_drop(s, *steps);
}

static void compare(const struct kind *k, const json *from, const json *to,
    const char *const *ignore, struct typed_diff *ret)
{
	typed_compare(k, from, to, ret);
	drop_ignored(&ret->added, ignore);
	drop_ignored(&ret->removed, ignore);
	drop_ignored(&ret->modified, ignore);
}

/* ---- conflicts ---- */

/* What the others own of what was changed; items of `ret` borrow their ids from `all`. */
static struct field_set changed_of(const struct typed_diff *d)
{
	return field_set_union(&d->modified, &d->added);
}

static void add_conflicts(
    const struct manager *m, const struct field_set *lost, struct strlist *paths, json *causes)
{
	auto_free char *who = manager_text(m), *message = xasprintf("conflict with %s", who);
	auto_strlist own = {0};

	field_set_paths(lost, &own);
	for (size_t i = 0; i < own.len; i++) {
		json *cause = json_new_object();

		json_set_str(cause, "reason", "FieldManagerConflict");
		json_set_str(cause, "message", message);
		json_set_str(cause, "field", own.items[i]);
		json_add(causes, cause);
		strlist_addf(paths, "- %s", own.items[i]);
	}
}

/* The 409 about all that `d` changes and others own; fields: their union. */
static int conflict(const struct managers *all, const char *id, const struct typed_diff *d,
    struct field_set *fields, struct err *e)
{
	auto_field_set changed = changed_of(d);
	auto_strlist lines = {0};
	auto_json *causes = json_new_array();
	auto_free char *text = NULL;
	size_t n;

	for (size_t i = 0; i < all->len; i++) {
		const struct manager *m = &all->items[i];
		auto_field_set lost = field_set_intersection(&m->fields, &changed);
		auto_free char *who = NULL;

		if (str_eq(m->id, id) || field_set_empty(&lost))
			continue;
		who = manager_text(m);
		strlist_addf(&lines, "conflicts with %s:", who);
		add_conflicts(m, &lost, &lines, causes);
		field_set_add_all(fields, &lost);
	}
	n = json_len(causes);
	if (n == 0)
		return 0;
	text = n == 1 ? xasprintf("%s: %s", json_str(json_first(causes), "message"),
			    json_str(json_first(causes), "field"))
		      : strlist_join(&lines, "\n");
	err_set(
	    e, ERR_CONFLICT, "Apply failed with %zu conflict%s: %s", n, n == 1 ? "" : "s", text);
	if (e) {
		e->details = json_new_object();
		json_set(e->details, "causes", TAKE(causes));
	}
	return -1;
}

/* The others lose what was changed and what is gone. */
static void take_over(struct managers *all, const char *id, const struct typed_diff *d)
{
	auto_field_set changed = changed_of(d);

	for (size_t i = 0; i < all->len; i++) {
		struct manager *m = &all->items[i];

		if (str_eq(m->id, id))
			continue;
		field_set_remove_all(&m->fields, &changed);
		field_set_remove_all(&m->fields, &d->removed);
	}
	managers_drop_empty(all);
}

/* ---- updates ---- */

/* What somebody's write changed becomes theirs; metadata that the server writes is nobody's. */
static void track(const struct kind *k, const json *live, const json *obj, struct managers *all,
    const struct field_manager *m)
{
	auto_free char *id = manager_id(m->name, "Update", kind_api_version(k), m->subresource);
	auto_field_set own = {0};
	auto_typed_diff d = {0};
	struct manager *entry;

	compare(k, live, obj, ignored(k, m->subresource), &d);
	take_over(all, SELF, &d);
	own = changed_of(&d);
	managers_strip(&own);
	if (field_set_empty(&own))
		return;
	entry = managers_get(all, id);
	field_set_add_all(&entry->fields, &own);
	managers_set_time(entry, m->now);
}

static json *without_managed(const json *obj)
{
	json *copy = obj ? json_dup(obj) : json_new_object();

	json_del_path(copy, "metadata.managedFields");
	return copy;
}

static const json *managed_of(const json *obj)
{
	return json_path(obj, "metadata.managedFields");
}

/* [{}]: a client that wants them gone. */
static bool is_reset(const json *entries)
{
	return json_len(entries) == 1 && json_is_object(json_first(entries)) &&
	       !json_first(json_first(entries));
}

/* The entries that hold before this write. */
static void entries_before(
    const struct kind *k, const json *live, const json *obj, bool own_count, struct managers *ret)
{
	if (own_count && is_reset(managed_of(obj)))
		return;
	if (own_count && managers_read(k, managed_of(obj), ret, NULL) == 0 && ret->len)
		return;
	managers_release(ret);
	if (managers_read(k, managed_of(live), ret, NULL) < 0)
		managers_release(ret);
}

void managed_update(
    const struct kind *k, const json *live, json *obj, const struct field_manager *m)
{
	auto_managers all = {0};
	auto_json *before = NULL, *after = NULL;
	bool main = !m->subresource || !*m->subresource;

	entries_before(k, live, obj, main, &all);
	if (live && !all.len) {
		json_del_path(obj, "metadata.managedFields");
		return;
	}
	before = without_managed(live);
	after = without_managed(obj);
	track(k, before, after, &all, m);
	managers_cap(k, &all);
	managers_write(&all, obj);
}

/* ---- apply ---- */

struct apply {
	const struct kind *k;
	const json *live, *config; /* without managedFields */
	const struct field_manager *m;
	const char *id;
	bool force;
	struct field_set conflicts; /* out: what others own */
};

/*
 * Fields that the manager applied last time and no longer does, and that nobody else owns, go.
 * Parts of them that are not its own stay.
 */
static json *prune(
    const struct apply *a, json *merged, const struct managers *all, const struct field_set *last)
{
	auto_json *whole = merged, *pruned = NULL;
	auto_field_set named = field_set_dup(last), owned = {0}, present = {0}, kept = {0},
		       gone = {0}, gone_last = {0};
	auto_field_set dropped = field_set_difference(last, &managers_find(all, a->id)->fields);

	if (field_set_empty(&dropped))
		return TAKE(whole);
	typed_name_fields(a->k, &named);
	pruned = typed_remove(a->k, whole, &named);
	for (size_t i = 0; i < all->len; i++)
		field_set_add_all(&owned, &all->items[i].fields);
	typed_name_fields(a->k, &owned);
	present = typed_fields(a->k, whole);
	typed_name_fields(a->k, &present);
	kept = typed_fields(a->k, pruned);
	typed_name_fields(a->k, &kept);
	field_set_add_all(&kept, &owned);
	gone = field_set_difference(&present, &kept);
	json_free(pruned);
	pruned = typed_remove(a->k, whole, &gone);
	/* What hung below a removed field and is not the manager's comes back. */
	field_set_release(&kept);
	kept = typed_fields(a->k, pruned);
	typed_name_fields(a->k, &kept);
	field_set_release(&gone);
	gone = field_set_difference(&present, &kept);
	gone_last = field_set_intersection(&gone, &named);
	return typed_remove(a->k, whole, &gone_last);
}

/* The new object, and the entries as they are then; NULL with a conflict. */
static json *apply(struct apply *a, struct managers *all, struct err *e)
{
	struct manager *own = managers_get(all, a->id);
	auto_field_set last = own->fields, now = {0};
	auto_typed_diff d = {0};
	auto_json *next = typed_merge(a->k, a->live, a->config);
	bool is_new = !own->kept;

	now = typed_fields(a->k, a->config);
	drop_ignored(&now, ignored(a->k, a->m->subresource));
	own->fields = field_set_dup(&now);
	next = prune(a, TAKE(next), all, &last);
	compare(a->k, a->live, next, ignored(a->k, a->m->subresource), &d);
	if (!a->force && conflict(all, a->id, &d, &a->conflicts, e) < 0)
		return NULL;
	take_over(all, a->id, &d);
	own = managers_find(all, a->id);
	if (!own)
		return TAKE(next);
	managers_strip(&own->fields);
	managers_strip(&last);
	if (is_new || !typed_diff_empty(&d) || !field_set_equal(&last, &own->fields))
		managers_set_time(own, a->m->now);
	managers_drop_empty(all);
	return TAKE(next);
}

/* ---- kubectl's record of client-side apply ---- */

static const char *last_applied(const json *obj)
{
	const char *text =
	    json_string_value(json_get(json_path(obj, "metadata.annotations"), LAST_APPLIED));

	return text && *text ? text : NULL;
}

/*
 * Whether the record says that all these fields came from client-side apply and are as it left
 * them: then kubectl may take them over from itself.
 */
static bool applied_by_client(const struct apply *a)
{
	const char *text = last_applied(a->live);
	auto_json *record = text ? json_parse(text, strlen(text), JSON_PARSE_STRICT, NULL) : NULL;
	auto_strlist errors = {0};
	auto_field_set allowed = {0}, rest = {0};
	auto_typed_diff d = {0};

	if (!json_is_object(record) ||
	    !str_eq(json_str(record, "apiVersion"), kind_api_version(a->k)))
		return false;
	typed_check(a->k, record, &errors);
	if (errors.len)
		return false;
	allowed = typed_fields(a->k, record);
	typed_compare(a->k, record, a->live, &d);
	field_set_remove_all(&allowed, &d.modified);
	field_set_remove_all(&allowed, &d.added);
	field_set_remove_all(&allowed, &d.removed);
	rest = field_set_difference(&a->conflicts, &allowed);
	return field_set_empty(&rest);
}

/* kubectl's own apply keeps the record up to date where there is one, so that client-side apply
 * can go on from it. */
static void renew_record(const json *config, json *obj)
{
	auto_json *record = NULL;
	auto_free char *text = NULL, *line = NULL;
	json *annotations;

	if (!last_applied(obj))
		return;
	record = json_dup(config);
	annotations = json_path(record, "metadata.annotations");
	if (annotations)
		json_del(annotations, LAST_APPLIED);
	json_sort(record);
	text = json_print(record);
	line = xasprintf("%s\n", text);
	json_set_str(json_obj(obj, "metadata.annotations"), LAST_APPLIED,
	    strlen(line) > ANNOTATION_MAX ? NULL : line);
}

/* ---- the whole ---- */

static int check_config(const struct kind *k, const json *config, struct err *e)
{
	const json *managed = managed_of(config);
	const char *version = json_str_or(config, "apiVersion", "");
	auto_strlist errors = {0};
	auto_free char *all = NULL;

	if (!str_eq(version, kind_api_version(k)))
		return err_set(e, ERR_BAD_REQUEST,
		    "Incorrect version specified in apply patch. Specified patch version: %s, "
		    "expected: %s",
		    version, kind_api_version(k));
	if (!str_eq(json_str_or(config, "kind", ""), k->kind))
		return err_set(e, ERR_BAD_REQUEST,
		    "the kind in the data (%s) does not match the expected kind (%s)",
		    json_str_or(config, "kind", ""), k->kind);
	if (managed && json_type(managed) != JSON_NULL)
		return err_set(e, ERR_BAD_REQUEST, "metadata.managedFields must be nil");
	typed_check(k, config, &errors);
	if (!errors.len)
		return 0;
	all = strlist_join(&errors, "\n  ");
	/* Kubernetes says 500 here, by oversight: it is the client's fault. */
	return err_set(e, ERR_BAD_REQUEST,
	    "failed to create typed patch object (%s/%s; %s, Kind=%s): %s%s",
	    json_str_or(config, "metadata.namespace", ""), json_str_or(config, "metadata.name", ""),
	    version, k->kind, errors.len > 1 ? "errors:\n  " : "", all);
}

/* The entries of the live object; one that nobody tracked belongs to what was before. */
static int read_live(const struct kind *k, const json *live, const json *bare,
    const struct field_manager *m, struct managers *ret, struct err *e)
{
	struct field_manager before = {BEFORE_APPLY, m->subresource, m->now};
	auto_json *empty = NULL;

	if (managers_read(k, managed_of(live), ret, e) < 0)
		return err_wrap(e, "failed to decode managed fields");
	if (ret->len || !live)
		return 0;
	empty = json_new_object();
	track(k, empty, bare, ret, &before);
	return 0;
}

json *managed_apply(const struct kind *k, const json *live, const json *config,
    const struct field_manager *m, bool force, struct err *e)
{
	auto_json *bare = without_managed(live), *next = NULL;
	auto_free char *id = manager_id(m->name, "Apply", NULL, m->subresource);
	auto_managers all = {0}, again = {0};
	struct apply a = {k, bare, config, m, id, force, {0}};
	bool kubectl = str_eq(m->name, "kubectl");

	if (check_config(k, config, e) < 0 || read_live(k, live, bare, m, &all, e) < 0)
		return NULL;
	again = managers_dup(&all);
	next = apply(&a, &all, e);
	if (!next && kubectl && applied_by_client(&a)) {
		err_clear(e);
		a.force = true;
		managers_release(&all);
		all = again;
		again = (struct managers){0};
		next = apply(&a, &all, e);
	}
	field_set_release(&a.conflicts);
	if (!next)
		return NULL;
	managers_cap(k, &all);
	managers_write(&all, next);
	if (kubectl)
		renew_record(config, next);
	return TAKE(next);
}

void managed_keep_times(json *obj, const json *old)
{
	const json *was = managed_of(old);
	auto_json *a = NULL, *b = NULL;

	if (!was || json_equal(managed_of(obj), was))
		return;
	a = json_dup(obj);
	b = json_dup(old);
	managers_drop_times(a);
	managers_drop_times(b);
	if (json_equal(a, b))
		json_set_path(obj, "metadata.managedFields", json_dup(was));
}

/* ---- names ---- */

/* Whether Go takes the character for one that prints: letters, marks, numbers, signs and the blank.
 */
static bool prints(uint32_t c)
{
	return c == ' ' || (c > ' ' && c < 0x7f) ||
	       (c > 0xa0 && c != 0xad && !(c >= 0x2000 && c <= 0x200f) &&
		   !(c >= 0x2028 && c <= 0x202f) && !(c >= 0x205f && c <= 0x206f) && c != 0x3000 &&
		   c != 0xfeff && !(c >= 0xd800 && c <= 0xf8ff) && c < 0xe0000);
}

uint32_t managed_name_odd(const char *name, size_t *ret_at)
{
	size_t len = strlen(name), n;

	for (size_t i = 0; i < len; i += n) {
		uint32_t c = 0xfffd;

		n = str_utf8(name + i, len - i, &c);
		if (n && prints(c))
			continue;
		*ret_at = i;
		return n ? c : 0xfffd;
	}
	return 0;
}

char *managed_name_problem(const char *name, const char **ret_reason)
{
	auto_free char *quoted = NULL;
	uint32_t odd;
	size_t at;

	*ret_reason = "FieldValueTooLong";
	if (strlen(name) > FIELD_MANAGER_MAX)
		return xasprintf("Too long: may not be more than %d bytes", FIELD_MANAGER_MAX);
	*ret_reason = "FieldValueInvalid";
	odd = managed_name_odd(name, &at);
	if (!odd)
		return NULL;
	quoted = str_go_quote(name);
	return xasprintf("Invalid value: %s: invalid character U+%04X (at position %zu)", quoted,
	    (unsigned)odd, at);
}

char *managed_name_of_agent(const char *user_agent)
{
	const char *p = user_agent ? user_agent : "";
	size_t len = strcspn(p, "/");
	auto_buf out = {0};

	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		uint32_t c = 0;

		n = str_utf8(p + i, len - i, &c);
		if (!n || !prints(c))
			continue;
		if (out.len + n > FIELD_MANAGER_MAX)
			break;
		buf_add(&out, p + i, n);
	}
	return buf_take(&out);
}
