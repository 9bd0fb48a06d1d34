/* The API server: watches. */
#include "server_fixture.h"

#define TABLE "Accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json\r\n"
#define MERGE "Content-Type: application/merge-patch+json\r\n"

struct watcher {
	struct client c;
	struct answer a;
	struct buf lines;
	bool ended;
};

static struct watcher watch_open(struct fixture *f, const char *path, const char *headers)
{
	struct watcher w = {.c = client_open(f)};

	send_request(&w.c, "GET", path, headers, NULL);
	read_head(&w.c, &w.a);
	return w;
}

static void watch_close(struct watcher *w)
{
	client_close(&w->c);
	answer_release(&w->a);
	buf_release(&w->lines);
}

/* The next event; NULL at the orderly end of the stream, or when none comes. */
static json *next_event(struct watcher *w)
{
	char *end;
	json *event;

	while (!w->lines.len || !(end = memchr(w->lines.ptr, '\n', w->lines.len))) {
		long n = w->ended ? 0 : read_chunk(&w->c, &w->lines);

		if (n > 0)
			continue;
		w->ended = n == 0;
		return NULL;
	}
	event = json_parse(w->lines.ptr, (size_t)(end - w->lines.ptr), 0, NULL);
	CHECK(event != NULL);
	buf_consume(&w->lines, (size_t)(end - w->lines.ptr) + 1);
	return event;
}

static void expect(struct watcher *w, const char *type, const char *name)
{
	auto_json *event = next_event(w);

	CHECK_STR(json_str(event, "type"), type);
	if (name)
		CHECK_STR(json_str(event, "object.metadata.name"), name);
}

static void patch_labels(struct fixture *f, const char *name, const char *labels)
{
	auto_answer a = {0};
	auto_free char *path = xasprintf(JOBS "/%s", name);
	auto_free char *body = xasprintf("{\"metadata\":{\"labels\":%s}}", labels);

	request_with(f, &a, "PATCH", path, MERGE, body);
	CHECK_INT(a.status, 200);
}

static void delete_job(struct fixture *f, const char *name)
{
	auto_answer a = {0};
	auto_free char *path = xasprintf(JOBS "/%s?propagationPolicy=Background", name);

	request(f, &a, "DELETE", path, NULL);
	CHECK_INT(a.status, 200);
}

static char *list_version(struct fixture *f)
{
	auto_answer a = {0};

	request(f, &a, "GET", JOBS, NULL);
	return xstrdup(json_str(a.json, "metadata.resourceVersion"));
}

TEST("a watch begins with what is there and goes on with what happens")
{
	struct fixture f;
	struct watcher w;

	fixture_open(&f);
	create_job(&f, "a", "");
	w = watch_open(&f, JOBS "?watch=true", "");
	CHECK_INT(w.a.status, 200);
	CHECK_STR(answer_header(&w.a, "Content-Type"), "application/json");
	expect(&w, "ADDED", "a");
	create_job(&f, "b", "");
	expect(&w, "ADDED", "b");
	patch_labels(&f, "a", "{\"x\":\"y\"}");
	expect(&w, "MODIFIED", "a");
	delete_job(&f, "a");
	expect(&w, "DELETED", "a");
	CHECK_INT(server_clients(f.server), 1);
	watch_close(&w);
	turns(&f, 20);
	CHECK_INT(server_clients(f.server), 0);
	fixture_close(&f);
}

TEST("a watch from a version tells what came after it, and each change once")
{
	struct fixture f;
	struct watcher w;
	auto_free char *version = NULL, *path = NULL;

	fixture_open(&f);
	create_job(&f, "a", "");
	version = list_version(&f);
	create_job(&f, "b", "");
	create_pod(&f, "not-a-job");
	path = xasprintf("/apis/batch/v1/jobs?watch=1&resourceVersion=%s", version);
	w = watch_open(&f, path, "");
	expect(&w, "ADDED", "b");
	create_job(&f, "c", "");
	expect(&w, "ADDED", "c");
	watch_close(&w);
	fixture_close(&f);
}

