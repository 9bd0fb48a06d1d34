#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../controller/store/store_priv.h"
#include "../../runtime/base/paths.h"

static char *fresh_path(void)
{
	static int n;

	return xasprintf("%s/%d.db", test_dir(), n++);
}

static struct store *open_store(const char *path)
{
	auto_err e = {0};
	struct store *s = store_open(path, &e);

	CHECK_STR(err_msg(&e), "");
	if (!s)
		exit(1);
	return s;
}

static struct store *fresh_store(void)
{
	auto_free char *path = fresh_path();

	return open_store(path);
}

static const struct kind *pods(void)
{
	return kind_by_id(KIND_POD);
}

/* A pod with the label app=APP; uid "u-NAME". */
static json *pod(const char *ns, const char *name, const char *app, const char *owner)
{
	auto_free char *owners = owner ? xasprintf(",\"ownerReferences\":[{\"uid\":\"other\"},"
						   "{\"uid\":\"%s\",\"controller\":true}]",
					     owner)
				       : xstrdup("");
	auto_free char *text = xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"
					 "\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"u-%s-%s\","
					 "\"labels\":{\"app\":\"%s\"}%s},\"spec\":{},"
					 "\"status\":{\"phase\":\"Pending\"}}",
	    name, ns, ns, name, app, owners);

	return json_parse(text, strlen(text), JSON_PARSE_STRICT, NULL);
}

static void create(
    struct store *s, const char *ns, const char *name, const char *app, const char *owner)
{
	auto_json *obj = pod(ns, name, app, owner);
	auto_err e = {0};

	CHECK_INT(store_create(s, pods(), obj, &e), 0);
	CHECK_STR(err_msg(&e), "");
}

static void set_phase(struct store *s, const char *name, const char *phase)
{
	auto_json *obj = store_get(s, pods(), "default", name, NULL);

	json_set_path(obj, "status.phase", json_new_string(phase));
	CHECK_INT(store_update(s, pods(), obj, NULL), 0);
}

static void commit(struct store *s)
{
	auto_err e = {0};

	CHECK_INT(store_commit(s, &e), 0);
	CHECK_STR(err_msg(&e), "");
}

static bool collect(void *ctx, const struct store_row *row)
{
	struct buf *out = ctx;

	CHECK_INT(strlen(row->body), row->body_len);
	buf_addf(out, "%s%s/%s", out->len ? " " : "", row->ns, row->name);
	return true;
}

static void check_list(struct store *s, const struct store_query *q, const char *want)
{
	auto_buf out = {0};

	CHECK_INT(store_list(s, q, collect, &out, NULL, NULL), 0);
	CHECK_STR(buf_str(&out), want);
}

/* ---- objects ---- */

TEST("a stored object is found by name and by uid and bears its resourceVersion")
{
	struct store *s = fresh_store();
	auto_json *obj = pod("default", "a", "x", NULL), *got = NULL, *by_uid = NULL;
	auto_err e = {0};

	CHECK_INT(store_create(s, pods(), obj, NULL), 0);
	got = store_get(s, pods(), "default", "a", NULL);
	CHECK(json_equal(got, obj));
	by_uid = store_get_by_uid(s, pods(), "u-default-a");
	CHECK(json_equal(by_uid, obj));
	CHECK_STR(json_str(got, "metadata.resourceVersion"), "2");
	CHECK_INT(store_rv(s), 2);
	CHECK(!store_get_by_uid(s, pods(), "u-x"));
	CHECK(!store_get_by_uid(s, kind_by_id(KIND_JOB), "u-default-a"));
	CHECK(!store_get(s, pods(), "other", "a", &e));
	CHECK_INT(e.reason, ERR_NOT_FOUND);
	CHECK_STR(err_msg(&e), "pods \"a\" not found");
	CHECK_INT(store_create(s, pods(), obj, &e), -1);
	CHECK_INT(e.reason, ERR_ALREADY_EXISTS);
	store_close(s);
}

