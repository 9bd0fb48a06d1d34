/* container_files: archives out of containers, and single files from them. */
#include "archive.h"
#include "base/base64.h"
#include "engine_internal.h"

/* ---- as a stream ---- */

static bool archive_data(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct call *c = ctx;
	archive_data_fn *const *fn = c->extra;

	return (*fn)(c->who, data, len);
}

static void archive_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	c->cb.done(c->who, err);
}

static engine_id send_archive(
    struct call *c, const char *id, const char *path, struct call_request *r)
{
	auto_free char *target = engine_escape(id);
	auto_free char *what = engine_escape(path);
	auto_free char *url = xasprintf("/containers/%s/archive?path=%s", target, what);

	c->target = xstrdup(id);
	r->path = url;
	return call_send(c, r);
}

static engine_id send_get(struct call *c, const char *id, const char *path, http_data_fn *on_data)
{
	return send_archive(c, id, path,
	    &(struct call_request){.method = "GET", .streams = true, .on_data = on_data});
}

engine_id container_get_archive(struct engine *en, const char *id, const char *path,
    archive_data_fn *on_data, engine_done_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_ARCHIVE, archive_reply, who);
	archive_data_fn **fn = xmalloc(sizeof(*fn));

	*fn = on_data;
	c->extra = fn;
	c->free_extra = free;
	c->cb.done = cb;
	return send_get(c, id, path, archive_data);
}

static http_id http_of(const struct engine *en, engine_id id)
{
	for (const struct call *c = en->calls; c; c = c->next)
		if (c->id == id)
			return c->http;
	return 0;
}

void archive_resume(struct engine *en, engine_id id)
{
	http_resume(en->http, http_of(en, id));
}

static void on_writable(void *ctx, uint64_t key)
{
	struct call *c = ctx;
	archive_writable_fn *const *fn = c->extra;

	(*fn)(c->who);
}

engine_id container_take_archive(struct engine *en, const char *id, const char *path,
    archive_writable_fn *writable, engine_done_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_ARCHIVE, archive_reply, who);
	archive_writable_fn **fn = xmalloc(sizeof(*fn));

	*fn = writable;
	c->extra = fn;
	c->free_extra = free;
	c->cb.done = cb;
	return send_archive(c, id, path,
	    &(struct call_request){.method = "PUT",
		.content_type = "application/x-tar",
		.streams = true,
		.uploads = true,
		.on_writable = on_writable});
}

bool archive_write(struct engine *en, engine_id id, const void *data, size_t len)
{
	return http_write(en->http, http_of(en, id), data, len);
}

void archive_write_end(struct engine *en, engine_id id)
{
	http_write_end(en->http, http_of(en, id));
}

/* ---- what is there ---- */

/* Bits of Go's FileMode. */
#define MODE_DIR (INT64_C(1) << 31)
#define MODE_LINK (INT64_C(1) << 27)

static int check_folder(const struct call *c, const struct http_response *r, struct err *e)
{
	const char *header = http_header(r, "X-Docker-Container-Path-Stat");
	auto_buf text = {0};
	auto_json *stat = NULL;
	size_t bad;

	if (header && base64_decode(header, &text, &bad) == 0)
		stat = json_parse(text.ptr, text.len, JSON_ALLOW_DUPLICATES, NULL);
	if (!stat)
		return err_set(
		    e, ERR_INTERNAL, "%s: the answer to archive says nothing", c->en->where);
	if (json_int(stat, "mode", 0) & (MODE_DIR | MODE_LINK))
		return 0;
	return err_set(
	    e, ERR_BAD_REQUEST, "%s: no folder", json_str_or(stat, "name", "the destination"));
}

static void folder_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	auto_err e = {0};

	if (!err && check_folder(c, r, &e) < 0)
		err = &e;
	c->cb.done(c->who, err);
}

engine_id container_find_folder(
    struct engine *en, const char *id, const char *path, engine_done_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_ARCHIVE, folder_reply, who);

	c->cb.done = cb;
	return send_archive(c, id, path, &(struct call_request){.method = "HEAD"});
}

/* ---- one small file ---- */

struct file_read {
	archive_file_fn *fn;
	struct tar_reader *reader;
	struct buf contents;
	size_t max;
	bool seen;
	struct err err;
};

static void file_read_free(void *arg)
{
	struct file_read *f = arg;

	tar_reader_free(f->reader);
	buf_release(&f->contents);
	err_clear(&f->err);
	free(f);
}

static int file_entry(void *ctx, const struct tar_entry *entry, struct err *e)
{
	struct file_read *f = ctx;

	if (f->seen || entry->type != TAR_FILE)
		return err_set(e, ERR_BAD_REQUEST, "%s: no regular file", entry->path);
	f->seen = true;
	return 0;
}

static int file_data(void *ctx, const char *data, size_t len, struct err *e)
{
	struct file_read *f = ctx;
	size_t room = f->max - f->contents.len;

	buf_add(&f->contents, data, len < room ? len : room);
	return 0;
}

static const struct tar_callbacks file_callbacks = {.on_entry = file_entry, .on_data = file_data};

/* The engine sends all of a large file: what is too much is heard and dropped. */
static bool file_piece(void *ctx, uint64_t key, const char *data, size_t len)
{
	struct call *c = ctx;
	struct file_read *f = c->extra;

	if (!f->err.reason && f->contents.len < f->max)
		(void)!tar_read(f->reader, data, len, &f->err);
	return true;
}

static void file_reply(struct call *c, const struct http_response *r, const struct err *err)
{
	struct file_read *f = c->extra;

	if (!err && !f->err.reason && !f->seen)
		err_set(&f->err, ERR_INTERNAL, "%s: the archive is empty", c->en->where);
	err = err ? err : f->err.reason ? &f->err : NULL;
	f->fn(c->who, err ? NULL : buf_str(&f->contents), err ? 0 : f->contents.len, err);
}

engine_id container_read_file(struct engine *en, const char *id, const char *path, size_t max,
    archive_file_fn *cb, struct engine_who who)
{
	struct call *c = call_new(en, CALL_ARCHIVE, file_reply, who);
	struct file_read *f = xcalloc(1, sizeof(*f));

	f->fn = cb;
	f->max = max;
	f->reader = tar_reader_new(&file_callbacks, f);
	buf_init(&f->contents, max + 1);
	c->extra = f;
	c->free_extra = file_read_free;
	return send_get(c, id, path, file_piece);
}
