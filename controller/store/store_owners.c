/*
 * store_owners: who owns what: the controller stands in the object's row, other owners in rows of
 * their own.
 */
#include "store_priv.h"

const char *owner_controller(const json *obj)
{
	json_for (ref, json_path(obj, "metadata.ownerReferences"))
		if (json_bool(ref, "controller", false))
			return json_str(ref, "uid");
	return NULL;
}

void owners_of(const json *obj, struct strlist *ret)
{
	json_for (ref, json_path(obj, "metadata.ownerReferences")) {
		const char *uid = json_str(ref, "uid");

		if (uid && !json_bool(ref, "controller", false) && !strlist_has(ret, uid))
			strlist_add(ret, uid);
	}
	strlist_sort(ret);
}

int owners_load(struct store *s, int64_t id, struct strlist *ret, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_OWNERS_GET, e);
	int rc;

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, id);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		strlist_add(ret, (const char *)sqlite3_column_text(st, 0));
	return rc == SQLITE_DONE ? 0 : store_sql_err(s, rc, e);
}

static int add_one(struct store *s, int64_t id, const char *uid, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_OWNERS_ADD, e);

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, id);
	store_bind_text(st, 2, uid);
	return store_write_step(s, st, e);
}

int owners_write(struct store *s, int64_t id, const struct strlist *owners, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_OWNERS_DELETE, e);

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, id);
	if (store_write_step(s, st, e) < 0)
		return -1;
	for (size_t i = 0; i < owners->len; i++)
		if (add_one(s, id, owners->items[i], e) < 0)
			return -1;
	return 0;
}

bool owners_equal(const struct strlist *a, const struct strlist *b)
{
	for (size_t i = 0; i < a->len && a->len == b->len; i++)
		if (!str_eq(a->items[i], b->items[i]))
			return false;
	return a->len == b->len;
}

bool store_owns(struct store *s, const char *uid)
{
	auto_stmt *st = store_stmt(s, ST_OWNS, NULL);

	if (!st)
		return true;
	store_bind_text(st, 1, uid);
	return sqlite3_step(st) != SQLITE_DONE;
}

/* ---- all owners ---- */

/* The next uid that is named as an owner, in order; 1: found, 0: that was all. */
static int next_owner(struct store *s, char **uid, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_NEXT_OWNER, e);
	auto_free char *before = *uid;
	int rc;

	*uid = NULL;
	if (!st)
		return -1;
	store_bind_text(st, 1, before ? before : "");
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		return store_sql_err(s, rc, e);
	*uid = xstrdup((const char *)sqlite3_column_text(st, 0));
	return *uid != NULL;
}

/* NULL without an error: no object has the uid. */
static const struct kind *kind_of(struct store *s, const char *uid, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_KIND_OF, e);
	const struct kind *found = NULL;
	int rc;

	if (!st)
		return NULL;
	store_bind_text(st, 1, uid);
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		store_sql_err(s, rc, e);
	for (int i = 0; rc == SQLITE_ROW && i < KIND_COUNT && !found; i++)
		if (str_eq((const char *)sqlite3_column_text(st, 0), kind_qualified(kind_by_id(i))))
			found = kind_by_id(i);
	return found;
}

int store_owners(struct store *s, void (*fn)(void *ctx, const char *uid, const struct kind *k),
    void *ctx, struct err *e)
{
	auto_free char *uid = NULL;
	auto_err failed = {0};
	int more;

	while ((more = next_owner(s, &uid, e)) > 0) {
		const struct kind *k = kind_of(s, uid, &failed);

		if (failed.reason != ERR_NONE) {
			err_move(e, &failed);
			return -1;
		}
		fn(ctx, uid, k);
	}
	return more;
}