TEST("an update needs the stored uid and, where it names one, the stored resourceVersion")
{
	struct store *s = fresh_store();
	auto_json *old = NULL, *obj = NULL;
	auto_err e = {0};

	create(s, "default", "a", "x", NULL);
	old = store_get(s, pods(), "default", "a", NULL);
	set_phase(s, "a", "Running");
	json_set_path(old, "status.phase", json_new_string("Failed"));
	CHECK_INT(store_update(s, pods(), old, &e), -1);
	CHECK_INT(e.reason, ERR_CONFLICT);
	json_del_path(old, "metadata.resourceVersion");
	CHECK_INT(store_update(s, pods(), old, NULL), 0);
	CHECK_STR(json_str(old, "metadata.resourceVersion"), "4");
	json_set_path(old, "metadata.uid", json_new_string("another"));
	CHECK_INT(store_update(s, pods(), old, &e), -1);
	CHECK_INT(e.reason, ERR_CONFLICT);
	obj = pod("default", "b", "x", NULL);
	CHECK_INT(store_update(s, pods(), obj, &e), -1);
	CHECK_INT(e.reason, ERR_NOT_FOUND);
	store_close(s);
}

TEST("an update with equal contents changes nothing, in whatever order its members stand")
{
	struct store *s = fresh_store();
	auto_json *obj = NULL;

	create(s, "default", "a", "x", NULL);
	obj = store_get(s, pods(), "default", "a", NULL);
	json_set(obj, "spec", json_take(obj, "spec"));
	json_del_path(obj, "metadata.resourceVersion");
	CHECK_INT(store_update(s, pods(), obj, NULL), 0);
	CHECK_STR(json_str(obj, "metadata.resourceVersion"), "2");
	CHECK_INT(store_rv(s), 2);
	store_close(s);
}

static void create_event(struct store *s, const char *name)
{
	auto_free char *text =
	    xasprintf("{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"%s\","
		      "\"namespace\":\"default\",\"uid\":\"u-%s\"},\"message\":"
		      "\"\\\"resourceVersion\\\":\\\"1\\\"\"}",
		name, name);
	auto_json *event = json_parse(text, strlen(text), JSON_PARSE_STRICT, NULL);

	CHECK_INT(store_create(s, kind_by_id(KIND_EVENT), event, NULL), 0);
}

TEST("the oldest events are trimmed, by the time of their last change, and nothing else")
{
	struct store *s = fresh_store();
	json *event;

	create(s, "default", "old-pod", "x", NULL);
	create_event(s, "a");
	create_event(s, "b");
	create_event(s, "c");
	event = store_get(s, kind_by_id(KIND_EVENT), "default", "a", NULL);
	json_set_int(event, "count", 2);
	CHECK_INT(store_update(s, kind_by_id(KIND_EVENT), event, NULL), 0);
	json_free(event);
	CHECK_INT(store_trim_events(s, 3, NULL), 0);
	CHECK_INT(store_trim_events(s, 2, NULL), 0);
	check_list(s, &(struct store_query){.kind = kind_by_id(KIND_EVENT)}, "default/a default/c");
	check_list(s, &(struct store_query){.kind = pods()}, "default/old-pod");
	store_close(s);
}

static void note_owner(void *ctx, const char *uid, const struct kind *k)
{
	strlist_addf(ctx, "%s:%s", uid, k ? k->resource : "gone");
}

TEST("the owners that objects name are told, and which are gone")
{
	struct store *s = fresh_store();
	auto_strlist owners = {0};
	auto_free char *all = NULL;

	create(s, "default", "a", "x", "gone-1");
	create(s, "default", "b", "x", "gone-2");
	create(s, "default", "c", "x", "gone-1");
	create(s, "default", "d", "x", "u-default-a");
	create(s, "default", "e", "x", NULL);
	CHECK_INT(store_owners(s, note_owner, &owners, NULL), 0);
	all = strlist_join(&owners, " ");
	CHECK_STR(all, "gone-1:gone gone-2:gone other:gone u-default-a:pods");
	CHECK(store_owns(s, "gone-2"));
	CHECK(!store_owns(s, "u-default-d"));
	store_close(s);
}

