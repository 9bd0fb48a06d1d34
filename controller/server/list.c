/* list: collections and single objects as they lie in the store: their text goes out without being
 * parsed. */
#include "../../runtime/base/clock.h"
#include "internal.h"

/* An answer of a list is built in memory at once: what is larger needs limit and continue. */
#define MAX_LIST_BYTES ((size_t)1024 * MIB)
/* Within which the pages of a list are to be fetched: what etcd keeps, by Kubernetes' default. */
#define MAX_LIST_SECONDS 300

struct one_row {
	struct buf *out;
	uint64_t rv;
	bool found;
};

static bool take_one(void *ctx, const struct store_row *row)
{
	struct one_row *o = ctx;

	buf_add(o->out, row->body, row->body_len);
	o->rv = row->rv;
	o->found = true;
	return false;
}

int object_text(struct server *s, const struct kind *k, const char *ns, const char *name,
    struct buf *out, uint64_t *ret_rv, struct err *e)
{
	struct store_query q = {.kind = k, .ns = ns, .name = name, .limit = 1};
	struct one_row one = {.out = out};
	struct store_list_end end = {0};

	if (store_list(s->deps.store, &q, take_one, &one, &end, e) < 0)
		return -1;
	free(end.continue_token);
	if (!one.found)
		return err_not_found(e, k, name);
	*ret_rv = one.rv;
	return 0;
}

struct items {
	const struct request *r;
	struct table_rows *rows; /* of a Table */
	struct buf text;
	size_t count;
	struct err err;
};

static bool add_item(void *ctx, const struct store_row *row)
{
	struct items *l = ctx;

	if (l->count++)
		buf_addch(&l->text, ',');
	if (l->r->view.shape != SHAPE_TABLE)
		render_object(&l->text, &l->r->view, row->body, row->body_len);
	else if (table_row(l->rows, row->body, row->body_len, &l->text, &l->err) < 0)
		return false;
	return !l->text.overflow;
}

static json *list_metadata(const struct store_list_end *end)
{
	json *m = json_new_object();
	char rv[24];

	snprintf(rv, sizeof(rv), "%llu", (unsigned long long)end->rv);
	json_set_str(m, "resourceVersion", rv);
	if (end->continue_token) {
		json_set_str(m, "continue", end->continue_token);
		if (end->remaining >= 0)
			json_set_int(m, "remainingItemCount", end->remaining);
	}
	return m;
}

static void answer_items(struct exchange *x, const struct request *r,
    const struct store_list_end *end, struct buf *items)
{
	auto_json *m = list_metadata(end);
	auto_free char *metadata = json_print(m);
	auto_buf head = {0};

	if (r->view.shape == SHAPE_TABLE)
		render_table_head(&head, r->kind, metadata, true);
	else
		buf_addf(&head,
		    "{\"kind\":\"%sList\",\"apiVersion\":\"%s\",\"metadata\":%s,\"items\":[",
		    view_kind(&r->view, r->kind), view_api_version(&r->view, r->kind), metadata);
	buf_adds(items, "]}");
	answer_text(x, 200, &head, items);
}

/* The cause tells informers to list again without a version: this one is another database's. */
static int err_too_new(uint64_t version, uint64_t now, struct err *e)
{
	json *causes = json_new_array(), *cause = json_new_object();

	json_set_str(cause, "reason", "ResourceVersionTooLarge");
	json_set_str(cause, "message", "Too large resource version");
	json_add(causes, cause);
	err_set(e, ERR_TIMEOUT, "Too large resource version: %llu, current: %llu",
	    (unsigned long long)version, (unsigned long long)now);
	e->details = json_new_object();
	json_set(e->details, "causes", causes);
	return -1;
}

int check_get_version(struct exchange *x, struct err *e)
{
	uint64_t now = store_rv(server_of(x)->deps.store), version = 0;

	if (query_version(x, &version, e) < 0)
		return -1;
	return version > now ? err_too_new(version, now, e) : 0;
}

/* Versions that a list can be served at: the present one, and "not older than" an earlier one. */
static int check_list_version(const struct list_options *o, uint64_t now, struct err *e)
{
	if (!o->has_version || o->version == 0)
		return 0;
	if (o->version > now)
		return err_too_new(o->version, now, e);
	if (o->match && str_eq(o->match, "Exact") && o->version != now)
		return err_set(
		    e, ERR_EXPIRED, "The resourceVersion for the provided list is too old.");
	return 0;
}

