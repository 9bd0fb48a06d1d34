/*
 * store_schema: the tables, their versions, opening, and the small things that all SQL needs.
 */
#include "store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../../runtime/base/rand.h"

#define APPLICATION_ID 0x6b6a6f62 /* "kjob" */
#define BUSY_TIMEOUT_MS 2000      /* an earlier controller that is just leaving */
/*
 * Versions that a lost turn may have shown to a reader must not come again with another meaning: a
 * start leaves out more of them than a turn can use.
 */
#define RV_GAP 65536

/*
 * Step i takes a database of version i to i + 1. Steps are never changed once released.
 *
 * labels and fields are api_index_* texts; owner_uid is the controller's among the ownerReferences,
 * the others of them, which are rare, are rows of "owners".
 * body stands last: what comes before it is read without touching the pages of long bodies.
 */
static const char *const migrations[] = {
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE objects ("
    " id INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL," /* jobs.batch */
    " ns TEXT NOT NULL,"   /* '' for kinds without */
    " name TEXT NOT NULL,"
    " uid TEXT NOT NULL,"
    " rv INTEGER NOT NULL,"
    " owner_uid TEXT,"
    " labels BLOB NOT NULL,"
    " fields BLOB NOT NULL,"
    " body TEXT NOT NULL);"
    "CREATE UNIQUE INDEX objects_by_name ON objects (kind, ns, name);"
    "CREATE UNIQUE INDEX objects_by_uid ON objects (uid);"
    "CREATE INDEX objects_by_owner ON objects (owner_uid, kind, ns, name)"
    " WHERE owner_uid IS NOT NULL;",
    /* events by age, to delete the oldest without a look at all */
    "CREATE INDEX events_by_rv ON objects (rv) WHERE kind = 'events';",
    "CREATE TABLE owners (owner_uid TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (owner_uid, "
    "id))"
    " WITHOUT ROWID;"
    "CREATE INDEX owners_by_id ON owners (id);"
    "INSERT OR IGNORE INTO owners SELECT json_extract(ref.value, '$.uid'), objects.id"
    " FROM objects, json_each(objects.body, '$.metadata.ownerReferences') AS ref"
    " WHERE NOT ifnull(json_extract(ref.value, '$.controller'), 0)"
    " AND json_extract(ref.value, '$.uid') IS NOT NULL;",
};
#define SCHEMA_VERSION ((int)ARRAY_LEN(migrations))

#define ROW_COLUMNS "ns, name, uid, rv, labels, fields, body"
#define WHERE_KIND " FROM objects WHERE kind = ?1 AND (ns, name) > (?2, ?3)"
#define WHERE_NS " FROM objects WHERE kind = ?1 AND ns = ?2 AND name > ?3"
#define WHERE_NAME " FROM objects WHERE kind = ?1 AND ns = ?2 AND name = ?4"
#define WHERE_OWNER " FROM objects WHERE owner_uid = ?4 AND kind = ?1 AND (ns, name) > (?2, ?3)"

#define WHERE_OTHER_OWNER                            \
	" FROM owners CROSS JOIN objects USING (id)" \
	" WHERE owners.owner_uid = ?4 AND kind = ?1 AND (ns, name) > (?2, ?3)"

static const char *const stmt_texts[ST_TOTAL] = {
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_ROLLBACK] = "ROLLBACK",
    [ST_META_GET] = "SELECT value FROM meta WHERE key = ?1",
    [ST_META_SET] = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
    [ST_GET] = "SELECT body FROM objects WHERE kind = ?1 AND ns = ?2 AND name = ?3",
    [ST_GET_UID] = "SELECT body FROM objects WHERE uid = ?2 AND kind = ?1",
    [ST_ROW] = "SELECT id, uid, rv, owner_uid, labels, fields, body FROM objects"
	       " WHERE kind = ?1 AND ns = ?2 AND name = ?3",
    [ST_INSERT] = "INSERT INTO objects (kind, ns, name, uid, rv, owner_uid, labels, fields, body)"
		  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [ST_UPDATE] = "UPDATE objects SET rv = ?2, labels = ?3, fields = ?4, body = ?5 WHERE id = ?1",
    [ST_UPDATE_OWNER] = "UPDATE objects SET owner_uid = ?2 WHERE id = ?1",
    [ST_DELETE] = "DELETE FROM objects WHERE id = ?1",
    [ST_KIND_OF] = "SELECT kind FROM objects WHERE uid = ?1",
    [ST_NEXT_OWNER] =
	"SELECT min(uid) FROM (SELECT min(owner_uid) AS uid FROM objects WHERE owner_uid > ?1"
	" UNION ALL SELECT min(owner_uid) FROM owners WHERE owner_uid > ?1)",
    [ST_OWNS] = "SELECT 1 FROM objects WHERE owner_uid = ?1"
		" UNION ALL SELECT 1 FROM owners WHERE owner_uid = ?1 LIMIT 1",
    [ST_OWNERS_GET] = "SELECT owner_uid FROM owners WHERE id = ?1 ORDER BY owner_uid",
    [ST_OWNERS_ADD] = "INSERT OR IGNORE INTO owners (id, owner_uid) VALUES (?1, ?2)",
    [ST_OWNERS_DELETE] = "DELETE FROM owners WHERE id = ?1",
    [ST_EVENT_COUNT] = "SELECT count(*) FROM objects WHERE kind = 'events'",
    [ST_EVENT_OLDEST] = "SELECT ns, name FROM objects INDEXED BY events_by_rv WHERE kind = 'events'"
			" ORDER BY rv LIMIT ?1",
    [ST_LIST_KIND] = "SELECT " ROW_COLUMNS WHERE_KIND " ORDER BY ns, name",
    [ST_LIST_NS] = "SELECT " ROW_COLUMNS WHERE_NS " ORDER BY name",
    [ST_LIST_NAME] = "SELECT " ROW_COLUMNS WHERE_NAME,
    [ST_LIST_OWNER] = "SELECT " ROW_COLUMNS WHERE_OWNER " ORDER BY ns, name",
    [ST_LIST_OTHER_OWNER] = "SELECT " ROW_COLUMNS WHERE_OTHER_OWNER " ORDER BY ns, name",
    [ST_COUNT_KIND] = "SELECT count(*)" WHERE_KIND,
    [ST_COUNT_NS] = "SELECT count(*)" WHERE_NS,
    [ST_COUNT_NAME] = "SELECT count(*)" WHERE_NAME,
    [ST_COUNT_OWNER] = "SELECT count(*)" WHERE_OWNER,
    [ST_COUNT_OTHER_OWNER] = "SELECT count(*)" WHERE_OTHER_OWNER,
};

