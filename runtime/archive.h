/*
 * archive: tar archives in memory and in streams, and files of containers by means of them.
 *
 * Written is ustar, with a pax header where a name or link is too long for it. Read are ustar, pax
 * (path, linkpath, size) and GNU long names. An archive that is read comes from a container: it is
 * hostile. Names and targets are checked when asked for; sizes are bounded by the caller's
 * counting.
 */
#ifndef KJOB_ARCHIVE_H
#define KJOB_ARCHIVE_H

#include "base/buf.h"
#include "engine.h"

enum tar_type { TAR_FILE, TAR_DIR, TAR_SYMLINK, TAR_HARDLINK, TAR_OTHER };

struct tar_entry {
	const char *path; /* as in the archive: "a/b", "./a", "a/" for a folder */
	enum tar_type type;
	const char *link; /* target of a link */
	unsigned mode;    /* permissions */
	int64_t uid, gid, size, mtime;
};

/* ---- writing: to a buffer whose maximum the caller has set ---- */

/* data: size bytes of a file; NULL for what has none. */
void tar_add(struct buf *out, const struct tar_entry *e, const void *data);
/* The header alone; the caller adds size bytes and then tar_pad. */
void tar_add_header(struct buf *out, const struct tar_entry *e);
void tar_pad(struct buf *out, int64_t size);
void tar_end(struct buf *out);

/* ---- reading: pieces in, entries and contents out ---- */

struct tar_callbacks {
	/* A new entry; -1 with e ends the reading. */
	int (*on_entry)(void *ctx, const struct tar_entry *entry, struct err *e);
	/* Contents of the entry; not for folders and links. */
	int (*on_data)(void *ctx, const char *data, size_t len, struct err *e);
	/* Optional: all of the entry has come. */
	int (*on_entry_end)(void *ctx, struct err *e);
};
struct tar_reader;
struct tar_reader *tar_reader_new(const struct tar_callbacks *cb, void *ctx);
void tar_reader_free(struct tar_reader *t);
/* The next piece of the archive. -1: it is broken, or a callback said no. */
int tar_read(struct tar_reader *t, const char *data, size_t len, struct err *e) MUST_USE;
/* No more comes: -1 where it ended in the middle. */
int tar_read_end(struct tar_reader *t, struct err *e) MUST_USE;

/*
 * Whether a name from an archive stays below the folder that it is unpacked into: relative, without
 * "..", NUL or backslash tricks. "." and "" are the folder itself and fine.
 */
bool tar_path_is_safe(const char *path);
/* Whether a symbolic link at `path` with this target stays below the folder, too. */
bool tar_link_is_safe(const char *path, const char *target);

/* ---- files of containers ---- */

/*
 * Unpacks a tar into a folder of the container, which need not run. The folder must exist
 * (ERR_NOT_FOUND). `container_put_archive` of engine.h does it for an archive in memory,
 * container_take_archive for one that comes in pieces.
 *
 * The other way: a file or folder of the container as a tar, in pieces. on_data returns false to
 * pause; archive_resume goes on. done runs once, after the last piece. ERR_NOT_FOUND: no such path
 * or container. A path in a tmpfs of an ended container is not found.
 */
typedef bool archive_data_fn(struct engine_who who, const char *data, size_t len);
engine_id container_get_archive(struct engine *en, const char *id, const char *path,
    archive_data_fn *on_data, engine_done_fn *cb, struct engine_who who);
void archive_resume(struct engine *en, engine_id id);
/*
 * Whether there is a folder (or a link, which may lead to one): ERR_NOT_FOUND, ERR_BAD_REQUEST.
 * Podman makes the folder that an archive is to be unpacked into.
 */
engine_id container_find_folder(
    struct engine *en, const char *id, const char *path, engine_done_fn *cb, struct engine_who who);
/*
 * Unpacks a tar of any size that comes by archive_write, which takes all of a piece (of at most
 * HTTP_UPLOAD_QUEUE bytes) or, with false, nothing until `writable` runs. done runs once; it may be
 * early, where the engine refuses.
 */
typedef void archive_writable_fn(struct engine_who who);
engine_id container_take_archive(struct engine *en, const char *id, const char *path,
    archive_writable_fn *writable, engine_done_fn *cb, struct engine_who who);
bool archive_write(struct engine *en, engine_id id, const void *data, size_t len);
void archive_write_end(struct engine *en, engine_id id);

/*
 * The contents of one small file of a container. More than `max` bytes are cut, which is no error;
 * a folder or a device is ERR_BAD_REQUEST. A symbolic link is ERR_BAD_REQUEST on Docker; Podman
 * follows it inside the container.
 */
typedef void archive_file_fn(
    struct engine_who who, const char *data, size_t len, const struct err *err);
engine_id container_read_file(struct engine *en, const char *id, const char *path, size_t max,
    archive_file_fn *cb, struct engine_who who);

#endif