TEST("objects that begin and cease to match are added and deleted for the watcher")
{
	struct fixture f;
	struct watcher w, one;
	auto_json *gone = NULL;

	fixture_open(&f);
	w = watch_open(&f, JOBS "?watch=true&labelSelector=on%3Dyes", "");
	one = watch_open(&f, "/apis/batch/v1/watch/namespaces/default/jobs/b", "");
	create_job(&f, "a", "");
	create_job(&f, "b", "");
	patch_labels(&f, "b", "{\"on\":\"yes\"}");
	expect(&w, "ADDED", "b");
	patch_labels(&f, "b", "{\"on\":\"yes\",\"more\":\"1\"}");
	expect(&w, "MODIFIED", "b");
	patch_labels(&f, "b", "{\"on\":\"no\"}");
	gone = next_event(&w);
	CHECK_STR(json_str(gone, "type"), "DELETED");
	CHECK_STR(json_str(gone, "object.metadata.labels.on"), "yes"); /* the last that matched */
	CHECK_INT(strtoull(json_str_or(gone, "object.metadata.resourceVersion", ""), NULL, 10),
	    store_rv(f.store));
	delete_job(&f, "b");
	patch_labels(&f, "a", "{\"on\":\"yes\"}");
	expect(&w, "ADDED", "a");
	expect(&one, "ADDED", "b");
	expect(&one, "MODIFIED", "b");
	expect(&one, "MODIFIED", "b");
	expect(&one, "MODIFIED", "b");
	expect(&one, "DELETED", "b");
	watch_close(&w);
	watch_close(&one);
	fixture_close(&f);
}

TEST("initial events end with a bookmark where the client asks for it")
{
	struct fixture f;
	struct watcher w;
	auto_json *event = NULL;
	auto_answer a = {0};

	fixture_open(&f);
	create_job(&f, "a", "");
	w = watch_open(&f,
	    JOBS "?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch="
		 "NotOlderThan",
	    "");
	expect(&w, "ADDED", "a");
	event = next_event(&w);
	CHECK_STR(json_str(event, "type"), "BOOKMARK");
	CHECK_STR(json_str(event, "object.kind"), "Job");
	CHECK(json_str(event, "object.metadata.resourceVersion") != NULL);
	CHECK_STR(json_string_value(json_get(json_path(event, "object.metadata.annotations"),
		      "k8s.io/initial-events-end")),
	    "true");
	watch_close(&w);
	request(&f, &a, "GET", JOBS "?watch=true&sendInitialEvents=true", NULL);
	CHECK_INT(a.status, 422);
	request(&f, &a, "GET", JOBS "?sendInitialEvents=true", NULL);
	CHECK_INT(a.status, 422);
	fixture_close(&f);
}

TEST("a watch with a timeout ends orderly, with a bookmark when those are allowed")
{
	struct fixture f;
	struct watcher w;

	fixture_open(&f);
	w = watch_open(&f, JOBS "?watch=true&timeoutSeconds=1&allowWatchBookmarks=true", "");
	expect(&w, "BOOKMARK", NULL);
	CHECK(next_event(&w) == NULL);
	CHECK(w.ended);
	CHECK(client_wait_eof(&w.c));
	watch_close(&w);
	fixture_close(&f);
}

TEST("a version that is no longer kept ends the watch with 410")
{
	struct fixture f;
	struct watcher w;
	auto_json *event = NULL;
	auto_err e = {0};

	fixture_open(&f);
	create_job(&f, "a", "");
	/* What an earlier process wrote is not in the memory of changes. */
	server_free(f.server);
	f.server = NULL;
	store_close(f.store);
	f.store = store_open(f.database, &e);
	fixture_serve(&f);
	w = watch_open(&f, JOBS "?watch=true&resourceVersion=1", "");
	CHECK_INT(w.a.status, 200);
	event = next_event(&w);
	CHECK_STR(json_str(event, "type"), "ERROR");
	CHECK_INT(json_int(event, "object.code", 0), 410);
	CHECK_STR(json_str(event, "object.reason"), "Expired");
	CHECK(next_event(&w) == NULL);
	CHECK(w.ended);
	watch_close(&w);
	fixture_close(&f);
}

TEST("a watch of tables has columns in its first event only")
{
	struct fixture f;
	struct watcher w;

	fixture_open(&f);
	create_job(&f, "a", "");
	w = watch_open(&f, JOBS "?watch=true", TABLE);
	create_job(&f, "b", "");
	for (int i = 0; i < 2; i++) {
		auto_json *event = next_event(&w);

		CHECK_STR(json_str(event, "type"), "ADDED");
		CHECK_STR(json_str(event, "object.kind"), "Table");
		CHECK_INT(json_len(json_path(event, "object.rows")), 1);
		CHECK(json_has(event, "object.columnDefinitions") == (i == 0));
	}
	watch_close(&w);
	fixture_close(&f);
}