/* ---- statements ---- */

int store_sql_err(const struct store *s, int rc, struct err *e)
{
	switch (rc & 0xff) {
	case SQLITE_NOTADB:
		return err_set(
		    e, ERR_INTERNAL, "%s is not a database of kjob; it is left as it is", s->path);
	case SQLITE_CORRUPT:
		return err_set(e, ERR_INTERNAL,
		    "the database %s is damaged (%s): move it away, or use another KJOB_HOME",
		    s->path, sqlite3_errmsg(s->db));
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(
		    e, ERR_INTERNAL, "the database %s is in use by another process", s->path);
	default:
		return err_set(e, ERR_INTERNAL, "database %s: %s", s->path, sqlite3_errmsg(s->db));
	}
}

sqlite3_stmt *store_stmt_new(struct store *s, enum stmt_id id, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc =
	    sqlite3_prepare_v3(s->db, stmt_texts[id], -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);

	if (rc != SQLITE_OK) {
		store_sql_err(s, rc, e);
		return NULL;
	}
	return st;
}

sqlite3_stmt *store_stmt(struct store *s, enum stmt_id id, struct err *e)
{
	if (!s->stmts[id])
		s->stmts[id] = store_stmt_new(s, id, e);
	return s->stmts[id];
}

void store_stmt_done(sqlite3_stmt **st)
{
	if (!*st)
		return;
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
}

void store_bind_text(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}

int store_run(struct store *s, enum stmt_id id, struct err *e)
{
	auto_stmt *st = store_stmt(s, id, e);
	int rc;

	if (!st)
		return -1;
	rc = sqlite3_step(st);
	return rc == SQLITE_DONE ? 0 : store_sql_err(s, rc, e);
}

char *store_meta_get(struct store *s, const char *key, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_META_GET, e);
	int rc;

	if (!st)
		return NULL;
	store_bind_text(st, 1, key);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		return xstrdup((const char *)sqlite3_column_text(st, 0));
	if (rc != SQLITE_DONE)
		store_sql_err(s, rc, e);
	return NULL;
}

int store_meta_set(struct store *s, const char *key, const char *value, struct err *e)
{
	auto_stmt *st = store_stmt(s, ST_META_SET, e);
	int rc;

	if (!st)
		return -1;
	store_bind_text(st, 1, key);
	store_bind_text(st, 2, value);
	rc = sqlite3_step(st);
	return rc == SQLITE_DONE ? 0 : store_sql_err(s, rc, e);
}

char *store_engine(struct store *s)
{
	return store_meta_get(s, "engine", NULL);
}

int store_set_engine(struct store *s, const char *engine, struct err *e)
{
	return store_meta_set(s, "engine", engine, e);
}