/* ---- lists ---- */

static struct store *store_for_lists(void)
{
	struct store *s = fresh_store();

	create(s, "b", "two", "x", "owner1");
	create(s, "b", "one", "y", "owner1");
	create(s, "a", "one", "x", "owner2");
	create(s, "a", "three", "x", "owner1");
	create(s, "ab", "zero", "y", NULL);
	return s;
}

TEST("lists are in the order of namespace and name, and select by place, owner, labels and fields")
{
	struct store *s = store_for_lists();
	struct selector *x = label_selector_parse("app=x", NULL);
	struct selector *field = field_selector_parse(pods(), "metadata.name=one", NULL);

	check_list(s, &(struct store_query){.kind = pods()}, "a/one a/three ab/zero b/one b/two");
	check_list(s, &(struct store_query){.kind = kind_by_id(KIND_JOB)}, "");
	check_list(s, &(struct store_query){.kind = pods(), .ns = "a"}, "a/one a/three");
	check_list(s, &(struct store_query){.kind = pods(), .name = "one"}, "a/one b/one");
	check_list(s, &(struct store_query){.kind = pods(), .ns = "b", .name = "one"}, "b/one");
	check_list(
	    s, &(struct store_query){.kind = pods(), .owner_uid = "owner1"}, "a/three b/one b/two");
	check_list(s, &(struct store_query){.kind = pods(), .owner_uid = "owner1", .ns = "b"},
	    "b/one b/two");
	check_list(s, &(struct store_query){.kind = pods(), .owner_uid = "other"}, "");
	check_list(s, &(struct store_query){.kind = pods(), .labels = x}, "a/one a/three b/two");
	check_list(s, &(struct store_query){.kind = pods(), .labels = x, .fields = field}, "a/one");
	selector_free(x);
	selector_free(field);
	store_close(s);
}

/* All pages of `limit` rows each; checks what each end says. */
static void check_pages(struct store *s, struct store_query q, const char *want, bool counted)
{
	auto_buf out = {0};
	auto_free char *token = NULL;
	int64_t expect = -1;
	uint64_t rv = store_rv(s);

	for (int page = 0; page < 20; page++) {
		struct store_list_end end = {0};

		q.continue_token = token;
		CHECK_INT(store_list(s, &q, collect, &out, &end, NULL), 0);
		CHECK_INT(end.rv, rv);
		if (counted && expect >= 0)
			CHECK_INT(end.remaining, expect - q.limit > 0 ? expect - q.limit : 0);
		if (!counted && end.continue_token)
			CHECK_INT(end.remaining, -1);
		expect = end.remaining;
		free(token);
		token = end.continue_token;
		if (!token)
			break;
		set_phase(s, "other", page % 2 ? "Running" : "Pending"); /* a newer version */
	}
	CHECK_STR(buf_str(&out), want);
}

TEST("pages begin behind the row before, bear the version of the first, and count what remains")
{
	struct store *s = store_for_lists();
	struct selector *x = label_selector_parse("app=x", NULL);
	const char *all = "a/one a/three ab/zero b/one b/two default/other";

	create(s, "default", "other", "y", NULL);
	for (int64_t limit = 1; limit <= 7; limit++) {
		check_pages(s, (struct store_query){.kind = pods(), .limit = limit}, all, true);
		check_pages(s, (struct store_query){.kind = pods(), .limit = limit, .labels = x},
		    "a/one a/three b/two", false);
		check_pages(s,
		    (struct store_query){.kind = pods(), .limit = limit, .owner_uid = "owner1"},
		    "a/three b/one b/two", true);
		check_pages(s, (struct store_query){.kind = pods(), .limit = limit, .ns = "a"},
		    "a/one a/three", true);
	}
	selector_free(x);
	store_close(s);
}

