/*
 * watch: streams of changes. One listener on the store feeds all watches; a change is rendered once
 * for each representation that somebody watches, and watches queue references to that text. They
 * are written behind the commit, or, after many were, a few milliseconds later: what comes
 * meanwhile goes with it, so that the cost of writing is bounded whatever the number of changes and
 * watches. A watch ends by its timeout, by its client, by falling behind (410), by the server's
 * end.
 */
#include "../../runtime/base/clock.h"
#include "../../runtime/base/log.h"
#include "internal.h"

#define BOOKMARK_MS 60000
/* What a watcher may leave unread beyond its initial state before it is dropped. */
#define MAX_UNSENT_BYTES (1 * MIB)
#define MAX_EVENTS_BYTES ((size_t)1024 * MIB)
/* Different texts of one change that are kept for the next watcher. */
#define MAX_LINES 8
/* So many streams are written to for each millisecond that the next ones wait, up to that many. */
#define WRITES_PER_MS 8
#define MAX_WAIT_MS 80

struct watch {
	struct server *server;
	struct exchange *x;
	const struct kind *kind;
	char *ns; /* NULL: all */
	struct selector *labels, *fields;
	struct view view;
	uint64_t rv;       /* the newest change that was told or passed over */
	bool columns_sent; /* only the first Table of a watch has columnDefinitions */
	bool bookmarks;
	size_t allowance; /* unsent bytes of the initial state: not counted against the watcher */
	int64_t ends_at;  /* clock_mono_ms; 0: never */
	int64_t bookmark_at;
	struct timer timer;
	struct buf
	    pending; /* events that are collected for one write; none while some are queued */
	struct shared_text *queue[EXCHANGE_SHARED_MAX]; /* events that wait for watches_tell */
	size_t queued;
	TAILQ_ENTRY(watch) link, told_link;
};

/*
 * A state of the object whose change is being told, in the forms that watchers see: rendered when
 * the first one needs it.
 */
struct rendered {
	const char *body;
	size_t len;
	struct table_rows *maker;            /* of rows, where there are many; borrowed */
	struct buf rows[INCLUDE_OBJECT + 1]; /* of tables, by includeObject */
	struct buf partial, event;
	struct line {
		const char *type;
		struct view view;
		struct shared_text *text;
	} lines[MAX_LINES]; /* whole events */
	size_t line_count;
};

static void rendered_release(struct rendered *r)
{
	for (size_t i = 0; i < ARRAY_LEN(r->rows); i++)
		buf_release(&r->rows[i]);
	for (size_t i = 0; i < r->line_count; i++)
		shared_text_unref(r->lines[i].text);
	buf_release(&r->partial);
	buf_release(&r->event);
}

static void clear_queue(struct watch *w)
{
	if (!w->queued)
		return;
	for (size_t i = 0; i < w->queued; i++)
		shared_text_unref(w->queue[i]);
	w->queued = 0;
	TAILQ_REMOVE(&w->server->told_watches, w, told_link);
}

static void watch_free(struct watch *w)
{
	clear_queue(w);
	TAILQ_REMOVE(&w->server->watches, w, link);
	timer_cancel(w->server->deps.loop, &w->timer);
	selector_free(w->labels);
	selector_free(w->fields);
	free(w->ns);
	buf_release(&w->pending);
	free(w);
}

/* ---- events ---- */

static void make_row(const struct watch *w, const struct rendered *r, struct buf *row)
{
	struct table_rows *own = r->maker ? NULL : render_rows(w->kind, w->view.include);
	auto_err e = {0};

	if (table_row(own ? own : r->maker, r->body, r->len, row, &e) < 0)
		log_error("watch: a stored object does not parse: %s", err_msg(&e));
	table_rows_free(own);
}

static void add_table(struct watch *w, struct rendered *r, uint64_t rv)
{
	struct buf *row = &r->rows[w->view.include];
	char metadata[64];

	if (!row->len)
		make_row(w, r, row);
	snprintf(
	    metadata, sizeof(metadata), "{\"resourceVersion\":\"%llu\"}", (unsigned long long)rv);
	render_table_head(&w->pending, w->kind, metadata, !w->columns_sent);
	w->columns_sent = true;
	buf_add(&w->pending, row->ptr, row->len);
	buf_adds(&w->pending, "]}");
}

static void add_object(struct watch *w, struct rendered *r)
{
	struct buf *text = w->view.shape == SHAPE_PARTIAL ? &r->partial : &r->event;

	if (w->view.shape == SHAPE_PLAIN && !w->view.events) {
		buf_add(&w->pending, r->body, r->len);
		return;
	}
	if (!text->len)
		render_object(text, &w->view, r->body, r->len);
	buf_add(&w->pending, text->ptr, text->len);
}

