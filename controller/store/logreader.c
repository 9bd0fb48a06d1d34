#include "logentry.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/base/clock.h"

#define READ_BLOCK (256 * KIB) /* holds the longest entry several times over */
#define HEAD_MAX 64            /* more than any entry's head */
#define FRAME_HEAD 8
#define FRAME_MAX (64 * KIB)

struct logreader {
	int fd;
	char *path;
	struct log_query q;
	char since[TIME_TEXT_MAX]; /* "" : all */
	char *block;               /* NULL while there is nothing to read */
	size_t at, len;            /* in block: the next entry, the bytes there */
	uint64_t offset;           /* in the file: where block ends */
	uint64_t left;             /* of limit_bytes */
	bool done;                 /* the limit is reached */
	bool mid_line[3];      /* output stands within a line: by stream when framed, else [0] */
	enum log_stream frame; /* the stream of the open frame; 0: none is open */
	size_t frame_at;       /* in the caller's buffer: its head */
};

static int read_at(
    struct logreader *r, uint64_t offset, char *to, size_t want, size_t *ret, struct err *e)
{
	size_t got = 0;

	while (got < want) {
		ssize_t n = pread(r->fd, to + got, want - got, (off_t)(offset + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "log file %s", r->path);
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*ret = got;
	return 0;
}

static bool selected(const struct logreader *r, const struct log_entry *entry)
{
	return (r->q.streams & entry->stream) != 0;
}

/* ---- where to begin ---- */

/* Counting lines from the end of the file. */
struct tail {
	int64_t lines;    /* begun so far */
	bool any;         /* a chosen entry was seen */
	bool have_nl;     /* newline_at is set */
	uint64_t newline; /* the newline behind the entry that is looked at */
};

/* The entry at `line` ends at t->newline. True: the last lines begin behind it. */
static bool tail_entry(const struct logreader *r, struct tail *t, const char *line, size_t len)
{
	struct log_entry entry;

	if (!log_entry_parse(line, len, &entry) || !selected(r, &entry))
		return false;
	if (!entry.partial || !t->any) { /* counted from the end, a line begins here */
		if (t->lines == r->q.tail_lines)
			return true;
		t->lines++;
	}
	t->any = true;
	return false;
}

/* Looks at the entries that begin in the block [start, start + len) of the file, last first. */
static bool tail_block(
    const struct logreader *r, struct tail *t, const char *block, size_t len, uint64_t start)
{
	size_t end = len;

	for (;;) {
		const char *nl = memrchr(block, '\n', end);
		size_t begin = nl ? (size_t)(nl - block) + 1 : 0;

		if (!nl && start > 0)
			return false;
		if (t->have_nl && tail_entry(r, t, block + begin, t->newline - (start + begin)))
			return true;
		if (!nl)
			return false;
		t->newline = start + begin - 1;
		t->have_nl = true;
		end = begin - 1;
	}
}

/*
 * The offset behind which the chosen streams have the last tail_lines lines. Lines are what the
 * reader prints: an entry with tag F ends one, and what stands unfinished at the end is one too.
 */
static int tail_offset(struct logreader *r, uint64_t size, uint64_t *ret, struct err *e)
{
	auto_free char *block = xmalloc(READ_BLOCK + HEAD_MAX);
	struct tail t = {0};

	for (uint64_t end = size; end > 0;) {
		uint64_t start = end > READ_BLOCK ? end - READ_BLOCK : 0;
		size_t got;

		/* Some bytes more: the head of an entry at the block's end. */
		if (read_at(r, start, block, (size_t)(end - start) + HEAD_MAX, &got, e) < 0)
			return -1;
		if (got < end - start)
			break; /* somebody cut the file */
		if (tail_block(r, &t, block, (size_t)(end - start), start)) {
			*ret = t.newline + 1;
			return 0;
		}
		end = start;
	}
	*ret = 0;
	return 0;
}

/* The first entry that begins at or behind `from`: offset and time. 1: found, 0: there is none. */
static int entry_behind(struct logreader *r, uint64_t from, char *block, uint64_t *ret,
    char time[LOG_TIME_LEN], struct err *e)
{
	size_t len, at = 0;

	if (read_at(r, from - 1, block, READ_BLOCK, &len, e) < 0)
		return -1;
	for (;;) {
		const char *nl = memchr(block + at, '\n', len - at);

		if (!nl)
			return 0;
		at = (size_t)(nl - block) + 1;
		if (len - at < LOG_HEAD_LEN)
			return 0;
		if (block[at + LOG_TIME_LEN - 1] != 'Z')
			continue; /* damaged: no time to go by */
		memcpy(time, block + at, LOG_TIME_LEN);
		*ret = from - 1 + at;
		return 1;
	}
}

/* An entry's offset, before `since` or the file's first, from which on the rest is worth reading.
 */
static int since_offset(struct logreader *r, uint64_t size, uint64_t *ret, struct err *e)
{
	auto_free char *block = xmalloc(READ_BLOCK);
	uint64_t lo = 0, hi = size;

	while (hi - lo > READ_BLOCK) {
		uint64_t mid = lo + (hi - lo) / 2, at;
		char time[LOG_TIME_LEN];
		int found = entry_behind(r, mid, block, &at, time, e);

		if (found < 0)
			return -1;
		if (found && at < hi && memcmp(time, r->since, LOG_TIME_LEN) < 0)
			lo = at;
		else
			hi = mid;
	}
	*ret = lo;
	return 0;
}

static int find_start(struct logreader *r, struct err *e)
{
	uint64_t by_tail = 0, by_since = 0;
	struct stat st;

	if (fstat(r->fd, &st) < 0)
		return err_sys(e, errno, "log file %s", r->path);
	if (r->q.tail_lines >= 0 && tail_offset(r, (uint64_t)st.st_size, &by_tail, e) < 0)
		return -1;
	if (r->since[0] && since_offset(r, (uint64_t)st.st_size, &by_since, e) < 0)
		return -1;
	r->offset = by_tail > by_since ? by_tail : by_since;
	return 0;
}

struct logreader *logreader_open(const char *path, const struct log_query *q, struct err *e)
{
	struct logreader *r;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0) {
		if (errno == ENOENT)
			err_set(e, ERR_NOT_FOUND, "there is no log file %s", path);
		else
			err_sys(e, errno, "log file %s", path);
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	r->fd = fd;
	r->path = xstrdup(path);
	r->q = *q;
	r->left = (uint64_t)q->limit_bytes;
	if (r->q.streams == 0)
		r->q.streams = LOG_STDOUT | LOG_STDERR;
	if (q->since_ns > 0)
		time_format_nano(r->since, q->since_ns);
	if (find_start(r, e) < 0) {
		logreader_free(r);
		return NULL;
	}
	return r;
}

bool logreader_done(const struct logreader *r)
{
	return r->done;
}

void logreader_free(struct logreader *r)
{
	if (!r)
		return;
	close(r->fd);
	free(r->path);
	free(r->block);
	free(r);
}

/* ---- output ---- */

static void end_frame(struct logreader *r, struct buf *out)
{
	size_t len;
	char *head;

	if (!r->frame || out->overflow)
		return;
	head = out->ptr + r->frame_at;
	len = out->len - r->frame_at - FRAME_HEAD;
	head[0] = (char)r->frame;
	for (int i = 0; i < 4; i++)
		head[4 + i] = (char)(len >> (24 - 8 * i));
	r->frame = 0;
}

static void begin_frame(struct logreader *r, enum log_stream stream, struct buf *out)
{
	if (r->frame == stream && out->len - r->frame_at < FRAME_MAX)
		return;
	end_frame(r, out);
	r->frame = stream;
	r->frame_at = out->len;
	buf_pad(out, '\0', FRAME_HEAD);
}

static void emit(struct logreader *r, struct buf *out, const char *data, size_t len)
{
	if (r->q.limit_bytes > 0 && len >= r->left) {
		len = (size_t)r->left;
		r->done = true;
	}
	r->left -= len;
	buf_add(out, data, len);
}

static void emit_entry(struct logreader *r, const struct log_entry *entry, struct buf *out)
{
	bool *mid_line = &r->mid_line[r->q.framed ? entry->stream : 0];

	if (r->q.framed)
		begin_frame(r, entry->stream, out);
	if (entry->own && *mid_line) { /* a note never continues a line of the container */
		emit(r, out, "\n", 1);
		*mid_line = false;
	}
	if (r->q.timestamps && !*mid_line && !r->done) {
		emit(r, out, entry->time, LOG_TIME_LEN);
		if (!r->done)
			emit(r, out, " ", 1);
	}
	if (!r->done) /* the newline stands behind the content in the file too */
		emit(r, out, entry->content, entry->len + !entry->partial);
	*mid_line = entry->partial;
}

/* ---- reading forward ---- */

/* Reads on behind what is in the block. 1: there is more than before, 0: not now. */
static int refill(struct logreader *r, struct err *e)
{
	size_t rest = r->len - r->at, got;

	if (!r->block)
		r->block = xmalloc(READ_BLOCK);
	if (rest == READ_BLOCK)
		rest = 0; /* no entry is that long: damage, passed over */
	memmove(r->block, r->block + r->at, rest);
	r->at = 0;
	r->len = rest;
	if (read_at(r, r->offset, r->block + rest, READ_BLOCK - rest, &got, e) < 0)
		return -1;
	r->offset += got;
	r->len += got;
	return got > 0;
}

/* The next whole line. 1: *ret_line of *ret_len bytes and a newline, 0: there is none now. */
static int next_line(struct logreader *r, const char **ret_line, size_t *ret_len, struct err *e)
{
	for (;;) {
		const char *line = r->block ? r->block + r->at : NULL;
		const char *nl = line ? memchr(line, '\n', r->len - r->at) : NULL;
		int rc;

		if (nl) {
			*ret_line = line;
			*ret_len = (size_t)(nl - line);
			r->at += *ret_len + 1;
			return 1;
		}
		rc = refill(r, e);
		if (rc <= 0)
			return rc;
	}
}

/* Nothing to read for now: a waiting follower holds no block. */
static void rest_at_end(struct logreader *r)
{
	r->offset -= r->len - r->at;
	r->at = r->len = 0;
	free(TAKE(r->block));
}

int logreader_next(struct logreader *r, size_t want, struct buf *out, struct err *e)
{
	size_t start = out->len;
	int more = 1;

	r->frame = 0;
	while (!r->done && out->len - start < want) {
		struct log_entry entry;
		const char *line;
		size_t len;

		more = next_line(r, &line, &len, e);
		if (more <= 0)
			break;
		if (!log_entry_parse(line, len, &entry) || !selected(r, &entry))
			continue;
		if (r->since[0] && memcmp(entry.time, r->since, LOG_TIME_LEN) < 0)
			continue;
		emit_entry(r, &entry, out);
		if (out->overflow)
			return err_set(
			    e, ERR_INTERNAL, "log file %s: no room for its lines", r->path);
	}
	end_frame(r, out);
	if (more == 0)
		rest_at_end(r);
	return r->done ? 0 : more;
}