/* The next page of a list of pods; *token becomes what leads on. Returns its version. */
static uint64_t next_page(struct store *s, char **token, int64_t now, const char *want)
{
	struct store_query q = {.kind = pods(), .limit = 2, .now = now, .continue_token = *token};
	struct store_list_end end = {0};
	auto_buf out = {0};

	CHECK_INT(store_list(s, &q, collect, &out, &end, NULL), 0);
	CHECK_STR(buf_str(&out), want);
	free(*token);
	*token = end.continue_token;
	return end.rv;
}

TEST("a token that is too old is exchanged for one of a list that begins anew")
{
	struct store *s = store_for_lists();
	auto_free char *token = NULL, *renewed = NULL, *again = NULL;
	uint64_t first = next_page(s, &token, 1000, "a/one a/three");

	CHECK(store_token_renew(token, 1000) == NULL);
	CHECK(store_token_renew("?", 1000) == NULL);
	renewed = store_token_renew(token, 1001);
	CHECK(renewed != NULL);
	create(s, "z", "later", "x", NULL);
	CHECK_INT(next_page(s, &token, 2000, "ab/zero b/one"), first);
	again = store_token_renew(token, 1001); /* of the first page's time */
	CHECK(again != NULL);
	CHECK_INT(next_page(s, &renewed, 2000, "ab/zero b/one"), store_rv(s));
	CHECK(store_token_renew(renewed, 2000) == NULL);
	/* who gives no time gets tokens that do not age */
	free(TAKE(token));
	next_page(s, &token, 0, "a/one a/three");
	CHECK(store_token_renew(token, INT64_MAX) == NULL);
	store_close(s);
}

TEST("a continue token that is none is a bad request")
{
	struct store *s = fresh_store();
	static const char *const tokens[] = {
	    "x", "%%%", "AAAA", "MSBhYmM", "MSAxIGFi", "LTEgMSBhL2I"};

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		struct store_query q = {.kind = pods(), .continue_token = tokens[i]};
		auto_err e = {0};
		auto_buf out = {0};

		CHECK_INT(store_list(s, &q, collect, &out, NULL, &e), -1);
		CHECK_INT(e.reason, ERR_BAD_REQUEST);
	}
	store_close(s);
}

struct nested {
	struct store *s;
	struct buf out;
};

static bool list_again(void *ctx, const struct store_row *row)
{
	struct nested *n = ctx;
	struct store_query q = {.kind = pods(), .limit = 1};

	CHECK_INT(store_list(n->s, &q, collect, &n->out, NULL, NULL), 0);
	buf_addf(&n->out, "(%s)", row->name);
	return strcmp(row->ns, "b") != 0;
}

TEST("a list within a list works, and fn can end a list")
{
	struct store *s = store_for_lists();
	struct nested n = {.s = s};

	CHECK_INT(
	    store_list(s, &(struct store_query){.kind = pods()}, list_again, &n, NULL, NULL), 0);
	CHECK_STR(buf_str(&n.out), "a/one(one) a/one(three) a/one(zero) a/one(one)");
	buf_release(&n.out);
	store_close(s);
}

TEST("single objects, owners' lists and pages are found by index, without sorting")
{
	static const struct {
		enum stmt_id id;
		const char *want;
	} cases[] = {
	    {ST_GET, "SEARCH objects USING INDEX objects_by_name (kind=? AND ns=? AND name=?)"},
	    {ST_ROW, "SEARCH objects USING INDEX objects_by_name (kind=? AND ns=? AND name=?)"},
	    {ST_GET_UID, "SEARCH objects USING INDEX objects_by_uid (uid=?)"},
	    {ST_UPDATE, "SEARCH objects USING INTEGER PRIMARY KEY (rowid=?)"},
	    {ST_DELETE, "SEARCH objects USING INTEGER PRIMARY KEY (rowid=?)"},
	    {ST_LIST_KIND,
		"SEARCH objects USING INDEX objects_by_name (kind=? AND (ns,name)>(?,?))"},
	    {ST_LIST_NS, "SEARCH objects USING INDEX objects_by_name (kind=? AND ns=? AND name>?)"},
	    {ST_LIST_OWNER, "SEARCH objects USING INDEX objects_by_owner "
			    "(owner_uid=? AND kind=? AND (ns,name)>(?,?))"},
	};
	struct store *s = fresh_store();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		sqlite3_stmt *st = store_stmt(s, cases[i].id, NULL), *plan = NULL;
		auto_free char *sql = xasprintf("EXPLAIN QUERY PLAN %s", sqlite3_sql(st));
		auto_buf out = {0};

		CHECK_INT(sqlite3_prepare_v2(s->db, sql, -1, &plan, NULL), SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW)
			buf_addf(&out, "%s%s", out.len ? "; " : "",
			    (const char *)sqlite3_column_text(plan, 3));
		CHECK_STR(buf_str(&out), cases[i].want);
		sqlite3_finalize(plan);
	}
	store_close(s);
}

