/*
 * archive: GET /kjob/v1/namespaces/NS/pods/POD/archive?container=&path=, files of a container as a
 * tar, through the engine: the container may have ended, and needs no tar of its own. It is a
 * WebSocket of the same protocols as exec. With stdin=true the client sends a tar that is unpacked
 * into the folder `path`, else it gets one of what is at `path`, on channel 1.
 */
#include "../../runtime/archive.h"
#include "channels.h"
#include "internal.h"

#define AT_NS 3
#define AT_POD 5

struct archive_stream {
	struct channels channels;
	struct server *server;
	engine_id call;
	char *id, *path;
	bool upload;
	bool takes, ended; /* an upload: the engine takes it; it has ended */
	bool stalled;      /* the archive waits for the client */
};

static void archive_free(struct archive_stream *a)
{
	if (a->call)
		engine_cancel(a->server->deps.engine, a->call);
	free(a->id);
	free(a->path);
	free(a);
}

static bool on_piece(struct engine_who who, const char *data, size_t len)
{
	struct archive_stream *a = who.ctx;

	channels_send(&a->channels, CHANNEL_STDOUT, data, len);
	a->stalled = channels_full(&a->channels);
	return !a->stalled;
}

static void on_done(struct engine_who who, const struct err *err)
{
	struct archive_stream *a = who.ctx;
	auto_err e = {0};

	a->call = 0;
	if (err && err->reason == ERR_NOT_FOUND)
		err_set(&e, ERR_NOT_FOUND, "no such file or folder in the container: %s", a->path);
	channels_end(&a->channels, e.reason ? &e : err);
	archive_free(a);
}

static bool on_stdin(void *ctx, const char *data, size_t len)
{
	struct archive_stream *a = ctx;

	return !a->upload ||
	       (a->takes && archive_write(a->server->deps.engine, a->call, data, len));
}

static void on_stdin_end(void *ctx)
{
	struct archive_stream *a = ctx;

	a->ended = true;
	if (a->takes)
		archive_write_end(a->server->deps.engine, a->call);
}

static void on_room(struct engine_who who)
{
	struct archive_stream *a = who.ctx;

	channels_push(&a->channels);
}

/* The folder is there: the upload may begin. */
static void on_folder(struct engine_who who, const struct err *err)
{
	struct archive_stream *a = who.ctx;

	if (err) {
		on_done(who, err);
		return;
	}
	a->takes = true;
	a->call =
	    container_take_archive(a->server->deps.engine, a->id, a->path, on_room, on_done, who);
	if (a->ended)
		archive_write_end(a->server->deps.engine, a->call);
	else
		channels_push(&a->channels);
}

static void on_writable(void *ctx)
{
	struct archive_stream *a = ctx;

	if (!a->stalled)
		return;
	a->stalled = false;
	archive_resume(a->server->deps.engine, a->call);
}

static void on_gone(void *ctx)
{
	archive_free(ctx);
}

static const struct channels_ops archive_ops = {.on_stdin = on_stdin,
    .on_stdin_end = on_stdin_end,
    .on_writable = on_writable,
    .on_gone = on_gone};

static int check_path(const char *path, struct err *e)
{
	if (path && path[0] == '/')
		return 0;
	return err_set(e, ERR_BAD_REQUEST, "path must be absolute");
}

void handle_archive(struct exchange *x)
{
	struct server *s = server_of(x);
	auto_err e = {0};
	auto_buf headers = {0};
	const char *path = exchange_query(x, "path"), *container;
	auto_json *pod = store_get(
	    s->deps.store, kind_by_id(KIND_POD), x->path.items[AT_NS], x->path.items[AT_POD], &e);
	auto_free char *id = NULL;
	struct archive_stream *a;

	if (!pod || !(container = pod_container(pod, exchange_query(x, "container"), &e)) ||
	    check_path(path, &e) < 0 || !(id = latest_container(pod, container, &e)) ||
	    channels_check(x, &headers, &e) < 0) {
		answer_err(x, &e);
		return;
	}
	a = xcalloc(1, sizeof(*a));
	a->server = s;
	a->id = TAKE(id);
	a->path = xstrdup(path);
	a->upload = exchange_query_bool(x, "stdin");
	channels_start(&a->channels, x, &headers, &archive_ops, a);
	a->call = a->upload ? container_find_folder(s->deps.engine, a->id, a->path, on_folder,
				  (struct engine_who){a, 0})
			    : container_get_archive(s->deps.engine, a->id, a->path, on_piece,
				  on_done, (struct engine_who){a, 0});
}
