/*
 * store: the API objects in SQLite, their resource versions, and the feed of changes that watches
 * and loops read.
 *
 * Objects are rows of compact JSON plus small columns (labels, selectable fields, owner) by which
 * lists select without parsing. Writes of one loop turn are one transaction: store_commit ends it,
 * with an fsync when a client waits for one of them. Until then the new state is visible to reads,
 * but nobody outside is told. If a commit fails, everything since the last one is undone: `on_lost`
 * runs and all state must be read again.
 */
#ifndef KJOB_STORE_H
#define KJOB_STORE_H

#include "../api/api.h"

struct store;

/*
 * Opens or creates; refuses the database of a newer kjob with a message that says which; migrates
 * older ones.
 */
struct store *store_open(const char *path, struct err *e) MUST_USE;
void store_close(struct store *s);
/* Random and for ever the same: labels containers of this instance. */
const char *store_instance(const struct store *s);
/*
 * Which engine the containers of this instance are on, as text that the controller makes up; owned.
 * NULL: none is noted yet.
 */
char *store_engine(struct store *s);
int store_set_engine(struct store *s, const char *engine, struct err *e) MUST_USE;
uint64_t store_rv(const struct store *s); /* of the newest change */

/* ---- reading ---- */

json *store_get(struct store *s, const struct kind *k, const char *ns, const char *name,
    struct err *e) MUST_USE;
/* Whether the object is there; cheaper than store_get. Failures of the database read as absence. */
bool store_has(struct store *s, const struct kind *k, const char *ns, const char *name);
/* NULL without an error text: no such object. */
json *store_get_by_uid(struct store *s, const struct kind *k, const char *uid);

struct store_row {
	const char *ns, *name, *uid, *body; /* body: the object's compact JSON, NUL-terminated */
	size_t body_len;
	uint64_t rv;
};
struct store_query {
	const struct kind *kind;
	const char *ns;                         /* NULL: all */
	const char *name;                       /* NULL: all */
	const char *owner_uid;                  /* NULL: any; else the controller owner's uid */
	const char *other_owner_uid;            /* NULL: any; else that of an owner besides it */
	const struct selector *labels, *fields; /* NULL: all */
	int64_t limit;                          /* 0: none */
	const char *continue_token;             /* from an earlier list, or NULL */
	int64_t now; /* seconds since the epoch, noted in tokens; 0: their age is not asked for */
};
struct store_list_end {
	uint64_t rv;
	char *continue_token; /* owned; NULL: complete */
	int64_t remaining;    /* rows behind the token; -1: unknown (selectors) */
};
/*
 * Calls fn for each row in the order of namespace and name; fn returns false to stop, may read the
 * store and must not write. ret may be NULL. Later pages bear the version of the first.
 */
int store_list(struct store *s, const struct store_query *q,
    bool (*fn)(void *ctx, const struct store_row *row), void *ctx, struct store_list_end *ret,
    struct err *e) MUST_USE;

/*
 * A token for the same place in a list that begins anew, where the one given is of a list that
 * began before that time; owned. NULL: it is younger, or no token.
 */
char *store_token_renew(const char *token, int64_t oldest);
/* Whether any object names this uid as its owner's. Failures of the database read as yes. */
bool store_owns(struct store *s, const char *uid);
/*
 * Calls fn for each uid that objects name as an owner's, with its kind; NULL: no object has it. fn
 * must not write.
 */
int store_owners(struct store *s, void (*fn)(void *ctx, const char *uid, const struct kind *k),
    void *ctx, struct err *e) MUST_USE;

/* ---- writing ---- */

/*
 * Stores a new object: sets resourceVersion (in obj too). uid, creationTimestamp and name are there
 * already. ERR_ALREADY_EXISTS, ERR_INTERNAL (disk full, …). The store borrows obj.
 */
int store_create(struct store *s, const struct kind *k, json *obj, struct err *e) MUST_USE;
/*
 * Replaces the object of the same namespace and name; the uid must be the stored one. A
 * resourceVersion in obj that is not the stored one is ERR_CONFLICT (absent: unconditional). Equal
 * contents change nothing and keep the resourceVersion. Sets the resourceVersion in obj.
 */
int store_update(struct store *s, const struct kind *k, json *obj, struct err *e) MUST_USE;
/* Removes the row; watchers see DELETED with the last state. */
int store_delete(struct store *s, const struct kind *k, const char *ns, const char *name,
    struct err *e) MUST_USE;
/* Deletes the events beyond `keep` whose last write is longest ago. */
int store_trim_events(struct store *s, int64_t keep, struct err *e) MUST_USE;

/* The transaction of this turn must be on disk before it is acknowledged. */
void store_need_durable(struct store *s);
bool store_dirty(const struct store *s);
/*
 * Ends the turn's transaction, then publishes. 0 also when there was nothing to do. -1: undone and
 * `lost` told; after a failed sync of a durable turn, though, its changes stand and are published.
 */
int store_commit(struct store *s, struct err *e) MUST_USE;

/* ---- changes ---- */

enum change_type { CHANGE_ADDED, CHANGE_MODIFIED, CHANGE_DELETED };
struct change {
	enum change_type type;
	const struct kind *kind;
	uint64_t rv;
	const char *ns, *name, *uid;
	const char *body; /* compact JSON of the new (DELETED: last) state, NUL-terminated; its
			     resourceVersion is rv */
	size_t body_len;
	/* MODIFIED, where labels or fields are others now: the state before, but its
	 * resourceVersion is rv; else NULL */
	const char *old_body;
	size_t old_body_len;
	const char *labels, *fields, *old_labels,
	    *old_fields; /* index texts; old_* NULL for ADDED */
	size_t labels_len, fields_len, old_labels_len, old_fields_len;
	bool owners_changed; /* ADDED: it has any */
};
/*
 * `written` runs at once in the writer's call (loops: queue a key, no more); `committed` runs for
 * each change after the commit (watches: send). `lost` runs when a commit failed. Any may be NULL.
 */
struct store_listener {
	void (*written)(void *ctx, const struct change *c);
	void (*committed)(void *ctx, const struct change *c);
	void (*lost)(void *ctx);
	void *ctx;
};
void store_listen(struct store *s, const struct store_listener *l); /* copied */
void store_unlisten(struct store *s, void *ctx);
/*
 * Committed changes of a kind after resource version `after`, oldest first, from the bounded memory
 * of recent changes. ERR_EXPIRED: `too old resource version: A (B)`, the watcher must list again.
 * `after` may be of the open turn (a list taken in it): then its changes come to `committed` later,
 * and a watch passes over those it has: rv <= after.
 */
int store_changes_since(struct store *s, const struct kind *k, uint64_t after,
    void (*fn)(void *ctx, const struct change *c), void *ctx, struct err *e) MUST_USE;

#endif
