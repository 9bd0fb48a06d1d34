/*
 * store: transactions and single objects.
 *
 * The first write of a turn begins a transaction, store_commit ends it. The connection runs with
 * synchronous=NORMAL, where a commit is atomic and survives the death of the process, but may be
 * lost, whole, with the power. SQLite refuses to change that level inside a transaction, and
 * whether a turn must be durable is only known after it has begun. So a durable commit is an
 * ordinary one followed by the sync of the WAL file that synchronous=FULL would have made at the
 * same place: the frames of this commit and of all before it are on disk then, and recovery replays
 * the WAL up to the last commit frame. The file is SQLite's own handle
 * (SQLITE_FCNTL_JOURNAL_POINTER), so no lock is touched and its folder is synced where that is due.
 */
#include "store_priv.h"

#include "../../runtime/base/log.h"

const char *store_instance(const struct store *s)
{
	return s->instance;
}

uint64_t store_rv(const struct store *s)
{
	return s->rv;
}

/* Namespace as the rows have it. */
static const char *row_ns(const struct kind *k, const char *ns)
{
	return k->namespaced && ns ? ns : "";
}

/* ---- reading ---- */

static json *parse_body(struct store *s, sqlite3_stmt *st, int column, struct err *e)
{
	const char *body = (const char *)sqlite3_column_text(st, column);
	json *j = json_parse(body, (size_t)sqlite3_column_bytes(st, column), JSON_PARSE_STRICT, e);

	if (!j)
		err_wrap(e, "database %s: an object does not parse", s->path);
	return j;
}

/* SQLITE_ROW: the statement, which the caller ends, stands on the object's body. */
static int step_to(sqlite3_stmt *st, const struct kind *k, const char *ns, const char *name)
{
	store_bind_text(st, 1, kind_qualified(k));
	store_bind_text(st, 2, row_ns(k, ns));
	store_bind_text(st, 3, name);
	return sqlite3_step(st);
}

json *store_get(
    struct store *s, const struct kind *k, const char *ns, const char *name, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_GET, e);
	int rc;

	if (!st)
		return NULL;
	rc = step_to(st, k, ns, name);
	if (rc == SQLITE_ROW)
		return parse_body(s, st, 0, e);
	if (rc == SQLITE_DONE)
		err_not_found(e, k, name);
	else
		store_sql_err(s, rc, e);
	return NULL;
}

bool store_has(struct store *s, const struct kind *k, const char *ns, const char *name)
{
	auto_stmt *st = store_stmt(s, ST_GET, NULL);

	return st && step_to(st, k, ns, name) == SQLITE_ROW;
}

json *store_get_by_uid(struct store *s, const struct kind *k, const char *uid)
{
	auto_err e = {0};
	auto_stmt *st = store_stmt(s, ST_GET_UID, &e);
	json *j = NULL;
	int rc = SQLITE_ERROR;

	if (st) {
		store_bind_text(st, 1, kind_qualified(k));
		store_bind_text(st, 2, uid);
		rc = sqlite3_step(st);
		if (rc == SQLITE_ROW)
			j = parse_body(s, st, 0, &e);
		else if (rc != SQLITE_DONE)
			store_sql_err(s, rc, &e);
	}
	if (e.reason != ERR_NONE)
		log_error("%s", err_msg(&e));
	return j;
}

/* ---- transactions ---- */

void store_need_durable(struct store *s)
{
	s->durable = true;
}

bool store_dirty(const struct store *s)
{
	return s->in_tx;
}

static int begin(struct store *s, struct err *e)
{
	if (s->lost.reason != ERR_NONE) {
		err_copy(e, &s->lost);
		return -1;
	}
	if (s->in_tx)
		return 0;
	if (store_run(s, ST_BEGIN, e) < 0)
		return -1;
	s->in_tx = true;
	return 0;
}

/*
 * A statement has failed. Mostly it alone is undone, but a full disk, for one, may make SQLite give
 * up the whole transaction: then what this turn wrote before is lost too, and store_commit will say
 * so.
 */
static int write_failed(struct store *s, int rc, struct err *e)
{
	store_sql_err(s, rc, e);
	if (s->in_tx && sqlite3_get_autocommit(s->db) && s->lost.reason == ERR_NONE)
		store_sql_err(s, rc, &s->lost);
	return -1;
}

int store_write_step(struct store *s, sqlite3_stmt *st, struct err *e)
{
	int rc = sqlite3_step(st);

	return rc == SQLITE_DONE ? 0 : write_failed(s, rc, e);
}

static int sync_wal(struct store *s, struct err *e)
{
	sqlite3_file *wal = NULL;
	int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);

	if (rc == SQLITE_OK && wal && wal->pMethods)
		rc = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
	else
		rc = SQLITE_INTERNAL;
	if (rc != SQLITE_OK)
		return err_set(e, ERR_INTERNAL,
		    "database %s: a change is stored, but may not be on disk (sync failed)",
		    s->path);
	return 0;
}