/* ---- changes ---- */

static void note_change(struct buf *out, const struct change *c)
{
	static const char *const types[] = {"ADDED", "MODIFIED", "DELETED"};
	auto_json *body = json_parse(c->body, c->body_len, JSON_PARSE_STRICT, NULL);
	auto_free char *rv = xasprintf("%llu", (unsigned long long)c->rv);

	CHECK_STR(json_str(body, "metadata.resourceVersion"), rv);
	CHECK_STR(json_str(body, "metadata.uid"), c->uid);
	CHECK((c->type == CHANGE_ADDED) == !c->old_labels);
	buf_addf(out, "%s%s %s/%s %s", out->len ? ", " : "", types[c->type], c->ns, c->name, rv);
}

struct heard {
	struct buf written, committed, since;
	int lost;
};

static void on_written(void *ctx, const struct change *c)
{
	note_change(&((struct heard *)ctx)->written, c);
}

static void on_committed(void *ctx, const struct change *c)
{
	note_change(&((struct heard *)ctx)->committed, c);
}

static void on_since(void *ctx, const struct change *c)
{
	note_change(&((struct heard *)ctx)->since, c);
}

static void on_lost(void *ctx)
{
	((struct heard *)ctx)->lost++;
}

static void heard_release(struct heard *h)
{
	buf_release(&h->written);
	buf_release(&h->committed);
	buf_release(&h->since);
}

static void listen_all(struct store *s, struct heard *h)
{
	store_listen(s, &(struct store_listener){on_written, on_committed, on_lost, h});
}

static void check_since(struct store *s, struct heard *h, uint64_t after, const char *want)
{
	auto_err e = {0};

	buf_clear(&h->since);
	CHECK_INT(store_changes_since(s, pods(), after, on_since, h, &e), 0);
	CHECK_STR(err_msg(&e), "");
	CHECK_STR(buf_str(&h->since), want);
}

TEST("changes are told to loops at once and to watches after the commit")
{
	struct store *s = fresh_store();
	struct heard h = {0};

	listen_all(s, &h);
	create(s, "default", "a", "x", NULL);
	set_phase(s, "a", "Running");
	CHECK_INT(store_delete(s, pods(), "default", "a", NULL), 0);
	CHECK_STR(
	    buf_str(&h.written), "ADDED default/a 2, MODIFIED default/a 3, DELETED default/a 4");
	CHECK_STR(buf_str(&h.committed), "");
	check_since(s, &h, 1, "");
	CHECK(store_dirty(s));
	commit(s);
	CHECK(!store_dirty(s));
	CHECK_STR(buf_str(&h.committed), buf_str(&h.written));
	check_since(s, &h, 1, "ADDED default/a 2, MODIFIED default/a 3, DELETED default/a 4");
	check_since(s, &h, 3, "DELETED default/a 4");
	check_since(s, &h, 4, "");
	store_unlisten(s, &h);
	create(s, "default", "b", "x", NULL);
	commit(s);
	check_since(s, &h, 4, "ADDED default/b 5");
	CHECK_INT(strlen(buf_str(&h.written)), strlen(buf_str(&h.committed)));
	heard_release(&h);
	store_close(s);
}

