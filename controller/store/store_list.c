/*
 * store_list: lists in the order of namespace and name, by an index and without parsing a body.
 *
 * A continue token is the place of the last row and the version and time of the first page. Later
 * pages show the state of their own moment but bear that first version: a watch from there tells
 * again, rather than not at all, what changed between the pages. A version of 0 stands for that of
 * the page itself, in tokens that take the place of old ones.
 */
#include "store_priv.h"

#define TOKEN_MAX 2048

enum list_way { BY_KIND, BY_NS, BY_NAME, BY_OWNER, BY_OTHER_OWNER };

struct position {
	char *ns, *name; /* owned; rows behind this one */
	uint64_t rv;
	int64_t time; /* seconds since the epoch; 0: tokens do not age */
};

#define auto_position CLEANUP(position_release) struct position

static void position_release(struct position *p)
{
	free(p->ns);
	free(p->name);
}

/* ---- tokens: base64url of "RV TIME NS/NAME" ---- */

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *token_encode(const char *text)
{
	auto_buf out = {0};
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i += 3) {
		unsigned n = (unsigned char)text[i] << 16;

		if (i + 1 < len)
			n |= (unsigned char)text[i + 1] << 8;
		if (i + 2 < len)
			n |= (unsigned char)text[i + 2];
		for (size_t c = 0; c < (i + 2 < len ? 4 : len - i + 1); c++)
			buf_addch(&out, b64[n >> (18 - 6 * c) & 63]);
	}
	return buf_take(&out);
}

/* NULL: not such a text. */
static char *token_decode(const char *token)
{
	auto_buf out = {0};
	unsigned n = 0, bits = 0;

	for (; *token; token++) {
		const char *at = strchr(b64, *token);

		if (!at || out.len > TOKEN_MAX)
			return NULL;
		n = n << 6 | (unsigned)(at - b64);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_addch(&out, (char)(n >> bits));
		}
	}
	return strlen(buf_str(&out)) == out.len ? buf_take(&out) : NULL;
}

static char *token_make(const struct position *first, const char *ns, const char *name)
{
	auto_free char *text = xasprintf(
	    "%llu %lld %s/%s", (unsigned long long)first->rv, (long long)first->time, ns, name);

	return token_encode(text);
}

static int token_parse(const char *token, struct position *ret, struct err *e)
{
	auto_free char *text = token_decode(token);
	char *time = text ? strchr(text, ' ') : NULL;
	char *ns = time ? strchr(time + 1, ' ') : NULL;
	char *name = ns ? strchr(ns, '/') : NULL;
	int64_t rv;

	if (name)
		*time++ = *ns++ = *name++ = '\0';
	if (!name || str_to_int(text, 0, INT64_MAX, &rv) < 0 ||
	    str_to_int(time, 0, INT64_MAX, &ret->time) < 0)
		return err_set(e, ERR_BAD_REQUEST, "continue key is not valid: \"%.100s\"", token);
	ret->rv = (uint64_t)rv;
	ret->ns = xstrdup(ns);
	ret->name = xstrdup(name);
	return 0;
}

char *store_token_renew(const char *token, int64_t oldest)
{
	static const struct position anew = {0};
	auto_position at = {0};

	if (token_parse(token, &at, NULL) < 0 || at.time == 0 || at.time >= oldest)
		return NULL;
	return token_make(&anew, at.ns, at.name);
}

/* ---- lists ---- */

static enum list_way choose_way(const struct store_query *q)
{
	if (q->owner_uid)
		return BY_OWNER;
	if (q->other_owner_uid)
		return BY_OTHER_OWNER;
	if (q->ns || !q->kind->namespaced)
		return q->name ? BY_NAME : BY_NS;
	return BY_KIND;
}

static const char *query_ns(const struct store_query *q)
{
	return q->kind->namespaced && q->ns ? q->ns : "";
}

static void bind_query(
    sqlite3_stmt *st, const struct store_query *q, enum list_way way, const struct position *behind)
{
	bool in_ns = way == BY_NS || way == BY_NAME;

	store_bind_text(st, 1, kind_qualified(q->kind));
	store_bind_text(st, 2, in_ns ? query_ns(q) : behind->ns);
	store_bind_text(st, 3, behind->name);
	if (way >= BY_OWNER)
		store_bind_text(st, 4, way == BY_OWNER ? q->owner_uid : q->other_owner_uid);
	else if (way == BY_NAME)
		store_bind_text(st, 4, q->name);
}