static int end_transaction(struct store *s, struct err *e)
{
	char rv[24];

	if (s->lost.reason != ERR_NONE) {
		err_move(e, &s->lost);
		return -1;
	}
	snprintf(rv, sizeof(rv), "%llu", (unsigned long long)s->rv);
	if (s->rv != s->rv_committed && store_meta_set(s, "rv", rv, e) < 0)
		return -1;
	return store_run(s, ST_COMMIT, e);
}

static void undo(struct store *s)
{
	auto_err ignored = {0};

	if (!sqlite3_get_autocommit(s->db) && store_run(s, ST_ROLLBACK, &ignored) < 0)
		log_error("rollback: %s", err_msg(&ignored));
	s->rv = s->rv_committed;
	changes_undo(&s->changes);
}

int store_commit(struct store *s, struct err *e)
{
	bool durable = s->durable;
	int rc;

	s->durable = false;
	if (!s->in_tx)
		return 0;
	rc = end_transaction(s, e);
	err_clear(&s->lost);
	s->in_tx = false;
	if (rc < 0) {
		undo(s);
		return -1;
	}
	s->rv_committed = s->rv;
	/*
	 * Where the sync fails the change is there all the same: it is told, and the caller hears
	 * of it.
	 */
	rc = durable ? sync_wal(s, e) : 0;
	changes_publish(&s->changes);
	return rc;
}

/* ---- rows ---- */

/* What is stored of an object, and what of it is beside the body. */
struct row {
	int64_t id;
	uint64_t rv;
	char *uid, *owner;     /* owner: who controls it, or NULL */
	struct strlist owners; /* besides that one */
	struct buf labels, fields;
	char *body;
	size_t body_len;
	char *before; /* the body of the row that this one replaces, for struct change, or NULL */
};

#define auto_row CLEANUP(row_release) struct row

static void row_release(struct row *r)
{
	free(r->uid);
	free(r->owner);
	strlist_release(&r->owners);
	free(r->body);
	free(r->before);
	buf_release(&r->labels);
	buf_release(&r->fields);
}

static void column_buf(sqlite3_stmt *st, int column, struct buf *out)
{
	const void *blob = sqlite3_column_blob(st, column);

	buf_add(out, blob, (size_t)sqlite3_column_bytes(st, column));
}

/* The stored row. 1: found, 0: there is none. */
static int row_load(struct store *s, const struct kind *k, const char *ns, const char *name,
    struct row *r, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_ROW, e);
	int rc;

	if (!st)
		return -1;
	store_bind_text(st, 1, kind_qualified(k));
	store_bind_text(st, 2, ns);
	store_bind_text(st, 3, name);
	rc = sqlite3_step(st);
	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return store_sql_err(s, rc, e);
	r->id = sqlite3_column_int64(st, 0);
	r->uid = xstrdup((const char *)sqlite3_column_text(st, 1));
	r->rv = (uint64_t)sqlite3_column_int64(st, 2);
	r->owner = xstrdup((const char *)sqlite3_column_text(st, 3));
	column_buf(st, 4, &r->labels);
	column_buf(st, 5, &r->fields);
	r->body = xstrdup((const char *)sqlite3_column_text(st, 6));
	r->body_len = (size_t)sqlite3_column_bytes(st, 6);
	if (strstr(r->body, "\"ownerReferences\"") && owners_load(s, r->id, &r->owners, e) < 0)
		return -1;
	return 1;
}

static void set_rv(json *obj, uint64_t rv)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)rv);
	json_set_str(json_obj(obj, "metadata"), "resourceVersion", text);
}

/* The row of an object as it is to be stored, all but id and rv. Takes body, its text. */
static void row_from(const struct kind *k, const json *obj, char *body, struct row *r)
{
	r->uid = xstrdup(json_str_or(obj, "metadata.uid", ""));
	r->owner = xstrdup(owner_controller(obj));
	owners_of(obj, &r->owners);
	api_index_labels(obj, &r->labels);
	api_index_fields(k, obj, &r->fields);
	r->body = body;
	r->body_len = strlen(body);
}

static void bind_index(sqlite3_stmt *st, int at, const struct buf *index)
{
	sqlite3_bind_blob(st, at, index->ptr ? index->ptr : "", (int)index->len, SQLITE_STATIC);
}

static void bind_body(sqlite3_stmt *st, int at, const struct row *r)
{
	sqlite3_bind_text(st, at, r->body, (int)r->body_len, SQLITE_STATIC);
}