static void on_old(void *ctx, const struct change *c)
{
	struct selector *x = label_selector_parse("app=x", NULL);

	buf_addf(ctx, "%d%d ",
	    c->old_labels && selector_matches_index(x, c->old_labels, c->old_labels_len),
	    selector_matches_index(x, c->labels, c->labels_len));
	selector_free(x);
}

TEST("a change tells the labels before and after it")
{
	struct store *s = fresh_store();
	auto_buf out = {0};
	auto_json *obj = NULL;

	create(s, "default", "a", "x", NULL);
	obj = store_get(s, pods(), "default", "a", NULL);
	json_set_path(obj, "metadata.labels.app", json_new_string("y"));
	CHECK_INT(store_update(s, pods(), obj, NULL), 0);
	CHECK_INT(store_delete(s, pods(), "default", "a", NULL), 0);
	commit(s);
	CHECK_INT(store_changes_since(s, pods(), 1, on_old, &out, NULL), 0);
	CHECK_STR(buf_str(&out), "01 10 00 ");
	store_close(s);
}

TEST("old changes are forgotten, and a watch from before them, or from the future, has expired")
{
	struct store *s = fresh_store();
	struct heard h = {0};
	auto_err e = {0};
	auto_free char *big = xmalloc(100001);

	memset(big, 'x', 100000);
	big[100000] = '\0';
	create(s, "default", "a", "x", NULL);
	for (int i = 0; i < 100; i++) {
		set_phase(s, "a", i % 2 ? big : "Running");
		commit(s);
	}
	CHECK(s->changes.bytes <= 4 * MIB);
	CHECK_INT(store_changes_since(s, pods(), 1, on_since, &h, &e), -1);
	CHECK_INT(e.reason, ERR_EXPIRED);
	CHECK_STR(err_msg(&e), "too old resource version: 1 (102)");
	check_since(s, &h, 101, "MODIFIED default/a 102");
	CHECK_INT(store_changes_since(s, pods(), 103, on_since, &h, &e), -1);
	CHECK_INT(e.reason, ERR_EXPIRED);
	/* What pods pushed out does not count for jobs. */
	CHECK_INT(store_changes_since(s, kind_by_id(KIND_JOB), 1, on_since, &h, NULL), 0);
	heard_release(&h);
	store_close(s);
}

TEST("after a start nothing is remembered: the last version is fine, older ones have expired")
{
	auto_free char *path = fresh_path();
	struct store *s = open_store(path);
	struct heard h = {0};
	auto_free char *instance = xstrdup(store_instance(s));

	create(s, "default", "a", "x", NULL);
	create(s, "default", "b", "x", NULL);
	CHECK_INT(store_delete(s, pods(), "default", "b", NULL), 0);
	commit(s);
	store_close(s);
	s = open_store(path);
	CHECK_STR(store_instance(s), instance);
	CHECK_INT(store_rv(s), 4);
	check_since(s, &h, 4, "");
	CHECK_INT(store_changes_since(s, pods(), 3, on_since, &h, NULL), -1);
	set_phase(s, "a", "Running");
	CHECK(store_rv(s) > 4);
	store_close(s);
	heard_release(&h);
}

/* ---- failures ---- */

TEST("when a commit fails the turn is undone and told, and no version is given twice")
{
	struct store *s = fresh_store();
	struct heard h = {0};
	struct rlimit old, small;
	auto_err e = {0};

	listen_all(s, &h);
	create(s, "default", "a", "x", NULL);
	commit(s);
	buf_clear(&h.committed);
	set_phase(s, "a", "Running");
	create(s, "default", "b", "x", NULL);
	CHECK_INT(store_rv(s), 4);
	signal(SIGXFSZ, SIG_IGN); /* stands for a full disk */
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &small);
	store_need_durable(s);
	CHECK_INT(store_commit(s, &e), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK_INT(e.reason, ERR_INTERNAL);
	CHECK_INT(h.lost, 1);
	CHECK_STR(buf_str(&h.committed), "");
	CHECK_INT(store_rv(s), 2);
	check_list(s, &(struct store_query){.kind = pods()}, "default/a");
	check_since(s, &h, 2, "");
	set_phase(s, "a", "Failed");
	store_need_durable(s);
	commit(s);
	check_since(s, &h, 2, "MODIFIED default/a 5");
	heard_release(&h);
	store_close(s);
}

