/*
 * store_priv: what the files of the store share. store.c: transactions and single objects;
 * store_schema.c: opening and versions; store_list.c: lists; store_owners.c: who owns what;
 * changes.c: listeners and the memory of recent changes.
 */
#ifndef KJOB_STORE_PRIV_H
#define KJOB_STORE_PRIV_H

#include <sqlite3.h>

#include "store.h"

/* Prepared when first needed, then kept. The texts stand in store_schema.c, in this order. */
enum stmt_id {
	ST_BEGIN,
	ST_COMMIT,
	ST_ROLLBACK,
	ST_META_GET,
	ST_META_SET,
	ST_GET,
	ST_GET_UID,
	ST_ROW,
	ST_INSERT,
	ST_UPDATE,
	ST_UPDATE_OWNER,
	ST_DELETE,
	ST_KIND_OF,
	ST_NEXT_OWNER,
	ST_OWNS,
	ST_OWNERS_GET,
	ST_OWNERS_ADD,
	ST_OWNERS_DELETE,
	ST_EVENT_COUNT,
	ST_EVENT_OLDEST,
	ST_LIST_KIND, /* the list statements and their counts: same order as enum list_way */
	ST_LIST_NS,
	ST_LIST_NAME,
	ST_LIST_OWNER,
	ST_LIST_OTHER_OWNER,
	ST_COUNT_KIND,
	ST_COUNT_NS,
	ST_COUNT_NAME,
	ST_COUNT_OWNER,
	ST_COUNT_OTHER_OWNER,
	ST_TOTAL,
};

/* One remembered change; everything that `c` points at stands behind it in the same block. */
struct change_entry {
	struct change c;
	size_t bytes;
};

/*
 * The changes since some moment, oldest first: entries[first .. len-1]. Those from `published` on
 * belong to the open transaction.
 */
struct changes {
	struct change_entry **entries;
	size_t first, published, len, cap;
	size_t bytes;
	uint64_t floor[KIND_COUNT]; /* changes of the kind up to this version are forgotten */
	struct store_listener *listeners;
	size_t listener_len, listener_cap;
	unsigned calling; /* depth of calls to listeners: entries of the dead stay until 0 */
};

struct store {
	sqlite3 *db;
	char *path;
	char *instance;
	sqlite3_stmt *stmts[ST_TOTAL];
	uint64_t rv;           /* of the newest change, the open transaction's included */
	uint64_t rv_committed; /* of the newest committed change */
	uint64_t rv_used;      /* never given again, not even after a rollback */
	bool in_tx;
	bool durable;    /* the open transaction must be on disk when it ends */
	struct err lost; /* set: the database gave the open transaction up by itself */
	struct changes changes;
};

/* store_schema.c */
/* Translates the connection's last error; returns -1. */
int store_sql_err(const struct store *s, int rc, struct err *e);
/* The kept statement, ready to be bound; NULL with an error. */
sqlite3_stmt *store_stmt(struct store *s, enum stmt_id id, struct err *e) MUST_USE;
/* A fresh one of the same text, for when the kept one is in use. */
sqlite3_stmt *store_stmt_new(struct store *s, enum stmt_id id, struct err *e) MUST_USE;
/* At the end of a scope: gives the statement's locks and bindings back. */
void store_stmt_done(sqlite3_stmt **st);
#define auto_stmt CLEANUP(store_stmt_done) sqlite3_stmt
/* Binds text or a blob that outlives the statement's use; NULL binds NULL. */
void store_bind_text(sqlite3_stmt *st, int at, const char *text);
int store_run(struct store *s, enum stmt_id id, struct err *e) MUST_USE;
/* A row of the table meta; owned, NULL: absent. */
char *store_meta_get(struct store *s, const char *key, struct err *e) MUST_USE;
int store_meta_set(struct store *s, const char *key, const char *value, struct err *e) MUST_USE;

/* store.c: a statement that writes; -1 also notes that the transaction may be lost. */
int store_write_step(struct store *s, sqlite3_stmt *st, struct err *e) MUST_USE;

/* store_owners.c */
/* The uid of the owner that controls; NULL: none does. Borrowed. */
const char *owner_controller(const json *obj);
/* The uids of the other owners, sorted. */
void owners_of(const json *obj, struct strlist *ret);
/* The same of a stored row, and in place of what is stored of it. */
int owners_load(struct store *s, int64_t id, struct strlist *ret, struct err *e) MUST_USE;
int owners_write(struct store *s, int64_t id, const struct strlist *owners, struct err *e) MUST_USE;
bool owners_equal(const struct strlist *a, const struct strlist *b);

/* changes.c */
void changes_init(struct changes *c, uint64_t rv);
void changes_release(struct changes *c);
/* Remembers a change of the open transaction (texts are copied) and tells `written`. */
void changes_add(struct changes *c, const struct change *change);
/* The transaction has ended well: tells `committed`, then forgets what is too old. */
void changes_publish(struct changes *c);
/* The transaction is undone: forgets its changes and tells `lost`. */
void changes_undo(struct changes *c);

#endif