static bool index_matches(const struct selector *sel, sqlite3_stmt *st, int column)
{
	const char *index;

	if (!sel || selector_is_empty(sel))
		return true;
	index = sqlite3_column_blob(st, column);
	return selector_matches_index(
	    sel, index ? index : "", (size_t)sqlite3_column_bytes(st, column));
}

/* What the statement itself does not select by. */
static bool row_matches(const struct store_query *q, sqlite3_stmt *st)
{
	if (q->ns && q->kind->namespaced &&
	    !str_eq((const char *)sqlite3_column_text(st, 0), q->ns))
		return false;
	if (q->name && !str_eq((const char *)sqlite3_column_text(st, 1), q->name))
		return false;
	return index_matches(q->labels, st, 4) && index_matches(q->fields, st, 5);
}

static struct store_row row_of(sqlite3_stmt *st)
{
	return (struct store_row){
	    .ns = (const char *)sqlite3_column_text(st, 0),
	    .name = (const char *)sqlite3_column_text(st, 1),
	    .uid = (const char *)sqlite3_column_text(st, 2),
	    .rv = (uint64_t)sqlite3_column_int64(st, 3),
	    .body = (const char *)sqlite3_column_text(st, 6),
	    .body_len = (size_t)sqlite3_column_bytes(st, 6),
	};
}

/* Rows behind a place, where that is the plain count of an index range. */
static int64_t count_behind(
    struct store *s, const struct store_query *q, enum list_way way, const struct position *behind)
{
	auto_stmt *st = NULL;
	bool plain = (!q->labels || selector_is_empty(q->labels)) &&
		     (!q->fields || selector_is_empty(q->fields)) && (!q->name || way == BY_NAME) &&
		     !(way >= BY_OWNER && q->ns);

	if (!plain)
		return -1;
	st = store_stmt(s, ST_COUNT_KIND + way, NULL);
	if (!st)
		return -1;
	bind_query(st, q, way, behind);
	return sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : -1;
}

static void set_position(struct position *p, sqlite3_stmt *st)
{
	free(p->ns);
	free(p->name);
	p->ns = xstrdup((const char *)sqlite3_column_text(st, 0));
	p->name = xstrdup((const char *)sqlite3_column_text(st, 1));
}

/*
 * Hands out rows until the limit. 1: there are more, behind `last`; 0: that was all (or fn has had
 * enough).
 */
static int walk(struct store *s, sqlite3_stmt *st, const struct store_query *q,
    struct position *last, bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
    struct err *e)
{
	int64_t given = 0;
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct store_row row;

		if (!row_matches(q, st))
			continue;
		if (q->limit > 0 && given == q->limit)
			return 1;
		row = row_of(st);
		if (!fn(ctx, &row))
			return 0;
		if (++given == q->limit)
			set_position(last, st);
	}
	return rc == SQLITE_DONE ? 0 : store_sql_err(s, rc, e);
}

/* fn may list too: then the kept statement is busy, and a fresh one is used and freed. */
static int list_with(struct store *s, const struct store_query *q, enum list_way way,
    const struct position *behind, struct position *last,
    bool (*fn)(void *ctx, const struct store_row *row), void *ctx, struct err *e)
{
	enum stmt_id id = ST_LIST_KIND + way;
	bool busy = s->stmts[id] && sqlite3_stmt_busy(s->stmts[id]);
	sqlite3_stmt *st = busy ? store_stmt_new(s, id, e) : store_stmt(s, id, e);
	int rc;

	if (!st)
		return -1;
	bind_query(st, q, way, behind);
	rc = walk(s, st, q, last, fn, ctx, e);
	if (busy)
		sqlite3_finalize(st);
	else
		store_stmt_done(&st);
	return rc;
}

int store_list(struct store *s, const struct store_query *q,
    bool (*fn)(void *ctx, const struct store_row *row), void *ctx, struct store_list_end *ret,
    struct err *e)
{
	auto_position behind = {0}, last = {0};
	enum list_way way = choose_way(q);
	int more;

	if (q->continue_token && *q->continue_token) {
		if (token_parse(q->continue_token, &behind, e) < 0)
			return -1;
	} else {
		behind.ns = xstrdup("");
		behind.name = xstrdup("");
	}
	if (!behind.rv) {
		behind.rv = s->rv;
		behind.time = q->now;
	}
	more = list_with(s, q, way, &behind, &last, fn, ctx, e);
	if (more < 0)
		return -1;
	if (!ret)
		return 0;
	ret->rv = behind.rv;
	ret->continue_token = more ? token_make(&behind, last.ns, last.name) : NULL;
	ret->remaining = more ? count_behind(s, q, way, &last) : 0;
	return 0;
}