/* `old` is NULL for a new object; for a deleted one both are the last state. */
static void add_change(struct store *s, enum change_type type, const struct kind *k, const char *ns,
    const char *name, const struct row *r, const struct row *old)
{
	const struct change c = {
	    .type = type,
	    .kind = k,
	    .rv = r->rv,
	    .ns = ns,
	    .name = name,
	    .uid = r->uid,
	    .body = r->body,
	    .body_len = r->body_len,
	    .old_body = r->before,
	    .old_body_len = r->before ? strlen(r->before) : 0,
	    .labels = buf_str(&r->labels),
	    .labels_len = r->labels.len,
	    .fields = buf_str(&r->fields),
	    .fields_len = r->fields.len,
	    .old_labels = old ? buf_str(&old->labels) : NULL,
	    .old_labels_len = old ? old->labels.len : 0,
	    .old_fields = old ? buf_str(&old->fields) : NULL,
	    .old_fields_len = old ? old->fields.len : 0,
	    .owners_changed =
		old ? !str_eq(r->owner, old->owner) || !owners_equal(&r->owners, &old->owners)
		    : r->owner || r->owners.len,
	};

	s->rv = s->rv_used = r->rv;
	changes_add(&s->changes, &c);
}

/* ---- writing ---- */

static int insert_row(struct store *s, const struct kind *k, const char *ns, const char *name,
    const struct row *r, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_INSERT, e);
	int rc;

	if (!st)
		return -1;
	store_bind_text(st, 1, kind_qualified(k));
	store_bind_text(st, 2, ns);
	store_bind_text(st, 3, name);
	store_bind_text(st, 4, r->uid);
	sqlite3_bind_int64(st, 5, (int64_t)r->rv);
	store_bind_text(st, 6, r->owner);
	bind_index(st, 7, &r->labels);
	bind_index(st, 8, &r->fields);
	bind_body(st, 9, r);
	rc = sqlite3_step(st);
	if (rc == SQLITE_DONE)
		return r->owners.len
			   ? owners_write(s, sqlite3_last_insert_rowid(s->db), &r->owners, e)
			   : 0;
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return err_already_exists(e, k, name);
	return write_failed(s, rc, e);
}

int store_create(struct store *s, const struct kind *k, json *obj, struct err *e)
{
	const char *name = json_str_or(obj, "metadata.name", "");
	const char *ns = row_ns(k, json_str(obj, "metadata.namespace"));
	auto_row r = {.rv = s->rv_used + 1};

	if (begin(s, e) < 0)
		return -1;
	set_rv(obj, r.rv);
	row_from(k, obj, json_print(obj), &r);
	if (insert_row(s, k, ns, name, &r, e) < 0) {
		json_del(json_obj(obj, "metadata"), "resourceVersion");
		return -1;
	}
	add_change(s, CHANGE_ADDED, k, ns, name, &r, NULL);
	return 0;
}

/*
 * The text of an object with another version. No string can hold what is looked for, since its
 * quotes would be escaped; what has it twice all the same (a label of that name) gives NULL.
 */
static char *with_version(const char *body, uint64_t old_rv, uint64_t rv)
{
	static const char format[] = "\"resourceVersion\":\"%llu\"";
	auto_free char *old = xasprintf(format, (unsigned long long)old_rv);
	auto_free char *new = xasprintf(format, (unsigned long long)rv);
	const char *at = strstr(body, old);
	const char *behind = at ? at + strlen(old) : NULL;

	if (!at || strstr(behind, old))
		return NULL;
	return xasprintf("%.*s%s%s", (int)(at - body), body, new, behind);
}

/* Whether the object, which bears the stored resourceVersion and prints so, is what the row holds
 * already. */
static bool unchanged(const struct row *old, const json *obj, const char *text)
{
	auto_json *stored = NULL;

	if (strlen(text) != old->body_len)
		return false;
	if (memcmp(text, old->body, old->body_len) == 0)
		return true;
	stored = json_parse(old->body, old->body_len, JSON_PARSE_STRICT, NULL);
	return stored && json_equal(stored, obj);
}

static bool index_equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(buf_str(a), buf_str(b), a->len) == 0;
}

static int update_row(struct store *s, const struct row *r, const struct row *old, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_UPDATE, e);
	auto_stmt *owner = NULL;

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, r->id);
	sqlite3_bind_int64(st, 2, (int64_t)r->rv);
	bind_index(st, 3, &r->labels);
	bind_index(st, 4, &r->fields);
	bind_body(st, 5, r);
	if (store_write_step(s, st, e) < 0)
		return -1;
	if (!owners_equal(&r->owners, &old->owners) && owners_write(s, r->id, &r->owners, e) < 0)
		return -1;
	if (str_eq(r->owner, old->owner)) /* the usual case touches no index */
		return 0;
	owner = store_stmt(s, ST_UPDATE_OWNER, e);
	if (!owner)
		return -1;
	sqlite3_bind_int64(owner, 1, r->id);
	store_bind_text(owner, 2, r->owner);
	return store_write_step(s, owner, e);
}

