#include "logentry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/base/clock.h"
#include "../../runtime/base/paths.h"
#include "../../runtime/base/str.h"

#define DEFAULT_MAX_BYTES (UINT64_C(1) << 30)
#define FLUSH_AT (256 * KIB)
#define SCAN_BLOCK (256 * KIB)
#define KEEP_BUFFER (32 * KIB) /* a larger buffer is given back once the output is slow again */
#define CUT_TEXT "[kjob] log was cut here: "
#define NOTE_MAX 4096

struct logfile {
	int fd;
	char *path;
	uint64_t max_bytes;
	uint64_t size; /* of the file; always ends behind a newline */
	char *buf;     /* entries not written yet */
	size_t len, cap;
	uint64_t content[2]; /* taken, per stream, from LOG_STDOUT on */
	uint64_t pending;    /* of it, still in buf */
	uint64_t dropped;    /* of it, never to be written */
	bool cut;            /* everything is dropped from now on */
	int write_errno;     /* why, where it is not the limit */
	int64_t last_ns;
};

/* ---- paths ---- */

static char *pod_dir(const char *logs_dir, const char *ns, const char *pod, const char *uid)
{
	return xasprintf("%s/%s_%s_%s", logs_dir, ns, pod, uid);
}

char *logfile_path(const char *logs_dir, const char *ns, const char *pod, const char *uid,
    const char *container, int attempt)
{
	return xasprintf("%s/%s_%s_%s/%s/%d.log", logs_dir, ns, pod, uid, container, attempt);
}

/* Removes the files of a folder and the folder itself; folders in it are handed to `sub`. */
static void remove_dir(int parent, const char *name, void (*sub)(int parent, const char *name))
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *d;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((d = readdir(dir))) {
		if (str_eq(d->d_name, ".") || str_eq(d->d_name, ".."))
			continue;
		if (unlinkat(fd, d->d_name, 0) < 0 && sub)
			sub(fd, d->d_name);
	}
	closedir(dir);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static void remove_container_dir(int parent, const char *name)
{
	remove_dir(parent, name, NULL);
}

void logfile_remove_pod(const char *logs_dir, const char *ns, const char *pod, const char *uid)
{
	auto_free char *dir = pod_dir(logs_dir, ns, pod, uid);

	remove_dir(AT_FDCWD, dir, remove_container_dir);
}

/* ---- opening ---- */

static uint64_t *content_of(struct logfile *f, enum log_stream stream)
{
	return &f->content[stream - LOG_STDOUT];
}

static bool is_cut_note(const struct log_entry *entry)
{
	return entry->own && entry->len >= sizeof(CUT_TEXT) - 1 &&
	       memcmp(entry->content, CUT_TEXT, sizeof(CUT_TEXT) - 1) == 0;
}

/*
 * Counts the entries of a block; returns the bytes of whole good ones. *ret_bad: what follows is no
 * entry. A note about a cut ends the file too: what was cut there comes again from the engine and
 * is judged again.
 */
static size_t scan_block(struct logfile *f, const char *block, size_t len, bool *ret_bad)
{
	size_t at = 0;

	for (;;) {
		const char *nl = memchr(block + at, '\n', len - at);
		struct log_entry entry;

		if (!nl)
			return at;
		if (!log_entry_parse(block + at, (size_t)(nl - block) - at, &entry) ||
		    is_cut_note(&entry)) {
			*ret_bad = true;
			return at;
		}
		if (!entry.own)
			*content_of(f, entry.stream) += entry.len + !entry.partial;
		at = (size_t)(nl - block) + 1;
	}
}

/* Reads what an earlier controller wrote: sizes; what is torn or damaged at the end is cut. */
static int scan_existing(struct logfile *f, struct err *e)
{
	auto_free char *block = NULL;
	struct stat st;
	bool bad = false;

	if (fstat(f->fd, &st) < 0)
		return err_sys(e, errno, "log file %s", f->path);
	if (st.st_size == 0)
		return 0;
	block = xmalloc(SCAN_BLOCK);
	while (!bad) {
		ssize_t n = pread(f->fd, block, SCAN_BLOCK, (off_t)f->size);
		size_t good;

		if (n < 0)
			return err_sys(e, errno, "log file %s", f->path);
		good = scan_block(f, block, (size_t)n, &bad);
		if (good == 0)
			break;
		f->size += good;
	}
	if (f->size < (uint64_t)st.st_size && ftruncate(f->fd, (off_t)f->size) < 0)
		return err_sys(e, errno, "log file %s", f->path);
	return 0;
}

static int make_parent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	auto_free char *dir = slash ? xstrndup(path, (size_t)(slash - path)) : NULL;

	return dir && *dir ? path_mkdirs(dir, 0700, e) : 0;
}

struct logfile *logfile_open(const char *path, uint64_t max_bytes, struct err *e)
{
	struct logfile *f;
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 && errno == ENOENT) {
		if (make_parent(path, e) < 0)
			return NULL;
		fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	}
	if (fd < 0) {
		err_sys(e, errno, "log file %s", path);
		return NULL;
	}
	f = xcalloc(1, sizeof(*f));
	f->fd = fd;
	f->path = xstrdup(path);
	f->max_bytes = max_bytes ? max_bytes : DEFAULT_MAX_BYTES;
	if (scan_existing(f, e) < 0) {
		logfile_close(f);
		return NULL;
	}
	return f;
}