static void add_event(struct watch *w, const char *type, struct rendered *r, uint64_t rv)
{
	buf_addf(&w->pending, "{\"type\":\"%s\",\"object\":", type);
	if (w->view.shape == SHAPE_TABLE)
		add_table(w, r, rv);
	else
		add_object(w, r);
	buf_adds(&w->pending, "}\n");
	w->rv = rv;
}

static void add_bookmark(struct watch *w, bool initial_end)
{
	const char *annotations =
	    initial_end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "";
	bool table = w->view.shape == SHAPE_TABLE;
	const char *api_version = table ? "meta.k8s.io/v1" : view_api_version(&w->view, w->kind);
	const char *kind = table ? "PartialObjectMetadata" : view_kind(&w->view, w->kind);
	auto_free char *object = xasprintf(
	    "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%llu\","
	    "\"creationTimestamp\":null%s}}",
	    kind, api_version, (unsigned long long)w->rv, annotations);

	buf_adds(&w->pending, "{\"type\":\"BOOKMARK\",\"object\":");
	if (table) {
		render_table_head(&w->pending, w->kind, "{}", !w->columns_sent);
		w->columns_sent = true;
		buf_addf(&w->pending, "{\"cells\":[],\"object\":%s}]}", object);
	} else {
		buf_adds(&w->pending, object);
	}
	buf_adds(&w->pending, "}\n");
}

static void add_error(struct watch *w, const struct err *e)
{
	buf_adds(&w->pending, "{\"type\":\"ERROR\",\"object\":");
	status_text(e, &w->pending);
	buf_adds(&w->pending, "}\n");
}

/* ---- sending ---- */

static void send_queue(struct watch *w)
{
	exchange_write_shared(w->x, w->queue, w->queued);
	clear_queue(w);
}

static void send_pending(struct watch *w)
{
	send_queue(w);
	exchange_write_take(w->x, &w->pending);
	buf_init(&w->pending, MAX_EVENTS_BYTES);
}

static void end_watch(struct watch *w)
{
	send_pending(w);
	exchange_end(w->x);
	watch_free(w);
}

static void end_with(struct watch *w, const struct err *e)
{
	add_error(w, e);
	end_watch(w);
}

/* Whether the watcher reads too slowly for more. */
static bool is_slow(const struct watch *w)
{
	return exchange_unsent(w->x) > w->allowance + MAX_UNSENT_BYTES;
}

/* Tells the watcher to list again; it is gone then. */
static void drop(struct watch *w)
{
	auto_err e = {0};

	log_info("watch of %s dropped: its client does not read", kind_qualified(w->kind));
	clear_queue(w);
	buf_release(&w->pending);
	buf_init(&w->pending, MAX_EVENTS_BYTES);
	err_set(&e, ERR_EXPIRED, "too old resource version: %llu (%llu)", (unsigned long long)w->rv,
	    (unsigned long long)store_rv(w->server->deps.store));
	end_with(w, &e);
}

/* Sends what is queued and collected; false: the watcher is gone. */
static bool flush_or_drop(struct watch *w)
{
	if (w->pending.overflow || is_slow(w)) {
		drop(w);
		return false;
	}
	send_pending(w);
	return true;
}

static void enqueue(struct watch *w, struct shared_text *t)
{
	if (w->queued == ARRAY_LEN(w->queue) && !flush_or_drop(w))
		return;
	if (!w->queued)
		TAILQ_INSERT_TAIL(&w->server->told_watches, w, told_link);
	w->queue[w->queued++] = shared_text_ref(t);
}

/* ---- matching ---- */

static bool matches(const struct watch *w, const char *labels, size_t labels_len,
    const char *fields, size_t fields_len)
{
	return (!w->labels || selector_matches_index(w->labels, labels, labels_len)) &&
	       (!w->fields || selector_matches_index(w->fields, fields, fields_len));
}

/* What the change means to this watcher; NULL: nothing. */
static const char *event_type(const struct watch *w, const struct change *c)
{
	bool now, before;

	if (c->kind != w->kind || (w->ns && !str_eq(w->ns, c->ns)))
		return NULL;
	now = matches(w, c->labels, c->labels_len, c->fields, c->fields_len);
	switch (c->type) {
	case CHANGE_ADDED:
		return now ? "ADDED" : NULL;
	case CHANGE_DELETED:
		return now ? "DELETED" : NULL;
	case CHANGE_MODIFIED:
		break;
	}
	before = matches(w, c->old_labels, c->old_labels_len, c->old_fields, c->old_fields_len);
	if (now)
		return before ? "MODIFIED" : "ADDED";
	return before ? "DELETED" : NULL;
}