int store_update(struct store *s, const struct kind *k, json *obj, struct err *e)
{
	const char *name = json_str_or(obj, "metadata.name", "");
	const char *ns = row_ns(k, json_str(obj, "metadata.namespace"));
	const char *rv = json_str_or(obj, "metadata.resourceVersion", "");
	auto_row old = {0}, r = {0};
	auto_free char *text = NULL, *stamped = NULL;
	char old_rv[24];
	int found = row_load(s, k, ns, name, &old, e);

	if (found <= 0)
		return found < 0 ? -1 : err_not_found(e, k, name);
	snprintf(old_rv, sizeof(old_rv), "%llu", (unsigned long long)old.rv);
	if (!str_eq(json_str(obj, "metadata.uid"), old.uid) || (*rv && !str_eq(rv, old_rv)))
		return err_conflict(e, k, name);
	set_rv(obj, old.rv);
	text = json_print(obj);
	if (unchanged(&old, obj, text))
		return 0;
	if (begin(s, e) < 0)
		return -1;
	r.id = old.id;
	r.rv = s->rv_used + 1;
	set_rv(obj, r.rv);
	stamped = with_version(text, old.rv, r.rv);
	row_from(k, obj, stamped ? TAKE(stamped) : json_print(obj), &r);
	if (update_row(s, &r, &old, e) < 0) {
		set_rv(obj, old.rv);
		return -1;
	}
	if (!index_equal(&r.labels, &old.labels) || !index_equal(&r.fields, &old.fields))
		r.before = with_version(old.body, old.rv, r.rv);
	add_change(s, CHANGE_MODIFIED, k, ns, name, &r, &old);
	return 0;
}

static int delete_row(struct store *s, const struct row *r, struct err *e)
{
	const struct strlist none = {0};
	auto_stmt *st = store_stmt(s, ST_DELETE, e);

	if (!st || (r->owners.len && owners_write(s, r->id, &none, e) < 0))
		return -1;
	sqlite3_bind_int64(st, 1, r->id);
	return store_write_step(s, st, e);
}

/* Gives the last state of a row that is gone the version of its deletion. */
static void stamp_deleted(struct row *r, uint64_t rv)
{
	char *body = with_version(r->body, r->rv, rv);
	auto_json *last = NULL;

	r->rv = rv;
	if (!body) {
		last = json_parse(r->body, r->body_len, JSON_PARSE_STRICT, NULL);
		if (!last)
			return;
		set_rv(last, rv);
		body = json_print(last);
	}
	free(r->body);
	r->body = body;
	r->body_len = strlen(body);
}

int store_delete(
    struct store *s, const struct kind *k, const char *ns, const char *name, struct err *e)
{
	auto_row r = {0};
	int found;

	ns = row_ns(k, ns);
	found = row_load(s, k, ns, name, &r, e);
	if (found <= 0)
		return found < 0 ? -1 : err_not_found(e, k, name);
	if (begin(s, e) < 0 || delete_row(s, &r, e) < 0)
		return -1;
	stamp_deleted(&r, s->rv_used + 1);
	add_change(s, CHANGE_DELETED, k, ns, name, &r, &r);
	return 0;
}

/* ---- trimming ---- */

static int count_events(struct store *s, int64_t *ret, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_EVENT_COUNT, e);
	int rc;

	if (!st)
		return -1;
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		return store_sql_err(s, rc, e);
	*ret = sqlite3_column_int64(st, 0);
	return 0;
}

/* Namespace and name, in turn, of the oldest events. */
static int find_oldest(struct store *s, int64_t count, struct strlist *ret, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_EVENT_OLDEST, e);
	int rc;

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, count);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		strlist_add(ret, (const char *)sqlite3_column_text(st, 0));
		strlist_add(ret, (const char *)sqlite3_column_text(st, 1));
	}
	return rc == SQLITE_DONE ? 0 : store_sql_err(s, rc, e);
}

int store_trim_events(struct store *s, int64_t keep, struct err *e)
{
	const struct kind *k = kind_by_id(KIND_EVENT);
	auto_strlist oldest = {0};
	int64_t count = 0;

	if (count_events(s, &count, e) < 0)
		return -1;
	if (count <= keep)
		return 0;
	if (find_oldest(s, count - keep, &oldest, e) < 0)
		return -1;
	for (size_t i = 0; i + 1 < oldest.len; i += 2)
		if (store_delete(s, k, oldest.items[i], oldest.items[i + 1], e) < 0)
			return -1;
	return 0;
}