TEST("a watcher that does not read is dropped with 410, and the others go on")
{
	struct fixture f;
	struct watcher slow, quick;
	auto_free char *filler = xcalloc(1, 20001);
	auto_free char *metadata = NULL;
	char name[16];
	bool dropped = false;

	fixture_open(&f);
	memset(filler, 'x', 20000);
	metadata = xasprintf(",\"annotations\":{\"filler\":\"%s\"}", filler);
	slow = watch_open(&f, JOBS "?watch=true", "");
	quick = watch_open(&f, JOBS "?watch=true", "");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "job-%d", i);
		create_job(&f, name, metadata);
		expect(&quick, "ADDED", name);
	}
	for (;;) {
		auto_json *event = next_event(&slow);

		if (!event)
			break;
		dropped = str_eq(json_str(event, "type"), "ERROR") &&
			  json_int(event, "object.code", 0) == 410;
	}
	CHECK(dropped);
	CHECK(slow.ended);
	create_job(&f, "last", "");
	expect(&quick, "ADDED", "last");
	watch_close(&slow);
	watch_close(&quick);
	fixture_close(&f);
}

/* Without a turn of the loop. */
static void relabel_at_once(struct fixture *f, const char *name, int64_t n)
{
	const struct kind *k = kind_by_id(KIND_JOB);
	auto_err e = {0};
	auto_json *job = store_get(f->store, k, "default", name, &e);
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	json_set_path(job, "metadata.labels.n", json_new_string(text));
	CHECK(store_update(f->store, k, job, &e) == 0 && store_commit(f->store, &e) == 0);
	server_after_commit(f->server, NULL);
}

TEST("changes that follow each other are written together where many watch, in their order")
{
	enum { WATCHERS = 100, CHANGES = 80 };
	static struct watcher watchers[WATCHERS];
	size_t count = (size_t)test_rounds(WATCHERS, 40);
	struct fixture f;
	int chunks = 0;

	fixture_open(&f);
	create_job(&f, "a", "");
	for (size_t i = 0; i < count; i++) {
		watchers[i] = watch_open(&f, JOBS "?watch=true", "");
		expect(&watchers[i], "ADDED", "a");
	}
	for (int64_t n = 0; n < CHANGES; n++)
		relabel_at_once(&f, "a", n);
	for (size_t i = 0; i < count; i++) {
		for (int n = 0; n < CHANGES; n++) {
			bool read = i == 0 && watchers[0].lines.len == 0;
			auto_json *event = next_event(&watchers[i]);

			chunks += read;
			CHECK_STR(json_str(event, "type"), "MODIFIED");
			CHECK_INT(
			    strtol(json_str_or(event, "object.metadata.labels.n", "-1"), NULL, 10),
			    n);
		}
		watch_close(&watchers[i]);
	}
	CHECK(chunks > 0 && chunks < CHANGES);
	fixture_close(&f);
}

TEST("a large initial state is not held against a watcher")
{
	struct fixture f;
	struct watcher w;
	auto_free char *filler = xcalloc(1, 50001);
	auto_free char *metadata = NULL;
	char name[16];

	fixture_open(&f);
	memset(filler, 'x', 50000);
	metadata = xasprintf(",\"annotations\":{\"filler\":\"%s\"}", filler);
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "job-%02d", i);
		create_job(&f, name, metadata);
	}
	w = watch_open(&f, JOBS "?watch=true", "");
	create_job(&f, "zz", "");
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "job-%02d", i);
		expect(&w, "ADDED", name);
	}
	expect(&w, "ADDED", "zz");
	watch_close(&w);
	fixture_close(&f);
}

TEST("watches end orderly when the server drains")
{
	struct fixture f;
	struct watcher w;
	struct client idle;
	auto_answer a = {0};

	fixture_open(&f);
	w = watch_open(&f, JOBS "?watch=true", "");
	idle = client_open(&f);
	send_request(&idle, "GET", "/healthz", "", NULL);
	read_answer(&idle, &a);
	answer_release(&a);
	server_drain(f.server);
	send_request(&idle, "GET", JOBS "?watch=true", "", NULL);
	read_answer(&idle, &a);
	CHECK_INT(a.status, 503);
	client_close(&idle);
	CHECK(next_event(&w) == NULL);
	CHECK(w.ended);
	turns(&f, 10);
	CHECK_INT(server_clients(f.server), 0);
	CHECK(access(f.socket, F_OK) < 0);
	watch_close(&w);
	fixture_close(&f);
}

int main(void)
{
	return test_main();
}