/* The two states that a change has: the new one and, for whom the object ceases to match, the old
 * one, which is the last that matched. */
struct states {
	struct rendered new, old;
};

static struct states states_of(const struct change *c)
{
	return (struct states){.new = {.body = c->body, .len = c->body_len},
	    .old = {.body = c->old_body, .len = c->old_body_len}};
}

static void states_release(struct states *s)
{
	rendered_release(&s->new);
	rendered_release(&s->old);
}

static struct rendered *state_for(struct states *s, const struct change *c, const char *type)
{
	return c->type == CHANGE_MODIFIED && s->old.body && str_eq(type, "DELETED") ? &s->old
										    : &s->new;
}

static void tell(struct watch *w, const struct change *c, struct states *s)
{
	const char *type;

	if (c->rv <= w->rv)
		return;
	type = event_type(w, c);
	if (type)
		add_event(w, type, state_for(s, c, type), c->rv);
	else
		w->rv = c->rv;
}

/* The event as all watchers of this view see it; NULL: there are too many views. */
static struct shared_text *shared_line(
    struct watch *w, const char *type, struct rendered *r, uint64_t rv)
{
	struct line *l = r->lines;

	for (; l < r->lines + r->line_count; l++)
		if (str_eq(l->type, type) && l->view.shape == w->view.shape &&
		    l->view.include == w->view.include && l->view.events == w->view.events)
			return l->text;
	if (r->line_count == MAX_LINES)
		return NULL;
	add_event(w, type, r, rv);
	*l = (struct line){type, w->view, shared_text_new(&w->pending)};
	buf_init(&w->pending, MAX_EVENTS_BYTES);
	r->line_count++;
	return l->text;
}

/* A change that has happened just now; w may be gone afterwards. */
static void tell_now(struct watch *w, const struct change *c, struct states *s)
{
	bool first_table = w->view.shape == SHAPE_TABLE && !w->columns_sent;
	const char *type = c->rv > w->rv ? event_type(w, c) : NULL;
	struct shared_text *line =
	    type && !first_table ? shared_line(w, type, state_for(s, c, type), c->rv) : NULL;

	if (line) {
		w->rv = c->rv;
		enqueue(w, line);
		return;
	}
	tell(w, c, s);
	if (w->pending.len)
		flush_or_drop(w);
}

static void on_committed(void *ctx, const struct change *c)
{
	struct server *s = ctx;
	struct states states = states_of(c);
	struct watch *w, *next;

	for (w = TAILQ_FIRST(&s->watches); w; w = next) {
		next = TAILQ_NEXT(w, link);
		tell_now(w, c, &states);
	}
	states_release(&states);
}

void watches_tell(struct server *s)
{
	int64_t now = clock_mono_ms(), written = 0;
	struct watch *w;

	if (TAILQ_EMPTY(&s->told_watches) || timer_is_set(&s->tell_timer))
		return;
	if (now < s->tell_at_ms) {
		timer_set(s->deps.loop, &s->tell_timer, s->tell_at_ms - now);
		return;
	}
	for (; (w = TAILQ_FIRST(&s->told_watches)); written++)
		flush_or_drop(w);
	written /= WRITES_PER_MS;
	s->tell_at_ms = now + (written < MAX_WAIT_MS ? written : MAX_WAIT_MS);
}

static void on_tell_timer(void *arg)
{
	watches_tell(arg);
}

void watches_init(struct server *s)
{
	const struct store_listener l = {.committed = on_committed, .ctx = s};

	TAILQ_INIT(&s->watches);
	TAILQ_INIT(&s->told_watches);
	s->tell_timer = (struct timer){.name = "tell watches", .fn = on_tell_timer, .arg = s};
	store_listen(s->deps.store, &l);
}

void watches_free(struct server *s)
{
	timer_cancel(s->deps.loop, &s->tell_timer);
	store_unlisten(s->deps.store, s);
}

/* ---- time ---- */

static void set_timer(struct watch *w)
{
	int64_t now = clock_mono_ms();
	int64_t at = w->bookmarks ? w->bookmark_at : w->ends_at;

	if (w->ends_at && w->ends_at < at)
		at = w->ends_at;
	if (at)
		timer_set(w->server->deps.loop, &w->timer, at > now ? at - now : 0);
}