TEST("a write for which there is no room fails alone or with its whole turn, never by halves")
{
	struct store *s = fresh_store();
	struct heard h = {0};
	auto_free char *big = xmalloc(200001);
	auto_json *obj = NULL;
	auto_err e = {0}, commit_err = {0};
	int rc;

	listen_all(s, &h);
	memset(big, 'x', 200000);
	big[200000] = '\0';
	create(s, "default", "a", "x", NULL);
	commit(s);
	CHECK_INT(sqlite3_exec(s->db, "PRAGMA max_page_count = 20", NULL, NULL, NULL), SQLITE_OK);
	create(s, "default", "b", "x", NULL);
	obj = pod("default", "c", "x", NULL);
	json_set_path(obj, "status.message", json_new_string(big));
	CHECK_INT(store_create(s, pods(), obj, &e), -1);
	CHECK_INT(e.reason, ERR_INTERNAL);
	CHECK(strstr(err_msg(&e), "full"));
	CHECK(!json_has(obj, "metadata.resourceVersion"));
	rc = store_commit(s, &commit_err);
	CHECK_INT(h.lost, rc < 0);
	check_list(
	    s, &(struct store_query){.kind = pods()}, rc < 0 ? "default/a" : "default/a default/b");
	CHECK_INT(store_rv(s), rc < 0 ? 2 : 3);
	set_phase(s, "a", "Running");
	commit(s);
	heard_release(&h);
	store_close(s);
}