static struct store_query query_of(const struct request *r, const struct list_options *o)
{
	return (struct store_query){.kind = r->kind,
	    .ns = r->ns,
	    .labels = o->labels,
	    .fields = o->fields,
	    .limit = o->limit,
	    .continue_token = o->continue_token,
	    .now = clock_wall_ns() / NSEC_PER_SEC};
}

/*
 * As in a cluster, whose store forgets: a client that comes back late for the rest of a list is
 * told so, with a token for who wants the rest all the same. True: that was the answer.
 */
static bool answer_old_token(struct exchange *x, const char *token)
{
	int64_t now = clock_wall_ns() / NSEC_PER_SEC;
	auto_free char *renewed = token ? store_token_renew(token, now - MAX_LIST_SECONDS) : NULL;
	auto_err e = {0};
	json *status;

	if (!renewed)
		return false;
	err_set(&e, ERR_EXPIRED,
	    "The provided continue parameter is too old to display a consistent list result. You "
	    "can start a new list without the continue parameter, or use the continue token in "
	    "this response to retrieve the remainder of the results. Continuing with the provided "
	    "token results in an inconsistent list - objects that were created, modified, or "
	    "deleted between the time the first chunk was returned and now may show up in the "
	    "list.");
	status = status_from_err(&e);
	json_set_path(status, "metadata.continue", json_new_string(renewed));
	answer_json_take(x, err_http_code(e.reason), status);
	return true;
}

void handle_list(struct exchange *x, const struct request *r)
{
	struct server *s = server_of(x);
	auto_list_options o = {0};
	auto_err e = {0};
	struct items items = {.r = r, .text = {.max = MAX_LIST_BYTES}};
	struct store_list_end end = {0};
	struct store_query q;

	if (list_options_parse(x, r, &o, &e) < 0 ||
	    check_list_version(&o, store_rv(s->deps.store), &e) < 0) {
		answer_err(x, &e);
		return;
	}
	if (answer_old_token(x, o.continue_token))
		return;
	q = query_of(r, &o);
	if (r->view.shape == SHAPE_TABLE)
		items.rows = render_rows(r->kind, r->view.include);
	if (store_list(s->deps.store, &q, add_item, &items, &end, &e) < 0 ||
	    items.err.reason != ERR_NONE)
		answer_err(x, e.reason != ERR_NONE ? &e : &items.err);
	else
		answer_items(x, r, &end, &items.text);
	free(end.continue_token);
	err_clear(&items.err);
	buf_release(&items.text);
	table_rows_free(items.rows);
}

/* ---- DELETE of a collection ---- */

static bool add_victim(void *ctx, const struct store_row *row)
{
	strlist_add(ctx, row->ns ? row->ns : "");
	strlist_add(ctx, row->name);
	return true;
}

/* names: namespace, name, namespace, name, … */
static int delete_all(struct server *s, const struct request *r, const struct delete_options *d,
    const struct strlist *names, struct buf *out, struct err *e)
{
	bool first = true;

	for (size_t i = 0; i + 1 < names->len; i += 2) {
		auto_err one = {0};
		auto_json *last = NULL;
		auto_free char *text = NULL;
		bool gone;

		last = registry_delete(s->deps.store, r->kind,
		    r->kind->namespaced ? names->items[i] : NULL, names->items[i + 1], d, &gone,
		    &one);
		if (!last && one.reason == ERR_NOT_FOUND)
			continue; /* went with one before it */
		if (!last) {
			err_move(e, &one);
			return -1;
		}
		if (!first)
			buf_addch(out, ',');
		first = false;
		text = json_print(last);
		render_object(out, &r->view, text, strlen(text));
	}
	return 0;
}

void handle_delete_collection(struct exchange *x, const struct request *r)
{
	struct server *s = server_of(x);
	auto_list_options o = {0};
	auto_err e = {0};
	auto_buf items = {.max = MAX_LIST_BYTES};
	auto_strlist names = {0};
	struct store_list_end end = {0};
	auto_delete_request d = {0};
	struct store_query q;
	struct request plain = *r;

	plain.view = (struct view){.events = r->view.events};
	if (list_options_parse(x, r, &o, &e) < 0 || delete_request_parse(x, &d, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	q = query_of(r, &o);
	if (store_list(s->deps.store, &q, add_victim, &names, &end, &e) < 0 ||
	    delete_all(s, &plain, &d.options, &names, &items, &e) < 0)
		answer_err(x, &e);
	else
		answer_items(x, &plain, &end, &items);
	free(end.continue_token);
}