/* ---- opening ---- */

static int sql_exec(struct store *s, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : store_sql_err(s, rc, e);
}

/* A statement that gives one number. */
static int sql_number(struct store *s, const char *sql, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	else
		store_sql_err(s, rc, e);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : -1;
}

static int migrate(struct store *s, int from, struct err *e)
{
	for (int v = from; v < SCHEMA_VERSION; v++) {
		auto_free char *version = xasprintf("PRAGMA user_version = %d", v + 1);

		if (sql_exec(s, "BEGIN IMMEDIATE", e) < 0 || sql_exec(s, migrations[v], e) < 0 ||
		    sql_exec(s, version, e) < 0 || sql_exec(s, "COMMIT", e) < 0)
			return -1; /* closing rolls back */
	}
	return 0;
}

/*
 * One connection and no other process: the lock is kept, so that the index of the WAL needs no
 * shared memory. A commit does not wait for the disk; store_commit does where it must. The page
 * cache is small: the kernel has the pages too.
 */
static int set_up_connection(struct store *s, struct err *e)
{
	return sql_exec(s,
	    "PRAGMA journal_mode = WAL;"
	    "PRAGMA synchronous = NORMAL;"
	    "PRAGMA wal_autocheckpoint = 1000;"
	    "PRAGMA journal_size_limit = 8388608;"
	    "PRAGMA cache_size = -2048;"
	    "PRAGMA mmap_size = 0;",
	    e);
}

/* Looks before anything is written: foreign files stay as they are. */
static int check_identity(struct store *s, int *ret_version, struct err *e)
{
	int64_t app = 0, version = 0, tables = 0;

	if (sql_number(s, "PRAGMA application_id", &app, e) < 0 ||
	    sql_number(s, "PRAGMA user_version", &version, e) < 0 ||
	    sql_number(s, "SELECT count(*) FROM sqlite_schema", &tables, e) < 0)
		return -1;
	*ret_version = (int)version;
	if (app == 0 && version == 0 && tables == 0)
		return 0;
	if (app != APPLICATION_ID)
		return store_sql_err(s, SQLITE_NOTADB, e);
	if (version > SCHEMA_VERSION)
		return err_set(e, ERR_INTERNAL,
		    "%s was written by a newer kjob (schema %d, this one knows %d): "
		    "use that version, or another KJOB_HOME",
		    s->path, (int)version, SCHEMA_VERSION);
	return 0;
}

/* The first start gives the instance its name; every start takes up the counter of versions. */
static int load_meta(struct store *s, struct err *e)
{
	auto_err meta_err = {0};
	auto_free char *rv = NULL;
	char uuid[UUID_TEXT_MAX];
	int64_t n = 1; /* not 0, which means "any" to clients */

	s->instance = store_meta_get(s, "instance", &meta_err);
	rv = store_meta_get(s, "rv", &meta_err);
	if (meta_err.reason != ERR_NONE) {
		err_move(e, &meta_err);
		return -1;
	}
	if (rv && str_to_int(rv, 0, INT64_MAX - RV_GAP, &n) < 0)
		return err_set(
		    e, ERR_INTERNAL, "database %s: bad version counter \"%s\"", s->path, rv);
	s->rv = s->rv_committed = (uint64_t)n;
	s->rv_used = rv ? s->rv + RV_GAP : s->rv;
	changes_init(&s->changes, s->rv);
	if (s->instance)
		return 0;
	s->instance = xstrdup(rand_uuid(uuid));
	return store_meta_set(s, "instance", s->instance, e);
}

static int open_checked(struct store *s, struct err *e)
{
	int version, rc, fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, errno, "database %s", s->path);
	close(fd);
	rc = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return store_sql_err(s, rc, e);
	sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	/* Closing a foreign or newer database must not write to it either. */
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (sql_exec(s, "PRAGMA locking_mode = EXCLUSIVE", e) < 0 ||
	    check_identity(s, &version, e) < 0 || set_up_connection(s, e) < 0)
		return -1;
	if (version == 0) {
		auto_free char *id = xasprintf("PRAGMA application_id = %d", APPLICATION_ID);

		if (sql_exec(s, id, e) < 0)
			return -1;
	}
	if (migrate(s, version, e) < 0 || load_meta(s, e) < 0)
		return -1;
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return 0;
}

struct store *store_open(const char *path, struct err *e)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->path = xstrdup(path);
	if (open_checked(s, e) < 0) {
		store_close(s);
		return NULL;
	}
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < ST_TOTAL; i++)
		sqlite3_finalize(s->stmts[i]);
	sqlite3_close(s->db);
	changes_release(&s->changes);
	err_clear(&s->lost);
	free(s->instance);
	free(s->path);
	free(s);
}