TEST("when SQLite gives a transaction up, later writes of the turn and its commit fail")
{
	struct store *s = fresh_store();
	struct heard h = {0};
	auto_json *obj = pod("default", "b", "x", NULL);
	auto_err e = {0};

	listen_all(s, &h);
	create(s, "default", "a", "x", NULL);
	CHECK_INT(sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	err_set(&s->lost, ERR_INTERNAL, "given up");
	CHECK_INT(store_create(s, pods(), obj, &e), -1);
	CHECK_STR(err_msg(&e), "given up");
	CHECK_INT(store_commit(s, &e), -1);
	CHECK_STR(err_msg(&e), "given up");
	CHECK_INT(h.lost, 1);
	CHECK_INT(store_create(s, pods(), obj, NULL), 0);
	commit(s);
	check_list(s, &(struct store_query){.kind = pods()}, "default/b");
	heard_release(&h);
	store_close(s);
}

TEST("a process killed at any moment leaves all that was committed and nothing else")
{
	auto_free char *path = fresh_path(), *image = fresh_path(), *cp = NULL;
	struct store *s = open_store(path);

	create(s, "default", "a", "x", NULL);
	store_need_durable(s);
	commit(s);
	create(s, "default", "b", "x", NULL);
	commit(s);
	create(s, "default", "c", "x", NULL);
	/* What is in the files now is what a kill would leave. */
	cp = xasprintf("cp '%s' '%s' && cp '%s-wal' '%s-wal'", path, image, path, image);
	CHECK_INT(system(cp), 0);
	store_close(s);
	s = open_store(image);
	check_list(s, &(struct store_query){.kind = pods()}, "default/a default/b");
	CHECK_INT(store_rv(s), 3);
	create(s, "default", "c", "x", NULL);
	CHECK(store_rv(s) > 4); /* 4 may have been seen */
	store_close(s);
}

/* ---- opening ---- */

static void check_refused(const char *path, const char *want)
{
	auto_err e = {0};
	auto_free char *before = NULL, *after = NULL, *message = NULL;
	size_t before_len, after_len;

	before = path_read_file(path, MIB, &before_len, NULL);
	CHECK(!store_open(path, &e));
	after = path_read_file(path, MIB, &after_len, NULL);
	CHECK(before_len == after_len && memcmp(before, after, after_len) == 0);
	message = xasprintf(want, path);
	CHECK_STR(err_msg(&e), message);
}

static void write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK_INT(write(fd, text, len), len);
	close(fd);
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

TEST("the database of a newer kjob is refused and stays as it is")
{
	auto_free char *path = fresh_path();
	struct store *s = open_store(path);

	create(s, "default", "a", "x", NULL);
	commit(s);
	store_close(s);
	run_sql(path, "PRAGMA user_version = 4");
	check_refused(path, "%s was written by a newer kjob (schema 4, this one knows 3): "
			    "use that version, or another KJOB_HOME");
	run_sql(path, "PRAGMA user_version = 3");
	store_close(open_store(path));
}

TEST("the database of an older kjob is brought up to date")
{
	auto_free char *path = fresh_path();
	struct store *s = open_store(path);

	create_event(s, "a");
	create_event(s, "b");
	commit(s);
	store_close(s);
	s = open_store(path);
	create(s, "default", "p", "x", "u-1"); /* "other" owns it too, but does not control it */
	commit(s);
	store_close(s);
	run_sql(path, "DROP INDEX events_by_rv; DROP TABLE owners; PRAGMA user_version = 1");
	s = open_store(path);
	CHECK(store_owns(s, "u-1") && store_owns(s, "other") && !store_owns(s, "u-2"));
	check_list(
	    s, &(struct store_query){.kind = pods(), .other_owner_uid = "other"}, "default/p");
	CHECK_INT(store_trim_events(s, 1, NULL), 0);
	check_list(s, &(struct store_query){.kind = kind_by_id(KIND_EVENT)}, "default/b");
	store_close(s);
}

TEST("a label that reads like a version is left alone")
{
	struct store *s = fresh_store();
	json *obj;

	create(s, "default", "a", "x", NULL);
	obj = store_get(s, pods(), "default", "a", NULL);
	json_set_str(json_obj(obj, "metadata.labels"), "resourceVersion", "2");
	CHECK_INT(store_update(s, pods(), obj, NULL), 0);
	json_free(obj);
	obj = store_get(s, pods(), "default", "a", NULL);
	CHECK_STR(json_str(obj, "metadata.labels.resourceVersion"), "2");
	CHECK_STR(json_str(obj, "metadata.resourceVersion"), "3");
	json_free(obj);
	store_close(s);
}

TEST("files that are no database of kjob, or a torn one, are refused and stay as they are")
{
	auto_free char *text = fresh_path(), *foreign = fresh_path(), *torn = fresh_path(),
		       *data = NULL, *nowhere = fresh_path(),
		       *inside = xasprintf("%s/kjob.db", nowhere),
		       *missing = xasprintf("database %s: No such file or directory", inside);
	auto_err e = {0};
	size_t len;

	write_file(text, "Hello, I am a text and no database, whatever my name says.\n", 59);
	check_refused(text, "%s is not a database of kjob; it is left as it is");
	run_sql(foreign, "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
	check_refused(foreign, "%s is not a database of kjob; it is left as it is");
	store_close(open_store(torn));
	data = path_read_file(torn, MIB, &len, NULL);
	memset(data + 4096, 'x', len - 4096);
	write_file(torn, data, len);
	check_refused(torn, "the database %s is damaged (database disk image is malformed): "
			    "move it away, or use another KJOB_HOME");
	CHECK(!store_open(inside, &e));
	CHECK_STR(err_msg(&e), missing);
}

TEST("a second user of the same database hears that it is in use")
{
	auto_free char *path = fresh_path();
	struct store *s = open_store(path);
	auto_err e = {0};
	auto_free char *want = xasprintf("the database %s is in use by another process", path);

	CHECK(!store_open(path, &e));
	CHECK_STR(err_msg(&e), want);
	create(s, "default", "a", "x", NULL);
	commit(s);
	store_close(s);
}

int main(void)
{
	return test_main();
}