/* The newest version of which this watcher has been told all; what is not committed yet does not
 * count. */
static void advance(struct watch *w)
{
	struct store *st = w->server->deps.store;

	if (!store_dirty(st) && store_rv(st) > w->rv)
		w->rv = store_rv(st);
}

static void on_timer(void *arg)
{
	struct watch *w = arg;
	int64_t now = clock_mono_ms();
	bool ends = w->ends_at && now >= w->ends_at;

	if (w->bookmarks && (ends || now >= w->bookmark_at)) {
		advance(w);
		add_bookmark(w, false);
		w->bookmark_at = now + BOOKMARK_MS;
		if (!flush_or_drop(w))
			return;
	}
	if (ends)
		end_watch(w);
	else
		set_timer(w);
}

/* ---- the stream's callbacks ---- */

static void on_writable(void *ctx)
{
	struct watch *w = ctx;
	size_t unsent = exchange_unsent(w->x);

	/* The allowance shrinks with what is read of the initial state. */
	if (unsent < w->allowance)
		w->allowance = unsent;
	if (unsent <= EXCHANGE_LOW_WATER)
		w->allowance = 0;
}

static void on_gone(void *ctx)
{
	watch_free(ctx);
}

static void on_drain(void *ctx)
{
	end_watch(ctx);
}

static const struct exchange_ops watch_ops = {
    .on_writable = on_writable, .on_gone = on_gone, .on_drain = on_drain};

/* ---- beginning ---- */

struct initial {
	struct watch *w;
	struct table_rows *maker;
};

static bool add_initial(void *ctx, const struct store_row *row)
{
	struct initial *i = ctx;
	struct rendered r = {.body = row->body, .len = row->body_len, .maker = i->maker};

	add_event(i->w, "ADDED", &r, row->rv);
	rendered_release(&r);
	return !i->w->pending.overflow;
}

static int send_initial(struct watch *w, struct err *e)
{
	struct store_query q = {
	    .kind = w->kind, .ns = w->ns, .labels = w->labels, .fields = w->fields};
	struct store_list_end end = {0};
	struct initial i = {w, NULL};
	int rc;

	if (w->view.shape == SHAPE_TABLE)
		i.maker = render_rows(w->kind, w->view.include);
	rc = store_list(w->server->deps.store, &q, add_initial, &i, &end, e);
	table_rows_free(i.maker);
	if (rc < 0)
		return -1;
	free(end.continue_token);
	w->rv = end.rv;
	return 0;
}

static void add_missed(void *ctx, const struct change *c)
{
	struct watch *w = ctx;
	struct states states = states_of(c);

	tell(w, c, &states);
	states_release(&states);
}

/* The events that the client has not seen yet, up to now. */
static int begin(struct watch *w, const struct list_options *o, struct err *e)
{
	bool initial = o->send_initial_events >= 0 ? o->send_initial_events : !o->version;

	if (initial) {
		if (send_initial(w, e) < 0)
			return -1;
		if (o->send_initial_events > 0 && o->bookmarks)
			add_bookmark(w, true);
		return 0;
	}
	if (!o->version) { /* from now on */
		advance(w);
		return 0;
	}
	w->rv = o->version;
	return store_changes_since(w->server->deps.store, w->kind, o->version, add_missed, w, e);
}

void handle_watch(struct exchange *x, const struct request *r)
{
	struct server *s = server_of(x);
	auto_list_options o = {0};
	auto_err e = {0};
	struct watch *w;

	if (list_options_parse(x, r, &o, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	w = xcalloc(1, sizeof(*w));
	w->server = s;
	w->x = x;
	w->kind = r->kind;
	w->ns = xstrdup(r->ns);
	w->labels = TAKE(o.labels);
	w->fields = TAKE(o.fields);
	w->view = r->view;
	w->bookmarks = o.bookmarks;
	w->bookmark_at = clock_mono_ms() + BOOKMARK_MS;
	w->ends_at = o.timeout_seconds ? clock_mono_ms() + o.timeout_seconds * 1000 : 0;
	w->timer = (struct timer){.name = "watch", .fn = on_timer, .arg = w};
	buf_init(&w->pending, MAX_EVENTS_BYTES);
	TAILQ_INSERT_TAIL(&s->watches, w, link);
	exchange_stream(x, "application/json", &watch_ops, w);
	if (begin(w, &o, &e) < 0) {
		buf_clear(&w->pending);
		end_with(w, &e);
		return;
	}
	send_pending(w);
	w->allowance = exchange_unsent(w->x);
	set_timer(w);
}