/* ---- writing ---- */

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The disk is full: the file goes back to its last whole state and stays so. */
static int write_failed(struct logfile *f, struct err *e)
{
	f->write_errno = errno;
	f->cut = true;
	f->dropped += f->pending;
	f->pending = 0;
	f->len = 0;
	if (ftruncate(f->fd, (off_t)f->size) < 0)
		return err_sys(e, errno, "log file %s", f->path);
	return err_sys(e, f->write_errno, "log file %s", f->path);
}

static int flush(struct logfile *f, struct err *e)
{
	if (f->len == 0)
		return 0;
	if (write_all(f->fd, f->buf, f->len) < 0)
		return write_failed(f, e);
	f->size += f->len;
	f->pending = 0;
	f->len = 0;
	return 0;
}

int logfile_flush(struct logfile *f, struct err *e)
{
	bool large = f->len > KEEP_BUFFER / 4;

	if (flush(f, e) < 0)
		return -1;
	if (!large && f->cap > KEEP_BUFFER) {
		free(TAKE(f->buf));
		f->cap = 0;
	}
	return 0;
}

static void make_head(char head[LOG_HEAD_LEN], enum log_stream stream, int64_t wall_ns)
{
	char time[TIME_TEXT_MAX];

	memcpy(head, time_format_nano(time, wall_ns), LOG_TIME_LEN);
	memcpy(head + LOG_TIME_LEN, stream == LOG_STDERR ? " stderr F " : " stdout F ",
	    LOG_HEAD_LEN - LOG_TIME_LEN);
}

/*
 * Entries of one piece into the buffer until that is full or the limit reached; returns bytes
 * taken.
 */
static size_t add_entries(struct logfile *f, char head[LOG_HEAD_LEN], const char *data, size_t len)
{
	size_t at = 0;

	while (at < len && f->len < FLUSH_AT) {
		const char *nl = memchr(data + at, '\n', len - at);
		size_t n = nl ? (size_t)(nl - data) - at : len - at;
		bool whole = nl && n <= LOG_ENTRY_MAX;
		char *p;

		if (n > LOG_ENTRY_MAX)
			n = LOG_ENTRY_MAX;
		if (f->size + f->len + LOG_HEAD_LEN + n + 1 > f->max_bytes) {
			f->cut = true;
			break;
		}
		GROW(f->buf, f->cap, f->len + LOG_HEAD_LEN + n + 1);
		head[LOG_TAG_AT] = whole ? 'F' : 'P';
		p = f->buf + f->len;
		memcpy(p, head, LOG_HEAD_LEN);
		memcpy(p + LOG_HEAD_LEN, data + at, n);
		p[LOG_HEAD_LEN + n] = '\n';
		f->len += LOG_HEAD_LEN + n + 1;
		at += n + whole;
	}
	f->pending += at;
	return at;
}

int logfile_write(struct logfile *f, enum log_stream stream, int64_t wall_ns, const char *data,
    size_t len, struct err *e)
{
	char head[LOG_HEAD_LEN];
	size_t at = 0;
	int rc = 0;

	f->last_ns = wall_ns;
	*content_of(f, stream) += len;
	if (!f->cut)
		make_head(head, stream, wall_ns);
	while (at < len && !f->cut) {
		at += add_entries(f, head, data + at, len - at);
		if (f->len >= FLUSH_AT)
			rc = flush(f, e);
	}
	f->dropped += len - at;
	return rc;
}

void logfile_note(struct logfile *f, int64_t wall_ns, const char *text)
{
	char head[LOG_HEAD_LEN];
	size_t len = strnlen(text, NOTE_MAX), start;

	make_head(head, LOG_STDERR, wall_ns);
	GROW(f->buf, f->cap, f->len + LOG_OWN_HEAD_LEN + len + 16);
	memcpy(f->buf + f->len, head, LOG_TAG_AT + 1);
	f->len += LOG_TAG_AT + 1;
	memcpy(f->buf + f->len, LOG_OWN_TAG " [kjob] ", sizeof(LOG_OWN_TAG " [kjob] ") - 1);
	f->len += sizeof(LOG_OWN_TAG " [kjob] ") - 1;
	start = f->len;
	memcpy(f->buf + f->len, text, len);
	f->len += len;
	for (size_t i = start; i < f->len; i++)
		if (f->buf[i] == '\n')
			f->buf[i] = ' ';
	f->buf[f->len++] = '\n';
	f->last_ns = wall_ns;
}

uint64_t logfile_content_bytes(const struct logfile *f, enum log_stream stream)
{
	return f->content[stream - LOG_STDOUT];
}

static void note_cut(struct logfile *f)
{
	auto_free char *why = f->write_errno
				  ? xstrdup(strerror(f->write_errno))
				  : xasprintf("limit %llu bytes", (unsigned long long)f->max_bytes);
	auto_free char *text = xasprintf("%s%llu bytes of output dropped (%s)",
	    CUT_TEXT + strlen("[kjob] "), (unsigned long long)f->dropped, why);

	logfile_note(f, f->last_ns, text);
}

void logfile_close(struct logfile *f)
{
	if (!f)
		return;
	flush(f, NULL); /* a failure is in f->dropped then */
	if (f->dropped > 0)
		note_cut(f);
	flush(f, NULL); /* while the disk is full the note is lost as well */
	close(f->fd);
	free(f->path);
	free(f->buf);
	free(f);
}
